/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts in some hundred bytes, for the console: their JSON (facts_json.h) without what a diagnosis
 * does not need, deflated with a preset dictionary (RFC 1951, without a header).
 *
 * The first byte says which dictionary. Those of every release are in the binary
 * (packaging/dictionary), so that blocks of every release are read. The bytes carry no checksum.
 */
#ifndef MODEL_PACKED_H
#define MODEL_PACKED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "model/facts.h"

/* How much is left out, for facts that take more room than there is. */
enum packed {
    PACKED_ALL,   /* only what no verdict, finding, target or command needs, nor evidence quotes */
    PACKED_WORDS, /* evidence says less */
    PACKED_EXTRA, /* remedies and evidence are less exact */
    PACKED_LISTS, /* long lists end early: a diagnosis may differ */
    N_PACKED
};

struct dictionary {
    int version; /* 1 to 255 */
    const char *text;
    size_t n;
};

/* The newest is the first. */
extern const struct dictionary dictionaries[];
extern const size_t n_dictionaries;

/* Appends the facts. False when they do not fit the buffer. */
bool packed_write(const struct facts *facts, enum packed level, struct buffer *to);

/* False with a line in `error` when the bytes need a dictionary that is not known here, or hold no
 * facts; `facts` is untouched then. True with a remark in `error`, or with none. What stands behind
 * the facts is ignored. */
bool packed_read(const unsigned char *bytes, size_t n, struct facts *facts, char *error,
                 size_t error_size);

/* What is deflated: the region, a line end, and the JSON in which a ~ stands for the region. */
bool packed_text(const struct facts *facts, enum packed level, struct buffer *to);

/* Takes out of the facts what they say twice, and what is of no consequence in them. */
void facts_trim(struct facts *facts, enum packed level);

#endif
