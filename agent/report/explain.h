/* SPDX-License-Identifier: Apache-2.0
 *
 * What the binary carries, as text: the pages of docs/findings and docs/checks (`explain`), and
 * tables in columns (`list`).
 */
#ifndef REPORT_EXPLAIN_H
#define REPORT_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "report/report.h"

struct page {
    const char *name; /* a finding's code, or a check's page ("endpoint.connect") */
    uint32_t at, n;   /* where its text lies in that of all pages, in bytes */
};

extern const struct page pages[]; /* build/gen/pages.c, sorted by name */
extern const size_t n_pages;
extern const unsigned char
    page_texts[]; /* the text of all pages, as buffer_add_inflated reads it */
extern const size_t n_page_texts;

/* The page of a finding's code, of a check ("ssm.connect" has the page "endpoint.connect"), or by its
 * own name, in upper or lower case. False when there is none: `to` then holds a line, without a line
 * end, which says so and names the nearest one. */
bool explain_write(const char *name, const struct style *style, struct buffer *to);

enum { LIST_MAX_CELLS = 8 };

struct list_row {
    const char *cells[LIST_MAX_CELLS]; /* NULL or "" is an empty cell */
};

/* Headings, one for each column, then the rows. The last column is wrapped. */
void list_write(const char *const headings[], size_t n_columns, const struct list_row rows[],
                size_t n_rows, const struct style *style, struct buffer *to);

/* `list checks`: each check, its page and its question. */
void list_checks_write(const struct style *style, struct buffer *to);

#endif
