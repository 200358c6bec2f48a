/* SPDX-License-Identifier: Apache-2.0
 *
 * connect() by ourselves: its errno and its time are the evidence that tells a missing route, a
 * reject, a local firewall and a security group apart.
 */
#include "net/dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "net/address.h"

struct dialling {
    struct task task; /* first: dialling_end gets this */
    struct loop *loop;
    struct sockaddr_storage address;
    socklen_t address_length;
    int fd;
    int os_error; /* of what failed at once */
    int64_t started_us;
    struct watch *watch;
    struct timer *timer;
    dial_done *done;
    void *arg;
};

static const struct {
    int os_error;
    enum failure failure;
} failures[] = {
    {ETIMEDOUT, FAILURE_TIMEOUT},
    {ECONNREFUSED, FAILURE_REFUSED},
    {ECONNRESET, FAILURE_RESET},
    {EPIPE, FAILURE_RESET},
    {ENETUNREACH, FAILURE_NO_ROUTE},
    {EADDRNOTAVAIL, FAILURE_NO_ROUTE}, /* no address of our own that could go there */
    {ENETDOWN, FAILURE_NO_ROUTE},
    {EAFNOSUPPORT, FAILURE_NO_ROUTE}, /* a kernel without IPv6 */
    {EHOSTUNREACH, FAILURE_HOST_UNREACHABLE},
    {EHOSTDOWN, FAILURE_HOST_UNREACHABLE},
    {EACCES, FAILURE_PROHIBITED},
    {EPERM, FAILURE_NOT_PERMITTED},
    {EINVAL, FAILURE_BLACKHOLE},
};

enum failure dial_failure(int os_error)
{
    for (size_t i = 0; i < COUNT_OF(failures); i++)
        if (failures[i].os_error == os_error)
            return failures[i].failure;
    return file_is_trouble(os_error) ? FAILURE_INTERNAL : FAILURE_LOCAL;
}

void dial_words(int os_error, char *to, size_t size)
{
    const char *ours = failure_words(dial_failure(os_error));
    const char *theirs = os_error != 0 ? strerror(os_error) : "";

    (void)text_set(to, size, "%s", strncasecmp(theirs, ours, strlen(ours)) == 0 ? "" : theirs);
}

static void dialling_end(struct task *task)
{
    struct dialling *dialling = (struct dialling *)task;

    loop_unwatch(dialling->watch);
    loop_cancel(dialling->timer);
    if (dialling->fd >= 0)
        close(dialling->fd);
    free(dialling);
}

static void format_local_address(int fd, char to[ADDRESS_SIZE])
{
    struct sockaddr_storage local;
    socklen_t length = sizeof(local);

    if (getsockname(fd, (struct sockaddr *)&local, &length) == 0)
        address_format(&local, to, ADDRESS_SIZE);
}

/* Everything is freed before the callback, which may free the loop too. */
static void finish(struct dialling *dialling, enum failure failure, int os_error)
{
    struct dialled dialled = {.fd = -1};
    dial_done *done = dialling->done;
    void *arg = dialling->arg;
    int64_t took_us = loop_now_us(dialling->loop) - dialling->started_us;

    if (took_us < 1)
        took_us = 1;
    dialled.took_us = took_us > INT32_MAX ? INT32_MAX : (int32_t)took_us;
    format_local_address(dialling->fd, dialled.local_address);
    if (failure == FAILURE_NONE) {
        step_ok(&dialled.step, loop_took_ms(took_us));
        dialled.fd = dialling->fd;
        dialling->fd = -1;
    } else {
        step_fail(&dialled.step, failure, loop_took_ms(took_us));
        dialled.step.os_error = os_error;
        dial_words(os_error, dialled.step.detail, sizeof(dialled.step.detail));
    }
    loop_leave(&dialling->task);
    dialling_end(&dialling->task);
    done(arg, &dialled);
}

static void on_writable(void *arg, short events)
{
    struct dialling *dialling = arg;
    int os_error = 0;
    socklen_t length = sizeof(os_error);

    (void)events;
    if (getsockopt(dialling->fd, SOL_SOCKET, SO_ERROR, &os_error, &length) != 0)
        os_error = errno;
    finish(dialling, os_error == 0 ? FAILURE_NONE : dial_failure(os_error), os_error);
}

/* The kernel counts a retransmission as under way (tcpi_retrans) only when its own output path took
 * it: tcp_retransmit_skb() in net/ipv4/tcp_output.c. A rule that drops, of nf_tables, iptables, tc
 * or eBPF, makes that path fail, and connect() is not told. A retransmission that was not even tried
 * (no route any more, the last one still waits for ARP or in the driver's queue) counts as a timeout
 * of the timer alone (tcpi_retransmits), and says nothing of rules. A carrier that is lost and a
 * queue that marks congestion take the packet (NET_XMIT_CN). A queue that is full drops it, as tc
 * does; then the kernel tries each half second, and the last try is what counts.
 * Before Linux 4.16 a try that failed is in no total: silence stays a mere timeout there. */
static enum failure silence(int fd)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof(info);

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 ||
        length < offsetof(struct tcp_info, tcpi_total_retrans) + sizeof(info.tcpi_total_retrans))
        return FAILURE_TIMEOUT;
    bool tried = info.tcpi_total_retrans > 0 && info.tcpi_retransmits <= info.tcpi_total_retrans;
    return tried && info.tcpi_retrans == 0 ? FAILURE_NOT_SENT : FAILURE_TIMEOUT;
}

static void on_timeout(void *arg)
{
    struct dialling *dialling = arg;

    dialling->timer = NULL;
    finish(dialling, silence(dialling->fd), 0);
}

/* What connect() said at once, told on the loop's turn. */
static void on_told_at_once(void *arg)
{
    struct dialling *dialling = arg;

    dialling->timer = NULL;
    finish(dialling, dialling->os_error == 0 ? FAILURE_NONE : dial_failure(dialling->os_error),
           dialling->os_error);
}

/* 0, EINPROGRESS, or the errno of what failed. */
static int begin_connect(struct dialling *dialling, int32_t max_segment_bytes)
{
    const int on = 1;

    dialling->fd = socket(dialling->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                          IPPROTO_TCP);
    if (dialling->fd < 0)
        return errno;
    if (setsockopt(dialling->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
        return errno;
    if (max_segment_bytes > 0) {
        const int bytes = max_segment_bytes;
        if (setsockopt(dialling->fd, IPPROTO_TCP, TCP_MAXSEG, &bytes, sizeof(bytes)) != 0)
            return errno;
    }
    if (connect(dialling->fd, (const struct sockaddr *)&dialling->address,
                dialling->address_length) != 0)
        return errno;
    return 0;
}

bool dial_start(struct loop *loop, const struct dial *dial, dial_done *done, void *arg)
{
    struct dialling *dialling = calloc(1, sizeof(*dialling));

    dialling->fd = -1;
    if (!address_parse(dial->address, dial->port, &dialling->address, &dialling->address_length)) {
        free(dialling);
        return false;
    }
    dialling->loop = loop;
    dialling->done = done;
    dialling->arg = arg;
    dialling->started_us = loop_clock_us(loop);
    dialling->os_error = begin_connect(dialling, dial->max_segment_bytes);
    if (dialling->os_error == EINPROGRESS) {
        dialling->watch = loop_watch(loop, dialling->fd, POLLOUT, false, on_writable, dialling);
        dialling->timer = loop_after(loop, dial->timeout_ms, on_timeout, dialling);
    } else {
        dialling->timer = loop_after(loop, 0, on_told_at_once, dialling);
    }
    loop_enter(loop, &dialling->task, dialling_end);
    return true;
}
