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

enum { N_ADMIN = 2 };

/* Best first. Those of the administrator, N_ADMIN of them, are where a unit is masked. */
static const char *const places[] = {"/etc/systemd", "/run/systemd", "/usr/local/lib/systemd",
                                     "/usr/lib/systemd", "/lib/systemd"};

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

bool unit_is_masked(const char *root, const char *unit)
{
    char path[PATH_SIZE], target[PATH_SIZE];

    for (size_t i = 0; i < N_ADMIN; i++) {
        (void)text_set(path, sizeof(path), "%s/system/%s", places[i], unit);
        if (file_read_link(root, path, target, sizeof(target)) && strcmp(target, "/dev/null") == 0)
            return true;
    }
    return false;
}

/* A file, or a link, wherever that leads. */
static bool installed(const char *root, const char *unit)
{
    char path[PATH_SIZE];
    struct stat status;

    for (size_t i = 0; i < COUNT_OF(places); i++) {
        (void)text_set(path, sizeof(path), "%s/system/%s", places[i], unit);
        if (file_look(root, path, false, &status))
            return true;
    }
    return false;
}

/* An enabled unit has a link below the .wants of a target: the agent's is multi-user.target. */
bool unit_is_enabled(const char *root, const char *unit, const char *target)
{
    char path[PATH_SIZE];

    (void)text_set(path, sizeof(path), "%s.wants/%s", target, unit);
    return installed(root, path);
}

enum unit_state unit_state(const char *root, const char *unit)
{
    if (unit_is_masked(root, unit))
        return UNIT_MASKED;
    if (!installed(root, unit))
        return UNIT_ABSENT;
    return unit_is_enabled(root, unit, "multi-user.target") ? UNIT_ENABLED : UNIT_DISABLED;
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
    unit_setting *each;
    void *arg;
    struct unit_files drop_ins;
};

/* Whether the service is started at all. */
static bool is_for_start(const char *line)
{
    return text_starts(line, "Condition") || text_starts(line, "Assert") ||
           text_starts(line, "Requires");
}

static void take_line(const struct reading *reading, const char *path, char *line,
                      char section[NAME_SIZE])
{
    char *equals = strchr(line, '=');

    if (line[0] == '[') {
        (void)text_set(section, NAME_SIZE, "%s", line);
    } else if (equals && (strcmp(section, reading->section) == 0 ||
                          (strcmp(section, "[Unit]") == 0 && is_for_start(line)))) {
        *equals = '\0';
        reading->each(reading->arg, path, text_trim(line), text_trim(equals + 1));
    }
}

/* A line that ends in a backslash goes on in the next one that is no comment. */
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
    for (char *line, *rest = contents.bytes; (line = text_next(&rest, "\n"));) {
        (void)text_trim(line);
        size_t n = strlen(line);
        if (line[0] == '#' || line[0] == ';')
            continue;
        goes_on = n > 0 && line[n - 1] == '\\';
        if (goes_on)
            line[n - 1] = ' ';
        (void)buffer_add(&whole, line, n);
        if (goes_on && rest && *rest)
            continue;
        if (whole.used > 0)
            take_line(reading, path, text_trim(whole.bytes), section);
        buffer_clear(&whole);
    }
}

static void note_drop_ins(struct reading *reading, const char *place, const char *of)
{
    char folder[PATH_SIZE];

    (void)text_set(folder, sizeof(folder), "%s/%s.d", place, of);
    unit_files_add(reading->root, folder, ".conf", &reading->drop_ins);
}

static void read_all(struct reading *reading, const char *file)
{
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        char path[PATH_SIZE];

        (void)text_set(path, sizeof(path), "%s/%s", places[i], file);
        if (!file_exists(reading->root, path))
            continue;
        read_settings(reading, path);
        break;
    }
    unit_files_sort(&reading->drop_ins);
    for (size_t i = 0; i < reading->drop_ins.n; i++)
        read_settings(reading, reading->drop_ins.paths[i]);
}

/* A prefix ends in a dash: of amazon-ssm-agent.service there are amazon-ssm-.service.d and
 * amazon-.service.d. What the type has for all its units counts least. */
void unit_settings(const char *root, const char *unit, unit_setting *each, void *arg)
{
    struct reading *reading = calloc(1, sizeof(*reading));
    char path[PATH_SIZE], prefix[PATH_SIZE];

    *reading = (struct reading){.root = root, .section = "[Service]", .each = each, .arg = arg};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        (void)text_set(path, sizeof(path), "%s/system", places[i]);
        note_drop_ins(reading, path, unit);
        for (size_t n = strlen(unit); n > 1; n--) {
            if (unit[n - 1] != '-')
                continue;
            (void)text_set(prefix, sizeof(prefix), "%.*s.service", (int)n, unit);
            note_drop_ins(reading, path, prefix);
        }
    }
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        (void)text_set(path, sizeof(path), "%s/system", places[i]);
        note_drop_ins(reading, path, "service");
    }
    (void)text_set(path, sizeof(path), "system/%s", unit);
    read_all(reading, path);
    free(reading);
}

void unit_manager_settings(const char *root, unit_setting *each, void *arg)
{
    struct reading *reading = calloc(1, sizeof(*reading));

    *reading = (struct reading){.root = root, .section = "[Manager]", .each = each, .arg = arg};
    for (size_t i = 0; i < COUNT_OF(places); i++)
        note_drop_ins(reading, places[i], "system.conf");
    read_all(reading, "system.conf");
    free(reading);
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

/* systemd.unit(5), "Specifiers": those that mean the same on every machine, of a service of root's. What the others
 * mean does not matter here. */
static const char *specified(char specifier)
{
    static const struct {
        char specifier;
        const char *text;
    } all[] = {{'%', "%"},        {'C', "/var/cache"}, {'E', "/etc"},     {'L', "/var/log"},
               {'S', "/var/lib"}, {'T', "/tmp"},       {'V', "/var/tmp"}, {'t', "/run"},
               {'h', "/root"},    {'u', "root"},       {'U', "0"},        {'s', "/bin/sh"}};

    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (all[i].specifier == specifier)
            return all[i].text;
    return specifier && strchr("AaBbDdfGgHIijJlMmNnoPpqvWwYy", specifier) ? "" : NULL;
}

bool unit_word(char **at, char *word, size_t size)
{
    char *from = *at + strspn(*at, " \t");
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

/* --- what is taken from a service --- */

/* A list with `fails` is looked at assignment by assignment: the first that fails is kept. */
struct assigned {
    const char *key, *root;
    bool is_list, found;
    bool (*fails)(const char *root, char *value);
    char *to, *file;
    size_t size;
};

/* systemd.unit(5): an empty condition, of whatever kind, resets all of them; what a unit requires, nothing resets. */
static bool resets(const char *key, const char *of)
{
    return text_starts(key, "Condition") ? text_starts(of, "Condition")
                                         : strcmp(key, of) == 0 && strcmp(of, "Requires") != 0;
}

static void take_setting(void *arg, const char *path, const char *key, char *value)
{
    struct assigned *assigned = arg;
    char escaped[WORDS_SIZE];

    if (!value[0] && resets(key, assigned->key))
        assigned->to[0] = '\0';
    if (strcmp(key, assigned->key) != 0)
        return;
    (void)text_escape(escaped, sizeof(escaped), value, strlen(value));
    if (assigned->fails && (assigned->to[0] || !assigned->fails(assigned->root, value)))
        return;
    if (!assigned->is_list)
        assigned->to[0] = '\0';
    text_list(assigned->to, assigned->size, " ", escaped);
    (void)text_escape(assigned->file, PATH_SIZE, path, strlen(path));
    assigned->found = true;
}

/* Of several keys, up to one that is NULL: the files are read once. */
static void take_settings(void *arg, const char *path, const char *key, char *value)
{
    for (struct assigned *assigned = arg; assigned->key; assigned++)
        take_setting(assigned, path, key, value);
}

bool unit_value(const char *root, const char *unit, const char *key, bool is_list, char *to,
                size_t size, char file[PATH_SIZE])
{
    struct assigned assigned = {
        .key = key, .is_list = is_list, .to = to, .size = size, .file = file};

    to[0] = file[0] = '\0';
    unit_settings(root, unit, take_setting, &assigned);
    return assigned.found;
}

bool says_yes(const char *value)
{
    static const char *const words[] = {"1", "yes", "y", "true", "t", "on"};

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcasecmp(value, words[i]) == 0)
            return true;
    return false;
}

/* What unit_confinement() reads: what takes something from the agent, and behind it what gives it back. */
enum {
    EXEC_START,
    USER,
    DYNAMIC_USER,
    PROTECT_SYSTEM,
    READ_ONLY_PATHS,
    INACCESSIBLE_PATHS,
    PRIVATE_NETWORK,
    IP_ADDRESS_DENY,
    ADDRESS_FAMILIES,
    CONDITION_PATH,
    ASSERT_PATH,
    REQUIRES,
    EXEC_CONDITION,
    EXEC_START_PRE,
    WORKING_DIRECTORY,
    ROOT_DIRECTORY,
    TYPE,
    NO_NEW_PRIVILEGES,
    DENY_WRITE_EXECUTE,
    N_TAKING,
    STATE_DIRECTORY = N_TAKING,
    READ_WRITE_PATHS,
    IP_ADDRESS_ALLOW,
    TIMEOUT_START,
    TIMEOUT,
    BIND_PATHS,
    BIND_READ_ONLY_PATHS,
    N_READ
};

/* Whether a list of paths has the agent's folder or one above, with the dashes and pluses of systemd.exec(5) before it. */
static bool has_state(const char *paths)
{
    static const char *const folders[] = {"/", "/var", "/var/lib", "/var/lib/amazon",
                                          "/var/lib/amazon/ssm"};
    char path[PATH_SIZE];
    bool has = false;

    for (const char *at = paths; text_word(&at, " \t\"", path, sizeof(path));) {
        const char *folder = path + strspn(path, "-+");
        size_t n = strlen(path);
        path[n - (n > 1 && path[n - 1] == '/' && folder[1])] = '\0';
        has |= text_find(folder, folders, sizeof(folders[0]), COUNT_OF(folders)) <
               COUNT_OF(folders);
    }
    return has;
}

static bool has_imds(const char *networks)
{
    return strstr(networks, "any") || strstr(networks, "link-local") ||
           strstr(networks, "169.254.") || strstr(networks, "0.0.0.0/0");
}

/* Absent, and nothing will make it before the agent starts: neither an image's first boot nor an earlier unit, which
 * write below these; what %x means is not known. */
static bool is_gone(const char *root, const char *path)
{
    return path[0] == '/' && !strchr(path, '%') && !text_starts(path, "/run/") &&
           !text_starts(path, "/var/") && !text_starts(path, "/tmp/") && !file_exists(root, path);
}

/* No dash before it, systemd.service(5): the program may not be missing. */
static bool lacks_program(const char *root, char *value)
{
    char path[PATH_SIZE];

    value += strspn(value, "@:+!");
    return !strchr(value, '%') && unit_word(&value, path, sizeof(path)) && is_gone(root, path);
}

/* systemd.unit(5): those with a | before them are passed over. */
static bool does_not_hold(const char *root, char *value)
{
    const char *path = value + (value[0] == '!');

    return path == value ? is_gone(root, path)
                         : path[0] == '/' && !strchr(path, '%') && !text_starts(path, "/run/") &&
                               !text_starts(path, "/var/") && file_exists(root, path);
}

/* Those that generators and systemctl make count too, systemd.unit(5) "Unit File Load Path", and the scripts that
 * systemd-sysv-generator(8) takes for services. */
static bool lacks_unit(const char *root, char *value)
{
    static const char *const more[] = {"/run/systemd/generator",
                                       "/run/systemd/generator.early",
                                       "/run/systemd/generator.late",
                                       "/run/systemd/transient",
                                       "/run/systemd/system.control",
                                       "/etc/systemd/system.control",
                                       "/run/systemd/system.attached",
                                       "/etc/systemd/system.attached",
                                       "/etc/init.d"};
    char word[PATH_SIZE], path[PATH_SIZE];
    bool lacks = false;

    for (const char *at = value; text_word(&at, " \t", word, sizeof(word));) {
        bool is_there = !text_ends(word, ".service") || strpbrk(word, "@%") ||
                        installed(root, word);
        for (size_t i = 0; !is_there && i < COUNT_OF(more); i++) {
            size_t n = strlen(word) - (i + 1 == COUNT_OF(more) ? strlen(".service") : 0);
            (void)text_set(path, sizeof(path), "%s/%.*s", more[i], (int)n, word);
            is_there = file_exists(root, path);
        }
        lacks |= !is_there;
    }
    return lacks;
}

/* systemd.service(5): the agent, which systemd waits for, goes on for good. */
static bool never_ends(const char *time)
{
    return strcmp(time, "infinity") == 0 || strcmp(time, "0") == 0;
}

/* What is started is looked for below RootDirectory=. What is bound into it may have it. */
static bool root_lacks_program(const char *root, char of[N_READ][WORDS_SIZE])
{
    char path[PATH_SIZE], *program = of[EXEC_START], first[PATH_SIZE];

    program += strspn(program, "@-:+!");
    return of[ROOT_DIRECTORY][0] == '/' && !of[BIND_PATHS][0] && !of[BIND_READ_ONLY_PATHS][0] &&
           unit_word(&program, first, sizeof(first)) && first[0] == '/' &&
           text_set(path, sizeof(path), "%s%s", of[ROOT_DIRECTORY], first) && is_gone(root, path);
}

static void find_harmful(const char *root, char of[N_READ][WORDS_SIZE], bool harmful[N_TAKING])
{
    const char *user = of[USER], *families = of[ADDRESS_FAMILIES];
    bool writable = strstr(of[STATE_DIRECTORY], "amazon/ssm") || has_state(of[READ_WRITE_PATHS]);

    harmful[EXEC_START] = !of[EXEC_START][0];
    harmful[USER] = user[0] && strcmp(user, "root") != 0 && strcmp(user, "0") != 0;
    harmful[DYNAMIC_USER] = says_yes(of[DYNAMIC_USER]);
    harmful[PROTECT_SYSTEM] = strcmp(of[PROTECT_SYSTEM], "strict") == 0 && !writable;
    harmful[READ_ONLY_PATHS] = has_state(of[READ_ONLY_PATHS]) && !writable;
    harmful[INACCESSIBLE_PATHS] = has_state(of[INACCESSIBLE_PATHS]) ||
                                  strstr(of[INACCESSIBLE_PATHS], "/etc/amazon");
    harmful[PRIVATE_NETWORK] = says_yes(of[PRIVATE_NETWORK]);
    harmful[IP_ADDRESS_DENY] = has_imds(of[IP_ADDRESS_DENY]) && !has_imds(of[IP_ADDRESS_ALLOW]);
    harmful[ADDRESS_FAMILIES] = families[0] &&
                                (families[0] == '~') == !!strstr(families, "AF_INET");
    for (int i = CONDITION_PATH; i < WORKING_DIRECTORY; i++)
        harmful[i] = of[i][0];
    harmful[WORKING_DIRECTORY] = is_gone(root, of[WORKING_DIRECTORY]);
    harmful[ROOT_DIRECTORY] = root_lacks_program(root, of);
    for (int i = EXEC_CONDITION; i <= WORKING_DIRECTORY; i++)
        harmful[i] = harmful[i] && !of[ROOT_DIRECTORY][0];
    harmful[TYPE] = (text_starts(of[TYPE], "notify") || strcmp(of[TYPE], "forking") == 0) &&
                    !never_ends(of[TIMEOUT_START]) && !never_ends(of[TIMEOUT]);
    harmful[NO_NEW_PRIVILEGES] = says_yes(of[NO_NEW_PRIVILEGES]);
    harmful[DENY_WRITE_EXECUTE] = says_yes(of[DENY_WRITE_EXECUTE]);
}

void unit_confinement(const char *root, const char *unit, unit_taken *each, void *arg)
{
    static const struct {
        const char *key;
        bool is_list, fatal;
        const char *words;
        bool (*fails)(const char *root, char *value);
    } rows[N_READ] = {
        [EXEC_START] = {"ExecStart", true, true, " starts nothing"},
        [USER] = {"User", false, true, ", the agent needs root"},
        [DYNAMIC_USER] = {"DynamicUser", false, true, ", the agent needs root"},
        [PROTECT_SYSTEM] = {"ProtectSystem", false, true,
                            ", and no ReadWritePaths= has /var/lib/amazon"},
        [READ_ONLY_PATHS] = {"ReadOnlyPaths", true, true, ""},
        [INACCESSIBLE_PATHS] = {"InaccessiblePaths", true, true, ""},
        [PRIVATE_NETWORK] = {"PrivateNetwork", false, true, ""},
        [IP_ADDRESS_DENY] = {"IPAddressDeny", true, true, " holds the metadata service"},
        [ADDRESS_FAMILIES] = {"RestrictAddressFamilies", true, true, ""},
        [CONDITION_PATH] = {"ConditionPathExists", true, true, " does not hold", does_not_hold},
        [ASSERT_PATH] = {"AssertPathExists", true, true, " does not hold", does_not_hold},
        [REQUIRES] = {"Requires", true, true, ", a unit that is not there", lacks_unit},
        [EXEC_CONDITION] = {"ExecCondition", true, true, " is not there", lacks_program},
        [EXEC_START_PRE] = {"ExecStartPre", true, true, " is not there", lacks_program},
        [WORKING_DIRECTORY] = {"WorkingDirectory", false, true, " is not there"},
        [ROOT_DIRECTORY] = {"RootDirectory", false, true, " has no such program"},
        [TYPE] = {"Type", false, true, ", and the agent never tells that it is ready"},
        [NO_NEW_PRIVILEGES] = {"NoNewPrivileges", false, false, ", ssm-user's sudo will not work"},
        [DENY_WRITE_EXECUTE] =
            {"MemoryDenyWriteExecute", false, false,
             " holds for sessions and documents too: Java, .NET and Node.js end there"},
        [STATE_DIRECTORY] = {"StateDirectory", true},
        [READ_WRITE_PATHS] = {"ReadWritePaths", true},
        [IP_ADDRESS_ALLOW] = {"IPAddressAllow", true},
        [TIMEOUT_START] = {"TimeoutStartSec"},
        [TIMEOUT] = {"TimeoutSec"},
        [BIND_PATHS] = {"BindPaths", true},
        [BIND_READ_ONLY_PATHS] = {"BindReadOnlyPaths", true},
    };
    char values[N_READ][WORDS_SIZE] = {""}, files[N_READ][PATH_SIZE] = {""}, words[2 * WORDS_SIZE];
    struct assigned all[N_READ + 1] = {{.key = NULL}};
    bool harmful[N_TAKING];

    for (size_t i = 0; i < N_READ; i++)
        all[i] = (struct assigned){.key = rows[i].key,
                                   .root = root,
                                   .fails = rows[i].fails,
                                   .is_list = rows[i].is_list,
                                   .to = values[i],
                                   .size = sizeof(values[i]),
                                   .file = files[i]};
    unit_settings(root, unit, take_settings, all);
    find_harmful(root, values, harmful);
    for (size_t i = 0; i < N_TAKING; i++) {
        if (!all[i].found || !harmful[i])
            continue;
        (void)text_set(words, sizeof(words), "%s=%s%s", rows[i].key, values[i], rows[i].words);
        each(arg, rows[i].fatal, files[i], words);
    }
}
