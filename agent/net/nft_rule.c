/* SPDX-License-Identifier: Apache-2.0
 *
 * One rule against one packet, bit by bit: a register keeps which of its bits are known, so that a
 * comparison with what is not known is a maybe, and an expression without a row here is one too.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <netinet/in.h>
#include <string.h>

#include "net/nft_private.h"

enum { REGISTER_BYTES = 64, TCP_AT = 40, LONGEST_LOAD = 16, NFT_NAME_BYTES = 16 };

struct evaluation {
    const struct nft_dump *dump;
    const struct nft_packet *packet;
    unsigned char family;
    struct piece table;
    int *steps;
    unsigned char value[REGISTER_BYTES];
    unsigned char known[REGISTER_BYTES];
    enum rule_end end;
    struct piece chain;
};

/* Where a register begins: four of 16 bytes, or sixteen of 4, the same bytes. -1: no such one. */
static int register_at(struct piece number, size_t n)
{
    uint32_t name = nft_number(number);
    uint32_t at = name >= NFT_REG32_00  ? (name - NFT_REG32_00) * 4
                  : name >= NFT_REG_1 ? (name - NFT_REG_1) * 16
                                      : REGISTER_BYTES;

    return n <= REGISTER_BYTES && at <= REGISTER_BYTES - n ? (int)at : -1;
}

/* Without `known`: n bytes of which nothing is known. */
static void load(struct evaluation *on, struct piece to, const void *value,
                 const unsigned char *known, size_t n)
{
    int at = register_at(to, n);

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

static enum match not(enum match match)
{
    return MATCH_YES - match;
}

/* Are the register's first bytes these? */
static enum match compare(const struct evaluation *on, int at, struct piece with)
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

/* As memcmp() does, in *order. False when bits that decide are not known. */
static bool compare_order(const struct evaluation *on, int at, struct piece with, int *order)
{
    *order = 0;
    for (size_t i = 0; i < with.n && *order == 0; i++) {
        if (on->known[(size_t)at + i] != 0xff)
            return false;
        *order = on->value[(size_t)at + i] - with.bytes[i];
    }
    return true;
}

static struct piece data_value(struct piece data)
{
    struct piece in[NFT_MAX_ATTRIBUTES];

    nft_attributes(data, in);
    return in[NFTA_DATA_VALUE];
}

/* --- expressions --- */

typedef enum match judge(struct evaluation *on, const struct piece *in);

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
    size_t start = base == NFT_PAYLOAD_TRANSPORT_HEADER ? TCP_AT : 0;
    size_t room = sizeof(on->packet->header) - start;
    bool ours = base == NFT_PAYLOAD_TRANSPORT_HEADER || base == NFT_PAYLOAD_NETWORK_HEADER;

    if (!in[NFTA_PAYLOAD_DREG].bytes)
        return MATCH_YES; /* it writes */
    if (ours && n <= LONGEST_LOAD && at <= room && n <= room - at)
        load(on, in[NFTA_PAYLOAD_DREG], on->packet->header + start + at,
             on->packet->known + start + at, n);
    else
        load(on, in[NFTA_PAYLOAD_DREG], NULL, NULL, n <= REGISTER_BYTES ? n : REGISTER_BYTES);
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

/* The SYN opens a connection, its answer belongs to one: nf_conntrack's words for them. */
static uint32_t connection_state(const struct nft_packet *packet)
{
    return NF_CT_STATE_BIT(packet->incoming ? IP_CT_ESTABLISHED : IP_CT_NEW);
}

static enum match judge_ct(struct evaluation *on, const struct piece *in)
{
    const uint32_t state = connection_state(on->packet);

    if (nft_number(in[NFTA_CT_KEY]) == NFT_CT_STATE)
        load(on, in[NFTA_CT_DREG], &state, NULL, sizeof(state));
    else
        load(on, in[NFTA_CT_DREG], NULL, NULL, LONGEST_LOAD);
    return MATCH_YES;
}

static enum match judge_bitwise(struct evaluation *on, const struct piece *in)
{
    uint32_t n = nft_number(in[NFTA_BITWISE_LEN]);
    struct piece mask = data_value(in[NFTA_BITWISE_MASK]), flip = data_value(in[NFTA_BITWISE_XOR]);
    unsigned char value[LONGEST_LOAD], known[LONGEST_LOAD];
    int at = register_at(in[NFTA_BITWISE_SREG], n);

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
    struct piece with = data_value(in[NFTA_CMP_DATA]);
    int at = register_at(in[NFTA_CMP_SREG], with.n), order;
    uint32_t op = nft_number(in[NFTA_CMP_OP]);

    if (at < 0 || with.n == 0)
        return MATCH_MAYBE;
    if (op == NFT_CMP_EQ || op == NFT_CMP_NEQ)
        return op == NFT_CMP_EQ ? compare(on, at, with) : not(compare(on, at, with));
    if (!compare_order(on, at, with, &order))
        return MATCH_MAYBE;
    const bool holds[] = {
        [NFT_CMP_LT] = order < 0, [NFT_CMP_LTE] = order <= 0, [NFT_CMP_GT] = order > 0,
        [NFT_CMP_GTE] = order >= 0};
    return op > NFT_CMP_GTE ? MATCH_MAYBE : holds[op] ? MATCH_YES : MATCH_NO;
}

static enum match judge_range(struct evaluation *on, const struct piece *in)
{
    struct piece from = data_value(in[NFTA_RANGE_FROM_DATA]), to = data_value(in[NFTA_RANGE_TO_DATA]);
    int at = register_at(in[NFTA_RANGE_SREG], from.n), above, below;

    if (at < 0 || from.n == 0 || from.n != to.n || !compare_order(on, at, from, &above) ||
        !compare_order(on, at, to, &below))
        return MATCH_MAYBE;
    enum match match = above >= 0 && below <= 0 ? MATCH_YES : MATCH_NO;
    return nft_number(in[NFTA_RANGE_OP]) == NFT_RANGE_NEQ ? not(match) : match;
}

/* --- sets --- */

/* One message's elements. An interval begins with an element and ends before the next one that is
 * marked as an end: the greatest element that is not above the key decides. */
static enum match search_elements(const struct evaluation *on, int at, size_t n, bool intervals,
                                  struct piece list, struct piece *best, bool *ends)
{
    struct piece item, in[NFT_MAX_ATTRIBUTES];
    enum match match = MATCH_NO;
    unsigned type;
    int order;

    while (nft_next(&list, &type, &item)) {
        if (++*on->steps > NFT_MAX_STEPS)
            return MATCH_MAYBE;
        nft_attributes(item, in);
        struct piece key = data_value(in[NFTA_SET_ELEM_KEY]);
        if (key.n != n || in[NFTA_SET_ELEM_KEY_END].bytes || in[NFTA_SET_ELEM_EXPR].bytes ||
            in[NFTA_SET_ELEM_EXPRESSIONS].bytes)
            return MATCH_MAYBE; /* a catch-all, a concatenation, a limit */
        if (!intervals) {
            enum match same = compare(on, at, key);
            match = same > match ? same : match;
            continue;
        }
        bool end = nft_number(in[NFTA_SET_ELEM_FLAGS]) & NFT_SET_ELEM_INTERVAL_END;
        if (!compare_order(on, at, key, &order))
            return MATCH_MAYBE;
        int above = order < 0 || !best->bytes ? 1 : memcmp(key.bytes, best->bytes, n);
        if (order < 0 || above < 0 || (above == 0 && end))
            continue;
        *best = key;
        *ends = end;
    }
    return match;
}

static enum match search_set(const struct evaluation *on, struct piece name, int at, size_t n,
                             bool intervals)
{
    struct piece in[NFT_MAX_ATTRIBUTES], best = {NULL, 0};
    enum match match = MATCH_NO;
    unsigned char family;
    size_t from = 0;
    bool ends = false;

    while (nft_message(on->dump, &from, NFT_MSG_NEWSETELEM, &family, in)) {
        ++*on->steps;
        if (family != on->family || !nft_same(in[NFTA_SET_ELEM_LIST_TABLE], on->table) ||
            !nft_same(in[NFTA_SET_ELEM_LIST_SET], name))
            continue;
        enum match found = search_elements(on, at, n, intervals, in[NFTA_SET_ELEM_LIST_ELEMENTS],
                                           &best, &ends);
        match = found > match ? found : match;
    }
    return best.bytes && !ends && match == MATCH_NO ? MATCH_YES : match;
}

static enum match judge_lookup(struct evaluation *on, const struct piece *in)
{
    const uint32_t beyond = NFT_SET_MAP | NFT_SET_OBJECT | NFT_SET_CONCAT | NFT_SET_EVAL;
    struct piece set[NFT_MAX_ATTRIBUTES];
    unsigned char family;
    size_t from = 0;

    if (in[NFTA_LOOKUP_DREG].bytes) {
        memset(on->known, 0, sizeof(on->known));
        on->end = RULE_ANYTHING; /* a verdict map */
        return MATCH_MAYBE;
    }
    while (nft_message(on->dump, &from, NFT_MSG_NEWSET, &family, set)) {
        uint32_t n = nft_number(set[NFTA_SET_KEY_LEN]), flags = nft_number(set[NFTA_SET_FLAGS]);
        int at = register_at(in[NFTA_LOOKUP_SREG], n);
        ++*on->steps;
        if (family != on->family || !nft_same(set[NFTA_SET_TABLE], on->table) ||
            !nft_same(set[NFTA_SET_NAME], in[NFTA_LOOKUP_SET]))
            continue;
        if (at < 0 || n == 0 || (flags & beyond))
            return MATCH_MAYBE;
        enum match match = search_set(on, set[NFTA_SET_NAME], at, n, flags & NFT_SET_INTERVAL);
        return nft_number(in[NFTA_LOOKUP_FLAGS]) & NFT_LOOKUP_F_INV ? not(match) : match;
    }
    return MATCH_MAYBE;
}

/* --- iptables-nft: what it has no expression for --- */

static enum match in_ports(const struct nft_packet *packet, size_t at, const uint16_t ports[2])
{
    const unsigned char *bytes = packet->header + TCP_AT + at;
    unsigned port = (unsigned)bytes[0] << 8 | bytes[1];

    if (ports[0] == 0 && ports[1] == 0xffff)
        return MATCH_YES;
    if (packet->known[TCP_AT + at] != 0xff)
        return MATCH_MAYBE;
    return port >= ports[0] && port <= ports[1] ? MATCH_YES : MATCH_NO;
}

static enum match judge_xt_tcp(const struct nft_packet *packet, struct piece info)
{
    struct xt_tcp tcp;

    if (info.n < sizeof(tcp))
        return MATCH_MAYBE;
    memcpy(&tcp, info.bytes, sizeof(tcp));
    enum match source = in_ports(packet, 0, tcp.spts), destination = in_ports(packet, 2, tcp.dpts);
    bool flags = (packet->header[TCP_AT + 13] & tcp.flg_mask) == tcp.flg_cmp;
    source = tcp.invflags & XT_TCP_INV_SRCPT ? not(source) : source;
    destination = tcp.invflags & XT_TCP_INV_DSTPT ? not(destination) : destination;
    enum match match = source < destination ? source : destination;
    if (flags == (bool)(tcp.invflags & XT_TCP_INV_FLAGS))
        match = MATCH_NO;
    return tcp.option && match == MATCH_YES ? MATCH_MAYBE : match;
}

static enum match judge_xt_conntrack(const struct nft_packet *packet, struct piece info)
{
    struct xt_conntrack_mtinfo3 of;

    if (info.n < sizeof(of))
        return MATCH_MAYBE;
    memcpy(&of, info.bytes, sizeof(of));
    if (of.match_flags & ~(XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS))
        return MATCH_MAYBE;
    enum match match = of.state_mask & connection_state(packet) ? MATCH_YES : MATCH_NO;
    return of.invert_flags & XT_CONNTRACK_STATE ? not(match) : match;
}

static enum match judge_match(struct evaluation *on, const struct piece *in)
{
    if (nft_text_is(in[NFTA_MATCH_NAME], "comment"))
        return MATCH_YES;
    if (nft_text_is(in[NFTA_MATCH_NAME], "tcp"))
        return judge_xt_tcp(on->packet, in[NFTA_MATCH_INFO]);
    if (nft_text_is(in[NFTA_MATCH_NAME], "conntrack") && nft_number(in[NFTA_MATCH_REV]) == 3)
        return judge_xt_conntrack(on->packet, in[NFTA_MATCH_INFO]);
    return MATCH_MAYBE;
}

static enum match judge_target(struct evaluation *on, const struct piece *in)
{
    static const struct {
        const char *name;
        enum rule_end end;
    } targets[] = {
        {"DROP", RULE_DROP},         {"ACCEPT", RULE_ACCEPT}, {"REJECT", RULE_ACCEPT},
        {"MASQUERADE", RULE_ACCEPT}, {"SNAT", RULE_ACCEPT},   {"LOG", RULE_NOTHING},
        {"NFLOG", RULE_NOTHING},     {"MARK", RULE_NOTHING},  {"CONNMARK", RULE_NOTHING},
        {"TCPMSS", RULE_NOTHING},
    };

    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        if (!nft_text_is(in[NFTA_TARGET_NAME], targets[i].name))
            continue;
        on->end = targets[i].end;
        return MATCH_YES;
    }
    on->end = RULE_ANYTHING;
    return MATCH_MAYBE;
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
    nft_attributes(data[NFTA_DATA_VERDICT], verdict);
    on->chain = verdict[NFTA_VERDICT_CHAIN];
    switch ((int32_t)nft_number(verdict[NFTA_VERDICT_CODE])) {
    case NF_DROP: /* also where no code is */
        on->end = verdict[NFTA_VERDICT_CODE].bytes ? RULE_DROP : RULE_ANYTHING;
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
    {"lookup", judge_lookup},
    {"immediate", judge_immediate},
    {"match", judge_match},
    {"target", judge_target},
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

enum match nft_rule_judge(const struct nft_dump *dump, const struct nft_packet *packet,
                          unsigned char family, struct piece table, struct piece list,
                          int *steps, enum rule_end *end, struct piece *chain)
{
    struct evaluation on = {
        .dump = dump, .packet = packet, .family = family, .table = table, .steps = steps};
    enum match match = MATCH_YES;
    struct piece expression;
    unsigned type;

    while (match != MATCH_NO && nft_next(&list, &type, &expression)) {
        ++*steps;
        enum match one = judge_expression(&on, expression);
        match = one < match ? one : match;
    }
    if (list.n > 0 && match == MATCH_YES)
        match = MATCH_MAYBE; /* the rest does not parse */
    *end = on.end;
    *chain = on.chain;
    return match;
}
