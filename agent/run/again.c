/* SPDX-License-Identifier: Apache-2.0
 *
 * As long as one required check fails the verdict is not ready, so one that fails is enough. Of the actions
 * that are denied, one without which the agent does not come up counts more than the first one.
 */
#include "run/again.h"

#include <string.h>

#include "model/permissions.h"

static bool has_failed(const struct action_facts *action)
{
    return action->permission == PERMISSION_DENIED ||
           (action->permission == PERMISSION_UNCLEAR && action->failure != FAILURE_NONE);
}

/* NULL: no action of the service failed. */
static const struct action_facts *worst_action(const struct facts *facts, enum service service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    const uint32_t needed = CAPABILITY_AGENT | capabilities_in(facts->plan.needed_for);
    const struct action_facts *first = NULL;

    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        const struct action_facts *action = &endpoint->actions[i];
        const struct permission_row *row = permission_find(action->action);

        if (!has_failed(action) || !action->address[0] || !row)
            continue;
        if (row->capabilities & needed)
            return action;
        first = first ? first : action;
    }
    return first;
}

/* How well a check stands for the verdict; 0: not at all. */
static int weight(const struct report *report, enum check check, const struct finding *root)
{
    const struct check_result *result = &report->checks[check];
    enum service service;
    enum rung rung;

    if (!result->planned || !result->required ||
        (result->status != STATUS_FAIL && result->status != STATUS_UNKNOWN))
        return 0;
    int weight = root && (root->explains & check_bit(check)) ? 4 : 1;
    if (!check_is_service(check, &service, &rung) || rung != RUNG_AUTHORIZE)
        return weight;
    const struct action_facts *action = worst_action(report->facts, service);
    if (!action)
        return 0;
    return weight + ((permission_find(action->action)->capabilities & CAPABILITY_AGENT) ? 1 : 0);
}

/* The checks whose status an answer of the round may change: the check and what it stands on, or a service's
 * ladder. */
static enum check first_of(enum check check, int *n)
{
    enum service service;
    enum rung rung;

    if (check_is_service(check, &service, &rung)) {
        *n = RUNG_AUTHORIZE;
        return check_of_service(service, RUNG_RESOLVE);
    }
    *n = check < CHECK_SERVICES ? check + 1 : 1;
    return check < CHECK_SERVICES ? CHECK_IMDS_CONNECT : check;
}

bool again_choose(const struct report *report, struct again *again)
{
    const struct finding *root = report_root(report);
    enum service service;
    enum rung rung;
    int best = 0, n;

    memset(again, 0, sizeof(*again));
    if (report->facts->machine.trouble.failure == FAILURE_INTERNAL)
        return false; /* anything may be missing from the facts */
    for (int i = 0; i < N_CHECKS; i++) {
        int here = weight(report, (enum check)i, root);
        if (here > best) {
            best = here;
            again->check = (enum check)i;
        }
    }
    if (best == 0)
        return false;
    if (check_is_service(again->check, &service, &rung) && rung == RUNG_AUTHORIZE) {
        again->action = *worst_action(report->facts, service);
        return true;
    }
    enum check first = first_of(again->check, &n);
    for (int i = 0; i < n; i++) {
        again->was[i].status = report->checks[first + i].status;
        again->was[i].reason = report->checks[first + i].reason;
    }
    return true;
}

/* That a service says "later" is no answer: who then asks it everything anew is one of a fleet that has asked too much. */
static bool action_differs(const struct action_facts *was, const struct action_facts *is)
{
    if (is->failure == FAILURE_THROTTLED)
        return false;
    return was->permission != is->permission || was->failure != is->failure ||
           was->denied_by != is->denied_by || was->explicit_deny != is->explicit_deny;
}

bool again_differs(const struct again *again, const struct facts *facts,
                   const struct report *report)
{
    enum service service;
    enum rung rung;
    int n;

    if (check_is_service(again->check, &service, &rung) && rung == RUNG_AUTHORIZE)
        return action_differs(&again->action, &facts->endpoints[service].actions[0]);
    enum check first = first_of(again->check, &n);
    for (int i = 0; i < n; i++)
        if (report->checks[first + i].status != again->was[i].status ||
            report->checks[first + i].reason != again->was[i].reason)
            return true;
    return false;
}
