/* SPDX-License-Identifier: Apache-2.0
 *
 * From wishes, instance and agent configuration to the plan: region, domain, names, needs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "discover/imds.h"
#include "discover/plan.h"
#include "model/plan.h"

static struct facts facts;
static struct agent_overrides overrides;

static int reset(void **state)
{
    (void)state;
    memset(&facts, 0, sizeof(facts));
    memset(&overrides, 0, sizeof(overrides));
    return 0;
}

static void instance_in(const char *region)
{
    (void)text_set(facts.instance.region, sizeof(facts.instance.region), "%s", region);
}

static const struct service_plan *service(enum service number)
{
    return &facts.plan.services[number];
}

static void a_fips_name_has_an_endpoint_of_its_own(void **state)
{
    (void)state;
    instance_in("us-east-1");
    (void)text_set(overrides.hosts[SERVICE_SSM], HOST_SIZE, "ssm-fips.us-east-1.amazonaws.com");
    (void)text_set(overrides.hosts[SERVICE_SSMMESSAGES], HOST_SIZE,
                   "vpce-0a1b-c.ssmmessages.us-east-1.vpce.amazonaws.com");
    assert_true(plan_complete(&facts, &overrides));
    assert_string_equal(service(SERVICE_SSM)->endpoint_service, "com.amazonaws.us-east-1.ssm-fips");
    assert_string_equal(service(SERVICE_SSMMESSAGES)->endpoint_service,
                        "com.amazonaws.us-east-1.ssmmessages");
}

static void all_eight_partitions(void **state)
{
    static const struct {
        const char *region, *partition, *ssm;
    } rows[] = {
        {"us-east-1", "aws", "ssm.us-east-1.amazonaws.com"},
        {"il-central-1", "aws", "ssm.il-central-1.amazonaws.com"},
        {"cn-north-1", "aws-cn", "ssm.cn-north-1.amazonaws.com.cn"},
        {"us-gov-west-1", "aws-us-gov", "ssm.us-gov-west-1.amazonaws.com"},
        {"us-iso-east-1", "aws-iso", "ssm.us-iso-east-1.c2s.ic.gov"},
        {"us-isob-east-1", "aws-iso-b", "ssm.us-isob-east-1.sc2s.sgov.gov"},
        {"eu-isoe-west-1", "aws-iso-e", "ssm.eu-isoe-west-1.cloud.adc-e.uk"},
        {"us-isof-south-1", "aws-iso-f", "ssm.us-isof-south-1.csp.hci.ic.gov"},
        {"eusc-de-east-1", "aws-eusc", "ssm.eusc-de-east-1.amazonaws.eu"},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)reset(state);
        instance_in(rows[i].region);
        assert_true(plan_complete(&facts, &overrides));
        assert_string_equal(partition_of_region(rows[i].region)->name, rows[i].partition);
        assert_string_equal(service(SERVICE_SSM)->host, rows[i].ssm);
        assert_int_equal(service(SERVICE_SSM)->host_source, SOURCE_PARTITION);
    }
}

static void a_host_is_below_a_domain_of_its_partition(void **state)
{
    const struct partition *partition = partition_of_region("us-east-1");
    (void)state;

    assert_true(partition_has_host(partition, "ssm.us-east-1.amazonaws.com"));
    assert_true(partition_has_host(partition, "ssm.us-east-1.api.aws"));
    assert_false(partition_has_host(partition, "ssm.us-east-1.amazonaws.co"));
    assert_false(partition_has_host(partition, "ssm.us-east-1.amazonaws.com.cn"));
    assert_false(partition_has_host(partition, "ssm.us-east-1.notamazonaws.com"));
    assert_false(partition_has_host(partition, "amazonaws.com"));
}

static void the_agents_own_configuration_comes_first(void **state)
{
    (void)state;
    instance_in("us-east-1");
    (void)text_set(overrides.domain, sizeof(overrides.domain), "corp.example");
    (void)text_set(overrides.region, sizeof(overrides.region), "us-east-2");
    (void)text_set(overrides.mgs_region, sizeof(overrides.mgs_region), "us-west-2");
    (void)text_set(overrides.hosts[SERVICE_SSM], HOST_SIZE, "vpce-1.ssm.example");
    assert_true(plan_complete(&facts, &overrides));
    assert_string_equal(service(SERVICE_SSM)->host, "vpce-1.ssm.example");
    assert_int_equal(service(SERVICE_SSM)->host_source, SOURCE_AGENT_CONFIG);
    assert_string_equal(service(SERVICE_SSMMESSAGES)->host, "ssmmessages.us-west-2.corp.example");
    assert_string_equal(service(SERVICE_EC2MESSAGES)->host, "ec2messages.us-east-1.corp.example");
    assert_string_equal(facts.plan.signing_region, "us-east-2");
    assert_string_equal(facts.plan.region, "us-east-1");
    assert_string_equal(facts.plan.domain, "corp.example");
    assert_int_equal(facts.plan.region_source, SOURCE_IMDS);
    for (int i = 0; i < N_SERVICES; i++) {
        assert_int_equal(service((enum service)i)->host_source, SOURCE_AGENT_CONFIG);
        assert_int_equal(service((enum service)i)->port, 443);
    }
    overrides.domain[0] = overrides.hosts[SERVICE_SSM][0] = '\0';
    assert_true(plan_complete(&facts, &overrides));
    assert_int_equal(service(SERVICE_SSM)->host_source, SOURCE_PARTITION);
    assert_int_equal(service(SERVICE_SSMMESSAGES)->host_source, SOURCE_AGENT_CONFIG);
    assert_int_equal(service(SERVICE_EC2MESSAGES)->host_source, SOURCE_PARTITION);
    overrides.region[0] = '\0';
    assert_true(plan_complete(&facts, &overrides));
    assert_string_equal(facts.plan.signing_region, "us-east-1");
}

/* However short: nobody judges here what a name is. */
static void names_of_one_letter_count(void **state)
{
    (void)state;
    instance_in("r");
    (void)text_set(overrides.domain, sizeof(overrides.domain), "d");
    (void)text_set(overrides.region, sizeof(overrides.region), "s");
    (void)text_set(overrides.mgs_region, sizeof(overrides.mgs_region), "m");
    (void)text_set(overrides.hosts[SERVICE_SSM], HOST_SIZE, "h");
    assert_true(plan_complete(&facts, &overrides));
    assert_string_equal(facts.plan.region, "r");
    assert_string_equal(facts.plan.signing_region, "s");
    assert_string_equal(service(SERVICE_SSM)->host, "h");
    assert_string_equal(service(SERVICE_SSMMESSAGES)->host, "ssmmessages.m.d");
    assert_int_equal(service(SERVICE_EC2MESSAGES)->host_source, SOURCE_AGENT_CONFIG);
}

static void dual_stack_uses_the_partitions_other_domain(void **state)
{
    (void)state;
    instance_in("cn-north-1");
    overrides.dual_stack = true;
    assert_true(plan_complete(&facts, &overrides));
    assert_string_equal(service(SERVICE_SSM)->host, "ssm.cn-north-1.api.amazonwebservices.com.cn");

    (void)text_set(facts.agent.version, sizeof(facts.agent.version),
                   "3.3.1142.0"); /* does not know the key */
    facts.network.usable_ipv4 = true;
    assert_true(plan_complete(&facts, &overrides));
    assert_string_equal(service(SERVICE_SSM)->host, "ssm.cn-north-1.amazonaws.com.cn");
    assert_int_equal(service(SERVICE_SSM)->host_source, SOURCE_PARTITION);
    (void)text_set(facts.agent.version, sizeof(facts.agent.version), "%s",
                   first_agent_with_dualstack);
    assert_true(plan_complete(&facts, &overrides));
    assert_string_equal(service(SERVICE_SSM)->host, "ssm.cn-north-1.api.amazonwebservices.com.cn");
    assert_int_equal(service(SERVICE_SSM)->host_source, SOURCE_AGENT_CONFIG);
    (void)text_set(facts.agent.version, sizeof(facts.agent.version), "3.3.1142.0");
    facts.network.usable_ipv4 = false; /* it is down by either name */
    assert_true(plan_complete(&facts, &overrides));
    assert_string_equal(service(SERVICE_SSM)->host, "ssm.cn-north-1.api.amazonwebservices.com.cn");
}

static void a_wished_region_stands_without_imds(void **state)
{
    (void)state;
    assert_false(plan_complete(&facts, &overrides));
    (void)text_set(facts.plan.region, sizeof(facts.plan.region), "eu-west-1");
    facts.plan.region_source = SOURCE_OPTION;
    assert_true(plan_complete(&facts, &overrides));
    assert_string_equal(service(SERVICE_SSM)->host, "ssm.eu-west-1.amazonaws.com");
    assert_string_equal(service(SERVICE_SSM)->endpoint_service, "com.amazonaws.eu-west-1.ssm");
}

static void ec2messages_is_needed_by_nobody(void **state)
{
    (void)reset(state);
    instance_in("us-east-1");
    (void)text_set(facts.agent.version, sizeof(facts.agent.version), "3.2.0.0");
    assert_true(plan_complete(&facts, &overrides));
    assert_int_equal(service(SERVICE_EC2MESSAGES)->need, NEED_OPTIONAL);
    assert_false(service(SERVICE_EC2MESSAGES)->not_in_region);
    static const char *const young[] = {"ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
                                        "ap-east-2",      "mx-central-1",   "eusc-de-east-1"};
    for (size_t i = 0; i < COUNT_OF(young); i++) {
        (void)reset(state);
        instance_in(young[i]);
        assert_true(plan_complete(&facts, &overrides));
        assert_true(service(SERVICE_EC2MESSAGES)->not_in_region);
        assert_false(service(SERVICE_SSM)->not_in_region);
    }
    (void)reset(state);
    instance_in("mx-central-1");
    facts.plan.services[SERVICE_EC2MESSAGES].need = NEED_REQUIRED;
    facts.plan.services[SERVICE_EC2MESSAGES].need_given = true;
    assert_true(plan_complete(&facts, &overrides));
    assert_int_equal(service(SERVICE_EC2MESSAGES)->need, NEED_REQUIRED);
    assert_false(service(SERVICE_EC2MESSAGES)->not_in_region);
}

static void endpoints_of_imds_are_addresses(void **state)
{
    static const struct {
        const char *url, *address;
        uint16_t port;
    } good[] = {{"http://169.254.169.254", "169.254.169.254", 80},
                {"http://169.254.169.254/", "169.254.169.254", 80},
                {"http://127.0.0.1:1338", "127.0.0.1", 1338},
                {"http://[fd00:ec2::254]", "fd00:ec2::254", 80},
                {"http://[::1]:8080/", "::1", 8080}};
    static const char *const bad[] = {"169.254.169.254",    "https://169.254.169.254",
                                      "http://localhost",   "http://127.0.0.1:0",
                                      "http://127.0.0.1:x", "http://127.0.0.1:70000",
                                      "http://127.0.0.1/x", "http://[::1",
                                      "http://::1",         "http://",
                                      "http://1.2.3.4.5"};
    struct imds_endpoint endpoint;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        assert_true(imds_parse_endpoint(good[i].url, &endpoint));
        assert_string_equal(endpoint.address, good[i].address);
        assert_int_equal(endpoint.port, good[i].port);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(imds_parse_endpoint(bad[i], &endpoint));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_eight_partitions),
        cmocka_unit_test_setup(a_fips_name_has_an_endpoint_of_its_own, reset),
        cmocka_unit_test(a_host_is_below_a_domain_of_its_partition),
        cmocka_unit_test_setup(the_agents_own_configuration_comes_first, reset),
        cmocka_unit_test_setup(names_of_one_letter_count, reset),
        cmocka_unit_test_setup(dual_stack_uses_the_partitions_other_domain, reset),
        cmocka_unit_test_setup(a_wished_region_stands_without_imds, reset),
        cmocka_unit_test(ec2messages_is_needed_by_nobody),
        cmocka_unit_test(endpoints_of_imds_are_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
