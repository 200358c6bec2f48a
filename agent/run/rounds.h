/* SPDX-License-Identifier: Apache-2.0
 *
 * After a round: is there another one, after how long, and is this one's verdict told? Pure. Only
 * rounds retry.
 */
#ifndef RUN_ROUNDS_H
#define RUN_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/report.h"

enum {
    ROUNDS_OF_CHECK = 4, /* as often as the agent asks in one go (amazon-ssm-agent, SsmRetryer) */
    ROUNDS_OF_IMDS = 9, /* the agent comes up when IMDS throttles its first 8 requests (measured) */
    ROUND_BASE_MS = 200,
    ROUND_MAX_WAIT_MS = 5000,
    FOLLOW_MAX_WAIT_MS = 30000, /* after boot; the agent sleeps 5 to 60 minutes */
    PROVEN_FOR_MS = 30000,      /* how long a service that passed is not asked again */
    TELL_AFTER_MS = 5000,       /* a boot begins without a network: no verdict before this */
    TELL_CAUSES = 8,            /* how often a new cause under the same verdict is told */
};

struct rounds_state {
    int n_done;           /* finished rounds, at least one */
    int64_t remaining_ms; /* to the deadline */
    uint32_t random;      /* for the jitter */
};

/* True when a required check failed by an answer that says "later": throttled, a server error, a
 * resolver that failed. Silence and a refusal do not say "later". */
bool rounds_worth_another(const struct report *report);

/* For `wait`: the time until the next round, with full jitter, never past the deadline. */
int64_t rounds_wait(const struct rounds_state *state, bool follow);

/* What `wait` told last on the console and in the journal, and what the last round found. All zero
 * at first. */
struct rounds_told {
    bool any;
    int n_causes; /* causes told under the same verdict */
    struct rounds_judged {
        enum verdict verdict;
        char code[NAME_SIZE]; /* of the root cause, empty when there is none */
        enum target target;
    } told, last;
};

/* True when this round's verdict is to be told now; it then counts as told. Ready is told at once, and
 * so is the last round (`over`). Any other verdict is told when two rounds in a row agree on it and on
 * the root cause, at least TELL_AFTER_MS after the start. */
bool rounds_tell(struct rounds_told *told, const struct report *report, int64_t elapsed_ms,
                 bool over);

/* For `check`. False: stop. Otherwise *wait_ms is the time until the next round, which grows
 * exponentially, with full jitter. */
bool rounds_next(const struct report *report, const struct rounds_state *state, int64_t *wait_ms);

#endif
