/* SPDX-License-Identifier: Apache-2.0
 *
 * `list`: rows of text in columns that line up. The tables themselves live in other rooms.
 */
#ifndef REPORT_LIST_H
#define REPORT_LIST_H

#include <stddef.h>

#include "base/buffer.h"
#include "report/report.h"

enum { LIST_MAX_CELLS = 8 };

struct list_row {
    const char *cells[LIST_MAX_CELLS]; /* NULL or "" is an empty cell */
};

/* Headings (as many as there are columns), then the rows. The last column is wrapped. */
void list_write(const char *const headings[], size_t n_columns, const struct list_row rows[],
                size_t n_rows, const struct style *style, struct buffer *to);

/* `list checks`: each check, its page and what it asks. The one table that model knows. */
void list_checks_write(const struct style *style, struct buffer *to);

#endif
