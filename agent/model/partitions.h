/* SPDX-License-Identifier: Apache-2.0
 *
 * The AWS partitions: which DNS suffix a region's endpoints have. From botocore's partitions.json;
 * the SSM agent derives the suffix from the region's prefix in the same way
 * (amazon-ssm-agent common/identity/endpoint/endpoint.go).
 */
#ifndef MODEL_PARTITIONS_H
#define MODEL_PARTITIONS_H

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

/* True for a DNS name below the partition's domain or its dual-stack one. */
bool partition_has_host(const struct partition *partition, const char *host);

/* The form of every region code: "us-gov-west-1". One that was cut off anywhere has another. */
bool region_is_whole(const char *region);

#endif
