/* SPDX-License-Identifier: Apache-2.0
 *
 * The ladders of a report, one line a target, for the terminal; and what lies hidden behind a rung
 * that failed, one line a cause.
 */
#ifndef REPORT_LADDER_H
#define REPORT_LADDER_H

#include "report/screen.h"

enum ladders {
    LADDERS_ALL,     /* one line a target, and under a rung that does not pass what was seen */
    LADDERS_NOT_OK,  /* the same, but only of targets that do not pass */
    LADDERS_IN_FULL, /* one line a rung, and everything seen */
};
void ladders_write(struct screen *screen, const struct report *report, enum ladders ladders);

/* True when every planned check of the target passed, those apart that an option left out. */
bool target_passes(const struct report *report, enum target target);
bool target_is_planned(const struct report *report, enum target target);

#endif
