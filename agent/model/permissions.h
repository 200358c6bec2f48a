/* SPDX-License-Identifier: Apache-2.0
 *
 * The 25 actions of AmazonSSMManagedInstanceCore (version 2, 2019-05-23): what each is needed for, and how
 * it is proven. What for: the only callers of each action in amazon-ssm-agent 3.3.1142.0. Request shapes:
 * SSM API reference; for the operations that only the agent uses, the agent's own clients (agent/ssm,
 * vendor service/ssmmds, agent/session/service). docs/permissions.md explains.
 */
#ifndef MODEL_PERMISSIONS_H
#define MODEL_PERMISSIONS_H

#include <stddef.h>
#include <stdint.h>

#include "model/facts.h"

/* What works, or not, by what is allowed: tools of Systems Manager, by AWS's names. */
enum capability {
    CAPABILITY_SESSIONS,
    CAPABILITY_STATE_MANAGER,
    CAPABILITY_PATCH,
    CAPABILITY_INVENTORY,
    CAPABILITY_PARAMETERS,
    CAPABILITY_DISTRIBUTOR,
    CAPABILITY_RUN_COMMAND,
    N_CAPABILITIES
};
enum {
    CAPABILITIES_ALL = (1 << N_CAPABILITIES) - 1, /* --for core: the policy but for ec2messages */
    CAPABILITY_AGENT = 1 << N_CAPABILITIES,       /* denied, the agent does not come up */
};

struct capability_row {
    const char *name;  /* of --for: "state-manager" */
    const char *words; /* what does not work when an action is denied */
};
extern const struct capability_row capability_rows[N_CAPABILITIES];

/* The bits of the capabilities that a list names, "sessions patch" or "core". Other words count nothing. */
uint32_t capabilities_in(const char *list);

enum proof {
    PROOF_SAFE,  /* a request without any effect: sent by default */
    PROOF_ALONE, /* the same, unless the agent holds a channel already */
    PROOF_AGENT, /* registers, as the agent does first: sent where it is about to (--permissions agent) */
    PROOF_DEEP,  /* names something that does not exist: --permissions deep */
    PROOF_NEVER, /* no request without effect is known */
};

struct permission_row {
    enum service service;
    const char *action;    /* "ssm:ListAssociations" */
    uint32_t capabilities; /* bits; 0: nothing of today needs it */
    enum proof proof;
    const char *path;    /* of the POST */
    const char *target;  /* X-Amz-Target, NULL for REST */
    const char *body;    /* {instance}, {version} and {uuid} are filled in */
    const char *allowed; /* error codes that only an authorized caller sees, space separated */
    const char *why_not; /* what the request would do, where it is not always sent */
};

extern const struct permission_row permissions[];
extern const size_t n_permissions;

/* NULL: none of the policy's. */
const struct permission_row *permission_find(const char *action);

/* Why the request is not to be sent here; NULL: it is. Whether the agent is connected must be known. */
const char *permission_why_not(const struct permission_row *row, const struct facts *facts);

#endif
