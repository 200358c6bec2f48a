/* SPDX-License-Identifier: Apache-2.0
 *
 * Causes at the resolvers: nobody is asked, nobody answers, or the answer is no.
 */
#include <string.h>

#include "diagnose/finding.h"
#include "diagnose/firewall.h"
#include "diagnose/look.h"
#include "diagnose/override.h"
#include "diagnose/remedy.h"

static bool is_symptom(const struct scene *scene, enum service service, struct lookup *lookup)
{
    if (!scene_has(scene, check_of_service(service, RUNG_RESOLVE)))
        return false;
    look_lookup(scene->facts, service, lookup);
    return true;
}

static void quote_lookup(const struct scene *scene, enum service service, struct finding *finding)
{
    const struct endpoint_facts *endpoint = &scene->facts->endpoints[service];
    for (int32_t i = 0; i < endpoint->n_answers; i++)
        if (endpoint->answers[i].family == FAMILY_IPV4 &&
            endpoint->answers[i].step.outcome != OUTCOME_UNTRIED)
            finding_quote_answer(finding, scene->facts->plan.services[service].host,
                                 &endpoint->answers[i]);
}

bool explains_dns_no_resolver(const struct scene *scene, enum service service,
                              struct finding *finding)
{
    static const enum failure none[] = {FAILURE_NO_RESOLVER};
    const struct resolver_facts *resolvers = &scene->facts->resolvers;
    (void)service;

    finding->explains = scene_rung(scene, RUNG_RESOLVE, none, 1);
    if (finding->explains == 0)
        return false;
    finding->confidence = CONFIDENCE_CERTAIN;
    finding_evidence(finding, "%s %s", resolvers->file[0] ? resolvers->file : "resolv.conf",
                     resolvers->read ? "has no nameserver line" : "cannot be read");
    return true;
}

/* The services whose names nobody answers for; with the first of them. */
static check_set silent_services(const struct scene *scene, bool amazon, enum service *first)
{
    check_set set = 0;
    for (int i = N_SERVICES - 1; i >= 0; i--) {
        struct lookup lookup;
        if (!is_symptom(scene, (enum service)i, &lookup))
            continue;
        bool refused = lookup.failure == FAILURE_DNS_REFUSED;
        if (amazon ? !lookup.all_amazon || (!lookup.silent && !refused) : !lookup.silent)
            continue;
        set |= check_bit(check_of_service((enum service)i, RUNG_RESOLVE));
        *first = (enum service)i;
    }
    return set;
}

/* Any name, not only ours, would be refused: one that does resolve excludes it, unless /etc/hosts
 * gave it. */
static bool any_resolves(const struct scene *scene)
{
    for (int i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *endpoint = &scene->facts->endpoints[i];
        bool pinned = endpoint->n_addresses > 0 && endpoint->addresses[0].from_hosts_file;
        if (look_is_planned(scene->facts, (enum service)i) && !pinned &&
            scene->checks[check_of_service((enum service)i, RUNG_RESOLVE)].status == STATUS_PASS)
            return true;
    }
    return false;
}

/* Failing at once is not the resolver's silence: something on this machine rejects. */
static bool failed_locally(const struct dns_answer *answer)
{
    return answer != NULL &&
           (answer->step.failure == FAILURE_REFUSED ||
            answer->step.failure == FAILURE_NOT_PERMITTED ||
            answer->step.failure == FAILURE_PROHIBITED ||
            answer->step.failure == FAILURE_BLACKHOLE || answer->step.failure == FAILURE_NO_ROUTE ||
            answer->step.failure == FAILURE_HOST_UNREACHABLE);
}

bool explains_vpc_dns_off(const struct scene *scene, enum service service, struct finding *finding)
{
    enum service first = SERVICE_SSM;
    struct second_opinion opinion;
    struct lookup lookup;

    finding->explains = silent_services(scene, true, &first);
    if (finding->explains == 0 || any_resolves(scene))
        return false;
    (void)service;
    look_second_opinion(scene->facts, first, &opinion);
    look_lookup(scene->facts, first, &lookup);
    bool refused = lookup.failure == FAILURE_DNS_REFUSED;
    if (failed_locally(lookup.answer) ||
        (opinion.answered && opinion.answer->step.failure != FAILURE_DNS_REFUSED))
        return false;
    quote_lookup(scene, first, finding);
    finding->confidence = refused ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    if (!refused)
        finding_alternative(scene->facts, finding, "local-firewall");
    return true;
}

bool explains_dns_resolver_unreachable(const struct scene *scene, enum service service,
                                       struct finding *finding)
{
    const struct resolver_facts *resolvers = &scene->facts->resolvers;
    enum service first = SERVICE_SSM;
    struct second_opinion opinion;
    struct lookup lookup;
    (void)service;

    finding->explains = silent_services(scene, false, &first);
    if (finding->explains == 0)
        return false;
    look_second_opinion(scene->facts, first, &opinion);
    look_lookup(scene->facts, first, &lookup);
    quote_lookup(scene, first, finding);
    if (resolvers->stub && resolvers->n_upstream > 0)
        finding_evidence(finding, "%s names the local stub; behind it is %s", resolvers->file,
                         resolvers->upstream[0]);
    if (opinion.answered) {
        finding->confidence = CONFIDENCE_CERTAIN;
        finding_title(finding, "Only Amazon's resolver answers, the configured %s does not",
                      lookup.answer != NULL ? lookup.answer->server : "one");
        return true;
    }
    if (lookup.answer != NULL)
        finding_title(finding, "The configured nameserver %s does not answer",
                      lookup.answer->server);
    if (failed_locally(lookup.answer))
        finding_alternative(scene->facts, finding, "local-firewall");
    if (opinion.asked)
        finding_alternative(scene->facts, finding, "vpc-dns-off");
    return true;
}

bool explains_dns_servfail(const struct scene *scene, enum service service, struct finding *finding)
{
    static const enum failure broken[] = {FAILURE_SERVFAIL, FAILURE_DNS_REFUSED,
                                          FAILURE_DNS_MALFORMED};
    (void)service;

    finding->explains = scene_rung(scene, RUNG_RESOLVE, broken, N_OF(broken));
    if (finding->explains == 0)
        return false;
    enum service first = remedy_service(finding);
    struct second_opinion opinion;
    struct lookup lookup;
    look_second_opinion(scene->facts, first, &opinion);
    quote_lookup(scene, first, finding);
    look_lookup(scene->facts, first, &lookup);
    if (lookup.answer != NULL)
        finding_title(finding, "The nameserver %s fails or refuses to answer",
                      lookup.answer->server);
    if (!opinion.answered)
        finding_alternative(scene->facts, finding, "vpc-dns-off");
    return true;
}

bool explains_dns_wrong_name(const struct scene *scene, enum service service,
                             struct finding *finding)
{
    static const enum failure no_such[] = {FAILURE_NXDOMAIN, FAILURE_NODATA};
    static const char *const sources[] = {
        [SOURCE_NONE] = "nowhere",
        [SOURCE_OPTION] = "an option of this program",
        [SOURCE_AGENT_CONFIG] = "the agent's configuration",
        [SOURCE_IMDS] = "IMDS",
        [SOURCE_PARTITION] = "the table of partitions",
    };
    const struct service_plan *plan = &scene->facts->plan.services[service];
    enum check check = check_of_service(service, RUNG_RESOLVE);
    struct second_opinion opinion;
    struct lookup lookup;
    char id[NAME_SIZE];

    if (!scene_has_reason(scene, check, no_such, N_OF(no_such)))
        return false;
    finding->explains = check_bit(check);
    look_lookup(scene->facts, service, &lookup);
    look_second_opinion(scene->facts, service, &opinion);
    if (opinion.public_address || opinion.private_address)
        return false; /* it does exist */
    if (override_is_endpoint(scene->facts, service, id))
        finding_title(finding, "%s: no endpoint %s, which the agent is told to use",
                      service_name(service), id);
    else
        finding_title(finding, "%s: the name %s does not exist", service_name(service), plan->host);
    quote_lookup(scene, service, finding);
    if (scene->facts->plan.region_source == SOURCE_OPTION &&
        plan->host_source != SOURCE_AGENT_CONFIG)
        finding_evidence(finding, "the region %s comes from an option of this program",
                         scene->facts->plan.region);
    else
        finding_evidence(finding, "the name comes from %s", sources[plan->host_source]);
    if (lookup.all_amazon || opinion.answered)
        finding->confidence = CONFIDENCE_CERTAIN;
    else
        finding_alternative(scene->facts, finding, "dns-bypasses-vpc");
    return true;
}
