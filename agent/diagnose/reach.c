/* SPDX-License-Identifier: Apache-2.0
 *
 * The one table from an errno and a time to what it says (measured; performance.md B4).
 */
#include "diagnose/reach.h"

#include <string.h>

#include "diagnose/families.h"
#include "diagnose/firewall.h"
#include "diagnose/look.h"
#include "diagnose/routes.h"

enum ending reach_ending(const struct step *step)
{
    if (step->outcome == OUTCOME_OK)
        return ENDING_OK;
    switch (step->failure) {
    case FAILURE_TIMEOUT:
        return ENDING_SILENT;
    case FAILURE_HOST_UNREACHABLE:
        return step->took_ms >= AT_ONCE_MS ? ENDING_LINK : ENDING_NO_ROUTE;
    case FAILURE_NO_ROUTE:
    case FAILURE_BLACKHOLE:
        return ENDING_NO_ROUTE;
    case FAILURE_REFUSED:
    case FAILURE_RESET:
        return ENDING_REJECTED;
    case FAILURE_NOT_PERMITTED:
    case FAILURE_PROHIBITED:
    case FAILURE_NOT_SENT:
        return ENDING_FIREWALL;
    default:
        return ENDING_OTHER;
    }
}

enum ending reach_ending_at(const struct facts *facts, const struct address_facts *at)
{
    enum ending ending = reach_ending(&at->steps[RUNG_CONNECT]);

    if (ending == ENDING_SILENT &&
        firewall_loss(facts, at->address, &at->steps[RUNG_CONNECT]) == LOSS_LIKELY)
        return ENDING_FIREWALL;
    if (ending == ENDING_NO_ROUTE && routes_lead_to(facts, at->address))
        return ENDING_FIREWALL;
    if (ending == ENDING_FIREWALL && routes_refuse(facts, at->address))
        return ENDING_NO_ROUTE;
    return ending;
}

static bool counts(const struct address_facts *at)
{
    return !at->second_opinion && (at->steps[RUNG_CONNECT].outcome == OUTCOME_OK ||
                                   at->steps[RUNG_CONNECT].outcome == OUTCOME_FAILED);
}

/* A family that is blocked as a whole says nothing of zones and of single endpoints. */
bool reach_is_of_blocked_family(const struct facts *facts, enum service service,
                                const struct address_facts *at)
{
    return reach_ending_at(facts, at) == ENDING_SILENT &&
           families_blocked(facts, service, families_of(at->address));
}

void reach_look(const struct facts *facts, enum service service, struct reach *reach)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    memset(reach, 0, sizeof *reach);
    int32_t *const by_ending[] = {
        [ENDING_OK] = &reach->ok,
        [ENDING_SILENT] = &reach->silent,
        [ENDING_NO_ROUTE] = &reach->no_route,
        [ENDING_REJECTED] = &reach->rejected,
        [ENDING_FIREWALL] = &reach->firewall,
        [ENDING_LINK] = &reach->link,
        [ENDING_OTHER] = &reach->other,
    };
    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        if (!counts(at) || look_is_other_family(facts, endpoint, at))
            continue;
        if (reach_is_of_blocked_family(facts, service, at)) {
            reach->family_silent++;
            continue;
        }
        enum ending ending = reach_ending_at(facts, at);
        bool own = at->place == PLACE_OWN_SUBNET;
        reach->n++;
        ++*by_ending[ending];
        reach->own_ok += own && ending == ENDING_OK;
        reach->own_silent += own && ending == ENDING_SILENT;
        reach->elsewhere_ok += !own && ending == ENDING_OK;
        reach->elsewhere_silent += !own && ending == ENDING_SILENT;
        reach->outside_silent += at->place == PLACE_PRIVATE_ELSEWHERE && ending == ENDING_SILENT;
    }
}

void reach_quote(const struct facts *facts, enum service service, enum ending ending, int most,
                 struct finding *finding)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_addresses && most > 0; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        if (!counts(at) || reach_ending_at(facts, at) != ending ||
            reach_is_of_blocked_family(facts, service, at))
            continue;
        finding_quote_address(finding, service, at, RUNG_CONNECT);
        most--;
    }
}

bool reach_is_symptom(const struct scene *scene, enum service service, struct reach *reach)
{
    if (!scene_has(scene, check_of_service(service, RUNG_CONNECT)))
        return false;
    reach_look(scene->facts, service, reach);
    return true;
}
