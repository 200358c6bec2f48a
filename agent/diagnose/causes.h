/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of causes, in causal order: a row can only be explained away by a row above it.
 * `list findings` prints it.
 */
#ifndef DIAGNOSE_CAUSES_H
#define DIAGNOSE_CAUSES_H

#include <stddef.h>

#include "diagnose/cause.h"

enum scope {
    SCOPE_MACHINE, /* looked for once */
    SCOPE_SERVICE, /* looked for once a service, with a finding each */
};

struct cause {
    const char *code;
    const char *title;      /* in general; a finding may say it with this instance's names */
    enum severity severity; /* of a cause that explains a required check: the most it can be */
    enum scope scope;
    cause_applies *applies; /* NULL: `unexplained`, which claims.c fills in by itself */
    cause_remedy *remedy;
};

extern const struct cause causes[];
extern const size_t n_causes;

#endif
