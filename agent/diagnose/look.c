/* SPDX-License-Identifier: Apache-2.0
 *
 * Readings of addresses, clocks and versions. Second opinions never count on the ladder: they were
 * dialled although the rung below failed.
 */
#include "diagnose/look.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

bool look_is_planned(const struct facts *facts, enum service service)
{
    const struct service_plan *plan = &facts->plan.services[service];
    return plan->need != NEED_OFF && !plan->not_in_region;
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

static bool holds(const struct address_facts *address, enum rung rung)
{
    return address->steps[rung].outcome == OUTCOME_OK &&
           look_failure(address, rung) == FAILURE_NONE;
}

static bool is_family_usable(const struct network_facts *network, const char *address)
{
    return strchr(address, ':') != NULL ? network->usable_ipv6 : network->usable_ipv4;
}

bool look_is_other_family(const struct facts *facts, const struct endpoint_facts *endpoint,
                          const struct address_facts *address)
{
    if (address->steps[RUNG_CONNECT].outcome == OUTCOME_OK ||
        is_family_usable(&facts->network, address->address))
        return false;
    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        if (!endpoint->addresses[i].second_opinion &&
            is_family_usable(&facts->network, endpoint->addresses[i].address))
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

void look_tally(const struct facts *facts, enum service service, enum rung rung,
                struct tally *tally)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    memset(tally, 0, sizeof *tally);
    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        if (!reaches(at, rung) || look_is_other_family(facts, endpoint, at))
            continue;
        const struct step *step = &at->steps[rung];
        tally->n++;
        if (step->outcome != OUTCOME_OK && step->outcome != OUTCOME_FAILED) {
            tally->untried++;
            continue;
        }
        tally->tried++;
        if (step->took_ms > tally->took_ms)
            tally->took_ms = step->took_ms;
        if (holds(at, rung)) {
            tally->ok++;
            if (tally->first_ok == NULL)
                tally->first_ok = at;
            continue;
        }
        tally->failed++;
        if (tally->first_failed == NULL) {
            tally->first_failed = at;
            tally->first_step = step;
        }
    }
}

bool look_public_answers(const struct facts *facts, enum service service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        if (endpoint->addresses[i].place == PLACE_PUBLIC &&
            holds(&endpoint->addresses[i], RUNG_CONNECT))
            return true;
    return false;
}

bool look_any_public_answers(const struct facts *facts, check_set checks)
{
    for (int i = 0; i < N_SERVICES; i++)
        if ((checks & check_service_bits((enum service)i)) &&
            look_public_answers(facts, (enum service)i))
            return true;
    return false;
}

bool look_profile_deleted(const struct facts *facts)
{
    return strcmp(facts->role.info_code, "InstanceProfileNotFound") == 0;
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

/* The median sample, so that one server with a wrong clock convinces nobody; of the middle two the
 * one that accuses this machine less. */
void look_clock(const struct facts *facts, struct clock_reading *reading)
{
    struct clock_sample sorted[MAX_SAMPLES];
    int32_t n = facts->clock.n_samples;

    memset(reading, 0, sizeof *reading);
    if (n <= 0)
        return;
    for (int32_t i = 0; i < n; i++) {
        sorted[i] = facts->clock.samples[i];
        sorted[i].offset_ms = sane(sorted[i].offset_ms);
    }
    qsort(sorted, (size_t)n, sizeof sorted[0], by_offset);
    const struct clock_sample *low = &sorted[(n - 1) / 2], *high = &sorted[n / 2];
    const struct clock_sample *median = magnitude(high->offset_ms) < magnitude(low->offset_ms)
                                            ? high
                                            : low;
    int64_t off = magnitude(median->offset_ms);
    reading->n = n;
    reading->offset_ms = median->offset_ms;
    reading->error_ms = median->error_ms;
    for (int32_t i = 0; i < n && reading->source == NULL; i++)
        if (sane(facts->clock.samples[i].offset_ms) == median->offset_ms)
            reading->source = facts->clock.samples[i].source;
    reading->wrong = off - median->error_ms > SKEW_FAIL_MS;
    reading->right = off + median->error_ms <= SKEW_FAIL_MS;
}

static int64_t real_unix_s(const struct facts *facts)
{
    struct clock_reading clock;

    look_clock(facts, &clock);
    return (facts->clock.wall_unix_ms + clock.offset_ms) / 1000;
}

bool look_is_past(const struct facts *facts, int64_t unix_s)
{
    return unix_s != 0 && unix_s < real_unix_s(facts);
}

bool look_is_to_come(const struct facts *facts, int64_t unix_s)
{
    return unix_s != 0 && unix_s > real_unix_s(facts);
}

bool look_signs_elsewhere(const struct facts *facts)
{
    const struct agent_facts *agent = &facts->agent;
    return agent->config.outcome == OUTCOME_FAILED && agent->config_region[0] != '\0' &&
           strcmp(agent->config_region, facts->plan.signing_region) == 0 &&
           strcmp(facts->plan.signing_region, facts->instance.region) != 0;
}
