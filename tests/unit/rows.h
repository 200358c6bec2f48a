/* SPDX-License-Identifier: Apache-2.0
 *
 * A row of the table of causes by its code, and the view that its judgements are given.
 */
#ifndef TESTS_ROWS_H
#define TESTS_ROWS_H

#include <stdbool.h>

#include "diagnose/causes.h"
#include "diagnose/look.h"
#include "model/report.h"

/* NULL: no row has the code. */
const struct cause *row_find(const char *code);

/* The same; a code that no row has fails the test. */
const struct cause *row_of(const char *code);

/* After diagnose(), into `report`: all symptoms are there, and the row is asked of that rung of `service`.
 * What it explains is that rung of the services from ssm up to `last`. `facts` and `report` must outlive the view. */
struct view row_view(const struct facts *facts, struct report *report, const char *code,
                     enum service service, enum rung rung, enum service last);

/* The value of a phrase in one of the view's texts. */
void assert_value_of(const struct view *view, const char *name, const char *words);

#endif
