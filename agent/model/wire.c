/* SPDX-License-Identifier: Apache-2.0
 *
 * The names stand in subjects that https://www.amazontrust.com/repository/ publishes.
 */
#include "model/wire.h"

#include <string.h>

bool tls_name_is_amazons(const char *name)
{
    static const char *const marks[] = {"O=Amazon", "O = Amazon", "Amazon Root CA", "Starfield"};

    for (size_t i = 0; i < COUNT_OF(marks); i++)
        if (strstr(name, marks[i]))
            return true;
    return false;
}

bool tls_session_is_amazons(const struct tls_session *session)
{
    return tls_name_is_amazons(session->issuer);
}

bool tls_session_is_opened(const struct tls_session *session)
{
    return session->trust_by != TRUST_BY_AMAZON && !tls_session_is_amazons(session);
}

bool tls_session_is_intercepted(const struct tls_session *session)
{
    return session->trust_by == TRUST_BY_SYSTEM && tls_session_is_opened(session);
}

bool dns_decides(const struct dns_answer *answer)
{
    return answer->step.outcome == OUTCOME_OK || answer->step.failure == FAILURE_NXDOMAIN ||
           answer->step.failure == FAILURE_NODATA;
}

DEFINE_NAMES(family, [FAMILY_IPV4] = "ipv4", [FAMILY_IPV6] = "ipv6");

DEFINE_NAMES_OR(asked_as,
                ASKED_AMAZON, [ASKED_CONFIGURED] = "configured", [ASKED_UPSTREAM] = "upstream",
                [ASKED_AMAZON] = "amazon", [ASKED_PLAIN] = "without-edns");

DEFINE_NAMES(
    route_kind, [ROUTE_UNKNOWN] = "unknown", [ROUTE_FORWARD] = "forward", [ROUTE_LOCAL] = "local",
    [ROUTE_NONE] = "none", [ROUTE_UNREACHABLE] = "unreachable", [ROUTE_PROHIBIT] = "prohibit",
    [ROUTE_BLACKHOLE] = "blackhole", [ROUTE_THROW] = "throw");

DEFINE_NAMES(trust_by, [TRUST_BY_NONE] = "none", [TRUST_BY_AMAZON] = "amazon",
             [TRUST_BY_CA_FILE] = "ca-file", [TRUST_BY_SYSTEM] = "system", [TRUST_BY_SDK] = "sdk");

/* --- failure.h: the tables are made of the rows of failures --- */

DEFINE_NAMES(outcome, [OUTCOME_UNTRIED] = "untried", [OUTCOME_OK] = "ok",
             [OUTCOME_FAILED] = "failed", [OUTCOME_SKIPPED] = "skipped");

#define ROW(id, name, words) [FAILURE_##id] = name,
DEFINE_NAMES_OR(failure, FAILURE_UNKNOWN, FAILURES(ROW));
#undef ROW
#define ROW(id, name, words) [FAILURE_##id] = words,
static const char *const words_of_failure[N_FAILURES] = {FAILURES(ROW)};
#undef ROW

const char *failure_name(enum failure failure)
{
    return (unsigned int)failure < N_FAILURES ? failure_table[failure] : NULL;
}

const char *failure_words(enum failure failure)
{
    return (unsigned int)failure < N_FAILURES ? words_of_failure[failure] : "unknown failure";
}

enum failure failure_of_status(int32_t status)
{
    static const struct {
        int32_t status;
        enum failure failure;
    } rows[] = {
        {400, FAILURE_BAD_REQUEST}, {401, FAILURE_UNAUTHORIZED}, {403, FAILURE_FORBIDDEN},
        {404, FAILURE_NOT_FOUND},   {407, FAILURE_PROXY},        {429, FAILURE_THROTTLED},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].status == status)
            return rows[i].failure;
    if (status >= 300 && status < 400)
        return FAILURE_REDIRECTED;
    return status >= 500 ? FAILURE_SERVER_ERROR : FAILURE_HTTP_STATUS;
}

void step_ok(struct step *step, int32_t took_ms)
{
    memset(step, 0, sizeof(*step));
    step->outcome = OUTCOME_OK;
    step->took_ms = took_ms;
}

void step_fail(struct step *step, enum failure failure, int32_t took_ms)
{
    memset(step, 0, sizeof(*step));
    step->outcome = OUTCOME_FAILED;
    step->failure = failure;
    step->took_ms = took_ms;
}

void step_skip(struct step *step, enum failure why)
{
    memset(step, 0, sizeof(*step));
    step->outcome = OUTCOME_SKIPPED;
    step->failure = why;
}
