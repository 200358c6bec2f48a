/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of the instance, as a command or a title may name it. The build reads the table at the end
 * of this file and refuses a page that names anything else than these, phrases.c's and conditions.c's.
 */
#include "diagnose/values.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/finding.h"
#include "diagnose/look.h"
#include "diagnose/names.h"
#include "diagnose/policy.h"
#include "model/partitions.h"

static const char *fact(const struct asked *of)
{
    return (const char *)of->facts + of->argument;
}

static const char *service_plan(const struct asked *of)
{
    return (const char *)&of->facts->plan.services[of->view->service] + of->argument;
}

/* --- the instance --- */

static const struct partition *partition_by_region(const struct asked *of)
{
    const char *own = of->facts->instance.region;
    return partition_of_region(own[0] ? own : of->facts->plan.region);
}

static const char *partition(const struct asked *of)
{
    return partition_by_region(of)->name;
}

/* Of the principal ec2.DOMAIN, which may assume an instance's role: ec2.amazonaws.com, in China
 * ec2.amazonaws.com.cn; in other partitions under the partition's own domain. */
static const char *iam_domain(const struct asked *of)
{
    return partition_by_region(of)->domain;
}

static const char *instance_by_firmware(const struct asked *of)
{
    const char *tag = of->facts->machine.asset_tag;
    return text_starts(tag, "i-") ? tag : "";
}

/* The profile's name is the end of its ARN. */
static const char *profile(const struct asked *of)
{
    const char *slash = strrchr(of->facts->role.profile_arn, '/');
    return slash ? slash + 1 : "";
}

static const char *own_address(const struct asked *of)
{
    const char *address = of->facts->network.interfaces[0].addresses[0];
    (void)text_set(of->scratch, VALUE_SIZE, "%.*s", (int)strcspn(address, "/"), address);
    return of->scratch;
}

/* The one endpoint that the agent's configuration names. */
static const char *endpoint(const struct asked *of)
{
    return names_is_endpoint(of->facts, of->view->service, of->scratch) ? of->scratch : "";
}

/* --- addresses --- */

/* The first address of the service at which connect() ended so. */
static const char *address_that(const struct asked *of)
{
    struct reached at;
    return reach_first(of->facts, reach_check(of->view->service), (enum ending)of->argument, &at)
               ? at.address->address
               : "";
}

/* Whose handshake failed as the row says; the first of all when none did. */
static const char *address(const struct asked *of)
{
    const struct address_facts *at = view_bad_tls(of->view, of->view->service);
    return at ? at->address : of->facts->endpoints[of->view->service].addresses[0].address;
}

/* --- address families --- */

bool value_lone_family(const struct view *view, enum family *family)
{
    return reach_one_family(view->facts, view->explains,
                            view->cause->way == WAY_ROUTE ? ENDING_NO_ROUTE : ENDING_SILENT,
                            family);
}

enum family value_family(const struct view *view)
{
    const struct network_facts *network = &view->facts->network;
    struct reached blocked;
    enum family lone;

    if (view->explains & check_bit(CHECK_IMDS_CONNECT))
        return family_of(view->facts->imds.address);
    if (view->cause->way == WAY_FAMILY &&
        reach_first(view->facts, view->explains, ENDING_FAMILY, &blocked))
        return blocked.family;
    if (value_lone_family(view, &lone))
        return lone;
    return network->usable_ipv6 && !network->usable_ipv4 ? FAMILY_IPV6 : FAMILY_IPV4;
}

static const char *first_block(const char blocks[][ADDRESS_SIZE], int32_t n, enum family family)
{
    for (int32_t i = 0; i < n; i++)
        if (family_of(blocks[i]) == family)
            return blocks[i];
    return "";
}

static const char *vpc_cidr(const struct asked *of)
{
    const struct instance_facts *instance = &of->facts->instance;
    return first_block(instance->vpc_cidrs, instance->n_vpc_cidrs, value_family(of->view));
}

static const char *subnet_cidr(const struct asked *of)
{
    const struct instance_facts *instance = &of->facts->instance;
    return first_block(instance->subnet_cidrs, instance->n_subnet_cidrs, value_family(of->view));
}

/* --- the table --- */

#define FACT(member) fact, offsetof(struct facts, member)
#define PLAN(member) service_plan, offsetof(struct service_plan, member)

/* Of several rows of one name the first that is not empty counts. */
static const struct {
    const char *name, *unknown;
    value_get *get;
    size_t argument;
} values[] = {
    {"account", "<account-id>", FACT(instance.account)},
    {"address", "<address>", address, 0},
    {"config_file", "/etc/amazon/ssm/amazon-ssm-agent.json", FACT(agent.config_file)},
    {"domain", "<dns-suffix>", FACT(plan.domain)},
    {"endpoint", "<vpc-endpoint-id>", endpoint, 0},
    {"endpoint_service", "<endpoint-service-name>", PLAN(endpoint_service)},
    {"group", "<instance-security-group-id>", FACT(instance.security_groups)},
    {"host", "<endpoint-host-name>", PLAN(host)},
    {"iam_domain", "<dns-suffix>", iam_domain, 0},
    {"imds", "169.254.169.254", FACT(imds.address)},
    {"instance", "", FACT(instance.id)},
    {"instance", "<instance-id>", instance_by_firmware, 0},
    {"interface", "<interface>", FACT(network.interfaces[0].name)},
    {"option_region", "<region>", FACT(plan.region)},
    {"own_address", "<address>", own_address, 0},
    {"partition", "", FACT(instance.partition)},
    {"partition", "<partition>", partition, 0},
    {"profile", "<instance-profile-name>", profile, 0},
    {"refused_address", "<address>", address_that, ENDING_REJECTED},
    {"region", "", FACT(instance.region)},
    {"region", "<region>", FACT(plan.region)},
    {"role", "<role-name>", FACT(role.role)},
    {"silent_address", "<address>", address_that, ENDING_SILENT},
    {"subnet", "<subnet-id>", FACT(instance.subnet)},
    {"subnet_cidr", "<instance-subnet-cidr>", subnet_cidr, 0},
    {"subnet_cidr6", "<instance-subnet-ipv6-cidr>", subnet_cidr, 0},
    {"unanswered_address", "<address>", address_that, ENDING_LINK},
    {"unit", "amazon-ssm-agent.service", FACT(agent.unit)},
    {"unrouted_address", "<address>", address_that, ENDING_NO_ROUTE},
    {"vpc", "<vpc-id>", FACT(instance.vpc)},
    {"vpc_cidr", "<vpc-cidr>", vpc_cidr, 0},
    {"vpc_cidr6", "<vpc-ipv6-cidr>", vpc_cidr, 0},
};

static const char *look_up(const struct view *view, const char *name, char scratch[VALUE_SIZE],
                           const char **unknown)
{
    struct asked asked = {view, view->facts, 0, scratch};
    const char *value = "";

    for (size_t i = 0; i < COUNT_OF(values); i++) {
        if (strcmp(values[i].name, name) != 0)
            continue;
        asked.argument = values[i].argument;
        scratch[0] = '\0';
        *unknown = values[i].unknown;
        value = value[0] ? value : values[i].get(&asked);
    }
    return *unknown ? value : phrase_of(&asked, name);
}

const char *value_of(const struct view *view, const char *name, char scratch[VALUE_SIZE])
{
    const char *unknown = NULL;
    return look_up(view, name, scratch, &unknown);
}

const char *value_for_shell(const struct view *view, const char *name, char scratch[VALUE_SIZE])
{
    const char *unknown = NULL;
    const char *value = look_up(view, name, scratch, &unknown);
    bool plain = text_only(value, "-._:/@+=,") && value[0] != '-';

    return plain || !unknown ? value : unknown;
}
