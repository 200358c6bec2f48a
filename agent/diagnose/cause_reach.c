/* SPDX-License-Identifier: Apache-2.0
 *
 * connect() met silence: a security group, a network ACL, or a firewall that drops. They are told
 * apart by which addresses are silent: a subnet's own traffic passes no network ACL, one service's
 * endpoint has one security group, and this instance's own group covers everything.
 */
#include "base/text.h"
#include "diagnose/families.h"
#include "diagnose/finding.h"
#include "diagnose/firewall.h"
#include "diagnose/look.h"
#include "model/place.h"
#include "diagnose/reach.h"
#include "diagnose/remedy.h"

/* All services that got as far as connect. */
struct overall {
    int n;             /* services */
    int all_silent;    /* every address timed out */
    int partly_silent; /* some timed out, some connect */
    int any_ok;
    int32_t own_ok, own_silent, elsewhere_ok, elsewhere_silent, outside_silent;
};

/* What a cause above has explained is no evidence of anything else. */
static bool is_explained(const struct scene *scene, enum service service)
{
    enum check check = check_of_service(service, RUNG_CONNECT);
    enum status status = scene->checks[check].status;
    return (status == STATUS_FAIL || status == STATUS_WARN) && !scene_has(scene, check);
}

/* No address that packets may have got to answered, and at least one was silent. An address whose
 * next hop is silent, or that was never tried for want of a route, says nothing of filters. */
static bool is_all_silent(const struct reach *reach)
{
    return reach->silent > 0 && reach->ok == 0 && reach->rejected == 0 && reach->other == 0;
}

static bool is_blocked(const struct reach *reach)
{
    return is_all_silent(reach) && reach->own_silent > 0;
}

/* Nothing got to the filters that silence speaks of: it was stopped before, at every address. */
static bool is_untold(const struct reach *reach)
{
    return reach->n == reach->firewall + reach->no_route + reach->link;
}

/* `but_blocked`: without services that are silent even in the own subnet, where no network ACL
 * stands between. */
static void look_overall(const struct scene *scene, bool but_blocked, struct overall *overall)
{
    const struct facts *facts = scene->facts;

    *overall = (struct overall){0};
    for (int i = 0; i < N_SERVICES; i++) {
        struct reach reach;
        if (!look_is_planned(facts, (enum service)i))
            continue;
        reach_look(facts, (enum service)i, &reach);
        overall->any_ok += reach.ok > 0;
        if (is_untold(&reach) || is_explained(scene, (enum service)i) ||
            (but_blocked && is_blocked(&reach)))
            continue;
        overall->n++;
        overall->all_silent += is_all_silent(&reach);
        overall->partly_silent += reach.silent > 0 && reach.ok > 0;
        overall->own_ok += reach.own_ok;
        overall->own_silent += reach.own_silent;
        overall->elsewhere_ok += reach.elsewhere_ok;
        overall->elsewhere_silent += reach.elsewhere_silent;
        overall->outside_silent += reach.outside_silent;
    }
}

/* connect of every service with a silent address. */
static check_set silent_services(const struct scene *scene, bool but_blocked,
                                 struct finding *finding, int quotes)
{
    check_set set = 0;
    for (int i = 0; i < N_SERVICES; i++) {
        struct reach reach;
        if (!reach_is_symptom(scene, (enum service)i, &reach) || reach.silent == 0 ||
            (but_blocked && is_blocked(&reach)))
            continue;
        set |= check_bit(check_of_service((enum service)i, RUNG_CONNECT));
        reach_quote(scene->facts, (enum service)i, ENDING_SILENT, quotes, finding);
    }
    return set;
}

static void quote_ok(const struct scene *scene, bool own_only, struct finding *finding)
{
    for (int i = 0; i < N_SERVICES; i++) {
        struct reach reach;
        if (!look_is_planned(scene->facts, (enum service)i))
            continue;
        reach_look(scene->facts, (enum service)i, &reach);
        if (own_only ? reach.own_ok == 0 : reach.ok == 0)
            continue;
        reach_quote(scene->facts, (enum service)i, ENDING_OK, 1, finding);
        return;
    }
}

/* What connects in the own subnet; and of two families, what does of the other one. */
static void quote_near(const struct scene *scene, struct finding *finding)
{
    enum family family;

    if (!families_alone(scene->facts, finding->explains, ENDING_SILENT, &family)) {
        quote_ok(scene, true, finding);
        return;
    }
    finding_title(finding, "%s: only this subnet's endpoint interfaces answer: a network ACL",
                  families_name(family));
    reach_quote(scene->facts, remedy_service(finding), ENDING_OK, 4, finding);
}

bool explains_network_acl(const struct scene *scene, enum service service, struct finding *finding)
{
    struct overall overall;
    (void)service;

    look_overall(scene, true, &overall);
    if (overall.own_silent > 0 || overall.elsewhere_silent == 0 || overall.own_ok == 0)
        return false;
    /* Nothing outside the own subnet connects; or each service loses some address, so that no
     * single endpoint interface is to blame. */
    bool whole = overall.elsewhere_ok == 0 && overall.partly_silent > 0;
    bool alike = overall.n >= 2 && overall.partly_silent == overall.n;
    if (!whole && !alike)
        return false;
    finding->explains = silent_services(scene, true, finding, 0);
    if (finding->explains == 0)
        return false;
    quote_near(scene, finding);
    (void)silent_services(scene, true, finding, 2);
    if (overall.n < 2 || overall.partly_silent < overall.n)
        finding_alternative(scene->facts, finding, "endpoint-az-unreachable");
    if (overall.outside_silent > 0)
        finding_alternative(scene->facts, finding, "endpoint-outside-vpc");
    (void)firewall_offer(scene->facts, finding);
    return true;
}

/* Every silent address of the finding is known to have lost nothing on this machine. */
static bool is_beyond(const struct facts *facts, const struct finding *finding)
{
    for (int i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *endpoint = &facts->endpoints[i];
        if (!(finding->explains & check_bit(check_of_service((enum service)i, RUNG_CONNECT))))
            continue;
        for (int32_t j = 0; j < endpoint->n_addresses; j++)
            if (reach_ending_at(facts, &endpoint->addresses[j]) == ENDING_SILENT &&
                firewall_loss(facts, endpoint->addresses[j].address,
                              &endpoint->addresses[j].steps[RUNG_CONNECT]) != LOSS_NONE)
                return false;
    }
    return true;
}

bool explains_egress_blocked(const struct scene *scene, enum service service,
                             struct finding *finding)
{
    struct overall overall;
    (void)service;

    look_overall(scene, false, &overall);
    if (overall.n < 2 || overall.all_silent < overall.n)
        return false;
    finding->explains = silent_services(scene, false, finding, 2);
    if (finding->explains == 0)
        return false;
    finding_evidence(finding, "%d services, %d addresses, all silent; IMDS and DNS answer",
                     overall.n, (int)(overall.own_silent + overall.elsewhere_silent));
    finding_alternative(scene->facts, finding, "endpoint-blocks-443");
    if (overall.own_silent == 0)
        finding_alternative(scene->facts, finding, "network-acl");
    else
        finding_evidence(finding, "an address in this subnet is silent too, and traffic within a "
                                  "subnet passes no network ACL");
    if (overall.outside_silent > 0)
        finding_alternative(scene->facts, finding, "endpoint-outside-vpc");
    if (is_beyond(scene->facts, finding))
        finding_evidence(finding, "the packets left this machine, and it lost none that came back");
    else if (!firewall_offer(scene->facts, finding))
        finding_alternative(scene->facts, finding, "local-firewall");
    return true;
}

bool explains_endpoint_blocks_443(const struct scene *scene, enum service service,
                                  struct finding *finding)
{
    struct overall overall;
    struct reach reach;

    if (!reach_is_symptom(scene, service, &reach) || reach.silent == 0 || reach.ok > 0 ||
        reach.other > 0)
        return false;
    look_overall(scene, false, &overall);
    finding->explains = check_bit(check_of_service(service, RUNG_CONNECT));
    finding_title(finding, "%s: the endpoint's security group does not let 443 in",
                  service_name(service));
    reach_quote(scene->facts, service, ENDING_SILENT, 4, finding);
    if (overall.any_ok > 0)
        quote_ok(scene, false, finding);
    if (reach.own_silent > 0 && overall.any_ok > 0) {
        finding_evidence(finding, "traffic within a subnet passes no network ACL");
        if (!firewall_offer(scene->facts, finding))
            finding->confidence = CONFIDENCE_CERTAIN;
        return true;
    }
    if (overall.any_ok == 0)
        finding_alternative(scene->facts, finding, "egress-blocked");
    if (reach.own_silent == 0)
        finding_alternative(scene->facts, finding, "network-acl");
    if (reach.rejected > 0)
        /* is no endpoint interface, so that this one may be the only one */
        finding_alternative(scene->facts, finding, "endpoint-az-unreachable");
    if (reach.outside_silent > 0)
        finding_alternative(scene->facts, finding, "endpoint-outside-vpc");
    (void)firewall_offer(scene->facts, finding);
    return true;
}

/* Another service's address, by all appearance in the same subnet, that connects. */
static const struct address_facts *neighbour_that_connects(const struct facts *facts,
                                                           enum service service, enum service *of)
{
    const struct endpoint_facts *mine = &facts->endpoints[service];

    for (int i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *theirs = &facts->endpoints[i];
        if (i == (int)service || !look_is_planned(facts, (enum service)i))
            continue;
        for (int32_t j = 0; j < theirs->n_addresses; j++)
            for (int32_t k = 0; k < mine->n_addresses; k++)
                if (reach_ending(&theirs->addresses[j].steps[RUNG_CONNECT]) == ENDING_OK &&
                    reach_ending(&mine->addresses[k].steps[RUNG_CONNECT]) == ENDING_SILENT &&
                    !reach_is_of_blocked_family(facts, service, &mine->addresses[k]) &&
                    place_are_neighbours(&facts->instance, theirs->addresses[j].address,
                                         mine->addresses[k].address)) {
                    *of = (enum service)i;
                    return &theirs->addresses[j];
                }
    }
    return NULL;
}

bool explains_endpoint_az_unreachable(const struct scene *scene, enum service service,
                                      struct finding *finding)
{
    enum service of = service;
    struct reach reach;

    if (!reach_is_symptom(scene, service, &reach) || reach.silent == 0 || reach.silent == reach.n)
        return false;
    finding->explains = check_bit(check_of_service(service, RUNG_CONNECT));
    finding_title(finding, "%s: %d of %d endpoint interfaces do%s not answer on 443",
                  service_name(service), (int)reach.silent, (int)reach.n,
                  reach.silent == 1 ? "es" : "");
    reach_quote(scene->facts, service, ENDING_SILENT, 4, finding);
    reach_quote(scene->facts, service, ENDING_OK, 1, finding);
    const struct address_facts *neighbour = neighbour_that_connects(scene->facts, service, &of);
    if (neighbour != NULL)
        finding_quote_address(finding, of, neighbour, RUNG_CONNECT);
    else if (reach.own_silent == 0)
        finding_alternative(scene->facts, finding, "network-acl");
    finding->confidence = neighbour != NULL || reach.own_silent > 0 ? CONFIDENCE_CERTAIN
                                                                    : CONFIDENCE_LIKELY;
    if (firewall_offer(scene->facts, finding))
        finding->confidence = CONFIDENCE_LIKELY;
    if (reach.outside_silent > 0)
        finding_alternative(scene->facts, finding, "endpoint-outside-vpc");
    return true;
}
