/* SPDX-License-Identifier: Apache-2.0
 *
 * A signal makes a descriptor readable, so it ends a round between two turns of the loop.
 */
#include "run/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/output.h"
#include "diagnose/diagnose.h"
#include "model/anonymize.h"

/* What a healthy check touches lies side by side in the static program (packaging/deps/first.ld). On a first boot it is read from a
 * volume that loads lazily: at once, and not in the order in which it is touched. */
extern const char first_constants[] __attribute__((weak)),
    first_constants_end[] __attribute__((weak)), first_code[] __attribute__((weak)),
    first_code_end[] __attribute__((weak));

static void advise(const char *begin, const char *end, int advice)
{
    size_t before = (uintptr_t)begin % (size_t)sysconf(_SC_PAGESIZE);

    if (begin)
        (void)madvise((void *)((uintptr_t)begin - before), (size_t)(end - begin) + before, advice);
}

/* Before main() reads options: by then the kernel has read 128 KB of the constants ahead, and would go on with what lies behind them. */
__attribute__((constructor)) static void read_no_further(void)
{
    advise(first_constants, first_constants_end, MADV_RANDOM);
}

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

static bool open_configured(struct run *run)
{
    const struct options *options = run->options;
    char error[WORDS_SIZE];

    if (options->imds_endpoint[0] && !imds_parse_endpoint(options->imds_endpoint, &run->endpoint)) {
        log_error("imds-endpoint must be http://ADDRESS[:PORT], not '%s'", options->imds_endpoint);
        return false;
    }
    run->trust = trust_new(options->ca_file, options->root, error, sizeof(error));
    if (!run->trust)
        log_error("ca-file: %s", error);
    return run->trust;
}

/* What a round leaves of the time allowed, to diagnose and to report in it. A console takes 4 KB in 0.4 s, at the 115200 baud of EC2's. */
static int64_t margin_ms(const struct options *options, int64_t limit_ms)
{
    enum { CONSOLE_MS = 500, OTHER_MS = 50 };
    int64_t most_ms = strcmp(options->output, "console") == 0 ? CONSOLE_MS : OTHER_MS;

    return limit_ms / 10 < most_ms ? limit_ms / 10 : most_ms;
}

int run_open(struct run *run, const struct options *options, int64_t limit_ms)
{
    char trouble[DETAIL_SIZE];

    advise(first_code, first_code_end, MADV_WILLNEED);
    advise(first_constants, first_constants_end, MADV_WILLNEED);
    *run = (struct run){.options = options,
                        .signal_fd = -1,
                        .started_ms = clock_monotonic_ms(),
                        .limit_ms = (int32_t)limit_ms};
    output_set_deadline(limit_ms ? run->started_ms + limit_ms : INT64_MAX);
    run->deadline_ms = limit_ms ? run->started_ms + limit_ms - margin_ms(options, limit_ms)
                                : INT64_MAX;
    /* From here on memory holds credentials: no core, no ptrace(2) by other processes of this user. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (!open_configured(run))
        return file_take_trouble(trouble, sizeof(trouble)) ? EXIT_FAULT : EXIT_USAGE;
    run->signal_fd = open_signals();
    run->facts = calloc(1, sizeof(*run->facts));
    run->report = calloc(1, sizeof(*run->report));
    if (options->anonymize)
        run->shown = calloc(1, sizeof(*run->shown));
    confine(options, CONFINED_WITH_NETWORK);
    if (run->signal_fd >= 0)
        return EXIT_READY;
    log_error("out of file descriptors");
    return EXIT_FAULT;
}

void run_close(struct run *run)
{
    free(run->shown);
    free(run->report);
    free(run->earlier);
    free(run->facts);
    if (run->signal_fd >= 0)
        (void)close(run->signal_fd);
    trust_free(run->trust);
}

void run_diagnose(struct run *run, const struct facts *facts, struct report *report)
{
    if (run->shown) {
        *run->shown = *facts;
        anonymize_facts(run->shown);
    }
    diagnose(run->shown ? run->shown : facts, report);
}

bool run_round(struct run *run, const struct round_watch *watch, const struct again *again)
{
    if (!round_run(run, watch, again)) {
        log_error("no poll or no timer: the round could not run");
        return false;
    }
    run->facts->rounds = ++run->n_rounds;
    run->facts->deadline_ms = run->limit_ms;
    run_diagnose(run, run->facts, run->report);
    log_verbose("round %d%s: %s", run->n_rounds, again ? " of one check" : "",
                run->report->summary);
    return true;
}

void run_fall_back(struct run *run)
{
    if (!run->earlier)
        return;
    *run->facts = *run->earlier;
    run->facts->rounds = run->n_rounds;
    run_diagnose(run, run->facts, run->report);
}

void run_remember(struct run *run)
{
    if (run->facts->stopped_by != STOPPED_BY_NOTHING) {
        run_fall_back(run); /* it knows less */
        return;
    }
    if (!run->earlier)
        run->earlier = calloc(1, sizeof(*run->earlier));
    *run->earlier = *run->facts;
}
