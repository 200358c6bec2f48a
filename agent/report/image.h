/* SPDX-License-Identifier: Apache-2.0
 *
 * The audit of an image as text: the formats of a running instance's report, as far as they fit.
 */
#ifndef REPORT_IMAGE_H
#define REPORT_IMAGE_H

#include "model/image.h"
#include "report/report.h"

void image_write_terminal(const struct image_report *report, const struct style *style,
                          struct buffer *to);
void image_write_short(const struct image_report *report, const struct style *style,
                       struct buffer *to);
void image_write_json(const struct image_report *report, const struct style *style,
                      struct buffer *to);
void image_write_junit(const struct image_report *report, const struct style *style,
                       struct buffer *to);

#endif
