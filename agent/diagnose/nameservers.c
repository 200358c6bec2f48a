/* SPDX-License-Identifier: Apache-2.0
 *
 * The nameservers: nobody is asked, this machine does not get the question out, nobody answers, or not as the agent
 * needs it: with EDNS0, within 5 s. What they say is resolve.c's.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/causes.h"
#include "diagnose/look.h"
#include "diagnose/names.h"

/* --- asked, and silent --- */

/* What each server that was asked said of the first name that is explained. */
void quote_lookup(const struct view *view, struct finding *finding)
{
    enum service service = view->service;
    const struct endpoint_facts *endpoint = &view->facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_answers; i++)
        if (endpoint->answers[i].family == FAMILY_IPV4 &&
            endpoint->answers[i].asked_as != ASKED_PLAIN &&
            endpoint->answers[i].step.outcome != OUTCOME_UNTRIED)
            finding_quote_answer(finding, view->facts->plan.services[service].host,
                                 &endpoint->answers[i]);
}

bool when_names_are_held_back(const struct view *view)
{
    struct each it = {0};
    return view_each(view, RUNG_RESOLVE, &it);
}

void quote_no_resolver(const struct view *view, struct finding *finding)
{
    const struct resolver_facts *resolvers = &view->facts->resolvers;

    finding_evidence(finding, "%s %s", resolvers->file,
                     resolvers->read.outcome == OUTCOME_FAILED ? "is not there"
                                                               : "has no nameserver line");
}

/* A server that answers for another name lives, and does not get this one from where it asks. */
static bool answers_for_others(const struct facts *facts, const struct dns_answer *silent)
{
    for (enum service i = 0; silent && silent->rcode < 0 && i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_answers; j++) {
            const struct dns_answer *answer = &facts->endpoints[i].answers[j];
            if (answer->rcode >= 0 && strcmp(answer->server, silent->server) == 0)
                return true;
        }
    return false;
}

bool where_nobody_answers(const struct view *view)
{
    struct lookup lookup = names_lookup(view->facts, view->service);

    return lookup.silent && lookup.failure != FAILURE_HOST_UNREACHABLE &&
           !answers_for_others(view->facts, lookup.answer);
}

bool when_silent_for_this_name(const struct view *view)
{
    return names_lookup(view->facts, view->service).failure == FAILURE_TIMEOUT;
}

bool when_answer_is_malformed(const struct view *view)
{
    struct lookup lookup = names_lookup(view->facts, view->service);
    return lookup.failure == FAILURE_DNS_MALFORMED && lookup.answer->rcode <= 0;
}

/* No configured server has an address, and one of the same, asked once more, has. */
bool when_answers_differ(const struct view *view)
{
    struct lookup lookup = names_lookup(view->facts, view->service);
    return lookup.decided && lookup.failure != FAILURE_NONE &&
           names_second_opinion(view->facts, view->service).private_address;
}

bool where_amazon_does_not_answer(const struct view *view)
{
    struct lookup lookup = names_lookup(view->facts, view->service);

    return lookup.all_amazon && (lookup.silent || lookup.failure == FAILURE_DNS_REFUSED);
}

/* More than the agent reads. */
void quote_servers_not_read(const struct view *view, struct finding *finding)
{
    const struct resolver_facts *resolvers = &view->facts->resolvers;

    if (resolvers->n_configured > AGENT_NAMESERVERS)
        finding_evidence(finding, "%s names %d servers, of which the agent asks the first %d",
                         resolvers->file, (int)resolvers->n_configured, AGENT_NAMESERVERS);
}

bool resolve_any(const struct view *view)
{
    for (enum service i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *endpoint = &view->facts->endpoints[i];
        bool pinned = endpoint->n_addresses > 0 && endpoint->addresses[0].from_hosts_file;
        if (look_is_planned(view->facts, i) && !pinned &&
            view->checks[check_of_service(i, RUNG_RESOLVE)].status == STATUS_PASS)
            return true;
    }
    return false;
}

bool resolve_failed_here(const struct dns_answer *answer)
{
    static const enum failure local[] = {FAILURE_REFUSED,    FAILURE_NOT_PERMITTED,
                                         FAILURE_PROHIBITED, FAILURE_BLACKHOLE,
                                         FAILURE_NO_ROUTE,   FAILURE_HOST_UNREACHABLE};

    for (size_t i = 0; answer && i < COUNT_OF(local); i++)
        if (answer->step.failure == local[i])
            return true;
    return false;
}

bool when_amazon_serves_no_name(const struct view *view)
{
    struct second_opinion opinion = names_second_opinion(view->facts, view->service);
    struct lookup lookup = names_lookup(view->facts, view->service);

    return !resolve_any(view) && !resolve_failed_here(lookup.answer) &&
           (!opinion.answered || opinion.answer->step.failure == FAILURE_DNS_REFUSED);
}

void quote_stub(const struct view *view, struct finding *finding)
{
    const struct resolver_facts *resolvers = &view->facts->resolvers;

    if (resolvers->stub && resolvers->n_upstream > 0)
        finding_evidence(finding, "%s names the local stub; behind it is %s", resolvers->file,
                         resolvers->upstream[0]);
}

bool when_amazon_answers(const struct view *view)
{
    return names_second_opinion(view->facts, view->service).answered;
}

/* --- on this machine --- */

static bool is_loopback(const char *server)
{
    return text_starts(server, "127.") || strcmp(server, "::1") == 0;
}

/* Which no DHCP option names. The stub 127.0.0.53 has words of its own. */
bool when_server_is_here(const struct view *view)
{
    const struct dns_answer *answer = names_lookup(view->facts, view->service).answer;
    const struct route *route = answer ? route_find(view->facts, answer->server) : NULL;

    return answer && !answer->unsent && !view->facts->resolvers.stub &&
           (is_loopback(answer->server) || (route && route->kind == ROUTE_LOCAL));
}

bool when_server_is_unrouted(const struct view *view)
{
    return names_lookup(view->facts, view->service).failure == FAILURE_NO_ROUTE;
}

/* The answer that shows it: not sent, or refused by the stub's own port. */
static const struct dns_answer *failed_here(const struct facts *facts, enum service service)
{
    const struct dns_answer *answer = names_lookup(facts, service).answer;

    if (!answer || answer->step.outcome != OUTCOME_FAILED || answer->rcode >= 0 ||
        facts->resolvers.n_configured == 0)
        return NULL;
    if (is_loopback(answer->server))
        return answer->unsent || answer->step.failure == FAILURE_REFUSED ? answer : NULL;
    /* An IPv4 server where there is no IPv4 is the wrong server. */
    enum family family = strchr(answer->server, ':') ? FAMILY_IPV6 : FAMILY_IPV4;
    return answer->unsent && network_uses(&facts->network, family) ? answer : NULL;
}

/* An answer that says yes or no, of a server that was asked so; NULL: none. */
static const struct dns_answer *answer_as(const struct facts *facts, enum service service,
                                          enum asked_as asked_as)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_answers; i++)
        if (endpoint->answers[i].asked_as == asked_as && dns_decides(&endpoint->answers[i]))
            return &endpoint->answers[i];
    return NULL;
}

/* No configured server says yes or no, but one does that was asked in another way. */
static bool answers_only_as(const struct facts *facts, enum service service, enum asked_as asked_as)
{
    return answer_as(facts, service, asked_as) && !names_lookup(facts, service).decided;
}

static bool is_dns_off(const struct facts *facts)
{
    return facts->resolvers.order == LOOKUP_FILES;
}

/* The name of the search list that is found in the endpoint's place; NULL: none. */
static const char *searched(const struct facts *facts, enum service service)
{
    const char *host = facts->plan.services[service].host;

    for (enum family family = FAMILY_IPV4; family <= FAMILY_IPV6; family++) {
        const struct dns_answer *answer = names_deciding(&facts->endpoints[service], family);
        if (answer && text_starts(answer->cname, host) && answer->cname[strlen(host)] == '.')
            return answer->cname;
    }
    return NULL;
}

bool when_search_list_leads(const struct view *view)
{
    return searched(view->facts, view->service);
}

void quote_searched(const struct view *view, struct finding *finding)
{
    for (struct each it = {0}; view_each(view, N_RUNGS, &it);)
        if (searched(view->facts, it.service))
            finding_evidence(finding, "%s has `search` and `ndots`: asked for first is %s",
                             view->facts->resolvers.file, searched(view->facts, it.service));
}

/* A nameserver answers each of the three questions that it is sent. */
enum { ANSWERS_EACH = 2 };

/* Nobody's answer got in, and as many packets came in that no program got. */
bool when_answers_are_dropped(const struct view *view)
{
    const struct facts *facts = view->facts;
    int64_t n_silent = facts->imds.connect.failure == FAILURE_TIMEOUT, n_asked = 0;

    for (enum service i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_answers; j++) {
            const struct dns_answer *answer = &facts->endpoints[i].answers[j];
            if (answer->step.outcome == OUTCOME_UNTRIED)
                continue;
            if (answer->step.failure != FAILURE_TIMEOUT || is_loopback(answer->server) ||
                family_of(answer->server) == FAMILY_IPV6)
                return false;
            n_asked++;
        }
    return n_asked > 0 && facts->network.delivery_read &&
           facts->network.undelivered >= ANSWERS_EACH * (n_silent + n_asked);
}

void quote_dropped_answers(const struct view *view, struct finding *finding)
{
    if (when_answers_are_dropped(view))
        finding_evidence(finding, "%lld packets came in meanwhile that no program got",
                         (long long)view->facts->network.undelivered);
}

bool where_question_stays_here(const struct view *view)
{
    if (view->rung != RUNG_RESOLVE)
        return searched(view->facts, view->service);
    return is_dns_off(view->facts) || failed_here(view->facts, view->service) ||
           answers_only_as(view->facts, view->service, ASKED_UPSTREAM) ||
           when_answers_are_dropped(view);
}

static bool failed_here_by(const struct view *view, enum failure failure)
{
    const struct dns_answer *answer = failed_here(view->facts, view->service);
    return answer && answer->step.failure == failure;
}

bool when_stub_refuses(const struct view *view)
{
    return failed_here_by(view, FAILURE_REFUSED);
}

bool when_questions_are_forbidden(const struct view *view)
{
    return failed_here_by(view, FAILURE_NOT_PERMITTED);
}

bool when_question_was_not_sent(const struct view *view)
{
    return is_dns_off(view->facts) || failed_here(view->facts, view->service);
}

void quote_lookup_order(const struct view *view, struct finding *finding)
{
    if (is_dns_off(view->facts))
        finding_evidence(finding, "/etc/nsswitch.conf: the line hosts: has no dns");
}

static void quote_answer_as(const struct view *view, enum asked_as asked_as,
                            struct finding *finding)
{
    const struct dns_answer *answer = answer_as(view->facts, view->service, asked_as);

    if (answer)
        finding_quote_answer(finding, view->facts->plan.services[view->service].host, answer);
}

void quote_behind_stub(const struct view *view, struct finding *finding)
{
    quote_answer_as(view, ASKED_UPSTREAM, finding);
}

/* --- EDNS0, time --- */

/* Answers of other names came with EDNS0: then a packet was lost. */
static bool serves_edns(const struct facts *facts, const char *server)
{
    for (size_t i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_answers; j++) {
            const struct dns_answer *answer = &facts->endpoints[i].answers[j];
            if (answer->asked_as == ASKED_CONFIGURED && answer->step.outcome == OUTCOME_OK &&
                strcmp(answer->server, server) == 0)
                return true;
        }
    return false;
}

/* Without EDNS0 a configured server answers the same question. */
bool where_edns_is_not_served(const struct view *view)
{
    const struct dns_answer *plain = answer_as(view->facts, view->service, ASKED_PLAIN);

    return answers_only_as(view->facts, view->service, ASKED_PLAIN) &&
           !serves_edns(view->facts, plain->server);
}

void quote_without_edns(const struct view *view, struct finding *finding)
{
    if (view->facts->resolvers.by_tcp)
        finding_evidence(finding, "%s has `options use-vc`: the agent asks by TCP",
                         view->facts->resolvers.file);
    quote_answer_as(view, ASKED_PLAIN, finding);
}

bool when_answers_are_too_late(const struct view *view)
{
    return !names_lookup(view->facts, view->service).decided;
}

bool when_aaaa_is_not_answered(const struct view *view)
{
    const struct endpoint_facts *endpoint = &view->facts->endpoints[view->service];
    bool silent = false, answers = false;

    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        const struct dns_answer *answer = &endpoint->answers[i];
        silent |= answer->family == FAMILY_IPV6 && answer->step.failure == FAILURE_TIMEOUT;
        answers |= answer->family == FAMILY_IPV4 && answer->n_addresses > 0;
    }
    return silent && answers;
}

bool when_dead_servers_come_first(const struct view *view)
{
    return names_lookup(view->facts, view->service).dead_first;
}

void quote_late_answers(const struct view *view, struct finding *finding)
{
    if (when_dead_servers_come_first(view))
        quote_silent_server(view, finding);
    for (struct each it = {0}; view_each(view, RUNG_RESOLVE, &it);) {
        const struct endpoint_facts *endpoint = &view->facts->endpoints[it.service];
        for (int32_t i = 0; i < endpoint->n_answers; i++)
            if (endpoint->answers[i].asked_as == ASKED_CONFIGURED &&
                endpoint->answers[i].step.took_ms >= DNS_SLOW_MS)
                finding_quote_answer(finding, view->facts->plan.services[it.service].host,
                                     &endpoint->answers[i]);
    }
    const int attempts = (int)view->facts->resolvers.attempts;
    finding_evidence(finding, "the agent gives each server %d s, %d times",
                     (int)facts_dns_patience_ms(view->facts) / 1000, attempts > 0 ? attempts : 2);
    if (view->facts->endpoints[view->service].n_searched > 0)
        finding_evidence(finding, "of the search list it asks for %d names before the host's own",
                         (int)view->facts->endpoints[view->service].n_searched);
}
