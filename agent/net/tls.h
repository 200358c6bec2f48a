/* SPDX-License-Identifier: Apache-2.0
 *
 * The OpenSSL side of one HTTPS connection: our own verification in place of libcurl's, and what
 * the peer showed, kept also when it is not believed.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>

#include "model/wire.h"
#include "net/trust.h"

struct ssl_ctx_st;

/* One peer, as long as its handshake is watched. All zero is a valid start. */
struct tls_peer {
    char host[HOST_SIZE]; /* the name that the certificate must carry, or an address */
    struct trust *trust;
    bool by_sdk; /* http.h */
    struct tls_session session;
    bool shown;               /* a certificate came and `failure` says what we think of it */
    enum failure failure;     /* FAILURE_NONE: believed */
    char detail[DETAIL_SIZE]; /* of the failure */
    struct ssl_st *ssl;       /* NULL: not made yet, or freed */
};

/* Installs verification and observation in the SSL that libcurl makes next, out of `context`, which tls.c made for all connections:
 * TLS 1.2 at least, no resumption, no renegotiation. False when it is another context. */
bool tls_watch(struct tls_peer *peer, struct ssl_ctx_st *context);

/* Stops watching: the connection may outlive the exchange that opened it. */
void tls_unwatch(struct tls_peer *peer);

/* Why the handshake failed, or the connection after it: from what was watched, the socket's errno
 * (0: none) and OpenSSL's reason as libcurl wrote it ("…error:0A00010B:SSL routines::wrong version
 * number"). FAILURE_NONE when none of these says. Sets peer->detail. */
enum failure tls_failure(struct tls_peer *peer, const char *error, int os_error);

#endif
