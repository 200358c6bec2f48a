/* SPDX-License-Identifier: Apache-2.0
 *
 * What a fault keeps from being seen: the honest limit of every diagnosis of a ladder.
 */
#ifndef DIAGNOSE_HIDDEN_H
#define DIAGNOSE_HIDDEN_H

#include "model/report.h"

/* Fills in `hides` of every finding, once the checks are judged and the claims are settled. A check
 * that was not tried because of one below it is hidden by each finding that explains a failed check
 * that it stands on; all of them must be mended before it can be seen. */
void hidden_settle(struct report *report);

#endif
