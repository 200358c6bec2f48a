/* SPDX-License-Identifier: Apache-2.0
 *
 * The farther fault is applied first and the nearer one over it; then the ladder is settled, so
 * that nothing is left that could not have been observed.
 */
#include "pairs.h"

#include <string.h>

#include "base/text.h"
#include "diagnose/causes.h"
#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "rows.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)

/* --- one alone --- */

/* A fault is struck behind a public address, or it is not: with private addresses required it never is. */
static void make_strict(struct facts *facts)
{
    facts_healthy(facts);
    facts->plan.private_dns = PRIVATE_DNS_REQUIRE;
}

static int level_of(enum check check)
{
    enum service service;
    enum rung rung;

    if (check_is_service(check, &service, &rung))
        return CHECK_SERVICES + (int)rung;
    return check < CHECK_SERVICES ? (int)check : CHECK_SERVICES + N_RUNGS + (int)check;
}

/* --- the ladder --- */

static void untry(struct action_facts *action)
{
    char name[NAME_SIZE];

    if (action->permission == PERMISSION_NOT_PROBED)
        return;
    memcpy(name, action->action, sizeof(name));
    memset(action, 0, sizeof(*action));
    memcpy(action->action, name, sizeof(name));
    SET(action->why_not, "not reached");
}

static bool was_tried(const struct step *step)
{
    return step->outcome == OUTCOME_OK || step->outcome == OUTCOME_FAILED;
}

/* A handshake that was cut off showed no certificate. */
static bool is_cut(const struct address_facts *at)
{
    static const enum failure cuts[] = {FAILURE_TIMEOUT, FAILURE_RESET,     FAILURE_CLOSED,
                                        FAILURE_NOT_TLS, FAILURE_TLS_ALERT, FAILURE_TLS_VERSION};
    for (size_t i = 0; i < COUNT_OF(cuts); i++)
        if (at->steps[RUNG_TLS].outcome == OUTCOME_FAILED && at->steps[RUNG_TLS].failure == cuts[i])
            return true;
    return false;
}

/* Whoever refused did so to the connect() that stands there now. */
static void settle_second_looks(struct address_facts *at)
{
    const struct step *connect = &at->steps[RUNG_CONNECT];
    bool refused = connect->outcome == OUTCOME_FAILED && connect->took_ms < 1000 &&
                   (connect->failure == FAILURE_REFUSED ||
                    (connect->failure == FAILURE_HOST_UNREACHABLE && at->offender[0]));

    if (!refused) {
        at->refused_here = ANSWER_UNKNOWN;
        memset(at->offender, 0, sizeof(at->offender));
    }
    if (connect->outcome == OUTCOME_FAILED && connect->failure != FAILURE_TIMEOUT)
        at->silent_port = 0;
}

static void settle_address(struct address_facts *at)
{
    settle_second_looks(at);
    if (at->steps[RUNG_CONNECT].outcome != OUTCOME_OK) {
        if (was_tried(&at->steps[RUNG_TLS]))
            step_skip(&at->steps[RUNG_TLS], FAILURE_BELOW);
        memset(&at->session, 0, sizeof(at->session));
        at->small_segments = ANSWER_UNKNOWN;
    }
    if (is_cut(at))
        memset(&at->session, 0, sizeof(at->session));
    if (at->steps[RUNG_TLS].outcome == OUTCOME_OK && !at->second_opinion)
        return;
    if (at->second_opinion)
        memset(&at->steps[RUNG_HTTP], 0, sizeof(at->steps[RUNG_HTTP]));
    else if (was_tried(&at->steps[RUNG_HTTP]))
        step_skip(&at->steps[RUNG_HTTP], FAILURE_BELOW);
    memset(&at->head, 0, sizeof(at->head));
    at->body_start[0] = '\0';
}

/* Amazon's resolver was asked once: its last answer is the nearer fault's. */
static void settle_second_opinions(struct endpoint_facts *endpoint)
{
    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        bool again = false;
        for (int32_t j = i + 1; j < endpoint->n_answers; j++)
            again |= endpoint->answers[i].asked_as == ASKED_AMAZON &&
                     endpoint->answers[j].asked_as == ASKED_AMAZON;
        if (!again)
            continue;
        for (int32_t j = i + 1; j < endpoint->n_answers; j++)
            endpoint->answers[j - 1] = endpoint->answers[j];
        endpoint->n_answers--;
        memset(&endpoint->answers[endpoint->n_answers], 0, sizeof(endpoint->answers[0]));
        i--;
    }
}

/* Nothing of a longer text stands behind a shorter one's end. */
static void settle_text(char *text, size_t size)
{
    size_t n = strlen(text);
    memset(text + n, 0, size - n);
}

static void settle_action(struct action_facts *action)
{
    if (action->permission != PERMISSION_DENIED) {
        action->denied_by = DENIED_BY_UNSAID;
        action->explicit_deny = false;
    }
    settle_text(action->code, sizeof(action->code));
    settle_text(action->message, sizeof(action->message));
    settle_text(action->why_not, sizeof(action->why_not));
}

static void settle_service(struct facts *facts, enum service service)
{
    struct service_plan *plan = &facts->plan.services[service];
    struct endpoint_facts *endpoint = &facts->endpoints[service];
    bool reached = false;

    if (!facts->plan.region[0] && plan->not_in_region) {
        plan->not_in_region = false; /* nobody knows which region this is */
        plan->need = service_rows[service].need;
    }
    if (!plan->host[0] || plan->not_in_region) {
        memset(endpoint, 0, sizeof(*endpoint));
        return;
    }
    settle_second_opinions(endpoint);
    if (endpoint->n_answers == 0)
        memset(endpoint->answers, 0, sizeof(endpoint->answers));
    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        settle_address(&endpoint->addresses[i]);
        reached |= endpoint->addresses[i].steps[RUNG_HTTP].outcome == OUTCOME_OK;
    }
    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        struct action_facts *action = &endpoint->actions[i];
        if (!reached || facts->role.credentials.outcome != OUTCOME_OK)
            untry(action);
        settle_action(action);
    }
}

static bool is_silent(const struct step *connect)
{
    return connect->outcome == OUTCOME_FAILED &&
           (connect->failure == FAILURE_TIMEOUT || connect->failure == FAILURE_NOT_SENT);
}

/* What is lost on this machine is only asked where something was silent. */
static void settle_firewall(struct facts *facts)
{
    struct network_facts *network = &facts->network;
    bool silent = is_silent(&facts->imds.connect);

    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_addresses; j++)
            silent |= is_silent(&facts->endpoints[i].addresses[j].steps[RUNG_CONNECT]);
    if (silent)
        return;
    network->delivery_read = false;
    network->undelivered = 0;
}

/* Each address has one route, the nearer fault's. */
static void settle_routes(struct network_facts *network)
{
    for (int32_t i = 0; i < network->n_routes; i++) {
        bool again = false;
        for (int32_t j = i + 1; j < network->n_routes; j++)
            again |= strcmp(network->routes[i].to, network->routes[j].to) == 0;
        if (!again)
            continue;
        for (int32_t j = i + 1; j < network->n_routes; j++)
            network->routes[j - 1] = network->routes[j];
        memset(&network->routes[--network->n_routes], 0, sizeof(network->routes[0]));
        i--;
    }
}

static void settle(struct facts *facts)
{
    settle_routes(&facts->network);
    for (int i = 0; i < N_SERVICES; i++)
        settle_service(facts, (enum service)i);
    if (facts->resolvers.n_configured == 0)
        memset(facts->resolvers.configured, 0, sizeof(facts->resolvers.configured));
    for (int i = 0; i < MAX_RESOLVERS; i++)
        settle_text(facts->resolvers.configured[i], ADDRESS_SIZE);
    if (facts->agent.installed == ANSWER_NO) {
        memset(&facts->agent, 0, sizeof(facts->agent));
        facts->agent.installed = ANSWER_NO;
    }
    settle_firewall(facts);
}

void alone_make(struct alone *alone, const struct situation *situation)
{
    static struct facts well;
    static struct report healthy;

    make_strict(&well);
    settle(&well);
    diagnose(&well, &healthy);
    memset(alone, 0, sizeof(*alone));
    alone->situation = situation;
    make_strict(&alone->facts);
    situation->make(&alone->facts);
    settle(&alone->facts);
    diagnose(&alone->facts, &alone->report);
    const struct cause *row = row_find(alone->report.findings[0].code);
    alone->row = row ? (size_t)(row - causes) : n_causes;
    alone->level = level_of(N_CHECKS);
    for (int i = 0; i < N_CHECKS; i++) {
        const struct check_result *check = &alone->report.checks[i];
        bool shows = check->planned &&
                     (check->status == STATUS_FAIL || check->status == STATUS_WARN);
        bool stops = !shows && healthy.checks[i].status == STATUS_PASS &&
                     (!check->planned || check->status != STATUS_PASS);
        if (shows)
            alone->shows |= check_bit((enum check)i);
        if (stops)
            alone->stops |= check_bit((enum check)i);
        if ((shows || stops) && level_of((enum check)i) < alone->level)
            alone->level = level_of((enum check)i);
    }
}

/* --- two at once --- */

static bool is_pinned(const struct endpoint_facts *endpoint)
{
    return endpoint->n_addresses > 0 && endpoint->addresses[0].from_hosts_file;
}

/* A name in /etc/hosts keeps its address whatever DNS says, as long as it is the name that counts. */
static void keep_pins(const struct alone *from, struct facts *facts)
{
    for (int i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *pinned = &from->facts.endpoints[i];
        struct endpoint_facts *to = &facts->endpoints[i];
        if (!is_pinned(pinned) || is_pinned(to) || !facts->plan.services[i].host[0] ||
            strcmp(facts->plan.services[i].host, from->facts.plan.services[i].host) != 0)
            continue;
        memcpy(to->addresses, pinned->addresses, sizeof(to->addresses));
        to->n_addresses = pinned->n_addresses;
    }
}

/* In which order policies are evaluated: an explicit deny first, and of the rest the first that
 * does not allow. docs.aws.amazon.com/IAM/latest/UserGuide/
 * reference_policies_evaluation-logic_policy-eval-denyallow.html */
static int turn_of(const struct action_facts *action)
{
    static const int turns[] = {
        [DENIED_BY_RESOURCE_CONTROL_POLICY] = 1,
        [DENIED_BY_SERVICE_CONTROL_POLICY] = 2,
        [DENIED_BY_ENDPOINT_POLICY] = 3,
        [DENIED_BY_RESOURCE_POLICY] = 4,
        [DENIED_BY_TRUST_POLICY] = 5,
        [DENIED_BY_NO_IDENTITY_POLICY] = 6,
        [DENIED_BY_IDENTITY_POLICY] = 6,
        [DENIED_BY_BOUNDARY] = 7,
        [DENIED_BY_SESSION_POLICY] = 8,
        [DENIED_BY_UNSAID] = 9,
    };
    return action->explicit_deny ? 0 : turns[action->denied_by];
}

/* A request that is refused before any policy is looked at shows nothing of policies. */
static bool is_earlier(const struct action_facts *other, const struct action_facts *than)
{
    if (than->permission != PERMISSION_DENIED)
        return false;
    return other->permission == PERMISSION_UNCLEAR ||
           (other->permission == PERMISSION_DENIED && turn_of(other) < turn_of(than));
}

static void evaluate_policies(const struct alone *from, struct facts *facts)
{
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_actions; j++) {
            struct action_facts *to = &facts->endpoints[i].actions[j];
            const struct action_facts *other = &from->facts.endpoints[i].actions[j];
            if (strcmp(to->action, other->action) == 0 && is_earlier(other, to))
                *to = *other;
        }
}

/* The farther fault cuts the handshake that would have shown the nearer one's certificate. */
static void cut_handshakes(const struct alone *from, struct facts *facts)
{
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_addresses; j++) {
            struct address_facts *to = &facts->endpoints[i].addresses[j];
            const struct address_facts *other = &from->facts.endpoints[i].addresses[j];
            if (strcmp(to->address, other->address) != 0 || !was_tried(&to->steps[RUNG_TLS]) ||
                is_cut(to) || !is_cut(other))
                continue;
            to->steps[RUNG_TLS] = other->steps[RUNG_TLS];
            to->session = other->session;
            to->small_segments = other->small_segments;
        }
}

static bool is_nearer(const struct alone *a, const struct alone *b)
{
    if (a->level != b->level)
        return a->level < b->level;
    if (a->row != b->row)
        return a->row < b->row;
    return strcmp(a->situation->name, b->situation->name) < 0;
}

void pairs_compose(const struct alone *a, const struct alone *b, struct facts *facts)
{
    const struct alone *near = is_nearer(a, b) ? a : b, *far = near == a ? b : a;

    make_strict(facts);
    far->situation->make(facts);
    near->situation->make(facts);
    if (near->facts.imds.identity.outcome != OUTCOME_OK)
        facts->imds = near->facts.imds;
    keep_pins(far, facts);
    cut_handshakes(far, facts);
    evaluate_policies(far, facts);
    settle(facts);
}
