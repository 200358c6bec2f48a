/* SPDX-License-Identifier: Apache-2.0
 *
 * A growing byte buffer with a hard maximum. Once it failed (out of memory, or over the maximum)
 * every later call is ignored, so a writer checks `failed` once, at the end.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *bytes;      /* always zero-terminated once something was added; owned */
    size_t used;      /* without the terminating zero */
    size_t allocated; /* bytes behind `bytes` */
    size_t max_bytes; /* hard maximum of `used` */
    bool failed;
};

/* An empty buffer that never holds more than max_bytes. Allocates nothing. */
void buffer_init(struct buffer *buffer, size_t max_bytes);

/* Frees and empties; also overwrites the bytes, since a buffer may have held a credential. */
void buffer_clear(struct buffer *buffer);

/* Appends n bytes. False (and `failed` set) when they do not fit. */
bool buffer_add(struct buffer *buffer, const char *bytes, size_t n);
bool buffer_add_text(struct buffer *buffer, const char *text);
bool buffer_addf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends text through text_escape(): for everything that a server or a file controls. */
bool buffer_add_escaped(struct buffer *buffer, const char *text);

#endif
