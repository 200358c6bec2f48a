/* SPDX-License-Identifier: Apache-2.0
 *
 * A console log holds a report somewhere among a kernel's and a boot's lines, perhaps several,
 * perhaps cut off where EC2's 64 KiB end: the last whole one counts. Found by its first member,
 * "schema", so nothing else in the text has to make sense.
 */
#include "report/recorded.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/text.h"
#include "model/compact.h"
#include "model/facts_json.h"
#include "report/folded.h"
#include "report/report.h"

/* How many starts of a report are tried: a bound on the work that a hostile text can cause. */
enum { MAX_STARTS = 64 };

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

/* Reads the facts of a report that parsed. */
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
    return facts_from_json(recorded, facts, error, error_size);
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

    (void)text_set(error, error_size, "no report of ssm-preflight found");
    for (int i = 0; i < MAX_STARTS; i++) {
        const char *end;

        at = find_start(text, n, at);
        if (at == n)
            return false;

        cJSON *report = cJSON_ParseWithLengthOpts(text + at, n - at, &end, 0);
        if (!report) {
            if (i == 0)
                (void)text_set(error, error_size,
                               "line %d: the report that starts here is cut off or garbled",
                               line_of(text, at));
            continue;
        }
        bool read = read_report(report, facts, error, error_size);
        cJSON_Delete(report);
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
    return found == FOLDED_WHOLE || find_report(text, n, facts, other_error, sizeof(other_error));
}

/* What `aws ec2 get-console-output` prints without `--output text`; or NULL. */
static const char *console_output(const cJSON *whole)
{
    const cJSON *output = cJSON_GetObjectItemCaseSensitive(whole, "Output");
    return cJSON_IsString(output) ? output->valuestring : NULL;
}

static bool read_whole(const cJSON *whole, struct facts *facts, char *error, size_t error_size)
{
    const char *output = console_output(whole);

    return output ? read_text(output, strlen(output), facts, error, error_size)
                  : read_report(whole, facts, error, error_size);
}

bool recorded_read(const char *text, size_t n, struct facts *facts, char *error, size_t error_size)
{
    if (n > REPORT_MAX_BYTES) {
        (void)text_set(error, error_size, "longer than %d bytes", REPORT_MAX_BYTES);
        return false;
    }

    size_t start = skip_spaces(text, n, 0);
    if (start < n && text[start] == '{') { /* also with its members in another order */
        const char *end = text + n;
        cJSON *whole = cJSON_ParseWithLengthOpts(text + start, n - start, &end, 0);

        if (whole && skip_spaces(text, n, (size_t)(end - text)) == n) {
            bool read = read_whole(whole, facts, error, error_size);
            cJSON_Delete(whole);
            return read;
        }
        cJSON_Delete(whole);
    }
    return read_text(text, n, facts, error, error_size);
}
