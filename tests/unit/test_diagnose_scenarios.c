/* SPDX-License-Identifier: Apache-2.0
 *
 * The recorded runs of tests/scenarios are made here, from the table of situations, and must not
 * drift from it: GOLDEN_UPDATE=1 writes them anew, after which tests/scenarios/run --update brings
 * what the program says of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "facts_builder.h"
#include "model/facts_json.h"
#include "situations.h"

static struct facts facts, read_back;

/* A report as short as `show` accepts: its facts say everything. */
static char *record(const struct situation *situation)
{
    cJSON *report = cJSON_CreateObject();

    facts_healthy(&facts);
    situation->make(&facts);
    cJSON_AddStringToObject(report, "schema", "ssm-preflight/1");
    cJSON_AddStringToObject(report, "scenario", situation->name);
    cJSON_AddItemToObject(report, "facts", facts_to_json(&facts, KEEP_UNUSED));
    char *text = cJSON_PrintUnformatted(report);
    cJSON_Delete(report);
    assert_non_null(text);
    return text;
}

static void assert_recorded(const struct situation *situation)
{
    char path[256], *text = record(situation);
    bool update = getenv("GOLDEN_UPDATE") != NULL;
    struct buffer contents;

    (void)text_set(path, sizeof path, "tests/scenarios/%s.json", situation->name);
    buffer_init(&contents, FILE_MAX_BYTES);
    (void)buffer_addf(&contents, "%s\n", text);
    if (update) {
        if (file_write_atomically(path, contents.bytes, contents.used, 0644) != 0)
            fail_msg("%s cannot be written", path);
    } else {
        struct buffer committed;
        buffer_init(&committed, FILE_MAX_BYTES);
        if (file_read("", path, &committed) != 0)
            fail_msg("%s cannot be read (GOLDEN_UPDATE=1 writes it)", path);
        if (strcmp(committed.bytes, contents.bytes) != 0)
            fail_msg("%s is not this situation any more (GOLDEN_UPDATE=1 writes it)", path);
        buffer_clear(&committed);
    }
    buffer_clear(&contents);
    free(text);
}

static void every_situation_is_recorded(void **state)
{
    const struct situation *situation;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)) != NULL; i++)
        assert_recorded(situation);
}

static void facts_survive_being_recorded(void **state)
{
    const struct situation *situation;
    char error[256] = "";
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)) != NULL; i++) {
        char *text = record(situation);
        cJSON *report = cJSON_Parse(text);
        if (!facts_from_json(cJSON_GetObjectItem(report, "facts"), false, &read_back, error,
                             sizeof error))
            fail_msg("%s: %s", situation->name, error);
        cJSON_Delete(report);
        free(text);
        if (memcmp(&facts, &read_back, sizeof facts) != 0 &&
            strstr(situation->name, "hostile") == NULL) {
            /* Padding may differ: what counts is that it is written the same again. */
            cJSON *a = facts_to_json(&facts, KEEP_UNUSED),
                  *b = facts_to_json(&read_back, KEEP_UNUSED);
            if (!cJSON_Compare(a, b, 1))
                fail_msg("%s: the facts changed", situation->name);
            cJSON_Delete(a);
            cJSON_Delete(b);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_situation_is_recorded),
        cmocka_unit_test(facts_survive_being_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
