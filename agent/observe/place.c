/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses are compared as bits: one loop serves both families.
 */
#include "observe/place.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

struct bits {
    int family;
    unsigned char bytes[16];
    int n_bits;
};

static bool parse(const char *text, struct bits *bits)
{
    memset(bits, 0, sizeof(*bits));
    bits->family = strchr(text, ':') ? AF_INET6 : AF_INET;
    bits->n_bits = bits->family == AF_INET6 ? 128 : 32;
    return inet_pton(bits->family, text, bits->bytes) == 1;
}

static bool same_prefix(const struct bits *a, const struct bits *b, int n_bits)
{
    int whole = n_bits / 8, rest = n_bits % 8;

    if (memcmp(a->bytes, b->bytes, (size_t)whole) != 0)
        return false;
    return rest == 0 || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

bool place_in_cidr(const char *address, const char *cidr)
{
    struct bits inside, base;
    char network[ADDRESS_SIZE];
    uint64_t n_bits;
    const char *slash = strchr(cidr, '/');

    if (!slash || !text_set(network, sizeof(network), "%.*s", (int)(slash - cidr), cidr))
        return false;
    return parse(address, &inside) && parse(network, &base) && inside.family == base.family &&
           text_number(slash + 1, (uint64_t)base.n_bits, &n_bits) &&
           same_prefix(&inside, &base, (int)n_bits);
}

static bool in_any(const char *address, const char cidrs[][ADDRESS_SIZE], int n)
{
    for (int i = 0; i < n; i++)
        if (place_in_cidr(address, cidrs[i]))
            return true;
    return false;
}

enum place place_of(const char *address, const struct instance_facts *instance)
{
    static const char local[][ADDRESS_SIZE] = {"127.0.0.0/8", "0.0.0.0/8", "169.254.0.0/16",
                                               "::1/128",     "::/128",    "fe80::/10"};
    static const char private_ranges[][ADDRESS_SIZE] = {
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15",
        "fc00::/7"};
    struct bits parsed;

    if (!parse(address, &parsed))
        return PLACE_UNKNOWN;
    if (in_any(address, instance->subnet_cidrs, instance->n_subnet_cidrs))
        return PLACE_OWN_SUBNET;
    if (in_any(address, instance->vpc_cidrs, instance->n_vpc_cidrs))
        return PLACE_IN_VPC;
    if (in_any(address, local, sizeof(local) / sizeof(local[0])))
        return PLACE_LOCAL;
    if (in_any(address, private_ranges, sizeof(private_ranges) / sizeof(private_ranges[0])))
        return PLACE_PRIVATE_ELSEWHERE;
    return PLACE_PUBLIC;
}

bool place_vpc_resolver(const struct instance_facts *instance, char to[ADDRESS_SIZE])
{
    for (int i = 0; i < instance->n_vpc_cidrs; i++) {
        char network[ADDRESS_SIZE];
        struct bits base;

        (void)text_set(network, sizeof(network), "%.*s",
                       (int)strcspn(instance->vpc_cidrs[i], "/"), instance->vpc_cidrs[i]);
        if (!parse(network, &base) || base.family != AF_INET)
            continue;
        base.bytes[3] = (unsigned char)(base.bytes[3] + 2); /* /28 at the smallest: no carry */
        return inet_ntop(AF_INET, base.bytes, to, ADDRESS_SIZE) != NULL;
    }
    return false;
}
