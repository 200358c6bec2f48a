/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts come back from their compact form: any facts as they were, trimmed ones with the same
 * diagnosis, and bytes that are not ours not at all.
 */
#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "model/compact.h"
#include "model/facts_json.h"
#include "model/fields.h"
#include "situations.h"

enum { MAX_BYTES = 1 << 20 };

static struct facts facts, back;
static struct report was, is;

static void write_new(const struct facts *from, struct buffer *to)
{
    buffer_init(to, MAX_BYTES);
    assert_true(compact_write(from, to));
}

static void read_back(const struct buffer *bytes)
{
    char error[200] = "";

    memset(&back, 0x5a, sizeof(back));
    if (!compact_read((const unsigned char *)bytes->bytes, bytes->used, &back, error,
                      sizeof(error)))
        fail_msg("cannot be read: %s", error);
}

static void assert_same_facts(const struct facts *a, const struct facts *b)
{
    struct cJSON *a_json = facts_to_json(a);
    struct cJSON *b_json = facts_to_json(b);
    char *a_text = cJSON_PrintUnformatted(a_json);
    char *b_text = cJSON_PrintUnformatted(b_json);

    assert_string_equal(a_text, b_text);
    cJSON_free(a_text);
    cJSON_free(b_text);
    cJSON_Delete(a_json);
    cJSON_Delete(b_json);
}

/* --- tests --- */

static void assert_same_finding(const struct finding *a, const struct finding *b)
{
    assert_string_equal(a->code, b->code);
    assert_int_equal(a->target, b->target);
    assert_int_equal(a->severity, b->severity);
    assert_int_equal(a->confidence, b->confidence);
    assert_int_equal(a->explains, b->explains);
    assert_string_equal(a->title, b->title);
    assert_string_equal(a->remedy, b->remedy);
    assert_int_equal(a->n_commands, b->n_commands);
    for (int32_t i = 0; i < a->n_commands; i++)
        assert_string_equal(a->commands[i], b->commands[i]);
    assert_int_equal(a->n_alternatives, b->n_alternatives);
    for (int32_t i = 0; i < a->n_alternatives; i++)
        assert_string_equal(a->alternatives[i].command, b->alternatives[i].command);
}

/* Up to the level at which lists are cut. */
static void assert_same_diagnosis(const struct facts *from, const char *name)
{
    static struct facts trimmed;

    diagnose(from, &was);
    for (int level = 0; level < COMPACT_LISTS_CUT; level++) {
        struct buffer bytes;

        trimmed = *from;
        compact_trim(&trimmed, level);
        write_new(&trimmed, &bytes);
        read_back(&bytes);
        assert_same_facts(&trimmed, &back);
        diagnose(&back, &is);
        if (was.verdict != is.verdict || was.n_findings != is.n_findings)
            fail_msg("%s at level %d is diagnosed otherwise", name, level);
        assert_string_equal(was.summary, is.summary);
        for (int32_t i = 0; i < was.n_findings; i++)
            assert_same_finding(&was.findings[i], &is.findings[i]);
        for (int i = 0; i < N_CHECKS; i++)
            assert_int_equal(was.checks[i].status, is.checks[i].status);
        buffer_clear(&bytes);
    }
}

static const struct situation *make(size_t i)
{
    const struct situation *situation = situation_at(i);

    facts_healthy(&facts);
    if (situation)
        situation->make(&facts);
    return situation;
}

static void every_situation_is_diagnosed_alike(void **state)
{
    (void)state;
    for (size_t i = 0; make(i); i++)
        assert_same_diagnosis(&facts, situation_at(i)->name);
}

static void any_facts_come_back_as_they_were(void **state)
{
    (void)state;
    for (size_t i = 0; make(i); i++) {
        struct buffer bytes;

        write_new(&facts, &bytes);
        read_back(&bytes);
        assert_same_facts(&facts, &back);
        buffer_clear(&bytes);
    }
    memset(&facts, 0, sizeof(facts));
    struct buffer bytes;
    write_new(&facts, &bytes);
    read_back(&bytes);
    assert_memory_equal(&facts, &back, sizeof(facts));
    buffer_clear(&bytes);
}

/* Bytes on the console are dear: these bounds are what is reached today, with a little room. */
static void usual_facts_are_small(void **state)
{
    (void)state;
    for (size_t i = 0; make(i); i++) {
        size_t before = SIZE_MAX;

        for (int level = 0; level < N_COMPACT_LEVELS; level++) {
            struct buffer bytes;
            (void)make(i);
            compact_trim(&facts, level);
            write_new(&facts, &bytes);
            if (bytes.used > (level == 0 ? 400u : 336u))
                fail_msg("%s takes %zu bytes at level %d", situation_at(i)->name, bytes.used,
                         level);
            assert_true(bytes.used <= before);
            before = bytes.used;
            buffer_clear(&bytes);
        }
    }
}

/* --- any facts at all --- */

static uint64_t random_state;

static uint32_t any_number(uint32_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % below;
}

static void fill_text(char *to, size_t size)
{
    static const char *const pieces[] = {"10.0.1.",
                                         "0123456789abcdef",
                                         "ssm",
                                         " ",
                                         "255.255.255.255",
                                         "us-east-1",
                                         "\"",
                                         "\\",
                                         "~",
                                         "Z",
                                         "1.2.3",
                                         "00.1.2.3"};
    size_t n = any_number(4);

    to[0] = '\0';
    for (size_t i = 0; i < n; i++)
        (void)snprintf(to + strlen(to), size - strlen(to), "%s", pieces[any_number(12)]);
}

static void fill(const struct fields *fields, char *at);

static void fill_item(const struct field *field, char *at)
{
    unsigned int value = any_number(2);
    uint64_t bits = (uint64_t)any_number(1u << 31) << any_number(18);
    int64_t number = any_number(2) ? (int64_t)bits : -(int64_t)bits;

    switch (field->kind) {
    case FIELD_TEXT:
        fill_text(at, field->size);
        break;
    case FIELD_BOOL:
        *at = (char)value;
        break;
    case FIELD_ENUM:
        value = any_number(field->names->n);
        memcpy(at, &value, sizeof(value));
        break;
    case FIELD_STRUCT:
        fill(field->fields, at);
        break;
    case FIELD_CHECKS:
        bits &= (UINT64_C(1) << N_CHECKS) - 1;
        memcpy(at, &bits, sizeof(bits));
        break;
    case FIELD_INT64:
        memcpy(at, &number, sizeof(number));
        break;
    default:
        memcpy(at, &number, field->size);
    }
}

static void fill(const struct fields *fields, char *at)
{
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->rows[i];
        size_t n = field->count == COUNT_ONE ? 1 : field->max_items;

        if (any_number(4) == 0 && field->count == COUNT_ONE)
            continue;
        if (field->count == COUNT_LIST) {
            int32_t n_items = (int32_t)any_number((uint32_t)field->max_items + 1);
            memcpy(at + field->n_offset, &n_items, sizeof(n_items));
            n = (size_t)n_items;
        }
        for (size_t j = 0; j < n; j++)
            fill_item(field, at + field->offset + j * field->size);
    }
}

static void random_facts_come_back_as_they_were(void **state)
{
    const char *seed = getenv("SEED");

    (void)state;
    for (unsigned int run = 0; run < 20; run++) {
        struct buffer bytes;

        random_state = (seed ? strtoull(seed, NULL, 10) : 1) + run;
        memset(&facts, 0, sizeof(facts));
        fill(&facts_fields, (char *)&facts);
        write_new(&facts, &bytes);
        read_back(&bytes);
        assert_same_facts(&facts, &back);
        buffer_clear(&bytes);
    }
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
    bool read = compact_read(exact, n, &back, error, sizeof(error));
    free(exact);
    if (!read) {
        assert_memory_equal(&back, &facts, sizeof(facts));
        assert_true(error[0]);
    }
    return read;
}

static void another_version_is_refused(void **state)
{
    struct buffer bytes;

    (void)state;
    facts_healthy(&facts);
    write_new(&facts, &bytes);
    for (size_t i = 0; i < 4; i++) {
        bytes.bytes[i] ^= 1;
        assert_false(try_read((const unsigned char *)bytes.bytes, bytes.used));
        bytes.bytes[i] ^= 1;
    }
    assert_false(try_read((const unsigned char *)bytes.bytes, 3));
    assert_true(try_read((const unsigned char *)bytes.bytes, bytes.used));
    buffer_clear(&bytes);
}

/* Whatever comes of them, they are facts within their bounds: diagnosing them is safe. */
static void garbled_bytes_do_no_harm(void **state)
{
    struct buffer bytes;

    (void)state;
    facts_healthy(&facts);
    write_new(&facts, &bytes);
    random_state = 7;
    for (int i = 0; i < 400; i++) {
        unsigned char garbled[2048];
        size_t n = bytes.used < sizeof(garbled) ? bytes.used : sizeof(garbled);

        memcpy(garbled, bytes.bytes, n);
        for (uint32_t j = 0; j <= any_number(4); j++)
            garbled[4 + any_number((uint32_t)n - 4)] ^= (unsigned char)(1 + any_number(255));
        if (any_number(4) == 0)
            n = 4 + any_number((uint32_t)n - 4);
        if (try_read(garbled, n))
            diagnose(&back, &is);
    }
    buffer_clear(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_situation_is_diagnosed_alike),
        cmocka_unit_test(any_facts_come_back_as_they_were),
        cmocka_unit_test(usual_facts_are_small),
        cmocka_unit_test(random_facts_come_back_as_they_were),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(garbled_bytes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
