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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(isolated_partitions_get_placeholders),
        cmocka_unit_test(policies_are_of_the_partition),
        cmocka_unit_test(services_are_of_the_region),
        cmocka_unit_test(ipv6_is_let_through_by_ipv6_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
