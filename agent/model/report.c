/* SPDX-License-Identifier: Apache-2.0
 *
 * What every output says of a verdict, in one table, and the one rule of --strict.
 */
#include "model/report.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"

/* Priorities are syslog(3)'s: 3 error, 4 warning, 6 informational. */
static const struct verdict_row verdicts[N_VERDICTS] = {
    [VERDICT_UNKNOWN] = {VERDICT_UNKNOWN, "unknown", "UNKNOWN", 3, 3, 4},
    [VERDICT_READY] = {VERDICT_READY, "ready", "READY", 0, 0, 6},
    [VERDICT_DEGRADED] = {VERDICT_DEGRADED, "degraded", "DEGRADED", 0, 1, 4},
    [VERDICT_NOT_READY] = {VERDICT_NOT_READY, "not-ready", "NOT READY", 1, 1, 3},
};

DEFINE_NAMES(status, [STATUS_UNKNOWN] = "unknown", [STATUS_PASS] = "pass", [STATUS_WARN] = "warn",
             [STATUS_FAIL] = "fail", [STATUS_SKIP] = "skip");
DEFINE_NAMES(
    severity, [SEVERITY_NOTE] = "note", [SEVERITY_WARNING] = "warning", [SEVERITY_FATAL] = "fatal");
DEFINE_NAMES(confidence, [CONFIDENCE_POSSIBLE] = "possible", [CONFIDENCE_LIKELY] = "likely",
             [CONFIDENCE_CERTAIN] = "certain");

const struct verdict_row *verdict_row(enum verdict verdict)
{
    return &verdicts[(unsigned int)verdict < N_VERDICTS ? verdict : VERDICT_UNKNOWN];
}

static bool is_left_out(const struct plan *plan, enum check check)
{
    bool unproven = plan->permissions == PERMISSIONS_OFF ||
                    plan->permissions == PERMISSIONS_ROLE_ONLY;
    enum service service;
    enum rung rung;

    if (plan->skipped & check_bit(check))
        return true;
    if (check_is_service(check, &service, &rung))
        return unproven && rung == RUNG_AUTHORIZE;
    return check_target(check) == TARGET_ROLE && plan->permissions == PERMISSIONS_OFF;
}

bool report_lacks(const struct check_result *check)
{
    return check->planned && check->required &&
           (check->status == STATUS_UNKNOWN ||
            (check->status == STATUS_SKIP && check->reason == FAILURE_BELOW &&
             check->check != CHECK_CLOCK_SKEW));
}

enum check report_first_lacking(const struct report *report)
{
    enum check i = 0;

    while (i < N_CHECKS && !report_lacks(&report->checks[i]))
        i++;
    return i;
}

check_set report_left_out(const struct report *report)
{
    check_set set = 0;

    for (enum check i = 0; i < N_CHECKS; i++)
        if (report->checks[i].planned && report->checks[i].reason == FAILURE_NOT_WANTED &&
            is_left_out(&report->facts->plan, i))
            set |= check_bit(i);
    return set;
}

const struct finding *report_root(const struct report *report)
{
    const struct finding *first = report->n_findings > 0 ? &report->findings[0] : NULL;

    if (report->verdict == VERDICT_READY ||
        (report->verdict == VERDICT_UNKNOWN && first && first->severity != SEVERITY_FATAL))
        return NULL;
    return first;
}

int report_exit_status(const struct report *report, bool strict)
{
    const struct verdict_row *row = verdict_row(report->verdict);

    if (!strict)
        return row->exit_status;
    if (row->exit_status_strict == 0 && report_left_out(report))
        return 1;
    return row->exit_status_strict;
}

void finding_name(const struct finding *finding, const char *before, const char *behind,
                  char to[FINDING_NAME_SIZE])
{
    (void)text_set(to, FINDING_NAME_SIZE, "%s", finding->code);
    if (finding->target < N_TARGETS)
        (void)text_add(to, FINDING_NAME_SIZE, "%s%s%s", before, target_name(finding->target),
                       behind);
}

void finding_fix(const struct finding *finding, char *to, size_t size)
{
    (void)text_set(to, size, "%s%s%s", finding->remedy,
                   finding->remedy[0] && finding->afterwards[0] ? " " : "", finding->afterwards);
}

bool finding_has_command(const struct finding *finding, const char *command)
{
    for (int32_t i = 0; i < finding->n_commands; i++)
        if (strcmp(finding->commands[i], command) == 0)
            return true;
    return false;
}

bool finding_told_by_fix(const struct finding *finding, char *to, size_t size)
{
    to[0] = '\0';
    for (int32_t i = 0; i < finding->n_alternatives; i++)
        if (finding_has_command(finding, finding->alternatives[i].command))
            text_list(to, size, ", ", finding->alternatives[i].code);
    return to[0] && text_add(to, size, ": the commands tell which");
}

bool finding_next(const struct finding *finding, bool inside, int *i)
{
    const int n = finding->n_commands - finding->n_afterwards;

    while (++*i < n && finding->inside[*i] != inside)
        ;
    return *i < n;
}

bool finding_next_afterwards(const struct finding *finding, int *i)
{
    if (*i < 0)
        *i = finding->n_commands - finding->n_afterwards - 1;
    while (++*i < finding->n_commands && finding->inside[*i])
        ;
    return *i < finding->n_commands;
}

int32_t finding_n_commands(const struct finding *finding, bool inside)
{
    int32_t n = 0;

    for (int i = -1; finding_next(finding, inside, &i);)
        n++;
    return n;
}

int32_t finding_fitting(const struct finding *finding, bool inside, bool in_part, int32_t *most)
{
    const int32_t n = finding_n_commands(finding, inside);
    const int32_t n_shown = n <= *most ? n : in_part ? *most : 0;

    *most = n <= *most ? *most - n : 0;
    return n_shown;
}

void finding_fix_line(const struct finding *finding, char *to, size_t size)
{
    const char *end = strstr(finding->remedy, ". ");

    (void)text_set(to, size, "%.*s",
                   (int)(end ? end + 1 - finding->remedy : (ptrdiff_t)strlen(finding->remedy)),
                   finding->remedy);
}

enum status step_status(const struct step *step)
{
    static const enum status statuses[] = {
        [OUTCOME_UNTRIED] = STATUS_UNKNOWN,
        [OUTCOME_OK] = STATUS_PASS,
        [OUTCOME_FAILED] = STATUS_FAIL,
        [OUTCOME_SKIPPED] = STATUS_SKIP,
    };
    return statuses[step->outcome];
}

const char *status_name(enum status status)
{
    return name_of(&status_names, status);
}

const char *severity_name(enum severity severity)
{
    return name_of(&severity_names, severity);
}

const char *confidence_name(enum confidence confidence)
{
    return name_of(&confidence_names, confidence);
}

int32_t report_n_causes(const struct report *report)
{
    const struct finding *root = report_root(report);
    int32_t n = 0;

    while (root && n < report->n_findings && report->findings[n].severity == root->severity)
        n++;
    return n;
}

bool report_is_role_open(const struct report *report)
{
    for (enum service i = SERVICE_SSM; i <= SERVICE_SSMMESSAGES; i++)
        if (report->checks[check_of_service(i, RUNG_TLS)].reason == FAILURE_INTERCEPTED &&
            report->checks[check_of_service(i, RUNG_AUTHORIZE)].status == STATUS_SKIP)
            return true;
    return false;
}

/* The targets without which the agent does not come up, that an option made optional and that do not hold. */
static void optional_in_vain(const struct report *report, char *to, size_t size)
{
    const char *last = "";

    to[0] = '\0';
    for (enum check i = 0; report->verdict == VERDICT_DEGRADED && i < N_CHECKS; i++) {
        const struct check_result *check = &report->checks[i];
        const enum target target = check_target(i);
        const bool needed = target <= TARGET_ROLE || target == TARGET_SSM ||
                            target == TARGET_SSMMESSAGES || target == TARGET_AGENT;

        if (!needed || !check->planned || check->required || last == target_name(target) ||
            (check->status != STATUS_FAIL && check->status != STATUS_UNKNOWN))
            continue;
        last = target_name(target);
        text_list(to, size, ", ", last);
    }
}

/* Whoever started knows that it does not fail. */
static void add_command(const struct agent_facts *agent, int most, char *to, size_t size)
{
    const char *command = agent->beside, *folders = strrchr(command, '/');
    int n_key = (int)strcspn(command, "=");

    n_key += command[n_key] == '='; /* a report may hold anything */
    if (command[0] && agent->running != ANSWER_YES && agent->ended != ANSWER_YES &&
        agent->connected != ANSWER_YES)
        (void)text_set(to, size, "%.*s%s", n_key, command,
                       most < -1             ? ""
                       : most < 0 && folders ? folders + 1
                                             : command + n_key);
}

bool report_unproven(const struct report *report, int most, char *to, size_t size)
{
    char vain[LINE_SIZE];
    int n = 0, named = 0;

    optional_in_vain(report, vain, sizeof(vain));
    to[0] = '\0';
    if (!vain[0])
        add_command(&report->facts->agent, most, to, size);
    if (vain[0] || (!to[0] && !report->permissions.unproven))
        return false;
    const bool open = report_is_role_open(report);
    if (report->permissions.unproven && open)
        text_list(to, size, " and ", "role");
    for (size_t i = 0; i < n_permissions && !open; i++)
        if ((report->permissions.unproven & 1u << i) && n++ < most) {
            text_list(to, size, ", ", strchr(permissions[i].action, ':') + 1);
            named++;
        }
    if (n > named)
        (void)text_add(to, size,
                       to[0]    ? " and %d more"
                       : n == 1 ? "%d action"
                                : "%d actions",
                       n - named);
    return text_add(to, size, " not proven");
}

void report_headline(const struct report *report, char to[HEADLINE_SIZE])
{
    const int32_t n = report_n_causes(report);
    const bool degraded = report->verdict == VERDICT_DEGRADED;
    char words[LINE_SIZE] = "";

    optional_in_vain(report, words, sizeof(words));
    if (words[0])
        (void)text_set(to, HEADLINE_SIZE, "Optional here: %s", words);
    else if (degraded && report->findings[0].target != TARGET_AGENT)
        (void)text_set(to, HEADLINE_SIZE, "The SSM agent comes up%s",
                       report_is_role_open(report) ? " if its role permits that" : "");
    else
        to[0] = '\0';
    if (n > 1)
        (void)text_add(to, HEADLINE_SIZE, "%s(%d %s): ", to[0] ? " " : "", (int)n,
                       report->findings[0].severity == SEVERITY_FATAL ? "causes" : "warnings");
    else if (to[0])
        (void)text_add(to, HEADLINE_SIZE, ". ");
    if (report_root(report))
        (void)text_add(to, HEADLINE_SIZE, "%s", report->findings[0].title);
    for (int32_t i = 1; i < n; i++)
        (void)text_add(to, HEADLINE_SIZE, "; %s",
                       n == 2 ? report->findings[i].title : report->findings[i].code);
    if (degraded && !report_is_role_open(report) &&
        report_unproven(report, 3, words, sizeof(words)))
        (void)text_add(to, HEADLINE_SIZE, ". %s", words);
}

bool report_policy_line(const struct report *report, bool in_short, char *to, size_t size)
{
    const struct permissions_sum *sum = &report->permissions;
    const int32_t n_open = sum->n - sum->allowed - sum->denied;

    (void)text_set(to, size,
                   in_short ? "Role: %d/%d allowed"
                            : "%d of %d actions of AmazonSSMManagedInstanceCore allowed",
                   sum->allowed, sum->n);
    for (unsigned int i = 0; i < N_DENIED_BY; i++)
        if (sum->denied_by[i] > 0)
            (void)text_add(to, size, "; %d %s", sum->denied_by[i], denial_words((enum denied_by)i));
    if (n_open > 0)
        (void)text_add(to, size, "; %d not proven", n_open);
    return sum->allowed + sum->denied > 0 && report->facts->plan.permissions != PERMISSIONS_OFF;
}
