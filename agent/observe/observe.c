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

void observe_clock(struct observe *observe, const char *source, const struct address_facts *address,
                   int32_t took_us)
{
    struct clock_facts *clock = &observe->facts->clock;

    if (!address->head.has_date || clock->n_samples == MAX_SAMPLES)
        return;
    struct clock_sample *sample = &clock->samples[clock->n_samples++];
    (void)text_set(sample->source, sizeof(sample->source), "%s", source);
    (void)text_set(sample->address, sizeof(sample->address), "%s", address->address);
    sample->offset_ms = address->head.clock_offset_ms;
    sample->error_ms = 1000 + took_us / 2000;
}

static bool to_climb(const struct climb *climb)
{
    return climb->plan->need != NEED_OFF && !climb->plan->not_in_region &&
           !climb->observe->proven[climb->service];
}

struct observe *observe_start(struct loop *loop, const struct observe_request *request,
                              struct facts *facts)
{
    struct observe *observe = calloc(1, sizeof(*observe));

    observe->loop = loop;
    observe->root = request->root;
    observe->deadline_ms = request->deadline_ms;
    observe->trust = request->trust;
    memcpy(observe->proven, request->proven, sizeof(observe->proven));
    observe->facts = facts;
    observe_agent(observe);

    for (int i = 0; i < N_SERVICES; i++) {
        struct climb *climb = &observe->climbs[i];

        climb->observe = observe;
        climb->service = (enum service)i;
        climb->plan = &facts->plan.services[i];
        climb->facts = &facts->endpoints[i];
        if (!to_climb(climb))
            continue;
        actions_plan(climb);
        names_start(climb);
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
    observe->credentials = credentials;
    for (int i = 0; credentials && i < N_SERVICES; i++)
        if (to_climb(&observe->climbs[i]))
            actions_pump(&observe->climbs[i]);
}

void observe_free(struct observe *observe)
{
    free(observe);
}
