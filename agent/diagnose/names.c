/* SPDX-License-Identifier: Apache-2.0
 *
 * Readings of DNS. resolv.conf semantics: a program takes the first server that says yes or no,
 * and goes on after silence, SERVFAIL and REFUSED (glibc's res_send, Go's resolver alike).
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/names.h"
#include "model/place.h"

/* Base + 2 of an IPv4 block: docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html */
static bool is_base_plus_two(const char *server, const char *cidr)
{
    char base[ADDRESS_SIZE];
    struct in_addr network, address;

    text_set(base, sizeof(base), "%s", cidr);
    char *slash = strchr(base, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return inet_pton(AF_INET, base, &network) == 1 && inet_pton(AF_INET, server, &address) == 1 &&
           ntohl(address.s_addr) == ntohl(network.s_addr) + 2;
}

bool names_is_amazon_resolver(const struct instance_facts *instance, const char *server)
{
    if (strcmp(server, "169.254.169.253") == 0 || strcmp(server, "fd00:ec2::253") == 0)
        return true;
    for (int32_t i = 0; i < instance->n_vpc_cidrs; i++)
        if (is_base_plus_two(server, instance->vpc_cidrs[i]))
            return true;
    return false;
}

static bool decides(const struct dns_answer *answer)
{
    return answer->step.outcome == OUTCOME_OK ||
           (answer->step.outcome == OUTCOME_FAILED &&
            (answer->step.failure == FAILURE_NXDOMAIN || answer->step.failure == FAILURE_NODATA));
}

static bool is_silent(const struct dns_answer *answer)
{
    return answer->step.outcome == OUTCOME_FAILED && answer->rcode < 0 &&
           answer->step.failure != FAILURE_DNS_MALFORMED &&
           answer->step.failure != FAILURE_NO_RESOLVER;
}

const struct dns_answer *names_deciding(const struct endpoint_facts *endpoint, enum family family)
{
    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        const struct dns_answer *answer = &endpoint->answers[i];
        if (answer->asked_as == ASKED_CONFIGURED && answer->family == family && decides(answer))
            return answer;
    }
    return NULL;
}

/* The address family whose answer says more about a failed look-up: NXDOMAIN is for both, and of
 * "no such record" the A one counts, as every endpoint has A records. */
static const struct dns_answer *telling(const struct endpoint_facts *endpoint)
{
    const struct dns_answer *a = names_deciding(endpoint, FAMILY_IPV4);
    const struct dns_answer *aaaa = names_deciding(endpoint, FAMILY_IPV6);

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
    bool behind_stub = facts->resolvers.stub;
    int32_t n_silent = 0, n_spoke = 0, n_amazon = 0, n_upstream = 0;

    for (int32_t i = 0; i < endpoint->n_answers; i++)
        n_upstream += endpoint->answers[i].asked_as == ASKED_UPSTREAM;
    enum asked_as counts = behind_stub && n_upstream > 0 ? ASKED_UPSTREAM : ASKED_CONFIGURED;
    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        const struct dns_answer *answer = &endpoint->answers[i];
        if (answer->asked_as == ASKED_CONFIGURED && answer->step.outcome == OUTCOME_FAILED &&
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

struct lookup names_lookup(const struct facts *facts, enum service service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    struct lookup lookup = {.answer = telling(endpoint)};

    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        const struct dns_answer *answer = &endpoint->answers[i];
        if (answer->asked_as != ASKED_CONFIGURED || answer->step.outcome == OUTCOME_UNTRIED)
            continue;
        lookup.asked = true;
        if (answer->step.took_ms > lookup.took_ms)
            lookup.took_ms = answer->step.took_ms;
    }
    if (!lookup.answer) {
        look_undecided(facts, endpoint, &lookup);
        lookup.failure = lookup.answer ? lookup.answer->step.failure : FAILURE_NONE;
        return lookup;
    }
    lookup.all_amazon = names_is_amazon_resolver(&facts->instance, lookup.answer->server);
    if (lookup.answer->n_addresses == 0)
        lookup.failure = lookup.answer->step.failure != FAILURE_NONE ? lookup.answer->step.failure
                                                                     : FAILURE_NODATA;
    return lookup;
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

static bool any_from_hosts_file(const struct endpoint_facts *endpoint)
{
    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        if (endpoint->addresses[i].from_hosts_file)
            return true;
    return false;
}

/* What a program would not try, as it has no address of that family, does not count. Nothing known:
 * IPv4, which every endpoint has. */
static bool is_family_usable(const struct network_facts *network, enum family family)
{
    if (!network->usable_ipv4 && !network->usable_ipv6)
        return family == FAMILY_IPV4;
    return family == FAMILY_IPV4 ? network->usable_ipv4 : network->usable_ipv6;
}

/* Addresses that were dialled come first; then those that DNS gave and nothing dialled. */
int32_t names_where(const struct facts *facts, enum service service, struct where *to, int32_t max)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    bool pinned = any_from_hosts_file(endpoint);
    int32_t n = 0;

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
        if (!is_family_usable(&facts->network, (enum family)family))
            continue;
        for (int32_t i = 0; answer && i < answer->n_addresses && n < max; i++)
            if (!is_listed(to, n, answer->addresses[i]))
                to[n++] = (struct where){answer->addresses[i],
                                         place_of(&facts->instance, answer->addresses[i]), false};
    }
    return n;
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
            opinion.private_address |= place == PLACE_OWN_SUBNET || place == PLACE_IN_VPC ||
                                       place == PLACE_PRIVATE_ELSEWHERE;
        }
    }
    return opinion;
}

static bool has_public_answer(const struct endpoint_facts *endpoint)
{
    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        if (endpoint->addresses[i].place == PLACE_PUBLIC &&
            endpoint->addresses[i].steps[RUNG_CONNECT].outcome == OUTCOME_OK)
            return true;
    return false;
}

struct naming names_look(const struct facts *facts, enum service service)
{
    struct where where[MAX_ADDRESSES];
    struct naming naming = {.n = names_where(facts, service, where, MAX_ADDRESSES)};

    for (int32_t i = 0; i < naming.n; i++) {
        enum place place = where[i].place;
        naming.by[place]++;
        naming.pinned |= where[i].from_hosts_file;
        naming.any_private |= place == PLACE_OWN_SUBNET || place == PLACE_IN_VPC ||
                              place == PLACE_PRIVATE_ELSEWHERE;
        if (!naming.stranger && (place == PLACE_PUBLIC || place == PLACE_LOCAL))
            naming.stranger = where[i].address;
    }
    naming.public_only = naming.n > 0 && naming.by[PLACE_PUBLIC] == naming.n;
    naming.answers = has_public_answer(&facts->endpoints[service]);
    return naming;
}

/* --- names of the agent's configuration: by the first label alone --- */

static bool is_given(const struct service_plan *plan)
{
    return plan->host_source == SOURCE_AGENT_CONFIG;
}

bool names_is_fips(const struct facts *facts, enum service service)
{
    const struct service_plan *plan = &facts->plan.services[service];
    char label[HOST_SIZE];

    return is_given(plan) &&
           text_set(label, sizeof(label), "%.*s", (int)strcspn(plan->host, "."), plan->host) &&
           text_ends(label, "-fips");
}

bool names_is_endpoint(const struct facts *facts, enum service service, char id[NAME_SIZE])
{
    const struct service_plan *plan = &facts->plan.services[service];
    size_t n = strlen("vpce-");

    if (!is_given(plan) || !text_starts(plan->host, "vpce-"))
        return false;
    size_t n_digits = strspn(plan->host + n, "0123456789abcdef");
    n += n_digits;
    return n_digits > 0 && (plan->host[n] == '-' || plan->host[n] == '.') &&
           text_set(id, NAME_SIZE, "%.*s", (int)n, plan->host);
}
