/* SPDX-License-Identifier: Apache-2.0
 *
 * What is told, to whom: the report on standard output and in files; and while `wait` goes on, the
 * state to other programs and the verdict to people.
 *
 * A report that cannot be shown whole, or cannot be written to --output-file, is a fault, and
 * standard error then has the verdict. Everything else that fails (--save, /run, a console) is a
 * warning at most: a full disk at boot changes no verdict.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/output.h"
#include "base/text.h"
#include "observe/observe.h"
#include "report/systemd.h"
#include "run/commands.h"

/* --- standard output --- */

/* LC_ALL, then LC_CTYPE, then LANG, as setlocale(3) would read them; it is never called. */
static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

void tell_style(const struct options *options, struct style *style)
{
    enum { NARROWEST = 40, WIDEST = 120 }; /* longer lines are hard to read */
    struct winsize size = {0};
    bool terminal = isatty(STDOUT_FILENO) == 1;
    const char *no_colour = getenv("NO_COLOR"); /* https://no-color.org: set and not empty */
    const char *kind = getenv("TERM");
    bool wanted = terminal && !(no_colour && *no_colour) && kind && strcmp(kind, "dumb") != 0;

    if (!terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        size = (struct winsize){0};
    *style = (struct style){
        .colour = options->colour == COLOUR_ALWAYS || (options->colour == COLOUR_AUTO && wanted),
        .unicode = terminal && locale_is_utf8(),
        .verbose = options->verbose,
        .columns = size.ws_col < NARROWEST ? 0
                   : size.ws_col < WIDEST  ? size.ws_col
                                           : WIDEST,
        .rows = size.ws_row,
    };
}

int tell_text(const struct buffer *text, int status)
{
    if (text->failed) {
        log_error("the text is too long");
        return EXIT_FAULT;
    }
    int error = output_write(STDOUT_FILENO, text->bytes, text->used, INT64_MAX);
    if (error == 0)
        return status;
    log_error("cannot write to standard output: %s",
              error == ETIMEDOUT ? "nobody reads it" : strerror(error));
    return EXIT_FAULT;
}

/* --- the report --- */

static bool write_file(const char *path, const struct buffer *text, const char *kind)
{
    int error = text->failed ? EFBIG : file_write_atomically(path, text->bytes, text->used, 0644);

    if (error)
        log_error("%s%s: the report is not written: %s", kind, path, strerror(error));
    return !error;
}

static void save(const char *path, const struct report *report)
{
    static const struct style style = {0};
    LOCAL_BUFFER json = {.max_bytes = REPORT_MAX_BYTES};

    json_write(report, &style, &json);
    (void)write_file(path, &json, "warning: ");
}

bool tell_is_to_file(const struct options *options)
{
    return options->output_file[0] && strcmp(options->output_file, "-") != 0;
}

int tell_output(const struct options *options, const struct buffer *text, const char *verdict,
                int status)
{
    bool told = tell_is_to_file(options) ? write_file(options->output_file, text, "")
                                         : tell_text(text, EXIT_READY) == EXIT_READY;

    if (!told)
        log_error("%s", verdict);
    return told ? status : EXIT_FAULT;
}

static int print(const struct options *options, const struct report *report, int status)
{
    char verdict[SUMMARY_SIZE + NAME_SIZE];
    struct style style = {0};
    LOCAL_BUFFER text = {.max_bytes = REPORT_MAX_BYTES};

    if (!tell_is_to_file(options))
        tell_style(options, &style);
    output_find(options->output)->write(report, &style, &text);
    (void)text_set(verdict, sizeof(verdict), "%s: %s", verdict_row(report->verdict)->words,
                   report_summary_words(report));
    return tell_output(options, &text, verdict, status);
}

int tell_report(const struct options *options, const struct report *report)
{
    int status = report_exit_status(report, options->plan.strict);

    if (options->save[0])
        save(options->save, report);
    return options->quiet && !tell_is_to_file(options) ? status : print(options, report, status);
}

/* --- `wait`: the consoles --- */

static bool to_console(const struct options *options)
{
    return strcmp(options->output, "console") == 0;
}

static void write_to_device(const struct buffer *block)
{
    LOCAL_FD fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0)
        (void)output_write(fd, block->bytes, block->used, CONSOLE_MAX_MS);
}

/* The unit makes standard output the console. */
static void write_to_output(const struct buffer *block)
{
    if (isatty(STDOUT_FILENO) != 1)
        (void)tell_text(block, EXIT_READY);
    else if (output_write(STDOUT_FILENO, block->bytes, block->used, CONSOLE_MAX_MS) != 0)
        log_error("warning: the console did not take the whole report in time");
}

static void write_block(const struct report *report, void (*write_to)(const struct buffer *block))
{
    static const struct style style = {0};
    LOCAL_BUFFER block = {.max_bytes = REPORT_MAX_BYTES};

    console_write(report, &style, &block);
    write_to(&block);
}

void tell_verdict(const struct options *options, const struct report *report)
{
    journal_send(report);
    if (!options->quiet && to_console(options))
        write_block(report, write_to_output);
}

void tell_device(const struct options *options, const struct report *report)
{
    /* a person at a terminal sees the report there */
    if (!options->quiet && !to_console(options) && isatty(STDOUT_FILENO) != 1)
        write_block(report, write_to_device);
}

/* --- `wait`: the state --- */

/* Systemd makes the directory, or root can. Nobody else asked for files there, and what is said of another root is not
 * this machine's state. */
static bool may_write_state(const struct options *options)
{
    return !options->root[0] &&
           (mkdir(LAST_REPORT_DIRECTORY, 0755) == 0 || access(LAST_REPORT_DIRECTORY, W_OK) == 0);
}

static bool is_ready(const struct options *options, const struct report *report)
{
    return report_exit_status(report, options->plan.strict) == EXIT_READY;
}

static void mark_failed(int error)
{
    log_error("warning: %s: ssm-ready.target does not follow the verdict: %s", READY_MARK,
              strerror(error));
}

void tell_state(const struct options *options, const struct report *report)
{
    if (!may_write_state(options))
        return;
    save(LAST_REPORT, report);
    if (!is_ready(options, report) && unlink(READY_MARK) != 0 && errno != ENOENT)
        mark_failed(errno);
}

void tell_ready(const struct options *options, const struct report *report)
{
    static const char words[] = "ready\n";

    if (!is_ready(options, report) || !may_write_state(options))
        return;
    int error = file_write_atomically(READY_MARK, words, sizeof(words) - 1, 0644);
    if (error)
        mark_failed(error);
}

/* --- `wait --follow`: to the unit that restarts the agent --- */

/* The unit restarts the agent and removes the mark. That comes before READY_MARK, so that an agent
 * which waits for ssm-ready.target starts once. Where the unit is switched off the mark stays. */
static void until_mark_is_taken(void)
{
    enum { MARK_TAKEN_MS = 1000 };
    int64_t began_ms = clock_monotonic_ms();

    while (access(FIXED_MARK, F_OK) == 0 && output_left_ms(began_ms, MARK_TAKEN_MS) > 0)
        (void)poll(NULL, 0, 10);
}

/* A sleeping agent does not notice that the instance is ready now, and is restarted. An agent that is
 * connected, or has connected while the round ran, is left alone; so is a running one of which that
 * is not known. A stopped one would only be started again later, so it is not left alone. */
static bool is_left_alone(const struct options *options, const struct facts *facts)
{
    bool stopped = facts->agent.running == ANSWER_NO;

    if (!stopped && facts->agent.connected != ANSWER_NO)
        return true;
    enum answer now = observe_connected(options->root, facts);
    return now == ANSWER_YES || (now == ANSWER_UNKNOWN && !stopped);
}

void tell_fixed(const struct options *options, const struct facts *facts)
{
    static const char words[] = "ready after having been not ready\n";

    if (is_left_alone(options, facts))
        return;
    int error = file_write_atomically(FIXED_MARK, words, sizeof(words) - 1, 0644);
    if (error)
        log_error("warning: %s: the agent is not restarted: %s", FIXED_MARK, strerror(error));
    else
        until_mark_is_taken();
}

int tell_end(const struct options *options, const struct report *report)
{
    struct options rest = *options;

    rest.quiet = options->quiet || to_console(options); /* tell_verdict() has printed the block */
    return tell_report(&rest, report);
}
