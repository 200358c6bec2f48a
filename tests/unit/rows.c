/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "diagnose/diagnose.h"
#include "diagnose/remedy.h"

const struct cause *row_find(const char *code)
{
    for (size_t i = 0; i < n_causes; i++)
        if (strcmp(causes[i].code, code) == 0)
            return &causes[i];
    return NULL;
}

const struct cause *row_of(const char *code)
{
    const struct cause *row = row_find(code);

    if (!row)
        fail_msg("%s is no code", code);
    return row;
}

struct view row_view(const struct facts *facts, struct report *report, const char *code,
                     enum service service, enum rung rung, enum service last)
{
    diagnose(facts, report);
    struct view view = {.facts = facts,
                        .checks = report->checks,
                        .service = service,
                        .rung = rung,
                        .symptoms = ~(check_set)0,
                        .cause = row_of(code)};
    for (enum service i = 0; i <= last; i++)
        view.explains |= check_bit(check_of_service(i, rung));
    return view;
}

void assert_value_of(const struct view *view, const char *name, const char *words)
{
    char scratch[VALUE_SIZE] = "";
    assert_string_equal(value_of(view, name, scratch), words);
}
