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

/* What a cause goes by within a check. One check may fail in two ways at once (one address silent,
 * the next one refused; one action denied by this policy, another one by that), and then each way
 * has its own cause. By default a cause takes the whole check. */
enum strand {
    STRAND_WHOLE,
    STRAND_ROUTE, /* of connect */
    STRAND_REFUSAL,
    STRAND_LINK,
    STRAND_SILENCE,
    STRAND_NO_POLICY, /* of authorize */
    STRAND_EXPLICIT_DENY,
    STRAND_ENDPOINT_POLICY,
    STRAND_BOUNDARY,
    STRAND_ORGANIZATION,
    STRAND_REGISTRATION, /* of agent.config */
    STRAND_CONFIGURATION,
    STRAND_BUNDLE,
    STRAND_FAMILY, /* of connect: one address family as a whole */
    N_STRANDS
};

struct cause {
    const char *code;
    const char *title;      /* in general; a finding may say it with this instance's names */
    enum severity severity; /* of a cause that explains a required check: the most it can be */
    enum scope scope;
    enum strand strand;
    cause_applies *applies; /* NULL: `unexplained`, which claims.c fills in by itself */
};

extern const struct cause causes[];
extern const size_t n_causes;

#endif
