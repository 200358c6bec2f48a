/* SPDX-License-Identifier: Apache-2.0
 *
 * What the service answers: which policy denies, in the service's own words
 * (docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html), or why it could not
 * even be asked that.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/causes.h"
#include "diagnose/look.h"
#include "diagnose/names.h"
#include "diagnose/policy.h"
#include "model/proxy.h"

/* --- denials --- */

static bool is_alike(const struct action_facts *a, const struct action_facts *b)
{
    return a->status == b->status && a->denied_by == b->denied_by &&
           a->explicit_deny == b->explicit_deny && strcmp(a->code, b->code) == 0;
}

static bool is_denied_so(const struct view *view, const struct action_facts *action)
{
    return action->permission == PERMISSION_DENIED &&
           (view->cause->denied_by & (1u << action->denied_by));
}

/* One denial of those that are alike: their words differ in names at most. */
void quote_denials(const struct view *view, struct finding *finding)
{
    const struct action_facts *quoted = NULL;
    char alike[LINE_SIZE] = "";

    for (struct each it = {0}; view_each(view, RUNG_AUTHORIZE, &it);)
        for (int32_t j = 0; j < view->facts->endpoints[it.service].n_actions; j++) {
            const struct action_facts *action = &view->facts->endpoints[it.service].actions[j];
            if (!is_denied_so(view, action))
                continue;
            if (quoted && is_alike(quoted, action)) {
                text_list(alike, sizeof(alike), ", ", action->action);
                continue;
            }
            if (alike[0])
                finding_evidence(finding, "likewise denied: %s", alike);
            finding_quote_action(finding, action);
            alike[0] = '\0';
            quoted = action;
        }
    if (alike[0])
        finding_evidence(finding, "likewise denied: %s", alike);
}

/* Nothing at all is allowed, and somewhere the service says that nobody allows it. That elsewhere
 * another policy denies is a second fault, which hides whether this one is there too. */
bool when_nothing_is_allowed(const struct view *view)
{
    struct denials denials = policy_count(view->facts);

    return denials.allowed == 0 && denials.by_nobody_allowing > 0 && denials.by_later_policy == 0 &&
           view->facts->agent.connected != ANSWER_YES;
}

/* A denial too comes after them. */
bool when_others_take_them(const struct view *view)
{
    struct denials denials = policy_count(view->facts);
    return denials.allowed + denials.denied > 0;
}

bool when_no_service_takes_the_credentials(const struct view *view)
{
    return when_imds_itself_answers(view) && !when_others_take_them(view);
}

/* Neither is the role's own: EC2's credentials carry no session policy. */
bool when_another_policy_denies(const struct view *view)
{
    bool any = false;

    for (struct each it = {0}; view_each(view, RUNG_AUTHORIZE, &it);)
        any |= policy_denied_by(view->facts, it.service,
                                1u << DENIED_BY_SESSION_POLICY | 1u << DENIED_BY_RESOURCE_POLICY);
    return any;
}

/* Most of the policy's actions are ssm's. */
bool when_ssm_denies_nothing(const struct view *view)
{
    return policy_prove(view->facts, SERVICE_SSM).denied == 0;
}

bool when_every_denial_is_alike(const struct view *view)
{
    struct denials denials = policy_count(view->facts);
    return denials.by_nobody_allowing == denials.denied && denials.unclear == 0;
}

void quote_how_many_are_denied(const struct view *view, struct finding *finding)
{
    struct denials denials = policy_count(view->facts);

    finding_evidence(finding, "proven actions: %d allowed, %d denied", (int)denials.allowed,
                     (int)denials.denied);
}

void quote_tools(const struct view *view, struct finding *finding)
{
    char tools[LINE_SIZE - 32];

    policy_tools(view->facts, view->explains, view->cause->denied_by, tools, sizeof(tools));
    if (tools[0])
        finding_evidence(finding, "does not work without them: %s", tools);
}

const char *service_denied_action(const struct view *view, int *n)
{
    const char *first = NULL;

    *n = 0;
    for (struct each it = {0}; view_each(view, RUNG_AUTHORIZE, &it);)
        for (int32_t j = 0; j < view->facts->endpoints[it.service].n_actions; j++)
            if (is_denied_so(view, &view->facts->endpoints[it.service].actions[j]) && (*n)++ == 0)
                first = view->facts->endpoints[it.service].actions[j].action;
    return first;
}

/* --- other answers --- */

bool when_answers_come_too_late(const struct view *view)
{
    return view->checks[check_of_service(view->service, RUNG_HTTP)].status == STATUS_FAIL;
}

void quote_slow_answers(const struct view *view, struct finding *finding)
{
    const struct endpoint_facts *endpoint = &view->facts->endpoints[view->service];
    const int32_t name_ms = names_time_ms(view->facts, view->service);

    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        for (enum rung rung = RUNG_TLS; rung <= RUNG_HTTP; rung++)
            if (endpoint->addresses[i].steps[rung].took_ms >= SLOW_ANSWER_MS)
                finding_quote_address(finding, view->service, &endpoint->addresses[i], rung);
    if (when_answers_come_too_late(view) && name_ms >= 1000)
        finding_evidence(finding, "before it, its name takes %d s", (int)name_ms / 1000);
    finding_evidence(finding, "the agent waits up to %d s for an answer of %s",
                     (int)service_limit_ms(view->service) / 1000, service_name(view->service));
}

/* Of each service the first action that was answered so. */
void quote_actions(const struct view *view, struct finding *finding)
{
    for (struct each it = {0}; view_each(view, RUNG_AUTHORIZE, &it);) {
        const struct endpoint_facts *endpoint = &view->facts->endpoints[it.service];
        enum check check = check_of_service(it.service, RUNG_AUTHORIZE);
        int32_t j = 0;
        while (j < endpoint->n_actions &&
               (endpoint->actions[j].failure == FAILURE_NONE ||
                !view_is_reason(view, check, endpoint->actions[j].failure)))
            j++;
        if (j < endpoint->n_actions)
            finding_quote_action(finding, &endpoint->actions[j]);
    }
}

/* Otherwise the agent's configuration names a region that is not the instance's, and requests are signed
 * for it: no service takes them, and nothing on the way is to blame. */
bool when_region_is_right(const struct view *view)
{
    const struct facts *facts = view->facts;
    const char *signing = facts->plan.signing_region, *configured = facts->agent.config_region;

    return !configured[0] || strcmp(configured, signing) != 0 ||
           strcmp(signing, facts->instance.region) == 0;
}

/* Else the agent's requests go where nobody knows them. */
bool when_configuration_fits(const struct view *view)
{
    return view->checks[CHECK_AGENT_CONFIG].reason != FAILURE_INVALID;
}

void quote_http(const struct view *view, struct finding *finding)
{
    for (struct each it = {0}; view_each(view, RUNG_HTTP, &it);) {
        const struct address_facts *at =
            look_tally(view->facts, it.service, RUNG_HTTP).first_failed;
        if (!at)
            continue;
        finding_quote_address(finding, it.service, at, RUNG_HTTP);
        if (at->head.status != 0)
            finding_evidence(finding, "status %d, Server: %s%s%s", (int)at->head.status,
                             at->head.server[0] ? at->head.server : "(none)",
                             at->head.via[0] ? ", Via: " : "", at->head.via);
        if (at->body_start[0])
            finding_evidence(finding, "the answer has: %s", at->body_start);
    }
}

/* Of the agent's own proxy the rest of the ladder shows nothing. */
bool when_only_the_agent_has_a_proxy(const struct view *view)
{
    return view->explains == check_bit(CHECK_AGENT_CONFIG);
}

bool when_the_agents_proxy_refuses(const struct view *view)
{
    for (enum service i = 0; i < N_SERVICES; i++)
        if (proxy_refuses(view->facts, i))
            return when_only_the_agent_has_a_proxy(view);
    return false;
}

/* A proxy that is silent or refuses may be cut off, and its name may not resolve. What the agent's WebSocket does with the URL needs no
 * proxy. */
bool when_the_agents_proxy_says_so(const struct view *view)
{
    for (enum service i = 0; i < N_SERVICES; i++)
        if (proxy_refuses(view->facts, i) && view->facts->endpoints[i].proxy_status == 0 &&
            view->facts->endpoints[i].proxy.failure != FAILURE_NO_WEBSOCKET)
            return false;
    return when_only_the_agent_has_a_proxy(view);
}

bool when_the_proxy_is_shown_a_login(const struct view *view)
{
    return view->facts->agent.proxy_login;
}

/* Of the proxy's URL, without a password: only the websocket, which ssmmessages gets, shows no login then. */
bool when_the_websocket_shows_no_login(const struct view *view)
{
    return view->facts->agent.proxy_user && !proxy_refuses(view->facts, SERVICE_SSM);
}

void quote_agents_proxy(const struct view *view, struct finding *finding)
{
    const struct facts *facts = view->facts;
    const struct agent_facts *agent = &facts->agent;

    if (!(view->explains & check_bit(CHECK_AGENT_CONFIG)))
        return;
    finding_evidence(finding, "%s sets the agent's proxy to %s",
                     agent->proxy_file[0] ? agent->proxy_file : "the agent's unit",
                     agent->https_proxy);
    if (agent->proxy_login)
        finding_evidence(finding, "its URL has a login, %s a password",
                         agent->proxy_user ? "without" : "with");
    finding_evidence(finding, "NO_PROXY is \"%s\"", agent->no_proxy);
    for (enum service i = 0; i < N_SERVICES; i++) {
        const struct step *step = &facts->endpoints[i].proxy;
        if (step->outcome != OUTCOME_OK && step->outcome != OUTCOME_FAILED)
            continue;
        finding_evidence(finding, "CONNECT %s:%u%s%s: %s (%d ms)", facts->plan.services[i].host,
                         (unsigned)facts->plan.services[i].port,
                         agent->proxy_address[0] ? " at " : "", agent->proxy_address,
                         step->detail[0] ? step->detail : failure_words(step->failure),
                         (int)step->took_ms);
    }
}

static bool answers_with(const struct view *view, enum failure failure)
{
    return view_has_reason(view, check_of_service(view->service, RUNG_HTTP), failure) ||
           view_has_reason(view, check_of_service(view->service, RUNG_AUTHORIZE), failure);
}

bool when_the_service_throttles(const struct view *view)
{
    return answers_with(view, FAILURE_THROTTLED);
}

/* An error is the service's own; silence and resets may be anybody's. */
bool when_the_service_says_so(const struct view *view)
{
    return answers_with(view, FAILURE_SERVER_ERROR) || when_the_service_throttles(view);
}
