/* SPDX-License-Identifier: Apache-2.0
 *
 * The SSM agent as it is installed here: package, version, unit, configuration, environment.
 * Only files are read; nothing is executed. What the agent will really do is what is tested, so
 * its overrides, its proxy and its CA bundle matter, and never those of our own environment.
 * Paths: amazon-ssm-agent packaging/linux, agent/appconfig/constants_unix.go.
 */
#ifndef DISCOVER_AGENT_H
#define DISCOVER_AGENT_H

#include "discover/plan.h"
#include "model/facts.h"

/* Package, version, unit state, proxy variables, CA bundle. */
void agent_read(const char *root, struct agent_facts *agent);

/* amazon-ssm-agent.json: agent->config_file, agent->config (parse errors, with the byte), and the
 * overrides. Without a file config is OK and overrides stay empty. */
void agent_read_config(const char *root, struct agent_facts *agent,
                       struct agent_overrides *overrides);

/* Once the instance is known: a region in the configuration that is not the instance's own. */
void agent_judge_config(const struct instance_facts *instance,
                        const struct agent_overrides *overrides, struct agent_facts *agent);

#endif
