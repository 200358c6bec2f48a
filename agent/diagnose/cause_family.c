/* SPDX-License-Identifier: Apache-2.0
 *
 * One address family is silent and the other one connects, at the same interfaces. Rules of security
 * groups and entries of network ACLs are written for one family each, so what lacks is a rule.
 */
#include "base/text.h"
#include "diagnose/families.h"
#include "diagnose/finding.h"
#include "diagnose/firewall.h"
#include "diagnose/look.h"
#include "diagnose/remedy.h"

/* What one family shows over all services. */
struct blocked {
    enum family family;
    int n_planned;     /* services */
    int n_services;    /* at which it is blocked */
    int n_others;      /* at which it connects */
    bool own_silent;   /* a silent address is in the instance's own subnet */
    enum service some; /* a service at which it connects, when n_others > 0 */
};

static check_set look_blocked(const struct scene *scene, enum family family,
                              struct blocked *blocked)
{
    const struct facts *facts = scene->facts;
    check_set set = 0;

    *blocked = (struct blocked){.family = family};
    for (int i = 0; i < N_SERVICES; i++) {
        enum service service = (enum service)i;
        enum check check = check_of_service(service, RUNG_CONNECT);
        if (!look_is_planned(facts, service))
            continue;
        blocked->n_planned++;
        if (families_ok(facts, service, family) > 0) {
            blocked->n_others++;
            blocked->some = service;
        }
        if (!scene_has(scene, check) || !families_blocked(facts, service, family))
            continue;
        set |= check_bit(check);
        blocked->n_services++;
        blocked->own_silent |= families_silent(facts, service, family, true);
    }
    return set;
}

static void quote(const struct facts *facts, enum service service, enum family family,
                  enum ending ending, int most, struct finding *finding)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_addresses && most > 0; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        if (at->second_opinion || families_of(at->address) != family ||
            at->steps[RUNG_CONNECT].outcome == OUTCOME_UNTRIED ||
            reach_ending_at(facts, at) != ending)
            continue;
        finding_quote_address(finding, service, at, RUNG_CONNECT);
        most--;
    }
}

static void quote_both(const struct scene *scene, check_set set, const struct blocked *blocked,
                       struct finding *finding)
{
    int each = blocked->n_services > 1 ? 1 : 2;

    for (int i = 0; i < N_SERVICES; i++) {
        if (!(set & check_bit(check_of_service((enum service)i, RUNG_CONNECT))))
            continue;
        quote(scene->facts, (enum service)i, blocked->family, ENDING_SILENT, each, finding);
        quote(scene->facts, (enum service)i, families_other(blocked->family), ENDING_OK, each,
              finding);
    }
    if (blocked->n_others > 0)
        quote(scene->facts, blocked->some, blocked->family, ENDING_OK, 1, finding);
    if (blocked->own_silent)
        finding_evidence(finding, "traffic within a subnet passes no network ACL");
}

/* True when a firewall of this machine may be at work at the very addresses that are silent. */
static bool offer_others(const struct scene *scene, const struct blocked *blocked,
                         struct finding *finding)
{
    if (!blocked->own_silent)
        finding_alternative(scene->facts, finding, "network-acl");
    if (firewall_offer(scene->facts, finding))
        return true;
    if (blocked->n_others == 0)
        finding_alternative(scene->facts, finding, "local-firewall");
    return false;
}

/* Certain where another service's addresses of this family connect, and one that is silent lies in
 * the own subnet: then neither this instance nor an ACL holds the family back. */
bool explains_address_family_blocked(const struct scene *scene, enum service service,
                                     struct finding *finding)
{
    (void)service;

    for (int family = FAMILY_IPV4; family <= FAMILY_IPV6; family++) {
        struct blocked blocked;
        char services[NAME_SIZE];
        check_set set = look_blocked(scene, (enum family)family, &blocked);
        if (set == 0)
            continue;
        finding->explains |= set;
        remedy_services(finding, services, sizeof services);
        finding_title(finding, "%s: %s does not get to port 443, %s does",
                      blocked.n_services < blocked.n_planned ? services : "all endpoints",
                      families_name(blocked.family), families_name(families_other(blocked.family)));
        quote_both(scene, set, &blocked, finding);
        bool here = offer_others(scene, &blocked, finding);
        finding->confidence = blocked.n_others > 0 && blocked.own_silent && !here
                                  ? CONFIDENCE_CERTAIN
                                  : CONFIDENCE_LIKELY;
    }
    return finding->explains != 0;
}
