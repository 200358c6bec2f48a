/* SPDX-License-Identifier: Apache-2.0
 *
 * A time source on loopback that says what it should and what it should not.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "net/loop.h"
#include "net/sntp.h"
#include "net_peer.h"

enum { SHORT_MS = 60 };

enum behaviour {
    TELLS_THE_TIME,
    IS_SILENT,
    KISSES,
    HAS_NO_TIME,
    HAS_STRATUM_16,
    HAS_NO_TIMESTAMP,
    ECHOES_WRONG,
    ANSWERS_AS_CLIENT,
    IS_SHORT,
    LIES_FIRST, /* an answer to another question, then the true one */
};

static struct loop *loop;
static int server;
static char server_address[32];
static enum behaviour behaviour;
static int64_t ahead_s;
static unsigned char question[64];
static struct sntp_reply got;
static int n_got;

static void put_32(unsigned char *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(value >> (24 - 8 * i));
}

static void put_time(unsigned char *bytes, int64_t unix_ms)
{
    put_32(bytes, (uint32_t)(unix_ms / 1000 + INT64_C(2208988800)));
    put_32(bytes + 4, (uint32_t)((unix_ms % 1000) * (INT64_C(1) << 32) / 1000));
}

static void answer(void *arg, short events)
{
    unsigned char reply[SNTP_BYTES] = {4 << 3 | 4, 2};
    struct sockaddr_storage from;
    socklen_t length = sizeof(from);
    ssize_t n = recvfrom(server, question, sizeof(question), 0, (struct sockaddr *)&from, &length);
    size_t n_reply = SNTP_BYTES;
    (void)arg;
    (void)events;

    assert_int_equal(n, SNTP_BYTES);
    memcpy(reply + 24, question + 40, 8);
    put_time(reply + 32, clock_wall_unix_ms() + ahead_s * 1000);
    put_time(reply + 40, clock_wall_unix_ms() + ahead_s * 1000);
    switch (behaviour) {
    case TELLS_THE_TIME:
        break;
    case IS_SILENT:
        return;
    case KISSES:
        reply[1] = 0;
        memcpy(reply + 12, "RA\033E", 4);
        break;
    case HAS_NO_TIME:
        reply[0] |= 3 << 6;
        break;
    case HAS_STRATUM_16:
        reply[1] = 16;
        break;
    case HAS_NO_TIMESTAMP:
        memset(reply + 40, 0, 8);
        break;
    case ECHOES_WRONG:
        reply[31] ^= 1;
        break;
    case ANSWERS_AS_CLIENT:
        reply[0] = 4 << 3 | 3;
        break;
    case IS_SHORT:
        n_reply = SNTP_BYTES - 1;
        break;
    case LIES_FIRST:
        reply[31] ^= 1;
        sendto(server, reply, n_reply, 0, (struct sockaddr *)&from, length);
        reply[31] ^= 1;
        break;
    }
    sendto(server, reply, n_reply, 0, (struct sockaddr *)&from, length);
}

static int set_up(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    (void)state;

    loop = loop_new();
    server = socket(AF_INET, SOCK_DGRAM, 0);
    ahead_s = 0;
    if (bind(server, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        getsockname(server, (struct sockaddr *)&address, &length) != 0)
        return -1;
    snprintf(server_address, sizeof(server_address), "127.0.0.1:%u", ntohs(address.sin_port));
    return loop_watch(loop, server, POLLIN, true, answer, NULL) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    loop_free(loop);
    close(server);
    return 0;
}

static void keep(void *arg, const struct sntp_reply *reply)
{
    (void)arg;
    got = *reply;
    n_got++;
}

static void ask(enum behaviour of_server, int32_t timeout_ms)
{
    behaviour = of_server;
    n_got = 0;
    assert_true(sntp_ask(loop, server_address, timeout_ms, keep, NULL));
    assert_int_equal(n_got, 0); /* never inside the call */
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 5000), LOOP_IDLE);
    assert_int_equal(n_got, 1);
    assert_true(got.step.took_ms >= 1);
}

static void expect_failure(enum behaviour of_server, enum failure failure)
{
    ask(of_server, SHORT_MS);
    if (got.step.outcome != OUTCOME_FAILED || got.step.failure != failure) {
        fail_msg("behaviour %d: outcome %d, %s", of_server, got.step.outcome,
                 failure_name(got.step.failure));
    }
}

static void learns_the_time(void **state)
{
    (void)state;
    ask(TELLS_THE_TIME, 2000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(got.stratum, 2);
    assert_true(got.offset_ms > -2000 && got.offset_ms < 2000);

    ahead_s = 3600;
    ask(TELLS_THE_TIME, 2000);
    assert_true(got.offset_ms > 3598000 && got.offset_ms < 3602000);
    ahead_s = -86400 * 365;
    ask(TELLS_THE_TIME, 2000);
    assert_true(got.offset_ms < -INT64_C(31535998000) && got.offset_ms > -INT64_C(31536002000));
}

static void tells_nothing_of_itself(void **state)
{
    unsigned char first[8];
    static const unsigned char nothing[39];
    (void)state;

    ask(TELLS_THE_TIME, 2000);
    assert_int_equal(question[0], 4 << 3 | 3);
    assert_memory_equal(question + 1, nothing, sizeof(nothing));
    memcpy(first, question + 40, sizeof(first));
    ask(TELLS_THE_TIME, 2000);
    assert_memory_not_equal(first, question + 40, sizeof(first));
}

static void tells_failures_apart(void **state)
{
    (void)state;
    expect_failure(IS_SILENT, FAILURE_TIMEOUT);
    expect_failure(KISSES, FAILURE_THROTTLED);
    assert_string_equal(got.step.detail, "kiss code RA\\x1bE");
    expect_failure(HAS_NO_TIME, FAILURE_MALFORMED);
    expect_failure(HAS_STRATUM_16, FAILURE_MALFORMED);
    expect_failure(HAS_NO_TIMESTAMP, FAILURE_MALFORMED);
    expect_failure(ECHOES_WRONG, FAILURE_MALFORMED);
    expect_failure(ANSWERS_AS_CLIENT, FAILURE_MALFORMED);
    expect_failure(IS_SHORT, FAILURE_MALFORMED);
}

static void passes_over_what_it_did_not_ask(void **state)
{
    (void)state;
    ask(LIES_FIRST, 2000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
}

static void is_refused(void **state)
{
    (void)state;
    snprintf(server_address, sizeof(server_address), "127.0.0.2:%u", peer_closed_port());
    expect_failure(IS_SILENT, FAILURE_REFUSED);
    assert_int_equal(got.step.os_error, ECONNREFUSED);

    snprintf(server_address, sizeof(server_address), "255.255.255.255"); /* no broadcasts */
    ask(IS_SILENT, SHORT_MS);
    assert_int_equal(got.step.outcome, OUTCOME_FAILED);
    assert_int_not_equal(got.step.os_error, 0);
    assert_false(sntp_ask(loop, "time.aws.com", SHORT_MS, keep, NULL));
}

/* 2036-02-07T06:28:16Z begins the next era of 2^32 seconds. */
static void lives_beyond_2036(void **state)
{
    static const int64_t then_ms = INT64_C(2085978496000) + 5000;
    unsigned char bytes[SNTP_BYTES] = {4 << 3 | 4, 1};
    struct sntp_reply reply = {.stratum = 0};
    (void)state;

    put_time(bytes + 32, then_ms);
    put_time(bytes + 40, then_ms);
    assert_int_equal(sntp_read(bytes, sizeof(bytes), 0, then_ms * 1000, then_ms * 1000, &reply),
                     FAILURE_NONE);
    assert_int_equal(reply.offset_ms, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(learns_the_time),      TEST(tells_nothing_of_itself),
        TEST(tells_failures_apart), TEST(passes_over_what_it_did_not_ask),
        TEST(is_refused),           cmocka_unit_test(lives_beyond_2036),
    };
    return cmocka_run_group_tests_name("net_sntp", tests, NULL, NULL);
}
