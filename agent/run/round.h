/* SPDX-License-Identifier: Apache-2.0
 *
 * One round: discover, plan, observe, all on one loop, into one snapshot.
 */
#ifndef RUN_ROUND_H
#define RUN_ROUND_H

#include <stdbool.h>
#include <stdint.h>

#include "discover/imds.h"
#include "model/facts.h"
#include "net/trust.h"

/* Who looks on while a round runs. */
struct round_watch {
    void *arg;
    int64_t tick_ms;                                    /* how often `tick` is wanted, 0: never */
    void (*tick)(void *arg, const struct facts *facts); /* the snapshot as far as it is */
    int changed_fd;             /* readable when the network changed, or -1 */
    bool (*changed)(void *arg); /* takes that; true: end this round, it began before the change */
};

struct round_request {
    const struct plan *wishes;
    const char *root;
    const struct imds_endpoint *endpoint; /* NULL: IMDS's own addresses */
    struct trust *trust;
    int signal_fd;                   /* readable when it is to stop (signalfd), or -1 */
    int64_t deadline_ms;             /* monotonic */
    const struct round_watch *watch; /* or NULL */
    const struct facts *earlier;     /* or NULL: of the last round */
    bool proven[N_SERVICES];         /* taken over from it instead of being climbed again */
};

/* Fills all of facts but rounds and deadline_ms. False when the program itself is in trouble
 * (no poll, no timer). */
bool round_run(const struct round_request *request, struct facts *facts);

#endif
