/* SPDX-License-Identifier: Apache-2.0
 *
 * Where an address lies, by the VPC's own CIDR blocks first: a VPC may use public ranges, and a
 * private address may lie outside the VPC. Pure.
 */
#ifndef MODEL_PLACE_H
#define MODEL_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/facts.h"

/* The bits of an address, or of a block's base. */
struct bits {
    unsigned char byte[16];
    unsigned int n; /* 32 or 128 */
};

/* False when the n characters are no address, or the text is no block. */
bool bits_parse(const char *text, size_t n, struct bits *to);
bool bits_parse_block(const char *cidr, struct bits *base, unsigned int *n_prefix);

/* How many leading bits two addresses of one family share; 0 for those of two families. */
unsigned int bits_shared(const struct bits *a, const struct bits *b);

/* The last address of an IPv4 block: of a subnet, the one for broadcasts. */
bool bits_end_block(const struct bits *bits, const struct bits *base, unsigned int n_prefix);

/* PLACE_UNKNOWN when it is no address. */
enum place place_of(const struct instance_facts *instance, const char *address);

/* False when either is no address, no block, or of the other family. */
bool place_in_cidr(const char *address, const char *cidr);

/* By the lists of IPAddressDeny= and IPAddressAllow=, which wins: systemd.resource-control(5). */
bool place_is_denied(const char *denied, const char *allowed, const char *address);

/* True for a block that a VPC or a subnet may have: IPv4 of /16 to /28, IPv6 of /44 to /64 (VPC User
 * Guide, "VPC CIDR blocks"). No such block, cut off anywhere, is another one. */
bool place_is_vpc_block(const char *cidr);

/* True where both addresses would share a subnet of the size of the instance's own: a guess, as
 * the bounds of other subnets are not known from inside. */
bool place_are_neighbours(const struct instance_facts *instance, const char *a, const char *b);

/* The VPC's own resolver: the base of an IPv4 CIDR plus two, of the first one by custom (VPC User Guide,
 * "DNS attributes for your VPC"). False without such a CIDR. */
bool place_resolver_of(const char *cidr, char to[ADDRESS_SIZE]);
bool place_vpc_resolver(const struct instance_facts *instance, char to[ADDRESS_SIZE]);

#endif
