/* SPDX-License-Identifier: Apache-2.0
 *
 * What the binary carries: tables (`list`), printed from the rows that the checks work with; pages
 * (`explain`), since nothing can be looked up where they are read; and its libraries (`version`),
 * since a static binary carries their defects with it.
 */
#include <limits.h>
#include <string.h>

#include "base/output.h"
#include "base/text.h"
#include "base/version.h"
#include "diagnose/causes.h"
#include "image/image.h"
#include "model/permissions.h"
#include "report/report.h"
#include "run/commands.h"

enum { MAX_ROWS = 128 };

static void list_findings(const struct style *style, struct buffer *to)
{
    static const char *const headings[] = {"code", "severity", "title"};
    struct list_row rows[MAX_ROWS] = {0};
    size_t n = 0;

    for (; n < n_causes && n < MAX_ROWS; n++)
        rows[n] = (struct list_row){
            {causes[n].code, severity_name(causes[n].is_note ? SEVERITY_NOTE : SEVERITY_FATAL),
             causes[n].title}};
    for (size_t i = 0; i < n_image_codes && n < MAX_ROWS; i++)
        if (text_starts(image_codes[i].code, "image-"))
            rows[n++] = (struct list_row){{image_codes[i].code,
                                           severity_name(image_codes[i].severity),
                                           image_codes[i].title}};
    list_write(headings, 3, rows, n, style, to);
    if (!style->json)
        (void)buffer_add_text(to,
                              "\nA fatal cause is a warning when no required check fails by it.\n");
}

static void list_endpoints(const struct style *style, struct buffer *to)
{
    static const char *const headings[] = {"target", "need", "what for"};
    static const char *const needs[] = {"off", "optional", "required"};
    struct list_row rows[N_SERVICES] = {0};

    for (int i = 0; i < N_SERVICES; i++)
        rows[i] = (struct list_row){
            {service_rows[i].name, needs[service_rows[i].need], service_rows[i].what_for}};
    list_write(headings, 3, rows, N_SERVICES, style, to);
}

static void list_permissions(const struct style *style, struct buffer *to)
{
    static const char *const headings[] = {"action", "proven", "needed for; otherwise, why not"};
    static char lines[MAX_ROWS][LINE_SIZE];
    static const char *const proofs[] = {"yes", "yes", "agent", "deep", "never"};
    struct list_row rows[MAX_ROWS] = {0};
    size_t n = 0;

    for (; n < n_permissions && n < MAX_ROWS; n++) {
        char *line = lines[n];
        const char *why_not = permissions[n].why_not;
        uint32_t needed_for = permissions[n].capabilities;

        (void)text_set(line, LINE_SIZE, "%s",
                       needed_for & CAPABILITY_AGENT ? "the agent itself" : "");
        for (size_t i = 0; i < N_CAPABILITIES && !(needed_for & CAPABILITY_AGENT); i++)
            if (needed_for & 1u << i)
                text_list(line, LINE_SIZE, ", ", capability_rows[i].name);
        if (why_not)
            text_list(line, LINE_SIZE, "; ", why_not);
        rows[n] = (struct list_row){{permissions[n].action, proofs[permissions[n].proof], line}};
    }
    list_write(headings, 3, rows, n, style, to);
}

static const struct {
    const char *name;
    void (*write)(const struct style *style, struct buffer *to);
} tables[] = {
    {"checks", list_checks_write},
    {"findings", list_findings},
    {"endpoints", list_endpoints},
    {"permissions", list_permissions},
};

/* A pipe gets whole lines: whoever reads it may fold them. */
static void how(const struct options *options, struct style *style)
{
    tell_style(options, style);
    style->json = strcmp(options->output, "json") == 0;
    if (style->columns == 0)
        style->columns = INT_MAX / 2;
}

int command_list(const struct options *options)
{
    const char *wanted = options->n_words > 1 ? options->words[1] : NULL;
    LOCAL_BUFFER text = {.max_bytes = REPORT_MAX_BYTES};
    struct style style;
    bool found = false;

    how(options, &style);
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        if (wanted && strcmp(wanted, tables[i].name) != 0)
            continue;
        if (!wanted && style.json)
            (void)buffer_addf(&text, "%s\"%s\":\n", found ? ", " : "{ ", tables[i].name);
        else if (!wanted)
            (void)buffer_addf(&text, "%s%s\n\n", found ? "\n" : "", tables[i].name);
        tables[i].write(&style, &text);
        found = true;
    }
    if (!wanted && style.json)
        (void)buffer_add_text(&text, "}\n");
    if (found)
        return tell_text(&text, EXIT_READY);
    log_error("there is no table '%s': checks, findings, endpoints or permissions", wanted);
    return EXIT_USAGE;
}

int command_explain(const struct options *options)
{
    if (options->n_words < 2) {
        log_error("explain needs a CODE (see: ssm-preflight list findings)");
        return EXIT_USAGE;
    }
    struct style style;
    how(options, &style);
    LOCAL_BUFFER text = {.max_bytes = REPORT_MAX_BYTES};
    if (explain_write(options->words[1], &style, &text))
        return tell_text(&text, EXIT_READY);
    log_error("%s", text.bytes);
    return EXIT_USAGE;
}

int command_version(const struct options *options)
{
    static const char *const headings[] = {"name", "version", "source", "sha256"};
    const struct style json = {.json = true};
    struct list_row rows[MAX_ROWS] = {0};
    LOCAL_BUFFER text = {.max_bytes = REPORT_MAX_BYTES};

    if (strcmp(options->output, "json") == 0) {
        for (size_t i = 0; i < n_libraries && i < MAX_ROWS; i++)
            rows[i] = (struct list_row){{libraries[i].name, libraries[i].version,
                                         libraries[i].source, libraries[i].sha256}};
        (void)buffer_addf(&text, "{ \"version\": \"%s\", \"commit\": \"%s\", \"libraries\":\n",
                          program_version, program_commit);
        list_write(headings, COUNT_OF(headings), rows, n_libraries, &json, &text);
        (void)buffer_add_text(&text, "}\n");
        return tell_text(&text, EXIT_READY);
    }
    (void)buffer_addf(&text, "ssm-preflight %s (%s)\n", program_version, program_commit);
    for (size_t i = 0; i < n_libraries; i++)
        (void)buffer_addf(&text, "  %-12s %-16s %s\n  %29s sha256 %s\n", libraries[i].name,
                          libraries[i].version, libraries[i].source, "", libraries[i].sha256);
    return tell_text(&text, EXIT_READY);
}
