/* SPDX-License-Identifier: Apache-2.0
 *
 * One function a check. It reads files, and says what it found: a finding by its code, what was seen, or
 * that no file tells. A check without a finding passes.
 */
#ifndef IMAGE_JUDGE_H
#define IMAGE_JUDGE_H

#include "base/buffer.h"
#include "discover/agent.h"
#include "discover/unit.h"
#include "image/image.h"
#include "model/facts.h"

#define IMDS "169.254.169.254"

enum { IMAGE_FILE_BYTES = 16 * 1024 * 1024 };

struct image {
    const char *root;
    const struct image_request *request;
    struct image_report *report;
    int number;                       /* of the check under way */
    struct agent_facts *agent;        /* package, version, unit, environment: discover/agent.h */
    struct agent_overrides overrides; /* of the agent's configuration */
    char program[PATH_SIZE];          /* the agent's; empty: none, or inside the snap */
    char snap[PATH_SIZE];             /* the snap's file, of snapd's own folders */
    int machine;                      /* e_machine of /sbin/init, 0: not known */
    int systemd;                      /* its version, 0: not known */
    int n_included;                   /* files of other files, so far */
    struct unit_boot boot;            /* what the next boot starts */
};

/* A finding of the check under way. The same code again adds evidence. `path` is the file, of the image,
 * that the fix is about, or "". */
void find(struct image *image, const char *code, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same, as a warning: the instance registers all the same; and of any severity. */
void find_warning(struct image *image, const char *code, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void find_as(struct image *image, enum severity severity, const char *code, const char *path,
             const char *format, ...) __attribute__((format(printf, 5, 6)));

/* What was seen, in a word; and that it cannot be judged, with the reason. */
void say(struct image *image, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cannot_judge(struct image *image, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* True, and the check is skipped, where there is no agent to ask about. */
bool skip_without_agent(struct image *image);

/* The checks, by number from 1 on: name, question, and who judges. */
/* clang-format off */
#define IMAGE_CHECKS(ROW) \
    ROW("agent-installed", "is an SSM agent in the image?", judge_installed) \
    ROW("agent-whole", "are its programs there, for this architecture?", judge_whole) \
    ROW("one-agent", "is there only one?", judge_one_agent) \
    ROW("agent-starts", "does systemd start it at boot?", judge_starts) \
    ROW("agent-unit", "does no drop-in of its unit stop it?", judge_drop_ins) \
    ROW("snapd", "can snapd start it, where it is a snap?", judge_snapd) \
    ROW("agent-version", "is it new enough?", judge_version) \
    ROW("agent-registration", "is it registered nowhere yet?", judge_registration) \
    ROW("agent-state", "is no state of the build instance left?", judge_agent_state) \
    ROW("agent-config", "does its configuration let it talk to its region?", judge_config) \
    ROW("agent-log-config", "can it read its log configuration?", judge_log_config) \
    ROW("proxy", "does nothing of the build stay in its environment?", judge_proxy) \
    ROW("ca-bundle", "will it trust Amazon's certificates?", judge_ca_bundle) \
    ROW("time", "is the clock kept, without a way to the internet?", judge_time) \
    ROW("network", "does any instance get an address?", judge_network) \
    ROW("resolver", "will names be asked of the VPC's resolver?", judge_resolver) \
    ROW("hosts", "is no name of Systems Manager pinned?", judge_hosts) \
    ROW("firewall", "does a firewall in the image let the agent out?", judge_firewall) \
    ROW("routes", "does no route lead the metadata service astray?", judge_routes) \
    ROW("cloud-init", "does cloud-init run on each new instance?", judge_cloud_init) \
    ROW("identity", "does each instance make its own identity?", judge_identity) \
    ROW("mounts", "can every file system be mounted and used?", judge_mounts) \
    ROW("credentials", "are no credentials left?", judge_credentials) \
    ROW("access-control", "do SELinux and fapolicyd let the agent run?", judge_access_control) \
    ROW("sessions", "can a session begin, once it is registered?", judge_sessions) \
    ROW("console", "does the serial console show the boot?", judge_console) \
    ROW("drivers", "are the drivers of EC2's network and disks there?", judge_drivers) \
    ROW("preflight", "will ssm-preflight itself run?", judge_preflight) \
    ROW("pins", "can the agent be updated?", judge_pins) \
    ROW("age", "is the agent younger than --max-age?", judge_age) \
    ROW("systemd", "does systemd boot this image?", judge_systemd)

#define ROW(name, asks, judge) void judge(struct image *image);
IMAGE_CHECKS(ROW)
#undef ROW
/* clang-format on */

/* --- read.c: lines, key=value files, units by systemd.unit(5), programs by their ELF header --- */

/* `places` is a list with spaces between: files, and of a folder those whose names end in what follows a
 * slash and a star. */

#define SYSCTL "/usr/lib/sysctl.d/*.conf /etc/sysctl.d/*.conf /etc/sysctl.conf"
#define COMMAND_LINE /* the kernel's, as the boot loader's files have it */                   \
    "/boot/loader/entries/*.conf /efi/loader/entries/*.conf /boot/efi/loader/entries/*.conf " \
    "/etc/default/grub.d/*.cfg /boot/grub/grub.cfg /boot/grub2/grub.cfg /etc/default/grub "   \
    "/etc/kernel/cmdline /boot/grub2/grubenv /boot/grub/menu.lst"

/* Calls `each` with the lines of the files, trimmed, joined where one ends in a backslash, without those
 * that are empty or a comment (# and ;). False when no file named by itself can be read. */
typedef void line_taker(void *arg, const char *path, char *line);
bool lines_read(const struct image *image, const char *places, line_taker *each, void *arg);

/* The same for what a file includes, which may include itself: of all files so many are read, and what is left out
 * is noted as trouble. */
bool lines_include(struct image *image, const char *places, line_taker *each, void *arg);

/* Whether a line holds these words, in this order. `file` (or NULL) is where. */
bool says(const struct image *image, const char *places, const char *words, char *file);

/* The same as a row of a table: a line that holds `words` is a finding. */
struct sign {
    enum severity severity;
    const char *places, *words, *means;
};
void look_for(struct image *image, const char *code, const struct sign *signs, size_t n);

/* The value of the last KEY=VALUE (or "KEY: VALUE", or "KEY VALUE"), without quotes; `file` (or NULL) has
 * it. */
bool value_read(const struct image *image, const char *places, const char *key, char to[LINE_SIZE],
                char *file);

/* Whether modprobe.d(5) or a dracut.conf(5) keeps this module, by its whole name, from being loaded. */
#define MODPROBE "/etc/modprobe.d/*.conf"
#define DRACUT "/etc/dracut.conf /etc/dracut.conf.d/*.conf"
bool module_forbidden(const struct image *image, const char *places, const char *module,
                      char file[PATH_SIZE]);

bool image_has(const struct image *image, const char *path);

/* Into an empty buffer of IMAGE_FILE_BYTES. */
bool image_reads(const struct image *image, const char *path, struct buffer *to);

const char *elf_machine_name(int machine);

/* A unit as the next boot finds it. */
enum unit_state image_unit(const struct image *image, const char *unit);

/* unit_value() of one of the image's. */
bool image_unit_value(const struct image *image, const char *unit, const char *key, bool is_list,
                      char value[LINE_SIZE], char file[PATH_SIZE]);

/* True when one of the space-separated units is enabled; `which` is the first. */
bool any_enabled(const struct image *image, const char *units, char which[NAME_SIZE]);

#endif
