/* SPDX-License-Identifier: Apache-2.0
 *
 * The 25 actions of AmazonSSMManagedInstanceCore (version 2, 2019-05-23) and how each is proven.
 * Request shapes: SSM API reference; for the operations that only the agent uses, the agent's own
 * clients (agent/ssm, vendor service/ssmmds, agent/session/service). docs/permissions.md explains.
 */
#ifndef OBSERVE_PERMISSIONS_H
#define OBSERVE_PERMISSIONS_H

#include <stddef.h>

#include "model/facts.h"

enum proof {
    PROOF_SAFE,  /* a request without any effect: sent by default */
    PROOF_DEEP,  /* registers, or names something that does not exist: --permissions deep */
    PROOF_NEVER, /* no request without effect is known */
};

struct permission_row {
    enum service service;
    const char *action; /* "ssm:ListAssociations" */
    enum proof proof;
    const char *path;    /* of the POST */
    const char *target;  /* X-Amz-Target, NULL for REST */
    const char *body;    /* {instance}, {version} and {uuid} are filled in */
    const char *allowed; /* error codes that only an authorized caller sees, space separated */
    const char *why_not; /* deep, never: what the request would do */
};

extern const struct permission_row permissions[];
extern const size_t n_permissions;

/* Fills in {instance}, {version} (the SSM agent's) and {uuid} (a new one each). False when the result
 * does not fit. */
bool permission_fill(const char *pattern, const struct facts *facts, char *to, size_t size);

/* service_answer.c: what the answer to a signed request says about its action. Pure. Fills
 * permission, failure, denied_by, explicit_deny, status, code, message. `allowed` names the error
 * codes that only an authorized caller sees, space separated.
 * Error shapes: JSON 1.1 (`__type`, `Message`|`message`, header x-amzn-ErrorType) of ssm and
 * ec2messages, XML (root element or <Code>) of ssmmessages. Denial phrases: IAM User Guide,
 * "Troubleshoot access denied error messages". */
void service_answer_judge(const struct http_head *head, const char *body, size_t body_bytes,
                          const char *allowed, struct action_facts *action);

#endif
