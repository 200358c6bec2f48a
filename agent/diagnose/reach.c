/* SPDX-License-Identifier: Apache-2.0
 *
 * What is silent in one family is compared with what connects in the other one in the same place: an
 * interface that is down, or a network ACL, would have silenced both.
 */
#include "diagnose/reach.h"

#include <string.h>

#include "base/text.h"
#include "diagnose/look.h"
#include "diagnose/names.h"
#include "model/place.h"

/* --- routes: which of the machine's devices are the instance's, and by which of them the kernel sends --- */

const char *route_words(enum route_kind kind)
{
    static const char *const words[] = {
        [ROUTE_UNREACHABLE] = "unreachable",
        [ROUTE_PROHIBIT] = "prohibit",
        [ROUTE_BLACKHOLE] = "blackhole",
        [ROUTE_THROW] = "throw",
    };
    return words[kind];
}

const struct route *route_find(const struct facts *facts, const char *address)
{
    const struct network_facts *network = &facts->network;

    for (int32_t i = 0; i < network->n_routes; i++)
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

static const struct interface_facts *interface_named(const struct facts *facts, const char *name)
{
    for (int32_t i = 0; i < facts->network.n_interfaces; i++)
        if (strcmp(facts->network.interfaces[i].name, name) == 0)
            return &facts->network.interfaces[i];
    return NULL;
}

/* The interface that has the address, without its prefix length. */
static const struct interface_facts *interface_with(const struct facts *facts, const char *address)
{
    size_t n = strlen(address);

    for (int32_t i = 0; n > 0 && i < facts->network.n_interfaces; i++)
        for (int32_t j = 0; j < facts->network.interfaces[i].n_addresses; j++) {
            const char *own = facts->network.interfaces[i].addresses[j];
            if (strncmp(own, address, n) == 0 && own[n] == '/')
                return &facts->network.interfaces[i];
        }
    return NULL;
}

/* Every Ethernet gives itself a link-local address; EC2 gives no interface one of IPv4 (169.254.0.0/16). */
static bool has_address(const struct interface_facts *interface)
{
    for (int32_t i = 0; i < interface->n_addresses; i++)
        if (!text_starts(interface->addresses[i], "fe80:") &&
            !text_starts(interface->addresses[i], "169.254."))
            return true;
    return false;
}

/* Not the instance's; where IMDS says nothing, one without an address is none. */
static bool is_foreign(const struct interface_facts *interface)
{
    return interface->own == ANSWER_NO ||
           (interface->own == ANSWER_UNKNOWN && !has_address(interface));
}

/* Alone in its own block, beside an IPv4 subnet of the device's that it is not in: all of an instance's addresses on one interface
 * are of its subnet. What that is IMDS says, where it answers. */
static bool is_of_no_subnet(const struct interface_facts *device, const char *source)
{
    bool alone = false, another = false;

    for (int32_t i = 0; i < device->n_addresses; i++) {
        const char *own = device->addresses[i];
        bool is_single = text_ends(own, "/32");
        alone |= is_single && place_in_cidr(source, own);
        another |= !is_single && family_of(own) == FAMILY_IPV4 && !text_starts(own, "169.254.") &&
                   !place_in_cidr(source, own);
    }
    return alone && another;
}

/* In none of the VPC's blocks, where those are known: the VPC takes no such packet of an instance (EC2 User Guide, "source/destination
 * checking"). Another interface than the primary one may be in another VPC. */
static bool is_of_no_vpc(const struct facts *facts, const struct interface_facts *device,
                         const char *source)
{
    const enum place place = place_of(&facts->instance, source);
    bool known = false;

    for (int32_t i = 0; i < facts->instance.n_vpc_cidrs; i++)
        known |= family_of(facts->instance.vpc_cidrs[i]) == family_of(source);
    if (facts->instance.n_vpc_cidrs == 0)
        return is_of_no_subnet(device, source);
    return known && place != PLACE_OWN_SUBNET && place != PLACE_IN_VPC &&
           device == interface_with(facts, facts->instance.private_ipv4);
}

bool route_is_by_foreign_source(const struct facts *facts, const struct route *route)
{
    const struct interface_facts *device = interface_named(facts, route->interface);
    const struct interface_facts *whose = interface_with(facts, route->source);

    return device && whose && !is_foreign(device) &&
           (is_foreign(whose) || is_of_no_vpc(facts, device, route->source));
}

bool route_leads_astray(const struct facts *facts, const char *address)
{
    const struct route *route = route_find(facts, address);
    const struct interface_facts *device = route ? interface_named(facts, route->interface) : NULL;
    bool another = false;

    if (!device || route->kind != ROUTE_FORWARD)
        return false;
    for (int32_t i = 0; i < facts->network.n_interfaces; i++) {
        const struct interface_facts *own = &facts->network.interfaces[i];
        another |= own != device && own->up && has_address(own) && !is_foreign(own);
    }
    return (is_foreign(device) && another) || route_is_by_foreign_source(facts, route);
}

bool route_is_by_other_interface(const struct facts *facts, const char *address)
{
    const struct route *route = route_find(facts, address);
    const struct interface_facts *primary = interface_with(facts, facts->instance.private_ipv4);

    return route && primary && route->kind == ROUTE_FORWARD && !route->via[0] &&
           route->interface[0] && strcmp(route->interface, primary->name) != 0 &&
           !route_leads_astray(facts, address);
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

/* --- endings --- */

/* The one table from an errno and a time to what it says (measured; performance.md B4). */
static enum ending ending_of_step(const struct step *step)
{
    static const uint8_t endings[N_FAILURES] = {
        [FAILURE_TIMEOUT] = ENDING_SILENT,         [FAILURE_NO_ROUTE] = ENDING_NO_ROUTE,
        [FAILURE_BLACKHOLE] = ENDING_NO_ROUTE,     [FAILURE_HOST_UNREACHABLE] = ENDING_NO_ROUTE,
        [FAILURE_REFUSED] = ENDING_REJECTED,       [FAILURE_RESET] = ENDING_REJECTED,
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

/* Whoever answers an address that stays silent repeats the answer while connect() waits. */
enum { ANSWERS_EACH = 2 };

/* Other traffic that was dropped is as many packets only by chance; and where some address answers,
 * answers get in. */
static bool all_answers_lost(const struct facts *facts)
{
    int64_t n_silent = ending_of_step(&facts->imds.connect) == ENDING_SILENT &&
                       family_of(facts->imds.address) == FAMILY_IPV4;

    for (enum service i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_addresses; j++) {
            const struct address_facts *at = &facts->endpoints[i].addresses[j];
            enum ending ending = ending_of_step(&at->steps[RUNG_CONNECT]);
            if (at->second_opinion)
                continue;
            if (ending == ENDING_OK || ending == ENDING_REJECTED)
                return false;
            n_silent += ending == ENDING_SILENT && family_of(at->address) == FAMILY_IPV4;
        }
    return facts->network.undelivered >= ANSWERS_EACH * n_silent;
}

/* The rules are not read: whether they are at work, the socket and the counters say, and which rule it
 * is, only the administrator's own tools tell for all of nf_tables, iptables, tc and eBPF. */
enum loss reach_loss(const struct facts *facts, const char *address, const struct step *connect)
{
    if (connect->outcome == OUTCOME_FAILED && connect->failure == FAILURE_NOT_SENT)
        return LOSS_PROVEN;
    if (ending_of_step(connect) != ENDING_SILENT || !facts->network.delivery_read ||
        family_of(address) == FAMILY_IPV6)
        return LOSS_UNKNOWN;
    if (facts->network.undelivered <= 0)
        return LOSS_NONE;
    return all_answers_lost(facts) ? LOSS_LIKELY : LOSS_MAYBE;
}

bool reach_lost(const struct facts *facts, check_set checks, enum loss loss)
{
    if ((checks & check_bit(CHECK_IMDS_CONNECT)) &&
        reach_loss(facts, facts->imds.address, &facts->imds.connect) == loss)
        return true;
    for (struct reached at = {0}; reach_next(facts, checks, &at);)
        if (reach_loss(facts, at.address->address, &at.address->steps[RUNG_CONNECT]) == loss)
            return true;
    return false;
}

/* With the kernel's word on the route (a refusal is a route's or a firewall's, whatever the errno
 * says), and on what this machine itself dropped. Families are not looked at. */
static bool is_refused_by_another(const struct address_facts *at)
{
    return at->refused_here != ANSWER_YES && at->offender[0] &&
           strcmp(at->offender, at->address) != 0;
}

static enum ending plain_ending(const struct facts *facts, const struct endpoint_facts *endpoint,
                                const struct address_facts *at)
{
    const struct step *connect = &at->steps[RUNG_CONNECT];
    enum ending ending = at->next_hop_silent ? ENDING_LINK : ending_of_step(connect);

    if (at->second_opinion || look_is_other_family(facts, endpoint, at))
        return ENDING_NONE;
    if (connect->outcome == OUTCOME_FAILED && is_refused_by_another(at))
        return ENDING_STOPPED;
    if (connect->outcome == OUTCOME_FAILED && at->refused_here == ANSWER_YES &&
        ending != ENDING_LINK) /* of which the kernel tells itself by an ICMP error */
        return ENDING_FIREWALL;
    switch (ending) {
    case ENDING_SILENT:
        return reach_loss(facts, at->address, connect) == LOSS_LIKELY ? ENDING_FIREWALL : ending;
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
    reach->at[ending][at->place]++;
}

bool reach_is_silent(const struct reach *reach)
{
    return reach->by[ENDING_SILENT] > 0 && reach->by[ENDING_OK] == 0 &&
           reach->by[ENDING_REJECTED] == 0 && reach->by[ENDING_OTHER] == 0;
}

static bool is_high(uint16_t port)
{
    return port >= FIRST_HIGH_PORT;
}

bool reach_by_some_ports(const struct facts *facts, const struct address_facts *address)
{
    if (address->steps[RUNG_CONNECT].outcome != OUTCOME_OK || address->silent_port == 0 ||
        address->second_opinion || address->place == PLACE_OWN_SUBNET)
        return false;
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_addresses; j++) {
            const struct address_facts *at = &facts->endpoints[i].addresses[j];
            if (at->steps[RUNG_CONNECT].outcome == OUTCOME_OK && at->place != PLACE_OWN_SUBNET &&
                is_high(at->port) == is_high(address->silent_port))
                return false; /* a packet was lost, once or twice */
        }
    return true;
}

static bool has_both(const struct facts *facts)
{
    return facts->network.usable_ipv4 && facts->network.usable_ipv6;
}

static struct reach reach_of_family(const struct facts *facts, enum service service,
                                    enum family family)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    struct reach reach = {0};

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        if (!at->second_opinion && family_of(at->address) == family)
            count(at, plain_ending(facts, endpoint, at), &reach);
    }
    return reach;
}

/* Silence in the own subnet, where no network ACL stands between, beside a family without any failure
 * needs no address to compare it with. */
static bool differs(const struct reach *silent, const struct reach *other)
{
    int32_t own_silent = silent->at[ENDING_SILENT][PLACE_OWN_SUBNET];
    int32_t own_ok = other->at[ENDING_OK][PLACE_OWN_SUBNET];

    return reach_is_silent(silent) &&
           ((own_silent > 0 &&
             (own_ok > 0 || (other->by[ENDING_OK] > 0 && other->by[ENDING_OK] == other->n))) ||
            (silent->by[ENDING_SILENT] > own_silent && other->by[ENDING_OK] > own_ok));
}

static bool is_blocked_everywhere(const struct facts *facts, enum family family)
{
    bool seen = false;

    for (enum service i = 0; i < N_SERVICES; i++) {
        struct reach mine = reach_of_family(facts, i, family);
        struct reach other = reach_of_family(facts, i, family_other(family));
        if (!look_is_planned(facts, i))
            continue;
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
    struct reach mine = reach_of_family(facts, service, family);
    struct reach other = reach_of_family(facts, service, family_other(family));

    return has_both(facts) && (differs(&mine, &other) ||
                               (reach_is_silent(&mine) && is_blocked_everywhere(facts, family)));
}

static enum ending ending_of(const struct facts *facts, enum service service,
                             const struct address_facts *at)
{
    enum ending ending = plain_ending(facts, &facts->endpoints[service], at);
    bool blocked = ending == ENDING_SILENT && is_blocked(facts, service, family_of(at->address));

    return blocked ? ENDING_FAMILY : ending;
}

/* --- one address after the other --- */

check_set reach_check(enum service service)
{
    return check_bit(check_of_service(service, RUNG_CONNECT));
}

check_set reach_planned(const struct facts *facts)
{
    check_set checks = 0;
    for (enum service i = 0; i < N_SERVICES; i++)
        if (look_is_planned(facts, i))
            checks |= reach_check(i);
    return checks;
}

bool reach_next(const struct facts *facts, check_set checks, struct reached *at)
{
    for (; at->service < N_SERVICES; at->service++, at->next = 0) {
        const struct endpoint_facts *endpoint = &facts->endpoints[at->service];
        if (!(checks & reach_check(at->service)) || at->next >= endpoint->n_addresses)
            continue;
        at->address = &endpoint->addresses[at->next++];
        at->family = family_of(at->address->address);
        at->ending = ending_of(facts, at->service, at->address);
        return true;
    }
    return false;
}

bool reach_first(const struct facts *facts, check_set checks, enum ending ending,
                 struct reached *first)
{
    *first = (struct reached){0};
    while (reach_next(facts, checks, first))
        if (first->ending == ending)
            return true;
    return false;
}

struct reach reach_sum(const struct facts *facts, check_set checks)
{
    struct reach sum = {0};

    for (struct reached at = {0}; reach_next(facts, checks, &at);)
        count(at.address, at.ending, &sum);
    return sum;
}

struct reach reach_of(const struct facts *facts, enum service service)
{
    return reach_sum(facts, reach_check(service));
}

bool reach_neighbour(const struct facts *facts, enum service service, struct reached *neighbour)
{
    check_set mine = reach_check(service);

    *neighbour = (struct reached){0};
    while (reach_next(facts, reach_planned(facts) & ~mine, neighbour))
        for (struct reached at = {0}; reach_next(facts, mine, &at);)
            if (neighbour->ending == ENDING_OK && at.ending == ENDING_SILENT &&
                place_are_neighbours(&facts->instance, neighbour->address->address,
                                     at.address->address))
                return true;
    return false;
}

/* --- whole families --- */

/* IPv6 is the agent's only since a version; an unknown version is given the benefit of the doubt, as
 * everywhere. */
static bool agent_uses(const struct facts *facts, enum family family)
{
    return family == FAMILY_IPV4 ||
           text_compare_versions(facts->agent.version, first_agent_with_dualstack) >= 0;
}

bool reach_whole_family(const struct facts *facts, enum service service, enum family *which)
{
    for (int family = FAMILY_IPV4; has_both(facts) && family <= FAMILY_IPV6; family++) {
        struct reach reach = reach_of_family(facts, service, (enum family)family);
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

bool reach_gets_through(const struct facts *facts, enum service service)
{
    return reach_of_family(facts, service, FAMILY_IPV4).by[ENDING_OK] > 0 ||
           (agent_uses(facts, FAMILY_IPV6) &&
            reach_of_family(facts, service, FAMILY_IPV6).by[ENDING_OK] > 0);
}

bool reach_is_open(const struct facts *facts, enum service service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        if (!at->second_opinion && !look_is_other_family(facts, endpoint, at) &&
            at->steps[RUNG_CONNECT].outcome == OUTCOME_UNTRIED &&
            agent_uses(facts, family_of(at->address)))
            return true;
    }
    for (int family = FAMILY_IPV4; has_both(facts) && family <= FAMILY_IPV6; family++)
        if (agent_uses(facts, (enum family)family) &&
            reach_of_family(facts, service, (enum family)family).n == 0 &&
            is_question_open(endpoint, (enum family)family))
            return true;
    return false;
}

bool reach_one_family(const struct facts *facts, check_set checks, enum ending ending,
                      enum family *which)
{
    int32_t n[2] = {0}, ok[2] = {0};

    for (struct reached at = {0}; reach_next(facts, checks, &at);) {
        n[at.family] += at.ending == ending;
        ok[at.family] += at.ending == ENDING_OK;
    }
    *which = n[FAMILY_IPV6] > 0 ? FAMILY_IPV6 : FAMILY_IPV4;
    return has_both(facts) && n[*which] > 0 && n[family_other(*which)] == 0 &&
           ok[family_other(*which)] > 0;
}

bool reach_blocked_elsewhere(const struct facts *facts, check_set checks, struct reached *found)
{
    struct reached blocked;

    *found = (struct reached){0};
    if (!reach_first(facts, checks, ENDING_FAMILY, &blocked))
        return false;
    for (struct reached at = {0}; reach_next(facts, reach_planned(facts), &at);)
        if (at.ending == ENDING_OK && at.family == blocked.family &&
            (!found->address || found->service != at.service))
            *found = at;
    return found->address;
}
