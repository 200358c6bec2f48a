/* SPDX-License-Identifier: Apache-2.0
 *
 * The page of one finding or check, from inside the binary: there is no network where it is read.
 */
#include "report/explain.h"

#include "base/log.h"
#include "report/report.h"
#include "run/commands.h"

int command_explain(const struct options *options)
{
    struct buffer text;
    int status = EXIT_USAGE;

    if (options->n_words < 2) {
        log_error("explain needs a CODE (see: ssm-preflight list findings)");
        return EXIT_USAGE;
    }
    buffer_init(&text, REPORT_MAX_BYTES);
    if (explain_write(options->words[1], &text))
        status = deliver_text(&text, EXIT_READY);
    else
        log_error("%s%s", text.bytes ? text.bytes : "out of memory",
                  text.bytes ? " (all: ssm-preflight list findings, list checks)" : "");
    buffer_clear(&text);
    return status;
}
