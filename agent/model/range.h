/* SPDX-License-Identifier: Apache-2.0
 *
 * A range coder for single yes/no questions, each with an estimate that learns from the answers: an
 * answer that was expected costs a fraction of a bit. One function codes in both directions, so a
 * walk that writes is the walk that reads, and the two cannot drift apart.
 *
 * An own implementation, as no compression library is linked: general compressors need a few
 * hundred bytes before they gain anything, and a few hundred bytes is all that there is here.
 * The arithmetic is LZMA's (7-zip.org/sdk.html, "LZMA specification"), whole numbers only, so every
 * machine gets the same bytes.
 */
#ifndef MODEL_RANGE_H
#define MODEL_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* How likely "no" is, in 1/65536, and how many answers taught it that. Zero: never asked. */
struct estimate {
    uint16_t no;
    uint16_t n;
};

struct range {
    bool reading;
    uint32_t range;
    /* writing */
    struct buffer *to; /* not owned */
    size_t begin;      /* what `to` held before */
    uint64_t low;
    uint64_t n_held; /* bytes held back, as a carry may still change them */
    uint8_t held;
    bool started; /* the first byte held is always 0 and is not written */
    /* reading */
    const unsigned char *from; /* not owned */
    size_t n;
    size_t at; /* may run beyond n: what was zero at the end is not written */
    uint32_t code;
};

void range_write(struct range *range, struct buffer *to);
void range_read(struct range *range, const unsigned char *bytes, size_t n);

/* Writes the answer and returns it, or ignores it and returns the one that was written. The
 * estimate starts at `no_at_first` (1/65536). */
bool range_bit(struct range *range, struct estimate *estimate, uint16_t no_at_first, bool bit);

/* n_bits of a number that nothing is known of, the highest first. */
uint32_t range_raw(struct range *range, uint32_t value, int n_bits);

/* Writes what is held back. Zero bytes at the very end are left out. */
void range_finish(struct range *range);

/* True when far more was read than was ever written: these bytes are none of ours. */
bool range_overran(const struct range *range);

#endif
