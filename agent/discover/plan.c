/* SPDX-License-Identifier: Apache-2.0
 *
 * Every choice keeps its source: a name that does not exist is diagnosed by who chose it.
 */
#include "discover/plan.h"

#include <string.h>

#include "base/text.h"
#include "discover/services.h"
#include "model/partitions.h"

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

/* Returns where it comes from. IMDS only confirms the table: the session token must not go to a domain
 * that was cut off. */
static enum source choose_domain(struct facts *facts, const struct agent_overrides *overrides,
                                 const struct partition *partition)
{
    struct plan *plan = &facts->plan;
    bool own_region = strcmp(plan->region, facts->instance.region) == 0;

    if (overrides->domain[0]) {
        (void)text_set(plan->domain, sizeof(plan->domain), "%s", overrides->domain);
        return SOURCE_AGENT_CONFIG;
    }
    if (overrides->dual_stack) {
        (void)text_set(plan->domain, sizeof(plan->domain), "%s", partition->dual_stack_domain);
        return SOURCE_AGENT_CONFIG;
    }
    (void)text_set(plan->domain, sizeof(plan->domain), "%s", partition->domain);
    return own_region && strcmp(facts->instance.domain, partition->domain) == 0 ? SOURCE_IMDS
                                                                                : SOURCE_PARTITION;
}

static void choose_host(struct plan *plan, const struct service_row *row,
                        const struct agent_overrides *overrides, enum source domain_source)
{
    struct service_plan *service = &plan->services[row->service];
    const char *override = overrides->hosts[row->service];
    const char *region = plan->region;

    if (row->service == SERVICE_SSMMESSAGES && overrides->mgs_region[0])
        region = overrides->mgs_region;

    if (override[0]) {
        (void)text_set(service->host, sizeof(service->host), "%s", override);
        service->host_source = SOURCE_AGENT_CONFIG;
    } else {
        (void)text_set(service->host, sizeof(service->host), "%s.%s.%s", service_name(row->service),
                       region, plan->domain);
        service->host_source = region != plan->region ? SOURCE_AGENT_CONFIG : domain_source;
    }
}

/* What the user says counts. Otherwise ec2messages is required only where it exists and is used. */
static void choose_need(struct facts *facts, const struct service_row *row)
{
    struct service_plan *service = &facts->plan.services[row->service];

    service->not_in_region = row->only_old_regions && !service->need_given &&
                             region_opened_since_2024(facts->plan.region);
    service->not_needed = row->service == SERVICE_EC2MESSAGES &&
                          agent_without_ec2messages(facts->agent.version);
    if (service->need_given)
        return;
    service->need = row->need;
    if (service->need == NEED_REQUIRED && (service->not_in_region || service->not_needed))
        service->need = NEED_OPTIONAL;
}

/* A FIPS name has an endpoint service of its own: com.amazonaws.us-east-1.ssm-fips (VPC PrivateLink
 * guide, "AWS services that integrate with AWS PrivateLink"). */
static void name_endpoint_service(struct plan *plan, const struct service_row *row,
                                  const struct partition *partition)
{
    struct service_plan *service = &plan->services[row->service];
    char fips[NAME_SIZE];

    (void)text_set(fips, sizeof(fips), "%s-fips.", service_name(row->service));
    if (partition->service_prefix)
        (void)text_set(service->endpoint_service, sizeof(service->endpoint_service), "%s.%s.%s%s",
                       partition->service_prefix, plan->region, service_name(row->service),
                       text_starts(service->host, fips) ? "-fips" : "");
}

void plan_needs(struct facts *facts)
{
    for (int i = 0; i < N_SERVICES; i++)
        choose_need(facts, &services[i]);
}

bool plan_complete(struct facts *facts, const struct agent_overrides *overrides)
{
    struct plan *plan = &facts->plan;

    if (!choose_region(facts))
        return false;

    const struct partition *partition = partition_of_region(plan->region);
    (void)text_set(plan->partition, sizeof(plan->partition), "%s", partition->name);
    (void)text_set(plan->signing_region, sizeof(plan->signing_region), "%s",
                   overrides->region[0] ? overrides->region : plan->region);
    enum source domain_source = choose_domain(facts, overrides, partition);

    plan_needs(facts);
    for (int i = 0; i < N_SERVICES; i++) {
        struct service_plan *service = &plan->services[i];

        choose_host(plan, &services[i], overrides, domain_source);
        service->port = 443;
        name_endpoint_service(plan, &services[i], partition);
    }
    return true;
}
