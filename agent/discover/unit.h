/* SPDX-License-Identifier: Apache-2.0
 *
 * The agent's systemd unit, by its files alone (systemd.unit(5)): enabled, masked, and the
 * environment that it and its drop-ins set.
 */
#ifndef DISCOVER_UNIT_H
#define DISCOVER_UNIT_H

#include "model/facts.h"

/* agent->unit, unit_state, running, https_proxy, no_proxy, proxy_file, ssl_cert_file. */
void unit_read(const char *root, struct agent_facts *agent);

#endif
