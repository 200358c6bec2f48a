/* SPDX-License-Identifier: Apache-2.0
 *
 * What releases wrote (tests/frozen) is read as they read it, and their tables are as they were:
 * a row, a name, a word or a guess that changed without a new generation is named here. Run from the
 * root of the repository. FREEZE=N writes the table of generation N for this version, once.
 */
#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "base/version.h"
#include "facts_builder.h"
#include "model/compact.h"
#include "model/compact_private.h"
#include "model/facts_json.h"
#include "report/folded.h"
#include "report/recorded.h"

#define FROZEN "tests/frozen/"

enum { MAX_TEXT = 1 << 20, MAX_VERSIONS = 64 };

static struct facts facts, back;
static char versions[MAX_VERSIONS][NAME_SIZE];
static size_t n_versions;

/* --- the files --- */

static void read_file(const char *path, struct buffer *to)
{
    buffer_init(to, MAX_TEXT);
    if (file_read("", path, to) != 0)
        fail_msg("%s cannot be read", path);
}

static void note_version(void *arg, const char *name)
{
    (void)arg;
    if (name[0] >= '0' && name[0] <= '9' && n_versions < MAX_VERSIONS)
        (void)text_set(versions[n_versions++], NAME_SIZE, "%s", name);
}

/* The generation and level of a block, of expected.tsv. */
static void expected_of(const char *version, const char *name, int *generation, int *level)
{
    char path[PATH_SIZE], start[2 * NAME_SIZE];
    struct buffer text;

    (void)text_set(path, sizeof(path), FROZEN "%s/expected.tsv", version);
    (void)text_set(start, sizeof(start), "block\t%s\t", name);
    read_file(path, &text);
    const char *row = strstr(text.bytes, start);
    if (!row || sscanf(row + strlen(start), "%d\t%d", generation, level) != 2)
        fail_msg("%s: no row of %s", path, name);
    buffer_clear(&text);
}

/* --- blocks --- */

static void read_block(const char *path, struct buffer *text, struct buffer *bytes)
{
    char error[WORDS_SIZE] = "";
    size_t start;

    read_file(path, text);
    buffer_init(bytes, FOLDED_MAX_BYTES);
    if (folded_find(text->bytes, text->used, bytes, &start, error, sizeof(error)) != FOLDED_WHOLE)
        fail_msg("%s: %s", path, error);
    memset(&back, 0x5a, sizeof(back));
    if (!recorded_read(text->bytes, text->used, &back, error, sizeof(error)))
        fail_msg("%s: %s", path, error);
}

static void assert_facts_of(const char *path, const struct facts *is)
{
    struct buffer text;

    read_file(path, &text);
    cJSON *report = cJSON_Parse(text.bytes);
    cJSON *now = facts_to_json(is);
    const cJSON *was = cJSON_GetObjectItem(report, "facts");
    if (!cJSON_Compare(was, now, 1)) {
        char *said = cJSON_PrintUnformatted(now);
        fail_msg("%s is not what is read now: %s", path, said);
    }
    cJSON_Delete(now);
    cJSON_Delete(report);
    buffer_clear(&text);
}

struct walk {
    const char *version;
    int n, levels, generations; /* a bit for each that was seen */
};

static void read_frozen(void *arg, const char *file)
{
    struct walk *walk = arg;
    char name[NAME_SIZE], path[PATH_SIZE];
    struct buffer text, bytes;
    int generation = 0, level = 0;

    (void)text_set(name, sizeof(name), "%.*s", (int)(strlen(file) - strlen(".txt")), file);
    (void)text_set(path, sizeof(path), FROZEN "%s/blocks/%s.txt", walk->version, name);
    read_block(path, &text, &bytes);
    expected_of(walk->version, name, &generation, &level);
    assert_int_equal(bytes.bytes[0], generation);
    (void)text_set(path, sizeof(path), FROZEN "%s/facts/%s.json", walk->version, name);
    assert_facts_of(path, &back);
    buffer_clear(&bytes);
    buffer_clear(&text);
    walk->n++;
    walk->levels |= 1 << level;
    walk->generations |= 1 << generation;
}

/* Every file of one folder of a version. */
static struct walk walk_through(const char *version, const char *folder, const char *ending,
                                void (*each)(void *arg, const char *name))
{
    struct walk walk = {.version = version};
    char path[PATH_SIZE];

    (void)text_set(path, sizeof(path), FROZEN "%s/%s", version, folder);
    assert_int_equal(file_list("", path, ending, each, &walk), 0);
    return walk;
}

static void every_frozen_block_is_read_to_the_last_member(void **state)
{
    int generations = 0;
    (void)state;

    for (size_t i = 0; i < n_versions; i++) {
        struct walk walk = walk_through(versions[i], "blocks", ".txt", read_frozen);

        assert_true(walk.n > 50);
        assert_int_equal(walk.levels, (1 << N_COMPACT_LEVELS) - 1);
        generations |= walk.generations;
    }
    for (int i = 1; i <= GENERATION; i++)
        if (!generation_is_open(i) && !(generations & 1 << i))
            fail_msg("generation %d is closed, and nothing of it is in " FROZEN, i);
}

static void read_report(void *arg, const char *name)
{
    struct walk *walk = arg;
    char path[PATH_SIZE], error[WORDS_SIZE] = "";
    struct buffer text;

    (void)text_set(path, sizeof(path), FROZEN "%s/reports/%s", walk->version, name);
    read_file(path, &text);
    if (!recorded_read(text.bytes, text.used, &back, error, sizeof(error)) || error[0])
        fail_msg("%s: %s", path, error);
    assert_facts_of(path, &back);
    buffer_clear(&text);
    walk->n++;
}

static void every_frozen_report_is_read_to_the_last_member(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_versions; i++)
        assert_true(walk_through(versions[i], "reports", ".json", read_report).n > 10);
}

/* --- tables --- */

static const char *const kinds[] = {
    [FIELD_TEXT] = "text",   [FIELD_BOOL] = "bool",     [FIELD_INT32] = "int32",
    [FIELD_INT64] = "int64", [FIELD_UINT16] = "uint16", [FIELD_UINT32] = "uint32",
    [FIELD_ENUM] = "enum",   [FIELD_CHECKS] = "checks", [FIELD_STRUCT] = "struct",
};
static const char *const counts[] = {
    [COUNT_ONE] = "one", [COUNT_LIST] = "list", [COUNT_BY_SERVICE] = "by-service"};

static void add_guess(struct coder *coder, const struct fields *fields, const struct field *field,
                      struct buffer *to)
{
    char text[WORDS_SIZE];
    int64_t number;

    if (field->kind == FIELD_TEXT &&
        guess_text(coder, fields, field, SERVICE_SSMMESSAGES, text, sizeof(text)))
        (void)buffer_addf(to, "guess\t%s.%s\t%s\n", fields->name, field->name, text);
    if (field->kind != FIELD_TEXT && field->kind != FIELD_STRUCT &&
        guess_number(coder, fields, field, &number))
        (void)buffer_addf(to, "guess\t%s.%s\t%lld\n", fields->name, field->name, (long long)number);
}

/* "member NAME kind count size limit": the last two may grow. */
static void add_rows(struct coder *coder, const struct fields *fields, struct buffer *to)
{
    int generation = coder->generation.number;
    char first[2 * NAME_SIZE];

    (void)text_set(first, sizeof(first), "member\t%s.%s\t", fields->name, fields->rows[0].name);
    if (strstr(to->bytes, first)) /* written where the struct stands for the first time */
        return;
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->rows[i];

        if (!field_is_of(field, generation))
            continue;
        (void)buffer_addf(to, "member\t%s.%s\t%s\t%s\t%zu\t%zu\n", fields->name, field->name,
                          kinds[field->kind], counts[field->count],
                          field->kind == FIELD_STRUCT ? 0 : field->size, field->max_items);
        for (unsigned int j = 0; field->names && j < names_of_generation(field->names, generation);
             j++)
            (void)buffer_addf(to, "value\t%s.%s\t%s\n", fields->name, field->name,
                              field->names->by_value[j]);
        add_guess(coder, fields, field, to);
        if (field->fields)
            add_rows(coder, field->fields, to);
    }
}

static void make_table(int generation, struct buffer *to)
{
    struct coder *coder = calloc(1, sizeof(*coder));

    assert_non_null(coder);
    buffer_init(to, MAX_TEXT);
    assert_true(generation_find(generation, &coder->generation));
    memset(&facts, 0, sizeof(facts));
    facts.started_unix_ms = 1795435200123;
    (void)text_set(facts.plan.region, REGION_SIZE, "REGION");
    (void)text_set(facts.plan.domain, HOST_SIZE, "DOMAIN");
    (void)text_set(facts.plan.partition, NAME_SIZE, "PARTITION");
    (void)text_set(facts.plan.services[SERVICE_SSMMESSAGES].host, HOST_SIZE, "HOST");
    (void)text_set(facts.instance.account, NAME_SIZE, "ACCOUNT");
    coder->facts = &facts;
    (void)buffer_addf(to, "generation\t%d\n", generation);
    add_rows(coder, &facts_fields, to);
    for (unsigned int i = 0; i < coder->generation.n_services; i++)
        (void)buffer_addf(to, "service\t%s\n", service_name((enum service)i));
    for (unsigned int i = 0; i < coder->generation.n_checks; i++) {
        check_set today = checks_of_today((check_set)1 << i, coder->generation.n_services);
        for (unsigned int j = 0; j < N_CHECKS; j++)
            if (today == check_bit((enum check)j))
                (void)buffer_addf(to, "check\t%s\n", check_name((enum check)j));
    }
    for (unsigned int i = 0; i < coder->generation.n_words && i < n_words(); i++)
        (void)buffer_addf(to, "word\t%s\n", word_at(i));
    free(coder);
}

/* A text may get longer and a list may hold more; nothing else. */
static bool is_as_it_was(const char *was, const char *is)
{
    char was_name[WORDS_SIZE], is_name[WORDS_SIZE];
    size_t was_size, was_items, is_size, is_items;
    static const char form[] = "member\t%400[^\t]\t%*[^\t]\t%*[^\t]\t%zu\t%zu";

    if (strcmp(was, is) == 0)
        return true;
    if (sscanf(was, form, was_name, &was_size, &was_items) != 3 ||
        sscanf(is, form, is_name, &is_size, &is_items) != 3 || strcmp(was_name, is_name) != 0)
        return false;
    const char *was_kind = strchr(was + strlen("member\t"), '\t');
    const char *is_kind = strchr(is + strlen("member\t"), '\t');
    size_t kind = strcspn(was_kind + 1, "\t") + 1;
    kind += 1 + strcspn(was_kind + kind + 1, "\t");
    return strncmp(was_kind, is_kind, kind) == 0 && is_size >= was_size && is_items >= was_items;
}

static void compare_tables(const char *path, char *was, char *is)
{
    char *was_rest, *is_rest;
    char *was_line = strtok_r(was, "\n", &was_rest), *is_line = strtok_r(is, "\n", &is_rest);

    for (int line = 1; was_line || is_line; line++) {
        if (!was_line || !is_line || !is_as_it_was(was_line, is_line))
            fail_msg(
                "%s:%d\n  was: %s\n  is:  %s\n"
                "What was released has changed. Is a row, a value or a word new? Then it wants "
                "its generation: agent/model/generations.h says how",
                path, line, was_line ? was_line : "(the end)", is_line ? is_line : "(the end)");
        was_line = strtok_r(NULL, "\n", &was_rest);
        is_line = strtok_r(NULL, "\n", &is_rest);
    }
}

static void the_table_of_every_release_is_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_versions; i++) {
        char path[PATH_SIZE];
        struct buffer was, is;
        int generation;

        (void)text_set(path, sizeof(path), FROZEN "%s/table.tsv", versions[i]);
        read_file(path, &was);
        assert_int_equal(sscanf(was.bytes, "generation\t%d", &generation), 1);
        make_table(generation, &is);
        compare_tables(path, was.bytes, is.bytes);
        buffer_clear(&is);
        buffer_clear(&was);
    }
}

/* Whoever opens the next generation finds the row of this one here. */
static void closed_generations_have_their_checksum(void **state)
{
    (void)state;
    for (int i = 1; i <= GENERATION; i++) {
        struct generation generation;

        assert_true(generation_find(i, &generation));
        if (generation.checksum != generation_checksum(i))
            fail_msg("the table of fields of generation %d has changed: it is closed. A new row or "
                     "value wants SINCE(the open one): agent/model/generations.h says how",
                     i);
        if (generation_is_open(i) && i < GENERATION)
            fail_msg("generation %d is not written any more, so close it: {%d, 0x%06x, %u, %u, %u}",
                     i, i, generation.checksum, generation.n_words, generation.n_services,
                     generation.n_checks);
        assert_true(generation.n_words <= n_words());
        assert_true(generation.n_services <= N_SERVICES);
        assert_true(generation.n_checks <= N_CHECKS);
    }
}

/* A version that is frozen was released: what it wrote is closed. */
static void what_was_released_is_closed(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_versions; i++) {
        int generation = 0, level;

        expected_of(versions[i], "healthy", &generation, &level);
        if (generation_is_open(generation)) {
            struct generation now;
            assert_true(generation_find(generation, &now));
            fail_msg("%s wrote generation %d, so close it: {%d, 0x%06x, %u, %u, %u}", versions[i],
                     generation, generation, now.checksum, now.n_words, now.n_services,
                     now.n_checks);
        }
    }
}

/* --- what a later generation adds --- */

/* struct step, in three generations: the second has a number in the middle, the third a text. */
#define STEP_ROW(m, k, g)                                                                         \
    {                                                                                             \
        .name = #m, .offset = offsetof(struct step, m), .size = sizeof(((struct step *)NULL)->m), \
        .kind = (k), .since = (g)                                                                 \
    }
static const struct field first_rows[] = {STEP_ROW(os_error, FIELD_INT32, 0)};
static const struct field later_rows[] = {STEP_ROW(took_ms, FIELD_INT32, 2),
                                          STEP_ROW(os_error, FIELD_INT32, 0),
                                          STEP_ROW(detail, FIELD_TEXT, 3)};
static const struct fields first_fields = {"step", first_rows, 1, sizeof(struct step)};
static const struct fields later_fields = {"step", later_rows, 3, sizeof(struct step)};

static struct coder *coder_of(int generation, struct facts *to, const struct facts *from)
{
    struct coder *coder = calloc(1, sizeof(*coder));

    assert_non_null(coder);
    coder->generation = (struct generation){generation, 0, 100, N_SERVICES, N_CHECKS};
    coder->facts = to;
    coder->source = from;
    return coder;
}

static void write_step(int generation, const struct fields *fields, const struct facts *from,
                       struct buffer *to)
{
    struct coder *coder = coder_of(generation, &back, from);

    memset(&back, 0, sizeof(back));
    buffer_init(to, MAX_TEXT);
    range_write(&coder->range, to);
    code_text_init(coder);
    code_fields(coder, fields, (char *)&back.clock.time_source, NULL, -1);
    range_finish(&coder->range);
    assert_false(coder->failed);
    free(coder);
}

static bool read_step(int generation, unsigned int n, const struct fields *fields,
                      const struct buffer *from)
{
    struct coder *coder = coder_of(generation, &back, &back);

    memset(&back, 0, sizeof(back));
    coder->generation.n_words = n;
    range_read(&coder->range, (const unsigned char *)from->bytes, from->used);
    code_text_init(coder);
    code_fields(coder, fields, (char *)&back.clock.time_source, NULL, -1);
    bool read = !coder->failed && !range_overran(&coder->range);
    free(coder);
    return read;
}

static void members_of_later_generations_are_not_in_earlier_ones(void **state)
{
    struct step *step = &facts.clock.time_source;
    struct buffer bytes;
    (void)state;

    memset(&facts, 0, sizeof(facts));
    step->os_error = 111;
    step->took_ms = 3504;
    (void)text_set(step->detail, DETAIL_SIZE, "Zebra: no buffer space");
    write_step(1, &first_fields, &facts, &bytes);
    assert_true(read_step(1, 100, &later_fields, &bytes));
    assert_int_equal(back.clock.time_source.os_error, 111);
    assert_int_equal(back.clock.time_source.took_ms, 0);
    assert_string_equal(back.clock.time_source.detail, "");
    buffer_clear(&bytes);

    write_step(3, &later_fields, &facts, &bytes);
    assert_true(read_step(3, 100, &later_fields, &bytes));
    assert_memory_equal(&back.clock.time_source, step, sizeof(*step));
    /* with one word more, characters are not as likely as they were */
    assert_true(!read_step(3, 101, &later_fields, &bytes) ||
                memcmp(&back.clock.time_source, step, sizeof(*step)) != 0);
    buffer_clear(&bytes);
}

/* The value of a healthy instance's first rung that only generation 2 has. */
static void a_value_is_refused_where_it_was_none(void **state)
{
    static const struct field rows[] = {{.name = "failure",
                                         .offset = offsetof(struct step, failure),
                                         .size = sizeof(enum failure),
                                         .kind = FIELD_ENUM,
                                         .names = &failure_names}};
    static const struct fields fields = {"step", rows, 1, sizeof(struct step)};
    struct buffer bytes;
    (void)state;

    memset(&facts, 0, sizeof(facts));
    for (int failure = FAILURE_NONE; failure < N_FAILURES; failure++) {
        facts.clock.time_source.failure = (enum failure)failure;
        write_step(2, &fields, &facts, &bytes);
        assert_true(read_step(2, 100, &fields, &bytes));
        assert_int_equal(back.clock.time_source.failure, failure);
        assert_int_equal(read_step(1, 100, &fields, &bytes), failure < FAILURE_UNKNOWN);
        buffer_clear(&bytes);
    }
}

static void checks_keep_their_names_when_services_are_added(void **state)
{
    check_set then = (check_set)1 << CHECK_SERVICES; /* the first rung of the first service */
    unsigned int n = N_SERVICES - 2;
    check_set clock_then = (check_set)1 << (CHECK_SERVICES + n * N_RUNGS);
    (void)state;

    for (unsigned int i = 0; i < N_CHECKS; i++)
        assert_true(checks_of_today((check_set)1 << i, N_SERVICES) == (check_set)1 << i);
    assert_true(checks_of_today(1, n) == 1);
    assert_true(checks_of_today(then, n) == then);
    assert_true(checks_of_today(clock_then >> 1, n) == clock_then >> 1);
    assert_true(checks_of_today(clock_then, n) == check_bit(CHECK_CLOCK_SKEW));
    assert_true(checks_of_today(clock_then << 4 | then | 1, n) ==
                (check_bit(CHECK_AGENT_CONNECTED) | then | 1));
}

/* --- what is refused --- */

static void assert_refused(const struct buffer *bytes, const char *why)
{
    char error[WORDS_SIZE] = "";

    memset(&back, 0x5a, sizeof(back));
    facts = back;
    assert_false(compact_read((const unsigned char *)bytes->bytes, bytes->used, &back, error,
                              sizeof(error)));
    if (!strstr(error, why))
        fail_msg("says \"%s\", not \"%s\"", error, why);
    assert_memory_equal(&back, &facts, sizeof(facts));
}

static void newer_and_unreleased_blocks_say_what_to_do(void **state)
{
    struct buffer bytes;
    (void)state;

    facts_healthy(&facts);
    buffer_init(&bytes, MAX_TEXT);
    assert_true(compact_write(&facts, &bytes));
    assert_int_equal(bytes.bytes[0], GENERATION);
    bytes.bytes[0]++;
    assert_refused(&bytes, "written by a newer ssm-preflight (its facts are of generation");
    assert_refused(&bytes, "use that one or newer");
    bytes.bytes[0] = (char)255;
    assert_refused(&bytes, "generation 255");
    bytes.bytes[0] = 0;
    assert_refused(&bytes, "make no sense");
    for (int i = 1; i <= GENERATION; i++) {
        struct generation generation;
        assert_true(generation_find(i, &generation));
        bytes.bytes[0] = (char)i;
        bytes.bytes[1] = (char)(generation.checksum >> 16);
        bytes.bytes[2] = (char)(generation.checksum >> 8);
        bytes.bytes[3] = (char)(generation.checksum ^ 1);
        assert_refused(&bytes, "never released");
    }
    buffer_clear(&bytes);
}

static void freeze_table(int generation)
{
    char path[PATH_SIZE];
    struct buffer table, old;

    (void)text_set(path, sizeof(path), FROZEN "%s/table.tsv", program_version);
    buffer_init(&old, MAX_TEXT);
    if (file_read("", path, &old) == 0) {
        printf("%s is there already: left alone\n", path);
    } else {
        make_table(generation, &table);
        if (file_write_atomically(path, table.bytes, table.used, 0644) != 0)
            printf("%s cannot be written\n", path);
        buffer_clear(&table);
    }
    buffer_clear(&old);
}

int main(void)
{
    const char *freeze = getenv("FREEZE");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frozen_block_is_read_to_the_last_member),
        cmocka_unit_test(every_frozen_report_is_read_to_the_last_member),
        cmocka_unit_test(the_table_of_every_release_is_as_it_was),
        cmocka_unit_test(closed_generations_have_their_checksum),
        cmocka_unit_test(what_was_released_is_closed),
        cmocka_unit_test(members_of_later_generations_are_not_in_earlier_ones),
        cmocka_unit_test(a_value_is_refused_where_it_was_none),
        cmocka_unit_test(checks_keep_their_names_when_services_are_added),
        cmocka_unit_test(newer_and_unreleased_blocks_say_what_to_do),
    };

    if (freeze)
        freeze_table(atoi(freeze)); /* NOLINT(cert-err34-c): typed by hand */
    (void)file_list("", "tests/frozen", "", note_version, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
