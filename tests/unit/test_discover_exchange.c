/* SPDX-License-Identifier: Apache-2.0
 *
 * What is dialled and sent to IMDS, when, and what each answer makes of it: connecting twice, the token, the second
 * opinion on its silence, sockets opened ahead, what is asked once more, and the queue. The network is played.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "discover/imds.h"
#include "net/dial.h"
#include "net/http.h"

enum { MAX_CALLS = 64 };

static struct call {
    struct dial dial;
    dial_done *done;
    void *arg;
} dials[MAX_CALLS];

static struct sent {
    char method[8], path[128], header[128];
    struct http_request request;
    http_done *done;
    void *arg;
} sent[MAX_CALLS];

static struct timer {
    int64_t after_us;
    void (*fire)(void *arg);
    void *arg;
} timers[MAX_CALLS];

static int n_dials, n_sent, n_timers, n_opened, fails_from; /* of http_start() */
static bool ends_at_next_hop;

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
void __wrap_dial_start(struct loop *loop, const struct dial *dial, dial_done *done, void *arg);
bool __wrap_http_start(struct loop *loop, const struct http_request *request, http_done *done,
                       void *arg);
struct timer *__wrap_loop_after_quietly(struct loop *loop, int64_t delay_us,
                                        void (*fire)(void *arg), void *arg);
void __wrap_loop_cancel(struct timer *timer);
bool __wrap_route_ends_at_next_hop(const char *address, uint16_t port);
void __wrap_explicit_bzero(void *bytes, size_t n);
void __wrap___explicit_bzero_chk(void *bytes, size_t n, size_t size); /* with _FORTIFY_SOURCE */

static char wiped[256];

void __wrap_explicit_bzero(void *bytes, size_t n)
{
    (void)text_set(wiped, sizeof(wiped), "%.*s", (int)n, (char *)bytes);
    memset(bytes, 0, n);
}

void __wrap___explicit_bzero_chk(void *bytes, size_t n, size_t size)
{
    (void)size;
    __wrap_explicit_bzero(bytes, n);
}

bool __wrap_route_ends_at_next_hop(const char *address, uint16_t port)
{
    assert_string_equal(address, "169.254.169.254");
    assert_int_equal(port, 80);
    return ends_at_next_hop;
}

void __wrap_dial_start(struct loop *loop, const struct dial *dial, dial_done *done, void *arg)
{
    (void)loop;
    assert_string_equal(dial->address, "169.254.169.254");
    assert_int_equal(dial->port, 80);
    dials[n_dials++] = (struct call){*dial, done, arg};
}

bool __wrap_http_start(struct loop *loop, const struct http_request *request, http_done *done,
                       void *arg)
{
    (void)loop;
    if (n_sent >= fails_from) {
        if (request->fd >= 0)
            (void)close(request->fd);
        return false;
    }
    struct sent *to = &sent[n_sent++];
    *to = (struct sent){.request = *request, .done = done, .arg = arg};
    (void)text_set(to->method, sizeof(to->method), "%s", request->method);
    (void)text_set(to->path, sizeof(to->path), "%s", request->path);
    (void)text_set(to->header, sizeof(to->header), "%s",
                   request->headers && request->headers[0] ? request->headers[0] : "");
    assert_true(request->alone && !request->tls && request->port == 80);
    return true;
}

struct timer *__wrap_loop_after_quietly(struct loop *loop, int64_t delay_us,
                                        void (*fire)(void *arg), void *arg)
{
    (void)loop;
    timers[n_timers] = (struct timer){delay_us, fire, arg};
    return &timers[n_timers++];
}

void __wrap_loop_cancel(struct timer *timer)
{
    if (timer)
        timer->fire = NULL;
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

static struct imds_facts facts;
static struct clock_facts clock_facts;
static struct imds *imds;

static void opened(void *arg)
{
    assert_ptr_equal(arg, &facts);
    n_opened++;
}

static void open_it(int n_first, bool again)
{
    const struct imds_open open = {
        {"169.254.169.254", 80}, &facts, &clock_facts, n_first, again, opened, &facts};
    imds_free(imds);
    memset(&facts, 0, sizeof(facts));
    memset(&clock_facts, 0, sizeof(clock_facts));
    n_dials = n_sent = n_timers = n_opened = 0;
    imds = imds_open(NULL, &open);
}

static int start(void **state)
{
    (void)state;
    fails_from = MAX_CALLS;
    ends_at_next_hop = false;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    imds_free(imds);
    imds = NULL;
    return 0;
}

/* -1 where it failed; else a descriptor that somebody must close. */
static int dialled(int i, enum failure failure)
{
    int fd = failure == FAILURE_NONE ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
    struct dialled came = {.fd = fd, .local_address = "10.0.1.5"};
    if (failure == FAILURE_NONE)
        step_ok(&came.step, 3);
    else
        step_fail(&came.step, failure, 1500 + i);
    dials[i].done(dials[i].arg, &came);
    return fd;
}

static const char *token_ttl = "300";

static void answered(int i, int32_t status, const char *body, int32_t took_ms)
{
    struct http_reply reply = {.body = body, .body_bytes = strlen(body), .took_us = took_ms * 1000};
    step_ok(&reply.step, took_ms);
    reply.head.status = status;
    reply.head.has_date = true;
    reply.head.clock_offset_ms = 400;
    (void)text_set(reply.head.server, sizeof(reply.head.server), "EC2ws");
    (void)text_set(reply.token_ttl, sizeof(reply.token_ttl), "%s", token_ttl);
    sent[i].done(sent[i].arg, &reply);
}

static void failed(int i, enum failure failure)
{
    struct http_reply reply = {.body = ""};
    step_fail(&reply.step, failure, 700 + i);
    sent[i].done(sent[i].arg, &reply);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* What http took over is its to close. */
static void drop(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

static void fire(int i)
{
    void (*fires)(void *arg) = timers[i].fire;
    assert_non_null(fires);
    timers[i].fire = NULL;
    fires(timers[i].arg);
}

#define TOKEN "AQAEAtoken-of-a-test=="

static void a_token_opens_it(void **state)
{
    (void)state;
    open_it(2, false);
    assert_int_equal(n_dials, 1);
    assert_int_equal(dials[0].dial.timeout_ms, IMDS_CONNECT_TIMEOUT_MS + IMDS_AGAIN_MS);
    assert_true(timers[0].after_us == (int64_t)IMDS_AGAIN_MS * 1000);
    assert_string_equal(facts.address, "169.254.169.254");
    int fd = dialled(0, FAILURE_NONE);
    assert_null(timers[0].fire);
    assert_int_equal(facts.connect.outcome, OUTCOME_OK);
    assert_string_equal(imds_local_address(imds), "10.0.1.5");
    assert_int_equal(n_dials, 3); /* two ahead */
    assert_int_equal(n_sent, 1);
    assert_int_equal(sent[0].request.fd, fd);
    assert_int_equal(sent[0].request.timeout_ms, IMDS_ANSWER_TIMEOUT_MS);
    assert_string_equal(sent[0].method, "PUT");
    assert_string_equal(sent[0].path, "/latest/api/token");
    assert_string_equal(sent[0].header, "X-aws-ec2-metadata-token-ttl-seconds: 300");
    assert_true(timers[1].after_us == (int64_t)IMDS_DOUBT_MS * 1000);
    answered(0, 200, TOKEN, 4);
    assert_null(timers[1].fire);
    assert_int_equal(n_opened, 1);
    assert_int_equal(facts.token.outcome, OUTCOME_OK);
    assert_int_equal(facts.token_status, 200);
    assert_int_equal(facts.n_requests, 1);
    assert_int_equal(facts.fastest_ms, 7);
    assert_int_equal(facts.slowest_ms, 0);
    assert_string_equal(facts.server, "EC2ws");
    assert_int_equal(clock_facts.n_samples, 1);
    assert_int_equal(clock_facts.samples[0].offset_ms, 400);
    assert_int_equal(clock_facts.samples[0].error_ms, 1002);
    assert_string_equal(clock_facts.samples[0].source, "imds");
    drop(fd);
}

/* The agent's SDK takes none otherwise. */
static void a_token_comes_with_its_lifetime(void **state)
{
    static const char *const lifetimes[] = {"", "soon", "300 s", "-1"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(lifetimes); i++) {
        open_it(0, false);
        int fd = dialled(0, FAILURE_NONE);
        token_ttl = lifetimes[i];
        answered(0, 200, TOKEN, 4);
        token_ttl = "300";
        assert_int_equal(facts.token.failure, FAILURE_MALFORMED);
        assert_non_null(strstr(facts.token.detail, "token-ttl-seconds"));
        assert_string_equal(facts.body_start, "");
        drop(fd);
    }
}

static void what_is_no_token(void **state)
{
    static const struct {
        int32_t status;
        const char *body;
        enum failure failure;
        const char *start;
    } rows[] = {
        {200, "", FAILURE_MALFORMED, ""},
        {200, "short-7", FAILURE_MALFORMED, "short-7"},
        {200, "eight-8-", FAILURE_NONE, ""},
        {200, "<html>login", FAILURE_MALFORMED, "<html>login"},
        {200, "two words of it", FAILURE_MALFORMED, "two words of it"},
        {403, "forbidden!", FAILURE_FORBIDDEN, "forbidden!"},
        {403, "may-be-a-token", FAILURE_FORBIDDEN, ""},
        {200, "<p>0123456789abcdefghijklmnopqrstuv</p>", FAILURE_MALFORMED, ""},
        {200, "<0123456789abcdefghijklmnopqrstu", FAILURE_MALFORMED,
         "<0123456789abcdefghijklmnopqrstu"},
        {500, "<0123456789abcde-_=+/qrstuvwxyzA", FAILURE_SERVER_ERROR,
         "<0123456789abcde-_=+/qrstuvwxyzA"},
        {500, "<0123456789abcde-_=+/qrstuvwxyzAB", FAILURE_SERVER_ERROR, ""},
        {400, "", FAILURE_BAD_REQUEST, ""},
        {401, "", FAILURE_UNAUTHORIZED, ""},
        {404, "", FAILURE_NOT_FOUND, ""},
        {405, "", FAILURE_HTTP_STATUS, ""},
        {407, "", FAILURE_PROXY, ""},
        {429, "", FAILURE_THROTTLED, ""},
        {503, "", FAILURE_THROTTLED, ""},
        {299, "", FAILURE_HTTP_STATUS, ""},
        {300, "", FAILURE_REDIRECTED, ""},
        {399, "", FAILURE_REDIRECTED, ""},
        {418, "", FAILURE_HTTP_STATUS, ""},
        {499, "", FAILURE_HTTP_STATUS, ""},
        {500, "", FAILURE_SERVER_ERROR, ""},
        {502, "", FAILURE_SERVER_ERROR, ""},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        open_it(0, false);
        int fd = dialled(0, FAILURE_NONE);
        answered(0, rows[i].status, rows[i].body, 4);
        if (rows[i].status == 403)
            answered(1, 403, "", 1);
        drop(fd);
        if (facts.token.failure != rows[i].failure || facts.token_status != rows[i].status ||
            n_opened != 1)
            fail_msg("row %zu", i);
        assert_string_equal(facts.body_start, rows[i].start);
        assert_int_equal(clock_facts.n_samples, rows[i].failure == FAILURE_NONE);
    }
}

/* What is disabled refuses a GET too; a PUT alone is refused where somebody marked it on the way. */
static void beside_a_put_that_is_refused_a_get_is_sent(void **state)
{
    static const struct {
        int32_t status;
        enum answer get_answers;
    } rows[] = {{403, ANSWER_NO}, {401, ANSWER_YES}, {200, ANSWER_YES}, {0, ANSWER_NO}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        open_it(0, false);
        int fd = dialled(0, FAILURE_NONE);
        answered(0, 403, "", 1);
        assert_int_equal(n_opened, 0);
        assert_int_equal(n_sent, 2);
        assert_string_equal(sent[1].method, "GET");
        assert_null(timers[1].fire);
        answered(1, rows[i].status, "", 1);
        drop(fd);
        assert_int_equal(n_opened, 1);
        assert_int_equal(facts.get_answers, rows[i].get_answers);
        assert_int_equal(facts.token.failure, FAILURE_FORBIDDEN);
    }
    open_it(0, false);
    int fd = dialled(0, FAILURE_NONE);
    fails_from = 1;
    answered(0, 403, "", 1);
    drop(fd);
    assert_int_equal(n_opened, 1);
    assert_int_equal(facts.get_answers, ANSWER_UNKNOWN);
}

static void a_token_has_a_length(void **state)
{
    char long_one[1100];
    bool before = true;
    (void)state;
    for (size_t n = 8; n < sizeof(long_one); n++) {
        open_it(0, false);
        int fd = dialled(0, FAILURE_NONE);
        memset(long_one, 'a', n);
        long_one[n] = '\0';
        answered(0, 200, long_one, 4);
        drop(fd);
        bool taken = facts.token.outcome == OUTCOME_OK;
        assert_true(before || !taken);
        assert_int_equal(taken, n < 1024);
        before = taken;
    }
    open_it(0, false); /* it looks shorter than it is */
    int fd = dialled(0, FAILURE_NONE);
    struct http_reply reply = {.body = TOKEN "\0x", .body_bytes = strlen(TOKEN) + 2};
    step_ok(&reply.step, 1);
    reply.head.status = 200;
    (void)text_set(reply.token_ttl, sizeof(reply.token_ttl), "300");
    sent[0].done(sent[0].arg, &reply);
    drop(fd);
    assert_int_equal(facts.token.failure, FAILURE_MALFORMED);
}

static void it_connects_twice(void **state)
{
    (void)state;
    open_it(0, false);
    fire(0);
    assert_int_equal(n_dials, 2);
    assert_int_equal(dials[1].dial.timeout_ms, IMDS_CONNECT_TIMEOUT_MS);
    int fd = dialled(1, FAILURE_NONE);
    assert_int_equal(n_sent, 1);
    int late = dialled(0, FAILURE_NONE); /* the other one was there first */
    assert_false(is_open(late));
    assert_true(is_open(fd));
    assert_int_equal(n_sent, 1);
    assert_int_equal(facts.connect.took_ms, 3);
    answered(0, 200, TOKEN, 4);
    drop(fd);

    open_it(0, false); /* both stay silent: the first, which was longer */
    fire(0);
    (void)dialled(0, FAILURE_TIMEOUT);
    assert_int_equal(n_opened, 0);
    (void)dialled(1, FAILURE_TIMEOUT);
    assert_int_equal(n_opened, 1);
    assert_int_equal(facts.connect.took_ms, 1500);
    assert_int_equal(facts.token.failure, FAILURE_BELOW);

    ends_at_next_hop = true; /* whose address nobody has */
    open_it(0, false);
    fire(0);
    (void)dialled(0, FAILURE_TIMEOUT);
    (void)dialled(1, FAILURE_TIMEOUT);
    assert_int_equal(facts.connect.failure, FAILURE_HOST_UNREACHABLE);
    assert_int_equal(facts.connect.took_ms, 1500);
    open_it(0, false);
    (void)dialled(0, FAILURE_REFUSED);
    assert_int_equal(facts.connect.failure, FAILURE_REFUSED);
    ends_at_next_hop = false;

    open_it(0, false); /* silence, then an answer */
    fire(0);
    (void)dialled(0, FAILURE_TIMEOUT);
    fd = dialled(1, FAILURE_NONE);
    assert_int_equal(facts.connect.outcome, OUTCOME_OK);
    assert_int_equal(n_sent, 1);
    answered(0, 200, TOKEN, 4);
    drop(fd);

    open_it(0, false); /* what fails at once is not silence: it is told at once */
    (void)dialled(0, FAILURE_REFUSED);
    assert_null(timers[0].fire);
    assert_int_equal(n_opened, 1);
    assert_int_equal(facts.connect.failure, FAILURE_REFUSED);
    assert_int_equal(facts.token.outcome, OUTCOME_SKIPPED);

    open_it(0, false); /* silence beside a refusal */
    fire(0);
    (void)dialled(1, FAILURE_REFUSED);
    assert_int_equal(facts.connect.failure, FAILURE_REFUSED);
    assert_int_equal(n_opened, 1);
    (void)dialled(0, FAILURE_TIMEOUT);
    assert_int_equal(n_opened, 1);
    assert_int_equal(facts.connect.failure, FAILURE_REFUSED);
}

static void without_memory_or_sockets_it_is_the_program_s_trouble(void **state)
{
    (void)state;
    fails_from = 0;
    open_it(0, false);
    int fd = dialled(0, FAILURE_NONE);
    assert_false(is_open(fd));
    assert_int_equal(n_opened, 1);
    assert_int_equal(facts.token.failure, FAILURE_INTERNAL);
    assert_int_equal(facts.token.took_ms, 0);
}

/* --- a token request that stays silent --- */

static int silent_token(void)
{
    open_it(0, false);
    int fd = dialled(0, FAILURE_NONE);
    fire(1);
    assert_int_equal(n_sent, 3);
    assert_string_equal(sent[1].method, "GET");
    assert_string_equal(sent[1].path, "/latest/meta-data/");
    assert_string_equal(sent[1].header, "");
    assert_int_equal(sent[1].request.timeout_ms, IMDS_CONNECT_TIMEOUT_MS);
    assert_int_equal(sent[1].request.fd, -1);
    assert_string_equal(sent[2].method, "PUT");
    assert_int_equal(sent[2].request.timeout_ms, IMDS_ANSWER_TIMEOUT_MS - IMDS_DOUBT_MS);
    assert_int_equal(facts.n_requests, 3);
    return fd;
}

static void silence_gets_a_second_opinion(void **state)
{
    (void)state;
    int fd = silent_token(); /* a GET is answered and a PUT is not */
    answered(1, 401, "", 2);
    assert_int_equal(n_opened, 0);
    failed(0, FAILURE_TIMEOUT);
    assert_int_equal(n_opened, 0);
    failed(2, FAILURE_TIMEOUT);
    assert_int_equal(n_opened, 1);
    assert_int_equal(facts.get_answers, ANSWER_YES);
    assert_int_equal(facts.token.failure, FAILURE_TIMEOUT);
    assert_int_equal(facts.token.took_ms, 700); /* of the first, which was longer */
    drop(fd);

    fd = silent_token(); /* none is */
    failed(0, FAILURE_TIMEOUT);
    failed(2, FAILURE_TIMEOUT);
    assert_int_equal(n_opened, 0);
    failed(1, FAILURE_TIMEOUT);
    assert_int_equal(n_opened, 1);
    assert_int_equal(facts.get_answers, ANSWER_NO);
    drop(fd);

    fd = silent_token(); /* the second try is answered: a packet was lost */
    answered(1, 401, "", 2);
    answered(2, 200, TOKEN, 4);
    assert_int_equal(n_opened, 1);
    assert_int_equal(facts.get_answers, ANSWER_UNKNOWN);
    assert_int_equal(facts.token.outcome, OUTCOME_OK);
    failed(0, FAILURE_TIMEOUT);
    assert_int_equal(facts.token.outcome, OUTCOME_OK);
    assert_int_equal(n_opened, 1);
    drop(fd);

    fd =
        silent_token(); /* what is no silence is told at once, and what comes later changes nothing */
    failed(2, FAILURE_RESET);
    assert_int_equal(n_opened, 1);
    assert_int_equal(facts.token.failure, FAILURE_RESET);
    answered(1, 401, "", 2);
    assert_int_equal(facts.get_answers, ANSWER_UNKNOWN);
    failed(0, FAILURE_TIMEOUT);
    assert_int_equal(facts.token.failure, FAILURE_RESET);
    drop(fd);
}

static void asked_again_silence_is_not_doubted(void **state)
{
    (void)state;
    open_it(0, true);
    int fd = dialled(0, FAILURE_NONE);
    assert_int_equal(n_timers, 1);
    failed(0, FAILURE_TIMEOUT);
    assert_int_equal(n_opened, 1);
    drop(fd);
}

static void a_slow_token_is_noted(void **state)
{
    (void)state;
    open_it(0, false);
    int fd = dialled(0, FAILURE_NONE);
    answered(0, 200, TOKEN, IMDS_SLOW_MS - 1);
    assert_int_equal(facts.slowest_ms, 0);
    drop(fd);
    open_it(0, false);
    fd = dialled(0, FAILURE_NONE);
    answered(0, 200, TOKEN, IMDS_SLOW_MS);
    assert_int_equal(facts.slowest_ms, IMDS_SLOW_MS);
    assert_non_null(strstr(facts.slowest, "api/token"));
    drop(fd);
}

/* --- any path --- */

static struct imds_answer last;
static char last_body[64];
static int n_done;

static void done(void *arg, const struct imds_answer *answer)
{
    (void)arg;
    last = *answer;
    (void)text_set(last_body, sizeof(last_body), "%s", answer->body);
    n_done++;
}

static void ready_to_ask(int n_ahead)
{
    open_it(n_ahead, false);
    drop(dialled(0, FAILURE_NONE));
    answered(0, 200, TOKEN, 4);
    n_done = 0;
}

static void a_path_is_asked_for_with_the_token(void **state)
{
    (void)state;
    ready_to_ask(0);
    imds_get(imds, "meta-data/mac", done, NULL);
    assert_string_equal(sent[1].path, "/latest/meta-data/mac");
    assert_string_equal(sent[1].header, "X-aws-ec2-metadata-token: " TOKEN);
    assert_int_equal(sent[1].request.fd, -1);
    assert_int_equal(sent[1].request.max_body_bytes, IMDS_MAX_BODY_BYTES);
    answered(1, 404, "not here", 2);
    assert_int_equal(n_done, 1);
    assert_int_equal(last.failure, FAILURE_NONE);
    assert_int_equal(last.status, 404);
    assert_int_equal(last.took_ms, 2);
    assert_string_equal(last_body, "not here");
    assert_int_equal(facts.fastest_ms, 2);
    imds_get(imds, "meta-data/mac", done, NULL);
    failed(2, FAILURE_RESET);
    assert_int_equal(last.failure, FAILURE_RESET);
    assert_int_equal(last.status, 0);
    assert_int_equal(n_sent, 3);
    fails_from = n_sent;
    imds_get(imds, "meta-data/mac", done, NULL);
    assert_int_equal(last.failure, FAILURE_INTERNAL);
    assert_string_equal(last_body, "");
    assert_int_equal(n_done, 3);
}

static void what_is_silent_is_asked_twice(void **state)
{
    (void)state;
    ready_to_ask(0);
    imds_get(imds, "meta-data/mac", done, NULL);
    failed(1, FAILURE_TIMEOUT);
    assert_int_equal(n_done, 0);
    assert_int_equal(n_sent, 3);
    failed(2, FAILURE_TIMEOUT);
    assert_int_equal(n_done, 1);
    assert_int_equal(last.failure, FAILURE_TIMEOUT);
    assert_int_equal(n_sent, 3);
}

/* Only what the agent needs, and only where something was quick. */
static void what_is_slow_is_asked_thrice(void **state)
{
    static const char *const needed[] = {"dynamic/instance-identity/document",
                                         "meta-data/iam/security-credentials/r"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        ready_to_ask(0);
        imds_get(imds, needed[i], done, NULL);
        for (int j = 1; j <= AGENT_IMDS_TRIES; j++) {
            assert_int_equal(n_done, 0);
            answered(j, 200, "x", IMDS_SLOW_MS + 10 - j);
        }
        assert_int_equal(n_done, 1);
        assert_int_equal(n_sent, 1 + AGENT_IMDS_TRIES);
        assert_int_equal(facts.slowest_ms,
                         IMDS_SLOW_MS + 10 - AGENT_IMDS_TRIES); /* the best of them */
        assert_non_null(strstr(facts.slowest, needed[i]));
    }
    ready_to_ask(0);
    imds_get(imds, needed[0], done, NULL);
    answered(1, 200, "x", IMDS_SLOW_MS);
    answered(2, 200, "x", IMDS_SLOW_MS - 1);
    assert_int_equal(n_done, 1);
    assert_int_equal(facts.slowest_ms, 0);
    imds_get(imds, "meta-data/mac", done, NULL);
    answered(3, 200, "x", IMDS_SLOW_MS);
    assert_int_equal(n_done, 2);
    assert_int_equal(facts.slowest_ms, 0);
    facts.fastest_ms = IMDS_SLOW_MS; /* everything is slow: that is known */
    imds_get(imds, needed[0], done, NULL);
    answered(4, 200, "x", IMDS_SLOW_MS + 1);
    assert_int_equal(n_done, 3);
    assert_int_equal(facts.slowest_ms, IMDS_SLOW_MS + 1);
}

/* Of two that are as slow the first one is named; nothing of it lasts into another round. */
static void the_slowest_is_named(void **state)
{
    const struct imds_open open = {
        {"169.254.169.254", 80}, &facts, &clock_facts, 0, false, opened, &facts};
    (void)state;

    ready_to_ask(0);
    facts.fastest_ms = IMDS_SLOW_MS;
    imds_get(imds, "meta-data/instance-id", done, NULL);
    answered(1, 200, "i-1", IMDS_SLOW_MS + 1);
    imds_get(imds, "dynamic/instance-identity/document", done, NULL);
    answered(2, 200, "{}", IMDS_SLOW_MS + 1);
    assert_string_equal(facts.slowest, "meta-data/instance-id");
    imds_get(imds, "meta-data/iam/security-credentials/", done, NULL);
    answered(3, 200, "r", IMDS_SLOW_MS + 2);
    assert_string_equal(facts.slowest, "meta-data/iam/security-credentials/");
    imds_free(imds);
    n_dials = n_sent = n_timers = 0;
    imds = imds_open(NULL, &open);
    assert_int_equal(facts.slowest_ms, 0);
    assert_int_equal(facts.fastest_ms, 0);
    assert_string_equal(facts.slowest, "");
}

static void sockets_that_were_opened_ahead_are_used(void **state)
{
    (void)state;
    ready_to_ask(2);
    assert_int_equal(n_dials, 3);
    int first = dialled(2, FAILURE_NONE);
    imds_get(imds, "a", done, NULL);
    assert_int_equal(n_sent, 2);
    assert_int_equal(sent[1].request.fd, first); /* the one that is there */
    imds_get(imds, "b", done, NULL);
    assert_int_equal(n_sent, 2); /* waits for the other one */
    int second = dialled(1, FAILURE_NONE);
    assert_int_equal(n_sent, 3);
    assert_int_equal(sent[2].request.fd, second);
    answered(1, 200, "", 2);
    assert_int_equal(last.took_ms, 5); /* connecting counts */
    answered(2, 200, "", 2);
    assert_int_equal(last.took_ms, 5);
    imds_get(imds, "c", done, NULL);
    assert_int_equal(sent[3].request.fd, -1); /* all are used */
    drop(first);
    drop(second);

    ready_to_ask(2);
    imds_get(imds, "a", done, NULL);
    imds_get(imds, "b", done, NULL);
    (void)dialled(1, FAILURE_TIMEOUT); /* libcurl tries itself, and says why not */
    assert_int_equal(sent[1].request.fd, -1);
    failed(1, FAILURE_TIMEOUT);
    assert_int_equal(sent[2].request.fd, -1); /* a second try has a connection of its own */
    (void)dialled(2, FAILURE_REFUSED);
    assert_int_equal(n_sent, 4);

    ready_to_ask(1);
    int left = dialled(1, FAILURE_NONE);
    assert_true(is_open(left));
    imds_free(imds);
    imds = NULL;
    assert_false(is_open(left)); /* nobody used it */
    assert_string_equal(wiped, "X-aws-ec2-metadata-token: " TOKEN);
}

static void there_is_room_for_so_many_sockets(void **state)
{
    (void)state;
    ready_to_ask(0);
    imds_connect_ahead(imds, IMDS_MAX_PARALLEL + 5);
    assert_int_equal(n_dials, 1 + IMDS_MAX_PARALLEL);
    (void)dialled(3, FAILURE_REFUSED);
    imds_connect_ahead(imds, 2);
    assert_int_equal(n_dials, 2 + IMDS_MAX_PARALLEL); /* the place that became free */
    ready_to_ask(0);
    imds_connect_ahead(imds, 0);
    assert_int_equal(n_dials, 1);
}

/* Not more at a time than the guide wants; the next one starts when one ends, in order. */
static void more_than_some_at_a_time_wait(void **state)
{
    char path[16];
    (void)state;
    ready_to_ask(0);
    for (int i = 0; i < IMDS_MAX_PARALLEL + 3; i++) {
        (void)text_set(path, sizeof(path), "p%d", i);
        imds_get(imds, path, done, NULL);
    }
    assert_int_equal(n_sent, 1 + IMDS_MAX_PARALLEL);
    answered(4, 200, "", 2);
    assert_int_equal(n_sent, 2 + IMDS_MAX_PARALLEL);
    (void)text_set(path, sizeof(path), "/latest/p%d", IMDS_MAX_PARALLEL);
    assert_string_equal(sent[1 + IMDS_MAX_PARALLEL].path, path);
    answered(5, 200, "", 2);
    failed(6, FAILURE_TIMEOUT); /* asked again: its place is its own */
    assert_int_equal(n_sent, 4 + IMDS_MAX_PARALLEL);
    for (int i = 1; i < n_sent; i++)
        if (i < 4 || i > 6)
            answered(i, 200, "", 2);
    assert_int_equal(n_done, IMDS_MAX_PARALLEL + 3);
    int before = n_sent;
    imds_get(imds, "last", done, NULL);
    assert_int_equal(n_sent, before + 1);
}

static void a_queue_that_is_full_says_so(void **state)
{
    char path[400];
    (void)state;
    ready_to_ask(0);
    for (int i = 0; i < 200 && n_done == 0; i++)
        imds_get(imds, "x", done, NULL);
    assert_int_equal(n_done, 1);
    assert_int_equal(last.failure, FAILURE_INTERNAL);
    ready_to_ask(0);
    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    imds_get(imds, path, done, NULL);
    assert_int_equal(last.failure, FAILURE_INTERNAL);
    assert_int_equal(n_sent, 1);
}

static void an_endpoint_is_an_address(void **state)
{
    static const struct {
        const char *url, *address;
        int port;
    } rows[] = {
        {"http://169.254.169.254", "169.254.169.254", 80},
        {"http://1.2.3.4/", "1.2.3.4", 80},
        {"http://1.2.3.4:8080", "1.2.3.4", 8080},
        {"http://[fd00:ec2::254]:1/", "fd00:ec2::254", 1},
        {"http://[fd00:ec2::254]", "fd00:ec2::254", 80},
        {"http://1.2.3.4:65535/", "1.2.3.4", 65535},
        {"http://1.2.3.4:65536", NULL, 0},
        {"http://1.2.3.4:0", NULL, 0},
        {"http://1.2.3.4:", NULL, 0},
        {"http://1.2.3.4:80x", NULL, 0},
        {"http://1.2.3.4/latest", NULL, 0},
        {"http://name", NULL, 0},
        {"https://1.2.3.4", NULL, 0},
        {"http://[1.2.3.4", NULL, 0},
        {"http://[::1]x", NULL, 0},
        {"1.2.3.4", NULL, 0},
        {"http://", NULL, 0},
        {"http://1.2.3.4:123456789", NULL, 0},
    };
    struct imds_endpoint endpoint;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (imds_parse_endpoint(rows[i].url, &endpoint) != !!rows[i].address)
            fail_msg("%s", rows[i].url);
        if (rows[i].address) {
            assert_string_equal(endpoint.address, rows[i].address);
            assert_int_equal(endpoint.port, rows[i].port);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_token_opens_it, start, stop),
        cmocka_unit_test_setup_teardown(a_token_comes_with_its_lifetime, start, stop),
        cmocka_unit_test_setup_teardown(what_is_no_token, start, stop),
        cmocka_unit_test_setup_teardown(beside_a_put_that_is_refused_a_get_is_sent, start, stop),
        cmocka_unit_test_setup_teardown(a_token_has_a_length, start, stop),
        cmocka_unit_test_setup_teardown(it_connects_twice, start, stop),
        cmocka_unit_test_setup_teardown(without_memory_or_sockets_it_is_the_program_s_trouble,
                                        start, stop),
        cmocka_unit_test_setup_teardown(silence_gets_a_second_opinion, start, stop),
        cmocka_unit_test_setup_teardown(asked_again_silence_is_not_doubted, start, stop),
        cmocka_unit_test_setup_teardown(a_slow_token_is_noted, start, stop),
        cmocka_unit_test_setup_teardown(a_path_is_asked_for_with_the_token, start, stop),
        cmocka_unit_test_setup_teardown(what_is_silent_is_asked_twice, start, stop),
        cmocka_unit_test_setup_teardown(what_is_slow_is_asked_thrice, start, stop),
        cmocka_unit_test_setup_teardown(the_slowest_is_named, start, stop),
        cmocka_unit_test_setup_teardown(sockets_that_were_opened_ahead_are_used, start, stop),
        cmocka_unit_test_setup_teardown(there_is_room_for_so_many_sockets, start, stop),
        cmocka_unit_test_setup_teardown(more_than_some_at_a_time_wait, start, stop),
        cmocka_unit_test_setup_teardown(a_queue_that_is_full_says_so, start, stop),
        cmocka_unit_test_setup_teardown(an_endpoint_is_an_address, start, stop),
    };
    return cmocka_run_group_tests_name("discover: exchanges with IMDS", tests, NULL, NULL);
}
