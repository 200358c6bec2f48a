/* SPDX-License-Identifier: Apache-2.0
 *
 * A systemd unit by its files, systemd.unit(5) and systemd.syntax(7): enabled, masked, and what it and its
 * drop-ins set. How it ended is in no file: only that is asked of systemd, which is busy at boot, and absent
 * in an image.
 */
#ifndef DISCOVER_UNIT_H
#define DISCOVER_UNIT_H

#include "base/buffer.h"
#include "model/facts.h"

#define AGENT_UNIT "amazon-ssm-agent.service" /* of every package but the snap */

/* Looks at once which of the folders of units there are: most are not. No other one is read until it is called with NULL. */
void unit_keep_places(const char *root);

/* Files of several folders, in the order of their names; of those with the same name the one of the folder that
 * was added first. More than there is room for is noted as trouble: what is left out may be what counts. */
enum { MAX_UNIT_FILES = 64 };
struct unit_files {
    size_t n;
    char paths[MAX_UNIT_FILES][PATH_SIZE];
};
void unit_files_add(const char *root, const char *folder, const char *suffix,
                    struct unit_files *files);
void unit_files_sort(struct unit_files *files);

/* A file, or a link, wherever that leads; where the link leads that it is at the best place. */
bool unit_is_installed(const char *root, const char *unit);
bool unit_link(const char *root, const char *unit, char target[PATH_SIZE]);

/* unit_boot.c: the units that a boot to `target` starts; no further ones once `until` (or "") is among them. */
enum { MAX_BOOT_UNITS = 512 };
struct unit_boot {
    size_t n;
    char units[MAX_BOOT_UNITS][NAME_SIZE];
};
void unit_boot_read(const char *root, const char *target, const char *until,
                    struct unit_boot *boot);
bool unit_is_of_boot(const struct unit_boot *boot, const char *unit);

/* Where default.target leads: multi-user.target where there is none. */
void unit_default_target(const char *root, char to[NAME_SIZE]);

/* As this boot finds it; and as the next one does, to default.target. */
enum unit_state unit_state_at(const char *root, const char *unit, const struct unit_boot *boot);
enum unit_state unit_state(const char *root, const char *unit);

/* A link or file below the .wants of one of these targets (systemctl enable puts it there). */
bool unit_is_enabled(const char *root, const char *unit, const char *const *targets,
                     size_t n_targets);

/* Linked to /dev/null, or an empty file, at the best place that has it. */
bool unit_is_masked(const char *root, const char *unit);

/* A started unit has a control group; unknown where systemd keeps none. */
enum answer unit_is_running(const char *root, const char *unit);

/* What a unit's files set: "FILE\0KEY\0VALUE\0" after one another, in the order in which systemd applies it. They are read
 * once, and handed to all who judge. They may hold the login of a proxy.
 *   LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES}; */
struct unit_setting {
    const char *file, *key, *value;
};

/* The next one; the first one of a setting that is all zero. It lasts as long as the settings.
 *   for (struct unit_setting at = {0}; unit_next(&settings, &at);) */
bool unit_next(const struct buffer *settings, struct unit_setting *at);

/* The settings in [Service], and those in [Unit] that are about its start, of the unit's file (of several places the best
 * one's), and then of its drop-ins: of the unit, of its dashed prefixes and of all services, by their names; of those with
 * the same name the best place's. And then the links in its folders, which are settings too: Wants, Requires, Upholds. */
void unit_read(const char *root, const char *unit, struct buffer *settings);

/* Adds what the slices that it is in, -.slice above all, say of addresses: systemd.resource-control(5). */
void unit_read_slices(const char *root, struct buffer *settings);

/* The same of [Manager] in system.conf and system.conf.d, systemd-system.conf(5). */
void unit_read_manager(const char *root, struct buffer *settings);

/* The value of a key: the last one, or the whole list; an empty assignment empties it. `file` is where it was assigned
 * last. False when no file assigns it. */
bool unit_value(const struct buffer *settings, const char *key, bool is_list, char *to, size_t size,
                char file[PATH_SIZE]);

/* Whether an empty assignment of this key empties it; and the value of a setting as it can be shown, without a login. */
bool unit_resets(const char *key);
void unit_quote(char *to, size_t size, const struct unit_setting *setting);

/* systemd.service(5), "Command Lines": a program without a path is looked for, in the folders that systemd was built with.
 * "": it is not there. */
void unit_find_program(const char *root, char program[PATH_SIZE]);

bool says_yes(const char *value); /* as systemd's parse_boolean() */

/* unit_taken.c: what its files take from the agent, in words.
 * unit_conditions.c: what keeps systemd from starting it. */
enum taken {
    TAKEN_ALL,              /* it cannot come up */
    TAKEN_SOME,             /* not all that it does works */
    TAKEN_MAYBE,            /* whether it comes up cannot be told from here */
    TAKEN_MAYBE_BY_ADDRESS, /* who knows the addresses can tell; for others it is likely */
    TAKEN_BY_ADDRESS,       /* only who knows the addresses can tell */
    TAKEN_OPEN,             /* nobody can, and mostly it comes up: a command beside it */
};
typedef void unit_taken(void *arg, enum taken taken, const char *file, const char *words);
bool unit_is_made_later(const char *path); /* perhaps, by the time that the agent starts */
void unit_confinement(const char *root, const struct buffer *settings, unit_taken *each, void *arg);
void unit_conditions(const char *root, const struct buffer *settings, unit_taken *each, void *arg);

/* How the unit's main process ended last, and what systemd makes of it: org.freedesktop.systemd1(5), the
 * properties ActiveState, Result, NRestarts, ExecMainStatus (an exit status, or a signal) and ExecMainPID (0: it
 * was not started in this boot). */
struct unit_end {
    char active[NAME_SIZE];
    char result[NAME_SIZE];
    int32_t n_restarts, exit_status, pid;
};

/* unit_bus.c: false where systemd does not answer: it is not there, too busy, or we are not root. */
bool unit_ask(const char *root, const char *unit, struct unit_end *end);

/* Its version by the name of its library, libsystemd-shared-252.so, with the distribution's build behind the number perhaps. 0:
 * not known. */
int unit_systemd(const char *root);

/* A value of the agent's unit with what its specifiers stand for. False: of one of them that is not known from here. */
bool unit_specified(const char *value, char *to, size_t size);

/* Takes the next word of a value, without its quotes, escapes and specifiers. False at the end, and at what
 * systemd takes for no syntax: a quote that is not closed, an escape that there is not. */
bool unit_word(const char **at, char *word, size_t size);

#endif
