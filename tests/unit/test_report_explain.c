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

#include "base/text.h"
#include "golden.h"
#include "report/report.h"

static void assert_explains(const char *name, const char *page)
{
    struct buffer to;

    buffer_init(&to, REPORT_MAX_BYTES);
    assert_true(explain_write(name, &(const struct style){0}, &to));
    assert_true(text_starts(to.bytes, "# ") && text_starts(to.bytes + 2, page));
    assert_int_equal(to.bytes[2 + strlen(page)], '\n');
    buffer_clear(&to);
}

static void assert_no_page(const char *name, const char *text)
{
    struct buffer to;

    buffer_init(&to, 4096);
    assert_false(explain_write(name, &(const struct style){0}, &to));
    assert_string_equal(to.bytes, text);
    buffer_clear(&to);
}

#define ALL "all: ssm-preflight list findings, list checks)"

static void a_page_is_found_by_code_check_and_page(void **state)
{
    (void)state;
    assert_explains("network-acl", "network-acl");
    assert_explains("Network-ACL", "network-acl");
    assert_explains("ssm.connect", "endpoint.connect");
    assert_explains("kms.connect", "endpoint.connect");
    assert_explains("endpoint.connect", "endpoint.connect");
    assert_explains("imds.connect", "imds.connect");
    for (size_t i = 0; i < n_pages; i++)
        assert_explains(pages[i].name, pages[i].name);
}

/* The front matter is the fix, and the pages share how it is confirmed. */
static void a_page_has_its_commands_and_ends_as_others_do(void **state)
{
    static const char restart[] = "\nRestart the agent where",
                      online[] = "\nThe node then shows as Online";
    struct buffer to;
    (void)state;

    buffer_init(&to, REPORT_MAX_BYTES);
    assert_true(explain_write("network-acl", &(const struct style){0}, &to));
    const char *fix = strstr(to.bytes, "\n## Fix\n\nLet TCP 443 out of this subnet's"
                                       " network ACL");
    const char *end = strstr(to.bytes, "\n## Confirm the fix\n\nAsk again");
    assert_true(text_starts(to.bytes, "# network-acl\n"));
    assert_true(fix && end && fix < end);
    assert_non_null(strstr(fix, "Name=association.subnet-id,Values=<subnet-id>"));
    assert_non_null(strstr(end, restart));
    assert_non_null(strstr(end, online));
    buffer_clear(&to);

    buffer_init(&to, REPORT_MAX_BYTES);
    assert_true(explain_write("public-address", &(const struct style){0}, &to));
    assert_null(strstr(to.bytes, restart));
    assert_non_null(strstr(to.bytes, online));
    buffer_clear(&to);
}

static void a_near_name_is_suggested(void **state)
{
    (void)state;
    assert_explains("connect", "endpoint.connect");
    assert_no_page("netwrok-acl",
                   "no page is called \"netwrok-acl\" (did you mean network-acl? " ALL);
    assert_no_page("firewall", "no page is called \"firewall\" (did you mean dns-firewall? " ALL);
    assert_no_page("qqqqq", "no page is called \"qqqqq\" (" ALL);
    assert_no_page("", "no page is called \"\" (" ALL);
    assert_no_page("\033[2J", "no page is called \"\\x1b[2j\" (" ALL);
}

static void a_very_long_name_is_cut(void **state)
{
    char name[5000];
    struct buffer to;

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    buffer_init(&to, 4096);
    assert_false(explain_write(name, &(const struct style){0}, &to));
    assert_true(to.used < 160);
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

/* Else its second line is pasted without its first one. */
static void a_comment_in_several_lines_is_one_in_each(void **state)
{
    int n = 0;

    (void)state;
    for (size_t i = 0; i < n_pages; i++) {
        bool goes_on = false;
        struct buffer to;

        buffer_init(&to, REPORT_MAX_BYTES);
        assert_true(explain_write(pages[i].name, &(const struct style){0}, &to));
        for (char *line, *rest = to.bytes; (line = text_next(&rest, "\n"));) {
            const bool is_comment = text_starts(line, "    # ");

            if (goes_on && !is_comment)
                fail_msg("%s: %s", pages[i].name, line);
            goes_on = is_comment && text_ends(line, "\\");
            n += goes_on;
        }
        buffer_clear(&to);
    }
    assert_true(n > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_comment_in_several_lines_is_one_in_each),
        cmocka_unit_test(a_page_is_found_by_code_check_and_page),
        cmocka_unit_test(a_page_has_its_commands_and_ends_as_others_do),
        cmocka_unit_test(a_near_name_is_suggested),
        cmocka_unit_test(a_very_long_name_is_cut),
        cmocka_unit_test(checks_are_listed),
        cmocka_unit_test(columns_line_up_and_the_last_wraps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
