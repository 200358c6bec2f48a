/* SPDX-License-Identifier: Apache-2.0
 *
 * Whatever facts can say is diagnosed, told in any output, and read back from the JSON. A report that somebody else
 * wrote may hold all of it. The input is not that report, which would take most of the time: its first bytes choose a
 * situation and an output, the others what is changed of the facts.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "report/recorded.h"
#include "report/report.h"
#include "situations.h"
#include "targets.h"

static struct facts facts, again;
static struct report report;

struct input {
    const uint8_t *bytes;
    size_t n;
};

static size_t take(struct input *input)
{
    if (input->n == 0)
        return 0;
    input->n--;
    return *input->bytes++;
}

static size_t take_two(struct input *input)
{
    size_t high = take(input);

    return high << 8 | take(input);
}

/* A small number, a large one, or one below zero. */
static int64_t take_number(struct input *input)
{
    size_t bits = take(input) % 40;
    uint64_t number = take_two(input);

    number = number << bits >> 8;
    return bits % 7 == 0 ? -(int64_t)number : (int64_t)number;
}

static void put(char *at, size_t size, int64_t number)
{
    memcpy(at, &number, size); /* the low bytes are first on every machine that it is built for */
}

static void change(struct input *input, const struct fields *fields, char *base);

static void change_item(struct input *input, const struct field *field, char *at)
{
    check_set checks;
    size_t n;

    switch (field->kind) {
    case FIELD_STRUCT:
        change(input, field->fields, at);
        return;
    case FIELD_TEXT:
        n = take(input);
        n = n < input->n ? n : input->n;
        (void)text_escape(at, field->size, (const char *)input->bytes, n);
        input->bytes += n;
        input->n -= n;
        return;
    case FIELD_BOOL:
        *(bool *)at = take(input) % 2;
        return;
    case FIELD_ENUM:
        put(at, sizeof(unsigned int), (int64_t)(take(input) % field->names->n));
        return;
    case FIELD_CHECKS:
        memcpy(&checks, at, sizeof(checks));
        checks ^= check_bit((enum check)(take(input) % N_CHECKS));
        memcpy(at, &checks, sizeof(checks));
        return;
    case FIELD_UINT16:
    case FIELD_UINT32:
    case FIELD_INT32:
    case FIELD_INT64:
        put(at, field->size, take_number(input));
        return;
    }
}

/* One member: a list becomes longer or shorter, or one of its items changes. */
static void change(struct input *input, const struct fields *fields, char *base)
{
    const struct field *field = &fields->rows[take(input) % fields->n];
    size_t i = field->count == COUNT_ONE ? 0 : take(input);

    if (field->count == COUNT_LIST) {
        size_t n_items = field_n_items(field, base);
        if (n_items == 0 || i > 240) {
            n_items = i % (field->max_items + 1);
            put(base + field->n_offset, sizeof(int32_t), (int64_t)n_items);
        }
        if (n_items == 0)
            return;
        i %= n_items;
    } else if (field->count == COUNT_BY_SERVICE) {
        i %= field->max_items;
    }
    change_item(input, field, base + field->offset + i * field->size);
}

/* In one output each: they take their time. */
static void tell(const struct output *output)
{
    const struct style style = {.verbose = true, .colour = true, .columns = 60};
    LOCAL_BUFFER text = {.max_bytes = REPORT_MAX_BYTES};
    char error[WORDS_SIZE];

    output->write(&report, &style, &text);
    fuzz_require(!text.failed, "an output fits");
    if (strcmp(output->name, "json") == 0)
        fuzz_require(recorded_read(text.bytes, text.used, &again, NULL, error, sizeof(error)),
                     "what is written can be read");
}

void fuzz_told(const uint8_t *bytes, size_t n)
{
    struct input input = {.bytes = bytes, .n = n};
    static size_t n_situations = 1;

    while (situation_at(n_situations))
        n_situations++;
    const struct situation *situation = situation_at(take_two(&input) % n_situations);
    facts_healthy(&facts);
    if (!text_ends(situation->name, "--hostile")) /* which no reader lets in */
        situation->make(&facts);
    const struct output *output = &outputs[take(&input) % n_outputs];
    while (input.n > 0)
        change(&input, &facts_fields, (char *)&facts);
    fuzz_require_clean(&facts_fields, &facts);
    diagnose(&facts, &report);
    tell(output);
}
