/* SPDX-License-Identifier: Apache-2.0
 *
 * What was seen at one rung, a line for each address, answer or action.
 */
#ifndef REPORT_SEEN_H
#define REPORT_SEEN_H

#include "report/screen.h"

/* Returns how many lines were written, 0 when the rung has no such lines: its summary says all.
 * Without `verbose` only what helps with a rung that fails: denied actions, but no allowed ones. */
int seen_write(struct screen *screen, const struct facts *facts, enum check check, int indent,
               bool verbose);

#endif
