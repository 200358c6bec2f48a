/* SPDX-License-Identifier: Apache-2.0
 *
 * What the judgements of rows say where no row asks them, or seldom: each of their conditions decides once by
 * itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "diagnose/causes.h"
#include "diagnose/diagnose.h"
#include "diagnose/look.h"
#include "diagnose/names.h"
#include "diagnose/policy.h"
#include "diagnose/reach.h"
#include "diagnose/remedy.h"
#include "facts_builder.h"
#include "rows.h"
#include "situations.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)

static struct facts facts;
static struct report report;
static struct view view;

static int start(void **state)
{
    (void)state;
    facts_healthy(&facts);
    return 0;
}

/* A row's view of one rung of ssm. */
static void look(const char *code, enum rung rung)
{
    view = row_view(&facts, &report, code, SERVICE_SSM, rung, SERVICE_SSM);
}

static void assert_value(const char *name, const char *words)
{
    assert_value_of(&view, name, words);
}

/* --- the agent --- */

static void a_unit_is_doubted_where_nothing_worse_is_known(void **state)
{
    (void)state;
    look("agent-environment", RUNG_RESOLVE);
    assert_false(when_unit_is_doubted(&view));
    SET(facts.agent.doubted, "RestrictAddressFamilies=AF_UNIX");
    assert_true(when_unit_is_doubted(&view));
    facts.agent.n_variables = 1;
    assert_false(when_unit_is_doubted(&view));
    facts.agent.n_variables = 0;
    facts.agent.environment.outcome = OUTCOME_FAILED;
    assert_false(when_unit_is_doubted(&view));
    facts.agent.environment.outcome = OUTCOME_OK;
    SET(facts.agent.confined, "InaccessiblePaths=/var");
    assert_false(when_unit_is_doubted(&view));
}

static void assert_first_fault(const char *words)
{
    struct faults faults;

    faults_find(&facts, &faults);
    if (words)
        assert_string_equal(faults.at[0].words, words);
    else
        assert_int_equal(faults.n, 0);
}

static void what_is_in_the_place_of_another_thing_is_named(void **state)
{
    (void)state;
    facts.agent.state = (struct step){.outcome = OUTCOME_FAILED, .failure = FAILURE_INVALID};
    SET(facts.agent.state_directory, "/a/b.json");
    assert_first_fault("/a/b.json is a directory, where the agent needs a file");
    SET(facts.agent.state_directory, "/a/ipc/b");
    assert_first_fault("/a/ipc/b is no socket, which the agent needs");
    SET(facts.agent.state_directory, "/a/b");
    assert_first_fault("/a/b is a file, where the agent needs a directory");
}

/* Where no server is named there is none that the agent may not reach. */
static void every_nameserver_is_denied_where_there_is_one(void **state)
{
    (void)state;
    SET(facts.agent.denied_networks, "10.0.0.2/32");
    diagnose(&facts, &report);
    struct faults faults;
    faults_find(&facts, &faults);
    assert_int_equal(faults.n, 1);
    assert_non_null(strstr(faults.at[0].words, "nameserver"));
    facts.resolvers.n_configured = 0;
    assert_first_fault(NULL);
}

/* Where ssm is optional, that the agent's unit keeps it from there is a warning. */
static void an_optional_service_that_is_denied_is_a_warning(void **state)
{
    (void)state;
    facts.plan.services[SERVICE_SSM].need = NEED_OPTIONAL;
    SET(facts.agent.denied_networks, "10.0.1.21/32 10.0.2.21/32");
    diagnose(&facts, &report);
    assert_int_equal(report.checks[CHECK_AGENT_CONFIG].status, STATUS_WARN);
}

/* What the agent's proxy makes up for, and what it does not: a private address that was asked for, and a permission. */
static void a_proxy_does_not_make_up_for_all(void **state)
{
    (void)state;
    situation_find("proxy-in-the-way--opens")->make(&facts);
    facts.plan.private_dns = PRIVATE_DNS_REQUIRE;
    resolve_to(&facts, SERVICE_SSM, "52.46.138.63", PLACE_PUBLIC, FAILURE_TIMEOUT);
    diagnose(&facts, &report);
    assert_int_equal(report.checks[check_of_service(SERVICE_SSM, RUNG_PRIVATE)].status,
                     STATUS_FAIL);
    start(state);
    situation_find("proxy-in-the-way--opens")->make(&facts);
    for (int i = 0; i < facts.endpoints[SERVICE_SSM].n_actions; i++)
        deny(&facts, SERVICE_SSM, facts.endpoints[SERVICE_SSM].actions[i].action,
             DENIED_BY_IDENTITY_POLICY, false);
    diagnose(&facts, &report);
    assert_int_equal(report.checks[check_of_service(SERVICE_SSM, RUNG_AUTHORIZE)].status,
                     STATUS_FAIL);
}

/* --- the way there --- */

/* A next hop is quoted where one is silent, with the kernel's route. */
static void a_next_hop_is_quoted_where_one_is_silent(void **state)
{
    struct finding finding = {.n_evidence = 0};
    (void)state;

    kernel_says(&facts, "10.0.2.21", ROUTE_FORWARD, "0.0.0.0/0", 254);
    look("gateway-silent", RUNG_CONNECT);
    quote_silent_next_hop(&view, &finding);
    assert_int_equal(finding.n_evidence, 0);
    break_connect(&facts, SERVICE_SSM, 1, FAILURE_HOST_UNREACHABLE, 3100);
    quote_silent_next_hop(&view, &finding);
    assert_int_equal(finding.n_evidence, 2);
}

/* --- names --- */

/* Servers other than Amazon's may be behind a firewall; Amazon's are behind none, unless it answers to other names. */
static void no_firewall_stands_before_amazons_resolver(void **state)
{
    (void)state;
    break_resolve(&facts, SERVICE_SSM, FAILURE_TIMEOUT);
    look("dns-resolver-unreachable", RUNG_RESOLVE);
    assert_true(resolve_any(&view));
    assert_true(excluded(&view, "local-firewall"));
    for (enum service i = SERVICE_SSMMESSAGES; i <= SERVICE_EC2MESSAGES; i++)
        break_resolve(&facts, i, FAILURE_TIMEOUT);
    look("dns-resolver-unreachable", RUNG_RESOLVE);
    assert_false(resolve_any(&view));
    assert_false(excluded(&view, "local-firewall"));
}

/* Amazon's resolver that refuses serves no name either; one that answers another thing is there. */
static void amazon_serves_no_name_where_it_refuses(void **state)
{
    (void)state;
    for (enum service i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        break_resolve(&facts, i, FAILURE_TIMEOUT);
    look("vpc-dns-off", RUNG_RESOLVE);
    assert_true(when_amazon_serves_no_name(&view));
    struct dns_answer *answer = add_answer(&facts.endpoints[SERVICE_SSM], "169.254.169.253",
                                           ASKED_AMAZON, FAMILY_IPV4);
    step_fail(&answer->step, FAILURE_DNS_REFUSED, 1);
    answer->rcode = RCODE_REFUSED;
    assert_true(when_amazon_serves_no_name(&view));
    answer->step.failure = FAILURE_SERVFAIL;
    answer->rcode = RCODE_SERVFAIL;
    assert_false(when_amazon_serves_no_name(&view));
}

static void a_resolver_that_is_none_is_not_silent(void **state)
{
    (void)state;
    break_resolve(&facts, SERVICE_SSM, FAILURE_TIMEOUT);
    assert_true(names_lookup(&facts, SERVICE_SSM).silent);
    for (int32_t i = 0; i < facts.endpoints[SERVICE_SSM].n_answers; i++)
        facts.endpoints[SERVICE_SSM].answers[i].step.failure = FAILURE_NO_RESOLVER;
    assert_false(names_lookup(&facts, SERVICE_SSM).silent);
}

/* A stub was not asked yet, and its upstream server is silent. */
static void nobody_answers_where_the_stub_was_not_asked(void **state)
{
    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSM];
    (void)state;

    facts.resolvers.stub = true;
    for (int32_t i = 0; i < endpoint->n_answers; i++)
        endpoint->answers[i].step = (struct step){.outcome = OUTCOME_UNTRIED};
    struct dns_answer *answer = add_answer(endpoint, "10.0.0.2", ASKED_UPSTREAM, FAMILY_IPV4);
    answer->step = (struct step){.outcome = OUTCOME_FAILED, .failure = FAILURE_TIMEOUT};
    answer->rcode = -1;
    look("dns-resolver-unreachable", RUNG_RESOLVE);
    assert_null(names_lookup(&facts, SERVICE_SSM).answer);
    assert_true(where_nobody_answers(&view));
    answer->step.outcome = OUTCOME_UNTRIED;
    assert_false(where_nobody_answers(&view));
}

/* One that denies the name twice does not differ. */
static void answers_differ_where_the_second_has_an_endpoints(void **state)
{
    (void)state;
    look("dns-resolver-unreachable", RUNG_RESOLVE);
    amazon_says(&facts, SERVICE_SSM, "10.0.1.21", FAILURE_NONE);
    assert_false(when_answers_differ(&view));
    start(NULL);
    break_resolve(&facts, SERVICE_SSM, FAILURE_NXDOMAIN);
    assert_false(when_answers_differ(&view));
    amazon_says(&facts, SERVICE_SSM, "10.0.1.21", FAILURE_NONE);
    assert_true(when_answers_differ(&view));
}

/* A question by IPv6 stays here only where there is IPv6. */
static void a_question_that_is_not_sent_has_a_family(void **state)
{
    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSM];
    (void)state;

    use_resolver(&facts, "fd00:ec2::253");
    break_resolve(&facts, SERVICE_SSM, FAILURE_TIMEOUT);
    for (int32_t i = 0; i < endpoint->n_answers; i++)
        endpoint->answers[i].unsent = true;
    look("local-firewall", RUNG_RESOLVE);
    assert_false(where_question_stays_here(&view));
    facts.network.usable_ipv6 = true;
    assert_true(where_question_stays_here(&view));
}

/* Amazon's resolver says so, and an endpoint service of AWS is no stranger. */
static void an_alias_of_amazons_is_no_false_answer(void **state)
{
    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSM];
    (void)state;

    look("dns-firewall", RUNG_PRIVATE);
    assert_false(when_name_leads_here(&view));
    for (int32_t i = 0; i < endpoint->n_answers; i++)
        SET(endpoint->answers[i].cname, "x.example.com");
    assert_true(when_an_alias_shows_it(&view));
    for (int32_t i = 0; i < endpoint->n_answers; i++)
        SET(endpoint->answers[i].cname, "x.vpce.amazonwebservices.com.cn");
    assert_false(when_an_alias_shows_it(&view));
}

static void edns_is_not_to_blame_where_the_same_server_serves_it(void **state)
{
    struct dns_answer *plain;
    (void)state;

    break_resolve(&facts, SERVICE_SSM, FAILURE_TIMEOUT);
    plain = add_answer(&facts.endpoints[SERVICE_SSM], "10.0.9.53", ASKED_PLAIN, FAMILY_IPV4);
    step_ok(&plain->step, 1);
    look("dns-edns", RUNG_RESOLVE);
    assert_true(where_edns_is_not_served(&view)); /* another server does */
    SET(plain->server, "10.0.0.2");
    look("dns-edns", RUNG_RESOLVE);
    assert_false(where_edns_is_not_served(&view));
    for (int i = 0; i < N_SERVICES; i++)
        for (int j = 0; j < facts.endpoints[i].n_answers; j++)
            if (&facts.endpoints[i].answers[j] != plain)
                step_fail(&facts.endpoints[i].answers[j].step, FAILURE_TIMEOUT, 5000);
    look("dns-edns", RUNG_RESOLVE);
    assert_true(where_edns_is_not_served(&view));
}

/* --- where names lead --- */

static void a_pinned_name_is_no_trouble_of_dns(void **state)
{
    (void)state;
    resolve_to(&facts, SERVICE_SSM, "52.46.138.63", PLACE_PUBLIC, FAILURE_TIMEOUT);
    look("private-dns-off", RUNG_PRIVATE);
    assert_true(when_name_leads_to_no_endpoint(&view));
    facts.endpoints[SERVICE_SSM].addresses[0].from_hosts_file = true;
    SET(facts.endpoints[SERVICE_SSM].addresses[0].address, "52.46.138.64");
    assert_false(when_name_leads_to_no_endpoint(&view));
}

/* --- routes --- */

static void a_source_is_foreign_by_the_device_and_the_block(void **state)
{
    struct route *route = &facts.network.routes[0];
    (void)state;

    route_by(&facts, "10.0.2.21", "ens5", "10.0.1.10");
    assert_false(route_is_by_foreign_source(&facts, route));
    add_interface(&facts, "docker0", ANSWER_NO, "172.17.0.1/16");
    SET(route->source, "172.17.0.1");
    assert_true(route_is_by_foreign_source(&facts, route));
    SET(route->interface, "gone0");
    assert_false(route_is_by_foreign_source(&facts, route));
    SET(route->interface, "ens5");
    facts.network.interfaces[facts.network.n_interfaces - 1].own = ANSWER_YES;
    assert_true(route_is_by_foreign_source(&facts, route));
    facts.instance.n_vpc_cidrs = 1; /* the source may be in one of its own family */
    SET(facts.instance.vpc_cidrs[0], "2600:1f18::/56");
    assert_false(route_is_by_foreign_source(&facts, route));
}

/* Where IMDS does not say the blocks. */
static void a_source_is_of_no_subnet_by_the_devices_addresses(void **state)
{
    static const struct {
        const char *first, *second;
        bool foreign;
    } rows[] = {
        {"10.0.1.10/24", "192.0.2.8/32", true},  {"192.0.2.8/32", "192.0.2.8/32", false},
        {"fd00::1/64", "192.0.2.8/32", false},   {"169.254.1.1/16", "192.0.2.8/32", false},
        {"192.0.2.1/24", "192.0.2.8/32", false},
    };
    struct interface_facts *device = &facts.network.interfaces[0];
    (void)state;

    facts.instance.n_vpc_cidrs = 0;
    device->own = ANSWER_YES;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        device->n_addresses = 3;
        SET(device->addresses[0], "%s", rows[i].first);
        SET(device->addresses[1], "%s", rows[i].second);
        SET(device->addresses[2], "192.0.2.9/32");
        facts.network.n_routes = 0;
        route_by(&facts, "10.0.2.21", device->name, "192.0.2.9");
        if (route_is_by_foreign_source(&facts, &facts.network.routes[0]) != rows[i].foreign)
            fail_msg("%s %s", rows[i].first, rows[i].second);
    }
    SET(device->addresses[0], "10.0.1.10/24");
    SET(device->addresses[2], "192.0.2.9/24"); /* not alone in its block */
    assert_false(route_is_by_foreign_source(&facts, &facts.network.routes[0]));
}

static void without_a_route_astray_nothing_is_named(void **state)
{
    (void)state;
    look("route-elsewhere", RUNG_CONNECT);
    assert_value("astray_way", "misrouted, into ");
}

/* --- TLS --- */

static void a_second_opinion_is_no_handshake_of_the_agents(void **state)
{
    struct address_facts *at = &facts.endpoints[SERVICE_SSM].addresses[0];
    (void)state;

    at->cut = FAILURE_RESET;
    assert_ptr_equal(look_cut(&facts, SERVICE_SSM, RUNG_TLS), at);
    at->second_opinion = true;
    assert_null(look_cut(&facts, SERVICE_SSM, RUNG_TLS));
    start(NULL);
    break_tls(&facts, SERVICE_SSM, 0, FAILURE_RESET);
    look("tls-reset", RUNG_TLS);
    assert_false(when_no_handshake_is_answered(&view));
    at->second_opinion = true;
    assert_true(when_no_handshake_is_answered(&view));
}

/* Amazon's roots are those of the partition that is public, and of GovCloud. */
static void interception_is_plain_where_the_authority_is_known(void **state)
{
    static const struct {
        const char *region;
        bool plain;
    } rows[] = {{"us-east-1", true},
                {"us-gov-west-1", true},
                {"cn-north-1", false},
                {"us-iso-east-1", false}};
    (void)state;

    break_tls(&facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_INTERCEPTED);
    look("tls-intercepted", RUNG_TLS);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        SET(facts.plan.region, "%s", rows[i].region);
        assert_int_equal(when_interception_is_plain(&view), rows[i].plain);
    }
}

/* --- what services say --- */

static void without_a_refusal_there_is_no_code(void **state)
{
    (void)state;
    look("request-refused", RUNG_AUTHORIZE);
    assert_value("refusal", "");
    break_actions(&facts, SERVICE_SSM, FAILURE_BAD_REQUEST, 400, "SomeException", "x");
    assert_value("refusal", "SomeException");
}

static void credentials_that_no_service_takes_are_of_imds(void **state)
{
    (void)state;
    break_actions(&facts, SERVICE_SSM, FAILURE_CREDENTIALS_REJECTED, 400,
                  "UnrecognizedClientException", "x");
    for (enum service i = SERVICE_SSMMESSAGES; i <= SERVICE_EC2MESSAGES; i++)
        break_actions(&facts, i, FAILURE_CREDENTIALS_REJECTED, 400, "UnrecognizedClientException",
                      "x");
    look("credentials-rejected", RUNG_AUTHORIZE);
    assert_true(when_no_service_takes_the_credentials(&view));
    SET(facts.imds.server, "x");
    assert_false(when_no_service_takes_the_credentials(&view));
}

static void every_denial_is_alike_where_nobody_allows(void **state)
{
    (void)state;
    look("policy-incomplete", RUNG_AUTHORIZE);
    deny(&facts, SERVICE_SSM, "ssm:GetParameter", DENIED_BY_NO_IDENTITY_POLICY, false);
    assert_true(when_every_denial_is_alike(&view));
    deny(&facts, SERVICE_SSM, "ssm:GetParameters", DENIED_BY_BOUNDARY, false);
    assert_false(when_every_denial_is_alike(&view));
    start(NULL);
    facts.endpoints[SERVICE_SSMMESSAGES].actions[0].permission = PERMISSION_UNCLEAR;
    deny(&facts, SERVICE_SSM, "ssm:GetParameter", DENIED_BY_NO_IDENTITY_POLICY, false);
    assert_false(when_every_denial_is_alike(&view));
}

/* The agent's own request is denied as all else is, or alone. */
static void a_policy_lacks_something_where_something_is_allowed(void **state)
{
    (void)state;
    look("policy-missing", RUNG_AUTHORIZE);
    assert_false(excluded(&view, "policy-incomplete"));
    deny(&facts, SERVICE_SSM, "ssm:UpdateInstanceInformation", DENIED_BY_NO_IDENTITY_POLICY, false);
    assert_true(excluded(&view, "policy-incomplete"));
    for (enum service i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        deny(&facts, i, NULL, DENIED_BY_NO_IDENTITY_POLICY, false);
    for (int i = 0; i < 2; i++)
        facts.endpoints[SERVICE_SSMMESSAGES].addresses[i].steps[RUNG_HTTP].outcome =
            OUTCOME_UNTRIED;
    assert_false(excluded(&view, "policy-incomplete"));
    facts.endpoints[SERVICE_SSM].n_actions = 0; /* nor where it was not asked for */
    assert_false(excluded(&view, "policy-incomplete"));
}

/* --- the metadata service --- */

static void all_is_forbidden_where_the_token_is(void **state)
{
    (void)state;
    look("imds-disabled", RUNG_RESOLVE);
    assert_false(when_all_is_forbidden(&view));
    report.checks[CHECK_IMDS_TOKEN].reason = FAILURE_FORBIDDEN;
    assert_true(when_all_is_forbidden(&view));
    report.checks[CHECK_IMDS_TOKEN].reason = FAILURE_NONE; /* one was given: it is not off */
    report.checks[CHECK_IMDS_IDENTITY].reason = FAILURE_FORBIDDEN;
    assert_false(when_all_is_forbidden(&view));
    report.checks[CHECK_IMDS_TOKEN].reason = FAILURE_FORBIDDEN;
    facts.imds.get_answers = ANSWER_YES;
    assert_false(when_all_is_forbidden(&view));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_unit_is_doubted_where_nothing_worse_is_known, start),
        cmocka_unit_test_setup(what_is_in_the_place_of_another_thing_is_named, start),
        cmocka_unit_test_setup(every_nameserver_is_denied_where_there_is_one, start),
        cmocka_unit_test_setup(an_optional_service_that_is_denied_is_a_warning, start),
        cmocka_unit_test_setup(a_proxy_does_not_make_up_for_all, start),
        cmocka_unit_test_setup(no_firewall_stands_before_amazons_resolver, start),
        cmocka_unit_test_setup(a_next_hop_is_quoted_where_one_is_silent, start),
        cmocka_unit_test_setup(amazon_serves_no_name_where_it_refuses, start),
        cmocka_unit_test_setup(a_resolver_that_is_none_is_not_silent, start),
        cmocka_unit_test_setup(nobody_answers_where_the_stub_was_not_asked, start),
        cmocka_unit_test_setup(answers_differ_where_the_second_has_an_endpoints, start),
        cmocka_unit_test_setup(a_question_that_is_not_sent_has_a_family, start),
        cmocka_unit_test_setup(an_alias_of_amazons_is_no_false_answer, start),
        cmocka_unit_test_setup(edns_is_not_to_blame_where_the_same_server_serves_it, start),
        cmocka_unit_test_setup(a_pinned_name_is_no_trouble_of_dns, start),
        cmocka_unit_test_setup(a_source_is_foreign_by_the_device_and_the_block, start),
        cmocka_unit_test_setup(a_source_is_of_no_subnet_by_the_devices_addresses, start),
        cmocka_unit_test_setup(without_a_route_astray_nothing_is_named, start),
        cmocka_unit_test_setup(a_second_opinion_is_no_handshake_of_the_agents, start),
        cmocka_unit_test_setup(interception_is_plain_where_the_authority_is_known, start),
        cmocka_unit_test_setup(without_a_refusal_there_is_no_code, start),
        cmocka_unit_test_setup(credentials_that_no_service_takes_are_of_imds, start),
        cmocka_unit_test_setup(every_denial_is_alike_where_nobody_allows, start),
        cmocka_unit_test_setup(a_policy_lacks_something_where_something_is_allowed, start),
        cmocka_unit_test_setup(all_is_forbidden_where_the_token_is, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
