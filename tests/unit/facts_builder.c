/* SPDX-License-Identifier: Apache-2.0
 *
 * The healthy instance, at which everything was tried and works, and what breaks one thing of it.
 */
#include "facts_builder.h"

#include <string.h>

#include "base/text.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)

static const int64_t started_unix_s = 1795435200; /* 2026-11-23T12:00:00Z */

struct probe {
    enum service service;
    const char *action;
    bool probed; /* by default: without side effects */
};

static const struct probe probes[] = {
    {SERVICE_SSM, "ssm:DescribeAssociation", true},
    {SERVICE_SSM, "ssm:DescribeDocument", true},
    {SERVICE_SSM, "ssm:GetDocument", true},
    {SERVICE_SSM, "ssm:GetParameter", true},
    {SERVICE_SSM, "ssm:GetParameters", true},
    {SERVICE_SSM, "ssm:ListAssociations", true},
    {SERVICE_SSM, "ssm:ListInstanceAssociations", true},
    {SERVICE_SSM, "ssm:GetDeployablePatchSnapshotForInstance", false},
    {SERVICE_SSM, "ssm:GetManifest", false},
    {SERVICE_SSM, "ssm:PutComplianceItems", false},
    {SERVICE_SSM, "ssm:PutConfigurePackageResult", false},
    {SERVICE_SSM, "ssm:PutInventory", false},
    {SERVICE_SSM, "ssm:UpdateAssociationStatus", false},
    {SERVICE_SSM, "ssm:UpdateInstanceAssociationStatus", false},
    {SERVICE_SSM, "ssm:UpdateInstanceInformation", false},
    {SERVICE_SSMMESSAGES, "ssmmessages:CreateControlChannel", true},
    {SERVICE_SSMMESSAGES, "ssmmessages:CreateDataChannel", false},
    {SERVICE_SSMMESSAGES, "ssmmessages:OpenControlChannel", false},
    {SERVICE_SSMMESSAGES, "ssmmessages:OpenDataChannel", false},
    {SERVICE_EC2MESSAGES, "ec2messages:GetEndpoint", true},
    {SERVICE_EC2MESSAGES, "ec2messages:AcknowledgeMessage", false},
    {SERVICE_EC2MESSAGES, "ec2messages:DeleteMessage", false},
    {SERVICE_EC2MESSAGES, "ec2messages:FailMessage", false},
    {SERVICE_EC2MESSAGES, "ec2messages:GetMessages", false},
    {SERVICE_EC2MESSAGES, "ec2messages:SendReply", false},
};

/* The host part of every address of a service, in each of the two subnets. */
static const int host_part[N_SERVICES] = {21, 22, 23, 31, 32, 33};

static const char *const service_words[N_SERVICES] = {
    "ssm", "ssmmessages", "ec2messages", "s3", "kms", "logs",
};

static void healthy_machine(struct facts *facts)
{
    facts->machine.is_ec2 = ANSWER_YES;
    SET(facts->machine.vendor, "Amazon EC2");
    SET(facts->machine.asset_tag, "i-0123456789abcdef0");
    SET(facts->machine.evidence, "sys_vendor is \"Amazon EC2\"");

    facts->network.n_interfaces = 1;
    SET(facts->network.interfaces[0].name, "ens5");
    facts->network.interfaces[0].up = true;
    facts->network.interfaces[0].own = ANSWER_YES;
    facts->network.interfaces[0].n_addresses = 1;
    SET(facts->network.interfaces[0].addresses[0], "10.0.1.10/24");
    facts->network.usable_ipv4 = true;
    facts->network.default_route_ipv4 = true;

    step_ok(&facts->resolvers.read, 1);
    SET(facts->resolvers.file, "/etc/resolv.conf");
    facts->resolvers.n_configured = 1;
    SET(facts->resolvers.configured[0], "10.0.0.2");
}

static void healthy_instance(struct instance_facts *instance)
{
    SET(instance->id, "i-0123456789abcdef0");
    SET(instance->region, "us-east-1");
    SET(instance->availability_zone, "us-east-1a");
    SET(instance->partition, "aws");
    SET(instance->account, "123456789012");
    SET(instance->image, "ami-0123456789abcdef0");
    SET(instance->type, "m7g.large");
    SET(instance->vpc, "vpc-0aaaaaaaaaaaaaaa0");
    SET(instance->subnet, "subnet-0bbbbbbbbbbbbbbb1");
    instance->n_vpc_cidrs = 1;
    SET(instance->vpc_cidrs[0], "10.0.0.0/16");
    instance->n_subnet_cidrs = 1;
    SET(instance->subnet_cidrs[0], "10.0.1.0/24");
    instance->n_security_groups = 1;
    SET(instance->security_groups[0], "sg-0ccccccccccccccc0");
    SET(instance->private_ipv4, "10.0.1.10");
    instance->network_known = true;
}

static void healthy_imds_and_role(struct facts *facts)
{
    SET(facts->imds.address, "169.254.169.254");
    step_ok(&facts->imds.connect, 1);
    step_ok(&facts->imds.token, 1);
    step_ok(&facts->imds.identity, 1);
    facts->imds.token_status = 200;
    facts->imds.identity_status = 200;
    SET(facts->imds.server, "EC2ws");
    facts->imds.n_requests = 18;
    facts->imds.fastest_ms = 1;
    healthy_instance(&facts->instance);

    step_ok(&facts->role.attached, 2);
    step_ok(&facts->role.credentials, 1);
    facts->role.info_status = 200;
    SET(facts->role.info_code, "Success");
    SET(facts->role.profile_arn, "arn:aws:iam::123456789012:instance-profile/app-profile");
    facts->role.list_status = 200;
    SET(facts->role.role, "app-role");
    facts->role.credentials_status = 200;
    SET(facts->role.code, "Success");
    facts->role.expires_unix_s = started_unix_s + 21000;
    facts->role.from = CREDENTIALS_INSTANCE_PROFILE;
    facts->role.identity_role = ANSWER_YES;
}

static void healthy_agent_and_clock(struct facts *facts)
{
    facts->clock.wall_unix_ms = started_unix_s * 1000 + 123;
    facts->clock.n_samples = 2;
    SET(facts->clock.samples[0].source, "imds");
    SET(facts->clock.samples[0].address, "169.254.169.254");
    facts->clock.samples[0].offset_ms = 40;
    facts->clock.samples[0].error_ms = 1001;
    SET(facts->clock.samples[1].source, "ssm");
    SET(facts->clock.samples[1].address, "10.0.1.21");
    facts->clock.samples[1].offset_ms = 55;
    facts->clock.samples[1].error_ms = 1002;

    facts->agent.installed = ANSWER_YES;
    facts->agent.package = AGENT_PACKAGE_DEB;
    SET(facts->agent.version, "3.3.1142.0");
    SET(facts->agent.version_file, "/var/lib/dpkg/status");
    SET(facts->agent.unit, "amazon-ssm-agent.service");
    facts->agent.unit_state = UNIT_ENABLED;
    step_ok(&facts->agent.config, 1);
    step_ok(&facts->agent.environment, 1);
    step_ok(&facts->agent.state, 1);
    SET(facts->agent.state_directory, "/var/lib/amazon/ssm");
    facts->agent.inotify = ANSWER_YES;
    SET(facts->agent.ca_bundle, "/etc/ssl/certs/ca-certificates.crt");
}

void healthy_address(struct facts *facts, enum service service, struct address_facts *to)
{
    const char *host = facts->plan.services[service].host;
    step_ok(&to->steps[RUNG_CONNECT], 1);
    to->port = (uint16_t)(service & 1 ? 50121 : 41234);
    step_ok(&to->steps[RUNG_TLS], 4);
    SET(to->session.version, "TLSv1.3");
    to->session.trust_by = TRUST_BY_AMAZON;
    to->session.name_matches = true;
    SET(to->session.subject, "CN=%s", host);
    SET(to->session.issuer, "C=US, O=Amazon, CN=Amazon RSA 2048 M02");
    SET(to->session.names, "%s", host);
    to->session.not_before_unix_s = started_unix_s - 90 * 86400;
    to->session.not_after_unix_s = started_unix_s + 300 * 86400;
    step_ok(&to->steps[RUNG_HTTP], 3);
    to->head.status = 404;
    SET(to->head.content_type, "application/x-amz-json-1.1");
    SET(to->head.request_id, "6f1b2c3d-0000-4000-8000-0123456789ab");
    to->head.has_date = true;
    to->head.clock_offset_ms = 55;
}

struct dns_answer *add_answer(struct endpoint_facts *endpoint, const char *server,
                              enum asked_as asked_as, enum family family)
{
    struct dns_answer *answer = NEXT(endpoint->answers, endpoint->n_answers);
    memset(answer, 0, sizeof(*answer));
    SET(answer->server, "%s", server);
    answer->asked_as = asked_as;
    answer->family = family;
    step_fail(&answer->step, FAILURE_NODATA, 1);
    return answer;
}

static void healthy_endpoint(struct facts *facts, enum service service)
{
    struct endpoint_facts *endpoint = &facts->endpoints[service];
    struct service_plan *plan = &facts->plan.services[service];
    memset(endpoint, 0, sizeof(*endpoint));
    SET(plan->host, "%s.us-east-1.amazonaws.com", service_words[service]);
    plan->host_source = SOURCE_PARTITION;
    plan->port = 443;
    SET(plan->endpoint_service, "com.amazonaws.us-east-1.%s", service_words[service]);

    struct dns_answer *a = add_answer(endpoint, "10.0.0.2", ASKED_CONFIGURED, FAMILY_IPV4);
    add_answer(endpoint, "10.0.0.2", ASKED_CONFIGURED, FAMILY_IPV6);
    step_ok(&a->step, 1);
    a->n_addresses = 2;
    endpoint->n_addresses = 2;
    for (int i = 0; i < 2; i++) {
        struct address_facts *address = &endpoint->addresses[i];
        SET(address->address, "10.0.%d.%d", i + 1, host_part[service]);
        SET(a->addresses[i], "%s", address->address);
        address->place = i == 0 ? PLACE_OWN_SUBNET : PLACE_IN_VPC;
        healthy_address(facts, service, address);
    }
    for (size_t i = 0; i < COUNT_OF(probes); i++) {
        if (probes[i].service != service)
            continue;
        struct action_facts *action = NEXT(endpoint->actions, endpoint->n_actions);
        SET(action->action, "%s", probes[i].action);
        if (!probes[i].probed) {
            SET(action->why_not, "a request would have side effects");
            continue;
        }
        action->permission = PERMISSION_ALLOWED;
        SET(action->address, "%s", endpoint->addresses[0].address);
        action->status = 200;
        action->took_ms = 6;
    }
}

void facts_healthy(struct facts *facts)
{
    memset(facts, 0, sizeof(*facts));
    facts->started_unix_ms = started_unix_s * 1000 + 123;
    facts->duration_ms = 41;
    facts->rounds = 1;
    SET(facts->plan.region, "us-east-1");
    facts->plan.region_source = SOURCE_IMDS;
    SET(facts->plan.signing_region, "us-east-1");
    SET(facts->plan.domain, "amazonaws.com");
    healthy_machine(facts);
    healthy_imds_and_role(facts);
    healthy_agent_and_clock(facts);
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        add_service(facts, (enum service)i, service_rows[i].need);
}

void add_service(struct facts *facts, enum service service, enum need need)
{
    healthy_endpoint(facts, service);
    facts->plan.services[service].need = need;
}

/* --- the breakers: only what observe would have recorded is changed, a diagnosis has to find out the
 * rest --- */

static void untried(struct step *step)
{
    memset(step, 0, sizeof(*step));
}

void break_imds(struct facts *facts, enum check rung, enum failure failure, int32_t took_ms)
{
    struct step *const steps[] = {&facts->imds.connect, &facts->imds.token, &facts->imds.identity};
    int broken = rung == CHECK_IMDS_CONNECT ? 0 : rung == CHECK_IMDS_TOKEN ? 1 : 2;
    step_fail(steps[broken], failure, took_ms);
    for (int i = broken + 1; i < 3; i++)
        untried(steps[i]);
    facts->imds.identity_status = 0;
    if (broken < 2) {
        facts->imds.token_status = 0;
        facts->imds.server[0] = '\0';
    }
    memset(&facts->instance, 0, sizeof(facts->instance));
    memset(&facts->role, 0, sizeof(facts->role));
    memset(facts->endpoints, 0, sizeof(facts->endpoints));
    memset(&facts->clock.samples, 0, sizeof(facts->clock.samples));
    facts->clock.n_samples = 0;
    facts->plan.region[0] = '\0';
    facts->plan.signing_region[0] = '\0';
    facts->plan.region_source = SOURCE_NONE;
    for (int i = 0; i < N_SERVICES; i++) {
        facts->plan.services[i].host[0] = '\0';
        facts->plan.services[i].endpoint_service[0] = '\0';
        facts->plan.services[i].host_source = SOURCE_NONE;
    }
}

static void untry_actions(struct endpoint_facts *endpoint)
{
    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        struct action_facts *action = &endpoint->actions[i];
        if (action->permission == PERMISSION_NOT_PROBED)
            continue;
        char name[NAME_SIZE];
        memcpy(name, action->action, sizeof(name));
        memset(action, 0, sizeof(*action));
        memcpy(action->action, name, sizeof(name));
        SET(action->why_not, "not reached");
    }
}

void break_role(struct facts *facts, enum check rung, enum failure failure)
{
    struct role_facts *role = &facts->role;
    if (rung == CHECK_ROLE_ATTACHED) {
        enum answer identity_role = role->identity_role;
        memset(role, 0, sizeof(*role));
        role->identity_role = identity_role;
        step_fail(&role->attached, failure, 2);
        role->info_status = failure == FAILURE_NO_ROLE ? 404 : 200;
        role->list_status = 404;
        step_skip(&role->credentials, FAILURE_BELOW);
    } else {
        step_fail(&role->credentials, failure, 2);
        role->from = CREDENTIALS_NONE;
        role->expires_unix_s = 0;
    }
    for (int i = 0; i < N_SERVICES; i++)
        untry_actions(&facts->endpoints[i]);
}

void break_resolve(struct facts *facts, enum service service, enum failure failure)
{
    struct endpoint_facts *endpoint = &facts->endpoints[service];
    bool silent = failure == FAILURE_TIMEOUT || failure == FAILURE_REFUSED ||
                  failure == FAILURE_NO_ROUTE || failure == FAILURE_HOST_UNREACHABLE ||
                  failure == FAILURE_NOT_PERMITTED || failure == FAILURE_INTERNAL;
    int32_t rcode = failure == FAILURE_NXDOMAIN      ? 3
                    : failure == FAILURE_SERVFAIL    ? 2
                    : failure == FAILURE_DNS_REFUSED ? 5
                    : silent                         ? -1
                                                     : 0;
    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        struct dns_answer *answer = &endpoint->answers[i];
        if (answer->asked_as == ASKED_AMAZON)
            continue;
        step_fail(&answer->step, failure, failure == FAILURE_TIMEOUT ? 2000 : 1);
        answer->rcode = rcode;
        answer->n_addresses = 0;
        memset(answer->addresses, 0, sizeof(answer->addresses));
    }
    memset(endpoint->addresses, 0, sizeof(endpoint->addresses));
    endpoint->n_addresses = 0;
    untry_actions(endpoint);
}

void resolve_to(struct facts *facts, enum service service, const char *address, enum place place,
                enum failure connect)
{
    struct endpoint_facts *endpoint = &facts->endpoints[service];
    bool stops = place == PLACE_PUBLIC &&
                 plan_private_dns(&facts->plan, service) == PRIVATE_DNS_REQUIRE;
    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        struct dns_answer *answer = &endpoint->answers[i];
        if (answer->asked_as == ASKED_AMAZON || answer->family != FAMILY_IPV4)
            continue;
        step_ok(&answer->step, 1);
        answer->rcode = 0;
        memset(answer->addresses, 0, sizeof(answer->addresses));
        answer->n_addresses = 1;
        SET(answer->addresses[0], "%s", address);
    }
    memset(endpoint->addresses, 0, sizeof(endpoint->addresses));
    endpoint->n_addresses = 1;
    struct address_facts *to = &endpoint->addresses[0];
    SET(to->address, "%s", address);
    to->place = place;
    to->second_opinion = stops;
    if (connect == FAILURE_NONE)
        healthy_address(facts, service, to);
    else
        step_fail(&to->steps[RUNG_CONNECT], connect, connect == FAILURE_TIMEOUT ? 2000 : 1);
    if (stops) {
        untried(&to->steps[RUNG_HTTP]);
        memset(&to->head, 0, sizeof(to->head));
    }
    if (stops || connect != FAILURE_NONE)
        untry_actions(endpoint);
}

void amazon_says(struct facts *facts, enum service service, const char *address,
                 enum failure failure)
{
    struct endpoint_facts *endpoint = &facts->endpoints[service];
    struct dns_answer *answer = add_answer(endpoint, "169.254.169.253", ASKED_AMAZON, FAMILY_IPV4);
    if (failure != FAILURE_NONE) {
        step_fail(&answer->step, failure, failure == FAILURE_TIMEOUT ? 2000 : 1);
        answer->rcode = failure == FAILURE_NXDOMAIN ? 3 : failure == FAILURE_SERVFAIL ? 2 : -1;
        return;
    }
    step_ok(&answer->step, 1);
    answer->n_addresses = 1;
    SET(answer->addresses[0], "%s", address);
}

void use_resolver(struct facts *facts, const char *server)
{
    facts->resolvers.n_configured = 1;
    SET(facts->resolvers.configured[0], "%s", server);
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_answers; j++)
            if (facts->endpoints[i].answers[j].asked_as == ASKED_CONFIGURED)
                SET(facts->endpoints[i].answers[j].server, "%s", server);
}

/* No address left that answers HTTP: no signed request was sent. */
static void settle_actions(struct endpoint_facts *endpoint)
{
    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        if (endpoint->addresses[i].steps[RUNG_HTTP].outcome == OUTCOME_OK)
            return;
    untry_actions(endpoint);
}

void break_connect(struct facts *facts, enum service service, int32_t address, enum failure failure,
                   int32_t took_ms)
{
    struct endpoint_facts *endpoint = &facts->endpoints[service];
    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        struct address_facts *at = &endpoint->addresses[i];
        if (address != ALL_ADDRESSES && address != i)
            continue;
        step_fail(&at->steps[RUNG_CONNECT], failure, took_ms);
        step_skip(&at->steps[RUNG_TLS], FAILURE_BELOW);
        memset(&at->session, 0, sizeof(at->session));
        step_skip(&at->steps[RUNG_HTTP], FAILURE_BELOW);
        memset(&at->head, 0, sizeof(at->head));
    }
    settle_actions(endpoint);
}

void break_tls(struct facts *facts, enum service service, int32_t address, enum failure failure)
{
    struct endpoint_facts *endpoint = &facts->endpoints[service];
    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        struct address_facts *at = &endpoint->addresses[i];
        if (address != ALL_ADDRESSES && address != i)
            continue;
        bool silent = failure == FAILURE_TIMEOUT || failure == FAILURE_RESET ||
                      failure == FAILURE_CLOSED || failure == FAILURE_NOT_TLS ||
                      failure == FAILURE_TLS_VERSION || failure == FAILURE_TLS_ALERT;
        step_fail(&at->steps[RUNG_TLS], failure, failure == FAILURE_TIMEOUT ? 3000 : 5);
        if (silent)
            memset(&at->session, 0, sizeof(at->session));
        at->session.trust_by = TRUST_BY_NONE;
        step_skip(&at->steps[RUNG_HTTP], FAILURE_BELOW);
        memset(&at->head, 0, sizeof(at->head));
    }
    settle_actions(endpoint);
}

void break_http(struct facts *facts, enum service service, int32_t address, enum failure failure,
                int32_t status)
{
    struct endpoint_facts *endpoint = &facts->endpoints[service];
    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        struct address_facts *at = &endpoint->addresses[i];
        if (address != ALL_ADDRESSES && address != i)
            continue;
        step_fail(&at->steps[RUNG_HTTP], failure, 5);
        at->head.status = status;
        at->head.request_id[0] = '\0';
    }
    settle_actions(endpoint);
}

static const char *const denied_words[] = {
    [DENIED_BY_UNSAID] = "",
    [DENIED_BY_NO_IDENTITY_POLICY] = "identity-based policy",
    [DENIED_BY_IDENTITY_POLICY] = "identity-based policy",
    [DENIED_BY_ENDPOINT_POLICY] = "VPC endpoint policy",
    [DENIED_BY_BOUNDARY] = "permissions boundary",
    [DENIED_BY_SESSION_POLICY] = "session policy",
    [DENIED_BY_SERVICE_CONTROL_POLICY] = "service control policy",
    [DENIED_BY_RESOURCE_CONTROL_POLICY] = "resource control policy",
    [DENIED_BY_RESOURCE_POLICY] = "resource-based policy",
    [DENIED_BY_TRUST_POLICY] = "role trust policy",
};

void deny(struct facts *facts, enum service service, const char *action, enum denied_by by,
          bool explicit_deny)
{
    struct endpoint_facts *endpoint = &facts->endpoints[service];
    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        struct action_facts *at = &endpoint->actions[i];
        if (!action ? at->permission == PERMISSION_NOT_PROBED : strcmp(at->action, action) != 0)
            continue;
        at->permission = PERMISSION_DENIED;
        at->failure = FAILURE_DENIED;
        at->denied_by = by;
        at->explicit_deny = explicit_deny;
        at->status = 400;
        SET(at->address, "%s", endpoint->addresses[0].address);
        at->why_not[0] = '\0';
        SET(at->code, "AccessDeniedException");
        SET(at->message,
            "User: arn:aws:sts::123456789012:assumed-role/app-role/i-0123456789abcdef0 is not "
            "authorized to perform: %s on resource: arn:aws:ssm:us-east-1:123456789012:*",
            at->action);
        if (by == DENIED_BY_UNSAID)
            continue;
        if (explicit_deny)
            (void)text_add(at->message, sizeof(at->message), " with an explicit deny in a %s",
                           denied_words[by]);
        else
            (void)text_add(at->message, sizeof(at->message), " because no %s allows the %s action",
                           denied_words[by], at->action);
    }
}

void break_actions(struct facts *facts, enum service service, enum failure failure, int32_t status,
                   const char *code, const char *message)
{
    struct endpoint_facts *endpoint = &facts->endpoints[service];
    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        struct action_facts *at = &endpoint->actions[i];
        if (at->permission == PERMISSION_NOT_PROBED)
            continue;
        at->permission = PERMISSION_UNCLEAR;
        at->failure = failure;
        at->status = status;
        SET(at->code, "%s", code);
        SET(at->message, "%s", message);
    }
}

void kernel_says(struct facts *facts, const char *address, enum route_kind kind, const char *entry,
                 uint32_t table)
{
    struct route *route = NEXT(facts->network.routes, facts->network.n_routes);

    SET(route->to, "%s", address);
    route->kind = kind;
    SET(route->entry, "%s", entry);
    route->table = table;
    if (kind == ROUTE_FORWARD)
        SET(route->interface, "ens5");
}

void add_interface(struct facts *facts, const char *name, enum answer own, const char *address)
{
    struct interface_facts *added = NEXT(facts->network.interfaces, facts->network.n_interfaces);

    SET(added->name, "%s", name);
    added->up = true;
    added->own = own;
    if (!address[0])
        return;
    SET(*NEXT(added->addresses, added->n_addresses), "%s", address);
}

void route_by(struct facts *facts, const char *address, const char *interface, const char *source)
{
    kernel_says(facts, address, ROUTE_FORWARD, "", 254);
    struct route *route = &facts->network.routes[facts->network.n_routes - 1];
    SET(route->interface, "%s", interface);
    SET(route->source, "%s", source);
}

void move_clock(struct facts *facts, int64_t behind_ms)
{
    for (int32_t i = 0; i < facts->clock.n_samples; i++)
        facts->clock.samples[i].offset_ms += behind_ms;
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_addresses; j++)
            if (facts->endpoints[i].addresses[j].head.has_date)
                facts->endpoints[i].addresses[j].head.clock_offset_ms += behind_ms;
}
