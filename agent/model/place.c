/* SPDX-License-Identifier: Apache-2.0
 *
 * Prefix arithmetic on the bytes of an address; both families the same way.
 */
#include "model/place.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

struct bytes {
    unsigned char byte[16];
    unsigned int n_bits; /* 32 or 128 */
};

static bool parse(const char *text, struct bytes *to)
{
    memset(to, 0, sizeof(*to));
    if (inet_pton(AF_INET, text, to->byte) == 1) {
        to->n_bits = 32;
        return true;
    }
    to->n_bits = 128;
    return inet_pton(AF_INET6, text, to->byte) == 1;
}

static bool same_prefix(const struct bytes *a, const struct bytes *b, unsigned int n_bits)
{
    if (a->n_bits != b->n_bits || n_bits > a->n_bits)
        return false;
    unsigned int whole = n_bits / 8, rest = n_bits % 8;
    if (memcmp(a->byte, b->byte, whole) != 0)
        return false;
    if (rest == 0)
        return true;
    unsigned int mask = 0xffu << (8 - rest);
    return ((unsigned int)(a->byte[whole] ^ b->byte[whole]) & mask) == 0;
}

static bool parse_block(const char *cidr, struct bytes *block, unsigned int *n_bits)
{
    char text[ADDRESS_SIZE];
    uint64_t bits;

    if (!text_set(text, sizeof(text), "%s", cidr))
        return false;
    char *slash = strchr(text, '/');
    if (!slash)
        return false;
    *slash = '\0';
    if (!parse(text, block) || !text_number(slash + 1, block->n_bits, &bits))
        return false;
    *n_bits = (unsigned int)bits;
    return true;
}

bool place_in_cidr(const char *address, const char *cidr)
{
    struct bytes a, block;
    unsigned int n_bits;

    return parse(address, &a) && parse_block(cidr, &block, &n_bits) &&
           same_prefix(&a, &block, n_bits);
}

bool place_is_vpc_block(const char *cidr)
{
    struct bytes block;
    unsigned int n_bits;

    return parse_block(cidr, &block, &n_bits) &&
           (block.n_bits == 32 ? n_bits >= 16 && n_bits <= 28 : n_bits >= 44 && n_bits <= 64);
}

static bool in_any(const char *address, const char (*blocks)[ADDRESS_SIZE], int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        if (place_in_cidr(address, blocks[i]))
            return true;
    return false;
}

/* RFC 1122, 3927, 4291: never an endpoint. RFC 1918, 6598, 2544, 4193: private. */
static const struct {
    const char *block;
    enum place place;
} ranges[] = {
    {"127.0.0.0/8", PLACE_LOCAL},
    {"169.254.0.0/16", PLACE_LOCAL},
    {"0.0.0.0/8", PLACE_LOCAL},
    {"::1/128", PLACE_LOCAL},
    {"fe80::/10", PLACE_LOCAL},
    {"10.0.0.0/8", PLACE_PRIVATE_ELSEWHERE},
    {"172.16.0.0/12", PLACE_PRIVATE_ELSEWHERE},
    {"192.168.0.0/16", PLACE_PRIVATE_ELSEWHERE},
    {"100.64.0.0/10", PLACE_PRIVATE_ELSEWHERE},
    {"198.18.0.0/15", PLACE_PRIVATE_ELSEWHERE},
    {"fc00::/7", PLACE_PRIVATE_ELSEWHERE},
};

/* IPv4 as an IPv6-only subnet sees it, through DNS64 and NAT64: RFC 6052 section 2.1, VPC User Guide, "DNS64 and
 * NAT64". */
#define DNS64_PREFIX "64:ff9b::/96"

enum place place_of(const struct instance_facts *instance, const char *address)
{
    struct bytes bytes;
    char inside[ADDRESS_SIZE];

    if (!parse(address, &bytes))
        return PLACE_UNKNOWN;
    if (place_in_cidr(address, DNS64_PREFIX) &&
        inet_ntop(AF_INET, bytes.byte + 12, inside, sizeof(inside)))
        return place_of(instance, inside); /* not below the prefix again */
    if (in_any(address, instance->subnet_cidrs, instance->n_subnet_cidrs))
        return PLACE_OWN_SUBNET;
    if (in_any(address, instance->vpc_cidrs, instance->n_vpc_cidrs))
        return PLACE_IN_VPC;
    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (place_in_cidr(address, ranges[i].block))
            return ranges[i].place;
    return PLACE_PUBLIC;
}

bool place_are_neighbours(const struct instance_facts *instance, const char *a, const char *b)
{
    struct bytes left, right, block;
    unsigned int n_bits;

    if (!parse(a, &left) || !parse(b, &right) || left.n_bits != right.n_bits)
        return false;
    for (int32_t i = 0; i < instance->n_subnet_cidrs; i++)
        if (parse_block(instance->subnet_cidrs[i], &block, &n_bits) && block.n_bits == left.n_bits)
            return same_prefix(&left, &right, n_bits);
    return same_prefix(&left, &right, left.n_bits == 32 ? 24 : 64);
}

bool place_resolver_of(const char *cidr, char to[ADDRESS_SIZE])
{
    struct bytes base;
    unsigned int n_bits;

    if (!parse_block(cidr, &base, &n_bits) || base.n_bits != 32)
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
