/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel's own word on routes, where it was asked. connect()'s errno alone cannot tell a reject by a
 * firewall from a route, nor silence in the VPC from a packet that never got there.
 */
#ifndef DIAGNOSE_ROUTES_H
#define DIAGNOSE_ROUTES_H

#include "model/facts.h"

enum { ROUTE_TABLE_MAIN = 254 };

/* "prohibit", as `ip route` says it. */
const char *route_words(enum route_kind kind);

/* What the kernel was asked about this address, or NULL. */
const struct route *route_find(const struct facts *facts, const char *address);

/* The kernel would send packets there by a device that is not the instance's, or from an address that is not
 * the instance's, though another device of this machine may be: a tunnel, a bridge of containers. */
bool route_leads_astray(const struct facts *facts, const char *address);

/* The address is on the link of another interface of the instance than the primary one. */
bool route_is_by_other_interface(const struct facts *facts, const char *address);

/* The kernel would send packets there: what failed at once is no route's doing. */
bool route_leads_to(const struct facts *facts, const char *address);

/* The tables or rules keep packets from going there. */
bool route_refuses(const struct facts *facts, const char *address);

#endif
