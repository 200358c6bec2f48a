/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the register in the set? Sets of plain keys and of intervals are searched; maps, concatenations
 * and sets that rules add to are not understood.
 */
#include <string.h>

#include "net/nft_private.h"

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
        if (!nft_step(on->dump, NFT_STEPS_ELEMENT))
            return MATCH_MAYBE;
        nft_attributes(item, in);
        struct piece key = nft_data_value(in[NFTA_SET_ELEM_KEY]);
        if (key.n != n || in[NFTA_SET_ELEM_KEY_END].bytes || in[NFTA_SET_ELEM_EXPR].bytes ||
            in[NFTA_SET_ELEM_EXPRESSIONS].bytes)
            return MATCH_MAYBE; /* a catch-all, a concatenation, a limit */
        if (!intervals) {
            enum match same = nft_compare(on, at, key);
            match = same > match ? same : match;
            continue;
        }
        bool end = nft_number(in[NFTA_SET_ELEM_FLAGS]) & NFT_SET_ELEM_INTERVAL_END;
        if (!nft_compare_order(on, at, key, &order))
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
        if (family != on->family || !nft_same(in[NFTA_SET_ELEM_LIST_TABLE], on->table) ||
            !nft_same(in[NFTA_SET_ELEM_LIST_SET], name))
            continue;
        enum match found = search_elements(on, at, n, intervals, in[NFTA_SET_ELEM_LIST_ELEMENTS],
                                           &best, &ends);
        match = found > match ? found : match;
    }
    if (best.bytes && !ends && match == MATCH_NO)
        match = MATCH_YES;
    return on->dump->cut ? MATCH_MAYBE : match;
}

enum match nft_judge_lookup(struct evaluation *on, const struct piece *in)
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
        int at = nft_register(in[NFTA_LOOKUP_SREG], n);
        if (family != on->family || !nft_same(set[NFTA_SET_TABLE], on->table) ||
            !nft_same(set[NFTA_SET_NAME], in[NFTA_LOOKUP_SET]))
            continue;
        if (at < 0 || n == 0 || (flags & beyond))
            return MATCH_MAYBE;
        enum match match = search_set(on, set[NFTA_SET_NAME], at, n, flags & NFT_SET_INTERVAL);
        return nft_number(in[NFTA_LOOKUP_FLAGS]) & NFT_LOOKUP_F_INV ? match_not(match) : match;
    }
    return MATCH_MAYBE;
}
