/* SPDX-License-Identifier: Apache-2.0
 *
 * Nothing but the wiping: credentials are read in discover/ and used in http.c.
 */
#include "net/credentials.h"

#include <string.h>

bool credentials_usable(const struct credentials *credentials)
{
    return credentials->access_key_id[0] && credentials->secret_access_key[0];
}

void credentials_clear(struct credentials *credentials)
{
    explicit_bzero(credentials, sizeof(*credentials));
}
