/* SPDX-License-Identifier: Apache-2.0
 *
 * An action that the service denies is proof; one that it answers with anything else is proof of
 * what that answer says, and no more. What was not probed never fails, and is nowhere called allowed.
 */
#include "diagnose/policy.h"

#include <string.h>

#include "base/text.h"
#include "diagnose/look.h"
#include "model/permissions.h"

/* --- Default Host Management --- */

bool policy_dhmc_heals_role(const struct facts *facts)
{
    const struct role_facts *role = &facts->role;

    return role->identity_role != ANSWER_NO &&
           text_compare_versions(facts->agent.version, first_agent_with_dhmc) >= 0 &&
           (role->attached.failure == FAILURE_NO_ROLE ||
            role->attached.failure == FAILURE_PROFILE_EMPTY ||
            role->credentials.failure == FAILURE_NOT_ASSUMABLE);
}

/* Another role is asked, but by the same way: what an endpoint's or an organization's policy denies, it
 * denies to both. */
bool policy_dhmc_heals_denial(const struct facts *facts)
{
    static const uint32_t of_the_role = 1u << DENIED_BY_NO_IDENTITY_POLICY |
                                        1u << DENIED_BY_IDENTITY_POLICY | 1u << DENIED_BY_BOUNDARY;
    const struct action_facts *own = look_action(facts, "ssm:UpdateInstanceInformation");
    uint32_t others = ~of_the_role;

    if (facts->role.identity_role == ANSWER_NO || policy_denied_by(facts, SERVICE_SSM, others) ||
        text_compare_versions(facts->agent.version, first_agent_with_dhmc) < 0)
        return false;
    if (own && own->permission != PERMISSION_NOT_PROBED)
        return own->permission == PERMISSION_DENIED;
    return policy_count(facts).allowed == 0;
}

bool policy_by_dhmc(const struct facts *facts)
{
    return (facts->role.dhmc == ANSWER_YES && facts->role.attached.failure == FAILURE_NO_ROLE) ||
           (facts->plan.dhmc && policy_dhmc_heals_role(facts));
}

/* --- one service --- */

/* Asked where an action is denied. Nothing is allowed, for want of a policy, and ssmmessages could not be asked: the
 * role likely carries nothing at all. Where ssmmessages answers, it decides: a policy for sessions alone allows nothing else. */
bool policy_is_missing(const struct facts *facts)
{
    struct denials denials = policy_count(facts);

    return denials.by_nobody_allowing == denials.denied && denials.allowed + denials.unclear == 0 &&
           facts->agent.connected != ANSWER_YES &&
           look_tally(facts, SERVICE_SSMMESSAGES, RUNG_HTTP).ok == 0;
}

/* Every action of ssm that was asked for is denied, by another policy than the role's own, which may be one for sessions:
 * it likely denies the agent's own request too, which was not sent. */
static bool ssm_is_closed(const struct facts *facts)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[SERVICE_SSM];
    int n = 0;

    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        const struct action_facts *action = &endpoint->actions[i];
        if (action->permission == PERMISSION_NOT_PROBED)
            continue;
        if (action->permission != PERMISSION_DENIED ||
            action->denied_by == DENIED_BY_NO_IDENTITY_POLICY ||
            action->denied_by == DENIED_BY_UNSAID)
            return false;
        n++;
    }
    return n > 1;
}

/* What follows where the service denies one action: --for says that nothing else is asked for. The role of
 * Default Host Management allows all but what only Parameter Store needs. */
static enum status weight_of(const struct facts *facts, enum service service, const char *action)
{
    const struct permission_row *row = permission_find(action);
    const struct plan *plan = &facts->plan;

    if (!row)
        return STATUS_WARN; /* of a newer program's policy */
    if (row->capabilities == 0)
        return plan->services[service].need == NEED_REQUIRED ? STATUS_FAIL : STATUS_PASS;
    if (!(row->capabilities & (CAPABILITY_AGENT | capabilities_in(plan->needed_for)))) {
        if (plan->needed_for[0])
            return STATUS_PASS;
        if (!policy_is_missing(facts) && !(service == SERVICE_SSM && ssm_is_closed(facts)))
            return STATUS_WARN;
    }
    return plan->dhmc && row->capabilities != 1u << CAPABILITY_PARAMETERS &&
                   policy_dhmc_heals_denial(facts)
               ? STATUS_WARN
               : STATUS_FAIL;
}

/* How much one action decides, and what. These answers are about every request, and no other action's
 * success outweighs them: rejected credentials, a wrong signature or time. A request that the service
 * finds wrong was at least taken for ours and not denied; everything else the agent would meet too, and to
 * call that ready would be a guess. So is one that it finds wrong whatever is asked; and no other action's success outweighs
 * that it finds the agent's own requests wrong (InvalidInstanceId of UpdateInstanceInformation), or that something else
 * answers them. */
static int rank(const struct facts *facts, enum service service, const struct action_facts *action,
                const struct proven *proven, enum status *weight)
{
    static const int by_weight[] = {[STATUS_PASS] = 0, [STATUS_WARN] = 2, [STATUS_FAIL] = 5};
    const struct permission_row *row = permission_find(action->action);
    bool not_taken = action->failure == FAILURE_BAD_REQUEST || action->failure == FAILURE_NOT_AWS ||
                     action->failure == FAILURE_PROXY;
    bool own = not_taken && row && (row->capabilities & CAPABILITY_AGENT);
    bool every = own || action->failure == FAILURE_CREDENTIALS_REJECTED ||
                 action->failure == FAILURE_SKEWED || action->failure == FAILURE_SIGNATURE;

    if (action->permission == PERMISSION_DENIED) {
        *weight = weight_of(facts, service, action->action);
        return by_weight[*weight];
    }
    bool any_other = proven->allowed + proven->denied > 0 || proven->unclear == 1;

    if (action->permission != PERMISSION_UNCLEAR || (proven->allowed > 0 && !every))
        return 0;
    *weight = action->failure == FAILURE_BAD_REQUEST && any_other && !own ? STATUS_WARN
                                                                          : STATUS_FAIL;
    return every ? 4 : *weight == STATUS_FAIL ? 3 : 1;
}

struct proven policy_prove(const struct facts *facts, enum service service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    struct proven proven = {.verdict = STATUS_PASS};
    int best = 0;

    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        const struct action_facts *action = &endpoint->actions[i];
        proven.allowed += action->permission == PERMISSION_ALLOWED;
        proven.denied += action->permission == PERMISSION_DENIED;
        proven.unclear += action->permission == PERMISSION_UNCLEAR;
        proven.not_probed += action->permission == PERMISSION_NOT_PROBED;
        if (action->took_ms > proven.took_ms)
            proven.took_ms = action->took_ms;
    }
    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        enum status weight = STATUS_PASS;
        int ranked = rank(facts, service, &endpoint->actions[i], &proven, &weight);
        if (ranked > best) {
            best = ranked;
            proven.verdict = weight;
            proven.first = &endpoint->actions[i];
        }
    }
    return proven;
}

struct denials policy_count(const struct facts *facts)
{
    struct denials denials = {0};

    for (enum service i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *endpoint = &facts->endpoints[i];
        for (int32_t j = 0; j < endpoint->n_actions; j++) {
            const struct action_facts *action = &endpoint->actions[j];
            denials.allowed += action->permission == PERMISSION_ALLOWED;
            denials.unclear += action->permission == PERMISSION_UNCLEAR;
            if (action->permission != PERMISSION_DENIED)
                continue;
            denials.denied++;
            denials.by_nobody_allowing += action->denied_by == DENIED_BY_NO_IDENTITY_POLICY;
            denials.by_later_policy += !action->explicit_deny &&
                                       (action->denied_by == DENIED_BY_BOUNDARY ||
                                        action->denied_by == DENIED_BY_SESSION_POLICY);
        }
    }
    return denials;
}

bool policy_denied_by(const struct facts *facts, enum service service, uint32_t denied_by)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_actions; i++)
        if (endpoint->actions[i].permission == PERMISSION_DENIED &&
            (denied_by & (1u << endpoint->actions[i].denied_by)))
            return true;
    return false;
}

/* --- what is needed for what --- */

void policy_tools(const struct facts *facts, check_set checks, uint32_t denied_by, char *to,
                  size_t size)
{
    uint32_t capabilities = 0;

    to[0] = '\0';
    for (size_t i = 0; i < n_permissions; i++) {
        const struct action_facts *action = look_action(facts, permissions[i].action);
        if (action && action->permission == PERMISSION_DENIED &&
            (denied_by & 1u << action->denied_by) &&
            (checks & check_bit(check_of_service(permissions[i].service, RUNG_AUTHORIZE))))
            capabilities |= permissions[i].capabilities;
    }
    if (capabilities & CAPABILITY_AGENT)
        return;
    for (unsigned int i = 0; i < N_CAPABILITIES; i++)
        if (capabilities & 1u << i)
            text_list(to, size, ", ", capability_rows[i].words);
}

void policy_sum(const struct facts *facts, struct permissions_sum *sum)
{
    memset(sum, 0, sizeof(*sum));
    sum->n = (int32_t)n_permissions;
    for (size_t i = 0; i < n_permissions; i++) {
        const struct action_facts *action = look_action(facts, permissions[i].action);
        enum permission permission = action ? action->permission : PERMISSION_NOT_PROBED;
        bool allowed = permission == PERMISSION_ALLOWED, denied = permission == PERMISSION_DENIED;

        sum->allowed += allowed;
        sum->denied += denied;
        if (denied)
            sum->denied_by[action->denied_by]++;
        if ((permissions[i].capabilities & CAPABILITY_AGENT) && !allowed && !denied &&
            facts->agent.connected != ANSWER_YES)
            sum->unproven |= 1u << i;
        for (unsigned int j = 0; j < N_CAPABILITIES; j++) {
            if (!(permissions[i].capabilities & 1u << j))
                continue;
            sum->of[j].n++;
            sum->of[j].allowed += allowed;
            sum->of[j].denied += denied;
        }
    }
}
