/* SPDX-License-Identifier: Apache-2.0
 *
 * What holds of the findings of every situation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "diagnose/causes.h"
#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "rows.h"
#include "situations.h"

static struct facts facts;
static struct report report;

static void diagnose_situation(const struct situation *situation)
{
    facts_healthy(&facts);
    situation->make(&facts);
    diagnose(&facts, &report);
}

static bool is_named_after(const char *name, const char *code)
{
    size_t n = strlen(code);
    return strncmp(name, code, n) == 0 && (!name[n] || strncmp(name + n, "--", 2) == 0);
}

/* What is found of each is reviewed in tests/scenarios/diagnoses.txt; here, that the name says it. */
static void situations_are_named_after_what_is_found(void **state)
{
    static const char *const healthy_or_several[] = {"healthy", "stopped", "several"};
    const struct situation *situation;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)); i++) {
        bool found = false;
        diagnose_situation(situation);
        for (size_t j = 0; j < COUNT_OF(healthy_or_several); j++)
            found |= text_starts(situation->name, healthy_or_several[j]);
        for (int32_t j = 0; j < report.n_findings; j++)
            found |= is_named_after(situation->name, report.findings[j].code);
        if (!found)
            fail_msg("%s: no finding of that name", situation->name);
        if (text_starts(situation->name, "healthy") &&
            (report.verdict != VERDICT_READY || report.n_findings > 0))
            fail_msg("%s is not", situation->name);
    }
}

static void certain_findings_have_no_alternative(void **state)
{
    const struct situation *situation;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)); i++) {
        diagnose_situation(situation);
        for (int32_t j = 0; j < report.n_findings; j++)
            if (report.findings[j].confidence == CONFIDENCE_CERTAIN &&
                report.findings[j].n_alternatives > 0)
                fail_msg("%s: %s is certain, with alternatives", situation->name,
                         report.findings[j].code);
    }
}

/* A note explains nothing, any other row something; the title in general needs no instance. */
static void rows_are_complete(void **state)
{
    (void)state;

    for (size_t i = 0; i < n_causes; i++) {
        const struct cause *cause = &causes[i];
        bool explains = cause->explains[0].end > 0 || cause->ended || cause->denied_by;
        if (!cause->evidence[0] || strchr(cause->title, '{'))
            fail_msg("%s: no evidence, or a placeholder in its title", cause->code);
        if (explains == cause->is_note && i + 1 < n_causes)
            fail_msg("%s: explains %s", cause->code, explains ? "something" : "nothing");
        for (int j = 0; j < MAX_LISTED && cause->unless_excluded[j]; j++)
            if (!row_find(cause->unless_excluded[j]))
                fail_msg("%s: %s is no code", cause->code, cause->unless_excluded[j]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(causes[j].code, cause->code) == 0)
                fail_msg("%s has two rows", cause->code);
    }
}

static void every_cause_has_a_situation(void **state)
{
    (void)state;

    for (size_t i = 0; i < n_causes; i++) {
        const struct situation *situation;
        bool found = false;
        for (size_t j = 0; (situation = situation_at(j)) && !found; j++)
            found = strcmp(situation->name, causes[i].code) == 0;
        if (!found)
            fail_msg("%s has no situation", causes[i].code);
    }
}

/* Evidence quotes; a remedy for IAM or the network that kept the agent down ends with its restart. */
static void findings_are_complete(void **state)
{
    const struct situation *situation;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)); i++) {
        diagnose_situation(situation);
        for (int32_t j = 0; j < report.n_findings; j++) {
            const struct finding *finding = &report.findings[j];
            bool mends_agent = text_starts(finding->code, "agent-") ||
                               strcmp(finding->code, "not-ec2") == 0 ||
                               strcmp(finding->code, "network-not-up") == 0 ||
                               strcmp(finding->code, "time-sync-missing") == 0 ||
                               strcmp(finding->code, "unexplained") == 0 ||
                               strcmp(finding->code, "preflight-trouble") == 0 ||
                               facts.plan.region_source == SOURCE_OPTION; /* fixes this program */
            if (finding->n_evidence == 0 || !finding->remedy[0])
                fail_msg("%s: %s lacks evidence or a remedy", situation->name, finding->code);
            for (int32_t k = 0; k < finding->n_alternatives; k++)
                if (!finding->alternatives[k].command[0])
                    fail_msg("%s: nothing tells %s apart from %s", situation->name, finding->code,
                             finding->alternatives[k].code);
            if (finding->severity != SEVERITY_FATAL || mends_agent)
                continue;
            if (finding->n_commands == 0 ||
                !strstr(finding->commands[finding->n_commands - 1], " restart "))
                fail_msg("%s: %s does not end with a restart", situation->name, finding->code);
        }
    }
}

static void nothing_hostile_reaches_a_command(void **state)
{
    (void)state;

    diagnose_situation(situation_find("several--hostile")); /* the look-ups are ours: "$(aws " */
    assert_true(report.n_findings > 0);
    for (int32_t i = 0; i < report.n_findings; i++)
        for (int32_t j = 0; j < report.findings[i].n_commands; j++) {
            static const char loop[] = "REGION=$(for R in "; /* ours as well */
            const char *command = report.findings[i].commands[j];
            command += text_starts(command, loop) ? strlen(loop) : 0;
            if (strstr(command, "rm -rf") || strstr(command, "$(") != strstr(command, "$(aws ") ||
                strstr(command, "`") || strstr(command, "--role-name --"))
                fail_msg("%s", command);
        }
}

/* What changes more than this instance, or takes something away, says so; and a note is printed as a
 * shell's comment, where a quotation mark would open a quotation in shells without comments. */
static void what_is_risky_is_marked(void **state)
{
    static const char *const risky[] = {
        " associate-dhcp-options ",
        " --reset-policy",
        " delete-role-permissions-boundary ",
        " update-assume-role-policy ",
        " --remove-subnet-ids ",
        " reboot-instances ",
        " stop-instances ",
        " detach-role-policy ",
        " delete-role-policy ",
        " update-policy ",
        " change-resource-record-sets ",
        " route replace ",
        "sed -i",
    };
    bool seen[COUNT_OF(risky)] = {false};
    const struct situation *situation;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)); i++) {
        diagnose_situation(situation);
        for (int32_t j = 0; j < report.n_findings; j++)
            for (int32_t k = 0; k < report.findings[j].n_commands; k++) {
                const char *note = report.findings[j].notes[k];
                if (note[0] && !text_only(note, " ,.:-"))
                    fail_msg("%s: the note \"%s\"", situation->name, note);
                for (size_t l = 0; l < COUNT_OF(risky); l++) {
                    if (!strstr(report.findings[j].commands[k], risky[l]))
                        continue;
                    seen[l] = true;
                    if (!note[0])
                        fail_msg("%s: no note: %s", situation->name,
                                 report.findings[j].commands[k]);
                }
            }
    }
    for (size_t l = 0; l < COUNT_OF(risky); l++)
        if (!seen[l])
            fail_msg("no situation has a command with \"%s\"", risky[l]);
}

/* AWS announced its end. */
static void nobody_is_told_to_create_an_endpoint_for_ec2messages(void **state)
{
    const struct situation *situation;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)); i++) {
        facts_healthy(&facts);
        situation->make(&facts);
        facts.plan.services[SERVICE_EC2MESSAGES].need = NEED_REQUIRED;
        diagnose(&facts, &report);
        for (int32_t j = 0; j < report.n_findings; j++)
            for (int32_t k = 0; k < report.findings[j].n_commands; k++)
                if (strstr(report.findings[j].commands[k], "create-vpc-endpoint") &&
                    strstr(report.findings[j].commands[k], "ec2messages"))
                    fail_msg("%s: %s", situation->name, report.findings[j].commands[k]);
    }
}

/* What is cut would be pasted half. */
static void nothing_is_cut(void **state)
{
    const struct situation *situation;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)); i++) {
        diagnose_situation(situation);
        for (int32_t j = 0; j < report.n_findings; j++) {
            const struct finding *finding = &report.findings[j];
            if (strlen(finding->remedy) + 1 >= sizeof(finding->remedy) ||
                strlen(finding->title) > 72)
                fail_msg("%s: %s: text too long: %s", situation->name, finding->code,
                         finding->title);
            for (int32_t k = 0; k < finding->n_commands; k++)
                if (strlen(finding->commands[k]) + 1 >= COMMAND_SIZE ||
                    strlen(finding->notes[k]) + 1 >= NOTE_SIZE)
                    fail_msg("%s: %s: command too long", situation->name, finding->code);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(situations_are_named_after_what_is_found),
        cmocka_unit_test(certain_findings_have_no_alternative),
        cmocka_unit_test(rows_are_complete),
        cmocka_unit_test(every_cause_has_a_situation),
        cmocka_unit_test(findings_are_complete),
        cmocka_unit_test(nothing_hostile_reaches_a_command),
        cmocka_unit_test(what_is_risky_is_marked),
        cmocka_unit_test(nothing_is_cut),
        cmocka_unit_test(nobody_is_told_to_create_an_endpoint_for_ec2messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
