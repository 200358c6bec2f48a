/* SPDX-License-Identifier: Apache-2.0
 *
 * Many instances together: what they have in common, what a ready neighbour says, and how it is told.
 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "golden.h"
#include "model/fleet.h"
#include "report/report.h"
#include "situations.h"

static struct facts facts;
static struct report report;
static struct fleet fleet;
static char evidence[LINE_SIZE];

/* An instance of a situation (NULL: healthy), in this subnet, with this number. */
static void add(const char *situation, const char *subnet, int number)
{
    char file[NAME_SIZE];

    facts_healthy(&facts);
    if (situation)
        situation_find(situation)->make(&facts);
    (void)text_set(facts.instance.id, NAME_SIZE, "i-%d", number);
    (void)text_set(facts.instance.subnet, NAME_SIZE, "%s", subnet);
    (void)text_set(file, sizeof(file), "log-%d", number);
    diagnose(&facts, &report);
    fleet_add(&fleet, file, &report);
}

static void assert_says(const char *output, const struct style *style, const char *wanted)
{
    struct buffer text;

    buffer_init(&text, FLEET_MAX_BYTES);
    for (size_t i = 0; i < n_fleet_outputs; i++)
        if (strcmp(fleet_outputs[i].name, output) == 0)
            fleet_outputs[i].write(&fleet, style, &text);
    if (!strstr(text.bytes, wanted))
        fail_msg("not said: %s\n%s", wanted, text.bytes);
    for (size_t i = 0; i < text.used; i++)
        if (text.bytes[i] != '\n' && (text.bytes[i] < 0x20 || text.bytes[i] > 0x7e))
            fail_msg("byte 0x%02x leaves", (unsigned char)text.bytes[i]);
    buffer_clear(&text);
}

static int end(void **state)
{
    (void)state;
    fleet_clear(&fleet);
    return 0;
}

static void causes_are_grouped_the_worst_and_most_first(void **state)
{
    const struct style style = {.columns = 80};

    (void)state;
    add(NULL, "subnet-a", 1);
    add("policy-missing", "subnet-a", 2);
    add("endpoint-blocks-443", "subnet-b", 3);
    add("endpoint-blocks-443", "subnet-b", 4);
    fleet_add_unread(&fleet, "somewhere/i-9.log", "no block");
    fleet_judge(&fleet);
    assert_int_equal(fleet.n_groups, 4);
    assert_string_equal(fleet.members[fleet.groups[0].first].code, "endpoint-blocks-443");
    assert_int_equal(fleet.groups[0].n, 2);
    assert_string_equal(fleet.members[fleet.groups[1].first].code, "policy-missing");
    assert_int_equal(fleet.members[fleet.groups[2].first].verdict, VERDICT_READY);
    assert_string_equal(fleet.members[fleet.groups[3].first].id, "i-9");
    for (int32_t i = 0; i < fleet.n_members; i++) /* each is of the group of its cause */
        assert_string_equal(fleet.members[i].code,
                            fleet.members[fleet.groups[fleet.members[i].group].first].code);
    assert_int_equal(fleet_exit_status(&fleet), 1);
    assert_says("terminal", &style, " i-3, i-4\n");
    assert_says("json", &style, "\"subnet\":\"subnet-b\"");
    assert_says("junit", &style, "tests=\"5\" failures=\"3\" errors=\"1\" skipped=\"0\"");
    assert_says("junit", &style, "type=\"NO REPORT\"");
    assert_says("junit", &style, "name=\"i-1\" time=\"0\"/>");
}

static void what_only_a_group_has_is_named(void **state)
{
    const struct style style = {.columns = 80};

    (void)state;
    for (int i = 0; i < 3; i++)
        add("endpoint-blocks-443", "subnet-b", i);
    for (int i = 3; i < 6; i++)
        add(NULL, "subnet-a", i);
    fleet_judge(&fleet);
    assert_string_equal(fleet_only(&fleet, &fleet.groups[0], COMMON_SUBNET), "subnet-b");
    assert_null(fleet_only(&fleet, &fleet.groups[0], COMMON_VPC)); /* the others have it too */
    assert_says("terminal", &style, "only they have subnet subnet-b\n");
    assert_says("html", &style, "<li>only they have subnet subnet-b</li>");
    assert_says("terminal", &style,
                "\n6 instances: 3 NOT READY, 3 READY.\n"
                "NOT READY      3  endpoint-blocks-443 (ssmmessages)\n");
    fleet_clear(&fleet);
    for (int i = 0; i < 4; i++) {
        add(i < 2 ? "endpoint-blocks-443" : NULL, i < 2 ? "subnet-b" : "subnet-a", i);
        (void)text_set(fleet.members[i].has[COMMON_VPC], NAME_SIZE, "vpc-%d", i / 2);
    }
    fleet_judge(&fleet);
    assert_says("terminal", &style, "only they have subnet subnet-b, VPC vpc-0\n");
}

/* One of a subnet that fails, and all of a subnet. */
static void a_ready_neighbour_makes_a_shared_cause_doubtful(void **state)
{
    (void)state;
    add("egress-blocked", "subnet-a", 1);
    assert_int_equal(fleet.members[0].confidence, CONFIDENCE_LIKELY);
    add("egress-blocked", "subnet-a", 2);
    fleet_judge(&fleet);
    assert_int_equal(fleet_confidence(&fleet.members[0], evidence), CONFIDENCE_LIKELY);
    assert_string_equal(evidence,
                        "all 2 with the same security group (sg-0ccccccccccccccc0) fail alike");
    fleet_clear(&fleet);
    add("egress-blocked", "subnet-a", 1);
    add(NULL, "subnet-a", 2);
    fleet_judge(&fleet);
    assert_int_equal(fleet_confidence(&fleet.members[0], evidence), CONFIDENCE_POSSIBLE);
    assert_string_equal(evidence, "1 with the same security group (sg-0ccccccccccccccc0) comes up: "
                                  "first look at this instance");
    fleet.members[0].confidence = CONFIDENCE_CERTAIN;
    assert_int_equal(fleet_confidence(&fleet.members[0], evidence), CONFIDENCE_CERTAIN);
    fleet_clear(&fleet);
    add("egress-blocked", "subnet-a", 1);
    add("egress-blocked", "subnet-a", 2);
    add(NULL, "subnet-a", 3);
    fleet_judge(&fleet);
    (void)fleet_confidence(&fleet.members[0], evidence);
    assert_non_null(strstr(evidence, " comes up: first look at what differs on these"));
    fleet_clear(&fleet);
    add("network-acl", "subnet-a", 1);
    add(NULL, "subnet-b", 2); /* no neighbour */
    fleet_judge(&fleet);
    assert_int_equal(fleet_confidence(&fleet.members[0], evidence), CONFIDENCE_LIKELY);
    assert_string_equal(evidence, "");
}

/* All of a zone fail, and not all of them alike; and what is certain stays so. */
static void neighbours_that_fail_otherwise_prove_nothing(void **state)
{
    (void)state;
    add("egress-blocked", "subnet-a", 1);
    add("egress-blocked", "subnet-a", 2);
    add("dns-resolver-unreachable", "subnet-a", 3);
    fleet_judge(&fleet);
    assert_int_equal(fleet_confidence(&fleet.members[0], evidence), CONFIDENCE_LIKELY);
    assert_string_equal(evidence, "");
    fleet_clear(&fleet);
    add("egress-blocked", "subnet-a", 1);
    add("egress-blocked", "subnet-a", 2);
    fleet.members[0].confidence = fleet.members[1].confidence = CONFIDENCE_POSSIBLE;
    fleet_judge(&fleet);
    assert_int_equal(fleet_confidence(&fleet.members[0], evidence), CONFIDENCE_LIKELY);
    fleet.members[0].confidence = CONFIDENCE_CERTAIN;
    assert_int_equal(fleet_confidence(&fleet.members[0], evidence), CONFIDENCE_CERTAIN);
    assert_null(fleet_only(&fleet, &fleet.groups[0], COMMON_SUBNET)); /* of one group */
    fleet_clear(&fleet);
    add("egress-blocked", "subnet-a", 1);
    add("egress-blocked", "subnet-b", 2);
    add("role-missing", "subnet-a",
        3); /* two of the subnet, as of the group, and not the same two */
    fleet_judge(&fleet);
    assert_null(fleet_only(&fleet, &fleet.groups[0], COMMON_SUBNET));
}

/* What blocks 443 lies in a security group, and the rest of what is named after an endpoint in the VPC. */
static void a_cause_lies_in_one_place(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        add("endpoint-blocks-443", "subnet-a", i);
        (void)text_set(fleet.members[i].has[COMMON_GROUP], NAME_SIZE, "sg-%d", i);
    }
    fleet_judge(&fleet);
    (void)fleet_confidence(&fleet.members[0], evidence);
    assert_string_equal(evidence, "");
}

/* Three are enough of what the others say. */
static void evidence_that_repeats_itself_ends(void **state)
{
    const struct style style = {.columns = 80};
    struct buffer text;

    (void)state;
    for (int i = 0; i < 8; i++) {
        add(i < 4 ? "egress-blocked" : NULL, "subnet-a", i);
        (void)text_set(fleet.members[i].has[COMMON_GROUP], NAME_SIZE, "sg-%d", i % 4);
    }
    fleet_judge(&fleet);
    assert_says("terminal", &style, "(sg-2) comes up");
    buffer_init(&text, FLEET_MAX_BYTES);
    fleet_outputs[0].write(&fleet, &style, &text);
    assert_null(strstr(text.bytes, "(sg-3) comes up"));
    buffer_clear(&text);
}

/* A group is that of the root cause, and what comes behind it is not hidden. */
static void other_causes_are_not_hidden(void **state)
{
    const struct style style = {.columns = 80};

    (void)state;
    add("several--role-and-names", "subnet-a", 1);
    add("role-missing", "subnet-a", 2);
    add("agent-disabled", "subnet-a", 3);
    fleet_judge(&fleet);
    assert_says("terminal", &style, "                  1 of 2 has other causes too\n");
    assert_says("html", &style, "<li>1 of 2 has other causes too</li>");
    assert_says("json", &style, "\"causes\":3");
}

static char *attribute(enum common common)
{
    struct instance_facts *instance = &facts.instance;
    char *const where[N_COMMON] = {
        [COMMON_SUBNET] = instance->subnet, [COMMON_ZONE] = instance->availability_zone,
        [COMMON_ROLE] = facts.role.role,    [COMMON_IMAGE] = instance->image,
        [COMMON_VPC] = instance->vpc,       [COMMON_GROUP] = instance->security_groups[0],
    };
    return where[common];
}

/* Each one alone, where two that fail share it and two that are ready have another; and not where one of those has it. */
static void each_thing_that_a_group_alone_has_is_named(void **state)
{
    static const char *const words[N_COMMON] = {"subnet", "zone", "role",
                                                "image",  "VPC",  "security group"};
    const struct style style = {.columns = 80};
    char line[LINE_SIZE];

    (void)state;
    for (enum common common = 0; common < N_COMMON; common++) {
        for (int lacking = 0; lacking < 2; lacking++) {
            for (int i = 0; i < 4; i++) {
                facts_healthy(&facts);
                (void)text_set(facts.instance.image, NAME_SIZE, "ami-0");
                if (i < 2)
                    situation_find("endpoint-blocks-443")->make(&facts);
                (void)text_set(facts.instance.id, NAME_SIZE, "i-%d", i);
                (void)text_set(attribute(common), NAME_SIZE, "%s", i < 2 + lacking ? "x-1" : "x-2");
                diagnose(&facts, &report);
                fleet_add(&fleet, "log", &report);
            }
            fleet_judge(&fleet);
            for (enum common i = 0; i < N_COMMON; i++)
                assert_true(!fleet_only(&fleet, &fleet.groups[0], i) == (i != common || lacking));
            (void)text_set(line, sizeof(line), "only they have %s x-1\n", words[common]);
            if (!lacking)
                assert_says("terminal", &style, line);
            fleet_clear(&fleet);
        }
    }
}

static void the_newest_record_of_an_instance_counts(void **state)
{
    const struct style style = {.columns = 80};

    (void)state;
    add("policy-missing", "subnet-a", 1);
    add(NULL, "subnet-a", 1); /* of one time: the last that was given */
    add(NULL, "subnet-a", 2);
    add("policy-missing", "subnet-a", 2);
    fleet.members[3].started_unix_ms++;
    fleet_judge(&fleet);
    assert_int_equal(fleet.members[0].group, -1);
    assert_int_equal(fleet.members[2].group, -1);
    fleet_clear(&fleet);
    add("policy-missing", "subnet-a", 1);
    fleet.members[0].started_unix_ms++;
    add(NULL, "subnet-a", 1);
    add(NULL, "subnet-a", 2);
    fleet_judge(&fleet);
    assert_int_equal(fleet.members[1].group, -1);
    assert_int_equal(fleet.n_groups, 2);
    assert_says("terminal", &style, "2 instances: 1 NOT READY, 1 READY. (1 older)\n");
    assert_says("json", &style, "\"older\":true");
    assert_says("junit", &style, "tests=\"2\"");
}

/* It stands before the others that have the same subnet, and counts nowhere. */
static void an_older_record_is_nobodys_peer(void **state)
{
    (void)state;
    add("endpoint-blocks-443", "subnet-a", 1);
    add("policy-missing", "subnet-a", 1);
    add("policy-missing", "subnet-a", 2);
    add(NULL, "subnet-a", 3);
    fleet.members[0].exit_status = 1;
    fleet_judge(&fleet);
    assert_int_equal(fleet.members[0].group, -1);
    for (int i = 1; i < 4; i++) {
        const struct peers *peers = &fleet.members[i].peers[COMMON_SUBNET];
        assert_int_equal(peers->n, 3);
        assert_int_equal(peers->n_ready, 1);
        assert_int_equal(peers->n_alike, i < 3 ? 2 : 1);
    }
    assert_int_equal(fleet.members[0].peers[COMMON_SUBNET].n, 0);
}

static void the_worst_exit_status_is_the_fleets(void **state)
{
    static const struct {
        int statuses[3], worst;
    } rows[] = {
        {{0, 0, 0}, 0}, {{0, 3, 0}, 3}, {{3, 1, 3}, 1}, {{1, 3, 0}, 1},
        {{3, 0, 0}, 3}, {{0, 0, 1}, 1}, {{3, 0, 1}, 1},
    };
    (void)state;
    for (int i = 0; i < 3; i++)
        add(NULL, "subnet-a", i);
    fleet_judge(&fleet);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (int j = 0; j < 3; j++)
            fleet.members[j].exit_status = rows[i].statuses[j];
        assert_int_equal(fleet_exit_status(&fleet), rows[i].worst);
    }
    fleet.members[0].exit_status = fleet.members[1].exit_status = 0;
    fleet.members[2].exit_status = 1;
    fleet.members[2].group = -1; /* a newer record counts */
    assert_int_equal(fleet_exit_status(&fleet), 0);
}

/* Of a group of instances one says what to paste, and no time of one instance stands for all. */
static void a_page_of_many_has_the_way_and_commands(void **state)
{
    const struct style style = {.columns = 80};

    (void)state;
    add("endpoint-blocks-443", "subnet-a", 1);
    assert_true(fleet_has_new_cause(&fleet));
    fleet.members[0].commands = strdup("aws ec2 do --it '<now>'\n");
    fleet.members[0].way = strdup("<svg>ssm</svg>\n");
    add("endpoint-blocks-443", "subnet-a", 2);
    assert_false(fleet_has_new_cause(&fleet));
    add(NULL, "subnet-a", 3);
    assert_false(fleet_has_new_cause(&fleet));
    fleet_judge(&fleet);
    assert_says("html", &style, "<p>What fixes i-1:</p>");
    assert_says("html", &style, "</button><pre>aws ec2 do --it '&lt;now&gt;'\n</pre>");
    assert_says("html", &style,
                "<p>The way of i-1, and what was seen there:</p>\n<svg>ssm</svg>\n");
    assert_says("html", &style, "<h2>1 READY</h2>");
    assert_says("html", &style, "<h3>The EC2 serial console</h3>");
    free(fleet.members[0].commands);
    fleet.members[0].commands = NULL;
    assert_says("html", &style, "<svg>ssm</svg>\n<ul>");
}

/* A warning is told, and fails nothing. */
static void junit_says_why_an_instance_is_degraded(void **state)
{
    const struct style style = {.columns = 80};

    (void)state;
    add("dns-slow", "subnet-a", 1);
    fleet_judge(&fleet);
    assert_says("junit", &style, "failures=\"0\" errors=\"0\"");
    assert_says("junit", &style,
                "><system-out>warning: dns-slow: The nameserver 10.0.0.2 is probably slow");
}

static void a_person_sees_lines_of_a_terminal(void **state)
{
    const struct style style = {.columns = 80, .verbose = true};
    struct buffer text;
    int column = 0;

    (void)state;
    add("endpoint-blocks-443", "subnet-0123456789abcdef0", 1);
    add("dns-resolver-unreachable", "subnet-0123456789abcdef0", 2);
    fleet_judge(&fleet);
    assert_says(
        "short", &style,
        "i-2                  NOT READY subnet-0123456789abcdef0 dns-resolver-unreachable  log-2\n");
    /* a line for each instance, and one for its file */
    assert_says("terminal", &style,
                "i-2                  NOT READY subnet-0123456789abcdef0 dns-resolver-unreachable\n"
                "                     log-2\n");
    assert_says("terminal", &style,
                "i-1                  NOT READY subnet-0123456789abcdef0 endpoint-blocks-443\n");
    buffer_init(&text, FLEET_MAX_BYTES);
    fleet_outputs[0].write(&fleet, &style, &text);
    for (size_t i = 0; i < text.used; i++) {
        column = text.bytes[i] == '\n' ? 0 : column + 1;
        if (column > 80)
            fail_msg("a line is too wide\n%s", text.bytes);
    }
    buffer_clear(&text);
    fleet.members[0].file[3] = fleet.members[1].file[3] = ' ';
    assert_says("terminal", &style, "show --commands 'log 1'\n");
    (void)strcpy(fleet.members[fleet.groups[0].first].file, "o'x y");
    assert_says("terminal", &style, "show --commands 'o'\\''x y'\n"); /* one word of a shell */
    fleet_clear(&fleet);
    add(NULL, "subnet-a", 3);
    fleet_judge(&fleet);
    assert_says("short", &style, "i-3                  READY     subnet-a                 -");
    assert_says("html", &style, "<h1 class=\"good\">");
}

static void hostile_words_are_escaped(void **state)
{
    const struct style style = {.verbose = true};

    (void)state;
    add("endpoint-blocks-443", "subnet-a", 1);
    (void)text_set(fleet.members[0].title, TITLE_SIZE, "%s", "</failure> \033]0;x\007 \" & \xff");
    (void)text_set(fleet.members[0].id, NAME_SIZE, "%s", "i-\033[2J<b>");
    fleet_judge(&fleet);
    assert_says("terminal", &style, "NOT READY");
    assert_says("short", &style, "i-?[2J<b>");
    assert_says("json", &style, "i-\\\\x1b[2J<b>");
    assert_says("junit", &style, "name=\"i-?[2J&lt;b&gt;\"");
    assert_says("junit", &style, "message=\"&lt;/failure&gt; ?]0;x? &quot; &amp; ?\"");
}

static void nothing_is_nothing(void **state)
{
    const struct style style = {0};

    (void)state;
    fleet_judge(&fleet);
    assert_int_equal(fleet_exit_status(&fleet), 0);
    assert_says("terminal", &style, "0 instances:");
}

/* Instances of every kind, none beside its like: an older report, one without an id, two that cannot be read. */
static void add_all_kinds(void)
{
    static const struct {
        const char *situation, *subnet;
        int number;
    } instances[] = {
        {NULL, "subnet-a", 1},
        {"egress-blocked", "subnet-b", 2},
        {"several--role-and-names", "subnet-c", 3},
        {"dns-slow", "subnet-a", 4},
        {"egress-blocked", "subnet-b", 5},
        {"stopped", "subnet-d", 6},
        {"egress-blocked", "subnet-b", 7},
        {NULL, "subnet-a", 8},
        {"role-missing", "subnet-c", 9},
        {"egress-blocked", "subnet-e", 10},
        {"dns-slow", "subnet-a", 11},
        {"egress-blocked", "subnet-e", 12},
        {"stopped", "subnet-d", 13},
        {"endpoint-blocks-443", "subnet-f", 14},
    };

    for (size_t i = 0; i < COUNT_OF(instances); i++) {
        add(instances[i].situation, instances[i].subnet, instances[i].number);
        if (i == 2)
            fleet_add_unread(&fleet, "logs/no-name.log", "no block");
        if (i == 5)
            add(NULL, "subnet-b", 2); /* before it, and so it is not the newest */
        if (i == 5)
            fleet.members[fleet.n_members - 1].started_unix_ms -= 1000;
        if (i == 8)
            fleet_add_unread(&fleet, "logs/i-20.log", "no facts <in> it");
    }
    for (int32_t i = 0; i < fleet.n_members; i++) {
        struct member *member = &fleet.members[i];

        if (strcmp(member->id, "i-8") == 0 || strcmp(member->has[COMMON_SUBNET], "subnet-e") == 0)
            (void)text_set(member->has[COMMON_GROUP], NAME_SIZE, "sg-1");
        if (strcmp(member->id, "i-7") == 0)
            member->id[0] = '\0';
        if (strcmp(member->id, "i-5") == 0 || strcmp(member->id, "i-9") == 0)
            member->way = strdup("<svg>the way</svg>\n");
        if (strcmp(member->id, "i-9") == 0 || strcmp(member->id, "i-14") == 0)
            member->commands = strdup("aws do it\n");
    }
}

static void every_kind_of_instance_is_told(void **state)
{
    const struct style style = {.columns = 80, .verbose = true};
    struct buffer all, page;

    (void)state;
    add_all_kinds();
    fleet_judge(&fleet);
    buffer_init(&all, FLEET_MAX_BYTES);
    for (size_t i = 0; i < n_fleet_outputs; i++) {
        (void)buffer_addf(&all, "--- %s\n", fleet_outputs[i].name);
        if (strcmp(fleet_outputs[i].name, "html") != 0) {
            fleet_outputs[i].write(&fleet, &style, &all);
            continue;
        }
        buffer_init(&page, FLEET_MAX_BYTES);
        fleet_outputs[i].write(&fleet, &style, &page);
        const char *body = strstr(page.bytes, "<body>");
        (void)buffer_add(&all, body, (size_t)(strstr(body, "<h2>The instance has no") - body));
        buffer_clear(&page);
    }
    assert_golden("fleet.txt", all.bytes, all.used);
    buffer_clear(&all);
}

static void what_was_taken_is_given_back(void **state)
{
    size_t before = 0;
    (void)state;

    for (int i = 0; i < 3; i++) { /* what is kept from the first time is no loss */
        add_all_kinds();
        fleet_judge(&fleet);
        fleet_clear(&fleet);
        before = i == 1 ? mallinfo2().uordblks : before;
    }
    assert_int_equal(mallinfo2().uordblks, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(causes_are_grouped_the_worst_and_most_first, end),
        cmocka_unit_test_teardown(what_only_a_group_has_is_named, end),
        cmocka_unit_test_teardown(a_ready_neighbour_makes_a_shared_cause_doubtful, end),
        cmocka_unit_test_teardown(neighbours_that_fail_otherwise_prove_nothing, end),
        cmocka_unit_test_teardown(a_cause_lies_in_one_place, end),
        cmocka_unit_test_teardown(evidence_that_repeats_itself_ends, end),
        cmocka_unit_test_teardown(other_causes_are_not_hidden, end),
        cmocka_unit_test_teardown(each_thing_that_a_group_alone_has_is_named, end),
        cmocka_unit_test_teardown(the_newest_record_of_an_instance_counts, end),
        cmocka_unit_test_teardown(an_older_record_is_nobodys_peer, end),
        cmocka_unit_test_teardown(the_worst_exit_status_is_the_fleets, end),
        cmocka_unit_test_teardown(a_page_of_many_has_the_way_and_commands, end),
        cmocka_unit_test_teardown(junit_says_why_an_instance_is_degraded, end),
        cmocka_unit_test_teardown(a_person_sees_lines_of_a_terminal, end),
        cmocka_unit_test_teardown(hostile_words_are_escaped, end),
        cmocka_unit_test_teardown(every_kind_of_instance_is_told, end),
        cmocka_unit_test_teardown(nothing_is_nothing, end),
        cmocka_unit_test_teardown(what_was_taken_is_given_back, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
