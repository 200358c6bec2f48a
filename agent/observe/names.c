/* SPDX-License-Identifier: Apache-2.0
 *
 * Every resolver is asked at once, but the one that counts is the one a stub resolver would have
 * taken: the first in resolv.conf that answers at all, NXDOMAIN included (resolver(5)).
 */
#include <string.h>

#include "base/text.h"
#include "net/dns.h"
#include "observe/climb.h"
#include "observe/hosts.h"
#include "model/place.h"

#define AMAZON_RESOLVER_IPV4 "169.254.169.253" /* VPC User Guide, "Amazon DNS server" */
#define AMAZON_RESOLVER_IPV6 "fd00:ec2::253"

/* --- which answers count --- */

static bool decisive(const struct step *step)
{
    return step->outcome == OUTCOME_OK || step->failure == FAILURE_NXDOMAIN ||
           step->failure == FAILURE_NODATA;
}

static bool family_usable(const struct network_facts *network, enum family family)
{
    if (!network->usable_ipv4 && !network->usable_ipv6)
        return family == FAMILY_IPV4; /* nothing is known: what AWS endpoints have first */
    return family == FAMILY_IPV4 ? network->usable_ipv4 : network->usable_ipv6;
}

/* The answer that the agent's resolver would take, or NULL while that is open; `settled` also when
 * every configured resolver failed. */
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
        if (decisive(&answer->step))
            return answer;
    }
    return NULL;
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
    if (climb->pinned || !answer || !family_usable(&climb->observe->facts->network, family))
        return;
    for (int i = 0; i < answer->n_addresses; i++)
        ladder_add(climb, answer->addresses[i], false);
}

/* --- asking --- */

static void second_opinion_if_useful(struct climb *climb);

static void answered(void *arg, const struct dns_answer *answer)
{
    struct asking *asking = arg;
    struct climb *climb = asking->climb;

    climb->facts->answers[asking->index] = *answer;
    if (answer->asked_as != ASKED_CONFIGURED)
        return;
    decide(climb, answer->family);
    second_opinion_if_useful(climb);
}

static void ask(struct climb *climb, const char *server, enum asked_as asked_as, enum family family)
{
    struct endpoint_facts *facts = climb->facts;
    if (facts->n_answers == MAX_ANSWERS)
        return;

    int index = facts->n_answers++;
    struct dns_answer *answer = &facts->answers[index];
    struct dns_question question = {.name = climb->plan->host,
                                    .family = family,
                                    .server = server,
                                    .asked_as = asked_as,
                                    .timeout_ms = DNS_TIMEOUT_MS};

    (void)text_set(answer->server, sizeof(answer->server), "%s", server);
    answer->asked_as = asked_as;
    answer->family = family;
    answer->rcode = -1;
    climb->askings[index] = (struct asking){climb, index};
    if (!dns_ask(climb->observe->loop, &question, answered, &climb->askings[index]))
        step_fail(&answer->step, FAILURE_INTERNAL, 0);
}

static bool was_asked(const struct endpoint_facts *facts, const char *server)
{
    for (int i = 0; i < facts->n_answers; i++)
        if (strcmp(facts->answers[i].server, server) == 0)
            return true;
    return false;
}

/* --- second opinions --- */

/* Useful when the name has no answer, or one that does not lead into the VPC. */
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

static void ask_amazon(struct climb *climb, const char *server)
{
    if (was_asked(climb->facts, server))
        return;
    ask(climb, server, ASKED_AMAZON, FAMILY_IPV4);
    if (climb->observe->facts->network.usable_ipv6)
        ask(climb, server, ASKED_AMAZON, FAMILY_IPV6);
}

static void second_opinion_if_useful(struct climb *climb)
{
    const struct facts *facts = climb->observe->facts;
    char vpc_resolver[ADDRESS_SIZE];

    if (climb->asked_amazon || !climb->observe->placed || !climb->decided[FAMILY_IPV4] ||
        !climb->decided[FAMILY_IPV6] || !doubtful(climb))
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

/* --- start --- */

static void take_pinned(struct climb *climb)
{
    char addresses[MAX_ADDRESSES][ADDRESS_SIZE];
    int n = hosts_look_up(climb->observe->request.root, climb->plan->host, addresses);

    climb->pinned = n > 0;
    for (int i = 0; i < n; i++)
        ladder_add(climb, addresses[i], true);
}

void names_start(struct climb *climb)
{
    const struct resolver_facts *resolvers = &climb->observe->facts->resolvers;

    take_pinned(climb);
    for (int i = 0; i < resolvers->n_configured; i++)
        for (int family = FAMILY_IPV4; family <= FAMILY_IPV6; family++)
            ask(climb, resolvers->configured[i], ASKED_CONFIGURED, (enum family)family);
    for (int i = 0; i < resolvers->n_upstream; i++)
        for (int family = FAMILY_IPV4; family <= FAMILY_IPV6; family++)
            ask(climb, resolvers->upstream[i], ASKED_UPSTREAM, (enum family)family);
    decide(climb, FAMILY_IPV4); /* settled at once when nothing could be asked */
    decide(climb, FAMILY_IPV6);
    second_opinion_if_useful(climb);
}

void names_placed(struct climb *climb)
{
    second_opinion_if_useful(climb);
}
