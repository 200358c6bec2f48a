/* SPDX-License-Identifier: Apache-2.0
 *
 * What machine is this, and so what must work? Fills all of the facts but the endpoints. Events tell
 * when a part is known, so that nobody waits for more than they need.
 */
#ifndef DISCOVER_DISCOVER_H
#define DISCOVER_DISCOVER_H

#include "discover/imds.h"
#include "model/facts.h"
#include "net/credentials.h"
#include "net/loop.h"

struct discover;

struct discover_request {
    const char *root;                     /* prefix of every file, "" for none; outlives it */
    const struct imds_endpoint *endpoint; /* NULL: IMDS's own addresses */
    /* The facts are of a whole round: only what this check of IMDS or of the role stands on is asked, or the credentials
     * where it is another target's. Nothing but DISCOVERED_ROLE is told. */
    bool again;
    enum check check;
    struct proxy_login *login; /* of the agent's proxy, to be filled in; outlives it */
};

/* What is known by now. Each comes at most once, but for DISCOVERED_PLAN, which comes once more after DISCOVERED_MISTAKE;
 * that one comes only when there is a plan, ROLE and PLACE also when there is nothing to know. */
enum discovered {
    DISCOVERED_PLAN, /* facts->plan is complete: names may be looked up. Its region may be a hint's as yet */
    DISCOVERED_REGION, /* it is the one that IMDS or the options name. Before this no secret may be sent */
    DISCOVERED_MISTAKE, /* IMDS does not name that region: the plan is void */
    DISCOVERED_PLACE,   /* the VPC's CIDRs are known, or never will be */
    DISCOVERED_ROLE,    /* credentials are usable, or never will be */
};
typedef void discover_tell(void *arg, enum discovered what);

/* facts->plan holds the wishes (options). Files are read in this call, IMDS on the loop. facts and
 * credentials must outlive it. */
struct discover *discover_start(struct loop *loop, const struct discover_request *request,
                                struct facts *facts, struct credentials *credentials,
                                discover_tell *tell, void *arg);

/* What the files and the kernel of this machine show, without a packet: the machine, its network, resolvers,
 * the agent. `overrides` and `login` as in agent.h. */
struct agent_overrides;
void discover_machine(const char *root, struct facts *facts, struct agent_overrides *overrides,
                      struct proxy_login *login);

/* The login alone, once more: facts->agent is known. */
void discover_login(const char *root, const struct facts *facts, struct proxy_login *login);

/* When the loop is idle, once: asks for what only some findings quote, if there may be such. True: the
 * loop has work again. */
bool discover_rest(struct discover *discover);

/* To be called after the loop is done. NULL is fine. */
void discover_free(struct discover *discover);

#endif
