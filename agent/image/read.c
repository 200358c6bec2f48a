/* SPDX-License-Identifier: Apache-2.0
 *
 * systemd is not asked: its files say what it will do. /run is not read: it is empty at boot.
 */
#include "image/judge.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

bool image_has(const struct image *image, const char *path)
{
    return file_exists(image->root, path);
}

bool image_reads(const struct image *image, const char *path, struct buffer *to)
{
    int error = file_read(image->root, path, to);

    if (error == EFBIG)
        file_keep_trouble(path, error);
    return !error;
}

/* --- lines --- */

static bool read_file(const struct image *image, const char *path, line_taker *each, void *arg)
{
    LOCAL_BUFFER contents = {.max_bytes = IMAGE_FILE_BYTES};

    if (!image_reads(image, path, &contents))
        return false;
    for (char *at = contents.bytes; (at = strstr(at, "\\\n"));)
        at[0] = at[1] = ' ';
    for (char *line, *rest = contents.bytes; (line = text_next(&rest, "\n"));) {
        line = text_trim(line);
        if (line[0] && line[0] != '#' && line[0] != ';')
            each(arg, path, line);
    }
    return true;
}

/* "/etc/dnf/x.d" and a star with ".conf" behind it. */
static void read_folder(const struct image *image, char *place, char *star, line_taker *each,
                        void *arg)
{
    char path[PATH_SIZE];

    star[0] = '\0';
    LOCAL_NAMES files = file_list(image->root, place, star + 2);
    for (size_t i = 0; i < files.n; i++)
        if (text_set(path, sizeof(path), "%s/%s", place, files.names[i]))
            (void)read_file(image, path, each, arg);
}

bool lines_read(const struct image *image, const char *places, line_taker *each, void *arg)
{
    char place[PATH_SIZE];
    bool any = false;

    for (const char *at = places; text_word(&at, " ", place, sizeof(place));) {
        char *star = strstr(place, "/*");
        if (star)
            read_folder(image, place, star, each, arg);
        else
            any |= read_file(image, place, each, arg);
    }
    return any;
}

bool lines_include(struct image *image, const char *places, line_taker *each, void *arg)
{
    enum { MAX_INCLUDED = 64 };

    if (image->n_included < MAX_INCLUDED) {
        image->n_included++;
        return lines_read(image, places, each, arg);
    }
    file_keep_trouble(places, ELOOP);
    return false;
}

struct saying {
    const char *words;
    char *file; /* NULL: nobody asks */
    bool said;
};

static void look_for_words(void *arg, const char *path, char *line)
{
    struct saying *saying = arg;
    const char *at = line;
    char word[PATH_SIZE];

    for (const char *words = saying->words; at && text_word(&words, " ", word, sizeof(word));) {
        at = strstr(at, word);
        at = at ? at + strlen(word) : NULL;
    }
    if (!at || saying->said)
        return;
    saying->said = true;
    if (saying->file)
        (void)text_escape(saying->file, PATH_SIZE, path, strlen(path));
}

bool says(const struct image *image, const char *places, const char *words, char *file)
{
    struct saying saying = {.words = words, .file = file};

    (void)lines_read(image, places, look_for_words, &saying);
    return saying.said;
}

void look_for(struct image *image, const char *code, const struct sign *signs, size_t n)
{
    char file[PATH_SIZE];

    for (size_t i = 0; i < n; i++)
        if (says(image, signs[i].places, signs[i].words, file))
            find_as(image, signs[i].severity, code, file, "%s: %s%s%s", file, signs[i].words,
                    signs[i].means[0] ? ", " : "", signs[i].means);
}

struct ban {
    const char *module;
    char *file;
    bool found;
};

/* "nvme_core" is "nvme-core". */
static bool same_module(const char *a, const char *b)
{
    for (; *a && (*a == *b || (strchr("-_", *a) && *b && strchr("-_", *b))); a++)
        b++;
    return !*a && !*b;
}

static void take_ban(void *arg, const char *path, char *line)
{
    static const char between[] = " \t+=\"'";
    struct ban *ban = arg;
    const char *verb = text_next(&line, between), *name;
    bool omits = verb && strcmp(verb, "omit_drivers") == 0;
    bool installs = verb && strcmp(verb, "install") == 0;

    if (!omits && !installs && (!verb || strcmp(verb, "blacklist") != 0))
        return;
    do {
        name = text_next(&line, between);
        if (!name || !same_module(name, ban->module))
            continue;
        const char *command = installs ? text_next(&line, between) : "/false";
        if (!command || (!text_ends(command, "/false") && !text_ends(command, "/true")))
            return;
        ban->found = true;
        (void)text_escape(ban->file, PATH_SIZE, path, strlen(path));
    } while (name && omits);
}

bool module_forbidden(const struct image *image, const char *places, const char *module,
                      char file[PATH_SIZE])
{
    struct ban ban = {.module = module, .file = file};

    (void)lines_read(image, places, take_ban, &ban);
    return ban.found;
}

struct asked {
    const char *key;
    char *to, *file;
    bool found;
};

static void take_value(void *arg, const char *path, char *line)
{
    struct asked *asked = arg;
    size_t n = strlen(asked->key);

    if (text_starts(line, "export "))
        line = text_trim(line + strlen("export "));
    if (strncmp(line, asked->key, n) != 0 || !line[n] || !strchr(" \t=:", line[n]))
        return;
    line += n + strspn(line + n, " \t=:");
    n = strlen(line);
    if (n > 1 && (line[0] == '"' || line[0] == '\'') && line[n - 1] == line[0]) {
        line[n - 1] = '\0';
        line++;
    }
    asked->found = true;
    (void)text_escape(asked->to, LINE_SIZE, line, strlen(line));
    if (asked->file)
        (void)text_escape(asked->file, PATH_SIZE, path, strlen(path));
}

bool value_read(const struct image *image, const char *places, const char *key, char to[LINE_SIZE],
                char *file)
{
    struct asked asked = {.key = key, .to = to, .file = file};

    to[0] = '\0';
    (void)lines_read(image, places, take_value, &asked);
    return asked.found;
}

/* --- programs --- */

/* elf(5): EM_X86_64, EM_AARCH64 */
const char *elf_machine_name(int machine)
{
    return machine == 62 ? "x86_64" : machine == 183 ? "aarch64" : machine > 0 ? "another" : "no";
}

/* --- units --- */

enum unit_state image_unit(const struct image *image, const char *unit)
{
    return unit_state_at(image->root, unit, &image->boot);
}

bool image_unit_value(const struct image *image, const char *unit, const char *key, bool is_list,
                      char value[LINE_SIZE], char file[PATH_SIZE])
{
    LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES};

    unit_read(image->root, unit, &settings);
    return unit_value(&settings, key, is_list, value, LINE_SIZE, file);
}

bool any_enabled(const struct image *image, const char *units, char which[NAME_SIZE])
{
    for (const char *at = units; text_word(&at, " ", which, NAME_SIZE);)
        if (image_unit(image, which) == UNIT_ENABLED)
            return true;
    return false;
}
