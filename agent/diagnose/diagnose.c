/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole of a diagnosis in five steps. Symptoms are the failed and the warned checks. Each row of the table is
 * asked whether it explains some that are left; what it explains is then gone, so that a cause and what follows
 * from it are one finding. What nobody claims is `unexplained`: never silence, never a guess. The last step makes
 * sure of what every output relies on: facts may come from a file that somebody else wrote.
 */
#include "diagnose/diagnose.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/causes.h"
#include "diagnose/checks.h"
#include "diagnose/policy.h"
#include "diagnose/reach.h"
#include "diagnose/remedy.h"

/* --- claims --- */

struct claims {
    check_set symptoms;
    check_set by[N_WAYS]; /* what was claimed so far */
};

/* What a cause of this way may still claim: nothing that was taken whole; and a cause that takes
 * checks whole, nothing of which anything was taken. Of faults each cause takes its own. */
static check_set claims_left(const struct claims *claims, enum way way)
{
    check_set taken = claims->by[WAY_WHOLE] | (way == WAY_FAULT ? 0 : claims->by[way]);
    for (int i = 0; way == WAY_WHOLE && i < N_WAYS; i++)
        taken |= claims->by[i];
    return claims->symptoms & ~taken;
}

/* The last place is kept for `unexplained`. */
enum { MAX_CLAIMING = MAX_FINDINGS - 1 };

static check_set checks_with(const struct check_result *checks, enum status status,
                             bool required_only)
{
    check_set set = 0;
    for (enum check i = 0; i < N_CHECKS; i++)
        if (checks[i].planned && checks[i].status == status &&
            (checks[i].required || !required_only))
            set |= check_bit(i);
    return set;
}

/* Not known, by this program's own trouble. */
static check_set checks_in_trouble(const struct check_result *checks, bool required_only)
{
    check_set set = 0;
    for (enum check i = 0; i < N_CHECKS; i++)
        if (checks[i].reason == FAILURE_INTERNAL)
            set |= check_bit(i);
    return set & checks_with(checks, STATUS_UNKNOWN, required_only);
}

/* The one target of a set of checks; N_TARGETS when there are several, or none. */
static enum target common_target(check_set set)
{
    enum target common = N_TARGETS;

    for (enum check i = 0; i < N_CHECKS; i++) {
        enum target target = check_target(i);
        if (!(set & check_bit(i)))
            continue;
        if (common != N_TARGETS && common != target)
            return N_TARGETS;
        common = target;
    }
    return common;
}

/* --- what a row explains --- */

/* The agent's check has a fault of the row that is at least so bad. */
static bool has_fault(const struct view *view, enum check check, enum status status)
{
    struct faults faults;

    faults_find(view->facts, &faults);
    for (int i = 0; i < faults.n; i++)
        if (faults.at[i].check == check && faults.at[i].status >= status &&
            view_is_reason(view, check, faults.at[i].reason))
            return true;
    return false;
}

/* TLS may fail for several reasons, at one address for this and at another for that, and the agent's
 * checks keep all their faults; of the other checks their own reason counts. */
static bool fails_so(const struct view *view, enum check check)
{
    enum service service;
    enum rung rung;
    bool is_known = view->checks[check].status != STATUS_UNKNOWN;

    if (is_known && check_target(check) == TARGET_AGENT && has_fault(view, check, STATUS_WARN))
        return true;
    if (is_known && check_is_service(check, &service, &rung) && rung == RUNG_TLS &&
        view_bad_tls(view, service))
        return true;
    return view_is_reason(view, check, view->checks[check].reason);
}

static bool ends_so(const struct view *view, enum service service)
{
    struct reach reach = reach_of(view->facts, service);

    for (int i = 0; i < N_ENDINGS; i++)
        if ((view->cause->ended & (1u << i)) && reach.by[i] > 0)
            return true;
    return false;
}

static bool may_explain(const struct view *view, enum check check)
{
    const struct cause *cause = view->cause;
    struct view at = *view;

    if (!view_has(view, check))
        return false;
    if (!check_is_service(check, &at.service, &at.rung)) {
        at.rung = N_RUNGS;
        return fails_so(view, check) && (!cause->where || cause->where(&at));
    }
    return (cause->of == MACHINE || at.service == view->service) &&
           (fails_so(view, check) || (at.rung == RUNG_CONNECT && ends_so(view, at.service)) ||
            (at.rung == RUNG_AUTHORIZE &&
             policy_denied_by(view->facts, at.service, cause->denied_by))) &&
           (!cause->where || cause->where(&at));
}

static check_set explained(const struct view *view)
{
    check_set set = 0;
    for (enum check i = 0; i < N_CHECKS; i++)
        if (may_explain(view, i))
            set |= check_bit(i);
    return set;
}

/* A row about the whole machine is about the first service that it explains something of. */
static void explain(struct view *view, check_set checks)
{
    view->explains = checks;
    for (int i = N_SERVICES - 1; view->cause->of == MACHINE && i >= 0; i--)
        if (checks & check_service_bits((enum service)i))
            view->service = (enum service)i;
}

/* --- what a finding says --- */

static void add_alternatives(const struct view *view, struct finding *finding)
{
    for (int i = 0; view->cause->unless_excluded[i]; i++) {
        const char *code = view->cause->unless_excluded[i];
        if (excluded(view, code))
            continue;
        struct alternative *to = &finding->alternatives[finding->n_alternatives++];
        (void)text_set(to->code, sizeof(to->code), "%s", code);
        (void)remedy_tell_apart(view, code, to->command, sizeof(to->command));
    }
}

/* Certain is what excludes everything else. */
static enum confidence confidence_of(const struct view *view, int32_t n_alternatives)
{
    const struct cause *cause = view->cause;

    if (n_alternatives == 0 && (!cause->certain_if || cause->certain_if(view)))
        return CONFIDENCE_CERTAIN;
    return !cause->likely_if || cause->likely_if(view) ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
}

/* This program's own trouble is as bad as what it keeps from being known. A fault of the agent's that lets
 * it come up is a warning beside one that does not. */
static enum severity severity_of(const struct view *view)
{
    check_set decisive = checks_with(view->checks, STATUS_FAIL, true) |
                         checks_in_trouble(view->checks, true);

    if (view->cause->is_note)
        return SEVERITY_NOTE;
    for (enum check i = CHECK_AGENT_INSTALLED; view->cause->way == WAY_FAULT && i < N_CHECKS; i++)
        if (!has_fault(view, i, STATUS_FAIL))
            decisive &= ~check_bit(i);
    return view->explains & decisive ? SEVERITY_FATAL : SEVERITY_WARNING;
}

static void add_finding(struct view *view, struct report *report)
{
    struct finding *finding = &report->findings[report->n_findings];
    const struct cause *cause = view->cause;

    memset(finding, 0, sizeof(*finding));
    for (int i = 0; cause->evidence[i]; i++)
        cause->evidence[i](view, finding);
    if (cause->is_note && finding->n_evidence == 0)
        return;
    (void)text_set(finding->code, sizeof(finding->code), "%s", cause->code);
    finding->explains = view->explains;
    finding->severity = severity_of(view);
    finding->target = cause->of == EACH_SERVICE ? target_of_service(view->service)
                                                : common_target(view->explains);
    add_alternatives(view, finding);
    view->confidence = finding->confidence = confidence_of(view, finding->n_alternatives);
    title_fill(view, finding->title);
    remedy_fill(view, finding);
    report->n_findings++;
}

static void ask(struct report *report, struct claims *claims, const struct cause *cause,
                enum service service)
{
    struct view view = {
        .facts = report->facts,
        .checks = report->checks,
        .cause = cause,
        .service = service,
        .symptoms = claims_left(claims, cause->way),
    };

    if (report->n_findings >= MAX_CLAIMING)
        return;
    if (!cause->is_note)
        explain(&view, explained(&view));
    if ((view.explains == 0 && !cause->is_note) || (cause->when && !cause->when(&view)))
        return;
    claims->by[cause->way] |= view.explains;
    add_finding(&view, report);
}

/* The last row takes what is left. */
static void claim_unexplained(struct report *report, const struct claims *claims)
{
    struct view view = {
        .facts = report->facts, .checks = report->checks, .cause = &causes[n_causes - 1]};

    explain(&view, claims_left(claims, WAY_WHOLE));
    if (view.explains != 0)
        add_finding(&view, report);
}

/* What keeps some addresses away from every service, and the agent comes up by the others at one of them. */
static bool is_survived(const struct report *report, const struct finding *finding)
{
    return finding->explains & reach_planned(report->facts) &
           checks_with(report->checks, STATUS_WARN, false);
}

/* Where it takes that and something else to keep the agent down, the something else is the root. */
static void weigh_what_is_survived(struct report *report)
{
    check_set decisive = checks_with(report->checks, STATUS_FAIL, true), rooted = 0;

    for (int32_t i = 0; i < report->n_findings; i++)
        if (report->findings[i].severity == SEVERITY_FATAL &&
            !is_survived(report, &report->findings[i]))
            rooted |= report->findings[i].explains;
    for (int32_t i = 0; i < report->n_findings; i++)
        if (report->findings[i].severity == SEVERITY_FATAL &&
            is_survived(report, &report->findings[i]) &&
            !(report->findings[i].explains & decisive & ~rooted))
            report->findings[i].severity = SEVERITY_WARNING;
}

/* Stable, so that the causal order stays within each severity. */
static void sort_by_severity(struct report *report)
{
    for (int32_t i = 1; i < report->n_findings; i++) {
        struct finding moved = report->findings[i];
        int32_t to = i;
        while (to > 0 && report->findings[to - 1].severity < moved.severity) {
            report->findings[to] = report->findings[to - 1];
            to--;
        }
        report->findings[to] = moved;
    }
}

/* Fatal findings in causal order first, so that [0] is the root cause, then warnings, then notes. Every failed check
 * is explained, by one finding unless it fails in several ways (enum way), or by `unexplained`. */
static void settle(struct report *report)
{
    struct claims claims = {
        .symptoms = checks_with(report->checks, STATUS_FAIL, false) |
                    checks_with(report->checks, STATUS_WARN, false) |
                    checks_in_trouble(report->checks, false),
    };

    report->n_findings = 0;
    for (size_t i = 0; i + 1 < n_causes; i++) {
        if (causes[i].of == MACHINE) {
            ask(report, &claims, &causes[i], SERVICE_SSM);
            continue;
        }
        for (enum service service = 0; service < N_SERVICES; service++)
            if (report->facts->plan.services[service].need != NEED_OFF)
                ask(report, &claims, &causes[i], service);
    }
    claim_unexplained(report, &claims);
    weigh_what_is_survived(report);
    sort_by_severity(report);
}

/* --- what a finding hides ---
 * The honest limit of every diagnosis of a ladder: a check that was not tried because of one below it is hidden by
 * each finding that explains a failed check that it stands on, or one that is not known by this program's own
 * trouble; all of them must be mended before it can be seen. Which finding stands before a check that was not tried follows from the ladders alone, never from a
 * guess at what might be behind. */

static check_set range(enum check first, enum check end)
{
    return (check_bit(end) - 1) & ~(check_bit(first) - 1);
}

/* All that must hold for a check to be tried, itself not among it. Within a ladder the order of reports is
 * that of its rungs. */
static check_set stands_on(const struct facts *facts, enum check check)
{
    const check_set imds = range(CHECK_IMDS_CONNECT, CHECK_ROLE_ATTACHED);
    check_set set = imds;
    enum service service;
    enum rung rung;

    if (check_is_service(check, &service, &rung))
        return range(check_of_service(service, RUNG_RESOLVE), check) |
               (facts->plan.services[service].host[0] ? 0 : imds) | /* which only IMDS knew */
               (rung == RUNG_AUTHORIZE ? range(CHECK_IMDS_CONNECT, CHECK_SERVICES) : 0);
    switch (check_target(check)) {
    case TARGET_CLOCK: /* who tells the time: IMDS, and every service that answers */
        for (enum service i = 0; i < N_SERVICES; i++)
            set |= range(check_of_service(i, RUNG_RESOLVE), check_of_service(i, RUNG_AUTHORIZE));
        return set;
    case TARGET_AGENT: /* IMDS where only it could say what to compare the configuration with */
        set = check == CHECK_AGENT_CONFIG && !facts->instance.region[0] ? imds : 0;
        return set | check_bit(CHECK_AGENT_INSTALLED);
    default:
        return range(CHECK_IMDS_CONNECT, check);
    }
}

static void hide(struct report *report)
{
    check_set failed = checks_with(report->checks, STATUS_FAIL, false) |
                       checks_in_trouble(report->checks, false);

    for (int32_t i = 0; i < report->n_findings; i++) {
        struct finding *finding = &report->findings[i];
        check_set stops = finding->explains & failed;
        if (strcmp(finding->code, "not-ec2") == 0)
            continue; /* where this is no instance, there is nothing to be seen later either */
        for (enum check j = 0; j < N_CHECKS; j++) {
            const struct check_result *check = &report->checks[j];
            if (check->planned && check->status == STATUS_SKIP && check->reason == FAILURE_BELOW &&
                (stands_on(report->facts, j) & stops))
                finding->hides |= check_bit(j);
        }
    }
}

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
    while (strchr(" ,:", text[n - 1]))
        n--;
    (void)text_set(to, SUMMARY_SIZE, "%.*s...%s", (int)n, text, behind);
}

/* As many names as the line has room for. */
static void summarize_ready(struct report *report)
{
    char line[LINE_SIZE], behind[64], unproven[LINE_SIZE];
    int n_left_out = check_count(report_left_out(report));
    int most = 3;

    (void)text_set(behind, sizeof(behind), " (%d ms", (int)report->facts->duration_ms);
    if (n_left_out > 0)
        (void)text_add(behind, sizeof(behind), ", %d check%s left out", n_left_out,
                       n_left_out == 1 ? "" : "s");
    (void)text_add(behind, sizeof(behind), ")");
    do {
        (void)text_set(line, sizeof(line), "ready: %s",
                       report_unproven(report, most, unproven, sizeof(unproven))
                           ? unproven
                           : "the SSM agent is connected");
    } while (strlen(line) + strlen(behind) >= SUMMARY_SIZE && --most >= LEAST_UNPROVEN);
    set_line(report->summary, line, behind);
}

/* Which answer is missing, and what to do. */
static void summarize_unknown(struct report *report, enum check missing)
{
    static const char *const came[] = {[STOPPED_BY_NOTHING] = "",
                                       [STOPPED_BY_DEADLINE] = "by the deadline",
                                       [STOPPED_BY_SIGNAL] = "before a signal"};
    const struct check_result *check = &report->checks[missing];
    enum stopped_by by = report->facts->stopped_by;
    const char *next = by == STOPPED_BY_SIGNAL                       ? "run it again"
                       : report->facts->deadline_ms < LONG_ENOUGH_MS ? "try --deadline 3m"
                                                                     : "try a longer one";

    if (check->status == STATUS_SKIP || by == STOPPED_BY_NOTHING)
        (void)text_set(report->summary, SUMMARY_SIZE, "unknown: %s: %s", check_name(missing),
                       check->summary);
    else
        (void)text_set(report->summary, SUMMARY_SIZE, "unknown: %s had no answer %s: %s",
                       check_name(missing), came[by], next);
}

static bool is_trouble(const struct finding *finding)
{
    return strcmp(finding->code, "preflight-trouble") == 0;
}

/* The root cause's title; how many more of its weight there are. This program's trouble makes nothing
 * not ready: what does is the next finding. */
static void summarize_findings(struct report *report, const char *before)
{
    char line[LINE_SIZE], behind[SUMMARY_SIZE] = "", unproven[LINE_SIZE];
    bool beside = report->verdict == VERDICT_NOT_READY && report->n_findings > 1;
    int more = 0, most = 3;

    for (int32_t i = 1; i < report->n_findings; i++)
        more += report->findings[i].severity == report->findings[0].severity;
    if (more > 0)
        (void)text_set(behind, sizeof(behind), " (+%d more)", more);
    (void)text_set(line, sizeof(line), "%s%s", before,
                   report->findings[beside && is_trouble(&report->findings[0])].title);
    while (report_unproven(report, most, unproven, sizeof(unproven)) && most > LEAST_UNPROVEN &&
           strlen(line) + strlen(behind) + strlen(", ") + strlen(unproven) >= SUMMARY_SIZE)
        most--;
    if (report->verdict == VERDICT_DEGRADED && unproven[0])
        (void)text_add(behind, sizeof(behind), ", %s", unproven);
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
    } else if (report_first_lacking(report) < N_CHECKS) {
        report->verdict = VERDICT_UNKNOWN;
        if (is_trouble(&report->findings[0]))
            summarize_findings(report, "unknown: ");
        else
            summarize_unknown(report, report_first_lacking(report));
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
    settle(report);
    hide(report);
    policy_sum(facts, &report->permissions);
    decide_verdict(report);
    clean_report(report);
}
