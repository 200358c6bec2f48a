/* SPDX-License-Identifier: Apache-2.0
 *
 * What the agent's unit takes from it: what keeps systemd from starting it, systemd.unit(5), and what confines it, systemd.exec(5),
 * systemd.resource-control(5).
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/unit.h"
#include "model/place.h"

#define MORE ", the agent needs more"

/* What unit_confinement() reads: what takes something from the agent, and behind it what gives it back. */
enum {
    EXEC_START,
    PROGRAM,
    WRAPPER,
    TWICE,
    OPTION,
    USER,
    DYNAMIC_USER,
    PROTECT_SYSTEM,
    READ_ONLY_PATHS,
    INACCESSIBLE_PATHS,
    NO_EXEC_PATHS,
    TEMPORARY_FILES,
    TEMPORARY_BOUND,
    STATE_BOUND,
    PRIVATE_NETWORK,
    NETWORK_NAMESPACE,
    INTERFACES,
    IP_ADDRESS_DENY,
    IP_ADDRESS_SOME,
    IP_ADDRESS_REST,
    ADDRESS_FAMILIES,
    SYSTEM_CALLS,
    SYSTEM_CALLS_FEW,
    DEVICE_POLICY,
    WITH_ALL_RIGHTS, /* what ExecStart=+ is not confined by lies before */
    GROUPS = WITH_ALL_RIGHTS,
    CREDENTIAL,
    CREDENTIAL_ENCRYPTED,
    REQUIRES,
    BINDS_TO,
    REQUISITE,
    PATHS_INACCESSIBLE,
    PATHS_READ_ONLY,
    PATHS_READ_WRITE,
    PATHS_BOUND,
    PATHS_BOUND_READ_ONLY,
    PATHS_NO_EXEC,
    PATHS_EXEC,
    PATH_OF_NETWORK,
    BEFORE_ROOT,
    EXEC_CONDITION = BEFORE_ROOT,
    EXEC_START_PRE,
    EXEC_START_POST,
    WORKING_DIRECTORY,
    ROOT_DIRECTORY,
    ROOT_IMAGE,
    GROUP,
    STANDARD_INPUT,
    OPEN_FILES,
    ADDRESS_SPACE,
    DATA,
    FILE_SIZE,
    TASKS,
    MEMORY,
    TYPE,
    WATCHDOG,
    RESTART,
    NO_NEW_PRIVILEGES,
    DENY_WRITE_EXECUTE,
    N_TAKING,
    STATE_DIRECTORY = N_TAKING,
    READ_WRITE_PATHS,
    EXEC_PATHS,
    IP_ADDRESS_ALLOW,
    ERROR_NUMBER,
    DEVICE_ALLOW,
    BUS_NAME,
    TIMEOUT_START,
    TIMEOUT,
    BIND_PATHS,
    BIND_READ_ONLY_PATHS,
    SET_CREDENTIAL,
    N_READ
};

/* Whether a list has this path or one above, with the dashes and pluses of systemd.exec(5) before it and what ":" tells of it
 * behind it. */
static bool covers(const char *paths, const char *path)
{
    char word[PATH_SIZE];
    bool does = false;

    for (const char *at = paths; text_word(&at, " \t\"", word, sizeof(word));) {
        const char *folder = word + strspn(word, "-+");
        size_t n = strcspn(folder, ":");
        n -= n > 0 && folder[n - 1] == '/';
        does |= folder[0] == '/' && strncmp(folder, path, n) == 0 && (!path[n] || path[n] == '/');
    }
    return does;
}

static bool has_state(const char *paths)
{
    return covers(paths, "/var/lib/amazon/ssm");
}

/* Agent 3.3.1142.0 did not come up with one of these hidden, whether the folder is Debian's or Red Hat's. */
static bool has_needed(const char *root, const char *paths)
{
    static const char *const needed[] = {"/dev/null",
                                         "/etc/amazon/ssm",
                                         "/etc/resolv.conf",
                                         "/etc/ssl/certs/ca-certificates.crt",
                                         "/etc/pki/tls/certs/ca-bundle.crt",
                                         "/usr/bin/amazon-ssm-agent",
                                         "/usr/bin/ssm-agent-worker"};
    bool has = false;

    for (size_t i = 0; i < COUNT_OF(needed); i++)
        has |= covers(paths, needed[i]) && file_exists(root, needed[i]);
    return has;
}

static bool has_word(const char *list, const char *wanted)
{
    char word[PATH_SIZE];

    while (text_word(&list, " \t", word, sizeof(word)))
        if (strcmp(word + (word[0] == '~'), wanted) == 0)
            return true;
    return false;
}

static bool has_all(const char *networks)
{
    return strstr(networks, "any") || strstr(networks, "0.0.0.0/0");
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

/* By an image's first boot, the kernel or an earlier unit, below these, before the agent starts; what %x means is not known. */
bool unit_is_made_later(const char *path)
{
    return path[0] != '/' || strchr(path, '%') || covers("/dev /proc /run /tmp /var", path);
}

static bool is_gone(const char *root, const char *path)
{
    return !unit_is_made_later(path) && !file_exists(root, path);
}

/* No dash before it, systemd.service(5): the program may not be missing, and may not fail. */
static bool lacks_program(const char *root, char *value)
{
    struct stat status;
    char path[PATH_SIZE];

    value += strspn(value, "@:+!");
    if (!unit_word(&value, path, sizeof(path)) || path[0] == '-')
        return false;
    return strcmp(basename(path), "false") == 0 || is_gone(root, path) ||
           (path[0] == '/' && file_look(root, path, true, &status) && S_ISREG(status.st_mode) &&
            !(status.st_mode & 0111));
}

/* systemd.exec(5): without a dash before it, a path must be there. */
static bool lacks_path(const char *root, char *value)
{
    char word[PATH_SIZE];
    bool lacks = false;

    for (const char *at = value; text_word(&at, " \t\"", word, sizeof(word));) {
        word[strcspn(word, ":")] = '\0';
        lacks |= is_gone(root, word + (word[0] == '+'));
    }
    return lacks;
}

/* ID:PATH; one that is no path may be missing, and so may one that SetCredential= stands in for. */
static bool lacks_credential(const char *root, char *value)
{
    const char *colon = strchr(value, ':');

    return colon && is_gone(root, colon + 1);
}

/* group(5) of this machine: where another service knows groups too, none is missed. */
static bool lacks_group(const char *root, char *value)
{
    LOCAL_BUFFER groups = {.max_bytes = FILE_MAX_BYTES};
    char word[NAME_SIZE], line[NAME_SIZE + 3];
    bool lacks = false;

    if (file_exists(root, "/etc/sssd/sssd.conf") || file_read(root, "/etc/group", &groups) != 0)
        return false;
    for (const char *at = value; text_word(&at, " \t", word, sizeof(word));) {
        (void)text_set(line, sizeof(line), "\n%s:", word);
        lacks |= !text_starts(groups.bytes, line + 1) && !strstr(groups.bytes, line) &&
                 strspn(word, "0123456789") < strlen(word) && !strchr(word, '%');
    }
    return lacks;
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

/* With an option the agent registers, prints, or ends (core/agent_parser.go); Go takes dashes alone for none. What a program
 * that starts it does with its options is not known. */
static bool has_option(const char *root, char *command)
{
    char word[PATH_SIZE];
    bool is_agent = false;

    (void)root;
    command += strspn(command, "@-:+!|");
    while (unit_word(&command, word, sizeof(word))) {
        if (is_agent && word[0] == '-')
            return word[strspn(word, "-")];
        is_agent = strcmp(basename(word), "amazon-ssm-agent") == 0;
    }
    return false;
}

/* systemd.exec(5) "LimitCPU=": of soft:hard the hard one. What is no number, a share or infinity, is no limit. */
static bool is_at_most(const char *value, uint64_t most)
{
    static const char units[] = "KMG";
    const char *colon = strchr(value, ':'), *from = colon ? colon + 1 : value, *unit;
    char *end;
    uint64_t n = strtoull(from, &end, 10);

    for (unit = units; end > from && *unit && *end && n <= most; unit++) {
        n *= 1024;
        end += *unit == *end;
    }
    return end > from && !*end && n <= most;
}

/* systemd.resource-control(5): of the interfaces that are hardware, none is left. */
static bool has_no_interface(const char *root, const char *names)
{
    LOCAL_NAMES all = file_list(root, "/sys/class/net", "");
    char path[PATH_SIZE];
    size_t n = 0, left = 0;

    for (size_t i = 0; i < all.n; i++) {
        (void)text_set(path, sizeof(path), "/sys/class/net/%s/device", all.names[i]);
        if (!file_exists(root, path))
            continue;
        n++;
        left += has_word(names, all.names[i]) != (names[0] == '~');
    }
    return names[0] && n > 0 && left == 0;
}

/* systemd.exec(5) "SystemCallFilter=": agent 3.3.1142.0 does not come up without these, whatever a denied call answers; @resources
 * it can do without where that is an error and no signal. From the first ~ on all are denied. What is allowed is enough with
 * @system-service; of other groups even all were too few, of single calls it is not known. */
static bool takes_calls(const char *list, const char *error_number)
{
    static const char *const needed[] = {
        "@default", "@system-service", "@basic-io", "@file-system", "@io-event",
        "@ipc",     "@network-io",     "@process",  "@signal",      "clone",
        "connect",  "epoll_ctl",       "execve",    "futex",        "mmap",
        "openat",   "pipe2",           "read",      "socket",       "write"};
    bool denies = false, harms = false, enough = !list[0] || list[0] == '~';
    char word[NAME_SIZE];

    while (text_word(&list, " \t", word, sizeof(word))) {
        char *call = word + (word[0] == '~'), *colon = strchr(call, ':');

        denies |= call > word;
        if (colon)
            *colon = '\0';
        enough |= call[0] != '@' || strcmp(call, "@system-service") == 0 ||
                  strcmp(call, "@known") == 0;
        harms |= denies &&
                 (text_find(call, needed, sizeof(needed[0]), COUNT_OF(needed)) < COUNT_OF(needed) ||
                  (strcmp(call, "@resources") == 0 && !colon && !error_number[0]));
    }
    return harms || !enough;
}

/* The name of what is started, by env(1), a shell or snap(1) perhaps: the agent's is among the words. */
static bool is_no_agent(const char *command, bool is_known)
{
    static const char *const others[] = {"true", "false", "sleep", "echo", "cat", "test"};
    char path[PATH_SIZE], copy[WORDS_SIZE], *at = copy;

    (void)text_set(copy, sizeof(copy), "%s", command + strspn(command, "@-:+!|"));
    if (strstr(copy, "amazon-ssm-agent") || !unit_word(&at, path, sizeof(path)))
        return false;
    return (text_find(basename(path), others, sizeof(others[0]), COUNT_OF(others)) <
            COUNT_OF(others)) == is_known;
}

static void find_harmful(const char *root, char of[N_READ][WORDS_SIZE], int n_starts,
                         bool harmful[N_TAKING])
{
    const char *user = of[USER], *families = of[ADDRESS_FAMILIES], *calls = of[SYSTEM_CALLS];
    const char *start = of[EXEC_START];
    bool is_bound = of[BIND_PATHS][0] || of[BIND_READ_ONLY_PATHS][0];
    bool once = strcmp(of[TYPE], "oneshot") == 0;
    bool writable = strstr(of[STATE_DIRECTORY], "amazon/ssm") || has_state(of[READ_WRITE_PATHS]);

    harmful[EXEC_START] = !of[EXEC_START][0];
    harmful[PROGRAM] = is_no_agent(start, true);
    harmful[WRAPPER] = is_no_agent(start, false);
    harmful[TWICE] = !once && n_starts > 1;
    harmful[USER] = user[0] && strcmp(user, "root") != 0 && strcmp(user, "0") != 0;
    harmful[DYNAMIC_USER] = says_yes(of[DYNAMIC_USER]);
    harmful[PROTECT_SYSTEM] = strcmp(of[PROTECT_SYSTEM], "strict") == 0 && !writable;
    harmful[READ_ONLY_PATHS] = has_state(of[READ_ONLY_PATHS]) && !writable;
    harmful[INACCESSIBLE_PATHS] = has_state(of[INACCESSIBLE_PATHS]) ||
                                  has_needed(root, of[INACCESSIBLE_PATHS]);
    harmful[NO_EXEC_PATHS] = (covers(of[NO_EXEC_PATHS], "/usr/bin/amazon-ssm-agent") &&
                              !covers(of[EXEC_PATHS], "/usr/bin/amazon-ssm-agent")) ||
                             (covers(of[NO_EXEC_PATHS], "/usr/bin/ssm-agent-worker") &&
                              !covers(of[EXEC_PATHS], "/usr/bin/ssm-agent-worker"));
    harmful[TEMPORARY_FILES] = has_needed(root, of[TEMPORARY_FILES]) && !is_bound;
    harmful[TEMPORARY_BOUND] = has_needed(root, of[TEMPORARY_FILES]) && is_bound;
    harmful[STATE_BOUND] = has_state(of[BIND_READ_ONLY_PATHS]);
    harmful[PRIVATE_NETWORK] = says_yes(of[PRIVATE_NETWORK]);
    harmful[NETWORK_NAMESPACE] = of[NETWORK_NAMESPACE][0] && !is_gone(root, of[NETWORK_NAMESPACE]);
    harmful[INTERFACES] = has_no_interface(root, of[INTERFACES]);
    harmful[IP_ADDRESS_DENY] = place_is_denied(of[IP_ADDRESS_DENY], of[IP_ADDRESS_ALLOW],
                                               "169.254.169.254") ||
                               (has_all(of[IP_ADDRESS_DENY]) &&
                                !has_endpoints(of[IP_ADDRESS_ALLOW]));
    harmful[IP_ADDRESS_SOME] = !harmful[IP_ADDRESS_DENY] && !has_all(of[IP_ADDRESS_DENY]) &&
                               has_endpoints(of[IP_ADDRESS_DENY]) &&
                               !has_endpoints(of[IP_ADDRESS_ALLOW]);
    harmful[IP_ADDRESS_REST] = of[IP_ADDRESS_DENY][0] && !harmful[IP_ADDRESS_DENY] &&
                               !harmful[IP_ADDRESS_SOME];
    harmful[ADDRESS_FAMILIES] = families[0] &&
                                (families[0] == '~') == has_word(families, "AF_INET");
    harmful[SYSTEM_CALLS] = takes_calls(calls, of[ERROR_NUMBER]);
    harmful[SYSTEM_CALLS_FEW] = !harmful[SYSTEM_CALLS] && calls[0] && calls[0] != '~' &&
                                !strstr(calls, "@system-service") && !strstr(calls, "@known");
    harmful[DEVICE_POLICY] = strcmp(of[DEVICE_POLICY], "strict") == 0 && !of[DEVICE_ALLOW][0];
    for (int i = USER; i < WITH_ALL_RIGHTS; i++)
        harmful[i] = harmful[i] && !memchr(start, '+', strspn(start, "@-:+"));
    for (int i = GROUPS; i < WORKING_DIRECTORY; i++)
        harmful[i] = of[i][0];
    if (of[SET_CREDENTIAL][0])
        harmful[CREDENTIAL] = harmful[CREDENTIAL_ENCRYPTED] = false;
    harmful[GROUP] = of[GROUP][0] && lacks_group(root, of[GROUP]);
    harmful[STANDARD_INPUT] = text_starts(of[STANDARD_INPUT], "file:") &&
                              is_gone(root, of[STANDARD_INPUT] + strlen("file:"));
    harmful[OPTION] = of[OPTION][0];
    harmful[WORKING_DIRECTORY] = is_gone(root, of[WORKING_DIRECTORY]);
    harmful[ROOT_DIRECTORY] = root_lacks_program(root, of);
    harmful[ROOT_IMAGE] = is_gone(root, of[ROOT_IMAGE]);
    for (int i = BEFORE_ROOT; i <= WORKING_DIRECTORY; i++)
        harmful[i] = harmful[i] && !of[ROOT_DIRECTORY][0] && !of[ROOT_IMAGE][0];
    bool is_of_bus = strcmp(of[TYPE], "dbus") == 0;
    harmful[TYPE] = ((is_of_bus || text_starts(of[TYPE], "notify") ||
                      strcmp(of[TYPE], "forking") == 0) &&
                     !never_ends(of[TIMEOUT_START]) && !never_ends(of[TIMEOUT])) ||
                    (is_of_bus && !of[BUS_NAME][0]);
    harmful[WATCHDOG] = of[WATCHDOG][0] && !never_ends(of[WATCHDOG]);
    harmful[RESTART] = once && (strcmp(of[RESTART], "always") == 0 ||
                                strcmp(of[RESTART], "on-success") == 0);
    harmful[NO_NEW_PRIVILEGES] = says_yes(of[NO_NEW_PRIVILEGES]);
    harmful[DENY_WRITE_EXECUTE] = says_yes(of[DENY_WRITE_EXECUTE]);
}

#define GONE ", which is not there"
#define NO_UNIT ", a unit that is not there or masked"
#define FAILS " fails, is not there, or may not be run"

struct reading {
    struct unit_assigned all[N_READ + 1];
    struct unit_conditions conditions;
};

static void take_setting(void *arg, const char *path, const char *key, char *value)
{
    struct reading *reading = arg;

    unit_take_condition(&reading->conditions, path, key, value);
    unit_assign(reading->all, path, key, value);
}

void unit_confinement(const char *root, const char *unit, unit_taken *each, void *arg)
{
    static const struct {
        const char *key;
        bool is_list;
        enum taken taken;
        const char *words;
        bool (*fails)(const char *root, char *value);
        uint64_t too_little; /* measured of agent 3.3.1142.0 */
    } rows[N_READ] = {
        [EXEC_START] = {"ExecStart", true, TAKEN_ALL, " starts nothing"},
        [PROGRAM] = {"ExecStart", true, TAKEN_ALL, ", which is no agent"},
        [WRAPPER] = {"ExecStart", true, TAKEN_MAYBE, ", if that starts no agent"},
        [TWICE] = {"ExecStart", true, TAKEN_ALL, ": two, without an empty ExecStart= between them"},
        [OPTION] = {"ExecStart", true, TAKEN_ALL, ", and with an option the agent does not stay",
                    has_option},
        [USER] = {"User", false, TAKEN_ALL, ", the agent needs root"},
        [DYNAMIC_USER] = {"DynamicUser", false, TAKEN_ALL, ", the agent needs root"},
        [PROTECT_SYSTEM] = {"ProtectSystem", false, TAKEN_ALL,
                            ", and no ReadWritePaths= has /var/lib/amazon"},
        [READ_ONLY_PATHS] = {"ReadOnlyPaths", true, TAKEN_ALL, ""},
        [INACCESSIBLE_PATHS] = {"InaccessiblePaths", true, TAKEN_ALL, ", which the agent needs"},
        [NO_EXEC_PATHS] = {"NoExecPaths", true, TAKEN_ALL,
                           ", and no ExecPaths= has the agent and its worker"},
        [TEMPORARY_FILES] = {"TemporaryFileSystem", true, TAKEN_ALL, " hides what the agent needs"},
        [TEMPORARY_BOUND] = {"TemporaryFileSystem", true, TAKEN_MAYBE,
                             ", if what is bound into it is not all that the agent needs"},
        [STATE_BOUND] = {"BindReadOnlyPaths", true, TAKEN_ALL, ""},
        [PRIVATE_NETWORK] = {"PrivateNetwork", false, TAKEN_ALL, ""},
        [NETWORK_NAMESPACE] = {"NetworkNamespacePath", false, TAKEN_MAYBE,
                               ", if that is another network than this"},
        [INTERFACES] = {"RestrictNetworkInterfaces", true, TAKEN_ALL,
                        " leaves no network interface"},
        [IP_ADDRESS_DENY] = {"IPAddressDeny", true, TAKEN_ALL,
                             " holds the metadata service, or all endpoints"},
        [IP_ADDRESS_SOME] = {"IPAddressDeny", true, TAKEN_MAYBE_BY_ADDRESS,
                             ", if it holds an endpoint or a nameserver"},
        [IP_ADDRESS_REST] = {"IPAddressDeny", true, TAKEN_BY_ADDRESS, ""},
        [ADDRESS_FAMILIES] = {"RestrictAddressFamilies", true, TAKEN_ALL, ""},
        [SYSTEM_CALLS] = {"SystemCallFilter", true, TAKEN_ALL, ", the agent needs some of these"},
        [SYSTEM_CALLS_FEW] = {"SystemCallFilter", true, TAKEN_MAYBE,
                              ", if the agent needs more than these"},
        [DEVICE_POLICY] = {"DevicePolicy", false, TAKEN_ALL, ", and no DeviceAllow="},
        [GROUPS] = {"SupplementaryGroups", true, TAKEN_ALL, GONE, lacks_group},
        [CREDENTIAL] = {"LoadCredential", true, TAKEN_ALL, GONE, lacks_credential},
        [CREDENTIAL_ENCRYPTED] = {"LoadCredentialEncrypted", true, TAKEN_ALL, GONE,
                                  lacks_credential},
        [REQUIRES] = {"Requires", true, TAKEN_ALL, NO_UNIT, lacks_unit},
        [BINDS_TO] = {"BindsTo", true, TAKEN_ALL, NO_UNIT, lacks_unit},
        [REQUISITE] = {"Requisite", true, TAKEN_ALL, NO_UNIT, lacks_unit},
        [PATHS_INACCESSIBLE] = {"InaccessiblePaths", true, TAKEN_ALL, GONE, lacks_path},
        [PATHS_READ_ONLY] = {"ReadOnlyPaths", true, TAKEN_ALL, GONE, lacks_path},
        [PATHS_READ_WRITE] = {"ReadWritePaths", true, TAKEN_ALL, GONE, lacks_path},
        [PATHS_BOUND] = {"BindPaths", true, TAKEN_ALL, GONE, lacks_path},
        [PATHS_BOUND_READ_ONLY] = {"BindReadOnlyPaths", true, TAKEN_ALL, GONE, lacks_path},
        [PATHS_NO_EXEC] = {"NoExecPaths", true, TAKEN_ALL, GONE, lacks_path},
        [PATHS_EXEC] = {"ExecPaths", true, TAKEN_ALL, GONE, lacks_path},
        [PATH_OF_NETWORK] = {"NetworkNamespacePath", true, TAKEN_ALL, GONE, lacks_path},
        [EXEC_CONDITION] = {"ExecCondition", true, TAKEN_ALL, FAILS, lacks_program},
        [EXEC_START_PRE] = {"ExecStartPre", true, TAKEN_ALL, FAILS, lacks_program},
        [EXEC_START_POST] = {"ExecStartPost", true, TAKEN_ALL, FAILS, lacks_program},
        [WORKING_DIRECTORY] = {"WorkingDirectory", false, TAKEN_ALL, " is not there"},
        [ROOT_DIRECTORY] = {"RootDirectory", false, TAKEN_ALL, " has no such program"},
        [ROOT_IMAGE] = {"RootImage", false, TAKEN_ALL, " is not there"},
        [GROUP] = {"Group", false, TAKEN_ALL, GONE},
        [STANDARD_INPUT] = {"StandardInput", false, TAKEN_ALL, GONE},
        [OPEN_FILES] = {"LimitNOFILE", false, TAKEN_ALL, MORE, .too_little = 19},
        [ADDRESS_SPACE] = {"LimitAS", false, TAKEN_ALL, MORE, .too_little = 700u << 20},
        [DATA] = {"LimitDATA", false, TAKEN_ALL, MORE, .too_little = 47u << 20},
        [FILE_SIZE] = {"LimitFSIZE", false, TAKEN_ALL, MORE, .too_little = 100},
        [TASKS] = {"TasksMax", false, TAKEN_ALL, MORE, .too_little = 12},
        [MEMORY] = {"MemoryMax", false, TAKEN_ALL, MORE, .too_little = 8u << 20},
        [TYPE] = {"Type", false, TAKEN_ALL, ", and the agent never tells that it is ready"},
        [WATCHDOG] = {"WatchdogSec", false, TAKEN_ALL, ", and the agent never tells that it lives"},
        [RESTART] = {"Restart", false, TAKEN_ALL, ", which systemd refuses with Type=oneshot"},
        [NO_NEW_PRIVILEGES] = {"NoNewPrivileges", false, TAKEN_SOME,
                               ", ssm-user's sudo will not work"},
        [DENY_WRITE_EXECUTE] =
            {"MemoryDenyWriteExecute", false, TAKEN_SOME,
             " holds for sessions and documents too: Java, .NET and Node.js end there"},
        [STATE_DIRECTORY] = {"StateDirectory", true},
        [READ_WRITE_PATHS] = {"ReadWritePaths", true},
        [EXEC_PATHS] = {"ExecPaths", true},
        [IP_ADDRESS_ALLOW] = {"IPAddressAllow", true},
        [ERROR_NUMBER] = {"SystemCallErrorNumber"},
        [DEVICE_ALLOW] = {"DeviceAllow", true},
        [BUS_NAME] = {"BusName"},
        [TIMEOUT_START] = {"TimeoutStartSec"},
        [TIMEOUT] = {"TimeoutSec"},
        [BIND_PATHS] = {"BindPaths", true},
        [BIND_READ_ONLY_PATHS] = {"BindReadOnlyPaths", true},
        [SET_CREDENTIAL] = {"SetCredential", true},
    };
    char values[N_READ][WORDS_SIZE] = {""}, files[N_READ][PATH_SIZE] = {""}, words[2 * WORDS_SIZE];
    struct reading reading = {.all = {{.key = NULL}}, .conditions = {.root = root}};
    struct unit_assigned *all = reading.all;
    bool harmful[N_TAKING] = {false};

    for (size_t i = 0; i < N_READ; i++)
        all[i] = (struct unit_assigned){.key = rows[i].key,
                                        .root = root,
                                        .fails = rows[i].fails,
                                        .is_list = rows[i].is_list,
                                        .to = values[i],
                                        .size = sizeof(values[i]),
                                        .file = files[i]};
    unit_settings_and_links(root, unit, take_setting, &reading);
    find_harmful(root, values, all[TWICE].n, harmful);
    for (size_t i = 0; i < N_TAKING; i++) {
        harmful[i] |= rows[i].too_little && is_at_most(values[i], rows[i].too_little);
        if (!all[i].found || !harmful[i])
            continue;
        (void)text_set(words, sizeof(words), "%s=%s%s", rows[i].key, values[i], rows[i].words);
        each(arg, rows[i].taken, files[i], words);
    }
    unit_tell_conditions(&reading.conditions, each, arg);
}
