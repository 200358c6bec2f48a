/* SPDX-License-Identifier: Apache-2.0
 *
 * The block for the console: what it looks like, that it stays within its bounds, and that its facts
 * come back out of a console log whatever was printed between and inside its lines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/text.h"
#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "report/recorded.h"
#include "report/report.h"
#include "report_builder.h"
#include "situations.h"

enum { MAX_TEXT = 1 << 20 };

static struct facts facts, back;
static struct report report;
static char error[300];

static void write_new(const struct report *from, struct buffer *to)
{
    const struct style style = {0};

    buffer_init(to, MAX_TEXT);
    console_write(from, &style, to);
    assert_false(to->failed);
}

/* The block of a healthy instance's run of so many rounds, with a name that takes some lines. */
static void add_block(struct buffer *to, int32_t rounds)
{
    uint32_t random = (uint32_t)rounds;
    struct buffer block;

    facts_healthy(&facts);
    facts.rounds = rounds;
    for (size_t i = 0; i + 1 < sizeof(facts.role.role); i++) {
        random = random * 1103515245 + 12345;
        facts.role.role[i] = (char)('A' + (random >> 16) % 26);
    }
    diagnose(&facts, &report);
    write_new(&report, &block);
    (void)buffer_add(to, block.bytes, block.used);
    buffer_clear(&block);
}

static bool read_text(const char *text, size_t n)
{
    memset(&back, 0, sizeof(back));
    error[0] = '\0';
    return recorded_read(text, n, &back, NULL, error, sizeof(error));
}

static void assert_reads(const struct buffer *text, int32_t rounds)
{
    if (!read_text(text->bytes, text->used))
        fail_msg("cannot be read: %s\n%s", error, text->bytes);
    assert_int_equal(back.rounds, rounds);
    assert_string_equal(back.instance.id, "i-0123456789abcdef0");
}

static void assert_refused(const struct buffer *text, const char *why)
{
    assert_false(read_text(text->bytes, text->used));
    if (!strstr(error, why))
        fail_msg("says \"%s\", not \"%s\"", error, why);
}

/* Where the machine-readable lines begin. */
static size_t machine_at(const struct buffer *text)
{
    const char *at = strstr(text->bytes, FOLDED_PREFIX "=1/");

    assert_non_null(at);
    return (size_t)(at - text->bytes);
}

/* Of the nth block. */
static size_t machine_of(const struct buffer *text, int n)
{
    const char *at = text->bytes;

    for (int i = 0; i < n; i++)
        at = strstr(at + (i > 0), FOLDED_PREFIX "=1/");
    assert_non_null(at);
    return (size_t)(at - text->bytes);
}

/* --- what it looks like --- */

static void assert_within_bounds(const struct buffer *text, const char *name)
{
    size_t with_carriage_returns = text->used;
    size_t columns = 0;

    for (size_t i = 0; i < text->used; i++) {
        if (columns == 0)
            assert_memory_equal(text->bytes + i, FOLDED_PREFIX, sizeof(FOLDED_PREFIX) - 1);
        if (text->bytes[i] == '\n') {
            if (columns > FOLDED_COLUMNS)
                fail_msg("%s: a line of %zu columns", name, columns);
            columns = 0;
            with_carriage_returns++;
            continue;
        }
        if (text->bytes[i] < 0x20 || text->bytes[i] > 0x7e)
            fail_msg("%s: byte %zu is not printable", name, i);
        columns++;
    }
    assert_int_equal(columns, 0);
    if (with_carriage_returns > 4096)
        fail_msg("%s: %zu bytes", name, with_carriage_returns);
    assert_non_null(strstr(text->bytes, FOLDED_PREFIX "="));
}

static void every_block_is_within_bounds(void **state)
{
    struct buffer text;

    (void)state;
    for (size_t i = 0; i < n_samples; i++) {
        struct filled *filled = fill_sample(i);
        write_new(&filled->report, &text);
        assert_within_bounds(&text, samples[i]);
        buffer_clear(&text);
        free(filled);
    }
    for (size_t i = 0; situation_at(i); i++) {
        if (!share_has(i))
            continue;
        facts_healthy(&facts);
        situation_at(i)->make(&facts);
        diagnose(&facts, &report);
        write_new(&report, &text);
        assert_within_bounds(&text, situation_at(i)->name);
        buffer_clear(&text);
    }
}

/* The longest of everything: a report as full as its structs allow. */
static void the_fullest_report_is_within_bounds(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443");
    struct finding *root = &filled->report.findings[0];
    struct buffer text;

    (void)state;
    memset(root->remedy, 'w', sizeof(root->remedy) - 1);
    memset(root->afterwards, 'a', sizeof(root->afterwards) - 1);
    for (root->n_commands = 0; root->n_commands < MAX_COMMANDS; root->n_commands++) {
        memset(root->commands[root->n_commands], '\'', COMMAND_SIZE - 1);
        memset(root->notes[root->n_commands], 'n', NOTE_SIZE - 1);
    }
    root->n_afterwards = 2;
    for (root->n_evidence = 0; root->n_evidence < MAX_EVIDENCE; root->n_evidence++)
        memset(root->evidence[root->n_evidence], 'e', LINE_SIZE - 1);
    filled->report.n_findings = MAX_FINDINGS;
    for (int i = 1; i < MAX_FINDINGS; i++)
        filled->report.findings[i] = *root;
    for (int i = 0; i < N_SERVICES; i++) {
        struct endpoint_facts *endpoint = &filled->facts.endpoints[i];
        endpoint->n_addresses = MAX_ADDRESSES;
        for (int j = 0; j < MAX_ADDRESSES; j++) {
            (void)text_set(endpoint->addresses[j].address, ADDRESS_SIZE, "10.%d.%d.%d", i * 31,
                           j * 13, i * j);
            step_fail(&endpoint->addresses[j].steps[RUNG_CONNECT],
                      (enum failure)(1 + (i * 7 + j) % 20), i * 1000 + j * 137);
            memset(endpoint->addresses[j].steps[RUNG_CONNECT].detail, 'a' + j, DETAIL_SIZE - 1);
        }
    }
    write_new(&filled->report, &text);
    assert_within_bounds(&text, "the fullest");
    const char *tail = strstr(text.bytes,
                              " lines cut. Save this; 'ssm-preflight show FILE' tells ");
    assert_non_null(tail); /* whole, however many lines */
    assert_string_equal(strchr(tail, '\n') - strlen("more"), strstr(tail, "mo"));
    assert_true(read_text(text.bytes, text.used));
    assert_string_equal(back.instance.id, "i-0123456789abcdef0");
    buffer_clear(&text);
    free(filled);
}

/* What fixes and how it ends come before the evidence, where not all fits; and what the last screen has no
 * room for stands above the verdict. */
/* The block begins with the verdict too. */
static const char *last_verdict(const struct buffer *text)
{
    char line[64];
    const char *last = NULL;

    (void)text_set(line, sizeof(line), "\n" FOLDED_PREFIX "%s", verdict_row(report.verdict)->words);
    for (const char *at = text->bytes; (at = strstr(at, line)); at++)
        last = at + 1;
    assert_non_null(last);
    return last;
}

static void what_mends_is_cut_last(void **state)
{
    struct finding *root = &report.findings[0];
    struct buffer text;

    (void)state;
    facts_healthy(&facts);
    situation_find("role-missing")->make(&facts);
    diagnose(&facts, &report);
    write_new(&report, &text);
    const char *verdict = last_verdict(&text);
    const char *last = strstr(text.bytes, "sleep 15; aws ec2 associate-iam-instance-profile");
    assert_non_null(verdict);
    assert_non_null(last);
    assert_true(last < verdict);
    assert_non_null(strstr(text.bytes, FOLDED_PREFIX "NAME=ssm-managed-instance\n"));
    assert_non_null(strstr(verdict, FOLDED_PREFIX "# from anywhere with the AWS CLI; the first "));
    assert_non_null(
        strstr(verdict, FOLDED_PREFIX "# all commands: above; or by ssm-preflight show "));
    assert_non_null(strstr(verdict, FOLDED_PREFIX "NAME=ssm-managed-instance\n"));
    assert_non_null(strstr(verdict, "explain no-login"));
    assert_non_null(strstr(verdict, FOLDED_PREFIX "Save this"));
    buffer_clear(&text);
    for (root->n_evidence = 0; root->n_evidence < MAX_EVIDENCE; root->n_evidence++)
        memset(root->evidence[root->n_evidence], 'e', LINE_SIZE - 1);
    write_new(&report, &text);
    assert_non_null(strstr(text.bytes, "associate-iam-instance-profile"));
    assert_non_null(strstr(text.bytes, "explain no-login"));
    assert_non_null(strstr(text.bytes, "eeeeeeee"));
    assert_non_null(strstr(text.bytes, " lines cut. Save this"));
    buffer_clear(&text);
}

/* Of as much evidence as there is room for, and one line. */
static void one_line_that_is_cut_is_one(void **state)
{
    struct finding *root = &report.findings[0];
    bool one = false;

    (void)state;
    facts_healthy(&facts);
    situation_find("role-missing")->make(&facts);
    diagnose(&facts, &report);
    root->n_alternatives = 0;
    for (root->n_evidence = 2; root->n_evidence < MAX_EVIDENCE; root->n_evidence++) {
        struct buffer text;

        memset(root->evidence, 0, sizeof(root->evidence));
        for (int j = 0; j < root->n_evidence; j++) /* two that are long, and short ones */
            memset(root->evidence[j], 'e', j < 2 ? LINE_SIZE - 1 : FOLDED_COLUMNS / 2);
        write_new(&report, &text);
        if (strstr(text.bytes, FOLDED_PREFIX "1 line cut. Save this; "))
            one = true;
        buffer_clear(&text);
    }
    assert_true(one);
}

/* The verdict and all that follows are what a screen shows of the end of a log. */
static void the_verdict_is_on_the_last_screen(void **state)
{
    (void)state;
    for (size_t i = 0; situation_at(i); i++) {
        struct buffer text;
        int lines = 0;

        if (!share_has(i))
            continue;
        facts_healthy(&facts);
        situation_at(i)->make(&facts);
        diagnose(&facts, &report);
        write_new(&report, &text);
        const char *verdict = last_verdict(&text);
        assert_true(strncmp(text.bytes + strlen(FOLDED_PREFIX), verdict_row(report.verdict)->words,
                            strlen(verdict_row(report.verdict)->words)) == 0);
        for (const char *at = verdict; (at = strchr(at, '\n')); at++)
            lines++;
        if (lines > 23)
            fail_msg("%s: %d lines from the verdict on", situation_at(i)->name, lines);
        buffer_clear(&text);
    }
}

static bool says_between(const char *from, const char *to, const char *words)
{
    const char *at = strstr(from, words);
    return at && at < to;
}

/* Of each cause the last screen has the name, the fix, and where it is to be fixed: by the words in front of its
 * commands, or in its own line. */
static void each_cause_has_its_name_its_fix_and_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; situation_at(i); i++) {
        struct buffer text;

        if (!share_has(i))
            continue;
        facts_healthy(&facts);
        situation_at(i)->make(&facts);
        diagnose(&facts, &report);
        write_new(&report, &text);
        const char *from = last_verdict(&text);
        for (int32_t n = 0; n < report_n_causes(&report); n++) {
            const struct finding *finding = &report.findings[n];
            char name[FINDING_NAME_SIZE + 8], next[NAME_SIZE];

            (void)text_set(name, sizeof(name), FOLDED_PREFIX "%d. %s", (int)n + 1, finding->code);
            (void)text_set(next, sizeof(next), FOLDED_PREFIX "%d. ", (int)n + 2);
            from = strstr(from, name);
            if (!from)
                fail_msg("%s: no %s\n%s", situation_at(i)->name, name, text.bytes);
            const char *end = strstr(from, next);
            end = end ? end : text.bytes + text.used;
            (void)text_set(name, sizeof(name), "%.*s", (int)strcspn(finding->remedy, " "),
                           finding->remedy);
            if (!says_between(from, end, name) ||
                (finding_n_commands(finding, false) + finding_n_commands(finding, true) > 0 &&
                 !says_between(from, end, "(from outside") &&
                 !says_between(from, end, "on the instance") &&
                 !says_between(from, end, "# from anywhere")))
                fail_msg("%s: %s: %s\n%s", situation_at(i)->name, finding->code, name, text.bytes);
        }
        buffer_clear(&text);
    }
}

/* Two causes have their titles in the headline; of more, and of what stands beside, they are said there. */
static void what_the_headline_does_not_say_is_said_of_each(void **state)
{
    struct buffer text;

    (void)state;
    facts_healthy(&facts);
    situation_find("several--dropped-and-group")->make(&facts);
    facts.machine.time_sync = ANSWER_NO;
    diagnose(&facts, &report);
    assert_int_equal(report_n_causes(&report), 2);
    write_new(&report, &text);
    assert_non_null(
        strstr(text.bytes, FOLDED_PREFIX "1. local-firewall on ssm (fatal, certain)\n"));
    assert_non_null(strstr(text.bytes, FOLDED_PREFIX
                           "3. time-sync-missing on clock (warning, likely): This machine\n"));
    buffer_clear(&text);
    break_tls(&facts, SERVICE_SSMMESSAGES, ALL_ADDRESSES, FAILURE_RESET);
    diagnose(&facts, &report);
    assert_int_equal(report_n_causes(&report), 3);
    write_new(&report, &text);
    assert_non_null(
        strstr(text.bytes, FOLDED_PREFIX "1. local-firewall on ssm (fatal, certain): "));
    buffer_clear(&text);
}

/* What is too long leaves its room to what comes after it: ten commands to the evidence. */
static void a_long_part_takes_no_shorter_one_with_it(void **state)
{
    struct buffer text;

    (void)state;
    facts_healthy(&facts);
    situation_find("private-dns-off")->make(&facts);
    diagnose(&facts, &report);
    write_new(&report, &text);
    assert_null(strstr(text.bytes, "create-vpc-endpoint"));
    assert_non_null(strstr(text.bytes, FOLDED_PREFIX "   why: "));
    assert_non_null(strstr(text.bytes, FOLDED_PREFIX "# all commands: ssm-preflight show "));
    buffer_clear(&text);
}

/* Where there is room for those of one place, it is the place whose commands come first. */
static void of_two_places_the_first_one_is_kept(void **state)
{
    (void)state;
    for (int inside = 0; inside < 2; inside++) {
        struct filled *filled = fill("endpoint-blocks-443");
        struct finding *finding = &filled->report.findings[0];
        struct buffer text;

        finding->n_commands = 4;
        finding->n_afterwards = 0;
        for (int i = 0; i < 4; i++) {
            finding->inside[i] = (i < 2) == inside;
            finding->notes[i][0] = finding->commands[i][0] = '\0';
            for (int word = 0; word < 60; word++)
                (void)text_add(finding->commands[i], COMMAND_SIZE, "c%d-%05d ", i, word);
        }
        write_new(&filled->report, &text);
        assert_non_null(strstr(text.bytes, "c0-00059"));
        assert_non_null(strstr(text.bytes, "c1-00059"));
        assert_null(strstr(text.bytes, "c2-"));
        assert_null(strstr(text.bytes, "c3-"));
        buffer_clear(&text);
        free(filled);
    }
}

/* --- commands --- */

/* What a shell makes of it. */
static void run_shell(const char *command, char *to, size_t size)
{
    char *line = NULL;

    assert_true(asprintf(&line, "sh() { printf '<%%s>' \"$@\"; }; sh %s", command) > 0);
    FILE *shell = popen(line, "r"); /* NOLINT(cert-env33-c): a shell is what is tested */
    assert_non_null(shell);
    size_t n = fread(to, 1, size - 1, shell);
    to[n] = '\0';
    assert_int_equal(pclose(shell), 0);
    free(line);
}

/* The lines between those of the fix and the tail, without their prefix. */
static void cut_commands(const char *text, char *to)
{
    const char *end = strstr(text, FOLDED_PREFIX "Save this");

    *to = '\0';
    for (const char *at = strstr(text, FOLDED_PREFIX "echo"); at && at < end;) {
        const char *line = at + sizeof(FOLDED_PREFIX) - 1;
        const char *next = strchr(line, '\n') + 1;
        strncat(to, line, (size_t)(next - line));
        at = next;
    }
}

static void folded_commands_mean_the_same(void **state)
{
    static const char *const commands[] = {
        "echo short",
        "echo aaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccc ddddddddddddd e",
        "echo 'aaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccc ddddddddddddd e'",
        "echo \"aaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccc ddddddddddd\" e",
        "echo aaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbccccccccccccccccccccddddddddddddddddddde",
        "echo --query 'VpcEndpoints[].{a: Groups[].GroupId, b: State, c: \"x y\", d: VpcEndpointId}' z",
        "echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\\ b\\ c\\ d\\ e\\ f\\ g\\ h",
        "echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\\\\\\\\\\\\\\\\\\\\\\\\\\\\",
        "echo 'it'\\''s' 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'\\''aaaaaaa'",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        struct filled *filled = fill("imds-blocked-locally");
        char folded[4096], wanted[1024], got[1024];
        struct buffer text;

        filled->report.findings[0].n_commands = 1;
        filled->report.findings[0].n_afterwards = 0;
        filled->report.findings[0].afterwards[0] = filled->report.findings[0].notes[0][0] = '\0';
        (void)text_set(filled->report.findings[0].commands[0], COMMAND_SIZE, "%s", commands[i]);
        write_new(&filled->report, &text);
        cut_commands(text.bytes, folded);
        run_shell(commands[i], wanted, sizeof(wanted));
        run_shell(folded, got, sizeof(got));
        assert_string_equal(got, wanted);
        buffer_clear(&text);
        free(filled);
    }
}

/* Nothing but backslashes: there is no place to fold, and an end all the same. */
static void a_command_that_cannot_be_folded_ends(void **state)
{
    struct filled *filled = fill("imds-blocked-locally");
    struct buffer text;

    (void)state;
    memset(filled->report.findings[0].commands[0], '\\', COMMAND_SIZE - 1);
    write_new(&filled->report, &text);
    assert_within_bounds(&text, "backslashes");
    buffer_clear(&text);
    free(filled);
}

/* --- reading it back --- */

static void every_situation_comes_back(void **state)
{
    static struct report again;

    (void)state;
    for (size_t i = 0; situation_at(i); i++) {
        const struct situation *situation = situation_at(i);
        struct buffer text;

        if (!share_has(i))
            continue;
        facts_healthy(&facts);
        situation->make(&facts);
        diagnose(&facts, &report);
        write_new(&report, &text);
        if (!read_text(text.bytes, text.used))
            fail_msg("%s: %s", situation->name, error);
        diagnose(&back, &again);
        if (again.verdict != report.verdict || again.n_findings != report.n_findings)
            fail_msg("%s is diagnosed otherwise", situation->name);
        for (int32_t j = 0; j < report.n_findings; j++) {
            assert_string_equal(again.findings[j].code, report.findings[j].code);
            assert_int_equal(again.findings[j].target, report.findings[j].target);
        }
        buffer_clear(&text);
    }
}

static const char boot_before[] =
    "[    0.000000] Linux version 6.1.0 root=UUID=12=34 console=tty0 console=ttyS0,115200n8\r\n"
    "[  OK  ] Started \x1b[0;1;39mgetty@tty1.service\x1b[0m - Getty on tty1.\r\n"
    "cloud-init[512]: a=1/2 b==1/6 =1/6 x\r\n";
static const char boot_after[] = "\r\nci-info: | eth0 | True | 10.0.1.10 |\r\nip login: ";

/* Every line with `before` in front of it, and CR LF at its end. */
static void add_as_logged(struct buffer *to, const struct buffer *block, const char *before)
{
    for (const char *at = block->bytes; *at;) {
        size_t n = strcspn(at, "\n");
        (void)buffer_addf(to, "%s%.*s\r\n", before, (int)n, at);
        at += n + 1;
    }
}

static void prefixes_and_line_ends_do_not_matter(void **state)
{
    static const char *const prefixes[] = {
        "",
        "[   28.512345] ssm-preflight[244]: ",
        "2026-11-23T12:00:00.123456+0000 ip-10-0-1-10 ssm-preflight[244]: ",
        "\x1b[0;32m",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        struct buffer block, log;

        buffer_init(&block, MAX_TEXT);
        buffer_init(&log, MAX_TEXT);
        add_block(&block, 3);
        (void)buffer_add_text(&log, boot_before);
        add_as_logged(&log, &block, prefixes[i]);
        (void)buffer_add_text(&log, boot_after);
        assert_reads(&log, 3);
        buffer_clear(&block);
        buffer_clear(&log);
    }
}

static void insert(const struct buffer *from, size_t at, const char *noise, struct buffer *to)
{
    buffer_init(to, MAX_TEXT);
    (void)buffer_add(to, from->bytes, at);
    (void)buffer_add_text(to, noise);
    (void)buffer_add(to, from->bytes + at, from->used - at);
}

/* A message at every place of the machine-readable lines; the odd ones at some. */
static void a_message_anywhere_does_not_matter(void **state)
{
    static const char *const noises[] = {
        "[   12.345678] random: crng init done\r\n",
        "[   12.3] audit: type=1400 audit(1.2:3): apparmor=1/2 =2/6 x\r\n[   12.4] abc\r\nabcdef\r\n",
        "Starting=1/6 Network...\r\n",
        "\r\x1b[K[ ***  ] A start job is running for Network (5s / 2min)\r\x1b[K",
        "\r\n",
    };
    struct buffer block, log;

    (void)state;
    buffer_init(&block, MAX_TEXT);
    add_block(&block, 1);
    size_t machine = machine_at(&block);
    for (size_t i = 0; i < COUNT_OF(noises); i++) {
        for (size_t at = machine; at <= block.used; at += i == 0 ? 1 : 7) {
            if (!share_has(at))
                continue;
            insert(&block, at, noises[i], &log);
            assert_reads(&log, 1);
            buffer_clear(&log);
        }
    }
    buffer_clear(&block);
}

/* Several, also in one line; the seed is fixed, so a failure comes again. Run 73 tears one line twice, and a later one
 * right behind its "=": the rest of that one must not be taken for the rest of the first. */
static void many_messages_do_not_matter(void **state)
{
    uint32_t random = 12345;

    (void)state;
    for (int run = 0; run < 1000; run++) {
        struct buffer log;
        size_t machine;
        uint32_t places[3];

        for (size_t i = 0; i < COUNT_OF(places); i++)
            places[i] = random = random * 1103515245 + 12345;
        if (!share_has((size_t)run))
            continue;
        buffer_init(&log, MAX_TEXT);
        add_block(&log, 2);
        machine = machine_at(&log);
        for (int i = 0; i < 3; i++) {
            struct buffer torn;
            insert(&log, machine + (places[i] >> 8) % (log.used - machine),
                   i == 1 ? "[   13.0] eth0: link up\r\n[   13.1] x\r\n"
                          : "[ 12.9] usb 1-1: new\r\n",
                   &torn);
            buffer_clear(&log);
            log = torn;
        }
        assert_reads(&log, 2);
        buffer_clear(&log);
    }
}

static void lines_wrapped_by_a_terminal_are_read(void **state)
{
    struct buffer block, log;
    size_t columns = 0;

    (void)state;
    buffer_init(&block, MAX_TEXT);
    buffer_init(&log, MAX_TEXT);
    add_block(&block, 1);
    for (size_t i = 0; i < block.used; i++) {
        (void)buffer_add(&log, block.bytes + i, 1);
        columns = block.bytes[i] == '\n' ? 0 : columns + 1;
        if (columns == 50) {
            (void)buffer_add_text(&log, "\r\n");
            columns = 0;
        }
    }
    assert_reads(&log, 1);
    buffer_clear(&block);
    buffer_clear(&log);
}

static void the_last_whole_block_counts(void **state)
{
    struct buffer log;

    (void)state;
    buffer_init(&log, MAX_TEXT);
    add_block(&log, 1);
    (void)buffer_add_text(&log, boot_before);
    add_block(&log, 2);
    (void)buffer_add_text(&log, boot_after);
    assert_reads(&log, 2);
    add_block(&log, 3);
    assert_reads(&log, 3);

    char *cut = strstr(log.bytes + machine_of(&log, 3),
                       "\n" FOLDED_PREFIX "Role: "); /* of the third */
    cut[-30] = '\0';
    log.used = strlen(log.bytes);
    assert_reads(&log, 2);
    assert_non_null(strstr(error, "the last console block is damaged: its line ="));
    assert_non_null(strstr(error, "is missing or garbled; the one before it is shown"));
    buffer_clear(&log);
}

static void what_came_later_counts(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443");
    struct buffer log;

    (void)state;
    filled->facts.rounds = 8;
    buffer_init(&log, MAX_TEXT);
    add_block(&log, 1);
    write_json_line(&filled->report, &log);
    assert_reads(&log, 8);
    (void)buffer_add_text(&log, "\n");
    add_block(&log, 2);
    assert_reads(&log, 2);
    buffer_clear(&log);
    free(filled);
}

/* `aws ec2 get-console-output` without --output text. */
static void the_json_of_the_command_line_is_read(void **state)
{
    struct buffer block, json;

    (void)state;
    buffer_init(&block, MAX_TEXT);
    buffer_init(&json, MAX_TEXT);
    add_block(&block, 5);
    (void)buffer_add_text(&json, "{ \"InstanceId\": \"i-0\", \"Output\": \"[ 0.0] Linux\\r\\n");
    for (size_t i = machine_at(&block); i < block.used; i++)
        if (block.bytes[i] == '\n')
            (void)buffer_add_text(&json, "\\r\\n");
        else
            (void)buffer_add(&json, block.bytes + i, 1);
    (void)buffer_add_text(&json, "\", \"Timestamp\": \"2026-11-23T12:00:00+00:00\" }\n");
    assert_reads(&json, 5);
    buffer_clear(&block);
    buffer_clear(&json);
}

/* --- what is damaged --- */

static void damage_is_named(void **state)
{
    struct buffer log;

    (void)state;
    buffer_init(&log, MAX_TEXT);
    add_block(&log, 1);
    size_t machine = machine_at(&log);
    log.bytes[machine + 81 + 40] ^= 1;
    assert_refused(&log, "the last console block is damaged: its line =2/");
    log.bytes[machine + 3 * 81 + 16] = ' ';
    assert_refused(&log, ", =4/");
    assert_non_null(strstr(error, "is missing or garbled"));
    buffer_clear(&log);
}

static size_t data_bytes(const struct buffer *block)
{
    return block->used - machine_at(block);
}

/* Lines of two blocks that have equally many, all of them right, and each number there once. */
static void lines_of_two_blocks_are_not_joined(void **state)
{
    struct buffer one, two, log;

    (void)state;
    buffer_init(&one, MAX_TEXT);
    buffer_init(&two, MAX_TEXT);
    buffer_init(&log, MAX_TEXT);
    add_block(&one, 1);
    for (int32_t i = 2; data_bytes(&one) / 81 != (two.used ? data_bytes(&two) / 81 : 0); i++) {
        buffer_clear(&two);
        add_block(&two, i);
    }
    (void)buffer_add(&log, one.bytes, machine_at(&one) + 2 * 81);
    (void)buffer_add_text(&log, two.bytes + machine_at(&two) + 2 * 81);
    assert_refused(&log, "not of one block");
    (void)buffer_add(&one, log.bytes, log.used); /* behind one that is whole */
    assert_reads(&one, 1);
    buffer_clear(&one);
    buffer_clear(&two);
    buffer_clear(&log);
}

/* The nth data line of a block, from 0 on. */
static void add_data_line(struct buffer *to, const struct buffer *block, size_t n)
{
    (void)buffer_add(to, block->bytes + machine_at(block) + n * 81, 81);
}

/* A line that is there twice is one, and another line of its number is of another block. */
static void a_line_that_is_there_twice_is_one(void **state)
{
    struct buffer one, two, log;

    (void)state;
    buffer_init(&one, MAX_TEXT);
    buffer_init(&two, MAX_TEXT);
    add_block(&one, 1);
    for (int32_t i = 2; data_bytes(&one) / 81 != (two.used ? data_bytes(&two) / 81 : 0); i++) {
        buffer_clear(&two);
        add_block(&two, i);
    }
    for (int other = 0; other < 2; other++) {
        buffer_init(&log, MAX_TEXT);
        add_data_line(&log, &one, 0);
        add_data_line(&log, other ? &two : &one, 1);
        (void)buffer_add_text(&log, one.bytes + machine_at(&one) + 81);
        if (other)
            assert_refused(&log, "damaged: its line =1/");
        else
            assert_reads(&log, 1);
        buffer_clear(&log);
    }
    buffer_clear(&one);
    buffer_clear(&two);
}

/* The checksum is right, and there is no such line. */
static void a_line_beyond_the_last_is_none(void **state)
{
    char line[66] = "=3/2 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    unsigned char check[CRC24_BYTES];
    struct buffer log;

    (void)state;
    crc24(line, 61, check);
    base64_encode(check, sizeof(check), line + 61);
    buffer_init(&log, MAX_TEXT);
    (void)buffer_addf(&log, "%s%.65s\n", FOLDED_PREFIX, line);
    assert_refused(&log, "no report of ssm-preflight found");
    buffer_clear(&log);
}

/* What was folded is no facts, and behind it a block is damaged: both are said. */
static void a_block_of_no_facts_says_so(void **state)
{
    struct buffer log;

    (void)state;
    buffer_init(&log, MAX_TEXT);
    assert_true(folded_write((const unsigned char *)"\xff", 1, &log));
    const size_t before = log.used;
    add_block(&log, 1);
    log.bytes[before + machine_of(&(struct buffer){.bytes = log.bytes + before}, 1) + 40] ^= 1;
    assert_refused(&log, "is missing or garbled; written by a newer ssm-preflight");
    buffer_clear(&log);
}

/* The log ends within a line. */
static void text_that_ends_with_the_log_is_shown(void **state)
{
    static const struct {
        const char *end, *shown;
    } rows[] = {{"", "\n"},
                {"=", ""},
                {"x", "x\n"},
                {"x\x7f", "x\n"},
                {"x\n", "x\n"},
                {"one\n" FOLDED_PREFIX "two\n" FOLDED_PREFIX "=1/1\n" FOLDED_PREFIX "three",
                 "two\nthree\n"},
                {"=1/2\n" FOLDED_PREFIX "=2/2\n\n" FOLDED_PREFIX "three\nfour", "three\n"},
                {"~ !\n" FOLDED_PREFIX "=\n", "~ !\n"},
                {"one\n" FOLDED_PREFIX "=1/2\n" FOLDED_PREFIX "two\n" FOLDED_PREFIX
                 "=1/2\n" FOLDED_PREFIX "three\n",
                 "two\nthree\n"}};
    struct buffer log, lines;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        buffer_init(&log, MAX_TEXT);
        buffer_init(&lines, MAX_TEXT);
        (void)buffer_addf(&log, "%s%s", FOLDED_PREFIX, rows[i].end);
        assert_false(recorded_read(log.bytes, log.used, &back, &lines, error, sizeof(error)));
        assert_string_equal(lines.used ? lines.bytes : "", rows[i].shown);
        buffer_clear(&log);
        buffer_clear(&lines);
    }
}

/* Every data line in turn: the text is there to be read, and is said to be all there is. */
static void a_damaged_block_shows_its_text(void **state)
{
    struct buffer block, log, lines;

    (void)state;
    buffer_init(&block, MAX_TEXT);
    add_block(&block, 7);
    const size_t machine = machine_at(&block);
    for (size_t at = machine; strncmp(block.bytes + at, FOLDED_PREFIX "=", 16) == 0;
         at += FOLDED_COLUMNS + 1) {
        buffer_init(&log, MAX_TEXT);
        buffer_init(&lines, MAX_TEXT);
        (void)buffer_add_text(&log,
                              FOLDED_PREFIX "=1/1 A\r\n" FOLDED_PREFIX "of an older block\r\n");
        const size_t before = log.used;
        (void)buffer_add(&log, block.bytes, block.used);
        log.bytes[before + at + 40] = '\x07';
        assert_false(recorded_read(log.bytes, log.used, &back, &lines, error, sizeof(error)));
        assert_non_null(strstr(error, "the last console block is damaged: its line ="));
        assert_memory_equal(lines.bytes, "READY", 5);
        assert_non_null(strstr(lines.bytes, "\nSave this; "));
        assert_null(strstr(lines.bytes, "older"));
        assert_null(strstr(lines.bytes, FOLDED_PREFIX));
        buffer_clear(&lines);
        assert_false(recorded_read(log.bytes, before + at, &back, &lines, error, sizeof(error)));
        if (at >
            machine) { /* the log was taken while the block was written: its verdict, and no more */
            assert_memory_equal(lines.bytes, "READY: ", 7);
            assert_true(lines.used <= FOLDED_COLUMNS);
        }
        buffer_clear(&log);
        buffer_clear(&lines);
    }
    buffer_clear(&block);
}

/* Of two blocks none is whole: the last one is named. And no number of a line is above how many there are. */
static void the_last_of_two_damaged_blocks_is_named(void **state)
{
    struct buffer log;

    (void)state;
    buffer_init(&log, MAX_TEXT);
    for (int32_t i = 1; i <= 2; i++) {
        add_block(&log, i);
        log.bytes[machine_of(&log, i) + (size_t)i * 81 + 40] ^= 1;
    }
    assert_refused(&log, "the last console block is damaged: its line =3/");
    add_block(&log, 3);
    log.bytes[machine_of(&log, 3) + 3 * (size_t)81 + 40] ^= 1;
    assert_refused(&log, "the last console block is damaged: its line =4/");
    buffer_clear(&log);
    add_block(&log, 1);
    char *line = log.bytes + machine_at(&log) + strlen(FOLDED_PREFIX);
    line[3] = '2';
    line[1] = '9';
    assert_refused(&log, "its line =1/");
    line[1] = '\0';
    assert_refused(&log, "its line =1/");
    buffer_clear(&log);
}

/* What is missing is not taken for zeros, though the checksum of those would be right. */
static void a_missing_line_of_zeros_is_missing(void **state)
{
    static const unsigned char bytes[3 * FOLDED_LINE_BYTES - CRC24_BYTES] = {1};
    struct buffer all, log, found;
    size_t start = 0;

    (void)state;
    buffer_init(&all, MAX_TEXT);
    assert_true(folded_write(bytes, sizeof(bytes), &all));
    for (size_t left_out = 0; left_out < 4; left_out++) {
        buffer_init(&log, MAX_TEXT);
        buffer_init(&found, MAX_TEXT);
        for (size_t i = 0; i < 3; i++)
            if (i != left_out)
                (void)buffer_add(&log, all.bytes + i * 81, 81);
        assert_int_equal(folded_find(log.bytes, log.used, &found, &start, error, sizeof(error)),
                         left_out < 3 ? FOLDED_DAMAGED : FOLDED_WHOLE);
        if (left_out == 3)
            assert_memory_equal(found.bytes, bytes, sizeof(bytes));
        buffer_clear(&found);
        buffer_clear(&log);
    }
    buffer_clear(&all);
}

/* Its lines are whole, and together they are not what was written; the first one is there twice. */
static void lines_of_two_blocks_are_none(void **state)
{
    unsigned char bytes[3 * FOLDED_LINE_BYTES - CRC24_BYTES] = {1};
    struct buffer one, other, log, found;
    size_t start = 0;

    (void)state;
    buffer_init(&one, MAX_TEXT);
    buffer_init(&other, MAX_TEXT);
    buffer_init(&log, MAX_TEXT);
    buffer_init(&found, MAX_TEXT);
    assert_true(folded_write(bytes, sizeof(bytes), &one));
    memset(bytes, 2, sizeof(bytes));
    assert_true(folded_write(bytes, sizeof(bytes), &other));
    const size_t n = one.used / 3;
    (void)buffer_add(&log, one.bytes, n);
    (void)buffer_add(&log, one.bytes, n);
    (void)buffer_add(&log, other.bytes + n, n);
    (void)buffer_add(&log, one.bytes + 2 * n, n);
    assert_int_equal(folded_find(log.bytes, log.used, &found, &start, error, sizeof(error)),
                     FOLDED_DAMAGED);
    buffer_clear(&found);
    buffer_clear(&log);
    buffer_clear(&other);
    buffer_clear(&one);
}

/* An escape sequence that ends with the text, or is none. */
static void an_escape_at_the_end_does_not_matter(void **state)
{
    static const char *const ends[] = {"\x1b", "\x1b[", "\x1b[12", "\x1b[1m", "\x1bX"};
    struct buffer log;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        buffer_init(&log, MAX_TEXT);
        add_block(&log, 3);
        (void)buffer_add_text(&log, ends[i]);
        assert_reads(&log, 3);
        log.used = machine_at(&log) + 81 + 40; /* in the middle of a line */
        (void)buffer_add_text(&log, ends[i]);
        assert_refused(&log, "damaged");
        buffer_clear(&log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_is_within_bounds),
        cmocka_unit_test(the_fullest_report_is_within_bounds),
        cmocka_unit_test(what_mends_is_cut_last),
        cmocka_unit_test(the_verdict_is_on_the_last_screen),
        cmocka_unit_test(each_cause_has_its_name_its_fix_and_its_place),
        cmocka_unit_test(what_the_headline_does_not_say_is_said_of_each),
        cmocka_unit_test(a_long_part_takes_no_shorter_one_with_it),
        cmocka_unit_test(of_two_places_the_first_one_is_kept),
        cmocka_unit_test(folded_commands_mean_the_same),
        cmocka_unit_test(every_situation_comes_back),
        cmocka_unit_test(prefixes_and_line_ends_do_not_matter),
        cmocka_unit_test(a_message_anywhere_does_not_matter),
        cmocka_unit_test(many_messages_do_not_matter),
        cmocka_unit_test(lines_wrapped_by_a_terminal_are_read),
        cmocka_unit_test(the_last_whole_block_counts),
        cmocka_unit_test(what_came_later_counts),
        cmocka_unit_test(the_json_of_the_command_line_is_read),
        cmocka_unit_test(damage_is_named),
        cmocka_unit_test(lines_of_two_blocks_are_not_joined),
        cmocka_unit_test(one_line_that_is_cut_is_one),
        cmocka_unit_test(a_line_that_is_there_twice_is_one),
        cmocka_unit_test(a_line_beyond_the_last_is_none),
        cmocka_unit_test(a_block_of_no_facts_says_so),
        cmocka_unit_test(text_that_ends_with_the_log_is_shown),
        cmocka_unit_test(a_command_that_cannot_be_folded_ends),
        cmocka_unit_test(the_last_of_two_damaged_blocks_is_named),
        cmocka_unit_test(a_missing_line_of_zeros_is_missing),
        cmocka_unit_test(lines_of_two_blocks_are_none),
        cmocka_unit_test(an_escape_at_the_end_does_not_matter),
        cmocka_unit_test(a_damaged_block_shows_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
