/* SPDX-License-Identifier: Apache-2.0
 *
 * Nothing but what is pasted into a shell: a block for each cause and place, whose lines run in their order.
 * What is not to be run unseen, the restart and the reboot, stands in comments.
 */
#include <string.h>

#include "base/text.h"
#include "report/report.h"

static void add_line(struct buffer *to, const char *before, const char *text)
{
    (void)buffer_add_text(to, before);
    (void)buffer_add_printable(to, text, strlen(text));
    (void)buffer_add_text(to, "\n");
}

static void add_block(const struct finding *finding, bool inside, struct buffer *to)
{
    if (finding_n_commands(finding, inside) > 0)
        add_line(to, "# ", inside ? "on the instance:" : "from anywhere with the AWS CLI:");
    for (int i = -1; finding_next(finding, inside, &i);) {
        if (finding->notes[i][0])
            add_line(to, "# ", finding->notes[i]);
        add_line(to, "", finding->commands[i]);
    }
}

static void add_end(const struct finding *finding, struct buffer *to)
{
    if (finding->afterwards[0])
        add_line(to, "# ", finding->afterwards);
    for (int i = -1; finding_next_afterwards(finding, &i);) {
        add_line(to, "# ", finding->notes[i]);
        add_line(to, "# ", finding->commands[i]);
    }
}

void commands_write(const struct report *report, const struct style *style, struct buffer *to)
{
    const int32_t n_causes = report_n_causes(report);

    (void)style;
    add_line(to, "# ", report->summary);
    for (int32_t i = 0; i < n_causes; i++) {
        const struct finding *finding = &report->findings[i];
        char line[LINE_SIZE];

        (void)text_set(line, sizeof(line), "\n# %d. %s", (int)i + 1, finding->code);
        (void)buffer_add_text(to, line);
        add_line(to, ": ", finding->title);
        add_block(finding, finding->inside[0], to); /* the place of the first command comes first */
        add_block(finding, !finding->inside[0], to);
        if (i + 1 == n_causes ||
            strcmp(report->findings[i + 1].afterwards, finding->afterwards) != 0)
            add_end(finding, to);
    }
}
