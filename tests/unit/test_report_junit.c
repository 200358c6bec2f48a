/* SPDX-License-Identifier: Apache-2.0
 *
 * The test results: what they look like, that they are XML with the right counts, and that they
 * fail when the verdict does.
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
#include "golden.h"
#include "report/report.h"
#include "report_builder.h"
#include "situations.h"

static void write_new(const struct report *report, struct buffer *to)
{
    const struct style style = {0};

    buffer_init(to, REPORT_MAX_BYTES);
    junit_write(report, &style, to);
    assert_false(to->failed);
}

/* Its exit status; 77 where there is no Python. Quiet: what it says is not wanted. */
static int validate(const char *bytes, size_t n, bool quiet)
{
    char path[] = "/tmp/test_report_junit.XXXXXX";
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
        (void)execl("/usr/bin/python3", "python3", "tests/unit/outputs_validate.py", "junit", path,
                    (char *)NULL);
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
        {"</testsuites>", ""},
        {"failures=\"1\"", "failures=\"0\""},
        {"skipped=\"3\"", "skipped=\"2\""},
        {"<testsuite name=\"ssm\" tests=\"6\"", "<testsuite name=\"ssm\" tests=\"7\""},
        {"<testsuite name=\"role\"", "<testsuite name=\"imds\""},
        {"'VpcEndpoints[]", "<x"},
        {" type=\"endpoint-blocks-443\"", ""},
        {"2026-11-23T12:00:00\"", "2026-11-23T12:00:00Z\""},
        {"time=\"2.000\"", "time=\"2.100\""},
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

static void results_look_as_they_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_samples; i++) {
        struct filled *filled = samples[i].fill();
        struct buffer text;
        char name[64];

        write_new(&filled->report, &text);
        (void)text_set(name, sizeof(name), "junit-%s.xml", samples[i].name);
        assert_golden(name, text.bytes, text.used);
        buffer_clear(&text);
        free(filled);
    }
}

/* A pipeline that reads the file decides as one that looks at the exit status. */
static void what_fails_is_what_the_exit_status_says(void **state)
{
    static struct facts facts;
    static struct report report;

    (void)state;
    for (size_t i = 0; situation_at(i); i++) {
        struct buffer text;

        facts_healthy(&facts);
        situation_at(i)->make(&facts);
        diagnose(&facts, &report);
        write_new(&report, &text);
        bool has = strstr(text.bytes, "<failure") || strstr(text.bytes, "<error");
        bool fails = report_exit_status(&report, false) != 0;
        if (has != fails)
            fail_msg("%s has %s failures", situation_at(i)->name, fails ? "no" : "some");
        buffer_clear(&text);
    }
}

/* Some of them: starting Python takes a while. */
static void real_reports_can_be_read(void **state)
{
    static struct facts facts;
    static struct report report;

    (void)state;
    for (size_t i = 0; situation_at(i); i += 10) {
        struct buffer text;

        facts_healthy(&facts);
        situation_at(i)->make(&facts);
        diagnose(&facts, &report);
        write_new(&report, &text);
        int status = validate(text.bytes, text.used, false);
        if (status != 0 && status != 77)
            fail_msg("%s cannot be read", situation_at(i)->name);
        buffer_clear(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_look_as_they_should),
        cmocka_unit_test(what_fails_is_what_the_exit_status_says),
        cmocka_unit_test(every_sample_can_be_read),
        cmocka_unit_test(real_reports_can_be_read),
        cmocka_unit_test(the_validator_refuses_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
