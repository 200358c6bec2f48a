/* SPDX-License-Identifier: Apache-2.0
 *
 * One c-ares channel a question. The sockets are opened by us, so that the errno behind c-ares'
 * "could not contact DNS servers" is known, and so is whether anything came back at all.
 */
#include "net/dns.h"

#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/text.h"
#include "net/address.h"
#include "net/dial.h"

enum {
    DNS_PORT = 53,
    MAX_SENDS = 2,
    MAX_SOCKETS = 4, /* UDP and TCP, each perhaps opened anew before the old one is closed */
    MIN_TRY_MS = 10,
};

struct asking;

struct dns_socket {
    struct asking *asking;
    ares_socket_t fd;
    struct watch *watch; /* NULL: this slot is free */
};

struct asking {
    struct task task; /* first: asking_end gets this */
    struct loop *loop;
    ares_channel channel;
    struct sockaddr_storage server;
    socklen_t server_length;
    struct dns_socket sockets[MAX_SOCKETS];
    struct timer *again; /* when c-ares wants to look at its timeouts */
    struct timer *limit; /* of the whole question */
    int64_t started_us;
    int os_error;    /* the last that a socket said */
    int32_t n_heard; /* datagrams and pieces of streams */
    bool answered;   /* c-ares has called back */
    bool ending;
    enum failure failure;
    struct dns_answer answer;
    dns_done *done;
    void *arg;
};

/* --- sockets --- */

static ares_socket_t open_socket(int family, int type, int protocol, void *arg)
{
    struct asking *asking = arg;
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);

    if (fd < 0)
        asking->os_error = errno;
    return fd;
}

static int close_socket(ares_socket_t fd, void *arg)
{
    (void)arg;
    return close(fd);
}

/* To our own form of the address, which also has the zone of a link-local one. */
static int connect_socket(ares_socket_t fd, const struct sockaddr *address, socklen_t length,
                          void *arg)
{
    struct asking *asking = arg;

    (void)address;
    (void)length;
    int status = connect(fd, (const struct sockaddr *)&asking->server, asking->server_length);
    if (status != 0 && errno != EINPROGRESS)
        asking->os_error = errno;
    return status;
}

static ssize_t receive(ares_socket_t fd, void *bytes, size_t n, int flags, struct sockaddr *from,
                       socklen_t *from_length, void *arg)
{
    struct asking *asking = arg;
    ssize_t n_received = recvfrom(fd, bytes, n, flags, from, from_length);

    if (n_received > 0)
        asking->n_heard++;
    else if (n_received < 0 && errno != EAGAIN && errno != EINTR)
        asking->os_error = errno;
    return n_received;
}

static ssize_t send_vector(ares_socket_t fd, const struct iovec *vector, int n, void *arg)
{
    struct asking *asking = arg;
    /* The vector is not written to; POSIX' struct only cannot say so. */
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)vector, .msg_iovlen = (size_t)n};
    ssize_t n_sent = sendmsg(fd, &message, MSG_NOSIGNAL);

    if (n_sent < 0 && errno != EAGAIN && errno != EINTR)
        asking->os_error = errno;
    return n_sent;
}

static const struct ares_socket_functions socket_functions = {
    .asocket = open_socket,
    .aclose = close_socket,
    .aconnect = connect_socket,
    .arecvfrom = receive,
    .asendv = send_vector,
};

/* --- the end of a question --- */

static void asking_end(struct task *task)
{
    struct asking *asking = (struct asking *)task;

    asking->ending = true;
    if (asking->channel)
        ares_destroy(asking->channel); /* closes its sockets, which ends their watches */
    loop_cancel(asking->again);
    loop_cancel(asking->limit);
    free(asking);
}

static void finish(struct asking *asking)
{
    struct dns_answer answer = asking->answer;
    dns_done *done = asking->done;
    void *arg = asking->arg;
    int32_t took_ms = loop_took_ms(loop_now_us(asking->loop) - asking->started_us);
    char detail[DETAIL_SIZE];

    memcpy(detail, answer.step.detail, sizeof(detail));
    if (asking->failure == FAILURE_NONE) {
        step_ok(&answer.step, took_ms);
    } else {
        step_fail(&answer.step, asking->failure, took_ms);
        answer.step.os_error = asking->os_error;
    }
    memcpy(answer.step.detail, detail, sizeof(detail));

    loop_leave(&asking->task);
    asking_end(&asking->task);
    done(arg, &answer);
}

/* Silence, or noise that was no answer to the question. */
static enum failure nothing_came(struct asking *asking)
{
    if (asking->n_heard > 0) {
        (void)text_set(asking->answer.step.detail, DETAIL_SIZE, "%s",
                       "something came back, but no answer to this question");
        return FAILURE_DNS_MALFORMED;
    }
    return FAILURE_TIMEOUT;
}

static enum failure status_failure(struct asking *asking, int status)
{
    switch (status) {
    case ARES_ETIMEOUT:
        return nothing_came(asking);
    case ARES_EBADNAME:
        (void)text_set(asking->answer.step.detail, DETAIL_SIZE, "%s", "not a name for the DNS");
        return FAILURE_INVALID;
    default:
        if (asking->os_error != 0) {
            dial_words(asking->os_error, asking->answer.step.detail, DETAIL_SIZE);
            return dial_failure(asking->os_error);
        }
        /* No errno: the TCP connection of a truncated answer ended early. */
        return asking->n_heard > 0 ? FAILURE_CLOSED : FAILURE_LOCAL;
    }
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *bytes, int n)
{
    struct asking *asking = arg;

    (void)timeouts;
    if (asking->ending)
        return;
    asking->answered = true;
    if (bytes && n >= 0) {
        asking->failure = dns_answer_read(bytes, (size_t)n, &asking->answer,
                                          asking->answer.step.detail);
    } else {
        asking->failure = status_failure(asking, status);
    }
}

/* --- driving the channel --- */

static void proceed(struct asking *asking);

static void on_again(void *arg)
{
    struct asking *asking = arg;

    asking->again = NULL;
    if (!asking->answered)
        ares_process_fd(asking->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    proceed(asking);
}

/* After every step of c-ares: the answer is told, or its next timeout waited for. Never inside of
 * c-ares' callbacks, from which a channel must not be destroyed. */
static void proceed(struct asking *asking)
{
    struct timeval next = {0, 0};

    if (asking->answered) {
        finish(asking);
        return;
    }
    loop_cancel(asking->again);
    asking->again = NULL;
    if (ares_timeout(asking->channel, NULL, &next)) {
        int64_t delay_us = (int64_t)next.tv_sec * 1000000 + (int64_t)next.tv_usec;
        asking->again = loop_after_quietly(asking->loop, delay_us, on_again, asking);
    }
}

static void on_limit(void *arg)
{
    struct asking *asking = arg;

    asking->limit = NULL;
    if (!asking->answered)
        asking->failure = nothing_came(asking);
    finish(asking);
}

static void on_socket(void *arg, short events)
{
    const struct dns_socket *socket = arg;
    struct asking *asking = socket->asking;
    ares_socket_t fd = socket->fd;

    /* An error is read from the socket like an answer. */
    ares_process_fd(asking->channel,
                    (events & (POLLIN | POLLERR | POLLHUP)) != 0 ? fd : ARES_SOCKET_BAD,
                    (events & POLLOUT) != 0 ? fd : ARES_SOCKET_BAD);
    proceed(asking);
}

static void on_socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct asking *asking = arg;
    struct dns_socket *slot = NULL;
    short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));

    for (size_t i = 0; i < MAX_SOCKETS; i++) {
        struct dns_socket *socket = &asking->sockets[i];
        if (socket->watch && socket->fd == fd) {
            loop_unwatch(socket->watch);
            socket->watch = NULL;
        }
        if (!socket->watch && !slot)
            slot = socket;
    }
    if (events != 0 && slot) {
        slot->asking = asking;
        slot->fd = fd;
        slot->watch = loop_watch(asking->loop, fd, events, true, on_socket, slot);
    }
}

/* --- starting --- */

/* Every source of configuration is given here, so that c-ares reads neither resolv.conf nor
 * nsswitch.conf, and the server is the one that was named. */
static bool open_channel(struct asking *asking, int32_t timeout_ms)
{
    char lookups[] = "b";
    char no_file[] = "/dev/null";
    int32_t try_ms = timeout_ms / 3; /* c-ares doubles it for the second */
    struct ares_options options = {
        .flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
        .timeout = try_ms < MIN_TRY_MS ? MIN_TRY_MS : try_ms,
        .tries = MAX_SENDS,
        .ndots = 1,
        .lookups = lookups,
        .resolvconf_path = no_file,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = asking,
    };
    int given = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
                ARES_OPT_LOOKUPS | ARES_OPT_RESOLVCONF | ARES_OPT_SOCK_STATE_CB | ARES_OPT_SERVERS |
                ARES_OPT_DOMAINS | ARES_OPT_SORTLIST | ARES_OPT_NOROTATE;
#ifdef ARES_OPT_QUERY_CACHE
    given |= ARES_OPT_QUERY_CACHE; /* .qcache_max_ttl = 0: no cache */
#endif
    if (ares_init_options(&asking->channel, &options, given) != ARES_SUCCESS) {
        asking->channel = NULL;
        return false;
    }
    ares_set_socket_functions(asking->channel, &socket_functions, asking);
    return true;
}

/* The server in c-ares' form, which knows no zones. */
static bool name_server(struct asking *asking)
{
    char address[ADDRESS_SIZE];
    char server[ADDRESS_SIZE + 16];
    uint16_t port = 0;

    address_format(&asking->server, address, sizeof(address));
    address[strcspn(address, "%")] = '\0';
    if (asking->server.ss_family == AF_INET6) {
        port = ntohs(((const struct sockaddr_in6 *)&asking->server)->sin6_port);
        (void)text_set(server, sizeof(server), "[%s]:%u", address, port);
    } else {
        port = ntohs(((const struct sockaddr_in *)&asking->server)->sin_port);
        (void)text_set(server, sizeof(server), "%s:%u", address, port);
    }
    return ares_set_servers_ports_csv(asking->channel, server) == ARES_SUCCESS;
}

bool dns_ask(struct loop *loop, const struct dns_question *question, dns_done *done, void *arg)
{
    struct asking *asking = calloc(1, sizeof(*asking));

    asking->loop = loop;
    asking->done = done;
    asking->arg = arg;
    asking->answer.family = question->family;
    asking->answer.asked_as = question->asked_as;
    asking->answer.rcode = -1;
    (void)text_set(asking->answer.server, ADDRESS_SIZE, "%s", question->server);
    if (!address_parse_with_port(question->server, DNS_PORT, &asking->server,
                                 &asking->server_length) ||
        !open_channel(asking, question->timeout_ms) || !name_server(asking)) {
        asking_end(&asking->task);
        return false;
    }
    asking->limit = loop_after(loop, question->timeout_ms, on_limit, asking);
    loop_enter(loop, &asking->task, asking_end);

    asking->started_us = loop_clock_us(loop);
    ares_query(asking->channel, question->name, ns_c_in,
               question->family == FAMILY_IPV4 ? ns_t_a : ns_t_aaaa, on_answer, asking);
    /* What failed at once is told on the loop's turn, as everything is. */
    asking->again = loop_after_quietly(loop, 0, on_again, asking);
    return true;
}
