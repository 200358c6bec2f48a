/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes as text that survives any terminal: base64 (RFC 4648 section 4), and the checksum of OpenPGP's armour (RFC 9580 section 6.1),
 * 24 bits, so four characters of base64.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

/* What a character stands for; -1: it is no digit. */
int base64_digit(char c);

/* Writes 4 characters for each 3 of n bytes, n being a multiple of 3. No terminating zero. */
void base64_encode(const unsigned char *bytes, size_t n, char *to);

/* Writes at most n * 3 / 4 bytes; returns how many. What is no digit is left out. */
size_t base64_decode(const char *text, size_t n, unsigned char *to);

enum { CRC24_BYTES = 3 };

void crc24(const void *bytes, size_t n, unsigned char to[CRC24_BYTES]);

#endif
