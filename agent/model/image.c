/* SPDX-License-Identifier: Apache-2.0
 *
 * Names, and what counts.
 */
#include "model/image.h"

int32_t image_n_findings(const struct image_report *report, enum severity severity)
{
    int32_t n = 0;

    for (int32_t i = 0; i < report->n_findings; i++)
        n += report->findings[i].severity == severity && !report->findings[i].allowed;
    return n;
}

const char *fitness_name(enum fitness fitness)
{
    return fitness == FITNESS_FIT ? "fit" : fitness == FITNESS_UNFIT ? "unfit" : "unknown";
}

const char *fitness_words(enum fitness fitness)
{
    return fitness == FITNESS_FIT ? "FIT" : fitness == FITNESS_UNFIT ? "UNFIT" : "UNKNOWN";
}
