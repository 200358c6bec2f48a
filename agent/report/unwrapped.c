/* SPDX-License-Identifier: Apache-2.0
 *
 * Nothing is taken for a layer that is not one from end to end, and nothing grows by losing one.
 */
#include "report/unwrapped.h"

#include <stdint.h>
#include <string.h>

enum { BASE64_LEAST = 64 }; /* shorter is a word, and no console log */

/* RFC 4648 section 4; -1: none of its characters. */
static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* White space may stand anywhere, padding at the end. */
static bool is_base64(const char *text, size_t n)
{
    size_t n_digits = 0, n_padding = 0;

    for (size_t i = 0; i < n; i++) {
        if (is_space(text[i]))
            continue;
        if (text[i] == '=') {
            n_padding++;
            continue;
        }
        if (base64_digit(text[i]) < 0 || n_padding > 0)
            return false;
        n_digits++;
    }
    return n_digits >= BASE64_LEAST && n_padding <= 2;
}

static bool decode_base64(const char *text, size_t n, struct buffer *to)
{
    uint32_t bits = 0;
    unsigned int n_bits = 0;

    for (size_t i = 0; i < n; i++) {
        int digit = base64_digit(text[i]);
        if (digit < 0)
            continue;
        bits = bits << 6 | (uint32_t)digit;
        n_bits += 6;
        if (n_bits < 8)
            continue;
        n_bits -= 8;
        const char byte = (char)(bits >> n_bits & 0xff);
        if (!buffer_add(to, &byte, 1))
            return false;
    }
    return true;
}

/* By its mark, RFC 2781 section 3.2. What is not ASCII in it is none of ours. */
static bool decode_utf16(const char *text, size_t n, struct buffer *to)
{
    size_t low = (unsigned char)text[0] == 0xff ? 0 : 1;

    for (size_t i = 2; i + 2 <= n; i += 2) {
        const char c = text[i + 1 - low] ? '?' : text[i + low];
        if (!buffer_add(to, &c, 1))
            return false;
    }
    return true;
}

bool unwrap(const char *text, size_t n, struct buffer *to)
{
    if (n >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
        return decode_utf16(text, n, to);
    return is_base64(text, n) && decode_base64(text, n, to);
}
