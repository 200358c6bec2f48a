/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules are not read: whether they are at work, the socket and the counters say, and which rule it
 * is, only the administrator's own tools tell for all of nf_tables, iptables, tc and eBPF.
 */
#include "diagnose/firewall.h"

#include <string.h>

/* Whoever answers an address that stays silent repeats the answer while connect() waits. */
enum { ANSWERS_EACH = 2 };

static bool is_ipv6(const char *address)
{
    return strchr(address, ':') != NULL;
}

static bool is_silent(const struct step *connect)
{
    return connect->outcome == OUTCOME_FAILED && connect->failure == FAILURE_TIMEOUT;
}

static bool is_answer(const struct step *connect)
{
    return connect->outcome == OUTCOME_OK ||
           (connect->outcome == OUTCOME_FAILED &&
            (connect->failure == FAILURE_REFUSED || connect->failure == FAILURE_RESET));
}

/* Other traffic that was dropped is as many packets only by chance; and where some address answers,
 * answers get in. */
static bool all_answers_lost(const struct facts *facts)
{
    int64_t n_silent = is_silent(&facts->imds.connect) && !is_ipv6(facts->imds.address);

    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_addresses; j++) {
            const struct address_facts *at = &facts->endpoints[i].addresses[j];
            if (at->second_opinion)
                continue;
            if (is_answer(&at->steps[RUNG_CONNECT]))
                return false;
            n_silent += is_silent(&at->steps[RUNG_CONNECT]) && !is_ipv6(at->address);
        }
    return facts->network.undelivered >= ANSWERS_EACH * n_silent;
}

enum loss firewall_loss(const struct facts *facts, const char *address, const struct step *connect)
{
    if (connect->outcome == OUTCOME_FAILED && connect->failure == FAILURE_NOT_SENT)
        return LOSS_PROVEN;
    if (!is_silent(connect) || !facts->network.delivery_read || is_ipv6(address))
        return LOSS_UNKNOWN;
    if (facts->network.undelivered <= 0)
        return LOSS_NONE;
    return all_answers_lost(facts) ? LOSS_LIKELY : LOSS_MAYBE;
}

bool firewall_lost(const struct facts *facts, const struct finding *finding, enum loss loss)
{
    if ((finding->explains & check_bit(CHECK_IMDS_CONNECT)) &&
        firewall_loss(facts, facts->imds.address, &facts->imds.connect) == loss)
        return true;
    for (int i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *endpoint = &facts->endpoints[i];
        if (!(finding->explains & check_bit(check_of_service((enum service)i, RUNG_CONNECT))))
            continue;
        for (int32_t j = 0; j < endpoint->n_addresses; j++)
            if (firewall_loss(facts, endpoint->addresses[j].address,
                              &endpoint->addresses[j].steps[RUNG_CONNECT]) == loss)
                return true;
    }
    return false;
}

static void quote_lost(const struct facts *facts, struct finding *finding)
{
    finding_evidence(finding, "%lld packets came in meanwhile that no program got",
                     (long long)facts->network.undelivered);
}

void firewall_quote(const struct facts *facts, struct finding *finding)
{
    if (firewall_lost(facts, finding, LOSS_PROVEN))
        finding_evidence(finding, "the kernel could not send: something on this machine drops it");
    if (firewall_lost(facts, finding, LOSS_LIKELY))
        quote_lost(facts, finding);
}

bool firewall_offer(const struct facts *facts, struct finding *finding)
{
    if (!firewall_lost(facts, finding, LOSS_MAYBE))
        return false;
    quote_lost(facts, finding);
    finding_alternative(facts, finding, "local-firewall");
    return true;
}
