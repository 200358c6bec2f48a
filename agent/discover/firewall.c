/* SPDX-License-Identifier: Apache-2.0
 *
 * Asked at the end of a round in which connect() was silent. Of a SYN that did not leave the socket
 * itself knows (net/dial.h). An answer that came and was dropped nobody tells of, but the kernel
 * counts what it received and what it delivered; where it lost nothing, no rule dropped an answer.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/machine.h"
#include "net/address.h"
#include "net/nftables.h"
#include "net/route.h"

enum { SNMP_MAX_BYTES = 64 * 1024, IMDS_PORT = 80 };

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
    char *rest_names = NULL, *rest_values = NULL;
    int64_t sum = 0;
    bool received = false;

    for (char *name = strtok_r(names, " ", &rest_names),
              *value = strtok_r(values, " ", &rest_values);
         name && value;
         name = strtok_r(NULL, " ", &rest_names), value = strtok_r(NULL, " ", &rest_values)) {
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
    char *names = NULL, *rest = NULL;
    struct buffer contents;
    int64_t sum = -1;

    buffer_init(&contents, SNMP_MAX_BYTES);
    if (file_read(root, "/proc/self/net/snmp", &contents) != 0)
        return -1;
    for (char *line = strtok_r(contents.bytes, "\n", &rest); line && sum < 0;
         line = strtok_r(NULL, "\n", &rest)) {
        if (!text_starts(line, "Ip: "))
            continue;
        if (names)
            sum = count(names, line);
        names = line;
    }
    buffer_clear(&contents);
    return sum;
}

/* --- the silent ones --- */

struct suspect {
    const char *address;
    uint16_t port;
    bool sent; /* its SYN left: the answer is what may have been dropped */
};

enum { MAX_SUSPECTS = 1 + N_SERVICES * MAX_ADDRESSES };

static int add(struct suspect *suspects, int n, const char *address, uint16_t port,
               const struct step *step)
{
    if (step->outcome != OUTCOME_FAILED ||
        (step->failure != FAILURE_TIMEOUT && step->failure != FAILURE_NOT_SENT))
        return n;
    suspects[n] = (struct suspect){address, port, step->failure == FAILURE_TIMEOUT};
    return n + 1;
}

static int find_suspects(const struct facts *facts, struct suspect *suspects)
{
    int n = add(suspects, 0, facts->imds.address, IMDS_PORT, &facts->imds.connect);

    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_addresses; j++)
            if (!facts->endpoints[i].addresses[j].second_opinion)
                n = add(suspects, n, facts->endpoints[i].addresses[j].address,
                        facts->plan.services[i].port,
                        &facts->endpoints[i].addresses[j].steps[RUNG_CONNECT]);
    return n;
}

/* A rule can only be at work where something was lost here. IPv6's counters are not read. */
static bool may_be_dropped(const struct network_facts *network, const struct suspect *suspect)
{
    return !suspect->sent || !network->delivery_read || network->undelivered > 0 ||
           strchr(suspect->address, ':');
}

/* --- the rules --- */

/* The address that this machine would send from: a UDP socket that is connected sends nothing. */
static void find_source(const char *address, char to[ADDRESS_SIZE])
{
    struct sockaddr_storage peer, own;
    socklen_t length, own_length = sizeof(own);

    to[0] = '\0';
    if (!address_parse(address, IMDS_PORT, &peer, &length))
        return;
    int fd = socket(peer.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)&peer, length) == 0 &&
        getsockname(fd, (struct sockaddr *)&own, &own_length) == 0)
        address_format(&own, to, ADDRESS_SIZE);
    (void)close(fd);
}

static void judge(struct nft_dump *dump, const struct suspect *suspect,
                  struct network_facts *network)
{
    struct local_drop *drop = &network->drops[network->n_drops];
    char from[ADDRESS_SIZE];
    struct nft_packet packet;
    struct route route;

    if (network->n_drops == MAX_DROPS)
        return;
    find_source(suspect->address, from);
    route_look_up(suspect->address, &route);
    if (!nft_packet_make(&packet, from, suspect->address, suspect->port, route.interface,
                         suspect->sent) ||
        !nft_judge(dump, &packet, drop))
        return;
    (void)text_set(drop->to, sizeof(drop->to), "%s", suspect->address);
    network->n_drops++;
}

static bool has_legacy_tables(const char *root)
{
    char line[NAME_SIZE];

    return file_read_line(root, "/proc/self/net/ip_tables_names", line, sizeof(line)) ||
           file_read_line(root, "/proc/self/net/ip6_tables_names", line, sizeof(line));
}

void firewall_look(const char *root, int64_t before, int64_t until_ms, struct facts *facts)
{
    struct network_facts *network = &facts->network;
    struct suspect suspects[MAX_SUSPECTS];
    int n = find_suspects(facts, suspects), n_here = 0;
    struct nft_dump dump;

    if (n == 0)
        return;
    int64_t after = delivery_read(root);
    network->delivery_read = before >= 0 && after >= 0;
    network->undelivered = network->delivery_read && after > before ? after - before : 0;
    for (int i = 0; i < n; i++)
        if (may_be_dropped(network, &suspects[i]))
            suspects[n_here++] = suspects[i];
    if (n_here == 0)
        return;
    network->legacy_tables = has_legacy_tables(root);
    int error = nft_dump_read(&dump, until_ms);
    for (int i = 0; error == 0 && i < n_here; i++)
        judge(&dump, &suspects[i], network);
    if (error == EPERM)
        network->firewall_asked = ANSWER_NO;
    else if (error == 0 && !dump.cut) /* that no rule drops is known of all of them only */
        network->firewall_asked = ANSWER_YES;
    nft_dump_clear(&dump);
}
