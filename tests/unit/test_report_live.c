/* SPDX-License-Identifier: Apache-2.0
 *
 * The view of a wait: never higher than the terminal, and never saying of a round under way what only
 * a whole one can tell.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/screen.h"
#include "report_builder.h"

static int count_lines(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void a_frame_is_never_higher_than_the_terminal(void **state)
{
    const struct style styles[] = {{.columns = 80, .rows = 8}, {.columns = 80, .rows = 0}};
    const struct live_moment moment = {.round = 2, .words = "", .remaining_ms = 4000};
    struct filled *filled = fill("endpoint-blocks-443");
    int n[2];
    (void)state;

    for (int i = 0; i < 2; i++) {
        struct live live = {0};
        struct buffer text;
        buffer_init(&text, REPORT_MAX_BYTES);
        live_draw(&live, &filled->report, &moment, &styles[i], &text);
        n[i] = count_lines(text.bytes);
        assert_int_equal(live.n_lines, n[i]);
        buffer_clear(&text);
    }
    assert_int_equal(n[0], 7);
    assert_true(n[1] > 7);
    free(filled);
}

static void a_round_under_way_is_called_that(void **state)
{
    const struct style style = {.columns = 80};
    struct live_moment moment = {.round = 1, .under_way = true, .words = "", .remaining_ms = 1500};
    struct filled *filled = fill("stopped");
    struct live live = {0};
    struct buffer text;
    (void)state;

    buffer_init(&text, REPORT_MAX_BYTES);
    live_draw(&live, &filled->report, &moment, &style, &text);
    assert_non_null(strstr(text.bytes, "round 1 under way, 2 s left\x1b[K\nlooking\x1b[K\n"));
    buffer_clear(&text);
    moment = (struct live_moment){
        .round = 2, .under_way = true, .words = "No role is attached", .remaining_ms = -1};
    live_draw(&live, &filled->report, &moment, &style, &text);
    assert_non_null(strstr(text.bytes, "round 2 under way\x1b[K\nNo role is attached\x1b[K\n"));
    buffer_clear(&text);
    free(filled);
}

static void a_certain_cause_is_named_before_the_round_is_over(void **state)
{
    const struct style style = {.columns = 80};
    const struct live_moment moment = {
        .round = 1, .under_way = true, .words = "", .remaining_ms = -1};
    struct filled *filled = fill("imds-disabled");
    struct live live = {0};
    struct buffer text;
    (void)state;

    buffer_init(&text, REPORT_MAX_BYTES);
    live_draw(&live, &filled->report, &moment, &style, &text);
    assert_non_null(
        strstr(text.bytes, "\nThe metadata service is disabled for this instance\x1b[K\n"));
    assert_non_null(strstr(text.bytes, "\n  Fix   "));
    buffer_clear(&text);
    filled->report.findings[0].confidence = CONFIDENCE_LIKELY;
    live_draw(&live, &filled->report, &moment, &style, &text);
    assert_non_null(strstr(text.bytes, "\nlooking\x1b[K\n"));
    buffer_clear(&text);
    free(filled);
}

/* The terminal has broken the old lines anew: the drawing begins at its top, and nothing is left. */
static void a_resize_leaves_no_rubbish(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443");
    const struct live_moment moment = {.round = 1, .words = "", .remaining_ms = 1500};
    struct style style = {.columns = 80};
    struct live live = {0};
    struct buffer text;

    (void)state;
    buffer_init(&text, REPORT_MAX_BYTES);
    live_draw(&live, &filled->report, &moment, &style, &text);
    buffer_clear(&text);
    style.columns = 60;
    live_draw(&live, &filled->report, &moment, &style, &text);
    assert_memory_equal(text.bytes, "\x1b[H\x1b[J", 6);
    buffer_clear(&text);
    live_draw(&live, &filled->report, &moment, &style, &text);
    assert_null(strstr(text.bytes, "\x1b[H"));
    buffer_clear(&text);
    free(filled);
}

static void nothing_certain_and_nothing_drawn_say_nothing(void **state)
{
    const struct style style = {.columns = 80};
    const struct live_moment moment = {.round = 1, .under_way = true, .words = ""};
    struct filled *filled = fill("egress-blocked");
    struct live live = {0};
    struct buffer text;
    (void)state;

    buffer_init(&text, REPORT_MAX_BYTES);
    live_erase(&live, &text);
    assert_int_equal(text.used, 0);
    live_draw(&live, &filled->report, &moment, &style, &text);
    assert_non_null(strstr(text.bytes, "\nlooking\x1b[K\n"));
    buffer_clear(&text);
    free(filled);
    filled = fill("dns-slow"); /* a warning */
    live_draw(&live, &filled->report, &moment, &style, &text);
    assert_non_null(strstr(text.bytes, "\nlooking\x1b[K\n"));
    buffer_clear(&text);
    free(filled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_never_higher_than_the_terminal),
        cmocka_unit_test(a_round_under_way_is_called_that),
        cmocka_unit_test(a_certain_cause_is_named_before_the_round_is_over),
        cmocka_unit_test(nothing_certain_and_nothing_drawn_say_nothing),
        cmocka_unit_test(a_resize_leaves_no_rubbish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
