/* SPDX-License-Identifier: Apache-2.0
 *
 * Climbs the ladder of every planned service: names, addresses, TCP, TLS, an unsigned request,
 * permissions. All services, resolvers and addresses at once. Nothing is retried. When a first answer
 * is doubtful, a second opinion is asked.
 */
#ifndef OBSERVE_OBSERVE_H
#define OBSERVE_OBSERVE_H

#include <stdbool.h>

#include "model/facts.h"
#include "net/credentials.h"
#include "net/loop.h"
#include "net/trust.h"

struct observe;

/* What alone is asked again. facts->endpoints holds an earlier climb of all. */
struct observe_again {
    enum target target; /* a service, or the agent: its proxy */
    const struct action_facts
        *action; /* only this one, at the address that answered it; NULL: all */
};

struct observe_request {
    const char *root;                  /* prefix of every file; outlives it */
    struct trust *trust;               /* outlives it */
    int64_t deadline_ms;               /* monotonic, INT64_MAX: none */
    bool patient;                      /* a later round: public addresses get their time */
    const struct observe_again *again; /* NULL: every service is climbed */
    const struct proxy_login *login;   /* of the agent's proxy; outlives it */
};

/* facts->plan is complete; endpoints and clock get filled. */
struct observe *observe_start(struct loop *loop, const struct observe_request *request,
                              struct facts *facts);

/* The VPC's CIDRs are known, or never will be: now addresses are classed and second opinions asked. */
void observe_placed(struct observe *observe);

/* The credentials to prove permissions with; NULL: there are none. Must outlive it. */
void observe_role(struct observe *observe, const struct credentials *credentials);

/* After a round: does root hold a connection to an address of ssmmessages now? agent.connected is of
 * the round's beginning, and the agent may have connected since. */
enum answer observe_connected(const char *root, const struct facts *facts);

/* Stops it and takes back what it found: the plan was of another region. Frees it. */
void observe_take_back(struct observe *observe);

/* To be called after the loop is done. NULL is fine. */
void observe_free(struct observe *observe);

#endif
