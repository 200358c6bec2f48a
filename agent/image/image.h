/* SPDX-License-Identifier: Apache-2.0
 *
 * The offline audit of an image: would an instance from it register? Of the root file system only files
 * are read; nothing is started, written or contacted.
 */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include "model/image.h"

struct image_request {
    const char *root;
    const char *region; /* that the image is meant for, or empty */
    const char *allow;  /* codes that do not count, space separated */
    const char
        *config_error; /* what is wrong with ssm-preflight's own configuration in there, or empty */
    int64_t max_age_days; /* 0: any */
    int64_t now_unix_s;
    bool strict; /* a warning makes it unfit */
};

void image_audit(const struct image_request *request, struct image_report *report);

/* What the audit can find, for `list` and to check --allow. */
struct image_code {
    const char *code;
    enum severity severity;
    const char *title;
};
extern const struct image_code image_codes[];
extern const size_t n_image_codes;

#endif
