/* SPDX-License-Identifier: Apache-2.0
 *
 * By unit files, as for the agent: enabled is enough, since it may start later in the boot. A
 * container has its host's clock, and what does not boot with systemd is not judged.
 */
#include "base/file.h"
#include "base/text.h"
#include "discover/machine.h"
#include "discover/unit.h"

static const char *const units[] = {
    "chronyd.service",  "chrony.service", "systemd-timesyncd.service",
    "ntpd.service",     "ntp.service",    "ntpsec.service",
    "openntpd.service", "ntimed.service", "snap.chrony.chronyd.service",
};
static const char *const targets[] = {"multi-user.target", "sysinit.target", "basic.target",
                                      "graphical.target", "time-sync.target"};

static bool is_kept_by(const char *root, const char *unit)
{
    if (unit_is_masked(root, unit))
        return false;
    for (size_t i = 0; i < COUNT_OF(targets); i++)
        if (unit_is_enabled(root, unit, targets[i]))
            return true;
    return unit_is_running(root, unit) == ANSWER_YES;
}

void time_sync_read(const char *root, struct machine_facts *machine)
{
    bool systemd = file_exists(root, "/run/systemd/system"); /* sd_booted(3) */
    bool container = file_exists(root, "/run/systemd/container");

    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (!is_kept_by(root, units[i]))
            continue;
        machine->time_sync = ANSWER_YES;
        (void)text_set(machine->time_sync_unit, sizeof(machine->time_sync_unit), "%s", units[i]);
        return;
    }
    machine->time_sync = systemd && !container ? ANSWER_NO : ANSWER_UNKNOWN;
}
