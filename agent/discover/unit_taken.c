/* SPDX-License-Identifier: Apache-2.0
 *
 * What the agent's unit takes from it: what keeps systemd from starting it, systemd.unit(5), and what confines it, systemd.exec(5),
 * systemd.resource-control(5).
 */
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/unit.h"

/* What unit_confinement() reads: what takes something from the agent, and behind it what gives it back. */
enum {
    EXEC_START,
    EXEC_STARTS,
    USER,
    DYNAMIC_USER,
    PROTECT_SYSTEM,
    READ_ONLY_PATHS,
    INACCESSIBLE_PATHS,
    PRIVATE_NETWORK,
    IP_ADDRESS_DENY,
    ADDRESS_FAMILIES,
    CONDITION_PATH,
    CONDITION_DIRECTORY,
    CONDITION_NOT_EMPTY,
    ASSERT_PATH,
    REQUIRES,
    BINDS_TO,
    REQUISITE,
    EXEC_CONDITION,
    EXEC_START_PRE,
    WORKING_DIRECTORY,
    ROOT_DIRECTORY,
    TYPE,
    RESTART,
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

static bool has_all(const char *networks)
{
    return strstr(networks, "any") || strstr(networks, "0.0.0.0/0");
}

static bool has_imds(const char *networks)
{
    return has_all(networks) || strstr(networks, "link-local") || strstr(networks, "169.254.");
}

/* What an endpoint's address may lie in. */
static bool has_endpoints(const char *networks)
{
    static const char *const others[] = {"localhost", "link-local", "multicast", "127.",
                                         "169.254.",  "::1",        "fe80:",     "fd00:ec2:"};
    char word[ADDRESS_SIZE];
    bool has = false;

    for (const char *at = networks; text_word(&at, " \t", word, sizeof(word));) {
        size_t i = 0;
        while (i < COUNT_OF(others) && !text_starts(word, others[i]))
            i++;
        has |= i == COUNT_OF(others);
    }
    return has;
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
    struct stat status;
    char path[PATH_SIZE];

    value += strspn(value, "@:+!");
    if (strchr(value, '%') || !unit_word(&value, path, sizeof(path)) || path[0] != '/')
        return false;
    return is_gone(root, path) || (file_look(root, path, true, &status) &&
                                   S_ISREG(status.st_mode) && !(status.st_mode & 0111));
}

/* Of a condition that asks for more than that the path is there. */
static bool lacks_path(const char *root, char *value)
{
    return is_gone(root, value);
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
                        unit_is_installed(root, word);
        for (size_t i = 0; !is_there && i < COUNT_OF(more); i++) {
            size_t n = strlen(word) - (i + 1 == COUNT_OF(more) ? strlen(".service") : 0);
            (void)text_set(path, sizeof(path), "%s/%.*s", more[i], (int)n, word);
            is_there = file_exists(root, path);
        }
        lacks |= !is_there || unit_is_masked(root, word);
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
    bool once = strcmp(of[TYPE], "oneshot") == 0;
    bool writable = strstr(of[STATE_DIRECTORY], "amazon/ssm") || has_state(of[READ_WRITE_PATHS]);

    harmful[EXEC_START] = !of[EXEC_START][0];
    harmful[EXEC_STARTS] = of[EXEC_STARTS][0] && !once;
    harmful[USER] = user[0] && strcmp(user, "root") != 0 && strcmp(user, "0") != 0;
    harmful[DYNAMIC_USER] = says_yes(of[DYNAMIC_USER]);
    harmful[PROTECT_SYSTEM] = strcmp(of[PROTECT_SYSTEM], "strict") == 0 && !writable;
    harmful[READ_ONLY_PATHS] = has_state(of[READ_ONLY_PATHS]) && !writable;
    harmful[INACCESSIBLE_PATHS] = has_state(of[INACCESSIBLE_PATHS]) ||
                                  strstr(of[INACCESSIBLE_PATHS], "/etc/amazon");
    harmful[PRIVATE_NETWORK] = says_yes(of[PRIVATE_NETWORK]);
    harmful[IP_ADDRESS_DENY] = (has_imds(of[IP_ADDRESS_DENY]) && !has_imds(of[IP_ADDRESS_ALLOW])) ||
                               (has_all(of[IP_ADDRESS_DENY]) &&
                                !has_endpoints(of[IP_ADDRESS_ALLOW]));
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
    harmful[RESTART] = once && (strcmp(of[RESTART], "always") == 0 ||
                                strcmp(of[RESTART], "on-success") == 0);
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
        bool second;
    } rows[N_READ] = {
        [EXEC_START] = {"ExecStart", true, true, " starts nothing"},
        [EXEC_STARTS] =
            {"ExecStart", true, true,
             " is a second one: systemd refuses the unit without an empty ExecStart= before it",
             .second = true},
        [USER] = {"User", false, true, ", the agent needs root"},
        [DYNAMIC_USER] = {"DynamicUser", false, true, ", the agent needs root"},
        [PROTECT_SYSTEM] = {"ProtectSystem", false, true,
                            ", and no ReadWritePaths= has /var/lib/amazon"},
        [READ_ONLY_PATHS] = {"ReadOnlyPaths", true, true, ""},
        [INACCESSIBLE_PATHS] = {"InaccessiblePaths", true, true, ""},
        [PRIVATE_NETWORK] = {"PrivateNetwork", false, true, ""},
        [IP_ADDRESS_DENY] = {"IPAddressDeny", true, true,
                             " holds the metadata service, or all endpoints"},
        [ADDRESS_FAMILIES] = {"RestrictAddressFamilies", true, true, ""},
        [CONDITION_PATH] = {"ConditionPathExists", true, true, " does not hold", does_not_hold},
        [CONDITION_DIRECTORY] = {"ConditionPathIsDirectory", true, true, " does not hold",
                                 lacks_path},
        [CONDITION_NOT_EMPTY] = {"ConditionFileNotEmpty", true, true, " does not hold", lacks_path},
        [ASSERT_PATH] = {"AssertPathExists", true, true, " does not hold", does_not_hold},
        [REQUIRES] = {"Requires", true, true, ", a unit that is not there or masked", lacks_unit},
        [BINDS_TO] = {"BindsTo", true, true, ", a unit that is not there or masked", lacks_unit},
        [REQUISITE] = {"Requisite", true, true, ", a unit that is not there or masked", lacks_unit},
        [EXEC_CONDITION] = {"ExecCondition", true, true, " is not there, or may not be run",
                            lacks_program},
        [EXEC_START_PRE] = {"ExecStartPre", true, true, " is not there, or may not be run",
                            lacks_program},
        [WORKING_DIRECTORY] = {"WorkingDirectory", false, true, " is not there"},
        [ROOT_DIRECTORY] = {"RootDirectory", false, true, " has no such program"},
        [TYPE] = {"Type", false, true, ", and the agent never tells that it is ready"},
        [RESTART] = {"Restart", false, true, ", which systemd refuses with Type=oneshot"},
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
    struct unit_assigned all[N_READ + 1] = {{.key = NULL}};
    bool harmful[N_TAKING];

    for (size_t i = 0; i < N_READ; i++)
        all[i] = (struct unit_assigned){.key = rows[i].key,
                                        .root = root,
                                        .fails = rows[i].fails,
                                        .is_list = rows[i].is_list,
                                        .second = rows[i].second,
                                        .to = values[i],
                                        .size = sizeof(values[i]),
                                        .file = files[i]};
    unit_values(root, unit, all);
    find_harmful(root, values, harmful);
    for (size_t i = 0; i < N_TAKING; i++) {
        if (!all[i].found || !harmful[i])
            continue;
        (void)text_set(words, sizeof(words), "%s=%s%s", rows[i].key, values[i], rows[i].words);
        each(arg, rows[i].fatal, files[i], words);
    }
}
