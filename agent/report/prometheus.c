/* SPDX-License-Identifier: Apache-2.0
 *
 * The text format of Prometheus, for node_exporter's textfile collector
 * (prometheus.io/docs/instrumenting/exposition_formats, "Text-based format"). The collector refuses
 * timestamps and exports the age of the file itself.
 *
 * A check has one series, for the status it has, and none for the others: a fleet has many instances.
 */
#include <string.h>

#include "base/version.h"
#include "report/report.h"

struct metric {
    struct buffer *to;
    const char *name;
    bool has_labels;
};

static struct metric begin(struct buffer *to, const char *name, const char *help)
{
    (void)buffer_addf(to, "# HELP ssm_preflight_%s %s\n# TYPE ssm_preflight_%s gauge\n", name, help,
                      name);
    return (struct metric){to, name, false};
}

static void sample(struct metric *metric)
{
    (void)buffer_addf(metric->to, "ssm_preflight_%s", metric->name);
    metric->has_labels = false;
}

static void label(struct metric *metric, const char *name, const char *value)
{
    (void)buffer_addf(metric->to, "%s%s=\"", metric->has_labels ? "," : "{", name);
    for (; *value; value++) {
        if (*value == '\\' || *value == '"')
            (void)buffer_add(metric->to, "\\", 1);
        (void)buffer_add_printable(metric->to, value, 1);
    }
    (void)buffer_add(metric->to, "\"", 1);
    metric->has_labels = true;
}

static void end(struct metric *metric, int value)
{
    (void)buffer_addf(metric->to, "%s %d\n", metric->has_labels ? "}" : "", value);
}

static void end_seconds(struct metric *metric, int32_t ms)
{
    int32_t safe_ms = ms > 0 ? ms : 0;
    (void)buffer_addf(metric->to, "%s %d.%03d\n", metric->has_labels ? "}" : "",
                      (int)(safe_ms / 1000), (int)(safe_ms % 1000));
}

/* --- metrics --- */

static void write_verdict(const struct report *report, struct buffer *to)
{
    struct metric metric = begin(to, "ready", "Whether every required check passes.");

    sample(&metric);
    end(&metric, report->verdict == VERDICT_READY || report->verdict == VERDICT_DEGRADED);

    metric = begin(to, "verdict", "1 for the verdict of the last run, 0 for the others.");
    for (int i = 0; i < N_VERDICTS; i++) {
        sample(&metric);
        label(&metric, "verdict", verdict_row((enum verdict)i)->name);
        end(&metric, (int)report->verdict == i);
    }
}

static void write_checks(const struct report *report, struct buffer *to)
{
    struct metric metric = begin(to, "check_status", "1 for the status of each check.");

    for (int i = 0; i < N_CHECKS; i++) {
        const struct check_result *check = &report->checks[i];
        if (!check->planned)
            continue;
        sample(&metric);
        label(&metric, "check", check_name(check->check));
        label(&metric, "required", check->required ? "true" : "false");
        label(&metric, "status", status_name(check->status));
        end(&metric, 1);
    }

    metric = begin(to, "check_duration_seconds", "How long each check took that was tried.");
    for (int i = 0; i < N_CHECKS; i++) {
        const struct check_result *check = &report->checks[i];
        if (!check->planned || check->status == STATUS_SKIP || check->status == STATUS_UNKNOWN)
            continue;
        sample(&metric);
        label(&metric, "check", check_name(check->check));
        end_seconds(&metric, check->duration_ms);
    }
}

static bool is_same_series(const struct finding *a, const struct finding *b)
{
    return a->target == b->target && a->severity == b->severity && strcmp(a->code, b->code) == 0;
}

/* The format allows a series only once. */
static bool is_repeated(const struct report *report, int32_t at)
{
    for (int32_t i = 0; i < at; i++)
        if (is_same_series(&report->findings[i], &report->findings[at]))
            return true;
    return false;
}

static void write_findings(const struct report *report, struct buffer *to)
{
    struct metric metric = begin(to, "finding", "1 for each finding; the first is the root cause.");

    for (int32_t i = 0; i < report->n_findings; i++) {
        const struct finding *finding = &report->findings[i];

        if (is_repeated(report, i))
            continue;
        sample(&metric);
        label(&metric, "code", finding->code);
        label(&metric, "target",
              finding->target < N_TARGETS ? target_name(finding->target) : "instance");
        label(&metric, "severity", severity_name(finding->severity));
        label(&metric, "root", i == 0 ? "true" : "false");
        end(&metric, 1);
    }
}

static void write_run(const struct report *report, struct buffer *to)
{
    const struct facts *facts = report->facts;
    struct metric metric = begin(to, "duration_seconds", "How long the last round took.");

    sample(&metric);
    end_seconds(&metric, facts->duration_ms);

    metric = begin(to, "rounds", "How many rounds the last run took.");
    sample(&metric);
    end(&metric, (int)facts->rounds);

    metric = begin(to, "info", "1, and what the last run was of.");
    sample(&metric);
    label(&metric, "version", program_version);
    label(&metric, "instance_id", facts_instance_name(facts));
    label(&metric, "region",
          facts->instance.region[0] ? facts->instance.region : facts->plan.region);
    label(&metric, "availability_zone", facts->instance.availability_zone);
    label(&metric, "vpc", facts->instance.vpc);
    label(&metric, "image", facts->instance.image);
    label(&metric, "agent_version", facts->agent.version);
    end(&metric, 1);
}

void prometheus_write(const struct report *report, const struct style *style, struct buffer *to)
{
    (void)style;
    write_verdict(report, to);
    write_checks(report, to);
    write_findings(report, to);
    write_run(report, to);
}
