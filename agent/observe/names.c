/* SPDX-License-Identifier: Apache-2.0
 *
 * The servers that the agent would ask in turn are asked at once. The answer that counts is the one that the
 * agent would take: of the first server in resolv.conf that says yes or no (resolver(5)), within the time
 * that the agent gives it. What does not matter any more is not waited for.
 */
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "model/place.h"
#include "net/address.h"
#include "net/dial.h"
#include "net/dns.h"
#include "observe/climb.h"

#define AMAZON_RESOLVER_IPV4 "169.254.169.253" /* VPC User Guide, "Amazon DNS server" */
#define AMAZON_RESOLVER_IPV6 "fd00:ec2::253"

/* --- /etc/hosts: read anew for each name, a short file and no state to keep --- */

static bool line_names(char *line, const char *name, char address[ADDRESS_SIZE])
{
    struct sockaddr_storage parsed;
    socklen_t length;

    line[strcspn(line, "#\r")] = '\0';
    const char *first = text_next(&line, " \t");
    if (!first || !address_parse(first, 0, &parsed, &length))
        return false;
    for (const char *word; (word = text_next(&line, " \t"));)
        if (strncasecmp(word, name, strlen(name)) == 0 &&
            (!word[strlen(name)] || strcmp(word + strlen(name), ".") == 0))
            return text_set(address, ADDRESS_SIZE, "%s", first);
    return false;
}

int hosts_look_up(const char *root, const char *name, char addresses[][ADDRESS_SIZE])
{
    LOCAL_BUFFER contents = {.max_bytes = FILE_MAX_BYTES};
    int n = 0;

    if (file_read_as_go(root, "/etc/hosts", &contents) != 0)
        return 0;
    for (char *line, *rest = contents.bytes; n < MAX_ADDRESSES && (line = text_next(&rest, "\n"));)
        n += line_names(line, name, addresses[n]);
    return n;
}

/* --- which answers count --- */

int names_n_servers(const struct observe *observe)
{
    int n = observe->facts->resolvers.n_configured;

    return n < AGENT_NAMESERVERS ? n : AGENT_NAMESERVERS;
}

/* The answer that the agent's resolver would take, or NULL. `settled`: that will not change any more;
 * with NULL every configured resolver failed. */
static const struct dns_answer *taken_answer(const struct endpoint_facts *facts, enum family family,
                                             bool *settled)
{
    *settled = true;
    for (int i = 0; i < facts->n_answers; i++) {
        const struct dns_answer *answer = &facts->answers[i];

        if (answer->asked_as != ASKED_CONFIGURED || answer->family != family)
            continue;
        if (answer->step.outcome == OUTCOME_UNTRIED) {
            *settled = false;
            return NULL;
        }
        if (dns_decides(answer))
            return answer;
    }
    return NULL;
}

/* Where DNS goes before /etc/hosts, that has the last word. */
static void take_pinned(struct climb *climb)
{
    char addresses[MAX_ADDRESSES][ADDRESS_SIZE];
    int n = hosts_look_up(climb->observe->root, climb->plan->host, addresses);

    climb->pinned = n > 0;
    for (int i = 0; i < n; i++)
        ladder_add(climb, addresses[i], true);
}

/* No answer of this family changes anything any more. */
static void stop_waiting(struct climb *climb, enum family family)
{
    for (int i = 0; i < climb->facts->n_answers; i++)
        if (climb->askings[i].query && climb->facts->answers[i].family == family &&
            climb->facts->answers[i].asked_as != ASKED_AMAZON)
            dns_do_not_wait(climb->askings[i].query);
}

static void decide(struct climb *climb, enum family family)
{
    bool settled = false;

    if (climb->decided[family])
        return;
    const struct dns_answer *answer = taken_answer(climb->facts, family, &settled);
    if (!settled)
        return;
    climb->decided[family] = true;
    if (answer)
        stop_waiting(climb, family);
    for (int i = 0; !climb->pinned && answer && i < answer->n_addresses &&
                    network_uses(&climb->observe->facts->network, family);
         i++)
        ladder_add(climb, answer->addresses[i], false);
    ladder_widen(climb);
    if (climb->decided[FAMILY_IPV4] && climb->decided[FAMILY_IPV6] &&
        climb->facts->n_addresses == 0 &&
        climb->observe->facts->resolvers.order == LOOKUP_DNS_FILES)
        take_pinned(climb);
}

/* --- asking --- */

static void ask_plainly(struct climb *climb, const struct dns_answer *of);
static void send_question(struct asking *asking);

/* A server that fails is asked again by the agent (`attempts`). One that takes long to fail is not better the
 * next time. */
static bool is_asked_again(struct asking *asking, const struct dns_answer *answer)
{
    bool again = !asking->again && facts_dns_attempts(asking->climb->observe->facts) > 1 &&
                 answer->asked_as == ASKED_CONFIGURED &&
                 (answer->rcode == RCODE_SERVFAIL || answer->rcode == RCODE_REFUSED ||
                  (answer->rcode < 0 && answer->step.failure == FAILURE_DNS_MALFORMED)) &&
                 answer->step.took_ms < DNS_DOUBT_MS;

    asking->again |= again;
    return again;
}

/* As the agent would have it: an answer that comes too late is none. */
static void judge_time(const struct facts *facts, struct dns_answer *answer)
{
    if ((answer->asked_as == ASKED_CONFIGURED || answer->asked_as == ASKED_PLAIN) &&
        dns_decides(answer) && answer->step.took_ms >= facts_dns_patience_ms(facts))
        step_fail(&answer->step, FAILURE_SLOW, answer->step.took_ms);
}

/* --- silence. A server that nothing is heard of, by UDP to any name and by TCP, is dead, and not waited for as the
 * agent does: for it to be alive a dozen datagrams and a SYN would have to be lost where the next server
 * answers, and two dozen and two SYNs where none does. One that is only slow is waited for, since its word
 * is what the agent takes. --- */

static struct nameserver *nameserver_of(struct observe *observe, const char *server)
{
    const struct resolver_facts *resolvers = &observe->facts->resolvers;

    for (int i = 0; i < names_n_servers(observe); i++)
        if (strcmp(resolvers->configured[i], server) == 0)
            return &observe->nameservers[i];
    return NULL;
}

/* The agent goes on to the next server, if later. */
static bool next_answers(const struct endpoint_facts *facts, int i)
{
    bool answers = false;

    for (int j = i + 1; j < facts->n_answers; j++)
        answers |= facts->answers[j].asked_as == ASKED_CONFIGURED &&
                   facts->answers[j].family == facts->answers[i].family &&
                   dns_decides(&facts->answers[j]);
    return answers;
}

static bool is_waited_for(const struct climb *climb, int i)
{
    const struct dns_answer *answer = &climb->facts->answers[i];

    return answer->asked_as == ASKED_CONFIGURED && answer->step.outcome == OUTCOME_UNTRIED &&
           !climb->decided[answer->family];
}

static void knocked(void *arg, const struct dialled *dialled)
{
    struct nameserver *server = arg;

    server->listens |= dialled->fd >= 0;
    server->speaks |= server->listens || dialled->step.failure == FAILURE_REFUSED;
    if (dialled->fd >= 0)
        (void)close(dialled->fd);
}

static void knock(struct climb *climb, struct nameserver *server, const char *address)
{
    const struct dial dial = {.address = address,
                              .port = DNS_PORT,
                              .timeout_ms = DNS_PATIENCE_MS,
                              .quiet = true,
                              .owner = climb->observe};

    server->knocked_ms = loop_now_ms(climb->observe->loop);
    dial_start(climb->observe->loop, &dial, knocked, server);
}

static void look_again(void *arg);

static bool is_past(struct climb *climb, int64_t ms)
{
    struct loop *loop = climb->observe->loop;
    int64_t left_ms = ms - loop_now_ms(loop);

    if (left_ms > 0 && !climb->timers[0])
        climb->timers[0] = loop_after_quietly(loop, left_ms * 1000, look_again, climb);
    return left_ms <= 0;
}

static bool is_dead(struct climb *climb, const char *address, int32_t after_ms)
{
    struct nameserver *server = nameserver_of(climb->observe, address);

    if (!server || server->speaks)
        return false;
    if (server->knocked_ms == 0)
        knock(climb, server, address);
    return is_past(climb, server->knocked_ms + after_ms);
}

/* It has answered at once what was asked without EDNS0 and by UDP, so the name is in its memory; and nothing that was asked as the agent
 * asks, four datagrams a question, one of them since, or not even a SYN. */
static bool wants_no_edns(struct climb *climb, const char *address)
{
    const struct nameserver *server = nameserver_of(climb->observe, address);

    return server && !(server->listens && climb->observe->facts->resolvers.by_tcp) &&
           server->plain_ms > 0 && !server->answers &&
           is_past(climb, server->plain_ms + DNS_ALONE_MS);
}

static void give_up_silent(struct climb *climb)
{
    struct endpoint_facts *facts = climb->facts;
    int32_t waited_ms = (int32_t)(loop_now_ms(climb->observe->loop) - climb->asked_ms);

    for (int i = 0; i < facts->n_answers && waited_ms >= DNS_KNOCK_MS; i++) {
        const char *server = facts->answers[i].server;
        struct nameserver *nameserver = nameserver_of(climb->observe, server);
        if (nameserver && climb->askings[i].query)
            nameserver->speaks |= dns_heard(climb->askings[i].query);
        if (!is_waited_for(climb, i) ||
            !(next_answers(facts, i)
                  ? waited_ms >= DNS_PATIENCE_MS || is_dead(climb, server, DNS_DEAD_MS)
                  : climb->late &&
                        (is_dead(climb, server, DNS_ALONE_MS) || wants_no_edns(climb, server))))
            continue;
        step_fail(&facts->answers[i].step, FAILURE_TIMEOUT, waited_ms);
        if (climb->askings[i].query)
            dns_do_not_wait(climb->askings[i].query);
    }
    decide(climb, FAMILY_IPV4);
    decide(climb, FAMILY_IPV6);
    names_doubt(climb);
}

static void look_again(void *arg)
{
    struct climb *climb = arg;

    climb->timers[0] = NULL;
    give_up_silent(climb);
}

static void answered(void *arg, const struct dns_answer *answer)
{
    struct asking *asking = arg;
    struct climb *climb = asking->climb;
    struct dns_answer *to = &climb->facts->answers[asking->index];
    struct nameserver *server = nameserver_of(climb->observe, answer->server);
    bool silent = answer->rcode < 0 && answer->step.failure == FAILURE_TIMEOUT;

    asking->query = NULL;
    if (server && !silent) {
        server->speaks = true;
        server->answers |= answer->asked_as == ASKED_CONFIGURED;
        if (answer->asked_as == ASKED_PLAIN && dns_decides(answer) && server->plain_ms == 0)
            server->plain_ms = loop_now_ms(climb->observe->loop);
    }
    if (is_asked_again(asking, answer)) {
        send_question(asking);
        return;
    }
    if (to->step.outcome != OUTCOME_UNTRIED) { /* the next server was taken instead, */
        if (!dns_decides(answer))
            return;
        climb->decided[answer->family] = false; /* but the agent would have waited */
    }
    *to = *answer;
    judge_time(climb->observe->facts, to);
    if (answer->asked_as != ASKED_CONFIGURED && answer->asked_as != ASKED_PLAIN)
        return;
    if (answer->asked_as == ASKED_CONFIGURED &&
        (answer->rcode == RCODE_FORMERR || answer->rcode == RCODE_NOTIMP))
        ask_plainly(climb, to);
    give_up_silent(climb);
}

/* What comes too late for the agent is heard. */
static int32_t patience_ms(const struct climb *climb)
{
    int32_t ms = climb->observe->facts->resolvers.timeout_ms;

    return (ms > AGENT_DNS_MS ? ms : AGENT_DNS_MS) + DNS_LATE_MS;
}

static bool asks_without_edns(const struct observe *observe)
{
    const struct agent_facts *agent = &observe->facts->agent;

    return agent->no_edns && text_compare_versions(agent->version, first_agent_with_netedns0) >= 0;
}

static void send_question(struct asking *asking)
{
    struct climb *climb = asking->climb;
    struct dns_answer *answer = &climb->facts->answers[asking->index];
    enum asked_as asked_as = answer->asked_as;
    struct dns_question question = {
        .name = climb->plan->host,
        .family = answer->family,
        .server = answer->server,
        .asked_as = asked_as,
        .timeout_ms = patience_ms(climb),
        .plain = asked_as == ASKED_PLAIN ||
                 (asked_as == ASKED_CONFIGURED && asks_without_edns(climb->observe)),
        .by_tcp = climb->observe->facts->resolvers.by_tcp && asked_as == ASKED_CONFIGURED,
        .owner = climb->observe};

    if (asked_as == ASKED_AMAZON && !climb->late)
        question.timeout_ms = DNS_OPINION_MS;
    else if (asked_as == ASKED_AMAZON || asked_as == ASKED_PLAIN)
        question.timeout_ms = DNS_ALONE_MS;
    asking->query = dns_ask(climb->observe->loop, &question, answered, asking);
    if (!asking->query)
        step_fail(&answer->step, FAILURE_INTERNAL, 0);
}

static void ask(struct climb *climb, const char *server, enum asked_as asked_as, enum family family)
{
    struct endpoint_facts *facts = climb->facts;
    if (facts->n_answers == MAX_ANSWERS)
        return;

    int index = facts->n_answers++;
    struct dns_answer *answer = &facts->answers[index];

    (void)text_set(answer->server, sizeof(answer->server), "%s", server);
    answer->asked_as = asked_as;
    answer->family = family;
    answer->rcode = -1;
    climb->askings[index] = (struct asking){.climb = climb, .index = index};
    send_question(&climb->askings[index]);
}

/* Is it EDNS0 that the server cannot stand, or TCP? The agent sends nothing else. */
static void ask_plainly(struct climb *climb, const struct dns_answer *of)
{
    char server[ADDRESS_SIZE];

    for (int i = 0; i < climb->facts->n_answers; i++)
        if (climb->facts->answers[i].asked_as == ASKED_PLAIN &&
            strcmp(climb->facts->answers[i].server, of->server) == 0)
            return;
    memcpy(server, of->server, sizeof(server));
    ask(climb, server, ASKED_PLAIN, of->family);
}

static bool was_asked(const struct endpoint_facts *facts, const char *server)
{
    for (int i = 0; i < facts->n_answers; i++)
        if (strcmp(facts->answers[i].server, server) == 0)
            return true;
    return false;
}

/* --- second opinions --- */

/* True when the name has no address, or one that is not in the VPC. */
static bool doubtful(const struct climb *climb)
{
    const struct facts *facts = climb->observe->facts;
    bool private_seen = false, settled;

    for (int family = FAMILY_IPV4; family <= FAMILY_IPV6; family++) {
        const struct dns_answer *answer = taken_answer(climb->facts, (enum family)family, &settled);

        for (int i = 0; answer && i < answer->n_addresses; i++) {
            enum place place = place_of(&facts->instance, answer->addresses[i]);
            if (place == PLACE_PUBLIC || place == PLACE_LOCAL)
                return true;
            private_seen = true;
        }
    }
    return !private_seen;
}

/* Whoever is asked in the VPC's place may remember addresses of endpoints that are gone. */
static bool leads_nowhere(const struct climb *climb)
{
    const struct facts *facts = climb->observe->facts;
    const struct resolver_facts *resolvers = &facts->resolvers;
    char vpc_resolver[ADDRESS_SIZE] = "";

    (void)place_vpc_resolver(&facts->instance, vpc_resolver);
    for (int i = 0; i < resolvers->n_configured + resolvers->n_upstream; i++) {
        const char *server = i < resolvers->n_configured
                                 ? resolvers->configured[i]
                                 : resolvers->upstream[i - resolvers->n_configured];
        if (strcmp(server, AMAZON_RESOLVER_IPV4) == 0 ||
            strcmp(server, AMAZON_RESOLVER_IPV6) == 0 || strcmp(server, vpc_resolver) == 0)
            return false;
    }
    for (int i = 0; i < climb->facts->n_addresses; i++)
        if (climb->facts->addresses[i].steps[RUNG_CONNECT].outcome != OUTCOME_FAILED &&
            climb->facts->addresses[i].steps[RUNG_TLS].failure != FAILURE_WRONG_NAME)
            return false;
    return climb->facts->n_addresses > 0 && !climb->pinned;
}

static void ask_amazon(struct climb *climb, const char *server)
{
    if (was_asked(climb->facts, server))
        return;
    ask(climb, server, ASKED_AMAZON, FAMILY_IPV4);
    if (climb->observe->facts->network.usable_ipv6)
        ask(climb, server, ASKED_AMAZON, FAMILY_IPV6);
}

void names_doubt(struct climb *climb)
{
    const struct facts *facts = climb->observe->facts;
    char vpc_resolver[ADDRESS_SIZE];

    if (climb->asked_amazon || !climb->observe->placed ||
        !(doubtful(climb) || leads_nowhere(climb)) ||
        (!climb->late && (!climb->decided[FAMILY_IPV4] || !climb->decided[FAMILY_IPV6])))
        return;
    climb->asked_amazon = true;
    if (facts->network.usable_ipv4 || !facts->network.usable_ipv6) {
        ask_amazon(climb, AMAZON_RESOLVER_IPV4);
        if (place_vpc_resolver(&facts->instance, vpc_resolver))
            ask_amazon(climb, vpc_resolver);
    } else {
        ask_amazon(climb, AMAZON_RESOLVER_IPV6);
    }
}

/* --- silence --- */

static void end_of_patience(void *arg)
{
    struct climb *climb = arg;

    climb->timers[2] = NULL;
    give_up_silent(climb);
}

static void doubt_silence(void *arg)
{
    struct climb *climb = arg;
    int n = climb->facts->n_answers;

    climb->late = true;
    climb->timers[1] = NULL;
    for (int i = 0; i < n; i++)
        if (is_waited_for(climb, i))
            ask_plainly(climb, &climb->facts->answers[i]);
    give_up_silent(climb);
}

/* --- the search list --- */

bool names_search(const struct observe *observe, const char *host, int number, char to[HOST_SIZE])
{
    char domains[sizeof(observe->facts->resolvers.search)], *rest = domains;
    const char *domain;
    int n_dots = 0;

    for (const char *at = host; *at; at++)
        n_dots += *at == '.';
    (void)text_set(domains, sizeof(domains), "%s",
                   n_dots < observe->facts->resolvers.ndots ? observe->facts->resolvers.search
                                                            : "");
    do
        domain = text_next(&rest, " ");
    while (domain && (strcmp(domain, ".") == 0 || number-- != 0)); /* systemd-resolved writes "." */
    return text_set(to, HOST_SIZE, domain ? "%s.%s" : "%s", host, domain) && number <= 0;
}

struct dns_question names_question(struct observe *observe, const char *name, int server,
                                   int32_t timeout_ms)
{
    const struct network_facts *network = &observe->facts->network;

    return (struct dns_question){
        .name = name,
        .family = network->usable_ipv4 || !network->usable_ipv6 ? FAMILY_IPV4 : FAMILY_IPV6,
        .server = observe->facts->resolvers.configured[server],
        .asked_as = ASKED_CONFIGURED,
        .timeout_ms = timeout_ms,
        .plain = asks_without_edns(observe),
        .owner = observe};
}

static void ask_host(struct climb *climb);
static void ask_searched(struct climb *climb);

/* What has an address there is what the agent takes. */
static void searched(void *arg, const struct dns_answer *answer)
{
    struct climb *climb = arg;
    struct dns_answer *to = &climb->facts->answers[0];

    if (answer->n_addresses > 0) {
        *to = *answer;
        (void)names_search(climb->observe, climb->plan->host, climb->facts->n_searched, to->cname);
        climb->facts->n_answers = 1;
        climb->decided[!answer->family] = true;
        decide(climb, answer->family);
        return;
    }
    if (dns_decides(answer) || ++climb->search_server == names_n_servers(climb->observe)) {
        climb->search_server = 0;
        climb->facts->n_searched++;
    }
    ask_searched(climb);
}

static void ask_searched(struct climb *climb)
{
    const struct resolver_facts *resolvers = &climb->observe->facts->resolvers;
    char name[HOST_SIZE] = "";
    const struct dns_question question = names_question(climb->observe, name, climb->search_server,
                                                        DNS_PATIENCE_MS);

    if (climb->pinned || resolvers->n_configured == 0 || resolvers->order == LOOKUP_FILES ||
        !names_search(climb->observe, climb->plan->host, climb->facts->n_searched, name) ||
        strcmp(name, climb->plan->host) == 0 ||
        !dns_ask(climb->observe->loop, &question, searched, climb))
        ask_host(climb);
}

/* --- start --- */

static void ask_both(struct climb *climb, const char *server, enum asked_as asked_as)
{
    ask(climb, server, asked_as, FAMILY_IPV4);
    ask(climb, server, asked_as, FAMILY_IPV6);
}

static void ask_host(struct climb *climb)
{
    const struct resolver_facts *resolvers = &climb->observe->facts->resolvers;
    const bool by_dns = resolvers->order != LOOKUP_FILES;
    struct loop *loop = climb->observe->loop;

    for (int i = 0; by_dns && i < names_n_servers(climb->observe); i++)
        ask_both(climb, resolvers->configured[i], ASKED_CONFIGURED);
    if (by_dns && resolvers->n_configured == 0 && resolvers->read.failure != FAILURE_INTERNAL)
        ask_both(climb, "127.0.0.1", ASKED_CONFIGURED); /* as Go and glibc do, resolver(3) */
    for (int i = 0; i < resolvers->n_upstream && i < AGENT_NAMESERVERS; i++)
        ask_both(climb, resolvers->upstream[i], ASKED_UPSTREAM);
    climb->asked_ms = loop_now_ms(loop);
    climb->timers[0] = loop_after_quietly(loop, (int64_t)DNS_KNOCK_MS * 1000, look_again, climb);
    climb->timers[1] = loop_after_quietly(loop, (int64_t)DNS_DOUBT_MS * 1000, doubt_silence, climb);
    climb->timers[2] = loop_after_quietly(loop, (int64_t)DNS_PATIENCE_MS * 1000, end_of_patience,
                                          climb);
    decide(climb, FAMILY_IPV4); /* settled now when no resolver could be asked */
    decide(climb, FAMILY_IPV6);
    names_doubt(climb);
}

void names_start(struct climb *climb)
{
    enum lookup_order order = climb->observe->facts->resolvers.order;

    if (order == LOOKUP_FILES_DNS || order == LOOKUP_FILES)
        take_pinned(climb);
    ask_searched(climb);
}
