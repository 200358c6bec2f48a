/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts that may be pasted in public (--anonymize). What a text is says what becomes of it
 * (fields.h): an id another id of its kind, an address another one that lies like it, a host of AWS's
 * the same host with other ids in its name, every other name name-1, name-2 and so on; what a server
 * said is dropped. The same becomes the same and different ones stay different, wherever they stand.
 *
 * What a diagnosis looks at stays: regions, zones, AWS's own words, versions, paths that every machine
 * has. A word or a path that is none of those is a name.
 */
#ifndef MODEL_ANONYMIZE_H
#define MODEL_ANONYMIZE_H

#include "model/facts.h"
#include "model/place.h"

#include <stdbool.h>
#include <stddef.h>

void anonymize_facts(struct facts *facts);

/* --- anonymize_address.c ---
 * Addresses that give way to others without losing how they lie to each other: two share as many
 * leading bits as before; private stays private and public stays public; link-local, loopback and
 * fd00:ec2::/32 stay as they are; the first four addresses of a block of the VPC or the subnet stay the
 * first four. */

struct addresses {
    struct moved {
        struct bits from, to;
    } * moved; /* so far; owned */
    size_t n_moved, max_moved;
    struct block {
        struct bits base; /* host bits are zero */
        unsigned int n_prefix;
    } blocks[2 * MAX_CIDRS]; /* of the VPC and the subnet */
    size_t n_blocks;
};

/* On zeroed memory; with the blocks whose first addresses keep their place. */
void addresses_init(struct addresses *addresses, const struct instance_facts *instance);
void addresses_clear(struct addresses *addresses);

/* Moves an address of n characters; n_prefix >= 0 when "/n_prefix" follows it. False: it is none. */
bool address_move(struct addresses *addresses, const char *text, size_t n, int n_prefix,
                  char to[ADDRESS_SIZE]);

#endif
