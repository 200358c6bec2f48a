/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole of a diagnosis in five steps. The last one makes sure of what every output relies on:
 * facts may come from a file that somebody else wrote.
 */
#include "diagnose/diagnose.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/causes.h"
#include "diagnose/checks.h"
#include "diagnose/policy.h"

/* --- the one word and the one line ---
 * Required checks predict the SSM agent: one that failed beats one that is not known, since knowing more
 * could not make it come up. */

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

/* N_CHECKS: every required check has its answer. */
static enum check first_lacking(const struct report *report)
{
    enum check i = 0;

    while (i < N_CHECKS && !report_lacks(&report->checks[i]))
        i++;
    return i;
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

/* The first `most` of the actions that the agent needs and nothing proved, and how many more. */
static void add_unproven(const struct report *report, int most, char line[LINE_SIZE])
{
    int n = 0;

    for (size_t i = 0; i < n_permissions; i++)
        if ((report->permissions.unproven & 1u << i) && n++ < most)
            (void)text_add(line, LINE_SIZE, "%s%s", n > 1 ? ", " : "",
                           strchr(permissions[i].action, ':') + 1);
    if (n > most)
        (void)text_add(line, LINE_SIZE, " and %d more", n - most);
    (void)text_add(line, LINE_SIZE, " not tried");
}

/* As many names as the line has room for. */
static void summarize_ready(struct report *report)
{
    char line[LINE_SIZE], behind[64];
    int n_left_out = check_count(report_left_out(report));
    int most = 3;

    (void)text_set(behind, sizeof(behind), " (%d ms", (int)report->facts->duration_ms);
    if (n_left_out > 0)
        (void)text_add(behind, sizeof(behind), ", %d check%s left out", n_left_out,
                       n_left_out == 1 ? "" : "s");
    (void)text_add(behind, sizeof(behind), ")");
    do {
        (void)text_set(line, sizeof(line), "ready: ");
        if (report->permissions.unproven)
            add_unproven(report, most, line);
        else
            (void)text_add(line, sizeof(line), "the SSM agent is connected");
    } while (strlen(line) + strlen(behind) >= SUMMARY_SIZE && --most > 0);
    set_line(report->summary, line, behind);
}

/* Which answer is missing, and what to do. */
static void summarize_unknown(struct report *report, enum check missing)
{
    static const char *const came[] = {[STOPPED_BY_NOTHING] = "",
                                       [STOPPED_BY_DEADLINE] = "the deadline",
                                       [STOPPED_BY_SIGNAL] = "a signal"};
    static const char *const next[] = {[STOPPED_BY_NOTHING] = "",
                                       [STOPPED_BY_DEADLINE] = ": try a longer one",
                                       [STOPPED_BY_SIGNAL] = ": run it again"};
    const struct check_result *check = &report->checks[missing];
    enum stopped_by by = report->facts->stopped_by;

    if (check->status == STATUS_SKIP || by == STOPPED_BY_NOTHING)
        (void)text_set(report->summary, SUMMARY_SIZE, "unknown: %s: %s", check_name(missing),
                       check->summary);
    else
        (void)text_set(report->summary, SUMMARY_SIZE, "unknown: %s came before %s answered%s",
                       came[by], check_name(missing), next[by]);
}

static bool is_trouble(const struct finding *finding)
{
    return strcmp(finding->code, "preflight-trouble") == 0;
}

/* The root cause's title; how many more of its weight there are. This program's trouble makes nothing
 * not ready: what does is the next finding. */
static void summarize_findings(struct report *report, const char *before)
{
    char line[LINE_SIZE], behind[32] = "";
    bool beside = report->verdict == VERDICT_NOT_READY && report->n_findings > 1;
    int more = 0;

    for (int32_t i = 1; i < report->n_findings; i++)
        more += report->findings[i].severity == report->findings[0].severity;
    if (more > 0)
        (void)text_set(behind, sizeof(behind), " (+%d more)", more);
    (void)text_set(line, sizeof(line), "%s%s", before,
                   report->findings[beside && is_trouble(&report->findings[0])].title);
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
    } else if (first_lacking(report) < N_CHECKS) {
        report->verdict = VERDICT_UNKNOWN;
        if (is_trouble(&report->findings[0]))
            summarize_findings(report, "unknown: ");
        else
            summarize_unknown(report, first_lacking(report));
    } else if (any(report, STATUS_FAIL, false) || any(report, STATUS_WARN, false) ||
               any(report, STATUS_WARN, true)) {
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
    /* Findings are large, and mostly there are few: each is cleared where it is added. */
    memset(report, 0, offsetof(struct report, findings[1]));
    report->permissions = (struct permissions_sum){0};
    report->facts = facts;
    checks_judge(facts, report->checks);
    claims_settle(report);
    claims_hide(report);
    policy_sum(facts, &report->permissions);
    decide_verdict(report);
    clean_report(report);
}
