/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of the instance, as a command or a title may name it, and the conditions of a page. The build
 * reads both tables and refuses a page that names anything else than these and the phrases of phrases.c.
 */
#include "diagnose/remedy.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/causes.h"
#include "diagnose/look.h"
#include "diagnose/names.h"
#include "diagnose/policy.h"
#include "diagnose/reach.h"
#include "model/plan.h"

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

/* The service's that HTTP passes at; NULL: none. */
static const struct address_facts *answering(const struct view *view)
{
    const struct endpoint_facts *endpoint = &view->facts->endpoints[view->service];

    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        if (endpoint->addresses[i].steps[RUNG_HTTP].outcome == OUTCOME_OK)
            return &endpoint->addresses[i];
    return NULL;
}

static const char *answering_address(const struct asked *of)
{
    const struct address_facts *at = answering(of->view);
    return at ? at->address : "";
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

/* Of `aws organizations`: resource control policies alone deny. Empty: service control policies too, or nobody says. */
static const char *policy_filter(const struct asked *of)
{
    bool by_resource = false, by_service = false;

    for (enum service i = 0; i < N_SERVICES; i++) {
        by_resource |= policy_denied_by(of->facts, i, 1u << DENIED_BY_RESOURCE_CONTROL_POLICY);
        by_service |= policy_denied_by(of->facts, i, 1u << DENIED_BY_SERVICE_CONTROL_POLICY);
    }
    return by_resource && !by_service ? "RESOURCE_CONTROL_POLICY" : "";
}

/* Where the line stands that confines the agent: "FILE: LINE", or its IPAddressDeny=. */
static const char *unit_file(const struct asked *of)
{
    const struct agent_facts *agent = &of->facts->agent;
    const char *line = agent->confined[0]          ? agent->confined
                       : agent->denied_networks[0] ? agent->denied_file
                                                   : agent->doubted;
    const char *end = strstr(line, ": ");

    (void)text_set(of->scratch, VALUE_SIZE, "%.*s", end ? (int)(end - line) : (int)strlen(line),
                   line);
    return of->scratch;
}

/* --- the table --- */

#define KNOWN(member) fact, offsetof(struct facts, member)
#define PLAN(member) service_plan, offsetof(struct service_plan, member)

/* Of several rows of one name the first that is not empty counts. */
static const struct {
    const char *name, *unknown;
    value_get *get;
    size_t argument;
} values[] = {
    {"account", "<account-id>", KNOWN(instance.account)},
    {"address", "<address>", address, 0},
    {"answering_address", "<address>", answering_address, 0},
    {"config_file", "/etc/amazon/ssm/amazon-ssm-agent.json", KNOWN(agent.config_file)},
    {"domain", "<dns-suffix>", KNOWN(plan.domain)},
    {"endpoint", "<vpc-endpoint-id>", endpoint, 0},
    {"endpoint_service", "<endpoint-service-name>", PLAN(endpoint_service)},
    {"group", "<instance-security-group-id>", KNOWN(instance.security_groups)},
    {"host", "<endpoint-host-name>", PLAN(host)},
    {"iam_domain", "<dns-suffix>", iam_domain, 0},
    {"imds", "169.254.169.254", KNOWN(imds.address)},
    {"instance", "", KNOWN(instance.id)},
    {"instance", "<instance-id>", instance_by_firmware, 0},
    {"interface", "<interface>", KNOWN(network.interfaces[0].name)},
    {"option_region", "<region>", KNOWN(plan.region)},
    {"own_address", "", KNOWN(instance.private_ipv4)},
    {"own_address", "<address>", own_address, 0},
    {"partition", "", KNOWN(instance.partition)},
    {"partition", "<partition>", partition, 0},
    {"policy_filter", "SERVICE_CONTROL_POLICY", policy_filter, 0},
    {"profile", "<instance-profile-name>", profile, 0},
    {"proxy_file", "<file>", KNOWN(agent.proxy_file)},
    {"refused_address", "<address>", address_that, ENDING_REJECTED},
    {"region", "", KNOWN(instance.region)},
    {"region", "<region>", KNOWN(plan.region)},
    {"role", "<role-name>", KNOWN(role.role)},
    {"silent_address", "<address>", address_that, ENDING_SILENT},
    {"state", "/var/lib/amazon/ssm", KNOWN(agent.state_directory)},
    {"subnet", "<subnet-id>", KNOWN(instance.subnet)},
    {"subnet_cidr", "<instance-subnet-cidr>", subnet_cidr, 0},
    {"subnet_cidr6", "<instance-subnet-ipv6-cidr>", subnet_cidr, 0},
    {"unanswered_address", "<address>", address_that, ENDING_LINK},
    {"unit", "amazon-ssm-agent.service", KNOWN(agent.unit)},
    {"unit_file", "<file>", unit_file, 0},
    {"unrouted_address", "<address>", address_that, ENDING_NO_ROUTE},
    {"vpc", "<vpc-id>", KNOWN(instance.vpc)},
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

/* --- conditions: the comment behind each is what `explain` says --- */

static bool is_snap(const struct view *view)
{
    return view->facts->agent.package == AGENT_PACKAGE_SNAP ||
           text_starts(view->facts->agent.unit, "snap.");
}

static bool is_own_bundle(const struct view *view)
{
    bool own = view->facts->agent.ssl_cert_file[0];

    for (enum service i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < view->facts->endpoints[i].n_addresses; j++)
            own |= view->facts->endpoints[i].addresses[j].session.distrusted_by == TRUST_BY_SDK;
    return own;
}

static bool is_ipv6(const struct view *view)
{
    return strcmp(value_of(view, "family", (char[VALUE_SIZE]){0}), "IPv6") == 0;
}

/* At each service that is explained. */
static bool is_enough(const struct view *view)
{
    enum family whole;

    for (enum service i = 0; i < N_SERVICES; i++)
        if ((view->explains & check_service_bits(i)) && !reach_whole_family(view->facts, i, &whole))
            return false;
    return true;
}

static bool is_nowhere(const struct view *view)
{
    struct reached at;
    return !reach_blocked_elsewhere(view->facts, view->explains, &at);
}

/* Silent, as the whole family is. */
static bool is_silent_near(const struct view *view)
{
    return reach_sum(view->facts, view->explains).at[ENDING_FAMILY][PLACE_OWN_SUBNET] > 0;
}

static bool is_silent_far(const struct view *view)
{
    struct reach sum = reach_sum(view->facts, view->explains);
    return sum.at[ENDING_FAMILY][PLACE_PRIVATE_ELSEWHERE] + sum.at[ENDING_FAMILY][PLACE_PUBLIC] > 0;
}

static bool is_outside_vpc(const struct view *view)
{
    return reach_sum(view->facts, view->explains).at[ENDING_SILENT][PLACE_PRIVATE_ELSEWHERE] > 0;
}

static bool is_astray_by_rule(const struct view *view)
{
    for (int32_t i = 0; i < view->facts->network.n_routes; i++)
        if (route_leads_astray(view->facts, view->facts->network.routes[i].to))
            return view->facts->network.routes[i].by_rule;
    return false;
}

static bool is_by_foreign_source(const struct view *view)
{
    return value_of(view, "astray_source", (char[VALUE_SIZE]){0})[0];
}

static bool is_public_answering(const struct view *view)
{
    return !when_no_public_address_answers(view);
}

/* Itself, or asked directly: another server than Amazon's would not help. */
static bool is_amazon_failing(const struct view *view)
{
    struct second_opinion opinion = names_second_opinion(view->facts, view->service);

    return names_lookup(view->facts, view->service).all_amazon ||
           (opinion.answered && opinion.answer->step.outcome == OUTCOME_FAILED);
}

static bool is_one_endpoint(const struct view *view)
{
    char id[NAME_SIZE];
    return names_is_endpoint(view->facts, view->service, id);
}

static bool is_shared(const struct view *view)
{
    const struct address_facts *at = answering(view);
    return at && at->place == PLACE_PRIVATE_ELSEWHERE;
}

static bool is_phased_out(const struct view *view)
{
    return service_rows[view->service].phased_out;
}

static bool is_configured(const struct view *view)
{
    return view->facts->plan.services[view->service].host_source == SOURCE_AGENT_CONFIG;
}

static bool is_other_region(const struct view *view)
{
    const struct facts *facts = view->facts;
    return facts->plan.region_source == SOURCE_OPTION && facts->instance.region[0] &&
           strcmp(facts->plan.region, facts->instance.region) != 0;
}

static bool is_refusing_route(const struct view *view)
{
    return value_of(view, "undo_route", (char[VALUE_SIZE]){0})[0];
}

static bool is_lost(const struct view *view)
{
    return reach_lost(view->facts, view->explains, LOSS_LIKELY);
}

static bool is_unsent(const struct view *view)
{
    return reach_lost(view->facts, view->explains, LOSS_PROVEN);
}

/* As it is: then there is nothing to restart. */
static bool is_coming_up(const struct view *view)
{
    for (enum check i = 0; i < N_CHECKS; i++)
        if ((view->checks[i].required && view->checks[i].status == STATUS_FAIL) ||
            report_lacks(&view->checks[i]))
            return false;
    return true;
}

static bool is_no_ini(const struct view *view)
{
    return view->facts->agent.environment.failure == FAILURE_MALFORMED;
}

/* As by when_unit_is_doubted(): nothing else of its environment is at fault then. */
static bool is_confined(const struct view *view)
{
    const struct agent_facts *agent = &view->facts->agent;

    return agent->confined[0] || (agent->denied_networks[0] && agent->n_variables == 0 &&
                                  agent->environment.outcome != OUTCOME_FAILED);
}

/* By `timeout:` of resolv.conf; where only AAAA is silent, that is a gain. */
static bool is_impatient(const struct view *view)
{
    return when_answers_are_too_late(view) && facts_dns_patience_ms(view->facts) < AGENT_DNS_MS;
}

static bool has_harmful_variables(const struct view *view)
{
    return value_of(view, "harmful_variables", (char[VALUE_SIZE]){0})[0];
}

static bool is_logged(const struct view *view)
{
    return look_logged_cause(&view->facts->agent)[0];
}

/* What else is wrong with the installation, a new one mends, and that labels the programs too. */
static bool is_mislabelled(const struct view *view)
{
    const struct agent_facts *agent = &view->facts->agent;

    return agent->label[0] && !agent->foreign[0] && !agent->missing[0] && !agent->unfit[0] &&
           !agent->unfinished[0];
}

static const struct {
    const char *name;
    struct test test;
} table[] = {
    {"agent-proxy", FACT(agent.https_proxy, NOT_EMPTY)}, /* the agent's environment names a proxy */
    {"amazon-fails", {is_amazon_failing}},               /* Amazon's own resolver fails too */
    {"another-policy", {when_another_policy_denies}},    /* a session's or a resource's denies */
    {"answers-lost", {is_lost}},                         /* packets came in that no program got */
    {"astray-by-rule", {is_astray_by_rule}},             /* a rule of policy routing leads there */
    {"answers-dropped", {when_answers_are_dropped}},     /* DNS answers are dropped here */
    {"comes-up", {is_coming_up}},                        /* the SSM agent comes up as it is */
    {"confined", {is_confined}},                         /* the agent's unit takes what it needs */
    {"configured-name", {is_configured}},             /* the agent's configuration gives the name */
    {"dead-first", {when_dead_servers_come_first}},   /* before one that answers */
    {"deb", FACT(agent.package, AGENT_PACKAGE_DEB)},  /* the agent is a deb package */
    {"dns-off", FACT(resolvers.order, LOOKUP_FILES)}, /* nsswitch.conf names no dns for hosts */
    {"doubted", FACT(agent.doubted, NOT_EMPTY)},      /* the agent's unit may take what it needs */
    {"fips-name", {when_name_is_fips}},         /* the agent's configuration gives a FIPS name */
    {"foreign-source", {is_by_foreign_source}}, /* the packets get an address of another network */
    {"full", FACT(agent.state.failure, FAILURE_FULL)}, /* no block of its disk is free */
    {"gateway-service", {when_has_gateway}},           /* the service has gateway endpoints too */
    {"hops-run-out", {when_hops_run_out}}, /* the ICMP error says that no hop was left */
    {"impatient", {is_impatient}}, /* resolv.conf has the agent wait for less than 5 s, twice */
    {"ipv6", {is_ipv6}},           /* it is about IPv6 */
    {"logged", {is_logged}},       /* the agent's last error has the words of a cause */
    {"metadata", FACT(imds.connect.failure, FAILURE_HOST_UNREACHABLE)}, /* IMDS is not reached */
    {"immutable", FACT(agent.state.failure, FAILURE_IMMUTABLE)},        /* chattr +i */
    {"mislabelled", {is_mislabelled}}, /* SELinux alone keeps systemd from its programs */
    {"no-inodes", FACT(agent.state.failure, FAILURE_NO_INODES)}, /* no inode of its disk is free */
    {"nameserver", {when_names_are_held_back}},                  /* no nameserver is reached */
    {"misplaced", FACT(agent.state.failure, FAILURE_INVALID)},   /* a file for a directory */
    {"nowhere", {is_nowhere}},                      /* no endpoint answers over this family */
    {"offender-known", {when_the_sender_is_known}}, /* who refuses is known */
    {"one-endpoint", {is_one_endpoint}},          /* the agent's configuration names one endpoint */
    {"other-family-enough", {is_enough}},         /* the agent gets through by the other family */
    {"other-region", {is_other_region}},          /* an option names another region */
    {"outside-vpc", {is_outside_vpc}},            /* a silent address is outside of the VPC */
    {"outside-silent", {is_silent_far}},          /* a silent address is outside of the VPC */
    {"own-subnet-silent", {is_silent_near}},      /* a silent address is in this subnet */
    {"phased-out-service", {is_phased_out}},      /* AWS announced the service's end */
    {"taken-elsewhere", {when_others_take_them}}, /* another service takes the credentials */
    {"own-address", {when_this_machine_has_the_address}}, /* it has an endpoint's address */
    {"own-bundle", {is_own_bundle}},                      /* the agent's unit names the CA bundle */
    {"profile-deleted", {when_profile_is_deleted}},       /* the instance profile was deleted */
    {"proxy-login", {when_the_proxy_is_shown_a_login}},   /* its proxy's URL has a login */
    {"public-answers", {is_public_answering}},            /* the public addresses answer */
    {"public-meant", FACT(plan.private_dns, PRIVATE_DNS_OFF)}, /* --private-dns is off */
    {"refusing-route", {is_refusing_route}},                   /* a route or a rule refuses */
    {"rpm", FACT(agent.package, AGENT_PACKAGE_RPM)},           /* the agent is an rpm package */
    {"searched", {when_search_list_leads}},    /* resolv.conf's search list leads to another name */
    {"sdk-file", {is_no_ini}},                 /* what the SDK reads is no INI file */
    {"server-here", {when_server_is_here}},    /* a program of this machine is the nameserver */
    {"shared", {is_shared}},                   /* the endpoint is in another VPC */
    {"snap", {is_snap}},                       /* the agent is Ubuntu's snap */
    {"stub", FACT(resolvers.stub, NOT_EMPTY)}, /* resolv.conf names the stub 127.0.0.53 */
    {"unsent", {is_unsent}},                   /* the kernel could not send */
    {"user-alone", {when_the_websocket_shows_no_login}}, /* a proxy's login without a password */
    {"unrouted", {when_server_is_unrouted}},             /* no route leads to the nameserver */
    {"use-vc", FACT(resolvers.by_tcp, NOT_EMPTY)},       /* resolv.conf has names asked by TCP */
    {"variables", {has_harmful_variables}},              /* a variable of the agent's does harm */
};

static bool holds(const struct view *view, const char *name, size_t n)
{
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (strlen(table[i].name) == n && strncmp(table[i].name, name, n) == 0)
            return test_holds(&table[i].test, view);
    return false;
}

bool conditions_hold(const struct view *view, const char *conditions)
{
    while (*conditions) {
        bool wanted = *conditions != '!';
        conditions += !wanted;
        size_t n = strcspn(conditions, " ");
        if (holds(view, conditions, n) != wanted)
            return false;
        conditions += n + (conditions[n] == ' ');
    }
    return true;
}
