/* SPDX-License-Identifier: Apache-2.0
 *
 * One round: discover, plan, observe, all on one loop, into one snapshot.
 */
#ifndef ROUND_H
#define ROUND_H

#include <stdint.h>

#include "discover/imds.h"
#include "model/facts.h"
#include "net/trust.h"

struct round_request {
    const struct plan *wishes;
    const char *root;
    const struct imds_endpoint *endpoint; /* NULL: IMDS's own addresses */
    struct trust *trust;
    int signal_fd;       /* readable when it is to stop (signalfd), or -1 */
    int64_t deadline_ms; /* monotonic */
};

/* Fills all of facts but rounds and deadline_ms. False when the program itself is in trouble
 * (out of memory, no poll). */
bool round_run(const struct round_request *request, struct facts *facts);

#endif
