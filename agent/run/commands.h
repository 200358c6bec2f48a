/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands. Each returns the exit status of the contract.
 */
#ifndef RUN_COMMANDS_H
#define RUN_COMMANDS_H

#include "model/report.h"
#include "options.h"
#include "report/report.h"

#define LAST_REPORT_DIRECTORY "/run/ssm-preflight"
#define LAST_REPORT LAST_REPORT_DIRECTORY "/report.json"

/* Exists while the last report says ready (exit status 0). The unit ssm-ready.path waits for it. */
#define READY_MARK LAST_REPORT_DIRECTORY "/ready"

/* `wait --follow` writes it when the instance has become ready and the agent still sleeps. The unit
 * ssm-preflight-fixed.path waits for it. */
#define FIXED_MARK LAST_REPORT_DIRECTORY "/fixed"

#define INTERRUPTED "interrupted: the report has what was known by then"

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
int command_explain(const struct options *options); /* list.c, as the next two */
int command_list(const struct options *options);
int command_image(const struct options *options);
int command_version(const struct options *options);

/* --- confine.c: the process gives up what it will not need, before it reads what others wrote: answers from the
 * network, console logs, reports --- */

enum confinement {
    CONFINED_WITH_NETWORK, /* check, wait */
    CONFINED_OFFLINE,      /* show, image: no socket at all */
};

/* From here on: only the system calls that the program and its libraries make, without execve, fork, ptrace, kill,
 * listen, chmod and their like; no executable memory; only TCP, UDP, route netlink and local sockets, or none. Files are
 * written in /run/ssm-preflight and where --save and --output-file point, and nowhere else.
 *
 * seccomp(2) needs kernel 3.17 with CONFIG_SECCOMP_FILTER, landlock(7) kernel 5.13; 6.2, 6.10 and 6.12 add to it. What the
 * kernel does not have is left out, and --verbose says so. */
void confine(const struct options *options, enum confinement confinement);

/* From here on nothing can be opened for reading but what `names` are, and what lies below those that are folders. For whoever
 * knows what it will read, after confine(). */
void confine_reading(const struct options *options, const char *const names[], size_t n);

/* For `check` and `wait`, around each round's look at this machine's files. From the first confine_looking() on nothing can be opened
 * for reading but what was since confine_begin(), the folders of a system and of the agent, and `folders` (separated by colons); and
 * TCP leads to `ports` alone (0: none), which needs kernel 6.7. What a later round finds named besides is trouble of this program;
 * confine_take_refusal() is true once after it. */
enum looking {
    LOOKS_ONCE,
    LOOKS_ON_AT_BOOT, /* whatever the boot configures: below /opt and /var/opt too, any port */
    LOOKS_ON,         /* may be started again: there too, and the ports of customary proxies */
};
void confine_begin(enum looking how);
enum { MAX_CONFINED_PORTS = 4 };
void confine_looking(const struct options *options, const char *folders,
                     const uint16_t ports[MAX_CONFINED_PORTS]);
bool confine_take_refusal(void);

/* calls.c, for confine(): false where the kernel filters none. */
bool calls_deny_others(enum confinement confinement);

/* filter.c: whether the unit that this runs in lets no packet through, and why: that is no fault of the network. */
bool filter_drops_all(const char *root, char *why, size_t size);

/* show.c: reads the last report below /run and diagnoses it again. False when it cannot be read. */
bool show_last(const struct options *options, struct facts *facts, struct report *report);

/* show.c: reads a file, a pipe with a name, or standard input ("-"), and opens nothing else. Returns 0 or an errno
 * value. */
int show_read(const char *name, struct buffer *contents);

/* fleet.c: many files, told together. A name may be a directory's. */
int show_fleet(const struct options *options, char *const names[], size_t n);

/* --- tell.c --- */

enum { CONSOLE_MAX_MS = 3000 }; /* a block of 4 KB takes 0.4 s at 115200 baud, as EC2 has */

/* How to write to this standard output: colours, columns. */
void tell_style(const struct options *options, struct style *style);

/* Writes a finished text to standard output, as output_write() does. Returns EXIT_FAULT when that fails,
 * else `status`. */
int tell_text(const struct buffer *text, int status);

/* A finished text to standard output or --output-file; where that fails standard error has `verdict`, and
 * EXIT_FAULT is returned, else `status`. */
int tell_output(const struct options *options, const struct buffer *text, const char *verdict,
                int status);

/* What is told goes to --output-file. */
bool tell_is_to_file(const struct options *options);

/* The report to standard output or --output-file, and to --save. Returns the exit status. */
int tell_report(const struct options *options, const struct report *report);

/* For `wait`, while it goes on. tell_state: for other programs, the last report below /run, and no
 * READY_MARK unless it is ready. tell_verdict: the journal, and standard output when that is the
 * console. tell_device: /dev/console, when standard output is something else. Each console gets at
 * most CONSOLE_MAX_MS. */
void tell_state(const struct options *options, const struct report *report);
void tell_verdict(const struct options *options, const struct report *report);
void tell_device(const struct options *options, const struct report *report);

/* For `wait --follow`, when the instance has become ready: FIXED_MARK, unless the agent is connected. */
void tell_fixed(const struct options *options, const struct facts *facts);

/* For `wait`, at its end: READY_MARK if it is ready; the report, and the exit status. */
void tell_ready(const struct options *options, const struct report *report);
int tell_end(const struct options *options, const struct report *report);

#endif
