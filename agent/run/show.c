/* SPDX-License-Identifier: Apache-2.0
 *
 * Diagnoses a recorded run again, with the causes of this binary; or hands many of them on to fleet.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/output.h"
#include "base/text.h"
#include "diagnose/diagnose.h"
#include "model/anonymize.h"
#include "report/recorded.h"
#include "run/commands.h"

static int read_stream(int fd, struct buffer *contents)
{
    char piece[16384];

    for (;;) {
        ssize_t n = read(fd, piece, sizeof(piece));
        if (n < 0 && errno == EAGAIN) /* whoever gave it to us made it so */
            (void)poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return n < 0 ? errno : 0;
        if (!buffer_add(contents, piece, (size_t)n))
            return EFBIG;
    }
}

/* A shell's <(command) is a pipe with a name. One to which nobody writes is empty. */
static int read_pipe(const char *name, struct buffer *contents)
{
    enum { WRITER_MAX_MS = 1000 };
    LOCAL_FD fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct pollfd first = {.fd = fd, .events = POLLIN};

    if (fd < 0)
        return errno;
    (void)poll(&first, 1, WRITER_MAX_MS);
    return read_stream(fd, contents);
}

/* To open a device can do something: it is looked at before. */
int show_read(const char *name, struct buffer *contents)
{
    struct stat status;

    if (strcmp(name, "-") == 0)
        return read_stream(STDIN_FILENO, contents);
    if (stat(name, &status) != 0)
        return errno;
    if (S_ISFIFO(status.st_mode))
        return read_pipe(name, contents);
    return S_ISREG(status.st_mode) ? file_read("", name, contents) : EOPNOTSUPP;
}

static int read_input(const struct options *options, const char **name, struct buffer *contents)
{
    if (options->n_words < 2) {
        *name = LAST_REPORT;
        return file_read(options->root, LAST_REPORT, contents);
    }
    *name = strcmp(options->words[1], "-") == 0 ? "standard input" : options->words[1];
    return show_read(options->words[1], contents);
}

/* --- what `find` and `ls` print, also with -print0 --- */

static size_t name_length(const struct buffer *list, size_t at)
{
    size_t n = 0;

    while (at + n < list->used && list->bytes[at + n] && !strchr("\r\n", list->bytes[at + n]))
        n++;
    return n;
}

/* Each line is the name of a regular file. A log has other lines, and no device and no pipe that it names is opened. */
static bool is_list(const struct buffer *list)
{
    char name[PATH_MAX];
    struct stat status;
    bool any = false;

    for (size_t at = 0, n; at < list->used; at += n + 1) {
        n = name_length(list, at);
        if (n > 0 && (!text_set(name, sizeof(name), "%.*s", (int)n, list->bytes + at) ||
                      stat(name, &status) != 0 || !S_ISREG(status.st_mode)))
            return false;
        any |= n > 0;
    }
    return any;
}

static int show_listed(const struct options *options, struct buffer *list)
{
    char **names = calloc(list->used / 2 + 1, sizeof(char *));
    size_t n_names = 0;

    for (size_t at = 0, n; at < list->used; at += n + 1) {
        n = name_length(list, at);
        list->bytes[at + n] = '\0';
        if (n > 0)
            names[n_names++] = list->bytes + at;
    }
    int status = show_fleet(options, names, n_names);
    free(names);
    return status;
}

/* --- one --- */

/* Where the facts of a block are damaged, its text is still worth reading; it names everybody. */
static int show_lines(const struct options *options, const char *name, const char *error,
                      const struct buffer *lines)
{
    if (lines->used == 0 || options->anonymize || strcmp(options->output, "terminal") != 0) {
        log_error("%s: %s", name, error);
        return EXIT_USAGE;
    }
    log_error("%s: %s; the text of its last block is shown", name, error);
    return tell_text(lines, EXIT_USAGE);
}

static int show(const struct options *options, struct facts *facts, struct report *report)
{
    LOCAL_BUFFER contents = {.max_bytes = REPORT_MAX_BYTES};
    LOCAL_BUFFER lines = {.max_bytes = REPORT_MAX_BYTES};
    char error[WORDS_SIZE];
    const char *name;

    int trouble = read_input(options, &name, &contents);
    if (trouble) {
        log_error("%s: cannot be read: %s%s", name, strerror(trouble),
                  options->n_words < 2 ? " (ssm-preflight.service, that is `wait`, writes it; "
                                         "otherwise give a FILE, or - for standard input)"
                                       : "");
        return file_is_trouble(trouble) ? EXIT_FAULT : EXIT_USAGE;
    }
    (void)buffer_add(&contents, "", 0); /* a pipe may be empty */
    if (options->n_words == 2 && strcmp(options->words[1], "-") == 0 && is_list(&contents))
        return show_listed(options, &contents);
    confine_reading(options, NULL, 0);
    bool read = recorded_read(contents.bytes, contents.used, facts, &lines, error, sizeof(error));
    buffer_clear(&contents);
    if (!read)
        return show_lines(options, name, error, &lines);
    if (error[0] && !options->quiet)
        log_error("%s: %s", name, error);
    if (options->anonymize)
        anonymize_facts(facts);
    facts->plan.strict = options->plan.strict; /* of whoever asks now, not of the recorded run */
    diagnose(facts, report);
    return tell_report(options, report);
}

bool show_last(const struct options *options, struct facts *facts, struct report *report)
{
    LOCAL_BUFFER contents = {.max_bytes = REPORT_MAX_BYTES};
    char error[WORDS_SIZE];

    bool read = file_read(options->root, LAST_REPORT, &contents) == 0 &&
                recorded_read(contents.bytes, contents.used, facts, NULL, error, sizeof(error));

    if (read)
        diagnose(facts, report);
    return read;
}

static bool is_of_many(const char *name)
{
    struct stat status;
    return stat(name, &status) == 0 && S_ISDIR(status.st_mode);
}

int command_show(const struct options *options)
{
    confine(options, CONFINED_OFFLINE);
    if (options->n_words > 2 || (options->n_words == 2 && is_of_many(options->words[1])))
        return show_fleet(options, options->words + 1, (size_t)options->n_words - 1);

    struct facts *facts = calloc(1, sizeof(*facts));
    struct report *report = calloc(1, sizeof(*report));

    int status = show(options, facts, report);

    free(report);
    free(facts);
    return status;
}
