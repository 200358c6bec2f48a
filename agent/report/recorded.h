/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a recorded run back: a JSON report, or a text that contains one (a console log).
 */
#ifndef REPORT_RECORDED_H
#define REPORT_RECORDED_H

#include <stdbool.h>
#include <stddef.h>

#include "model/facts.h"

/* Finds the report in `text` and reads its facts. False with `error` naming the field or the
 * line when there is none, or it does not fit the schema; facts is untouched then. True with
 * `error` empty, or with what to tell the user: a newer program wrote it, and may know more.
 *
 * The text may be what `aws ec2 get-console-output` prints with any --output, or be wrapped as
 * unwrapped.h says. At most REPORT_MAX_BYTES, and a few times that in memory. */
bool recorded_read(const char *text, size_t n, struct facts *facts, char *error, size_t error_size);

#endif
