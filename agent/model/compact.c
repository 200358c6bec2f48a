/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes in is a copy that holds nothing but what the table of fields names, so that two structs
 * are alike when their bytes are; what comes out is kept only when all of it was read.
 *
 * To add a field once a release is out: raise GENERATION, and keep reading the older one (today
 * there is none) by leaving out the rows that it did not have.
 */
#include "model/compact.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc24.h"
#include "base/text.h"
#include "model/compact_private.h"

enum {
    GENERATION = 1,
    HEAD_BYTES = 4, /* the generation, and the checksum of the table of fields */
};

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

/* Of every name in the table, in its order. */
static uint32_t table_checksum(const struct fields *fields, uint32_t crc)
{
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->rows[i];
        const unsigned char kind = (unsigned char)(field->kind * 8 + field->count);

        crc = crc24(crc, field->name, strlen(field->name) + 1);
        crc = crc24(crc, &kind, 1);
        for (unsigned int j = 0; field->names && j < field->names->n; j++)
            crc = crc24(crc, field->names->by_value[j], strlen(field->names->by_value[j]) + 1);
        if (field->fields)
            crc = table_checksum(field->fields, crc);
    }
    return crc;
}

static void make_head(unsigned char head[HEAD_BYTES])
{
    uint32_t crc = table_checksum(&facts_fields, CRC24_INIT);

    head[0] = GENERATION;
    head[1] = (unsigned char)(crc >> 16);
    head[2] = (unsigned char)(crc >> 8);
    head[3] = (unsigned char)crc;
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

    if (!coder || !clean) {
        coder_free(coder);
        free(clean);
        return false;
    }
    make_head(head);
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

bool compact_read(const unsigned char *bytes, size_t n, struct facts *facts, char *error,
                  size_t error_size)
{
    unsigned char head[HEAD_BYTES];

    make_head(head);
    if (n < HEAD_BYTES || memcmp(bytes, head, HEAD_BYTES) != 0) {
        (void)text_set(error, error_size,
                       "its facts are of another version of ssm-preflight: use "
                       "the one that wrote them");
        return false;
    }

    struct coder *coder = coder_new();
    if (!coder) {
        (void)text_set(error, error_size, "out of memory");
        return false;
    }
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
