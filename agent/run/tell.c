/* SPDX-License-Identifier: Apache-2.0
 *
 * What `wait` tells while it goes on: the state of things to other programs, the verdict to people.
 * None of it may hold up or change a verdict.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "report/journal.h"
#include "report/report.h"
#include "run/commands.h"

static bool to_console(const struct options *options)
{
    return strcmp(options->output, "console") == 0;
}

/* The console itself, where this may be written to. */
static void write_to_device(const struct buffer *block)
{
    int fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)file_write_in_time(fd, block->bytes, block->used, CONSOLE_MAX_MS);
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
    if (file_write_in_time(STDOUT_FILENO, block->bytes, block->used, CONSOLE_MAX_MS) != 0)
        log_error("warning: the console did not take the whole report in time");
    (void)fcntl(STDOUT_FILENO, F_SETFL, flags);
}

static void write_block(const struct report *report, void (*write_to)(const struct buffer *block))
{
    static const struct style style = {0};
    struct buffer block;

    buffer_init(&block, REPORT_MAX_BYTES);
    console_write(report, &style, &block);
    if (block.failed)
        log_error("out of memory: nothing goes to the console");
    else
        write_to(&block);
    buffer_clear(&block);
}

static bool may_write_state(void)
{
    /* Systemd makes the directory; by hand, root may. Elsewhere nobody asked for a file there. */
    return mkdir(LAST_REPORT_DIRECTORY, 0755) == 0 || access(LAST_REPORT_DIRECTORY, W_OK) == 0;
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
    if (!may_write_state())
        return;
    deliver_file(LAST_REPORT, report);
    if (!is_ready(options, report) && unlink(READY_MARK) != 0 && errno != ENOENT)
        mark_failed(errno);
}

void tell_ready(const struct options *options, const struct report *report)
{
    static const char words[] = "ready\n";

    if (!is_ready(options, report) || !may_write_state())
        return;
    int error = file_write_atomically(READY_MARK, words, sizeof(words) - 1, 0644);
    if (error)
        mark_failed(error);
}

void tell_verdict(const struct options *options, const struct report *report)
{
    journal_send(report);
    if (!options->quiet && to_console(options))
        write_block(report, write_to_output);
}

void tell_device(const struct options *options, const struct report *report)
{
    /* a person at a terminal has the report */
    if (!options->quiet && !to_console(options) && isatty(STDOUT_FILENO) != 1)
        write_block(report, write_to_device);
}

int tell_end(const struct options *options, const struct report *report)
{
    struct options rest = *options;

    rest.quiet = options->quiet || to_console(options); /* the block was printed with the change */
    return deliver_report(&rest, report);
}
