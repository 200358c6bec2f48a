/* SPDX-License-Identifier: Apache-2.0
 *
 * `explain` finds a page by every name that a person may use, and `list` lines up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "golden.h"
#include "report/explain.h"

static const struct page rows[] = {
    {"endpoint-blocks-443", "blocks\n"},
    {"endpoint.connect", "connect"},
    {"imds.connect", "imds\n"},
    {"local-firewall", "firewall\n"},
    {"network-acl", "acl\n"},
};

static void assert_explains(const char *name, bool found, const char *text)
{
    struct buffer to;

    buffer_init(&to, 4096);
    assert_int_equal(explain_from(rows, sizeof(rows) / sizeof(rows[0]), name, &to), found);
    assert_string_equal(to.bytes, text);
    buffer_clear(&to);
}

static void a_page_is_found_by_code_check_and_page(void **state)
{
    (void)state;
    assert_explains("network-acl", true, "acl\n");
    assert_explains("Network-ACL", true, "acl\n");
    assert_explains("ssm.connect", true, "connect\n");
    assert_explains("kms.connect", true, "connect\n");
    assert_explains("endpoint.connect", true, "connect\n");
    assert_explains("imds.connect", true, "imds\n");
}

static void a_near_name_is_suggested(void **state)
{
    (void)state;
    assert_explains("netwrok-acl", false,
                    "no page is called \"netwrok-acl\"; nearest: network-acl");
    assert_explains("firewall", false, "no page is called \"firewall\"; nearest: local-firewall");
    assert_explains("connect", false,
                    "no page is called \"connect\"; nearest: endpoint.connect, imds.connect");
    assert_explains("qqqqq", false, "no page is called \"qqqqq\"");
    assert_explains("", false, "no page is called \"\"");
    assert_explains("\033[2J", false, "no page is called \"\\x1b[2j\"");
}

static void a_very_long_name_is_cut(void **state)
{
    char name[5000];
    struct buffer to;

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    buffer_init(&to, 4096);
    assert_false(explain_from(rows, 5, name, &to));
    assert_true(to.used < 100);
    buffer_clear(&to);
}

static void checks_are_listed(void **state)
{
    const struct style style = {.columns = 100};
    struct buffer to;

    (void)state;
    buffer_init(&to, 65536);
    list_checks_write(&style, &to);
    assert_golden("list-checks.txt", to.bytes, to.used);
    buffer_clear(&to);
}

static void columns_line_up_and_the_last_wraps(void **state)
{
    static const char *const headings[] = {"A", "LONGER", "TEXT"};
    static const struct list_row table[] = {
        {{"one", "1", "short"}},
        {{"eleven", NULL, "a text that is longer than what is left of forty columns"}},
        {{"x", "yz", ""}},
    };
    const struct style style = {.columns = 40};
    struct buffer to;

    (void)state;
    buffer_init(&to, 4096);
    list_write(headings, 3, table, 3, &style, &to);
    assert_string_equal(to.bytes, "A       LONGER  TEXT\n"
                                  "one     1       short\n"
                                  "eleven          a text that is longer\n"
                                  "                than what is left of\n"
                                  "                forty columns\n"
                                  "x       yz\n");
    buffer_clear(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_found_by_code_check_and_page),
        cmocka_unit_test(a_near_name_is_suggested),
        cmocka_unit_test(a_very_long_name_is_cut),
        cmocka_unit_test(checks_are_listed),
        cmocka_unit_test(columns_line_up_and_the_last_wraps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
