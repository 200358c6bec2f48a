/* SPDX-License-Identifier: Apache-2.0
 *
 * Two walks over the tables of fields.c. The one that reads goes as deep as our own structs do, whatever the
 * input's depth. What is read may come from anywhere, so nothing of it is trusted: not its types, its
 * lengths, its numbers or its characters.
 */
#include "model/facts_json.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* --- writing: what is zero is left out --- */

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

static cJSON *checks_to_json(check_set set)
{
    cJSON *array = cJSON_CreateArray();

    for (enum check i = 0; i < N_CHECKS; i++)
        if (set & check_bit(i))
            (void)cJSON_AddItemToArray(array, cJSON_CreateString(check_name(i)));
    return array;
}

/* The numbers by kind. Only int32_t is narrower than what it is kept in, and signed. */
static const struct {
    int64_t min, max;
} ranges[] = {
    [FIELD_INT32] = {INT32_MIN, INT32_MAX},
    [FIELD_INT64] = {INT64_MIN, INT64_MAX},
    [FIELD_UINT16] = {0, UINT16_MAX},
    [FIELD_UINT32] = {0, UINT32_MAX},
};
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "the first bytes of a number are its lowest");

/* By its digits: for a number that is no int cJSON would print a double, by 25 KB of the C library that a first boot reads. */
static cJSON *number_to_json(const struct field *field, const char *at)
{
    int64_t value = 0;
    char digits[32];

    memcpy(&value, at, field->size);
    if (field->kind == FIELD_INT32)
        value = (int32_t)value;
    if (value > JSON_MAX_WHOLE)
        value = JSON_MAX_WHOLE;
    if (value < -JSON_MAX_WHOLE)
        value = -JSON_MAX_WHOLE;
    (void)text_set(digits, sizeof(digits), "%lld", (long long)value);
    return cJSON_CreateRaw(digits);
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
    return number_to_json(field, at);
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

/* --- reading --- */

struct reader {
    char path[200]; /* of what is read now: "facts.endpoints.ssm.addresses[2]" */
    char *error;    /* what is wrong, or as long as nothing is: the first name not known here */
    size_t error_size;
    bool newer;
    int n_unknown;
};

static bool reader_fails(struct reader *reader, const char *what)
{
    (void)text_set(reader->error, reader->error_size, "%s: %s", reader->path, what);
    return false;
}

static bool read_number(struct reader *reader, const cJSON *json, const struct field *field,
                        char *at)
{
    if (!cJSON_IsNumber(json))
        return reader_fails(reader, "not a number");

    double number = json->valuedouble;
    if (!(number >= (double)-JSON_MAX_WHOLE && number <= (double)JSON_MAX_WHOLE))
        return reader_fails(reader, "out of range");
    int64_t value = (int64_t)number;
    if (number < (double)value || number > (double)value)
        return reader_fails(reader, "not a whole number");
    if (value < ranges[field->kind].min || value > ranges[field->kind].max)
        return reader_fails(reader, "out of range");
    memcpy(at, &value, field->size);
    return true;
}

static bool read_text(struct reader *reader, const cJSON *json, char *at, size_t size)
{
    if (!cJSON_IsString(json))
        return reader_fails(reader, "not a string");

    size_t length = strlen(json->valuestring);
    if (length >= size)
        return reader_fails(reader, "longer than is kept");
    for (size_t i = 0; i < length; i++)
        if (json->valuestring[i] < 0x20 || json->valuestring[i] > 0x7e)
            return reader_fails(reader, "not printable ASCII");
    memcpy(at, json->valuestring, length + 1);
    return true;
}

/* A newer program has more names: what they stand for is lost, the rest of the facts is not. */
static bool accept_unknown(struct reader *reader, const cJSON *json)
{
    char name[NAME_SIZE];
    char what[NAME_SIZE + 32];

    if (reader->n_unknown++ > 0)
        return true;
    (void)text_escape(name, sizeof(name), json->valuestring, strlen(json->valuestring));
    (void)text_set(what, sizeof(what), "unknown name \"%s\"", name);
    (void)reader_fails(reader, what);
    return reader->newer;
}

static bool read_enum(struct reader *reader, const cJSON *json, const struct names *names, char *at)
{
    unsigned int value = names->otherwise;

    if (!cJSON_IsString(json))
        return reader_fails(reader, "not a name");
    if (!name_find(names, json->valuestring, &value) && !accept_unknown(reader, json))
        return false;
    memcpy(at, &value, sizeof(value));
    return true;
}

static bool read_checks(struct reader *reader, const cJSON *json, char *at)
{
    check_set set = 0;
    const cJSON *item;

    if (!cJSON_IsArray(json))
        return reader_fails(reader, "not an array");
    cJSON_ArrayForEach(item, json)
    {
        unsigned int check;
        if (!cJSON_IsString(item))
            return reader_fails(reader, "not an array of names");
        if (name_find(&check_names, item->valuestring, &check))
            set |= check_bit((enum check)check);
        else if (!accept_unknown(reader, item))
            return false;
    }
    memcpy(at, &set, sizeof(set));
    return true;
}

static bool read_struct(struct reader *reader, const cJSON *json, const struct fields *fields,
                        char *at);

static bool read_item(struct reader *reader, const cJSON *json, const struct field *field, char *at)
{
    switch (field->kind) {
    case FIELD_TEXT:
        return read_text(reader, json, at, field->size);
    case FIELD_BOOL:
        if (!cJSON_IsBool(json))
            return reader_fails(reader, "not true or false");
        memcpy(at, &(bool){cJSON_IsTrue(json)}, sizeof(bool));
        return true;
    case FIELD_ENUM:
        return read_enum(reader, json, field->names, at);
    case FIELD_CHECKS:
        return read_checks(reader, json, at);
    case FIELD_STRUCT:
        return read_struct(reader, json, field->fields, at);
    case FIELD_INT32:
    case FIELD_INT64:
    case FIELD_UINT16:
    case FIELD_UINT32:
        break;
    }
    return read_number(reader, json, field, at);
}

static bool read_list(struct reader *reader, const cJSON *json, const struct field *field,
                      char *base)
{
    size_t path_length = strlen(reader->path);
    size_t n = 0;
    const cJSON *item;

    if (!cJSON_IsArray(json))
        return reader_fails(reader, "not an array");
    cJSON_ArrayForEach(item, json)
    {
        if (n == field->max_items)
            return reader_fails(reader, "more items than are kept");
        (void)text_add(reader->path, sizeof(reader->path), "[%zu]", n);
        if (!read_item(reader, item, field, base + field->offset + n * field->size))
            return false;
        reader->path[path_length] = '\0';
        n++;
    }
    memcpy(base + field->n_offset, &(int32_t){(int32_t)n}, sizeof(int32_t));
    return true;
}

static bool read_by_service(struct reader *reader, const cJSON *json, const struct field *field,
                            char *base)
{
    size_t path_length = strlen(reader->path);

    if (!cJSON_IsObject(json))
        return reader_fails(reader, "not an object");
    for (unsigned int i = 0; i < field->max_items; i++) {
        const char *name = service_name((enum service)i);
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

        if (!item)
            continue;
        (void)text_add(reader->path, sizeof(reader->path), ".%s", name);
        if (!read_item(reader, item, field, base + field->offset + i * field->size))
            return false;
        reader->path[path_length] = '\0';
    }
    return true;
}

static bool read_field(struct reader *reader, const cJSON *json, const struct field *field,
                       char *base)
{
    if (field->count == COUNT_LIST)
        return read_list(reader, json, field, base);
    if (field->count == COUNT_BY_SERVICE)
        return read_by_service(reader, json, field, base);
    return read_item(reader, json, field, base + field->offset);
}

static bool read_struct(struct reader *reader, const cJSON *json, const struct fields *fields,
                        char *at)
{
    size_t path_length = strlen(reader->path);

    if (!cJSON_IsObject(json))
        return reader_fails(reader, "not an object");
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->rows[i];
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, field->name);

        if (!item)
            continue;
        (void)text_add(reader->path, sizeof(reader->path), ".%s", field->name);
        if (!read_field(reader, item, field, at))
            return false;
        reader->path[path_length] = '\0';
    }
    return true;
}

bool facts_from_json(const struct cJSON *object, bool newer, struct facts *facts, char *error,
                     size_t error_size)
{
    struct reader reader = {
        .path = "facts", .error = error, .error_size = error_size, .newer = newer};
    struct facts *whole = calloc(1, sizeof(*whole)); /* too large for some stacks */

    error[0] = '\0';
    bool read = read_struct(&reader, object, &facts_fields, (char *)whole);
    if (read)
        memcpy(facts, whole, sizeof(*facts));
    if (read && reader.n_unknown > 1)
        (void)text_add(error, error_size, " (and %d more)", reader.n_unknown - 1);
    free(whole);
    return read;
}
