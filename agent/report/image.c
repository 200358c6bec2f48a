/* SPDX-License-Identifier: Apache-2.0
 *
 * The audit of an image in four of the formats. A build reads the exit status, and a person the first
 * finding with its fix.
 */
#include "report/report.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/version.h"
#include "report/screen.h"

static const struct {
    const char *name, *words;
    enum ink ink;
} fitnesses[] = {
    [FITNESS_UNKNOWN] = {"unknown", "UNKNOWN", INK_YELLOW},
    [FITNESS_FIT] = {"fit", "FIT", INK_GREEN},
    [FITNESS_UNFIT] = {"unfit", "UNFIT", INK_RED},
};

static const char *severity_of(const struct image_finding *finding)
{
    return finding->allowed ? "allowed" : severity_name(finding->severity);
}

static const char *check_name_of(const struct image_report *report,
                                 const struct image_finding *finding)
{
    return report->checks[finding->number - 1].name;
}

static int n_passed(const struct image_report *report)
{
    int n = 0;

    for (int i = 0; i < N_IMAGE_CHECKS; i++)
        n += report->checks[i].status == STATUS_PASS;
    return n;
}

/* --- terminal --- */

static enum ink ink_of(const struct image_finding *finding)
{
    return finding->allowed || finding->severity == SEVERITY_NOTE ? INK_DIM
           : finding->severity == SEVERITY_FATAL                  ? INK_RED
                                                                  : INK_YELLOW;
}

static void write_finding(struct screen *screen, const struct image_report *report,
                          const struct image_finding *finding, bool verbose)
{
    enum { FEW = 4 };
    int32_t n = verbose || finding->n_evidence <= FEW ? finding->n_evidence : FEW - 1;
    char more[LINE_SIZE];

    screen_end(screen);
    screen_text(screen, ink_of(finding), severity_of(finding));
    screen_textf(screen, INK_PLAIN, "  %s", finding->code);
    screen_textf(screen, INK_DIM, "  %s", check_name_of(report, finding));
    screen_end(screen);
    screen_line(screen, INK_PLAIN, LABEL_AT, LABEL_AT, finding->title);
    for (int32_t i = 0; i < n; i++)
        advice_labelled(screen, i == 0 ? "Why" : "", finding->evidence[i]);
    if (n < finding->n_evidence) {
        screen_pad(screen, TEXT_AT);
        screen_textf(screen, INK_DIM, "%d more, with --verbose", (int)(finding->n_evidence - n));
        screen_end(screen);
    }
    if (finding->fix[0])
        advice_labelled(screen, "Fix", finding->fix);
    if (finding->n_commands > 0)
        screen_end(screen);
    for (int32_t i = 0; i < finding->n_commands; i++) {
        screen_text(screen, INK_PLAIN, "    ");
        screen_text(screen, INK_PLAIN, finding->commands[i]);
        screen_end(screen);
    }
    if (finding->n_commands > 0)
        screen_end(screen);
    (void)text_set(more, sizeof(more), "ssm-preflight explain %s", finding->code);
    advice_labelled(screen, "More", more);
}

static void write_checks(struct screen *screen, const struct image_report *report, bool all)
{
    enum { NAME_AT = 5, SUMMARY_AT = 31 };
    bool any = false;

    for (int i = 0; i < N_IMAGE_CHECKS; i++) {
        const struct image_check *check = &report->checks[i];

        if (!all && check->status != STATUS_UNKNOWN)
            continue;
        if (!any)
            screen_end(screen);
        any = true;
        screen_mark(screen, check->status);
        screen_pad(screen, NAME_AT);
        screen_text(screen, INK_PLAIN, check->name);
        screen_line(screen, INK_DIM, SUMMARY_AT, SUMMARY_AT, check->summary);
    }
}

static void write_verdict(struct screen *screen, const struct image_report *report)
{
    const char *words = fitnesses[report->fitness].words;

    screen_text(screen, fitnesses[report->fitness].ink, words);
    screen_text(screen, INK_PLAIN, "  ");
    screen_finish(screen, INK_PLAIN, (int)strlen(words) + 2, report->summary);
}

/* Each fatal finding in a line or two: several with their commands are longer than a screen. */
static void write_fatal(struct screen *screen, const struct image_report *report)
{
    enum { FIX_AT = 3 };
    char line[REMEDY_SIZE];

    for (int32_t i = 0, n = 0; i < report->n_findings; i++) {
        const struct image_finding *finding = &report->findings[i];

        if (finding->allowed || finding->severity != SEVERITY_FATAL)
            continue;
        (void)text_set(line, sizeof(line), "%d. %s: %s", (int)++n, finding->code, finding->fix);
        screen_finish(screen, INK_PLAIN, FIX_AT, line);
    }
}

/* What a build's log ends with is the verdict and what is fatal. */
void image_write_terminal(const struct image_report *report, const struct style *style,
                          struct buffer *to)
{
    struct screen screen;

    screen_init(&screen, style, to);
    if (report->fitness == FITNESS_UNKNOWN) {
        write_verdict(&screen, report);
        return;
    }
    screen_textf(&screen, INK_DIM, "%s%simage %s", report->os, report->os[0] ? ", " : "",
                 report->root[0] ? report->root : "/");
    screen_end(&screen);
    write_checks(&screen, report, style->verbose);
    for (int32_t i = report->n_findings - 1; i >= 0; i--)
        write_finding(&screen, report, &report->findings[i], style->verbose);
    screen_end(&screen);
    screen_textf(&screen, INK_DIM, "%d of %d checks passed", n_passed(report), N_IMAGE_CHECKS);
    screen_end(&screen);
    write_verdict(&screen, report);
    write_fatal(&screen, report);
}

void image_write_short(const struct image_report *report, const struct style *style,
                       struct buffer *to)
{
    (void)style;
    (void)buffer_addf(to, "%s", fitnesses[report->fitness].words);
    if (report->root[0]) {
        (void)buffer_add_text(to, " ");
        (void)buffer_add_printable(to, report->root, strlen(report->root));
    }
    if (report->fitness == FITNESS_UNKNOWN) {
        (void)buffer_add_text(to, ": ");
        (void)buffer_add_printable(to, report->summary, strlen(report->summary));
    }
    for (int32_t i = 0, n = 0; i < report->n_findings; i++)
        if (!report->findings[i].allowed && report->findings[i].severity != SEVERITY_NOTE)
            (void)buffer_addf(to, "%s%s%s", n++ == 0 ? ": " : ", ", report->findings[i].code,
                              report->findings[i].severity == SEVERITY_WARNING ? " (warning)" : "");
    (void)buffer_add_text(to, "\n");
}

/* --- JSON, by docs/image.schema.json --- */

static void put_checks(cJSON *report_object, const struct image_report *report)
{
    cJSON *checks = cJSON_AddArrayToObject(report_object, "checks");

    for (int i = 0; i < N_IMAGE_CHECKS; i++) {
        cJSON *check = cJSON_CreateObject();

        (void)cJSON_AddItemToArray(checks, check);
        json_put(check, "id", report->checks[i].name);
        json_put(check, "status", status_name(report->checks[i].status));
        json_put(check, "summary", report->checks[i].summary);
    }
}

static void put_findings(cJSON *report_object, const struct image_report *report)
{
    cJSON *findings = cJSON_AddArrayToObject(report_object, "findings");

    for (int32_t i = 0; i < report->n_findings; i++) {
        const struct image_finding *from = &report->findings[i];
        cJSON *finding = cJSON_CreateObject();

        (void)cJSON_AddItemToArray(findings, finding);
        json_put(finding, "code", from->code);
        json_put(finding, "severity", severity_name(from->severity));
        (void)cJSON_AddBoolToObject(finding, "allowed", from->allowed);
        json_put(finding, "check", check_name_of(report, from));
        json_put(finding, "title", from->title);
        json_put_texts(finding, "evidence", from->evidence[0], LINE_SIZE, from->n_evidence);
        cJSON *remedy = cJSON_AddObjectToObject(finding, "remedy");
        json_put(remedy, "text", from->fix);
        json_put_texts(remedy, "commands", from->commands[0], COMMAND_SIZE, from->n_commands);
    }
}

void image_write_json(const struct image_report *report, const struct style *style,
                      struct buffer *to)
{
    cJSON *object = cJSON_CreateObject();
    char started[TIME_SIZE];

    (void)style;
    clock_format_iso8601(report->started_unix_ms, false, started);
    json_put(object, "schema", REPORT_SCHEMA);
    json_put(object, "mode", "image");
    json_put(object, "version", program_version);
    json_put(object, "verdict", fitnesses[report->fitness].name);
    json_put(object, "summary", report->summary);
    json_put(object, "started", started);
    json_put(object, "root", report->root[0] ? report->root : "/");
    json_put(object, "os", report->os);
    put_checks(object, report);
    put_findings(object, report);
    json_add(to, object, true);
}

/* --- JUnit --- */

/* What the check comes to, and the first finding that fails it. */
static enum junit_kind kind_of(const struct image_report *report, int number,
                               const struct image_finding **fails)
{
    const enum status status = report->checks[number - 1].status;
    bool any = false;

    *fails = NULL;
    for (int32_t i = report->n_findings - 1; i >= 0; i--) {
        const struct image_finding *finding = &report->findings[i];

        if (finding->number != number)
            continue;
        any = true;
        if (!finding->allowed && (finding->severity == SEVERITY_FATAL ||
                                  (report->strict && finding->severity == SEVERITY_WARNING)))
            *fails = finding;
    }
    return *fails                                                        ? JUNIT_FAILED
           : report->fitness == FITNESS_UNKNOWN                          ? JUNIT_ERROR
           : !any && (status == STATUS_UNKNOWN || status == STATUS_SKIP) ? JUNIT_SKIPPED
                                                                         : JUNIT_PASSED;
}

static void put_case_findings(struct buffer *to, const struct image_report *report, int number)
{
    for (int32_t i = 0; i < report->n_findings; i++) {
        const struct image_finding *finding = &report->findings[i];

        if (finding->number != number)
            continue;
        (void)buffer_addf(to, "%s (%s: ssm-preflight explain %s)\n", finding->title,
                          severity_of(finding), finding->code);
        for (int32_t e = 0; e < finding->n_evidence; e++)
            junit_line(to, "- ", finding->evidence[e]);
        junit_line(to, "", finding->fix);
        for (int32_t c = 0; c < finding->n_commands; c++)
            junit_line(to, "    ", finding->commands[c]);
    }
}

static void put_case(struct buffer *to, const struct image_report *report, int number)
{
    const struct image_check *check = &report->checks[number - 1];
    const struct image_finding *fails;
    char message[2 * LINE_SIZE];

    junit_begin_case(to, check->name, "image", 0);
    switch (kind_of(report, number, &fails)) {
    case JUNIT_FAILED:
        (void)buffer_add_text(to, "      <failure");
        junit_attribute(to, "message", fails->title);
        junit_attribute(to, "type", fails->code);
        (void)buffer_add_text(to, ">");
        put_case_findings(to, report, number);
        (void)buffer_add_text(to, "</failure>\n");
        break;
    case JUNIT_ERROR:
        (void)buffer_add_text(to, "      <error");
        junit_attribute(to, "message", report->summary);
        (void)buffer_add_text(to, " type=\"unknown\"/>\n");
        break;
    case JUNIT_SKIPPED:
        (void)text_set(
            message, sizeof(message), "%s%s",
            check->status == STATUS_SKIP ? "" : "not to be judged offline: ", check->summary);
        (void)buffer_add_text(to, "      <skipped");
        junit_attribute(to, "message", message);
        (void)buffer_add_text(to, "/>\n");
        break;
    case JUNIT_PASSED:
        junit_line(to, "      <system-out>", check->summary);
        put_case_findings(to, report, number);
        (void)buffer_add_text(to, "</system-out>\n");
        break;
    }
    (void)buffer_add_text(to, "    </testcase>\n");
}

void image_write_junit(const struct image_report *report, const struct style *style,
                       struct buffer *to)
{
    const struct image_finding *fails;
    struct junit_counts counts = {.ms = 0};

    (void)style;
    for (int i = 1; i <= N_IMAGE_CHECKS; i++)
        junit_count(&counts, kind_of(report, i, &fails), 0);
    junit_begin(to, &counts);
    junit_begin_suite(to, "image", &counts, report->started_unix_ms, "");
    for (int i = 1; i <= N_IMAGE_CHECKS; i++)
        put_case(to, report, i);
    (void)buffer_add_text(to, "  </testsuite>\n</testsuites>\n");
}
