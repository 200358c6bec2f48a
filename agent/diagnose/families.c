/* SPDX-License-Identifier: Apache-2.0
 *
 * Counting by family. What is silent in one family is compared with what connects in the other one
 * in the same place: an interface that is down, or a network ACL, would have silenced both.
 */
#include "diagnose/families.h"

#include <string.h>

#include "diagnose/checks.h"
#include "diagnose/look.h"
#include "diagnose/reach.h"

struct tried {
    int32_t n; /* on the ladder, tried or not */
    int32_t ok;
    int32_t failed;
    int32_t untried;
    int32_t silent;
    int32_t answered; /* with a refusal, or in another way that is no silence */
    int32_t own_ok, own_silent;
    int32_t elsewhere_ok, elsewhere_silent;
};

enum family families_of(const char *address)
{
    return strchr(address, ':') != NULL ? FAMILY_IPV6 : FAMILY_IPV4;
}

const char *families_name(enum family family)
{
    return family == FAMILY_IPV6 ? "IPv6" : "IPv4";
}

enum family families_other(enum family family)
{
    return family == FAMILY_IPV6 ? FAMILY_IPV4 : FAMILY_IPV6;
}

static bool has_both(const struct facts *facts)
{
    return facts->network.usable_ipv4 && facts->network.usable_ipv6;
}

static void count(const struct facts *facts, const struct address_facts *at, struct tried *to)
{
    enum ending ending = reach_ending_at(facts, at);
    bool own = at->place == PLACE_OWN_SUBNET;

    to->n++;
    if (at->steps[RUNG_CONNECT].outcome != OUTCOME_OK &&
        at->steps[RUNG_CONNECT].outcome != OUTCOME_FAILED) {
        to->untried++;
        return;
    }
    to->ok += ending == ENDING_OK;
    to->failed += ending != ENDING_OK;
    to->silent += ending == ENDING_SILENT;
    to->answered += ending == ENDING_REJECTED || ending == ENDING_OTHER;
    to->own_ok += own && ending == ENDING_OK;
    to->own_silent += own && ending == ENDING_SILENT;
    to->elsewhere_ok += !own && ending == ENDING_OK;
    to->elsewhere_silent += !own && ending == ENDING_SILENT;
}

static void look(const struct facts *facts, enum service service, enum family family,
                 struct tried *to)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    memset(to, 0, sizeof *to);
    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        if (!at->second_opinion && families_of(at->address) == family)
            count(facts, at, to);
    }
}

/* IPv6 is the agent's only since a version; an unknown version is given the benefit of the doubt, as
 * everywhere. */
static bool agent_uses(const struct facts *facts, enum family family)
{
    return family == FAMILY_IPV4 ||
           look_compare_versions(facts->agent.version, first_agent_with_dualstack) >= 0;
}

bool families_whole(const struct facts *facts, enum service service, enum family *which)
{
    for (int family = FAMILY_IPV4; has_both(facts) && family <= FAMILY_IPV6; family++) {
        struct tried tried;
        look(facts, service, (enum family)family, &tried);
        if (tried.ok == 0 || tried.ok < tried.n || !agent_uses(facts, (enum family)family))
            continue;
        *which = (enum family)family;
        return true;
    }
    return false;
}

static bool is_question_open(const struct endpoint_facts *endpoint, enum family family)
{
    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        const struct dns_answer *answer = &endpoint->answers[i];
        if (answer->asked_as == ASKED_CONFIGURED && answer->family == family &&
            answer->step.outcome == OUTCOME_UNTRIED)
            return look_deciding(endpoint, family) == NULL;
    }
    return false;
}

bool families_open(const struct facts *facts, enum service service)
{
    for (int family = FAMILY_IPV4; has_both(facts) && family <= FAMILY_IPV6; family++) {
        struct tried tried;
        look(facts, service, (enum family)family, &tried);
        if (!agent_uses(facts, (enum family)family) || tried.failed > 0)
            continue;
        if (tried.untried > 0 ||
            (tried.n == 0 && is_question_open(&facts->endpoints[service], (enum family)family)))
            return true;
    }
    return false;
}

static bool is_silent(const struct tried *tried)
{
    return tried->silent > 0 && tried->ok == 0 && tried->answered == 0;
}

/* Silence in the own subnet, where no network ACL stands between, beside a family without any failure
 * needs no address to compare it with. */
static bool differs(const struct tried *silent, const struct tried *other)
{
    if (!is_silent(silent))
        return false;
    if (silent->own_silent > 0 && other->ok > 0 && other->failed == 0)
        return true;
    return (silent->own_silent > 0 && other->own_ok > 0) ||
           (silent->elsewhere_silent > 0 && other->elsewhere_ok > 0);
}

static bool is_blocked_everywhere(const struct facts *facts, enum family family)
{
    bool seen = false;

    for (int i = 0; i < N_SERVICES; i++) {
        struct tried mine, other;
        if (!look_is_planned(facts, (enum service)i))
            continue;
        look(facts, (enum service)i, family, &mine);
        look(facts, (enum service)i, families_other(family), &other);
        if (mine.ok > 0 || mine.answered > 0)
            return false;
        seen |= differs(&mine, &other);
    }
    return seen;
}

bool families_blocked(const struct facts *facts, enum service service, enum family family)
{
    struct tried mine, other;

    if (!has_both(facts))
        return false;
    look(facts, service, family, &mine);
    look(facts, service, families_other(family), &other);
    return differs(&mine, &other) || (is_silent(&mine) && is_blocked_everywhere(facts, family));
}

int32_t families_ok(const struct facts *facts, enum service service, enum family family)
{
    struct tried tried;
    look(facts, service, family, &tried);
    return tried.ok;
}

bool families_silent(const struct facts *facts, enum service service, enum family family,
                     bool in_own_subnet)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        bool is_there = in_own_subnet
                            ? at->place == PLACE_OWN_SUBNET
                            : at->place == PLACE_PRIVATE_ELSEWHERE || at->place == PLACE_PUBLIC;
        if (!at->second_opinion && families_of(at->address) == family && is_there &&
            reach_ending_at(facts, at) == ENDING_SILENT)
            return true;
    }
    return false;
}

bool families_alone(const struct facts *facts, check_set checks, enum ending ending,
                    enum family *which)
{
    int32_t n[2] = {0}, ok[2] = {0};

    for (int i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *endpoint = &facts->endpoints[i];
        if (!(checks & check_bit(check_of_service((enum service)i, RUNG_CONNECT))))
            continue;
        for (int32_t j = 0; j < endpoint->n_addresses; j++) {
            const struct address_facts *at = &endpoint->addresses[j];
            enum ending it = reach_ending_at(facts, at);
            if (at->second_opinion || at->steps[RUNG_CONNECT].outcome == OUTCOME_UNTRIED ||
                reach_is_of_blocked_family(facts, (enum service)i, at))
                continue;
            n[families_of(at->address)] += it == ending;
            ok[families_of(at->address)] += it == ENDING_OK;
        }
    }
    *which = n[FAMILY_IPV6] > 0 ? FAMILY_IPV6 : FAMILY_IPV4;
    return has_both(facts) && n[*which] > 0 && n[families_other(*which)] == 0 &&
           ok[families_other(*which)] > 0;
}
