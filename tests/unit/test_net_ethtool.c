/* SPDX-License-Identifier: Apache-2.0
 *
 * Names as drivers give them; and the kernel itself, whose loopback and veth have no such counter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/ethtool.h"

static void a_name_is_found_whole(void **state)
{
    static const char names[4][32] = {
        "bw_in_allowance_exceeded",
        "linklocal_allowance_exceeded_x",
        {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p',
         'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', '0', '1', '2', '3', '4', '5'},
        "linklocal_allowance_exceeded",
    };
    (void)state;

    assert_int_equal(ethtool_find(names[0], 4, ETHTOOL_LINK_LOCAL), 3);
    assert_int_equal(ethtool_find(names[0], 3, ETHTOOL_LINK_LOCAL), -1);
    assert_int_equal(ethtool_find(names[0], 4, "abcdefghijklmnopqrstuvwxyz012345"), 2);
    assert_int_equal(ethtool_find(names[0], 4, "bw_in"), -1);
    assert_int_equal(ethtool_find(names[0], 0, "bw_in"), -1);
}

static void what_has_no_such_counter_says_so(void **state)
{
    uint64_t value = 7;
    (void)state;

    assert_false(ethtool_counter("lo", ETHTOOL_LINK_LOCAL, &value));
    assert_false(ethtool_counter("nosuch0", ETHTOOL_LINK_LOCAL, &value));
    assert_false(ethtool_counter("a-name-that-is-too-long", ETHTOOL_LINK_LOCAL, &value));
    assert_int_equal(value, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_found_whole),
        cmocka_unit_test(what_has_no_such_counter_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
