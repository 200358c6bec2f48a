/* SPDX-License-Identifier: Apache-2.0
 *
 * replay: the JSON report of every situation of tests/unit/situations*.c, one behind the other, in one process.
 */
#include <stdio.h>

#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "report/report.h"
#include "situations.h"

int main(void)
{
    static struct facts facts;
    static struct report report;
    const struct situation *situation;
    struct buffer text;

    for (size_t i = 0; (situation = situation_at(i)); i++) {
        facts_healthy(&facts);
        situation->make(&facts);
        diagnose(&facts, &report);
        buffer_init(&text, REPORT_MAX_BYTES);
        json_write(&report, &(struct style){0}, &text);
        (void)fwrite(text.bytes, 1, text.used, stdout);
        buffer_clear(&text);
    }
    return 0;
}
