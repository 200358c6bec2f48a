/* SPDX-License-Identifier: Apache-2.0
 *
 * Readings, asked one by one at their edges: what a phrase says, what the actions of a service prove, when
 * Default Host Management helps, which server is silent, which faults the agent has.
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

/* What a row's view would be, of one rung of the services up to `last`. */
static void look(const char *code, enum rung rung, enum service last)
{
    view = row_view(&facts, &report, code, SERVICE_SSM, rung, last);
}

static void assert_value(const char *name, const char *words)
{
    assert_value_of(&view, name, words);
}

static struct address_facts *address_at(enum service service, int i)
{
    return &facts.endpoints[service].addresses[i];
}

static void add_silent_answer(struct endpoint_facts *endpoint, const char *server)
{
    struct dns_answer *answer = add_answer(endpoint, server, ASKED_CONFIGURED, FAMILY_IPV4);

    step_fail(&answer->step, FAILURE_TIMEOUT, 5000);
    answer->rcode = -1;
}

/* --- phrases --- */

static void the_first_certificate_out_of_time_is_named(void **state)
{
    (void)state;
    for (enum service i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++) {
        break_tls(&facts, i, ALL_ADDRESSES, FAILURE_CERTIFICATE_EXPIRED);
        for (int j = 0; j < 2; j++)
            address_at(i, j)->session.not_after_unix_s = 1795435200 - (2 + (int64_t)i) * 86400;
    }
    look("tls-expired", RUNG_TLS, SERVICE_EC2MESSAGES);
    assert_value("out_of_time", "ended on 2026-11-21");
    address_at(SERVICE_SSM, 0)->session.not_after_unix_s = 0; /* of ssm it is not known */
    assert_value("out_of_time", "ended on 2026-11-20");
    address_at(SERVICE_SSM, 0)->session.not_after_unix_s = 1;
    address_at(SERVICE_SSM, 0)->session.not_before_unix_s = 1795435200;
    address_at(SERVICE_SSM, 0)->steps[RUNG_TLS].failure = FAILURE_CERTIFICATE_NOT_YET_VALID;
    assert_value("out_of_time", "is not valid before 2026-11-23");
}

static void each_server_counts_once(void **state)
{
    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSM];
    (void)state;

    break_resolve(&facts, SERVICE_SSM, FAILURE_TIMEOUT);
    look("dns-resolver-unreachable", RUNG_RESOLVE, SERVICE_SSM);
    assert_value("server", "10.0.0.2");
    assert_value("servers", "10.0.0.2");
    (void)add_answer(endpoint, "10.0.0.3", ASKED_UPSTREAM, FAMILY_IPV4); /* not the agent's */
    assert_value("servers", "10.0.0.2");
    add_silent_answer(endpoint, "10.0.0.4");
    add_silent_answer(endpoint, "10.0.0.4");
    assert_value("servers", "10.0.0.2 and 1 more");
    add_silent_answer(endpoint, "10.0.0.5");
    assert_value("servers", "10.0.0.2 and 2 more");
    endpoint->n_answers = 0;
    assert_value("server", "");
    assert_value("servers", "");
}

/* Also where it knows no record of the family. */
static void a_second_opinion_is_an_answer_of_any_code(void **state)
{
    struct dns_answer *answer;
    (void)state;
    assert_false(names_second_opinion(&facts, SERVICE_SSM).asked);
    amazon_says(&facts, SERVICE_SSM, "", FAILURE_NODATA);
    answer = &facts.endpoints[SERVICE_SSM].answers[facts.endpoints[SERVICE_SSM].n_answers - 1];
    assert_true(names_second_opinion(&facts, SERVICE_SSM).asked);
    assert_false(names_second_opinion(&facts, SERVICE_SSM).answered);
    answer->rcode = 0;
    assert_true(names_second_opinion(&facts, SERVICE_SSM).answered);
}

static void a_delay_has_one_decimal(void **state)
{
    (void)state;
    look("dns-slow", RUNG_RESOLVE, SERVICE_SSM);
    for (int32_t i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts.endpoints[i].n_answers; j++)
            facts.endpoints[i].answers[j].step.took_ms = 2199;
    assert_value("dns_delay", "2.1 s");
    for (int32_t j = 0; j < facts.endpoints[SERVICE_SSM].n_answers; j++)
        step_fail(&facts.endpoints[SERVICE_SSM].answers[j].step, FAILURE_TIMEOUT, 3100);
    for (int32_t j = 0; j < facts.endpoints[SERVICE_SSM].n_answers; j++)
        facts.endpoints[SERVICE_SSM].answers[j].rcode = -1;
    assert_value("dns_delay", "3.1 s");
    assert_value("dns_patience", "5 s");
    facts.resolvers.timeout_ms = 2000;
    assert_value("dns_patience", "2 s");
}

static void services_are_listed_or_all(void **state)
{
    (void)state;
    look("endpoint-blocks-443", RUNG_CONNECT, SERVICE_SSM);
    assert_value("services", "ssm");
    assert_value("all_or_services", "ssm");
    assert_value("endpoint_services", "com.amazonaws.us-east-1.ssm");
    look("endpoint-blocks-443", RUNG_CONNECT, SERVICE_EC2MESSAGES);
    assert_value("services", "ssm, ssmmessages, ec2messages");
    assert_value("all_or_services", "all endpoints"); /* that are planned: the others are off */
    SET(facts.plan.services[SERVICE_SSMMESSAGES].endpoint_service, "%s", "");
    assert_value("endpoint_services",
                 "com.amazonaws.us-east-1.ssm,*.ssmmessages,com.amazonaws.us-east-1.ec2messages");
    view.explains &= ~check_bit(check_of_service(SERVICE_SSM, RUNG_CONNECT));
    assert_value("endpoint_services", "*.ssmmessages,com.amazonaws.us-east-1.ec2messages");
    view.explains |= check_bit(check_of_service(SERVICE_SSM, RUNG_CONNECT));
    assert_value("host_pattern", "ssm\\.us-east-1\\.amazonaws\\.com");
}

static void addresses_that_ended_so_are_counted(void **state)
{
    (void)state;
    break_connect(&facts, SERVICE_SSM, 1, FAILURE_TIMEOUT, 2000);
    look("endpoint-blocks-443", RUNG_CONNECT, SERVICE_SSM);
    assert_value("n_bad", "1");
    assert_value("n_tried", "2");
    break_connect(&facts, SERVICE_SSM, 0, FAILURE_REFUSED, 1);
    assert_value("n_bad", "1");
    break_connect(&facts, SERVICE_SSM, 0, FAILURE_TIMEOUT, 2000);
    assert_value("n_bad", "2");
    address_at(SERVICE_SSM, 1)->second_opinion = true;
    assert_value("n_tried", "1");
}

static void how_sure_it_is_is_said(void **state)
{
    (void)state;
    look("no-route", RUNG_CONNECT, SERVICE_SSM);
    assert_value("maybe", "perhaps ");
    view.confidence = CONFIDENCE_LIKELY;
    assert_value("maybe", "probably ");
    view.confidence = CONFIDENCE_CERTAIN;
    assert_value("maybe", "");
    assert_value("check", "ssm.connect");
    view.explains = check_bit((enum check)0);
    assert_value("check", check_name((enum check)0));
    view.explains = check_bit((enum check)(N_CHECKS - 1));
    assert_value("check", check_name((enum check)(N_CHECKS - 1)));
    view.explains = 0;
    assert_value("check", "");
}

static void a_route_that_refuses_is_undone(void **state)
{
    static const struct {
        enum route_kind kind;
        bool by_rule;
        uint32_t table;
        const char *to, *entry, *undo, *words;
    } rows[] = {
        {ROUTE_FORWARD, false, 254, "10.0.1.21", "10.0.0.0/8", "", ""},
        {ROUTE_NONE, false, 254, "10.0.1.21", "10.0.0.0/8", "", ""},
        {ROUTE_UNREACHABLE, false, 254, "10.0.1.21", "10.0.0.0/8",
         "ip route del unreachable 10.0.0.0/8", "An unreachable route"},
        {ROUTE_PROHIBIT, false, 253, "10.0.1.21", "10.0.0.0/8",
         "ip route del prohibit 10.0.0.0/8 table 253", "A prohibit route"},
        {ROUTE_BLACKHOLE, false, 255, "2600::21", "2600::/16",
         "ip -6 route del blackhole 2600::/16 table 255", "A blackhole route"},
        {ROUTE_PROHIBIT, true, 254, "10.0.1.21", "10.0.0.0/8", "ip rule del priority 77",
         "A prohibit rule"},
        {ROUTE_UNREACHABLE, true, 7, "2600::21", "", "", "An unreachable rule"},
        {ROUTE_PROHIBIT, true, 7, "2600::21", "2600::/16", "ip -6 rule del priority 77",
         "A prohibit rule"},
        {ROUTE_PROHIBIT, false, 254, "10.0.1.21", "10.0.0.0/8;x", "", "A prohibit route"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        start(state);
        facts.network.usable_ipv6 = true;
        SET(address_at(SERVICE_SSM, 0)->address, "%s", rows[i].to);
        break_connect(&facts, SERVICE_SSM, 0, FAILURE_NO_ROUTE, 0);
        kernel_says(&facts, rows[i].to, rows[i].kind, rows[i].entry, rows[i].table);
        facts.network.routes[0].by_rule = rows[i].by_rule;
        facts.network.routes[0].priority = 77;
        look("no-route", RUNG_CONNECT, SERVICE_SSM);
        assert_value("undo_route", rows[i].undo);
        assert_value("refusing_route", rows[i].words);
        assert_int_equal(conditions_hold(&view, "refusing-route"), rows[i].undo[0] != 0);
    }
    assert_value("lacking_route", "route to the endpoints");
    facts.network.default_route_ipv4 = false;
    assert_value("lacking_route", "default route, and none to the endpoints");
    facts.network.default_route_ipv6 = true;
    assert_value("lacking_route", "route to the endpoints");
}

/* Whose the endpoint is says the first that HTTP passes at. */
static void an_address_answers_or_none_does(void **state)
{
    (void)state;
    look("denied-by-endpoint-policy", RUNG_AUTHORIZE, SERVICE_SSM);
    assert_value("answering_address", "10.0.1.21");
    step_fail(&address_at(SERVICE_SSM, 0)->steps[RUNG_HTTP], FAILURE_TIMEOUT, 2000);
    assert_value("answering_address", "10.0.2.21");
    step_fail(&address_at(SERVICE_SSM, 1)->steps[RUNG_HTTP], FAILURE_TIMEOUT, 2000);
    assert_value("answering_address", "");
}

/* A server is this machine's by its address, or by the kernel's route. */
static void a_nameserver_is_here_or_it_is_not(void **state)
{
    (void)state;
    look("dns-resolver-unreachable", RUNG_RESOLVE, SERVICE_SSM);
    assert_false(conditions_hold(&view, "server-here"));
    route_by(&facts, "10.0.0.2", "ens5", "10.0.1.10");
    assert_false(conditions_hold(&view, "server-here"));
    facts.network.routes[facts.network.n_routes - 1].kind = ROUTE_LOCAL;
    assert_true(conditions_hold(&view, "server-here"));
}

/* Two routes lead by a bridge of containers, the first to `to`. */
static void lead_astray(const char *to)
{
    start(NULL);
    add_interface(&facts, "docker0", ANSWER_NO, "172.17.0.1/16");
    route_by(&facts, "192.0.2.1", "ens5", "10.0.1.10");
    route_by(&facts, to, "docker0", "172.17.0.1");
    route_by(&facts, "192.0.2.2", "docker0", "172.17.0.1");
    facts.network.routes[1].by_rule = true;
    look("route-elsewhere", RUNG_CONNECT, SERVICE_SSM);
}

static void the_place_to_which_a_route_leads_has_a_name(void **state)
{
    (void)state;
    lead_astray("169.254.169.254");
    assert_value("astray_place", "the metadata service (169.254.169.254)");
    lead_astray("10.0.0.2");
    assert_value("astray_place", "the resolver (10.0.0.2)");
    lead_astray("10.0.2.23");
    assert_value("astray_place", "ec2messages (10.0.2.23)");
    assert_value("astray", "10.0.2.23");
    assert_value("astray_device", "docker0");
    assert_true(conditions_hold(&view, "astray-by-rule"));
    lead_astray("198.51.100.1");
    assert_value("astray_place", "198.51.100.1");
    facts.network.routes[1].by_rule = false;
    facts.network.routes[2].by_rule = true;
    assert_false(conditions_hold(&view, "astray-by-rule"));
    facts.network.n_routes = 1;
    assert_value("astray_place", "");
    assert_value("astray", "");
    assert_false(conditions_hold(&view, "astray-by-rule"));
}

static void denied_actions_and_their_tools_are_counted(void **state)
{
    (void)state;
    look("policy-incomplete", RUNG_AUTHORIZE, SERVICE_EC2MESSAGES);
    assert_value("lacking", "");
    assert_value("n_denied", "0");
    deny(&facts, SERVICE_SSM, "ssm:GetParameter", DENIED_BY_NO_IDENTITY_POLICY, false);
    assert_value("lacking", "ssm:GetParameter");
    assert_value("n_denied", "1");
    assert_value("tools_in_short", "Parameter Store");
    deny(&facts, SERVICE_SSM, "ssm:GetParameters", DENIED_BY_NO_IDENTITY_POLICY, false);
    assert_value("lacking", "ssm:GetParameter and 1 more");
    deny(&facts, SERVICE_SSM, "ssm:GetDocument", DENIED_BY_BOUNDARY, false); /* another row's */
    assert_value("lacking", "ssm:GetParameter and 1 more");
    assert_value("n_denied", "3");
}

/* --- conditions and blocks --- */

static void a_block_is_of_the_family(void **state)
{
    (void)state;
    SET(facts.instance.vpc_cidrs[1], "2600:1f18::/56"); /* beyond what is counted */
    SET(facts.instance.subnet_cidrs[1], "2600:1f18::/64");
    facts.network.usable_ipv4 = false;
    facts.network.usable_ipv6 = true;
    look("no-route", RUNG_CONNECT, SERVICE_SSM);
    assert_value("vpc_cidr", "");
    assert_value("subnet_cidr", "");
    facts.instance.n_vpc_cidrs = facts.instance.n_subnet_cidrs = 2;
    assert_value("vpc_cidr", "2600:1f18::/56");
    assert_value("vpc_cidr6", "2600:1f18::/56");
    assert_value("subnet_cidr6", "2600:1f18::/64");
    facts.network.usable_ipv4 = true;
    assert_value("vpc_cidr", "10.0.0.0/16");
    assert_value("subnet_cidr", "10.0.1.0/24");
}

static void the_first_value_that_is_known_counts(void **state)
{
    char scratch[VALUE_SIZE];
    (void)state;
    look("no-route", RUNG_CONNECT, SERVICE_SSM);
    assert_value("instance", "i-0123456789abcdef0");
    assert_value("profile", "app-profile");
    assert_value("own_address", "10.0.1.10");
    facts.instance.id[0] = '\0';
    SET(facts.machine.asset_tag, "i-0fedcba");
    assert_value("instance", "i-0fedcba");
    SET(facts.machine.asset_tag, "Amazon EC2");
    assert_value("instance", "");
    assert_string_equal(value_for_shell(&view, "instance", scratch), "<instance-id>");
    SET(facts.role.profile_arn, "no-slash");
    assert_value("profile", "");
    SET(facts.role.role, "-rf");
    assert_string_equal(value_for_shell(&view, "role", scratch), "<role-name>");
    SET(facts.role.role, "a;b");
    assert_string_equal(value_for_shell(&view, "role", scratch), "<role-name>");
    SET(facts.role.role, "a+=,.@-_b");
    assert_string_equal(value_for_shell(&view, "role", scratch), "a+=,.@-_b");
    assert_value("no-such-name", "");
}

static void all_conditions_must_hold(void **state)
{
    (void)state;
    look("no-route", RUNG_CONNECT, SERVICE_SSM);
    assert_true(conditions_hold(&view, ""));
    assert_true(conditions_hold(&view, "deb"));
    assert_false(conditions_hold(&view, "!deb"));
    assert_true(conditions_hold(&view, "deb !rpm !snap"));
    assert_false(conditions_hold(&view, "deb rpm"));
    assert_false(conditions_hold(&view, "!snap rpm"));
    assert_false(conditions_hold(&view, "de"));
    assert_true(conditions_hold(&view, "!debs"));
    SET(facts.agent.unit, "snap.amazon-ssm-agent");
    assert_true(conditions_hold(&view, "snap"));
    assert_false(conditions_hold(&view, "own-bundle"));
    address_at(SERVICE_EC2MESSAGES, 1)->session.distrusted_by = TRUST_BY_SDK;
    assert_true(conditions_hold(&view, "own-bundle"));
    SET(facts.agent.label, "unlabeled_t");
    assert_true(conditions_hold(&view, "mislabelled"));
    SET(facts.agent.unfinished, "half-configured");
    assert_false(conditions_hold(&view, "mislabelled")); /* which a new installation mends */
    SET(facts.agent.unfit, "ssm-agent-worker");
    assert_false(conditions_hold(&view, "mislabelled"));
    SET(facts.agent.missing, "ssm-agent-worker");
    assert_false(conditions_hold(&view, "mislabelled"));
    facts.plan.region_source = SOURCE_OPTION;
    assert_false(conditions_hold(&view, "other-region"));
    SET(facts.plan.region, "eu-west-1");
    assert_true(conditions_hold(&view, "other-region"));
    facts.instance.region[0] = '\0';
    assert_false(conditions_hold(&view, "other-region"));
}

/* --- what ends soon, and who is silent --- */

static void a_certificate_ends_soon_within_two_weeks(void **state)
{
    static const int64_t now_s = 1795435200, soon_s = 14 * 86400;
    struct tls_session *session = &address_at(SERVICE_SSM, 0)->session;
    int64_t left_s;
    (void)state;

    facts.clock.n_samples = 0;
    facts.started_unix_ms = now_s * 1000 + 999;
    for (int i = 0; i < 2; i++)
        address_at(SERVICE_SSM, i)->session.not_after_unix_s = now_s + 2 * soon_s;
    assert_null(notes_ends_soon(&facts, SERVICE_SSM, &left_s));
    session->not_after_unix_s = now_s + soon_s;
    assert_null(notes_ends_soon(&facts, SERVICE_SSM, &left_s));
    session->not_after_unix_s = now_s + soon_s - 1;
    assert_ptr_equal(notes_ends_soon(&facts, SERVICE_SSM, &left_s), address_at(SERVICE_SSM, 0));
    assert_int_equal(left_s, soon_s - 1);
    session->not_after_unix_s = now_s;
    assert_non_null(notes_ends_soon(&facts, SERVICE_SSM, &left_s));
    assert_int_equal(left_s, 0);
    session->not_after_unix_s = now_s - 1;
    assert_null(notes_ends_soon(&facts, SERVICE_SSM, &left_s));
    session->not_after_unix_s = now_s + 1;
    step_fail(&address_at(SERVICE_SSM, 0)->steps[RUNG_TLS], FAILURE_RESET, 1);
    assert_null(notes_ends_soon(&facts, SERVICE_SSM, &left_s));
    address_at(SERVICE_SSM, 1)->session.not_after_unix_s = now_s + 5;
    assert_ptr_equal(notes_ends_soon(&facts, SERVICE_SSM, &left_s), address_at(SERVICE_SSM, 1));
    facts.endpoints[SERVICE_SSM].n_addresses = 1;
    assert_null(notes_ends_soon(&facts, SERVICE_SSM, &left_s));
}

static void a_silent_server_is_silent_to_every_name(void **state)
{
    (void)state;
    assert_null(notes_silent_server(&facts));
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        add_silent_answer(&facts.endpoints[i], "10.0.9.53");
    assert_non_null(notes_silent_server(&facts));
    assert_string_equal(notes_silent_server(&facts)->server, "10.0.9.53");

    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSMMESSAGES];
    struct dns_answer *answer = &endpoint->answers[endpoint->n_answers - 1];
    answer->rcode = RCODE_NOERROR; /* it is not silent to one name */
    assert_null(notes_silent_server(&facts));
    answer->rcode = -1;
    SET(answer->server, "10.0.9.54");
    assert_null(notes_silent_server(&facts));
    SET(answer->server, "10.0.9.53");
    answer->asked_as = ASKED_AMAZON;
    assert_null(notes_silent_server(&facts));
    facts.plan.services[SERVICE_SSMMESSAGES].need =
        NEED_OFF; /* whoever is not planned says nothing */
    assert_non_null(notes_silent_server(&facts));
}

/* --- names --- */

static void a_name_of_the_agents_is_fips_by_its_first_label(void **state)
{
    static const struct {
        const char *host;
        enum source source;
        bool fips;
        const char *id;
    } rows[] = {
        {"ssm-fips.us-east-1.amazonaws.com", SOURCE_AGENT_CONFIG, true, NULL},
        {"ssm-fips.us-east-1.amazonaws.com", SOURCE_IMDS, false, NULL},
        {"ssm-fips", SOURCE_AGENT_CONFIG, true, NULL},
        {"ssm.x-fips", SOURCE_AGENT_CONFIG, false, NULL},
        {"vpce-0a9f-x.ssm.us-east-1.vpce.amazonaws.com", SOURCE_AGENT_CONFIG, false, "vpce-0a9f"},
        {"vpce-0a9f.ssm.us-east-1.vpce.amazonaws.com", SOURCE_AGENT_CONFIG, false, "vpce-0a9f"},
        {"vpce-0a9f-x.ssm.us-east-1.vpce.amazonaws.com", SOURCE_OPTION, false, NULL},
        {"vpce-0a9g-x.ssm", SOURCE_AGENT_CONFIG, false, NULL},
        {"vpce-0a9f", SOURCE_AGENT_CONFIG, false, NULL},
        {"vpce-.ssm", SOURCE_AGENT_CONFIG, false, NULL},
        {"xpce-0a9f.ssm", SOURCE_AGENT_CONFIG, false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char id[NAME_SIZE] = "";
        facts.plan.services[SERVICE_SSM].host_source = rows[i].source;
        SET(facts.plan.services[SERVICE_SSM].host, "%s", rows[i].host);
        assert_int_equal(names_is_fips(&facts, SERVICE_SSM), rows[i].fips);
        assert_true(!names_is_endpoint(&facts, SERVICE_SSM, id) == !rows[i].id);
        assert_string_equal(id, rows[i].id ? rows[i].id : "");
    }
}

static void there_is_room_for_so_many_addresses(void **state)
{
    struct where where[MAX_ADDRESSES];
    (void)state;

    assert_int_equal(names_where(&facts, SERVICE_SSM, where, MAX_ADDRESSES), 2);
    where[1].address = "untouched";
    assert_int_equal(names_where(&facts, SERVICE_SSM, where, 1), 1);
    assert_string_equal(where[0].address, "10.0.1.21");
    assert_string_equal(where[1].address, "untouched");
    facts.endpoints[SERVICE_SSM].n_addresses = 0; /* nothing was dialled: as DNS says */
    assert_int_equal(names_where(&facts, SERVICE_SSM, where, MAX_ADDRESSES), 2);
    assert_int_equal(where[0].place, PLACE_OWN_SUBNET);
    assert_int_equal(where[1].place, PLACE_IN_VPC);
    where[1].address = "untouched";
    assert_int_equal(names_where(&facts, SERVICE_SSM, where, 1), 1);
    assert_string_equal(where[1].address, "untouched");
    facts.network.usable_ipv4 = false;
    facts.network.usable_ipv6 = true;
    assert_int_equal(names_where(&facts, SERVICE_SSM, where, MAX_ADDRESSES), 0);
    struct dns_answer *aaaa = add_answer(&facts.endpoints[SERVICE_SSM], "10.0.0.2",
                                         ASKED_CONFIGURED, FAMILY_IPV6);
    facts.endpoints[SERVICE_SSM].answers[0] = *aaaa; /* only what is of the family that is there */
    facts.endpoints[SERVICE_SSM].n_answers = 1;
    aaaa = &facts.endpoints[SERVICE_SSM].answers[0];
    step_ok(&aaaa->step, 1);
    aaaa->n_addresses = 1;
    SET(aaaa->addresses[0], "2600:1f18::21");
    assert_int_equal(names_where(&facts, SERVICE_SSM, where, MAX_ADDRESSES), 1);
    assert_string_equal(where[0].address, "2600:1f18::21");
}

static void the_agent_waits_for_dead_servers(void **state)
{
    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSM];
    struct dns_answer *last;
    (void)state;

    endpoint->n_answers = 0;
    add_silent_answer(endpoint, "10.0.9.53");
    add_silent_answer(endpoint, "10.0.9.53");
    endpoint->answers[1].asked_as = ASKED_AMAZON; /* the agent does not ask it */
    last = add_answer(endpoint, "10.0.0.2", ASKED_CONFIGURED, FAMILY_IPV4);
    step_ok(&last->step, 7);
    last->rcode = 0;
    last->n_addresses = 1;
    SET(last->addresses[0], "10.0.1.21");
    struct lookup lookup = names_lookup(&facts, SERVICE_SSM);
    assert_true(lookup.decided);
    assert_int_equal(lookup.dead_ms, 5000);
    assert_int_equal(lookup.took_ms, 5000);
    endpoint->answers[1].asked_as = ASKED_CONFIGURED;
    assert_int_equal(names_lookup(&facts, SERVICE_SSM).dead_ms, 10000);
    endpoint->n_searched = 1;
    assert_int_equal(names_lookup(&facts, SERVICE_SSM).dead_ms, 20000);
    facts.resolvers.timeout_ms = 1000;
    assert_int_equal(names_lookup(&facts, SERVICE_SSM).dead_ms, 4000);
    endpoint->answers[0].step.failure = FAILURE_REFUSED;
    assert_int_equal(names_lookup(&facts, SERVICE_SSM).dead_ms, 2000);
    endpoint->answers[1].family = FAMILY_IPV6;
    assert_int_equal(names_lookup(&facts, SERVICE_SSM).dead_ms, 0);
    endpoint->answers[1].family =
        FAMILY_IPV4; /* a report that somebody else wrote may say anything */
    endpoint->n_searched = facts.resolvers.timeout_ms = INT32_MAX;
    assert_int_equal(names_lookup(&facts, SERVICE_SSM).dead_ms, INT32_MAX);
    endpoint->n_searched = INT32_MIN;
    assert_int_equal(names_lookup(&facts, SERVICE_SSM).dead_ms, 0);
}

/* --- the way --- */

/* ssm is silent by IPv6 alone; the last other service that answers by it shows that not all of it is blocked. */
static void a_family_is_blocked_here_and_answers_elsewhere(void **state)
{
    struct reached at;
    (void)state;
    assert_false(reach_blocked_elsewhere(&facts, reach_planned(&facts), &at));
    situation_find("address-family-blocked")->make(&facts);
    for (enum service i = SERVICE_SSMMESSAGES; i <= SERVICE_EC2MESSAGES; i++)
        facts.endpoints[i].n_addresses = 0;
    assert_true(reach_first(&facts, reach_check(SERVICE_SSM), ENDING_FAMILY, &at));
    assert_false(reach_blocked_elsewhere(&facts, reach_planned(&facts), &at));
    add_service(&facts, SERVICE_SSMMESSAGES, NEED_REQUIRED);
    SET(address_at(SERVICE_SSMMESSAGES, 1)->address, "2600:1f18:1:1::22");
    assert_true(reach_blocked_elsewhere(&facts, reach_planned(&facts), &at));
    assert_string_equal(at.address->address, "2600:1f18:1:1::22");
    assert_int_equal(at.service, SERVICE_SSMMESSAGES);
    assert_false(reach_blocked_elsewhere(&facts, reach_check(SERVICE_SSMMESSAGES), &at));
}

/* What was never asked is no question that may still be answered. */
static void a_question_is_open_until_it_is_answered(void **state)
{
    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSM];
    (void)state;
    break_connect(&facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
    facts.network.usable_ipv6 = true;
    facts.agent.version[0] = '\0';
    endpoint->n_answers = 1;
    assert_int_equal(endpoint->answers[0].family, FAMILY_IPV4);
    assert_false(reach_is_open(&facts, SERVICE_SSM));
    struct dns_answer *aaaa = add_answer(endpoint, "10.0.0.2", ASKED_CONFIGURED, FAMILY_IPV6);
    memset(&aaaa->step, 0, sizeof(aaaa->step));
    assert_true(reach_is_open(&facts, SERVICE_SSM));
    SET(facts.agent.version, "3.3.1142.0"); /* which takes no IPv6 */
    assert_false(reach_is_open(&facts, SERVICE_SSM));
    SET(facts.agent.version, "3.3.3270.0");
    assert_true(reach_is_open(&facts, SERVICE_SSM));
    step_fail(&add_answer(endpoint, "10.0.0.3", ASKED_CONFIGURED, FAMILY_IPV6)->step,
              FAILURE_NODATA, 1);
    assert_false(reach_is_open(&facts, SERVICE_SSM));
}

/* --- what actions prove --- */

static void set_action(int i, const char *action, enum permission permission, enum failure failure)
{
    struct action_facts *to = &facts.endpoints[SERVICE_SSM].actions[i];

    memset(to, 0, sizeof(*to));
    SET(to->action, "%s", action);
    to->permission = permission;
    to->failure = failure;
    to->denied_by = permission == PERMISSION_DENIED ? DENIED_BY_NO_IDENTITY_POLICY : 0;
    facts.endpoints[SERVICE_SSM].n_actions = i + 1;
}

/* The answers to two of its actions, and what they prove by which of them; -1: by none. */
static void what_two_answers_prove(void **state)
{
#define OF_NONE "ssm:GetManifest"
#define OWN "ssm:UpdateInstanceInformation"
#define TOOL "ssm:GetParameter"
    static const struct {
        const char *action[2];
        enum permission permission[2];
        enum failure failure[2];
        enum status verdict;
        int first;
    } rows[] = {
        {{TOOL, OWN}, {PERMISSION_ALLOWED, PERMISSION_ALLOWED}, {0}, STATUS_PASS, -1},
        {{TOOL, OWN}, {PERMISSION_ALLOWED, PERMISSION_DENIED}, {0, FAILURE_DENIED}, STATUS_FAIL, 1},
        {{TOOL, OWN}, {PERMISSION_DENIED, PERMISSION_ALLOWED}, {FAILURE_DENIED, 0}, STATUS_WARN, 0},
        {{TOOL, OWN},
         {PERMISSION_DENIED, PERMISSION_DENIED},
         {FAILURE_DENIED, FAILURE_DENIED},
         STATUS_FAIL,
         1},
        {{TOOL, OWN},
         {PERMISSION_UNCLEAR, PERMISSION_ALLOWED},
         {FAILURE_SERVER_ERROR, 0},
         STATUS_PASS,
         -1},
        {{TOOL, OWN},
         {PERMISSION_UNCLEAR, PERMISSION_NOT_PROBED},
         {FAILURE_SERVER_ERROR, 0},
         STATUS_FAIL,
         0},
        {{TOOL, OWN},
         {PERMISSION_UNCLEAR, PERMISSION_ALLOWED},
         {FAILURE_BAD_REQUEST, 0},
         STATUS_PASS,
         -1},
        {{TOOL, OWN},
         {PERMISSION_UNCLEAR, PERMISSION_NOT_PROBED},
         {FAILURE_BAD_REQUEST, 0},
         STATUS_WARN,
         0},
        {{TOOL, TOOL},
         {PERMISSION_UNCLEAR, PERMISSION_UNCLEAR},
         {FAILURE_BAD_REQUEST, FAILURE_BAD_REQUEST},
         STATUS_FAIL,
         0},
        {{TOOL, OWN},
         {PERMISSION_ALLOWED, PERMISSION_UNCLEAR},
         {0, FAILURE_BAD_REQUEST},
         STATUS_FAIL,
         1},
        {{TOOL, OWN},
         {PERMISSION_ALLOWED, PERMISSION_UNCLEAR},
         {0, FAILURE_SKEWED},
         STATUS_FAIL,
         1},
        {{TOOL, OWN},
         {PERMISSION_UNCLEAR, PERMISSION_ALLOWED},
         {FAILURE_CREDENTIALS_REJECTED, 0},
         STATUS_FAIL,
         0},
        {{TOOL, OWN},
         {PERMISSION_UNCLEAR, PERMISSION_ALLOWED},
         {FAILURE_SIGNATURE, 0},
         STATUS_FAIL,
         0},
        {{"ssm:NewerThanThisProgram", OWN},
         {PERMISSION_DENIED, PERMISSION_ALLOWED},
         {FAILURE_DENIED, 0},
         STATUS_WARN,
         0},
        {{TOOL, OWN},
         {PERMISSION_DENIED, PERMISSION_UNCLEAR},
         {FAILURE_DENIED, FAILURE_SIGNATURE},
         STATUS_FAIL,
         1},
    };
    int n_wrong = 0;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (int j = 0; j < 2; j++)
            set_action(j, rows[i].action[j], rows[i].permission[j], rows[i].failure[j]);
        facts.endpoints[SERVICE_SSM].actions[1].took_ms = 9;
        facts.endpoints[SERVICE_SSM].actions[0].took_ms = i % 2 ? 9 : 8;
        struct proven proven = policy_prove(&facts, SERVICE_SSM);
        int first = proven.first ? (int)(proven.first - facts.endpoints[SERVICE_SSM].actions) : -1;
        assert_int_equal(proven.allowed + proven.denied + proven.unclear + proven.not_probed, 2);
        assert_int_equal(proven.took_ms, 9);
        if (proven.verdict != rows[i].verdict || first != rows[i].first) {
            printf("row %zu: %s by %d\n", i, status_name(proven.verdict), first);
            n_wrong++;
        }
    }
    assert_int_equal(n_wrong, 0);
}

static void default_host_management_helps_a_newer_agent(void **state)
{
    static const struct {
        const char *version;
        bool role, denial;
    } rows[] = {
        {"3.2.581.9", false, false}, {"3.2.582.0", true, true},   {"3.2.582.1", true, true},
        {"3.3.0.0", true, true},     {"2.9.999.0", false, false},
    };
    (void)state;
    facts.role.attached.failure = FAILURE_NO_ROLE;
    set_action(0, OWN, PERMISSION_DENIED, FAILURE_DENIED);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        SET(facts.agent.version, "%s", rows[i].version);
        assert_int_equal(policy_dhmc_heals_role(&facts), rows[i].role);
        assert_int_equal(policy_dhmc_heals_denial(&facts), rows[i].denial);
    }
    SET(facts.agent.version, "3.3.0.0");
    facts.role.attached.failure = FAILURE_PROFILE_EMPTY;
    assert_true(policy_dhmc_heals_role(&facts));
    facts.role.attached.failure = FAILURE_NONE;
    assert_false(policy_dhmc_heals_role(&facts));
    facts.role.credentials.failure = FAILURE_NOT_ASSUMABLE;
    assert_true(policy_dhmc_heals_role(&facts));
    assert_false(policy_by_dhmc(&facts));
    facts.plan.dhmc = true;
    assert_true(policy_by_dhmc(&facts));
    facts.plan.dhmc = false;
    facts.role.dhmc = ANSWER_YES;
    assert_false(policy_by_dhmc(&facts));
    facts.role.attached.failure = FAILURE_NO_ROLE;
    assert_true(policy_by_dhmc(&facts));
    facts.role.identity_role = ANSWER_NO;
    assert_false(policy_dhmc_heals_role(&facts));
    assert_false(policy_dhmc_heals_denial(&facts));
}

/* What the endpoint denies, it denies to every role; and what is allowed needs no other. */
static void default_host_management_heals_what_is_the_roles(void **state)
{
    struct action_facts *own = &facts.endpoints[SERVICE_SSM].actions[0];
    static const struct {
        enum denied_by by;
        bool heals;
    } rows[] = {
        {DENIED_BY_NO_IDENTITY_POLICY, true}, {DENIED_BY_IDENTITY_POLICY, true},
        {DENIED_BY_BOUNDARY, true},           {DENIED_BY_UNSAID, false},
        {DENIED_BY_ENDPOINT_POLICY, false},   {DENIED_BY_SESSION_POLICY, false},
        {DENIED_BY_TRUST_POLICY, false},
    };
    (void)state;

    set_action(0, OWN, PERMISSION_DENIED, FAILURE_DENIED);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        own->denied_by = rows[i].by;
        assert_int_equal(policy_dhmc_heals_denial(&facts), rows[i].heals);
        assert_true(policy_denied_by(&facts, SERVICE_SSM, 1u << rows[i].by));
        assert_false(policy_denied_by(&facts, SERVICE_SSM, ~(1u << rows[i].by)));
        assert_false(policy_denied_by(&facts, SERVICE_SSMMESSAGES, UINT32_MAX));
    }
    own->permission = PERMISSION_ALLOWED;
    assert_false(policy_dhmc_heals_denial(&facts));
    set_action(0, OWN, PERMISSION_NOT_PROBED, FAILURE_NONE);
    set_action(1, TOOL, PERMISSION_DENIED, FAILURE_DENIED);
    for (enum service i = SERVICE_SSMMESSAGES; i <= SERVICE_EC2MESSAGES; i++)
        facts.endpoints[i].n_actions = 0;
    assert_true(policy_dhmc_heals_denial(&facts));
    set_action(2, OF_NONE, PERMISSION_ALLOWED, FAILURE_NONE);
    assert_false(policy_dhmc_heals_denial(&facts));
}

static void denials_are_counted_by_whom(void **state)
{
    (void)state;
    for (enum service i = 0; i < N_SERVICES; i++)
        facts.endpoints[i].n_actions = 0;
    set_action(0, TOOL, PERMISSION_NOT_PROBED, FAILURE_NONE);
    set_action(1, TOOL, PERMISSION_ALLOWED, FAILURE_NONE);
    set_action(2, TOOL, PERMISSION_DENIED, FAILURE_DENIED);
    set_action(3, TOOL, PERMISSION_DENIED, FAILURE_DENIED);
    facts.endpoints[SERVICE_SSM].actions[3].denied_by = DENIED_BY_BOUNDARY;
    set_action(4, TOOL, PERMISSION_DENIED, FAILURE_DENIED);
    facts.endpoints[SERVICE_SSM].actions[4].denied_by = DENIED_BY_SESSION_POLICY;
    set_action(5, TOOL, PERMISSION_DENIED, FAILURE_DENIED);
    facts.endpoints[SERVICE_SSM].actions[5].denied_by = DENIED_BY_SESSION_POLICY;
    facts.endpoints[SERVICE_SSM].actions[5].explicit_deny = true;
    set_action(6, TOOL, PERMISSION_UNCLEAR, FAILURE_SERVER_ERROR);
    struct denials denials = policy_count(&facts);
    assert_int_equal(denials.allowed, 1);
    assert_int_equal(denials.denied, 4);
    assert_int_equal(denials.by_nobody_allowing, 1);
    assert_int_equal(denials.by_later_policy, 2);
    assert_int_equal(denials.unclear, 1);
}

/* --- the agent's faults --- */

static void assert_faults(const char *words)
{
    struct faults faults;
    char said[4 * LINE_SIZE] = "";

    faults_find(&facts, &faults);
    for (int i = 0; i < faults.n; i++)
        text_list(said, sizeof(said), "; ", faults.at[i].words);
    assert_string_equal(said, words);
}

/* Of one check the worse comes first, and of the same weight the one that was found first. */
static void the_worst_fault_comes_first(void **state)
{
    struct faults faults;
    (void)state;
    assert_faults("");
    SET(facts.agent.unfinished, "a");
    SET(facts.agent.missing, "b");
    SET(facts.agent.unfit, "c");
    facts.agent.worker_unfit = facts.agent.noexec = true;
    SET(facts.agent.state_directory, "/d");
    assert_faults(
        "programs of the SSM agent cannot be run: c; programs of the SSM agent are missing: b; "
        "its installation was not finished: a; /d is mounted noexec: nothing can be run there");
    faults_find(&facts, &faults);
    assert_string_equal(faults_first(&faults, CHECK_AGENT_STATE)->words,
                        "/d is mounted noexec: nothing can be run there");
    assert_int_equal(faults_first(&faults, CHECK_AGENT_INSTALLED)->status, STATUS_FAIL);
    assert_null(faults_first(&faults, CHECK_AGENT_CONFIG));
    facts.agent.connected = ANSWER_YES;
    faults_find(&facts, &faults);
    for (int i = 0; i < faults.n; i++)
        assert_int_equal(faults.at[i].status, STATUS_WARN);
    facts.agent.installed = ANSWER_NO;
    assert_faults("");
}

static void regions_and_endpoints_of_the_configuration(void **state)
{
    (void)state;
    SET(facts.agent.config_region, "us-east-1");
    assert_faults("");
    SET(facts.agent.config_mgs_region, "eu-west-1");
    assert_faults("Mgs.Region is eu-west-1, but the instance is in us-east-1");
    facts.instance.region[0] = '\0';
    assert_faults("");
    SET(facts.agent.ssm_endpoint, "HTTP://x");
    assert_faults("Ssm.Endpoint begins with HTTP://, endpoints have HTTPS only: HTTP://x");
    SET(facts.agent.ssm_endpoint, "HTTPS://x:443/");
    assert_faults("");
    SET(facts.agent.ssm_endpoint, "https://:443");
    assert_faults("Ssm.Endpoint is https://:443: it names no host");
    SET(facts.agent.ssm_endpoint, "x:/");
    SET(facts.agent.mgs_endpoint, "https://x:");
    assert_faults("");
    SET(facts.agent.mgs_endpoint, "x:443");
    assert_faults("Mgs.Endpoint has a port and no https://, which the agent cannot read: x:443");
    SET(facts.agent.mgs_endpoint, "x/a:443");
    assert_faults("");
    SET(facts.agent.mgs_endpoint, "https://x:8443/y");
    assert_faults("Mgs.Endpoint names port 8443, endpoints have 443 only: https://x:8443/y");
    facts.agent.mgs_endpoint[0] = '\0';
    facts.plan.services[SERVICE_SSMMESSAGES].host_source = SOURCE_AGENT_CONFIG;
    SET(facts.plan.services[SERVICE_SSMMESSAGES].host, "vpce-1.ssm.x");
    assert_faults("Mgs.Endpoint names an endpoint of ssm: vpce-1.ssm.x");
    SET(facts.plan.services[SERVICE_SSMMESSAGES].host, "vpce-1.ssmmessages.x");
    assert_faults("");
}

static void a_variable_for_ipv6_harms_where_there_is_none(void **state)
{
    (void)state;
    facts.agent.n_variables = 2;
    for (int i = 0; i < 3; i++)
        SET(facts.agent.variables[i].name, "V%d", i);
    facts.agent.variables[0].harm = HARM_IMDS_BY_IPV6;
    facts.agent.variables[1].harm = facts.agent.variables[2].harm = HARM_NO_CERTIFICATE;
    assert_faults("the agent's environment has V0=; "
                  "the agent's environment has V1=, which holds no certificate");
    facts.network.usable_ipv6 = true;
    assert_faults("the agent's environment has V1=, which holds no certificate");
}

/* A report may hold anything, and this is for a shell. */
static void variables_that_do_harm_are_shell_words(void **state)
{
    (void)state;
    facts.agent.n_variables = 3;
    SET(facts.agent.variables[0].name, "SSL_CERT_DIR");
    SET(facts.agent.variables[1].name, "A;B");
    SET(facts.agent.variables[2].name, "V2");
    facts.agent.variables[2].harm = HARM_IMDS_BY_IPV6;
    look("agent-environment", RUNG_CONNECT, SERVICE_SSM);
    assert_value("harmful_variables", "SSL_CERT_DIR V2");
    facts.network.usable_ipv6 = true;
    assert_value("harmful_variables", "SSL_CERT_DIR");
}

static void what_a_required_service_shows_is_not_trusted_first(void **state)
{
    (void)state;
    SET(facts.agent.ca_bundle, "/ca");
    SET(facts.agent.sdk_bundle, "/sdk");
    address_at(SERVICE_EC2MESSAGES, 1)->session.distrusted_by = TRUST_BY_SDK;
    facts.plan.services[SERVICE_EC2MESSAGES].need = NEED_REQUIRED;
    assert_faults("the agent's CA certificates (/sdk) do not vouch for 10.0.2.23");
    address_at(SERVICE_SSMMESSAGES, 1)->session.distrusted_by = TRUST_BY_SYSTEM;
    assert_faults("the agent's CA certificates (/ca) do not vouch for 10.0.2.22");
    facts.plan.services[SERVICE_SSMMESSAGES].need = NEED_OFF;
    assert_faults("the agent's CA certificates (/sdk) do not vouch for 10.0.2.23");
    facts.endpoints[SERVICE_EC2MESSAGES].n_addresses = 1;
    assert_faults("");
    facts.agent.ca_bundle[0] = '\0';
    assert_faults("no CA certificates where the agent looks for them");
}

/* The agent asks three names; the first that the proxy refuses is the fault, else the first is a warning. */
static void the_proxy_is_asked_for_each_name(void **state)
{
    (void)state;
    SET(facts.agent.https_proxy, "http://10.0.3.3:3128");
    assert_faults(
        "the agent would ask the proxy http://10.0.3.3:3128 for ssm.us-east-1.amazonaws.com");
    SET(facts.agent.no_proxy, "ssm.us-east-1.amazonaws.com");
    assert_faults(
        "the agent would ask the proxy http://10.0.3.3:3128 for ssmmessages.us-east-1.amazonaws.com");
    step_fail(&facts.endpoints[SERVICE_EC2MESSAGES].proxy, FAILURE_PROXY, 1);
    facts.endpoints[SERVICE_EC2MESSAGES].proxy_status = 403;
    facts.plan.services[SERVICE_EC2MESSAGES].need = NEED_OPTIONAL;
    assert_faults(
        "the agent would ask the proxy http://10.0.3.3:3128 for ssmmessages.us-east-1.amazonaws.com");
    facts.plan.services[SERVICE_EC2MESSAGES].need = NEED_REQUIRED;
    SET(facts.endpoints[SERVICE_EC2MESSAGES].proxy.detail, "no");
    assert_faults("the agent asks the proxy http://10.0.3.3:3128 for "
                  "ec2messages.us-east-1.amazonaws.com, which does not let it through: no");
    facts.plan.services[SERVICE_SSMMESSAGES].need = NEED_OFF;
    assert_faults("the agent asks the proxy http://10.0.3.3:3128 for "
                  "ec2messages.us-east-1.amazonaws.com, which does not let it through: no");
    facts.plan.services[SERVICE_EC2MESSAGES].host[0] = '\0';
    assert_faults("");
}

/* What confines the agent for certain comes first. */
static void the_file_of_a_unit_is_named(void **state)
{
    (void)state;
    look("agent-environment", RUNG_CONNECT, SERVICE_SSM);
    assert_value("unit_file", "");
    SET(facts.agent.doubted, "/etc/a.d/x.conf: ReadWritePaths=/gone: 1");
    assert_value("unit_file", "/etc/a.d/x.conf");
    SET(facts.agent.denied_networks, "0.0.0.0/0");
    SET(facts.agent.denied_file, "/etc/system.slice");
    assert_value("unit_file", "/etc/system.slice");
    SET(facts.agent.confined, "/etc/c.service: PrivateNetwork=yes");
    assert_value("unit_file", "/etc/c.service");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_first_certificate_out_of_time_is_named, start),
        cmocka_unit_test_setup(each_server_counts_once, start),
        cmocka_unit_test_setup(a_second_opinion_is_an_answer_of_any_code, start),
        cmocka_unit_test_setup(a_delay_has_one_decimal, start),
        cmocka_unit_test_setup(the_file_of_a_unit_is_named, start),
        cmocka_unit_test_setup(services_are_listed_or_all, start),
        cmocka_unit_test_setup(addresses_that_ended_so_are_counted, start),
        cmocka_unit_test_setup(how_sure_it_is_is_said, start),
        cmocka_unit_test_setup(a_route_that_refuses_is_undone, start),
        cmocka_unit_test_setup(an_address_answers_or_none_does, start),
        cmocka_unit_test_setup(a_nameserver_is_here_or_it_is_not, start),
        cmocka_unit_test_setup(the_place_to_which_a_route_leads_has_a_name, start),
        cmocka_unit_test_setup(denied_actions_and_their_tools_are_counted, start),
        cmocka_unit_test_setup(a_block_is_of_the_family, start),
        cmocka_unit_test_setup(the_first_value_that_is_known_counts, start),
        cmocka_unit_test_setup(all_conditions_must_hold, start),
        cmocka_unit_test_setup(a_certificate_ends_soon_within_two_weeks, start),
        cmocka_unit_test_setup(a_silent_server_is_silent_to_every_name, start),
        cmocka_unit_test_setup(a_name_of_the_agents_is_fips_by_its_first_label, start),
        cmocka_unit_test_setup(there_is_room_for_so_many_addresses, start),
        cmocka_unit_test_setup(the_agent_waits_for_dead_servers, start),
        cmocka_unit_test_setup(a_family_is_blocked_here_and_answers_elsewhere, start),
        cmocka_unit_test_setup(a_question_is_open_until_it_is_answered, start),
        cmocka_unit_test_setup(what_two_answers_prove, start),
        cmocka_unit_test_setup(default_host_management_helps_a_newer_agent, start),
        cmocka_unit_test_setup(default_host_management_heals_what_is_the_roles, start),
        cmocka_unit_test_setup(denials_are_counted_by_whom, start),
        cmocka_unit_test_setup(the_worst_fault_comes_first, start),
        cmocka_unit_test_setup(regions_and_endpoints_of_the_configuration, start),
        cmocka_unit_test_setup(a_variable_for_ipv6_harms_where_there_is_none, start),
        cmocka_unit_test_setup(variables_that_do_harm_are_shell_words, start),
        cmocka_unit_test_setup(what_a_required_service_shows_is_not_trusted_first, start),
        cmocka_unit_test_setup(the_proxy_is_asked_for_each_name, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
