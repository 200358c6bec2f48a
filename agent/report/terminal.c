/* SPDX-License-Identifier: Apache-2.0
 *
 * For someone on call at three in the morning, who sees the last rows of it: first what works and what does
 * not, then why, and at the end what to do. A command stands alone on its line, indented by four spaces, without a prompt and never wrapped,
 * so that it can be copied.
 */
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "model/names.h"
#include "report/screen.h"

static enum ink severity_ink(enum severity severity)
{
    return severity == SEVERITY_FATAL     ? INK_RED
           : severity == SEVERITY_WARNING ? INK_YELLOW
                                          : INK_DIM;
}

/* What a reader of READY must know: checks that were left out, what was not proven, --strict. */
static void write_ready(struct screen *screen, const struct report *report, int indent)
{
    char line[LINE_SIZE];

    (void)text_set(line, sizeof(line), "%s",
                   report_left_out(report)
                       ? "All selected checks passed; some were skipped on request"
                       : "This instance can register with Systems Manager");
    (void)text_add(line, sizeof(line), "; %s.", report_summary_words(report));
    if (report_exit_status(report, report->facts->plan.strict) != 0)
        (void)text_add(line, sizeof(line), " Exit status 1, by --strict.");
    screen_wrap(screen, INK_PLAIN, indent, line);
}

static void write_headline(struct screen *screen, const struct report *report)
{
    const char *words = verdict_row(report->verdict)->words;
    int indent = (int)strlen(words) + 2;
    char line[HEADLINE_SIZE];

    report_headline(report, line);
    screen_text(screen, verdict_ink(report->verdict), words);
    screen_text(screen, INK_PLAIN, line[0] == '(' ? " " : "  ");
    if (report->verdict == VERDICT_READY)
        write_ready(screen, report, indent);
    else
        screen_wrap(screen, INK_PLAIN, indent, line[0] ? line : report_summary_words(report));
    screen_end(screen);
}

static void add_part(char *line, size_t size, const char *label, const char *part)
{
    if (part[0])
        (void)text_add(line, size, "%s%s%s", line[0] ? ", " : "", label, part);
}

/* Which machine this is, as far as it is known. */
static void write_identity(struct screen *screen, const struct facts *facts)
{
    const struct instance_facts *instance = &facts->instance;
    char line[4 * LINE_SIZE] = "";

    add_part(line, sizeof(line), "", facts_instance_name(facts));
    add_part(line, sizeof(line), "",
             instance->availability_zone[0] ? instance->availability_zone : facts->plan.region);
    add_part(line, sizeof(line), "", instance->private_ipv4);
    add_part(line, sizeof(line), "", instance->vpc);
    add_part(line, sizeof(line), "", instance->subnet);
    add_part(line, sizeof(line), "role ", facts->role.role);
    if (!line[0])
        add_part(line, sizeof(line), "", "The instance id is not known.");
    screen_finish(screen, INK_PLAIN, 0, line);
}

/* "FATAL  endpoint-blocks-443  ssm  likely" */
static void write_finding_head(struct screen *screen, const struct finding *finding)
{
    static const char *const words[] = {
        [SEVERITY_NOTE] = "NOTE",
        [SEVERITY_WARNING] = "WARNING",
        [SEVERITY_FATAL] = "FATAL",
    };

    screen_text(screen, severity_ink(finding->severity), words[finding->severity]);
    screen_textf(screen, INK_PLAIN, "  %s", finding->code);
    if (finding->target < N_TARGETS)
        screen_textf(screen, INK_PLAIN, "  %s", target_name(finding->target));
    screen_text(screen, INK_PLAIN, "  ");
    screen_textf(screen, INK_DIM, "(%s)", confidence_name(finding->confidence));
    screen_end(screen);
}

static void write_explained(struct screen *screen, const struct finding *finding)
{
    char line[4 * LINE_SIZE] = "";

    for (enum check i = 0; i < N_CHECKS; i++)
        if (finding->explains & check_bit(i))
            add_part(line, sizeof(line), "", check_name(i));
    advice_labelled(screen, "Check", line);
}

static void write_finding(struct screen *screen, const struct report *report,
                          const struct finding *finding, bool verbose, bool commands)
{
    screen_end(screen);
    write_finding_head(screen, finding);
    screen_line(screen, INK_PLAIN, LABEL_AT, LABEL_AT, finding->title);
    advice_evidence(screen, finding, verbose);
    if (verbose)
        write_explained(screen, finding);
    advice_write(screen, report, finding, commands);
}

/* What to do when the run ended before anything was found; or when a check has no answer, though nothing stopped the run. */
static void write_next(struct screen *screen, const struct report *report)
{
    const enum check lacking = report_first_lacking(report);
    const char *name = check_name(lacking);
    const struct facts *facts = report->facts;
    int32_t deadline_ms = facts->deadline_ms;
    int longer_s = deadline_ms < LONG_ENOUGH_MS / 2 ? LONG_ENOUGH_MS / 1000 : deadline_ms / 500;
    char line[2 * LINE_SIZE], given[DURATION_SIZE];

    duration_text(deadline_ms, given);
    if (facts->stopped_by == STOPPED_BY_NOTHING)
        (void)text_set(
            line, sizeof(line),
            "Make it possible to try %s, which is required, or leave it out too: --skip %s.", name,
            name);
    else if (facts->stopped_by == STOPPED_BY_SIGNAL)
        (void)text_set(line, sizeof(line), "Run it again, to the end: a signal stopped it.");
    else if (deadline_ms > 0)
        (void)text_set(line, sizeof(line), "Give it longer: --deadline %ds (it had %s).", longer_s,
                       given);
    else
        (void)text_set(line, sizeof(line), "Give it longer: --deadline %ds.", longer_s);
    screen_end(screen);
    advice_labelled(screen, "Next", line);
}

/* Two lines: what, and what to do. */
static void write_in_short(struct screen *screen, const struct finding *finding)
{
    bool note = finding->severity == SEVERITY_NOTE;
    char fix[FIX_SIZE];
    int at;

    screen_text(screen, severity_ink(finding->severity), note ? "note" : "warning");
    screen_pad(screen, TEXT_AT + 1);
    at = screen->column;
    screen_textf(screen, INK_PLAIN, "%s:", finding->code);
    screen_text(screen, INK_PLAIN, " ");
    screen_finish(screen, INK_PLAIN, at, finding->title);
    finding_fix(finding, fix, sizeof(fix));
    if (note)
        return;
    screen_line(screen, INK_DIM, at, at, fix);
}

/* Fatal findings and the root cause are told in full. */
static bool is_in_full(const struct report *report, int32_t i, bool verbose)
{
    const struct finding *finding = &report->findings[i];

    return finding->severity == SEVERITY_FATAL || report_root(report) == finding ||
           (finding->severity == SEVERITY_WARNING && verbose);
}

/* What is said in short comes first: it matters least. `left`: the last screen lacks commands of causes. */
static void write_findings(struct screen *screen, const struct report *report, bool verbose,
                           bool left)
{
    const int32_t n_causes = report_n_causes(report);
    bool first = true;

    for (int32_t i = 0; i < report->n_findings; i++) {
        if (is_in_full(report, i, verbose))
            continue;
        if (first)
            screen_end(screen);
        first = false;
        write_in_short(screen, &report->findings[i]);
    }
    for (int32_t i = report->n_findings - 1; i >= n_causes; i--)
        if (is_in_full(report, i, verbose))
            write_finding(screen, report, &report->findings[i], verbose, true);
    for (int32_t i = 0; i < n_causes; i++)
        write_finding(screen, report, &report->findings[i], verbose, left);
}

static void write_when(struct screen *screen, const struct report *report)
{
    const struct facts *facts = report->facts;
    char started[TIME_SIZE];
    char took[DURATION_SIZE];
    int planned = 0;
    int passed = 0;

    for (int i = 0; i < N_CHECKS; i++) {
        planned += report->checks[i].planned;
        passed += report->checks[i].planned && report->checks[i].status == STATUS_PASS;
    }
    clock_format_iso8601(facts->started_unix_ms, false, started);
    duration_text(facts->duration_ms, took);
    screen_textf(screen, INK_DIM, "%d of %d checks passed in %s, round %d, %s", passed, planned,
                 took, facts->rounds, started);
    screen_end(screen);
}

/* Does the role carry AmazonSSMManagedInstanceCore in effect? And which tools work? */
static void write_permissions(struct screen *screen, const struct report *report, bool verbose)
{
    const struct permissions_sum *sum = &report->permissions;
    char line[2 * LINE_SIZE];

    if (!report_policy_line(report, false, line, sizeof(line)) &&
        (!verbose || report->facts->plan.permissions == PERMISSIONS_OFF))
        return;
    screen_line(screen, INK_DIM, LABEL_AT, LABEL_AT, line);
    if (sum->denied == 0 && !verbose)
        return;
    line[0] = '\0';
    for (unsigned int i = 0; i < N_CAPABILITIES; i++)
        (void)text_add(line, sizeof(line),
                       sum->of[i].denied ? "%s%s DENIED (%d of %d allowed)" : "%s%s %d of %d",
                       i ? ", " : "Proven: ", capability_rows[i].name, sum->of[i].allowed,
                       sum->of[i].n);
    screen_line(screen, INK_DIM, LABEL_AT, LABEL_AT, line);
}

void terminal_write(const struct report *report, const struct style *style, struct buffer *to)
{
    enum { LAST_ROWS = 24 - 1 - 1 }; /* one for the prompt, one for the empty line above */
    LOCAL_BUFFER headline = {.max_bytes = 4 * HEADLINE_SIZE};
    struct screen screen;
    int rows = LAST_ROWS;

    screen_init(&screen, style, &headline);
    write_headline(&screen, report);
    for (size_t i = 0; i < headline.used; i++)
        rows -= headline.bytes[i] == '\n';
    const struct last_screen holds = advice_fitting(report, style, rows);
    screen_init(&screen, style, to);
    write_identity(&screen, report->facts);
    ladders_write(&screen, report, style->verbose ? LADDERS_IN_FULL : LADDERS_NOT_OK);
    write_permissions(&screen, report, style->verbose);
    screen_pad(&screen, LABEL_AT);
    write_when(&screen, report);
    write_findings(&screen, report, style->verbose, !holds.all);
    if (report->verdict == VERDICT_UNKNOWN && !report_root(report))
        write_next(&screen, report);
    screen_end(&screen);
    (void)buffer_add(to, headline.bytes, headline.used);
    advice_last_screen(&screen, report, &holds);
}

/* --- the live view; ECMA-48: CUU goes up, CUP to the top, EL and ED erase --- */

void live_erase(struct live *live, struct buffer *to)
{
    if (live->n_lines > 0)
        (void)buffer_addf(to, "\x1b[%dA\r\x1b[J", live->n_lines);
    live->n_lines = 0;
}

/* Over the last frame, line by line: a terminal that is cleared from its first row on keeps the old
 * frame in its history. Writes at most `most` lines and returns how many. */
static int write_frame(const struct buffer *frame, int most, struct buffer *to)
{
    int n = 0;

    for (size_t i = 0; i < frame->used && n < most; i++) {
        if (frame->bytes[i] == '\n') {
            (void)buffer_add_text(to, "\x1b[K");
            n++;
        }
        (void)buffer_add(to, frame->bytes + i, 1);
    }
    (void)buffer_add_text(to, "\x1b[J");
    return n;
}

/* The summary of the last whole round; before there is one, a cause that is certain already. */
static void write_cause(struct screen *screen, const struct report *report, const char *words)
{
    const struct finding *root = report_root(report);
    char line[LINE_SIZE];
    bool certain = root && root->severity == SEVERITY_FATAL &&
                   root->confidence == CONFIDENCE_CERTAIN;

    screen_finish(screen, INK_PLAIN, 0, words[0] ? words : certain ? root->title : "looking");
    if (!certain)
        return;
    finding_fix_line(root, line, sizeof(line));
    advice_labelled(screen, "Fix", line);
}

void live_draw(struct live *live, const struct report *report, const struct live_moment *moment,
               const struct style *style, struct buffer *to)
{
    LOCAL_BUFFER frame = {.max_bytes = REPORT_MAX_BYTES};
    struct screen screen;

    screen_init(&screen, style, &frame);
    screen_textf(&screen, INK_YELLOW, "waiting");
    screen_textf(&screen, INK_PLAIN, "  round %d %s", moment->round,
                 moment->under_way ? "under way" : "done");
    if (moment->remaining_ms >= 0)
        screen_textf(&screen, INK_PLAIN, ", %d s left", (int)((moment->remaining_ms + 999) / 1000));
    screen_end(&screen);
    write_cause(&screen, report, moment->words);
    screen_end(&screen);
    ladders_write(&screen, report, LADDERS_ALL);
    if (live->n_lines > 0 &&
        live->columns != style->columns) /* where the old lines are nobody knows */
        (void)buffer_add_text(to, "\x1b[H\x1b[J");
    else if (live->n_lines > 0)
        (void)buffer_addf(to, "\x1b[%dA\r", live->n_lines);
    live->columns = style->columns;
    live->n_lines = write_frame(&frame, style->rows > 2 ? style->rows - 1 : INT_MAX, to);
}
