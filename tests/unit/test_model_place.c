/* SPDX-License-Identifier: Apache-2.0
 *
 * Where addresses lie, which blocks and regions are whole, and the words of what is out of its range.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "model/checks.h"
#include "model/failure.h"
#include "model/permissions.h"
#include "model/place.h"
#include "model/plan.h"
#include "model/report.h"

static const struct instance_facts instance = {
    .subnet_cidrs = {"10.0.1.0/24", "2001:db8:0:1::/64"},
    .n_subnet_cidrs = 2,
    .vpc_cidrs = {"10.0.0.0/16", "2001:db8::/56", "203.0.113.0/25"},
    .n_vpc_cidrs = 3,
};

static void each_address_has_its_place(void **state)
{
    static const struct {
        const char *address;
        enum place place;
    } rows[] = {
        {"10.0.1.254", PLACE_OWN_SUBNET},
        {"10.0.1.255", PLACE_LOCAL},
        {"10.0.2.0", PLACE_IN_VPC},
        {"10.0.255.255", PLACE_IN_VPC},
        {"10.1.0.0", PLACE_PRIVATE_ELSEWHERE},
        {"203.0.113.127", PLACE_IN_VPC}, /* a VPC may use public ranges */
        {"203.0.113.128", PLACE_PUBLIC},
        {"2001:db8:0:1::5", PLACE_OWN_SUBNET},
        {"2001:db8:0:2::5", PLACE_IN_VPC},
        {"2001:db8:0:100::5", PLACE_PUBLIC},
        {"126.255.255.255", PLACE_PUBLIC},
        {"127.0.0.1", PLACE_LOCAL},
        {"128.0.0.0", PLACE_PUBLIC},
        {"169.254.169.254", PLACE_LOCAL},
        {"0.0.0.0", PLACE_LOCAL},
        {"::1", PLACE_LOCAL},
        {"::", PLACE_LOCAL},
        {"::2", PLACE_PUBLIC},
        {"ff02::1", PLACE_LOCAL},
        {"223.255.255.255", PLACE_PUBLIC},
        {"224.0.0.1", PLACE_LOCAL},
        {"255.255.255.255", PLACE_LOCAL},
        {"fe80::1", PLACE_LOCAL},
        {"febf::1", PLACE_LOCAL},
        {"fec0::1", PLACE_PUBLIC},
        {"172.15.255.255", PLACE_PUBLIC},
        {"172.16.0.0", PLACE_PRIVATE_ELSEWHERE},
        {"172.31.255.255", PLACE_PRIVATE_ELSEWHERE},
        {"172.32.0.0", PLACE_PUBLIC},
        {"192.168.255.255", PLACE_PRIVATE_ELSEWHERE},
        {"192.169.0.0", PLACE_PUBLIC},
        {"100.127.255.255", PLACE_PRIVATE_ELSEWHERE},
        {"100.128.0.0", PLACE_PUBLIC},
        {"198.19.255.255", PLACE_PRIVATE_ELSEWHERE},
        {"198.20.0.0", PLACE_PUBLIC},
        {"fd00::1", PLACE_PRIVATE_ELSEWHERE},
        {"64:ff9b::a00:105", PLACE_OWN_SUBNET}, /* 10.0.1.5 */
        {"64:ff9b::808:808", PLACE_PUBLIC},
        {"64:ff9b:1::a00:105", PLACE_PUBLIC},
        {"ssm", PLACE_UNKNOWN},
        {"", PLACE_UNKNOWN},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (place_of(&instance, rows[i].address) != rows[i].place)
            fail_msg("%s: %s", rows[i].address,
                     name_of(&place_names, place_of(&instance, rows[i].address)));
}

static void a_block_holds_its_addresses(void **state)
{
    static const struct {
        const char *address, *cidr;
        bool in;
    } rows[] = {
        {"10.0.0.15", "10.0.0.0/28", true},
        {"10.0.0.16", "10.0.0.0/28", false},
        {"10.0.0.1", "10.0.0.1/32", true},
        {"10.0.0.2", "10.0.0.1/32", false},
        {"9.9.9.9", "0.0.0.0/0", true},
        {"10.0.0.1", "10.0.0.0/33", false},
        {"10.0.0.1", "10.0.0.0", false},
        {"10.0.0.1", "10.0.0/24", false},
        {"10.0.0.1", "10.0.0.0/", false},
        {"10.0.0.1", "2001:db8::/0", false},
        {"2001:db8::1", "0.0.0.0/0", false},
        {"x", "10.0.0.0/8", false},
        {"2001:db8::1", "2001:db8::/128", false},
        {"2001:db8::", "2001:db8::/128", true},
        {"2001:db8::", "2001:db8::/129", false},
        {"10.0.0.1", "0000000000000000000000000000000000000000000010.0.0.0/8", false},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (place_in_cidr(rows[i].address, rows[i].cidr) != rows[i].in)
            fail_msg("%s in %s", rows[i].address, rows[i].cidr);
}

static void what_is_allowed_is_not_denied(void **state)
{
    static const struct {
        const char *denied, *allowed, *address;
        bool is;
    } rows[] = {
        {"10.0.0.0/8", "", "10.0.1.21", true},
        {"10.0.0.0/8", "", "11.0.1.21", false},
        {"10.0.0.0/8", "10.0.0.0/16", "10.0.1.21", false},
        {"10.0.0.0/8", "10.0.1.20 10.0.1.21", "10.0.1.21", false},
        {"10.0.0.0/8", "10.0.1.20 10.0.1.21", "10.0.1.22", true},
        {"192.168.0.0/16 10.0.1.21", "", "10.0.1.21", true},
        {"any", "", "10.0.1.21", true},
        {"any", "", "2001:db8::1", true},
        {"any", "localhost link-local", "127.0.0.53", false},
        {"any", "localhost link-local", "169.254.169.254", false},
        {"any", "localhost", "169.254.169.254", true},
        {"any", "multicast", "10.0.1.21", true},
        {"any", "10.0.1.21", "2001:db8::1", true},
        {"any", "2001:db8::1", "2001:db8::1", false},
        {"any", "2001:db8::1", "2001:db8::2", true},
        {"10.0.0.0/33 x any/8 10.0.0", "", "10.0.1.21", false},
        {"", "", "10.0.1.21", false},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (place_is_denied(rows[i].denied, rows[i].allowed, rows[i].address) != rows[i].is)
            fail_msg("%s, but %s: %s", rows[i].denied, rows[i].allowed, rows[i].address);
}

static void a_vpc_has_blocks_of_some_sizes(void **state)
{
    static const struct {
        const char *cidr;
        bool is;
    } rows[] = {
        {"10.0.0.0/15", false},
        {"10.0.0.0/16", true},
        {"10.0.0.0/28", true},
        {"10.0.0.0/29", false},
        {"10.0.0.0/2", false},
        {"2001:db8::/43", false},
        {"2001:db8::/44", true},
        {"2001:db8::/64", true},
        {"2001:db8::/65", false},
        {"10.0.0.0", false},
        {"", false},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (place_is_vpc_block(rows[i].cidr) != rows[i].is)
            fail_msg("%s", rows[i].cidr);
}

static void neighbours_share_a_subnet_of_that_size(void **state)
{
    static const struct instance_facts wide = {.subnet_cidrs = {"10.0.0.0/20"},
                                               .n_subnet_cidrs = 1};
    static const struct instance_facts nothing = {.n_subnet_cidrs = 0};
    (void)state;

    assert_true(place_are_neighbours(&instance, "10.0.2.1", "10.0.2.200"));
    assert_false(place_are_neighbours(&instance, "10.0.2.1", "10.0.3.1"));
    assert_true(place_are_neighbours(&wide, "10.0.16.1", "10.0.31.1"));
    assert_false(place_are_neighbours(&wide, "10.0.15.1", "10.0.16.1"));
    assert_true(place_are_neighbours(&nothing, "10.0.2.1", "10.0.2.200")); /* as most are: /24 */
    assert_false(place_are_neighbours(&nothing, "10.0.2.1", "10.0.3.1"));
    assert_true(place_are_neighbours(&wide, "2001:db8::1", "2001:db8::ffff")); /* /64 */
    assert_false(place_are_neighbours(&wide, "2001:db8::1", "2001:db8:0:1::1"));
    assert_true(place_are_neighbours(&instance, "2001:db8::1", "2001:db8::ffff"));
    assert_false(place_are_neighbours(&instance, "10.0.2.1", "2001:db8::1"));
    static const struct instance_facts odd = {.subnet_cidrs = {"x", "2001:db8::/64", "10.0.0.0/20"},
                                              .n_subnet_cidrs = 3};
    assert_true(place_are_neighbours(&odd, "10.0.16.1", "10.0.31.1")); /* of its family */
    assert_false(place_are_neighbours(&instance, "x", "10.0.2.1"));
    assert_false(place_are_neighbours(&instance, "10.0.2.1", "x"));
}

static void the_resolver_is_the_base_and_two(void **state)
{
    char to[ADDRESS_SIZE] = "";
    (void)state;

    assert_true(place_resolver_of("10.1.0.0/16", to));
    assert_string_equal(to, "10.1.0.2");
    assert_false(place_resolver_of("2001:db8::/56", to));
    assert_false(place_resolver_of("10.1.0.0", to));
    assert_true(place_vpc_resolver(&instance, to));
    assert_string_equal(to, "10.0.0.2");
}

static void a_region_that_is_cut_off_is_none(void **state)
{
    static const char *const whole[] = {"us-east-1", "us-gov-west-1", "ap-southeast-12"};
    static const char *const cut[] = {
        "",           "us",        "us-east",   "us-east-",     "us-1",
        "us-east-1a", "us-east-x", "us east-1", "us-gov-west-", "us-east-1-"};
    char longest[REGION_SIZE + 1] = "us-east-1";
    (void)state;

    for (size_t i = 0; i < COUNT_OF(whole); i++)
        assert_true(region_is_whole(whole[i]));
    for (size_t i = 0; i < COUNT_OF(cut); i++)
        if (region_is_whole(cut[i]))
            fail_msg("%s", cut[i]);
    memset(longest + strlen(longest), '1', sizeof(longest) - 1 - strlen(longest));
    longest[REGION_SIZE] = '\0';
    assert_false(region_is_whole(longest));
    longest[REGION_SIZE - 1] = '\0';
    assert_true(region_is_whole(longest));
}

static void a_host_is_of_a_partition(void **state)
{
    const struct partition *partition = partition_of_region("us-east-1");
    (void)state;

    assert_string_equal(partition->name, "aws");
    assert_string_equal(partition_of_region("cn-north-1")->name, "aws-cn");
    assert_true(partition_has_host(partition, "ssm.us-east-1.amazonaws.com"));
    assert_true(partition_has_host(partition, "ssm.us-east-1.api.aws"));
    assert_false(partition_has_host(partition, "ssm.us-east-1.amazonaws.com.cn"));
    assert_false(partition_has_host(partition, "xamazonaws.com"));
    assert_true(partition_has_host(partition, "x.amazonaws.com"));
    assert_false(partition_has_host(partition, ".amazonaws.com")); /* of no name */
    assert_false(partition_has_host(partition, "amazonaws.com"));
    assert_false(partition_has_host(partition, "com"));
}

static void a_list_of_capabilities(void **state)
{
    (void)state;
    assert_int_equal(capabilities_in(""), 0);
    assert_int_equal(capabilities_in("patch"), 1u << CAPABILITY_PATCH);
    assert_int_equal(capabilities_in("patch sessions"),
                     1u << CAPABILITY_PATCH | 1u << CAPABILITY_SESSIONS);
    assert_int_equal(capabilities_in("core"), CAPABILITIES_ALL);
    assert_int_equal(capabilities_in("cord"), 0);
    assert_int_equal(capabilities_in("patchy"), 0);
    assert_int_equal(capabilities_in("run-comman"), 0);
    assert_int_equal(capabilities_in("nothing run-command"), 1u << CAPABILITY_RUN_COMMAND);
}

static void what_is_out_of_its_range_has_words_too(void **state)
{
    (void)state;
    assert_string_equal(check_name(N_CHECKS), "?");
    assert_string_equal(service_name(N_SERVICES), "?");
    assert_string_equal(rung_name(N_RUNGS), "?");
    assert_string_equal(failure_words(N_FAILURES), "unknown failure");
    assert_true(check_service_bits(N_SERVICES) == 0);
}

static void a_fix_is_its_parts(void **state)
{
    static const struct {
        const char *fix, *then, *both;
    } rows[] = {{"Do it.", "Restart.", "Do it. Restart."},
                {"Do it.", "", "Do it."},
                {"", "Restart.", "Restart."},
                {"", "", ""}};
    char text[WORDS_SIZE];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        static struct finding finding;
        (void)text_set(finding.remedy, sizeof(finding.remedy), "%s", rows[i].fix);
        (void)text_set(finding.afterwards, sizeof(finding.afterwards), "%s", rows[i].then);
        finding_fix(&finding, text, sizeof(text));
        assert_string_equal(text, rows[i].both);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_address_has_its_place),
        cmocka_unit_test(a_block_holds_its_addresses),
        cmocka_unit_test(what_is_allowed_is_not_denied),
        cmocka_unit_test(a_vpc_has_blocks_of_some_sizes),
        cmocka_unit_test(neighbours_share_a_subnet_of_that_size),
        cmocka_unit_test(the_resolver_is_the_base_and_two),
        cmocka_unit_test(a_region_that_is_cut_off_is_none),
        cmocka_unit_test(a_host_is_of_a_partition),
        cmocka_unit_test(a_list_of_capabilities),
        cmocka_unit_test(what_is_out_of_its_range_has_words_too),
        cmocka_unit_test(a_fix_is_its_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
