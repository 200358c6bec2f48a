/* SPDX-License-Identifier: Apache-2.0
 *
 * Bit by bit: it sees a few hundred bytes in a run, which a table would not speed up noticeably.
 */
#include "base/crc24.h"

uint32_t crc24(uint32_t crc, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < n; i++) {
        crc ^= (uint32_t)at[i] << 16;
        for (int bit = 0; bit < 8; bit++) {
            crc <<= 1;
            if (crc & 0x1000000)
                crc ^= 0x1864cfb;
        }
    }
    return crc & 0xffffff;
}
