/* SPDX-License-Identifier: Apache-2.0
 *
 * JUnit's XML by the schema of Jenkins's xunit plug-in: a suite for each target, a case for each of
 * its checks.
 *
 * A case fails only if its check makes the verdict fail, so this file and the exit status decide
 * alike. An optional check that fails is a skipped case, whose message says that it failed.
 */
#include <string.h>

#include "base/text.h"
#include "report/report.h"

/* --- XML --- */

void junit_put(struct buffer *to, const char *text)
{
    static const char special[] = "&<>\"\n";
    static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "\n"};

    for (; *text; text++) {
        const char *found = strchr(special, *text);
        if (found)
            (void)buffer_add_text(to, names[found - special]);
        else
            (void)buffer_add_printable(to, text, 1);
    }
}

void junit_attribute(struct buffer *to, const char *name, const char *value)
{
    (void)buffer_addf(to, " %s=\"", name);
    junit_put(to, value);
    (void)buffer_add(to, "\"", 1);
}

void junit_line(struct buffer *to, const char *before, const char *text)
{
    (void)buffer_add_text(to, before);
    junit_put(to, text);
    (void)buffer_add_text(to, "\n");
}

static void put_time(struct buffer *to, int64_t ms)
{
    (void)buffer_addf(to, " time=\"%lld.%03d\"", (long long)(ms / 1000), (int)(ms % 1000));
}

static int n_tests(const struct junit_counts *counts)
{
    return counts->of[JUNIT_PASSED] + counts->of[JUNIT_FAILED] + counts->of[JUNIT_ERROR] +
           counts->of[JUNIT_SKIPPED];
}

static void put_counts(struct buffer *to, const struct junit_counts *counts)
{
    (void)buffer_addf(to, " tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\"",
                      n_tests(counts), counts->of[JUNIT_FAILED], counts->of[JUNIT_ERROR],
                      counts->of[JUNIT_SKIPPED]);
    put_time(to, counts->ms);
}

void junit_count(struct junit_counts *counts, enum junit_kind kind, int32_t ms)
{
    counts->of[kind]++;
    counts->ms += ms > 0 ? ms : 0;
}

void junit_begin(struct buffer *to, const struct junit_counts *all)
{
    (void)buffer_add_text(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                              "<testsuites name=\"ssm-preflight\"");
    put_counts(to, all);
    (void)buffer_add_text(to, ">\n");
}

void junit_begin_suite(struct buffer *to, const char *name, const struct junit_counts *counts,
                       int64_t started_unix_ms, const char *host)
{
    char started[TIME_SIZE];

    clock_format_iso8601(started_unix_ms, false, started);
    started[strcspn(started, "Z")] = '\0'; /* the schema takes no time zone */
    (void)buffer_add_text(to, "  <testsuite");
    junit_attribute(to, "name", name);
    put_counts(to, counts);
    junit_attribute(to, "timestamp", started);
    junit_attribute(to, "hostname", host);
    (void)buffer_add_text(to, ">\n");
}

void junit_begin_case(struct buffer *to, const char *name, const char *suite, int32_t ms)
{
    (void)buffer_add_text(to, "    <testcase");
    junit_attribute(to, "name", name);
    (void)buffer_add_text(to, " classname=\"ssm-preflight.");
    junit_put(to, suite);
    (void)buffer_add_text(to, "\"");
    put_time(to, ms > 0 ? ms : 0);
    (void)buffer_add_text(to, ">\n");
}

/* --- what a check comes to --- */

static enum junit_kind kind_of(const struct report *report, const struct check_result *check)
{
    switch (check->status) {
    case STATUS_FAIL:
        return check->required ? JUNIT_FAILED : JUNIT_SKIPPED;
    case STATUS_UNKNOWN:
        return check->required ? JUNIT_ERROR : JUNIT_SKIPPED;
    case STATUS_SKIP:
        return report->verdict == VERDICT_UNKNOWN && report_lacks(check) ? JUNIT_ERROR
                                                                         : JUNIT_SKIPPED;
    case STATUS_PASS:
    case STATUS_WARN:
        break;
    }
    return JUNIT_PASSED;
}

/* Of a target; N_TARGETS: of all. */
static struct junit_counts count_target(const struct report *report, enum target target)
{
    struct junit_counts counts = {.ms = 0};

    for (enum check i = 0; i < N_CHECKS; i++)
        if (report->checks[i].planned && (target == N_TARGETS || check_target(i) == target))
            junit_count(&counts, kind_of(report, &report->checks[i]),
                        report->checks[i].duration_ms);
    return counts;
}

static bool has_suite(const struct report *report, enum target target)
{
    const struct junit_counts counts = count_target(report, target);
    return n_tests(&counts) > 0;
}

/* --- findings --- */

static void put_finding(struct buffer *to, const struct finding *finding)
{
    char fix[FIX_SIZE];

    junit_line(to, "", finding->title);
    (void)buffer_addf(to, "(%s, %s: ssm-preflight explain ", severity_name(finding->severity),
                      confidence_name(finding->confidence));
    junit_put(to, finding->code);
    (void)buffer_add_text(to, ")\n");
    for (int32_t i = 0; i < finding->n_evidence; i++)
        junit_line(to, "- ", finding->evidence[i]);
    finding_fix(finding, fix, sizeof(fix));
    junit_line(to, "Fix: ", fix);
    for (int32_t i = 0; i < finding->n_commands; i++) {
        if (finding->notes[i][0])
            junit_line(to, "    # ", finding->notes[i]);
        junit_line(to, "    ", finding->commands[i]);
    }
    for (int32_t i = 0; i < finding->n_alternatives; i++)
        junit_line(to, "Or: ", finding->alternatives[i].code);
}

static bool explains(const struct finding *finding, enum check check)
{
    return (finding->explains & check_bit(check)) != 0;
}

/* The first finding that explains a check, or NULL. */
static const struct finding *finding_of(const struct report *report, enum check check)
{
    for (int32_t i = 0; i < report->n_findings; i++)
        if (explains(&report->findings[i], check))
            return &report->findings[i];
    return NULL;
}

static void put_findings(struct buffer *to, const struct report *report, enum check check)
{
    for (int32_t i = 0; i < report->n_findings; i++)
        if (explains(&report->findings[i], check))
            put_finding(to, &report->findings[i]);
}

/* A finding that explains no check stands in its target's suite, or in the first one if it has none. */
static bool is_of_suite(const struct finding *finding, enum target target, bool is_first)
{
    return finding->explains == 0 &&
           (finding->target < N_TARGETS ? finding->target == target : is_first);
}

static void write_loose_findings(struct buffer *to, const struct report *report, enum target target,
                                 bool is_first)
{
    bool any = false;

    for (int32_t i = 0; i < report->n_findings; i++) {
        if (!is_of_suite(&report->findings[i], target, is_first))
            continue;
        (void)buffer_add_text(to, any ? "" : "    <system-out>");
        put_finding(to, &report->findings[i]);
        any = true;
    }
    (void)buffer_add_text(to, any ? "</system-out>\n" : "");
}

/* --- cases and suites --- */

static void write_failed(struct buffer *to, const struct report *report,
                         const struct check_result *check, const char *element)
{
    const struct finding *finding = finding_of(report, check->check);

    (void)buffer_addf(to, "      <%s", element);
    junit_attribute(to, "message", check->summary);
    junit_attribute(to, "type",
                    finding                         ? finding->code
                    : check->reason != FAILURE_NONE ? failure_name(check->reason)
                                                    : status_name(check->status));
    (void)buffer_add_text(to, ">");
    if (!finding)
        junit_put(to, check->summary);
    put_findings(to, report, check->check);
    (void)buffer_addf(to, "</%s>\n", element);
}

static void write_skipped(struct buffer *to, const struct report *report,
                          const struct check_result *check)
{
    char message[2 * LINE_SIZE];

    (void)text_set(message, sizeof(message), "%s%s%s",
                   check->status == STATUS_SKIP ? "" : "optional: ",
                   check->status == STATUS_FAIL ? "fails: " : "", check->summary);
    (void)buffer_add_text(to, "      <skipped");
    junit_attribute(to, "message", message);
    (void)buffer_add_text(to, "/>\n");
    if (finding_of(report, check->check)) {
        (void)buffer_add_text(to, "      <system-out>");
        put_findings(to, report, check->check);
        (void)buffer_add_text(to, "</system-out>\n");
    }
}

static void write_passed(struct buffer *to, const struct report *report,
                         const struct check_result *check)
{
    (void)buffer_addf(to, "      <system-out>%s", check->status == STATUS_WARN ? "warning: " : "");
    junit_put(to, check->summary);
    (void)buffer_add_text(to, "\n");
    put_findings(to, report, check->check);
    (void)buffer_add_text(to, "</system-out>\n");
}

static void write_case(struct buffer *to, const struct report *report,
                       const struct check_result *check)
{
    junit_begin_case(to, check_name(check->check), target_name(check_target(check->check)),
                     check->duration_ms);
    switch (kind_of(report, check)) {
    case JUNIT_FAILED:
        write_failed(to, report, check, "failure");
        break;
    case JUNIT_ERROR:
        write_failed(to, report, check, "error");
        break;
    case JUNIT_SKIPPED:
        write_skipped(to, report, check);
        break;
    case JUNIT_PASSED:
        write_passed(to, report, check);
        break;
    }
    (void)buffer_add_text(to, "    </testcase>\n");
}

static void write_suite(struct buffer *to, const struct report *report, enum target target,
                        bool is_first)
{
    const struct junit_counts counts = count_target(report, target);

    junit_begin_suite(to, target_name(target), &counts, report->facts->started_unix_ms,
                      facts_instance_name(report->facts));
    for (enum check i = 0; i < N_CHECKS; i++)
        if (report->checks[i].planned && check_target(i) == target)
            write_case(to, report, &report->checks[i]);
    write_loose_findings(to, report, target, is_first);
    (void)buffer_add_text(to, "  </testsuite>\n");
}

void junit_write(const struct report *report, const struct style *style, struct buffer *to)
{
    const struct junit_counts all = count_target(report, N_TARGETS);
    bool is_first = true;

    (void)style;
    junit_begin(to, &all);
    for (enum target i = 0; i < N_TARGETS; i++) {
        if (!has_suite(report, i))
            continue;
        write_suite(to, report, i, is_first);
        is_first = false;
    }
    (void)buffer_add_text(to, "</testsuites>\n");
}
