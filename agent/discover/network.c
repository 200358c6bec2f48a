/* SPDX-License-Identifier: Apache-2.0
 *
 * A UDP socket that is connected sends nothing, yet the kernel looks up the route: the cheapest
 * way to ask for a default route. The addresses are documentation ranges (RFC 5737, RFC 3849).
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "discover/machine.h"
#include "net/address.h"

static bool has_route(const char *address)
{
    struct sockaddr_storage to;
    socklen_t length;

    if (!address_parse(address, 9, &to, &length))
        return false;
    int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool routed = connect(fd, (const struct sockaddr *)&to, length) == 0;
    (void)close(fd);
    return routed;
}

static struct interface_facts *interface_named(struct network_facts *network, const char *name)
{
    for (int i = 0; i < network->n_interfaces; i++)
        if (strcmp(network->interfaces[i].name, name) == 0)
            return &network->interfaces[i];
    if (network->n_interfaces == MAX_INTERFACES)
        return NULL;

    struct interface_facts *added = &network->interfaces[network->n_interfaces++];
    (void)text_escape(added->name, sizeof(added->name), name, strlen(name));
    return added;
}

static int prefix_length(const struct sockaddr *mask)
{
    const unsigned char *bytes;
    size_t n;
    int length = 0;

    if (!mask)
        return 0;
    if (mask->sa_family == AF_INET6) {
        bytes = ((const struct sockaddr_in6 *)(const void *)mask)->sin6_addr.s6_addr;
        n = 16;
    } else {
        bytes = (const unsigned char *)&((const struct sockaddr_in *)(const void *)mask)->sin_addr;
        n = 4;
    }
    for (size_t i = 0; i < n; i++)
        length += __builtin_popcount(bytes[i]);
    return length;
}

static void take_address(struct network_facts *network, struct interface_facts *interface,
                         const struct ifaddrs *entry)
{
    struct sockaddr_storage address = {0};
    char text[ADDRESS_SIZE];
    bool ipv6 = entry->ifa_addr->sa_family == AF_INET6;

    memcpy(&address, entry->ifa_addr,
           ipv6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    address_format(&address, text, sizeof(text));
    if (interface->n_addresses < MAX_CIDRS)
        (void)text_set(interface->addresses[interface->n_addresses++], ADDRESS_SIZE, "%.50s/%d",
                       text, prefix_length(entry->ifa_netmask));

    bool link_local = ipv6 ? IN6_IS_ADDR_LINKLOCAL(
                                 &((struct sockaddr_in6 *)(void *)&address)->sin6_addr)
                           : text_starts(text, "169.254.");
    if (!interface->up || link_local)
        return;
    if (ipv6)
        network->usable_ipv6 = true;
    else
        network->usable_ipv4 = true;
}

void network_read(struct network_facts *network)
{
    struct ifaddrs *all = NULL;

    network->default_route_ipv4 = has_route("192.0.2.1");
    network->default_route_ipv6 = has_route("2001:db8::1");
    if (getifaddrs(&all) != 0)
        return;
    for (const struct ifaddrs *entry = all; entry; entry = entry->ifa_next) {
        if (entry->ifa_flags & IFF_LOOPBACK)
            continue;
        struct interface_facts *interface = interface_named(network, entry->ifa_name);
        if (!interface)
            continue;
        interface->up = (entry->ifa_flags & IFF_UP) && (entry->ifa_flags & IFF_RUNNING);
        if (entry->ifa_addr &&
            (entry->ifa_addr->sa_family == AF_INET || entry->ifa_addr->sa_family == AF_INET6))
            take_address(network, interface, entry);
    }
    freeifaddrs(all);
}
