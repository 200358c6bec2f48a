/* SPDX-License-Identifier: Apache-2.0
 *
 * The 24-bit checksum of OpenPGP's armour (RFC 9580 section 6.1): four characters of base64.
 */
#ifndef BASE_CRC24_H
#define BASE_CRC24_H

#include <stddef.h>

enum { CRC24_BYTES = 3 };

void crc24(const void *bytes, size_t n, unsigned char to[CRC24_BYTES]);

#endif
