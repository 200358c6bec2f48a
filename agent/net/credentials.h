/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials: the only types that hold a secret, and they live in net/ so that neither facts nor
 * reports can ever contain one. Cleared with explicit_bzero.
 */
#ifndef NET_CREDENTIALS_H
#define NET_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

struct credentials {
    char access_key_id[132]; /* 16 to 128 characters: STS API reference, Credentials */
    char secret_access_key[132];
    char session_token[4096];
};

/* What the agent shows its proxy. */
struct proxy_login {
    char basic[5632]; /* base64 of user:password, RFC 7617; empty: nothing */
    bool user_alone;  /* no password, not even an empty one */
};

/* Of the login of a proxy's URL, each % of which begins two hexadecimal digits: as Go's net/url takes it apart. False: it is too
 * long. */
bool proxy_login_set(struct proxy_login *login, const char *userinfo, size_t n);

/* True when a key and a secret are there. */
bool credentials_usable(const struct credentials *credentials);

/* Overwrites in the text what is a piece of the secret key, the session token or a signature: a server may
 * show what it was sent, and its words are kept. Pieces below a dozen characters open nothing.
 * NULL: nothing was signed. */
void credentials_hide(const struct credentials *credentials, char *text);

void credentials_clear(struct credentials *credentials);

#endif
