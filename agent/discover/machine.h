/* SPDX-License-Identifier: Apache-2.0
 *
 * What this machine is, from files and the kernel alone: no packet is sent.
 */
#ifndef DISCOVER_MACHINE_H
#define DISCOVER_MACHINE_H

#include "model/facts.h"

/* DMI and hypervisor identity (EC2 User Guide, "Detect whether a host is an EC2 instance"). */
void machine_read(const char *root, struct machine_facts *machine);

/* Whether a unit that keeps the clock right is enabled. */
void time_sync_read(const char *root, struct machine_facts *machine);

/* Whether a container runtime is installed, by its files. */
void containers_read(const char *root, struct machine_facts *machine);

/* Interfaces, addresses, and whether a default route exists. */
void network_read(struct network_facts *network);

/* When IMDS or a resolver was silent: what the interfaces dropped over their limit of link-local
 * packets. */
void allowance_read(struct facts *facts);

/* IPv4 packets that came in and that no protocol got, since boot: dropped by a firewall or by the
 * reverse path filter. -1 when not known. RFC 4293's counters. */
int64_t delivery_read(const char *root);

/* Second opinions on addresses that were silent: what was lost on this machine since `before` (of
 * delivery_read), and if anything was, which rules of its firewall drop it. Those are read until
 * until_ms (monotonic) and no longer. */
void firewall_look(const char *root, int64_t before, int64_t until_ms, struct facts *facts);

/* resolv.conf(5), and what stands behind systemd-resolved's stub. */
void resolvers_read(const char *root, struct resolver_facts *resolvers);

#endif
