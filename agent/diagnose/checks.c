/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of IMDS, the role, the clock and the agent. Each result says in plain words, with
 * numbers, what was seen.
 */
#include "diagnose/checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "diagnose/look.h"

void checks_say(const struct judge *judge, enum check check, enum status status,
                enum failure reason, int32_t duration_ms, const char *format, ...)
{
    struct check_result *result = &judge->checks[check];
    va_list arguments;

    if (judge->facts->plan.skipped & check_bit(check)) {
        result->status = STATUS_SKIP;
        result->reason = FAILURE_NOT_WANTED;
        text_set(result->summary, sizeof result->summary, "left out by --skip");
        return;
    }
    result->status = status;
    result->reason = reason;
    result->duration_ms = duration_ms;
    va_start(arguments, format);
    (void)vsnprintf(result->summary, sizeof result->summary, format, arguments);
    va_end(arguments);
}

bool checks_holds(const struct judge *judge, enum check check)
{
    enum status status = judge->checks[check].status;
    return status == STATUS_PASS || status == STATUS_WARN;
}

void checks_say_untried(const struct judge *judge, enum check check, enum check below)
{
    enum status status = judge->checks[below].status;
    static const char *const by[] = {
        [STOPPED_BY_NOTHING] = "the round ended",
        [STOPPED_BY_DEADLINE] = "the deadline came",
        [STOPPED_BY_SIGNAL] = "a signal came",
    };

    if (status == STATUS_FAIL)
        checks_say(judge, check, STATUS_SKIP, FAILURE_BELOW, 0, "not tried: %s failed",
                   check_name(below));
    else if (status == STATUS_SKIP && judge->checks[below].reason == FAILURE_BELOW)
        checks_say(judge, check, STATUS_SKIP, FAILURE_BELOW, 0, "%s", judge->checks[below].summary);
    else if (status == STATUS_SKIP)
        checks_say(judge, check, STATUS_SKIP, FAILURE_BELOW, 0, "not tried: %s was not either",
                   check_name(below));
    else
        checks_say(judge, check, STATUS_UNKNOWN, FAILURE_STOPPED, 0, "not answered before %s",
                   by[judge->facts->stopped_by]);
}

/* The common part of a check that is one step. True when it is to be said that it passed. */
static bool judge_step(const struct judge *judge, enum check check, const struct step *step,
                       const char *what, enum check below)
{
    switch (step->outcome) {
    case OUTCOME_OK:
        return true;
    case OUTCOME_FAILED:
        checks_say(judge, check, STATUS_FAIL, step->failure, step->took_ms, "%s: %s%s%s (%d ms)",
                   what, failure_words(step->failure), step->detail[0] ? ", " : "", step->detail,
                   (int)step->took_ms);
        return false;
    case OUTCOME_SKIPPED:
        if (step->failure == FAILURE_BELOW) {
            checks_say_untried(judge, check, below);
            return false;
        }
        checks_say(judge, check, STATUS_SKIP, step->failure, 0, "%s: %s", what,
                   failure_words(step->failure));
        return false;
    case OUTCOME_UNTRIED:
    default:
        checks_say_untried(judge, check, below);
        return false;
    }
}

static void judge_imds(const struct judge *judge)
{
    const struct imds_facts *imds = &judge->facts->imds;
    const struct instance_facts *instance = &judge->facts->instance;
    char what[LINE_SIZE];

    text_set(what, sizeof(what), "%s port 80", imds->address[0] ? imds->address : "IMDS");
    if (judge_step(judge, CHECK_IMDS_CONNECT, &imds->connect, what, CHECK_IMDS_CONNECT))
        checks_say(judge, CHECK_IMDS_CONNECT, STATUS_PASS, FAILURE_NONE, imds->connect.took_ms,
                   "%s connects in %d ms", what, (int)imds->connect.took_ms);
    text_set(what, sizeof(what), "PUT /latest/api/token");
    if (imds->token_status != 0)
        text_add(what, sizeof(what), " answers %d", (int)imds->token_status);
    if (judge_step(judge, CHECK_IMDS_TOKEN, &imds->token, what, CHECK_IMDS_CONNECT))
        checks_say(judge, CHECK_IMDS_TOKEN, STATUS_PASS, FAILURE_NONE, imds->token.took_ms,
                   "a session token (IMDSv2) in %d ms", (int)imds->token.took_ms);
    text_set(what, sizeof(what), "the identity document");
    if (imds->identity_status != 0)
        text_add(what, sizeof(what), " answers %d", (int)imds->identity_status);
    if (judge_step(judge, CHECK_IMDS_IDENTITY, &imds->identity, what, CHECK_IMDS_TOKEN))
        checks_say(judge, CHECK_IMDS_IDENTITY, STATUS_PASS, FAILURE_NONE, imds->identity.took_ms,
                   "%s in %s, account %s", instance->id,
                   instance->availability_zone[0] ? instance->availability_zone : instance->region,
                   instance->account);
}

static void judge_attached(const struct judge *judge)
{
    const struct role_facts *role = &judge->facts->role;
    bool by_default = role->from == CREDENTIALS_DEFAULT_HOST_MANAGEMENT ||
                      (role->dhmc == ANSWER_YES && role->attached.failure == FAILURE_NO_ROLE);
    char what[LINE_SIZE] = "the instance profile";

    if (role->attached.outcome != OUTCOME_UNTRIED && by_default) {
        checks_say(judge, CHECK_ROLE_ATTACHED, STATUS_PASS, FAILURE_NONE, role->attached.took_ms,
                   "no role of its own: Default Host Management gives the agent one");
        return;
    }
    if (role->info_status != 0)
        text_set(what, sizeof(what), "iam/info answers %d", (int)role->info_status);
    if (judge_step(judge, CHECK_ROLE_ATTACHED, &role->attached, what, CHECK_IMDS_IDENTITY))
        checks_say(judge, CHECK_ROLE_ATTACHED, STATUS_PASS, FAILURE_NONE, role->attached.took_ms,
                   role->role[0] ? "role %s is attached" : "%sa role is attached", role->role);
}

static void judge_credentials(const struct judge *judge)
{
    const struct role_facts *role = &judge->facts->role;
    char what[LINE_SIZE], until[64] = "";

    if (role->credentials.outcome != OUTCOME_OK && role->dhmc == ANSWER_YES &&
        role->attached.failure == FAILURE_NO_ROLE) {
        checks_say(judge, CHECK_ROLE_CREDENTIALS, STATUS_SKIP, FAILURE_NOT_WANTED, 0,
                   "the agent keeps those of Default Host Management to itself");
        return;
    }
    text_set(what, sizeof(what), "credentials of %s",
             role->role[0]                                       ? role->role
             : role->from == CREDENTIALS_DEFAULT_HOST_MANAGEMENT ? "Default Host Management"
                                                                 : "the role");
    if (role->code[0] != '\0' && strcmp(role->code, "Success") != 0)
        text_add(what, sizeof(what), ", Code %s", role->code);
    if (!judge_step(judge, CHECK_ROLE_CREDENTIALS, &role->credentials, what, CHECK_ROLE_ATTACHED))
        return;
    if (role->expires_unix_s != 0) {
        char span[64];
        look_span(role->expires_unix_s - judge->facts->started_unix_ms / 1000, span, sizeof(span));
        text_set(until, sizeof(until), ", valid for %s", span);
    }
    checks_say(judge, CHECK_ROLE_CREDENTIALS, STATUS_PASS, FAILURE_NONE, role->credentials.took_ms,
               "%s%s", what, until);
}

static void judge_role(const struct judge *judge)
{
    if (judge->facts->plan.permissions == PERMISSIONS_OFF) {
        checks_say(judge, CHECK_ROLE_ATTACHED, STATUS_SKIP, FAILURE_NOT_WANTED, 0,
                   "left out by --permissions off");
        checks_say(judge, CHECK_ROLE_CREDENTIALS, STATUS_SKIP, FAILURE_NOT_WANTED, 0,
                   "left out by --permissions off");
        return;
    }
    judge_attached(judge);
    judge_credentials(judge);
}

static void judge_clock(const struct judge *judge)
{
    struct clock_reading reading = look_clock(judge->facts);
    char off[64];

    if (reading.n == 0) {
        bool stopped = judge->facts->stopped_by != STOPPED_BY_NOTHING;
        checks_say(judge, CHECK_CLOCK_SKEW, stopped ? STATUS_UNKNOWN : STATUS_SKIP,
                   stopped ? FAILURE_STOPPED : FAILURE_BELOW, 0,
                   "not known: nothing that tells the time has answered");
        return;
    }
    int64_t ms = reading.offset_ms < 0 ? -reading.offset_ms : reading.offset_ms;
    if (ms < 10000)
        text_set(off, sizeof(off), "%lld.%lld s", (long long)ms / 1000, (long long)ms % 1000 / 100);
    else
        look_span(ms / 1000, off, sizeof(off));
    enum status status = reading.wrong                          ? STATUS_FAIL
                         : ms - reading.error_ms > SKEW_WARN_MS ? STATUS_WARN
                                                                : STATUS_PASS;
    bool unkept = status == STATUS_PASS && judge->facts->machine.time_sync == ANSWER_NO;
    checks_say(judge, CHECK_CLOCK_SKEW, unkept ? STATUS_WARN : status,
               unkept                  ? FAILURE_ABSENT
               : status == STATUS_PASS ? FAILURE_NONE
                                       : FAILURE_SKEWED,
               0, "%s %s by the clock of %s (%d source%s, 5 min allowed)%s", off,
               reading.offset_ms < 0 ? "ahead" : "behind", reading.source, (int)reading.n,
               reading.n == 1 ? "" : "s", unkept ? ", but nothing keeps it right" : "");
}

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
        return plan->agent_required;
    default:
        return true;
    }
}

void checks_judge(const struct facts *facts, struct check_result *checks)
{
    struct judge judge = {facts, checks};

    memset(checks, 0, N_CHECKS * sizeof(*checks));
    for (int i = 0; i < N_CHECKS; i++) {
        enum service service;
        enum rung rung;
        checks[i].check = (enum check)i;
        checks[i].required = is_required(&facts->plan, (enum check)i);
        checks[i].planned = !check_is_service((enum check)i, &service, &rung) ||
                            facts->plan.services[service].need != NEED_OFF;
    }
    judge_imds(&judge);
    judge_role(&judge);
    for (int i = 0; i < N_SERVICES; i++)
        if (facts->plan.services[i].need != NEED_OFF)
            checks_judge_service(&judge, (enum service)i);
    judge_clock(&judge);
    checks_judge_agent(&judge);
}
