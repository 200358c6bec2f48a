/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks 4 to 6 and 28: which units the next boot starts.
 */
#include <fnmatch.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "image/judge.h"

/* --- 4: does it start? --- */

struct preset {
    const char *unit;
    char file[PATH_SIZE]; /* of the first line that is about it */
    bool decided, disables;
};

/* "disable *", "enable amazon-ssm-agent.service"; the first that matches counts. */
static void take_preset(void *arg, const char *path, char *line)
{
    struct preset *preset = arg;
    const char *what = text_next(&line, " \t"), *pattern = text_next(&line, " \t");

    if (preset->decided || !what || !pattern || fnmatch(pattern, preset->unit, FNM_NOESCAPE) != 0)
        return;
    preset->decided = true;
    preset->disables = strcmp(what, "disable") == 0;
    (void)text_set(preset->file, sizeof(preset->file), "%s", path);
}

/* A first boot, by machine-id(5). It applies the presets. */
static bool is_first_boot(const struct image *image)
{
    char id[NAME_SIZE];

    return !image_has(image, "/etc/machine-id") ||
           (file_read_line(image->root, "/etc/machine-id", id, sizeof(id)) &&
            strcmp(id, "uninitialized") == 0);
}

/* What no preset is about is enabled, systemd.preset(5). */
static void read_presets(struct image *image, struct preset *preset)
{
    static const char *const folders[] = {
        "/etc/systemd/system-preset", "/usr/local/lib/systemd/system-preset",
        "/usr/lib/systemd/system-preset", "/lib/systemd/system-preset"};
    static struct unit_files files;

    files.n = 0;
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        unit_files_add(image->root, folders[i], ".preset", &files);
    unit_files_sort(&files);
    for (size_t i = 0; i < files.n; i++)
        (void)lines_read(image, files.paths[i], take_preset, preset);
}

void judge_starts(struct image *image)
{
    static const char *const idle[] = {"rescue.target", "emergency.target", "halt.target",
                                       "poweroff.target", "reboot.target"};
    /* where it is built so, -Dfirst-boot-full-preset, units are disabled too */
    enum { FULL_PRESET_SINCE = 253 };
    const char *unit = image->agent->unit;
    struct preset preset = {.unit = unit};
    bool first_boot = is_first_boot(image);
    char target[NAME_SIZE];

    unit_default_target(image->root, target);
    for (size_t i = 0; i < COUNT_OF(idle); i++)
        if (strcmp(target, idle[i]) == 0) {
            find(image, "image-default-target", "", "default.target is %s", target);
            (void)text_set(target, sizeof(target), "multi-user.target"); /* as if it were fixed */
        }
    unit_boot_read(image->root, target, "", &image->boot);
    if (skip_without_agent(image))
        return;
    enum unit_state state = image_unit(image, unit);
    if (first_boot)
        read_presets(image, &preset);
    if (state == UNIT_MASKED)
        find(image, "agent-masked", "", "%s is masked", unit);
    else if (state == UNIT_ABSENT && !image->program[0] && strstr(image->snap, "/seed/"))
        say(image, "snapd installs it from the seed at the first boot");
    else if (state == UNIT_ABSENT)
        find(image, "agent-disabled", "", "there is no %s", unit);
    else if (state == UNIT_DISABLED && first_boot && !preset.disables)
        find_warning(image, "agent-disabled", "",
                     "only the presets of the first boot enable %s, where / can be written by then",
                     unit);
    else if (state == UNIT_DISABLED)
        find(image, "agent-disabled", "",
             "no target that %s reaches wants %s (unless user data of each instance enables it)",
             target, unit);
    else
        say(image, "%s, by %s", unit, target);
    if (preset.disables && image->systemd >= FULL_PRESET_SINCE)
        find(image, "image-preset-disables", "",
             "%s disables it, and the first boot applies presets", preset.file);
}

/* --- 5: drop-ins --- */

static void take_confinement(void *arg, enum taken taken, const char *file, const char *words)
{
    if (taken < TAKEN_BY_ADDRESS && !text_starts(file, "/run/")) /* that is empty at boot */
        (taken == TAKEN_ALL ? find : find_warning)(arg, "image-unit-overridden", file, "%s: %s",
                                                   file, words);
}

void judge_drop_ins(struct image *image)
{
    LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES};

    if (skip_without_agent(image))
        return;
    unit_read(image->root, image->agent->unit, &settings);
    unit_read_slices(image->root, &settings);
    unit_confinement(image->root, &settings, take_confinement, image);
}

/* --- 6: snapd --- */

void judge_snapd(struct image *image)
{
    static const char code[] = "image-snapd-broken";
    static const char *const units[] = {"snapd.service", "snapd.socket", "snapd.seeded.service"};
    char file[PATH_SIZE];

    if (skip_without_agent(image))
        return;
    if (!image->snap[0] || image->program[0]) {
        say(image, "the agent is no snap");
        return;
    }
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        enum unit_state state = image_unit(image, units[i]);
        if (state == UNIT_MASKED)
            find(image, code, "", "%s is masked", units[i]);
        else if (state == UNIT_ABSENT && i == 0)
            find(image, code, "", "there is no %s: snapd was removed", units[i]);
        else if (state == UNIT_DISABLED && i > 0)
            find(image, code, "", "%s is not enabled", units[i]);
    }
    /* a booted image has a unit that mounts the snap: snap-amazon\x2dssm\x2dagent-7993.mount */
    LOCAL_NAMES mounts = file_list(image->root, "/etc/systemd/system", ".mount");
    for (size_t i = 0; i < mounts.n; i++)
        if (text_starts(mounts.names[i], "snap-amazon\\x2dssm\\x2dagent-") &&
            image_unit(image, mounts.names[i]) != UNIT_ENABLED)
            find(image, code, "", "%s is not enabled", mounts.names[i]);
    if (module_forbidden(image, MODPROBE, "squashfs", file))
        find(image, code, file, "%s forbids squashfs", file);
    /* snap-confine refuses to work without its profile, which snapd.apparmor loads too; with apparmor=0 it asks for none
     * (sc_init_apparmor_support() of snapd) */
    if (image_unit(image, "apparmor.service") == UNIT_MASKED &&
        !says(image, COMMAND_LINE, "apparmor=0", NULL))
        (image_unit(image, "snapd.apparmor.service") == UNIT_ENABLED ? find_warning : find)(
            image, code, "", "apparmor.service is masked: who loads the profile of snap-confine?");
}

/* --- 28: ssm-preflight itself --- */

void judge_preflight(struct image *image)
{
    enum { SYSTEMD_LEAST = 239 };
    static const char code[] = "image-preflight", program[] = "/usr/bin/ssm-preflight";
    static const char unit[] = "ssm-preflight.service";
    static const char slice[] = "system-ssmpreflight.slice";
    static const char *const beside[] = {"ssm-preflight-follow.service", "ssm-preflight-fixed.path",
                                         "ssm-ready.path", slice};
    char value[LINE_SIZE], file[PATH_SIZE];
    int machine = agent_look(image->root, program).machine;
    enum unit_state state = image_unit(image, unit);

    if (machine == 0 && state == UNIT_ABSENT) {
        say(image, "ssm-preflight is not installed in this image");
        return;
    }
    if (machine <= 0 || (image->machine > 0 && machine != image->machine))
        find(image, code, "", "%s is %s%s", program,
             machine > 0 ? "for the machine " : "no program",
             machine > 0 ? elf_machine_name(machine) : "");
    for (size_t i = 0; i < COUNT_OF(beside); i++)
        if (image_unit(image, beside[i]) == UNIT_MASKED)
            find(image, code, "", "%s is masked", beside[i]);
    if (state == UNIT_MASKED || state == UNIT_DISABLED)
        find(image, code, "", "%s is %s", unit, state == UNIT_MASKED ? "masked" : "not enabled");
    /* the slice lets its packets through, unless the unit does, or a drop-in of it */
    if (!image_unit_value(image, unit, "IPAddressAllow", false, value, file) &&
        image_unit_value(image, unit, "Slice", false, value, file) &&
        (strcmp(value, slice) != 0 || !unit_is_installed(image->root, slice)))
        find(image, code, file, "%s: Slice=%s, which %s", file, value,
             strcmp(value, slice) != 0 ? "lets no packet through" : "is not installed");
    if (image->request->config_error[0])
        find(image, code, "", "%s", image->request->config_error);
    if (value_read(image,
                   "/etc/ssm-preflight/preflight.conf /etc/ssm-preflight/preflight.conf.d/*.conf",
                   "ca-file", value, file) &&
        value[0] && !image_has(image, value))
        find(image, code, file, "%s: ca-file is %s, which is not there", file, value);
    if (image->systemd > 0 && image->systemd < SYSTEMD_LEAST)
        find(image, code, "", "systemd %d is older than %d", image->systemd, SYSTEMD_LEAST);
    if (value_read(image, SYSCTL, "user.max_user_namespaces", value, NULL) &&
        strcmp(value, "0") == 0 &&
        !image_has(image, "/etc/systemd/system/ssm-preflight.service.d/no-user-namespaces.conf"))
        find(image, code, "", "user.max_user_namespaces is 0, and the unit has PrivateUsers=yes");
}
