/* SPDX-License-Identifier: Apache-2.0
 *
 * The fix of a finding: the lines of its page (docs/findings) that are for this image.
 */
#include <string.h>

#include "base/text.h"
#include "image/read.h"

/* What installs an agent here: by what is there. */
static const char *manager_of(const struct image *image)
{
    bool rpm = image_has(image, "/usr/lib/sysimage/rpm") || image_has(image, "/var/lib/rpm");

    if (image->snap[0] || (!image->program[0] && image_unit(image, "snapd.service") != UNIT_ABSENT))
        return "snap";
    return rpm ? "rpm" : "deb";
}

/* A line of the page, for one path. False where it does not fit, or what it names is not known. */
static bool fill(const struct image *image, const char *text, const char *path,
                 char to[COMMAND_SIZE])
{
    const char *slash = strrchr(path, '/'), *region = image->request->region;
    const struct {
        const char *name, *value;
    } places[] = {{"{path}", path},
                  {"{name}", slash ? slash + 1 : path},
                  {"{unit}", image->agent->unit},
                  {"{region}", region[0] ? region : "us-east-1"}};

    to[0] = '\0';
    while (*text) {
        size_t i = 0;

        while (i < COUNT_OF(places) && !text_starts(text, places[i].name))
            i++;
        if (i < COUNT_OF(places) && !places[i].value[0])
            return false;
        if (!text_add(to, COMMAND_SIZE, "%.*s", i < COUNT_OF(places) ? COMMAND_SIZE : 1,
                      i < COUNT_OF(places) ? places[i].value : text))
            return false;
        text += i < COUNT_OF(places) ? strlen(places[i].name) : 1;
    }
    return true;
}

static void add_command(const struct image *image, struct image_finding *finding,
                        const struct image_fix *fix)
{
    char command[COMMAND_SIZE];

    for (int32_t i = 0; i < finding->n_paths || i == 0; i++) {
        const char *path = finding->n_paths > 0 ? finding->paths[i] : "";
        bool said = false;

        if ((fix->when[0] == '/' && !text_starts(path, fix->when)) ||
            (fix->when[0] && fix->when[0] != '/' && strcmp(fix->when, manager_of(image)) != 0) ||
            !fill(image, fix->text, path, command) || finding->n_commands == IMAGE_COMMANDS)
            continue;
        for (int32_t j = 0; j < finding->n_commands; j++)
            said |= strcmp(finding->commands[j], command) == 0;
        if (!said)
            (void)text_set(finding->commands[finding->n_commands++], COMMAND_SIZE, "%s", command);
    }
}

void fix_fill(const struct image *image, struct image_finding *finding)
{
    finding->fix = "";
    for (size_t i = 0; i < n_image_fixes; i++) {
        if (strcmp(image_fixes[i].code, finding->code) != 0)
            continue;
        if (image_fixes[i].is_command)
            add_command(image, finding, &image_fixes[i]);
        else
            finding->fix = image_fixes[i].text;
    }
}
