/* SPDX-License-Identifier: Apache-2.0
 *
 * The members of struct facts and of every struct in it, as tables: what facts_json.c walks in
 * both directions. A member that has no row is not recorded, and a unit test says so.
 */
#ifndef MODEL_FIELDS_H
#define MODEL_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/names.h"

enum field_kind {
    FIELD_TEXT, /* char[size], terminated, printable ASCII */
    FIELD_BOOL,
    FIELD_INT32,
    FIELD_INT64,
    FIELD_UINT16,
    FIELD_UINT32,
    FIELD_ENUM,   /* by `names` */
    FIELD_CHECKS, /* check_set */
    FIELD_STRUCT, /* by `fields` */
};

/* How many of it there are. */
enum field_count {
    COUNT_ONE,
    COUNT_LIST,       /* as many as the int32_t at n_offset says, at most max_items */
    COUNT_BY_SERVICE, /* one for each enum service */
};

struct fields;

/* The largest number kept: cJSON 1.7 prints 15 digits exactly, and takes 16 and more for near
 * enough. */
#define JSON_MAX_WHOLE INT64_C(999999999999999)

struct field {
    const char *name;
    size_t offset;
    size_t size; /* of one item */
    enum field_kind kind;
    enum field_count count;
    size_t max_items;
    size_t n_offset;
    const struct names *names;
    const struct fields *fields;
    int since; /* the generation of the compact form that has it first; 0: all (generations.h) */
};

struct fields {
    const char *name; /* of the struct */
    const struct field *rows;
    size_t n;
    size_t size; /* sizeof the struct */
};

extern const struct fields facts_fields;

#endif
