/* SPDX-License-Identifier: Apache-2.0
 *
 * Every situation gets its findings, in causal order, and nothing derived beside them.
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
#include "situations.h"

static struct facts facts;
static struct report report;

static void diagnose_situation(const struct situation *situation)
{
    facts_healthy(&facts);
    situation->make(&facts);
    diagnose(&facts, &report);
}

static void list_codes(char *to, size_t size)
{
    to[0] = '\0';
    for (int32_t i = 0; i < report.n_findings; i++)
        (void)text_add(to, size, "%s%s", i > 0 ? " " : "", report.findings[i].code);
}

static void situations_get_their_findings(void **state)
{
    const struct situation *situation;
    char codes[1024];
    int wrong = 0;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)) != NULL; i++) {
        diagnose_situation(situation);
        list_codes(codes, sizeof codes);
        if (strcmp(codes, situation->codes) != 0) {
            print_error("%s: \"%s\", not \"%s\"\n", situation->name, codes, situation->codes);
            wrong++;
        }
        if (report.verdict != situation->verdict) {
            print_error("%s: verdict %s, not %s\n", situation->name,
                        verdict_row(report.verdict)->name, verdict_row(situation->verdict)->name);
            wrong++;
        }
        if (report.n_findings > 0 && report.findings[0].confidence != situation->confidence) {
            print_error("%s: confidence %s, not %s\n", situation->name,
                        confidence_name(report.findings[0].confidence),
                        confidence_name(situation->confidence));
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static bool has_alternative(const struct finding *finding, const char *code)
{
    for (int32_t i = 0; i < finding->n_alternatives; i++)
        if (strcmp(finding->alternatives[i].code, code) == 0)
            return true;
    return false;
}

static void certain_findings_have_no_alternative(void **state)
{
    const struct situation *situation;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)) != NULL; i++) {
        diagnose_situation(situation);
        for (int32_t j = 0; j < report.n_findings; j++)
            if (report.findings[j].confidence == CONFIDENCE_CERTAIN &&
                report.findings[j].n_alternatives > 0)
                fail_msg("%s: %s is certain, with alternatives", situation->name,
                         report.findings[j].code);
    }
}

static void alternatives_and_codes_are_in_the_table(void **state)
{
    const struct situation *situation;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)) != NULL; i++) {
        diagnose_situation(situation);
        for (int32_t j = 0; j < report.n_findings; j++)
            for (int32_t k = 0; k < report.findings[j].n_alternatives; k++) {
                bool known = false;
                for (size_t l = 0; l < n_causes; l++)
                    known |= strcmp(causes[l].code, report.findings[j].alternatives[k].code) == 0;
                if (!known)
                    fail_msg("%s: %s is no code", situation->name,
                             report.findings[j].alternatives[k].code);
            }
    }
}

static void every_cause_has_a_situation(void **state)
{
    (void)state;

    for (size_t i = 0; i < n_causes; i++) {
        const struct situation *situation;
        bool found = false;
        for (size_t j = 0; (situation = situation_at(j)) != NULL && !found; j++)
            found = strcmp(situation->name, causes[i].code) == 0;
        if (!found)
            fail_msg("%s has no situation", causes[i].code);
    }
}

/* Evidence quotes; a remedy for IAM or the network ends with the restart of the agent. */
static void findings_are_complete(void **state)
{
    const struct situation *situation;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)) != NULL; i++) {
        diagnose_situation(situation);
        for (int32_t j = 0; j < report.n_findings; j++) {
            const struct finding *finding = &report.findings[j];
            bool mends_agent = text_starts(finding->code, "agent-") ||
                               strcmp(finding->code, "not-ec2") == 0 ||
                               strcmp(finding->code, "network-not-up") == 0 ||
                               strcmp(finding->code, "time-sync-missing") == 0 ||
                               strcmp(finding->code, "unexplained") == 0;
            if (finding->n_evidence == 0 || finding->remedy[0] == '\0')
                fail_msg("%s: %s lacks evidence or a remedy", situation->name, finding->code);
            for (int32_t k = 0; k < finding->n_alternatives; k++)
                if (finding->alternatives[k].command[0] == '\0')
                    fail_msg("%s: nothing tells %s apart from %s", situation->name, finding->code,
                             finding->alternatives[k].code);
            if (finding->severity == SEVERITY_NOTE || mends_agent)
                continue;
            if (finding->n_commands == 0 ||
                strstr(finding->commands[finding->n_commands - 1], " restart ") == NULL)
                fail_msg("%s: %s does not end with a restart", situation->name, finding->code);
        }
    }
}

static void what_cannot_be_told_apart_is_listed(void **state)
{
    static const struct {
        const char *situation, *alternative;
    } rows[] = {
        {"egress-blocked", "endpoint-blocks-443"},
        {"egress-blocked--other-subnet", "network-acl"},
        {"endpoint-blocks-443--other-subnet", "network-acl"},
        {"private-dns-off--custom-resolver", "dns-bypasses-vpc"},
        {"egress-blocked--outside-vpc", "endpoint-outside-vpc"},
        {"role-missing", "dhmc-in-use"},
        {"path-mtu--unproven", "tls-reset"},
        {"clock-wrong--no-sample", "tls-expired"},
        {"denied", "policy-missing"},
        {"endpoint-refuses", "local-firewall"},
        {"local-firewall", "endpoint-refuses"},
        {"imds-hop-limit--unproven", "imds-unreachable"},
        {"no-route--unreachable", "local-firewall"},
        {"vpc-dns-off", "local-firewall"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        diagnose_situation(situation_find(rows[i].situation));
        if (!has_alternative(&report.findings[0], rows[i].alternative))
            fail_msg("%s does not offer %s", rows[i].situation, rows[i].alternative);
    }
}

/* A network ACL is excluded where an address in the own subnet is silent too. */
static void own_subnet_excludes_the_network_acl(void **state)
{
    (void)state;
    diagnose_situation(situation_find("egress-blocked"));
    assert_false(has_alternative(&report.findings[0], "network-acl"));
}

/* The title names the server that answered, not the first of resolv.conf, which may be silent. */
static void the_server_that_answered_is_named(void **state)
{
    (void)state;
    facts_healthy(&facts);
    situation_find("dns-bypasses-vpc")->make(&facts);
    memcpy(facts.resolvers.configured[1], facts.resolvers.configured[0], ADDRESS_SIZE);
    (void)text_set(facts.resolvers.configured[0], ADDRESS_SIZE, "10.0.9.99");
    facts.resolvers.n_configured = 2;
    diagnose(&facts, &report);
    assert_string_equal(report.findings[0].title,
                        "The DNS server 10.0.9.53 does not ask the VPC's resolver");
}

/* The service names one kind of policy: another one may stand behind it. */
static void behind_one_policy_another_may_deny(void **state)
{
    static const char *const kinds[] = {
        "policy-missing",     "policy-incomplete",
        "denied-explicitly",  "denied-by-endpoint-policy",
        "denied-by-boundary", "denied-by-organization",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        diagnose_situation(situation_find(kinds[i]));
        if (strstr(report.findings[0].remedy, "shows only then: check again") == NULL)
            fail_msg("%s: %s", kinds[i], report.findings[0].remedy);
    }
}

static void what_imds_would_be_compared_with_is_hidden(void **state)
{
    enum check check;
    (void)state;

    diagnose_situation(situation_find("imds-unreachable--and-a-region"));
    assert_true(check_from_name("agent.config", &check));
    assert_int_equal(report.checks[check].status, STATUS_SKIP);
    assert_true(report.findings[0].hides & check_bit(check));
    diagnose_situation(situation_find("imds-unreachable"));
    assert_int_equal(report.checks[check].status, STATUS_PASS);
}

static void nothing_hostile_reaches_a_command(void **state)
{
    (void)state;

    diagnose_situation(situation_find("several--hostile"));
    assert_true(report.n_findings > 0);
    for (int32_t i = 0; i < report.n_findings; i++)
        for (int32_t j = 0; j < report.findings[i].n_commands; j++) {
            const char *command = report.findings[i].commands[j];
            if (strstr(command, "rm -rf") || strstr(command, "$(") || strstr(command, "`") ||
                strstr(command, "--role-name --"))
                fail_msg("%s", command);
        }
}

static void commands_are_of_this_instance(void **state)
{
    (void)state;

    diagnose_situation(situation_find("endpoint-blocks-443"));
    assert_string_equal(report.findings[0].commands[1],
                        "aws ec2 authorize-security-group-ingress --region us-east-1 --group-id "
                        "<endpoint-security-group-id> --protocol tcp --port 443 --source-group "
                        "sg-0ccccccccccccccc0");
    diagnose_situation(situation_find("policy-missing--china"));
    assert_string_equal(report.findings[0].commands[0],
                        "aws iam attach-role-policy --role-name app-role --policy-arn "
                        "arn:aws-cn:iam::aws:policy/AmazonSSMManagedInstanceCore");
    diagnose_situation(situation_find("policy-missing--snap"));
    assert_string_equal(report.findings[0].commands[1],
                        "aws ec2 reboot-instances --region us-east-1 --instance-ids "
                        "i-0123456789abcdef0");
    assert_string_equal(report.findings[0].commands[2], "sudo snap restart amazon-ssm-agent");
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
        "sed -i",
    };
    bool seen[COUNT_OF(risky)] = {false};
    const struct situation *situation;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)) != NULL; i++) {
        diagnose_situation(situation);
        for (int32_t j = 0; j < report.n_findings; j++)
            for (int32_t k = 0; k < report.findings[j].n_commands; k++) {
                const char *note = report.findings[j].notes[k];
                if (note[0] != '\0' && !text_only(note, " ,.:-"))
                    fail_msg("%s: the note \"%s\"", situation->name, note);
                for (size_t l = 0; l < COUNT_OF(risky); l++) {
                    if (strstr(report.findings[j].commands[k], risky[l]) == NULL)
                        continue;
                    seen[l] = true;
                    if (note[0] == '\0')
                        fail_msg("%s: no note: %s", situation->name,
                                 report.findings[j].commands[k]);
                }
            }
    }
    for (size_t l = 0; l < COUNT_OF(risky); l++)
        if (!seen[l])
            fail_msg("no situation has a command with \"%s\"", risky[l]);
}

/* What is cut would be pasted half. */
static void nothing_is_cut(void **state)
{
    const struct situation *situation;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)) != NULL; i++) {
        diagnose_situation(situation);
        for (int32_t j = 0; j < report.n_findings; j++) {
            const struct finding *finding = &report.findings[j];
            if (strlen(finding->remedy) + 1 >= sizeof finding->remedy ||
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
        cmocka_unit_test(situations_get_their_findings),
        cmocka_unit_test(certain_findings_have_no_alternative),
        cmocka_unit_test(alternatives_and_codes_are_in_the_table),
        cmocka_unit_test(every_cause_has_a_situation),
        cmocka_unit_test(findings_are_complete),
        cmocka_unit_test(what_cannot_be_told_apart_is_listed),
        cmocka_unit_test(own_subnet_excludes_the_network_acl),
        cmocka_unit_test(the_server_that_answered_is_named),
        cmocka_unit_test(behind_one_policy_another_may_deny),
        cmocka_unit_test(what_imds_would_be_compared_with_is_hidden),
        cmocka_unit_test(nothing_hostile_reaches_a_command),
        cmocka_unit_test(commands_are_of_this_instance),
        cmocka_unit_test(what_is_risky_is_marked),
        cmocka_unit_test(nothing_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
