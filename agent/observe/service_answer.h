/* SPDX-License-Identifier: Apache-2.0
 *
 * What an AWS service's answer to a signed request says about one action. Pure.
 * Error shapes: JSON 1.1 (`__type`, `Message`|`message`, header x-amzn-ErrorType) of ssm and
 * ec2messages, XML (root element or <Code>) of ssmmessages. Denial phrases: IAM User Guide,
 * "Troubleshoot access denied error messages".
 */
#ifndef OBSERVE_SERVICE_ANSWER_H
#define OBSERVE_SERVICE_ANSWER_H

#include <stddef.h>

#include "model/facts.h"

/* Judges one answer: fills permission, failure, denied_by, explicit_deny, status, code, message.
 * `allowed` names the error codes that only an authorized caller sees, space separated. */
void service_answer_judge(const struct http_head *head, const char *body, size_t body_bytes,
                          const char *allowed, struct action_facts *action);

/* Which policy a denial's words name. */
enum denied_by service_answer_denied_by(const char *message, bool *explicit_deny);

#endif
