/* SPDX-License-Identifier: Apache-2.0
 *
 * Exponential backoff with full jitter: a fleet that boots at once must not ask at once again.
 */
#include "run/rounds.h"

#include <string.h>

#include "base/text.h"

bool rounds_worth_another(const struct report *report)
{
    for (int i = 0; i < N_CHECKS; i++) {
        const struct check_result *check = &report->checks[i];

        if (!check->planned || !check->required ||
            (check->status != STATUS_FAIL && check->status != STATUS_UNKNOWN))
            continue;
        /* early in boot IMDS answers 404 to what it knows a moment later */
        if ((i == CHECK_IMDS_TOKEN || i == CHECK_IMDS_IDENTITY) &&
            (check->reason == FAILURE_NOT_FOUND || check->reason == FAILURE_UNAUTHORIZED))
            return true;
        if (check->reason == FAILURE_THROTTLED || check->reason == FAILURE_SERVER_ERROR ||
            check->reason == FAILURE_SERVFAIL)
            return true;
    }
    return false;
}

/* Base x 2^n, at most max_ms. */
static int64_t grown_ms(const struct rounds_state *state, int64_t max_ms)
{
    int64_t ms = state->n_done < 16 ? (int64_t)ROUND_BASE_MS << state->n_done : max_ms;

    return ms < max_ms ? ms : max_ms;
}

/* Any time from 1 ms to that, each as likely. */
static int64_t jittered(const struct rounds_state *state, int64_t max_ms)
{
    return (int64_t)(state->random % (uint32_t)grown_ms(state, max_ms)) + 1;
}

/* Rounds of `wait` are at most so far apart. */
static int64_t apart_ms(const struct rounds_state *state)
{
    static const struct {
        int64_t until_ms, at_most_ms;
    } phases[] = {{BOOT_MS, ROUND_MAX_WAIT_MS}, {LIVELY_MS, LIVELY_MAX_WAIT_MS}};

    for (size_t i = state->follow ? 1 : 0; i < COUNT_OF(phases); i++)
        if (state->elapsed_ms < phases[i].until_ms)
            return phases[i].at_most_ms;
    return QUIET_MAX_WAIT_MS;
}

/* Full jitter while the waits grow: a fleet that booted at once is then spread out, and little jitter keeps
 * it so. More would only mean more rounds for the same promise. What the last round took is part of the
 * wait, unless it took most of it. */
int64_t rounds_wait(struct rounds_pace *pace, const struct rounds_state *state)
{
    enum { SPREAD = 16 };
    int64_t at_most = state->follow ? apart_ms(state) : grown_ms(state, apart_ms(state));
    int64_t spread = at_most == pace->at_most_ms ? at_most / SPREAD : at_most;
    int64_t wait = at_most - (int64_t)(state->random % (uint32_t)spread);

    pace->at_most_ms = at_most;
    if (state->took_ms < wait / 2)
        wait -= state->took_ms;
    if (wait > state->remaining_ms)
        wait = state->remaining_ms;
    return wait > 0 ? wait : 0;
}

static int64_t early_ms(const struct rounds_pace *pace, int64_t elapsed_ms)
{
    const int64_t free_at_ms = pace->free_at_ms > elapsed_ms ? pace->free_at_ms : elapsed_ms;
    const int64_t early = free_at_ms - elapsed_ms -
                          (int64_t)(OUT_OF_TURN - 1) * OUT_OF_TURN_EVERY_MS;

    return early > 0 ? early : 0;
}

bool rounds_may_hurry(const struct rounds_pace *pace, int64_t elapsed_ms)
{
    return early_ms(pace, elapsed_ms) == 0;
}

int64_t rounds_hurry(struct rounds_pace *pace, int64_t elapsed_ms)
{
    int64_t wait = early_ms(pace, elapsed_ms);

    if (pace->free_at_ms < elapsed_ms)
        pace->free_at_ms = elapsed_ms;
    pace->free_at_ms += OUT_OF_TURN_EVERY_MS;
    return wait;
}

static bool is_throttled(const struct check_result *check)
{
    return check->status == STATUS_FAIL && check->reason == FAILURE_THROTTLED;
}

bool rounds_next(const struct report *report, const struct rounds_state *state, int64_t *wait_ms)
{
    int64_t wait = jittered(state, ROUND_MAX_WAIT_MS);
    const struct check_result *checks = report->checks;
    bool throttled = is_throttled(&checks[CHECK_IMDS_TOKEN]) ||
                     is_throttled(&checks[CHECK_IMDS_IDENTITY]);
    bool no_role = checks[CHECK_ROLE_ATTACHED].status == STATUS_FAIL ||
                   checks[CHECK_ROLE_CREDENTIALS].status == STATUS_FAIL;
    int most = throttled ? ROUNDS_OF_IMDS : no_role ? ROUNDS_OF_ROLE : ROUNDS_OF_CHECK;

    if (state->n_done >= most || !rounds_worth_another(report) || wait >= state->remaining_ms)
        return false;
    *wait_ms = wait;
    return true;
}

static struct rounds_judged judged(const struct report *report)
{
    struct rounds_judged judged = {.verdict = report->verdict, .target = N_TARGETS};

    if (report->n_findings > 0 && report->findings[0].severity != SEVERITY_NOTE) {
        (void)text_set(judged.code, sizeof(judged.code), "%s", report->findings[0].code);
        judged.target = report->findings[0].target;
    }
    return judged;
}

static bool alike(const struct rounds_judged *left, const struct rounds_judged *right)
{
    return left->verdict == right->verdict && left->target == right->target &&
           strcmp(left->code, right->code) == 0;
}

/* Not what a boot may bring yet: a route, a file, the time, resolv.conf, an address. */
static bool outlasts_boot(const struct report *report)
{
    const struct finding *root = report_root(report);

    if (!root || root->severity != SEVERITY_FATAL || root->confidence != CONFIDENCE_CERTAIN ||
        root->n_commands == root->n_afterwards || root->inside[0])
        return false;
    for (int i = 0; i < N_CHECKS; i++)
        if ((root->explains & check_bit((enum check)i)) &&
            (report->checks[i].reason == FAILURE_NO_RESOLVER ||
             report->checks[i].reason == FAILURE_OTHER_FAMILY))
            return false;
    return true;
}

bool rounds_tell(struct rounds_told *told, const struct report *report, int64_t elapsed_ms,
                 bool over)
{
    struct rounds_judged now = judged(report), before = told->last;
    bool ready = now.verdict == VERDICT_READY || now.verdict == VERDICT_DEGRADED;
    bool same_verdict = told->any && told->told.verdict == now.verdict;

    told->last = now;
    if (told->any && alike(&told->told, &now))
        return false;
    if (same_verdict && told->n_causes >= TELL_CAUSES)
        return false;
    if (!ready && !over && !outlasts_boot(report) &&
        (elapsed_ms < TELL_AFTER_MS || !alike(&before, &now)))
        return false;
    told->any = true;
    told->n_causes += same_verdict;
    told->told = now;
    return true;
}
