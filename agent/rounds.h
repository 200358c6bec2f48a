/* SPDX-License-Identifier: Apache-2.0
 *
 * After this round: stop, or wait how long before the next? Pure; only rounds retry.
 */
#ifndef ROUNDS_H
#define ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/report.h"

enum {
    ROUNDS_OF_CHECK = 3, /* AWS SDKs and Tools Reference Guide, "Retry behavior": 3 attempts */
    ROUND_BASE_MS = 200,
    ROUND_MAX_WAIT_MS = 5000,
    FOLLOW_MAX_WAIT_MS = 30000, /* after boot: cheap, yet far below the agent's 5 to 60 minutes */
    PROVEN_FOR_MS = 30000,      /* a service that passed is not asked again for so long */
};

struct rounds_state {
    int n_done;           /* rounds behind us, at least one */
    int64_t remaining_ms; /* to the deadline */
    uint32_t random;      /* for the jitter */
};

/* True when any failed required check failed by an answer that says "later" (throttled, a server
 * error, a resolver that could not). Silence and refusals say no such thing. */
bool rounds_worth_another(const struct report *report);

/* For `wait`: how long until the next round, with full jitter, never past the deadline. */
int64_t rounds_wait(const struct rounds_state *state, bool follow);

/* For `check`. False: stop. Otherwise waits exponentially longer with full jitter. */
bool rounds_next(const struct report *report, const struct rounds_state *state, int64_t *wait_ms);

#endif
