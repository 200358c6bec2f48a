/* SPDX-License-Identifier: Apache-2.0
 *
 * What each check says of what was seen, what it requires, and what the verdict makes of it.
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
#include "model/proxy.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)

static struct facts facts;
static struct report report;

static int start(void **state)
{
    (void)state;
    facts_healthy(&facts);
    return 0;
}

static const struct check_result *check(const char *name)
{
    unsigned int found;

    diagnose(&facts, &report);
    assert_true(name_find(&check_names, name, &found));
    return &report.checks[found];
}

static void assert_check(const char *name, enum status status, enum failure reason)
{
    const struct check_result *result = check(name);
    if (result->status != status || result->reason != reason)
        fail_msg("%s: %s (%s), not %s (%s): %s", name, status_name(result->status),
                 failure_name(result->reason), status_name(status), failure_name(reason),
                 result->summary);
}

static void assert_summary(const char *name, const char *part)
{
    const struct check_result *result = check(name);
    if (!strstr(result->summary, part))
        fail_msg("%s: \"%s\" does not say \"%s\"", name, result->summary, part);
}

static void a_healthy_instance_passes_every_check(void **state)
{
    (void)state;
    diagnose(&facts, &report);
    for (int i = 0; i < N_CHECKS; i++)
        if (report.checks[i].planned)
            assert_int_equal(report.checks[i].status, STATUS_PASS);
    assert_int_equal(report.verdict, VERDICT_READY);
    assert_int_equal(report.n_findings, 0);
    assert_string_equal(report.summary, "ready: UpdateInstanceInformation, OpenControlChannel not "
                                        "proven (41 ms)");
}

static void services_that_are_off_are_not_planned(void **state)
{
    (void)state;
    assert_false(check("s3.resolve")->planned);
    assert_true(check("ssm.resolve")->planned);
}

static void required_follows_the_plan(void **state)
{
    (void)state;
    assert_true(check("imds.connect")->required);
    assert_true(check("role.attached")->required);
    assert_true(check("clock.skew")->required);
    assert_true(check("agent.installed")->required);
    assert_false(check("ec2messages.http")->required);
    facts.plan.role_optional = facts.plan.clock_optional = facts.plan.agent_optional = true;
    facts.plan.services[SERVICE_EC2MESSAGES].need = NEED_REQUIRED;
    assert_false(check("role.attached")->required);
    assert_false(check("clock.skew")->required);
    assert_false(check("agent.installed")->required);
    assert_true(check("ec2messages.http")->required);
    facts.plan.role_optional = false;
    facts.plan.permissions = PERMISSIONS_OFF;
    assert_false(check("role.attached")->required);
}

static void a_rung_above_a_failed_one_is_skipped_and_names_it(void **state)
{
    (void)state;
    break_connect(&facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
    assert_check("ssm.connect", STATUS_FAIL, FAILURE_TIMEOUT);
    assert_check("ssm.tls", STATUS_SKIP, FAILURE_BELOW);
    assert_check("ssm.authorize", STATUS_SKIP, FAILURE_BELOW);
    assert_summary("ssm.authorize", "ssm.connect");
    assert_check("ssmmessages.connect", STATUS_PASS, FAILURE_NONE);
}

static void without_metadata_no_service_is_tried(void **state)
{
    (void)state;
    break_imds(&facts, CHECK_IMDS_TOKEN, FAILURE_TIMEOUT, 2000);
    assert_check("imds.connect", STATUS_PASS, FAILURE_NONE);
    assert_check("role.attached", STATUS_SKIP, FAILURE_BELOW);
    assert_check("ssm.resolve", STATUS_SKIP, FAILURE_BELOW);
    assert_summary("ssm.http", "imds.token");
    assert_check("clock.skew", STATUS_SKIP, FAILURE_BELOW);
}

static void without_credentials_nothing_is_signed(void **state)
{
    (void)state;
    break_role(&facts, CHECK_ROLE_ATTACHED, FAILURE_NO_ROLE);
    assert_check("role.attached", STATUS_FAIL, FAILURE_NO_ROLE);
    assert_check("role.credentials", STATUS_SKIP, FAILURE_BELOW);
    assert_check("ssm.http", STATUS_PASS, FAILURE_NONE);
    assert_check("ssm.authorize", STATUS_SKIP, FAILURE_BELOW);
    assert_summary("ssm.authorize", "role.attached");
}

/* The agent tries them all. */
static void one_address_that_fails_warns(void **state)
{
    (void)state;
    break_connect(&facts, SERVICE_SSM, 1, FAILURE_TIMEOUT, 2000);
    assert_check("ssm.connect", STATUS_WARN, FAILURE_TIMEOUT);
    assert_int_equal(report.verdict, VERDICT_DEGRADED);
    assert_summary("ssm.connect", "1 of 2 addresses: 10.0.2.21");
    assert_summary("ssm.connect", "the agent comes up by the others, 5 to 20 s later");
    assert_check("ssm.tls", STATUS_PASS, FAILURE_NONE);
    assert_summary("ssm.tls", "1 of 1");
    assert_check("ssm.authorize", STATUS_PASS, FAILURE_NONE);
}

static void skipped_on_request(void **state)
{
    (void)state;
    break_connect(&facts, SERVICE_SSM, 1, FAILURE_TIMEOUT, 2000);
    facts.plan.skipped = check_bit(check_of_service(SERVICE_SSM, RUNG_CONNECT));
    assert_check("ssm.connect", STATUS_SKIP, FAILURE_NOT_WANTED);
    assert_int_equal(report.verdict, VERDICT_READY);
    assert_int_equal(report.n_findings, 0);
}

/* What stands on it has no answer then, and is not left out with it. */
static void skipping_does_not_make_the_rungs_above_hold(void **state)
{
    (void)state;
    break_connect(&facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
    facts.plan.skipped = check_bit(check_of_service(SERVICE_SSM, RUNG_CONNECT));
    assert_check("ssm.tls", STATUS_SKIP, FAILURE_BELOW);
    assert_int_equal(report.verdict, VERDICT_UNKNOWN);
    assert_non_null(strstr(report.summary, "unknown: ssm.tls: not tried: ssm.connect is left out"));
    for (enum rung rung = RUNG_TLS; rung <= RUNG_AUTHORIZE; rung++)
        facts.plan.skipped |= check_bit(check_of_service(SERVICE_SSM, rung));
    diagnose(&facts, &report);
    assert_int_equal(report.verdict, VERDICT_READY);
}

static void permissions_off_skips_the_role(void **state)
{
    (void)state;
    break_role(&facts, CHECK_ROLE_ATTACHED, FAILURE_NO_ROLE);
    facts.plan.permissions = PERMISSIONS_OFF;
    assert_check("role.attached", STATUS_SKIP, FAILURE_NOT_WANTED);
    assert_check("ssm.authorize", STATUS_SKIP, FAILURE_NOT_WANTED);
    assert_int_equal(report.verdict, VERDICT_READY);
}

static void public_addresses_by_mode(void **state)
{
    static const struct {
        enum private_dns mode;
        enum status status;
        enum failure reason;
        enum verdict verdict;
    } rows[] = {
        {PRIVATE_DNS_REQUIRE, STATUS_FAIL, FAILURE_PUBLIC, VERDICT_NOT_READY},
        {PRIVATE_DNS_WARN, STATUS_WARN, FAILURE_PUBLIC, VERDICT_DEGRADED},
        {PRIVATE_DNS_OFF, STATUS_PASS, FAILURE_NONE, VERDICT_READY},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        facts_healthy(&facts);
        facts.plan.private_dns = rows[i].mode;
        resolve_to(&facts, SERVICE_SSM, "52.46.141.158", PLACE_PUBLIC, FAILURE_NONE);
        assert_check("ssm.private", rows[i].status, rows[i].reason);
        assert_int_equal(report.verdict, rows[i].verdict);
    }
}

/* A second opinion was dialled although the rung below failed: it judges no rung. */
static void second_opinions_judge_no_rung(void **state)
{
    (void)state;
    facts.plan.private_dns = PRIVATE_DNS_REQUIRE;
    resolve_to(&facts, SERVICE_SSM, "52.46.141.158", PLACE_PUBLIC, FAILURE_NONE);
    assert_true(facts.endpoints[SERVICE_SSM].addresses[0].second_opinion);
    assert_check("ssm.connect", STATUS_SKIP, FAILURE_BELOW);
    amazon_says(&facts, SERVICE_SSMMESSAGES, "52.46.1.1", FAILURE_NONE);
    assert_check("ssmmessages.private", STATUS_PASS, FAILURE_NONE);
}

/* resolv.conf: the first server that says yes or no decides. */
static void the_first_server_that_answers_decides(void **state)
{
    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSM];
    struct dns_answer *second = add_answer(endpoint, "10.0.9.53", ASKED_CONFIGURED, FAMILY_IPV4);
    (void)state;

    step_fail(&second->step, FAILURE_NXDOMAIN, 1);
    second->rcode = 3;
    assert_check("ssm.resolve", STATUS_PASS, FAILURE_NONE);

    break_resolve(&facts, SERVICE_SSM, FAILURE_TIMEOUT);
    step_fail(&second->step, FAILURE_NXDOMAIN, 1);
    second->rcode = 3;
    assert_check("ssm.resolve", STATUS_FAIL, FAILURE_NXDOMAIN);
    step_fail(&second->step, FAILURE_SERVFAIL, 1);
    second->rcode = 2;
    assert_check("ssm.resolve", STATUS_FAIL, FAILURE_SERVFAIL);
}

static void a_missing_ec2messages_is_no_fault_unless_it_is_required(void **state)
{
    (void)state;
    break_resolve(&facts, SERVICE_EC2MESSAGES, FAILURE_NXDOMAIN);
    assert_check("ec2messages.resolve", STATUS_SKIP, FAILURE_NXDOMAIN);
    assert_int_equal(report.verdict, VERDICT_READY);
    facts.plan.services[SERVICE_EC2MESSAGES].need = NEED_REQUIRED;
    assert_check("ec2messages.resolve", STATUS_FAIL, FAILURE_NXDOMAIN);
    assert_int_equal(report.verdict, VERDICT_NOT_READY);
}

static void what_was_not_probed_never_fails(void **state)
{
    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSM];
    (void)state;
    endpoint->n_actions = 0;
    assert_check("ssm.authorize", STATUS_SKIP, FAILURE_NOT_WANTED);
    assert_int_equal(report.verdict, VERDICT_READY);
}

static void denied_actions_by_need(void **state)
{
    (void)state;
    deny(&facts, SERVICE_SSM, "ssm:GetParameters", DENIED_BY_NO_IDENTITY_POLICY, false);
    assert_check("ssm.authorize", STATUS_WARN, FAILURE_DENIED);
    deny(&facts, SERVICE_SSM, "ssm:ListInstanceAssociations", DENIED_BY_NO_IDENTITY_POLICY, false);
    assert_check("ssm.authorize", STATUS_WARN, FAILURE_DENIED);
    (void)text_set(facts.plan.needed_for, NAME_SIZE, "state-manager");
    assert_check("ssm.authorize", STATUS_FAIL, FAILURE_DENIED);
    assert_summary("ssm.authorize", "ssm:ListInstanceAssociations");
    (void)text_set(facts.plan.needed_for, NAME_SIZE, "inventory");
    assert_check("ssm.authorize", STATUS_PASS, FAILURE_NONE);
    deny(&facts, SERVICE_SSMMESSAGES, NULL, DENIED_BY_NO_IDENTITY_POLICY, false);
    assert_check("ssmmessages.authorize", STATUS_FAIL, FAILURE_DENIED);
}

static void unclear_answers_by_weight(void **state)
{
    (void)state;
    break_actions(&facts, SERVICE_SSM, FAILURE_BAD_REQUEST, 400, "ValidationException", "");
    assert_check("ssm.authorize", STATUS_FAIL, FAILURE_BAD_REQUEST); /* whatever is asked */
    break_actions(&facts, SERVICE_EC2MESSAGES, FAILURE_BAD_REQUEST, 400, "ValidationException", "");
    assert_check("ec2messages.authorize", STATUS_WARN, FAILURE_BAD_REQUEST);
    break_actions(&facts, SERVICE_SSMMESSAGES, FAILURE_BAD_REQUEST, 400, "BadRequest", "");
    assert_check("ssmmessages.authorize", STATUS_FAIL, FAILURE_BAD_REQUEST); /* as the agent asks */
    break_actions(&facts, SERVICE_SSM, FAILURE_THROTTLED, 400, "ThrottlingException", "");
    assert_check("ssm.authorize", STATUS_FAIL, FAILURE_THROTTLED);
    break_actions(&facts, SERVICE_SSM, FAILURE_SERVER_ERROR, 500, "InternalFailure", "");
    assert_check("ssm.authorize", STATUS_FAIL, FAILURE_SERVER_ERROR);
    facts.endpoints[SERVICE_SSM].actions[2].permission = PERMISSION_ALLOWED;
    assert_check("ssm.authorize", STATUS_PASS, FAILURE_NONE);
    break_actions(&facts, SERVICE_SSM, FAILURE_SIGNATURE, 403, "SignatureDoesNotMatch", "");
    facts.endpoints[SERVICE_SSM].actions[2].permission = PERMISSION_ALLOWED;
    assert_check("ssm.authorize", STATUS_FAIL, FAILURE_SIGNATURE);
}

static void the_clock_by_minutes(void **state)
{
    static const struct {
        int64_t off_ms;
        enum status status;
    } rows[] = {{30 * 1000, STATUS_PASS},      {2 * 60 * 1000, STATUS_WARN},
                {-2 * 60 * 1000, STATUS_WARN}, {298 * 1000, STATUS_WARN},
                {300 * 1000, STATUS_FAIL}, /* on which side, a Date cannot say */
                {6 * 60 * 1000, STATUS_FAIL},  {-6 * 60 * 1000, STATUS_FAIL},
                {INT64_MAX / 2, STATUS_FAIL}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        facts_healthy(&facts);
        for (int j = 0; j < N_SERVICES; j++)
            facts.endpoints[j].n_actions = 0;
        move_clock(&facts, rows[i].off_ms);
        assert_int_equal(check("clock.skew")->status, rows[i].status);
    }
}

/* A Date can be rewritten on the way. */
static void a_signature_says_more_than_dates(void **state)
{
    static const struct {
        int64_t imds_ms, ssm_ms;
        enum failure said; /* of the signatures */
        enum status status;
        int32_t n;
    } rows[] = {{0, 3600 * 1000, FAILURE_NONE, STATUS_PASS, 1},
                {3600 * 1000, 3600 * 1000, FAILURE_NONE, STATUS_SKIP, 0},
                {-301 * 1000, -301 * 1000, FAILURE_NONE, STATUS_WARN, 2}, /* by the grain */
                {0, 3600 * 1000, FAILURE_SKEWED, STATUS_PASS, 2},
                {299 * 1000, 299 * 1000, FAILURE_SKEWED, STATUS_FAIL, 2}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        facts_healthy(&facts);
        facts.clock.samples[0].offset_ms = rows[i].imds_ms;
        facts.clock.samples[1].offset_ms = rows[i].ssm_ms;
        if (rows[i].said == FAILURE_SKEWED)
            break_actions(&facts, SERVICE_SSM, FAILURE_SKEWED, 400, "InvalidSignatureException",
                          "");
        assert_int_equal(check("clock.skew")->status, rows[i].status);
        assert_int_equal(look_clock(&facts).n, rows[i].n);
    }
}

static void one_wrong_server_convinces_nobody(void **state)
{
    (void)state;
    facts.clock.n_samples = 3;
    facts.clock.samples[2] = facts.clock.samples[1];
    facts.clock.samples[2].offset_ms = 86400 * 1000;
    assert_check("clock.skew", STATUS_PASS, FAILURE_NONE);
    facts.clock.n_samples = 2;
    facts.clock.samples[1].offset_ms = 86400 * 1000;
    assert_check("clock.skew", STATUS_PASS, FAILURE_NONE);
}

/* By the services' time, not by this machine's: a certificate that has ended does not end soon. */
static void what_ends_soon_is_told_by_the_right_clock(void **state)
{
    struct address_facts *at = &facts.endpoints[SERVICE_SSM].addresses[0];
    int64_t left_s;
    (void)state;

    facts.endpoints[SERVICE_SSM].n_addresses = 1;
    move_clock(&facts, 100 * 1000);
    at->session.not_after_unix_s = facts.started_unix_ms / 1000 + 50;
    assert_null(notes_ends_soon(&facts, SERVICE_SSM, &left_s));
    at->session.not_after_unix_s += 100;
    assert_ptr_equal(notes_ends_soon(&facts, SERVICE_SSM, &left_s), at);
    assert_int_equal(left_s, 50);
}

static void stopped_leaves_unknown(void **state)
{
    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSM];
    (void)state;
    facts.stopped_by = STOPPED_BY_DEADLINE;
    facts.deadline_ms = 179999;
    for (int i = 0; i < 2; i++)
        memset(&endpoint->addresses[i].steps[RUNG_HTTP], 0, sizeof(struct step));
    assert_check("ssm.http", STATUS_UNKNOWN, FAILURE_STOPPED);
    assert_int_equal(report.verdict, VERDICT_UNKNOWN);
    assert_string_equal(report.summary,
                        "unknown: ssm.http had no answer by the deadline: try --deadline 3m");
    facts.deadline_ms = 180000;
    diagnose(&facts, &report);
    assert_string_equal(report.summary,
                        "unknown: ssm.http had no answer by the deadline: try a longer one");
    break_connect(&facts, SERVICE_SSMMESSAGES, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
    diagnose(&facts, &report);
    assert_int_equal(report.verdict, VERDICT_NOT_READY);
}

static void nothing_observed_is_unknown(void **state)
{
    (void)state;
    memset(&facts, 0, sizeof(facts));
    diagnose(&facts, &report);
    assert_int_equal(report.verdict, VERDICT_UNKNOWN);
    assert_int_equal(report.n_findings, 0);
    assert_int_equal(report.checks[CHECK_IMDS_CONNECT].status, STATUS_UNKNOWN);
}

static void versions_compare_by_number(void **state)
{
    (void)state;
    assert_int_equal(text_compare_versions("3.3.40.0", "3.3.1142.0"), -1);
    assert_int_equal(text_compare_versions("3.10.0.0", "3.9.0.0"), 1);
    assert_int_equal(text_compare_versions("3.3.40.0", "3.3.40.0"), 0);
    assert_int_equal(text_compare_versions("3.3", "3.3.1"), -1);
    assert_int_equal(text_compare_versions("", "3.3"), 0);
    assert_int_equal(text_compare_versions("latest", "3.3"), 0);
}

static void no_proxy_covers_hosts(void **state)
{
    static const struct {
        const char *no_proxy;
        bool proxied;
    } rows[] = {
        {"", true},
        {"169.254.169.254", true},
        {"*", false},
        {"ssm.us-east-1.amazonaws.com", false},
        {"SSM.us-east-1.amazonaws.com:443", false},
        {"amazonaws.com", false},
        {".amazonaws.com", false},
        {"localhost, .us-east-1.amazonaws.com", false},
        {"*.amazonaws.com", false},
        {"mazonaws.com", true},
        {"xssm.us-east-1.amazonaws.com", true},
        {".vpce.amazonaws.com", true},
    };
    (void)state;
    SET(facts.agent.https_proxy, "http://proxy:3128");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        SET(facts.agent.no_proxy, "%s", rows[i].no_proxy);
        if (proxy_used(&facts.agent, "ssm.us-east-1.amazonaws.com") != rows[i].proxied)
            fail_msg("NO_PROXY \"%s\"", rows[i].no_proxy);
    }
}

/* systemd's firewall about the agent's unit, by the addresses that it needs: 10.0.0.2 is the nameserver. */
static void what_the_unit_denies_counts_where_it_is_needed(void **state)
{
    enum { BY_DNS, BY_HOSTS_FILE, BY_PROXY, CONNECTED };
    static const struct {
        const char *denied, *allowed;
        int how;
        enum status status;
        const char *words;
    } rows[] = {
        {"", "", BY_DNS, STATUS_PASS, ""},
        {"10.0.0.0/8", "", BY_DNS, STATUS_FAIL, "from 10.0.1.21 (ssm)"},
        {"10.0.0.0/8", "", CONNECTED, STATUS_WARN, "from 10.0.1.21 (ssm)"},
        {"192.168.0.0/16", "", BY_DNS, STATUS_PASS, ""},
        {"10.0.0.0/8", "10.0.0.0/16", BY_DNS, STATUS_PASS, ""},
        {"10.0.1.0/24", "", BY_DNS, STATUS_WARN, "from 10.0.1.21 (ssm)"},
        {"10.0.1.22 10.0.2.22", "", BY_DNS, STATUS_FAIL, "from 10.0.1.22 (ssmmessages)"},
        {"10.0.1.23 10.0.2.23", "", BY_DNS, STATUS_PASS,
         ""}, /* ec2messages, which may be missing */
        {"any", "10.0.1.0/24 10.0.2.0/24", BY_DNS, STATUS_FAIL, "from 10.0.0.2 (its nameserver)"},
        {"any", "10.0.1.0/24 10.0.2.0/24", BY_HOSTS_FILE, STATUS_PASS, ""},
        {"any", "10.0.9.9", BY_PROXY, STATUS_WARN, "proxy"},
        {"any", "10.0.0.0/22", BY_PROXY, STATUS_FAIL, "from 10.0.9.9 (its proxy)"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        facts_healthy(&facts);
        SET(facts.agent.denied_file, "/etc/a.conf");
        SET(facts.agent.denied_networks, "%s", rows[i].denied);
        SET(facts.agent.allowed_networks, "%s", rows[i].allowed);
        for (enum service j = 0; j < N_SERVICES && rows[i].how == BY_HOSTS_FILE; j++)
            for (int32_t k = 0; k < facts.endpoints[j].n_addresses; k++)
                facts.endpoints[j].addresses[k].from_hosts_file = true;
        if (rows[i].how == BY_PROXY) {
            SET(facts.agent.https_proxy, "http://proxy:3128");
            SET(facts.agent.proxy_address, "10.0.9.9");
        }
        if (rows[i].how == CONNECTED)
            facts.agent.connected = ANSWER_YES;
        assert_check("agent.config", rows[i].status,
                     rows[i].status == STATUS_PASS         ? FAILURE_NONE
                     : strcmp(rows[i].words, "proxy") == 0 ? FAILURE_PROXY
                                                           : FAILURE_ENVIRONMENT);
        assert_summary("agent.config", rows[i].words);
    }
    facts_healthy(&facts);
    SET(facts.agent.denied_file, "/etc/systemd/system/amazon-ssm-agent.service.d/hardening.conf");
    SET(facts.agent.denied_networks, "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16");
    assert_check("agent.config", STATUS_FAIL, FAILURE_ENVIRONMENT);
    assert_summary("agent.config", "192.168.0.0/16; and 2 more"); /* whole, and at the end */
    facts_healthy(&facts);
    SET(facts.agent.denied_networks, "10.0.0.2");
    facts.resolvers.n_configured = 2;
    SET(facts.resolvers.configured[1], "10.0.0.3");
    assert_check("agent.config", STATUS_PASS, FAILURE_NONE);
}

/* "2600:..::21" of api.aws beside an IPv4 address, on a machine without IPv6. */
static void an_unusable_family_does_not_count(void **state)
{
    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSM];
    (void)state;
    step_ok(&endpoint->answers[1].step, 1);
    endpoint->answers[1].n_addresses = 1;
    SET(endpoint->answers[1].addresses[0], "2600:9000::1");
    assert_check("ssm.private", STATUS_PASS, FAILURE_NONE);
    facts.network.usable_ipv6 = true;
    assert_check("ssm.private", STATUS_WARN, FAILURE_PUBLIC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_healthy_instance_passes_every_check, start),
        cmocka_unit_test_setup(services_that_are_off_are_not_planned, start),
        cmocka_unit_test_setup(required_follows_the_plan, start),
        cmocka_unit_test_setup(a_rung_above_a_failed_one_is_skipped_and_names_it, start),
        cmocka_unit_test_setup(without_metadata_no_service_is_tried, start),
        cmocka_unit_test_setup(without_credentials_nothing_is_signed, start),
        cmocka_unit_test_setup(one_address_that_fails_warns, start),
        cmocka_unit_test_setup(skipped_on_request, start),
        cmocka_unit_test_setup(skipping_does_not_make_the_rungs_above_hold, start),
        cmocka_unit_test_setup(permissions_off_skips_the_role, start),
        cmocka_unit_test_setup(public_addresses_by_mode, start),
        cmocka_unit_test_setup(second_opinions_judge_no_rung, start),
        cmocka_unit_test_setup(the_first_server_that_answers_decides, start),
        cmocka_unit_test_setup(a_missing_ec2messages_is_no_fault_unless_it_is_required, start),
        cmocka_unit_test_setup(what_was_not_probed_never_fails, start),
        cmocka_unit_test_setup(denied_actions_by_need, start),
        cmocka_unit_test_setup(unclear_answers_by_weight, start),
        cmocka_unit_test_setup(a_signature_says_more_than_dates, start),
        cmocka_unit_test_setup(the_clock_by_minutes, start),
        cmocka_unit_test_setup(one_wrong_server_convinces_nobody, start),
        cmocka_unit_test_setup(what_ends_soon_is_told_by_the_right_clock, start),
        cmocka_unit_test_setup(stopped_leaves_unknown, start),
        cmocka_unit_test_setup(nothing_observed_is_unknown, start),
        cmocka_unit_test_setup(versions_compare_by_number, start),
        cmocka_unit_test_setup(no_proxy_covers_hosts, start),
        cmocka_unit_test_setup(what_the_unit_denies_counts_where_it_is_needed, start),
        cmocka_unit_test_setup(an_unusable_family_does_not_count, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
