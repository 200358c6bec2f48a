/* SPDX-License-Identifier: Apache-2.0
 *
 * The cheapest source comes first. None of them is believed: a machine that was copied to another Region
 * carries the hints of the first one.
 */
#include "discover/machine.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "model/plan.h"

#define LAST_REPORT "/run/ssm-preflight/report.json"
#define INSTANCE_DATA "/run/cloud-init/instance-data.json"

/* VPC User Guide, "DNS attributes for your VPC": ec2.internal in us-east-1, REGION.compute.internal elsewhere. */
static void take_domain(const char *domain, char region[REGION_SIZE])
{
    static const char elsewhere[] = ".compute.internal";

    if (strcmp(domain, "ec2.internal") == 0)
        (void)text_set(region, REGION_SIZE, "us-east-1");
    else if (text_ends(domain, elsewhere))
        (void)text_set(region, REGION_SIZE, "%.*s", (int)(strlen(domain) - strlen(elsewhere)),
                       domain);
}

static void take_search(const struct resolver_facts *resolvers, char region[REGION_SIZE])
{
    char domain[HOST_SIZE];

    for (const char *at = resolvers->search;
         !region[0] && text_word(&at, " ", domain, sizeof(domain));)
        take_domain(domain, region);
}

/* A document's object.region, as our report and cloud-init's instance data have it (cloud-init
 * documentation, "Instance-data": v1.region). */
static void read_document(const char *root, const char *path, const char *object,
                          char region[REGION_SIZE])
{
    LOCAL_BUFFER contents = {.max_bytes = FILE_MAX_BYTES};

    if (file_read(root, path, &contents) != 0)
        return;
    cJSON *document = cJSON_Parse(contents.bytes);
    const char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(document, object), "region"));
    if (found)
        (void)text_set(region, REGION_SIZE, "%s", found);
    cJSON_Delete(document);
}

bool hint_region(const char *root, const struct facts *facts, char region[REGION_SIZE])
{
    (void)text_set(region, REGION_SIZE, "%s", facts->agent.config_region);
    if (!region_is_whole(region))
        region[0] = '\0';
    if (!region[0])
        take_search(&facts->resolvers, region);
    if (!region_is_whole(region))
        read_document(root, LAST_REPORT, "instance", region);
    if (!region_is_whole(region))
        read_document(root, INSTANCE_DATA, "v1", region);
    return region_is_whole(region);
}
