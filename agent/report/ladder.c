/* SPDX-License-Identifier: Apache-2.0
 *
 * The rungs that a failed rung kept from being tried are no news: they share one dim line.
 */
#include "report/screen.h"

#include <string.h>

#include "base/text.h"

enum { INDENT = 2, RUNGS_AT = 15, SEEN_AT = 17 }; /* columns; the longest target has 11 letters */
enum { SLOW_MS = 100 };                           /* a rung that passed is timed from here on */

bool target_is_planned(const struct report *report, enum target target)
{
    for (unsigned int i = 0; i < N_CHECKS; i++)
        if (report->checks[i].planned && check_target((enum check)i) == target)
            return true;
    return false;
}

bool target_passes(const struct report *report, enum target target)
{
    check_set left_out = report_left_out(report);
    bool any = false;

    for (unsigned int i = 0; i < N_CHECKS; i++) {
        if (!report->checks[i].planned || check_target((enum check)i) != target ||
            (left_out & check_bit((enum check)i)))
            continue;
        if (report->checks[i].status != STATUS_PASS)
            return false;
        any = true;
    }
    return any;
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
    bool timed = result->duration_ms >= (result->status == STATUS_PASS ? SLOW_MS : 1);

    if (timed) {
        duration_text(result->duration_ms, took);
        width += 1 + (int)strlen(took);
    }
    if (screen->column > RUNGS_AT && screen->column + 2 + width <= screen->columns) {
        screen_text(screen, INK_PLAIN, "  ");
    } else {
        if (screen->column > RUNGS_AT)
            screen_end(screen);
        screen_pad(screen, RUNGS_AT);
    }
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
static void write_not_tried(struct screen *screen, const struct report *report, enum target target)
{
    check_set left_out = report_left_out(report); /* write_left_out() has them */
    char line[LINE_SIZE] = "";
    enum failure why = FAILURE_NONE;

    for (unsigned int i = 0; i < N_CHECKS; i++) {
        const struct check_result *result = &report->checks[i];
        if (!result->planned || check_target((enum check)i) != target || !not_tried(result) ||
            (left_out & check_bit((enum check)i)))
            continue;
        (void)text_add(line, sizeof(line), "%s%s",
                       line[0] ? ", " : "not tried: ", rung_of((enum check)i));
        if (result->reason != FAILURE_BELOW && result->reason != FAILURE_NONE)
            why = result->reason;
    }
    if (!line[0])
        return;
    if (why != FAILURE_NONE)
        (void)text_add(line, sizeof(line), " (%s)", failure_words(why));
    screen_pad(screen, SEEN_AT);
    screen_wrap(screen, INK_DIM, SEEN_AT, line);
    screen_end(screen);
}

/* Of a target of which nothing was tried, why; FAILURE_NONE when something was. */
static enum failure why_idle(const struct report *report, enum target target)
{
    check_set left_out = report_left_out(report);
    enum failure why = FAILURE_NONE;

    for (unsigned int i = 0; i < N_CHECKS; i++) {
        const struct check_result *result = &report->checks[i];
        if (!result->planned || check_target((enum check)i) != target)
            continue;
        if (!not_tried(result))
            return FAILURE_NONE;
        if (left_out & check_bit((enum check)i))
            continue;
        if (why == FAILURE_NONE || why == FAILURE_BELOW)
            why = result->reason != FAILURE_NONE ? result->reason : FAILURE_BELOW;
    }
    return why;
}

static bool is_tried(const struct report *report, enum target target)
{
    for (unsigned int i = 0; i < N_CHECKS; i++)
        if (report->checks[i].planned && check_target((enum check)i) == target &&
            !not_tried(&report->checks[i]))
            return true;
    return false;
}

/* All targets of which nothing was tried for the same reason, in one dim line. */
static void write_idle(struct screen *screen, const struct report *report)
{
    for (unsigned int why = FAILURE_NONE + 1; why < N_FAILURES; why++) {
        char line[LINE_SIZE] = "";

        for (unsigned int i = 0; i < N_TARGETS; i++)
            if (why_idle(report, (enum target)i) == why)
                (void)text_add(line, sizeof(line), "%s%s",
                               line[0] ? ", " : "not tried: ", target_name((enum target)i));
        if (!line[0])
            continue;
        if (why != FAILURE_BELOW)
            (void)text_add(line, sizeof(line), " (%s)", failure_words((enum failure)why));
        screen_pad(screen, INDENT);
        screen_wrap(screen, INK_DIM, INDENT, line);
        screen_end(screen);
    }
}

static void write_ladder(struct screen *screen, const struct report *report, enum target target)
{
    screen_pad(screen, INDENT);
    screen_text(screen, INK_PLAIN, target_name(target));
    for (unsigned int i = 0; i < N_CHECKS; i++) {
        const struct check_result *result = &report->checks[i];
        if (!result->planned || check_target((enum check)i) != target || not_tried(result))
            continue;
        write_rung(screen, result, (enum check)i);
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
    write_not_tried(screen, report, target);
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
        if (!not_tried(result))
            (void)seen_write(screen, report->facts, (enum check)i, 8, true);
    }
}

/* What all findings of one code hide: there may be one for each service. */
static check_set hidden_by_code(const struct report *report, const char *code)
{
    check_set set = 0;
    for (int32_t i = 0; i < report->n_findings; i++)
        if (strcmp(report->findings[i].code, code) == 0)
            set |= report->findings[i].hides;
    return set;
}

static const unsigned int all_of_it = ~0u;

/* Which of a target's planned checks are in a set, from the lowest on. */
static unsigned int shape_of(const struct report *report, check_set set, enum target target)
{
    unsigned int shape = 0, at = 1, all = 0;

    for (unsigned int i = 0; i < N_CHECKS; i++) {
        if (!report->checks[i].planned || check_target((enum check)i) != target)
            continue;
        shape |= set & check_bit((enum check)i) ? at : 0;
        all |= at;
        at <<= 1;
    }
    return shape != 0 && shape == all ? all_of_it : shape;
}

static void list_rungs(check_set set, enum target target, char *line, size_t size)
{
    bool first = true;

    for (unsigned int i = 0; i < N_CHECKS; i++) {
        if (!(set & check_bit((enum check)i)) || check_target((enum check)i) != target)
            continue;
        (void)text_add(line, size, "%s%s", first ? "" : ", ", rung_of((enum check)i));
        first = false;
    }
    (void)text_add(line, size, " of ");
}

/* "credentials of role; authorize of ssm, ssmmessages": targets that lack the same rungs stand
 * together, and of one that lacks all of them there is only the name. */
static void list_checks(const struct report *report, check_set set, char *line, size_t size)
{
    bool any = false;

    for (unsigned int i = 0; i < N_TARGETS; i++) {
        unsigned int shape = shape_of(report, set, (enum target)i);
        bool said = shape == 0;

        for (unsigned int j = 0; j < i && !said; j++)
            said = shape_of(report, set, (enum target)j) == shape;
        if (said)
            continue;
        (void)text_add(line, size, "%s", any ? "; " : "");
        any = true;
        if (shape != all_of_it)
            list_rungs(set, (enum target)i, line, size);
        for (unsigned int j = i; j < N_TARGETS; j++)
            if (shape_of(report, set, (enum target)j) == shape)
                (void)text_add(line, size, "%s%s", j == i ? "" : ", ", target_name((enum target)j));
    }
}

/* One line a cause: behind what was not tried there may be a second fault. */
static void write_hidden(struct screen *screen, const struct report *report)
{
    for (int32_t i = 0; i < report->n_findings; i++) {
        const char *code = report->findings[i].code;
        check_set set = hidden_by_code(report, code);
        char line[2 * LINE_SIZE] = "";
        bool said = false;

        for (int32_t j = 0; j < i && !said; j++)
            said = strcmp(report->findings[j].code, code) == 0;
        if (said || set == 0)
            continue;
        (void)text_set(line, sizeof(line), "Hidden until %s is mended: ", code);
        list_checks(report, set, line, sizeof(line));
        screen_pad(screen, INDENT);
        screen_wrap(screen, INK_DIM, INDENT + 2, line);
        screen_end(screen);
    }
}

/* Of these nothing is known, and the verdict is none about them. */
static void write_left_out(struct screen *screen, const struct report *report)
{
    char line[2 * LINE_SIZE] = "Not judged, as asked (--skip, --permissions): ";
    check_set set = report_left_out(report);

    if (set == 0)
        return;
    list_checks(report, set, line + strlen(line), sizeof(line) - strlen(line));
    screen_pad(screen, INDENT);
    screen_wrap(screen, INK_PLAIN, INDENT + 2, line);
    screen_end(screen);
}

void ladders_write(struct screen *screen, const struct report *report, enum ladders ladders)
{
    for (unsigned int i = 0; i < N_TARGETS; i++) {
        enum target target = (enum target)i;

        if (!target_is_planned(report, target))
            continue;
        if (ladders == LADDERS_IN_FULL)
            write_ladder_in_full(screen, report, target);
        else if (is_tried(report, target) &&
                 (ladders == LADDERS_ALL || !target_passes(report, target)))
            write_ladder(screen, report, target);
    }
    if (ladders != LADDERS_IN_FULL)
        write_idle(screen, report);
    write_hidden(screen, report);
    write_left_out(screen, report);
}
