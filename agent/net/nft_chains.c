/* SPDX-License-Identifier: Apache-2.0
 *
 * A packet passes every base chain of its hooks, and one that drops is enough. What is uncertain
 * before a drop (a rule that may have accepted) makes the drop uncertain, within that base chain.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "net/address.h"
#include "net/nft_private.h"

enum { MAX_DEPTH = 16, SYN = 0x02, ACK = 0x10 };

struct walk {
    struct nft_dump *dump;
    const struct nft_packet *packet;
    struct local_drop *drop;
    unsigned char family;
    struct piece table;
    const char *hook;
    bool doubt; /* something before may have let the packet through */
    bool noted; /* drop is filled in with what may drop */
};

static const char *family_name(unsigned char family)
{
    return family == NFPROTO_INET     ? "inet"
           : family == NFPROTO_IPV4   ? "ip"
           : family == NFPROTO_IPV6   ? "ip6"
           : family == NFPROTO_NETDEV ? "netdev"
                                      : NULL;
}

static void keep_name(char to[NAME_SIZE], struct piece name)
{
    (void)text_escape(to, NAME_SIZE, (const char *)name.bytes,
                      name.bytes ? strnlen((const char *)name.bytes, name.n) : 0);
}

/* True when that settles it. */
static bool note(struct walk *walk, struct piece chain, struct piece handle, bool certain)
{
    uint64_t number = 0;

    if (walk->noted && !certain)
        return false;
    if (handle.bytes && handle.n == sizeof(number))
        memcpy(&number, handle.bytes, sizeof(number));
    number = be64toh(number);
    walk->noted = true;
    (void)text_set(walk->drop->family, NAME_SIZE, "%s", family_name(walk->family));
    (void)text_set(walk->drop->hook, NAME_SIZE, "%s", walk->hook);
    keep_name(walk->drop->table, walk->table);
    keep_name(walk->drop->chain, chain);
    walk->drop->handle = number < INT32_MAX ? (int64_t)number : INT32_MAX;
    walk->drop->certain = certain;
    return certain;
}

/* Returns RULE_NOTHING when the packet went through all of the chain's rules, RULE_ACCEPT when it
 * left, RULE_DROP when it is certainly dropped. */
static enum rule_end walk_chain(struct walk *walk, struct piece chain, int depth)
{
    struct piece in[NFT_MAX_ATTRIBUTES], target;
    unsigned char family;
    enum rule_end end;
    size_t at = 0;

    while (nft_message(walk->dump, &at, NFT_MSG_NEWRULE, &family, in)) {
        if (depth > MAX_DEPTH) {
            (void)note(walk, chain, (struct piece){NULL, 0}, false);
            walk->doubt = true;
            return RULE_ACCEPT;
        }
        if (family != walk->family || !nft_same(in[NFTA_RULE_TABLE], walk->table) ||
            !nft_same(in[NFTA_RULE_CHAIN], chain))
            continue;
        enum match match = nft_rule_judge(walk->dump, walk->packet, family, walk->table,
                                          in[NFTA_RULE_EXPRESSIONS], &end, &target);
        bool surely = match == MATCH_YES;
        if (match == MATCH_NO || end == RULE_NOTHING)
            continue;
        if ((end == RULE_DROP || end == RULE_ANYTHING) &&
            note(walk, chain, in[NFTA_RULE_HANDLE], surely && end == RULE_DROP && !walk->doubt))
            return RULE_DROP;
        if (end == RULE_JUMP || end == RULE_GOTO) {
            walk->doubt |= !surely;
            enum rule_end left = walk_chain(walk, target, depth + 1);
            if (left == RULE_DROP || (surely && left == RULE_ACCEPT))
                return left;
        }
        if (surely && end != RULE_JUMP && end != RULE_ANYTHING)
            return end == RULE_ACCEPT || end == RULE_DROP ? RULE_ACCEPT : RULE_NOTHING;
        walk->doubt |= end != RULE_JUMP && end != RULE_DROP;
    }
    return RULE_NOTHING;
}

/* --- base chains --- */

/* "output" and the like when a packet passes the chain, or NULL. */
static const char *hook_of(const struct nft_packet *packet, unsigned char family, struct piece hook,
                           bool *doubt)
{
    static const struct {
        bool netdev, incoming;
        uint32_t number;
        const char *name;
    } hooks[] = {
        {false, false, NF_INET_LOCAL_OUT, "output"},
        {false, false, NF_INET_POST_ROUTING, "postrouting"},
        {true, false, NF_NETDEV_EGRESS, "egress"},
        {true, true, NF_NETDEV_INGRESS, "ingress"},
        {false, true, NF_INET_INGRESS, "ingress"},
        {false, true, NF_INET_PRE_ROUTING, "prerouting"},
        {false, true, NF_INET_LOCAL_IN, "input"},
    };
    struct piece in[NFT_MAX_ATTRIBUTES];

    nft_attributes(hook, in);
    if (!in[NFTA_HOOK_HOOKNUM].bytes || !family_name(family) ||
        (family == NFPROTO_IPV4 && packet->ipv6) || (family == NFPROTO_IPV6 && !packet->ipv6))
        return NULL;
    if (in[NFTA_HOOK_DEV].bytes && packet->interface[0] &&
        !nft_text_is(in[NFTA_HOOK_DEV], packet->interface))
        return NULL;
    uint32_t number = nft_number(in[NFTA_HOOK_HOOKNUM]);
    *doubt = (family == NFPROTO_NETDEV || number == NF_INET_INGRESS) &&
             (!in[NFTA_HOOK_DEV].bytes || !packet->interface[0]);
    for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
        if (hooks[i].netdev == (family == NFPROTO_NETDEV) &&
            hooks[i].incoming == packet->incoming && hooks[i].number == number)
            return hooks[i].name;
    return NULL;
}

/* True when the chain certainly drops. */
static bool walk_base(struct walk *walk, const struct piece *in)
{
    const struct piece policy = in[NFTA_CHAIN_POLICY];
    enum rule_end left = walk_chain(walk, in[NFTA_CHAIN_NAME], 0);

    walk->doubt |= walk->dump->cut;
    if (left != RULE_NOTHING)
        return left == RULE_DROP;
    return policy.n == sizeof(uint32_t) && nft_number(policy) == NF_DROP &&
           note(walk, in[NFTA_CHAIN_NAME], (struct piece){NULL, 0}, !walk->doubt);
}

/* A name as an expression or a target has it, head and zero included. Elsewhere in the dump it would
 * only make less certain. */
static bool holds(const struct nft_dump *dump, unsigned short type, const char *name)
{
    const struct nlattr head = {(unsigned short)(NLA_HDRLEN + strlen(name) + 1), type};
    char bytes[NLA_HDRLEN + NAME_SIZE];
    size_t n = strlen(name) + 1;

    memcpy(bytes, &head, sizeof(head));
    memcpy(bytes + NLA_HDRLEN, name, n);
    return dump->messages.bytes &&
           memmem(dump->messages.bytes, dump->messages.used, bytes, NLA_HDRLEN + n) != NULL;
}

static bool is_dormant(struct nft_dump *dump, unsigned char family, struct piece table)
{
    struct piece in[NFT_MAX_ATTRIBUTES];
    unsigned char of;
    size_t at = 0;

    while (nft_message(dump, &at, NFT_MSG_NEWTABLE, &of, in))
        if (of == family && nft_same(in[NFTA_TABLE_NAME], table))
            return nft_number(in[NFTA_TABLE_FLAGS]) & NFT_TABLE_F_DORMANT;
    return false;
}

bool nft_judge(struct nft_dump *dump, const struct nft_packet *packet, struct local_drop *drop)
{
    struct walk walk = {.dump = dump, .packet = packet, .drop = drop};
    struct piece in[NFT_MAX_ATTRIBUTES];
    size_t at = 0;

    dump->untracked = holds(dump, NFTA_EXPR_NAME, "notrack") ||
                      holds(dump, NFTA_TARGET_NAME, "CT") ||
                      holds(dump, NFTA_TARGET_NAME, "NOTRACK");
    while (nft_message(dump, &at, NFT_MSG_NEWCHAIN, &walk.family, in)) {
        walk.hook = hook_of(packet, walk.family, in[NFTA_CHAIN_HOOK], &walk.doubt);
        walk.doubt |= dump->cut;
        walk.table = in[NFTA_CHAIN_TABLE];
        /* Address translation sees a connection's first packet only. */
        if (!walk.hook || (packet->incoming && nft_text_is(in[NFTA_CHAIN_TYPE], "nat")) ||
            is_dormant(dump, walk.family, walk.table))
            continue;
        if (walk_base(&walk, in))
            return true;
    }
    return walk.noted;
}

/* --- the packet --- */

static void put(struct nft_packet *packet, size_t at, const void *bytes, size_t n)
{
    memcpy(packet->header + at, bytes, n);
    memset(packet->known + at, 0xff, n);
}

static void put_address(struct nft_packet *packet, bool source, const char *text)
{
    struct sockaddr_storage address;
    socklen_t length;

    if (!address_parse(text, 0, &address, &length) ||
        (address.ss_family == AF_INET6) != packet->ipv6)
        return;
    if (packet->ipv6)
        put(packet, source ? 8 : 24,
            &((const struct sockaddr_in6 *)(const void *)&address)->sin6_addr, 16);
    else
        put(packet, source ? 12 : 16,
            &((const struct sockaddr_in *)(const void *)&address)->sin_addr, 4);
}

bool nft_packet_make(struct nft_packet *packet, const char *from, const char *to, uint16_t port,
                     const char *interface, bool incoming)
{
    const unsigned char tcp = IPPROTO_TCP, flags = incoming ? SYN | ACK : SYN;
    const unsigned char version = 0x45, no_fragment = 0;
    const uint16_t network_port = htons(port);
    struct sockaddr_storage address;
    socklen_t length;

    *packet = (struct nft_packet){.incoming = incoming, .user = (uint32_t)geteuid()};
    if (!address_parse(to, port, &address, &length))
        return false;
    packet->ipv6 = address.ss_family == AF_INET6;
    put_address(packet, !incoming, from);
    put_address(packet, incoming, to);
    put(packet, packet->ipv6 ? 6 : 9, &tcp, 1);
    if (!packet->ipv6) {
        put(packet, 0, &version, 1);
        put(packet, 6, &no_fragment, 1);
        put(packet, 7, &no_fragment, 1);
        packet->known[6] = 0x1f; /* not: may it be fragmented */
    }
    put(packet, NFT_TCP_AT + (incoming ? 0 : 2), &network_port, sizeof(network_port));
    put(packet, NFT_TCP_AT + 13, &flags, 1);
    packet->known[NFT_TCP_AT + 13] = 0x3f; /* not: congestion notification */
    (void)text_set(packet->interface, sizeof(packet->interface), "%s", interface);
    packet->interface_index = interface[0] ? if_nametoindex(interface) : 0;
    return true;
}
