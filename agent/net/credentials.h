/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials: the only type that holds a secret, and it lives in net/ so that neither facts nor
 * reports can ever contain one. Cleared with explicit_bzero.
 */
#ifndef NET_CREDENTIALS_H
#define NET_CREDENTIALS_H

#include <stdbool.h>

struct credentials {
    char access_key_id[132]; /* 16 to 128 characters: STS API reference, Credentials */
    char secret_access_key[132];
    char session_token[4096];
};

/* True when a key and a secret are there. */
bool credentials_usable(const struct credentials *credentials);

/* Overwrites in the text what is a piece of the secret key, the session token or a signature: a server may
 * show what it was sent, and its words are kept. Pieces below a dozen characters open nothing.
 * NULL: nothing was signed. */
void credentials_hide(const struct credentials *credentials, char *text);

void credentials_clear(struct credentials *credentials);

#endif
