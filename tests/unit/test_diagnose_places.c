/* SPDX-License-Identifier: Apache-2.0
 *
 * Remedies fit the place: its partition, its region, its family of addresses. What no public source
 * tells of a place is a placeholder there, and never another place's name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "situations.h"

/* NOLINTNEXTLINE(bugprone-macro-parentheses): it declares its variable */
#define EACH_SERVICE(i) for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)

static struct facts facts;
static struct report report;

static void look_at(const char *name)
{
    const struct situation *situation = situation_find(name);

    assert_non_null(situation);
    facts_healthy(&facts);
    situation->make(&facts);
    diagnose(&facts, &report);
}

/* In any command or remedy of any finding. */
static bool says(const char *words)
{
    for (int32_t i = 0; i < report.n_findings; i++) {
        if (strstr(report.findings[i].remedy, words))
            return true;
        for (int32_t j = 0; j < report.findings[i].n_commands; j++)
            if (strstr(report.findings[i].commands[j], words))
                return true;
    }
    return false;
}

static void isolated_partitions_get_placeholders(void **state)
{
    static const char *const names[] = {"endpoint-missing--isolated",
                                        "endpoint-blocks-443--isolated"};
    (void)state;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        look_at(names[i]);
        assert_true(says("<endpoint-service-name>"));
        assert_true(says("us-isob-east-1"));
        assert_false(says("com.amazonaws"));
        assert_false(says("amazonaws.com"));
        assert_false(says("us-east-1 "));
    }
}

static void policies_are_of_the_partition(void **state)
{
    (void)state;
    look_at("policy-missing--isolated");
    assert_true(says("arn:aws-iso-b:iam::aws:policy/AmazonSSMManagedInstanceCore"));
    assert_false(says("arn:aws:"));
    look_at("policy-missing--china");
    assert_true(says("arn:aws-cn:iam::aws:policy/AmazonSSMManagedInstanceCore"));
}

static void services_are_of_the_region(void **state)
{
    (void)state;
    look_at("endpoint-missing--govcloud");
    assert_true(says("--region us-gov-west-1 "));
    assert_true(says("--service-name com.amazonaws.us-gov-west-1.ssmmessages "));
    look_at("endpoint-missing--china");
    assert_true(says("--region cn-north-1 "));
    assert_false(says("us-east-1"));
}

static void ipv6_is_let_through_by_ipv6_rules(void **state)
{
    (void)state;
    look_at("egress-blocked--ipv6-only");
    assert_true(says("Ipv6Ranges=[{CidrIpv6=2600:1f18:1::/56}]"));
    assert_false(says("CidrIp="));
    look_at("egress-blocked");
    assert_true(says("IpRanges=[{CidrIp=10.0.0.0/16}]"));
}

/* --- two families --- */

static enum status connects(void)
{
    diagnose(&facts, &report);
    return report.checks[check_of_service(SERVICE_SSM, RUNG_CONNECT)].status;
}

/* The agent falls back from one family to the other, so a family of which every address connects is
 * enough; within one family it is not. */
static void one_whole_family_is_enough(void **state)
{
    (void)state;
    look_at("address-family-blocked");
    assert_int_equal(connects(), STATUS_WARN);
    assert_int_equal(report.verdict, VERDICT_READY);
    assert_true(says("The agent gets through by IPv4"));
    assert_true(says("Ipv6Ranges=[{CidrIpv6=2600:1f18:1:1::/64}]"));
    assert_false(says("CidrIp="));
    break_connect(&facts, SERVICE_SSM, 1, FAILURE_TIMEOUT, 3500);
    assert_int_equal(connects(), STATUS_FAIL);
    assert_int_equal(report.verdict, VERDICT_NOT_READY);
    look_at("address-family-blocked--ipv4");
    assert_true(says("IpRanges=[{CidrIp=10.0.1.0/24}]"));
}

/* Knowing more can never turn not-ready into ready: what may still become a whole family keeps the
 * check open, be it an address or its name. */
static void a_family_that_is_not_settled_keeps_the_check_open(void **state)
{
    (void)state;
    look_at("address-family-blocked--not-settled");
    assert_int_equal(connects(), STATUS_UNKNOWN);
    EACH_SERVICE(i)
    {
        struct endpoint_facts *endpoint = &facts.endpoints[i];
        endpoint->n_addresses = 2;
        for (int32_t j = 0; j < endpoint->n_answers; j++)
            if (endpoint->answers[j].family == FAMILY_IPV6) {
                memset(&endpoint->answers[j].step, 0, sizeof endpoint->answers[j].step);
                endpoint->answers[j].n_addresses = 0;
            }
    }
    assert_int_equal(connects(), STATUS_UNKNOWN);
    facts.network.usable_ipv6 = false;
    assert_int_equal(connects(), STATUS_FAIL);
}

static void a_fips_name_is_not_told_to_get_the_plain_endpoint(void **state)
{
    (void)state;
    look_at("endpoint-missing--fips");
    assert_true(says("--service-name com.amazonaws.us-east-1.ssm-fips "));
    assert_false(says("--service-name com.amazonaws.us-east-1.ssm "));
    look_at("dns-wrong-name--endpoint-gone");
    assert_true(says("--vpc-endpoint-ids vpce-0a1b2c3d4e5f60718 "));
    assert_false(says("create-vpc-endpoint"));
    look_at("endpoint-blocks-443--by-name");
    assert_true(says("--vpc-endpoint-ids vpce-0a1b2c3d4e5f60718 "));
    assert_false(says("Name=service-name"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(isolated_partitions_get_placeholders),
        cmocka_unit_test(policies_are_of_the_partition),
        cmocka_unit_test(services_are_of_the_region),
        cmocka_unit_test(ipv6_is_let_through_by_ipv6_rules),
        cmocka_unit_test(one_whole_family_is_enough),
        cmocka_unit_test(a_family_that_is_not_settled_keeps_the_check_open),
        cmocka_unit_test(a_fips_name_is_not_told_to_get_the_plain_endpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
