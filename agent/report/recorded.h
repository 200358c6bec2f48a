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

/* What others put around a console log on its way here. That is JSON, as the AWS CLI
 * prints it; base64, as the EC2 API and most SDKs give it (GetConsoleOutput, "Output"); and UTF-16, as
 * Windows PowerShell before 6 writes what is redirected to a file. Initialises `to` with the text
 * without one such layer, which may be empty. False when there is none. */
bool unwrap(const char *text, size_t n, struct buffer *to);

#endif
