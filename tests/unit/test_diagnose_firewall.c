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

#include "base/text.h"
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
        if (strstr(root->commands[i], part) != NULL)
            return true;
    return false;
}

static void a_rule_proves_only_where_something_was_lost(void **state)
{
    (void)state;
    from("local-firewall--answers");
    assert_int_equal(diagnosed("local-firewall"), CONFIDENCE_CERTAIN);
    facts.network.undelivered = 0;
    (void)diagnosed("egress-blocked");
    assert_null(alternative("local-firewall"));
    facts.network.undelivered = 30;
    for (int32_t i = 0; i < facts.network.n_drops; i++)
        facts.network.drops[i].certain = false;
    (void)diagnosed("egress-blocked");
    assert_non_null(strstr(alternative("local-firewall"), "nft list ruleset"));
}

static void what_no_rule_drops_was_not_dropped(void **state)
{
    (void)state;
    from("egress-blocked--lost-here");
    (void)diagnosed("egress-blocked");
    assert_non_null(alternative("local-firewall"));
    facts.network.firewall_asked = ANSWER_YES;
    (void)diagnosed("egress-blocked");
    assert_null(alternative("local-firewall"));
    facts.network.legacy_tables = true; /* which could be anything */
    (void)diagnosed("egress-blocked");
    assert_non_null(strstr(alternative("local-firewall"), "iptables-legacy-save"));
}

static void a_run_without_the_counters_leaves_it_open(void **state)
{
    (void)state;
    from("egress-blocked");
    (void)diagnosed("egress-blocked");
    assert_non_null(alternative("local-firewall"));
}

static void a_possible_loss_takes_certainty_away(void **state)
{
    (void)state;
    from("endpoint-blocks-443--lost-here");
    assert_int_equal(diagnosed("endpoint-blocks-443"), CONFIDENCE_LIKELY);
    assert_non_null(alternative("local-firewall"));
    facts.network.undelivered = 0;
    assert_int_equal(diagnosed("endpoint-blocks-443"), CONFIDENCE_CERTAIN);
    assert_null(alternative("local-firewall"));
    assert_int_equal(report.n_findings, 1);
}

/* Whatever the rule is made for: it may be what is silent. */
static void a_family_may_be_held_back_here(void **state)
{
    (void)state;
    from("address-family-blocked--one-endpoint");
    assert_int_equal(diagnosed("address-family-blocked"), CONFIDENCE_CERTAIN);
    facts.network.firewall_asked = ANSWER_YES;
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts.endpoints[i].n_addresses; j++)
            if (facts.endpoints[i].addresses[j].steps[RUNG_CONNECT].failure == FAILURE_TIMEOUT)
                (void)text_set(facts.network.drops[facts.network.n_drops++].to, ADDRESS_SIZE, "%s",
                               facts.endpoints[i].addresses[j].address);
    assert_int_equal(diagnosed("address-family-blocked"), CONFIDENCE_LIKELY);
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

/* A name of a chain is the administrator's: it gets into no shell. */
static void a_name_is_no_command(void **state)
{
    (void)state;
    from("local-firewall--rule");
    (void)diagnosed("local-firewall");
    assert_true(has_command("nft insert rule inet filter output tcp dport 443 accept"));
    for (int32_t i = 0; i < facts.network.n_drops; i++)
        (void)text_set(facts.network.drops[i].chain, NAME_SIZE, "x; reboot");
    (void)diagnosed("local-firewall");
    assert_true(has_command("nft insert rule inet filter <chain> tcp dport 443 accept"));
    assert_false(has_command("; reboot"));
}

static void the_way_of_the_packet_words_the_mend(void **state)
{
    (void)state;
    from("local-firewall--answers");
    (void)diagnosed("local-firewall");
    assert_true(has_command("inet filter input tcp sport 443 ct state established accept"));
    for (int32_t i = 0; i < facts.network.n_drops; i++)
        (void)text_set(facts.network.drops[i].hook, NAME_SIZE, "prerouting");
    (void)diagnosed("local-firewall");
    assert_true(has_command("inet filter input tcp sport 443 tcp flags ack accept"));
    for (int32_t i = 0; i < facts.network.n_drops; i++) {
        (void)text_set(facts.network.drops[i].family, NAME_SIZE, "ip");
        (void)text_set(facts.network.drops[i].chain, NAME_SIZE, "INPUT");
    }
    (void)diagnosed("local-firewall"); /* whoever sends from port 443 opens nothing by it */
    assert_true(has_command("iptables -t filter -I INPUT -p tcp --sport 443 ! --syn -j ACCEPT"));
    from("local-firewall--iptables");
    (void)diagnosed("local-firewall");
    assert_true(has_command("iptables -t filter -I OUTPUT -p tcp --dport 443 -j ACCEPT"));
    from("local-firewall--dropped");
    (void)diagnosed("local-firewall");
    assert_true(has_command("sudo ssm-preflight check"));
    from("imds-blocked-locally--rule");
    (void)diagnosed("imds-blocked-locally");
    assert_true(has_command("output ip daddr 169.254.169.254 tcp dport 80 accept"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_proves_only_where_something_was_lost),
        cmocka_unit_test(what_no_rule_drops_was_not_dropped),
        cmocka_unit_test(a_run_without_the_counters_leaves_it_open),
        cmocka_unit_test(a_possible_loss_takes_certainty_away),
        cmocka_unit_test(a_family_may_be_held_back_here),
        cmocka_unit_test(ipv6_has_no_counter),
        cmocka_unit_test(a_name_is_no_command),
        cmocka_unit_test(the_way_of_the_packet_words_the_mend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
