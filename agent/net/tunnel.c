/* SPDX-License-Identifier: Apache-2.0
 *
 * The first line of the answer decides. Where it says yes, the rest of the head is waited for: what comes then is the host's.
 */
#include "net/tunnel.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "net/dial.h"

enum { HEAD_BYTES = 16 * 1024 };

struct asking {
    struct task task; /* first: asking_end gets this */
    struct loop *loop;
    char request[2 * HOST_SIZE + 96];
    size_t n_request;
    bool socks, asked; /* asked: for the host */
    const char *basic;
    int32_t answer_timeout_ms;
    int fd;
    int64_t started_us;
    struct watch *watch;
    struct timer *timer;
    char head[HEAD_BYTES + 1];
    size_t n;
    tunnel_done *done;
    void *arg;
};

int32_t tunnel_read_status(const char *head)
{
    if (!text_starts(head, "HTTP/1.") || !isdigit((unsigned char)head[7]) || head[8] != ' ')
        return 0;
    for (int i = 9; i < 12; i++)
        if (!isdigit((unsigned char)head[i]))
            return 0;
    if (isdigit((unsigned char)head[12]))
        return 0;
    return (head[9] - '0') * 100 + (head[10] - '0') * 10 + (head[11] - '0');
}

int32_t tunnel_read_socks(const char *said, size_t n, bool asked)
{
    const unsigned char *at = (const unsigned char *)said + (asked ? 2 : 0);
    size_t left = n - (asked ? 2 : 0), whole = 0;

    if (left < 2)
        return SOCKS_MORE;
    if (at[0] != 5)
        return SOCKS_MALFORMED;
    if (!asked)
        return at[1] == 0 ? SOCKS_OK : SOCKS_LOGIN;
    if (at[1] != 0)
        return at[1];
    if (left < 5)
        return SOCKS_MORE;
    whole = at[3] == 1 ? 10 : at[3] == 3 ? (size_t)7 + at[4] : at[3] == 4 ? 22 : 0;
    return whole == 0 || at[2] != 0 ? SOCKS_MALFORMED : left < whole ? SOCKS_MORE : SOCKS_OK;
}

static void asking_end(struct task *task)
{
    struct asking *asking = (struct asking *)task;

    loop_unwatch(asking->watch);
    loop_cancel(asking->timer);
    if (asking->fd >= 0)
        close(asking->fd);
    explicit_bzero(asking->head, asking->n); /* it may show what was sent */
    free(asking);
}

static void finish(struct asking *asking, struct step *step, int32_t status)
{
    tunnel_done *done = asking->done;
    void *arg = asking->arg;
    int fd = step->outcome == OUTCOME_OK ? asking->fd : -1;

    step->took_ms = loop_took_ms(loop_now_us(asking->loop) - asking->started_us);
    loop_leave(&asking->task);
    if (fd >= 0)
        asking->fd = -1;
    asking_end(&asking->task);
    done(arg, step, status, fd);
}

static void fail(struct asking *asking, enum failure failure, int os_error)
{
    struct step step = {.outcome = OUTCOME_UNTRIED};

    step_fail(&step, failure, 1);
    step.os_error = os_error;
    finish(asking, &step, 0);
}

static void judge(struct asking *asking)
{
    struct step step = {.outcome = OUTCOME_UNTRIED};
    int32_t status = tunnel_read_status(asking->head);

    asking->head[asking->basic ? (status > 0 ? strlen("HTTP/1.1 200") : 0)
                               : strcspn(asking->head, "\r\n")] = '\0';
    if (status == 200)
        step_ok(&step, 1);
    else
        step_fail(&step, status > 0 ? FAILURE_PROXY : FAILURE_MALFORMED, 1);
    (void)text_escape(step.detail, sizeof(step.detail), asking->head, strlen(asking->head));
    finish(asking, &step, status);
}

static void judge_socks(struct asking *asking, bool ended)
{
    int32_t said = tunnel_read_socks(asking->head, asking->n, asking->asked);
    struct step step = {.outcome = OUTCOME_UNTRIED};

    if (said == SOCKS_MORE) {
        if (ended)
            fail(asking, FAILURE_CLOSED, 0);
    } else if (said != SOCKS_OK) {
        step_fail(&step, said == SOCKS_MALFORMED ? FAILURE_MALFORMED : FAILURE_PROXY, 1);
        (void)text_set(step.detail, sizeof(step.detail),
                       said == SOCKS_LOGIN       ? "SOCKS5: it wants a login"
                       : said == SOCKS_MALFORMED ? "it speaks no SOCKS5"
                       : said == 2               ? "SOCKS5: its rules forbid it"
                                                 : "SOCKS5: reply %d",
                       (int)said);
        finish(asking, &step, said == SOCKS_LOGIN ? 407 : 0);
    } else if (asking->asked) {
        step_ok(&step, 1);
        finish(asking, &step, 0);
    } else {
        asking->asked = true;
        if (send(asking->fd, asking->request, asking->n_request, MSG_NOSIGNAL) < 0)
            fail(asking, dial_failure(errno), errno);
        else
            judge_socks(asking, ended); /* of one that does not wait */
    }
}

static void on_readable(void *arg, short events)
{
    struct asking *asking = arg;

    (void)events;
    ssize_t n = recv(asking->fd, asking->head + asking->n, HEAD_BYTES - asking->n, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        fail(asking, dial_failure(errno), errno);
        return;
    }
    asking->n += (size_t)n;
    if (asking->socks) {
        judge_socks(asking, n == 0);
        return;
    }
    bool ends = tunnel_read_status(asking->head) == 200
                    ? strstr(asking->head, "\n\r\n") || strstr(asking->head, "\n\n")
                    : !!strchr(asking->head, '\n');
    if (ends || asking->n == HEAD_BYTES)
        judge(asking);
    else if (n == 0)
        fail(asking, FAILURE_CLOSED, 0);
}

static void on_timeout(void *arg)
{
    struct asking *asking = arg;

    asking->timer = NULL;
    fail(asking, FAILURE_TIMEOUT, 0);
}

/* The login is copied nowhere. */
static bool send_request(const struct asking *asking)
{
    const char *const pieces[] = {
        asking->request, asking->basic ? "Proxy-Authorization: Basic " : "",
        asking->basic ? asking->basic : "", asking->basic ? "\r\n\r\n" : "\r\n"};
    struct iovec parts[COUNT_OF(pieces)];
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = COUNT_OF(pieces)};
    size_t n = 0;

    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        parts[i] = (struct iovec){(void *)(uintptr_t)pieces[i], strlen(pieces[i])};
        n += parts[i].iov_len;
    }
    return sendmsg(asking->fd, &message, MSG_NOSIGNAL) == (ssize_t)n;
}

static void dialled(void *arg, const struct dialled *result)
{
    struct asking *asking = arg;
    struct step step = result->step;

    if (step.outcome != OUTCOME_OK) {
        finish(asking, &step, 0);
        return;
    }
    asking->fd = result->fd;
    if (asking->socks ? send(asking->fd, "\5\1", 3, MSG_NOSIGNAL) != 3 : !send_request(asking)) {
        fail(asking, dial_failure(errno), errno);
        return;
    }
    asking->watch = loop_watch(asking->loop, asking->fd, POLLIN, false, on_readable, asking);
    asking->timer = loop_after(asking->loop, asking->answer_timeout_ms, on_timeout, asking);
}

static bool socks_request(struct asking *asking, const struct tunnel *tunnel)
{
    size_t n = strlen(tunnel->host);
    const char head[] = {5, 1, 0, 3, (char)n},
               port[] = {(char)(tunnel->host_port >> 8), (char)tunnel->host_port};

    if (n > 255)
        return false;
    memcpy(asking->request, head, sizeof(head));
    memcpy(asking->request + sizeof(head), tunnel->host, n);
    memcpy(asking->request + sizeof(head) + n, port, sizeof(port));
    asking->n_request = sizeof(head) + n + sizeof(port);
    return true;
}

bool tunnel_ask(struct loop *loop, const struct tunnel *tunnel, tunnel_done *done, void *arg)
{
    struct asking *asking = calloc(1, sizeof(*asking));
    const struct dial dial = {.address = tunnel->address,
                              .port = tunnel->port,
                              .timeout_ms = tunnel->connect_timeout_ms,
                              .owner = tunnel->owner};

    asking->fd = -1;
    asking->loop = loop;
    asking->done = done;
    asking->arg = arg;
    asking->basic = tunnel->basic;
    asking->answer_timeout_ms = tunnel->answer_timeout_ms;
    asking->started_us = loop_clock_us(loop);
    asking->socks = tunnel->socks;
    bool fits = tunnel->socks ? socks_request(asking, tunnel)
                              : text_set(asking->request, sizeof(asking->request),
                                         "CONNECT %s:%u HTTP/1.1\r\nHost: %s:%u\r\n", tunnel->host,
                                         tunnel->host_port, tunnel->host, tunnel->host_port);
    if (!fits || !text_only(tunnel->host, ".-_")) {
        free(asking);
        return false;
    }
    dial_start(loop, &dial, dialled, asking);
    asking->task.owner = tunnel->owner;
    loop_enter(loop, &asking->task, asking_end);
    return true;
}
