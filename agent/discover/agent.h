/* SPDX-License-Identifier: Apache-2.0
 *
 * The SSM agent as it is installed here: package, version, unit, configuration, environment. Only
 * files are read, and nothing is executed. The checks do what the agent will do, so its overrides,
 * its proxy and its CA bundle count, not those of our own environment.
 * Paths: amazon-ssm-agent packaging/linux, agent/appconfig/constants_unix.go.
 */
#ifndef DISCOVER_AGENT_H
#define DISCOVER_AGENT_H

#include "base/buffer.h"
#include "discover/plan.h"
#include "model/facts.h"

/* Package, version, unit state, environment, CA bundle, a registration in its state; the login as environment_read(). */
struct proxy_login;
void agent_read(const char *root, struct agent_facts *agent, struct proxy_login *login);

/* The program that these settings of its unit start (SUSE's package has it in /usr/sbin), and the snap's file, of snapd's own
 * folders: in an image that does not run, /snap holds empty mount points. "" where there is none. */
void agent_find(const char *root, const struct buffer *settings, char program[PATH_SIZE],
                char snap[PATH_SIZE]);

struct agent_program {
    int machine; /* e_machine of an ELF program, elf(5); -1 when it is none, 0 when it is not there */
    /* Why the kernel does not run it, execve(2): "cannot be executed". NULL: it does, or the file is not there, or only root
     * can read it. */
    const char *unfit;
};

struct agent_program agent_look(const char *root, const char *path);

/* environment.c: of the settings of agent->unit and the files of systemd alone: http_proxy, https_proxy, no_proxy,
 * proxy_file, ssl_cert_file, ssl_cert_dir, sdk_bundle, variables, environment. Only variables that decide where the
 * agent goes are kept, never a secret. `login` gets that of https_proxy, where it has one; NULL: nothing keeps it. */
void environment_read(const char *root, const struct buffer *settings, struct agent_facts *agent,
                      struct proxy_login *login);

/* sdk_ini.c: false where the AWS SDK finds no INI file in this text. */
bool sdk_takes_ini(const char *text);

/* agent_config.c: amazon-ssm-agent.json into agent->config_file, agent->config (a parse error names the
 * line), what it sets, and the overrides. Without a file config is OK and overrides stay empty; skipped:
 * this program could not read it. */
void agent_read_config(const char *root, struct agent_facts *agent,
                       struct agent_overrides *overrides);

/* agent_state.c: what a running system alone shows: whether its directories can be written, inotify's
 * limits, whether it ran in this boot and ended, and how; the last error of its log. `instance`: its id by the firmware, or
 * what is none. */
void agent_read_state(const char *root, const char *instance, struct agent_facts *agent);

#endif
