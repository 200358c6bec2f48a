/* SPDX-License-Identifier: Apache-2.0
 *
 * Default Host Management Configuration: whether it has given this instance's agent credentials.
 * It cannot be asked for without registering, so only the agent's own files tell, and only after
 * the agent has run once: runtimeconfig/identity_config.json ("CredentialSource": "SSM") and
 * /var/lib/amazon/ssm/credentials (amazon-ssm-agent common/identity, core/app/credentialrefresher).
 */
#ifndef DISCOVER_DHMC_H
#define DISCOVER_DHMC_H

#include "model/facts.h"
#include "net/credentials.h"

/* Sets role->dhmc, and with usable credentials also role->from and expires_unix_s.
 * Returns ANSWER_YES only when the credentials could be read. */
enum answer dhmc_read(const char *root, struct role_facts *role, struct credentials *credentials);

#endif
