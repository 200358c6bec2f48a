/* SPDX-License-Identifier: Apache-2.0
 *
 * base/base64.c: any 64 bytes, any number of them. What is decoded needs no more room than the text.
 */
#include "base/base64.h"

#include "__fc_builtin.h"

static char text[64];
static unsigned char out[64], sum[CRC24_BYTES];

int main(void)
{
    size_t n = (size_t)Frama_C_interval(0, 64);

    for (size_t i = 0; i < 64; i++)
        text[i] = (char)Frama_C_interval(-128, 127);
    crc24(text, n, sum);
    return (int)base64_decode(text, n, out);
}
