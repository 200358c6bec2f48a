/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel prints past the terminal layer: its message stands in the middle of our line, runs to
 * its own line end, and the rest of ours begins the next line. Where ours was torn is not marked, so
 * the places are tried, and the checksum says which was right.
 */
#include "report/folded.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc24.h"
#include "base/text.h"

enum {
    HEAD_CHARS = 5, /* "=2/6 " */
    CONTENT_CHARS = 56,
    CHECK_CHARS = 4,
    LINE_CHARS = HEAD_CHARS + CONTENT_CHARS + CHECK_CHARS,
    CHECK_BYTES = 3, /* of the whole */

    MAX_TEARS = 3,        /* messages inside one line, each of any number of lines */
    MAX_NOISE_LINES = 40, /* between two parts of a line */
    STEPS_A_LINE = 200 * 1000,
    STEPS_IN_ALL = 20 * 1000 * 1000, /* a bound on what a hostile text costs: below a second */
};
_Static_assert(sizeof(FOLDED_PREFIX) - 1 + LINE_CHARS == FOLDED_COLUMNS, "a line is 80 columns");
_Static_assert(CONTENT_CHARS / 4 * 3 == FOLDED_LINE_BYTES, "base64 has 4 characters for 3 bytes");

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char numbers[] = "123456789abcdefghijklmnopqrstuvwxyz";

/* --- writing --- */

size_t folded_lines(size_t n_bytes)
{
    return (n_bytes + CHECK_BYTES + FOLDED_LINE_BYTES - 1) / FOLDED_LINE_BYTES;
}

static void encode(const unsigned char *bytes, size_t n, char *to)
{
    for (size_t i = 0; i + 3 <= n; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];
        for (int j = 0; j < 4; j++)
            *to++ = digits[(group >> (18 - 6 * j)) & 63];
    }
}

static void put_check(uint32_t crc, unsigned char to[CHECK_BYTES])
{
    to[0] = (unsigned char)(crc >> 16);
    to[1] = (unsigned char)(crc >> 8);
    to[2] = (unsigned char)crc;
}

static void check_line(const char line[LINE_CHARS], char to[CHECK_CHARS])
{
    unsigned char check[CHECK_BYTES];

    put_check(crc24(CRC24_INIT, line, HEAD_CHARS + CONTENT_CHARS), check);
    encode(check, sizeof(check), to);
}

bool folded_write(const unsigned char *bytes, size_t n, struct buffer *to)
{
    unsigned char all[FOLDED_MAX_LINES * FOLDED_LINE_BYTES] = {0};
    size_t n_lines = folded_lines(n);

    if (n > FOLDED_MAX_BYTES)
        return false;
    memcpy(all + CHECK_BYTES, bytes, n);
    put_check(crc24(CRC24_INIT, all + CHECK_BYTES, n_lines * FOLDED_LINE_BYTES - CHECK_BYTES), all);
    for (size_t i = 0; i < n_lines; i++) {
        char line[LINE_CHARS] = {'=', numbers[i], '/', numbers[n_lines - 1], ' '};

        encode(all + i * FOLDED_LINE_BYTES, FOLDED_LINE_BYTES, line + HEAD_CHARS);
        check_line(line, line + HEAD_CHARS + CONTENT_CHARS);
        (void)buffer_add_text(to, FOLDED_PREFIX);
        (void)buffer_add(to, line, sizeof(line));
        (void)buffer_add(to, "\n", 1);
    }
    return true;
}

/* --- finding one line --- */

struct finder {
    const char *text;
    size_t n;
    size_t *rests; /* where the rest of a torn line may begin, ascending */
    size_t n_rests;
    int64_t steps;     /* left for one line */
    int64_t steps_all; /* left */
};

struct line {
    char chars[LINE_CHARS];
    int n;
};

static bool is_digit(char c)
{
    return c != '\0' && strchr(digits, c);
}

/* Whether a character may stand at this place of a line. */
static bool fits(int place, char c)
{
    if (place >= HEAD_CHARS)
        return is_digit(c);
    if (place == 1 || place == 3)
        return c != '\0' && strchr(numbers, c);
    return c == "=?/? "[place];
}

static bool is_right(const struct line *line)
{
    char check[CHECK_CHARS];

    check_line(line->chars, check);
    return memcmp(check, line->chars + HEAD_CHARS + CONTENT_CHARS, CHECK_CHARS) == 0;
}

/* The end of a sequence of a terminal's ("ESC [ ... letter") that begins at `at`, or `at`. */
static size_t skip_sequence(const char *text, size_t n, size_t at)
{
    size_t i = at + 2;

    if (text[at] != '\x1b' || i > n || text[at + 1] != '[')
        return at;
    while (i < n && (unsigned char)text[i] < 0x40)
        i++;
    return i < n ? i + 1 : n;
}

/* The rest of a torn line begins behind a line end, a carriage return or a terminal's sequence. */
static bool find_rests(struct finder *finder)
{
    size_t n = 0;

    for (size_t i = 0; i < finder->n; i++)
        n += finder->text[i] == '\n' || finder->text[i] == '\r' || finder->text[i] == '\x1b';
    finder->rests = calloc(n + 1, sizeof(*finder->rests));
    if (!finder->rests)
        return false;
    for (size_t i = 0; i < finder->n; i++) {
        size_t end = skip_sequence(finder->text, finder->n, i);
        if (end == i && (finder->text[i] == '\n' || finder->text[i] == '\r'))
            end++;
        if (end > i && end < finder->n)
            finder->rests[finder->n_rests++] = end;
        if (end > i)
            i = end - 1;
    }
    return true;
}

/* The first of them behind `at`. */
static size_t rest_behind(const struct finder *finder, size_t at)
{
    size_t low = 0, high = finder->n_rests;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (finder->rests[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool follow(struct finder *finder, size_t at, struct line *line, int tears);

/* The line is torn somewhere in what was just taken, at the latest before `at`. */
static bool follow_torn(struct finder *finder, size_t at, struct line *line, int first, int tears)
{
    for (int n = line->n; n > first; n--, at--) {
        size_t rest = rest_behind(finder, at);

        if (n == LINE_CHARS)
            continue;
        for (size_t i = rest; i < finder->n_rests && i < rest + MAX_NOISE_LINES; i++) {
            if (finder->steps-- <= 0)
                return false;
            if (!fits(n, finder->text[finder->rests[i]]))
                continue;
            line->n = n;
            if (follow(finder, finder->rests[i], line, tears - 1))
                return true;
        }
    }
    return false;
}

/* Takes a line's characters from `at` on, as many as fit. */
static bool follow(struct finder *finder, size_t at, struct line *line, int tears)
{
    int first = line->n;

    while (line->n < LINE_CHARS && at < finder->n && fits(line->n, finder->text[at]))
        line->chars[line->n++] = finder->text[at++];
    if (line->n == LINE_CHARS && is_right(line))
        return true;
    return tears > 0 && follow_torn(finder, at, line, first, tears);
}

/* A line that begins at this "=", with as few tears as possible. */
static bool read_line(struct finder *finder, size_t at, struct line *line)
{
    bool found = false;

    for (int tears = 0; tears <= MAX_TEARS && !found; tears++) {
        finder->steps = STEPS_A_LINE;
        line->n = 0;
        found = follow(finder, at, line, tears);
        finder->steps_all -= 1 + STEPS_A_LINE - finder->steps;
    }
    return found;
}

/* --- putting lines together, the last first --- */

struct block {
    int n_lines; /* 0: none yet */
    int lowest;  /* of those found */
    uint64_t found;
    size_t start;
    unsigned char bytes[FOLDED_MAX_LINES * FOLDED_LINE_BYTES];
};

static int number_of(char c)
{
    return (int)(strchr(numbers, c) - numbers) + 1;
}

static void decode(const char *from, size_t n, unsigned char *to)
{
    for (size_t i = 0; i + 4 <= n; i += 4) {
        uint32_t group = 0;
        for (size_t j = 0; j < 4; j++)
            group = group << 6 | (uint32_t)(strchr(digits, from[i + j]) - digits);
        put_check(group, to);
        to += 3;
    }
}

static bool is_whole(const struct block *block)
{
    return block->n_lines > 0 && block->found == (UINT64_C(1) << block->n_lines) - 1;
}

static bool is_of_one(const struct block *block)
{
    size_t n = (size_t)block->n_lines * FOLDED_LINE_BYTES;
    unsigned char check[CHECK_BYTES];

    put_check(crc24(CRC24_INIT, block->bytes + CHECK_BYTES, n - CHECK_BYTES), check);
    return memcmp(check, block->bytes, sizeof(check)) == 0;
}

/* Lines before this one belong to it as long as their numbers go down. */
static bool belongs(const struct block *block, const struct line *line)
{
    return block->n_lines == number_of(line->chars[3]) && number_of(line->chars[1]) < block->lowest;
}

/* The line that was just found, once more: a message inside it had something like its beginning. */
static bool is_again(const struct block *block, const struct line *line)
{
    unsigned char bytes[FOLDED_LINE_BYTES];

    if (block->n_lines != number_of(line->chars[3]) || block->lowest != number_of(line->chars[1]))
        return false;
    decode(line->chars + HEAD_CHARS, CONTENT_CHARS, bytes);
    return memcmp(bytes, block->bytes + (size_t)(block->lowest - 1) * FOLDED_LINE_BYTES,
                  sizeof(bytes)) == 0;
}

static void add_line(struct block *block, const struct line *line, size_t at)
{
    int number = number_of(line->chars[1]);

    block->n_lines = number_of(line->chars[3]);
    block->lowest = number;
    block->found |= UINT64_C(1) << (number - 1);
    block->start = at;
    decode(line->chars + HEAD_CHARS, CONTENT_CHARS,
           block->bytes + (size_t)(number - 1) * FOLDED_LINE_BYTES);
}

static void name_damage(const struct block *block, char *error, size_t error_size)
{
    int n = 0;

    if (is_whole(block)) {
        (void)text_set(error, error_size,
                       "the machine-readable lines of the last console block are not of one block");
        return;
    }
    (void)text_set(error, error_size, "the last console block is damaged: its line ");
    for (int i = 0; i < block->n_lines; i++)
        if (!(block->found & UINT64_C(1) << i))
            (void)text_add(error, error_size, "%s=%c/%c", n++ ? ", " : "", numbers[i],
                           numbers[block->n_lines - 1]);
    (void)text_add(error, error_size, " is missing or garbled");
}

static enum folded find_block(struct finder *finder, struct buffer *bytes, size_t *start,
                              char *error, size_t error_size)
{
    struct block block = {.n_lines = 0};
    bool damaged = false;
    struct line line;

    for (size_t at = finder->n; at-- > 0 && finder->steps_all > 0;) {
        if (finder->text[at] != '=' || !read_line(finder, at, &line) ||
            number_of(line.chars[1]) > number_of(line.chars[3]) || is_again(&block, &line))
            continue;
        if (block.n_lines > 0 && !belongs(&block, &line)) {
            if (!damaged)
                name_damage(&block, error, error_size);
            damaged = true;
            block = (struct block){.n_lines = 0};
        }
        add_line(&block, &line, at);
        if (is_whole(&block) && is_of_one(&block)) {
            *start = block.start;
            (void)buffer_add(bytes, (const char *)block.bytes + CHECK_BYTES,
                             (size_t)block.n_lines * FOLDED_LINE_BYTES - CHECK_BYTES);
            return FOLDED_WHOLE;
        }
    }
    if (!damaged && block.n_lines > 0)
        name_damage(&block, error, error_size);
    return damaged || block.n_lines > 0 ? FOLDED_DAMAGED : FOLDED_NONE;
}

enum folded folded_find(const char *text, size_t n, struct buffer *bytes, size_t *start,
                        char *error, size_t error_size)
{
    struct finder finder = {.text = text, .n = n, .steps_all = STEPS_IN_ALL};

    if (!find_rests(&finder))
        return FOLDED_NONE;
    enum folded found = find_block(&finder, bytes, start, error, error_size);
    free(finder.rests);
    return found;
}
