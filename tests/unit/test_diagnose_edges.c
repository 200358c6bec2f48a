/* SPDX-License-Identifier: Apache-2.0
 *
 * The edges of what is judged and said: each row starts from a situation, changes one thing, and names a
 * text that the report then has, and one that it has not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/text.h"
#include "diagnose/diagnose.h"
#include "diagnose/look.h"
#include "facts_builder.h"
#include "report_builder.h"
#include "report/report.h"
#include "situations.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)

static struct facts facts;
static struct report report;

/* --- this machine --- */

static void there_is_no_interface(struct facts *f)
{
    f->network.n_interfaces = 0;
    kernel_says(f, "169.254.169.254", ROUTE_NONE, "", 254);
}

static void the_kernel_has_no_route(struct facts *f)
{
    f->network.n_routes = 0;
    kernel_says(f, "169.254.169.254", ROUTE_NONE, "", 254);
}

static void the_kernel_takes_it_for_its_own(struct facts *f)
{
    f->network.n_routes = 0;
    kernel_says(f, "169.254.169.254", ROUTE_LOCAL, "", 255);
}

static void files_cannot_be_read(struct facts *f)
{
    step_fail(&f->machine.trouble, FAILURE_INTERNAL, 0);
    SET(f->machine.trouble.detail, "/etc/hosts: Input/output error");
}

static void nobody_keeps_the_time_and_files_fail(struct facts *f)
{
    f->machine.time_sync = ANSWER_NO;
    files_cannot_be_read(f);
}

static void the_day_is_wrong_and_credentials_are_valid(struct facts *f)
{
    move_clock(f, 86400000);
}

/* --- the metadata service --- */

static void one_request(struct facts *f)
{
    f->imds.n_requests = 1;
}

static void two_requests(struct facts *f)
{
    f->imds.n_requests = 2;
}

static void the_profile_says_it(struct facts *f)
{
    SET(f->role.code, "Failed");
    SET(f->role.info_code, "AssumeRoleUnauthorizedAccess");
}

static void credentials_have_a_status_and_no_code(struct facts *f)
{
    f->role.credentials_status = 500;
    f->role.code[0] = f->role.message[0] = '\0';
}

/* --- names --- */

static void resolv_conf_is_not_there(struct facts *f)
{
    step_fail(&f->resolvers.read, FAILURE_NOT_FOUND, 0);
}

static void the_stub_is_of_ipv6(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_answers; j++)
            if (text_starts(f->endpoints[i].answers[j].server, "127."))
                SET(f->endpoints[i].answers[j].server, "::1");
}

/* --- the agent --- */

static void its_unit_is_a_snaps(struct facts *f)
{
    SET(f->agent.unit, "snap.amazon-ssm-agent.amazon-ssm-agent.service");
}

static void its_last_error_is_another(struct facts *f)
{
    SET(f->agent.last_error, "2026-11-23 11:59:01 ERROR something nobody knows");
}

static void its_last_error_is_known(struct facts *f)
{
    SET(f->agent.last_error, "2026-11-23 11:59:01 ERROR AccessDeniedException: status code 400");
}

static void endpoint_is(struct facts *f, const char *endpoint)
{
    SET(f->agent.ssm_endpoint, "%s", endpoint);
}

static void port_443(struct facts *f)
{
    endpoint_is(f, "ssm.us-east-1.amazonaws.com:443");
}

static void port_443_and_a_path(struct facts *f)
{
    endpoint_is(f, "https://ssm.us-east-1.amazonaws.com:443/x");
}

static void port_4430(struct facts *f)
{
    endpoint_is(f, "https://ssm.us-east-1.amazonaws.com:4430");
}

static void port_44(struct facts *f)
{
    endpoint_is(f, "https://ssm.us-east-1.amazonaws.com:44");
}

static void a_path_with_a_colon(struct facts *f)
{
    endpoint_is(f, "https://ssm.us-east-1.amazonaws.com/a:80");
}

static void endpoint_id_is(struct facts *f, const char *host)
{
    f->plan.services[SERVICE_SSM].host_source = SOURCE_AGENT_CONFIG;
    SET(f->plan.services[SERVICE_SSM].host, "%s", host);
}

static void the_id_has_no_digits(struct facts *f)
{
    endpoint_id_is(f, "vpce-.ssm.us-east-1.vpce.amazonaws.com");
}

static void the_id_ends_in_a_letter(struct facts *f)
{
    endpoint_id_is(f, "vpce-0abcxyz.ssm.us-east-1.vpce.amazonaws.com");
}

static void dns_takes_all_the_time(struct facts *f)
{
    for (int32_t i = 0; i < f->endpoints[SERVICE_SSM].n_answers; i++)
        f->endpoints[SERVICE_SSM].answers[i].step.took_ms = 60000;
}

static void the_token_has_a_detail(struct facts *f)
{
    SET(f->imds.token.detail, "of a kind");
}

static void one_certificate_ends_first(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_addresses; j++)
            f->endpoints[i].addresses[j].session.not_after_unix_s = f->clock.wall_unix_ms / 1000 +
                                                                    (i == SERVICE_SSM ? 3 : 5) *
                                                                        86400 +
                                                                    60;
}

static void another_address_begins_like_it(struct facts *f)
{
    f->network.n_interfaces = 0;
    add_interface(f, "eth7", ANSWER_YES, "10.0.1.100/24");
    add_interface(f, "eth0", ANSWER_YES, "10.0.1.10/24");
    add_interface(f, "eth1", ANSWER_YES, "10.0.2.10/24");
}

static void its_own_address_is_not_known(struct facts *f)
{
    f->instance.private_ipv4[0] = '\0';
}

static void it_has_no_ipv4(struct facts *f)
{
    f->network.usable_ipv4 = false;
}

static void the_stub_only_fails(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_answers; j++) {
            f->endpoints[i].answers[j].unsent = false;
            f->endpoints[i].answers[j].step.failure = FAILURE_TIMEOUT;
        }
}

static void the_alias_is_amazons(struct facts *f)
{
    for (int32_t j = 0; j < f->endpoints[SERVICE_SSM].n_answers; j++)
        SET(f->endpoints[SERVICE_SSM].answers[j].cname, "ssm.aws-gate.example");
}

static void the_alias_is_in_the_domain(struct facts *f)
{
    for (int32_t j = 0; j < f->endpoints[SERVICE_SSM].n_answers; j++)
        SET(f->endpoints[SERVICE_SSM].answers[j].cname, "x.amazonaws.com");
}

static void the_agent_names_the_same_region(struct facts *f)
{
    SET(f->agent.config_region, "us-east-1");
}

static void the_region_is_an_option(struct facts *f)
{
    f->plan.region_source = SOURCE_OPTION;
    f->instance.region[0] = '\0';
}

static void the_issuer_is_not_known(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_addresses; j++)
            f->endpoints[i].addresses[j].session.issuer[0] = '\0';
}

static void the_id_ends_the_label(struct facts *f)
{
    endpoint_id_is(f, "vpce-0abc.ssm.us-east-1.vpce.amazonaws.com");
}

static void the_resetter_is_the_endpoint(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_addresses; j++)
            SET(f->endpoints[i].addresses[j].offender, "%s", f->endpoints[i].addresses[j].address);
}

static void each_subnet_has_one_that_connects(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        break_connect(f, (enum service)i, i % 2, FAILURE_TIMEOUT, 2200);
}

static void its_unit_is_starting(struct facts *f)
{
    f->agent.ended = ANSWER_YES;
    SET(f->agent.unit_active, "activating");
}

static void an_id_holds_a_control(struct facts *f)
{
    SET(f->instance.id, "i-0\x7f");
}

static void other_services_are_not_asked(struct facts *f)
{
    for (int i = SERVICE_SSM + 1; i < N_SERVICES; i++)
        f->plan.services[i].need = NEED_OFF;
}

static void certificates_are_old_by_any_clock(struct facts *f)
{
    break_tls(f, SERVICE_SSM, ALL_ADDRESSES, FAILURE_CERTIFICATE_EXPIRED);
    for (int32_t j = 0; j < f->endpoints[SERVICE_SSM].n_addresses; j++)
        f->endpoints[SERVICE_SSM].addresses[j].session.not_after_unix_s = 1;
}

static void the_role_says_another_thing(struct facts *f)
{
    SET(f->role.code, "Failed");
    f->role.info_code[0] = '\0';
}

static void http_has_no_status(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_addresses; j++)
            f->endpoints[i].addresses[j].head.status = 0;
}

static const struct {
    const char *situation;
    void (*change)(struct facts *facts);
    const char *has, *has_not;
} rows[] = {
    {"network-not-up", there_is_no_interface, "there is no network interface besides loopback",
     NULL},
    {"imds-blocked-locally--reject", the_kernel_has_no_route,
     "the kernel has no route to 169.254.169.254", NULL},
    {"imds-blocked-locally--reject", the_kernel_takes_it_for_its_own,
     "the kernel takes 169.254.169.254 for an address of this machine", NULL},
    {"tls-untrusted", files_cannot_be_read,
     "\"id\":\"ssm.tls\",\"required\":true,\"status\":\"unknown\"", NULL},
    {"healthy", nobody_keeps_the_time_and_files_fail, "\"verdict\":\"", "\"time-sync-missing\""},
    {"credentials-expired", the_day_is_wrong_and_credentials_are_valid, "\"clock-wrong\"", NULL},
    {"imds-throttled", one_request, "\"1 request sent to it in this round\"", NULL},
    {"imds-throttled", two_requests, "\"2 requests sent to it in this round\"", NULL},
    {"role-not-assumable", the_profile_says_it, "\"role-not-assumable\"", NULL},
    {"role-not-assumable", credentials_have_a_status_and_no_code, "status 500", "status 500, Code"},
    {"dns-no-resolver", resolv_conf_is_not_there, "/etc/resolv.conf is not there",
     "names no nameserver"},
    {"dns-local--stub-dead", the_stub_is_of_ipv6, "\"dns-local\"", NULL},
    {"agent-disabled", its_unit_is_a_snaps, "snap ", NULL},
    {"agent-crashes", its_last_error_is_another, "something nobody knows", "the agent says this"},
    {"agent-crashes", its_last_error_is_known, "the agent says this where policy-missing applies",
     NULL},
    {"dns-slow", dns_takes_all_the_time, "3.0 s a look-up", NULL},
    {"imds-disabled", the_token_has_a_detail, ", of a kind", NULL},
    {"healthy", one_certificate_ends_first, "3 days", NULL},
    {"other-interface", another_address_begins_like_it, "\"other-interface\"", "eth7"},
    {"other-interface", its_own_address_is_not_known, "\"network-acl\"", "\"other-interface\""},
    {"dns-local", it_has_no_ipv4, "\"dns-local\"", NULL},
    {"dns-local--stub-dead", the_stub_only_fails, "probably fails on this machine", NULL},
    {"dns-firewall--alias", the_alias_is_amazons, "probably DNS Firewall", NULL},
    {"dns-firewall--alias", the_alias_is_in_the_domain, "probably DNS Firewall", NULL},
    {"signature-rejected", the_agent_names_the_same_region, "probably something rewrites requests",
     NULL},
    {"endpoint-missing", the_region_is_an_option, "\"endpoint-missing\"", NULL},
    {"dns-wrong-name", the_region_is_an_option, "\"dns-wrong-name\"", NULL},
    {"tls-wrong-name", the_issuer_is_not_known, "\"tls-wrong-name\"", "\"tls-intercepted\""},
    {"tls-intercepted", the_issuer_is_not_known, "\"tls-intercepted\"", NULL},
    {"clock-wrong--tls", other_services_are_not_asked, "400 days behind", NULL},
    {"refused-on-the-way", the_resetter_is_the_endpoint, "\"no-route\"", "\"refused-on-the-way\""},
    {"healthy", each_subnet_has_one_that_connects, "\"endpoint-az-unreachable\"",
     "\"network-acl\""},
    {"agent-crashes--stays-down", its_unit_is_starting, "\"agent-crashes\"", "nothing starts it"},
    {"healthy", an_id_holds_a_control, "i-0?", NULL},
    {"clock-wrong--tls", certificates_are_old_by_any_clock, "\"tls-expired\"", NULL},
    {"role-not-assumable", the_role_says_another_thing, "\"role-not-assumable\"", NULL},
    {"proxy-in-the-way", http_has_no_status, "\"proxy-in-the-way\"", "status 0"},
    {"dns-wrong-name--endpoint-gone", the_id_ends_the_label, "--vpc-endpoint-ids vpce-0abc --query",
     NULL},
    {"healthy", port_443, "\"verdict\":\"ready\"", NULL},
    {"healthy", port_443_and_a_path, "\"verdict\":\"ready\"", NULL},
    {"healthy", a_path_with_a_colon, "\"verdict\":\"ready\"", NULL},
    {"healthy", port_4430, "endpoints have 443 only", NULL},
    {"healthy", port_44, "endpoints have 443 only", NULL},
    {"dns-wrong-name--endpoint-gone", the_id_has_no_digits, "\"dns-wrong-name\"", "vpce- "},
    {"dns-wrong-name--endpoint-gone", the_id_ends_in_a_letter, "\"dns-wrong-name\"",
     "--vpc-endpoint-ids vpce-0abc\""},
};

static void what_is_said_at_an_edge(void **state)
{
    int n_wrong = 0;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buffer text;

        facts_healthy(&facts);
        situation_find(rows[i].situation)->make(&facts);
        rows[i].change(&facts);
        diagnose(&facts, &report);
        buffer_init(&text, REPORT_MAX_BYTES);
        write_json_line(&report, &text);
        char *of_facts = strstr(text.bytes, "\"facts\":{");
        assert_non_null(of_facts);
        *of_facts = '\0';
        if (!strstr(text.bytes, rows[i].has)) {
            printf("row %zu, %s: it does not say %s\n%s\n", i, rows[i].situation, rows[i].has,
                   text.bytes);
            n_wrong++;
        }
        if (rows[i].has_not && strstr(text.bytes, rows[i].has_not)) {
            printf("row %zu, %s: it says %s\n", i, rows[i].situation, rows[i].has_not);
            n_wrong++;
        }
        buffer_clear(&text);
    }
    assert_int_equal(n_wrong, 0);
}

/* One line of 80 columns: cut at a word, and nothing hangs at its end. */
static void a_long_summary_is_cut_at_a_word(void **state)
{
    (void)state;
    facts_healthy(&facts);
    situation_find("dns-hosts-override")->make(&facts);
    for (size_t n = 1; n < HOST_SIZE - 1; n++) {
        memset(facts.plan.services[SERVICE_SSM].host, 'a', n);
        for (size_t i = 7; i < n; i += 7)
            facts.plan.services[SERVICE_SSM].host[i] = i % 2 ? ',' : ':';
        facts.plan.services[SERVICE_SSM].host[n] = '\0';
        diagnose(&facts, &report);
        size_t length = strlen(report.summary);
        assert_true(length < SUMMARY_SIZE);
        if (text_ends(report.summary, "..."))
            assert_null(strchr(" ,:", report.summary[length - 4]));
    }
}

static void what_is_not_known_is_neither_past_nor_down(void **state)
{
    (void)state;
    facts_healthy(&facts);
    assert_false(look_is_past(&facts, 0));
    assert_true(look_is_past(&facts, 1));
    assert_false(look_is_to_come(&facts, 0));
    assert_false(look_is_to_come(&facts, 1));
    assert_true(look_is_to_come(&facts, INT64_MAX));
    assert_false(look_agent_stays_down(&facts.agent));
    facts.agent.ended = ANSWER_YES;
    SET(facts.agent.unit_active, "failed");
    assert_true(look_agent_stays_down(&facts.agent));
    SET(facts.agent.unit_active, "inactive");
    assert_true(look_agent_stays_down(&facts.agent));
    SET(facts.agent.unit_active, "active");
    assert_false(look_agent_stays_down(&facts.agent));
    assert_false(look_needs_dualstack(&facts));
    SET(facts.plan.services[SERVICE_SSM].host, "ssm.us-east-1.api.aws");
    assert_true(look_needs_dualstack(&facts));
    SET(facts.plan.services[SERVICE_SSM].host, "ssm.cn-north-1.api.amazonwebservices.com.cn");
    assert_true(look_needs_dualstack(&facts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_at_an_edge),
        cmocka_unit_test(what_is_not_known_is_neither_past_nor_down),
        cmocka_unit_test(a_long_summary_is_cut_at_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
