/* SPDX-License-Identifier: Apache-2.0
 *
 * What IMDS says of this instance: the identity document, then single values, each from one path.
 * Source: EC2 User Guide, "Instance metadata categories", "Instance identity documents".
 */
#ifndef DISCOVER_INSTANCE_H
#define DISCOVER_INSTANCE_H

#include "discover/imds.h"
#include "model/facts.h"

struct instance_reader;

struct instance_events {
    void *arg;
    void (*identified)(void *arg); /* id and region are known, or will not be */
    void (*placed)(void *arg);     /* VPC, subnet and groups are known, or will not be */
};

/* Starts reading into facts->instance and facts->imds.identity; each event comes once.
 * NULL when out of memory. */
struct instance_reader *instance_read(struct imds *imds, struct facts *facts,
                                      const struct instance_events *events);

/* To be called after the loop is done with it. NULL is fine. */
void instance_reader_free(struct instance_reader *reader);

#endif
