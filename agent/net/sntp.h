/* SPDX-License-Identifier: Apache-2.0
 *
 * One SNTP question (RFC 5905 section 14, mode 3) to one address: what time is it there?
 */
#ifndef NET_SNTP_H
#define NET_SNTP_H

#include <stdbool.h>
#include <stdint.h>

#include "model/failure.h"
#include "net/loop.h"

struct sntp_reply {
    struct step step;
    int64_t offset_ms; /* theirs minus ours */
    int32_t round_trip_ms;
    int32_t stratum;
};

typedef void sntp_done(void *arg, const struct sntp_reply *reply);

/* False when it could not start: then no callback comes. `address` is copied; port 123. */
bool sntp_ask(struct loop *loop, const char *address, int32_t timeout_ms, sntp_done *done,
              void *arg);

#endif
