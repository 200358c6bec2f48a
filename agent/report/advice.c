/* SPDX-License-Identifier: Apache-2.0
 *
 * Several findings may have one code, one for each service. What the first one says is not repeated:
 * the others show only the commands of their own service.
 */
#include "report/screen.h"

#include <string.h>

#include "base/text.h"

enum { COMMAND_AT = 4 };

/* How much of a long list of observations is shown, so that the fix is on the first screen too. */
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

/* Whether an earlier finding of the same code has said this. */
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

/* Writes those of the commands from..to that are not said yet. Returns whether there are any. */
static bool write_commands(struct screen *screen, const struct report *report,
                           const struct finding *finding, int32_t from, int32_t to,
                           bool from_outside, const char *heading)
{
    bool any = false;

    for (int32_t i = from; i < to; i++) {
        if (command_is_from_outside(finding->commands[i]) != from_outside ||
            is_said(report, finding, finding->commands[i]))
            continue;
        if (!any && heading) {
            screen_pad(screen, LABEL_AT);
            screen_text(screen, INK_DIM, heading);
            screen_end(screen);
        }
        any = true;
        write_note(screen, finding->notes[i]);
        write_command(screen, finding->commands[i]);
    }
    return any;
}

static void write_mending(struct screen *screen, const struct report *report,
                          const struct finding *finding, int32_t n)
{
    static const char only_here[] = "On the instance (EC2 serial console, where nobody can log "
                                    "in):";
    bool outside = false;

    for (int32_t i = 0; i < n; i++)
        outside |= command_is_from_outside(finding->commands[i]);
    if (write_commands(screen, report, finding, 0, n, true, "From outside:"))
        screen_end(screen);
    if (write_commands(screen, report, finding, 0, n, false,
                       outside ? "On the instance:" : only_here))
        screen_end(screen);
}

/* "  Then  restart the agent, ...", and how; only once for each text. */
static void write_afterwards(struct screen *screen, const struct report *report,
                             const struct finding *finding, int32_t from)
{
    static const char then[] = "Then ";
    const char *text = finding->afterwards;

    for (const struct finding *other = report->findings; other < finding; other++)
        if (strcmp(other->code, finding->code) == 0 && strcmp(other->afterwards, text) == 0)
            return;
    if (!text[0])
        return;
    advice_labelled(screen, "Then", text_starts(text, then) ? text + sizeof(then) - 1 : text);
    screen_end(screen);
    (void)write_commands(screen, report, finding, from, finding->n_commands, false, NULL);
    (void)write_commands(screen, report, finding, from, finding->n_commands, true, NULL);
    screen_end(screen);
}

/* When an earlier finding has the same fix, only this service's own commands. */
static void write_fix(struct screen *screen, const struct report *report,
                      const struct finding *finding)
{
    int32_t n_mending = finding->n_commands - finding->n_afterwards;
    const char *fix = finding->remedy;
    bool any = false;

    for (int32_t i = 0; i < n_mending; i++)
        any |= !is_said(report, finding, finding->commands[i]);
    if (has_its_remedy_said(report, finding))
        fix = any ? "As above, and:" : "As above.";
    if (fix[0])
        advice_labelled(screen, "Fix", fix);
    if (any || (finding->n_commands > 0 && fix == finding->remedy))
        screen_end(screen);
    write_mending(screen, report, finding, n_mending);
    write_afterwards(screen, report, finding, n_mending);
}

static bool is_own_command(const struct finding *finding, const char *command)
{
    for (int32_t i = 0; i < finding->n_commands; i++)
        if (strcmp(finding->commands[i], command) == 0)
            return true;
    return false;
}

/* What these observations do not exclude, and the command outside that tells. */
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
    char line[LINE_SIZE];

    (void)text_set(line, sizeof(line), "ssm-preflight explain %s", finding->code);
    advice_labelled(screen, "More", line);
}

void advice_write(struct screen *screen, const struct report *report, const struct finding *finding)
{
    write_fix(screen, report, finding);
    if (has_its_remedy_said(report, finding))
        return;
    write_alternatives(screen, finding);
    write_more(screen, finding);
}
