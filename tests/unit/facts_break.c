/* SPDX-License-Identifier: Apache-2.0
 *
 * The breakers. Only what observe would have recorded is changed: a diagnosis has to find out the
 * rest.
 */
#include "facts_builder.h"

#include <string.h>

#include "base/text.h"

#define SET(field, ...) (void)text_set(field, sizeof field, __VA_ARGS__)

static void untried(struct step *step)
{
    memset(step, 0, sizeof *step);
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
    memset(&facts->instance, 0, sizeof facts->instance);
    memset(&facts->role, 0, sizeof facts->role);
    memset(facts->endpoints, 0, sizeof facts->endpoints);
    memset(&facts->clock.samples, 0, sizeof facts->clock.samples);
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
        memcpy(name, action->action, sizeof name);
        memset(action, 0, sizeof *action);
        memcpy(action->action, name, sizeof name);
        SET(action->why_not, "not reached");
    }
}

void break_role(struct facts *facts, enum check rung, enum failure failure)
{
    struct role_facts *role = &facts->role;
    if (rung == CHECK_ROLE_ATTACHED) {
        enum answer identity_role = role->identity_role;
        memset(role, 0, sizeof *role);
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
                  failure == FAILURE_NO_ROUTE || failure == FAILURE_HOST_UNREACHABLE;
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
        answer->ttl_s = 0;
        answer->n_addresses = 0;
        memset(answer->addresses, 0, sizeof answer->addresses);
    }
    memset(endpoint->addresses, 0, sizeof endpoint->addresses);
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
        answer->ttl_s = 60;
        memset(answer->addresses, 0, sizeof answer->addresses);
        answer->n_addresses = 1;
        SET(answer->addresses[0], "%s", address);
    }
    memset(endpoint->addresses, 0, sizeof endpoint->addresses);
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
        memset(&to->head, 0, sizeof to->head);
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
    answer->ttl_s = 60;
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
        memset(&at->session, 0, sizeof at->session);
        step_skip(&at->steps[RUNG_HTTP], FAILURE_BELOW);
        memset(&at->head, 0, sizeof at->head);
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
            memset(&at->session, 0, sizeof at->session);
        at->session.trust_by = TRUST_BY_NONE;
        step_skip(&at->steps[RUNG_HTTP], FAILURE_BELOW);
        memset(&at->head, 0, sizeof at->head);
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
        if (action == NULL ? at->permission == PERMISSION_NOT_PROBED
                           : strcmp(at->action, action) != 0)
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
            text_add(at->message, sizeof at->message, " with an explicit deny in a %s",
                     denied_words[by]);
        else
            text_add(at->message, sizeof at->message, " because no %s allows the %s action",
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
    struct route *route = &facts->network.routes[facts->network.n_routes++];

    SET(route->to, "%s", address);
    route->kind = kind;
    SET(route->entry, "%s", entry);
    route->table = table;
    if (kind == ROUTE_FORWARD)
        SET(route->interface, "ens5");
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

void use_agent(struct facts *facts, const char *version, bool ec2messages_needed)
{
    struct service_plan *plan = &facts->plan.services[SERVICE_EC2MESSAGES];
    SET(facts->agent.version, "%s", version);
    plan->not_needed = !ec2messages_needed;
    plan->need = ec2messages_needed ? NEED_REQUIRED : NEED_OPTIONAL;
}
