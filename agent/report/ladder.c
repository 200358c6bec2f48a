/* SPDX-License-Identifier: Apache-2.0
 *
 * The rungs that a failed rung kept from being tried are no news: they share one dim line.
 */
#include "report/ladder.h"

#include <string.h>

#include "base/text.h"
#include "model/names.h"
#include "report/seen.h"

enum { INDENT = 2, RUNGS_AT = 15, SEEN_AT = 17 }; /* columns; the longest target has 11 letters */

bool target_is_planned(const struct report *report, enum target target)
{
    for (unsigned int i = 0; i < N_CHECKS; i++)
        if (report->checks[i].planned && check_target((enum check)i) == target)
            return true;
    return false;
}

bool target_passes(const struct report *report, enum target target)
{
    for (unsigned int i = 0; i < N_CHECKS; i++)
        if (report->checks[i].planned && check_target((enum check)i) == target &&
            report->checks[i].status != STATUS_PASS)
            return false;
    return true;
}

/* "connect" of "ssm.connect". */
static const char *rung_of(enum check check)
{
    const char *dot = strchr(check_name(check), '.');
    return dot ? dot + 1 : check_name(check);
}

static bool not_tried(const struct check_result *result)
{
    return result->status == STATUS_SKIP;
}

static void write_rung(struct screen *screen, const struct check_result *result, enum check check)
{
    char took[DURATION_SIZE] = "";
    const char *rung = rung_of(check);
    int width = mark_width(screen, result->status) + 1 + (int)strlen(rung);
    bool timed = result->status != STATUS_PASS && result->duration_ms > 0;

    if (timed) {
        duration_text(result->duration_ms, took);
        width += 1 + (int)strlen(took);
    }
    if (screen->column > RUNGS_AT) {
        if (screen->column + 2 + width > screen->columns)
            screen_end(screen);
        else
            screen_text(screen, INK_PLAIN, "  ");
    }
    screen_pad(screen, RUNGS_AT);
    screen_mark(screen, result->status);
    screen_text(screen, INK_PLAIN, " ");
    screen_text(screen, result->status == STATUS_PASS ? INK_PLAIN : status_ink(result->status),
                rung);
    if (timed) {
        screen_text(screen, INK_PLAIN, " ");
        screen_text(screen, INK_PLAIN, took);
    }
}

/* The rungs that were not tried, in one dim line, with the reason when the rung below is none. */
static void write_not_tried(struct screen *screen, const struct report *report, enum target target,
                            int at)
{
    char line[LINE_SIZE] = "not tried:";
    enum failure why = FAILURE_NONE;
    bool any = false;

    for (unsigned int i = 0; i < N_CHECKS; i++) {
        const struct check_result *result = &report->checks[i];
        if (!result->planned || check_target((enum check)i) != target || !not_tried(result))
            continue;
        (void)text_add(line, sizeof(line), "%s %s", any ? "," : "", rung_of((enum check)i));
        if (result->reason != FAILURE_BELOW && result->reason != FAILURE_NONE)
            why = result->reason;
        any = true;
    }
    if (!any)
        return;
    if (why != FAILURE_NONE)
        (void)text_add(line, sizeof(line), " (%s)", failure_words(why));
    screen_pad(screen, at);
    screen_wrap(screen, INK_DIM, at, line);
    screen_end(screen);
}

static void write_ladder(struct screen *screen, const struct report *report, enum target target)
{
    bool any = false;

    screen_pad(screen, INDENT);
    screen_text(screen, INK_PLAIN, target_name(target));
    for (unsigned int i = 0; i < N_CHECKS; i++) {
        const struct check_result *result = &report->checks[i];
        if (!result->planned || check_target((enum check)i) != target || not_tried(result))
            continue;
        write_rung(screen, result, (enum check)i);
        any = true;
    }
    if (!any) {
        write_not_tried(screen, report, target, RUNGS_AT);
        return;
    }
    screen_end(screen);

    for (unsigned int i = 0; i < N_CHECKS; i++) {
        const struct check_result *result = &report->checks[i];
        bool wanted = result->status == STATUS_FAIL || result->status == STATUS_WARN;
        if (!result->planned || check_target((enum check)i) != target || !wanted)
            continue;
        if (seen_write(screen, report->facts, (enum check)i, SEEN_AT, false) == 0) {
            screen_pad(screen, SEEN_AT);
            screen_wrap(screen, INK_PLAIN, SEEN_AT, result->summary);
            screen_end(screen);
        }
    }
    write_not_tried(screen, report, target, SEEN_AT);
}

/* One line a rung: mark, name, duration, summary. */
static void write_ladder_in_full(struct screen *screen, const struct report *report,
                                 enum target target)
{
    for (unsigned int i = 0; i < N_CHECKS; i++) {
        const struct check_result *result = &report->checks[i];
        char took[DURATION_SIZE] = "";

        if (!result->planned || check_target((enum check)i) != target)
            continue;
        if (result->duration_ms > 0)
            duration_text(result->duration_ms, took);
        screen_pad(screen, INDENT);
        screen_mark(screen, result->status);
        screen_pad(screen, INDENT + (screen->unicode ? 2 : 5));
        screen_text(screen, result->status == STATUS_SKIP ? INK_DIM : INK_PLAIN,
                    check_name((enum check)i));
        screen_pad(screen, 29);
        screen_textf(screen, INK_DIM, "%7s", took);
        screen_text(screen, INK_PLAIN, "  ");
        screen_wrap(screen, result->status == STATUS_SKIP ? INK_DIM : INK_PLAIN, 38,
                    result->summary);
        screen_end(screen);
        (void)seen_write(screen, report->facts, (enum check)i, 8, true);
    }
}

void ladders_write(struct screen *screen, const struct report *report, bool verbose)
{
    for (unsigned int i = 0; i < N_TARGETS; i++) {
        enum target target = (enum target)i;

        if (!target_is_planned(report, target))
            continue;
        if (verbose)
            write_ladder_in_full(screen, report, target);
        else
            write_ladder(screen, report, target);
    }
}
