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

#endif
