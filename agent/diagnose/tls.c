/* SPDX-License-Identifier: Apache-2.0
 *
 * The TLS handshake, and the clock, which breaks TLS and signatures alike.
 */
#include <string.h>

#include "base/clock.h"
#include "diagnose/causes.h"
#include "diagnose/look.h"

/* --- the handshake --- */

/* The same of some address of a service that the row explains. */
static bool any_handshake(const struct view *view,
                          bool (*is)(const struct view *view, const struct address_facts *at))
{
    for (struct each it = {0}; view_each(view, RUNG_TLS, &it);)
        for (int32_t j = 0; j < view->facts->endpoints[it.service].n_addresses; j++)
            if (is(view, &view->facts->endpoints[it.service].addresses[j]))
                return true;
    return false;
}

/* The ClientHello fits one small segment, the server's certificates fill several. Whether a handshake that
 * was silent is answered in small ones. */
static enum answer in_small_segments(const struct address_facts *at)
{
    return look_failure(at, RUNG_TLS) == FAILURE_TIMEOUT ? at->small_segments : ANSWER_UNKNOWN;
}

bool where_only_full_packets_are_lost(const struct view *view)
{
    const struct endpoint_facts *endpoint = &view->facts->endpoints[view->service];

    if (view->rung == RUNG_AUTHORIZE) {
        struct tally tally = look_tally(view->facts, view->service, RUNG_HTTP);
        return tally.failed == 0 && tally.took_ms < AT_ONCE_MS;
    }
    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        if (in_small_segments(&endpoint->addresses[i]) == ANSWER_NO)
            return false;
    return view_has_reason(view, check_of_service(view->service, RUNG_TLS), FAILURE_TIMEOUT);
}

static bool is_answered_in_small(const struct view *view, const struct address_facts *at)
{
    (void)view;
    return in_small_segments(at) == ANSWER_YES;
}

bool tls_answers_small_segments(const struct view *view)
{
    return any_handshake(view, is_answered_in_small);
}

/* Of a service with another address that is well the agent takes the one that DNS names first, which is now this one and now that, and
 * goes to no other after a handshake: whether it comes up is then a matter of luck. */
bool tls_fails_at_all_addresses(const struct view *view)
{
    for (struct each it = {0}; view_each(view, RUNG_TLS, &it);) {
        struct tally tally = look_tally(view->facts, it.service, RUNG_TLS);
        if (tally.failed > 0 && tally.ok > 0)
            return false;
    }
    return true;
}

static void quote_well(const struct view *view, enum service service, struct finding *finding)
{
    struct tally tally = look_tally(view->facts, service, RUNG_TLS);

    if (tally.failed > 0 && tally.ok > 0)
        finding_quote_address(finding, service, tally.first_ok, RUNG_TLS);
}

/* One address a service. */
void quote_tls(const struct view *view, struct finding *finding)
{
    for (struct each it = {0}; view_each(view, RUNG_TLS, &it);) {
        const struct address_facts *at = view_bad_tls(view, it.service);
        finding_quote_address(finding, it.service, at, RUNG_TLS);
        if (in_small_segments(at) == ANSWER_YES)
            finding_evidence(finding, "with small segments the same handshake is answered");
        if (at->session.issuer[0])
            finding_evidence(finding, "certificate of %s: issued by %s", at->address,
                             at->session.issuer);
        if (at->session.verify[0])
            finding_evidence(finding, "verification says: %s", at->session.verify);
        quote_well(view, it.service, finding);
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

static bool is_intercepted(const struct view *view, const struct address_facts *at)
{
    (void)view;
    return look_failure(at, RUNG_TLS) == FAILURE_INTERCEPTED;
}

bool tls_is_intercepted(const struct view *view)
{
    return any_handshake(view, is_intercepted);
}

/* Who signs for the endpoints of other partitions no public source says; isolated Regions have an authority of their own. */
bool when_interception_is_plain(const struct view *view)
{
    const char *name = partition_of_region(view->facts->plan.region)->name;
    return (strcmp(name, "aws") == 0 || strcmp(name, "aws-us-gov") == 0) &&
           tls_fails_at_all_addresses(view);
}

void quote_interception(const struct view *view, struct finding *finding)
{
    if (tls_is_intercepted(view))
        finding_evidence(finding, "it is trusted by the system's CA bundle, but by no Amazon root");
}

void quote_other_name(const struct view *view, struct finding *finding)
{
    const struct address_facts *at = view_bad_tls(view, view->service);

    finding_quote_address(finding, view->service, at, RUNG_TLS);
    finding_evidence(finding, "asked for %s, the certificate names %s",
                     view->facts->plan.services[view->service].host,
                     at->session.names[0] ? at->session.names : at->session.subject);
    quote_well(view, view->service, finding);
}

/* --- cut, and not the next time --- */

bool where_another_try_passes(const struct view *view)
{
    return look_cut(view->facts, view->service, view->rung) &&
           look_tally(view->facts, view->service, view->rung).failed == 0;
}

void quote_cut(const struct view *view, struct finding *finding)
{
    static const char *const tries[] = {[RUNG_CONNECT] = "a connection to",
                                        [RUNG_TLS] = "a handshake with",
                                        [RUNG_HTTP] = "an answer of"};

    for (enum rung rung = RUNG_CONNECT; rung <= RUNG_HTTP; rung++)
        for (struct each it = {0}; view_each(view, rung, &it);) {
            const struct address_facts *at = look_cut(view->facts, it.service, rung);
            if (!at)
                continue;
            finding_evidence(finding, "%s %s (%s): %s", tries[rung], at->address,
                             service_name(it.service), failure_words(at->cut));
            finding_quote_address(finding, it.service, at, rung);
            if (it.service == SERVICE_SSM && at->cut == FAILURE_RESET)
                finding_evidence(finding,
                                 "the agent does not try a reset at ssm again for 5 minutes");
        }
}

static bool is_cut(const struct view *view, const struct address_facts *at)
{
    enum failure failure = look_failure(at, RUNG_TLS);
    return failure != FAILURE_NONE && failure != FAILURE_TIMEOUT && !at->second_opinion &&
           view_is_reason(view, check_of_service(view->service, RUNG_TLS), failure);
}

bool when_no_handshake_is_answered(const struct view *view)
{
    return !any_handshake(view, is_cut);
}

static bool is_no_tls(const struct view *view, const struct address_facts *at)
{
    (void)view;
    return look_failure(at, RUNG_TLS) == FAILURE_NOT_TLS;
}

bool when_no_tls_is_spoken(const struct view *view)
{
    return any_handshake(view, is_no_tls);
}

/* --- the clock: the row's reasons for TLS are certificates that are out of time --- */

/* A right clock would find the certificate out of date as well. */
bool where_clock_is_to_blame(const struct view *view)
{
    const struct address_facts *at = view_bad_tls(view, view->service);

    if (view->rung != RUNG_TLS || !look_clock(view->facts).wrong)
        return true;
    return look_failure(at, RUNG_TLS) == FAILURE_CERTIFICATE_EXPIRED
               ? !look_is_past(view->facts, at->session.not_after_unix_s)
               : !look_is_to_come(view->facts, at->session.not_before_unix_s);
}

/* The service's own word on it; NULL: none. */
const struct action_facts *tls_said_skewed(const struct facts *facts)
{
    for (enum service i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_actions; j++)
            if (facts->endpoints[i].actions[j].failure == FAILURE_SKEWED)
                return &facts->endpoints[i].actions[j];
    return NULL;
}

/* Every service at once has a certificate from the future: no sample is needed to suspect that this
 * machine lives in the past. One service alone is that service's trouble. */
static bool all_out_of_time(const struct view *view)
{
    int n = 0, n_out = 0;

    for (enum service i = 0; i < N_SERVICES; i++) {
        struct tally tally = look_tally(view->facts, i, RUNG_TLS);
        if (!look_is_planned(view->facts, i))
            continue;
        n += tally.tried > 0;
        n_out += tally.failed > 0 && view_bad_tls(view, i);
    }
    return n >= 2 && n_out == n;
}

bool when_clock_is_wrong(const struct view *view)
{
    struct clock_reading clock = look_clock(view->facts);
    struct each it = {0};

    return clock.wrong || view_has_reason(view, CHECK_CLOCK_SKEW, FAILURE_SKEWED) ||
           (clock.n == 0 && (view_each(view, RUNG_AUTHORIZE, &it) || all_out_of_time(view)));
}

/* Of one source nobody else says it: what rewrites its Date would look the same. */
bool clock_is_certain(const struct view *view)
{
    struct clock_reading clock = look_clock(view->facts);
    struct each it = {0};

    return !clock.at_limit && (clock.n_doubtful != 1 || tls_said_skewed(view->facts) ||
                               view_each(view, RUNG_TLS, &it));
}

void quote_validity(const struct view *view, struct finding *finding)
{
    char from[TIME_SIZE], until[TIME_SIZE];

    for (enum service i = 0; i < N_SERVICES; i++) {
        const struct address_facts *at = view_bad_tls(view, i);
        if (!at || at->session.not_after_unix_s == 0)
            continue;
        clock_format_iso8601(at->session.not_before_unix_s * 1000, false, from);
        clock_format_iso8601(at->session.not_after_unix_s * 1000, false, until);
        finding_evidence(finding, "certificates of %s are valid from %s to %s", at->address, from,
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
        look_span_ms(off_ms, span, sizeof(span));
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
