/* SPDX-License-Identifier: Apache-2.0
 *
 * Nothing is taken for a layer that is not one from end to end, and nothing grows by losing one.
 */
#include "report/recorded.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"

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
    cJSON *whole = cJSON_ParseWithLengthOpts(text, n, &end, 0);
    if ((cJSON_IsString(whole) || cJSON_HasObjectItem(whole, "Output") ||
         (cJSON_HasObjectItem(whole, "InstanceId") && !cJSON_HasObjectItem(whole, "schema"))) &&
        strspn(end, " \t\r\n") == strlen(end))
        return whole;
    cJSON_Delete(whole);
    return NULL;
}

static bool is_utf16(const char *text, size_t n)
{
    return n >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
}

bool unwrap(const char *text, size_t n, struct buffer *to)
{
    char *inner = malloc(n + 1);
    cJSON *whole = NULL;
    bool found = true;

    buffer_init(to, n + 1);
    memcpy(inner, text, n);
    inner[n] = '\0';
    if (is_utf16(text, n)) {
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
