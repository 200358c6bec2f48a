/* SPDX-License-Identifier: Apache-2.0
 *
 * Which of the machine's devices are the instance's, and by which of them the kernel sends.
 */
#include "diagnose/routes.h"

#include <string.h>

#include "base/text.h"

/* --- routes --- */

const char *route_words(enum route_kind kind)
{
    static const char *const words[] = {
        [ROUTE_UNREACHABLE] = "unreachable",
        [ROUTE_PROHIBIT] = "prohibit",
        [ROUTE_BLACKHOLE] = "blackhole",
        [ROUTE_THROW] = "throw",
    };
    return kind >= ROUTE_UNREACHABLE ? words[kind] : "";
}

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

/* Every Ethernet gives itself a link-local address. */
static bool has_address(const struct interface_facts *interface)
{
    for (int32_t i = 0; i < interface->n_addresses; i++)
        if (!text_starts(interface->addresses[i], "fe80:"))
            return true;
    return false;
}

/* Not the instance's; where IMDS says nothing, one without an address is none. */
static bool is_foreign(const struct interface_facts *interface)
{
    return interface->own == ANSWER_NO ||
           (interface->own == ANSWER_UNKNOWN && !has_address(interface));
}

bool route_leads_astray(const struct facts *facts, const char *address)
{
    const struct route *route = route_find(facts, address);
    const struct interface_facts *device = route ? interface_named(facts, route->interface) : NULL;
    const struct interface_facts *source = route ? interface_with(facts, route->source) : NULL;
    bool another = false;

    if (!device || route->kind != ROUTE_FORWARD)
        return false;
    for (int32_t i = 0; i < facts->network.n_interfaces; i++) {
        const struct interface_facts *own = &facts->network.interfaces[i];
        another |= own != device && own->up && has_address(own) && !is_foreign(own);
    }
    return (is_foreign(device) && another) || (!is_foreign(device) && source && is_foreign(source));
}

bool route_is_by_other_interface(const struct facts *facts, const char *address)
{
    const struct route *route = route_find(facts, address);
    const struct interface_facts *primary = interface_with(facts, facts->instance.private_ipv4);

    return route && primary && route->kind == ROUTE_FORWARD && !route->via[0] &&
           route->interface[0] && strcmp(route->interface, primary->name) != 0 &&
           !route_leads_astray(facts, address);
}
