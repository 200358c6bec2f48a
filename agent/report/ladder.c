/* SPDX-License-Identifier: Apache-2.0
 *
 * The ladders, one line a target. The rungs above a failed rung, which were not tried, share one dim
 * line.
 */
#include "report/screen.h"

#include <string.h>

#include "base/text.h"

enum { INDENT = 2, RUNGS_AT = 15, SEEN_AT = 17 }; /* columns; the longest target has 11 letters */
enum { SLOW_MS = 100 };                           /* a rung that passed in less is not timed */

static bool has(check_set set, unsigned int check)
{
    return (set & check_bit((enum check)check)) != 0;
}

static check_set planned_of(const struct report *report, enum target target)
{
    check_set set = 0;

    for (unsigned int i = 0; i < N_CHECKS; i++)
        if (report->checks[i].planned && check_target((enum check)i) == target)
            set |= check_bit((enum check)i);
    return set;
}

/* Those of a set that have this status. */
static check_set only(const struct report *report, check_set set, enum status status)
{
    for (unsigned int i = 0; i < N_CHECKS; i++)
        if (report->checks[i].status != status)
            set &= ~check_bit((enum check)i);
    return set;
}

/* Every planned check of the target passed, apart from those that an option left out. */
static bool target_passes(const struct report *report, enum target target)
{
    check_set judged = planned_of(report, target) & ~report_left_out(report);

    return judged != 0 && only(report, judged, STATUS_PASS) == judged;
}

/* "connect" of "ssm.connect". */
static const char *rung_of(enum check check)
{
    const char *dot = strchr(check_name(check), '.');
    return dot ? dot + 1 : check_name(check);
}

/* The findings that say why a check does not pass: "a, b"; empty where none does. */
static void list_reasons(const struct report *report, enum check check, char *line, size_t size)
{
    for (int32_t i = 0; i < report->n_findings; i++) {
        const struct finding *finding = &report->findings[i];
        const bool said = i > 0 && strcmp(report->findings[i - 1].code, finding->code) == 0;

        if ((finding->explains & check_bit(check)) && !(said && line[0]))
            text_list(line, size, ", ", finding->code);
    }
}

/* A rung further on in the same ladder that fails or warns for the same reasons says it for both. */
static bool is_said_later(const struct report *report, enum check check, const char *reasons)
{
    for (unsigned int i = check + 1; i < N_CHECKS; i++) {
        const enum status status = report->checks[i].status;
        char line[LINE_SIZE] = "";

        if (check_target((enum check)i) != check_target(check) ||
            (status != STATUS_FAIL && status != STATUS_WARN))
            continue;
        list_reasons(report, (enum check)i, line, sizeof(line));
        if (strcmp(line, reasons) == 0)
            return true;
    }
    return false;
}

/* " <- endpoint-blocks-443", on a line of its own where it does not fit. */
static void point_to_reasons(struct screen *screen, const struct report *report, enum check check)
{
    char line[LINE_SIZE] = "";

    list_reasons(report, check, line, sizeof(line));
    if (!line[0] || is_said_later(report, check, line))
        return;
    if (screen->column + 4 + (int)strlen(line) > screen->columns) {
        screen_end(screen);
        screen_pad(screen, SEEN_AT);
    } else {
        screen_text(screen, INK_PLAIN, " ");
    }
    screen_arrow(screen);
    screen_text(screen, INK_PLAIN, " ");
    screen_wrap(screen, INK_PLAIN, SEEN_AT, line);
}

static void write_rung(struct screen *screen, const struct report *report, enum check check)
{
    const struct check_result *result = &report->checks[check];
    char took[DURATION_SIZE] = "";
    const char *rung = rung_of(result->check);
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
    if (result->status == STATUS_FAIL || result->status == STATUS_WARN)
        point_to_reasons(screen, report, check);
}

/* The rungs that were not tried, in one dim line, with the reason unless the rung below failed. */
static void write_not_tried(struct screen *screen, const struct report *report, check_set rungs)
{
    char line[LINE_SIZE] = "";
    enum failure why = FAILURE_NONE;

    for (unsigned int i = 0; i < N_CHECKS; i++) {
        if (!has(rungs, i))
            continue;
        (void)text_add(line, sizeof(line), "%s%s",
                       line[0] ? ", " : "not tried: ", rung_of((enum check)i));
        if (report->checks[i].reason != FAILURE_BELOW && report->checks[i].reason != FAILURE_NONE)
            why = report->checks[i].reason;
    }
    if (!line[0])
        return;
    if (why != FAILURE_NONE)
        (void)text_add(line, sizeof(line), " (%s)", failure_words(why));
    screen_line(screen, INK_DIM, SEEN_AT, SEEN_AT, line);
}

static bool is_tried(const struct report *report, enum target target)
{
    check_set rungs = planned_of(report, target);

    return (rungs & ~only(report, rungs, STATUS_SKIP)) != 0;
}

/* Why nothing of a target was tried; FAILURE_NONE when something was. */
static enum failure why_idle(const struct report *report, enum target target)
{
    check_set rungs = planned_of(report, target) & ~report_left_out(report);
    enum failure why = FAILURE_NONE;

    for (unsigned int i = 0; i < N_CHECKS && !is_tried(report, target); i++)
        if (has(rungs, i) && (why == FAILURE_NONE || why == FAILURE_BELOW))
            why = report->checks[i].reason != FAILURE_NONE ? report->checks[i].reason
                                                           : FAILURE_BELOW;
    return why;
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
        screen_line(screen, INK_DIM, INDENT, INDENT, line);
    }
}

static void write_ladder(struct screen *screen, const struct report *report, enum target target)
{
    check_set rungs = planned_of(report, target), skipped = only(report, rungs, STATUS_SKIP);
    check_set bad = only(report, rungs, STATUS_FAIL) | only(report, rungs, STATUS_WARN);

    screen_pad(screen, INDENT);
    screen_text(screen, INK_PLAIN, target_name(target));
    for (unsigned int i = 0; i < N_CHECKS; i++)
        if (has(rungs & ~skipped, i))
            write_rung(screen, report, (enum check)i);
    screen_end(screen);

    for (unsigned int i = 0; i < N_CHECKS; i++) {
        if (!has(bad, i) || seen_write(screen, report->facts, (enum check)i, SEEN_AT, false) > 0)
            continue;
        screen_line(screen, INK_PLAIN, SEEN_AT, SEEN_AT, report->checks[i].summary);
    }
    write_not_tried(screen, report, skipped & ~report_left_out(report));
}

/* One line a rung: mark, name, duration, summary. */
static void write_ladder_in_full(struct screen *screen, const struct report *report,
                                 enum target target)
{
    check_set rungs = planned_of(report, target);

    for (unsigned int i = 0; i < N_CHECKS; i++) {
        const struct check_result *result = &report->checks[i];
        enum ink ink = result->status == STATUS_SKIP ? INK_DIM : INK_PLAIN;
        char took[DURATION_SIZE] = "";

        if (!has(rungs, i))
            continue;
        if (result->duration_ms > 0)
            duration_text(result->duration_ms, took);
        screen_pad(screen, INDENT);
        (void)screen_status(screen, result->status);
        screen_text(screen, ink, check_name((enum check)i));
        screen_pad(screen, 29);
        screen_textf(screen, INK_DIM, "%7s", took);
        screen_text(screen, INK_PLAIN, "  ");
        screen_finish(screen, ink, 38, result->summary);
        if (result->status != STATUS_SKIP)
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

/* Which of a target's planned checks are in a set, from the lowest on; all of them: all_of_it. */
static unsigned int shape_of(const struct report *report, check_set set, enum target target)
{
    check_set rungs = planned_of(report, target);
    unsigned int shape = 0, at = 1;

    for (unsigned int i = 0; i < N_CHECKS; i++) {
        if (!has(rungs, i))
            continue;
        shape |= has(set, i) ? at : 0;
        at <<= 1;
    }
    return shape != 0 && shape == at - 1 ? all_of_it : shape;
}

static void list_rungs(check_set rungs, char *line, size_t size)
{
    const char *comma = "";

    for (unsigned int i = 0; i < N_CHECKS; i++) {
        if (!has(rungs, i))
            continue;
        (void)text_add(line, size, "%s%s", comma, rung_of((enum check)i));
        comma = ", ";
    }
    (void)text_add(line, size, " of ");
}

/* "credentials of role; authorize of ssm, ssmmessages": targets that lack the same rungs stand
 * together. A target that lacks all its rungs is only named. */
static void list_checks(const struct report *report, check_set set, char *line, size_t size)
{
    const char *semicolon = "";

    for (unsigned int i = 0; i < N_TARGETS; i++) {
        unsigned int shape = shape_of(report, set, (enum target)i);
        bool said = shape == 0;

        for (unsigned int j = 0; j < i && !said; j++)
            said = shape_of(report, set, (enum target)j) == shape;
        if (said)
            continue;
        (void)text_add(line, size, "%s", semicolon);
        semicolon = "; ";
        if (shape != all_of_it)
            list_rungs(set & planned_of(report, (enum target)i), line, size);
        for (unsigned int j = i; j < N_TARGETS; j++)
            if (shape_of(report, set, (enum target)j) == shape)
                (void)text_add(line, size, "%s%s", j == i ? "" : ", ", target_name((enum target)j));
    }
}

/* One line a cause. What was not tried may hide a second fault. */
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
        (void)text_set(line, sizeof(line), "Hidden until %s is fixed: ", code);
        list_checks(report, set, line, sizeof(line));
        screen_line(screen, INK_DIM, INDENT, INDENT + 2, line);
    }
}

/* The checks that an option left out of the verdict. */
static void write_left_out(struct screen *screen, const struct report *report)
{
    char line[2 * LINE_SIZE] = "Skipped on request (--skip, --permissions): ";
    check_set set = report_left_out(report);

    if (set == 0)
        return;
    list_checks(report, set, line + strlen(line), sizeof(line) - strlen(line));
    screen_line(screen, INK_PLAIN, INDENT, INDENT + 2, line);
}

/* The names of the targets that pass say as much as their ladders. */
static void write_passing(struct screen *screen, const struct report *report)
{
    char line[LINE_SIZE] = "";

    for (unsigned int i = 0; i < N_TARGETS; i++)
        if (target_passes(report, (enum target)i))
            text_list(line, sizeof(line), ", ", target_name((enum target)i));
    if (!line[0])
        return;
    screen_pad(screen, INDENT);
    screen_mark(screen, STATUS_PASS);
    screen_line(screen, INK_PLAIN, RUNGS_AT, RUNGS_AT, line);
}

void ladders_write(struct screen *screen, const struct report *report, enum ladders ladders)
{
    if (ladders == LADDERS_NOT_OK)
        write_passing(screen, report);
    for (unsigned int i = 0; i < N_TARGETS; i++) {
        enum target target = (enum target)i;

        if (planned_of(report, target) == 0)
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
