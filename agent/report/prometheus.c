/* SPDX-License-Identifier: Apache-2.0
 *
 * The text format of Prometheus, for node_exporter's textfile collector
 * (prometheus.io/docs/instrumenting/exposition_formats, "Text-based format"). The collector refuses
 * timestamps and exports the age of the file itself.
 *
 * A check has one series, for the status it has, and none for the others: a fleet has many instances.
 */
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "base/version.h"
#include "report/report.h"

static void begin(struct buffer *to, const char *name, const char *help)
{
    (void)buffer_addf(to, "# HELP ssm_preflight_%s %s\n# TYPE ssm_preflight_%s gauge\n", name, help,
                      name);
}

#define END ((const char *)NULL)

/* Behind the value pairs of a label and its text, and END. */
static __attribute__((sentinel)) void sample(struct buffer *to, const char *name, const char *value,
                                             ...)
{
    va_list labels;
    const char *before = "{";

    (void)buffer_addf(to, "ssm_preflight_%s", name);
    va_start(labels, value);
    for (const char *label; (label = va_arg(labels, const char *)); before = ",") {
        (void)buffer_addf(to, "%s%s=\"", before, label);
        for (const char *at = va_arg(labels, const char *); *at; at++) {
            if (*at == '\\' || *at == '"')
                (void)buffer_add(to, "\\", 1);
            (void)buffer_add_printable(to, at, 1);
        }
        (void)buffer_add(to, "\"", 1);
    }
    va_end(labels);
    (void)buffer_addf(to, "%s %s\n", *before == ',' ? "}" : "", value);
}

static const char *seconds(int32_t ms, char to[NAME_SIZE])
{
    (void)text_set(to, NAME_SIZE, "%d.%03d", (int)(ms > 0 ? ms / 1000 : 0),
                   (int)(ms > 0 ? ms % 1000 : 0));
    return to;
}

/* --- metrics --- */

static void write_verdict(const struct report *report, struct buffer *to)
{
    const bool ready = report->verdict == VERDICT_READY || report->verdict == VERDICT_DEGRADED;

    begin(to, "ready", "Whether every required check passes.");
    sample(to, "ready", ready ? "1" : "0", END);
    begin(to, "verdict", "1 for the verdict of the last run, 0 for the others.");
    for (enum verdict i = 0; i < N_VERDICTS; i++)
        sample(to, "verdict", report->verdict == i ? "1" : "0", "verdict", verdict_row(i)->name,
               END);
}

static void write_checks(const struct report *report, struct buffer *to)
{
    char took[NAME_SIZE];

    begin(to, "check_status", "1 for the status of each check.");
    for (enum check i = 0; i < N_CHECKS; i++)
        if (report->checks[i].planned)
            sample(to, "check_status", "1", "check", check_name(i), "required",
                   report->checks[i].required ? "true" : "false", "status",
                   status_name(report->checks[i].status), END);
    begin(to, "check_duration_seconds", "How long each check took that was tried.");
    for (enum check i = 0; i < N_CHECKS; i++) {
        const struct check_result *check = &report->checks[i];
        if (check->planned && check->status != STATUS_SKIP && check->status != STATUS_UNKNOWN)
            sample(to, "check_duration_seconds", seconds(check->duration_ms, took), "check",
                   check_name(i), END);
    }
}

/* The format allows a series only once. */
static bool is_repeated(const struct report *report, const struct finding *finding)
{
    for (const struct finding *other = report->findings; other < finding; other++)
        if (other->target == finding->target && other->severity == finding->severity &&
            strcmp(other->code, finding->code) == 0)
            return true;
    return false;
}

static void write_findings(const struct report *report, struct buffer *to)
{
    begin(to, "finding", "1 for each finding; the first is the root cause.");
    for (int32_t i = 0; i < report->n_findings; i++) {
        const struct finding *finding = &report->findings[i];
        if (!is_repeated(report, finding))
            sample(to, "finding", "1", "code", finding->code, "target",
                   finding->target < N_TARGETS ? target_name(finding->target) : "instance",
                   "severity", severity_name(finding->severity), "root", i == 0 ? "true" : "false",
                   END);
    }
}

static void write_run(const struct report *report, struct buffer *to)
{
    const struct facts *facts = report->facts;
    const struct instance_facts *instance = &facts->instance;
    char number[NAME_SIZE];

    begin(to, "duration_seconds", "How long the last round took.");
    sample(to, "duration_seconds", seconds(facts->duration_ms, number), END);
    begin(to, "rounds", "How many rounds the last run took.");
    (void)text_set(number, sizeof(number), "%d", (int)facts->rounds);
    sample(to, "rounds", number, END);
    begin(to, "info", "1, and what the last run was of.");
    sample(to, "info", "1", "version", program_version, "instance_id", facts_instance_name(facts),
           "region", instance->region[0] ? instance->region : facts->plan.region,
           "availability_zone", instance->availability_zone, "vpc", instance->vpc, "image",
           instance->image, "agent_version", facts->agent.version, END);
}

void prometheus_write(const struct report *report, const struct style *style, struct buffer *to)
{
    (void)style;
    write_verdict(report, to);
    write_checks(report, to);
    write_findings(report, to);
    write_run(report, to);
}
