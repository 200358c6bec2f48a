/* SPDX-License-Identifier: Apache-2.0
 *
 * systemd.special(7): what default.target pulls in, by keys and folders, each with what it pulls in.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/unit.h"

static void add(struct unit_boot *boot, const char *unit)
{
    if (boot->n < MAX_BOOT_UNITS && strlen(unit) < NAME_SIZE && !unit_is_of_boot(boot, unit))
        (void)text_set(boot->units[boot->n++], NAME_SIZE, "%s", unit);
}

static void add_wanted(struct unit_boot *boot, const struct buffer *settings)
{
    char name[NAME_SIZE + 1];

    for (struct unit_setting at = {0}; unit_next(settings, &at);)
        if (text_has("Requires,Wants,BindsTo,Upholds", ',', at.key))
            for (const char *rest = at.value; text_word(&rest, " \t", name, sizeof(name));)
                add(boot, name);
}

bool unit_is_of_boot(const struct unit_boot *boot, const char *unit)
{
    for (size_t i = 0; i < boot->n; i++)
        if (strcmp(boot->units[i], unit) == 0)
            return true;
    return false;
}

void unit_default_target(const char *root, char to[NAME_SIZE])
{
    char target[PATH_SIZE];

    (void)text_set(to, NAME_SIZE, "multi-user.target");
    if (unit_link(root, "default.target", target))
        (void)text_escape(to, NAME_SIZE, basename(target), strlen(basename(target)));
}

/* Services want basic.target (DefaultDependencies=), and cloud-init's generator adds its target. A timer starts the service
 * of its name. */
void unit_boot_read(const char *root, const char *target, const char *until, struct unit_boot *boot)
{
    static const char *const always[] = {"sysinit.target", "basic.target", "sockets.target",
                                         "timers.target", "cloud-init.target"};
    char service[NAME_SIZE], alias[PATH_SIZE];
    LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES};

    boot->n = 0;
    add(boot, target);
    for (size_t i = 0; i < boot->n && !unit_is_of_boot(boot, until); i++) {
        const char *name = boot->units[i];

        if (unit_link(root, name, alias))
            add(boot, basename(alias));
        if (text_ends(name, ".timer") && text_set(service, sizeof(service), "%.*s.service",
                                                  (int)(strlen(name) - strlen(".timer")), name))
            add(boot, service);
        unit_read(root, name, &settings);
        add_wanted(boot, &settings);
        for (size_t j = 0; i + 1 == boot->n && j < COUNT_OF(always); j++)
            add(boot, always[j]);
    }
}

enum unit_state unit_state_at(const char *root, const char *unit, const struct unit_boot *boot)
{
    return unit_is_masked(root, unit)       ? UNIT_MASKED
           : !unit_is_installed(root, unit) ? UNIT_ABSENT
           : unit_is_of_boot(boot, unit)    ? UNIT_ENABLED
                                            : UNIT_DISABLED;
}

enum unit_state unit_state(const char *root, const char *unit)
{
    struct unit_boot *boot = calloc(1, sizeof(*boot));
    char target[NAME_SIZE];

    unit_default_target(root, target);
    unit_boot_read(root, target, unit, boot);
    enum unit_state state = unit_state_at(root, unit, boot);
    free(boot);
    return state;
}
