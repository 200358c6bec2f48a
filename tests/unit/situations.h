/* SPDX-License-Identifier: Apache-2.0
 *
 * The situations that a diagnosis must tell apart: each a name, how it breaks the healthy instance,
 * and what must come out. The unit tests walk this table; `make scenarios` shows each of them with
 * the program itself and compares every word with what was reviewed (tests/scenarios).
 */
#ifndef TESTS_SITUATIONS_H
#define TESTS_SITUATIONS_H

#include <stddef.h>

#include "model/report.h"

struct situation {
    const char *name;                  /* a code, and "--variant" where there are several */
    void (*make)(struct facts *facts); /* of a healthy instance */
    enum verdict verdict;
    enum confidence confidence; /* of findings[0] */
    const char *codes;          /* of all findings, in order, separated by a blank */
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

#endif
