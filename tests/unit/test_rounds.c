/* SPDX-License-Identifier: Apache-2.0
 *
 * When `check` asks again: only after answers that say "later", four times in all, in time. And when
 * `wait` tells a verdict: not before it is one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "run/rounds.h"

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
    } rows[] = {
        {FAILURE_THROTTLED, true}, {FAILURE_SERVER_ERROR, true}, {FAILURE_SERVFAIL, true},
        {FAILURE_TIMEOUT, false},  {FAILURE_REFUSED, false},     {FAILURE_DENIED, false},
        {FAILURE_NOT_FOUND, true}, {FAILURE_NXDOMAIN, false},    {FAILURE_UNAUTHORIZED, true}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        fail_with(rows[i].reason, true);
        assert_int_equal(rounds_worth_another(&report), rows[i].again);
    }
    for (enum check i = 0; i < N_CHECKS; i++) { /* whichever it is */
        fail_with(FAILURE_SERVER_ERROR, true);
        struct check_result result = report.checks[CHECK_IMDS_TOKEN];
        memset(&report, 0, sizeof(report));
        report.checks[i] = result;
        assert_true(rounds_worth_another(&report));
    }
    fail_with(FAILURE_THROTTLED, false);
    assert_false(rounds_worth_another(&report));
    fail_with(FAILURE_THROTTLED, true);
    report.checks[CHECK_IMDS_TOKEN].status = STATUS_UNKNOWN;
    assert_true(rounds_worth_another(&report));
    report.checks[CHECK_IMDS_TOKEN].status = STATUS_WARN;
    assert_false(rounds_worth_another(&report));
    report.checks[CHECK_IMDS_TOKEN].status = STATUS_FAIL;
    report.checks[CHECK_IMDS_TOKEN].planned = false;
    assert_false(rounds_worth_another(&report));
}

static void an_identity_that_is_not_there_yet_is_asked_again(void **state)
{
    (void)state;
    fail_with(FAILURE_NOT_FOUND, true);
    report.checks[CHECK_IMDS_IDENTITY] = report.checks[CHECK_IMDS_TOKEN];
    report.checks[CHECK_IMDS_TOKEN].status = STATUS_PASS;
    assert_true(rounds_worth_another(&report));
}

/* --- waiting --- */

static void waiting_never_passes_the_deadline(void **state)
{
    (void)state;

    for (int n_done = 1; n_done < 100; n_done++)
        for (uint32_t random = 0; random < 100000; random += 977) {
            struct rounds_pace pace = {0};
            struct rounds_state round = {.n_done = n_done, .remaining_ms = 50, .random = random};
            assert_in_range(rounds_wait(&pace, &round), 1, 50);
            round.remaining_ms = -5;
            assert_int_equal(rounds_wait(&pace, &round), 0);
        }
}

/* At the edges of its phases, without chance: the first wait of a length is any time up to it, and later ones are little shorter. */
static void each_phase_has_its_longest_wait(void **state)
{
    static const struct {
        int n_done;
        int64_t elapsed_ms, longest_ms;
        bool follow;
    } rows[] = {
        {1, 0, 400, false},         {2, 0, 800, false},          {4, 0, 3200, false},
        {5, 0, 5000, false},        {20, 29999, 5000, false},    {20, 30000, 28000, false},
        {20, 599999, 28000, false}, {20, 600000, 290000, false}, {1, 0, 28000, true},
        {1, 599999, 28000, true},   {1, 600000, 290000, true},   {40, 3600000, 290000, true},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rounds_pace pace = {0};
        struct rounds_state round = {.n_done = rows[i].n_done,
                                     .remaining_ms = INT64_MAX,
                                     .elapsed_ms = rows[i].elapsed_ms,
                                     .follow = rows[i].follow};
        const int64_t longest_ms = rows[i].longest_ms;

        assert_int_equal(rounds_wait(&pace, &round), longest_ms);
        pace.at_most_ms = 0;
        round.random = (uint32_t)longest_ms - 1;
        assert_int_equal(rounds_wait(&pace, &round), 1);
        assert_int_equal(
            rounds_wait(&pace, &round), /* of the same length: at most a 16th shorter */
            longest_ms - (longest_ms - 1) % (longest_ms / 16));
        round.random = 0;
        round.took_ms = longest_ms / 2 - 1;
        assert_int_equal(rounds_wait(&pace, &round), longest_ms - round.took_ms);
        round.took_ms = longest_ms / 2;
        assert_int_equal(rounds_wait(&pace, &round), longest_ms);
    }
}

/* Goes through an hour in which nothing changes; each round takes so long. Returns how many rounds began, and
 * the longest time between two in each phase. */
struct hour {
    int n, n_lively;
    int64_t longest_boot_ms, longest_lively_ms, longest_ms;
};

static struct hour go_through_an_hour(bool follow, uint32_t random, int64_t took_ms)
{
    struct hour hour = {0};
    struct rounds_pace pace = {0};

    for (int64_t now_ms = 0; now_ms < 3600000;) {
        struct rounds_state round = {.n_done = ++hour.n,
                                     .remaining_ms = INT64_MAX,
                                     .elapsed_ms = now_ms + took_ms,
                                     .took_ms = took_ms,
                                     .follow = follow};
        random = random * 1664525 + 1013904223;
        round.random = random;
        int64_t apart_ms = took_ms + rounds_wait(&pace, &round);
        int64_t *longest = round.elapsed_ms < BOOT_MS && !follow ? &hour.longest_boot_ms
                           : round.elapsed_ms < LIVELY_MS        ? &hour.longest_lively_ms
                                                                 : &hour.longest_ms;
        if (apart_ms > *longest)
            *longest = apart_ms;
        now_ms += apart_ms;
        hour.n_lively += now_ms < LIVELY_MS;
    }
    return hour;
}

/* A round that asks one check again costs 20 packets to link-local addresses at most, a whole one 200. */
static void an_hour_of_waiting_keeps_its_budget_and_its_promise(void **state)
{
    (void)state;

    for (uint32_t seed = 1; seed < 200; seed++)
        for (int64_t took_ms = 50; took_ms <= 8000; took_ms += 2650) {
            struct hour boot = go_through_an_hour(false, seed, took_ms);
            struct hour after = go_through_an_hour(true, seed, took_ms);
            assert_in_range(boot.n, 30, 48);
            assert_in_range(after.n, 30, 40);
            assert_true(boot.longest_boot_ms <= ROUND_MAX_WAIT_MS + took_ms);
            assert_true(boot.longest_lively_ms <= 30000 && after.longest_lively_ms <= 30000);
            assert_true(boot.longest_ms <= 300000 && after.longest_ms <= 300000);
        }
}

/* Instances that began at once: half a minute later their rounds are spread over all of the wait. */
static void a_fleet_is_spread_out(void **state)
{
    enum { INSTANCES = 2000, PARTS = 4 };
    int n[PARTS] = {0};
    (void)state;

    for (uint32_t i = 0; i < INSTANCES; i++) {
        struct rounds_pace pace = {0};
        struct rounds_state round = {
            .n_done = 1, .remaining_ms = INT64_MAX, .random = i * 2654435761u, .follow = true};
        int64_t wait_ms = rounds_wait(&pace, &round);
        assert_in_range(wait_ms, 1, LIVELY_MAX_WAIT_MS);
        n[(wait_ms - 1) * PARTS / LIVELY_MAX_WAIT_MS]++;
    }
    for (int i = 0; i < PARTS; i++)
        assert_in_range(n[i], INSTANCES / PARTS / 2, INSTANCES / PARTS * 2);
}

static void rounds_out_of_turn_begin_at_once_until_there_were_many(void **state)
{
    struct rounds_pace pace = {0};
    int n = 0;
    (void)state;

    for (; rounds_may_hurry(&pace, 1000) && n < 1000; n++)
        assert_int_equal(rounds_hurry(&pace, 1000), 0);
    assert_int_equal(n, OUT_OF_TURN);
    assert_false(rounds_may_hurry(&pace, 1000 + OUT_OF_TURN_EVERY_MS - 1));
    assert_int_equal(rounds_hurry(&pace, 1000), OUT_OF_TURN_EVERY_MS);
    assert_int_equal(rounds_hurry(&pace, 1000), 2 * OUT_OF_TURN_EVERY_MS);
    assert_true(rounds_may_hurry(&pace, 1000 + 3 * OUT_OF_TURN_EVERY_MS));
}

static void four_rounds_and_no_more(void **state)
{
    struct rounds_state round = {.n_done = 1, .remaining_ms = 10000, .random = 12345};
    int64_t wait_ms = 0;
    (void)state;

    fail_with(FAILURE_SERVFAIL, true);
    assert_true(rounds_next(&report, &round, &wait_ms));
    round.n_done = 3;
    assert_true(rounds_next(&report, &round, &wait_ms));
    round.n_done = 4;
    assert_false(rounds_next(&report, &round, &wait_ms));
}

/* The agent gets over eight throttled requests. */
static void imds_that_throttles_gets_nine_rounds(void **state)
{
    struct rounds_state round = {.n_done = 8, .remaining_ms = 10000, .random = 12345};
    int64_t wait_ms = 0;
    (void)state;

    fail_with(FAILURE_THROTTLED, true);
    assert_true(rounds_next(&report, &round, &wait_ms));
    report.checks[CHECK_IMDS_IDENTITY] = report.checks[CHECK_IMDS_TOKEN];
    report.checks[CHECK_IMDS_TOKEN].status = STATUS_PASS;
    assert_true(rounds_next(&report, &round, &wait_ms));
    round.n_done = 9;
    assert_false(rounds_next(&report, &round, &wait_ms));
}

/* The agent asks three times for the role's credentials. */
static void the_role_gets_three_rounds(void **state)
{
    struct rounds_state round = {.n_done = 2, .remaining_ms = 10000, .random = 12345};
    int64_t wait_ms = 0;
    (void)state;

    fail_with(FAILURE_THROTTLED, true);
    report.checks[CHECK_ROLE_CREDENTIALS] = report.checks[CHECK_IMDS_TOKEN];
    report.checks[CHECK_IMDS_TOKEN].status = STATUS_PASS;
    assert_true(rounds_next(&report, &round, &wait_ms));
    round.n_done = 3;
    assert_false(rounds_next(&report, &round, &wait_ms));
}

/* The agent asks for its id three times, and gets over eight errors of the server. */
static void an_id_that_is_not_there_gets_three_rounds(void **state)
{
    static struct facts facts;
    struct rounds_state round = {.n_done = 3, .remaining_ms = 10000, .random = 12345};
    struct check_result *identity = &report.checks[CHECK_IMDS_IDENTITY];
    int64_t wait_ms = 0;
    (void)state;

    fail_with(FAILURE_NOT_FOUND, true);
    report.facts = &facts;
    *identity = report.checks[CHECK_IMDS_TOKEN];
    report.checks[CHECK_IMDS_TOKEN].status = STATUS_PASS;
    assert_true(rounds_next(&report, &round, &wait_ms)); /* the document */
    (void)text_set(facts.imds.identity.detail, DETAIL_SIZE, "meta-data/instance-id");
    assert_false(rounds_next(&report, &round, &wait_ms));
    round.n_done = 2;
    assert_true(rounds_next(&report, &round, &wait_ms));
    round.n_done = 8;
    identity->reason = FAILURE_SERVER_ERROR;
    assert_true(rounds_next(&report, &round, &wait_ms));
    round.n_done = 9;
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

/* --- telling --- */

static const struct report *judge(enum verdict verdict, const char *code)
{
    memset(&report, 0, sizeof(report));
    report.verdict = verdict;
    report.findings[0].target = N_TARGETS;
    if (code) {
        report.n_findings = 1;
        (void)strcpy(report.findings[0].code, code);
        report.findings[0].severity = SEVERITY_FATAL;
    }
    return &report;
}

static const struct report *not_ready(const char *code)
{
    return judge(VERDICT_NOT_READY, code);
}

static void ready_is_told_at_once_and_once(void **state)
{
    struct rounds_told told = {0};
    (void)state;

    assert_true(rounds_tell(&told, judge(VERDICT_READY, NULL), 0, true));
    assert_false(rounds_tell(&told, judge(VERDICT_READY, NULL), 10, true));
    assert_true(rounds_tell(&told, judge(VERDICT_DEGRADED, "agent-disabled"), 20, true));
}

static void a_network_that_comes_late_is_not_told(void **state)
{
    struct rounds_told told = {0};
    (void)state;

    assert_false(rounds_tell(&told, not_ready("network-not-up"), 3, false));
    assert_false(rounds_tell(&told, not_ready("network-not-up"), 400, false));
    assert_false(rounds_tell(&told, not_ready("imds-unreachable"), 2000, false));
    assert_true(rounds_tell(&told, judge(VERDICT_READY, NULL), 2100, true));
}

static void not_ready_is_told_when_two_rounds_agree_after_a_while(void **state)
{
    struct rounds_told told = {0};
    (void)state;

    assert_false(rounds_tell(&told, not_ready("role-missing"), TELL_AFTER_MS - 1, false));
    assert_false(rounds_tell(&told, not_ready("private-dns-off"), TELL_AFTER_MS + 1, false));
    assert_true(rounds_tell(&told, not_ready("private-dns-off"), TELL_AFTER_MS + 2, false));
    assert_false(rounds_tell(&told, not_ready("private-dns-off"), TELL_AFTER_MS + 9, true));
}

/* What is certain and fixed elsewhere. A boot may still bring what is fixed here, and resolv.conf. */
static void what_outlasts_the_boot_is_told_at_once(void **state)
{
    static const struct {
        const char *code;
        enum confidence confidence;
        bool inside;
        enum failure reason;
        bool told;
    } rows[] = {
        {"endpoint-blocks-443", CONFIDENCE_CERTAIN, false, FAILURE_TIMEOUT, true},
        {"role-missing", CONFIDENCE_LIKELY, false, FAILURE_NO_ROLE, false},
        {"clock-wrong", CONFIDENCE_CERTAIN, true, FAILURE_SKEWED, false},
        {"dns-no-resolver", CONFIDENCE_CERTAIN, false, FAILURE_NO_RESOLVER, false},
        {"no-address-of-family", CONFIDENCE_CERTAIN, false, FAILURE_OTHER_FAMILY, false},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rounds_told told = {0};
        struct finding *root = &report.findings[0];
        (void)not_ready(rows[i].code);
        root->confidence = rows[i].confidence;
        root->explains = check_bit(CHECK_IMDS_CONNECT);
        root->n_commands = 2;
        root->n_afterwards = 1;
        root->inside[0] = rows[i].inside;
        report.checks[CHECK_IMDS_CONNECT].reason = rows[i].reason;
        if (rounds_tell(&told, &report, 3, false) != rows[i].told)
            fail_msg("%s", rows[i].code);
    }
}

/* The restart of the agent alone is no fix from outside, a warning keeps nobody down, and a note is no cause. */
static void what_is_no_fix_from_outside_is_not_told_at_once(void **state)
{
    struct finding *root = &report.findings[0];
    (void)state;

    for (int i = 0; i < 4; i++) {
        struct rounds_told told = {0};
        (void)not_ready("endpoint-blocks-443");
        root->confidence = CONFIDENCE_CERTAIN;
        root->explains = check_bit(CHECK_IMDS_TOKEN);
        root->target = TARGET_IMDS;
        root->n_commands = i == 1 ? 1 : 2;
        root->n_afterwards = 1;
        root->severity = i == 2 ? SEVERITY_WARNING : i == 3 ? SEVERITY_NOTE : SEVERITY_FATAL;
        root->inside[0] = '\0';
        report.checks[CHECK_IMDS_CONNECT].reason =
            FAILURE_NO_RESOLVER; /* it does not explain that */
        assert_int_equal(rounds_tell(&told, &report, 3, false), i == 0);
        assert_string_equal(told.last.code, i == 3 ? "" : "endpoint-blocks-443");
        assert_int_equal(told.last.target == N_TARGETS, i == 3);
        root->severity = SEVERITY_FATAL;
    }
    struct rounds_told told = {0};
    (void)not_ready(NULL);
    report.n_findings = 0;
    assert_false(rounds_tell(&told, &report, 3, false));
}

static void of_another_target_it_is_another_verdict(void **state)
{
    struct rounds_told told = {0};
    (void)state;

    (void)not_ready("endpoint-missing");
    report.findings[0].target = TARGET_IMDS;
    assert_true(rounds_tell(&told, &report, 9000, true));
    assert_false(rounds_tell(&told, &report, 9001, true));
    report.findings[0].target = TARGET_ROLE;
    assert_true(rounds_tell(&told, &report, 9002, true));
}

static void the_end_tells_whatever_stands(void **state)
{
    struct rounds_told told = {0};
    (void)state;

    assert_false(rounds_tell(&told, not_ready("role-missing"), 10, false));
    assert_true(rounds_tell(&told, not_ready("role-missing"), 20, true));
}

static void another_cause_is_told_and_a_blip_is_not(void **state)
{
    struct rounds_told told = {0};
    (void)state;

    (void)rounds_tell(&told, not_ready("role-missing"), 9000, false);
    assert_true(rounds_tell(&told, not_ready("role-missing"), 9001, false));
    assert_false(rounds_tell(&told, not_ready("imds-throttled"), 9002, false));
    assert_false(rounds_tell(&told, not_ready("role-missing"), 9003, false));
    assert_false(rounds_tell(&told, not_ready("policy-missing"), 9004, false));
    assert_true(rounds_tell(&told, not_ready("policy-missing"), 9005, false));
}

/* EC2 keeps 64 KiB of console: causes that take turns for ever must not push the boot out of it. */
static void causes_that_take_turns_do_not_fill_the_console(void **state)
{
    struct rounds_told told = {0};
    int n = 0;
    (void)state;

    for (int i = 0; i < 1000; i++)
        n += rounds_tell(&told, not_ready(i / 2 % 2 ? "dns-servfail" : "vpc-dns-off"), 9000 + i,
                         false);
    assert_int_equal(n, 1 + TELL_CAUSES);
    assert_true(rounds_tell(&told, judge(VERDICT_READY, NULL), 20000, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_that_say_later_are_asked_again),
        cmocka_unit_test(an_identity_that_is_not_there_yet_is_asked_again),
        cmocka_unit_test(waiting_never_passes_the_deadline),
        cmocka_unit_test(each_phase_has_its_longest_wait),
        cmocka_unit_test(an_hour_of_waiting_keeps_its_budget_and_its_promise),
        cmocka_unit_test(a_fleet_is_spread_out),
        cmocka_unit_test(rounds_out_of_turn_begin_at_once_until_there_were_many),
        cmocka_unit_test(four_rounds_and_no_more),
        cmocka_unit_test(imds_that_throttles_gets_nine_rounds),
        cmocka_unit_test(the_role_gets_three_rounds),
        cmocka_unit_test(an_id_that_is_not_there_gets_three_rounds),
        cmocka_unit_test(waits_grow_with_full_jitter_and_end_before_the_deadline),
        cmocka_unit_test(ready_is_told_at_once_and_once),
        cmocka_unit_test(a_network_that_comes_late_is_not_told),
        cmocka_unit_test(not_ready_is_told_when_two_rounds_agree_after_a_while),
        cmocka_unit_test(what_outlasts_the_boot_is_told_at_once),
        cmocka_unit_test(the_end_tells_whatever_stands),
        cmocka_unit_test(what_is_no_fix_from_outside_is_not_told_at_once),
        cmocka_unit_test(of_another_target_it_is_another_verdict),
        cmocka_unit_test(another_cause_is_told_and_a_blip_is_not),
        cmocka_unit_test(causes_that_take_turns_do_not_fill_the_console),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
