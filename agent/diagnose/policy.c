/* SPDX-License-Identifier: Apache-2.0
 *
 * An action that the service denies is proof; one that it answers with anything else is proof of
 * what that answer says, and no more. What was not probed never fails.
 */
#include "diagnose/policy.h"

#include <string.h>

#include "diagnose/look.h"

/* The agent registers and takes commands without it: parameters, inventory, patches. Default Host
 * Management's own policy lacks two of them. */
static bool is_optional(const char *action)
{
    static const char *const optional[] = {
        "ssm:GetParameter",
        "ssm:GetParameters",
        "ssm:GetManifest",
        "ssm:GetDeployablePatchSnapshotForInstance",
        "ssm:PutInventory",
        "ssm:PutComplianceItems",
        "ssm:PutConfigurePackageResult",
    };
    for (size_t i = 0; i < COUNT_OF(optional); i++)
        if (strcmp(action, optional[i]) == 0)
            return true;
    return false;
}

/* How much one action decides, and what. These answers are about every request, and no other action's
 * success outweighs them: rejected credentials, a wrong signature or time. A request that the service
 * finds wrong was at least taken for ours and not denied; everything else the agent would meet too, and to
 * call that ready would be a guess. */
static int rank(const struct action_facts *action, bool any_allowed, enum status *weight)
{
    bool every = action->failure == FAILURE_CREDENTIALS_REJECTED ||
                 action->failure == FAILURE_SKEWED || action->failure == FAILURE_SIGNATURE;

    if (action->permission == PERMISSION_DENIED) {
        *weight = is_optional(action->action) ? STATUS_WARN : STATUS_FAIL;
        return *weight == STATUS_FAIL ? 5 : 2;
    }
    if (action->permission != PERMISSION_UNCLEAR || (any_allowed && !every))
        return 0;
    *weight = action->failure == FAILURE_BAD_REQUEST ? STATUS_WARN : STATUS_FAIL;
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
        int ranked = rank(&endpoint->actions[i], proven.allowed > 0, &weight);
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

    for (int i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *endpoint = &facts->endpoints[i];
        if (!look_is_planned(facts, (enum service)i))
            continue;
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
