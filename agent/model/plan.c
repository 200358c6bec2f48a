/* SPDX-License-Identifier: Apache-2.0
 *
 * The one service that differs from the others in what its addresses mean.
 */
#include "model/plan.h"

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
