/* SPDX-License-Identifier: Apache-2.0
 *
 * What `check` and `wait` share: everything a round needs, opened once.
 */
#ifndef VERBS_RUN_H
#define VERBS_RUN_H

#include "round.h"
#include "verbs/verbs.h"

struct run {
    const struct options *options;
    struct imds_endpoint endpoint;
    struct trust *trust;
    int signal_fd;
    int64_t started_ms;    /* monotonic */
    int64_t deadline_ms;   /* monotonic, INT64_MAX: none */
    int32_t limit_ms;      /* what was allowed, 0: no limit */
    int n_rounds;
    struct facts *facts;   /* of the last round */
    struct report *report; /* its diagnosis */
};

/* limit_ms 0: no deadline. Returns EXIT_READY, or the exit status after having logged why. */
int run_open(struct run *run, const struct options *options, int64_t limit_ms);
void run_close(struct run *run);

/* One round and its diagnosis; `watch` may be NULL. False after having logged why. */
bool run_round(struct run *run, const struct round_watch *watch);

#endif
