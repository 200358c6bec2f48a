/* SPDX-License-Identifier: Apache-2.0
 *
 * The TCP connections that root holds to port 443, or to a proxy's port, from proc_net_tcp (Linux
 * Documentation, networking/proc_net_tcp), by way of /proc/self, which a sandbox with ProcSubset=pid
 * leaves: read before we open any, so that none of them is ours.
 */
#ifndef OBSERVE_CONNECTIONS_H
#define OBSERVE_CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

enum { MAX_CONNECTIONS = 256 };

struct connections {
    bool known; /* the kernel's tables could be read, and all of them had room here */
    int n;
    char addresses[MAX_CONNECTIONS][ADDRESS_SIZE]; /* of the other side */
};

/* `root` is the prefix of /proc, "" for none. */
void connections_read(const char *root, uint16_t port, struct connections *connections);
bool connections_has(const struct connections *connections, const char *address);

#endif
