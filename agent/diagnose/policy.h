/* SPDX-License-Identifier: Apache-2.0
 *
 * What the proven actions add up to: for one service's check, and over all services for the causes.
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
    const struct action_facts *first; /* the one that decided a warn or fail */
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

/* An action of the service is denied so: bits of enum denied_by. */
bool policy_denied_by(const struct facts *facts, enum service service, uint32_t denied_by);

#endif
