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

bool tls_session_is_intercepted(const struct tls_session *session)
{
    return session->trust_by == TRUST_BY_SYSTEM && !tls_session_is_amazons(session);
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
             [TRUST_BY_CA_FILE] = "ca-file", [TRUST_BY_SYSTEM] = "system");
