/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON form of facts, in both directions from one table of fields. Members that hold their
 * zero value are left out when written and mean zero when read, so an older report reads well in
 * a newer program; unknown members are ignored, so a newer one does in an older. A name of an enum
 * or a check that is not known is an error, unless the report is a newer program's: then the check
 * is ignored, and the enum has the value of its table that says least (`otherwise` in names.h: an
 * unknown failure is "unknown", never none).
 *
 * Lists are arrays without their n_ member. What has a fixed place for each service (`endpoints`,
 * `plan.services`) is an object by service name. Enums are their names (names.h), sets of checks
 * are arrays of check names. Numbers are whole and of at most 15 digits.
 */
#ifndef MODEL_FACTS_JSON_H
#define MODEL_FACTS_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "model/facts.h"
#include "model/fields.h"

struct cJSON;

/* Of the members that are needed at least as much as `keep` says (KEEP_UNUSED: all of them) a new
 * object that the caller owns (cJSON_Delete). */
struct cJSON *facts_to_json(const struct facts *facts, enum keep keep);

/* False when a member has the wrong type, range or length, or an unknown name while not `newer`;
 * `error` then says which: "facts.endpoints.ssm.addresses[2].connect.outcome: …". facts is
 * untouched then. True with `error` empty, or with the first unknown name in the same form. */
bool facts_from_json(const struct cJSON *object, bool newer, struct facts *facts, char *error,
                     size_t error_size);

#endif
