/* SPDX-License-Identifier: Apache-2.0
 *
 * What must work for this machine to register: which names, where, how strictly. Made by discover
 * from the options and from what the machine says of itself; part of the facts, since a diagnosis
 * depends on it.
 */
#ifndef MODEL_PLAN_H
#define MODEL_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "model/checks.h"
#include "model/names.h"

/* Where a value came from, best first. */
enum source {
    SOURCE_NONE,
    SOURCE_OPTION,       /* command line or preflight.conf */
    SOURCE_AGENT_CONFIG, /* amazon-ssm-agent.json */
    SOURCE_IMDS,
    SOURCE_PARTITION, /* the partition table */
};

enum private_dns { PRIVATE_DNS_WARN, PRIVATE_DNS_REQUIRE, PRIVATE_DNS_OFF };

enum permissions {
    PERMISSIONS_PROBE,     /* requests without side effects */
    PERMISSIONS_AGENT,     /* also the agent's own first one, where it is about to send it */
    PERMISSIONS_DEEP,      /* also those that register, or name things that do not exist */
    PERMISSIONS_ROLE_ONLY, /* no signed request: only the role and its credentials */
    PERMISSIONS_OFF,       /* the role is not looked at either */
};

extern const struct names need_names;
extern const struct names source_names;
extern const struct names private_dns_names;
extern const struct names permissions_names;

struct service_plan {
    enum need need;
    bool need_given;      /* --require or --optional named it: nothing overrules that */
    bool not_in_region;   /* the service has no endpoint in this region */
    char host[HOST_SIZE]; /* empty when not needed */
    enum source host_source;
    uint16_t port;                    /* 443 */
    char endpoint_service[HOST_SIZE]; /* "com.amazonaws.us-east-1.ssm" for remedies, "...ssm-fips"
                                       * of a FIPS name; empty where no public source tells it
                                       * (isolated partitions) */
};

struct plan {
    char region[REGION_SIZE];
    enum source region_source;
    char signing_region[REGION_SIZE]; /* Agent.Region may differ from the instance's */
    char domain[HOST_SIZE];           /* "amazonaws.com" */
    enum private_dns private_dns;
    enum permissions permissions;
    bool strict;
    bool role_optional;             /* --optional role */
    bool clock_optional;            /* --optional clock */
    bool agent_optional;            /* --optional agent: the image installs it later */
    bool dhmc;                      /* --dhmc: Default Host Management heals what it can */
    char needed_for[NAME_SIZE * 2]; /* --for: capabilities (permissions.h), "sessions patch" */
    check_set skipped;              /* --skip */
    struct service_plan services[N_SERVICES];
};

/* What a public address of this service means. S3 has gateway endpoints too: routes to its public
 * addresses, which never leave the VPC's own network, so that those addresses say nothing
 * (docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html). */
bool service_has_gateway(enum service service);
enum private_dns plan_private_dns(const struct plan *plan, enum service service);

/* --- partitions ---
 * The AWS partitions: which DNS suffix a region's endpoints have. From botocore's partitions.json;
 * the SSM agent derives the suffix from the region's prefix in the same way
 * (amazon-ssm-agent common/identity/endpoint/endpoint.go). */

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
