/* SPDX-License-Identifier: Apache-2.0
 *
 * Several findings may have one code, one for each service: a fix is said once where they share it. The
 * report ends with what to do: every cause by its name, and the commands, as many of them as the last rows
 * of a terminal hold.
 */
#include "report/screen.h"

#include <string.h>

#include "base/text.h"

enum { COMMAND_AT = 4 };
#define WHICH_INSTANCE "## Which instance"
#define BY_USER_DATA "## Without a login"
#define OLD_USER_DATA "### The old user data"
#define THE_COMMANDS "        # the commands, a line each\n"
#define NO_LOGIN "without a login: ssm-preflight explain no-login"

/* How much of a long list of observations is shown, so that the fix is on the first screen too. */
enum { FIRST_REASONS = 2, LAST_REASONS = 2 };

void advice_labelled(struct screen *screen, const char *label, const char *text)
{
    screen_pad(screen, LABEL_AT);
    screen_text(screen, INK_DIM, label);
    screen_line(screen, INK_PLAIN, TEXT_AT, TEXT_AT, text);
}

static void write_command(struct screen *screen, const char *command)
{
    screen_pad(screen, COMMAND_AT);
    screen_text(screen, INK_PLAIN, command);
    screen_end(screen);
}

/* A comment of the shell, so that the block can be pasted whole. */
static void write_note(struct screen *screen, const char *note)
{
    if (!note[0])
        return;
    screen_pad(screen, COMMAND_AT);
    screen_textf(screen, INK_DIM, "# %s", note);
    screen_end(screen);
}

static void write_reason(struct screen *screen, const char *label, enum ink ink, const char *text)
{
    screen_pad(screen, LABEL_AT);
    if (label[0])
        screen_text(screen, INK_DIM, label);
    screen_pad(screen, TEXT_AT);
    screen_text(screen, INK_DIM, "- ");
    screen_finish(screen, ink, TEXT_AT + 2, text);
}

void advice_evidence(struct screen *screen, const struct finding *finding, bool all)
{
    int32_t n = finding->n_evidence, n_hidden = n - FIRST_REASONS - LAST_REASONS;
    char line[NAME_SIZE];

    if (all || n_hidden < 2)
        n_hidden = 0;
    for (int32_t i = 0; i < n; i++) {
        if (n_hidden > 0 && i == FIRST_REASONS) {
            (void)text_set(line, sizeof(line), "%d more, with --verbose", (int)n_hidden);
            write_reason(screen, "", INK_DIM, line);
            i += n_hidden;
        }
        write_reason(screen, i == 0 ? "Why" : "", INK_PLAIN, finding->evidence[i]);
    }
}

static int32_t n_mending(const struct finding *finding)
{
    return finding->n_commands - finding->n_afterwards;
}

static bool has_same_commands(const struct finding *a, const struct finding *b)
{
    if (n_mending(a) != n_mending(b))
        return false;
    for (int32_t i = 0; i < n_mending(a); i++)
        if (strcmp(a->commands[i], b->commands[i]) != 0)
            return false;
    return true;
}

/* The first finding of the same code that says the same fix; itself where none before does. */
static const struct finding *first_to_say(const struct report *report,
                                          const struct finding *finding)
{
    for (const struct finding *other = report->findings; other < finding; other++)
        if (strcmp(other->code, finding->code) == 0 &&
            strcmp(other->remedy, finding->remedy) == 0 && has_same_commands(other, finding))
            return other;
    return finding;
}

/* Of the commands that mend, those for one place. `most` counts down what there is room for: a block is whole
 * or left out, except `in_part`, which shows its first commands and says so. False where not all is shown. */
static bool write_place(struct screen *screen, const struct finding *finding, bool inside,
                        bool in_part, int32_t *most)
{
    const int32_t n = finding_n_commands(finding, inside);
    const int32_t n_here = finding_fitting(finding, inside, in_part, most);
    int at = -1;

    if (n_here == 0)
        return n == 0;
    screen_pad(screen, LABEL_AT);
    screen_text(screen, INK_DIM, inside ? "On the instance" : "From anywhere with the AWS CLI");
    if (n_here < n)
        screen_textf(screen, INK_DIM, ", the first %d of %d", (int)n_here, (int)n);
    screen_text(screen, INK_DIM, inside && n_here == n ? " (" NO_LOGIN "):" : ":");
    screen_end(screen);
    for (int32_t left = n_here; left > 0 && finding_next(finding, inside, &at); left--) {
        write_note(screen, finding->notes[at]);
        write_command(screen, finding->commands[at]);
    }
    return n_here == n;
}

static bool write_commands(struct screen *screen, const struct finding *finding, bool in_part,
                           int32_t *most)
{
    const bool first = finding->inside[0];
    const bool all = write_place(screen, finding, first, in_part, most);

    return write_place(screen, finding, !first, false, most) && all;
}

/* The restart of the agent; its words hold the command for the instance. */
static void write_afterwards(struct screen *screen, const struct finding *finding, bool in_short)
{
    if (!finding->afterwards[0])
        return;
    screen_line(screen, INK_PLAIN, LABEL_AT, LABEL_AT, finding->afterwards);
    for (int i = -1; finding_next_afterwards(finding, &i);) {
        char comment[COMMAND_SIZE + 2]; /* whoever pastes all of it must not reboot unseen */
        if (in_short) {
            write_note(screen, NO_LOGIN);
            return;
        }
        write_note(screen, finding->notes[i]);
        (void)text_set(comment, sizeof(comment), "# %s", finding->commands[i]);
        write_command(screen, comment);
    }
}

/* Whether another one of the first n findings says how it ends, which is with the restart of the agent: an
 * earlier one, or one with more commands for it. */
static bool has_same_end(const struct report *report, int32_t n, const struct finding *finding)
{
    for (const struct finding *other = report->findings; other < report->findings + n; other++)
        if (other != finding && other->afterwards[0] &&
            (other->n_afterwards > finding->n_afterwards ||
             (other < finding && other->n_afterwards == finding->n_afterwards)))
            return true;
    return false;
}

static bool is_of_kind(const struct report *report, int32_t a, int32_t b)
{
    const int32_t n_causes = report_n_causes(report);

    return (a < n_causes) == (b < n_causes) &&
           report->findings[a].severity == report->findings[b].severity;
}

bool advice_next_end(const struct report *report, const struct finding *finding, int32_t *i)
{
    const int32_t own = (int32_t)(finding - report->findings);
    int32_t last = -1;

    for (int32_t at = 0; at < report->n_findings; at++) {
        const struct finding *other = &report->findings[at];
        if (is_of_kind(report, own, at) && first_to_say(report, other) == other &&
            (n_mending(other) > 0 || other->afterwards[0]))
            last = at;
    }
    while (own == last && ++*i < report->n_findings)
        if (is_of_kind(report, own, *i) && report->findings[*i].afterwards[0] &&
            !has_same_end(report,
                          own < report_n_causes(report) ? report_n_causes(report)
                                                        : report->n_findings,
                          &report->findings[*i]))
            return true;
    return false;
}

/* What these observations do not exclude, and the command outside that tells. */
static void write_alternatives(struct screen *screen, const struct finding *finding)
{
    char line[LINE_SIZE];

    if (finding_told_by_fix(finding, line, sizeof(line)))
        advice_labelled(screen, "Or", line);
    for (int32_t i = 0; i < finding->n_alternatives; i++) {
        const struct alternative *other = &finding->alternatives[i];

        if (finding_has_command(finding, other->command))
            continue;
        (void)text_set(line, sizeof(line), "%s%s", other->code,
                       other->command[0] ? "; to tell them apart:" : "");
        advice_labelled(screen, "Or", line);
        if (other->command[0])
            write_command(screen, other->command);
    }
}

void advice_write(struct screen *screen, const struct report *report, const struct finding *finding,
                  bool commands)
{
    int32_t all = MAX_COMMANDS;
    char line[LINE_SIZE];

    if (first_to_say(report, finding) != finding)
        return;
    advice_labelled(screen, "Fix", finding->remedy);
    if (commands) {
        (void)write_commands(screen, finding, false, &all);
        for (int32_t i = -1; advice_next_end(report, finding, &i);)
            write_afterwards(screen, &report->findings[i], false);
    }
    write_alternatives(screen, finding);
    (void)text_set(line, sizeof(line), "ssm-preflight explain %s", finding->code);
    if (finding == report->findings || strcmp(finding[-1].code, finding->code) != 0)
        advice_labelled(screen, "More", line);
}

/* --- the last screen: what is wrong, and what to do --- */

/* "1. endpoint-blocks-443 (ssm): Let inbound 443 from ..." */
static void write_cause(struct screen *screen, const struct report *report, int32_t n)
{
    const struct finding *finding = &report->findings[n];
    const struct finding *first = first_to_say(report, finding);
    char line[LINE_SIZE + REMEDY_SIZE], fix[REMEDY_SIZE], name[FINDING_NAME_SIZE];

    finding_fix_line(finding, fix, sizeof(fix));
    if (first != finding)
        (void)text_set(fix, sizeof(fix), "As %d.", (int)(first - report->findings) + 1);
    finding_name(finding, " (", ")", name);
    (void)text_set(line, sizeof(line), "%s: %s", name, fix);
    screen_textf(screen, INK_PLAIN, "%d. ", (int)n + 1);
    screen_finish(screen, INK_PLAIN, screen->column, line);
}

void advice_last_screen(struct screen *screen, const struct report *report,
                        const struct last_screen *holds)
{
    const int32_t n_causes = report_n_causes(report);
    int32_t most = holds->n_commands;
    bool all = true;

    for (int32_t i = 0; i < n_causes; i++)
        write_cause(screen, report, i);
    for (int32_t i = 0; i < n_causes; i++) {
        const struct finding *finding = &report->findings[i];

        if (first_to_say(report, finding) != finding || n_mending(finding) == 0)
            continue;
        if (most > 0 && (i == 0 || finding_n_commands(finding, finding->inside[0]) <= most)) {
            screen_end(screen);
            if (n_causes > 1)
                screen_textf(screen, INK_PLAIN, "%d.", (int)i + 1);
        }
        all &= write_commands(screen, finding, i == 0, &most);
    }
    if (!all) {
        screen_pad(screen, LABEL_AT);
        screen_textf(screen, INK_DIM, "%s: above; to print only commands: --commands",
                     holds->n_commands > 0 ? "All commands" : "Commands");
        screen_end(screen);
    }
    for (int32_t i = 0; i < n_causes; i++)
        if (!has_same_end(report, n_causes, &report->findings[i]))
            write_afterwards(screen, &report->findings[i], holds->in_short);
}

static int rows_of(const struct buffer *text, int columns)
{
    int rows = 0, column = 0;

    for (size_t i = 0; i < text->used; i++) {
        rows += text->bytes[i] == '\n' || column == columns;
        column = text->bytes[i] == '\n' ? 0 : column == columns ? 1 : column + 1;
    }
    return rows;
}

static bool fits(const struct report *report, const struct style *style, int rows,
                 const struct last_screen *holds)
{
    const struct style plain = {.columns = style->columns};
    struct screen screen;
    LOCAL_BUFFER text = {.max_bytes = REPORT_MAX_BYTES};

    screen_init(&screen, &plain, &text);
    advice_last_screen(&screen, report, holds);
    return rows_of(&text, screen.columns) <= rows;
}

struct last_screen advice_fitting(const struct report *report, const struct style *style, int rows)
{
    struct last_screen holds = {.all = true};
    int32_t fitting = 0;

    for (int32_t i = 0; i < report_n_causes(report); i++)
        holds.n_commands += n_mending(&report->findings[i]);
    for (int in_short = 0; in_short < 2; in_short++) {
        holds.in_short = in_short && holds.n_commands > 0;
        if (fits(report, style, rows, &holds))
            return holds;
    }
    holds.all = false;
    for (int32_t too_many = holds.n_commands; too_many - fitting > 1;) {
        holds.n_commands = (fitting + too_many) / 2;
        *(fits(report, style, rows, &holds) ? &fitting : &too_many) = holds.n_commands;
    }
    holds.n_commands = fitting;
    holds.in_short = fitting > 0; /* not even one: there is room for the reboot */
    return holds;
}

/* --- without a login --- */

/* Whether it changes something on the instance with nobody there. What changes something needs `sudo`, and where that only
 * looks its note says so; what is commented out, or to be filled in, needs somebody. */
static bool mends_alone(const struct finding *finding)
{
    bool changes = false;

    for (int i = -1; finding_next(finding, true, &i);) {
        if (text_ends(finding->commands[i], "=''"))
            return false;
        changes |= finding->commands[i][0] != '#' && strstr(finding->commands[i], "sudo ") &&
                   !text_starts(finding->notes[i], "look");
    }
    return changes;
}

/* The commands of such causes, and the restart: of one script, which keeps their variables. False: there are none. */
static bool add_boot_commands(struct buffer *to, const struct report *report)
{
    const int32_t n_causes = report_n_causes(report);
    bool any = false;

    for (int32_t n = 0; n < n_causes; n++) {
        const struct finding *finding = &report->findings[n];
        if (!mends_alone(finding))
            continue;
        for (int i = -1; finding_next(finding, true, &i);)
            (void)buffer_addf(to, "        %s\n", finding->commands[i]);
        any = true;
    }
    for (int32_t n = 0; any && n < n_causes; n++) {
        const struct finding *finding = &report->findings[n];
        for (int32_t i = n_mending(finding); i < finding->n_commands; i++)
            if (finding->inside[i] && !has_same_end(report, n_causes, finding))
                (void)buffer_addf(to, "        %s\n", finding->commands[i]);
    }
    return any;
}

bool no_login_write(const struct report *report, struct buffer *to)
{
    const char *id = report ? facts_instance_name(report->facts) : "";
    const char *region = report ? report->facts->plan.region : "";
    bool skips = false;

    id = text_only(id, "-") ? id : ""; /* a report may hold anything, and this is for a shell */
    region = text_only(region, "-") ? region : "";
    LOCAL_BUFFER commands = {.max_bytes = REPORT_MAX_BYTES};
    LOCAL_BUFFER page = {.max_bytes = REPORT_MAX_BYTES};
    const bool alone = report && add_boot_commands(&commands, report);
    (void)explain_write("no-login", &(struct style){.columns = 0}, &page);
    for (const char *line = page.bytes; line[0]; line += strcspn(line, "\n") + 1) {
        const char *end = line + strcspn(line, "\n");

        if (text_starts(line, "## "))
            skips = text_starts(line, WHICH_INSTANCE) ? id[0] && region[0]
                                                      : !alone && text_starts(line, BY_USER_DATA);
        if (skips || (id[0] && text_starts(line, "    ID=")))
            continue;
        if (text_starts(line, THE_COMMANDS)) {
            (void)buffer_add(to, commands.bytes, commands.used);
            continue;
        }
        for (const char *at = line; at <= end; at++) {
            const char *value = text_starts(at, "$ID")       ? id
                                : text_starts(at, "$REGION") ? region
                                                             : "";
            (void)(value[0] ? buffer_add_text(to, value) : buffer_add(to, at, 1));
            at += !value[0] ? 0 : value == id ? 2 : 6;
        }
    }
    return id[0] && alone;
}

/* --- the output `commands` ---
 * Nothing but what is pasted into a shell: a block for each cause and place, whose lines run in their order.
 * What is not to be run unseen, the restart and the reboot, stands in comments. */

static void paste(struct buffer *to, const char *before, const char *text)
{
    (void)buffer_add_text(to, before);
    (void)buffer_add_printable(to, text, strlen(text));
    (void)buffer_add_text(to, "\n");
}

static void paste_block(const struct finding *finding, bool inside, struct buffer *to)
{
    if (finding_n_commands(finding, inside) > 0)
        paste(to, "# ",
              inside ? "on the instance (" NO_LOGIN "):" : "from anywhere with the AWS CLI:");
    for (int i = -1; finding_next(finding, inside, &i);) {
        if (finding->notes[i][0])
            paste(to, "# ", finding->notes[i]);
        paste(to, "", finding->commands[i]);
    }
}

static void paste_end(const struct finding *finding, struct buffer *to)
{
    if (finding->afterwards[0])
        paste(to, "# ", finding->afterwards);
    for (int i = -1; finding_next_afterwards(finding, &i);) {
        paste(to, "# ", finding->notes[i]);
        paste(to, "# ", finding->commands[i]);
    }
}

/* A section of the page as a function, in which its words are comments: pasting it does nothing yet. */
static void paste_function(const struct buffer *page, const char *name, const char *section,
                           struct buffer *to)
{
    bool wanted = false;

    (void)buffer_addf(to, "%s() {\n", name);
    for (size_t at = 0; at < page->used;) {
        const char *line = page->bytes + at;
        const size_t n = strcspn(line, "\n"), indent = line[0] == ' ' ? 4 : 0;

        if (line[0] == '#')
            wanted = text_starts(line, WHICH_INSTANCE "\n") || text_starts(line, section);
        else if (wanted && n > 0)
            (void)buffer_addf(to, "%s%.*s\n", indent ? "" : "# ", (int)(n - indent), line + indent);
        at += n + 1;
    }
    (void)buffer_add_text(to, "}\n");
}

static void paste_no_login(const struct report *report, struct buffer *to)
{
    LOCAL_BUFFER page = {.max_bytes = REPORT_MAX_BYTES};

    if (!no_login_write(report, &page))
        return;
    (void)buffer_add_text(
        to, "\n# without a login, by user data, which stops the instance: paste it, and run "
            "fix_by_user_data; then old_user_data\n");
    paste_function(&page, "fix_by_user_data", BY_USER_DATA "\n", to);
    paste_function(&page, "old_user_data", OLD_USER_DATA "\n", to);
}

void commands_write(const struct report *report, const struct style *style, struct buffer *to)
{
    const int32_t n_causes = report_n_causes(report);

    (void)style;
    paste(to, "# ", report->summary);
    if (n_causes > 0)
        (void)buffer_add_text(to, "export AWS_PAGER= # which would take what is pasted behind\n");
    for (int32_t i = 0; i < n_causes; i++) {
        const struct finding *finding = &report->findings[i];
        char line[LINE_SIZE];

        (void)text_set(line, sizeof(line), "\n# %d. %s", (int)i + 1, finding->code);
        (void)buffer_add_text(to, line);
        paste(to, ": ", finding->title);
        paste_block(finding, finding->inside[0],
                    to); /* the place of the first command comes first */
        paste_block(finding, !finding->inside[0], to);
    }
    for (int32_t i = 0; i < n_causes; i++)
        if (!has_same_end(report, n_causes, &report->findings[i]))
            paste_end(&report->findings[i], to);
    paste_no_login(report, to);
}
