/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts that may be pasted in public (--anonymize). What a text is says what becomes of it
 * (fields.h): an id another id of its kind, an address another one that lies like it, a host of AWS's
 * the same host with other ids in its name, every other name name-1, name-2 and so on; what a server
 * said is dropped. The same becomes the same and different ones stay different, wherever they stand.
 *
 * What a diagnosis looks at stays: regions, zones, AWS's own words, versions, paths that every machine
 * has. A word or a path that is none of those is a name.
 */
#ifndef MODEL_ANONYMIZE_H
#define MODEL_ANONYMIZE_H

#include "model/facts.h"

void anonymize_facts(struct facts *facts);

#endif
