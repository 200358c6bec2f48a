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
    screen_pad(screen, LABEL_AT);
    screen_textf(screen, INK_DIM, "More");
    screen_pad(screen, TEXT_AT);
    screen_textf(screen, INK_PLAIN, "ssm-preflight explain %s", finding->code);
    screen_end(screen);
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

void image_write_terminal(const struct image_report *report, const struct style *style,
                          struct buffer *to)
{
    const char *words = fitnesses[report->fitness].words;
    struct screen screen;

    screen_init(&screen, style, to);
    screen_text(&screen, fitnesses[report->fitness].ink, words);
    screen_text(&screen, INK_PLAIN, "  ");
    screen_finish(&screen, INK_PLAIN, (int)strlen(words) + 2, report->summary);
    if (report->fitness == FITNESS_UNKNOWN)
        return;
    screen_textf(&screen, INK_DIM, "%s%simage %s", report->os, report->os[0] ? ", " : "",
                 report->root[0] ? report->root : "/");
    screen_end(&screen);
    for (int32_t i = 0; i < report->n_findings; i++)
        write_finding(&screen, report, &report->findings[i], style->verbose);
    write_checks(&screen, report, style->verbose);
    screen_end(&screen);
    screen_textf(&screen, INK_DIM, "%d of %d checks passed", n_passed(report), N_IMAGE_CHECKS);
    screen_end(&screen);
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

static void put_text(cJSON *object, const char *name, const char *text)
{
    char printable[COMMAND_SIZE];

    (void)text_escape(printable, sizeof(printable), "", 0);
    for (size_t i = 0; text[i] && i + 1 < sizeof(printable); i++) {
        printable[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
        printable[i + 1] = '\0';
    }
    (void)cJSON_AddStringToObject(object, name, printable);
}

static void put_checks(cJSON *report_object, const struct image_report *report)
{
    cJSON *checks = cJSON_AddArrayToObject(report_object, "checks");

    for (int i = 0; i < N_IMAGE_CHECKS; i++) {
        cJSON *check = cJSON_CreateObject();

        (void)cJSON_AddItemToArray(checks, check);
        put_text(check, "id", report->checks[i].name);
        put_text(check, "status", status_name(report->checks[i].status));
        put_text(check, "summary", report->checks[i].summary);
    }
}

static void put_findings(cJSON *report_object, const struct image_report *report)
{
    cJSON *findings = cJSON_AddArrayToObject(report_object, "findings");

    for (int32_t i = 0; i < report->n_findings; i++) {
        const struct image_finding *from = &report->findings[i];
        cJSON *finding = cJSON_CreateObject();

        (void)cJSON_AddItemToArray(findings, finding);
        put_text(finding, "code", from->code);
        put_text(finding, "severity", severity_name(from->severity));
        (void)cJSON_AddBoolToObject(finding, "allowed", from->allowed);
        put_text(finding, "check", check_name_of(report, from));
        put_text(finding, "title", from->title);
        cJSON *evidence = cJSON_AddArrayToObject(finding, "evidence");
        for (int32_t e = 0; e < from->n_evidence; e++)
            (void)cJSON_AddItemToArray(evidence, cJSON_CreateString(from->evidence[e]));
        cJSON *remedy = cJSON_AddObjectToObject(finding, "remedy");
        put_text(remedy, "text", from->fix);
        cJSON *commands = cJSON_AddArrayToObject(remedy, "commands");
        for (int32_t c = 0; c < from->n_commands; c++)
            (void)cJSON_AddItemToArray(commands, cJSON_CreateString(from->commands[c]));
    }
}

void image_write_json(const struct image_report *report, const struct style *style,
                      struct buffer *to)
{
    cJSON *object = cJSON_CreateObject();
    char started[TIME_SIZE];

    (void)style;
    clock_format_iso8601(report->started_unix_ms, false, started);
    put_text(object, "schema", REPORT_SCHEMA);
    put_text(object, "mode", "image");
    put_text(object, "version", program_version);
    put_text(object, "verdict", fitnesses[report->fitness].name);
    put_text(object, "summary", report->summary);
    put_text(object, "started", started);
    put_text(object, "root", report->root[0] ? report->root : "/");
    put_text(object, "os", report->os);
    put_checks(object, report);
    put_findings(object, report);
    char *text = cJSON_PrintBuffered(object, 64 * 1024, true);
    (void)buffer_addf(to, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(object);
}

/* --- JUnit --- */

static const struct image_finding *finding_of(const struct image_report *report, int number,
                                              bool must_fail)
{
    for (int32_t i = 0; i < report->n_findings; i++) {
        const struct image_finding *finding = &report->findings[i];
        bool fails = !finding->allowed &&
                     (finding->severity == SEVERITY_FATAL ||
                      (report->strict && finding->severity == SEVERITY_WARNING));

        if (finding->number == number && (fails || !must_fail))
            return finding;
    }
    return NULL;
}

static void put_case_findings(struct buffer *to, const struct image_report *report, int number)
{
    for (int32_t i = 0; i < report->n_findings; i++) {
        const struct image_finding *finding = &report->findings[i];

        if (finding->number != number)
            continue;
        (void)buffer_addf(to, "%s (%s: ssm-preflight explain %s)\n", finding->title,
                          severity_of(finding), finding->code);
        for (int32_t e = 0; e < finding->n_evidence; e++) {
            (void)buffer_add_text(to, "- ");
            junit_put(to, finding->evidence[e]);
            (void)buffer_add_text(to, "\n");
        }
        junit_put(to, finding->fix);
        (void)buffer_add_text(to, "\n");
        for (int32_t c = 0; c < finding->n_commands; c++) {
            (void)buffer_add_text(to, "    ");
            junit_put(to, finding->commands[c]);
            (void)buffer_add_text(to, "\n");
        }
    }
}

static bool is_skipped(const struct image_check *check)
{
    return check->status == STATUS_UNKNOWN || check->status == STATUS_SKIP;
}

static void put_case(struct buffer *to, const struct image_report *report, int number)
{
    const struct image_check *check = &report->checks[number - 1];
    const struct image_finding *fails = finding_of(report, number, true);
    bool any = finding_of(report, number, false);

    (void)buffer_addf(
        to, "    <testcase name=\"%s\" classname=\"ssm-preflight.image\" time=\"0.000\">\n",
        check->name);
    if (fails) {
        (void)buffer_addf(to, "      <failure message=\"%s\" type=\"%s\">", fails->title,
                          fails->code);
        put_case_findings(to, report, number);
        (void)buffer_add_text(to, "</failure>\n");
    } else if (report->fitness == FITNESS_UNKNOWN) {
        (void)buffer_add_text(to, "      <error message=\"");
        junit_put(to, report->summary);
        (void)buffer_add_text(to, "\" type=\"unknown\"/>\n");
    } else if (is_skipped(check) && !any) {
        (void)buffer_addf(to, "      <skipped message=\"%s",
                          check->status == STATUS_SKIP ? "" : "not to be judged offline: ");
        junit_put(to, check->summary);
        (void)buffer_add_text(to, "\"/>\n");
    } else {
        (void)buffer_add_text(to, "      <system-out>");
        junit_put(to, check->summary);
        (void)buffer_add_text(to, "\n");
        put_case_findings(to, report, number);
        (void)buffer_add_text(to, "</system-out>\n");
    }
    (void)buffer_add_text(to, "    </testcase>\n");
}

void image_write_junit(const struct image_report *report, const struct style *style,
                       struct buffer *to)
{
    int n_failures = 0, n_skipped = 0, n_errors = 0;
    char started[TIME_SIZE], counts[LINE_SIZE];

    (void)style;
    for (int i = 1; i <= N_IMAGE_CHECKS; i++) {
        bool fails = finding_of(report, i, true), any = finding_of(report, i, false);

        n_failures += fails;
        n_errors += !fails && report->fitness == FITNESS_UNKNOWN;
        n_skipped += !fails && report->fitness != FITNESS_UNKNOWN &&
                     is_skipped(&report->checks[i - 1]) && !any;
    }
    clock_format_iso8601(report->started_unix_ms, false, started);
    started[strcspn(started, "Z")] = '\0'; /* the schema takes no time zone */
    (void)text_set(counts, sizeof(counts),
                   "tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\" time=\"0.000\"",
                   N_IMAGE_CHECKS, n_failures, n_errors, n_skipped);
    (void)buffer_addf(to,
                      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                      "<testsuites name=\"ssm-preflight\" %s>\n"
                      "  <testsuite name=\"image\" %s timestamp=\"%s\" hostname=\"\">\n",
                      counts, counts, started);
    for (int i = 1; i <= N_IMAGE_CHECKS; i++)
        put_case(to, report, i);
    (void)buffer_add_text(to, "  </testsuite>\n</testsuites>\n");
}
