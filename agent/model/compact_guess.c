/* SPDX-License-Identifier: Apache-2.0
 *
 * What facts say of an instance on which everything is usual. A guess that is wrong costs a few
 * bits and nothing else, so the usual may be what AWS does today.
 *
 * Part of the format: a guess may be changed only with a new generation (compact.c).
 */
#include <string.h>

#include "base/text.h"
#include "model/compact_private.h"

static const struct {
    const char *fields;
    const char *field;
    const char *text; /* NULL: a number. {service}, {region} and so on are filled in */
    int64_t number;
} usual[] = {
    {"plan", "signing_region", "{region}", 0},
    {"plan", "domain", "amazonaws.com", 0},
    {"plan", "partition", "aws", 0},
    {"plan", "region_source", NULL, SOURCE_IMDS},
    {"plan", "domain_source", NULL, SOURCE_IMDS},
    {"service_plan", "host", "{service}.{region}.{domain}", 0},
    {"service_plan", "host_source", NULL, SOURCE_IMDS},
    {"service_plan", "port", NULL, 443},
    {"service_plan", "signing_name", "{service}", 0},
    {"service_plan", "endpoint_service", "com.amazonaws.{region}.{service}", 0},
    {"service_plan", "need", NULL, NEED_REQUIRED},
    {"step", "outcome", NULL, OUTCOME_OK},
    {"machine_facts", "is_ec2", NULL, ANSWER_YES},
    {"machine_facts", "vendor", "Amazon EC2", 0},
    {"interface_facts", "name", "ens5", 0},
    {"interface_facts", "up", NULL, 1},
    {"network_facts", "usable_ipv4", NULL, 1},
    {"network_facts", "default_route_ipv4", NULL, 1},
    {"resolver_facts", "read", NULL, 1},
    {"resolver_facts", "file", "/etc/resolv.conf", 0},
    {"imds_facts", "address", "169.254.169.254", 0},
    {"imds_facts", "token_status", NULL, 200},
    {"imds_facts", "identity_status", NULL, 200},
    {"imds_facts", "server", "EC2ws", 0},
    {"instance_facts", "region", "{region}", 0},
    {"instance_facts", "availability_zone", "{region}a", 0},
    {"instance_facts", "partition", "{partition}", 0},
    {"instance_facts", "domain", "{domain}", 0},
    {"instance_facts", "network_known", NULL, 1},
    {"role_facts", "info_status", NULL, 200},
    {"role_facts", "info_code", "Success", 0},
    {"role_facts", "profile_arn", "arn:{partition}:iam::{account}:instance-profile/", 0}, /* ... */
    {"role_facts", "list_status", NULL, 200},
    {"role_facts", "credentials_status", NULL, 200},
    {"role_facts", "code", "Success", 0},
    {"role_facts", "from", NULL, CREDENTIALS_INSTANCE_PROFILE},
    {"role_facts", "identity_role", NULL, ANSWER_YES},
    {"tls_session", "version", "TLSv1.3", 0},
    {"tls_session", "trust_by", NULL, TRUST_BY_AMAZON},
    {"tls_session", "name_matches", NULL, 1},
    {"tls_session", "subject", "CN={host}", 0},
    {"tls_session", "issuer", "C=US, O=Amazon, CN=Amazon RSA 2048 M02", 0},
    {"http_head", "status", NULL, 404},
    {"endpoint_facts", "finished", NULL, 1},
    {"agent_facts", "installed", NULL, ANSWER_YES},
    {"agent_facts", "package", NULL, AGENT_PACKAGE_SNAP},
    {"agent_facts", "unit_state", NULL, UNIT_ENABLED},
};

/* The member of the facts that a placeholder stands for. */
static const char *placeholder(const struct facts *facts, const char *name, size_t n, int service)
{
    const struct plan *plan = &facts->plan;
    const struct {
        const char *name;
        const char *value;
    } known[] = {
        {"service", service >= 0 ? service_name((enum service)service) : ""},
        {"host", service >= 0 ? plan->services[service].host : ""},
        {"region", plan->region},
        {"domain", plan->domain},
        {"partition", plan->partition},
        {"account", facts->instance.account},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strlen(known[i].name) == n && memcmp(known[i].name, name, n) == 0)
            return known[i].value;
    return "";
}

static void fill_in(const struct facts *facts, const char *from, int service, char *to, size_t size)
{
    to[0] = '\0';
    while (*from) {
        size_t plain = strcspn(from, "{");
        (void)text_add(to, size, "%.*s", (int)plain, from);
        from += plain;
        if (*from == '{') {
            size_t n = strcspn(++from, "}");
            (void)text_add(to, size, "%s", placeholder(facts, from, n, service));
            from += n + 1;
        }
    }
}

static size_t find(const struct fields *fields, const struct field *field)
{
    size_t n = sizeof(usual) / sizeof(usual[0]);

    for (size_t i = 0; i < n; i++)
        if (strcmp(usual[i].field, field->name) == 0 && strcmp(usual[i].fields, fields->name) == 0)
            return i;
    return n;
}

bool guess_text(const struct facts *facts, const struct fields *fields, const struct field *field,
                int service, char *to, size_t size)
{
    size_t i = find(fields, field);

    if (i == sizeof(usual) / sizeof(usual[0]) || !usual[i].text)
        return false;
    fill_in(facts, usual[i].text, service, to, size);
    return true;
}

bool guess_number(const struct facts *facts, const struct fields *fields, const struct field *field,
                  int64_t *value)
{
    size_t i = find(fields, field);

    if (text_ends(field->name, "_unix_ms"))
        *value = facts->started_unix_ms;
    else if (text_ends(field->name, "_unix_s"))
        *value = facts->started_unix_ms / 1000;
    else if (i < sizeof(usual) / sizeof(usual[0]) && !usual[i].text)
        *value = usual[i].number;
    else
        return false;
    return true;
}
