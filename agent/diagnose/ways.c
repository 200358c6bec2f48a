/* SPDX-License-Identifier: Apache-2.0
 *
 * What was silent because packets leave by another device than the instance's primary interface.
 */
#include "diagnose/finding.h"
#include "diagnose/names.h"
#include "diagnose/reach.h"
#include "diagnose/routes.h"

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
