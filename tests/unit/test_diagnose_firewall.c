/* SPDX-License-Identifier: Apache-2.0
 *
 * When silence is laid to a firewall of this machine, when that is left open, and when excluded:
 * each test starts from a situation and changes one observation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "situations.h"

static struct facts facts;
static struct report report;
static const struct finding *const root = &report.findings[0];

static void from(const char *situation)
{
    facts_healthy(&facts);
    situation_find(situation)->make(&facts);
}

static enum confidence diagnosed(const char *code)
{
    diagnose(&facts, &report);
    assert_true(report.n_findings > 0);
    assert_string_equal(root->code, code);
    return root->confidence;
}

/* The command of the alternative; NULL: it is none. */
static const char *alternative(const char *code)
{
    for (int32_t i = 0; i < root->n_alternatives; i++)
        if (strcmp(root->alternatives[i].code, code) == 0)
            return root->alternatives[i].command;
    return NULL;
}

static bool has_command(const char *part)
{
    for (int32_t i = 0; i < root->n_commands; i++)
        if (strstr(root->commands[i], part))
            return true;
    return false;
}

/* No address answers, and as much came in and was lost as would be answers. */
static void lost_answers_come_before_the_security_group(void **state)
{
    (void)state;
    from("local-firewall--answers");
    assert_int_equal(diagnosed("local-firewall"), CONFIDENCE_LIKELY);
    assert_non_null(alternative("egress-blocked"));
    facts.network.undelivered = 12; /* two for each of six addresses */
    (void)diagnosed("local-firewall");
    facts.network.undelivered = 11;
    (void)diagnosed("egress-blocked");
    assert_non_null(strstr(alternative("local-firewall"), "nft list ruleset"));
    facts.network.undelivered = 0;
    (void)diagnosed("egress-blocked");
    assert_null(alternative("local-firewall"));
}

/* Answers do get in: what was lost is other traffic, or the answers of these alone. */
static void where_one_answers_it_stays_an_alternative(void **state)
{
    (void)state;
    from("local-firewall--answers");
    step_ok(&facts.endpoints[SERVICE_SSM].addresses[0].steps[RUNG_CONNECT], 1);
    diagnose(&facts, &report);
    assert_string_not_equal(root->code, "local-firewall");
    assert_non_null(alternative("local-firewall"));
    from("local-firewall--answers"); /* so it is behind an address that is a second opinion alone */
    facts.endpoints[SERVICE_SSM].addresses[0].second_opinion = true;
    step_ok(&facts.endpoints[SERVICE_SSM].addresses[1].steps[RUNG_CONNECT], 1);
    diagnose(&facts, &report);
    assert_string_not_equal(root->code, "local-firewall");
}

static void what_the_socket_says_needs_no_counter(void **state)
{
    (void)state;
    from("local-firewall--dropped");
    facts.network.delivery_read = false;
    assert_int_equal(diagnosed("local-firewall"), CONFIDENCE_CERTAIN);
    assert_int_equal(root->n_alternatives, 0);
}

static void a_run_without_the_counters_leaves_it_open(void **state)
{
    (void)state;
    from("egress-blocked");
    (void)diagnosed("egress-blocked");
    assert_non_null(alternative("local-firewall"));
}

static void a_possible_loss_is_an_alternative(void **state)
{
    (void)state;
    from("endpoint-blocks-443--lost-here");
    (void)diagnosed("endpoint-blocks-443");
    assert_non_null(alternative("local-firewall"));
    facts.network.undelivered = 0;
    (void)diagnosed("endpoint-blocks-443");
    assert_null(alternative("local-firewall"));
    assert_int_equal(report.n_findings, 1);
}

/* Whatever the rule is made for: it may be what is silent. */
static void a_family_may_be_held_back_here(void **state)
{
    struct endpoint_facts *endpoint = &facts.endpoints[SERVICE_SSMMESSAGES];
    struct step good[N_RUNGS], bad[N_RUNGS];
    (void)state;

    from("address-family-blocked--one-endpoint");
    for (int32_t i = 0; i < endpoint->n_addresses;
         i++) /* IPv4 in place of IPv6, which is not counted */
        memcpy(strchr(endpoint->addresses[i].address, ':') ? bad : good,
               endpoint->addresses[i].steps, sizeof(good));
    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        memcpy(endpoint->addresses[i].steps,
               strchr(endpoint->addresses[i].address, ':') ? good : bad, sizeof(good));
    facts.network.delivery_read = true;
    (void)diagnosed("address-family-blocked");
    assert_null(alternative("local-firewall"));
    facts.network.undelivered = 30;
    (void)diagnosed("address-family-blocked");
    assert_non_null(strstr(alternative("local-firewall"), "nft list ruleset"));
}

static void ipv6_has_no_counter(void **state)
{
    (void)state;
    from("egress-blocked--ipv6-only");
    facts.network.delivery_read = true;
    (void)diagnosed("egress-blocked");
    assert_non_null(alternative("local-firewall"));
}

static void the_way_of_the_packet_words_the_mend(void **state)
{
    (void)state;
    from("local-firewall--dropped");
    (void)diagnosed("local-firewall");
    assert_true(has_command("inet filter output tcp dport 443 accept"));
    from("local-firewall--answers");
    (void)diagnosed("local-firewall");
    assert_true(has_command("inet filter input tcp sport 443 ct state established accept"));
    from("imds-blocked-locally--dropped");
    (void)diagnosed("imds-blocked-locally");
    assert_true(has_command("output ip daddr 169.254.169.254 tcp dport 80 accept"));
    from("imds-blocked-locally--answers");
    (void)diagnosed("imds-blocked-locally");
    assert_true(has_command("input ip saddr 169.254.169.254 tcp sport 80 ct state established"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_answers_come_before_the_security_group),
        cmocka_unit_test(where_one_answers_it_stays_an_alternative),
        cmocka_unit_test(what_the_socket_says_needs_no_counter),
        cmocka_unit_test(a_run_without_the_counters_leaves_it_open),
        cmocka_unit_test(a_possible_loss_is_an_alternative),
        cmocka_unit_test(a_family_may_be_held_back_here),
        cmocka_unit_test(ipv6_has_no_counter),
        cmocka_unit_test(the_way_of_the_packet_words_the_mend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
