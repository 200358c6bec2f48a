/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON report: what the contract says, valid by the schema, and enough to read the facts back.
 */
#include <cjson/cJSON.h>
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
#include "base/version.h"
#include "golden.h"
#include "model/facts_json.h"
#include "report/recorded.h"
#include "report/report.h"
#include "report_builder.h"

static void write_new(const struct report *report, struct buffer *to)
{
    const struct style style = {.columns = 80};

    buffer_init(to, REPORT_MAX_BYTES);
    json_write(report, &style, to);
    assert_false(to->failed);
}

/* The version is the build's own, so goldens have a constant in its place. */
static void replace_version(const struct buffer *from, struct buffer *to)
{
    const char *at = strstr(from->bytes, program_version);

    assert_non_null(at);
    buffer_init(to, REPORT_MAX_BYTES);
    (void)buffer_add(to, from->bytes, (size_t)(at - from->bytes));
    (void)buffer_add_text(to, "VERSION");
    (void)buffer_add_text(to, at + strlen(program_version));
}

/* The three that between them have every member; each is long. */
static void reports_look_as_they_should(void **state)
{
    static const struct {
        const char *golden;
        struct filled *(*fill)(void);
    } wanted[] = {
        {"report-blocked.json", filled_blocked},
        {"report-denied.json", filled_denied},
        {"report-no_imds.json", filled_no_imds},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        struct filled *filled = wanted[i].fill();
        struct buffer text, constant;

        write_new(&filled->report, &text);
        replace_version(&text, &constant);
        assert_golden(wanted[i].golden, constant.bytes, constant.used);
        buffer_clear(&constant);
        buffer_clear(&text);
        free(filled);
    }
}

/* Runs the validator on a file; its exit status. Quiet: what it says is not wanted. */
static int validate(const char *path, bool quiet)
{
    pid_t child = fork();
    int status = -1;

    assert_true(child >= 0);
    if (child == 0) {
        if (quiet)
            (void)!freopen("/dev/null", "w", stderr);
        (void)execl("/usr/bin/python3", "python3", "tests/unit/report_validate.py", path,
                    (char *)NULL);
        _exit(77); /* no python3 is like no jsonschema */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int validate_bytes(const char *bytes, size_t n, bool quiet)
{
    char path[] = "/tmp/test_report_json.XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(file_write_atomically(path, bytes, n, 0600), 0);
    int status = validate(path, quiet);
    (void)unlink(path);
    return status;
}

static void every_sample_is_valid_by_the_schema(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_samples; i++) {
        struct filled *filled = samples[i].fill();
        struct buffer text;

        write_new(&filled->report, &text);
        int status = validate_bytes(text.bytes, text.used, false);
        if (status != 0 && status != 77)
            fail_msg("%s is not valid", samples[i].name);
        buffer_clear(&text);
        free(filled);
        if (status == 77)
            skip();
    }
}

/* Or the schema says nothing. */
static void the_schema_refuses_what_is_wrong(void **state)
{
    static const struct {
        const char *what;
        const char *by;
    } changes[] = {
        {"\"not-ready\"", "\"not ready\""},
        {"\"rounds\":1", "\"rounds\":\"1\""},
        {"\"schema\":\"ssm-preflight/1\"", "\"schema\":\"ssm-preflight/9\""},
        {"\"public_ipv4\":null", "\"public_ip\":null"},
        {"\"severity\":\"fatal\"", "\"severity\":\"bad\""},
    };
    struct filled *filled = filled_blocked();
    struct buffer text;

    (void)state;
    buffer_init(&text, REPORT_MAX_BYTES);
    write_json_line(&filled->report, &text);
    free(filled);
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        const char *at = strstr(text.bytes, changes[i].what);
        struct buffer changed;

        assert_non_null(at);
        buffer_init(&changed, REPORT_MAX_BYTES);
        (void)buffer_add(&changed, text.bytes, (size_t)(at - text.bytes));
        (void)buffer_add_text(&changed, changes[i].by);
        (void)buffer_add_text(&changed, at + strlen(changes[i].what));
        int status = validate_bytes(changed.bytes, changed.used, true);
        buffer_clear(&changed);
        if (status == 77) {
            buffer_clear(&text);
            skip();
        }
        assert_int_equal(status, 1);
    }
    buffer_clear(&text);
}

/* Equal but for bytes behind the end of a text, which the builder of facts leaves. */
static void assert_same_facts(const struct facts *one, const struct facts *other)
{
    cJSON *of_one = facts_to_json(one, KEEP_UNUSED);
    cJSON *of_other = facts_to_json(other, KEEP_UNUSED);

    assert_non_null(of_one);
    assert_true(cJSON_Compare(of_one, of_other, 1));
    cJSON_Delete(of_one);
    cJSON_Delete(of_other);
}

static void the_facts_are_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_samples; i++) {
        struct filled *filled = samples[i].fill();
        struct facts *facts = malloc(sizeof(*facts));
        struct buffer text;
        char error[200] = "";

        assert_non_null(facts);
        write_new(&filled->report, &text);
        bool read = recorded_read(text.bytes, text.used, facts, NULL, error, sizeof(error));
        assert_string_equal(error, "");
        assert_true(read);
        if (strcmp(samples[i].name, "hostile") != 0)
            assert_same_facts(facts, &filled->facts);
        buffer_clear(&text);
        free(facts);
        free(filled);
    }
}

static void only_planned_checks_are_in_it(void **state)
{
    struct filled *filled = filled_ready();
    struct buffer text;

    (void)state;
    filled->report.checks[CHECK_CLOCK_SKEW].planned = false;
    write_new(&filled->report, &text);
    assert_null(strstr(text.bytes, "\"clock.skew\""));
    assert_null(strstr(text.bytes, "\"kms.connect\""));
    assert_non_null(strstr(text.bytes, "\"ssm.connect\""));
    buffer_clear(&text);
    free(filled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_look_as_they_should),
        cmocka_unit_test(every_sample_is_valid_by_the_schema),
        cmocka_unit_test(the_schema_refuses_what_is_wrong),
        cmocka_unit_test(the_facts_are_read_back),
        cmocka_unit_test(only_planned_checks_are_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
