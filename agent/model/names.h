/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of the values of an enum: stable, as in reports and options. Each table stands with its enum.
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

/* Defines `what_names` from rows of [VALUE] = "name". A name that is none of them is taken for
 * `other`: where zero would say more than is known, the value that says least. */
#define DEFINE_NAMES_OR(what, other, ...)                    \
    static const char *const what##_table[] = {__VA_ARGS__}; \
    const struct names what##_names = {what##_table, sizeof(what##_table) / sizeof(char *), other}
#define DEFINE_NAMES(what, ...) DEFINE_NAMES_OR(what, 0, __VA_ARGS__)

/* The name of a value; "?" when the value is none of the enum's. */
const char *name_of(const struct names *names, unsigned int value);

/* False when no value has this name. */
bool name_find(const struct names *names, const char *name, unsigned int *value);

#endif
