/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine: the rows of causes.c claim symptoms in causal order.
 */
#ifndef DIAGNOSE_CLAIMS_H
#define DIAGNOSE_CLAIMS_H

#include "model/report.h"

/* Fills report->findings from report->facts and report->checks: fatal ones in causal order first,
 * so that [0] is the root cause, then warnings, then notes. Every failed check is explained, by one
 * finding unless it fails in several ways (enum way), or by `unexplained`. */
void claims_settle(struct report *report);

/* What a fault keeps from being seen, the honest limit of every diagnosis of a ladder: fills in `hides`
 * of every finding. A check that was not tried because of one below it is hidden by each finding that
 * explains a failed check that it stands on, or one that is not known by this program's own trouble; all of them must be mended before it can be seen. */
void claims_hide(struct report *report);

#endif
