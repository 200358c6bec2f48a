/* SPDX-License-Identifier: Apache-2.0
 *
 * A report that could not be shown whole, or written to where it was asked for, is a fault, and its
 * verdict is said on standard error so that it is not lost. One that could not be saved besides is a
 * warning: a full or read-only disk at boot changes no verdict.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "report/report.h"
#include "run/commands.h"

/* LC_ALL, then LC_CTYPE, then LANG, as setlocale(3) would: which is never called. */
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

static int terminal_columns(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 40)
        return 0;
    return size.ws_col < 120 ? size.ws_col : 120; /* longer lines are hard to read */
}

static int terminal_rows(void)
{
    struct winsize size;

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
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
        .rows = terminal ? terminal_rows() : 0,
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

static bool write_file(const char *path, const struct buffer *text, const char *kind)
{
    int error = text->failed ? ENOMEM : file_write_atomically(path, text->bytes, text->used, 0644);

    if (error)
        log_error("%s%s: the report is not written: %s", kind, path, strerror(error));
    return error == 0;
}

void deliver_file(const char *path, const struct report *report)
{
    static const struct style style = {0};
    struct buffer json;

    buffer_init(&json, REPORT_MAX_BYTES);
    json_write(report, &style, &json);
    (void)write_file(path, &json, "warning: ");
    buffer_clear(&json);
}

static bool is_to_file(const struct options *options)
{
    return options->output_file[0] && strcmp(options->output_file, "-") != 0;
}

static int print(const struct options *options, const struct report *report, int status)
{
    struct buffer text;
    struct style style = {0};

    bool to_file = is_to_file(options);

    buffer_init(&text, REPORT_MAX_BYTES);
    if (!to_file)
        deliver_style(options, &style);
    output_find(options->output)->write(report, &style, &text);
    if (!to_file) {
        status = deliver_text(&text, status);
    } else if (!write_file(options->output_file, &text, "")) {
        log_error("%s: %s", verdict_row(report->verdict)->words, report_summary_words(report));
        status = EXIT_FAULT;
    }
    buffer_clear(&text);
    return status;
}

int deliver_report(const struct options *options, const struct report *report)
{
    int status = report_exit_status(report, options->plan.strict);

    if (options->save[0])
        deliver_file(options->save, report);
    return options->quiet && !is_to_file(options) ? status : print(options, report, status);
}
