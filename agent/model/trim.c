/* SPDX-License-Identifier: Apache-2.0
 *
 * What is always left out is said by the table of fields; here is what depends on other members: what
 * went well needs few words, and what is said twice needs one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/fields.h"
#include "model/packed.h"

enum { SOON_S = 30 * 86400, RIGHT_MS = 10000, MAX_QUOTED = 3, AT_ONCE_MS = 100 };

/* 3060 becomes 3000, and 16004 becomes 16000: every limit that a cause compares with has one digit and
 * zeros, or is of whole seconds, and none is below 100 ms. */
static int32_t round_down(int32_t ms)
{
    int32_t unit = 1;

    if (ms > 0 && ms < AT_ONCE_MS)
        return 1;
    while (ms / unit >= 10 && unit < 1000)
        unit *= 10;
    return ms / unit * unit;
}

static void trim_step(struct facts *facts, void *at)
{
    struct step *step = at;

    (void)facts;
    step->took_ms = round_down(step->took_ms);
}

static bool any_port_is_silent(const struct facts *facts)
{
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_addresses; j++)
            if (facts->endpoints[i].addresses[j].silent_port != 0)
                return true;
    return false;
}

/* A certificate that verified says nothing more than its issuer, unless it ends soon. */
static void trim_address(struct facts *facts, void *at)
{
    struct address_facts *address = at;
    struct tls_session *session = &address->session;

    if (!any_port_is_silent(facts))
        address->port = 0;
    if (address->steps[RUNG_TLS].outcome == OUTCOME_OK) {
        session->subject[0] = '\0';
        session->names[0] = '\0';
        if (session->not_after_unix_s - facts->started_unix_ms / 1000 > SOON_S)
            session->not_before_unix_s = session->not_after_unix_s = 0;
    }
    if (address->steps[RUNG_HTTP].outcome == OUTCOME_OK) {
        address->head.server[0] = '\0';
        address->head.via[0] = '\0';
        address->body_start[0] = '\0';
    }
}

/* The words of a denial are quoted once; others of its kind are named. */
static void trim_endpoint(struct facts *facts, void *at)
{
    struct endpoint_facts *endpoint = at;

    (void)facts;
    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        struct action_facts *action = &endpoint->actions[i];
        const bool is_told = action->permission == PERMISSION_DENIED ||
                             action->permission == PERMISSION_UNCLEAR;

        action->took_ms = round_down(action->took_ms);
        for (int32_t j = 0; j < i; j++)
            if (endpoint->actions[j].permission == action->permission &&
                endpoint->actions[j].denied_by == action->denied_by &&
                endpoint->actions[j].failure == action->failure)
                action->message[0] = '\0';
        if (!is_told) {
            action->address[0] = action->code[0] = action->message[0] = '\0';
            action->status = action->took_ms = 0;
        }
    }
}

/* Of readings that all agree with the clock, as many as are quoted. */
static void trim_clock(struct facts *facts, void *at)
{
    struct clock_facts *clock = at;

    (void)facts;
    for (int32_t i = 0; i < clock->n_samples; i++)
        if (llabs(clock->samples[i].offset_ms) > RIGHT_MS || clock->samples[i].error_ms > RIGHT_MS)
            return;
    if (clock->n_samples > MAX_QUOTED)
        clock->n_samples = MAX_QUOTED;
    for (int32_t i = 0; i < clock->n_samples; i++) {
        clock->samples[i].offset_ms -= clock->samples[i].offset_ms % 100;
        clock->samples[i].error_ms = round_down(clock->samples[i].error_ms);
    }
}

/* An address of the link alone says something only where there is no other. */
static void trim_interface(struct facts *facts, void *at)
{
    struct interface_facts *interface = at;
    int32_t n = 0;

    if (!facts->network.usable_ipv4 && !facts->network.usable_ipv6)
        return;
    for (int32_t i = 0; i < interface->n_addresses; i++)
        if (!text_starts(interface->addresses[i], "fe80:"))
            memmove(interface->addresses[n++], interface->addresses[i], ADDRESS_SIZE);
    interface->n_addresses = n;
}

/* A struct is trimmed before what is in it. */
static const struct {
    const char *fields;
    void (*trim)(struct facts *facts, void *at);
} trims[] = {
    {"step", trim_step},
    {"address_facts", trim_address},
    {"endpoint_facts", trim_endpoint},
    {"clock_facts", trim_clock},
    {"interface_facts", trim_interface},
};

/* How long lists may be at the last level. */
static const struct {
    const char *list;
    int32_t most;
} lists[] = {
    {"interfaces", 2}, {"vpc_cidrs", 4}, {"subnet_cidrs", 2},    {"samples", 3},
    {"answers", 4},    {"addresses", 3}, {"security_groups", 1},
};

static void trim_fields(struct facts *facts, const struct fields *fields, char *base,
                        enum packed level)
{
    for (size_t i = 0; i < COUNT_OF(trims); i++)
        if (strcmp(trims[i].fields, fields->name) == 0)
            trims[i].trim(facts, base);
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->rows[i];

        for (size_t j = 0; level == PACKED_LISTS && j < COUNT_OF(lists); j++)
            if (field->count == COUNT_LIST && strcmp(lists[j].list, field->name) == 0 &&
                field_n_items(field, base) > (size_t)lists[j].most)
                memcpy(base + field->n_offset, &lists[j].most, sizeof(lists[j].most));
        for (size_t j = 0; field->fields && j < field_n_items(field, base); j++)
            trim_fields(facts, field->fields, base + field->offset + j * field->size, level);
    }
}

void facts_trim(struct facts *facts, enum packed level)
{
    trim_fields(facts, &facts_fields, (char *)facts, level);
}
