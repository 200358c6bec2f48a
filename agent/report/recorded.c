/* SPDX-License-Identifier: Apache-2.0
 *
 * A console log holds a report somewhere among a kernel's and a boot's lines, perhaps several,
 * perhaps cut off where EC2's 64 KiB end: the last whole one counts. Found by its first member,
 * "schema", so nothing else in the text has to make sense.
 */
#include "report/recorded.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/version.h"
#include "model/compact.h"
#include "model/facts_json.h"
#include "report/folded.h"
#include "report/report.h"
#include "report/unwrapped.h"

enum {
    MAX_STARTS = 64, /* of a report, that are tried: a bound on what a hostile text can cause */
    MAX_LAYERS = 3,  /* base64 in JSON in UTF-16 */
};

#define CUT_OFF "line %d: the report that starts here is cut off or garbled"
#define ONE_BEFORE "; the one before it is shown"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_spaces(const char *text, size_t n, size_t at)
{
    while (at < n && is_space(text[at]))
        at++;
    return at;
}

/* Steps over `word` at `at`, after white space. False when something else stands there. */
static bool skip_word(const char *text, size_t n, size_t *at, const char *word)
{
    size_t start = skip_spaces(text, n, *at);
    size_t length = strlen(word);

    if (n - start < length || memcmp(text + start, word, length) != 0)
        return false;
    *at = start + length;
    return true;
}

/* A report starts here: { "schema": "ssm-preflight/ */
static bool is_start(const char *text, size_t n, size_t at)
{
    return skip_word(text, n, &at, "{") && skip_word(text, n, &at, "\"schema\"") &&
           skip_word(text, n, &at, ":") && skip_word(text, n, &at, "\"ssm-preflight/");
}

static int line_of(const char *text, size_t at)
{
    int line = 1;

    for (size_t i = 0; i < at; i++)
        line += text[i] == '\n';
    return line;
}

/* "0.10.2" is newer than "0.9.3"; what is no version is not. */
static bool is_newer(const char *version)
{
    const char *ours = program_version;

    while (*version >= '0' && *version <= '9') {
        size_t n = strspn(version, "0123456789"), n_ours = strspn(ours, "0123456789");
        uint64_t theirs = 0, our = 0;
        char number[NAME_SIZE];

        if (!text_set(number, sizeof(number), "%.*s", (int)n, version) ||
            !text_number(number, UINT32_MAX, &theirs))
            return false;
        if (text_set(number, sizeof(number), "%.*s", (int)n_ours, ours))
            (void)text_number(number, UINT32_MAX, &our);
        if (theirs != our)
            return theirs > our;
        version += n + (version[n] == '.');
        ours += n_ours + (ours[n_ours] == '.');
    }
    return false;
}

/* Reads the facts of a report that parsed. */
static bool read_facts(const cJSON *report, const cJSON *recorded, struct facts *facts, char *error,
                       size_t error_size)
{
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(report, "version");
    bool newer = cJSON_IsString(version) && is_newer(version->valuestring);
    char why[WORDS_SIZE] = "", name[NAME_SIZE];

    bool read = facts_from_json(recorded, newer, facts, why, sizeof(why));
    if (!newer) {
        (void)text_set(error, error_size, "%s", why);
        return read;
    }
    (void)text_escape(name, sizeof(name), version->valuestring, strlen(version->valuestring));
    (void)text_set(
        error, error_size,
        read ? "written by ssm-preflight %s, which is newer than this one (%s): what only "
               "that one knows is left out%s%s"
             : "written by ssm-preflight %s, which is newer than this one (%s): use that "
               "one%s%s",
        name, program_version, why[0] ? "; " : "", why);
    return read;
}

static bool read_report(const cJSON *report, struct facts *facts, char *error, size_t error_size)
{
    const cJSON *schema = cJSON_GetObjectItemCaseSensitive(report, "schema");
    const cJSON *recorded = cJSON_GetObjectItemCaseSensitive(report, "facts");

    if (!cJSON_IsString(schema) || !text_starts(schema->valuestring, "ssm-preflight/")) {
        (void)text_set(error, error_size, "not a report of ssm-preflight: no \"schema\" says so");
        return false;
    }
    if (strcmp(schema->valuestring, REPORT_SCHEMA) != 0) {
        char name[NAME_SIZE];
        (void)text_escape(name, sizeof(name), schema->valuestring, strlen(schema->valuestring));
        (void)text_set(error, error_size, "schema %s is not known here, only %s is", name,
                       REPORT_SCHEMA);
        return false;
    }
    if (!recorded) {
        (void)text_set(error, error_size, "the report carries no facts");
        return false;
    }
    return read_facts(report, recorded, facts, error, error_size);
}

/* The last start of a report before `before`; n when there is none. */
static size_t find_start(const char *text, size_t n, size_t before)
{
    for (size_t at = before; at-- > 0;)
        if (text[at] == '{' && is_start(text, n, at))
            return at;
    return n;
}

/* The last whole report in a text of any kind. */
static bool find_report(const char *text, size_t n, struct facts *facts, char *error,
                        size_t error_size)
{
    size_t at = n;
    int cut_line = 0;

    (void)text_set(error, error_size, "no report of ssm-preflight found");
    for (int i = 0; i < MAX_STARTS; i++) {
        const char *end;

        at = find_start(text, n, at);
        if (at == n)
            return false;

        cJSON *report = cJSON_ParseWithLengthOpts(text + at, n - at, &end, 0);
        if (report && memchr(text + at, '\0', (size_t)(end - (text + at)))) {
            cJSON_Delete(report); /* which cJSON takes for the end of a string */
            report = NULL;
        }
        if (!report) {
            cut_line = cut_line ? cut_line : line_of(text, at);
            (void)text_set(error, error_size, CUT_OFF, cut_line);
            continue;
        }
        bool read = read_report(report, facts, error, error_size);
        cJSON_Delete(report);
        if (read && cut_line && !error[0])
            (void)text_set(error, error_size, CUT_OFF ONE_BEFORE, cut_line);
        return read;
    }
    return false;
}

/* The last whole block for a console. FOLDED_NONE too where a JSON report follows it. */
static enum folded find_block(const char *text, size_t n, struct facts *facts, char *error,
                              size_t error_size)
{
    struct buffer bytes;
    size_t start = 0;

    buffer_init(&bytes, FOLDED_MAX_BYTES);
    enum folded found = folded_find(text, n, &bytes, &start, error, error_size);
    /* what follows the block is newer */
    if (found == FOLDED_WHOLE && find_start(text + start, n - start, n - start) < n - start)
        found = FOLDED_NONE;
    if (found == FOLDED_WHOLE &&
        !compact_read((const unsigned char *)bytes.bytes, bytes.used, facts, error, error_size))
        found = FOLDED_DAMAGED;
    else if (found == FOLDED_WHOLE && error[0])
        (void)text_add(error, error_size, ONE_BEFORE);
    buffer_clear(&bytes);
    return found;
}

/* A text of any kind: the last block for a console, or else the last JSON report. */
static bool read_text(const char *text, size_t n, struct facts *facts, char *error,
                      size_t error_size)
{
    char other_error[WORDS_SIZE];
    enum folded found = find_block(text, n, facts, error, error_size);

    if (found == FOLDED_NONE)
        return find_report(text, n, facts, error, error_size);
    if (found == FOLDED_WHOLE)
        return true;
    bool read = find_report(text, n, facts, other_error, sizeof(other_error));
    if (read)
        (void)text_add(error, error_size, ONE_BEFORE);
    return read;
}

static bool read_any(const char *text, size_t n, int layers, struct facts *facts, char *error,
                     size_t error_size);

/* JSON from end to end; or NULL. The caller owns it. */
static cJSON *parse_whole(const char *text, size_t n)
{
    const char *end = text + n;
    cJSON *whole = cJSON_ParseWithLengthOpts(text, n, &end, 0);

    if (whole && skip_spaces(text, n, (size_t)(end - text)) == n)
        return whole;
    cJSON_Delete(whole);
    return NULL;
}

/* cJSON ends a string at "\u0000", of which consoles have some: blanks instead. */
static cJSON *parse_without_nul(const char *text, size_t n)
{
    char *copy = malloc(n + 1);

    if (!copy)
        return NULL;
    memcpy(copy, text, n);
    copy[n] = '\0';
    for (char *at = copy; (at = strchr(at, '\\')) != NULL; at += at[1] ? 2 : 1)
        if (strncmp(at, "\\u0000", 6) == 0)
            at[4] = '2';
    cJSON *whole = parse_whole(copy, n);
    free(copy);
    return whole;
}

/* What `aws ec2 get-console-output` prints without `--output text`, or with `--query Output`. */
static bool read_console_output(const cJSON *whole, const char *text, size_t n, int layers,
                                struct facts *facts, char *error, size_t error_size)
{
    cJSON *again = parse_without_nul(text, n);
    const cJSON *output = cJSON_IsString(whole) ? again
                                                : cJSON_GetObjectItemCaseSensitive(again, "Output");
    const char *log = cJSON_IsString(output) ? output->valuestring : "";
    bool read = false;

    if (log[0])
        read = read_any(log, strlen(log), layers - 1, facts, error, error_size);
    else
        (void)text_set(error, error_size,
                       "there is no console output in it (yet): ask again some minutes after the "
                       "boot, or with --latest --output text");
    cJSON_Delete(again);
    return read;
}

static bool is_console_output(const cJSON *whole)
{
    return cJSON_IsString(whole) ||
           (cJSON_GetObjectItemCaseSensitive(whole, "InstanceId") &&
            !cJSON_GetObjectItemCaseSensitive(whole, "schema")) ||
           cJSON_IsString(cJSON_GetObjectItemCaseSensitive(whole, "Output"));
}

/* JSON from end to end, also with its members in another order. False: it is none. */
static bool read_json(const char *text, size_t n, int layers, bool *read, struct facts *facts,
                      char *error, size_t error_size)
{
    cJSON *whole = n > 0 && (text[0] == '{' || text[0] == '"') ? parse_whole(text, n) : NULL;
    const char *nul = whole ? memchr(text, '\0', n) : NULL;

    if (!whole)
        return false;
    if (nul) {
        (void)text_set(error, error_size, "line %d: garbled, a zero byte",
                       line_of(text, (size_t)(nul - text)));
        *read = false;
    } else {
        *read = layers > 0 && is_console_output(whole)
                    ? read_console_output(whole, text, n, layers, facts, error, error_size)
                    : read_report(whole, facts, error, error_size);
    }
    cJSON_Delete(whole);
    return true;
}

static bool read_any(const char *text, size_t n, int layers, struct facts *facts, char *error,
                     size_t error_size)
{
    struct buffer inner;
    bool read = false;

    buffer_init(&inner, REPORT_MAX_BYTES);
    if (layers > 0 && unwrap(text, n, &inner)) {
        read = read_any(inner.bytes ? inner.bytes : "", inner.used, layers - 1, facts, error,
                        error_size);
        buffer_clear(&inner);
        return read;
    }
    buffer_clear(&inner);
    size_t start = skip_spaces(text, n, n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
    if (read_json(text + start, n - start, layers, &read, facts, error, error_size))
        return read;
    return read_text(text, n, facts, error, error_size);
}

bool recorded_read(const char *text, size_t n, struct facts *facts, char *error, size_t error_size)
{
    if (n > REPORT_MAX_BYTES) {
        (void)text_set(error, error_size, "longer than %d bytes", REPORT_MAX_BYTES);
        return false;
    }
    if (error_size > 0)
        error[0] = '\0';
    return read_any(text, n, MAX_LAYERS, facts, error, error_size);
}
