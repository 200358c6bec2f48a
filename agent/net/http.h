/* SPDX-License-Identifier: Apache-2.0
 *
 * One HTTP exchange on one connection to one address, through libcurl: never a name look-up, a
 * proxy, a redirect, a content encoding, a cookie or a retry. HTTPS verifies chain and name by
 * trust.h. A request may be signed with Signature Version 4 (libcurl's CURLOPT_AWS_SIGV4).
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "model/wire.h"
#include "net/credentials.h"
#include "net/loop.h"
#include "net/trust.h"

struct signature {
    const struct credentials *credentials; /* must outlive the exchange */
    const char *region;
    const char *service; /* signing name */
};

/* How far an exchange got that is silent. */
enum silence {
    SILENCE_UNHEARD, /* nothing that was sent is acknowledged */
    SILENCE_HEARD,   /* by the other side's TCP: somebody has the ClientHello */
    SILENCE_SENT,    /* the handshake is over */
};

struct http_request {
    const char *method; /* "GET", "PUT", "POST" */
    bool tls;
    const char *host;    /* Host header, SNI and the name that the certificate must carry */
    const char *address; /* where the connection goes */
    uint16_t port;
    int fd;                     /* a connected socket from dial, which http now owns (also when
                             * http_start fails); -1: reuse the open connection to this host and
                             * address, or else connect */
    bool alone;                 /* its connection carries no other request after it */
    const char *path;           /* path and query, already percent-encoded */
    const char *const *headers; /* NULL-ended "Name: value" lines, or NULL */
    const char *body;           /* or NULL */
    size_t body_bytes;
    const struct signature *signature; /* or NULL: unsigned */
    bool withhold; /* sends nothing when the peer's certificate is none of Amazon's roots, nor of
                         * the given CA file */
    bool quiet;    /* does not keep the loop from being idle */
    const void *owner;   /* loop_end_of() */
    struct trust *trust; /* for tls; must outlive the exchange */
    /* What AWS_CA_BUNDLE names must vouch for the peer too: the agent asks it by AWS's SDK. */
    bool by_sdk;
    int32_t tls_timeout_ms; /* for the handshake; without fd for connecting too */
    int32_t timeout_ms;     /* for everything, the handshake included, which may take longer */
    void (*silent)(void *arg, enum silence silence); /* each second without an answer, or NULL */
    size_t max_body_bytes;
};

struct http_reply {
    struct step tls; /* untried on plain HTTP and on a reused connection */
    struct tls_session session;
    struct step step; /* of the exchange: OK whenever a whole HTTP answer came, whatever its status;
                       * skipped (FAILURE_BELOW) when TLS failed */
    struct http_head head;     /* without what signed the request: credentials_hide() */
    char token_ttl[NAME_SIZE]; /* X-aws-ec2-metadata-token-ttl-seconds, or empty */
    const char *body; /* zero-terminated, only during the callback; empty unless `step` is OK: what
                       * came of an answer that was cut, late or too large is never handed out */
    size_t body_bytes;
    int32_t took_us;
    bool reused;   /* an open connection carried it */
    bool withheld; /* the handshake ended well, and nothing was sent */
};

typedef void http_done(void *arg, const struct http_reply *reply);

/* Strings are copied. False when it could not start: then no callback comes, fd is closed. */
bool http_start(struct loop *loop, const struct http_request *request, http_done *done, void *arg);

#endif
