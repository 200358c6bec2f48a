/* SPDX-License-Identifier: Apache-2.0
 *
 * Every value of every enum has a name, its own, and is found by it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "model/names.h"
#include "model/report.h"

static const struct {
    const struct names *names;
    unsigned int n; /* the last value and one */
} all[] = {
    {&outcome_names, OUTCOME_SKIPPED + 1},
    {&failure_names, N_FAILURES},
    {&answer_names, ANSWER_YES + 1},
    {&stopped_by_names, STOPPED_BY_SIGNAL + 1},
    {&credentials_from_names, CREDENTIALS_DEFAULT_HOST_MANAGEMENT + 1},
    {&place_names, N_PLACES},
    {&permission_names, PERMISSION_UNCLEAR + 1},
    {&denied_by_names, DENIED_BY_TRUST_POLICY + 1},
    {&agent_package_names, AGENT_PACKAGE_SNAP + 1},
    {&unit_state_names, UNIT_ABSENT + 1},
    {&need_names, NEED_REQUIRED + 1},
    {&source_names, SOURCE_PARTITION + 1},
    {&private_dns_names, PRIVATE_DNS_OFF + 1},
    {&permissions_names, PERMISSIONS_OFF + 1},
    {&family_names, FAMILY_IPV6 + 1},
    {&asked_as_names, ASKED_PLAIN + 1},
    {&lookup_order_names, LOOKUP_DNS + 1},
    {&trust_by_names, TRUST_BY_SDK + 1},
    {&status_names, STATUS_SKIP + 1},
    {&severity_names, SEVERITY_FATAL + 1},
    {&confidence_names, CONFIDENCE_CERTAIN + 1},
};

static void every_value_has_its_own_name(void **state)
{
    (void)state;
    for (size_t t = 0; t < COUNT_OF(all); t++) {
        assert_int_equal(all[t].names->n, all[t].n);
        for (unsigned int i = 0; i < all[t].n; i++) {
            unsigned int found = ~0U;
            assert_non_null(all[t].names->by_value[i]);
            assert_true(text_only(all[t].names->by_value[i], "-"));
            assert_true(name_find(all[t].names, name_of(all[t].names, i), &found));
            assert_int_equal(found, i);
        }
        assert_string_equal(name_of(all[t].names, all[t].n), "?");
    }
}

/* What a newer program's name is taken for is a value. */
static void every_enum_has_a_value_for_unknown_names(void **state)
{
    (void)state;
    for (size_t t = 0; t < COUNT_OF(all); t++)
        assert_true(all[t].names->otherwise < all[t].n);
}

static void a_name_that_is_none_is_not_found(void **state)
{
    unsigned int value = 42;

    (void)state;
    assert_false(name_find(&failure_names, "time-out", &value));
    assert_false(name_find(&failure_names, "", &value));
    assert_int_equal(value, 42);
}

static void every_failure_has_words(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < N_FAILURES; i++) {
        assert_non_null(failure_words((enum failure)i));
        assert_non_null(failure_name((enum failure)i));
    }
    assert_null(failure_name(N_FAILURES));
}

static void checks_and_their_names_agree(void **state)
{
    check_set seen = 0;

    (void)state;
    for (unsigned int i = 0; i < N_CHECKS; i++) {
        unsigned int found;
        char name[64];
        enum service service;
        enum rung rung;

        assert_true(name_find(&check_names, check_name((enum check)i), &found));
        assert_int_equal(found, i);
        (void)snprintf(name, sizeof(name), "%s.", target_name(check_target((enum check)i)));
        assert_true(text_starts(check_name((enum check)i), name));
        if (check_is_service((enum check)i, &service, &rung)) {
            assert_int_equal(check_of_service(service, rung), i);
            (void)snprintf(name, sizeof(name), "%s.%s", service_name(service), rung_name(rung));
            assert_string_equal(check_name((enum check)i), name);
            assert_true(check_service_bits(service) & check_bit((enum check)i));
        }
        assert_false(seen & check_bit((enum check)i));
        seen |= check_bit((enum check)i);
    }
    assert_int_equal(check_count(seen), N_CHECKS);
    assert_int_equal(check_count((check_set)1 << 100 | 1), 2);
    assert_int_equal(check_bit(N_CHECKS), 0);
    assert_true(check_service_bits(N_SERVICES) == 0);
    assert_false(name_find(&check_names, "ssm.ping", &(unsigned int){0}));
}

static void targets_and_their_names_agree(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < N_TARGETS; i++) {
        unsigned int found;
        assert_true(name_find(&target_names, target_name((enum target)i), &found));
        assert_int_equal(found, i);
    }
    assert_string_equal(target_name(N_TARGETS), "");
    assert_int_equal(target_of_service(SERVICE_LOGS), TARGET_LOGS);
}

static void the_exit_status_is_the_contracts(void **state)
{
    static const struct {
        enum verdict verdict;
        int status, strict;
    } expected[] = {
        {VERDICT_READY, 0, 0},
        {VERDICT_DEGRADED, 0, 1},
        {VERDICT_NOT_READY, 1, 1},
        {VERDICT_UNKNOWN, 3, 3},
    };
    static struct facts facts;
    static struct report report = {.facts = &facts};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        report.verdict = expected[i].verdict;
        assert_int_equal(report_exit_status(&report, false), expected[i].status);
        assert_int_equal(report_exit_status(&report, true), expected[i].strict);
    }
}

static void what_was_left_out_counts_when_strict(void **state)
{
    static struct facts facts;
    static struct report report = {.facts = &facts};

    (void)state;
    report.verdict = VERDICT_READY;
    assert_int_equal(report_exit_status(&report, true), 0);
    facts.plan.skipped = check_bit(CHECK_CLOCK_SKEW);
    report.checks[CHECK_CLOCK_SKEW].reason = FAILURE_NOT_WANTED;
    assert_int_equal(report_exit_status(&report, true), 0); /* not planned */
    report.checks[CHECK_CLOCK_SKEW].planned = true;
    assert_int_equal(report_exit_status(&report, true), 1);
    assert_int_equal(report_exit_status(&report, false), 0);

    report.verdict = VERDICT_UNKNOWN; /* not to be mistaken for an answer */
    assert_int_equal(report_exit_status(&report, true), 3);

    facts.plan.skipped = 0; /* what was not wanted by no option was not left out */
    facts.plan.permissions = PERMISSIONS_OFF;
    for (enum check i = 0; i < N_CHECKS; i++) {
        report.checks[i].planned = true;
        report.checks[i].reason = FAILURE_NOT_WANTED;
    }
    assert_int_equal(check_count(report_left_out(&report)), N_SERVICES + 2);
    facts.plan.permissions = PERMISSIONS_ROLE_ONLY;
    assert_int_equal(check_count(report_left_out(&report)), N_SERVICES);
    facts.plan.permissions = PERMISSIONS_PROBE;
    assert_true(report_left_out(&report) == 0);
}

static void every_verdict_has_a_row(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < N_VERDICTS; i++)
        assert_int_equal(verdict_row((enum verdict)i)->verdict, i);
    assert_int_equal(verdict_row(N_VERDICTS)->verdict, VERDICT_UNKNOWN);
}

static void steps_are_set_whole(void **state)
{
    struct step step = {OUTCOME_FAILED, FAILURE_TIMEOUT, 110, 9, "old"};

    (void)state;
    step_ok(&step, 3);
    assert_int_equal(step.outcome, OUTCOME_OK);
    assert_int_equal(step.failure, FAILURE_NONE);
    assert_int_equal(step.os_error, 0);
    assert_string_equal(step.detail, "");
    step_fail(&step, FAILURE_REFUSED, 4);
    assert_int_equal(step.failure, FAILURE_REFUSED);
    assert_int_equal(step.took_ms, 4);
    step_skip(&step, FAILURE_BELOW);
    assert_int_equal(step.outcome, OUTCOME_SKIPPED);
    assert_int_equal(step.took_ms, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_has_its_own_name),
        cmocka_unit_test(every_enum_has_a_value_for_unknown_names),
        cmocka_unit_test(a_name_that_is_none_is_not_found),
        cmocka_unit_test(every_failure_has_words),
        cmocka_unit_test(checks_and_their_names_agree),
        cmocka_unit_test(targets_and_their_names_agree),
        cmocka_unit_test(the_exit_status_is_the_contracts),
        cmocka_unit_test(what_was_left_out_counts_when_strict),
        cmocka_unit_test(every_verdict_has_a_row),
        cmocka_unit_test(steps_are_set_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
