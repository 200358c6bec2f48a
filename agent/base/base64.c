/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <stdint.h>

int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

void base64_encode(const unsigned char *bytes, size_t n, char *to)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i + 3 <= n; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];
        for (int j = 0; j < 4; j++)
            *to++ = digits[(group >> (18 - 6 * j)) & 63];
    }
}

size_t base64_decode(const char *text, size_t n, unsigned char *to)
{
    uint32_t bits = 0;
    unsigned int n_bits = 0;
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        const int digit = base64_digit(text[i]);

        if (digit < 0)
            continue;
        bits = bits << 6 | (uint32_t)digit;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            to[used++] = (unsigned char)(bits >> n_bits);
        }
    }
    return used;
}

/* Bit by bit: it sees a few thousand bytes in a run, which a table would not speed up noticeably. */
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
