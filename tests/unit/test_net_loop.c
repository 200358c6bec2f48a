/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop by itself: what fires when, and that a callback may end anything. The Makefile has poll(2) and the clock wrapped.
 */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "net/dial.h"
#include "net/dns.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/tunnel.h"
#include "net_peer.h"

static struct loop *loop;
static char order[32];
static int pipe_ends[2];
static struct watch *watches[2];
static struct timer *timers[2];

/* --- a clock that goes on while poll(2) waits alone --- */

static int64_t own_us;  /* 0: it is the machine's */
static int64_t late_us; /* each wait is longer by so much */
static int poll_error;  /* of the next */
static int waited_ms[8];
static size_t n_waits;
static nfds_t n_polled; /* by the last */

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
int64_t __real_clock_monotonic_us(void);
int64_t __wrap_clock_monotonic_us(void);
int64_t __wrap_clock_monotonic_us(void)
{
    return own_us > 0 ? own_us : __real_clock_monotonic_us();
}

int __real_poll(struct pollfd *polled, nfds_t n, int timeout_ms);
int __wrap_poll(struct pollfd *polled, nfds_t n, int timeout_ms);
int __wrap_poll(struct pollfd *polled, nfds_t n, int timeout_ms)
{
    if (own_us == 0)
        return __real_poll(polled, n, timeout_ms);
    assert_true(n_waits < COUNT_OF(waited_ms));
    waited_ms[n_waits++] = timeout_ms;
    n_polled = n;
    if (poll_error != 0) {
        errno = poll_error;
        poll_error = 0;
        return -1;
    }
    own_us += (int64_t)timeout_ms * 1000 + late_us;
    return __real_poll(polled, n, 0);
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

static int set_up(void **state)
{
    (void)state;
    own_us = late_us = 0;
    poll_error = 0;
    n_waits = 0;
    memset(order, 0, sizeof(order));
    loop = loop_new();
    return loop && socketpair(AF_UNIX, SOCK_STREAM, 0, pipe_ends) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    loop_free(loop);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    return 0;
}

/* What a callback notes when it is called, as its argument. */
static char letters[128];
#define LETTER(character) (&letters[character])

static void note(void *arg)
{
    size_t n = strlen(order);

    assert_true(n + 1 < sizeof(order));
    order[n] = (char)((char *)arg - letters);
}

static enum loop_end run(void)
{
    return loop_run(loop, clock_monotonic_ms() + 2000);
}

static void is_idle_when_empty(void **state)
{
    (void)state;
    assert_int_equal(loop_run(loop, INT64_MAX), LOOP_IDLE);
}

static void fires_timers_in_order(void **state)
{
    (void)state;
    assert_non_null(loop_after(loop, 100, note, LETTER('c')));
    assert_non_null(loop_after(loop, 1, note, LETTER('a')));
    assert_non_null(loop_after(loop, 1, note, LETTER('b')));
    assert_non_null(loop_after(loop, -5, note, LETTER('0')));
    assert_int_equal(run(), LOOP_IDLE);
    assert_string_equal(order, "0abc");
}

static void cancel_second(void *arg)
{
    note(arg);
    loop_cancel(timers[1]);
}

static void cancels_a_timer_that_is_due_in_the_same_turn(void **state)
{
    (void)state;
    timers[0] = loop_after(loop, 0, cancel_second, LETTER('a'));
    timers[1] = loop_after(loop, 0, note, LETTER('b'));
    assert_int_equal(run(), LOOP_IDLE);
    assert_string_equal(order, "a");
    loop_cancel(NULL);
}

static void start_another(void *arg)
{
    note(arg);
    loop_after(loop, 0, note, LETTER('z'));
    (void)!write(pipe_ends[1], "x", 1);
}

static void on_ready(void *arg, short events)
{
    char byte;

    assert_true((events & POLLIN) != 0);
    (void)!read(pipe_ends[0], &byte, 1);
    note(arg);
    loop_unwatch(watches[0]);
}

static void starts_the_next_turn_with_what_is_ready(void **state)
{
    (void)state;
    /* The timer that another one starts waits for the next turn, where sockets go first. */
    watches[0] = loop_watch(loop, pipe_ends[0], POLLIN, false, on_ready, LETTER('r'));
    loop_after(loop, 0, start_another, LETTER('a'));
    assert_int_equal(run(), LOOP_IDLE);
    assert_string_equal(order, "arz");
}

static void unwatch_the_other(void *arg, short events)
{
    (void)events;
    note(arg);
    loop_unwatch(watches[0]);
    loop_unwatch(watches[1]);
}

static void unwatches_what_is_ready_in_the_same_turn(void **state)
{
    (void)state;
    (void)!write(pipe_ends[0], "x", 1);
    (void)!write(pipe_ends[1], "x", 1);
    watches[0] = loop_watch(loop, pipe_ends[0], POLLIN, false, unwatch_the_other, LETTER('w'));
    watches[1] = loop_watch(loop, pipe_ends[1], POLLIN, false, unwatch_the_other, LETTER('w'));
    assert_int_equal(run(), LOOP_IDLE);
    assert_string_equal(order, "w");
    loop_unwatch(NULL);
}

static void add_many(void *arg, short events)
{
    char byte;

    (void)events;
    note(arg);
    (void)!read(pipe_ends[0], &byte, 1);
    loop_unwatch(watches[0]);
    for (int i = 0; i < 200; i++)
        assert_non_null(loop_watch(loop, pipe_ends[0], POLLIN, true, add_many, LETTER('!')));
}

static void grows_while_it_calls_back(void **state)
{
    (void)state;
    (void)!write(pipe_ends[1], "x", 1);
    watches[0] = loop_watch(loop, pipe_ends[0], POLLIN, false, add_many, LETTER('w'));
    assert_int_equal(run(), LOOP_IDLE);
    assert_string_equal(order, "w");
}

static void is_idle_with_background_watches(void **state)
{
    (void)state;
    assert_non_null(loop_watch(loop, pipe_ends[0], POLLIN, true, on_ready, LETTER('r')));
    assert_int_equal(loop_run(loop, INT64_MAX), LOOP_IDLE);
}

static void stop(void *arg)
{
    note(arg);
    loop_stop(loop);
}

static void stops_and_goes_on(void **state)
{
    (void)state;
    loop_after(loop, 0, stop, LETTER('s'));
    loop_after(loop, 5, note, LETTER('t'));
    assert_int_equal(run(), LOOP_STOPPED);
    assert_string_equal(order, "s");
    assert_int_equal(run(), LOOP_IDLE);
    assert_string_equal(order, "st");
}

static void ends_at_the_deadline(void **state)
{
    (void)state;
    loop_after(loop, 60000, note, LETTER('t'));
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 5), LOOP_DEADLINE);
    assert_int_equal(loop_run(loop, 0), LOOP_DEADLINE);
    assert_string_equal(order, "");
}

/* More descriptors than the process may have: poll(2), EINVAL. */
static void ends_when_it_cannot_wait(void **state)
{
    struct rlimit usual;
    (void)state;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    for (int i = 0; i < 10; i++)
        loop_watch(loop, pipe_ends[0], POLLIN, false, on_ready, LETTER('r'));
    const struct rlimit few = {.rlim_cur = 5, .rlim_max = usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    enum loop_end end = run();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_int_equal(end, LOOP_FAILED);
}

static int64_t first_now_ms;

static void look_at_now(void *arg)
{
    note(arg);
    if (first_now_ms == 0) {
        first_now_ms = loop_now_ms(loop);
        int64_t until_ms = clock_monotonic_ms() + 3;
        while (clock_monotonic_ms() < until_ms) {}
    }
    assert_int_equal(loop_now_ms(loop), first_now_ms);
}

static void has_one_now_a_turn(void **state)
{
    (void)state;
    first_now_ms = 0;
    loop_after(loop, 0, look_at_now, LETTER('a'));
    loop_after(loop, 0, look_at_now, LETTER('b'));
    assert_int_equal(run(), LOOP_IDLE);
    assert_string_equal(order, "ab");
}

/* --- freed from inside --- */

static void free_loop(void *arg)
{
    note(arg);
    loop_free(loop);
    loop = NULL;
}

static void free_loop_from_watch(void *arg, short events)
{
    (void)events;
    free_loop(arg);
}

static void may_be_freed_by_a_timer(void **state)
{
    (void)state;
    loop_after(loop, 0, free_loop, LETTER('f'));
    loop_after(loop, 0, note, LETTER('n'));
    assert_int_equal(run(), LOOP_STOPPED);
    assert_string_equal(order, "f");
}

static void may_be_freed_by_a_watch(void **state)
{
    (void)state;
    (void)!write(pipe_ends[0], "x", 1);
    (void)!write(pipe_ends[1], "x", 1);
    loop_watch(loop, pipe_ends[0], POLLIN, false, free_loop_from_watch, LETTER('f'));
    loop_watch(loop, pipe_ends[1], POLLIN, false, free_loop_from_watch, LETTER('f'));
    loop_after(loop, 0, note, LETTER('n'));
    assert_int_equal(run(), LOOP_STOPPED);
    assert_string_equal(order, "f");
}

static void dialled_then_free(void *arg, const struct dialled *dialled)
{
    if (dialled->fd >= 0)
        close(dialled->fd);
    free_loop(arg);
}

static void answered_then_free(void *arg, const struct dns_answer *answer)
{
    (void)answer;
    free_loop(arg);
}

static void replied_then_free(void *arg, const struct http_reply *reply)
{
    free_loop(arg);
    assert_string_equal(reply->body, "");
}

static void may_be_freed_by_every_exchange(void **state)
{
    uint16_t port = peer_closed_port();
    char server[32];
    (void)state;

    struct dial dial = {.address = "127.0.0.1", .port = port, .timeout_ms = 200};
    dial_start(loop, &dial, dialled_then_free, LETTER('d'));
    assert_int_equal(run(), LOOP_STOPPED);

    loop = loop_new();
    snprintf(server, sizeof(server), "127.0.0.1:%u", port);
    struct dns_question question = {.name = "a.test", .server = server, .timeout_ms = 200};
    assert_true(dns_ask(loop, &question, answered_then_free, LETTER('n')));
    assert_int_equal(run(), LOOP_STOPPED);

    loop = loop_new();
    struct http_request request = {.method = "GET",
                                   .host = "a.test",
                                   .address = "127.0.0.1",
                                   .port = port,
                                   .fd = -1,
                                   .path = "/",
                                   .timeout_ms = 200};
    assert_true(http_start(loop, &request, replied_then_free, LETTER('h')));
    assert_true(http_start(loop, &request, replied_then_free, LETTER('h')));
    assert_int_equal(run(), LOOP_STOPPED);
    assert_string_equal(order, "dnh");
}

static void unexpected_dial(void *arg, const struct dialled *dialled)
{
    (void)arg;
    (void)dialled;
    fail_msg("a freed loop called back");
}

static void unexpected_answer(void *arg, const struct dns_answer *answer)
{
    (void)arg;
    (void)answer;
    fail_msg("a freed loop called back");
}

static void unexpected_reply(void *arg, const struct http_reply *reply)
{
    (void)arg;
    (void)reply;
    fail_msg("a freed loop called back");
}

static void ends_what_is_under_way_without_calling_back(void **state)
{
    struct peer peer;
    char server[32];
    (void)state;

    peer_open(&peer, loop); /* never answers: the script is empty */
    snprintf(server, sizeof(server), "127.0.0.1:%u", peer_closed_port());
    struct dial dial = {.address = "127.0.0.1", .port = peer.port, .timeout_ms = 60000};
    struct dns_question question = {.name = "a.test", .server = server, .timeout_ms = 60000};
    struct http_request request = {.method = "GET",
                                   .host = "a.test",
                                   .address = "127.0.0.1",
                                   .port = peer.port,
                                   .fd = -1,
                                   .path = "/",
                                   .timeout_ms = 60000};
    assert_true(http_start(loop, &request, unexpected_reply, NULL));
    while (peer.n_requests == 0)
        assert_int_equal(loop_run(loop, clock_monotonic_ms() + 5), LOOP_DEADLINE);
    assert_true(http_start(loop, &request, unexpected_reply, NULL));
    dial_start(loop, &dial, unexpected_dial, NULL);
    assert_true(dns_ask(loop, &question, unexpected_answer, NULL));
    loop_free(loop);
    loop = NULL;
    peer_close(&peer, true);
    loop_free(NULL);
}

static void unexpected_tunnel(void *arg, const struct step *step, int32_t status, int fd)
{
    (void)arg;
    (void)step;
    (void)status;
    (void)fd;
    fail_msg("a freed loop called back");
}

/* One of each kind, to a peer that says what it was told to say. */
static struct {
    struct dial dial;
    struct dns_question question;
    struct http_request request;
    struct tunnel tunnel;
} each;
static char nobody[32]; /* as a server */

static void make_each(const struct peer *peer, int32_t timeout_ms, const void *owner)
{
    snprintf(nobody, sizeof(nobody), "127.0.0.1:%u", peer_closed_port());
    each.dial = (struct dial){
        .address = "127.0.0.1", .port = peer->port, .timeout_ms = timeout_ms, .owner = owner};
    each.question = (struct dns_question){
        .name = "a.test", .server = nobody, .timeout_ms = timeout_ms, .owner = owner};
    each.request = (struct http_request){.method = "GET",
                                         .host = "a.test",
                                         .address = "127.0.0.1",
                                         .port = peer->port,
                                         .fd = -1,
                                         .path = "/",
                                         .timeout_ms = timeout_ms,
                                         .owner = owner};
    each.tunnel = (struct tunnel){.address = "127.0.0.1",
                                  .port = peer->port,
                                  .host = "a.test",
                                  .host_port = 443,
                                  .connect_timeout_ms = timeout_ms,
                                  .answer_timeout_ms = timeout_ms,
                                  .owner = owner};
}

static void ends_what_is_for_one_owner(void **state)
{
    static const char owner, other;
    struct peer peer;
    (void)state;

    peer_open(&peer, loop);
    make_each(&peer, 60000, &owner);
    dial_start(loop, &each.dial, unexpected_dial, NULL);
    assert_true(dns_ask(loop, &each.question, unexpected_answer, NULL));
    assert_true(http_start(loop, &each.request, unexpected_reply, NULL));
    assert_true(tunnel_ask(loop, &each.tunnel, unexpected_tunnel, NULL));
    loop_end_of(loop, &other);
    assert_int_equal(loop_run(loop, 0), LOOP_DEADLINE); /* there is still something to do */
    loop_end_of(loop, &owner);
    assert_int_equal(run(), LOOP_IDLE);
    peer_close(&peer, false);
}

static void waits_for_nothing_that_is_quiet(void **state)
{
    struct peer peer;
    (void)state;

    peer_open(&peer, loop);
    make_each(&peer, 60000, NULL);
    each.dial.quiet = each.request.quiet = true;
    dial_start(loop, &each.dial, unexpected_dial, NULL);
    assert_true(http_start(loop, &each.request, unexpected_reply, NULL));
    dns_do_not_wait(dns_ask(loop, &each.question, unexpected_answer, NULL));
    assert_int_equal(run(), LOOP_IDLE);
    peer_close(&peer, false);
}

static int n_ended;

static void dial_ended(void *arg, const struct dialled *dialled)
{
    (void)arg;
    assert_int_equal(dialled->step.outcome, OUTCOME_OK);
    close(dialled->fd);
    n_ended++;
}

static void request_ended(void *arg, const struct http_reply *reply)
{
    (void)arg;
    assert_int_equal(reply->step.outcome, OUTCOME_OK);
    n_ended++;
}

static void tunnel_ended(void *arg, const struct step *step, int32_t status, int fd)
{
    (void)arg;
    (void)step;
    assert_int_equal(status, 200);
    close(fd);
    n_ended++;
}

/* Nobody is called back when the time is over of what has ended long before. */
static void tells_an_end_once(void **state)
{
    enum { LIMIT_MS = 300 };
    struct peer peer;
    (void)state;

    n_ended = 0;
    peer_open(&peer, loop);
    peer.replies[0] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    make_each(&peer, LIMIT_MS, NULL);
    dial_start(loop, &each.dial, dial_ended, NULL);
    assert_true(http_start(loop, &each.request, request_ended, NULL));
    assert_true(tunnel_ask(loop, &each.tunnel, tunnel_ended, NULL));
    loop_after(loop, LIMIT_MS + 50, note, LETTER('n'));
    assert_int_equal(run(), LOOP_IDLE);
    assert_int_equal(n_ended, 3);
    assert_string_equal(order, "n");
    peer_close(&peer, false);
}

/* As a process does that is stopped, or gets no CPU: half a second in which it looks at no clock. */
static void pause_and_start(void *arg)
{
    int64_t until_ms = clock_monotonic_ms() + 500;

    note(arg);
    while (clock_monotonic_ms() < until_ms) {}
    loop_after(loop, 100, note, LETTER('c'));
}

static void gives_a_pause_back_to_the_timers(void **state)
{
    (void)state;
    loop_after(loop, 200, note, LETTER('b'));
    loop_after(loop, 0, pause_and_start, LETTER('a'));
    assert_int_equal(run(), LOOP_IDLE);
    assert_string_equal(order, "acb");
}

static void counts_a_pause_for_the_deadline(void **state)
{
    (void)state;
    loop_after(loop, 200, note, LETTER('b'));
    loop_after(loop, 0, pause_and_start, LETTER('a'));
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 400), LOOP_DEADLINE);
    assert_string_equal(order, "a");
}

static void keeps_nothing_of_what_is_over(void **state)
{
    enum { TIMES = 400 };
    size_t held = 0;
    (void)state;

    for (int i = 0; i < TIMES; i++) {
        loop_unwatch(loop_watch(loop, pipe_ends[0], POLLIN, false, on_ready, LETTER('r')));
        loop_cancel(loop_after(loop, 1000, note, LETTER('n')));
        loop_after(loop, 0, cancel_second, LETTER('\0'));
        timers[1] = NULL;
        assert_int_equal(run(), LOOP_IDLE);
        if (i == TIMES / 2)
            held = mallinfo2().uordblks;
    }
    assert_true(mallinfo2().uordblks < held + 1024);
}

static void keeps_nothing_of_itself(void **state)
{
    enum { TIMES = 40 };
    size_t held = 0;
    (void)state;

    for (int i = 0; i < TIMES; i++) {
        memset(order, 0, sizeof(order));
        loop_free(loop);
        loop = loop_new();
        loop_watch(loop, pipe_ends[0], POLLIN, true, on_ready, LETTER('r'));
        loop_after(loop, 0, note, LETTER('n'));
        assert_int_equal(run(), LOOP_IDLE);
        loop_free(loop);
        loop = loop_new();
        loop_after(loop, 0, free_loop, LETTER('f')); /* from inside */
        assert_int_equal(run(), LOOP_STOPPED);
        if (i == TIMES / 2)
            held = mallinfo2().uordblks;
    }
    assert_true(mallinfo2().uordblks < held + 256);
}

static void does_not_poll_what_is_not_watched_any_more(void **state)
{
    (void)state;
    (void)!write(pipe_ends[1], "xy", 2);
    watches[0] = loop_watch(loop, pipe_ends[0], POLLIN, false, on_ready, LETTER('r'));
    loop_after(loop, 150, note, LETTER('n'));
    assert_int_equal(loop_run(loop, INT64_MAX), LOOP_IDLE);
    assert_string_equal(order, "rn");
    assert_int_equal(n_polled, 0);
}

static void end_task(struct task *task)
{
    note(LETTER(task->owner == loop ? 'e' : '!'));
}

/* What has left may leave again, whatever happened to its neighbours meanwhile. */
static void a_task_may_leave_twice(void **state)
{
    struct task first = {.owner = loop}, second = {.owner = loop}, third = {.owner = loop};
    (void)state;

    loop_enter(loop, &first, end_task);
    loop_enter(loop, &second, end_task);
    loop_enter(loop, &third, end_task);
    loop_leave(&second);
    loop_leave(&first);
    loop_leave(&second);
    loop_end_of(loop, loop);
    assert_string_equal(order, "e");
    assert_int_equal(run(), LOOP_IDLE);
}

/* --- to the microsecond --- */

enum { BEGAN_US = 1000 * 1000 };

static int set_up_clock(void **state)
{
    int status = set_up(state);

    own_us = BEGAN_US;
    loop_free(loop);
    loop = loop_new();
    return status;
}

static int64_t noted_us; /* by the loop's clock */

static void note_now_and_stop(void *arg)
{
    noted_us = loop_now_us(loop);
    assert_int_equal(loop_now_ms(loop), noted_us / 1000);
    stop(arg);
}

static void a_loop_has_a_now_before_it_runs(void **state)
{
    (void)state;
    assert_int_equal(loop_now_us(loop), BEGAN_US);
}

/* Rounded up, since a turn too early would be in vain. */
static void waits_for_the_first_timer(void **state)
{
    static const struct {
        int64_t delay_us;
        size_t n_waits;
        int last_ms;
    } rows[] = {{-1, 1, 0},       {0, 1, 0},      {1, 1, 1},       {1000, 1, 1},   {1001, 1, 2},
                {100000, 1, 100}, {100001, 2, 1}, {250000, 3, 50}, {99001, 1, 100}};
    (void)state;

    loop_watch(loop, pipe_ends[0], POLLIN, false, on_ready, LETTER('r'));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t began_us = own_us;

        n_waits = 0;
        loop_after_quietly(loop, rows[i].delay_us, note_now_and_stop, LETTER('s'));
        assert_int_equal(loop_run(loop, own_us / 1000 + 5000), LOOP_STOPPED);
        if (n_waits != rows[i].n_waits || waited_ms[n_waits - 1] != rows[i].last_ms)
            fail_msg("row %zu: %zu waits, the last %d ms", i, n_waits, waited_ms[n_waits - 1]);
        assert_int_equal(noted_us, own_us);
        assert_true(noted_us >= began_us + rows[i].delay_us);
    }
}

static void waits_for_the_deadline(void **state)
{
    (void)state;
    own_us += 10 * 1000;
    int64_t began_us = own_us;
    loop_watch(loop, pipe_ends[0], POLLIN, false, on_ready, LETTER('r'));
    loop_after(loop, 251, note, LETTER('n'));
    assert_int_equal(loop_run(loop, own_us / 1000), LOOP_DEADLINE); /* by a look at the clock */
    assert_int_equal(n_waits, 0);
    assert_int_equal(loop_run(loop, own_us / 1000 + 250), LOOP_DEADLINE);
    assert_int_equal(n_waits, 3);
    assert_int_equal(waited_ms[2], 50);
    assert_int_equal(own_us, began_us + 250 * 1000);
    assert_string_equal(order, "");
    assert_int_equal(loop_run(loop, own_us / 1000 + 1), LOOP_DEADLINE);
    assert_int_equal(n_waits, 4);
    assert_string_equal(order, "n");
}

static void what_is_longer_than_any_work_was_a_pause(void **state)
{
    (void)state;
    own_us += 150000;
    assert_int_equal(loop_clock_us(loop), BEGAN_US + 150000);
    own_us += 150001;
    assert_int_equal(loop_clock_us(loop), BEGAN_US + 150000);
    own_us += 7;
    assert_int_equal(loop_clock_us(loop), BEGAN_US + 150007);
    own_us += 200000;
    assert_int_equal(loop_clock_us(loop), BEGAN_US + 150007);
}

static void what_is_waited_for_is_no_pause(void **state)
{
    (void)state;
    late_us = 150000;
    loop_after(loop, 50, note_now_and_stop, LETTER('a'));
    assert_int_equal(loop_run(loop, INT64_MAX), LOOP_STOPPED);
    assert_int_equal(noted_us, BEGAN_US + 200000);
    late_us = 150001;
    loop_after(loop, 50, note_now_and_stop, LETTER('b'));
    assert_int_equal(loop_run(loop, INT64_MAX), LOOP_STOPPED);
    assert_int_equal(noted_us, BEGAN_US + 250000);
}

/* The loop did not run: its timers go on. */
static void what_is_between_two_runs_is_no_pause(void **state)
{
    (void)state;
    loop_after(loop, 5000, note_now_and_stop, LETTER('a'));
    own_us += 10 * 1000 * 1000;
    assert_int_equal(loop_run(loop, INT64_MAX), LOOP_STOPPED);
    assert_int_equal(n_waits, 1);
    assert_int_equal(waited_ms[0], 0);
    assert_int_equal(noted_us, BEGAN_US + 10 * 1000 * 1000);
}

static void what_is_due_at_no_time_is_waited_for(void **state)
{
    (void)state;
    loop_after(loop, INT64_MAX, note, LETTER('x'));
    loop_after(loop, INT64_MAX / 1000 + 1, note, LETTER('y'));
    loop_after_quietly(loop, INT64_MAX, note, LETTER('z'));
    loop_after(loop, 10, note_now_and_stop, LETTER('a'));
    assert_int_equal(loop_run(loop, INT64_MAX / 1000 + 1), LOOP_STOPPED);
    assert_string_equal(order, "a");
    assert_int_equal(own_us, BEGAN_US + 10000);
}

static void a_signal_ends_no_wait(void **state)
{
    (void)state;
    poll_error = EINTR;
    loop_after(loop, 10, note, LETTER('a'));
    assert_int_equal(loop_run(loop, INT64_MAX), LOOP_IDLE);
    assert_int_equal(n_waits, 2);
    poll_error = ENOMEM;
    loop_after(loop, 10, note, LETTER('b'));
    assert_int_equal(loop_run(loop, INT64_MAX), LOOP_FAILED);
    assert_string_equal(order, "a");
}

static void what_was_tried_took_its_time(void **state)
{
    (void)state;
    assert_int_equal(loop_took_us(0), 1);
    assert_int_equal(loop_took_us(7), 7);
    assert_int_equal(loop_took_us((int64_t)INT32_MAX + 1), INT32_MAX);
    assert_int_equal(loop_took_ms(0), 1);
    assert_int_equal(loop_took_ms(1000), 1);
    assert_int_equal(loop_took_ms(1001), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(is_idle_when_empty),
        TEST(fires_timers_in_order),
        TEST(cancels_a_timer_that_is_due_in_the_same_turn),
        TEST(starts_the_next_turn_with_what_is_ready),
        TEST(unwatches_what_is_ready_in_the_same_turn),
        TEST(grows_while_it_calls_back),
        TEST(is_idle_with_background_watches),
        TEST(stops_and_goes_on),
        TEST(ends_at_the_deadline),
        TEST(ends_when_it_cannot_wait),
        TEST(has_one_now_a_turn),
        TEST(gives_a_pause_back_to_the_timers),
        TEST(counts_a_pause_for_the_deadline),
        TEST(may_be_freed_by_a_timer),
        TEST(may_be_freed_by_a_watch),
        TEST(may_be_freed_by_every_exchange),
        TEST(ends_what_is_under_way_without_calling_back),
        TEST(ends_what_is_for_one_owner),
        TEST(waits_for_nothing_that_is_quiet),
        TEST(tells_an_end_once),
        cmocka_unit_test_setup_teardown(a_loop_has_a_now_before_it_runs, set_up_clock, tear_down),
        TEST(keeps_nothing_of_what_is_over),
        TEST(keeps_nothing_of_itself),
        TEST(a_task_may_leave_twice),
        cmocka_unit_test_setup_teardown(does_not_poll_what_is_not_watched_any_more, set_up_clock,
                                        tear_down),
        cmocka_unit_test_setup_teardown(waits_for_the_first_timer, set_up_clock, tear_down),
        cmocka_unit_test_setup_teardown(waits_for_the_deadline, set_up_clock, tear_down),
        cmocka_unit_test_setup_teardown(what_is_longer_than_any_work_was_a_pause, set_up_clock,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_waited_for_is_no_pause, set_up_clock, tear_down),
        cmocka_unit_test_setup_teardown(what_is_between_two_runs_is_no_pause, set_up_clock,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_due_at_no_time_is_waited_for, set_up_clock,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_signal_ends_no_wait, set_up_clock, tear_down),
        TEST(what_was_tried_took_its_time),
    };
    return cmocka_run_group_tests_name("net_loop", tests, NULL, NULL);
}
