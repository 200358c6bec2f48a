/* SPDX-License-Identifier: Apache-2.0
 *
 * Connecting a UDP socket sends nothing, but makes the kernel look up the route. That is the cheapest
 * way to ask for a default route. The addresses are documentation ranges (RFC 5737, RFC 3849).
 *
 * Of resolv.conf the `nameserver` lines count, and the time and the protocol that are wanted: the agent's names are asked
 * absolute, so `search` tells a proxy's whole name and perhaps the Region, no more. Of nsswitch.conf the lines `hosts:`, as Go's net package reads them (nss.go, conf.go), which
 * skips the sources that it does not know, unless `dns` is not among them: then they stand for it.
 *
 * Of a SYN that did not leave this machine the socket itself knows (net/dial.h). Nobody tells of an
 * answer that came in and was dropped, but the kernel counts what it received and what it delivered.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/machine.h"
#include "model/place.h"
#include "net/address.h"
#include "net/dial.h"
#include "net/route.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define UPSTREAM_RESOLV_CONF "/run/systemd/resolve/resolv.conf"

static bool has_route(const char *address)
{
    struct sockaddr_storage to;
    socklen_t length;

    LOCAL_FD fd = address_parse(address, 9, &to, &length) ? dial_socket(to.ss_family, SOCK_DGRAM, 0)
                                                          : -1;
    bool routed = fd >= 0 && connect(fd, (const struct sockaddr *)&to, length) == 0;
    if (!routed)
        (void)file_note_trouble("the default route", errno);
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

static bool is_link(const struct ifaddrs *entry)
{
    return !(entry->ifa_flags & IFF_LOOPBACK) && entry->ifa_addr &&
           entry->ifa_addr->sa_family == AF_PACKET;
}

static void format_mac(const struct ifaddrs *entry, char mac[NAME_SIZE])
{
    const struct sockaddr_ll *link = (const void *)entry->ifa_addr;

    mac[0] = '\0';
    for (int i = 0; i < link->sll_halen && i < 6; i++)
        (void)text_add(mac, NAME_SIZE, "%s%02x", i > 0 ? ":" : "", link->sll_addr[i]);
}

void network_mac_of(const char *address, char mac[NAME_SIZE])
{
    struct ifaddrs *all = address_list();
    const char *name = "";

    mac[0] = '\0';
    for (const struct ifaddrs *entry = all; entry; entry = entry->ifa_next) {
        struct sockaddr_storage own = {0};
        char text[ADDRESS_SIZE];
        int family = entry->ifa_addr ? entry->ifa_addr->sa_family : AF_UNSPEC;
        if (family != AF_INET && family != AF_INET6)
            continue;
        memcpy(&own, entry->ifa_addr,
               family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
        address_format(&own, text, sizeof(text));
        if (strcmp(text, address) == 0)
            name = entry->ifa_name;
    }
    for (const struct ifaddrs *entry = all; entry; entry = entry->ifa_next)
        if (is_link(entry) && strcmp(entry->ifa_name, name) == 0)
            format_mac(entry, mac);
    freeifaddrs(all);
}

void network_block_of(const char *address, struct facts *facts)
{
    struct instance_facts *instance = &facts->instance;
    char *block = instance->subnet_cidrs[0];
    struct bits base;
    unsigned int n_prefix;

    for (int32_t i = 0; i < facts->network.n_interfaces; i++)
        for (int32_t j = 0; j < facts->network.interfaces[i].n_addresses; j++) {
            const char *own = facts->network.interfaces[i].addresses[j];
            if (!text_starts(own, address) || own[strlen(address)] != '/' ||
                !place_is_vpc_block(own) || !bits_parse_block(own, &base, &n_prefix) ||
                base.n != 32)
                continue;
            for (unsigned int k = n_prefix; k < base.n; k++)
                base.byte[k / 8] &= (unsigned char)~(0x80u >> k % 8);
            (void)inet_ntop(AF_INET, base.byte, block, ADDRESS_SIZE);
            (void)text_add(block, ADDRESS_SIZE, "/%u", n_prefix);
            instance->n_subnet_cidrs = 1;
        }
}

void network_mark_own(struct network_facts *network, const char *macs)
{
    struct ifaddrs *all = address_list();

    for (const struct ifaddrs *entry = all; entry; entry = entry->ifa_next) {
        char mac[NAME_SIZE];
        if (!is_link(entry))
            continue;
        struct interface_facts *interface = interface_named(network, entry->ifa_name);
        format_mac(entry, mac);
        if (interface)
            interface->own = mac[0] && strcasestr(macs, mac) ? ANSWER_YES : ANSWER_NO;
    }
    freeifaddrs(all);
}

void network_read(struct network_facts *network)
{
    struct ifaddrs *all = address_list();

    network->default_route_ipv4 = has_route("192.0.2.1");
    network->default_route_ipv6 = has_route("2001:db8::1");
    for (const struct ifaddrs *entry = all; entry; entry = entry->ifa_next) {
        struct interface_facts *interface = entry->ifa_flags & IFF_LOOPBACK
                                                ? NULL
                                                : interface_named(network, entry->ifa_name);
        if (!interface) /* or one too many */
            continue;
        interface->up = (entry->ifa_flags & IFF_UP) && (entry->ifa_flags & IFF_RUNNING);
        if (entry->ifa_addr &&
            (entry->ifa_addr->sa_family == AF_INET || entry->ifa_addr->sa_family == AF_INET6))
            take_address(network, interface, entry);
        else if (entry->ifa_addr && entry->ifa_addr->sa_family == AF_PACKET &&
                 ((const struct sockaddr_ll *)(const void *)entry->ifa_addr)->sll_hatype !=
                     ARPHRD_ETHER)
            interface->own = ANSWER_NO; /* a tunnel of IP packets is no Ethernet */
    }
    freeifaddrs(all);
}

/* --- resolv.conf --- */

enum { MAX_TIMEOUT_S = 3600, MAX_ATTEMPTS = 100, MAX_NDOTS = 15 };

/* The digits that it begins with, or 0 (dtoi); at most `max`. */
static int32_t number(const char *text, int32_t max)
{
    int32_t n = 0;

    for (; n < max && *text >= '0' && *text <= '9'; text++)
        n = 10 * n + (*text - '0');
    return n < max ? n : max;
}

/* As Go's net package takes it (dnsconfig_unix.go): at least a second, and once. */
static void take_option(const char *option, struct resolver_facts *resolvers)
{
    static const char timeout[] = "timeout:", attempts[] = "attempts:", ndots[] = "ndots:";
    int32_t n;

    if (strcmp(option, "use-vc") == 0 || strcmp(option, "usevc") == 0 || strcmp(option, "tcp") == 0)
        resolvers->by_tcp = true;
    if (text_starts(option, timeout)) {
        n = number(option + strlen(timeout), MAX_TIMEOUT_S);
        resolvers->timeout_ms = n < 1 ? 1000 : n * 1000;
    } else if (text_starts(option, attempts)) {
        n = number(option + strlen(attempts), MAX_ATTEMPTS);
        resolvers->attempts = n < 1 ? 1 : n;
    } else if (text_starts(option, ndots)) {
        resolvers->ndots = number(option + strlen(ndots), MAX_NDOTS);
    }
}

/* The last list counts, resolv.conf(5); of `domain` its first word, if it has one. */
static void keep_search(char *words, bool domain, struct resolver_facts *resolvers)
{
    for (char *at = words; *at; at++)
        *at = strchr("\t\r", *at) ? ' ' : *at;
    words += strspn(words, " ");
    size_t n = domain ? strcspn(words, " ") : strlen(words);
    if (!domain || n > 0)
        (void)text_escape(resolvers->search, sizeof(resolvers->search), words, n);
}

/* The configured ones with their options; or those that stand behind the stub. */
static int read_nameservers(const char *root, const char *path, bool upstream,
                            struct resolver_facts *resolvers)
{
    char(*servers)[ADDRESS_SIZE] = upstream ? resolvers->upstream : resolvers->configured;
    int32_t *n_servers = upstream ? &resolvers->n_upstream : &resolvers->n_configured;
    LOCAL_BUFFER contents = {.max_bytes = FILE_MAX_BYTES};
    bool rotates = false;

    int error = file_read_as_go(root, path, &contents);
    if (error)
        return error;

    for (char *line, *rest = contents.bytes; (line = text_next(&rest, "\n"));) {
        const char *keyword = text_next(&line, " \t\r");
        bool domain = keyword && strcmp(keyword, "domain") == 0;
        if (keyword && !upstream && (domain || strcmp(keyword, "search") == 0))
            keep_search(line, domain, resolvers);
        const char *server = text_next(&line, " \t\r");
        struct sockaddr_storage parsed;
        socklen_t length;

        for (const char *option = server;
             keyword && !upstream && strcmp(keyword, "options") == 0 && option;
             option = text_next(&line, " \t\r")) {
            rotates |= strcmp(option, "rotate") == 0;
            take_option(option, resolvers);
        }
        if (keyword && server && strcmp(keyword, "nameserver") == 0 && *n_servers < MAX_RESOLVERS &&
            address_parse(server, DNS_PORT, &parsed, &length))
            (void)text_set(servers[(*n_servers)++], ADDRESS_SIZE, "%s", server);
    }
    if (rotates && *n_servers == 2) { /* a look-up asks one for AAAA, then the other for A */
        char first[ADDRESS_SIZE];
        memcpy(first, servers[0], sizeof(first));
        memcpy(servers[0], servers[1], sizeof(first));
        memcpy(servers[1], first, sizeof(first));
    }
    return 0;
}

/* --- nsswitch.conf --- */

struct sources {
    bool dns, files, others;
    bool dns_first, others_first; /* before files */
};

static enum lookup_order order_of(const struct sources *sources)
{
    bool first = sources->dns ? sources->dns_first : sources->others_first;

    if (!sources->files)
        return sources->dns || sources->others ? LOOKUP_DNS : LOOKUP_FILES_DNS;
    if (!sources->dns && !sources->others)
        return LOOKUP_FILES;
    return first ? LOOKUP_DNS_FILES : LOOKUP_FILES_DNS;
}

/* "!UNAVAIL=return success=continue" */
static bool are_criteria(char *words)
{
    for (const char *word; (word = text_next(&words, " "));) {
        word += *word == '!';
        if (strlen(word) < 3 || !strchr(word, '='))
            return false;
    }
    return true;
}

/* False: the line does not parse. */
static bool read_sources(char *at, struct sources *sources)
{
    while (*(at = text_trim(at))) {
        const char *word = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = '\0';
        sources->dns_first |= strcmp(word, "dns") == 0 && !sources->files;
        sources->dns |= strcmp(word, "dns") == 0;
        sources->files |= strcmp(word, "files") == 0;
        if (strcmp(word, "dns") != 0 && strcmp(word, "files") != 0) {
            sources->others = true;
            sources->others_first |= !sources->files;
        }
        at += strspn(at, " \t");
        char *end = strchr(at, ']');
        if (*at != '[')
            continue;
        if (!end)
            return false;
        *end = '\0';
        if (!are_criteria(at + 1))
            return false;
        at = end + 1;
    }
    return true;
}

/* One line of any database that does not parse, and the whole file counts for nothing. */
static void read_order(const char *root, enum lookup_order *order)
{
    LOCAL_BUFFER contents = {.max_bytes = FILE_MAX_BYTES};
    struct sources hosts = {0};

    if (file_read_as_go(root, "/etc/nsswitch.conf", &contents) != 0)
        return;
    for (char *line, *rest = contents.bytes; (line = text_next(&rest, "\n"));) {
        struct sources others = {0};
        line[strcspn(line, "#")] = '\0';
        line = text_trim(line);
        char *colon = strchr(line, ':');
        if (!*line)
            continue;
        if (!colon)
            return;
        *colon = '\0';
        if (!read_sources(colon + 1, strcmp(text_trim(line), "hosts") == 0 ? &hosts : &others))
            return;
    }
    *order = order_of(&hosts);
}

void resolvers_read(const char *root, struct resolver_facts *resolvers)
{
    (void)text_set(resolvers->file, sizeof(resolvers->file), "%s", RESOLV_CONF);
    step_ok(&resolvers->read, 0);
    resolvers->ndots = 1;
    int error = read_nameservers(root, RESOLV_CONF, false, resolvers);
    if (error) {
        step_fail(&resolvers->read, error == ENOENT ? FAILURE_ABSENT : FAILURE_INTERNAL, 0);
        (void)text_set(resolvers->read.detail, DETAIL_SIZE, "%s: %s", RESOLV_CONF, strerror(error));
    }
    read_order(root, &resolvers->order);

    resolvers->stub = resolvers->n_configured > 0;
    for (int i = 0; i < resolvers->n_configured; i++)
        if (strcmp(resolvers->configured[i], "127.0.0.53") != 0 &&
            strcmp(resolvers->configured[i], "127.0.0.54") != 0)
            resolvers->stub = false;
    if (resolvers->stub)
        (void)read_nameservers(root, UPSTREAM_RESOLV_CONF, true, resolvers);
}

/* --- what came in and was lost --- */

enum { SNMP_MAX_BYTES = 64 * 1024 };

/* What becomes of a packet that came in, one way or another. */
static const struct {
    const char *name;
    int sign;
} counters[] = {
    {"InReceives", 1},     {"InDelivers", -1},      {"InHdrErrors", -1},
    {"InAddrErrors", -1},  {"InUnknownProtos", -1}, {"InDiscards", -1},
    {"ForwDatagrams", -1}, {"ReasmReqds", -1}, /* fragments */
    {"ReasmOKs", 1},
};

static int64_t count(char *names, char *values)
{
    int64_t sum = 0;
    bool received = false;

    for (char *name, *value;
         (name = text_next(&names, " ")) && (value = text_next(&values, " "));) {
        uint64_t number;
        if (!text_number(value, INT64_MAX / 16, &number))
            continue;
        for (size_t i = 0; i < COUNT_OF(counters); i++)
            if (strcmp(name, counters[i].name) == 0)
                sum += counters[i].sign * (int64_t)number;
        received |= strcmp(name, "InReceives") == 0;
    }
    return received ? sum : -1;
}

int64_t delivery_read(const char *root)
{
    char *names = NULL;
    LOCAL_BUFFER contents = {.max_bytes = SNMP_MAX_BYTES};
    int64_t sum = -1;

    if (file_read(root, "/proc/self/net/snmp", &contents) != 0)
        return -1;
    for (char *line, *rest = contents.bytes; sum < 0 && (line = text_next(&rest, "\n"));) {
        if (!text_starts(line, "Ip: "))
            continue;
        if (names)
            sum = count(names, line);
        names = line;
    }
    return sum;
}

static bool is_silent(const struct step *step)
{
    return step->outcome == OUTCOME_FAILED &&
           (step->failure == FAILURE_TIMEOUT || step->failure == FAILURE_NOT_SENT);
}

static bool anything_silent(const struct facts *facts)
{
    bool any = is_silent(&facts->imds.connect);

    for (int i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *endpoint = &facts->endpoints[i];
        for (int32_t j = 0; j < endpoint->n_addresses; j++)
            any |= !endpoint->addresses[j].second_opinion &&
                   is_silent(&endpoint->addresses[j].steps[RUNG_CONNECT]);
        for (int32_t j = 0; j < endpoint->n_answers; j++)
            any |= is_silent(&endpoint->answers[j].step);
    }
    return any;
}

/* It is not the server that answers no ARP. */
static bool ends_at_gateway(const struct network_facts *network, const char *server)
{
    for (int32_t i = 0; i < network->n_routes; i++)
        if (strcmp(network->routes[i].to, server) == 0 && network->routes[i].via[0])
            return route_ends_at_next_hop(server, DNS_PORT);
    return false;
}

void resolvers_doubt(struct facts *facts)
{
    struct network_facts *network = &facts->network;

    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_answers; j++) {
            struct dns_answer *answer = &facts->endpoints[i].answers[j];
            routes_doubt(network->routes, &network->n_routes, MAX_ROUTES, answer->server, DNS_PORT,
                         &answer->step);
            if (answer->step.failure == FAILURE_TIMEOUT && ends_at_gateway(network, answer->server))
                step_fail(&answer->step, FAILURE_HOST_UNREACHABLE, answer->step.took_ms);
        }
}

void delivery_compare(const char *root, int64_t before, struct facts *facts)
{
    struct network_facts *network = &facts->network;

    if (!anything_silent(facts))
        return;
    int64_t after = delivery_read(root);
    network->delivery_read = before >= 0 && after >= 0;
    network->undelivered = network->delivery_read && after > before ? after - before : 0;
}
