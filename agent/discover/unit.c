/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of units are read as systemd reads them, since what they set decides what the agent does.
 */
#include "discover/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/text.h"

/* systemd.unit(5) "Unit File Load Path", and systemd-system.conf(5); best first. */
static const char *const unit_places[] = {
    "/etc/systemd/system.control",   "/run/systemd/system.control",  "/run/systemd/transient",
    "/run/systemd/generator.early",  "/etc/systemd/system",          "/etc/systemd/system.attached",
    "/run/systemd/system",           "/run/systemd/system.attached", "/run/systemd/generator",
    "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",      "/lib/systemd/system",
    "/run/systemd/generator.late"};
static const char *const manager_places[] = {
    "/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd", "/lib/systemd"};

/* Those that are looked at. */
static const char *kept[COUNT_OF(unit_places)];
static const char *const *places = unit_places;
static size_t n_places = COUNT_OF(unit_places);

void unit_keep_places(const char *root)
{
    struct stat status = {0};

    places = kept;
    n_places = 0;
    for (size_t i = 0; i < COUNT_OF(unit_places); i++) {
        const struct stat last = status; /* /lib is a link to /usr/lib mostly */
        if (!root || (file_look(root, unit_places[i], true, &status) &&
                      (status.st_ino != last.st_ino || status.st_dev != last.st_dev)))
            kept[n_places++] = unit_places[i];
    }
}

/* --- files --- */

void unit_files_add(const char *root, const char *folder, const char *suffix,
                    struct unit_files *files)
{
    LOCAL_NAMES found = file_list(root, folder, suffix);

    for (size_t i = 0; i < found.n; i++) {
        size_t same = 0;

        while (same < files->n && strcmp(basename(files->paths[same]), found.names[i]) != 0)
            same++;
        if (same < files->n)
            continue;
        if (files->n == MAX_UNIT_FILES)
            file_keep_trouble(folder, E2BIG);
        else if (text_set(files->paths[files->n], PATH_SIZE, "%s/%s", folder, found.names[i]))
            files->n++;
    }
}

static int by_file_name(const void *a, const void *b)
{
    return strcmp(basename(a), basename(b));
}

void unit_files_sort(struct unit_files *files)
{
    qsort(files->paths, files->n, PATH_SIZE, by_file_name);
}

/* --- state --- */

/* A file, or a link, wherever that leads, at the best place that has it. */
static bool find_unit(const char *root, const char *unit, char path[PATH_SIZE])
{
    struct stat status;

    for (size_t i = 0; i < n_places; i++)
        if (text_set(path, PATH_SIZE, "%s/%s", places[i], unit) &&
            file_look(root, path, false, &status))
            return true;
    return false;
}

bool unit_link(const char *root, const char *unit, char target[PATH_SIZE])
{
    char path[PATH_SIZE];

    return find_unit(root, unit, path) && file_read_link(root, path, target, PATH_SIZE);
}

bool unit_is_masked(const char *root, const char *unit)
{
    char path[PATH_SIZE], target[PATH_SIZE];
    struct stat status;

    if (!find_unit(root, unit, path))
        return false;
    if (file_read_link(root, path, target, sizeof(target)) && strcmp(target, "/dev/null") == 0)
        return true;
    return file_look(root, path, true, &status) && S_ISREG(status.st_mode) && status.st_size == 0;
}

bool unit_is_installed(const char *root, const char *unit)
{
    char path[PATH_SIZE];

    return find_unit(root, unit, path);
}

bool unit_is_enabled(const char *root, const char *unit, const char *const *targets,
                     size_t n_targets)
{
    char path[PATH_SIZE];
    struct stat status;

    for (size_t i = 0; i < n_targets * n_places; i++)
        if (text_set(path, sizeof(path), "%s/%s.wants/%s", places[i % n_places],
                     targets[i / n_places], unit) &&
            file_look(root, path, false, &status))
            return true;
    return false;
}

/* In one of three hierarchies. The group's directory can be seen from a sandbox that hides other
 * processes. */
enum answer unit_is_running(const char *root, const char *unit)
{
    static const char *const hierarchies[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/systemd",
                                              "/sys/fs/cgroup/unified"};
    enum answer answer = ANSWER_UNKNOWN;

    for (size_t i = 0; i < COUNT_OF(hierarchies); i++) {
        char path[PATH_SIZE];

        (void)text_set(path, sizeof(path), "%s/system.slice", hierarchies[i]);
        if (!file_exists(root, path))
            continue;
        (void)text_add(path, sizeof(path), "/%s", unit);
        if (file_exists(root, path))
            return ANSWER_YES;
        answer = ANSWER_NO;
    }
    return answer;
}

/* --- settings --- */

struct reading {
    const char *root;
    const char *section; /* "[Service]" */
    struct buffer *settings;
    struct unit_files drop_ins;
};

static void keep(struct buffer *settings, const char *file, const char *key, const char *value)
{
    if (!buffer_addf(settings, "%s%c%s%c%s%c", file, 0, key, 0, value, 0))
        file_keep_trouble(file, EFBIG);
}

bool unit_next(const struct buffer *settings, struct unit_setting *at)
{
    const char *next = at->value ? at->value + strlen(at->value) + 1 : settings->bytes;

    if (settings->used == 0 || next == settings->bytes + settings->used)
        return false;
    at->file = next;
    at->key = at->file + strlen(at->file) + 1;
    at->value = at->key + strlen(at->key) + 1;
    return true;
}

/* Whether the unit is started at all, and what is started with it. */
static const char for_start[] = "Condition Assert Requi BindsTo Wants Upholds";

/* False: systemd reads no further. */
static bool take_line(const struct reading *reading, const char *path, char *line,
                      char section[NAME_SIZE])
{
    const bool of_unit = strcmp(section, "[Unit]") == 0;
    char *equals = strchr(line, '=');

    if (line[0] == '[') {
        (void)text_set(section, NAME_SIZE, "%s", line);
        return text_ends(line, "]");
    }
    if (equals && (of_unit || strcmp(section, reading->section) == 0) &&
        of_unit == text_starts_any(line, for_start)) {
        char *old = strstr(line, "Directories"); /* as before systemd 231 */
        if (old && old < equals)
            (void)text_set(old, sizeof("Paths"), "Paths");
        *equals = '\0';
        keep(reading->settings, path, text_trim(line), text_trim(equals + 1));
    }
    return true;
}

/* A line whose last character is a backslash, alone or behind pairs of them, goes on in the next one that is no comment. */
static void read_settings(const struct reading *reading, const char *path)
{
    LOCAL_BUFFER contents = {.max_bytes = 256 * 1024};
    LOCAL_BUFFER whole = {.max_bytes = 256 * 1024};
    char section[NAME_SIZE] = "";
    bool goes_on = false;

    int error = file_read(reading->root, path, &contents);
    if (error == EFBIG)
        file_keep_trouble(path, error);
    if (error)
        return;
    char *rest = contents.bytes + (text_starts(contents.bytes, "\xef\xbb\xbf") ? 3 : 0);
    while (rest) {
        char *line = strsep(&rest, "\n");
        line += strspn(line, " \t");
        if (line[0] != '#' && line[0] != ';') {
            size_t n = strlen(line) - text_ends(line, "\r"), first = n;
            while (first > 0 && line[first - 1] == '\\')
                first--;
            goes_on = (n - first) % 2;
            if (goes_on)
                line[n - 1] = ' ';
            (void)buffer_add(&whole, line, n);
        }
        if (goes_on && rest)
            continue;
        if (whole.used > 0 && !take_line(reading, path, text_trim(whole.bytes), section))
            break;
        buffer_clear(&whole);
    }
}

static void note_drop_ins(struct reading *reading, const char *place, const char *of)
{
    char folder[PATH_SIZE];

    (void)text_set(folder, sizeof(folder), "%s/%s.d", place, of);
    unit_files_add(reading->root, folder, ".conf", &reading->drop_ins);
}

static void read_all(struct reading *reading, const char *const *folders, size_t n,
                     const char *file)
{
    for (size_t i = 0; i < n; i++) {
        char path[PATH_SIZE];

        (void)text_set(path, sizeof(path), "%s/%s", folders[i], file);
        if (!file_exists(reading->root, path))
            continue;
        read_settings(reading, path);
        break;
    }
    unit_files_sort(&reading->drop_ins);
    for (size_t i = 0; i < reading->drop_ins.n; i++)
        read_settings(reading, reading->drop_ins.paths[i]);
}

/* systemd.unit(5): a link in UNIT.wants/ is as much as a line with Wants=. */
static void read_folders(const char *root, const char *unit, struct buffer *settings)
{
    static const struct {
        const char *folder, *key;
    } ways[] = {{"wants", "Wants"}, {"requires", "Requires"}, {"upholds", "Upholds"}};
    char path[PATH_SIZE];

    for (size_t i = 0; i < n_places * COUNT_OF(ways); i++) {
        const char *key = ways[i % COUNT_OF(ways)].key;

        (void)text_set(path, sizeof(path), "%s/%s.%s", places[i / COUNT_OF(ways)], unit,
                       ways[i % COUNT_OF(ways)].folder);
        LOCAL_NAMES names = file_list(root, path, "");
        for (size_t j = 0; j < names.n; j++)
            keep(settings, path, key, names.names[j]);
    }
}

/* A prefix ends in a dash: of amazon-ssm-agent.service there are amazon-ssm-.service.d and
 * amazon-.service.d. What the type has for all its units counts least. */
static void read_unit(const char *root, const char *unit, const char *section,
                      struct buffer *settings)
{
    struct reading *reading = calloc(1, sizeof(*reading));
    char prefix[PATH_SIZE];
    const char *dot = strrchr(unit, '.'), *type = dot ? dot + 1 : "service";

    *reading = (struct reading){.root = root, .section = section, .settings = settings};
    for (size_t i = 0; i < n_places; i++) {
        note_drop_ins(reading, places[i], unit);
        for (size_t n = strlen(unit); n > 1; n--) {
            if (unit[n - 1] != '-')
                continue;
            (void)text_set(prefix, sizeof(prefix), "%.*s.%s", (int)n, unit, type);
            note_drop_ins(reading, places[i], prefix);
        }
    }
    for (size_t i = 0; i < n_places; i++)
        note_drop_ins(reading, places[i], type);
    read_all(reading, places, n_places, unit);
    free(reading);
}

void unit_read(const char *root, const char *unit, struct buffer *settings)
{
    buffer_clear(settings);
    read_unit(root, unit, "[Service]", settings);
    read_folders(root, unit, settings);
}

void unit_read_slices(const char *root, struct buffer *settings)
{
    char slice[WORDS_SIZE], file[PATH_SIZE];
    LOCAL_BUFFER all = {.max_bytes = FILE_MAX_BYTES};

    if (!unit_value(settings, "Slice", false, slice, sizeof(slice), file) ||
        !text_ends(slice, ".slice"))
        (void)text_set(slice, sizeof(slice), "system.slice");
    for (const char *above = NULL; above != slice;) {
        char *dash = strrchr(slice, '-');

        read_unit(root, slice, "[Slice]", &all);
        above = dash;
        (void)text_set(dash ? dash : slice, sizeof("-.slice"), dash ? ".slice" : "-.slice");
    }
    for (struct unit_setting at = {0}; unit_next(&all, &at);)
        if (text_starts(at.key, "IPAddress"))
            keep(settings, at.file, at.key, at.value);
}

void unit_read_manager(const char *root, struct buffer *settings)
{
    struct reading *reading = calloc(1, sizeof(*reading));

    buffer_clear(settings);
    *reading = (struct reading){.root = root, .section = "[Manager]", .settings = settings};
    for (size_t i = 0; i < COUNT_OF(manager_places); i++)
        note_drop_ins(reading, manager_places[i], "system.conf");
    read_all(reading, manager_places, COUNT_OF(manager_places), "system.conf");
    free(reading);
}

int unit_systemd(const char *root)
{
    static const char *const folders[] = {
        "/usr/lib/systemd", "/lib/systemd", "/usr/lib/x86_64-linux-gnu/systemd",
        "/usr/lib/aarch64-linux-gnu/systemd", "/usr/lib64/systemd"};
    static const char prefix[] = "libsystemd-shared-";
    int version = 0;

    for (size_t i = 0; i < COUNT_OF(folders) && !version; i++) {
        LOCAL_NAMES libraries = file_list(root, folders[i], ".so");
        for (size_t j = 0; j < libraries.n; j++)
            if (text_starts(libraries.names[j], prefix))
                version = (int)strtol(libraries.names[j] + strlen(prefix), NULL, 10);
    }
    return version;
}

/* --- words --- */

/* systemd src/basic/escape.c, cunescape_one(): \x41 \u00e9 \U000000e9 \101 by their number, which must fit
 * a byte here. The number of characters read behind the backslash; 0: no escape. */
static size_t unescape(const char *from, char *to)
{
    static const char letters[] = "abfnrtvs\\\"'", meant[] = "\a\b\f\n\r\t\v \\\"'";
    const char *letter = from[0] ? strchr(letters, from[0]) : NULL;
    size_t skipped = from[0] == 'x' || from[0] == 'u' || from[0] == 'U';
    size_t n = from[0] == 'x' ? 2 : from[0] == 'u' ? 4 : from[0] == 'U' ? 8 : 3;
    char digits[9] = "", *end;

    if (letter) {
        *to = meant[letter - letters];
        return 1;
    }
    (void)text_set(digits, n + 1, "%.8s", from + skipped);
    unsigned long number = strtoul(digits, &end, skipped ? 16 : 8);
    if (end != digits + n || !text_only(digits, "") || number == 0 || number > 255)
        return 0;
    *to = (char)number;
    return skipped + n;
}

/* systemd.unit(5), "Specifiers": those that mean the same on every machine, of the agent's unit, which root's rights has. What
 * the others mean does not matter here. */
static const char *specified(char specifier)
{
    static const char name[] = "amazon-ssm-agent";
    static const struct {
        char specifier;
        const char *text;
    } all[] = {{'%', "%"},        {'C', "/var/cache"}, {'E', "/etc"},     {'L', "/var/log"},
               {'S', "/var/lib"}, {'T', "/tmp"},       {'V', "/var/tmp"}, {'t', "/run"},
               {'h', "/root"},    {'u', "root"},       {'U', "0"},        {'s', "/bin/sh"},
               {'n', AGENT_UNIT}, {'N', name},         {'p', name},       {'j', "agent"}};

    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (all[i].specifier == specifier)
            return all[i].text;
    return specifier && strchr("AaBbDdfGgHIijJlMmNnoPpqvWwYy", specifier) ? "" : NULL;
}

bool unit_specified(const char *value, char *to, size_t size)
{
    bool known = true;

    to[0] = '\0';
    for (; known && *value; value++) {
        const char c[2] = {*value}, *more = *value == '%' ? specified(*++value) : c;
        known = more && more[0] && text_add(to, size, "%s", more);
    }
    return known;
}

bool unit_word(const char **at, char *word, size_t size)
{
    const char *from = *at + strspn(*at, " \t");
    bool whole = *from;
    char quote = '\0';

    word[0] = '\0';
    for (; *from && (quote || !strchr(" \t", *from)); from++) {
        const char *more = *from == '%' ? specified(from[1]) : NULL;
        char c[2] = {*from};

        if (quote ? *from == quote : (*from == '"' || *from == '\'')) {
            quote = quote ? '\0' : *from;
            continue;
        }
        if (*from == '\\') {
            size_t skipped = unescape(from + 1, c);
            whole &= skipped > 0;
            from += skipped;
        }
        from += more ? 1 : 0;
        (void)text_add(word, size, "%s", more ? more : c);
    }
    *at = from;
    return whole && !quote;
}

/* --- values --- */

/* systemd.unit(5): what a unit requires, nothing resets. */
bool unit_resets(const char *key)
{
    return !text_starts(key, "Requi") && strcmp(key, "BindsTo") != 0;
}

/* Of env(1)'s assignments: https_proxy=http://user:password@10.0.0.5:3128. */
static void hide_logins(char *command)
{
    char *from = command; /* of a value, or a word without one */
    bool in_value = false;

    for (char *at = command; *at; at++) {
        bool begins = strchr(" \t\"'", *at);
        if (*at == '@')
            memset(from, '*', (size_t)(at - from));
        if (begins || (*at == '=' && !in_value)) {
            from = at + 1;
            in_value = !begins;
        }
    }
}

void unit_quote(char *to, size_t size, const struct unit_setting *setting)
{
    (void)text_escape(to, size, setting->value, strlen(setting->value));
    if (text_starts(setting->key, "Exec"))
        hide_logins(to);
}

bool unit_value(const struct buffer *settings, const char *key, bool is_list, char *to, size_t size,
                char file[PATH_SIZE])
{
    /* of single values, as systemd 252 was asked: nothing is no value of the others, and passed over */
    static const char may_be_empty[] =
        "User,Group,WorkingDirectory,RootDirectory,RootImage,PAMName,"
        "MemoryMax,TasksMax,Slice,NetworkNamespacePath";
    const bool counts_empty = is_list || text_has(may_be_empty, ',', key);
    char escaped[WORDS_SIZE];
    bool found = false;

    to[0] = file[0] = '\0';
    for (struct unit_setting at = {0}; unit_next(settings, &at);) {
        if (strcmp(at.key, key) != 0 || (!at.value[0] && !counts_empty))
            continue;
        if (!is_list || (!at.value[0] && unit_resets(key)))
            to[0] = '\0';
        unit_quote(escaped, sizeof(escaped), &at);
        text_list(to, size, " ", escaped);
        (void)text_escape(file, PATH_SIZE, at.file, strlen(at.file));
        found = true;
    }
    return found;
}

void unit_find_program(const char *root, char program[PATH_SIZE])
{
    static const char *const folders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                          "/usr/bin",        "/sbin",          "/bin"};
    char name[PATH_SIZE];

    (void)text_set(name, sizeof(name), "%s", strchr(program, '/') ? "" : program);
    for (size_t i = 0; name[0] && program[0] != '/' && i < COUNT_OF(folders); i++)
        if (!text_set(program, PATH_SIZE, "%s/%s", folders[i], name) || !file_exists(root, program))
            program[0] = '\0';
    if (program[0] != '/' || !file_exists(root, program))
        program[0] = '\0';
}

bool says_yes(const char *value)
{
    static const char *const words[] = {"1", "yes", "y", "true", "t", "on"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcasecmp(value, words[i]) == 0)
            return true;
    return false;
}
