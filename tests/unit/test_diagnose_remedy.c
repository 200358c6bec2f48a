/* SPDX-License-Identifier: Apache-2.0
 *
 * From the entries of the pages to a finding: what is known is filled in, what is not known or no plain
 * identifier is left to people.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "diagnose/checks.h"
#include "diagnose/remedy.h"
#include "facts_builder.h"
#include "rows.h"

static struct facts facts;
static struct finding finding;

static struct check_result checks[N_CHECKS];
static bool comes_up; /* the agent, whatever it is that is to be fixed */

static struct view view;

static void fill(const char *code, check_set explains)
{
    memset(&finding, 0, sizeof(finding));
    (void)text_set(finding.code, sizeof(finding.code), "%s", code);
    checks_judge(&facts, checks);
    checks[CHECK_ROLE_ATTACHED].status = comes_up ? STATUS_PASS : STATUS_FAIL;
    view = (struct view){.facts = &facts,
                         .checks = checks,
                         .cause = row_find(code) ? row_find(code) : &causes[0],
                         .explains = explains};
    remedy_fill(&view, &finding);
}

static int n_commands_with(const char *part)
{
    int n = 0;
    for (int32_t i = 0; i < finding.n_commands; i++)
        n += strstr(finding.commands[i], part) ? 1 : 0;
    return n;
}

static check_set connect_of(enum service service)
{
    return check_bit(check_of_service(service, RUNG_CONNECT));
}

/* "{vpc}", as the front matter has it; "${...}" and "[{CidrIp=" are the commands' own. */
static void assert_filled(const char *text)
{
    for (const char *at = strchr(text, '{'); at; at = strchr(at + 1, '{')) {
        size_t n = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");
        if (n > 0 && at[1 + n] == '}')
            fail_msg("%s: not filled in: %s", finding.code, text);
    }
}

static void assert_every_page_is_filled(void)
{
    char command[COMMAND_SIZE];

    for (size_t i = 0; i < n_remedy_entries; i++) {
        if (text_starts(remedy_entry(i).code, "then "))
            continue;
        fill(remedy_entry(i).code, connect_of(SERVICE_SSM));
        assert_true(finding.n_commands < MAX_COMMANDS || finding.n_afterwards > 0);
        assert_filled(finding.remedy);
        assert_filled(finding.afterwards);
        for (int32_t j = 0; j < finding.n_commands; j++)
            assert_filled(finding.commands[j]);
        if (remedy_tell_apart(&view, finding.code, command, sizeof(command)))
            assert_filled(command);
    }
}

static void every_page_is_filled_from_much_and_from_nothing(void **state)
{
    (void)state;
    facts_healthy(&facts);
    assert_every_page_is_filled();
    memset(&facts, 0, sizeof(facts));
    assert_every_page_is_filled();
}

static void what_is_not_known_is_left_to_people(void **state)
{
    (void)state;
    facts_healthy(&facts);
    fill("endpoint-blocks-443", connect_of(SERVICE_SSM));
    assert_int_equal(n_commands_with("Name=vpc-id,Values=vpc-"), 1);
    facts.instance.vpc[0] = '\0';
    fill("endpoint-blocks-443", connect_of(SERVICE_SSM));
    assert_int_equal(n_commands_with("Name=vpc-id,Values=\"$VPC_ID\" "), 1);
    assert_true(
        text_starts(finding.commands[0], "VPC_ID=$(aws ec2 describe-instances --region us-"));
    facts.instance.id[0] = facts.machine.asset_tag[0] = '\0';
    facts.instance.region[0] = facts.plan.region[0] = '\0';
    fill("endpoint-blocks-443", connect_of(SERVICE_SSM));
    assert_string_equal(finding.commands[0],
                        "INSTANCE_ID=''"); /* only a person knows it: at the top, once */
    assert_string_equal(finding.notes[0], "fill this in");
    assert_true(text_starts(finding.commands[1], "REGION=$(for R in $(aws ec2 describe-regions "));
    assert_non_null(strstr(finding.commands[1], " --instance-ids \"$INSTANCE_ID\" >/dev/null"));
    assert_true(text_starts(finding.commands[2],
                            "VPC_ID=$(aws ec2 describe-instances --region \"$REGION\" "
                            "--instance-ids \"$INSTANCE_ID\" "));
    assert_int_equal(n_commands_with("=''"), 1);
}

/* Each endpoint may have a security group of its own. */
static void every_blocked_endpoint_is_opened(void **state)
{
    const check_set both = connect_of(SERVICE_SSM) | connect_of(SERVICE_SSMMESSAGES);

    (void)state;
    facts_healthy(&facts);
    fill("egress-blocked", both);
    assert_int_equal(n_commands_with(" \"Name=service-name,Values=com.amazonaws.us-east-1.ssm,"
                                     "com.amazonaws.us-east-1.ssmmessages\" "),
                     1);
    assert_int_equal(
        n_commands_with("for G in $(echo \"$SG\"); do aws ec2 authorize-security-group-ingress "),
        1);
    facts.plan.services[SERVICE_SSM].endpoint_service[0] = '\0';
    facts.plan.services[SERVICE_SSMMESSAGES].endpoint_service[0] = '\0';
    fill("address-family-blocked", both);
    assert_int_equal(n_commands_with(" \"Name=service-name,Values=*.ssm,*.ssmmessages\" "), 1);
    fill("endpoint-missing", both); /* a name to create one with is looked up, each for itself */
    assert_int_equal(n_commands_with("?ends_with(@, '.ssm')] | [0]"), 1);
    assert_int_equal(n_commands_with("Values=\"$ENDPOINT_SERVICE_NAME_SSMMESSAGES\" "), 1);
}

/* Facts may come from a file; its commands are pasted into shells. */
static void what_is_no_identifier_gets_into_no_command(void **state)
{
    static const char *const hostile[] = {"vpc-0;reboot", "vpc-0 x", "$(id)",
                                          "`id`",         "vpc-0\n", "-rf"};

    (void)state;
    facts_healthy(&facts);
    for (size_t i = 0; i < COUNT_OF(hostile); i++) {
        (void)text_set(facts.instance.vpc, sizeof(facts.instance.vpc), "%s", hostile[i]);
        fill("endpoint-blocks-443", connect_of(SERVICE_SSM));
        assert_int_equal(n_commands_with("Name=vpc-id,Values=\"$VPC_ID\" "), 1);
    }
    (void)text_set(facts.plan.services[SERVICE_SSM].host, HOST_SIZE, "x/e;reboot;");
    fill("dns-hosts-override", check_bit(check_of_service(SERVICE_SSM, RUNG_RESOLVE)));
    assert_int_equal(n_commands_with("reboot;"), 0);
    assert_int_equal(n_commands_with("\"$ENDPOINT_HOST_NAME\""), 2);
    assert_int_equal(n_commands_with("'\"$ENDPOINT_HOST_NAME\"'"), 1); /* where ' quotes */
    assert_int_equal(n_commands_with("ENDPOINT_HOST_NAME=''"), 1);
}

static void a_command_comes_once_for_each_service(void **state)
{
    (void)state;
    facts_healthy(&facts);
    fill("public-path", connect_of(SERVICE_SSM) | connect_of(SERVICE_SSMMESSAGES));
    assert_int_equal(n_commands_with("create-vpc-endpoint"), 0); /* no public address answers */
    facts.endpoints[SERVICE_SSM].addresses[0].place = PLACE_PUBLIC;
    fill("public-path", connect_of(SERVICE_SSM) | connect_of(SERVICE_SSMMESSAGES));
    assert_int_equal(n_commands_with("create-vpc-endpoint"), 2);
    assert_int_equal(n_commands_with("--service-name com.amazonaws.us-east-1.ssmmessages "), 1);
}

static void the_ending_is_counted_and_follows_the_package(void **state)
{
    (void)state;
    facts_healthy(&facts);
    fill("policy-missing", 0);
    assert_int_equal(finding.n_afterwards, 2);
    assert_string_equal(finding.afterwards,
                        "Then: sudo systemctl restart amazon-ssm-agent, else it "
                        "retries in up to 60 minutes.");
    assert_string_equal(finding.commands[finding.n_commands - 1],
                        "sudo systemctl restart amazon-ssm-agent");
    facts.agent.package = AGENT_PACKAGE_SNAP;
    fill("policy-missing", 0);
    assert_string_equal(finding.commands[finding.n_commands - 1],
                        "sudo snap restart amazon-ssm-agent");
    fill("imds-malformed", check_bit(CHECK_IMDS_TOKEN));
    assert_int_equal(finding.n_afterwards, 1);
    fill("not-ec2", 0);
    assert_int_equal(finding.n_afterwards, 0);
    assert_string_equal(finding.afterwards, "");
}

/* But for what it reads only at its start. */
static void an_agent_that_comes_up_is_not_restarted(void **state)
{
    (void)state;
    facts_healthy(&facts);
    comes_up = true;
    fill("dns-slow", check_bit(check_of_service(SERVICE_SSM, RUNG_RESOLVE)));
    assert_int_equal(finding.n_afterwards, 0);
    assert_string_equal(finding.afterwards, "");
    fill("ca-bundle-missing", check_bit(CHECK_AGENT_CONFIG));
    assert_int_equal(finding.n_afterwards, 1);
    assert_non_null(strstr(finding.afterwards, "which takes this up only when it starts"));
    fill("agent-not-connected", check_bit(CHECK_AGENT_CONNECTED)); /* a restart is all of its fix */
    assert_int_equal(finding.n_afterwards, 0);
    assert_string_equal(finding.commands[finding.n_commands - 1],
                        "sudo systemctl restart amazon-ssm-agent");
    comes_up = false;
}

/* The finding's own page first, then the alternative's. */
static void an_alternative_is_told_apart_by_the_nearer_page(void **state)
{
    char own[COMMAND_SIZE], general[COMMAND_SIZE];

    (void)state;
    facts_healthy(&facts);
    fill("network-acl", connect_of(SERVICE_SSM));
    assert_true(remedy_tell_apart(&view, "endpoint-az-unreachable", own, sizeof(own)));
    fill("endpoint-blocks-443", connect_of(SERVICE_SSM));
    assert_true(remedy_tell_apart(&view, "endpoint-az-unreachable", general, sizeof(general)));
    assert_string_not_equal(own, general);
    assert_non_null(strstr(general, "com.amazonaws.us-east-1.ssm "));
    assert_false(remedy_tell_apart(&view, "agent-masked", own, sizeof(own)));
    assert_string_equal(own, "");
}

/* As far as a command has room, and where it is no shell's. */
static void what_is_exempted_already_stays_so(void **state)
{
    (void)state;
    facts_healthy(&facts);
    (void)text_set(facts.agent.no_proxy, NO_PROXY_SIZE, "%s", "localhost,*.corp.example");
    fill("imds-through-proxy", check_bit(CHECK_AGENT_CONFIG));
    assert_non_null(
        strstr(finding.commands[0], ".vpce.amazonaws.com,localhost,*.corp.example' | "));
    (void)text_set(facts.agent.no_proxy, NO_PROXY_SIZE, "%s", "localhost'; reboot");
    fill("imds-through-proxy", check_bit(CHECK_AGENT_CONFIG));
    assert_non_null(strstr(finding.commands[0], ".vpce.amazonaws.com' | "));
    memset(facts.agent.no_proxy, 'a', sizeof(facts.agent.no_proxy) - 1);
    fill("imds-through-proxy", check_bit(CHECK_AGENT_CONFIG));
    assert_non_null(strstr(finding.commands[0], ".vpce.amazonaws.com' | "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_is_filled_from_much_and_from_nothing),
        cmocka_unit_test(what_is_not_known_is_left_to_people),
        cmocka_unit_test(every_blocked_endpoint_is_opened),
        cmocka_unit_test(what_is_no_identifier_gets_into_no_command),
        cmocka_unit_test(a_command_comes_once_for_each_service),
        cmocka_unit_test(the_ending_is_counted_and_follows_the_package),
        cmocka_unit_test(an_agent_that_comes_up_is_not_restarted),
        cmocka_unit_test(an_alternative_is_told_apart_by_the_nearer_page),
        cmocka_unit_test(what_is_exempted_already_stays_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
