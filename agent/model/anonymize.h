/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts that may be pasted in public (--anonymize): every account, resource id, name of a role or
 * profile, foreign host name, address, MAC, uuid and request id gives way to another one of its
 * kind. The same becomes the same and different ones stay different, wherever they stand, also
 * inside what a server said; numbers go by first appearance in the walk over fields.h.
 *
 * What a diagnosis looks at stays: regions, zones, AWS's own service names, versions, and how
 * addresses lie to each other. Two addresses share as many leading bits as before; private stays
 * private, public stays public, link-local, loopback and fd00:ec2::/32 stay as they are, the first
 * four addresses of a block of the VPC or the subnet stay the first four, prefix lengths stay.
 *
 * What is not known to be harmless is replaced whole: a new member of facts that has no rule in
 * anonymize.c cannot leak. Plain words of a foreign server (the title of a proxy's page) stay.
 */
#ifndef MODEL_ANONYMIZE_H
#define MODEL_ANONYMIZE_H

#include <stdbool.h>

#include "model/facts.h"
#include "model/fields.h"

/* False when out of memory: the facts are as they were then, and must not be shown. */
bool anonymize_facts(struct facts *facts);

/* True when a member of a struct of facts has a rule of its own: for the test that wants one for
 * each. */
bool anonymize_has_rule(const struct fields *fields, const struct field *field);

#endif
