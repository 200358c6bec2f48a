/* SPDX-License-Identifier: Apache-2.0
 *
 * While `wait` waits it asks one check again: one without which the verdict stays what it is. When its answer
 * is another one, a whole round follows. So no verdict comes from such a round, but that the last one still
 * stands. Pure.
 */
#ifndef RUN_AGAIN_H
#define RUN_AGAIN_H

#include <stdbool.h>

#include "model/report.h"

struct again {
    enum check check;
    struct action_facts
        action; /* of an `authorize`: the one action that is asked again, as it was answered */
    struct {
        enum status status;
        enum failure reason;
    } was[N_RUNGS]; /* else: the check and what it stands on, or the service's ladder */
};

/* The first required check that the root cause explains, or that has no cause. False: none stands alone,
 * so rounds must be whole. */
bool again_choose(const struct report *report, struct again *again);

/* After that round: its facts and its diagnosis. */
bool again_differs(const struct again *again, const struct facts *facts,
                   const struct report *report);

#endif
