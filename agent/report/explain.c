/* SPDX-License-Identifier: Apache-2.0
 *
 * Names come from a person under stress, so a name that is nearly right gets a suggestion.
 */
#include "report/explain.h"

#include <ctype.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "model/checks.h"

enum { MAX_NEAREST = 3 };

static const struct page *page_find(const struct page rows[], size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static void add_nearest(const struct page rows[], size_t n, const char *name, struct buffer *to)
{
    const struct page *taken[MAX_NEAREST] = {NULL};
    size_t limit = strlen(name) / 3 + 1; /* a third of it may be wrong */

    for (size_t found = 0; found < MAX_NEAREST; found++) {
        const struct page *best = NULL;
        size_t best_farness = limit + 1;

        for (size_t i = 0; i < n; i++) {
            bool is_taken = false;
            for (size_t t = 0; t < found; t++)
                is_taken = is_taken || taken[t] == &rows[i];
            if (is_taken || text_farness(name, rows[i].name) >= best_farness)
                continue;
            best = &rows[i];
            best_farness = text_farness(name, rows[i].name);
        }
        if (!best)
            return;
        taken[found] = best;
        (void)buffer_addf(to, "%s%s", found == 0 ? "; nearest: " : ", ", best->name);
    }
}

bool explain_from(const struct page rows[], size_t n, const char *name, struct buffer *to)
{
    char wanted[NAME_SIZE];
    enum check check;

    (void)text_escape(wanted, sizeof(wanted), name, strlen(name));
    for (char *at = wanted; *at; at++)
        *at = (char)tolower((unsigned char)*at);

    const struct page *page = page_find(rows, n, wanted);
    if (!page && check_from_name(wanted, &check))
        page = page_find(rows, n, check_page(check));
    if (page) {
        (void)buffer_add_text(to, page->text);
        if (!text_ends(page->text, "\n"))
            (void)buffer_add_text(to, "\n");
        return true;
    }
    (void)buffer_addf(to, "no page is called \"%s\"", wanted);
    add_nearest(rows, n, wanted, to);
    return false;
}

bool explain_write(const char *name, struct buffer *to)
{
    return explain_from(pages, n_pages, name, to);
}
