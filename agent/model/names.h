/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of every enum of facts, plan and report: stable, as in reports and options. One table
 * for each enum, so that facts_json.c walks them and options.c reads them.
 */
#ifndef MODEL_NAMES_H
#define MODEL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Names by value, from 0 without a gap. */
struct names {
    const char *const *by_value;
    unsigned int n;
    unsigned int otherwise; /* what a name is taken for that only a newer program knows */
};

extern const struct names outcome_names;
extern const struct names failure_names;
extern const struct names answer_names;
extern const struct names stopped_by_names;
extern const struct names credentials_from_names;
extern const struct names place_names;
extern const struct names permission_names;
extern const struct names denied_by_names;
extern const struct names agent_package_names;
extern const struct names unit_state_names;
extern const struct names need_names;
extern const struct names source_names;
extern const struct names private_dns_names;
extern const struct names permissions_names; /* the modes of --permissions */
extern const struct names family_names;
extern const struct names asked_as_names;
extern const struct names route_kind_names;
extern const struct names trust_by_names;
extern const struct names status_names;
extern const struct names severity_names;
extern const struct names confidence_names;

/* The name of a value; "?" when the value is none of the enum's. */
const char *name_of(const struct names *names, unsigned int value);

/* False when no value has this name. */
bool name_find(const struct names *names, const char *name, unsigned int *value);

#endif
