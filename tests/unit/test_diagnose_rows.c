/* SPDX-License-Identifier: Apache-2.0
 *
 * What the functions of rows see and quote, asked one by one: a service that is not asked stands before one
 * that is, what does not count before what does, and the second before the third.
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
#include "facts_builder.h"
#include "rows.h"
#include "situations.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)

static struct facts facts;
static struct report report;
static struct view view;
static struct finding finding;

static int start(void **state)
{
    (void)state;
    facts_healthy(&facts);
    return 0;
}

/* A row's view as it is asked: of one rung of a service, all symptoms there. */
static void look(const char *code, enum service service, enum rung rung)
{
    memset(&finding, 0, sizeof(finding));
    view = row_view(&facts, &report, code, service, rung, N_SERVICES - 1);
}

static void assert_quotes(view_quotes *quote, const char *lines)
{
    char said[MAX_EVIDENCE * LINE_SIZE] = "";

    memset(&finding, 0, sizeof(finding));
    quote(&view, &finding);
    for (int32_t i = 0; i < finding.n_evidence; i++)
        text_list(said, sizeof(said), " | ", finding.evidence[i]);
    assert_string_equal(said, lines);
}

/* ssm, ec2messages and s3 are not asked; of the others kms comes last. */
static void ask_ssmmessages_and_kms(void)
{
    add_service(&facts, SERVICE_KMS, NEED_OPTIONAL);
    facts.plan.services[SERVICE_SSM].need = NEED_OFF;
    facts.plan.services[SERVICE_EC2MESSAGES].need = NEED_OFF;
}

/* --- over all services --- */

static void a_service_that_is_not_asked_is_passed_over(void **state)
{
    (void)state;
    ask_ssmmessages_and_kms();
    look("endpoint-blocks-443", SERVICE_SSMMESSAGES, RUNG_CONNECT);
    struct overall overall = connect_overall(&view, false);
    assert_int_equal(overall.n, 2);
    assert_int_equal(overall.n_silent, 0);
    assert_int_equal(overall.n_partly, 0);
    assert_true(overall.any_ok);
    assert_int_equal(overall.sum.n, 4);
    break_connect(&facts, SERVICE_SSMMESSAGES, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
    break_connect(&facts, SERVICE_KMS, 1, FAILURE_TIMEOUT, 2000);
    look("endpoint-blocks-443", SERVICE_SSMMESSAGES, RUNG_CONNECT);
    overall = connect_overall(&view, false);
    assert_int_equal(overall.n, 2);
    assert_int_equal(overall.n_silent, 1);
    assert_int_equal(overall.n_partly, 1);
    assert_true(overall.any_ok);
    overall = connect_overall(&view, true); /* without what is silent in the own subnet */
    assert_int_equal(overall.n, 1);
    assert_int_equal(overall.n_silent, 0);
    assert_int_equal(overall.sum.n, 2);
    view.symptoms = ~check_bit(check_of_service(SERVICE_KMS, RUNG_CONNECT));
    overall = connect_overall(&view, false); /* nor what another row has explained */
    assert_int_equal(overall.n, 1);
    assert_int_equal(overall.n_partly, 0);
    assert_true(overall.any_ok);
}

static void two_services_must_be_silent_near_alone(void **state)
{
    (void)state;
    ask_ssmmessages_and_kms();
    break_connect(&facts, SERVICE_SSMMESSAGES, 0, FAILURE_TIMEOUT, 2000);
    break_connect(&facts, SERVICE_KMS, 0, FAILURE_TIMEOUT, 2000);
    look("endpoint-az-unreachable", SERVICE_SSMMESSAGES, RUNG_CONNECT);
    assert_true(when_own_subnet_alone_is_silent(&view));
    facts.plan.services[SERVICE_KMS].need = NEED_OFF;
    assert_false(when_own_subnet_alone_is_silent(&view));
    facts.plan.services[SERVICE_SSM].need = NEED_REQUIRED; /* which connects there */
    facts.plan.services[SERVICE_KMS].need = NEED_OPTIONAL;
    assert_false(when_own_subnet_alone_is_silent(&view));
}

/* Nothing outside the own subnet connects: of one service this is enough. */
static void subnets_are_kept_apart(void **state)
{
    (void)state;
    facts.plan.services[SERVICE_SSMMESSAGES].need = NEED_OFF;
    facts.plan.services[SERVICE_EC2MESSAGES].need = NEED_OFF;
    look("network-acl", SERVICE_SSM, RUNG_CONNECT);
    assert_false(when_subnets_are_kept_apart(&view)); /* nothing is silent */
    break_connect(&facts, SERVICE_SSM, 1, FAILURE_TIMEOUT, 2000);
    look("network-acl", SERVICE_SSM, RUNG_CONNECT);
    assert_true(when_subnets_are_kept_apart(&view));
    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSM];
    endpoint->addresses[2] = endpoint->addresses[0];
    endpoint->n_addresses = 3;
    SET(endpoint->addresses[2].address, "10.0.3.21");
    endpoint->addresses[2].place = PLACE_IN_VPC;
    assert_false(when_subnets_are_kept_apart(&view)); /* one more does connect from afar */
    endpoint->n_addresses = 2;
    break_connect(&facts, SERVICE_SSM, 0, FAILURE_TIMEOUT, 2000);
    look("network-acl", SERVICE_SSM, RUNG_CONNECT);
    assert_false(when_subnets_are_kept_apart(&view)); /* the own subnet is silent too */
}

static void every_private_name_is_public_or_not(void **state)
{
    (void)state;
    facts.plan.services[SERVICE_SSM].need = NEED_OFF;
    resolve_to(&facts, SERVICE_SSMMESSAGES, "52.94.0.1", PLACE_PUBLIC, FAILURE_TIMEOUT);
    resolve_to(&facts, SERVICE_EC2MESSAGES, "52.94.0.2", PLACE_PUBLIC, FAILURE_TIMEOUT);
    look("private-dns-off", SERVICE_SSMMESSAGES, RUNG_PRIVATE);
    assert_true(when_every_private_name_is_public(&view));
    facts.plan.services[SERVICE_EC2MESSAGES].need = NEED_OFF;
    assert_false(when_every_private_name_is_public(&view)); /* of one it says nothing */
    facts.plan.services[SERVICE_EC2MESSAGES].need = NEED_OPTIONAL;
    facts.plan.services[SERVICE_SSM].need = NEED_REQUIRED;
    assert_false(when_every_private_name_is_public(&view));
    resolve_to(&facts, SERVICE_SSM, "52.94.0.3", PLACE_PUBLIC, FAILURE_TIMEOUT);
    assert_true(when_every_private_name_is_public(&view));
}

/* Public addresses of a gateway endpoint that are silent, beside what connects and what is silent too. */
static void a_gateway_is_missed_where_others_connect(void **state)
{
    (void)state;
    add_service(&facts, SERVICE_S3, NEED_OPTIONAL);
    resolve_to(&facts, SERVICE_S3, "52.216.0.1", PLACE_PUBLIC, FAILURE_TIMEOUT);
    ask_ssmmessages_and_kms();
    look("endpoint-missing", SERVICE_S3, RUNG_CONNECT);
    assert_true(when_name_leads_to_no_endpoint(&view));
    break_connect(&facts, SERVICE_SSMMESSAGES, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
    assert_true(when_name_leads_to_no_endpoint(&view)); /* kms connects */
    break_connect(&facts, SERVICE_KMS, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
    assert_false(when_name_leads_to_no_endpoint(&view));
    for (enum service i = SERVICE_SSMMESSAGES; i <= SERVICE_KMS;
         i += SERVICE_KMS - SERVICE_SSMMESSAGES)
        facts.endpoints[i].n_addresses = 0; /* none of them is known to be silent */
    assert_true(when_name_leads_to_no_endpoint(&view));
}

static void the_others_certificates_are_out_of_time_too(void **state)
{
    (void)state;
    ask_ssmmessages_and_kms();
    facts.clock.n_samples = 0;
    for (enum service i = 0; i < N_SERVICES; i++)
        facts.endpoints[i].n_actions = 0;
    break_tls(&facts, SERVICE_SSMMESSAGES, ALL_ADDRESSES, FAILURE_CERTIFICATE_NOT_YET_VALID);
    look("clock-wrong", SERVICE_SSMMESSAGES, RUNG_TLS);
    assert_false(when_clock_is_wrong(&view)); /* of one service it is that service's trouble */
    break_tls(&facts, SERVICE_KMS, ALL_ADDRESSES, FAILURE_CERTIFICATE_NOT_YET_VALID);
    look("clock-wrong", SERVICE_SSMMESSAGES, RUNG_TLS);
    assert_true(when_clock_is_wrong(&view));
    facts.plan.services[SERVICE_KMS].need = NEED_OFF;
    assert_false(when_clock_is_wrong(&view));
}

static void one_sample_that_a_signature_belies_does_not_count(void **state)
{
    (void)state;
    facts.clock.samples[0].offset_ms = 86400000;
    struct clock_reading clock = look_clock(&facts);
    assert_int_equal(clock.n, 1);
    assert_int_equal(clock.offset_ms, 55);
    assert_string_equal(clock.source, "ssm");
    for (enum service i = 0; i < N_SERVICES; i++)
        facts.endpoints[i].n_actions = 0;
    clock = look_clock(&facts);
    assert_int_equal(clock.n, 2);
    assert_int_equal(clock.n_doubtful, 1);
    assert_int_equal(clock.offset_ms, 55); /* of the two the one that accuses less */
}

/* In whatever order they came; of as many on both sides the one that accuses this machine less. */
static void the_median_sample_counts(void **state)
{
    static const struct {
        int n, offset_ms[4], median_ms;
    } rows[] = {
        {3, {300, 100, 200}, 200},   {3, {100, 300, 200}, 200},        {3, {200, 100, 300}, 200},
        {3, {200, 300, 100}, 200},   {3, {100, 200, 300}, 200},        {3, {300, 200, 100}, 200},
        {2, {300, 100}, 100},        {2, {-300, -100}, -100},          {2, {-100, 300}, -100},
        {4, {400, -300, 200, 0}, 0}, {4, {-400, 300, -200, 100}, 100}, {1, {-7}, -7},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        facts.clock.n_samples = rows[i].n;
        for (int j = 0; j < rows[i].n; j++) {
            SET(facts.clock.samples[j].source, "%d", rows[i].offset_ms[j]);
            facts.clock.samples[j].offset_ms = rows[i].offset_ms[j];
            facts.clock.samples[j].error_ms = 1000 + j;
        }
        struct clock_reading clock = look_clock(&facts);
        char source[NAME_SIZE];
        SET(source, "%d", rows[i].median_ms);
        assert_int_equal(clock.offset_ms, rows[i].median_ms);
        assert_string_equal(clock.source, source);
        assert_int_equal(rows[i].offset_ms[clock.error_ms - 1000], rows[i].median_ms);
    }
}

/* What is said of the signature's time decides at the limit, which has the grain of a Date header. */
static void the_limit_of_a_signature_is_five_minutes(void **state)
{
    static const struct {
        int64_t offset_ms;
        bool signed_in_time, wrong, at_limit;
        int32_t n, n_doubtful;
    } rows[] = {
        {302001, false, true, false, 1, 1},  {302000, false, true, true, 1, 1},
        {299001, false, true, true, 1, 1},   {299000, false, false, true, 1, 1},
        {298000, false, false, true, 1, 1},  {297999, false, false, false, 1, 1},
        {-302001, false, true, false, 1, 1}, {-299000, false, false, true, 1, 1},
        {61001, false, false, false, 1, 1},  {61000, false, false, false, 1, 0},
        {302000, true, false, true, 1, 1},   {302001, true, false, false, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        start(state);
        facts.clock.n_samples = 1;
        facts.clock.samples[0].offset_ms = rows[i].offset_ms;
        facts.clock.samples[0].error_ms = 1000;
        for (enum service j = 0; !rows[i].signed_in_time && j < N_SERVICES; j++)
            facts.endpoints[j].n_actions = 0;
        struct clock_reading clock = look_clock(&facts);
        assert_int_equal(clock.wrong, rows[i].wrong);
        assert_int_equal(clock.at_limit, rows[i].at_limit);
        assert_int_equal(clock.n, rows[i].n);
        assert_int_equal(clock.n_doubtful, rows[i].n_doubtful);
    }
}

/* --- what is quoted --- */

static void of_public_addresses_the_first_is_quoted(void **state)
{
    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSM];
    (void)state;
    resolve_to(&facts, SERVICE_SSM, "52.94.0.1", PLACE_PUBLIC, FAILURE_TIMEOUT);
    endpoint->addresses[1] = endpoint->addresses[0];
    endpoint->n_addresses = 2;
    SET(endpoint->addresses[1].address, "52.94.0.9");
    look("private-dns-off", SERVICE_SSM, RUNG_PRIVATE);
    view.explains = check_bit(check_of_service(SERVICE_SSM, RUNG_PRIVATE));
    memset(&finding, 0, sizeof(finding));
    quote_each_name(&view, &finding);
    int n = 0;
    for (int32_t i = 0; i < finding.n_evidence; i++)
        n += text_starts(finding.evidence[i], "connect: 52.94.0.");
    assert_int_equal(n, 1);
    for (int32_t i = 0; i < finding.n_evidence; i++)
        assert_null(strstr(finding.evidence[i], "52.94.0.9"));
}

static void validity_is_quoted_of_the_first_that_has_it(void **state)
{
    (void)state;
    for (enum service i = SERVICE_SSMMESSAGES; i <= SERVICE_EC2MESSAGES; i++) {
        break_tls(&facts, i, ALL_ADDRESSES, FAILURE_CERTIFICATE_EXPIRED);
        facts.endpoints[i].addresses[0].session.not_before_unix_s = 86400;
        facts.endpoints[i].addresses[0].session.not_after_unix_s = 86400 * (1 + (int64_t)i);
    }
    look("tls-expired", SERVICE_SSM, RUNG_TLS);
    assert_quotes(quote_validity,
                  "certificates of 10.0.1.22 are valid from 1970-01-02T00:00:00Z to "
                  "1970-01-03T00:00:00Z");
    facts.endpoints[SERVICE_SSMMESSAGES].addresses[0].session.not_after_unix_s = 0;
    assert_quotes(quote_validity,
                  "certificates of 10.0.1.23 are valid from 1970-01-02T00:00:00Z to "
                  "1970-01-04T00:00:00Z");
}

static void clocks_agree_within_two_seconds(void **state)
{
    (void)state;
    facts.clock.n_samples = 4;
    for (int i = 0; i < 4; i++) {
        static const int offset_ms[] = {1999, -2000, 121000, 7};
        SET(facts.clock.samples[i].source, "s%d", i);
        SET(facts.clock.samples[i].address, "a");
        facts.clock.samples[i].offset_ms = offset_ms[i];
    }
    look("clock-wrong", SERVICE_SSM, RUNG_TLS);
    assert_quotes(quote_clocks, "s0 (a): agrees with this machine's clock within 2 s | "
                                "s1 (a): this machine is 2 s ahead | "
                                "s2 (a): this machine is 2 min behind");
    facts.clock.n_samples = 1;
    assert_quotes(quote_clocks, "s0 (a): agrees with this machine's clock within 2 s");
}

/* One of those that are alike is quoted, and which others are, before the next. */
static void denials_that_are_alike_are_said_once(void **state)
{
    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSM];
    (void)state;
    for (enum service i = 0; i < N_SERVICES; i++)
        facts.endpoints[i].n_actions = 0;
    endpoint->n_actions = 5;
    memset(endpoint->actions, 0, sizeof(endpoint->actions));
    for (int i = 0; i < 6; i++) {
        endpoint->actions[i].permission = i == 1 ? PERMISSION_ALLOWED : PERMISSION_DENIED;
        endpoint->actions[i].denied_by = DENIED_BY_NO_IDENTITY_POLICY;
        endpoint->actions[i].status = 400;
        SET(endpoint->actions[i].action, "ssm:A%d", i);
        SET(endpoint->actions[i].code, i < 4 ? "X" : "Y");
    }
    look("policy-incomplete", SERVICE_SSM, RUNG_AUTHORIZE);
    assert_quotes(quote_denials, "ssm:A0 at the endpoint: status 400 X | "
                                 "likewise denied: ssm:A2, ssm:A3 | "
                                 "ssm:A4 at the endpoint: status 400 Y");
    endpoint->actions[3].denied_by = DENIED_BY_BOUNDARY; /* another row's */
    endpoint->n_actions = 4;
    assert_quotes(quote_denials, "ssm:A0 at the endpoint: status 400 X | likewise denied: ssm:A2");
    int n;
    assert_string_equal(service_denied_action(&view, &n), "ssm:A0");
    assert_int_equal(n, 2);
    endpoint->actions[2].explicit_deny = true;
    assert_quotes(quote_denials, "ssm:A0 at the endpoint: status 400 X | "
                                 "ssm:A2 at the endpoint: status 400 X");
    endpoint->actions[2].explicit_deny = false;
    endpoint->actions[2].status = 403;
    assert_quotes(quote_denials, "ssm:A0 at the endpoint: status 400 X | "
                                 "ssm:A2 at the endpoint: status 403 X");
}

static void a_slow_answer_is_quoted_from_two_seconds_on(void **state)
{
    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSM];
    (void)state;
    endpoint->addresses[0].steps[RUNG_HTTP].took_ms = SLOW_ANSWER_MS - 1;
    endpoint->addresses[1].steps[RUNG_HTTP].took_ms = SLOW_ANSWER_MS;
    look("slow-endpoint", SERVICE_SSM, RUNG_HTTP);
    char waits[LINE_SIZE], lines[2 * LINE_SIZE];
    SET(waits, "the agent waits up to %d s for an answer of ssm",
        (int)service_limit_ms(SERVICE_SSM) / 1000);
    SET(lines, "http: 10.0.2.21 (ssm, in this VPC): works after 2000 ms | %s", waits);
    assert_quotes(quote_slow_answers, lines);
    for (int32_t i = 0; i < endpoint->n_answers; i++)
        endpoint->answers[i].step.took_ms = 1000;
    for (enum service i = SERVICE_SSMMESSAGES; i < N_SERVICES; i++)
        facts.endpoints[i].n_answers = 0;
    assert_quotes(quote_slow_answers, lines); /* it comes in time all the same */
    report.checks[check_of_service(SERVICE_SSM, RUNG_HTTP)].status = STATUS_FAIL;
    SET(lines,
        "http: 10.0.2.21 (ssm, in this VPC): works after 2000 ms | "
        "before it, its name takes 1 s | %s",
        waits);
    assert_quotes(quote_slow_answers, lines);
    for (int32_t i = 0; i < endpoint->n_answers; i++)
        endpoint->answers[i].step.took_ms = 999;
    SET(lines, "http: 10.0.2.21 (ssm, in this VPC): works after 2000 ms | %s", waits);
    assert_quotes(quote_slow_answers, lines);
}

static void the_agents_proxy_is_quoted_with_what_was_asked(void **state)
{
    (void)state;
    SET(facts.agent.https_proxy, "http://p");
    SET(facts.agent.no_proxy, "x");
    step_fail(&facts.endpoints[SERVICE_SSMMESSAGES].proxy, FAILURE_PROXY, 3);
    step_ok(&facts.endpoints[SERVICE_KMS].proxy, 4);
    SET(facts.endpoints[SERVICE_KMS].proxy.detail, "d");
    look("proxy-in-the-way", SERVICE_SSM, RUNG_CONNECT);
    assert_quotes(quote_agents_proxy, "");
    view.explains = check_bit(CHECK_AGENT_CONFIG);
    char lines[4 * LINE_SIZE];
    SET(lines,
        "the agent's unit sets the agent's proxy to http://p | NO_PROXY is \"x\" | "
        "CONNECT ssmmessages.us-east-1.amazonaws.com:443: %s (3 ms) | CONNECT %s:%u: d (4 ms)",
        failure_words(FAILURE_PROXY), facts.plan.services[SERVICE_KMS].host,
        (unsigned)facts.plan.services[SERVICE_KMS].port);
    assert_quotes(quote_agents_proxy, lines);
    assert_true(when_only_the_agent_has_a_proxy(&view));
    assert_true(when_the_agents_proxy_refuses(&view));
    assert_false(when_the_agents_proxy_says_so(&view)); /* it was silent */
    facts.endpoints[SERVICE_SSMMESSAGES].proxy_status = 403;
    assert_true(when_the_agents_proxy_says_so(&view));
    view.explains |= check_bit(CHECK_AGENT_STATE);
    assert_false(when_only_the_agent_has_a_proxy(&view));
    assert_false(when_the_agents_proxy_refuses(&view));
    assert_false(when_the_agents_proxy_says_so(&view));
}

/* --- evidence --- */

static void the_same_line_is_said_once_and_room_is_for_ten(void **state)
{
    (void)state;
    memset(&finding, 0, sizeof(finding));
    finding_evidence(&finding, "a");
    finding_evidence(&finding, "b");
    finding_evidence(&finding, "a");
    assert_int_equal(finding.n_evidence, 2);
    assert_string_equal(finding.evidence[2], "");
    for (int i = 0; i < MAX_EVIDENCE; i++)
        finding_evidence(&finding, "%d", i);
    assert_int_equal(finding.n_evidence, MAX_EVIDENCE);
    assert_string_equal(finding.evidence[MAX_EVIDENCE - 1], "7");
}

static void an_answer_is_quoted_with_all_its_addresses(void **state)
{
    struct dns_answer answer = {.asked_as = ASKED_PLAIN, .family = FAMILY_IPV6, .n_addresses = 2};
    (void)state;
    SET(answer.server, "s");
    for (int i = 0; i < 3; i++)
        SET(answer.addresses[i], "a%d", i);
    step_ok(&answer.step, 5);
    memset(&finding, 0, sizeof(finding));
    finding_quote_answer(&finding, "h", &answer);
    assert_string_equal(finding.evidence[0], "s, asked for h AAAA without EDNS0: a0, a1 (5 ms)");
    answer.n_addresses = 0;
    answer.asked_as = ASKED_CONFIGURED;
    answer.family = FAMILY_IPV4;
    answer.rcode = 1;
    step_fail(&answer.step, FAILURE_TIMEOUT, 6);
    char line[LINE_SIZE];
    SET(line, "s, asked for h A: %s (rcode 1) (6 ms)", failure_words(FAILURE_TIMEOUT));
    finding_quote_answer(&finding, "h", &answer);
    assert_string_equal(finding.evidence[1], line);
}

/* Each reason that a row names counts, the last one too, and none that is another row's. */
static void a_row_is_about_its_reasons(void **state)
{
    static const struct cause row = {
        .explains = {{CHECK_IMDS_TOKEN, CHECK_IMDS_TOKEN + 1, {FAILURE_TIMEOUT, FAILURE_RESET}},
                     {CHECK_AGENT_STATE, CHECK_AGENT_STATE + 1, {0}}}};
    static const struct cause full = {
        .explains = {
            {CHECK_IMDS_TOKEN, CHECK_IMDS_TOKEN + 2, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
            {CHECK_AGENT_STATE, CHECK_AGENT_STATE + 1, {13}}}};
    (void)state;
    memset(&view, 0, sizeof(view));
    view.cause = &row;
    assert_true(view_is_reason(&view, CHECK_IMDS_TOKEN, FAILURE_TIMEOUT));
    assert_true(view_is_reason(&view, CHECK_IMDS_TOKEN, FAILURE_RESET));
    assert_false(view_is_reason(&view, CHECK_IMDS_TOKEN, FAILURE_REFUSED));
    assert_false(view_is_reason(&view, CHECK_IMDS_CONNECT, FAILURE_TIMEOUT));
    assert_false(view_is_reason(&view, (enum check)(CHECK_IMDS_TOKEN + 1), FAILURE_TIMEOUT));
    assert_true(view_is_reason(&view, CHECK_AGENT_STATE, FAILURE_FULL));
    view.cause = &full;
    assert_true(view_is_reason(&view, CHECK_IMDS_TOKEN, (enum failure)12));
    assert_false(view_is_reason(&view, CHECK_IMDS_TOKEN, (enum failure)13));
    assert_true(view_is_reason(&view, CHECK_AGENT_STATE, (enum failure)13));
}

/* ssm is answered as it should be; of the others each false answer is quoted, with the name that it leads to. */
static void false_answers_are_quoted(void **state)
{
    char lines[4 * LINE_SIZE];
    (void)state;
    break_resolve(&facts, SERVICE_SSMMESSAGES, FAILURE_NXDOMAIN);
    for (int32_t i = 0; i < facts.endpoints[SERVICE_EC2MESSAGES].n_answers; i++)
        SET(facts.endpoints[SERVICE_EC2MESSAGES].answers[i].cname, "block.example");
    look("dns-firewall", SERVICE_SSMMESSAGES, RUNG_RESOLVE);
    const struct dns_answer *no = &facts.endpoints[SERVICE_SSMMESSAGES].answers[0];
    SET(lines,
        "10.0.0.2, asked for ssmmessages.us-east-1.amazonaws.com A: %s (rcode 3) (%d ms) | "
        "10.0.0.2, asked for ec2messages.us-east-1.amazonaws.com A: 10.0.1.23, 10.0.2.23 (%d ms) | "
        "it makes ec2messages.us-east-1.amazonaws.com an alias of block.example",
        failure_words(FAILURE_NXDOMAIN), (int)no->step.took_ms,
        (int)facts.endpoints[SERVICE_EC2MESSAGES].answers[0].step.took_ms);
    assert_quotes(quote_false_answers, lines);
    assert_false(when_an_alias_shows_it(&view));
    view.service = SERVICE_EC2MESSAGES;
    assert_true(when_an_alias_shows_it(&view));
    assert_false(when_name_leads_here(&view));
    facts.plan.region_source = SOURCE_OPTION; /* a person may have mistyped it */
    assert_false(when_an_alias_shows_it(&view));
    assert_quotes(quote_false_answers, "");
}

/* However short they are. */
static void an_answer_of_http_is_quoted_with_its_words(void **state)
{
    struct address_facts *at = &facts.endpoints[SERVICE_SSM].addresses[0];
    char lines[3 * LINE_SIZE];
    (void)state;
    facts.endpoints[SERVICE_SSM].n_addresses = 1;
    break_http(&facts, SERVICE_SSM, 0, FAILURE_HTTP_STATUS, 1);
    memset(&at->head, 0, sizeof(at->head));
    at->head.status = 1;
    at->steps[RUNG_HTTP].took_ms = 3;
    at->body_start[0] = '\0';
    look("proxy-in-the-way", SERVICE_SSM, RUNG_HTTP);
    view.explains = check_bit(check_of_service(SERVICE_SSM, RUNG_HTTP));
    SET(lines, "http: 10.0.1.21 (ssm, in this subnet): %s after 3 ms | status 1, Server: (none)",
        failure_words(FAILURE_HTTP_STATUS));
    assert_quotes(quote_http, lines);
    SET(at->head.server, "s");
    SET(at->head.via, "v");
    SET(at->body_start, "b");
    SET(lines,
        "http: 10.0.1.21 (ssm, in this subnet): %s after 3 ms | status 1, Server: s, Via: v | "
        "the answer has: b",
        failure_words(FAILURE_HTTP_STATUS));
    assert_quotes(quote_http, lines);
}

static void where_a_name_comes_from_is_said(void **state)
{
    struct service_plan *plan = &facts.plan.services[SERVICE_SSM];
    (void)state;
    look("dns-wrong-name", SERVICE_SSM, RUNG_RESOLVE);
    plan->host_source = SOURCE_IMDS;
    assert_quotes(quote_source_of_name, "the name comes from IMDS");
    plan->host_source = SOURCE_AGENT_CONFIG;
    assert_quotes(quote_source_of_name, "the name comes from the agent's configuration");
    facts.plan.region_source = SOURCE_OPTION;
    assert_quotes(quote_source_of_name, "the name comes from the agent's configuration");
    plan->host_source = SOURCE_PARTITION;
    assert_quotes(quote_source_of_name,
                  "the region us-east-1 comes from an option of this program");
}

/* --- the checks of the machine --- */

static void assert_said(enum check check, enum status status, int32_t duration_ms,
                        const char *words)
{
    diagnose(&facts, &report);
    assert_string_equal(report.checks[check].summary, words);
    assert_int_equal(report.checks[check].status, status);
    assert_int_equal(report.checks[check].duration_ms, duration_ms);
}

static void a_step_says_what_came_of_it(void **state)
{
    char words[LINE_SIZE];
    (void)state;
    step_skip(&facts.imds.token, FAILURE_NOT_WANTED);
    facts.imds.token.took_ms = 9;
    facts.imds.token_status = 403;
    SET(words, "PUT /latest/api/token answers 403: %s", failure_words(FAILURE_NOT_WANTED));
    assert_said(CHECK_IMDS_TOKEN, STATUS_SKIP, 0, words);
    step_fail(&facts.imds.token, FAILURE_FORBIDDEN, 9);
    SET(words, "PUT /latest/api/token answers 403: %s (9 ms)", failure_words(FAILURE_FORBIDDEN));
    assert_said(CHECK_IMDS_TOKEN, STATUS_FAIL, 9, words);
    facts.imds.token_status = 0;
    SET(facts.imds.token.detail, "why");
    SET(words, "PUT /latest/api/token: %s, why (9 ms)", failure_words(FAILURE_FORBIDDEN));
    assert_said(CHECK_IMDS_TOKEN, STATUS_FAIL, 9, words);
    facts.imds.token.failure = FAILURE_INTERNAL;
    SET(words, "not known: %s, why", failure_words(FAILURE_INTERNAL));
    assert_said(CHECK_IMDS_TOKEN, STATUS_UNKNOWN, 0, words);
    facts.plan.skipped = check_bit(CHECK_IMDS_TOKEN);
    assert_said(CHECK_IMDS_TOKEN, STATUS_SKIP, 0, "left out by --skip");
}

static void imds_is_slow_from_half_a_second_on(void **state)
{
    static const struct {
        int32_t ms;
        enum status status;
    } rows[] = {{499, STATUS_PASS}, {500, STATUS_WARN}, {999, STATUS_WARN}, {1000, STATUS_FAIL}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        facts.imds.fastest_ms = rows[i].ms;
        diagnose(&facts, &report);
        assert_int_equal(report.checks[CHECK_IMDS_TOKEN].status, rows[i].status);
    }
    assert_said(CHECK_IMDS_TOKEN, STATUS_FAIL, 1000,
                "the fastest answer took 1000 ms, and the agent gives each 1000 ms");
    facts.imds.slowest_ms = 1001;
    SET(facts.imds.slowest, "x");
    assert_said(CHECK_IMDS_TOKEN, STATUS_FAIL, 1001,
                "the fastest answer to /latest/x took 1001 ms, and the agent gives each 1000 ms");
}

static void the_role_is_said_as_it_was_seen(void **state)
{
    struct role_facts *role = &facts.role;
    char words[LINE_SIZE];
    (void)state;
    assert_said(CHECK_ROLE_ATTACHED, STATUS_PASS, 2, "role app-role is attached");
    assert_said(CHECK_ROLE_CREDENTIALS, STATUS_PASS, 1,
                "credentials of app-role, valid for 5 h 50 min");
    role->expires_unix_s = 0;
    assert_said(CHECK_ROLE_CREDENTIALS, STATUS_PASS, 1, "credentials of app-role");
    SET(role->code, "X");
    role->role[0] = '\0';
    assert_said(CHECK_ROLE_ATTACHED, STATUS_PASS, 2, "a role is attached");
    assert_said(CHECK_ROLE_CREDENTIALS, STATUS_PASS, 1, "credentials of the role, Code X");
    role->from = CREDENTIALS_DEFAULT_HOST_MANAGEMENT;
    assert_said(CHECK_ROLE_CREDENTIALS, STATUS_PASS, 1,
                "credentials of Default Host Management, Code X");
    assert_said(CHECK_ROLE_ATTACHED, STATUS_PASS, 2,
                "no role of its own: Default Host Management gives the agent one");
    role->from = CREDENTIALS_NONE;
    step_fail(&role->attached, FAILURE_SERVER_ERROR, 3);
    role->list_status = 500;
    SET(words, "iam/security-credentials answers 500: %s (3 ms)",
        failure_words(FAILURE_SERVER_ERROR));
    assert_said(CHECK_ROLE_ATTACHED, STATUS_FAIL, 3, words);
    role->list_status = 404;
    SET(words, "iam/info answers 200: %s (3 ms)", failure_words(FAILURE_SERVER_ERROR));
    assert_said(CHECK_ROLE_ATTACHED, STATUS_FAIL, 3, words);
    role->info_status = 0;
    role->list_status = 200;
    SET(words, "the instance profile: %s (3 ms)", failure_words(FAILURE_SERVER_ERROR));
    assert_said(CHECK_ROLE_ATTACHED, STATUS_FAIL, 3, words);
    step_skip(&role->credentials, FAILURE_NOT_WANTED);
    assert_said(CHECK_ROLE_CREDENTIALS, STATUS_SKIP, 0,
                "credentials of the role, Code X: left out");
}

static void the_clock_is_said_in_its_unit(void **state)
{
    (void)state;
    facts.clock.n_samples = 1;
    facts.clock.samples[0].offset_ms = -9999;
    assert_said(CHECK_CLOCK_SKEW, STATUS_PASS, 0,
                "9.9 s ahead by the clock of imds (1 source, 5 min allowed)");
    facts.clock.samples[0].offset_ms = -7100;
    assert_said(CHECK_CLOCK_SKEW, STATUS_PASS, 0,
                "7.1 s ahead by the clock of imds (1 source, 5 min allowed)");
    facts.clock.samples[0].offset_ms = -1000;
    assert_said(CHECK_CLOCK_SKEW, STATUS_PASS, 0,
                "1.0 s ahead by the clock of imds (1 source, 5 min allowed)");
    facts.agent.running = facts.agent.connected = ANSWER_NO;
    diagnose(&facts, &report);
    assert_false(report.checks[CHECK_AGENT_CONNECTED].planned);
    facts.clock.samples[0].offset_ms = 10000;
    facts.machine.time_sync = ANSWER_NO;
    assert_said(
        CHECK_CLOCK_SKEW, STATUS_WARN, 0,
        "10 s behind by the clock of imds (1 source, 5 min allowed), but nothing keeps it right");
    facts.clock.samples[0].offset_ms = SKEW_WARN_MS + facts.clock.samples[0].error_ms;
    diagnose(&facts, &report);
    assert_int_equal(report.checks[CHECK_CLOCK_SKEW].reason, FAILURE_ABSENT);
    facts.clock.samples[0].offset_ms++;
    assert_said(CHECK_CLOCK_SKEW, STATUS_WARN, 0,
                "61 s behind by the clock of imds (1 source, 5 min allowed)");
    facts.clock.n_samples = 0;
    assert_said(CHECK_CLOCK_SKEW, STATUS_SKIP, 0,
                "not known: nothing that tells the time has answered");
    facts.stopped_by = STOPPED_BY_SIGNAL;
    assert_said(CHECK_CLOCK_SKEW, STATUS_UNKNOWN, 0,
                "not known: nothing that tells the time has answered");
}

static void a_span_is_said_in_the_unit_that_fits(void **state)
{
    static const struct {
        int64_t seconds;
        const char *words;
    } rows[] = {
        {0, "0 s"},           {119, "119 s"},          {-119, "119 s"},     {120, "2 min"},
        {7199, "119 min"},    {7200, "2 h 0 min"},     {7259, "2 h 0 min"}, {7260, "2 h 1 min"},
        {-7260, "2 h 1 min"}, {172799, "47 h 59 min"}, {172800, "2 days"},  {259199, "2 days"},
        {259200, "3 days"},
    };
    char words[64];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        look_span(rows[i].seconds, words, sizeof(words));
        assert_string_equal(words, rows[i].words);
    }
}

static void metadata_is_quoted_as_it_was_seen(void **state)
{
    struct role_facts *role = &facts.role;
    (void)state;
    look("imds-blocked-locally", SERVICE_SSM, RUNG_CONNECT);
    add_interface(&facts, "eth1", ANSWER_YES, "10.0.2.10/24");
    SET(facts.network.interfaces[1].addresses[1], "10.0.2.11/24");
    facts.network.interfaces[1].n_addresses = 2;
    facts.network.interfaces[0].up = false;
    assert_quotes(quote_interfaces,
                  "ens5 is down, 1 address: 10.0.1.10/24 | eth1 is up, 2 addresses: 10.0.2.10/24 | "
                  "there is no default route");
    facts.network.usable_ipv4 = false;
    assert_quotes(quote_interfaces,
                  "ens5 is down, 1 address: 10.0.1.10/24 | eth1 is up, 2 addresses: 10.0.2.10/24");
    assert_true(when_no_address(&view));
    facts.network.n_interfaces = 1;
    assert_true(when_no_address(&view));
    facts.network.n_interfaces = 0;
    assert_false(when_no_address(&view));
    assert_quotes(quote_interfaces, "there is no network interface besides loopback");
    report.checks[CHECK_IMDS_CONNECT].reason = FAILURE_NO_ROUTE;
    assert_true(when_no_address(&view));
    facts.network.usable_ipv6 = true;
    assert_false(when_no_address(&view));
    facts.network.default_route_ipv4 = false;
    assert_true(when_network_is_down(&view));
    facts.network.default_route_ipv6 = true;
    assert_false(when_network_is_down(&view));
    assert_quotes(quote_forbidden, "");
    facts.imds.token_status = 403;
    assert_quotes(quote_forbidden, "");
    facts.imds.get_answers = ANSWER_NO;
    assert_quotes(quote_forbidden, "a GET is refused likewise");
    facts.imds.get_answers = ANSWER_YES;
    assert_quotes(quote_forbidden, "a GET is not refused so: only a PUT, which a proxy marks");
    role->info_status = 404;
    SET(role->info_message, "m");
    role->profile_arn[0] = '\0';
    assert_quotes(quote_profile, "iam/info: status 404, Code Success: m | "
                                 "iam/security-credentials/: status 200");
    role->info_code[0] = role->info_message[0] = '\0';
    SET(role->profile_arn, "p");
    assert_quotes(quote_profile, "iam/info: status 404 | instance profile p | "
                                 "iam/security-credentials/: status 200");
    SET(role->message, "n");
    assert_quotes(quote_credentials,
                  "iam/security-credentials/app-role: status 200, Code Success: n");
    role->credentials_status = 0;
    assert_quotes(quote_credentials, "");
}

/* Which of the words that an error has decides stands first in the table. */
static void the_agents_error_has_a_cause(void **state)
{
    static const struct {
        const char *error, *code;
    } rows[] = {
        {"", ""},
        {"all is well", ""},
        {"api/token\": proxyconnect tcp", "imds-through-proxy"},
        {"mgs: proxyconnect tcp", "proxy-in-the-way"},
        {"Get \"http://169.254.169.254/\": no such host", "dns-wrong-name"},
        {"failed to find agent identity", "imds-unreachable"},
        {"read: connection reset by peer", "tls-reset"},
        {"failed to create IPC folder: too many open files", "agent-state-unwritable"},
        {"inotify: too many open files", "inotify-exhausted"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        SET(facts.agent.last_error, "%s", rows[i].error);
        assert_string_equal(look_logged_cause(&facts.agent), rows[i].code);
    }
}

/* What is too much for a list, the compiler leaves out: the last place must be free for it to be seen. */
static void each_list_of_a_row_has_room_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_causes; i++) {
        const struct cause *cause = &causes[i];
        if (cause->here[MAX_TITLES - 1].text || cause->explains[MAX_PARTS - 1].end != 0 ||
            cause->evidence[MAX_QUOTES - 1] || cause->unless_excluded[MAX_LISTED - 1])
            fail_msg("%s: make room in causes.h", cause->code);
        for (int j = 0; j < MAX_PARTS; j++)
            assert_int_equal(cause->explains[j].because[MAX_REASONS - 1], FAILURE_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_service_that_is_not_asked_is_passed_over, start),
        cmocka_unit_test_setup(two_services_must_be_silent_near_alone, start),
        cmocka_unit_test_setup(subnets_are_kept_apart, start),
        cmocka_unit_test_setup(every_private_name_is_public_or_not, start),
        cmocka_unit_test_setup(a_gateway_is_missed_where_others_connect, start),
        cmocka_unit_test_setup(the_others_certificates_are_out_of_time_too, start),
        cmocka_unit_test_setup(one_sample_that_a_signature_belies_does_not_count, start),
        cmocka_unit_test_setup(the_median_sample_counts, start),
        cmocka_unit_test_setup(the_limit_of_a_signature_is_five_minutes, start),
        cmocka_unit_test_setup(of_public_addresses_the_first_is_quoted, start),
        cmocka_unit_test_setup(validity_is_quoted_of_the_first_that_has_it, start),
        cmocka_unit_test_setup(clocks_agree_within_two_seconds, start),
        cmocka_unit_test_setup(denials_that_are_alike_are_said_once, start),
        cmocka_unit_test_setup(a_slow_answer_is_quoted_from_two_seconds_on, start),
        cmocka_unit_test_setup(the_agents_proxy_is_quoted_with_what_was_asked, start),
        cmocka_unit_test_setup(the_same_line_is_said_once_and_room_is_for_ten, start),
        cmocka_unit_test_setup(an_answer_is_quoted_with_all_its_addresses, start),
        cmocka_unit_test_setup(a_row_is_about_its_reasons, start),
        cmocka_unit_test_setup(false_answers_are_quoted, start),
        cmocka_unit_test_setup(an_answer_of_http_is_quoted_with_its_words, start),
        cmocka_unit_test_setup(where_a_name_comes_from_is_said, start),
        cmocka_unit_test_setup(a_step_says_what_came_of_it, start),
        cmocka_unit_test_setup(imds_is_slow_from_half_a_second_on, start),
        cmocka_unit_test_setup(the_role_is_said_as_it_was_seen, start),
        cmocka_unit_test_setup(the_clock_is_said_in_its_unit, start),
        cmocka_unit_test_setup(a_span_is_said_in_the_unit_that_fits, start),
        cmocka_unit_test_setup(metadata_is_quoted_as_it_was_seen, start),
        cmocka_unit_test_setup(the_agents_error_has_a_cause, start),
        cmocka_unit_test(each_list_of_a_row_has_room_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
