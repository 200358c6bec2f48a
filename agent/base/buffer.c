/* SPDX-License-Identifier: Apache-2.0
 *
 * Grows by doubling, up to its maximum, and wipes the memory that it gives back.
 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

enum { RAW = -15 }; /* no header, and the largest window */

void buffer_init(struct buffer *buffer, size_t max_bytes)
{
    *buffer = (struct buffer){.max_bytes = max_bytes};
}

void buffer_clear(struct buffer *buffer)
{
    if (buffer->bytes)
        explicit_bzero(buffer->bytes, buffer->allocated);
    free(buffer->bytes);
    buffer_init(buffer, buffer->max_bytes);
}

/* Room for n more bytes and the zero. Not realloc: it would leave the old bytes readable. */
static bool reserve(struct buffer *buffer, size_t n)
{
    if (buffer->failed || n > buffer->max_bytes - buffer->used) {
        buffer->failed = true;
        return false;
    }
    size_t wanted = buffer->used + n + 1;
    if (wanted <= buffer->allocated)
        return true;

    size_t size = buffer->allocated ? buffer->allocated : 256;
    while (size < wanted)
        size *= 2;
    if (size > buffer->max_bytes + 1)
        size = buffer->max_bytes + 1;

    char *bytes = malloc(size);
    if (buffer->bytes) {
        memcpy(bytes, buffer->bytes, buffer->used);
        explicit_bzero(buffer->bytes, buffer->allocated);
        free(buffer->bytes);
    }
    buffer->bytes = bytes;
    buffer->allocated = size;
    return true;
}

bool buffer_add(struct buffer *buffer, const char *bytes, size_t n)
{
    if (!reserve(buffer, n))
        return false;
    if (n > 0)
        memcpy(buffer->bytes + buffer->used, bytes, n);
    buffer->used += n;
    buffer->bytes[buffer->used] = '\0';
    return true;
}

bool buffer_add_text(struct buffer *buffer, const char *text)
{
    return buffer_add(buffer, text, strlen(text));
}

bool buffer_addf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);

    bool fits = n >= 0 && reserve(buffer, (size_t)n);
    if (fits) {
        (void)vsnprintf(buffer->bytes + buffer->used, (size_t)n + 1, format, again);
        buffer->used += (size_t)n;
    } else {
        buffer->failed = true;
    }
    va_end(again);
    return fits;
}

bool buffer_add_printable(struct buffer *buffer, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char safe = bytes[i] >= 0x20 && bytes[i] <= 0x7e ? bytes[i] : '?';
        if (!buffer_add(buffer, &safe, 1))
            return false;
    }
    return true;
}

bool buffer_add_inflated(struct buffer *buffer, const char *dictionary, size_t n_dictionary,
                         const unsigned char *bytes, size_t n)
{
    unsigned char piece[4096];
    z_stream stream = {.next_in = bytes, .avail_in = (uInt)n};
    int status = Z_OK;

    (void)inflateInit2(&stream, RAW);
    (void)inflateSetDictionary(&stream, (const unsigned char *)dictionary, (uInt)n_dictionary);
    while (status == Z_OK && !buffer->failed) {
        stream.next_out = piece;
        stream.avail_out = sizeof(piece);
        status = inflate(&stream, Z_NO_FLUSH); /* Z_BUF_ERROR where the bytes end too early */
        (void)buffer_add(buffer, (const char *)piece, sizeof(piece) - stream.avail_out);
    }
    (void)inflateEnd(&stream);
    return status == Z_STREAM_END && !buffer->failed;
}
