/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of IMDS, the role and the clock. Each result says in plain words, with
 * numbers, what was seen.
 */
#include "diagnose/checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/look.h"
#include "diagnose/policy.h"

/* What was seen while this program could not do all that it does may come of that, and so may what it would
 * be told apart by. */
void checks_say(const struct judge *judge, enum check check, enum status status,
                enum failure reason, int32_t duration_ms, const char *format, ...)
{
    const struct step *trouble = &judge->facts->machine.trouble;
    struct check_result *result = &judge->checks[check];
    bool skipped = judge->facts->plan.skipped & check_bit(check);
    va_list arguments;

    if (trouble->failure == FAILURE_INTERNAL && (status == STATUS_FAIL || status == STATUS_WARN)) {
        checks_say_trouble(judge, check, trouble);
        return;
    }
    result->unneeded = false;
    result->status = skipped ? STATUS_SKIP : status;
    result->reason = skipped ? FAILURE_NOT_WANTED : reason;
    result->duration_ms = skipped ? 0 : duration_ms;
    va_start(arguments, format);
    if (skipped)
        (void)text_set(result->summary, sizeof(result->summary), "left out by --skip");
    else
        (void)vsnprintf(result->summary, sizeof(result->summary), format, arguments);
    va_end(arguments);
}

bool checks_holds(const struct judge *judge, enum check check)
{
    return judge->checks[check].status == STATUS_PASS;
}

void checks_say_untried(const struct judge *judge, enum check check, enum check below)
{
    static const char *const by[] = {
        [STOPPED_BY_NOTHING] = "the round ended",
        [STOPPED_BY_DEADLINE] = "the deadline came",
        [STOPPED_BY_SIGNAL] = "a signal came",
    };
    const struct check_result *it = &judge->checks[below];
    const char *name = check_name(below);

    if (it->status == STATUS_FAIL)
        checks_say(judge, check, STATUS_SKIP, FAILURE_BELOW, 0, "not tried: %s failed", name);
    else if (it->status == STATUS_UNKNOWN && it->reason == FAILURE_INTERNAL)
        checks_say(judge, check, STATUS_SKIP, FAILURE_BELOW, 0, "not tried: %s is not known", name);
    else if (it->status == STATUS_SKIP && it->reason == FAILURE_BELOW)
        checks_say(judge, check, STATUS_SKIP, FAILURE_BELOW, 0, "%s", it->summary);
    else if (judge->facts->plan.skipped & check_bit(below))
        checks_say(judge, check, STATUS_SKIP, FAILURE_BELOW, 0, "not tried: %s is left out", name);
    else if (it->status == STATUS_SKIP)
        checks_say(judge, check, STATUS_SKIP, FAILURE_BELOW, 0, "not tried: %s was not either",
                   name);
    else
        checks_say(judge, check, STATUS_UNKNOWN, FAILURE_STOPPED, 0, "not answered before %s",
                   by[judge->facts->stopped_by]);
}

void checks_say_trouble(const struct judge *judge, enum check check, const struct step *step)
{
    checks_say(judge, check, STATUS_UNKNOWN, FAILURE_INTERNAL, 0, "not known: %s%s%s",
               failure_words(FAILURE_INTERNAL), step->detail[0] ? ", " : "", step->detail);
}

/* The common part of a check that is one step, with the HTTP status that answered it, or 0. True when it
 * is to be said that it passed. */
static bool judge_step(const struct judge *judge, enum check check, enum check below,
                       const struct step *step, const char *what, int32_t answer)
{
    char answers[32] = "";

    if (step->outcome == OUTCOME_OK)
        return true;
    if (answer != 0)
        (void)text_set(answers, sizeof(answers), " answers %d", (int)answer);
    if (step->outcome == OUTCOME_FAILED && step->failure == FAILURE_INTERNAL)
        checks_say_trouble(judge, check, step);
    else if (step->outcome == OUTCOME_FAILED)
        FAIL(judge, check, step->failure, step->took_ms, "%s%s: %s%s%s (%d ms)", what, answers,
             failure_words(step->failure), step->detail[0] ? ", " : "", step->detail,
             (int)step->took_ms);
    else if (step->outcome == OUTCOME_SKIPPED && step->failure != FAILURE_BELOW)
        checks_say(judge, check, STATUS_SKIP, step->failure, 0, "%s%s: %s", what, answers,
                   failure_words(step->failure));
    else
        checks_say_untried(judge, check, below);
    return false;
}

/* By the fastest answer, of all and of each that the agent needs: a lost packet makes one request slow. */
static bool judge_imds_speed(const struct judge *judge)
{
    const struct imds_facts *imds = &judge->facts->imds;
    int32_t ms = imds_delay_ms(imds);

    if (ms < IMDS_SLOW_MS)
        return false;
    checks_say(judge, CHECK_IMDS_TOKEN, ms < AGENT_IMDS_MS ? STATUS_WARN : STATUS_FAIL,
               FAILURE_SLOW, ms,
               "the fastest answer%s%s took %d ms, and the agent gives each %d ms",
               imds->slowest[0] ? " to /latest/" : "", imds->slowest, (int)ms, AGENT_IMDS_MS);
    return true;
}

static void judge_imds(const struct judge *judge)
{
    const struct imds_facts *imds = &judge->facts->imds;
    const struct instance_facts *instance = &judge->facts->instance;
    char port[LINE_SIZE];

    (void)text_set(port, sizeof(port), "%s port 80", imds->address[0] ? imds->address : "IMDS");
    if (judge_step(judge, CHECK_IMDS_CONNECT, CHECK_IMDS_CONNECT, &imds->connect, port, 0))
        PASS(judge, CHECK_IMDS_CONNECT, imds->connect.took_ms, "%s connects in %d ms", port,
             (int)imds->connect.took_ms);
    if (judge_step(judge, CHECK_IMDS_TOKEN, CHECK_IMDS_CONNECT, &imds->token,
                   "PUT /latest/api/token", imds->token_status) &&
        !judge_imds_speed(judge))
        PASS(judge, CHECK_IMDS_TOKEN, imds->token.took_ms, "a session token (IMDSv2) in %d ms",
             (int)imds->token.took_ms);
    if (judge_step(judge, CHECK_IMDS_IDENTITY, CHECK_IMDS_TOKEN, &imds->identity,
                   imds->identity.detail[0] ? "the identity" : "the identity document",
                   imds->identity_status))
        PASS(judge, CHECK_IMDS_IDENTITY, imds->identity.took_ms, "%s in %s, account %s",
             instance->id,
             instance->availability_zone[0] ? instance->availability_zone : instance->region,
             instance->account);
}

/* --- the role --- */

static void judge_attached(const struct judge *judge)
{
    const struct role_facts *role = &judge->facts->role;
    bool by_list = role->list_status != 0 && role->list_status != 200 && role->list_status != 404;
    bool by_default = role->from == CREDENTIALS_DEFAULT_HOST_MANAGEMENT ||
                      (role->dhmc == ANSWER_YES && policy_by_dhmc(judge->facts));

    if (role->attached.outcome != OUTCOME_UNTRIED && by_default)
        PASS(judge, CHECK_ROLE_ATTACHED, role->attached.took_ms,
             "no role of its own: Default Host Management gives the agent one");
    else if (role->attached.outcome == OUTCOME_FAILED && policy_by_dhmc(judge->facts))
        checks_say(judge, CHECK_ROLE_ATTACHED, STATUS_WARN, role->attached.failure,
                   role->attached.took_ms,
                   "iam/info answers %d: %s; Default Host Management steps in",
                   (int)role->info_status, failure_words(role->attached.failure));
    else if (judge_step(judge, CHECK_ROLE_ATTACHED, CHECK_IMDS_IDENTITY, &role->attached,
                        by_list                  ? "iam/security-credentials"
                        : role->info_status != 0 ? "iam/info"
                                                 : "the instance profile",
                        by_list ? role->list_status : role->info_status))
        PASS(judge, CHECK_ROLE_ATTACHED, role->attached.took_ms,
             role->role[0] ? "role %s is attached" : "%sa role is attached", role->role);
}

static void judge_credentials(const struct judge *judge)
{
    const struct role_facts *role = &judge->facts->role;
    char what[LINE_SIZE], span[64] = "";

    if (role->credentials.outcome == OUTCOME_FAILED && policy_by_dhmc(judge->facts)) {
        checks_say(judge, CHECK_ROLE_CREDENTIALS, STATUS_WARN, role->credentials.failure,
                   role->credentials.took_ms, "Code %s: %s; Default Host Management steps in",
                   role->code, failure_words(role->credentials.failure));
        return;
    }
    if (role->credentials.outcome != OUTCOME_OK && policy_by_dhmc(judge->facts)) {
        LEFT_OUT(judge, CHECK_ROLE_CREDENTIALS,
                 "the agent keeps those of Default Host Management to itself");
        return;
    }
    (void)text_set(what, sizeof(what), "credentials of %s",
                   role->role[0]                                       ? role->role
                   : role->from == CREDENTIALS_DEFAULT_HOST_MANAGEMENT ? "Default Host Management"
                                                                       : "the role");
    if (role->code[0] && strcmp(role->code, "Success") != 0)
        (void)text_add(what, sizeof(what), ", Code %s", role->code);
    if (role->credentials.failure == FAILURE_CREDENTIALS_EXPIRED &&
        look_signature_holds(judge->facts) == ANSWER_YES) {
        checks_say(judge, CHECK_ROLE_CREDENTIALS, STATUS_WARN, FAILURE_CREDENTIALS_EXPIRED,
                   role->credentials.took_ms, "%s: %s, and the services take them all the same",
                   what, failure_words(FAILURE_CREDENTIALS_EXPIRED));
        return;
    }
    if (!judge_step(judge, CHECK_ROLE_CREDENTIALS, CHECK_ROLE_ATTACHED, &role->credentials, what,
                    0))
        return;
    if (role->expires_unix_s != 0)
        look_span(role->expires_unix_s - judge->facts->started_unix_ms / 1000, span, sizeof(span));
    PASS(judge, CHECK_ROLE_CREDENTIALS, role->credentials.took_ms, "%s%s%s", what,
         span[0] ? ", valid for " : "", span);
}

static void judge_role(const struct judge *judge)
{
    if (judge->facts->plan.permissions == PERMISSIONS_OFF) {
        LEFT_OUT(judge, CHECK_ROLE_ATTACHED, "left out by --permissions off");
        LEFT_OUT(judge, CHECK_ROLE_CREDENTIALS, "left out by --permissions off");
        return;
    }
    judge_attached(judge);
    judge_credentials(judge);
}

/* --- the clock --- */

static void judge_clock(const struct judge *judge)
{
    struct clock_reading reading = look_clock(judge->facts);
    int64_t ms = reading.offset_ms < 0 ? -reading.offset_ms : reading.offset_ms;
    char off[64];

    if (reading.n == 0) {
        bool stopped = judge->facts->stopped_by != STOPPED_BY_NOTHING;
        checks_say(judge, CHECK_CLOCK_SKEW, stopped ? STATUS_UNKNOWN : STATUS_SKIP,
                   stopped ? FAILURE_STOPPED : FAILURE_BELOW, 0,
                   "not known: nothing that tells the time has answered");
        return;
    }
    if (ms < 10000)
        (void)text_set(off, sizeof(off), "%lld.%lld s", (long long)ms / 1000,
                       (long long)ms % 1000 / 100);
    else
        look_span_ms(ms, off, sizeof(off));
    bool doubtful = ms - reading.error_ms > SKEW_WARN_MS;
    bool unkept = !doubtful && judge->facts->machine.time_sync == ANSWER_NO;
    checks_say(judge, CHECK_CLOCK_SKEW,
               reading.wrong        ? STATUS_FAIL
               : doubtful || unkept ? STATUS_WARN
                                    : STATUS_PASS,
               doubtful ? FAILURE_SKEWED
               : unkept ? FAILURE_ABSENT
                        : FAILURE_NONE,
               0, "%s %s by the clock of %s (%d source%s, 5 min allowed)%s", off,
               reading.offset_ms < 0 ? "ahead" : "behind", reading.source, (int)reading.n,
               reading.n == 1 ? "" : "s", unkept ? ", but nothing keeps it right" : "");
}

/* --- all of them --- */

static bool is_required(const struct plan *plan, enum check check)
{
    enum service service;
    enum rung rung;

    if (check_is_service(check, &service, &rung))
        return plan->services[service].need == NEED_REQUIRED &&
               !plan->services[service].not_in_region;
    switch (check_target(check)) {
    case TARGET_ROLE:
        return !plan->role_optional && plan->permissions != PERMISSIONS_OFF;
    case TARGET_CLOCK:
        return !plan->clock_optional;
    case TARGET_AGENT:
        return !plan->agent_optional;
    default:
        return true;
    }
}

void checks_judge(const struct facts *facts, struct check_result *checks)
{
    const struct judge judge = {facts, checks};

    memset(checks, 0, N_CHECKS * sizeof(*checks));
    for (enum check i = 0; i < N_CHECKS; i++) {
        enum service service;
        enum rung rung;
        checks[i].check = i;
        checks[i].required = is_required(&facts->plan, i);
        checks[i].planned = !check_is_service(i, &service, &rung) ||
                            facts->plan.services[service].need != NEED_OFF;
    }
    judge_imds(&judge);
    judge_role(&judge);
    for (enum service i = 0; i < N_SERVICES; i++)
        if (facts->plan.services[i].need != NEED_OFF)
            checks_judge_service(&judge, i);
    judge_clock(&judge);
    checks_judge_agent(&judge);
}
