/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over the table of fields, three times: first for the names of what is this instance's,
 * then for everything that has the shape of an identifier, so that both are known when, at last,
 * every text is rewritten, whatever stands before it.
 */
#include "model/anonymize.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/anonymize_private.h"

enum rule {
    RULE_HIDE, /* replaced whole; also where no row says anything */
    RULE_ROLE,
    RULE_FILE,
    RULE_WORDS,
    RULE_TERM,
    RULE_HOSTS,
    RULE_PLACE, /* a region or zone */
    RULE_SUBJECT,
    RULE_VERSION,
    RULE_TYPE,
    RULE_INTERFACE,
};

/* Only what may be said of a text without giving away whose it is has another rule than to hide. */
static const struct rule_row {
    const char *fields;
    const char *field;
    enum rule rule;
} rules[] = {
    {"step", "detail", RULE_WORDS},
    {"dns_answer", "server", RULE_HOSTS},
    {"dns_answer", "cname", RULE_HOSTS},
    {"dns_answer", "addresses", RULE_HOSTS},
    {"route", "to", RULE_HOSTS},
    {"route", "entry", RULE_HOSTS},
    {"route", "via", RULE_HOSTS},
    {"route", "interface", RULE_INTERFACE},
    {"tls_session", "version", RULE_TERM},
    {"tls_session", "subject", RULE_SUBJECT},
    {"tls_session", "issuer", RULE_SUBJECT},
    {"tls_session", "names", RULE_HOSTS},
    {"tls_session", "verify", RULE_WORDS},
    {"http_head", "server", RULE_WORDS},
    {"http_head", "content_type", RULE_WORDS},
    {"http_head", "request_id", RULE_HIDE},
    {"http_head", "error_type", RULE_TERM},
    {"http_head", "via", RULE_HOSTS},
    {"service_plan", "host", RULE_HOSTS},
    {"service_plan", "endpoint_service", RULE_HOSTS},
    {"plan", "region", RULE_PLACE},
    {"plan", "signing_region", RULE_PLACE},
    {"plan", "domain", RULE_HOSTS},
    {"machine_facts", "vendor", RULE_WORDS},
    {"machine_facts", "asset_tag", RULE_HIDE},
    {"machine_facts", "evidence", RULE_WORDS},
    {"interface_facts", "name", RULE_INTERFACE},
    {"interface_facts", "addresses", RULE_HOSTS},
    {"resolver_facts", "file", RULE_FILE},
    {"resolver_facts", "configured", RULE_HOSTS},
    {"resolver_facts", "upstream", RULE_HOSTS},
    {"imds_facts", "address", RULE_HOSTS},
    {"imds_facts", "server", RULE_WORDS},
    {"imds_facts", "body_start", RULE_WORDS},
    {"instance_facts", "id", RULE_HIDE},
    {"instance_facts", "region", RULE_PLACE},
    {"instance_facts", "availability_zone", RULE_PLACE},
    {"instance_facts", "partition", RULE_TERM},
    {"instance_facts", "account", RULE_HIDE},
    {"instance_facts", "image", RULE_HIDE},
    {"instance_facts", "type", RULE_TYPE},
    {"instance_facts", "vpc", RULE_HIDE},
    {"instance_facts", "subnet", RULE_HIDE},
    {"instance_facts", "vpc_cidrs", RULE_HOSTS},
    {"instance_facts", "subnet_cidrs", RULE_HOSTS},
    {"instance_facts", "security_groups", RULE_HIDE},
    {"instance_facts", "private_ipv4", RULE_HOSTS},
    {"instance_facts", "public_ipv4", RULE_HOSTS},
    {"role_facts", "info_code", RULE_TERM},
    {"role_facts", "info_message", RULE_WORDS},
    {"role_facts", "profile_arn", RULE_HIDE},
    {"role_facts", "role", RULE_ROLE},
    {"role_facts", "code", RULE_TERM},
    {"role_facts", "message", RULE_WORDS},
    {"address_facts", "address", RULE_HOSTS},
    {"address_facts", "body_start", RULE_WORDS},
    {"action_facts", "action", RULE_TERM},
    {"action_facts", "why_not", RULE_WORDS},
    {"action_facts", "address", RULE_HOSTS},
    {"action_facts", "code", RULE_TERM},
    {"action_facts", "message", RULE_WORDS},
    {"clock_sample", "source", RULE_TERM},
    {"clock_sample", "address", RULE_HOSTS},
    {"agent_facts", "version", RULE_VERSION},
    {"agent_facts", "version_file", RULE_FILE},
    {"agent_facts", "unit", RULE_FILE},
    {"agent_facts", "config_file", RULE_FILE},
    {"agent_facts", "config_region", RULE_PLACE},
    {"agent_facts", "https_proxy", RULE_HOSTS},
    {"agent_facts", "proxy_address", RULE_HOSTS},
    {"agent_facts", "no_proxy", RULE_HOSTS},
    {"agent_facts", "proxy_file", RULE_FILE},
    {"agent_facts", "ssl_cert_file", RULE_FILE},
    {"agent_facts", "ca_bundle", RULE_FILE},
    {"agent_facts", "registered_as", RULE_HIDE},
    {"agent_facts", "registration_file", RULE_FILE},
    {"agent_facts", "connected_to", RULE_HOSTS},
};

static const struct rule_row *find_rule(const struct fields *fields, const struct field *field)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strcmp(rules[i].field, field->name) == 0 && strcmp(rules[i].fields, fields->name) == 0)
            return &rules[i];
    return NULL;
}

bool anonymize_has_rule(const struct fields *fields, const struct field *field)
{
    return find_rule(fields, field) != NULL;
}

/* "ssm:GetParameter", "AccessDenied": letters alone name nobody. */
static bool is_plain_term(const char *text)
{
    return text_only(text, ":") && strcspn(text, "0123456789") == strlen(text);
}

/* "3.3.1142.0": the agent's, whose first number is far below ten. */
static bool is_version(const char *text)
{
    return text[0] >= '0' && text[0] <= '9' && text[1] == '.' &&
           strspn(text, "0123456789.") == strlen(text);
}

/* "t3.micro", "m7i.metal-24xl", "u-6tb1.112xlarge" */
static bool is_instance_type(const char *text)
{
    static const char *const sizes[] = {"nano", "micro", "small", "medium", "large", "metal"};
    size_t family = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

    if (family < 2 || family > 16 || text[family] != '.')
        return false;
    const char *size = text + family + 1;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        if (strcmp(size, sizes[i]) == 0)
            return true;
    if (text_starts(size, "metal-"))
        size += strlen("metal-");
    size += strspn(size, "0123456789");
    return strcmp(size, "xlarge") == 0 || strcmp(size, "xl") == 0;
}

/* "ens5", "enp0s31f6", "docker0": what the kernel, udev and daemons call an interface. */
static bool is_usual_interface(const char *text)
{
    static const char *const starts[] = {"eth", "ens", "eno", "enp",    "enX", "lo",
                                         "tun", "tap", "wg",  "docker", "bond"};

    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        const char *rest = text + strlen(starts[i]);
        if (text_starts(text, starts[i]) && strspn(rest, "0123456789spfndv") == strlen(rest))
            return true;
    }
    return false;
}

/* What is known to name nobody as it stands. */
static bool may_stay(enum rule rule, const char *text)
{
    return (rule == RULE_PLACE && is_region_or_zone(text, strlen(text))) ||
           (rule == RULE_TERM && is_plain_term(text)) ||
           (rule == RULE_VERSION && is_version(text)) ||
           (rule == RULE_TYPE && is_instance_type(text)) ||
           (rule == RULE_INTERFACE && is_usual_interface(text));
}

static void rewrite(struct anonymizer *anonymizer, enum rule rule, char *text, size_t size)
{
    char to[MAX_REWRITTEN] = "";
    size_t n = strnlen(text, size);

    if (n == 0 || n == size || n >= sizeof(to)) {
        text[0] = '\0'; /* longer than any field of today: rather nothing */
        return;
    }
    if (may_stay(rule, text))
        return;
    switch (rule) {
    case RULE_WORDS:
    case RULE_TERM:
    case RULE_VERSION:
    case RULE_TYPE:
        rewrite_text(anonymizer, STYLE_WORDS, text, to, sizeof(to));
        break;
    case RULE_HOSTS:
        rewrite_text(anonymizer, STYLE_HOSTS, text, to, sizeof(to));
        break;
    case RULE_SUBJECT:
        rewrite_subject(anonymizer, text, to, sizeof(to));
        break;
    case RULE_FILE:
        rewrite_path(anonymizer, text, to, sizeof(to));
        break;
    case RULE_ROLE:
        rewrite_whole(anonymizer, KIND_ROLE, text, to, sizeof(to));
        break;
    case RULE_HIDE:
    case RULE_PLACE:
    case RULE_INTERFACE:
        rewrite_whole(anonymizer, KIND_NAME, text, to, sizeof(to));
        break;
    }
    (void)text_set(text, size, "%s", to);
}

static int32_t count_of(const struct field *field, const char *base)
{
    int32_t n = 1;

    if (field->count == COUNT_ONE)
        return n;
    n = (int32_t)field->max_items;
    if (field->count == COUNT_LIST)
        memcpy(&n, base + field->n_offset, sizeof(n));
    return n < (int32_t)field->max_items ? n : (int32_t)field->max_items;
}

static void walk(struct anonymizer *anonymizer, const struct fields *fields, char *base,
                 bool only_names)
{
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->rows[i];

        if (field->kind != FIELD_TEXT && field->kind != FIELD_STRUCT)
            continue;
        int32_t n = count_of(field, base);
        for (int32_t j = 0; j < n; j++) {
            char *at = base + field->offset + (size_t)j * field->size;

            if (field->kind == FIELD_STRUCT) {
                walk(anonymizer, field->fields, at, only_names);
            } else if (*at) {
                const struct rule_row *row = find_rule(fields, field);
                enum rule rule = row ? row->rule : RULE_HIDE;
                if (!only_names || rule <= RULE_FILE)
                    rewrite(anonymizer, rule, at, field->size);
            }
        }
    }
}

bool anonymize_facts(struct facts *facts)
{
    struct anonymizer *anonymizer = calloc(1, sizeof(*anonymizer));
    struct facts *copy = malloc(sizeof(*copy));
    bool done = false;

    if (anonymizer && copy) {
        addresses_init(anonymizer, &facts->instance);
        for (int pass = 0; pass < 3; pass++) {
            *copy = *facts;
            walk(anonymizer, &facts_fields, (char *)copy, pass == 0);
        }
        done = !anonymizer->failed;
    }
    if (done)
        *facts = *copy;
    if (anonymizer)
        anonymizer_clear(anonymizer);
    free(anonymizer);
    free(copy);
    return done;
}
