/* SPDX-License-Identifier: Apache-2.0
 *
 * The small rules of the model at their edges: what an address alone becomes, where an address lies, and
 * which of a finding's commands come next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "facts_builder.h"
#include "model/anonymize.h"
#include "model/place.h"
#include "model/report.h"
#include "model/wire.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)

static struct facts facts;

/* The last of each range and the first beyond it. As few bits stay as say in which range it is. */
static void what_an_address_alone_becomes(void **state)
{
    static const struct {
        const char *from, *to;
    } rows[] = {
        {"0.255.255.255", "0.255.255.255"},
        {"1.0.0.0", "1.0.0.8"},
        {"126.255.255.255", "126.0.0.8"},
        {"127.0.0.1", "127.0.0.1"},
        {"127.255.255.255", "127.255.255.255"},
        {"128.0.0.0", "128.0.0.8"},
        {"169.253.255.255", "169.252.0.8"},
        {"169.254.0.1", "169.254.0.1"},
        {"169.254.255.255", "169.254.255.255"},
        {"169.255.0.0", "169.255.0.8"},
        {"223.255.255.255", "208.0.0.8"},
        {"224.0.0.1", "224.0.0.1"},
        {"255.255.255.255", "255.255.255.255"},
        {"9.255.255.255", "8.0.0.8"},
        {"10.0.0.1", "10.0.0.8"},
        {"10.255.255.255", "10.0.0.8"},
        {"11.0.0.0", "11.0.0.8"},
        {"172.15.255.255", "172.0.0.8"},
        {"172.16.0.1", "172.16.0.8"},
        {"172.31.255.255", "172.16.0.8"},
        {"172.32.0.0", "172.32.0.8"},
        {"192.167.255.255", "192.160.0.8"},
        {"192.168.255.255", "192.168.0.8"},
        {"192.169.0.0", "192.169.0.8"},
        {"100.63.255.255", "100.0.0.8"},
        {"100.64.0.1", "100.64.0.8"},
        {"100.127.255.255", "100.64.0.8"},
        {"100.128.0.0", "100.128.0.8"},
        {"198.17.255.255", "198.16.0.8"},
        {"198.18.0.1", "198.18.0.8"},
        {"198.19.255.255", "198.18.0.8"},
        {"198.20.0.0", "198.20.0.8"},
        {"fd00:ec2::254", "fd00:ec2::254"},
        {"fd00:ec2:ffff:ffff::1", "fd00:ec2:ffff:ffff::1"},
        {"fd00:ec3::1", "fd00:ec3::8"},
        {"fd00:ec1:ffff::1", "fd00:ec0::8"},
        {"fcff::1", "fc01:db8::8"},
        {"fdff:ffff::1", "fd81:db8::8"},
        {"fe00::1", "fe01:db8::8"},
        {"fbff::1", "f801:db8::8"},
        {"fc00::1", "fc01:db8::8"},
        {"fe7f:ffff::1", "fe01:db8::8"},
        {"fe80::1", "fe80::8"},
        {"fe80::ffff:ffff:ffff:ffff", "fe80::8"},
        {"fe80:0:0:1::1", "fe80:0:0:1::8"},
        {"febf:ffff::1", "fea1:db8::8"},
        {"fec0::1", "fec1:db8::8"},
        {"feff:ffff::1", "fec1:db8::8"},
        {"ff00::1", "ff00::1"},
        {"ff02::1", "ff02::1"},
        {"1fff:ffff::1", "1001:db8::8"},
        {"2000::1", "2001:db8::8"},
        {"3fff:ffff::1", "2001:db8::8"},
        {"4000::1", "6001:db8::8"},
        {"::10.255.255.255", "::10.0.0.8"},
        {"::1:10.255.255.255", "::1:0:8"},
        {"::ffff:10.255.255.255", "::ffff:10.0.0.8"},
        {"::fffe:10.255.255.255", "::fffe:0:8"},
        {"64:ff9b::10.255.255.255", "64:ff9b::a00:8"},
        {"64:ff9b::1:10.255.255.255", "64:ff9b::1:0:8"},
        {"64:ff9a:ffff:ffff:ffff:ffff:10.255.255.255", "64:ff9a::8"},
    };
    int n_wrong = 0;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        memset(&facts, 0, sizeof(facts));
        SET(facts.imds.address, "%s", rows[i].from);
        anonymize_facts(&facts);
        if (strcmp(facts.imds.address, rows[i].to) != 0) {
            printf("%s: %s\n", rows[i].from, facts.imds.address);
            n_wrong++;
        }
    }
    assert_int_equal(n_wrong, 0);
}

/* What comes afterwards are the last ones, and those for a shell of the instance are left to the words. */
static void commands_come_one_after_the_other(void **state)
{
    static const struct {
        int32_t n, n_afterwards;
        bool inside[4];
        int outside[4], within[4], after[4]; /* each ends with -1 */
    } rows[] = {
        {0, 0, {0}, {-1}, {-1}, {-1}},
        {1, 0, {false}, {0, -1}, {-1}, {-1}},
        {1, 1, {false}, {-1}, {-1}, {0, -1}},
        {4, 2, {true, false, false, false}, {1, -1}, {0, -1}, {2, 3, -1}},
        {4, 2, {false, true, true, false}, {0, -1}, {1, -1}, {3, -1}},
        {4, 1, {false, true, true, true}, {0, -1}, {1, 2, -1}, {-1}},
        {4, 0, {false, false, true, false}, {0, 1, 3, -1}, {2, -1}, {-1}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        static struct finding finding;
        int32_t n = 0, n_inside = 0;
        finding.n_commands = rows[i].n;
        finding.n_afterwards = rows[i].n_afterwards;
        memcpy(finding.inside, rows[i].inside, sizeof(rows[i].inside));
        for (int at = -1; finding_next(&finding, false, &at); n++)
            assert_int_equal(at, rows[i].outside[n]);
        assert_int_equal(rows[i].outside[n], -1);
        for (int at = -1; finding_next(&finding, true, &at); n_inside++)
            assert_int_equal(at, rows[i].within[n_inside]);
        assert_int_equal(rows[i].within[n_inside], -1);
        assert_int_equal(finding_n_commands(&finding, false), n);
        assert_int_equal(finding_n_commands(&finding, true), n_inside);
        n = 0;
        for (int at = -1; finding_next_afterwards(&finding, &at); n++)
            assert_int_equal(at, rows[i].after[n]);
        assert_int_equal(rows[i].after[n], -1);
    }
    static struct finding finding = {.n_commands = 2};
    SET(finding.commands[0], "one");
    SET(finding.commands[1], "two");
    SET(finding.commands[2], "three");
    assert_true(finding_has_command(&finding, "one"));
    assert_true(finding_has_command(&finding, "two"));
    assert_false(finding_has_command(&finding, "three"));
}

static void what_fits_is_shown_whole_or_not(void **state)
{
    static struct finding finding = {.n_commands = 3};
    static const struct {
        int32_t most;
        bool in_part;
        int32_t shown, left;
    } rows[] = {
        {4, false, 3, 1}, {3, false, 3, 0}, {2, false, 0, 0}, {2, true, 2, 0},
        {0, true, 0, 0},  {0, false, 0, 0}, {4, true, 3, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int32_t most = rows[i].most;
        assert_int_equal(finding_fitting(&finding, false, rows[i].in_part, &most), rows[i].shown);
        assert_int_equal(most, rows[i].left);
    }
}

static void a_status_of_http_is_a_failure(void **state)
{
    static const struct {
        int32_t status;
        enum failure failure;
    } rows[] = {
        {299, FAILURE_HTTP_STATUS},  {300, FAILURE_REDIRECTED},   {399, FAILURE_REDIRECTED},
        {400, FAILURE_BAD_REQUEST},  {401, FAILURE_UNAUTHORIZED}, {402, FAILURE_HTTP_STATUS},
        {403, FAILURE_FORBIDDEN},    {404, FAILURE_NOT_FOUND},    {407, FAILURE_PROXY},
        {429, FAILURE_THROTTLED},    {499, FAILURE_HTTP_STATUS},  {500, FAILURE_SERVER_ERROR},
        {503, FAILURE_SERVER_ERROR}, {0, FAILURE_HTTP_STATUS},    {406, FAILURE_HTTP_STATUS},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(failure_of_status(rows[i].status), rows[i].failure);
}

/* One of each source, while there is room; half the round trip and the grain of a Date is its error. */
static void a_date_is_a_sample(void **state)
{
    static struct clock_facts clock;
    struct http_head head = {.has_date = false, .clock_offset_ms = 7};
    char source[NAME_SIZE];
    (void)state;
    clock_add(&clock, "a", "x", &head, 4000);
    assert_int_equal(clock.n_samples, 0);
    head.has_date = true;
    clock_add(&clock, "a", "x", &head, 4000);
    clock_add(&clock, "a", "y", &head, 6000);
    assert_int_equal(clock.n_samples, 1);
    assert_string_equal(clock.samples[0].address, "x");
    assert_int_equal(clock.samples[0].offset_ms, 7);
    assert_int_equal(clock.samples[0].error_ms, 1002);
    for (int i = 0; i < 2 * MAX_SAMPLES; i++) {
        SET(source, "s%d", i);
        clock_add(&clock, source, "x", &head, 0);
    }
    assert_int_equal(clock.n_samples, MAX_SAMPLES);
    SET(source, "s%d", MAX_SAMPLES - 2);
    assert_string_equal(clock.samples[MAX_SAMPLES - 1].source, source);
}

/* Of one cause or two their titles, of more the codes behind the first. */
static void a_headline_has_every_cause(void **state)
{
    static const struct {
        enum verdict verdict;
        int32_t n, n_of_root; /* findings, and how many of them weigh as much as the first */
        enum target target;
        bool is_open;
        const char *headline;
        enum status agent; /* of its optional check, and of one of ssm's */
    } rows[] = {
        {VERDICT_READY, 0, 0, N_TARGETS, false, ""},
        {VERDICT_NOT_READY, 1, 1, TARGET_ROLE, false, "Title 0"},
        {VERDICT_NOT_READY, 3, 1, TARGET_ROLE, false, "Title 0"},
        {VERDICT_NOT_READY, 3, 2, TARGET_ROLE, false, "(2 causes): Title 0; Title 1"},
        {VERDICT_NOT_READY, 3, 3, TARGET_ROLE, false, "(3 causes): Title 0; code-1; code-2"},
        {VERDICT_DEGRADED, 1, 1, TARGET_ROLE, false, "The SSM agent comes up. Title 0"},
        {VERDICT_DEGRADED, 1, 1, TARGET_AGENT, false, "Title 0"},
        {VERDICT_DEGRADED, 1, 1, TARGET_ROLE, false, "The SSM agent comes up. Title 0",
         STATUS_WARN},
        {VERDICT_DEGRADED, 1, 1, TARGET_ROLE, false, "Optional here: ssm, agent. Title 0",
         STATUS_FAIL},
        {VERDICT_DEGRADED, 2, 2, TARGET_ROLE, false,
         "Optional here: ssm, agent (2 warnings): Title 0; Title 1", STATUS_FAIL},
        {VERDICT_DEGRADED, 2, 2, TARGET_ROLE, false,
         "The SSM agent comes up (2 warnings): Title 0; Title 1"},
        {VERDICT_DEGRADED, 1, 1, TARGET_ROLE, true,
         "The SSM agent comes up if its role permits that. Title 0"},
    };
    static struct report report;
    char headline[HEADLINE_SIZE];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const bool is_fatal = rows[i].verdict == VERDICT_NOT_READY;
        memset(&report, 0, sizeof(report));
        memset(&facts, 0, sizeof(facts));
        report.facts = &facts;
        report.verdict = rows[i].verdict;
        report.n_findings = rows[i].n;
        for (int32_t j = 0; j < rows[i].n; j++) {
            struct finding *finding = &report.findings[j];
            SET(finding->title, "Title %d", (int)j);
            SET(finding->code, "code-%d", (int)j);
            finding->target = rows[i].target;
            finding->severity = j >= rows[i].n_of_root ? SEVERITY_NOTE
                                : is_fatal             ? SEVERITY_FATAL
                                                       : SEVERITY_WARNING;
        }
        for (enum check j = 0; j < N_CHECKS; j++) {
            report.checks[j].check = j;
            report.checks[j].planned = true;
            report.checks[j].status = STATUS_PASS;
        }
        if (rows[i].agent != STATUS_UNKNOWN) {
            report.checks[CHECK_AGENT_INSTALLED].status = rows[i].agent;
            report.checks[check_of_service(SERVICE_SSM, RUNG_CONNECT)].status = rows[i].agent;
            report.checks[check_of_service(SERVICE_EC2MESSAGES, RUNG_CONNECT)].status = STATUS_FAIL;
        }
        if (rows[i].is_open) {
            report.checks[check_of_service(SERVICE_SSM, RUNG_TLS)].reason = FAILURE_INTERCEPTED;
            report.checks[check_of_service(SERVICE_SSM, RUNG_AUTHORIZE)].status = STATUS_SKIP;
        }
        report_headline(&report, headline);
        assert_string_equal(headline, rows[i].headline);
    }
}

/* Where nothing is known of this machine's addresses it is IPv4, which every endpoint has. */
static void a_family_is_used_where_there_is_an_address_of_it(void **state)
{
    (void)state;
    for (int usable = 0; usable < 4; usable++) {
        const struct network_facts network = {.usable_ipv4 = usable & 1, .usable_ipv6 = usable & 2};
        assert_int_equal(network_uses(&network, FAMILY_IPV4), usable != 2);
        assert_int_equal(network_uses(&network, FAMILY_IPV6), usable >= 2);
    }
}

static void the_delay_of_imds_is_the_longer(void **state)
{
    static struct imds_facts imds = {.fastest_ms = 5};
    (void)state;
    assert_int_equal(imds_delay_ms(&imds), 5);
    imds.slowest_ms = 500;
    assert_int_equal(imds_delay_ms(&imds), 500);
    facts_healthy(&facts);
    assert_int_equal(facts_dns_patience_ms(&facts), AGENT_DNS_MS);
    facts.resolvers.timeout_ms = 1;
    assert_int_equal(facts_dns_patience_ms(&facts), 1);
    assert_int_equal(facts_dns_attempts(&facts), AGENT_DNS_TRIES);
    facts.resolvers.attempts = 1;
    assert_int_equal(facts_dns_attempts(&facts), 1);
}

/* Of the alternatives those whose command is one of the fix: none, one, and all. */
static void commands_of_the_fix_tell_alternatives_apart(void **state)
{
    static struct finding finding;
    static const char *const told[] = {"", "a: the commands tell which",
                                       "a, b: the commands tell which"};
    char line[DETAIL_SIZE];
    (void)state;

    finding.n_alternatives = 2;
    SET(finding.alternatives[0].code, "a");
    SET(finding.alternatives[0].command, "aws x");
    SET(finding.alternatives[1].code, "b");
    SET(finding.alternatives[1].command, "aws y");
    SET(finding.commands[0], "aws x");
    SET(finding.commands[1], "aws y");
    for (int i = 0; i < 3; i++) {
        finding.n_commands = i;
        assert_int_equal(finding_told_by_fix(&finding, line, sizeof(line)), i > 0);
        assert_string_equal(line, told[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_address_alone_becomes),
        cmocka_unit_test(commands_come_one_after_the_other),
        cmocka_unit_test(what_fits_is_shown_whole_or_not),
        cmocka_unit_test(a_status_of_http_is_a_failure),
        cmocka_unit_test(a_date_is_a_sample),
        cmocka_unit_test(a_headline_has_every_cause),
        cmocka_unit_test(a_family_is_used_where_there_is_an_address_of_it),
        cmocka_unit_test(the_delay_of_imds_is_the_longer),
        cmocka_unit_test(commands_of_the_fix_tell_alternatives_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
