/* SPDX-License-Identifier: Apache-2.0
 *
 * What `check` and `wait` share: everything a round needs, opened once.
 */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "run/round.h"
#include "run/commands.h"

struct run {
    const struct options *options;
    struct imds_endpoint endpoint;
    struct trust *trust;
    int signal_fd;
    int64_t started_ms;  /* monotonic */
    int64_t deadline_ms; /* monotonic, INT64_MAX: none */
    int32_t limit_ms;    /* what was allowed, 0: no limit */
    int n_rounds;
    struct facts *facts;           /* of the last round */
    struct facts *earlier;         /* the last whole one, NULL before run_remember() */
    int64_t proven_ms[N_SERVICES]; /* monotonic, when a service last passed every rung; 0: not */
    struct report *report;         /* its diagnosis */
    struct facts *shown;           /* --anonymize: what is diagnosed in their place, else NULL */
};

/* limit_ms 0: no deadline. Returns EXIT_READY, or the exit status after having logged why. */
int run_open(struct run *run, const struct options *options, int64_t limit_ms);
void run_close(struct run *run);

/* One round and its diagnosis; `watch` may be NULL. False after having logged why. */
bool run_round(struct run *run, const struct round_watch *watch);

/* Diagnoses facts for the eyes of others: with --anonymize an anonymized copy of them, which the
 * report then points to until the next one. False after having logged why. */
bool run_diagnose(struct run *run, const struct facts *facts, struct report *report);

/* Keeps the last round, and what it proved for PROVEN_FOR_MS. A round that was cut short is not
 * kept: it gives way to the whole one before it, if there is one. */
void run_remember(struct run *run);

/* What was proven counts no more: the network changed. */
void run_forget(struct run *run);

#endif
