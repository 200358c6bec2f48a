/* SPDX-License-Identifier: Apache-2.0
 *
 * The outputs that other programs read: JSON by its schema, JUnit's results, Prometheus's metrics.
 * Python plays the reader, and must refuse what is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "report/report.h"
#include "report_builder.h"
#include "situations.h"

enum { NO_READER = 77 }; /* no Python, or without the module */

/* What is replaced in the report of "endpoint-blocks-443", and must be refused then. */
struct change {
    const char *what;
    const char *by;
};

static const struct change json_changes[] = {
    {"\"not-ready\"", "\"not ready\""},
    {"\"rounds\":\t1", "\"rounds\":\t\"1\""},
    {"\"schema\":\t\"ssm-preflight/1\"", "\"schema\":\t\"ssm-preflight/9\""},
    {"\"public_ipv4\":\tnull", "\"public_ip\":\tnull"},
    {"\"severity\":\t\"fatal\"", "\"severity\":\t\"bad\""},
};

static const struct change junit_changes[] = {
    {"</testsuites>", ""},
    {"failures=\"1\"", "failures=\"0\""},
    {"skipped=\"3\"", "skipped=\"2\""},
    {"<testsuite name=\"ssm\" tests=\"6\"", "<testsuite name=\"ssm\" tests=\"7\""},
    {"<testsuite name=\"role\"", "<testsuite name=\"imds\""},
    {"aws ec2 describe-vpc-endpoints", "<x"},
    {" type=\"endpoint-blocks-443\"", ""},
    {"2026-11-23T12:00:00\"", "2026-11-23T12:00:00Z\""},
    {"time=\"2.000\"", "time=\"2.100\""},
};

static const struct change prometheus_changes[] = {
    {"} 1\n", "} 1 1795435200123\n"},
    {"# TYPE ssm_preflight_ready gauge\n", ""},
    {"status=\"pass\"", "check=\"pass\""},
    {"check=\"imds.token\"", "check=\"imds.connect\""},
    {"severity=\"fatal\"", "severity=\"fa\"tal\""},
    {" 0.041\n", " 41 ms\n"},
    {"# HELP ssm_preflight_verdict", "\n# HELP ssm_preflight_verdict"},
};

#define CHANGES(of) of, COUNT_OF(of)

static const struct format {
    const char *name;
    void (*write)(const struct report *report, const struct style *style, struct buffer *to);
    const char *reader[2]; /* a program of tests/unit, and its argument */
    const struct change *changes;
    size_t n_changes;
} formats[] = {
    {"json", json_write, {"tests/unit/report_validate.py"}, CHANGES(json_changes)},
    {"junit", junit_write, {"tests/unit/outputs_validate.py", "junit"}, CHANGES(junit_changes)},
    {"prometheus",
     prometheus_write,
     {"tests/unit/outputs_validate.py", "prometheus"},
     CHANGES(prometheus_changes)},
};
enum { N_FORMATS = COUNT_OF(formats) };

static void write_new(const struct format *format, const struct report *report, struct buffer *to)
{
    const struct style style = {.columns = 80};

    buffer_init(to, REPORT_MAX_BYTES);
    format->write(report, &style, to);
    assert_false(to->failed);
}

/* The reader's exit status. Quiet: what it says is not wanted. */
static int read_by(const struct format *format, const char *path, bool quiet)
{
    const char *argument = format->reader[1];
    pid_t child = fork();
    int status = -1;

    assert_true(child >= 0);
    if (child == 0) {
        if (quiet)
            (void)!freopen("/dev/null", "w", stderr);
        (void)execl("/usr/bin/python3", "python3", format->reader[0], argument ? argument : path,
                    argument ? path : NULL, (char *)NULL);
        _exit(NO_READER);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int read_bytes(const struct format *format, const char *bytes, size_t n, bool quiet)
{
    char path[] = "/tmp/test_report_readers.XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(file_write_atomically(path, bytes, n, 0600), 0);
    int status = read_by(format, path, quiet);
    (void)unlink(path);
    if (status == NO_READER)
        skip();
    return status;
}

static void assert_readable(const struct report *report, const char *name)
{
    for (size_t i = 0; i < N_FORMATS; i++) {
        struct buffer text;

        write_new(&formats[i], report, &text);
        if (read_bytes(&formats[i], text.bytes, text.used, false) != 0)
            fail_msg("%s of %s cannot be read", formats[i].name, name);
        buffer_clear(&text);
    }
}

/* The samples, and some of the situations: starting Python takes a while. */
static void reports_can_be_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_samples; i++) {
        struct filled *filled = fill_sample(i);
        assert_readable(&filled->report, samples[i]);
        free(filled);
    }
    for (size_t i = 0; situation_at(i); i += 17) {
        struct filled *filled = fill(situation_at(i)->name);
        assert_readable(&filled->report, situation_at(i)->name);
        free(filled);
    }
}

static void assert_refused(const struct format *format, const struct buffer *text,
                           const struct change *change)
{
    const char *at = strstr(text->bytes, change->what);
    struct buffer changed;

    if (!at)
        fail_msg("there is no %s in %s", change->what, format->name);
    buffer_init(&changed, REPORT_MAX_BYTES);
    (void)buffer_add(&changed, text->bytes, (size_t)(at - text->bytes));
    (void)buffer_add_text(&changed, change->by);
    (void)buffer_add_text(&changed, at + strlen(change->what));
    if (read_bytes(format, changed.bytes, changed.used, true) != 1)
        fail_msg("%s: %s instead of %s is taken", format->name, change->by, change->what);
    buffer_clear(&changed);
}

/* Or what reads them says nothing. */
static void what_is_wrong_is_refused(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443");

    (void)state;
    for (size_t i = 0; i < N_FORMATS; i++) {
        struct buffer text;

        write_new(&formats[i], &filled->report, &text);
        for (size_t j = 0; j < formats[i].n_changes; j++)
            assert_refused(&formats[i], &text, &formats[i].changes[j]);
        buffer_clear(&text);
    }
    free(filled);
}

/* A pipeline that reads JUnit's file decides as one that looks at the exit status. */
static void what_fails_is_what_the_exit_status_says(void **state)
{
    (void)state;
    for (size_t i = 0; situation_at(i); i++) {
        struct filled *filled = fill(situation_at(i)->name);
        struct buffer text;

        write_new(&formats[1], &filled->report, &text);
        bool has = strstr(text.bytes, "<failure") || strstr(text.bytes, "<error");
        bool fails = report_exit_status(&filled->report, false) != 0;
        if (has != fails)
            fail_msg("%s has %s failures", situation_at(i)->name, fails ? "no" : "some");
        buffer_clear(&text);
        free(filled);
    }
}

static void only_planned_checks_are_in_the_json(void **state)
{
    struct filled *filled = fill("healthy");
    struct buffer text;

    (void)state;
    filled->report.checks[CHECK_CLOCK_SKEW].planned = false;
    write_new(&formats[0], &filled->report, &text);
    assert_null(strstr(text.bytes, "\"clock.skew\""));
    assert_null(strstr(text.bytes, "\"kms.connect\""));
    assert_non_null(strstr(text.bytes, "\"ssm.connect\""));
    buffer_clear(&text);
    free(filled);
}

static void a_series_comes_once(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443");
    struct buffer text;

    (void)state;
    filled->report.findings[1] = filled->report.findings[0];
    filled->report.n_findings = 2;
    write_new(&formats[2], &filled->report, &text);
    const char *first = strstr(text.bytes, "ssm_preflight_finding{");
    assert_non_null(first);
    assert_null(strstr(first + 1, "ssm_preflight_finding{"));
    buffer_clear(&text);
    free(filled);
}

static void what_is_no_printable_text_is_escaped(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443");
    struct buffer text;

    (void)state;
    (void)text_set(filled->report.findings[0].title, TITLE_SIZE, "\x7f");
    (void)text_set(filled->facts.instance.id, NAME_SIZE, "i-\"\\");
    write_new(&formats[0], &filled->report, &text);
    assert_non_null(strstr(text.bytes, "\\\\x7f"));
    buffer_clear(&text);
    write_new(&formats[2], &filled->report, &text);
    assert_non_null(strstr(text.bytes, "i-\\\"\\\\\""));
    buffer_clear(&text);
    free(filled);
}

/* A check that fails without a cause and without a reason; two notes of one suite. */
static void junit_names_what_has_no_name(void **state)
{
    struct filled *filled = fill("public-address");
    struct buffer text;

    (void)state;
    filled->report.findings[1] = filled->report.findings[0];
    filled->report.n_findings = 2;
    filled->report.checks[CHECK_AGENT_INSTALLED].status = STATUS_FAIL;
    write_new(&formats[1], &filled->report, &text);
    assert_non_null(strstr(text.bytes, "type=\"fail\""));
    const char *first = strstr(text.bytes, "explain public-address");
    assert_non_null(first);
    assert_true(strstr(first + 1, "explain public-address") < strstr(first, "</system-out>"));
    buffer_clear(&text);
    free(filled);
}

static void no_more_is_told_apart_than_there_is(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443");
    struct buffer text;

    (void)state;
    assert_true(filled->report.findings[0].alternatives[0].command[0]);
    filled->report.findings[0].n_alternatives = 0;
    buffer_init(&text, REPORT_MAX_BYTES);
    write_json_line(&filled->report, &text);
    assert_non_null(strstr(text.bytes, "\"tell_apart\":[]"));
    buffer_clear(&text);
    free(filled);
}

/* A finding that explains no check, behind one that does. */
static void junit_has_what_explains_no_check(void **state)
{
    struct filled *filled = fill("dns-slow--dead-first");
    struct buffer text;

    (void)state;
    assert_int_equal(filled->report.findings[1].explains, 0);
    buffer_init(&text, REPORT_MAX_BYTES);
    junit_write(&filled->report, &(struct style){0}, &text);
    assert_non_null(strstr(text.bytes, filled->report.findings[0].title));
    assert_non_null(strstr(text.bytes, filled->report.findings[1].title));
    buffer_clear(&text);
    free(filled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_can_be_read),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(what_fails_is_what_the_exit_status_says),
        cmocka_unit_test(only_planned_checks_are_in_the_json),
        cmocka_unit_test(what_is_no_printable_text_is_escaped),
        cmocka_unit_test(junit_names_what_has_no_name),
        cmocka_unit_test(no_more_is_told_apart_than_there_is),
        cmocka_unit_test(junit_has_what_explains_no_check),
        cmocka_unit_test(a_series_comes_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
