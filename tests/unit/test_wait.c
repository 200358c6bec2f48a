/* SPDX-License-Identifier: Apache-2.0
 *
 * `check` and `wait` without a network: rounds are played from a list, and what is told is written down. When
 * a round is given up, what is kept from one to the next, what is told to whom, and the exit status.
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "facts_builder.h"
#include "net/changes.h"
#include "run/confine.h"
#include "run/look.h"
#include "run/rounds.h"
#include "run/run.h"
#include "said.h"
#include "situations.h"

/* What a round finds, and what happens while it runs. */
struct played {
    const char *situation;
    int32_t takes_ms;
    enum stopped_by stopped_by;
    bool change; /* the network changes before it ends */
    bool fails;  /* the program itself is in trouble */
    bool ticks;
};

enum { MAX_PLAYED = 100, MAX_TOLD = 4096 };

static struct played list[MAX_PLAYED];
static int n_played;
static bool was_told_to_end[MAX_PLAYED], was_whole[MAX_PLAYED];
static int64_t moved_ms; /* the clock, by the rounds that were played */
static int64_t remaining_ms[MAX_PLAYED];
static char told[MAX_TOLD];
static int n_changes_taken;
static bool has_changed; /* and nobody has looked */
static bool change_is_one;

/* The functions of ours that need a network, /run or a confined process. */
/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
void __wrap_confine(const struct options *options, enum confinement confinement);
bool __wrap_round_run(struct run *run, const struct round_watch *watch, const struct again *again);
struct changes *__wrap_changes_open(const char *root);
void __wrap_changes_close(struct changes *changes);
int __wrap_changes_fd(const struct changes *changes);
int64_t __wrap_changes_poll_ms(const struct changes *changes);
bool __wrap_changes_take(struct changes *changes);
bool __wrap_look_differs(struct look *look);
void __wrap_tell_state(const struct options *options, const struct report *report);
void __wrap_tell_verdict(const struct options *options, const struct report *report);
void __wrap_tell_device(const struct options *options, const struct report *report);
void __wrap_tell_ready(const struct options *options, const struct report *report);
int __wrap_mkdir(const char *path, unsigned int mode);
int64_t __wrap_clock_monotonic_ms(void);
int64_t __real_clock_monotonic_ms(void);
int __wrap_clock_rest(struct pollfd *fds, nfds_t n, int64_t wait_ms);

static void tell(const char *what)
{
    (void)text_add(told, sizeof(told), "%s%s", told[0] ? " " : "", what);
}

void __wrap_confine(const struct options *options, enum confinement confinement)
{
    (void)options;
    assert_int_equal(confinement, CONFINED_WITH_NETWORK);
}

struct changes *__wrap_changes_open(const char *root)
{
    (void)root;
    return (struct changes *)(uintptr_t)told;
}

void __wrap_changes_close(struct changes *changes)
{
    (void)changes;
}

int __wrap_changes_fd(const struct changes *changes)
{
    (void)changes;
    return -1;
}

bool __wrap_changes_take(struct changes *changes)
{
    (void)changes;
    n_changes_taken++;
    return has_changed;
}

int64_t __wrap_changes_poll_ms(const struct changes *changes)
{
    (void)changes;
    return 0;
}

bool __wrap_look_differs(struct look *look)
{
    bool differs = has_changed && change_is_one;

    (void)look;
    has_changed = false;
    return differs;
}

void __wrap_tell_state(const struct options *options, const struct report *report)
{
    (void)options;
    (void)report;
    tell("state");
}

void __wrap_tell_verdict(const struct options *options, const struct report *report)
{
    (void)options;
    tell(verdict_row(report->verdict)->name);
}

void __wrap_tell_device(const struct options *options, const struct report *report)
{
    (void)options;
    (void)report;
    tell("device");
}

void __wrap_tell_ready(const struct options *options, const struct report *report)
{
    (void)options;
    (void)report;
    tell("mark");
}

int __wrap_mkdir(const char *path, unsigned int mode)
{
    (void)path;
    (void)mode;
    return 0;
}

/* Waiting takes no time: the clock is moved. */
int64_t __wrap_clock_monotonic_ms(void)
{
    return __real_clock_monotonic_ms() + moved_ms;
}

int __wrap_clock_rest(struct pollfd *fds, nfds_t n, int64_t wait_ms)
{
    (void)fds;
    (void)n;
    assert_true(wait_ms > 0);
    moved_ms += wait_ms;
    return 0;
}

bool __wrap_round_run(struct run *run, const struct round_watch *watch, const struct again *again)
{
    const struct played *played = &list[n_played];

    assert_true(n_played < MAX_PLAYED && played->situation);
    remaining_ms[n_played] = run->deadline_ms - clock_monotonic_ms();
    was_whole[n_played] = !again;
    facts_healthy(run->facts);
    situation_find(played->situation)->make(run->facts);
    run->facts->stopped_by = played->stopped_by;
    moved_ms += played->takes_ms;
    has_changed |= played->change;
    if (played->change && watch && watch->changed)
        was_told_to_end[n_played] = watch->changed(watch->arg);
    if (played->ticks)
        watch->tick(watch->arg, run->facts);
    n_played++;
    return !played->fails;
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

static int start(void **state)
{
    (void)state;
    memset(list, 0, sizeof(list));
    memset(was_told_to_end, 0, sizeof(was_told_to_end));
    n_played = n_changes_taken = 0;
    change_is_one = true;
    has_changed = false;
    told[0] = '\0';
    return 0;
}

static void play_for_ever(const struct played *played)
{
    for (int i = 0; i < MAX_PLAYED; i++)
        list[i] = *played;
}

static int run_wait(const char *line)
{
    return command_run(command_wait, options_of(line));
}

static int run_check(const char *line)
{
    return command_run(command_check, options_of(line));
}

/* --- wait --- */

static void ready_ends_it_at_once(void **state)
{
    (void)state;
    list[0].situation = "healthy";
    assert_int_equal(run_wait("wait -o short"), EXIT_READY);
    assert_int_equal(n_played, 1);
    assert_string_equal(told, "state ready mark device");
    assert_true(text_starts(said_out, "READY"));
    assert_non_null(strstr(said_err, "round 1: "));
}

static void rounds_go_on_until_the_deadline(void **state)
{
    (void)state;
    play_for_ever(&(struct played){.situation = "role-missing", .takes_ms = 3000});
    assert_int_equal(run_wait("wait -o short --deadline 20s"), EXIT_NOT_READY);
    assert_in_range(n_played, 3, 7);
    /* said once, and to the consoles while there is time */
    assert_string_equal(told, "state not-ready device mark");
    assert_null(strstr(said_err, "round 2: "));
    assert_in_range(remaining_ms[0], 19500, 20000 - 20);
}

static void a_verdict_of_the_last_seconds_is_told_at_the_end(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "role-missing", .takes_ms = 2500};
    list[1] = (struct played){.situation = "role-missing", .stopped_by = STOPPED_BY_DEADLINE};
    assert_int_equal(run_wait("wait -o short --deadline 3s"), EXIT_NOT_READY);
    assert_string_equal(told, "state not-ready mark device");
}

static void what_waiting_does_not_change_ends_it(void **state)
{
    (void)state;
    list[0].situation = "not-ec2";
    assert_int_equal(run_wait("wait -q"), EXIT_UNDECIDED);
    assert_int_equal(n_played, 1);
    assert_string_equal(said_out, "");
    assert_string_equal(said_err, "");
}

static void ready_after_having_been_not_ready(void **state)
{
    (void)state;
    list[0].situation = "role-missing";
    list[1].situation = "role-missing";
    list[2].situation = list[3].situation = "healthy";
    assert_int_equal(run_wait("wait -o short"), EXIT_READY);
    assert_int_equal(n_played, 4);
    assert_string_equal(told, "state state ready mark device");
    assert_non_null(strstr(said_err, "round 4: "));
}

static void a_change_gives_up_a_round_that_began_before_it(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "role-missing", .takes_ms = 250, .change = true};
    list[1].situation = "healthy";
    assert_int_equal(run_wait("wait -o short"), EXIT_READY);
    assert_true(was_told_to_end[0]);
    assert_string_equal(told, "state ready mark device"); /* half a round decides nothing */
    assert_int_equal(n_changes_taken, 1);
}

static void a_young_round_goes_on(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "role-missing", .takes_ms = 100, .change = true};
    list[1].situation = "healthy";
    assert_int_equal(run_wait("wait -o short"), EXIT_READY);
    assert_false(was_told_to_end[0]);
    assert_string_equal(told, "state state ready mark device");
}

static void what_is_no_change_gives_nothing_up(void **state)
{
    (void)state;
    change_is_one = false;
    list[0] = (struct played){.situation = "role-missing", .takes_ms = 900, .change = true};
    list[1].situation = list[2].situation = "healthy";
    assert_int_equal(run_wait("wait -o short"), EXIT_READY);
    assert_false(was_told_to_end[0]);
}

static void a_network_that_flaps_for_ever_gets_a_verdict(void **state)
{
    int n_given_up = 0;
    (void)state;

    play_for_ever(&(struct played){.situation = "role-missing", .takes_ms = 900, .change = true});
    assert_int_equal(run_wait("wait -o short --deadline 60s"), EXIT_NOT_READY);
    for (int i = 0; i < n_played; i++)
        n_given_up += was_told_to_end[i];
    assert_int_equal(n_given_up, 20);
}

static void a_signal_ends_it_also_in_a_round_given_up(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "role-missing",
                              .takes_ms = 900,
                              .change = true,
                              .stopped_by = STOPPED_BY_SIGNAL};
    assert_int_equal(run_wait("wait -o short"), EXIT_NOT_READY);
    assert_int_equal(n_played, 1);
    assert_non_null(strstr(said_err, INTERRUPTED));
    assert_true(text_starts(said_out, "NOT READY"));
}

static void a_round_cut_short_does_not_replace_a_whole_one(void **state)
{
    (void)state;
    list[0].situation = "role-missing";
    list[1] = (struct played){.situation = "imds-unreachable", .stopped_by = STOPPED_BY_DEADLINE};
    assert_int_equal(run_wait("wait --json"), EXIT_NOT_READY);
    assert_int_equal(n_played, 2);
    assert_non_null(strstr(said_out, "\"role-missing\""));
    assert_null(strstr(said_out, "\"imds-unreachable\""));
    assert_non_null(strstr(said_out, "\"rounds\":\t2,"));
}

static void one_check_is_asked_again_until_it_differs(void **state)
{
    (void)state;
    list[0].situation = list[1].situation = "agent-disabled";
    list[2] = (struct played){.situation = "agent-disabled", .takes_ms = 100, .change = true};
    list[3].situation = list[4].situation = "agent-disabled";
    list[5].situation = list[6].situation = "healthy";
    assert_int_equal(run_wait("wait -o short --deadline 5m"), EXIT_READY);
    assert_int_equal(n_played, 7);
    for (int i = 0; i < n_played; i++) /* ready is said of a whole round only */
        assert_int_equal(was_whole[i], i == 0 || i == 3 || i == 6);
}

static void a_program_in_trouble_is_at_fault(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "healthy", .fails = true};
    assert_int_equal(run_wait("wait -o short"), EXIT_FAULT);
    assert_string_equal(said_out, "");
    assert_non_null(strstr(said_err, "the round could not run"));
}

static void a_wrong_endpoint_is_wrong_usage(void **state)
{
    (void)state;
    assert_int_equal(run_wait("wait --imds-endpoint http://x"), EXIT_USAGE);
    assert_int_equal(run_check("check --imds-endpoint http://x"), EXIT_USAGE);
    assert_non_null(strstr(said_err, "imds-endpoint must be http://ADDRESS[:PORT]"));
    assert_int_equal(n_played, 0);
}

static void ticks_draw_nothing_where_there_is_no_terminal(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "healthy", .ticks = true};
    assert_int_equal(run_wait("wait"), EXIT_READY);
    assert_null(strchr(said_out, '\x1b'));
}

static void nobody_is_named_when_that_is_asked(void **state)
{
    (void)state;
    list[0].situation = "role-missing";
    list[1].situation = list[2].situation = "healthy";
    assert_int_equal(run_wait("wait --json --anonymize"), EXIT_READY);
    assert_null(strstr(said_out, "i-0123456789abcdef0"));
    assert_null(strstr(said_err, "app-role"));
}

/* --- check --- */

static void one_round_is_a_check(void **state)
{
    (void)state;
    list[0].situation = "role-missing";
    assert_int_equal(run_check("check -o short"), EXIT_NOT_READY);
    assert_int_equal(n_played, 1);
    assert_true(text_starts(said_out, "NOT READY"));
    assert_string_equal(said_err, "");
    assert_in_range(remaining_ms[0], DEFAULT_DEADLINE_MS - 500, DEFAULT_DEADLINE_MS);
}

static void an_answer_that_says_later_is_asked_for_again(void **state)
{
    (void)state;
    list[0].situation = list[1].situation = "imds-throttled";
    list[2].situation = "healthy";
    assert_int_equal(run_check("check -o short"), EXIT_READY);
    assert_int_equal(n_played, 3);
}

static void a_check_that_is_interrupted_says_so(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "imds-throttled", .stopped_by = STOPPED_BY_SIGNAL};
    assert_int_equal(run_check("check -o short --deadline 4s"), EXIT_NOT_READY);
    assert_int_equal(n_played, 1);
    assert_non_null(strstr(said_err, INTERRUPTED));
    assert_in_range(remaining_ms[0], 3500, 4000);
    (void)start(state);
    list[0] = (struct played){.situation = "imds-throttled", .stopped_by = STOPPED_BY_SIGNAL};
    assert_int_equal(run_check("check -q"), EXIT_NOT_READY);
    assert_string_equal(said_err, "");
    (void)start(state);
    list[0] = (struct played){.situation = "imds-throttled", .fails = true};
    assert_int_equal(run_check("check -q"), EXIT_FAULT);
}

/* Each in a process of its own, since a process waits once. */
static int run_alone(const struct CMUnitTest *test)
{
    pid_t child = fork();
    int status = 1;

    if (child == 0) {
        const struct CMUnitTest tests[] = {*test};
        exit(cmocka_run_group_tests(tests, NULL, NULL));
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 ? 0 : 1;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ready_ends_it_at_once, start),
        cmocka_unit_test_setup(rounds_go_on_until_the_deadline, start),
        cmocka_unit_test_setup(a_verdict_of_the_last_seconds_is_told_at_the_end, start),
        cmocka_unit_test_setup(what_waiting_does_not_change_ends_it, start),
        cmocka_unit_test_setup(ready_after_having_been_not_ready, start),
        cmocka_unit_test_setup(a_change_gives_up_a_round_that_began_before_it, start),
        cmocka_unit_test_setup(a_young_round_goes_on, start),
        cmocka_unit_test_setup(what_is_no_change_gives_nothing_up, start),
        cmocka_unit_test_setup(a_network_that_flaps_for_ever_gets_a_verdict, start),
        cmocka_unit_test_setup(a_signal_ends_it_also_in_a_round_given_up, start),
        cmocka_unit_test_setup(a_round_cut_short_does_not_replace_a_whole_one, start),
        cmocka_unit_test_setup(one_check_is_asked_again_until_it_differs, start),
        cmocka_unit_test_setup(a_program_in_trouble_is_at_fault, start),
        cmocka_unit_test_setup(a_wrong_endpoint_is_wrong_usage, start),
        cmocka_unit_test_setup(ticks_draw_nothing_where_there_is_no_terminal, start),
        cmocka_unit_test_setup(nobody_is_named_when_that_is_asked, start),
        cmocka_unit_test_setup(one_round_is_a_check, start),
        cmocka_unit_test_setup(an_answer_that_says_later_is_asked_for_again, start),
        cmocka_unit_test_setup(a_check_that_is_interrupted_says_so, start),
    };
    int n_failed = 0;

    for (size_t i = 0; i < COUNT_OF(tests); i++)
        n_failed += run_alone(&tests[i]);
    return n_failed;
}
