/* SPDX-License-Identifier: Apache-2.0
 *
 * What `check` and `wait` share: everything a round needs, opened once; the rounds; and what the
 * last one found.
 */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "discover/imds.h"
#include "net/trust.h"
#include "run/again.h"
#include "run/commands.h"

struct run {
    const struct options *options;
    struct imds_endpoint endpoint; /* of --imds-endpoint; no address: IMDS's own */
    struct trust *trust;
    int signal_fd;
    int64_t started_ms;  /* monotonic */
    int64_t deadline_ms; /* of a round: monotonic, INT64_MAX: none */
    int32_t limit_ms;    /* time allowed, 0: no limit */
    int n_rounds;
    struct facts *facts;       /* of the last round */
    struct facts *earlier;     /* of the last whole round, NULL before run_remember() */
    struct report *report;     /* the diagnosis of `facts` */
    enum looking looking;      /* so it gives up what this machine's files do not name */
    bool refused;              /* the last round needed some of that */
    char trouble[DETAIL_SIZE]; /* of its own, which no round can do without; empty: none */
    struct facts *shown;       /* --anonymize: the copy that is diagnosed, else NULL */
};

/* limit_ms 0: no deadline. Returns EXIT_READY, or the exit status after having logged why. */
int run_open(struct run *run, const struct options *options, int64_t limit_ms);
void run_close(struct run *run);

/* Who looks on while a round runs. */
struct round_watch {
    void *arg;
    int64_t tick_ms;                                    /* how often `tick` is called, 0: never */
    void (*tick)(void *arg, const struct facts *facts); /* with the facts known so far */
    int changed_fd;             /* readable when the network changed, or -1 */
    bool (*changed)(void *arg); /* takes the change; true ends this round, which began before it */
};

/* round.c: discover, plan and observe on one loop, into run->facts; or only what `again` names, into the
 * facts of the whole round before. False when the program itself is in trouble (no poll, no timer).
 * `watch` and `again` may be NULL. */
bool round_run(struct run *run, const struct round_watch *watch, const struct again *again);

/* One round and its diagnosis. False after having logged why. */
bool run_round(struct run *run, const struct round_watch *watch, const struct again *again);

/* Diagnoses facts to be shown. With --anonymize that is an anonymized copy, and the report points to
 * the copy until the next diagnosis. */
void run_diagnose(struct run *run, const struct facts *facts, struct report *report);

/* Keeps the last round, a whole one. One that was cut short is not kept: the whole one before it, if
 * there is one, takes its place. */
void run_remember(struct run *run);

/* The whole round before takes the place of the last one, which was cut short or asked only a part. */
void run_fall_back(struct run *run);

#endif
