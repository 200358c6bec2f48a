/* SPDX-License-Identifier: Apache-2.0
 *
 * Climbs the ladder of every planned service: names, addresses, TCP, TLS, an unsigned request,
 * then the permissions. All services, resolvers and addresses at once; nothing is retried.
 * Second opinions are asked when a first answer makes them useful.
 */
#ifndef OBSERVE_OBSERVE_H
#define OBSERVE_OBSERVE_H

#include <stdbool.h>

#include "model/facts.h"
#include "net/credentials.h"
#include "net/loop.h"
#include "net/trust.h"

enum {
    DNS_TIMEOUT_MS = 2000,
    CONNECT_TIMEOUT_MS = 3500, /* longer than ARP's three tries of a second: EHOSTUNREACH */
    TLS_TIMEOUT_MS = 3000,
    HTTP_TIMEOUT_MS = 5000,
    ACTION_TIMEOUT_MS = 5000,
    SMALL_SEGMENT_BYTES = 536, /* the IPv4 default, RFC 9293 section 3.7.1: passes any path */
};

struct observe;

struct observe_request {
    const char *root;        /* prefix of /etc/hosts; outlives it */
    struct trust *trust;     /* outlives it */
    bool proven[N_SERVICES]; /* not climbed again: facts->endpoints holds an earlier climb */
};

/* facts->plan is complete; endpoints and clock are filled in. NULL when out of memory. */
struct observe *observe_start(struct loop *loop, const struct observe_request *request,
                              struct facts *facts);

/* The VPC's CIDRs are known, or will not be: addresses are classed, second opinions asked. */
void observe_placed(struct observe *observe);

/* The credentials to prove permissions with; NULL: there are none. Must outlive it. */
void observe_role(struct observe *observe, const struct credentials *credentials);

/* After a round: does root hold a connection to an address of ssmmessages now? agent.connected tells
 * of the round's beginning; in between the agent may have connected. */
enum answer observe_connected(const char *root, const struct facts *facts);

/* To be called after the loop is done. NULL is fine. */
void observe_free(struct observe *observe);

#endif
