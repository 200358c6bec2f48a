/* SPDX-License-Identifier: Apache-2.0
 *
 * The ladders over a network that only this file answers for: what is asked, dialled and sent, when, and what
 * each answer makes of the facts. The functions of net/ are replaced (Makefile, link.test_observe_climb), and
 * time passes where a test lets it pass.
 */
#include <fcntl.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "model/permissions.h"
#include "net/dial.h"
#include "net/dns.h"
#include "net/http.h"
#include "net/route.h"
#include "net/tunnel.h"
#include "observe/climb.h"
#include "observe/observe.h"

enum { MAX_CALLS = 128, NOW_MS = 1000, FAR_MS = 1000000 };

/* --- the network --- */

/* `done` is NULL once the answer came, or loop_end_of() ended what its owner had under way. */
static struct asked {
    struct dns_question question;
    char name[HOST_SIZE], server[ADDRESS_SIZE];
    dns_done *done;
    void *arg;
    bool unimportant;
} asked[MAX_CALLS];

static struct call {
    struct dial dial;
    char address[ADDRESS_SIZE];
    dial_done *done;
    void *arg;
} calls[MAX_CALLS];

static struct sent {
    struct http_request request;
    char target[NAME_SIZE * 2];
    http_done *done;
    void *arg;
} sent[MAX_CALLS];

static struct timer {
    int64_t at_ms;
    void (*fire)(void *arg); /* NULL: it fired, or was cancelled */
    void *arg;
    bool quiet;
} timers[MAX_CALLS];

static struct opened {
    struct tunnel tunnel;
    char address[ADDRESS_SIZE];
    tunnel_done *done;
    void *arg;
} opened[MAX_CALLS];

static int n_asked, n_calls, n_sent, n_timers, n_opened, n_doubted;
static bool dead_hop, starts;
static enum refuser refuser;
static int64_t now_ms;

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
struct dns_query *__wrap_dns_ask(struct loop *loop, const struct dns_question *question,
                                 dns_done *done, void *arg);
void __wrap_dns_do_not_wait(struct dns_query *query);
bool __wrap_dns_heard(const struct dns_query *query);
void __wrap_dial_start(struct loop *loop, const struct dial *dial, dial_done *done, void *arg);
enum refuser __wrap_dial_refuser(const char *address, uint16_t port);
bool __wrap_http_start(struct loop *loop, const struct http_request *request, http_done *done,
                       void *arg);
bool __wrap_tunnel_ask(struct loop *loop, const struct tunnel *tunnel, tunnel_done *done,
                       void *arg);
void __wrap_routes_doubt(struct route *routes, int32_t *n, int32_t max, const char *address,
                         uint16_t port, const struct step *step);
struct timer *__wrap_loop_after(struct loop *loop, int64_t delay_ms, void (*fire)(void *arg),
                                void *arg);
struct timer *__wrap_loop_after_quietly(struct loop *loop, int64_t delay_us,
                                        void (*fire)(void *arg), void *arg);
bool __wrap_route_ends_at_next_hop(const char *address, uint16_t port);
void __wrap_loop_cancel(struct timer *timer);
int64_t __wrap_loop_now_ms(const struct loop *loop);
void __wrap_loop_end_of(struct loop *loop, const void *owner);

struct dns_query *__wrap_dns_ask(struct loop *loop, const struct dns_question *question,
                                 dns_done *done, void *arg)
{
    (void)loop;
    asked[n_asked] = (struct asked){.question = *question, .done = done, .arg = arg};
    (void)text_set(asked[n_asked].name, HOST_SIZE, "%s", question->name);
    (void)text_set(asked[n_asked].server, ADDRESS_SIZE, "%s", question->server);
    return starts ? (struct dns_query *)&asked[n_asked++] : NULL;
}

bool __wrap_dns_heard(const struct dns_query *query)
{
    (void)query;
    return false;
}

void __wrap_dns_do_not_wait(struct dns_query *query)
{
    assert_non_null(((struct asked *)query)->done); /* what was answered is no query any more */
    ((struct asked *)query)->unimportant = true;
}

void __wrap_dial_start(struct loop *loop, const struct dial *dial, dial_done *done, void *arg)
{
    (void)loop;
    calls[n_calls] = (struct call){.dial = *dial, .done = done, .arg = arg};
    (void)text_set(calls[n_calls++].address, ADDRESS_SIZE, "%s", dial->address);
}

enum refuser __wrap_dial_refuser(const char *address, uint16_t port)
{
    (void)address;
    assert_int_equal(port, 443);
    return refuser;
}

bool __wrap_http_start(struct loop *loop, const struct http_request *request, http_done *done,
                       void *arg)
{
    (void)loop;
    sent[n_sent] = (struct sent){.request = *request, .done = done, .arg = arg};
    for (size_t i = 0; request->headers && request->headers[i]; i++)
        if (text_starts(request->headers[i], "X-Amz-Target: "))
            (void)text_set(sent[n_sent].target, sizeof(sent[0].target), "%s",
                           strrchr(request->headers[i], '.') + 1);
    n_sent++;
    if (request->fd >= 0)
        (void)close(request->fd);
    return starts;
}

bool __wrap_tunnel_ask(struct loop *loop, const struct tunnel *tunnel, tunnel_done *done, void *arg)
{
    (void)loop;
    opened[n_opened] = (struct opened){.tunnel = *tunnel, .done = done, .arg = arg};
    (void)text_set(opened[n_opened++].address, ADDRESS_SIZE, "%s", tunnel->address);
    return true;
}

void __wrap_routes_doubt(struct route *routes, int32_t *n, int32_t max, const char *address,
                         uint16_t port, const struct step *step)
{
    (void)routes;
    (void)n;
    (void)address;
    assert_int_equal(port, 443);
    assert_int_equal(max, MAX_ROUTES);
    assert_int_equal(step->outcome, OUTCOME_FAILED);
    n_doubted++;
}

bool __wrap_route_ends_at_next_hop(const char *address, uint16_t port)
{
    (void)address;
    assert_int_equal(port, 443);
    return dead_hop;
}

struct timer *__wrap_loop_after_quietly(struct loop *loop, int64_t delay_us,
                                        void (*fire)(void *arg), void *arg)
{
    (void)loop;
    assert_true(n_timers < MAX_CALLS);
    timers[n_timers] = (struct timer){now_ms + delay_us / 1000, fire, arg, true};
    return &timers[n_timers++];
}

struct timer *__wrap_loop_after(struct loop *loop, int64_t delay_ms, void (*fire)(void *arg),
                                void *arg)
{
    struct timer *timer = __wrap_loop_after_quietly(loop, delay_ms * 1000, fire, arg);

    timer->quiet = false;
    return timer;
}

void __wrap_loop_cancel(struct timer *timer)
{
    if (!timer)
        return;
    assert_non_null(
        timer->fire); /* one that fired, or was cancelled before, is no timer any more */
    timer->fire = NULL;
}

int64_t __wrap_loop_now_ms(const struct loop *loop)
{
    (void)loop;
    return now_ms;
}

void __wrap_loop_end_of(struct loop *loop, const void *owner)
{
    (void)loop;
    for (int i = 0; i < MAX_CALLS; i++) {
        if (asked[i].question.owner == owner)
            asked[i].done = NULL;
        if (calls[i].dial.owner == owner)
            calls[i].done = NULL;
        if (sent[i].request.owner == owner)
            sent[i].done = NULL;
        if (opened[i].tunnel.owner == owner)
            opened[i].done = NULL;
    }
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

/* --- its answers --- */

static struct timer *next_timer(int64_t until_ms)
{
    struct timer *next = NULL;

    for (int i = 0; i < n_timers; i++)
        if (timers[i].fire && timers[i].at_ms <= until_ms &&
            (!next || timers[i].at_ms < next->at_ms))
            next = &timers[i];
    return next;
}

static void pass(int64_t ms)
{
    int64_t until_ms = now_ms + ms;

    for (struct timer *next = next_timer(until_ms); next; next = next_timer(until_ms)) {
        void (*fire)(void *arg) = next->fire;
        next->fire = NULL;
        now_ms = next->at_ms;
        fire(next->arg);
    }
    now_ms = until_ms;
}

/* Timers that keep the loop waiting. */
static int n_awaited(void)
{
    int n = 0;

    for (int i = 0; i < n_timers; i++)
        n += timers[i].fire && !timers[i].quiet;
    return n;
}

/* Nameservers whose port 53 was dialled. */
static int n_knocks(void)
{
    int n = 0;

    for (int i = 0; i < n_calls; i++)
        n += calls[i].dial.port == 53;
    return n;
}

/* `addresses`: with spaces between; an empty one with FAILURE_NONE is nothing but an answer. An rcode below 0: none came. */
static void say_by(int i, int rcode, const char *addresses, enum failure failure, int32_t took_ms)
{
    struct dns_answer answer = {
        .asked_as = asked[i].question.asked_as, .family = asked[i].question.family, .rcode = rcode};
    char words[256], *rest = NULL;

    (void)text_set(answer.server, sizeof(answer.server), "%s", asked[i].server);
    (void)text_set(words, sizeof(words), "%s", addresses);
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        (void)text_set(answer.addresses[answer.n_addresses++], ADDRESS_SIZE, "%s", word);
    if (failure == FAILURE_NONE)
        step_ok(&answer.step, took_ms);
    else
        step_fail(&answer.step, failure, took_ms);
    dns_done *done = asked[i].done;
    assert_non_null(done);
    asked[i].done = NULL;
    done(asked[i].arg, &answer);
}

static void say(int i, const char *addresses, enum failure failure, int32_t took_ms)
{
    int rcode = failure == FAILURE_DNS_MALFORMED ? RCODE_FORMERR
                : failure == FAILURE_DNS_REFUSED ? RCODE_REFUSED
                : failure == FAILURE_SERVFAIL    ? RCODE_SERVFAIL
                                                 : 0;

    say_by(i, rcode, addresses, failure, took_ms);
}

static struct dialled ending(enum failure failure, uint16_t port)
{
    struct dialled dialled = {.fd = -1, .local_port = port, .local_address = "10.0.1.10"};

    if (failure == FAILURE_NONE) {
        step_ok(&dialled.step, 2);
        dialled.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    } else {
        step_fail(&dialled.step, failure, 2);
    }
    return dialled;
}

static void ends(int i, enum failure failure, uint16_t port)
{
    const struct dialled dialled = ending(failure, port);
    dial_done *done = calls[i].done;

    assert_non_null(done);
    calls[i].done = NULL;
    done(calls[i].arg, &dialled);
}

/* By one of Amazon's roots, with a request id. */
static struct http_reply reply_of(int status)
{
    struct http_reply reply = {.body = "", .head = {.status = status, .has_date = true}};

    step_ok(&reply.tls, 3);
    step_ok(&reply.step, 5);
    reply.session.trust_by = TRUST_BY_AMAZON;
    (void)text_set(reply.head.request_id, NAME_SIZE, "1-2");
    return reply;
}

static void replies(int i, struct http_reply reply)
{
    http_done *done = sent[i].done;

    assert_non_null(done);
    sent[i].done = NULL;
    reply.body_bytes = strlen(reply.body);
    done(sent[i].arg, &reply);
}

/* One second more of its handshake is over. */
static void is_silent(int i)
{
    sent[i].request.silent(sent[i].arg, SILENCE_HEARD);
}

static void is_unheard(int i)
{
    sent[i].request.silent(sent[i].arg, SILENCE_UNHEARD);
}

static struct http_reply silent_tls(int32_t took_ms)
{
    struct http_reply reply = {.body = ""};

    step_fail(&reply.tls, FAILURE_TIMEOUT, took_ms);
    step_skip(&reply.step, FAILURE_BELOW);
    return reply;
}

/* --- one service --- */

static struct facts facts;
static struct observe *observe;
static bool patient;
static const char *root;
static const struct credentials credentials = {"ASIAEXAMPLE", "0123456789abcdefghij",
                                               "token-of-the-lab"};
#define SSM (&facts.endpoints[SERVICE_SSM])

static int set_up(void **state)
{
    (void)state;
    memset(&facts, 0, sizeof(facts));
    facts.resolvers.ndots = 1;
    n_asked = n_calls = n_sent = n_timers = n_opened = n_doubted = 0;
    memset(asked, 0, sizeof(asked));
    memset(calls, 0, sizeof(calls));
    memset(sent, 0, sizeof(sent));
    memset(opened, 0, sizeof(opened));
    refuser = REFUSER_UNKNOWN;
    dead_hop = patient = false;
    starts = true;
    root = "/no/such/root";
    now_ms = NOW_MS;
    observe = NULL;
    (void)text_set(facts.plan.region, REGION_SIZE, "us-east-1");
    for (int i = 0; i < N_SERVICES; i++) {
        struct service_plan *plan = &facts.plan.services[i];
        (void)text_set(plan->host, HOST_SIZE, "%s.us-east-1.amazonaws.com",
                       service_name((enum service)i));
        plan->port = 443;
    }
    facts.plan.services[SERVICE_SSM].need = NEED_REQUIRED;
    facts.network.usable_ipv4 = true;
    facts.resolvers.n_configured = 1;
    (void)text_set(facts.resolvers.configured[0], ADDRESS_SIZE, "10.0.0.2");
    facts.instance.n_vpc_cidrs = facts.instance.n_subnet_cidrs = 1;
    (void)text_set(facts.instance.vpc_cidrs[0], ADDRESS_SIZE, "10.0.0.0/16");
    (void)text_set(facts.instance.subnet_cidrs[0], ADDRESS_SIZE, "10.0.1.0/24");
    facts.agent.running = ANSWER_NO;
    facts.agent.connected = ANSWER_NO;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    observe_free(observe);
    return 0;
}

static struct proxy_login proxy_login;

static void start(const struct observe_again *again)
{
    const struct observe_request request = {.root = root,
                                            .deadline_ms = FAR_MS,
                                            .patient = patient,
                                            .again = again,
                                            .login = &proxy_login};

    observe = observe_start(NULL, &request, &facts);
}

static void add_second_server(void)
{
    facts.resolvers.n_configured = 2;
    (void)text_set(facts.resolvers.configured[1], ADDRESS_SIZE, "10.0.0.3");
}

/* As far as one connected address; connections that only carry signed requests are left under way. */
static void start_and_connect(void)
{
    start(NULL);
    observe_placed(observe);
    say(0, "10.0.1.21", FAILURE_NONE, 1);
    say(1, "", FAILURE_NODATA, 1);
    ends(0, FAILURE_NONE, 40000);
}

static void start_without_role(void)
{
    facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
    start_and_connect();
}

static const struct step *step_of(enum rung rung)
{
    return &SSM->addresses[0].steps[rung];
}

/* --- names --- */

static void both_families_are_asked_of_every_server(void **state)
{
    (void)state;
    facts.resolvers.n_configured = 4; /* the agent takes three */
    facts.resolvers.n_upstream = 1;
    for (int i = 1; i < 4; i++)
        (void)text_set(facts.resolvers.configured[i], ADDRESS_SIZE, "10.0.0.%d", 2 + i);
    (void)text_set(facts.resolvers.upstream[0], ADDRESS_SIZE, "10.0.0.9");
    start(NULL);
    assert_int_equal(n_asked, 8);
    for (int i = 0; i < n_asked; i++) {
        assert_int_equal(asked[i].question.family, i % 2 ? FAMILY_IPV6 : FAMILY_IPV4);
        assert_int_equal(asked[i].question.asked_as, i < 6 ? ASKED_CONFIGURED : ASKED_UPSTREAM);
        assert_int_equal(asked[i].question.timeout_ms, 7000);
        assert_false(asked[i].question.plain);
    }
    assert_string_equal(asked[7].server, "10.0.0.9");
    assert_int_equal(SSM->n_answers, 8);
    assert_int_equal(SSM->answers[7].rcode, -1);
}

/* As Go and glibc do, unless the file could not be read; and of those behind a stub no more than of others. */
static void without_a_server_this_machine_is_asked(void **state)
{
    for (int trouble = 0; trouble < 2; trouble++) {
        (void)set_up(state);
        facts.resolvers.n_configured = 0;
        if (trouble)
            step_skip(&facts.resolvers.read, FAILURE_INTERNAL);
        start(NULL);
        assert_int_equal(n_asked, trouble ? 0 : 2);
        if (!trouble)
            assert_string_equal(asked[1].server, "127.0.0.1");
        observe_free(observe);
    }
    (void)set_up(state);
    facts.resolvers.n_upstream = MAX_RESOLVERS;
    for (int i = 0; i < MAX_RESOLVERS; i++)
        (void)text_set(facts.resolvers.upstream[i], ADDRESS_SIZE, "10.0.0.%d", 10 + i);
    start(NULL);
    assert_int_equal(n_asked, 2 + 2 * 3);
    assert_string_equal(asked[n_asked - 1].server, "10.0.0.12");
}

static void the_first_server_that_says_yes_or_no_is_believed(void **state)
{
    (void)state;
    add_second_server();
    start(NULL);
    say(2, "10.0.9.9", FAILURE_NONE, 1);
    assert_int_equal(n_calls, 0); /* the first may still answer */
    say(0, "10.0.1.21 10.0.2.21", FAILURE_NONE, 1);
    assert_int_equal(n_calls, 7); /* two that climb, and one for each other signed request */
    assert_string_equal(calls[0].address, "10.0.1.21");
    assert_string_equal(calls[1].address, "10.0.2.21");
    assert_int_equal(calls[0].dial.timeout_ms, 2200);
    assert_int_equal(calls[2].dial.timeout_ms, 3500);
    for (int i = 0; i < n_calls; i++)
        assert_true(calls[i].dial.quiet);
    assert_int_equal(n_awaited(), 2); /* the two that climb, by their timers */
    assert_int_equal(SSM->n_addresses, 2);
    say(1, "", FAILURE_SERVFAIL, 1);
    say(3, "fd00::1", FAILURE_NONE, 1);
    assert_int_equal(SSM->n_addresses, 2); /* of a family that this machine does not have */
}

static void a_no_ends_the_search_and_a_failure_does_not(void **state)
{
    (void)state;
    add_second_server();
    start(NULL);
    say(0, "", FAILURE_NXDOMAIN, 1);
    say(2, "10.0.9.9", FAILURE_NONE, 1);
    assert_int_equal(SSM->n_addresses, 0);
    assert_true(asked[2].unimportant);
    observe_free(observe);
    (void)set_up(state);
    add_second_server();
    start(NULL);
    say(0, "", FAILURE_SERVFAIL, 1000);
    assert_int_equal(SSM->n_addresses, 0);
    say(2, "10.0.9.9", FAILURE_NONE, 1);
    assert_int_equal(SSM->n_addresses, 1);
}

static void who_fails_at_once_is_asked_twice(void **state)
{
    for (int refused = 0; refused < 2; refused++) {
        enum failure failure = refused ? FAILURE_DNS_REFUSED : FAILURE_SERVFAIL;
        (void)set_up(state);
        start(NULL);
        int n = n_asked;
        say(0, "", failure, 999);
        assert_int_equal(n_asked, n + 1);
        assert_int_equal(SSM->answers[0].step.outcome, OUTCOME_UNTRIED);
        assert_int_equal(asked[n].question.family, asked[0].question.family);
        say(n, refused ? "" : "10.0.1.21", refused ? failure : FAILURE_NONE, 1);
        assert_int_equal(SSM->n_addresses, refused ? 0 : 1);
        assert_int_equal(SSM->answers[0].step.outcome, refused ? OUTCOME_FAILED : OUTCOME_OK);
        assert_int_equal(n_asked, n + 1);
        say(1, "", failure, 1000);
        assert_int_equal(n_asked, n + 1); /* one that takes long to fail is not */
        observe_free(observe);
    }
    observe = NULL;
}

/* Something came back, and no answer to the question; of silence nothing else is made than silence. */
static void who_answers_another_question_is_asked_twice(void **state)
{
    (void)state;
    start(NULL);
    say_by(0, -1, "", FAILURE_DNS_MALFORMED, 999);
    assert_int_equal(n_asked, 3);
    say_by(2, -1, "", FAILURE_DNS_MALFORMED, 999);
    assert_int_equal(n_asked, 3);
    assert_int_equal(SSM->answers[0].step.failure, FAILURE_DNS_MALFORMED);
    say_by(1, -1, "", FAILURE_TIMEOUT, 999);
    assert_int_equal(n_asked, 3);
    assert_int_equal(SSM->answers[1].step.failure, FAILURE_TIMEOUT);
    observe_free(observe);

    (void)set_up(state); /* of a server that was never heard of, port 53 is dialled */
    start(NULL);
    say_by(0, -1, "", FAILURE_TIMEOUT, 7000);
    pass(1000);
    assert_int_equal(n_knocks(), 1);
}

/* The agent's unit sets GODEBUG=netedns0=0, which its Go knows from some version on. */
static void an_agent_without_edns_asks_plainly(void **state)
{
    static const struct {
        const char *version;
        bool plain;
    } rows[] = {{"3.3.808.0", true}, {"3.3.1142.0", true}, {"3.3.807.0", false}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)set_up(state);
        facts.agent.no_edns = true;
        (void)text_set(facts.agent.version, sizeof(facts.agent.version), "%s", rows[i].version);
        facts.resolvers.n_upstream = 1;
        (void)text_set(facts.resolvers.upstream[0], ADDRESS_SIZE, "10.0.0.9");
        start(NULL);
        assert_int_equal(asked[0].question.plain, rows[i].plain);
        assert_false(asked[2].question.plain); /* nobody but the agent's server is asked so */
        observe_free(observe);
    }
    observe = NULL;
}

/* The server behind a stub is not the agent's. */
static void what_an_upstream_server_says_is_kept_and_not_taken(void **state)
{
    (void)state;
    facts.resolvers.n_upstream = 1;
    (void)text_set(facts.resolvers.upstream[0], ADDRESS_SIZE, "10.0.0.9");
    start(NULL);
    say(2, "10.0.1.21", FAILURE_NONE, 1);
    assert_string_equal(SSM->answers[2].addresses[0], "10.0.1.21");
    assert_int_equal(SSM->n_addresses, 0);
    say(0, "10.0.2.21", FAILURE_NONE, 1);
    assert_string_equal(SSM->addresses[0].address, "10.0.2.21");
}

static void an_address_is_climbed_once_and_so_many_of_them(void **state)
{
    char addresses[256] = "";
    (void)state;

    facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
    facts.network.usable_ipv6 = true;
    start(NULL);
    for (int i = 0; i < MAX_ADDRESSES; i++)
        (void)text_add(addresses, sizeof(addresses), "10.0.1.%d ", i < 2 ? 1 : i);
    say(0, addresses, FAILURE_NONE, 1);
    assert_int_equal(SSM->n_addresses, MAX_ADDRESSES - 1);
    say(1, "fd00::1 fd00::2", FAILURE_NONE, 1);
    assert_int_equal(SSM->n_addresses, MAX_ADDRESSES);
    assert_string_equal(SSM->addresses[MAX_ADDRESSES - 1].address, "fd00::1");
}

static void an_answer_that_is_too_late_for_the_agent_is_none(void **state)
{
    (void)state;
    start(NULL);
    say(0, "10.0.1.21", FAILURE_NONE, 5000);
    assert_int_equal(SSM->n_addresses, 0);
    assert_int_equal(SSM->answers[0].step.failure, FAILURE_SLOW);
    assert_int_equal(SSM->answers[0].step.took_ms, 5000);
    observe_free(observe);
    (void)set_up(state);
    start(NULL);
    say(0, "10.0.1.21", FAILURE_NONE, 4999);
    assert_int_equal(SSM->n_addresses, 1);
}

static void who_cannot_stand_edns_is_asked_without(void **state)
{
    (void)state;
    start(NULL);
    say(0, "", FAILURE_DNS_MALFORMED, 1); /* FORMERR */
    say(1, "", FAILURE_DNS_MALFORMED, 1);
    assert_int_equal(n_asked, 3); /* once is enough */
    assert_true(asked[2].question.plain);
    assert_int_equal(asked[2].question.asked_as, ASKED_PLAIN);
    assert_int_equal(asked[2].question.timeout_ms, 1200);
    say(2, "10.0.1.21", FAILURE_NONE, 1);
    assert_int_equal(SSM->n_addresses, 0); /* the agent does not ask so */
    observe_free(observe);

    (void)set_up(state);
    start(NULL);
    say_by(0, RCODE_NOTIMP, "", FAILURE_DNS_MALFORMED, 1);
    assert_int_equal(asked[2].question.asked_as, ASKED_PLAIN);
}

/* Somebody is there: port 53 answers, by whatever. */
static void a_silent_server_gets_a_second_opinion_and_then_the_next_is_taken(void **state)
{
    for (int refused = 0; refused < 2; refused++) {
        (void)set_up(state);
        add_second_server();
        start(NULL);
        observe_placed(observe);
        say(2, "10.0.1.21", FAILURE_NONE, 1);
        say(3, "", FAILURE_NODATA, 1);
        pass(49);
        assert_int_equal(n_calls, 0);
        pass(1);
        assert_int_equal(n_calls, 1);
        assert_string_equal(calls[0].address, "10.0.0.2");
        assert_int_equal(calls[0].dial.port, 53);
        assert_true(calls[0].dial.quiet);
        ends(0, refused ? FAILURE_REFUSED : FAILURE_NONE, 40000);
        assert_int_equal(n_asked, 4);
        pass(950);
        assert_int_equal(n_asked, 4 + 1 + 1); /* the silent one plainly; Amazon, at the VPC's
                                               * base + 2 it is it already */
        assert_int_equal(asked[4].question.asked_as, ASKED_PLAIN);
        assert_string_equal(asked[4].server, "10.0.0.2");
        assert_int_equal(asked[5].question.asked_as, ASKED_AMAZON);
        assert_string_equal(asked[5].server, "169.254.169.253");
        pass(999);
        assert_int_equal(SSM->answers[0].step.outcome, OUTCOME_UNTRIED);
        pass(1);
        assert_int_equal(SSM->answers[0].step.failure, FAILURE_TIMEOUT);
        assert_int_equal(SSM->answers[0].step.took_ms, 2000);
        assert_true(asked[0].unimportant);
        assert_int_equal(SSM->n_addresses, 1);
        say(1, "", FAILURE_SERVFAIL, 2500);
        assert_int_equal(SSM->answers[1].step.failure, FAILURE_TIMEOUT);
        say(0, "10.0.7.7", FAILURE_NONE, 2500); /* the agent would have waited */
        assert_int_equal(SSM->answers[0].step.outcome, OUTCOME_OK);
        assert_string_equal(SSM->addresses[1].address, "10.0.7.7");
        observe_free(observe);
    }
    observe = NULL;
}

/* Nothing is heard of it, by UDP or by TCP. */
static void a_dead_server_is_given_up_when_the_next_one_answers(void **state)
{
    (void)state;
    add_second_server();
    start(NULL);
    say(2, "10.0.1.21", FAILURE_NONE, 1);
    pass(50);
    ends(0, FAILURE_HOST_UNREACHABLE, 40000);
    pass(199);
    say(3, "", FAILURE_NODATA, 1); /* it is looked at once more */
    assert_int_equal(SSM->answers[0].step.outcome, OUTCOME_UNTRIED);
    assert_int_equal(SSM->n_addresses, 0);
    pass(1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(SSM->answers[i].step.failure, FAILURE_TIMEOUT);
        assert_int_equal(SSM->answers[i].step.took_ms, 250);
        assert_true(asked[i].unimportant);
    }
    assert_int_equal(SSM->n_addresses, 1);
    assert_int_equal(n_knocks(), 1);
    observe_free(observe);

    (void)set_up(state); /* of another name it says something */
    add_second_server();
    facts.plan.services[SERVICE_SSMMESSAGES].need = NEED_REQUIRED;
    start(NULL);
    say(2, "10.0.1.21", FAILURE_NONE, 1);
    say(4, "", FAILURE_SERVFAIL, 1);
    pass(1999);
    assert_int_equal(n_knocks(), 0);
    assert_int_equal(SSM->answers[0].step.outcome, OUTCOME_UNTRIED);
    pass(1);
    assert_int_equal(SSM->answers[0].step.failure, FAILURE_TIMEOUT);
}

static void who_alone_is_silent_is_waited_for(void **state)
{
    (void)state;
    start(NULL);
    pass(999);
    assert_int_equal(n_knocks(), 0);
    pass(1);
    assert_int_equal(n_asked, 3); /* plainly; Amazon not yet, since nothing is placed */
    assert_int_equal(n_knocks(), 1);
    ends(0, FAILURE_REFUSED, 40000);
    pass(2000);
    assert_int_equal(SSM->answers[0].step.outcome, OUTCOME_UNTRIED);
    observe_placed(observe);
    assert_int_equal(asked[3].question.asked_as, ASKED_AMAZON);
    say(0, "10.0.1.21", FAILURE_NONE, 3000);
    assert_int_equal(SSM->n_addresses, 1);
}

/* What is asked without EDNS0 it answers at once: so it does not take its time. */
static void who_is_silent_to_edns_alone_is_given_up(void **state)
{
    (void)state;
    start(NULL);
    pass(1000);
    assert_int_equal(asked[2].question.asked_as, ASKED_PLAIN);
    ends(0, FAILURE_NONE, 40000);
    say(2, "10.0.1.21", FAILURE_NONE, 1);
    pass(1199);
    assert_int_equal(SSM->answers[0].step.outcome, OUTCOME_UNTRIED);
    pass(1);
    assert_int_equal(SSM->answers[0].step.failure, FAILURE_TIMEOUT);
    assert_int_equal(SSM->answers[0].step.took_ms, 2200);
    assert_int_equal(SSM->answers[1].step.failure, FAILURE_TIMEOUT);
    assert_int_equal(SSM->n_addresses, 0);
    observe_free(observe);

    (void)set_up(state); /* one question was answered as it was asked */
    start(NULL);
    say(1, "", FAILURE_NODATA, 1);
    pass(1000);
    say(2, "10.0.1.21", FAILURE_NONE, 1);
    pass(3000);
    assert_int_equal(SSM->answers[0].step.outcome, OUTCOME_UNTRIED);
}

static void who_alone_is_dead_is_given_up(void **state)
{
    (void)state;
    add_second_server();
    start(NULL);
    pass(2199);
    assert_int_equal(n_knocks(), 2);
    assert_int_equal(SSM->answers[0].step.outcome, OUTCOME_UNTRIED);
    pass(1);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(SSM->answers[i].step.failure, FAILURE_TIMEOUT);
        assert_int_equal(SSM->answers[i].step.took_ms, 2200);
        assert_true(asked[i].unimportant);
    }
    assert_int_equal(SSM->n_addresses, 0);
    say(0, "10.0.1.21", FAILURE_NONE, 3000); /* after all */
    assert_int_equal(SSM->n_addresses, 1);
}

static void the_options_of_resolv_conf_count(void **state)
{
    (void)state;
    facts.resolvers.by_tcp = true;
    facts.resolvers.timeout_ms = 1000;
    start(NULL);
    assert_true(asked[0].question.by_tcp);
    say(0, "", FAILURE_DNS_MALFORMED, 1);
    assert_int_equal(asked[2].question.asked_as, ASKED_PLAIN);
    assert_false(asked[2].question.by_tcp);
    say(1, "fd00::1", FAILURE_NONE, 1000);
    assert_int_equal(SSM->answers[1].step.failure, FAILURE_SLOW);
    observe_free(observe);

    (void)set_up(state);
    facts.resolvers.timeout_ms = 1000;
    start(NULL);
    assert_false(asked[0].question.by_tcp);
    say(0, "10.0.1.21", FAILURE_NONE, 999);
    assert_int_equal(SSM->n_addresses, 1);
}

static void amazon_is_asked_where_the_answer_is_doubtful(void **state)
{
    static const struct {
        const char *addresses;
        enum failure failure;
        int n_opinions;
    } rows[] = {{"10.0.1.21", FAILURE_NONE, 0},
                {"52.1.2.3", FAILURE_NONE, 2},
                {"10.0.1.21 52.1.2.3", FAILURE_NONE, 2},
                {"127.0.0.1", FAILURE_NONE, 2},
                {"", FAILURE_NXDOMAIN, 2},
                {"172.20.1.1", FAILURE_NONE, 0}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)set_up(state);
        (void)text_set(facts.resolvers.configured[0], ADDRESS_SIZE, "10.9.9.9");
        start(NULL);
        observe_placed(observe);
        say(0, rows[i].addresses, rows[i].failure, 1);
        assert_int_equal(n_asked, 2); /* the other family may have one */
        say(1, "", FAILURE_NODATA, 1);
        if (n_asked != 2 + rows[i].n_opinions)
            fail_msg("%s: %d", rows[i].addresses, n_asked);
        if (rows[i].n_opinions) {
            assert_string_equal(asked[2].server, "169.254.169.253");
            assert_string_equal(asked[3].server, "10.0.0.2");
        }
        observe_free(observe);
    }
    static const struct {
        const char *ipv4, *ipv6;
        bool is_asked;
    } both[] = {{"10.0.1.21", "2600::21", true},
                {"10.0.1.21", "fd00::21", false},
                {"", "fd00::21", false},
                {"", "2600::21", true}};
    for (size_t i = 0; i < COUNT_OF(both); i++) {
        (void)set_up(state);
        start(NULL);
        observe_placed(observe);
        say(0, both[i].ipv4, both[i].ipv4[0] ? FAILURE_NONE : FAILURE_NODATA, 1);
        say(1, both[i].ipv6, FAILURE_NONE, 1);
        assert_int_equal(n_asked > 2, both[i].is_asked);
        observe_free(observe);
    }
    static const struct {
        bool ipv4, ipv6;
        int n_opinions;
    } usable[] = {{false, false, 1}, {true, false, 1}, {false, true, 2}, {true, true, 2}};
    for (size_t i = 0; i < COUNT_OF(usable); i++) { /* of a family that nobody uses none is asked */
        const bool only_ipv6 = usable[i].ipv6 && !usable[i].ipv4;

        (void)set_up(state);
        facts.network.usable_ipv4 = usable[i].ipv4;
        facts.network.usable_ipv6 = usable[i].ipv6;
        start(NULL);
        say(0, "", FAILURE_NXDOMAIN, 1);
        say(1, "", FAILURE_NXDOMAIN, 1);
        assert_int_equal(n_asked, 2);
        observe_placed(observe);
        assert_string_equal(asked[2].server, only_ipv6 ? "fd00:ec2::253" : "169.254.169.253");
        assert_int_equal(n_asked, 2 + usable[i].n_opinions);
        assert_int_equal(asked[2].question.family, FAMILY_IPV4);
        observe_free(observe);
    }
    observe = NULL;
}

/* Whoever is not Amazon's may remember an endpoint that is gone. */
static void amazon_is_asked_where_an_address_of_another_server_fails(void **state)
{
    static const struct {
        const char *server, *upstream; /* which the server passes questions on to */
        enum failure tls;              /* FAILURE_NONE: it does not connect */
        bool is_asked;
    } rows[] = {{"10.9.9.9", "", FAILURE_NONE, true},
                {"10.9.9.9", "", FAILURE_WRONG_NAME, true},
                {"10.9.9.9", "", FAILURE_UNTRUSTED, false},
                {"10.0.0.2", "", FAILURE_NONE, false},
                {"169.254.169.253", "", FAILURE_NONE, false},
                {"fd00:ec2::253", "", FAILURE_NONE, false},
                {"127.0.0.53", "10.9.9.9", FAILURE_NONE, true},
                {"127.0.0.53", "10.0.0.2", FAILURE_NONE, false}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)set_up(state);
        (void)text_set(facts.resolvers.configured[0], ADDRESS_SIZE, "%s", rows[i].server);
        (void)text_set(facts.resolvers.upstream[0], ADDRESS_SIZE, "%s", rows[i].upstream);
        facts.resolvers.n_upstream = rows[i].upstream[0] ? 1 : 0;
        facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
        start(NULL);
        observe_placed(observe);
        say(0, "10.0.1.99", FAILURE_NONE, 1);
        say(1, "", FAILURE_NODATA, 1);
        int n = n_asked;
        if (rows[i].tls == FAILURE_NONE) {
            ends(0, FAILURE_HOST_UNREACHABLE, 40000);
        } else {
            struct http_reply reply = reply_of(0);
            step_fail(&reply.tls, rows[i].tls, 3);
            step_skip(&reply.step, FAILURE_BELOW);
            ends(0, FAILURE_NONE, 40000);
            replies(0, reply);
        }
        if ((n_asked == n + 2) != rows[i].is_asked || (n_asked == n) == rows[i].is_asked)
            fail_msg("row %zu: %d", i, n_asked - n);
        observe_free(observe);
    }
    (void)set_up(state);
}

/* nsswitch.conf's order; all addresses of a line are the agent's. */
static void hosts_is_read_in_its_order(void **state)
{
    static const struct {
        enum lookup_order order;
        bool at_once, after_dns;
    } rows[] = {{LOOKUP_FILES_DNS, true, true},
                {LOOKUP_FILES, true, true},
                {LOOKUP_DNS_FILES, false, true},
                {LOOKUP_DNS, false, false}};
    static const char one[] = "10.0.1.98 ssm.us-east-1.amazonaws.com\n";
    static const char lines[] = "10.0.1.98 ssm.us-east-1.amazonaws.com\n"
                                "10.0.1.99 ssm.us-east-1.amazonaws.com\n";
    char folder[] = "/tmp/ssm-preflight-climb-XXXXXX", path[64];

    assert_non_null(mkdtemp(folder));
    (void)text_set(path, sizeof(path), "%s/etc", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    (void)text_add(path, sizeof(path), "/hosts");
    assert_int_equal(file_write_atomically(path, lines, sizeof(lines) - 1, 0644), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)set_up(state);
        root = folder;
        facts.resolvers.order = rows[i].order;
        start(NULL);
        assert_int_equal(SSM->n_addresses, rows[i].at_once ? 2 : 0);
        for (int n = 0; n < n_asked; n++)
            say(n, "", FAILURE_NXDOMAIN, 1);
        assert_int_equal(SSM->n_addresses, rows[i].after_dns ? 2 : 0);
        if (rows[i].after_dns)
            assert_string_equal(SSM->addresses[0].address, "10.0.1.98");
        observe_free(observe);
    }
    assert_int_equal(file_write_atomically(path, one, sizeof(one) - 1, 0644), 0);
    for (size_t i = 0; i < COUNT_OF(rows);
         i++) { /* DNS has another one, which counts where it is first */
        (void)set_up(state);
        root = folder;
        facts.resolvers.order = rows[i].order;
        start(NULL);
        for (int n = 0; n < n_asked; n++)
            say(n, "10.0.1.21", FAILURE_NONE, 1);
        assert_int_equal(SSM->n_addresses, 1);
        assert_string_equal(SSM->addresses[0].address, rows[i].at_once ? "10.0.1.98" : "10.0.1.21");
        assert_int_equal(SSM->addresses[0].from_hosts_file, rows[i].at_once);
        observe_free(observe);
    }
    (void)set_up(state);
    assert_int_equal(unlink(path), 0);
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path) + rmdir(folder), 0);
}

static void a_bare_host_is_looked_up_by_the_search_list(void **state)
{
    (void)state;
    (void)text_set(facts.plan.services[SERVICE_SSM].host, HOST_SIZE, "endpoint");
    (void)text_set(facts.resolvers.search, sizeof(facts.resolvers.search), "a.example b.example");
    start(NULL);
    assert_string_equal(asked[0].name, "endpoint.a.example");
    say(0, "", FAILURE_NXDOMAIN, 1);
    assert_string_equal(asked[1].name, "endpoint.b.example");
    assert_int_equal(n_calls, 0);
    say(1, "10.0.1.21", FAILURE_NONE, 1);
    assert_string_equal(SSM->answers[0].cname, "endpoint.b.example");
    assert_string_equal(calls[0].address, "10.0.1.21");
}

/* Nor where names are of /etc/hosts alone, nor where the whole name is too long for one. */
static void the_search_list_is_left_out_where_it_leads_nowhere(void **state)
{
    char domain[HOST_SIZE] = "";
    (void)state;

    (void)text_set(facts.plan.services[SERVICE_SSM].host, HOST_SIZE, "endpoint");
    (void)text_set(facts.resolvers.search, sizeof(facts.resolvers.search), "a.example");
    facts.resolvers.order = LOOKUP_FILES;
    start(NULL);
    assert_int_equal(n_asked, 0);
    observe_free(observe);

    (void)set_up(state);
    memset(domain, 'a', HOST_SIZE - 2);
    (void)text_set(facts.plan.services[SERVICE_SSM].host, HOST_SIZE, "endpoint");
    (void)text_set(facts.resolvers.search, sizeof(facts.resolvers.search), "%s", domain);
    start(NULL);
    assert_string_equal(asked[0].name, "endpoint");
}

static void of_a_name_with_fewer_dots_than_ndots_the_list_is_first(void **state)
{
    static const struct {
        int ndots;
        const char *host, *name;
    } rows[] = {
        {1, "ssm", "ssm.a.example"}, {1, "ssm.b", "ssm.b"}, {2, "ssm.b", "ssm.b.a.example"},
        {2, "ssm.b.c", "ssm.b.c"},   {0, "ssm", "ssm"},
    };
    (void)state;

    (void)text_set(facts.resolvers.search, sizeof(facts.resolvers.search), "a.example");
    start(NULL);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char name[HOST_SIZE] = "";
        facts.resolvers.ndots = rows[i].ndots;
        assert_true(names_search(observe, rows[i].host, 0, name));
        if (strcmp(name, rows[i].name) != 0)
            fail_msg("row %zu: %s", i, name);
    }
}

static void a_question_that_cannot_start_is_trouble(void **state)
{
    (void)state;
    starts = false;
    start(NULL);
    assert_int_equal(SSM->answers[0].step.failure, FAILURE_INTERNAL);
    assert_int_equal(SSM->answers[1].step.failure, FAILURE_INTERNAL);
}

/* --- the connection --- */

/* One address that climbs, and no other connections. */
static void start_dialling(void)
{
    facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
    start(NULL);
    say(0, "10.0.1.21", FAILURE_NONE, 1);
}

static void a_silent_address_is_tried_by_turns_from_both_halves_of_the_ports(void **state)
{
    for (int dead = 0; dead < 2; dead++) {
        (void)set_up(state);
        dead_hop = dead;
        start_dialling();
        for (int i = 0; i < 3; i++) {
            assert_int_equal(n_calls, i + 1);
            assert_int_equal(calls[i].dial.ports, i % 2 ? PORTS_HIGH : PORTS_LOW);
            assert_int_equal(calls[i].dial.timeout_ms, 2200 - 400 * i);
            pass(399);
            assert_int_equal(n_calls, i + 1);
            pass(1);
        }
        pass(1000);
        assert_int_equal(n_calls, 3);
        ends(0, FAILURE_TIMEOUT, 40000);
        ends(1, FAILURE_TIMEOUT, 50000);
        assert_int_equal(step_of(RUNG_CONNECT)->outcome, OUTCOME_UNTRIED);
        assert_int_equal(n_awaited(), 1);
        ends(2, FAILURE_TIMEOUT, 40001);
        assert_int_equal(step_of(RUNG_CONNECT)->failure,
                         dead ? FAILURE_HOST_UNREACHABLE : FAILURE_TIMEOUT);
        assert_int_equal(step_of(RUNG_CONNECT)->took_ms, 2200);
        assert_int_equal(step_of(RUNG_TLS)->failure, FAILURE_BELOW);
        assert_int_equal(step_of(RUNG_HTTP)->failure, FAILURE_BELOW);
        assert_int_equal(SSM->addresses[0].port, 40000);
        assert_int_equal(SSM->addresses[0].silent_port, 50000);
        assert_int_equal(n_doubted, 1);
        assert_int_equal(n_sent, 0);
        assert_int_equal(n_awaited(), 0);
        observe_free(observe);
    }
    (void)set_up(state); /* no connect() ends in time */
    start_dialling();
    pass(2299);
    assert_int_equal(step_of(RUNG_CONNECT)->outcome, OUTCOME_UNTRIED);
    pass(1);
    assert_int_equal(step_of(RUNG_CONNECT)->failure, FAILURE_TIMEOUT);
    assert_int_equal(n_awaited(), 0);
}

/* What this machine itself drops is silence too. */
static void what_is_not_sent_is_sent_again(void **state)
{
    (void)state;
    start_dialling();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(n_calls, i + 1);
        ends(i, FAILURE_NOT_SENT, 40000);
        pass(400);
    }
    assert_int_equal(step_of(RUNG_CONNECT)->failure, FAILURE_NOT_SENT);
}

/* The first one that says something else than nothing is believed, and no more are begun. */
static void an_error_after_silence_is_not_repeated(void **state)
{
    (void)state;
    start_dialling();
    pass(400);
    ends(1, FAILURE_NO_ROUTE, 50000);
    pass(1799);
    assert_int_equal(n_calls, 2);
    assert_int_equal(step_of(RUNG_CONNECT)->outcome, OUTCOME_UNTRIED);
    ends(0, FAILURE_TIMEOUT, 40000);
    assert_int_equal(step_of(RUNG_CONNECT)->failure, FAILURE_NO_ROUTE);
    assert_int_equal(SSM->addresses[0].port, 50000);
    assert_int_equal(SSM->addresses[0].silent_port, 40000);
}

static void what_connects_from_one_half_only_says_from_which(void **state)
{
    static const uint16_t ports[] = {40000, 50000};

    for (int first = 0; first < 2; first++) {
        for (int sooner = 0; sooner < 2; sooner++) {
            (void)set_up(state);
            start_dialling();
            pass(400);
            const int order[] = {sooner, !sooner};
            for (int i = 0; i < 2; i++) {
                assert_int_equal(n_awaited(), 1); /* the other half is waited for */
                ends(order[i], order[i] == first ? FAILURE_NONE : FAILURE_TIMEOUT, ports[order[i]]);
            }
            assert_int_equal(n_awaited(), 0);
            assert_int_equal(step_of(RUNG_CONNECT)->outcome, OUTCOME_OK);
            assert_int_equal(SSM->addresses[0].port, ports[first]);
            assert_int_equal(SSM->addresses[0].silent_port, ports[!first]);
            assert_int_equal(n_sent, 1);
            pass(3000);
            assert_int_equal(n_calls, 2);
            observe_free(observe);
        }
    }
    static const enum failure not_silent[] = {FAILURE_NONE,
                                              FAILURE_REFUSED}; /* both: one is closed */
    for (size_t i = 0; i < COUNT_OF(not_silent); i++) {
        (void)set_up(state);
        start_dialling();
        pass(400);
        ends(0, FAILURE_NONE, 40000);
        ends(1, not_silent[i], 50000);
        assert_int_equal(SSM->addresses[0].port, 40000);
        assert_int_equal(SSM->addresses[0].silent_port, 0);
        assert_int_equal(n_sent, 1);
        assert_int_equal(n_awaited(), 0);
        observe_free(observe);
    }
    (void)set_up(state); /* not for ever */
    start_dialling();
    pass(400);
    ends(0, FAILURE_NONE, 40000);
    pass(1899);
    assert_int_equal(n_awaited(), 1);
    pass(1);
    assert_int_equal(n_awaited(), 0);
    assert_int_equal(step_of(RUNG_CONNECT)->outcome, OUTCOME_OK);
    assert_int_equal(n_doubted, 0);
}

static void a_public_address_where_a_private_one_is_wanted_gets_little_time(void **state)
{
    static const struct {
        enum private_dns wanted;
        bool patient;
        int n_calls;
    } rows[] = {{PRIVATE_DNS_WARN, false, 6},
                {PRIVATE_DNS_REQUIRE, false, 6},
                {PRIVATE_DNS_OFF, false, 1},
                {PRIVATE_DNS_WARN, true, 1}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)set_up(state);
        facts.plan.private_dns = rows[i].wanted;
        facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
        patient = rows[i].patient;
        start(NULL);
        observe_placed(observe);
        say(0, "52.1.2.3", FAILURE_NONE, 1);
        pass(239);
        assert_int_equal(n_calls, rows[i].n_calls);
        assert_int_equal(step_of(RUNG_CONNECT)->outcome, OUTCOME_UNTRIED);
        pass(1);
        bool given_up = rows[i].n_calls == 6;
        assert_int_equal(step_of(RUNG_CONNECT)->failure, given_up ? FAILURE_TIMEOUT : FAILURE_NONE);
        assert_int_equal(step_of(RUNG_CONNECT)->took_ms, given_up ? 240 : 0);
        assert_int_equal(SSM->addresses[0].second_opinion, rows[i].wanted == PRIVATE_DNS_REQUIRE);
        assert_int_equal(n_awaited(), !given_up);
        observe_free(observe);
    }
    (void)set_up(state); /* nobody knows yet that it is public */
    facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
    start(NULL);
    say(0, "52.1.2.3", FAILURE_NONE, 1);
    pass(100);
    assert_int_equal(n_calls, 1);
    observe_placed(observe);
    pass(239);
    assert_int_equal(n_calls, 6);
    assert_int_equal(step_of(RUNG_CONNECT)->outcome, OUTCOME_UNTRIED);
    pass(1);
    assert_int_equal(step_of(RUNG_CONNECT)->failure, FAILURE_TIMEOUT);
    ends(0, FAILURE_NONE, 40000); /* while something else was waited for */
    assert_int_equal(step_of(RUNG_CONNECT)->outcome, OUTCOME_OK);
    assert_int_equal(n_sent, 1);
}

static void a_connection_in_time_is_tried_once(void **state)
{
    (void)state;
    start_without_role();
    assert_int_equal(n_awaited(), 0);
    pass(3000);
    assert_int_equal(n_calls, 1);
    assert_int_equal(sent[0].request.tls_timeout_ms, 10000);
    assert_int_equal(sent[0].request.timeout_ms, 80000); /* of ssm: a third longer than the agent */
    assert_string_equal(sent[0].request.method, "GET");
    assert_null(sent[0].request.signature);
}

static void the_deadline_finds_a_missing_answer(void **state)
{
    (void)state;
    now_ms = FAR_MS - 5000;
    start_without_role();
    assert_int_equal(sent[0].request.timeout_ms, 4900);
    observe_free(observe);
    (void)set_up(state);
    now_ms = FAR_MS - 50;
    start_without_role();
    assert_int_equal(sent[0].request.timeout_ms, 1);
    struct http_reply reply = reply_of(0);
    step_fail(&reply.step, FAILURE_TIMEOUT, 10);
    replies(0, reply);
    assert_int_equal(facts.stopped_by, STOPPED_BY_DEADLINE);
    assert_int_equal(step_of(RUNG_HTTP)->failure, FAILURE_TIMEOUT);
    observe_free(observe);
    (void)set_up(state);
    now_ms = FAR_MS - 50;
    start_without_role();
    struct http_reply whole = reply_of(0); /* waited for as long as without a deadline */
    step_fail(&whole.step, FAILURE_TIMEOUT, 79900);
    replies(0, whole);
    assert_int_equal(facts.stopped_by, STOPPED_BY_NOTHING);
    observe_free(observe);
    (void)set_up(state);
    now_ms = FAR_MS - 50;
    start_without_role();
    replies(0, silent_tls(10)); /* says nothing of the handshake */
    assert_int_equal(facts.stopped_by, STOPPED_BY_DEADLINE);
    assert_int_equal(step_of(RUNG_TLS)->outcome, OUTCOME_UNTRIED);
    observe_free(observe);
    (void)set_up(state);
    now_ms = FAR_MS - 5000;
    start(NULL);
    observe_placed(observe);
    observe_role(observe, &credentials);
    say(0, "10.0.1.21", FAILURE_NONE, 1);
    for (int i = 0; i < 2; i++) {
        ends(i, FAILURE_NONE, 40000);
        assert_non_null(sent[i].request.signature);
        assert_int_equal(sent[i].request.timeout_ms, 4900);
    }
}

static void who_refuses_is_found_out(void **state)
{
    (void)state;
    for (int here = 0; here < 2; here++) {
        (void)set_up(state);
        refuser = here ? REFUSER_HERE : REFUSER_ELSEWHERE;
        start(NULL);
        say(0, "10.0.1.21", FAILURE_NONE, 1);
        ends(0, FAILURE_REFUSED, 40000);
        for (int i = 0, n = n_calls; i < (here ? 1 : 7);
             i++) { /* alone, four a second: what is refused here once only */
            pass(i == 0 ? 350 : 250);
            assert_int_equal(n_calls, n + i + 1);
            ends(n_calls - 1, FAILURE_REFUSED, 40001);
        }
        pass(here ? 0 : 100);
        assert_int_equal(SSM->addresses[0].refused_here, here ? ANSWER_YES : ANSWER_NO);
        assert_int_equal(step_of(RUNG_CONNECT)->failure, FAILURE_REFUSED);
        observe_free(observe);
        (void)set_up(state);
        start(NULL);
        say(0, "10.0.1.21", FAILURE_NONE, 1);
        struct dialled result = ending(FAILURE_HOST_UNREACHABLE, 40000);
        (void)text_set(result.offender, ADDRESS_SIZE, here ? "10.0.1.10" : "10.0.1.1");
        calls[0].done(calls[0].arg, &result);
        assert_int_equal(SSM->addresses[0].refused_here, here ? ANSWER_YES : ANSWER_NO);
        assert_string_equal(SSM->addresses[0].offender, result.offender);
        observe_free(observe);
    }
    (void)set_up(state);
    refuser = REFUSER_HERE;
    start(NULL);
    say(0, "10.0.1.21", FAILURE_NONE, 1);
    ends(0, FAILURE_HOST_UNREACHABLE, 40000);
    assert_int_equal(SSM->addresses[0].refused_here, ANSWER_UNKNOWN);
    observe_free(observe);

    (void)set_up(state); /* an address of its own */
    refuser = REFUSER_ELSEWHERE;
    start(NULL);
    say(0, "10.0.1.10", FAILURE_NONE, 1);
    ends(0, FAILURE_REFUSED, 40000);
    assert_int_equal(SSM->addresses[0].refused_here, ANSWER_YES);
}

static void what_was_refused_and_then_connects_says_so(void **state)
{
    (void)state;
    refuser = REFUSER_ELSEWHERE;
    facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
    start(NULL);
    say(0, "10.0.1.21", FAILURE_NONE, 1);
    ends(0, FAILURE_REFUSED, 40000);
    for (int i = 0; i < 7; i++) {
        pass(i == 0 ? 350 : 250);
        ends(n_calls - 1, i < 6 ? FAILURE_REFUSED : FAILURE_NONE, 40001);
    }
    assert_int_equal(step_of(RUNG_CONNECT)->outcome, OUTCOME_OK);
    assert_int_equal(SSM->addresses[0].cut, FAILURE_REFUSED);
    assert_int_equal(SSM->addresses[0].refused_here, ANSWER_UNKNOWN);
}

/* As where a firewall of this machine limits the connections a second: one after the other they pass. */
static int last_of(const char *address)
{
    int i = n_calls;

    while (i > 0 && strcmp(calls[i - 1].address, address) != 0)
        i--;
    return i - 1;
}

static void what_is_refused_here_is_dialled_again_in_its_turn(void **state)
{
    for (int refused = 0; refused < 2; refused++) {
        (void)set_up(state);
        refuser = REFUSER_HERE;
        facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
        start(NULL);
        say(0, "10.0.1.21 10.0.2.21 10.0.3.21", FAILURE_NONE, 1);
        ends(0, FAILURE_NONE, 40000);
        struct dialled here = ending(FAILURE_REFUSED, 40001);
        (void)text_set(here.offender, ADDRESS_SIZE, "%s", here.local_address);
        calls[1].done(calls[1].arg, &here);
        assert_string_equal(SSM->addresses[1].offender, here.local_address);
        ends(2, FAILURE_NOT_PERMITTED, 40002);
        pass(349);
        assert_int_equal(last_of("10.0.2.21"), 1);
        pass(1);
        assert_true(last_of("10.0.2.21") > 2);
        ends(last_of("10.0.2.21"), refused ? FAILURE_REFUSED : FAILURE_NONE, 40003);
        pass(249);
        assert_int_equal(last_of("10.0.3.21"), 2);
        pass(1);
        assert_true(last_of("10.0.3.21") > 2);
        ends(last_of("10.0.3.21"), refused ? FAILURE_REFUSED : FAILURE_NONE, 40004);
        for (int i = 1; i < 3; i++)
            assert_int_equal(SSM->addresses[i].steps[RUNG_CONNECT].outcome,
                             refused ? OUTCOME_FAILED : OUTCOME_OK);
        assert_int_equal(SSM->addresses[1].refused_here, refused ? ANSWER_YES : ANSWER_UNKNOWN);
        if (!refused)
            assert_string_equal(SSM->addresses[1].offender, "");
        observe_free(observe);
    }
    (void)set_up(state);
}

/* Beside one that passed late: what is silent may be above a limit. Beside one that passed at once it is silent for good. */
static void what_is_silent_is_dialled_again_where_another_one_passed_late(void **state)
{
    for (int passes = 0; passes < 3; passes++) { /* not at all, but the other one passed at once */
        const bool late = passes > 0;
        (void)set_up(state);
        facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
        start(NULL);
        say(0, "10.0.1.21 10.0.2.21", FAILURE_NONE, 1);
        pass(late ? 1000 : 10);
        ends(0, FAILURE_NONE, 40000);
        pass(late ? 1200 : 2190);
        for (int i = n_calls - 1; i > 0; i--)
            if (strcmp(calls[i].address, "10.0.2.21") == 0)
                ends(i, FAILURE_TIMEOUT, 40001);
        const int n = n_calls;
        pass(350);
        assert_int_equal(n_calls - n, late ? 1 : 0);
        if (late)
            ends(n, passes == 2 ? FAILURE_NONE : FAILURE_TIMEOUT, 40002);
        assert_int_equal(SSM->addresses[1].steps[RUNG_CONNECT].outcome,
                         passes == 2 ? OUTCOME_OK : OUTCOME_FAILED);
        assert_int_equal(SSM->addresses[1].cut, passes == 2 ? FAILURE_TIMEOUT : FAILURE_NONE);
        pass(5000);
        assert_int_equal(n_calls, n + late);
        observe_free(observe);
    }
    (void)set_up(state);
}

/* The next turn is free at the very moment when it is asked for: it is one more turn later, and not none. */
static void who_asks_when_the_next_turn_is_free_gets_one(void **state)
{
    (void)state;
    refuser = REFUSER_HERE;
    facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
    start(NULL);
    say(0, "10.0.1.21 10.0.2.21 10.0.3.21", FAILURE_NONE, 1);
    ends(0, FAILURE_NONE, 40000);
    ends(1, FAILURE_REFUSED, 40001); /* its turn is in 350 ms, the next one in 600 */
    pass(500);
    ends(2, FAILURE_REFUSED, 40002);
    pass(100);
    int last = last_of("10.0.3.21");
    pass(249);
    assert_int_equal(last_of("10.0.3.21"), last);
    pass(1);
    assert_true(last_of("10.0.3.21") > last);
}

/* Of another place, of another family, and of its kind: they connect, so each that was refused gets its turn. */
static void others_of_its_kind_stand_anywhere(void **state)
{
    (void)state;
    refuser = REFUSER_HERE;
    facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
    facts.network.usable_ipv6 = true;
    (void)text_set(facts.instance.vpc_cidrs[1], ADDRESS_SIZE, "fd00:1::/56");
    facts.instance.n_vpc_cidrs = 2;
    start(NULL);
    observe_placed(observe);
    say(0, "10.0.3.21 10.0.1.21", FAILURE_NONE, 1);
    say(1, "fd00:1::21", FAILURE_NONE, 1);
    ladder_add(&observe->climbs[SERVICE_SSM], "10.0.2.21", false);
    ladder_add(&observe->climbs[SERVICE_SSM], "10.0.4.21", false);
    for (int i = 0; i < 5; i++)
        ends(i, i % 4 == 0 ? FAILURE_REFUSED : FAILURE_NONE, 40000);
    pass(350);
    ends(last_of("10.0.3.21"), FAILURE_REFUSED, 40001);
    pass(250);
    ends(last_of("10.0.4.21"), FAILURE_NONE, 40001);
    assert_int_equal(SSM->addresses[0].steps[RUNG_CONNECT].failure, FAILURE_REFUSED);
    assert_int_equal(SSM->addresses[4].steps[RUNG_CONNECT].outcome, OUTCOME_OK);
}

/* Two seconds after the first connect() the last turn begins; who has none then was refused. */
static void turns_end(void **state)
{
    char addresses[MAX_ADDRESSES * ADDRESS_SIZE] = "10.0.1.20";
    (void)state;

    refuser = REFUSER_HERE;
    facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
    start(NULL);
    for (int i = 1; i < 9; i++)
        (void)text_add(addresses, sizeof(addresses), " 10.0.1.%d", 20 + i);
    say(0, addresses, FAILURE_NONE, 1);
    assert_int_equal(SSM->n_addresses, 9);
    ends(0, FAILURE_NONE, 40000);
    pass(150);
    for (int i = 1; i < 9; i++)
        ends(i, FAILURE_REFUSED, 40000);
    for (int i = 1; i < 9; i++) { /* turns at 500, 750, ..., 2000 */
        int n = n_calls;
        pass(i == 1 ? 350 : 250);
        assert_int_equal(n_calls, i < 8 ? n + 1 : n);
        if (i < 8)
            ends(n, FAILURE_NONE, 40001);
    }
    for (int i = 0; i < 9; i++)
        assert_int_equal(SSM->addresses[i].steps[RUNG_CONNECT].outcome,
                         i < 8 ? OUTCOME_OK : OUTCOME_FAILED);
    assert_int_equal(n_awaited(), 0);
}

/* Refused by this machine, and no turn is left: what was dialled before is waited for as long as any. */
static void without_a_turn_the_other_half_has_its_time(void **state)
{
    (void)state;
    refuser = REFUSER_HERE;
    facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
    start(NULL);
    say(0, "10.0.1.21 10.0.2.21", FAILURE_NONE, 1);
    ends(0, FAILURE_REFUSED, 40000);
    pass(350);
    ends(n_calls - 1, FAILURE_REFUSED, 40001); /* for all of them */
    pass(50);
    assert_string_equal(calls[n_calls - 1].address, "10.0.2.21"); /* of the other half */
    ends(1, FAILURE_REFUSED, 40002);
    pass(1799);
    assert_int_equal(SSM->addresses[1].steps[RUNG_CONNECT].outcome, OUTCOME_UNTRIED);
    pass(1);
    assert_int_equal(SSM->addresses[1].steps[RUNG_CONNECT].failure, FAILURE_REFUSED);
    assert_int_equal(n_awaited(), 0);
}

/* A limit may be used up by others: one is dialled again for all of its kind. */
static void where_all_are_refused_here_one_is_dialled_again_for_all(void **state)
{
    for (int refused = 0; refused < 2; refused++) {
        (void)set_up(state);
        refuser = REFUSER_HERE;
        facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
        start(NULL);
        observe_placed(observe);
        say(0, "10.0.2.21 10.0.3.21 10.0.4.21", FAILURE_NONE, 1);
        for (int i = 0; i < 3; i++)
            ends(i, FAILURE_NOT_PERMITTED, 40000);
        int n = n_calls;
        pass(349);
        assert_int_equal(n_calls, n);
        pass(1);
        assert_int_equal(n_calls, n + 1);
        assert_string_equal(calls[n].address, "10.0.2.21");
        pass(245);
        ends(n, refused ? FAILURE_NOT_PERMITTED : FAILURE_NONE, 40003);
        pass(5 +
             249); /* each tenth of a second it is looked at: the next turn is 250 ms after that */
        assert_int_equal(n_calls, n + 1);
        pass(1);
        assert_int_equal(n_calls, refused ? n + 1 : n + 2);
        pass(250);
        assert_int_equal(n_calls, refused ? n + 1 : n + 3);
        for (int i = n + 1; i < n_calls; i++)
            ends(i, FAILURE_NONE, 40004);
        for (int i = 0; i < 3; i++)
            assert_int_equal(SSM->addresses[i].steps[RUNG_CONNECT].outcome,
                             refused ? OUTCOME_FAILED : OUTCOME_OK);
        assert_int_equal(n_awaited(), 0);
        observe_free(observe);
    }
    (void)set_up(state);
}

/* --- the handshake and the unsigned request --- */

static void a_silent_handshake_is_repeated_and_tried_with_small_segments(void **state)
{
    static const struct {
        enum failure tls;
        const char *issuer;
        enum answer small;
    } rows[] = {{FAILURE_NONE, "", ANSWER_YES},      {FAILURE_TLS_VERSION, "", ANSWER_YES},
                {FAILURE_TLS_ALERT, "", ANSWER_YES}, {FAILURE_UNTRUSTED, "CN=x", ANSWER_YES},
                {FAILURE_RESET, "", ANSWER_NO},      {FAILURE_TIMEOUT, "", ANSWER_NO}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)set_up(state);
        start_without_role();
        is_silent(0); /* 1 s */
        assert_int_equal(n_calls, 3);
        assert_int_equal(calls[1].dial.max_segment_bytes, 0);
        assert_int_equal(calls[2].dial.max_segment_bytes, 536);
        ends(1, FAILURE_NONE, 40001);
        ends(2, FAILURE_NONE, 40002);
        assert_int_equal(n_sent, 3);
        assert_int_equal(sent[1].request.tls_timeout_ms, 9000);
        assert_null(sent[2].request.silent);
        is_silent(0); /* 2 s */
        is_silent(1);
        struct http_reply reply = reply_of(404);
        if (rows[i].tls != FAILURE_NONE)
            step_fail(&reply.tls, rows[i].tls, 3);
        (void)text_set(reply.session.issuer, HOST_SIZE, "%s", rows[i].issuer);
        replies(2, reply);
        assert_int_equal(SSM->addresses[0].small_segments, rows[i].small);
        is_silent(0); /* 3 s */
        assert_int_equal(step_of(RUNG_TLS)->outcome, OUTCOME_UNTRIED);
        is_silent(1);
        bool passes = rows[i].small == ANSWER_YES;
        if (passes) {
            assert_null(sent[0].done);
            assert_null(sent[1].done);
        } else {
            assert_int_equal(step_of(RUNG_TLS)->outcome, OUTCOME_UNTRIED);
            replies(0, silent_tls(10000));
            assert_int_equal(step_of(RUNG_HTTP)->outcome, OUTCOME_UNTRIED);
            replies(1, silent_tls(9000));
        }
        assert_int_equal(step_of(RUNG_TLS)->failure, FAILURE_TIMEOUT);
        assert_int_equal(step_of(RUNG_TLS)->took_ms, passes ? 3000 : 10000);
        assert_int_equal(step_of(RUNG_HTTP)->failure, FAILURE_BELOW);
        assert_int_equal(n_calls, 3);
        observe_free(observe);
    }
    (void)set_up(state);
    start_without_role();
    is_silent(0);
    ends(1, FAILURE_REFUSED, 40001);
    ends(2, FAILURE_REFUSED, 40002);
    assert_int_equal(step_of(RUNG_TLS)->outcome, OUTCOME_UNTRIED);
    replies(0, silent_tls(10000));
    assert_int_equal(step_of(RUNG_TLS)->failure, FAILURE_TIMEOUT);
    assert_int_equal(step_of(RUNG_TLS)->took_ms, 10000);
    assert_int_equal(step_of(RUNG_HTTP)->failure, FAILURE_BELOW);
    assert_int_equal(SSM->addresses[0].small_segments, ANSWER_UNKNOWN);
}

/* After 5 s, of which the second one has four. */
static void a_handshake_that_nobody_acknowledges_is_given_up_sooner(void **state)
{
    for (int heard = 0; heard < 2; heard++) {
        (void)set_up(state);
        start_without_role();
        is_unheard(0);
        ends(1, FAILURE_NONE, 40001);
        ends(2, FAILURE_NONE, 40002);
        assert_int_equal(sent[2].request.tls_timeout_ms, 3000);
        replies(2, silent_tls(3000));
        for (int seconds = 1; seconds < 5; seconds++) {
            assert_int_equal(step_of(RUNG_TLS)->outcome, OUTCOME_UNTRIED);
            is_unheard(0);
            (heard && seconds == 4 ? is_silent : is_unheard)(1);
        }
        assert_int_equal(step_of(RUNG_TLS)->failure, heard ? FAILURE_NONE : FAILURE_TIMEOUT);
        assert_int_equal(step_of(RUNG_TLS)->took_ms, heard ? 0 : 5000);
        assert_int_equal(SSM->addresses[0].small_segments, ANSWER_NO);
        observe_free(observe);
    }
    observe = NULL;
}

/* What is under way of the other half of the ports is no handshake. */
static void an_answer_does_not_end_the_other_half(void **state)
{
    (void)state;
    start_dialling();
    pass(400);
    ends(0, FAILURE_NONE, 40000);
    is_silent(0);
    replies(0, reply_of(404)); /* which ends the handshakes beside it */
    assert_int_equal(step_of(RUNG_HTTP)->outcome, OUTCOME_OK);
    ends(1, FAILURE_TIMEOUT, 50000);
    assert_int_equal(SSM->addresses[0].silent_port, 50000);
}

static void the_handshake_that_is_answered_counts(void **state)
{
    for (int answered = 0; answered < 2; answered++) {
        (void)set_up(state);
        start_without_role();
        is_silent(0);
        ends(1, FAILURE_NONE, 40001);
        replies(answered, reply_of(404));
        assert_int_equal(step_of(RUNG_TLS)->outcome, OUTCOME_OK);
        assert_int_equal(step_of(RUNG_HTTP)->outcome, OUTCOME_OK);
        assert_null(sent[!answered].done); /* the other one and the small segments are ended */
        assert_null(calls[2].done);
        observe_free(observe);
    }
    observe = NULL;
}

/* The second one at once, others after a tenth of a second. */
static void tries_again(int i, struct http_reply reply)
{
    pass(i == 1 ? 0 : 99);
    assert_int_equal(n_calls, i == 1 ? 2 : i);
    pass(i == 1 ? 0 : 1);
    ends(i, FAILURE_NONE, 40001);
    assert_null(sent[i].request.signature);
    replies(i, reply);
}

static void the_answer_to_an_unsigned_request_is_judged(void **state)
{
    static const struct {
        int status;
        const char *id, *via, *server;
        enum trust_by by;
        enum failure failure;
    } rows[] = {
        {404, "1", "", "", TRUST_BY_SYSTEM, FAILURE_NONE},
        {404, "", "", "", TRUST_BY_AMAZON, FAILURE_NONE},
        {404, "", "", "", TRUST_BY_SYSTEM, FAILURE_NOT_AWS},
        {404, "", "1.1 x", "", TRUST_BY_SYSTEM, FAILURE_PROXY},
        {502, "", "", "", TRUST_BY_SYSTEM, FAILURE_PROXY},
        {503, "", "", "", TRUST_BY_SYSTEM, FAILURE_NOT_AWS},
        {504, "", "", "", TRUST_BY_SYSTEM, FAILURE_PROXY},
        {407, "1", "", "", TRUST_BY_AMAZON, FAILURE_PROXY},
        {429, "1", "", "", TRUST_BY_AMAZON, FAILURE_THROTTLED},
        {499, "1", "", "", TRUST_BY_AMAZON, FAILURE_NONE},
        {500, "1", "", "", TRUST_BY_AMAZON, FAILURE_SERVER_ERROR},
        {503, "1", "", "", TRUST_BY_AMAZON, FAILURE_SERVER_ERROR},
        {299, "1", "", "", TRUST_BY_AMAZON, FAILURE_NONE},
        {300, "1", "", "", TRUST_BY_AMAZON, FAILURE_REDIRECTED},
        {399, "1", "", "", TRUST_BY_AMAZON, FAILURE_REDIRECTED},
        {400, "1", "", "", TRUST_BY_AMAZON, FAILURE_NONE},
        {307, "1", "", "AmazonS3", TRUST_BY_AMAZON, FAILURE_NONE},
        {400, "1", "", "", TRUST_BY_CA_FILE, FAILURE_NONE},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)set_up(state);
        start_without_role();
        struct http_reply reply = reply_of(rows[i].status);
        reply.session.trust_by = rows[i].by;
        reply.head.clock_offset_ms = 77;
        reply.took_us = 4000;
        reply.body = "what it said";
        (void)text_set(reply.head.request_id, NAME_SIZE, "%s", rows[i].id);
        (void)text_set(reply.head.via, NAME_SIZE, "%s", rows[i].via);
        (void)text_set(reply.head.server, NAME_SIZE, "%s", rows[i].server);
        replies(0, reply);
        for (int j = 1; rows[i].failure != FAILURE_NONE && j < (rows[i].status >= 500 ? 4 : 2); j++)
            tries_again(j, reply);
        if (step_of(RUNG_HTTP)->failure != rows[i].failure)
            fail_msg("row %zu: %s", i, failure_name(step_of(RUNG_HTTP)->failure));
        assert_int_equal(step_of(RUNG_HTTP)->took_ms, 5);
        assert_string_equal(SSM->addresses[0].body_start,
                            rows[i].failure != FAILURE_NONE ? "what it said" : "");
        bool is_opened = rows[i].by != TRUST_BY_AMAZON; /* by what may rewrite Date */
        assert_int_equal(facts.clock.n_samples, !is_opened);
        if (!is_opened) {
            assert_string_equal(facts.clock.samples[0].source, "ssm");
            assert_int_equal(facts.clock.samples[0].offset_ms, 77);
            assert_int_equal(facts.clock.samples[0].error_ms, 1002);
        }
        observe_free(observe);
    }
    (void)set_up(state);
    start_without_role();
    struct http_reply reply = reply_of(404);
    reply.head.has_date = false;
    replies(0, reply);
    assert_int_equal(facts.clock.n_samples, 0);
    for (int i = 0; i < 2; i++) /* one vote a source, not one an address */
        clock_add(&facts.clock, "ssm", "10.0.1.21", &(struct http_head){.has_date = true}, 1);
    assert_int_equal(facts.clock.n_samples, 1);
    clock_add(&facts.clock, "kms", "10.0.1.21", &(struct http_head){.has_date = true}, 1);
    assert_int_equal(facts.clock.n_samples, 2);
    facts.clock.n_samples = MAX_SAMPLES;
    clock_add(&facts.clock, "s3", "10.0.1.21", &(struct http_head){.has_date = true}, 1);
    assert_int_equal(facts.clock.n_samples, MAX_SAMPLES);
}

static void what_would_become_a_websocket_is_tried_where_tls_is_opened(void **state)
{
    static const struct {
        enum trust_by by;
        int status;
        const char *id;
        enum failure
            failure; /* of the second request, FAILURE_NONE: it was answered, or not sent */
    } rows[] = {
        {TRUST_BY_AMAZON, 0, "", FAILURE_NONE},
        {TRUST_BY_SYSTEM, 404, "1", FAILURE_NONE},
        {TRUST_BY_SYSTEM, 101, "", FAILURE_NONE},
        {TRUST_BY_CA_FILE, 403, "", FAILURE_NO_WEBSOCKET}, /* it is meant, and on the way */
        {TRUST_BY_SYSTEM, 403, "", FAILURE_NO_WEBSOCKET},
        {TRUST_BY_SYSTEM, 0, "", FAILURE_NO_WEBSOCKET},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)set_up(state);
        facts.plan.services[SERVICE_SSM].not_in_region = true;
        facts.plan.services[SERVICE_SSMMESSAGES].need = NEED_OPTIONAL;
        start_without_role();
        struct http_reply reply = reply_of(404), other = reply_of(rows[i].status);
        reply.session.trust_by = rows[i].by;
        replies(0, reply);
        assert_int_equal(n_sent, 1 + (rows[i].by != TRUST_BY_AMAZON));
        if (n_sent == 2) {
            assert_string_equal(sent[1].request.headers[1], "Upgrade: websocket");
            assert_int_equal(sent[1].request.timeout_ms,
                             5005); /* as long as the first one took longer */
            (void)text_set(other.head.request_id, NAME_SIZE, "%s", rows[i].id);
            if (rows[i].status == 0)
                step_fail(&other.step, FAILURE_TIMEOUT, OPTIONAL_TIMEOUT_MS);
            replies(1, other);
            if (rows[i].status == 0)
                replies(2, other); /* asked twice */
        }
        assert_int_equal(facts.endpoints[SERVICE_SSMMESSAGES].addresses[0].steps[RUNG_HTTP].failure,
                         rows[i].failure);
        observe_free(observe);
    }
    observe = NULL;
}

/* By AWS_CA_BUNDLE goes what the agent makes so; an answer is waited for as long as the agent does, and a third more. */
static void an_unsigned_request_is_of_its_service(void **state)
{
    (void)state;
    start(NULL);
    for (enum service i = 0; i < N_SERVICES; i++) {
        const struct climb *climb = &observe->climbs[i];
        const struct http_request request = climb_request(climb, "10.0.1.21", -1);

        assert_string_equal(request.method, "GET");
        assert_string_equal(request.path, "/");
        assert_string_equal(request.host, climb->plan->host);
        assert_string_equal(request.address, "10.0.1.21");
        assert_int_equal(request.port, 443);
        assert_true(request.tls);
        assert_int_equal(request.by_sdk, i == SERVICE_SSM || i == SERVICE_KMS);
        assert_int_equal(request.tls_timeout_ms, 10000);
        assert_int_equal(request.timeout_ms, i == SERVICE_SSM           ? 80000
                                             : i == SERVICE_SSMMESSAGES ? 20000
                                                                        : 5000);
        assert_int_equal(request.max_body_bytes, 64 * 1024);
        assert_ptr_equal(request.owner, observe);
    }
}

static void what_a_page_repeats_of_the_credentials_is_hidden(void **state)
{
    struct http_reply page = reply_of(403);
    (void)state;

    start_without_role();
    observe_role(observe, &credentials);
    page.session.trust_by = TRUST_BY_SYSTEM;
    page.head.request_id[0] = '\0';
    page.body = "<p>0123456789abcdefghij</p>";
    replies(0, page);
    tries_again(1, page);
    assert_int_equal(step_of(RUNG_HTTP)->failure, FAILURE_NOT_AWS);
    assert_string_equal(SSM->addresses[0].body_start, "<p>********************</p>");
}

static void a_page_that_comes_once_is_no_failure(void **state)
{
    struct http_reply page = reply_of(404);
    (void)state;

    start_without_role();
    page.session.trust_by = TRUST_BY_SYSTEM;
    page.head.request_id[0] = '\0';
    replies(0, page);
    tries_again(1, reply_of(404));
    assert_int_equal(step_of(RUNG_HTTP)->outcome, OUTCOME_OK);
    assert_int_equal(SSM->addresses[0].cut, FAILURE_NOT_AWS);
    assert_int_equal(n_awaited(), 0);
}

/* --- signed requests --- */

/* What became of the action that a request asked for. */
static enum permission permission_of(int i)
{
    for (int j = 0; j < SSM->n_actions; j++)
        if (strcmp(strchr(SSM->actions[j].action, ':') + 1, sent[i].target) == 0)
            return SSM->actions[j].permission;
    fail_msg("%s is no action", sent[i].target);
    return PERMISSION_NOT_PROBED;
}

/* One address, whose seven connections are open before the credentials come: as many signed requests. */
static void start_and_sign(void)
{
    start(NULL);
    say(0, "10.0.1.21", FAILURE_NONE, 1);
    for (int i = 0; i < 7; i++)
        ends(i, FAILURE_NONE, (uint16_t)(40000 + i));
    for (int i = 0; i < 7; i++)
        replies(i, reply_of(404));
    observe_role(observe, &credentials);
    observe_placed(observe);
}

static void what_condemns_every_request_is_asked_twice(void **state)
{
    (void)state;
    start_and_sign();
    assert_int_equal(n_sent, 14);
    struct http_reply rejected = reply_of(400);
    rejected.body = "{\"__type\":\"UnrecognizedClientException\"}";
    replies(7, rejected);
    assert_int_equal(n_sent, 15);
    replies(14, reply_of(200)); /* a new role is known now */
    replies(8, rejected);
    replies(15, rejected);
    assert_int_equal(n_sent, 16);
    int n_allowed = 0, n_rejected = 0;
    for (int i = 0; i < SSM->n_actions; i++) {
        n_allowed += SSM->actions[i].permission == PERMISSION_ALLOWED;
        n_rejected += SSM->actions[i].failure == FAILURE_CREDENTIALS_REJECTED;
        if (SSM->actions[i].permission == PERMISSION_ALLOWED)
            assert_int_equal(SSM->actions[i].took_ms, 5);
    }
    assert_int_equal(n_allowed, 1);
    assert_int_equal(n_rejected, 1);
}

static void a_page_in_the_place_of_an_answer_is_asked_past_once(void **state)
{
    struct http_reply page = reply_of(200);
    (void)state;

    (void)text_set(page.head.content_type, sizeof(page.head.content_type), "text/html");
    start_and_sign();
    replies(7, page);
    assert_int_equal(n_sent, 15);
    assert_string_equal(sent[14].target, sent[7].target);
    replies(8, page);
    assert_int_equal(SSM->addresses[0].cut, FAILURE_NONE);
    replies(14, reply_of(200));
    assert_int_equal(permission_of(7), PERMISSION_ALLOWED);
    assert_int_equal(SSM->addresses[0].cut, FAILURE_NOT_AWS);
    replies(15, page); /* the other one, again */
    assert_int_equal(n_sent, 16);
    assert_int_equal(permission_of(8), PERMISSION_UNCLEAR);
}

static void a_later_round_asks_nothing_twice(void **state)
{
    struct http_reply rejected = reply_of(400);
    (void)state;
    patient = true;
    start_and_sign();
    rejected.body = "{\"__type\":\"UnrecognizedClientException\"}";
    replies(7, rejected);
    assert_int_equal(n_sent, 14);
}

static void signed_requests_wait_for_the_role_and_the_place(void **state)
{
    (void)state;
    start(NULL);
    say(0, "10.0.1.21", FAILURE_NONE, 1);
    ends(0, FAILURE_NONE, 40000);
    int n = n_calls;
    assert_int_equal(n, 7); /* one for each action that may be asked for */
    ladder_widen(&observe->climbs[SERVICE_SSM]);
    assert_int_equal(n_calls, n); /* once */
    for (int i = 1; i < n; i++)
        ends(i, FAILURE_NONE, (uint16_t)(40000 + i));
    assert_int_equal(n_sent, 7); /* unsigned: one counts, the others only finish their handshakes */
    assert_true(sent[1].request.quiet);
    for (int i = 0; i < 7; i++)
        replies(i, reply_of(404));
    observe_role(observe, &credentials);
    assert_int_equal(n_sent, 7); /* the address is not placed */
    observe_placed(observe);
    assert_int_equal(n_sent, 14);
    for (int i = 7; i < 14; i++) {
        assert_non_null(sent[i].request.signature);
        assert_string_equal(sent[i].request.method, "POST");
        assert_false(sent[i].request.withhold);
        assert_int_equal(sent[i].request.timeout_ms, 80000);
        assert_int_equal(sent[i].request.fd, -1);
        replies(i, reply_of(200));
    }
    assert_int_equal(n_sent, 14);
    int n_allowed = 0;
    for (int i = 0; i < SSM->n_actions; i++) {
        n_allowed += SSM->actions[i].permission == PERMISSION_ALLOWED;
        assert_int_equal(SSM->actions[i].permission == PERMISSION_ALLOWED,
                         !SSM->actions[i].why_not[0]);
    }
    assert_int_equal(n_allowed, 7);
}

/* A connection of the more that comes when nothing is left to be asked for is closed. */
static void where_nothing_is_left_no_handshake_begins(void **state)
{
    (void)state;
    start(NULL);
    say(0, "10.0.1.21", FAILURE_NONE, 1);
    ends(0, FAILURE_NONE, 40000);
    facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
    ends(1, FAILURE_NONE, 40001);
    assert_int_equal(n_sent, 1);
}

/* What the answer to GetDocument says of sessions, and what another answer says is none of it. */
static void preferences_are_those_of_get_document(void **state)
{
    int n_climbed = 0;
    (void)state;

    start_and_sign();
    for (int i = 7; i < 14; i++) {
        struct http_reply reply = reply_of(200);
        reply.body = "{\"Content\":\"{\\\"inputs\\\":{\\\"kmsKeyId\\\":\\\"k\\\"}}\"}";
        const bool is_it = strcmp(sent[i].target, "GetDocument") == 0;
        bool was = facts.endpoints[SERVICE_KMS].for_sessions;
        replies(i, reply);
        assert_int_equal(facts.endpoints[SERVICE_KMS].for_sessions, was || is_it);
        n_climbed += is_it;
    }
    assert_int_equal(n_climbed, 1);
    observe_free(observe);

    (void)set_up(state);
    start_and_sign();
    for (int i = 7; i < 14; i++) {
        struct http_reply denied = reply_of(403);
        denied.body = "{\"Content\":\"{\\\"inputs\\\":{\\\"kmsKeyId\\\":\\\"k\\\"}}\"}";
        replies(i, denied);
    }
    assert_false(facts.endpoints[SERVICE_KMS].for_sessions);
}

static void a_connection_takes_the_next_request_when_it_is_free(void **state)
{
    (void)state;
    start_and_connect();
    replies(0, reply_of(404));
    observe_role(observe, &credentials);
    assert_int_equal(n_sent, 2);
    replies(1, reply_of(200));
    assert_int_equal(n_sent, 3);
    struct http_reply broken = reply_of(0);
    step_fail(&broken.step, FAILURE_RESET, 7);
    replies(2, broken);
    assert_int_equal(n_sent, 3); /* it is gone */
    observe_free(observe);
    (void)set_up(state);
    start_and_connect();
    struct http_reply slow = reply_of(404);
    step_ok(&slow.step, SLOW_ANSWER_MS);
    replies(0, slow);
    observe_role(observe, &credentials);
    replies(1, reply_of(200));
    assert_int_equal(n_sent, 2); /* where every answer takes seconds one must do */
    for (int32_t late = 0; late < 2; late++) {
        observe_free(observe);
        (void)set_up(state);
        start_and_connect();
        step_ok(&slow.step, 59999 + late);
        replies(0, slow);
        observe_role(observe, &credentials);
        assert_int_equal(n_sent, 2 - late); /* after the agent's minute it is no connection */
    }
}

/* With credentials at hand the first request is a signed one, withheld until the certificate is judged. */
static void start_signed(void)
{
    start(NULL);
    observe_placed(observe);
    observe_role(observe, &credentials);
    say(0, "10.0.1.21", FAILURE_NONE, 1);
    say(1, "", FAILURE_NODATA, 1);
    ends(0, FAILURE_NONE, 40000);
    assert_int_equal(n_sent, 1);
    assert_non_null(sent[0].request.signature);
    assert_true(sent[0].request.withhold);
    assert_int_equal(sent[0].request.timeout_ms, 80000);
}

static void an_answer_that_decides_stands_for_the_unsigned_one(void **state)
{
    (void)state;
    start_signed();
    n_calls = 1;
    struct http_reply denied = reply_of(400);
    denied.body =
        "{\"__type\":\"AccessDeniedException\",\"Message\":\"0123456789abcdefghij is not authorized to perform\"}";
    replies(0, denied);
    assert_int_equal(step_of(RUNG_TLS)->outcome, OUTCOME_OK);
    assert_int_equal(step_of(RUNG_HTTP)->outcome, OUTCOME_OK);
    assert_int_equal(SSM->actions[0].permission, PERMISSION_DENIED);
    assert_string_equal(SSM->actions[0].message,
                        "******************** is not authorized to perform");
    assert_string_equal(SSM->actions[0].address, "10.0.1.21");
    assert_int_equal(n_calls, 1);
    assert_int_equal(n_sent, 2);
    assert_non_null(sent[1].request.signature);
    pass(1000);
    assert_int_equal(n_calls, 1);
    observe_take_back(observe); /* no timer is ended twice */
    observe = NULL;
}

static void an_answer_that_decides_nothing_is_followed_by_an_unsigned_one(void **state)
{
    (void)state;
    start_signed();
    n_calls = 1;
    replies(0, reply_of(404));
    assert_int_equal(SSM->actions[0].permission, PERMISSION_UNCLEAR);
    assert_int_equal(step_of(RUNG_TLS)->outcome, OUTCOME_OK);
    assert_int_equal(step_of(RUNG_HTTP)->outcome, OUTCOME_UNTRIED);
    assert_int_equal(n_calls, 2);
    ends(1, FAILURE_NONE, 40001);
    assert_null(sent[1].request.signature);
    struct http_reply proxy = reply_of(407);
    replies(1, proxy); /* who answers so says nothing of actions */
    ends(2, FAILURE_NONE, 40002);
    replies(2, proxy);
    assert_int_equal(step_of(RUNG_HTTP)->failure, FAILURE_PROXY);
    assert_int_equal(SSM->actions[0].permission, PERMISSION_NOT_PROBED);
    assert_string_equal(SSM->actions[0].action, "ssm:DescribeAssociation");
}

static void silence_and_distrust_are_followed_by_an_unsigned_one(void **state)
{
    (void)state;
    start_signed();
    n_calls = 1;
    pass(1000);
    assert_int_equal(n_calls, 2);
    ends(1, FAILURE_NONE, 40001);
    assert_int_equal(n_sent, 2);
    replies(1, reply_of(404));
    assert_int_equal(step_of(RUNG_HTTP)->outcome, OUTCOME_OK);
    struct http_reply late = reply_of(0);
    step_fail(&late.step, FAILURE_TIMEOUT, 80000);
    replies(0, late);
    assert_int_equal(SSM->actions[0].permission, PERMISSION_UNCLEAR);
    assert_int_equal(SSM->actions[0].failure, FAILURE_TIMEOUT);
    assert_int_equal(step_of(RUNG_HTTP)->outcome, OUTCOME_OK);
    observe_free(observe);

    (void)set_up(state); /* the unsigned one does not connect, and the first is still under way */
    start_signed();
    n_calls = 1;
    pass(1000);
    ends(1, FAILURE_REFUSED, 40001);
    assert_int_equal(step_of(RUNG_HTTP)->outcome, OUTCOME_UNTRIED);
    replies(0, reply_of(200));
    assert_int_equal(step_of(RUNG_HTTP)->outcome, OUTCOME_OK);
    observe_free(observe);

    (void)set_up(state);
    start_signed();
    n_calls = 1;
    struct http_reply withheld = reply_of(0);
    withheld.withheld = true;
    replies(0, withheld);
    assert_int_equal(n_calls, 2);
    assert_int_equal(SSM->actions[0].permission, PERMISSION_NOT_PROBED);
    ends(1, FAILURE_REFUSED, 40001);
    assert_int_equal(step_of(RUNG_HTTP)->failure, FAILURE_REFUSED);
    observe_free(observe);

    (void)set_up(state);
    start_signed();
    n_calls = 1;
    struct http_reply untrusted = reply_of(0);
    step_fail(&untrusted.tls, FAILURE_UNTRUSTED, 4);
    step_skip(&untrusted.step, FAILURE_BELOW);
    replies(0, untrusted);
    assert_int_equal(step_of(RUNG_TLS)->failure, FAILURE_UNTRUSTED);
    assert_int_equal(SSM->actions[0].permission, PERMISSION_NOT_PROBED);
    assert_int_equal(n_calls, 1);
}

static void a_signed_handshake_that_is_silent_is_repeated_unsigned(void **state)
{
    (void)state;
    start_signed();
    n_calls = 1;
    is_silent(0);
    pass(1000);
    assert_int_equal(n_calls, 3);
    assert_int_equal(calls[2].dial.max_segment_bytes, 536);
    ends(1, FAILURE_NONE, 40001);
    assert_null(sent[1].request.signature);
    assert_int_equal(sent[1].request.tls_timeout_ms, 9000);
    replies(1, reply_of(404));
    assert_int_equal(step_of(RUNG_HTTP)->outcome, OUTCOME_OK);
    assert_null(sent[0].done);
    assert_int_equal(n_sent, 3); /* the action is asked for on the connection that stands */
    assert_non_null(sent[2].request.signature);
    assert_int_equal(sent[2].request.fd, -1);
    assert_string_equal(sent[2].target, sent[0].target);
    observe_take_back(observe); /* no timer is ended twice */
    observe = NULL;
}

static struct http_reply cut_tls(enum failure failure)
{
    struct http_reply reply = reply_of(0);

    step_fail(&reply.tls, failure, 3);
    step_skip(&reply.step, FAILURE_BELOW);
    return reply;
}

static void a_handshake_that_is_cut_is_tried_again(void **state)
{
    static const struct {
        enum failure first, last;
        int n; /* of them, before the last one */
    } rows[] = {{FAILURE_RESET, FAILURE_NONE, 1},
                {FAILURE_CLOSED, FAILURE_NONE, 9},
                {FAILURE_RESET, FAILURE_RESET, 9},
                {FAILURE_RESET, FAILURE_UNTRUSTED, 2}};

    for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
        bool is_signed = i % 2;
        int n = rows[i / 2].n;
        enum failure last = rows[i / 2].last;
        (void)set_up(state);
        (is_signed ? start_signed : start_without_role)();
        n_calls = 1;
        replies(0, cut_tls(rows[i / 2].first));
        for (int j = 1; j < n; j++)
            tries_again(j, cut_tls(rows[i / 2].first));
        tries_again(n, last == FAILURE_NONE ? reply_of(404) : cut_tls(last));
        assert_int_equal(step_of(RUNG_TLS)->failure, last);
        assert_int_equal(SSM->addresses[0].cut, rows[i / 2].first);
        assert_int_equal(n_calls, n + 1);
        assert_int_equal(n_sent, n + 1 + (is_signed && last == FAILURE_NONE));
        assert_int_equal(n_awaited(), 0);
        observe_free(observe);
    }
    (void)set_up(state); /* the second one does not connect */
    start_without_role();
    replies(0, cut_tls(FAILURE_RESET));
    ends(1, FAILURE_TIMEOUT, 40001);
    assert_int_equal(step_of(RUNG_TLS)->failure, FAILURE_RESET);
    observe_free(observe);

    (void)set_up(state); /* beside another one that is under way */
    start_signed();
    n_calls = 1;
    pass(1000);
    ends(1, FAILURE_NONE, 40001);
    replies(0, cut_tls(FAILURE_RESET));
    assert_int_equal(n_calls, 2);
    replies(1, reply_of(404));
    assert_int_equal(step_of(RUNG_TLS)->outcome, OUTCOME_OK);
    assert_int_equal(SSM->addresses[0].cut, FAILURE_RESET);
    observe_free(observe);

    (void)set_up(state); /* of a connection for signed requests only */
    start_signed();
    ends(1, FAILURE_NONE, 40001);
    replies(1, cut_tls(FAILURE_CLOSED));
    assert_int_equal(SSM->addresses[0].cut, FAILURE_CLOSED);
    replies(0, reply_of(200));
    assert_int_equal(step_of(RUNG_TLS)->outcome, OUTCOME_OK);
}

/* TLS passes, and the answer does not: what came of it says nothing. */
static void an_answer_that_is_cut_is_asked_for_again(void **state)
{
    struct http_reply cut = reply_of(0);

    for (int is_signed = 0; is_signed < 2; is_signed++) {
        (void)set_up(state);
        step_fail(&cut.step, is_signed ? FAILURE_RESET : FAILURE_CLOSED, 3);
        start_without_role();
        n_calls = 1;
        replies(0, cut);
        assert_int_equal(SSM->addresses[0].cut, FAILURE_TRUNCATED);
        assert_int_equal(n_calls, 2);
        ends(1, FAILURE_NONE, 40001);
        replies(1, reply_of(404));
        assert_int_equal(step_of(RUNG_HTTP)->outcome, OUTCOME_OK);
        assert_int_equal(SSM->addresses[0].cut, FAILURE_TRUNCATED);
        observe_free(observe);
    }
    observe = NULL;
}

/* Nothing else is asked in its place until it is time again. */
static void what_hangs_and_cannot_be_dialled_hangs(void **state)
{
    (void)state;
    start_without_role();
    pass(20000);
    sent[0].request.silent(sent[0].arg, SILENCE_SENT);
    ends(n_calls - 1, FAILURE_REFUSED, 40001);
    assert_int_equal(n_sent, 1);
    assert_int_equal(step_of(RUNG_HTTP)->outcome, OUTCOME_UNTRIED);
    replies(0, reply_of(404));
    assert_int_equal(step_of(RUNG_HTTP)->outcome, OUTCOME_OK);
}

/* Each twenty seconds. Where the new one is answered, what hangs is ended; where the old one is, it was slow. */
static void what_hangs_is_asked_anew(void **state)
{
    for (int slow = 0; slow < 2; slow++) {
        (void)set_up(state);
        start_signed();
        ends(1, FAILURE_NONE, 40001); /* one more connection, for another action */
        assert_int_equal(n_sent, 2);
        pass(1000);
        ends(n_calls - 1, FAILURE_NONE, 40002);
        assert_null(sent[2].request.signature);
        int n = n_calls;
        pass(18999);
        sent[0].request.silent(sent[0].arg, SILENCE_SENT);
        assert_int_equal(n_calls, n);
        pass(1);
        sent[0].request.silent(sent[0].arg, SILENCE_SENT);
        sent[2].request.silent(sent[2].arg, SILENCE_SENT);
        assert_int_equal(n_calls, n + 1);
        ends(n, FAILURE_NONE, 40003);
        assert_int_equal(n_sent, 4);
        assert_int_equal(sent[3].request.timeout_ms, 80000);
        struct http_reply reply = reply_of(404);
        step_ok(&reply.step, slow ? 20500 : 5);
        replies(slow ? 2 : 3, reply);
        assert_int_equal(step_of(RUNG_HTTP)->outcome, OUTCOME_OK);
        assert_null(sent[0].done);
        assert_null(sent[slow ? 3 : 2].done);
        assert_int_equal(!!sent[1].done, slow);
        assert_int_equal(n_sent, slow ? 4 : 5);
        if (!slow)
            assert_string_equal(sent[4].target, sent[0].target);
        observe_free(observe);
    }
    (void)set_up(state);
}

/* Of two addresses one hung, and is mended: what the other one was asked for is still under way. */
static void what_hangs_at_one_address_ends_there_alone(void **state)
{
    (void)state;
    start(NULL);
    observe_placed(observe);
    observe_role(observe, &credentials);
    say(0, "10.0.1.21 10.0.2.21", FAILURE_NONE, 1);
    say(1, "", FAILURE_NODATA, 1);
    for (int i = 0; i < 7; i++) /* two that climb, and more connections, by turns to each */
        ends(i, FAILURE_NONE, 40000);
    assert_int_equal(n_sent, 7);
    int n = n_calls;
    pass(1000);
    assert_int_equal(n_calls, n + 2); /* unsigned ones beside the first */
    assert_string_equal(calls[n + 1].address, "10.0.2.21");
    ends(n + 1, FAILURE_NONE, 40001);
    pass(19000);
    sent[7].request.silent(sent[7].arg, SILENCE_SENT);
    ends(n_calls - 1, FAILURE_NONE, 40002);
    replies(8, reply_of(404));
    for (int i = 0; i < 7; i++)
        assert_int_equal(!sent[i].done, i % 2 == 1);
}

static void more_connections_carry_signed_requests_only(void **state)
{
    (void)state;
    start_signed();
    ends(1, FAILURE_NONE, 40001);
    ends(2, FAILURE_REFUSED, 40002);
    ends(3, FAILURE_NONE, 40003);
    assert_int_equal(n_sent, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(sent[i].request.tls_timeout_ms, i == 0 ? 10000 : 3000);
    assert_string_not_equal(sent[0].target, sent[1].target);
    assert_string_not_equal(sent[1].target, sent[2].target);
    replies(1, reply_of(200));
    assert_int_equal(permission_of(1), PERMISSION_ALLOWED);
    assert_int_equal(n_sent, 3); /* the certificate of the address is not judged yet */
    replies(0, reply_of(200));
    assert_int_equal(n_sent, 5);
    assert_int_equal(sent[3].request.tls_timeout_ms, 3000); /* should its connection be gone */
    assert_int_equal(sent[3].request.max_body_bytes, 256 * 1024);
    struct http_reply withheld = reply_of(0);
    withheld.withheld = true;
    replies(2, withheld);
    assert_int_equal(permission_of(2), PERMISSION_NOT_PROBED);
    assert_int_equal(n_sent, 5); /* closed, and nobody else is free */
    replies(3, reply_of(200));
    assert_string_equal(sent[5].target, sent[2].target);
}

static void what_the_first_request_did_not_ask_another_one_asks(void **state)
{
    for (int withheld = 0; withheld < 2; withheld++) {
        struct http_reply reply = reply_of(0);
        (void)set_up(state);
        start_signed();
        reply.withheld = withheld;
        if (!withheld)
            step_fail(&reply.tls, FAILURE_TLS_ALERT, 4);
        replies(0, reply);
        ends(1, FAILURE_NONE, 40001);
        assert_string_equal(sent[1].target, sent[0].target);
        observe_free(observe);
    }
    observe = NULL;
}

static void an_address_that_is_not_awss_says_nothing_of_actions(void **state)
{
    const struct address_facts address = {.address = "10.0.1.21"};
    (void)state;

    start(NULL);
    SSM->actions[0].permission = PERMISSION_DENIED;
    SSM->actions[1].permission = SSM->actions[2].permission = PERMISSION_UNCLEAR;
    (void)text_set(SSM->actions[1].address, ADDRESS_SIZE, "10.0.2.21");
    (void)text_set(SSM->actions[2].address, ADDRESS_SIZE, "10.0.1.21");
    actions_forget_unclear(&observe->climbs[SERVICE_SSM], &address);
    assert_int_equal(SSM->actions[0].permission, PERMISSION_DENIED);
    assert_int_equal(SSM->actions[1].permission, PERMISSION_UNCLEAR);
    assert_int_equal(SSM->actions[2].permission, PERMISSION_NOT_PROBED);
    assert_string_not_equal(SSM->actions[2].why_not, "");
}

static void an_unclear_answer_beside_the_first_stays(void **state)
{
    (void)state;
    start_signed();
    ends(1, FAILURE_NONE, 40001);
    replies(1, reply_of(404));
    assert_int_equal(permission_of(1), PERMISSION_UNCLEAR);
}

/* Of a service three at most, and none that is throttled. */
static void an_action_that_meets_an_error_of_the_server_is_asked_for_again(void **state)
{
    static const int statuses[] = {500, 429};

    for (int j = 0; j < 2; j++) {
        (void)set_up(state);
        start_signed();
        for (int i = 0; i < 5; i++) {
            struct http_reply reply = reply_of(statuses[j]);
            observe->climbs[SERVICE_SSM].lanes[0].action = 0;
            actions_take(&observe->climbs[SERVICE_SSM].lanes[0], &reply);
            assert_int_equal(permission_of(0),
                             j == 0 && i < 3 ? PERMISSION_NOT_PROBED : PERMISSION_UNCLEAR);
        }
        observe_free(observe);
    }
    observe = NULL;
}

/* Whose own first request fails, after or before it was asked for an action. */
static void an_address_that_does_not_answer_says_nothing_of_actions(void **state)
{
    struct http_reply silent = reply_of(0);

    step_fail(&silent.step, FAILURE_TIMEOUT, 5);
    for (int after = 0; after < 2; after++) {
        (void)set_up(state);
        start_signed();
        n_calls = 2;
        ends(1, FAILURE_NONE, 40001);
        pass(1000);
        ends(2, FAILURE_NONE, 40002);
        assert_null(sent[2].request.signature);
        if (!after)
            replies(2, silent);
        replies(0, reply_of(404));
        assert_int_equal(permission_of(0), after ? PERMISSION_UNCLEAR : PERMISSION_NOT_PROBED);
        replies(1, reply_of(404));
        if (after) {
            replies(2, silent);
        }
        assert_int_equal(step_of(RUNG_HTTP)->failure, FAILURE_TIMEOUT);
        assert_int_equal(permission_of(0), PERMISSION_NOT_PROBED);
        assert_int_equal(permission_of(1), PERMISSION_NOT_PROBED);
        observe_free(observe);
    }
    observe = NULL;
}

static int n_unclear_in(const char *region, enum failure failure)
{
    int n = 0;

    (void)text_set(facts.plan.signing_region, REGION_SIZE, "%s", region);
    start_and_connect();
    replies(0, reply_of(404));
    starts = false;
    observe_role(observe, &credentials);
    for (int i = 0; i < SSM->n_actions; i++)
        n += SSM->actions[i].permission == PERMISSION_UNCLEAR && SSM->actions[i].failure == failure;
    return n;
}

static void a_request_that_cannot_start_is_trouble(void **state)
{
    (void)state;
    assert_int_equal(n_unclear_in("us-east-1", FAILURE_INTERNAL), 1);
}

static void what_cannot_be_sent_at_all_is_trouble(void **state)
{
    for (int is_signed = 0; is_signed < 2; is_signed++) {
        (void)set_up(state);
        if (!is_signed)
            facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
        start(NULL);
        observe_placed(observe);
        if (is_signed)
            observe_role(observe, &credentials);
        say(0, "10.0.1.21", FAILURE_NONE, 1);
        int n = n_calls;
        starts = false;
        ends(0, FAILURE_NONE, 40000);
        assert_int_equal(
            n_calls, n + is_signed); /* its connection is gone: one more for the other request */
        if (is_signed)
            ends(n, FAILURE_NONE, 40001);
        assert_int_equal(n_sent, 1 + is_signed);
        assert_int_equal(step_of(RUNG_TLS)->failure, FAILURE_INTERNAL);
        assert_int_equal(step_of(RUNG_TLS)->took_ms, 0);
        assert_int_equal(step_of(RUNG_HTTP)->failure, FAILURE_BELOW);
        observe_free(observe);
    }
    observe = NULL;
}

static void a_region_that_is_none_cannot_be_signed_for(void **state)
{
    (void)state;
    assert_int_equal(n_unclear_in(" us-east-1 ", FAILURE_SIGNATURE), 1);
}

static void without_credentials_nothing_more_is_opened(void **state)
{
    (void)state;
    start(NULL);
    observe_placed(observe);
    observe_role(observe, NULL);
    say(0, "10.0.1.21", FAILURE_NONE, 1);
    assert_int_equal(n_calls, 1);
    ends(0, FAILURE_NONE, 40000);
    assert_null(sent[0].request.signature);
}

/* The kernel's table of IPv6 alone is there, and empty. */
static void an_agent_without_a_connection_is_not_connected(void **state)
{
    static const char *const folders[] = {"", "/proc", "/proc/self", "/proc/self/net"};
    char top[] = "/tmp/ssm-preflight-test-XXXXXX", path[64];
    const struct observe_request request = {
        .root = top, .deadline_ms = FAR_MS, .login = &proxy_login};
    (void)state;

    assert_non_null(mkdtemp(top));
    for (size_t i = 1; i < COUNT_OF(folders); i++) {
        (void)text_set(path, sizeof(path), "%s%s", top, folders[i]);
        assert_int_equal(mkdir(path, 0755), 0);
    }
    (void)text_add(path, sizeof(path), "/tcp6");
    assert_int_equal(file_write_atomically(path, "  sl\n", 5, 0644), 0);
    for (enum answer running = ANSWER_UNKNOWN; running <= ANSWER_YES; running++) {
        facts.agent.running = running;
        facts.agent.connected = ANSWER_UNKNOWN;
        observe = observe_start(NULL, &request, &facts);
        assert_int_equal(facts.agent.connected, running == ANSWER_NO ? ANSWER_UNKNOWN : ANSWER_NO);
        observe_free(observe);
    }
    observe = NULL;
    (void)unlink(path);
    for (size_t i = COUNT_OF(folders); i-- > 0;) {
        (void)text_set(path, sizeof(path), "%s%s", top, folders[i]);
        assert_int_equal(rmdir(path), 0);
    }
}

/* --- once more, and taken back --- */

static void one_action_is_asked_again_where_it_was_answered(void **state)
{
    struct action_facts action = {.action = "ssm:ListAssociations", .address = "10.0.2.21"};
    const struct observe_again again = {target_of_service(SERVICE_SSM), &action};
    (void)state;

    facts.plan.services[SERVICE_SSMMESSAGES].need = NEED_REQUIRED;
    facts.endpoints[SERVICE_SSMMESSAGES].n_addresses = 1;
    SSM->n_addresses = 5;
    start(&again);
    assert_int_equal(n_asked, 0);
    assert_int_equal(n_calls, 1);
    assert_string_equal(calls[0].address, "10.0.2.21");
    assert_int_equal(SSM->n_addresses, 1);
    assert_int_equal(SSM->n_actions, 1);
    assert_string_equal(SSM->actions[0].action, "ssm:ListAssociations");
    assert_int_equal(facts.endpoints[SERVICE_SSMMESSAGES].n_addresses, 1); /* left alone */
    observe_free(observe);

    const struct observe_again ladder = {target_of_service(SERVICE_SSM), NULL};
    start(&ladder);
    assert_int_equal(n_asked, 2);
    assert_int_equal(SSM->n_addresses, 0);
    observe_free(observe);

    const struct observe_again other = {target_of_service(SERVICE_SSMMESSAGES), NULL};
    SSM->n_addresses = 1;
    start(&other);
    assert_int_equal(n_asked, 4);
    assert_string_equal(asked[2].name, "ssmmessages.us-east-1.amazonaws.com");
    assert_int_equal(SSM->n_addresses, 1); /* left alone */
}

static void what_a_wrong_region_found_is_taken_back(void **state)
{
    (void)state;
    add_second_server(); /* which never answers */
    start_and_connect();
    replies(0, reply_of(404));
    for (int i = 1; i < 4; i++) /* more connections, whose handshakes are under way */
        ends(i, FAILURE_NONE, 40001);
    assert_int_equal(n_sent, 4);
    ladder_add(&observe->climbs[SERVICE_SSM], "10.0.2.21", false); /* and one that is dialled */
    for (int i = 0; i < 3; i++)
        facts.clock.samples[i].offset_ms = i;
    (void)text_set(facts.clock.samples[0].source, NAME_SIZE, "imds");
    (void)text_set(facts.clock.samples[1].source, NAME_SIZE, "ssm");
    (void)text_set(facts.clock.samples[2].source, NAME_SIZE, "imds");
    facts.clock.n_samples = 3;
    (void)text_set(facts.imds.address, ADDRESS_SIZE, "169.254.169.254");
    (void)text_set(facts.network.routes[0].to, ADDRESS_SIZE, "169.254.169.254");
    (void)text_set(facts.network.routes[1].to, ADDRESS_SIZE, "10.0.1.21");
    (void)text_set(facts.network.routes[2].to, ADDRESS_SIZE, "169.254.169.254");
    (void)text_set(facts.network.routes[2].interface, NAME_SIZE, "ens6");
    facts.network.n_routes = 3;
    (void)text_set(facts.agent.proxy_address, ADDRESS_SIZE, "10.0.0.5:3128");
    facts.agent.connected = ANSWER_YES;
    (void)text_set(facts.agent.connected_to, ADDRESS_SIZE, "10.0.1.21");
    observe_take_back(observe);
    observe = NULL;
    assert_int_equal(SSM->n_answers, 0);
    assert_int_equal(SSM->n_addresses, 0);
    assert_int_equal(facts.clock.n_samples, 2);
    assert_int_equal(facts.clock.samples[0].offset_ms, 0);
    assert_int_equal(facts.clock.samples[1].offset_ms, 2);
    assert_int_equal(facts.network.n_routes, 2);
    assert_string_equal(facts.network.routes[0].interface, "");
    assert_string_equal(facts.network.routes[1].interface, "ens6");
    assert_string_equal(facts.agent.proxy_address, "");
    assert_int_equal(facts.agent.connected, ANSWER_UNKNOWN);
    assert_string_equal(facts.agent.connected_to, "");
    for (int i = 0; i < n_timers; i++)
        assert_null(timers[i].fire);
    for (int i = 0; i < MAX_CALLS; i++) {
        assert_null(asked[i].done);
        assert_null(calls[i].done);
        assert_null(sent[i].done);
    }
}

/* Whatever time it is: no timer is left, and none is ended that fired. */
static void it_is_taken_back_at_any_time(void **state)
{
    static const int64_t times_ms[] = {0, 60, 300, 1000, 2000, 2300, 6000};
    size_t held = 0;

    for (size_t i = 0; i < COUNT_OF(times_ms); i++) {
        (void)set_up(state);
        add_second_server();
        start(NULL);
        observe_placed(observe);
        say(2, "10.0.1.21", FAILURE_NONE, 1);
        pass(times_ms[i]);
        observe_take_back(observe);
        assert_null(next_timer(INT64_MAX));
        const struct mallinfo2 memory = mallinfo2();
        if (i > 1) /* what is kept from the first times is no loss */
            assert_int_equal(memory.uordblks + memory.hblkhd, held);
        held = memory.uordblks + memory.hblkhd;
    }
    observe = NULL;
}

static void what_sessions_use_is_climbed_too(void **state)
{
    (void)state;
    facts.plan.services[SERVICE_KMS].need = NEED_REQUIRED;
    start(NULL);
    int n = n_asked;
    observe_preferences(observe,
                        "{\"Content\":\"{\\\"inputs\\\":{\\\"s3BucketName\\\":\\\"\\\","
                        "\\\"kmsKeyId\\\":\\\"k\\\",\\\"cloudWatchLogGroupName\\\":\\\"g\\\"}}\"}");
    assert_int_equal(n_asked, n + 2);
    assert_true(facts.endpoints[SERVICE_LOGS].for_sessions);
    assert_int_equal(facts.plan.services[SERVICE_LOGS].need, NEED_OPTIONAL);
    assert_false(facts.endpoints[SERVICE_S3].for_sessions);
    assert_false(facts.endpoints[SERVICE_KMS].for_sessions); /* somebody asked for it */
    assert_int_equal(facts.plan.services[SERVICE_KMS].need, NEED_REQUIRED);
    observe_preferences(observe, "nonsense");
    assert_int_equal(n_asked, n + 2);
    observe_preferences(observe,
                        "{\"Content\":\"{\\\"inputs\\\":{\\\"s3BucketName\\\":\\\"b\\\"}}\"}");
    assert_true(facts.endpoints[SERVICE_S3].for_sessions);
    assert_int_equal(n_asked, n + 4);
}

static int n_held;

static void *hold(size_t size)
{
    n_held++;
    return malloc(size);
}

static void give_back(void *memory)
{
    n_held -= !!memory;
    free(memory);
}

static void what_is_parsed_is_given_back(void **state)
{
    static const char body[] = "{\"Content\":\"{\\\"inputs\\\":{\\\"kmsKeyId\\\":\\\"k\\\"}}\","
                               "\"__type\":\"x\"}";
    const struct http_head head = {.status = 400};
    struct action_facts action = {.action = "ssm:GetDocument"};
    (void)state;

    start(NULL);
    cJSON_InitHooks(&(cJSON_Hooks){hold, give_back});
    observe_preferences(observe, body);
    assert_true(facts.endpoints[SERVICE_KMS].for_sessions);
    assert_int_equal(n_held, 0);
    service_answer_judge(&head, body, strlen(body), "", &action);
    assert_string_equal(action.code, "x");
    assert_int_equal(n_held, 0);
    cJSON_InitHooks(NULL);
}

/* Where nothing is known of this machine's addresses, those of IPv4 are taken, which every endpoint has. */
static void of_which_family_addresses_are_taken(void **state)
{
    static const struct {
        bool ipv4, ipv6;
        int n_calls;
        const char *first;
    } rows[] = {{false, false, 1, "10.0.1.21"},
                {true, false, 1, "10.0.1.21"},
                {false, true, 1, "fd00::1"},
                {true, true, 2, "10.0.1.21"}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)set_up(state);
        facts.network.usable_ipv4 = rows[i].ipv4;
        facts.network.usable_ipv6 = rows[i].ipv6;
        facts.plan.permissions = PERMISSIONS_OFF;
        start(NULL);
        say(0, "10.0.1.21", FAILURE_NONE, 1);
        say(1, "fd00::1", FAILURE_NONE, 1);
        assert_int_equal(n_calls, rows[i].n_calls);
        assert_string_equal(calls[0].address, rows[i].first);
        observe_free(observe);
        observe = NULL;
    }
}

/* Every permission of the service, in the table's order. */
static void the_actions_of_each_service_are_planned(void **state)
{
    int n[N_SERVICES] = {0};
    (void)state;

    facts.plan.services[SERVICE_SSMMESSAGES].need = NEED_REQUIRED;
    facts.plan.services[SERVICE_EC2MESSAGES].need = NEED_OPTIONAL;
    start(NULL);
    for (size_t i = 0; i < n_permissions; i++) {
        const struct endpoint_facts *endpoint = &facts.endpoints[permissions[i].service];
        int at = n[permissions[i].service]++;
        assert_true(at < endpoint->n_actions);
        assert_string_equal(endpoint->actions[at].action, permissions[i].action);
        assert_true(endpoint->actions[at].why_not[0]);
    }
    for (int i = 0; i < N_SERVICES; i++)
        assert_int_equal(facts.endpoints[i].n_actions, n[i]);
}

static void left_out_and_elsewhere_is_not_climbed(void **state)
{
    (void)state;
    facts.plan.services[SERVICE_SSM].not_in_region = true;
    facts.plan.services[SERVICE_SSMMESSAGES].need = NEED_OPTIONAL;
    start(NULL);
    assert_int_equal(n_asked, 2);
    assert_string_equal(asked[0].name, "ssmmessages.us-east-1.amazonaws.com");
    assert_int_equal(SSM->n_answers, 0);
    say(0, "10.0.1.21", FAILURE_NONE, 1);
    assert_int_equal(calls[0].dial.ports,
                     PORTS_HIGH); /* each other service begins in the other half */
    observe_placed(observe);
    assert_int_equal(facts.endpoints[SERVICE_SSMMESSAGES].addresses[0].place, PLACE_OWN_SUBNET);
}

/* --- the proxy --- */

static void start_with_proxy(const char *url)
{
    (void)text_set(facts.agent.https_proxy, sizeof(facts.agent.https_proxy), "%s", url);
    facts.plan.services[SERVICE_SSMMESSAGES].need = NEED_REQUIRED;
    facts.plan.services[SERVICE_EC2MESSAGES].need = NEED_OPTIONAL;
    facts.plan.services[SERVICE_EC2MESSAGES].not_in_region = true;
    start(NULL);
}

static void the_agents_proxy_is_asked_for_each_service(void **state)
{
    struct step step;
    (void)state;

    start_with_proxy("http://10.0.0.5:3128");
    assert_int_equal(n_opened, 2);
    assert_string_equal(opened[0].address, "10.0.0.5");
    assert_int_equal(opened[0].tunnel.port, 3128);
    assert_int_equal(opened[0].tunnel.host_port, 443);
    assert_string_equal(facts.agent.proxy_address, "10.0.0.5:3128");
    step_fail(&step, FAILURE_PROXY, 4);
    opened[1].done(opened[1].arg, &step, 403, -1);
    assert_int_equal(facts.endpoints[SERVICE_SSMMESSAGES].proxy.failure, FAILURE_PROXY);
    assert_int_equal(facts.endpoints[SERVICE_SSMMESSAGES].proxy_status, 403);
    assert_int_equal(SSM->proxy.outcome, OUTCOME_UNTRIED);
}

static void the_proxy_alone_is_asked_again(void **state)
{
    static const struct observe_again again = {.target = TARGET_AGENT};
    (void)state;

    SSM->n_addresses = 2;
    step_fail(&SSM->proxy, FAILURE_PROXY, 4);
    (void)text_set(facts.agent.https_proxy, sizeof(facts.agent.https_proxy), "http://10.0.0.5:1");
    start(&again);
    assert_int_equal(n_asked, 0);
    assert_int_equal(n_opened, 1);
    assert_int_equal(SSM->proxy.outcome, OUTCOME_UNTRIED);
    assert_int_equal(SSM->n_addresses, 2);
}

static void connections_to_a_proxy_are_lost_one_by_one_or_all(void **state)
{
    static const struct {
        const char *exempt; /* of the proxy */
        enum failure other; /* of the other service's connection, which ended before */
        int32_t took_ms;
        int n_opened;
    } rows[] = {{"", FAILURE_PROXY, CONNECT_TIMEOUT_MS, 3},   /* it answers others */
                {"", FAILURE_PROXY, PROXY_TIMEOUT_MS, 2},     /* it took the connection */
                {"", FAILURE_TIMEOUT, CONNECT_TIMEOUT_MS, 2}, /* four SYNs are enough */
                {"ssmmessages.us-east-1.amazonaws.com", FAILURE_NONE, CONNECT_TIMEOUT_MS, 2}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct step silent, other;
        (void)set_up(state);
        (void)text_set(facts.agent.no_proxy, sizeof(facts.agent.no_proxy), "%s", rows[i].exempt);
        start_with_proxy("http://10.0.0.5:3128");
        step_fail(&silent, FAILURE_TIMEOUT, rows[i].took_ms);
        step_fail(&other, rows[i].other, 4);
        if (rows[i].other != FAILURE_NONE)
            opened[1].done(opened[1].arg, &other, 0, -1);
        opened[0].done(opened[0].arg, &silent, 0, -1);
        assert_int_equal(n_opened, rows[i].n_opened);
        opened[n_opened - 1].done(opened[n_opened - 1].arg, &silent, 0, -1);
        assert_int_equal(n_opened, rows[i].n_opened);
        observe_free(observe);
    }
    observe = NULL;
}

static void a_request_goes_through_a_proxy_that_opens_the_way(void **state)
{
    static const struct {
        int status;
        enum trust_by by;
        const char *id;
        enum failure failure;
    } rows[] = {{404, TRUST_BY_AMAZON, "", FAILURE_NONE},
                {404, TRUST_BY_SYSTEM, "1", FAILURE_NONE},
                {404, TRUST_BY_SYSTEM, "", FAILURE_NOT_AWS},
                {0, TRUST_BY_NONE, "", FAILURE_UNTRUSTED}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct step step;
        struct http_reply reply = reply_of(rows[i].status);
        (void)set_up(state);
        start_with_proxy("http://10.0.0.5:3128");
        step_ok(&step, 4);
        opened[0].done(opened[0].arg, &step, 200, open("/dev/null", O_RDWR | O_CLOEXEC));
        assert_int_equal(n_sent, 1);
        assert_true(sent[0].request.alone);
        reply.session.trust_by = rows[i].by;
        (void)text_set(reply.head.request_id, NAME_SIZE, "%s", rows[i].id);
        if (rows[i].status == 0)
            step_fail(&reply.tls, FAILURE_UNTRUSTED, 3);
        replies(0, reply);
        assert_int_equal(SSM->proxy.failure, rows[i].failure);
        assert_int_equal(SSM->proxy.took_ms, rows[i].status == 0 ? 4 + 3 : 4 + 5);
        char detail[DETAIL_SIZE] = "";
        if (rows[i].failure != FAILURE_NONE)
            (void)text_set(detail, sizeof(detail), "it opens the way, and then: %s",
                           failure_words(rows[i].failure));
        assert_string_equal(SSM->proxy.detail, detail);
        assert_int_equal(n_opened, 2); /* ssm has no websocket */
        observe_free(observe);
    }
    observe = NULL;
}

/* A third one: of one the proxy was heard, of one nothing is known yet. */
static void a_proxy_that_answers_another_loses_one_connection(void **state)
{
    struct step silent, refused;
    (void)state;

    (void)text_set(facts.agent.https_proxy, sizeof(facts.agent.https_proxy),
                   "http://10.0.0.5:3128");
    facts.plan.services[SERVICE_SSMMESSAGES].need = NEED_REQUIRED;
    facts.plan.services[SERVICE_EC2MESSAGES].need = NEED_OPTIONAL;
    start(NULL);
    assert_int_equal(n_opened, 3);
    step_fail(&silent, FAILURE_TIMEOUT, CONNECT_TIMEOUT_MS);
    step_fail(&refused, FAILURE_PROXY, 4);
    opened[1].done(opened[1].arg, &refused, 403, -1);
    opened[0].done(opened[0].arg, &silent, 0, -1);
    assert_int_equal(n_opened, 4);
    observe_free(observe);

    (void)set_up(state); /* a name that is none is none for all three */
    (void)text_set(facts.agent.https_proxy, sizeof(facts.agent.https_proxy), "http://proxy.x:3128");
    facts.plan.services[SERVICE_SSMMESSAGES].need = NEED_REQUIRED;
    facts.plan.services[SERVICE_EC2MESSAGES].need = NEED_OPTIONAL;
    start(NULL);
    say(n_asked - 1, "", FAILURE_NXDOMAIN, 1);
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        assert_int_equal(facts.endpoints[i].proxy.failure, FAILURE_NXDOMAIN);
}

/* Where something opens TLS behind the proxy. Silence is asked once more. */
static void what_becomes_a_websocket_goes_through_the_proxy_too(void **state)
{
    struct http_reply reply = reply_of(404), silent = reply_of(0);
    struct step step;
    (void)state;

    start_with_proxy("http://10.0.0.5:3128");
    step_ok(&step, 4);
    reply.session.trust_by = TRUST_BY_SYSTEM;
    (void)text_set(reply.head.request_id, NAME_SIZE, "1");
    step_fail(&silent.step, FAILURE_TIMEOUT, 5000);
    silent.head.request_id[0] = '\0';
    for (int i = 0; i < 3; i++) {
        opened[n_opened - 1].done(opened[n_opened - 1].arg, &step, 200,
                                  open("/dev/null", O_RDWR | O_CLOEXEC));
        assert_ptr_equal(sent[i].request.headers, i == 0 ? NULL : upgrade_headers);
        replies(i, i == 0 ? reply : silent);
    }
    assert_int_equal(n_opened, 4);
    assert_int_equal(facts.endpoints[SERVICE_SSMMESSAGES].proxy.failure, FAILURE_NO_WEBSOCKET);
    observe_free(observe);

    static const struct {
        int status;
        const char *id;
        enum failure failure;
    } answers[] = {
        {101, "", FAILURE_NONE}, {404, "1", FAILURE_NONE}, {404, "", FAILURE_NO_WEBSOCKET}};
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct http_reply second = reply_of(answers[i].status);
        (void)set_up(state);
        start_with_proxy("http://10.0.0.5:3128");
        second.session.trust_by = TRUST_BY_SYSTEM;
        (void)text_set(second.head.request_id, NAME_SIZE, "%s", answers[i].id);
        for (int j = 0; j < 2; j++) {
            opened[n_opened - 1].done(opened[n_opened - 1].arg, &step, 200,
                                      open("/dev/null", O_RDWR | O_CLOEXEC));
            replies(j, j == 0 ? reply : second);
        }
        assert_int_equal(n_opened, 3);
        assert_int_equal(sent[1].request.timeout_ms, 5000);
        assert_int_equal(facts.endpoints[SERVICE_SSMMESSAGES].proxy.failure, answers[i].failure);
        observe_free(observe);
    }
    observe = NULL;
}

/* To a proxy that is spoken to by TLS it would be shown in plain text. */
static void a_login_is_shown_to_the_proxy_that_it_is_for(void **state)
{
    static const char *const urls[] = {"http://10.0.0.5:3128", "https://10.0.0.5:3128",
                                       "socks5://10.0.0.5:3128"};

    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        (void)set_up(state);
        (void)text_set(proxy_login.basic, sizeof(proxy_login.basic), "dXNlcjpwYXNz");
        start_with_proxy(urls[i]);
        assert_ptr_equal(opened[0].tunnel.basic, i == 0 ? proxy_login.basic : NULL);
        observe_free(observe);
        memset(&proxy_login, 0, sizeof(proxy_login));
    }
    observe = NULL;
}

/* The websocket is tried, and shows the proxy no user without a password. */
static void a_user_without_a_password_is_not_shown_for_the_websocket(void **state)
{
    struct http_reply reply = reply_of(404);
    struct step step;
    (void)state;

    (void)text_set(proxy_login.basic, sizeof(proxy_login.basic), "dXNlcjo=");
    proxy_login.user_alone = true;
    start_with_proxy("http://10.0.0.5:3128");
    reply.session.trust_by = TRUST_BY_AMAZON;
    for (int i = 0; i < 2; i++) { /* ssm, and ssmmessages */
        assert_ptr_equal(opened[i].tunnel.basic, proxy_login.basic);
        step_ok(&step, 4);
        opened[i].done(opened[i].arg, &step, 200, open("/dev/null", O_RDWR | O_CLOEXEC));
        replies(i, reply);
    }
    assert_int_equal(n_opened, 3);
    assert_null(opened[2].tunnel.basic);
    step_fail(&step, FAILURE_PROXY, 4);
    opened[2].done(opened[2].arg, &step, 407, -1);
    assert_int_equal(facts.endpoints[SERVICE_SSMMESSAGES].proxy_status, 407);
    assert_int_equal(facts.endpoints[SERVICE_SSMMESSAGES].proxy.failure, FAILURE_PROXY);
    assert_int_equal(SSM->proxy.outcome, OUTCOME_OK);
    memset(&proxy_login, 0, sizeof(proxy_login));
}

static void a_proxy_by_tls_that_speaks_plainly_is_wrong(void **state)
{
    static const struct {
        enum failure failure;
        int32_t status;
        enum outcome outcome;
        enum failure becomes;
    } rows[] = {{FAILURE_PROXY, 403, OUTCOME_FAILED, FAILURE_NOT_TLS},
                {FAILURE_NONE, 200, OUTCOME_FAILED, FAILURE_NOT_TLS},
                {FAILURE_PROXY, 400, OUTCOME_UNTRIED, FAILURE_NONE},
                {FAILURE_CLOSED, 0, OUTCOME_UNTRIED, FAILURE_NONE},
                {FAILURE_RESET, 0, OUTCOME_UNTRIED, FAILURE_NONE},
                {FAILURE_MALFORMED, 0, OUTCOME_UNTRIED, FAILURE_NONE},
                {FAILURE_REFUSED, 0, OUTCOME_FAILED, FAILURE_REFUSED}};

    for (size_t row = 0; row < COUNT_OF(rows); row++) {
        struct step step;
        (void)set_up(state);
        start_with_proxy("https://10.0.0.5:3128");
        assert_false(opened[0].tunnel.socks);
        if (rows[row].failure == FAILURE_NONE)
            step_ok(&step, 4);
        else
            step_fail(&step, rows[row].failure, 4);
        opened[0].done(opened[0].arg, &step, rows[row].status,
                       step.outcome == OUTCOME_OK ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1);
        assert_int_equal(SSM->proxy.outcome, rows[row].outcome);
        assert_int_equal(SSM->proxy.failure, rows[row].becomes);
        if (rows[row].becomes == FAILURE_NOT_TLS)
            assert_string_equal(SSM->proxy.detail, "its URL says https, it speaks plain HTTP");
        assert_int_equal(n_opened, 1);
        assert_int_equal(facts.endpoints[SERVICE_SSMMESSAGES].proxy.failure, FAILURE_NO_WEBSOCKET);
        observe_free(observe);
    }
    observe = NULL;
}

/* The login of its URL is shown to it by nobody here: where it wants one nothing is decided. */
static void a_socks_proxy_is_asked_as_such(void **state)
{
    for (int i = 0; i < 4; i++) {
        const bool login = i % 2, wanted = i / 2;
        struct step step;
        (void)set_up(state);
        facts.agent.proxy_login = login;
        start_with_proxy("socks5://10.0.0.5:1080");
        assert_true(opened[0].tunnel.socks);
        step_fail(&step, FAILURE_PROXY, 4);
        opened[0].done(opened[0].arg, &step, wanted ? 407 : 0, -1);
        assert_int_equal(n_opened, 2); /* of each service; and no other address is tried */
        assert_int_equal(SSM->proxy.outcome, login && wanted ? OUTCOME_UNTRIED : OUTCOME_FAILED);
        assert_int_equal(SSM->proxy_status, !login && wanted ? 407 : 0);
        facts.agent.proxy_login = false;
        observe_free(observe);
    }
    observe = NULL;
}

/* gorilla/websocket hands net.Dial what the URL has, and adds no port for SOCKS. */
static void a_socks_proxy_without_a_port_opens_no_websocket(void **state)
{
    static const struct {
        const char *url;
        enum failure failure;
    } rows[] = {{"socks5://10.0.0.5", FAILURE_NO_WEBSOCKET},
                {"socks5://10.0.0.5:1080", FAILURE_NONE},
                {"http://10.0.0.5", FAILURE_NONE}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)set_up(state);
        start_with_proxy(rows[i].url);
        assert_int_equal(facts.endpoints[SERVICE_SSMMESSAGES].proxy.failure, rows[i].failure);
        assert_int_equal(SSM->proxy.failure, FAILURE_NONE);
        observe_free(observe);
    }
    observe = NULL;
}

static void a_proxys_name_is_asked_of_one_server_after_the_other(void **state)
{
    (void)state;
    add_second_server();
    start_with_proxy("http://proxy.corp.example:3128");
    int n = n_asked - 1;
    assert_string_equal(asked[n].name, "proxy.corp.example");
    assert_string_equal(asked[n].server, "10.0.0.2");
    assert_int_equal(asked[n].question.timeout_ms, 5000);
    say(n, "", FAILURE_SERVFAIL, 1);
    assert_string_equal(asked[n + 1].server, "10.0.0.3");
    say(n + 1, "", FAILURE_TIMEOUT, 1);
    assert_int_equal(n_asked, n + 2);
    assert_int_equal(SSM->proxy.outcome, OUTCOME_UNTRIED); /* the name may still exist */
    observe_free(observe);

    (void)set_up(state);
    start_with_proxy("http://proxy.corp.example:3128");
    say(n_asked - 1, "", FAILURE_NXDOMAIN, 1);
    assert_int_equal(SSM->proxy.failure, FAILURE_NXDOMAIN);
    assert_string_equal(SSM->proxy.detail, "proxy.corp.example: no such name");
    assert_int_equal(facts.endpoints[SERVICE_SSMMESSAGES].proxy.failure, FAILURE_NXDOMAIN);
    assert_int_equal(facts.endpoints[SERVICE_EC2MESSAGES].proxy.outcome, OUTCOME_UNTRIED);
    observe_free(observe);

    (void)set_up(state);
    facts.plan.services[SERVICE_SSM].need = NEED_OFF;
    start_with_proxy("http://proxy.corp.example:3128");
    say(n_asked - 1, "", FAILURE_NXDOMAIN, 1);
    assert_int_equal(SSM->proxy.outcome, OUTCOME_UNTRIED);
    assert_int_equal(facts.endpoints[SERVICE_SSMMESSAGES].proxy.failure, FAILURE_NXDOMAIN);
    observe_free(observe);

    (void)set_up(state);
    start_with_proxy("http://proxy.corp.example:3128");
    say(n_asked - 1, "fd00::5", FAILURE_NONE, 1);
    assert_string_equal(facts.agent.proxy_address, "[fd00::5]:3128");
    assert_int_equal(n_opened, 2);

    for (int usable = 0; usable < 4; usable++) { /* an IPv6 address where there is nothing else */
        observe_free(observe);
        (void)set_up(state);
        facts.network.usable_ipv4 = usable & 1;
        facts.network.usable_ipv6 = usable & 2;
        start_with_proxy("http://proxy.corp.example:3128");
        assert_int_equal(asked[n_asked - 1].question.family,
                         usable == 2 ? FAMILY_IPV6 : FAMILY_IPV4);
    }
}

/* NODATA ends the search as NXDOMAIN does, but the name may have an address of the other family. */
static void a_proxys_name_without_an_address_is_no_failure(void **state)
{
    (void)state;
    add_second_server();
    start_with_proxy("http://proxy.corp.example:3128");
    int n = n_asked;
    say(n - 1, "", FAILURE_NODATA, 1);
    assert_int_equal(n_asked, n);
    assert_int_equal(n_opened, 0);
    assert_int_equal(SSM->proxy.outcome, OUTCOME_UNTRIED);
    observe_free(observe);

    (void)set_up(state); /* nor where there is nobody to ask */
    facts.resolvers.n_configured = 0;
    start_with_proxy("http://proxy.corp.example:3128");
    for (int i = 0; i < n_asked; i++)
        assert_string_not_equal(asked[i].name, "proxy.corp.example");
    assert_int_equal(SSM->proxy.outcome, OUTCOME_UNTRIED);
}

static void a_proxy_of_etc_hosts_is_asked_there(void **state)
{
    static const char line[] = "10.0.0.5 proxy.corp.example\n";
    char folder[] = "/tmp/ssm-preflight-climb-XXXXXX", path[64];
    (void)state;

    assert_non_null(mkdtemp(folder));
    (void)text_set(path, sizeof(path), "%s/etc", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    (void)text_add(path, sizeof(path), "/hosts");
    assert_int_equal(file_write_atomically(path, line, sizeof(line) - 1, 0644), 0);
    root = folder;
    start_with_proxy("http://proxy.corp.example:3128");
    assert_int_equal(n_opened, 2);
    assert_string_equal(facts.agent.proxy_address, "10.0.0.5:3128");
    assert_int_equal(unlink(path), 0);
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path) + rmdir(folder), 0);
}

/* Its WebSocket does not know the URL; where it does not go by the proxy that says nothing of it. */
static void a_websocket_beside_the_proxy_needs_no_url(void **state)
{
    (void)state;
    (void)text_set(facts.agent.no_proxy, sizeof(facts.agent.no_proxy), "%s",
                   "ssmmessages.us-east-1.amazonaws.com");
    start_with_proxy("https://10.0.0.5:3128");
    assert_int_equal(n_opened, 1);
    assert_int_equal(facts.endpoints[SERVICE_SSMMESSAGES].proxy.outcome, OUTCOME_UNTRIED);
}

/* As Go does, where one cannot be connected to; one that answers, with whatever, decides. */
static void a_proxys_next_address_is_dialled(void **state)
{
    struct step step;
    (void)state;

    start_with_proxy("http://proxy.corp.example:3128");
    say(n_asked - 1, "10.0.0.5 10.0.0.6", FAILURE_NONE, 1);
    step_fail(&step, FAILURE_TIMEOUT, CONNECT_TIMEOUT_MS);
    opened[0].done(opened[0].arg, &step, 0, -1);
    assert_int_equal(n_opened, 3);
    assert_string_equal(opened[2].address, "10.0.0.6");
    assert_string_equal(facts.agent.proxy_address, "10.0.0.6:3128");
    step_fail(&step, FAILURE_PROXY, 4);
    opened[1].done(opened[1].arg, &step, 403, -1);
    opened[2].done(opened[2].arg, &step, 403, -1);
    assert_int_equal(n_opened, 3);
    assert_int_equal(SSM->proxy_status, 403);
    observe_free(observe);

    static const struct {
        enum failure failure;
        int32_t status, took_ms;
        bool next;
    } rows[] = {{FAILURE_REFUSED, 0, 4, true},
                {FAILURE_HOST_UNREACHABLE, 0, 4, true},
                {FAILURE_TIMEOUT, 0, PROXY_TIMEOUT_MS - 1, true},
                {FAILURE_TIMEOUT, 0, PROXY_TIMEOUT_MS, false},
                {FAILURE_CLOSED, 0, 4, false},
                {FAILURE_RESET, 0, 4, false},
                {FAILURE_MALFORMED, 0, 4, false},
                {FAILURE_PROXY, 407, 4, false},
                {FAILURE_NONE, 0, 4, false}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)set_up(state);
        start_with_proxy("http://proxy.corp.example:3128");
        say(n_asked - 1, "10.0.0.5 10.0.0.6", FAILURE_NONE, 1);
        if (rows[i].failure == FAILURE_NONE)
            step_ok(&step, rows[i].took_ms);
        else
            step_fail(&step, rows[i].failure, rows[i].took_ms);
        opened[0].done(opened[0].arg, &step, rows[i].status, -1);
        if (n_opened != (rows[i].next ? 3 : 2))
            fail_msg("row %zu: %d", i, n_opened);
        observe_free(observe);
    }
    observe = NULL;
}

/* Each name is asked of the server that said no to the one before it. */
static void expect_names(const char *url, const char *const *names)
{
    start_with_proxy(url);
    for (int n = n_asked - 1; *names; n++, names++) {
        assert_int_equal(n_asked, n + 1);
        assert_string_equal(asked[n].name, *names);
        assert_int_equal(SSM->proxy.outcome, OUTCOME_UNTRIED);
        say(n, "", FAILURE_NXDOMAIN, 1);
    }
    assert_int_equal(SSM->proxy.failure, FAILURE_NXDOMAIN);
    assert_int_equal(facts.endpoints[SERVICE_SSMMESSAGES].proxy.failure, FAILURE_NXDOMAIN);
    observe_free(observe);
    observe = NULL;
}

/* Of the endpoint, as where the search list comes first, and of a proxy. */
static void the_fourth_server_is_asked_for_no_name(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        (void)text_set(facts.resolvers.configured[i], ADDRESS_SIZE, "10.0.0.%d", 2 + i);
    facts.resolvers.n_configured = 4;
    start_with_proxy("http://proxy.corp.example:3128");
    int first = n_asked - 1;
    for (int i = 0; i < 3; i++)
        say(first + i, "", FAILURE_TIMEOUT, 1);
    assert_int_equal(n_asked, first + 3);
    observe_free(observe);

    (void)set_up(state);
    for (int i = 0; i < 4; i++)
        (void)text_set(facts.resolvers.configured[i], ADDRESS_SIZE, "10.0.0.%d", 2 + i);
    facts.resolvers.n_configured = 4;
    (void)text_set(facts.resolvers.search, sizeof(facts.resolvers.search), "a.example");
    (void)text_set(facts.plan.services[SERVICE_SSM].host, HOST_SIZE, "ssm");
    start(NULL);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(asked[i].name, "ssm.a.example");
        say(i, "", FAILURE_TIMEOUT, 1);
    }
    assert_string_equal(asked[3].name, "ssm");
}

static void a_proxys_bare_name_is_asked_for_with_the_search_list(void **state)
{
    static const char *const bare[] = {"proxy", NULL}, *const dotted[] = {"proxy.corp", NULL},
                             *const searched[] = {"proxy.a.example", "proxy.b.example", "proxy",
                                                  NULL};
    static const char domains[] = ". a.example b.example";
    (void)state;

    expect_names("http://proxy:3128", bare);
    (void)set_up(state);
    (void)text_set(facts.resolvers.search, sizeof(facts.resolvers.search), "%s", domains);
    expect_names("http://proxy:3128", searched);
    (void)set_up(state);
    (void)text_set(facts.resolvers.search, sizeof(facts.resolvers.search), "%s", domains);
    expect_names("http://proxy.corp:3128", dotted);

    (void)set_up(state);
    start_with_proxy("http://"); /* names no host */
    assert_int_equal(SSM->proxy.failure, FAILURE_MALFORMED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(both_families_are_asked_of_every_server),
        TEST(without_a_server_this_machine_is_asked),
        TEST(the_first_server_that_says_yes_or_no_is_believed),
        TEST(a_no_ends_the_search_and_a_failure_does_not),
        TEST(who_fails_at_once_is_asked_twice),
        TEST(who_answers_another_question_is_asked_twice),
        TEST(an_agent_without_edns_asks_plainly),
        TEST(what_an_upstream_server_says_is_kept_and_not_taken),
        TEST(an_address_is_climbed_once_and_so_many_of_them),
        TEST(an_answer_that_is_too_late_for_the_agent_is_none),
        TEST(who_cannot_stand_edns_is_asked_without),
        TEST(a_silent_server_gets_a_second_opinion_and_then_the_next_is_taken),
        TEST(a_dead_server_is_given_up_when_the_next_one_answers),
        TEST(who_alone_is_silent_is_waited_for),
        TEST(who_is_silent_to_edns_alone_is_given_up),
        TEST(who_alone_is_dead_is_given_up),
        TEST(the_options_of_resolv_conf_count),
        TEST(amazon_is_asked_where_the_answer_is_doubtful),
        TEST(amazon_is_asked_where_an_address_of_another_server_fails),
        TEST(of_a_name_with_fewer_dots_than_ndots_the_list_is_first),
        TEST(the_search_list_is_left_out_where_it_leads_nowhere),
        TEST(a_question_that_cannot_start_is_trouble),
        TEST(a_silent_address_is_tried_by_turns_from_both_halves_of_the_ports),
        TEST(what_is_not_sent_is_sent_again),
        TEST(an_error_after_silence_is_not_repeated),
        TEST(what_connects_from_one_half_only_says_from_which),
        TEST(a_public_address_where_a_private_one_is_wanted_gets_little_time),
        TEST(a_connection_in_time_is_tried_once),
        TEST(the_deadline_finds_a_missing_answer),
        TEST(who_refuses_is_found_out),
        TEST(what_was_refused_and_then_connects_says_so),
        TEST(what_is_refused_here_is_dialled_again_in_its_turn),
        TEST(others_of_its_kind_stand_anywhere),
        TEST(turns_end),
        TEST(without_a_turn_the_other_half_has_its_time),
        TEST(what_is_silent_is_dialled_again_where_another_one_passed_late),
        TEST(who_asks_when_the_next_turn_is_free_gets_one),
        TEST(where_all_are_refused_here_one_is_dialled_again_for_all),
        TEST(what_would_become_a_websocket_is_tried_where_tls_is_opened),
        TEST(a_silent_handshake_is_repeated_and_tried_with_small_segments),
        TEST(a_handshake_that_nobody_acknowledges_is_given_up_sooner),
        TEST(an_answer_does_not_end_the_other_half),
        TEST(the_handshake_that_is_answered_counts),
        TEST(the_answer_to_an_unsigned_request_is_judged),
        TEST(an_unsigned_request_is_of_its_service),
        TEST(what_a_page_repeats_of_the_credentials_is_hidden),
        TEST(a_page_that_comes_once_is_no_failure),
        TEST(where_nothing_is_left_no_handshake_begins),
        TEST(preferences_are_those_of_get_document),
        TEST(what_condemns_every_request_is_asked_twice),
        TEST(a_page_in_the_place_of_an_answer_is_asked_past_once),
        TEST(a_later_round_asks_nothing_twice),
        TEST(signed_requests_wait_for_the_role_and_the_place),
        TEST(hosts_is_read_in_its_order),
        TEST(a_bare_host_is_looked_up_by_the_search_list),
        TEST(a_connection_takes_the_next_request_when_it_is_free),
        TEST(an_answer_that_decides_stands_for_the_unsigned_one),
        TEST(an_answer_that_decides_nothing_is_followed_by_an_unsigned_one),
        TEST(silence_and_distrust_are_followed_by_an_unsigned_one),
        TEST(a_signed_handshake_that_is_silent_is_repeated_unsigned),
        TEST(a_handshake_that_is_cut_is_tried_again),
        TEST(what_hangs_at_one_address_ends_there_alone),
        TEST(what_hangs_is_asked_anew),
        TEST(an_answer_that_is_cut_is_asked_for_again),
        TEST(what_hangs_and_cannot_be_dialled_hangs),
        TEST(what_cannot_be_sent_at_all_is_trouble),
        TEST(more_connections_carry_signed_requests_only),
        TEST(what_the_first_request_did_not_ask_another_one_asks),
        TEST(an_address_that_is_not_awss_says_nothing_of_actions),
        TEST(an_address_that_does_not_answer_says_nothing_of_actions),
        TEST(an_unclear_answer_beside_the_first_stays),
        TEST(an_action_that_meets_an_error_of_the_server_is_asked_for_again),
        TEST(a_request_that_cannot_start_is_trouble),
        TEST(a_region_that_is_none_cannot_be_signed_for),
        TEST(without_credentials_nothing_more_is_opened),
        TEST(an_agent_without_a_connection_is_not_connected),
        TEST(one_action_is_asked_again_where_it_was_answered),
        TEST(what_a_wrong_region_found_is_taken_back),
        TEST(it_is_taken_back_at_any_time),
        TEST(what_sessions_use_is_climbed_too),
        TEST(what_is_parsed_is_given_back),
        TEST(of_which_family_addresses_are_taken),
        TEST(the_actions_of_each_service_are_planned),
        TEST(left_out_and_elsewhere_is_not_climbed),
        TEST(the_agents_proxy_is_asked_for_each_service),
        TEST(the_proxy_alone_is_asked_again),
        TEST(connections_to_a_proxy_are_lost_one_by_one_or_all),
        TEST(a_request_goes_through_a_proxy_that_opens_the_way),
        TEST(a_proxy_that_answers_another_loses_one_connection),
        TEST(what_becomes_a_websocket_goes_through_the_proxy_too),
        TEST(a_login_is_shown_to_the_proxy_that_it_is_for),
        TEST(a_user_without_a_password_is_not_shown_for_the_websocket),
        TEST(a_proxy_by_tls_that_speaks_plainly_is_wrong),
        TEST(a_socks_proxy_is_asked_as_such),
        TEST(a_socks_proxy_without_a_port_opens_no_websocket),
        TEST(a_proxys_name_is_asked_of_one_server_after_the_other),
        TEST(the_fourth_server_is_asked_for_no_name),
        TEST(a_proxys_next_address_is_dialled),
        TEST(a_proxys_name_without_an_address_is_no_failure),
        TEST(a_proxy_of_etc_hosts_is_asked_there),
        TEST(a_websocket_beside_the_proxy_needs_no_url),
        TEST(a_proxys_bare_name_is_asked_for_with_the_search_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
