/* SPDX-License-Identifier: Apache-2.0
 *
 * CONNECT, against a proxy that opens the way, forbids it, babbles, closes, or says nothing.
 */
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/loop.h"
#include "net/tunnel.h"
#include "net_peer.h"

enum { MAX_HEAD_BYTES = 16 * 1024 };

static struct loop *loop;
static struct peer peer;
static struct step got;
static int32_t got_status;
static int n_got;
static const char *basic;
static bool socks;

/* The errno of the next recv() that is not the peer's, and of the send() after so many; 0: it does what it should. */
static int recv_error, send_error, n_sends_before;
static size_t
    n_received; /* of the answer so far: what one recv() more may bring is the rest of the head */

static bool is_peers(int fd)
{
    struct sockaddr_in own = {0};
    socklen_t length = sizeof(own);

    return getsockname(fd, (struct sockaddr *)(void *)&own, &length) == 0 &&
           ntohs(own.sin_port) == peer.port;
}

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
ssize_t __real_recv(int fd, void *bytes, size_t n, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t n, int flags);
ssize_t __wrap_recv(int fd, void *bytes, size_t n, int flags)
{
    if (is_peers(fd))
        return __real_recv(fd, bytes, n, flags);
    if (recv_error == 0) {
        assert_int_equal(n, MAX_HEAD_BYTES - n_received);
        errno = EAGAIN; /* of a call long before: what does well leaves it */
        ssize_t n_now = __real_recv(fd, bytes, n, flags);
        n_received += n_now > 0 ? (size_t)n_now : 0;
        return n_now;
    }
    errno = recv_error;
    recv_error = 0;
    return -1;
}

ssize_t __real_send(int fd, const void *bytes, size_t n, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t n, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t n, int flags)
{
    if (send_error == 0 || is_peers(fd) || n_sends_before-- > 0)
        return __real_send(fd, bytes, n, flags);
    errno = send_error;
    send_error = 0;
    return -1;
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

static void keep(void *arg, const struct step *step, int32_t status, int fd)
{
    assert_ptr_equal(arg, &peer);
    if (step->outcome == OUTCOME_OK)
        assert_int_equal(close(fd), 0);
    else
        assert_int_equal(fd, -1);
    got = *step;
    got_status = status;
    n_got++;
}

static int set_up(void **state)
{
    (void)state;
    loop = loop_new();
    peer_open(&peer, loop);
    n_got = 0;
    basic = NULL;
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    loop_free(loop);
    peer_close(&peer, true);
    return 0;
}

static void ask(uint16_t port, int32_t answer_timeout_ms)
{
    const struct tunnel tunnel = {.address = "127.0.0.1",
                                  .port = port,
                                  .host = "ssm.us-east-1.amazonaws.com",
                                  .host_port = 443,
                                  .connect_timeout_ms = 2000,
                                  .answer_timeout_ms = answer_timeout_ms,
                                  .socks = socks,
                                  .basic = basic};
    int64_t began_us = loop_clock_us(loop);

    n_received = 0;
    assert_true(tunnel_ask(loop, &tunnel, keep, &peer));
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 10000), LOOP_IDLE);
    assert_int_equal(n_got, 1);
    assert_true(got.took_ms >= 1 && got.took_ms <= loop_took_ms(loop_clock_us(loop) - began_us));
}

static void asks_for_the_host_and_sends_no_more(void **state)
{
    (void)state;
    peer.replies[0] = "HTTP/1.1 200 Connection established\r\n\r\n";
    ask(peer.port, 2000);
    assert_int_equal(got.outcome, OUTCOME_OK);
    assert_int_equal(got_status, 200);
    assert_string_equal(peer.seen, "CONNECT ssm.us-east-1.amazonaws.com:443 HTTP/1.1\r\n"
                                   "Host: ssm.us-east-1.amazonaws.com:443\r\n\r\n");
}

/* And what comes back could show it: no more than the status is kept. */
static void a_login_is_shown_and_nothing_is_quoted(void **state)
{
    (void)state;
    basic = "dXNlcjpwYXNz";
    peer.replies[0] = "HTTP/1.1 407 dXNlcjpwYXNz\r\n\r\n";
    ask(peer.port, 2000);
    assert_string_equal(peer.seen, "CONNECT ssm.us-east-1.amazonaws.com:443 HTTP/1.1\r\n"
                                   "Host: ssm.us-east-1.amazonaws.com:443\r\n"
                                   "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n");
    assert_int_equal(got_status, 407);
    assert_string_equal(got.detail, "HTTP/1.1 407");
}

static void what_is_no_http_is_not_quoted_after_a_login(void **state)
{
    (void)state;
    basic = "dXNlcjpwYXNz";
    peer.replies[0] = "user:pass\r\n";
    ask(peer.port, 2000);
    assert_int_equal(got.failure, FAILURE_MALFORMED);
    assert_string_equal(got.detail, "");
}

static void lines_that_end_without_a_return_are_taken(void **state)
{
    (void)state;
    peer.replies[0] = "HTTP/1.1 200 OK\nVia: proxy\n\n";
    ask(peer.port, 2000);
    assert_int_equal(got.outcome, OUTCOME_OK);
}

static void another_success_is_none(void **state)
{
    (void)state;
    peer.replies[0] = "HTTP/1.1 202 Accepted\r\n\r\n";
    ask(peer.port, 2000);
    assert_int_equal(got.failure, FAILURE_PROXY);
    assert_int_equal(got_status, 202);
}

/* Three digits are a status, whatever they mean. */
static void the_least_status_is_one(void **state)
{
    (void)state;
    peer.replies[0] = "HTTP/1.1 001 x\r\n\r\n";
    for (int i = 0; i < 2; i++) {
        n_got = 0;
        basic = i == 0 ? NULL : "dXNlcjpwYXNz";
        ask(peer.port, 2000);
        assert_int_equal(got.failure, FAILURE_PROXY);
        assert_int_equal(got_status, 1);
        assert_string_equal(got.detail, i == 0 ? "HTTP/1.1 001 x" : "HTTP/1.1 001");
    }
}

static void a_refusal_is_quoted(void **state)
{
    (void)state;
    peer.replies[0] = "HTTP/1.0 403 Forbidden \x1b[2J\r\nServer: squid\r\n\r\n";
    ask(peer.port, 2000);
    assert_int_equal(got.outcome, OUTCOME_FAILED);
    assert_int_equal(got.failure, FAILURE_PROXY);
    assert_int_equal(got_status, 403);
    assert_string_equal(got.detail, "HTTP/1.0 403 Forbidden \\x1b[2J");
}

static void what_is_no_http_is_malformed(void **state)
{
    (void)state;
    peer.replies[0] = "SSH-2.0-OpenSSH_9.2p1\r\n";
    ask(peer.port, 2000);
    assert_int_equal(got.failure, FAILURE_MALFORMED);
    assert_int_equal(got_status, 0);
}

static void a_peer_that_closes_or_is_not_there(void **state)
{
    (void)state;
    peer.replies[0] = "";
    peer.then = PEER_CLOSES;
    ask(peer.port, 2000);
    assert_int_equal(got.failure, FAILURE_CLOSED);
    assert_int_equal(got.os_error, 0);
    n_got = 0;
    ask(peer_closed_port(), 2000);
    assert_int_equal(got.failure, FAILURE_REFUSED);
}

/* The head of a yes belongs to the proxy: without its end nothing was opened. */
static void a_head_that_does_not_end(void **state)
{
    static char line[MAX_HEAD_BYTES + 1];
    (void)state;

    peer.replies[0] = "HTTP/1.1 200 Connection established\r\n";
    peer.then = PEER_CLOSES;
    ask(peer.port, 2000);
    assert_int_equal(got.failure, FAILURE_CLOSED);

    n_got = 0;
    peer.replies[0] = memset(line, 'a', sizeof(line) - 1);
    peer.then = PEER_STAYS;
    ask(peer.port, 2000);
    assert_int_equal(got.failure, FAILURE_MALFORMED);
    assert_int_equal(n_received, MAX_HEAD_BYTES);

    n_got = 0;
    line[MAX_HEAD_BYTES - 1] = '\0'; /* a byte less: there may be more */
    ask(peer.port, 100);
    assert_int_equal(got.failure, FAILURE_TIMEOUT);
}

static void a_proxy_that_resets(void **state)
{
    (void)state;
    peer.then = PEER_RESETS;
    ask(peer.port, 2000);
    assert_int_equal(got.failure, FAILURE_RESET);
    assert_int_equal(got.os_error, ECONNRESET);
}

static void a_signal_ends_nothing(void **state)
{
    static const int again[] = {EINTR, EAGAIN};
    (void)state;

    peer.replies[0] = "HTTP/1.1 200 OK\r\n\r\n";
    for (size_t i = 0; i < COUNT_OF(again); i++) {
        n_got = 0;
        recv_error = again[i];
        ask(peer.port, 2000);
        assert_int_equal(got.outcome, OUTCOME_OK);
        assert_int_equal(recv_error, 0);
    }
}

/* The greeting, and then the question. */
static void what_cannot_be_sent_to_a_socks_proxy(void **state)
{
    (void)state;
    socks = true;
    peer.speaks = PEER_AFTER_BYTES;
    peer.replies[0] = "\5\0";
    peer.reply_bytes = 2;
    for (int i = 0; i < 2; i++) {
        n_got = 0;
        n_sends_before = i;
        send_error = EPERM;
        ask(peer.port, 2000);
        assert_int_equal(got.failure, FAILURE_NOT_PERMITTED);
        assert_int_equal(got.os_error, EPERM);
        assert_int_equal(send_error, 0);
    }
    socks = false;
}

static void silence_is_a_timeout(void **state)
{
    (void)state;
    peer.replies[0] = "";
    ask(peer.port, 30);
    assert_int_equal(got.failure, FAILURE_TIMEOUT);
    assert_int_equal(got.os_error, 0);
    assert_true(got.took_ms >= 30);
    n_got = 0;
    peer.replies[0] = "HTTP/1.1 2";
    ask(peer.port, 30);
    assert_int_equal(got.failure, FAILURE_TIMEOUT);
}

static void keeps_no_memory(void **state)
{
    enum { TIMES = 20 };
    size_t before = 0;
    (void)state;

    peer.replies[0] = "HTTP/1.1 403 No\r\n\r\n";
    peer.then = PEER_CLOSES;
    for (int i = 0; i < TIMES; i++) {
        n_got = 0;
        ask(peer.port, 2000);
        if (i == TIMES / 2)
            before = mallinfo2().uordblks;
    }
    assert_true(mallinfo2().uordblks < before + MAX_HEAD_BYTES);
}

static void a_loop_that_ends_calls_nobody_back(void **state)
{
    const struct tunnel tunnel = {.address = "127.0.0.1",
                                  .port = peer.port,
                                  .host = "ssm.us-east-1.amazonaws.com",
                                  .host_port = 443,
                                  .connect_timeout_ms = 2000,
                                  .answer_timeout_ms = 2000};
    (void)state;

    assert_true(tunnel_ask(loop, &tunnel, keep, &peer));
    /* tear_down frees the loop; AddressSanitizer says whether all of it is */
    assert_int_equal(n_got, 0);
}

static void a_host_that_could_break_the_line_is_not_asked_for(void **state)
{
    const struct tunnel tunnel = {.address = "127.0.0.1", .port = peer.port, .host = "a\r\nX: y"};
    (void)state;

    assert_false(tunnel_ask(loop, &tunnel, keep, &peer));
}

static void a_host_that_is_too_long_is_not_asked_for(void **state)
{
    static char host[2 * HOST_SIZE + 96];
    struct tunnel tunnel = {.address = "127.0.0.1", .port = peer.port, .host = host};
    (void)state;

    memset(host, 'a', sizeof(host) - 1);
    assert_false(tunnel_ask(loop, &tunnel, keep, &peer));
    host[256] = '\0'; /* its length is told in one byte */
    tunnel.socks = true;
    assert_false(tunnel_ask(loop, &tunnel, keep, &peer));
    host[255] = '\0';
    assert_true(tunnel_ask(loop, &tunnel, keep, &peer));
}

/* The words of one that does not wait for what it is asked. */
static void a_socks_proxy_is_asked_by_name(void **state)
{
    static const struct {
        const char *says;
        size_t n;
        enum failure failure;
        int32_t status;
        const char *detail;
    } rows[] = {
        {"\5\0\5\0\0\1\0\0\0\0\0\0", 12, FAILURE_NONE, 0, ""},
        {"\5\0\5\2\0\1\0\0\0\0\0\0", 12, FAILURE_PROXY, 0, "SOCKS5: its rules forbid it"},
        {"\5\0\5\5", 4, FAILURE_PROXY, 0, "SOCKS5: reply 5"},
        {"\5\0\5\377", 4, FAILURE_PROXY, 0, "SOCKS5: reply 255"},
        {"\5\377", 2, FAILURE_PROXY, 407, "SOCKS5: it wants a login"},
        {"HTTP/1.1 400 Bad Request\r\n\r\n", 28, FAILURE_MALFORMED, 0, "it speaks no SOCKS5"},
        {"\5\0\5\0\0\1", 6, FAILURE_CLOSED, 0, ""},
    };

    socks = true;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (i > 0)
            (void)set_up(state);
        peer.speaks = PEER_AFTER_BYTES;
        peer.then = rows[i].failure == FAILURE_CLOSED ? PEER_CLOSES : PEER_STAYS;
        peer.replies[0] = rows[i].says;
        peer.reply_bytes = rows[i].n;
        ask(peer.port, 2000);
        assert_int_equal(got.failure, rows[i].failure);
        assert_int_equal(got_status, rows[i].status);
        assert_int_equal(got.os_error, 0);
        assert_string_equal(got.detail, rows[i].detail);
        assert_memory_equal(peer.seen, "\5\1", 3);
        if (i + 1 < COUNT_OF(rows))
            (void)tear_down(state);
    }
    (void)tear_down(state);
    (void)set_up(state);
    peer.speaks = PEER_AFTER_BYTES;
    peer.replies[0] = "\5\0"; /* to the request too, of which more would follow */
    peer.reply_bytes = 2;
    ask(peer.port, 50);
    assert_int_equal(got.failure, FAILURE_TIMEOUT);
    assert_memory_equal(peer.seen, "\5\1\0\3\33ssm.us-east-1.amazonaws.com\1\273", 34);
    socks = false;
}

static void words_of_socks(void **state)
{
    static const struct {
        const char *says;
        size_t n;
        bool asked;
        int32_t said;
    } rows[] = {
        {"", 0, false, SOCKS_MORE},
        {"\5", 1, false, SOCKS_MORE},
        {"\5\0", 2, false, SOCKS_OK},
        {"\5\2", 2, false, SOCKS_LOGIN},
        {"\4\0", 2, false, SOCKS_MALFORMED},
        {"\5\0\5", 3, true, SOCKS_MORE},
        {"\5\0\4\0", 4, true, SOCKS_MALFORMED},
        {"\5\0\5\0\0\1", 6, true, SOCKS_MORE},
        {"\5\0\5\0\0\2", 6, true, SOCKS_MORE},
        {"\5\0\5\0\0\2\0", 7, true, SOCKS_MALFORMED},
        {"\5\0\5\0\0\1\0\0\0\0\0", 11, true, SOCKS_MORE},
        {"\5\0\5\0\0\1\0\0\0\0\0\0", 12, true, SOCKS_OK},
        {"\5\0\5\0\0\3\1a\0\0", 10, true, SOCKS_OK},
        {"\5\0\5\0\0\3\2a\0\0", 10, true, SOCKS_MORE},
        {"\5\0\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, true, SOCKS_OK},
        {"\5\0\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 23, true, SOCKS_MORE},
        {"\5\0\5\0\1\1\0\0\0\0\0\0", 12, true, SOCKS_MALFORMED},
        {"\5\0\5\0\0\2\0\0\0\0\0\0", 12, true, SOCKS_MALFORMED},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (tunnel_read_socks(rows[i].says, rows[i].n, rows[i].asked) != rows[i].said)
            fail_msg("row %zu", i);
}

static void status_lines(void **state)
{
    (void)state;
    assert_int_equal(tunnel_read_status("HTTP/1.1 407 Proxy Authentication Required"), 407);
    assert_int_equal(tunnel_read_status("HTTP/1.0 200"), 200);
    assert_int_equal(tunnel_read_status("HTTP/1.1 418 I'm a teapot"), 418);
    assert_int_equal(tunnel_read_status("HTTP/1.1 x18"), 0);
    assert_int_equal(tunnel_read_status("HTTP/1.1 2000"), 0);
    assert_int_equal(tunnel_read_status("HTTP/1.10 200"), 0);
    assert_int_equal(tunnel_read_status("HTTP/1.x 200"), 0);
    assert_int_equal(tunnel_read_status("HTTP/1.1 20"), 0);
    assert_int_equal(tunnel_read_status("HTTP/2 200"), 0);
    assert_int_equal(tunnel_read_status("HTTP/1."), 0);
    assert_int_equal(tunnel_read_status(""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(asks_for_the_host_and_sends_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_login_is_shown_and_nothing_is_quoted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_http_is_not_quoted_after_a_login, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(lines_that_end_without_a_return_are_taken, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_success_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_least_status_is_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_is_quoted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_http_is_malformed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_peer_that_closes_or_is_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(silence_is_a_timeout, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_no_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_loop_that_ends_calls_nobody_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_host_that_could_break_the_line_is_not_asked_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_socks_proxy_is_asked_by_name, set_up, tear_down),
        cmocka_unit_test(words_of_socks),
        cmocka_unit_test(status_lines),
        cmocka_unit_test_setup_teardown(a_head_that_does_not_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_proxy_that_resets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_signal_ends_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_sent_to_a_socks_proxy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_host_that_is_too_long_is_not_asked_for, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
