/* SPDX-License-Identifier: Apache-2.0
 *
 * Which Region this may be, before IMDS has said so: names are looked up and connections opened meanwhile.
 */
#ifndef DISCOVER_HINT_H
#define DISCOVER_HINT_H

#include <stdbool.h>

#include "model/facts.h"

/* From the agent's configuration, a search domain of resolv.conf, our last report, or cloud-init's instance
 * data. False when none of them names a Region. */
bool hint_region(const char *root, const struct agent_facts *agent, char region[REGION_SIZE]);

#endif
