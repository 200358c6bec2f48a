/* SPDX-License-Identifier: Apache-2.0
 *
 * A report that could not be shown whole is a fault of ours; a report that could not be saved is a
 * warning, and changes no verdict.
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
#include "base/log.h"
#include "base/text.h"
#include "report/journal.h"
#include "report/report.h"
#include "verbs/verbs.h"

/* LC_ALL, then LC_CTYPE, then LANG, as setlocale(3) would: which is never called. */
static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

static int terminal_columns(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 40)
        return 0;
    return size.ws_col < 120 ? size.ws_col : 120; /* longer lines are hard to read */
}

void deliver_style(const struct options *options, struct style *style)
{
    bool terminal = isatty(STDOUT_FILENO) == 1;
    const char *no_colour = getenv("NO_COLOR"); /* https://no-color.org: set and not empty */
    const char *kind = getenv("TERM");
    bool wanted = terminal && !(no_colour && *no_colour) && kind && strcmp(kind, "dumb") != 0;

    *style = (struct style){
        .colour = options->colour == COLOUR_ALWAYS || (options->colour == COLOUR_AUTO && wanted),
        .unicode = terminal && locale_is_utf8(),
        .verbose = options->verbose,
        .columns = terminal ? terminal_columns() : 0,
    };
}

int deliver_text(const struct buffer *text, int status)
{
    if (text->failed) {
        log_error("out of memory");
        return EXIT_FAULT;
    }
    for (size_t done = 0; done < text->used;) {
        ssize_t n = write(STDOUT_FILENO, text->bytes + done, text->used - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            log_error("cannot write to standard output: %s", strerror(errno));
            return EXIT_FAULT;
        }
        done += (size_t)n;
    }
    return status;
}

/* A file that could not be written is a warning: a full or read-only disk changes no verdict. */
static void write_file(const char *path, const struct buffer *text)
{
    int error = text->failed ? ENOMEM : file_write_atomically(path, text->bytes, text->used, 0644);

    if (error)
        log_error("warning: %s: the report is not written: %s", path, strerror(error));
}

static void save(const char *path, const struct report *report)
{
    static const struct style style = {0};
    struct buffer json;

    buffer_init(&json, REPORT_MAX_BYTES);
    json_write(report, &style, &json);
    write_file(path, &json);
    buffer_clear(&json);
}

static int print(const struct options *options, const struct report *report, int status)
{
    struct buffer text;
    struct style style = {0};

    buffer_init(&text, REPORT_MAX_BYTES);
    if (!options->output_file[0])
        deliver_style(options, &style);
    output_find(options->output)->write(report, &style, &text);
    if (options->output_file[0])
        write_file(options->output_file, &text);
    else
        status = deliver_text(&text, status);
    buffer_clear(&text);
    return status;
}

int deliver_report(const struct options *options, const struct report *report)
{
    int status = report_exit_status(report, options->plan.strict);

    if (options->save[0])
        save(options->save, report);
    return options->quiet ? status : print(options, report, status);
}

/* --- for `wait` --- */

enum { CONSOLE_MAX_MS = 3000 }; /* a block of 2 KB takes 2.2 s at 9600 baud */

static bool to_console(const struct options *options)
{
    return strcmp(options->output, "console") == 0;
}

/* As much as the device takes in time: it may be a serial line that nobody reads. `fd` does not
 * block. */
static bool write_in_time(int fd, const struct buffer *block)
{
    int64_t until_ms = clock_monotonic_ms() + CONSOLE_MAX_MS;

    for (size_t done = 0; done < block->used;) {
        struct pollfd room = {.fd = fd, .events = POLLOUT};
        int64_t left_ms = until_ms - clock_monotonic_ms();
        ssize_t n = write(fd, block->bytes + done, block->used - done);

        if (n > 0)
            done += (size_t)n;
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        else if (left_ms <= 0 || (poll(&room, 1, (int)left_ms) < 0 && errno != EINTR))
            return false;
    }
    return true;
}

/* The console itself, where this may be written to. */
static void write_to_device(const struct buffer *block)
{
    int fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)write_in_time(fd, block);
    (void)close(fd);
}

/* Standard output, which the unit makes the console: it is ours alone there. */
static void write_to_output(const struct buffer *block)
{
    int flags = fcntl(STDOUT_FILENO, F_GETFL);

    if (isatty(STDOUT_FILENO) != 1 || flags < 0 ||
        fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK) != 0) {
        (void)deliver_text(block, EXIT_READY);
        return;
    }
    if (!write_in_time(STDOUT_FILENO, block))
        log_error("warning: the console did not take the whole report in time");
    (void)fcntl(STDOUT_FILENO, F_SETFL, flags);
}

static void write_console(const struct options *options, const struct report *report)
{
    static const struct style style = {0};
    struct buffer block;

    buffer_init(&block, REPORT_MAX_BYTES);
    console_write(report, &style, &block);
    if (block.failed)
        log_error("out of memory: nothing goes to the console");
    else if (to_console(options))
        write_to_output(&block);
    else if (isatty(STDOUT_FILENO) != 1) /* a person at a terminal has the report */
        write_to_device(&block);
    buffer_clear(&block);
}

static void mark_ready(const struct options *options, const struct report *report)
{
    static const char words[] = "ready\n";
    int error = 0;

    if (report_exit_status(report, options->plan.strict) == EXIT_READY)
        error = file_write_atomically(READY_MARK, words, sizeof(words) - 1, 0644);
    else if (unlink(READY_MARK) != 0 && errno != ENOENT)
        error = errno;
    if (error)
        log_error("warning: %s: ssm-ready.target does not follow the verdict: %s", READY_MARK,
                  strerror(error));
}

void deliver_state(const struct options *options, const struct report *report)
{
    /* Systemd makes the directory; by hand, root may. Elsewhere nobody asked for a file there. */
    if (mkdir(LAST_REPORT_DIRECTORY, 0755) != 0 && access(LAST_REPORT_DIRECTORY, W_OK) != 0)
        return;
    save(LAST_REPORT, report);
    mark_ready(options, report);
}

void deliver_verdict(const struct options *options, const struct report *report)
{
    journal_send(report);
    if (!options->quiet)
        write_console(options, report);
}

int deliver_end(const struct options *options, const struct report *report)
{
    struct options rest = *options;

    rest.quiet = options->quiet || to_console(options); /* the block was printed with the change */
    return deliver_report(&rest, report);
}
