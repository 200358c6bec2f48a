/* SPDX-License-Identifier: Apache-2.0
 *
 * What one finding says on the terminal: why, the fix with its commands, what else it may be.
 */
#ifndef REPORT_ADVICE_H
#define REPORT_ADVICE_H

#include "report/screen.h"

/* "  Fix   Let inbound 443 ...": a label and wrapped text behind it. */
void advice_labelled(struct screen *screen, const char *label, const char *text);

/* The first and the last observations; all of them with `all`. */
void advice_evidence(struct screen *screen, const struct finding *finding, bool all);

/* Fix, commands, alternatives, and where to read more; `finding` is one of the report's. */
void advice_write(struct screen *screen, const struct report *report,
                  const struct finding *finding);

#endif
