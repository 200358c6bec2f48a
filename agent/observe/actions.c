/* SPDX-License-Identifier: Apache-2.0
 *
 * The signed requests of one service, shared out over its open connections: each carries one at a
 * time and takes the next as soon as it is free.
 */
#include <string.h>

#include "base/text.h"
#include "net/http.h"
#include "observe/climb.h"
#include "observe/permissions.h"
#include "observe/service_answer.h"

enum { BODY_SIZE = 512, PATH_BYTES = 256 };

static const struct permission_row *row_of(const struct action_facts *action)
{
    for (size_t i = 0; i < n_permissions; i++)
        if (strcmp(permissions[i].action, action->action) == 0)
            return &permissions[i];
    return NULL;
}

static bool wanted(const struct permission_row *row, enum permissions mode)
{
    if (mode == PERMISSIONS_DEEP)
        return row->proof != PROOF_NEVER;
    return mode == PERMISSIONS_PROBE && row->proof == PROOF_SAFE;
}

void actions_plan(struct climb *climb)
{
    struct endpoint_facts *facts = climb->facts;
    enum permissions mode = climb->observe->facts->plan.permissions;

    for (size_t i = 0; i < n_permissions; i++) {
        const struct permission_row *row = &permissions[i];

        if (row->service != climb->service || facts->n_actions == MAX_ACTIONS)
            continue;
        struct action_facts *action = &facts->actions[facts->n_actions++];
        (void)text_set(action->action, sizeof(action->action), "%s", row->action);
        if (wanted(row, mode))
            (void)text_set(action->why_not, sizeof(action->why_not), "not reached");
        else if (row->proof == PROOF_SAFE)
            (void)text_set(action->why_not, sizeof(action->why_not), "--permissions says not to");
        else
            (void)text_set(action->why_not, sizeof(action->why_not), "%s%s", row->why_not,
                           row->proof == PROOF_DEEP ? " (--permissions deep sends it)" : "");
    }
}

static void answered(void *arg, const struct http_reply *reply)
{
    struct lane *lane = arg;
    struct action_facts *action = &lane->climb->facts->actions[lane->action];
    const struct permission_row *row = row_of(action);

    lane->action = -1;
    action->took_ms = reply->step.took_ms;
    action->why_not[0] = '\0';
    if (reply->step.outcome == OUTCOME_OK) {
        service_answer_judge(&reply->head, reply->body, reply->body_bytes, row->allowed, action);
    } else {
        action->permission = PERMISSION_UNCLEAR;
        action->failure = reply->tls.outcome == OUTCOME_FAILED ? reply->tls.failure
                                                               : reply->step.failure;
        lane->open = reply->step.failure == FAILURE_TOO_LARGE;
    }
    actions_pump(lane->climb);
}

static bool send_next(struct lane *lane, const struct permission_row *row)
{
    struct climb *climb = lane->climb;
    const struct facts *facts = climb->observe->facts;
    char body[BODY_SIZE], path[PATH_BYTES], target[NAME_SIZE * 2];
    const char *headers[3] = {row->target ? "Content-Type: application/x-amz-json-1.1"
                                          : "Content-Type: application/json",
                              NULL, NULL};
    struct signature signature = {.credentials = climb->observe->credentials,
                                  .region = facts->plan.signing_region,
                                  .service = service_name(climb->service)};

    if (!permission_fill(row->body, facts, body, sizeof(body)) ||
        !permission_fill(row->path, facts, path, sizeof(path)))
        return false;
    if (row->target) {
        (void)text_set(target, sizeof(target), "X-Amz-Target: %s", row->target);
        headers[1] = target;
    }
    struct http_request request = {
        .method = "POST",
        .tls = true,
        .host = climb->plan->host,
        .address = lane->facts->address,
        .port = climb->plan->port,
        .fd = -1,
        .path = path,
        .headers = headers,
        .body = body,
        .body_bytes = strlen(body),
        .signature = &signature,
        .trust = climb->observe->request.trust,
        .tls_timeout_ms = TLS_TIMEOUT_MS,
        .timeout_ms = ACTION_TIMEOUT_MS,
        .max_body_bytes = 256 * 1024,
    };
    return http_start(climb->observe->loop, &request, answered, lane);
}

/* The next action that is wanted, was not tried, and is under way nowhere. */
static int next_action(const struct climb *climb)
{
    enum permissions mode = climb->observe->facts->plan.permissions;

    for (int i = 0; i < climb->facts->n_actions; i++) {
        const struct action_facts *action = &climb->facts->actions[i];
        bool under_way = false;

        for (int j = 0; j < climb->facts->n_addresses; j++)
            under_way = under_way || climb->lanes[j].action == i;
        if (!under_way && action->permission == PERMISSION_NOT_PROBED &&
            action->failure == FAILURE_NONE && wanted(row_of(action), mode))
            return i;
    }
    return -1;
}

void actions_pump(struct climb *climb)
{
    const struct observe *observe = climb->observe;

    if (!observe->credentials || !observe->placed)
        return;
    for (int i = 0; i < climb->facts->n_addresses; i++) {
        struct lane *lane = &climb->lanes[i];
        int next = next_action(climb);

        if (next < 0)
            return;
        if (!lane->open || lane->action >= 0 || lane->facts->second_opinion)
            continue;
        struct action_facts *action = &climb->facts->actions[next];
        (void)text_set(action->address, sizeof(action->address), "%s", lane->facts->address);
        lane->action = next;
        if (!send_next(lane, row_of(action))) {
            lane->action = -1;
            action->permission = PERMISSION_UNCLEAR;
            action->failure = FAILURE_INTERNAL;
        }
    }
}
