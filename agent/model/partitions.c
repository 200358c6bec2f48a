/* SPDX-License-Identifier: Apache-2.0
 *
 * Longer prefixes stand first ("us-isob-" before "us-iso-"), so the first match is the right one.
 */
#include "model/partitions.h"

#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

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
