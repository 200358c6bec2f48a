/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine: causes claim symptoms in causal order.
 */
#ifndef DIAGNOSE_CLAIMS_H
#define DIAGNOSE_CLAIMS_H

#include "model/report.h"

/* Fills report->findings from report->facts and report->checks: fatal ones in causal order first,
 * so that [0] is the root cause, then warnings, then notes. Every failed check is explained, by one
 * finding unless it fails in several ways (enum strand), or by `unexplained`. */
void claims_settle(struct report *report);

#endif
