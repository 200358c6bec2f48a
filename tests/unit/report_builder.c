/* SPDX-License-Identifier: Apache-2.0
 *
 * Nothing is written by hand but the bytes that no diagnosis lets through.
 */
#include "report_builder.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "report/report.h"
#include "situations.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)

struct filled *fill(const char *name)
{
    const struct situation *situation = situation_find(name);
    struct filled *filled = calloc(1, sizeof(*filled));

    if (!situation || !filled)
        abort();
    facts_healthy(&filled->facts);
    situation->make(&filled->facts);
    diagnose(&filled->facts, &filled->report);
    return filled;
}

struct filled *fill_hostile(void)
{
    struct filled *hostile = fill("endpoint-blocks-443");
    struct finding *finding = &hostile->report.findings[0];

    SET(finding->title, "%s", "title \033]0;owned\007 \xc2\x9b");
    SET(finding->evidence[0], "%s", "evidence \033[31m\r\b \x7f");
    SET(finding->commands[0], "%s", "echo 'a\nrm -rf /'");
    SET(finding->remedy, "%s", "remedy\r\n\tmore \033c");
    SET(hostile->report.checks[0].summary, "%s", "summary \033[2J");
    SET(hostile->facts.instance.id, "%s", "i-\033[1m");
    SET(hostile->facts.role.role, "%s", "r\xf0\x9f\x92\xa9\n");
    SET(hostile->facts.endpoints[SERVICE_SSMMESSAGES].addresses[0].address, "%s", "10.\0330.1");
    return hostile;
}

const char *const samples[] = {
    "public-address", /* ready, with a note */
    "endpoint-blocks-443",
    "endpoint-az-unreachable",
    "policy-missing",
    "dns-bypasses-vpc",
    "endpoint-blocks-443--optional", /* degraded */
    "imds-blocked-locally",
    "stopped",
    "several--hostile",
    "control-bytes",
};
const size_t n_samples = COUNT_OF(samples);

void write_json_line(const struct report *report, struct buffer *to)
{
    static const struct style style = {0};
    struct buffer text;

    buffer_init(&text, REPORT_MAX_BYTES);
    json_write(report, &style, &text);
    cJSON_Minify(text.bytes);
    (void)buffer_addf(to, "%s\n", text.bytes);
    buffer_clear(&text);
}

struct filled *fill_sample(size_t i)
{
    return i + 1 < n_samples ? fill(samples[i]) : fill_hostile();
}
