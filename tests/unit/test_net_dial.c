/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses in text, and connect() in our vocabulary. The Makefile has the calls of sockets wrapped, for what a kernel
 * refuses.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "net/address.h"
#include "net/dial.h"
#include "net/loop.h"
#include "net/route.h"
#include "net_peer.h"

/* --- a kernel that refuses --- */

/* So many of these calls pass, and then some fail, each with its errno; 0 ends them. */
static struct {
    const char *call;
    int passes;
    int errors[4];
    size_t n;
} refused;

static bool keeps_errors[2]; /* ICMP's, as one setsockopt() after the other says */
static size_t n_keeps_errors;
static struct tcp_info told; /* of a connection, where it says anything */

static void refuse(const char *call, int passes, int error, int next)
{
    memset(&refused, 0, sizeof(refused));
    refused.call = call;
    refused.passes = passes;
    refused.errors[0] = error;
    refused.errors[1] = next;
}

static bool is_refused_call(const char *call)
{
    if (!refused.call || strcmp(refused.call, call) != 0 || refused.errors[refused.n] == 0 ||
        refused.passes-- > 0)
        return false;
    refused.passes = 0;
    errno = refused.errors[refused.n++];
    return true;
}

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol)
{
    return is_refused_call("socket") ? -1 : __real_socket(family, type, protocol);
}

/* What does well leaves errno as it was: here as of a call that failed long before. */
static int with_stale_errno(int status)
{
    if (status == 0)
        errno = EMFILE;
    return status;
}

int __real_bind(int fd, const struct sockaddr *to, socklen_t length);
int __wrap_bind(int fd, const struct sockaddr *to, socklen_t length);
int __wrap_bind(int fd, const struct sockaddr *to, socklen_t length)
{
    return is_refused_call("bind") ? -1 : __real_bind(fd, to, length);
}

int __real_connect(int fd, const struct sockaddr *to, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t length)
{
    if (!is_refused_call("connect"))
        return with_stale_errno(__real_connect(fd, to, length));
    if (errno == EINTR) { /* the kernel goes on */
        (void)__real_connect(fd, to, length);
        errno = EINTR;
    }
    return -1;
}

static int n_late; /* of so many polls each finds nothing, but the last an error */
int __real_poll(struct pollfd *fds, nfds_t n, int limit_ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int limit_ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int limit_ms)
{
    if (n_late == 0)
        return __real_poll(fds, n, limit_ms);
    fds->revents = POLLERR;
    return --n_late == 0;
}

int __real_getsockname(int fd, struct sockaddr *to, socklen_t *length);
int __wrap_getsockname(int fd, struct sockaddr *to, socklen_t *length);
int __wrap_getsockname(int fd, struct sockaddr *to, socklen_t *length)
{
    return is_refused_call("getsockname") ? -1
                                          : with_stale_errno(__real_getsockname(fd, to, length));
}

int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t length);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t length);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
    if (is_refused_call("setsockopt"))
        return -1;
    if (level == IPPROTO_IP && name == IP_RECVERR)
        keeps_errors[n_keeps_errors++ % COUNT_OF(keeps_errors)] = *(const int *)value != 0;
    return __real_setsockopt(fd, level, name, value, length);
}

/* The error of a connection with its sender, in place of the kernel's. */
static struct {
    int level, type;
    unsigned char origin, icmp;
    bool by_ipv6;
} quoted;

ssize_t __real_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
    struct {
        struct sock_extended_err error;
        struct sockaddr_in6 from;
    } sent = {.error = {.ee_origin = quoted.origin, .ee_type = quoted.icmp}};
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    size_t n = sizeof(sent.error) + (quoted.by_ipv6 ? sizeof(sent.from) : sizeof(ipv4));

    if (quoted.origin == 0 || !(flags & MSG_ERRQUEUE))
        return __real_recvmsg(fd, message, flags);
    sent.from.sin6_family = AF_INET6;
    assert_int_equal(inet_pton(AF_INET6, "2001:db8::7", &sent.from.sin6_addr), 1);
    assert_int_equal(inet_pton(AF_INET, "192.0.2.7", &ipv4.sin_addr), 1);
    if (!quoted.by_ipv6)
        memcpy(&sent.from, &ipv4, sizeof(ipv4));
    struct cmsghdr *at = CMSG_FIRSTHDR(message);
    assert_true(message->msg_controllen >= CMSG_SPACE(n));
    *at = (struct cmsghdr){
        .cmsg_level = quoted.level, .cmsg_type = quoted.type, .cmsg_len = CMSG_LEN(n)};
    memcpy(CMSG_DATA(at), &sent, n);
    message->msg_controllen = CMSG_SPACE(n);
    return 0;
}

int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *length);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *length);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *length)
{
    if (is_refused_call("getsockopt"))
        return -1;
    if (told.tcpi_total_retrans == 0 || level != IPPROTO_TCP || name != TCP_INFO)
        return with_stale_errno(__real_getsockopt(fd, level, name, value, length));
    memcpy(value, &told, sizeof(told));
    return with_stale_errno(0);
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

static struct loop *loop;
static struct dialled got;
static int n_got;

static int set_up(void **state)
{
    (void)state;
    loop = loop_new();
    n_got = 0;
    memset(&refused, 0, sizeof(refused));
    memset(&told, 0, sizeof(told));
    memset(&quoted, 0, sizeof(quoted));
    n_keeps_errors = 0;
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    loop_free(loop);
    return 0;
}

static void keep(void *arg, const struct dialled *dialled)
{
    assert_ptr_equal(arg, &refused);
    got = *dialled;
    n_got++;
}

static int lowest_free(void)
{
    int fd = dup(STDIN_FILENO);

    close(fd);
    return fd;
}

static void dial(const char *address, uint16_t port, int32_t timeout_ms, int32_t max_segment_bytes)
{
    struct dial request = {address, port, timeout_ms, max_segment_bytes, PORTS_ANY};
    int before = lowest_free();
    int64_t began_us = loop_clock_us(loop);
    char trouble[DETAIL_SIZE];
    bool well = !refused.call;

    (void)file_take_trouble(trouble, sizeof(trouble));
    n_got = 0;
    dial_start(loop, &request, keep, &refused);
    assert_int_equal(n_got, 0); /* never inside the call */
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 5000), LOOP_IDLE);
    assert_int_equal(n_got, 1);
    assert_true(got.took_us >= 1 && got.took_us <= loop_clock_us(loop) - began_us + 1);
    assert_int_equal(got.step.took_ms, loop_took_ms(got.took_us));
    if (well && file_take_trouble(trouble, sizeof(trouble)))
        fail_msg("%s", trouble);
    assert_true(lowest_free() == before || got.fd == before); /* nothing else is left open */
}

static void parses_addresses(void **state)
{
    static const struct {
        const char *text;
        const char *formatted; /* NULL: none */
        uint16_t port;         /* with 53 as the default */
    } rows[] = {
        {"10.0.1.21", "10.0.1.21", 53},
        {"10.0.1.21:5353", "10.0.1.21", 5353},
        {"fd00::1", "fd00::1", 53},
        {"[fd00::1]", "fd00::1", 53},
        {"[fd00::1]:5353", "fd00::1", 5353},
        {"FD00:0::0:1", "fd00::1", 53},
        {"fe80::1%lo", "fe80::1%lo", 53},
        {"fe80::1%1", "fe80::1%lo", 53},
        {"[fe80::1%999999]:1", "fe80::1%999999", 1},
        {"", NULL, 0},
        {"localhost", NULL, 0},
        {"10.0.1", NULL, 0},
        {"10.0.1.256", NULL, 0},
        {"10.0.1.21:", NULL, 0},
        {"10.0.1.21:0", NULL, 0},
        {"10.0.1.21:65536", NULL, 0},
        {"10.0.1.21:+1", NULL, 0},
        {"[fd00::1", NULL, 0},
        {"[fd00::1]x", NULL, 0},
        {"[10.0.1.21]:x", NULL, 0},
        {"fe80::1%", NULL, 0},
        {"fe80::1%nosuchthing", NULL, 0},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd", NULL, 0},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sockaddr_storage address;
        socklen_t length;
        char text[ADDRESS_SIZE];
        bool ok = address_parse_with_port(rows[i].text, 53, &address, &length);

        if (ok == !rows[i].formatted)
            fail_msg("%s", rows[i].text);
        if (!ok)
            continue;
        address_format(&address, text, sizeof(text));
        assert_string_equal(text, rows[i].formatted);
        assert_int_equal(ntohs(address.ss_family == AF_INET
                                   ? ((struct sockaddr_in *)&address)->sin_port
                                   : ((struct sockaddr_in6 *)&address)->sin6_port),
                         rows[i].port);
    }
}

static void formats_no_other_family(void **state)
{
    struct sockaddr_storage address = {.ss_family = AF_UNIX};
    char text[ADDRESS_SIZE] = "x";
    (void)state;

    address_format(&address, text, sizeof(text));
    assert_string_equal(text, "");
}

static void what_has_no_address_of_its_own_has_no_port(void **state)
{
    struct sockaddr_storage local;
    char text[ADDRESS_SIZE];
    (void)state;

    memset(&local, 0xff, sizeof(local));
    assert_int_equal(dial_local_port(-1, &local), 0);
    address_format(&local, text, sizeof(text));
    assert_string_equal(text, "");
}

static void keeps_no_memory(void **state)
{
    enum { TIMES = 20 };
    uint16_t port = peer_closed_port();
    size_t held = 0;
    (void)state;

    for (int i = 0; i < TIMES; i++) {
        dial("127.0.0.2", port, 1000, 0);
        if (i == TIMES / 2)
            held = mallinfo2().uordblks;
    }
    assert_true(mallinfo2().uordblks < held + 256);
}

static void connects(void **state)
{
    struct peer peer;
    struct sockaddr_in local;
    int value = 0;
    socklen_t length = sizeof(value), local_length = sizeof(local);
    (void)state;

    peer_open(&peer, loop);
    dial("127.0.0.1", peer.port, 1000, 0);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(getsockname(got.fd, (struct sockaddr *)&local, &local_length), 0);
    assert_int_equal(got.local_port, ntohs(local.sin_port));
    assert_true(got.step.took_ms >= 1 && got.took_us >= 1);
    assert_string_equal(got.local_address, "127.0.0.1");
    assert_int_equal(got.step.os_error, 0);
    assert_true((fcntl(got.fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(got.fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_int_equal(getsockopt(got.fd, IPPROTO_TCP, TCP_NODELAY, &value, &length), 0);
    assert_int_not_equal(value, 0);
    assert_int_equal(getsockopt(got.fd, IPPROTO_IP, IP_RECVERR, &value, &length), 0);
    assert_int_equal(value, 0);
    assert_int_equal(send(got.fd, "x", 1, MSG_NOSIGNAL), 1);
    assert_int_equal(n_keeps_errors, 2);
    assert_true(keeps_errors[0] && !keeps_errors[1]);
    close(got.fd);
    peer_close(&peer, false);
}

static void connects_by_ipv6(void **state)
{
    struct peer peer;
    struct sockaddr_in6 local;
    int value = 1;
    socklen_t length = sizeof(value), local_length = sizeof(local);
    (void)state;

    if (!peer_open_ipv6(&peer, loop))
        skip();
    dial("::1", peer.port, 1000, 0);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(getsockname(got.fd, (struct sockaddr *)&local, &local_length), 0);
    assert_int_equal(got.local_port, ntohs(local.sin6_port));
    assert_string_equal(got.local_address, "::1");
    assert_int_equal(getsockopt(got.fd, IPPROTO_IPV6, IPV6_RECVERR, &value, &length), 0);
    assert_int_equal(value, 0);
    close(got.fd);
    peer_close(&peer, false);
    dial("::1", peer_closed_port(), 1000, 0);
    assert_int_equal(got.step.failure, FAILURE_REFUSED);
    assert_string_equal(got.offender, ""); /* by TCP itself */
}

static void keeps_segments_small(void **state)
{
    struct peer peer;
    int bytes = 0;
    socklen_t length = sizeof(bytes);
    (void)state;

    peer_open(&peer, loop);
    dial("127.0.0.1", peer.port, 1000, 512);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(getsockopt(got.fd, IPPROTO_TCP, TCP_MAXSEG, &bytes, &length), 0);
    assert_true(bytes > 0 && bytes <= 512);
    close(got.fd);
    peer_close(&peer, false);
}

static void is_refused(void **state)
{
    (void)state;
    dial("127.0.0.2", peer_closed_port(), 1000, 0);
    assert_int_equal(got.step.outcome, OUTCOME_FAILED);
    assert_int_equal(got.step.failure, FAILURE_REFUSED);
    assert_int_equal(got.step.os_error, ECONNREFUSED);
    assert_int_equal(got.fd, -1);
    assert_string_equal(got.step.detail, ""); /* "Connection refused" says it twice */
}

static void fails_at_once_by_callback(void **state)
{
    (void)state;
    dial("224.0.0.1", 443, 1000, 0); /* no TCP to a group, routed or not */
    assert_int_equal(got.step.outcome, OUTCOME_FAILED);
    assert_int_equal(got.step.failure, FAILURE_NO_ROUTE);
    assert_int_equal(got.step.os_error, ENETUNREACH);
    assert_string_equal(got.step.detail, "Network is unreachable");
    assert_true(got.step.took_ms >= 1);

    dial("127.0.0.1", 443, 1000, 1000000); /* no such segment size */
    assert_int_equal(got.step.outcome, OUTCOME_FAILED);
    assert_int_equal(got.step.os_error, EINVAL);
}

/* A listener whose queue is full drops what comes, as a security group does. */
static struct {
    int listener, queued[8];
    uint16_t port;
} silent;

static void open_silent(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);

    silent.listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(silent.listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(silent.listener, 0), 0);
    getsockname(silent.listener, (struct sockaddr *)&address, &length);
    for (size_t i = 0; i < COUNT_OF(silent.queued); i++) {
        silent.queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(silent.queued[i], (struct sockaddr *)&address, sizeof(address));
    }
    silent.port = ntohs(address.sin_port);
}

static void close_silent(void)
{
    for (size_t i = 0; i < COUNT_OF(silent.queued); i++)
        close(silent.queued[i]);
    close(silent.listener);
}

static void times_out(void **state)
{
    (void)state;

    open_silent();
    dial("127.0.0.1", silent.port, 50, 0);
    assert_int_equal(got.step.outcome, OUTCOME_FAILED);
    assert_int_equal(got.step.failure, FAILURE_TIMEOUT);
    assert_int_equal(got.step.os_error, 0);
    assert_int_equal(got.fd, -1);
    assert_string_equal(got.offender, "");
    assert_string_equal(got.step.detail, "");
    assert_true(got.step.took_ms >= 50 && got.step.took_ms < 3000);
    close_silent();
}

/* What the kernel says of its own tries: that none of them left. */
static void tells_what_was_not_sent(void **state)
{
    static const struct {
        uint32_t total;
        uint8_t tries, under_way;
        enum failure failure;
    } rows[] = {{1, 1, 0, FAILURE_NOT_SENT},
                {3, 2, 0, FAILURE_NOT_SENT},
                {1, 1, 1, FAILURE_TIMEOUT},
                {1, 2, 0, FAILURE_TIMEOUT}};
    char trouble[256];
    (void)state;

    open_silent();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        told = (struct tcp_info){.tcpi_total_retrans = rows[i].total,
                                 .tcpi_retransmits = rows[i].tries,
                                 .tcpi_retrans = rows[i].under_way};
        dial("127.0.0.1", silent.port, 10, 0);
        assert_int_equal(got.step.failure, rows[i].failure);
    }
    refuse("getsockopt", 0, ENOBUFS, 0);
    dial("127.0.0.1", silent.port, 10, 0);
    assert_int_equal(got.step.failure, FAILURE_TIMEOUT);
    assert_true(file_take_trouble(trouble, sizeof(trouble)));
    close_silent();
}

/* Whatever fails before anything is sent is told by its errno, and leaves nothing open. */
static void is_refused_by_its_own_kernel(void **state)
{
    static const struct {
        const char *call;
        int os_error;
        enum failure failure;
    } rows[] = {
        {"socket", EMFILE, FAILURE_INTERNAL},        {"socket", EPERM, FAILURE_INTERNAL},
        {"socket", EACCES, FAILURE_PROHIBITED},      {"setsockopt", ENOBUFS, FAILURE_INTERNAL},
        {"connect", EPERM, FAILURE_NOT_PERMITTED},   {"connect", ENETDOWN, FAILURE_NO_ROUTE},
        {"connect", EADDRNOTAVAIL, FAILURE_NO_ROUTE}};
    char trouble[256];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        refuse(rows[i].call, 0, rows[i].os_error, 0);
        dial("127.0.0.1", 443, 1000, 0);
        assert_int_equal(got.step.failure, rows[i].failure);
        assert_int_equal(got.step.os_error, rows[i].os_error);
        assert_int_equal(file_take_trouble(trouble, sizeof(trouble)),
                         rows[i].failure == FAILURE_INTERNAL);
    }
    refuse("bind", 0, EADDRINUSE, 0); /* whether a socket that goes nowhere gets a port */
    assert_int_equal(dial_failure(EADDRNOTAVAIL), FAILURE_NO_PORT);
    refuse("bind", 0, EINVAL, 0);
    assert_int_equal(dial_failure(EADDRNOTAVAIL), FAILURE_NO_ROUTE);
    refuse("socket", 0, EMFILE, 0);
    assert_int_equal(dial_failure(EADDRNOTAVAIL), FAILURE_NO_ROUTE);
    (void)file_take_trouble(trouble, sizeof(trouble));
}

static void a_signal_does_not_end_a_connect(void **state)
{
    static const int seconds[] = {0, EALREADY, EISCONN}; /* what the second connect() says */
    struct peer peer;
    (void)state;

    peer_open(&peer, loop);
    for (size_t i = 0; i < COUNT_OF(seconds); i++) {
        refuse("connect", 0, EINTR, seconds[i]);
        dial("127.0.0.1", peer.port, 1000, 0);
        assert_int_equal(got.step.outcome, OUTCOME_OK);
        (void)close(got.fd);
    }
    peer_close(&peer, false);
}

static void what_cannot_be_looked_at_is_trouble(void **state)
{
    struct sockaddr_storage own;
    char trouble[256];
    struct peer peer;
    (void)state;

    peer_open(&peer, loop);
    refuse("getsockopt", 0, ENOBUFS, 0); /* how connect() ended */
    dial("127.0.0.1", peer.port, 1000, 0);
    if (got.step.outcome == OUTCOME_OK) /* at once */
        (void)close(got.fd);
    else
        assert_int_equal(got.step.failure, FAILURE_INTERNAL);
    (void)file_take_trouble(trouble, sizeof(trouble));
    peer_close(&peer, false);
    LOCAL_FD fd = dial_socket(AF_INET, SOCK_STREAM, 0);
    refuse("getsockname", 0, ENOBUFS, 0);
    assert_int_equal(dial_local_port(fd, &own), 0);
    assert_true(file_take_trouble(trouble, sizeof(trouble)));
}

/* The sum of RFC 1071. */
static uint16_t checksum(const unsigned char *bytes, size_t n)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < n; i += 2)
        sum += (uint32_t)bytes[i] << 8 | (i + 1 < n ? bytes[i + 1] : 0);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* As a router does that does not let the packet pass: it quotes its first 28 bytes (RFC 792). */
static void send_error(const unsigned char *packet, unsigned char type, unsigned char code)
{
    const struct sockaddr_in from = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 8)};
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned char bytes[8 + 28] = {type, code};
    int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);

    memcpy(bytes + 8, packet, 28);
    uint16_t sum = checksum(bytes, sizeof(bytes));
    bytes[2] = (unsigned char)(sum >> 8);
    bytes[3] = (unsigned char)sum;
    assert_int_equal(bind(fd, (const struct sockaddr *)&from, sizeof(from)), 0);
    assert_int_equal(sendto(fd, bytes, sizeof(bytes), 0, (const struct sockaddr *)&to, sizeof(to)),
                     sizeof(bytes));
    close(fd);
}

static void reads_who_sent_the_error(void **state)
{
    enum { ICMP = SO_EE_ORIGIN_ICMP, ICMP6 = SO_EE_ORIGIN_ICMP6 };
    static const struct {
        int level, type;
        unsigned char origin, icmp;
        bool by_ipv6;
        const char *offender;
        bool expired;
    } rows[] = {
        {IPPROTO_IP, IP_RECVERR, ICMP, 11, false, "192.0.2.7", true},
        {IPPROTO_IP, IP_RECVERR, ICMP, 3, false, "192.0.2.7", false},
        {IPPROTO_IPV6, IPV6_RECVERR, ICMP6, 3, true, "2001:db8::7", true},
        {IPPROTO_IPV6, IPV6_RECVERR, ICMP6, 11, true, "2001:db8::7", false},
        {IPPROTO_IP, IP_RECVERR, SO_EE_ORIGIN_LOCAL, 11, false, "", false},
        {IPPROTO_IP, IPV6_RECVERR, ICMP, 11, false, "", false},
        {IPPROTO_IPV6, IP_RECVERR, ICMP6, 3, true, "", false},
        {SOL_SOCKET, IP_RECVERR, ICMP, 11, false, "", false},
        {SOL_SOCKET, IPV6_RECVERR, ICMP6, 3, true, "", false},
    };
    uint16_t port = peer_closed_port();
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        quoted.level = rows[i].level;
        quoted.type = rows[i].type;
        quoted.origin = rows[i].origin;
        quoted.icmp = rows[i].icmp;
        quoted.by_ipv6 = rows[i].by_ipv6;
        dial("127.0.0.2", port, 1000, 0);
        if (strcmp(got.offender, rows[i].offender) != 0 || got.expired != rows[i].expired)
            fail_msg("row %zu: %s", i, got.offender);
    }
}

/* It takes root, to see a packet and to make up its answer. */
static void tells_who_sent_the_error(void **state)
{
    static const struct {
        unsigned char type, code;
        enum failure failure;
        bool expired;
    } rows[] = {{3, 1, FAILURE_HOST_UNREACHABLE, false},
                {3, 3, FAILURE_REFUSED, false},
                {11, 0, FAILURE_HOST_UNREACHABLE, true}};
    const char *emulator = getenv(
        "EMULATE"); /* packaging/scripts/run-units; qemu-user hands on no sender */
    int seen = socket(AF_INET, SOCK_RAW, IPPROTO_TCP);
    unsigned char packet[512];
    (void)state;

    if (seen < 0)
        skip();
    if (emulator && emulator[0]) {
        close(seen);
        skip();
    }
    open_silent();
    while (recv(seen, packet, sizeof(packet), MSG_DONTWAIT) > 0) {}
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dial request = {"127.0.0.1", silent.port, 5000, 0, PORTS_ANY};

        n_got = 0;
        dial_start(loop, &request, keep, &refused);
        do
            assert_true(recv(seen, packet, sizeof(packet), 0) > 28);
        while ((packet[22] << 8 | packet[23]) != silent.port || (packet[33] & 0x02) == 0);
        send_error(packet, rows[i].type, rows[i].code);
        assert_int_equal(loop_run(loop, clock_monotonic_ms() + 10000), LOOP_IDLE);
        assert_int_equal(got.step.failure, rows[i].failure);
        assert_string_equal(got.offender, "127.0.0.9");
        assert_int_equal(got.expired, rows[i].expired);
    }
    close_silent();
    close(seen);
}

static void what_is_no_address_fails_at_once(void **state)
{
    struct dial request = {"ssm.us-east-1.amazonaws.com", 443, 1000, 0};
    (void)state;

    dial_start(loop, &request, keep, &refused);
    assert_int_equal(loop_run(loop, INT64_MAX), LOOP_IDLE);
    assert_int_equal(n_got, 1);
    assert_int_equal(got.step.failure, FAILURE_LOCAL);
    assert_int_equal(got.step.os_error, EDESTADDRREQ);
}

/* The fingerprints of a local rejection, which no test can have without root. */
static void names_every_errno(void **state)
{
    static const struct {
        int os_error;
        enum failure failure;
    } rows[] = {
        {ETIMEDOUT, FAILURE_TIMEOUT},
        {ECONNREFUSED, FAILURE_REFUSED},
        {ECONNRESET, FAILURE_RESET},
        {EPIPE, FAILURE_RESET},
        {ENETUNREACH, FAILURE_NO_ROUTE},
        {EADDRNOTAVAIL, FAILURE_NO_ROUTE},
        {EAGAIN, FAILURE_NO_PORT},
        {EAFNOSUPPORT, FAILURE_NO_ROUTE},
        {EHOSTUNREACH, FAILURE_HOST_UNREACHABLE},
        {EACCES, FAILURE_PROHIBITED},
        {EPERM, FAILURE_NOT_PERMITTED},
        {EINVAL, FAILURE_BLACKHOLE},
        {EMFILE, FAILURE_INTERNAL},
        {ENOBUFS, FAILURE_INTERNAL},
        {EOPNOTSUPP, FAILURE_LOCAL},
        {0, FAILURE_LOCAL},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(dial_failure(rows[i].os_error), rows[i].failure);
    assert_int_equal(dial_no_socket(EPERM), FAILURE_INTERNAL);
    assert_int_equal(dial_no_socket(EAFNOSUPPORT), FAILURE_NO_ROUTE);
}

/* Who asks takes no answer for "there is none": the trouble is noted, whatever is asked. */
static void nothing_is_asked_without_descriptors(void **state)
{
    struct rlimit usual, none;
    struct route route;
    bool noted[5];
    char trouble[256], name[IF_NAMESIZE];
    (void)state;

    (void)file_take_trouble(trouble, sizeof(trouble));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    none = (struct rlimit){0, usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(dial_socket(AF_INET, SOCK_STREAM, 0), -1);
    assert_int_equal(errno, EMFILE);
    noted[0] = file_take_trouble(trouble, sizeof(trouble));
    assert_int_not_equal(dial_refuser("127.0.0.1", 1), REFUSER_HERE);
    noted[1] = file_take_trouble(trouble, sizeof(trouble));
    route_look_up("127.0.0.1", 443, &route);
    noted[2] = file_take_trouble(trouble, sizeof(trouble));
    assert_null(address_interface(1, name));
    noted[3] = file_take_trouble(trouble, sizeof(trouble));
    assert_null(address_list());
    noted[4] = file_take_trouble(trouble, sizeof(trouble));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    for (size_t i = 0; i < COUNT_OF(noted); i++)
        assert_true(noted[i]);
    assert_string_equal(trouble, "the interfaces: Too many open files");
    assert_int_equal(dial_failure(ENOMEM), FAILURE_INTERNAL); /* of a socket that is there */
    assert_true(file_take_trouble(trouble, sizeof(trouble)));
}

/* As far as the system's own range has ports in both. */
static void takes_a_port_of_the_wanted_half(void **state)
{
    struct peer peer;
    (void)state;

    peer_open(&peer, loop);
    for (enum ports ports = PORTS_LOW; ports <= PORTS_HIGH; ports++) {
        struct dial request = {"127.0.0.1", peer.port, 1000, 0, ports};
        n_got = 0;
        dial_start(loop, &request, keep, &refused);
        assert_int_equal(loop_run(loop, clock_monotonic_ms() + 5000), LOOP_IDLE);
        assert_int_equal(n_got, 1);
        assert_int_equal(got.step.outcome, OUTCOME_OK);
        assert_int_equal(got.local_port >= FIRST_HIGH_PORT, ports == PORTS_HIGH);
        (void)close(got.fd);
    }
    peer_close(&peer, false);
}

/* One of a sandbox that has no more sockets, while it tries for the wanted half; and one that gives no port beforehand. */
static void a_half_of_the_ports_is_not_had(void **state)
{
    struct dial request = {"127.0.0.1", 0, 2000, 0, PORTS_HIGH};
    char trouble[256];
    struct peer peer;
    int n_failed = 0;
    (void)state;

    peer_open(&peer, loop);
    request.port = peer.port;
    refuse("bind", 0, EADDRINUSE, 0);
    dial_start(loop, &request, keep, &refused);
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 10000), LOOP_IDLE);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    (void)close(got.fd);
    for (int i = 0; i < 14 && n_failed == 0; i++) { /* the first port may be of that half */
        request.ports = i % 2 ? PORTS_HIGH : PORTS_LOW;
        refuse("socket", 1, EMFILE, EMFILE);
        dial_start(loop, &request, keep, &refused);
        assert_int_equal(loop_run(loop, clock_monotonic_ms() + 10000), LOOP_IDLE);
        n_failed += got.step.failure == FAILURE_INTERNAL;
        if (got.fd >= 0)
            (void)close(got.fd);
    }
    assert_int_equal(n_failed, 1);
    (void)file_take_trouble(trouble, sizeof(trouble));
    peer_close(&peer, false);
}

/* A reset of this machine comes in by the loopback device, whatever address it bears. */
static void tells_its_own_refusal(void **state)
{
    char trouble[DETAIL_SIZE];
    struct peer peer;
    (void)state;

    peer_open(&peer, loop);
    (void)file_take_trouble(trouble, sizeof(trouble));
    assert_int_not_equal(dial_refuser("127.0.0.1", peer.port), REFUSER_HERE); /* nor any other */
    peer_close(&peer, false);
    assert_int_equal(dial_refuser("127.0.0.1", 1), REFUSER_HERE);
    assert_int_equal(dial_refuser("no address", 1), REFUSER_UNKNOWN);
    assert_false(file_take_trouble(trouble, sizeof(trouble)));
    refuse("connect", 0, ENOBUFS, 0);
    (void)dial_refuser("192.0.2.1", 443);
    assert_true(file_take_trouble(trouble, sizeof(trouble)));
    for (n_late = 1; n_late < 3;) {
        int polls = n_late;
        refuse("connect", 0, EINPROGRESS, 0); /* no packet leaves */
        assert_int_equal(dial_refuser("192.0.2.1", 443), REFUSER_ELSEWHERE);
        n_late = polls + 1;
    }
    n_late = 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(parses_addresses),
        TEST(formats_no_other_family),
        TEST(what_has_no_address_of_its_own_has_no_port),
        TEST(keeps_no_memory),
        TEST(connects),
        TEST(connects_by_ipv6),
        TEST(keeps_segments_small),
        TEST(is_refused),
        TEST(fails_at_once_by_callback),
        TEST(times_out),
        TEST(tells_what_was_not_sent),
        TEST(is_refused_by_its_own_kernel),
        TEST(a_signal_does_not_end_a_connect),
        TEST(what_cannot_be_looked_at_is_trouble),
        TEST(a_half_of_the_ports_is_not_had),
        TEST(reads_who_sent_the_error),
        TEST(tells_who_sent_the_error),
        TEST(what_is_no_address_fails_at_once),
        TEST(names_every_errno),
        TEST(nothing_is_asked_without_descriptors),
        TEST(takes_a_port_of_the_wanted_half),
        TEST(tells_its_own_refusal),
    };
    return cmocka_run_group_tests_name("net_dial", tests, NULL, NULL);
}
