/* SPDX-License-Identifier: Apache-2.0
 *
 * Up as many lines as there were, and over them (ECMA-48: CUU, EL, ED).
 */
#include "report/live.h"

#include <limits.h>

#include "report/ladder.h"
#include "report/screen.h"

void live_erase(struct live *live, struct buffer *to)
{
    if (live->n_lines > 0)
        (void)buffer_addf(to, "\x1b[%dA\r\x1b[J", live->n_lines);
    live->n_lines = 0;
}

/* Over the last frame, line by line: a terminal that is cleared from its first row on keeps what was
 * there in its history. What stands behind `most` lines is left out; how many lines there are. */
static int write_frame(const struct buffer *frame, int most, struct buffer *to)
{
    int n = 0;

    for (size_t i = 0; i < frame->used && n < most; i++) {
        if (frame->bytes[i] == '\n') {
            (void)buffer_add_text(to, "\x1b[K");
            n++;
        }
        (void)buffer_add(to, frame->bytes + i, 1);
    }
    (void)buffer_add_text(to, "\x1b[J");
    return n;
}

void live_draw(struct live *live, const struct report *report, const struct live_moment *moment,
               const struct style *style, struct buffer *to)
{
    struct buffer frame;
    struct screen screen;

    buffer_init(&frame, REPORT_MAX_BYTES);
    screen_init(&screen, style, &frame);
    screen_textf(&screen, INK_YELLOW, "waiting");
    screen_textf(&screen, INK_PLAIN, "  round %d %s", moment->round,
                 moment->under_way ? "under way" : "done");
    if (moment->remaining_ms >= 0)
        screen_textf(&screen, INK_PLAIN, ", %d s left", (int)((moment->remaining_ms + 999) / 1000));
    screen_end(&screen);
    screen_wrap(&screen, INK_PLAIN, 0, moment->words[0] ? moment->words : "looking");
    screen_end(&screen);
    screen_end(&screen);
    ladders_write(&screen, report, LADDERS_ALL);
    if (live->n_lines > 0)
        (void)buffer_addf(to, "\x1b[%dA\r", live->n_lines);
    live->n_lines = write_frame(&frame, style->rows > 2 ? style->rows - 1 : INT_MAX, to);
    to->failed = to->failed || frame.failed;
    buffer_clear(&frame);
}
