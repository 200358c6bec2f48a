/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables are made of the rows of failures.
 */
#include "model/failure.h"

#include <string.h>

DEFINE_NAMES(outcome, [OUTCOME_UNTRIED] = "untried", [OUTCOME_OK] = "ok",
             [OUTCOME_FAILED] = "failed", [OUTCOME_SKIPPED] = "skipped");

#define ROW(id, name, words) [FAILURE_##id] = name,
DEFINE_NAMES_OR(failure, FAILURE_UNKNOWN, FAILURES(ROW));
#undef ROW
#define ROW(id, name, words) [FAILURE_##id] = words,
static const char *const words_of_failure[N_FAILURES] = {FAILURES(ROW)};
#undef ROW

const char *failure_name(enum failure failure)
{
    return (unsigned int)failure < N_FAILURES ? failure_table[failure] : NULL;
}

const char *failure_words(enum failure failure)
{
    return (unsigned int)failure < N_FAILURES ? words_of_failure[failure] : "unknown failure";
}

void step_ok(struct step *step, int32_t took_ms)
{
    memset(step, 0, sizeof(*step));
    step->outcome = OUTCOME_OK;
    step->took_ms = took_ms;
}

void step_fail(struct step *step, enum failure failure, int32_t took_ms)
{
    memset(step, 0, sizeof(*step));
    step->outcome = OUTCOME_FAILED;
    step->failure = failure;
    step->took_ms = took_ms;
}

void step_skip(struct step *step, enum failure why)
{
    memset(step, 0, sizeof(*step));
    step->outcome = OUTCOME_SKIPPED;
    step->failure = why;
}
