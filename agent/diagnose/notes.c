/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings that fail nothing: worth a line to somebody who wonders, and no more.
 */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "diagnose/checks.h"
#include "diagnose/finding.h"
#include "diagnose/look.h"

/* A lost SYN is sent again after 1 s; a VPC's round trip is about 1 ms. */
enum { SLOW_CONNECT_MS = 500, SLOW_ANSWER_MS = 2000, SOON_S = 14 * 86400 };

bool notes_service_not_in_region(const struct scene *scene, enum service service,
                                 struct finding *finding)
{
    const struct plan *plan = &scene->facts->plan;

    if (!plan->services[service].not_in_region)
        return false;
    finding_title(finding, "%s has no endpoint in %s, and is not needed there",
                  service_name(service), plan->region);
    finding->confidence = CONFIDENCE_CERTAIN;
    finding_evidence(finding, "region %s", plan->region);
    return true;
}

bool notes_dhmc_in_use(const struct scene *scene, enum service service, struct finding *finding)
{
    const struct role_facts *role = &scene->facts->role;
    (void)service;

    if (role->from != CREDENTIALS_DEFAULT_HOST_MANAGEMENT &&
        (role->dhmc != ANSWER_YES || role->from == CREDENTIALS_INSTANCE_PROFILE))
        return false;
    finding->confidence = CONFIDENCE_CERTAIN;
    finding_evidence(finding,
                     "iam/info answers %d; the agent holds credentials of Default Host "
                     "Management",
                     (int)role->info_status);
    return true;
}

bool notes_endpoint_outside_vpc(const struct scene *scene, enum service service,
                                struct finding *finding)
{
    const struct instance_facts *instance = &scene->facts->instance;
    (void)service;

    if (!instance->network_known || instance->n_vpc_cidrs == 0)
        return false;
    for (int i = 0; i < N_SERVICES; i++) {
        struct where where[MAX_ADDRESSES];
        if (!look_is_planned(scene->facts, (enum service)i))
            continue;
        int32_t n = look_where(scene->facts, (enum service)i, where, MAX_ADDRESSES);
        for (int32_t j = 0; j < n; j++) {
            if (where[j].place != PLACE_PRIVATE_ELSEWHERE)
                continue;
            finding_evidence(finding, "%s is %s, and the VPC is %s%s",
                             scene->facts->plan.services[i].host, where[j].address,
                             instance->vpc_cidrs[0], instance->n_vpc_cidrs > 1 ? ", ..." : "");
            break;
        }
    }
    finding->confidence = CONFIDENCE_CERTAIN;
    return finding->n_evidence > 0;
}

bool notes_public_address(const struct scene *scene, enum service service, struct finding *finding)
{
    (void)service;
    if (scene->facts->instance.public_ipv4[0] == '\0')
        return false;
    finding->confidence = CONFIDENCE_CERTAIN;
    finding_evidence(finding, "IMDS says that the instance's public IPv4 address is %s",
                     scene->facts->instance.public_ipv4);
    return true;
}

/* The first address of a service whose certificate ends soon; NULL: none. */
static const struct address_facts *ends_soon(const struct facts *facts, enum service service,
                                             int64_t now_s)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        int64_t left_s = at->session.not_after_unix_s - now_s;
        if (at->steps[RUNG_TLS].outcome == OUTCOME_OK && at->session.not_after_unix_s != 0 &&
            left_s >= 0 && left_s < SOON_S)
            return at;
    }
    return NULL;
}

/* One note for all services: endpoints of one region are given their certificates together. */
bool notes_certificate_expires_soon(const struct scene *scene, enum service service,
                                    struct finding *finding)
{
    int64_t now_s = scene->facts->started_unix_ms / 1000, first_s = SOON_S;
    struct clock_reading clock;
    char until[TIME_SIZE], span[64], names[NAME_SIZE] = "";
    (void)service;

    look_clock(scene->facts, &clock);
    if (clock.n > 0)
        now_s += clock.offset_ms / 1000;
    for (int i = 0; i < N_SERVICES; i++) {
        const struct address_facts *at = ends_soon(scene->facts, (enum service)i, now_s);
        if (at == NULL)
            continue;
        if (at->session.not_after_unix_s - now_s < first_s)
            first_s = at->session.not_after_unix_s - now_s;
        text_add(names, sizeof names, "%s%s", names[0] ? ", " : "", service_name((enum service)i));
        clock_format_iso8601(at->session.not_after_unix_s * 1000, false, until);
        finding_evidence(finding, "certificate of %s is valid until %s, issued by %s", at->address,
                         until, at->session.issuer);
    }
    if (finding->n_evidence == 0)
        return false;
    checks_span(first_s, span, sizeof span);
    finding_title(finding, "%s: the certificate expires in %s", names, span);
    finding->confidence = CONFIDENCE_CERTAIN;
    return true;
}

/* Where the names of the other services are in the same trouble, that is the news. */
static bool others_hold(const struct scene *scene, enum rung rung)
{
    return scene->checks[check_of_service(SERVICE_SSM, rung)].status == STATUS_PASS ||
           scene->checks[check_of_service(SERVICE_SSMMESSAGES, rung)].status == STATUS_PASS;
}

bool notes_ec2messages_not_needed(const struct scene *scene, enum service service,
                                  struct finding *finding)
{
    (void)service;
    if (!checks_may_be_missing(scene->facts, SERVICE_EC2MESSAGES))
        return false;
    for (int rung = RUNG_RESOLVE; rung <= RUNG_CONNECT; rung++) {
        const struct check_result *check =
            &scene->checks[check_of_service(SERVICE_EC2MESSAGES, (enum rung)rung)];
        if (check->status != STATUS_SKIP || check->reason == FAILURE_BELOW ||
            check->reason == FAILURE_NOT_WANTED || check->reason == FAILURE_NOT_IN_REGION ||
            !others_hold(scene, (enum rung)rung))
            continue;
        finding_evidence(finding, "%s: %s", check_name(check->check), check->summary);
        finding->confidence = CONFIDENCE_CERTAIN;
        return true;
    }
    return false;
}

/* The server of resolv.conf that was silent to this name; NULL where it answered one of its questions,
 * since a packet may be lost. */
static const struct dns_answer *silent_server(const struct endpoint_facts *endpoint)
{
    const struct dns_answer *silent = NULL;

    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        const struct dns_answer *answer = &endpoint->answers[i];
        if (answer->asked_as != ASKED_CONFIGURED)
            continue;
        if (silent == NULL && answer->step.outcome == OUTCOME_FAILED &&
            answer->step.failure == FAILURE_TIMEOUT && answer->rcode < 0)
            silent = answer;
        if (silent != NULL && strcmp(silent->server, answer->server) == 0 &&
            (answer->step.outcome == OUTCOME_OK || answer->rcode >= 0))
            return NULL;
    }
    return silent;
}

bool notes_dns_server_silent(const struct scene *scene, enum service service,
                             struct finding *finding)
{
    const struct facts *facts = scene->facts;
    const char *server = NULL;
    (void)service;

    for (int i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *endpoint = &facts->endpoints[i];
        const struct dns_answer *silent = silent_server(endpoint);
        const struct dns_answer *given = look_deciding(endpoint, FAMILY_IPV4);
        if (given == NULL)
            given = look_deciding(endpoint, FAMILY_IPV6);
        if (!look_is_planned(facts, (enum service)i) || given == NULL)
            continue;
        if (silent == NULL || (server != NULL && strcmp(server, silent->server) != 0))
            return false;
        server = silent->server;
        if (finding->n_evidence > 0)
            continue;
        finding_quote_answer(finding, facts->plan.services[i].host, silent);
        finding_quote_answer(finding, facts->plan.services[i].host, given);
    }
    if (server == NULL)
        return false;
    finding_title(finding, "The nameserver %s is silent, another one answers", server);
    finding->confidence = CONFIDENCE_CERTAIN;
    return true;
}

bool notes_slow_endpoint(const struct scene *scene, enum service service, struct finding *finding)
{
    const struct endpoint_facts *endpoint = &scene->facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        bool slow_connect = at->steps[RUNG_CONNECT].outcome == OUTCOME_OK &&
                            at->steps[RUNG_CONNECT].took_ms >= SLOW_CONNECT_MS;
        bool slow_tls = at->steps[RUNG_TLS].outcome == OUTCOME_OK &&
                        at->steps[RUNG_TLS].took_ms >= SLOW_ANSWER_MS;
        bool slow_http = at->steps[RUNG_HTTP].outcome == OUTCOME_OK &&
                         at->steps[RUNG_HTTP].took_ms >= SLOW_ANSWER_MS;
        if (!slow_connect && !slow_tls && !slow_http)
            continue;
        finding_quote_address(finding, service, at,
                              slow_connect ? RUNG_CONNECT
                              : slow_tls   ? RUNG_TLS
                                           : RUNG_HTTP);
    }
    finding_title(finding, "%s: the endpoint is slow to answer", service_name(service));
    finding->confidence = CONFIDENCE_CERTAIN;
    return finding->n_evidence > 0;
}

bool notes_ipv6_only(const struct scene *scene, enum service service, struct finding *finding)
{
    const struct network_facts *network = &scene->facts->network;
    (void)service;

    if (!network->usable_ipv6 || network->usable_ipv4)
        return false;
    finding->confidence = CONFIDENCE_CERTAIN;
    for (int32_t i = 0; i < network->n_interfaces; i++)
        for (int32_t j = 0; j < network->interfaces[i].n_addresses; j++)
            finding_evidence(finding, "%s has %s", network->interfaces[i].name,
                             network->interfaces[i].addresses[j]);
    return true;
}
