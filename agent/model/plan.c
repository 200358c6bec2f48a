/* SPDX-License-Identifier: Apache-2.0
 *
 * Names, the one service that differs from the others in what its addresses mean, and the partitions.
 */
#include "model/plan.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"

bool service_has_gateway(enum service service)
{
    return service == SERVICE_S3;
}

enum private_dns plan_private_dns(const struct plan *plan, enum service service)
{
    return service_has_gateway(service) ? PRIVATE_DNS_OFF : plan->private_dns;
}

/* A need that is not known here may be a stronger one: what fails it must not look ready. */
DEFINE_NAMES_OR(
    need,
    NEED_REQUIRED, [NEED_OFF] = "off", [NEED_OPTIONAL] = "optional", [NEED_REQUIRED] = "required");

DEFINE_NAMES(source, [SOURCE_NONE] = "none", [SOURCE_OPTION] = "option",
             [SOURCE_AGENT_CONFIG] = "agent-config", [SOURCE_IMDS] = "imds",
             [SOURCE_PARTITION] = "partition");

DEFINE_NAMES(private_dns, [PRIVATE_DNS_WARN] = "warn", [PRIVATE_DNS_REQUIRE] = "require",
             [PRIVATE_DNS_OFF] = "off");

DEFINE_NAMES(
    permissions, [PERMISSIONS_PROBE] = "probe", [PERMISSIONS_AGENT] = "agent",
    [PERMISSIONS_DEEP] = "deep", [PERMISSIONS_ROLE_ONLY] = "role-only", [PERMISSIONS_OFF] = "off");

/* --- partitions: longer prefixes stand first ("us-isob-" before "us-iso-"), so the first match is the right one --- */

static const struct partition partitions[] = {
    {"aws-us-gov", "us-gov-", "amazonaws.com", "api.aws", "com.amazonaws"},
    {"aws-iso-b", "us-isob-", "sc2s.sgov.gov", "api.aws.scloud", NULL},
    {"aws-iso-f", "us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov", NULL},
    {"aws-iso", "us-iso-", "c2s.ic.gov", "api.aws.ic.gov", NULL},
    {"aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", NULL},
    {"aws-eusc", "eusc-", "amazonaws.eu", "api.amazonwebservices.eu", NULL},
    {"aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "com.amazonaws"},
    {"aws", "", "amazonaws.com", "api.aws", "com.amazonaws"},
};

const struct partition *partition_of_region(const char *region)
{
    const struct partition *row = partitions;
    while (!text_starts(region, row->region_prefix))
        row++;
    return row;
}

static bool is_below(const char *host, const char *domain)
{
    size_t n = strlen(host), n_domain = strlen(domain);

    return n > n_domain + 1 && host[n - n_domain - 1] == '.' && text_ends(host, domain);
}

bool partition_has_host(const struct partition *partition, const char *host)
{
    return is_below(host, partition->domain) || is_below(host, partition->dual_stack_domain);
}

bool region_is_whole(const char *region)
{
    const char *number = strrchr(region, '-');
    size_t n_dashes = 0;

    for (const char *at = region; *at; at++)
        n_dashes += *at == '-';
    return strlen(region) < REGION_SIZE && text_only(region, "-") && n_dashes >= 2 && number[1] &&
           strspn(number + 1, "0123456789") == strlen(number + 1);
}
