/* SPDX-License-Identifier: Apache-2.0
 *
 * A scripted server on loopback, driven by the loop under test itself: no thread, no child, no
 * sleep, and everything it saw is at hand when the loop has ended.
 */
#ifndef TESTS_NET_PEER_H
#define TESTS_NET_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/loop.h"

enum {
    PEER_MAX_REPLIES = 4,
    PEER_MAX_CONNECTIONS = 16,
    PEER_SEEN_BYTES = 32 * 1024,
};

/* When it says something. */
enum peer_speaks {
    PEER_AFTER_REQUEST, /* once a whole HTTP request came */
    PEER_AFTER_BYTES,   /* once anything came */
    PEER_FIRST,         /* on accept */
};

/* What it does after it said it. */
enum peer_then {
    PEER_STAYS,
    PEER_CLOSES,
    PEER_CUTS, /* closes without TLS's close_notify */
    PEER_RESETS,
};

struct peer_connection;

struct peer {
    struct loop *loop;

    /* the script */
    enum peer_speaks speaks;
    enum peer_then then;
    const char *replies[PEER_MAX_REPLIES]; /* one a request; the last again and again */
    size_t reply_bytes;                    /* of replies[0] when it holds zeros, else 0 */
    struct ssl_ctx_st *tls;                /* NULL: plain. Owned */

    /* what it saw */
    int n_connections;
    int n_requests;
    char seen[PEER_SEEN_BYTES]; /* the last request */
    size_t n_seen;

    uint16_t port;
    int listener;
    struct watch *watch;
    struct peer_connection *connections[PEER_MAX_CONNECTIONS];
};

/* Listens on 127.0.0.1, on a port of the kernel's choice. Set the script before the loop runs. */
void peer_open(struct peer *peer, struct loop *loop);

/* The same on ::1; false, and nothing to close, when this machine has no IPv6. */
bool peer_open_ipv6(struct peer *peer, struct loop *loop);

/* Before or after the loop is freed: `loop_is_gone` says which. */
void peer_close(struct peer *peer, bool loop_is_gone);

/* A port of 127.0.0.1 on which nobody listens. */
uint16_t peer_closed_port(void);

#endif
