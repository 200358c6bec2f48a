/* SPDX-License-Identifier: Apache-2.0
 *
 * inet_pton and inet_ntop with ports and zones around them; getaddrinfo would read files and ask
 * name services.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"

static bool parse_ipv4(const char *text, uint16_t port, struct sockaddr_storage *to,
                       socklen_t *length)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};

    if (inet_pton(AF_INET, text, &ipv4.sin_addr) != 1)
        return false;
    memset(to, 0, sizeof(*to));
    memcpy(to, &ipv4, sizeof(ipv4));
    *length = sizeof(ipv4);
    return true;
}

/* The zone of a link-local address: an interface's name or its number. */
static bool parse_zone(const char *zone, uint32_t *scope)
{
    uint64_t number;

    *scope = if_nametoindex(zone);
    if (*scope != 0)
        return true;
    if (!text_number(zone, UINT32_MAX, &number) || number == 0)
        return false;
    *scope = (uint32_t)number;
    return true;
}

static bool parse_ipv6(char *text, uint16_t port, struct sockaddr_storage *to, socklen_t *length)
{
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    char *percent = strchr(text, '%');

    if (percent) {
        *percent = '\0';
        if (!parse_zone(percent + 1, &ipv6.sin6_scope_id))
            return false;
    }
    if (inet_pton(AF_INET6, text, &ipv6.sin6_addr) != 1)
        return false;
    memset(to, 0, sizeof(*to));
    memcpy(to, &ipv6, sizeof(ipv6));
    *length = sizeof(ipv6);
    return true;
}

bool address_parse(const char *text, uint16_t port, struct sockaddr_storage *to, socklen_t *length)
{
    char copy[ADDRESS_SIZE];

    if (!text_set(copy, sizeof(copy), "%s", text))
        return false;
    return parse_ipv4(copy, port, to, length) || parse_ipv6(copy, port, to, length);
}

/* Cuts "ADDRESS:PORT" or "[ADDRESS]:PORT" or "[ADDRESS]" in place; several colons without brackets
 * are an IPv6 address alone. False when the port is none. */
static bool split_port(char *text, char **address, uint16_t *port)
{
    char *colon = strchr(text, ':');
    uint64_t number;

    *address = text;
    if (text[0] == '[') {
        char *bracket = strchr(text, ']');
        if (!bracket)
            return false;
        *bracket = '\0';
        *address = text + 1;
        if (!bracket[1])
            return true;
        colon = bracket + 1;
        if (*colon != ':')
            return false;
    } else if (!colon || strchr(colon + 1, ':')) {
        return true;
    }
    *colon = '\0';
    if (!text_number(colon + 1, UINT16_MAX, &number) || number == 0)
        return false;
    *port = (uint16_t)number;
    return true;
}

bool address_parse_with_port(const char *text, uint16_t default_port, struct sockaddr_storage *to,
                             socklen_t *length)
{
    char copy[ADDRESS_SIZE];
    char *address;
    uint16_t port = default_port;

    return text_set(copy, sizeof(copy), "%s", text) && split_port(copy, &address, &port) &&
           address_parse(address, port, to, length);
}

void address_format(const struct sockaddr_storage *from, char *to, size_t size)
{
    char text[INET6_ADDRSTRLEN] = "";

    (void)text_set(to, size, "%s", "");
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)from;
        if (inet_ntop(AF_INET, &ipv4->sin_addr, text, sizeof(text)))
            (void)text_set(to, size, "%s", text);
    } else if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)from;
        if (inet_ntop(AF_INET6, &ipv6->sin6_addr, text, sizeof(text)))
            (void)text_set(to, size, "%s", text);
        if (ipv6->sin6_scope_id != 0) {
            char name[IF_NAMESIZE];
            if (address_interface(ipv6->sin6_scope_id, name))
                (void)text_add(to, size, "%%%s", name);
            else
                (void)text_add(to, size, "%%%u", ipv6->sin6_scope_id);
        }
    }
}

struct ifaddrs *address_list(void)
{
    struct ifaddrs *all = NULL;

    if (getifaddrs(&all) == 0)
        return all;
    if (errno != EAFNOSUPPORT) /* of a sandbox without netlink, where nothing else needs it */
        file_keep_trouble("the interfaces", errno);
    return NULL;
}

const char *address_interface(unsigned int number, char name[static IF_NAMESIZE])
{
    const char *found = if_indextoname(number, name);

    /* ENXIO: there is none. Without descriptors glibc looks for another kind of socket, and says ENOENT. */
    if (!found && errno != ENXIO)
        file_keep_trouble("an interface's name", errno);
    return found;
}
