/* SPDX-License-Identifier: Apache-2.0
 *
 * Which check stands for the verdict while `wait` waits, and when its answer is another one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "report_builder.h"
#include "run/again.h"
#include "situations.h"

static void the_root_cause_says_which_check(void **state)
{
    static const struct {
        const char *situation, *check, *action;
    } rows[] = {
        {"imds-disabled", "imds.token", ""},
        {"role-missing", "role.attached", ""},
        {"private-dns-off", "ssm.connect", ""},
        {"endpoint-blocks-443", "ssmmessages.connect", ""},
        {"policy-missing", "ssmmessages.authorize", "ssmmessages:CreateControlChannel"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct filled *filled = fill(rows[i].situation);
        struct again again;

        assert_true(again_choose(&filled->report, &again));
        assert_string_equal(check_name(again.check), rows[i].check);
        assert_string_equal(again.action.action, rows[i].action);
        free(filled);
    }
}

/* Whatever is not ready has such a check, and it is one that keeps the agent down. */
static void every_situation_that_is_not_ready_has_one(void **state)
{
    (void)state;

    for (size_t i = 0; situation_at(i); i++) {
        struct filled *filled = fill(situation_at(i)->name);
        struct again again;

        if (filled->report.verdict == VERDICT_NOT_READY) {
            if (!again_choose(&filled->report, &again))
                fail_msg("%s: none", situation_at(i)->name);
            assert_true(filled->report.checks[again.check].required);
        }
        if (filled->report.verdict == VERDICT_READY)
            assert_false(again_choose(&filled->report, &again));
        free(filled);
    }
}

/* The facts are as they were: nothing differs. Then one address connects. */
static void the_same_answer_differs_in_nothing(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443");
    struct again again;
    enum service service;
    enum rung rung;
    (void)state;

    assert_true(again_choose(&filled->report, &again));
    assert_true(check_is_service(again.check, &service, &rung) && rung == RUNG_CONNECT);
    struct address_facts *address = &filled->facts.endpoints[service].addresses[0];
    diagnose(&filled->facts, &filled->report);
    assert_false(again_differs(&again, &filled->facts, &filled->report));
    address->steps[RUNG_CONNECT].took_ms += 100;
    diagnose(&filled->facts, &filled->report);
    assert_false(again_differs(&again, &filled->facts, &filled->report));
    healthy_address(&filled->facts, service, address);
    diagnose(&filled->facts, &filled->report);
    assert_true(again_differs(&again, &filled->facts, &filled->report));
    free(filled);
}

static void an_action_that_is_allowed_or_not_sent_differs(void **state)
{
    struct filled *filled = fill("policy-missing");
    struct action_facts *first = filled->facts.endpoints[SERVICE_SSMMESSAGES].actions;
    struct again again;
    (void)state;

    assert_true(again_choose(&filled->report, &again));
    *first = again.action;
    assert_false(again_differs(&again, &filled->facts, &filled->report));
    first->permission = PERMISSION_ALLOWED;
    assert_true(again_differs(&again, &filled->facts, &filled->report));
    memset(first, 0, sizeof(*first));
    assert_true(again_differs(&again, &filled->facts, &filled->report));
    *first = again.action;
    first->denied_by = DENIED_BY_BOUNDARY;
    assert_true(again_differs(&again, &filled->facts, &filled->report));
    free(filled);
}

/* One that failed counts wherever it stands, and before it one without which the agent does not come up. */
static void the_worst_action_is_asked_again(void **state)
{
    struct filled *filled = fill("policy-missing");
    struct endpoint_facts *messages = &filled->facts.endpoints[SERVICE_SSMMESSAGES];
    struct again again;
    (void)state;

    struct action_facts worst = messages->actions[0];
    messages->actions[0] = (struct action_facts){.action = "ssmmessages:CreateDataChannel"};
    messages->actions[1] = worst;
    (void)text_set(messages->actions[1].action, NAME_SIZE, "ssmmessages:OpenDataChannel");
    messages->actions[2] = worst;
    messages->n_actions = 3;
    diagnose(&filled->facts, &filled->report);
    assert_true(again_choose(&filled->report, &again));
    assert_string_equal(again.action.action, "ssmmessages:CreateControlChannel");
    free(filled);
}

/* Of two services: the one whose action keeps the agent down. What is not denied, and no trouble, does not count. */
/* It is asked over a connection to the address that answered it. */
static void an_action_that_nobody_answered_is_not_asked_again(void **state)
{
    struct filled *filled = fill("policy-missing");
    struct endpoint_facts *messages = &filled->facts.endpoints[SERVICE_SSMMESSAGES];
    struct again again;
    (void)state;

    for (int32_t i = 0; i < messages->n_actions; i++)
        messages->actions[i].address[0] = '\0';
    assert_false(again_choose(&filled->report, &again)); /* the next round is whole */
    free(filled);
}

static void a_service_whose_action_keeps_the_agent_down_is_asked_first(void **state)
{
    static const struct {
        const char *ssm, *messages, *check;
        enum permission permission;
        enum failure failure;
    } rows[] = {
        {"ssm:GetParameter", "ssmmessages:CreateControlChannel", "ssmmessages.authorize",
         PERMISSION_DENIED, FAILURE_NONE},
        {"ssm:UpdateInstanceInformation", "ssmmessages:OpenDataChannel", "ssm.authorize",
         PERMISSION_DENIED, FAILURE_NONE},
        {"ssm:UpdateInstanceInformation", "ssmmessages:OpenDataChannel", "ssm.authorize",
         PERMISSION_UNCLEAR, FAILURE_TIMEOUT},
        {"ssm:UpdateInstanceInformation", "ssmmessages:OpenDataChannel", "ssmmessages.authorize",
         PERMISSION_UNCLEAR, FAILURE_NONE},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct filled *filled = fill("policy-missing");
        struct endpoint_facts *ssm = &filled->facts.endpoints[SERVICE_SSM];
        struct endpoint_facts *messages = &filled->facts.endpoints[SERVICE_SSMMESSAGES];
        struct again again;

        ssm->actions[0] = messages->actions[0];
        ssm->actions[0].permission = rows[i].permission;
        ssm->actions[0].failure = rows[i].failure;
        ssm->n_actions = messages->n_actions = 1;
        (void)text_set(ssm->actions[0].action, NAME_SIZE, "%s", rows[i].ssm);
        (void)text_set(messages->actions[0].action, NAME_SIZE, "%s", rows[i].messages);
        for (int j = 0; j < N_CHECKS; j++) /* both stand for the verdict alike */
            if (strstr(check_name((enum check)j), ".authorize")) {
                filled->report.checks[j].planned = filled->report.checks[j].required =
                    j == (int)check_of_service(SERVICE_SSM, RUNG_AUTHORIZE) ||
                    j == (int)check_of_service(SERVICE_SSMMESSAGES, RUNG_AUTHORIZE);
                filled->report.checks[j].status = STATUS_FAIL;
            }
        filled->report.n_findings = 0;
        assert_true(again_choose(&filled->report, &again));
        if (strcmp(check_name(again.check), rows[i].check) != 0)
            fail_msg("row %zu: %s", i, check_name(again.check));
        free(filled);
    }
}

/* Without its other actions the agent comes up: such a denial weighs no more than a check before it. */
static void an_action_of_less_weight_is_no_better_than_the_first_check(void **state)
{
    static const struct {
        const char *action, *check;
    } rows[] = {{"ssmmessages:OpenDataChannel", "ssm.connect"},
                {"ssmmessages:CreateControlChannel", "ssmmessages.authorize"}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct filled *filled = fill("policy-missing");
        struct action_facts *actions = filled->facts.endpoints[SERVICE_SSMMESSAGES].actions;
        struct again again;

        filled->report.n_findings = 0;
        filled->report.checks[check_of_service(SERVICE_SSM, RUNG_CONNECT)].status = STATUS_FAIL;
        filled->facts.endpoints[SERVICE_SSMMESSAGES].n_actions = 1;
        (void)text_set(actions[0].action, NAME_SIZE, "%s", rows[i].action);
        assert_true(again_choose(&filled->report, &again));
        assert_string_equal(check_name(again.check), rows[i].check);
        free(filled);
    }
}

static void each_part_of_an_action_counts(void **state)
{
    struct filled *filled = fill("policy-missing");
    struct action_facts *first = filled->facts.endpoints[SERVICE_SSMMESSAGES].actions;
    struct again again;
    (void)state;

    assert_true(again_choose(&filled->report, &again));
    for (int i = 0; i < 4; i++) {
        *first = again.action;
        if (i == 0)
            first->permission = PERMISSION_UNCLEAR;
        else if (i == 1)
            first->failure = FAILURE_TIMEOUT;
        else if (i == 2)
            first->explicit_deny = !first->explicit_deny;
        else
            first->took_ms += 7;
        assert_int_equal(again_differs(&again, &filled->facts, &filled->report), i < 3);
    }
    free(filled);
}

/* A fleet that is told "later" must not ask the more for it. */
static void later_is_no_other_answer(void **state)
{
    struct filled *filled = fill("policy-missing");
    struct action_facts *first = filled->facts.endpoints[SERVICE_SSMMESSAGES].actions;
    struct again again;
    (void)state;

    assert_true(again_choose(&filled->report, &again));
    const struct action_facts denied = again.action;
    *first = denied;
    first->permission = PERMISSION_UNCLEAR;
    first->failure = FAILURE_THROTTLED;
    assert_false(again_differs(&again, &filled->facts, &filled->report));
    again.action = *first;
    assert_false(again_differs(&again, &filled->facts, &filled->report));
    *first = denied;
    assert_true(again_differs(&again, &filled->facts, &filled->report));
    free(filled);
}

/* What this program could not look at may be anything: rounds are whole until it can. */
static void no_check_stands_alone_while_the_program_is_in_trouble(void **state)
{
    struct filled *filled = fill("preflight-trouble--and-another");
    struct again again;
    (void)state;

    assert_false(again_choose(&filled->report, &again));
    filled->facts.machine.trouble = (struct step){.outcome = OUTCOME_UNTRIED};
    diagnose(&filled->facts, &filled->report);
    assert_true(again_choose(&filled->report, &again));
    free(filled);
}

/* Asking for the role's credentials begins with a token: that it is not given is another answer. */
static void what_the_check_stands_on_counts(void **state)
{
    struct filled *filled = fill("role-missing");
    struct again again;
    (void)state;

    assert_true(again_choose(&filled->report, &again));
    step_fail(&filled->facts.imds.token, FAILURE_THROTTLED, 1);
    diagnose(&filled->facts, &filled->report);
    assert_true(again_differs(&again, &filled->facts, &filled->report));
    free(filled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_root_cause_says_which_check),
        cmocka_unit_test(every_situation_that_is_not_ready_has_one),
        cmocka_unit_test(the_same_answer_differs_in_nothing),
        cmocka_unit_test(an_action_that_is_allowed_or_not_sent_differs),
        cmocka_unit_test(the_worst_action_is_asked_again),
        cmocka_unit_test(an_action_that_nobody_answered_is_not_asked_again),
        cmocka_unit_test(a_service_whose_action_keeps_the_agent_down_is_asked_first),
        cmocka_unit_test(an_action_of_less_weight_is_no_better_than_the_first_check),
        cmocka_unit_test(each_part_of_an_action_counts),
        cmocka_unit_test(later_is_no_other_answer),
        cmocka_unit_test(no_check_stands_alone_while_the_program_is_in_trouble),
        cmocka_unit_test(what_the_check_stands_on_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
