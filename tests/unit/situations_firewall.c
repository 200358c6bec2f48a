/* SPDX-License-Identifier: Apache-2.0
 *
 * A firewall on the machine itself that drops in silence, as far as the socket, the kernel's
 * counters and the rules of nf_tables tell of it.
 */
#include <string.h>

#include "base/text.h"
#include "facts_builder.h"
#include "situations.h"

#define SET(to, ...) (void)text_set(to, sizeof(to), __VA_ARGS__)

enum { REQUIRED = SERVICE_EC2MESSAGES + 1 };

static void connect_all(struct facts *facts, enum failure failure)
{
    for (int i = 0; i < REQUIRED; i++)
        break_connect(facts, (enum service)i, ALL_ADDRESSES, failure, 3504);
}

static void counted(struct facts *facts, int64_t undelivered)
{
    facts->network.delivery_read = true;
    facts->network.undelivered = undelivered;
}

static void drop_at(struct facts *facts, const char *address, const char *hook, int64_t handle,
                    bool certain)
{
    struct local_drop *drop = &facts->network.drops[facts->network.n_drops++];

    facts->network.firewall_asked = ANSWER_YES;
    SET(drop->to, "%s", address);
    SET(drop->family, "inet");
    SET(drop->table, "filter");
    SET(drop->chain, "%s", hook);
    SET(drop->hook, "%s", hook);
    drop->handle = handle;
    drop->certain = certain;
}

static void drop_all(struct facts *facts, const char *hook, int64_t handle, bool certain)
{
    for (int i = 0; i < REQUIRED; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_addresses; j++)
            drop_at(facts, facts->endpoints[i].addresses[j].address, hook, handle, certain);
}

/* As the unit sees it, without a privilege. */
static void never_sent(struct facts *facts)
{
    connect_all(facts, FAILURE_NOT_SENT);
    counted(facts, 0);
    facts->network.firewall_asked = ANSWER_NO;
}

static void never_sent_by_rule(struct facts *facts)
{
    connect_all(facts, FAILURE_NOT_SENT);
    counted(facts, 0);
    drop_all(facts, "output", 7, true);
}

static void never_sent_by_iptables(struct facts *facts)
{
    never_sent_by_rule(facts);
    for (int32_t i = 0; i < facts->network.n_drops; i++) {
        SET(facts->network.drops[i].family, "ip");
        SET(facts->network.drops[i].chain, "OUTPUT");
    }
}

/* eBPF, tc, or a rule that this program does not find. */
static void never_sent_by_nobody(struct facts *facts)
{
    never_sent(facts);
    facts->network.firewall_asked = ANSWER_YES;
}

static void answers_dropped(struct facts *facts)
{
    connect_all(facts, FAILURE_TIMEOUT);
    counted(facts, 30);
    drop_all(facts, "input", 0, true);
}

/* One service is dropped here, the others are silent further away. */
static void one_dropped_all_silent(struct facts *facts)
{
    connect_all(facts, FAILURE_TIMEOUT);
    break_connect(facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_NOT_SENT, 3504);
    counted(facts, 0);
    facts->network.firewall_asked = ANSWER_NO;
}

/* One address of each: dropped here, and silent further away. */
static void one_address_each(struct facts *facts)
{
    break_connect(facts, SERVICE_SSM, 0, FAILURE_NOT_SENT, 3504);
    break_connect(facts, SERVICE_SSM, 1, FAILURE_TIMEOUT, 3504);
    counted(facts, 0);
    facts->network.firewall_asked = ANSWER_NO;
}

static void silent_and_lost(struct facts *facts)
{
    connect_all(facts, FAILURE_TIMEOUT);
    counted(facts, 30);
    facts->network.firewall_asked = ANSWER_NO;
}

static void silent_and_a_rule_may(struct facts *facts)
{
    connect_all(facts, FAILURE_TIMEOUT);
    counted(facts, 30);
    drop_all(facts, "input", 0, false);
}

/* A rule that would drop the answers, and none came. */
static void silent_before_the_rule(struct facts *facts)
{
    connect_all(facts, FAILURE_TIMEOUT);
    counted(facts, 0);
    drop_all(facts, "input", 0, true);
}

static void one_service_silent_and_lost(struct facts *facts)
{
    break_connect(facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 3504);
    counted(facts, 10);
    facts->network.firewall_asked = ANSWER_NO;
}

static void imds_never_sent(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_NOT_SENT, 1204);
    facts->network.firewall_asked = ANSWER_NO;
}

static void imds_never_sent_by_rule(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_NOT_SENT, 1204);
    drop_at(facts, facts->imds.address, "output", 4, true);
}

static void imds_silent_beyond(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_TIMEOUT, 1204);
    counted(facts, 0);
}

const struct situation firewall_situations[] = {
    {"local-firewall--dropped", never_sent},
    {"local-firewall--rule", never_sent_by_rule},
    {"local-firewall--iptables", never_sent_by_iptables},
    {"local-firewall--unnamed", never_sent_by_nobody},
    {"local-firewall--answers", answers_dropped},
    {"several--dropped-and-silent", one_dropped_all_silent},
    {"several--dropped-and-group", one_address_each},
    {"egress-blocked--lost-here", silent_and_lost},
    {"egress-blocked--rule-may", silent_and_a_rule_may},
    {"egress-blocked--beyond", silent_before_the_rule},
    {"endpoint-blocks-443--lost-here", one_service_silent_and_lost},
    {"imds-blocked-locally--dropped", imds_never_sent},
    {"imds-blocked-locally--rule", imds_never_sent_by_rule},
    {"imds-unreachable--beyond", imds_silent_beyond},
    {NULL, NULL},
};
