/* SPDX-License-Identifier: Apache-2.0
 *
 * Each address is climbed by itself: it is an endpoint's interface in another zone. When private
 * addresses are required, a public one is climbed as a second opinion, without signed requests.
 *
 * Where the credentials are there when TCP connects, the first request is a signed one: an answer to it that
 * allows or denies proves all that the unsigned one would. Any other answer does not, nor silence, and
 * then the unsigned one is sent, so that the service and the permission are told apart.
 *
 * Whoever opens TLS on the way may pass requests and break what would become a websocket (RFC 6455), which the agent cannot
 * do without. Within a session that Amazon's own roots vouch for nobody can.
 */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "model/place.h"
#include "net/dial.h"
#include "net/http.h"
#include "net/route.h"
#include "observe/climb.h"

/* The deadline must find an answer that is missing, and not one that is still under way. */
static int32_t until_deadline_ms(const struct climb *climb, int32_t most_ms)
{
    int64_t left_ms = climb->observe->deadline_ms - loop_now_ms(climb->observe->loop) -
                      DEADLINE_MARGIN_MS;

    return left_ms < most_ms ? (int32_t)(left_ms > 1 ? left_ms : 1) : most_ms;
}

static int32_t answer_timeout_ms(const struct climb *climb)
{
    return until_deadline_ms(climb, ladder_patience_ms(climb));
}

static int32_t tls_timeout_ms(const struct lane *lane)
{
    return lane->again || lane->action >= 0 ? TLS_AGAIN_TIMEOUT_MS : TLS_TIMEOUT_MS;
}

/* By AWS_CA_BUNDLE goes what is made with NewSession: the agent's first UpdateInstanceInformation, and kms (amazon-ssm-agent
 * ssmclient.go, kmsservice.go; session.New of all others passes it over, aws-sdk-go aws/session/session.go). */
struct http_request climb_request(const struct climb *climb, const char *address, int fd)
{
    return (struct http_request){
        .method = "GET",
        .tls = true,
        .host = climb->plan->host,
        .address = address,
        .port = climb->plan->port,
        .fd = fd,
        .path = "/",
        .trust = climb->observe->trust,
        .by_sdk = climb->service == SERVICE_SSM || climb->service == SERVICE_KMS,
        .owner = climb->observe,
        .tls_timeout_ms = until_deadline_ms(climb, TLS_TIMEOUT_MS),
        .timeout_ms = ladder_patience_ms(climb),
        .max_body_bytes = 64 * 1024,
    };
}

static struct http_request unsigned_request(const struct lane *lane, int fd)
{
    struct http_request request = climb_request(lane->climb, lane->facts->address, fd);

    request.owner = lane;
    request.tls_timeout_ms = until_deadline_ms(lane->climb, tls_timeout_ms(lane));
    request.timeout_ms = answer_timeout_ms(lane->climb);
    return request;
}

/* A third longer than the agent, so that slow is told from dead. */
int32_t ladder_patience_ms(const struct climb *climb)
{
    int32_t limit_ms = service_limit_ms(climb->service);
    return limit_ms > 0 ? limit_ms / 3 * 4 : OPTIONAL_TIMEOUT_MS;
}

static void unsigned_answered(void *arg, const struct http_reply *reply);
static void is_silent(void *arg, enum silence silence);

static bool send_unsigned(struct lane *lane, int fd)
{
    struct http_request request = unsigned_request(lane, fd);
    bool started;

    request.silent = is_silent;
    lane->asked_unsigned = true;
    started = http_start(lane->climb->observe->loop, &request, unsigned_answered, lane);
    lane->n_handshakes += started;
    return started;
}

static struct dial dial_to(const struct lane *lane)
{
    return (struct dial){.address = lane->facts->address,
                         .port = lane->climb->plan->port,
                         .timeout_ms = LONE_CONNECT_TIMEOUT_MS,
                         .owner = lane};
}

/* --- a silent handshake: is it silent once more, and does it pass with small segments? Both are tried beside it,
 * after a second. What stays silent is given up when the agent gives it up, or after 3 s when it passed with small
 * segments, or after 5 s when nobody even acknowledges it: within that time a ClientHello goes out nine times in two
 * connections, each time the kernel sends it again (RFC 6298: 0.2 s, then twice as long each time). --- */

/* The deadline ended what would have been waited for longer: `step` of at most so many ms. */
static bool is_cut_short(const struct lane *lane, const struct step *step, int32_t most_ms)
{
    return step->failure == FAILURE_TIMEOUT && step->took_ms < most_ms - DEADLINE_MARGIN_MS &&
           answer_timeout_ms(lane->climb) < DEADLINE_MARGIN_MS;
}

/* Whatever the answer is, it came through. */
static void small_handshake_ended(void *arg, const struct http_reply *reply)
{
    struct lane *lane = arg;
    bool arrived = reply->tls.outcome == OUTCOME_OK || reply->session.issuer[0] ||
                   reply->tls.failure == FAILURE_TLS_VERSION ||
                   reply->tls.failure == FAILURE_TLS_ALERT;

    if (!is_cut_short(lane, &reply->tls, TLS_EXTRA_TIMEOUT_MS))
        lane->facts->small_segments = arrived ? ANSWER_YES : ANSWER_NO;
}

static void small_dialled(void *arg, const struct dialled *dialled)
{
    struct lane *lane = arg;

    if (dialled->step.outcome != OUTCOME_OK)
        return; /* stays unknown */
    struct http_request request = unsigned_request(lane, dialled->fd);
    request.tls_timeout_ms = TLS_EXTRA_TIMEOUT_MS;
    (void)http_start(lane->climb->observe->loop, &request, small_handshake_ended, lane);
}

static void dialled_again(void *arg, const struct dialled *dialled)
{
    struct lane *lane = arg;

    if (dialled->step.outcome == OUTCOME_OK)
        (void)send_unsigned(lane, dialled->fd);
}

static void ask_unsigned(struct lane *lane);
static void settle(struct lane *lane, const struct http_reply *reply);

static void repeat_handshake(struct lane *lane)
{
    struct dial dial = dial_to(lane);

    lane->again = true;
    if (lane->action >= 0)
        ask_unsigned(lane);
    else
        dial_start(lane->climb->observe->loop, &dial, dialled_again, lane);
    dial.max_segment_bytes = SMALL_SEGMENT_BYTES;
    dial_start(lane->climb->observe->loop, &dial, small_dialled, lane);
}

/* Whatever is under way of this address says nothing that matters any more. */
static void end_handshakes(struct lane *lane)
{
    loop_end_of(lane->climb->observe->loop, lane);
    loop_cancel(lane->unsigned_too);
    lane->unsigned_too = NULL;
    lane->n_handshakes = 0;
    lane->action = -1;
}

/* What was asked before is over before it. */
static void dialled_anew(void *arg, const struct dialled *dialled)
{
    struct lane *lane = arg;

    if (dialled->step.outcome != OUTCOME_OK)
        return;
    struct http_request request = unsigned_request(lane, dialled->fd);
    request.timeout_ms = ladder_patience_ms(lane->climb);
    lane->n_handshakes += http_start(lane->climb->observe->loop, &request, unsigned_answered, lane);
}

/* Who hung and is mended need not answer what it took before. */
static void ask_anew(struct lane *lane)
{
    const struct dial dial = dial_to(lane);
    int32_t now_ms = (int32_t)(loop_now_ms(lane->climb->observe->loop) - lane->started_ms);

    if (now_ms - lane->anew_ms < ASK_ANEW_MS)
        return;
    lane->anew_ms = now_ms;
    dial_start(lane->climb->observe->loop, &dial, dialled_anew, lane);
}

/* It was answered: what hangs is asked again by whom it was answered. */
static void end_what_hangs(struct lane *lane)
{
    struct climb *climb = lane->climb;

    for (int i = 0; i < climb->n_extras; i++) {
        struct lane *extra = &climb->extras[i];
        if (extra->facts != lane->facts)
            continue;
        loop_end_of(climb->observe->loop, extra);
        extra->action = -1;
        extra->open = false;
    }
}

static void is_silent(void *arg, enum silence silence)
{
    struct lane *lane = arg;
    struct http_reply silent = {.body = ""};

    if (lane->settled)
        return;
    if (silence == SILENCE_SENT) {
        ask_anew(lane);
        return;
    }
    lane->n_silent++;
    lane->n_unheard += silence == SILENCE_UNHEARD;
    if (!lane->again)
        repeat_handshake(lane);
    bool small_passes = lane->facts->small_segments == ANSWER_YES;
    if (!(small_passes && lane->n_silent >= TLS_SILENT_TICKS) &&
        lane->n_unheard < TLS_UNHEARD_TICKS)
        return;
    end_handshakes(lane);
    step_fail(&silent.tls, FAILURE_TIMEOUT, small_passes ? TLS_SILENT_MS : TLS_UNHEARD_MS);
    step_skip(&silent.step, FAILURE_BELOW);
    settle(lane, &silent);
}

/* --- the unsigned request --- */

/* AWS's front ends send a request id; a certificate by one of Amazon's roots proves it too. How a
 * service answers GET / is not documented for every one. */
static bool from_aws(const struct address_facts *facts, const struct http_head *head)
{
    return head->request_id[0] || facts->session.trust_by == TRUST_BY_AMAZON;
}

static enum failure judge_answer(const struct address_facts *facts, const struct http_head *head)
{
    if (head->status == 407)
        return FAILURE_PROXY;
    if (!from_aws(facts, head))
        return head->via[0] || head->status == 502 || head->status == 504 ? FAILURE_PROXY
                                                                          : FAILURE_NOT_AWS;
    if (head->status == 429)
        return FAILURE_THROTTLED;
    if (head->status >= 500)
        return FAILURE_SERVER_ERROR;
    /* S3 itself redirects an unsigned GET / to its web page. */
    if (head->status >= 300 && head->status < 400 && strcmp(head->server, "AmazonS3") != 0)
        return FAILURE_REDIRECTED;
    return FAILURE_NONE;
}

static void ask_upgrade(struct lane *lane);

/* What comes from AWS has its request id: then the question got there, whatever the service makes of it. Silence is asked once
 * more, since packets get lost. */
static void upgrade_answered(void *arg, const struct http_reply *reply)
{
    struct lane *lane = arg;
    struct address_facts *facts = lane->facts;

    if (reply->head.status == 101 || reply->head.request_id[0] ||
        is_cut_short(lane, &reply->step, OPTIONAL_TIMEOUT_MS))
        return;
    if (reply->step.outcome != OUTCOME_OK && lane->climb->n_upgrades < 2) {
        ask_upgrade(lane);
        return;
    }
    step_fail(&facts->steps[RUNG_HTTP], FAILURE_NO_WEBSOCKET, reply->step.took_ms);
    facts->head = reply->head;
    text_excerpt(facts->body_start, sizeof(facts->body_start), reply->body, reply->body_bytes);
}

const char *const upgrade_headers[] = {"Connection: Upgrade", "Upgrade: websocket",
                                       "Sec-WebSocket-Version: 13",
                                       "Sec-WebSocket-Key: c3NtLXByZWZsaWdodCBhc2s=", NULL};

static void ask_upgrade(struct lane *lane)
{
    struct http_request request = unsigned_request(lane, -1);
    int32_t timeout_ms = OPTIONAL_TIMEOUT_MS + lane->facts->steps[RUNG_HTTP].took_ms;

    lane->climb->n_upgrades++;
    if (request.timeout_ms > timeout_ms)
        request.timeout_ms = timeout_ms;
    request.headers = upgrade_headers;
    (void)http_start(lane->climb->observe->loop, &request, upgrade_answered, lane);
}

/* What cuts one handshake may let the next one pass: a firewall that learns, a balancer whose target is gone. The agent tries
 * again as well: at ssmmessages each time, at ssm where it was closed (aws-sdk-go aws/request/connection_reset_error.go). */
static bool is_cut(enum failure failure)
{
    return failure == FAILURE_RESET || failure == FAILURE_CLOSED;
}

static void shake_hands_again(struct lane *lane, const struct http_reply *cut)
{
    lane->again = true;
    lane->facts->cut = cut->tls.failure;
    lane->facts->steps[RUNG_TLS] = cut->tls;
    lane->facts->steps[RUNG_HTTP] = cut->step;
    lane->asked_unsigned = lane->n_handshakes > 0;
    ask_unsigned(lane);
}

/* The rung is decided: by the answer to the unsigned request, or to a signed one in its place. */
static void settle(struct lane *lane, const struct http_reply *reply)
{
    struct address_facts *facts = lane->facts;

    if (is_cut_short(lane, &reply->tls, tls_timeout_ms(lane))) { /* its silence says nothing */
        lane->climb->observe->facts->stopped_by = STOPPED_BY_DEADLINE;
        return;
    }
    if (is_cut_short(lane, &reply->step, ladder_patience_ms(lane->climb)))
        lane->climb->observe->facts->stopped_by = STOPPED_BY_DEADLINE;
    if (is_cut(reply->tls.failure) && !lane->again) {
        shake_hands_again(lane, reply);
        return;
    }
    if (reply->tls.failure == FAILURE_TIMEOUT && lane->n_handshakes > 0) {
        facts->steps[RUNG_TLS] = reply->tls; /* but the other one may be answered yet */
        return;
    }
    if ((lane->again && reply->tls.failure != FAILURE_TIMEOUT) || lane->anew_ms > 0)
        end_handshakes(lane);
    if (lane->anew_ms > 0 && reply->step.took_ms < ASK_ANEW_MS)
        end_what_hangs(lane);
    lane->settled = true;
    bool both_silent = reply->tls.failure == FAILURE_TIMEOUT &&
                       facts->steps[RUNG_TLS].failure == FAILURE_TIMEOUT; /* the first for longer */
    if (reply->tls.outcome != OUTCOME_UNTRIED && !both_silent) {
        facts->steps[RUNG_TLS] = reply->tls;
        facts->session = reply->session;
    }
    facts->steps[RUNG_HTTP] = reply->step;
    facts->head = reply->head;
    if (reply->tls.outcome == OUTCOME_FAILED || reply->step.outcome != OUTCOME_OK) {
        actions_forget_unclear(lane->climb, facts);
        names_doubt(lane->climb);
        return;
    }

    enum failure failure = judge_answer(facts, &reply->head);
    if (failure != FAILURE_NONE) {
        step_fail(&facts->steps[RUNG_HTTP], failure, reply->step.took_ms);
        text_excerpt(facts->body_start, sizeof(facts->body_start), reply->body, reply->body_bytes);
        credentials_hide(lane->climb->observe->credentials, facts->body_start);
        actions_forget_unclear(lane->climb, facts);
    }
    /* What opens TLS on the way may rewrite Date as well. */
    if (from_aws(facts, &reply->head) && !tls_session_is_opened(&facts->session))
        clock_add(&lane->climb->observe->facts->clock, service_name(lane->climb->service),
                  facts->address, &facts->head, reply->took_us);
    lane->open = failure == FAILURE_NONE &&
                 reply->step.took_ms < ladder_patience_ms(lane->climb) / 4 * 3;
    actions_pump(lane->climb);
    if (failure == FAILURE_NONE && lane->climb->service == SERVICE_SSMMESSAGES &&
        lane->climb->n_upgrades == 0 && tls_session_is_opened(&facts->session))
        ask_upgrade(lane);
}

static void unsigned_answered(void *arg, const struct http_reply *reply)
{
    struct lane *lane = arg;

    lane->n_handshakes--;
    if (!lane->settled)
        settle(lane, reply);
}

static void dialled_unsigned(void *arg, const struct dialled *dialled)
{
    struct lane *lane = arg;
    struct http_reply none = {.step = dialled->step, .body = ""};

    if (dialled->step.outcome == OUTCOME_OK && send_unsigned(lane, dialled->fd))
        return;
    if (!lane->settled && lane->n_handshakes == 0)
        settle(lane, &none);
}

/* On a connection of its own: of the first one nobody knows. */
static void ask_unsigned(struct lane *lane)
{
    const struct dial dial = dial_to(lane);

    if (lane->asked_unsigned)
        return;
    lane->asked_unsigned = true;
    dial_start(lane->climb->observe->loop, &dial, dialled_unsigned, lane);
}

static void doubt_first(void *arg)
{
    struct lane *lane = arg;

    lane->unsigned_too = NULL;
    ask_unsigned(lane);
}

static bool is_decisive(const struct action_facts *action)
{
    return action->permission == PERMISSION_ALLOWED || action->permission == PERMISSION_DENIED;
}

static void signed_answered(void *arg, const struct http_reply *reply)
{
    struct lane *lane = arg;
    struct address_facts *facts = lane->facts;
    int action = lane->action;

    lane->n_handshakes--;
    loop_cancel(lane->unsigned_too);
    lane->unsigned_too = NULL;
    if (reply->withheld) {
        lane->action = -1;
        ask_unsigned(lane);
        return;
    }
    if (reply->tls.outcome != OUTCOME_OK) { /* nothing was sent */
        lane->action = -1;
        if (!lane->settled)
            settle(lane, reply);
        return;
    }
    if (!lane->settled) {
        facts->steps[RUNG_TLS] = reply->tls;
        facts->session = reply->session;
    }
    actions_take(lane, reply);
    if (!lane->settled && is_decisive(&lane->climb->facts->actions[action])) {
        settle(lane, reply);
        return;
    }
    if (lane->settled && facts->steps[RUNG_HTTP].outcome != OUTCOME_OK)
        actions_forget_unclear(lane->climb, facts);
    else
        ask_unsigned(lane);
}

/* --- more connections, for signed requests only --- */

static void extra_answered(void *arg, const struct http_reply *reply)
{
    struct lane *lane = arg;

    if (lane->action >= 0 && reply->tls.outcome == OUTCOME_OK && !reply->withheld) {
        actions_take(lane, reply);
        if (lane->facts->steps[RUNG_HTTP].outcome == OUTCOME_FAILED)
            actions_forget_unclear(lane->climb, lane->facts);
    }
    lane->action = -1;
    if (is_cut(reply->tls.failure))
        lane->facts->cut = reply->tls.failure;
    lane->open = reply->step.outcome == OUTCOME_OK && !reply->withheld &&
                 !tls_session_is_intercepted(&reply->session) &&
                 judge_answer(lane->facts, &reply->head) == FAILURE_NONE;
    actions_pump(lane->climb);
}

/* Without credentials, the handshake at least is over when they come. */
static void extra_dialled(void *arg, const struct dialled *dialled)
{
    struct lane *lane = arg;
    struct observe *observe = lane->climb->observe;
    int fd = dialled->fd;

    if (fd < 0 ||
        actions_send_first(lane, &fd, answer_timeout_ms(lane->climb), extra_answered, NULL))
        return;
    if (fd >= 0 && !observe->role_known && actions_left(lane->climb) > 0) {
        struct http_request request = unsigned_request(lane, fd);
        request.quiet = true;
        (void)http_start(observe->loop, &request, extra_answered, lane);
    } else if (fd >= 0) {
        (void)close(fd);
    }
}

/* --- a refusal: was it this machine? --- */

static void find_out_who_refused(struct lane *lane, const struct dialled *result)
{
    static const enum answer here[] = {[REFUSER_UNKNOWN] = ANSWER_UNKNOWN,
                                       [REFUSER_ELSEWHERE] = ANSWER_NO,
                                       [REFUSER_HERE] = ANSWER_YES};
    struct address_facts *facts = lane->facts;

    if (strcmp(facts->address, result->local_address) == 0) {
        facts->refused_here = ANSWER_YES; /* it is this machine's own */
    } else if (result->offender[0]) {
        bool own = strcmp(result->offender, result->local_address) == 0;
        (void)text_set(facts->offender, sizeof(facts->offender), "%s", result->offender);
        facts->refused_here = own ? ANSWER_YES : result->expired ? ANSWER_UNKNOWN : ANSWER_NO;
    } else if (result->step.failure == FAILURE_REFUSED) {
        facts->refused_here = here[dial_refuser(facts->address, lane->climb->plan->port)];
    }
}

/* --- the connection. connect() is tried several times at once, by turns from each half of the source ports, since a
 * network ACL may let answers in to one half only. All go on until each half has connected or time is
 * over.
 *
 * How many packets must be lost before an address that answers is called silent: SYNs go out at 0, 0.4, 0.8 s, and, by
 * the kernel (RFC 6298), at 1.0, 1.4 and 1.8 s, so six of six, each there or its answer back, within 2.2 s.
 * That is 5 in 100,000 at 10 % loss each way, and a service fails only when all its addresses do. A next
 * hop has then not answered three ARP requests, as many as the kernel waits for.
 *
 * A public address where a private one is wanted is not what the agent was meant to use. When it leads anywhere, it
 * is by a NAT gateway, which takes milliseconds: six SYNs as well, within 0.24 s. A way out that takes longer
 * than that is found by a later round of `wait`, which has all patience, and with --private-dns off. --- */

static const struct schedule {
    int n_dials;
    int32_t gap_ms, rest_ms; /* between them, and after the last */
} patiently = {3, 400, CONNECT_TIMEOUT_MS - 800 + DEADLINE_MARGIN_MS}, hastily = {6, 40, 40};

static const struct schedule *schedule_of(const struct lane *lane)
{
    const struct climb *climb = lane->climb;
    enum private_dns wanted = plan_private_dns(&climb->observe->facts->plan, climb->service);

    return lane->facts->place == PLACE_PUBLIC && wanted != PRIVATE_DNS_OFF &&
                   !climb->observe->patient
               ? &hastily
               : &patiently;
}

static void connected(struct lane *lane, const struct dialled *result)
{
    if (lane->connected) {
        (void)close(result->fd);
        return;
    }
    int fd = result->fd;
    lane->connected = true;
    lane->facts->refused_here = ANSWER_UNKNOWN; /* what was refused before it was one too many */
    lane->facts->offender[0] = '\0';
    lane->facts->steps[RUNG_CONNECT] = result->step;
    lane->facts->port = result->local_port;
    if (actions_send_first(lane, &fd, answer_timeout_ms(lane->climb), signed_answered, is_silent)) {
        lane->n_handshakes++;
        lane->unsigned_too = loop_after_quietly(lane->climb->observe->loop,
                                                (int64_t)FIRST_DOUBT_MS * 1000, doubt_first, lane);
    } else if (fd < 0) {
        ask_unsigned(lane);
    } else if (!send_unsigned(lane, fd)) {
        step_fail(&lane->facts->steps[RUNG_TLS], FAILURE_INTERNAL, 0);
        step_skip(&lane->facts->steps[RUNG_HTTP], FAILURE_BELOW);
    }
}

static void gave_up(struct lane *lane)
{
    struct network_facts *network = &lane->climb->observe->facts->network;
    struct step *step = &lane->facts->steps[RUNG_CONNECT];
    uint16_t port = lane->climb->plan->port;

    *step = lane->silent;
    bool given_time = step->took_ms >= CONNECT_TIMEOUT_MS;
    lane->facts->next_hop_silent = (step->failure == FAILURE_HOST_UNREACHABLE ||
                                    (step->failure == FAILURE_TIMEOUT && given_time)) &&
                                   route_ends_at_next_hop(lane->facts->address, port);
    if (lane->facts->next_hop_silent)
        step_fail(step, FAILURE_HOST_UNREACHABLE, step->took_ms);
    routes_doubt(network->routes, &network->n_routes, MAX_ROUTES, lane->facts->address, port, step);
    step_skip(&lane->facts->steps[RUNG_TLS], FAILURE_BELOW);
    step_skip(&lane->facts->steps[RUNG_HTTP], FAILURE_BELOW);
    names_doubt(lane->climb);
}

/* --- a firewall of this machine that lets so many connections a second through (xt_limit) refuses some of ours, which begin
 * at once. The agent's, one after the other, pass. So one that was refused here is dialled once more: after a pause, which
 * others need to connect, in its turn. --- */

enum { REFUSED_PAUSE_MS = 100, TURN_MS = 250, LAST_TURN_MS = 2000 };

static bool is_refused_here(const struct lane *lane, enum failure failure)
{
    return failure == FAILURE_NOT_PERMITTED ||
           (failure == FAILURE_REFUSED && lane->facts->refused_here == ANSWER_YES);
}

/* How it goes with those of its kind: of the same place and family. */
struct others {
    bool connect, in_turn, had_turn;
};

static struct others look_at_others(const struct lane *lane)
{
    const struct observe *observe = lane->climb->observe;
    const struct address_facts *facts = lane->facts;
    struct others others = {0};

    for (size_t i = 0; i < N_SERVICES; i++)
        for (size_t j = 0; j < MAX_ADDRESSES; j++) {
            const struct lane *other = &observe->climbs[i].lanes[j];
            if (!other->facts || other->facts->place != facts->place ||
                !strchr(other->facts->address, ':') != !strchr(facts->address, ':'))
                continue;
            others.connect |= other->connected;
            others.in_turn |= other->turn == TURN_TAKEN && other->dialling;
            others.had_turn |= other->turn == TURN_TAKEN;
        }
    return others;
}

/* How long until it is this one's turn, or is asked again whether it has one; 0: it has none. Where none of its kind connects
 * one of them is dialled again for all. */
static int32_t wait_for_turn_ms(struct lane *lane)
{
    struct observe *observe = lane->climb->observe;
    const struct others others = look_at_others(lane);
    int64_t now_ms = loop_now_ms(observe->loop);
    int64_t turn_ms = observe->turn_ms > now_ms ? observe->turn_ms : now_ms + TURN_MS;

    if (!others.connect && others.in_turn)
        return REFUSED_PAUSE_MS;
    lane->turn = TURN_TAKEN;
    if ((!others.connect && others.had_turn) || turn_ms > lane->started_ms + LAST_TURN_MS)
        return 0;
    observe->turn_ms = turn_ms + TURN_MS;
    return (int32_t)(turn_ms - now_ms);
}

/* Nothing more is waited for: every connect() has ended, or its time is over. */
static void end_dialling(struct lane *lane)
{
    const struct half *other = &lane->halves[lane->half == &lane->halves[0]];

    loop_cancel(lane->dialling);
    lane->dialling = NULL;
    if (!other->answers)
        lane->facts->silent_port = other->silent_port;
    if (!lane->connected)
        gave_up(lane);
}

static bool is_silence(enum failure failure)
{
    return failure == FAILURE_TIMEOUT || failure == FAILURE_NOT_SENT;
}

static int32_t took_ms(const struct lane *lane)
{
    return (int32_t)(loop_now_ms(lane->climb->observe->loop) - lane->started_ms);
}

static void dial_on(void *arg);

static bool is_dialled_out(const struct lane *lane)
{
    return lane->no_more || lane->n_dials >= schedule_of(lane)->n_dials;
}

static void dial_after(struct lane *lane, int32_t ms)
{
    loop_cancel(lane->dialling);
    lane->dialling = loop_after(lane->climb->observe->loop, ms, dial_on, lane);
}

/* One end is enough to know what more of it would tell; only the other half is still waited for. */
static void dial_no_more(struct lane *lane)
{
    const struct schedule *schedule = schedule_of(lane);
    int32_t rest_ms = schedule == &hastily
                          ? schedule->rest_ms
                          : CONNECT_TIMEOUT_MS + DEADLINE_MARGIN_MS - took_ms(lane);

    lane->no_more = true;
    if (lane->dialling)
        dial_after(lane, rest_ms);
}

static void dialled(void *arg, const struct dialled *result)
{
    struct half *half = arg;
    struct lane *lane = half->lane;
    bool ok = result->step.outcome == OUTCOME_OK;

    lane->n_dialling--;
    half->answers |= ok;
    if (result->step.failure == FAILURE_TIMEOUT)
        half->silent_port = result->local_port;
    if (ok ? !lane->connected : lane->silent.outcome == OUTCOME_UNTRIED && !lane->connected)
        lane->half = half;
    if (ok) {
        connected(lane, result);
    } else if (lane->silent.outcome == OUTCOME_UNTRIED) {
        lane->silent = result->step;
        if (is_silence(result->step.failure))
            lane->silent.took_ms = took_ms(lane);
        if (!lane->connected) {
            lane->facts->port = result->local_port;
            find_out_who_refused(lane, result);
        }
    }
    if (!ok && !lane->connected && lane->turn == TURN_NONE &&
        is_refused_here(lane, result->step.failure)) {
        lane->turn = TURN_DOUBTED;
        dial_after(lane, REFUSED_PAUSE_MS);
        return;
    }
    if (ok || !is_silence(result->step.failure))
        dial_no_more(lane);
    if (lane->n_dialling == 0 && is_dialled_out(lane))
        end_dialling(lane);
}

/* Each service begins in its own half, so that in each subnet both are tried. */
static void start_dial(const struct lane *lane, bool other_half, int32_t timeout_ms,
                       dial_done *done, void *arg)
{
    bool high = (lane->climb->service & 1) != other_half;
    struct dial dial = dial_to(lane);

    dial.timeout_ms = timeout_ms;
    dial.ports = high ? PORTS_HIGH : PORTS_LOW;
    dial.owner = lane->climb->observe;
    dial.quiet = true; /* lane->dialling is what keeps the loop waiting */
    dial_start(lane->climb->observe->loop, &dial, done, arg);
}

static void dial_on(void *arg)
{
    struct lane *lane = arg;
    const struct schedule *schedule = schedule_of(lane);
    int i = lane->n_dials;

    lane->dialling = NULL;
    if (lane->turn == TURN_DOUBTED) {
        int32_t wait_ms = wait_for_turn_ms(lane);
        lane->no_more = wait_ms == 0;
        if (wait_ms > 0 || lane->n_dialling > 0) {
            dial_after(lane, wait_ms > 0 ? wait_ms : CONNECT_TIMEOUT_MS - took_ms(lane));
            return;
        }
    }
    if (is_dialled_out(lane)) {
        if (lane->silent.outcome == OUTCOME_UNTRIED)
            step_fail(&lane->silent, FAILURE_TIMEOUT, took_ms(lane));
        end_dialling(lane);
        return;
    }
    lane->n_dials++;
    lane->n_dialling++;
    start_dial(lane, i % 2, CONNECT_TIMEOUT_MS - took_ms(lane), dialled, &lane->halves[i % 2]);
    dial_after(lane, lane->n_dials < schedule->n_dials ? schedule->gap_ms : schedule->rest_ms);
}

static void class_address(struct climb *climb, struct address_facts *facts)
{
    const struct facts *all = climb->observe->facts;

    facts->place = place_of(&all->instance, facts->address);
    facts->second_opinion = (facts->place == PLACE_PUBLIC &&
                             plan_private_dns(&all->plan, climb->service) == PRIVATE_DNS_REQUIRE) ||
                            (facts->place == PLACE_LOCAL &&
                             all->plan.private_dns == PRIVATE_DNS_REQUIRE);
}

void ladder_add(struct climb *climb, const char *address, bool from_hosts_file)
{
    struct endpoint_facts *endpoint = climb->facts;

    for (int i = 0; i < endpoint->n_addresses; i++)
        if (strcmp(endpoint->addresses[i].address, address) == 0)
            return;
    if (endpoint->n_addresses == MAX_ADDRESSES)
        return;

    int index = endpoint->n_addresses++;
    struct address_facts *facts = &endpoint->addresses[index];
    struct lane *lane = &climb->lanes[index];

    (void)text_set(facts->address, sizeof(facts->address), "%s", address);
    facts->from_hosts_file = from_hosts_file;
    if (climb->service == SERVICE_SSMMESSAGES)
        observe_agent_at(climb->observe, address);
    if (climb->observe->placed)
        class_address(climb, facts);
    *lane = (struct lane){.climb = climb, .facts = facts, .action = -1};
    lane->halves[0].lane = lane->halves[1].lane = lane;
    lane->half = &lane->halves[0];
    lane->started_ms = loop_now_ms(climb->observe->loop);
    dial_on(lane);
}

void ladder_widen(struct climb *climb)
{
    int n_addresses = climb->facts->n_addresses;
    int n = climb->n_extras > 0 ? 0 : actions_left(climb) - n_addresses;

    if (climb->observe->role_known && !climb->observe->credentials)
        return;
    for (int i = 0; i < n && n_addresses > 0; i++) {
        struct lane *lane = &climb->extras[climb->n_extras++];
        *lane = (struct lane){.climb = climb,
                              .facts = &climb->facts->addresses[i % n_addresses],
                              .extra = true,
                              .action = -1};
        start_dial(lane, false, LONE_CONNECT_TIMEOUT_MS, extra_dialled, lane);
    }
}

void ladder_placed(struct climb *climb)
{
    for (int i = 0; i < climb->facts->n_addresses; i++) {
        struct lane *lane = &climb->lanes[i];
        class_address(climb, lane->facts);
        if (lane->dialling && schedule_of(lane) == &hastily)
            dial_after(lane, hastily.gap_ms);
    }
}
