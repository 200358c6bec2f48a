/* SPDX-License-Identifier: Apache-2.0
 *
 * By the first label of the name alone, and only where the agent's configuration gave it.
 */
#include "diagnose/override.h"

#include <string.h>

#include "base/text.h"

bool override_is_fips(const struct facts *facts, enum service service)
{
    const struct service_plan *plan = &facts->plan.services[service];
    char label[HOST_SIZE];

    return plan->host_source == SOURCE_AGENT_CONFIG &&
           text_set(label, sizeof label, "%.*s", (int)strcspn(plan->host, "."), plan->host) &&
           text_ends(label, "-fips");
}

bool override_is_endpoint(const struct facts *facts, enum service service, char id[NAME_SIZE])
{
    const struct service_plan *plan = &facts->plan.services[service];
    size_t n = strlen("vpce-");

    if (plan->host_source != SOURCE_AGENT_CONFIG || !text_starts(plan->host, "vpce-"))
        return false;
    size_t n_digits = strspn(plan->host + n, "0123456789abcdef");
    n += n_digits;
    return n_digits > 0 && (plan->host[n] == '-' || plan->host[n] == '.') &&
           text_set(id, NAME_SIZE, "%.*s", (int)n, plan->host);
}
