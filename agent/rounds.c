/* SPDX-License-Identifier: Apache-2.0
 *
 * Exponential backoff with full jitter: a fleet that boots at once must not ask at once again.
 */
#include "rounds.h"

bool rounds_worth_another(const struct report *report)
{
    for (int i = 0; i < N_CHECKS; i++) {
        const struct check_result *check = &report->checks[i];

        if (!check->planned || !check->required ||
            (check->status != STATUS_FAIL && check->status != STATUS_UNKNOWN))
            continue;
        if (check->reason == FAILURE_THROTTLED || check->reason == FAILURE_SERVER_ERROR ||
            check->reason == FAILURE_SERVFAIL)
            return true;
    }
    return false;
}

bool rounds_next(const struct report *report, const struct rounds_state *state, int64_t *wait_ms)
{
    if (state->n_done >= ROUNDS_OF_CHECK || !rounds_worth_another(report))
        return false;

    int64_t ceiling = (int64_t)ROUND_BASE_MS << state->n_done;
    if (ceiling > ROUND_MAX_WAIT_MS)
        ceiling = ROUND_MAX_WAIT_MS;
    int64_t wait = (int64_t)(state->random % (uint32_t)ceiling) + 1;
    if (wait >= state->remaining_ms)
        return false;
    *wait_ms = wait;
    return true;
}
