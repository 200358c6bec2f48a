/* SPDX-License-Identifier: Apache-2.0
 *
 * What machine is this, and so what must work? Fills everything of the facts but the endpoints,
 * and says through events when the parts that others wait for are known, so that nobody waits for
 * more than it needs.
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
};

/* Each comes at most once, in any order but `planned` before the others; `role` and `placed` come
 * also when there is nothing to know, `planned` only when there is a plan. */
struct discover_events {
    void *arg;
    void (*planned)(void *arg); /* facts->plan is complete: names may be looked up */
    void (*placed)(void *arg);  /* the VPC's CIDRs are known, or will not be */
    void (*role)(void *arg);    /* credentials are usable, or will not be */
};

/* facts->plan holds the wishes (options); files are read here and now, IMDS on the loop.
 * NULL when out of memory. facts and credentials must outlive it. */
struct discover *discover_start(struct loop *loop, const struct discover_request *request,
                                struct facts *facts, struct credentials *credentials,
                                const struct discover_events *events);

/* Takes what second opinions have brought that nothing waited for. Before the loop is freed. */
void discover_conclude(struct discover *discover);

/* To be called after the loop is done. NULL is fine. */
void discover_free(struct discover *discover);

#endif
