/* SPDX-License-Identifier: Apache-2.0
 *
 * A mark of UTF-8 has one column and three bytes, so columns are counted, not bytes.
 */
#include "report/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* A narrower terminal would get one word a line. */
enum { MIN_COLUMNS = 40, DEFAULT_COLUMNS = 80 };

static const char *const sgr[] = {
    [INK_PLAIN] = "",         [INK_RED] = "\033[31m", [INK_YELLOW] = "\033[33m",
    [INK_GREEN] = "\033[32m", [INK_DIM] = "\033[2m",
};

static const struct {
    const char *unicode;
    const char *ascii;
    enum ink ink;
} marks[] = {
    [STATUS_UNKNOWN] = {"?", "?", INK_YELLOW},
    [STATUS_PASS] = {"\xe2\x9c\x93", "ok", INK_GREEN}, /* U+2713 check mark */
    [STATUS_WARN] = {"!", "warn", INK_YELLOW},
    [STATUS_FAIL] = {"\xe2\x9c\x97", "FAIL", INK_RED}, /* U+2717 ballot x */
    [STATUS_SKIP] = {"\xe2\x80\x93", "skip", INK_DIM}, /* U+2013 en dash */
};

void screen_init(struct screen *screen, const struct style *style, struct buffer *to)
{
    int columns = style->columns > 0 ? style->columns : DEFAULT_COLUMNS;

    *screen = (struct screen){
        .to = to,
        .colour = style->colour,
        .unicode = style->unicode,
        .columns = columns < MIN_COLUMNS ? MIN_COLUMNS : columns,
    };
}

static void paint(struct screen *screen, enum ink ink)
{
    if (screen->colour && ink != INK_PLAIN)
        (void)buffer_add_text(screen->to, sgr[ink]);
}

static void unpaint(struct screen *screen, enum ink ink)
{
    if (screen->colour && ink != INK_PLAIN)
        (void)buffer_add_text(screen->to, "\033[0m");
}

static void add_filtered(struct screen *screen, const char *text, size_t n)
{
    (void)buffer_add_printable(screen->to, text, n);
    screen->column += (int)n;
}

void screen_text(struct screen *screen, enum ink ink, const char *text)
{
    paint(screen, ink);
    add_filtered(screen, text, strlen(text));
    unpaint(screen, ink);
}

void screen_textf(struct screen *screen, enum ink ink, const char *format, ...)
{
    char text[COMMAND_SIZE];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    screen_text(screen, ink, text);
}

void screen_end(struct screen *screen)
{
    (void)buffer_add_text(screen->to, "\n");
    screen->column = 0;
}

void screen_pad(struct screen *screen, int column)
{
    if (screen->column > 0 && screen->column >= column)
        column = screen->column + 1;
    while (screen->column < column)
        add_filtered(screen, " ", 1);
}

void screen_wrap(struct screen *screen, enum ink ink, int indent, const char *text)
{
    bool first = true;

    paint(screen, ink);
    for (;;) {
        while (*text && (unsigned char)*text <= ' ')
            text++;
        size_t n = 0;
        while ((unsigned char)text[n] > ' ')
            n++;
        if (n == 0)
            break;

        int space = first ? 0 : 1;
        if (screen->column + space + (int)n > screen->columns && screen->column > indent) {
            screen_end(screen);
            screen_pad(screen, indent);
        } else if (space) {
            add_filtered(screen, " ", 1);
        }
        add_filtered(screen, text, n);
        text += n;
        first = false;
    }
    unpaint(screen, ink);
}

void screen_finish(struct screen *screen, enum ink ink, int indent, const char *text)
{
    screen_wrap(screen, ink, indent, text);
    screen_end(screen);
}

void screen_line(struct screen *screen, enum ink ink, int at, int indent, const char *text)
{
    screen_pad(screen, at);
    screen_finish(screen, ink, indent, text);
}

void screen_mark(struct screen *screen, enum status status)
{
    paint(screen, marks[status].ink);
    (void)buffer_add_text(screen->to,
                          screen->unicode ? marks[status].unicode : marks[status].ascii);
    unpaint(screen, marks[status].ink);
    screen->column += mark_width(screen, status);
}

int screen_status(struct screen *screen, enum status status)
{
    const int text_at = screen->column + (screen->unicode ? 2 : 5);

    screen_mark(screen, status);
    screen_pad(screen, text_at);
    return text_at;
}

void screen_arrow(struct screen *screen)
{
    (void)buffer_add_text(screen->to, screen->unicode ? "\xe2\x97\x84" : "<-"); /* U+25C4 */
    screen->column += screen->unicode ? 1 : 2;
}

enum ink status_ink(enum status status)
{
    return marks[status].ink;
}

enum ink verdict_ink(enum verdict verdict)
{
    return verdict == VERDICT_READY       ? INK_GREEN
           : verdict == VERDICT_NOT_READY ? INK_RED
                                          : INK_YELLOW;
}

int mark_width(const struct screen *screen, enum status status)
{
    return screen->unicode ? 1 : (int)strlen(marks[status].ascii);
}

void duration_text(int32_t duration_ms, char to[DURATION_SIZE])
{
    if (duration_ms < 1000)
        (void)text_set(to, DURATION_SIZE, "%d ms", (int)duration_ms);
    else if (duration_ms < 10 * 1000)
        (void)text_set(to, DURATION_SIZE, "%d.%d s", (int)duration_ms / 1000,
                       (int)duration_ms % 1000 / 100); /* cut: rounding up may reach a limit */
    else
        (void)text_set(to, DURATION_SIZE, "%d s", (int)duration_ms / 1000);
}
