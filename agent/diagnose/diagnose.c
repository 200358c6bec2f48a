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

static bool any(const struct report *report, enum status status, bool required)
{
    for (int i = 0; i < N_CHECKS; i++)
        if (report->checks[i].planned && report->checks[i].status == status &&
            report->checks[i].required == required)
            return true;
    return false;
}

/* Not EC2: nothing that was asked can be answered here, whatever failed. */
static bool is_not_ec2(const struct report *report)
{
    return report->n_findings > 0 && strcmp(report->findings[0].code, "not-ec2") == 0;
}

/* Cut at a word, so that the line stays readable at 80 columns. */
static void set_line(char to[SUMMARY_SIZE], const char *text, const char *behind)
{
    size_t room = SUMMARY_SIZE - 1 - strlen(behind);

    if (strlen(text) <= room) {
        text_set(to, SUMMARY_SIZE, "%s%s", text, behind);
        return;
    }
    size_t n = room - 3;
    while (n > room / 2 && text[n] != ' ')
        n--;
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == ',' || text[n - 1] == ':'))
        n--;
    text_set(to, SUMMARY_SIZE, "%.*s...%s", (int)n, text, behind);
}

static void summarize_ready(struct report *report)
{
    const struct plan *plan = &report->facts->plan;
    char line[LINE_SIZE] = "ready: ";
    bool proven = false, first = true;
    char behind[64];
    int32_t n_warnings = report_n_warnings(report);
    int n_left_out = check_count(report_left_out(report));

    for (int i = 0; i < N_SERVICES; i++) {
        if (!report->checks[check_of_service((enum service)i, RUNG_CONNECT)].required ||
            plan->services[i].need != NEED_REQUIRED)
            continue;
        text_add(line, sizeof(line), "%s%s", first ? "" : ", ", service_name((enum service)i));
        first = false;
        proven |= report->checks[check_of_service((enum service)i, RUNG_AUTHORIZE)].status ==
                  STATUS_PASS;
    }
    text_add(line, sizeof(line), "%s reachable%s", first ? "nothing required, all" : "",
             proven ? " and permitted" : "");
    text_set(behind, sizeof(behind), " in %d ms", (int)report->facts->duration_ms);
    if (n_left_out > 0)
        text_add(behind, sizeof(behind), ", %d check%s left out", n_left_out,
                 n_left_out == 1 ? "" : "s");
    if (n_warnings > 0)
        text_add(behind, sizeof(behind), ", %d warning%s", (int)n_warnings,
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
    char line[LINE_SIZE];

    text_set(line, sizeof(line), "unknown: not decided");
    for (int i = 0; i < N_CHECKS; i++) {
        const struct check_result *check = &report->checks[i];
        if (!check->planned || !check->required || check->status != STATUS_UNKNOWN)
            continue;
        text_set(line, sizeof(line), "unknown: %s before %s answered",
                 why[report->facts->stopped_by], check_name((enum check)i));
        break;
    }
    set_line(report->summary, line, "");
}

/* The root cause's title; how many more of its weight there are. */
static void summarize_findings(struct report *report, const char *before)
{
    char line[LINE_SIZE], behind[32] = "";
    int more = 0;

    for (int32_t i = 1; i < report->n_findings; i++)
        more += report->findings[i].severity == report->findings[0].severity;
    if (more > 0)
        text_set(behind, sizeof(behind), " (+%d more)", more);
    text_set(line, sizeof(line), "%s%s", before,
             report->n_findings > 0 ? report->findings[0].title : "no finding");
    set_line(report->summary, line, behind);
}

static void decide_verdict(struct report *report)
{
    if (is_not_ec2(report)) {
        report->verdict = VERDICT_UNKNOWN;
        summarize_findings(report, "");
    } else if (any(report, STATUS_FAIL, true)) {
        report->verdict = VERDICT_NOT_READY;
        summarize_findings(report, "");
    } else if (any(report, STATUS_UNKNOWN, true)) {
        report->verdict = VERDICT_UNKNOWN;
        summarize_unknown(report);
    } else if (any(report, STATUS_FAIL, false)) {
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
    for (; *text != '\0'; text++)
        if (*text < 0x20 || *text > 0x7e)
            *text = '?';
}

static void clean_finding(struct finding *finding)
{
    clean(finding->title, sizeof(finding->title));
    clean(finding->remedy, sizeof(finding->remedy));
    clean(finding->afterwards, sizeof(finding->afterwards));
    for (int32_t i = 0; i < finding->n_evidence; i++)
        clean(finding->evidence[i], sizeof finding->evidence[i]);
    for (int32_t i = 0; i < finding->n_alternatives; i++)
        clean(finding->alternatives[i].command, sizeof finding->alternatives[i].command);
    for (int32_t i = 0; i < finding->n_commands; i++) {
        clean(finding->commands[i], sizeof finding->commands[i]);
        clean(finding->notes[i], sizeof finding->notes[i]);
    }
}

static void clean_report(struct report *report)
{
    clean(report->summary, sizeof(report->summary));
    for (int i = 0; i < N_CHECKS; i++)
        clean(report->checks[i].summary, sizeof report->checks[i].summary);
    for (int32_t i = 0; i < report->n_findings; i++)
        clean_finding(&report->findings[i]);
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
