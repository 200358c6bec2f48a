/* SPDX-License-Identifier: Apache-2.0
 *
 * What fails nothing: worth a line to somebody who wonders, and no more. A note that has nothing to
 * quote is not said.
 */
#include <string.h>

#include "base/clock.h"
#include "diagnose/causes.h"
#include "diagnose/look.h"
#include "diagnose/names.h"

enum { SOON_S = 14 * 86400 };

bool when_service_is_not_in_region(const struct view *view)
{
    return view->facts->plan.services[view->service].not_in_region;
}

void quote_region(const struct view *view, struct finding *finding)
{
    finding_evidence(finding, "region %s", view->facts->plan.region);
}

bool when_host_management_gives_credentials(const struct view *view)
{
    const struct role_facts *role = &view->facts->role;

    return role->from == CREDENTIALS_DEFAULT_HOST_MANAGEMENT ||
           (role->dhmc == ANSWER_YES && role->from != CREDENTIALS_INSTANCE_PROFILE);
}

void quote_host_management(const struct view *view, struct finding *finding)
{
    finding_evidence(finding,
                     "iam/info answers %d; the agent holds credentials of Default Host "
                     "Management",
                     (int)view->facts->role.info_status);
}

bool when_vpc_is_known(const struct view *view)
{
    return view->facts->instance.network_known && view->facts->instance.n_vpc_cidrs > 0;
}

void quote_addresses_outside(const struct view *view, struct finding *finding)
{
    const struct instance_facts *instance = &view->facts->instance;

    for (enum service i = 0; i < N_SERVICES; i++) {
        struct where where[MAX_ADDRESSES];
        int32_t n = names_where(view->facts, i, where, MAX_ADDRESSES), j = 0;
        while (j < n && where[j].place != PLACE_PRIVATE_ELSEWHERE)
            j++;
        if (j < n && look_is_planned(view->facts, i))
            finding_evidence(finding, "%s is %s, and the VPC is %s%s",
                             view->facts->plan.services[i].host, where[j].address,
                             instance->vpc_cidrs[0], instance->n_vpc_cidrs > 1 ? ", ..." : "");
    }
}

void quote_public_address(const struct view *view, struct finding *finding)
{
    if (view->facts->instance.public_ipv4[0])
        finding_evidence(finding, "IMDS says that the instance's public IPv4 address is %s",
                         view->facts->instance.public_ipv4);
}

const struct address_facts *notes_ends_soon(const struct facts *facts, int service, int64_t *left_s)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    int64_t now_s = facts->started_unix_ms / 1000 + look_clock(facts).offset_ms / 1000;

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        *left_s = at->session.not_after_unix_s - now_s;
        if (at->steps[RUNG_TLS].outcome == OUTCOME_OK && at->session.not_after_unix_s != 0 &&
            *left_s >= 0 && *left_s < SOON_S)
            return at;
    }
    return NULL;
}

/* One note for all services: endpoints of one region are given their certificates together. */
void quote_certificates_that_end(const struct view *view, struct finding *finding)
{
    for (enum service i = 0; i < N_SERVICES; i++) {
        char until[TIME_SIZE];
        int64_t left_s;
        const struct address_facts *at = notes_ends_soon(view->facts, i, &left_s);
        if (!at)
            continue;
        clock_format_iso8601(at->session.not_after_unix_s * 1000, false, until);
        finding_evidence(finding, "certificate of %s is valid until %s, issued by %s", at->address,
                         until, at->session.issuer);
    }
}

static bool holds(const struct view *view, enum service service, enum rung rung)
{
    return view->checks[check_of_service(service, rung)].status == STATUS_PASS &&
           !names_look(view->facts, service).pinned;
}

/* Where the names of the other services are in the same trouble, that is the news; what /etc/hosts says
 * of them is no comparison. */
static bool others_hold(const struct view *view, enum rung rung)
{
    return holds(view, SERVICE_SSM, rung) || holds(view, SERVICE_SSMMESSAGES, rung);
}

bool when_ec2messages_may_be_missing(const struct view *view)
{
    return look_may_be_missing(view->facts, SERVICE_EC2MESSAGES);
}

/* The first rung that was not judged because nobody needs it. */
void quote_ec2messages(const struct view *view, struct finding *finding)
{
    for (enum rung rung = RUNG_RESOLVE; rung <= RUNG_CONNECT && finding->n_evidence == 0; rung++) {
        const struct check_result *check =
            &view->checks[check_of_service(SERVICE_EC2MESSAGES, rung)];
        if (check->status == STATUS_SKIP && check->reason != FAILURE_BELOW &&
            check->reason != FAILURE_NOT_WANTED && check->reason != FAILURE_NOT_IN_REGION &&
            others_hold(view, rung))
            finding_evidence(finding, "%s: %s", check_name(check->check), check->summary);
    }
}

bool notes_sessions_lack(const struct view *view, enum service service, enum rung rung)
{
    const struct check_result *check = &view->checks[check_of_service(service, rung)];

    return view->facts->endpoints[service].for_sessions &&
           (check->status == STATUS_FAIL || check->status == STATUS_WARN ||
            (check->status == STATUS_SKIP && check->reason != FAILURE_BELOW &&
             check->reason != FAILURE_NOT_WANTED));
}

void quote_session_endpoints(const struct view *view, struct finding *finding)
{
    for (enum service i = 0; i < N_SERVICES; i++)
        for (enum rung rung = RUNG_RESOLVE; rung < N_RUNGS; rung++) {
            const struct check_result *check = &view->checks[check_of_service(i, rung)];
            if (notes_sessions_lack(view, i, rung))
                finding_evidence(finding, "the session preferences use %s; %s: %s", service_name(i),
                                 check_name(check->check), check->summary);
        }
}

/* The server of resolv.conf that was silent to this name; NULL where it answered one of its questions,
 * since a packet may be lost. */
static const struct dns_answer *silent_server(const struct endpoint_facts *endpoint)
{
    const struct dns_answer *silent = NULL;

    for (int32_t i = 0; i < endpoint->n_answers && !silent; i++)
        if (endpoint->answers[i].asked_as == ASKED_CONFIGURED &&
            endpoint->answers[i].step.failure == FAILURE_TIMEOUT)
            silent = &endpoint->answers[i];
    for (int32_t i = 0; i < endpoint->n_answers && silent; i++)
        if (strcmp(silent->server, endpoint->answers[i].server) == 0 &&
            endpoint->answers[i].rcode >= 0)
            return NULL;
    return silent;
}

/* The answer that a name has all the same; NULL: none. */
static const struct dns_answer *given(const struct facts *facts, int service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    const struct dns_answer *answer = names_deciding(endpoint, FAMILY_IPV4);

    if (!look_is_planned(facts, (enum service)service))
        return NULL;
    return answer ? answer : names_deciding(endpoint, FAMILY_IPV6);
}

const struct dns_answer *notes_silent_server(const struct facts *facts)
{
    const struct dns_answer *first = NULL;

    for (enum service i = 0; i < N_SERVICES; i++) {
        const struct dns_answer *silent = silent_server(&facts->endpoints[i]);
        if (!given(facts, i))
            continue;
        if (!silent || (first && strcmp(first->server, silent->server) != 0))
            return NULL;
        first = first ? first : silent;
    }
    return first;
}

bool when_one_server_is_silent(const struct view *view)
{
    return notes_silent_server(view->facts);
}

void quote_silent_server(const struct view *view, struct finding *finding)
{
    for (enum service i = 0; i < N_SERVICES && finding->n_evidence == 0; i++) {
        const char *host = view->facts->plan.services[i].host;
        const struct dns_answer *silent = silent_server(&view->facts->endpoints[i]);
        if (!silent || !given(view->facts, i))
            continue;
        finding_quote_answer(finding, host, silent);
        finding_quote_answer(finding, host, given(view->facts, i));
    }
}

bool when_only_ipv6_is_usable(const struct view *view)
{
    return view->facts->network.usable_ipv6 && !view->facts->network.usable_ipv4;
}

void quote_addresses(const struct view *view, struct finding *finding)
{
    const struct network_facts *network = &view->facts->network;

    for (int32_t i = 0; i < network->n_interfaces; i++)
        for (int32_t j = 0; j < network->interfaces[i].n_addresses; j++)
            finding_evidence(finding, "%s has %s", network->interfaces[i].name,
                             network->interfaces[i].addresses[j]);
    if (finding->n_evidence == 0) /* the console block has no room for them */
        finding_evidence(finding, "no IPv4 address is usable");
}
