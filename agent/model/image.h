/* SPDX-License-Identifier: Apache-2.0
 *
 * What the audit of an image says: would an instance from it register? Checks with a status each, and
 * findings. Everything in it is printable ASCII.
 */
#ifndef MODEL_IMAGE_H
#define MODEL_IMAGE_H

#include "model/report.h"

enum fitness { FITNESS_UNKNOWN, FITNESS_FIT, FITNESS_UNFIT };

enum { N_IMAGE_CHECKS = 31, MAX_IMAGE_FINDINGS = 48, IMAGE_COMMANDS = 8 };

struct image_finding {
    const char *code;
    const char *title;
    int number; /* of the check, from 1 */
    enum severity severity;
    bool allowed; /* by --allow: it does not count */
    int32_t n_evidence;
    char evidence[MAX_EVIDENCE][LINE_SIZE];
    int32_t n_paths;
    char paths[MAX_EVIDENCE][PATH_SIZE]; /* of the image, for {path} in the fix */
    char fix[REMEDY_SIZE];               /* words */
    int32_t n_commands;
    char commands[IMAGE_COMMANDS][COMMAND_SIZE]; /* lines for a shell in the image's build */
};

struct image_check {
    const char *name; /* "image.agent-installed" */
    const char *asks;
    enum status status;      /* unknown: it cannot be judged without starting the image */
    char summary[LINE_SIZE]; /* what was seen, or why it cannot be judged */
};

struct image_report {
    enum fitness fitness;
    char summary[SUMMARY_SIZE + LINE_SIZE];
    char os[NAME_SIZE]; /* PRETTY_NAME of os-release */
    char root[PATH_SIZE];
    int64_t started_unix_ms;
    bool strict;
    struct image_check checks[N_IMAGE_CHECKS];
    int32_t n_findings;
    struct image_finding findings[MAX_IMAGE_FINDINGS]; /* the fatal ones first */
};

#endif
