/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports filled in by hand: what the formatters are tested with, so that their goldens do not
 * change when a diagnosis does.
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
struct filled *filled_ready(void);    /* everything passes, one note */
struct filled *filled_blocked(void);  /* ssm.connect times out at both addresses */
struct filled *filled_az(void);       /* one address of ssm fails, the other connects */
struct filled *filled_denied(void);   /* many actions denied, on every service */
struct filled *filled_dns(void);      /* public answers, Amazon's resolver has private ones */
struct filled *filled_degraded(void); /* an optional service fails, warnings and notes */
struct filled *filled_no_imds(void);  /* nothing is known of the instance */
struct filled *filled_unknown(void);  /* the deadline came first */
struct filled *filled_hostile(void);  /* control bytes where only ASCII should be */

/* Appends the JSON report as one line, as `jq -c` prints it. */
struct buffer;
void write_json_line(const struct report *report, struct buffer *to);

/* Every one of them, by name, for tests that hold for all. */
struct sample {
    const char *name;
    struct filled *(*fill)(void);
};
extern const struct sample samples[];
extern const size_t n_samples;

#endif
