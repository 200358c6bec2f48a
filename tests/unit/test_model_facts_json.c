/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts survive a round trip through JSON whatever they are, and what is not facts is refused
 * whole. Random, with a seed: FUZZ_SEED=n FUZZ_ROUNDS=n repeat or prolong.
 */
#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "facts_builder.h"
#include "model/facts_json.h"
#include "model/fields.h"

static uint64_t seed = 1;

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    uint64_t value;

    return text && text_number(text, UINT32_MAX, &value) ? value : otherwise;
}

/* splitmix64: small, and the same everywhere. */
static uint64_t random_bits(void)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t random_below(size_t n)
{
    return (size_t)(random_bits() % n);
}

/* --- facts filled at random, through the same table but with other code --- */

static void fill_struct(const struct fields *fields, char *at);

static void fill_number(const struct field *field, char *at)
{
    static const int64_t odd[] = {0, 1, -1, INT32_MAX, INT32_MIN, JSON_MAX_WHOLE, -JSON_MAX_WHOLE};
    int64_t value = random_below(3) ? (int64_t)random_below(100000)
                                    : odd[random_below(COUNT_OF(odd))];

    if (field->kind == FIELD_INT32)
        memcpy(at, &(int32_t){(int32_t)(value % INT32_MAX)}, sizeof(int32_t));
    else if (field->kind == FIELD_UINT16)
        memcpy(at, &(uint16_t){(uint16_t)value}, sizeof(uint16_t));
    else if (field->kind == FIELD_UINT32)
        memcpy(at, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
    else
        memcpy(at, &value, sizeof(value));
}

static void fill_item(const struct field *field, char *at)
{
    size_t length;

    switch (field->kind) {
    case FIELD_TEXT:
        length = random_below(field->size);
        for (size_t i = 0; i < length; i++)
            at[i] = (char)(' ' + random_below('~' - ' ' + 1));
        break;
    case FIELD_BOOL:
        memcpy(at, &(bool){random_below(2) == 1}, sizeof(bool));
        break;
    case FIELD_ENUM:
        memcpy(at, &(unsigned int){(unsigned int)random_below(field->names->n)},
               sizeof(unsigned int));
        break;
    case FIELD_CHECKS:
        memcpy(at, &(check_set){random_bits() & (((check_set)1 << N_CHECKS) - 1)},
               sizeof(check_set));
        break;
    case FIELD_STRUCT:
        fill_struct(field->fields, at);
        break;
    case FIELD_INT32:
    case FIELD_INT64:
    case FIELD_UINT16:
    case FIELD_UINT32:
        fill_number(field, at);
        break;
    }
}

static void fill_struct(const struct fields *fields, char *at)
{
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->rows[i];
        size_t n = field->count == COUNT_ONE    ? 1
                   : field->count == COUNT_LIST ? random_below(field->max_items + 1)
                                                : field->max_items;

        if (field->count == COUNT_LIST)
            memcpy(at + field->n_offset, &(int32_t){(int32_t)n}, sizeof(int32_t));
        for (size_t j = 0; j < n; j++)
            fill_item(field, at + field->offset + j * field->size);
    }
}

static struct facts *facts_new(void)
{
    struct facts *facts = calloc(1, sizeof(*facts));

    assert_non_null(facts);
    return facts;
}

/* Through text and back; false with `error` when it is refused. */
static bool through_json(const struct facts *from, struct facts *to, char error[200])
{
    cJSON *object = facts_to_json(from, KEEP_UNUSED);
    assert_non_null(object);
    char *text = cJSON_PrintUnformatted(object);
    assert_non_null(text);
    cJSON *parsed = cJSON_Parse(text);
    assert_non_null(parsed);
    bool read = facts_from_json(parsed, false, to, error, 200);

    cJSON_Delete(parsed);
    cJSON_Delete(object);
    cJSON_free(text);
    return read;
}

static void assert_survives(const struct facts *facts)
{
    struct facts *back = facts_new();
    char error[200] = "";

    memset(back, 0x5a, sizeof(*back));
    bool read = through_json(facts, back, error);
    assert_string_equal(error, "");
    assert_true(read);
    assert_memory_equal(facts, back, sizeof(*facts));
    free(back);
}

static void zero_facts_are_an_empty_object(void **state)
{
    struct facts *facts = facts_new();
    cJSON *object = facts_to_json(facts, KEEP_UNUSED);

    (void)state;
    assert_true(cJSON_IsObject(object));
    assert_null(object->child);
    cJSON_Delete(object);
    assert_survives(facts);
    free(facts);
}

static void healthy_facts_survive(void **state)
{
    struct facts *facts = facts_new();

    (void)state;
    facts_healthy(facts);
    assert_survives(facts);
    free(facts);
}

static void random_facts_survive(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        struct facts *facts = facts_new();
        fill_struct(&facts_fields, (char *)facts);
        assert_survives(facts);
        free(facts);
    }
}

/* --- errors --- */

static const struct {
    const char *json;
    const char *error;
} refused[] = {
    {"[]", "facts: not an object"},
    {"null", "facts: not an object"},
    {"{\"rounds\":\"1\"}", "facts.rounds: not a number"},
    {"{\"rounds\":null}", "facts.rounds: not a number"},
    {"{\"machine\":{\"vendor\":\"\\u007f\"}}", "facts.machine.vendor: not printable ASCII"},
    {"{\"rounds\":1.5}", "facts.rounds: not a whole number"},
    {"{\"rounds\":2147483648}", "facts.rounds: out of range"},
    {"{\"rounds\":-2147483649}", "facts.rounds: out of range"},
    {"{\"rounds\":1e999}", "facts.rounds: out of range"},
    {"{\"started_unix_ms\":1000000000000000}", "facts.started_unix_ms: out of range"},
    {"{\"started_unix_ms\":true}", "facts.started_unix_ms: not a number"},
    {"{\"stopped_by\":1}", "facts.stopped_by: not a name"},
    {"{\"stopped_by\":\"Deadline\"}", "facts.stopped_by: unknown name \"Deadline\""},
    {"{\"stopped_by\":\"\\u001b[2J\"}", "facts.stopped_by: unknown name \"\\x1b[2J\""},
    {"{\"plan\":[]}", "facts.plan: not an object"},
    {"{\"plan\":{\"strict\":1}}", "facts.plan.strict: not true or false"},
    {"{\"plan\":{\"region\":7}}", "facts.plan.region: not a string"},
    {"{\"plan\":{\"region\":\"a\\nb\"}}", "facts.plan.region: not printable ASCII"},
    {"{\"plan\":{\"region\":\"caf\\u00e9\"}}", "facts.plan.region: not printable ASCII"},
    {"{\"plan\":{\"skipped\":\"ssm.tls\"}}", "facts.plan.skipped: not an array"},
    {"{\"plan\":{\"skipped\":[1]}}", "facts.plan.skipped: not an array of names"},
    {"{\"plan\":{\"skipped\":[\"ssm.ping\"]}}", "facts.plan.skipped: unknown name \"ssm.ping\""},
    {"{\"plan\":{\"services\":[]}}", "facts.plan.services: not an object"},
    {"{\"plan\":{\"services\":{\"kms\":{\"port\":65536}}}}",
     "facts.plan.services.kms.port: out of range"},
    {"{\"plan\":{\"services\":{\"kms\":{\"port\":-1}}}}",
     "facts.plan.services.kms.port: out of range"},
    {"{\"resolvers\":{\"configured\":{}}}", "facts.resolvers.configured: not an array"},
    {"{\"resolvers\":{\"configured\":[\"1\",2]}}", "facts.resolvers.configured[1]: not a string"},
    {"{\"resolvers\":{\"configured\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\"]}}",
     "facts.resolvers.configured: more items than are kept"},
    {"{\"endpoints\":{\"ssm\":{\"addresses\":[{},{},{\"connect\":{\"outcome\":\"ko\"}}]}}}",
     "facts.endpoints.ssm.addresses[2].connect.outcome: unknown name \"ko\""},
    {"{\"network\":{\"routes\":[{\"table\":4294967296}]}}",
     "facts.network.routes[0].table: out of range"},
};

static void what_is_not_facts_is_refused_whole(void **state)
{
    struct facts *facts = facts_new();
    struct facts *before = facts_new();

    (void)state;
    memset(facts, 0x5a, sizeof(*facts));
    memcpy(before, facts, sizeof(*facts));
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        char error[200] = "";
        cJSON *object = cJSON_Parse(refused[i].json);

        assert_non_null(object);
        assert_false(facts_from_json(object, false, facts, error, sizeof(error)));
        assert_string_equal(error, refused[i].error);
        assert_memory_equal(facts, before, sizeof(*facts));
        cJSON_Delete(object);
    }
    assert_false(facts_from_json(NULL, false, facts, &(char){0}, 1));
    free(before);
    free(facts);
}

static void a_text_may_be_as_long_as_its_place_and_no_longer(void **state)
{
    struct facts *facts = facts_new();
    char error[200] = "";
    char json[NAME_SIZE + 64];
    char text[NAME_SIZE + 1];

    (void)state;
    for (size_t length = NAME_SIZE - 1; length <= NAME_SIZE; length++) {
        memset(text, 'x', length);
        text[length] = '\0';
        (void)snprintf(json, sizeof(json), "{\"machine\":{\"vendor\":\"%s\"}}", text);
        cJSON *object = cJSON_Parse(json);
        bool read = facts_from_json(object, false, facts, error, sizeof(error));
        cJSON_Delete(object);
        assert_int_equal(read, length < NAME_SIZE);
    }
    assert_string_equal(error, "facts.machine.vendor: longer than is kept");
    free(facts);
}

static void unknown_members_are_ignored(void **state)
{
    struct facts *facts = facts_new();
    char error[200] = "";
    cJSON *object = cJSON_Parse("{\"rounds\":2,\"moon\":[1,{\"phase\":null}],\"endpoints\":"
                                "{\"braket\":7}}");

    (void)state;
    assert_true(facts_from_json(object, false, facts, error, sizeof(error)));
    assert_int_equal(facts->rounds, 2);
    cJSON_Delete(object);
    free(facts);
}

/* Each name that only a newer program has, what it is taken for, and how it is named. */
static void names_of_a_newer_program_are_taken_for_what_says_least(void **state)
{
    static const char json[] =
        "{\"stopped_by\":\"boredom\",\"plan\":{\"skipped\":[\"ssm.tls\",\"sts.tls\"],"
        "\"services\":{\"kms\":{\"need\":\"nice\"}}},\"endpoints\":{\"ssm\":{\"answers\":"
        "[{\"asked_as\":\"oracle\",\"step\":{\"outcome\":\"failed\",\"failure\":\"warp\"}}],"
        "\"actions\":[{\"permission\":\"perhaps\",\"denied_by\":\"nobody\"}]}},\"rounds\":3}";
    struct facts *facts = facts_new();
    char error[200] = "";
    cJSON *object = cJSON_Parse(json);
    const struct endpoint_facts *ssm = &facts->endpoints[SERVICE_SSM];

    (void)state;
    assert_non_null(object);
    assert_false(facts_from_json(object, false, facts, error, sizeof(error)));
    assert_string_equal(error, "facts.stopped_by: unknown name \"boredom\"");
    assert_int_equal(facts->rounds, 0);

    assert_true(facts_from_json(object, true, facts, error, sizeof(error)));
    assert_string_equal(error, "facts.stopped_by: unknown name \"boredom\" (and 6 more)");
    assert_int_equal(facts->rounds, 3);
    assert_int_equal(facts->stopped_by, STOPPED_BY_NOTHING);
    assert_true(facts->plan.skipped == check_bit(check_of_service(SERVICE_SSM, RUNG_TLS)));
    assert_int_equal(facts->plan.services[SERVICE_KMS].need, NEED_REQUIRED);
    assert_int_equal(ssm->answers[0].asked_as, ASKED_AMAZON);
    assert_int_equal(ssm->answers[0].step.outcome, OUTCOME_FAILED);
    assert_int_equal(ssm->answers[0].step.failure, FAILURE_UNKNOWN);
    assert_int_equal(ssm->actions[0].permission, PERMISSION_UNCLEAR);
    assert_int_equal(ssm->actions[0].denied_by, DENIED_BY_UNSAID);
    cJSON_Delete(object);

    object = cJSON_Parse("{\"stopped_by\":\"boredom\",\"plan\":{\"skipped\":[\"sts.tls\"]}}");
    assert_true(facts_from_json(object, true, facts, error, sizeof(error)));
    assert_string_equal(error, "facts.stopped_by: unknown name \"boredom\" (and 1 more)");
    cJSON_Delete(object);

    object = cJSON_Parse("{\"stopped_by\":\"boredom\"}");
    assert_true(facts_from_json(object, true, facts, error, sizeof(error)));
    assert_string_equal(error, "facts.stopped_by: unknown name \"boredom\"");
    cJSON_Delete(object);

    /* what is not of this form is an error for anybody */
    object = cJSON_Parse("{\"stopped_by\":\"boredom\",\"rounds\":0.5}");
    assert_false(facts_from_json(object, true, facts, error, sizeof(error)));
    assert_string_equal(error, "facts.rounds: not a whole number");
    cJSON_Delete(object);
    free(facts);
}

/* Out of a struct that something overwrote comes valid JSON, not a read beyond an array. */
static void counts_and_texts_beyond_their_bounds_are_cut(void **state)
{
    struct facts *facts = facts_new();
    struct facts *back = facts_new();
    char error[200] = "";

    (void)state;
    facts->resolvers.n_configured = 1000;
    facts->resolvers.n_upstream = -5;
    memset(facts->machine.vendor, 'v', sizeof(facts->machine.vendor));
    facts->started_unix_ms = INT64_MAX;
    facts->clock.wall_unix_ms = INT64_MIN;
    facts->instance.id[0] = '\x7f';
    assert_true(through_json(facts, back, error));
    assert_string_equal(back->instance.id, "\\x7f");
    assert_true(back->clock.wall_unix_ms == -JSON_MAX_WHOLE);
    assert_int_equal(back->resolvers.n_configured, MAX_RESOLVERS);
    assert_int_equal(back->resolvers.n_upstream, 0);
    assert_true(back->started_unix_ms == JSON_MAX_WHOLE);
    free(back);
    free(facts);
}

/* --- mutations --- */

static cJSON *random_value(void)
{
    switch (random_below(8)) {
    case 0:
        return cJSON_CreateNull();
    case 1:
        return cJSON_CreateTrue();
    case 2:
        return cJSON_CreateNumber((double)(int64_t)random_bits());
    case 3:
        return cJSON_CreateNumber(0.5);
    case 4:
        return cJSON_CreateString("\xff\033[");
    case 5:
        return cJSON_CreateArray();
    case 6:
        return cJSON_CreateString("timeout");
    default:
        return cJSON_CreateObject();
    }
}

/* Replaces something somewhere below `node`. */
static void mutate(cJSON *node)
{
    for (;;) {
        int n = cJSON_GetArraySize(node);
        if (n == 0)
            return;
        int at = (int)random_below((size_t)n);
        cJSON *child = cJSON_GetArrayItem(node, at);
        if (child->child && random_below(6)) {
            node = child;
            continue;
        }
        if (cJSON_IsArray(node) && random_below(2)) {
            cJSON_AddItemToArray(node, random_value());
        } else if (cJSON_IsArray(node)) {
            cJSON_ReplaceItemInArray(node, at, random_value());
        } else {
            char name[NAME_SIZE];
            (void)snprintf(name, sizeof(name), "%s", child->string);
            cJSON_ReplaceItemInObjectCaseSensitive(node, name, random_value());
        }
        return;
    }
}

/* Either refused and untouched, with a reason, or read, and then it survives. */
static void assert_read_or_refused(const cJSON *object, struct facts *facts, struct facts *before)
{
    char error[200] = "";

    memset(facts, 0x5a, sizeof(*facts));
    if (facts_from_json(object, false, facts, error, sizeof(error))) {
        assert_survives(facts);
        return;
    }
    assert_true(text_starts(error, "facts"));
    assert_memory_equal(facts, before, sizeof(*facts));
}

static void mutated_facts_are_read_or_refused(void **state)
{
    struct facts *facts = facts_new();
    struct facts *before = facts_new();
    uint64_t rounds = from_environment("FUZZ_ROUNDS", 300);

    (void)state;
    facts_healthy(facts);
    cJSON *healthy = facts_to_json(facts, KEEP_UNUSED);
    char *text = cJSON_PrintUnformatted(healthy);
    size_t length = strlen(text);
    memset(before, 0x5a, sizeof(*before));
    for (uint64_t i = 0; i < rounds; i++) {
        cJSON *object = cJSON_Duplicate(healthy, 1);
        for (size_t n = 1 + random_below(3); n > 0; n--)
            mutate(object);
        assert_read_or_refused(object, facts, before);
        cJSON_Delete(object);

        size_t at = random_below(length);
        char was = text[at];
        text[at] = (char)(1 + random_below(255));
        object = cJSON_Parse(text);
        if (object)
            assert_read_or_refused(object, facts, before);
        cJSON_Delete(object);
        text[at] = was;
    }
    cJSON_free(text);
    cJSON_Delete(healthy);
    free(before);
    free(facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_facts_are_an_empty_object),
        cmocka_unit_test(healthy_facts_survive),
        cmocka_unit_test(random_facts_survive),
        cmocka_unit_test(what_is_not_facts_is_refused_whole),
        cmocka_unit_test(a_text_may_be_as_long_as_its_place_and_no_longer),
        cmocka_unit_test(unknown_members_are_ignored),
        cmocka_unit_test(names_of_a_newer_program_are_taken_for_what_says_least),
        cmocka_unit_test(counts_and_texts_beyond_their_bounds_are_cut),
        cmocka_unit_test(mutated_facts_are_read_or_refused),
    };

    seed = from_environment("FUZZ_SEED", 20261123);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
