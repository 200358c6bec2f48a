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

/* The program that the agent's unit starts: SUSE's package has it in /usr/sbin. Without a unit, the
 * one in /usr/bin, where Amazon's packages have it. Not for the snap. */
bool agent_program_exists(const char *root);

/* A link or file below the .wants of this target (systemctl enable puts it there). */
bool unit_is_enabled(const char *root, const char *unit, const char *target);

/* Linked to /dev/null, for good or until the next boot. */
bool unit_is_masked(const char *root, const char *unit);

/* A started unit has a control group; unknown where systemd keeps none. */
enum answer unit_is_running(const char *root, const char *unit);

#endif
