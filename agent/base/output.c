/* SPDX-License-Identifier: Apache-2.0
 *
 * The timer goes on after its first signal: a call that began just after one would block for ever.
 */
#include "base/output.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum { TICK_MS = 50, TERMINAL_MIN_MS = 3000, OTHER_MIN_MS = 100, SIGNALLED_MAX_MS = 1000 };

static int64_t deadline_ms = INT64_MAX;

void output_set_deadline(int64_t monotonic_ms)
{
    deadline_ms = monotonic_ms;
}

static void interrupt(int signal_number)
{
    (void)signal_number;
}

static void set_timer(int64_t first_ms, int64_t every_ms)
{
    const struct itimerval timer = {
        .it_value = {.tv_sec = first_ms / 1000, .tv_usec = first_ms % 1000 * 1000},
        .it_interval = {.tv_sec = every_ms / 1000, .tv_usec = every_ms % 1000 * 1000},
    };
    (void)setitimer(ITIMER_REAL, &timer, NULL);
}

void output_guard(int64_t max_ms)
{
    const struct sigaction action = {.sa_handler = interrupt}; /* without SA_RESTART */
    sigset_t alarm_only;

    (void)sigemptyset(&alarm_only);
    (void)sigaddset(&alarm_only, SIGALRM);
    (void)sigaction(SIGALRM, &action, NULL);
    (void)sigprocmask(SIG_UNBLOCK, &alarm_only, NULL); /* whoever started us may have blocked it */
    set_timer(max_ms < TICK_MS ? TICK_MS : max_ms, TICK_MS);
}

void output_unguard(void)
{
    set_timer(0, 0);
}

/* The loop's signals are blocked and stay pending until somebody takes them. */
static bool is_told_to_end(void)
{
    sigset_t pending;

    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
            sigismember(&pending, SIGHUP) == 1);
}

static bool is_too_late(int fd, int64_t began_ms)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t least_ms = isatty(fd) == 1 ? TERMINAL_MIN_MS : OTHER_MIN_MS;

    if (is_told_to_end())
        return now_ms >= began_ms + SIGNALLED_MAX_MS;
    return now_ms >= deadline_ms && now_ms >= began_ms + least_ms;
}

int output_write(int fd, const char *bytes, size_t n)
{
    int64_t began_ms = clock_monotonic_ms();
    int error = 0;

    output_guard(TICK_MS);
    while (n > 0 && !error) {
        struct pollfd room = {.fd = fd, .events = POLLOUT};
        ssize_t written = write(fd, bytes, n);

        if (written >= 0) {
            bytes += written;
            n -= (size_t)written;
        } else if (errno != EINTR && errno != EAGAIN) {
            error = errno;
        } else if (is_too_late(fd, began_ms)) {
            error = ETIMEDOUT;
        } else if (errno == EAGAIN) {
            (void)poll(&room, 1, TICK_MS); /* somebody else made it non-blocking */
        }
    }
    output_unguard();
    return error;
}

/* --- the log: one line a message, prefixed with the program's name, escaped, since a message may quote a file --- */

static bool is_verbose;

void log_set_verbose(bool verbose)
{
    is_verbose = verbose;
}

static void write_line(const char *format, va_list arguments)
{
    char line[1024], escaped[2048], whole[2100];

    (void)vsnprintf(line, sizeof(line), format, arguments);
    (void)text_escape(escaped, sizeof(escaped), line, strlen(line));
    (void)text_set(whole, sizeof(whole), "ssm-preflight: %s\n", escaped);
    (void)output_write(STDERR_FILENO, whole, strlen(whole));
}

void log_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
}

void log_verbose(const char *format, ...)
{
    if (!is_verbose)
        return;
    va_list arguments;
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
}
