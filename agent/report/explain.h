/* SPDX-License-Identifier: Apache-2.0
 *
 * `explain`: one page of those carried in the binary, or the names that come nearest.
 */
#ifndef REPORT_EXPLAIN_H
#define REPORT_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "report/pages.h"

/* The page of a finding's code, a check ("ssm.connect" has "endpoint.connect"'s) or a page's own
 * name. Letter case does not matter. False when there is none: `to` then holds one line that says
 * so and names the nearest, without a line end. */
bool explain_write(const char *name, struct buffer *to);

/* The same over any table of pages. */
bool explain_from(const struct page rows[], size_t n, const char *name, struct buffer *to);

#endif
