/* SPDX-License-Identifier: Apache-2.0
 *
 * Symptoms are the failed and the warned checks. Each row of the table is asked whether it explains
 * some that are left; what it explains is then gone, so that a cause and what follows from it are
 * one finding. What nobody claims is `unexplained`: never silence, never a guess.
 */
#include "diagnose/claims.h"

#include <string.h>

#include "base/text.h"
#include "diagnose/causes.h"
#include "diagnose/finding.h"
#include "diagnose/remedy.h"

struct claims {
    check_set symptoms;
    check_set by[N_STRANDS]; /* what was claimed so far */
};

/* What a cause of this strand may still claim: nothing that was taken whole; and a cause that takes
 * checks whole, nothing of which anything was taken. */
static check_set claims_left(const struct claims *claims, enum strand strand)
{
    check_set taken = claims->by[STRAND_WHOLE] | claims->by[strand];
    for (int i = 0; strand == STRAND_WHOLE && i < N_STRANDS; i++)
        taken |= claims->by[i];
    return claims->symptoms & ~taken;
}

/* The last place is kept for `unexplained`. */
enum { MAX_CLAIMING = MAX_FINDINGS - 1 };

static check_set checks_with(const struct check_result *checks, enum status status,
                             bool required_only)
{
    check_set set = 0;
    for (int i = 0; i < N_CHECKS; i++)
        if (checks[i].planned && checks[i].status == status &&
            (checks[i].required || !required_only))
            set |= check_bit((enum check)i);
    return set;
}

/* The one target of a set of checks; N_TARGETS when there are several, or none. */
static enum target common_target(check_set set)
{
    enum target common = N_TARGETS;
    for (int i = 0; i < N_CHECKS; i++) {
        if (!(set & check_bit((enum check)i)))
            continue;
        enum target target = check_target((enum check)i);
        if (common != N_TARGETS && common != target)
            return N_TARGETS;
        common = target;
    }
    return common;
}

static void ask(struct report *report, struct claims *claims, const struct cause *cause,
                enum service service)
{
    const struct scene scene = {.facts = report->facts,
                                .checks = report->checks,
                                .symptoms = claims_left(claims, cause->strand)};
    bool note = cause->severity == SEVERITY_NOTE;
    struct finding *finding = &report->findings[report->n_findings];

    if (report->n_findings >= MAX_CLAIMING || (scene.symptoms == 0 && !note))
        return;
    memset(finding, 0, sizeof *finding);
    text_set(finding->code, sizeof finding->code, "%s", cause->code);
    text_set(finding->title, sizeof finding->title, "%s", cause->title);
    finding->confidence = CONFIDENCE_LIKELY;
    bool applies = cause->applies(&scene, service, finding);
    finding->explains &= note ? 0 : scene.symptoms;
    if (!applies || (finding->explains == 0 && !note)) {
        memset(finding, 0, sizeof *finding);
        return;
    }
    claims->by[cause->strand] |= finding->explains;
    finding->target = cause->scope == SCOPE_SERVICE ? target_of_service(service)
                                                    : common_target(finding->explains);
    if (note)
        finding->severity = SEVERITY_NOTE;
    else if (finding->explains & checks_with(report->checks, STATUS_FAIL, true))
        finding->severity = cause->severity;
    else
        finding->severity = SEVERITY_WARNING;
    remedy_fill(report->facts, finding);
    report->n_findings++;
}

static void claim_unexplained(struct report *report, const struct claims *claims)
{
    check_set left = claims_left(claims, STRAND_WHOLE) &
                     checks_with(report->checks, STATUS_FAIL, false);
    struct finding *finding = &report->findings[report->n_findings];
    const struct cause *cause = &causes[n_causes - 1];

    if (left == 0)
        return;
    memset(finding, 0, sizeof *finding);
    text_set(finding->code, sizeof finding->code, "%s", cause->code);
    text_set(finding->title, sizeof finding->title, "%s", cause->title);
    finding->confidence = CONFIDENCE_POSSIBLE;
    finding->explains = left;
    finding->target = common_target(left);
    finding->severity = left & checks_with(report->checks, STATUS_FAIL, true) ? SEVERITY_FATAL
                                                                              : SEVERITY_WARNING;
    for (int i = 0; i < N_CHECKS; i++)
        if (left & check_bit((enum check)i))
            finding_evidence(finding, "%s: %s", check_name((enum check)i),
                             report->checks[i].summary);
    remedy_fill(report->facts, finding);
    report->n_findings++;
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

void claims_settle(struct report *report)
{
    struct claims claims = {
        .symptoms = checks_with(report->checks, STATUS_FAIL, false) |
                    checks_with(report->checks, STATUS_WARN, false),
    };

    report->n_findings = 0;
    for (size_t i = 0; i < n_causes; i++) {
        if (causes[i].applies == NULL)
            continue;
        if (causes[i].scope == SCOPE_MACHINE) {
            ask(report, &claims, &causes[i], SERVICE_SSM);
            continue;
        }
        for (int service = 0; service < N_SERVICES; service++)
            if (report->facts->plan.services[service].need != NEED_OFF)
                ask(report, &claims, &causes[i], (enum service)service);
    }
    claim_unexplained(report, &claims);
    sort_by_severity(report);
}
