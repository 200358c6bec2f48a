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

static void urls(void **state)
{
    static const struct {
        const char *url;
        const char *host; /* NULL: not asked */
        uint16_t port;
    } rows[] = {
        {"http://proxy.example.com:3128", "proxy.example.com", 3128},
        {"HTTP://10.0.0.5:3128/", "10.0.0.5", 3128},
        {"http://proxy.example.com", "proxy.example.com", 80},
        {"proxy:8080", "proxy", 8080},
        {"http://[fd00::5]:3128/x", "fd00::5", 3128},
        {"http://[fd00::5]", "fd00::5", 80},
        {"https://proxy.example.com:3128", "proxy.example.com", 3128},
        {"https://proxy.example.com", "proxy.example.com", 443},
        {"socks5://proxy.example.com:1080", NULL, 0},
        {"http://proxy.example.com:0", NULL, 0},
        {"http://proxy.example.com:65536", NULL, 0},
        {"http://proxy.example.com:3128x", NULL, 0},
        {"http://", NULL, 0},
        {"http://:3128", NULL, 0},
        {"http://pro xy:3128", NULL, 0},
        {"", NULL, 0},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct proxy proxy = {"", 0, false};
        if (proxy_parse(rows[i].url, &proxy) == !rows[i].host)
            fail_msg("\"%s\"", rows[i].url);
        if (!rows[i].host)
            continue;
        assert_string_equal(proxy.host, rows[i].host);
        assert_int_equal(proxy.port, rows[i].port);
    }
}

static void a_demand_for_a_login_decides_only_without_one(void **state)
{
    (void)state;
    facts_healthy(&facts);
    SET(facts.agent.https_proxy, "http://10.0.0.5:3128");
    assert_false(proxy_refuses(&facts, SERVICE_SSM)); /* not asked */
    step_fail(&facts.endpoints[SERVICE_SSM].proxy, FAILURE_PROXY, 3);
    facts.endpoints[SERVICE_SSM].proxy_status = 407;
    assert_true(proxy_refuses(&facts, SERVICE_SSM));
    facts.agent.proxy_login = true;
    assert_false(proxy_refuses(&facts, SERVICE_SSM));
    facts.endpoints[SERVICE_SSM].proxy_status = 403;
    assert_true(proxy_refuses(&facts, SERVICE_SSM));
    SET(facts.agent.no_proxy, ".amazonaws.com");
    assert_false(proxy_refuses(&facts, SERVICE_SSM));
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
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls),
        cmocka_unit_test(exemptions),
        cmocka_unit_test(a_demand_for_a_login_decides_only_without_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
