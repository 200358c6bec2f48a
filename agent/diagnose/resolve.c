/* SPDX-License-Identifier: Apache-2.0
 *
 * What the nameservers say of a name: it is not the truth, it is no, or it leads past the VPC's endpoints. An interface
 * endpoint with private DNS names shows itself by private addresses, and only to those who ask the VPC's own resolver.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/causes.h"
#include "diagnose/look.h"
#include "diagnose/names.h"
#include "diagnose/reach.h"
#include "model/place.h"

/* --- the truth: DNS Firewall answers NODATA, NXDOMAIN, or with an alias. Route 53 Resolver guide, "Rule
 * actions in DNS Firewall" --- */

/* Not one that a person may have mistyped. */
static bool is_own_name(const struct plan *plan, enum service service)
{
    return plan->region_source != SOURCE_OPTION &&
           (plan->services[service].host_source == SOURCE_IMDS ||
            plan->services[service].host_source == SOURCE_PARTITION);
}

static bool is_foreign_alias(const struct plan *plan, const struct dns_answer *answer)
{
    return answer->cname[0] && !text_ends(answer->cname, plan->domain) &&
           !text_has(answer->cname, '.', "aws") && !text_has(answer->cname, '.', "amazonaws") &&
           !text_has(answer->cname, '.', "amazonwebservices");
}

/* To addresses that no endpoint has: 127.0.0.1, 0.0.0.0, the subnet's broadcast address. */
static bool leads_here(const struct facts *facts, const struct dns_answer *answer)
{
    for (int32_t i = 0; i < answer->n_addresses; i++)
        if (place_of(&facts->instance, answer->addresses[i]) != PLACE_LOCAL)
            return false;
    return answer->n_addresses > 0;
}

/* The answer of Amazon's own resolver that is not the truth; NULL: none. */
static const struct dns_answer *false_answer(const struct facts *facts, enum service service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    const struct dns_answer *found = NULL;

    for (int32_t i = 0; is_own_name(&facts->plan, service) && i < endpoint->n_answers; i++) {
        const struct dns_answer *answer = &endpoint->answers[i];
        bool alias = is_foreign_alias(&facts->plan, answer);
        if (answer->family != FAMILY_IPV4 || !dns_decides(answer) ||
            !names_is_amazon_resolver(&facts->instance, answer->server))
            continue;
        if (answer->n_addresses > 0 && !alias && !leads_here(facts, answer))
            return NULL;
        found = found ? found : answer;
    }
    return found;
}

/* Above the names only an alias tells, and an address of this machine. A name that has addresses of another family is not denied. */
bool where_amazon_is_overruled(const struct view *view)
{
    const struct dns_answer *answer = false_answer(view->facts, view->service);
    bool exists = view->service != SERVICE_EC2MESSAGES || /* not in every region */
                  false_answer(view->facts, SERVICE_SSM);

    return answer && exists &&
           ((view->rung == RUNG_RESOLVE &&
             names_lookup(view->facts, view->service).failure != FAILURE_NONE) ||
            is_foreign_alias(&view->facts->plan, answer) || leads_here(view->facts, answer));
}

bool when_name_leads_here(const struct view *view)
{
    const struct dns_answer *answer = false_answer(view->facts, view->service);
    return answer && leads_here(view->facts, answer);
}

bool when_an_alias_shows_it(const struct view *view)
{
    const struct dns_answer *answer = false_answer(view->facts, view->service);
    return answer && is_foreign_alias(&view->facts->plan, answer);
}

void quote_false_answers(const struct view *view, struct finding *finding)
{
    for (struct each it = {0}; view_each(view, N_RUNGS, &it);) {
        const char *host = view->facts->plan.services[it.service].host;
        const struct dns_answer *answer = false_answer(view->facts, it.service);
        if (!answer)
            continue;
        finding_quote_answer(finding, host, answer);
        if (answer->cname[0])
            finding_evidence(finding, "it makes %s an alias of %s", host, answer->cname);
    }
}

/* --- families --- */

void quote_families(const struct view *view, struct finding *finding)
{
    const struct network_facts *network = &view->facts->network;

    for (struct each it = {0}; view_each(view, RUNG_RESOLVE, &it);) {
        const struct endpoint_facts *endpoint = &view->facts->endpoints[it.service];
        for (enum family family = FAMILY_IPV4; family <= FAMILY_IPV6; family++) {
            const struct dns_answer *answer = names_deciding(endpoint, family);
            if (answer)
                finding_quote_answer(finding, view->facts->plan.services[it.service].host, answer);
        }
    }
    finding_evidence(finding, "this machine has %s addresses only",
                     network->usable_ipv6 ? "IPv6" : "IPv4");
}

/* --- the answer --- */

static void quote_names(const struct view *view, enum service service, struct finding *finding)
{
    const struct endpoint_facts *endpoint = &view->facts->endpoints[service];
    const char *host = view->facts->plan.services[service].host;
    const struct dns_answer *deciding = names_deciding(endpoint, FAMILY_IPV4);
    struct second_opinion opinion = names_second_opinion(view->facts, service);

    if (deciding)
        finding_quote_answer(finding, host, deciding);
    if (opinion.answer)
        finding_quote_answer(finding, host, opinion.answer);
    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        if ((endpoint->addresses[i].place == PLACE_PUBLIC ||
             endpoint->addresses[i].place == PLACE_LOCAL) &&
            endpoint->addresses[i].steps[RUNG_CONNECT].outcome != OUTCOME_UNTRIED) {
            finding_quote_address(finding, service, &endpoint->addresses[i], RUNG_CONNECT);
            break;
        }
}

void quote_each_name(const struct view *view, struct finding *finding)
{
    for (struct each it = {0}; view_each(view, N_RUNGS, &it);)
        quote_names(view, it.service, finding);
}

/* Amazon's resolver has more than the configured one: private addresses, or any where that one says
 * that there is no such name. */
static bool knows_more(const struct second_opinion *opinion, const struct lookup *lookup)
{
    bool denied = lookup->failure == FAILURE_NXDOMAIN || lookup->failure == FAILURE_NODATA;
    return opinion->private_address || (denied && opinion->public_address);
}

/* Amazon's resolver has private addresses, and none of what the configured one gives works. */
static bool others_are_given(const struct endpoint_facts *endpoint, const struct dns_answer *amazon)
{
    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct step *steps = endpoint->addresses[i].steps;
        if (steps[RUNG_CONNECT].outcome != OUTCOME_FAILED &&
            steps[RUNG_TLS].failure != FAILURE_WRONG_NAME)
            return false;
        for (int32_t j = 0; j < amazon->n_addresses; j++)
            if (strcmp(amazon->addresses[j], endpoint->addresses[i].address) == 0)
                return false;
    }
    return endpoint->n_addresses > 0;
}

/* Amazon's resolver knows more, and the configured one, which is another, gives something else. */
bool where_vpc_is_bypassed(const struct view *view)
{
    const struct facts *facts = view->facts;
    struct second_opinion opinion = names_second_opinion(facts, view->service);
    struct lookup lookup = names_lookup(facts, view->service);
    struct naming naming = names_look(facts, view->service);
    bool leads_here = naming.n > 0 &&
                      naming.by[PLACE_LOCAL] == naming.n; /* a server that blocks names */

    if (naming.pinned || lookup.silent || lookup.failure == FAILURE_TIMEOUT || !lookup.asked ||
        (!knows_more(&opinion, &lookup) && (!leads_here || opinion.answered)))
        return false;
    if (lookup.answer && !facts->resolvers.stub &&
        names_is_amazon_resolver(&facts->instance, lookup.answer->server))
        return false;
    return naming.stranger ? view->rung != RUNG_TLS
                           : lookup.failure != FAILURE_NONE ||
                                 others_are_given(&facts->endpoints[view->service], opinion.answer);
}

/* The one whose word counted: the first of resolv.conf may be silent. */
const char *resolve_forwarder(const struct view *view)
{
    const struct resolver_facts *resolvers = &view->facts->resolvers;

    if (resolvers->stub && resolvers->n_upstream > 0)
        return resolvers->upstream[0];
    for (struct each it = {0}; view_each(view, N_RUNGS, &it);) {
        struct lookup lookup = names_lookup(view->facts, it.service);
        if (lookup.answer)
            return lookup.answer->server;
    }
    return "";
}

void quote_bypass(const struct view *view, struct finding *finding)
{
    const struct resolver_facts *resolvers = &view->facts->resolvers;

    for (struct each it = {0}; finding->n_evidence < 6 && view_each(view, N_RUNGS, &it);)
        quote_names(view, it.service, finding);
    if (resolvers->stub && resolvers->n_upstream > 0)
        finding_evidence(finding, "behind the local stub is %s", resolvers->upstream[0]);
}

/* The address that /etc/hosts gives and DNS does not; NULL: none. */
static const char *pinned(const struct endpoint_facts *endpoint)
{
    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        bool given = !endpoint->addresses[i].from_hosts_file;
        for (int32_t j = 0; j < endpoint->n_answers; j++)
            for (int32_t k = 0; k < endpoint->answers[j].n_addresses; k++)
                given |= strcmp(endpoint->answers[j].addresses[k],
                                endpoint->addresses[i].address) == 0;
        if (!given)
            return endpoint->addresses[i].address;
    }
    return NULL;
}

bool when_name_is_pinned(const struct view *view)
{
    return pinned(&view->facts->endpoints[view->service]);
}

void quote_pin(const struct view *view, struct finding *finding)
{
    finding_evidence(finding, "/etc/hosts: %s is %s",
                     view->facts->plan.services[view->service].host,
                     pinned(&view->facts->endpoints[view->service]));
}

/* Only public addresses, none of which answers. */
static bool has_public_trouble(const struct facts *facts, enum service service)
{
    struct naming naming = names_look(facts, service);

    return !pinned(&facts->endpoints[service]) && naming.public_only && !naming.answers;
}

/* Optional services (s3, kms, logs) may well have no endpoint; and those of the plain names do not
 * cover a FIPS name: endpoint-missing has it. */
static bool needs_private_name(const struct facts *facts, int service)
{
    return service <= SERVICE_EC2MESSAGES && look_is_planned(facts, (enum service)service) &&
           !names_is_fips(facts, (enum service)service);
}

bool where_private_name_is_public(const struct view *view)
{
    return needs_private_name(view->facts, (int)view->service) &&
           has_public_trouble(view->facts, view->service);
}

bool when_every_private_name_is_public(const struct view *view)
{
    int n_public = 0, n = 0;

    for (enum service i = 0; i < N_SERVICES; i++) {
        struct naming naming = names_look(view->facts, i);
        if (!needs_private_name(view->facts, i) || pinned(&view->facts->endpoints[i]) ||
            (naming.by[PLACE_PUBLIC] == 0 && !naming.any_private))
            continue; /* what /etc/hosts pins says nothing of the VPC */
        n++;
        n_public += naming.public_only;
    }
    return n >= 2 && n_public == n;
}

/* Nothing but public addresses is expected of a gateway endpoint: a route that is not there shows
 * itself by their silence. Where the private endpoints are silent too, they share another cause. */
static bool do_others_connect(const struct facts *facts, enum service service)
{
    int n_silent = 0, n_open = 0;

    for (enum service i = 0; i < N_SERVICES; i++) {
        struct tally tally = look_tally(facts, i, RUNG_CONNECT);
        if (i == service || !look_is_planned(facts, i))
            continue;
        n_open += tally.ok > 0;
        n_silent += tally.ok == 0 && tally.failed > 0;
    }
    return n_silent == 0 || n_open > 0;
}

bool when_has_gateway(const struct view *view)
{
    return service_has_gateway(view->service);
}

bool when_name_is_fips(const struct view *view)
{
    return names_is_fips(view->facts, view->service);
}

bool when_name_leads_to_no_endpoint(const struct view *view)
{
    return has_public_trouble(view->facts, view->service) &&
           (!when_has_gateway(view) || do_others_connect(view->facts, view->service));
}

enum service resolve_private_one(const struct view *view)
{
    int service = SERVICE_SSM;

    for (; service <= SERVICE_EC2MESSAGES; service++) {
        struct naming naming = names_look(view->facts, (enum service)service);
        if (service != (int)view->service && look_is_planned(view->facts, (enum service)service) &&
            naming.any_private && naming.by[PLACE_PUBLIC] == 0)
            return (enum service)service;
    }
    return N_SERVICES;
}

void quote_private_one(const struct view *view, struct finding *finding)
{
    enum service other = resolve_private_one(view);

    if (other != N_SERVICES && !when_has_gateway(view))
        quote_names(view, other, finding);
}

/* Public ones; or some that are no endpoint's, beside the endpoint's own, where no others fail. */
bool where_strange_addresses_are_used(const struct view *view)
{
    struct naming naming = names_look(view->facts, view->service);

    if (view->rung == RUNG_PRIVATE && naming.by[PLACE_PUBLIC] > 0)
        return true;
    for (struct reached at = {0}; reach_next(view->facts, reach_check(view->service), &at);)
        if (at.ending != ENDING_NONE && at.ending != ENDING_OK && at.address->place != PLACE_LOCAL)
            return false;
    return naming.any_private && naming.by[PLACE_LOCAL] > 0;
}

/* Another VPC, to which a peering leads, may use public address space of its own: nothing on this machine tells that from AWS's. */
bool when_no_address_is_public(const struct view *view)
{
    for (struct each it = {0}; view_each(view, N_RUNGS, &it);)
        if (names_look(view->facts, it.service).by[PLACE_PUBLIC] > 0)
            return false;
    return true;
}

bool when_no_public_address_answers(const struct view *view)
{
    for (struct each it = {0}; view_each(view, N_RUNGS, &it);)
        if (names_look(view->facts, it.service).answers)
            return false;
    return true;
}

bool when_nobody_knows_the_name(const struct view *view)
{
    struct second_opinion opinion = names_second_opinion(view->facts, view->service);

    return !opinion.public_address && !opinion.private_address;
}

void quote_source_of_name(const struct view *view, struct finding *finding)
{
    static const char *const sources[] = {
        [SOURCE_NONE] = "nowhere",
        [SOURCE_OPTION] = "an option of this program",
        [SOURCE_AGENT_CONFIG] = "the agent's configuration",
        [SOURCE_IMDS] = "IMDS",
        [SOURCE_PARTITION] = "the table of partitions",
    };
    const struct plan *plan = &view->facts->plan;
    enum source source = plan->services[view->service].host_source;

    if (plan->region_source == SOURCE_OPTION && source != SOURCE_AGENT_CONFIG)
        finding_evidence(finding, "the region %s comes from an option of this program",
                         plan->region);
    else
        finding_evidence(finding, "the name comes from %s", sources[source]);
}
