/* SPDX-License-Identifier: Apache-2.0
 *
 * A server on loopback whose packets have one hop left, or two: the kernel's own counting.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/hops.h"
#include "net_peer.h"

static const char request[] = "PUT /latest/api/token HTTP/1.1\r\nContent-Length: 0\r\n\r\n";
static struct loop *loop;
static struct peer peer;

static int set_up(void **state)
{
    (void)state;
    loop = loop_new();
    memset(&peer, 0, sizeof(peer));
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    loop_free(loop);
    return 0;
}

static void nothing(void *arg)
{
    (void)arg;
}

/* Turns the loop until it is known, or for as long as nothing is expected to become known. */
static enum hops_answer ask(const char *address, uint16_t port, int64_t for_ms)
{
    int64_t until_ms = clock_monotonic_ms() + for_ms;
    struct hops *hops = hops_ask(loop, address, port, request);
    enum hops_answer answer = HOPS_UNKNOWN;

    assert_non_null(hops);
    assert_int_equal(hops_read(hops), HOPS_UNKNOWN);
    while (answer == HOPS_UNKNOWN && clock_monotonic_ms() < until_ms) {
        assert_non_null(loop_after(loop, 1, nothing, NULL));
        (void)loop_run(loop, until_ms);
        answer = hops_read(hops);
    }
    hops_free(hops);
    return answer;
}

static void answer_with(int level, int option, int hops)
{
    peer.replies[0] = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nAQAEAtok";
    assert_int_equal(setsockopt(peer.listener, level, option, &hops, sizeof(hops)), 0);
}

static void an_answer_with_one_hop_left_is_told(void **state)
{
    (void)state;
    peer_open(&peer, loop);
    answer_with(IPPROTO_IP, IP_TTL, 1);
    assert_int_equal(ask("127.0.0.1", peer.port, 5000), HOPS_NONE);
    assert_int_equal(peer.n_requests, 1);
    peer_close(&peer, false);
}

static void an_answer_with_two_is_told_too(void **state)
{
    (void)state;
    peer_open(&peer, loop);
    answer_with(IPPROTO_IP, IP_TTL, 2);
    assert_int_equal(ask("127.0.0.1", peer.port, 5000), HOPS_SPARE);
    peer_close(&peer, false);
}

static void over_ipv6_by_its_hop_limit(void **state)
{
    (void)state;
    if (!peer_open_ipv6(&peer, loop))
        skip();
    answer_with(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 1);
    assert_int_equal(ask("::1", peer.port, 5000), HOPS_NONE);
    answer_with(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 2);
    assert_int_equal(ask("::1", peer.port, 5000), HOPS_SPARE);
    peer_close(&peer, false);
}

/* Slow, closed, or no HTTP: nothing is concluded. */
static void silence_alone_says_nothing(void **state)
{
    (void)state;
    assert_int_equal(ask("127.0.0.1", peer_closed_port(), 50), HOPS_UNKNOWN);
    peer_open(&peer, loop);
    assert_int_equal(ask("127.0.0.1", peer.port, 50), HOPS_UNKNOWN);
    peer.replies[0] = "SSH-2.0-OpenSSH_9.2p1\r\n";
    assert_int_equal(ask("127.0.0.1", peer.port, 50), HOPS_UNKNOWN);
    peer.then = PEER_CLOSES;
    peer.replies[0] = "x";
    assert_int_equal(ask("127.0.0.1", peer.port, 50), HOPS_UNKNOWN);
    peer_close(&peer, false);
}

/* The loop has nothing to do when only this is under way. */
static void nobody_waits_for_it(void **state)
{
    struct hops *hops;
    (void)state;

    peer_open(&peer, loop);
    hops = hops_ask(loop, "127.0.0.1", peer.port, request);
    assert_non_null(hops);
    peer_close(&peer, false);
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 5000), LOOP_IDLE);
    assert_int_equal(hops_read(hops), HOPS_UNKNOWN);
    hops_free(hops);
    assert_null(hops_ask(loop, "no address", 80, request));
    assert_int_equal(hops_read(NULL), HOPS_UNKNOWN);
    hops_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_with_one_hop_left_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_with_two_is_told_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(over_ipv6_by_its_hop_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(silence_alone_says_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_waits_for_it, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
