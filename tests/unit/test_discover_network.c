/* SPDX-License-Identifier: Apache-2.0
 *
 * What this machine lost of what came in, and when that is asked at all: each test lays out the one
 * file of a small root directory.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/machine.h"
#include "net/address.h"

#define NAMES                                                                                 \
    "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams "            \
    "InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout " \
    "ReasmReqds ReasmOKs ReasmFails\n"

static char root[64], folder[PATH_SIZE], file[PATH_SIZE];
static struct facts facts;

static int set_up(void **state)
{
    (void)state;
    memset(&facts, 0, sizeof(facts));
    (void)text_set(root, sizeof(root), "/tmp/ssm-preflight-test-XXXXXX");
    if (!mkdtemp(root))
        return -1;
    static const char *const parts[] = {"/proc", "/self", "/net"};
    (void)text_set(folder, sizeof(folder), "%s", root);
    for (size_t i = 0; i < 3; i++) {
        (void)text_add(folder, sizeof(folder), "%s", parts[i]);
        if (mkdir(folder, 0755) != 0)
            return -1;
    }
    (void)text_set(file, sizeof(file), "%s/snmp", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(file);
    for (int i = 0; i < 4; i++) {
        (void)rmdir(folder);
        *strrchr(folder, '/') = '\0';
    }
    return 0;
}

static void put(const char *text)
{
    assert_int_equal(file_write_atomically(file, text, strlen(text), 0644), 0);
}

static void break_at(struct address_facts *address, const char *text, enum failure failure)
{
    (void)text_set(address->address, ADDRESS_SIZE, "%s", text);
    step_fail(&address->steps[RUNG_CONNECT], failure, 3504);
}

static void look(int64_t before)
{
    delivery_compare(root, before, &facts);
}

static void what_came_in_is_counted(void **state)
{
    (void)state;
    assert_int_equal(delivery_read(root), -1); /* no file */
    put(NAMES "Ip: 2 64 100 0 0 0 0 0 100 50 0 0 0 0 0 0\nTcp: InSegs\nTcp: 7\n");
    assert_int_equal(delivery_read(root), 0);
    put("Icmp: InMsgs\nIcmp: 9\n" NAMES "Ip: 2 64 100 0 0 0 0 0 70 50 0 0 0 0 0 0\n");
    assert_int_equal(delivery_read(root), 30);
    /* bad heads 1, not ours 2, forwarded 3, no protocol 4, no memory 5, three fragments of one */
    put(NAMES "Ip: 1 64 100 1 2 3 4 5 83 50 0 0 0 3 1 0\n");
    assert_int_equal(delivery_read(root), 0);
}

static void what_does_not_parse_is_not_known(void **state)
{
    static const char *const texts[] = {"", "Ip: InReceives InDelivers\n",
                                        "Ip: InDelivers\nIp: 7\n", "Tcp: a\nTcp: 1\n",
                                        "Ip: InReceives\nIp: x\nIp: 5"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        put(texts[i]);
        assert_int_equal(delivery_read(root), -1);
    }
}

static void nothing_is_asked_when_nothing_was_silent(void **state)
{
    static struct facts before;
    (void)state;

    put(NAMES "Ip: 2 64 100 0 0 0 0 0 70 50 0 0 0 0 0 0\n");
    break_at(&facts.endpoints[SERVICE_SSM].addresses[0], "10.0.1.21", FAILURE_REFUSED);
    facts.endpoints[SERVICE_SSM].n_addresses = 1;
    before = facts;
    look(0);
    assert_memory_equal(&facts, &before, sizeof(facts));
}

static void what_was_lost_in_this_round_is_told(void **state)
{
    (void)state;
    put(NAMES "Ip: 2 64 100 0 0 0 0 0 70 50 0 0 0 0 0 0\n");
    break_at(&facts.endpoints[SERVICE_SSM].addresses[0], "10.0.1.21", FAILURE_TIMEOUT);
    facts.endpoints[SERVICE_SSM].n_addresses = 1;
    look(30);
    assert_true(facts.network.delivery_read);
    assert_int_equal(facts.network.undelivered, 0);
    put(NAMES "Ip: 2 64 100 0 0 0 0 0 100 50 0 0 0 0 0 0\n");
    look(0); /* none before and none after is known too */
    assert_true(facts.network.delivery_read);
    put(NAMES "Ip: 2 64 100 0 0 0 0 0 70 50 0 0 0 0 0 0\n");
    look(28);
    assert_int_equal(facts.network.undelivered, 2);
    look(-1);
    assert_false(facts.network.delivery_read);
    assert_int_equal(facts.network.undelivered, 0);
}

/* --- interfaces --- */

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants this name */
int __wrap_getifaddrs(struct ifaddrs **all);

enum { MAX_ENTRIES = 32 };

struct entry {
    const char *name;
    unsigned int flags;
    int family;
    const char *address; /* or a MAC */
    uint16_t type;       /* of a link */
    const char *mask;    /* NULL: a usual one, "": none */
    unsigned char n_mac; /* bytes of a link's address; 0: six */
};
static const struct entry usual[] = {
    {"lo", IFF_UP | IFF_RUNNING | IFF_LOOPBACK, AF_INET, "127.0.0.1"},
    {"tun0", IFF_UP | IFF_RUNNING, AF_PACKET, "02:aa:00:00:00:09", ARPHRD_NONE},
    {"ens5", IFF_UP | IFF_RUNNING, AF_PACKET, "02:aa:00:00:00:01", ARPHRD_ETHER},
    {"ens6", IFF_UP, AF_PACKET, "02:aa:00:00:00:02", ARPHRD_ETHER},
    {"ens7", IFF_RUNNING, AF_PACKET, "02:aa:00:00:00:03", ARPHRD_ETHER},
    {"ens5", IFF_UP | IFF_RUNNING, AF_INET, "10.0.1.10"},
    {"ens5", IFF_UP | IFF_RUNNING, AF_INET6, "fe80::1"},
    {"ens6", IFF_UP, AF_INET6, "fd00::6"},
    {"tun0", IFF_UP | IFF_RUNNING, AF_UNSPEC, ""},
};
static const struct entry *entries = usual;
static size_t n_entries = COUNT_OF(usual);
static bool answers; /* the kernel does */

static void fill_in(const struct entry *entry, struct ifaddrs *at, struct sockaddr_storage *address,
                    struct sockaddr_storage *mask)
{
    struct sockaddr_ll *link = (void *)address;
    unsigned char *mac = link->sll_addr;
    socklen_t length;

    at->ifa_name = (char *)(uintptr_t)entry->name;
    at->ifa_flags = entry->flags;
    if (entry->family == AF_UNSPEC)
        return;
    at->ifa_addr = (struct sockaddr *)address;
    if (entry->family == AF_PACKET) {
        link->sll_family = AF_PACKET;
        link->sll_hatype = entry->type;
        link->sll_halen = entry->n_mac == 0 ? 6 : entry->n_mac == UINT8_MAX ? 0 : entry->n_mac;
        assert_int_equal(sscanf(entry->address, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1],
                                &mac[2], &mac[3], &mac[4], &mac[5]),
                         6);
        return;
    }
    assert_true(address_parse(entry->address, 0, address, &length));
    const char *text = entry->mask                ? entry->mask
                       : entry->family == AF_INET ? "255.255.255.0"
                                                  : "ffff:ffff::";
    if (!text[0])
        return;
    assert_true(address_parse(text, 0, mask, &length));
    at->ifa_netmask = (struct sockaddr *)mask;
}

/* freeifaddrs() frees the first. */
int __wrap_getifaddrs(struct ifaddrs **all)
{
    static struct sockaddr_storage addresses[MAX_ENTRIES], masks[MAX_ENTRIES];
    struct ifaddrs *made = answers ? calloc(n_entries, sizeof(*made)) : NULL;

    for (size_t i = 0; made && i < n_entries; i++) {
        fill_in(&entries[i], &made[i], &addresses[i], &masks[i]);
        made[i].ifa_next = i + 1 < n_entries ? &made[i + 1] : NULL;
    }
    *all = made;
    errno = ENOBUFS;
    return answers ? 0 : -1;
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

static void interfaces_that_cannot_be_asked_for_are_trouble(void **state)
{
    char trouble[256];
    (void)state;

    (void)file_take_trouble(trouble, sizeof(trouble));
    network_read(&facts.network);
    assert_true(file_take_trouble(trouble, sizeof(trouble)));
    assert_string_equal(trouble, "the interfaces: No buffer space available");
}

/* Of a network without anything, and of one with an address in the block that is asked for. */
static int look_for_a_route(void)
{
    struct ifreq link = {.ifr_name = "lo"};
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return 0; /* no namespaces here */
    (void)close(fd);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    network_read(&facts.network);
    if (facts.network.default_route_ipv4 || facts.network.default_route_ipv6)
        return 1;
    (void)inet_pton(AF_INET, "192.0.2.9", &to.sin_addr);
    memcpy(&link.ifr_addr, &to, sizeof(to));
    if (ioctl(fd, SIOCSIFADDR, &link) != 0)
        return 2;
    link.ifr_flags = IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &link) != 0)
        return 3;
    network_read(&facts.network);
    return facts.network.default_route_ipv4 && !facts.network.default_route_ipv6 ? 0 : 4;
}

static void a_route_is_what_the_kernel_would_take(void **state)
{
    int status = 1;
    (void)state;
    answers = true;
    pid_t child = fork();
    if (child == 0)
        _exit(look_for_a_route());
    answers = false;
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    assert_int_equal(status, 0);
}

static void a_server_that_is_silent_has_its_route_looked_up(void **state)
{
    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSMMESSAGES];
    (void)state;

    endpoint->n_answers = 2;
    (void)text_set(endpoint->answers[0].server, ADDRESS_SIZE, "127.0.0.1");
    step_fail(&endpoint->answers[0].step, FAILURE_TIMEOUT, 5000);
    (void)text_set(endpoint->answers[1].server, ADDRESS_SIZE, "127.0.0.2");
    step_ok(&endpoint->answers[1].step, 1);
    resolvers_doubt(&facts);
    assert_int_equal(facts.network.n_routes, 1);
    assert_string_equal(facts.network.routes[0].to, "127.0.0.1");
}

static const struct interface_facts *interface_of(const char *name)
{
    for (int i = 0; i < facts.network.n_interfaces; i++)
        if (strcmp(facts.network.interfaces[i].name, name) == 0)
            return &facts.network.interfaces[i];
    return NULL;
}

static void interfaces_have_addresses_and_links(void **state)
{
    char mac[NAME_SIZE];
    (void)state;

    answers = true;
    network_read(&facts.network);
    assert_int_equal(facts.network.n_interfaces, 4);
    assert_null(interface_of("lo"));
    assert_true(interface_of("ens5")->up);
    assert_false(interface_of("ens6")->up); /* no carrier */
    assert_false(interface_of("ens7")->up); /* set down */
    assert_int_equal(interface_of("tun0")->own, ANSWER_NO);
    assert_int_equal(interface_of("ens5")->own, ANSWER_UNKNOWN);
    assert_int_equal(interface_of("ens5")->n_addresses, 2);
    assert_string_equal(interface_of("ens5")->addresses[0], "10.0.1.10/24");
    assert_string_equal(interface_of("ens5")->addresses[1], "fe80::1/32");
    assert_true(facts.network.usable_ipv4);
    assert_false(facts.network.usable_ipv6); /* link-local, or not up */

    network_mac_of("10.0.1.10", mac);
    assert_string_equal(mac, "02:aa:00:00:00:01");
    network_mac_of("10.0.1.11", mac);
    assert_string_equal(mac, "");
    network_mark_own(&facts.network, "02:AA:00:00:00:01/\n02:aa:00:00:00:07/");
    assert_int_equal(interface_of("ens5")->own, ANSWER_YES);
    assert_int_equal(interface_of("ens6")->own, ANSWER_NO);
    assert_int_equal(interface_of("tun0")->own, ANSWER_NO);
    answers = false;
}

/* The kernel lists these. */
static void list(const struct entry *these, size_t n)
{
    entries = these;
    n_entries = n;
    answers = true;
    memset(&facts, 0, sizeof(facts));
    network_read(&facts.network);
}

static int list_as_usual(void **state)
{
    entries = usual;
    n_entries = COUNT_OF(usual);
    answers = false;
    return tear_down(state);
}

static void which_addresses_are_usable(void **state)
{
    enum { UP = IFF_UP | IFF_RUNNING };
    static const struct {
        struct entry entry;
        bool ipv4, ipv6;
        const char *address;
    } rows[] = {
        {{"a", UP, AF_INET, "10.0.1.10"}, true, false, "10.0.1.10/24"},
        {{"a", UP, AF_INET, "10.0.1.10", 0, "255.255.255.255"}, true, false, "10.0.1.10/32"},
        {{"a", UP, AF_INET, "10.0.1.10", 0, ""}, true, false, "10.0.1.10/0"},
        {{"a", UP, AF_INET, "10.0.1.10", 0, "255.255.254.0"}, true, false, "10.0.1.10/23"},
        {{"a", UP, AF_INET, "169.254.1.1"}, false, false, "169.254.1.1/24"},
        {{"a", UP, AF_INET, "169.25.4.1"}, true, false, "169.25.4.1/24"},
        {{"a", IFF_UP, AF_INET, "10.0.1.10"}, false, false, "10.0.1.10/24"},
        {{"a", UP, AF_INET6, "fd00::1"}, false, true, "fd00::1/32"},
        {{"a", UP, AF_INET6, "fd00::1", 0, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
         false,
         true,
         "fd00::1/128"},
        {{"a", UP, AF_INET6, "fe80::1"}, false, false, "fe80::1/32"},
        {{"a", IFF_RUNNING, AF_INET6, "fd00::1"}, false, false, "fd00::1/32"},
    };
    char mac[NAME_SIZE];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        list(&rows[i].entry, 1);
        if (facts.network.usable_ipv4 != rows[i].ipv4 || facts.network.usable_ipv6 != rows[i].ipv6)
            fail_msg("row %zu", i);
        assert_int_equal(facts.network.interfaces[0].n_addresses, 1);
        assert_string_equal(facts.network.interfaces[0].addresses[0], rows[i].address);
        network_mac_of(rows[i].entry.address, mac);
        assert_string_equal(mac, ""); /* of no link */
    }
}

static void which_links_are_its_own(void **state)
{
    enum { UP = IFF_UP | IFF_RUNNING };
    static const struct entry links[] = {
        {"lo", UP | IFF_LOOPBACK, AF_PACKET, "02:aa:00:00:00:05", ARPHRD_LOOPBACK},
        {"ib0", UP, AF_PACKET, "02:aa:00:00:00:01", ARPHRD_ETHER, NULL, 20},
        {"sl0", UP, AF_PACKET, "02:aa:00:00:00:02", ARPHRD_ETHER, NULL, 4},
        {"nil0", UP, AF_PACKET, "02:aa:00:00:00:03", ARPHRD_ETHER, NULL, UINT8_MAX},
        {"lo", UP | IFF_LOOPBACK, AF_INET, "127.0.0.1"},
        {"lo", UP | IFF_LOOPBACK, AF_INET6, "::1"},
        {"ib0", UP, AF_INET6, "fe80::1"},
        {"sl0", UP, AF_INET, "10.0.1.10"},
    };
    char mac[NAME_SIZE];
    (void)state;

    list(links, COUNT_OF(links));
    assert_int_equal(facts.network.n_interfaces, 3);
    network_mac_of("fe80::1", mac);
    assert_string_equal(mac, "02:aa:00:00:00:01");
    network_mac_of("10.0.1.10", mac);
    assert_string_equal(mac, "02:aa:00:00");
    network_mac_of("127.0.0.1", mac);
    assert_string_equal(mac, "");
    network_mark_own(&facts.network, "02:aa:00:00:00:05 02:aa:00:00:00:01");
    assert_int_equal(facts.network.n_interfaces, 3);
    assert_int_equal(interface_of("ib0")->own, ANSWER_YES);
    assert_int_equal(interface_of("sl0")->own, ANSWER_YES);
    assert_int_equal(interface_of("nil0")->own, ANSWER_NO);
}

static void there_is_room_for_so_many(void **state)
{
    static struct entry many[MAX_INTERFACES + 2 + MAX_CIDRS];
    static char names[COUNT_OF(many)][8];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(many); i++) {
        bool is_link = i < MAX_INTERFACES + 2;
        (void)text_set(names[i], sizeof(names[i]), "e%zu", is_link ? i : MAX_INTERFACES - 1);
        many[i] = (struct entry){names[i], IFF_UP | IFF_RUNNING, is_link ? AF_PACKET : AF_INET,
                                 is_link ? "02:aa:00:00:00:01" : "10.0.1.10", ARPHRD_ETHER};
    }
    list(many, COUNT_OF(many));
    assert_int_equal(facts.network.n_interfaces, MAX_INTERFACES);
    assert_int_equal(interface_of("e7")->n_addresses, MAX_CIDRS);
    network_mark_own(&facts.network, "02:aa:00:00:00:01");
    assert_int_equal(facts.network.n_interfaces, MAX_INTERFACES);
    assert_int_equal(interface_of("e7")->own, ANSWER_YES);
    list(many, MAX_INTERFACES + 2 + MAX_CIDRS - 1);
    assert_int_equal(interface_of("e7")->n_addresses, MAX_CIDRS - 1);
    list(many, MAX_INTERFACES - 1);
    assert_int_equal(facts.network.n_interfaces, MAX_INTERFACES - 1);
}

/* Each kind of silence alone makes the program look. */
static void what_counts_as_silence(void **state)
{
    static const struct {
        enum { OF_IMDS, OF_ADDRESS, OF_SECOND, OF_SERVER } of;
        enum failure failure;
        bool looked;
    } rows[] = {
        {OF_IMDS, FAILURE_TIMEOUT, true},     {OF_IMDS, FAILURE_REFUSED, false},
        {OF_IMDS, FAILURE_NONE, false},       {OF_ADDRESS, FAILURE_TIMEOUT, true},
        {OF_ADDRESS, FAILURE_NOT_SENT, true}, {OF_ADDRESS, FAILURE_RESET, false},
        {OF_SECOND, FAILURE_TIMEOUT, false},  {OF_SERVER, FAILURE_TIMEOUT, true},
        {OF_SERVER, FAILURE_REFUSED, false},
    };
    (void)state;

    put(NAMES "Ip: 2 64 100 0 0 0 0 0 70 50 0 0 0 0 0 0\n");
    for (int service = 0; service < N_SERVICES; service++)
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            struct endpoint_facts *endpoint = &facts.endpoints[service];
            memset(&facts, 0, sizeof(facts));
            endpoint->n_addresses = endpoint->n_answers = 2;
            struct step *step = rows[i].of == OF_IMDS ? &facts.imds.connect
                                : rows[i].of == OF_SERVER
                                    ? &endpoint->answers[1].step
                                    : &endpoint->addresses[1].steps[RUNG_CONNECT];
            endpoint->addresses[1].second_opinion = rows[i].of == OF_SECOND;
            if (rows[i].failure != FAILURE_NONE)
                step_fail(step, rows[i].failure, 1);
            else
                step_ok(step, 1);
            look(10);
            if (facts.network.delivery_read != rows[i].looked)
                fail_msg("row %zu", i);
            assert_int_equal(facts.network.undelivered, rows[i].looked ? 20 : 0);
            look(50); /* what was lost before came in meanwhile */
            assert_int_equal(facts.network.undelivered, 0);
        }
    step_fail(&facts.imds.connect, FAILURE_TIMEOUT, 1);
    assert_int_equal(unlink(file), 0);
    look(10);
    assert_false(facts.network.delivery_read);
}

static void a_netmask_gives_the_subnets_block(void **state)
{
    static const struct {
        const char *own, *block;
    } rows[] = {
        {"10.0.1.10/24", "10.0.1.0/24"},
        {"10.0.1.10/20", "10.0.0.0/20"},
        {"172.31.255.255/16", "172.31.0.0/16"},
        {"172.31.255.255/17", "172.31.128.0/17"},
        {"172.31.255.255/27", "172.31.255.224/27"},
        {"10.0.1.30/28", "10.0.1.16/28"},
        {"10.0.1.10/32", NULL},
        {"10.0.1.10/8", NULL},
        {"10.0.1.100/24", NULL},
        {"2001:db8::10/64", NULL},
    };
    static const char *const local[] = {"10.0.1.10", "172.31.255.255", "10.0.1.30", "2001:db8::10"};
    static struct facts of;
    char(*addresses)[ADDRESS_SIZE] = of.network.interfaces[1].addresses;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool other = strcmp(rows[i].own, "10.0.1.100/24") == 0;
        memset(&of, 0, sizeof(of));
        of.network.n_interfaces = of.network.interfaces[1].n_addresses = 2;
        (void)text_set(addresses[0], ADDRESS_SIZE, "192.0.2.1/24");
        (void)text_set(addresses[1], ADDRESS_SIZE, "%s", rows[i].own);
        for (size_t j = 0; j < COUNT_OF(local); j++)
            if (other ? j == 0 : text_starts(rows[i].own, local[j]))
                network_block_of(local[j], &of);
        assert_int_equal(of.instance.n_subnet_cidrs, rows[i].block ? 1 : 0);
        assert_string_equal(of.instance.subnet_cidrs[0], rows[i].block ? rows[i].block : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_came_in_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_parse_is_not_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_asked_when_nothing_was_silent, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_lost_in_this_round_is_told, set_up, tear_down),
        cmocka_unit_test(interfaces_that_cannot_be_asked_for_are_trouble),
        cmocka_unit_test_setup_teardown(a_route_is_what_the_kernel_would_take, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_server_that_is_silent_has_its_route_looked_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(interfaces_have_addresses_and_links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(which_addresses_are_usable, set_up, list_as_usual),
        cmocka_unit_test_setup_teardown(which_links_are_its_own, set_up, list_as_usual),
        cmocka_unit_test_setup_teardown(there_is_room_for_so_many, set_up, list_as_usual),
        cmocka_unit_test_setup_teardown(what_counts_as_silence, set_up, tear_down),
        cmocka_unit_test(a_netmask_gives_the_subnets_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
