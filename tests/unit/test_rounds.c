/* SPDX-License-Identifier: Apache-2.0
 *
 * When `check` asks again: only after answers that say "later", three times in all, in time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rounds.h"

static struct report report;

static void fail_with(enum failure reason, bool required)
{
    memset(&report, 0, sizeof(report));
    report.checks[CHECK_IMDS_TOKEN] = (struct check_result){.check = CHECK_IMDS_TOKEN,
                                                            .planned = true,
                                                            .required = required,
                                                            .status = STATUS_FAIL,
                                                            .reason = reason};
}

static void answers_that_say_later_are_asked_again(void **state)
{
    static const struct {
        enum failure reason;
        bool again;
    } rows[] = {{FAILURE_THROTTLED, true},  {FAILURE_SERVER_ERROR, true}, {FAILURE_SERVFAIL, true},
                {FAILURE_TIMEOUT, false},   {FAILURE_REFUSED, false},     {FAILURE_DENIED, false},
                {FAILURE_NOT_FOUND, false}, {FAILURE_NXDOMAIN, false}};
    (void)state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fail_with(rows[i].reason, true);
        assert_int_equal(rounds_worth_another(&report), rows[i].again);
    }
    fail_with(FAILURE_THROTTLED, false);
    assert_false(rounds_worth_another(&report));
}

static void an_identity_that_is_not_there_yet_is_asked_again(void **state)
{
    (void)state;
    fail_with(FAILURE_NOT_FOUND, true);
    assert_false(rounds_worth_another(&report)); /* a token path of 404 is no IMDS */
    report.checks[CHECK_IMDS_IDENTITY] = report.checks[CHECK_IMDS_TOKEN];
    assert_true(rounds_worth_another(&report));
}

static void waiting_never_passes_the_deadline(void **state)
{
    struct rounds_state round = {.n_done = 1, .remaining_ms = 50};
    (void)state;

    for (round.n_done = 1; round.n_done < 100; round.n_done++)
        for (uint32_t random = 0; random < 100000; random += 977) {
            round.random = random;
            round.remaining_ms = 50;
            assert_in_range(rounds_wait(&round, false), 1, 50);
            round.remaining_ms = INT64_MAX;
            assert_in_range(rounds_wait(&round, false), 1, ROUND_MAX_WAIT_MS);
            assert_in_range(rounds_wait(&round, true), 1, FOLLOW_MAX_WAIT_MS);
        }
    round.remaining_ms = -5;
    assert_int_equal(rounds_wait(&round, false), 0);
}

static void three_rounds_and_no_more(void **state)
{
    struct rounds_state round = {.n_done = 1, .remaining_ms = 10000, .random = 12345};
    int64_t wait_ms = 0;
    (void)state;

    fail_with(FAILURE_THROTTLED, true);
    assert_true(rounds_next(&report, &round, &wait_ms));
    round.n_done = 2;
    assert_true(rounds_next(&report, &round, &wait_ms));
    round.n_done = 3;
    assert_false(rounds_next(&report, &round, &wait_ms));
}

static void waits_grow_with_full_jitter_and_end_before_the_deadline(void **state)
{
    int64_t wait_ms = 0;
    (void)state;

    fail_with(FAILURE_SERVER_ERROR, true);
    for (uint32_t random = 0; random < 5000; random += 7) {
        struct rounds_state round = {.n_done = 1, .remaining_ms = 10000, .random = random};
        assert_true(rounds_next(&report, &round, &wait_ms));
        assert_in_range(wait_ms, 1, 400);
        round.n_done = 2;
        assert_true(rounds_next(&report, &round, &wait_ms));
        assert_in_range(wait_ms, 1, 800);
    }
    struct rounds_state late = {.n_done = 1, .remaining_ms = 1, .random = 399};
    assert_false(rounds_next(&report, &late, &wait_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_that_say_later_are_asked_again),
        cmocka_unit_test(an_identity_that_is_not_there_yet_is_asked_again),
        cmocka_unit_test(waiting_never_passes_the_deadline),
        cmocka_unit_test(three_rounds_and_no_more),
        cmocka_unit_test(waits_grow_with_full_jitter_and_end_before_the_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
