/* SPDX-License-Identifier: Apache-2.0
 *
 * What a page, or the title of a row, may name: {placeholders} and conditions. The view is of what the
 * finding explains; its `service` is the one that the words are about.
 */
#ifndef DIAGNOSE_VALUES_H
#define DIAGNOSE_VALUES_H

#include "diagnose/causes.h"

enum { VALUE_SIZE = COMMAND_SIZE };

/* The value of a placeholder as it is, empty where it is not known; it lasts as long as `scratch`. */
const char *value_of(const struct view *view, const char *name, char scratch[VALUE_SIZE]);

/* What a command may have of it: commands are pasted into shells, and facts may come from a file, so a
 * value that holds more than plain identifier characters is not used. In its place, and where the value
 * is not known, stands a placeholder for people ("<vpc-id>"), never a guess. */
const char *value_for_shell(const struct view *view, const char *name, char scratch[VALUE_SIZE]);

/* --- between values.c and phrases.c --- */

/* One question for a value. */
struct asked {
    const struct view *view;
    const struct facts *facts;
    size_t argument; /* of the table's row */
    char *scratch;   /* empty, VALUE_SIZE */
};
/* What is known, or an empty text. */
typedef const char *value_get(const struct asked *of);

const char *phrase_of(const struct asked *asked, const char *name);

/* The family that alone is in trouble as the row says; false: none is. */
bool value_lone_family(const struct view *view, enum family *family);

/* The family that is blocked; of other findings the one that fails alone, or that is there alone. */
enum family value_family(const struct view *view);

/* conditions.c: "snap !ipv6", all of which must hold. */
bool conditions_hold(const struct view *view, const char *conditions);

#endif
