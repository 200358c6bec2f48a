/* SPDX-License-Identifier: Apache-2.0
 *
 * Titles: the first of a row's that fits, its {placeholders} filled in. What is not known is left
 * empty, and then the title does not fit.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/finding.h"
#include "diagnose/look.h"
#include "diagnose/names.h"
#include "diagnose/policy.h"
#include "diagnose/reach.h"
#include "diagnose/rows.h"

enum { VALUE_SIZE = HOST_SIZE };

typedef void fill(const struct view *view, char to[VALUE_SIZE]);

#define SET(to, ...) (void)text_set(to, VALUE_SIZE, __VA_ARGS__)

/* --- what a title may name --- */

static void service(const struct view *view, char to[VALUE_SIZE])
{
    SET(to, "%s", service_name(view_service(view)));
}

static void host(const struct view *view, char to[VALUE_SIZE])
{
    SET(to, "%s", view->facts->plan.services[view_service(view)].host);
}

static void region(const struct view *view, char to[VALUE_SIZE])
{
    SET(to, "%s", view->facts->plan.region);
}

static void role(const struct view *view, char to[VALUE_SIZE])
{
    SET(to, "%.40s", view->facts->role.role);
}

static void obstacle(const struct view *view, char to[VALUE_SIZE])
{
    SET(to, "%s", imds_obstacle(view->facts));
}

static void endpoint(const struct view *view, char to[VALUE_SIZE])
{
    (void)names_is_endpoint(view->facts, view_service(view), to);
}

/* The server whose word, or whose silence, decided. */
static void server(const struct view *view, char to[VALUE_SIZE])
{
    struct lookup lookup = names_lookup(view->facts, view_service(view));

    if (lookup.answer)
        SET(to, "%s", lookup.answer->server);
}

static void forwarder(const struct view *view, char to[VALUE_SIZE])
{
    SET(to, "%s", resolve_forwarder(view));
}

static void silent_server(const struct view *view, char to[VALUE_SIZE])
{
    const struct dns_answer *answer = notes_silent_server(view->facts);

    if (answer)
        SET(to, "%s", answer->server);
}

/* The family that is alone in trouble, and the other one. */
static bool find_family(const struct view *view, enum family *family)
{
    if (view->cause->way == WAY_FAMILY)
        return reach_blocked_family(view->facts, view->explains, family);
    return reach_one_family(view->facts, view->explains,
                            view->cause->way == WAY_ROUTE ? ENDING_NO_ROUTE : ENDING_SILENT, family);
}

static void family(const struct view *view, char to[VALUE_SIZE])
{
    enum family which;

    if (find_family(view, &which))
        SET(to, "%s", family_name(which));
}

static void other_family(const struct view *view, char to[VALUE_SIZE])
{
    enum family which;

    if (find_family(view, &which))
        SET(to, "%s", family_name(family_other(which)));
}

static void endpoints(const struct view *view, char to[VALUE_SIZE])
{
    int n_planned = 0, n = 0;

    for (int i = 0; i < N_SERVICES; i++) {
        n_planned += look_is_planned(view->facts, (enum service)i);
        if (!view_explains(view, i, RUNG_CONNECT))
            continue;
        (void)text_add(to, VALUE_SIZE, "%s%s", n++ > 0 ? ", " : "", service_name((enum service)i));
    }
    if (n == n_planned)
        SET(to, "all endpoints");
}

/* How many addresses of the service ended as the row says, and how many were tried. */
static void bad(const struct view *view, char to[VALUE_SIZE])
{
    struct reach reach = reach_of(view->facts, view->service);
    int32_t n = 0;

    for (int i = 0; i < N_ENDINGS; i++)
        n += view->cause->ended & (1u << i) ? reach.by[i] : 0;
    SET(to, "%d", (int)n);
}

static void tried(const struct view *view, char to[VALUE_SIZE])
{
    SET(to, "%d", (int)reach_of(view->facts, view->service).n);
}

static void address(const struct view *view, char to[VALUE_SIZE])
{
    const struct address_facts *at = view_bad_tls(view, view->service);

    if (at)
        SET(to, "%s", at->address);
}

static void skew(const struct view *view, char to[VALUE_SIZE])
{
    struct clock_reading clock = look_clock(view->facts);

    if (!clock.wrong)
        return;
    look_span(clock.offset_ms / 1000, to, VALUE_SIZE);
    (void)text_add(to, VALUE_SIZE, " %s", clock.offset_ms < 0 ? "ahead" : "behind");
}

static void n_denied(const struct view *view, char to[VALUE_SIZE])
{
    SET(to, "%d", (int)policy_count(view->facts).denied);
}

static void lacking(const struct view *view, char to[VALUE_SIZE])
{
    int n;
    const char *first = service_denied_action(view, &n);

    if (n == 1)
        SET(to, "%.45s", first);
    else if (n > 1)
        SET(to, "%.36s and %d more", first, n - 1);
}

static void certificates(const struct view *view, char to[VALUE_SIZE])
{
    int64_t left_s;

    for (int i = 0; i < N_SERVICES; i++)
        if (notes_ends_soon(view->facts, i, &left_s))
            (void)text_add(to, VALUE_SIZE, "%s%s", to[0] ? ", " : "",
                           service_name((enum service)i));
}

static void time_left(const struct view *view, char to[VALUE_SIZE])
{
    int64_t first_s = INT64_MAX, left_s;

    for (int i = 0; i < N_SERVICES; i++)
        if (notes_ends_soon(view->facts, i, &left_s) && left_s < first_s)
            first_s = left_s;
    look_span(first_s, to, VALUE_SIZE);
}

static const struct {
    const char *name;
    fill *fill;
} placeholders[] = {
    {"service", service},
    {"host", host},
    {"region", region},
    {"role", role},
    {"obstacle", obstacle},
    {"endpoint", endpoint},
    {"server", server},
    {"forwarder", forwarder},
    {"silent server", silent_server},
    {"family", family},
    {"other family", other_family},
    {"endpoints", endpoints},
    {"bad", bad},
    {"tried", tried},
    {"address", address},
    {"skew", skew},
    {"denied", n_denied},
    {"lacking", lacking},
    {"certificates", certificates},
    {"time left", time_left},
};

/* --- filling in --- */

/* False where a placeholder is not known, or is none. */
static bool fill_in(const struct view *view, const char *text, char to[TITLE_SIZE])
{
    to[0] = '\0';
    while (*text != '\0') {
        size_t n = strcspn(text, "{");
        char value[VALUE_SIZE] = "";
        (void)text_add(to, TITLE_SIZE, "%.*s", (int)n, text);
        text += n;
        if (*text == '\0')
            return true;
        n = strcspn(++text, "}");
        for (size_t i = 0; i < COUNT_OF(placeholders); i++)
            if (strlen(placeholders[i].name) == n && strncmp(placeholders[i].name, text, n) == 0)
                placeholders[i].fill(view, value);
        if (value[0] == '\0')
            return false;
        (void)text_add(to, TITLE_SIZE, "%s", value);
        text += n + (text[n] == '}');
    }
    return true;
}

void title_fill(const struct view *view, char to[TITLE_SIZE])
{
    for (int i = 0; i < MAX_TITLES && view->cause->here[i].text; i++) {
        const struct title *title = &view->cause->here[i];
        if ((!title->when || title->when(view)) && fill_in(view, title->text, to))
            return;
    }
    (void)text_set(to, TITLE_SIZE, "%s", view->cause->title);
}
