/* SPDX-License-Identifier: Apache-2.0
 *
 * From what was wanted and what the machine says of itself to the plan. Pure.
 * The agent's own configuration comes first, as for the SSM agent itself; then the partition table.
 */
#ifndef DISCOVER_PLAN_H
#define DISCOVER_PLAN_H

#include <stdbool.h>

#include "model/facts.h"

/* What amazon-ssm-agent.json sets; empty strings where it sets nothing. */
struct agent_overrides {
    char region[REGION_SIZE];          /* Agent.Region: signing only, the name keeps the region */
    char domain[HOST_SIZE];            /* Agent.ServiceDomain */
    char mgs_region[REGION_SIZE];      /* Mgs.Region */
    char hosts[N_SERVICES][HOST_SIZE]; /* Ssm.Endpoint, Mgs.Endpoint, Mds.Endpoint */
    bool dual_stack;                   /* Agent.UseDualStackEndpoint */
};

/* Which services are wanted, as far as it is known before the region is: so that a report without the
 * metadata service names them among what could not be tried. */
void plan_needs(struct facts *facts);

/* Completes facts->plan, of which the options have filled the wishes (needs, modes, region).
 * False when no region is known from any source: then nothing else can be planned. */
bool plan_complete(struct facts *facts, const struct agent_overrides *overrides);

#endif
