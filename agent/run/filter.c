/* SPDX-License-Identifier: Apache-2.0
 *
 * The services that look deny every packet, and their slice allows those that they need: the kernel joins both lists,
 * systemd.resource-control(5). In another slice, or where the slice's file is not there, nothing is left. The loopback, which the
 * list has, tells that from the network.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/unit.h"
#include "net/address.h"
#include "net/dial.h"
#include "run/commands.h"

#define SLICE "system-ssmpreflight.slice"

enum { DISCARD_PORT = 9 };

static bool drops_all(void)
{
    struct sockaddr_storage to;
    socklen_t length;
    LOCAL_FD fd = dial_socket(AF_INET, SOCK_DGRAM, 0);

    return fd >= 0 && address_parse("127.0.0.1", DISCARD_PORT, &to, &length) &&
           sendto(fd, "", 0, 0, (const struct sockaddr *)&to, length) < 0 && errno == EPERM;
}

/* cgroups(7): of several hierarchies the one without a number and a name is version 2's, which filters. */
static void read_group(const char *root, char group[PATH_SIZE])
{
    LOCAL_BUFFER groups = {.max_bytes = 64 * 1024};

    if (file_read(root, "/proc/self/cgroup", &groups) != 0)
        return;
    for (char *line, *rest = groups.bytes; (line = text_next(&rest, "\n"));)
        if (text_starts(line, "0::"))
            (void)text_set(group, PATH_SIZE, "%s", line);
}

/* A firewall may drop it too: then this is another unit, or the slice is as it should be. */
bool filter_drops_all(const char *root, char *why, size_t size)
{
    static const char *const ours[] = {"ssm-preflight.service", "ssm-preflight-follow.service"};
    char group[PATH_SIZE] = "";

    if (!drops_all())
        return false;
    read_group(root, group);
    const char *unit = basename(group);
    bool inside = strstr(group, "/" SLICE "/");
    if (text_find(unit, ours, sizeof(ours[0]), COUNT_OF(ours)) == COUNT_OF(ours) ||
        (inside && unit_is_installed(root, SLICE)))
        return false;
    (void)text_set(why, size, "%s may send nothing, since %s %s", unit, SLICE,
                   inside ? "is not installed" : "is not its slice");
    return true;
}
