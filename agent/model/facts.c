/* SPDX-License-Identifier: Apache-2.0
 *
 * Frozen with the first release, since recorded runs carry these names: add, never rename.
 */
#include "model/facts.h"

#include <string.h>

#include "base/text.h"

const char first_agent_with_imdsv2[] = "2.3.772.0";
const char first_agent_with_dualstack[] = "3.3.3270.0";
const char first_agent_with_dhmc[] = "3.2.582.0";
const char first_agent_without_ec2messages[] = "3.3.40.0";
const char first_agent_with_netedns0[] = "3.3.808.0";

DEFINE_NAMES(answer, [ANSWER_UNKNOWN] = "unknown", [ANSWER_NO] = "no", [ANSWER_YES] = "yes");

DEFINE_NAMES(stopped_by, [STOPPED_BY_NOTHING] = "nothing", [STOPPED_BY_DEADLINE] = "deadline",
             [STOPPED_BY_SIGNAL] = "signal");

DEFINE_NAMES(lookup_order, [LOOKUP_FILES_DNS] = "files-dns", [LOOKUP_DNS_FILES] = "dns-files",
             [LOOKUP_FILES] = "files", [LOOKUP_DNS] = "dns");

DEFINE_NAMES(credentials_from, [CREDENTIALS_NONE] = "none",
             [CREDENTIALS_INSTANCE_PROFILE] = "instance-profile",
             [CREDENTIALS_DEFAULT_HOST_MANAGEMENT] = "default-host-management");

DEFINE_NAMES(place, [PLACE_UNKNOWN] = "unknown", [PLACE_OWN_SUBNET] = "own-subnet",
             [PLACE_IN_VPC] = "in-vpc", [PLACE_PRIVATE_ELSEWHERE] = "private-elsewhere",
             [PLACE_PUBLIC] = "public", [PLACE_LOCAL] = "local");

DEFINE_NAMES_OR(
    permission,
    PERMISSION_UNCLEAR, [PERMISSION_NOT_PROBED] = "not-probed", [PERMISSION_ALLOWED] = "allowed",
    [PERMISSION_DENIED] = "denied", [PERMISSION_UNCLEAR] = "unclear");

#define ROW(id, name, words) [DENIED_BY_##id] = name,
DEFINE_NAMES(denied_by, DENIALS(ROW));
#undef ROW

const char *denial_words(enum denied_by by)
{
#define ROW(id, name, words) [DENIED_BY_##id] = words,
    static const char *const words[] = {DENIALS(ROW)};
#undef ROW
    return words[by];
}

DEFINE_NAMES(agent_package, [AGENT_PACKAGE_UNKNOWN] = "unknown", [AGENT_PACKAGE_DEB] = "deb",
             [AGENT_PACKAGE_RPM] = "rpm", [AGENT_PACKAGE_SNAP] = "snap");

DEFINE_NAMES(unit_state, [UNIT_UNKNOWN] = "unknown", [UNIT_ENABLED] = "enabled",
             [UNIT_DISABLED] = "disabled", [UNIT_MASKED] = "masked", [UNIT_ABSENT] = "absent");

DEFINE_NAMES(harm, [HARM_NONE] = "none", [HARM_IMDS_OFF] = "imds-off",
             [HARM_IMDS_ELSEWHERE] = "imds-elsewhere", [HARM_IMDS_BY_IPV6] = "imds-by-ipv6",
             [HARM_NO_CERTIFICATE] = "no-certificate", [HARM_UNREADABLE] = "unreadable");

/* --- names.h --- */

const char *name_of(const struct names *names, unsigned int value)
{
    if (value >= names->n)
        return "?";
    return names->by_value[value];
}

bool name_find(const struct names *names, const char *name, unsigned int *value)
{
    size_t found = text_find(name, names->by_value, sizeof(char *), names->n);

    if (found < names->n)
        *value = (unsigned int)found;
    return found < names->n;
}

/* --- facts.h --- */

int32_t imds_delay_ms(const struct imds_facts *imds)
{
    return imds->slowest_ms > imds->fastest_ms ? imds->slowest_ms : imds->fastest_ms;
}

int32_t facts_dns_patience_ms(const struct facts *facts)
{
    return facts->resolvers.timeout_ms > 0 ? facts->resolvers.timeout_ms : AGENT_DNS_MS;
}

int32_t facts_dns_attempts(const struct facts *facts)
{
    return facts->resolvers.attempts > 0 ? facts->resolvers.attempts : AGENT_DNS_TRIES;
}

void clock_add(struct clock_facts *clock, const char *source, const char *address,
               const struct http_head *head, int32_t took_us)
{
    if (!head->has_date || clock->n_samples == MAX_SAMPLES)
        return;
    for (int32_t i = 0; i < clock->n_samples; i++)
        if (strcmp(clock->samples[i].source, source) == 0)
            return;
    struct clock_sample *sample = &clock->samples[clock->n_samples++];
    (void)text_set(sample->source, sizeof(sample->source), "%s", source);
    (void)text_set(sample->address, sizeof(sample->address), "%s", address);
    sample->offset_ms = head->clock_offset_ms;
    sample->error_ms = 1000 + took_us / 2000;
}

bool agent_takes_registration(const struct agent_facts *agent)
{
    const char *order = agent->identity_order;
    const char *registered = strstr(order, "OnPrem"), *own = strstr(order, "EC2");

    return agent->registered_whole && (!order[0] || (registered && (!own || registered < own)));
}

bool network_uses(const struct network_facts *network, enum family family)
{
    bool unknown = !network->usable_ipv4 && !network->usable_ipv6;
    return family == FAMILY_IPV6 ? network->usable_ipv6 : network->usable_ipv4 || unknown;
}
