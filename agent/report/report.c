/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of outputs.
 */
#include "report/report.h"

#include <string.h>

#include "base/text.h"

const struct output outputs[] = {
    {"terminal", "for a person: the root cause, its fix, the ladders", terminal_write},
    {"short", "one line to paste into a chat", short_write},
    {"json", "everything, by docs/report.schema.json", json_write},
    {"junit", "test results, for pipelines that build images", junit_write},
    {"prometheus", "metrics, for node_exporter's textfile collector", prometheus_write},
    {"commands", "only the commands that fix it, to paste (--commands)", commands_write},
    {"html", "a page for a ticket: the way drawn, causes, commands", html_write},
    {"console", "the serial console's block, which `show` reads", console_write},
};
const size_t n_outputs = COUNT_OF(outputs);

const struct output *output_find(const char *name)
{
    size_t i = text_find(name, &outputs[0].name, sizeof(outputs[0]), n_outputs);
    return i < n_outputs ? &outputs[i] : NULL;
}

const char *report_summary_words(const struct report *report)
{
    const char *name = verdict_row(report->verdict)->name;
    const char *rest = report->summary + strlen(name);

    return text_starts(report->summary, name) && text_starts(rest, ": ") ? rest + 2
                                                                         : report->summary;
}

void report_verdict_line(const struct report *report, char to[VERDICT_LINE_SIZE])
{
    char headline[HEADLINE_SIZE];

    report_headline(report, headline);
    (void)text_set(to, VERDICT_LINE_SIZE, "%s%s%s", verdict_row(report->verdict)->words,
                   headline[0] == '(' ? " " : ": ",
                   headline[0] ? headline : report_summary_words(report));
}

const char *facts_instance_name(const struct facts *facts)
{
    if (!facts->instance.id[0] && text_starts(facts->machine.asset_tag, "i-"))
        return facts->machine.asset_tag;
    return facts->instance.id;
}
