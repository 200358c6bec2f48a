/* SPDX-License-Identifier: Apache-2.0
 *
 * The command table; its rows print the help too.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/output.h"
#include "base/text.h"
#include "base/version.h"
#include "options.h"
#include "report/report.h"
#include "run/commands.h"

static const struct command {
    const char *name;
    const char *arguments;
    int max_words; /* the command's own name included */
    int (*run)(const struct options *options);
    const char *what;
} commands[] = {
    {"check", "", 1, command_check, "one round, or more when an answer says \"later\""},
    {"wait", "", 1, command_wait, "rounds until ready or until the deadline"},
    {"show", "[FILE|DIR|-]...", INT_MAX, command_show,
     "reports or console logs; without one, the last run's"},
    {"explain", "CODE", 2, command_explain, "the page of one finding or check"},
    {"list", "[TABLE]", 2, command_list, "checks, findings, endpoints or permissions"},
    {"image", "", 1, command_image, "would an instance from the image in --root register?"},
    {"version", "", 1, command_version, "version, commit and linked libraries"},
};
enum { N_COMMANDS = COUNT_OF(commands), ENOUGH_DESCRIPTORS = 4096 };

static int help(void)
{
    LOCAL_BUFFER text = {.max_bytes = 64 * 1024};

    (void)buffer_addf(&text,
                      "usage: ssm-preflight [COMMAND] [OPTIONS]     (without COMMAND: check)\n\n"
                      "Can this instance register with Systems Manager through its private VPC\n"
                      "endpoints, and if not, what single thing must somebody fix?\n\ncommands:\n");
    for (int i = 0; i < N_COMMANDS; i++) {
        char left[40];
        (void)text_set(left, sizeof(left), "%s %s", commands[i].name, commands[i].arguments);
        (void)buffer_addf(&text, "  %-22s %s\n", left, commands[i].what);
    }
    (void)buffer_add_text(&text, "\n");
    options_help(&text);
    (void)buffer_add_text(&text, "\nformats of --output:\n");
    for (size_t i = 0; i < n_outputs; i++)
        (void)buffer_addf(&text, "  %-22s %s\n", outputs[i].name, outputs[i].what);
    (void)buffer_addf(&text,
                      "\nexit status: 0 ready, 1 not ready, 2 wrong usage or configuration,\n"
                      "3 could not decide or not an EC2 instance, 4 fault of the program;\n"
                      "image: 0 fit, 1 unfit, 3 cannot be judged\n");
    return tell_text(&text, EXIT_READY);
}

static int run(const struct options *options)
{
    const char *name = options->n_words > 0 ? options->words[0]
                       : options->version   ? "version"
                                            : "check";
    size_t which = text_find(name, &commands[0].name, sizeof(commands[0]), N_COMMANDS);
    const struct command *command = &commands[which];

    if (options->help || strcmp(name, "help") == 0)
        return help();
    if (which == N_COMMANDS) {
        char hint[96];
        text_hint(hint, sizeof(hint), "", name, &commands[0].name, sizeof(commands[0]), N_COMMANDS);
        log_error("unknown command '%s' (%ssee: ssm-preflight --help)", name, hint);
        return EXIT_USAGE;
    }
    if (options->follow && command->run != command_wait) {
        log_error("--follow is for wait: ssm-preflight wait --follow");
        return EXIT_USAGE;
    }
    if (command->run != command_image && (options->allow[0] || options->max_age_days > 0)) {
        log_error("--allow and --max-age are for image: ssm-preflight image --root DIR");
        return EXIT_USAGE;
    }
    if (options->n_words > command->max_words) {
        log_error("%s: too many arguments: '%s'", name, options->words[command->max_words]);
        return EXIT_USAGE;
    }
    return command->run(options);
}

/* "terminal short json", from the table of outputs; added to an empty text. */
static const char *output_names(char *to, size_t size)
{
    for (size_t i = 0; i < n_outputs; i++)
        (void)text_add(to, size, "%s%s", i ? " " : "", outputs[i].name);
    return to;
}

/* If stdin, stdout or stderr are closed, our first socket would become fd 1 and receive the report. */
static void hold_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", O_RDONLY); /* takes the lowest number, fd; a write fails */
}

/* The soft limit is that of programs which use select(); this one polls. */
static void allow_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max < ENOUGH_DESCRIPTORS ? limit.rlim_max : ENOUGH_DESCRIPTORS;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char *argv[])
{
    static const struct rlimit no_core = {0, 0}; /* a core would hold credentials */
    static struct options options;
    char names[DETAIL_SIZE] = "";

    hold_standard_files();
    (void)setrlimit(RLIMIT_CORE, &no_core);
    allow_descriptors();
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of write(2): EFBIG */
    if (!options_read(argc, argv, output_names(names, sizeof(names)), &options)) {
        log_error("%s", options.error);
        return file_take_trouble(names, sizeof(names)) ? EXIT_FAULT : EXIT_USAGE;
    }
    log_set_verbose(options.verbose && !options.quiet);
    if (options.warning[0] && !options.quiet)
        log_error("warning: %s", options.warning);
    return run(&options);
}
