/* SPDX-License-Identifier: Apache-2.0
 *
 * Remedies fit the place: its partition, its region, its family of addresses. What no public source
 * tells of a place is a placeholder there, and never another place's name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "situations.h"

/* NOLINTNEXTLINE(bugprone-macro-parentheses): it declares its variable */
#define EACH_SERVICE(i) for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)

static struct facts facts;
static struct report report;

static void look_at(const char *name)
{
    const struct situation *situation = situation_find(name);

    assert_non_null(situation);
    facts_healthy(&facts);
    situation->make(&facts);
    diagnose(&facts, &report);
}

/* In any command or remedy of any finding. */
static bool says(const char *words)
{
    for (int32_t i = 0; i < report.n_findings; i++) {
        if (strstr(report.findings[i].remedy, words))
            return true;
        for (int32_t j = 0; j < report.findings[i].n_commands; j++)
            if (strstr(report.findings[i].commands[j], words))
                return true;
    }
    return false;
}

static void a_place_gets_no_other_places_names(void **state)
{
    static const struct {
        const char *variant, *says, *never[4];
    } places[] = {
        {"--isolated",
         "us-isob-east-1",
         {"com.amazonaws", "amazonaws.com", "us-east-1 ", "arn:aws:"}},
        {"--china", "cn-north-1", {"us-east-1", "arn:aws:"}},
        {"--govcloud", "us-gov-west-1", {"us-east-1", "arn:aws:"}},
    };
    const struct situation *situation;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)); i++)
        for (size_t j = 0; j < COUNT_OF(places); j++) {
            if (!text_ends(situation->name, places[j].variant))
                continue;
            look_at(situation->name);
            if (report.n_findings > 0 && !says(places[j].says))
                fail_msg("%s does not say %s", situation->name, places[j].says);
            for (size_t k = 0; k < 4 && places[j].never[k]; k++)
                if (says(places[j].never[k]))
                    fail_msg("%s says %s", situation->name, places[j].never[k]);
        }
}

/* --- two families --- */

static enum status connects(void)
{
    diagnose(&facts, &report);
    return report.checks[check_of_service(SERVICE_SSM, RUNG_CONNECT)].status;
}

static bool every_address_is_said_to_connect(void)
{
    return strstr(report.checks[check_of_service(SERVICE_SSM, RUNG_CONNECT)].summary,
                  "every IPv4 address connects");
}

/* The agent falls back from one family to the other, so a family of which every address connects is
 * enough; within one family it is not. */
static void one_whole_family_is_enough(void **state)
{
    (void)state;
    look_at("address-family-blocked");
    assert_int_equal(connects(), STATUS_WARN);
    assert_int_equal(report.verdict, VERDICT_DEGRADED);
    assert_true(every_address_is_said_to_connect());
    assert_true(says("The agent gets through by IPv4"));
    assert_true(says("Ipv6Ranges=[{CidrIpv6=2600:1f18:1:1::/64}]"));
    assert_false(says("CidrIp="));
    break_connect(&facts, SERVICE_SSM, 1, FAILURE_TIMEOUT, 3500);
    assert_int_equal(connects(), STATUS_WARN);
    assert_false(every_address_is_said_to_connect());
    memset(facts.endpoints[SERVICE_SSM].addresses[1].steps, 0, sizeof(struct step) * N_RUNGS);
    assert_int_equal(connects(), STATUS_WARN); /* nor is one that was not tried */
    assert_false(every_address_is_said_to_connect());
    break_connect(&facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 3500);
    assert_int_equal(connects(), STATUS_FAIL);
    assert_int_equal(report.verdict, VERDICT_NOT_READY);
    look_at("address-family-blocked--ipv4");
    assert_true(says("IpRanges=[{CidrIp=10.0.1.0/24}]"));
}

/* Knowing more can never turn not-ready into ready: what may still become a whole family keeps the
 * check open, be it an address or its name. */
static void a_family_that_is_not_settled_keeps_the_check_open(void **state)
{
    (void)state;
    look_at("stopped--one-family");
    assert_int_equal(connects(), STATUS_UNKNOWN);
    EACH_SERVICE(i)
    {
        struct endpoint_facts *endpoint = &facts.endpoints[i];
        endpoint->n_addresses = 2;
        for (int32_t j = 0; j < endpoint->n_answers; j++)
            if (endpoint->answers[j].family == FAMILY_IPV6) {
                memset(&endpoint->answers[j].step, 0, sizeof(endpoint->answers[j].step));
                endpoint->answers[j].n_addresses = 0;
            }
    }
    assert_int_equal(connects(), STATUS_UNKNOWN);
    facts.network.usable_ipv6 = false;
    assert_int_equal(connects(), STATUS_FAIL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_gets_no_other_places_names),
        cmocka_unit_test(one_whole_family_is_enough),
        cmocka_unit_test(a_family_that_is_not_settled_keeps_the_check_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
