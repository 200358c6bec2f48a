/* SPDX-License-Identifier: Apache-2.0
 *
 * One round, or up to four when an answer says "later". Then the report. A signal or the deadline
 * ends the rounds, and the report has what is known by then.
 */
#include <poll.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/output.h"
#include "run/rounds.h"
#include "run/run.h"

/* True when a signal came instead. */
static bool wait_or_signal(int signal_fd, int64_t wait_ms)
{
    struct pollfd fd = {.fd = signal_fd, .events = POLLIN};
    return poll(&fd, 1, (int)wait_ms) > 0;
}

static bool another(const struct run *run, bool *interrupted)
{
    struct rounds_state state = {.n_done = run->n_rounds,
                                 .remaining_ms = run->deadline_ms - clock_monotonic_ms()};
    int64_t wait_ms;

    (void)!getrandom(&state.random, sizeof(state.random), GRND_NONBLOCK);
    *interrupted = run->facts->stopped_by == STOPPED_BY_SIGNAL;
    if (run->facts->stopped_by != STOPPED_BY_NOTHING || !rounds_next(run->report, &state, &wait_ms))
        return false;
    *interrupted = wait_or_signal(run->signal_fd, wait_ms);
    return !*interrupted;
}

int command_check(const struct options *options)
{
    struct run run;
    int status = run_open(&run, options,
                          options->deadline_ms ? options->deadline_ms : DEFAULT_DEADLINE_MS);

    if (status == EXIT_READY) {
        bool ran, interrupted = false;
        do
            ran = run_round(&run, NULL, NULL);
        while (ran && another(&run, &interrupted));
        status = ran ? tell_report(options, run.report) : EXIT_FAULT;
        if (interrupted && !options->quiet)
            log_error(INTERRUPTED);
    }
    run_close(&run);
    return status;
}
