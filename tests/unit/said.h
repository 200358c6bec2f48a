/* SPDX-License-Identifier: Apache-2.0
 *
 * What a command writes to standard output and to standard error, for tests that run one.
 */
#ifndef TESTS_SAID_H
#define TESTS_SAID_H

#include "options.h"

enum { SAID_MAX_BYTES = 512 * 1024 };

extern char said_out[SAID_MAX_BYTES], said_err[SAID_MAX_BYTES];

/* Options as the command line gives them: words separated by spaces. They hold until the next call. */
const struct options *options_of(const char *line);

/* Runs the command, and returns its exit status. What it wrote is in said_out and said_err. */
int command_run(int (*command)(const struct options *options), const struct options *options);

#endif
