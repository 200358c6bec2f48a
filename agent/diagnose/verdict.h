/* SPDX-License-Identifier: Apache-2.0
 *
 * The one word and the one line.
 */
#ifndef DIAGNOSE_VERDICT_H
#define DIAGNOSE_VERDICT_H

#include "model/report.h"

/* Fills report->verdict and report->summary from its checks and findings. */
void verdict_decide(struct report *report);

#endif
