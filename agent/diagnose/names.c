/* SPDX-License-Identifier: Apache-2.0
 *
 * Readings of DNS. resolv.conf semantics: a program takes the first server that says yes or no,
 * and goes on after silence, SERVFAIL and REFUSED (glibc's res_send, Go's resolver alike).
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/names.h"
#include "model/checks.h"
#include "model/place.h"

bool names_is_amazon_resolver(const struct instance_facts *instance, const char *server)
{
    char own[ADDRESS_SIZE];

    if (strcmp(server, "169.254.169.253") == 0 || strcmp(server, "fd00:ec2::253") == 0)
        return true;
    for (int32_t i = 0; i < instance->n_vpc_cidrs; i++)
        if (place_resolver_of(instance->vpc_cidrs[i], own) && strcmp(server, own) == 0)
            return true;
    return false;
}

static bool is_silent(const struct dns_answer *answer)
{
    return answer->step.outcome == OUTCOME_FAILED && answer->rcode < 0 &&
           answer->step.failure != FAILURE_DNS_MALFORMED &&
           answer->step.failure != FAILURE_INVALID && /* no name for the DNS: nobody was asked */
           answer->step.failure != FAILURE_NO_RESOLVER && answer->step.failure != FAILURE_INTERNAL;
}

const struct dns_answer *names_deciding(const struct endpoint_facts *endpoint, enum family family)
{
    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        const struct dns_answer *answer = &endpoint->answers[i];
        if (answer->asked_as == ASKED_CONFIGURED && answer->family == family && dns_decides(answer))
            return answer;
    }
    return NULL;
}

static bool is_error(const struct dns_answer *answer)
{
    return answer->asked_as == ASKED_CONFIGURED && answer->step.outcome == OUTCOME_FAILED &&
           !dns_decides(answer) &&
           (answer->rcode > 0 || answer->step.failure == FAILURE_DNS_MALFORMED ||
            is_silent(answer));
}

/* The address family whose answer says more about a failed look-up: NXDOMAIN is for both, and of
 * "no such record" the A one counts, as every endpoint has A records. Where a server fails to answer for A,
 * or is silent, that there is no AAAA record tells nothing. */
static const struct dns_answer *telling(const struct endpoint_facts *endpoint)
{
    const struct dns_answer *a = names_deciding(endpoint, FAMILY_IPV4);
    const struct dns_answer *aaaa = names_deciding(endpoint, FAMILY_IPV6);

    for (int32_t i = 0;
         !a && aaaa && aaaa->step.failure == FAILURE_NODATA && i < endpoint->n_answers; i++)
        if (is_error(&endpoint->answers[i]))
            return NULL;

    if (a && a->n_addresses > 0)
        return a;
    if (aaaa && aaaa->n_addresses > 0)
        return aaaa;
    return a ? a : aaaa;
}

/* No server decided: are the servers that were really asked silent, and whose are they? */
static void look_undecided(const struct facts *facts, const struct endpoint_facts *endpoint,
                           struct lookup *lookup)
{
    int32_t n_silent = 0, n_spoke = 0, n_amazon = 0, n_upstream = 0;

    for (int32_t i = 0; i < endpoint->n_answers; i++)
        n_upstream += endpoint->answers[i].asked_as == ASKED_UPSTREAM;
    enum asked_as counts = facts->resolvers.stub && n_upstream > 0 ? ASKED_UPSTREAM
                                                                   : ASKED_CONFIGURED;
    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        const struct dns_answer *answer = &endpoint->answers[i];
        if (answer->asked_as == ASKED_CONFIGURED && answer->step.outcome == OUTCOME_FAILED &&
            !dns_decides(answer) &&
            (!lookup->answer || (is_silent(lookup->answer) && !is_silent(answer))))
            lookup->answer = answer;
        if (answer->asked_as != counts || answer->step.outcome == OUTCOME_UNTRIED)
            continue;
        n_silent += is_silent(answer);
        n_spoke += !is_silent(answer);
        n_amazon += names_is_amazon_resolver(&facts->instance, answer->server);
    }
    lookup->silent = n_silent > 0 && n_spoke == 0;
    lookup->all_amazon = n_silent + n_spoke > 0 && n_amazon == n_silent + n_spoke;
}

/* For so many servers, so often: a record may say anything. */
static int32_t patience_ms(const struct facts *facts, int32_t n_servers, int64_t times)
{
    int64_t ms = (int64_t)facts_dns_patience_ms(facts) * n_servers;

    ms = (ms < INT32_MAX ? ms : INT32_MAX) * times;
    return ms < 0 ? 0 : ms < INT32_MAX ? (int32_t)ms : INT32_MAX;
}

/* By the fastest answer to any name: what one lost packet delays is not slow. Where there is none to this family:
 * the agent asks one server after the other, all of them twice, or as `attempts` says. */
static int32_t wait_for(const struct facts *facts, enum service service, enum family family)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    int32_t fastest_ms = INT32_MAX, n_silent = 0;

    for (int i = 0; i < N_SERVICES; i++) {
        const struct dns_answer *answer = names_deciding(&facts->endpoints[i], family);
        if (answer && answer->step.took_ms < fastest_ms)
            fastest_ms = answer->step.took_ms;
    }
    if (fastest_ms != INT32_MAX)
        return fastest_ms;
    for (int32_t i = 0; i < endpoint->n_answers; i++)
        n_silent += endpoint->answers[i].asked_as == ASKED_CONFIGURED &&
                    endpoint->answers[i].family == family && is_silent(&endpoint->answers[i]);
    return patience_ms(facts, n_silent, facts_dns_attempts(facts));
}

/* For the silent servers before the one that answers, with each name that is asked for. */
static int32_t wait_for_dead(const struct facts *facts, enum service service, enum family family)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    const struct dns_answer *deciding = names_deciding(endpoint, family);
    int32_t n_silent = 0;

    for (int32_t i = 0; deciding && &endpoint->answers[i] != deciding; i++)
        n_silent += endpoint->answers[i].asked_as == ASKED_CONFIGURED &&
                    endpoint->answers[i].family == family &&
                    endpoint->answers[i].step.failure == FAILURE_TIMEOUT;
    return patience_ms(facts, n_silent, (int64_t)1 + endpoint->n_searched);
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

struct lookup names_lookup(const struct facts *facts, enum service service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    struct lookup lookup = {.answer = telling(endpoint)};

    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        const struct dns_answer *answer = &endpoint->answers[i];
        if (answer->asked_as != ASKED_CONFIGURED || answer->step.outcome == OUTCOME_UNTRIED)
            continue;
        lookup.asked = true;
        lookup.trouble |= answer->step.failure == FAILURE_INTERNAL;
        if (answer->step.took_ms > lookup.took_ms)
            lookup.took_ms = answer->step.took_ms;
    }
    if (!lookup.answer) {
        look_undecided(facts, endpoint, &lookup);
        lookup.failure = lookup.answer ? lookup.answer->step.failure : FAILURE_NONE;
        return lookup;
    }
    lookup.decided = true;
    lookup.waited_ms = larger(wait_for(facts, service, FAMILY_IPV4),
                              wait_for(facts, service, FAMILY_IPV6));
    lookup.dead_ms = larger(wait_for_dead(facts, service, FAMILY_IPV4),
                            wait_for_dead(facts, service, FAMILY_IPV6));
    lookup.dead_first = service_limit_ms(service) > 0 &&
                        lookup.dead_ms >= service_limit_ms(service);
    lookup.waited_ms = lookup.dead_first ? lookup.dead_ms : lookup.waited_ms;
    lookup.all_amazon = names_is_amazon_resolver(&facts->instance, lookup.answer->server);
    if (lookup.answer->n_addresses == 0)
        lookup.failure = lookup.answer->step.failure != FAILURE_NONE ? lookup.answer->step.failure
                                                                     : FAILURE_NODATA;
    return lookup;
}

int32_t names_time_ms(const struct facts *facts, enum service service)
{
    const struct lookup lookup = names_lookup(facts, service);
    return larger(lookup.dead_ms, lookup.waited_ms);
}

static bool is_listed(const struct where *list, int32_t n, const char *address)
{
    for (int32_t i = 0; i < n; i++)
        if (strcmp(list[i].address, address) == 0)
            return true;
    return false;
}

static bool is_answered(const struct endpoint_facts *endpoint, const char *address)
{
    for (int family = FAMILY_IPV4; family <= FAMILY_IPV6; family++) {
        const struct dns_answer *answer = names_deciding(endpoint, (enum family)family);
        for (int32_t i = 0; answer && i < answer->n_addresses; i++)
            if (strcmp(answer->addresses[i], address) == 0)
                return true;
    }
    return false;
}

/* Addresses that were dialled come first; then those that DNS gave and nothing dialled. */
int32_t names_where(const struct facts *facts, enum service service, struct where *to, int32_t max)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    bool pinned = false;
    int32_t n = 0;

    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        pinned |= endpoint->addresses[i].from_hosts_file;
    for (int32_t i = 0; i < endpoint->n_addresses && n < max; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        if (pinned ? !at->from_hosts_file
                   : at->second_opinion && !is_answered(endpoint, at->address))
            continue;
        enum place place = at->place != PLACE_UNKNOWN ? at->place
                                                      : place_of(&facts->instance, at->address);
        to[n++] = (struct where){at->address, place, at->from_hosts_file};
    }
    for (int family = FAMILY_IPV4; !pinned && family <= FAMILY_IPV6; family++) {
        const struct dns_answer *answer = names_deciding(endpoint, (enum family)family);
        if (!network_uses(&facts->network, (enum family)family))
            continue;
        for (int32_t i = 0; answer && i < answer->n_addresses && n < max; i++)
            if (!is_listed(to, n, answer->addresses[i]))
                to[n++] = (struct where){answer->addresses[i],
                                         place_of(&facts->instance, answer->addresses[i]), false};
    }
    return n;
}

static bool is_private(enum place place)
{
    return place == PLACE_OWN_SUBNET || place == PLACE_IN_VPC || place == PLACE_PRIVATE_ELSEWHERE;
}

struct second_opinion names_second_opinion(const struct facts *facts, enum service service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    struct second_opinion opinion = {0};

    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        const struct dns_answer *answer = &endpoint->answers[i];
        if (answer->asked_as != ASKED_AMAZON || answer->step.outcome == OUTCOME_UNTRIED)
            continue;
        opinion.asked = true;
        opinion.answered |= answer->step.outcome == OUTCOME_OK || answer->rcode >= 0;
        if (!opinion.answer || answer->n_addresses > 0)
            opinion.answer = answer;
        for (int32_t j = 0; j < answer->n_addresses; j++) {
            enum place place = place_of(&facts->instance, answer->addresses[j]);
            opinion.public_address |= place == PLACE_PUBLIC;
            opinion.private_address |= is_private(place);
        }
    }
    return opinion;
}

struct naming names_look(const struct facts *facts, enum service service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    struct where where[MAX_ADDRESSES];
    struct naming naming = {.n = names_where(facts, service, where, MAX_ADDRESSES)};

    for (int32_t i = 0; i < naming.n; i++) {
        enum place place = where[i].place;
        naming.by[place]++;
        naming.pinned |= where[i].from_hosts_file;
        naming.any_private |= is_private(place);
        if (!naming.stranger && (place == PLACE_PUBLIC || place == PLACE_LOCAL))
            naming.stranger = where[i].address;
    }
    naming.public_only = naming.n > 0 && naming.by[PLACE_PUBLIC] == naming.n;
    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        naming.answers |= endpoint->addresses[i].place == PLACE_PUBLIC &&
                          endpoint->addresses[i].steps[RUNG_CONNECT].outcome == OUTCOME_OK;
    return naming;
}

/* --- names of the agent's configuration: by the first label alone --- */

bool names_is_fips(const struct facts *facts, enum service service)
{
    const struct service_plan *plan = &facts->plan.services[service];
    char label[HOST_SIZE];

    (void)text_set(label, sizeof(label), "%.*s", (int)strcspn(plan->host, "."), plan->host);
    return plan->host_source == SOURCE_AGENT_CONFIG && text_ends(label, "-fips");
}

bool names_is_endpoint(const struct facts *facts, enum service service, char id[NAME_SIZE])
{
    const struct service_plan *plan = &facts->plan.services[service];
    size_t n = strlen("vpce-");

    if (plan->host_source != SOURCE_AGENT_CONFIG || !text_starts(plan->host, "vpce-"))
        return false;
    size_t n_digits = strspn(plan->host + n, "0123456789abcdef");
    n += n_digits;
    return n_digits > 0 && (plan->host[n] == '-' || plan->host[n] == '.') &&
           text_set(id, NAME_SIZE, "%.*s", (int)n, plan->host);
}
