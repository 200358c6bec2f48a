/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line is read twice: first the options that say where files are, then the files are read,
 * then the rest. The first error is the one that is told.
 */
#include "options.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "options_table.h"

static bool fail(struct options *options, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct options *options, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (!options->error[0])
        (void)vsnprintf(options->error, sizeof(options->error), format, arguments);
    va_end(arguments);
    return false;
}

/* --- configuration files --- */

struct file_reading {
    struct options *options;
    const char *file; /* as errors name it */
    const char *at;   /* what is left to read */
    int line;         /* last read */
    int bad_line;     /* of options->error, 0: there is none */
    bool seen[MAX_OPTION_ROWS];
};

/* inih's own reader would cut a long line in two and say nothing. */
static char *next_line(char *to, int size, void *stream)
{
    struct file_reading *reading = stream;
    size_t n = strcspn(reading->at, "\n");

    if (!*reading->at)
        return NULL;
    reading->line++;
    if (n + 2 > (size_t)size) {
        (void)fail(reading->options, "%s:%d: the line is too long", reading->file, reading->line);
        reading->bad_line = reading->bad_line ? reading->bad_line : reading->line;
        return NULL;
    }
    (void)text_set(to, (size_t)size, "%.*s\n", (int)n, reading->at);
    reading->at += n + (reading->at[n] == '\n');
    return to;
}

static int take_pair(void *user, const char *section, const char *name, const char *value, int line)
{
    struct file_reading *reading = user;
    struct setting setting = {.options = reading->options,
                              .row = option_find(name, strlen(name)),
                              .value = value ? value : "",
                              .file_root = reading->options->root};
    const char *what = "key", *quotes = "''", *subject = name, *why = setting.why;

    if (*section && strcmp(section, "preflight") != 0) {
        what = "section";
        quotes = "[]";
        subject = section;
        why = "is not known: keys stand in [preflight] or in none";
    } else if (!setting.row) {
        why = "is not known";
    } else if (setting.row->command_line_only) {
        why = "can only be given on the command line";
    } else if (option_apply(&setting, reading->seen)) {
        return 1;
    }
    if (!reading->bad_line)
        reading->bad_line = line;
    return fail(reading->options, "%s:%d: %s %c%.60s%c %s", reading->file, line, what, quotes[0],
                subject, quotes[1], why);
}

/* A file that is not there is fine unless it is demanded. */
static bool read_file(struct options *options, const char *root, const char *path, bool demanded)
{
    struct file_reading reading = {.options = options, .file = path};
    LOCAL_BUFFER contents = {.max_bytes = 256 * 1024};

    int trouble = file_read(root, path, &contents);
    if (trouble == ENOENT && !demanded)
        return true;
    if (trouble)
        return fail(options, "%s: cannot be read: %s", path, strerror(trouble));

    reading.at = contents.bytes;
    if (strlen(contents.bytes) != contents.used) {
        (void)fail(options, "%s:0: a zero byte is no text", path);
    } else {
        int bad_line = ini_parse_stream(next_line, &reading, take_pair, &reading);
        if (bad_line > 0 && bad_line < reading.bad_line) /* no pair: take_pair() was not called */
            options->error[0] = '\0';
        if (bad_line > 0)
            (void)fail(options, "%s:%d: expected 'key = value', a [section] or a comment", path,
                       bad_line);
    }
    return !options->error[0];
}

static bool read_files(struct options *options)
{
    char path[PATH_SIZE];

    if (options->config[0])
        return read_file(options, "", options->config, true);
    if (!read_file(options, options->root, CONFIG_FILE, false))
        return false;
    LOCAL_NAMES drop_ins = file_list(options->root, CONFIG_DIRECTORY, ".conf");
    if (drop_ins.error && drop_ins.error != ENOENT && drop_ins.error != ENOTDIR)
        return fail(options, "%s: cannot be read: %s", CONFIG_DIRECTORY, strerror(drop_ins.error));
    for (size_t i = 0; i < drop_ins.n && !options->error[0]; i++)
        if (text_set(path, sizeof(path), "%s/%s", CONFIG_DIRECTORY, drop_ins.names[i]))
            (void)read_file(options, options->root, path, true);
        else
            (void)fail(options, "%s: a file name is too long", CONFIG_DIRECTORY);
    return !options->error[0];
}

/* --- the command line --- */

struct arguments {
    int argc;
    char **argv;
    int next;
    bool seen[MAX_OPTION_ROWS];
};

static const struct {
    const char *is, *means;
} short_forms[] = {
    {"-h", "--help"},
    {"-V", "--version"},
    {"-o", "--output"},
    {"-q", "--quiet"},
    {"-v", "--verbose"},
    {"--json", "--output=json"},
    {"--commands", "--output=commands"},
};

static const char *long_form(const char *argument)
{
    for (size_t i = 0; i < COUNT_OF(short_forms); i++)
        if (strcmp(argument, short_forms[i].is) == 0)
            return short_forms[i].means;
    return argument;
}

/* One `--name[=value]`. In the first pass (files_first) only options that say where files are get set,
 * in the second only the others. */
static bool take_option(struct arguments *arguments, struct options *options, bool files_first)
{
    const char *name = long_form(arguments->argv[arguments->next++]) + 2;
    size_t n = strcspn(name, "=");
    struct setting setting = {.options = options, .row = option_find(name, n), .file_root = ""};

    if (!setting.row) {
        char word[64], hint[96];
        (void)text_set(word, sizeof(word), "%.*s", (int)n, name);
        text_hint(hint, sizeof(hint), "--", word, &option_rows[0].name, sizeof(option_rows[0]),
                  n_option_rows);
        return fail(options, "unknown option --%.*s (%ssee --help)", (int)n, name, hint);
    }
    if (name[n] == '=')
        setting.value = name + n + 1;
    else if (!setting.row->argument)
        setting.value = "yes";
    else if (arguments->next < arguments->argc)
        setting.value = arguments->argv[arguments->next++];
    else
        return fail(options, "--%s needs a value: %s", setting.row->name, setting.row->argument);
    return setting.row->command_line_only != files_first ||
           option_apply(&setting, arguments->seen) ||
           fail(options, "--%s %s", setting.row->name, setting.why);
}

static bool take_arguments(int argc, char *argv[], struct options *options, bool files_first)
{
    struct arguments arguments = {.argc = argc, .argv = argv, .next = 1};
    bool only_words = false;

    while (arguments.next < argc) {
        const char *argument = long_form(argv[arguments.next]);

        if (!only_words && strcmp(argument, "--") == 0) {
            only_words = true;
            arguments.next++;
        } else if (!only_words && text_starts(argument, "--")) {
            if (!take_option(&arguments, options, files_first))
                return false;
        } else if (!only_words && argument[0] == '-' && argument[1]) {
            return fail(options, "unknown option %s (see --help)", argument);
        } else if (files_first) {
            arguments.next++;
        } else { /* as many as there are: in front of what is still to be read */
            argv[options->n_words++] = argv[arguments.next++];
        }
    }
    return true;
}

void options_judge_files(const char *root, const char *outputs, char *error, size_t size)
{
    static struct options options;

    options = (struct options){.outputs = outputs, .output = "terminal"};
    (void)text_set(options.root, sizeof(options.root), "%s", root);
    (void)read_files(&options);
    (void)text_set(error, size, "%s", options.error);
}

/* An image's own configuration must not steer its audit. */
static bool is_for_an_image(int argc, char *const argv[])
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "image") == 0)
            return true;
    return false;
}

bool options_read(int argc, char *argv[], const char *outputs, struct options *options)
{
    *options = (struct options){.outputs = outputs, .output = "terminal", .words = argv};
    if (!take_arguments(argc, argv, options, true))
        return false;
    if (!options->help && !options->version && !is_for_an_image(argc, argv) && !read_files(options))
        return false;
    if (options->follow)
        options->deadline_ms = 0; /* the files' is for the boot; only the command line's counts */
    return take_arguments(argc, argv, options, false);
}
