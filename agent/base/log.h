/* SPDX-License-Identifier: Apache-2.0
 *
 * The program's own log, on stderr. A function logs an error or returns it, never both.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

void log_set_verbose(bool verbose);

/* Trouble with the program or its usage. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What the program does, with --verbose. */
void log_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
