/* SPDX-License-Identifier: Apache-2.0
 *
 * Frozen once shipped, since recorded runs carry them: add at the end, never rename. A new value of
 * an enum of facts has its generation (generations.h).
 */
#include "model/names.h"

#include <string.h>

#include "model/facts.h"
#include "model/report.h"

/* Defines `what_names` from rows of [VALUE] = "name". A name that is none of them is taken for
 * `other`: where zero would say more than is known, the value that says least. */
#define NAMES_OR(what, other, ...)                           \
    static const char *const what##_table[] = {__VA_ARGS__}; \
    const struct names what##_names = {what##_table, sizeof(what##_table) / sizeof(char *), other}
#define NAMES(what, ...) NAMES_OR(what, 0, __VA_ARGS__)

NAMES(answer, [ANSWER_UNKNOWN] = "unknown", [ANSWER_NO] = "no", [ANSWER_YES] = "yes");

NAMES(stopped_by, [STOPPED_BY_NOTHING] = "nothing", [STOPPED_BY_DEADLINE] = "deadline",
      [STOPPED_BY_SIGNAL] = "signal");

NAMES(credentials_from, [CREDENTIALS_NONE] = "none",
      [CREDENTIALS_INSTANCE_PROFILE] = "instance-profile",
      [CREDENTIALS_DEFAULT_HOST_MANAGEMENT] = "default-host-management");

NAMES(place, [PLACE_UNKNOWN] = "unknown", [PLACE_OWN_SUBNET] = "own-subnet",
      [PLACE_IN_VPC] = "in-vpc", [PLACE_PRIVATE_ELSEWHERE] = "private-elsewhere",
      [PLACE_PUBLIC] = "public", [PLACE_LOCAL] = "local");

NAMES_OR(
    permission,
    PERMISSION_UNCLEAR, [PERMISSION_NOT_PROBED] = "not-probed", [PERMISSION_ALLOWED] = "allowed",
    [PERMISSION_DENIED] = "denied", [PERMISSION_UNCLEAR] = "unclear");

NAMES(
    denied_by, [DENIED_BY_UNSAID] = "unsaid", [DENIED_BY_NO_IDENTITY_POLICY] = "no-identity-policy",
    [DENIED_BY_IDENTITY_POLICY] = "identity-policy",
    [DENIED_BY_ENDPOINT_POLICY] = "endpoint-policy", [DENIED_BY_BOUNDARY] = "boundary",
    [DENIED_BY_SESSION_POLICY] = "session-policy",
    [DENIED_BY_SERVICE_CONTROL_POLICY] = "service-control-policy",
    [DENIED_BY_RESOURCE_CONTROL_POLICY] = "resource-control-policy",
    [DENIED_BY_RESOURCE_POLICY] = "resource-policy", [DENIED_BY_TRUST_POLICY] = "trust-policy");

NAMES(agent_package, [AGENT_PACKAGE_UNKNOWN] = "unknown", [AGENT_PACKAGE_DEB] = "deb",
      [AGENT_PACKAGE_RPM] = "rpm", [AGENT_PACKAGE_SNAP] = "snap");

NAMES(unit_state, [UNIT_UNKNOWN] = "unknown", [UNIT_ENABLED] = "enabled",
      [UNIT_DISABLED] = "disabled", [UNIT_MASKED] = "masked", [UNIT_ABSENT] = "absent");

/* A need that is not known here may be a stronger one: what fails it must not look ready. */
NAMES_OR(
    need,
    NEED_REQUIRED, [NEED_OFF] = "off", [NEED_OPTIONAL] = "optional", [NEED_REQUIRED] = "required");

NAMES(source, [SOURCE_NONE] = "none", [SOURCE_OPTION] = "option",
      [SOURCE_AGENT_CONFIG] = "agent-config", [SOURCE_IMDS] = "imds",
      [SOURCE_PARTITION] = "partition");

NAMES(private_dns, [PRIVATE_DNS_REQUIRE] = "require", [PRIVATE_DNS_WARN] = "warn",
      [PRIVATE_DNS_OFF] = "off");

NAMES(permissions, [PERMISSIONS_PROBE] = "probe", [PERMISSIONS_DEEP] = "deep",
      [PERMISSIONS_ROLE_ONLY] = "role-only", [PERMISSIONS_OFF] = "off");

NAMES(family, [FAMILY_IPV4] = "ipv4", [FAMILY_IPV6] = "ipv6");

NAMES_OR(asked_as, ASKED_AMAZON, [ASKED_CONFIGURED] = "configured", [ASKED_UPSTREAM] = "upstream",
         [ASKED_AMAZON] = "amazon");

NAMES(route_kind, [ROUTE_UNKNOWN] = "unknown", [ROUTE_FORWARD] = "forward", [ROUTE_LOCAL] = "local",
      [ROUTE_NONE] = "none", [ROUTE_UNREACHABLE] = "unreachable", [ROUTE_PROHIBIT] = "prohibit",
      [ROUTE_BLACKHOLE] = "blackhole", [ROUTE_THROW] = "throw");

NAMES(trust_by, [TRUST_BY_NONE] = "none", [TRUST_BY_AMAZON] = "amazon",
      [TRUST_BY_CA_FILE] = "ca-file", [TRUST_BY_SYSTEM] = "system");

const char *name_of(const struct names *names, unsigned int value)
{
    if (value >= names->n)
        return "?";
    return names->by_value[value];
}

bool name_find(const struct names *names, const char *name, unsigned int *value)
{
    for (unsigned int i = 0; i < names->n; i++) {
        if (strcmp(names->by_value[i], name) == 0) {
            *value = i;
            return true;
        }
    }
    return false;
}
