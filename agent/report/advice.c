/* SPDX-License-Identifier: Apache-2.0
 *
 * Where several findings have one cause, one for each service, what the first says is not said
 * again: only the commands that are of one service alone.
 */
#include "report/advice.h"

#include <string.h>

#include "base/text.h"

enum { LABEL_AT = 2, TEXT_AT = 8, COMMAND_AT = 4 };

/* Of a long list of observations: with these the fix is on the first screen too. */
enum { FIRST_REASONS = 2, LAST_REASONS = 2 };

void advice_labelled(struct screen *screen, const char *label, const char *text)
{
    screen_pad(screen, LABEL_AT);
    screen_text(screen, INK_DIM, label);
    screen_pad(screen, TEXT_AT);
    screen_wrap(screen, INK_PLAIN, TEXT_AT, text);
    screen_end(screen);
}

static void write_command(struct screen *screen, const char *command)
{
    screen_pad(screen, COMMAND_AT);
    screen_text(screen, INK_PLAIN, command);
    screen_end(screen);
}

/* As a shell's comment, so that the block can be pasted whole. */
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
    screen_wrap(screen, ink, TEXT_AT + 2, text);
    screen_end(screen);
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

/* What an earlier finding of the same cause has said already: there is one for each service. */
static bool is_said(const struct report *report, const struct finding *finding, const char *command)
{
    for (const struct finding *other = report->findings; other < finding; other++)
        for (int32_t i = 0; i < other->n_commands && strcmp(other->code, finding->code) == 0; i++)
            if (strcmp(other->commands[i], command) == 0)
                return true;
    return false;
}

static bool has_its_remedy_said(const struct report *report, const struct finding *finding)
{
    for (const struct finding *other = report->findings; other < finding; other++)
        if (strcmp(other->code, finding->code) == 0 && strcmp(other->remedy, finding->remedy) == 0)
            return true;
    return false;
}

static void write_commands(struct screen *screen, const struct report *report,
                           const struct finding *finding, bool from_outside)
{
    bool any = false, only_here = true;

    for (int32_t i = 0; i < finding->n_commands; i++)
        only_here &= !command_is_from_outside(finding->commands[i]);
    for (int32_t i = 0; i < finding->n_commands; i++) {
        if (command_is_from_outside(finding->commands[i]) != from_outside ||
            is_said(report, finding, finding->commands[i]))
            continue;
        if (!any) {
            screen_pad(screen, LABEL_AT);
            screen_text(screen, INK_DIM,
                        from_outside ? "From outside:"
                        : only_here  ? "On the instance (EC2 serial console, where nobody can "
                                       "log in):"
                                     : "On the instance:");
            screen_end(screen);
        }
        any = true;
        write_note(screen, finding->notes[i]);
        write_command(screen, finding->commands[i]);
    }
    if (any)
        screen_end(screen);
}

/* Where an earlier finding has the same remedy, only what is of this service alone. */
static void write_fix(struct screen *screen, const struct report *report,
                      const struct finding *finding)
{
    char fix[FIX_SIZE];
    bool any = false;

    for (int32_t i = 0; i < finding->n_commands; i++)
        any |= !is_said(report, finding, finding->commands[i]);
    finding_fix(finding, fix, sizeof(fix));
    if (has_its_remedy_said(report, finding))
        (void)text_set(fix, sizeof(fix), any ? "As above, and:" : "As above.");
    if (fix[0])
        advice_labelled(screen, "Fix", fix);
    if (!any)
        return;
    screen_end(screen);
    write_commands(screen, report, finding, true);
    write_commands(screen, report, finding, false);
}

static bool is_own_command(const struct finding *finding, const char *command)
{
    for (int32_t i = 0; i < finding->n_commands; i++)
        if (strcmp(finding->commands[i], command) == 0)
            return true;
    return false;
}

/* What these observations do not exclude, and what run outside tells. */
static void write_alternatives(struct screen *screen, const struct finding *finding)
{
    char line[LINE_SIZE];

    for (int32_t i = 0; i < finding->n_alternatives; i++) {
        const struct alternative *other = &finding->alternatives[i];
        bool above = is_own_command(finding, other->command);

        (void)text_set(line, sizeof(line), "%s%s", other->code,
                       above               ? ", as a command above tells"
                       : other->command[0] ? "; to tell them apart:"
                                           : "");
        advice_labelled(screen, "Or", line);
        if (above || !other->command[0])
            continue;
        screen_end(screen);
        write_command(screen, other->command);
        screen_end(screen);
    }
}

static void write_more(struct screen *screen, const struct finding *finding)
{
    screen_pad(screen, LABEL_AT);
    screen_text(screen, INK_DIM, "More");
    screen_pad(screen, TEXT_AT);
    screen_textf(screen, INK_PLAIN, "ssm-preflight explain %s", finding->code);
    screen_end(screen);
}

void advice_write(struct screen *screen, const struct report *report, const struct finding *finding)
{
    write_fix(screen, report, finding);
    if (has_its_remedy_said(report, finding))
        return;
    write_alternatives(screen, finding);
    write_more(screen, finding);
}
