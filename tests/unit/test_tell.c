/* SPDX-License-Identifier: Apache-2.0
 *
 * What is told, to whom: how a terminal is described, the files below /run, the consoles, the journal, the mark for the
 * unit that restarts the agent. The system calls that would touch this machine are replaced.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "observe/observe.h"
#include "report/systemd.h"
#include "report_builder.h"
#include "run/commands.h"
#include "said.h"

enum { MAX_TOLD = 2048 };

static char told[MAX_TOLD]; /* calls, in their order */
static bool terminal, folder_made, folder_writable, mark_stays, console_opens;
static int unlink_trouble, write_trouble, late;
static struct winsize window;
static int64_t now_ms;

static void tell(const char *what, const char *of)
{
    (void)text_add(told, sizeof(told), "%s%s%s%s", told[0] ? " " : "", what, of[0] ? ":" : "", of);
}

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
int __wrap_isatty(int fd);
int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_mkdir(const char *path, unsigned int mode);
int __wrap_access(const char *path, int mode);
int __wrap_unlink(const char *path);
int __wrap_open(const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...);
int __wrap_poll(struct pollfd *fds, unsigned long n, int wait_ms);
int64_t __wrap_clock_monotonic_ms(void);
int __wrap_file_write_atomically(const char *path, const char *bytes, size_t n, unsigned int mode);
int __wrap_output_write(int fd, const char *bytes, size_t n, int64_t within_ms);
int __real_output_write(int fd, const char *bytes, size_t n, int64_t within_ms);
void __wrap_journal_send(const struct report *report);
enum answer __wrap_observe_connected(const char *root, const struct facts *facts);

int __wrap_isatty(int fd)
{
    assert_int_equal(fd, STDOUT_FILENO);
    return terminal;
}

int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
    assert_true(fd == STDOUT_FILENO && request == TIOCGWINSZ);
    memcpy(argument, &window, sizeof(window));
    return window.ws_row ? 0 : -1;
}

int __wrap_mkdir(const char *path, unsigned int mode)
{
    assert_string_equal(path, LAST_REPORT_DIRECTORY);
    assert_int_equal(mode, 0755);
    return folder_made ? 0 : -1;
}

int __wrap_access(const char *path, int mode)
{
    if (strcmp(path, FIXED_MARK) == 0 && mode == F_OK)
        return mark_stays ? 0 : -1;
    assert_string_equal(path, LAST_REPORT_DIRECTORY);
    assert_int_equal(mode, W_OK);
    return folder_writable ? 0 : -1;
}

int __wrap_unlink(const char *path)
{
    tell("unlink", path);
    errno = unlink_trouble;
    return unlink_trouble ? -1 : 0;
}

int __wrap_open(const char *path, int flags, ...)
{
    if (strcmp(path, "/dev/console") != 0)
        return __real_open(path, flags, 0644);
    tell("open", path);
    assert_true((flags & O_NOCTTY) && (flags & O_NONBLOCK) && (flags & O_CLOEXEC));
    return console_opens ? __real_open("/dev/null", flags) : -1;
}

int __wrap_poll(struct pollfd *fds, unsigned long n, int wait_ms)
{
    assert_true(!fds && n == 0 && wait_ms > 0);
    now_ms += wait_ms;
    return 0;
}

int64_t __wrap_clock_monotonic_ms(void)
{
    return now_ms;
}

int __wrap_file_write_atomically(const char *path, const char *bytes, size_t n, unsigned int mode)
{
    assert_int_equal(mode, 0644);
    assert_int_equal(strlen(bytes), n);
    assert_null(strchr(bytes, '\x1b')); /* no file has colours */
    tell("write", path);
    return write_trouble;
}

int __wrap_output_write(int fd, const char *bytes, size_t n, int64_t within_ms)
{
    if (within_ms != CONSOLE_MAX_MS)
        return __real_output_write(fd, bytes, n, within_ms);
    assert_true(text_starts(bytes, "ssm-preflight: ") && bytes[n - 1] == '\n' && fd >= 0);
    tell("block", "");
    return late;
}

void __wrap_journal_send(const struct report *report)
{
    (void)report;
    tell("journal", "");
}

enum answer __wrap_observe_connected(const char *root, const struct facts *facts)
{
    (void)root;
    (void)facts;
    return ANSWER_NO;
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

static struct filled *filled;
static void (*telling)(const struct options *options, const struct report *report);

static int command_tell(const struct options *options)
{
    telling(options, &filled->report);
    return EXIT_READY;
}

/* What was done, and with what words. */
static void tells(void (*what)(const struct options *options, const struct report *report),
                  const char *situation, const char *line, const char *done)
{
    filled = fill(situation);
    telling = what;
    told[0] = '\0';
    (void)command_run(command_tell, options_of(line));
    free(filled);
    if (strcmp(told, done) != 0)
        fail_msg("\"%s\" and not \"%s\"", told, done);
}

static int start(void **state)
{
    (void)state;
    terminal = folder_made = mark_stays = console_opens = false;
    folder_writable = true;
    unlink_trouble = write_trouble = late = 0;
    return 0;
}

/* --- how a terminal is described --- */

static void a_terminal_has_a_style(void **state)
{
    static const struct {
        const char *line, *kind, *no_color, *lc_all, *lc_ctype, *lang;
        unsigned short columns, rows;
        bool terminal, colour, unicode;
        int is_columns;
    } rows[] = {
        {"show", "xterm", NULL, "C.UTF-8", NULL, NULL, 80, 24, true, true, true, 80},
        {"show", "xterm", NULL, "C.UTF-8", NULL, NULL, 80, 24, false, false, false, 0},
        {"show", "xterm", "1", NULL, "de_DE.utf8", NULL, 39, 24, true, false, true, 0},
        {"show", "xterm", "", NULL, NULL, "en_US.UTF-8", 40, 24, true, true, true, 40},
        {"show", "dumb", NULL, "C", "C.UTF-8", "C.UTF-8", 119, 24, true, false, false, 119},
        {"show", NULL, NULL, "", "", "", 120, 24, true, false, false, 120},
        {"show", "xterm", NULL, "", "", "C.utf-8", 300, 24, true, true, true, 120},
        {"show", "xterm", NULL, NULL, NULL, NULL, 80, 0, true, true, false, 0},
        {"show --color always", "dumb", "1", NULL, NULL, NULL, 80, 24, false, true, false, 0},
        {"show --color never", "xterm", NULL, NULL, NULL, NULL, 80, 24, true, false, false, 80},
    };
    static const char *const names[] = {"TERM", "NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *const values[] = {rows[i].kind, rows[i].no_color, rows[i].lc_all,
                                      rows[i].lc_ctype, rows[i].lang};
        struct style style;

        for (size_t j = 0; j < COUNT_OF(names); j++)
            (void)(values[j] ? setenv(names[j], values[j], 1) : unsetenv(names[j]));
        terminal = rows[i].terminal;
        window = (struct winsize){.ws_col = rows[i].columns, .ws_row = rows[i].rows};
        tell_style(options_of(rows[i].line), &style);
        if (style.colour != rows[i].colour || style.unicode != rows[i].unicode ||
            style.columns != rows[i].is_columns || style.verbose ||
            style.rows != (rows[i].terminal ? rows[i].rows : 0))
            fail_msg("row %zu: %d %d %d %d", i, style.colour, style.unicode, style.columns,
                     style.rows);
    }
    tell_style(options_of("show --verbose"), &(struct style){0});
}

static void too_long_a_text_is_a_fault(void **state)
{
    struct buffer text;
    (void)state;
    buffer_init(&text, 2);
    (void)buffer_add_text(&text, "three");
    assert_int_equal(tell_text(&text, EXIT_READY), EXIT_FAULT);
    buffer_clear(&text);
}

/* --- the state below /run --- */

static void the_state_is_the_report_and_the_mark(void **state)
{
    (void)state;
    tells(tell_state, "healthy", "wait", "write:" LAST_REPORT);
    tells(tell_state, "role-missing", "wait", "write:" LAST_REPORT " unlink:" READY_MARK);
    assert_string_equal(said_err, "");
    tells(tell_state, "public-path", "wait", "write:" LAST_REPORT);
    tells(tell_state, "public-path", "wait --strict", "write:" LAST_REPORT " unlink:" READY_MARK);
    unlink_trouble = ENOENT;
    tells(tell_state, "role-missing", "wait", "write:" LAST_REPORT " unlink:" READY_MARK);
    assert_string_equal(said_err, "");
    unlink_trouble = EROFS;
    tells(tell_state, "role-missing", "wait", "write:" LAST_REPORT " unlink:" READY_MARK);
    assert_non_null(strstr(said_err, "ssm-ready.target does not follow the verdict: Read-only"));
    write_trouble = ENOSPC; /* a warning: the verdict stands */
    tells(tell_state, "healthy", "wait", "write:" LAST_REPORT);
    assert_non_null(
        strstr(said_err, "warning: " LAST_REPORT ": the report is not written: No space"));
}

static void the_mark_is_written_when_it_is_ready(void **state)
{
    (void)state;
    tells(tell_ready, "healthy", "wait", "write:" READY_MARK);
    assert_string_equal(said_err, "");
    tells(tell_ready, "role-missing", "wait", "");
    tells(tell_ready, "public-path", "wait", "write:" READY_MARK);
    tells(tell_ready, "public-path", "wait --strict", "");
    write_trouble = EACCES;
    tells(tell_ready, "healthy", "wait", "write:" READY_MARK);
    assert_non_null(strstr(said_err, "does not follow the verdict: Permission denied"));
}

static void nothing_is_written_where_nobody_wants_it(void **state)
{
    (void)state;
    tells(tell_state, "healthy", "wait --root /other", "");
    tells(tell_ready, "healthy", "wait --root /other", "");
    folder_writable = false;
    tells(tell_state, "role-missing", "wait", "");
    tells(tell_ready, "healthy", "wait", "");
    folder_made = true; /* by root, as there is none yet */
    tells(tell_ready, "healthy", "wait", "write:" READY_MARK);
    tells(tell_ready, "healthy", "wait --root /other", "");
}

/* --- the consoles --- */

static void each_console_gets_the_block_once(void **state)
{
    (void)state;
    console_opens = true;
    tells(tell_verdict, "role-missing", "wait", "journal");
    assert_string_equal(said_out, "");
    tells(tell_device, "role-missing", "wait", "open:/dev/console block");
    tells(tell_device, "role-missing", "wait -q", "");
    terminal = true;
    tells(tell_device, "role-missing", "wait", ""); /* a person sees the report */
    terminal = false;

    tells(tell_verdict, "role-missing", "wait -o console", "journal");
    assert_true(text_starts(said_out, "ssm-preflight: NOT READY"));
    tells(tell_verdict, "role-missing", "wait -o console -q", "journal");
    assert_string_equal(said_out, "");
    tells(tell_device, "role-missing", "wait -o console", "");

    terminal = true; /* the unit's standard output is the console */
    tells(tell_verdict, "role-missing", "wait -o console", "journal block");
    assert_string_equal(said_err, "");
    late = ETIMEDOUT;
    tells(tell_verdict, "role-missing", "wait -o console", "journal block");
    assert_non_null(strstr(said_err, "the console did not take the whole report in time"));
    terminal = false;
    console_opens = false;
    tells(tell_device, "role-missing", "wait", "open:/dev/console");
    assert_string_equal(said_err, "");
}

static int flags_after, n_open_after;

static void tell_and_look(const struct options *options, const struct report *report)
{
    tell_verdict(options, report);
    flags_after = fcntl(STDOUT_FILENO, F_GETFL);
    tell_device(options, report);
    n_open_after = 0;
    for (int fd = 0; fd < 64; fd++)
        n_open_after += fcntl(fd, F_GETFD) >= 0;
}

static void the_console_is_left_as_it_was(void **state)
{
    (void)state;
    terminal = true;
    tells(tell_and_look, "healthy", "wait -o console", "journal block");
    assert_false(flags_after & O_NONBLOCK);
    terminal = false;
    console_opens = true;
    tells(tell_and_look, "healthy", "wait", "journal open:/dev/console block");
    int before = n_open_after;
    tells(tell_and_look, "healthy", "wait", "journal open:/dev/console block");
    assert_int_equal(n_open_after, before);
}

/* --- the unit that restarts the agent --- */

static void fixed(const struct options *options, const struct report *report)
{
    static struct facts facts;

    facts = *report->facts;
    facts.agent.running = ANSWER_NO;
    tell_fixed(options, &facts);
}

static void the_mark_is_waited_for_but_not_for_ever(void **state)
{
    (void)state;
    now_ms = 1000;
    tells(fixed, "healthy", "wait --follow", "write:" FIXED_MARK);
    assert_true(now_ms == 1000);
    mark_stays = true; /* its unit is switched off */
    tells(fixed, "healthy", "wait --follow", "write:" FIXED_MARK);
    assert_in_range(now_ms, 2000, 2020);
    write_trouble = EROFS;
    now_ms = 1000;
    tells(fixed, "healthy", "wait --follow", "write:" FIXED_MARK);
    assert_non_null(strstr(said_err, "the agent is not restarted: Read-only file system"));
    assert_true(now_ms == 1000);
}

/* --- the end --- */

static int end_status;

static void at_the_end(const struct options *options, const struct report *report)
{
    end_status = tell_end(options, report);
}

static void the_end_is_a_report(void **state)
{
    (void)state;
    tells(at_the_end, "role-missing", "wait -o short", "");
    assert_int_equal(end_status, EXIT_NOT_READY);
    assert_true(text_starts(said_out, "NOT READY"));
    tells(at_the_end, "role-missing", "wait -o console", ""); /* the block was printed */
    assert_string_equal(said_out, "");
    assert_int_equal(end_status, EXIT_NOT_READY);
    tells(at_the_end, "healthy", "wait -q --save /x/y", "write:/x/y");
    assert_string_equal(said_out, "");
    tells(at_the_end, "healthy", "wait --output-file /x/z -o short", "write:/x/z");
    assert_string_equal(said_out, "");
    tells(at_the_end, "healthy", "wait --output-file - -o short", "");
    assert_true(text_starts(said_out, "READY"));
    tells(at_the_end, "healthy", "wait --output-file z --save s", "write:s write:z");
    tells(at_the_end, "healthy", "wait --output-file /x/z --color always", "write:/x/z");
    tells(at_the_end, "healthy", "wait --color always", "");
    assert_non_null(strchr(said_out, '\x1b'));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_terminal_has_a_style, start),
        cmocka_unit_test_setup(too_long_a_text_is_a_fault, start),
        cmocka_unit_test_setup(the_state_is_the_report_and_the_mark, start),
        cmocka_unit_test_setup(the_mark_is_written_when_it_is_ready, start),
        cmocka_unit_test_setup(nothing_is_written_where_nobody_wants_it, start),
        cmocka_unit_test_setup(each_console_gets_the_block_once, start),
        cmocka_unit_test_setup(the_console_is_left_as_it_was, start),
        cmocka_unit_test_setup(the_mark_is_waited_for_but_not_for_ever, start),
        cmocka_unit_test_setup(the_end_is_a_report, start),
    };
    return cmocka_run_group_tests_name("run: what is told, to whom", tests, NULL, NULL);
}
