/* SPDX-License-Identifier: Apache-2.0
 *
 * A Nitro machine has Amazon as its vendor. A Xen machine only has a UUID that begins with "ec2", with
 * the first bytes in either order.
 *
 * What keeps the clock is known by unit files, as for the agent. An enabled unit is enough: it may
 * start later in the boot. A container has its host's clock, so nothing is said about it, nor about a
 * machine that does not boot with systemd.
 */
#include "discover/machine.h"

#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/unit.h"

static void read_escaped(const char *root, const char *path, char *to, size_t size)
{
    char line[256] = "";

    if (file_read_line(root, path, line, sizeof(line)))
        (void)text_quote(to, size, "%s", text_trim(line));
}

/* "ec2…" or, in a little-endian SMBIOS, "xxxx2xec-…": the guide's two forms. */
static bool uuid_of_ec2(const char *uuid)
{
    return strncasecmp(uuid, "ec2", 3) == 0 ||
           (strlen(uuid) == 36 && strncasecmp(uuid + 6, "ec", 2) == 0 && uuid[4] == '2');
}

void machine_read(const char *root, struct machine_facts *machine)
{
    char hypervisor[NAME_SIZE] = "", uuid[NAME_SIZE] = "";

    read_escaped(root, "/sys/class/dmi/id/sys_vendor", machine->vendor, sizeof(machine->vendor));
    read_escaped(root, "/sys/class/dmi/id/product_uuid", uuid, sizeof(uuid));
    read_escaped(root, "/sys/class/dmi/id/board_asset_tag", machine->asset_tag,
                 sizeof(machine->asset_tag));
    read_escaped(root, "/sys/hypervisor/uuid", hypervisor, sizeof(hypervisor));

    machine->is_ec2 = ANSWER_YES;
    if (strcasecmp(machine->vendor, "Amazon EC2") == 0)
        (void)text_set(machine->evidence, sizeof(machine->evidence), "DMI vendor is Amazon EC2");
    else if (uuid_of_ec2(hypervisor))
        (void)text_set(machine->evidence, sizeof(machine->evidence), "hypervisor uuid is %s",
                       hypervisor);
    else if (uuid_of_ec2(uuid))
        (void)text_set(machine->evidence, sizeof(machine->evidence), "DMI product uuid is %s",
                       uuid);
    else if (text_starts(machine->asset_tag, "i-"))
        (void)text_set(machine->evidence, sizeof(machine->evidence), "DMI asset tag is %s",
                       machine->asset_tag);
    else
        machine->is_ec2 = ANSWER_NO;

    if (machine->is_ec2 == ANSWER_YES)
        return;
    /* Only root can read a Xen guest's UUIDs. */
    if (strcasecmp(machine->vendor, "Xen") == 0 && !uuid[0])
        machine->is_ec2 = ANSWER_UNKNOWN;
    if (machine->vendor[0])
        (void)text_set(machine->evidence, sizeof(machine->evidence),
                       "DMI vendor is \"%s\", and no uuid or asset tag is EC2's", machine->vendor);
    else
        (void)text_set(machine->evidence, sizeof(machine->evidence),
                       "no DMI and no EC2 hypervisor: /sys/class/dmi/id/sys_vendor is not there");
}

/* --- what keeps the clock --- */

static const char *const units[] = {
    "chronyd.service",  "chrony.service", "systemd-timesyncd.service",
    "ntpd.service",     "ntp.service",    "ntpsec.service",
    "openntpd.service", "ntimed.service", "snap.chrony.chronyd.service",
};
static const char *const targets[] = {"multi-user.target", "sysinit.target", "basic.target",
                                      "graphical.target", "time-sync.target"};

static bool is_kept_by(const char *root, const char *unit)
{
    return !unit_is_masked(root, unit) && (unit_is_running(root, unit) == ANSWER_YES ||
                                           unit_is_enabled(root, unit, targets, COUNT_OF(targets)));
}

void time_sync_read(const char *root, struct machine_facts *machine)
{
    bool systemd = file_exists(root, "/run/systemd/system"); /* sd_booted(3) */
    bool container = file_exists(root, "/run/systemd/container");

    machine->time_sync = systemd && !container ? ANSWER_NO : ANSWER_UNKNOWN;
    for (size_t i = 0; machine->time_sync != ANSWER_YES && i < COUNT_OF(units); i++)
        if (is_kept_by(root, units[i]))
            machine->time_sync = ANSWER_YES;
}
