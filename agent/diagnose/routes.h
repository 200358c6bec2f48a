/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel's own word on what failed at once: a route that refuses, or a route that is there, so
 * that a firewall refused.
 */
#ifndef DIAGNOSE_ROUTES_H
#define DIAGNOSE_ROUTES_H

#include "diagnose/finding.h"

/* What the kernel was asked about this address, or NULL. */
const struct route *routes_find(const struct facts *facts, const char *address);

/* The kernel would send packets there: what failed at once is no route's doing. */
bool routes_lead_to(const struct facts *facts, const char *address);

/* The tables or rules keep packets from going there. */
bool routes_refuse(const struct facts *facts, const char *address);

/* One line of evidence; nothing when the kernel was not asked. */
void routes_quote(const struct facts *facts, const char *address, struct finding *finding);

/* The command that takes the refusing entry away: "ip route del prohibit 10.0.0.0/8". False, and
 * nothing written, where the entry is not known. */
bool routes_undo(const struct facts *facts, const char *address, char *to, size_t size);

#endif
