/* SPDX-License-Identifier: Apache-2.0
 *
 * What the proven actions add up to: for one service's check, over all services for the causes, and by
 * capability for whoever reads the report.
 */
#ifndef DIAGNOSE_POLICY_H
#define DIAGNOSE_POLICY_H

#include "model/report.h"

struct proven {
    int32_t allowed;
    int32_t denied;
    int32_t unclear;
    int32_t not_probed;
    int32_t took_ms;
    enum status verdict;              /* pass, warn or fail, when anything was probed */
    const struct action_facts *first; /* the one that decided when it did not pass */
};
struct proven policy_prove(const struct facts *facts, enum service service);

/* Over all planned services: how many proven actions are allowed, and denied by whom. */
struct denials {
    int32_t allowed;
    int32_t denied;
    int32_t by_nobody_allowing; /* "because no identity-based policy allows" */
    int32_t by_later_policy; /* of a boundary or a session: identity-based policies did allow it */
    int32_t unclear;         /* answered, but neither allowed nor denied */
};
struct denials policy_count(const struct facts *facts);

/* The role likely carries no policy for Systems Manager, though not every action could be proven. */
bool policy_is_missing(const struct facts *facts);

/* An action of the service is denied so: bits of enum denied_by. */
bool policy_denied_by(const struct facts *facts, enum service service, uint32_t denied_by);

/* The tools that will not work for want of the actions that the view's row and checks are about: "State
 * Manager, Distributor". Empty: the SSM agent itself does not come up, or nothing needs them. */
void policy_tools(const struct facts *facts, check_set checks, uint32_t denied_by, char *to,
                  size_t size);

/* The 25 actions and the capabilities, counted. */
void policy_sum(const struct facts *facts, struct permissions_sum *sum);

/* --- Default Host Management --- */

/* The role as it is keeps the agent from its own credentials, in a way in which the agent then asks
 * Default Host Management for others; so it comes up where that is on. Source: amazon-ssm-agent
 * ec2roleprovider/ec2_role_provider_deps.go. */
bool policy_dhmc_heals_role(const struct facts *facts);
bool policy_dhmc_heals_denial(const struct facts *facts);

/* The agent's credentials are those of Default Host Management: by its files, or by --dhmc. */
bool policy_by_dhmc(const struct facts *facts);

#endif
