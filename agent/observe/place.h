/* SPDX-License-Identifier: Apache-2.0
 *
 * Where an address lies. The VPC's own CIDRs come first, since a VPC may use any range, public
 * ones too; then the private ranges of RFC 1918, RFC 6598, RFC 2544 and RFC 4193. Pure.
 */
#ifndef OBSERVE_PLACE_H
#define OBSERVE_PLACE_H

#include <stdbool.h>

#include "model/facts.h"

/* PLACE_UNKNOWN when the address is none. */
enum place place_of(const char *address, const struct instance_facts *instance);

/* False also when either does not parse or the families differ. */
bool place_in_cidr(const char *address, const char *cidr);

/* The VPC's own resolver: the base of its first IPv4 CIDR plus two (VPC User Guide, "DNS
 * attributes for your VPC"). False without a CIDR. */
bool place_vpc_resolver(const struct instance_facts *instance, char to[ADDRESS_SIZE]);

#endif
