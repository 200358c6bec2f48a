/* SPDX-License-Identifier: Apache-2.0
 *
 * Nothing but the wiping and the hiding: credentials are read in discover/ and used in http.c.
 */
#include "net/credentials.h"

#include <string.h>

enum {
    PIECE = 12,     /* characters of a secret that are one */
    SIGNATURE = 32, /* hexadecimal digits in a row: a signature has 64, and may be cut */
};

bool credentials_usable(const struct credentials *credentials)
{
    return credentials->access_key_id[0] && credentials->secret_access_key[0];
}

static size_t n_in_common(const char *text, const char *secret)
{
    size_t n = strlen(secret), longest = 0;

    if (strlen(text) < PIECE)
        return 0;
    for (const char *at = secret; (at = memmem(at, n - (size_t)(at - secret), text, PIECE)); at++) {
        size_t same = PIECE;
        while (at[same] && at[same] == text[same])
            same++;
        longest = same > longest ? same : longest;
    }
    return longest;
}

void credentials_hide(const struct credentials *credentials, char *text)
{
    while (credentials && *text) {
        size_t n = strspn(text, "0123456789abcdef");
        size_t key = n_in_common(text, credentials->secret_access_key);
        size_t token = n_in_common(text, credentials->session_token);

        n = n >= SIGNATURE ? n : 0;
        n = key > n ? key : n;
        n = token > n ? token : n;
        memset(text, '*', n);
        text += n > 0 ? n : 1;
    }
}

void credentials_clear(struct credentials *credentials)
{
    explicit_bzero(credentials, sizeof(*credentials));
}
