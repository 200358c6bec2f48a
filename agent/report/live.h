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

/* Draws over what was drawn before. remaining_ms < 0: there is no deadline. */
void live_draw(struct live *live, const struct report *report, int64_t remaining_ms,
               const struct style *style, struct buffer *to);

/* Takes the drawing off the screen, for what is printed next. */
void live_erase(struct live *live, struct buffer *to);

#endif
