/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses as text, with ports and zones; and secrets in the words of others.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/text.h"
#include "net/address.h"
#include "net/credentials.h"

static unsigned int port_of(const struct sockaddr_storage *of)
{
    return ntohs(of->ss_family == AF_INET
                     ? ((const struct sockaddr_in *)(const void *)of)->sin_port
                     : ((const struct sockaddr_in6 *)(const void *)of)->sin6_port);
}

static void addresses_with_ports(void **state)
{
    static const struct {
        const char *text, *address; /* NULL: it is none */
        unsigned int port;
    } rows[] = {
        {"10.0.0.2", "10.0.0.2", 53},
        {"10.0.0.2:5353", "10.0.0.2", 5353},
        {"10.0.0.2:1", "10.0.0.2", 1},
        {"10.0.0.2:65535", "10.0.0.2", 65535},
        {"10.0.0.2:65536", NULL, 0},
        {"10.0.0.2:0", NULL, 0},
        {"10.0.0.2:", NULL, 0},
        {"10.0.0.2:x", NULL, 0},
        {"fd00::1", "fd00::1", 53},
        {"[fd00::1]", "fd00::1", 53},
        {"[fd00::1]:5353", "fd00::1", 5353},
        {"[fd00::1", NULL, 0},
        {"[fd00::1]5353", NULL, 0},
        {"[fd00::1]:0", NULL, 0},
        {"[10.0.0.2]:7", "10.0.0.2", 7},
        {"::1", "::1", 53},
        {"1:2", NULL, 0},
        {"", NULL, 0},
        {"10.0.0", NULL, 0},
        {"fe80::1%lo", "fe80::1%lo", 53},
        {"fe80::1%1", "fe80::1%lo", 53},
        {"fe80::1%99999", "fe80::1%99999", 53},
        {"fe80::1%0", NULL, 0},
        {"fe80::1%", NULL, 0},
        {"fe80::1%4294967296", NULL, 0},
        {"fe80::1%nowhere9", NULL, 0},
        {"10.0.0.2%lo", NULL, 0},
        {"[fe80::1%lo]:7", "fe80::1%lo", 7},
        {"fd00::1::2", NULL, 0},
    };
    struct sockaddr_storage parsed;
    socklen_t length;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[ADDRESS_SIZE];
        if (address_parse_with_port(rows[i].text, 53, &parsed, &length) != !!rows[i].address)
            fail_msg("%s", rows[i].text);
        if (!rows[i].address)
            continue;
        address_format(&parsed, text, sizeof(text));
        assert_string_equal(text, rows[i].address);
        assert_int_equal(port_of(&parsed), rows[i].port);
        assert_int_equal(length, parsed.ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                                             : sizeof(struct sockaddr_in6));
    }
    parsed.ss_family = AF_UNIX;
    char none[ADDRESS_SIZE] = "x";
    address_format(&parsed, none, sizeof(none));
    assert_string_equal(none, "");
    char longest[ADDRESS_SIZE + 8];
    memset(longest, '1', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_false(address_parse(longest, 53, &parsed, &length));
    assert_false(address_parse_with_port(longest, 53, &parsed, &length));
    char name[IF_NAMESIZE];
    assert_string_equal(address_interface(1, name), "lo");
    assert_null(address_interface(99999, name));
}

/* Pieces of twelve characters and more, wherever they stand, and what looks like a signature. */
static void secrets_are_hidden(void **state)
{
    static const struct credentials credentials = {
        "AKIAEXAMPLE", "abcdefghijklmnopqrstuvwxyz0123456789", "TOKEN/of+the=session"};
    static const struct credentials short_ones = {"AKID", "abcdefghijk", "tokentoken1"},
                                    of_twelve = {"AKID", "abcdefghijkl", ""}, none;
    static const struct {
        const char *text, *hidden;
    } rows[] = {
        {"nothing here", "nothing here"},
        {"", ""},
        {"abcdefghijk", "abcdefghijk"}, /* eleven */
        {"abcdefghijkl", "************"},
        {"<abcdefghijklm>", "<*************>"},
        {"xopqrstuvwxyz", "x************"},
        {"abcdefghijklXabcdefghijkl", "************X************"},
        {"abcdefghijklm0123456789", "*************0123456789"},
        {"TOKEN/of+the=session!", "********************!"},
        {"of+the=session", "**************"},
        {"AKIAEXAMPLE", "AKIAEXAMPLE"}, /* no secret */
        {"0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcde"},
        {"0123456789abcdef0123456789abcdef", "********************************"},
        {"=0123456789abcdef0123456789abcdef0g", "=*********************************g"},
    };
    char text[128];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)text_set(text, sizeof(text), "%s", rows[i].text);
        credentials_hide(&credentials, text);
        assert_string_equal(text, rows[i].hidden);
    }
    (void)text_set(text, sizeof(text), "abcdefghijk tokentoken1 x");
    credentials_hide(&short_ones, text);
    assert_string_equal(text, "abcdefghijk tokentoken1 x");
    credentials_hide(&none, text);
    assert_string_equal(text, "abcdefghijk tokentoken1 x");
    (void)text_set(text, sizeof(text), "<abcdefghijkl>");
    credentials_hide(&of_twelve, text);
    assert_string_equal(text, "<************>");
}

/* As Go's net/url and RFC 7617. */
static void a_proxys_login_is_shown_in_base64(void **state)
{
    static const struct {
        const char *userinfo, *basic;
    } rows[] = {
        {"user:pass", "dXNlcjpwYXNz"},
        {"user:p%40ss%3aword", "dXNlcjpwQHNzOndvcmQ="},
        {"us%3Aer:p@w", "dXM6ZXI6cEB3"},
        {"user", "dXNlcjo="},
        {"user:", "dXNlcjo="},
        {"", "Og=="},
        {":pw", "OnB3"},
        {"u:%C3%a9%00", "dTrDqQA="},
    };
    static char longest[4300];
    struct proxy_login login;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_true(proxy_login_set(&login, rows[i].userinfo, strlen(rows[i].userinfo)));
        assert_string_equal(login.basic, rows[i].basic);
        assert_int_equal(login.user_alone, !strchr(rows[i].userinfo, ':'));
    }
    memset(longest, 'x', sizeof(longest));
    for (size_t n = 4096; n < sizeof(longest); n++)
        if (proxy_login_set(&login, longest, n))
            assert_int_equal(strlen(login.basic), (n + 3) / 3 * 4);
    assert_int_equal(strlen(login.basic) / 4, (sizeof(login.basic) - 1) / 4);
}

static void credentials_are_usable_with_both_keys(void **state)
{
    struct credentials credentials = {"AKID", "secret", ""};
    static const struct credentials none;
    (void)state;

    assert_true(credentials_usable(&credentials));
    credentials.secret_access_key[0] = '\0';
    assert_false(credentials_usable(&credentials));
    (void)text_set(credentials.secret_access_key, 8, "secret");
    credentials.access_key_id[0] = '\0';
    assert_false(credentials_usable(&credentials));
    credentials_clear(&credentials);
    assert_memory_equal(&credentials, &none, sizeof(none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_with_ports),
        cmocka_unit_test(secrets_are_hidden),
        cmocka_unit_test(a_proxys_login_is_shown_in_base64),
        cmocka_unit_test(credentials_are_usable_with_both_keys),
    };
    return cmocka_run_group_tests_name("net: addresses and secrets as text", tests, NULL, NULL);
}
