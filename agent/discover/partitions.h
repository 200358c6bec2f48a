/* SPDX-License-Identifier: Apache-2.0
 *
 * The AWS partitions: which DNS suffix a region's endpoints have. From botocore's partitions.json;
 * the SSM agent derives the suffix from the region's prefix in the same way
 * (amazon-ssm-agent common/identity/endpoint/endpoint.go).
 */
#ifndef DISCOVER_PARTITIONS_H
#define DISCOVER_PARTITIONS_H

#include <stdbool.h>

struct partition {
    const char *name;              /* "aws-cn" */
    const char *region_prefix;     /* "cn-"; empty for the last row, which takes what is left */
    const char *domain;            /* "amazonaws.com.cn" */
    const char *dual_stack_domain; /* "api.amazonwebservices.com.cn" */
    const char *service_prefix;    /* of VPC endpoint service names: "com.amazonaws"; NULL where no
                                    * public source names it: never guessed */
};

/* Never NULL: an unknown prefix is the commercial partition, as for the agent. */
const struct partition *partition_of_region(const char *region);

/* The agent takes ^[A-Za-z0-9-]+$ of at most 100 characters; ours must fit REGION_SIZE too. */
bool region_plausible(const char *region);

#endif
