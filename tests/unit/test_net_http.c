/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP over plain TCP with a scripted server: what is sent to the byte, every way in which an
 * answer can fail to be one, and whose connection carries it.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/version.h"
#include "net/dial.h"
#include "net/http.h"
#include "net/http_exchange.h"
#include "net/loop.h"
#include "net/trust.h"
#include "net_peer.h"

enum { SHORT_MS = 200, MAX_BODY = 1000 };

static const char hi[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

static struct loop *loop;
static struct peer peer;
static struct http_reply got;
static char got_body[MAX_BODY + 1];
static int n_got;
static int dialled_fd;

static int set_up(void **state)
{
    (void)state;
    loop = loop_new();
    peer_open(&peer, loop);
    peer.replies[0] = hi;
    n_got = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    loop_free(loop);
    peer_close(&peer, true);
    return 0;
}

static void keep(void *arg, const struct http_reply *reply)
{
    (void)arg;
    got = *reply;
    assert_true(reply->body_bytes <= MAX_BODY);
    memcpy(got_body, reply->body, reply->body_bytes + 1);
    n_got++;
}

static struct http_request get(const char *path)
{
    return (struct http_request){.method = "GET",
                                 .host = "imds.test",
                                 .address = "127.0.0.1",
                                 .port = peer.port,
                                 .fd = -1,
                                 .path = path,
                                 .timeout_ms = 5000,
                                 .max_body_bytes = MAX_BODY};
}

static void exchange(const struct http_request *request)
{
    int64_t began_us = loop_clock_us(loop);

    n_got = 0;
    assert_true(http_start(loop, request, keep, NULL));
    assert_int_equal(n_got, 0); /* never inside the call */
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 10000), LOOP_IDLE);
    assert_int_equal(n_got, 1);
    assert_int_equal(got.tls.outcome, OUTCOME_UNTRIED);
    assert_true(got.took_us >= 1 && got.took_us <= loop_clock_us(loop) - began_us + 1);
    assert_true(got.step.took_ms >= 1);
}

static void expect_sent(const char *start, const char *end)
{
    char expected[1024];

    snprintf(expected, sizeof(expected),
             "%s\r\nHost: imds.test:%u\r\nUser-Agent: ssm-preflight/%s\r\nAccept: */*\r\n%s", start,
             peer.port, program_version, end);
    assert_string_equal(peer.seen, expected);
}

static void expect_failure(enum failure failure)
{
    if (got.step.outcome != OUTCOME_FAILED || got.step.failure != failure) {
        fail_msg("outcome %d, %s (%s) instead of %s", got.step.outcome,
                 failure_name(got.step.failure), got.step.detail, failure_name(failure));
    }
    assert_int_equal(got.body_bytes, 0); /* no body of a failed exchange is ever handed out */
    assert_string_equal(got_body, "");
}

static void fails_after(const char *reply, enum peer_then then, enum failure failure)
{
    struct http_request request = get("/");

    peer.replies[0] = reply;
    peer.then = then;
    if (then == PEER_STAYS)
        request.timeout_ms = SHORT_MS;
    exchange(&request);
    expect_failure(failure);
}

/* --- what is sent --- */

static void sends_no_more_than_asked(void **state)
{
    static const char *const headers[] = {"X-aws-ec2-metadata-token-ttl-seconds: 60", NULL};
    struct http_request request = get("/latest/meta-data/?a=b%20c");
    (void)state;

    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(got.head.status, 200);
    assert_string_equal(got_body, "hi");
    assert_int_equal(got.body_bytes, 2);
    assert_false(got.reused);
    expect_sent("GET /latest/meta-data/?a=b%20c HTTP/1.1", "\r\n");

    request = get("/.%2fa/%2fb/..c"); /* nothing of it are dots alone */
    exchange(&request);
    expect_sent("GET /.%2fa/%2fb/..c HTTP/1.1", "\r\n");

    request = get("/latest/api/token");
    request.method = "PUT";
    request.headers = headers;
    exchange(&request);
    expect_sent("PUT /latest/api/token HTTP/1.1",
                "X-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n");

    request = get("/.a/..b//%20.c.?d=/../e");
    exchange(&request);
    expect_sent("GET /.a/..b//%20.c.?d=/../e HTTP/1.1", "\r\n");
}

static void sends_a_body(void **state)
{
    static const char *const headers[] = {"Content-Type: application/x-amz-json-1.1", NULL};
    static const char *const others[] = {"X-Amz-Target: x", NULL};
    struct http_request request = get("/");
    static char large[2 * 1024 * 1024];
    (void)state;

    request.method = "POST";
    request.headers = headers;
    request.body = "{}";
    request.body_bytes = 2;
    exchange(&request);
    expect_sent("POST / HTTP/1.1",
                "Content-Type: application/x-amz-json-1.1\r\nContent-Length: 2\r\n\r\n{}");

    request.headers = others;
    request.body = NULL;
    exchange(&request);
    expect_sent("POST / HTTP/1.1", "X-Amz-Target: x\r\nContent-Length: 0\r\n\r\n");

    request.headers = NULL;
    exchange(&request);
    expect_sent("POST / HTTP/1.1", "Content-Length: 0\r\n\r\n");

    memset(large, 'x', sizeof(large)); /* no "Expect: 100-continue" */
    peer.speaks = PEER_AFTER_BYTES;
    peer.then = PEER_CLOSES;
    request.body = large;
    request.body_bytes = sizeof(large);
    exchange(&request);
    assert_non_null(strstr(peer.seen, "\r\nContent-Length: 2097152\r\n"));
    assert_null(strstr(peer.seen, "Expect"));
}

static void does_not_start_with_what_changes_the_request(void **state)
{
    static const char *const bad_header[] = {"A: b\r\nC: d", NULL};
    static const char *const paths[] = {"",      "x",     "/a b",   "/a\r\nX: y",  "/a#b",
                                        "/a/..", "/../a", "/a/./b", "/a/%2E%2e/b", "/.%2e/a"};
    static const char *const hosts[] = {"", "a/b", "a@b", "a b", "a\r\nb", "a?b", "a#b", "a%41"};
    static char long_path[9000];
    struct http_request request;
    (void)state;

    memset(long_path, '/', sizeof(long_path) - 1);
    request = get(long_path);
    assert_false(http_start(loop, &request, keep, NULL));
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        request = get(paths[i]);
        assert_false(http_start(loop, &request, keep, NULL));
    }
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        request = get("/");
        request.host = hosts[i];
        assert_false(http_start(loop, &request, keep, NULL));
    }
    request = get("/");
    request.method = "GET /x HTTP/1.1\r\nA:";
    assert_false(http_start(loop, &request, keep, NULL));
    request = get("/");
    request.tls = true; /* and nobody to trust */
    assert_false(http_start(loop, &request, keep, NULL));
    request = get("/");
    request.headers = bad_header;
    request.fd = dup(0);
    assert_false(http_start(loop, &request, keep, NULL));
    assert_int_equal(fcntl(request.fd, F_GETFD), -1); /* closed */
    assert_int_equal(errno, EBADF);
    assert_int_equal(loop_run(loop, INT64_MAX), LOOP_IDLE);
    assert_int_equal(n_got, 0);
}

static void goes_through_no_proxy(void **state)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY",
                                        "all_proxy"};
    struct http_request request = get("/");
    char proxy[64];
    (void)state;

    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", peer_closed_port());
    for (size_t i = 0; i < COUNT_OF(names); i++)
        setenv(names[i], proxy, 1);
    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unsetenv(names[i]);
}

static void follows_no_redirect(void **state)
{
    struct http_request request = get("/");
    (void)state;

    peer.replies[0] = "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n";
    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(got.head.status, 302);
    assert_int_equal(peer.n_requests, 1);
}

/* --- what comes back --- */

static void keeps_the_head(void **state)
{
    struct http_request request = get("/");
    (void)state;

    peer.replies[0] = "HTTP/1.1 100 Continue\r\nServer: interim\r\n\r\n"
                      "HTTP/1.1 400 Bad Request\r\n"
                      "server: EC2\033[31mws \r\n"
                      "Server: second\r\n"
                      "Content-Type:application/json\r\n"
                      "x-amzn-RequestId: 1-2-3\r\n"
                      "x-amzn-ErrorType: AccessDeniedException:http://internal.amazon.com/\r\n"
                      "Via: 1.1 proxy\r\n"
                      "Date: Mon, 23 Nov 2026 12:00:00 GMT\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n"
                      "3\r\nabc\r\n0\r\n\r\n";
    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(got.head.status, 400);
    assert_string_equal(got.head.server, "EC2\\x1b[31mws");
    assert_string_equal(got.head.content_type, "application/json");
    assert_string_equal(got.head.request_id, "1-2-3");
    assert_string_equal(got.head.error_type, "AccessDeniedException");
    assert_string_equal(got.head.via, "1.1 proxy");
    assert_true(got.head.has_date);
    int64_t offset_ms = INT64_C(1795435200) * 1000 - clock_wall_unix_ms();
    assert_true(got.head.clock_offset_ms >= offset_ms &&
                got.head.clock_offset_ms <= offset_ms + 10000);
    assert_string_equal(got_body, "abc");

    peer.replies[0] = "HTTP/1.1 200 OK\r\nx-amz-request-id: S3\r\nDate: now\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n"
                      "0\r\nServer: trailer\r\n\r\n";
    exchange(&request);
    assert_string_equal(got.head.request_id, "S3");
    assert_string_equal(got.head.server, "");
    assert_false(got.head.has_date);
    assert_string_equal(got_body, "");
}

static void cuts_long_fields(void **state)
{
    char reply[1024] = "HTTP/1.1 200 OK\r\nServer: ";
    struct http_request request = get("/");
    (void)state;

    memset(reply + strlen(reply), 's', 300);
    strcat(reply, "\r\nContent-Length: 0\r\n\r\n");
    peer.replies[0] = reply;
    exchange(&request);
    assert_int_equal(strlen(got.head.server), NAME_SIZE - 1);
}

static void takes_answers_without_length(void **state)
{
    struct http_request request = get("/");
    (void)state;

    peer.replies[0] = "HTTP/1.0 200 OK\r\nServer: EC2ws\r\nConnection: close\r\n\r\nmi-role";
    peer.then = PEER_CLOSES;
    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_string_equal(got_body, "mi-role");
}

static void caps_the_body(void **state)
{
    struct http_request request = get("/");
    (void)state;

    request.max_body_bytes = 10;
    peer.replies[0] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(got.body_bytes, 10);

    peer.replies[0] = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789a";
    exchange(&request);
    expect_failure(FAILURE_TOO_LARGE);
    assert_int_equal(got.head.status, 200);

    peer.replies[0] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n";
    exchange(&request);
    expect_failure(FAILURE_TOO_LARGE);
}

static void caps_the_head(void **state)
{
    static char reply[64 * 1024];
    struct http_request request = get("/");
    (void)state;

    strcpy(reply, "HTTP/1.1 200 OK\r\n");
    while (strlen(reply) < sizeof(reply) - 100)
        strcat(reply, "X-Field: 0123456789012345678901234567890123456789\r\n");
    strcat(reply, "Content-Length: 0\r\n\r\n");
    peer.replies[0] = reply;
    exchange(&request);
    expect_failure(FAILURE_TOO_LARGE);
}

static void tells_truncated_answers(void **state)
{
    (void)state;
    fails_after("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhi", PEER_CLOSES, FAILURE_TRUNCATED);
    assert_int_equal(got.head.status, 200);
    fails_after("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", PEER_CLOSES,
                FAILURE_TRUNCATED);
    fails_after("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhi", PEER_STAYS, FAILURE_TIMEOUT);
    assert_int_equal(got.head.status, 200);
}

static void tells_how_it_ended(void **state)
{
    struct http_request request = get("/");
    (void)state;

    fails_after("", PEER_CLOSES, FAILURE_CLOSED);
    fails_after("", PEER_RESETS, FAILURE_RESET);
    assert_int_equal(got.step.os_error, ECONNRESET);
    fails_after("", PEER_STAYS, FAILURE_TIMEOUT);
    assert_true(got.step.took_ms >= SHORT_MS);
    assert_int_equal(got.head.status, 0);

    request.address = "127.0.0.2"; /* where nobody listens */
    exchange(&request);
    expect_failure(FAILURE_REFUSED);
    assert_int_equal(got.step.os_error, ECONNREFUSED);
}

static void tells_what_is_not_http(void **state)
{
    static const char zero[] = "HTTP/1.1 200 OK\r\nServer: a\0b\r\nContent-Length: 0\r\n\r\n";
    struct http_request request = get("/");
    (void)state;

    fails_after("SSH-2.0-OpenSSH_9.2p1\r\n", PEER_STAYS, FAILURE_MALFORMED);
    fails_after("<html></html>", PEER_CLOSES, FAILURE_MALFORMED);
    fails_after("\x15\x03\x03\x00\x02\x02\x28", PEER_CLOSES, FAILURE_MALFORMED);
    fails_after("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", PEER_STAYS, FAILURE_MALFORMED);
    fails_after("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 2\r\n\r\nhi", PEER_STAYS,
                FAILURE_MALFORMED);
    fails_after("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", PEER_STAYS, FAILURE_MALFORMED);
    fails_after("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", PEER_STAYS,
                FAILURE_MALFORMED);
    peer.replies[0] = zero;
    peer.reply_bytes = sizeof(zero) - 1;
    exchange(&request);
    expect_failure(FAILURE_MALFORMED);
}

/* RFC 9112 section 4. What the fourth digit would mean nobody knows. */
static void takes_no_line_for_a_status_line(void **state)
{
    static const struct {
        const char *line;
        bool fine;
    } rows[] = {
        {"HTTP/1.1 204", true},      {"HTTP/1.0 204 ", true}, {"HTTP/1.1 204 No Content", true},
        {"HTTP/1.1 2040", false},    {"HTTP/1.1 20", false},  {"HTTP/1.1 2x4 OK", false},
        {"HTTP/1.1 204OK", false},   {"HTTP/1.x 204", false}, {"HTTP/1.1  204 OK", false},
        {"HTTP/1.1\t204 OK", false}, {"HTTP/1.1 20:", false},
    };
    char reply[64];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_request request = get("/");

        snprintf(reply, sizeof(reply), "%s\r\n\r\n", rows[i].line);
        peer.replies[0] = reply;
        peer.then = PEER_CLOSES;
        exchange(&request);
        if ((got.step.outcome == OUTCOME_OK) != rows[i].fine)
            fail_msg("%s: %s", rows[i].line, failure_name(got.step.failure));
        if (!rows[i].fine)
            expect_failure(FAILURE_MALFORMED);
    }
}

/* As Go does: the same length twice is one. */
static void takes_a_length_that_is_said_twice(void **state)
{
    struct http_request request = get("/");
    (void)state;

    peer.replies[0] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi";
    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_string_equal(got_body, "hi");
}

static void count(void *arg, enum silence silence)
{
    ++((int *)arg)[silence];
}

/* After a second without an answer, and whether the request had gone by then. */
static void says_that_nobody_answers_yet(void **state)
{
    struct http_request handshake = get("/"), sent = get("/");
    int n_handshake[3] = {0}, n_sent[3] = {0};
    char error[DETAIL_SIZE];
    struct trust *trust = trust_new("", "/nonexistent", error, sizeof(error));
    (void)state;

    peer.replies[0] = "";
    handshake.tls = true;
    handshake.trust = trust;
    handshake.timeout_ms = sent.timeout_ms = 1500;
    handshake.silent = sent.silent = count;
    assert_true(http_start(loop, &handshake, keep, n_handshake));
    assert_true(http_start(loop, &sent, keep, n_sent));
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 10000), LOOP_IDLE);
    assert_int_equal(n_got, 2);
    assert_int_equal(n_handshake[SILENCE_HEARD], 1);
    assert_int_equal(n_handshake[SILENCE_UNHEARD] + n_handshake[SILENCE_SENT], 0);
    assert_int_equal(n_sent[SILENCE_UNHEARD] + n_sent[SILENCE_HEARD], 0);
    assert_int_equal(n_sent[SILENCE_SENT], 1);
    trust_free(trust);
}

/* --- the head, line by line --- */

static struct exchange read_so_far;
static char behind = 'x'; /* what is in memory behind a line */

static void begin_head(void)
{
    static char line[] = "HTTP/1.1 200 OK\r\n";

    read_so_far = (struct exchange){.loop = loop};
    assert_int_equal(exchange_read_head(line, 1, strlen(line), &read_so_far), strlen(line));
    assert_int_equal(read_so_far.head.status, 0); /* libcurl says it */
}

/* False: it was refused. */
static bool add_line(const char *line, size_t n)
{
    char bytes[4096];

    assert_true(n <= sizeof(bytes));
    memset(bytes, behind, sizeof(bytes));
    memcpy(bytes, line, n);
    return exchange_read_head(bytes, 1, n, &read_so_far) == n;
}

static bool add(const char *line)
{
    return add_line(line, strlen(line));
}

static void a_status_line_is_read_to_its_last_digit(void **state)
{
    static const struct {
        const char *line;
        bool fine;
    } rows[] = {
        {"HTTP/1.1 204", true},     {"HTTP/1.9 999\r\n", true}, {"HTTP/1.0 000 x", true},
        {"HTTP/1.1 204\n", true},   {"HTTP/1.1 20", false},     {"HTTP/1.1 2x4", false},
        {"HTTP/1.1 2/4", false},    {"HTTP/1.1 2:4", false},    {"HTTP/1.x 204", false},
        {"HTTP/2.0 204 OK", false}, {"HTTP/1.1-204", false},    {"HTTP/1.1 2040", false},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        read_so_far = (struct exchange){.loop = loop};
        if (add(rows[i].line) != rows[i].fine || read_so_far.malformed == rows[i].fine)
            fail_msg("%s", rows[i].line);
    }
}

static void fields_are_kept_without_what_is_around_them(void **state)
{
    static const struct {
        const char *line, *server;
    } rows[] = {
        {"Server:a\r\n", "a"},
        {"SERVER: \t a b \t\r\n", "a b"},
        {"server: a:b\n", "a:b"},
        {"server: a", "a"},
        {"Server:\r\n", ""},
        {"Server: \t \r\n", ""},
        {"Server: ", ""},
        {"Serve: a\r\n", ""},
        {"Servers: a\r\n", ""},
        {"Server : a\r\n", ""},
        {" of the line before\r\n", ""},
        {"Server\r\n", ""},
        {"HTTP\r\n", ""},
        {"HTTP", ""},
    };
    static const char behinds[] = {'/', ' ', 'x'};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(behinds) * COUNT_OF(rows); i++) {
        size_t row = i % COUNT_OF(rows);

        behind = behinds[i / COUNT_OF(rows)];
        begin_head();
        if (!add(rows[row].line) || strcmp(read_so_far.head.server, rows[row].server) != 0)
            fail_msg("row %zu: %s", row, read_so_far.head.server);
        assert_false(read_so_far.head_complete);
    }
    begin_head();
    assert_true(add("x-amzn-errortype: a b:c:d\r\n"));
    assert_true(add("x-amzn-errortype: e\r\n"));
    assert_string_equal(read_so_far.head.error_type, "a b");
    assert_true(add("X-aws-ec2-metadata-token-ttl-seconds: 60\r\n"));
    assert_string_equal(read_so_far.token_ttl, "60");
    assert_string_equal(read_so_far.head.server, "");
}

static void the_first_date_counts(void **state)
{
    (void)state;
    begin_head();
    assert_true(add("Date: Mon, 23 Nov 2026 12:00:00 GMT\r\n"));
    begin_head();
    assert_true(
        add("Date: Mon, 23 Nov 2026 12:00:00\r\n")); /* the end is not that of the one before */
    assert_false(read_so_far.head.has_date);
    assert_true(add("Date: Mon, 23 Nov 2026 12:00:00 GMT\r\n"));
    assert_true(read_so_far.head.has_date);
    int64_t offset_ms = read_so_far.head.clock_offset_ms;
    assert_true(add("Date: Mon, 23 Nov 2020 12:00:00 GMT\r\n"));
    assert_int_equal(read_so_far.head.clock_offset_ms, offset_ms);
}

/* A head ends where libcurl ends it; what comes behind it are trailers. */
static void a_head_ends_with_an_empty_line(void **state)
{
    static const struct {
        const char *line;
        bool ends;
    } rows[] = {{"", true},     {"\n", true},      {"\r\n", true}, {"\r", false},
                {"a\n", false}, {"\r\n\n", false}, {"\rx", false}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin_head();
        assert_true(add(rows[i].line));
        assert_int_equal(read_so_far.head_complete, rows[i].ends);
        assert_true(add("Server: trailer\r\n"));
        assert_string_equal(read_so_far.head.server, rows[i].ends ? "" : "trailer");
        assert_int_equal(add("Content-Length: x\r\n"), rows[i].ends);
    }
}

static void an_interim_answer_is_forgotten(void **state)
{
    (void)state;
    begin_head();
    assert_true(add("Content-Length: 5\r\n"));
    assert_true(add("Server: interim\r\n"));
    assert_true(add("X-aws-ec2-metadata-token-ttl-seconds: 60\r\n"));
    assert_true(add("Date: Mon, 23 Nov 2026 12:00:00 GMT\r\n"));
    assert_true(add("\r\n"));
    assert_true(add("HTTP/1.1 200 OK\r\n"));
    assert_false(read_so_far.head_complete);
    assert_false(read_so_far.head.has_date);
    assert_string_equal(read_so_far.head.server, "");
    assert_string_equal(read_so_far.token_ttl, "");
    assert_string_equal(read_so_far.length, "");
    assert_true(add("Content-Length: 3\r\n"));
    assert_string_equal(read_so_far.length, "3");
    assert_false(add("HTTP/")); /* it begins one, and is none */
    assert_true(read_so_far.malformed);
}

static void a_length_is_a_number(void **state)
{
    static const char *const good[] = {"0", "00", "2", "9223372036854775807"};
    static const char *const bad[] = {"",
                                      "-1",
                                      "+1",
                                      "1 1",
                                      "0x1",
                                      "1,1",
                                      "9223372036854775808",
                                      "000000000000000000000000000001"};
    char line[64];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(good) + COUNT_OF(bad); i++) {
        bool fine = i < COUNT_OF(good);

        snprintf(line, sizeof(line), "Content-Length: %s\r\n",
                 fine ? good[i] : bad[i - COUNT_OF(good)]);
        begin_head();
        if (add(line) != fine || read_so_far.malformed == fine)
            fail_msg("%s", line);
    }
    begin_head();
    assert_false(add_line("Content-Length: 2\0", 18));
    begin_head();
    assert_true(add("Content-Length: 2\r\n"));
    assert_true(add("content-length:2\r\n"));
    assert_false(add("Content-Length: 02\r\n"));
}

static void a_head_has_32_kb(void **state)
{
    char line[1024];
    size_t n = strlen("HTTP/1.1 200 OK\r\n");
    (void)state;

    memset(line, 'a', sizeof(line));
    begin_head();
    assert_true(add_line(line, sizeof(line) - n));
    for (int i = 0; i < 31; i++)
        assert_true(add_line(line, sizeof(line)));
    assert_false(read_so_far.too_large);
    assert_false(add_line(line, 1));
    assert_true(read_so_far.too_large);
}

/* --- how it ended, by what libcurl says --- */

static void what_libcurl_says_is_told_in_our_words(void **state)
{
    static const char eof[] = "error:0A000126:SSL routines::unexpected eof while reading",
                      alert[] = "error:0A000438:SSL routines::tlsv1 alert internal error";
    static const struct {
        CURLcode result;
        enum failure failure; /* of the handshake, where it did not end */
        const char *error;
        bool too_large, malformed, is_tls, sent, shown, complete;
        int os_error;
    } rows[] = {
        {CURLE_OPERATION_TIMEDOUT, FAILURE_TIMEOUT, .error = "not this"},
        {CURLE_GOT_NOTHING, FAILURE_CLOSED},
        {CURLE_PARTIAL_FILE, FAILURE_TRUNCATED},
        {CURLE_PARTIAL_FILE, FAILURE_TRUNCATED, .os_error = ECONNRESET},
        {CURLE_RECV_ERROR, FAILURE_MALFORMED},
        {CURLE_SEND_ERROR, FAILURE_CLOSED},
        {CURLE_UNSUPPORTED_PROTOCOL, FAILURE_MALFORMED},
        {CURLE_WEIRD_SERVER_REPLY, FAILURE_MALFORMED},
        {CURLE_TOO_LARGE, FAILURE_TOO_LARGE},
        {CURLE_COULDNT_CONNECT, FAILURE_LOCAL},
        {CURLE_BAD_FUNCTION_ARGUMENT, FAILURE_INTERNAL},
        {CURLE_WRITE_ERROR, FAILURE_TOO_LARGE, .too_large = true, .malformed = true},
        {CURLE_WRITE_ERROR, FAILURE_MALFORMED, .malformed = true},
        {CURLE_COULDNT_CONNECT, FAILURE_REFUSED, .os_error = ECONNREFUSED},
        {CURLE_RECV_ERROR, FAILURE_RESET, .os_error = ECONNRESET},
        {CURLE_SEND_ERROR, FAILURE_RESET, .os_error = ECONNRESET},
        {CURLE_GOT_NOTHING, FAILURE_RESET, .os_error = ECONNRESET},
        {CURLE_RECV_ERROR, FAILURE_TRUNCATED, eof, .is_tls = true, .sent = true, .complete = true},
        {CURLE_RECV_ERROR, FAILURE_CLOSED, eof, .is_tls = true, .sent = true},
        {CURLE_RECV_ERROR, FAILURE_TLS_ALERT, alert, .is_tls = true, .sent = true,
         .complete = true},
        {CURLE_RECV_ERROR, FAILURE_MALFORMED, .is_tls = true, .sent = true, .complete = true},
        {CURLE_PARTIAL_FILE, FAILURE_TRUNCATED, alert, .is_tls = true, .sent = true},
        {CURLE_RECV_ERROR, FAILURE_MALFORMED, alert},
        {CURLE_OPERATION_TIMEDOUT, FAILURE_TIMEOUT, alert, .is_tls = true},
        {CURLE_OUT_OF_MEMORY, FAILURE_INTERNAL, alert, .is_tls = true},
        {CURLE_SSL_CONNECT_ERROR, FAILURE_TLS_ALERT, alert, .is_tls = true},
        {CURLE_SSL_CONNECT_ERROR, FAILURE_CLOSED, .is_tls = true},
        {CURLE_SSL_CONNECT_ERROR, FAILURE_RESET, .is_tls = true, .os_error = ECONNRESET},
        {CURLE_PEER_FAILED_VERIFICATION, FAILURE_WRONG_NAME, .is_tls = true, .shown = true},
        {CURLE_PEER_FAILED_VERIFICATION, FAILURE_TLS_ALERT, .is_tls = true},
    };
    (void)state;

    (void)engine_of(loop, NULL); /* libcurl is begun */
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool below = rows[i].is_tls && !rows[i].sent;
        struct http_reply reply = {.took_us = 7001};

        read_so_far = (struct exchange){.loop = loop,
                                        .easy = curl_easy_init(),
                                        .is_tls = rows[i].is_tls,
                                        .sent = rows[i].sent,
                                        .too_large = rows[i].too_large,
                                        .malformed = rows[i].malformed,
                                        .head_complete = rows[i].complete,
                                        .os_error = rows[i].os_error};
        read_so_far.peer.shown = rows[i].shown;
        read_so_far.handshake_us[0] = loop_clock_us(loop);
        read_so_far.handshake_us[1] = read_so_far.handshake_us[0] + 3000;
        strcpy(read_so_far.error, rows[i].error ? rows[i].error : "");
        exchange_judge(&read_so_far, rows[i].result, &reply);
        const struct step *step = below ? &reply.tls : &reply.step;
        if (step->outcome != OUTCOME_FAILED || step->failure != rows[i].failure ||
            step->os_error != rows[i].os_error)
            fail_msg("row %zu: %s", i, failure_name(step->failure));
        if (below) {
            assert_int_equal(reply.step.outcome, OUTCOME_SKIPPED);
            assert_int_equal(reply.step.failure, FAILURE_BELOW);
            assert_true(step->took_ms >= 1 && step->took_ms < 3000);
        } else {
            assert_int_equal(step->took_ms, rows[i].is_tls ? 5 : 8);
            assert_int_equal(reply.tls.outcome, rows[i].is_tls ? OUTCOME_OK : OUTCOME_UNTRIED);
            assert_int_equal(reply.tls.took_ms, rows[i].is_tls ? 3 : 0);
            assert_string_equal(step->detail, i > 0 ? read_so_far.error : "");
        }
        curl_easy_cleanup(read_so_far.easy);
    }
    struct http_reply reply = {.took_us = 7001}; /* the handshake did not begin */
    read_so_far = (struct exchange){
        .loop = loop, .easy = curl_easy_init(), .is_tls = true, .os_error = ECONNREFUSED};
    exchange_judge(&read_so_far, CURLE_COULDNT_CONNECT, &reply);
    assert_int_equal(reply.tls.outcome, OUTCOME_UNTRIED);
    assert_int_equal(reply.step.failure, FAILURE_REFUSED);
    curl_easy_cleanup(read_so_far.easy);

    static const struct credentials credentials = {.access_key_id = "AKIDEXAMPLE",
                                                   .secret_access_key = "wJalrXUtnFEMI"};
    read_so_far = (struct exchange){
        .loop = loop, .easy = curl_easy_init(), .credentials = &credentials};
    strcpy(read_so_far.error, "cannot send wJalrXUtnFEMI");
    exchange_judge(&read_so_far, CURLE_SEND_ERROR, &reply);
    assert_non_null(strstr(reply.step.detail, "cannot send"));
    assert_null(strstr(reply.step.detail, "wJalrXUtnFEMI"));
    curl_easy_cleanup(read_so_far.easy);
}

/* --- whose connection --- */

static void nothing(void *arg)
{
    (void)arg;
}

static void keep_dialled(void *arg, const struct dialled *dialled)
{
    (void)arg;
    assert_int_equal(dialled->step.outcome, OUTCOME_OK);
    dialled_fd = dialled->fd;
}

static int dial(void)
{
    struct dial request = {"127.0.0.1", peer.port, 1000, 0};

    dial_start(loop, &request, keep_dialled, NULL);
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 5000), LOOP_IDLE);
    return dialled_fd;
}

static void uses_the_connection_it_is_handed(void **state)
{
    struct http_request request = get("/");
    (void)state;

    request.fd = dial();
    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_false(got.reused);
    request.fd = dial(); /* rather than the open one */
    exchange(&request);
    assert_false(got.reused);
    assert_int_equal(peer.n_connections, 2);
    assert_int_equal(peer.n_requests, 2);
}

/* The kernel knows already that it stands: connect() would fail. */
static void connects_no_connection_again(void **state)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(peer.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct http_request request = get("/");
    (void)state;

    request.fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(request.fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(fcntl(request.fd, F_SETFL, O_NONBLOCK), 0);
    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(peer.n_connections, 1);
}

static void finds_the_connection_it_is_handed_closed(void **state)
{
    struct http_request request = get("/");
    (void)state;

    peer.speaks = PEER_FIRST;
    peer.replies[0] = "";
    peer.then = PEER_CLOSES;
    request.fd = dial();
    while (peer.n_requests == 0) {
        assert_non_null(loop_after(loop, 1, nothing, NULL));
        assert_int_equal(loop_run(loop, INT64_MAX), LOOP_IDLE);
    }
    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_FAILED);
    assert_true(got.step.failure == FAILURE_CLOSED || got.step.failure == FAILURE_RESET);
    assert_int_equal(peer.n_connections, 1); /* and tries no other */
}

static void speaks_ipv6(void **state)
{
    struct http_request request = get("/");
    struct peer ipv6;
    char host[64];
    (void)state;

    if (!peer_open_ipv6(&ipv6, loop))
        skip();
    ipv6.replies[0] = hi;
    request.address = "::1";
    request.port = ipv6.port;
    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    request.host = "::1"; /* IMDS by its address */
    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    snprintf(host, sizeof(host), "\r\nHost: [::1]:%u\r\n", ipv6.port);
    assert_non_null(strstr(ipv6.seen, host));
    exchange(&request);
    assert_true(got.reused);
    peer_close(&ipv6, false);
}

static void uses_an_open_connection_again(void **state)
{
    struct http_request request = get("/a");
    (void)state;

    request.fd = dial();
    exchange(&request);
    request = get("/b");
    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_true(got.reused);
    assert_int_equal(peer.n_connections, 1);
    expect_sent("GET /b HTTP/1.1", "\r\n");

    /* Not for another name, and not for another address. */
    request.host = "other.test";
    exchange(&request);
    assert_false(got.reused);
    assert_int_equal(peer.n_connections, 2);
    request = get("/");
    request.address = "127.0.0.2"; /* where nobody listens */
    exchange(&request);
    expect_failure(FAILURE_REFUSED);
    assert_int_equal(peer.n_connections, 2);
}

/* What a server says late is then no answer to another request. */
static void leaves_no_connection_of_a_request_alone(void **state)
{
    struct http_request request = get("/a");
    (void)state;

    request.fd = dial();
    request.alone = true;
    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    request = get("/b");
    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_false(got.reused);
    assert_int_equal(peer.n_connections, 2);
}

static void connects_anew_when_the_open_one_was_closed(void **state)
{
    struct http_request request = get("/");
    (void)state;

    peer.then = PEER_CLOSES;
    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    exchange(&request);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_false(got.reused);
    assert_int_equal(peer.n_connections, 2);
}

static void keeps_many_connections_open(void **state)
{
    enum { MANY = 12 };
    struct http_request request = get("/");
    char hosts[MANY][16];
    (void)state;

    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < MANY; i++) {
            snprintf(hosts[i], sizeof(hosts[i]), "host%zu.test", i);
            request.host = hosts[i];
            exchange(&request);
            assert_int_equal(got.reused, round == 1);
        }
    }
    assert_int_equal(peer.n_connections, MANY);
}

static void carries_many_exchanges_at_once(void **state)
{
    struct http_request request = get("/");
    (void)state;

    for (int i = 0; i < 12; i++)
        assert_true(http_start(loop, &request, keep, NULL));
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 5000), LOOP_IDLE);
    assert_int_equal(n_got, 12);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
}

static void start_another(void *arg, const struct http_reply *reply)
{
    int *n_left = arg;
    struct http_request request = get("/");

    assert_int_equal(reply->step.outcome, OUTCOME_OK);
    if (--*n_left > 0)
        assert_true(http_start(loop, &request, start_another, n_left));
}

static void starts_another_from_the_callback(void **state)
{
    struct http_request request = get("/");
    int n_left = 5;
    (void)state;

    assert_true(http_start(loop, &request, start_another, &n_left));
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 5000), LOOP_IDLE);
    assert_int_equal(n_left, 0);
    assert_int_equal(peer.n_connections, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(sends_no_more_than_asked),
        TEST(sends_a_body),
        TEST(does_not_start_with_what_changes_the_request),
        TEST(goes_through_no_proxy),
        TEST(follows_no_redirect),
        TEST(keeps_the_head),
        TEST(cuts_long_fields),
        TEST(takes_answers_without_length),
        TEST(caps_the_body),
        TEST(caps_the_head),
        TEST(tells_truncated_answers),
        TEST(tells_how_it_ended),
        TEST(tells_what_is_not_http),
        TEST(takes_no_line_for_a_status_line),
        TEST(takes_a_length_that_is_said_twice),
        TEST(a_status_line_is_read_to_its_last_digit),
        TEST(fields_are_kept_without_what_is_around_them),
        TEST(the_first_date_counts),
        TEST(a_head_ends_with_an_empty_line),
        TEST(an_interim_answer_is_forgotten),
        TEST(a_length_is_a_number),
        TEST(a_head_has_32_kb),
        TEST(what_libcurl_says_is_told_in_our_words),
        TEST(says_that_nobody_answers_yet),
        TEST(uses_the_connection_it_is_handed),
        TEST(connects_no_connection_again),
        TEST(finds_the_connection_it_is_handed_closed),
        TEST(speaks_ipv6),
        TEST(uses_an_open_connection_again),
        TEST(leaves_no_connection_of_a_request_alone),
        TEST(connects_anew_when_the_open_one_was_closed),
        TEST(keeps_many_connections_open),
        TEST(carries_many_exchanges_at_once),
        TEST(starts_another_from_the_callback),
    };
    return cmocka_run_group_tests_name("net_http", tests, NULL, NULL);
}
