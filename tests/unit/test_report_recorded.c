/* SPDX-License-Identifier: Apache-2.0
 *
 * A report is found in a console log, cut or not, and nothing else is taken for one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/text.h"
#include "report/recorded.h"
#include "report/report.h"
#include "report_builder.h"

static struct facts facts;  /* what was read */
static struct facts before; /* and what it must be when nothing was */
static char error[200];

static bool read_text(const char *text, size_t n)
{
    memset(&facts, 0x5a, sizeof(facts));
    memset(&before, 0x5a, sizeof(before));
    error[0] = '\0';
    return recorded_read(text, n, &facts, NULL, error, sizeof(error));
}

static void assert_refused(const char *text, const char *why)
{
    assert_false(read_text(text, strlen(text)));
    assert_non_null(error);
    if (!strstr(error, why))
        fail_msg("says \"%s\", not \"%s\"", error, why);
    assert_memory_equal(&facts, &before, sizeof(facts));
}

/* The report of a run of so many rounds, on one line or pretty. */
static void add_report(struct buffer *to, int32_t rounds, bool line)
{
    struct filled *filled = fill("endpoint-blocks-443");
    const struct style style = {.columns = 80};

    filled->facts.rounds = rounds;
    if (line)
        write_json_line(&filled->report, to);
    else
        json_write(&filled->report, &style, to);
    free(filled);
}

static const char noise_before[] =
    "[    0.000000] Linux version 6.1.0 (x) {not json}\r\n"
    "[    1.234567] systemd[1]: Starting { \"schema\": \"other/1\" } ...\r\n"
    "ssm-preflight: NOT READY: endpoint-blocks-443 on ssm\r\n"
    "ssm-preflight: ";
static const char noise_after[] = "\r\n[   12.000001] cloud-init[512]: {\"done\": true}\r\nlogin: ";

static void a_report_alone_is_read(void **state)
{
    struct buffer text;

    (void)state;
    for (int line = 0; line < 2; line++) {
        buffer_init(&text, REPORT_MAX_BYTES);
        (void)buffer_add_text(&text, line ? "" : "\n  ");
        add_report(&text, 7, line);
        assert_true(read_text(text.bytes, text.used));
        assert_int_equal(facts.rounds, 7);
        buffer_clear(&text);
    }
}

static void a_report_in_console_noise_is_read(void **state)
{
    struct buffer text;

    (void)state;
    for (int line = 0; line < 2; line++) {
        buffer_init(&text, REPORT_MAX_BYTES);
        (void)buffer_add_text(&text, noise_before);
        add_report(&text, 7, line);
        (void)buffer_add_text(&text, noise_after);
        assert_true(read_text(text.bytes, text.used));
        assert_int_equal(facts.rounds, 7);
        assert_string_equal(facts.instance.id, "i-0123456789abcdef0");
        buffer_clear(&text);
    }
}

static void the_last_whole_report_counts(void **state)
{
    struct buffer text;

    (void)state;
    buffer_init(&text, REPORT_MAX_BYTES);
    add_report(&text, 1, true);
    (void)buffer_add_text(&text, noise_before);
    add_report(&text, 2, true);
    (void)buffer_add_text(&text, noise_before);
    size_t whole = text.used;
    add_report(&text, 3, true);

    assert_true(read_text(text.bytes, text.used));
    assert_int_equal(facts.rounds, 3);
    assert_string_equal(error, "");
    assert_true(read_text(text.bytes, whole + 2000)); /* the third is cut off */
    assert_int_equal(facts.rounds, 2);
    assert_string_equal(error, "line 9: the report that starts here is cut off or garbled; the one "
                               "before it is shown");
    buffer_clear(&text);
}

static void members_in_another_order_are_read_too(void **state)
{
    static const char text[] = "{\"facts\": {\"rounds\": 4}, \"schema\": \"ssm-preflight/1\"}\n";

    (void)state;
    assert_true(read_text(text, strlen(text)));
    assert_int_equal(facts.rounds, 4);
}

static void every_cut_is_refused(void **state)
{
    struct buffer text;

    (void)state;
    buffer_init(&text, REPORT_MAX_BYTES);
    add_report(&text, 7, true);
    for (size_t n = 0; n + 2 < text.used; n += n < 200 ? 1 : 997) {
        char *exact = malloc(n ? n : 1); /* so that a sanitizer sees a read beyond it */
        assert_non_null(exact);
        memcpy(exact, text.bytes, n);
        assert_false(read_text(exact, n));
        assert_memory_equal(&facts, &before, sizeof(facts));
        free(exact);
    }
    assert_true(read_text(text.bytes, text.used - 1)); /* only the line end is missing */
    buffer_clear(&text);

    assert_refused("boot\n\n{\"schema\":\"ssm-preflight/1\",\"facts\":{\"rounds\":",
                   "line 3: the report that starts here is cut off");
}

static void what_is_no_report_says_so(void **state)
{
    (void)state;
    assert_refused("", "no report of ssm-preflight found");
    assert_refused("hello", "no report of ssm-preflight found");
    assert_refused("[1,2]", "no report of ssm-preflight found");
    assert_refused("{}", "not a report");
    assert_refused("{\"schema\":1,\"facts\":{}}", "not a report");
    assert_refused("{\"schema\":\"other/1\",\"facts\":{}}", "not a report");
    assert_refused("{\"schema\":\"ssm-preflight/1\"}", "carries no facts");
    assert_refused("x {\"schema\":\"ssm-preflight/1\"}", "carries no facts");
    assert_refused("{\"schema\":\"ssm-preflight/1\",\"facts\":{\"rounds\":-0.5}}",
                   "facts.rounds: not a whole number");
}

static void another_schema_is_named(void **state)
{
    (void)state;
    assert_refused("{\"schema\":\"ssm-preflight/2\",\"facts\":{}}",
                   "schema ssm-preflight/2 is not known here, only ssm-preflight/1 is");
    assert_refused("log {\"schema\":\"ssm-preflight/2\"} log", "schema ssm-preflight/2");
    assert_refused("{\"schema\":\"ssm-preflight/1\\u001b[2J\",\"facts\":{}}",
                   "ssm-preflight/1\\x1b[2J");
}

/* --- of other versions --- */

static void assert_read(const char *text, const char *remark)
{
    if (!read_text(text, strlen(text)))
        fail_msg("refused: %s", error);
    assert_int_equal(facts.rounds, 4);
    if (remark[0] ? !strstr(error, remark) : error[0])
        fail_msg("says \"%s\", not \"%s\"", error, remark);
}

static void a_newer_report_is_read_and_says_so(void **state)
{
    (void)state;
    assert_read("{\"schema\":\"ssm-preflight/1\",\"version\":\"0.0.9\",\"facts\":{\"rounds\":4}}",
                "");
    assert_read("{\"schema\":\"ssm-preflight/1\",\"version\":\"x\",\"facts\":{\"rounds\":4}}", "");
    assert_read("{\"schema\":\"ssm-preflight/1\",\"version\":\"10.0.0\",\"facts\":{\"rounds\":4}}",
                "written by ssm-preflight 10.0.0, which is newer than this one");
    assert_read("{\"schema\":\"ssm-preflight/1\",\"version\":\"10.0.0\",\"facts\":{\"rounds\":4,"
                "\"imds\":{\"connect\":{\"outcome\":\"failed\",\"failure\":\"warp\"}}}}",
                "is left out; facts.imds.connect.failure: unknown name \"warp\"");
    assert_int_equal(facts.imds.connect.failure, FAILURE_UNKNOWN);
    assert_refused("{\"schema\":\"ssm-preflight/1\",\"version\":\"0.0.9\",\"facts\":{\"rounds\":4,"
                   "\"imds\":{\"connect\":{\"failure\":\"warp\"}}}}",
                   "facts.imds.connect.failure: unknown name \"warp\"");
    assert_refused("{\"schema\":\"ssm-preflight/1\",\"version\":\"10.0.0\",\"facts\":{\"rounds\":"
                   "true}}",
                   "use that one; facts.rounds: not a number");
}

/* --- as it was saved --- */

enum { AS_JSON, AS_STRING, AS_BASE64, AS_BASE64_IN_JSON, AS_UTF16, AS_UTF16_JSON, N_WAYS };

static void add_base64(struct buffer *to, const struct buffer *from, const char *line_end)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < from->used; i += 3) {
        uint32_t group = 0;
        char four[5];
        for (size_t j = 0; j < 3; j++)
            group = group << 8 | (i + j < from->used ? (unsigned char)from->bytes[i + j] : 0);
        for (int j = 0; j < 4; j++)
            four[j] = digits[group >> (18 - 6 * j) & 63];
        four[4] = '\0';
        if (i + 2 >= from->used)
            four[3] = '=';
        if (i + 1 >= from->used)
            four[2] = '=';
        (void)buffer_add_text(to, four);
        if (i % 57 == 54)
            (void)buffer_add_text(to, line_end);
    }
}

static void add_json_string(struct buffer *to, const struct buffer *from)
{
    (void)buffer_add_text(to, "\"");
    for (size_t i = 0; i < from->used; i++) {
        unsigned char c = (unsigned char)from->bytes[i];
        if (c < ' ' || c == '"' || c == '\\' || c > 0x7e)
            (void)buffer_addf(to, "\\u%04x", c);
        else
            (void)buffer_add(to, from->bytes + i, 1);
    }
    (void)buffer_add_text(to, "\"");
}

static void add_utf16(struct buffer *to, const struct buffer *from, bool big)
{
    (void)buffer_add(to, big ? "\xfe\xff" : "\xff\xfe", 2);
    for (size_t i = 0; i < from->used; i++) {
        const char pair[2] = {big ? '\0' : from->bytes[i], big ? from->bytes[i] : '\0'};
        (void)buffer_add(to, pair, 2);
    }
}

static void add_wrapped(struct buffer *to, const struct buffer *log, int way)
{
    struct buffer inner;

    buffer_init(&inner, REPORT_MAX_BYTES);
    if (way == AS_BASE64_IN_JSON)
        add_base64(&inner, log, "\n");
    else
        (void)buffer_add(&inner, log->bytes, log->used);
    if (way == AS_JSON || way == AS_BASE64_IN_JSON || way == AS_UTF16_JSON) {
        struct buffer json;
        buffer_init(&json, REPORT_MAX_BYTES);
        (void)buffer_add_text(&json, "{\n    \"InstanceId\": \"i-0123456789abcdef0\",\n    "
                                     "\"Output\": ");
        add_json_string(&json, &inner);
        (void)buffer_add_text(&json, ",\n    \"Timestamp\": \"2026-11-23T12:01:00+00:00\"\n}\n");
        if (way == AS_UTF16_JSON)
            add_utf16(to, &json, true);
        else
            (void)buffer_add(to, json.bytes, json.used);
        buffer_clear(&json);
    } else if (way == AS_STRING) {
        add_json_string(to, &inner);
    } else if (way == AS_BASE64) {
        add_base64(to, &inner, "\r\n");
    } else {
        add_utf16(to, &inner, false);
    }
    buffer_clear(&inner);
}

/* A console's NUL, CR LF, and what a terminal is told, around a report or a block. */
static void add_log(struct buffer *to, bool block)
{
    struct filled *filled = fill("endpoint-blocks-443");
    const struct style style = {0};

    (void)buffer_add_text(to, noise_before);
    (void)buffer_add(to, "\0\xff\x1b[0m", 6);
    filled->facts.rounds = 7;
    if (block)
        console_write(&filled->report, &style, to);
    else
        write_json_line(&filled->report, to);
    (void)buffer_add_text(to, noise_after);
    free(filled);
}

static void a_console_log_is_read_however_it_was_saved(void **state)
{
    (void)state;
    for (int way = 0; way < 2 * N_WAYS; way++) {
        struct buffer log, text;

        buffer_init(&log, REPORT_MAX_BYTES);
        buffer_init(&text, REPORT_MAX_BYTES);
        add_log(&log, way % 2);
        add_wrapped(&text, &log, way / 2);
        if (!read_text(text.bytes, text.used))
            fail_msg("way %d: %s", way, error);
        assert_int_equal(facts.rounds, 7);
        assert_string_equal(error, "");
        for (size_t n = 0; n < text.used; n += 997) /* cut anywhere: no harm */
            (void)read_text(text.bytes, n);
        buffer_clear(&text);
        buffer_clear(&log);
    }
}

struct reading {
    bool read;
    char said[400];
    struct facts facts;
};

static void keep_reading(const char *text, size_t n, struct reading *reading)
{
    struct buffer lines;

    memset(reading, 0, sizeof(*reading));
    buffer_init(&lines, REPORT_MAX_BYTES);
    reading->read = recorded_read(text, n, &reading->facts, &lines, reading->said,
                                  sizeof(reading->said));
    (void)text_add(reading->said, sizeof(reading->said), "|%.200s", lines.used ? lines.bytes : "");
    buffer_clear(&lines);
}

/* A text ends where it is said to: what stands behind, which would make it whole or another one, changes nothing. */
static void what_stands_behind_the_end_is_not_read(void **state)
{
    static const char behind[] =
        "\r\n[   61.1] amazon-ssm-agent[9]: Error occurred when starting amazon-ssm-agent: y\r\n";
    static struct reading with, without;
    struct buffer log, text, other;

    (void)state;
    for (int way = -2; way < 2 * N_WAYS; way++) {
        buffer_init(&log, REPORT_MAX_BYTES);
        buffer_init(&text, REPORT_MAX_BYTES);
        buffer_init(&other, REPORT_MAX_BYTES);
        add_log(&log, way & 1);
        if (way < 0)
            (void)buffer_add(&text, log.bytes, log.used);
        else
            add_wrapped(&text, &log, way / 2);
        const size_t end = text.used;
        (void)buffer_add_text(&text, behind);
        add_log(&text, true);
        (void)buffer_add_text(&text, behind);
        for (size_t n = end; n > 0; n -= n > end / 17 ? end / 17 : n) {
            buffer_clear(&other);
            (void)buffer_add(&other, text.bytes, text.used);
            memset(other.bytes + n, ' ', text.used - n);
            keep_reading(text.bytes, n, &with);
            keep_reading(other.bytes, n, &without);
            if (with.read != without.read || strcmp(with.said, without.said) != 0)
                fail_msg("way %d, %zu of %zu: %d %s, not %d %s", way, n, end, with.read, with.said,
                         without.read, without.said);
            assert_memory_equal(&with.facts, &without.facts, sizeof(facts));
            assert_true(n < end || with.read);
        }
        buffer_clear(&other);
        buffer_clear(&text);
        buffer_clear(&log);
    }
}

/* The agent started after the block was written, and its last words are on the console. */
static void what_the_agent_says_behind_a_block_is_heard(void **state)
{
    static const char asleep[] = "[   60.1] SSM Agent unable to acquire credentials: x\r\n";
    static const char ended[] = "[   61.1] amazon-ssm-agent[9]: Error occurred when starting "
                                "amazon-ssm-agent: y\r\n";
    struct buffer log;
    (void)state;

    buffer_init(&log, 1024 * 1024);
    (void)buffer_add_text(&log, ended);
    add_log(&log, true);
    assert_true(read_text(log.bytes, log.used));
    assert_string_equal(facts.agent.last_error, ""); /* of an earlier boot */
    (void)buffer_add_text(&log, FOLDED_PREFIX
                          "  why: Error occurred when starting amazon-ssm-agent: y\r\n");
    assert_true(read_text(log.bytes, log.used));
    assert_string_equal(facts.agent.last_error, ""); /* what our block quotes */
    (void)buffer_add_text(&log, asleep);
    assert_true(read_text(log.bytes, log.used));
    assert_int_equal(facts.agent.running, ANSWER_YES);
    assert_int_equal(facts.agent.connected, ANSWER_NO);
    assert_non_null(strstr(facts.agent.last_error, "unable to acquire credentials: x"));
    (void)buffer_add_text(&log, ended);
    assert_true(read_text(log.bytes, log.used));
    assert_int_equal(facts.agent.ended, ANSWER_YES);
    buffer_clear(&log);

    struct filled *filled = fill("agent-missing"); /* what says so is no agent of this report's */
    const struct style style = {0};
    buffer_init(&log, 1024 * 1024);
    console_write(&filled->report, &style, &log);
    (void)buffer_add_text(&log, ended);
    assert_true(read_text(log.bytes, log.used));
    assert_string_equal(facts.agent.last_error, "");
    free(filled);
    buffer_clear(&log);
}

static void a_console_without_output_says_what_to_do(void **state)
{
    static const char advice[] = "there is no console output in it (yet): ask again";

    (void)state;
    assert_refused("{\"InstanceId\":\"i-0\",\"Timestamp\":\"2026-11-23T12:01:00+00:00\"}", advice);
    assert_refused("{\"InstanceId\":\"i-0\",\"Output\":\"\"}", advice);
    assert_refused("{\"Output\":\"\"}", advice);
    assert_refused("\"\"", advice);
    assert_refused("{\"InstanceId\":\"i-0\",\"Output\":\"login: \"}",
                   "no report of ssm-preflight found");
}

static void a_zero_byte_in_a_report_is_named(void **state)
{
    struct buffer text;

    (void)state;
    buffer_init(&text, REPORT_MAX_BYTES);
    add_report(&text, 7, false);
    char *at = strstr(text.bytes, "\"required\",");
    assert_non_null(at);
    at[4] = '\0';
    assert_false(read_text(text.bytes, text.used));
    assert_non_null(strstr(error, "garbled"));
    (void)buffer_add_text(&text, "login: ");
    assert_false(read_text(text.bytes, text.used));
    assert_non_null(strstr(error, "garbled"));
    buffer_clear(&text);
}

/* Each layer is taken off once, and there are no more than a few. */
static void layers_of_layers_end_soon(void **state)
{
    struct buffer text, more;

    (void)state;
    buffer_init(&text, REPORT_MAX_BYTES);
    add_report(&text, 7, true);
    for (int i = 0; i < 6; i++) {
        bool read = read_text(text.bytes, text.used);
        assert_int_equal(read, i <= 3);
        buffer_init(&more, REPORT_MAX_BYTES);
        add_base64(&more, &text, "\n");
        buffer_clear(&text);
        text = more;
    }
    buffer_clear(&text);

    buffer_init(&text, REPORT_MAX_BYTES);
    (void)buffer_add_text(&text, "\"x\"");
    for (int i = 0; i < 14; i++) { /* "\"\\\"...\"": twice as long each time */
        buffer_init(&more, REPORT_MAX_BYTES);
        add_json_string(&more, &text);
        buffer_clear(&text);
        text = more;
        if (text.used > REPORT_MAX_BYTES / 8)
            break;
    }
    assert_false(read_text(text.bytes, text.used));
    buffer_clear(&text);
}

/* Seconds of the processor's for a text of the largest size: the pieces between head and tail. */
static double cost_of(const char *head, const char *pieces, const char *tail, struct buffer *text)
{
    struct timespec from, to;

    buffer_clear(text);
    (void)buffer_add_text(text, head);
    while (text->used + strlen(pieces) + strlen(tail) <= REPORT_MAX_BYTES)
        (void)buffer_add_text(text, pieces);
    (void)buffer_add_text(text, tail);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    (void)read_text(text->bytes, text->used);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

#define HEAD "{\"schema\":\"ssm-preflight/1\",\"version\":\"99.0.0\",\"facts\":{"
#define A12 "AAAAAAAAAAAA\n"
#define A12_10 A12 A12 A12 A12 A12 A12 A12 A12 A12 A12
#define A56 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct {
    const char *head, *pieces, *tail;
} hostile[] = {
    /* what looks like lines of a block, whole, torn and torn again */
    {"", "=1/6 " A56 "AAAA\n", ""},
    {"", "=1/6 " A56 "AAAA", ""},
    {"", "=1/b " A12_10 A12_10 A12_10 A12_10 A12, ""},
    {"", "=1/b AAA\nAAA\nAAA\nAAA\nAAA\nAAA\nAAA\nAAA\nAAA\nAAA\nAAA\nAAA\nAAA\nAAA\nAAA\n", ""},
    {"", "=1/6 AAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAAAA\nA\n", ""},
    {"", "=1/1 \nA\n", ""},
    {"", "=", ""},
    {"", "=\n", ""},
    {"", "=1/9 A\rA\r", ""},
    {"", "=1\n/9\n 2\n", ""},
    {"", "\x1b[", ""},
    {"", "=1/b \x1b[mAAAA", ""},
    /* reports without an end, deep ones, and ones of many members or items */
    {"", HEAD, ""},
    {"", "{ \"", ""},
    {HEAD "\"agent\":", "[", ""},
    {HEAD "\"agent\":", "{\"agent\":", ""},
    {HEAD, "\"\":1,", "\"\":1}}"},
    {HEAD "\"agent\":{", "\"\":1,", "\"\":1}}}"},
    {HEAD, "\"agent\":{},", "\"\":1}}"},
    {HEAD "\"x\":[", "0,", "0]}}"},
    {HEAD "\"x\":[", "2.2250738585072011e-308,", "0]}}"},
    {HEAD "\"x\":\"", "\\ud83d\\ude00", "\"}}"},
    {HEAD "\"x\":\"", "\xff\xfe", "\"}}"},
    {HEAD "\"", "x", "\":1}}"},
    {HEAD "}", " ", "}"},
    /* what is put around them */
    {"[", "0,", "0]"},
    {"{", "\"\":0,", "\"Output\":\"\"}"},
    {"\"", "\\u0000", "\""},
    {"\"=1/b ", "AAAAAAAAAAAA\\n", "\""},
    {"", "QUFB", ""},
};

/* The largest text of any kind takes some times what one takes in which there is nothing: 0.1 s here, with optimisation. */
static void hostile_texts_end_soon(void **state)
{
    const char *emulator = getenv("EMULATE"); /* packaging/scripts/run-units */
    enum { TIMES = 25 };
    struct buffer text;

    (void)state;
    if (emulator && emulator[0]) /* under qemu-user all has another cost */
        skip();
    buffer_init(&text, REPORT_MAX_BYTES);
    const double harmless = cost_of("", "some words, ", "", &text);
    for (size_t i = 0; i < COUNT_OF(hostile); i++) {
        const double cost = cost_of(hostile[i].head, hostile[i].pieces, hostile[i].tail, &text);
        if (cost > TIMES * harmless)
            fail_msg("text %zu: %.0f times as much as words", i, cost / harmless);
    }
    assert_false(recorded_read("", REPORT_MAX_BYTES + 1, &facts, NULL, error, sizeof(error)));
    assert_non_null(strstr(error, "longer than"));
    buffer_clear(&text);
}

/* What an editor or a transfer puts before, into or behind it. */
static void what_stands_around_a_report_does_not_matter(void **state)
{
    static const char report[] = "{\"schema\":\"ssm-preflight/1\",\"facts\":{\"rounds\":4}}";
    char text[512] = "\xff\xfe\x20\x26\n"; /* UTF-16, a skull before it */
    size_t n = 6;

    (void)state;
    for (const char *at = report; *at; at++, n += 2)
        text[n] = *at;
    assert_true(read_text(text, n));
    assert_int_equal(facts.rounds, 4);
    (void)text_set(text, sizeof(text), "\xef\xbb\xbf%s", report);
    assert_read(text, "");
    (void)text_set(text, sizeof(text), "{\"InstanceId\":\"i-0\",%s", report + 1);
    assert_read(text, "");
    text[0] = '\0';
    text[1] = '\n';
    (void)strcpy(text + 2, report);
    assert_true(read_text(text, 2 + strlen(report)));
    (void)text_set(
        text, sizeof(text), "%s\n%.30s",
        "{\"schema\":\"ssm-preflight/1\",\"version\":\"10.0.0\",\"facts\":{\"rounds\":4}}", report);
    assert_read(text, "written by ssm-preflight 10.0.0");
    assert_null(strstr(error, "cut off"));
    assert_refused("\"\" and more", "no report of ssm-preflight found");
    for (const char *const *end = (const char *const[]){"", "x", "x\x7f", "x\n", NULL}; *end;
         end++) {
        (void)text_set(text, sizeof(text), "%s%s", FOLDED_PREFIX, *end);
        assert_refused(text, "no report of ssm-preflight found");
    }
    for (const char *const *odd = (const char *const[]){"===", "AA=A", "A A~", NULL}; *odd; odd++) {
        char base64[256];
        memset(base64, 'A', 200);
        (void)strcpy(base64 + 200, *odd);
        assert_refused(base64, "no report of ssm-preflight found");
        base64[100] = '\0';
        assert_false(read_text(base64, 200));
    }
}

/* Sixty-four digits are base64 and no fewer; a mark of UTF-16 alone is a text of nothing. */
static void what_is_too_short_is_no_layer(void **state)
{
    static const char report[] = "{\"schema\":\"ssm-preflight/1\",\"facts\":{\"rounds\":4}}";
    struct buffer inner, text;

    (void)state;
    for (size_t n = 45; n < 60; n++) {
        buffer_init(&inner, REPORT_MAX_BYTES);
        buffer_init(&text, REPORT_MAX_BYTES);
        (void)buffer_addf(&inner, "{\"schema\":\"ssm-preflight/1\",\"facts\":{}%*s}", (int)n - 39,
                          "");
        assert_int_equal(inner.used, n);
        add_base64(&text, &inner, "\n");
        assert_int_equal(read_text(text.bytes, text.used), n >= 48);
        buffer_clear(&inner);
        buffer_clear(&text);
    }
    assert_false(read_text("\xff\xfe", 2));
    assert_non_null(strstr(error, "there is no console output in it"));
    assert_false(read_text("\xfe\xff", 2));
    assert_non_null(strstr(error, "there is no console output in it"));
    buffer_init(&inner, REPORT_MAX_BYTES);
    (void)buffer_add_text(&inner, report);
    for (int big = 0; big < 2; big++) {
        buffer_init(&text, REPORT_MAX_BYTES);
        add_utf16(&text, &inner, big);
        assert_true(read_text(text.bytes, text.used));
        assert_false(read_text(text.bytes, text.used - 1)); /* half a bracket */
        (void)buffer_add_text(&text, "}");                  /* and half of what is behind it */
        assert_true(read_text(text.bytes, text.used));
        buffer_clear(&text);
    }
    buffer_clear(&inner);
}

/* As many values as there may be, and one more, also behind what is closed already; commas and brackets in texts are none. */
static void no_more_values_are_read_than_facts_can_have(void **state)
{
    enum { MOST = 24 * 1024 };
    static const char *const begins[] = {
        "{\"schema\":\"ssm-preflight/1\",\"facts\":{\"rounds\":4}",
        "{\"schema\":\"ssm-preflight/1\",\"x\":[],\"y\":{},\"facts\":{\"rounds\":4}",
        "{\"schema\":\"ssm-preflight/1\",\"x\":\"\\\",,,{}]\\\\\",\"facts\":{\"rounds\":4}",
    };
    static const int n_values[] = {4, 8, 5};
    struct buffer text;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(begins); i++)
        for (int more = 0; more < 2; more++)
            for (int alone = 0; alone < 2; alone++) {
                buffer_init(&text, REPORT_MAX_BYTES);
                (void)buffer_addf(&text, "%s%s,\"z\":[0", alone ? "" : "login: ", begins[i]);
                for (int n = n_values[i] + 2; n < MOST + more; n++)
                    (void)buffer_add_text(&text, ",0");
                (void)buffer_add_text(&text, "]}\n");
                assert_int_equal(read_text(text.bytes, text.used), !more);
                if (!more)
                    assert_int_equal(facts.rounds, 4);
                buffer_clear(&text);
            }
}

/* As Windows saves it, with the mark of UTF-8 before. */
static void json_of_the_cli_behind_a_mark_is_read(void **state)
{
    static const char inner[] = "{\"schema\":\"ssm-preflight/1\",\"facts\":{\"rounds\":4}}";
    struct buffer text, log;

    (void)state;
    buffer_init(&text, REPORT_MAX_BYTES);
    buffer_init(&log, REPORT_MAX_BYTES);
    (void)buffer_add_text(&log, inner);
    (void)buffer_add_text(&text, "\xef\xbb\xbf \r\n{\"InstanceId\":\"i-0\",\"Output\":");
    add_json_string(&text, &log);
    (void)buffer_add_text(&text, "}\r\n");
    assert_true(read_text(text.bytes, text.used));
    assert_int_equal(facts.rounds, 4);
    buffer_clear(&text);
    buffer_clear(&log);
}

/* A whole report before a block that is not. */
static void a_report_before_a_damaged_block_is_read(void **state)
{
    struct buffer log;

    (void)state;
    buffer_init(&log, REPORT_MAX_BYTES);
    (void)buffer_add_text(&log, "{\"schema\":\"ssm-preflight/1\",\"facts\":{\"rounds\":4}}\n");
    add_log(&log, true);
    char *data = memmem(log.bytes, log.used, FOLDED_PREFIX "=1/", strlen(FOLDED_PREFIX) + 3);
    assert_non_null(data);
    data[strlen(FOLDED_PREFIX) + 40] ^= 1;
    assert_true(read_text(log.bytes, log.used));
    assert_int_equal(facts.rounds, 4);
    assert_non_null(strstr(error, "damaged"));
    assert_non_null(strstr(error, "the one before it is shown"));
    buffer_clear(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_alone_is_read),
        cmocka_unit_test(a_report_in_console_noise_is_read),
        cmocka_unit_test(the_last_whole_report_counts),
        cmocka_unit_test(members_in_another_order_are_read_too),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(what_is_no_report_says_so),
        cmocka_unit_test(another_schema_is_named),
        cmocka_unit_test(a_newer_report_is_read_and_says_so),
        cmocka_unit_test(a_console_log_is_read_however_it_was_saved),
        cmocka_unit_test(what_stands_behind_the_end_is_not_read),
        cmocka_unit_test(a_console_without_output_says_what_to_do),
        cmocka_unit_test(what_the_agent_says_behind_a_block_is_heard),
        cmocka_unit_test(a_zero_byte_in_a_report_is_named),
        cmocka_unit_test(what_stands_around_a_report_does_not_matter),
        cmocka_unit_test(what_is_too_short_is_no_layer),
        cmocka_unit_test(no_more_values_are_read_than_facts_can_have),
        cmocka_unit_test(json_of_the_cli_behind_a_mark_is_read),
        cmocka_unit_test(a_report_before_a_damaged_block_is_read),
        cmocka_unit_test(layers_of_layers_end_soon),
        cmocka_unit_test(hostile_texts_end_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
