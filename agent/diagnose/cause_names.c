/* SPDX-License-Identifier: Apache-2.0
 *
 * Causes in what the names resolve to. An interface endpoint with private DNS names shows itself
 * by private addresses, and only to those who ask the VPC's own resolver.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/finding.h"
#include "diagnose/look.h"
#include "diagnose/override.h"
#include "model/place.h"
#include "diagnose/remedy.h"

/* What the names of one service say, in one look. */
struct naming {
    bool planned;
    bool pinned;      /* by /etc/hosts */
    bool public_only; /* every address is public */
    bool any_public;
    bool any_private;
    bool any_local;     /* this machine itself: a sinkhole */
    bool answers;       /* a public address connects */
    check_set symptoms; /* resolve, private and connect, those that are symptoms */
};

static void look_naming(const struct scene *scene, enum service service, struct naming *naming)
{
    struct where where[MAX_ADDRESSES];
    int32_t n = look_where(scene->facts, service, where, MAX_ADDRESSES);
    int32_t n_public = 0;

    memset(naming, 0, sizeof *naming);
    naming->planned = look_is_planned(scene->facts, service);
    for (int32_t i = 0; i < n; i++) {
        naming->pinned |= where[i].from_hosts_file;
        n_public += where[i].place == PLACE_PUBLIC;
        naming->any_local |= where[i].place == PLACE_LOCAL;
        naming->any_private |= where[i].place == PLACE_OWN_SUBNET ||
                               where[i].place == PLACE_IN_VPC ||
                               where[i].place == PLACE_PRIVATE_ELSEWHERE;
    }
    naming->any_public = n_public > 0;
    naming->public_only = n_public > 0 && n_public == n;
    naming->answers = look_public_answers(scene->facts, service);
    for (int rung = RUNG_RESOLVE; rung <= RUNG_CONNECT; rung++)
        naming->symptoms |= scene->symptoms & check_bit(check_of_service(service, (enum rung)rung));
}

static void quote_names(const struct scene *scene, enum service service, struct finding *finding)
{
    const struct endpoint_facts *endpoint = &scene->facts->endpoints[service];
    const char *host = scene->facts->plan.services[service].host;
    struct second_opinion opinion;
    const struct dns_answer *deciding = look_deciding(endpoint, FAMILY_IPV4);

    if (deciding != NULL)
        finding_quote_answer(finding, host, deciding);
    look_second_opinion(scene->facts, service, &opinion);
    if (opinion.answer != NULL)
        finding_quote_answer(finding, host, opinion.answer);
    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        if (endpoint->addresses[i].place == PLACE_PUBLIC &&
            endpoint->addresses[i].steps[RUNG_CONNECT].outcome != OUTCOME_UNTRIED) {
            finding_quote_address(finding, service, &endpoint->addresses[i], RUNG_CONNECT);
            break;
        }
}

/* Amazon's resolver has more than the configured one: private addresses, or any where that one says
 * that there is no such name. */
static bool knows_more(const struct second_opinion *opinion, const struct lookup *lookup)
{
    bool denied = lookup->failure == FAILURE_NXDOMAIN || lookup->failure == FAILURE_NODATA;
    return opinion->private_address || (denied && opinion->public_address);
}

/* True where Amazon's resolver knows more, and the configured one, which is another, gives
 * something else. */
static bool is_bypassed(const struct scene *scene, enum service service,
                        const struct naming *naming)
{
    struct second_opinion opinion;
    struct lookup lookup;

    look_second_opinion(scene->facts, service, &opinion);
    look_lookup(scene->facts, service, &lookup);
    if (naming->pinned || !naming->planned || !knows_more(&opinion, &lookup) || lookup.silent ||
        !lookup.asked)
        return false;
    if (lookup.answer != NULL && !scene->facts->resolvers.stub &&
        look_is_amazon_resolver(&scene->facts->instance, lookup.answer->server))
        return false;
    return naming->any_public || naming->any_local || lookup.failure != FAILURE_NONE;
}

bool explains_dns_bypasses_vpc(const struct scene *scene, enum service service,
                               struct finding *finding)
{
    const struct resolver_facts *resolvers = &scene->facts->resolvers;
    const char *server =
        ""; /* the one whose word counted: the first of resolv.conf may be silent */
    bool by_no = true;
    (void)service;

    for (int i = 0; i < N_SERVICES; i++) {
        struct naming naming;
        look_naming(scene, (enum service)i, &naming);
        if (naming.symptoms == 0 || !is_bypassed(scene, (enum service)i, &naming))
            continue;
        finding->explains |= naming.symptoms;
        struct lookup lookup;
        look_lookup(scene->facts, (enum service)i, &lookup);
        by_no &= lookup.failure != FAILURE_SERVFAIL;
        if (server[0] == '\0' && lookup.answer != NULL)
            server = lookup.answer->server;
        if (finding->n_evidence < 6)
            quote_names(scene, (enum service)i, finding);
    }
    if (finding->explains == 0)
        return false;
    if (resolvers->stub && resolvers->n_upstream > 0) {
        server = resolvers->upstream[0];
        finding_evidence(finding, "behind the local stub is %s", server);
    }
    if (server[0] != '\0')
        finding_title(finding, "The DNS server %s does not ask the VPC's resolver", server);
    finding->confidence = by_no ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    return true;
}

static bool dns_gives(const struct endpoint_facts *endpoint, const char *address, bool *asked)
{
    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        const struct dns_answer *answer = &endpoint->answers[i];
        *asked |= answer->step.outcome == OUTCOME_OK || answer->rcode > 0;
        for (int32_t j = 0; j < answer->n_addresses; j++)
            if (strcmp(answer->addresses[j], address) == 0)
                return true;
    }
    return false;
}

bool explains_dns_hosts_override(const struct scene *scene, enum service service,
                                 struct finding *finding)
{
    const struct endpoint_facts *endpoint = &scene->facts->endpoints[service];
    const char *host = scene->facts->plan.services[service].host;
    check_set ladder = check_service_bits(service) &
                       ~check_bit(check_of_service(service, RUNG_AUTHORIZE));
    const char *pinned = NULL;
    bool asked = false;

    finding->explains = scene->symptoms & ladder;
    for (int32_t i = 0; i < endpoint->n_addresses && pinned == NULL; i++)
        if (endpoint->addresses[i].from_hosts_file &&
            !dns_gives(endpoint, endpoint->addresses[i].address, &asked))
            pinned = endpoint->addresses[i].address;
    if (pinned == NULL || finding->explains == 0)
        return false;
    finding_title(finding, "%s: /etc/hosts pins the name to another address",
                  service_name(service));
    finding_evidence(finding, "/etc/hosts: %s is %s", host, pinned);
    quote_names(scene, service, finding);
    finding->confidence = asked ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    return true;
}

/* Nobody but Amazon's resolver knows the VPC's private names; where it was not heard, a resolver of
 * one's own may stand in the way. */
static bool was_amazon_heard(const struct scene *scene, enum service service)
{
    const struct endpoint_facts *endpoint = &scene->facts->endpoints[service];
    const struct dns_answer *deciding = look_deciding(endpoint, FAMILY_IPV4);
    struct second_opinion opinion;

    look_second_opinion(scene->facts, service, &opinion);
    return opinion.answered ||
           (deciding != NULL && look_is_amazon_resolver(&scene->facts->instance, deciding->server));
}

static void weigh_amazon(const struct scene *scene, enum service service, struct finding *finding)
{
    if (was_amazon_heard(scene, service)) {
        finding->confidence = CONFIDENCE_CERTAIN;
        return;
    }
    finding_alternative(scene->facts, finding, "dns-bypasses-vpc");
}

static bool has_public_trouble(const struct naming *naming)
{
    return naming->planned && !naming->pinned && naming->public_only && !naming->answers;
}

/* Optional services (s3, kms, logs) may well have no endpoint: they do not count, nor are they
 * claimed. */
bool explains_private_dns_off(const struct scene *scene, enum service service,
                              struct finding *finding)
{
    int n_public = 0, n = 0;
    (void)service;

    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++) {
        struct naming naming;
        look_naming(scene, (enum service)i, &naming);
        if (!naming.planned || naming.pinned || (!naming.any_public && !naming.any_private))
            continue; /* what /etc/hosts pins says nothing of the VPC */
        if (override_is_fips(scene->facts, (enum service)i))
            continue; /* the plain names' endpoints do not cover it: endpoint-missing has it */
        n++;
        n_public += naming.public_only;
        if (has_public_trouble(&naming))
            finding->explains |= naming.symptoms;
    }
    if (finding->explains == 0 || n < 2 || n_public < n)
        return false;
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        if (finding->explains & check_service_bits((enum service)i))
            quote_names(scene, (enum service)i, finding);
    weigh_amazon(scene, remedy_service(finding), finding);
    return true;
}

/* Nothing but public addresses is expected of a gateway endpoint: a route that is not there shows
 * itself by their silence. Where the private endpoints are silent too, they share another cause. */
static bool explains_gateway_missing(const struct scene *scene, enum service service,
                                     struct finding *finding)
{
    int n_silent = 0, n_open = 0;

    for (int i = 0; i < N_SERVICES; i++) {
        struct tally tally;
        if (i == (int)service || !look_is_planned(scene->facts, (enum service)i))
            continue;
        look_tally(scene->facts, (enum service)i, RUNG_CONNECT, &tally);
        n_open += tally.ok > 0;
        n_silent += tally.ok == 0 && tally.failed > 0;
    }
    if (n_silent > 0 && n_open == 0)
        return false;
    finding->confidence = CONFIDENCE_LIKELY;
    finding_title(finding, "%s: no gateway or interface endpoint leads there from this subnet",
                  service_name(service));
    quote_names(scene, service, finding);
    finding_alternative(scene->facts, finding, "egress-blocked");
    finding_alternative(scene->facts, finding, "network-acl");
    return true;
}

bool explains_endpoint_missing(const struct scene *scene, enum service service,
                               struct finding *finding)
{
    struct naming naming, other;

    look_naming(scene, service, &naming);
    finding->explains = naming.symptoms;
    if (finding->explains == 0 || !has_public_trouble(&naming))
        return false;
    if (service_has_gateway(service))
        return explains_gateway_missing(scene, service, finding);
    if (override_is_fips(scene->facts, service))
        finding_title(finding,
                      "%s: no interface endpoint for the FIPS name that the agent is given",
                      service_name(service));
    else
        finding_title(finding, "%s: no interface endpoint with private DNS names in this VPC",
                      service_name(service));
    quote_names(scene, service, finding);
    bool others = false;
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES && !others; i++) {
        look_naming(scene, (enum service)i, &other);
        if (i == (int)service || !other.planned || !other.any_private || other.any_public)
            continue;
        others = true;
        quote_names(scene, (enum service)i, finding);
    }
    weigh_amazon(scene, service, finding);
    if (!others) {
        finding->confidence = CONFIDENCE_LIKELY;
        finding_alternative(scene->facts, finding, "private-dns-off");
    }
    return true;
}

bool explains_public_path(const struct scene *scene, enum service service, struct finding *finding)
{
    (void)service;

    for (int i = 0; i < N_SERVICES; i++) {
        struct naming naming;
        enum check check = check_of_service((enum service)i, RUNG_PRIVATE);
        look_naming(scene, (enum service)i, &naming);
        if (!naming.planned || naming.pinned || !naming.any_public || !scene_has(scene, check) ||
            (naming.public_only && !naming.answers))
            continue;
        finding->explains |= check_bit(check);
        quote_names(scene, (enum service)i, finding);
    }
    if (finding->explains == 0)
        return false;
    if (!look_any_public_answers(scene->facts, finding->explains))
        finding_title(finding, "%s: a silent public address is named beside the private ones",
                      service_name(remedy_service(finding)));
    finding->confidence = CONFIDENCE_CERTAIN;
    return true;
}
