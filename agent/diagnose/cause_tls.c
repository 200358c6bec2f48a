/* SPDX-License-Identifier: Apache-2.0
 *
 * Causes in the TLS handshake, and the clock, which breaks TLS and signatures alike.
 */
#include <string.h>

#include "base/clock.h"
#include "diagnose/checks.h"
#include "diagnose/finding.h"
#include "diagnose/look.h"
#include "diagnose/remedy.h"

/* The first address of a service whose TLS failed for one of the reasons. */
static const struct address_facts *first_failed(const struct facts *facts, enum service service,
                                                const enum failure *reasons, size_t n)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        enum failure failure = look_failure(&endpoint->addresses[i], RUNG_TLS);
        for (size_t j = 0; j < n; j++)
            if (failure == reasons[j] && !endpoint->addresses[i].second_opinion)
                return &endpoint->addresses[i];
    }
    return NULL;
}

/* Quotes one address a service for the tls checks in the set. */
static void quote_tls(const struct scene *scene, check_set set, const enum failure *reasons,
                      size_t n, struct finding *finding)
{
    for (int i = 0; i < N_SERVICES; i++) {
        const struct address_facts *at = first_failed(scene->facts, (enum service)i, reasons, n);
        if (!(set & check_bit(check_of_service((enum service)i, RUNG_TLS))) || at == NULL)
            continue;
        finding_quote_address(finding, (enum service)i, at, RUNG_TLS);
        if (at->session.issuer[0] != '\0')
            finding_evidence(finding, "certificate of %s: issued by %s", at->address,
                             at->session.issuer);
        if (at->session.verify[0] != '\0')
            finding_evidence(finding, "verification says: %s", at->session.verify);
    }
}

static void quote_validity(const struct scene *scene, struct finding *finding,
                           const enum failure *reasons, size_t n)
{
    char from[TIME_SIZE], until[TIME_SIZE];
    for (int i = 0; i < N_SERVICES; i++) {
        const struct address_facts *at = first_failed(scene->facts, (enum service)i, reasons, n);
        if (at == NULL || at->session.not_after_unix_s == 0)
            continue;
        clock_format_iso8601(at->session.not_before_unix_s * 1000, false, from);
        clock_format_iso8601(at->session.not_after_unix_s * 1000, false, until);
        finding_evidence(finding, "certificate of %s is valid from %s to %s", at->address, from,
                         until);
        return;
    }
}

static const enum failure out_of_time[] = {FAILURE_CERTIFICATE_EXPIRED,
                                           FAILURE_CERTIFICATE_NOT_YET_VALID};

static bool said_skewed(const struct scene *scene, struct finding *finding)
{
    bool said = false;
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < scene->facts->endpoints[i].n_actions; j++) {
            const struct action_facts *action = &scene->facts->endpoints[i].actions[j];
            if (action->failure != FAILURE_SKEWED)
                continue;
            if (!said)
                finding_quote_action(finding, action);
            said = true;
        }
    return said;
}

/* Every service at once has a certificate from the future: no sample is needed to suspect that this
 * machine lives in the past. One service alone is that service's trouble. */
static bool all_out_of_time(const struct scene *scene)
{
    int n = 0, n_out = 0;
    for (int i = 0; i < N_SERVICES; i++) {
        struct tally tally;
        if (!look_is_planned(scene->facts, (enum service)i))
            continue;
        look_tally(scene->facts, (enum service)i, RUNG_TLS, &tally);
        n += tally.tried > 0;
        n_out += tally.failed > 0 &&
                 first_failed(scene->facts, (enum service)i, out_of_time, 2) != NULL;
    }
    return n >= 2 && n_out == n;
}

/* The certificates that a right clock would find out of date as well. */
static check_set out_of_time_anyway(const struct scene *scene)
{
    check_set set = 0;
    for (int i = 0; i < N_SERVICES; i++) {
        const struct address_facts *at = first_failed(scene->facts, (enum service)i, out_of_time,
                                                      N_OF(out_of_time));
        if (at == NULL)
            continue;
        if (look_failure(at, RUNG_TLS) == FAILURE_CERTIFICATE_EXPIRED
                ? look_is_past(scene->facts, at->session.not_after_unix_s)
                : look_is_to_come(scene->facts, at->session.not_before_unix_s))
            set |= check_bit(check_of_service((enum service)i, RUNG_TLS));
    }
    return set;
}

bool explains_clock_wrong(const struct scene *scene, enum service service, struct finding *finding)
{
    static const enum failure skewed[] = {FAILURE_SKEWED};
    static const enum failure expired[] = {FAILURE_CREDENTIALS_EXPIRED};
    struct clock_reading clock;
    char now[TIME_SIZE];
    (void)service;

    look_clock(scene->facts, &clock);
    if (clock.n > 0 && !clock.wrong)
        return false;
    check_set tls = scene_rung(scene, RUNG_TLS, out_of_time, N_OF(out_of_time));
    check_set authorize = scene_rung(scene, RUNG_AUTHORIZE, skewed, 1);
    if (clock.n == 0 && authorize == 0 && !all_out_of_time(scene))
        return false;
    finding->explains = (clock.wrong ? tls & ~out_of_time_anyway(scene) : tls) | authorize;
    if (scene_has_reason(scene, CHECK_CLOCK_SKEW, skewed, 1))
        finding->explains |= check_bit(CHECK_CLOCK_SKEW);
    if (scene_has_reason(scene, CHECK_ROLE_CREDENTIALS, expired, 1))
        finding->explains |= check_bit(CHECK_ROLE_CREDENTIALS);
    if (clock.wrong) {
        char span[64];
        checks_span(clock.offset_ms / 1000, span, sizeof span);
        finding_title(finding, "This machine's clock is wrong: %s %s", span,
                      clock.offset_ms < 0 ? "ahead" : "behind");
    }
    clock_format_iso8601(scene->facts->clock.wall_unix_ms, false, now);
    finding_evidence(finding, "this machine says it is %s", now);
    finding_quote_clock(finding, scene->facts);
    bool said = said_skewed(scene, finding);
    quote_validity(scene, finding, out_of_time, N_OF(out_of_time));
    finding->confidence = clock.wrong || said ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    if (clock.n == 0 && !said)
        finding_alternative(scene->facts, finding, "tls-expired");
    return true;
}

/* A certificate for the right name, and by an issuer that is not Amazon: somebody made it on the
 * way. What verifies by the system's bundle only is that without doubt. */
static bool is_minted(const struct address_facts *at)
{
    return look_failure(at, RUNG_TLS) == FAILURE_UNTRUSTED && at->session.name_matches &&
           at->session.issuer[0] != '\0' && !tls_session_is_amazons(&at->session) &&
           strcmp(at->session.issuer, at->session.subject) != 0;
}

bool explains_tls_intercepted(const struct scene *scene, enum service service,
                              struct finding *finding)
{
    static const enum failure foreign[] = {FAILURE_INTERCEPTED, FAILURE_UNTRUSTED};
    bool proven = false;
    (void)service;

    for (int i = 0; i < N_SERVICES; i++) {
        enum check check = check_of_service((enum service)i, RUNG_TLS);
        const struct address_facts *at = first_failed(scene->facts, (enum service)i, foreign,
                                                      N_OF(foreign));
        if (!scene_has(scene, check) || at == NULL)
            continue;
        bool intercepted = look_failure(at, RUNG_TLS) == FAILURE_INTERCEPTED;
        if (!intercepted && !is_minted(at))
            continue;
        proven |= intercepted;
        finding->explains |= check_bit(check);
    }
    if (finding->explains == 0)
        return false;
    quote_tls(scene, finding->explains, foreign, N_OF(foreign), finding);
    if (proven)
        finding_evidence(finding, "it verifies by the system's bundle, by no root of Amazon's");
    else
        finding_alternative(scene->facts, finding, "tls-untrusted");
    finding->confidence = proven ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    return true;
}

/* The rest of the handshake's failures: one row of reasons each. */
static bool explains_handshake(const struct scene *scene, struct finding *finding,
                               const enum failure *reasons, size_t n, enum confidence confidence)
{
    for (int i = 0; i < N_SERVICES; i++) {
        enum check check = check_of_service((enum service)i, RUNG_TLS);
        if (scene_has(scene, check) &&
            first_failed(scene->facts, (enum service)i, reasons, n) != NULL)
            finding->explains |= check_bit(check);
    }
    if (finding->explains == 0)
        return false;
    finding->confidence = confidence;
    quote_tls(scene, finding->explains, reasons, n, finding);
    return true;
}

bool explains_tls_untrusted(const struct scene *scene, enum service service,
                            struct finding *finding)
{
    static const enum failure reasons[] = {FAILURE_UNTRUSTED};
    (void)service;
    return explains_handshake(scene, finding, reasons, N_OF(reasons), CONFIDENCE_CERTAIN);
}

bool explains_tls_wrong_name(const struct scene *scene, enum service service,
                             struct finding *finding)
{
    static const enum failure reasons[] = {FAILURE_WRONG_NAME};
    enum check check = check_of_service(service, RUNG_TLS);
    const struct address_facts *at = first_failed(scene->facts, service, reasons, 1);

    if (!scene_has(scene, check) || at == NULL)
        return false;
    finding->explains = check_bit(check);
    finding->confidence = CONFIDENCE_CERTAIN;
    finding_title(finding, "%s: the certificate at %s is for another name", service_name(service),
                  at->address);
    finding_quote_address(finding, service, at, RUNG_TLS);
    finding_evidence(finding, "asked for %s, the certificate names %s",
                     scene->facts->plan.services[service].host,
                     at->session.names[0] ? at->session.names : at->session.subject);
    return true;
}

bool explains_tls_expired(const struct scene *scene, enum service service, struct finding *finding)
{
    struct clock_reading clock;
    (void)service;

    look_clock(scene->facts, &clock);
    bool surely = clock.right || (clock.wrong && out_of_time_anyway(scene) != 0);
    if (!explains_handshake(scene, finding, out_of_time, N_OF(out_of_time),
                            surely ? CONFIDENCE_CERTAIN : CONFIDENCE_POSSIBLE))
        return false;
    quote_validity(scene, finding, out_of_time, N_OF(out_of_time));
    finding_quote_clock(finding, scene->facts);
    if (!surely)
        finding_alternative(scene->facts, finding, "clock-wrong");
    return true;
}

bool explains_tls_reset(const struct scene *scene, enum service service, struct finding *finding)
{
    static const enum failure reasons[] = {FAILURE_TIMEOUT, FAILURE_RESET, FAILURE_CLOSED,
                                           FAILURE_NOT_TLS, FAILURE_TLS_ALERT};
    (void)service;

    if (!explains_handshake(scene, finding, reasons, N_OF(reasons), CONFIDENCE_LIKELY))
        return false;
    bool cut = false;
    for (int i = 0; i < N_SERVICES; i++)
        cut |= (finding->explains & check_service_bits((enum service)i)) != 0 &&
               first_failed(scene->facts, (enum service)i, reasons + 1, N_OF(reasons) - 1) != NULL;
    if (!cut)
        finding_title(finding, "Nobody answers the TLS handshake, though TCP connects");
    return true;
}

bool explains_tls_version(const struct scene *scene, enum service service, struct finding *finding)
{
    static const enum failure reasons[] = {FAILURE_TLS_VERSION};
    (void)service;
    return explains_handshake(scene, finding, reasons, N_OF(reasons), CONFIDENCE_CERTAIN);
}
