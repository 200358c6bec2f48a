/* SPDX-License-Identifier: Apache-2.0
 *
 * The view of a round under way, redrawn in place on a terminal.
 */
#ifndef REPORT_LIVE_H
#define REPORT_LIVE_H

#include <stdint.h>

#include "report/report.h"

struct live {
    int n_lines; /* that the last drawing took: the next goes over them */
};

/* Where a wait is. */
struct live_moment {
    int round;            /* the one under way, or the last one */
    bool under_way;       /* then the report is of what is known of it so far */
    const char *words;    /* the summary of the last round that was whole, empty: there is none */
    int64_t remaining_ms; /* < 0: there is no deadline */
};

/* Draws over what was drawn before. What does not fit the terminal's rows is left out at the end:
 * a cursor does not go up beyond the first row. */
void live_draw(struct live *live, const struct report *report, const struct live_moment *moment,
               const struct style *style, struct buffer *to);

/* Takes the drawing off the screen, for what is printed next. */
void live_erase(struct live *live, struct buffer *to);

#endif
