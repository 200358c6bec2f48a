/* SPDX-License-Identifier: Apache-2.0
 *
 * The estimates learn fast at first and slowly later: few questions are asked more than ten times.
 */
#include "model/range.h"

enum {
    ESTIMATE_BITS = 12, /* of an estimate, as far as it divides the range */
    SLOWEST = 24,       /* answers after which an estimate learns no more slowly */
    LEAST = 1 << 7,     /* no answer is ruled out, in 1/65536 */
    MOST = 65536 - LEAST,
    READ_AHEAD = 4, /* bytes in `code` */
};
static const uint32_t TOP = UINT32_C(1) << 24;

void range_write(struct range *range, struct buffer *to)
{
    *range = (struct range){.range = UINT32_MAX, .to = to, .begin = to->used, .n_held = 1};
}

static uint8_t next_byte(struct range *range)
{
    size_t at = range->at++;
    return at < range->n ? range->from[at] : 0;
}

void range_read(struct range *range, const unsigned char *bytes, size_t n)
{
    *range = (struct range){.reading = true, .range = UINT32_MAX, .from = bytes, .n = n};
    for (int i = 0; i < READ_AHEAD; i++)
        range->code = range->code << 8 | next_byte(range);
}

static void put_byte(struct range *range, uint8_t byte)
{
    if (range->started)
        (void)buffer_add(range->to, (const char *)&byte, 1);
    range->started = true;
}

/* Moves the highest byte of low out, once no carry can reach it any more. */
static void shift_low(struct range *range)
{
    if (range->low < UINT64_C(0xff000000) || range->low > UINT32_MAX) {
        uint8_t carry = (uint8_t)(range->low >> 32);
        put_byte(range, (uint8_t)(range->held + carry));
        for (; range->n_held > 1; range->n_held--)
            put_byte(range, (uint8_t)(0xff + carry));
        range->held = (uint8_t)(range->low >> 24);
        range->n_held = 0;
    }
    range->n_held++;
    range->low = (range->low & 0x00ffffff) << 8;
}

static bool code_bit(struct range *range, uint32_t bound, bool bit)
{
    if (range->reading)
        bit = range->code >= bound;
    if (!bit) {
        range->range = bound;
    } else {
        range->range -= bound;
        range->code -= range->reading ? bound : 0;
        range->low += range->reading ? 0 : bound;
    }
    while (range->range < TOP) {
        range->range <<= 8;
        if (range->reading)
            range->code = range->code << 8 | next_byte(range);
        else
            shift_low(range);
    }
    return bit;
}

static void learn(struct estimate *estimate, bool bit)
{
    int32_t no = estimate->no;
    int32_t goal = bit ? 0 : 65535;

    no += (goal - no) * 2 / (2 * estimate->n + 3);
    estimate->no = (uint16_t)(no < LEAST ? LEAST : no > MOST ? MOST : no);
    if (estimate->n < SLOWEST)
        estimate->n++;
}

bool range_bit(struct range *range, struct estimate *estimate, uint16_t no_at_first, bool bit)
{
    if (estimate->no == 0) {
        estimate->no = no_at_first;
        estimate->n = 1;
    }
    uint32_t no = (uint32_t)estimate->no >> (16 - ESTIMATE_BITS);
    bit = code_bit(range, (range->range >> ESTIMATE_BITS) * (no ? no : 1), bit);
    learn(estimate, bit);
    return bit;
}

uint32_t range_raw(struct range *range, uint32_t value, int n_bits)
{
    uint32_t result = 0;

    for (int i = n_bits - 1; i >= 0; i--)
        result = result << 1 | code_bit(range, range->range >> 1, (value >> i) & 1);
    return result;
}

/* Of all numbers within the range, the one that ends in most zeros. */
static void round_low(struct range *range)
{
    uint64_t last = range->low + range->range - 1;

    for (int bits = 31; bits > 0; bits--) {
        uint64_t below = (UINT64_C(1) << bits) - 1;
        uint64_t rounded = (range->low + below) & ~below;
        if (rounded <= last) {
            range->low = rounded;
            return;
        }
    }
}

void range_finish(struct range *range)
{
    round_low(range);
    for (int i = 0; i < 5; i++)
        shift_low(range);
    while (range->to->used > range->begin && range->to->bytes[range->to->used - 1] == '\0')
        range->to->used--;
}

bool range_overran(const struct range *range)
{
    return range->reading && range->at > range->n + 2 * READ_AHEAD;
}
