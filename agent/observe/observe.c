/* SPDX-License-Identifier: Apache-2.0
 *
 * Starts every ladder at once, and passes on what becomes known while they are climbed.
 */
#include "observe/observe.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "observe/climb.h"

static bool to_climb(const struct climb *climb)
{
    return climb->plan->need != NEED_OFF && !climb->plan->not_in_region &&
           !climb->observe->left_alone[climb->service];
}

static void start_climb(struct climb *climb, const struct observe_again *again)
{
    if (again)
        memset(climb->facts, 0, sizeof(*climb->facts));
    if (again && again->action) {
        /* over a connection to the address that answered it: that was a way up */
        climb->facts->n_actions = 1;
        (void)text_set(climb->facts->actions[0].action, NAME_SIZE, "%s", again->action->action);
        ladder_add(climb, again->action->address, false);
    } else {
        actions_plan(climb);
        names_start(climb);
    }
}

struct observe *observe_start(struct loop *loop, const struct observe_request *request,
                              struct facts *facts)
{
    struct observe *observe = calloc(1, sizeof(*observe));

    observe->loop = loop;
    observe->root = request->root;
    observe->deadline_ms = request->deadline_ms;
    observe->patient = request->patient;
    observe->trust = request->trust;
    observe->proxy_login = request->login;
    observe->facts = facts;
    for (int i = 0; request->again && i < N_SERVICES; i++)
        observe->left_alone[i] = target_of_service((enum service)i) != request->again->target;
    observe_agent(observe);

    for (int i = 0; i < N_SERVICES; i++) {
        struct climb *climb = &observe->climbs[i];

        climb->observe = observe;
        climb->service = (enum service)i;
        climb->plan = &facts->plan.services[i];
        climb->facts = &facts->endpoints[i];
        if (request->again && request->again->target == TARGET_AGENT)
            memset(&climb->facts->proxy, 0, sizeof(climb->facts->proxy));
        if (!to_climb(climb))
            continue;
        start_climb(climb, request->again);
    }
    observe_proxy(observe);
    return observe;
}

/* User Guide, "Session document schema": what a session sends its output to, or is encrypted by. */
void observe_preferences(struct observe *observe, const char *answer)
{
    static const struct {
        const char *input;
        enum service service;
    } rows[] = {{"s3BucketName", SERVICE_S3},
                {"kmsKeyId", SERVICE_KMS},
                {"cloudWatchLogGroupName", SERVICE_LOGS}};
    cJSON *json = cJSON_Parse(answer);
    cJSON *document = cJSON_Parse(
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "Content")));
    const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(document, "inputs");

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct climb *climb = &observe->climbs[rows[i].service];
        const char *value = cJSON_GetStringValue(
            cJSON_GetObjectItemCaseSensitive(inputs, rows[i].input));
        if (!value || !value[0] || climb->plan->need != NEED_OFF)
            continue;
        climb->facts->for_sessions = true;
        observe->facts->plan.services[rows[i].service].need = NEED_OPTIONAL;
        names_start(climb);
    }
    cJSON_Delete(document);
    cJSON_Delete(json);
}

void observe_placed(struct observe *observe)
{
    observe->placed = true;
    for (int i = 0; i < N_SERVICES; i++) {
        if (!to_climb(&observe->climbs[i]))
            continue;
        ladder_placed(&observe->climbs[i]);
        names_doubt(&observe->climbs[i]);
        actions_pump(&observe->climbs[i]);
    }
}

void observe_role(struct observe *observe, const struct credentials *credentials)
{
    observe->role_known = true;
    observe->credentials = credentials;
    for (int i = 0; credentials && i < N_SERVICES; i++)
        if (to_climb(&observe->climbs[i]))
            actions_pump(&observe->climbs[i]);
}

void observe_take_back(struct observe *observe)
{
    struct facts *facts = observe->facts;

    loop_end_of(observe->loop, observe);
    for (int i = 0; i < N_SERVICES; i++) {
        struct climb *climb = &observe->climbs[i];
        for (size_t j = 0; j < COUNT_OF(climb->timers); j++)
            loop_cancel(climb->timers[j]);
        for (int j = 0; j < climb->facts->n_addresses; j++) {
            loop_cancel(climb->lanes[j].dialling);
            loop_cancel(climb->lanes[j].unsigned_too);
            loop_end_of(observe->loop, &climb->lanes[j]);
        }
        for (int j = 0; j < climb->n_extras; j++)
            loop_end_of(observe->loop, &climb->extras[j]);
    }
    int n_kept = 0; /* what IMDS says stays */
    for (int i = 0; i < facts->clock.n_samples; i++)
        if (strcmp(facts->clock.samples[i].source, "imds") == 0)
            facts->clock.samples[n_kept++] = facts->clock.samples[i];
    facts->clock.n_samples = n_kept;
    memset(facts->endpoints, 0, sizeof(facts->endpoints));
    n_kept = 0;
    for (int i = 0; i < facts->network.n_routes; i++)
        if (strcmp(facts->network.routes[i].to, facts->imds.address) == 0)
            facts->network.routes[n_kept++] = facts->network.routes[i];
    facts->network.n_routes = n_kept;
    facts->agent.connected = ANSWER_UNKNOWN;
    facts->agent.connected_to[0] = '\0';
    facts->agent.proxy_address[0] = '\0';
    observe_free(observe);
}

void observe_free(struct observe *observe)
{
    free(observe);
}
