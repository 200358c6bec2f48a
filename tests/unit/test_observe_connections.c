/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose connection is the agent's control channel: lines of /proc/net/tcp, of both families, with and without a proxy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "facts_builder.h"
#include "observe/climb.h"
#include "observe/observe.h"

#define HEAD \
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define REST "00000000:00000000 00:00000000 00000000     "
#define TO(remote, state, uid) \
    "   0: 0A01000A:C350 " remote " " state " " REST uid "        0 4711 1\n"
#define ENDPOINT "1501000A:01BB"                          /* 10.0.1.21:443 */
#define ENDPOINT6 "000000FD000000000000000001000000:01BB" /* fd00::1 */
#define MAPPED "0000000000000000FFFF00001501000A:01BB"
#define LOCAL6 "00000000000000000000000001000000:C350"
#define TO6(remote, state, uid) \
    "   0: " LOCAL6 " " remote " " state " " REST uid "        0 4711 1\n"

static char root[] = "/tmp/ssm-preflight-tables-XXXXXX";
static struct facts facts;

static const char *table(const char *name)
{
    static char path[128];
    (void)text_set(path, sizeof(path), "%s/proc/self/net/%s", root, name);
    return path;
}

static void put(const char *name, const char *text)
{
    (void)unlink(table(name));
    if (text)
        assert_int_equal(file_write_atomically(table(name), text, strlen(text), 0644), 0);
}

static int make_root(void **state)
{
    static const char *const folders[] = {"/proc", "/proc/self", "/proc/self/net"};
    char path[128];
    (void)state;

    if (!mkdtemp(root))
        return -1;
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        (void)text_set(path, sizeof(path), "%s%s", root, folders[i]);
        if (mkdir(path, 0755) != 0)
            return -1;
    }
    return 0;
}

static int remove_root(void **state)
{
    char command[128];
    (void)state;
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", root);
    return system(command); /* NOLINT(cert-env33-c): of a test */
}

static void who_is_connected(void **state)
{
    static const struct {
        const char *tcp, *tcp6, *proxy;
        enum answer answer;
    } rows[] = {
        {NULL, NULL, NULL, ANSWER_UNKNOWN},
        {HEAD, NULL, NULL, ANSWER_NO},
        {NULL, HEAD, NULL, ANSWER_NO},
        {"", "", NULL, ANSWER_NO},
        {HEAD TO(ENDPOINT, "01", "0"), HEAD, NULL, ANSWER_YES},
        {HEAD TO("0909090A:01BB", "01", "0") TO(ENDPOINT, "01", "0"), NULL, NULL, ANSWER_YES},
        {HEAD TO("0909090A:01BB", "01", "0"), NULL, NULL, ANSWER_NO}, /* to somebody else */
        {HEAD TO("1501000A:01BC", "01", "0"), NULL, NULL, ANSWER_NO}, /* another port */
        {HEAD TO(ENDPOINT, "02", "0"), NULL, NULL, ANSWER_NO},        /* not established */
        {HEAD TO(ENDPOINT, "01", "1000"), NULL, NULL, ANSWER_NO},     /* of another user */
        {HEAD TO("1501000A", "01", "0"), NULL, NULL, ANSWER_NO},
        {HEAD TO("1501:01BB", "01", "0"), NULL, NULL, ANSWER_NO},
        {HEAD "   0: 0A01000A:C350 " ENDPOINT " 01\n", NULL, NULL, ANSWER_NO},
        {HEAD, HEAD TO6(ENDPOINT6, "01", "0"), NULL, ANSWER_YES},
        {HEAD, HEAD TO6(MAPPED, "01", "0"), NULL, ANSWER_YES},
        {HEAD, HEAD TO6("00000000000000000000000001000000:01BB", "01", "0"), NULL, ANSWER_NO},
        /* behind a proxy a connection to its port may be it, and none cannot */
        {HEAD TO(ENDPOINT, "01", "0"), NULL, "http://10.0.0.5:3128", ANSWER_NO},
        {HEAD TO("0500000A:0C38", "01", "0"), NULL, "http://10.0.0.5:3128", ANSWER_UNKNOWN},
        {HEAD, NULL, "http://10.0.0.5:99999", ANSWER_UNKNOWN}, /* nobody knows where it leads */
    };
    struct endpoint_facts *messages = &facts.endpoints[SERVICE_SSMMESSAGES];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        facts_healthy(&facts);
        messages->n_addresses = 2;
        (void)text_set(messages->addresses[0].address, sizeof(messages->addresses[0].address),
                       "fd00::1");
        (void)text_set(messages->addresses[1].address, sizeof(messages->addresses[1].address),
                       "10.0.1.21");
        facts.plan.services[SERVICE_SSMMESSAGES].port = 443;
        if (rows[i].proxy)
            (void)text_set(facts.agent.https_proxy, sizeof(facts.agent.https_proxy), "%s",
                           rows[i].proxy);
        put("tcp", rows[i].tcp);
        put("tcp6", rows[i].tcp6);
        if (observe_connected(root, &facts) != rows[i].answer)
            fail_msg("row %zu", i);
    }
}

/* Of more than are kept one may be it. */
static void too_many_connections_say_nothing(void **state)
{
    static char text[200 * MAX_CONNECTIONS + 1000];
    struct connections connections;
    (void)state;

    (void)text_set(text, sizeof(text), "%s", HEAD);
    for (int i = 0; i < MAX_CONNECTIONS; i++)
        (void)text_add(text, sizeof(text), "%s", TO(ENDPOINT, "01", "0"));
    put("tcp6", NULL);
    put("tcp", HEAD TO("1501:01BB", "01", "0") TO("1501000A1501000A:01BB", "01", "0"));
    connections_read(root, 443, &connections);
    assert_true(connections.known);
    assert_int_equal(connections.n, 0); /* of no family */
    put("tcp", text);
    connections_read(root, 443, &connections);
    assert_true(connections.known);
    assert_int_equal(connections.n, MAX_CONNECTIONS);
    assert_true(connections_has(&connections, "10.0.1.21"));
    assert_false(connections_has(&connections, "10.0.1.2"));
    (void)text_add(text, sizeof(text), "%s", TO(ENDPOINT, "01", "0"));
    put("tcp", text);
    connections_read(root, 443, &connections);
    assert_false(connections.known);
    assert_int_equal(connections.n, MAX_CONNECTIONS);
}

static void an_agent_is_connected_to_an_address(void **state)
{
    struct observe observe = {.facts = &facts, .root = root};
    (void)state;

    facts_healthy(&facts);
    facts.agent.running = ANSWER_YES;
    facts.agent.connected = ANSWER_UNKNOWN;
    facts.endpoints[SERVICE_SSMMESSAGES].n_addresses = 0;
    put("tcp6", NULL);
    put("tcp", HEAD TO(ENDPOINT, "01", "0"));
    observe_agent(&observe);
    assert_int_equal(facts.agent.connected, ANSWER_NO);
    observe_agent_at(&observe, "10.0.1.22");
    assert_int_equal(facts.agent.connected, ANSWER_NO);
    observe_agent_at(&observe, "10.0.1.21");
    assert_int_equal(facts.agent.connected, ANSWER_YES);
    assert_string_equal(facts.agent.connected_to, "10.0.1.21");

    facts.agent.connected = ANSWER_UNKNOWN; /* an earlier climb knew the addresses */
    facts.endpoints[SERVICE_SSMMESSAGES].n_addresses = 1;
    (void)text_set(facts.endpoints[SERVICE_SSMMESSAGES].addresses[0].address,
                   sizeof(facts.endpoints[SERVICE_SSMMESSAGES].addresses[0].address), "10.0.1.21");
    observe_agent(&observe);
    assert_int_equal(facts.agent.connected, ANSWER_YES);
    facts.agent.running = ANSWER_NO;
    facts.agent.connected = ANSWER_UNKNOWN;
    observe_agent(&observe);
    assert_int_equal(facts.agent.connected, ANSWER_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_connected),
        cmocka_unit_test(too_many_connections_say_nothing),
        cmocka_unit_test(an_agent_is_connected_to_an_address),
    };
    return cmocka_run_group_tests_name("observe: the agent's connections", tests, make_root,
                                       remove_root);
}
