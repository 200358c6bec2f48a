/* SPDX-License-Identifier: Apache-2.0
 *
 * One TCP connection to one address, by ourselves: libcurl is then handed the connected socket, so
 * that the errno and the time of connect() are exact, and a connection can be opened ahead of use.
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "model/failure.h"
#include "net/loop.h"

struct dial {
    const char *address; /* IPv4 or IPv6, no name; copied */
    uint16_t port;
    int32_t timeout_ms;        /* above a second the kernel has tried again once: see dial_start */
    int32_t max_segment_bytes; /* TCP_MAXSEG before connect, 0: the system's */
};

struct dialled {
    struct step step;
    int fd; /* connected, non-blocking, TCP_NODELAY, close-on-exec; -1 when it failed.
                        * Owned by the callback's receiver. */
    int32_t took_us;
    char local_address[ADDRESS_SIZE];
};

typedef void dial_done(void *arg, const struct dialled *dialled);

/* False when it is not an address: then no callback comes.
 * An immediate failure of connect() is a result, and comes by callback. Silence is FAILURE_TIMEOUT,
 * or FAILURE_NOT_SENT where the kernel says of this very socket that it could not send: that is known
 * from the first retransmission on, which comes after a second (RFC 6298 section 2). */
bool dial_start(struct loop *loop, const struct dial *dial, dial_done *done, void *arg);

/* errno of connect() in our vocabulary. */
enum failure dial_failure(int os_error);

/* The system's own words for errno, where they say more than those for dial_failure() do. */
void dial_words(int os_error, char *to, size_t size);

#endif
