/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration files: every error names file and line, and the first is the one that is told.
 */
#include <errno.h>
#include <ini.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "options_table.h"

struct config_reading {
    struct options *options;
    const char *file; /* as it is named in errors */
    const char *at;   /* what is left to read */
    int line;
    bool seen[MAX_OPTION_ROWS];
    char *error;
    size_t error_size;
    bool failed;
};

static void config_error(struct config_reading *reading, const char *subject, const char *why)
{
    if (reading->failed)
        return; /* the first is the one to mend */
    reading->failed = true;
    (void)text_set(reading->error, reading->error_size, "%s:%d: %s%s%s", reading->file,
                   reading->line, subject, *subject ? " " : "", why);
}

/* inih's reader, ours because its own cuts a long line in two without a word. */
static char *next_line(char *to, int size, void *stream)
{
    struct config_reading *reading = stream;
    size_t n = strcspn(reading->at, "\n");

    if (!*reading->at)
        return NULL;
    reading->line++;
    if (n + 2 > (size_t)size) {
        config_error(reading, "", "the line is too long");
        return NULL;
    }
    (void)text_set(to, (size_t)size, "%.*s\n", (int)n, reading->at);
    reading->at += n + (reading->at[n] == '\n');
    return to;
}

static int take_pair(void *user, const char *section, const char *name, const char *value, int line)
{
    struct config_reading *reading = user;
    struct setting setting = {.options = reading->options,
                              .row = option_find(name, strlen(name)),
                              .value = value ? value : "",
                              .file_root = reading->options->root};
    char subject[NAME_SIZE + 40];

    reading->line = line;
    (void)text_set(subject, sizeof(subject), "key '%.60s'", name);
    if (*section && strcmp(section, "preflight") != 0) {
        (void)text_set(subject, sizeof(subject), "section [%.60s]", section);
        config_error(reading, subject, "is not known: keys stand in [preflight] or in none");
    } else if (!setting.row) {
        config_error(reading, subject, "is not known");
    } else if (setting.row->command_line_only) {
        config_error(reading, subject, "can only be given on the command line");
    } else if (!option_apply(&setting, reading->seen)) {
        config_error(reading, subject, setting.why);
    } else {
        return 1;
    }
    return 0;
}

/* False with `error` set. A file that is not there is fine unless it is demanded. */
static bool read_config(struct options *options, const char *root, const char *path, bool demanded,
                        char *error, size_t error_size)
{
    struct config_reading reading = {
        .options = options, .file = path, .error = error, .error_size = error_size};
    struct buffer contents;

    buffer_init(&contents, 256 * 1024);
    int trouble = file_read(root, path, &contents);
    if (trouble == ENOENT && !demanded)
        return true;
    if (trouble) {
        (void)text_set(error, error_size, "%s: cannot be read: %s", path, strerror(trouble));
        return false;
    }

    reading.at = contents.bytes;
    bool whole = strlen(contents.bytes) == contents.used;
    int bad_line = whole ? ini_parse_stream(next_line, &reading, take_pair, &reading) : 1;
    if (!whole)
        config_error(&reading, "", "a zero byte is no text");
    if (bad_line > 0 && (!reading.failed || bad_line < reading.line)) {
        reading.failed = false;
        reading.line = bad_line;
        config_error(&reading, "", "expected 'key = value', a [section] or a comment");
    } else if (bad_line < 0) {
        config_error(&reading, "", "out of memory");
    }
    buffer_clear(&contents);
    return !reading.failed;
}

struct drop_ins {
    struct options *options;
    char *error;
    size_t error_size;
    bool failed;
};

static void read_drop_in(void *arg, const char *name)
{
    struct drop_ins *drop_ins = arg;
    char path[PATH_SIZE];

    if (drop_ins->failed)
        return;
    if (!text_set(path, sizeof(path), "%s/%s", CONFIG_DIRECTORY, name)) {
        (void)text_set(drop_ins->error, drop_ins->error_size, "%s: a file name is too long",
                       CONFIG_DIRECTORY);
        drop_ins->failed = true;
        return;
    }
    drop_ins->failed = !read_config(drop_ins->options, drop_ins->options->root, path, true,
                                    drop_ins->error, drop_ins->error_size);
}

bool options_read_files(struct options *options, char *error, size_t error_size)
{
    struct drop_ins drop_ins = {.options = options, .error = error, .error_size = error_size};

    if (options->config[0])
        return read_config(options, "", options->config, true, error, error_size);
    if (!read_config(options, options->root, CONFIG_FILE, false, error, error_size))
        return false;
    int trouble = file_list(options->root, CONFIG_DIRECTORY, ".conf", read_drop_in, &drop_ins);
    if (trouble && trouble != ENOENT && trouble != ENOTDIR) {
        (void)text_set(error, error_size, "%s: cannot be read: %s", CONFIG_DIRECTORY,
                       strerror(trouble));
        return false;
    }
    return !drop_ins.failed;
}
