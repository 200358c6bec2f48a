/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole of a diagnosis in five steps. The last one makes sure of what every output relies on:
 * facts may come from a file that somebody else wrote.
 */
#include "diagnose/diagnose.h"

#include <string.h>

#include "base/text.h"
#include "diagnose/checks.h"
#include "diagnose/claims.h"

/* --- the one word and the one line ---
 * Only required checks decide: one that failed beats one that is not known, since knowing more
 * could not make the instance ready. */

static bool is(const struct check_result *check, enum status status, bool required)
{
    return check->planned && check->status == status && check->required == required;
}

static bool any(const struct report *report, enum status status, bool required)
{
    for (enum check i = 0; i < N_CHECKS; i++)
        if (is(&report->checks[i], status, required))
            return true;
    return false;
}

/* The agent comes up, and something of the way to a service does not hold, or is slow. */
static bool any_warning_counts(const struct report *report)
{
    enum service service;
    enum rung rung;

    for (enum check i = 0; i < N_CHECKS; i++)
        if ((is(&report->checks[i], STATUS_WARN, true) &&
             report->checks[i].reason == FAILURE_SLOW) ||
            (check_is_service(i, &service, &rung) && report->checks[i].planned &&
             report->checks[i].status == STATUS_WARN))
            return true;
    return false;
}

/* Cut at a word, so that the line stays readable at 80 columns. */
static void set_line(char to[SUMMARY_SIZE], const char *text, const char *behind)
{
    size_t room = SUMMARY_SIZE - 1 - strlen(behind);

    if (strlen(text) <= room) {
        (void)text_set(to, SUMMARY_SIZE, "%s%s", text, behind);
        return;
    }
    size_t n = room - 3;
    while (n > room / 2 && text[n] != ' ')
        n--;
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == ',' || text[n - 1] == ':'))
        n--;
    (void)text_set(to, SUMMARY_SIZE, "%.*s...%s", (int)n, text, behind);
}

static void summarize_ready(struct report *report)
{
    const struct plan *plan = &report->facts->plan;
    char line[LINE_SIZE] = "ready: ";
    bool proven = false, first = true;
    char behind[64];
    int n_left_out = check_count(report_left_out(report));
    int n_warnings = (int)report_n_warnings(report);

    for (enum service i = 0; i < N_SERVICES; i++) {
        if (!report->checks[check_of_service(i, RUNG_CONNECT)].required ||
            plan->services[i].need != NEED_REQUIRED)
            continue;
        (void)text_add(line, sizeof(line), "%s%s", first ? "" : ", ", service_name(i));
        first = false;
        proven |= report->checks[check_of_service(i, RUNG_AUTHORIZE)].status == STATUS_PASS;
    }
    (void)text_add(line, sizeof(line), "%s reachable%s", first ? "nothing required, all" : "",
                   proven ? " and permitted" : "");
    (void)text_set(behind, sizeof(behind), " in %d ms", (int)report->facts->duration_ms);
    if (n_left_out > 0)
        (void)text_add(behind, sizeof(behind), ", %d check%s left out", n_left_out,
                       n_left_out == 1 ? "" : "s");
    if (n_warnings > 0)
        (void)text_add(behind, sizeof(behind), ", %d warning%s", n_warnings,
                       n_warnings == 1 ? "" : "s");
    set_line(report->summary, line, behind);
}

static void summarize_unknown(struct report *report)
{
    static const char *const why[] = {
        [STOPPED_BY_NOTHING] = "the round ended",
        [STOPPED_BY_DEADLINE] = "the deadline came",
        [STOPPED_BY_SIGNAL] = "a signal came",
    };
    int i = 0;

    while (i < N_CHECKS && !is(&report->checks[i], STATUS_UNKNOWN, true))
        i++;
    (void)text_set(report->summary, SUMMARY_SIZE, "unknown: %s before %s answered",
                   why[report->facts->stopped_by], check_name((enum check)i));
}

/* The root cause's title; how many more of its weight there are. */
static void summarize_findings(struct report *report, const char *before)
{
    char line[LINE_SIZE], behind[32] = "";
    int more = 0;

    for (int32_t i = 1; i < report->n_findings; i++)
        more += report->findings[i].severity == report->findings[0].severity;
    if (more > 0)
        (void)text_set(behind, sizeof(behind), " (+%d more)", more);
    (void)text_set(line, sizeof(line), "%s%s", before, report->findings[0].title);
    set_line(report->summary, line, behind);
}

static void decide_verdict(struct report *report)
{
    /* Not EC2: nothing that was asked can be answered here, whatever failed. */
    if (strcmp(report->findings[0].code, "not-ec2") == 0) {
        report->verdict = VERDICT_UNKNOWN;
        summarize_findings(report, "");
    } else if (any(report, STATUS_FAIL, true)) {
        report->verdict = VERDICT_NOT_READY;
        summarize_findings(report, "");
    } else if (any(report, STATUS_UNKNOWN, true)) {
        report->verdict = VERDICT_UNKNOWN;
        if (strcmp(report->findings[0].code, "preflight-trouble") == 0)
            summarize_findings(report, "unknown: ");
        else
            summarize_unknown(report);
    } else if (any(report, STATUS_FAIL, false) || any_warning_counts(report)) {
        report->verdict = VERDICT_DEGRADED;
        summarize_findings(report, "degraded: ");
    } else {
        report->verdict = VERDICT_READY;
        summarize_ready(report);
    }
}

/* --- what every output relies on --- */

static void clean(char *text, size_t size)
{
    text[size - 1] = '\0';
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            *text = '?';
}

/* A remedy has nothing of facts but plain identifiers. */
static void clean_report(struct report *report)
{
    clean(report->summary, sizeof(report->summary));
    for (enum check i = 0; i < N_CHECKS; i++)
        clean(report->checks[i].summary, sizeof(report->checks[i].summary));
    for (int32_t i = 0; i < report->n_findings; i++) {
        struct finding *finding = &report->findings[i];
        clean(finding->title, sizeof(finding->title));
        for (int32_t j = 0; j < finding->n_evidence; j++)
            clean(finding->evidence[j], sizeof(finding->evidence[j]));
    }
}

void diagnose(const struct facts *facts, struct report *report)
{
    memset(report, 0, sizeof(*report));
    report->facts = facts;
    checks_judge(facts, report->checks);
    claims_settle(report);
    claims_hide(report);
    decide_verdict(report);
    clean_report(report);
}
