/* SPDX-License-Identifier: Apache-2.0
 *
 * The metrics: what they look like, and that Prometheus reads them.
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
#include "base/version.h"
#include "golden.h"
#include "report/report.h"
#include "report_builder.h"

static void write_new(const struct report *report, struct buffer *to)
{
    const struct style style = {0};

    buffer_init(to, REPORT_MAX_BYTES);
    prometheus_write(report, &style, to);
    assert_false(to->failed);
}

/* Its exit status; 77 where there is no Python. Quiet: what it says is not wanted. */
static int validate(const char *bytes, size_t n, bool quiet)
{
    char path[] = "/tmp/test_report_prometheus.XXXXXX";
    int fd = mkstemp(path);
    int status = -1;

    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(file_write_atomically(path, bytes, n, 0600), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (quiet)
            (void)!freopen("/dev/null", "w", stderr);
        (void)execl("/usr/bin/python3", "python3", "tests/unit/outputs_validate.py", "prometheus",
                    path, (char *)NULL);
        _exit(77);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    (void)unlink(path);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void every_sample_can_be_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_samples; i++) {
        struct filled *filled = samples[i].fill();
        struct buffer text;

        write_new(&filled->report, &text);
        int status = validate(text.bytes, text.used, false);
        if (status != 0 && status != 77)
            fail_msg("%s cannot be read", samples[i].name);
        buffer_clear(&text);
        free(filled);
        if (status == 77)
            skip();
    }
}

/* Or the validator says nothing. */
static void the_validator_refuses_what_is_wrong(void **state)
{
    static const struct {
        const char *what;
        const char *by;
    } changes[] = {
        {"} 1\n", "} 1 1795435200123\n"},
        {"# TYPE ssm_preflight_ready gauge\n", ""},
        {"status=\"pass\"", "check=\"pass\""},
        {"check=\"imds.token\"", "check=\"imds.connect\""},
        {"severity=\"fatal\"", "severity=\"fa\"tal\""},
        {" 0.041\n", " 41 ms\n"},
        {"# HELP ssm_preflight_verdict", "\n# HELP ssm_preflight_verdict"},
    };
    struct filled *filled = filled_blocked();
    struct buffer text;

    (void)state;
    write_new(&filled->report, &text);
    free(filled);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        const char *at = strstr(text.bytes, changes[i].what);
        struct buffer changed;

        if (!at)
            fail_msg("there is no %s", changes[i].what);
        buffer_init(&changed, REPORT_MAX_BYTES);
        (void)buffer_add(&changed, text.bytes, (size_t)(at - text.bytes));
        (void)buffer_add_text(&changed, changes[i].by);
        (void)buffer_add_text(&changed, at + strlen(changes[i].what));
        int status = validate(changed.bytes, changed.used, true);
        if (status != 1 && status != 77)
            fail_msg("%s instead of %s is taken", changes[i].by, changes[i].what);
        buffer_clear(&changed);
    }
    buffer_clear(&text);
}

/* The version is the build's own, so goldens have a constant in its place. */
static void replace_version(const struct buffer *from, struct buffer *to)
{
    const char *at = strstr(from->bytes, "{version=\"");

    assert_non_null(at);
    at += strlen("{version=\"");
    assert_memory_equal(at, program_version, strlen(program_version));
    buffer_init(to, REPORT_MAX_BYTES);
    (void)buffer_add(to, from->bytes, (size_t)(at - from->bytes));
    (void)buffer_add_text(to, "VERSION");
    (void)buffer_add_text(to, at + strlen(program_version));
}

static void metrics_look_as_they_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_samples; i++) {
        struct filled *filled = samples[i].fill();
        struct buffer text, constant;
        char name[64];

        write_new(&filled->report, &text);
        replace_version(&text, &constant);
        (void)text_set(name, sizeof(name), "prometheus-%s.txt", samples[i].name);
        assert_golden(name, constant.bytes, constant.used);
        buffer_clear(&constant);
        buffer_clear(&text);
        free(filled);
    }
}

static void a_series_comes_once(void **state)
{
    struct filled *filled = filled_blocked();
    struct buffer text;

    (void)state;
    filled->report.findings[1] = filled->report.findings[0];
    filled->report.n_findings = 2;
    write_new(&filled->report, &text);
    const char *first = strstr(text.bytes, "ssm_preflight_finding{");
    assert_non_null(first);
    assert_null(strstr(first + 1, "ssm_preflight_finding{"));
    buffer_clear(&text);
    free(filled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_look_as_they_should),
        cmocka_unit_test(a_series_comes_once),
        cmocka_unit_test(every_sample_can_be_read),
        cmocka_unit_test(the_validator_refuses_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
