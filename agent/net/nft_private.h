/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to the reading of nf_tables: messages and attributes, bounded; nft_rule.c judges one rule,
 * nft_chains.c walks the chains, nftables.c asks the kernel.
 */
#ifndef NET_NFT_PRIVATE_H
#define NET_NFT_PRIVATE_H

#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/nftables.h"

/* The bytes of one attribute, without its head. */
struct piece {
    const unsigned char *bytes; /* NULL: it is not there */
    size_t n;
};

enum {
    NFT_MAX_ATTRIBUTES = 32,
    NFT_MAX_STEPS = 8 * 1000 * 1000, /* of some nanoseconds each */
    NFT_STEPS_MESSAGE = 1,
    NFT_STEPS_ELEMENT = 8,
    NFT_STEPS_EXPRESSION = 24,
};

/* False when so many steps were one too many: the dump is cut there. */
bool nft_step(struct nft_dump *dump, int n);

/* The next attribute of a list; false at its end, and where it does not parse. */
bool nft_next(struct piece *list, unsigned *type, struct piece *value);

/* The attributes of a list by their type; what is not there, or beyond, stays empty. */
void nft_attributes(struct piece list, struct piece found[NFT_MAX_ATTRIBUTES]);

/* The next message of this type ("NFT_MSG_NEWRULE") from *at on, with its family and attributes. */
bool nft_message(struct nft_dump *dump, size_t *at, unsigned type, unsigned char *family,
                 struct piece found[NFT_MAX_ATTRIBUTES]);

uint32_t nft_number(struct piece piece); /* big-endian, 32 bits; 0 when it is none */
bool nft_text_is(struct piece piece, const char *text);
bool nft_same(struct piece a, struct piece b);

/* --- one rule --- */

enum match { MATCH_NO, MATCH_MAYBE, MATCH_YES };
enum rule_end {
    RULE_NOTHING, /* on to the next rule */
    RULE_ACCEPT,  /* the packet leaves the chain: let through, or answered with a reject */
    RULE_DROP,
    RULE_JUMP,
    RULE_GOTO,
    RULE_RETURN,
    RULE_ANYTHING, /* it may drop, accept or jump: not understood */
};

enum { NFT_REGISTER_BYTES = 64, NFT_TCP_AT = 40 }; /* TCP's head in a packet's */

struct evaluation {
    struct nft_dump *dump;
    const struct nft_packet *packet;
    unsigned char family;
    struct piece table;
    unsigned char value[NFT_REGISTER_BYTES];
    unsigned char known[NFT_REGISTER_BYTES];
    enum rule_end end;
    struct piece chain;
};

/* What the rule's expressions do with the packet: whether they match, and what then becomes of it.
 * `chain` is the target of a jump. */
enum match nft_rule_judge(struct nft_dump *dump, const struct nft_packet *packet,
                          unsigned char family, struct piece table, struct piece expressions,
                          enum rule_end *end, struct piece *chain);

static inline enum match match_not(enum match match)
{
    return MATCH_YES - match;
}

/* Where a register of n bytes begins; -1: there is no such one. */
int nft_register(struct piece number, size_t n);

/* Are the register's first bytes these? */
enum match nft_compare(const struct evaluation *on, int at, struct piece with);

/* As memcmp() does, in *order. False when bits that decide are not known. */
bool nft_compare_order(const struct evaluation *on, int at, struct piece with, int *order);

struct piece nft_data_value(struct piece data);

/* The SYN opens a connection, its answer belongs to one: nf_conntrack's words for them, as bits. False
 * where the connection may not be tracked. */
bool nft_connection_state(const struct evaluation *on, uint32_t *state);

/* One expression: its attributes, by type. */
typedef enum match judge(struct evaluation *on, const struct piece *in);

judge nft_judge_lookup;                  /* nft_set.c */
judge nft_judge_match, nft_judge_target; /* nft_compat.c */

#endif
