/* SPDX-License-Identifier: Apache-2.0
 *
 * Rounds until ready or until the deadline; the systemd unit runs this. The first round is whole. The next
 * ones ask one check again, until its answer is another one. When something of this machine changes, a whole
 * round begins at once, and one that began before the change is given up.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/output.h"
#include "base/text.h"
#include "net/changes.h"
#include "report/screen.h"
#include "report/systemd.h"
#include "run/again.h"
#include "run/look.h"
#include "run/rounds.h"
#include "run/run.h"

enum {
    DRAW_EVERY_MS = 200,
    GIVE_UP_AFTER_MS = 200, /* a younger round has hardly begun: it goes on */
    LOOK_APART_MS = 500,    /* after a look in vain: some directory is busy */
    HANG_AFTER_MS = 5000,   /* past the deadline: then the manager may kill a hanging process */
};

struct waiting {
    struct run run;
    struct changes *changes;
    struct look *look;
    bool has_looked;
    int64_t in_vain_ms; /* when a look last saw nothing new */
    bool to_look;       /* something may have changed since */
    struct rounds_pace pace;
    struct again again; /* of the round under way, when it is not whole */
    struct style style;
    struct live live;
    bool is_live;
    struct report drawn; /* of the round under way */
    int64_t round_started_ms;
    bool is_whole;    /* the round under way */
    bool changed;     /* a whole round is due, since the last one saw something else */
    bool given_up;    /* the last round was given up for that */
    bool begins_anew; /* only a process that starts now can have what the last round could not */
    bool in_vain;     /* not even the first round could */
    bool recorded;    /* --follow: there was a verdict before this run */
    struct rounds_told told;
    bool told_at_end;
    char summary[SUMMARY_SIZE]; /* of the last whole round */
};

static int64_t elapsed_ms(const struct waiting *waiting)
{
    return clock_monotonic_ms() - waiting->run.started_ms;
}

/* Below zero past the deadline; INT64_MAX: there is no deadline. */
static int64_t remaining_ms(const struct waiting *waiting)
{
    return waiting->run.deadline_ms == INT64_MAX ? INT64_MAX
                                                 : waiting->run.deadline_ms - clock_monotonic_ms();
}

static bool is_ready(const struct report *report)
{
    return report->verdict == VERDICT_READY || report->verdict == VERDICT_DEGRADED;
}

/* --- while a round runs --- */

static void draw(struct waiting *waiting, const struct report *report, bool under_way)
{
    int64_t left_ms = remaining_ms(waiting);
    const struct live_moment moment = {
        .round = waiting->run.n_rounds + under_way,
        .under_way = under_way,
        .words = waiting->summary,
        .remaining_ms = left_ms == INT64_MAX ? -1
                        : left_ms > 0        ? left_ms
                                             : 0,
    };
    LOCAL_BUFFER text = {.max_bytes = REPORT_MAX_BYTES};

    tell_style(waiting->run.options, &waiting->style); /* its size may have changed */
    live_draw(&waiting->live, report, &moment, &waiting->style, &text);
    (void)tell_text(&text, EXIT_READY);
}

/* How often to wake up while waiting; 0: never. */
static int64_t tick_ms(const struct waiting *waiting)
{
    return waiting->is_live ? DRAW_EVERY_MS : notify_watchdog_interval_ms();
}

static void ticked(void *arg, const struct facts *facts)
{
    struct waiting *waiting = arg;

    notify_watchdog();
    if (!waiting->is_live)
        return;
    if (waiting->is_whole)
        run_diagnose(&waiting->run, facts, &waiting->drawn);
    draw(waiting, waiting->is_whole ? &waiting->drawn : waiting->run.report, true);
}

static void look(struct waiting *waiting)
{
    bool differs = look_differs(waiting->look);

    waiting->has_looked = true;
    waiting->to_look = false;
    waiting->in_vain_ms = differs ? 0 : clock_monotonic_ms();
    waiting->changed |= differs;
}

/* What descriptors say is only that something may have changed. */
static void take_changes(struct waiting *waiting)
{
    waiting->to_look |= waiting->changes && changes_take(waiting->changes);
    if (waiting->to_look && clock_monotonic_ms() - waiting->in_vain_ms >= LOOK_APART_MS)
        look(waiting);
}

static bool changed(void *arg)
{
    struct waiting *waiting = arg;

    take_changes(waiting);
    waiting->given_up = waiting->changed &&
                        clock_monotonic_ms() - waiting->round_started_ms >= GIVE_UP_AFTER_MS &&
                        rounds_may_hurry(&waiting->pace, elapsed_ms(waiting));
    if (waiting->given_up)
        (void)rounds_hurry(&waiting->pace, elapsed_ms(waiting));
    return waiting->given_up;
}

/* Whole, when something may have changed besides the one check that can be asked alone. */
static bool is_whole(struct waiting *waiting)
{
    return waiting->changed || !waiting->run.earlier ||
           elapsed_ms(waiting) - waiting->pace.whole_begun_ms >= WHOLE_EVERY_MS ||
           !again_choose(waiting->run.report, &waiting->again);
}

static bool one_round(struct waiting *waiting)
{
    const struct round_watch watch = {
        .arg = waiting,
        .tick_ms = tick_ms(waiting),
        .tick = ticked,
        .changed_fd = changes_fd(waiting->changes),
        .changed = changed,
    };

    waiting->is_whole = is_whole(waiting);
    waiting->round_started_ms = clock_monotonic_ms();
    if (waiting->is_whole)
        waiting->pace.whole_begun_ms = elapsed_ms(waiting);
    waiting->changed = waiting->given_up = false;
    return run_round(&waiting->run, &watch, waiting->is_whole ? NULL : &waiting->again);
}

/* What comes of a round that was not given up. The first look is after the first whole round, which must
 * not wait for it; what has changed meanwhile is told by the descriptors. */
static void keep_round(struct waiting *waiting)
{
    if (!waiting->is_whole) {
        waiting->changed |= waiting->run.refused ||
                            again_differs(&waiting->again, waiting->run.facts, waiting->run.report);
        run_fall_back(&waiting->run);
        return;
    }
    waiting->in_vain |= waiting->run.refused && waiting->run.n_rounds == 1;
    waiting->begins_anew = waiting->run.refused && !waiting->in_vain;
    run_remember(&waiting->run);
    if (!waiting->run.earlier)
        return;
    if (!waiting->has_looked) {
        bool late = waiting->changes && changes_take(waiting->changes);
        look(waiting);
        waiting->changed = late;
    }
    look_follow(waiting->look, waiting->run.facts);
}

/* --- between rounds --- */

static int64_t least(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

/* Until something must be done, if nothing happens. */
static int64_t slice_ms(const struct waiting *waiting, int64_t left_ms)
{
    const int64_t every_ms[] = {tick_ms(waiting), changes_poll_ms(waiting->changes),
                                waiting->to_look ? LOOK_APART_MS : 0};

    for (size_t i = 0; i < COUNT_OF(every_ms); i++)
        if (every_ms[i] > 0)
            left_ms = least(left_ms, every_ms[i]);
    return left_ms;
}

static int64_t next_wait_ms(struct waiting *waiting)
{
    struct rounds_state state = {.n_done = waiting->run.n_rounds,
                                 .remaining_ms = remaining_ms(waiting),
                                 .elapsed_ms = elapsed_ms(waiting),
                                 .took_ms = clock_monotonic_ms() - waiting->round_started_ms,
                                 .follow = waiting->run.options->follow};

    (void)!getrandom(&state.random, sizeof(state.random), GRND_NONBLOCK);
    return rounds_wait(&waiting->pace, &state);
}

/* True when a signal came. A change ends the pause early. */
static bool pause_or_signal(struct waiting *waiting)
{
    int64_t until_ms = clock_monotonic_ms() + next_wait_ms(waiting);
    bool hurries = false;

    for (;;) {
        struct pollfd fds[2] = {{.fd = waiting->run.signal_fd, .events = POLLIN},
                                {.fd = changes_fd(waiting->changes), .events = POLLIN}};
        int64_t now_ms = clock_monotonic_ms();

        if (waiting->changed && !hurries) {
            hurries = true;
            until_ms = least(until_ms, now_ms + rounds_hurry(&waiting->pace, elapsed_ms(waiting)));
        }
        if (until_ms <= now_ms)
            break;
        if (clock_rest(fds, COUNT_OF(fds), slice_ms(waiting, until_ms - now_ms)) > 0 &&
            fds[0].revents)
            return true;
        take_changes(waiting);
        notify_watchdog();
        if (waiting->is_live)
            draw(waiting, waiting->run.report, false);
    }
    if (!waiting->changed)
        look(waiting);
    return false;
}

/* --- telling --- */

static bool is_over(const struct waiting *waiting)
{
    const struct report *report = waiting->run.report;

    if (is_ready(report))
        return true;
    if (waiting->run.trouble[0] || waiting->begins_anew ||
        (report->n_findings > 0 && strcmp(report->findings[0].code, "not-ec2") == 0))
        return true; /* waiting does not change that */
    return remaining_ms(waiting) <= 0;
}

/* The state is told after each round, the verdict when rounds_tell() says so. A console may take
 * CONSOLE_MAX_MS. So a verdict found less than that before the deadline is told at the end, and
 * /dev/console comes after the report on standard output. */
static void tell(struct waiting *waiting, bool over)
{
    const struct report *report = waiting->run.report;
    const struct options *options = waiting->run.options;
    bool new_words = strcmp(waiting->summary, report->summary) != 0;
    bool in_time = over || remaining_ms(waiting) > CONSOLE_MAX_MS;

    (void)text_set(waiting->summary, sizeof(waiting->summary), "%s", report->summary);
    notify_status(report, false);
    if (waiting->is_live)
        draw(waiting, report, false);
    else if (new_words && !options->quiet)
        log_error("round %d: %s", waiting->run.n_rounds, report->summary);
    if (new_words)
        tell_state(options, report);
    if (!in_time || !rounds_tell(&waiting->told, report, elapsed_ms(waiting), over))
        return;
    tell_verdict(options, report);
    waiting->told_at_end = over;
    if (!over)
        tell_device(options, report);
}

/* --- all of it --- */

static void erase(struct waiting *waiting)
{
    LOCAL_BUFFER text = {.max_bytes = REPORT_MAX_BYTES};

    if (!waiting->is_live)
        return;
    live_erase(&waiting->live, &text);
    (void)tell_text(&text, EXIT_READY);
}

/* The last verdict stands until whoever starts it again has another one. */
static int begin_anew(struct waiting *waiting)
{
    erase(waiting);
    log_error("%s: to be started again", waiting->run.facts->machine.trouble.detail);
    return EXIT_FAULT;
}

static int run_rounds(struct waiting *waiting)
{
    const struct options *options = waiting->run.options;
    bool over = false, interrupted = false;

    while (!over) {
        if (!one_round(waiting))
            return EXIT_FAULT;
        bool stopped = waiting->run.facts->stopped_by == STOPPED_BY_SIGNAL;
        interrupted |= stopped;
        if (waiting->given_up && !stopped)
            continue; /* half a round decides nothing; the next one begins now */
        /* After a round that the deadline cut short there is no time for one that says more. */
        stopped |= waiting->run.facts->stopped_by == STOPPED_BY_DEADLINE;
        keep_round(waiting);
        over = stopped || is_over(waiting);
        if (options->follow && waiting->begins_anew && !stopped)
            return begin_anew(waiting);
        if (over || waiting->is_whole || !waiting->changed)
            tell(waiting, over);
        if (!over && pause_or_signal(waiting)) {
            over = interrupted = true;
            tell(waiting, over);
        }
    }
    erase(waiting);
    /* "Fixed" means that an earlier verdict was not ready: of the run before, or of an earlier round. */
    if (options->follow && is_ready(waiting->run.report) &&
        (waiting->recorded || waiting->run.n_rounds > 1))
        tell_fixed(options, waiting->run.facts);
    tell_ready(options, waiting->run.report);
    notify_status(waiting->run.report, true);
    if (waiting->run.limit_ms == 0) /* what is under way ends by now, whoever reads */
        output_set_deadline(clock_monotonic_ms() + OUTPUT_LOG_MAX_MS);
    int status = tell_end(options, waiting->run.report);
    if (interrupted && !options->quiet)
        log_error(INTERRUPTED);
    if (waiting->told_at_end)
        tell_device(options, waiting->run.report);
    return status;
}

/* When the last verdict was ready there is nothing to follow, nor where no instance of EC2 is. */
static int follow(struct waiting *waiting)
{
    waiting->recorded = show_last(waiting->run.options, waiting->run.facts, waiting->run.report);
    const struct facts *facts = waiting->run.facts;
    bool elsewhere = facts->machine.is_ec2 == ANSWER_NO &&
                     facts->imds.connect.outcome == OUTCOME_FAILED;
    if (waiting->recorded && (elsewhere || is_ready(waiting->run.report)))
        return EXIT_READY;
    return run_rounds(waiting);
}

/* A terminal that is none, or a dumb one, gets plain lines. */
static bool can_go_up(void)
{
    const char *kind = getenv("TERM");
    return isatty(STDOUT_FILENO) == 1 && kind && kind[0] && strcmp(kind, "dumb") != 0;
}

int command_wait(const struct options *given)
{
    static struct waiting waiting;
    static struct options at_boot;
    const struct options *options = &at_boot;
    int64_t limit_ms = given->deadline_ms ? given->deadline_ms : DEFAULT_DEADLINE_MS;

    at_boot = *given;
    if (options->follow)
        limit_ms = options->deadline_ms;
    else if (!options->permissions_given) /* the agent starts when this ends */
        at_boot.plan.permissions = PERMISSIONS_AGENT;
    if (!options->root[0])
        (void)mkdir(LAST_REPORT_DIRECTORY,
                    0755); /* run_open() gives up the right to make folders */
    int status = run_open(&waiting.run, options, limit_ms);
    waiting.run.looking = options->follow ? LOOKS_ON : LOOKS_ON_AT_BOOT;
    if (status == EXIT_READY) {
        (void)filter_drops_all(options->root, waiting.run.trouble, sizeof(waiting.run.trouble));
        tell_style(options, &waiting.style);
        waiting.is_live = !options->quiet && can_go_up() &&
                          strcmp(options->output, "terminal") == 0;
        waiting.changes = changes_open(options->root);
        waiting.look = look_new(options->root);
        if (limit_ms > 0)
            notify_extend(limit_ms + HANG_AFTER_MS);
        status = options->follow ? follow(&waiting) : run_rounds(&waiting);
    }
    look_free(waiting.look);
    changes_close(waiting.changes);
    run_close(&waiting.run);
    return status;
}
