/* SPDX-License-Identifier: Apache-2.0
 *
 * Where an address lies, which resolver is the VPC's, and what /etc/hosts pins.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "observe/climb.h"
#include "observe/observe.h"
#include "model/place.h"

static const struct instance_facts instance = {
    .n_vpc_cidrs = 4,
    .vpc_cidrs = {"10.0.0.0/16", "100.64.0.0/20", "52.1.0.0/24", "2600:1f18:1::/56"},
    .n_subnet_cidrs = 2,
    .subnet_cidrs = {"10.0.1.0/24", "2600:1f18:1:1::/64"},
};

static void places(void **state)
{
    static const struct {
        const char *address;
        enum place place;
    } rows[] = {
        {"10.0.1.21", PLACE_OWN_SUBNET},
        {"10.0.2.21", PLACE_IN_VPC},
        {"100.64.15.255", PLACE_IN_VPC},
        {"100.64.16.0", PLACE_PRIVATE_ELSEWHERE},
        {"52.1.0.7", PLACE_IN_VPC}, /* a VPC may use a public range */
        {"52.1.1.7", PLACE_PUBLIC},
        {"10.1.0.1", PLACE_PRIVATE_ELSEWHERE},
        {"172.16.0.1", PLACE_PRIVATE_ELSEWHERE},
        {"172.31.255.255", PLACE_PRIVATE_ELSEWHERE},
        {"172.32.0.1", PLACE_PUBLIC},
        {"192.168.1.1", PLACE_PRIVATE_ELSEWHERE},
        {"198.19.255.255", PLACE_PRIVATE_ELSEWHERE},
        {"198.20.0.0", PLACE_PUBLIC},
        {"203.0.113.10", PLACE_PUBLIC},
        {"127.0.0.1", PLACE_LOCAL},
        {"169.254.169.254", PLACE_LOCAL},
        {"0.0.0.0", PLACE_LOCAL},
        {"2600:1f18:1:1::5", PLACE_OWN_SUBNET},
        {"2600:1f18:1:2::5", PLACE_IN_VPC},
        {"2600:1f18:2::5", PLACE_PUBLIC},
        {"fd00:ec2::254", PLACE_PRIVATE_ELSEWHERE},
        {"::1", PLACE_LOCAL},
        {"fe80::1", PLACE_LOCAL},
        {"64:ff9b::a00:115", PLACE_OWN_SUBNET}, /* 10.0.1.21, by DNS64 */
        {"64:ff9b::342e:8d9e", PLACE_PUBLIC},   /* 52.46.141.158 */
        {"nonsense", PLACE_UNKNOWN},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (place_of(&instance, rows[i].address) != rows[i].place)
            fail_msg("%s is %d", rows[i].address, place_of(&instance, rows[i].address));
}

static void without_the_vpcs_cidrs_private_ranges_decide(void **state)
{
    static const struct instance_facts unknown;
    (void)state;
    assert_int_equal(place_of(&unknown, "10.0.1.21"), PLACE_PRIVATE_ELSEWHERE);
    assert_int_equal(place_of(&unknown, "52.1.0.7"), PLACE_PUBLIC);
}

static void cidrs_that_are_none_hold_nothing(void **state)
{
    (void)state;
    assert_true(place_in_cidr("1.2.3.4", "0.0.0.0/0"));
    assert_true(place_in_cidr("1.2.3.4", "1.2.3.4/32"));
    assert_false(place_in_cidr("1.2.3.5", "1.2.3.4/32"));
    assert_false(place_in_cidr("1.2.3.4", "1.2.3.4"));
    assert_false(place_in_cidr("1.2.3.4", "1.2.3.4/33"));
    assert_false(place_in_cidr("1.2.3.4", "::/0"));
    assert_false(place_in_cidr("1.2.3.4", "x/8"));
}

static void the_vpcs_resolver_is_base_plus_two(void **state)
{
    struct instance_facts odd = {.n_vpc_cidrs = 2, .vpc_cidrs = {"2600::/56", "10.9.0.16/28"}};
    char to[ADDRESS_SIZE];
    (void)state;

    assert_true(place_vpc_resolver(&instance, to));
    assert_string_equal(to, "10.0.0.2");
    assert_true(place_vpc_resolver(&odd, to));
    assert_string_equal(to, "10.9.0.18");
    odd.n_vpc_cidrs = 0;
    assert_false(place_vpc_resolver(&odd, to));
}

static void hosts_pins_a_name_whatever_its_case(void **state)
{
    static const char text[] = "\0\n127.0.0.1 localhost\n" /* a zero byte ends no file for Go */
                               "# 10.9.9.1 ssm.us-east-1.amazonaws.com\n"
                               "10.9.9.2\tother SSM.us-east-1.AMAZONAWS.com # note\r\n"
                               "nonsense ssm.us-east-1.amazonaws.com\n"
                               "fd00::9 ssm.us-east-1.amazonaws.com\n"
                               "10.9.9.3 ssm.us-east-1.amazonaws.com.evil\n"
                               "10.9.9.4 logs.us-east-1.amazonaws.com.\n";
    char root[] = "/tmp/ssm-preflight-test-XXXXXX", path[128];
    char addresses[MAX_ADDRESSES][ADDRESS_SIZE];
    (void)state;

    assert_non_null(mkdtemp(root));
    (void)text_set(path, sizeof(path), "%s/etc", root);
    assert_int_equal(mkdir(path, 0755), 0);
    (void)text_add(path, sizeof(path), "/hosts");
    assert_int_equal(file_write_atomically(path, text, sizeof(text) - 1, 0644), 0);

    assert_int_equal(hosts_look_up(root, "ssm.us-east-1.amazonaws.com", addresses), 2);
    assert_string_equal(addresses[0], "10.9.9.2");
    assert_string_equal(addresses[1], "fd00::9");
    assert_int_equal(hosts_look_up(root, "logs.us-east-1.amazonaws.com", addresses), 1);
    assert_string_equal(addresses[0], "10.9.9.4");
    assert_int_equal(hosts_look_up(root, "kms.us-east-1.amazonaws.com", addresses), 0);

    char many[2048] = "";
    for (int i = 0; i <= MAX_ADDRESSES; i++)
        (void)text_add(many, sizeof(many), "10.9.9.%d kms.us-east-1.amazonaws.com\n", i);
    assert_int_equal(file_write_atomically(path, many, strlen(many), 0644), 0);
    assert_int_equal(hosts_look_up(root, "kms.us-east-1.amazonaws.com", addresses), MAX_ADDRESSES);
    assert_string_equal(addresses[MAX_ADDRESSES - 1], "10.9.9.15");

    (void)unlink(path);
    path[strlen(path) - strlen("/hosts")] = '\0';
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(root), 0);
    assert_int_equal(hosts_look_up(root, "kms.us-east-1.amazonaws.com", addresses), 0);
}

/* Two rows of a real table, and one of each kind that does not count. */
static void only_roots_established_connections_to_443_count(void **state)
{
    static const char head[] =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";
    static const char rows[] =
        "   0: 0A01000A:C350 1601000A:01BB 01 00000000:00000000 00:00000000 00000000     0        0 1\n"
        "   1: 0A01000A:C351 1701000A:01BB 01 00000000:00000000 00:00000000 00000000   998        0 2\n"
        "   2: 0A01000A:C352 1801000A:01BB 06 00000000:00000000 00:00000000 00000000     0        0 3\n"
        "   3: 0A01000A:C353 1901000A:0050 01 00000000:00000000 00:00000000 00000000     0        0 4\n"
        "   4: 0A01000A:C354 1C01000A:51BB 01 00000000:00000000 00:00000000 00000000     0        0 4\n"
        "nonsense\n";
    static const char rows6[] =
        "   0: 00000000000000000000000000000000:C354 0000000000000000FFFF00001A01000A:01BB 01 "
        "00000000:00000000 00:00000000 00000000     0        0 5\n"
        "   1: 00000000000000000000000000000000:C355 181F0026010001000000000005000000:01BB 01 "
        "00000000:00000000 00:00000000 00000000     0        0 6\n";
    char root[] = "/tmp/ssm-preflight-test-XXXXXX", path[128], text[2048];
    struct connections connections;
    (void)state;

    assert_non_null(mkdtemp(root));
    connections_read(root, 443, &connections);
    assert_false(connections.known);
    (void)text_set(path, sizeof(path), "%s/proc", root);
    assert_int_equal(mkdir(path, 0755), 0);
    (void)text_add(path, sizeof(path), "/self");
    assert_int_equal(mkdir(path, 0755), 0);
    (void)text_add(path, sizeof(path), "/net");
    assert_int_equal(mkdir(path, 0755), 0);
    (void)text_add(path, sizeof(path), "/tcp");
    (void)text_set(text, sizeof(text), "%s%s", head, rows);
    assert_int_equal(file_write_atomically(path, text, strlen(text), 0644), 0);
    (void)text_add(path, sizeof(path), "6");
    (void)text_set(text, sizeof(text), "%s%s", head, rows6);
    assert_int_equal(file_write_atomically(path, text, strlen(text), 0644), 0);

    connections_read(root, 443, &connections);
    assert_true(connections.known);
    assert_int_equal(connections.n, 3);
    assert_true(connections_has(&connections, "10.0.1.22"));
    assert_true(connections_has(&connections, "10.0.1.26"));
    assert_true(connections_has(&connections, "2600:1f18:1:1::5"));
    assert_false(connections_has(&connections, "10.0.1.23"));
    static struct facts facts;
    struct endpoint_facts *messages = &facts.endpoints[SERVICE_SSMMESSAGES];
    facts.plan.services[SERVICE_SSMMESSAGES].port = 443;
    messages->n_addresses = 1;
    (void)text_set(messages->addresses[0].address, ADDRESS_SIZE, "10.0.1.22");
    assert_int_equal(observe_connected(root, &facts), ANSWER_YES);
    (void)text_set(messages->addresses[0].address, ADDRESS_SIZE, "10.0.1.99");
    assert_int_equal(observe_connected(root, &facts), ANSWER_NO);

    connections_read(root, 80, &connections);
    assert_int_equal(connections.n, 1);
    assert_true(connections_has(&connections, "10.0.1.25"));

    char *many = calloc(MAX_CONNECTIONS + 1, 100);
    assert_non_null(many);
    for (int i = 0; i <= MAX_CONNECTIONS; i++)
        (void)text_add(
            many, (size_t)(MAX_CONNECTIONS + 1) * 100,
            "   0: 0A01000A:%04X 1601000A:01BB 01 00000000:00000000 00:00000000 00000000 "
            "    0\n",
            (unsigned int)i);
    assert_int_equal(file_write_atomically(path, many, strlen(many), 0644), 0);
    free(many);
    connections_read(root, 443, &connections);
    assert_false(connections.known); /* what did not fit may be what is looked for */
    assert_int_equal(observe_connected(root, &facts), ANSWER_UNKNOWN);
    assert_true(connections_has(&connections, "10.0.1.22"));

    (void)unlink(path);
    path[strlen(path) - 1] = '\0';
    (void)unlink(path);
    (void)text_set(path, sizeof(path), "%s/proc/self/net", root);
    (void)rmdir(path);
    (void)text_set(path, sizeof(path), "%s/proc/self", root);
    (void)rmdir(path);
    (void)text_set(path, sizeof(path), "%s/proc", root);
    (void)rmdir(path);
    assert_int_equal(rmdir(root), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(without_the_vpcs_cidrs_private_ranges_decide),
        cmocka_unit_test(cidrs_that_are_none_hold_nothing),
        cmocka_unit_test(the_vpcs_resolver_is_base_plus_two),
        cmocka_unit_test(only_roots_established_connections_to_443_count),
        cmocka_unit_test(hosts_pins_a_name_whatever_its_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
