/* SPDX-License-Identifier: Apache-2.0
 *
 * What sockets and the kernel's queues bring: a resolver's datagrams and streams, the sender of an ICMP error,
 * names of files that changed.
 *
 * Linked with --wrap= of dial_socket, connect, sendto, recvfrom, recvmsg and read; a program that links without
 * has none of these, nor their __real_ ones, which are weak.
 */
#include <errno.h>
#include <stdlib.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/changes.h"
#include "net/dial.h"
#include "net/dns.h"
#include "targets.h"

enum { PIECE = 7, MAX_SOCKETS = 12 };

static struct {
    const uint8_t *bytes; /* NULL: no such target runs */
    size_t n;
    int stream_fd; /* -1: nothing was asked by TCP */
    size_t n_streamed;
    uint8_t id[2]; /* of its question */
    struct loop *loop;
    size_t n_sockets; /* of those that are kept, in use */
} wire;
static int kept[MAX_SOCKETS];
static size_t n_kept;

static size_t take(void *to, size_t size)
{
    size_t n = wire.n < size ? wire.n : size;

    if (n)
        memcpy(to, wire.bytes, n);
    wire.bytes += n;
    wire.n -= n;
    return n;
}

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
int __wrap_dial_socket(int family, int type, int protocol);
/* unit tests have their own of these three */
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t length) __attribute__((weak));
int __real_connect(int fd, const struct sockaddr *to, socklen_t length) __attribute__((weak));
ssize_t __wrap_sendto(int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to,
                      socklen_t to_length) __attribute__((weak));
ssize_t __wrap_recvfrom(int fd, void *to, size_t size, int flags, struct sockaddr *from,
                        socklen_t *from_length) __attribute__((weak));
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags) __attribute__((weak));
ssize_t __wrap_read(int fd, void *to, size_t size);
ssize_t __real_read(int fd, void *to, size_t size) __attribute__((weak));

static void close_kept(void)
{
    for (size_t n = n_kept; n > 0; n--) {
        n_kept = n - 1;
        (void)close(kept[n_kept]);
    }
}

/* Always ready to be read and written. */
int __wrap_dial_socket(int family, int type, int protocol)
{
    (void)family;
    (void)protocol;
    if (wire.n_sockets == MAX_SOCKETS) {
        errno = EMFILE;
        return -1;
    }
    if (n_kept == 0)
        (void)atexit(close_kept);
    if (wire.n_sockets == n_kept)
        kept[n_kept++] = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    int fd = kept[wire.n_sockets++];
    if (type == SOCK_STREAM)
        wire.stream_fd = fd;
    return fd;
}

bool fuzz_keeps(int fd)
{
    for (size_t i = 0; i < n_kept; i++)
        if (kept[i] == fd)
            return true;
    return false;
}

/* To a resolver it succeeds, to anybody else it is refused. */
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t length)
{
    if (fd == fuzz_socket)
        return 0;
    if (!wire.bytes)
        return __real_connect(fd, to, length);
    errno = ECONNREFUSED;
    return wire.loop ? 0 : -1;
}

ssize_t __wrap_sendto(int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to,
                      socklen_t to_length)
{
    (void)flags;
    (void)to;
    (void)to_length;
    if (n >= 4)
        memcpy(wire.id, (const uint8_t *)bytes + (fd == wire.stream_fd ? 2 : 0), sizeof(wire.id));
    return (ssize_t)n;
}

/* A datagram has two bytes before it that say how long it is, as a message in a stream has; the stream comes in
 * pieces, and takes what datagrams have left. A datagram has the question's id, or none would be looked at. */
ssize_t __wrap_recvfrom(int fd, void *to, size_t size, int flags, struct sockaddr *from,
                        socklen_t *from_length)
{
    uint8_t length[2];

    (void)flags;
    (void)from;
    (void)from_length;
    if (fd == wire.stream_fd) {
        size_t n = take(to, size < PIECE ? size : PIECE);
        wire.n_streamed += n;
        if (wire.n_streamed == n && n >= 4)
            memcpy((uint8_t *)to + 2, wire.id, sizeof(wire.id));
        return (ssize_t)n;
    }
    if (wire.n < 2 || wire.stream_fd >= 0) {
        if (wire.stream_fd < 0)
            loop_stop(wire.loop);
        errno = EAGAIN;
        return -1;
    }
    (void)take(length, sizeof(length));
    size_t n = (size_t)length[0] << 8 | length[1];
    n = take(to, n < size ? n : size);
    if (n >= 2)
        memcpy(to, wire.id, sizeof(wire.id));
    return (ssize_t)n;
}

/* The kernel's messages are whole; what is in them is the input's. */
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
    static const int kinds[][2] = {
        {IPPROTO_IP, IP_RECVERR}, {IPPROTO_IPV6, IPV6_RECVERR}, {SOL_SOCKET, SO_TIMESTAMP}};
    size_t used = 0;

    (void)fd;
    (void)flags;
    while (wire.n >= 2) {
        uint8_t head[2];
        (void)take(head, sizeof(head));
        size_t n = head[1] < wire.n ? head[1] : wire.n;
        if (message->msg_controllen - used < CMSG_SPACE(n))
            break;
        struct cmsghdr *at = (void *)((char *)message->msg_control + used);
        *at = (struct cmsghdr){.cmsg_len = CMSG_LEN(n),
                               .cmsg_level = kinds[head[0] % 3][0],
                               .cmsg_type = kinds[head[0] % 3][1]};
        (void)take(CMSG_DATA(at), n);
        used += CMSG_SPACE(n);
    }
    message->msg_controllen = used;
    return 0;
}

/* inotify's events: they end where the kernel lets them end, and a name has its zero byte. */
ssize_t __wrap_read(int fd, void *to, size_t size)
{
    size_t used = 0;

    if (!wire.bytes)
        return __real_read(fd, to, size);
    while (wire.n >= 3) {
        uint8_t head[3];
        (void)take(head, sizeof(head));
        size_t n = head[2] % 64 < wire.n ? head[2] % 64 : wire.n;
        size_t padded = n ? (n + 16) / 16 * 16 : 0;
        struct inotify_event *event = (void *)((char *)to + used);
        if (size - used < sizeof(*event) + padded)
            break;
        *event = (struct inotify_event){
            .wd = head[0] % 32, .mask = (uint32_t)head[1] << 8, .len = (uint32_t)padded};
        memset(event->name, 0, padded);
        (void)take(event->name, n);
        used += sizeof(*event) + padded;
    }
    wire.n = 0;
    return (ssize_t)used;
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

static void start(const uint8_t *bytes, size_t n)
{
    memset(&wire, 0, sizeof(wire));
    wire.stream_fd = -1;
    wire.bytes = n ? bytes : (const uint8_t *)"";
    wire.n = n;
}

static void on_answer(void *arg, const struct dns_answer *answer)
{
    static struct facts facts;

    *(bool *)arg = true;
    facts.endpoints[0].n_answers = 1;
    facts.endpoints[0].answers[0] = *answer;
    fuzz_require_clean(&facts_fields, &facts);
    fuzz_require((answer->step.failure == FAILURE_NONE) == (answer->n_addresses > 0),
                 "an address, or a reason why not");
}

/* The first byte says how it is asked. */
void fuzz_dns_wire(const uint8_t *bytes, size_t n)
{
    struct dns_question question = {.name = "ssm.us-east-1.amazonaws.com",
                                    .family = FAMILY_IPV4,
                                    .server = "10.0.0.2",
                                    .timeout_ms = 4000};
    bool answered = false;

    start(n ? bytes + 1 : bytes, n ? n - 1 : 0);
    question.by_tcp = n && (bytes[0] & 1);
    question.plain = n && (bytes[0] & 2);
    wire.loop = loop_new();
    (void)dns_ask(wire.loop, &question, on_answer, &answered);
    (void)loop_run(wire.loop, INT64_MAX);
    loop_free(wire.loop);
    memset(&wire, 0, sizeof(wire));
}

static void on_dialled(void *arg, const struct dialled *dialled)
{
    *(bool *)arg = true;
    fuzz_require(dialled->fd < 0 && dialled->step.failure == FAILURE_REFUSED, "it was refused");
    fuzz_require_text(dialled->offender, sizeof(dialled->offender));
}

/* The queue of errors of a connection that was refused. */
void fuzz_icmp(const uint8_t *bytes, size_t n)
{
    static const char *const addresses[] = {"10.0.0.2", "2001:db8::2"};
    const struct dial dial = {.address = addresses[n % 2], .port = 443, .timeout_ms = 1000};
    struct loop *loop = loop_new();
    bool told = false;

    start(bytes, n);
    dial_start(loop, &dial, on_dialled, &told);
    (void)loop_run(loop, INT64_MAX);
    loop_free(loop);
    memset(&wire, 0, sizeof(wire));
}

static struct changes *changes;

static void close_changes(void)
{
    changes_close(changes);
}

/* Opened once: to close inotify takes the kernel milliseconds. */
void fuzz_changes(const uint8_t *bytes, size_t n)
{
    if (!changes) {
        changes = changes_open("/nonexistent");
        (void)atexit(close_changes);
    }
    start(bytes, n);
    (void)changes_take(changes);
    memset(&wire, 0, sizeof(wire));
}
