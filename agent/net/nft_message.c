/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages and attributes of nfnetlink, never read beyond what their lengths and the dump's allow.
 */
#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "net/nft_private.h"

bool nft_next(struct piece *list, unsigned *type, struct piece *value)
{
    struct nlattr head;

    if (!list->bytes || list->n < sizeof(head))
        return false;
    memcpy(&head, list->bytes, sizeof(head));
    if (head.nla_len < NLA_HDRLEN || head.nla_len > list->n)
        return false;
    size_t whole = NLA_ALIGN(head.nla_len);
    *type = head.nla_type & NLA_TYPE_MASK;
    *value = (struct piece){list->bytes + NLA_HDRLEN, head.nla_len - (size_t)NLA_HDRLEN};
    if (whole > list->n)
        whole = list->n;
    list->bytes += whole;
    list->n -= whole;
    return true;
}

void nft_attributes(struct piece list, struct piece found[NFT_MAX_ATTRIBUTES])
{
    unsigned type;
    struct piece value;

    memset(found, 0, NFT_MAX_ATTRIBUTES * sizeof(*found));
    while (nft_next(&list, &type, &value))
        if (type < NFT_MAX_ATTRIBUTES)
            found[type] = value;
}

bool nft_step(struct nft_dump *dump, int n)
{
    if (dump->steps > NFT_MAX_STEPS - n) {
        dump->cut = true;
        return false;
    }
    dump->steps += n;
    return true;
}

bool nft_message(struct nft_dump *dump, size_t *at, unsigned type, unsigned char *family,
                 struct piece found[NFT_MAX_ATTRIBUTES])
{
    const struct buffer *all = &dump->messages;
    struct nlmsghdr head;
    const size_t heads = NLMSG_HDRLEN + sizeof(struct nfgenmsg);

    while (all->used - *at >= heads && nft_step(dump, NFT_STEPS_MESSAGE)) {
        const unsigned char *bytes = (const unsigned char *)all->bytes + *at;
        memcpy(&head, bytes, sizeof(head));
        if (head.nlmsg_len < heads || head.nlmsg_len > all->used - *at)
            break;
        size_t whole = NLMSG_ALIGN(head.nlmsg_len);
        *at = whole > all->used - *at ? all->used : *at + whole;
        if (head.nlmsg_type != ((NFNL_SUBSYS_NFTABLES << 8) | type))
            continue;
        *family = bytes[NLMSG_HDRLEN];
        nft_attributes((struct piece){bytes + heads, head.nlmsg_len - heads}, found);
        return true;
    }
    *at = all->used;
    return false;
}

uint32_t nft_number(struct piece piece)
{
    uint32_t value;

    if (!piece.bytes || piece.n != sizeof(value))
        return 0;
    memcpy(&value, piece.bytes, sizeof(value));
    return ntohl(value);
}

bool nft_text_is(struct piece piece, const char *text)
{
    size_t n = piece.bytes ? strnlen((const char *)piece.bytes, piece.n) : 0;
    return n == strlen(text) && memcmp(piece.bytes ? (const char *)piece.bytes : "", text, n) == 0;
}

bool nft_same(struct piece a, struct piece b)
{
    return a.bytes && b.bytes && a.n == b.n && memcmp(a.bytes, b.bytes, a.n) == 0;
}
