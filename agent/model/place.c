/* SPDX-License-Identifier: Apache-2.0
 *
 * Prefix arithmetic on the bytes of an address; both families the same way.
 */
#include "model/place.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

bool bits_parse(const char *text, size_t n, struct bits *to)
{
    char copy[ADDRESS_SIZE];

    memset(to, 0, sizeof(*to));
    if (!text_set(copy, sizeof(copy), "%.*s", (int)n, text))
        return false;
    to->n = 32;
    if (inet_pton(AF_INET, copy, to->byte) == 1)
        return true;
    to->n = 128;
    return inet_pton(AF_INET6, copy, to->byte) == 1;
}

bool bits_parse_block(const char *cidr, struct bits *base, unsigned int *n_prefix)
{
    size_t slash = strcspn(cidr, "/");
    uint64_t n;

    if (!cidr[slash] || !bits_parse(cidr, slash, base) ||
        !text_number(cidr + slash + 1, base->n, &n))
        return false;
    *n_prefix = (unsigned int)n;
    return true;
}

unsigned int bits_shared(const struct bits *a, const struct bits *b)
{
    unsigned int i = 0;

    if (a->n != b->n)
        return 0;
    while (i < a->n && a->byte[i / 8] == b->byte[i / 8])
        i += 8;
    while (i < a->n && !((a->byte[i / 8] ^ b->byte[i / 8]) >> (7 - i % 8) & 1))
        i++;
    return i;
}

/* Both of one family, and alike in so many bits. */
static bool same_prefix(const struct bits *a, const struct bits *b, unsigned int n_prefix)
{
    return a->n == b->n && bits_shared(a, b) >= n_prefix;
}

bool bits_end_block(const struct bits *bits, const struct bits *base, unsigned int n_prefix)
{
    if (bits->n != 32 || n_prefix > 30 || !same_prefix(bits, base, n_prefix))
        return false;
    for (unsigned int i = n_prefix; i < bits->n; i++)
        if (!((bits->byte[i / 8] >> (7 - i % 8)) & 1))
            return false;
    return true;
}

static bool is_in(const struct bits *bits, const char *cidr)
{
    struct bits base;
    unsigned int n_prefix;

    return bits_parse_block(cidr, &base, &n_prefix) && same_prefix(bits, &base, n_prefix);
}

bool place_in_cidr(const char *address, const char *cidr)
{
    struct bits bits;

    return bits_parse(address, strlen(address), &bits) && is_in(&bits, cidr);
}

static bool in_networks(const char *networks, const char *address)
{
    static const struct {
        const char *name, *ipv4, *ipv6;
    } names[] = {{"any", "0.0.0.0/0", "::/0"},
                 {"localhost", "127.0.0.0/8", "::1/128"},
                 {"link-local", "169.254.0.0/16", "fe80::/64"},
                 {"multicast", "224.0.0.0/4", "ff00::/8"}};
    char word[ADDRESS_SIZE], block[ADDRESS_SIZE + 4];
    bool is_in = false;

    while (text_word(&networks, " ", word, sizeof(word))) {
        size_t i = text_find(word, &names[0].name, sizeof(names[0]), COUNT_OF(names));
        (void)text_set(block, sizeof(block), "%s%s", word,
                       strchr(word, '/')   ? ""
                       : strchr(word, ':') ? "/128"
                                           : "/32");
        is_in |= i < COUNT_OF(names) ? place_in_cidr(address, names[i].ipv4) ||
                                           place_in_cidr(address, names[i].ipv6)
                                     : place_in_cidr(address, block);
    }
    return is_in;
}

bool place_is_denied(const char *denied, const char *allowed, const char *address)
{
    return in_networks(denied, address) && !in_networks(allowed, address);
}

bool place_is_vpc_block(const char *cidr)
{
    struct bits base;
    unsigned int n_prefix;

    return bits_parse_block(cidr, &base, &n_prefix) &&
           (base.n == 32 ? n_prefix >= 16 && n_prefix <= 28 : n_prefix >= 44 && n_prefix <= 64);
}

static bool in_any(const struct bits *bits, const char (*blocks)[ADDRESS_SIZE], int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        if (is_in(bits, blocks[i]))
            return true;
    return false;
}

/* RFC 1112, 1122, 3927, 4291: never an endpoint. RFC 1918, 6598, 2544, 4193: private. */
static const struct {
    const char *block;
    enum place place;
} ranges[] = {
    {"127.0.0.0/8", PLACE_LOCAL},
    {"169.254.0.0/16", PLACE_LOCAL},
    {"0.0.0.0/8", PLACE_LOCAL},
    {"224.0.0.0/3", PLACE_LOCAL},
    {"::/127", PLACE_LOCAL},
    {"ff00::/8", PLACE_LOCAL},
    {"fe80::/10", PLACE_LOCAL},
    {"10.0.0.0/8", PLACE_PRIVATE_ELSEWHERE},
    {"172.16.0.0/12", PLACE_PRIVATE_ELSEWHERE},
    {"192.168.0.0/16", PLACE_PRIVATE_ELSEWHERE},
    {"100.64.0.0/10", PLACE_PRIVATE_ELSEWHERE},
    {"198.18.0.0/15", PLACE_PRIVATE_ELSEWHERE},
    {"fc00::/7", PLACE_PRIVATE_ELSEWHERE},
};

static bool is_broadcast(const struct bits *bits, const struct instance_facts *instance)
{
    struct bits base;
    unsigned int n_prefix;

    for (int32_t i = 0; i < instance->n_subnet_cidrs; i++)
        if (bits_parse_block(instance->subnet_cidrs[i], &base, &n_prefix) &&
            bits_end_block(bits, &base, n_prefix))
            return true;
    return false;
}

/* IPv4 as an IPv6-only subnet sees it, through DNS64 and NAT64: RFC 6052 section 2.1, VPC User Guide, "DNS64 and
 * NAT64". */
#define DNS64_PREFIX "64:ff9b::/96"

enum place place_of(const struct instance_facts *instance, const char *address)
{
    struct bits bits;
    char inside[ADDRESS_SIZE];

    if (!bits_parse(address, strlen(address), &bits))
        return PLACE_UNKNOWN;
    if (is_in(&bits, DNS64_PREFIX)) /* what is inside is not below the prefix again */
        return place_of(instance, inet_ntop(AF_INET, bits.byte + 12, inside, sizeof(inside)));
    if (is_broadcast(&bits, instance))
        return PLACE_LOCAL;
    if (in_any(&bits, instance->subnet_cidrs, instance->n_subnet_cidrs))
        return PLACE_OWN_SUBNET;
    if (in_any(&bits, instance->vpc_cidrs, instance->n_vpc_cidrs))
        return PLACE_IN_VPC;
    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (is_in(&bits, ranges[i].block))
            return ranges[i].place;
    return PLACE_PUBLIC;
}

bool place_are_neighbours(const struct instance_facts *instance, const char *a, const char *b)
{
    struct bits left, right, base;
    unsigned int n_prefix;

    if (!bits_parse(a, strlen(a), &left) || !bits_parse(b, strlen(b), &right))
        return false;
    for (int32_t i = 0; i < instance->n_subnet_cidrs; i++)
        if (bits_parse_block(instance->subnet_cidrs[i], &base, &n_prefix) && base.n == left.n)
            return same_prefix(&left, &right, n_prefix);
    return same_prefix(&left, &right, left.n == 32 ? 24 : 64);
}

bool place_resolver_of(const char *cidr, char to[ADDRESS_SIZE])
{
    struct bits base;
    unsigned int n_prefix;

    if (!bits_parse_block(cidr, &base, &n_prefix) || base.n != 32)
        return false;
    base.byte[3] = (unsigned char)(base.byte[3] + 2); /* /28 at the smallest: no carry */
    return inet_ntop(AF_INET, base.byte, to, ADDRESS_SIZE);
}

bool place_vpc_resolver(const struct instance_facts *instance, char to[ADDRESS_SIZE])
{
    for (int32_t i = 0; i < instance->n_vpc_cidrs; i++)
        if (place_resolver_of(instance->vpc_cidrs[i], to))
            return true;
    return false;
}
