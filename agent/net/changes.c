/* SPDX-License-Identifier: Apache-2.0
 *
 * One epoll descriptor over both sources, so that whoever waits has one thing to wait for.
 * Directories are watched, not files: a file is replaced by renaming, and systemd's resolv.conf is a link
 * to one that is not there yet. What only looks like a change, who waits finds out (run/look.h).
 */
#include "net/changes.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"

#define UNIT_FOLDERS(at)                                       \
    {at}, {at "/amazon-ssm-agent.service.d"},                  \
    {                                                          \
        at "/snap.amazon-ssm-agent.amazon-ssm-agent.service.d" \
    }

/* In a busy directory only some names count. */
static const struct {
    const char *directory;
    const char *names[3]; /* none: all */
} watched[] = {
    {"/etc"},
    {"/run", {"systemd", "resolvconf", "NetworkManager"}},
    {"/run/systemd", {"resolve"}},
    {"/run/systemd/resolve"},
    {"/run/resolvconf"},
    {"/run/NetworkManager", {"resolv.conf"}},
    {"/etc/amazon"},
    {"/etc/amazon/ssm"},
    {"/var/lib/amazon/ssm"},
    {"/usr/bin", {"amazon-ssm-agent", "ssm-agent-worker"}},
    {"/snap/amazon-ssm-agent"},
    {"/etc/ssl/certs"},
    {"/etc/pki/tls/certs"},
    {"/etc/pki/ca-trust/extracted/pem"},
    {"/etc/systemd/system/multi-user.target.wants"},
    {"/usr/lib/systemd/system", {"amazon-ssm-agent.service"}},
    UNIT_FOLDERS("/etc/systemd/system"),
    UNIT_FOLDERS("/run/systemd/system"),
};

enum { N_WATCHED = COUNT_OF(watched) };

struct changes {
    char root[PATH_SIZE];
    int epoll_fd;
    int netlink_fd;
    int inotify_fd;
    int watches[N_WATCHED]; /* of inotify; below zero: not watched */
    bool is_used_up;
    int64_t polled_ms; /* then: when a file was last said to have changed */
};

static int open_netlink(void)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                  .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
                                               RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                                               RTMGRP_IPV6_ROUTE};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    (void)bind(fd, (const struct sockaddr *)&address, sizeof(address)); /* else it tells nothing */
    return fd;
}

/* Done again whenever something comes: early at boot the deeper ones are not there yet, and
 * watching one twice is watching it once. */
static void watch_directories(struct changes *changes)
{
    changes->is_used_up = changes->inotify_fd < 0;
    for (size_t i = 0; i < N_WATCHED; i++) {
        char path[PATH_SIZE * 2];
        (void)text_set(path, sizeof(path), "%s%s", changes->root, watched[i].directory);
        changes->watches[i] = inotify_add_watch(changes->inotify_fd, path,
                                                IN_CLOSE_WRITE | IN_MOVE | IN_CREATE | IN_DELETE |
                                                    IN_ATTRIB);
        changes->is_used_up |= changes->watches[i] < 0 && errno == ENOSPC;
    }
}

/* Where inotify is used up, a file may have changed each CHANGES_POLL_MS. */
static bool is_time_to_look(struct changes *changes)
{
    int64_t now_ms = clock_monotonic_ms();

    if (!changes->is_used_up || now_ms - changes->polled_ms < CHANGES_POLL_MS)
        return false;
    changes->polled_ms = now_ms;
    return true;
}

int64_t changes_poll_ms(const struct changes *changes)
{
    return changes && changes->is_used_up ? CHANGES_POLL_MS : 0;
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
    if (changes->epoll_fd < 0) {
        changes_close(changes);
        return NULL;
    }
    changes->polled_ms = clock_monotonic_ms();
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

    for (int i = 0; i < 64 && recv(fd, piece, sizeof(piece), MSG_DONTWAIT) > 0; i++)
        any = true;
    return any;
}

/* An overrun has no name and no watch. */
static bool counts(const struct changes *changes, const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW)
        return true;
    for (size_t i = 0; i < N_WATCHED; i++) {
        if (changes->watches[i] != event->wd)
            continue;
        if (!watched[i].names[0])
            return true;
        for (size_t j = 0; event->len > 0 && j < COUNT_OF(watched[i].names); j++)
            if (watched[i].names[j] && strcmp(event->name, watched[i].names[j]) == 0)
                return true;
    }
    return false;
}

static bool take_inotify(const struct changes *changes)
{
    _Alignas(struct inotify_event) char piece[8192];
    bool any = false;
    ssize_t n;

    for (int i = 0; i < 64 && (n = read(changes->inotify_fd, piece, sizeof(piece))) > 0; i++)
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *event = (const void *)(piece + at);
            any = counts(changes, event) || any;
            at += (ssize_t)(sizeof(*event) + event->len);
        }
    return any;
}

bool changes_take(struct changes *changes)
{
    bool network = take_netlink(changes->netlink_fd);
    bool files = take_inotify(changes), polled = is_time_to_look(changes);

    watch_directories(changes);
    return network || files || polled;
}
