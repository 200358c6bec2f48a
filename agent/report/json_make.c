/* SPDX-License-Identifier: Apache-2.0
 *
 * Thin over cJSON, for the sake of one place that knows what happens when memory runs out.
 */
#include "report/json_make.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* Takes over `value`, also when it cannot be added. */
static void put(struct maker *maker, cJSON *object, const char *name, cJSON *value)
{
    if (value && object && cJSON_AddItemToObject(object, name, value))
        return;
    cJSON_Delete(value);
    maker->failed = true;
}

static void append(struct maker *maker, cJSON *array, cJSON *value)
{
    if (value && array && cJSON_AddItemToArray(array, value))
        return;
    cJSON_Delete(value);
    maker->failed = true;
}

/* A report holds printable ASCII only; should it not, what leaves is valid JSON all the same. */
static cJSON *make_text(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (*at < 0x20 || *at > 0x7e) {
            char escaped[COMMAND_SIZE];
            (void)text_escape(escaped, sizeof(escaped), text, strlen(text));
            return cJSON_CreateString(escaped);
        }
    }
    return cJSON_CreateString(text);
}

void put_text(struct maker *maker, struct cJSON *object, const char *name, const char *text)
{
    put(maker, object, name, make_text(text));
}

void put_text_or_null(struct maker *maker, struct cJSON *object, const char *name, const char *text)
{
    put(maker, object, name, *text ? make_text(text) : cJSON_CreateNull());
}

void put_number(struct maker *maker, struct cJSON *object, const char *name, int64_t number)
{
    put(maker, object, name, cJSON_CreateNumber((double)number));
}

void put_bool(struct maker *maker, struct cJSON *object, const char *name, bool value)
{
    put(maker, object, name, cJSON_CreateBool(value));
}

void put_time(struct maker *maker, struct cJSON *object, const char *name, int64_t unix_ms)
{
    char time[TIME_SIZE];

    clock_format_iso8601(unix_ms, true, time);
    put_text(maker, object, name, time);
}

void put_reason(struct maker *maker, struct cJSON *object, enum failure failure)
{
    const char *name = failure_name(failure);

    put_text_or_null(maker, object, "reason", failure != FAILURE_NONE && name ? name : "");
}

struct cJSON *put_object(struct maker *maker, struct cJSON *object, const char *name)
{
    put(maker, object, name, cJSON_CreateObject());
    return maker->failed ? NULL : cJSON_GetObjectItemCaseSensitive(object, name);
}

struct cJSON *put_array(struct maker *maker, struct cJSON *object, const char *name)
{
    put(maker, object, name, cJSON_CreateArray());
    return maker->failed ? NULL : cJSON_GetObjectItemCaseSensitive(object, name);
}

void append_text(struct maker *maker, struct cJSON *array, const char *text)
{
    append(maker, array, make_text(text));
}

struct cJSON *append_object(struct maker *maker, struct cJSON *array)
{
    cJSON *object = cJSON_CreateObject();

    append(maker, array, object);
    return maker->failed ? NULL : object;
}
