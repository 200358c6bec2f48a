/* SPDX-License-Identifier: Apache-2.0
 *
 * The members of struct facts and of every struct in it, as tables: what their JSON form, the block
 * for a console and --anonymize walk. A member that has no row is not recorded, and a unit test says
 * so.
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

/* What a text is, and so what --anonymize makes of it (anonymize.h). */
enum text_kind {
    TEXT_ID = 1,  /* of a resource, an account or a machine */
    TEXT_ADDRESS, /* with or without a prefix length */
    TEXT_HOST,    /* host names and addresses, alone, in a list or in a URL */
    TEXT_NAME,    /* that somebody gave */
    TEXT_PATH,    /* of a file or a unit */
    TEXT_ARN,
    TEXT_ISSUER, /* the name in a certificate */
    TEXT_WORD,   /* of AWS's, of a protocol's or of this program's own vocabulary */
    TEXT_PROSE,  /* what a server or a library said */
};

/* How much a diagnosis needs a member, most first: what is left out of a block for the console. */
enum keep {
    KEEP_NEEDED, /* a verdict, a finding, a target or a command may change without it */
    KEEP_EXTRA,  /* makes a remedy or evidence more exact */
    KEEP_QUOTED, /* is only quoted in evidence */
    KEEP_UNUSED, /* no finding looks at it */
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
    enum text_kind text; /* of FIELD_TEXT */
    enum keep keep;
    enum field_count count;
    size_t max_items;
    size_t n_offset;
    const struct names *names;
    const struct fields *fields;
};

struct fields {
    const char *name; /* of the struct */
    const struct field *rows;
    size_t n;
    size_t size; /* sizeof the struct */
};

extern const struct fields facts_fields;

/* How many items the field has in the struct at `base`: never more than there is room for. */
size_t field_n_items(const struct field *field, const char *base);

#endif
