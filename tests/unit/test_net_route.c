/* SPDX-License-Identifier: Apache-2.0
 *
 * Asks the real kernel, in a network namespace of its own, whose tables are filled by hand. Where no
 * namespace may be made these tests are skipped; what is asked of any kernel is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/route.h"

static bool isolated;
static unsigned char protocol; /* that a rule is for, 0: any */
static const char *gateway;    /* of a route, or NULL */
static const char *source;     /* that a rule is for, or NULL: any */
static int interface = 1;      /* of a route: the loopback device */

/* A message of rtnetlink as put together by ip(8); returns what the kernel says, 0 is fine. */
static int tell(unsigned short type, unsigned char kind, const char *to, int bits, unsigned table)
{
    struct {
        struct nlmsghdr head;
        struct rtmsg route;
        char attributes[64];
    } request = {
        .head = {.nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE},
        .route = {.rtm_family = AF_INET,
                  .rtm_dst_len = (unsigned char)bits,
                  .rtm_table = (unsigned char)table,
                  .rtm_type = kind},
    };
    struct {
        struct nlmsghdr head;
        struct nlmsgerr error;
        char rest[512];
    } reply = {.error.error = -1};
    struct rtattr *at = (void *)request.attributes;
    unsigned priority = 77;
    unsigned n = 2;

    if (type == RTM_NEWROUTE)
        request.route.rtm_protocol = RTPROT_STATIC;
    at->rta_type = RTA_DST;
    at->rta_len = RTA_LENGTH(4);
    (void)inet_pton(AF_INET, to, RTA_DATA(at));
    at = (void *)(request.attributes + RTA_SPACE(4));
    at->rta_type = RTA_PRIORITY;
    at->rta_len = RTA_LENGTH(4);
    memcpy(RTA_DATA(at), &priority, 4);
    if (type == RTM_NEWROUTE && kind == RTN_UNICAST) {
        request.route.rtm_scope = RT_SCOPE_LINK;
        at = (void *)(request.attributes + n++ * RTA_SPACE(4));
        at->rta_type = RTA_OIF;
        at->rta_len = RTA_LENGTH(4);
        memcpy(RTA_DATA(at), &interface, 4);
    }
    if (gateway) {
        request.route.rtm_flags = RTNH_F_ONLINK;
        request.route.rtm_scope = RT_SCOPE_UNIVERSE;
        at = (void *)(request.attributes + n++ * RTA_SPACE(4));
        at->rta_type = RTA_GATEWAY;
        at->rta_len = RTA_LENGTH(4);
        (void)inet_pton(AF_INET, gateway, RTA_DATA(at));
    }
    if (source) {
        request.route.rtm_src_len = 32;
        at = (void *)(request.attributes + n++ * RTA_SPACE(4));
        at->rta_type = FRA_SRC;
        at->rta_len = RTA_LENGTH(4);
        (void)inet_pton(AF_INET, source, RTA_DATA(at));
    }
    if (protocol) {
        at = (void *)(request.attributes + n++ * RTA_SPACE(4));
        at->rta_type = FRA_IP_PROTO;
        at->rta_len = RTA_LENGTH(1);
        memcpy(RTA_DATA(at), &protocol, 1);
    }
    request.head.nlmsg_len = (unsigned)(NLMSG_LENGTH(sizeof(request.route)) + n * RTA_SPACE(4));
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (send(fd, &request, request.head.nlmsg_len, 0) > 0)
        (void)recv(fd, &reply, sizeof(reply), 0);
    (void)close(fd);
    return reply.error.error;
}

/* The same of any message. */
static int tell_all(struct nlmsghdr *message)
{
    struct {
        struct nlmsghdr head;
        struct nlmsgerr error;
        char rest[512];
    } reply = {.error.error = -1};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    message->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
    if (send(fd, message, message->nlmsg_len, 0) > 0)
        (void)recv(fd, &reply, sizeof(reply), 0);
    (void)close(fd);
    return reply.error.error;
}

/* What the kernel knows of a neighbour behind the interface. */
static int tell_neighbour(const char *address, uint16_t state)
{
    struct {
        struct nlmsghdr head;
        struct ndmsg neighbour;
        struct rtattr to;
        unsigned char address[4];
    } request = {
        .head = {.nlmsg_len = sizeof(request),
                 .nlmsg_type = RTM_NEWNEIGH,
                 .nlmsg_flags = NLM_F_REPLACE},
        .neighbour = {.ndm_family = AF_INET, .ndm_ifindex = interface, .ndm_state = state},
        .to = {.rta_type = NDA_DST, .rta_len = RTA_LENGTH(4)},
    };

    (void)inet_pton(AF_INET, address, request.address);
    return tell_all(&request.head);
}

/* A pair of Ethernet devices, veth(4). */
static int make_ethernet(void)
{
    struct {
        struct nlmsghdr head;
        struct ifinfomsg link;
        struct rtattr linked;
        struct rtattr kind;
        char name[4];
    } request = {
        .head = {.nlmsg_len = sizeof(request), .nlmsg_type = RTM_NEWLINK},
        .linked = {.rta_type = IFLA_LINKINFO, .rta_len = RTA_LENGTH(RTA_LENGTH(4))},
        .kind = {.rta_type = IFLA_INFO_KIND, .rta_len = RTA_LENGTH(4)},
        .name = {'v', 'e', 't', 'h'},
    };
    return tell_all(&request.head);
}

static void raise_link(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)strcpy(request.ifr_name, name);
    (void)ioctl(fd, SIOCSIFFLAGS, &request);
    (void)close(fd);
}

static int isolate(void **state)
{
    (void)state;
    isolated = unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
    if (isolated)
        raise_link("lo");
    return 0;
}

static void assert_route(const char *to, enum route_kind kind, const char *entry, unsigned table)
{
    struct route route;

    route_look_up(to, 443, &route);
    assert_string_equal(route.to, to);
    assert_int_equal(route.kind, kind);
    assert_string_equal(route.entry, entry);
    assert_int_equal(route.table, table);
    assert_false(route.by_rule);
}

static void an_address_of_this_machine(void **state)
{
    (void)state;
    assert_route("127.0.0.1", ROUTE_LOCAL, "", 0);
    assert_false(route_ends_at_next_hop("127.0.0.1", 443));
}

static void what_is_no_address_is_not_asked(void **state)
{
    (void)state;
    assert_route("ssm.example.com", ROUTE_UNKNOWN, "", 0);
    assert_false(route_ends_at_next_hop("ssm.example.com", 443));
}

static void an_empty_table_has_no_route(void **state)
{
    (void)state;
    if (!isolated)
        skip();
    assert_route("192.0.2.7", ROUTE_NONE, "", 0);
    assert_route("2001:db8::7", ROUTE_NONE, "", 0);
}

static void the_entry_that_refuses_is_named(void **state)
{
    (void)state;
    if (!isolated)
        skip();
    assert_int_equal(tell(RTM_NEWROUTE, RTN_PROHIBIT, "169.254.169.254", 32, RT_TABLE_MAIN), 0);
    assert_int_equal(tell(RTM_NEWROUTE, RTN_BLACKHOLE, "10.0.0.0", 8, RT_TABLE_MAIN), 0);
    assert_int_equal(tell(RTM_NEWROUTE, RTN_BLACKHOLE, "10.1.0.0", 16, RT_TABLE_MAIN), 0);
    assert_int_equal(tell(RTM_NEWROUTE, RTN_UNREACHABLE, "172.16.0.0", 12, RT_TABLE_DEFAULT), 0);
    assert_int_equal(tell(RTM_NEWROUTE, RTN_UNREACHABLE, "172.32.0.0", 13, RT_TABLE_DEFAULT), 0);
    assert_route("169.254.169.254", ROUTE_PROHIBIT, "169.254.169.254/32", RT_TABLE_MAIN);
    assert_route("10.1.2.3", ROUTE_BLACKHOLE, "10.1.0.0/16", RT_TABLE_MAIN);
    assert_route("10.2.2.3", ROUTE_BLACKHOLE, "10.0.0.0/8", RT_TABLE_MAIN);
    assert_route("172.20.4.21", ROUTE_UNREACHABLE, "172.16.0.0/12", RT_TABLE_DEFAULT);
}

/* The rule that leads to a table is named, unless it is the one that every machine has. */
static void a_table_of_ones_own_has_its_rule(void **state)
{
    struct route route;
    (void)state;

    if (!isolated || getenv("EMULATE"))
        skip();
    assert_int_equal(tell(RTM_NEWROUTE, RTN_UNICAST, "192.0.2.0", 24, RT_TABLE_MAIN), 0);
    assert_route("192.0.2.7", ROUTE_FORWARD, "", RT_TABLE_MAIN);
    assert_int_equal(tell(RTM_NEWROUTE, RTN_UNICAST, "192.0.2.128", 25, 100), 0);
    assert_int_equal(tell(RTM_NEWRULE, FR_ACT_TO_TBL, "192.0.2.128", 25, 100), 0);
    route_look_up("192.0.2.129", 443, &route);
    assert_int_equal(route.kind, ROUTE_FORWARD);
    assert_int_equal(route.table, 100);
    assert_true(route.by_rule);
    assert_int_equal(route.priority, 77);
    assert_string_equal(route.interface, "lo");
}

static void give_address(const char *address)
{
    struct ifreq request = {.ifr_name = "lo:1"};
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)inet_pton(AF_INET, address, &to.sin_addr);
    memcpy(&request.ifr_addr, &to, sizeof(to));
    assert_int_equal(ioctl(fd, SIOCSIFADDR, &request), 0);
    (void)close(fd);
}

static void a_way_has_a_router_and_a_source(void **state)
{
    struct route route;
    (void)state;

    if (!isolated || getenv("EMULATE"))
        skip();
    give_address("198.18.0.1");
    gateway = "198.18.7.1";
    assert_int_equal(tell(RTM_NEWROUTE, RTN_UNICAST, "198.19.0.0", 16, RT_TABLE_MAIN), 0);
    gateway = NULL;
    route_look_up("198.19.0.9", 443, &route);
    assert_int_equal(route.kind, ROUTE_FORWARD);
    assert_string_equal(route.via, "198.18.7.1");
    assert_false(route_ends_at_next_hop("198.19.0.9", 443)); /* nobody has asked for it */
    assert_string_equal(route.source, "198.18.0.1");
    assert_string_equal(route.interface, "lo");
    assert_string_equal(route.entry, "");
}

/* As connect() asks: first for a source, then for the way from it. */
static void a_rule_for_a_source_is_obeyed(void **state)
{
    struct route route;
    (void)state;

    if (!isolated || getenv("EMULATE"))
        skip();
    source = "198.18.0.1";
    assert_int_equal(tell(RTM_NEWRULE, FR_ACT_UNREACHABLE, "198.19.64.0", 18, 0), 0);
    source = NULL;
    route_look_up("198.19.64.9", 443, &route);
    assert_int_equal(route.kind, ROUTE_UNREACHABLE);
    assert_true(route.by_rule);
    assert_string_equal(route.entry, "198.19.64.0/18");
    assert_string_equal(route.to, "198.19.64.9");
    assert_string_equal(route.interface, "");
}

/* It answers no ARP. Nothing is said of one that does, nor of its neighbour. */
static void a_next_hop_that_is_not_there_ends_a_way(void **state)
{
    (void)state;
    if (!isolated || getenv("EMULATE") || make_ethernet() != 0)
        skip();
    interface = (int)if_nametoindex("veth0");
    raise_link("veth1");
    raise_link("veth0");
    assert_int_equal(tell(RTM_NEWROUTE, RTN_UNICAST, "198.51.96.0", 24, RT_TABLE_MAIN), 0);
    gateway = "198.51.96.1";
    assert_int_equal(tell(RTM_NEWROUTE, RTN_UNICAST, "198.51.97.0", 24, RT_TABLE_MAIN), 0);
    gateway = NULL;
    assert_false(route_ends_at_next_hop("198.51.97.9", 443));
    assert_int_equal(tell_neighbour("198.51.96.2", NUD_FAILED), 0); /* another one */
    assert_false(route_ends_at_next_hop("198.51.97.9", 443));
    assert_true(route_ends_at_next_hop("198.51.96.2", 443)); /* without a router */
    assert_int_equal(tell_neighbour("198.51.96.1", NUD_FAILED), 0);
    assert_true(route_ends_at_next_hop("198.51.97.9", 443));
    interface = (int)if_nametoindex("veth1"); /* the same address somewhere else */
    assert_int_equal(tell_neighbour("198.51.96.3", NUD_FAILED), 0);
    assert_false(route_ends_at_next_hop("198.51.96.3", 443));
    interface = 1;
}

static void a_rule_that_refuses_is_named(void **state)
{
    struct route route;
    (void)state;

    /* qemu-user passes no rules on to the kernel. */
    if (!isolated || getenv("EMULATE"))
        skip();
    assert_int_equal(tell(RTM_NEWRULE, FR_ACT_PROHIBIT, "198.51.100.0", 24, 0), 0);
    route_look_up("198.51.100.9", 443, &route);
    assert_int_equal(route.kind, ROUTE_PROHIBIT);
    assert_true(route.by_rule);
    assert_int_equal(route.priority, 77);
    assert_string_equal(route.entry, "198.51.100.0/24");
}

/* Names are asked by UDP, everything else goes by TCP. */
static void a_rule_for_a_protocol_is_obeyed(void **state)
{
    struct route route;
    (void)state;

    if (!isolated || getenv("EMULATE"))
        skip();
    protocol = IPPROTO_UDP;
    assert_int_equal(tell(RTM_NEWRULE, FR_ACT_PROHIBIT, "203.0.113.0", 24, 0), 0);
    protocol = 0;
    route_look_up("203.0.113.9", 53, &route);
    assert_int_equal(route.kind, ROUTE_PROHIBIT);
    route_look_up("203.0.113.9", 443, &route);
    assert_int_equal(route.kind, ROUTE_NONE);
}

static void what_a_route_explains_is_doubted(void **state)
{
    struct route routes[2];
    struct step step;
    int32_t n = 0;
    (void)state;

    step_ok(&step, 1);
    routes_doubt(routes, &n, 2, "127.0.0.1", 443, &step);
    step_fail(&step, FAILURE_UNTRUSTED, 1);
    routes_doubt(routes, &n, 2, "127.0.0.1", 443, &step);
    assert_int_equal(n, 0);

    step_fail(&step, FAILURE_HOST_UNREACHABLE, 1);
    routes_doubt(routes, &n, 2, "127.0.0.1", 443, &step);
    routes_doubt(routes, &n, 2, "127.0.0.1", 443, &step); /* once is enough */
    assert_int_equal(n, 1);
    routes_doubt(routes, &n, 2, "127.0.0.2", 443, &step);
    routes_doubt(routes, &n, 2, "127.0.0.3", 443, &step);
    assert_int_equal(n, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_of_this_machine),
        cmocka_unit_test(what_is_no_address_is_not_asked),
        cmocka_unit_test(an_empty_table_has_no_route),
        cmocka_unit_test(the_entry_that_refuses_is_named),
        cmocka_unit_test(a_table_of_ones_own_has_its_rule),
        cmocka_unit_test(a_way_has_a_router_and_a_source),
        cmocka_unit_test(a_rule_for_a_source_is_obeyed),
        cmocka_unit_test(a_next_hop_that_is_not_there_ends_a_way),
        cmocka_unit_test(a_rule_that_refuses_is_named),
        cmocka_unit_test(a_rule_for_a_protocol_is_obeyed),
        cmocka_unit_test(what_a_route_explains_is_doubted),
    };
    return cmocka_run_group_tests(tests, isolate, NULL);
}
