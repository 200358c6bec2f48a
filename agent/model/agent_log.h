/* SPDX-License-Identifier: Apache-2.0
 *
 * The SSM agent's own lines, of its log or among others on a console. Pure.
 */
#ifndef MODEL_AGENT_LOG_H
#define MODEL_AGENT_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"

/* In the error of one that has ended by itself. */
#define AGENT_DID_NOT_START "Error occurred when starting amazon-ssm-agent"

/* What of the lines is the agent's: all, or those that name it. */
enum agent_lines { AGENT_LINES_ALL, AGENT_LINES_NAMED };

/* The last error, escaped, and behind it what it was caused by where a line shortly before says so. Empty
 * where there is none, or the agent has come up since. */
void agent_log_last_error(const char *text, size_t n, enum agent_lines lines,
                          char to[LINE_OF_LOG_SIZE]);

#endif
