/* SPDX-License-Identifier: Apache-2.0
 *
 * The block for the serial console, all that can be read of an instance that nobody reaches. Of 2 KB
 * the machine-readable lines take theirs first, since `show` makes the whole report of them; the
 * rest is filled by importance and printed in reading order. What is left out is counted.
 *
 * Commands are folded so that they can be pasted into a shell once the prefix is cut off: a
 * backslash at the line's end, which a shell joins.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/compact.h"
#include "report/folded.h"
#include "report/report.h"

enum {
    MAX_BYTES = 2048,
    LINE_END_BYTES = 2, /* the terminal layer makes CR LF of our LF */
    PREFIX_COLUMNS = sizeof(FOLDED_PREFIX) - 1,
    COLUMNS = FOLDED_COLUMNS - PREFIX_COLUMNS,
    MAX_UNITS = MAX_FINDINGS * (3 + MAX_EVIDENCE + MAX_COMMANDS + MAX_ALTERNATIVES) + 1,
    MAX_FACTS_LINES = 10, /* better less detail than more lines; at the last level, more lines */
    LAST_FACTS_LINES = 14,
};

/* The least important first is what goes. */
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

/* Some lines that are shown or left out together. */
struct unit {
    enum rank rank;
    int group; /* of commands: behind one that is left out, so are the others */
    size_t start, n;
    int n_lines;
    bool shown;
};

struct block {
    struct buffer text; /* the lines of all units, in reading order */
    struct unit units[MAX_UNITS];
    int n_units;
};

/* --- lines --- */

static void add_line(struct block *block, const char *text, size_t n)
{
    (void)buffer_add_text(&block->text, FOLDED_PREFIX);
    for (size_t i = 0; i < n; i++) {
        char safe = text[i] >= 0x20 && text[i] <= 0x7e ? text[i] : '?';
        (void)buffer_add(&block->text, &safe, 1);
    }
    (void)buffer_add(&block->text, "\n", 1);
    if (block->n_units > 0)
        block->units[block->n_units - 1].n_lines++;
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

/* --- units --- */

static void begin(struct block *block, enum rank rank, int group)
{
    block->units[block->n_units++] = (struct unit){rank, group, block->text.used, 0, 0, false};
}

/* Every unit ends where the next one begins. */
static void end_units(struct block *block)
{
    for (int i = 0; i < block->n_units; i++) {
        struct unit *unit = &block->units[i];
        size_t end = i + 1 < block->n_units ? block->units[i + 1].start : block->text.used;
        unit->n = end - unit->start;
    }
}

static void add_headline(struct block *block, const struct report *report)
{
    const struct facts *facts = report->facts;
    const char *id = facts_instance_name(facts);
    const char *where = facts->instance.availability_zone[0] ? facts->instance.availability_zone
                                                             : facts->plan.region;
    char line[LINE_SIZE];
    char started[TIME_SIZE];

    begin(block, RANK_ROOT, -1);
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

static void add_alternatives(struct block *block, const struct finding *finding)
{
    for (int32_t i = 0; i < finding->n_alternatives; i++) {
        const struct alternative *other = &finding->alternatives[i];

        begin(block, RANK_ALTERNATIVE, -1);
        add_labelled(block, "or", other->code);
        if (other->command[0])
            add_command(block, other->command);
    }
}

static void add_commands(struct block *block, const struct finding *finding, int32_t from,
                         int32_t to, enum rank rank, int group)
{
    for (int32_t i = from; i < to; i++) {
        begin(block, rank, group);
        add_note(block, finding->notes[i]);
        add_command(block, finding->commands[i]);
    }
}

/* With what a finding ends, the restart of the agent, is said once: of the root cause. */
static void add_finding(struct block *block, const struct report *report, int32_t i)
{
    const struct finding *finding = &report->findings[i];
    bool note = finding->severity == SEVERITY_NOTE;
    bool fatal = finding->severity == SEVERITY_FATAL;
    bool root = i == 0 && !note;
    enum rank rank = root ? RANK_ROOT : fatal ? RANK_FATAL : note ? RANK_NOTE : RANK_WARNING;

    begin(block, rank, -1);
    add_head(block, report, i);
    if (note)
        return;
    for (int32_t j = 0; j < finding->n_evidence && (root || fatal); j++) {
        begin(block, RANK_WHY, -1);
        add_labelled(block, "why", finding->evidence[j]);
    }
    if (finding->remedy[0]) {
        begin(block, rank, -1);
        add_labelled(block, "fix", finding->remedy);
    }
    enum rank commands = root    ? RANK_ROOT_COMMANDS
                         : fatal ? RANK_FATAL_COMMANDS
                                 : RANK_WARNING_COMMANDS;
    int32_t n_mending = finding->n_commands - finding->n_afterwards;
    add_commands(block, finding, 0, n_mending, commands, (int)i);
    if (!root)
        return;
    if (finding->afterwards[0]) {
        begin(block, RANK_AFTERWARDS, -1);
        add_words(block, 3, finding->afterwards);
    }
    add_commands(block, finding, n_mending, finding->n_commands, RANK_AFTERWARDS, -1);
    add_alternatives(block, finding);
}

/* --- the machine-readable lines --- */

/* The facts in as much detail as fits; the level of detail, N_COMPACT_LEVELS when none does. */
static int fold_facts(const struct facts *facts, struct buffer *to)
{
    struct facts *trimmed = malloc(sizeof(*trimmed));
    int level = trimmed ? 0 : N_COMPACT_LEVELS;

    for (; level < N_COMPACT_LEVELS; level++) {
        size_t most = level + 1 < N_COMPACT_LEVELS ? MAX_FACTS_LINES : LAST_FACTS_LINES;
        struct buffer bytes;

        *trimmed = *facts;
        compact_trim(trimmed, level);
        buffer_init(&bytes, most * FOLDED_LINE_BYTES);
        bool fits = compact_write(trimmed, &bytes) && folded_lines(bytes.used) <= most &&
                    folded_write((const unsigned char *)bytes.bytes, bytes.used, to);
        buffer_clear(&bytes);
        if (fits)
            break;
    }
    free(trimmed);
    return level;
}

/* One line, whatever it has to say. */
static void add_tail(struct block *block, int n_left_out, int level)
{
    static const char *const says[] = {
        [COMPACT_NOTHING_LEFT_OUT] = "tells all",
        [COMPACT_WORDS_LEFT_OUT] = "tells more",
        [COMPACT_MORE_LEFT_OUT] = "tells more",
        [COMPACT_LISTS_CUT] = "tells most", /* long lists of facts were cut */
    };
    char line[COLUMNS + 1] = "";

    if (n_left_out > 0)
        (void)text_set(line, sizeof(line), "%d line%s cut. ", n_left_out,
                       n_left_out > 1 ? "s" : "");
    if (level < N_COMPACT_LEVELS)
        (void)text_add(line, sizeof(line), "Save this; 'ssm-preflight show FILE' %s", says[level]);
    else
        (void)text_add(line, sizeof(line), "The facts did not fit here.");
    add_line(block, line, strlen(line));
}

/* --- the block --- */

static size_t bytes_of(const struct unit *unit)
{
    return unit->n + (size_t)unit->n_lines * (LINE_END_BYTES - 1);
}

/* Shows units by rank as long as they fit; how many lines are left out. */
static int choose(struct block *block, size_t room)
{
    int n_left_out = 0;
    bool cut[MAX_FINDINGS] = {false};

    for (int rank = 0; rank < N_RANKS; rank++) {
        for (int i = 0; i < block->n_units; i++) {
            struct unit *unit = &block->units[i];
            if ((int)unit->rank != rank)
                continue;
            unit->shown = bytes_of(unit) <= room && (unit->group < 0 || !cut[unit->group]);
            if (unit->shown) {
                room -= bytes_of(unit);
                continue;
            }
            n_left_out += unit->n_lines;
            if (unit->group >= 0)
                cut[unit->group] = true;
        }
    }
    return n_left_out;
}

static size_t bytes_of_lines(const struct buffer *lines)
{
    size_t n = lines->used;

    for (size_t i = 0; i < lines->used; i++)
        n += lines->bytes[i] == '\n' ? LINE_END_BYTES - 1 : 0;
    return n;
}

void console_write(const struct report *report, const struct style *style, struct buffer *to)
{
    struct block *block = calloc(1, sizeof(*block));
    struct buffer facts;

    (void)style;
    if (!block) {
        to->failed = true;
        return;
    }
    buffer_init(&facts, MAX_BYTES);
    int level = fold_facts(report->facts, &facts);

    buffer_init(&block->text, REPORT_MAX_BYTES);
    add_headline(block, report);
    for (int32_t i = 0; i < report->n_findings && i < MAX_FINDINGS; i++)
        add_finding(block, report, i);
    end_units(block);
    int n_left_out = choose(block,
                            MAX_BYTES - bytes_of_lines(&facts) - (FOLDED_COLUMNS + LINE_END_BYTES));
    size_t tail = block->text.used;
    add_tail(block, n_left_out, level);

    for (int i = 0; i < block->n_units && !block->text.failed; i++)
        if (block->units[i].shown)
            (void)buffer_add(to, block->text.bytes + block->units[i].start, block->units[i].n);
    if (block->text.failed)
        to->failed = true;
    else
        (void)buffer_add(to, block->text.bytes + tail, block->text.used - tail);
    (void)buffer_add(to, facts.bytes, facts.used);
    buffer_clear(&facts);
    buffer_clear(&block->text);
    free(block);
}
