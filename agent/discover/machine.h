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

/* Interfaces, addresses, and whether a default route exists. */
void network_read(struct network_facts *network);

/* Which of them are the instance's: IMDS lists these MAC addresses, in a text. */
void network_mark_own(struct network_facts *network, const char *macs);

/* The MAC address of the interface that has this address; empty when there is none. */
void network_mac_of(const char *address, char mac[NAME_SIZE]);

/* The subnet's block, by the netmask of this address: DHCP gives both. Nothing where no subnet of a VPC is so large or
 * small. */
void network_block_of(const char *address, struct facts *facts);

/* After a round: the kernel's routes to the resolvers that did not answer. */
void resolvers_doubt(struct facts *facts);

/* IPv4 packets that came in and that no protocol got, since boot: dropped by a firewall or by the
 * reverse path filter. -1 when not known. RFC 4293's counters. */
int64_t delivery_read(const char *root);

/* A second opinion where connect() was silent: how much was lost so since `before` (of
 * delivery_read). Where nothing was silent the counters are not read again. */
void delivery_compare(const char *root, int64_t before, struct facts *facts);

/* resolv.conf(5), what stands behind systemd-resolved's stub, and nsswitch.conf(5). */
void resolvers_read(const char *root, struct resolver_facts *resolvers);

/* hint.c: which Region this may be, before IMDS has said so: names are looked up and connections opened
 * meanwhile. From the agent's configuration, a search domain of resolv.conf, our last report, or
 * cloud-init's instance data. False when none of them names a Region. */
bool hint_region(const char *root, const struct facts *facts, char region[REGION_SIZE]);

#endif
