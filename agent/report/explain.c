/* SPDX-License-Identifier: Apache-2.0
 *
 * A person under stress types the name of a page, so a name that is nearly right gets a suggestion.
 * In a table every column is as wide as its longest cell, and the last one takes the rest.
 */
#include "report/report.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "model/checks.h"
#include "report/screen.h"

enum { GAP = 2 };

/* What explains a check: those of all services share their pages. */
static const struct {
    const char *page, *asks;
} explained[] = {
    {"imds.connect", "does the metadata service take a connection?"},
    {"imds.token", "does it give a session token (IMDSv2)?"},
    {"imds.identity", "does it say which instance this is?"},
    {"role.attached", "is a role attached to the instance?"},
    {"role.credentials", "does the role give credentials that are valid?"},
    {"endpoint.resolve", "does the name of the service resolve?"},
    {"endpoint.private", "are its addresses private?"},
    {"endpoint.connect", "does every address take a connection on port 443?"},
    {"endpoint.tls", "is a trusted TLS session made with the right name?"},
    {"endpoint.http", "does an AWS service answer?"},
    {"endpoint.authorize", "may the role do what the SSM agent needs?"},
    {"clock.skew", "is the clock right enough to sign requests?"},
    {"agent.installed", "is an SSM agent installed that is new enough?"},
    {"agent.enabled", "will it start at boot?"},
    {"agent.config", "does its configuration fit this instance?"},
    {"agent.state", "can it work: its directories, inotify, does it run on?"},
    {"agent.connected", "is it connected, once it runs?"},
};
_Static_assert(COUNT_OF(explained) == N_CHECKS - (N_SERVICES - 1) * N_RUNGS, "one for each check");

static size_t explained_by(enum check check)
{
    enum service service;
    enum rung rung;

    if (check_is_service(check, &service, &rung))
        return CHECK_SERVICES + rung;
    return check < CHECK_SERVICES ? check : check - (N_SERVICES - 1) * N_RUNGS;
}

static const struct page *page_find(const char *name)
{
    size_t i = text_find(name, &pages[0].name, sizeof(pages[0]), n_pages);
    return i < n_pages ? &pages[i] : NULL;
}

static void page_write(const struct page *page, const struct style *style, struct buffer *to)
{
    LOCAL_BUFFER all = {.max_bytes = REPORT_MAX_BYTES};
    LOCAL_BUFFER text = {.max_bytes = REPORT_MAX_BYTES};

    (void)buffer_add_inflated(&all, "", 0, page_texts, n_page_texts);
    (void)buffer_add(&text, all.bytes + page->at, page->n);
    if (!style->json) {
        (void)buffer_add(to, text.bytes, text.used);
    } else {
        cJSON *object = cJSON_CreateObject();
        (void)cJSON_AddStringToObject(object, "name", page->name);
        (void)cJSON_AddStringToObject(object, "text", text.bytes);
        json_add(to, object, true);
    }
}

bool explain_write(const char *name, const struct style *style, struct buffer *to)
{
    char wanted[NAME_SIZE], hint[NAME_SIZE * 2];
    unsigned int check;

    (void)text_escape(wanted, sizeof(wanted), name, strlen(name));
    for (char *at = wanted; *at; at++)
        *at = (char)tolower((unsigned char)*at);

    const struct page *page = page_find(wanted);
    if (!page && name_find(&check_names, wanted, &check))
        page = page_find(explained[explained_by((enum check)check)].page);
    (void)text_set(hint, sizeof(hint), "endpoint.%s", wanted);
    if (!page)
        page = page_find(hint); /* "connect", as a report names the rung */
    if (page) {
        page_write(page, style, to);
        return true;
    }
    text_hint(hint, sizeof(hint), "", wanted, &pages[0].name, sizeof(pages[0]), n_pages);
    (void)buffer_addf(to,
                      "no page is called \"%s\" (%sall: ssm-preflight list findings, list checks)",
                      wanted, hint);
    return false;
}

/* --- tables --- */

static const char *cell_of(const struct list_row *row, size_t column)
{
    return row->cells[column] ? row->cells[column] : "";
}

static void write_row(struct screen *screen, enum ink ink, const struct list_row *row,
                      const int starts[], size_t n_columns)
{
    for (size_t c = 0; c < n_columns; c++) {
        const char *cell = cell_of(row, c);

        if (cell[0])
            screen_pad(screen, starts[c]);
        if (c + 1 < n_columns)
            screen_text(screen, ink, cell);
        else
            screen_wrap(screen, ink, starts[c], cell);
    }
    screen_end(screen);
}

static void write_rows_json(const char *const headings[], size_t n_columns,
                            const struct list_row rows[], size_t n_rows, struct buffer *to)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t r = 0; r < n_rows; r++) {
        cJSON *object = cJSON_CreateObject();
        for (size_t c = 0; c < n_columns; c++)
            (void)cJSON_AddStringToObject(object, headings[c], cell_of(&rows[r], c));
        (void)cJSON_AddItemToArray(array, object);
    }
    json_add(to, array, true);
}

void list_write(const char *const headings[], size_t n_columns, const struct list_row rows[],
                size_t n_rows, const struct style *style, struct buffer *to)
{
    int starts[LIST_MAX_CELLS + 1] = {0};
    struct list_row head = {{NULL}};
    struct screen screen;

    if (style->json) {
        write_rows_json(headings, n_columns, rows, n_rows, to);
        return;
    }

    if (n_columns > LIST_MAX_CELLS)
        n_columns = LIST_MAX_CELLS;
    for (size_t c = 0; c < n_columns; c++) {
        size_t widest = strlen(headings[c]);
        for (size_t r = 0; r < n_rows; r++)
            if (strlen(cell_of(&rows[r], c)) > widest)
                widest = strlen(cell_of(&rows[r], c));
        starts[c + 1] = starts[c] + (int)widest + GAP;
        head.cells[c] = headings[c];
    }

    screen_init(&screen, style, to);
    write_row(&screen, INK_DIM, &head, starts, n_columns);
    for (size_t r = 0; r < n_rows; r++)
        write_row(&screen, INK_PLAIN, &rows[r], starts, n_columns);
}

void list_checks_write(const struct style *style, struct buffer *to)
{
    static const char *const headings[] = {"check", "page", "asks"};
    struct list_row rows[N_CHECKS];

    for (enum check i = 0; i < N_CHECKS; i++)
        rows[i] = (struct list_row){
            {check_name(i), explained[explained_by(i)].page, explained[explained_by(i)].asks}};
    list_write(headings, 3, rows, N_CHECKS, style, to);
}
