/* SPDX-License-Identifier: Apache-2.0
 *
 * Up as many lines as there were, clear to the end of the screen (ECMA-48 CUU and ED), draw again.
 */
#include "report/live.h"

#include "report/ladder.h"
#include "report/screen.h"

void live_erase(struct live *live, struct buffer *to)
{
    if (live->n_lines > 0)
        (void)buffer_addf(to, "\x1b[%dA\r\x1b[J", live->n_lines);
    live->n_lines = 0;
}

static int count_lines(const char *text, size_t n)
{
    int lines = 0;
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    return lines;
}

void live_draw(struct live *live, const struct report *report, int64_t remaining_ms,
               const struct style *style, struct buffer *to)
{
    struct screen screen;

    live_erase(live, to);
    size_t start = to->used;
    screen_init(&screen, style, to);
    screen_textf(&screen, INK_YELLOW, "waiting");
    screen_textf(&screen, INK_PLAIN, "  round %d", (int)report->facts->rounds);
    if (remaining_ms >= 0)
        screen_textf(&screen, INK_PLAIN, ", %d s left", (int)((remaining_ms + 999) / 1000));
    screen_end(&screen);
    screen_wrap(&screen, INK_PLAIN, 0, report->summary);
    screen_end(&screen);
    screen_end(&screen);
    ladders_write(&screen, report, LADDERS_ALL);
    live->n_lines = to->bytes ? count_lines(to->bytes + start, to->used - start) : 0;
}
