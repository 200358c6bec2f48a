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
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "net/address.h"
#include "net/dial.h"

enum {
    FIRST_RESEND_MS = 250, /* c-ares doubles it each time: 0, 0.25, 0.75, 1.75, 3.75 s */
    QUARTERS = 4,          /* of a short limit: 0, 1/4, 3/4 of it */
    MAX_SENDS = 6,         /* the limit of the question comes before the last */
    EDNS_BYTES = 1232,     /* what Go's net package offers */
    MAX_SOCKETS = 4,       /* UDP and TCP, each perhaps opened anew before the old one is closed */
};

struct dns_query;

struct dns_socket {
    struct dns_query *query;
    ares_socket_t fd;
    struct watch *watch; /* NULL: this slot is free */
};

struct dns_query {
    struct task task; /* first: query_end gets this */
    struct loop *loop;
    ares_channel channel;
    struct sockaddr_storage server;
    socklen_t server_length;
    struct dns_socket sockets[MAX_SOCKETS];
    struct timer *again; /* when c-ares wants to look at its timeouts */
    struct timer *limit; /* of the whole question */
    int64_t started_us;
    int os_error;     /* the last that a socket said */
    bool failed_here; /* it said so before anything could come back */
    bool by_stream;   /* a connection was begun */
    bool no_socket;   /* there was none to be had */
    int32_t n_heard;  /* datagrams and pieces of streams */
    bool answered;    /* c-ares has called back */
    bool ending;
    enum failure failure;
    struct dns_answer answer;
    dns_done *done;
    void *arg;
};

/* --- sockets --- */

/* Before anything could come back. */
static void fail_here(struct dns_query *query)
{
    query->os_error = file_note_trouble("a question", errno);
    query->failed_here = true;
}

static ares_socket_t open_socket(int family, int type, int protocol, void *arg)
{
    struct dns_query *query = arg;
    int fd = dial_socket(family, type, protocol);

    query->no_socket = fd < 0;
    if (fd < 0)
        fail_here(query);
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
    struct dns_query *query = arg;

    (void)address;
    (void)length;
    int status = -1;
    do
        status = connect(fd, (const struct sockaddr *)&query->server, query->server_length);
    while (status != 0 && errno == EINTR);
    query->by_stream = status != 0 && errno == EINPROGRESS;
    if (status != 0 && errno != EINPROGRESS)
        fail_here(query);
    return status;
}

static ssize_t receive(ares_socket_t fd, void *bytes, size_t n, int flags, struct sockaddr *from,
                       socklen_t *from_length, void *arg)
{
    struct dns_query *query = arg;
    ssize_t n_received = recvfrom(fd, bytes, n, flags, from, from_length);

    if (n_received > 0)
        query->n_heard++;
    if (n_received < 0 && errno != EAGAIN && errno != EINTR) {
        query->os_error = file_note_trouble("a question", errno);
        query->failed_here = false; /* by ICMP */
    }
    return n_received;
}

static ssize_t send_vector(ares_socket_t fd, const struct iovec *vector, int n, void *arg)
{
    struct dns_query *query = arg;
    /* The vector is not written to; POSIX' struct only cannot say so. */
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)vector, .msg_iovlen = (size_t)n};
    ssize_t n_sent = sendmsg(fd, &message, MSG_NOSIGNAL);

    if (n_sent < 0 && errno != EAGAIN && errno != EINTR) {
        fail_here(query);
        query->failed_here = !query->by_stream; /* that is what the connection ended with */
    }
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

static void query_end(struct task *task)
{
    struct dns_query *query = (struct dns_query *)task;

    query->ending = true;
    if (query->channel)
        ares_destroy(query->channel); /* closes its sockets, which ends their watches */
    loop_cancel(query->again);
    loop_cancel(query->limit);
    free(query);
}

static void finish(struct dns_query *query)
{
    struct dns_answer answer = query->answer;
    dns_done *done = query->done;
    void *arg = query->arg;
    int32_t took_ms = loop_took_ms(loop_now_us(query->loop) - query->started_us);
    char detail[DETAIL_SIZE];

    memcpy(detail, answer.step.detail, sizeof(detail));
    if (query->failure == FAILURE_NONE) {
        step_ok(&answer.step, took_ms);
    } else {
        step_fail(&answer.step, query->failure, took_ms);
        answer.step.os_error = query->os_error;
    }
    memcpy(answer.step.detail, detail, sizeof(detail));

    loop_leave(&query->task);
    query_end(&query->task);
    done(arg, &answer);
}

/* Silence, or noise that was no answer to the question. */
static enum failure nothing_came(struct dns_query *query)
{
    if (query->n_heard > 0) {
        (void)text_set(query->answer.step.detail, DETAIL_SIZE, "%s",
                       "something came back, but no answer to this question");
        return FAILURE_DNS_MALFORMED;
    }
    return FAILURE_TIMEOUT;
}

static enum failure status_failure(struct dns_query *query, int status)
{
    switch (status) {
    case ARES_ETIMEOUT:
        return nothing_came(query);
    case ARES_EBADNAME:
        (void)text_set(query->answer.step.detail, DETAIL_SIZE, "%s", "not a name for the DNS");
        return FAILURE_INVALID;
    default:
        if (query->n_heard > 0 && !query->failed_here)
            return nothing_came(
                query); /* but a truncated answer: the TCP after it failed on the way */
        if (query->os_error != 0) {
            query->answer.unsent = query->failed_here;
            dial_words(query->os_error, query->answer.step.detail, DETAIL_SIZE);
            return query->no_socket ? dial_no_socket(query->os_error)
                                    : dial_failure(query->os_error);
        }
        return FAILURE_LOCAL;
    }
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *bytes, int n)
{
    struct dns_query *query = arg;

    (void)timeouts;
    if (query->ending)
        return;
    query->answered = true;
    if (bytes) {
        query->failure = dns_answer_read(bytes, (size_t)n, &query->answer,
                                         query->answer.step.detail);
    } else {
        query->failure = status_failure(query, status);
    }
}

/* --- driving the channel --- */

static void proceed(struct dns_query *query);

static void on_again(void *arg)
{
    struct dns_query *query = arg;

    query->again = NULL;
    if (!query->answered)
        ares_process_fd(query->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    proceed(query);
}

/* After every step of c-ares: the answer is told, or its next timeout waited for. Never inside of
 * c-ares' callbacks, from which a channel must not be destroyed. */
static void proceed(struct dns_query *query)
{
    struct timeval next = {0, 0};

    if (query->answered) {
        finish(query);
        return;
    }
    loop_cancel(query->again);
    query->again = NULL;
    if (ares_timeout(query->channel, NULL, &next)) {
        int64_t delay_us = (int64_t)next.tv_sec * 1000000 + (int64_t)next.tv_usec;
        query->again = loop_after_quietly(query->loop, delay_us, on_again, query);
    }
}

static void on_limit(void *arg)
{
    struct dns_query *query = arg;

    query->limit = NULL;
    if (!query->answered)
        query->failure = nothing_came(query);
    finish(query);
}

static void on_socket(void *arg, short events)
{
    const struct dns_socket *socket = arg;
    struct dns_query *query = socket->query;
    ares_socket_t fd = socket->fd;

    /* An error is read from the socket like an answer. */
    ares_process_fd(query->channel,
                    (events & (POLLIN | POLLERR | POLLHUP)) != 0 ? fd : ARES_SOCKET_BAD,
                    (events & POLLOUT) != 0 ? fd : ARES_SOCKET_BAD);
    proceed(query);
}

static void on_socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct dns_query *query = arg;
    struct dns_socket *slot = NULL;
    short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));

    for (size_t i = 0; i < MAX_SOCKETS; i++) {
        struct dns_socket *socket = &query->sockets[i];
        if (socket->watch && socket->fd == fd) {
            loop_unwatch(socket->watch);
            socket->watch = NULL;
        }
        if (!socket->watch && !slot)
            slot = socket;
    }
    if (events != 0 && slot) {
        slot->query = query;
        slot->fd = fd;
        slot->watch = loop_watch(query->loop, fd, events, true, on_socket, slot);
    }
}

/* --- starting --- */

/* Every source of configuration is given here, so that c-ares reads neither resolv.conf nor
 * nsswitch.conf, and the server is the one that was named. */
static bool open_channel(struct dns_query *query, const struct dns_question *question)
{
    int32_t resend_ms = question->timeout_ms / QUARTERS;
    char lookups[] = "b";
    char no_file[] = "/dev/null";
    struct ares_options options = {
        .flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
                 (question->by_tcp ? ARES_FLAG_USEVC : 0),
        .timeout = question->by_tcp              ? question->timeout_ms /* TCP sends again itself */
                   : resend_ms < FIRST_RESEND_MS ? resend_ms
                                                 : FIRST_RESEND_MS,
        .tries = question->by_tcp ? 1 : MAX_SENDS,
        .ndots = 1,
        .lookups = lookups,
        .resolvconf_path = no_file,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = query,
    };
    int given = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
                ARES_OPT_LOOKUPS | ARES_OPT_RESOLVCONF | ARES_OPT_SOCK_STATE_CB | ARES_OPT_SERVERS |
                ARES_OPT_DOMAINS | ARES_OPT_SORTLIST | ARES_OPT_NOROTATE;
#ifdef ARES_OPT_QUERY_CACHE
    given |= ARES_OPT_QUERY_CACHE; /* .qcache_max_ttl = 0: no cache */
#endif
    if (ares_init_options(&query->channel, &options, given) != ARES_SUCCESS) {
        query->channel = NULL;
        return false;
    }
    ares_set_socket_functions(query->channel, &socket_functions, query);
    return true;
}

/* The server in c-ares' form, which knows no zones. */
static bool name_server(struct dns_query *query)
{
    char address[ADDRESS_SIZE];
    char server[ADDRESS_SIZE + 16];
    uint16_t port;

    address_format(&query->server, address, sizeof(address));
    address[strcspn(address, "%")] = '\0';
    if (query->server.ss_family == AF_INET6) {
        port = ntohs(((const struct sockaddr_in6 *)&query->server)->sin6_port);
        (void)text_set(server, sizeof(server), "[%s]:%u", address, port);
    } else {
        port = ntohs(((const struct sockaddr_in *)&query->server)->sin_port);
        (void)text_set(server, sizeof(server), "%s:%u", address, port);
    }
    return ares_set_servers_ports_csv(query->channel, server) == ARES_SUCCESS;
}

/* ares_query() would ask once more without EDNS0 where a server cannot stand it. */
static void send_question(struct dns_query *query, const struct dns_question *question)
{
    unsigned char *bytes = NULL;
    unsigned short id = 0;
    int n = 0;

    (void)!getrandom(&id, sizeof(id), GRND_NONBLOCK);
    int status = ares_create_query(question->name, ns_c_in,
                                   question->family == FAMILY_IPV4 ? ns_t_a : ns_t_aaaa, id, 1,
                                   &bytes, &n, question->plain ? 0 : EDNS_BYTES);
    if (status == ARES_SUCCESS)
        ares_send(query->channel, bytes, n, on_answer, query);
    else
        on_answer(query, status, 0, NULL, 0);
    ares_free_string(bytes);
}

struct dns_query *dns_ask(struct loop *loop, const struct dns_question *question, dns_done *done,
                          void *arg)
{
    struct dns_query *query = calloc(1, sizeof(*query));

    query->loop = loop;
    query->done = done;
    query->arg = arg;
    query->answer.family = question->family;
    query->answer.asked_as = question->asked_as;
    query->answer.rcode = -1;
    (void)text_set(query->answer.server, ADDRESS_SIZE, "%s", question->server);
    if (!address_parse_with_port(question->server, DNS_PORT, &query->server,
                                 &query->server_length) ||
        !open_channel(query, question) || !name_server(query)) {
        query_end(&query->task);
        return NULL;
    }
    query->limit = loop_after_quietly(loop, (int64_t)question->timeout_ms * 1000, on_limit, query);
    query->task.owner = question->owner;
    loop_enter(loop, &query->task, query_end);

    query->started_us = loop_clock_us(loop);
    send_question(query, question);
    /* What failed at once is told on the loop's turn, as everything is. */
    query->again = loop_after_quietly(loop, 0, on_again, query);
    return query;
}

void dns_do_not_wait(struct dns_query *query)
{
    query->task.quiet = true;
}
