/* SPDX-License-Identifier: Apache-2.0
 *
 * One line for a chat: never longer than 80 columns, whatever is in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "golden.h"
#include "diagnose/diagnose.h"
#include "report/report.h"
#include "report_builder.h"

static void write_new(const struct report *report, struct buffer *to)
{
    const struct style style = {.colour = true, .unicode = true, .verbose = true};

    buffer_init(to, REPORT_MAX_BYTES);
    short_write(report, &style, to);
    assert_false(to->failed);
}

static void assert_one_short_line(const struct buffer *text)
{
    assert_true(text->used >= 2 && text->used <= 81);
    for (size_t i = 0; i + 1 < text->used; i++)
        assert_true(text->bytes[i] >= 0x20 && text->bytes[i] <= 0x7e);
    assert_int_equal(text->bytes[text->used - 1], '\n');
}

static void every_sample_is_one_short_line(void **state)
{
    struct buffer all;

    (void)state;
    buffer_init(&all, REPORT_MAX_BYTES);
    for (size_t i = 0; i < n_samples; i++) {
        struct filled *filled = fill_sample(i);
        struct buffer text;

        write_new(&filled->report, &text);
        assert_one_short_line(&text);
        (void)buffer_addf(&all, "%s: %s", samples[i], text.bytes);
        buffer_clear(&text);
        free(filled);
    }
    assert_golden("short.txt", all.bytes, all.used);
    buffer_clear(&all);
}

static void long_parts_are_left_out_whole(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443");
    struct finding *root = &filled->report.findings[0];
    struct buffer text;

    (void)state;
    (void)strcpy(root->code, "a-code-of-forty-five-letters-which-is-a-lot-x");
    root->target = TARGET_SSMMESSAGES;
    write_new(&filled->report, &text);
    assert_string_equal(text.bytes, "NOT READY i-0123456789abcdef0: "
                                    "a-code-of-forty-five-letters-which-is-a-lot-x\n");
    buffer_clear(&text);

    memset(root->code, 'c', 49); /* 80 columns, and one more */
    for (size_t n = 49; n <= 50; n++) {
        root->code[n - 1] = 'c';
        root->code[n] = '\0';
        write_new(&filled->report, &text);
        assert_int_equal(text.used - 1, n == 49 ? 80 : strlen("NOT READY i-0123456789abcdef0"));
        buffer_clear(&text);
    }

    memset(filled->facts.instance.id, 'i', NAME_SIZE - 1);
    memset(root->code, 'c', NAME_SIZE - 1);
    write_new(&filled->report, &text);
    assert_one_short_line(&text);
    assert_non_null(strstr(text.bytes, "NOT READY iiii"));
    buffer_clear(&text);
    free(filled);
}

static void words_that_only_begin_like_the_verdict_stay(void **state)
{
    static struct report report = {.verdict = VERDICT_NOT_READY, .summary = "not-ready, it seems"};

    (void)state;
    assert_string_equal(report_summary_words(&report), "not-ready, it seems");
}

static void the_asset_tag_names_the_instance_when_imds_does_not(void **state)
{
    struct filled *filled = fill("imds-blocked-locally");
    struct buffer text;

    (void)state;
    write_new(&filled->report, &text);
    assert_non_null(strstr(text.bytes, "i-0123456789abcdef0"));
    buffer_clear(&text);

    filled->facts.machine.asset_tag[0] = '\0';
    write_new(&filled->report, &text);
    assert_non_null(strstr(text.bytes, "instance not known"));
    buffer_clear(&text);
    free(filled);
}

static void what_was_not_looked_at_is_counted(void **state)
{
    struct filled *filled = fill("healthy");
    struct buffer text;

    (void)state;
    for (int n = 1; n <= 2; n++) {
        filled->facts.plan.skipped |= check_bit(n == 1 ? CHECK_CLOCK_SKEW : CHECK_AGENT_CONFIG);
        diagnose(&filled->facts, &filled->report);
        write_new(&filled->report, &text);
        assert_non_null(
            strstr(text.bytes, n == 1 ? ", 1 check left out\n" : ", 2 checks left out"));
        buffer_clear(&text);
    }
    free(filled);
}

/* One by its name where there is room, else their number. */
static void what_was_not_proven_is_said(void **state)
{
    static const char *const situations[] = {"healthy", "policy-incomplete--sessions-only"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(situations); i++) {
        struct filled *filled = fill(situations[i]);
        uint32_t *unproven = &filled->report.permissions.unproven;
        struct buffer text;

        assert_true(*unproven);
        write_new(&filled->report, &text);
        assert_non_null(strstr(text.bytes, ", 2 actions not proven\n"));
        assert_non_null(strstr(filled->report.summary, "not proven"));
        buffer_clear(&text);
        *unproven &= *unproven - 1;
        write_new(&filled->report, &text);
        assert_non_null(strstr(text.bytes, i == 0 ? ", OpenControlChannel not proven\n"
                                                  : ", 1 action not proven\n"));
        buffer_clear(&text);
        *unproven = 0;
        write_new(&filled->report, &text);
        assert_null(strstr(text.bytes, "not proven"));
        buffer_clear(&text);
        (void)text_set(filled->facts.agent.beside, PATH_SIZE, "ExecStartPre=/a");
        filled->facts.agent.running = filled->facts.agent.ended = ANSWER_NO;
        filled->facts.agent.connected = ANSWER_NO;
        write_new(&filled->report, &text);
        assert_non_null(strstr(text.bytes, i == 0 ? ", ExecStartPre=/a not proven\n"
                                                  : ", ExecStartPre= not proven\n"));
        buffer_clear(&text);
        free(filled);
    }
}

/* Of a command of the agent's unit its path, then its name, then which it is of. */
static void a_command_beside_is_not_proven(void **state)
{
    static const struct {
        const char *command, *said;
        enum answer running, ended;
    } rows[] = {
        {"ExecStartPre=/bin/sh", "ready: ExecStartPre=/bin/sh and 2 more not proven (41 ms)",
         ANSWER_NO, ANSWER_NO},
        {"ExecStartPre=/usr/local/bin/wait-for-all-data",
         "ready: ExecStartPre=wait-for-all-data and 2 more not proven (41 ms)", ANSWER_NO,
         ANSWER_UNKNOWN},
        {"ExecStartPre=/usr/local/bin/wait-until-all-of-the-data-is-there",
         "ready: ExecStartPre= and 2 more not proven (41 ms)", ANSWER_UNKNOWN, ANSWER_NO},
        {"a-report-may-hold-a-command-that-is-longer-than-a-line-and-has-no-key",
         "ready: a-report-may-hold-a-command-t... (41 ms)", ANSWER_NO, ANSWER_NO},
        {"ExecStartPre=/bin/sh",
         "ready: UpdateInstanceInformation, OpenControlChannel not proven (41 ms)", ANSWER_YES,
         ANSWER_NO},
        {"ExecStartPre=/bin/sh",
         "degraded: The SSM agent ran in this boot, and does not..., 2 actions not proven",
         ANSWER_NO, ANSWER_YES},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct filled *filled = fill("healthy");
        (void)text_set(filled->facts.agent.beside, PATH_SIZE, "%s", rows[i].command);
        filled->facts.agent.running = rows[i].running;
        filled->facts.agent.ended = rows[i].ended;
        diagnose(&filled->facts, &filled->report);
        assert_string_equal(filled->report.summary, rows[i].said);
        free(filled);
    }
}

static void a_long_reason_gives_way_to_a_short_one(void **state)
{
    struct filled *filled = fill("stopped");
    struct buffer text;

    (void)state;
    memset(filled->report.summary, 's', 79);
    filled->report.summary[79] = '\0';
    write_new(&filled->report, &text);
    buffer_clear(&text);
    filled->report.checks[CHECK_IMDS_TOKEN].planned = true;
    filled->report.checks[CHECK_IMDS_TOKEN].required = true;
    filled->report.checks[CHECK_IMDS_TOKEN].status = STATUS_UNKNOWN;
    for (enum stopped_by by = STOPPED_BY_NOTHING; by <= STOPPED_BY_DEADLINE; by++) {
        filled->facts.stopped_by = by;
        write_new(&filled->report, &text);
        assert_non_null(strstr(text.bytes, by == STOPPED_BY_DEADLINE
                                               ? ": imds.token not answered; try --deadline 3m\n"
                                               : ": imds.token not answered\n"));
        buffer_clear(&text);
    }
    filled->facts.deadline_ms = 180000;
    write_new(&filled->report, &text);
    assert_null(strstr(text.bytes, "deadline"));
    buffer_clear(&text);
    memset(filled->facts.instance.id, 'i', NAME_SIZE - 1); /* no room for what is missing */
    write_new(&filled->report, &text);
    assert_null(strstr(text.bytes, "not answered"));
    buffer_clear(&text);
    for (enum check i = 0; i < N_CHECKS; i++)
        filled->report.checks[i].planned = false;
    filled->facts.instance.id[0] = '\0';
    write_new(&filled->report, &text);
    assert_null(strstr(text.bytes, "not answered"));
    buffer_clear(&text);
    (void)strcpy(filled->report.summary, "unknown: it was stopped");
    write_new(&filled->report, &text);
    assert_non_null(strstr(text.bytes, ": it was stopped\n"));
    buffer_clear(&text);
    free(filled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_is_one_short_line),
        cmocka_unit_test(long_parts_are_left_out_whole),
        cmocka_unit_test(words_that_only_begin_like_the_verdict_stay),
        cmocka_unit_test(what_was_not_looked_at_is_counted),
        cmocka_unit_test(what_was_not_proven_is_said),
        cmocka_unit_test(a_command_beside_is_not_proven),
        cmocka_unit_test(a_long_reason_gives_way_to_a_short_one),
        cmocka_unit_test(the_asset_tag_names_the_instance_when_imds_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
