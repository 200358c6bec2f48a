/* SPDX-License-Identifier: Apache-2.0
 *
 * The 24-bit checksum of OpenPGP's armour (RFC 9580 section 6.1): four characters of base64.
 */
#ifndef BASE_CRC24_H
#define BASE_CRC24_H

#include <stddef.h>
#include <stdint.h>

enum { CRC24_INIT = 0xb704ce };

/* Goes on from `crc`, which is CRC24_INIT at first. */
uint32_t crc24(uint32_t crc, const void *bytes, size_t n);

#endif
