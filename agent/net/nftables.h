/* SPDX-License-Identifier: Apache-2.0
 *
 * Which rule of nf_tables on this machine drops a TCP packet, or may drop it: asked when connect()
 * was silent and something says that a packet was lost on this machine. iptables-nft's rules are
 * nf_tables' too. Reading takes CAP_NET_ADMIN; nothing is changed and no packet is sent.
 * Source: linux/netfilter/nf_tables.h; nft(8).
 */
#ifndef NET_NFTABLES_H
#define NET_NFTABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "model/wire.h"

enum { NFT_MAX_DUMP_BYTES = 2 * 1024 * 1024, NFT_MAX_SETS = 64 };

/* Messages of nfnetlink as the kernel dumped them, aligned as malloc() does. */
struct nft_dump {
    struct buffer messages;
    bool cut;       /* there is more than was read or looked at: what is not found may be there */
    bool untracked; /* a rule keeps connections from being tracked: their state is not known */
    int steps;      /* taken in looking at it: a bound on time, whatever rules there are */
};

/* Tables, chains, rules, sets and the elements of the sets that rules look into. Returns 0 or errno:
 * EPERM is what an unprivileged process gets, EAGAIN when it took until until_ms (monotonic). Takes
 * some milliseconds where there are thousands of rules. */
int nft_dump_read(struct nft_dump *dump, int64_t until_ms);
void nft_dump_clear(struct nft_dump *dump);

/* The packet: the SYN of a connection of ours, or the SYN and ACK that answers it. What is not known
 * of it (our port, for one) makes a rule that asks for it uncertain. */
struct nft_packet {
    bool ipv6;
    bool incoming; /* the answer */
    unsigned char known[64];
    unsigned char header[64];  /* of IP, and of TCP from 40 on */
    char interface[NAME_SIZE]; /* where it leaves or enters; empty: not known */
    uint32_t interface_index;
    uint32_t user;
};

/* `from` is this machine's address or empty, `to` and port the endpoint's. False: not an address. */
bool nft_packet_make(struct nft_packet *packet, const char *from, const char *to, uint16_t port,
                     const char *interface, bool incoming);

/* The first chain that certainly drops the packet, or else the first that may. False: none does,
 * unless the dump is cut, or is by now: all packets together may take so many steps and no more.
 * `drop->to` is left alone. Pure. */
bool nft_judge(struct nft_dump *dump, const struct nft_packet *packet, struct local_drop *drop);

#endif
