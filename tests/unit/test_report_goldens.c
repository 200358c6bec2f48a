/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole outputs, to be read: one of each kind, and where hostile bytes are escaped in another way. What
 * is said of all situations, and every text, is in tests/scenarios.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "base/text.h"
#include "base/version.h"
#include "golden.h"
#include "report/recorded.h"
#include "report/report.h"
#include "report/systemd.h"
#include "report_builder.h"

/* Every entry, an empty line behind each. */
static void journal_write_all(const struct report *report, const struct style *style,
                              struct buffer *to)
{
    (void)style;
    for (int i = 0; i <= report->n_findings; i++) {
        journal_write(report, i, to);
        (void)buffer_add_text(to, "\n");
    }
}

static const struct {
    const char *golden;
    const char *situation; /* or sample */
    void (*write)(const struct report *report, const struct style *style, struct buffer *to);
    struct style style;
} wanted[] = {
    {"terminal-ready.txt", "public-address", terminal_write, {.unicode = true}},
    {"terminal-blocked.txt", "endpoint-blocks-443", terminal_write, {.columns = 80}},
    {"terminal-two-causes.txt", "several--policy-and-group", terminal_write, {.unicode = true}},
    {"terminal-narrow.txt",
     "endpoint-blocks-443",
     terminal_write,
     {.unicode = true, .columns = 50}},
    {"terminal-verbose-colour.txt",
     "policy-incomplete",
     terminal_write,
     {.colour = true, .unicode = true, .verbose = true}},
    {"terminal-control-bytes.txt", "control-bytes", terminal_write, {.unicode = true}},
    {"console-blocked.txt", "endpoint-blocks-443", console_write, {0}},
    {"console-two-causes.txt", "several--policy-and-group", console_write, {0}},
    {"console-control-bytes.txt", "control-bytes", console_write, {0}},
    {"journal-control-bytes.txt", "control-bytes", journal_write_all, {0}},
    {"junit-degraded.xml", "endpoint-blocks-443--optional", junit_write, {0}},
    {"junit-control-bytes.xml", "control-bytes", junit_write, {0}},
    {"prometheus-control-bytes.txt", "control-bytes", prometheus_write, {0}},
    {"report-control-bytes.json", "control-bytes", json_write, {0}},
};

/* The version is the build's own, so goldens have a constant in its place; and the machine-readable
 * lines of the console block, which are no text to read, are left out. */
static void add_constant(const struct buffer *from, struct buffer *to)
{
    char version[64];

    (void)text_set(version, sizeof(version), "\"%s\"", program_version);
    for (const char *at = from->bytes, *next; *at; at = next) {
        const char *end = strchr(at, '\n'), *here = strstr(at, version);
        next = end ? end + 1 : at + strlen(at);
        if (strncmp(at, FOLDED_PREFIX "=", sizeof(FOLDED_PREFIX)) == 0)
            continue;
        for (; here && here < next; here = strstr(at, version)) {
            (void)buffer_add(to, at, (size_t)(here - at));
            (void)buffer_add_text(to, "\"VERSION\"");
            at = here + strlen(version);
        }
        (void)buffer_add(to, at, (size_t)(next - at));
    }
}

static struct filled *fill_named(const char *name)
{
    return strcmp(name, "control-bytes") == 0 ? fill_hostile() : fill(name);
}

static void outputs_look_as_they_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        struct filled *filled = fill_named(wanted[i].situation);
        struct buffer text, constant;

        buffer_init(&text, REPORT_MAX_BYTES);
        buffer_init(&constant, REPORT_MAX_BYTES);
        wanted[i].write(&filled->report, &wanted[i].style, &text);
        assert_false(text.failed);
        add_constant(&text, &constant);
        assert_golden(wanted[i].golden, constant.bytes, constant.used);
        buffer_clear(&constant);
        buffer_clear(&text);
        free(filled);
    }
}

/* The drawing of a page: where the instance gets to, hop by hop. */
static void ways_look_as_they_should(void **state)
{
    static const char *const situations[] = {
        "healthy--all-services", "endpoint-blocks-443", "public-path--beside-private",
        "tls-reset--silent",     "dns-servfail",        "private-dns-off--required",
        "imds-throttled",        "role-missing",        "agent-disabled",
    };
    struct buffer text;

    (void)state;
    buffer_init(&text, REPORT_MAX_BYTES);
    for (size_t i = 0; i < COUNT_OF(situations); i++) {
        struct filled *filled = fill(situations[i]);
        (void)buffer_addf(&text, "<h1>%s</h1>\n", situations[i]);
        html_way(&text, &filled->report);
        free(filled);
    }
    assert_golden("ways.html", text.bytes, text.used);
    buffer_clear(&text);
}

/* One check of each kind that JUnit and a terminal tell apart; the others passed. */
static void fill_image(struct image_report *report)
{
    static const struct image_finding findings[] = {
        {"code-a",
         "what is fatal",
         2,
         SEVERITY_FATAL,
         false,
         5,
         {"one", "two", "three", "four", "five"},
         0,
         {""},
         "Fix it.",
         2,
         {"fix --it", "fix --more"}},
        {"code-b",
         "what warns",
         3,
         SEVERITY_WARNING,
         false,
         4,
         {"1", "2", "3", "4"},
         0,
         {""},
         "Look at it.",
         0,
         {""}},
        {"code-c",
         "what is allowed",
         4,
         SEVERITY_FATAL,
         true,
         1,
         {"<seen>"},
         0,
         {""},
         "",
         1,
         {"rm a&b"}},
        {"code-d", "what is a note", 4, SEVERITY_NOTE, false, 0, {""}, 0, {""}, "?", 0, {""}},
        {"code-e",
         "what is fatal too",
         2,
         SEVERITY_FATAL,
         false,
         1,
         {"it"},
         0,
         {""},
         "Fix that.",
         0,
         {""}},
        {"code-f", "what fails alone", 7, SEVERITY_FATAL, false, 0, {""}, 0, {""}, "", 0, {""}},
    };

    *report = (struct image_report){.fitness = FITNESS_UNFIT,
                                    .summary = "two things",
                                    .os = "Linux 1",
                                    .started_unix_ms = 784111777000};
    for (int i = 0; i < N_IMAGE_CHECKS; i++)
        report->checks[i] = (struct image_check){"image.other", "?", STATUS_PASS,
                                                 "as it should be"};
    report->checks[0].name = "image.first";
    report->checks[1] = (struct image_check){"image.fatal", "?", STATUS_FAIL, "not there"};
    report->checks[2] = (struct image_check){"image.warns", "?", STATUS_WARN, "doubtful"};
    report->checks[3] = (struct image_check){"image.allowed", "?", STATUS_FAIL, "allowed"};
    report->checks[4] = (struct image_check){"image.unknown", "?", STATUS_UNKNOWN, "who knows"};
    report->checks[5] = (struct image_check){"image.skipped", "?", STATUS_SKIP, "does not apply"};
    memcpy(report->findings, findings, sizeof(findings));
    report->n_findings = COUNT_OF(findings);
}

/* Without the white space of 31 checks. */
static void image_write_json_line(const struct image_report *report, const struct style *style,
                                  struct buffer *to)
{
    struct buffer text;

    buffer_init(&text, REPORT_MAX_BYTES);
    image_write_json(report, style, &text);
    cJSON_Minify(text.bytes);
    (void)buffer_addf(to, "%s\n", text.bytes);
    buffer_clear(&text);
}

static void audits_look_as_they_should(void **state)
{
    static const struct {
        enum fitness fitness;
        bool strict;
        const char *root;
        void (*write)(const struct image_report *report, const struct style *style,
                      struct buffer *to);
        struct style style;
    } audits[] = {
        {FITNESS_UNFIT, false, "", image_write_terminal, {0}},
        {FITNESS_UNFIT, false, "/mnt", image_write_terminal, {.colour = true, .verbose = true}},
        {FITNESS_UNKNOWN, false, "/mnt", image_write_terminal, {.colour = true}},
        {FITNESS_UNFIT, false, "", image_write_short, {0}},
        {FITNESS_UNKNOWN, false, "/mnt", image_write_short, {0}},
        {FITNESS_FIT, true, "r", image_write_short, {0}},
        {FITNESS_UNFIT, false, "", image_write_junit, {0}},
        {FITNESS_FIT, false, "r", image_write_terminal, {.columns = 40}},
        {FITNESS_UNFIT, true, "", image_write_junit, {0}},
        {FITNESS_UNKNOWN, false, "", image_write_junit, {0}},
        {FITNESS_UNFIT, true, "/mnt", image_write_json_line, {0}},
        {FITNESS_FIT, true, "", image_write_json_line, {0}},
    };
    static struct image_report report;
    struct buffer text, constant;

    (void)state;
    buffer_init(&text, REPORT_MAX_BYTES);
    buffer_init(&constant, REPORT_MAX_BYTES);
    for (size_t i = 0; i < COUNT_OF(audits); i++) {
        fill_image(&report);
        report.fitness = audits[i].fitness;
        report.strict = audits[i].strict;
        (void)text_set(report.root, sizeof(report.root), "%s", audits[i].root);
        (void)buffer_addf(&text, "--- %d\n", (int)i);
        audits[i].write(&report, &audits[i].style, &text);
    }
    add_constant(&text, &constant);
    assert_golden("image.txt", constant.bytes, constant.used);
    buffer_clear(&constant);
    buffer_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_look_as_they_should),
        cmocka_unit_test(ways_look_as_they_should),
        cmocka_unit_test(audits_look_as_they_should),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
