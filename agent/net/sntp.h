/* SPDX-License-Identifier: Apache-2.0
 *
 * One SNTP question (RFC 5905 section 14, mode 3) to one address: what time is it there?
 */
#ifndef NET_SNTP_H
#define NET_SNTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/failure.h"
#include "net/loop.h"

struct sntp_reply {
    struct step step;  /* throttled: a kiss of death; malformed: answers, but none to trust */
    int64_t offset_ms; /* theirs minus ours */
    int32_t round_trip_ms;
    int32_t stratum;
};

typedef void sntp_done(void *arg, const struct sntp_reply *reply);

/* False when it could not start: then no callback comes. `address` is copied; port 123 unless it
 * names another ("127.0.0.1:1123"). */
bool sntp_ask(struct loop *loop, const char *address, int32_t timeout_ms, sntp_done *done,
              void *arg);

enum { SNTP_BYTES = 48 };

/* Reads an answer to the question that carried `nonce` as its transmit timestamp and was sent at
 * sent_us (wall clock, since 1970), arrived at arrived_us. Pure. FAILURE_NONE when it is one. */
enum failure sntp_read(const unsigned char *bytes, size_t n, uint64_t nonce, int64_t sent_us,
                       int64_t arrived_us, struct sntp_reply *reply);

#endif
