/* SPDX-License-Identifier: Apache-2.0
 *
 * What the service answers: which policy denies, in the service's own words
 * (docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html), or why it could not
 * even be asked that.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/finding.h"
#include "diagnose/look.h"
#include "diagnose/policy.h"
#include "model/proxy.h"

/* --- denials --- */

static bool is_alike(const struct action_facts *a, const struct action_facts *b)
{
    return a->status == b->status && a->denied_by == b->denied_by &&
           a->explicit_deny == b->explicit_deny && strcmp(a->code, b->code) == 0;
}

/* One denial of those that are alike: their words differ in names at most. */
void quote_denials(const struct view *view, struct finding *finding)
{
    const struct action_facts *quoted = NULL;
    char alike[LINE_SIZE] = "";

    for (int i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *endpoint = &view->facts->endpoints[i];
        for (int32_t j = 0; view_explains(view, i, RUNG_AUTHORIZE) && j < endpoint->n_actions;
             j++) {
            const struct action_facts *action = &endpoint->actions[j];
            if (action->permission != PERMISSION_DENIED ||
                !(view->cause->denied_by & (1u << action->denied_by)))
                continue;
            if (quoted && is_alike(quoted, action)) {
                (void)text_add(alike, sizeof(alike), "%s%s", alike[0] ? ", " : "", action->action);
                continue;
            }
            if (alike[0] != '\0')
                finding_evidence(finding, "likewise denied: %s", alike);
            finding_quote_action(finding, action);
            alike[0] = '\0';
            quoted = action;
        }
    }
    if (alike[0] != '\0')
        finding_evidence(finding, "likewise denied: %s", alike);
}

/* Nothing at all is allowed, and somewhere the service says that nobody allows it. That elsewhere
 * another policy denies is a second fault, which hides whether this one is there too. */
bool when_nothing_is_allowed(const struct view *view)
{
    struct denials denials = policy_count(view->facts);

    return denials.allowed == 0 && denials.by_nobody_allowing > 0 && denials.by_later_policy == 0;
}

/* Most of the policy's actions are ssm's. */
bool when_ssm_denies_nothing(const struct view *view)
{
    return policy_prove(view->facts, SERVICE_SSM).denied == 0;
}

enum confidence sure_if_every_denial_is_alike(const struct view *view)
{
    struct denials denials = policy_count(view->facts);

    return denials.by_nobody_allowing == denials.denied && denials.unclear == 0 ? CONFIDENCE_CERTAIN
                                                                                : CONFIDENCE_LIKELY;
}

void quote_denials_among_others(const struct view *view, struct finding *finding)
{
    struct denials denials = policy_count(view->facts);

    quote_denials(view, finding);
    finding_evidence(finding, "%d proven actions are allowed, %d denied", (int)denials.allowed,
                     (int)denials.denied);
}

const char *service_denied_action(const struct view *view, int *n)
{
    const char *first = NULL;

    *n = 0;
    for (int i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *endpoint = &view->facts->endpoints[i];
        for (int32_t j = 0; view_explains(view, i, RUNG_AUTHORIZE) && j < endpoint->n_actions; j++)
            if (endpoint->actions[j].permission == PERMISSION_DENIED &&
                (view->cause->denied_by & (1u << endpoint->actions[j].denied_by)) && (*n)++ == 0)
                first = endpoint->actions[j].action;
    }
    return first;
}

/* --- other answers --- */

/* The first action of a service that was answered for a reason of the row. */
static void quote_answered(const struct view *view, int service, struct finding *finding)
{
    const struct endpoint_facts *endpoint = &view->facts->endpoints[service];
    enum check check = check_of_service((enum service)service, RUNG_AUTHORIZE);

    for (int32_t i = 0; (view->explains & check_bit(check)) && i < endpoint->n_actions; i++)
        if (endpoint->actions[i].failure != FAILURE_NONE &&
            view_is_reason(view, check, endpoint->actions[i].failure)) {
            finding_quote_action(finding, &endpoint->actions[i]);
            return;
        }
}

void quote_actions(const struct view *view, struct finding *finding)
{
    for (int i = 0; i < N_SERVICES; i++)
        quote_answered(view, i, finding);
}

void quote_actions_and_clock(const struct view *view, struct finding *finding)
{
    quote_actions(view, finding);
    finding_quote_clock(finding, view->facts);
}

/* agent-config-invalid explains it otherwise. */
bool when_region_is_right(const struct view *view)
{
    return !look_signs_elsewhere(view->facts);
}

static void quote_http(const struct view *view, int service, struct finding *finding)
{
    const struct address_facts *at =
        look_tally(view->facts, (enum service)service, RUNG_HTTP).first_failed;

    if (!view_explains(view, service, RUNG_HTTP) || !at)
        return;
    finding_quote_address(finding, (enum service)service, at, RUNG_HTTP);
    if (at->head.status != 0)
        finding_evidence(finding, "status %d, Server: %s%s%s", (int)at->head.status,
                         at->head.server[0] ? at->head.server : "(none)",
                         at->head.via[0] ? ", Via: " : "", at->head.via);
    if (at->body_start[0] != '\0')
        finding_evidence(finding, "the answer has: %s", at->body_start);
}

void quote_http_and_actions(const struct view *view, struct finding *finding)
{
    for (int i = 0; i < N_SERVICES; i++) {
        quote_http(view, i, finding);
        quote_answered(view, i, finding);
    }
}

/* Of the agent's own proxy the rest of the ladder shows nothing. */
bool when_only_the_agent_has_a_proxy(const struct view *view)
{
    return view->explains == check_bit(CHECK_AGENT_CONFIG);
}

bool when_the_agents_proxy_refuses(const struct view *view)
{
    for (int i = 0; i < N_SERVICES; i++)
        if (proxy_refuses(view->facts, (enum service)i))
            return when_only_the_agent_has_a_proxy(view);
    return false;
}

enum confidence sure_if_only_the_agent_has_a_proxy(const struct view *view)
{
    return when_only_the_agent_has_a_proxy(view) ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
}

/* What the agent's proxy answered to CONNECT. */
static void quote_connect_method(const struct facts *facts, struct finding *finding)
{
    for (int i = 0; i < N_SERVICES; i++) {
        const struct step *step = &facts->endpoints[i].proxy;
        if (step->outcome != OUTCOME_OK && step->outcome != OUTCOME_FAILED)
            continue;
        finding_evidence(finding, "CONNECT %s:%u%s%s: %s after %d ms", facts->plan.services[i].host,
                         (unsigned)facts->plan.services[i].port,
                         facts->agent.proxy_address[0] ? " at " : "", facts->agent.proxy_address,
                         step->detail[0] ? step->detail : failure_words(step->failure),
                         (int)step->took_ms);
    }
}

void quote_proxy(const struct view *view, struct finding *finding)
{
    const struct agent_facts *agent = &view->facts->agent;

    quote_http_and_actions(view, finding);
    if (!(view->explains & check_bit(CHECK_AGENT_CONFIG)))
        return;
    finding_evidence(finding, "%s sets the agent's proxy to %s",
                     agent->proxy_file[0] ? agent->proxy_file : "the agent's unit",
                     agent->https_proxy);
    finding_evidence(finding, "NO_PROXY is \"%s\"", agent->no_proxy);
    quote_connect_method(view->facts, finding);
}

/* An error is the service's own; silence and resets may be anybody's. */
enum confidence likely_if_the_service_said_so(const struct view *view)
{
    for (int rung = RUNG_HTTP; rung <= RUNG_AUTHORIZE; rung++) {
        enum check check = check_of_service(view->service, (enum rung)rung);
        if (view_has_reason(view, check, FAILURE_SERVER_ERROR) ||
            view_has_reason(view, check, FAILURE_THROTTLED))
            return CONFIDENCE_LIKELY;
    }
    return CONFIDENCE_POSSIBLE;
}
