/* SPDX-License-Identifier: Apache-2.0
 *
 * The instance's role: what profile is attached, which role it holds, and its credentials.
 * Sources: EC2 User Guide, "Retrieve security credentials from instance metadata"; IAM User Guide,
 * "Troubleshoot IAM and Amazon EC2" (a 200 answer whose Code is no Success).
 */
#ifndef DISCOVER_ROLE_H
#define DISCOVER_ROLE_H

#include "discover/imds.h"
#include "model/facts.h"
#include "net/credentials.h"

struct role_reader;

/* Reads into facts->role, and the secrets into `credentials`, which stay empty unless usable.
 * `known` comes once: then both steps of the role are settled. NULL when out of memory. */
struct role_reader *role_read(struct imds *imds, const char *root, struct facts *facts,
                              struct credentials *credentials, void (*known)(void *arg), void *arg);

/* To be called after the loop is done with it. NULL is fine. */
void role_reader_free(struct role_reader *reader);

#endif
