/* SPDX-License-Identifier: Apache-2.0
 *
 * After a round: is there another one, after how long, and is this one's verdict told? Pure. Only
 * rounds retry.
 *
 * `wait` asks seldom, since every packet to the metadata service and every request to AWS is one of a fleet's:
 * the fewer the longer it lasts. What this machine itself shows (run/look.h) is looked at when it changes, and
 * begins a round out of turn.
 */
#ifndef RUN_ROUNDS_H
#define RUN_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/report.h"

enum {
    ROUNDS_OF_CHECK = 4, /* as often as the agent asks in one go (amazon-ssm-agent, SsmRetryer) */
    ROUNDS_OF_ROLE =
        3, /* it asks so often for the role's, then sleeps for half an hour (measured) */
    ROUNDS_OF_IMDS = 9, /* the agent comes up when IMDS throttles its first 8 requests (measured) */
    ROUND_BASE_MS = 200,
    ROUND_MAX_WAIT_MS = 5000,   /* while the agent's start waits, BOOT_MS */
    LIVELY_MAX_WAIT_MS = 28000, /* for LIVELY_MS: a change is seen within 30 s */
    QUIET_MAX_WAIT_MS = 290000, /* then: within 5 minutes */
    BOOT_MS = 30000,
    LIVELY_MS = 600000,
    WHOLE_EVERY_MS = 3600000, /* what a report says besides its root cause is no older than this */
    OUT_OF_TURN = 20,         /* so many rounds may begin at once, ... */
    OUT_OF_TURN_EVERY_MS =
        180000,           /* ... and one more each three minutes: some networks flap for ever */
    TELL_AFTER_MS = 5000, /* a boot begins without a network: no verdict before this */
    TELL_CAUSES = 8,      /* how often a new cause under the same verdict is told */
};

struct rounds_state {
    int n_done;           /* finished rounds, at least one */
    int64_t remaining_ms; /* to the deadline */
    uint32_t random;      /* for the jitter */
    int64_t elapsed_ms;   /* since the start; this and the rest for `wait` alone */
    int64_t took_ms;      /* the last round */
    bool follow;          /* the boot is over */
};

/* What `wait` keeps between rounds. All zero at first. */
struct rounds_pace {
    int64_t at_most_ms;     /* the last wait was chosen below */
    int64_t free_at_ms;     /* when OUT_OF_TURN rounds may begin at once again */
    int64_t whole_begun_ms; /* the last whole round, since the start */
};

/* True when a required check failed by an answer that says "later": throttled, a server error, a
 * resolver that failed. Silence and a refusal do not say "later". */
bool rounds_worth_another(const struct report *report);

/* For `wait`: the time until the next round, never past the deadline. */
int64_t rounds_wait(struct rounds_pace *pace, const struct rounds_state *state);

/* For `wait`: whether a round may begin out of turn now; and the time until it may, which counts. */
bool rounds_may_hurry(const struct rounds_pace *pace, int64_t elapsed_ms);
int64_t rounds_hurry(struct rounds_pace *pace, int64_t elapsed_ms);

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
 * so is the last round (`over`), and a root cause that is certain and fixed outside of this machine: a boot that
 * goes on does not fix it. Any other verdict is told when two rounds in a row agree on it and on the root
 * cause, at least TELL_AFTER_MS after the start. */
bool rounds_tell(struct rounds_told *told, const struct report *report, int64_t elapsed_ms,
                 bool over);

/* For `check`. False: stop. Otherwise *wait_ms is the time until the next round, which grows
 * exponentially, with full jitter. */
bool rounds_next(const struct report *report, const struct rounds_state *state, int64_t *wait_ms);

#endif
