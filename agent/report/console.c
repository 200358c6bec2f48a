/* SPDX-License-Identifier: Apache-2.0
 *
 * The block for the serial console, all that can be read of an instance that nobody reaches. Of 4 KB
 * the machine-readable lines take theirs first, since `show` makes the whole report of them. The block
 * begins with the verdict in one line, then come they. They stand above the rest, whose end is what somebody sees who scrolls to the end of a log: the verdict, each cause
 * with its fix, the commands. Where not all fits, it is cut by importance and counted.
 *
 * Commands are folded so that they can be pasted into a shell once the prefix is cut off, as the block
 * says: a backslash at the line's end, which a shell joins.
 */
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/text.h"
#include "model/packed.h"
#include "report/recorded.h"
#include "report/report.h"

enum {
    MAX_BYTES = 4096,
    LINE_END_BYTES = 2, /* the terminal layer makes CR LF of our LF */
    PREFIX_COLUMNS = sizeof(FOLDED_PREFIX) - 1,
    COLUMNS = FOLDED_COLUMNS - PREFIX_COLUMNS,
    LINE_BYTES = FOLDED_COLUMNS + LINE_END_BYTES,
    LAST_LINES = 24 - 1 - 1, /* of a screen, but for the tail and a prompt */
    MAX_FACTS_LINES = 22,    /* better less detail than more lines; at the last level, more lines */
    LAST_FACTS_LINES = 30,
};

/* The most important comes first, and of one rank the first; what has no room is left out. */
enum rank {
    RANK_ROOT,
    RANK_ROOT_COMMANDS,
    RANK_FATAL,
    RANK_FATAL_COMMANDS,
    RANK_HEAD,
    RANK_AFTERWARDS,
    RANK_ALL_COMMANDS,
    RANK_WHY,
    RANK_WARNING,
    RANK_ALTERNATIVE,
    RANK_WARNING_COMMANDS,
    RANK_NOTE,
    N_RANKS
};
enum { RANK_STEP = 1024, N_PARTS = N_RANKS * RANK_STEP };
_Static_assert(MAX_FINDINGS *MAX_COMMANDS < RANK_STEP && MAX_FINDINGS * MAX_EVIDENCE < RANK_STEP,
               "all of one rank have their place in it");

struct block {
    struct buffer text;
    size_t bytes[N_PARTS]; /* of each part, with the carriage returns */
    bool left_out[N_PARTS];
    int part;               /* that which is added now */
    int n_left_out;         /* lines */
    int n_lines;            /* from the verdict on */
    int32_t most_commands;  /* of causes, that the last screen still has room for */
    bool all_above;         /* it has no room for all: they stand above the verdict too */
    bool commands_left_out; /* of these */
    bool in_short;          /* without the reboot, for which it has no room */
};

/* --- lines --- */

/* What is added now is the nth of its rank. */
static void begin(struct block *block, enum rank rank, int n)
{
    block->part = (int)rank * RANK_STEP + n;
}

static void put_line(struct buffer *to, const char *text, size_t n)
{
    (void)buffer_add_text(to, FOLDED_PREFIX);
    for (size_t i = 0; i < n; i++)
        (void)buffer_add(to, text[i] >= 0x20 && text[i] <= 0x7e ? text + i : "?", 1);
    (void)buffer_add(to, "\n", 1);
}

static void add_line(struct block *block, const char *text, size_t n)
{
    block->n_left_out += block->left_out[block->part];
    if (block->left_out[block->part])
        return;
    put_line(&block->text, text, n);
    block->bytes[block->part] += PREFIX_COLUMNS + n + LINE_END_BYTES;
    block->n_lines++;
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
static size_t fold_at_space(const char *text, size_t columns)
{
    for (size_t n = columns - 1; n > 1; n--)
        if (text[n - 1] == ' ' && !quotes_after(text, n - 1) && text[n - 2] != '\\')
            return n;
    return 0;
}

/* What is not to be run unseen begins with "# ", and then each of its lines does: a comment goes on in no
 * other line. */
static void add_command(struct block *block, const char *command)
{
    char rest[2 * COMMAND_SIZE], line[COLUMNS + 1];
    const char *mark = text_starts(command, "# ") ? "# " : "";
    const size_t columns = COLUMNS - strlen(mark);

    (void)text_set(rest, sizeof(rest), "%s", command + strlen(mark));
    while (strlen(rest) > columns) {
        size_t n = fold_at_space(rest, columns);
        bool reopen = false;
        if (n == 0) { /* in the middle of a word, and of quotes: close them and open them again */
            n = columns - 2;
            while (n > 1 && rest[n - 1] == '\\')
                n--;
            reopen = quotes_after(rest, n) == '\'';
        }
        (void)text_set(line, sizeof(line), "%s%.*s%s\\", mark, (int)n, rest, reopen ? "'" : "");
        add_line(block, line, strlen(line));
        memmove(rest + reopen, rest + n, strlen(rest + n) + 1);
        if (reopen)
            rest[0] = '\'';
    }
    (void)text_set(line, sizeof(line), "%s%s", mark, rest);
    add_line(block, line, strlen(line));
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
    char line[VERDICT_LINE_SIZE];
    char started[TIME_SIZE];

    begin(block, RANK_ROOT, 0);
    report_verdict_line(report, line);
    add_words(block, 2, line);
    clock_format_iso8601(facts->started_unix_ms, false, started);
    (void)text_set(line, sizeof(line), "%s%s%s, %s, round %d", id[0] ? id : "instance not known",
                   where[0] ? ", " : "", where, started, (int)facts->rounds);
    add_words(block, 2, line);
}

static void add_head(struct block *block, const struct report *report, int32_t i)
{
    const struct finding *finding = &report->findings[i];
    char line[2 * LINE_SIZE], name[FINDING_NAME_SIZE];

    finding_name(finding, " on ", "", name);
    (void)text_set(line, sizeof(line), "%d. %s", (int)i + 1, name);
    if (finding->severity != SEVERITY_NOTE)
        (void)text_add(line, sizeof(line), " (%s, %s)", severity_name(finding->severity),
                       confidence_name(finding->confidence));
    if (report_n_causes(report) > 2 || i >= report_n_causes(report)) /* else the headline has it */
        (void)text_add(line, sizeof(line), ": %s", finding->title);
    add_words(block, 3, line);
}

static void add_labelled(struct block *block, const char *label, const char *text)
{
    char line[REMEDY_SIZE + 16];

    (void)text_set(line, sizeof(line), "   %s: %s", label, text);
    add_words(block, 3, line);
}

/* The commands for one place: a block is whole or left out, except the root cause's first one, which shows as
 * many as there is room for and says so. Where they are run, as a comment in front. */
static void add_place(struct block *block, const struct finding *finding, bool inside,
                      enum rank rank, int n, int32_t *most)
{
    const int n_mending = finding->n_commands - finding->n_afterwards;
    const int n_all = finding_n_commands(finding, inside);
    const bool first = inside == finding->inside[0];
    char where[COLUMNS + 1];
    int left = most ? finding_fitting(finding, inside, n == 0 && first, most) : n_all;

    if (left == 0)
        return;
    begin(block, rank, n * MAX_COMMANDS + !first);
    (void)text_set(where, sizeof(where), "%s",
                   !inside ? "from anywhere with the AWS CLI"
                   : n_all == n_mending && left == n_all
                       ? "on the instance; if no login: ssm-preflight explain no-login"
                       : "on the instance");
    if (left < n_all)
        (void)text_add(where, sizeof(where), "; the first %d of %d", left, n_all);
    add_note(block, where);
    int at = -1;
    for (; left > 0 && finding_next(finding, inside, &at); left--) {
        add_note(block, finding->notes[at]);
        add_command(block, finding->commands[at]);
    }
}

static void add_commands(struct block *block, const struct finding *finding, enum rank rank, int n,
                         int32_t *most)
{
    add_place(block, finding, finding->inside[0], rank, n, most);
    add_place(block, finding, !finding->inside[0], rank, n, most);
}

/* What a finding is and how it is known: above the verdict, since the end of the block is read first. */
static void add_reasons(struct block *block, const struct report *report, int i)
{
    const struct finding *finding = &report->findings[i];
    char told[LINE_SIZE];

    begin(block, RANK_HEAD, i);
    add_head(block, report, i);
    for (int j = 0; j < finding->n_evidence; j++) {
        begin(block, RANK_WHY, i * MAX_EVIDENCE + j);
        add_labelled(block, "why", finding->evidence[j]);
    }
    begin(block, RANK_ALTERNATIVE, i * MAX_ALTERNATIVES);
    if (finding_told_by_fix(finding, told, sizeof(told)))
        add_labelled(block, "or", told);
    for (int j = 0; j < finding->n_alternatives; j++) {
        if (finding_has_command(finding, finding->alternatives[j].command))
            continue;
        begin(block, RANK_ALTERNATIVE, i * MAX_ALTERNATIVES + j);
        add_labelled(block, "or", finding->alternatives[j].code);
        if (finding->alternatives[j].command[0])
            add_command(block, finding->alternatives[j].command);
    }
    if (!block->all_above)
        return;
    add_commands(block, finding, RANK_ALL_COMMANDS, i, NULL);
}

/* What is no cause: a warning with its fix, a note. */
static void add_beside(struct block *block, const struct report *report, int i)
{
    const struct finding *finding = &report->findings[i];
    const bool note = finding->severity == SEVERITY_NOTE;

    begin(block, note ? RANK_NOTE : RANK_WARNING, 2 * i + 1);
    add_head(block, report, i);
    if (note)
        return;
    add_labelled(block, "fix", finding->remedy);
    add_commands(block, finding, RANK_WARNING_COMMANDS, i, NULL);
}

/* Where commands follow, they say it. */
static const char *where_to_fix(const struct finding *finding, bool in_part, int32_t most)
{
    const bool inside = finding_n_commands(finding, true) > 0;

    if (finding_fitting(finding, finding->inside[0], in_part, &most) > 0)
        return "";
    if (finding_n_commands(finding, false) > 0)
        return inside ? " (from outside, and on the instance)" : " (from outside)";
    return inside ? " (on the instance)" : "";
}

static void add_cause(struct block *block, const struct report *report, int i)
{
    const struct finding *finding = &report->findings[i];
    const enum rank commands = i == 0 ? RANK_ROOT_COMMANDS : RANK_FATAL_COMMANDS;
    char line[LINE_SIZE + REMEDY_SIZE], fix[REMEDY_SIZE], name[FINDING_NAME_SIZE];

    finding_fix_line(finding, fix, sizeof(fix));
    begin(block, i == 0 ? RANK_ROOT : RANK_FATAL, i + 1);
    finding_name(finding, " on ", "", name);
    (void)text_set(line, sizeof(line), "%d. %s%s: %s", i + 1, name,
                   where_to_fix(finding, i == 0, block->most_commands), fix);
    add_words(block, 3, line);
    add_commands(block, finding, commands, i, &block->most_commands);
}

/* How a cause ends, the restart of the agent, is said once. Its words hold the command for the instance. */
static void add_end(struct block *block, const struct finding *finding)
{
    begin(block, RANK_AFTERWARDS, 0);
    if (finding->afterwards[0])
        add_words(block, 3, finding->afterwards);
    for (int i = finding->n_commands - finding->n_afterwards; i < finding->n_commands; i++) {
        begin(block, RANK_AFTERWARDS, i);
        char comment[COMMAND_SIZE + 2];
        if (finding->inside[i])
            continue;
        if (block->in_short) {
            add_note(block, "without a login: ssm-preflight explain no-login");
            return;
        }
        add_note(block, finding->notes[i]);
        (void)text_set(comment, sizeof(comment), "# %s", finding->commands[i]);
        add_command(block, comment);
    }
}

/* The root cause's, unless another one's has more commands. */
static const struct finding *longest_end(const struct report *report, int n_causes)
{
    const struct finding *longest = &report->findings[0];

    for (int i = 1; i < n_causes; i++)
        if (report->findings[i].n_afterwards > longest->n_afterwards)
            longest = &report->findings[i];
    return longest;
}

static bool has_commands(const struct report *report)
{
    for (int i = 0; i < report_n_causes(report); i++)
        if (report->findings[i].n_commands > report->findings[i].n_afterwards)
            return true;
    return false;
}

/* Does the role carry AmazonSSMManagedInstanceCore in effect? In a line with the evidence. */
static void add_policy(struct block *block, const struct report *report)
{
    char line[2 * LINE_SIZE];

    begin(block, RANK_AFTERWARDS, MAX_COMMANDS);
    if (report_policy_line(report, true, line, sizeof(line)))
        add_words(block, 2, line);
}

/* Makes the text, with at most so many commands of causes on the last screen. */
static void add_findings(struct block *block, const struct report *report, int commands)
{
    const int n_causes = report_n_causes(report);

    buffer_clear(&block->text);
    buffer_init(&block->text, REPORT_MAX_BYTES);
    memset(block->bytes, 0, sizeof(block->bytes));
    block->most_commands = commands;
    block->n_left_out = 0;
    for (int i = report->n_findings - 1; i >= n_causes; i--)
        add_beside(block, report, i);
    for (int i = 0; i < n_causes; i++)
        add_reasons(block, report, i);
    add_policy(block, report);
    block->n_lines = 0;
    add_headline(block, report);
    for (int i = 0; i < n_causes; i++)
        add_cause(block, report, i);
    begin(block, RANK_AFTERWARDS, 0);
    if (block->all_above)
        add_note(block, block->commands_left_out
                            ? "all commands: ssm-preflight show --commands FILE"
                            : "all commands: above; or by ssm-preflight show --commands FILE");
    if (n_causes > 0)
        add_end(block, longest_end(report, n_causes));
    if (has_commands(report))
        add_note(block, "paste: show --commands, or sed 's/^ssm-preflight: //;s/\\r//'");
}

/* Each part that has room where those before it are. */
static void leave_out(struct block *block, size_t room)
{
    for (int i = 0; i < N_PARTS; i++) {
        block->left_out[i] = block->bytes[i] > room;
        if (!block->left_out[i])
            room -= block->bytes[i];
        else if (i / RANK_STEP == RANK_ALL_COMMANDS)
            block->commands_left_out = true;
    }
}

/* --- the machine-readable lines --- */

/* The facts in as much detail as fits; the level of detail, N_PACKED when none does. */
static int fold_facts(const struct facts *facts, struct buffer *to)
{
    int level = 0;

    for (; level < N_PACKED; level++) {
        const size_t most = level == PACKED_LISTS ? LAST_FACTS_LINES : MAX_FACTS_LINES;
        LOCAL_BUFFER bytes = {.max_bytes = most * FOLDED_LINE_BYTES - CRC24_BYTES};

        if (packed_write(facts, (enum packed)level, &bytes) &&
            folded_write((const unsigned char *)bytes.bytes, bytes.used, to))
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

    block->part = 0;
    if (n_left_out > 0)
        (void)text_set(line, sizeof(line), "%d line%s cut. ", n_left_out,
                       n_left_out > 1 ? "s" : "");
    if (level < N_PACKED)
        (void)text_add(line, sizeof(line), "Save this; 'ssm-preflight show FILE' %s", says[level]);
    else
        (void)text_add(line, sizeof(line), "The facts did not fit here.");
    add_line(block, line, strlen(line));
}

static bool fits_screen(struct block *block, const struct report *report, int commands)
{
    add_findings(block, report, commands);
    return block->n_lines <= LAST_LINES;
}

/* How many commands of causes the last screen holds. */
static int fit_commands(struct block *block, const struct report *report)
{
    int commands = 0, too_many = 0;

    for (int i = 0; i < report_n_causes(report); i++)
        too_many += report->findings[i].n_commands - report->findings[i].n_afterwards;
    for (int in_short = 0; in_short < 2; in_short++) {
        block->in_short = in_short;
        if (fits_screen(block, report, too_many))
            return too_many;
    }
    block->all_above = too_many > 0;
    while (too_many - commands > 1) {
        const int half = (commands + too_many) / 2;
        *(fits_screen(block, report, half) ? &commands : &too_many) = half;
    }
    if (commands > 0)
        return commands;
    block->in_short = false; /* not even one command: there is room for the reboot */
    block->in_short = !fits_screen(block, report, 0);
    return 0;
}

void console_write(const struct report *report, const struct style *style, struct buffer *to)
{
    struct block *block = calloc(1, sizeof(*block));
    LOCAL_BUFFER facts = {.max_bytes = MAX_BYTES};
    char line[VERDICT_LINE_SIZE];

    (void)style;
    const int level = fold_facts(report->facts, &facts);
    const size_t n_facts_lines = facts.used / (FOLDED_COLUMNS + 1);
    const int commands = fit_commands(block, report);

    add_findings(block, report, commands);
    leave_out(block, MAX_BYTES - (n_facts_lines + 2) * LINE_BYTES); /* verdict and tail */
    add_findings(block, report, commands);
    add_tail(block, level);
    report_verdict_line(report, line);
    put_line(to, line, fit_words(line, COLUMNS)); /* what to do comes last, where it is seen */
    (void)buffer_add(to, facts.bytes, facts.used);
    (void)buffer_add(to, block->text.bytes, block->text.used);
    to->failed |= block->text.failed;
    buffer_clear(&block->text);
    free(block);
}
