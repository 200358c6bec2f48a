/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands, one file each. Each returns the exit status of the contract.
 */
#ifndef RUN_COMMANDS_H
#define RUN_COMMANDS_H

#include "model/report.h"
#include "options.h"

#define LAST_REPORT_DIRECTORY "/run/ssm-preflight"
#define LAST_REPORT LAST_REPORT_DIRECTORY "/report.json"

/* There while the last report says ready (its exit status is 0): the unit ssm-ready.path waits for
 * it. */
#define READY_MARK LAST_REPORT_DIRECTORY "/ready"

/* Left by `wait --follow` when the instance has become ready and the agent sleeps on: the unit
 * ssm-preflight-mended.path waits for it. */
#define MENDED LAST_REPORT_DIRECTORY "/mended"

enum exit_status {
    EXIT_READY = 0,
    EXIT_NOT_READY = 1,
    EXIT_USAGE = 2,
    EXIT_UNDECIDED = 3,
    EXIT_FAULT = 4,
};

int command_check(const struct options *options);
int command_wait(const struct options *options);
int command_show(const struct options *options);
int command_explain(const struct options *options);
int command_list(const struct options *options);
int command_version(const struct options *options);

/* deliver.c: the report to standard output and to --save; the exit status. */
int deliver_report(const struct options *options, const struct report *report);

/* deliver.c: the JSON report to a file, atomically. That it could not be written is a warning. */
void deliver_file(const char *path, const struct report *report);

enum { CONSOLE_MAX_MS = 3000 }; /* a block of 2 KB takes 2.2 s at 9600 baud */

/* tell.c, for `wait`: the state of things for other programs (the last report under /run; without
 * READY_MARK unless it is ready), the verdict for people (the journal, and a console that is standard
 * output; the console's device where it is not), READY_MARK where it is ready, and the end. Each of
 * the consoles may take CONSOLE_MAX_MS. */
void tell_state(const struct options *options, const struct report *report);
void tell_verdict(const struct options *options, const struct report *report);
void tell_device(const struct options *options, const struct report *report);
void tell_ready(const struct options *options, const struct report *report);
int tell_end(const struct options *options, const struct report *report);

/* Writes a finished text to standard output; EXIT_FAULT when that fails, else `status`. */
int deliver_text(const struct buffer *text, int status);

/* show.c: diagnoses the last report under /run again. False when there is none that can be read. */
bool show_last(const struct options *options, struct facts *facts, struct report *report);

struct style;
/* How standard output wants to be written to. */
void deliver_style(const struct options *options, struct style *style);

#endif
