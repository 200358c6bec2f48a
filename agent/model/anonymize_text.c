/* SPDX-License-Identifier: Apache-2.0
 *
 * Through a text from the left: what spans words (ARNs, IPv6, MAC addresses, names with blanks in
 * them) first, then word by word. Escaped bytes end a word: "\nweb" is no word.
 */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "model/anonymize_private.h"

#define WORD_ALSO "._@-"

/* At most this long is what a server said without being marked as cut (text_escape marks). */
enum { MAYBE_CUT = 100 };

struct scan {
    struct anonymizer *anonymizer;
    enum style style;
    const char *start;
    char *to;
    size_t size;
};

static void put(const struct scan *scan, const char *text, size_t n)
{
    (void)text_add(scan->to, scan->size, "%.*s", (int)n, text);
}

static size_t span_of(const char *at, const char *also)
{
    size_t n = 0;

    while (at[n] && (isalnum((unsigned char)at[n]) || strchr(also, at[n])))
        n++;
    return n;
}

/* \n, \x1b, %3A: the letters belong to no word. */
static size_t escape_length(const char *at)
{
    if (at[0] == '%' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]))
        return 3;
    if (at[0] != '\\' || !at[1])
        return 0;
    if (at[1] == 'x' && isxdigit((unsigned char)at[2]) && isxdigit((unsigned char)at[3]))
        return 4;
    return 2;
}

static size_t take_phrase(const struct scan *scan, const char *at)
{
    const struct anonymizer *anonymizer = scan->anonymizer;

    for (size_t i = 0; i < anonymizer->n_phrases; i++) {
        const struct known *known = &anonymizer->known[anonymizer->phrases[i]];
        size_t n = strlen(known->from);

        if (*at != known->from[0] || strncmp(at, known->from, n) != 0 ||
            isalnum((unsigned char)at[n]))
            continue;
        put(scan, known->to, strlen(known->to));
        return n;
    }
    return 0;
}

/* --- ARNs --- */

static enum kind kind_behind(const char *type, size_t n, enum kind before)
{
    static const struct {
        const char *type;
        enum kind kind;
    } rows[] = {
        {"role", KIND_ROLE}, {"assumed-role", KIND_ROLE}, {"instance-profile", KIND_PROFILE}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strlen(rows[i].type) == n && memcmp(rows[i].type, type, n) == 0)
            return rows[i].kind;
    return before;
}

static void put_arn_part(const struct scan *scan, const char *at, size_t n, enum kind kind)
{
    char address[ADDRESS_SIZE];

    if (n == 0 || is_common_word(at, n) || is_region_or_zone(at, n) ||
        (n == 1 && strchr("*$", *at)))
        put(scan, at, n);
    else if (address_move(scan->anonymizer, at, n, -1, address))
        put(scan, address, strlen(address));
    else if (!rewrite_identifier(scan->anonymizer, at, n, scan->to, scan->size)) {
        const char *name = known_add(scan->anonymizer, kind, at, n);
        put(scan, name, strlen(name));
    }
}

static size_t take_arn(const struct scan *scan, const char *at)
{
    enum kind kind = KIND_NAME;

    if (strncmp(at, "arn:", 4) != 0)
        return 0;
    size_t n = span_of(at, "+=,.@_/:*$-");
    while (strchr(".,:=", at[n - 1]))
        n--;
    for (size_t i = 0; i < n;) {
        size_t length = strcspn(at + i, ":/");
        if (length > n - i)
            length = n - i;
        put_arn_part(scan, at + i, length, kind);
        kind = kind_behind(at + i, length, kind);
        i += length;
        if (i < n)
            put(scan, at + i++, 1);
    }
    return n;
}

/* --- addresses --- */

static size_t take_mac(const struct scan *scan, const char *at)
{
    char lower[18];

    for (size_t i = 0; i < 17; i++) {
        if (i % 3 == 2 ? !strchr(":-", at[i]) || !at[i] : !isxdigit((unsigned char)at[i]))
            return 0;
        lower[i] = (char)(i % 3 == 2 ? ':' : tolower((unsigned char)at[i]));
    }
    if (isalnum((unsigned char)at[17]))
        return 0;
    const char *mac = known_add(scan->anonymizer, KIND_MAC, lower, 17);
    put(scan, mac, strlen(mac));
    return 17;
}

/* The N of "/N" behind an address, -1 when there is none. */
static int prefix_behind(const char *at)
{
    size_t n = *at == '/' ? strspn(at + 1, "0123456789") : 0;
    int value = 0;

    if (n == 0 || n > 3)
        return -1;
    for (size_t i = 1; i <= n; i++)
        value = value * 10 + (at[i] - '0');
    return value;
}

static size_t take_address(const struct scan *scan, const char *at)
{
    char moved[ADDRESS_SIZE];
    size_t n = 0;

    while (at[n] && (isxdigit((unsigned char)at[n]) || at[n] == ':' || at[n] == '.'))
        n++;
    if (isalnum((unsigned char)at[n]) || at[n] == '_')
        return 0;
    while (n > 0 && (at[n - 1] == '.' || (at[n - 1] == ':' && (n < 2 || at[n - 2] != ':'))))
        n--;
    if (n < 2 || !address_move(scan->anonymizer, at, n, prefix_behind(at + n), moved)) {
        n = strcspn(at, ":"); /* "10.0.0.1:443" */
        if (!at[n] || !address_move(scan->anonymizer, at, n, -1, moved))
            return 0;
    }
    put(scan, moved, strlen(moved));
    return n;
}

/* --- words --- */

/* A text may end in the middle of a word: then it has no shape any more, and still gives away. */
static bool is_cut(const struct scan *scan, const char *at, size_t n)
{
    bool marked = strcmp(at + n, "...") == 0;
    size_t letters = 0;

    if (scan->style != STYLE_WORDS || (!marked && (at[n] || strlen(scan->start) < MAYBE_CUT)))
        return false;
    while (letters < n && isalpha((unsigned char)at[letters]))
        letters++;
    if (letters < n)
        return marked || n > 4;
    for (size_t i = 0; i < scan->anonymizer->n_known && n >= 3; i++)
        if (strncmp(scan->anonymizer->known[i].from, at, n) == 0)
            return true;
    return false;
}

static size_t take_word(const struct scan *scan, const char *at)
{
    size_t n = span_of(at, WORD_ALSO);

    while (n > 0 && strchr(WORD_ALSO, at[n - 1]))
        n--;
    if (n == 0 || !isalnum((unsigned char)*at))
        return 0;
    if (is_cut(scan, at, n) && !known_find(scan->anonymizer, at, n))
        return n;
    rewrite_word(scan->anonymizer, scan->style, at, n, scan->to, scan->size);
    return n;
}

void rewrite_text(struct anonymizer *anonymizer, enum style style, const char *from, char *to,
                  size_t size)
{
    const struct scan scan = {
        .anonymizer = anonymizer, .style = style, .start = from, .to = to, .size = size};

    to[0] = '\0';
    while (*from) {
        size_t n = escape_length(from);

        if (n > 0) {
            put(&scan, from, n);
            from += n;
            continue;
        }
        n = take_phrase(&scan, from);
        if (n == 0)
            n = take_arn(&scan, from);
        if (n == 0)
            n = take_mac(&scan, from);
        if (n == 0)
            n = take_address(&scan, from);
        if (n == 0)
            n = take_word(&scan, from);
        if (n == 0)
            put(&scan, from, n = 1);
        from += n;
    }
}

/* --- whole values --- */

/* One identifier from end to end, and nothing else: "arn:…", "i-…", "10.0.0.1/24". */
static bool is_one_thing(struct anonymizer *anonymizer, const char *from, char *to, size_t size)
{
    const struct scan scan = {
        .anonymizer = anonymizer, .style = STYLE_WORDS, .start = from, .to = to, .size = size};
    size_t n;

    to[0] = '\0';
    if ((n = take_arn(&scan, from)) > 0 || (n = take_mac(&scan, from)) > 0 ||
        (n = take_address(&scan, from)) > 0)
        return from[n] == '\0';
    return rewrite_identifier(anonymizer, from, strlen(from), to, size);
}

void rewrite_whole(struct anonymizer *anonymizer, enum kind kind, const char *from, char *to,
                   size_t size)
{
    size_t n = strlen(from);

    if (is_common_word(from, n) || n == 0)
        (void)text_set(to, size, "%s", from);
    else if (!is_one_thing(anonymizer, from, to, size))
        (void)text_set(to, size, "%s", known_add(anonymizer, kind, from, n));
}

void rewrite_path(struct anonymizer *anonymizer, const char *from, char *to, size_t size)
{
    to[0] = '\0';
    while (*from) {
        size_t n = strcspn(from, "/");

        if (n > 0)
            rewrite_file_name(anonymizer, from, n, to, size);
        from += n;
        if (*from)
            (void)text_add(to, size, "%c", *from++);
    }
}

/* A value that names nobody but Amazon, a country or a host whose labels are looked at. */
static bool names_nobody(const char *value)
{
    return strstr(value, "Amazon") || strstr(value, "Starfield") || strlen(value) <= 2;
}

void rewrite_subject(struct anonymizer *anonymizer, const char *from, char *to, size_t size)
{
    to[0] = '\0';
    while (*from) {
        char value[MAX_REWRITTEN], piece[MAX_REWRITTEN];
        const char *end = strstr(from, ", ");
        size_t n = end ? (size_t)(end - from) : strlen(from);
        const char *equals = memchr(from, '=', n);
        size_t n_key = equals ? (size_t)(equals - from) + 1 : 0;

        (void)text_set(value, sizeof(value), "%.*s", (int)(n - n_key), from + n_key);
        if (names_nobody(value))
            rewrite_text(anonymizer, STYLE_WORDS, value, piece, sizeof(piece));
        else if (strchr(value, '.') && !strchr(value, ' '))
            rewrite_text(anonymizer, STYLE_HOSTS, value, piece, sizeof(piece));
        else
            rewrite_whole(anonymizer, KIND_NAME, value, piece, sizeof(piece));
        (void)text_add(to, size, "%.*s%s%s", (int)n_key, from, piece, end ? ", " : "");
        from += n + (end ? 2 : 0);
    }
}
