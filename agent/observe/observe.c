/* SPDX-License-Identifier: Apache-2.0
 *
 * Starts every ladder at once and passes on what becomes known meanwhile.
 */
#include "observe/observe.h"

#include <stdlib.h>

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

void observe_agent(struct observe *observe, const char *address)
{
    struct agent_facts *agent = &observe->facts->agent;

    if (!connections_has(&observe->connections, address))
        return;
    agent->connected = ANSWER_YES;
    (void)text_set(agent->connected_to, sizeof(agent->connected_to), "%s", address);
}

/* The connections of root that may be the control channel. YES: one of them is, if its address is an
 * endpoint's; NO: there are none; UNKNOWN: behind a proxy one to the proxy's port may be it, or may
 * not. */
static enum answer read_connections(const char *root, const struct facts *facts,
                                    struct connections *connections)
{
    const struct service_plan *plan = &facts->plan.services[SERVICE_SSMMESSAGES];
    struct proxy proxy = {.port = 0};
    bool proxied = proxy_used(&facts->agent, plan->host);

    connections->n = 0;
    if (proxied && !proxy_parse(facts->agent.https_proxy, &proxy))
        return ANSWER_UNKNOWN;
    connections_read(root, proxied ? proxy.port : plan->port, connections);
    if (connections->known && connections->n == 0)
        return ANSWER_NO;
    if (proxied)
        connections->n = 0;
    return connections->known && !proxied ? ANSWER_YES : ANSWER_UNKNOWN;
}

/* Only an agent that may be running is looked at, so a boot pays nothing for it. */
static void look_at_agent(struct observe *observe)
{
    const struct endpoint_facts *messages = &observe->facts->endpoints[SERVICE_SSMMESSAGES];
    struct agent_facts *agent = &observe->facts->agent;

    if (agent->running == ANSWER_NO)
        return;
    if (read_connections(observe->request.root, observe->facts, &observe->connections) !=
        ANSWER_UNKNOWN)
        agent->connected = ANSWER_NO;
    for (int i = 0; i < messages->n_addresses; i++) /* of an earlier climb, taken over */
        observe_agent(observe, messages->addresses[i].address);
}

enum answer observe_connected(const char *root, const struct facts *facts)
{
    const struct endpoint_facts *messages = &facts->endpoints[SERVICE_SSMMESSAGES];
    struct connections connections;
    enum answer answer = read_connections(root, facts, &connections);

    for (int32_t i = 0; i < messages->n_addresses; i++)
        if (connections_has(&connections, messages->addresses[i].address))
            return ANSWER_YES;
    return answer == ANSWER_YES ? ANSWER_NO : answer;
}

static bool to_climb(const struct climb *climb)
{
    return climb->plan->need != NEED_OFF && !climb->plan->not_in_region &&
           !climb->observe->request.proven[climb->service];
}

struct observe *observe_start(struct loop *loop, const struct observe_request *request,
                              struct facts *facts)
{
    struct observe *observe = calloc(1, sizeof(*observe));
    if (!observe)
        return NULL;

    observe->loop = loop;
    observe->request = *request;
    observe->facts = facts;
    look_at_agent(observe);

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
