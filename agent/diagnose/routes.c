/* SPDX-License-Identifier: Apache-2.0
 *
 * connect()'s errno alone cannot tell a reject by a firewall from a route (EHOSTUNREACH is both).
 */
#include "diagnose/routes.h"

#include <string.h>

#include "base/text.h"

enum { TABLE_MAIN = 254 };

static const char *const words[] = {
    [ROUTE_UNREACHABLE] = "unreachable",
    [ROUTE_PROHIBIT] = "prohibit",
    [ROUTE_BLACKHOLE] = "blackhole",
    [ROUTE_THROW] = "throw",
};

const struct route *routes_find(const struct facts *facts, const char *address)
{
    const struct network_facts *network = &facts->network;

    for (int32_t i = 0; i < network->n_routes && i < MAX_ROUTES; i++)
        if (strcmp(network->routes[i].to, address) == 0)
            return &network->routes[i];
    return NULL;
}

bool routes_lead_to(const struct facts *facts, const char *address)
{
    const struct route *route = routes_find(facts, address);
    return route != NULL && (route->kind == ROUTE_FORWARD || route->kind == ROUTE_LOCAL);
}

bool routes_refuse(const struct facts *facts, const char *address)
{
    const struct route *route = routes_find(facts, address);
    return route != NULL && route->kind >= ROUTE_NONE;
}

void routes_quote(const struct facts *facts, const char *address, struct finding *finding)
{
    const struct route *route = routes_find(facts, address);

    if (route == NULL)
        return;
    switch (route->kind) {
    case ROUTE_UNKNOWN:
        return;
    case ROUTE_FORWARD:
        finding_evidence(finding, "the kernel has a route to %s: %s%s%sdev %s", address,
                         route->via[0] ? "via " : "", route->via, route->via[0] ? " " : "",
                         route->interface);
        return;
    case ROUTE_LOCAL:
        finding_evidence(finding, "the kernel takes %s for an address of this machine", address);
        return;
    case ROUTE_NONE:
        finding_evidence(finding, "the kernel has no route to %s", address);
        return;
    default:
        break;
    }
    if (route->by_rule)
        finding_evidence(finding, "policy routing refuses: rule %u says %s for %s",
                         (unsigned)route->priority, words[route->kind], route->entry);
    else if (route->entry[0] != '\0' && route->table == TABLE_MAIN)
        finding_evidence(finding, "the kernel's route to %s: %s %s, in table main", address,
                         words[route->kind], route->entry);
    else if (route->entry[0] != '\0')
        finding_evidence(finding, "the kernel's route to %s: %s %s, in table %u", address,
                         words[route->kind], route->entry, (unsigned)route->table);
    else
        finding_evidence(finding, "the kernel's route to %s: %s", address, words[route->kind]);
}

bool routes_undo(const struct facts *facts, const char *address, char *to, size_t size)
{
    const struct route *route = routes_find(facts, address);
    const char *version = strchr(address, ':') ? " -6" : "";

    if (!route || route->kind < ROUTE_UNREACHABLE || !text_only(route->entry, ".:/"))
        return false;
    if (route->by_rule)
        return text_set(to, size, "ip%s rule del priority %u", version, (unsigned)route->priority);
    if (route->table == TABLE_MAIN)
        return text_set(to, size, "ip%s route del %s %s", version, words[route->kind],
                        route->entry);
    return text_set(to, size, "ip%s route del %s %s table %u", version, words[route->kind],
                    route->entry, (unsigned)route->table);
}
