/* SPDX-License-Identifier: Apache-2.0
 *
 * `show` of many files: each is read, diagnosed and forgotten but for a small record, so ten thousand console
 * logs take no more memory than their records.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/output.h"
#include "base/text.h"
#include "diagnose/diagnose.h"
#include "model/anonymize.h"
#include "model/fleet.h"
#include "report/recorded.h"
#include "report/report.h"
#include "run/commands.h"

enum { MAX_FILES = 20000 }; /* their records take 30 MB */

struct reading {
    const struct options *options;
    bool too_many, trouble; /* trouble: of this machine, not of a file */
    struct fleet fleet;
    struct facts *facts;
    struct report *report;
};

/* What is wrong with a file, in words that many files share. */
static const char *why_unread(const char *error)
{
    if (text_starts(error, "no report of ssm-preflight") ||
        text_starts(error, "there is no console"))
        return "no block: image without ssm-preflight, or the log was taken too early";
    if (strstr(error, "cut off"))
        return "the JSON report is cut off or garbled";
    if (strstr(error, "damaged") || strstr(error, "not of one block"))
        return "the block is damaged: its lines are in the log, for people";
    return "no report that this version can read";
}

static void keep_example(struct reading *reading)
{
    struct member *member = &reading->fleet.members[reading->fleet.n_members - 1];
    struct buffer commands = {.max_bytes = REPORT_MAX_BYTES};
    struct buffer way = {.max_bytes = REPORT_MAX_BYTES};

    if (reading->report->findings[0].n_commands > 0)
        commands_write(reading->report, NULL, &commands);
    html_example(&way, reading->report);
    (void)buffer_add(&way, "", 0);
    member->commands = commands.bytes; /* fleet_clear() */
    member->way = way.bytes;
}

/* What to call a file: "file 3" with --anonymize, for which `anonymous` has room. */
static const char *name_to_tell(const struct reading *reading, const char *name,
                                char anonymous[NAME_SIZE])
{
    (void)text_set(anonymous, NAME_SIZE, "file %d", (int)reading->fleet.n_members + 1);
    return reading->options->anonymize ? anonymous : name;
}

static void add_unread(struct reading *reading, const char *name, int trouble)
{
    char anonymous[NAME_SIZE], error[WORDS_SIZE];

    reading->trouble |= file_is_trouble(trouble);
    (void)text_set(error, sizeof(error), "cannot be read: %s", strerror(trouble));
    fleet_add_unread(&reading->fleet, name_to_tell(reading, name, anonymous), error);
}

static void read_one(struct reading *reading, const char *name)
{
    const struct options *options = reading->options;
    char anonymous[NAME_SIZE], error[WORDS_SIZE] = "";
    const char *file = name_to_tell(reading, name, anonymous);

    reading->too_many = reading->fleet.n_members == MAX_FILES;
    if (reading->too_many)
        return;
    LOCAL_BUFFER contents = {.max_bytes = REPORT_MAX_BYTES};
    int trouble = show_read(name, &contents);
    (void)buffer_add(&contents, "", 0);
    if (trouble) {
        add_unread(reading, name, trouble);
    } else if (!recorded_read(contents.bytes, contents.used, reading->facts, NULL, error,
                              sizeof(error))) {
        fleet_add_unread(&reading->fleet, file, why_unread(error));
    } else {
        if (options->anonymize)
            anonymize_facts(reading->facts);
        reading->facts->plan.strict = options->plan.strict;
        diagnose(reading->facts, reading->report);
        fleet_add(&reading->fleet, file, reading->report);
        if (fleet_has_new_cause(&reading->fleet))
            keep_example(reading);
    }
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The regular files of a directory, and what cannot be looked at, in the order of their names; there may be thousands. */
static int read_directory(struct reading *reading, const char *directory)
{
    struct dirent **entries = NULL;
    int n = scandir(directory, &entries, is_shown, by_name), trouble = n < 0 ? errno : 0;

    for (int i = 0; i < n; i++) {
        struct stat status;
        char *name = NULL;

        if (!reading->too_many && asprintf(&name, "%s/%s", directory, entries[i]->d_name) >= 0 &&
            (stat(name, &status) != 0 || S_ISREG(status.st_mode)))
            read_one(reading, name);
        free(name);
        free(entries[i]);
    }
    free(entries);
    return trouble;
}

static void read_path(struct reading *reading, const char *name)
{
    struct stat status;

    if (stat(name, &status) != 0 || !S_ISDIR(status.st_mode)) {
        read_one(reading, name);
        return;
    }
    int trouble = read_directory(reading, name);
    if (trouble)
        add_unread(reading, name, trouble);
}

static int tell(const struct reading *reading, const struct fleet_output *output)
{
    const struct options *options = reading->options;
    const struct fleet *fleet = &reading->fleet;
    int status = reading->trouble ? EXIT_FAULT : fleet_exit_status(fleet);
    struct style style;
    char verdict[LINE_SIZE];
    int32_t n = 0;

    if (options->quiet)
        return status;
    tell_style(options, &style);
    LOCAL_BUFFER text = {.max_bytes = FLEET_MAX_BYTES};
    output->write(fleet, &style, &text);
    for (int32_t i = 0; i < fleet->n_members; i++)
        n += fleet->members[i].exit_status != EXIT_READY;
    (void)text_set(verdict, sizeof(verdict),
                   "%d of %d reports do not say ready; the worst exit status is %d", (int)n,
                   (int)fleet->n_members, status);
    return tell_output(options, &text, verdict, status);
}

int show_fleet(const struct options *options, char *const names[], size_t n)
{
    const size_t output = text_find(options->output, &fleet_outputs[0].name,
                                    sizeof(fleet_outputs[0]), n_fleet_outputs);
    struct reading reading = {.options = options};

    if (output == n_fleet_outputs) {
        log_error("--output %s is of one instance: give one FILE", options->output);
        return EXIT_USAGE;
    }
    confine_reading(options, (const char *const *)names, n);
    reading.facts = calloc(1, sizeof(*reading.facts));
    reading.report = calloc(1, sizeof(*reading.report));
    for (size_t i = 0; i < n; i++)
        read_path(&reading, names[i]);
    fleet_judge(&reading.fleet);
    int status = EXIT_USAGE;
    if (reading.too_many)
        log_error("these are more than %d files: give fewer at a time", MAX_FILES);
    else if (reading.fleet.n_members == 0)
        log_error("%s: there is no file to show", names[0]);
    else
        status = tell(&reading, &fleet_outputs[output]);
    fleet_clear(&reading.fleet);
    free(reading.report);
    free(reading.facts);
    return status;
}
