/* SPDX-License-Identifier: Apache-2.0
 *
 * Packed facts are diagnosed as the whole ones, are small also of an instance that the dictionary has
 * never seen, and bytes that are not ours are refused.
 *
 * With PACKED_TEXTS set, this prints what is deflated, one situation a line, for `make dictionary`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <malloc.h>
#include <zlib.h>

#include "base/text.h"
#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "model/fields.h"
#include "model/packed.h"
#include "model/permissions.h"
#include "situations.h"

enum { MAX_BYTES = 1 << 20, MAX_SITUATIONS = 1000, MEDIAN_BELOW = 350, ALL_BELOW = 900 };

static struct facts facts, back;
static struct report was, is;

static const struct situation *make(size_t i)
{
    const struct situation *situation = situation_at(i);

    facts_healthy(&facts);
    if (situation)
        situation->make(&facts);
    return situation;
}

static size_t place_of_action(const char *action)
{
    size_t i = 0;

    while (i < n_permissions && strcmp(permissions[i].action, action) != 0)
        i++;
    return i;
}

static int by_permission(const void *a, const void *b)
{
    const size_t left = place_of_action(((const struct action_facts *)a)->action);
    const size_t right = place_of_action(((const struct action_facts *)b)->action);

    return left < right ? -1 : left > right;
}

/* Situations say only what matters to them. The program records some more, in its own order. */
static void make_as_recorded(void)
{
    struct interface_facts *interface = &facts.network.interfaces[0];

    for (int i = 0; i < N_SERVICES; i++) {
        struct service_plan *plan = &facts.plan.services[i];
        const char *name = service_name((enum service)i);

        qsort(facts.endpoints[i].actions, (size_t)facts.endpoints[i].n_actions,
              sizeof(struct action_facts), by_permission);
        if (plan->host[0] || !facts.plan.region[0])
            continue;
        (void)text_set(plan->host, sizeof(plan->host), "%s.%s.%s", name, facts.plan.region,
                       facts.plan.domain);
        plan->host_source = SOURCE_IMDS;
        plan->port = 443;
        (void)text_set(plan->endpoint_service, sizeof(plan->endpoint_service),
                       "com.amazonaws.%s.%s", facts.plan.region, name);
    }
    facts.deadline_ms = 15000;
    if (interface->n_addresses == 1)
        (void)text_set(interface->addresses[interface->n_addresses++], ADDRESS_SIZE,
                       "fe80::c49:61ff:fe0f:c311%%ens5/64");
    if (facts.machine.time_sync == ANSWER_UNKNOWN)
        facts.machine.time_sync = ANSWER_YES;
    if (facts.agent.running == ANSWER_UNKNOWN)
        facts.agent.running = ANSWER_NO;
}

static void write_new(const struct facts *from, enum packed level, struct buffer *to)
{
    buffer_init(to, MAX_BYTES);
    assert_true(packed_write(from, level, to));
}

static void read_back(const struct buffer *bytes, const char *name)
{
    char error[200] = "";

    memset(&back, 0x5a, sizeof(back));
    if (!packed_read((const unsigned char *)bytes->bytes, bytes->used, &back, error,
                     sizeof(error)) ||
        error[0])
        fail_msg("%s: %s", name, error);
}

/* --- the diagnosis --- */

/* What is quoted, but for times, which are rounded ("(3504 ms)" is "(3000 ms)"), and for readings of
 * the clock that agree with it, of which one is kept. */
static const char *evidence(const struct finding *finding, char *text, size_t size)
{
    text[0] = '\0';
    for (int32_t i = 0; i < finding->n_evidence; i++) {
        if (strstr(finding->evidence[i], "agrees with this machine's clock"))
            continue;
        for (const char *at = finding->evidence[i]; *at; at++) {
            const size_t n_digits = strspn(at, "0123456789");
            at += n_digits > 0 && text_starts(at + n_digits, " ms") ? n_digits : 0;
            (void)text_add(text, size, "%c", *at);
        }
        (void)text_add(text, size, "\n");
    }
    return text;
}

static void assert_same_finding(const struct finding *a, const struct finding *b, enum packed level)
{
    static char texts[2][MAX_EVIDENCE * LINE_SIZE];

    assert_string_equal(a->code, b->code);
    assert_int_equal(a->target, b->target);
    assert_int_equal(a->severity, b->severity);
    assert_int_equal(a->confidence, b->confidence);
    assert_true(a->explains == b->explains);
    assert_string_equal(a->title, b->title);
    assert_string_equal(a->remedy, b->remedy);
    assert_int_equal(a->n_commands, b->n_commands);
    for (int32_t i = 0; i < a->n_commands; i++)
        assert_string_equal(a->commands[i], b->commands[i]);
    assert_int_equal(a->n_alternatives, b->n_alternatives);
    for (int32_t i = 0; i < a->n_alternatives; i++)
        assert_string_equal(a->alternatives[i].command, b->alternatives[i].command);
    if (level == PACKED_ALL)
        assert_string_equal(evidence(a, texts[0], sizeof(texts[0])),
                            evidence(b, texts[1], sizeof(texts[1])));
}

/* Up to the level at which lists are cut. */
static void every_situation_is_diagnosed_alike(void **state)
{
    (void)state;
    for (size_t i = 0; make(i); i++) {
        if (!share_has(i))
            continue;
        diagnose(&facts, &was);
        for (int level = 0; level < PACKED_LISTS; level++) {
            struct buffer bytes;

            write_new(&facts, (enum packed)level, &bytes);
            read_back(&bytes, situation_at(i)->name);
            buffer_clear(&bytes);
            diagnose(&back, &is);
            if (was.verdict != is.verdict || was.n_findings != is.n_findings)
                fail_msg("%s at level %d is diagnosed otherwise", situation_at(i)->name, level);
            assert_string_equal(was.summary, is.summary);
            for (int32_t j = 0; j < was.n_findings; j++)
                assert_same_finding(&was.findings[j], &is.findings[j], (enum packed)level);
            for (int j = 0; j < N_CHECKS; j++)
                assert_int_equal(was.checks[j].status, is.checks[j].status);
            for (int j = 0; j < N_SERVICES; j++)
                for (int32_t k = 0; k < facts.endpoints[j].n_actions; k++)
                    assert_string_equal(facts.endpoints[j].actions[k].action,
                                        back.endpoints[j].actions[k].action);
        }
    }
}

/* What is packed again is the same: nothing is lost that was there. */
static void packed_facts_come_back_as_they_were(void **state)
{
    (void)state;
    for (size_t i = 0; make(i); i++) {
        struct buffer bytes, again;

        if (!share_has(i))
            continue;
        write_new(&facts, PACKED_ALL, &bytes);
        read_back(&bytes, situation_at(i)->name);
        write_new(&back, PACKED_ALL, &again);
        assert_int_equal(bytes.used, again.used);
        assert_memory_equal(bytes.bytes, again.bytes, bytes.used);
        buffer_clear(&bytes);
        buffer_clear(&again);
    }
}

static void what_was_taken_is_given_back(void **state)
{
    size_t before = 0;
    struct buffer bytes;
    (void)state;

    facts_healthy(&facts);
    for (int i = 0; i < 3; i++) { /* what is kept from the first time is no loss */
        write_new(&facts, PACKED_ALL, &bytes);
        read_back(&bytes, "healthy");
        buffer_clear(&bytes);
        before = i == 1 ? mallinfo2().uordblks : before;
    }
    assert_int_equal(mallinfo2().uordblks, before);
}

static void the_region_is_told_from_what_stands_for_it(void **state)
{
    struct buffer bytes;
    (void)state;

    facts_healthy(&facts);
    (void)text_set(facts.role.role, sizeof(facts.role.role), "~us-east-1~\\u007e \"");
    (void)text_set(facts.plan.region, sizeof(facts.plan.region), "us-east-1");
    write_new(&facts, PACKED_ALL, &bytes);
    read_back(&bytes, "a region");
    assert_string_equal(back.role.role, facts.role.role);
    buffer_clear(&bytes);
    (void)text_set(facts.plan.region, sizeof(facts.plan.region), "%s", "");
    write_new(&facts, PACKED_ALL, &bytes);
    read_back(&bytes, "no region");
    assert_string_equal(back.role.role, facts.role.role);
    buffer_clear(&bytes);
}

/* --- the size --- */

static void replace(char *text, const char *from, const char *to)
{
    for (char *at = text; (at = strstr(at, from)); at += strlen(to))
        for (size_t i = 0; to[i]; i++)
            at[i] = to[i];
}

/* Another of the same length and kind, the same for the same. */
static void randomize(char *id, size_t n)
{
    const bool is_decimal = strspn(id, "0123456789") >= n;
    uint32_t random = 7;

    for (size_t i = 0; i < n; i++) {
        random = (random ^ (unsigned char)id[i]) * UINT32_C(2654435761) + 12345;
        id[i] = is_decimal ? (char)('0' + (random >> 16) % 10) : "0123456789abcdef"[random >> 28];
    }
}

/* An instance of which no situation knows an id, an address, a name or the region. */
static void make_unknown(const struct fields *fields, char *base)
{
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->rows[i];

        for (size_t j = 0; j < field_n_items(field, base); j++) {
            char *at = base + field->offset + j * field->size;

            if (field->kind == FIELD_STRUCT)
                make_unknown(field->fields, at);
            if (field->kind != FIELD_TEXT)
                continue;
            replace(at, "10.0.", "10.7.");
            replace(at, "us-east-1", "eu-west-3");
            replace(at, "app-profile", "web-tier-xy");
            replace(at, "app-role", "web-tier");
            for (size_t n; *at; at += n ? n : 1)
                if ((n = strspn(at, "0123456789abcdef")) >= 8)
                    randomize(at, n);
        }
    }
}

static int by_size(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void unknown_facts_are_small(void **state)
{
    int sizes[MAX_SITUATIONS], n = 0, largest = 0;
    const char *which = "";
    (void)state;

    for (size_t i = 0; make(i); i++) {
        size_t before = SIZE_MAX;

        if (!share_has(i))
            continue;
        make_as_recorded();
        make_unknown(&facts_fields, (char *)&facts);
        facts.started_unix_ms += INT64_C(87654321987);
        facts.clock.wall_unix_ms += INT64_C(87654321987);
        facts.role.expires_unix_s += 87654321;
        for (int level = 0; level < N_PACKED; level++) {
            struct buffer bytes;

            write_new(&facts, (enum packed)level, &bytes);
            assert_true(level == 0 || bytes.used <= before + 8); /* deflate's own whims */
            before = bytes.used;
            if (level == 0)
                sizes[n++] = (int)bytes.used;
            if (level == 0 && (int)bytes.used > largest) {
                largest = (int)bytes.used;
                which = situation_at(i)->name;
            }
            buffer_clear(&bytes);
        }
    }
    qsort(sizes, (size_t)n, sizeof(sizes[0]), by_size);
    print_message("packed facts of %d situations: median %d bytes, at most %d (%s)\n", n,
                  sizes[n / 2], largest, which);
    assert_true(sizes[n / 2] < MEDIAN_BELOW);
    assert_true(largest < ALL_BELOW);
}

/* --- what is not ours --- */

static bool try_read(const unsigned char *bytes, size_t n)
{
    char error[200] = "";
    unsigned char *exact = malloc(n ? n : 1); /* so that a sanitizer sees a read beyond it */

    assert_non_null(exact);
    memcpy(exact, bytes, n);
    memset(&back, 0x5a, sizeof(back));
    facts = back;
    bool read = packed_read(exact, n, &back, error, sizeof(error));
    free(exact);
    if (!read) {
        assert_memory_equal(&back, &facts, sizeof(facts));
        assert_true(error[0]);
    }
    return read;
}

/* --- what is trimmed --- */

static struct facts trimmed;

static void trim(void)
{
    trimmed = facts;
    facts_trim(&trimmed, PACKED_ALL);
}

static void what_is_of_no_consequence_is_trimmed(void **state)
{
    struct endpoint_facts *ssm = &facts.endpoints[SERVICE_SSM];
    const struct endpoint_facts *now = &trimmed.endpoints[SERVICE_SSM];
    (void)state;

    facts_healthy(&facts);
    ssm->addresses[0].port = 43210;
    ssm->addresses[0].steps[RUNG_TLS].took_ms = 1234567;
    (void)strcpy(ssm->addresses[0].session.subject, "CN=x");
    (void)strcpy(ssm->addresses[0].session.names, "x");
    (void)strcpy(ssm->addresses[0].head.server, "x");
    (void)strcpy(ssm->addresses[0].head.via, "x");
    (void)strcpy(ssm->addresses[0].body_start, "x");
    trim();
    assert_string_equal(now->addresses[0].session.names, "");
    assert_string_equal(now->addresses[0].head.server, "");
    assert_string_equal(now->addresses[0].head.via, "");
    assert_string_equal(now->addresses[0].body_start, "");
    assert_int_equal(now->addresses[0].port, 0);
    assert_int_equal(now->addresses[0].steps[RUNG_TLS].took_ms, 1234000); /* whole seconds */
    assert_string_equal(now->addresses[0].session.subject, "");
    assert_int_equal(now->actions[0].status, 0);
    assert_int_equal(now->actions[0].took_ms, 0);
    assert_string_equal(now->actions[0].code, "");

    /* what is wrong is quoted */
    ssm->addresses[1].silent_port = 43211;
    step_fail(&ssm->addresses[0].steps[RUNG_TLS], FAILURE_UNTRUSTED, 5);
    trim();
    assert_int_equal(now->addresses[0].port, 43210);
    assert_string_equal(now->addresses[0].session.subject, "CN=x");
}

/* Two digits and zeros, or whole seconds; and what is below every limit is at once. */
static void times_are_as_exact_as_limits_are(void **state)
{
    static const int32_t rows[][2] = {
        {0, 0},         {1, 1},           {99, 1},      {100, 100},     {109, 100},
        {110, 110},     {999, 990},       {1000, 1000}, {1099, 1000},   {1503, 1500},
        {3060, 3000},   {9999, 9900},     {9900, 9900}, {10000, 10000}, {16004, 16000},
        {99999, 99000}, {100500, 100000},
    };
    struct address_facts *at = &facts.endpoints[SERVICE_SSM].addresses[0];
    (void)state;

    facts_healthy(&facts);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        at->steps[RUNG_TLS].took_ms = rows[i][0];
        trim();
        assert_int_equal(trimmed.endpoints[SERVICE_SSM].addresses[0].steps[RUNG_TLS].took_ms,
                         rows[i][1]);
    }
    for (int days = 30; days <= 31; days++) { /* a certificate that ends soon says when */
        at->session.not_before_unix_s = 1;
        at->session.not_after_unix_s = facts.started_unix_ms / 1000 + 30 * 86400 + (days == 31);
        trim();
        const struct tls_session *now = &trimmed.endpoints[SERVICE_SSM].addresses[0].session;
        assert_int_equal(now->not_after_unix_s, days == 30 ? at->session.not_after_unix_s : 0);
        assert_int_equal(now->not_before_unix_s, days == 30);
    }
}

/* Of denials that are alike one has words. */
static void a_denial_is_quoted_once_of_its_kind(void **state)
{
    struct endpoint_facts *ssm = &facts.endpoints[SERVICE_SSM];
    const struct endpoint_facts *now = &trimmed.endpoints[SERVICE_SSM];
    (void)state;

    facts_healthy(&facts);
    assert_true(ssm->n_actions >= 4);
    deny(&facts, SERVICE_SSM, NULL, DENIED_BY_NO_IDENTITY_POLICY, false);
    ssm->actions[1].denied_by = DENIED_BY_BOUNDARY;
    ssm->actions[2].failure = FAILURE_FORBIDDEN;
    ssm->actions[3].permission = PERMISSION_UNCLEAR;
    trim();
    for (int i = 0; i < 4; i++)
        assert_string_not_equal(now->actions[i].message, "");
    for (int32_t i = 4; i < ssm->n_actions; i++)
        if (ssm->actions[i].permission == PERMISSION_DENIED)
            assert_string_equal(now->actions[i].message, "");
    assert_string_not_equal(now->actions[0].code, "");
    assert_int_not_equal(now->actions[0].status, 0);
}

static void readings_that_agree_are_few(void **state)
{
    struct clock_facts *clock = &facts.clock;
    (void)state;

    facts_healthy(&facts);
    clock->n_samples = 6;
    for (int i = 1; i < 6; i++)
        clock->samples[i] = clock->samples[0];
    trim();
    assert_int_equal(trimmed.clock.n_samples, 3);
    for (int sign = -1; sign <= 1;
         sign += 2) { /* ten seconds are right, and a little more is not */
        clock->samples[5].offset_ms = sign * 10000;
        clock->samples[5].error_ms = 10000;
        trim();
        assert_int_equal(trimmed.clock.n_samples, 3);
        clock->samples[5].offset_ms = sign * 10001;
        trim();
        assert_int_equal(trimmed.clock.n_samples, 6);
        assert_int_equal(trimmed.clock.samples[5].offset_ms, sign * 10001);
        clock->samples[5] = clock->samples[0];
        clock->samples[5].error_ms = 10001;
        trim();
        assert_int_equal(trimmed.clock.n_samples, 6);
        clock->samples[5] = clock->samples[0];
    }
    for (int i = 0; i < 3; i++)
        clock->samples[i].offset_ms = 150 * (i - 1);
    clock->samples[2].error_ms = 1059;
    clock->n_samples = 3;
    trim();
    for (int i = 0; i < 3; i++)
        assert_int_equal(trimmed.clock.samples[i].offset_ms, 100 * (i - 1));
    assert_int_equal(trimmed.clock.samples[2].error_ms, 1000);
}

static void an_address_of_the_link_says_something_where_it_is_alone(void **state)
{
    struct interface_facts *interface = &facts.network.interfaces[0];
    (void)state;

    facts_healthy(&facts);
    interface->n_addresses = 2;
    (void)strcpy(interface->addresses[0], "fe80::1/64");
    (void)strcpy(interface->addresses[1], "10.0.1.10/24");
    trim();
    assert_int_equal(trimmed.network.interfaces[0].n_addresses, 1);
    assert_string_equal(trimmed.network.interfaces[0].addresses[0], "10.0.1.10/24");
    facts.network.usable_ipv4 = facts.network.usable_ipv6 = false;
    trim();
    assert_int_equal(trimmed.network.interfaces[0].n_addresses, 2);
}

static void fill_up(const struct fields *fields, char *base)
{
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->rows[i];
        const int32_t most = (int32_t)field->max_items;

        if (field->count == COUNT_LIST)
            memcpy(base + field->n_offset, &most, sizeof(most));
        for (size_t j = 0; j < field_n_items(field, base); j++) {
            char *at = base + field->offset + j * field->size;
            if (field->kind == FIELD_STRUCT)
                fill_up(field->fields, at);
            else if (field->kind == FIELD_TEXT)
                memset(at, '"', field->size - 1);
        }
    }
}

/* More text than a reader takes is no block, however small it gets. */
static void what_is_too_long_to_be_read_is_not_written(void **state)
{
    struct buffer bytes;
    (void)state;

    fill_up(&facts_fields, (char *)&facts);
    buffer_init(&bytes, 1024 * 1024);
    assert_false(packed_write(&facts, PACKED_ALL, &bytes));
    buffer_clear(&bytes);
}

static void another_dictionary_is_refused(void **state)
{
    struct buffer bytes;
    char error[200] = "";
    (void)state;

    facts_healthy(&facts);
    write_new(&facts, PACKED_ALL, &bytes);
    bytes.bytes[0]++;
    assert_false(
        packed_read((const unsigned char *)bytes.bytes, bytes.used, &back, error, sizeof(error)));
    assert_string_equal(error,
                        "written by a newer ssm-preflight (its facts need dictionary 2, this "
                        "one has up to 1): use that one or newer");
    bytes.bytes[0] = 0;
    assert_false(try_read((const unsigned char *)bytes.bytes, bytes.used));
    buffer_clear(&bytes);
}

/* However they are cut, and whatever comes of them: diagnosing what was read is safe. */
static void garbled_bytes_do_no_harm(void **state)
{
    unsigned char garbled[2048];
    struct buffer bytes;
    uint32_t random = 7;
    (void)state;

    facts_healthy(&facts);
    write_new(&facts, PACKED_ALL, &bytes);
    assert_true(bytes.used < sizeof(garbled));
    for (size_t n = 0; n < bytes.used; n++)
        assert_false(try_read((const unsigned char *)bytes.bytes, n));
    for (int i = 0; i < 2000; i++) {
        memcpy(garbled, bytes.bytes, bytes.used);
        for (int j = 0; j <= i % 3; j++) {
            random = random * 1103515245 + 12345;
            garbled[1 + (random >> 8) % (bytes.used - 1)] ^= (unsigned char)(1 +
                                                                             (random >> 24) % 255);
        }
        if (try_read(garbled, bytes.used))
            diagnose(&back, &is);
    }
    buffer_clear(&bytes);
}

/* A megabyte of blanks in front of facts: a kilobyte on the wire. */
static void a_bomb_is_refused(void **state)
{
    enum { PLAIN = 1 << 20 };
    unsigned char bytes[4096] = {1};
    char *plain = malloc(PLAIN);
    z_stream stream = {0};
    (void)state;

    assert_non_null(plain);
    memset(plain, ' ', PLAIN);
    plain[0] = '\n';
    plain[1] = '{';
    plain[2] = '}';
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (unsigned char *)plain;
    stream.avail_in = PLAIN;
    stream.next_out = bytes + 1;
    stream.avail_out = sizeof(bytes) - 1;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    const size_t n = 1 + stream.total_out;
    assert_int_equal(deflateEnd(&stream), Z_OK);
    free(plain);
    assert_false(try_read(bytes, n));
}

static int print_texts(void)
{
    for (size_t i = 0; make(i); i++) {
        struct buffer text;

        if (i == 0) { /* the one that all others are compared with */
            facts_healthy(&facts);
        }
        make_as_recorded();
        buffer_init(&text, MAX_BYTES);
        if (!packed_text(&facts, PACKED_ALL, &text))
            return 1;
        (void)puts(strchr(text.bytes, '\n') + 1);
        buffer_clear(&text);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_situation_is_diagnosed_alike),
        cmocka_unit_test(packed_facts_come_back_as_they_were),
        cmocka_unit_test(what_was_taken_is_given_back),
        cmocka_unit_test(the_region_is_told_from_what_stands_for_it),
        cmocka_unit_test(unknown_facts_are_small),
        cmocka_unit_test(what_is_of_no_consequence_is_trimmed),
        cmocka_unit_test(times_are_as_exact_as_limits_are),
        cmocka_unit_test(a_denial_is_quoted_once_of_its_kind),
        cmocka_unit_test(readings_that_agree_are_few),
        cmocka_unit_test(an_address_of_the_link_says_something_where_it_is_alone),
        cmocka_unit_test(what_is_too_long_to_be_read_is_not_written),
        cmocka_unit_test(another_dictionary_is_refused),
        cmocka_unit_test(garbled_bytes_do_no_harm),
        cmocka_unit_test(a_bomb_is_refused),
    };

    if (getenv("PACKED_TEXTS"))
        return print_texts();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
