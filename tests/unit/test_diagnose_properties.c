/* SPDX-License-Identifier: Apache-2.0
 *
 * What holds of every diagnosis, on facts that no machine has seen: healthy ones broken at random,
 * many times over. PREFLIGHT_SEED repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "diagnose/causes.h"
#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "rows.h"
#include "situations.h"

enum { ROUNDS = 5000 };

static struct facts facts;
static struct report report, again;
static uint64_t state_of_random;
static uint64_t seed;

/* splitmix64 (Steele, Lea, Flood 2014): any seed is a good one. */
static uint64_t next_random(void)
{
    uint64_t z = (state_of_random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint32_t below(uint32_t n)
{
    return (uint32_t)(next_random() % n);
}

static bool one_in(uint32_t n)
{
    return below(n) == 0;
}

static void random_step(struct step *step)
{
    memset(step, 0, sizeof(*step));
    step->outcome = (enum outcome)below(4);
    if (step->outcome == OUTCOME_FAILED || step->outcome == OUTCOME_SKIPPED)
        step->failure = (enum failure)below(N_FAILURES);
    step->took_ms = (int32_t)below(4000);
}

/* Longer than its field, with what must not reach a terminal or a shell. */
static void random_text(char *text, size_t size)
{
    static const char *const nasty[] = {"",       "$(reboot)", "a b; c", "\x1b[2J\x07",
                                        "--flag", "%s%n",      "i-0123", "'\"`"};
    switch (below(3)) {
    case 0:
        (void)text_set(text, size, "%s", nasty[below(COUNT_OF(nasty))]);
        break;
    case 1:
        memset(text, 'x', size - 1);
        text[size - 1] = '\0';
        break;
    default:
        break;
    }
}

#define RANDOM_TEXT(field) random_text(field, sizeof(field))

static void random_address(struct address_facts *at)
{
    if (one_in(3))
        random_step(&at->steps[RUNG_CONNECT]);
    if (one_in(3))
        random_step(&at->steps[RUNG_TLS]);
    if (one_in(3))
        random_step(&at->steps[RUNG_HTTP]);
    if (one_in(4))
        at->place = (enum place)below(N_PLACES);
    if (one_in(8))
        at->second_opinion = !at->second_opinion;
    if (one_in(10))
        at->from_hosts_file = true;
    if (one_in(4))
        at->session.trust_by = (enum trust_by)below(TRUST_BY_SYSTEM + 1);
    if (one_in(10))
        RANDOM_TEXT(at->session.issuer);
    if (one_in(10))
        RANDOM_TEXT(at->address);
    at->small_segments = (enum answer)below(3);
}

static void random_endpoint(struct endpoint_facts *endpoint)
{
    if (one_in(6))
        endpoint->n_addresses = (int32_t)below(MAX_ADDRESSES + 1);
    if (one_in(8))
        endpoint->n_answers = (int32_t)below(MAX_ANSWERS + 1);
    if (one_in(8))
        endpoint->n_actions = (int32_t)below(MAX_ACTIONS + 1);
    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        random_address(&endpoint->addresses[i]);
    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        struct dns_answer *answer = &endpoint->answers[i];
        if (one_in(3))
            random_step(&answer->step);
        if (one_in(4))
            answer->asked_as = (enum asked_as)below(ASKED_AMAZON + 1);
        if (one_in(6))
            answer->n_addresses = (int32_t)below(MAX_ADDRESSES + 1);
        answer->rcode = (int32_t)below(7) - 1;
    }
    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        struct action_facts *action = &endpoint->actions[i];
        if (!one_in(3))
            continue;
        action->permission = (enum permission)below(PERMISSION_UNCLEAR + 1);
        action->denied_by = (enum denied_by)below(DENIED_BY_TRUST_POLICY + 1);
        action->failure = (enum failure)below(N_FAILURES);
        RANDOM_TEXT(action->message);
    }
}

static void random_machine(void)
{
    facts.stopped_by = (enum stopped_by)below(3);
    facts.machine.is_ec2 = (enum answer)below(3);
    facts.network.usable_ipv4 = !one_in(4);
    facts.network.usable_ipv6 = one_in(4);
    if (one_in(6))
        facts.network.n_interfaces = (int32_t)below(MAX_INTERFACES + 1);
    facts.resolvers.stub = one_in(4);
    if (one_in(6))
        facts.resolvers.n_configured = 0;
    if (one_in(4))
        random_step(&facts.imds.connect);
    if (one_in(4))
        random_step(&facts.imds.token);
    if (one_in(4))
        random_step(&facts.imds.identity);
    facts.imds.get_answers = (enum answer)below(3);
    if (one_in(4))
        random_step(&facts.role.attached);
    if (one_in(4))
        random_step(&facts.role.credentials);
    facts.role.from = (enum credentials_from)below(3);
    facts.role.dhmc = (enum answer)below(3);
    if (one_in(3))
        facts.clock.n_samples = (int32_t)below(MAX_SAMPLES + 1);
    for (int32_t i = 0; i < facts.clock.n_samples; i++)
        if (one_in(3))
            facts.clock.samples[i].offset_ms = (int64_t)next_random();
    facts.agent.installed = (enum answer)below(3);
    facts.agent.unit_state = (enum unit_state)below(UNIT_ABSENT + 1);
    if (one_in(3))
        random_step(&facts.agent.config);
    RANDOM_TEXT(facts.agent.ca_bundle);
    RANDOM_TEXT(facts.agent.https_proxy);
    RANDOM_TEXT(facts.agent.no_proxy);
    RANDOM_TEXT(facts.agent.version);
}

static void random_names(void)
{
    RANDOM_TEXT(facts.instance.region);
    RANDOM_TEXT(facts.instance.vpc);
    RANDOM_TEXT(facts.instance.id);
    RANDOM_TEXT(facts.instance.security_groups[0]);
    RANDOM_TEXT(facts.role.role);
    RANDOM_TEXT(facts.role.profile_arn);
    RANDOM_TEXT(facts.imds.body_start);
    RANDOM_TEXT(facts.plan.domain);
    for (int i = 0; i < N_SERVICES; i++)
        if (one_in(4))
            RANDOM_TEXT(facts.plan.services[i].host);
}

static void random_facts(void)
{
    const struct situation *situation = NULL;

    facts_healthy(&facts);
    while (!situation)
        situation = situation_at(below(400));
    if (one_in(2))
        situation->make(&facts);
    if (one_in(2))
        random_machine();
    for (int i = 0; i < N_SERVICES; i++)
        if (one_in(2))
            random_endpoint(&facts.endpoints[i]);
    for (int i = 0; i < N_SERVICES; i++)
        if (one_in(4))
            facts.plan.services[i].need = (enum need)below(NEED_REQUIRED + 1);
    facts.plan.private_dns = (enum private_dns)below(3);
    facts.plan.permissions = (enum permissions)below(PERMISSIONS_OFF + 1);
    facts.plan.dhmc = one_in(4);
    facts.plan.agent_optional = one_in(4);
    facts.agent.connected = (enum answer)below(3);
    if (one_in(4))
        /* NOLINTNEXTLINE(misc-redundant-expression) */
        facts.plan.skipped = next_random() & next_random() & next_random();
    if (one_in(2))
        random_names();
}

static void assert_text(const char *what, const char *text, size_t size)
{
    if (!memchr(text, '\0', size))
        fail_msg("seed %llu: %s does not end", (unsigned long long)seed, what);
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            fail_msg("seed %llu: %s holds byte 0x%02x", (unsigned long long)seed, what,
                     (unsigned int)(unsigned char)*text);
}

static void assert_texts(void)
{
    assert_text("summary", report.summary, sizeof(report.summary));
    for (int i = 0; i < N_CHECKS; i++)
        assert_text("check", report.checks[i].summary, LINE_SIZE);
    for (int32_t i = 0; i < report.n_findings; i++) {
        const struct finding *finding = &report.findings[i];
        assert_text("title", finding->title, TITLE_SIZE);
        assert_text("remedy", finding->remedy, REMEDY_SIZE);
        for (int32_t j = 0; j < finding->n_evidence; j++)
            assert_text("evidence", finding->evidence[j], LINE_SIZE);
        for (int32_t j = 0; j < finding->n_commands; j++)
            assert_text("command", finding->commands[j], COMMAND_SIZE);
        for (int32_t j = 0; j < finding->n_alternatives; j++)
            assert_text("alternative", finding->alternatives[j].command, COMMAND_SIZE);
    }
}

/* Shell words that only hostile facts could have brought. */
static void assert_harmless(void)
{
    static const char *const hostile[] = {"$(reboot)", "a b; c", "%s%n", "\x1b"};
    for (int32_t i = 0; i < report.n_findings; i++)
        for (int32_t j = 0; j < report.findings[i].n_commands; j++)
            for (size_t k = 0; k < COUNT_OF(hostile); k++)
                if (strstr(report.findings[i].commands[j], hostile[k]))
                    fail_msg("seed %llu: %s", (unsigned long long)seed,
                             report.findings[i].commands[j]);
}

/* A check has one cause, or one for each of the ways in which it fails, or for each of its faults. */
static void assert_not_claimed_twice(int32_t n)
{
    enum way mine = row_of(report.findings[n].code)->way;

    for (int32_t i = 0; i < report.n_findings; i++) {
        enum way other = row_of(report.findings[i].code)->way;
        bool apart = (mine != other || mine == WAY_FAULT) && mine != WAY_WHOLE &&
                     other != WAY_WHOLE;
        if (i != n && (report.findings[i].explains & report.findings[n].explains) && !apart)
            fail_msg("seed %llu: %s explains what %s explains", (unsigned long long)seed,
                     report.findings[n].code, report.findings[i].code);
    }
}

/* What is hidden was not tried, and lies behind something that failed. */
static void assert_hidden(const struct finding *finding)
{
    for (int i = 0; i < N_CHECKS; i++)
        if ((finding->hides & check_bit((enum check)i)) &&
            (!report.checks[i].planned || report.checks[i].status != STATUS_SKIP ||
             finding->explains == 0))
            fail_msg("seed %llu: %s hides %s", (unsigned long long)seed, finding->code,
                     check_name((enum check)i));
}

static void assert_claims(void)
{
    check_set failed = 0, required = 0, explained = 0;

    for (int i = 0; i < N_CHECKS; i++) {
        const struct check_result *check = &report.checks[i];
        if (!check->planned || check->status != STATUS_FAIL)
            continue;
        failed |= check_bit((enum check)i);
        if (check->required)
            required |= check_bit((enum check)i);
    }
    for (int32_t i = 0; i < report.n_findings; i++) {
        const struct finding *finding = &report.findings[i];
        assert_not_claimed_twice(i);
        assert_hidden(finding);
        explained |= finding->explains;
        if (i > 0 && finding->severity > report.findings[i - 1].severity)
            fail_msg("seed %llu: order of severity", (unsigned long long)seed);
        if (finding->severity == SEVERITY_FATAL && !(finding->explains & required) &&
            strcmp(finding->code, "not-ec2") != 0 &&
            strcmp(finding->code, "preflight-trouble") != 0) /* what it explains is unknown */
            fail_msg("seed %llu: %s is fatal for nothing", (unsigned long long)seed, finding->code);
        if (finding->severity == SEVERITY_NOTE && finding->explains != 0)
            fail_msg("seed %llu: note %s explains", (unsigned long long)seed, finding->code);
    }
    for (enum check i = 0; i < N_CHECKS; i++)
        if (report.checks[i].planned && report.checks[i].status == STATUS_WARN)
            failed |= check_bit(i);
    if (failed & ~explained)
        fail_msg("seed %llu: a failed check is not explained", (unsigned long long)seed);
    if (report.verdict == VERDICT_UNKNOWN && strcmp(report.findings[0].code, "not-ec2") != 0 &&
        strcmp(report.findings[0].code, "preflight-trouble") != 0 &&
        !strstr(report.summary, check_name(report_first_lacking(&report))))
        fail_msg("seed %llu: unknown, and not what: %s", (unsigned long long)seed, report.summary);
    if (required && (report.verdict == VERDICT_READY || report.verdict == VERDICT_DEGRADED))
        fail_msg("seed %llu: %s with a failed required check", (unsigned long long)seed,
                 verdict_row(report.verdict)->name);
    if (!required && report.verdict == VERDICT_NOT_READY)
        fail_msg("seed %llu: not ready for nothing", (unsigned long long)seed);
    if (report.verdict == VERDICT_NOT_READY && report.findings[0].severity != SEVERITY_FATAL)
        fail_msg("seed %llu: no root cause", (unsigned long long)seed);
}

static void every_diagnosis_keeps_its_promises(void **state)
{
    const char *given = getenv("PREFLIGHT_SEED");
    uint64_t first = given ? strtoull(given, NULL, 10) : 1;
    (void)state;

    for (uint64_t i = 0; i < (given ? 1 : ROUNDS); i++) {
        seed = first + i;
        if (!given && !share_has(seed))
            continue;
        state_of_random = seed;
        random_facts();
        memset(&report, 0x5a, sizeof(report));
        memset(&again, 0xa5, sizeof(again));
        diagnose(&facts, &report);
        assert_texts();
        assert_claims();
        assert_harmless();
        diagnose(&facts, &again);
        size_t n = offsetof(struct report, findings) +
                   (size_t)report.n_findings * sizeof(report.findings[0]);
        if (memcmp(&report, &again, n) != 0)
            fail_msg("seed %llu: not the same again", (unsigned long long)seed);
    }
}

/* --- leaving something out --- */

/* The required checks that failed or have no answer. */
static check_set bad_checks(void)
{
    check_set set = 0;

    for (enum check i = 0; i < N_CHECKS; i++) {
        const struct check_result *check = &report.checks[i];
        if (report_lacks(check) ||
            (check->planned && check->required && check->status == STATUS_FAIL))
            set |= check_bit(i);
    }
    return set;
}

static check_set checks_of(enum target target)
{
    check_set set = 0;

    for (enum check i = 0; i < N_CHECKS; i++)
        set |= check_target(i) == target ? check_bit(i) : 0;
    return set;
}

static check_set checks_that(enum failure reason)
{
    check_set set = 0;

    for (enum check i = 0; i < N_CHECKS; i++)
        set |= report.checks[i].reason == reason ? check_bit(i) : 0;
    return set;
}

static check_set checks_of_permissions(void)
{
    check_set set = facts.plan.permissions == PERMISSIONS_OFF ? checks_of(TARGET_ROLE) : 0;

    for (enum service i = 0; i < N_SERVICES; i++)
        set |= check_bit(check_of_service(i, RUNG_AUTHORIZE));
    return set;
}

/* What the agent's configuration does to services. */
static check_set config_of_services(void)
{
    enum failure reason = report.checks[CHECK_AGENT_CONFIG].reason;

    return reason == FAILURE_UNTRUSTED || reason == FAILURE_PROXY || reason == FAILURE_PROXY_LOGIN
               ? check_bit(CHECK_AGENT_CONFIG)
               : 0;
}

/* Leaves something out at random. Returns the checks that it is about. */
static check_set leave_out(void)
{
    static const char *const capabilities[] = {"", "sessions", "patch inventory"};
    enum target target = (enum target)below(N_TARGETS);
    enum check check = (enum check)below(N_CHECKS);

    switch (below(5)) {
    case 0:
        facts.plan.skipped |= check_bit(check);
        return check_bit(check);
    case 1:
        (void)text_set(facts.plan.needed_for, sizeof(facts.plan.needed_for), "%s",
                       capabilities[below(3)]);
        return checks_that(FAILURE_DENIED);
    case 2:
        facts.plan.permissions = (enum permissions)below(PERMISSIONS_OFF + 1);
        return checks_of_permissions();
    case 3:
        facts.plan.private_dns = one_in(2) ? PRIVATE_DNS_WARN : PRIVATE_DNS_OFF;
        return checks_that(FAILURE_PUBLIC);
    default:
        break;
    }
    if (target == TARGET_ROLE)
        facts.plan.role_optional = true;
    else if (target == TARGET_CLOCK)
        facts.plan.clock_optional = true;
    else if (target == TARGET_AGENT)
        facts.plan.agent_optional = true;
    else if (target == TARGET_IMDS)
        return 0;
    else if (facts.plan.services[target - TARGET_SSM].need == NEED_REQUIRED) {
        facts.plan.services[target - TARGET_SSM].need = NEED_OPTIONAL;
        return checks_of(target) | config_of_services();
    }
    return checks_of(target);
}

static bool comes_up(void)
{
    return report.verdict == VERDICT_READY || report.verdict == VERDICT_DEGRADED;
}

/* Ready only where all that was wrong is what was left out. */
static void leaving_out_makes_nothing_ready(void **state)
{
    int n = 0, n_bad = 0, n_made_ready = 0;
    (void)state;

    for (seed = 1; seed <= ROUNDS; seed++) {
        const struct situation *situation = NULL;
        if (!share_has(seed))
            continue;
        n++;
        state_of_random = seed;
        random_facts();
        if (one_in(2)) { /* one thing is wrong, and may be left out */
            facts_healthy(&facts);
            while (!situation)
                situation = situation_at(below(400));
            situation->make(&facts);
        }
        if (one_in(2))
            (void)text_set(facts.plan.needed_for, sizeof(facts.plan.needed_for), "core");
        diagnose(&facts, &report);
        check_set bad = bad_checks();
        if (comes_up())
            continue;
        n_bad++;
        check_set about = leave_out();
        for (uint32_t more = below(3); more > 0; more--)
            about |= leave_out();
        diagnose(&facts, &report);
        n_made_ready += comes_up();
        if (comes_up() && (bad & ~about))
            fail_msg("seed %llu: %s, and not all that was wrong was left out",
                     (unsigned long long)seed, report.summary);
    }
    assert_true(n_bad > n / 4 && n_made_ready > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_diagnosis_keeps_its_promises),
        cmocka_unit_test(leaving_out_makes_nothing_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
