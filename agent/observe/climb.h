/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to observe/: one service on its way up its ladder. names.c finds the addresses, ladder.c
 * climbs each, actions.c proves permissions over the connections that ladder.c leaves open.
 */
#ifndef OBSERVE_CLIMB_H
#define OBSERVE_CLIMB_H

#include "model/facts.h"
#include "model/proxy.h"
#include "observe/connections.h"
#include "observe/observe.h"

struct climb;

/* One address: a connection that carries one request at a time. */
struct lane {
    struct climb *climb;
    struct address_facts *facts;
    int action; /* index of the action under way, or -1 */
    bool open;  /* the unsigned request was answered by AWS */
};

/* One question to one resolver. */
struct asking {
    struct climb *climb;
    int index; /* in endpoint_facts.answers */
};

struct climb {
    struct observe *observe;
    enum service service;
    const struct service_plan *plan;
    struct endpoint_facts *facts;
    struct lane lanes[MAX_ADDRESSES]; /* as facts->addresses */
    struct asking askings[MAX_ANSWERS];
    bool decided[2]; /* by family: the addresses that the agent would use are known */
    bool pinned;     /* /etc/hosts names the addresses */
    bool asked_amazon;
};

struct observe {
    struct loop *loop;
    struct observe_request request;
    struct facts *facts;
    const struct credentials *credentials; /* NULL until known, or there are none */
    bool placed;
    struct connections connections; /* that stood before we opened any */
    struct proxy proxy;             /* the agent's */
    int proxy_resolver;             /* index of the nameserver that is asked for its name */
    struct climb climbs[N_SERVICES];
};

/* names.c */
void names_start(struct climb *climb);
void names_placed(struct climb *climb);

/* ladder.c: starts to climb one more address; ignored when it is there already or the list is
 * full. */
void ladder_add(struct climb *climb, const char *address, bool from_hosts_file);
void ladder_placed(struct climb *climb);

/* actions.c */
void actions_plan(struct climb *climb);
void actions_pump(struct climb *climb); /* sends what can be sent now */

/* proxy.c: asks the proxy that the agent would use, if any */
void observe_proxy(struct observe *observe);

/* observe.c: an address of ssmmessages: does the agent hold a connection to it? */
void observe_agent(struct observe *observe, const char *address);

/* observe.c: keeps the clock reading of a Date header, if the answer had one. */
void observe_clock(struct observe *observe, const char *source, const struct address_facts *address,
                   int32_t took_us);

#endif
