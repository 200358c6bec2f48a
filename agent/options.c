/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line is read twice: first the options that say where files are, then the files are read,
 * then the rest.
 */
#include "options.h"

#include <string.h>

#include "base/text.h"
#include "options_table.h"

struct arguments {
    int argc;
    char *const *argv;
    int next;
    bool seen[MAX_OPTION_ROWS];
};

/* The short forms that every program has. */
static const struct {
    const char *is, *means;
} short_forms[] = {{"-h", "--help"}, {"-V", "--version"}};

static const char *long_form(const char *argument)
{
    for (size_t i = 0; i < COUNT_OF(short_forms); i++)
        if (strcmp(argument, short_forms[i].is) == 0)
            return short_forms[i].means;
    return argument;
}

static const char *name_of_row(size_t i)
{
    return option_rows[i].name;
}

/* One `--name[=value]`. In the first pass (files_first) only options that say where files are get set,
 * in the second only the others. */
static bool take_option(struct arguments *arguments, struct options *options, bool files_first,
                        char *error, size_t error_size)
{
    const char *name = long_form(arguments->argv[arguments->next++]) + 2;
    size_t n = strcspn(name, "=");
    struct setting setting = {.options = options, .row = option_find(name, n), .file_root = ""};

    if (!setting.row) {
        char word[64], hint[96];
        (void)text_set(word, sizeof(word), "%.*s", (int)n, name);
        text_hint(hint, sizeof(hint), "--", word, name_of_row, n_option_rows);
        (void)text_set(error, error_size, "unknown option --%.*s (%ssee --help)", (int)n, name,
                       hint);
        return false;
    }
    if (name[n] == '=') {
        setting.value = name + n + 1;
    } else if (!setting.row->argument) {
        setting.value = "yes";
    } else if (arguments->next < arguments->argc) {
        setting.value = arguments->argv[arguments->next++];
    } else {
        (void)text_set(error, error_size, "--%s needs a value: %s", setting.row->name,
                       setting.row->argument);
        return false;
    }
    if (setting.row->command_line_only != files_first)
        return true;
    if (option_apply(&setting, arguments->seen))
        return true;
    (void)text_set(error, error_size, "--%s %s", setting.row->name, setting.why);
    return false;
}

static bool take_arguments(int argc, char *const argv[], struct options *options, bool files_first,
                           char *error, size_t error_size)
{
    struct arguments arguments = {.argc = argc, .argv = argv, .next = 1};
    bool only_words = false;

    while (arguments.next < argc) {
        const char *argument = long_form(argv[arguments.next]);

        if (!only_words && strcmp(argument, "--") == 0) {
            only_words = true;
            arguments.next++;
        } else if (!only_words && text_starts(argument, "--")) {
            if (!take_option(&arguments, options, files_first, error, error_size))
                return false;
        } else if (!only_words && argument[0] == '-' && argument[1]) {
            (void)text_set(error, error_size, "unknown option %s (see --help)", argument);
            return false;
        } else if (files_first) {
            arguments.next++;
        } else if (options->n_words == MAX_WORDS) {
            (void)text_set(error, error_size, "too many arguments: '%s'", argument);
            return false;
        } else {
            options->words[options->n_words++] = argv[arguments.next++];
        }
    }
    return true;
}

bool options_read(int argc, char *const argv[], const char *outputs, struct options *options,
                  char *error, size_t error_size)
{
    *options = (struct options){.outputs = outputs, .output = "terminal"};
    if (!take_arguments(argc, argv, options, true, error, error_size))
        return false;
    if (!options->help && !options->version && !options_read_files(options, error, error_size))
        return false;
    if (options->follow)
        options->deadline_ms = 0; /* the files' is for the boot; only the command line's counts */
    return take_arguments(argc, argv, options, false, error, error_size);
}
