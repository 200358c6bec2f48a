/* SPDX-License-Identifier: Apache-2.0
 *
 * From facts to a report. Pure: no I/O, no clock, the same facts give the same bytes.
 * checks.c judges each rung, causes.c holds the table of causes, diagnose.c lets causes claim the
 * failed checks in causal order; what no cause claims becomes `unexplained`.
 */
#ifndef DIAGNOSE_DIAGNOSE_H
#define DIAGNOSE_DIAGNOSE_H

#include "model/report.h"

/* Fills `report`: its findings up to n_findings, and always the first, which is empty where there is none.
 * report->facts points to `facts`, which must outlive it. */
void diagnose(const struct facts *facts, struct report *report);

#endif
