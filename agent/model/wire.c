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
