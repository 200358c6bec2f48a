/* SPDX-License-Identifier: Apache-2.0
 *
 * The one observation that turns a cause into its nearest neighbour: each row starts from a
 * situation, changes one thing, and names the root cause that must come out then.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "situations.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)
#define EACH_SERVICE(i) for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)

static struct facts facts;
static struct report report;

static void dmi_says_ec2(struct facts *f)
{
    f->machine.is_ec2 = ANSWER_YES;
}

static void an_address_comes_up(struct facts *f)
{
    f->network.usable_ipv4 = f->network.default_route_ipv4 = true;
}

static void imds_takes_three_seconds(struct facts *f)
{
    f->imds.connect.failure = FAILURE_HOST_UNREACHABLE;
    f->imds.connect.took_ms = 3050;
}

static void get_is_silent_too(struct facts *f)
{
    f->imds.get_answers = ANSWER_NO;
}

static void token_is_forbidden(struct facts *f)
{
    f->imds.token.failure = FAILURE_FORBIDDEN;
    f->imds.token_status = 403;
    f->imds.get_answers = ANSWER_NO;
}

static void token_is_not_found(struct facts *f)
{
    f->imds.token.failure = FAILURE_NOT_FOUND;
    f->imds.token_status = 404;
}

static void profile_is_attached(struct facts *f)
{
    f->role.attached.failure = FAILURE_PROFILE_EMPTY;
}

static void agent_has_default_role(struct facts *f)
{
    f->role.dhmc = ANSWER_YES;
}

static void clock_is_a_day_ahead(struct facts *f)
{
    for (int i = 0; i < N_SERVICES; i++)
        f->endpoints[i].n_actions = 0; /* which AWS would not have accepted */
    move_clock(f, (int64_t)-86400 * 1000);
}

static void amazon_answers_private(struct facts *f)
{
    EACH_SERVICE(i) amazon_says(f, (enum service)i, "10.0.1.21", FAILURE_NONE);
}

static void resolver_is_amazons(struct facts *f)
{
    use_resolver(f, "10.0.0.2");
    EACH_SERVICE(i) f->endpoints[i].n_answers = 2;
}

static void resolver_is_custom(struct facts *f)
{
    use_resolver(f, "10.0.9.53");
}

static void resolver_fails(struct facts *f)
{
    EACH_SERVICE(i) break_resolve(f, (enum service)i, FAILURE_SERVFAIL);
}

static void amazon_is_unheard(struct facts *f)
{
    EACH_SERVICE(i) f->endpoints[i].n_answers = 2;
}

static void two_services_are_private(struct facts *f)
{
    add_service(f, SERVICE_SSM, NEED_REQUIRED);
    add_service(f, SERVICE_EC2MESSAGES, NEED_REQUIRED);
}

static void public_address_answers(struct facts *f)
{
    resolve_to(f, SERVICE_SSMMESSAGES, "52.46.132.117", PLACE_PUBLIC, FAILURE_NONE);
}

static void all_public_addresses_answer(struct facts *f)
{
    EACH_SERVICE(i) resolve_to(f, (enum service)i, "52.46.1.1", PLACE_PUBLIC, FAILURE_NONE);
}

static void dns_gives_the_pinned_one(struct facts *f)
{
    SET(f->endpoints[SERVICE_SSM].answers[0].addresses[0], "10.0.1.99");
}

static void first_service_connects(struct facts *f)
{
    add_service(f, SERVICE_SSM, NEED_REQUIRED);
}

static void own_subnet_connects(struct facts *f)
{
    EACH_SERVICE(i)
    {
        add_service(f, (enum service)i, NEED_REQUIRED);
        break_connect(f, (enum service)i, 1, FAILURE_TIMEOUT, 2000);
    }
}

static void only_one_service_loses_a_zone(struct facts *f)
{
    add_service(f, SERVICE_SSMMESSAGES, NEED_REQUIRED);
    add_service(f, SERVICE_EC2MESSAGES, NEED_REQUIRED);
}

static void the_zone_refuses(struct facts *f)
{
    break_connect(f, SERVICE_SSM, 1, FAILURE_REFUSED, 1);
}

static void all_refuse(struct facts *f)
{
    EACH_SERVICE(i) break_connect(f, (enum service)i, ALL_ADDRESSES, FAILURE_REFUSED, 1);
}

static void this_machine_refuses_all(struct facts *f)
{
    all_refuse(f);
    EACH_SERVICE(i)
    for (int j = 0; j < 2; j++)
        f->endpoints[i].addresses[j].refused_here = ANSWER_YES;
}

static void the_router_is_this_machine(struct facts *f)
{
    EACH_SERVICE(i) f->endpoints[i].addresses[1].refused_here = ANSWER_YES;
}

static void the_device_is_the_instances(struct facts *f)
{
    f->network.interfaces[1].own = ANSWER_YES;
    for (int32_t i = 0; i < f->network.n_routes; i++)
        SET(f->network.routes[i].via, "100.64.1.1");
}

static void no_second_interface(struct facts *f)
{
    f->network.n_routes = 0;
}

static void another_port_of_the_half_connects(struct facts *f)
{
    f->endpoints[SERVICE_SSMMESSAGES].addresses[1].port = 40333;
}

static void silence_of_three_seconds(struct facts *f)
{
    EACH_SERVICE(i)
    break_connect(f, (enum service)i, ALL_ADDRESSES, FAILURE_HOST_UNREACHABLE, 3050);
}

static void only_one_refuses(struct facts *f)
{
    add_service(f, SERVICE_SSMMESSAGES, NEED_REQUIRED);
    add_service(f, SERVICE_EC2MESSAGES, NEED_REQUIRED);
}

static void small_segments_fail_too(struct facts *f)
{
    EACH_SERVICE(i)
    for (int j = 0; j < 2; j++)
        f->endpoints[i].addresses[j].small_segments = ANSWER_NO;
}

static void clock_is_right(struct facts *f)
{
    for (int32_t i = 0; i < f->clock.n_samples; i++)
        f->clock.samples[i].offset_ms = 40;
}

static void system_bundle_trusts(struct facts *f)
{
    EACH_SERVICE(i)
    {
        add_service(f, (enum service)i, NEED_REQUIRED);
        for (int j = 0; j < 2; j++) {
            f->endpoints[i].addresses[j].session.trust_by = TRUST_BY_SYSTEM;
            SET(f->endpoints[i].addresses[j].session.issuer, "CN=Example Corp CA");
        }
    }
}

static void issuer_signed_itself(struct facts *f)
{
    EACH_SERVICE(i)
    for (int j = 0; j < 2; j++) {
        struct tls_session *session = &f->endpoints[i].addresses[j].session;
        SET(session->issuer, "%s", session->subject);
    }
}

static void one_action_is_allowed(struct facts *f)
{
    f->endpoints[SERVICE_SSM].actions[0].permission = PERMISSION_ALLOWED;
    f->endpoints[SERVICE_SSM].actions[0].failure = FAILURE_NONE;
}

static void denied_with(struct facts *f, enum denied_by by, bool explicit_deny)
{
    EACH_SERVICE(i) deny(f, (enum service)i, NULL, by, explicit_deny);
}

static void the_policy_says_no(struct facts *f)
{
    denied_with(f, DENIED_BY_IDENTITY_POLICY, true);
}

static void the_endpoint_says_no(struct facts *f)
{
    denied_with(f, DENIED_BY_ENDPOINT_POLICY, false);
}

static void the_boundary_says_no(struct facts *f)
{
    denied_with(f, DENIED_BY_BOUNDARY, false);
}

static void the_organization_says_no(struct facts *f)
{
    denied_with(f, DENIED_BY_RESOURCE_CONTROL_POLICY, true);
}

static void nobody_says_why(struct facts *f)
{
    denied_with(f, DENIED_BY_UNSAID, false);
}

static void a_session_policy_says_no(struct facts *f)
{
    denied_with(f, DENIED_BY_SESSION_POLICY, false);
}

static void the_service_itself_fails(struct facts *f)
{
    EACH_SERVICE(i) break_http(f, (enum service)i, ALL_ADDRESSES, FAILURE_SERVER_ERROR, 503);
}

static void user_requires_ec2messages(struct facts *f)
{
    f->plan.services[SERVICE_EC2MESSAGES].need = NEED_REQUIRED;
}

static void agent_is_installed_disabled(struct facts *f)
{
    struct facts healthy;
    facts_healthy(&healthy);
    f->agent = healthy.agent;
    f->agent.unit_state = UNIT_DISABLED;
}

static void unit_is_masked(struct facts *f)
{
    f->agent.unit_state = UNIT_MASKED;
}

static void bundle_is_there_config_is_not(struct facts *f)
{
    SET(f->agent.ca_bundle, "/etc/ssl/certs/ca-certificates.crt");
    step_fail(&f->agent.config, FAILURE_INVALID, 1);
}

static void one_service_connects_after_all(struct facts *f)
{
    add_service(f, SERVICE_EC2MESSAGES, NEED_REQUIRED);
}

static void resolver_rejects_at_once(struct facts *f)
{
    EACH_SERVICE(i)
    {
        break_resolve(f, (enum service)i, FAILURE_REFUSED);
        f->endpoints[i].n_answers = 2;
    }
}

static void one_service_is_elsewhere_only(struct facts *f)
{
    struct endpoint_facts *endpoint = &f->endpoints[SERVICE_SSMMESSAGES];
    endpoint->addresses[0] = endpoint->addresses[1];
    endpoint->n_addresses = 1;
}

static void one_service_is_pinned(struct facts *f)
{
    struct address_facts *at = &f->endpoints[SERVICE_SSM].addresses[0];
    at->from_hosts_file = true;
    SET(at->address, "52.46.99.99");
}

static void only_one_certificate_is_new(struct facts *f)
{
    add_service(f, SERVICE_SSMMESSAGES, NEED_REQUIRED);
    add_service(f, SERVICE_EC2MESSAGES, NEED_REQUIRED);
}

static void services_say_the_clock_is_off(struct facts *f)
{
    EACH_SERVICE(i)
    {
        add_service(f, (enum service)i, NEED_REQUIRED);
        break_actions(f, (enum service)i, FAILURE_SKEWED, 400, "RequestTimeTooSkewed", "");
    }
}

static void dmi_is_no_ec2(struct facts *f)
{
    f->machine.is_ec2 = ANSWER_NO;
}

static void address_is_inside(struct facts *f)
{
    EACH_SERVICE(i) resolve_to(f, (enum service)i, "10.0.3.21", PLACE_IN_VPC, FAILURE_NONE);
}

static void the_other_family_is_silent_too(struct facts *f)
{
    EACH_SERVICE(i) break_connect(f, (enum service)i, ALL_ADDRESSES, FAILURE_TIMEOUT, 3500);
}

static void the_other_family_is_silent_at_one(struct facts *f)
{
    break_connect(f, SERVICE_SSMMESSAGES, ALL_ADDRESSES, FAILURE_TIMEOUT, 3500);
}

static void the_machine_has_one_family(struct facts *f)
{
    f->network.usable_ipv6 = false;
}

static void the_family_is_refused(struct facts *f)
{
    EACH_SERVICE(i) break_connect(f, (enum service)i, 2, FAILURE_REFUSED, 1);
}

static const struct {
    const char *from;
    void (*change)(struct facts *facts);
    const char *to; /* "": nothing is left */
} rows[] = {
    {"not-ec2", dmi_says_ec2, "imds-unreachable"},
    {"network-not-up", an_address_comes_up, "imds-blocked-locally"},
    {"imds-blocked-locally", imds_takes_three_seconds, "gateway-silent"},
    {"imds-hop-limit", get_is_silent_too, "imds-unreachable"},
    {"imds-hop-limit", token_is_forbidden, "imds-disabled"},
    {"imds-hop-limit", dmi_is_no_ec2, "not-ec2"},
    {"imds-throttled", token_is_not_found, "imds-malformed"},
    {"role-missing", profile_is_attached, "role-profile-empty"},
    {"role-missing", agent_has_default_role, "dhmc-in-use"},
    {"credentials-expired", clock_is_a_day_ahead, "clock-wrong"},

    {"vpc-dns-off", resolver_is_custom, "dns-resolver-unreachable"},
    {"vpc-dns-off", resolver_fails, "dns-servfail"},
    {"vpc-dns-off", resolver_rejects_at_once, "dns-resolver-unreachable"},
    {"private-dns-off", one_service_is_pinned, "dns-hosts-override"},
    {"vpc-dns-off", amazon_answers_private, "dns-resolver-unreachable"},
    {"dns-bypasses-vpc", resolver_is_amazons, "private-dns-off"},
    {"dns-bypasses-vpc--nxdomain", amazon_is_unheard, "dns-wrong-name"},
    {"private-dns-off--custom-resolver", amazon_answers_private, "dns-bypasses-vpc"},
    {"private-dns-off", two_services_are_private, "endpoint-missing"},
    {"private-dns-off", all_public_addresses_answer, "public-path"},
    {"endpoint-missing", public_address_answers, "public-path"},
    {"dns-hosts-override", dns_gives_the_pinned_one, "endpoint-blocks-443"},
    {"ec2messages-not-needed", user_requires_ec2messages, "endpoint-missing"},
    {"endpoint-outside-vpc", address_is_inside, ""},

    {"egress-blocked", first_service_connects, "endpoint-blocks-443"},
    {"egress-blocked", own_subnet_connects, "network-acl"},
    {"egress-blocked", all_refuse, "refused-on-the-way"},
    {"egress-blocked", this_machine_refuses_all, "local-firewall"},
    {"refused-on-the-way", the_router_is_this_machine, "local-firewall"},
    {"route-elsewhere", the_device_is_the_instances, "egress-blocked"},
    {"other-interface", no_second_interface, "network-acl"},
    {"network-acl--some-ports", another_port_of_the_half_connects, ""},
    {"egress-blocked", silence_of_three_seconds, "gateway-silent"},
    {"network-acl", only_one_service_loses_a_zone, "endpoint-az-unreachable"},
    {"endpoint-az-unreachable", the_zone_refuses, "endpoint-refuses"},
    {"refused-on-the-way--resets", only_one_refuses, "endpoint-refuses"},
    {"local-firewall", one_service_connects_after_all, "local-firewall"},
    {"network-acl", one_service_is_elsewhere_only, "network-acl"},
    {"address-family-blocked", the_other_family_is_silent_too, "egress-blocked"},
    {"address-family-blocked--one-endpoint", the_other_family_is_silent_at_one,
     "endpoint-blocks-443"},
    {"address-family-blocked", the_machine_has_one_family, ""},
    {"address-family-blocked", the_family_is_refused, "refused-on-the-way"},
    {"path-mtu", small_segments_fail_too, "tls-reset"},

    {"clock-wrong--tls", clock_is_right, "tls-expired"},
    {"clock-wrong", clock_is_right, "signature-rejected"},
    {"clock-wrong--no-sample", only_one_certificate_is_new, "tls-expired"},
    {"clock-wrong--no-sample", services_say_the_clock_is_off, "clock-wrong"},
    {"tls-expired", clock_is_a_day_ahead, "clock-wrong"},
    {"tls-untrusted", system_bundle_trusts, "tls-intercepted"},
    {"tls-intercepted--private-authority", issuer_signed_itself, "tls-untrusted"},

    {"policy-missing", one_action_is_allowed, "policy-incomplete"},
    {"policy-missing", the_policy_says_no, "denied-explicitly"},
    {"policy-missing", the_endpoint_says_no, "denied-by-endpoint-policy"},
    {"policy-missing", the_boundary_says_no, "denied-by-boundary"},
    {"policy-missing", the_organization_says_no, "denied-by-organization"},
    {"policy-missing", nobody_says_why, "denied"},
    {"policy-missing", a_session_policy_says_no, "denied"},
    {"proxy-in-the-way", the_service_itself_fails, "service-unavailable"},

    {"agent-missing", agent_is_installed_disabled, "agent-disabled"},
    {"agent-disabled", unit_is_masked, "agent-masked"},
    {"ca-bundle-missing", bundle_is_there_config_is_not, "agent-config-invalid"},
};

static void one_observation_turns_a_cause_into_its_neighbour(void **state)
{
    int wrong = 0;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct situation *from = situation_find(rows[i].from);
        assert_non_null(from);
        facts_healthy(&facts);
        from->make(&facts);
        diagnose(&facts, &report);
        assert_true(report.n_findings > 0);
        if (!text_starts(from->name, report.findings[0].code)) {
            print_error("%s is %s\n", rows[i].from, report.findings[0].code);
            wrong++;
        }
        rows[i].change(&facts);
        diagnose(&facts, &report);
        const char *got = report.n_findings > 0 ? report.findings[0].code : "";
        if (strcmp(got, rows[i].to) != 0) {
            print_error("row %zu: %s became \"%s\", not \"%s\"\n", i, rows[i].from, got,
                        rows[i].to);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static enum confidence diagnosed(const char *code)
{
    diagnose(&facts, &report);
    assert_true(report.n_findings > 0);
    assert_string_equal(report.findings[0].code, code);
    return report.findings[0].confidence;
}

/* What another service's address in the same subnet proves. */
static void a_neighbour_that_connects_excludes_a_network_acl(void **state)
{
    (void)state;
    facts_healthy(&facts);
    break_connect(&facts, SERVICE_SSM, 1, FAILURE_TIMEOUT, 2000);
    (void)diagnosed("endpoint-az-unreachable");
    assert_int_equal(report.findings[0].n_alternatives, 0);

    /* The others' second address lies in a third subnet: nobody vouches for the second. */
    for (int i = SERVICE_SSMMESSAGES; i <= SERVICE_EC2MESSAGES; i++)
        SET(facts.endpoints[i].addresses[1].address, "10.0.3.2%d", i);
    (void)diagnosed("endpoint-az-unreachable");
    assert_string_equal(report.findings[0].alternatives[0].code, "network-acl");

    /* In the own subnet nobody needs to: no network ACL lies between. */
    facts_healthy(&facts);
    break_connect(&facts, SERVICE_SSM, 0, FAILURE_TIMEOUT, 2000);
    (void)diagnosed("endpoint-az-unreachable");
    assert_int_equal(report.findings[0].n_alternatives, 0);
}

/* A role that carries the agent's own actions alone looks like this too, where these were not tried; and one that lacks a
 * single action, where ssm is out of reach. */
static void a_policy_is_certainly_missing_only_when_the_agents_own_action_was_denied(void **state)
{
    struct endpoint_facts *ssm = &facts.endpoints[SERVICE_SSM];
    (void)state;

    facts_healthy(&facts);
    situation_find("policy-missing")->make(&facts);
    facts.role.identity_role = ANSWER_NO; /* no Default Host Management either */
    assert_int_equal(diagnosed("policy-missing"), CONFIDENCE_LIKELY);
    assert_string_equal(report.findings[0].alternatives[0].code, "policy-incomplete");
    for (int32_t i = 0; i < ssm->n_actions; i++)
        if (strcmp(ssm->actions[i].action, "ssm:UpdateInstanceInformation") == 0)
            ssm->actions[i].permission = PERMISSION_DENIED;
    deny(&facts, SERVICE_SSM, NULL, DENIED_BY_NO_IDENTITY_POLICY, false);
    assert_int_equal(diagnosed("policy-missing"), CONFIDENCE_CERTAIN);
    for (int32_t i = 0; i < ssm->n_actions; i++)
        ssm->actions[i].permission = PERMISSION_NOT_PROBED;
    assert_int_equal(diagnosed("policy-missing"), CONFIDENCE_LIKELY);
    assert_string_equal(report.findings[0].alternatives[0].code, "policy-incomplete");
    assert_non_null(strstr(report.findings[0].title, "All tried actions ("));
}

/* An upstream that answers excludes a dead one: the stub itself is ill. */
static void behind_a_stub_its_upstream_counts(void **state)
{
    (void)state;
    facts_healthy(&facts);
    situation_find("dns-resolver-unreachable--stub")->make(&facts);
    assert_int_equal(diagnosed("dns-resolver-unreachable"), CONFIDENCE_LIKELY);
    EACH_SERVICE(i)
    for (int32_t j = 0; j < facts.endpoints[i].n_answers; j++) {
        struct dns_answer *answer = &facts.endpoints[i].answers[j];
        if (answer->asked_as != ASKED_UPSTREAM)
            continue;
        step_fail(&answer->step, FAILURE_SERVFAIL, 1);
        answer->rcode = 2;
    }
    (void)diagnosed("dns-bypasses-vpc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_observation_turns_a_cause_into_its_neighbour),
        cmocka_unit_test(a_neighbour_that_connects_excludes_a_network_acl),
        cmocka_unit_test(a_policy_is_certainly_missing_only_when_the_agents_own_action_was_denied),
        cmocka_unit_test(behind_a_stub_its_upstream_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
