/* SPDX-License-Identifier: Apache-2.0
 *
 * The pages of docs/findings and docs/checks, carried in the binary for `explain`
 * (build/gen/pages.c, sorted by name).
 */
#ifndef REPORT_PAGES_H
#define REPORT_PAGES_H

#include <stddef.h>

struct page {
    const char *name; /* a finding's code, or a check's page ("endpoint.connect") */
    const char *text;
};

extern const struct page pages[];
extern const size_t n_pages;

#endif
