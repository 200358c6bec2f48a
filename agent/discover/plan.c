/* SPDX-License-Identifier: Apache-2.0
 *
 * Every choice keeps its source: a name that does not exist is diagnosed by who chose it.
 */
#include "discover/plan.h"

#include "base/text.h"
#include "model/plan.h"

/* The option, else the instance's region. */
static bool choose_region(struct facts *facts)
{
    struct plan *plan = &facts->plan;

    if (plan->region_source == SOURCE_OPTION)
        return true;
    if (!facts->instance.region[0])
        return false;
    (void)text_set(plan->region, sizeof(plan->region), "%s", facts->instance.region);
    plan->region_source = SOURCE_IMDS;
    return true;
}

/* An older agent does not know UseDualStackEndpoint. Without IPv4 it is down by either name: then those of the newer one
 * that it is to be replaced by are looked at. */
static bool ignores_dual_stack(const struct facts *facts)
{
    return facts->network.usable_ipv4 &&
           text_compare_versions(facts->agent.version, first_agent_with_dualstack) < 0;
}

/* Returns the source of the domain. IMDS is not asked for it: services/domain, cut off, is another
 * domain, which must not get the session token. */
static enum source choose_domain(struct facts *facts, const struct agent_overrides *overrides,
                                 const struct partition *partition)
{
    bool dual_stack = overrides->dual_stack && !ignores_dual_stack(facts);
    const char *domain = overrides->domain[0] ? overrides->domain
                         : dual_stack         ? partition->dual_stack_domain
                                              : partition->domain;

    (void)text_set(facts->plan.domain, sizeof(facts->plan.domain), "%s", domain);
    return overrides->domain[0] || dual_stack ? SOURCE_AGENT_CONFIG : SOURCE_PARTITION;
}

static void choose_host(struct plan *plan, enum service which,
                        const struct agent_overrides *overrides, enum source domain_source)
{
    struct service_plan *service = &plan->services[which];
    const char *override = overrides->hosts[which];
    const char *region = plan->region;

    if (which == SERVICE_SSMMESSAGES && overrides->mgs_region[0])
        region = overrides->mgs_region;

    if (override[0]) {
        (void)text_set(service->host, sizeof(service->host), "%s", override);
        service->host_source = SOURCE_AGENT_CONFIG;
    } else {
        (void)text_set(service->host, sizeof(service->host), "%s.%s.%s", service_name(which),
                       region, plan->domain);
        service->host_source = region != plan->region ? SOURCE_AGENT_CONFIG : domain_source;
    }
}

/* Regions opened since 2024 have no ec2messages. From launch dates: AWS publishes no list (Systems Manager
 * User Guide, "Message API operations"). */
static bool region_opened_since_2024(const char *region)
{
    return text_has("ap-southeast-5 ap-southeast-6 ap-southeast-7 ap-east-2 mx-central-1 "
                    "eusc-de-east-1",
                    ' ', region);
}

/* What the user says counts. */
static void choose_need(struct facts *facts, enum service which)
{
    struct service_plan *service = &facts->plan.services[which];

    service->not_in_region = service_rows[which].phased_out && !service->need_given &&
                             region_opened_since_2024(facts->plan.region);
    if (!service->need_given)
        service->need = service_rows[which].need;
}

/* A FIPS name has an endpoint service of its own: com.amazonaws.us-east-1.ssm-fips (VPC PrivateLink
 * guide, "AWS services that integrate with AWS PrivateLink"). */
static void name_endpoint_service(struct plan *plan, enum service which,
                                  const struct partition *partition)
{
    struct service_plan *service = &plan->services[which];
    char fips[NAME_SIZE];

    (void)text_set(fips, sizeof(fips), "%s-fips.", service_name(which));
    if (partition->service_prefix)
        (void)text_set(service->endpoint_service, sizeof(service->endpoint_service), "%s.%s.%s%s",
                       partition->service_prefix, plan->region, service_name(which),
                       text_starts(service->host, fips) ? "-fips" : "");
}

void plan_needs(struct facts *facts)
{
    for (int i = 0; i < N_SERVICES; i++)
        choose_need(facts, (enum service)i);
}

bool plan_complete(struct facts *facts, const struct agent_overrides *overrides)
{
    struct plan *plan = &facts->plan;

    if (!choose_region(facts))
        return false;

    const struct partition *partition = partition_of_region(plan->region);
    (void)text_set(plan->signing_region, sizeof(plan->signing_region), "%s",
                   overrides->region[0] ? overrides->region : plan->region);
    enum source domain_source = choose_domain(facts, overrides, partition);

    plan_needs(facts);
    for (int i = 0; i < N_SERVICES; i++) {
        struct service_plan *service = &plan->services[i];

        choose_host(plan, (enum service)i, overrides, domain_source);
        service->port = 443;
        name_endpoint_service(plan, (enum service)i, partition);
    }
    return true;
}
