/* SPDX-License-Identifier: Apache-2.0
 *
 * What the front matter of a page may name. The build reads the tables at the end of this file and
 * refuses a page that names anything else; the comment behind a condition is what `explain` says.
 */
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/families.h"
#include "diagnose/firewall.h"
#include "diagnose/look.h"
#include "diagnose/override.h"
#include "diagnose/remedy.h"
#include "diagnose/routes.h"

/* --- values: empty where they are not known --- */

static const char *fact(struct remedy_view *view)
{
    return (const char *)view->facts + view->argument;
}

static const char *service_plan(struct remedy_view *view)
{
    return (const char *)&view->facts->plan.services[view->service] + view->argument;
}

/* Of the principal ec2.DOMAIN, which may assume an instance's role: ec2.amazonaws.com, in China
 * ec2.amazonaws.com.cn; in other partitions under the partition's own domain. */
static const char *iam_domain(struct remedy_view *view)
{
    const struct instance_facts *instance = &view->facts->instance;
    const char *partition = instance->partition[0] ? instance->partition
                                                   : view->facts->plan.partition;

    if (strcmp(partition, "aws") == 0 || strcmp(partition, "aws-us-gov") == 0)
        return "amazonaws.com";
    return instance->domain[0] ? instance->domain : view->facts->plan.domain;
}

static const char *instance_by_firmware(struct remedy_view *view)
{
    const char *tag = view->facts->machine.asset_tag;
    return text_starts(tag, "i-") ? tag : "";
}

/* The profile's name is the end of its ARN. */
static const char *profile(struct remedy_view *view)
{
    const char *slash = strrchr(view->facts->role.profile_arn, '/');
    return slash ? slash + 1 : "";
}

/* The one endpoint that the agent's configuration names. */
static const char *endpoint(struct remedy_view *view)
{
    return override_is_endpoint(view->facts, view->service, view->scratch) ? view->scratch : "";
}

static const char *own_address(struct remedy_view *view)
{
    const char *address = view->facts->network.interfaces[0].addresses[0];
    (void)text_set(view->scratch, sizeof(view->scratch), "%.*s", (int)strcspn(address, "/"),
                   address);
    return view->scratch;
}

static const struct address_facts *first_that(const struct remedy_view *view, enum ending ending)
{
    const struct endpoint_facts *of = &view->facts->endpoints[view->service];

    for (int32_t i = 0; i < of->n_addresses; i++)
        if (reach_ending_at(view->facts, &of->addresses[i]) == ending &&
            !reach_is_of_blocked_family(view->facts, view->service, &of->addresses[i]))
            return &of->addresses[i];
    return NULL;
}

/* The first address of the service at which connect() ended so. */
static const char *address_that(struct remedy_view *view)
{
    const struct address_facts *first = first_that(view, (enum ending)view->argument);
    return first ? first->address : "";
}

/* The first address whose handshake failed; the first of all when none did. */
static const char *address(struct remedy_view *view)
{
    const struct endpoint_facts *of = &view->facts->endpoints[view->service];

    for (int32_t i = 0; i < of->n_addresses; i++)
        if (of->addresses[i].steps[RUNG_TLS].outcome == OUTCOME_FAILED)
            return of->addresses[i].address;
    return of->addresses[0].address;
}

/* Of the silent address, where it lies in this subnet. */
static const char *silent_subnet(struct remedy_view *view)
{
    const struct address_facts *first = first_that(view, ENDING_SILENT);
    return first && first->place == PLACE_OWN_SUBNET ? view->facts->instance.subnet : "";
}

/* The family that is blocked; of other findings the one that fails alone, or that is there alone. */
static enum family family(const struct remedy_view *view)
{
    const struct network_facts *network = &view->facts->network;
    enum family alone;

    if (view->finding->explains & check_bit(CHECK_IMDS_CONNECT))
        return families_of(view->facts->imds.address);
    if (strcmp(view->finding->code, "address-family-blocked") == 0)
        return families_blocked(view->facts, view->service, FAMILY_IPV4) ? FAMILY_IPV4
                                                                         : FAMILY_IPV6;
    if (families_alone(view->facts, view->finding->explains, ENDING_SILENT, &alone))
        return alone;
    return network->usable_ipv6 && !network->usable_ipv4 ? FAMILY_IPV6 : FAMILY_IPV4;
}

static const char *first_block(const char blocks[][ADDRESS_SIZE], int32_t n, enum family family)
{
    for (int32_t i = 0; i < n; i++)
        if (families_of(blocks[i]) == family)
            return blocks[i];
    return "";
}

static const char *vpc_cidr(struct remedy_view *view)
{
    const struct instance_facts *of = &view->facts->instance;
    return first_block(of->vpc_cidrs, of->n_vpc_cidrs, family(view));
}

static const char *subnet_cidr(struct remedy_view *view)
{
    const struct instance_facts *of = &view->facts->instance;
    return first_block(of->subnet_cidrs, of->n_subnet_cidrs, family(view));
}

/* --- phrases: words of our own, and values in another form --- */

static const char *service(struct remedy_view *view)
{
    return service_name(view->service);
}

static const char *services(struct remedy_view *view)
{
    remedy_services(view->finding, view->scratch, sizeof(view->scratch));
    return view->scratch;
}

/* As the AWS CLI takes several values. */
static const char *endpoint_services(struct remedy_view *view)
{
    struct remedy_view of = *view;

    for (int i = 0; i < N_SERVICES; i++) {
        of.service = (enum service)i;
        if (!(view->finding->explains & check_service_bits(of.service)))
            continue;
        if (view->scratch[0])
            (void)text_add(view->scratch, sizeof(view->scratch), ",");
        remedy_add_value(&of, "endpoint_service", view->scratch, sizeof(view->scratch));
    }
    return view->scratch;
}

/* As sed's regular expression: a dot is a dot. */
static const char *host_pattern(struct remedy_view *view)
{
    char host[HOST_SIZE] = "";

    remedy_add_value(view, "host", host, sizeof(host));
    for (const char *at = host; *at; at++)
        (void)text_add(view->scratch, sizeof(view->scratch), "%s%c", *at == '.' ? "\\" : "", *at);
    return view->scratch;
}

static const char *family_words(struct remedy_view *view)
{
    return families_name(family(view));
}

static const char *other_family(struct remedy_view *view)
{
    return families_name(families_other(family(view)));
}

/* Empty where no route refuses. */
static const char *undo_route(struct remedy_view *view)
{
    const struct address_facts *first = first_that(view, ENDING_NO_ROUTE);
    bool imds = view->finding->explains & check_bit(CHECK_IMDS_CONNECT);
    const char *to = imds ? view->facts->imds.address : first ? first->address : "";

    (void)routes_undo(view->facts, to, view->scratch, sizeof(view->scratch));
    return view->scratch;
}

/* --- conditions --- */

/* A flag that is set, a text that is not empty. */
static bool is_there(struct remedy_view *view)
{
    return *fact(view);
}

static bool is_snap(struct remedy_view *view)
{
    return view->facts->agent.package == AGENT_PACKAGE_SNAP ||
           text_starts(view->facts->agent.unit, "snap.");
}

static bool is_package(struct remedy_view *view)
{
    return view->facts->agent.package == (enum agent_package)view->argument;
}

static bool is_ipv6(struct remedy_view *view)
{
    return family(view) == FAMILY_IPV6;
}

static bool is_enough(struct remedy_view *view)
{
    enum family whole;
    return view->finding->severity == SEVERITY_WARNING &&
           families_whole(view->facts, view->service, &whole);
}

static bool is_nowhere(struct remedy_view *view)
{
    for (int i = 0; i < N_SERVICES; i++)
        if (look_is_planned(view->facts, (enum service)i) &&
            families_ok(view->facts, (enum service)i, family(view)) > 0)
            return false;
    return true;
}

/* Of the services whose family is blocked. */
static bool is_silent(struct remedy_view *view)
{
    for (int i = 0; i < N_SERVICES; i++) {
        enum service service = (enum service)i;
        if ((view->finding->explains & check_bit(check_of_service(service, RUNG_CONNECT))) &&
            families_blocked(view->facts, service, family(view)) &&
            families_silent(view->facts, service, family(view), view->argument))
            return true;
    }
    return false;
}

static bool is_public_meant(struct remedy_view *view)
{
    return view->facts->plan.private_dns == PRIVATE_DNS_OFF;
}

static bool is_public_path(struct remedy_view *view)
{
    return look_any_public_answers(view->facts, view->finding->explains);
}

static bool is_gateway_service(struct remedy_view *view)
{
    return service_has_gateway(view->service);
}

static bool is_fips(struct remedy_view *view)
{
    return override_is_fips(view->facts, view->service);
}

static bool is_one_endpoint(struct remedy_view *view)
{
    return endpoint(view)[0];
}

static bool is_configured(struct remedy_view *view)
{
    return view->facts->plan.services[view->service].host_source == SOURCE_AGENT_CONFIG;
}

static bool is_other_region(struct remedy_view *view)
{
    const struct facts *facts = view->facts;
    return facts->plan.region_source == SOURCE_OPTION && facts->instance.region[0] &&
           strcmp(facts->plan.region, facts->instance.region) != 0;
}

static bool is_profile_deleted(struct remedy_view *view)
{
    return look_profile_deleted(view->facts);
}

static bool is_refusing_route(struct remedy_view *view)
{
    return undo_route(view)[0];
}

static bool is_lost(struct remedy_view *view)
{
    return firewall_lost(view->facts, view->finding, (enum loss)view->argument);
}

static bool is_at_once(struct remedy_view *view)
{
    return view->facts->imds.connect.took_ms < AT_ONCE_MS;
}

/* --- the tables --- */

#define AT(member) offsetof(struct facts, member)
#define FACT(member) fact, AT(member)
#define PLAN(member) service_plan, offsetof(struct service_plan, member)

/* Of several rows of one name the first that is not empty counts. A value is used when it holds no
 * more than plain identifier characters, `unknown` otherwise; a phrase (NULL) as it is. */
static const struct {
    const char *name, *unknown;
    const char *(*get)(struct remedy_view *view);
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
    {"partition", "<partition>", FACT(plan.partition)},
    {"profile", "<instance-profile-name>", profile, 0},
    {"refused_address", "<address>", address_that, ENDING_REJECTED},
    {"region", "", FACT(instance.region)},
    {"region", "<region>", FACT(plan.region)},
    {"role", "<role-name>", FACT(role.role)},
    {"silent_address", "<address>", address_that, ENDING_SILENT},
    {"silent_subnet", "<endpoint-subnet-id>", silent_subnet, 0},
    {"subnet", "<subnet-id>", FACT(instance.subnet)},
    {"subnet_cidr", "<instance-subnet-cidr>", subnet_cidr, 0},
    {"subnet_cidr6", "<instance-subnet-ipv6-cidr>", subnet_cidr, 0},
    {"unanswered_address", "<address>", address_that, ENDING_LINK},
    {"unit", "amazon-ssm-agent.service", FACT(agent.unit)},
    {"unrouted_address", "<address>", address_that, ENDING_NO_ROUTE},
    {"vpc", "<vpc-id>", FACT(instance.vpc)},
    {"vpc_cidr", "<vpc-cidr>", vpc_cidr, 0},
    {"vpc_cidr6", "<vpc-ipv6-cidr>", vpc_cidr, 0},
    {"endpoint_services", NULL, endpoint_services, 0},
    {"family", NULL, family_words, 0},
    {"host_pattern", NULL, host_pattern, 0},
    {"other_family", NULL, other_family, 0},
    {"service", NULL, service, 0},
    {"services", NULL, services, 0},
    {"undo_route", NULL, undo_route, 0},
};

static const struct {
    const char *name;
    bool (*holds)(struct remedy_view *view);
    size_t argument;
} conditions[] = {
    {"agent-proxy", is_there, AT(agent.https_proxy)}, /* the agent's environment names a proxy */
    {"answers-lost", is_lost, LOSS_LIKELY},           /* packets came in that no program got */
    {"at-once", is_at_once, 0},                       /* it failed at once */
    {"configured-name", is_configured, 0},            /* the agent's configuration gives the name */
    {"deb", is_package, AGENT_PACKAGE_DEB},           /* the agent is a deb package */
    {"fips-name", is_fips, 0},                  /* the agent's configuration gives a FIPS name */
    {"gateway-service", is_gateway_service, 0}, /* the service has gateway endpoints too */
    {"ipv6", is_ipv6, 0},                       /* it is about IPv6 */
    {"nowhere", is_nowhere, 0},                 /* no endpoint answers over this family */
    {"one-endpoint", is_one_endpoint, 0},       /* the agent's configuration names one endpoint */
    {"other-family-enough", is_enough, 0},      /* the agent gets through by the other family */
    {"other-region", is_other_region, 0},       /* an option names another region */
    {"outside-silent", is_silent, false},       /* a silent address is outside of the VPC */
    {"own-subnet-silent", is_silent, true},     /* a silent address is in this subnet */
    {"profile-deleted", is_profile_deleted, 0}, /* the instance profile was deleted */
    {"public-answers", is_public_path, 0},      /* the public addresses answer */
    {"public-meant", is_public_meant, 0},       /* --private-dns is off */
    {"refusing-route", is_refusing_route, 0},   /* a route or a rule refuses */
    {"rpm", is_package, AGENT_PACKAGE_RPM},     /* the agent is an rpm package */
    {"snap", is_snap, 0},                       /* the agent is Ubuntu's snap */
    {"stub", is_there, AT(resolvers.stub)},     /* resolv.conf names the stub 127.0.0.53 */
    {"unsent", is_lost, LOSS_PROVEN},           /* the kernel could not send */
};

void remedy_add_value(const struct remedy_view *view, const char *name, char *to, size_t size)
{
    const char *value = "", *unknown = "";
    struct remedy_view of = *view;

    of.scratch[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        if (strcmp(values[i].name, name) != 0)
            continue;
        of.argument = values[i].argument;
        unknown = values[i].unknown;
        value = value[0] ? value : values[i].get(&of);
    }
    bool plain = text_only(value, "-._:/@+=,") && value[0] != '-';
    (void)text_add(to, size, "%s", plain || !unknown ? value : unknown);
}

bool remedy_holds(const struct remedy_view *view, const char *condition)
{
    struct remedy_view of = *view;

    of.scratch[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(conditions); i++) {
        of.argument = conditions[i].argument;
        if (strcmp(conditions[i].name, condition) == 0)
            return conditions[i].holds(&of);
    }
    return false;
}
