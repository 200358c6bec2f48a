/* SPDX-License-Identifier: Apache-2.0
 *
 * The SSM agent as it is installed here: package, version, unit, configuration, environment. Only
 * files are read, and nothing is executed. The checks do what the agent will do, so its overrides,
 * its proxy and its CA bundle count, not those of our own environment.
 * Paths: amazon-ssm-agent packaging/linux, agent/appconfig/constants_unix.go.
 */
#ifndef DISCOVER_AGENT_H
#define DISCOVER_AGENT_H

#include "discover/plan.h"
#include "model/facts.h"

/* Package, version, unit state, proxy variables, CA bundle. */
void agent_read(const char *root, struct agent_facts *agent);

/* amazon-ssm-agent.json: agent->config_file, agent->config (a parse error names the line), and the
 * overrides. Without a file config is OK and overrides stay empty. */
void agent_read_config(const char *root, struct agent_facts *agent,
                       struct agent_overrides *overrides);

/* When the instance is known: fails agent->config if it names another region than the instance's. */
void agent_judge_config(const struct instance_facts *instance,
                        const struct agent_overrides *overrides, struct agent_facts *agent);

#endif
