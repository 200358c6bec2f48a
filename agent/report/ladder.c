/* SPDX-License-Identifier: Apache-2.0
 *
 * The ladders, one line a target, and below a rung that does not pass what was seen there: columns line up
 * within one rung, so that the address that differs catches the eye. The rungs above a failed rung, which were
 * not tried, share one dim line.
 */
#include "report/screen.h"

#include <string.h>

#include "base/text.h"

/* --- what was seen at one rung --- */

enum {
    MOST_ACTIONS = 6,        /* lines without --verbose */
    SLOW_ANSWER_AT_MS = 500, /* of an answer: from then on its time is said */
};

/* Mark, words, duration and detail of one step; ends the line. */
static void write_step(struct screen *screen, const struct step *step)
{
    char line[LINE_SIZE + DURATION_SIZE] = "not tried", took[DURATION_SIZE];
    int at = screen_status(screen, step_status(step));

    duration_text(step->took_ms, took);
    if (step->outcome == OUTCOME_OK)
        (void)text_set(line, sizeof(line), "%s", took);
    else if (step->outcome == OUTCOME_FAILED)
        (void)text_set(line, sizeof(line), "%s, %s", failure_words(step->failure), took);
    if (step->detail[0])
        (void)text_add(line, sizeof(line), ": %s", step->detail);
    screen_finish(screen, INK_PLAIN, at, line);
}

static int max(int a, int b)
{
    return a > b ? a : b;
}

static const char *place_words(enum place place)
{
    static const char *const words[] = {
        [PLACE_UNKNOWN] = "",          [PLACE_OWN_SUBNET] = "own subnet",
        [PLACE_IN_VPC] = "in the VPC", [PLACE_PRIVATE_ELSEWHERE] = "outside the VPC",
        [PLACE_PUBLIC] = "public",     [PLACE_LOCAL] = "no endpoint's",
    };
    return words[place];
}

/* Whether an address is where it should be, and, if it was dialled all the same, what came of it. */
static void write_place(struct screen *screen, const struct address_facts *at,
                        enum private_dns meaning)
{
    static const enum status marks[] = {
        [PRIVATE_DNS_REQUIRE] = STATUS_FAIL,
        [PRIVATE_DNS_WARN] = STATUS_WARN,
        [PRIVATE_DNS_OFF] = STATUS_PASS,
    };
    const enum failure failure = at->steps[RUNG_CONNECT].failure;
    bool wrong = at->place == PLACE_PUBLIC || at->place == PLACE_LOCAL;
    char line[LINE_SIZE];
    int text_at = screen_status(screen, at->place == PLACE_LOCAL ? STATUS_FAIL
                                        : wrong                  ? marks[meaning]
                                                                 : STATUS_PASS);

    (void)text_set(line, sizeof(line), "%s",
                   at->place == PLACE_UNKNOWN ? "private" : place_words(at->place));
    if (wrong && at->steps[RUNG_CONNECT].outcome == OUTCOME_OK)
        (void)text_add(line, sizeof(line), ", connects on 443");
    else if (wrong && at->steps[RUNG_CONNECT].outcome == OUTCOME_FAILED)
        (void)text_add(line, sizeof(line), ", dialled on 443: %s", failure_words(failure));
    screen_finish(screen, INK_PLAIN, text_at, line);
}

/* What verified, and was made on the way all the same, is no good handshake. */
static void write_handshake(struct screen *screen, const struct address_facts *at)
{
    struct step shown = at->steps[RUNG_TLS];

    if (shown.outcome == OUTCOME_OK && tls_session_is_intercepted(&at->session))
        step_fail(&shown, FAILURE_INTERCEPTED, at->steps[RUNG_TLS].took_ms);
    write_step(screen, &shown);
}

static int write_addresses(struct screen *screen, const struct facts *facts, enum service service,
                           enum rung rung, int indent)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    int widest = 0, widest_place = 0, lines = 0;

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        widest = max(widest, (int)strlen(endpoint->addresses[i].address));
        widest_place = max(widest_place, (int)strlen(place_words(endpoint->addresses[i].place)));
    }
    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];

        if (rung != RUNG_PRIVATE && at->steps[rung].outcome == OUTCOME_UNTRIED)
            continue;
        screen_pad(screen, indent);
        screen_text(screen, INK_PLAIN, at->address);
        screen_pad(screen, indent + widest + 2);
        if (rung == RUNG_PRIVATE) {
            write_place(screen, at, plan_private_dns(&facts->plan, service));
        } else {
            screen_text(screen, INK_DIM, place_words(at->place));
            screen_pad(screen, indent + widest + 2 + widest_place + 2);
            if (rung == RUNG_TLS)
                write_handshake(screen, at);
            else
                write_step(screen, &at->steps[rung]);
        }
        lines++;
    }
    return lines;
}

/* "10.0.0.2  A     x name does not exist, 1 ms"; ends the line. */
static void write_answer(struct screen *screen, const struct dns_answer *answer, int indent,
                         int family_at)
{
    static const char *const who[] = {
        [ASKED_CONFIGURED] = "",
        [ASKED_UPSTREAM] = " (behind the stub)",
        [ASKED_AMAZON] = " (Amazon's resolver)",
        [ASKED_PLAIN] = " (asked again, without EDNS0)",
    };
    char line[MAX_ADDRESSES * (ADDRESS_SIZE + 2)] = "", took[DURATION_SIZE];

    screen_pad(screen, indent);
    screen_text(screen, INK_PLAIN, answer->server);
    screen_pad(screen, family_at);
    screen_text(screen, INK_DIM, answer->family == FAMILY_IPV4 ? "A" : "AAAA");
    screen_pad(screen, family_at + 6);
    /* a name without one family's addresses is no failure by itself */
    const int text_at = screen_status(
        screen, answer->step.failure == FAILURE_NODATA ? STATUS_SKIP : step_status(&answer->step));
    for (int32_t a = 0; a < answer->n_addresses; a++)
        text_list(line, sizeof(line), ", ", answer->addresses[a]);
    if (answer->step.outcome == OUTCOME_FAILED)
        (void)text_set(line, sizeof(line), "%s", failure_words(answer->step.failure));
    duration_text(answer->step.took_ms, took);
    if (answer->step.took_ms >= SLOW_ANSWER_AT_MS)
        (void)text_add(line, sizeof(line), "%s %s",
                       answer->step.failure == FAILURE_TIMEOUT ? " within" : ", after", took);
    (void)text_add(line, sizeof(line), "%s", who[answer->asked_as]);
    screen_finish(screen, INK_PLAIN, text_at, line);
}

/* Of every server, or of Amazon's alone: what it says besides the answer that counts. */
static int write_answers(struct screen *screen, const struct endpoint_facts *endpoint, int indent,
                         bool amazon_only)
{
    int widest = 0, lines = 0;

    for (int32_t i = 0; i < endpoint->n_answers; i++)
        widest = max(widest, (int)strlen(endpoint->answers[i].server));
    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        if (amazon_only && endpoint->answers[i].asked_as != ASKED_AMAZON)
            continue;
        write_answer(screen, &endpoint->answers[i], indent, indent + widest + 2);
        lines++;
    }
    return lines;
}

static void write_action(struct screen *screen, const struct action_facts *action, int indent)
{
    const bool denied = action->permission == PERMISSION_DENIED;
    const bool allowed = action->permission == PERMISSION_ALLOWED;
    char line[LINE_SIZE] = "allowed";

    if (denied)
        (void)text_set(line, sizeof(line), "%s", denial_words(action->denied_by));
    else if (!allowed)
        (void)text_set(line, sizeof(line), "unclear: %s", failure_words(action->failure));
    screen_pad(screen, indent);
    const int at = screen_status(screen, denied    ? STATUS_FAIL
                                         : allowed ? STATUS_PASS
                                                   : STATUS_UNKNOWN);
    screen_textf(screen, INK_PLAIN, "%s ", action->action);
    screen_finish(screen, INK_DIM, at + 2, line);
}

/* The actions that were not probed: all those with the same reason in one paragraph. */
static int write_not_probed(struct screen *screen, const struct endpoint_facts *endpoint,
                            int indent)
{
    bool written[MAX_ACTIONS] = {false};
    int lines = 0;

    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        const struct action_facts *first = &endpoint->actions[i];
        char line[MAX_ACTIONS * (NAME_SIZE + 2) + DETAIL_SIZE] = "not probed: ";

        if (first->permission != PERMISSION_NOT_PROBED || written[i])
            continue;
        for (int32_t j = i; j < endpoint->n_actions; j++) {
            const struct action_facts *action = &endpoint->actions[j];
            if (action->permission != PERMISSION_NOT_PROBED ||
                strcmp(action->why_not, first->why_not) != 0)
                continue;
            (void)text_add(line, sizeof(line), "%s%s", j == i ? "" : ", ", action->action);
            written[j] = true;
        }
        if (first->why_not[0])
            (void)text_add(line, sizeof(line), " (%s)", first->why_not);
        screen_pad(screen, indent);
        screen_finish(screen, INK_DIM, screen_status(screen, STATUS_SKIP), line);
        lines++;
    }
    return lines;
}

static int write_actions(struct screen *screen, const struct endpoint_facts *endpoint, int indent,
                         bool verbose)
{
    int lines = 0, left_out = 0;

    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        const struct action_facts *action = &endpoint->actions[i];

        if (action->permission == PERMISSION_NOT_PROBED ||
            (!verbose && action->permission == PERMISSION_ALLOWED))
            continue;
        if (!verbose && lines == MOST_ACTIONS) {
            left_out++;
            continue;
        }
        write_action(screen, action, indent);
        lines++;
    }
    if (left_out > 0) {
        screen_pad(screen, indent);
        screen_textf(screen, INK_DIM, "and %d more: --verbose", left_out);
        screen_end(screen);
    }
    return verbose ? lines + write_not_probed(screen, endpoint, indent) : lines;
}

/* What was seen at one rung: a line for each address, answer or action. Returns how many lines were
 * written; 0 when the rung's summary says all. Without `verbose` only what explains a failure: the
 * denied actions, not the allowed ones. */
static int seen_write(struct screen *screen, const struct facts *facts, enum check check,
                      int indent, bool verbose)
{
    enum service service;
    enum rung rung;

    if (!check_is_service(check, &service, &rung))
        return 0;

    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    if (rung == RUNG_RESOLVE)
        return write_answers(screen, endpoint, indent, false);
    if (rung == RUNG_AUTHORIZE)
        return write_actions(screen, endpoint, indent, verbose);
    int lines = write_addresses(screen, facts, service, rung, indent);
    if (rung == RUNG_PRIVATE)
        lines += write_answers(screen, endpoint, indent, true);
    return lines;
}

/* --- the ladders --- */

enum { INDENT = 2, RUNGS_AT = 15, SEEN_AT = 17 }; /* columns; the longest target has 11 letters */
enum { SLOW_MS = 100 };                           /* a rung that passed in less is not timed */

static bool has(check_set set, enum check check)
{
    return (set & check_bit(check)) != 0;
}

static check_set planned_of(const struct report *report, enum target target)
{
    check_set set = 0;

    for (enum check i = 0; i < N_CHECKS; i++)
        if (report->checks[i].planned && check_target(i) == target)
            set |= check_bit(i);
    return set;
}

/* Those of a set that have this status. */
static check_set only(const struct report *report, check_set set, enum status status)
{
    for (enum check i = 0; i < N_CHECKS; i++)
        if (report->checks[i].status != status)
            set &= ~check_bit(i);
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
    return strchr(check_name(check), '.') + 1;
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
    for (enum check i = check + 1; i < N_CHECKS; i++) {
        const enum status status = report->checks[i].status;
        char line[LINE_SIZE] = "";

        if (check_target(i) != check_target(check) ||
            (status != STATUS_FAIL && status != STATUS_WARN))
            continue;
        list_reasons(report, i, line, sizeof(line));
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
    bool unneeded = false;

    for (enum check i = 0; i < N_CHECKS; i++)
        unneeded |= has(rungs, i) && report->checks[i].unneeded;
    for (enum check i = 0; i < N_CHECKS; i++) {
        if (!has(rungs, i))
            continue;
        (void)text_add(line, sizeof(line), "%s%s",
                       line[0]    ? ", "
                       : unneeded ? "not needed: "
                                  : "not tried: ",
                       rung_of(i));
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

    if (is_tried(report, target))
        return FAILURE_NONE;
    for (unsigned int i = 0; i < N_CHECKS; i++)
        if (has(rungs, i) && (why == FAILURE_NONE || why == FAILURE_BELOW))
            why = report->checks[i].reason;
    return why;
}

/* All targets of which nothing was tried for the same reason, in one dim line. */
static void write_idle(struct screen *screen, const struct report *report)
{
    enum failure whys[N_TARGETS];

    for (enum target i = 0; i < N_TARGETS; i++)
        whys[i] = why_idle(report, i);
    for (enum failure why = FAILURE_NONE + 1; why < N_FAILURES; why++) {
        char line[LINE_SIZE] = "";

        for (enum target i = 0; i < N_TARGETS; i++)
            if (whys[i] == why)
                (void)text_add(line, sizeof(line), "%s%s",
                               line[0] ? ", " : "not tried: ", target_name(i));
        if (!line[0])
            continue;
        if (why != FAILURE_BELOW)
            (void)text_add(line, sizeof(line), " (%s)", failure_words(why));
        screen_line(screen, INK_DIM, INDENT, INDENT, line);
    }
}

static void write_ladder(struct screen *screen, const struct report *report, enum target target)
{
    check_set rungs = planned_of(report, target), skipped = only(report, rungs, STATUS_SKIP);
    check_set bad = only(report, rungs, STATUS_FAIL) | only(report, rungs, STATUS_WARN);

    screen_pad(screen, INDENT);
    screen_text(screen, INK_PLAIN, target_name(target));
    for (enum check i = 0; i < N_CHECKS; i++)
        if (has(rungs & ~skipped, i))
            write_rung(screen, report, i);
    screen_end(screen);

    for (enum check i = 0; i < N_CHECKS; i++) {
        if (!has(bad, i) || seen_write(screen, report->facts, i, SEEN_AT, false) > 0)
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

    for (enum check i = 0; i < N_CHECKS; i++) {
        const struct check_result *result = &report->checks[i];
        enum ink ink = result->status == STATUS_SKIP ? INK_DIM : INK_PLAIN;
        char took[DURATION_SIZE] = "";

        if (!has(rungs, i))
            continue;
        if (result->duration_ms > 0)
            duration_text(result->duration_ms, took);
        screen_pad(screen, INDENT);
        (void)screen_status(screen, result->status);
        screen_text(screen, ink, check_name(i));
        screen_pad(screen, 29);
        screen_textf(screen, INK_DIM, "%7s", took);
        screen_text(screen, INK_PLAIN, "  ");
        screen_finish(screen, ink, 38, result->summary);
        if (result->status != STATUS_SKIP)
            (void)seen_write(screen, report->facts, i, 8, true);
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

    for (enum check i = 0; i < N_CHECKS; i++) {
        if (!has(rungs, i))
            continue;
        (void)text_add(line, size, "%s%s", comma, rung_of(i));
        comma = ", ";
    }
    (void)text_add(line, size, " of ");
}

/* "credentials of role; authorize of ssm, ssmmessages": targets that lack the same rungs stand
 * together. A target that lacks all its rungs is only named. */
static void list_checks(const struct report *report, check_set set, char *line, size_t size)
{
    const char *semicolon = "";

    for (enum target i = 0; i < N_TARGETS; i++) {
        unsigned int shape = shape_of(report, set, i);
        bool said = shape == 0;

        for (unsigned int j = 0; j < i && !said; j++)
            said = shape_of(report, set, (enum target)j) == shape;
        if (said)
            continue;
        (void)text_add(line, size, "%s", semicolon);
        semicolon = "; ";
        if (shape != all_of_it)
            list_rungs(set & planned_of(report, i), line, size);
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

    for (enum target i = 0; i < N_TARGETS; i++)
        if (target_passes(report, i))
            text_list(line, sizeof(line), ", ", target_name(i));
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
    for (enum target i = 0; i < N_TARGETS; i++) {
        enum target target = i;

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
