/* SPDX-License-Identifier: Apache-2.0
 *
 * One epoll descriptor over both sources, so that whoever waits has one thing to wait for.
 * The directories are watched, not resolv.conf itself: it is replaced by renaming, and systemd's
 * is a link to a file that is not there yet.
 */
#include "net/changes.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"

struct changes {
    char root[PATH_SIZE];
    int epoll_fd;
    int netlink_fd;
    int inotify_fd;
};

static int open_netlink(void)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                  .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
                                               RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                                               RTMGRP_IPV6_ROUTE};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Done again whenever something comes: early at boot the deeper ones are not there yet, and
 * watching one twice is watching it once. */
static void watch_directories(const struct changes *changes)
{
    static const char *const directories[] = {"/etc", "/run", "/run/systemd",
                                              "/run/systemd/resolve"};

    for (size_t i = 0; i < COUNT_OF(directories); i++) {
        char path[PATH_SIZE * 2];
        if (text_set(path, sizeof(path), "%s%s", changes->root, directories[i]))
            (void)inotify_add_watch(changes->inotify_fd, path,
                                    IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE);
    }
}

static void follow(const struct changes *changes, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};

    if (fd >= 0)
        (void)epoll_ctl(changes->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

struct changes *changes_open(const char *root)
{
    struct changes *changes = calloc(1, sizeof(*changes));

    (void)text_set(changes->root, sizeof(changes->root), "%s", root);
    changes->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    changes->netlink_fd = open_netlink();
    changes->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    watch_directories(changes);
    if (changes->epoll_fd < 0 || (changes->netlink_fd < 0 && changes->inotify_fd < 0)) {
        changes_close(changes);
        return NULL;
    }
    follow(changes, changes->netlink_fd);
    follow(changes, changes->inotify_fd);
    return changes;
}

void changes_close(struct changes *changes)
{
    if (!changes)
        return;
    const int fds[] = {changes->inotify_fd, changes->netlink_fd, changes->epoll_fd};
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
    free(changes);
}

int changes_fd(const struct changes *changes)
{
    return changes ? changes->epoll_fd : -1;
}

/* An overrun (ENOBUFS) is news too: something changed, and more than fitted. */
static bool take_netlink(int fd)
{
    char piece[8192];
    bool any = false;

    for (int i = 0; fd >= 0 && i < 64; i++) {
        ssize_t n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
        if (n <= 0)
            break;
        any = true;
    }
    return any;
}

static bool concerns_names(const struct inotify_event *event)
{
    static const char *const names[] = {"resolv.conf", "stub-resolv.conf", "hosts", "resolve",
                                        "systemd"};

    for (size_t i = 0; event->len > 0 && i < COUNT_OF(names); i++)
        if (strcmp(event->name, names[i]) == 0)
            return true;
    return false;
}

static bool take_inotify(int fd)
{
    _Alignas(struct inotify_event) char piece[8192];
    bool any = false;

    for (int i = 0; fd >= 0 && i < 64; i++) {
        ssize_t n = read(fd, piece, sizeof(piece));
        if (n <= 0)
            break;
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *event = (const void *)(piece + at);
            any = any || concerns_names(event);
            at += (ssize_t)(sizeof(*event) + event->len);
        }
    }
    return any;
}

bool changes_take(struct changes *changes)
{
    bool network = take_netlink(changes->netlink_fd);
    bool names = take_inotify(changes->inotify_fd);

    watch_directories(changes);
    return network || names;
}
