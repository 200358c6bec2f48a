/* SPDX-License-Identifier: Apache-2.0
 *
 * A lying or broken server may send anything. The body is only searched, and what is kept of it is
 * escaped.
 */
#include "observe/climb.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/text.h"

enum { MAX_PARSED_BYTES = 16 * 1024 }; /* an error is a few hundred bytes */

/* --- code and message --- */

/* "com.amazon.coral.service#AccessDeniedException:http://…" -> "AccessDeniedException" */
static void take_code(const char *text, size_t n, char to[NAME_SIZE])
{
    const char *colon = memchr(text, ':', n);
    if (colon)
        n = (size_t)(colon - text);
    const char *hash = memchr(text, '#', n);
    if (hash) {
        n -= (size_t)(hash + 1 - text);
        text = hash + 1;
    }
    (void)text_escape(to, NAME_SIZE, text, n);
}

/* The first of the members, by name, that is a string; NULL when there is none. */
static const char *text_of(const cJSON *json, const char *const names[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, names[i]));
        if (text)
            return text;
    }
    return NULL;
}

static bool take_json(const char *body, struct action_facts *action)
{
    static const char *const types[] = {"__type", "code"};
    static const char *const messages[] = {"Message", "message", "errorMessage"};
    cJSON *json = cJSON_Parse(body);
    const char *type = text_of(json, types, COUNT_OF(types));
    const char *message = text_of(json, messages, COUNT_OF(messages));

    if (type && !action->code[0])
        take_code(type, strlen(type), action->code);
    if (message)
        (void)text_escape(action->message, sizeof(action->message), message, strlen(message));
    bool object = cJSON_IsObject(json);
    cJSON_Delete(json);
    return object;
}

/* The text of the first element of that name, whatever its attributes. */
static const char *element_text(const char *body, const char *name, size_t *n)
{
    char open[NAME_SIZE];
    const char *at = body;

    (void)text_set(open, sizeof(open), "<%s", name);
    while ((at = strstr(at, open))) {
        at += strlen(open);
        if (!strchr("> \t\r\n", *at) || !*at)
            continue;
        at = strchr(at, '>');
        if (!at)
            return NULL;
        *n = strcspn(++at, "<");
        return at;
    }
    return NULL;
}

static void take_xml(const char *body, struct action_facts *action)
{
    const char *at = body + strspn(body, " \t\r\n");
    size_t n = 0;

    if (text_starts(at, "<?xml")) {
        at = strstr(at, "?>");
        at = at ? at + 2 + strspn(at + 2, " \t\r\n") : "";
    }
    const char *code = element_text(at, "Code", &n);
    if (!code && *at == '<') {
        code = at + 1;
        n = strcspn(code, "> /\t\r\n");
    }
    if (code && n > 0 && !action->code[0])
        take_code(code, n, action->code);

    const char *message = element_text(at, "Message", &n);
    if (!message)
        message = element_text(at, "message", &n);
    if (message)
        (void)text_escape(action->message, sizeof(action->message), message, n);
}

static void take_words(const struct http_head *head, const char *body, size_t body_bytes,
                       struct action_facts *action)
{
    if (head->error_type[0])
        take_code(head->error_type, strlen(head->error_type), action->code);
    if (body_bytes > MAX_PARSED_BYTES || strlen(body) != body_bytes)
        return;
    if (!take_json(body, action))
        take_xml(body, action);
    if (!action->message[0])
        (void)text_escape(action->message, sizeof(action->message), body,
                          body_bytes < 200 ? body_bytes : 200);
}

/* --- denials --- */

static enum denied_by denied_by_words(const char *message, bool *explicit_deny)
{
    static const struct {
        const char *words;
        enum denied_by by;
    } rows[] = {
        {"vpc endpoint policy", DENIED_BY_ENDPOINT_POLICY},
        {"permissions boundary", DENIED_BY_BOUNDARY},
        {"service control policy", DENIED_BY_SERVICE_CONTROL_POLICY},
        {"resource control policy", DENIED_BY_RESOURCE_CONTROL_POLICY},
        {"session policy", DENIED_BY_SESSION_POLICY},
        {"sessions policy", DENIED_BY_SESSION_POLICY},
        {"role trust policy", DENIED_BY_TRUST_POLICY},
        {"resource-based policy", DENIED_BY_RESOURCE_POLICY},
        {"identity-based policy", DENIED_BY_IDENTITY_POLICY},
    };
    const char *reason = strcasestr(message, "explicit deny in");

    *explicit_deny = reason;
    if (!reason)
        reason = strcasestr(message, "because no");
    if (!reason)
        return DENIED_BY_UNSAID;

    /* "in a VPC endpoint policy transitively through a service control policy": the policy that is
     * named first denies. */
    enum denied_by by = DENIED_BY_UNSAID;
    const char *first = NULL;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *at = strcasestr(reason, rows[i].words);
        if (at && (!first || at < first)) {
            first = at;
            by = rows[i].by;
        }
    }
    if (by == DENIED_BY_IDENTITY_POLICY && !*explicit_deny)
        return DENIED_BY_NO_IDENTITY_POLICY;
    return by;
}

/* --- judgement --- */

/* By the start of an error code. */
static const struct {
    const char *codes;
    enum failure failure;
} meanings[] = {
    {"AccessDenied AuthorizationFailure UnauthorizedOperation NotAuthorized", FAILURE_DENIED},
    {"UnrecognizedClient InvalidClientTokenId ExpiredToken InvalidAccessKeyId",
     FAILURE_CREDENTIALS_REJECTED},
    {"RequestTimeTooSkewed RequestExpired", FAILURE_SKEWED},
    {"InvalidSignature SignatureDoesNotMatch IncompleteSignature MissingAuthenticationToken",
     FAILURE_SIGNATURE},
    {"Throttling TooManyRequests Throttled RequestThrottled ProvisionedThroughputExceeded SlowDown "
     "RateExceeded RequestLimitExceeded",
     FAILURE_THROTTLED},
    {"ServiceUnavailable InternalServer InternalFailure", FAILURE_SERVER_ERROR},
    {"SubscriptionRequired OptInRequired", FAILURE_FORBIDDEN},
    {"UnknownOperation Validation", FAILURE_BAD_REQUEST},
};

/* "Signature expired: …" and "Signature not yet current: …" blame the clock, not the key. */
static bool about_time(const char *message)
{
    return strcasestr(message, "signature expired") ||
           strcasestr(message, "signature not yet current") ||
           strcasestr(message, "is now earlier than") || strcasestr(message, "is still later than");
}

/* Older answers of ssmmessages: <BadRequest><message>Unauthorized request.</message>, or "Unable to process due to throttling."
 * (github.com/aws/amazon-ssm-agent issues 120, 121). */
static bool unauthorized_words(const struct action_facts *action)
{
    return strcasestr(action->message, "not authorized to perform") ||
           strcasestr(action->message, "unauthorized request");
}

static void judge_error(const char *allowed, struct action_facts *action)
{
    const bool throttled = strcasestr(action->message, "due to throttling");

    if (text_has(allowed, ' ', action->code) && !unauthorized_words(action) && !throttled) {
        action->permission = PERMISSION_ALLOWED;
        return;
    }
    action->permission = PERMISSION_UNCLEAR;
    action->failure = failure_of_status(action->status);
    if (action->failure == FAILURE_HTTP_STATUS)
        action->failure = FAILURE_BAD_REQUEST;
    if (action->failure == FAILURE_BAD_REQUEST && !text_only(action->code, "._-"))
        action->failure = FAILURE_MALFORMED; /* no service says that the request is what is wrong */
    if (unauthorized_words(action)) {
        action->permission = PERMISSION_DENIED;
        action->failure = FAILURE_DENIED;
    }
    if (throttled)
        action->failure = FAILURE_THROTTLED;
    for (size_t i = 0; i < COUNT_OF(meanings); i++)
        if (text_starts_any(action->code, meanings[i].codes)) {
            action->failure = meanings[i].failure;
            action->permission = action->failure == FAILURE_DENIED ? PERMISSION_DENIED
                                                                   : PERMISSION_UNCLEAR;
        }
    if (action->failure == FAILURE_SIGNATURE && about_time(action->message))
        action->failure = FAILURE_SKEWED;
    if (action->permission == PERMISSION_DENIED)
        action->denied_by = denied_by_words(action->message, &action->explicit_deny);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* An object, an element, or nothing, as far as both ends show: of anything else the agent's SDK says that it is no answer. */
static bool is_whole(const char *body, size_t n)
{
    for (; n > 0 && is_blank(*body); n--)
        body++;
    while (n > 0 && is_blank(body[n - 1]))
        n--;
    if (n < 2)
        return n == 0;
    return (body[0] == '{' && body[n - 1] == '}') || (body[0] == '<' && body[n - 1] == '>');
}

/* The agent opens a channel with the token that it gets, and with nothing else (agent/session/service/service.go). */
static bool is_token(const struct http_head *head, const char *body)
{
    size_t n = 0;

    return head->status == 201 && element_text(body, "TokenValue", &n) && n > 0 &&
           strstr(body, "</TokenValue>");
}

void service_answer_judge(const struct http_head *head, const char *body, size_t body_bytes,
                          const char *allowed, struct action_facts *action)
{
    action->status = head->status;
    action->failure = FAILURE_NONE;
    if (text_starts(head->content_type, "text/html")) { /* no AWS API answers with a page */
        action->permission = PERMISSION_UNCLEAR;
        action->failure = FAILURE_NOT_AWS;
        return;
    }
    if (head->status == 200 || head->status == 201) {
        bool whole = is_whole(body, body_bytes) &&
                     (!text_ends(action->action, "Channel") || is_token(head, body));
        action->permission = whole ? PERMISSION_ALLOWED : PERMISSION_UNCLEAR;
        action->failure = whole ? FAILURE_NONE : FAILURE_MALFORMED;
        return;
    }
    take_words(head, body, body_bytes, action);
    judge_error(allowed, action);
}
