/* SPDX-License-Identifier: Apache-2.0
 *
 * After this round: stop, or wait how long before the next, and is it to be told? Pure; only rounds
 * retry.
 */
#ifndef RUN_ROUNDS_H
#define RUN_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/report.h"

enum {
    ROUNDS_OF_CHECK = 3, /* AWS SDKs and Tools Reference Guide, "Retry behavior": 3 attempts */
    ROUND_BASE_MS = 200,
    ROUND_MAX_WAIT_MS = 5000,
    FOLLOW_MAX_WAIT_MS = 30000, /* after boot: cheap, yet far below the agent's 5 to 60 minutes */
    PROVEN_FOR_MS = 30000,      /* a service that passed is not asked again for so long */
    TELL_AFTER_MS = 5000,       /* a boot begins without a network: that is no verdict yet */
    TELL_CAUSES = 8,            /* so often another cause under the same verdict is told */
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

/* What `wait` told last on the console and in the journal, and what it has seen since. All-zero:
 * nothing yet. */
struct rounds_told {
    bool any;
    int n_causes; /* told without a new verdict */
    struct rounds_judged {
        enum verdict verdict;
        char code[NAME_SIZE]; /* of the root cause, empty when nothing is found */
        enum target target;
    } told, last;
};

/* True when this round's verdict is to be told now, which then counts as done. One that is ready is
 * told at once, as is whatever stands at the end (`over`); any other one once two rounds in a row
 * agree on it and its root cause, TELL_AFTER_MS after the start at the earliest. */
bool rounds_tell(struct rounds_told *told, const struct report *report, int64_t elapsed_ms,
                 bool over);

/* For `check`. False: stop. Otherwise waits exponentially longer with full jitter. */
bool rounds_next(const struct report *report, const struct rounds_state *state, int64_t *wait_ms);

#endif
