/* SPDX-License-Identifier: Apache-2.0
 *
 * Judging each rung from the facts: what happened, and whether that is good enough. Why it
 * happened is the business of causes.
 */
#ifndef DIAGNOSE_CHECKS_H
#define DIAGNOSE_CHECKS_H

#include "model/report.h"

struct judge {
    const struct facts *facts;
    struct check_result *checks; /* N_CHECKS, by enum check */
};

/* Fills all N_CHECKS results. */
void checks_judge(const struct facts *facts, struct check_result *checks);

/* One service's ladder (checks_service.c). */
void checks_judge_service(const struct judge *judge, enum service service);

/* The agent's ladder (faults.c). */
void checks_judge_agent(const struct judge *judge);

/* Sets one result, with a printf-like summary; a check that --skip names becomes a skip. */
void checks_say(const struct judge *judge, enum check check, enum status status,
                enum failure reason, int32_t duration_ms, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
#define PASS(judge, check, ms, ...) \
    checks_say(judge, check, STATUS_PASS, FAILURE_NONE, ms, __VA_ARGS__)
#define FAIL(judge, check, reason, ms, ...) \
    checks_say(judge, check, STATUS_FAIL, reason, ms, __VA_ARGS__)
#define LEFT_OUT(judge, check, ...) \
    checks_say(judge, check, STATUS_SKIP, FAILURE_NOT_WANTED, 0, __VA_ARGS__)

/* "not tried: <below> does not hold", or that the round was stopped before, by what is known of
 * the check below. */
void checks_say_untried(const struct judge *judge, enum check check, enum check below);

/* Not known, by this program's own trouble, as the step says. */
void checks_say_trouble(const struct judge *judge, enum check check, const struct step *step);

/* It passed: what lies above it may be judged. Neither of those that are asked about warns then. */
bool checks_holds(const struct judge *judge, enum check check);

/* --- faults.c ---
 * What is wrong with the SSM agent's own installation, one by one: a check of the agent (installed,
 * enabled, config, state) may fail in several ways at once, and keeps them all. Each has a reason of its
 * own, by which a row of the causes claims it. Pure. */

enum { MAX_FAULTS = 16 };

struct fault {
    enum check check;
    enum status status; /* fail: it keeps the agent down; warn: the agent comes up all the same */
    enum failure reason;
    char words[LINE_SIZE];
};

struct faults {
    int n;
    struct fault at[MAX_FAULTS]; /* in the order of checks; of one check those that fail first */
};

void faults_find(const struct facts *facts, struct faults *faults);

/* The first of the check, NULL: none. */
const struct fault *faults_first(const struct faults *faults, enum check check);

#endif
