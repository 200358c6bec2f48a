/* SPDX-License-Identifier: Apache-2.0
 *
 * The question tells the server nothing, not even our time: its transmit timestamp is a random
 * number, which the answer must echo (draft-ietf-ntp-data-minimization).
 */
#include "net/sntp.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/address.h"
#include "net/dial.h"
#include "net/loop_private.h"

enum { NTP_PORT = 123, VERSION = 4, MODE_CLIENT = 3, MODE_SERVER = 4, MAX_STRATUM = 15 };
enum { LEAP_UNSYNCHRONISED = 3, MAX_HEARD = 64 };

#define US_PER_S INT64_C(1000000)
#define NTP_TO_UNIX_S INT64_C(2208988800) /* 1900 to 1970 */

struct asking {
    struct task task; /* first: asking_end gets this */
    struct loop *loop;
    int fd;
    uint64_t nonce;
    int64_t started_us; /* monotonic */
    int64_t sent_us;    /* wall clock */
    int os_error;
    int32_t n_heard;
    struct watch *watch;
    struct timer *timer;
    sntp_done *done;
    void *arg;
};

/* --- the packet, RFC 5905 section 7.3 --- */

static uint64_t read_64(const unsigned char *bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

static void write_64(unsigned char *bytes, uint64_t value)
{
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> (56 - 8 * i));
}

/* Seconds since 1900 and a binary fraction. In the era that began in 1900 the highest bit has been
 * set since 1968; without it the time is in the era that begins in 2036. */
static int64_t unix_us(uint64_t timestamp)
{
    int64_t seconds = (int64_t)(timestamp >> 32);
    int64_t fraction_us = (int64_t)((timestamp & UINT32_MAX) * (uint64_t)US_PER_S >> 32);

    if ((timestamp >> 63) == 0)
        seconds += INT64_C(1) << 32;
    return (seconds - NTP_TO_UNIX_S) * US_PER_S + fraction_us;
}

enum failure sntp_read(const unsigned char *bytes, size_t n, uint64_t nonce, int64_t sent_us,
                       int64_t arrived_us, struct sntp_reply *reply)
{
    if (n < SNTP_BYTES || read_64(bytes + 24) != nonce)
        return FAILURE_MALFORMED;
    int leap = bytes[0] >> 6;
    int version = bytes[0] >> 3 & 7;
    int mode = bytes[0] & 7;
    int stratum = bytes[1];
    if (mode != MODE_SERVER || version < 3 || version > VERSION)
        return FAILURE_MALFORMED;
    reply->stratum = stratum;
    if (stratum == 0) {
        text_set(reply->step.detail, DETAIL_SIZE, "%s", "kiss code ");
        text_escape(reply->step.detail + strlen("kiss code "), DETAIL_SIZE - strlen("kiss code "),
                    (const char *)bytes + 12, 4);
        return FAILURE_THROTTLED;
    }
    uint64_t received = read_64(bytes + 32);
    uint64_t transmitted = read_64(bytes + 40);
    if (stratum > MAX_STRATUM || leap == LEAP_UNSYNCHRONISED || received == 0 || transmitted == 0) {
        text_set(reply->step.detail, DETAIL_SIZE, "the server has no time itself (stratum %d)",
                 stratum);
        return FAILURE_MALFORMED;
    }
    int64_t before_us = unix_us(received) - sent_us;
    int64_t after_us = unix_us(transmitted) - arrived_us;
    int64_t round_trip_us = before_us - after_us;
    reply->offset_ms = (before_us + after_us) / 2 / 1000;
    reply->round_trip_ms = round_trip_us < 0 ? 0 : loop_took_ms(round_trip_us);
    return FAILURE_NONE;
}

/* --- the exchange --- */

static int64_t wall_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * US_PER_S + (int64_t)now.tv_nsec / 1000;
}

static void asking_end(struct task *task)
{
    struct asking *asking = (struct asking *)task;

    loop_unwatch(asking->watch);
    loop_cancel(asking->timer);
    if (asking->fd >= 0)
        close(asking->fd);
    free(asking);
}

static void finish(struct asking *asking, enum failure failure, struct sntp_reply *reply)
{
    sntp_done *done = asking->done;
    void *arg = asking->arg;
    int32_t took_ms = loop_took_ms(loop_now_us(asking->loop) - asking->started_us);
    char detail[DETAIL_SIZE];

    memcpy(detail, reply->step.detail, sizeof(detail));
    if (failure == FAILURE_NONE) {
        step_ok(&reply->step, took_ms);
    } else {
        step_fail(&reply->step, failure, took_ms);
        reply->step.os_error = asking->os_error;
    }
    memcpy(reply->step.detail, detail, sizeof(detail));
    loop_leave(&asking->task);
    asking_end(&asking->task);
    done(arg, reply);
}

static void finish_with_os_error(struct asking *asking)
{
    struct sntp_reply reply = {.stratum = 0};

    dial_words(asking->os_error, reply.step.detail, DETAIL_SIZE);
    finish(asking, dial_failure(asking->os_error), &reply);
}

/* What is no answer to our question is passed over, in case the true one still comes. */
static void on_readable(void *arg, short events)
{
    struct asking *asking = arg;
    unsigned char bytes[SNTP_BYTES];
    struct sntp_reply reply = {.stratum = 0};

    (void)events;
    ssize_t n = recv(asking->fd, bytes, sizeof(bytes), 0);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            asking->os_error = errno;
            finish_with_os_error(asking);
        }
        return;
    }
    enum failure failure = sntp_read(bytes, (size_t)n, asking->nonce, asking->sent_us, wall_us(),
                                     &reply);
    asking->n_heard++;
    if (failure != FAILURE_MALFORMED || asking->n_heard >= MAX_HEARD)
        finish(asking, failure, &reply);
}

static void on_timeout(void *arg)
{
    struct asking *asking = arg;
    struct sntp_reply reply = {.stratum = 0};

    asking->timer = NULL;
    finish(asking, asking->n_heard > 0 ? FAILURE_MALFORMED : FAILURE_TIMEOUT, &reply);
}

static void on_told_at_once(void *arg)
{
    struct asking *asking = arg;

    asking->timer = NULL;
    finish_with_os_error(asking);
}

/* 0 or errno. Connected, so that the kernel drops what others send and tells us of refusals. */
static int send_question(struct asking *asking, const struct sockaddr_storage *address,
                         socklen_t length)
{
    unsigned char bytes[SNTP_BYTES] = {VERSION << 3 | MODE_CLIENT};

    if (getrandom(&asking->nonce, sizeof(asking->nonce), 0) != sizeof(asking->nonce))
        return EIO;
    write_64(bytes + 40, asking->nonce);
    asking->fd = socket(address->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (asking->fd < 0 || connect(asking->fd, (const struct sockaddr *)address, length) != 0)
        return errno;
    asking->sent_us = wall_us();
    return send(asking->fd, bytes, sizeof(bytes), MSG_NOSIGNAL) == SNTP_BYTES ? 0 : errno;
}

bool sntp_ask(struct loop *loop, const char *address, int32_t timeout_ms, sntp_done *done,
              void *arg)
{
    struct asking *asking = calloc(1, sizeof(*asking));
    struct sockaddr_storage server;
    socklen_t length;

    if (asking == NULL)
        return false;
    asking->fd = -1;
    if (!address_parse_with_port(address, NTP_PORT, &server, &length)) {
        asking_end(&asking->task);
        return false;
    }
    asking->loop = loop;
    asking->done = done;
    asking->arg = arg;
    asking->started_us = clock_monotonic_us();
    asking->os_error = send_question(asking, &server, length);
    if (asking->os_error != 0) {
        asking->timer = loop_after(loop, 0, on_told_at_once, asking);
    } else {
        asking->timer = loop_after(loop, timeout_ms, on_timeout, asking);
        asking->watch = loop_watch(loop, asking->fd, POLLIN, false, on_readable, asking);
    }
    if (asking->timer == NULL || (asking->os_error == 0 && asking->watch == NULL)) {
        asking_end(&asking->task);
        return false;
    }
    loop_enter(loop, &asking->task, asking_end);
    return true;
}
