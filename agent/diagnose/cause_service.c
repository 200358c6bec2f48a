/* SPDX-License-Identifier: Apache-2.0
 *
 * Causes in what the service answers: which policy denies, in the service's own words
 * (docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html), or why it could not
 * even be asked that.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/finding.h"
#include "diagnose/look.h"
#include "diagnose/policy.h"
#include "diagnose/remedy.h"
#include "model/proxy.h"

typedef bool is_denial(const struct action_facts *action);

static bool by_no_identity_policy(const struct action_facts *action)
{
    return action->denied_by == DENIED_BY_NO_IDENTITY_POLICY;
}

static bool by_no_policy_or_unsaid(const struct action_facts *action)
{
    return action->denied_by == DENIED_BY_NO_IDENTITY_POLICY ||
           action->denied_by == DENIED_BY_UNSAID;
}

static bool by_identity_policy(const struct action_facts *action)
{
    return action->denied_by == DENIED_BY_IDENTITY_POLICY;
}

static bool by_endpoint_policy(const struct action_facts *action)
{
    return action->denied_by == DENIED_BY_ENDPOINT_POLICY;
}

static bool by_boundary(const struct action_facts *action)
{
    return action->denied_by == DENIED_BY_BOUNDARY;
}

static bool by_organization(const struct action_facts *action)
{
    return action->denied_by == DENIED_BY_SERVICE_CONTROL_POLICY ||
           action->denied_by == DENIED_BY_RESOURCE_CONTROL_POLICY;
}

static bool by_anything(const struct action_facts *action)
{
    (void)action;
    return true;
}

/* One denial that was quoted, and the actions that were denied in the same way, by the same kind of
 * policy: their words differ in names at most. */
struct quoted {
    const struct action_facts *first;
    char alike[LINE_SIZE];
};

static void end_quotation(struct quoted *quoted, struct finding *finding)
{
    if (quoted->alike[0] != '\0')
        finding_evidence(finding, "likewise denied: %s", quoted->alike);
    memset(quoted, 0, sizeof *quoted);
}

static bool is_alike(const struct action_facts *a, const struct action_facts *b)
{
    return a->status == b->status && a->denied_by == b->denied_by &&
           a->explicit_deny == b->explicit_deny && strcmp(a->code, b->code) == 0;
}

static void quote_denial(const struct action_facts *action, struct quoted *quoted,
                         struct finding *finding)
{
    if (quoted->first != NULL && is_alike(quoted->first, action)) {
        text_add(quoted->alike, sizeof quoted->alike, "%s%s", quoted->alike[0] ? ", " : "",
                 action->action);
        return;
    }
    end_quotation(quoted, finding);
    finding_quote_action(finding, action);
    quoted->first = action;
}

/* A service's authorize check, where one of its denied actions is such a denial. */
static check_set denied_at(const struct scene *scene, enum service service, is_denial *is,
                           struct quoted *quoted, struct finding *finding)
{
    const struct endpoint_facts *endpoint = &scene->facts->endpoints[service];
    enum check check = check_of_service(service, RUNG_AUTHORIZE);
    check_set set = 0;

    if (!scene_has(scene, check))
        return 0;
    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        const struct action_facts *action = &endpoint->actions[i];
        if (action->permission != PERMISSION_DENIED || !is(action))
            continue;
        quote_denial(action, quoted, finding);
        set = check_bit(check);
    }
    return set;
}

static check_set denied_anywhere(const struct scene *scene, is_denial *is, struct finding *finding)
{
    struct quoted quoted = {0};
    check_set set = 0;

    for (int i = 0; i < N_SERVICES; i++)
        set |= denied_at(scene, (enum service)i, is, &quoted, finding);
    end_quotation(&quoted, finding);
    return set;
}

/* Nothing at all is allowed, and somewhere the service says that nobody allows it. That elsewhere
 * another policy denies is a second fault, which hides whether this one is there too. */
bool explains_policy_missing(const struct scene *scene, enum service service,
                             struct finding *finding)
{
    struct denials denials;
    struct proven ssm;
    (void)service;

    policy_count(scene->facts, &denials);
    if (denials.allowed > 0 || denials.by_nobody_allowing == 0 || denials.by_later_policy > 0)
        return false;
    finding->explains = denied_anywhere(scene, by_no_policy_or_unsaid, finding);
    policy_prove(scene->facts, SERVICE_SSM, &ssm);
    finding->confidence = denials.by_nobody_allowing == denials.denied && denials.unclear == 0 &&
                                  ssm.denied > 0
                              ? CONFIDENCE_CERTAIN
                              : CONFIDENCE_LIKELY;
    if (ssm.denied == 0) {
        /* most of the policy's actions are ssm's, and none of them was heard of */
        finding_title(finding, "Of the agent's actions all that could be tried (%d) are denied",
                      (int)denials.denied);
        finding_alternative(scene->facts, finding, "policy-incomplete");
    } else if (scene->facts->role.role[0] != '\0')
        finding_title(finding, "Role %.40s has no policy that allows Systems Manager",
                      scene->facts->role.role);
    return finding->explains != 0;
}

static void name_what_is_lacking(const struct scene *scene, struct finding *finding)
{
    const char *first = NULL;
    int n = 0;

    for (int i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *endpoint = &scene->facts->endpoints[i];
        if (!(finding->explains & check_service_bits((enum service)i)))
            continue;
        for (int32_t j = 0; j < endpoint->n_actions; j++) {
            if (endpoint->actions[j].permission != PERMISSION_DENIED ||
                !by_no_identity_policy(&endpoint->actions[j]))
                continue;
            if (n++ == 0)
                first = endpoint->actions[j].action;
        }
    }
    if (n == 1)
        finding_title(finding, "The role's policies lack %.45s", first);
    else if (n > 1)
        finding_title(finding, "The role's policies lack %.36s and %d more", first, n - 1);
}

bool explains_policy_incomplete(const struct scene *scene, enum service service,
                                struct finding *finding)
{
    struct denials denials;
    (void)service;

    finding->explains = denied_anywhere(scene, by_no_identity_policy, finding);
    if (finding->explains == 0)
        return false;
    policy_count(scene->facts, &denials);
    finding_evidence(finding, "%d proven actions are allowed, %d denied", (int)denials.allowed,
                     (int)denials.denied);
    name_what_is_lacking(scene, finding);
    finding->confidence = CONFIDENCE_CERTAIN;
    return true;
}

static bool explains_denial(const struct scene *scene, struct finding *finding, is_denial *is)
{
    finding->explains = denied_anywhere(scene, is, finding);
    finding->confidence = CONFIDENCE_CERTAIN;
    return finding->explains != 0;
}

bool explains_denied_explicitly(const struct scene *scene, enum service service,
                                struct finding *finding)
{
    (void)service;
    return explains_denial(scene, finding, by_identity_policy);
}

bool explains_denied_by_endpoint_policy(const struct scene *scene, enum service service,
                                        struct finding *finding)
{
    struct quoted quoted = {0};
    finding->explains = denied_at(scene, service, by_endpoint_policy, &quoted, finding);
    end_quotation(&quoted, finding);
    finding->confidence = CONFIDENCE_CERTAIN;
    finding_title(finding, "%s: the VPC endpoint's policy does not allow it",
                  service_name(service));
    return finding->explains != 0;
}

bool explains_denied_by_boundary(const struct scene *scene, enum service service,
                                 struct finding *finding)
{
    (void)service;
    return explains_denial(scene, finding, by_boundary);
}

bool explains_denied_by_organization(const struct scene *scene, enum service service,
                                     struct finding *finding)
{
    (void)service;
    return explains_denial(scene, finding, by_organization);
}

/* Older services and session, resource and trust policies: the words say little or nothing. */
bool explains_denied(const struct scene *scene, enum service service, struct finding *finding)
{
    bool unsaid = false;
    (void)service;

    if (!explains_denial(scene, finding, by_anything))
        return false;
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < scene->facts->endpoints[i].n_actions; j++)
            unsaid |= scene->facts->endpoints[i].actions[j].permission == PERMISSION_DENIED &&
                      scene->facts->endpoints[i].actions[j].denied_by == DENIED_BY_UNSAID;
    if (!unsaid)
        return true;
    finding->confidence = CONFIDENCE_LIKELY;
    finding_alternative(scene->facts, finding, "policy-missing");
    finding_alternative(scene->facts, finding, "denied-by-boundary");
    finding_alternative(scene->facts, finding, "denied-by-endpoint-policy");
    finding_alternative(scene->facts, finding, "denied-by-organization");
    return true;
}

static void quote_unclear(const struct scene *scene, enum service service,
                          const enum failure *reasons, size_t n, struct finding *finding)
{
    const struct endpoint_facts *endpoint = &scene->facts->endpoints[service];
    for (int32_t i = 0; i < endpoint->n_actions; i++)
        for (size_t j = 0; j < n; j++)
            if (endpoint->actions[i].permission == PERMISSION_UNCLEAR &&
                endpoint->actions[i].failure == reasons[j]) {
                finding_quote_action(finding, &endpoint->actions[i]);
                return;
            }
}

static void quote_http(const struct scene *scene, enum service service, struct finding *finding)
{
    struct tally tally;

    look_tally(scene->facts, service, RUNG_HTTP, &tally);
    const struct address_facts *at = tally.first_failed;
    if (at == NULL)
        return;
    finding_quote_address(finding, service, at, RUNG_HTTP);
    if (at->head.status != 0)
        finding_evidence(finding, "status %d, Server: %s%s%s", (int)at->head.status,
                         at->head.server[0] ? at->head.server : "(none)",
                         at->head.via[0] ? ", Via: " : "", at->head.via);
    if (at->body_start[0] != '\0')
        finding_evidence(finding, "the answer has: %s", at->body_start);
}

/* The service says that the time is off while the clock is right, or that the signature is wrong:
 * what it got is not what was sent. */
bool explains_signature_rejected(const struct scene *scene, enum service service,
                                 struct finding *finding)
{
    static const enum failure rejected[] = {FAILURE_SIGNATURE, FAILURE_SKEWED};
    (void)service;

    finding->explains = scene_rung(scene, RUNG_AUTHORIZE, rejected, N_OF(rejected));
    if (finding->explains == 0 || look_signs_elsewhere(scene->facts))
        return false; /* agent-config-invalid explains it */
    for (int i = 0; i < N_SERVICES; i++)
        if (finding->explains & check_service_bits((enum service)i))
            quote_unclear(scene, (enum service)i, rejected, N_OF(rejected), finding);
    finding_quote_clock(finding, scene->facts);
    return true;
}

/* What the agent's proxy answered to CONNECT; true when it lets the agent through to not one. */
static bool quote_proxy(const struct facts *facts, struct finding *finding)
{
    bool refused = false;

    for (int i = 0; i < N_SERVICES; i++) {
        const struct step *step = &facts->endpoints[i].proxy;
        if (step->outcome != OUTCOME_OK && step->outcome != OUTCOME_FAILED)
            continue;
        finding_evidence(finding, "CONNECT %s:%u%s%s: %s after %d ms", facts->plan.services[i].host,
                         (unsigned)facts->plan.services[i].port,
                         facts->agent.proxy_address[0] ? " at " : "", facts->agent.proxy_address,
                         step->detail[0] ? step->detail : failure_words(step->failure),
                         (int)step->took_ms);
        refused |= proxy_refuses(facts, (enum service)i);
    }
    return refused;
}

bool explains_proxy_in_the_way(const struct scene *scene, enum service service,
                               struct finding *finding)
{
    static const enum failure foreign[] = {
        FAILURE_PROXY,       FAILURE_NOT_AWS,   FAILURE_REDIRECTED,
        FAILURE_MALFORMED,   FAILURE_FORBIDDEN, FAILURE_UNAUTHORIZED,
        FAILURE_HTTP_STATUS, FAILURE_NOT_FOUND, FAILURE_TOO_LARGE};
    static const enum failure by_agent[] = {FAILURE_PROXY};
    const struct agent_facts *agent = &scene->facts->agent;
    (void)service;

    finding->explains = scene_rung(scene, RUNG_HTTP, foreign, N_OF(foreign)) |
                        scene_rung(scene, RUNG_AUTHORIZE, foreign, 3);
    for (int i = 0; i < N_SERVICES; i++) {
        if (finding->explains & check_bit(check_of_service((enum service)i, RUNG_HTTP)))
            quote_http(scene, (enum service)i, finding);
        if (finding->explains & check_bit(check_of_service((enum service)i, RUNG_AUTHORIZE)))
            quote_unclear(scene, (enum service)i, foreign, 3, finding);
    }
    if (scene_has_reason(scene, CHECK_AGENT_CONFIG, by_agent, 1)) {
        bool only = finding->explains == 0;
        finding->explains |= check_bit(CHECK_AGENT_CONFIG);
        finding_evidence(finding, "%s sets the agent's proxy to %s",
                         agent->proxy_file[0] ? agent->proxy_file : "the agent's unit",
                         agent->https_proxy);
        finding_evidence(finding, "NO_PROXY is \"%s\"", agent->no_proxy);
        bool refused = quote_proxy(scene->facts, finding);
        if (only) {
            finding_title(finding, refused ? "The SSM agent's proxy does not let it through"
                                           : "The SSM agent would send its traffic to a proxy");
            finding->confidence = CONFIDENCE_CERTAIN;
        }
    }
    return finding->explains != 0;
}

bool explains_service_unavailable(const struct scene *scene, enum service service,
                                  struct finding *finding)
{
    static const enum failure busy[] = {FAILURE_SERVER_ERROR, FAILURE_THROTTLED, FAILURE_TIMEOUT,
                                        FAILURE_RESET,        FAILURE_CLOSED,    FAILURE_TRUNCATED};
    enum check http = check_of_service(service, RUNG_HTTP);
    enum check authorize = check_of_service(service, RUNG_AUTHORIZE);
    bool said = false;

    if (scene_has_reason(scene, http, busy, N_OF(busy))) {
        finding->explains |= check_bit(http);
        said |= scene_has_reason(scene, http, busy, 2);
        quote_http(scene, service, finding);
    }
    if (scene_has_reason(scene, authorize, busy, N_OF(busy))) {
        finding->explains |= check_bit(authorize);
        said |= scene_has_reason(scene, authorize, busy, 2);
        quote_unclear(scene, service, busy, N_OF(busy), finding);
    }
    finding_title(finding, "%s: the service answers with errors or not at all",
                  service_name(service));
    finding->confidence = said ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
    return finding->explains != 0;
}
