/* SPDX-License-Identifier: Apache-2.0
 *
 * Many instances at once: one table by root cause, or what programs read. Pure formatters.
 */
#ifndef REPORT_FLEET_H
#define REPORT_FLEET_H

#include "base/buffer.h"
#include "model/fleet.h"
#include "report/report.h"

enum { FLEET_MAX_BYTES = 256 * 1024 * 1024 };

struct fleet_output {
    const char *name; /* of --output */
    void (*write)(const struct fleet *fleet, const struct style *style, struct buffer *to);
};

extern const struct fleet_output fleet_outputs[];
extern const size_t n_fleet_outputs;

#endif
