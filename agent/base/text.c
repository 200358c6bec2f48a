/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything beyond printable ASCII is escaped, also valid UTF-8: bidirectional marks, and letters that
 * look like other letters, must not reach a console or a log.
 */
#include "base/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Most texts are only copied, for which vsnprintf takes ten times as long. */
static bool copy_into(char *to, size_t size, const char *text)
{
    size_t n = text ? strlen(text) : 0, n_kept = n < size ? n : size - 1;

    if (size > 0) {
        if (n_kept > 0)
            memmove(to, text, n_kept);
        to[n_kept] = '\0';
    }
    return n < size;
}

static bool format_into(char *to, size_t size, const char *format, va_list arguments)
{
    if (strcmp(format, "%s") == 0)
        return copy_into(to, size, va_arg(arguments, const char *));
    int n = vsnprintf(to, size, format, arguments);

    if (n < 0) {
        if (size > 0)
            to[0] = '\0';
        return false;
    }
    return (size_t)n < size;
}

bool text_set(char *to, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    bool whole = format_into(to, size, format, arguments);
    va_end(arguments);
    return whole;
}

bool text_add(char *to, size_t size, const char *format, ...)
{
    size_t used = strnlen(to, size);
    va_list arguments;
    va_start(arguments, format);
    bool whole = format_into(to + used, size - used, format, arguments);
    va_end(arguments);
    return whole;
}

void text_list(char *to, size_t size, const char *separator, const char *item)
{
    (void)text_add(to, size, "%s%s", to[0] ? separator : "", item);
}

/* Writes the escaped form of one byte, at most four characters; returns how many. */
static size_t escape_byte(unsigned char byte, char to[5])
{
    static const char plain[] = "nrt\\";
    static const char special[] = "\n\r\t\\";
    const char *found = byte ? strchr(special, byte) : NULL;

    if (found) {
        to[0] = '\\';
        to[1] = plain[found - special];
        return 2;
    }
    if (byte >= 0x20 && byte < 0x7f) {
        to[0] = (char)byte;
        return 1;
    }
    static const char digits[] = "0123456789abcdef";
    to[0] = '\\';
    to[1] = 'x';
    to[2] = digits[byte >> 4];
    to[3] = digits[byte & 15];
    return 4;
}

bool text_escape(char *to, size_t size, const char *from, size_t n)
{
    static const char more[] = "...";
    size_t used = 0;
    size_t mark = 0; /* the last place where "..." and the zero still fit */

    if (size == 0)
        return false;
    for (size_t i = 0; from && i < n; i++) {
        char piece[5];
        size_t length = escape_byte((unsigned char)from[i], piece);

        if (used + length >= size) {
            if (size >= sizeof(more))
                memcpy(to + mark, more, sizeof(more));
            else
                to[used] = '\0';
            return false;
        }
        memcpy(to + used, piece, length);
        used += length;
        if (used + sizeof(more) <= size)
            mark = used;
    }
    to[used] = '\0';
    return true;
}

bool text_quote(char *to, size_t size, const char *format, ...)
{
    char line[8192];
    va_list arguments;

    va_start(arguments, format);
    int n = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    return text_escape(to, size, line, strlen(line)) && n < (int)sizeof(line);
}

/* Where the word stands in the bytes, in either case; n when it does not. */
static size_t find_word(const char *bytes, size_t n, const char *word)
{
    size_t length = strlen(word);

    for (size_t i = 0; i + length <= n; i++)
        if (strncasecmp(bytes + i, word, length) == 0)
            return i;
    return n;
}

void text_excerpt(char *to, size_t size, const char *body, size_t n)
{
    static const char end[] = "</title>";
    size_t from = 0, length = n < EXCERPT_BYTES ? n : EXCERPT_BYTES;

    if (body) {
        size_t title = find_word(body, n, "<title");
        size_t ends = title < n ? find_word(body + title, n - title, end) + sizeof(end) - 1 : 0;
        if (title < n && ends <= n - title && ends <= EXCERPT_BYTES) {
            from = title;
            length = ends;
        }
        body += from;
    }
    (void)text_escape(to, size, body, length);
}

char *text_trim(char *text)
{
    size_t start = 0;
    while (isspace((unsigned char)text[start]))
        start++;

    size_t end = strlen(text);
    while (end > start && isspace((unsigned char)text[end - 1]))
        end--;

    memmove(text, text + start, end - start);
    text[end - start] = '\0';
    return text;
}

char *text_next(char **rest, const char *delimiters)
{
    return strtok_r(NULL, delimiters, rest);
}

bool text_word(const char **at, const char *delimiters, char *word, size_t size)
{
    *at += strspn(*at, delimiters);
    size_t n = strcspn(*at, delimiters);
    (void)text_set(word, size, "%.*s", (int)n, *at);
    *at += n;
    return n > 0;
}

bool text_has(const char *list, char separator, const char *item)
{
    size_t n = strlen(item);

    for (const char *at = list; n > 0 && (at = strstr(at, item)); at += n)
        if ((at == list || at[-1] == separator) && (!at[n] || at[n] == separator))
            return true;
    return false;
}

bool text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_starts_any(const char *text, const char *prefixes)
{
    char prefix[64];

    while (text_word(&prefixes, " ", prefix, sizeof(prefix)))
        if (text_starts(text, prefix))
            return true;
    return false;
}

bool text_ends(const char *text, const char *suffix)
{
    size_t n = strlen(text), tail = strlen(suffix);
    return n >= tail && strcmp(text + n - tail, suffix) == 0;
}

bool text_only(const char *text, const char *also)
{
    if (!*text)
        return false;
    for (; *text; text++) {
        bool letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
        bool digit = *text >= '0' && *text <= '9';
        if (!letter && !digit && !strchr(also, *text))
            return false;
    }
    return true;
}

bool text_number(const char *text, uint64_t max, uint64_t *value)
{
    uint64_t number = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (number > max)
        return false;
    *value = number;
    return true;
}

/* The name with this number. */
static const char *name_at(const char *const *names, size_t stride, size_t i)
{
    return *(const char *const *)((const char *)names + i * stride);
}

size_t text_find(const char *word, const char *const *names, size_t stride, size_t n)
{
    size_t i = 0;

    while (i < n && strcmp(name_at(names, stride, i), word) != 0)
        i++;
    return i;
}

enum { FARNESS_MOST = 63 };

/* How many letters must be inserted, removed or replaced to turn a into b (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
    size_t costs[FARNESS_MOST + 1];
    size_t n = strnlen(b, FARNESS_MOST);

    for (size_t j = 0; j <= n; j++)
        costs[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = costs[0];
        costs[0] = i + 1;
        for (size_t j = 1; j <= n; j++) {
            size_t replaced = diagonal + (a[i] != b[j - 1]);
            size_t least = costs[j - 1] < costs[j] ? costs[j - 1] + 1 : costs[j] + 1;
            diagonal = costs[j];
            costs[j] = replaced < least ? replaced : least;
        }
    }
    return costs[n];
}

static size_t farness(const char *name, const char *other)
{
    if (strlen(name) >= 3 && (strstr(other, name) || strstr(name, other)))
        return 1;
    return distance(name, other);
}

void text_hint(char *to, size_t size, const char *dashes, const char *word,
               const char *const *names, size_t stride, size_t n)
{
    const char *best = NULL;
    size_t least = strlen(word) / 3 + 2; /* a third of it may be wrong */

    for (size_t i = 0; i < n; i++) {
        const char *name = name_at(names, stride, i);
        size_t far = farness(word, name);
        if (far >= least)
            continue;
        best = name;
        least = far;
    }
    to[0] = '\0';
    if (best)
        (void)text_set(to, size, "did you mean %s%s? ", dashes, best);
}

int text_compare_versions(const char *a, const char *b)
{
    if (!text_only(a, ".") || !text_only(b, "."))
        return 0;
    while (*a || *b) {
        char *end_a, *end_b;
        unsigned long left = strtoul(a, &end_a, 10), right = strtoul(b, &end_b, 10);
        if ((end_a == a && *a) || (end_b == b && *b))
            return 0;
        if (left != right)
            return left < right ? -1 : 1;
        a = *end_a == '.' ? end_a + 1 : end_a;
        b = *end_b == '.' ? end_b + 1 : end_b;
    }
    return 0;
}
