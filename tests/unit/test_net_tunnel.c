/* SPDX-License-Identifier: Apache-2.0
 *
 * CONNECT, against a proxy that opens the way, forbids it, babbles, closes, or says nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/loop.h"
#include "net/tunnel.h"
#include "net_peer.h"

static struct loop *loop;
static struct peer peer;
static struct step got;
static int32_t got_status;
static int n_got;
static const char *basic;

static void keep(void *arg, const struct step *step, int32_t status, int fd)
{
    (void)arg;
    assert_int_equal(fd >= 0, step->outcome == OUTCOME_OK);
    if (fd >= 0)
        close(fd);
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
                                  .basic = basic};
    int64_t began_us = loop_clock_us(loop);

    assert_true(tunnel_ask(loop, &tunnel, keep, NULL));
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
    n_got = 0;
    ask(peer_closed_port(), 2000);
    assert_int_equal(got.failure, FAILURE_REFUSED);
}

static void silence_is_a_timeout(void **state)
{
    (void)state;
    peer.replies[0] = "";
    ask(peer.port, 30);
    assert_int_equal(got.failure, FAILURE_TIMEOUT);
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

    assert_true(tunnel_ask(loop, &tunnel, keep, NULL));
    /* tear_down frees the loop; AddressSanitizer says whether all of it is */
    assert_int_equal(n_got, 0);
}

static void a_host_that_could_break_the_line_is_not_asked_for(void **state)
{
    const struct tunnel tunnel = {.address = "127.0.0.1", .port = peer.port, .host = "a\r\nX: y"};
    (void)state;

    assert_false(tunnel_ask(loop, &tunnel, keep, NULL));
}

static void status_lines(void **state)
{
    (void)state;
    assert_int_equal(tunnel_read_status("HTTP/1.1 407 Proxy Authentication Required"), 407);
    assert_int_equal(tunnel_read_status("HTTP/1.0 200"), 200);
    assert_int_equal(tunnel_read_status("HTTP/1.1 2000"), 0);
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
        cmocka_unit_test_setup_teardown(a_refusal_is_quoted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_http_is_malformed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_peer_that_closes_or_is_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(silence_is_a_timeout, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_loop_that_ends_calls_nobody_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_host_that_could_break_the_line_is_not_asked_for, set_up,
                                        tear_down),
        cmocka_unit_test(status_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
