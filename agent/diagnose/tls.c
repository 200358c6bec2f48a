/* SPDX-License-Identifier: Apache-2.0
 *
 * The TLS handshake, and the clock, which breaks TLS and signatures alike.
 */
#include <string.h>

#include "base/clock.h"
#include "diagnose/finding.h"
#include "diagnose/look.h"

/* --- the handshake --- */

/* The ClientHello fits one small segment, the server's certificates fill several. */
static bool has_small_segments(const struct endpoint_facts *endpoint, enum answer answer)
{
    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        if (look_failure(&endpoint->addresses[i], RUNG_TLS) == FAILURE_TIMEOUT &&
            endpoint->addresses[i].small_segments == answer)
            return true;
    return false;
}

bool where_only_full_packets_are_lost(const struct view *view)
{
    return view_has_reason(view, check_of_service(view->service, RUNG_TLS), FAILURE_TIMEOUT) &&
           !has_small_segments(&view->facts->endpoints[view->service], ANSWER_NO);
}

void quote_full_packets(const struct view *view, struct finding *finding)
{
    for (int i = -1; view_next(view, RUNG_TLS, &i);) {
        const struct address_facts *at = view_bad_tls(view, (enum service)i);
        finding_quote_address(finding, (enum service)i, at, RUNG_TLS);
        if (at->small_segments == ANSWER_YES)
            finding_evidence(finding, "with small segments the same handshake is answered");
    }
}

bool tls_answers_small_segments(const struct view *view)
{
    for (int i = -1; view_next(view, RUNG_TLS, &i);)
        if (has_small_segments(&view->facts->endpoints[i], ANSWER_YES))
            return true;
    return false;
}

/* One address a service. */
void quote_tls(const struct view *view, struct finding *finding)
{
    for (int i = -1; view_next(view, RUNG_TLS, &i);) {
        const struct address_facts *at = view_bad_tls(view, (enum service)i);
        finding_quote_address(finding, (enum service)i, at, RUNG_TLS);
        if (at->session.issuer[0])
            finding_evidence(finding, "certificate of %s: issued by %s", at->address,
                             at->session.issuer);
        if (at->session.verify[0])
            finding_evidence(finding, "verification says: %s", at->session.verify);
    }
}

/* A certificate for the right name, and by an issuer that is not Amazon: somebody made it on the
 * way. What verifies by the system's bundle only is that without doubt. */
bool where_certificate_is_made_on_the_way(const struct view *view)
{
    const struct address_facts *at = view_bad_tls(view, view->service);

    return look_failure(at, RUNG_TLS) == FAILURE_INTERCEPTED ||
           (at->session.name_matches && at->session.issuer[0] &&
            !tls_session_is_amazons(&at->session) &&
            strcmp(at->session.issuer, at->session.subject) != 0);
}

bool tls_is_intercepted(const struct view *view)
{
    for (int i = -1; view_next(view, RUNG_TLS, &i);)
        if (look_failure(view_bad_tls(view, (enum service)i), RUNG_TLS) == FAILURE_INTERCEPTED)
            return true;
    return false;
}

void quote_interception(const struct view *view, struct finding *finding)
{
    if (tls_is_intercepted(view))
        finding_evidence(finding, "it verifies by the system's bundle, by no root of Amazon's");
}

void quote_other_name(const struct view *view, struct finding *finding)
{
    const struct address_facts *at = view_bad_tls(view, view->service);

    finding_quote_address(finding, view->service, at, RUNG_TLS);
    finding_evidence(finding, "asked for %s, the certificate names %s",
                     view->facts->plan.services[view->service].host,
                     at->session.names[0] ? at->session.names : at->session.subject);
}

static bool is_cut(const struct endpoint_facts *endpoint)
{
    static const enum failure cuts[] = {FAILURE_RESET, FAILURE_CLOSED, FAILURE_NOT_TLS,
                                        FAILURE_TLS_ALERT};

    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        for (size_t j = 0; j < COUNT_OF(cuts); j++)
            if (look_failure(&endpoint->addresses[i], RUNG_TLS) == cuts[j] &&
                !endpoint->addresses[i].second_opinion)
                return true;
    return false;
}

bool when_no_handshake_is_answered(const struct view *view)
{
    for (int i = -1; view_next(view, RUNG_TLS, &i);)
        if (is_cut(&view->facts->endpoints[i]))
            return false;
    return true;
}

/* --- the clock --- */

static const struct address_facts *out_of_time(const struct facts *facts, int service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        enum failure failure = look_failure(&endpoint->addresses[i], RUNG_TLS);
        if (!endpoint->addresses[i].second_opinion &&
            (failure == FAILURE_CERTIFICATE_EXPIRED ||
             failure == FAILURE_CERTIFICATE_NOT_YET_VALID))
            return &endpoint->addresses[i];
    }
    return NULL;
}

/* A right clock would find the certificate out of date as well. */
static bool is_out_of_time_anyway(const struct facts *facts, int service)
{
    const struct address_facts *at = out_of_time(facts, service);

    if (!at)
        return false;
    return look_failure(at, RUNG_TLS) == FAILURE_CERTIFICATE_EXPIRED
               ? look_is_past(facts, at->session.not_after_unix_s)
               : look_is_to_come(facts, at->session.not_before_unix_s);
}

bool where_clock_is_to_blame(const struct view *view)
{
    return view->rung != RUNG_TLS || !look_clock(view->facts).wrong ||
           !is_out_of_time_anyway(view->facts, (int)view->service);
}

/* The service's own word on it; NULL: none. */
const struct action_facts *tls_said_skewed(const struct facts *facts)
{
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_actions; j++)
            if (facts->endpoints[i].actions[j].failure == FAILURE_SKEWED)
                return &facts->endpoints[i].actions[j];
    return NULL;
}

/* Every service at once has a certificate from the future: no sample is needed to suspect that this
 * machine lives in the past. One service alone is that service's trouble. */
static bool all_out_of_time(const struct facts *facts)
{
    int n = 0, n_out = 0;

    for (int i = 0; i < N_SERVICES; i++) {
        struct tally tally = look_tally(facts, (enum service)i, RUNG_TLS);
        if (!look_is_planned(facts, (enum service)i))
            continue;
        n += tally.tried > 0;
        n_out += tally.failed > 0 && out_of_time(facts, i);
    }
    return n >= 2 && n_out == n;
}

bool when_clock_is_wrong(const struct view *view)
{
    struct clock_reading clock = look_clock(view->facts);
    int service = -1;

    return clock.wrong || (clock.n == 0 && (view_next(view, RUNG_AUTHORIZE, &service) ||
                                            all_out_of_time(view->facts)));
}

void quote_validity(const struct view *view, struct finding *finding)
{
    char from[TIME_SIZE], until[TIME_SIZE];

    for (int i = 0; i < N_SERVICES; i++) {
        const struct address_facts *at = out_of_time(view->facts, i);
        if (!at || at->session.not_after_unix_s == 0)
            continue;
        clock_format_iso8601(at->session.not_before_unix_s * 1000, false, from);
        clock_format_iso8601(at->session.not_after_unix_s * 1000, false, until);
        finding_evidence(finding, "certificate of %s is valid from %s to %s", at->address, from,
                         until);
        return;
    }
}

void quote_own_clock(const struct view *view, struct finding *finding)
{
    char now[TIME_SIZE];

    clock_format_iso8601(view->facts->clock.wall_unix_ms, false, now);
    finding_evidence(finding, "this machine says it is %s", now);
}

void quote_skewed(const struct view *view, struct finding *finding)
{
    const struct action_facts *said = tls_said_skewed(view->facts);

    if (said)
        finding_quote_action(finding, said);
}

/* What others say of the time. */
void quote_clocks(const struct view *view, struct finding *finding)
{
    const struct clock_facts *clock = &view->facts->clock;

    for (int32_t i = 0; i < clock->n_samples && i < 3; i++) {
        const struct clock_sample *sample = &clock->samples[i];
        int64_t off_ms = sample->offset_ms < 0 ? -sample->offset_ms : sample->offset_ms;
        char span[64];
        look_span(off_ms / 1000, span, sizeof(span));
        if (off_ms < 2000)
            finding_evidence(finding, "%s (%s): agrees with this machine's clock within 2 s",
                             sample->source, sample->address);
        else
            finding_evidence(finding, "%s (%s): this machine is %s %s", sample->source,
                             sample->address, span, sample->offset_ms < 0 ? "ahead" : "behind");
    }
}

void quote_no_time_sync(const struct view *view, struct finding *finding)
{
    finding_evidence(finding, "no unit of chrony, systemd-timesyncd, ntpd, ntpsec or openntpd is "
                              "enabled or runs");
    finding_evidence(finding, "clock: %s", view->checks[CHECK_CLOCK_SKEW].summary);
}
