/* SPDX-License-Identifier: Apache-2.0
 *
 * Asks an HTTP proxy to open the way to a host (RFC 9110 section 9.3.6, CONNECT), or a SOCKS5 proxy (RFC 1928) without a login.
 */
#ifndef NET_TUNNEL_H
#define NET_TUNNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/failure.h"
#include "net/loop.h"

struct tunnel {
    const char *address; /* the proxy's */
    uint16_t port;
    bool socks;
    const char *host; /* where to; copied */
    uint16_t host_port;
    int32_t connect_timeout_ms;
    int32_t answer_timeout_ms;
    const char *basic; /* for Proxy-Authorization, outlives the asking; NULL: none */
    const void *owner; /* loop_end_of() */
};

/* step is OK for a status of 200 alone, as for Go (net/http, dialConn): FAILURE_PROXY for any other, FAILURE_MALFORMED for what is
 * no HTTP. step.detail quotes the status line, escaped, where nothing secret was sent, which it could show. status is 0 when
 * none came. `fd`: the way to the host, which is the callee's now; -1 when step is not OK. */
typedef void tunnel_done(void *arg, const struct step *step, int32_t status, int fd);

/* False when the host is none: then no callback comes. */
bool tunnel_ask(struct loop *loop, const struct tunnel *tunnel, tunnel_done *done, void *arg);

/* What a SOCKS5 proxy has said: of the ways to log in, or, once `asked` for the host, of that too; an error of RFC 1928 section 6,
 * or one of these. Pure. */
enum { SOCKS_OK = 0, SOCKS_MORE = 256, SOCKS_LOGIN, SOCKS_MALFORMED };
int32_t tunnel_read_socks(const char *said, size_t n, bool asked);

/* The status of a head's first line, 0 when it is no status line of HTTP/1. Pure. */
int32_t tunnel_read_status(const char *head);

#endif
