/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes in is a copy that holds nothing but what the table of fields names, so that two structs
 * are alike when their bytes are; what comes out is kept only when all of it was read.
 *
 * Written is the newest generation; read is every one (generations.h, which also says how to add a
 * member, a value or a word).
 */
#include "model/compact.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/compact_private.h"

enum { HEAD_BYTES = 4 }; /* the generation, and the checksum of its table of fields */

/* --- a copy without anything between and behind what the rows name --- */

static void copy_struct(const struct fields *fields, const char *from, char *to);

/* As facts_to_json.c writes it. */
static void copy_text(const char *from, char *to, size_t size)
{
    size_t n = strnlen(from, size);
    bool printable = n < size;

    for (size_t i = 0; i < n; i++)
        printable = printable && from[i] >= 0x20 && from[i] <= 0x7e;
    if (printable)
        memcpy(to, from, n);
    else
        (void)text_escape(to, size, from, n);
}

static void copy_item(const struct field *field, const char *from, char *to)
{
    if (field->kind == FIELD_STRUCT) {
        copy_struct(field->fields, from, to);
    } else if (field->kind == FIELD_TEXT) {
        copy_text(from, to, field->size);
    } else if (number_fits(field, number_at(field, from))) {
        memcpy(to, from, field->size);
    }
}

static void copy_struct(const struct fields *fields, const char *from, char *to)
{
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->rows[i];
        size_t n = field->count == COUNT_ONE ? 1 : field->max_items;

        if (field->count == COUNT_LIST) {
            int32_t n_items;
            memcpy(&n_items, from + field->n_offset, sizeof(n_items));
            n_items = n_items < 0 ? 0 : n_items > (int32_t)n ? (int32_t)n : n_items;
            memcpy(to + field->n_offset, &n_items, sizeof(n_items));
            n = (size_t)n_items;
        }
        for (size_t j = 0; j < n; j++)
            copy_item(field, from + field->offset + j * field->size,
                      to + field->offset + j * field->size);
    }
}

/* --- in and out --- */

static void make_head(const struct generation *generation, unsigned char head[HEAD_BYTES])
{
    head[0] = (unsigned char)generation->number;
    head[1] = (unsigned char)(generation->checksum >> 16);
    head[2] = (unsigned char)(generation->checksum >> 8);
    head[3] = (unsigned char)generation->checksum;
}

static struct coder *coder_new(void)
{
    struct coder *coder = calloc(1, sizeof(*coder));

    if (coder)
        coder->facts = calloc(1, sizeof(*coder->facts));
    if (coder && !coder->facts) {
        free(coder);
        return NULL;
    }
    if (coder)
        coder->source = coder->facts;
    return coder;
}

static void coder_free(struct coder *coder)
{
    if (coder)
        free(coder->facts);
    free(coder);
}

bool compact_write(const struct facts *facts, struct buffer *to)
{
    struct facts *clean = calloc(1, sizeof(*clean));
    struct coder *coder = coder_new();
    unsigned char head[HEAD_BYTES];

    if (!coder || !clean || !generation_find(GENERATION, &coder->generation)) {
        coder_free(coder);
        free(clean);
        return false;
    }
    make_head(&coder->generation, head);
    (void)buffer_add(to, (const char *)head, sizeof(head));
    copy_struct(&facts_fields, (const char *)facts, (char *)clean);
    coder->source = clean;
    range_write(&coder->range, to);
    code_text_init(coder);
    code_fields(coder, &facts_fields, (char *)coder->facts, NULL, -1);
    range_finish(&coder->range);
    coder_free(coder);
    free(clean);
    return !to->failed;
}

/* Of which generation the bytes are; false with an error when it is none that is known here. */
static bool read_head(const unsigned char *bytes, size_t n, struct generation *generation,
                      char *error, size_t error_size)
{
    unsigned char head[HEAD_BYTES];

    if (n >= HEAD_BYTES && bytes[0] > GENERATION) {
        (void)text_set(error, error_size,
                       "written by a newer ssm-preflight (its facts are of generation %d, this one "
                       "reads up to %d): use that one or newer",
                       bytes[0], GENERATION);
        return false;
    }
    if (n < HEAD_BYTES || !generation_find(bytes[0], generation)) {
        (void)text_set(error, error_size, "its facts make no sense");
        return false;
    }
    make_head(generation, head);
    if (memcmp(bytes, head, HEAD_BYTES) != 0) {
        (void)text_set(error, error_size,
                       "its facts are of a version of ssm-preflight that was never released: use "
                       "the one that wrote them");
        return false;
    }
    return true;
}

bool compact_read(const unsigned char *bytes, size_t n, struct facts *facts, char *error,
                  size_t error_size)
{
    struct generation generation;

    if (!read_head(bytes, n, &generation, error, error_size))
        return false;

    struct coder *coder = coder_new();
    if (!coder) {
        (void)text_set(error, error_size, "out of memory");
        return false;
    }
    coder->generation = generation;
    range_read(&coder->range, bytes + HEAD_BYTES, n - HEAD_BYTES);
    code_text_init(coder);
    code_fields(coder, &facts_fields, (char *)coder->facts, NULL, -1);
    bool whole = !coder->failed && !range_overran(&coder->range);
    if (whole)
        *facts = *coder->facts;
    else
        (void)text_set(error, error_size, "its facts make no sense");
    coder_free(coder);
    return whole;
}
