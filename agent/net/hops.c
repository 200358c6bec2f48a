/* SPDX-License-Identifier: Apache-2.0
 *
 * The minimum is set after connect(): the handshake may come with any TTL. There is nothing to wait
 * for, as the drop shows in a counter as soon as the packet would have arrived.
 */
#include "net/hops.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "net/address.h"

enum { REQUEST_SIZE = 256, LEAST_HOPS = 2 };

#ifndef IPV6_MINHOPCOUNT
#define IPV6_MINHOPCOUNT 73 /* linux/in6.h */
#endif

struct hops {
    struct watch *watch;
    int fd;
    int family;
    bool sent;
    uint32_t dropped_before;
    char request[REQUEST_SIZE];
};

static bool set_least(const struct hops *hops, int least)
{
    bool ipv6 = hops->family == AF_INET6;
    return setsockopt(hops->fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP,
                      ipv6 ? IPV6_MINHOPCOUNT : IP_MINTTL, &least, sizeof(least)) == 0;
}

static bool read_dropped(const struct hops *hops, uint32_t *dropped)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t length = sizeof(info);

    if (getsockopt(hops->fd, SOL_SOCKET, SO_MEMINFO, info, &length) != 0 ||
        length < (SK_MEMINFO_DROPS + 1) * sizeof(info[0]))
        return false;
    *dropped = info[SK_MEMINFO_DROPS];
    return true;
}

static void connected(void *arg, short events)
{
    struct hops *hops = arg;
    size_t n = strlen(hops->request);
    int os_error = 0;
    socklen_t length = sizeof(os_error);

    (void)events;
    loop_unwatch(hops->watch);
    hops->watch = NULL;
    if (getsockopt(hops->fd, SOL_SOCKET, SO_ERROR, &os_error, &length) != 0 || os_error != 0 ||
        !set_least(hops, LEAST_HOPS) || !read_dropped(hops, &hops->dropped_before))
        return;
    hops->sent = send(hops->fd, hops->request, n, MSG_NOSIGNAL) == (ssize_t)n;
}

struct hops *hops_ask(struct loop *loop, const char *address, uint16_t port, const char *request)
{
    struct hops *hops = calloc(1, sizeof(*hops));
    struct sockaddr_storage to;
    socklen_t length;

    if (!hops)
        return NULL;
    hops->fd = -1;
    if (!address_parse(address, port, &to, &length) ||
        !text_set(hops->request, sizeof(hops->request), "%s", request))
        goto failed;
    hops->family = to.ss_family;
    hops->fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (hops->fd < 0)
        goto failed;
    if (connect(hops->fd, (const struct sockaddr *)&to, length) != 0 && errno != EINPROGRESS)
        goto failed;
    hops->watch = loop_watch(loop, hops->fd, POLLOUT, true, connected, hops);
    if (!hops->watch)
        goto failed;
    return hops;

failed:
    hops_free(hops);
    return NULL;
}

enum hops_answer hops_read(const struct hops *hops)
{
    char start[5];
    uint32_t dropped;

    if (!hops || !hops->sent)
        return HOPS_UNKNOWN;
    ssize_t n = recv(hops->fd, start, sizeof(start), MSG_PEEK | MSG_DONTWAIT);
    if (n == (ssize_t)sizeof(start))
        return memcmp(start, "HTTP/", sizeof(start)) == 0 ? HOPS_SPARE : HOPS_UNKNOWN;
    bool silent = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (silent && read_dropped(hops, &dropped) && dropped != hops->dropped_before)
        return HOPS_NONE;
    return HOPS_UNKNOWN;
}

void hops_free(struct hops *hops)
{
    if (!hops)
        return;
    if (hops->fd >= 0) {
        (void)set_least(hops, 0); /* what is sent again meets a closed socket, and an end */
        (void)close(hops->fd);
    }
    free(hops);
}
