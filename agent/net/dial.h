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
#include "model/wire.h"
#include "net/loop.h"

struct sockaddr_storage;

/* Below FIRST_HIGH_PORT, and from it on. */
enum ports { PORTS_ANY, PORTS_LOW, PORTS_HIGH };

struct dial {
    const char *address; /* IPv4 or IPv6, no name; copied */
    uint16_t port;
    int32_t timeout_ms;        /* above a second the kernel has tried again once: see dial_start */
    int32_t max_segment_bytes; /* TCP_MAXSEG before connect, 0: the system's */
    enum ports ports;          /* of the source; as far as the system's own range has some there */
    bool quiet;                /* does not keep the loop from being idle */
    const void *owner;         /* loop_end_of() */
};

struct dialled {
    struct step step;
    int fd; /* connected, non-blocking, TCP_NODELAY, close-on-exec; -1 when it failed.
                        * Owned by the callback's receiver. */
    int32_t took_us;
    char local_address[ADDRESS_SIZE];
    uint16_t local_port;
    char
        offender[ADDRESS_SIZE]; /* who sent the ICMP error that ended it (ip(7), IP_RECVERR); empty:
                                  * there was none, or nobody says */
    bool expired;               /* that it had no hop left there: nobody refused it */
};

typedef void dial_done(void *arg, const struct dialled *dialled);

/* An immediate failure of connect() is a result, and comes by callback; so does what is no address. Silence is FAILURE_TIMEOUT,
 * or FAILURE_NOT_SENT where the kernel says of this very socket that it could not send: that is known
 * from the first retransmission on, which comes after a second (RFC 6298 section 2). */
void dial_start(struct loop *loop, const struct dial *dial, dial_done *done, void *arg);

enum refuser { REFUSER_UNKNOWN, REFUSER_ELSEWHERE, REFUSER_HERE };

/* What was refused is refused a few times more: does the refusal come in by the loopback device? Then a firewall
 * of this machine has made it up, in the name of the address. A reset tells nothing else of who sent it; nor does
 * this, where other traffic of that device comes between. Waits for a few milliseconds at most: what comes later comes
 * from elsewhere. */
enum refuser dial_refuser(const char *address, uint16_t port);

/* errno of connect() in our vocabulary. */
enum failure dial_failure(int os_error);

/* socket(2), non-blocking and close-on-exec. Where there is none to be had, trouble is noted: "not permitted" too
 * is what a sandbox of this process says, and no firewall. */
int dial_socket(int family, int type, int protocol);

/* The source port of a socket, 0: it has none; and its own address. */
uint16_t dial_local_port(int fd, struct sockaddr_storage *local);

/* Its errno in our vocabulary. */
enum failure dial_no_socket(int os_error);

/* The system's own words for errno, where they say more than those for dial_failure() do. */
void dial_words(int os_error, char *to, size_t size);

#endif
