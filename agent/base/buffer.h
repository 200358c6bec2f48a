/* SPDX-License-Identifier: Apache-2.0
 *
 * A growing byte buffer with a hard maximum. A call that would pass the maximum fails, and every later
 * call does nothing, so a writer checks `failed` once, at the end.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *bytes;      /* zero-terminated once something was added; owned */
    size_t used;      /* without the terminating zero */
    size_t allocated; /* size of `bytes` */
    size_t max_bytes; /* hard maximum of `used` */
    bool failed;
};

/* A buffer of the block that declares it, which clears it at its end, whichever way it is left:
 *   LOCAL_BUFFER text = {.max_bytes = REPORT_MAX_BYTES}; */
#define LOCAL_BUFFER __attribute__((cleanup(buffer_clear))) struct buffer

/* An empty buffer that never holds more than max_bytes. Allocates nothing. */
void buffer_init(struct buffer *buffer, size_t max_bytes);

/* Overwrites the bytes, which may have held a credential; frees and empties. */
void buffer_clear(struct buffer *buffer);

/* Appends n bytes. False (and `failed` set) when they do not fit. */
bool buffer_add(struct buffer *buffer, const char *bytes, size_t n);
bool buffer_add_text(struct buffer *buffer, const char *text);
bool buffer_addf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Appends n bytes, with '?' for each that is not printable ASCII: the last filter of the outputs. */
bool buffer_add_printable(struct buffer *buffer, const char *bytes, size_t n);

/* Appends what n bytes hold that were deflated without a header (RFC 1951) and with that dictionary.
 * False when they are no such bytes, end too early, or hold more than fits. */
bool buffer_add_inflated(struct buffer *buffer, const char *dictionary, size_t n_dictionary,
                         const unsigned char *bytes, size_t n);

#endif
