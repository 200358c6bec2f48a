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

enum { OUTPUT_LOG_MAX_MS = 1000 }; /* of a line on standard error */

/* All writes of the process share one budget. It ends at this moment (monotonic), and 1 s after a signal to end
 * (SIGINT, SIGTERM, SIGHUP), which waits to be taken. What is written later is tried, and not waited for.
 * Until it is called there is no such moment. */
void output_set_deadline(int64_t deadline_ms);

/* What is left of the budget to somebody who began then and has max_ms; 0 or less: nothing. */
int64_t output_left_ms(int64_t began_ms, int64_t max_ms);

/* Writes all of it, whether the descriptor blocks or not, for max_ms at most. A standard stream that was
 * given up is not waited for again before it took something. Needs no memory. Returns 0, ETIMEDOUT, or
 * another errno value. */
int output_write(int fd, const char *bytes, size_t n, int64_t max_ms);

/* Between these two, a system call that blocks ends with EINTR, after 50 ms at most: then it is tried again,
 * if what output_guard() returned, as output_left_ms() does, was more than 0. */
int64_t output_guard(int64_t began_ms, int64_t max_ms);
void output_unguard(void);

/* --- the program's own log, on stderr. A function logs an error or returns it, never both --- */

void log_set_verbose(bool verbose);

/* Trouble with the program or its usage. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What the program does, with --verbose. */
void log_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
