/* SPDX-License-Identifier: Apache-2.0
 *
 * The services to reach, one row each. A service's name (model/checks.h) is also the first label of its
 * host name, its SigV4 service, and the last part of its VPC endpoint service's name.
 */
#ifndef DISCOVER_SERVICES_H
#define DISCOVER_SERVICES_H

#include "model/plan.h"

struct service_row {
    enum service service;
    enum need need;        /* unless configured otherwise */
    const char *what_for;  /* for `list endpoints` */
    bool only_old_regions; /* not offered in regions opened since 2024 */
};

extern const struct service_row services[N_SERVICES]; /* by enum service */

/* True for the regions opened since 2024, which have no ec2messages: derived from launch dates,
 * AWS publishes no list (Systems Manager User Guide, "Message API operations"). */
bool region_opened_since_2024(const char *region);

/* True for 3.3.40.0 and newer: such an agent does all its messaging over ssmmessages. */
bool agent_without_ec2messages(const char *version);

#endif
