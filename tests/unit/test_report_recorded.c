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

#include <cmocka.h>

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
    return recorded_read(text, n, &facts, error, sizeof(error));
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
    struct filled *filled = filled_blocked();
    const struct style style = {.columns = 80};

    filled->facts.rounds = rounds;
    if (line)
        json_write_line(&filled->report, to);
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
    assert_true(read_text(text.bytes, whole + 2000)); /* the third is cut off */
    assert_int_equal(facts.rounds, 2);
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

/* Deep, repeated and huge input ends soon, and without a deep stack. */
static void hostile_texts_end_soon(void **state)
{
    static const char start[] = "{\"schema\":\"ssm-preflight/1\",\"facts\":";
    struct buffer text;

    (void)state;
    buffer_init(&text, REPORT_MAX_BYTES + 100);
    while (buffer_add_text(&text, start) && text.used < REPORT_MAX_BYTES - sizeof(start))
        ;
    assert_false(read_text(text.bytes, text.used));
    while (text.used <= REPORT_MAX_BYTES)
        (void)buffer_add(&text, "x", 1);
    assert_false(read_text(text.bytes, text.used));
    assert_non_null(strstr(error, "longer than"));
    buffer_clear(&text);

    buffer_init(&text, REPORT_MAX_BYTES);
    (void)buffer_add_text(&text, start);
    for (int i = 0; i < 100000; i++)
        (void)buffer_add_text(&text, "[{\"a\":");
    assert_false(read_text(text.bytes, text.used));
    buffer_clear(&text);

    buffer_init(&text, REPORT_MAX_BYTES);
    for (int i = 0; i < 300000; i++)
        (void)buffer_add_text(&text, "{ \"");
    assert_false(read_text(text.bytes, text.used));
    buffer_clear(&text);
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
        cmocka_unit_test(hostile_texts_end_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
