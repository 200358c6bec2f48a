/* SPDX-License-Identifier: Apache-2.0
 *
 * The agent's proxy: where it is, and when it surely keeps the agent out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "facts_builder.h"
#include "model/proxy.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)

static struct facts facts;

/* As Go 1.22's http.ProxyFromEnvironment takes each value; "http://": it looks for a host that there is not. */
static void values(void **state)
{
    static char long_value[4097];
    struct proxy odd;
    static const struct {
        const char *value, *read;
        const char *host; /* NULL: nothing to connect to */
        uint16_t port;
    } rows[] = {
        {"http://proxy.example.com:3128", "http://proxy.example.com:3128", "proxy.example.com",
         3128},
        {"HTTP://10.0.0.5:3128/", "http://10.0.0.5:3128", "10.0.0.5", 3128},
        {"http://proxy.example.com", "http://proxy.example.com", "proxy.example.com", 80},
        {"http://proxy.example.com:", "http://proxy.example.com:", "proxy.example.com", 80},
        {"proxy:8080", "http://proxy:8080", "proxy", 8080},
        {"10.0.0.5", "http://10.0.0.5", "10.0.0.5", 80},
        {"http://[fd00::5]:3128/x", "http://[fd00::5]:3128", "fd00::5", 3128},
        {"http://[fd00::5]", "http://[fd00::5]", "fd00::5", 80},
        {"https://proxy.example.com", "https://proxy.example.com", "proxy.example.com", 443},
        {"socks5://proxy.example.com", "socks5://proxy.example.com", "proxy.example.com", 1080},
        {"socks5h://proxy.example.com:1080", "http://", NULL, 0},
        {"http://u:p@proxy:1", "http://proxy:1", "proxy", 1},
        {"u:p@proxy:1", "http://proxy:1", "proxy", 1},
        {"http://u:p@w@proxy:1", "http://proxy:1", "proxy", 1},
        {"http://u:50%25@proxy:1", "http://proxy:1", "proxy", 1},
        {"http://u:50%off@proxy:1", "", NULL, 0}, /* Go goes without a proxy */
        {"http://u:p#w@proxy:1", "http://", NULL, 0},
        {"http://u:p/w@proxy:1", "http://", NULL, 0},
        {"http://u:12/w@proxy:1", "http://", NULL,
         0}, /* Go asks u at port 12, and no output has that */
        {"http://u:p@w/w@proxy:1", "http://", NULL, 0},
        {"http://C\\u:p@proxy:1", "http://", NULL, 0},
        {"http://proxy:1 ", "http://", NULL, 0},
        {" http://proxy:1", "", NULL, 0},
        {"\"http://proxy:1\"", "http://", NULL, 0},
        {"http//proxy:1", "http://", NULL, 0},
        {"//proxy:1", "http://", NULL, 0},
        {"//pr oxy:x", "http://", NULL, 0},
        {"//proxy:1/%zz", "", NULL, 0},
        {"http:/proxy:1", "http://", NULL, 0},
        {"http:proxy:1", "http://", NULL, 0},
        {"http://proxy:x", "http://", NULL, 0},
        {"http://proxy:0", "http://proxy:0", NULL, 0},
        {"http://proxy:65536", "http://proxy:65536", NULL, 0},
        {"http://", "http://", NULL, 0},
        {"http://:3128", "http://:3128", NULL, 0},
        {"http://pr\x07oxy", "", NULL, 0},
        {"http://proxy/%zz", "", NULL, 0},
        {"http://proxy/%4", "", NULL, 0},
        {"http://proxy/%4z", "", NULL, 0},
        {"http://proxy/%41?%4", "", NULL, 0},
        {"http://proxy/%41?%41%42", "http://proxy", "proxy", 80},
        {"http://u:5%2@proxy", "", NULL, 0},
        {"http://[fd00::5", "http://", NULL, 0},
        {"http://[fd00::5]x", "http://", NULL, 0},
        {"http://[fd00::5]:", "http://[fd00::5]:", "fd00::5", 80},
        {"http://proxy:12x4", "http://", NULL, 0},
        {"1http://proxy:1", "http://", NULL, 0},
        {"+://proxy", "http://", NULL, 0},
        {"http://pr%6fxy:1", "http://", NULL, 0},
        {"${PROXY}", "http://", NULL, 0},
        {"{{ proxy }}", "http://", NULL, 0},
        {"foo:{x}", "http://", NULL, 0},
        {"a b?c:d", "http://", NULL, 0},
        {"{a}/b:c", "http://", NULL, 0},
        {"${PROXY}:3128", "", NULL, 0},
        {"{u}:p@proxy:1", "", NULL, 0},
        {"%PROXY%", "", NULL, 0},
        {"", "", NULL, 0},
        {long_value, "", NULL, 0},
    };
    (void)state;

    memset(long_value, 'x', sizeof(long_value) - 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct proxy proxy = {"", 0, false};
        char read[HOST_SIZE];
        size_t n = 0;
        const char *login = proxy_read(rows[i].value, read, &n);
        const char *at = strrchr(rows[i].value, '@'), *slashes = strstr(rows[i].value, "//");
        if (rows[i].host &&
            (login ? login != (slashes ? slashes + 2 : rows[i].value) || login + n != at : !!at))
            fail_msg("\"%s\": a login", rows[i].value);
        if (strcmp(read, rows[i].read) != 0)
            fail_msg("\"%s\": \"%s\"", rows[i].value, read);
        if (proxy_parse(read, &proxy) == !rows[i].host)
            fail_msg("\"%s\"", rows[i].value);
        if (!rows[i].host)
            continue;
        assert_string_equal(proxy.host, rows[i].host);
        assert_int_equal(proxy.port, rows[i].port);
    }
    assert_false(proxy_parse("http://a b", &odd));
    assert_true(proxy_parse("http://[fd00::5", &odd));
    assert_string_equal(odd.host, "fd00::5");
}

static void what_the_proxy_says_decides(void **state)
{
    (void)state;
    facts_healthy(&facts);
    SET(facts.agent.https_proxy, "http://10.0.0.5:3128");
    assert_false(proxy_refuses(&facts, SERVICE_SSM)); /* not asked */
    step_fail(&facts.endpoints[SERVICE_SSM].proxy, FAILURE_PROXY, 3);
    facts.endpoints[SERVICE_SSM].proxy_status = 407;
    assert_true(proxy_refuses(&facts, SERVICE_SSM));
    SET(facts.agent.no_proxy, ".amazonaws.com");
    assert_false(proxy_refuses(&facts, SERVICE_SSM));
    facts.agent.no_proxy[0] = '\0';
    step_fail(&facts.endpoints[SERVICE_SSM].proxy, FAILURE_INTERNAL, 0);
    assert_false(proxy_refuses(&facts, SERVICE_SSM)); /* the program's own trouble */
}

/* As golang.org/x/net/http/httpproxy reads NO_PROXY. */
static void exemptions(void **state)
{
    static const struct {
        const char *no_proxy;
        bool for_imds, for_endpoint;
    } rows[] = {
        {"", true, true},
        {"*", false, false},
        {"169.254.169.254", false, true},
        {" 169.254.169.254 ,x", false, true},
        {"169.254.169.254 .amazonaws.com", true, true}, /* blanks separate nothing */
        {"169.254.169.254:80", false, true},
        {"169.254.169.254:8080", true, true},
        {"169.254.0.0/16", false, true},
        {"169.254.169.255/31", false, true},
        {"169.254.169.253/32", true, true},
        {"169.254.169.254/33", true, true},
        {"fd00:ec2::/32", true, true},
        {"[fd00:ec2::254]:80", true, true},
        {".amazonaws.com", true, false},
        {"amazonaws.com", true, false},
        {"*.amazonaws.com", true, false},
        {"AMAZONAWS.com:443", true, false},
        {"amazonaws.com:80", true, true},
        {"zonaws.com", true, true},
        {"*.", true, true},
        {",,", true, true},
        {" , ", true, true},
        {"x.ssm.us-east-1.amazonaws.com", true, true},
        {"ssm.us-east-1.amazonaws.com", true, false},
    };
    (void)state;

    facts_healthy(&facts);
    SET(facts.agent.http_proxy, "http://10.0.0.5:3128");
    SET(facts.agent.https_proxy, "http://10.0.0.5:3128");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        SET(facts.agent.no_proxy, "%s", rows[i].no_proxy);
        if (proxy_used_for_imds(&facts.agent) != rows[i].for_imds ||
            proxy_used(&facts.agent, "ssm.us-east-1.amazonaws.com") != rows[i].for_endpoint)
            fail_msg("\"%s\"", rows[i].no_proxy);
    }
    static const char *const of_an_address[] = {"[fd00::21]", "[fd00::21]:443", "[fd00::21",
                                                "fd00::21", "fd00::/8"};
    static const bool used[] = {false, false, true, false, false};
    for (size_t i = 0; i < COUNT_OF(used); i++) {
        SET(facts.agent.no_proxy, "%s", of_an_address[i]);
        if (proxy_used(&facts.agent, "fd00::21") != used[i])
            fail_msg("\"%s\"", of_an_address[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(exemptions),
        cmocka_unit_test(what_the_proxy_says_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
