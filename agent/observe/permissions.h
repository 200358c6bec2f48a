/* SPDX-License-Identifier: Apache-2.0
 *
 * Signed requests, and what their answers say of the actions that they need.
 */
#ifndef OBSERVE_PERMISSIONS_H
#define OBSERVE_PERMISSIONS_H

#include <stddef.h>

#include "model/facts.h"

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
