/* SPDX-License-Identifier: Apache-2.0
 *
 * When the agent would send an endpoint's traffic to a proxy, the ladders prove a way that the agent
 * does not take. So the proxy is asked too.
 */
#include <string.h>

#include "base/text.h"
#include "net/address.h"
#include "net/dns.h"
#include "net/tunnel.h"
#include "observe/climb.h"

/* What a server may say that is asked in plain HTTP and speaks TLS. */
static bool may_speak_tls(const struct step *step, int32_t status)
{
    return status == 400 || step->failure == FAILURE_CLOSED || step->failure == FAILURE_RESET ||
           step->failure == FAILURE_MALFORMED;
}

/* A proxy whose URL says https is asked in plain HTTP all the same: if it takes that, the agent's TLS
 * fails; if it does not, nothing is decided. */
static void answered(void *arg, const struct step *step, int32_t status)
{
    struct climb *climb = arg;
    struct step *to = &climb->facts->proxy;

    climb->facts->proxy_status = status;
    *to = *step;
    if (!climb->observe->proxy.by_tls)
        return;
    if (may_speak_tls(step, status)) {
        memset(to, 0, sizeof(*to));
    } else if (status != 0) {
        step_fail(to, FAILURE_NOT_TLS, step->took_ms);
        (void)text_set(to->detail, sizeof(to->detail), "its URL says https, it speaks plain HTTP");
    }
}

static bool is_asked_for(const struct observe *observe, int service)
{
    const struct service_plan *plan = &observe->facts->plan.services[service];

    return plan->need != NEED_OFF && !plan->not_in_region && plan->host[0] &&
           observe->climbs[service].facts->proxy.outcome == OUTCOME_UNTRIED &&
           proxy_used(&observe->facts->agent, plan->host);
}

static void ask_all(struct observe *observe, const char *address)
{
    (void)text_set(observe->facts->agent.proxy_address, ADDRESS_SIZE,
                   strchr(address, ':') ? "[%.45s]:%u" : "%.45s:%u", address, observe->proxy.port);
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++) {
        const struct service_plan *plan = &observe->facts->plan.services[i];
        const struct tunnel tunnel = {.address = address,
                                      .port = observe->proxy.port,
                                      .host = plan->host,
                                      .host_port = plan->port,
                                      .connect_timeout_ms = LONE_CONNECT_TIMEOUT_MS,
                                      .answer_timeout_ms = PROXY_TIMEOUT_MS,
                                      .owner = observe};
        if (is_asked_for(observe, i))
            (void)tunnel_ask(observe->loop, &tunnel, answered, &observe->climbs[i]);
    }
}

static void ask_name(struct observe *observe);

/* As resolver(5): when a nameserver fails the next one is asked, but not after it said no. */
static void named(void *arg, const struct dns_answer *answer)
{
    struct observe *observe = arg;
    const struct step *step = &answer->step;
    bool said_no = step->failure == FAILURE_NXDOMAIN || step->failure == FAILURE_NODATA;

    if (answer->n_addresses > 0) {
        ask_all(observe, answer->addresses[0]);
        return;
    }
    if (!said_no && ++observe->proxy_resolver < observe->facts->resolvers.n_configured) {
        ask_name(observe);
        return;
    }
    if (step->failure != FAILURE_NXDOMAIN) /* silence or NODATA: the name may still exist */
        return;
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++) {
        if (!is_asked_for(observe, i))
            continue;
        observe->climbs[i].facts->proxy = *step;
        (void)text_set(observe->climbs[i].facts->proxy.detail, DETAIL_SIZE, "%.150s: no such name",
                       observe->proxy.host);
    }
}

static void ask_name(struct observe *observe)
{
    const struct resolver_facts *resolvers = &observe->facts->resolvers;
    const struct network_facts *network = &observe->facts->network;
    const struct dns_question question = {
        .name = observe->proxy.host,
        .family = network->usable_ipv4 || !network->usable_ipv6 ? FAMILY_IPV4 : FAMILY_IPV6,
        .server = resolvers->configured[observe->proxy_resolver],
        .asked_as = ASKED_CONFIGURED,
        .timeout_ms = AGENT_DNS_MS,
        .owner = observe};

    if (observe->proxy_resolver < resolvers->n_configured)
        (void)dns_ask(observe->loop, &question, named, observe);
}

void observe_proxy(struct observe *observe)
{
    char pinned[MAX_ADDRESSES][ADDRESS_SIZE];
    struct sockaddr_storage address;
    socklen_t length;
    bool any = false;

    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        any |= is_asked_for(observe, i);
    if (!any || !proxy_parse(observe->facts->agent.https_proxy, &observe->proxy))
        return;
    if (address_parse(observe->proxy.host, observe->proxy.port, &address, &length))
        ask_all(observe, observe->proxy.host);
    else if (hosts_look_up(observe->root, observe->proxy.host, pinned) > 0)
        ask_all(observe, pinned[0]);
    else if (strchr(observe->proxy.host, '.')) /* a bare word needs the search list: not asked */
        ask_name(observe);
}
