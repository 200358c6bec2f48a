/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole of a diagnosis in five steps. The last one makes sure of what every output relies on:
 * facts may come from a file that somebody else wrote.
 */
#include "diagnose/diagnose.h"

#include <string.h>

#include "diagnose/checks.h"
#include "diagnose/claims.h"
#include "diagnose/hidden.h"
#include "diagnose/verdict.h"

static void clean(char *text, size_t size)
{
    text[size - 1] = '\0';
    for (; *text != '\0'; text++)
        if (*text < 0x20 || *text > 0x7e)
            *text = '?';
}

static void clean_finding(struct finding *finding)
{
    clean(finding->title, sizeof finding->title);
    clean(finding->remedy, sizeof finding->remedy);
    clean(finding->afterwards, sizeof finding->afterwards);
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
    clean(report->summary, sizeof report->summary);
    for (int i = 0; i < N_CHECKS; i++)
        clean(report->checks[i].summary, sizeof report->checks[i].summary);
    for (int32_t i = 0; i < report->n_findings; i++)
        clean_finding(&report->findings[i]);
}

void diagnose(const struct facts *facts, struct report *report)
{
    memset(report, 0, sizeof *report);
    report->facts = facts;
    checks_judge(facts, report->checks);
    claims_settle(report);
    hidden_settle(report);
    verdict_decide(report);
    clean_report(report);
}
