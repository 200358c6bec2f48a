/* SPDX-License-Identifier: Apache-2.0
 *
 * One row an option: its name, how its value is read, where it goes, its line of help. argv and
 * configuration files differ only in who says where an error stands.
 */
#include "options.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "model/checks.h"

enum { WHY_SIZE = 256 };

/* A value being set: `why` says what is wrong with it. */
struct setting {
    struct options *options;
    const struct option_row *row;
    const char *value;
    const char *file_root; /* prefix of a file named in a configuration file below --root */
    char why[WHY_SIZE];
};

struct option_row {
    const char *name;
    const char *argument; /* NULL: a flag */
    bool (*set)(struct setting *setting);
    size_t offset;        /* of the member, for the plain kinds */
    size_t size;
    const char *choices;  /* of a choice, in the order of its enum, space separated */
    bool repeatable;
    bool command_line_only;
    const char *help;
};

static void *member(const struct setting *setting)
{
    return (char *)setting->options + setting->row->offset;
}

static bool refuse(struct setting *setting, const char *why)
{
    (void)text_set(setting->why, sizeof(setting->why), "%s", why);
    return false;
}

/* --- kinds of values --- */

static bool set_text(struct setting *setting)
{
    if (!setting->value[0])
        return refuse(setting, "must not be empty");
    if (!text_set(member(setting), setting->row->size, "%s", setting->value))
        return refuse(setting, "is too long");
    return true;
}

static bool set_file(struct setting *setting)
{
    if (!setting->value[0])
        return refuse(setting, "must not be empty");
    if (!text_set(member(setting), setting->row->size, "%s%s", setting->file_root,
                  setting->value))
        return refuse(setting, "is too long");
    return true;
}

static bool set_flag(struct setting *setting)
{
    static const char *const words[2][4] = {{"no", "false", "off", "0"},
                                            {"yes", "true", "on", "1"}};

    for (int truth = 0; truth < 2; truth++)
        for (int i = 0; i < 4; i++)
            if (strcmp(setting->value, words[truth][i]) == 0) {
                *(bool *)member(setting) = truth == 1;
                return true;
            }
    return refuse(setting, "must be yes or no");
}

/* Which of the space-separated choices the value is; -1 with `why` set when it is none. */
static int choice_number(struct setting *setting, const char *choices)
{
    int number = 0;

    for (const char *at = choices; *at; number++) {
        size_t n = strcspn(at, " ");
        if (n == strlen(setting->value) && strncmp(at, setting->value, n) == 0)
            return number;
        at += n + strspn(at + n, " ");
    }
    (void)text_set(setting->why, sizeof(setting->why), "must be one of: %s", choices);
    return -1;
}

static bool set_choice(struct setting *setting)
{
    int number = choice_number(setting, setting->row->choices);

    if (number >= 0)
        *(int *)member(setting) = number;
    return number >= 0;
}

static bool set_output(struct setting *setting)
{
    return choice_number(setting, setting->options->outputs) >= 0 && set_text(setting);
}

/* Form only: what it means is for discover, which knows addresses. */
static bool set_endpoint(struct setting *setting)
{
    static const char scheme[] = "http://";

    if (!text_starts(setting->value, scheme) ||
        !text_only(setting->value + strlen(scheme), ".:[]/"))
        return refuse(setting, "must be http://ADDRESS[:PORT], as http://169.254.169.254");
    return set_text(setting);
}

static bool set_duration(struct setting *setting)
{
    int64_t ms;

    if (!clock_parse_duration(setting->value, &ms) || ms == 0)
        return refuse(setting, "must be a duration such as 500ms, 30s or 2m, at most a day");
    *(int64_t *)member(setting) = ms;
    return true;
}

static bool set_region(struct setting *setting)
{
    struct plan *plan = &setting->options->plan;

    if (!text_only(setting->value, "-") ||
        !text_set(plan->region, sizeof(plan->region), "%s", setting->value))
        return refuse(setting, "must be a region code such as eu-central-1");
    plan->region_source = SOURCE_OPTION;
    return true;
}

static bool each_word(struct setting *setting, bool (*take)(struct setting *, const char *word))
{
    char list[WORDS_SIZE];
    char *rest = NULL;
    int n = 0;

    if (!text_set(list, sizeof(list), "%s", setting->value))
        return refuse(setting, "is too long");
    for (char *word = strtok_r(list, ", \t", &rest); word; word = strtok_r(NULL, ", \t", &rest)) {
        if (!take(setting, word))
            return false;
        n++;
    }
    return n > 0 || refuse(setting, "must not be empty");
}

static bool need_of(struct setting *setting, const char *word, enum need need)
{
    struct plan *plan = &setting->options->plan;
    bool optional = need == NEED_OPTIONAL;
    enum target target;

    if (!target_from_name(word, &target)) {
        (void)text_set(setting->why, sizeof(setting->why),
                       "does not know a target '%.60s' (see: ssm-preflight list checks)", word);
        return false;
    }
    if (target >= TARGET_SSM && target < TARGET_SSM + N_SERVICES) {
        plan->services[target - TARGET_SSM].need = need;
        plan->services[target - TARGET_SSM].need_given = true;
    } else if (target == TARGET_ROLE) {
        plan->role_optional = optional;
    } else if (target == TARGET_CLOCK) {
        plan->clock_optional = optional;
    } else if (target == TARGET_AGENT) {
        plan->agent_required = !optional;
    } else if (optional) {
        return refuse(setting, "cannot make imds optional: everything else is learnt from it");
    }
    return true;
}

static bool require_word(struct setting *setting, const char *word)
{
    return need_of(setting, word, NEED_REQUIRED);
}

static bool optional_word(struct setting *setting, const char *word)
{
    return need_of(setting, word, NEED_OPTIONAL);
}

static bool skip_word(struct setting *setting, const char *word)
{
    enum check check;

    if (!check_from_name(word, &check)) {
        (void)text_set(setting->why, sizeof(setting->why),
                       "does not know a check '%.60s' (see: ssm-preflight list checks)", word);
        return false;
    }
    setting->options->plan.skipped |= check_bit(check);
    return true;
}

static bool set_require(struct setting *setting)
{
    return each_word(setting, require_word);
}

static bool set_optional(struct setting *setting)
{
    return each_word(setting, optional_word);
}

static bool set_skip(struct setting *setting)
{
    return each_word(setting, skip_word);
}

/* --- the table --- */

#define MEMBER(field) offsetof(struct options, field), sizeof(((struct options *)0)->field)

static const struct option_row rows[] = {
    {"output", "FORMAT", set_output, MEMBER(output), NULL, false, false,
     "terminal (default), short or json"},
    {"config", "FILE", set_text, MEMBER(config), NULL, false, true,
     "read this file in place of " CONFIG_FILE},
    {"region", "REGION", set_region, 0, 0, NULL, false, false,
     "look for the endpoints of this region"},
    {"require", "LIST", set_require, 0, 0, NULL, false, false,
     "targets that must pass, comma separated (s3,kms,logs,agent,...)"},
    {"optional", "LIST", set_optional, 0, 0, NULL, false, false,
     "targets that are looked at but may fail"},
    {"skip", "CHECK", set_skip, 0, 0, NULL, true, false, "do not judge this check; repeatable"},
    {"private-dns", "MODE", set_choice, MEMBER(plan.private_dns), "require warn off", false, false,
     "require (default), warn or off: what public addresses mean"},
    {"permissions", "MODE", set_choice, MEMBER(plan.permissions), "probe deep role-only off",
     false, false, "probe (default), deep, role-only or off: how far to prove"},
    {"deadline", "DURATION", set_duration, MEMBER(deadline_ms), NULL, false, false,
     "end after this long with what is known (check 15s, wait 30s)"},
    {"follow", NULL, set_flag, MEMBER(follow), NULL, false, true,
     "wait: go on without a deadline until ready, in cheap rounds"},
    {"strict", NULL, set_flag, MEMBER(plan.strict), NULL, false, false,
     "a warning gives exit status 1"},
    {"ca-file", "FILE", set_file, MEMBER(ca_file), NULL, false, false,
     "trust these roots in place of Amazon's public ones"},
    {"imds-endpoint", "URL", set_endpoint, MEMBER(imds_endpoint), NULL, false, false,
     "the metadata service, http://ADDRESS[:PORT]"},
    {"root", "DIR", set_text, MEMBER(root), NULL, false, true, "prefix of every file that is read"},
    {"save", "FILE", set_text, MEMBER(save), NULL, false, false,
     "also write the JSON report to this file"},
    {"color", "WHEN", set_choice, MEMBER(colour), "auto always never", false, false,
     "auto (default), always or never; NO_COLOR is honoured"},
    {"quiet", NULL, set_flag, MEMBER(quiet), NULL, false, false, "print nothing: the exit status says it"},
    {"verbose", NULL, set_flag, MEMBER(verbose), NULL, false, false,
     "show passed checks and what was observed"},
    {"help", NULL, set_flag, MEMBER(help), NULL, false, true, "this text"},
};
enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

static const struct option_row *find_row(const char *name, size_t n)
{
    for (int i = 0; i < N_ROWS; i++)
        if (strlen(rows[i].name) == n && strncmp(rows[i].name, name, n) == 0)
            return &rows[i];
    return NULL;
}

void options_help(struct buffer *to)
{
    for (int i = 0; i < N_ROWS; i++) {
        char left[40];
        (void)text_set(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].argument ? " " : "",
                       rows[i].argument ? rows[i].argument : "");
        (void)buffer_addf(to, "  %-22s %s\n", left, rows[i].help);
    }
}

/* Sets one option once from one place. */
static bool apply(struct setting *setting, bool seen[N_ROWS])
{
    ptrdiff_t index = setting->row - rows;

    if (seen[index] && !setting->row->repeatable)
        return refuse(setting, "is given twice");
    seen[index] = true;
    return setting->row->set(setting);
}

/* --- configuration files --- */

struct config_reading {
    struct options *options;
    const char *file; /* as it is named in errors */
    const char *at;   /* what is left to read */
    int line;
    bool seen[N_ROWS];
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

static int take_pair(void *user, const char *section, const char *name, const char *value,
                     int line)
{
    struct config_reading *reading = user;
    struct setting setting = {.options = reading->options,
                              .row = find_row(name, strlen(name)),
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
    } else if (!apply(&setting, reading->seen)) {
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

static bool read_configs(struct options *options, char *error, size_t error_size)
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

/* --- the command line --- */

struct arguments {
    int argc;
    char *const *argv;
    int next;
    bool seen[N_ROWS];
};

/* One `--name[=value]`. Only options of the wanted kind are set: those that say where files are
 * come first, the others after the files. */
static bool take_option(struct arguments *arguments, struct options *options, bool files_first,
                        char *error, size_t error_size)
{
    const char *name = arguments->argv[arguments->next++] + 2;
    size_t n = strcspn(name, "=");
    struct setting setting = {.options = options, .row = find_row(name, n), .file_root = ""};

    if (!setting.row) {
        (void)text_set(error, error_size, "unknown option --%.*s (see --help)", (int)n, name);
        return false;
    }
    if (name[n] == '=') {
        setting.value = name + n + 1;
    } else if (!setting.row->argument) {
        setting.value = "yes";
    } else if (arguments->next < arguments->argc) {
        setting.value = arguments->argv[arguments->next++];
    } else {
        (void)text_set(error, error_size, "--%s needs a value: %s", setting.row->name,
                       setting.row->argument);
        return false;
    }
    if (setting.row->command_line_only != files_first)
        return true;
    if (apply(&setting, arguments->seen))
        return true;
    (void)text_set(error, error_size, "--%s %s", setting.row->name, setting.why);
    return false;
}

static bool take_arguments(int argc, char *const argv[], struct options *options, bool files_first,
                           char *error, size_t error_size)
{
    struct arguments arguments = {.argc = argc, .argv = argv, .next = 1};
    bool only_words = false;

    while (arguments.next < argc) {
        const char *argument = argv[arguments.next];

        if (!only_words && strcmp(argument, "--") == 0) {
            only_words = true;
            arguments.next++;
        } else if (!only_words && text_starts(argument, "--")) {
            if (!take_option(&arguments, options, files_first, error, error_size))
                return false;
        } else if (!only_words && argument[0] == '-' && argument[1]) {
            (void)text_set(error, error_size, "unknown option %s (see --help)", argument);
            return false;
        } else if (files_first) {
            arguments.next++;
        } else if (options->n_words == MAX_WORDS) {
            (void)text_set(error, error_size, "too many arguments: '%s'", argument);
            return false;
        } else {
            options->words[options->n_words++] = argv[arguments.next++];
        }
    }
    return true;
}

bool options_read(int argc, char *const argv[], const char *outputs, struct options *options,
                  char *error, size_t error_size)
{
    *options = (struct options){.outputs = outputs, .output = "terminal"};
    if (!take_arguments(argc, argv, options, true, error, error_size))
        return false;
    if (!options->help && !read_configs(options, error, error_size))
        return false;
    return take_arguments(argc, argv, options, false, error, error_size);
}
