/* SPDX-License-Identifier: Apache-2.0
 *
 * Each address is climbed by itself: it is an endpoint's interface in another zone. When private
 * addresses are required, a public one is climbed as a second opinion, without signed requests.
 */
#include <string.h>

#include "base/text.h"
#include "model/place.h"
#include "net/dial.h"
#include "net/http.h"
#include "net/route.h"
#include "observe/climb.h"

static struct http_request unsigned_request(const struct lane *lane, int fd)
{
    const struct climb *climb = lane->climb;

    return (struct http_request){
        .method = "GET",
        .tls = true,
        .host = climb->plan->host,
        .address = lane->facts->address,
        .port = climb->plan->port,
        .fd = fd,
        .path = "/",
        .trust = climb->observe->trust,
        .tls_timeout_ms = TLS_TIMEOUT_MS,
        .timeout_ms = HTTP_TIMEOUT_MS,
        .max_body_bytes = 64 * 1024,
    };
}

/* --- a silent handshake: does it pass with small segments? --- */

/* The handshake came through, whether or not the certificate verifies. */
static void small_handshake_ended(void *arg, const struct http_reply *reply)
{
    struct lane *lane = arg;
    bool arrived = reply->tls.outcome == OUTCOME_OK || reply->session.issuer[0];

    lane->facts->small_segments = arrived ? ANSWER_YES : ANSWER_NO;
}

static void small_dialled(void *arg, const struct dialled *dialled)
{
    struct lane *lane = arg;

    if (dialled->step.outcome != OUTCOME_OK)
        return; /* stays unknown */
    struct http_request request = unsigned_request(lane, dialled->fd);
    (void)http_start(lane->climb->observe->loop, &request, small_handshake_ended, lane);
}

static void try_small_segments(struct lane *lane)
{
    struct dial dial = {.address = lane->facts->address,
                        .port = lane->climb->plan->port,
                        .timeout_ms = CONNECT_TIMEOUT_MS,
                        .max_segment_bytes = SMALL_SEGMENT_BYTES};

    (void)dial_start(lane->climb->observe->loop, &dial, small_dialled, lane);
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

static void unsigned_answered(void *arg, const struct http_reply *reply)
{
    struct lane *lane = arg;
    struct address_facts *facts = lane->facts;

    facts->steps[RUNG_TLS] = reply->tls;
    facts->session = reply->session;
    facts->steps[RUNG_HTTP] = reply->step;
    facts->head = reply->head;
    if (reply->tls.outcome != OUTCOME_OK) {
        if (reply->tls.failure == FAILURE_TIMEOUT)
            try_small_segments(lane);
        return;
    }
    if (reply->step.outcome != OUTCOME_OK)
        return;

    enum failure failure = judge_answer(facts, &reply->head);
    if (failure != FAILURE_NONE) {
        step_fail(&facts->steps[RUNG_HTTP], failure, reply->step.took_ms);
        text_excerpt(facts->body_start, sizeof(facts->body_start), reply->body, reply->body_bytes);
    }
    if (from_aws(facts, &reply->head))
        observe_clock(lane->climb->observe, service_name(lane->climb->service), facts,
                      reply->took_us);
    lane->open = failure == FAILURE_NONE;
    actions_pump(lane->climb);
}

/* --- the connection --- */

static void dialled(void *arg, const struct dialled *result)
{
    struct lane *lane = arg;
    struct network_facts *network = &lane->climb->observe->facts->network;

    lane->facts->steps[RUNG_CONNECT] = result->step;
    routes_doubt(network->routes, &network->n_routes, MAX_ROUTES, lane->facts->address,
                 &result->step);
    if (result->step.outcome != OUTCOME_OK) {
        step_skip(&lane->facts->steps[RUNG_TLS], FAILURE_BELOW);
        step_skip(&lane->facts->steps[RUNG_HTTP], FAILURE_BELOW);
        return;
    }
    struct http_request request = unsigned_request(lane, result->fd);
    if (!http_start(lane->climb->observe->loop, &request, unsigned_answered, lane)) {
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
    struct dial dial = {
        .address = address, .port = climb->plan->port, .timeout_ms = CONNECT_TIMEOUT_MS};

    (void)text_set(facts->address, sizeof(facts->address), "%s", address);
    facts->from_hosts_file = from_hosts_file;
    if (climb->service == SERVICE_SSMMESSAGES)
        observe_agent_at(climb->observe, address);
    if (climb->observe->placed)
        class_address(climb, facts);
    *lane = (struct lane){.climb = climb, .facts = facts, .action = -1};
    if (!dial_start(climb->observe->loop, &dial, dialled, lane))
        step_fail(&facts->steps[RUNG_CONNECT], FAILURE_INTERNAL, 0);
}

void ladder_placed(struct climb *climb)
{
    for (int i = 0; i < climb->facts->n_addresses; i++)
        class_address(climb, &climb->facts->addresses[i]);
}
