/* SPDX-License-Identifier: Apache-2.0
 *
 * connect() was answered, only not by the endpoint: by this machine (at once), by the link layer
 * (after 3 s), or by something else at that address; and the path that loses only full packets.
 */
#include "diagnose/families.h"
#include "diagnose/finding.h"
#include "diagnose/firewall.h"
#include "diagnose/look.h"
#include "diagnose/reach.h"
#include "diagnose/remedy.h"
#include "diagnose/routes.h"

bool explains_no_route(const struct scene *scene, enum service service, struct finding *finding)
{
    const struct network_facts *network = &scene->facts->network;
    bool by_route = true;
    (void)service;

    for (int i = 0; i < N_SERVICES; i++) {
        struct reach reach;
        if (!reach_is_symptom(scene, (enum service)i, &reach) || reach.no_route == 0)
            continue;
        finding->explains |= check_bit(check_of_service((enum service)i, RUNG_CONNECT));
        reach_quote(scene->facts, (enum service)i, ENDING_NO_ROUTE, 2, finding);
        const struct endpoint_facts *endpoint = &scene->facts->endpoints[i];
        bool quoted = false;
        for (int32_t j = 0; j < endpoint->n_addresses; j++) {
            const struct address_facts *at = &endpoint->addresses[j];
            bool refused = routes_refuse(scene->facts, at->address);
            by_route &= refused || at->steps[RUNG_CONNECT].failure != FAILURE_HOST_UNREACHABLE;
            if (!quoted && reach_ending_at(scene->facts, at) == ENDING_NO_ROUTE)
                routes_quote(scene->facts, at->address, finding);
            quoted |= refused;
        }
    }
    if (finding->explains == 0)
        return false;
    enum family family;
    if (families_alone(scene->facts, finding->explains, ENDING_NO_ROUTE, &family))
        finding_title(finding, "The instance has no %s route to the endpoints",
                      families_name(family));
    finding_evidence(finding, "default route: IPv4 %s, IPv6 %s",
                     network->default_route_ipv4 ? "yes" : "no",
                     network->default_route_ipv6 ? "yes" : "no");
    finding->confidence = by_route ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    if (!by_route) /* EHOSTUNREACH at once: also what a firewall's reject returns */
        finding_alternative(scene->facts, finding, "local-firewall");
    return true;
}

/* EPERM is; an "unreachable" with a route may still be a router's, except within the own subnet; what
 * came in and was lost may have been other traffic. */
static bool is_firewalls(const struct facts *facts, enum service service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        enum ending ending = reach_ending(&at->steps[RUNG_CONNECT]);
        if (reach_ending_at(facts, at) == ENDING_FIREWALL &&
            (ending == ENDING_FIREWALL ||
             (ending != ENDING_SILENT && at->place == PLACE_OWN_SUBNET)))
            return true;
    }
    return false;
}

static void quote_route(const struct facts *facts, enum service service, struct finding *finding)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        if (reach_ending_at(facts, &endpoint->addresses[i]) != ENDING_FIREWALL)
            continue;
        routes_quote(facts, endpoint->addresses[i].address, finding);
        return;
    }
}

/* One refusal may come from whatever holds that address; the same one from several endpoints has
 * one source, and it is nearer than they are. */
bool explains_local_firewall(const struct scene *scene, enum service service,
                             struct finding *finding)
{
    int n_refusing = 0;
    bool surely = false;
    check_set refusing = 0;
    (void)service;

    for (int i = 0; i < N_SERVICES; i++) {
        struct reach reach;
        check_set bit = check_bit(check_of_service((enum service)i, RUNG_CONNECT));
        if (!reach_is_symptom(scene, (enum service)i, &reach))
            continue;
        if (reach.firewall > 0) {
            finding->explains |= bit;
            surely = surely || is_firewalls(scene->facts, (enum service)i);
            reach_quote(scene->facts, (enum service)i, ENDING_FIREWALL, 1, finding);
            quote_route(scene->facts, (enum service)i, finding);
        } else if (reach.rejected > 0 && reach.rejected == reach.n) {
            refusing |= bit;
            n_refusing++;
        }
    }
    if (finding->explains != 0 || n_refusing >= 2)
        finding->explains |= refusing;
    if (finding->explains == 0)
        return false;
    for (int i = 0; i < N_SERVICES; i++)
        if (finding->explains & check_service_bits((enum service)i))
            reach_quote(scene->facts, (enum service)i, ENDING_REJECTED, 2, finding);
    firewall_quote(scene->facts, finding);
    finding->confidence = surely ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    if (firewall_lost(scene->facts, finding, LOSS_LIKELY))
        finding_alternative(scene->facts, finding, "egress-blocked");
    else if (!surely)
        finding_alternative(scene->facts, finding, "endpoint-refuses");
    return true;
}

bool explains_gateway_silent(const struct scene *scene, enum service service,
                             struct finding *finding)
{
    bool own = false;
    (void)service;

    for (int i = 0; i < N_SERVICES; i++) {
        struct reach reach;
        if (!reach_is_symptom(scene, (enum service)i, &reach) || reach.link == 0)
            continue;
        finding->explains |= check_bit(check_of_service((enum service)i, RUNG_CONNECT));
        reach_quote(scene->facts, (enum service)i, ENDING_LINK, 2, finding);
        const struct endpoint_facts *endpoint = &scene->facts->endpoints[i];
        for (int32_t j = 0; j < endpoint->n_addresses; j++)
            own |= endpoint->addresses[j].place == PLACE_OWN_SUBNET &&
                   reach_ending(&endpoint->addresses[j].steps[RUNG_CONNECT]) == ENDING_LINK;
    }
    if (finding->explains == 0)
        return false;
    if (own)
        finding_evidence(finding, "an address in this subnet has no next hop but itself");
    finding->confidence = CONFIDENCE_CERTAIN;
    return true;
}

bool explains_endpoint_refuses(const struct scene *scene, enum service service,
                               struct finding *finding)
{
    struct reach reach;

    if (!reach_is_symptom(scene, service, &reach) || reach.rejected == 0)
        return false;
    finding->explains = check_bit(check_of_service(service, RUNG_CONNECT));
    finding_title(finding, "%s: %d of %d addresses refuse port 443", service_name(service),
                  (int)reach.rejected, (int)reach.n);
    reach_quote(scene->facts, service, ENDING_REJECTED, 4, finding);
    finding_alternative(scene->facts, finding, "local-firewall");
    return true;
}

/* The ClientHello fits one small segment, the server's certificates fill several. */
bool explains_path_mtu(const struct scene *scene, enum service service, struct finding *finding)
{
    static const enum failure silent[] = {FAILURE_TIMEOUT};
    bool proven = false;
    (void)service;

    for (int i = 0; i < N_SERVICES; i++) {
        enum check check = check_of_service((enum service)i, RUNG_TLS);
        const struct endpoint_facts *endpoint = &scene->facts->endpoints[i];
        bool refuted = false, quoted = false;
        if (!scene_has_reason(scene, check, silent, 1))
            continue;
        for (int32_t j = 0; j < endpoint->n_addresses; j++) {
            const struct address_facts *at = &endpoint->addresses[j];
            if (look_failure(at, RUNG_TLS) != FAILURE_TIMEOUT)
                continue;
            proven |= at->small_segments == ANSWER_YES;
            refuted |= at->small_segments == ANSWER_NO;
            if (quoted)
                continue;
            finding_quote_address(finding, (enum service)i, at, RUNG_TLS);
            quoted = true;
            if (at->small_segments == ANSWER_YES)
                finding_evidence(finding, "with small segments the same handshake is answered");
        }
        if (!refuted)
            finding->explains |= check_bit(check);
    }
    if (finding->explains == 0)
        return false;
    finding->confidence = proven ? CONFIDENCE_CERTAIN : CONFIDENCE_POSSIBLE;
    if (!proven)
        finding_alternative(scene->facts, finding, "tls-reset");
    return true;
}
