/* SPDX-License-Identifier: Apache-2.0
 *
 * What a terminal gets: goldens to read, and rules that hold for every report in every style.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "report/report.h"
#include "report/screen.h"
#include "report_builder.h"
#include "situations.h"

static void write_new(const struct report *report, const struct style *style, struct buffer *to)
{
    buffer_init(to, REPORT_MAX_BYTES);
    terminal_write(report, style, to);
    assert_false(to->failed);
}

static struct facts seen;
static struct report judged;

/* A diagnosis of the facts, without colour, 80 columns wide. */
static void assert_says(const char *const *wanted, size_t n, const char *not_wanted)
{
    const struct style style = {.columns = 80};
    struct buffer text;

    diagnose(&seen, &judged);
    write_new(&judged, &style, &text);
    for (size_t i = 0; i < n; i++)
        if (!strstr(text.bytes, wanted[i]))
            fail_msg("not said: %s\n%s", wanted[i], text.bytes);
    if (not_wanted && strstr(text.bytes, not_wanted))
        fail_msg("said: %s\n%s", not_wanted, text.bytes);
    buffer_clear(&text);
}

#define SAYS(not_wanted, ...)                       \
    assert_says((const char *const[]){__VA_ARGS__}, \
                COUNT_OF(((const char *const[]){__VA_ARGS__})), not_wanted)

static size_t count(const char *text, const char *part)
{
    size_t n = 0;

    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
        n++;
    return n;
}

/* --- rules --- */

/* Every style there is, by number. */
enum { N_STYLES = 2 * 2 * 2 * 3 };

static struct style style_of(int number)
{
    static const int columns[] = {0, 40, 120};

    return (struct style){
        .colour = number & 1,
        .unicode = (number >> 1) & 1,
        .verbose = (number >> 2) & 1,
        .columns = columns[(number >> 3) % 3],
    };
}

static size_t mark_length(const char *at)
{
    static const char *const marks[] = {"\xe2\x9c\x93", "\xe2\x9c\x97", "\xe2\x80\x93",
                                        "\xe2\x97\x84"};

    for (size_t i = 0; i < COUNT_OF(marks); i++)
        if (strncmp(at, marks[i], 3) == 0)
            return 3;
    return 0;
}

static size_t sgr_length(const char *at)
{
    static const char *const ours[] = {"\033[0m", "\033[2m", "\033[31m", "\033[32m", "\033[33m"};

    for (size_t i = 0; i < COUNT_OF(ours); i++)
        if (strncmp(at, ours[i], strlen(ours[i])) == 0)
            return strlen(ours[i]);
    return 0;
}

/* Without colour sequences, each mark as one byte. Fails on a byte that must not leave. */
static void strip(const struct buffer *text, const struct style *style, struct buffer *to)
{
    buffer_init(to, REPORT_MAX_BYTES);
    for (size_t i = 0; i < text->used;) {
        const char *at = text->bytes + i;

        if (style->colour && sgr_length(at)) {
            i += sgr_length(at);
        } else if (style->unicode && mark_length(at)) {
            i += mark_length(at);
            (void)buffer_add(to, "*", 1);
        } else {
            if (*at != '\n' && (*at < 0x20 || *at > 0x7e))
                fail_msg("byte 0x%02x leaves", (unsigned char)*at);
            (void)buffer_add(to, at, 1);
            i++;
        }
    }
}

static bool is_command(const struct report *report, const char *line)
{
    for (int32_t f = 0; f < report->n_findings; f++) {
        const struct finding *finding = &report->findings[f];
        for (int32_t i = 0; i < finding->n_commands; i++)
            if (strncmp(line, "    ", 4) == 0 &&
                (strcmp(line + 4, finding->commands[i]) == 0 ||
                 (strncmp(line + 4, "# ", 2) == 0 && strcmp(line + 6, finding->commands[i]) == 0)))
                return true;
        for (int32_t i = 0; i < finding->n_alternatives; i++)
            if (strncmp(line, "    ", 4) == 0 &&
                strcmp(line + 4, finding->alternatives[i].command) == 0)
                return true;
    }
    return false;
}

/* Lines fit, but for commands and for a single word that is too long by itself. */
static void assert_lines_fit(const struct report *report, char *text, int columns)
{
    char *rest;

    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (is_command(report, line))
            continue;
        assert_true(!line[0] || line[strlen(line) - 1] != ' ');
        const char *word = line + strspn(line, " *-");
        if (strlen(line) > (size_t)columns && strchr(word, ' '))
            fail_msg("longer than %d: %s", columns, line);
    }
}

static void no_control_byte_leaves_and_lines_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_samples; i++) {
        struct filled *filled = fill_sample(i);
        bool hostile = strcmp(samples[i], "control-bytes") == 0;

        for (int s = 0; s < N_STYLES; s++) {
            struct style style = style_of(s);
            struct buffer text, plain;

            write_new(&filled->report, &style, &text);
            strip(&text, &style, &plain);
            if (!hostile && style.columns != 40) /* at 40 the ladders' own columns are wider */
                assert_lines_fit(&filled->report, plain.bytes, style.columns ? style.columns : 80);
            buffer_clear(&plain);
            buffer_clear(&text);
        }
        free(filled);
    }
}

static void colour_adds_nothing_but_colour(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_samples; i++) {
        struct filled *filled = fill_sample(i);
        struct style plain = {.unicode = false};
        struct style coloured = {.colour = true};
        struct buffer without, with, stripped;

        write_new(&filled->report, &plain, &without);
        write_new(&filled->report, &coloured, &with);
        strip(&with, &coloured, &stripped);
        assert_true(with.used > without.used);
        assert_string_equal(stripped.bytes, without.bytes);
        buffer_clear(&stripped);
        buffer_clear(&with);
        buffer_clear(&without);
        free(filled);
    }
}

static void ready_is_calm(void **state)
{
    struct filled *filled = fill("public-address");
    struct style style = {.unicode = true};
    struct buffer text;
    int lines = 0;

    (void)state;
    write_new(&filled->report, &style, &text);
    for (size_t i = 0; i < text.used; i++)
        lines += text.bytes[i] == '\n';
    assert_true(lines <= 10);
    assert_null(strstr(text.bytes, "FAIL"));
    buffer_clear(&text);
    free(filled);
}

/* Ready although something warns: that ladder is shown, the others are not. */
static void ready_shows_what_warns(void **state)
{
    struct filled *filled = fill("public-address");
    struct style style = {.unicode = false};
    struct buffer text;

    (void)state;
    filled->report.checks[CHECK_CLOCK_SKEW].status = STATUS_WARN;
    (void)strcpy(filled->report.checks[CHECK_CLOCK_SKEW].summary, "behind by 95 s");
    write_new(&filled->report, &style, &text);
    assert_non_null(strstr(text.bytes, "  clock        warn skew"));
    assert_non_null(strstr(text.bytes, "\n                 behind by 95 s\n"));
    assert_null(strstr(text.bytes, "authorize"));
    buffer_clear(&text);
    free(filled);
}

/* The worst that fits the structs still ends, within the maximum and without a crash. */
static void the_fullest_report_is_written(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443");
    struct report *report = &filled->report;

    (void)state;
    for (int i = 1; i < MAX_FINDINGS; i++) {
        struct finding *finding = &report->findings[i];
        *finding = report->findings[0];
        finding->n_evidence = MAX_EVIDENCE;
        finding->n_commands = MAX_COMMANDS;
        finding->n_alternatives = MAX_ALTERNATIVES;
        for (int e = 0; e < MAX_EVIDENCE; e++) {
            memset(finding->evidence[e], 'e', LINE_SIZE - 1);
            finding->evidence[e][LINE_SIZE - 1] = '\0';
        }
        for (int c = 0; c < MAX_COMMANDS; c++) {
            memset(finding->commands[c], 'c', COMMAND_SIZE - 1);
            finding->commands[c][COMMAND_SIZE - 1] = '\0';
        }
        finding->explains = ~(check_set)0;
    }
    report->n_findings = MAX_FINDINGS;
    for (int s = 0; s < N_STYLES; s++) {
        struct style style = style_of(s);
        struct buffer text;
        write_new(report, &style, &text);
        buffer_clear(&text);
    }
    free(filled);
}

static void a_full_buffer_fails_without_harm(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443");
    struct style style = {.unicode = true};

    (void)state;
    for (size_t i = 0; i < n_outputs; i++) {
        struct buffer text;
        buffer_init(&text, 20);
        outputs[i].write(&filled->report, &style, &text);
        assert_true(text.failed);
        assert_true(text.used <= 20);
        buffer_clear(&text);
        assert_ptr_equal(output_find(outputs[i].name), &outputs[i]);
    }
    assert_null(output_find("xml"));
    free(filled);
}

static void durations_are_read_at_a_glance(void **state)
{
    static const struct {
        int32_t ms;
        const char *text;
    } expected[] = {
        {0, "0 ms"},     {999, "999 ms"}, {1000, "1.0 s"},          {2999, "2.9 s"},
        {9999, "9.9 s"}, {10000, "10 s"}, {INT32_MAX, "2147483 s"},
    };
    char text[DURATION_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        duration_text(expected[i].ms, text);
        assert_string_equal(text, expected[i].text);
    }
}

/* READY is no more than what was judged. */
static void ready_says_what_it_holds_back(void **state)
{
    (void)state;
    facts_healthy(&seen);
    SAYS("left out", "READY  This instance can register with Systems Manager;\n",
         "UpdateInstanceInformation, OpenControlChannel not proven (41 ms).\n");
    seen.plan.skipped = check_bit(check_of_service(SERVICE_SSM, RUNG_TLS));
    SAYS("can register", "READY  All selected checks passed; some were skipped on request;\n",
         "  Skipped on request (--skip, --permissions): tls of ssm\n",
         "  ok           imds, role, ssm, ssmmessages, ec2messages, clock, agent\n");
    assert_non_null(strstr(judged.summary, ", 1 check left out"));
    facts_healthy(&seen);
    seen.plan.permissions = PERMISSIONS_OFF;
    SAYS("can register", "on request (--skip, --permissions): role\n");
    assert_non_null(strstr(judged.summary, ", 2 checks left out"));
    facts_healthy(&seen);
    seen.machine.time_sync = ANSWER_NO;
    SAYS("READY", "DEGRADED  The SSM agent comes up. This machine probably",
         "    sudo systemctl enable --now chrony || ");
    facts_healthy(&seen);
    situation_find("tls-intercepted")->make(&seen);
    for (int i = 0; i < N_SERVICES; i++)
        seen.endpoints[i].n_actions = 0; /* no signed request is shown there */
    SAYS("READY", "DEGRADED  The SSM agent comes up if its role permits that. TLS is");
    facts_healthy(&seen);
    seen.plan.permissions = PERMISSIONS_OFF;
    seen.plan.strict = true;
    SAYS(NULL, "Exit status 1, by --strict.\n");
}

static void unknown_says_what_to_do_next(void **state)
{
    (void)state;
    facts_healthy(&seen);
    memset(&seen.endpoints[SERVICE_SSM].addresses[0].steps[RUNG_CONNECT], 0, sizeof(struct step));
    memset(&seen.endpoints[SERVICE_SSM].addresses[1].steps[RUNG_CONNECT], 0, sizeof(struct step));
    seen.stopped_by = STOPPED_BY_DEADLINE;
    seen.deadline_ms = 1000;
    SAYS(NULL, "UNKNOWN  ", "  Next  Give it longer: --deadline 180s (it had 1.0 s).\n");
    seen.deadline_ms = 100000;
    SAYS(NULL, "  Next  Give it longer: --deadline 200s (it had 100 s).\n");
    seen.deadline_ms = INT32_MAX; /* of a report that somebody made up */
    SAYS(NULL, "  Next  Give it longer: --deadline 4294967s ");
    seen.machine.time_sync = ANSWER_NO; /* a finding, and not why nothing is known */
    SAYS("UNKNOWN  No time", "UNKNOWN  ssm.connect had no answer by the deadline",
         "  Next  Give it", "time-sync-missing");
    seen.stopped_by = STOPPED_BY_SIGNAL;
    SAYS("--deadline", "  Next  Run it again, to the end: a signal stopped it.\n");
    facts_healthy(&seen);
    break_connect(&seen, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
    seen.plan.skipped = check_bit(check_of_service(SERVICE_SSM, RUNG_CONNECT));
    SAYS(NULL, "UNKNOWN  ssm.tls: not tried: ssm.connect is left out\n",
         "  Next  Make it possible to try ssm.tls, which is required, or leave");
}

/* One cause, one finding for each service: the second says only what is its own. */
static void what_two_findings_share_is_said_once(void **state)
{
    const struct style style = {.columns = 80};
    struct buffer text;

    (void)state;
    facts_healthy(&seen);
    resolve_to(&seen, SERVICE_SSM, "52.46.141.158", PLACE_PUBLIC, FAILURE_TIMEOUT);
    resolve_to(&seen, SERVICE_SSMMESSAGES, "52.46.132.117", PLACE_PUBLIC, FAILURE_TIMEOUT);
    diagnose(&seen, &judged);
    write_new(&judged, &style, &text);
    assert_int_equal(count(text.bytes, "FATAL  endpoint-missing"), 2);
    assert_int_equal(count(text.bytes, "aws ec2 reboot-instances"), 1);
    assert_int_equal(count(text.bytes, "CLI, the first "), 1); /* of what stands above as a whole */
    assert_int_equal(count(text.bytes, "explain endpoint-missing"), 1);
    assert_int_equal(count(text.bytes, "\n2. endpoint-missing (ssmmessages): "), 1);
    assert_int_equal(count(text.bytes, "us-east-1.ssmmessages --subnet-ids"), 1);
    buffer_clear(&text);
    facts_healthy(&seen);
    add_service(&seen, SERVICE_S3, NEED_REQUIRED); /* the same cause, another remedy */
    resolve_to(&seen, SERVICE_SSM, "52.46.141.158", PLACE_PUBLIC, FAILURE_TIMEOUT);
    resolve_to(&seen, SERVICE_S3, "52.216.8.31", PLACE_PUBLIC, FAILURE_TIMEOUT);
    SAYS("As above", "Create the interface endpoint", "route table a gateway endpoint for s3");
}

/* What concludes stands at the end of the evidence, what was seen first at its beginning. */
static void long_evidence_leaves_room_for_the_fix(void **state)
{
    const struct style style = {.columns = 80, .verbose = true};
    struct buffer text;

    (void)state;
    facts_healthy(&seen);
    for (int i = 0; i <= SERVICE_EC2MESSAGES; i++)
        break_connect(&seen, (enum service)i, ALL_ADDRESSES, FAILURE_TIMEOUT, 3500);
    SAYS("10.0.1.22 (ssmmessages, in", "connect: 10.0.1.21 (ssm, in this subnet): no answer",
         "        - 4 more, with --verbose\n", "3 services, 6 addresses, all silent");
    write_new(&judged, &style, &text);
    assert_non_null(strstr(text.bytes, "10.0.1.22 (ssmmessages, in"));
    assert_null(strstr(text.bytes, "with --verbose"));
    buffer_clear(&text);
}

static void an_intercepted_handshake_is_no_good_one(void **state)
{
    (void)state;
    facts_healthy(&seen);
    for (int i = 0; i < 2; i++) {
        struct tls_session *session = &seen.endpoints[SERVICE_SSM].addresses[i].session;
        session->trust_by = TRUST_BY_SYSTEM;
        (void)snprintf(session->issuer, sizeof(session->issuer), "CN=Example Inspection CA");
    }
    SAYS("10.0.1.21  own subnet  ok ", "10.0.1.21  own subnet  FAIL TLS intercepted, ");
}

static void an_address_of_this_machine_is_no_endpoint(void **state)
{
    (void)state;
    facts_healthy(&seen);
    resolve_to(&seen, SERVICE_SSM, "127.0.0.1", PLACE_LOCAL, FAILURE_REFUSED);
    SAYS(NULL, "127.0.0.1", "FAIL no endpoint's, dialled on 443: connection");
    facts_healthy(&seen);
    resolve_to(&seen, SERVICE_SSM, "52.1.2.3", PLACE_PUBLIC, FAILURE_REFUSED);
    seen.endpoints[SERVICE_SSM].addresses[0].steps[RUNG_CONNECT].outcome = OUTCOME_UNTRIED;
    SAYS("public, ", "52.1.2.3", " public\n");
}

static void probe(int i, enum permission permission)
{
    struct action_facts *action = &seen.endpoints[SERVICE_SSM].actions[i];

    memset(action, 0, sizeof(*action));
    action->permission = permission;
    (void)snprintf(action->action, sizeof(action->action), "ssm:Act%d", i);
    if (permission == PERMISSION_NOT_PROBED)
        (void)snprintf(action->why_not, sizeof(action->why_not), "not here");
}

/* What has no line of its own ends no list: what comes behind it is shown. */
static void what_comes_behind_is_shown(void **state)
{
    const struct style verbose = {.columns = 80, .verbose = true};
    struct endpoint_facts *ssm = &seen.endpoints[SERVICE_SSM];
    struct buffer text;

    (void)state;
    facts_healthy(&seen);
    break_connect(&seen, SERVICE_SSM, 0, FAILURE_REFUSED, 1);
    break_tls(&seen, SERVICE_SSM, 1, FAILURE_RESET);
    SAYS(NULL, "10.0.2.21  in the VPC  FAIL connection reset, 5 ms\n");
    facts_healthy(&seen);
    ssm->n_actions = 5;
    for (int i = 0; i < 5; i++)
        probe(i, i % 2 ? PERMISSION_DENIED : PERMISSION_NOT_PROBED);
    SAYS(NULL, "FAIL ssm:Act1 ", "FAIL ssm:Act3 ");
    ssm->addresses[0].place = PLACE_UNKNOWN;
    diagnose(&seen, &judged);
    write_new(&judged, &verbose, &text);
    assert_non_null(strstr(text.bytes, "not probed: ssm:Act0, ssm:Act2, ssm:Act4 (not here)\n"));
    assert_non_null(strstr(text.bytes, "10.0.1.21  ok   private\n"));
    buffer_clear(&text);
}

/* A report may hold it; no round does. */
static void what_is_skipped_for_no_reason_has_none(void **state)
{
    (void)state;
    facts_healthy(&seen);
    step_skip(&seen.role.credentials, FAILURE_NONE);
    SAYS("not tried: credentials (", "not tried: credentials\n");
}

/* In one line, not a ladder for each. */
static void targets_that_were_not_tried_are_named(void **state)
{
    (void)state;
    facts_healthy(&seen);
    situation_find("imds-disabled")->make(&seen);
    SAYS(NULL, "\n  not tried: role, ssm, ssmmessages, ec2messages, clock\n");
}

static void all_that_is_allowed_leaves_nothing_untried(void **state)
{
    (void)state;
    facts_healthy(&seen);
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < seen.endpoints[i].n_actions; j++)
            seen.endpoints[i].actions[j].permission = PERMISSION_ALLOWED;
    SAYS(" not proven\n", "  25 of 25 actions of AmazonSSMManagedInstanceCore allowed\n");
}

static void a_screen_without_room_holds_nothing_back_of_nothing(void **state)
{
    const struct style style = {.columns = 80};

    (void)state;
    facts_healthy(&seen);
    situation_find("unexplained")->make(&seen);
    diagnose(&seen, &judged);
    judged.findings[0].n_commands = judged.findings[0].n_afterwards = 0;
    struct last_screen holds = advice_fitting(&judged, &style, 0);
    assert_int_equal(holds.n_commands, 0);
    assert_false(holds.in_short);
    assert_false(holds.all);
}

/* As a terminal of so many columns breaks them. */
static int rows_of(const char *text, int columns)
{
    int rows = 0;

    for (const char *end; (end = strchr(text, '\n')); text = end + 1)
        rows += 1 + (end > text ? (int)(end - text - 1) / columns : 0);
    return rows;
}

/* As many rows as it takes, and one less. */
static void a_screen_that_is_just_large_enough_holds_all(void **state)
{
    const struct style style = {.columns = 80};
    const struct last_screen all = {.all = true, .n_commands = 99};
    struct screen screen;
    struct buffer text;

    (void)state;
    facts_healthy(&seen);
    situation_find("endpoint-blocks-443")->make(&seen);
    diagnose(&seen, &judged);
    buffer_init(&text, REPORT_MAX_BYTES);
    screen_init(&screen, &style, &text);
    advice_last_screen(&screen, &judged, &all);
    int rows = rows_of(text.bytes, style.columns);
    struct last_screen holds = advice_fitting(&judged, &style, rows);
    assert_true(holds.all && !holds.in_short);
    holds = advice_fitting(&judged, &style, rows - 1);
    assert_false(holds.all && !holds.in_short);
    buffer_clear(&text);
}

/* Everything that fixes is there once: what the last screen has no room for stands above it. */
/* Of the least columns that a screen has. */
static void a_word_that_fits_no_line_has_one_of_its_own(void **state)
{
    const struct style style = {.columns = 40};
    const char *word = "0123456789012345678901234567890123456789";
    struct screen screen;
    struct buffer text;

    (void)state;
    buffer_init(&text, REPORT_MAX_BYTES);
    screen_init(&screen, &style, &text);
    screen_line(&screen, INK_PLAIN, 4, 4, word);
    assert_string_equal(text.bytes, "    0123456789012345678901234567890123456789\n");
    buffer_clear(&text);
}

static void every_command_is_shown(void **state)
{
    const struct style style = {.columns = 80};

    (void)state;
    for (size_t i = 0; situation_at(i); i++) {
        struct buffer text;

        facts_healthy(&seen);
        situation_at(i)->make(&seen);
        diagnose(&seen, &judged);
        write_new(&judged, &style, &text);
        for (int32_t f = 0; f < report_n_causes(&judged); f++)
            for (int32_t c = 0; c < judged.findings[f].n_commands - judged.findings[f].n_afterwards;
                 c++)
                if (!strstr(text.bytes, judged.findings[f].commands[c]))
                    fail_msg("%s: not shown: %s", situation_at(i)->name,
                             judged.findings[f].commands[c]);
        char headline[NAME_SIZE];
        snprintf(headline, sizeof(headline), "\n\n%s ", verdict_row(judged.verdict)->words);
        const char *last = strstr(text.bytes, headline);
        assert_non_null(last);
        if (rows_of(last + 1, style.columns) > 23)
            fail_msg("%s: no screen has room for%s", situation_at(i)->name, last);
        buffer_clear(&text);
    }
}

/* Two causes are both in the headline, and a warning is none. */
static void the_headline_has_the_causes(void **state)
{
    (void)state;
    facts_healthy(&seen);
    situation_find("several--dropped-and-group")->make(&seen);
    seen.machine.time_sync = ANSWER_NO;
    SAYS("3 causes",
         "\nNOT READY (2 causes): Port 443 is blocked by a firewall on this machine; ssm:",
         "\n1. local-firewall (ssm): ", "\n2. endpoint-blocks-443 (ssm): ",
         "<- local-firewall, endpoint-blocks-443\n", "warning  time-sync-missing:");

    facts_healthy(&seen);
    situation_find("address-family-blocked--and-a-zone")->make(&seen);
    SAYS("causes)", "\nDEGRADED ", "(2 warnings): ssm: ");
}

/* Each cause once, however many services have it, and none that hides nothing. */
static void what_is_hidden_is_told_by_cause(void **state)
{
    (void)state;
    facts_healthy(&seen);
    break_connect(&seen, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 2200);
    break_connect(&seen, SERVICE_SSMMESSAGES, ALL_ADDRESSES, FAILURE_TIMEOUT, 2200);
    seen.plan.services[SERVICE_EC2MESSAGES].need = NEED_REQUIRED;
    break_tls(&seen, SERVICE_EC2MESSAGES, ALL_ADDRESSES, FAILURE_RESET);
    SAYS("of ec2messages, ",
         "  Hidden until endpoint-blocks-443 is fixed: tls, http, authorize of ssm,\n"
         "    ssmmessages\n"
         "  Hidden until tls-reset is fixed: http, authorize of ec2messages\n");
}

/* The rung that fails points to its finding, in a terminal of either kind. */
static void a_failed_rung_points_to_its_finding(void **state)
{
    const struct style style = {.columns = 80, .unicode = true};
    struct buffer text;

    (void)state;
    facts_healthy(&seen);
    situation_find("endpoint-blocks-443")->make(&seen);
    SAYS("<- endpoint-blocks-443, ", "FAIL connect 2.0 s <- endpoint-blocks-443\n");
    write_new(&judged, &style, &text);
    assert_non_null(
        strstr(text.bytes, "\xe2\x9c\x97 connect 2.0 s \xe2\x97\x84 endpoint-blocks-443\n"));
    buffer_clear(&text);

    facts_healthy(&seen); /* two rungs of one ladder point once */
    situation_find("dns-bypasses-vpc")->make(&seen);
    SAYS("private <- ", "  warn private  FAIL connect 2.0 s <- dns-bypasses-vpc\n",
         " 169.254.169.253  A     ok   10.0.1.21 (Amazon's resolver)\n");
}

/* Below a rung stands what it is made of, but for what was not tried or is as it should be. */
static void what_a_rung_is_made_of_stands_below_it(void **state)
{
    (void)state;
    facts_healthy(&seen);
    situation_find("address-family-blocked")->make(&seen);
    memset(seen.endpoints[SERVICE_SSM].addresses[1].steps, 0, sizeof(struct step) * N_RUNGS);
    SAYS("10.0.2.21  ", "2600:1f18:1:1::21  own subnet  FAIL no answer, 3.5 s\n");
    facts_healthy(&seen);
    situation_find("policy-incomplete--parameters")->make(&seen);
    SAYS("ssm:DescribeAssociation ", "FAIL ssm:GetParameter denied: no policy allows it\n",
         "FAIL ssm:GetParameters denied: ");
}

/* What only probably is so is not told as a fact, and a fact not as a guess. */
static void a_title_says_how_sure_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; situation_at(i); i++) {
        facts_healthy(&seen);
        situation_at(i)->make(&seen);
        diagnose(&seen, &judged);
        for (int32_t f = 0; f < judged.n_findings; f++) {
            const struct finding *finding = &judged.findings[f];
            const bool hedged = strstr(finding->title, "probably ") ||
                                strstr(finding->title, "perhaps ") ||
                                strstr(finding->title, "no known cause");
            if (finding->severity != SEVERITY_NOTE &&
                hedged != (finding->confidence != CONFIDENCE_CERTAIN))
                fail_msg("%s: %s: %s", situation_at(i)->name, confidence_name(finding->confidence),
                         finding->title);
        }
    }
}

/* Causes, their blocks, and how they end stand in the order in which they are to be run. */
static void two_faults_are_mended_in_order(void **state)
{
    static const char *const order[] = {
        "\n# 1. endpoint-blocks-443: ",  "\nSG=$(aws ",
        "\naws ec2 authorize-",          "\n# 2. policy-missing: ",
        "\naws iam attach-role-policy ", "\n# Then: sudo systemctl restart",
        "\n# aws ec2 reboot-instances "};
    struct buffer text;

    (void)state;
    facts_healthy(&seen);
    situation_find("several--policy-and-group")->make(&seen);
    diagnose(&seen, &judged);
    buffer_init(&text, REPORT_MAX_BYTES);
    commands_write(&judged, NULL, &text);
    const char *at = text.bytes;
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        at = strstr(at, order[i]);
        if (!at)
            fail_msg("not there, or not in its order: %s\n%s", order[i], text.bytes);
    }
    assert_int_equal(count(text.bytes, "Then: "), 1);
    buffer_clear(&text);

    facts_healthy(&seen); /* what only warns is no part of the script, and the script has an end */
    situation_find("local-firewall--dropped")->make(&seen);
    seen.machine.time_sync = ANSWER_NO;
    diagnose(&seen, &judged);
    assert_string_equal(judged.findings[1].code, "time-sync-missing");
    buffer_init(&text, REPORT_MAX_BYTES);
    commands_write(&judged, NULL, &text);
    assert_non_null(strstr(text.bytes, "inet filter output"));
    assert_non_null(strstr(text.bytes, "\nfix_by_user_data() {\n# User data runs the commands "));
    assert_non_null(strstr(text.bytes, "\n# Then: "));
    assert_null(strstr(text.bytes, "chrony"));
    buffer_clear(&text);

    facts_healthy(&seen);
    situation_find("imds-blocked-locally")->make(&seen);
    seen.machine.asset_tag[0] = '\0'; /* whose user data it is nobody knows */
    diagnose(&seen, &judged);
    buffer_init(&text, REPORT_MAX_BYTES);
    commands_write(&judged, NULL, &text);
    assert_null(strstr(text.bytes, "fix_by_user_data"));
    buffer_clear(&text);
}

/* By user data with nobody there: what only looks, is commented out or must be filled in is nothing for it. */
static void user_data_is_offered_where_it_changes_something(void **state)
{
    static const struct {
        const char *note, *command;
        bool offered;
    } rows[] = {
        {"", "sudo sysctl -p", true},
        {"where it is full", "[ -d / ] && sudo mount /", true},
        {"", "ip route", false},
        {"look", "sudo nft list ruleset", false},
        {"look first", "sudo nft list ruleset", false},
        {"in an editor", "# sudo -e /etc/fstab", false},
        {"fill this in", "INTERFACE=''", false},
    };

    (void)state;
    facts_healthy(&seen);
    situation_find("agent-disabled")->make(&seen);
    diagnose(&seen, &judged);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (int also = 0; also < 2; also++) {
            struct finding *finding = &judged.findings[0];
            struct buffer text, page;

            finding->n_afterwards = 0;
            finding->n_commands = 1 + also;
            finding->inside[0] = finding->inside[1] = true;
            (void)text_set(finding->notes[0], NOTE_SIZE, "%s", rows[i].note);
            (void)text_set(finding->commands[0], COMMAND_SIZE, "%s", rows[i].command);
            (void)text_set(finding->commands[1], COMMAND_SIZE, "sudo mend");
            buffer_init(&text, REPORT_MAX_BYTES);
            buffer_init(&page, REPORT_MAX_BYTES);
            commands_write(&judged, NULL, &text);
            html_no_login(&page, &judged);
            const bool offered = rows[i].offered || (also && !strstr(rows[i].command, "=''"));
            if (!strstr(text.bytes, "fix_by_user_data") == offered ||
                !strstr(page.bytes, "fix.yaml") == offered ||
                strstr(page.bytes, "the commands, a line each"))
                fail_msg("%s: %s\n%s", rows[i].command, text.bytes, page.bytes);
            buffer_clear(&text);
            buffer_clear(&page);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_control_byte_leaves_and_lines_fit),
        cmocka_unit_test(colour_adds_nothing_but_colour),
        cmocka_unit_test(ready_is_calm),
        cmocka_unit_test(ready_shows_what_warns),
        cmocka_unit_test(the_fullest_report_is_written),
        cmocka_unit_test(a_full_buffer_fails_without_harm),
        cmocka_unit_test(durations_are_read_at_a_glance),
        cmocka_unit_test(ready_says_what_it_holds_back),
        cmocka_unit_test(unknown_says_what_to_do_next),
        cmocka_unit_test(what_two_findings_share_is_said_once),
        cmocka_unit_test(an_intercepted_handshake_is_no_good_one),
        cmocka_unit_test(long_evidence_leaves_room_for_the_fix),
        cmocka_unit_test(an_address_of_this_machine_is_no_endpoint),
        cmocka_unit_test(every_command_is_shown),
        cmocka_unit_test(what_comes_behind_is_shown),
        cmocka_unit_test(what_is_skipped_for_no_reason_has_none),
        cmocka_unit_test(targets_that_were_not_tried_are_named),
        cmocka_unit_test(all_that_is_allowed_leaves_nothing_untried),
        cmocka_unit_test(a_screen_without_room_holds_nothing_back_of_nothing),
        cmocka_unit_test(a_screen_that_is_just_large_enough_holds_all),
        cmocka_unit_test(a_word_that_fits_no_line_has_one_of_its_own),
        cmocka_unit_test(the_headline_has_the_causes),
        cmocka_unit_test(what_is_hidden_is_told_by_cause),
        cmocka_unit_test(a_failed_rung_points_to_its_finding),
        cmocka_unit_test(what_a_rung_is_made_of_stands_below_it),
        cmocka_unit_test(a_title_says_how_sure_it_is),
        cmocka_unit_test(two_faults_are_mended_in_order),
        cmocka_unit_test(user_data_is_offered_where_it_changes_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
