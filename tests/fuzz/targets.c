/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of targets, and what must hold in all of them.
 */
#include "targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct fuzz_target fuzz_targets[] = {
    {"recorded", fuzz_recorded},
    {"told", fuzz_told},
    {"facts_json", fuzz_facts_json},
    {"packed", fuzz_packed},
    {"service_answer", fuzz_service_answer},
    {"dns_answer", fuzz_dns_answer},
    {"times", fuzz_times},
    {"escape", fuzz_escape},
    {"anonymize", fuzz_anonymize},
    {"config", fuzz_config},
    {"agent_config", fuzz_agent_config},
    {"unit", fuzz_unit},
    {"machine_files", fuzz_machine_files},
    {"agent_files", fuzz_agent_files},
    {"dhmc", fuzz_dhmc},
    {"imds_instance", fuzz_imds_instance},
    {"imds_role", fuzz_imds_role},
    {"http_head", fuzz_http_head},
    {"connect_status", fuzz_connect_status},
    {"routes", fuzz_routes},
    {"certificate", fuzz_certificate},
    {"bundle", fuzz_bundle},
    {"connections", fuzz_connections},
    {"hints", fuzz_hints},
    {"agent_state", fuzz_agent_state},
    {"image", fuzz_image},
    {"audit", fuzz_audit},
    {"bus", fuzz_bus},
    {"names", fuzz_names},
    {"root_links", fuzz_root_links},
    {"fleet", fuzz_fleet},
    {"changes", fuzz_changes},
    {"icmp", fuzz_icmp},
    {"dns_wire", fuzz_dns_wire},
    {"arguments", fuzz_arguments},
    {"endpoint", fuzz_endpoint},
    {"hide", fuzz_hide},
    {"explain", fuzz_explain},
    {NULL, NULL},
};

const struct fuzz_target *fuzz_find(const char *name)
{
    for (const struct fuzz_target *target = fuzz_targets; name && target->name; target++)
        if (strcmp(target->name, name) == 0)
            return target;
    return NULL;
}

void fuzz_require(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

char *fuzz_text(const uint8_t *bytes, size_t n)
{
    char *text = malloc(n + 1);
    size_t used = 0;

    fuzz_require(text, "there is memory");
    for (size_t i = 0; i < n; i++)
        if (bytes[i])
            text[used++] = (char)bytes[i];
    text[used] = '\0';
    return text;
}

void fuzz_require_text(const char *text, size_t size)
{
    fuzz_require(memchr(text, '\0', size), "a string ends within its field");
    for (; *text; text++)
        fuzz_require(*text >= 0x20 && *text <= 0x7e, "a string is printable ASCII");
}

void fuzz_clear(struct facts *facts)
{
    const size_t behind = offsetof(struct facts, endpoints) + sizeof(facts->endpoints);

    memset(facts, 0, offsetof(struct facts, endpoints));
    memset((char *)facts + behind, 0, sizeof(*facts) - behind);
}

void fuzz_require_clean(const struct fields *fields, const void *base)
{
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->rows[i];
        const char *at = (const char *)base + field->offset;
        int32_t n = field->count == COUNT_ONE ? 1 : (int32_t)field->max_items;

        if (field->count == COUNT_LIST) {
            memcpy(&n, (const char *)base + field->n_offset, sizeof(n));
            fuzz_require(n >= 0 && (size_t)n <= field->max_items, "a list is no longer than it is");
        }
        for (int32_t j = 0; j < n; j++, at += field->size) {
            if (field->kind == FIELD_STRUCT)
                fuzz_require_clean(field->fields, at);
            else if (field->kind == FIELD_TEXT)
                fuzz_require_text(at, field->size);
        }
    }
}
