/* SPDX-License-Identifier: Apache-2.0
 *
 * One round, or up to three where an answer says "later"; then the report. A signal or the deadline
 * ends it with what is known so far.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "diagnose/diagnose.h"
#include "round.h"
#include "rounds.h"
#include "verbs/verbs.h"

struct checking {
    const struct options *options;
    struct imds_endpoint endpoint;
    struct trust *trust;
    int signal_fd;
    int64_t deadline_ms; /* monotonic */
    struct facts *facts;
    struct report *report;
};

/* Signals become readable, so they end a round between two turns and never inside one. */
static int open_signals(void)
{
    sigset_t signals;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
        return -1;
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* True when a signal came instead. */
static bool wait_or_signal(int signal_fd, int64_t wait_ms)
{
    struct pollfd fd = {.fd = signal_fd, .events = POLLIN};
    return poll(&fd, 1, (int)wait_ms) > 0;
}

static bool one_round(struct checking *checking, int n_rounds)
{
    const struct options *options = checking->options;
    const struct round_request request = {
        .wishes = &options->plan,
        .root = options->root,
        .endpoint = options->imds_endpoint[0] ? &checking->endpoint : NULL,
        .trust = checking->trust,
        .signal_fd = checking->signal_fd,
        .deadline_ms = checking->deadline_ms,
    };

    if (!round_run(&request, checking->facts))
        return false;
    checking->facts->rounds = n_rounds;
    checking->facts->deadline_ms = (int32_t)options->deadline_ms;
    diagnose(checking->facts, checking->report);
    return true;
}

static int run_rounds(struct checking *checking)
{
    struct rounds_state state = {0};
    int64_t wait_ms;

    for (;;) {
        if (!one_round(checking, ++state.n_done)) {
            log_error("out of memory, or no poll: the check could not run");
            return EXIT_FAULT;
        }
        log_verbose("round %d: %s", state.n_done, checking->report->summary);
        state.remaining_ms = checking->deadline_ms - clock_monotonic_ms();
        (void)!getrandom(&state.random, sizeof(state.random), GRND_NONBLOCK);
        if (checking->facts->stopped_by != STOPPED_BY_NOTHING ||
            !rounds_next(checking->report, &state, &wait_ms) ||
            wait_or_signal(checking->signal_fd, wait_ms))
            break;
    }
    return deliver_report(checking->options, checking->report);
}

static bool prepare(struct checking *checking, char *error, size_t error_size)
{
    const struct options *options = checking->options;
    const struct trust_sources sources = {
        .ca_file = options->ca_file[0] ? options->ca_file : NULL, .root = options->root};

    if (options->imds_endpoint[0] &&
        !imds_parse_endpoint(options->imds_endpoint, &checking->endpoint)) {
        (void)text_set(error, error_size, "imds-endpoint must be http://ADDRESS[:PORT], not '%s'",
                       options->imds_endpoint);
        return false;
    }
    checking->trust = trust_new(&sources, error, error_size);
    return checking->trust != NULL;
}

int verb_check(const struct options *options)
{
    int64_t limit_ms = options->deadline_ms ? options->deadline_ms : DEFAULT_DEADLINE_MS;
    struct options set = *options;
    struct checking checking = {.options = &set, .deadline_ms = clock_monotonic_ms() + limit_ms};
    char error[WORDS_SIZE];
    int status = EXIT_FAULT;

    set.deadline_ms = limit_ms;
    if (!prepare(&checking, error, sizeof(error))) {
        log_error("%s", error);
        return EXIT_USAGE;
    }
    checking.signal_fd = open_signals();
    checking.facts = calloc(1, sizeof(*checking.facts));
    checking.report = calloc(1, sizeof(*checking.report));
    if (checking.signal_fd >= 0 && checking.facts && checking.report)
        status = run_rounds(&checking);
    else
        log_error("out of memory");
    free(checking.report);
    free(checking.facts);
    if (checking.signal_fd >= 0)
        (void)close(checking.signal_fd);
    trust_free(checking.trust);
    return status;
}
