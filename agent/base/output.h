/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes that end, also when nobody reads: a full pipe, a stopped terminal, a service manager that hangs.
 *
 * A descriptor that others share must not be made non-blocking. So a timer interrupts the system call
 * instead: SIGALRM without SA_RESTART makes a blocked write(2) or sendmsg(2) return EINTR.
 */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nobody waits longer for a reader after this moment (monotonic) than the few moments that
 * output_write() gives. Until it is called there is no such moment. */
void output_set_deadline(int64_t deadline_ms);

/* Writes all of it to a descriptor that may block, until the deadline; but a terminal has at least 3 s,
 * and anything else 0.1 s. A signal to end (SIGINT, SIGTERM, SIGHUP), which waits to be taken, leaves 1 s.
 * Returns 0, ETIMEDOUT, or another errno value. */
int output_write(int fd, const char *bytes, size_t n);

/* Between these two, a system call that blocks for max_ms ends with EINTR. */
void output_guard(int64_t max_ms);
void output_unguard(void);

/* --- the program's own log, on stderr. A function logs an error or returns it, never both --- */

void log_set_verbose(bool verbose);

/* Trouble with the program or its usage. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What the program does, with --verbose. */
void log_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
