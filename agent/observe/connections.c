/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the agent connected? It is root's, so the kernel's table of TCP connections tells: a connection
 * of root to an address of ssmmessages. The table is read before any connection of ours stands.
 *
 * The table prints an address as its bytes in memory, in 32-bit words of hexadecimal digits. So each
 * word is read as a number of this machine and copied back as bytes.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "observe/climb.h"
#include "observe/observe.h"

enum { STATE_ESTABLISHED = 1 };

static bool format_address(const char *hex, char to[ADDRESS_SIZE])
{
    unsigned char bytes[16];
    size_t n_words = strlen(hex) / 8;

    if (n_words != 1 && n_words != 4)
        return false;
    for (size_t i = 0; i < n_words; i++) {
        char word[9];
        (void)text_set(word, sizeof(word), "%.8s", hex + i * 8);
        uint32_t value = (uint32_t)strtoul(word, NULL, 16);
        memcpy(bytes + i * 4, &value, 4);
    }
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (n_words == 4 && memcmp(bytes, mapped, sizeof(mapped)) == 0)
        return inet_ntop(AF_INET, bytes + 12, to, ADDRESS_SIZE);
    return inet_ntop(n_words == 1 ? AF_INET : AF_INET6, bytes, to, ADDRESS_SIZE);
}

/* sl local:port remote:port st tx:rx tr:when retrnsmt uid ... */
static void take_line(char *line, uint16_t wanted_port, struct connections *connections)
{
    enum { REMOTE = 2, STATE = 3, UID = 7, N_WORDS = 8 };
    char *words[N_WORDS];

    for (int i = 0; i < N_WORDS; i++)
        if (!(words[i] = text_next(&line, " ")))
            return;
    char *port = strchr(words[REMOTE], ':');
    if (!port || strtoul(port + 1, NULL, 16) != wanted_port ||
        strtoul(words[STATE], NULL, 16) != STATE_ESTABLISHED || strcmp(words[UID], "0") != 0)
        return;
    *port = '\0';
    if (connections->n == MAX_CONNECTIONS)
        connections->known = false;
    else if (format_address(words[REMOTE], connections->addresses[connections->n]))
        connections->n++;
}

void connections_read(const char *root, uint16_t port, struct connections *connections)
{
    static const char *const tables[] = {"/proc/self/net/tcp", "/proc/self/net/tcp6"};
    bool any = false;

    connections->known = true;
    connections->n = 0;
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        LOCAL_BUFFER contents = {.max_bytes = FILE_MAX_BYTES};

        if (file_read(root, tables[i], &contents) != 0)
            continue;
        any = true;
        for (char *line, *rest = contents.bytes; (line = text_next(&rest, "\n"));)
            take_line(line, port, connections);
    }
    connections->known = connections->known && any;
}

bool connections_has(const struct connections *connections, const char *address)
{
    for (int i = 0; i < connections->n; i++)
        if (strcmp(connections->addresses[i], address) == 0)
            return true;
    return false;
}

/* --- the agent --- */

void observe_agent_at(struct observe *observe, const char *address)
{
    struct agent_facts *agent = &observe->facts->agent;

    if (!connections_has(&observe->connections, address))
        return;
    agent->connected = ANSWER_YES;
    (void)text_set(agent->connected_to, sizeof(agent->connected_to), "%s", address);
}

/* The connections of root that may be the control channel. YES: one of them is, if its address is an
 * endpoint's. NO: there are none. UNKNOWN: behind a proxy, a connection to the proxy's port may or
 * may not be it. */
static enum answer read_connections(const char *root, const struct facts *facts,
                                    struct connections *connections)
{
    const struct service_plan *plan = &facts->plan.services[SERVICE_SSMMESSAGES];
    struct proxy proxy = {.port = 0};
    bool proxied = proxy_used(&facts->agent, plan->host);

    connections->n = 0;
    if (proxied && !proxy_parse(facts->agent.https_proxy, &proxy))
        return ANSWER_UNKNOWN;
    connections_read(root, proxied ? proxy.port : plan->port, connections);
    if (connections->known && connections->n == 0)
        return ANSWER_NO;
    if (proxied)
        connections->n = 0;
    return connections->known && !proxied ? ANSWER_YES : ANSWER_UNKNOWN;
}

/* Costs a boot nothing: an agent that certainly does not run is not looked at. */
void observe_agent(struct observe *observe)
{
    const struct endpoint_facts *messages = &observe->facts->endpoints[SERVICE_SSMMESSAGES];
    struct agent_facts *agent = &observe->facts->agent;

    if (agent->running == ANSWER_NO)
        return;
    if (read_connections(observe->root, observe->facts, &observe->connections) != ANSWER_UNKNOWN)
        agent->connected = ANSWER_NO;
    for (int i = 0; i < messages->n_addresses; i++) /* of an earlier climb */
        observe_agent_at(observe, messages->addresses[i].address);
}

enum answer observe_connected(const char *root, const struct facts *facts)
{
    const struct endpoint_facts *messages = &facts->endpoints[SERVICE_SSMMESSAGES];
    struct connections connections;
    enum answer answer = read_connections(root, facts, &connections);

    for (int32_t i = 0; i < messages->n_addresses; i++)
        if (connections_has(&connections, messages->addresses[i].address))
            return ANSWER_YES;
    return answer == ANSWER_YES ? ANSWER_NO : answer;
}
