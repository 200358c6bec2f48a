/* SPDX-License-Identifier: Apache-2.0
 *
 * `image`: the offline audit. What the image configures for ssm-preflight is one of the things that are
 * judged: it steers nothing here.
 */
#include <string.h>
#include <time.h>

#include "base/output.h"
#include "base/text.h"
#include "image/image.h"
#include "report/report.h"
#include "run/commands.h"

static const struct {
    const char *name;
    void (*write)(const struct image_report *report, const struct style *style, struct buffer *to);
} formats[] = {{"terminal", image_write_terminal},
               {"short", image_write_short},
               {"json", image_write_json},
               {"junit", image_write_junit}};

/* A code that does not exist allows nothing: that must not go unseen in a build. */
static bool codes_exist(const char *allow)
{
    char word[NAME_SIZE], hint[96];

    for (const char *at = allow; text_word(&at, " ", word, sizeof(word));) {
        if (text_find(word, &image_codes[0].code, sizeof(image_codes[0]), n_image_codes) <
            n_image_codes)
            continue;
        text_hint(hint, sizeof(hint), "", word, &image_codes[0].code, sizeof(image_codes[0]),
                  n_image_codes);
        log_error("--allow: an image has no finding '%s' (%ssee: ssm-preflight list findings)",
                  word, hint);
        return false;
    }
    return true;
}

static int tell(const struct options *options, size_t format, const struct image_report *report,
                int status)
{
    const struct style plain = {0};
    struct style style = {0};

    if (options->quiet && !tell_is_to_file(options))
        return status;
    LOCAL_BUFFER text = {.max_bytes = REPORT_MAX_BYTES};
    LOCAL_BUFFER verdict = {.max_bytes = REPORT_MAX_BYTES};
    if (!tell_is_to_file(options))
        tell_style(options, &style);
    formats[format].write(report, &style, &text);
    image_write_short(report, &plain, &verdict);
    verdict.bytes[strcspn(verdict.bytes, "\n")] = '\0';
    return tell_output(options, &text, verdict.bytes, status);
}

int command_image(const struct options *options)
{
    static const int statuses[] = {[FITNESS_UNKNOWN] = EXIT_UNDECIDED,
                                   [FITNESS_FIT] = EXIT_READY,
                                   [FITNESS_UNFIT] = EXIT_NOT_READY};
    static struct image_report report;
    const char *const below[] = {options->root};
    char config_error[WORDS_SIZE * 2];
    size_t format = 0;

    while (format < COUNT_OF(formats) && strcmp(formats[format].name, options->output) != 0)
        format++;
    if (format == COUNT_OF(formats)) {
        log_error("image: --output must be one of: terminal short json junit");
        return EXIT_USAGE;
    }
    if (!codes_exist(options->allow))
        return EXIT_USAGE;
    confine(options, CONFINED_OFFLINE); /* before it reads what an image holds */
    if (options->root[0])
        confine_reading(options, below, COUNT_OF(below));
    options_judge_files(options->root, options->outputs, config_error, sizeof(config_error));
    const struct image_request request = {
        .root = options->root[0] ? options->root : "/",
        .region = options->plan.region,
        .allow = options->allow,
        .config_error = config_error,
        .max_age_days = options->max_age_days,
        .now_unix_s = time(NULL),
        .strict = options->plan.strict,
    };
    image_audit(&request, &report);
    return tell(options, format, &report, statuses[report.fitness]);
}
