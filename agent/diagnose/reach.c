/* SPDX-License-Identifier: Apache-2.0
 *
 * The one table from an errno and a time to what it says (measured; performance.md B4), and counting by
 * it. What is silent in one family is compared with what connects in the other one in the same place:
 * an interface that is down, or a network ACL, would have silenced both.
 */
#include "diagnose/reach.h"

#include <string.h>

#include "diagnose/checks.h"
#include "diagnose/firewall.h"
#include "diagnose/look.h"
#include "diagnose/names.h"

/* --- routes --- */

const struct route *route_find(const struct facts *facts, const char *address)
{
    const struct network_facts *network = &facts->network;

    for (int32_t i = 0; i < network->n_routes && i < MAX_ROUTES; i++)
        if (strcmp(network->routes[i].to, address) == 0)
            return &network->routes[i];
    return NULL;
}

bool route_leads_to(const struct facts *facts, const char *address)
{
    const struct route *route = route_find(facts, address);
    return route && (route->kind == ROUTE_FORWARD || route->kind == ROUTE_LOCAL);
}

bool route_refuses(const struct facts *facts, const char *address)
{
    const struct route *route = route_find(facts, address);
    return route && route->kind >= ROUTE_NONE;
}

/* --- endings --- */

static enum ending ending_of_step(const struct step *step)
{
    static const uint8_t endings[N_FAILURES] = {
        [FAILURE_TIMEOUT] = ENDING_SILENT,       [FAILURE_NO_ROUTE] = ENDING_NO_ROUTE,
        [FAILURE_BLACKHOLE] = ENDING_NO_ROUTE,   [FAILURE_HOST_UNREACHABLE] = ENDING_NO_ROUTE,
        [FAILURE_REFUSED] = ENDING_REJECTED,     [FAILURE_RESET] = ENDING_REJECTED,
        [FAILURE_NOT_PERMITTED] = ENDING_FIREWALL, [FAILURE_PROHIBITED] = ENDING_FIREWALL,
        [FAILURE_NOT_SENT] = ENDING_FIREWALL,
    };

    if (step->outcome == OUTCOME_OK)
        return ENDING_OK;
    if (step->outcome != OUTCOME_FAILED)
        return ENDING_NONE;
    if (step->failure == FAILURE_HOST_UNREACHABLE && step->took_ms >= AT_ONCE_MS)
        return ENDING_LINK;
    return endings[step->failure] ? (enum ending)endings[step->failure] : ENDING_OTHER;
}

/* With the kernel's word on the route (a refusal is a route's or a firewall's, whatever the errno
 * says), and on what this machine itself dropped. Families are not looked at. */
static enum ending plain_ending(const struct facts *facts, const struct endpoint_facts *endpoint,
                                const struct address_facts *at)
{
    const struct step *connect = &at->steps[RUNG_CONNECT];
    enum ending ending = ending_of_step(connect);

    if (at->second_opinion || look_is_other_family(facts, endpoint, at))
        return ENDING_NONE;
    switch (ending) {
    case ENDING_SILENT:
        return firewall_loss(facts, at->address, connect) == LOSS_LIKELY ? ENDING_FIREWALL : ending;
    case ENDING_NO_ROUTE:
        return route_leads_to(facts, at->address) ? ENDING_FIREWALL : ending;
    case ENDING_FIREWALL:
        return route_refuses(facts, at->address) ? ENDING_NO_ROUTE : ending;
    default:
        return ending;
    }
}

static void count(const struct address_facts *at, enum ending ending, struct reach *reach)
{
    reach->n += ending != ENDING_NONE && ending != ENDING_FAMILY;
    reach->by[ending]++;
    reach->own[ending] += at->place == PLACE_OWN_SUBNET;
    reach->outside[ending] += at->place == PLACE_PRIVATE_ELSEWHERE;
}

bool reach_is_silent(const struct reach *reach)
{
    return reach->by[ENDING_SILENT] > 0 && reach->by[ENDING_OK] == 0 &&
           reach->by[ENDING_REJECTED] == 0 && reach->by[ENDING_OTHER] == 0;
}

/* --- address families --- */

enum family family_of(const char *address)
{
    return strchr(address, ':') ? FAMILY_IPV6 : FAMILY_IPV4;
}

enum family family_other(enum family family)
{
    return family == FAMILY_IPV6 ? FAMILY_IPV4 : FAMILY_IPV6;
}

const char *family_name(enum family family)
{
    return family == FAMILY_IPV6 ? "IPv6" : "IPv4";
}

static bool has_both(const struct facts *facts)
{
    return facts->network.usable_ipv4 && facts->network.usable_ipv6;
}

static void look_family(const struct facts *facts, enum service service, enum family family,
                        struct reach *reach)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    *reach = (struct reach){0};
    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        if (!at->second_opinion && family_of(at->address) == family)
            count(at, plain_ending(facts, endpoint, at), reach);
    }
}

/* Silence in the own subnet, where no network ACL stands between, beside a family without any failure
 * needs no address to compare it with. */
static bool differs(const struct reach *silent, const struct reach *other)
{
    int32_t own_silent = silent->own[ENDING_SILENT], own_ok = other->own[ENDING_OK];

    return reach_is_silent(silent) &&
           ((own_silent > 0 && (own_ok > 0 || (other->by[ENDING_OK] > 0 &&
                                               other->by[ENDING_OK] == other->n))) ||
            (silent->by[ENDING_SILENT] > own_silent && other->by[ENDING_OK] > own_ok));
}

static bool is_blocked_everywhere(const struct facts *facts, enum family family)
{
    bool seen = false;

    for (int i = 0; i < N_SERVICES; i++) {
        struct reach mine, other;
        if (!look_is_planned(facts, (enum service)i))
            continue;
        look_family(facts, (enum service)i, family, &mine);
        look_family(facts, (enum service)i, family_other(family), &other);
        if (mine.by[ENDING_OK] > 0 || mine.by[ENDING_REJECTED] > 0 || mine.by[ENDING_OTHER] > 0)
            return false;
        seen |= differs(&mine, &other);
    }
    return seen;
}

/* The family is blocked on the way to this service: none of its addresses answers, at least one is
 * silent, and the other family connects where this one is silent (in the own subnet, or outside of
 * it). Where the other family has trouble of its own, what every other service shows counts. */
static bool is_blocked(const struct facts *facts, enum service service, enum family family)
{
    struct reach mine, other;

    if (!has_both(facts))
        return false;
    look_family(facts, service, family, &mine);
    look_family(facts, service, family_other(family), &other);
    return differs(&mine, &other) ||
           (reach_is_silent(&mine) && is_blocked_everywhere(facts, family));
}

enum ending reach_ending(const struct facts *facts, enum service service,
                         const struct address_facts *at)
{
    enum ending ending = plain_ending(facts, &facts->endpoints[service], at);

    return ending == ENDING_SILENT && is_blocked(facts, service, family_of(at->address))
               ? ENDING_FAMILY
               : ending;
}

void reach_add(const struct facts *facts, enum service service, struct reach *reach)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        count(&endpoint->addresses[i], reach_ending(facts, service, &endpoint->addresses[i]), reach);
}

void reach_of(const struct facts *facts, enum service service, struct reach *reach)
{
    *reach = (struct reach){0};
    reach_add(facts, service, reach);
}

/* IPv6 is the agent's only since a version; an unknown version is given the benefit of the doubt, as
 * everywhere. */
static bool agent_uses(const struct facts *facts, enum family family)
{
    return family == FAMILY_IPV4 ||
           look_compare_versions(facts->agent.version, first_agent_with_dualstack) >= 0;
}

bool reach_whole_family(const struct facts *facts, enum service service, enum family *which)
{
    for (int family = FAMILY_IPV4; has_both(facts) && family <= FAMILY_IPV6; family++) {
        struct reach reach;
        look_family(facts, service, (enum family)family, &reach);
        if (reach.by[ENDING_OK] == 0 || reach.by[ENDING_OK] < reach.n + reach.by[ENDING_NONE] ||
            !agent_uses(facts, (enum family)family))
            continue;
        *which = (enum family)family;
        return true;
    }
    return false;
}

static bool is_question_open(const struct endpoint_facts *endpoint, enum family family)
{
    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        const struct dns_answer *answer = &endpoint->answers[i];
        if (answer->asked_as == ASKED_CONFIGURED && answer->family == family &&
            answer->step.outcome == OUTCOME_UNTRIED)
            return !names_deciding(endpoint, family);
    }
    return false;
}

bool reach_family_open(const struct facts *facts, enum service service)
{
    for (int family = FAMILY_IPV4; has_both(facts) && family <= FAMILY_IPV6; family++) {
        struct reach reach;
        look_family(facts, service, (enum family)family, &reach);
        if (!agent_uses(facts, (enum family)family) || reach.n > reach.by[ENDING_OK])
            continue;
        if (reach.by[ENDING_NONE] > 0 ||
            (reach.n == 0 && is_question_open(&facts->endpoints[service], (enum family)family)))
            return true;
    }
    return false;
}

bool reach_one_family(const struct facts *facts, check_set checks, enum ending ending,
                      enum family *which)
{
    int32_t n[2] = {0}, ok[2] = {0};

    for (int i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *endpoint = &facts->endpoints[i];
        if (!(checks & check_bit(check_of_service((enum service)i, RUNG_CONNECT))))
            continue;
        for (int32_t j = 0; j < endpoint->n_addresses; j++) {
            const struct address_facts *at = &endpoint->addresses[j];
            enum ending it = reach_ending(facts, (enum service)i, at);
            n[family_of(at->address)] += it == ending;
            ok[family_of(at->address)] += it == ENDING_OK;
        }
    }
    *which = n[FAMILY_IPV6] > 0 ? FAMILY_IPV6 : FAMILY_IPV4;
    return has_both(facts) && n[*which] > 0 && n[family_other(*which)] == 0 &&
           ok[family_other(*which)] > 0;
}
