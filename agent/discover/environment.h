/* SPDX-License-Identifier: Apache-2.0
 *
 * The environment that systemd gives the agent, systemd.exec(5) "Environment", and what the agent (Go's
 * net/http, AWS's SDK) takes from it. Only variables that decide where it goes are kept, never a secret.
 */
#ifndef DISCOVER_ENVIRONMENT_H
#define DISCOVER_ENVIRONMENT_H

#include "model/facts.h"

/* Of agent->unit: http_proxy, https_proxy, no_proxy, proxy_file, ssl_cert_file, ssl_cert_dir, variables,
 * environment. */
void environment_read(const char *root, struct agent_facts *agent);

#endif
