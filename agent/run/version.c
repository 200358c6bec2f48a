/* SPDX-License-Identifier: Apache-2.0
 *
 * What this binary was made of: a static binary carries its libraries' defects with it.
 */
#include "base/version.h"

#include "report/report.h"
#include "run/commands.h"

int command_version(const struct options *options)
{
    struct buffer text;

    (void)options;
    buffer_init(&text, REPORT_MAX_BYTES);
    (void)buffer_addf(&text, "ssm-preflight %s (%s)\n", program_version, program_commit);
    for (size_t i = 0; i < n_libraries; i++)
        (void)buffer_addf(&text, "  %-11s %-11s %s\n  %23s sha256 %s\n", libraries[i].name,
                          libraries[i].version, libraries[i].source, "", libraries[i].sha256);
    int status = deliver_text(&text, EXIT_READY);
    buffer_clear(&text);
    return status;
}
