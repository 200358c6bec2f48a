/* SPDX-License-Identifier: Apache-2.0
 *
 * One line of at most 80 columns, for a chat. The verdict and the instance always fit. Of the other
 * parts, the important ones come first, and a part that does not fit is left out whole.
 */
#include <string.h>

#include "base/text.h"
#include "report/report.h"

enum { MAX_COLUMNS = 80 };

/* Adds a part when all of it fits. */
static bool add_part(char line[MAX_COLUMNS + 1], const char *before, const char *part,
                     const char *after)
{
    if (strlen(line) + strlen(before) + strlen(part) + strlen(after) > MAX_COLUMNS)
        return false;
    return text_add(line, MAX_COLUMNS + 1, "%s%s%s", before, part, after);
}

static void add_cause(char line[MAX_COLUMNS + 1], const struct report *report)
{
    const struct finding *root = &report->findings[0];
    char more[NAME_SIZE] = "";

    if (!add_part(line, ": ", root->code, ""))
        return;
    if (root->target < N_TARGETS)
        (void)add_part(line, " on ", target_name(root->target), "");
    if (root->confidence != CONFIDENCE_CERTAIN)
        (void)add_part(line, ", ", confidence_name(root->confidence), "");
    if (report_n_causes(report) > 1) {
        (void)text_set(more, sizeof(more), "%d", (int)report_n_causes(report) - 1);
        (void)add_part(line, " (+", more, " more)");
    }
}

/* What a reader of READY or DEGRADED must know: what was not proven, as many names as there is room for, and checks
 * left out. */
static void add_reservations(char line[MAX_COLUMNS + 1], const struct report *report)
{
    int n_left_out = check_count(report_left_out(report));
    char number[NAME_SIZE], unproven[LINE_SIZE];

    for (int most = 3; most >= LEAST_UNPROVEN; most--)
        if (report_unproven(report, most, unproven, sizeof(unproven)) &&
            add_part(line, ", ", unproven, ""))
            break;
    (void)text_set(number, sizeof(number), "%d", n_left_out);
    if (n_left_out > 0)
        (void)add_part(line, ", ", number,
                       n_left_out == 1 ? " check left out" : " checks left out");
}

static void add_missing(char line[MAX_COLUMNS + 1], const struct report *report)
{
    const enum check missing = report_first_lacking(report);

    if (missing < N_CHECKS && add_part(line, ": ", check_name(missing), " not answered") &&
        report->facts->stopped_by == STOPPED_BY_DEADLINE &&
        report->facts->deadline_ms < LONG_ENOUGH_MS)
        (void)add_part(line, "; ", "try --deadline 3m", "");
}

void short_write(const struct report *report, const struct style *style, struct buffer *to)
{
    const struct facts *facts = report->facts;
    const char *id = facts_instance_name(facts);
    char line[MAX_COLUMNS + 1] = "";

    (void)style;
    (void)text_set(line, sizeof(line), "%s", verdict_row(report->verdict)->words);
    (void)add_part(line, " ", id[0] ? id : "instance not known", "");
    if (report->verdict == VERDICT_READY) {
        (void)add_part(line, " ", facts->plan.region, "");
        add_reservations(line, report);
    } else if (report_root(report)) {
        add_cause(line, report);
        if (report->verdict == VERDICT_DEGRADED)
            add_reservations(line, report);
    } else if (!add_part(line, ": ", report_summary_words(report), "")) {
        add_missing(line, report);
    }
    (void)buffer_add_printable(to, line, strlen(line));
    (void)buffer_add_text(to, "\n");
}
