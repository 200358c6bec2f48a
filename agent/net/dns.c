/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagrams and streams by ourselves, as the agent's resolver has them (Go's net package, dnsclient_unix.go): each
 * datagram from a port of its own, what answers another question ignored, a truncated answer asked for by TCP with the
 * whole time again. So the errno of a failure is known, and whether anything came back at all. c-ares makes the question.
 */
#include "net/dns.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "net/address.h"
#include "net/dial.h"

enum {
    FIRST_RESEND_MS = 250, /* 0, 0.25, 0.75, 1.75, 2.75, 3.75, 4.75 s */
    QUARTERS = 4,          /* of a short limit: 0, 1/4, 3/4 of it */
    MAX_SENDS = 7,
    MAX_PORTS_TRIED = 16,
    EDNS_BYTES = 1232, /* what Go's net package offers, and reads of a datagram */
    LENGTH_BYTES = 2,  /* in front of a message, by TCP */
    HEADER_BYTES = 12,
    QUESTION_BYTES = LENGTH_BYTES + HEADER_BYTES + HOST_SIZE + 32,
};

struct dns_query;

struct dns_socket {
    struct dns_query *query;
    int fd;
    struct watch *watch; /* NULL: it is closed */
};

struct dns_query {
    struct task task; /* first: query_end gets this */
    struct loop *loop;
    struct sockaddr_storage server;
    socklen_t server_length;
    unsigned char question[QUESTION_BYTES]; /* as it goes by TCP */
    size_t n_question;                      /* without its length */
    struct dns_socket datagrams[MAX_SENDS], stream;
    size_t n_sent; /* datagrams */
    bool asked;    /* by the stream */
    unsigned char *reply;
    size_t n_reply;      /* of the stream, with its length */
    struct timer *again; /* when the next datagram is sent */
    struct timer *limit; /* of the whole question, and anew of the stream after a datagram */
    int32_t timeout_ms, resend_ms;
    int64_t started_us, datagram_us; /* what is under way; how long it took until the stream */
    int os_error;                    /* the last that a socket said */
    bool failed_here;                /* it said so before anything could come back */
    bool no_socket;                  /* there was none to be had */
    bool heard;                      /* anything */
    struct dns_answer answer;
    dns_done *done;
    void *arg;
};

/* --- the end of a question --- */

static void close_socket(struct dns_socket *socket)
{
    if (!socket->watch)
        return;
    loop_unwatch(socket->watch);
    socket->watch = NULL;
    (void)close(socket->fd);
}

static void close_datagrams(struct dns_query *query)
{
    for (size_t i = 0; i < query->n_sent; i++)
        close_socket(&query->datagrams[i]);
    loop_cancel(query->again);
    query->again = NULL;
}

static void query_end(struct task *task)
{
    struct dns_query *query = (struct dns_query *)task;

    close_datagrams(query);
    close_socket(&query->stream);
    loop_cancel(query->limit);
    free(query->reply);
    free(query);
}

/* The longer of datagram and stream: the agent gives each its time. */
static void finish(struct dns_query *query, enum failure failure)
{
    struct dns_answer answer = query->answer;
    dns_done *done = query->done;
    void *arg = query->arg;
    int64_t took_us = loop_now_us(query->loop) - query->started_us;
    char detail[DETAIL_SIZE];

    if (took_us < query->datagram_us)
        took_us = query->datagram_us;
    memcpy(detail, answer.step.detail, sizeof(detail));
    if (failure == FAILURE_NONE) {
        step_ok(&answer.step, loop_took_ms(took_us));
    } else {
        step_fail(&answer.step, failure, loop_took_ms(took_us));
        answer.step.os_error = query->os_error;
    }
    memcpy(answer.step.detail, detail, sizeof(detail));

    loop_leave(&query->task);
    query_end(&query->task);
    done(arg, &answer);
}

/* Silence, or noise that was no answer to the question; of a truncated answer what the stream would have said. */
static void nothing_came(struct dns_query *query)
{
    if (query->heard)
        (void)text_set(query->answer.step.detail, DETAIL_SIZE, "%s",
                       "something came back, but no answer to this question");
    finish(query, query->heard ? FAILURE_DNS_MALFORMED : FAILURE_TIMEOUT);
}

static void socket_failed(struct dns_query *query)
{
    if (query->heard && !query->failed_here) {
        nothing_came(query);
        return;
    }
    query->answer.unsent = query->failed_here;
    dial_words(query->os_error, query->answer.step.detail, DETAIL_SIZE);
    finish(query,
           query->no_socket ? dial_no_socket(query->os_error) : dial_failure(query->os_error));
}

static void on_limit(void *arg)
{
    struct dns_query *query = arg;

    query->limit = NULL;
    nothing_came(query);
}

static void note_error(struct dns_query *query, bool here)
{
    query->os_error = file_note_trouble("a question", errno);
    query->failed_here = here;
}

/* --- an answer --- */

/* To this question: its id, its name in upper or lower case, its type (checkResponse). */
static bool is_answer(const struct dns_query *query, const unsigned char *bytes, size_t n)
{
    const unsigned char *asked = query->question + LENGTH_BYTES;
    size_t end = HEADER_BYTES + strlen((const char *)asked + HEADER_BYTES) + 5;

    if (n < end || memcmp(bytes, asked, 2) != 0 || !(bytes[2] & 0x80) || bytes[4] + bytes[5] == 0)
        return false;
    for (size_t i = HEADER_BYTES; i < end; i++)
        if (tolower(bytes[i]) != tolower(asked[i]))
            return false;
    return true;
}

static void take(struct dns_query *query, const unsigned char *bytes, size_t n)
{
    finish(query, dns_answer_read(bytes, n, &query->answer, query->answer.step.detail));
}

static bool is_truncated(const unsigned char *bytes)
{
    return bytes[2] & 0x02;
}

/* --- by TCP --- */

static void stream_failed(struct dns_query *query, bool here)
{
    note_error(query, here);
    socket_failed(query);
}

static void read_stream(struct dns_query *query)
{
    unsigned char *reply = query->reply;
    ssize_t n = recvfrom(query->stream.fd, reply + query->n_reply,
                         LENGTH_BYTES + UINT16_MAX - query->n_reply, 0, NULL, NULL);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        stream_failed(query, false);
        return;
    }
    query->heard = true;
    query->n_reply += (size_t)n;
    size_t n_message = (size_t)reply[0] << 8 | reply[1];
    if (n > 0 && (query->n_reply < LENGTH_BYTES || query->n_reply - LENGTH_BYTES < n_message))
        return;
    if (n > 0 && is_answer(query, reply + LENGTH_BYTES, n_message) &&
        !is_truncated(reply + LENGTH_BYTES))
        take(query, reply + LENGTH_BYTES, n_message);
    else
        nothing_came(query);
}

static void on_stream(void *arg, short events)
{
    struct dns_query *query = arg;
    int fd = query->stream.fd;

    (void)events;
    if (query->asked) {
        read_stream(query);
        return;
    }
    if (sendto(fd, query->question, LENGTH_BYTES + query->n_question, MSG_NOSIGNAL, NULL, 0) < 0) {
        stream_failed(query, false); /* as connect() ended */
        return;
    }
    query->asked = true;
    loop_unwatch(query->stream.watch);
    query->stream.watch = loop_watch(query->loop, fd, POLLIN, true, on_stream, query);
}

/* False: it failed at once. */
static bool open_stream(struct dns_query *query)
{
    int fd = dial_socket(query->server.ss_family, SOCK_STREAM, 0);

    query->no_socket = fd < 0;
    if (fd < 0 ||
        (connect(fd, (const struct sockaddr *)&query->server, query->server_length) != 0 &&
         errno != EINPROGRESS && errno != EINTR)) {
        note_error(query, true);
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    query->reply = calloc(1, LENGTH_BYTES + UINT16_MAX);
    query->stream.fd = fd;
    query->stream.watch = loop_watch(query->loop, fd, POLLOUT, true, on_stream, query);
    return true;
}

static void ask_by_stream(struct dns_query *query)
{
    close_datagrams(query);
    query->datagram_us = loop_now_us(query->loop) - query->started_us;
    query->started_us += query->datagram_us;
    loop_cancel(query->limit);
    query->limit = loop_after_quietly(query->loop, (int64_t)query->timeout_ms * 1000, on_limit,
                                      query);
    if (!open_stream(query))
        socket_failed(query);
}

/* --- by UDP --- */

static void on_again(void *arg);

static void send_again_after(struct dns_query *query, int32_t ms)
{
    loop_cancel(query->again);
    query->again = loop_after_quietly(query->loop, (int64_t)ms * 1000, on_again, query);
}

static void on_datagram(void *arg, short events)
{
    struct dns_socket *socket = arg;
    struct dns_query *query = socket->query;
    unsigned char bytes[EDNS_BYTES];
    ssize_t n = recvfrom(socket->fd, bytes, sizeof(bytes), 0, NULL, NULL);

    (void)events;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        note_error(query, false); /* by ICMP */
        close_socket(socket);
        send_again_after(query, 0);
        return;
    }
    query->heard = true;
    if (!is_answer(query, bytes, (size_t)n))
        return;
    if (is_truncated(bytes))
        ask_by_stream(query);
    else
        take(query, bytes, (size_t)n);
}

/* Whoever lets back answers to high ports alone, or shares the questions out by the port among servers of which one is dead, lets back
 * what the first datagram's port does not get. */
static bool is_otherwise(uint16_t port, uint16_t other)
{
    return ((port ^ other) & 1) != 0 && (port < FIRST_HIGH_PORT) != (other < FIRST_HIGH_PORT);
}

/* The kernel gives the port. The second datagram's is as different as can be, the others' are any. */
static int connect_datagram(const struct dns_query *query, int fd)
{
    const struct sockaddr none = {.sa_family = AF_UNSPEC};
    struct sockaddr_storage own;
    const struct sockaddr *to = (const struct sockaddr *)&query->server;
    uint16_t first = query->n_sent == 1 && query->datagrams[0].watch
                         ? dial_local_port(query->datagrams[0].fd, &own)
                         : 0;
    int status = connect(fd, to, query->server_length);

    for (int i = 0; first && status == 0 && i < MAX_PORTS_TRIED &&
                    !is_otherwise(dial_local_port(fd, &own), first);
         i++)
        status = connect(fd, &none, sizeof(none)) == 0 ? connect(fd, to, query->server_length) : 0;
    return status;
}

static void send_datagram(struct dns_query *query)
{
    struct dns_socket *socket = &query->datagrams[query->n_sent];
    int fd = dial_socket(query->server.ss_family, SOCK_DGRAM, 0);

    query->no_socket = fd < 0;
    if (fd < 0 || connect_datagram(query, fd) != 0 ||
        (sendto(fd, query->question + LENGTH_BYTES, query->n_question, MSG_NOSIGNAL, NULL, 0) < 0 &&
         errno != EAGAIN)) {
        note_error(query, true);
        if (fd >= 0)
            (void)close(fd);
    } else {
        *socket = (struct dns_socket){query, fd, NULL};
        socket->watch = loop_watch(query->loop, fd, POLLIN, true, on_datagram, socket);
    }
    query->n_sent++;
    send_again_after(query, !socket->watch       ? 0
                            : query->n_sent == 1 ? query->resend_ms
                            : query->n_sent == 2 ? 2 * query->resend_ms
                                                 : 4 * query->resend_ms);
}

static void on_again(void *arg)
{
    struct dns_query *query = arg;
    bool open = false;

    query->again = NULL;
    if (query->n_question == 0) {
        (void)text_set(query->answer.step.detail, DETAIL_SIZE, "%s", "not a name for the DNS");
        finish(query, FAILURE_INVALID);
        return;
    }
    for (size_t i = 0; i < query->n_sent; i++)
        if (query->datagrams[i].watch)
            open = true;
    int64_t left_us = (int64_t)query->timeout_ms * 1000 -
                      (loop_now_us(query->loop) - query->started_us);
    if (query->n_sent > 0 && query->n_sent < MAX_SENDS &&
        left_us >= (int64_t)query->resend_ms * 1000)
        send_datagram(query);
    else if (!open)
        socket_failed(query);
}

/* --- starting --- */

static void make_question(struct dns_query *query, const struct dns_question *question)
{
    unsigned char *bytes = NULL;
    unsigned short id = 0;
    int n = 0;

    (void)!getrandom(&id, sizeof(id), GRND_NONBLOCK);
    if (ares_create_query(question->name, ns_c_in,
                          question->family == FAMILY_IPV4 ? ns_t_a : ns_t_aaaa, id, 1, &bytes, &n,
                          question->plain ? 0 : EDNS_BYTES) == ARES_SUCCESS &&
        n <= QUESTION_BYTES - LENGTH_BYTES) {
        query->question[0] = (unsigned char)(n >> 8);
        query->question[1] = (unsigned char)n;
        memcpy(query->question + LENGTH_BYTES, bytes, (size_t)n);
        query->n_question = (size_t)n;
    }
    ares_free_string(bytes);
}

struct dns_query *dns_ask(struct loop *loop, const struct dns_question *question, dns_done *done,
                          void *arg)
{
    struct dns_query *query = calloc(1, sizeof(*query));
    int32_t resend_ms = question->timeout_ms / QUARTERS;

    query->loop = loop;
    query->done = done;
    query->arg = arg;
    query->timeout_ms = question->timeout_ms;
    query->resend_ms = resend_ms < FIRST_RESEND_MS ? resend_ms : FIRST_RESEND_MS;
    query->answer.family = question->family;
    query->answer.asked_as = question->asked_as;
    query->answer.rcode = -1;
    (void)text_set(query->answer.server, ADDRESS_SIZE, "%s", question->server);
    if (!address_parse_with_port(question->server, DNS_PORT, &query->server,
                                 &query->server_length)) {
        query_end(&query->task);
        return NULL;
    }
    make_question(query, question);
    query->limit = loop_after_quietly(loop, (int64_t)question->timeout_ms * 1000, on_limit, query);
    query->task.owner = question->owner;
    loop_enter(loop, &query->task, query_end);

    query->started_us = loop_clock_us(loop);
    /* What fails at once is told on the loop's turn, as everything is. */
    if (query->n_question == 0 || (question->by_tcp && !open_stream(query)))
        send_again_after(query, 0);
    else if (!question->by_tcp)
        send_datagram(query);
    return query;
}

void dns_do_not_wait(struct dns_query *query)
{
    query->task.quiet = true;
}

bool dns_heard(const struct dns_query *query)
{
    return query->heard;
}
