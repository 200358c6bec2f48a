/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan, from the options and from what the machine says of itself. Pure. The agent's configuration
 * comes first, as for the SSM agent itself; then the partition table.
 */
#ifndef DISCOVER_PLAN_H
#define DISCOVER_PLAN_H

#include <stdbool.h>

#include "model/facts.h"

/* What amazon-ssm-agent.json sets; empty strings where it sets nothing. */
struct agent_overrides {
    char region[REGION_SIZE];           /* Agent.Region: signing only, the name keeps the region */
    char domain[HOST_SIZE];             /* Agent.ServiceDomain */
    char mgs_region[REGION_SIZE];       /* Mgs.Region */
    char hosts[N_SERVICES][HOST_SIZE];  /* Ssm.Endpoint, Mgs.Endpoint, Mds.Endpoint */
    char s3[HOST_SIZE], kms[HOST_SIZE]; /* S3.Endpoint, Kms.Endpoint */
    char s3_region[REGION_SIZE];        /* S3.Region */
    bool dual_stack;                    /* Agent.UseDualStackEndpoint */
};

/* Which services are wanted, as far as that is known without the region. So a report without IMDS can
 * name the services that could not be tried. */
void plan_needs(struct facts *facts);

/* Completes facts->plan, in which the options have filled the wishes (needs, modes, region). False
 * when no source knows the region: then nothing else can be planned. */
bool plan_complete(struct facts *facts, const struct agent_overrides *overrides);

#endif
