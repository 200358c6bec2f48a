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

enum kind { KIND_PASSED, KIND_FAILED, KIND_ERROR, KIND_SKIPPED };

struct counts {
    int tests, failures, errors, skipped;
    int64_t ms;
};

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

static void put_attribute(struct buffer *to, const char *name, const char *value)
{
    (void)buffer_addf(to, " %s=\"", name);
    junit_put(to, value);
    (void)buffer_add(to, "\"", 1);
}

static void put_counts(struct buffer *to, const struct counts *counts)
{
    (void)buffer_addf(to, " tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\"",
                      counts->tests, counts->failures, counts->errors, counts->skipped);
    (void)buffer_addf(to, " time=\"%lld.%03d\"", (long long)(counts->ms / 1000),
                      (int)(counts->ms % 1000));
}

/* --- what a check comes to --- */

static enum kind kind_of(const struct report *report, const struct check_result *check)
{
    switch (check->status) {
    case STATUS_FAIL:
        return check->required ? KIND_FAILED : KIND_SKIPPED;
    case STATUS_UNKNOWN:
        return check->required ? KIND_ERROR : KIND_SKIPPED;
    case STATUS_SKIP:
        return report->verdict == VERDICT_UNKNOWN && report_lacks(check) ? KIND_ERROR
                                                                         : KIND_SKIPPED;
    case STATUS_PASS:
    case STATUS_WARN:
        break;
    }
    return KIND_PASSED;
}

static void count(struct counts *counts, const struct report *report,
                  const struct check_result *check)
{
    enum kind kind = kind_of(report, check);

    counts->tests++;
    counts->failures += kind == KIND_FAILED;
    counts->errors += kind == KIND_ERROR;
    counts->skipped += kind == KIND_SKIPPED;
    counts->ms += check->duration_ms > 0 ? check->duration_ms : 0;
}

static struct counts count_target(const struct report *report, enum target target)
{
    struct counts counts = {0};

    for (int i = 0; i < N_CHECKS; i++)
        if (report->checks[i].planned && check_target((enum check)i) == target)
            count(&counts, report, &report->checks[i]);
    return counts;
}

/* --- findings --- */

static void put_line(struct buffer *to, const char *before, const char *text)
{
    (void)buffer_add_text(to, before);
    junit_put(to, text);
    (void)buffer_add_text(to, "\n");
}

static void put_finding(struct buffer *to, const struct finding *finding)
{
    char fix[FIX_SIZE];

    put_line(to, "", finding->title);
    (void)buffer_addf(to, "(%s, %s: ssm-preflight explain ", severity_name(finding->severity),
                      confidence_name(finding->confidence));
    junit_put(to, finding->code);
    (void)buffer_add_text(to, ")\n");
    for (int32_t i = 0; i < finding->n_evidence; i++)
        put_line(to, "- ", finding->evidence[i]);
    finding_fix(finding, fix, sizeof(fix));
    if (finding->remedy[0])
        put_line(to, "Fix: ", fix);
    for (int32_t i = 0; i < finding->n_commands; i++) {
        if (finding->notes[i][0])
            put_line(to, "    # ", finding->notes[i]);
        put_line(to, "    ", finding->commands[i]);
    }
    for (int32_t i = 0; i < finding->n_alternatives; i++)
        put_line(to, "Or: ", finding->alternatives[i].code);
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
static bool is_of_suite(const struct report *report, const struct finding *finding,
                        enum target target, bool is_first)
{
    bool has_suite = finding->target < N_TARGETS && count_target(report, finding->target).tests > 0;

    return finding->explains == 0 && (has_suite ? finding->target == target : is_first);
}

static void write_loose_findings(struct buffer *to, const struct report *report, enum target target,
                                 bool is_first)
{
    bool any = false;

    for (int32_t i = 0; i < report->n_findings; i++) {
        if (!is_of_suite(report, &report->findings[i], target, is_first))
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
    put_attribute(to, "message", check->summary);
    put_attribute(to, "type",
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
    put_attribute(to, "message", message);
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
    const char *name = check_name(check->check);
    int32_t ms = check->duration_ms > 0 ? check->duration_ms : 0;

    (void)buffer_add_text(to, "    <testcase");
    put_attribute(to, "name", name);
    (void)buffer_add_text(to, " classname=\"ssm-preflight.");
    junit_put(to, target_name(check_target(check->check)));
    (void)buffer_addf(to, "\" time=\"%d.%03d\">\n", (int)(ms / 1000), (int)(ms % 1000));
    switch (kind_of(report, check)) {
    case KIND_FAILED:
        write_failed(to, report, check, "failure");
        break;
    case KIND_ERROR:
        write_failed(to, report, check, "error");
        break;
    case KIND_SKIPPED:
        write_skipped(to, report, check);
        break;
    case KIND_PASSED:
        write_passed(to, report, check);
        break;
    }
    (void)buffer_add_text(to, "    </testcase>\n");
}

static void write_suite(struct buffer *to, const struct report *report, enum target target,
                        bool is_first)
{
    const struct counts counts = count_target(report, target);
    char started[TIME_SIZE];

    clock_format_iso8601(report->facts->started_unix_ms, false, started);
    started[strcspn(started, "Z")] = '\0'; /* the schema takes no time zone */
    (void)buffer_add_text(to, "  <testsuite");
    put_attribute(to, "name", target_name(target));
    put_counts(to, &counts);
    put_attribute(to, "timestamp", started);
    put_attribute(to, "hostname", facts_instance_name(report->facts));
    (void)buffer_add_text(to, ">\n");
    for (int i = 0; i < N_CHECKS; i++)
        if (report->checks[i].planned && check_target((enum check)i) == target)
            write_case(to, report, &report->checks[i]);
    write_loose_findings(to, report, target, is_first);
    (void)buffer_add_text(to, "  </testsuite>\n");
}

void junit_write(const struct report *report, const struct style *style, struct buffer *to)
{
    struct counts all = {0};
    bool is_first = true;

    (void)style;
    for (int i = 0; i < N_CHECKS; i++)
        if (report->checks[i].planned)
            count(&all, report, &report->checks[i]);
    (void)buffer_add_text(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                              "<testsuites name=\"ssm-preflight\"");
    put_counts(to, &all);
    (void)buffer_add_text(to, ">\n");
    for (unsigned int i = 0; i < N_TARGETS; i++) {
        if (count_target(report, (enum target)i).tests == 0)
            continue;
        write_suite(to, report, (enum target)i, is_first);
        is_first = false;
    }
    (void)buffer_add_text(to, "</testsuites>\n");
}
