/* SPDX-License-Identifier: Apache-2.0
 *
 * The block for the serial console, all that can be read of an instance that nobody reaches. Of 4 KB
 * the machine-readable lines take theirs first, since `show` makes the whole report of them. The rest
 * is printed in reading order; where it does not fit, it is cut by importance and counted.
 *
 * Commands are folded so that they can be pasted into a shell once the prefix is cut off: a
 * backslash at the line's end, which a shell joins.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/packed.h"
#include "report/folded.h"
#include "report/report.h"

enum {
    MAX_BYTES = 4096,
    LINE_END_BYTES = 2, /* the terminal layer makes CR LF of our LF */
    PREFIX_COLUMNS = sizeof(FOLDED_PREFIX) - 1,
    COLUMNS = FOLDED_COLUMNS - PREFIX_COLUMNS,
    LINE_BYTES = FOLDED_COLUMNS + LINE_END_BYTES,
    MAX_FACTS_LINES = 22, /* better less detail than more lines; at the last level, more lines */
    LAST_FACTS_LINES = 30,
};

/* The least important first is what goes, and of one rank the last. */
enum rank {
    RANK_ROOT,
    RANK_ROOT_COMMANDS,
    RANK_FATAL,
    RANK_FATAL_COMMANDS,
    RANK_WHY,
    RANK_AFTERWARDS,
    RANK_WARNING,
    RANK_ALTERNATIVE,
    RANK_WARNING_COMMANDS,
    RANK_NOTE,
    N_RANKS
};
enum { RANK_STEP = 512, ALL = N_RANKS * RANK_STEP };
_Static_assert(MAX_FINDINGS *MAX_COMMANDS < RANK_STEP && MAX_FINDINGS * MAX_EVIDENCE < RANK_STEP,
               "all of one rank have their place in it");

struct block {
    struct buffer text;
    int least;      /* the place of what is least important and still printed */
    bool shown;     /* whether that which is added now is */
    int n_left_out; /* lines */
    size_t n_bytes; /* with the carriage returns */
};

/* --- lines --- */

/* What is added now is the nth of its rank. */
static void begin(struct block *block, enum rank rank, int n)
{
    block->shown = (int)rank * RANK_STEP + n <= block->least;
}

static void add_line(struct block *block, const char *text, size_t n)
{
    block->n_left_out += !block->shown;
    if (!block->shown)
        return;
    (void)buffer_add_text(&block->text, FOLDED_PREFIX);
    for (size_t i = 0; i < n; i++)
        (void)buffer_add(&block->text, text[i] >= 0x20 && text[i] <= 0x7e ? text + i : "?", 1);
    (void)buffer_add(&block->text, "\n", 1);
    block->n_bytes += PREFIX_COLUMNS + n + LINE_END_BYTES;
}

/* How much of the text goes on a line of so many columns: whole words where there is any. */
static size_t fit_words(const char *text, size_t columns)
{
    size_t n = strlen(text);

    if (n <= columns)
        return n;
    for (n = columns; n > 0 && text[n] != ' '; n--)
        ;
    return n > 0 ? n : columns;
}

static void add_words(struct block *block, int indent, const char *text)
{
    char line[COLUMNS + 1];
    int at = 0; /* the first line is not indented */

    do {
        size_t n = fit_words(text, (size_t)(COLUMNS - at));
        (void)text_set(line, sizeof(line), "%*s%.*s", at, "", (int)n, text);
        add_line(block, line, strlen(line));
        text += n + strspn(text + n, " ");
        at = indent;
    } while (*text);
}

/* Inside which quotes a shell is after n characters: ' or " or none. */
static char quotes_after(const char *text, size_t n)
{
    char quotes = '\0';

    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\\' && quotes != '\'')
            i++;
        else if (quotes ? text[i] == quotes : text[i] == '\'' || text[i] == '"')
            quotes = quotes ? '\0' : text[i];
    }
    return quotes;
}

/* Where to fold a command: at a space outside all quotes, so that the halves are words. */
static size_t fold_at_space(const char *text)
{
    for (size_t n = COLUMNS - 1; n > 0; n--)
        if (text[n - 1] == ' ' && !quotes_after(text, n - 1) && (n < 2 || text[n - 2] != '\\'))
            return n;
    return 0;
}

static void add_command(struct block *block, const char *command)
{
    char rest[2 * COMMAND_SIZE], line[COLUMNS + 1];

    (void)text_set(rest, sizeof(rest), "%s", command);
    while (strlen(rest) > COLUMNS) {
        size_t n = fold_at_space(rest);
        bool reopen = false;
        if (n == 0) { /* in the middle of a word, and of quotes: close them and open them again */
            n = COLUMNS - 2;
            while (n > 1 && rest[n - 1] == '\\')
                n--;
            reopen = quotes_after(rest, n) == '\'';
        }
        (void)text_set(line, sizeof(line), "%.*s%s\\", (int)n, rest, reopen ? "'" : "");
        add_line(block, line, strlen(line));
        memmove(rest + reopen, rest + n, strlen(rest + n) + 1);
        if (reopen)
            rest[0] = '\'';
    }
    add_line(block, rest, strlen(rest));
}

/* As a shell's comment, which nothing folds. */
static void add_note(struct block *block, const char *note)
{
    char line[COLUMNS + 1];

    if (!note[0])
        return;
    (void)text_set(line, sizeof(line), "# %s", note);
    add_line(block, line, strlen(line));
}

/* --- findings --- */

static void add_headline(struct block *block, const struct report *report)
{
    const struct facts *facts = report->facts;
    const char *id = facts_instance_name(facts);
    const char *where = facts->instance.availability_zone[0] ? facts->instance.availability_zone
                                                             : facts->plan.region;
    char line[LINE_SIZE];
    char started[TIME_SIZE];

    begin(block, RANK_ROOT, 0);
    (void)text_set(line, sizeof(line), "%s: %s", verdict_row(report->verdict)->words,
                   report_summary_words(report));
    add_words(block, 2, line);
    clock_format_iso8601(facts->started_unix_ms, false, started);
    (void)text_set(line, sizeof(line), "%s%s%s, %s, round %d", id[0] ? id : "instance not known",
                   where[0] ? ", " : "", where, started, (int)facts->rounds);
    add_words(block, 2, line);
}

static void add_head(struct block *block, const struct report *report, int32_t i)
{
    const struct finding *finding = &report->findings[i];
    bool said = i == 0 && text_starts(report_summary_words(report), finding->title);
    char line[2 * LINE_SIZE];

    (void)text_set(line, sizeof(line), "%d. %s", (int)i + 1, finding->code);
    if (finding->target < N_TARGETS)
        (void)text_add(line, sizeof(line), " on %s", target_name(finding->target));
    if (finding->severity != SEVERITY_NOTE)
        (void)text_add(line, sizeof(line), " (%s, %s)", severity_name(finding->severity),
                       confidence_name(finding->confidence));
    if (!said)
        (void)text_add(line, sizeof(line), ": %s", finding->title);
    add_words(block, 3, line);
}

static void add_labelled(struct block *block, const char *label, const char *text)
{
    char line[REMEDY_SIZE + 16];

    (void)text_set(line, sizeof(line), "   %s: %s", label, text);
    add_words(block, 3, line);
}

static void add_commands(struct block *block, const struct finding *finding, int from, int to,
                         enum rank rank, int n)
{
    for (int i = from; i < to; i++) {
        begin(block, rank, n * MAX_COMMANDS + i);
        add_note(block, finding->notes[i]);
        add_command(block, finding->commands[i]);
    }
}

/* With what a finding ends, the restart of the agent, is said once: of the root cause. */
static void add_end(struct block *block, const struct finding *finding, int n_mending)
{
    begin(block, RANK_AFTERWARDS, 0);
    if (finding->afterwards[0])
        add_words(block, 3, finding->afterwards);
    add_commands(block, finding, n_mending, finding->n_commands, RANK_AFTERWARDS, 0);
    for (int i = 0; i < finding->n_alternatives; i++) {
        begin(block, RANK_ALTERNATIVE, i);
        add_labelled(block, "or", finding->alternatives[i].code);
        if (finding->alternatives[i].command[0])
            add_command(block, finding->alternatives[i].command);
    }
}

static void add_finding(struct block *block, const struct report *report, int i)
{
    static const enum rank ranks[] = {[SEVERITY_FATAL] = RANK_FATAL,
                                      [SEVERITY_WARNING] = RANK_WARNING,
                                      [SEVERITY_NOTE] = RANK_NOTE};
    const struct finding *finding = &report->findings[i];
    const int n_mending = finding->n_commands - finding->n_afterwards;
    const bool note = finding->severity == SEVERITY_NOTE;
    const bool root = i == 0 && !note;
    const enum rank rank = root ? RANK_ROOT : ranks[finding->severity];

    begin(block, rank, 2 * i + 1);
    add_head(block, report, i);
    if (note)
        return;
    for (int j = 0; j < finding->n_evidence && rank <= RANK_FATAL; j++) {
        begin(block, RANK_WHY, i * MAX_EVIDENCE + j);
        add_labelled(block, "why", finding->evidence[j]);
    }
    begin(block, rank, 2 * i + 2);
    if (finding->remedy[0])
        add_labelled(block, "fix", finding->remedy);
    add_commands(block, finding, 0, n_mending,
                 rank == RANK_WARNING ? RANK_WARNING_COMMANDS : rank + 1, i);
    if (root)
        add_end(block, finding, n_mending);
}

/* Makes the text of what is as important as `least`; whether there is room for it. */
static bool add_findings(struct block *block, const struct report *report, int least, size_t room)
{
    buffer_clear(&block->text);
    buffer_init(&block->text, REPORT_MAX_BYTES);
    block->least = least;
    block->n_left_out = 0;
    block->n_bytes = 0;
    add_headline(block, report);
    for (int i = 0; i < report->n_findings && i < MAX_FINDINGS; i++)
        add_finding(block, report, i);
    return block->n_bytes <= room;
}

/* --- the machine-readable lines --- */

/* The facts in as much detail as fits; the level of detail, N_PACKED when none does. */
static int fold_facts(const struct facts *facts, struct buffer *to)
{
    int level = 0;

    for (bool fits = false; level < N_PACKED; level++) {
        const size_t most = level == PACKED_LISTS ? LAST_FACTS_LINES : MAX_FACTS_LINES;
        struct buffer bytes;

        buffer_init(&bytes, most * FOLDED_LINE_BYTES);
        fits = packed_write(facts, (enum packed)level, &bytes) &&
               folded_lines(bytes.used) <= most &&
               folded_write((const unsigned char *)bytes.bytes, bytes.used, to);
        buffer_clear(&bytes);
        if (fits)
            break;
    }
    return level;
}

/* One line, whatever it has to say. */
static void add_tail(struct block *block, int level)
{
    static const char *const says[] = {
        [PACKED_ALL] = "tells all",
        [PACKED_WORDS] = "tells more",
        [PACKED_EXTRA] = "tells more",
        [PACKED_LISTS] = "tells most", /* long lists of facts were cut */
    };
    const int n_left_out = block->n_left_out;
    char line[COLUMNS + 1] = "";

    block->shown = true;
    if (n_left_out > 0)
        (void)text_set(line, sizeof(line), "%d line%s cut. ", n_left_out,
                       n_left_out > 1 ? "s" : "");
    if (level < N_PACKED)
        (void)text_add(line, sizeof(line), "Save this; 'ssm-preflight show FILE' %s", says[level]);
    else
        (void)text_add(line, sizeof(line), "The facts did not fit here.");
    add_line(block, line, strlen(line));
}

void console_write(const struct report *report, const struct style *style, struct buffer *to)
{
    struct block block = {.least = 0};
    struct buffer facts;
    int least = 0;

    (void)style;
    buffer_init(&facts, MAX_BYTES);
    const int level = fold_facts(report->facts, &facts);
    const size_t n_facts_lines = facts.used / (FOLDED_COLUMNS + 1);
    const size_t room = MAX_BYTES - (n_facts_lines + 1) * LINE_BYTES; /* one is the tail */

    if (add_findings(&block, report, ALL, room))
        least = ALL;
    for (int step = ALL / 2; step > 0 && least < ALL; step /= 2)
        if (add_findings(&block, report, least + step, room))
            least += step;
    (void)add_findings(&block, report, least, room);
    add_tail(&block, level);
    (void)buffer_add(&block.text, facts.bytes, facts.used);
    if (block.text.failed)
        to->failed = true;
    else
        (void)buffer_add(to, block.text.bytes, block.text.used);
    buffer_clear(&facts);
    buffer_clear(&block.text);
}
