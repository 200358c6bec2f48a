/* SPDX-License-Identifier: Apache-2.0
 *
 * The process gives up what it will not need, before it reads what others wrote: answers from the
 * network, console logs, reports.
 */
#ifndef RUN_CONFINE_H
#define RUN_CONFINE_H

#include "options.h"

enum confinement {
    CONFINED_WITH_NETWORK, /* check, wait */
    CONFINED_OFFLINE,      /* show, image: no socket at all */
};

/* From here on: no other program and no other process (execve, fork, ptrace and their like), no
 * executable memory, only IP, netlink and local sockets or none, no change of mounts, modules or
 * clocks. Files can be written in /run/ssm-preflight and where --save and --output-file point, and
 * nowhere else. Reading is not restricted: the agent's configuration may name any file.
 *
 * seccomp(2) needs kernel 3.17 with CONFIG_SECCOMP_FILTER, landlock(7) kernel 5.13. What the kernel
 * does not have is left out, and --verbose says so. */
void confine(const struct options *options, enum confinement confinement);

#endif
