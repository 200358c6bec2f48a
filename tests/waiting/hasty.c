/* SPDX-License-Identifier: Apache-2.0
 *
 * The time of a program whose pauses pass at once: `wait` goes through an hour in a second or two, with
 * the packets, requests and processor time of that hour. While a round runs, time is what it is.
 */
#include "base/clock.h"

/* A moment in which a change, a signal or the other processes of a test come through. */
enum { MOMENT_MS = 5 };

static int64_t skipped_us;

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
int64_t __real_clock_monotonic_us(void);
int64_t __wrap_clock_monotonic_us(void);
int64_t __wrap_clock_monotonic_ms(void);
int __wrap_clock_rest(struct pollfd *fds, nfds_t n, int64_t wait_ms);

int64_t __wrap_clock_monotonic_us(void)
{
    return __real_clock_monotonic_us() + skipped_us;
}

int64_t __wrap_clock_monotonic_ms(void)
{
    return __wrap_clock_monotonic_us() / 1000;
}

int __wrap_clock_rest(struct pollfd *fds, nfds_t n, int64_t wait_ms)
{
    int ready = poll(fds, n, wait_ms < MOMENT_MS ? (int)wait_ms : MOMENT_MS);

    if (ready == 0 && wait_ms > MOMENT_MS)
        skipped_us += (wait_ms - MOMENT_MS) * 1000;
    return ready;
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */
