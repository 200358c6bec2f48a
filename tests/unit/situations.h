/* SPDX-License-Identifier: Apache-2.0
 *
 * The situations that a diagnosis must tell apart: each a name, and how it breaks the healthy
 * instance. What must come out is in tests/scenarios/diagnoses.txt: `make scenarios` shows each
 * situation with the program itself and compares every word. The unit tests walk this table.
 */
#ifndef TESTS_SITUATIONS_H
#define TESTS_SITUATIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/facts.h"

struct situation {
    const char *name; /* the code of what is found, and "--variant" where there are several; or
                       * "healthy", "stopped", "several" */
    void (*make)(struct facts *facts); /* of a healthy instance */
};

/* One table a topic; each ends with a row without a name. */
extern const struct situation machine_situations[];
extern const struct situation name_situations[];
extern const struct situation reach_situations[];
extern const struct situation firewall_situations[];
extern const struct situation tls_situations[];
extern const struct situation service_situations[];
extern const struct situation agent_situations[];
extern const struct situation place_situations[];

/* All of them, one after the other: NULL past the last. */
const struct situation *situation_at(size_t index);
const struct situation *situation_find(const char *name);

/* For tests that go through thousands of things, and would take minutes under an emulator: UNIT_SHARE=50 asks for
 * each 50th of them, UNIT_SHARE=50+7 for those after the 7th. All, where it is not set. */
bool share_has(size_t index);

#endif
