/* SPDX-License-Identifier: Apache-2.0
 *
 * What others put around a console log on its way here: JSON, as the AWS CLI prints it; base64, as the
 * EC2 API and most SDKs give it (GetConsoleOutput, "Output"); and UTF-16, as Windows PowerShell before
 * 6 writes what is redirected to a file.
 */
#ifndef REPORT_UNWRAPPED_H
#define REPORT_UNWRAPPED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* Initialises `to` with the text without one such layer, which may be empty. False when there is none. */
bool unwrap(const char *text, size_t n, struct buffer *to);

#endif
