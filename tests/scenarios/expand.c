/* SPDX-License-Identifier: Apache-2.0
 *
 * expand FOLDER: every situation of tests/unit/situations*.c as a report that `show` reads,
 * FOLDER/NAME.json. Its facts say everything: the report holds nothing else.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/file.h"
#include "base/text.h"
#include "facts_builder.h"
#include "model/facts_json.h"
#include "situations.h"

static struct facts facts;

static char *report_of(const struct situation *situation)
{
    cJSON *report = cJSON_CreateObject();

    facts_healthy(&facts);
    situation->make(&facts);
    cJSON_AddStringToObject(report, "schema", "ssm-preflight/1");
    cJSON_AddStringToObject(report, "situation", situation->name);
    cJSON_AddItemToObject(report, "facts", facts_to_json(&facts, KEEP_UNUSED));
    char *text = cJSON_PrintUnformatted(report);
    cJSON_Delete(report);
    if (!text)
        abort();
    return text;
}

/* Fails where a file of the name is there already: two situations of one name would hide each
 * other. */
static int write_report(const char *folder, const struct situation *situation)
{
    char path[1024];

    if (!text_set(path, sizeof(path), "%s/%s.json", folder, situation->name))
        return ENAMETOOLONG;
    FILE *file = fopen(path, "wx");
    if (!file)
        return errno;
    char *text = report_of(situation);
    bool failed = fprintf(file, "%s\n", text) < 0;
    free(text);
    return fclose(file) != 0 || failed ? EIO : 0;
}

int main(int argc, char **argv)
{
    const struct situation *situation;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: expand FOLDER\n");
        return 2;
    }
    for (size_t i = 0; (situation = situation_at(i)); i++) {
        int error = write_report(argv[1], situation);
        if (error) {
            (void)fprintf(stderr, "expand: %s: %s\n", situation->name, strerror(error));
            return 1;
        }
    }
    return 0;
}
