/* SPDX-License-Identifier: Apache-2.0
 *
 * The ladders of a report, one line a target, for the terminal.
 */
#ifndef REPORT_LADDER_H
#define REPORT_LADDER_H

#include "report/screen.h"

/* Every planned target; under a rung that does not pass what was seen there. With `verbose` one
 * line a rung, and everything seen. */
void ladders_write(struct screen *screen, const struct report *report, bool verbose);

/* True when every planned check of the target passed. */
bool target_passes(const struct report *report, enum target target);
bool target_is_planned(const struct report *report, enum target target);

#endif
