/* SPDX-License-Identifier: Apache-2.0
 *
 * Two situations at once, as the program would observe them: what one makes unreachable, the other
 * cannot show.
 */
#ifndef TESTS_PAIRS_H
#define TESTS_PAIRS_H

#include "model/report.h"
#include "situations.h"

/* One situation by itself, with what it shows and what it keeps from being tried. */
struct alone {
    const struct situation *situation;
    struct facts facts;
    struct report report;
    check_set shows; /* failed or warned */
    check_set stops; /* would have been tried if all were well */
    int level;       /* of the lowest rung that it touches: 0 is the metadata service */
    size_t row;      /* of its code in the table of causes */
};

void alone_make(struct alone *alone, const struct situation *situation);

/* Of two, the one that is met first on the way up; it overrules where both touch the same thing.
 * Which of the two was there first cannot be told from facts, so the order of arguments does not
 * matter. */
void pairs_compose(const struct alone *a, const struct alone *b, struct facts *facts);

#endif
