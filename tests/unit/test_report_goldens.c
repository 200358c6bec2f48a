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
    const char *machine = strstr(from->bytes, FOLDED_PREFIX "=1/");
    const char *end = machine ? machine : from->bytes + from->used;
    const char *at = from->bytes;
    char version[64];

    (void)text_set(version, sizeof(version), "\"%s\"", program_version);
    for (const char *next; (next = strstr(at, version)) && next < end;
         at = next + strlen(version)) {
        (void)buffer_add(to, at, (size_t)(next - at));
        (void)buffer_add_text(to, "\"VERSION\"");
    }
    (void)buffer_add(to, at, (size_t)(end - at));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_look_as_they_should),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
