/* SPDX-License-Identifier: Apache-2.0
 *
 * Other partitions, other families of addresses, and an agent that was told other names: the same
 * faults, whose remedies must fit the place.
 */
#include <string.h>

#include "base/text.h"
#include "facts_builder.h"
#include "situations.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)
/* NOLINTNEXTLINE(bugprone-macro-parentheses): it declares its variable */
#define EACH_SERVICE(i) for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)

static const char *const names[] = {"ssm", "ssmmessages", "ec2messages"};

/* `services` is what endpoint services begin with, NULL where no public source says it. */
static void move_to(struct facts *facts, const char *partition, const char *region,
                    const char *domain, const char *services)
{
    SET(facts->plan.region, "%s", region);
    SET(facts->plan.signing_region, "%s", region);
    SET(facts->plan.domain, "%s", domain);
    SET(facts->instance.region, "%s", region);
    SET(facts->instance.availability_zone, "%sa", region);
    SET(facts->instance.partition, "%s", partition);
    SET(facts->role.profile_arn, "arn:%s:iam::123456789012:instance-profile/app-profile",
        partition);
    EACH_SERVICE(i)
    {
        struct service_plan *plan = &facts->plan.services[i];
        SET(plan->host, "%s.%s.%s", names[i], region, domain);
        plan->endpoint_service[0] = '\0';
        if (services)
            SET(plan->endpoint_service, "%s.%s.%s", services, region, names[i]);
    }
}

static void govcloud(struct facts *facts)
{
    move_to(facts, "aws-us-gov", "us-gov-west-1", "amazonaws.com", "com.amazonaws");
}

static void isolated(struct facts *facts)
{
    move_to(facts, "aws-iso-b", "us-isob-east-1", "sc2s.sgov.gov", NULL);
}

static void endpoint_missing(struct facts *facts)
{
    resolve_to(facts, SERVICE_SSMMESSAGES, "52.46.132.117", PLACE_PUBLIC, FAILURE_TIMEOUT);
}

static void endpoint_missing_in_govcloud(struct facts *facts)
{
    govcloud(facts);
    endpoint_missing(facts);
}

static void endpoint_missing_in_china(struct facts *facts)
{
    move_to(facts, "aws-cn", "cn-north-1", "amazonaws.com.cn", "com.amazonaws");
    endpoint_missing(facts);
}

static void endpoint_missing_in_isolation(struct facts *facts)
{
    isolated(facts);
    endpoint_missing(facts);
}

static void blocked_in_isolation(struct facts *facts)
{
    isolated(facts);
    break_connect(facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
}

static void policy_missing_in_isolation(struct facts *facts)
{
    isolated(facts);
    EACH_SERVICE(i) deny(facts, (enum service)i, NULL, DENIED_BY_NO_IDENTITY_POLICY, false);
}

/* --- IPv6 --- */

static void get_ipv6(struct facts *facts, bool ipv4_too)
{
    struct interface_facts *interface = &facts->network.interfaces[0];

    facts->network.usable_ipv6 = true;
    facts->network.default_route_ipv6 = true;
    facts->network.usable_ipv4 = ipv4_too;
    facts->network.default_route_ipv4 = ipv4_too;
    if (!ipv4_too) {
        interface->n_addresses = 0;
        use_resolver(facts, "fd00:ec2::253");
        SET(facts->imds.address, "fd00:ec2::254");
    }
    SET(*NEXT(interface->addresses, interface->n_addresses), "2600:1f18:1:1::10/64");
    SET(*NEXT(facts->instance.vpc_cidrs, facts->instance.n_vpc_cidrs), "2600:1f18:1::/56");
    SET(*NEXT(facts->instance.subnet_cidrs, facts->instance.n_subnet_cidrs), "2600:1f18:1:1::/64");
    SET(facts->agent.version, "3.3.3270.0");
    SET(facts->plan.domain, "api.aws");
    EACH_SERVICE(i)
    {
        struct endpoint_facts *endpoint = &facts->endpoints[i];
        SET(facts->plan.services[i].host, "%s.us-east-1.api.aws", names[i]);
        if (!ipv4_too)
            endpoint->n_addresses = 0;
        memset(&endpoint->addresses[endpoint->n_addresses], 0,
               sizeof(endpoint->addresses[0]) * (size_t)(MAX_ADDRESSES - endpoint->n_addresses));
        struct address_facts *at = NEXT(endpoint->addresses, endpoint->n_addresses);
        SET(at->address, "2600:1f18:1:1::2%d", i + 1);
        at->place = PLACE_OWN_SUBNET;
        healthy_address(facts, (enum service)i, at);
        for (int32_t j = 0; j < endpoint->n_answers; j++) {
            struct dns_answer *answer = &endpoint->answers[j];
            if (answer->family == FAMILY_IPV4)
                continue;
            step_ok(&answer->step, 1);
            answer->rcode = 0;
            answer->n_addresses = 1;
            SET(answer->addresses[0], "%s", at->address);
        }
    }
}

static void dual_stack(struct facts *facts)
{
    get_ipv6(facts, true);
}

/* --- one family of two --- */

static void block_family(struct facts *facts, enum service service, bool ipv6)
{
    struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t j = 0; j < endpoint->n_addresses; j++)
        if (!strchr(endpoint->addresses[j].address, ':') != ipv6)
            break_connect(facts, service, j, FAILURE_TIMEOUT, 3500);
}

/* The plain names, whose endpoints have AAAA records too. */
static void dual_stack_by_plain_names(struct facts *facts)
{
    dual_stack(facts);
    SET(facts->plan.domain, "amazonaws.com");
    EACH_SERVICE(i) SET(facts->plan.services[i].host, "%s.us-east-1.amazonaws.com", names[i]);
    SET(facts->agent.version, "3.3.1142.0");
}

static void ipv6_blocked(struct facts *facts)
{
    dual_stack_by_plain_names(facts);
    EACH_SERVICE(i) block_family(facts, (enum service)i, true);
}

static void ipv4_blocked(struct facts *facts)
{
    dual_stack(facts);
    EACH_SERVICE(i) block_family(facts, (enum service)i, false);
}

/* This agent is not known to take IPv6 addresses. */
static void ipv4_blocked_and_an_older_agent(struct facts *facts)
{
    dual_stack_by_plain_names(facts);
    EACH_SERVICE(i) block_family(facts, (enum service)i, false);
}

static void ipv6_blocked_at_one_endpoint(struct facts *facts)
{
    dual_stack(facts);
    block_family(facts, SERVICE_SSMMESSAGES, true);
}

/* The endpoints have no interface in this subnet. */
static void ipv6_blocked_elsewhere(struct facts *facts)
{
    dual_stack(facts);
    EACH_SERVICE(i)
    {
        struct endpoint_facts *endpoint = &facts->endpoints[i];
        endpoint->addresses[0] = endpoint->addresses[1];
        SET(endpoint->addresses[2].address, "2600:1f18:1:2::2%d", i + 1);
        endpoint->addresses[2].place = PLACE_IN_VPC;
        endpoint->addresses[1] = endpoint->addresses[2];
        memset(&endpoint->addresses[2], 0, sizeof(endpoint->addresses[2]));
        endpoint->n_addresses = 2;
        for (int32_t j = 0; j < endpoint->n_answers; j++) {
            endpoint->answers[j].n_addresses = 1;
            SET(endpoint->answers[j].addresses[0], "%s",
                endpoint->addresses[endpoint->answers[j].family == FAMILY_IPV6].address);
        }
        block_family(facts, (enum service)i, true);
    }
}

/* What crosses the border of this subnet over IPv6 vanishes, and over IPv4 it does not. */
static void ipv6_without_acl_entries(struct facts *facts)
{
    dual_stack_by_plain_names(facts);
    EACH_SERVICE(i)
    {
        struct endpoint_facts *endpoint = &facts->endpoints[i];
        endpoint->addresses[0] = endpoint->addresses[2];
        SET(endpoint->addresses[2].address, "2600:1f18:1:2::2%d", i + 1);
        endpoint->addresses[2].place = PLACE_IN_VPC;
        for (int32_t j = 0; j < endpoint->n_answers; j++) {
            bool ipv6 = endpoint->answers[j].family == FAMILY_IPV6;
            endpoint->answers[j].n_addresses = 1 + ipv6;
            SET(endpoint->answers[j].addresses[0], "%s", endpoint->addresses[1 - ipv6].address);
            SET(endpoint->answers[j].addresses[1], "%s",
                ipv6 ? endpoint->addresses[2].address : "");
        }
        break_connect(facts, (enum service)i, 2, FAILURE_TIMEOUT, 3500);
    }
}

static void ipv6_without_route(struct facts *facts)
{
    dual_stack(facts);
    facts->network.default_route_ipv6 = false;
    EACH_SERVICE(i) break_connect(facts, (enum service)i, 2, FAILURE_NO_ROUTE, 1);
}

/* Of IPv4 one zone is silent too: neither family connects as a whole. */
static void ipv6_blocked_and_a_zone(struct facts *facts)
{
    ipv6_blocked(facts);
    break_connect(facts, SERVICE_SSM, 1, FAILURE_TIMEOUT, 3500);
}

/* The round ended before IPv6 was settled. */
static void ipv4_silent_and_ipv6_not_known(struct facts *facts)
{
    ipv4_blocked(facts);
    facts->stopped_by = STOPPED_BY_DEADLINE;
    EACH_SERVICE(i)
    {
        struct address_facts *at = &facts->endpoints[i].addresses[2];
        memset(&at->steps[RUNG_CONNECT], 0, sizeof(at->steps[RUNG_CONNECT]));
        memset(&at->steps[RUNG_TLS], 0, sizeof(at->steps[RUNG_TLS]));
        memset(&at->session, 0, sizeof(at->session));
        memset(&at->steps[RUNG_HTTP], 0, sizeof(at->steps[RUNG_HTTP]));
        memset(&at->head, 0, sizeof(at->head));
        for (int32_t j = 0; j < facts->endpoints[i].n_actions; j++)
            facts->endpoints[i].actions[j].permission = PERMISSION_NOT_PROBED;
    }
}

static void ipv6_only_blocked(struct facts *facts)
{
    get_ipv6(facts, false);
    EACH_SERVICE(i) break_connect(facts, (enum service)i, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
}

static void ipv6_only_refused_by_dns(struct facts *facts)
{
    get_ipv6(facts, false);
    EACH_SERVICE(i) break_resolve(facts, (enum service)i, FAILURE_DNS_REFUSED);
}

/* --- what the agent was told --- */

static void named_by_the_agents_configuration(struct facts *facts)
{
    SET(facts->agent.config_file, "/etc/amazon/ssm/amazon-ssm-agent.json");
    EACH_SERVICE(i)
    {
        SET(facts->plan.services[i].host, "vpce-0a1b2c3d-%d.%s.us-east-1.vpce.amazonaws.com", i,
            names[i]);
        facts->plan.services[i].host_source = SOURCE_AGENT_CONFIG;
    }
}

static void name_ssm(struct facts *facts, const char *host, const char *endpoint_service)
{
    struct service_plan *plan = &facts->plan.services[SERVICE_SSM];

    SET(facts->agent.config_file, "/etc/amazon/ssm/amazon-ssm-agent.json");
    SET(plan->host, "%s", host);
    plan->host_source = SOURCE_AGENT_CONFIG;
    SET(plan->endpoint_service, "%s", endpoint_service);
}

static void fips(struct facts *facts)
{
    name_ssm(facts, "ssm-fips.us-east-1.amazonaws.com", "com.amazonaws.us-east-1.ssm-fips");
}

static void fips_is_public(struct facts *facts)
{
    fips(facts);
    resolve_to(facts, SERVICE_SSM, "52.46.140.2", PLACE_PUBLIC, FAILURE_TIMEOUT);
    amazon_says(facts, SERVICE_SSM, "52.46.140.2", FAILURE_NONE);
}

static void no_such_name(struct facts *facts)
{
    break_resolve(facts, SERVICE_SSM, FAILURE_NXDOMAIN);
    amazon_says(facts, SERVICE_SSM, "", FAILURE_NXDOMAIN);
}

static void fips_where_there_is_none(struct facts *facts)
{
    move_to(facts, "aws-us-gov", "us-gov-west-1", "amazonaws.com", "com.amazonaws");
    name_ssm(facts, "ssm-fips.us-gov-west-1.amazonaws.com", "com.amazonaws.us-gov-west-1.ssm-fips");
    no_such_name(facts);
}

static void endpoint_by_name(struct facts *facts)
{
    name_ssm(facts, "vpce-0a1b2c3d4e5f60718-abcdefgh.ssm.us-east-1.vpce.amazonaws.com",
             "com.amazonaws.us-east-1.ssm");
}

static void endpoint_by_name_is_gone(struct facts *facts)
{
    endpoint_by_name(facts);
    no_such_name(facts);
}

static void endpoint_by_name_is_blocked(struct facts *facts)
{
    endpoint_by_name(facts);
    break_connect(facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 3500);
}

const struct situation place_situations[] = {
    {"healthy--govcloud", govcloud},
    {"endpoint-missing--govcloud", endpoint_missing_in_govcloud},
    {"endpoint-missing--china", endpoint_missing_in_china},
    {"healthy--isolated", isolated},
    {"endpoint-missing--isolated", endpoint_missing_in_isolation},
    {"endpoint-blocks-443--isolated", blocked_in_isolation},
    {"policy-missing--isolated", policy_missing_in_isolation},
    {"healthy--dual-stack", dual_stack},
    {"address-family-blocked", ipv6_blocked},
    {"address-family-blocked--ipv4", ipv4_blocked},
    {"address-family-blocked--older-agent", ipv4_blocked_and_an_older_agent},
    {"address-family-blocked--one-endpoint", ipv6_blocked_at_one_endpoint},
    {"address-family-blocked--other-subnet", ipv6_blocked_elsewhere},
    {"address-family-blocked--and-a-zone", ipv6_blocked_and_a_zone},
    {"stopped--one-family", ipv4_silent_and_ipv6_not_known},
    {"network-acl--ipv6", ipv6_without_acl_entries},
    {"no-route--ipv6", ipv6_without_route},
    {"egress-blocked--ipv6-only", ipv6_only_blocked},
    {"vpc-dns-off--ipv6-only", ipv6_only_refused_by_dns},
    {"healthy--fips", fips},
    {"endpoint-missing--fips", fips_is_public},
    {"dns-wrong-name--fips-govcloud", fips_where_there_is_none},
    {"dns-wrong-name--endpoint-gone", endpoint_by_name_is_gone},
    {"endpoint-blocks-443--by-name", endpoint_by_name_is_blocked},
    {"healthy--overrides", named_by_the_agents_configuration},
    {NULL, NULL},
};
