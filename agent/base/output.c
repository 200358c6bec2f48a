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

enum {
    TICK_MS = 50,        /* how often what blocks is interrupted, to look for a signal */
    AT_LEAST_MS = 2,     /* what there is room for may take, however late it is */
    SIGNALLED_MS = 1000, /* past a signal to end */
    N_STANDARD = STDERR_FILENO + 1,
};

/* Until this moment all of the process may wait for its readers, together. */
static int64_t until_ms = INT64_MAX;
static bool is_signalled;
static bool is_stuck[N_STANDARD]; /* the last write of it was given up */

static int64_t earlier(int64_t one_ms, int64_t other_ms)
{
    return one_ms < other_ms ? one_ms : other_ms;
}

void output_set_deadline(int64_t deadline_ms)
{
    until_ms = deadline_ms;
}

/* The loop's signals are blocked and stay pending until somebody takes them. */
static bool is_told_to_end(void)
{
    sigset_t pending;

    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
            sigismember(&pending, SIGHUP) == 1);
}

int64_t output_left_ms(int64_t began_ms, int64_t max_ms)
{
    int64_t now_ms = clock_monotonic_ms();

    if (!is_signalled && is_told_to_end()) {
        is_signalled = true;
        until_ms = earlier(until_ms, now_ms + SIGNALLED_MS);
    }
    int64_t own_ms = max_ms > INT64_MAX - began_ms ? INT64_MAX : began_ms + max_ms;
    return earlier(until_ms, own_ms) - now_ms;
}

static void interrupt(int signal_number)
{
    (void)signal_number;
}

static void set_timer(int64_t every_ms)
{
    const struct timeval every = {.tv_usec = every_ms * 1000};
    const struct itimerval timer = {every, every};

    (void)setitimer(ITIMER_REAL, &timer, NULL);
}

int64_t output_guard(int64_t began_ms, int64_t max_ms)
{
    const struct sigaction action = {.sa_handler = interrupt}; /* without SA_RESTART */
    int64_t left_ms = output_left_ms(began_ms, max_ms);
    sigset_t alarm_only;

    (void)sigemptyset(&alarm_only);
    (void)sigaddset(&alarm_only, SIGALRM);
    (void)sigaction(SIGALRM, &action, NULL);
    (void)sigprocmask(SIG_UNBLOCK, &alarm_only, NULL); /* whoever started us may have blocked it */
    set_timer(left_ms < AT_LEAST_MS ? AT_LEAST_MS : earlier(left_ms, TICK_MS));
    return left_ms;
}

void output_unguard(void)
{
    set_timer(0);
}

/* Too late to wait: it is written only if there is room for something. */
static bool has_room(int fd, int wait_ms)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};

    return poll(&room, 1, wait_ms) != 0;
}

int output_write(int fd, const char *bytes, size_t n, int64_t max_ms)
{
    bool standard = fd >= 0 && fd < N_STANDARD;
    int64_t began_ms = clock_monotonic_ms(), left_ms = 1;
    int error = 0;

    if (standard && is_stuck[fd])
        max_ms = 0;
    while (n > 0 && left_ms > 0 && (!error || error == EINTR || error == EAGAIN)) {
        left_ms = output_guard(began_ms, max_ms);
        if (left_ms <= 0 && !has_room(fd, 0))
            break;
        ssize_t written = write(fd, bytes, n);
        error = written < 0 ? errno : 0;
        if (written > 0) {
            bytes += written;
            n -= (size_t)written;
        } else if ((!error || error == EAGAIN) && left_ms > 0) {
            (void)has_room(fd, TICK_MS); /* the timer ends it too */
        }
    }
    output_unguard();
    if (n > 0 && (!error || error == EINTR || error == EAGAIN))
        error = ETIMEDOUT;
    if (standard)
        is_stuck[fd] = error == ETIMEDOUT;
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
    (void)output_write(STDERR_FILENO, whole, strlen(whole), OUTPUT_LOG_MAX_MS);
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
