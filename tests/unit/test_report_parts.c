/* SPDX-License-Identifier: Apache-2.0
 *
 * A report made by hand, which has of every part one that is there, one that is not, and something behind it: what
 * each output makes of it, to be read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "facts_builder.h"
#include "golden.h"
#include "report/recorded.h"
#include "report/report.h"
#include "report/screen.h"
#include "report/systemd.h"
#include "report_builder.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)

static struct finding *add_finding(struct report *report, const char *code, enum severity severity,
                                   enum target target)
{
    struct finding *finding = &report->findings[report->n_findings++];

    *finding = (struct finding){
        .severity = severity, .confidence = CONFIDENCE_LIKELY, .target = target};
    SET(finding->code, "%s", code);
    SET(finding->title, "the title of %s", code);
    SET(finding->remedy, "Mend %s. It takes a while.", code);
    return finding;
}

static void add_command(struct finding *finding, const char *command, bool inside, const char *note)
{
    SET(finding->commands[finding->n_commands], "%s", command);
    SET(finding->notes[finding->n_commands], "%s", note);
    finding->inside[finding->n_commands++] = inside;
}

static void add_afterwards(struct finding *finding, const char *command, bool inside,
                           const char *note)
{
    SET(finding->afterwards, "Then: %s.", inside ? command : "restart it");
    add_command(finding, command, inside, note);
    finding->n_afterwards++;
}

static void add_alternative(struct finding *finding, const char *code, const char *command)
{
    struct alternative *other = &finding->alternatives[finding->n_alternatives++];

    SET(other->code, "%s", code);
    SET(other->command, "%s", command);
}

static void add_evidence(struct finding *finding, int n)
{
    for (int i = 0; i < n; i++)
        SET(finding->evidence[finding->n_evidence++], "seen: %s %d", finding->code, i + 1);
}

/* Three of one code, of which two say the same; one whose commands are for the instance first; one without any. */
static void add_causes(struct report *report)
{
    struct finding *finding = NULL;

    for (enum target i = TARGET_SSM; i < TARGET_SSM + 3; i++) {
        finding = add_finding(report, "cause-a", SEVERITY_FATAL, i);
        finding->explains = check_bit(
            check_of_service((enum service)(i - TARGET_SSM), RUNG_CONNECT));
        add_command(finding, "aws first", false, "look before");
        add_command(finding, i == TARGET_SSM + 2 ? "aws other" : "aws second", false, "");
        add_evidence(finding, i == TARGET_SSM ? 5 : i == TARGET_SSM + 1 ? 4 : 0);
    }
    /* and the second one a rung below, which is said of the upper one alone */
    report->findings[1].explains |= check_bit(check_of_service(SERVICE_SSMMESSAGES, RUNG_RESOLVE));
    finding = &report->findings[0];
    finding->confidence = CONFIDENCE_CERTAIN;
    add_alternative(finding, "told-by-fix", "aws first");
    add_alternative(finding, "told-by-none", "");
    add_alternative(finding, "told-too", "aws second");
    add_alternative(finding, "told-by-its-own", "aws tell --apart");
    finding->hides = check_bit(check_of_service(SERVICE_SSM, RUNG_AUTHORIZE));
    report->findings[2].hides = check_bit(check_of_service(SERVICE_EC2MESSAGES, RUNG_HTTP)) |
                                check_bit(check_of_service(SERVICE_EC2MESSAGES, RUNG_AUTHORIZE));
    report->findings[1].hides = check_bit(check_of_service(SERVICE_SSMMESSAGES, RUNG_AUTHORIZE));
    finding = add_finding(report, "cause-b", SEVERITY_FATAL, N_TARGETS);
    finding->explains = check_bit(CHECK_ROLE_CREDENTIALS) | check_bit(CHECK_AGENT_CONFIG);
    finding->hides = check_bit(CHECK_CLOCK_SKEW);
    add_evidence(finding, 1);
    add_command(finding, "sudo mend", true, "as root");
    add_command(finding, "aws mend", false, "");
    add_command(finding, "sudo look", true, "");
    add_afterwards(finding, "sudo restart", true, "");
    add_afterwards(finding, "aws reboot", false, "without a login, a reboot");
    finding = add_finding(report, "cause-c", SEVERITY_FATAL, TARGET_AGENT);
    finding->confidence = CONFIDENCE_POSSIBLE;
    add_afterwards(finding, "sudo restart", true, "");
}

/* What is no cause, before and behind a note. */
static void add_others(struct report *report)
{
    struct finding *finding = add_finding(report, "warn-a", SEVERITY_WARNING, TARGET_SSM);

    finding->explains = check_bit(check_of_service(SERVICE_SSM, RUNG_RESOLVE));
    add_evidence(finding, 2);
    add_command(finding, "sudo warn", true, "");
    add_afterwards(finding, "sudo restart", true, "");
    add_alternative(finding, "warn-or", "aws warn");
    finding = add_finding(report, "note-a", SEVERITY_NOTE, N_TARGETS);
    add_evidence(finding, 1);
    add_command(finding, "aws never", false, "");
    finding = add_finding(report, "warn-b", SEVERITY_WARNING, N_TARGETS);
    finding->remedy[0] = '\0';
    SET(finding->afterwards, "Then: look again.");
    (void)add_finding(report, "note-b", SEVERITY_NOTE, TARGET_CLOCK);
}

static void set_check(struct report *report, enum check check, enum status status,
                      enum failure reason, int32_t ms)
{
    report->checks[check].status = status;
    report->checks[check].reason = reason;
    report->checks[check].duration_ms = ms;
    SET(report->checks[check].summary, "what %s came to", check_name(check));
}

static void set_checks(struct report *report)
{
    static const enum service services[] = {SERVICE_SSM, SERVICE_SSMMESSAGES, SERVICE_EC2MESSAGES};

    for (enum check i = 0; i < N_CHECKS; i++)
        set_check(report, i, STATUS_PASS, FAILURE_NONE, (int32_t)i % 3 * 100);
    set_check(report, CHECK_ROLE_CREDENTIALS, STATUS_FAIL, FAILURE_ABSENT, 0);
    set_check(report, CHECK_CLOCK_SKEW, STATUS_SKIP, FAILURE_BELOW, 0);
    set_check(report, CHECK_AGENT_CONFIG, STATUS_WARN, FAILURE_ABSENT, 1);
    set_check(report, CHECK_AGENT_ENABLED, STATUS_SKIP, FAILURE_NOT_WANTED, 0);
    set_check(report, CHECK_AGENT_STATE, STATUS_UNKNOWN, FAILURE_INTERNAL, 0);
    for (size_t i = 0; i < COUNT_OF(services); i++) {
        set_check(report, check_of_service(services[i], RUNG_CONNECT), STATUS_FAIL, FAILURE_TIMEOUT,
                  2000);
        for (enum rung rung = RUNG_TLS; rung <= RUNG_AUTHORIZE; rung++)
            set_check(report, check_of_service(services[i], rung), STATUS_SKIP, FAILURE_BELOW, 0);
    }
    set_check(report, check_of_service(SERVICE_SSM, RUNG_RESOLVE), STATUS_WARN, FAILURE_TIMEOUT,
              1500);
    set_check(report, check_of_service(SERVICE_SSM, RUNG_PRIVATE), STATUS_WARN, FAILURE_TIMEOUT, 0);
    set_check(report, check_of_service(SERVICE_SSM, RUNG_TLS), STATUS_FAIL, FAILURE_RESET, 1);
    set_check(report, check_of_service(SERVICE_SSM, RUNG_AUTHORIZE), STATUS_FAIL, FAILURE_DENIED,
              99);
    set_check(report, check_of_service(SERVICE_SSMMESSAGES, RUNG_RESOLVE), STATUS_WARN,
              FAILURE_TIMEOUT, 101);
    set_check(report, check_of_service(SERVICE_SSMMESSAGES, RUNG_AUTHORIZE), STATUS_WARN,
              FAILURE_DENIED, 0);
}

static void set_answers(struct endpoint_facts *endpoint)
{
    static const enum asked_as asked[] = {ASKED_CONFIGURED, ASKED_UPSTREAM, ASKED_AMAZON,
                                          ASKED_PLAIN};

    endpoint->n_answers = 0;
    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        struct dns_answer *answer = add_answer(endpoint, i ? "10.0.0.53" : "10.2", asked[i],
                                               i % 2 ? FAMILY_IPV6 : FAMILY_IPV4);
        step_fail(&answer->step, i == 1 ? FAILURE_NODATA : FAILURE_TIMEOUT, 499 + (int32_t)i);
    }
}

static void set_actions(struct endpoint_facts *endpoint)
{
    endpoint->n_actions = 20;
    for (int i = 0; i < endpoint->n_actions; i++) {
        struct action_facts *action = &endpoint->actions[i];

        *action = (struct action_facts){.permission = (enum permission)(i % 4),
                                        .denied_by = DENIED_BY_BOUNDARY,
                                        .failure = FAILURE_TIMEOUT};
        SET(action->action, "ssm:Act%d", i);
        SET(action->why_not, "%s", i % 8 == 4 ? "as it acts" : "");
    }
}

/* Of each kind of address one, tried as far as it goes. */
static void set_addresses(struct facts *facts)
{
    struct endpoint_facts *endpoint = &facts->endpoints[SERVICE_SSM];

    endpoint->n_addresses = N_PLACES;
    for (int i = 0; i < N_PLACES; i++) {
        struct address_facts *address = &endpoint->addresses[i];

        *address = (struct address_facts){.port = 0};
        healthy_address(facts, SERVICE_SSM, address);
        address->place = (enum place)i;
        SET(address->address, "10.0.%d.1", i * 20);
        for (int rung = RUNG_CONNECT; rung < N_RUNGS; rung++)
            if (rung > RUNG_CONNECT + i - 1)
                address->steps[rung] = (struct step){.outcome = OUTCOME_UNTRIED};
        if (i == 2)
            step_fail(&address->steps[RUNG_CONNECT], FAILURE_TIMEOUT, 2000);
        if (i == 4)
            step_fail(&address->steps[RUNG_TLS], FAILURE_RESET, 7);
        SET(address->steps[RUNG_TLS].detail, "%s", i == 4 ? "?" : i == 5 ? "seen" : "");
    }
}

static struct filled *fill_parts(void)
{
    struct filled *filled = fill("healthy");
    struct report *report = &filled->report;

    report->verdict = VERDICT_NOT_READY;
    SET(report->summary, "NOT READY: five causes");
    report->n_findings = 0;
    add_causes(report);
    add_others(report);
    set_checks(report);
    set_answers(&filled->facts.endpoints[SERVICE_SSM]);
    set_addresses(&filled->facts);
    filled->facts.endpoints[SERVICE_SSMMESSAGES].n_answers = 0;
    filled->facts.endpoints[SERVICE_EC2MESSAGES].n_addresses = 0;
    filled->facts.plan.skipped = check_bit(CHECK_AGENT_ENABLED);
    set_actions(&filled->facts.endpoints[SERVICE_SSM]);
    report->permissions = (struct permissions_sum){
        .n = 25,
        .allowed = 3,
        .denied = 2,
        .denied_by = {[DENIED_BY_BOUNDARY] = 1, [DENIED_BY_UNSAID] = 1}};
    for (int i = 0; i < N_CAPABILITIES; i++)
        report->permissions.of[i].n = i + 1;
    report->permissions.of[1].denied = 1;
    return filled;
}

/* Without the facts, which are the same in every report. */
static void write_json(const struct report *report, const struct style *style, struct buffer *to)
{
    struct buffer text;

    (void)style;
    buffer_init(&text, REPORT_MAX_BYTES);
    write_json_line(report, &text);
    const char *begin = strstr(text.bytes, "\"verdict\""), *end = strstr(text.bytes, "\"facts\"");
    for (; begin < end; begin++) {
        (void)buffer_add(to, begin, 1);
        if (*begin == '}' || (*begin == ']' && begin[-1] != '['))
            (void)buffer_add_text(to, "\n");
    }
    buffer_clear(&text);
}

/* The page without its style, its report and its text for those without a login. */
static void write_page(const struct report *report, const struct style *style, struct buffer *to)
{
    struct buffer text;

    buffer_init(&text, REPORT_MAX_BYTES);
    html_write(report, style, &text);
    const char *body = strstr(text.bytes, "<body>"),
               *login = strstr(body, "<h2>The instance has no login"),
               *checks = strstr(body, "<h2>Checks"), *end = strstr(body, "<script type");
    (void)buffer_add(to, body, (size_t)((login ? login : checks) - body));
    (void)buffer_add(to, checks, (size_t)(end - checks));
    buffer_clear(&text);
}

static void write_block(const struct report *report, const struct style *style, struct buffer *to)
{
    struct buffer text;

    buffer_init(&text, REPORT_MAX_BYTES);
    console_write(report, style, &text);
    for (char *line, *rest = text.bytes; (line = text_next(&rest, "\n"));)
        if (!text_starts(line, FOLDED_PREFIX "="))
            (void)buffer_addf(to, "%s\n", line);
    buffer_clear(&text);
}

static void write_live(const struct report *report, const struct style *style, struct buffer *to)
{
    const struct live_moment moment = {.round = 3, .words = "", .remaining_ms = 0};
    struct live live = {.n_lines = 2, .columns = style->columns};

    live_draw(&live, report, &moment, style, to);
    live_erase(&live, to);
    assert_int_equal(live.n_lines, 0);
    live_erase(&live, to);
}

static void write_journal(const struct report *report, const struct style *style, struct buffer *to)
{
    (void)style;
    for (int i = 0; i <= report->n_findings; i++) {
        journal_write(report, i, to);
        (void)buffer_add_text(to, "\n");
    }
}

static void write_metrics(const struct report *report, const struct style *style, struct buffer *to)
{
    prometheus_write(report, style, to);
    *strstr(to->bytes, "ssm_preflight_info{") = '\0';
    to->used = strlen(to->bytes);
}

static const struct {
    const char *golden;
    void (*write)(const struct report *report, const struct style *style, struct buffer *to);
    struct style style;
    int n; /* of the reports, the first ones */
} outputs_of[] = {
    {"parts-terminal.txt", terminal_write, {.columns = 80}, 3},
    {"parts-verbose.txt", terminal_write, {.columns = 70, .verbose = true, .unicode = true}, 1},
    {"parts-live.txt", write_live, {.columns = 80, .rows = 0}, 1},
    {"parts-console.txt", write_block, {0}, 3},
    {"parts-commands.txt", commands_write, {0}, 2},
    {"parts-page.html", write_page, {0}, 2},
    {"parts-junit.xml", junit_write, {0}, 1},
    {"parts-metrics.txt", write_metrics, {0}, 1},
    {"parts-journal.txt", write_journal, {0}, 2},
    {"parts-short.txt", short_write, {0}, 3},
    {"parts-report.json", write_json, {0}, 1},
};

/* Of the whole report, and of what is left of it without its causes, and without its warnings too. */
static void every_part_is_told(void **state)
{
    struct filled *filled = fill_parts();
    const int n_all = filled->report.n_findings;
    struct buffer text, all;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(outputs_of); i++) {
        buffer_init(&all, REPORT_MAX_BYTES);
        for (int left = 0; left < outputs_of[i].n; left++) {
            struct report *report = &filled->report;
            static struct report whole;

            whole = *report;
            if (left > 0) {
                report->n_findings = n_all - 5;
                memmove(report->findings, report->findings + 5, 4 * sizeof(report->findings[0]));
                report->verdict = VERDICT_DEGRADED;
            }
            if (left == 2) {
                report->n_findings = 1;
                report->findings[0] = report->findings[3];
                report->verdict = VERDICT_READY;
            }
            buffer_init(&text, REPORT_MAX_BYTES);
            outputs_of[i].write(report, &outputs_of[i].style, &text);
            assert_false(text.failed);
            (void)buffer_addf(&all, "--- %s\n", verdict_row(report->verdict)->name);
            (void)buffer_add(&all, text.bytes, text.used);
            buffer_clear(&text);
            *report = whole;
        }
        assert_golden(outputs_of[i].golden, all.bytes, all.used);
        buffer_clear(&all);
    }
    free(filled);
}

/* A finding of each severity, and three checks, in which every text is this one. */
static struct filled *fill_texts(const char *text)
{
    static const enum check of_text[] = {CHECK_ROLE_ATTACHED, CHECK_AGENT_INSTALLED,
                                         CHECK_AGENT_CONFIG};
    static const enum check of_none[] = {CHECK_ROLE_ATTACHED, CHECK_IMDS_TOKEN, CHECK_CLOCK_SKEW};
    const enum check *planned = text[0] ? of_text : of_none;
    struct filled *filled = fill("healthy");
    struct instance_facts *instance = &filled->facts.instance;
    struct report *report = &filled->report;

    report->n_findings = 0;
    report->verdict = VERDICT_NOT_READY;
    for (int i = SEVERITY_FATAL; i >= SEVERITY_NOTE; i--) {
        struct finding *finding = add_finding(report, text, (enum severity)i, N_TARGETS);

        SET(finding->title, "%s", text);
        SET(finding->remedy, "%s", text);
        add_command(finding, text, i == SEVERITY_WARNING, text);
        add_afterwards(finding, text, i == SEVERITY_FATAL, text);
        add_afterwards(finding, text, i != SEVERITY_FATAL, text);
        SET(finding->afterwards, "%s", text);
        add_alternative(finding, text, text[0] ? "?" : "");
        SET(finding->evidence[finding->n_evidence++], "%s", text);
        finding->explains = check_bit(CHECK_AGENT_CONFIG);
        finding->hides = check_bit(CHECK_AGENT_STATE);
    }
    for (enum check i = 0; i < N_CHECKS; i++)
        report->checks[i].planned = false;
    for (size_t i = 0; i < COUNT_OF(of_text); i++) {
        set_check(report, planned[i], i ? STATUS_FAIL : STATUS_PASS, FAILURE_NONE, 1);
        report->checks[planned[i]].planned = true;
        SET(report->checks[planned[i]].summary, "%s", text);
    }
    SET(report->summary, "%s", text);
    SET(instance->id, "%s", text);
    SET(instance->region, "%s", text);
    SET(instance->availability_zone, "%s", text);
    SET(instance->vpc, "%s", text);
    SET(instance->subnet, "%s", text);
    SET(instance->image, "%s", text);
    SET(instance->private_ipv4, "%s", text);
    SET(filled->facts.role.role, "%s", text);
    SET(filled->facts.plan.region, "%s", text);
    SET(filled->facts.machine.asset_tag, "%s", text);
    SET(filled->facts.agent.version, "%s", text);
    return filled;
}

/* One letter is a text, and none is none. */
static void a_text_may_be_short_or_empty(void **state)
{
    static const char *const texts[] = {"x", ""};
    struct buffer text, all;

    (void)state;
    buffer_init(&all, REPORT_MAX_BYTES);
    for (size_t t = 0; t < COUNT_OF(texts); t++)
        for (size_t i = 0; i < COUNT_OF(outputs_of); i++) {
            struct filled *filled = fill_texts(texts[t]);

            buffer_init(&text, REPORT_MAX_BYTES);
            outputs_of[i].write(&filled->report, &outputs_of[i].style, &text);
            assert_false(text.failed);
            (void)buffer_addf(&all, "--- %s: \"%s\"\n", outputs_of[i].golden, texts[t]);
            (void)buffer_add(&all, text.bytes, text.used);
            buffer_clear(&text);
            free(filled);
        }
    assert_golden("parts-texts.txt", all.bytes, all.used);
    buffer_clear(&all);
}

/* The page for those without a login, of a known instance, and of none. */
static void the_page_without_a_login_is_whole(void **state)
{
    struct filled *filled = fill_parts();
    struct buffer all;

    (void)state;
    buffer_init(&all, REPORT_MAX_BYTES);
    html_no_login(&all, &filled->report);
    (void)buffer_add_text(&all, "---\n");
    html_no_login(&all, NULL);
    assert_golden("no-login.html", all.bytes, all.used);
    buffer_clear(&all);
    free(filled);
}

/* So many causes with so many commands each, of which the last one ends with a reboot; and a warning behind them. */
static struct filled *fill_causes(int n, int n_commands)
{
    struct filled *filled = fill("healthy");
    struct report *report = &filled->report;
    char text[NAME_SIZE];

    report->n_findings = 0;
    report->verdict = VERDICT_NOT_READY;
    for (int i = 0; i < n; i++) {
        SET(text, "cause-%d", i + 1);
        struct finding *finding = add_finding(report, text, SEVERITY_FATAL, N_TARGETS);
        for (int c = 0; c < n_commands; c++) {
            SET(text, "aws %d %d", i + 1, c + 1);
            add_command(finding, text, false, "");
        }
    }
    add_afterwards(&report->findings[n - 1], "sudo restart", true, "");
    add_afterwards(&report->findings[n - 1], "aws reboot", false, "look first");
    struct finding *warning = add_finding(report, "warn", SEVERITY_WARNING, N_TARGETS);
    add_command(warning, "aws warn", false, "");
    add_command(warning, "aws warn again", false, "");
    return filled;
}

static int count(const char *text, const char *part)
{
    int n = 0;

    for (; (text = strstr(text, part)); text++)
        n++;
    return n;
}

/* Which commands the last rows hold, and whether the reboot has a row: of more and more causes, and of fewer rows. */
static void what_the_last_screen_holds(void **state)
{
    struct buffer all, text;

    (void)state;
    buffer_init(&all, REPORT_MAX_BYTES);
    for (int n_commands = 0; n_commands < 4; n_commands++)
        for (int n = 1; n < 23; n++) {
            struct filled *filled = fill_causes(n, n_commands);
            const struct style style = {.columns = 80};

            (void)buffer_addf(&all, "%d causes of %d commands:", n, n_commands);
            buffer_init(&text, REPORT_MAX_BYTES);
            write_block(&filled->report, &style, &text);
            const char *verdict = strstr(strstr(text.bytes, "NOT READY") + 1, ": NOT READY");
            (void)buffer_addf(&all, " console %d lines %d commands%s%s%s", count(verdict, "\n"),
                              count(verdict, ": aws "), strstr(verdict, "reboot") ? " reboot" : "",
                              strstr(verdict, "no-login") ? " no-login" : "",
                              strstr(verdict, " cut. ") ? " cut" : "");
            buffer_clear(&text);
            for (int rows = 22; rows > 1; rows -= rows > 10 ? 5 : 1) {
                const struct last_screen holds = advice_fitting(&filled->report, &style, rows);
                (void)buffer_addf(&all, "; %d rows %d%s%s", rows, holds.n_commands,
                                  holds.all ? " all" : "", holds.in_short ? " in short" : "");
            }
            (void)buffer_add_text(&all, "\n");
            free(filled);
        }
    assert_golden("last-screen.txt", all.bytes, all.used);
    buffer_clear(&all);
}

/* With more and more room, of causes of which some have no commands, or say the same. */
static void more_rows_hold_more_commands(void **state)
{
    const struct style style = {.columns = 60};
    struct filled *filled = fill_parts();
    struct buffer all;
    struct screen screen;

    (void)state;
    buffer_init(&all, REPORT_MAX_BYTES);
    for (int n = 0; n < 9; n++) {
        const struct last_screen holds = {.n_commands = n, .in_short = n % 2};

        (void)buffer_addf(&all, "--- %d\n", n);
        screen_init(&screen, &style, &all);
        advice_last_screen(&screen, &filled->report, &holds);
    }
    assert_golden("last-commands.txt", all.bytes, all.used);
    buffer_clear(&all);
    free(filled);
}

/* Who intercepts TLS keeps the role from being proven; the agent may register all the same. */
static void a_role_that_is_not_proven_is_said(void **state)
{
    struct filled *filled = fill("tls-intercepted");
    struct report *report = &filled->report;
    (void)state;

    report->checks[check_of_service(SERVICE_SSM, RUNG_TLS)].reason = FAILURE_INTERCEPTED;
    report->checks[check_of_service(SERVICE_SSM, RUNG_AUTHORIZE)].status = STATUS_SKIP;
    for (enum verdict verdict = VERDICT_DEGRADED; verdict <= VERDICT_NOT_READY; verdict++) {
        struct buffer text;
        buffer_init(&text, REPORT_MAX_BYTES);
        report->verdict = verdict;
        short_write(report, &(struct style){0}, &text);
        bool is_told = strstr(text.bytes, "role not proven");
        assert_true(is_told == (verdict == VERDICT_DEGRADED));
        buffer_clear(&text);
    }
    free(filled);
}

/* Nothing was to be proven, and nothing is said of it. */
static void permissions_that_were_left_out_are_not_told(void **state)
{
    struct filled *filled = fill("healthy");
    struct buffer text;
    (void)state;

    memset(&filled->report.permissions, 0, sizeof(filled->report.permissions));
    filled->facts.plan.permissions = PERMISSIONS_OFF;
    buffer_init(&text, REPORT_MAX_BYTES);
    terminal_write(&filled->report, &(struct style){.columns = 80, .verbose = true}, &text);
    assert_null(strstr(text.bytes, "Proven:"));
    buffer_clear(&text);
    free(filled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_is_told),
        cmocka_unit_test(a_text_may_be_short_or_empty),
        cmocka_unit_test(the_page_without_a_login_is_whole),
        cmocka_unit_test(what_the_last_screen_holds),
        cmocka_unit_test(more_rows_hold_more_commands),
        cmocka_unit_test(a_role_that_is_not_proven_is_said),
        cmocka_unit_test(permissions_that_were_left_out_are_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
