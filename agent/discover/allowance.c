/* SPDX-License-Identifier: Apache-2.0
 *
 * Asked at the end of a round in which IMDS or a resolver was silent or busy: 1,024 packets a second
 * is all that an interface may send to link-local services, and what is more vanishes (EC2 User
 * Guide, "Monitor network performance for ENA settings"). The counter counts since boot.
 */
#include "discover/machine.h"
#include "net/ethtool.h"

static bool is_doubtful(const struct step *step)
{
    return step->outcome == OUTCOME_FAILED &&
           (step->failure == FAILURE_TIMEOUT || step->failure == FAILURE_THROTTLED);
}

static bool any_doubtful(const struct facts *facts)
{
    if (is_doubtful(&facts->imds.connect) || is_doubtful(&facts->imds.token) ||
        is_doubtful(&facts->imds.identity) || is_doubtful(&facts->role.attached) ||
        is_doubtful(&facts->role.credentials))
        return true;
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_answers; j++)
            if (is_doubtful(&facts->endpoints[i].answers[j].step))
                return true;
    return false;
}

void allowance_read(struct facts *facts)
{
    struct network_facts *network = &facts->network;

    if (!any_doubtful(facts))
        return;
    for (int32_t i = 0; i < network->n_interfaces; i++) {
        uint64_t dropped = 0;
        if (!ethtool_counter(network->interfaces[i].name, ETHTOOL_LINK_LOCAL, &dropped))
            continue;
        network->interfaces[i].allowance_read = true;
        network->interfaces[i].link_local_dropped = dropped > INT64_MAX ? INT64_MAX
                                                                        : (int64_t)dropped;
    }
}
