/* SPDX-License-Identifier: Apache-2.0
 *
 * Bit by bit: it sees a few thousand bytes in a run, which a table would not speed up noticeably.
 */
#include "base/crc24.h"

#include <stdint.h>

void crc24(const void *bytes, size_t n, unsigned char to[CRC24_BYTES])
{
    const unsigned char *at = bytes;
    uint32_t crc = 0xb704ce;

    for (size_t i = 0; i < n; i++) {
        crc ^= (uint32_t)at[i] << 16;
        for (int bit = 0; bit < 8; bit++) {
            crc <<= 1;
            if (crc & 0x1000000)
                crc ^= 0x1864cfb;
        }
    }
    to[0] = (unsigned char)(crc >> 16);
    to[1] = (unsigned char)(crc >> 8);
    to[2] = (unsigned char)crc;
}
