/* SPDX-License-Identifier: Apache-2.0
 *
 * Readings of addresses, clocks and versions. Second opinions never count on the ladder: they were
 * dialled although the rung below failed.
 */
#include "diagnose/look.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

bool look_is_planned(const struct facts *facts, enum service service)
{
    const struct service_plan *plan = &facts->plan.services[service];
    return plan->need != NEED_OFF && !plan->not_in_region;
}

bool look_may_be_missing(const struct facts *facts, enum service service)
{
    return facts->plan.services[service].need == NEED_OPTIONAL &&
           (service_rows[service].phased_out || facts->endpoints[service].for_sessions);
}

const struct action_facts *look_action(const struct facts *facts, const char *action)
{
    for (enum service i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_actions; j++)
            if (look_is_planned(facts, i) &&
                strcmp(facts->endpoints[i].actions[j].action, action) == 0)
                return &facts->endpoints[i].actions[j];
    return NULL;
}

bool look_agent_stays_down(const struct agent_facts *agent)
{
    return agent->ended == ANSWER_YES && (strcmp(agent->unit_active, "failed") == 0 ||
                                          strcmp(agent->unit_active, "inactive") == 0);
}

bool look_does_harm(const struct facts *facts, const struct variable_facts *variable)
{
    return variable->harm != HARM_IMDS_BY_IPV6 || !facts->network.usable_ipv6;
}

bool look_needs_dualstack(const struct facts *facts)
{
    for (enum service i = 0; i < N_SERVICES; i++)
        if (look_is_planned(facts, i) &&
            (text_ends(facts->plan.services[i].host, ".api.aws") ||
             text_ends(facts->plan.services[i].host, ".api.amazonwebservices.com.cn")))
            return true;
    return false;
}

enum failure look_failure(const struct address_facts *address, enum rung rung)
{
    const struct step *step = &address->steps[rung];

    if (step->outcome == OUTCOME_FAILED)
        return step->failure != FAILURE_NONE ? step->failure : FAILURE_INTERNAL;
    if (rung == RUNG_TLS && step->outcome == OUTCOME_OK &&
        tls_session_is_intercepted(&address->session))
        return FAILURE_INTERCEPTED;
    return FAILURE_NONE;
}

/* What the agent's own roots trust lets it on, opened on the way or not. */
static bool holds(const struct address_facts *address, enum rung rung)
{
    return address->steps[rung].outcome == OUTCOME_OK;
}

static enum rung rung_of_cut(enum failure cut)
{
    switch (cut) {
    case FAILURE_REFUSED:
    case FAILURE_TIMEOUT:
        return RUNG_CONNECT;
    case FAILURE_RESET:
    case FAILURE_CLOSED:
        return RUNG_TLS;
    default:
        return RUNG_HTTP;
    }
}

const struct address_facts *look_cut(const struct facts *facts, enum service service,
                                     enum rung rung)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        if (at->cut != FAILURE_NONE && rung_of_cut(at->cut) == rung && !at->second_opinion)
            return at;
    }
    return NULL;
}

static bool is_address_usable(const struct facts *facts, const struct address_facts *at)
{
    return network_uses(&facts->network, strchr(at->address, ':') ? FAMILY_IPV6 : FAMILY_IPV4);
}

bool look_is_other_family(const struct facts *facts, const struct endpoint_facts *endpoint,
                          const struct address_facts *address)
{
    if (address->steps[RUNG_CONNECT].outcome == OUTCOME_OK || is_address_usable(facts, address))
        return false;
    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        if (!endpoint->addresses[i].second_opinion &&
            is_address_usable(facts, &endpoint->addresses[i]))
            return true;
    return false;
}

static bool reaches(const struct address_facts *address, enum rung rung)
{
    if (address->second_opinion)
        return false;
    if (rung == RUNG_TLS)
        return holds(address, RUNG_CONNECT);
    if (rung == RUNG_HTTP)
        return holds(address, RUNG_CONNECT) && holds(address, RUNG_TLS);
    return true;
}

struct tally look_tally(const struct facts *facts, enum service service, enum rung rung)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    struct tally tally = {0};

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        if (!reaches(at, rung) || look_is_other_family(facts, endpoint, at))
            continue;
        const struct step *step = &at->steps[rung];
        tally.n++;
        if (step->outcome != OUTCOME_OK && step->outcome != OUTCOME_FAILED) {
            tally.untried++;
            continue;
        }
        tally.tried++;
        tally.trouble += look_failure(at, rung) == FAILURE_INTERNAL;
        if (step->took_ms > tally.took_ms)
            tally.took_ms = step->took_ms;
        if (holds(at, rung)) {
            tally.ok++;
            if (!tally.first_ok)
                tally.first_ok = at;
            continue;
        }
        tally.failed++;
        if (!tally.first_failed) {
            tally.first_failed = at;
            tally.first_step = step;
        }
    }
    return tally;
}

static int64_t magnitude(int64_t value)
{
    return value < 0 ? -value : value;
}

/* Offsets that nothing sane produces are cut, so that sums cannot overflow. */
static int64_t sane(int64_t offset_ms)
{
    const int64_t most = (int64_t)200 * 366 * 86400 * 1000;
    return offset_ms > most ? most : offset_ms < -most ? -most : offset_ms;
}

static int by_offset(const void *left, const void *right)
{
    const struct clock_sample *a = left, *b = right;
    if (a->offset_ms != b->offset_ms)
        return a->offset_ms < b->offset_ms ? -1 : 1;
    return strcmp(a->source, b->source);
}

/* AWS judges a signature by its own clock, before it looks at permissions. */
enum answer look_signature_holds(const struct facts *facts)
{
    enum answer in_time = ANSWER_UNKNOWN;

    for (enum service i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_actions; j++) {
            const struct action_facts *action = &facts->endpoints[i].actions[j];
            if (action->failure == FAILURE_SKEWED)
                return ANSWER_NO;
            if (action->permission == PERMISSION_ALLOWED || action->permission == PERMISSION_DENIED)
                in_time = ANSWER_YES;
        }
    return in_time;
}

/* A signature's time has no fractions. */
enum { SIGNATURE_GRAIN_MS = 1000 };

/* The median sample, so that one server with a wrong clock convinces nobody; of the middle two the
 * one that accuses this machine less. */
struct clock_reading look_clock(const struct facts *facts)
{
    struct clock_sample sorted[MAX_SAMPLES];
    enum answer in_time = look_signature_holds(facts);
    struct clock_reading reading = {0};

    for (int32_t i = 0; i < facts->clock.n_samples; i++) {
        struct clock_sample sample = facts->clock.samples[i];
        sample.offset_ms = sane(sample.offset_ms);
        int64_t least_ms = magnitude(sample.offset_ms) - sample.error_ms;
        if (in_time == ANSWER_YES && least_ms - SIGNATURE_GRAIN_MS > SKEW_FAIL_MS)
            continue; /* somebody on the way rewrites Date */
        reading.n_doubtful += least_ms > SKEW_WARN_MS;
        sorted[reading.n++] = sample;
    }
    if (reading.n == 0)
        return reading;
    qsort(sorted, (size_t)reading.n, sizeof(sorted[0]), by_offset);
    const struct clock_sample *low = &sorted[(reading.n - 1) / 2], *high = &sorted[reading.n / 2];
    const struct clock_sample *median = magnitude(high->offset_ms) < magnitude(low->offset_ms)
                                            ? high
                                            : low;
    int64_t off = magnitude(median->offset_ms);
    reading.offset_ms = median->offset_ms;
    reading.error_ms = median->error_ms;
    for (int32_t i = 0; !reading.source; i++)
        if (sane(facts->clock.samples[i].offset_ms) == median->offset_ms)
            reading.source = facts->clock.samples[i].source;
    int64_t grain_ms = median->error_ms + SIGNATURE_GRAIN_MS;
    reading.wrong = in_time != ANSWER_YES &&
                    off + (in_time == ANSWER_NO ? grain_ms : median->error_ms) > SKEW_FAIL_MS;
    reading.at_limit = in_time != ANSWER_NO && magnitude(off - SKEW_FAIL_MS) <= grain_ms;
    return reading;
}

static int64_t real_unix_s(const struct facts *facts)
{
    return (facts->clock.wall_unix_ms + look_clock(facts).offset_ms) / 1000;
}

bool look_is_past(const struct facts *facts, int64_t unix_s)
{
    return unix_s != 0 && unix_s < real_unix_s(facts);
}

bool look_is_to_come(const struct facts *facts, int64_t unix_s)
{
    return unix_s != 0 && unix_s > real_unix_s(facts);
}

void look_span(int64_t seconds, char *to, size_t size)
{
    long long s = seconds < 0 ? -seconds : seconds;

    if (s < 120)
        (void)text_set(to, size, "%lld s", s);
    else if (s < 2 * 3600)
        (void)text_set(to, size, "%lld min", s / 60);
    else if (s < 2 * 86400)
        (void)text_set(to, size, "%lld h %lld min", s / 3600, s % 3600 / 60);
    else
        (void)text_set(to, size, "%lld days", s / 86400);
}

void look_span_ms(int64_t ms, char *to, size_t size)
{
    look_span(((ms < 0 ? -ms : ms) + 500) / 1000, to, size);
}
