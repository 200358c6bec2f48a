/* SPDX-License-Identifier: Apache-2.0
 *
 * One counter of a network driver, as `ethtool -S` shows it; needs no privilege.
 * ENA's own: EC2 User Guide, "Monitor network performance for ENA settings".
 */
#ifndef NET_ETHTOOL_H
#define NET_ETHTOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Packets dropped because those for link-local services (IMDS, DNS, time) exceeded 1,024 a second. */
#define ETHTOOL_LINK_LOCAL "linklocal_allowance_exceeded"

/* False when there is no such interface, driver statistics, or counter. */
bool ethtool_counter(const char *interface, const char *name, uint64_t *value);

/* The place of a name among n names of 32 bytes each, ended by a zero unless they fill them; -1 when
 * it is not there. Pure. */
int ethtool_find(const char *names, size_t n, const char *name);

#endif
