/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS, the services' answers, the agent, notes, and several faults at once.
 */
#include <string.h>

#include "base/text.h"
#include "facts_builder.h"
#include "situations.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)
/* NOLINTNEXTLINE(bugprone-macro-parentheses): it declares its variable */
#define EACH_SERVICE(i) for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)

enum { HOUR_MS = 3600 * 1000 };

/* --- TLS and the clock --- */

static void tls_all(struct facts *facts, enum failure failure)
{
    EACH_SERVICE(i) break_tls(facts, (enum service)i, ALL_ADDRESSES, failure);
}

static void issued_by(struct facts *facts, const char *issuer, enum trust_by trust_by)
{
    EACH_SERVICE(i)
    for (int32_t j = 0; j < facts->endpoints[i].n_addresses; j++) {
        SET(facts->endpoints[i].addresses[j].session.issuer, "%s", issuer);
        facts->endpoints[i].addresses[j].session.trust_by = trust_by;
    }
}

static void clock_behind(struct facts *facts)
{
    move_clock(facts, HOUR_MS);
    EACH_SERVICE(i)
    break_actions(facts, (enum service)i, FAILURE_SKEWED, 400, "InvalidSignatureException",
                  "Signature expired: 20261123T110000Z is now earlier than 20261123T115500Z "
                  "(20261123T120000Z - 5 min.)");
}

static void clock_a_little_behind(struct facts *facts)
{
    move_clock(facts, (int64_t)4 * 60 * 1000);
}

static void nobody_signs(struct facts *facts)
{
    EACH_SERVICE(i)
    facts->endpoints[i].n_actions = 0;
}

/* Within five minutes, by less than a Date header's grain. */
static void clock_at_the_limit(struct facts *facts)
{
    move_clock(facts, (int64_t)5 * 60 * 1000 - 500);
    nobody_signs(facts);
}

/* The services' Dates count for nothing behind opened TLS, and nobody signs. */
static void clock_behind_by_imds_alone(struct facts *facts)
{
    clock_behind(facts);
    facts->clock.n_samples = 1;
    nobody_signs(facts);
}

static void clock_in_the_past(struct facts *facts)
{
    move_clock(facts, (int64_t)400 * 24 * HOUR_MS);
    tls_all(facts, FAILURE_CERTIFICATE_NOT_YET_VALID);
}

static void clock_in_the_past_without_sample(struct facts *facts)
{
    tls_all(facts, FAILURE_CERTIFICATE_NOT_YET_VALID);
    facts->clock.n_samples = 0;
}

static void expired(struct facts *facts)
{
    break_tls(facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_CERTIFICATE_EXPIRED);
    for (int i = 0; i < 2; i++)
        facts->endpoints[SERVICE_SSM].addresses[i].session.not_after_unix_s =
            facts->started_unix_ms / 1000 - 86400;
}

static void intercepted(struct facts *facts)
{
    issued_by(facts, "CN=Example Corp TLS Inspection CA", TRUST_BY_SYSTEM);
}

/* Isolated Regions have an authority of their own. */
static void other_authority_of_a_partition(struct facts *facts)
{
    intercepted(facts);
    SET(facts->plan.region, "us-iso-east-1");
}

static void intercepted_with_ca_file(struct facts *facts)
{
    issued_by(facts, "CN=Example Corp TLS Inspection CA", TRUST_BY_CA_FILE);
}

static void newer_amazon_root(struct facts *facts)
{
    issued_by(facts, "C=US, O=Amazon, CN=Amazon RSA 2048 M09", TRUST_BY_SYSTEM);
}

static void private_authority(struct facts *facts)
{
    tls_all(facts, FAILURE_UNTRUSTED);
    issued_by(facts, "CN=Example Corp TLS Inspection CA", TRUST_BY_NONE);
}

static void untrusted(struct facts *facts)
{
    tls_all(facts, FAILURE_UNTRUSTED);
    EACH_SERVICE(i)
    for (int32_t j = 0; j < 2; j++) {
        struct tls_session *session = &facts->endpoints[i].addresses[j].session;
        SET(session->issuer, "%s", session->subject);
        SET(session->verify, "self-signed certificate");
    }
}

static void wrong_name(struct facts *facts)
{
    break_tls(facts, SERVICE_SSMMESSAGES, ALL_ADDRESSES, FAILURE_WRONG_NAME);
    for (int i = 0; i < 2; i++) {
        struct tls_session *session = &facts->endpoints[SERVICE_SSMMESSAGES].addresses[i].session;
        session->name_matches = false;
        SET(session->names, "logs.us-east-1.amazonaws.com");
    }
}

static void untrusted_at_one_address(struct facts *facts)
{
    break_tls(facts, SERVICE_SSM, 1, FAILURE_UNTRUSTED);
    SET(facts->endpoints[SERVICE_SSM].addresses[1].session.issuer, "%s",
        facts->endpoints[SERVICE_SSM].addresses[1].session.subject);
}

static void wrong_name_at_one_address(struct facts *facts)
{
    wrong_name(facts);
    facts->endpoints[SERVICE_SSMMESSAGES].addresses[0] = facts->endpoints[SERVICE_SSM].addresses[0];
    SET(facts->endpoints[SERVICE_SSMMESSAGES].addresses[0].address, "10.0.1.22");
}

static void reset(struct facts *facts)
{
    tls_all(facts, FAILURE_RESET);
}

static void cut_once(struct facts *facts, enum service service, enum failure failure)
{
    facts->endpoints[service].addresses[0].cut = failure;
}

static void ssm_reset_once(struct facts *facts)
{
    cut_once(facts, SERVICE_SSM, FAILURE_RESET);
}

static void closed_once(struct facts *facts)
{
    EACH_SERVICE(i) cut_once(facts, (enum service)i, FAILURE_CLOSED);
}

static void refused_once(struct facts *facts)
{
    cut_once(facts, SERVICE_SSM, FAILURE_REFUSED);
    cut_once(facts, SERVICE_SSMMESSAGES, FAILURE_REFUSED);
}

static void above_a_limit(struct facts *facts)
{
    cut_once(facts, SERVICE_SSM, FAILURE_TIMEOUT);
    break_connect(facts, SERVICE_SSM, 1, FAILURE_REFUSED, 1);
    break_connect(facts, SERVICE_SSMMESSAGES, 1, FAILURE_TIMEOUT, 2200);
}

static void one_is_cut_once_another_always(struct facts *facts)
{
    break_tls(facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_RESET);
    cut_once(facts, SERVICE_SSMMESSAGES, FAILURE_RESET);
}

static void no_tls(struct facts *facts)
{
    tls_all(facts, FAILURE_NOT_TLS);
}

static void tls_version(struct facts *facts)
{
    tls_all(facts, FAILURE_TLS_VERSION);
}

const struct situation tls_situations[] = {
    {"clock-wrong", clock_behind},
    {"clock-wrong--a-little-behind", clock_a_little_behind},
    {"clock-wrong--at-the-limit", clock_at_the_limit},
    {"clock-wrong--by-imds-alone", clock_behind_by_imds_alone},
    {"clock-wrong--tls", clock_in_the_past},
    {"clock-wrong--no-sample", clock_in_the_past_without_sample},
    {"tls-expired", expired},
    {"tls-intercepted", intercepted},
    {"tls-intercepted--iso", other_authority_of_a_partition},
    {"tls-intercepted--private-authority", private_authority},
    {"healthy--ca-file", intercepted_with_ca_file},
    {"healthy--newer-root", newer_amazon_root},
    {"tls-untrusted", untrusted},
    {"tls-untrusted--one-address", untrusted_at_one_address},
    {"tls-wrong-name", wrong_name},
    {"tls-wrong-name--one-address", wrong_name_at_one_address},
    {"tls-unsteady", ssm_reset_once},
    {"tls-unsteady--closed", closed_once},
    {"connect-unsteady", refused_once},
    {"connect-unsteady--limit", above_a_limit},
    {"tls-reset--another-unsteady", one_is_cut_once_another_always},
    {"tls-reset", reset},
    {"tls-reset--no-tls", no_tls},
    {"tls-version", tls_version},
    {NULL, NULL},
};

/* --- the services' answers --- */

static void deny_all(struct facts *facts, enum denied_by by, bool explicit_deny)
{
    EACH_SERVICE(i) deny(facts, (enum service)i, NULL, by, explicit_deny);
}

static void policy_missing(struct facts *facts)
{
    deny_all(facts, DENIED_BY_NO_IDENTITY_POLICY, false);
}

/* A role for sessions alone may look so: the channel's action decides, and was not tried. */
static void policy_missing_channel_not_tried(struct facts *facts)
{
    struct endpoint_facts *endpoint = &facts->endpoints[SERVICE_SSMMESSAGES];

    deny(facts, SERVICE_SSM, NULL, DENIED_BY_NO_IDENTITY_POLICY, false);
    deny(facts, SERVICE_EC2MESSAGES, NULL, DENIED_BY_NO_IDENTITY_POLICY, false);
    for (int32_t i = 0; i < endpoint->n_actions; i++)
        endpoint->actions[i].permission = PERMISSION_NOT_PROBED;
}

static void policy_missing_in_china(struct facts *facts)
{
    SET(facts->plan.region, "cn-north-1");
    SET(facts->plan.domain, "amazonaws.com.cn");
    SET(facts->instance.region, "cn-north-1");
    SET(facts->instance.partition, "aws-cn");
    policy_missing(facts);
}

static void policy_missing_one_says_nothing(struct facts *facts)
{
    policy_missing(facts);
    deny(facts, SERVICE_SSMMESSAGES, NULL, DENIED_BY_UNSAID, false);
}

/* What the boundary does not allow, a policy of the role does: so the policy is not missing. */
static void policy_behind_a_boundary(struct facts *facts)
{
    policy_missing(facts);
    deny(facts, SERVICE_SSM, NULL, DENIED_BY_BOUNDARY, false);
}

static void policy_incomplete(struct facts *facts)
{
    deny(facts, SERVICE_SSMMESSAGES, NULL, DENIED_BY_NO_IDENTITY_POLICY, false);
}

static void parameters_denied(struct facts *facts)
{
    deny(facts, SERVICE_SSM, "ssm:GetParameter", DENIED_BY_NO_IDENTITY_POLICY, false);
    deny(facts, SERVICE_SSM, "ssm:GetParameters", DENIED_BY_NO_IDENTITY_POLICY, false);
}

/* The agent's own first request, which only --permissions agent sends. */
static void answer_own_request(struct facts *facts)
{
    struct endpoint_facts *endpoint = &facts->endpoints[SERVICE_SSM];

    facts->plan.permissions = PERMISSIONS_AGENT;
    facts->agent.running = ANSWER_NO;
    for (int32_t i = 0; i < endpoint->n_actions; i++)
        if (strcmp(endpoint->actions[i].action, "ssm:UpdateInstanceInformation") == 0) {
            endpoint->actions[i].why_not[0] = '\0';
            endpoint->actions[i].permission = PERMISSION_ALLOWED;
            endpoint->actions[i].status = 200;
        }
}

static void own_request_allowed(struct facts *facts)
{
    answer_own_request(facts);
}

static void own_request_denied(struct facts *facts)
{
    answer_own_request(facts);
    deny(facts, SERVICE_SSM, "ssm:UpdateInstanceInformation", DENIED_BY_NO_IDENTITY_POLICY, false);
}

/* A filter on the way lets everything else pass. */
static void own_request_filtered(struct facts *facts)
{
    answer_own_request(facts);
    struct endpoint_facts *endpoint = &facts->endpoints[SERVICE_SSM];
    for (int32_t i = 0; i < endpoint->n_actions; i++)
        if (strcmp(endpoint->actions[i].action, "ssm:UpdateInstanceInformation") == 0) {
            endpoint->actions[i].permission = PERMISSION_UNCLEAR;
            endpoint->actions[i].failure = FAILURE_NOT_AWS;
            SET(endpoint->actions[i].address, "%s", endpoint->addresses[0].address);
            endpoint->actions[i].status = 403;
        }
}
static void own_request_denied_with_dhmc(struct facts *facts)
{
    own_request_denied(facts);
    facts->plan.dhmc = true;
}

static void policy_missing_with_dhmc(struct facts *facts)
{
    policy_missing(facts);
    facts->plan.dhmc = true;
}

static void endpoint_policy_with_dhmc(struct facts *facts)
{
    deny_all(facts, DENIED_BY_ENDPOINT_POLICY, false);
    facts->plan.dhmc = true;
}

/* AWS's documented minimum: UpdateInstanceInformation and the four of ssmmessages. */
static void sessions_only(struct facts *facts)
{
    deny(facts, SERVICE_SSM, NULL, DENIED_BY_NO_IDENTITY_POLICY, false);
    deny(facts, SERVICE_EC2MESSAGES, NULL, DENIED_BY_NO_IDENTITY_POLICY, false);
}

static void sessions_only_for_sessions(struct facts *facts)
{
    sessions_only(facts);
    SET(facts->plan.needed_for, "sessions");
}

static void sessions_only_for_core(struct facts *facts)
{
    sessions_only(facts);
    SET(facts->plan.needed_for, "core");
}

static void denied_parameters_for_parameters(struct facts *facts)
{
    parameters_denied(facts);
    SET(facts->plan.needed_for, "inventory parameters");
    deny(facts, SERVICE_SSM, "ssm:GetDocument", DENIED_BY_NO_IDENTITY_POLICY, false);
}

static void ec2messages_denied(struct facts *facts)
{
    deny(facts, SERVICE_EC2MESSAGES, NULL, DENIED_BY_NO_IDENTITY_POLICY, false);
}

static void ec2messages_denied_and_required(struct facts *facts)
{
    ec2messages_denied(facts);
    facts->plan.services[SERVICE_EC2MESSAGES].need = NEED_REQUIRED;
}

static void denied_explicitly(struct facts *facts)
{
    deny(facts, SERVICE_SSM, "ssm:ListAssociations", DENIED_BY_IDENTITY_POLICY, true);
}

static void endpoint_policy(struct facts *facts)
{
    deny(facts, SERVICE_SSMMESSAGES, NULL, DENIED_BY_ENDPOINT_POLICY, false);
}

static void policy_of_a_shared_endpoint(struct facts *facts)
{
    for (int i = 0; i < N_SERVICES; i++)
        resolve_to(facts, (enum service)i, "172.20.4.21", PLACE_PRIVATE_ELSEWHERE, FAILURE_NONE);
    endpoint_policy(facts);
}

static void boundary(struct facts *facts)
{
    deny_all(facts, DENIED_BY_BOUNDARY, false);
}

static void organization(struct facts *facts)
{
    deny_all(facts, DENIED_BY_SERVICE_CONTROL_POLICY, true);
}

static void denied_without_reason(struct facts *facts)
{
    deny_all(facts, DENIED_BY_UNSAID, false);
}

static void instance_not_known(struct facts *facts)
{
    break_actions(facts, SERVICE_SSM, FAILURE_BAD_REQUEST, 400, "InvalidInstanceId", "");
}

static void denied_by_session_policy(struct facts *facts)
{
    deny_all(facts, DENIED_BY_SESSION_POLICY, false);
}

static void signature(struct facts *facts)
{
    EACH_SERVICE(i)
    break_actions(facts, (enum service)i, FAILURE_SIGNATURE, 403, "SignatureDoesNotMatch",
                  "The request signature we calculated does not match the signature you provided.");
}

static void skewed_but_right(struct facts *facts)
{
    EACH_SERVICE(i)
    break_actions(facts, (enum service)i, FAILURE_SKEWED, 400, "InvalidSignatureException",
                  "Signature expired: 20261123T110000Z is now earlier than 20261123T115500Z");
}

static void websocket_is_refused(struct facts *facts)
{
    struct address_facts *at = &facts->endpoints[SERVICE_SSMMESSAGES].addresses[0];

    break_http(facts, SERVICE_SSMMESSAGES, 0, FAILURE_NO_WEBSOCKET, 403);
    SET(at->head.server, "squid/5.7");
    SET(at->head.via, "1.1 proxy01 (squid/5.7)");
    at->session.trust_by = TRUST_BY_SYSTEM;
}

static void proxy_answers(struct facts *facts)
{
    EACH_SERVICE(i)
    {
        break_http(facts, (enum service)i, ALL_ADDRESSES, FAILURE_PROXY, 502);
        for (int j = 0; j < 2; j++) {
            SET(facts->endpoints[i].addresses[j].head.server, "squid/5.7");
            SET(facts->endpoints[i].addresses[j].head.via, "1.1 proxy01 (squid/5.7)");
            facts->endpoints[i].addresses[j].session.trust_by = TRUST_BY_CA_FILE;
        }
    }
}

static void agent_has_a_proxy(struct facts *facts)
{
    SET(facts->agent.https_proxy, "http://proxy.example.com:3128");
    SET(facts->agent.no_proxy, "169.254.169.254,localhost");
    SET(facts->agent.proxy_file, "/etc/systemd/system/amazon-ssm-agent.service.d/proxy.conf");
}

static void agents_proxy_says(struct facts *facts, int32_t status, const char *line)
{
    agent_has_a_proxy(facts);
    SET(facts->agent.proxy_address, "10.0.9.80:3128");
    EACH_SERVICE(i)
    {
        struct endpoint_facts *endpoint = &facts->endpoints[i];
        if (status == 200)
            step_ok(&endpoint->proxy, 3);
        else
            step_fail(&endpoint->proxy, status > 0 ? FAILURE_PROXY : FAILURE_TIMEOUT,
                      status > 0 ? 3 : 3500);
        endpoint->proxy_status = status;
        SET(endpoint->proxy.detail, "%s", line);
    }
}

static void agents_proxy_opens(struct facts *facts)
{
    agents_proxy_says(facts, 200, "HTTP/1.1 200 Connection established");
}

static void agents_proxy_forbids(struct facts *facts)
{
    agents_proxy_says(facts, 403, "HTTP/1.1 403 Forbidden");
}

static void agents_proxy_is_silent(struct facts *facts)
{
    agents_proxy_says(facts, 0, "");
}

static void agents_proxy_is_for_no_websocket(struct facts *facts)
{
    struct step *step = &facts->endpoints[SERVICE_SSMMESSAGES].proxy;

    agent_has_a_proxy(facts);
    SET(facts->agent.https_proxy, "https://proxy.example.com:3128");
    step_fail(step, FAILURE_NO_WEBSOCKET, 0);
    SET(step->detail, "its URL says https, which the agent's WebSocket does not know");
}

static void agents_proxy_wants_a_login(struct facts *facts)
{
    agents_proxy_says(facts, 407, "HTTP/1.1 407 Proxy Authentication Required");
}

static void agents_proxy_takes_no_login(struct facts *facts)
{
    agents_proxy_says(facts, 407, "HTTP/1.1 407");
    facts->agent.proxy_login = true;
}

static void agents_proxy_takes_no_user(struct facts *facts)
{
    agents_proxy_takes_no_login(facts);
    facts->agent.proxy_user = true;
}

static void websocket_shows_the_proxy_no_login(struct facts *facts)
{
    agents_proxy_takes_no_user(facts);
    step_ok(&facts->endpoints[SERVICE_SSM].proxy, 3);
    SET(facts->endpoints[SERVICE_SSM].proxy.detail, "HTTP/1.1 200");
    facts->endpoints[SERVICE_SSM].proxy_status = 200;
}

static void agent_goes_round_its_proxy(struct facts *facts)
{
    agent_has_a_proxy(facts);
    SET(facts->agent.no_proxy, "169.254.169.254, .us-east-1.amazonaws.com");
}

static void unavailable(struct facts *facts)
{
    break_http(facts, SERVICE_EC2MESSAGES, ALL_ADDRESSES, FAILURE_SERVER_ERROR, 503);
}

static void unavailable_once(struct facts *facts)
{
    cut_once(facts, SERVICE_SSM, FAILURE_SERVER_ERROR);
}

static void throttled(struct facts *facts)
{
    break_actions(facts, SERVICE_SSM, FAILURE_THROTTLED, 400, "ThrottlingException",
                  "Rate exceeded");
}

static void slow(struct facts *facts)
{
    facts->endpoints[SERVICE_SSM].addresses[1].steps[RUNG_HTTP].took_ms = 8022;
}

static void slow_handshake(struct facts *facts)
{
    for (int i = 0; i < 2; i++)
        facts->endpoints[SERVICE_SSMMESSAGES].addresses[i].steps[RUNG_TLS].took_ms = 6004;
}

static void later_than_the_agent_waits(struct facts *facts)
{
    for (int i = 0; i < 2; i++)
        facts->endpoints[SERVICE_SSMMESSAGES].addresses[i].steps[RUNG_HTTP].took_ms = 16004;
}

/* CreateControlChannel has 15 s for all of it. */
static void slow_after_a_slow_handshake(struct facts *facts)
{
    for (int i = 0; i < 2; i++) {
        facts->endpoints[SERVICE_SSMMESSAGES].addresses[i].steps[RUNG_TLS].took_ms = 8004;
        facts->endpoints[SERVICE_SSMMESSAGES].addresses[i].steps[RUNG_HTTP].took_ms = 8004;
    }
}

static void no_answer_after_a_slow_handshake(struct facts *facts)
{
    slow_after_a_slow_handshake(facts);
    break_http(facts, SERVICE_SSMMESSAGES, ALL_ADDRESSES, FAILURE_TIMEOUT, 0);
    for (int i = 0; i < 2; i++)
        facts->endpoints[SERVICE_SSMMESSAGES].addresses[i].steps[RUNG_HTTP].took_ms = 12004;
}

static void slow_after_a_slow_name(struct facts *facts)
{
    for (int i = 0; i < 2; i++)
        facts->endpoints[SERVICE_SSMMESSAGES].addresses[i].steps[RUNG_HTTP].took_ms = 12004;
    EACH_SERVICE(service)
    for (int32_t i = 0; i < facts->endpoints[service].n_answers; i++)
        facts->endpoints[service].answers[i].step.took_ms = 3004;
}

/* ... of 60 s. */
static void no_answer_before_the_deadline(struct facts *facts)
{
    break_http(facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 0);
    for (int i = 0; i < 2; i++)
        facts->endpoints[SERVICE_SSM].addresses[i].steps[RUNG_HTTP].took_ms = 29880;
}

static void certificate_soon(struct facts *facts)
{
    for (int i = 0; i < 2; i++)
        facts->endpoints[SERVICE_SSM].addresses[i].session.not_after_unix_s =
            facts->started_unix_ms / 1000 + (int64_t)9 * 86400;
}

/* --- several at once --- */

static void policy_and_group(struct facts *facts)
{
    deny(facts, SERVICE_SSM, NULL, DENIED_BY_NO_IDENTITY_POLICY, false);
    deny(facts, SERVICE_EC2MESSAGES, NULL, DENIED_BY_NO_IDENTITY_POLICY, false);
    break_connect(facts, SERVICE_SSMMESSAGES, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
}

static void role_and_names(struct facts *facts)
{
    break_role(facts, CHECK_ROLE_ATTACHED, FAILURE_NO_ROLE);
    resolve_to(facts, SERVICE_SSMMESSAGES, "52.46.132.117", PLACE_PUBLIC, FAILURE_TIMEOUT);
    facts->agent.unit_state = UNIT_DISABLED;
    SET(facts->instance.public_ipv4, "54.12.34.56");
}

static void zone_and_policy(struct facts *facts)
{
    break_connect(facts, SERVICE_SSM, 1, FAILURE_TIMEOUT, 2000);
    policy_missing(facts);
}

static void stopped(struct facts *facts)
{
    struct endpoint_facts *endpoint = &facts->endpoints[SERVICE_SSMMESSAGES];

    facts->stopped_by = STOPPED_BY_DEADLINE;
    facts->deadline_ms = 1500;
    break_connect(facts, SERVICE_SSMMESSAGES, ALL_ADDRESSES, FAILURE_TIMEOUT, 1500);
    for (int i = 0; i < 2; i++) {
        memset(&endpoint->addresses[i].steps[RUNG_CONNECT], 0, sizeof(struct step));
        memset(&endpoint->addresses[i].steps[RUNG_TLS], 0, sizeof(struct step));
        memset(&endpoint->addresses[i].steps[RUNG_HTTP], 0, sizeof(struct step));
    }
}

/* What stands on a check that is left out is not. */
static void skipped_and_blocked(struct facts *facts)
{
    break_connect(facts, SERVICE_SSMMESSAGES, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
    facts->plan.skipped = check_bit(check_of_service(SERVICE_SSMMESSAGES, RUNG_CONNECT));
}

/* A recorded run that somebody wrote by hand: nothing of it may reach a shell. */
static void hostile(struct facts *facts)
{
    break_connect(facts, SERVICE_SSMMESSAGES, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
    policy_missing(facts);
    SET(facts->instance.region, "us-east-1; rm -rf /");
    SET(facts->instance.vpc, "$(reboot)");
    SET(facts->instance.security_groups[0], "`id`");
    SET(facts->role.role, "--policy-arn");
    SET(facts->plan.services[SERVICE_SSMMESSAGES].endpoint_service, "com.amazonaws\\nx");
}

const struct situation service_situations[] = {
    {"policy-missing", policy_missing},
    {"policy-missing--channel-not-tried", policy_missing_channel_not_tried},
    {"policy-missing--china", policy_missing_in_china},
    {"policy-missing--one-unsaid", policy_missing_one_says_nothing},
    {"several--policy-and-boundary", policy_behind_a_boundary},
    {"policy-incomplete", policy_incomplete},
    {"policy-incomplete--parameters", parameters_denied},
    {"policy-incomplete--own-request", own_request_denied},
    {"healthy--own-request", own_request_allowed},
    {"proxy-in-the-way--own-request", own_request_filtered},
    {"policy-incomplete--own-request-with-dhmc", own_request_denied_with_dhmc},
    {"policy-missing--dhmc", policy_missing_with_dhmc},
    {"denied-by-endpoint-policy--dhmc", endpoint_policy_with_dhmc},
    {"policy-incomplete--sessions-only", sessions_only},
    {"healthy--for-sessions", sessions_only_for_sessions},
    {"policy-incomplete--for-core", sessions_only_for_core},
    {"policy-incomplete--for-parameters", denied_parameters_for_parameters},
    {"healthy--ec2messages-denied", ec2messages_denied},
    {"policy-incomplete--ec2messages-required", ec2messages_denied_and_required},
    {"denied-explicitly", denied_explicitly},
    {"denied-by-endpoint-policy", endpoint_policy},
    {"denied-by-endpoint-policy--shared", policy_of_a_shared_endpoint},
    {"denied-by-boundary", boundary},
    {"denied-by-organization", organization},
    {"denied", denied_without_reason},
    {"request-refused", instance_not_known},
    {"denied--session", denied_by_session_policy},
    {"signature-rejected", signature},
    {"signature-rejected--skewed", skewed_but_right},
    {"proxy-in-the-way", proxy_answers},
    {"proxy-in-the-way--websocket", websocket_is_refused},
    {"proxy-in-the-way--agent", agent_has_a_proxy},
    {"proxy-in-the-way--opens", agents_proxy_opens},
    {"proxy-in-the-way--forbids", agents_proxy_forbids},
    {"proxy-in-the-way--silent", agents_proxy_is_silent},
    {"proxy-in-the-way--https", agents_proxy_is_for_no_websocket},
    {"proxy-wants-login", agents_proxy_wants_a_login},
    {"proxy-wants-login--wrong", agents_proxy_takes_no_login},
    {"proxy-wants-login--wrong-user", agents_proxy_takes_no_user},
    {"proxy-wants-login--websocket", websocket_shows_the_proxy_no_login},
    {"healthy--no-proxy", agent_goes_round_its_proxy},
    {"service-unavailable", unavailable},
    {"service-unavailable--sometimes", unavailable_once},
    {"service-unavailable--throttled", throttled},
    {"slow-endpoint", slow},
    {"slow-endpoint--handshake", slow_handshake},
    {"slow-endpoint--too-late", later_than_the_agent_waits},
    {"slow-endpoint--after-a-slow-name", slow_after_a_slow_name},
    {"slow-endpoint--after-a-slow-handshake", slow_after_a_slow_handshake},
    {"service-unavailable--after-a-slow-handshake", no_answer_after_a_slow_handshake},
    {"stopped--slow", no_answer_before_the_deadline},
    {"certificate-expires-soon", certificate_soon},
    {"several--policy-and-group", policy_and_group},
    {"several--role-and-names", role_and_names},
    {"several--zone-and-policy", zone_and_policy},
    {"stopped", stopped},
    {"stopped--by-a-skip", skipped_and_blocked},
    {"several--hostile", hostile},
    {NULL, NULL},
};

/* --- the agent and the image --- */

static void agent_missing(struct facts *facts)
{
    memset(&facts->agent, 0, sizeof(facts->agent));
    facts->agent.installed = ANSWER_NO;
}

static void agent_optional_and_missing(struct facts *facts)
{
    agent_missing(facts);
    facts->plan.agent_optional = true;
}

static void agent_masked(struct facts *facts)
{
    facts->agent.unit_state = UNIT_MASKED;
}

static void agent_disabled(struct facts *facts)
{
    facts->agent.unit_state = UNIT_DISABLED;
}

static void snap_disabled(struct facts *facts)
{
    facts->agent.package = AGENT_PACKAGE_SNAP;
    SET(facts->agent.unit, "snap.amazon-ssm-agent.amazon-ssm-agent.service");
    SET(facts->agent.version_file, "/snap/amazon-ssm-agent/current/meta/snap.yaml");
    facts->agent.unit_state = UNIT_DISABLED;
}

static void snap_without_policy(struct facts *facts)
{
    snap_disabled(facts);
    facts->agent.unit_state = UNIT_ENABLED;
    policy_missing(facts);
}

static void agent_too_old(struct facts *facts)
{
    SET(facts->agent.version, "2.3.372.0");
}

static void agent_too_old_for_ssmmessages(struct facts *facts)
{
    SET(facts->agent.version, "3.2.0.0");
    break_resolve(facts, SERVICE_EC2MESSAGES, FAILURE_NXDOMAIN);
}

static void agent_too_old_for_dualstack(struct facts *facts)
{
    SET(facts->plan.services[SERVICE_SSM].host, "ssm.us-east-1.api.aws");
}

static void ipv6_only(struct facts *facts);

static void agent_too_old_for_ipv6(struct facts *facts)
{
    ipv6_only(facts);
    SET(facts->agent.version, "3.3.1142.0");
}

static void worker_missing(struct facts *facts)
{
    facts->agent.worker_missing = true;
    SET(facts->agent.missing, "ssm-agent-worker");
}

static void worker_unfit(struct facts *facts)
{
    facts->agent.worker_unfit = true;
    SET(facts->agent.unfit, "ssm-agent-worker is cut short");
    SET(facts->agent.missing, "ssm-document-worker");
}

static void session_worker_missing(struct facts *facts)
{
    SET(facts->agent.missing, "ssm-session-worker");
}

static void of_another_architecture(struct facts *facts)
{
    SET(facts->agent.foreign, "/usr/bin/amazon-ssm-agent");
}

static void snap_between_two_revisions(struct facts *facts)
{
    snap_disabled(facts);
    facts->agent.unit_state = UNIT_ENABLED;
    facts->agent.version[0] = '\0';
    SET(facts->agent.unfinished,
        "/snap/amazon-ssm-agent/current leads to revision 9999, which is not there");
}

static void package_not_configured(struct facts *facts)
{
    SET(facts->agent.unfinished, "dpkg says: install ok half-configured");
}

static void program_from_a_home(struct facts *facts)
{
    SET(facts->agent.label, "user_home_t");
}

static void snap_and_package(struct facts *facts)
{
    snap_disabled(facts);
    facts->agent.unit_state = UNIT_ENABLED;
    facts->agent.twice = true;
}

static void registered_elsewhere(struct facts *facts)
{
    SET(facts->agent.registered_as, "mi-0a1b2c3d4e5f60718");
    SET(facts->agent.registration_file, "/var/lib/amazon/ssm/registration");
}

static void registered_elsewhere_for_good(struct facts *facts)
{
    registered_elsewhere(facts);
    facts->agent.registered_whole = true;
}

static void registration_that_is_not_taken(struct facts *facts)
{
    registered_elsewhere_for_good(facts);
    SET(facts->agent.identity_order, "EC2, OnPrem");
}

static void state_fails(struct facts *facts, enum failure failure)
{
    step_fail(&facts->agent.state, failure, 1);
}

static void state_read_only(struct facts *facts)
{
    state_fails(facts, FAILURE_READ_ONLY);
}

static void state_immutable(struct facts *facts)
{
    state_fails(facts, FAILURE_IMMUTABLE);
}

static void disk_full(struct facts *facts)
{
    state_fails(facts, FAILURE_FULL);
    SET(facts->agent.state_directory, "/var/lib");
}

static void a_file_for_a_directory(struct facts *facts)
{
    state_fails(facts, FAILURE_INVALID);
    SET(facts->agent.state_directory, "/var/lib/amazon/ssm/ipc");
}

static void a_directory_for_a_file(struct facts *facts)
{
    state_fails(facts, FAILURE_INVALID);
    SET(facts->agent.state_directory, "/var/lib/amazon/ssm/runtimeconfig/identity_config.json");
}

static void no_inodes(struct facts *facts)
{
    state_fails(facts, FAILURE_NO_INODES);
}

static void noexec(struct facts *facts)
{
    facts->agent.noexec = true;
}

static void inotify_exhausted(struct facts *facts)
{
    facts->agent.inotify = ANSWER_NO;
    SET(facts->agent.inotify_limit, "fs.inotify.max_user_instances");
}

static void agent_ended(struct facts *facts)
{
    facts->agent.running = ANSWER_NO;
    facts->agent.ended = ANSWER_YES;
    SET(facts->agent.last_error, "2026-11-23 11:59:01 ERROR Error occurred when starting "
                                 "amazon-ssm-agent: failed to find agent identity");
}

static void agent_ended_so(struct facts *facts, const char *active, int32_t n_restarts)
{
    agent_ended(facts);
    SET(facts->agent.unit_active, "%s", active);
    SET(facts->agent.unit_result, "exit-code");
    facts->agent.exit_status = 194;
    facts->agent.n_restarts = n_restarts;
}

static void agent_stays_down(struct facts *facts)
{
    agent_ended_so(facts, "failed", 0);
}

static void agent_is_started_again(struct facts *facts)
{
    agent_ended_so(facts, "activating", 7);
    SET(facts->agent.last_error,
        "2026-11-23 11:59:01 ERROR Error occurred when starting amazon-ssm-agent: failed to get "
        "identity: failed to find agent identity, caused by: Put "
        "\"http://169.254.169.254/latest/api/token\": proxyconnect tcp: dial tcp 10.0.1.21:3128: "
        "i/o timeout");
}

static void agent_is_started_again_and_runs(struct facts *facts)
{
    agent_is_started_again(facts);
    facts->agent.running = ANSWER_YES;
    facts->agent.ended = ANSWER_UNKNOWN;
    facts->agent.connected = ANSWER_NO;
}

static void agent_ended_for_a_full_disk(struct facts *facts)
{
    agent_ended(facts);
    disk_full(facts);
}

static void add_variable(struct facts *facts, const char *name, const char *value, enum harm harm)
{
    struct variable_facts *to = NEXT(facts->agent.variables, facts->agent.n_variables);

    SET(to->name, "%s", name);
    SET(to->value, "%s", value);
    SET(to->file, "/etc/systemd/system.conf");
    to->harm = harm;
}

static void imds_switched_off(struct facts *facts)
{
    add_variable(facts, "AWS_EC2_METADATA_DISABLED", "TRUE", HARM_IMDS_OFF);
}

static void imds_elsewhere(struct facts *facts)
{
    add_variable(facts, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://10.0.1.99",
                 HARM_IMDS_ELSEWHERE);
}

static void imds_by_ipv6(struct facts *facts)
{
    add_variable(facts, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6", HARM_IMDS_BY_IPV6);
}

static void imds_by_ipv6_where_there_is_only_that(struct facts *facts)
{
    ipv6_only(facts);
    imds_by_ipv6(facts);
}

static void sdk_bundle_gone(struct facts *facts)
{
    add_variable(facts, "AWS_CA_BUNDLE", "/etc/ssl/gone.pem", HARM_NO_CERTIFICATE);
}

static void sdk_file_is_no_ini(struct facts *facts)
{
    step_fail(&facts->agent.environment, FAILURE_MALFORMED, 1);
    SET(facts->agent.environment.detail,
        "/root/.aws/credentials, which the agent's AWS SDK reads, is no INI file");
}

static void unit_is_confined(struct facts *facts)
{
    SET(facts->agent.confined,
        "/etc/systemd/system/amazon-ssm-agent.service.d/hardening.conf: PrivateNetwork=yes");
}

static void unit_denies_networks(struct facts *facts)
{
    SET(facts->agent.denied_file, "/etc/systemd/system/amazon-ssm-agent.service.d/hardening.conf");
    SET(facts->agent.denied_networks, "10.0.0.0/8 localhost");
    SET(facts->agent.allowed_networks, "10.0.0.2");
}

static void unit_denies_the_nameserver(struct facts *facts)
{
    unit_denies_networks(facts);
    SET(facts->agent.denied_networks, "any");
    SET(facts->agent.allowed_networks, "link-local 10.0.1.0/24 10.0.2.0/24");
}

static void unit_denies_one_address(struct facts *facts)
{
    unit_denies_networks(facts);
    SET(facts->agent.denied_networks, "10.0.2.0/24");
}

static void unit_allows_the_vpc(struct facts *facts)
{
    unit_denies_networks(facts);
    SET(facts->agent.denied_networks, "any");
    SET(facts->agent.allowed_networks, "link-local 10.0.0.0/16");
}

static void unit_is_doubted(struct facts *facts)
{
    SET(facts->agent.doubted, "/etc/systemd/system/amazon-ssm-agent.service.d/hardening.conf: "
                              "ConditionVirtualization=vm, if that does not hold");
}

static void unit_has_a_command_beside(struct facts *facts)
{
    SET(facts->agent.beside, "ExecStartPre=/usr/local/bin/wait-for-data");
}

static void environment_file_gone(struct facts *facts)
{
    step_fail(&facts->agent.environment, FAILURE_ABSENT, 1);
    SET(facts->agent.environment.detail,
        "/etc/systemd/system/amazon-ssm-agent.service.d/proxy.conf names /etc/default/proxy, "
        "which is not there");
}

static void imds_by_proxy(struct facts *facts)
{
    SET(facts->agent.http_proxy, "http://proxy.example.com:3128");
    SET(facts->agent.no_proxy, "localhost,.amazonaws.com");
    SET(facts->agent.proxy_file, "/etc/systemd/system/amazon-ssm-agent.service.d/proxy.conf");
}

static void imds_past_the_proxy(struct facts *facts)
{
    imds_by_proxy(facts);
    SET(facts->agent.no_proxy, "169.254.0.0/16,.amazonaws.com");
}

static void distrust(struct facts *facts, enum service service)
{
    facts->endpoints[service].addresses[1].session.distrusted_by = TRUST_BY_SYSTEM;
}

static void foreign_bundle(struct facts *facts)
{
    distrust(facts, SERVICE_SSMMESSAGES);
}

static void foreign_bundle_for_what_is_not_needed(struct facts *facts)
{
    distrust(facts, SERVICE_EC2MESSAGES);
}

static void foreign_bundle_for_what_is_optional(struct facts *facts)
{
    foreign_bundle(facts);
    facts->plan.services[SERVICE_SSMMESSAGES].need = NEED_OPTIONAL;
}

static void bundle_of_the_unit(struct facts *facts)
{
    foreign_bundle(facts);
    SET(facts->agent.ssl_cert_file, "/etc/corp/ca.pem");
    SET(facts->agent.ssl_cert_dir, "/etc/corp/certs");
    SET(facts->agent.ca_bundle, "/etc/corp/ca.pem");
}

static void bundle_of_the_sdk(struct facts *facts)
{
    facts->endpoints[SERVICE_SSM].addresses[0].session.distrusted_by = TRUST_BY_SDK;
    SET(facts->agent.sdk_bundle, "/etc/corp/ca.pem");
}

static void use_config(struct facts *facts)
{
    SET(facts->agent.config_file, "/etc/amazon/ssm/amazon-ssm-agent.json");
}

static void config_does_not_parse(struct facts *facts)
{
    use_config(facts);
    step_fail(&facts->agent.config, FAILURE_INVALID, 1);
    SET(facts->agent.config.detail, "line 3: not a JSON object");
}

static void config_cannot_be_read(struct facts *facts)
{
    use_config(facts);
    step_skip(&facts->agent.config, FAILURE_INTERNAL);
    SET(facts->agent.config.detail, "cannot be read: Permission denied");
}

static void config_with_ports(struct facts *facts)
{
    use_config(facts);
    SET(facts->agent.ssm_endpoint, "ssm.us-east-1.amazonaws.com:8443");
    SET(facts->agent.mgs_endpoint, "https://ssmmessages.us-east-1.amazonaws.com:443/");
}

static void config_with_another_port(struct facts *facts)
{
    use_config(facts);
    SET(facts->agent.mgs_endpoint, "https://ssmmessages.us-east-1.amazonaws.com:4430");
}

static void config_with_plain_http(struct facts *facts)
{
    use_config(facts);
    SET(facts->agent.ssm_endpoint, "http://ssm.us-east-1.amazonaws.com");
}

static void config_of_another_messaging_region(struct facts *facts)
{
    use_config(facts);
    SET(facts->agent.config_mgs_region, "eu-west-1");
}

static void config_without_ec2(struct facts *facts)
{
    use_config(facts);
    SET(facts->agent.identity_order, "OnPrem, CustomIdentity");
}

static void config_of_custom_identity(struct facts *facts)
{
    use_config(facts);
    SET(facts->agent.identity_order, "CustomIdentity");
    SET(facts->agent.custom_region, "us-east-1");
}

static void config_of_identity_elsewhere(struct facts *facts)
{
    config_of_custom_identity(facts);
    SET(facts->agent.custom_region, "eu-west-1");
}

static void config_of_a_container(struct facts *facts)
{
    use_config(facts);
    facts->agent.container_mode = true;
}

static void config_of_a_container_on_ec2(struct facts *facts)
{
    config_of_a_container(facts);
    SET(facts->agent.identity_order, "EC2");
}

static void several_of_the_agents(struct facts *facts)
{
    config_with_ports(facts);
    registered_elsewhere(facts);
    noexec(facts);
    state_read_only(facts);
}

/* It was changed after the agent had started. */
/* The restart is needed for both, and in other words. */
static void group_and_config(struct facts *facts)
{
    break_connect(facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
    config_does_not_parse(facts);
}

static void several_while_it_is_connected(struct facts *facts)
{
    several_of_the_agents(facts);
    facts->agent.running = ANSWER_YES;
    facts->agent.connected = ANSWER_YES;
    SET(facts->agent.connected_to, "10.0.1.22");
}

static void agent_not_connected(struct facts *facts)
{
    facts->agent.running = ANSWER_YES;
    facts->agent.connected = ANSWER_NO;
}

static void agent_connected(struct facts *facts)
{
    facts->agent.running = ANSWER_YES;
    facts->agent.connected = ANSWER_YES;
    SET(facts->agent.connected_to, "10.0.1.22");
}

static void agent_disabled_and_running(struct facts *facts)
{
    agent_connected(facts);
    facts->agent.unit_state = UNIT_DISABLED;
}

static void config_of_another_region(struct facts *facts)
{
    use_config(facts);
    SET(facts->agent.config_region, "eu-west-1");
}

static void signed_for_another_region(struct facts *facts)
{
    config_of_another_region(facts);
    SET(facts->plan.signing_region, "eu-west-1");
    EACH_SERVICE(i)
    break_actions(facts, (enum service)i, FAILURE_SIGNATURE, 400, "InvalidSignatureException",
                  "Credential should be scoped to a valid region.");
}

static void ca_bundle_missing(struct facts *facts)
{
    facts->agent.ca_bundle[0] = '\0';
}

static void public_address(struct facts *facts)
{
    SET(facts->instance.public_ipv4, "54.12.34.56");
}

static void ipv6_only(struct facts *facts)
{
    SET(facts->agent.version, "3.3.3270.0");
    use_resolver(facts, "fd00:ec2::253");
    facts->network.usable_ipv4 = false;
    facts->network.default_route_ipv4 = false;
    facts->network.usable_ipv6 = true;
    facts->network.default_route_ipv6 = true;
    SET(facts->network.interfaces[0].addresses[0], "2600:1f18:1:1::10/128");
    facts->instance.private_ipv4[0] = '\0';
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++) {
        struct endpoint_facts *endpoint = &facts->endpoints[i];
        struct dns_answer *aaaa = &endpoint->answers[1];
        struct address_facts kept = endpoint->addresses[0];
        step_ok(&aaaa->step, 1);
        aaaa->n_addresses = 1;
        SET(aaaa->addresses[0], "2600:1f18:1:1::%d", 21 + i);
        memset(endpoint->addresses, 0, sizeof(endpoint->addresses));
        endpoint->addresses[0] = kept;
        SET(endpoint->addresses[0].address, "%s", aaaa->addresses[0]);
        endpoint->n_addresses = 1;
    }
    facts->instance.n_subnet_cidrs = 2;
    SET(facts->instance.subnet_cidrs[1], "2600:1f18:1:1::/64");
}

static void time_sync_missing(struct facts *facts)
{
    facts->machine.time_sync = ANSWER_NO;
}

static void time_sync_missing_and_missed(struct facts *facts)
{
    time_sync_missing(facts);
    clock_behind(facts);
}

const struct situation agent_situations[] = {
    {"time-sync-missing", time_sync_missing},
    {"clock-wrong--unkept", time_sync_missing_and_missed},
    {"agent-missing", agent_missing},
    {"agent-missing--optional", agent_optional_and_missing},
    {"agent-masked", agent_masked},
    {"agent-disabled", agent_disabled},
    {"agent-disabled--snap", snap_disabled},
    {"policy-missing--snap", snap_without_policy},
    {"agent-too-old", agent_too_old},
    {"agent-too-old--ec2messages", agent_too_old_for_ssmmessages},
    {"agent-disabled--running", agent_disabled_and_running},
    {"agent-too-old--dualstack", agent_too_old_for_dualstack},
    {"agent-config-invalid", config_does_not_parse},
    {"agent-config-invalid--region", config_of_another_region},
    {"agent-config-invalid--signature", signed_for_another_region},
    {"agent-too-old--ipv6", agent_too_old_for_ipv6},
    {"agent-half-installed", worker_missing},
    {"agent-half-installed--sessions", session_worker_missing},
    {"agent-half-installed--unfit", worker_unfit},
    {"agent-half-installed--architecture", of_another_architecture},
    {"agent-half-installed--snap", snap_between_two_revisions},
    {"agent-half-installed--dpkg", package_not_configured},
    {"agent-half-installed--twice", snap_and_package},
    {"agent-half-installed--label", program_from_a_home},
    {"agent-state-unwritable", state_read_only},
    {"agent-state-unwritable--full", disk_full},
    {"agent-state-unwritable--immutable", state_immutable},
    {"agent-state-unwritable--file", a_file_for_a_directory},
    {"agent-state-unwritable--directory", a_directory_for_a_file},
    {"agent-state-unwritable--inodes", no_inodes},
    {"agent-state-unwritable--noexec", noexec},
    {"inotify-exhausted", inotify_exhausted},
    {"agent-crashes", agent_ended},
    {"agent-crashes--full", agent_ended_for_a_full_disk},
    {"agent-crashes--stays-down", agent_stays_down},
    {"agent-crashes--again", agent_is_started_again},
    {"agent-crashes--runs", agent_is_started_again_and_runs},
    {"agent-environment", imds_switched_off},
    {"agent-environment--elsewhere", imds_elsewhere},
    {"agent-environment--ipv6", imds_by_ipv6},
    {"agent-environment--bundle", sdk_bundle_gone},
    {"agent-environment--file", environment_file_gone},
    {"agent-environment--sdk-file", sdk_file_is_no_ini},
    {"agent-environment--confined", unit_is_confined},
    {"agent-environment--denied", unit_denies_networks},
    {"agent-environment--denied-nameserver", unit_denies_the_nameserver},
    {"agent-environment--denied-one", unit_denies_one_address},
    {"healthy--unit-allows-the-vpc", unit_allows_the_vpc},
    {"agent-environment--doubted", unit_is_doubted},
    {"healthy--command-before", unit_has_a_command_beside},
    {"ipv6-only--environment", imds_by_ipv6_where_there_is_only_that},
    {"imds-through-proxy", imds_by_proxy},
    {"healthy--imds-past-the-proxy", imds_past_the_proxy},
    {"stopped--unread", config_cannot_be_read},
    {"agent-config-invalid--port", config_with_ports},
    {"agent-config-invalid--mgs-port", config_with_another_port},
    {"agent-config-invalid--http", config_with_plain_http},
    {"agent-config-invalid--mgs-region", config_of_another_messaging_region},
    {"agent-config-invalid--no-ec2", config_without_ec2},
    {"agent-config-invalid--identity-elsewhere", config_of_identity_elsewhere},
    {"healthy--custom-identity", config_of_custom_identity},
    {"agent-config-invalid--container", config_of_a_container},
    {"healthy--container-mode", config_of_a_container_on_ec2},
    {"agent-registered-elsewhere", registered_elsewhere},
    {"agent-registered-elsewhere--whole", registered_elsewhere_for_good},
    {"agent-registered-elsewhere--not-taken", registration_that_is_not_taken},
    {"several--agent", several_of_the_agents},
    {"several--group-and-config", group_and_config},
    {"several--agent-connected", several_while_it_is_connected},
    {"agent-not-connected", agent_not_connected},
    {"healthy--connected", agent_connected},
    {"ca-bundle-missing", ca_bundle_missing},
    {"ca-bundle-missing--foreign", foreign_bundle},
    {"ca-bundle-missing--optional", foreign_bundle_for_what_is_optional},
    {"ca-bundle-missing--unit", bundle_of_the_unit},
    {"ca-bundle-missing--sdk", bundle_of_the_sdk},
    {"healthy--foreign-bundle", foreign_bundle_for_what_is_not_needed},
    {"public-address", public_address},
    {"ipv6-only", ipv6_only},
    {NULL, NULL},
};
