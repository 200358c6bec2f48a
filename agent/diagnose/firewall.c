/* SPDX-License-Identifier: Apache-2.0
 *
 * A rule alone proves nothing where nothing was lost on this machine: the silence is then further
 * away, and the rule at most the next fault.
 */
#include "diagnose/firewall.h"

#include <string.h>

#include "base/text.h"
#include "diagnose/remedy.h"

/* The chain that drops what goes to an address or comes from it; NULL: none is known. */
static const struct local_drop *find(const struct facts *facts, const char *address)
{
    const struct network_facts *network = &facts->network;

    for (int32_t i = 0; i < network->n_drops && i < MAX_DROPS; i++)
        if (strcmp(network->drops[i].to, address) == 0)
            return &network->drops[i];
    return NULL;
}

enum loss firewall_loss(const struct facts *facts, const char *address, const struct step *connect)
{
    const struct network_facts *network = &facts->network;
    const struct local_drop *drop = find(facts, address);
    const bool counted = network->delivery_read && strchr(address, ':') == NULL;

    if (connect->outcome != OUTCOME_FAILED)
        return LOSS_UNKNOWN;
    if (connect->failure == FAILURE_NOT_SENT)
        return LOSS_PROVEN;
    if (connect->failure != FAILURE_TIMEOUT)
        return LOSS_UNKNOWN;
    if (counted && network->undelivered <= 0)
        return LOSS_NONE;
    if (drop != NULL)
        return drop->certain ? LOSS_PROVEN : LOSS_MAYBE;
    if (network->firewall_asked == ANSWER_YES && !network->legacy_tables &&
        network->n_drops < MAX_DROPS)
        return LOSS_NONE; /* none of the rules drops it */
    return counted ? LOSS_MAYBE : LOSS_UNKNOWN;
}

/* --- evidence --- */

static bool same_rule(const struct local_drop *a, const struct local_drop *b)
{
    return a->handle == b->handle && strcmp(a->family, b->family) == 0 &&
           strcmp(a->table, b->table) == 0 && strcmp(a->chain, b->chain) == 0;
}

static void add(const struct facts *facts, const char *address, const struct step *connect,
                struct firewall_quotes *quotes)
{
    const struct local_drop *drop = find(facts, address);

    if (firewall_loss(facts, address, connect) != LOSS_PROVEN)
        return;
    quotes->dropped = true;
    quotes->came_in |= connect->failure == FAILURE_TIMEOUT;
    quotes->unnamed |= drop == NULL && facts->network.n_drops < MAX_DROPS;
    for (int i = 0; drop != NULL && i < quotes->n; i++)
        if (same_rule(quotes->drop[i], drop))
            return;
    if (drop != NULL)
        quotes->drop[quotes->n++] = drop; /* no more of them than facts have */
}

static bool explains_connect(const struct finding *finding, int service)
{
    return finding->explains & check_bit(check_of_service((enum service)service, RUNG_CONNECT));
}

void firewall_collect(const struct facts *facts, const struct finding *finding,
                      struct firewall_quotes *quotes)
{
    *quotes = (struct firewall_quotes){0};
    if (finding->explains & check_bit(CHECK_IMDS_CONNECT))
        add(facts, facts->imds.address, &facts->imds.connect, quotes);
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; explains_connect(finding, i) && j < facts->endpoints[i].n_addresses;
             j++)
            add(facts, facts->endpoints[i].addresses[j].address,
                &facts->endpoints[i].addresses[j].steps[RUNG_CONNECT], quotes);
}

static void quote_drop(const struct local_drop *drop, struct finding *finding)
{
    char what[NAME_SIZE];

    if (drop->handle > 0)
        (void)text_set(what, sizeof what, "rule with handle %d", (int)drop->handle);
    else
        (void)text_set(what, sizeof what, "policy drop");
    finding_evidence(finding, "%s: table %s %s, chain %s, %s (hook %s)",
                     drop->certain ? "nftables drops it" : "nftables may drop it", drop->family,
                     drop->table, drop->chain, what, drop->hook);
}

static void quote_lost(const struct facts *facts, struct finding *finding)
{
    if (facts->network.delivery_read && facts->network.undelivered > 0)
        finding_evidence(finding, "%lld packets came in meanwhile that no program got",
                         (long long)facts->network.undelivered);
}

void firewall_quote(const struct facts *facts, const struct firewall_quotes *quotes,
                    struct finding *finding)
{
    const struct network_facts *network = &facts->network;

    for (int i = 0; i < quotes->n && i < 3; i++)
        quote_drop(quotes->drop[i], finding);
    if (quotes->came_in)
        quote_lost(facts, finding);
    if (!quotes->unnamed)
        return;
    finding_evidence(finding, "the kernel could not send: something on this machine drops it");
    if (network->legacy_tables)
        finding_evidence(finding, "iptables-legacy has tables here");
    if (network->firewall_asked == ANSWER_NO)
        finding_evidence(finding, "which rule, only root may read");
    else if (network->firewall_asked == ANSWER_YES)
        finding_evidence(finding, "no rule of nftables drops it");
}

/* --- how to mend it --- */

static const char *known(const char *value, const char *placeholder)
{
    return text_only(value, "-._:/@+=,") && value[0] != '-' ? value : placeholder;
}

static void remedy_note(struct finding *finding, const char *note)
{
    (void)text_set(finding->notes[finding->n_commands], NOTE_SIZE, "%s", note);
}

#define remedy_command(finding, ...) \
    (void)text_set((finding)->commands[(finding)->n_commands++], COMMAND_SIZE, __VA_ARGS__)

/* The tables and chains that iptables-nft makes: what nft adds to them, it cannot list. */
static bool is_iptables(const struct local_drop *drop)
{
    static const char *const tables[] = {"filter", "mangle", "raw", "security"};

    if (strcmp(drop->family, "ip") != 0 && strcmp(drop->family, "ip6") != 0)
        return false;
    for (size_t i = 0; i < N_OF(tables); i++)
        if (strcmp(drop->table, tables[i]) == 0)
            return drop->chain[0] < 'a';
    return false;
}

/* Of what comes back only what opens no connection: whoever sends from this port could open one else.
 * Before the input hook a connection may have no state yet.
 * `only`: an address that the new rule is limited to; NULL: the port alone. */
static void mend_drop(const struct local_drop *drop, int port, const char *only,
                      struct finding *finding)
{
    const char *table = known(drop->table, "<table>");
    const char *chain = known(drop->chain, "<chain>");
    const char *family = known(drop->family, "<family>");
    const bool back = strcmp(drop->hook, "input") == 0 || strcmp(drop->hook, "prerouting") == 0 ||
                      strcmp(drop->hook, "ingress") == 0;
    const char *program = strcmp(drop->family, "ip6") == 0 ? "ip6tables" : "iptables";
    const char way = back ? 's' : 'd';
    char nft[NAME_SIZE * 2] = "", iptables[NAME_SIZE * 2] = "";

    if (only != NULL) {
        (void)text_set(nft, sizeof nft, "%s %caddr %s ", strchr(only, ':') ? "ip6" : "ip", way,
                       only);
        (void)text_set(iptables, sizeof iptables, "-%c %s ", way, only);
    }

    if (is_iptables(drop)) {
        remedy_command(finding, "sudo %s -t %s -S %s", program, table, chain);
        remedy_command(finding, "sudo %s -t %s -I %s %s-p tcp --%cport %d %s-j ACCEPT", program,
                       table, chain, iptables, way, port, back ? "! --syn " : "");
        return;
    }
    remedy_command(finding, "sudo nft --handle list chain %s %s %s", family, table, chain);
    remedy_command(finding, "sudo nft insert rule %s %s %s %stcp %cport %d %saccept", family, table,
                   chain, nft, way, port,
                   strcmp(drop->hook, "input") == 0 ? "ct state established "
                   : back                           ? "tcp flags ack "
                                                    : "");
}

static void mend(const struct facts *facts, const struct firewall_quotes *quotes, int port,
                 const char *only, struct finding *finding)
{
    const struct network_facts *network = &facts->network;

    for (int i = 0; i < quotes->n && i < 2; i++)
        mend_drop(quotes->drop[i], port, only, finding);
    if (quotes->n > 0)
        return;
    if (network->firewall_asked != ANSWER_YES)
        remedy_command(finding, FIREWALL_LOOK);
    if (network->firewall_asked == ANSWER_NO) {
        remedy_note(finding, "names the rule");
        remedy_command(finding, "sudo ssm-preflight check");
    }
    if (network->legacy_tables)
        remedy_command(finding, "sudo iptables-legacy-save; sudo ip6tables-legacy-save");
    if (network->firewall_asked == ANSWER_YES)
        remedy_command(finding, "sudo bpftool cgroup tree; tc filter show dev %s egress",
                       known(network->interfaces[0].name, "<interface>"));
}

void firewall_mend(const struct facts *facts, struct finding *finding)
{
    struct firewall_quotes quotes;

    firewall_collect(facts, finding, &quotes);
    if (!quotes.dropped)
        return;
    if (strcmp(finding->code, "local-firewall") == 0)
        mend(facts, &quotes, 443, NULL, finding);
    else if (strcmp(finding->code, "imds-blocked-locally") == 0)
        mend(facts, &quotes, 80, known(facts->imds.address, "169.254.169.254"), finding);
}

/* --- the alternative --- */

bool firewall_offer(const struct facts *facts, struct finding *finding)
{
    const struct local_drop *drop = NULL;
    enum loss most = LOSS_UNKNOWN;

    for (int i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *endpoint = &facts->endpoints[i];
        if (!explains_connect(finding, i))
            continue;
        for (int32_t j = 0; j < endpoint->n_addresses; j++) {
            const struct address_facts *at = &endpoint->addresses[j];
            enum loss loss = firewall_loss(facts, at->address, &at->steps[RUNG_CONNECT]);
            if (loss == LOSS_PROVEN) /* local-firewall has it */
                continue;
            most = loss > most ? loss : most;
            drop = drop == NULL && loss == LOSS_MAYBE ? find(facts, at->address) : drop;
        }
    }
    if (most != LOSS_MAYBE)
        return false;
    if (drop != NULL)
        quote_drop(drop, finding);
    quote_lost(facts, finding);
    finding_alternative(facts, finding, "local-firewall");
    return true;
}
