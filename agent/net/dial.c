/* SPDX-License-Identifier: Apache-2.0
 *
 * connect() by ourselves: its errno and its time are the evidence that tells a missing route, a
 * reject, a local firewall and a security group apart.
 */
#include "net/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/errqueue.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "net/address.h"

enum { MAX_PORTS_TRIED = 16 };

struct dialling {
    struct task task; /* first: dialling_end gets this */
    struct loop *loop;
    struct sockaddr_storage address;
    socklen_t address_length;
    int fd;
    int os_error;   /* of what failed at once */
    bool no_socket; /* the network has not even been asked */
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
    {EAGAIN, FAILURE_NO_PORT},         /* of a datagram's socket: ip(7), ip_local_port_range */
    {ENETDOWN, FAILURE_NO_ROUTE},
    {EAFNOSUPPORT, FAILURE_NO_ROUTE}, /* a kernel without IPv6 */
    {EHOSTUNREACH, FAILURE_HOST_UNREACHABLE},
    {EHOSTDOWN, FAILURE_HOST_UNREACHABLE},
    {EACCES, FAILURE_PROHIBITED},
    {EPERM, FAILURE_NOT_PERMITTED},
    {EINVAL, FAILURE_BLACKHOLE},
};

/* The other meaning of EADDRNOTAVAIL: the local ports are used up, reserved, or too few: ip(7), ip_local_port_range,
 * ip_local_reserved_ports. Then a socket that goes nowhere gets none either. */
static bool is_without_port(void)
{
    const struct sockaddr_in any = {.sin_family = AF_INET};
    LOCAL_FD fd = dial_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

    return fd >= 0 && bind(fd, (const struct sockaddr *)&any, sizeof(any)) != 0 &&
           errno == EADDRINUSE;
}

enum failure dial_failure(int os_error)
{
    if (os_error == EADDRNOTAVAIL && is_without_port())
        return FAILURE_NO_PORT;
    for (size_t i = 0; i < COUNT_OF(failures); i++)
        if (failures[i].os_error == os_error)
            return failures[i].failure;
    if (!file_is_trouble(os_error))
        return FAILURE_LOCAL;
    (void)file_note_trouble("a connection", os_error);
    return FAILURE_INTERNAL;
}

int dial_socket(int family, int type, int protocol)
{
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    int error = errno;

    if (fd < 0 && dial_no_socket(error) == FAILURE_INTERNAL)
        file_keep_trouble("a socket", error);
    errno = error;
    return fd;
}

enum failure dial_no_socket(int os_error)
{
    return os_error == EPERM ? FAILURE_INTERNAL : dial_failure(os_error);
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

uint16_t dial_local_port(int fd, struct sockaddr_storage *local)
{
    socklen_t length = sizeof(*local);

    memset(local, 0, sizeof(*local));
    if (fd >= 0 && getsockname(fd, (struct sockaddr *)local, &length) != 0)
        (void)file_note_trouble("a connection", errno);
    return ntohs(local->ss_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)(const void *)local)->sin6_port
                     : ((const struct sockaddr_in *)(const void *)local)->sin_port);
}

/* --- who sent the error --- */

static bool is_icmp(const struct cmsghdr *message)
{
    return (message->cmsg_level == IPPROTO_IP && message->cmsg_type == IP_RECVERR) ||
           (message->cmsg_level == IPPROTO_IPV6 && message->cmsg_type == IPV6_RECVERR);
}

static void read_offender(int fd, struct dialled *dialled)
{
    _Alignas(struct cmsghdr) char control[512];
    struct msghdr message = {.msg_control = control, .msg_controllen = sizeof(control)};

    if (fd < 0)
        return;
    if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
        (void)file_note_trouble("the error of a connection", errno);
        return;
    }
    for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
        struct {
            struct sock_extended_err error;
            struct sockaddr_in6 offender; /* or an IPv4 one */
        } sent = {0};
        struct sockaddr_storage offender = {0};
        size_t n = at->cmsg_len - CMSG_LEN(0);
        if (is_icmp(at))
            memcpy(&sent, CMSG_DATA(at), n < sizeof(sent) ? n : sizeof(sent));
        memcpy(&offender, &sent.offender, sizeof(sent.offender));
        bool by_icmp6 = sent.error.ee_origin == SO_EE_ORIGIN_ICMP6;
        if (by_icmp6 || sent.error.ee_origin == SO_EE_ORIGIN_ICMP) {
            address_format(&offender, dialled->offender, ADDRESS_SIZE);
            dialled->expired = sent.error.ee_type ==
                               (by_icmp6 ? ICMP6_TIME_EXCEEDED : ICMP_TIMXCEED);
        }
    }
}

/* On: the kernel keeps ICMP errors with their sender. A connection that stands goes on without. */
static void keep_errors(int fd, int family, int on)
{
    if (family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
    else
        (void)setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
}

/* Everything is freed before the callback, which may free the loop too. */
static void finish(struct dialling *dialling, enum failure failure, int os_error)
{
    struct dialled dialled = {.fd = -1};
    struct sockaddr_storage local;
    dial_done *done = dialling->done;
    void *arg = dialling->arg;
    int64_t took_us = loop_now_us(dialling->loop) - dialling->started_us;

    dialled.took_us = loop_took_us(took_us);
    dialled.local_port = dial_local_port(dialling->fd, &local);
    address_format(&local, dialled.local_address, ADDRESS_SIZE);
    if (failure == FAILURE_NONE) {
        keep_errors(dialling->fd, dialling->address.ss_family, 0);
        step_ok(&dialled.step, loop_took_ms(took_us));
        dialled.fd = dialling->fd;
        dialling->fd = -1;
    } else {
        step_fail(&dialled.step, failure, loop_took_ms(took_us));
        dialled.step.os_error = os_error;
        read_offender(dialling->fd, &dialled);
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

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
        (void)file_note_trouble("a silent connection", errno);
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

    const int error = dialling->os_error;

    dialling->timer = NULL;
    finish(dialling,
           dialling->no_socket ? dial_no_socket(error)
           : error != 0        ? dial_failure(error)
                               : FAILURE_NONE,
           error);
}

static int open_socket(struct dialling *dialling)
{
    dialling->fd = dial_socket(dialling->address.ss_family, SOCK_STREAM, IPPROTO_TCP);
    dialling->no_socket = dialling->fd < 0;
    return dialling->fd;
}

/* The kernel knows best which ports are its own to give (net.ipv4.ip_local_port_range), so it is asked
 * again until one is of the wanted half. Where it has none there, any will do. */
static bool take_port(struct dialling *dialling, enum ports ports)
{
    struct sockaddr_storage any = {.ss_family = dialling->address.ss_family}, local;

    for (int i = 0; ports != PORTS_ANY && i < MAX_PORTS_TRIED; i++) {
        if (bind(dialling->fd, (const struct sockaddr *)&any, dialling->address_length) != 0)
            return true;
        if ((dial_local_port(dialling->fd, &local) >= FIRST_HIGH_PORT) == (ports == PORTS_HIGH))
            return true;
        (void)close(dialling->fd);
        if (open_socket(dialling) < 0)
            return false;
    }
    return true;
}

/* 0, EINPROGRESS, or the errno of what failed. What a signal interrupted may be under way already. */
static int connect_now(const struct dialling *dialling)
{
    const struct sockaddr *to = (const struct sockaddr *)&dialling->address;
    int status = connect(dialling->fd, to, dialling->address_length);

    if (status != 0 && errno == EINTR)
        status = connect(dialling->fd, to, dialling->address_length);
    return status == 0 || errno == EISCONN ? 0 : errno == EALREADY ? EINPROGRESS : errno;
}

/* 0, EINPROGRESS, or the errno of what failed. */
static int begin_connect(struct dialling *dialling, const struct dial *dial)
{
    const int on = 1, off = 0, bytes = dial->max_segment_bytes;

    if (open_socket(dialling) < 0 || !take_port(dialling, dial->ports))
        return errno;
    if (setsockopt(dialling->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
        return errno;
    /* The last packet of TCP's handshake goes with the request: tcp(7). */
    (void)setsockopt(dialling->fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof(off));
    keep_errors(dialling->fd, dialling->address.ss_family, 1);
    if (bytes > 0 && setsockopt(dialling->fd, IPPROTO_TCP, TCP_MAXSEG, &bytes, sizeof(bytes)) != 0)
        return errno;
    return connect_now(dialling);
}

void dial_start(struct loop *loop, const struct dial *dial, dial_done *done, void *arg)
{
    struct dialling *dialling = calloc(1, sizeof(*dialling));

    *dialling = (struct dialling){
        .loop = loop, .fd = -1, .started_us = loop_clock_us(loop), .done = done, .arg = arg};
    dialling->os_error = address_parse(dial->address, dial->port, &dialling->address,
                                       &dialling->address_length)
                             ? begin_connect(dialling, dial)
                             : EDESTADDRREQ;
    if (dialling->os_error == EINPROGRESS) {
        dialling->watch = loop_watch(loop, dialling->fd, POLLOUT, true, on_writable, dialling);
        dialling->timer = loop_after_quietly(loop, (int64_t)dial->timeout_ms * 1000, on_timeout,
                                             dialling);
    } else {
        dialling->timer = loop_after(loop, 0, on_told_at_once, dialling);
    }
    dialling->task.quiet = dial->quiet;
    dialling->task.owner = dial->owner;
    loop_enter(loop, &dialling->task, dialling_end);
}

/* --- a refusal that this machine made up --- */

/* Packets that came in by the loopback device, since boot. */
static uint32_t read_looped(void)
{
    struct ifaddrs *all = address_list();
    uint32_t n = 0;

    for (const struct ifaddrs *at = all; at; at = at->ifa_next)
        if ((at->ifa_flags & IFF_LOOPBACK) && at->ifa_addr && at->ifa_data &&
            at->ifa_addr->sa_family == AF_PACKET)
            n += ((const struct rtnl_link_stats *)at->ifa_data)->rx_packets;
    freeifaddrs(all);
    return n;
}

enum { REFUSALS = 3, QUIET_READINGS = 4, REFUSAL_MS = 50 };

/* For longer than a refusal takes. */
static bool is_loopback_quiet(uint32_t looped)
{
    for (int i = 0; i < QUIET_READINGS; i++)
        if (read_looped() != looped)
            return false;
    return true;
}

static int knock(const struct sockaddr_storage *to, socklen_t length)
{
    int fd = dial_socket(to->ss_family, SOCK_STREAM, IPPROTO_TCP);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)to, length) != 0)
        (void)file_note_trouble("a connection", errno);
    return fd;
}

static bool is_refused_within(int fd, int limit_ms)
{
    struct pollfd refusal = {.fd = fd, .events = POLLOUT};

    return fd >= 0 && poll(&refusal, 1, limit_ms) == 1 && (refusal.revents & POLLERR);
}

/* A busy machine takes its time to hand itself a packet: only of a refusal that has come is it known that none came by
 * the loopback device. */
enum refuser dial_refuser(const char *address, uint16_t port)
{
    struct sockaddr_storage to;
    socklen_t length;

    if (!address_parse(address, port, &to, &length))
        return REFUSER_UNKNOWN;
    for (int i = 0; i < REFUSALS; i++) {
        uint32_t before = read_looped();
        if (!is_loopback_quiet(before))
            return REFUSER_UNKNOWN;
        LOCAL_FD fd = knock(&to, length);
        bool at_once = is_refused_within(fd, 1),
             came = at_once || is_refused_within(fd, REFUSAL_MS);
        if (read_looped() == before)
            return came ? REFUSER_ELSEWHERE : REFUSER_UNKNOWN;
        if (!at_once)
            return REFUSER_UNKNOWN;
    }
    return REFUSER_HERE;
}
