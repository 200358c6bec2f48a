/* SPDX-License-Identifier: Apache-2.0
 *
 * connect(): no way there, answered by something else than the endpoint, or met with silence. Silence
 * is a security group, a network ACL, or a firewall that drops; they are told apart by which addresses
 * are silent: a subnet's own traffic passes no network ACL, one service's endpoint has one security
 * group, and this instance's own group covers everything.
 */
#include "diagnose/causes.h"
#include "diagnose/look.h"
#include "diagnose/names.h"
#include "diagnose/reach.h"

static struct reach mine(const struct view *view)
{
    return reach_of(view->facts, view->service);
}

static void quote_address(const struct reached *at, struct finding *finding)
{
    finding_quote_address(finding, at->service, at->address, RUNG_CONNECT);
}

static void quote_some(const struct view *view, check_set checks, enum ending ending, int most,
                       struct finding *finding)
{
    for (struct reached at = {0}; most > 0 && reach_next(view->facts, checks, &at);)
        if (at.ending == ending) {
            quote_address(&at, finding);
            most--;
        }
}

/* Of each service that is explained. */
static void quote_each(const struct view *view, enum ending ending, struct finding *finding)
{
    for (struct each it = {0}; view_each(view, RUNG_CONNECT, &it);)
        quote_some(view, reach_check(it.service), ending, view->cause->of == MACHINE ? 2 : 4,
                   finding);
}

void quote_silent(const struct view *view, struct finding *finding)
{
    quote_each(view, ENDING_SILENT, finding);
}

void quote_refusals(const struct view *view, struct finding *finding)
{
    quote_each(view, ENDING_REJECTED, finding);
}

void quote_what_connects(const struct view *view, struct finding *finding)
{
    quote_some(view, reach_check(view->service), ENDING_OK, 1, finding);
}

/* What lets some connections pass and not others leaves its mark on more than the address that was tried once more; an endpoint of
 * which no address connects has more wrong with it. */
bool where_connections_vary(const struct view *view)
{
    const struct reach reach = mine(view);
    bool any = false;

    for (enum service i = 0; i < N_SERVICES; i++)
        any = any || look_cut(view->facts, i, RUNG_CONNECT);
    return any && reach.by[ENDING_OK] > 0 && reach.by[ENDING_FAMILY] == 0;
}

/* --- no way there --- */

static void quote_routes(const struct view *view, check_set check, struct finding *finding)
{
    for (struct reached at = {0}; reach_next(view->facts, check, &at);) {
        if (at.ending != ENDING_NO_ROUTE)
            continue;
        finding_quote_route(finding, view->facts, at.address->address);
        if (route_refuses(view->facts, at.address->address))
            return;
    }
}

void quote_no_route(const struct view *view, struct finding *finding)
{
    const struct network_facts *network = &view->facts->network;

    for (struct each it = {0}; view_each(view, RUNG_CONNECT, &it);) {
        quote_some(view, reach_check(it.service), ENDING_NO_ROUTE, 2, finding);
        quote_routes(view, reach_check(it.service), finding);
    }
    finding_evidence(finding, "default route: IPv4 %s, IPv6 %s",
                     network->default_route_ipv4 ? "yes" : "no",
                     network->default_route_ipv6 ? "yes" : "no");
}

/* One refusal may come from whatever holds that address; the same one from several endpoints has
 * one source, and it is nearer than they are. */
bool where_refused_on_the_way(const struct view *view)
{
    int n_refusing = 0;

    for (enum service i = 0; i < N_SERVICES; i++)
        n_refusing += view_has(view, check_of_service(i, RUNG_CONNECT)) &&
                      reach_of(view->facts, i).by[ENDING_REJECTED] > 0;
    return mine(view).by[ENDING_STOPPED] > 0 || n_refusing >= 2;
}

/* What is for it never leaves this machine, and nobody listens here. */
bool when_this_machine_has_the_address(const struct view *view)
{
    for (struct reached at = {0}; reach_next(view->facts, view->explains, &at);) {
        const struct route *route = route_find(view->facts, at.address->address);
        if (at.ending == ENDING_FIREWALL && route && route->kind == ROUTE_LOCAL)
            return true;
    }
    return false;
}

/* It says so itself; a reset bears the address of the endpoint, whoever sends it. */
bool when_the_sender_is_known(const struct view *view)
{
    struct reached at;
    return reach_first(view->facts, view->explains, ENDING_STOPPED, &at) &&
           at.address->refused_here == ANSWER_NO;
}

bool when_hops_run_out(const struct view *view)
{
    struct reached at;
    return reach_first(view->facts, view->explains, ENDING_STOPPED, &at) &&
           at.address->refused_here == ANSWER_UNKNOWN;
}

void quote_stopped(const struct view *view, struct finding *finding)
{
    struct reached at;

    quote_each(view, ENDING_STOPPED, finding);
    if (reach_first(view->facts, view->explains, ENDING_STOPPED, &at))
        finding_evidence(finding, "%s sent the ICMP error for %s%s", at.address->offender,
                         at.address->address, when_hops_run_out(view) ? ": time exceeded" : "");
    else if (reach_first(view->facts, view->explains, ENDING_REJECTED, &at) &&
             at.address->refused_here == ANSWER_NO)
        finding_evidence(finding,
                         "the resets came in from the network: not this machine's firewall");
}

void quote_refused_here(const struct view *view, struct finding *finding)
{
    for (struct each it = {0}; view_each(view, RUNG_CONNECT, &it);) {
        struct reached at;
        if (!reach_first(view->facts, reach_check(it.service), ENDING_FIREWALL, &at))
            continue;
        quote_address(&at, finding);
        finding_quote_route(finding, view->facts, at.address->address);
    }
}

void quote_silent_next_hop(const struct view *view, struct finding *finding)
{
    const struct dns_answer *answer = names_lookup(view->facts, view->service).answer;
    struct reached at;

    quote_each(view, ENDING_LINK, finding);
    if (answer && when_names_are_held_back(view)) {
        quote_lookup(view, finding);
        finding_quote_route(finding, view->facts, answer->server);
    } else if (view->explains & check_bit(CHECK_IMDS_CONNECT))
        finding_quote_route(finding, view->facts, view->facts->imds.address);
    else if (reach_first(view->facts, view->explains, ENDING_LINK, &at))
        finding_quote_route(finding, view->facts, at.address->address);
    if (reach_sum(view->facts, view->explains).at[ENDING_LINK][PLACE_OWN_SUBNET] > 0)
        finding_evidence(finding, "an address in this subnet has no next hop but itself");
}

/* --- what was lost on this machine --- */

void quote_unsent(const struct view *view, struct finding *finding)
{
    if (reach_lost(view->facts, view->explains, LOSS_PROVEN))
        finding_evidence(finding, "the kernel could not send: something on this machine drops it");
}

void quote_undelivered(const struct view *view, struct finding *finding)
{
    bool silence = view->cause->way == WAY_SILENCE || view->cause->way == WAY_FAMILY;

    if (reach_lost(view->facts, view->explains, silence ? LOSS_MAYBE : LOSS_LIKELY))
        finding_evidence(finding, "%lld packets came in meanwhile that no program got",
                         (long long)view->facts->network.undelivered);
}

void quote_nothing_lost(const struct view *view, struct finding *finding)
{
    if (excluded(view, "local-firewall"))
        finding_evidence(finding, "the packets left this machine, and it lost none that came in");
}

/* --- silent because packets leave by another device than the primary interface --- */

/* Every address of the service that ended as the cause says, and at least one. The kernel is not asked of more than MAX_ROUTES:
 * `of_all`, or of those of which its word is there. */
static bool all_silent(const struct view *view, bool of_all,
                       bool (*leads)(const struct facts *facts, const char *address))
{
    bool any = false;

    for (struct reached at = {0}; reach_next(view->facts, reach_check(view->service), &at);) {
        if (!(view->cause->ended & 1u << at.ending) ||
            (!of_all && !route_find(view->facts, at.address->address)))
            continue;
        if (!leads(view->facts, at.address->address))
            return false;
        any = true;
    }
    return any;
}

bool where_other_interface_is_silent(const struct view *view)
{
    return all_silent(view, true, route_is_by_other_interface);
}

/* Of IMDS, a resolver and the addresses of a service. */
bool where_route_leads_astray(const struct view *view)
{
    const struct dns_answer *answer = names_lookup(view->facts, view->service).answer;

    switch (view->rung) {
    case RUNG_CONNECT:
        return all_silent(view, false, route_leads_astray);
    case RUNG_RESOLVE:
        return answer && route_leads_astray(view->facts, answer->server);
    default:
        return route_leads_astray(view->facts, view->facts->imds.address);
    }
}

void quote_ways(const struct view *view, struct finding *finding)
{
    const struct facts *facts = view->facts;

    for (int32_t i = 0; i < facts->network.n_routes && finding->n_evidence < MAX_EVIDENCE / 2; i++)
        if (route_leads_astray(facts, facts->network.routes[i].to))
            finding_quote_route(finding, facts, facts->network.routes[i].to);
    for (struct reached at = {0}; reach_next(facts, view->explains, &at);)
        if (route_is_by_other_interface(facts, at.address->address))
            finding_quote_route(finding, facts, at.address->address);
}

/* --- silence --- */

/* Every address is known to be stopped before the filters that silence speaks of. */
static bool is_untold(const struct reach *reach)
{
    return reach->n == reach->by[ENDING_FIREWALL] + reach->by[ENDING_NO_ROUTE] +
                           reach->by[ENDING_LINK] + reach->by[ENDING_STOPPED];
}

/* What a cause above has explained is no evidence of anything else. */
static bool is_explained(const struct view *view, enum service service)
{
    enum check check = check_of_service(service, RUNG_CONNECT);
    enum status status = view->checks[check].status;
    return (status == STATUS_FAIL || status == STATUS_WARN) && !view_has(view, check);
}

/* Silent even in the own subnet, where no network ACL stands between. */
static bool is_blocked(const struct reach *reach)
{
    return reach_is_silent(reach) && reach->at[ENDING_SILENT][PLACE_OWN_SUBNET] > 0;
}

struct overall connect_overall(const struct view *view, bool but_blocked)
{
    struct overall overall = {0};
    check_set counted = 0;

    for (enum service i = 0; i < N_SERVICES; i++) {
        struct reach reach = reach_of(view->facts, i);
        if (!look_is_planned(view->facts, i))
            continue;
        overall.any_ok |= reach.by[ENDING_OK] > 0;
        if (is_untold(&reach) || is_explained(view, i) || (but_blocked && is_blocked(&reach)))
            continue;
        overall.n++;
        overall.n_silent += reach_is_silent(&reach);
        overall.n_partly += reach.by[ENDING_SILENT] > 0 && reach.by[ENDING_OK] > 0;
        counted |= reach_check(i);
    }
    overall.sum = reach_sum(view->facts, counted);
    return overall;
}

static bool quote_first(const struct view *view, enum place place, struct finding *finding)
{
    for (struct reached at = {0}; reach_next(view->facts, reach_planned(view->facts), &at);)
        if (at.ending == ENDING_OK && (place == PLACE_UNKNOWN || at.address->place == place)) {
            quote_address(&at, finding);
            return true;
        }
    return false;
}

bool where_not_blocked(const struct view *view)
{
    struct reach reach = mine(view);
    return !is_blocked(&reach);
}

static bool by_some_ports(const struct view *view, struct reached *at)
{
    *at = (struct reached){0};
    while (reach_next(view->facts, view->explains, at))
        if (reach_by_some_ports(view->facts, at->address))
            return true;
    return false;
}

/* Another service's address answers in a subnet where one of this service is silent. */
static bool any_neighbour_connects(const struct view *view)
{
    struct reached neighbour;

    for (struct each it = {0}; view_each(view, RUNG_CONNECT, &it);)
        if (reach_neighbour(view->facts, it.service, &neighbour))
            return true;
    return false;
}

/* Answers come to some source ports only; or nothing outside the own subnet connects; or each service
 * loses the addresses of a subnet, so that no single endpoint interface is to blame. */
bool when_subnets_are_kept_apart(const struct view *view)
{
    struct overall overall = connect_overall(view, true);
    int32_t own_ok = overall.sum.at[ENDING_OK][PLACE_OWN_SUBNET];
    struct reached at;

    return by_some_ports(view, &at) ||
           (overall.sum.at[ENDING_SILENT][PLACE_OWN_SUBNET] == 0 &&
            overall.sum.by[ENDING_SILENT] > 0 && overall.sum.by[ENDING_OK] > 0 &&
            ((own_ok > 0 && overall.sum.by[ENDING_OK] == own_ok && overall.n_partly > 0) ||
             (overall.n >= 2 && overall.n_partly == overall.n && !any_neighbour_connects(view))));
}

bool when_some_ports_are_silent(const struct view *view)
{
    struct reached at;
    return by_some_ports(view, &at);
}

void quote_ports(const struct view *view, struct finding *finding)
{
    for (struct reached at = {0}; reach_next(view->facts, view->explains, &at);)
        if (reach_by_some_ports(view->facts, at.address))
            finding_evidence(finding, "%s (%s) connects from source port %u, and is silent from %u",
                             at.address->address, service_name(at.service), at.address->port,
                             at.address->silent_port);
}

static bool is_silent_near_alone(const struct reach *reach)
{
    return reach->by[ENDING_SILENT] > 0 &&
           reach->by[ENDING_SILENT] == reach->at[ENDING_SILENT][PLACE_OWN_SUBNET];
}

bool where_own_subnet_alone_is_silent(const struct view *view)
{
    struct reach reach = mine(view);
    return is_silent_near_alone(&reach);
}

/* What is silent is the own subnet, and it is for every service: no network ACL is between, and no endpoint
 * has a rule for one of its interfaces. Two services at least must connect elsewhere; a service may have
 * more that is wrong with it. */
bool when_own_subnet_alone_is_silent(const struct view *view)
{
    int n = 0;

    for (enum service i = 0; i < N_SERVICES; i++) {
        struct reach reach = reach_of(view->facts, i);
        if (!look_is_planned(view->facts, i) || is_explained(view, i))
            continue;
        if (reach.at[ENDING_OK][PLACE_OWN_SUBNET] > 0)
            return false;
        n += is_silent_near_alone(&reach) && reach.by[ENDING_OK] > 0;
    }
    return n >= 2;
}

/* What connects in the own subnet; and of two families, what does of the other one. */
void quote_what_is_near(const struct view *view, struct finding *finding)
{
    enum family family;

    if (reach_one_family(view->facts, view->explains, ENDING_SILENT, &family))
        quote_some(view, reach_check(view->service), ENDING_OK, 4, finding);
    else
        (void)quote_first(view, PLACE_OWN_SUBNET, finding);
}

bool when_every_service_is_silent(const struct view *view)
{
    struct overall overall = connect_overall(view, false);
    return overall.n >= 2 && overall.n_silent == overall.n;
}

void quote_how_many_are_silent(const struct view *view, struct finding *finding)
{
    struct overall overall = connect_overall(view, false);

    finding_evidence(finding, "%d services, %d addresses, all silent; IMDS and DNS answer",
                     overall.n, (int)overall.sum.by[ENDING_SILENT]);
    if (overall.sum.at[ENDING_SILENT][PLACE_OWN_SUBNET] > 0)
        finding_evidence(finding, "an address in this subnet is silent too, and traffic within a "
                                  "subnet passes no network ACL");
}

bool when_whole_service_is_silent(const struct view *view)
{
    struct reach reach = mine(view);
    return reach.by[ENDING_OK] == 0 && reach.by[ENDING_OTHER] == 0;
}

void quote_one_that_connects(const struct view *view, struct finding *finding)
{
    if (quote_first(view, PLACE_UNKNOWN, finding) &&
        mine(view).at[ENDING_SILENT][PLACE_OWN_SUBNET] > 0)
        finding_evidence(finding, "traffic within a subnet passes no network ACL");
}

bool when_others_of_the_service_are_not_silent(const struct view *view)
{
    struct reach reach = mine(view);
    return reach.by[ENDING_SILENT] < reach.n;
}

bool when_one_is_silent(const struct view *view)
{
    return mine(view).by[ENDING_SILENT] == 1;
}

void quote_neighbour(const struct view *view, struct finding *finding)
{
    struct reached neighbour;

    if (reach_neighbour(view->facts, view->service, &neighbour))
        quote_address(&neighbour, finding);
}

/* --- one address family --- */

void quote_both_families(const struct view *view, struct finding *finding)
{
    int most = check_count(view->explains) > 1 ? 1 : 2;
    struct reached elsewhere;

    for (struct each it = {0}; view_each(view, RUNG_CONNECT, &it);) {
        quote_some(view, reach_check(it.service), ENDING_FAMILY, most, finding);
        quote_some(view, reach_check(it.service), ENDING_OK, most, finding);
    }
    if (reach_blocked_elsewhere(view->facts, view->explains, &elsewhere))
        quote_address(&elsewhere, finding);
    if (reach_sum(view->facts, view->explains).at[ENDING_FAMILY][PLACE_OWN_SUBNET] > 0)
        finding_evidence(finding, "traffic within a subnet passes no network ACL");
}
