/* SPDX-License-Identifier: Apache-2.0
 *
 * Building a JSON tree without checking each step: a maker remembers that memory ran out, every
 * put on a missing object does nothing, and the writer looks once, at the end.
 */
#ifndef REPORT_JSON_MAKE_H
#define REPORT_JSON_MAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/report.h"

struct cJSON;

struct maker {
    bool failed;
};

/* Each adds one member to `object`. What is not printable ASCII is escaped. */
void put_text(struct maker *maker, struct cJSON *object, const char *name, const char *text);
void put_text_or_null(struct maker *maker, struct cJSON *object, const char *name,
                      const char *text); /* null when it is empty */
void put_number(struct maker *maker, struct cJSON *object, const char *name, int64_t number);
void put_bool(struct maker *maker, struct cJSON *object, const char *name, bool value);
void put_time(struct maker *maker, struct cJSON *object, const char *name, int64_t unix_ms);
void put_reason(struct maker *maker, struct cJSON *object, enum failure failure); /* or null */

/* Each adds an empty one and returns it; owned by `object`. NULL when memory ran out. */
struct cJSON *put_object(struct maker *maker, struct cJSON *object, const char *name);
struct cJSON *put_array(struct maker *maker, struct cJSON *object, const char *name);

/* Each adds one item to `array`. */
void append_text(struct maker *maker, struct cJSON *array, const char *text);
struct cJSON *append_object(struct maker *maker, struct cJSON *array);

#endif
