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

static bool another(const struct run *run, bool *interrupted)
{
    struct rounds_state state = {.n_done = run->n_rounds,
                                 .remaining_ms = run->deadline_ms - clock_monotonic_ms()};
    struct pollfd signal = {.fd = run->signal_fd, .events = POLLIN};
    int64_t wait_ms;

    (void)!getrandom(&state.random, sizeof(state.random), GRND_NONBLOCK);
    *interrupted = run->facts->stopped_by == STOPPED_BY_SIGNAL;
    if (run->facts->stopped_by != STOPPED_BY_NOTHING || !rounds_next(run->report, &state, &wait_ms))
        return false;
    *interrupted = clock_rest(&signal, 1, wait_ms) > 0;
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
