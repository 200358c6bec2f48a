/* SPDX-License-Identifier: Apache-2.0
 *
 * /etc/hosts as the agent's resolver (Go's net package, "files" before "dns") reads it: the first
 * field is an address, the others names, matched without regard to case. hosts(5).
 */
#ifndef OBSERVE_HOSTS_H
#define OBSERVE_HOSTS_H

#include "base/limits.h"

/* Returns how many addresses it pins `name` to, at most MAX_ADDRESSES. */
int hosts_look_up(const char *root, const char *name, char addresses[][ADDRESS_SIZE]);

#endif
