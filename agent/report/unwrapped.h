/* SPDX-License-Identifier: Apache-2.0
 *
 * What others put around a console log on its way here: base64, as the EC2 API and most SDKs give
 * it (GetConsoleOutput, "Output": the AWS CLI decodes it), and UTF-16, as Windows PowerShell
 * before 6 writes what is redirected to a file.
 */
#ifndef REPORT_UNWRAPPED_H
#define REPORT_UNWRAPPED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* Appends the text without one such layer. False when there is none, or no memory. */
bool unwrap(const char *text, size_t n, struct buffer *to);

#endif
