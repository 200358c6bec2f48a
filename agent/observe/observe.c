/* SPDX-License-Identifier: Apache-2.0
 *
 * Starts every ladder at once, and passes on what becomes known while they are climbed.
 */
#include "observe/observe.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "net/sntp.h"
#include "observe/climb.h"

#define TIME_SOURCE "169.254.169.123" /* EC2 User Guide, "Amazon Time Sync Service" */

enum { DOUBTFUL_OFFSET_MS = 60 * 1000 };

static void add_sample(struct clock_facts *clock, const char *source, const char *address,
                       int64_t offset_ms, int32_t error_ms)
{
    if (clock->n_samples == MAX_SAMPLES)
        return;
    struct clock_sample *sample = &clock->samples[clock->n_samples++];
    (void)text_set(sample->source, sizeof(sample->source), "%s", source);
    (void)text_set(sample->address, sizeof(sample->address), "%s", address);
    sample->offset_ms = offset_ms;
    sample->error_ms = error_ms;
}

static void time_arrived(void *arg, const struct sntp_reply *reply)
{
    struct observe *observe = arg;
    struct clock_facts *clock = &observe->facts->clock;

    clock->time_source = reply->step;
    if (reply->step.outcome == OUTCOME_OK)
        add_sample(clock, "time-source", TIME_SOURCE, reply->offset_ms,
                   reply->round_trip_ms / 2 + 1);
}

void observe_doubt_clock(struct observe *observe)
{
    if (observe->asked_time)
        return;
    observe->asked_time = true;
    if (!sntp_ask(observe->loop, TIME_SOURCE, TIME_SOURCE_TIMEOUT_MS, time_arrived, observe))
        step_fail(&observe->facts->clock.time_source, FAILURE_INTERNAL, 0);
}

static bool doubtful(int64_t offset_ms)
{
    return offset_ms > DOUBTFUL_OFFSET_MS || offset_ms < -DOUBTFUL_OFFSET_MS;
}

void observe_clock(struct observe *observe, const char *source, const struct address_facts *address,
                   int32_t took_us)
{
    if (!address->head.has_date)
        return;
    add_sample(&observe->facts->clock, source, address->address, address->head.clock_offset_ms,
               1000 + took_us / 2000);
    if (doubtful(address->head.clock_offset_ms))
        observe_doubt_clock(observe);
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
    if (!observe)
        return NULL;

    observe->loop = loop;
    observe->root = request->root;
    observe->trust = request->trust;
    memcpy(observe->proven, request->proven, sizeof(observe->proven));
    observe->facts = facts;
    observe_agent(observe);
    for (int i = 0; i < facts->clock.n_samples; i++) /* IMDS's own Date header */
        if (doubtful(facts->clock.samples[i].offset_ms))
            observe_doubt_clock(observe);

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

void observe_placed(struct observe *observe)
{
    observe->placed = true;
    for (int i = 0; i < N_SERVICES; i++) {
        if (!to_climb(&observe->climbs[i]))
            continue;
        ladder_placed(&observe->climbs[i]);
        names_placed(&observe->climbs[i]);
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
