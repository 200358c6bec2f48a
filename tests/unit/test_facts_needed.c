/* SPDX-License-Identifier: Apache-2.0
 *
 * A fact that changes no diagnosis of any situation is not needed, and goes, with the probe that asks
 * for it. Each row of fields.c is cleared in every situation; what stays without a difference stands
 * below with its reason. FACTS=1 prints the table: each row with how many diagnoses need it, and one.
 */
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
#include "model/facts.h"
#include "model/fields.h"
#include "situations.h"

/* No diagnosis needs them. */
static const struct {
    const char *row; /* "struct.member" */
    const char *reason;
} kept[] = {
    {"facts.rounds", "told in every output"},
    {"facts.deadline_ms", "the terminal says within which time there was no answer"},
    {"plan.strict", "the terminal says that the exit status is 1"},
    {"service_plan.need_given",
     "an option: what was required by hand stays so when the plan is made"},
    {"step.os_error", "the errno itself, where `failure` names several: for people"},
    {"instance_facts.image", "the JSON `instance`"},
    {"instance_facts.type", "the JSON `instance`"},
    {"agent_facts.no_edns", "observe asks the DNS as the agent does"},
    {"resolver_facts.ndots", "observe asks the search list by it"},
    {"resolver_facts.search", "discover guesses the region by it, observe a proxy's whole name"},
    {"http_head.content_type", "observe judges by it whether a service answered"},
    {"http_head.error_type", "observe takes the service's error code from it"},
    {"http_head.has_date", "observe makes clock samples of it"},
    {"http_head.clock_offset_ms", "observe makes clock samples of it"},
    {"action_facts.why_not", "contract: an action is not probed, and why"},
    {NULL, NULL},
};

enum { MAX_ROWS = 256 };

struct row {
    const char *fields; /* the struct's name */
    const struct field *field;
    int n; /* diagnoses that change without it */
    const char *one;
};

static struct row rows[MAX_ROWS];
static size_t n_rows;
static struct facts facts;
static struct report whole, less;

static void note_rows(const struct fields *fields)
{
    for (size_t i = 0; i < n_rows; i++)
        if (strcmp(rows[i].fields, fields->name) == 0)
            return;
    for (size_t i = 0; i < fields->n; i++) {
        assert_true(n_rows < MAX_ROWS);
        rows[n_rows++] = (struct row){fields->name, &fields->rows[i], 0, NULL};
    }
    for (size_t i = 0; i < fields->n; i++)
        if (fields->rows[i].fields)
            note_rows(fields->rows[i].fields);
}

static void set_text(const struct field *field, char *base, unsigned int value)
{
    for (size_t i = 0; i < (field->count == COUNT_ONE ? 1 : field->max_items); i++)
        (void)text_set(base + field->offset + i * field->size, field->size, "%s",
                       value == 0 ? "" : "other");
    if (field->count == COUNT_LIST)
        *(int32_t *)(void *)(base + field->n_offset) = value > 0;
}

/* 0 clears. */
static void set(const struct field *field, char *base, unsigned int value)
{
    char *at = base + field->offset;
    const check_set number = value; /* the widest */

    if (field->kind == FIELD_TEXT)
        set_text(field, base, value);
    else if (field->kind != FIELD_STRUCT)
        memcpy(at, &number, field->size); /* of a little-endian machine */
    else if (value == 0) {
        memset(at, 0, (field->count == COUNT_ONE ? 1 : field->max_items) * field->size);
        if (field->count == COUNT_LIST)
            *(int32_t *)(void *)(base + field->n_offset) = 0;
    }
}

static void change(const struct fields *fields, char *base, const struct row *row,
                   unsigned int value)
{
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->rows[i];
        size_t n = field->count == COUNT_ONE ? 1 : field->max_items;

        if (strcmp(fields->name, row->fields) == 0 && strcmp(field->name, row->field->name) == 0)
            set(field, base, value);
        else
            for (size_t j = 0; field->fields && j < n; j++)
                change(field->fields, base + field->offset + j * field->size, row, value);
    }
}

/* Of all situations, or until one needs it. */
static void try_situations(struct row *row, bool all)
{
    const unsigned int n_values = row->field->names ? row->field->names->n : 2;

    for (size_t i = 0; situation_at(i) && (all || row->n == 0); i++)
        for (unsigned int value = 0; value < n_values; value++) {
            facts_healthy(&facts);
            situation_at(i)->make(&facts);
            memset(&whole, 0, sizeof(whole)); /* diagnose() leaves what it does not fill */
            memset(&less, 0, sizeof(less));
            diagnose(&facts, &whole);
            change(&facts_fields, (char *)&facts, row, value);
            diagnose(&facts, &less);
            if (memcmp(&whole, &less, sizeof(whole)) == 0)
                continue;
            row->n++;
            row->one = situation_at(i)->name;
            break;
        }
}

static const char *reason_of(const char *name)
{
    for (size_t i = 0; kept[i].row; i++)
        if (strcmp(kept[i].row, name) == 0)
            return kept[i].reason;
    return NULL;
}

static void every_fact_is_needed(void **state)
{
    const bool print = getenv("FACTS");
    int unneeded = 0;
    (void)state;

    note_rows(&facts_fields);
    for (size_t i = 0; i < n_rows; i++) {
        char name[2 * NAME_SIZE];

        if (!share_has(i))
            continue;
        (void)text_set(name, sizeof(name), "%s.%s", rows[i].fields, rows[i].field->name);
        try_situations(&rows[i], print);
        const char *reason = reason_of(name);
        if (print)
            print_message("%-40s %4d  %s\n", name, rows[i].n, rows[i].n ? rows[i].one : reason);
        if (rows[i].n == 0 && !reason) {
            print_error("%s changes no diagnosis of any situation\n", name);
            unneeded++;
        }
        if (rows[i].n > 0 && reason) {
            print_error("%s is needed: its reason is none\n", name);
            unneeded++;
        }
    }
    for (size_t i = 0; kept[i].row; i++) {
        bool found = false;
        for (size_t j = 0; j < n_rows; j++) {
            char name[2 * NAME_SIZE];
            (void)text_set(name, sizeof(name), "%s.%s", rows[j].fields, rows[j].field->name);
            found |= strcmp(name, kept[i].row) == 0;
        }
        if (!found)
            fail_msg("%s: no such row", kept[i].row);
    }
    assert_int_equal(unneeded, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fact_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
