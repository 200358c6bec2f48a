/* SPDX-License-Identifier: Apache-2.0
 *
 * `check` and `wait` without a network: rounds are played from a list, and what is told is written down. When
 * a round is given up, what is kept from one to the next, what is told to whom, and the exit status.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/file.h"
#include "base/output.h"
#include "facts_builder.h"
#include "net/changes.h"
#include "observe/observe.h"
#include "report_builder.h"
#include "run/again.h"
#include "run/commands.h"
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
    bool change;          /* the network changes before it ends */
    bool change_in_pause; /* the same, in the pause behind it */
    bool signal_in_pause;
    bool fails;   /* the program itself is in trouble */
    bool refused; /* it needed what it had given up */
    bool ticks;
};

enum { MAX_PLAYED = 100, MAX_TOLD = 4096 };

static struct played list[MAX_PLAYED];
static int n_played;
static bool was_told_to_end[MAX_PLAYED], was_whole[MAX_PLAYED];
static int64_t moved_ms;                           /* the clock, by the rounds that were played */
static enum permissions asked_with;                /* in the last round */
static int64_t ticks_every_ms;                     /* the same; 0: never */
static int64_t remaining_ms[MAX_PLAYED], until_ms; /* which no pause may pass */
static char told[MAX_TOLD];
static int n_changes_taken;
static bool changed, change_is_one;
static bool busy; /* a folder is written to all the time */
static int n_looked;
static bool is_new; /* the first look says that something differs, since there was none before */
static enum answer connected_now;      /* when it is looked for at the end */
static enum answer running, connected; /* of the agent, in every round */
static int mark_trouble;               /* errno of writing it */
static const char *filtered;           /* why its unit may send nothing; NULL: it may */

/* The functions of ours that need a network, /run or a confined process. */
/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
void __wrap_confine(const struct options *options, enum confinement confinement);
bool __wrap_filter_drops_all(const char *root, char *why, size_t size);
bool __wrap_round_run(struct run *run, const struct round_watch *watch, const struct again *again);
struct changes *__wrap_changes_open(const char *root);
void __wrap_changes_close(struct changes *changes);
int __wrap_changes_fd(const struct changes *changes);
bool __wrap_changes_take(struct changes *changes);
void __wrap_tell_state(const struct options *options, const struct report *report);
void __wrap_tell_verdict(const struct options *options, const struct report *report);
void __wrap_tell_device(const struct options *options, const struct report *report);
void __wrap_tell_ready(const struct options *options, const struct report *report);
int __wrap_mkdir(const char *path, unsigned int mode);
int __real_mkdir(const char *path, unsigned int mode);
int64_t __wrap_clock_monotonic_ms(void);
int __wrap_clock_rest(struct pollfd *fds, size_t n, int64_t wait_ms);
int64_t __wrap_changes_poll_ms(const struct changes *changes);
struct look *__wrap_look_new(const char *root);
void __wrap_look_free(struct look *look);
void __wrap_look_follow(struct look *look, const struct facts *facts);
bool __wrap_look_differs(struct look *look);
int __wrap_file_write_atomically(const char *path, const char *bytes, size_t n, unsigned int mode);
int __real_file_write_atomically(const char *path, const char *bytes, size_t n, unsigned int mode);
enum answer __wrap_observe_connected(const char *root, const struct facts *facts);

static int dumpable; /* PR_GET_DUMPABLE, when the process was confined */

static void tell(const char *what)
{
    (void)text_add(told, sizeof(told), "%s%s", told[0] ? " " : "", what);
}

void __wrap_confine(const struct options *options, enum confinement confinement)
{
    (void)options;
    assert_int_equal(confinement, CONFINED_WITH_NETWORK);
    dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
}

bool __wrap_filter_drops_all(const char *root, char *why, size_t size)
{
    (void)root;
    return filtered && text_set(why, size, "%s", filtered);
}

static struct {
    bool changes, look;
} is_open;

struct changes *__wrap_changes_open(const char *root)
{
    (void)root;
    is_open.changes = true;
    return (struct changes *)(uintptr_t)told;
}

void __wrap_changes_close(struct changes *changes)
{
    is_open.changes &= !changes;
}

int __wrap_changes_fd(const struct changes *changes)
{
    (void)changes;
    return -1;
}

bool __wrap_changes_take(struct changes *changes)
{
    (void)changes;
    n_changes_taken += changed;
    return changed || busy;
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

static bool made_folder;

int __wrap_mkdir(const char *path, unsigned int mode)
{
    made_folder = strcmp(path, LAST_REPORT_DIRECTORY) == 0 && mode == 0755;
    return 0;
}

/* Waiting takes no time: the clock is moved. */
int64_t __wrap_clock_monotonic_ms(void)
{
    return 1000000 + moved_ms;
}

int __wrap_clock_rest(struct pollfd *fds, size_t n, int64_t wait_ms)
{
    struct played *last = &list[n_played - 1];

    assert_true(n >= 1 && fds[0].events == POLLIN);
    fds[0].revents = last->signal_in_pause ? POLLIN : 0;
    if (last->signal_in_pause)
        return 1;

    assert_true(wait_ms > 0 && wait_ms <= until_ms - clock_monotonic_ms());
    moved_ms += last->change_in_pause ? 1 : busy && wait_ms > 10 ? 10 : wait_ms;
    changed |= last->change_in_pause;
    last->change_in_pause = false;
    return 0;
}

int64_t __wrap_changes_poll_ms(const struct changes *changes)
{
    (void)changes;
    return 0;
}

struct look *__wrap_look_new(const char *root)
{
    (void)root;
    is_open.look = true;
    return (struct look *)(uintptr_t)told;
}

void __wrap_look_free(struct look *look)
{
    is_open.look &= !look;
}

void __wrap_look_follow(struct look *look, const struct facts *facts)
{
    (void)look;
    (void)facts;
}

bool __wrap_look_differs(struct look *look)
{
    bool differs = (changed && change_is_one) || (is_new && n_looked == 0);
    (void)look;
    n_looked++;
    changed = false;
    return differs;
}

int __wrap_file_write_atomically(const char *path, const char *bytes, size_t n, unsigned int mode)
{
    if (strcmp(path, FIXED_MARK) != 0)
        return __real_file_write_atomically(path, bytes, n, mode);
    assert_true(n == strlen(bytes) && bytes[n - 1] == '\n' && mode == 0644);
    tell("fixed");
    return mark_trouble;
}

enum answer __wrap_observe_connected(const char *root, const struct facts *facts)
{
    (void)root;
    (void)facts;
    return connected_now;
}

bool __wrap_round_run(struct run *run, const struct round_watch *watch, const struct again *again)
{
    const struct played *played = &list[n_played];

    assert_true(n_played < MAX_PLAYED);
    while (!played->situation) /* the last one goes on */
        played--;
    until_ms = run->deadline_ms;
    asked_with = run->options->plan.permissions;
    ticks_every_ms = watch ? watch->tick_ms : 0;
    remaining_ms[n_played] = until_ms - clock_monotonic_ms();
    was_whole[n_played] = !again;
    facts_healthy(run->facts);
    situation_find(played->situation)->make(run->facts);
    run->facts->stopped_by = played->stopped_by;
    run->facts->agent.running = running;
    run->facts->agent.connected = connected;
    run->refused = played->refused;
    moved_ms += played->takes_ms;
    changed = played->change;
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
    busy = false;
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

static int follow(const char *situation);

/* --- wait --- */

static void ready_ends_it_at_once(void **state)
{
    (void)state;
    list[0].situation = "healthy";
    assert_int_equal(run_wait("wait -o short"), EXIT_READY);
    assert_true(made_folder);
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

/* The manager learns for how long. */
static void the_manager_waits_as_long(void **state)
{
    static const char name[] = "@ssm-preflight-wait";
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char got[64] = "";
    (void)state;

    memcpy(at.sun_path + 1, name + 1, strlen(name) - 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, length), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
    list[0] = (struct played){.situation = "healthy", .ticks = true};
    assert_int_equal(run_wait("wait -o short --deadline 20s"), EXIT_READY);
    assert_true(recv(fd, got, sizeof(got) - 1, 0) > 0);
    assert_string_equal(got, "EXTEND_TIMEOUT_USEC=25000000");
    memset(got, 0, sizeof(got));
    assert_true(recv(fd, got, sizeof(got) - 1, 0) > 0);
    assert_string_equal(got, "WATCHDOG=1"); /* while a round runs */
    assert_int_equal(ticks_every_ms, 10000);
    assert_int_equal(unsetenv("NOTIFY_SOCKET") + unsetenv("WATCHDOG_USEC"), 0);
    assert_int_equal(close(fd), 0);
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

static void nor_does_it_change_a_filter_of_its_own(void **state)
{
    (void)state;
    filtered = "a drop-in";
    list[0].situation = "imds-blocked-locally";
    assert_int_equal(run_wait("wait -q"), EXIT_NOT_READY); /* a round that does not know of it */
    assert_int_equal(n_played, 1);
}

/* Only a process that starts now can have it. */
static void nor_what_was_given_up(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "role-missing", .change_in_pause = true};
    list[1] = (struct played){.situation = "preflight-trouble", .refused = true};
    assert_int_equal(run_wait("wait -o short"), EXIT_UNDECIDED);
    assert_int_equal(n_played, 2);
    assert_true(text_starts(said_out, "UNKNOWN"));
    assert_string_equal(told, "state state unknown mark device");
}

/* A part of a round says little: a whole one decides. */
static void what_a_part_of_a_round_had_given_up_a_whole_one_asks_for(void **state)
{
    (void)state;
    list[0].situation = list[1].situation = "role-missing";
    list[1].refused = true;
    list[2].situation = "healthy";
    assert_int_equal(run_wait("wait -o short"), EXIT_READY);
    assert_int_equal(n_played, 3);
    assert_false(was_whole[1]);
    assert_true(was_whole[2]);
}

static void what_the_first_round_could_not_have_is_waited_for(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "preflight-trouble", .refused = true};
    list[1] = list[0];
    list[2].situation = "healthy";
    assert_int_equal(run_wait("wait -o short"), EXIT_READY);
    assert_int_equal(n_played, 3);
}

static void ready_after_having_been_not_ready(void **state)
{
    (void)state;
    list[0].situation = "role-missing";
    list[1].situation = "role-missing";
    list[2].situation = "healthy";
    assert_int_equal(run_wait("wait -o short"), EXIT_READY);
    assert_int_equal(n_played, 4); /* the third asked only a part, and saw that something differs */
    assert_string_equal(told, "state state ready mark device");
    assert_non_null(strstr(said_err, "round 4: "));
}

static void a_change_gives_up_a_round_that_began_before_it(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "role-missing", .takes_ms = 200, .change = true};
    list[1].situation = "healthy";
    assert_int_equal(run_wait("wait -o short"), EXIT_READY);
    assert_true(was_told_to_end[0]);
    assert_string_equal(told, "state ready mark device"); /* half a round decides nothing */
    assert_int_equal(n_changes_taken, 1);
}

static void a_young_round_goes_on(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "role-missing", .takes_ms = 199, .change = true};
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
    list[1].situation = "healthy";
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

static void the_first_look_is_no_change(void **state)
{
    (void)state;
    is_new = true;
    play_for_ever(&(struct played){.situation = "role-missing", .takes_ms = 1});
    assert_int_equal(run_wait("wait -q --deadline 20s"), EXIT_NOT_READY);
    for (int i = 0; i < n_played; i++)
        assert_int_equal(was_whole[i], i == 0);
}

/* Until then only the one check that stands in the way is asked again. */
static void after_a_change_a_round_is_whole(void **state)
{
    (void)state;
    list[0].situation = list[1].situation = "policy-missing";
    list[2] = (struct played){.situation = "policy-missing", .takes_ms = 600, .change = true};
    list[3].situation = "healthy";
    assert_int_equal(run_wait("wait -o short --deadline 5m"), EXIT_READY);
    assert_int_equal(n_played, 4);
    assert_true(was_whole[0]);
    assert_true(was_whole[3]);
}

static void a_program_in_trouble_is_at_fault(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "healthy", .fails = true};
    assert_int_equal(run_wait("wait -o short"), EXIT_FAULT);
    assert_string_equal(said_out, "");
    assert_non_null(strstr(said_err, "the round could not run"));
}

/* prctl(2): who may not be dumped has no core, and no ptrace(2) by others of its user. */
static void its_memory_is_for_nobody_else(void **state)
{
    (void)state;
    list[0].situation = "healthy";
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
    assert_int_equal(run_check("check"), EXIT_READY);
    assert_int_equal(dumpable, 0);
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
    list[1].situation = "healthy";
    assert_int_equal(run_wait("wait --json --anonymize"), EXIT_READY);
    assert_null(strstr(said_out, "i-0123456789abcdef0"));
    assert_null(strstr(said_err, "app-role"));
}

static void pauses_lie_between_rounds(void **state)
{
    (void)state;
    play_for_ever(&(struct played){.situation = "role-missing", .takes_ms = 1});
    n_looked = 0;
    filtered = NULL;
    assert_int_equal(run_wait("wait -q --deadline 60s"), EXIT_NOT_READY);
    assert_in_range(n_played, 13, 80); /* at most 5 s each, with full jitter */
    assert_in_range(n_looked, n_played - 1,
                    n_played + 1); /* behind each, though nothing told of a change */
}

/* Each look reads a dozen files: after one in vain the next is half a second later. */
static void a_busy_folder_is_not_looked_at_all_the_time(void **state)
{
    (void)state;
    busy = true;
    play_for_ever(&(struct played){.situation = "role-missing", .takes_ms = 1});
    n_looked = 0;
    assert_int_equal(run_wait("wait -q --deadline 20s"), EXIT_NOT_READY);
    assert_in_range(n_looked, 20, 40 + n_played);
}

/* What stands in the way is asked alone; whatever else a report says is no older than an hour. */
static void each_hour_a_round_is_whole(void **state)
{
    int n_whole = 0;
    (void)state;

    play_for_ever(&(struct played){.situation = "role-missing", .takes_ms = 1});
    assert_int_equal(run_wait("wait -q --deadline 180m"), EXIT_NOT_READY);
    for (int i = 0; i < n_played; i++)
        n_whole += was_whole[i];
    assert_in_range(n_played, 40, MAX_PLAYED);
    assert_int_equal(n_whole, 3);
}

static void the_deadline_is_that_of_the_boot(void **state)
{
    (void)state;
    list[0].situation = "healthy";
    assert_int_equal(run_wait("wait -q"), EXIT_READY);
    assert_int_equal(remaining_ms[0], DEFAULT_DEADLINE_MS - 50);
    assert_int_equal(output_left_ms(0, INT64_MAX), DEFAULT_DEADLINE_MS); /* whoever reads it */
}

/* At boot the agent is about to send its own first request; whoever says otherwise is obeyed. */
static void the_agents_own_request_is_sent_at_boot(void **state)
{
    (void)state;
    list[0].situation = "healthy";
    assert_int_equal(run_wait("wait -q"), EXIT_READY);
    assert_int_equal(asked_with, PERMISSIONS_AGENT);
    assert_int_equal(ticks_every_ms, 0);
    (void)start(state);
    list[0].situation = "healthy";
    (void)run_wait("wait -q --permissions probe");
    assert_int_equal(asked_with, PERMISSIONS_PROBE);
    (void)start(state);
    list[0].situation = "healthy";
    (void)follow("role-missing");
    assert_int_equal(asked_with, PERMISSIONS_PROBE);
}

/* Of a short time too some is left to report. */
static void a_short_deadline_leaves_time_to_report(void **state)
{
    (void)state;
    list[0].situation = "healthy";
    assert_int_equal(run_wait("wait -q --deadline 50ms"), EXIT_READY);
    assert_true(remaining_ms[0] <= 45);
}

/* --- wait --follow --- */

/* Below a root of its own, a last report that is not ready; or none. */
static int follow(const char *situation)
{
    static char root[] = "/tmp/ssm-preflight-wait-XXXXXX";
    static const char *const folders[] = {"", "/run", LAST_REPORT_DIRECTORY};
    struct buffer text;
    char line[256], path[256];

    assert_true(mkdtemp(root));
    for (size_t i = 1; i < COUNT_OF(folders); i++) {
        (void)text_set(path, sizeof(path), "%s%s", root, folders[i]);
        assert_int_equal(__real_mkdir(path, 0755), 0);
    }
    (void)text_set(path, sizeof(path), "%s%s", root, LAST_REPORT);
    if (situation) {
        struct filled *filled = fill(situation);
        buffer_init(&text, REPORT_MAX_BYTES);
        write_json_line(&filled->report, &text);
        assert_int_equal(__real_file_write_atomically(path, text.bytes, text.used, 0644), 0);
        buffer_clear(&text);
        free(filled);
    }
    (void)text_set(line, sizeof(line), "wait --follow -o short --root %s", root);
    made_folder = false;
    int status = run_wait(line);
    assert_false(made_folder);
    (void)unlink(path);
    for (size_t i = COUNT_OF(folders); i-- > 0;) {
        (void)text_set(path, sizeof(path), "%s%s", root, folders[i]);
        (void)rmdir(path);
    }
    return status;
}

static void there_is_nothing_to_follow_when_all_was_well(void **state)
{
    (void)state;
    assert_int_equal(follow("healthy"), EXIT_READY);
    assert_int_equal(n_played, 0);
    assert_string_equal(told, "");
}

static void there_is_nothing_to_follow_where_no_instance_is(void **state)
{
    (void)state;
    assert_int_equal(follow("not-ec2"), EXIT_READY);
    assert_int_equal(n_played, 0);
    assert_string_equal(told, "");
}

/* An instance whose metadata service does not answer is one all the same. */
static void an_instance_without_metadata_is_followed(void **state)
{
    (void)state;
    list[0].situation = "healthy";
    assert_int_equal(follow("imds-blocked-locally"), EXIT_READY);
    assert_int_equal(n_played, 1);
}

/* Otherwise it would begin half a minute later. */
static void a_change_in_the_pause_begins_a_whole_round_at_once(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "role-missing", .change_in_pause = true};
    list[1].situation = "healthy";
    assert_int_equal(follow(NULL), EXIT_READY);
    assert_int_equal(n_played, 2);
    assert_true(was_whole[1]);
    assert_in_range(remaining_ms[0] - remaining_ms[1], 1, 1000);
}

/* Some rounds begin at once, the others when they would have begun anyway. */
static void a_network_that_flaps_between_rounds_is_not_asked_all_the_time(void **state)
{
    (void)state;
    play_for_ever(&(struct played){.situation = "role-missing", .change_in_pause = true});
    assert_int_equal(run_wait("wait -q --deadline 2m"), EXIT_NOT_READY);
    assert_in_range(n_played, OUT_OF_TURN, OUT_OF_TURN + 30);
}

static void a_signal_in_the_pause_ends_it(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "role-missing", .signal_in_pause = true};
    assert_int_equal(run_wait("wait -o short"), EXIT_NOT_READY);
    assert_int_equal(n_played, 1);
    assert_non_null(strstr(said_err, INTERRUPTED));
}

/* It ends as by a fault, Restart=on-failure, and the last verdict stands. */
static void a_follow_up_that_has_given_up_what_is_named_is_started_again(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "role-missing", .change_in_pause = true};
    list[1] = (struct played){.situation = "preflight-trouble", .refused = true};
    assert_int_equal(follow("role-missing"), EXIT_FAULT);
    assert_int_equal(n_played, 2);
    assert_string_equal(told, "state");
    assert_string_equal(said_out, "");
    assert_non_null(strstr(said_err, ": to be started again"));
}

static void one_that_is_stopped_then_has_not_failed(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "role-missing", .change_in_pause = true};
    list[1] = (struct played){
        .situation = "preflight-trouble", .refused = true, .stopped_by = STOPPED_BY_SIGNAL};
    assert_int_equal(follow("role-missing"), EXIT_NOT_READY);
    assert_non_null(strstr(said_err, INTERRUPTED));
}

static void an_agent_that_sleeps_is_restarted_when_all_is_well(void **state)
{
    (void)state;
    list[0].situation = "healthy";
    running = ANSWER_YES;
    connected = connected_now = ANSWER_NO;
    assert_int_equal(follow("role-missing"), EXIT_READY);
    assert_string_equal(told, "state degraded fixed mark device");
}

static void what_was_well_all_the_time_was_not_fixed(void **state)
{
    (void)state;
    list[0].situation = "healthy";
    running = ANSWER_YES;
    connected = connected_now = ANSWER_NO;
    assert_int_equal(follow(NULL), EXIT_READY);
    assert_string_equal(told, "state degraded mark device");
}

static void an_earlier_round_that_was_not_ready_counts(void **state)
{
    (void)state;
    list[0].situation = "role-missing";
    list[1].situation = "healthy";
    running = ANSWER_YES;
    connected = connected_now = ANSWER_NO;
    mark_trouble = EROFS;
    assert_int_equal(follow(NULL), EXIT_READY);
    assert_string_equal(told, "state state degraded fixed mark device");
    assert_non_null(strstr(said_err, "the agent is not restarted: Read-only file system"));
}

/* One that is connected, has become so, or of which that is not known; but a stopped one is not. */
static void agents_are_left_alone(void **state)
{
    static const struct {
        enum answer running, connected, now;
        bool restarted;
    } rows[] = {
        {ANSWER_YES, ANSWER_YES, ANSWER_NO, false},
        {ANSWER_YES, ANSWER_UNKNOWN, ANSWER_NO, false},
        {ANSWER_YES, ANSWER_NO, ANSWER_YES, false},
        {ANSWER_YES, ANSWER_NO, ANSWER_UNKNOWN, false},
        {ANSWER_YES, ANSWER_NO, ANSWER_NO, true},
        {ANSWER_NO, ANSWER_UNKNOWN, ANSWER_UNKNOWN, true},
        {ANSWER_NO, ANSWER_UNKNOWN, ANSWER_NO, true},
        {ANSWER_NO, ANSWER_UNKNOWN, ANSWER_YES, false},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        pid_t child = fork();
        int status = 1;
        if (child == 0) { /* a process waits once */
            running = rows[i].running;
            connected = rows[i].connected;
            connected_now = rows[i].now;
            list[0].situation = "healthy";
            _exit(follow("role-missing") == EXIT_READY ? strstr(told, "fixed") ? 10 : 11 : 12);
        }
        assert_true(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
        if (WEXITSTATUS(status) != (rows[i].restarted ? 10 : 11))
            fail_msg("row %zu: %d", i, WEXITSTATUS(status));
    }
}

/* --- on a terminal --- */

/* What a terminal gets, read by a child so that nobody waits. */
static int wait_on_terminal(const char *kind, const char *line, char *got, size_t size)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY), kept = dup(STDOUT_FILENO), pipes[2];

    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0 && pipe(pipes) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    const struct winsize window = {.ws_row = 24, .ws_col = 80};
    assert_true(slave >= 0 && ioctl(slave, TIOCSWINSZ, &window) == 0);
    (void)setenv("TERM", kind, 1);
    (void)fflush(stdout);
    pid_t reader = fork();
    if (reader == 0) {
        char piece[4096];
        ssize_t n;
        (void)close(slave);
        while ((n = read(master, piece, sizeof(piece))) > 0)
            (void)!write(pipes[1], piece, (size_t)n);
        _exit(0);
    }
    (void)close(pipes[1]);
    (void)dup2(slave, STDOUT_FILENO);
    (void)close(slave);
    int status = command_wait(options_of(line));
    assert_false(is_open.changes || is_open.look);
    (void)dup2(kept, STDOUT_FILENO);
    size_t used = 0;
    for (ssize_t n; (n = read(pipes[0], got + used, size - 1 - used)) > 0;)
        used += (size_t)n;
    got[used] = '\0';
    (void)waitpid(reader, NULL, 0);
    return status;
}

static char screen[SAID_MAX_BYTES];

static void a_terminal_is_drawn_upon(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "role-missing", .ticks = true};
    list[1] = (struct played){.situation = "healthy", .ticks = true};
    assert_int_equal(wait_on_terminal("xterm", "wait -q", screen, sizeof(screen)), EXIT_READY);
    assert_string_equal(screen, "");
    n_played = 0;
    assert_int_equal(wait_on_terminal("xterm", "wait", screen, sizeof(screen)), EXIT_READY);
    assert_non_null(strstr(screen, "\x1b["));
    assert_int_equal(ticks_every_ms, 200);
    assert_non_null(strstr(screen, "round 1"));
    assert_non_null(strstr(screen, "round 3"));
    const char *found = strstr(screen, "role-missing"),
               *done = strstr(screen, "round 1 done, 30 s");
    assert_true(strstr(screen, "round 1 under way, 30 s left") < found && found < done);
    const char *last = strstr(screen, "round 3 under way"), *erased = strstr(last, "A\r\x1b[J");
    assert_non_null(erased); /* then comes the report, in place of all that */
    assert_null(strstr(erased, " left\x1b"));
    assert_non_null(strstr(erased, "READY"));
    assert_null(strstr(screen, "round 0"));
    assert_null(strstr(screen, "round 4"));
}

static void a_dumb_one_gets_plain_lines(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "healthy", .ticks = true};
    assert_int_equal(wait_on_terminal("dumb", "wait", screen, sizeof(screen)), EXIT_READY);
    assert_null(strchr(screen, '\x1b'));
    assert_non_null(strstr(screen, "READY"));
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
    assert_true(remaining_ms[1] < remaining_ms[0] && remaining_ms[2] < remaining_ms[1]);
}

static void no_round_begins_that_has_no_time_left(void **state)
{
    (void)state;
    list[0] = (struct played){.situation = "imds-throttled", .takes_ms = 4000};
    assert_int_equal(run_check("check -o short --deadline 4s"), EXIT_NOT_READY);
    assert_int_equal(n_played, 1);
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
    list[0] = (struct played){.situation = "imds-throttled", .signal_in_pause = true};
    assert_int_equal(run_check("check"), EXIT_NOT_READY);
    assert_int_equal(n_played, 1);
    assert_non_null(strstr(said_err, INTERRUPTED));
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
        cmocka_unit_test_setup(the_manager_waits_as_long, start),
        cmocka_unit_test_setup(a_verdict_of_the_last_seconds_is_told_at_the_end, start),
        cmocka_unit_test_setup(what_waiting_does_not_change_ends_it, start),
        cmocka_unit_test_setup(nor_does_it_change_a_filter_of_its_own, start),
        cmocka_unit_test_setup(nor_what_was_given_up, start),
        cmocka_unit_test_setup(what_a_part_of_a_round_had_given_up_a_whole_one_asks_for, start),
        cmocka_unit_test_setup(what_the_first_round_could_not_have_is_waited_for, start),
        cmocka_unit_test_setup(ready_after_having_been_not_ready, start),
        cmocka_unit_test_setup(a_change_gives_up_a_round_that_began_before_it, start),
        cmocka_unit_test_setup(a_young_round_goes_on, start),
        cmocka_unit_test_setup(what_is_no_change_gives_nothing_up, start),
        cmocka_unit_test_setup(a_network_that_flaps_for_ever_gets_a_verdict, start),
        cmocka_unit_test_setup(a_signal_ends_it_also_in_a_round_given_up, start),
        cmocka_unit_test_setup(a_round_cut_short_does_not_replace_a_whole_one, start),
        cmocka_unit_test_setup(the_first_look_is_no_change, start),
        cmocka_unit_test_setup(after_a_change_a_round_is_whole, start),
        cmocka_unit_test_setup(a_program_in_trouble_is_at_fault, start),
        cmocka_unit_test_setup(its_memory_is_for_nobody_else, start),
        cmocka_unit_test_setup(a_wrong_endpoint_is_wrong_usage, start),
        cmocka_unit_test_setup(ticks_draw_nothing_where_there_is_no_terminal, start),
        cmocka_unit_test_setup(nobody_is_named_when_that_is_asked, start),
        cmocka_unit_test_setup(pauses_lie_between_rounds, start),
        cmocka_unit_test_setup(a_busy_folder_is_not_looked_at_all_the_time, start),
        cmocka_unit_test_setup(each_hour_a_round_is_whole, start),
        cmocka_unit_test_setup(the_deadline_is_that_of_the_boot, start),
        cmocka_unit_test_setup(the_agents_own_request_is_sent_at_boot, start),
        cmocka_unit_test_setup(a_short_deadline_leaves_time_to_report, start),
        cmocka_unit_test_setup(there_is_nothing_to_follow_when_all_was_well, start),
        cmocka_unit_test_setup(there_is_nothing_to_follow_where_no_instance_is, start),
        cmocka_unit_test_setup(an_instance_without_metadata_is_followed, start),
        cmocka_unit_test_setup(a_change_in_the_pause_begins_a_whole_round_at_once, start),
        cmocka_unit_test_setup(a_network_that_flaps_between_rounds_is_not_asked_all_the_time,
                               start),
        cmocka_unit_test_setup(a_signal_in_the_pause_ends_it, start),
        cmocka_unit_test_setup(a_follow_up_that_has_given_up_what_is_named_is_started_again, start),
        cmocka_unit_test_setup(one_that_is_stopped_then_has_not_failed, start),
        cmocka_unit_test_setup(an_agent_that_sleeps_is_restarted_when_all_is_well, start),
        cmocka_unit_test_setup(what_was_well_all_the_time_was_not_fixed, start),
        cmocka_unit_test_setup(an_earlier_round_that_was_not_ready_counts, start),
        cmocka_unit_test_setup(agents_are_left_alone, start),
        cmocka_unit_test_setup(a_terminal_is_drawn_upon, start),
        cmocka_unit_test_setup(a_dumb_one_gets_plain_lines, start),
        cmocka_unit_test_setup(one_round_is_a_check, start),
        cmocka_unit_test_setup(an_answer_that_says_later_is_asked_for_again, start),
        cmocka_unit_test_setup(no_round_begins_that_has_no_time_left, start),
        cmocka_unit_test_setup(a_check_that_is_interrupted_says_so, start),
    };
    int n_failed = 0;

    for (size_t i = 0; i < COUNT_OF(tests); i++)
        n_failed += run_alone(&tests[i]);
    return n_failed;
}
