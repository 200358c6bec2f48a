/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kernel itself would do with a packet to an address, and which entry of its tables says
 * so: asked when something failed or stayed silent. No packet is sent, and no privilege is needed.
 * Source: rtnetlink(7), ip-route(8), ip-rule(8).
 */
#ifndef NET_ROUTE_H
#define NET_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/wire.h"

/* The way of what is sent to this port (rules of `ip rule` may name it), by UDP to 53 and by TCP to any other; before Linux 4.18
 * of what is sent to any. Fills `route` in; kind stays ROUTE_UNKNOWN when the kernel cannot be asked or `address` is none.
 * Takes microseconds: the kernel answers within the call. */
void route_look_up(const char *address, uint16_t port, struct route *route);

/* True when the next hop to `address` does not answer on its link: the kernel's entry of it is INCOMPLETE (ARP, RFC 826,
 * or neighbour solicitations, RFC 4861, went out each second and had no answer) or FAILED (it gave up after
 * three). A next hop that answers and drops what it gets is REACHABLE or STALE. */
bool route_ends_at_next_hop(const char *address, uint16_t port);

/* The same into a list of at most `max`, for one step that failed: nothing is asked when it did not
 * fail in a way that a route explains, or when the address is in the list already. */
void routes_doubt(struct route *routes, int32_t *n, int32_t max, const char *address, uint16_t port,
                  const struct step *step);

#endif
