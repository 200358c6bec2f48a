/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over the tables of fields.c that writes. What is zero is left out.
 */
#include "model/facts_json.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "model/fields.h"

static bool is_printable(const char *text, size_t size)
{
    for (size_t i = 0; i < size && text[i]; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
    return memchr(text, '\0', size);
}

/* Facts hold printable ASCII only; should they not, the report stays valid JSON all the same. */
static cJSON *text_to_json(const char *text, size_t size)
{
    if (is_printable(text, size))
        return cJSON_CreateString(text);

    char escaped[WORDS_SIZE];
    (void)text_escape(escaped, size < sizeof(escaped) ? size : sizeof(escaped), text,
                      strnlen(text, size));
    return cJSON_CreateString(escaped);
}

static cJSON *whole_to_json(int64_t value)
{
    if (value > JSON_MAX_WHOLE)
        value = JSON_MAX_WHOLE;
    if (value < -JSON_MAX_WHOLE)
        value = -JSON_MAX_WHOLE;
    return cJSON_CreateNumber((double)value);
}

static cJSON *checks_to_json(check_set set)
{
    cJSON *array = cJSON_CreateArray();

    for (unsigned int i = 0; i < N_CHECKS; i++)
        if (set & check_bit((enum check)i))
            (void)cJSON_AddItemToArray(array, cJSON_CreateString(check_name((enum check)i)));
    return array;
}

/* The number behind a field of any width. memcpy keeps the walk free of casts between pointers. */
static int64_t number_at(const struct field *field, const char *at)
{
    union {
        int32_t i32;
        int64_t i64;
        uint16_t u16;
        uint32_t u32;
    } value = {.i64 = 0};

    memcpy(&value, at, field->size);
    switch (field->kind) {
    case FIELD_INT32:
        return value.i32;
    case FIELD_UINT16:
        return value.u16;
    case FIELD_UINT32:
        return value.u32;
    default:
        return value.i64;
    }
}

static cJSON *struct_to_json(const struct fields *fields, const char *at, enum keep keep);

static cJSON *item_to_json(const struct field *field, const char *at, enum keep keep)
{
    unsigned int value;
    check_set set;

    switch (field->kind) {
    case FIELD_TEXT:
        return text_to_json(at, field->size);
    case FIELD_BOOL:
        return cJSON_CreateBool(*at != 0);
    case FIELD_ENUM:
        memcpy(&value, at, sizeof(value));
        return cJSON_CreateString(name_of(field->names, value));
    case FIELD_CHECKS:
        memcpy(&set, at, sizeof(set));
        return checks_to_json(set);
    case FIELD_STRUCT:
        return struct_to_json(field->fields, at, keep);
    case FIELD_INT32:
    case FIELD_INT64:
    case FIELD_UINT16:
    case FIELD_UINT32:
        break;
    }
    return whole_to_json(number_at(field, at));
}

/* Structs are zero when nothing of them was written, which struct_to_json() shows. */
static bool item_is_zero(const struct field *field, const char *at)
{
    if (field->kind == FIELD_TEXT)
        return !at[0];
    for (size_t i = 0; i < field->size; i++)
        if (at[i])
            return false;
    return true;
}

static cJSON *list_to_json(const struct field *field, const char *base, enum keep keep)
{
    cJSON *array = cJSON_CreateArray();

    const size_t n = field_n_items(field, base);
    for (size_t i = 0; i < n; i++)
        (void)cJSON_AddItemToArray(
            array, item_to_json(field, base + field->offset + i * field->size, keep));
    return array;
}

/* Adds `item` unless it is an empty object or array, which mean zero. Owns item in any case. */
static void add_unless_empty(cJSON *object, const char *name, cJSON *item)
{
    if ((cJSON_IsObject(item) || cJSON_IsArray(item)) && !item->child)
        cJSON_Delete(item);
    else
        (void)cJSON_AddItemToObjectCS(object, name, item);
}

static cJSON *by_service_to_json(const struct field *field, const char *base, enum keep keep)
{
    cJSON *object = cJSON_CreateObject();

    for (unsigned int i = 0; i < field->max_items; i++)
        add_unless_empty(object, service_name((enum service)i),
                         item_to_json(field, base + field->offset + i * field->size, keep));
    return object;
}

static cJSON *field_to_json(const struct field *field, const char *base, enum keep keep)
{
    if (field->count == COUNT_LIST)
        return list_to_json(field, base, keep);
    if (field->count == COUNT_BY_SERVICE)
        return by_service_to_json(field, base, keep);
    return item_to_json(field, base + field->offset, keep);
}

static cJSON *struct_to_json(const struct fields *fields, const char *at, enum keep keep)
{
    cJSON *object = cJSON_CreateObject();

    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->rows[i];

        if (field->keep > keep ||
            (field->count == COUNT_ONE && item_is_zero(field, at + field->offset)))
            continue;
        add_unless_empty(object, field->name, field_to_json(field, at, keep));
    }
    return object;
}

struct cJSON *facts_to_json(const struct facts *facts, enum keep keep)
{
    return struct_to_json(&facts_fields, (const char *)facts, keep);
}
