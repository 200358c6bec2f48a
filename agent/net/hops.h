/* SPDX-License-Identifier: Apache-2.0
 *
 * Would the answer to one request survive one more router? A connection of its own takes no packet
 * with a TTL (IPv6: hop limit) below 2 once it stands: IP_MINTTL, ip(7); IPV6_MINHOPCOUNT,
 * linux/in6.h. What comes with less the kernel drops, and counts on the socket: SO_MEMINFO,
 * SK_MEMINFO_DROPS of linux/sock_diag.h, since Linux 4.12.
 */
#ifndef NET_HOPS_H
#define NET_HOPS_H

#include <stdint.h>

#include "net/loop.h"

enum hops_answer {
    HOPS_UNKNOWN, /* no answer yet, or this kernel cannot tell */
    HOPS_SPARE,   /* an answer came, and would have survived */
    HOPS_NONE,    /* only packets that the next router would have discarded came */
};

struct hops;

/* Sends `request` (copied; whole HTTP) to an IPv4 or IPv6 address in the background: the loop never
 * waits for it. Of the answer five bytes are looked at, and none is kept. NULL when it could not
 * start. */
struct hops *hops_ask(struct loop *loop, const char *address, uint16_t port, const char *request);

/* What is known by now. NULL is fine. */
enum hops_answer hops_read(const struct hops *hops);

/* To be called after the loop is done with it. NULL is fine. */
void hops_free(struct hops *hops);

#endif
