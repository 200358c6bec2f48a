/* SPDX-License-Identifier: Apache-2.0
 *
 * What iptables-nft has no expression for: matches and targets of xtables, by their names, with the
 * layouts of linux/netfilter/xt_*.h. What is not in here may do anything.
 */
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <string.h>

#include "net/nft_private.h"

static enum match in_ports(const struct nft_packet *packet, size_t at, const uint16_t ports[2])
{
    const unsigned char *bytes = packet->header + NFT_TCP_AT + at;
    unsigned port = (unsigned)bytes[0] << 8 | bytes[1];

    if (ports[0] == 0 && ports[1] == 0xffff)
        return MATCH_YES;
    if (packet->known[NFT_TCP_AT + at] != 0xff)
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
    bool flags = (packet->header[NFT_TCP_AT + 13] & tcp.flg_mask) == tcp.flg_cmp;
    source = tcp.invflags & XT_TCP_INV_SRCPT ? match_not(source) : source;
    destination = tcp.invflags & XT_TCP_INV_DSTPT ? match_not(destination) : destination;
    enum match match = source < destination ? source : destination;
    if (flags == (bool)(tcp.invflags & XT_TCP_INV_FLAGS))
        match = MATCH_NO;
    return tcp.option && match == MATCH_YES ? MATCH_MAYBE : match;
}

static enum match judge_xt_conntrack(const struct evaluation *on, struct piece info)
{
    struct xt_conntrack_mtinfo3 of;
    uint32_t state;

    if (info.n < sizeof(of) || !nft_connection_state(on, &state))
        return MATCH_MAYBE;
    memcpy(&of, info.bytes, sizeof(of));
    if (of.match_flags & ~(XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS))
        return MATCH_MAYBE;
    enum match match = of.state_mask & state ? MATCH_YES : MATCH_NO;
    return of.invert_flags & XT_CONNTRACK_STATE ? match_not(match) : match;
}

enum match nft_judge_match(struct evaluation *on, const struct piece *in)
{
    if (nft_text_is(in[NFTA_MATCH_NAME], "comment"))
        return MATCH_YES;
    if (nft_text_is(in[NFTA_MATCH_NAME], "tcp"))
        return judge_xt_tcp(on->packet, in[NFTA_MATCH_INFO]);
    if (nft_text_is(in[NFTA_MATCH_NAME], "conntrack") && nft_number(in[NFTA_MATCH_REV]) == 3)
        return judge_xt_conntrack(on, in[NFTA_MATCH_INFO]);
    return MATCH_MAYBE;
}

enum match nft_judge_target(struct evaluation *on, const struct piece *in)
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
