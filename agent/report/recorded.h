/* SPDX-License-Identifier: Apache-2.0
 *
 * The facts of a recorded run, out of a JSON report or a block for the console, wherever that stands
 * in a text: in a console log, in what the AWS CLI prints, in base64.
 */
#ifndef REPORT_RECORDED_H
#define REPORT_RECORDED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "model/facts.h"

/* Reads the last whole report or block. True: `error` holds a remark (that a newer one is damaged, or
 * that a newer program wrote it) or nothing. False: `error` says why, facts is untouched, and `lines`
 * (initialised; may be NULL) has what a person can read of the last block, printable and without its
 * prefix, if there is one. */
bool recorded_read(const char *text, size_t n, struct facts *facts, struct buffer *lines,
                   char *error, size_t error_size);

/* --- folded.c ---
 * Bytes as numbered lines of text that live through a serial console, and back:
 *
 *   ssm-preflight: =2/6 <56 characters of base64><4 of checksum>
 *
 * Every line is 80 columns and has a checksum over its number and its content, so it is found
 * wherever it stands: behind a prefix that a log puts in front, and torn by messages of the kernel
 * that were printed while it was. The bytes as a whole have a checksum too: lines of two blocks do
 * not make one. */

enum {
    FOLDED_COLUMNS = 80,
    FOLDED_LINE_BYTES = 42, /* in one line */
    FOLDED_MAX_LINES = 35,  /* numbered 1 to 9 and a to z */
    FOLDED_MAX_BYTES = FOLDED_MAX_LINES * FOLDED_LINE_BYTES - 3,
};

#define FOLDED_PREFIX "ssm-preflight: "

/* Appends the lines, each with its line end. False when there are more than FOLDED_MAX_BYTES. */
bool folded_write(const unsigned char *bytes, size_t n, struct buffer *to);

enum folded { FOLDED_NONE, FOLDED_DAMAGED, FOLDED_WHOLE };

/* The last block in `text` whose lines are all there. FOLDED_WHOLE: `bytes` (initialised, empty)
 * holds it, with zero bytes behind, and *start is where in the text it begins. FOLDED_DAMAGED:
 * there are lines, but no whole block; `error` names those that the last one lacks. */
enum folded folded_find(const char *text, size_t n, struct buffer *bytes, size_t *start,
                        char *error, size_t error_size);

#endif
