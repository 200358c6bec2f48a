/* SPDX-License-Identifier: Apache-2.0
 *
 * What a service's answer says of a permission: every wire shape, every denial phrase, and lies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "model/permissions.h"
#include "observe/climb.h"

#define WHO \
    "User: arn:aws:sts::123456789012:assumed-role/app/i-0123456789abcdef0 is not authorized to perform: ssm:ListAssociations on resource: arn:aws:ssm:us-east-1:123456789012:* "

static struct action_facts judge(int status, const char *error_type, const char *body,
                                 const char *allowed)
{
    struct action_facts action = {0};
    struct http_head head = {.status = status};

    (void)text_set(head.error_type, sizeof(head.error_type), "%s", error_type);
    service_answer_judge(&head, body, strlen(body), allowed, &action);
    return action;
}

/* IAM User Guide, "Troubleshoot access denied error messages", and variants seen in logs. */
static void every_denial_phrase(void **state)
{
    static const struct {
        const char *words;
        enum denied_by by;
        bool explicit_deny;
    } rows[] = {
        {"because no identity-based policy allows the ssm:X action", DENIED_BY_NO_IDENTITY_POLICY,
         false},
        {"because no resource-based policy allows the ssm:X action", DENIED_BY_RESOURCE_POLICY,
         false},
        {"because no VPC endpoint policy allows the ssm:X action", DENIED_BY_ENDPOINT_POLICY,
         false},
        {"because no permissions boundary allows the ssm:X action", DENIED_BY_BOUNDARY, false},
        {"because no session policy allows the ssm:X action", DENIED_BY_SESSION_POLICY, false},
        {"because no service control policy allows the ssm:X action",
         DENIED_BY_SERVICE_CONTROL_POLICY, false},
        {"because no resource control policy allows the ssm:X action",
         DENIED_BY_RESOURCE_CONTROL_POLICY, false},
        {"because no role trust policy allows the sts:X action", DENIED_BY_TRUST_POLICY, false},
        {"with an explicit deny in an identity-based policy", DENIED_BY_IDENTITY_POLICY, true},
        {"with an explicit deny in an identity-based policy: arn:aws:iam::1:policy/x",
         DENIED_BY_IDENTITY_POLICY, true},
        {"with an explicit deny in a resource-based policy", DENIED_BY_RESOURCE_POLICY, true},
        {"with an explicit deny in a service control policy", DENIED_BY_SERVICE_CONTROL_POLICY,
         true},
        {"with an explicit deny in a resource control policy", DENIED_BY_RESOURCE_CONTROL_POLICY,
         true},
        {"with an explicit deny in a VPC endpoint policy", DENIED_BY_ENDPOINT_POLICY, true},
        {"with an explicit deny in a permissions boundary", DENIED_BY_BOUNDARY, true},
        {"with an explicit deny in a session policy", DENIED_BY_SESSION_POLICY, true},
        {"with an explicit deny in a sessions policy", DENIED_BY_SESSION_POLICY, true},
        {"with an explicit deny in the role trust policy", DENIED_BY_TRUST_POLICY, true},
        {"with an explicit deny in a VPC endpoint policy transitively through a service control policy",
         DENIED_BY_ENDPOINT_POLICY, true},
        {"due to an explicit deny in a Service Control Policy", DENIED_BY_SERVICE_CONTROL_POLICY,
         true},
        {"with an explicit deny in a service control policy that names a VPC endpoint policy",
         DENIED_BY_SERVICE_CONTROL_POLICY, true},
        {"", DENIED_BY_UNSAID, false},
        {"for reasons of its own", DENIED_BY_UNSAID, false},
        {"because no new-kind-of policy allows it", DENIED_BY_UNSAID, false},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char body[700];
        (void)text_set(body, sizeof(body),
                       "{\"__type\":\"AccessDeniedException\",\"Message\":\"" WHO "%s\"}",
                       rows[i].words);
        struct action_facts action = judge(400, "", body, "");
        assert_int_equal(action.permission, PERMISSION_DENIED);
        assert_int_equal(action.failure, FAILURE_DENIED);
        if (action.denied_by != rows[i].by || action.explicit_deny != rows[i].explicit_deny)
            fail_msg("'%s': %d %d", rows[i].words, action.denied_by, action.explicit_deny);
    }
}

static void a_resource_name_cannot_pose_as_a_reason(void **state)
{
    struct action_facts action = judge(
        400, "",
        "{\"__type\":\"AccessDeniedException\",\"Message\":\"User: arn:aws:sts::1:assumed-role/permissions boundary/i-1 is not authorized to perform: ssm:X because no identity-based policy allows the ssm:X action\"}",
        "");
    (void)state;
    assert_int_equal(action.denied_by, DENIED_BY_NO_IDENTITY_POLICY);
}

static void wire_shapes(void **state)
{
    static const struct {
        int status;
        const char *error_type, *body, *allowed, *code;
        enum permission permission;
        enum failure failure;
    } rows[] = {
        {200, "", "{}", "", "", PERMISSION_ALLOWED, FAILURE_NONE},
        {201, "", "<x/>", "", "", PERMISSION_ALLOWED, FAILURE_NONE},
        {200, "", " \r\n", "", "", PERMISSION_ALLOWED, FAILURE_NONE},
        {200, "", "{\"a\":1", "", "", PERMISSION_UNCLEAR, FAILURE_MALFORMED},
        {200, "", "{", "", "", PERMISSION_UNCLEAR, FAILURE_MALFORMED},
        {200, "", "abc", "", "", PERMISSION_UNCLEAR, FAILURE_MALFORMED},
        {400, "", "{\"__type\":\"com.amazonaws.ssm#ParameterNotFound\"}", "ParameterNotFound",
         "ParameterNotFound", PERMISSION_ALLOWED, FAILURE_NONE},
        {400, "", "{\"__type\":\"InvalidDocument\"}", "AssociationDoesNotExist InvalidDocument",
         "InvalidDocument", PERMISSION_ALLOWED, FAILURE_NONE},
        {400, "", "{\"__type\":\"Invalid\"}", "InvalidDocument", "Invalid", PERMISSION_UNCLEAR,
         FAILURE_BAD_REQUEST},
        {400, "AccessDeniedException:http://internal.amazon.com/coral/", "", "",
         "AccessDeniedException", PERMISSION_DENIED, FAILURE_DENIED},
        {403, "",
         "<AccessDeniedException><Message>" WHO
         "because no identity-based policy allows it</Message></AccessDeniedException>",
         "", "AccessDeniedException", PERMISSION_DENIED, FAILURE_DENIED},
        {400, "", "<BadRequest xmlns=\"\"><message>Unauthorized request.</message></BadRequest>",
         "BadRequest", "BadRequest", PERMISSION_DENIED, FAILURE_DENIED},
        {400, "",
         "<BadRequest xmlns=\"\"><message>Unable to process due to throttling.</message></BadRequest>",
         "BadRequest", "BadRequest", PERMISSION_UNCLEAR, FAILURE_THROTTLED},
        {400, "", "<BadRequest xmlns=\"\"><message>No such session</message></BadRequest>",
         "BadRequest", "BadRequest", PERMISSION_ALLOWED, FAILURE_NONE},
        {403, "",
         "<?xml version=\"1.0\"?>\n<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>",
         "", "SignatureDoesNotMatch", PERMISSION_UNCLEAR, FAILURE_SIGNATURE},
        {400, "",
         "{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature expired: 20240101T000000Z is now earlier than 20240101T000500Z (20240101T001000Z - 5 min.)\"}",
         "", "InvalidSignatureException", PERMISSION_UNCLEAR, FAILURE_SKEWED},
        {400, "",
         "{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature not yet current: 20240101T001000Z is still later than 20240101T000500Z (20240101T000000Z + 5 min.)\"}",
         "", "InvalidSignatureException", PERMISSION_UNCLEAR, FAILURE_SKEWED},
        {400, "",
         "{\"__type\":\"UnrecognizedClientException\",\"message\":\"The security token included in the request is invalid.\"}",
         "", "UnrecognizedClientException", PERMISSION_UNCLEAR, FAILURE_CREDENTIALS_REJECTED},
        {400, "", "{\"__type\":\"ExpiredTokenException\"}", "", "ExpiredTokenException",
         PERMISSION_UNCLEAR, FAILURE_CREDENTIALS_REJECTED},
        {400, "", "{\"__type\":\"ThrottlingException\"}", "", "ThrottlingException",
         PERMISSION_UNCLEAR, FAILURE_THROTTLED},
        {400, "", "{\"__type\":\"ValidationException\"}", "", "ValidationException",
         PERMISSION_UNCLEAR, FAILURE_BAD_REQUEST},
        {503, "", "", "", "", PERMISSION_UNCLEAR, FAILURE_SERVER_ERROR},
        {407, "", "<html>", "", "html", PERMISSION_UNCLEAR, FAILURE_PROXY},
        {302, "", "", "", "", PERMISSION_UNCLEAR, FAILURE_REDIRECTED},
        {400, "", "{\"__type\":5,\"Message\":[]}", "", "", PERMISSION_UNCLEAR, FAILURE_MALFORMED},
        {400, "", "{\"__type\":\"", "", "", PERMISSION_UNCLEAR, FAILURE_MALFORMED},
        {400, "", "<<<<>", "", "", PERMISSION_UNCLEAR, FAILURE_MALFORMED},
        {400, "", "<Code><Code", "", "", PERMISSION_UNCLEAR, FAILURE_MALFORMED},
        {403, "", "<Error><CodeWord>Other</CodeWord><Code>AccessDenied</Code></Error>", "",
         "AccessDenied", PERMISSION_DENIED, FAILURE_DENIED},
        {403, "", "<Error><Code\tx=\"\">AccessDenied</Code></Error>", "", "AccessDenied",
         PERMISSION_DENIED, FAILURE_DENIED},
        {403, "", "<?xml version=\"1.0\"", "", "", PERMISSION_UNCLEAR, FAILURE_FORBIDDEN},
        {403, "", "<?xml version=\"1.0\"?>\r\n <AccessDenied/>", "", "AccessDenied",
         PERMISSION_DENIED, FAILURE_DENIED},
        {400, "E", "", "E", "E", PERMISSION_ALLOWED, FAILURE_NONE},
        {403, "", " \r\n<AccessDenied/>", "", "AccessDenied", PERMISSION_DENIED, FAILURE_DENIED},
        {403, "AccessDenied", "<Error><Code>Throttling</Code></Error>", "", "AccessDenied",
         PERMISSION_DENIED, FAILURE_DENIED}, /* the head comes first */
        {400, "", "{\"__type\":\"ExpiredToken\",\"message\":\"is now earlier than\"}", "",
         "ExpiredToken", PERMISSION_UNCLEAR, FAILURE_CREDENTIALS_REJECTED},
        {400, "", "{\"__type\":\"SignatureDoesNotMatch\",\"message\":\"Signature expired: x\"}", "",
         "", PERMISSION_UNCLEAR, FAILURE_SKEWED},
        {400, "", "{\"__type\":\"SignatureDoesNotMatch\",\"message\":\"x is still later than y\"}",
         "", "", PERMISSION_UNCLEAR, FAILURE_SKEWED},
        {400, "",
         "{\"__type\":\"SignatureDoesNotMatch\",\"message\":\"Signature not yet current\"}", "", "",
         PERMISSION_UNCLEAR, FAILURE_SKEWED},
        {400, "", "{\"__type\":\"Document\"}", "InvalidDocument DocumentX Document", "Document",
         PERMISSION_ALLOWED, FAILURE_NONE},
        {400, "", "{\"__type\":\"Document\"}", "InvalidDocument DocumentX", "Document",
         PERMISSION_UNCLEAR, FAILURE_BAD_REQUEST},
        {299, "", "", "", "", PERMISSION_UNCLEAR, FAILURE_MALFORMED},
        {300, "", "", "", "", PERMISSION_UNCLEAR, FAILURE_REDIRECTED},
        {399, "", "", "", "", PERMISSION_UNCLEAR, FAILURE_REDIRECTED},
        {401, "", "", "", "", PERMISSION_UNCLEAR, FAILURE_UNAUTHORIZED},
        {403, "", "", "", "", PERMISSION_UNCLEAR, FAILURE_FORBIDDEN},
        {404, "", "", "", "", PERMISSION_UNCLEAR, FAILURE_NOT_FOUND},
        {429, "", "", "", "", PERMISSION_UNCLEAR, FAILURE_THROTTLED},
        {499, "", "", "", "", PERMISSION_UNCLEAR, FAILURE_MALFORMED},
        {500, "", "", "", "", PERMISSION_UNCLEAR, FAILURE_SERVER_ERROR},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct action_facts action = judge(rows[i].status, rows[i].error_type, rows[i].body,
                                           rows[i].allowed);
        if (action.permission != rows[i].permission || action.failure != rows[i].failure ||
            (rows[i].code[0] && strcmp(action.code, rows[i].code) != 0))
            fail_msg("row %zu: permission %d, failure %d, code '%s'", i, action.permission,
                     action.failure, action.code);
        if (rows[i].status <= 201)
            assert_string_equal(action.message, ""); /* what is asked for is no message */
    }
    assert_string_equal(judge(400, "", "go away", "").message, "go away");
    assert_string_equal(judge(400, "", "{\"Message\":\"x\"}", "").message, "x");
}

/* Where an element of the answer is cut off, its root still names the error. */
static void an_answer_that_is_cut_has_no_element(void **state)
{
    static const char *const bodies[] = {"<Denied><Code", "<Denied><Code x=\"1\"",
                                         "<Denied><Codes>1</Codes><Message"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct action_facts action = judge(400, "", bodies[i], "");
        assert_string_equal(action.code, "Denied");
        assert_string_equal(action.message, bodies[i]);
    }
}

/* What is too long for an error, or has a zero byte, is no text: the head says what it says. */
static void what_is_no_text_is_not_read(void **state)
{
    static const char zero[] = "{\"__type\":\"Other\"}\0";
    static char body[16 * 1024 + 2];
    const struct http_head head = {.status = 400, .error_type = "ThrottlingException"};
    (void)state;

    memset(body, 'a', sizeof(body) - 1);
    for (int i = 0; i < 2; i++) {
        struct action_facts action = {.permission = PERMISSION_NOT_PROBED};
        if (i == 0)
            service_answer_judge(&head, zero, sizeof(zero) - 1, "", &action);
        else
            service_answer_judge(&head, body, sizeof(body) - 1, "", &action);
        assert_string_equal(action.code, "ThrottlingException");
        assert_string_equal(action.message, "");
        assert_int_equal(action.failure, FAILURE_THROTTLED);
    }
}

static void a_captive_page_with_status_200_is_no_permission(void **state)
{
    struct action_facts action = {0};
    struct http_head head = {.status = 200, .content_type = "text/html; charset=utf-8"};
    (void)state;

    service_answer_judge(&head, "<html>", 6, "", &action);
    assert_int_equal(action.permission, PERMISSION_UNCLEAR);
    assert_int_equal(action.failure, FAILURE_NOT_AWS);
}

/* An object, an element or nothing, with blanks around it. */
static void an_answer_is_whole_by_both_ends(void **state)
{
    static const struct {
        const char *body;
        bool whole;
    } rows[] = {
        {"", true},
        {" \t\r\n", true},
        {"{}", true},
        {"<a/>", true},
        {"\r\n {\"a\": 1}\n", true},
        {"{", false},
        {"}", false},
        {"<", false},
        {"{>", false},
        {"<a}", false},
        {"[]", false},
        {"\"x\"", false},
        {"x{}", false},
        {"{}x", false},
        {"{} ; {}", true},
        {"   {  ", false},
        {"{}\n\n\n", true},
        {"null", false},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (int status = 200; status <= 201; status++) {
            struct action_facts action = judge(status, "", rows[i].body, "");
            if (action.permission != (rows[i].whole ? PERMISSION_ALLOWED : PERMISSION_UNCLEAR) ||
                action.failure != (rows[i].whole ? FAILURE_NONE : FAILURE_MALFORMED))
                fail_msg("%s", rows[i].body);
        }
}

static void the_services_words_are_kept_escaped(void **state)
{
    struct action_facts action = judge(
        400, "", "{\"__type\":\"AccessDeniedException\",\"Message\":\"no \\u001b[31m\"}", "");
    (void)state;
    assert_string_equal(action.message, "no \\x1b[31m");
    action = judge(400, "", "<Error><Message>one</Message><message>two</message></Error>", "");
    assert_string_equal(action.message, "one");
    action = judge(400, "", "no markup at all", "");
    assert_string_equal(action.message, "no markup at all");
    action = judge(502, "", "{\"message\":\"\"}", "");
    assert_string_equal(action.message, "{\"message\":\"\"}");
}

static void the_table_has_the_25_actions_of_the_managed_policy(void **state)
{
    (void)state;
    assert_int_equal(n_permissions, 25);
    for (size_t i = 0; i < n_permissions; i++) {
        const struct permission_row *row = &permissions[i];
        assert_true(text_starts(row->action, service_name(row->service)));
        assert_int_equal(row->proof == PROOF_SAFE, !row->why_not);
        assert_int_equal(row->proof == PROOF_NEVER, !row->path);
        assert_ptr_equal(permission_find(row->action), row);
        assert_int_equal(row->capabilities == 0, row->service == SERVICE_EC2MESSAGES);
        assert_true(!(row->capabilities & CAPABILITY_AGENT) ||
                    strstr("ssm:UpdateInstanceInformation ssmmessages:CreateControlChannel "
                           "ssmmessages:OpenControlChannel",
                           row->action));
    }
}

static void capabilities_by_name(void **state)
{
    (void)state;
    assert_int_equal(capabilities_in(""), 0);
    assert_int_equal(capabilities_in("session"), 0);
    assert_int_equal(capabilities_in("core"), CAPABILITIES_ALL);
    assert_int_equal(capabilities_in("sessions nothing patch"),
                     1 << CAPABILITY_SESSIONS | 1 << CAPABILITY_PATCH);
}

/* The agent's own first request only where the agent is about to send it; no channel beside its own. */
static void requests_with_an_effect_are_sent_where_they_have_none(void **state)
{
    const struct permission_row *own = permission_find("ssm:UpdateInstanceInformation");
    const struct permission_row *channel = permission_find("ssmmessages:CreateControlChannel");
    struct facts facts = {
        .plan.permissions = PERMISSIONS_AGENT,
        .agent = {.installed = ANSWER_YES, .unit_state = UNIT_ENABLED, .running = ANSWER_NO}};
    (void)state;

    assert_null(permission_why_not(own, &facts));
    facts.agent.unit_state = UNIT_DISABLED;
    assert_non_null(permission_why_not(own, &facts));
    facts.agent.unit_state = UNIT_ENABLED;
    facts.agent.running = ANSWER_UNKNOWN;
    assert_non_null(permission_why_not(own, &facts));
    facts.agent.running = ANSWER_NO;
    facts.plan.permissions = PERMISSIONS_PROBE;
    assert_non_null(permission_why_not(own, &facts));
    assert_null(permission_why_not(channel, &facts));
    facts.agent.running = ANSWER_YES;
    assert_non_null(permission_why_not(channel, &facts));
    facts.agent.connected = ANSWER_NO;
    assert_null(permission_why_not(channel, &facts));
    facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
    assert_non_null(permission_why_not(channel, &facts));
    facts.plan.permissions = PERMISSIONS_DEEP;
    assert_null(permission_why_not(own, &facts));
    facts.agent.connected = ANSWER_YES;
    assert_non_null(permission_why_not(channel, &facts));
}

/* By the mode alone, where the agent is not about to start and has no channel. */
static void a_mode_says_which_requests_are_sent(void **state)
{
    static const struct {
        enum permissions mode;
        bool safe, alone, agent, deep;
    } rows[] = {{PERMISSIONS_PROBE, true, true, false, false},
                {PERMISSIONS_AGENT, true, true, false, false},
                {PERMISSIONS_DEEP, true, true, true, true},
                {PERMISSIONS_ROLE_ONLY, false, false, false, false},
                {PERMISSIONS_OFF, false, false, false, false}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct facts facts = {.plan.permissions = rows[i].mode};
        const bool sent[] = {[PROOF_SAFE] = rows[i].safe,
                             [PROOF_ALONE] = rows[i].alone,
                             [PROOF_AGENT] = rows[i].agent,
                             [PROOF_DEEP] = rows[i].deep,
                             [PROOF_NEVER] = false};
        for (size_t j = 0; j < n_permissions; j++)
            if (!permission_why_not(&permissions[j], &facts) != sent[permissions[j].proof])
                fail_msg("row %zu: %s", i, permissions[j].action);
    }
}

static void patterns_are_filled_in_and_bounded(void **state)
{
    static const struct facts facts = {.instance.id = "i-1", .agent.version = "3.3.1.0"};
    static const struct facts unknown;
    char to[128], again[128];
    (void)state;

    assert_true(permission_fill("/v1/control-channel/{instance}", &facts, to, sizeof(to)));
    assert_string_equal(to, "/v1/control-channel/i-1");
    assert_true(permission_fill("{\"v\":\"{version}\"}", &facts, to, sizeof(to)));
    assert_string_equal(to, "{\"v\":\"3.3.1.0\"}");
    assert_true(permission_fill("{instance} {version}", &unknown, to, sizeof(to)));
    assert_string_equal(to, "i-00000000000000000 3.3.0.0");
    assert_true(permission_fill("{\"a\":\"{uuid}\"}", &facts, to, sizeof(to)));
    assert_int_equal(strlen(to), 8 + 36);
    assert_int_equal(to[6 + 14], '4');
    for (int i = 0; i < 16;
         i++) { /* of the variant two bits are set by RFC 9562, as the version is */
        assert_true(permission_fill("{\"a\":\"{uuid}\"}", &facts, to, sizeof(to)));
        assert_non_null(strchr("89ab", to[6 + 19]));
    }
    assert_true(permission_fill("{\"a\":\"{uuid}\"}", &facts, again, sizeof(again)));
    assert_string_not_equal(to, again);
    assert_false(permission_fill("{uuid}{uuid}{uuid}{uuid}", &facts, to, sizeof(to)));
    assert_false(permission_fill("/v1/control-channel", &facts, to, 4));
    assert_false(permission_fill("{instance} and more", &facts, to, 3));
}

static void a_signed_request_goes_to_nobody_else(void **state)
{
    static const struct {
        const char *region, *host;
        enum source source;
        bool may;
    } hosts[] = {
        {"us-east-1", "ssm.us-east-1.amazonaws.com", SOURCE_IMDS, true},
        {"us-east-1", "ssm.us-east-1.api.aws", SOURCE_AGENT_CONFIG, true},
        {"us-east-1", "ssm.us-east-1.amazonaws.co", SOURCE_IMDS, false},
        {"us-east-1", "ssm.us-east-1.amazonaws.com.cn", SOURCE_IMDS, false},
        {"cn-north-1", "ssm.cn-north-1.amazonaws.com", SOURCE_IMDS, false},
        {"us-east-1", "ssm.corp.example", SOURCE_PARTITION, false},
        {"us-east-1", "ssm.corp.example", SOURCE_AGENT_CONFIG, true},
    };
    static struct plan plan;
    struct address_facts address = {.place = PLACE_IN_VPC};
    struct service_plan *ssm = &plan.services[SERVICE_SSM];
    (void)state;

    address.steps[RUNG_TLS].outcome = OUTCOME_OK;

    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        (void)text_set(plan.region, sizeof(plan.region), "%s", hosts[i].region);
        (void)text_set(ssm->host, sizeof(ssm->host), "%s", hosts[i].host);
        ssm->host_source = hosts[i].source;
        assert_int_equal(actions_may_sign(&plan, SERVICE_SSM, &address, false), hosts[i].may);
    }
    address.place = PLACE_UNKNOWN;
    assert_false(actions_may_sign(&plan, SERVICE_SSM, &address, false));
    address.place = PLACE_PUBLIC;
    assert_true(actions_may_sign(&plan, SERVICE_SSM, &address, false));
    address.second_opinion = true; /* a public address where private ones are demanded */
    assert_false(actions_may_sign(&plan, SERVICE_SSM, &address, false));
    address.second_opinion = false;
    address.session.trust_by = TRUST_BY_SYSTEM;
    assert_false(actions_may_sign(&plan, SERVICE_SSM, &address, false));
    address.session.trust_by = TRUST_BY_NONE;
    address.steps[RUNG_TLS].outcome = OUTCOME_UNTRIED; /* no handshake was judged yet */
    assert_false(actions_may_sign(&plan, SERVICE_SSM, &address, false));
    assert_true(actions_may_sign(&plan, SERVICE_SSM, &address, true));
}

/* The agent opens its channel with the token of a whole answer, and with nothing else. */
static void a_channel_is_allowed_by_its_token(void **state)
{
#define OPEN "<CreateControlChannelResponse><TokenValue>"
    static const struct {
        int status;
        const char *body;
        enum permission permission;
    } rows[] = {
        {201, OPEN "t</TokenValue></CreateControlChannelResponse>", PERMISSION_ALLOWED},
        {201, OPEN "t</TokenValue></CreateControlChannelResponse", PERMISSION_UNCLEAR},
        {201, OPEN "</TokenValue></CreateControlChannelResponse>", PERMISSION_UNCLEAR},
        {201, OPEN "t</CreateControlChannelResponse>", PERMISSION_UNCLEAR},
        {200, OPEN "t</TokenValue></CreateControlChannelResponse>", PERMISSION_UNCLEAR},
        {201, "{\"TokenValue\":\"t\"}", PERMISSION_UNCLEAR},
    };
#undef OPEN
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct action_facts action = {.action = "ssmmessages:CreateControlChannel"};
        const struct http_head head = {.status = rows[i].status};
        service_answer_judge(&head, rows[i].body, strlen(rows[i].body), "", &action);
        if (action.permission != rows[i].permission)
            fail_msg("%d %s", rows[i].status, rows[i].body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_denial_phrase),
        cmocka_unit_test(a_resource_name_cannot_pose_as_a_reason),
        cmocka_unit_test(wire_shapes),
        cmocka_unit_test(an_answer_that_is_cut_has_no_element),
        cmocka_unit_test(what_is_no_text_is_not_read),
        cmocka_unit_test(a_channel_is_allowed_by_its_token),
        cmocka_unit_test(a_captive_page_with_status_200_is_no_permission),
        cmocka_unit_test(a_signed_request_goes_to_nobody_else),
        cmocka_unit_test(the_services_words_are_kept_escaped),
        cmocka_unit_test(an_answer_is_whole_by_both_ends),
        cmocka_unit_test(the_table_has_the_25_actions_of_the_managed_policy),
        cmocka_unit_test(capabilities_by_name),
        cmocka_unit_test(requests_with_an_effect_are_sent_where_they_have_none),
        cmocka_unit_test(a_mode_says_which_requests_are_sent),
        cmocka_unit_test(patterns_are_filled_in_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
