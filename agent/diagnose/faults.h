/* SPDX-License-Identifier: Apache-2.0
 *
 * What is wrong with the SSM agent's own installation, one by one: a check of the agent (installed,
 * enabled, config, state) may fail in several ways at once, and keeps them all. Each has a reason of its
 * own, by which a row of the causes claims it. Pure.
 */
#ifndef DIAGNOSE_FAULTS_H
#define DIAGNOSE_FAULTS_H

#include "model/report.h"

enum { MAX_FAULTS = 16 };

struct fault {
    enum check check;
    enum status status; /* fail: it keeps the agent down; warn: the agent comes up all the same */
    enum failure reason;
    char words[LINE_SIZE];
};

struct faults {
    int n;
    struct fault at[MAX_FAULTS]; /* in the order of checks; of one check those that fail first */
};

void faults_find(const struct facts *facts, struct faults *faults);

/* The first of the check, NULL: none. */
const struct fault *faults_first(const struct faults *faults, enum check check);

#endif
