/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line and the configuration files, by one table of options. A later source wins: the
 * defaults, preflight.conf, preflight.conf.d/ in the order of names, the command line. An unknown key,
 * a bad value or a duplicate is an error that names file and line, or the option.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "model/plan.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif
#define CONFIG_FILE SYSCONFDIR "/ssm-preflight/preflight.conf"
#define CONFIG_DIRECTORY SYSCONFDIR "/ssm-preflight/preflight.conf.d"

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

enum { DEFAULT_DEADLINE_MS = 30000 };

struct options {
    char *const *words; /* the command and its arguments, as typed; not owned */
    int n_words;
    const char *outputs; /* in: the formats there are, space separated */
    char output[NAME_SIZE];
    char config[PATH_SIZE];
    char root[PATH_SIZE];    /* prefix of every file read; empty: none */
    char ca_file[PATH_SIZE]; /* empty: Amazon's public roots */
    char imds_endpoint[HOST_SIZE];
    char save[PATH_SIZE];        /* the JSON report goes there too; empty: nowhere */
    char output_file[PATH_SIZE]; /* the output goes there in place of standard output */
    int64_t deadline_ms;         /* 0: as the command has it */
    enum colour colour;
    char allow[WORDS_SIZE]; /* image: codes that do not count, space separated */
    int64_t max_age_days;   /* image: of the agent; 0: any */
    bool follow;            /* wait: without a deadline, after boot */
    bool permissions_given; /* otherwise `wait` proves what the agent is about to do */
    bool anonymize;         /* every output names nobody */
    bool quiet, verbose, help, version;
    struct plan plan;           /* the wishes: region, needs, modes, skipped checks */
    char error[WORDS_SIZE * 2]; /* out: what is wrong */
    char warning[WORDS_SIZE];   /* out: what is doubtful; empty: nothing */
};

/* Sets defaults, then reads files and arguments. The words go to the beginning of argv, and outlive options
 * there. `outputs` names the formats of --output, space
 * separated, and outlives options. False with options->error filled in (exit status 2). */
bool options_read(int argc, char *argv[], const char *outputs, struct options *options);

/* What is wrong with the configuration files below a root, as options_read() would tell it; empty where
 * nothing is. */
void options_judge_files(const char *root, const char *outputs, char *error, size_t size);

/* The option table as the lines of --help. */
void options_help(struct buffer *to);

#endif
