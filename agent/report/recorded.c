/* SPDX-License-Identifier: Apache-2.0
 *
 * A console log holds a report or a block somewhere among a kernel's and a boot's lines, perhaps
 * several, perhaps cut off where EC2's 64 KiB end: the last whole one counts. A report is found by its
 * first member, "schema", so nothing else in the text has to make sense.
 */
#include "report/recorded.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/text.h"
#include "base/version.h"
#include "model/agent_log.h"
#include "model/facts_json.h"
#include "model/packed.h"
#include "report/report.h"

enum {
    MAX_LAYERS = 3, /* base64 in JSON in UTF-16 */
    /* Of JSON: each takes 150 bytes of memory. Facts that fill all there is room for have 11,495. */
    MAX_VALUES = 32 * 1024,
};

#define CUT_OFF "line %d: the report that starts here is cut off or garbled"
#define ONE_BEFORE "; the one before it is shown"

struct reader {
    struct facts *facts;
    struct buffer *lines;
    char *error;
    size_t error_size;
};

static bool refuse(const struct reader *reader, const char *why)
{
    (void)text_set(reader->error, reader->error_size, "%s", why);
    return false;
}

static size_t skip_spaces(const char *text, size_t n, size_t at)
{
    while (at < n && text[at] && strchr(" \t\r\n", text[at]))
        at++;
    return at;
}

static int line_of(const char *text, size_t at)
{
    int line = 1;

    for (size_t i = 0; i < at; i++)
        line += text[i] == '\n';
    return line;
}

/* Where the string ends that begins with the quote at `at`: at the other one, or at n. */
static size_t skip_string(const char *text, size_t n, size_t at)
{
    for (at++; at < n && text[at] != '"'; at++)
        at += text[at] == '\\';
    return at < n ? at : n;
}

/* Whether the JSON at the beginning of a text has no more than MAX_VALUES: each one but the first stands behind a comma
 * or a bracket. */
static bool is_small(const char *text, size_t n)
{
    int n_values = 1, depth = 0;

    for (size_t at = 0; at < n && n_values <= MAX_VALUES; at++) {
        const bool opens = text[at] == '{' || text[at] == '[';

        if (text[at] == '"')
            at = skip_string(text, n, at);
        n_values += opens || (at < n && text[at] == ',');
        depth += opens;
        if (at < n && (text[at] == '}' || text[at] == ']') && --depth <= 0)
            break;
    }
    return n_values <= MAX_VALUES;
}

/* The value at the beginning of a text, and where it ends; NULL: it is none. The caller owns it. */
static cJSON *parse(const char *text, size_t n, const char **end)
{
    return is_small(text, n) ? cJSON_ParseWithLengthOpts(text, n, end, 0) : NULL;
}

/* --- what others put around a console log --- Nothing is taken for a layer that is not one from end to end, and
 * nothing grows by losing one. */

enum { BASE64_LEAST = 64 }; /* shorter is a word, and no console log */

/* White space may stand anywhere, padding at the end. */
static bool is_base64(const char *text, size_t n)
{
    size_t n_digits = 0, n_padding = 0;

    for (size_t i = 0; i < n; i++) {
        const bool is_digit = base64_digit(text[i]) >= 0;

        if (is_digit ? n_padding > 0 : !text[i] || !strchr(" \t\r\n=", text[i]))
            return false;
        n_digits += is_digit;
        n_padding += text[i] == '=';
    }
    return n_digits >= BASE64_LEAST && n_padding <= 2;
}

/* By its mark, RFC 2781 section 3.2. What is not ASCII in it is none of ours. */
static size_t decode_utf16(const char *text, size_t n, char *to)
{
    const size_t low = (unsigned char)text[0] == 0xff ? 0 : 1;
    size_t used = 0;

    for (size_t i = 2; i + 2 <= n; i += 2)
        to[used++] = text[i + 1 - low] ? '?' : text[i + low];
    return used;
}

/* A JSON string, or an answer to GetConsoleOutput; NULL where it is neither. `to` holds the text. */
static cJSON *parse_output(char *text, size_t n)
{
    const char *end = text;

    if (memchr(text, '\0', n))
        return NULL;
    for (char *at = text; (at = strchr(at, '\\')); at += at[1] ? 2 : 1)
        if (strncmp(at, "\\u0000", 6) == 0)
            at[4] = '2'; /* a blank: consoles have zero bytes, and cJSON ends a string there */
    cJSON *whole = parse(text, n, &end);
    if ((cJSON_IsString(whole) || cJSON_HasObjectItem(whole, "Output") ||
         (cJSON_HasObjectItem(whole, "InstanceId") && !cJSON_HasObjectItem(whole, "schema"))) &&
        strspn(end, " \t\r\n") == strlen(end))
        return whole;
    cJSON_Delete(whole);
    return NULL;
}

/* That is JSON, as the AWS CLI prints it; base64, as the EC2 API and most SDKs give it (GetConsoleOutput, "Output"); and
 * UTF-16, as Windows PowerShell before 6 writes what is redirected to a file. Initialises `to` with the text without one
 * such layer, which may be empty. False when there is none. */
static bool unwrap(const char *text, size_t n, struct buffer *to)
{
    char *inner = malloc(n + 1);
    cJSON *whole = NULL;
    bool found = true;

    buffer_init(to, n + 1);
    memcpy(inner, text, n);
    inner[n] = '\0';
    if (n >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
        (void)buffer_add(to, inner, decode_utf16(text, n, inner));
    } else if (is_base64(text, n)) {
        (void)buffer_add(to, inner, base64_decode(text, n, (unsigned char *)inner));
    } else if ((whole = parse_output(inner, n))) {
        const cJSON *output = cJSON_GetObjectItemCaseSensitive(whole, "Output");
        const char *log = cJSON_GetStringValue(cJSON_IsString(whole) ? whole : output);
        (void)buffer_add_text(to, log ? log : "");
    } else {
        found = false;
    }
    cJSON_Delete(whole);
    free(inner);
    return found && !to->failed;
}

/* --- a JSON report --- */

static bool read_report(const struct reader *reader, const cJSON *report)
{
    const cJSON *recorded = cJSON_GetObjectItemCaseSensitive(report, "facts");
    const char *schema = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(report, "schema"));
    const char *version = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(report, "version"));
    const bool newer = version && text_compare_versions(version, program_version) > 0;
    char why[WORDS_SIZE] = "";

    if (!schema || !text_starts(schema, "ssm-preflight/"))
        return refuse(reader, "not a report of ssm-preflight: no \"schema\" says so");
    if (strcmp(schema, REPORT_SCHEMA) != 0) {
        (void)text_escape(why, sizeof(why), schema, strlen(schema));
        (void)text_set(reader->error, reader->error_size, "schema %s is not known here, only %s is",
                       why, REPORT_SCHEMA);
        return false;
    }
    if (!recorded)
        return refuse(reader, "the report carries no facts");
    bool read = facts_from_json(recorded, newer, reader->facts, why, sizeof(why));
    (void)refuse(reader, why);
    if (newer) /* digits and dots, or it would not compare */
        (void)text_set(reader->error, reader->error_size,
                       "written by ssm-preflight %.60s, which is newer than this one (%s): %s%s%s",
                       version, program_version,
                       read ? "what only that one knows is left out" : "use that one",
                       why[0] ? "; " : "", why);
    return read;
}

/* A report starts here: { "schema": "ssm-preflight/ */
static bool is_start(const char *text, size_t n, size_t at)
{
    static const char *const words[] = {"{", "\"schema\"", ":", "\"ssm-preflight/"};

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        const size_t length = strlen(words[i]);

        at = skip_spaces(text, n, at);
        if (n - at < length || memcmp(text + at, words[i], length) != 0)
            return false;
        at += length;
    }
    return true;
}

/* The last start of a report before `end`; `end` when there is none. */
static size_t find_start(const char *text, size_t n, size_t end)
{
    for (size_t at = end; at-- > 0;)
        if (text[at] == '{' && is_start(text, n, at))
            return at;
    return end;
}

/* The last whole report. One ends before the next one starts, so every byte is parsed once. */
static bool find_report(const struct reader *reader, const char *text, size_t n)
{
    int cut_line = 0;

    (void)refuse(reader, "no report of ssm-preflight found");
    for (size_t end = n, at; (at = find_start(text, n, end)) < end; end = at) {
        const char *json_end = text + at;
        cJSON *report = parse(text + at, end - at, &json_end);
        bool whole = report && !memchr(text + at, '\0', (size_t)(json_end - (text + at)));
        bool read = whole && read_report(reader, report); /* cJSON ends a string at a zero byte */

        cJSON_Delete(report);
        if (whole && read && cut_line && !reader->error[0])
            (void)text_set(reader->error, reader->error_size, CUT_OFF ONE_BEFORE, cut_line);
        if (whole)
            return read;
        cut_line = cut_line ? cut_line : line_of(text, at);
        (void)text_set(reader->error, reader->error_size, CUT_OFF, cut_line);
    }
    return false;
}

/* --- a block for the console --- */

/* What a person can read of the last block: the verdict before the lines for `show`, and what is behind them. */
static void add_lines(const struct reader *reader, const char *text, size_t n)
{
    const size_t n_prefix = strlen(FOLDED_PREFIX);
    struct buffer *lines = reader->lines;
    size_t last = 0;

    for (size_t at = 0; lines && at + n_prefix <= n; at++) {
        if (memcmp(text + at, FOLDED_PREFIX, n_prefix) != 0)
            continue;
        at += n_prefix;
        if (at < n && text[at] == '=') {
            if (last > 0)
                memmove(lines->bytes, lines->bytes + last, lines->used - last + 1);
            lines->used -= last;
            last = 0;
            continue;
        }
        last = lines->used;
        for (; at < n && text[at] >= ' ' && text[at] <= '~'; at++)
            (void)buffer_add(lines, text + at, 1);
        (void)buffer_add(lines, "\n", 1);
    }
}

/* What the agent said on the console after the block was written is newer than its facts. */
static void hear_agent(struct agent_facts *agent, const char *text, size_t n)
{
    char error[LINE_OF_LOG_SIZE];

    agent_log_last_error(text, n, AGENT_LINES_NAMED, error);
    if (!error[0] || agent->installed != ANSWER_YES)
        return;
    memcpy(agent->last_error, error, sizeof(error));
    agent->ended = strstr(error, AGENT_DID_NOT_START) ? ANSWER_YES : ANSWER_NO;
    agent->running = agent->ended == ANSWER_YES ? ANSWER_NO : ANSWER_YES;
    agent->connected = ANSWER_NO;
    agent->unit_active[0] = '\0';
}

/* Whether the last whole block, behind which no report follows, was read. */
static enum folded find_block(const struct reader *reader, const char *text, size_t n)
{
    char remark[WORDS_SIZE] = "", why[WORDS_SIZE] = "";
    LOCAL_BUFFER bytes = {.max_bytes = FOLDED_MAX_BYTES};
    size_t start = 0;

    enum folded found = folded_find(text, n, &bytes, &start, remark, sizeof(remark));
    if (found == FOLDED_WHOLE && find_start(text + start, n - start, n - start) < n - start)
        found = FOLDED_NONE;
    if (found == FOLDED_WHOLE && !packed_read((const unsigned char *)bytes.bytes, bytes.used,
                                              reader->facts, why, sizeof(why)))
        found = FOLDED_DAMAGED;
    if (found == FOLDED_WHOLE)
        hear_agent(&reader->facts->agent, text + start, n - start);
    (void)text_set(reader->error, reader->error_size, "%s%s%s%s", remark,
                   found == FOLDED_WHOLE && remark[0] ? ONE_BEFORE : "",
                   remark[0] && why[0] ? "; " : "", why);
    return found;
}

/* A text of any kind: the last block, or else the last report. */
static bool read_text(const struct reader *reader, const char *text, size_t n)
{
    enum folded found = find_block(reader, text, n);
    char damage[WORDS_SIZE];

    if (found == FOLDED_WHOLE)
        return true;
    (void)text_set(damage, sizeof(damage), "%s", reader->error);
    bool read = find_report(reader, text, n);
    if (found == FOLDED_DAMAGED)
        (void)text_set(reader->error, reader->error_size, "%s%s", damage, read ? ONE_BEFORE : "");
    if (!read)
        add_lines(reader, text, n);
    return read;
}

/* JSON from end to end, also with its members in another order; or NULL. The caller owns it. */
static cJSON *parse_whole(const char *text, size_t n)
{
    const char *end = text;
    cJSON *whole = n > 0 && text[0] == '{' ? parse(text, n, &end) : NULL;

    if (whole && !memchr(text, '\0', n) && skip_spaces(text, n, (size_t)(end - text)) == n)
        return whole;
    cJSON_Delete(whole);
    return NULL;
}

bool recorded_read(const char *text, size_t n, struct facts *facts, struct buffer *lines,
                   char *error, size_t error_size)
{
    const struct reader reader = {facts, lines, error, error_size};
    struct buffer inner[MAX_LAYERS];
    bool read = false;
    int layer = 0;

    (void)text_set(error, error_size, "longer than %d bytes", REPORT_MAX_BYTES);
    if (n > REPORT_MAX_BYTES)
        return false;
    for (; layer < MAX_LAYERS && unwrap(text, n, &inner[layer]); layer++) {
        text = inner[layer].bytes;
        n = inner[layer].used;
    }
    size_t start = skip_spaces(text, n, n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
    cJSON *report = parse_whole(text + start, n - start);
    if (layer > 0 && n == 0)
        (void)refuse(&reader, "there is no console output in it (yet): ask again some minutes "
                              "after the boot, or with --latest --output text");
    else
        read = report ? read_report(&reader, report) : read_text(&reader, text, n);
    cJSON_Delete(report);
    while (layer-- > 0)
        buffer_clear(&inner[layer]);
    return read;
}
