/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions to a DNS server on loopback that does, by the first label of the name, what servers do
 * and what they should not. It is driven by the loop under test. The Makefile has the calls of sockets wrapped, for what a
 * kernel refuses.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/dns.h"
#include "net/loop.h"
#include "net_peer.h"

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28, QUESTION = 0xc00c /* pointer to its name */ };
enum { SHORT_MS = 150 };

/* --- a kernel that refuses --- */

enum call { CALL_SOCKET, CALL_BIND, CALL_CONNECT, CALL_SENDTO, CALL_RECVFROM, N_CALLS };
enum { ALWAYS = 1000 };

/* So many of the next calls pass, and so many after those fail; without an errno they only say that they did it. The
 * server's own calls all pass. */
static struct {
    int passes, fails, os_error;
} refused[N_CALLS];
static size_t most;       /* that one recvfrom() gets; 0: whatever is there */
static size_t n_streamed; /* of the answer by TCP so far */

static void refuse(enum call call, int passes, int fails, int os_error)
{
    refused[call].passes = passes;
    refused[call].fails = fails;
    refused[call].os_error = os_error;
}

static bool is_refused(enum call call)
{
    if (refused[call].fails == 0)
        return false;
    if (refused[call].passes > 0) {
        refused[call].passes--;
        return false;
    }
    refused[call].fails--;
    errno = refused[call].os_error;
    return true;
}

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol)
{
    return is_refused(CALL_SOCKET) ? -1 : __real_socket(family, type, protocol);
}

int __real_bind(int fd, const struct sockaddr *to, socklen_t length);
int __wrap_bind(int fd, const struct sockaddr *to, socklen_t length);
int __wrap_bind(int fd, const struct sockaddr *to, socklen_t length)
{
    return is_refused(CALL_BIND) ? -1 : __real_bind(fd, to, length);
}

int __real_connect(int fd, const struct sockaddr *to, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t length)
{
    if (!is_refused(CALL_CONNECT))
        return __real_connect(fd, to, length);
    if (errno == EINTR) { /* the kernel goes on */
        (void)__real_connect(fd, to, length);
        errno = EINTR;
    }
    return refused[CALL_CONNECT].os_error ? -1 : 0;
}

ssize_t __real_sendto(int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to,
                      socklen_t length);
ssize_t __wrap_sendto(int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to,
                      socklen_t length);
ssize_t __wrap_sendto(int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to,
                      socklen_t length)
{
    return !to && is_refused(CALL_SENDTO) ? -1 : __real_sendto(fd, bytes, n, flags, to, length);
}

ssize_t __real_recvfrom(int fd, void *bytes, size_t n, int flags, struct sockaddr *from,
                        socklen_t *length);
ssize_t __wrap_recvfrom(int fd, void *bytes, size_t n, int flags, struct sockaddr *from,
                        socklen_t *length);
ssize_t __wrap_recvfrom(int fd, void *bytes, size_t n, int flags, struct sockaddr *from,
                        socklen_t *length)
{
    int type = 0;
    socklen_t type_length = sizeof(type);

    if (from)
        return __real_recvfrom(fd, bytes, n, flags, from, length);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_length), 0);
    assert_int_equal(n, type == SOCK_DGRAM ? 1232 : 2 + UINT16_MAX - n_streamed);
    if (is_refused(CALL_RECVFROM))
        return -1;
    errno = EAGAIN; /* of a call long before: what does well leaves it */
    ssize_t n_now = __real_recvfrom(fd, bytes, most && most < n ? most : n, flags, NULL, NULL);
    n_streamed += type == SOCK_STREAM && n_now > 0 ? (size_t)n_now : 0;
    return n_now;
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

/* --- answers --- */

struct packet {
    unsigned char bytes[16384];
    size_t n;
};

static void put(struct packet *packet, const void *bytes, size_t n)
{
    assert_true(packet->n + n <= sizeof(packet->bytes));
    memcpy(packet->bytes + packet->n, bytes, n);
    packet->n += n;
}

static void put_16(struct packet *packet, unsigned value)
{
    unsigned char bytes[2] = {(unsigned char)(value >> 8), (unsigned char)value};
    put(packet, bytes, 2);
}

static void put_name(struct packet *packet, const char *name)
{
    while (*name) {
        unsigned char n = (unsigned char)strcspn(name, ".");
        put(packet, &n, 1);
        put(packet, name, n);
        name += n + (name[n] == '.');
    }
    put(packet, "", 1);
}

/* A record; owner NULL is the name of the question. */
static void put_record(struct packet *packet, const char *owner, unsigned type, uint32_t ttl_s,
                       const void *data, size_t n)
{
    if (!owner)
        put_16(packet, QUESTION);
    else
        put_name(packet, owner);
    put_16(packet, type);
    put_16(packet, 1);
    put_16(packet, ttl_s >> 16);
    put_16(packet, ttl_s & 0xffff);
    put_16(packet, (unsigned)n);
    put(packet, data, n);
    packet->bytes[7]++; /* ANCOUNT; the tests stay below 256 */
}

static void put_a(struct packet *packet, const char *owner, uint32_t ttl_s, const char *address)
{
    unsigned char bytes[4];

    assert_int_equal(inet_pton(AF_INET, address, bytes), 1);
    put_record(packet, owner, TYPE_A, ttl_s, bytes, 4);
}

static void put_cname(struct packet *packet, const char *owner, uint32_t ttl_s, const char *target)
{
    struct packet name = {.n = 0};

    put_name(&name, target);
    put_record(packet, owner, TYPE_CNAME, ttl_s, name.bytes, name.n);
}

/* Head and question of a query, without its OPT record. */
static size_t question_end(const unsigned char *query, size_t n)
{
    size_t at = 12;

    while (at < n && query[at] != 0)
        at += query[at] + 1U;
    return at + 5 < n ? at + 5 : n;
}

/* The head and the question of an answer. */
static void begin(struct packet *packet, const unsigned char *query, size_t n, unsigned rcode)
{
    put(packet, query, question_end(query, n));
    memset(packet->bytes + 6, 0, 6);
    packet->bytes[2] = 0x81; /* an answer, recursion desired */
    packet->bytes[3] = (unsigned char)(0x80 | rcode);
}

/* --- the server --- */

static struct {
    int udp;
    int listener;
    int stream;
    struct watch *watches[3];
    char address[32];
    char asked[256]; /* name of the last question, dots after labels */
    int n_datagrams;
    uint16_t ports[16]; /* they came from */
    int64_t came_ms[16];
    bool edns;     /* the last question had an OPT record */
    bool recurses; /* and asked for recursion */
    int n_streams;
} server;

static struct loop *loop;
static struct dns_answer got;
static int n_got;
static bool by_tcp;

static bool is(const char *label)
{
    size_t n = strlen(label);

    return strncmp(server.asked, label, n) == 0 && server.asked[n] == '.';
}

static void read_question(const unsigned char *query, size_t n)
{
    size_t at = 12;

    server.edns = query[11] == 1;
    server.recurses = query[2] & 1;
    server.asked[0] = '\0';
    while (at < n && query[at] != 0) {
        snprintf(server.asked + strlen(server.asked), sizeof(server.asked) - strlen(server.asked),
                 "%.*s.", query[at], (const char *)query + at + 1);
        at += query[at] + 1U;
    }
}

static void answer_well(struct packet *packet, const unsigned char *query, size_t n)
{
    static const unsigned char ipv6[16] = {0xfd, [15] = 1};
    unsigned rcode = is("nx") || is("nxcname") ? 3
                     : is("servfail")          ? 2
                     : is("refused")           ? 5
                     : is("notimp")            ? 4
                     : is("formerr")           ? 1
                                               : 0;

    begin(packet, query, n, rcode);
    if (is("a") || is("lost") || is("tc") || is("tclate")) {
        put_a(packet, NULL, 60, "10.0.1.21");
        put_a(packet, NULL, 30, "10.0.2.21");
    } else if (is("aaaa")) {
        put_record(packet, NULL, TYPE_AAAA, 60, ipv6, sizeof(ipv6));
        put_a(packet, NULL, 60, "10.0.1.21"); /* nobody asked */
    } else if (is("cname")) {
        put_cname(packet, NULL, 300, "x.test");
        put_cname(packet, "X.test", 10, "y.test");
        put_a(packet, "y.test", 60, "10.0.1.21");
    } else if (is("unsorted")) {
        put_a(packet, "y.test", 60, "10.0.1.21");
        put_cname(packet, "x.test", 60, "y.test");
        put_cname(packet, NULL, 60, "x.test");
    } else if (is("nxcname")) {
        put_cname(packet, NULL, 300, "gone.test");
    } else if (is("many")) {
        for (int i = 0; i < 100; i++) {
            char address[32];
            snprintf(address, sizeof(address), "10.0.3.%d", i);
            put_a(packet, NULL, 60, address);
        }
    } else if (is("case")) {
        put_a(packet, "CASE.TeSt", 60, "10.0.1.21");
    }
}

static void answer_badly(struct packet *packet, const unsigned char *query, size_t n)
{
    begin(packet, query, n, 0);
    if (is("othername")) {
        put_a(packet, "www.test", 60, "10.6.6.6");
    } else if (is("othertype")) {
        put_record(packet, NULL, 16, 60, "\1a", 2);
    } else if (is("referral")) {
        packet->bytes[3] = 0;
    } else if (is("loop")) {
        for (int i = 0; i < 10; i++) {
            put_cname(packet, i % 2 == 0 ? NULL : "b.test", 60,
                      i % 2 == 0 ? "b.test" : "loop.test");
        }
    } else if (is("alien")) {
        put_cname(packet, "www.test", 60, "x.test"); /* an alias, but not of what was asked */
        put_a(packet, "x.test", 60, "10.6.6.6");
    } else if (is("manyquestions")) {
        packet->bytes[4] = 1;
        packet->bytes[5] = 0;
        put_a(packet, NULL, 60, "10.6.6.6");
    } else if (is("otherquestion") || is("oq")) {
        packet->bytes[13] ^= 1;
        put_a(packet, NULL, 60, "10.6.6.6");
    } else if (is("otherid")) {
        packet->bytes[0] ^= 1;
        put_a(packet, NULL, 60, "10.6.6.6");
    } else if (is("question")) {
        packet->bytes[2] = 1;
        put_a(packet, NULL, 60, "10.6.6.6");
    } else if (is("unasked")) {
        packet->bytes[5] = 0;
        put_a(packet, NULL, 60, "10.6.6.6");
    } else if (is("short")) {
        packet->n = 5;
    } else if (is("empty")) {
        packet->n = 0;
    } else if (is("missing")) {
        packet->bytes[7] = 5;
    } else if (is("pointers")) {
        put_16(packet, 0xc000 | (unsigned)packet->n); /* to itself */
        put(packet, "\0\1\0\1\0\0\0\0\0\4abcd", 14);
        packet->bytes[7] = 1;
    } else if (is("longdata")) {
        put_record(packet, NULL, TYPE_A, 60, "abcdefgh", 8);
    } else if (is("cut")) {
        put_a(packet, NULL, 60, "10.0.1.21");
        packet->n -= 2;
    } else if (is("tail")) {
        put_a(packet, NULL, 60, "10.0.1.21");
        put_a(packet, NULL, 60, "10.0.2.21");
        packet->n -= 2;
    } else if (is("escape")) {
        put_cname(packet, NULL, 60, "\033[31m\n.test");
        put_a(packet, "\033[31m\n.test", 60, "10.0.1.21");
    } else if (is("ttl")) {
        put_a(packet, NULL, 0x80000001, "10.0.1.21");
    }
}

static void answer(struct packet *packet, const unsigned char *query, size_t n)
{
    static const char *const bad[] = {
        "othername", "othertype",     "referral", "loop",     "alien",   "manyquestions", "empty",
        "oq",        "otherquestion", "otherid",  "question", "unasked", "short",         "missing",
        "pointers",  "longdata",      "cut",      "escape",   "ttl",     "tail"};

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (is(bad[i])) {
            answer_badly(packet, query, n);
            return;
        }
    }
    answer_well(packet, query, n);
}

static void on_datagram(void *arg, short events)
{
    unsigned char query[512];
    struct packet packet = {.n = 0};
    struct sockaddr_storage from;
    socklen_t length = sizeof(from);
    ssize_t n = recvfrom(server.udp, query, sizeof(query), 0, (struct sockaddr *)&from, &length);
    (void)arg;
    (void)events;

    assert_true(n >= 12);
    server.came_ms[server.n_datagrams % 16] = clock_monotonic_ms();
    server.ports[server.n_datagrams++ % 16] = ntohs(
        ((struct sockaddr_in *)(void *)&from)->sin_port);
    read_question(query, (size_t)n);
    if (is("silent") || ((is("lost") || is("tclate") || is("tcmute")) && server.n_datagrams == 1))
        return;
    answer(&packet, query, (size_t)n);
    if (strncmp(server.asked, "tc", 2) == 0) {
        packet.bytes[2] |= 0x02;
        packet.bytes[7] = 0;
        packet.n = question_end(query, (size_t)n);
    }
    sendto(server.udp, packet.bytes, packet.n, 0, (struct sockaddr *)&from, length);
}

static void on_stream_bytes(void *arg, short events)
{
    unsigned char query[514];
    struct packet packet = {.n = 0};
    unsigned char length[2];
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    ssize_t n = recv(server.stream, query, sizeof(query), 0);
    (void)arg;
    (void)events;

    if (n > 14) {
        assert_int_equal(query[0] << 8 | query[1], n - 2);
        read_question(query + 2, (size_t)n - 2);
    }
    if (n > 14 && is("tcmute"))
        return;
    if (n > 14 && !is("tcclosed") && !is("tcreset") && !is("reset")) {
        answer(&packet, query + 2, (size_t)n - 2);
        packet.bytes[2] |= is("tctwice") ? 0x02 : 0;
        packet.bytes[0] ^= is("tcother") ? 1 : 0;
        length[0] = (unsigned char)(packet.n >> 8);
        length[1] = (unsigned char)packet.n;
        send(server.stream, length, 2, MSG_NOSIGNAL);
        send(server.stream, packet.bytes, packet.n, MSG_NOSIGNAL);
        return;
    }
    if (is("tcreset") || is("reset"))
        setsockopt(server.stream, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    loop_unwatch(server.watches[2]);
    close(server.stream);
    server.stream = -1;
}

static void on_stream(void *arg, short events)
{
    (void)arg;
    (void)events;
    server.n_streams++;
    server.stream = accept(server.listener, NULL, NULL);
    server.watches[2] = loop_watch(loop, server.stream, POLLIN, true, on_stream_bytes, NULL);
}

/* One port for UDP and TCP: whichever the kernel gives for the one may be taken for the other. */
static bool bind_both(struct sockaddr_in *address)
{
    for (int i = 0; i < 50; i++) {
        socklen_t length = sizeof(*address);
        *address = (struct sockaddr_in){.sin_family = AF_INET,
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        server.udp = socket(AF_INET, SOCK_DGRAM, 0);
        server.listener = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(server.udp, (struct sockaddr *)address, sizeof(*address)) == 0 &&
            getsockname(server.udp, (struct sockaddr *)address, &length) == 0 &&
            bind(server.listener, (struct sockaddr *)address, sizeof(*address)) == 0 &&
            listen(server.listener, 4) == 0)
            return true;
        close(server.udp);
        close(server.listener);
    }
    return false;
}

static int set_up(void **state)
{
    struct sockaddr_in address;
    (void)state;

    memset(&server, 0, sizeof(server));
    memset(refused, 0, sizeof(refused));
    most = 0;
    by_tcp = false;
    loop = loop_new();
    if (!bind_both(&address))
        return -1;
    snprintf(server.address, sizeof(server.address), "127.0.0.1:%u", ntohs(address.sin_port));
    server.watches[0] = loop_watch(loop, server.udp, POLLIN, true, on_datagram, NULL);
    server.watches[1] = loop_watch(loop, server.listener, POLLIN, true, on_stream, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    loop_free(loop);
    close(server.udp);
    close(server.listener);
    if (server.n_streams > 0 && server.stream >= 0)
        close(server.stream);
    return 0;
}

/* --- asking --- */

static void keep(void *arg, const struct dns_answer *reply)
{
    assert_ptr_equal(arg, &server);
    got = *reply;
    n_got++;
}

static void ask(const char *name, enum family family, int32_t timeout_ms)
{
    struct dns_question question = {.name = name,
                                    .family = family,
                                    .server = server.address,
                                    .asked_as = ASKED_UPSTREAM,
                                    .timeout_ms = timeout_ms,
                                    .by_tcp = by_tcp};

    int64_t began_us = loop_clock_us(loop);

    server.n_datagrams = 0;
    n_streamed = 0;
    n_got = 0;
    assert_true(dns_ask(loop, &question, keep, &server));
    assert_int_equal(n_got, 0); /* never inside the call */
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 20000), LOOP_IDLE);
    assert_int_equal(n_got, 1);
    assert_string_equal(got.server, server.address);
    assert_int_equal(got.asked_as, ASKED_UPSTREAM);
    assert_int_equal(got.family, family);
    assert_true(got.step.took_ms >= 1 &&
                got.step.took_ms <= loop_took_ms(loop_clock_us(loop) - began_us));
}

static void expect_failure_within(const char *name, enum failure failure, int rcode,
                                  int32_t timeout_ms)
{
    ask(name, FAMILY_IPV4, timeout_ms);
    if (got.step.outcome != OUTCOME_FAILED || got.step.failure != failure || got.rcode != rcode ||
        got.n_addresses != 0)
        fail_msg("%s: outcome %d, %s instead of %s, rcode %d, %d addresses", name, got.step.outcome,
                 failure_name(got.step.failure), failure_name(failure), got.rcode, got.n_addresses);
}

static void expect_failure(const char *name, enum failure failure, int rcode)
{
    expect_failure_within(name, failure, rcode, 5000);
}

/* One that only the end of its time brings. */
static void expect_silence(const char *name, enum failure failure)
{
    expect_failure_within(name, failure, -1, SHORT_MS);
}

static void finds_addresses(void **state)
{
    (void)state;
    ask("a.test", FAMILY_IPV4, 5000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(got.rcode, 0);
    assert_int_equal(got.n_addresses, 2);
    assert_string_equal(got.addresses[0], "10.0.1.21");
    assert_string_equal(got.addresses[1], "10.0.2.21");
    assert_string_equal(got.cname, "");
    assert_int_equal(server.n_datagrams, 1);
    assert_true(server.edns); /* as the agent asks */
    assert_true(server.recurses);

    ask("aaaa.test", FAMILY_IPV6, 5000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(got.n_addresses, 1);
    assert_string_equal(got.addresses[0], "fd00::1");

    ask("case.test", FAMILY_IPV4, 5000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
}

static void asks_plainly_when_told_to(void **state)
{
    struct dns_question question = {.name = "a.test",
                                    .server = server.address,
                                    .asked_as = ASKED_PLAIN,
                                    .timeout_ms = 5000,
                                    .plain = true};
    (void)state;

    assert_non_null(dns_ask(loop, &question, keep, &server));
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 20000), LOOP_IDLE);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_false(server.edns);
}

/* What a network may let pass when it drops UDP. */
static void asks_by_tcp_when_told_to(void **state)
{
    (void)state;
    by_tcp = true;
    ask("a.test", FAMILY_IPV4, 5000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(got.n_addresses, 2);
    assert_int_equal(server.n_streams, 1);
    assert_int_equal(server.n_datagrams, 0);
    ask("many.test", FAMILY_IPV4, 5000);
    assert_int_equal(got.n_addresses + got.n_more, 100);
    expect_failure("otherid.test", FAILURE_DNS_MALFORMED, -1);
    assert_true(got.step.took_ms < 4000); /* nothing more comes */
    expect_failure("tcclosed.test", FAILURE_DNS_MALFORMED, -1);
    assert_true(got.step.took_ms < 4000);
}

static void takes_a_stream_piece_by_piece(void **state)
{
    (void)state;
    by_tcp = true;
    most = 1;
    refuse(CALL_RECVFROM, 0, 1, EINTR);
    ask("a.test", FAMILY_IPV4, 5000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(got.n_addresses, 2);
    assert_int_equal(refused[CALL_RECVFROM].fails, 0);
}

/* One that cannot stand EDNS0 is told of, and not asked again without it. */
static void keeps_a_refusal_of_edns(void **state)
{
    (void)state;
    expect_failure("formerr.test", FAILURE_DNS_MALFORMED, RCODE_FORMERR);
    assert_int_equal(server.n_datagrams, 1);
}

static void is_not_waited_for_when_told_so(void **state)
{
    struct dns_question question = {
        .name = "silent.test", .server = server.address, .timeout_ms = 60000};
    (void)state;

    n_got = 0;
    dns_do_not_wait(dns_ask(loop, &question, keep, &server));
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 20000), LOOP_IDLE);
    assert_int_equal(n_got, 0);
}

static void asks_absolutely(void **state)
{
    (void)state;
    setenv("LOCALDOMAIN", "search.test", 1);
    ask("nodata", FAMILY_IPV4, 5000);
    assert_string_equal(server.asked, "nodata.");
    ask("nodata.test.", FAMILY_IPV4, 5000);
    assert_string_equal(server.asked, "nodata.test.");
    unsetenv("LOCALDOMAIN");
}

static void follows_the_chain(void **state)
{
    (void)state;
    ask("cname.test", FAMILY_IPV4, 5000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_string_equal(got.cname, "y.test");
    assert_string_equal(got.addresses[0], "10.0.1.21");

    ask("unsorted.test", FAMILY_IPV4, 5000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_string_equal(got.cname, "y.test");
}

static void tells_failures_apart(void **state)
{
    (void)state;
    expect_failure("nx.test", FAILURE_NXDOMAIN, 3);
    expect_failure("nodata.test", FAILURE_NODATA, 0);
    expect_failure("servfail.test", FAILURE_SERVFAIL, 2);
    assert_int_equal(server.n_datagrams, 1); /* an answer is an answer */
    expect_failure("refused.test", FAILURE_DNS_REFUSED, 5);
    expect_failure("notimp.test", FAILURE_DNS_MALFORMED, 4);
    assert_string_equal(got.step.detail, "the server answered with rcode 4");
    expect_failure("nxcname.test", FAILURE_NXDOMAIN, 3);
    assert_string_equal(got.cname, "gone.test");
}

static void survives_lies(void **state)
{
    static const char *const broken[] = {"missing.test", "pointers.test", "longdata.test",
                                         "cut.test"};
    (void)state;
    expect_failure("othertype.test", FAILURE_DNS_MALFORMED, 0);
    assert_string_equal(got.step.detail, "only records of other types");
    expect_failure("referral.test", FAILURE_DNS_MALFORMED, 0);
    assert_string_equal(got.step.detail, "a referral by a server that does not recurse");
    expect_failure("loop.test", FAILURE_DNS_MALFORMED, 0);
    assert_string_equal(got.step.detail, "the chain of aliases has no end");
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        expect_failure(broken[i], FAILURE_DNS_MALFORMED, 0);
        assert_string_equal(got.step.detail, "records that do not parse");
        assert_string_equal(got.cname, "");
    }

    ask("othername.test", FAMILY_IPV4, 5000); /* whoever's they are, as for Go */
    assert_string_equal(got.addresses[0], "10.6.6.6");
    ask("alien.test", FAMILY_IPV4, 5000);
    assert_string_equal(got.addresses[0], "10.6.6.6");

    ask("tail.test", FAMILY_IPV4, 5000); /* what parses counts, as for Go */
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(got.n_addresses, 1);
    assert_string_equal(got.addresses[0], "10.0.1.21");

    /* What is no answer to the question is not taken for one, but not forgotten either. */
    expect_silence("otherquestion.test", FAILURE_DNS_MALFORMED);
    assert_string_equal(got.step.detail, "something came back, but no answer to this question");
    expect_silence("oq.test", FAILURE_DNS_MALFORMED);
    expect_failure("manyquestions.test", FAILURE_DNS_MALFORMED, 0);
    assert_string_equal(got.step.detail, "an answer without the question");
    expect_silence("otherid.test", FAILURE_DNS_MALFORMED);
    expect_silence("question.test", FAILURE_DNS_MALFORMED);
    expect_silence("unasked.test", FAILURE_DNS_MALFORMED);
    expect_silence("short.test", FAILURE_DNS_MALFORMED);
    expect_silence("empty.test", FAILURE_DNS_MALFORMED);

    ask("escape.test", FAMILY_IPV4, 5000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_null(strchr(got.cname, '\033'));
    assert_null(strchr(got.cname, '\n'));

    ask("ttl.test", FAMILY_IPV4, 5000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
}

static void takes_long_answers_by_tcp(void **state)
{
    (void)state;
    ask("tc.test", FAMILY_IPV4, 5000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(got.n_addresses, 2);
    assert_int_equal(server.n_streams, 1);

    ask("many.test", FAMILY_IPV4, 5000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(got.n_addresses, MAX_ADDRESSES);
    assert_string_equal(got.addresses[MAX_ADDRESSES - 1], "10.0.3.15");
    assert_int_equal(got.n_more, 75 - MAX_ADDRESSES); /* of 1232 bytes */

    expect_failure("tcclosed.test", FAILURE_DNS_MALFORMED, -1);
    expect_failure("tctwice.test", FAILURE_DNS_MALFORMED, -1);
    expect_failure("tcother.test", FAILURE_DNS_MALFORMED, -1);
    expect_failure("tcreset.test", FAILURE_DNS_MALFORMED, -1);
    assert_true(got.step.took_ms < 4000);

    /* The longer of the two is what it took. */
    ask("tclate.test", FAMILY_IPV4, 5000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_true(got.step.took_ms >= 250);
    for (int i = 0; i < 5; i++) { /* of 150 and 600 ms; a busy machine takes longer */
        expect_failure_within("tcmute.test", FAILURE_DNS_MALFORMED, -1, 600);
        assert_true(got.step.took_ms >= 600);
        if (got.step.took_ms < 720)
            break;
    }
    assert_true(got.step.took_ms < 720);
}

/* Nobody can be asked: all of it is this machine's own, and said to be. */
static void expect_unsent(const char *name, enum failure failure, int os_error)
{
    expect_failure(name, failure, -1);
    assert_int_equal(got.step.os_error, os_error);
    assert_true(got.unsent);
}

static void has_no_socket(void **state)
{
    char trouble[DETAIL_SIZE];
    (void)state;

    refuse(CALL_SOCKET, 0, ALWAYS, EMFILE);
    expect_unsent("a.test", FAILURE_INTERNAL, EMFILE);
    assert_int_equal(ALWAYS - refused[CALL_SOCKET].fails,
                     7); /* as often as it sends in five seconds */
    assert_true(file_take_trouble(trouble, sizeof(trouble)));
    refuse(CALL_SOCKET, 0, ALWAYS, EACCES); /* as SELinux has it */
    expect_unsent("a.test", FAILURE_PROHIBITED, EACCES);
    refuse(CALL_SOCKET, 0, ALWAYS, EPERM); /* as a sandbox has it */
    expect_unsent("a.test", FAILURE_INTERNAL, EPERM);
    by_tcp = true;
    expect_unsent("a.test", FAILURE_INTERNAL, EPERM);
    by_tcp = false;
    refuse(CALL_SOCKET, 0, 1, EPERM); /* no datagram goes in its place */
    by_tcp = true;
    expect_unsent("a.test", FAILURE_INTERNAL, EPERM);
    assert_int_equal(server.n_datagrams, 0);
    by_tcp = false;
    refuse(CALL_SOCKET, 1, ALWAYS, EPERM); /* of the stream alone */
    expect_unsent("tc.test", FAILURE_INTERNAL, EPERM);
    (void)file_take_trouble(trouble, sizeof(trouble));

    refuse(CALL_SOCKET, 0, 1, EMFILE); /* and is asked again */
    ask("a.test", FAMILY_IPV4, 5000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_false(got.unsent);
    (void)file_take_trouble(trouble, sizeof(trouble));
}

static void cannot_connect(void **state)
{
    (void)state;
    refuse(CALL_CONNECT, 0, ALWAYS, ENETUNREACH);
    expect_unsent("a.test", FAILURE_NO_ROUTE, ENETUNREACH);
    by_tcp = true;
    expect_unsent("a.test", FAILURE_NO_ROUTE, ENETUNREACH);
    by_tcp = false;
    refuse(CALL_CONNECT, 1, ALWAYS, EPERM);
    expect_unsent("tc.test", FAILURE_NOT_PERMITTED, EPERM);

    refuse(CALL_CONNECT, 0, ALWAYS, EADDRNOTAVAIL);
    expect_unsent("a.test", FAILURE_NO_ROUTE, EADDRNOTAVAIL);
    refuse(CALL_BIND, 0, ALWAYS, EINVAL);
    expect_unsent("a.test", FAILURE_NO_ROUTE, EADDRNOTAVAIL);
    refuse(CALL_BIND, 0, ALWAYS, EADDRINUSE);
    expect_unsent("a.test", FAILURE_NO_PORT, EADDRNOTAVAIL);
}

static void a_stream_that_a_signal_cuts_short_is_asked(void **state)
{
    (void)state;
    by_tcp = true;
    refuse(CALL_CONNECT, 0, 1, EINTR);
    ask("a.test", FAMILY_IPV4, 5000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(refused[CALL_CONNECT].fails, 0);
}

/* The second datagram's port is as different as can be, where the kernel lets it have another. */
static void a_port_is_not_asked_for_without_end(void **state)
{
    (void)state;
    refuse(CALL_CONNECT, 2, ALWAYS, EAGAIN);
    expect_silence("silent.test", FAILURE_TIMEOUT);
    assert_true(server.n_datagrams >= 1);
    refuse(CALL_CONNECT, 2, 2 * 16, 0);
    expect_silence("silent.test", FAILURE_TIMEOUT);
    assert_true(server.n_datagrams >= 2);
}

static void cannot_send(void **state)
{
    (void)state;
    refuse(CALL_SENDTO, 0, ALWAYS, EPERM);
    expect_unsent("a.test", FAILURE_NOT_PERMITTED, EPERM);
    assert_int_equal(server.n_datagrams, 0);
    refuse(CALL_SENDTO, 0, 1, EAGAIN); /* as if it were lost */
    ask("a.test", FAMILY_IPV4, 5000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_true(got.step.took_ms >= 250);
    assert_false(got.unsent);
}

static void cannot_read(void **state)
{
    (void)state;
    refuse(CALL_RECVFROM, 0, 1, EINTR);
    ask("a.test", FAMILY_IPV4, 5000);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(server.n_datagrams, 1);
}

static void a_stream_is_refused_or_reset(void **state)
{
    (void)state;
    by_tcp = true;
    expect_failure("reset.test", FAILURE_RESET, -1);
    assert_int_equal(got.step.os_error, ECONNRESET);
    assert_false(got.unsent);
    snprintf(server.address, sizeof(server.address), "127.0.0.1:%u", peer_closed_port());
    expect_failure("a.test", FAILURE_REFUSED, -1);
    assert_int_equal(got.step.os_error, ECONNREFUSED);
    assert_false(got.unsent);
}

/* --- whether anything was heard --- */

static struct dns_query *pending;
static int n_heard;

static void look_whether_heard(void *arg)
{
    if (pending && dns_heard(pending))
        n_heard++;
    else if (pending)
        loop_after(loop, 10, look_whether_heard, arg);
}

static void ended(void *arg, const struct dns_answer *reply)
{
    pending = NULL;
    keep(arg, reply);
}

static void something_was_heard_before_its_end(void **state)
{
    struct dns_question question = {
        .name = "otherid.test", .server = server.address, .timeout_ms = 200};
    (void)state;

    n_heard = 0;
    pending = dns_ask(loop, &question, ended, &server);
    assert_non_null(pending);
    assert_false(dns_heard(pending));
    loop_after(loop, 10, look_whether_heard, NULL);
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 20000), LOOP_IDLE);
    assert_int_equal(n_heard, 1);
    assert_int_equal(got.step.failure, FAILURE_DNS_MALFORMED);
}

/* What lets back answers to some ports alone lets back one of them. */
static void sends_each_from_a_port_of_its_own(void **state)
{
    (void)state;
    expect_silence("silent.test", FAILURE_TIMEOUT);
    assert_true(server.n_datagrams >= 2 && server.n_datagrams <= 16);
    for (int i = 1; i < server.n_datagrams; i++)
        for (int j = 0; j < i; j++)
            assert_int_not_equal(server.ports[i], server.ports[j]);
    assert_int_equal((server.ports[0] ^ server.ports[1]) & 1, 1);
    assert_true((server.ports[0] < FIRST_HIGH_PORT) != (server.ports[1] < FIRST_HIGH_PORT));
}

/* A machine that is busy when it is time to send sends later, or not any more. */
static void sends_again_what_is_lost(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        ask("lost.test", FAMILY_IPV4, 600);
        if (got.step.outcome == OUTCOME_OK && server.n_datagrams == 2)
            break;
    }
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(server.n_datagrams, 2);

    int64_t began_ms = 0;
    for (int i = 0; i < 30; i++) { /* the third has two milliseconds for it */
        began_ms = clock_monotonic_ms();
        expect_silence("silent.test", FAILURE_TIMEOUT);
        if (server.n_datagrams == 3)
            break;
    }
    assert_int_equal(server.n_datagrams, 3); /* however short its time is */
    assert_true(server.came_ms[2] - began_ms >= 3 * (SHORT_MS / 4) - 5);
    assert_true(got.step.took_ms >= SHORT_MS - 5);
    assert_string_equal(got.step.detail, "");
}

static void waits_without_working(void **state)
{
    clock_t began = clock();
    (void)state;

    expect_silence("silent.test", FAILURE_TIMEOUT);
    assert_true((clock() - began) * 1000 / CLOCKS_PER_SEC < got.step.took_ms / 10);
}

static void is_refused_by_icmp(void **state)
{
    (void)state;
    snprintf(server.address, sizeof(server.address), "127.0.0.2:%u", peer_closed_port());
    expect_failure("a.test", FAILURE_REFUSED, -1);
    assert_int_equal(got.step.os_error, ECONNREFUSED);
}

static void asks_a_server_by_ipv6(void **state)
{
    const struct sockaddr_in6 local = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    bool have = fd >= 0 && bind(fd, (const struct sockaddr *)&local, sizeof(local)) == 0;
    (void)state;

    if (fd >= 0)
        close(fd);
    if (!have)
        skip();
    snprintf(server.address, sizeof(server.address), "[::1]:%u", peer_closed_port());
    expect_failure("a.test", FAILURE_REFUSED, -1);
    snprintf(server.address, sizeof(server.address),
             "[fe80::1%%lo]:53"); /* c-ares knows no zones */
    ask("a.test", FAMILY_IPV4, SHORT_MS);
    assert_int_equal(got.step.outcome, OUTCOME_FAILED);
}

static void has_no_route(void **state)
{
    (void)state;
    snprintf(server.address, sizeof(server.address), "255.255.255.255");
    ask("a.test", FAMILY_IPV4, SHORT_MS);
    assert_int_equal(got.step.outcome, OUTCOME_FAILED);
    assert_int_not_equal(got.step.os_error, 0);
    assert_int_not_equal(got.step.failure, FAILURE_TIMEOUT);
}

static void refuses_what_is_no_question(void **state)
{
    char name[80];
    struct dns_question question = {.name = "a.test", .server = "dns.test", .timeout_ms = 100};
    (void)state;

    assert_false(dns_ask(loop, &question, keep, &server));
    question.server = "10.0.0.2:x";
    assert_false(dns_ask(loop, &question, keep, &server));
    memset(name, 'a', 70); /* a label has 63 characters at most */
    strcpy(name + 70, ".test");
    expect_failure(name, FAILURE_INVALID, -1);
    assert_string_equal(got.step.detail, "not a name for the DNS");
}

static void asks_for_the_longest_name(void **state)
{
    char name[254];
    (void)state;

    memset(name, 'a', sizeof(name) - 1);
    name[63] = name[127] = name[191] = '.';
    name[253] = '\0';
    ask(name, FAMILY_IPV4, SHORT_MS);
    assert_int_not_equal(got.step.failure, FAILURE_INVALID);
    assert_memory_equal(server.asked, name, sizeof(name) - 1);
    by_tcp = true; /* its length takes both bytes */
    server.asked[0] = '\0';
    ask(name, FAMILY_IPV4, 5000);
    assert_memory_equal(server.asked, name, sizeof(name) - 1);
}

static void nothing(void *arg)
{
    (void)arg;
}

/* Nothing of it fires when its time is over, and nothing of it stays. */
static void leaves_nothing_behind(void **state)
{
    enum { TIMES = 20, LIMIT_MS = 100 };
    size_t held = 0;
    (void)state;

    for (int tcp = 0; tcp < 2; tcp++) {
        by_tcp = tcp;
        for (int i = 0; i < TIMES; i++) {
            ask("a.test", FAMILY_IPV4, 5000);
            if (i == TIMES / 2)
                held = mallinfo2().uordblks;
        }
        assert_true(mallinfo2().uordblks < held + (by_tcp ? UINT16_MAX : 256));
    }
    for (int tcp = 0; tcp < 2; tcp++) {
        by_tcp = tcp;
        ask("a.test", FAMILY_IPV4, LIMIT_MS);
        loop_after(loop, LIMIT_MS + 20, nothing, NULL);
        assert_int_equal(loop_run(loop, clock_monotonic_ms() + 20000), LOOP_IDLE);
        assert_int_equal(n_got, 1);
    }
}

static void asks_many_at_once(void **state)
{
    struct dns_question question = {.name = "a.test", .server = server.address, .timeout_ms = 2000};
    (void)state;

    n_got = 0;
    for (int i = 0; i < 40; i++) {
        question.name = i % 2 == 0 ? "a.test" : "nx.test";
        assert_true(dns_ask(loop, &question, keep, &server));
    }
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 20000), LOOP_IDLE);
    assert_int_equal(n_got, 40);
}

/* --- answers that no server has to send --- */

static struct packet said;
static char detail[DETAIL_SIZE];

/* The head and the question, for a.test. */
static void begin_answer(void)
{
    said.n = 0;
    put(&said, "\0\1\201\200\0\1\0\0\0\0\0\0\1a\4test\0\0\1\0\1", 24);
}

static void count_answers(unsigned n)
{
    said.bytes[6] = (unsigned char)(n >> 8);
    said.bytes[7] = (unsigned char)n;
}

static enum failure read_answer(void)
{
    got = (struct dns_answer){.family = FAMILY_IPV4};
    detail[0] = '\0';
    return dns_answer_read(said.bytes, said.n, &got, detail);
}

static void expect_malformed(const char *why)
{
    assert_int_equal(read_answer(), FAILURE_DNS_MALFORMED);
    assert_string_equal(detail, why);
    assert_int_equal(got.n_addresses + got.n_more, 0);
}

static void reads_to_the_last_byte(void **state)
{
    static const char text[256] = {0};
    (void)state;
    begin_answer();
    said.n = 11;
    expect_malformed("an answer without a header");
    said.n = 12;
    expect_malformed("an answer without the question");

    begin_answer();
    put_record(&said, NULL, 16, 60, "", 0); /* which ends where its data would begin */
    expect_malformed("only records of other types");
    said.n--;
    expect_malformed("records that do not parse");

    begin_answer();
    put_record(&said, NULL, 16, 60, text, sizeof(text));
    put_a(&said, NULL, 60, "10.0.1.21");
    assert_int_equal(read_answer(), FAILURE_NONE);

    begin_answer();
    put_record(&said, NULL, TYPE_CNAME, 60, "\300\377", 2); /* to where nothing is */
    expect_malformed("records that do not parse");
    assert_string_equal(got.cname, "");
}

static void a_server_with_authority_need_not_recurse(void **state)
{
    (void)state;
    begin_answer();
    said.bytes[3] = 0;
    expect_malformed("a referral by a server that does not recurse");
    said.bytes[2] |= 0x04;
    assert_int_equal(read_answer(), FAILURE_NODATA);
}

/* Those of the authority and what is additional say nothing of the name. */
static void reads_the_answers_alone(void **state)
{
    (void)state;
    begin_answer();
    put_record(&said, "b.test", 16, 60, "\1a", 2);
    put_cname(&said, NULL, 60, "b.test");
    put_a(&said, NULL, 60, "10.0.1.21");
    count_answers(1);
    expect_malformed("only records of other types");
    assert_string_equal(got.cname, "");
}

static void put_chain(int n)
{
    char owner[16], target[16];

    begin_answer();
    for (int i = 0; i < n; i++) {
        snprintf(owner, sizeof(owner), "%d.test", i);
        snprintf(target, sizeof(target), "%d.test", i + 1);
        put_cname(&said, i == 0 ? NULL : owner, 60, target);
    }
}

static void follows_sixteen_aliases_and_reads_512_records(void **state)
{
    (void)state;
    put_chain(15);
    assert_int_equal(read_answer(), FAILURE_NODATA);
    assert_string_equal(got.cname, "15.test");
    put_chain(16);
    expect_malformed("the chain of aliases has no end");
    put_chain(17);
    expect_malformed("the chain of aliases has no end");
    assert_string_equal(got.cname, "16.test");

    begin_answer();
    for (unsigned i = 1; i <= 514; i++) {
        put_a(&said, NULL, 60, "10.0.1.21");
        count_answers(i);
        assert_int_equal(read_answer(), FAILURE_NONE);
        assert_int_equal(got.n_addresses, i < MAX_ADDRESSES ? i : MAX_ADDRESSES);
        assert_int_equal(got.n_addresses + got.n_more, i < 512 ? i : 512);
    }
}

/* --- bytes that anybody may have sent --- */

static void reads_any_bytes(void **state)
{
    enum { ROOM = 1 << 16 };
    unsigned int seed = 1;
    const char *given = getenv("TEST_SEED");
    (void)state;

    /* who reads beyond the end of a packet ends there */
    unsigned char *room = mmap(NULL, 2 * ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(room != MAP_FAILED && mprotect(room, ROOM, PROT_READ | PROT_WRITE) == 0);
    size_t held = mallinfo2().uordblks;
    if (given)
        seed = (unsigned int)strtoul(given, NULL, 10);
    for (int round = 0; round < 20000; round++) {
        struct packet packet = {.n = 0};
        struct dns_answer answer = {.family = round % 2 == 0 ? FAMILY_IPV4 : FAMILY_IPV6};

        put(&packet, "\0\1\201\200\0\1\0\0\0\0\0\0\1a\4test\0\0\1\0\1", 24);
        put_cname(&packet, NULL, 1, "b.test");
        put_a(&packet, "b.test", 1, "10.0.1.21");
        packet.n = (size_t)rand_r(&seed) % (packet.n + 1);
        for (int i = rand_r(&seed) % 4; i > 0 && packet.n > 0; i--)
            packet.bytes[(size_t)rand_r(&seed) % packet.n] = (unsigned char)rand_r(&seed);
        unsigned char *exact = room + ROOM - packet.n;
        memcpy(exact, packet.bytes, packet.n);
        enum failure failure = dns_answer_read(exact, packet.n, &answer, detail);
        if ((failure == FAILURE_NONE) != (answer.n_addresses > 0) ||
            answer.n_addresses > MAX_ADDRESSES) {
            fail_msg("round %d of seed: %s, %d addresses", round, failure_name(failure),
                     answer.n_addresses);
        }
    }
    assert_true(mallinfo2().uordblks < held + 4096);
    assert_int_equal(munmap(room, 2 * ROOM), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(finds_addresses),
        TEST(asks_plainly_when_told_to),
        TEST(asks_by_tcp_when_told_to),
        TEST(asks_a_server_by_ipv6),
        TEST(keeps_a_refusal_of_edns),
        TEST(is_not_waited_for_when_told_so),
        TEST(asks_absolutely),
        TEST(follows_the_chain),
        TEST(tells_failures_apart),
        TEST(survives_lies),
        TEST(takes_a_stream_piece_by_piece),
        TEST(takes_long_answers_by_tcp),
        TEST(has_no_socket),
        TEST(cannot_connect),
        TEST(a_stream_that_a_signal_cuts_short_is_asked),
        TEST(a_port_is_not_asked_for_without_end),
        TEST(cannot_send),
        TEST(cannot_read),
        TEST(a_stream_is_refused_or_reset),
        TEST(something_was_heard_before_its_end),
        TEST(sends_again_what_is_lost),
        TEST(sends_each_from_a_port_of_its_own),
        TEST(waits_without_working),
        TEST(is_refused_by_icmp),
        TEST(has_no_route),
        TEST(refuses_what_is_no_question),
        TEST(asks_for_the_longest_name),
        TEST(leaves_nothing_behind),
        TEST(asks_many_at_once),
        cmocka_unit_test(reads_to_the_last_byte),
        cmocka_unit_test(a_server_with_authority_need_not_recurse),
        cmocka_unit_test(reads_the_answers_alone),
        cmocka_unit_test(follows_sixteen_aliases_and_reads_512_records),
        cmocka_unit_test(reads_any_bytes),
    };
    return cmocka_run_group_tests_name("net_dns", tests, NULL, NULL);
}
