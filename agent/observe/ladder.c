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
#include "net/http.h"
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
    struct dial dial = connect_dial(lane);

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
    const struct dial dial = connect_dial(lane);
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
static bool from_aws(const struct tls_session *session, const struct http_head *head)
{
    return head->request_id[0] || session->trust_by == TRUST_BY_AMAZON;
}

static enum failure judge_answer(const struct tls_session *session, const struct http_head *head)
{
    if (head->status == 407)
        return FAILURE_PROXY;
    if (!from_aws(session, head))
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
static void doubt_first(void *arg);

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

/* What cuts one handshake, or answers with an error, may let the next one pass: a firewall that learns, a balancer with a broken
 * target. The agent tries again as well: at ssmmessages each time, at ssm where it was closed and after an error of the server
 * (aws-sdk-go aws/request/retryer.go, connection_reset_error.go). */
static bool is_cut(enum failure failure)
{
    return failure == FAILURE_RESET || failure == FAILURE_CLOSED;
}

static enum failure may_pass_later(const struct lane *lane, const struct http_reply *reply)
{
    const bool anew = reply->tls.outcome != OUTCOME_UNTRIED;

    if (is_cut(reply->tls.failure))
        return reply->tls.failure;
    if (reply->step.failure == FAILURE_REFUSED)
        return FAILURE_REFUSED;
    if (is_cut(reply->step.failure))
        return FAILURE_TRUNCATED;
    if (reply->head.status >= 500)
        return FAILURE_SERVER_ERROR;
    return reply->step.outcome != OUTCOME_OK
               ? FAILURE_NONE
               : judge_answer(anew ? &reply->session : &lane->facts->session, &reply->head);
}

/* The second one at once, more of them one after the other. */
static void try_again(struct lane *lane, enum failure failure)
{
    lane->again = true;
    lane->facts->cut = failure;
    lane->asked_unsigned = lane->n_handshakes > 0;
    if (++lane->n_tries == 1) {
        ask_unsigned(lane);
        return;
    }
    loop_cancel(lane->unsigned_too);
    lane->unsigned_too = loop_after(lane->climb->observe->loop, TRY_AGAIN_MS, doubt_first, lane);
}

/* The rung is decided: by the answer to the unsigned request, or to a signed one in its place. */
static void settle(struct lane *lane, const struct http_reply *reply)
{
    struct address_facts *facts = lane->facts;
    enum failure passing = may_pass_later(lane, reply);
    const bool answered = reply->step.outcome == OUTCOME_OK;

    if (is_cut_short(lane, &reply->tls, tls_timeout_ms(lane))) { /* its silence says nothing */
        lane->climb->observe->facts->stopped_by = STOPPED_BY_DEADLINE;
        return;
    }
    if (is_cut_short(lane, &reply->step, ladder_patience_ms(lane->climb)))
        lane->climb->observe->facts->stopped_by = STOPPED_BY_DEADLINE;
    if (passing != FAILURE_NONE && lane->n_tries + 1 < (passing == FAILURE_SERVER_ERROR ? MAX_ASKED
                                                        : answered                      ? 2
                                                                   : MAX_TRIES)) {
        if (reply->tls.outcome != OUTCOME_UNTRIED)
            facts->steps[RUNG_TLS] = reply->tls;
        facts->steps[RUNG_HTTP] = reply->step;
        try_again(lane, passing);
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

    enum failure failure = judge_answer(&facts->session, &reply->head);
    if (failure != FAILURE_NONE) {
        step_fail(&facts->steps[RUNG_HTTP], failure, reply->step.took_ms);
        text_excerpt(facts->body_start, sizeof(facts->body_start), reply->body, reply->body_bytes);
        credentials_hide(lane->climb->observe->credentials, facts->body_start);
        actions_forget_unclear(lane->climb, facts);
    }
    /* What opens TLS on the way may rewrite Date as well. */
    if (from_aws(&facts->session, &reply->head) && !tls_session_is_opened(&facts->session))
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

    if (dialled->step.outcome == OUTCOME_OK) {
        if (send_unsigned(lane, dialled->fd))
            return;
        step_fail(&none.tls, FAILURE_INTERNAL, 0);
        step_skip(&none.step, FAILURE_BELOW);
    }
    if (!lane->settled && lane->n_handshakes == 0)
        settle(lane, &none);
}

/* On a connection of its own: of the first one nobody knows. */
static void ask_unsigned(struct lane *lane)
{
    const struct dial dial = connect_dial(lane);

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
                 judge_answer(&lane->facts->session, &reply->head) == FAILURE_NONE;
    actions_pump(lane->climb);
}

/* Without credentials, the handshake at least is over when they come. */
static void extra_dialled(void *arg, const struct dialled *dialled)
{
    struct lane *lane = arg;
    struct observe *observe = lane->climb->observe;
    int fd = dialled->fd;

    observe->unsteady |= fd >= 0 && dialled->took_us > LATE_CONNECT_MS * 1000;
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

/* --- the addresses --- */

void ladder_connected(struct lane *lane, int fd)
{
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
    connect_start(lane);
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
        connect_dial_half(lane, false, LONE_CONNECT_TIMEOUT_MS, extra_dialled, lane);
    }
}

void ladder_placed(struct climb *climb)
{
    for (int i = 0; i < climb->facts->n_addresses; i++) {
        struct lane *lane = &climb->lanes[i];
        class_address(climb, lane->facts);
        connect_placed(lane);
    }
}
