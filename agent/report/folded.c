/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel prints past the terminal layer: its message stands in the middle of our line, runs to
 * its own line end, and the rest of ours begins the next line. Where ours was torn is not marked. But
 * the last piece runs to the end of its line, so its length says where, and the checksum says whether
 * this was right; a piece before that ends where what does not fit begins, as the kernel's "[" does.
 *
 * A hostile text takes no more time for its tears than WORK_AT_MOST: pieces are tried as long as there is work
 * left, the last line first. What is not torn takes none of it.
 */
#include "report/recorded.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/text.h"
#include "report/report.h"

enum {
    HEAD_CHARS = 5, /* "=2/6 " */
    CONTENT_CHARS = 56,
    CHECK_CHARS = 4,
    CHECKED_CHARS = HEAD_CHARS + CONTENT_CHARS,
    LINE_CHARS = CHECKED_CHARS + CHECK_CHARS,
    CHECK_BYTES = CRC24_BYTES, /* of the whole */

    MAX_TEARS = 3,         /* messages inside one line, each of any number of lines */
    MAX_NOISE_PIECES = 40, /* between two pieces of a line */
    /* The unit is one character that is looked at, some 2 ns. */
    WORK_A_PIECE = 10,
    WORK_A_CHECK = 250, /* a checksum */
    WORK_A_LINE = 1000 * 1000,
    WORK_AT_MOST = 30 * 1000 * 1000,
};
_Static_assert(sizeof(FOLDED_PREFIX) - 1 + LINE_CHARS == FOLDED_COLUMNS, "a line is 80 columns");
_Static_assert(CONTENT_CHARS / 4 * 3 == FOLDED_LINE_BYTES, "base64 has 4 characters for 3 bytes");

static const char numbers[] = "123456789abcdefghijklmnopqrstuvwxyz";

static void check_line(const char line[LINE_CHARS], char to[CHECK_CHARS])
{
    unsigned char check[CRC24_BYTES];

    crc24(line, CHECKED_CHARS, check);
    base64_encode(check, sizeof(check), to);
}

bool folded_write(const unsigned char *bytes, size_t n, struct buffer *to)
{
    unsigned char all[FOLDED_MAX_LINES * FOLDED_LINE_BYTES] = {0};
    size_t n_lines = (n + CHECK_BYTES + FOLDED_LINE_BYTES - 1) / FOLDED_LINE_BYTES;

    if (n > FOLDED_MAX_BYTES)
        return false;
    memcpy(all + CHECK_BYTES, bytes, n);
    crc24(all + CHECK_BYTES, n_lines * FOLDED_LINE_BYTES - CHECK_BYTES, all);
    for (size_t i = 0; i < n_lines; i++) {
        char line[LINE_CHARS] = {'=', numbers[i], '/', numbers[n_lines - 1], ' '};

        base64_encode(all + i * FOLDED_LINE_BYTES, FOLDED_LINE_BYTES, line + HEAD_CHARS);
        check_line(line, line + CHECKED_CHARS);
        (void)buffer_add_text(to, FOLDED_PREFIX);
        (void)buffer_add(to, line, sizeof(line));
        (void)buffer_add(to, "\n", 1);
    }
    return true;
}

/* --- finding one line --- */

/* What stands between two line ends, carriage returns or sequences of a terminal. */
struct piece {
    uint32_t start : 24, n : 8; /* n: MAX_COUNTED where it is longer */
};
enum {
    MAX_COUNTED = 255,       /* longer than a line */
    MAX_PIECES = 128 * 1024, /* of more the last count: 2 MB of text have 30,000 lines */
};
_Static_assert(REPORT_MAX_BYTES < 1 << 24, "a piece may start anywhere in a text");

struct finder {
    const char *text;
    size_t n;
    struct piece *pieces; /* the last MAX_PIECES, at its number modulo that; none is empty */
    size_t n_pieces;
    int32_t work, line_work; /* left for all lines, and for this one */
};

static struct piece *piece_at(const struct finder *finder, size_t i)
{
    return &finder->pieces[i % MAX_PIECES];
}

struct line {
    char chars[LINE_CHARS];
    int n;
};

/* How long the mark between two pieces is that stands at `at`; 0: none does. */
static size_t separator(const char *text, size_t n, size_t at)
{
    size_t end = at + 2;

    if (text[at] == '\n' || text[at] == '\r')
        return 1;
    if (text[at] != '\x1b' || end > n || text[at + 1] != '[')
        return 0;
    while (end < n && (unsigned char)text[end] < 0x40)
        end++;
    return (end < n ? end + 1 : n) - at;
}

static void find_pieces(struct finder *finder)
{
    const size_t n = finder->n;
    size_t start = 0;

    finder->pieces = calloc(MAX_PIECES, sizeof(*finder->pieces));
    for (size_t at = 0; at <= n; at++) {
        const size_t mark = at < n ? separator(finder->text, n, at) : 1, length = at - start;

        if (mark && length > 0)
            *piece_at(finder, finder->n_pieces++) = (struct piece){
                (uint32_t)start & 0xffffff, length < MAX_COUNTED ? length & 0xff : MAX_COUNTED};
        if (mark) {
            start = at + mark;
            at = start - 1;
        }
    }
}

/* Whether a character may stand at this place of a line. */
static bool fits(int place, char c)
{
    if (place >= HEAD_CHARS)
        return base64_digit(c) >= 0;
    if (place == 1 || place == 3)
        return c && strchr(numbers, c);
    return c == "=?/? "[place];
}

/* Takes what fits from `at` on: at most to the end of a piece, since nothing between two pieces fits. */
static void take(struct finder *finder, size_t at, struct line *line)
{
    const int before = line->n;

    while (line->n < LINE_CHARS && at < finder->n && fits(line->n, finder->text[at]))
        line->chars[line->n++] = finder->text[at++];
    finder->line_work -= WORK_A_PIECE + line->n - before;
}

static bool is_right(struct finder *finder, const struct line *line)
{
    char check[CHECK_CHARS];

    if (line->n < LINE_CHARS)
        return false;
    finder->line_work -= WORK_A_CHECK;
    check_line(line->chars, check);
    return memcmp(check, line->chars + CHECKED_CHARS, CHECK_CHARS) == 0;
}

/* Whether all of this piece is the end of the line, of which no more than its beginning is taken. */
static bool ends_with(struct finder *finder, const struct piece *piece, struct line *line)
{
    struct line whole;

    if (piece->n >= LINE_CHARS || LINE_CHARS - (int)piece->n > line->n)
        return false;
    whole.n = LINE_CHARS - (int)piece->n;
    memcpy(whole.chars, line->chars, (size_t)whole.n);
    take(finder, piece->start, &whole);
    if (!is_right(finder, &whole))
        return false;
    *line = whole;
    return true;
}

/* Goes on with a line from `at` on, inside the piece; so many more tears may follow. */
static bool follow(struct finder *finder, size_t piece, size_t at, struct line *line, int tears)
{
    take(finder, at, line);
    if (is_right(finder, line))
        return true;

    const int torn = line->n; /* at the latest where this ends */
    for (size_t i = piece + 1; i < finder->n_pieces && i <= piece + MAX_NOISE_PIECES; i++) {
        if (tears == 0 || finder->line_work <= 0)
            return false;
        const struct piece *next = piece_at(finder, i);
        finder->line_work -= WORK_A_PIECE;
        if (ends_with(finder, next, line))
            return true;
        if (torn < LINE_CHARS && fits(torn, finder->text[next->start]) &&
            follow(finder, i, next->start, line, tears - 1))
            return true;
        line->n = torn;
    }
    return false;
}

/* A line that begins at this "=", with as few tears as possible. */
static bool read_line(struct finder *finder, size_t piece, size_t at, struct line *line)
{
    bool found = false;

    for (int tears = 0; tears <= MAX_TEARS && !found && (tears == 0 || finder->work > 0); tears++) {
        const int32_t most = finder->work < WORK_A_LINE ? finder->work : WORK_A_LINE;

        finder->line_work = most;
        line->n = 0;
        found = follow(finder, piece, at, line, tears);
        if (tears > 0)
            finder->work -= most - finder->line_work;
    }
    return found && strchr(numbers, line->chars[1]) <= strchr(numbers, line->chars[3]);
}

/* --- putting lines together, the last first --- */

struct block {
    size_t n_lines; /* 0: none yet */
    size_t lowest;  /* of those found, from 0 on */
    uint64_t found;
    bool tried; /* it is whole, and its checksum was looked at */
    size_t start;
    unsigned char bytes[FOLDED_MAX_LINES * FOLDED_LINE_BYTES];
};

static bool is_whole(const struct block *block)
{
    return block->found == (UINT64_C(1) << block->n_lines) - 1;
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
    for (size_t i = 0; i < block->n_lines; i++)
        if (!(block->found & UINT64_C(1) << i))
            (void)text_add(error, error_size, "%s=%c/%c", n++ ? ", " : "", numbers[i],
                           numbers[block->n_lines - 1]);
    (void)text_add(error, error_size, " is missing or garbled");
}

/* The lines of a block go down from the last one on. One that is found twice is one: a message inside
 * it had something like its beginning. False: the line is of another block. */
static bool add_line(struct block *block, const struct line *line, size_t at)
{
    const size_t number = (size_t)(strchr(numbers, line->chars[1]) - numbers);
    const size_t n_lines = (size_t)(strchr(numbers, line->chars[3]) - numbers) + 1;
    unsigned char bytes[FOLDED_LINE_BYTES], *place = block->bytes + number * FOLDED_LINE_BYTES;

    (void)base64_decode(line->chars + HEAD_CHARS, CONTENT_CHARS, bytes);
    if (block->n_lines > 0 &&
        (n_lines != block->n_lines || number > block->lowest ||
         (number == block->lowest && memcmp(bytes, place, sizeof(bytes)) != 0)))
        return false;
    memcpy(place, bytes, sizeof(bytes));
    block->n_lines = n_lines;
    block->lowest = number;
    block->found |= UINT64_C(1) << number;
    block->start = at;
    return true;
}

static enum folded find_block(struct finder *finder, struct buffer *bytes, size_t *start,
                              char *error, size_t error_size)
{
    struct block block = {.n_lines = 0};
    unsigned char check[CHECK_BYTES];
    bool damaged = false;
    struct line line;

    const size_t first = finder->n_pieces > MAX_PIECES ? finder->n_pieces - MAX_PIECES : 0;
    for (size_t i = finder->n_pieces, at = finder->n; i-- > first;) {
        while (at > piece_at(finder, i)->start) {
            if (finder->text[--at] != '=' || !read_line(finder, i, at, &line))
                continue;
            /* A line ends before the next one begins: that one's rest is no rest of this one. */
            finder->n_pieces = i + 1;
            if (!add_line(&block, &line, at)) {
                if (!damaged)
                    name_damage(&block, error, error_size);
                damaged = true;
                block = (struct block){.n_lines = 0};
                (void)add_line(&block, &line, at);
            }
            if (!block.tried && is_whole(&block)) {
                const size_t n = block.n_lines * FOLDED_LINE_BYTES - CHECK_BYTES;
                block.tried = true;
                crc24(block.bytes + CHECK_BYTES, n, check);
                if (memcmp(check, block.bytes, sizeof(check)) == 0) {
                    *start = block.start;
                    (void)buffer_add(bytes, (const char *)block.bytes + CHECK_BYTES, n);
                    return FOLDED_WHOLE;
                }
            }
        }
    }
    if (!damaged && block.n_lines > 0)
        name_damage(&block, error, error_size);
    return block.n_lines > 0 ? FOLDED_DAMAGED : FOLDED_NONE;
}

enum folded folded_find(const char *text, size_t n, struct buffer *bytes, size_t *start,
                        char *error, size_t error_size)
{
    struct finder finder = {.text = text, .n = n, .work = WORK_AT_MOST};

    find_pieces(&finder);
    enum folded found = find_block(&finder, bytes, start, error, error_size);
    free(finder.pieces);
    return found;
}
