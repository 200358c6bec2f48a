/* SPDX-License-Identifier: Apache-2.0
 *
 * What facts say of an instance on which everything is usual. A guess that is wrong costs a few
 * bits and nothing else, so the usual may be what AWS does today.
 *
 * Part of the format: another guess at a member is another row, above the old one, with the
 * generation since which it holds (generations.h).
 */
#include <string.h>

#include "base/text.h"
#include "model/compact_private.h"

static const struct {
    const char *fields;
    const char *field;
    const char *text; /* NULL: a number. {service}, {region} and so on are filled in */
    int64_t number;
    int since; /* the first generation; 0: all */
} usual[] = {
    {"plan", "signing_region", .text = "{region}"},
    {"plan", "domain", .text = "amazonaws.com"},
    {"plan", "region_source", .number = SOURCE_IMDS},
    {"service_plan", "host", .text = "{service}.{region}.{domain}"},
    {"service_plan", "host_source", .number = SOURCE_IMDS},
    {"service_plan", "port", .number = 443},
    {"service_plan", "endpoint_service", .text = "com.amazonaws.{region}.{service}"},
    {"service_plan", "need", .number = NEED_REQUIRED},
    {"step", "outcome", .number = OUTCOME_OK},
    {"machine_facts", "is_ec2", .number = ANSWER_YES},
    {"machine_facts", "vendor", .text = "Amazon EC2"},
    {"interface_facts", "name", .text = "ens5"},
    {"interface_facts", "up", .number = 1},
    {"network_facts", "usable_ipv4", .number = 1},
    {"network_facts", "default_route_ipv4", .number = 1},
    {"resolver_facts", "read", .number = 1},
    {"resolver_facts", "file", .text = "/etc/resolv.conf"},
    {"imds_facts", "address", .text = "169.254.169.254"},
    {"imds_facts", "token_status", .number = 200},
    {"imds_facts", "identity_status", .number = 200},
    {"imds_facts", "server", .text = "EC2ws"},
    {"instance_facts", "region", .text = "{region}"},
    {"instance_facts", "availability_zone", .text = "{region}a"},
    {"instance_facts", "partition", .text = "{partition}"},
    {"instance_facts", "network_known", .number = 1},
    {"role_facts", "info_status", .number = 200},
    {"role_facts", "info_code", .text = "Success"},
    {"role_facts", "profile_arn", "arn:{partition}:iam::{account}:instance-profile/", 0,
     0}, /* ... */
    {"role_facts", "list_status", .number = 200},
    {"role_facts", "credentials_status", .number = 200},
    {"role_facts", "code", .text = "Success"},
    {"role_facts", "from", .number = CREDENTIALS_INSTANCE_PROFILE},
    {"role_facts", "identity_role", .number = ANSWER_YES},
    {"tls_session", "version", .text = "TLSv1.3"},
    {"tls_session", "trust_by", .number = TRUST_BY_AMAZON},
    {"tls_session", "name_matches", .number = 1},
    {"tls_session", "subject", .text = "CN={host}"},
    {"tls_session", "issuer", .text = "C=US, O=Amazon, CN=Amazon RSA 2048 M02"},
    {"http_head", "status", .number = 404},
    {"agent_facts", "installed", .number = ANSWER_YES},
    {"agent_facts", "package", .number = AGENT_PACKAGE_SNAP},
    {"agent_facts", "unit_state", .number = UNIT_ENABLED},
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
        {"partition", facts->instance.partition},
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

static size_t find(int generation, const struct fields *fields, const struct field *field)
{
    size_t n = sizeof(usual) / sizeof(usual[0]);

    for (size_t i = 0; i < n; i++)
        if (usual[i].since <= generation && strcmp(usual[i].field, field->name) == 0 &&
            strcmp(usual[i].fields, fields->name) == 0)
            return i;
    return n;
}

bool guess_text(const struct coder *coder, const struct fields *fields, const struct field *field,
                int service, char *to, size_t size)
{
    size_t i = find(coder->generation.number, fields, field);

    if (i == sizeof(usual) / sizeof(usual[0]) || !usual[i].text)
        return false;
    fill_in(coder->facts, usual[i].text, service, to, size);
    return true;
}

bool guess_number(const struct coder *coder, const struct fields *fields, const struct field *field,
                  int64_t *value)
{
    size_t i = find(coder->generation.number, fields, field);

    if (text_ends(field->name, "_unix_ms"))
        *value = coder->facts->started_unix_ms;
    else if (text_ends(field->name, "_unix_s"))
        *value = coder->facts->started_unix_ms / 1000;
    else if (i < sizeof(usual) / sizeof(usual[0]) && !usual[i].text)
        *value = usual[i].number;
    else
        return false;
    return true;
}
