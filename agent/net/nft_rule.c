/* SPDX-License-Identifier: Apache-2.0
 *
 * One rule against one packet, bit by bit: a register keeps which of its bits are known, so that a
 * comparison with what is not known is a maybe, and an expression without a row here is one too.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/in.h>
#include <string.h>

#include "net/nft_private.h"

enum { LONGEST_LOAD = 16, NFT_NAME_BYTES = 16 };

/* Four of 16 bytes, or sixteen of 4: the same bytes. */
int nft_register(struct piece number, size_t n)
{
    uint32_t name = nft_number(number);
    uint32_t at = name >= NFT_REG32_00 ? (name - NFT_REG32_00) * 4
                  : name >= NFT_REG_1  ? (name - NFT_REG_1) * 16
                                       : NFT_REGISTER_BYTES;

    return n <= NFT_REGISTER_BYTES && at <= NFT_REGISTER_BYTES - n ? (int)at : -1;
}

/* Without `known`: n bytes of which nothing is known. */
static void load(struct evaluation *on, struct piece to, const void *value,
                 const unsigned char *known, size_t n)
{
    int at = nft_register(to, n);

    if (at < 0)
        return;
    memset(on->known + at, 0, n);
    if (!value)
        return;
    memcpy(on->value + at, value, n);
    if (known)
        memcpy(on->known + at, known, n);
    else
        memset(on->known + at, 0xff, n);
}

enum match nft_compare(const struct evaluation *on, int at, struct piece with)
{
    enum match match = MATCH_YES;

    for (size_t i = 0; i < with.n; i++) {
        unsigned char known = on->known[(size_t)at + i];
        if ((on->value[(size_t)at + i] ^ with.bytes[i]) & known)
            return MATCH_NO;
        if (known != 0xff)
            match = MATCH_MAYBE;
    }
    return match;
}

bool nft_compare_order(const struct evaluation *on, int at, struct piece with, int *order)
{
    *order = 0;
    for (size_t i = 0; i < with.n && *order == 0; i++) {
        if (on->known[(size_t)at + i] != 0xff)
            return false;
        *order = on->value[(size_t)at + i] - with.bytes[i];
    }
    return true;
}

struct piece nft_data_value(struct piece data)
{
    struct piece in[NFT_MAX_ATTRIBUTES];

    nft_attributes(data, in);
    return in[NFTA_DATA_VALUE];
}

/* --- expressions --- */

static enum match nothing(struct evaluation *on, const struct piece *in)
{
    (void)on;
    (void)in;
    return MATCH_YES;
}

static enum match judge_payload(struct evaluation *on, const struct piece *in)
{
    uint32_t base = nft_number(in[NFTA_PAYLOAD_BASE]), at = nft_number(in[NFTA_PAYLOAD_OFFSET]);
    uint32_t n = nft_number(in[NFTA_PAYLOAD_LEN]);
    size_t start = base == NFT_PAYLOAD_TRANSPORT_HEADER ? NFT_TCP_AT : 0;
    size_t room = sizeof(on->packet->header) - start;
    bool ours = base == NFT_PAYLOAD_TRANSPORT_HEADER || base == NFT_PAYLOAD_NETWORK_HEADER;

    if (start == 0 && !on->packet->ipv6)
        room = NFT_TCP_AT; /* where TCP is only behind a head of IPv6 */
    if (!in[NFTA_PAYLOAD_DREG].bytes)
        return MATCH_YES; /* it writes */
    if (ours && n <= LONGEST_LOAD && at <= room && n <= room - at)
        load(on, in[NFTA_PAYLOAD_DREG], on->packet->header + start + at,
             on->packet->known + start + at, n);
    else
        load(on, in[NFTA_PAYLOAD_DREG], NULL, NULL,
             n <= NFT_REGISTER_BYTES ? n : NFT_REGISTER_BYTES);
    return MATCH_YES;
}

static enum match judge_meta(struct evaluation *on, const struct piece *in)
{
    const struct nft_packet *packet = on->packet;
    const struct piece to = in[NFTA_META_DREG];
    const uint32_t key = nft_number(in[NFTA_META_KEY]);
    const bool here = (key == NFT_META_IIFNAME || key == NFT_META_IIF) == packet->incoming;
    const unsigned char family = packet->ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4, tcp = IPPROTO_TCP;
    const uint16_t protocol = htons(packet->ipv6 ? 0x86dd : 0x0800);
    char name[NFT_NAME_BYTES] = "";
    uint32_t index = here ? packet->interface_index : 0;

    if (!to.bytes)
        return MATCH_YES; /* it sets */
    if (here)
        (void)strncpy(name, packet->interface, sizeof(name) - 1);
    const bool unknown = here && !packet->interface[0];
    if (key == NFT_META_NFPROTO)
        load(on, to, &family, NULL, sizeof(family));
    else if (key == NFT_META_L4PROTO)
        load(on, to, &tcp, NULL, sizeof(tcp));
    else if (key == NFT_META_PROTOCOL)
        load(on, to, &protocol, NULL, sizeof(protocol));
    else if (key == NFT_META_IIFNAME || key == NFT_META_OIFNAME)
        load(on, to, unknown ? NULL : name, NULL, sizeof(name));
    else if (key == NFT_META_IIF || key == NFT_META_OIF)
        load(on, to, unknown ? NULL : &index, NULL, sizeof(index));
    else if (key == NFT_META_SKUID && !packet->incoming)
        load(on, to, &packet->user, NULL, sizeof(packet->user));
    else
        load(on, to, NULL, NULL, LONGEST_LOAD);
    return MATCH_YES;
}

bool nft_connection_state(const struct evaluation *on, uint32_t *state)
{
    *state = NF_CT_STATE_BIT(on->packet->incoming ? IP_CT_ESTABLISHED : IP_CT_NEW);
    return !on->dump->untracked;
}

static enum match judge_ct(struct evaluation *on, const struct piece *in)
{
    uint32_t state;

    if (nft_number(in[NFTA_CT_KEY]) == NFT_CT_STATE && nft_connection_state(on, &state))
        load(on, in[NFTA_CT_DREG], &state, NULL, sizeof(state));
    else
        load(on, in[NFTA_CT_DREG], NULL, NULL, LONGEST_LOAD);
    return MATCH_YES;
}

static enum match judge_bitwise(struct evaluation *on, const struct piece *in)
{
    uint32_t n = nft_number(in[NFTA_BITWISE_LEN]);
    struct piece mask = nft_data_value(in[NFTA_BITWISE_MASK]),
                 flip = nft_data_value(in[NFTA_BITWISE_XOR]);
    unsigned char value[LONGEST_LOAD], known[LONGEST_LOAD];
    int at = nft_register(in[NFTA_BITWISE_SREG], n);

    if (at < 0 || n > LONGEST_LOAD || mask.n != n || flip.n != n ||
        nft_number(in[NFTA_BITWISE_OP]) != NFT_BITWISE_BOOL) {
        load(on, in[NFTA_BITWISE_DREG], NULL, NULL, n <= LONGEST_LOAD ? n : LONGEST_LOAD);
        return MATCH_YES;
    }
    for (uint32_t i = 0; i < n; i++) {
        value[i] = (on->value[(uint32_t)at + i] & mask.bytes[i]) ^ flip.bytes[i];
        known[i] = on->known[(uint32_t)at + i] | (unsigned char)~mask.bytes[i];
    }
    load(on, in[NFTA_BITWISE_DREG], value, known, n);
    return MATCH_YES;
}

static enum match judge_cmp(struct evaluation *on, const struct piece *in)
{
    struct piece with = nft_data_value(in[NFTA_CMP_DATA]);
    int at = nft_register(in[NFTA_CMP_SREG], with.n), order;
    uint32_t op = nft_number(in[NFTA_CMP_OP]);

    if (at < 0 || with.n == 0)
        return MATCH_MAYBE;
    if (op == NFT_CMP_EQ || op == NFT_CMP_NEQ)
        return op == NFT_CMP_EQ ? nft_compare(on, at, with) : match_not(nft_compare(on, at, with));
    if (!nft_compare_order(on, at, with, &order))
        return MATCH_MAYBE;
    const bool holds[] = {
        [NFT_CMP_LT] = order<0, [NFT_CMP_LTE] = order <= 0, [NFT_CMP_GT] = order> 0,
        [NFT_CMP_GTE] = order >= 0};
    return op > NFT_CMP_GTE ? MATCH_MAYBE : holds[op] ? MATCH_YES : MATCH_NO;
}

static enum match judge_range(struct evaluation *on, const struct piece *in)
{
    struct piece from = nft_data_value(in[NFTA_RANGE_FROM_DATA]),
                 to = nft_data_value(in[NFTA_RANGE_TO_DATA]);
    int at = nft_register(in[NFTA_RANGE_SREG], from.n), above, below;

    if (at < 0 || from.n == 0 || from.n != to.n || !nft_compare_order(on, at, from, &above) ||
        !nft_compare_order(on, at, to, &below))
        return MATCH_MAYBE;
    enum match match = above >= 0 && below <= 0 ? MATCH_YES : MATCH_NO;
    return nft_number(in[NFTA_RANGE_OP]) == NFT_RANGE_NEQ ? match_not(match) : match;
}

/* --- what becomes of the packet --- */

static enum match judge_immediate(struct evaluation *on, const struct piece *in)
{
    struct piece data[NFT_MAX_ATTRIBUTES], verdict[NFT_MAX_ATTRIBUTES];

    nft_attributes(in[NFTA_IMMEDIATE_DATA], data);
    if (nft_number(in[NFTA_IMMEDIATE_DREG]) != NFT_REG_VERDICT) {
        load(on, in[NFTA_IMMEDIATE_DREG], data[NFTA_DATA_VALUE].bytes, NULL,
             data[NFTA_DATA_VALUE].n);
        return MATCH_YES;
    }
    if (on->end == RULE_ANYTHING)
        return MATCH_MAYBE; /* what was not understood may have decided before this */
    nft_attributes(data[NFTA_DATA_VERDICT], verdict);
    on->chain = verdict[NFTA_VERDICT_CHAIN];
    switch ((int32_t)nft_number(verdict[NFTA_VERDICT_CODE])) {
    case NF_DROP: /* also where no code is */
        on->end = verdict[NFTA_VERDICT_CODE].n == sizeof(uint32_t) ? RULE_DROP : RULE_ANYTHING;
        return MATCH_YES;
    case NF_ACCEPT:
        on->end = RULE_ACCEPT;
        return MATCH_YES;
    case NFT_JUMP:
        on->end = RULE_JUMP;
        return MATCH_YES;
    case NFT_GOTO:
        on->end = RULE_GOTO;
        return MATCH_YES;
    case NFT_RETURN:
        on->end = RULE_RETURN;
        return MATCH_YES;
    case NFT_CONTINUE:
        return MATCH_YES;
    default: /* NF_QUEUE: another program decides */
        on->end = RULE_ANYTHING;
        return MATCH_MAYBE;
    }
}

static enum match accepts(struct evaluation *on, const struct piece *in)
{
    (void)in;
    on->end = RULE_ACCEPT;
    return MATCH_YES;
}

/* A test of something that this program does not look at; it decides nothing else. */
static enum match unknown(struct evaluation *on, const struct piece *in)
{
    (void)in;
    memset(on->known, 0, sizeof(on->known)); /* whatever it loads */
    return MATCH_MAYBE;
}

static const struct {
    const char *name;
    judge *judge;
} expressions[] = {
    {"payload", judge_payload},
    {"meta", judge_meta},
    {"cmp", judge_cmp},
    {"bitwise", judge_bitwise},
    {"range", judge_range},
    {"ct", judge_ct},
    {"lookup", nft_judge_lookup},
    {"immediate", judge_immediate},
    {"match", nft_judge_match},
    {"target", nft_judge_target},
    {"counter", nothing},
    {"log", nothing},
    {"last", nothing},
    {"reject", accepts}, /* connect() would have been told */
    {"nat", accepts},
    {"masq", accepts},
    {"redir", accepts},
    {"notrack", nothing},
    {"limit", unknown},
    {"quota", unknown},
    {"connlimit", unknown},
    {"dynset", unknown},
    {"fib", unknown},
    {"rt", unknown},
    {"socket", unknown},
    {"exthdr", unknown},
    {"byteorder", unknown},
    {"objref", unknown},
};

static enum match judge_expression(struct evaluation *on, struct piece expression)
{
    struct piece in[NFT_MAX_ATTRIBUTES], data[NFT_MAX_ATTRIBUTES];

    nft_attributes(expression, in);
    nft_attributes(in[NFTA_EXPR_DATA], data);
    for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++)
        if (nft_text_is(in[NFTA_EXPR_NAME], expressions[i].name))
            return expressions[i].judge(on, data);
    on->end = RULE_ANYTHING;
    return unknown(on, data);
}

enum match nft_rule_judge(struct nft_dump *dump, const struct nft_packet *packet,
                          unsigned char family, struct piece table, struct piece list,
                          enum rule_end *end, struct piece *chain)
{
    struct evaluation on = {.dump = dump, .packet = packet, .family = family, .table = table};
    enum match match = MATCH_YES;
    struct piece expression;
    unsigned type;

    while (match != MATCH_NO && nft_step(dump, NFT_STEPS_EXPRESSION) &&
           nft_next(&list, &type, &expression)) {
        enum match one = judge_expression(&on, expression);
        match = one < match ? one : match;
    }
    if (list.n > 0 && match == MATCH_YES)
        match = MATCH_MAYBE; /* the rest does not parse, or takes too long */
    *end = on.end;
    *chain = on.chain;
    return match;
}
