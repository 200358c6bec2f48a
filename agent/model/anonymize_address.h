/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses that give way to others without losing how they lie to each other: two share as many
 * leading bits as before; private stays private and public stays public; link-local, loopback and
 * fd00:ec2::/32 stay as they are; the first four addresses of a block of the VPC or the subnet stay the
 * first four.
 */
#ifndef MODEL_ANONYMIZE_ADDRESS_H
#define MODEL_ANONYMIZE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/facts.h"
#include "model/place.h"

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
