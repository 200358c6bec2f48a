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
 * line when there is none, or it does not fit the schema; facts is untouched then. */
bool recorded_read(const char *text, size_t n, struct facts *facts, char *error, size_t error_size);

#endif
