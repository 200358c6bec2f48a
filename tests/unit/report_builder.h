/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports for the tests of the formatters: the diagnosis of a situation.
 */
#ifndef TESTS_REPORT_BUILDER_H
#define TESTS_REPORT_BUILDER_H

#include "model/report.h"

/* A report and the facts that it points to. */
struct filled {
    struct facts facts;
    struct report report;
};

/* Each gives a new one, to be freed with free(). */
struct filled *fill(const char *situation);
struct filled *fill_hostile(void); /* control bytes where only ASCII should be */

/* Appends the JSON report as one line, as `jq -c` prints it. */
struct buffer;
void write_json_line(const struct report *report, struct buffer *to);

/* Those that between them have whatever a report can have, for tests that hold for all. The name is
 * that of the situation, or "control-bytes" of fill_hostile(). */
extern const char *const samples[];
extern const size_t n_samples;
struct filled *fill_sample(size_t i);

#endif
