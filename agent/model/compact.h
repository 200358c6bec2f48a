/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts in some hundred bytes, for the console: the same table of fields as facts_json.h, walked
 * with a guess at each field, and only what is not as guessed takes room.
 *
 * What is written is what a diagnosis needs. compact_trim() takes the rest away, and more of it at
 * each level, so that facts of any size come down to a size that a console block can hold.
 *
 * The bytes say of which generation they are (generations.h). Those of every release are read for
 * ever, with what it did not know as not tried; those of a newer program are refused. They carry no
 * checksum.
 */
#ifndef MODEL_COMPACT_H
#define MODEL_COMPACT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "model/facts.h"

enum {
    COMPACT_NOTHING_LEFT_OUT, /* no verdict, finding, target or command changes */
    COMPACT_WORDS_LEFT_OUT,   /* as above, but evidence says less */
    COMPACT_MORE_LEFT_OUT,    /* details that no cause looks at: names of zones, groups, files */
    COMPACT_LISTS_CUT,        /* long lists end early: a diagnosis may differ */
    N_COMPACT_LEVELS
};

/* Takes out of the facts what a diagnosis does not need, and at higher levels more. */
void compact_trim(struct facts *facts, int level);

/* Appends the facts as they are. False when out of memory or over the buffer's maximum. */
bool compact_write(const struct facts *facts, struct buffer *to);

/* False with a line in `error` when the bytes are of a newer generation or no facts; facts is
 * untouched then. Zero bytes may follow. */
bool compact_read(const unsigned char *bytes, size_t n, struct facts *facts, char *error,
                  size_t error_size);

#endif
