/* SPDX-License-Identifier: Apache-2.0
 *
 * What of this machine differs between two looks, and what does not. The machine is a folder, in a network
 * namespace of its own.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "run/look.h"

static char root[] = "/tmp/ssm-preflight-look-XXXXXX";
static struct look *look;

static void put(const char *name, const char *text)
{
    char path[256], part[256];

    (void)text_set(path, sizeof(path), "%s%s", root, name);
    for (const char *slash = path + strlen(root); (slash = strchr(slash + 1, '/'));) {
        (void)text_set(part, sizeof(part), "%.*s", (int)(slash - path), path);
        (void)mkdir(part, 0755);
    }
    FILE *file = fopen(path, "we");
    assert_true(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    char command[128];
    (void)state;
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", root);
    return system(command); /* NOLINT(cert-env33-c): of a test */
}

static int start(void **state)
{
    (void)state;
    look = look_new(root);
    assert_true(look_differs(look)); /* the first one */
    return 0;
}

static int stop(void **state)
{
    (void)state;
    look_free(look);
    look_free(NULL);
    return 0;
}

static void what_stays_does_not_differ(void **state)
{
    size_t held = 0;
    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_false(look_differs(look));
        const struct mallinfo2 memory = mallinfo2();
        if (i > 2) /* what is kept from the first times is no loss, nor is a little */
            assert_true(memory.uordblks + memory.hblkhd < held + 65536);
        held = memory.uordblks + memory.hblkhd;
    }
}

/* By what is in them, or by their stamps; each once. */
static void files_that_differ(void **state)
{
    static const struct {
        const char *name, *text;
        bool differs;
    } rows[] = {
        {"/etc/hosts", "10.0.1.21 ssm.us-east-1.amazonaws.com\n", true},
        {"/etc/hosts", "10.0.1.22 ssm.us-east-1.amazonaws.com\n", true},
        {"/etc/resolv.conf", "nameserver 10.0.0.2\n", true},
        {"/etc/resolv.conf", "# the same\nnameserver 10.0.0.2\n", false},
        {"/etc/ssl/certs/ca-certificates.crt", "x", true},
        {"/etc/ssl/certs/ca-certificates.crt", "y", true},
        {"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Agent\": {\"Region\": \"eu-west-1\"}}", true},
        {"/etc/motd", "hello", false},
        {"/usr/lib/systemd/system/amazon-ssm-agent.service",
         "[Service]\nExecStart=/usr/bin/amazon-ssm-agent\nEnvironment=SSL_CERT_FILE=/ca.pem SSL_CERT_DIR=/cas\n",
         true},
        {"/ca.pem", "x", true},
        {"/ca.pem", "y", true},
        {"/cas/one", "x", true},
        {"/cas/two", "x", true},
        {"/var/log/amazon/ssm/errors.log", "2026-11-29 10:00:00 ERROR it fails\n", false},
        {"/sys/class/dmi/id/sys_vendor", "Amazon EC2\n", true},
        {"/usr/lib/systemd/system/amazon-ssm-agent.service",
         "[Service]\nExecStart=/usr/bin/amazon-ssm-agent\nEnvironment=SSL_CERT_DIR=/\n", true},
        {"/new", "x", true},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        put(rows[i].name, rows[i].text);
        if (look_differs(look) != rows[i].differs)
            fail_msg("%s (%zu)", rows[i].name, i);
        assert_false(look_differs(look));
    }
}

/* Of the loopback device; then there is a route to it. */
static void set_address(const char *address)
{
    struct ifreq link = {.ifr_name = "lo"};
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(inet_pton(AF_INET, address, &to.sin_addr) == 1);
    memcpy(&link.ifr_addr, &to, sizeof(to));
    assert_true(fd >= 0 && ioctl(fd, SIOCSIFADDR, &link) == 0);
    assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &link), 0);
    link.ifr_flags |= IFF_UP;
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &link), 0);
    (void)close(fd);
}

static void change_rules(const char *how)
{
    char command[128];

    (void)text_set(command, sizeof(command), "ip rule %s", how);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): of a test */
}

/* A rule for a port beside it changes nothing, one for the port does. */
static void assert_port(const struct facts *facts, int port)
{
    static const char *const verbs[] = {"add", "del"};
    const int ports[] = {port - 1, port + 1, port};
    char rule[64];

    look_follow(look, facts);
    (void)look_differs(look);
    for (size_t i = 0; i < COUNT_OF(ports); i++)
        for (size_t j = 0; j < COUNT_OF(verbs); j++) {
            (void)text_set(rule, sizeof(rule), "%s dport %d prohibit", verbs[j], ports[i]);
            change_rules(rule);
            if (look_differs(look) != (ports[i] == port))
                fail_msg("%s, port %d", rule, port);
        }
}

/* Of more addresses than there is room for the first ones count. */
static void assert_room(struct facts *facts)
{
    for (int i = 0; i < N_SERVICES; i++) {
        facts->endpoints[i].n_addresses = MAX_ADDRESSES;
        for (int j = 0; j < MAX_ADDRESSES; j++)
            (void)text_set(facts->endpoints[i].addresses[j].address, ADDRESS_SIZE, "192.0.2.%d",
                           1 + i * MAX_ADDRESSES + j);
    }
    look_follow(look, facts);
    (void)look_differs(look);
    change_rules("add to 192.0.2.17 prohibit");
    assert_false(look_differs(look));
    change_rules("add to 192.0.2.16 prohibit");
    assert_true(look_differs(look));
    for (int i = 0; i < N_SERVICES; i++)
        facts->endpoints[i].n_addresses = 0;
}

/* Of addresses that the last whole round knew. */
static void routes_that_differ(void **state)
{
    struct facts *facts = calloc(1, sizeof(*facts));
    struct endpoint_facts *last = &facts->endpoints[N_SERVICES - 1];
    (void)state;

    set_address("10.9.9.1");
    (void)look_differs(look);
    set_address("10.9.9.2");
    assert_false(look_differs(look)); /* nobody asked for that one */
    (void)text_set(facts->imds.address, ADDRESS_SIZE, "10.9.9.3");
    look_follow(look, facts);
    assert_false(look_differs(look));
    set_address("10.9.9.3");
    assert_true(look_differs(look));
    assert_false(look_differs(look));

    facts->imds.address[0] = '\0';
    facts->resolvers.n_configured = 1;
    (void)text_set(facts->resolvers.configured[0], ADDRESS_SIZE, "10.9.9.4");
    look_follow(look, facts);
    assert_false(look_differs(look));
    set_address("10.9.9.4");
    assert_true(look_differs(look));

    const char *emulator = getenv("EMULATE");
    if (!emulator || !emulator[0]) { /* qemu-user passes no rules on to the kernel */
        (void)text_set(facts->resolvers.configured[0], ADDRESS_SIZE, "192.0.2.53");
        assert_port(facts, 53);
        facts->resolvers.n_configured = 0;
        (void)text_set(facts->imds.address, ADDRESS_SIZE, "192.0.2.54");
        assert_port(facts, 80);
        facts->imds.address[0] = '\0';
        last->n_addresses = 1;
        (void)text_set(last->addresses[0].address, ADDRESS_SIZE, "192.0.2.55");
        assert_port(facts, 443);
        assert_room(facts);
    }

    facts->resolvers.n_configured = 0;
    last->n_addresses = 2;
    (void)text_set(last->addresses[0].address, ADDRESS_SIZE, "10.9.9.4");
    (void)text_set(last->addresses[1].address, ADDRESS_SIZE, "10.9.9.5");
    for (int i = 0; i <= MAX_ROUTES; i++) /* each time anew: those of before leave room */
        look_follow(look, facts);
    assert_false(look_differs(look));
    set_address("10.9.9.5");
    assert_true(look_differs(look));
    free(facts);
}

/* An address from which packets can leave; before any round there is no route that is looked up. */
static void an_address_of_this_machine_that_differs(void **state)
{
    (void)state;
    set_address("10.9.9.6");
    (void)look_differs(look);
    set_address("192.0.2.9");
    assert_true(look_differs(look));
    assert_false(look_differs(look));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_stays_does_not_differ, start, stop),
        cmocka_unit_test_setup_teardown(files_that_differ, start, stop),
        cmocka_unit_test_setup_teardown(routes_that_differ, start, stop),
        cmocka_unit_test_setup_teardown(an_address_of_this_machine_that_differs, start, stop),
    };
    /* a network where nobody else changes anything */
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        print_message("no network namespaces here: nothing is tried\n");
        return 0;
    }
    return cmocka_run_group_tests_name("run: what differs", tests, make_root, remove_root);
}
