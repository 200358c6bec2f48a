/* SPDX-License-Identifier: Apache-2.0
 *
 * When the agent would send an endpoint's traffic to a proxy, the ladders prove a way that the agent
 * does not take. So the proxy is asked too, and where it opens the way, one unsigned request goes through.
 */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "net/address.h"
#include "net/dns.h"
#include "net/http.h"
#include "net/tunnel.h"
#include "observe/climb.h"

/* What a server may say that is asked in plain HTTP and speaks TLS. */
static bool may_speak_otherwise(const struct step *step, int32_t status)
{
    return status == 400 || step->failure == FAILURE_CLOSED || step->failure == FAILURE_RESET ||
           step->failure == FAILURE_MALFORMED;
}

static void ask(struct climb *climb);

/* As ask_upgrade() in ladder.c: whoever opens TLS may pass requests, and not what would become a websocket. */
static void came_through(void *arg, const struct http_reply *reply)
{
    struct climb *climb = arg;
    struct step *to = &climb->facts->proxy;
    bool secure = reply->tls.outcome == OUTCOME_OK;
    bool from_aws = reply->head.request_id[0] || reply->session.trust_by == TRUST_BY_AMAZON;
    const struct step *step = secure ? &reply->step : &reply->tls;
    bool upgrade = climb->n_proxy_upgrades > 0;
    bool is_well = reply->head.status == 101 || (secure && step->outcome == OUTCOME_OK && from_aws);
    enum failure failure = upgrade                       ? FAILURE_NO_WEBSOCKET
                           : step->outcome != OUTCOME_OK ? step->failure
                                                         : FAILURE_NOT_AWS;

    to->took_ms += step->took_ms;
    if (is_well ? !upgrade && climb->service == SERVICE_SSMMESSAGES &&
                      (tls_session_is_opened(&reply->session) ||
                       climb->observe->proxy_login->user_alone)
                : upgrade && step->outcome != OUTCOME_OK && climb->n_proxy_upgrades < 2) {
        climb->n_proxy_upgrades++;
        ask(climb);
        return;
    }
    if (is_well)
        return;
    step_fail(to, failure, to->took_ms);
    (void)text_set(to->detail, sizeof(to->detail), "it opens the way, and then: %s",
                   failure_words(failure));
}

static void go_through(struct climb *climb, int fd)
{
    const char *address = climb->observe->proxy_addresses[climb->proxy_at];
    struct http_request request = climb_request(climb, address, fd);

    request.alone = true;
    if (climb->n_proxy_upgrades > 0) {
        request.headers = upgrade_headers;
        request.timeout_ms = OPTIONAL_TIMEOUT_MS;
    }
    (void)http_start(climb->observe->loop, &request, came_through, climb);
}

static bool is_asked_for(const struct observe *observe, int service)
{
    const struct service_plan *plan = &observe->facts->plan.services[service];

    return plan->need != NEED_OFF && !plan->not_in_region && plan->host[0] &&
           observe->climbs[service].facts->proxy.outcome == OUTCOME_UNTRIED &&
           proxy_used(&observe->facts->agent, plan->host);
}

/* Each service's connection sends two SYNs before it is given up. Where the proxy answered another's, or there is no
 * other, they may be lost. */
static bool may_be_lost(const struct climb *climb, const struct step *step)
{
    const struct climb *climbs = climb->observe->climbs;
    bool heard = false, silent = false;

    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++) {
        const struct step *other = &climbs[i].facts->proxy;
        heard |= other->outcome != OUTCOME_UNTRIED && other->failure != FAILURE_TIMEOUT;
        silent |= &climbs[i] != climb &&
                  (is_asked_for(climb->observe, i) || other->failure == FAILURE_TIMEOUT);
    }
    return step->failure == FAILURE_TIMEOUT && step->took_ms < PROXY_TIMEOUT_MS &&
           (heard || !silent);
}

/* Go dials the next address where one cannot be connected to (net, dialSerial). */
static bool has_next(const struct climb *climb, const struct step *step, int32_t status)
{
    bool connected = status != 0 || step->outcome == OUTCOME_OK ||
                     step->failure == FAILURE_CLOSED || step->failure == FAILURE_RESET ||
                     step->failure == FAILURE_PROXY || step->failure == FAILURE_MALFORMED ||
                     step->took_ms >= PROXY_TIMEOUT_MS;

    return !connected && climb->proxy_at + 1 < climb->observe->n_proxy_addresses;
}

/* A proxy whose URL says https is asked in plain HTTP all the same: if it takes that, the agent's TLS fails; if it does not, nothing
 * is decided. Nor is it where a SOCKS5 proxy wants the login that its URL has: that is shown to nobody here. */
static void answered(void *arg, const struct step *step, int32_t status, int fd)
{
    struct climb *climb = arg;
    struct step *to = &climb->facts->proxy;

    bool next = has_next(climb, step, status);
    if (next || (!climb->asked_proxy_again && may_be_lost(climb, step))) {
        climb->proxy_at += next;
        climb->asked_proxy_again = !next;
        ask(climb);
        return;
    }
    climb->facts->proxy_status = status;
    *to = *step;
    if (climb->observe->proxy.speaks_socks && climb->observe->facts->agent.proxy_login &&
        status == 407) {
        climb->facts->proxy_status = 0;
        memset(to, 0, sizeof(*to));
    }
    if (climb->observe->proxy.speaks_http || climb->observe->proxy.speaks_socks) {
        if (fd >= 0)
            go_through(climb, fd);
        return;
    }
    if (fd >= 0)
        (void)close(fd);
    if (may_speak_otherwise(step, status)) {
        memset(to, 0, sizeof(*to));
    } else if (status != 0) {
        step_fail(to, FAILURE_NOT_TLS, step->took_ms);
        (void)text_set(to->detail, sizeof(to->detail), "its URL says https, it speaks plain HTTP");
    }
}

/* To the proxy that the URL means, and as the agent: by net/http (transport.go, proxyAuth) a user alone with an empty password, for
 * its websocket only with one (gorilla/websocket 1.4.2, proxy.go). */
static const char *login_for(const struct climb *climb)
{
    const struct proxy_login *login = climb->observe->proxy_login;
    bool shown = login->basic[0] && climb->observe->proxy.speaks_http &&
                 !(login->user_alone && climb->n_proxy_upgrades > 0);

    return shown ? login->basic : NULL;
}

static void ask(struct climb *climb)
{
    struct observe *observe = climb->observe;
    const char *address = observe->proxy_addresses[climb->proxy_at];
    const struct tunnel tunnel = {.address = address,
                                  .port = observe->proxy.port,
                                  .socks = observe->proxy.speaks_socks,
                                  .host = climb->plan->host,
                                  .host_port = climb->plan->port,
                                  .connect_timeout_ms = CONNECT_TIMEOUT_MS,
                                  .answer_timeout_ms = PROXY_TIMEOUT_MS,
                                  .basic = login_for(climb),
                                  .owner = observe};

    (void)text_set(observe->facts->agent.proxy_address, ADDRESS_SIZE,
                   strchr(address, ':') ? "[%.45s]:%u" : "%.45s:%u", address, observe->proxy.port);
    (void)tunnel_ask(observe->loop, &tunnel, answered, climb);
}

static void ask_all(struct observe *observe, int n_addresses)
{
    observe->n_proxy_addresses = n_addresses;
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        if (is_asked_for(observe, i))
            ask(&observe->climbs[i]);
}

static void fail_all(struct observe *observe, enum failure failure, const char *why)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++) {
        if (!is_asked_for(observe, i))
            continue;
        step_fail(&observe->climbs[i].facts->proxy, failure, 0);
        (void)text_set(observe->climbs[i].facts->proxy.detail, DETAIL_SIZE, "%.150s: %s",
                       observe->proxy.host, why);
    }
}

static void ask_name(struct observe *observe);

/* As resolver(5): when a nameserver fails the next one is asked, but not after it said no. */
static void named(void *arg, const struct dns_answer *answer)
{
    struct observe *observe = arg;
    const struct step *step = &answer->step;
    bool said_no = step->failure == FAILURE_NXDOMAIN || step->failure == FAILURE_NODATA;
    char name[HOST_SIZE];

    if (answer->n_addresses > 0) {
        memcpy(observe->proxy_addresses, answer->addresses, sizeof(answer->addresses));
        ask_all(observe, answer->n_addresses);
        return;
    }
    if (!said_no && ++observe->proxy_resolver < names_n_servers(observe)) {
        ask_name(observe);
        return;
    }
    if (said_no && names_search(observe, observe->proxy.host, observe->proxy_name + 1, name)) {
        observe->proxy_name++;
        ask_name(observe);
        return;
    }
    if (step->failure == FAILURE_NXDOMAIN) /* silence or NODATA: the name may still exist */
        fail_all(observe, FAILURE_NXDOMAIN, "no such name");
}

static void ask_name(struct observe *observe)
{
    char name[HOST_SIZE] = "";
    const struct dns_question question = names_question(observe, name, observe->proxy_resolver,
                                                        AGENT_DNS_MS);

    if (observe->proxy_resolver < names_n_servers(observe) &&
        names_search(observe, observe->proxy.host, observe->proxy_name, name))
        (void)dns_ask(observe->loop, &question, named, observe);
}

/* What gorilla/websocket 1.4.2 makes of the URL: "unknown scheme: https" (proxy_FromURL), and to a SOCKS proxy it adds no port. */
static const char *no_websocket(const char *url)
{
    if (text_starts(url, "https:"))
        return "its URL says https, which the agent's WebSocket does not know";
    if (text_starts(url, "socks5:") && !strchr(strrchr(url, '/'), ':'))
        return "its URL says socks5 and no port, which the agent's WebSocket does not add";
    return NULL;
}

void observe_proxy(struct observe *observe)
{
    struct sockaddr_storage address;
    socklen_t length;
    bool any = false;
    int n;

    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        any |= is_asked_for(observe, i);
    if (!any)
        return;
    const char *why = no_websocket(observe->facts->agent.https_proxy);
    if (why && is_asked_for(observe, SERVICE_SSMMESSAGES)) {
        struct step *to = &observe->climbs[SERVICE_SSMMESSAGES].facts->proxy;
        step_fail(to, FAILURE_NO_WEBSOCKET, 0);
        (void)text_set(to->detail, sizeof(to->detail), "%s", why);
    }
    if (!proxy_parse(observe->facts->agent.https_proxy, &observe->proxy))
        fail_all(observe, FAILURE_MALFORMED, "its URL names no host, as the agent reads it");
    else if (address_parse(observe->proxy.host, observe->proxy.port, &address, &length)) {
        (void)text_set(observe->proxy_addresses[0], ADDRESS_SIZE, "%s", observe->proxy.host);
        ask_all(observe, 1);
    } else if ((n = hosts_look_up(observe->root, observe->proxy.host, observe->proxy_addresses)) >
               0)
        ask_all(observe, n);
    else
        ask_name(observe);
}
