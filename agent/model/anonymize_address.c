/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses move without losing their neighbours: bit by bit from the left, two addresses part
 * where their originals part, so that every prefix holds the same ones as before. Where a bit need
 * not stay, it becomes that of a model address; where it must, it is pinned.
 */
#include "model/anonymize.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Ranges that an address may not leave, and none may enter (place.c). */
static const struct {
    const char *base;
    unsigned int n_prefix;
    bool as_it_is;   /* well-known or of this machine alone: nothing to hide */
    bool holds_ipv4; /* in its last 32 bits */
} ranges[] = {
    {"0.0.0.0", 8, true, false},       {"127.0.0.0", 8, true, false},
    {"169.254.0.0", 16, true, false},  {"224.0.0.0", 3, true, false},
    {"10.0.0.0", 8, false, false},     {"172.16.0.0", 12, false, false},
    {"192.168.0.0", 16, false, false}, {"100.64.0.0", 10, false, false},
    {"198.18.0.0", 15, false, false},  {"fd00:ec2::", 32, true, false},
    {"ff00::", 8, true, false},        {"::", 96, false, true},
    {"::ffff:0:0", 96, false, true},   {"64:ff9b::", 96, false, true},
    {"fe80::", 64, false, false},      {"fe80::", 10, false, false},
    {"fd00::", 8, false, false},       {"fc00::", 7, false, false},
    {"2000::", 3, false, false},
};

/* RFC 3849; and a host that is none of the first of its block. */
static const char model_ipv4[] = "0.0.0.8", model_ipv6[] = "2001:db8::8";

static bool bit_at(const struct bits *bits, unsigned int i)
{
    return (bits->byte[i / 8] >> (7 - i % 8)) & 1;
}

static void set_bit(struct bits *bits, unsigned int i, bool value)
{
    unsigned int mask = 1u << (7 - i % 8);

    bits->byte[i / 8] = (unsigned char)(value ? bits->byte[i / 8] | mask
                                              : bits->byte[i / 8] & ~mask);
}

static void clear_host_bits(struct bits *bits, unsigned int n_prefix)
{
    for (unsigned int i = n_prefix; i < bits->n; i++)
        set_bit(bits, i, false);
}

static bool has_host_bits(const struct bits *bits, unsigned int n_prefix)
{
    for (unsigned int i = n_prefix; i < bits->n; i++)
        if (bit_at(bits, i))
            return true;
    return false;
}

/* The row of the range that holds it, of those that are asked for; -1: none. */
static int find_range(const struct bits *bits, bool as_it_is, bool holds_ipv4)
{
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        struct bits base;

        if (ranges[i].as_it_is == as_it_is && ranges[i].holds_ipv4 == holds_ipv4 &&
            bits_parse(ranges[i].base, strlen(ranges[i].base), &base) && base.n == bits->n &&
            bits_shared(bits, &base) >= ranges[i].n_prefix)
            return (int)i;
    }
    return -1;
}

/* How far along `bits` the bits must stay because a range or the start of a block lies there:
 * `pinned` gets a flag for each bit. */
static void pin(const struct addresses *addresses, const struct bits *bits, bool pinned[128])
{
    memset(pinned, 0, 128 * sizeof(pinned[0]));
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        struct bits base;

        if (!bits_parse(ranges[i].base, strlen(ranges[i].base), &base) || base.n != bits->n)
            continue;
        unsigned int shared = bits_shared(bits, &base);
        for (unsigned int j = 0; j < ranges[i].n_prefix && j <= shared; j++)
            pinned[j] = true;
    }
    for (size_t i = 0; i < addresses->n_blocks; i++) {
        struct bits second = addresses->blocks[i].base; /* base + 2: the VPC's resolver */

        if (second.n != bits->n || addresses->blocks[i].n_prefix + 2 > bits->n)
            continue;
        unsigned int shared = bits_shared(bits, &second);
        set_bit(&second, second.n - 2, true);
        if (bits_shared(bits, &second) > shared)
            shared = bits_shared(bits, &second);
        for (unsigned int j = addresses->blocks[i].n_prefix; j < bits->n && j <= shared; j++)
            pinned[j] = true;
    }
}

/* The one moved before with which it shares most; NULL when there is none of its family. */
static const struct moved *nearest(const struct addresses *addresses, const struct bits *bits,
                                   unsigned int *shared)
{
    const struct moved *best = NULL;

    *shared = 0;
    for (size_t i = 0; i < addresses->n_moved; i++) {
        const struct moved *other = &addresses->moved[i];
        unsigned int n = other->from.n == bits->n ? bits_shared(bits, &other->from) : 0;

        if (other->from.n == bits->n && (!best || n > *shared)) {
            best = other;
            *shared = n;
        }
    }
    return best;
}

static void remember(struct addresses *addresses, const struct bits *from, const struct bits *to)
{
    if (addresses->n_moved == addresses->max_moved) {
        addresses->max_moved = addresses->max_moved ? 2 * addresses->max_moved : 64;
        addresses->moved = realloc(addresses->moved,
                                   addresses->max_moved * sizeof(*addresses->moved));
    }
    addresses->moved[addresses->n_moved++] = (struct moved){*from, *to};
}

static void move(struct addresses *addresses, const struct bits *from, struct bits *to)
{
    struct bits model;
    bool pinned[128];
    unsigned int shared;

    *to = *from;
    if (find_range(from, true, false) >= 0)
        return;
    if (find_range(from, false, true) >= 0) {
        struct bits inner = {.n = 32}, moved;
        memcpy(inner.byte, from->byte + 12, 4);
        move(addresses, &inner, &moved);
        memcpy(to->byte + 12, moved.byte, 4);
        return;
    }

    const struct moved *near = nearest(addresses, from, &shared);
    if (near && shared == from->n) {
        *to = near->to;
        return;
    }
    const char *text = from->n == 32 ? model_ipv4 : model_ipv6;
    if (!bits_parse(text, strlen(text), &model))
        return;
    pin(addresses, from, pinned);
    for (unsigned int i = 0; i < from->n; i++) {
        if (near && i < shared)
            set_bit(to, i, bit_at(&near->to, i));
        else if (near && i == shared)
            set_bit(to, i, !bit_at(&near->to, i));
        else if (!pinned[i])
            set_bit(to, i, bit_at(&model, i));
    }
    remember(addresses, from, to);
}

bool address_move(struct addresses *addresses, const char *text, size_t n, int n_prefix,
                  char to[ADDRESS_SIZE])
{
    struct bits from, moved;

    if (!bits_parse(text, n, &from))
        return false;
    move(addresses, &from, &moved);
    if (n_prefix >= 0 && (unsigned int)n_prefix < from.n &&
        !has_host_bits(&from, (unsigned int)n_prefix))
        clear_host_bits(&moved, (unsigned int)n_prefix);
    if (memcmp(from.byte, moved.byte, sizeof(from.byte)) == 0)
        return text_set(to, ADDRESS_SIZE, "%.*s", (int)n, text); /* in its own spelling */
    return inet_ntop(from.n == 32 ? AF_INET : AF_INET6, moved.byte, to, ADDRESS_SIZE);
}

static void add_blocks(struct addresses *addresses, const char (*cidrs)[ADDRESS_SIZE], int32_t n)
{
    for (int32_t i = 0; i < n && i < MAX_CIDRS; i++) {
        struct block block;

        if (!bits_parse_block(cidrs[i], &block.base, &block.n_prefix))
            continue;
        clear_host_bits(&block.base, block.n_prefix);
        addresses->blocks[addresses->n_blocks++] = block;
    }
}

void addresses_init(struct addresses *addresses, const struct instance_facts *instance)
{
    add_blocks(addresses, instance->vpc_cidrs, instance->n_vpc_cidrs);
    add_blocks(addresses, instance->subnet_cidrs, instance->n_subnet_cidrs);
}

void addresses_clear(struct addresses *addresses)
{
    free(addresses->moved);
    memset(addresses, 0, sizeof(*addresses));
}
