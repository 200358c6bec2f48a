/* SPDX-License-Identifier: Apache-2.0
 *
 * What the agent's unit takes from it: what keeps systemd from starting it, systemd.unit(5), and what confines it, systemd.exec(5),
 * systemd.resource-control(5).
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/unit.h"
#include "model/place.h"

/* Of the unit that is judged. */
struct unit {
    const char *root;
    const struct buffer *settings;
    const char *key; /* of the row that is asked */
    bool now;        /* what this machine lacks below /var is missed too, */
    bool *lacks;     /* and whether there is such a thing */
};

/* What a key has, "" where no file sets it: its last value, or its whole list. */
struct words {
    char text[WORDS_SIZE];
};

static struct words value_of(const struct unit *unit, const char *key, bool is_list)
{
    struct words value = {.text = ""};
    char file[PATH_SIZE];

    (void)unit_value(unit->settings, key, is_list, value.text, sizeof(value.text), file);
    return value;
}

static bool sets(const struct unit *unit, const char *key)
{
    return value_of(unit, key, true).text[0];
}

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

static bool has_state(const struct unit *unit, const char *paths)
{
    (void)unit;
    return covers(paths, "/var/lib/amazon/ssm");
}

/* Agent 3.3.1142.0 did not come up with one of these hidden, whether the folder is Debian's or Red Hat's. */
static bool has_needed(const struct unit *unit, const char *paths)
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
        has |= covers(paths, needed[i]) && file_exists(unit->root, needed[i]);
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
    static const char others[] = "localhost link-local multicast 127. 169.254. ::1 fe80: fd00:ec2:";
    char word[ADDRESS_SIZE];
    bool has = false;

    for (const char *at = networks; text_word(&at, " \t", word, sizeof(word));)
        has |= !text_starts_any(word, others);
    return has;
}

/* By an image's first boot, the kernel or an earlier unit, below these, before the agent starts; what %x means is not known. */
bool unit_is_made_later(const char *path)
{
    return path[0] != '/' || strchr(path, '%') || covers("/dev /proc /run /tmp /var", path);
}

static bool is_gone(const struct unit *unit, const char *path)
{
    bool later = unit_is_made_later(path);
    bool is_here = covers("/var", path) && !covers("/var/tmp", path) && !strchr(path, '%');

    if ((later && !is_here) || file_exists(unit->root, path))
        return false;
    *unit->lacks |= later;
    return !later || unit->now;
}

/* sh -c "exit 1", sh /not/there, test -e /not/there, sleep 120: nothing has to be run to know that these fail. */
static bool fails_in_words(const struct unit *unit, const char *program, const char *rest)
{
    enum { DEFAULT_TIMEOUT_S = 90 }; /* systemd-system.conf(5) */
    char option[PATH_SIZE] = "", word[PATH_SIZE] = "";

    (void)unit_word(&rest, option, sizeof(option));
    (void)unit_word(&rest, word, sizeof(word));
    if (strcmp(program, "sleep") == 0)
        return strtol(option, NULL, 10) > DEFAULT_TIMEOUT_S && !sets(unit, "TimeoutStartSec");
    if (text_has("test,[", ',', program))
        return text_has("-d,-e,-f,-L,-r,-s,-w,-x", ',', option) && is_gone(unit, word);
    if (!text_has("sh,bash,dash", ',', program))
        return false;
    if (strcmp(option, "-c") != 0)
        return is_gone(unit, option);
    return strcmp(word, "false") == 0 || is_gone(unit, word) ||
           (text_starts(word, "exit ") && strtol(word + 5, NULL, 10) > 0);
}

/* execve(2): a script without #!, or for an interpreter that is not there, as "/bin/sh\r" of a file that Windows wrote. */
static bool lacks_interpreter(const struct unit *unit, const char *path)
{
    char start[PATH_SIZE] = "", *at = start + strlen("#!");

    (void)file_read_start(unit->root, path, start, sizeof(start) - 1);
    at += strspn(at, " \t");
    at[strcspn(at, " \t\n")] = '\0';
    return text_starts(start, "#!") ? is_gone(unit, at) : start[0] && start[0] != '\x7f';
}

/* systemd.service(5): without a dash before it, the program may not be missing, and may not fail. What another one does is not
 * known, and mostly it does what it is there for. */
static bool fails(const struct unit *unit, const char *command)
{
    struct stat status;
    char path[PATH_SIZE];

    command += strspn(command, "@:+!|");
    if (!unit_word(&command, path, sizeof(path)) || path[0] == '-')
        return false;
    if (strcmp(basename(path), "false") == 0 || fails_in_words(unit, basename(path), command))
        return true;
    if (!strchr(path, '/') && !sets(unit, "ExecSearchPath"))
        unit_find_program(unit->root, path);
    return !path[0] || is_gone(unit, path) ||
           (path[0] == '/' && file_look(unit->root, path, true, &status) &&
            S_ISREG(status.st_mode) && (!(status.st_mode & 0111) || lacks_interpreter(unit, path)));
}

/* Without a dash before it, and none of these: whether it succeeds, no file tells. */
static bool is_untold(const struct unit *unit, const char *command)
{
    char path[PATH_SIZE], option[PATH_SIZE] = "", word[PATH_SIZE] = "";

    command += strspn(command, "@:+!|");
    if (!unit_word(&command, path, sizeof(path)) || path[0] == '-' ||
        text_has("true,echo,mkdir,sleep", ',', basename(path)))
        return false;
    (void)unit_word(&command, option, sizeof(option));
    (void)unit_word(&command, word, sizeof(word));
    return !text_has("test,[", ',', basename(path)) || !text_has("-e,-r,-w", ',', option) ||
           unit_is_made_later(word) || !file_exists(unit->root, word);
}

/* systemd.exec(5): without a dash before it, a path must be there. */
static bool lacks_path(const struct unit *unit, const char *path)
{
    char from[PATH_SIZE];

    return text_set(from, sizeof(from), "%.*s", (int)strcspn(path, ":"), path) &&
           is_gone(unit, from + (from[0] == '+'));
}

/* ID:PATH; one that is no path may be missing, and so may one that SetCredential= stands in for. */
static bool lacks_credential(const struct unit *unit, const char *value)
{
    const char *colon = strchr(value, ':');

    return colon && is_gone(unit, colon + 1);
}

/* passwd(5) or group(5) of this machine: where another service knows accounts too, none is missed. */
static bool lacks_account(const struct unit *unit, const char *name)
{
    LOCAL_BUFFER accounts = {.max_bytes = FILE_MAX_BYTES};
    const char *file = strcmp(unit->key, "User") == 0 ? "/etc/passwd" : "/etc/group";
    char line[PATH_SIZE];

    return !file_exists(unit->root, "/etc/sssd/sssd.conf") &&
           file_read(unit->root, file, &accounts) == 0 &&
           text_set(line, sizeof(line), "\n%s:", name) && !text_starts(accounts.bytes, line + 1) &&
           !strstr(accounts.bytes, line) && strspn(name, "0123456789") < strlen(name) &&
           !strchr(name, '%');
}

/* The scripts that systemd-sysv-generator(8) takes for services count too; units of other types may need no file. */
static bool lacks_unit(const struct unit *unit, const char *name)
{
    char script[PATH_SIZE];
    bool needs_file = text_ends(name, ".service") || text_ends(name, ".socket");

    (void)text_set(script, sizeof(script), "/etc/init.d/%.*s", (int)strcspn(name, "."), name);
    return unit_is_masked(unit->root, name) ||
           (needs_file && !strpbrk(name, "@%") && !unit_is_installed(unit->root, name) &&
            !file_exists(unit->root, script));
}

/* What is started is looked for below RootDirectory=. What is bound into it may have it. */
static bool root_lacks_program(const struct unit *unit, const char *folder)
{
    const struct words start = value_of(unit, "ExecStart", true);
    const char *command = start.text + strspn(start.text, "@-:+!");
    char path[PATH_SIZE], program[PATH_SIZE];

    return folder[0] == '/' && unit_word(&command, program, sizeof(program)) && program[0] == '/' &&
           text_set(path, sizeof(path), "%s%s", folder, program) && is_gone(unit, path);
}

/* With an option the agent registers, prints, or ends (core/agent_parser.go); Go takes dashes alone for none. What a program
 * that starts it does with its options is not known. */
static bool has_option(const struct unit *unit, const char *command)
{
    char word[PATH_SIZE];
    bool is_agent = false;

    (void)unit;
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
static bool has_no_interface(const struct unit *unit, const char *names)
{
    LOCAL_NAMES all = file_list(unit->root, "/sys/class/net", "");
    char path[PATH_SIZE];
    size_t n = 0, left = 0;

    for (size_t i = 0; i < all.n; i++) {
        (void)text_set(path, sizeof(path), "/sys/class/net/%s/device", all.names[i]);
        if (!file_exists(unit->root, path))
            continue;
        n++;
        left += has_word(names, all.names[i]) != (names[0] == '~');
    }
    return names[0] && n > 0 && left == 0;
}

/* systemd.exec(5) "SystemCallFilter=": agent 3.3.1142.0 does not come up without these, whatever a denied call answers; @resources
 * it can do without where that is an error and no signal. From the first ~ on all are denied. What is allowed is enough with
 * @system-service; of other groups even all were too few, of single calls it is not known. */
static bool takes_calls(const struct unit *unit, const char *list)
{
    static const char needed[] =
        "@default,@system-service,@basic-io,@file-system,@io-event,@ipc,@network-io,@process,"
        "@signal,clone,connect,epoll_ctl,execve,futex,mmap,openat,pipe2,read,socket,write";
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
                 (text_has(needed, ',', call) || (strcmp(call, "@resources") == 0 && !colon &&
                                                  !sets(unit, "SystemCallErrorNumber")));
    }
    return harms || !enough;
}

/* The name of what is started, by env(1), a shell or snap(1) perhaps: the agent's is among the words. */
static bool starts_another(const struct unit *unit, const char *command)
{
    const char *at = command + strspn(command, "@-:+!|");
    char path[PATH_SIZE];

    (void)unit;
    return !strstr(command, "amazon-ssm-agent") && unit_word(&at, path, sizeof(path));
}

static bool starts_no_agent(const struct unit *unit, const char *command)
{
    const char *at = command + strspn(command, "@-:+!|");
    char path[PATH_SIZE];

    return starts_another(unit, command) && unit_word(&at, path, sizeof(path)) &&
           text_has("true,false,sleep,echo,cat,test", ',', basename(path));
}

static bool starts_twice(const struct unit *unit, const char *value)
{
    int n = 0;

    (void)value;
    for (struct unit_setting at = {0}; unit_next(unit->settings, &at);)
        if (strcmp(at.key, "ExecStart") == 0)
            n = at.value[0] ? n + 1 : 0;
    return n > 1;
}

static bool is_on(const struct unit *unit, const char *value)
{
    (void)unit;
    return says_yes(value);
}

static bool is_not_root(const struct unit *unit, const char *user)
{
    (void)unit;
    return user[0] && strcmp(user, "root") != 0 && strcmp(user, "0") != 0;
}

static bool cannot_write(const struct unit *unit, const char *value)
{
    const struct words made = value_of(unit, "StateDirectory", true);

    (void)value;
    return !has_word(made.text, "amazon") && !has_word(made.text, "amazon/ssm") &&
           !has_state(unit, value_of(unit, "ReadWritePaths", true).text) &&
           !has_state(unit, value_of(unit, "BindPaths", true).text) &&
           !has_state(unit, value_of(unit, "TemporaryFileSystem", true).text);
}

static bool reads_state(const struct unit *unit, const char *paths)
{
    return has_state(unit, paths) && cannot_write(unit, paths);
}

static bool forbids_agent(const struct unit *unit, const char *paths)
{
    static const char *const programs[] = {"/usr/bin/amazon-ssm-agent",
                                           "/usr/bin/ssm-agent-worker"};
    const struct words allowed = value_of(unit, "ExecPaths", true);
    bool does = false;

    for (size_t i = 0; i < COUNT_OF(programs); i++)
        does |= covers(paths, programs[i]) && !covers(allowed.text, programs[i]);
    return does;
}

static bool denies_needed(const struct unit *unit, const char *networks)
{
    const struct words allowed = value_of(unit, "IPAddressAllow", true);

    return place_is_denied(networks, allowed.text, "169.254.169.254") ||
           (has_all(networks) && !has_endpoints(allowed.text));
}

static bool denies_endpoints(const struct unit *unit, const char *networks)
{
    return !has_all(networks) && has_endpoints(networks) &&
           !has_endpoints(value_of(unit, "IPAddressAllow", true).text);
}

static bool lacks_ipv4(const struct unit *unit, const char *families)
{
    (void)unit;
    return families[0] && (families[0] == '~') == has_word(families, "AF_INET");
}

static bool allows_few_calls(const struct unit *unit, const char *calls)
{
    (void)unit;
    return calls[0] && calls[0] != '~' && !strstr(calls, "@system-service") &&
           !strstr(calls, "@known");
}

/* systemd.exec(5) "StandardInput=": of a socket unit there is nothing for a service that none starts. */
static bool lacks_socket(const struct unit *unit, const char *stream)
{
    const struct words sockets = value_of(unit, "Sockets", true);

    return (strcmp(stream, "socket") == 0 || text_starts(stream, "fd:")) &&
           lacks_unit(unit, sockets.text[0] ? sockets.text : "amazon-ssm-agent.socket");
}

static bool lacks_input(const struct unit *unit, const char *stream)
{
    return lacks_socket(unit, stream) ||
           (text_starts(stream, "file:") && is_gone(unit, stream + strlen("file:")));
}

/* The file is made, its folder is not. */
static bool lacks_output(const struct unit *unit, const char *stream)
{
    const char *path = strchr(stream, ':'), *slash = strrchr(stream, '/');
    char folder[PATH_SIZE];

    if (!path || path[1] != '/')
        return lacks_socket(unit, stream);
    return text_set(folder, sizeof(folder), "%.*s/", (int)(slash - path - 1), path + 1) &&
           is_gone(unit, folder);
}

/* systemd.service(5): the agent, which systemd waits for, goes on for good. */
static bool ends(const struct unit *unit, const char *time)
{
    (void)unit;
    return strcmp(time, "infinity") != 0 && strcmp(time, "0") != 0;
}

static bool waits_in_vain(const struct unit *unit, const char *type)
{
    return (strcmp(type, "dbus") == 0 && !sets(unit, "BusName")) ||
           (text_has("dbus,notify,notify-reload,forking", ',', type) &&
            ends(unit, value_of(unit, "TimeoutStartSec", false).text) &&
            ends(unit, value_of(unit, "TimeoutSec", false).text));
}

#define GONE ", which is not there"
#define NEEDED ", which the agent needs"
#define NO_UNIT ", a unit that is not there or masked"
#define FAILS " fails, is not there, or may not be run"
#define NO_TERMINAL ", if that terminal is not there"
#define ENDED ", after which systemd ends the agent, again and again"
#define MORE ", the agent needs more"
#define BOUND "BindPaths BindReadOnlyPaths"
#define ROOT "RootDirectory RootImage"

/* What takes something from the agent. Of rows of the same key, the first one that does counts. */
static const struct row {
    const char *key;
    enum {
        LAST,
        LIST,
        EACH,
        WORDS
    } what; /* the last assignment, all in one, or the first of all that does, or in which a word does */
    enum taken taken;
    const char *words;
    bool (*judge)(const struct unit *unit, const char *value); /* NULL: whatever it is set to */
    const char *is;                                            /* only a value like this */
    const char *unless;  /* not where one of these keys is set as well */
    uint64_t too_little; /* measured of agent 3.3.1142.0 */
    bool confines;       /* not what ExecStart=+ starts, */
    bool of_user;        /* nor what ExecStart=! does, but for !! on these kernels */
    int since;           /* systemd's NEWS; older ones ignore it */
} rows[] = {
    {"ExecStart", LIST, TAKEN_ALL, " starts nothing", .is = ""},
    {"ExecStart", LIST, TAKEN_ALL, ", which is no agent", starts_no_agent},
    {"ExecStart", LIST, TAKEN_MAYBE, ", if that starts no agent", starts_another},
    {"ExecStart", LIST, TAKEN_ALL, ": two, without an empty ExecStart= between them", starts_twice},
    {"ExecStart", EACH, TAKEN_ALL, ", and with an option the agent does not stay", has_option},
    {"User", LAST, TAKEN_ALL, ", the agent needs root", is_not_root, .confines = true,
     .of_user = true},
    {"User", LAST, TAKEN_ALL, GONE, lacks_account},
    {"DynamicUser", LAST, TAKEN_ALL, ", the agent needs root", is_on, .confines = true},
    {"ProtectSystem", LAST, TAKEN_ALL, ", and no ReadWritePaths= has /var/lib/amazon", cannot_write,
     .is = "strict", .confines = true},
    {"ReadOnlyPaths", LIST, TAKEN_ALL, "", reads_state, .confines = true},
    {"ReadOnlyPaths", WORDS, TAKEN_ALL, GONE, lacks_path},
    {"InaccessiblePaths", LIST, TAKEN_ALL, NEEDED, has_state, .confines = true},
    {"InaccessiblePaths", LIST, TAKEN_ALL, NEEDED, has_needed, .confines = true},
    {"InaccessiblePaths", WORDS, TAKEN_ALL, GONE, lacks_path},
    {"NoExecPaths", LIST, TAKEN_ALL, ", and no ExecPaths= has the agent and its worker",
     forbids_agent, .confines = true, .since = 248},
    {"NoExecPaths", WORDS, TAKEN_ALL, GONE, lacks_path, .since = 248},
    {"TemporaryFileSystem", LIST, TAKEN_ALL, " hides what the agent needs", has_needed,
     .unless = BOUND, .confines = true},
    {"TemporaryFileSystem", LIST, TAKEN_MAYBE,
     ", if what is bound into it is not all that the agent needs", has_needed, .confines = true},
    {"BindReadOnlyPaths", LIST, TAKEN_ALL, "", has_state, .confines = true},
    {"BindReadOnlyPaths", WORDS, TAKEN_ALL, GONE, lacks_path},
    {"PrivateNetwork", LAST, TAKEN_ALL, "", is_on, .confines = true},
    {"NetworkNamespacePath", WORDS, TAKEN_ALL, GONE, lacks_path, .since = 242},
    {"NetworkNamespacePath", LAST, TAKEN_MAYBE, ", if that is another network than this",
     .confines = true, .since = 242},
    {"RestrictNetworkInterfaces", LIST, TAKEN_ALL, " leaves no network interface", has_no_interface,
     .confines = true, .since = 250},
    {"IPAddressDeny", LIST, TAKEN_ALL, " holds the metadata service, or all endpoints",
     denies_needed, .confines = true},
    {"IPAddressDeny", LIST, TAKEN_MAYBE_BY_ADDRESS, ", if it holds an endpoint or a nameserver",
     denies_endpoints, .confines = true},
    {"IPAddressDeny", LIST, TAKEN_BY_ADDRESS, "", .confines = true},
    {"RestrictAddressFamilies", LIST, TAKEN_ALL, "", lacks_ipv4, .confines = true},
    {"SystemCallFilter", LIST, TAKEN_ALL, ", the agent needs some of these", takes_calls,
     .confines = true},
    {"SystemCallFilter", LIST, TAKEN_MAYBE, ", if the agent needs more than these",
     allows_few_calls, .confines = true},
    {"DevicePolicy", LAST, TAKEN_ALL, ", and no DeviceAllow=", .is = "strict",
     .unless = "DeviceAllow", .confines = true},
    {"SupplementaryGroups", WORDS, TAKEN_ALL, GONE, lacks_account},
    {"LoadCredential", EACH, TAKEN_ALL, GONE, lacks_credential, .unless = "SetCredential",
     .since = 247},
    {"LoadCredentialEncrypted", EACH, TAKEN_ALL, GONE, lacks_credential, .unless = "SetCredential",
     .since = 250},
    {"Requires", WORDS, TAKEN_ALL, NO_UNIT, lacks_unit},
    {"BindsTo", WORDS, TAKEN_ALL, NO_UNIT, lacks_unit},
    {"Requisite", WORDS, TAKEN_ALL, NO_UNIT, lacks_unit},
    {"ReadWritePaths", WORDS, TAKEN_ALL, GONE, lacks_path},
    {"BindPaths", WORDS, TAKEN_ALL, GONE, lacks_path},
    {"ExecPaths", WORDS, TAKEN_ALL, GONE, lacks_path, .since = 248},
    {"ExecCondition", EACH, TAKEN_ALL, FAILS, fails, .unless = ROOT, .since = 243},
    {"ExecCondition", EACH, TAKEN_OPEN, "", is_untold, .since = 243},
    {"ExecStartPre", EACH, TAKEN_ALL, FAILS, fails, .unless = ROOT},
    {"ExecStartPre", EACH, TAKEN_OPEN, "", is_untold},
    {"ExecStartPost", EACH, TAKEN_ALL, FAILS, fails, .unless = ROOT},
    {"ExecStartPost", EACH, TAKEN_OPEN, "", is_untold},
    {"WorkingDirectory", LAST, TAKEN_ALL, " is not there", is_gone, .unless = ROOT},
    {"RootDirectory", LAST, TAKEN_ALL, " has no such program", root_lacks_program, .unless = BOUND},
    {"RootImage", LAST, TAKEN_ALL, " is not there", is_gone},
    {"Group", LAST, TAKEN_ALL, GONE, lacks_account},
    {"StandardInput", LAST, TAKEN_ALL, GONE, lacks_input},
    {"StandardInput", LAST, TAKEN_MAYBE, NO_TERMINAL, .is = "tty*"},
    {"StandardOutput", LAST, TAKEN_ALL, GONE, lacks_output},
    {"StandardOutput", LAST, TAKEN_MAYBE, NO_TERMINAL, .is = "tty*"},
    {"StandardError", LAST, TAKEN_ALL, GONE, lacks_output},
    {"StandardError", LAST, TAKEN_MAYBE, NO_TERMINAL, .is = "tty*"},
    {"LimitNOFILE", LAST, TAKEN_ALL, MORE, .too_little = 19},
    {"LimitAS", LAST, TAKEN_ALL, MORE, .too_little = 700u << 20},
    {"LimitDATA", LAST, TAKEN_ALL, MORE, .too_little = 47u << 20},
    {"LimitFSIZE", LAST, TAKEN_ALL, MORE, .too_little = 100},
    {"TasksMax", LAST, TAKEN_ALL, MORE, .too_little = 12},
    {"MemoryMax", LAST, TAKEN_ALL, MORE, .too_little = 8u << 20},
    {"Type", LAST, TAKEN_ALL, ", and the agent never tells that it is ready", waits_in_vain},
    {"WatchdogSec", LAST, TAKEN_ALL, ", and the agent never tells that it lives", ends},
    {"RuntimeMaxSec", LAST, TAKEN_ALL, ENDED, .too_little = 60},
    {"RuntimeMaxSec", LAST, TAKEN_MAYBE, ENDED, ends},
    {"NoNewPrivileges", LAST, TAKEN_SOME, ", ssm-user's sudo will not work", is_on},
    {"MemoryDenyWriteExecute", LAST, TAKEN_SOME,
     " holds for sessions and documents too: Java, .NET and Node.js end there", is_on},
};

static bool does_take(const struct unit *unit, const struct row *row, const char *value)
{
    char word[PATH_SIZE];
    bool takes = !row->judge;

    if (row->too_little)
        return is_at_most(value, row->too_little);
    if (row->is ? fnmatch(row->is, value, 0) != 0 : !value[0])
        return false;
    if (row->what != WORDS)
        return takes || row->judge(unit, value);
    while (!takes && text_word(&value, " \t\"", word, sizeof(word)))
        takes = row->judge(unit, word);
    return takes;
}

/* The value that takes something, as it can be shown, and the file that set it. */
static bool find_taking(const struct unit *unit, const struct row *row, char value[WORDS_SIZE],
                        char file[PATH_SIZE])
{
    bool takes = false;
    struct unit_setting at = {0};

    if (row->what < EACH) {
        bool is_set = unit_value(unit->settings, row->key, row->what == LIST, value, WORDS_SIZE,
                                 file);
        if (!is_set && unit_next(unit->settings, &at) && !strstr(at.file, ".d/"))
            (void)text_escape(file, PATH_SIZE, at.file, strlen(at.file));
        return (is_set || (file[0] && row->is && !row->is[0])) && does_take(unit, row, value);
    }
    while (unit_next(unit->settings, &at)) {
        if (strcmp(at.key, row->key) != 0)
            continue;
        if (!at.value[0] && unit_resets(row->key)) {
            takes = false;
        } else if (!takes && does_take(unit, row, at.value)) {
            unit_quote(value, WORDS_SIZE, &at);
            (void)text_escape(file, PATH_SIZE, at.file, strlen(at.file));
            takes = true;
        }
    }
    return takes;
}

static bool is_lifted(const struct unit *unit, const struct row *row)
{
    const struct words start = value_of(unit, "ExecStart", true);
    const size_t n = strspn(start.text, "@-:+!");
    const char *bang = memchr(start.text, '!', n);
    char key[NAME_SIZE];
    bool lifted = (row->confines && memchr(start.text, '+', n)) ||
                  (row->of_user && bang && bang[1] != '!');

    for (const char *at = row->unless ? row->unless : ""; text_word(&at, " ", key, sizeof(key));)
        lifted |= sets(unit, key);
    int systemd = row->since ? unit_systemd(unit->root) : 0;
    return lifted || (systemd > 0 && systemd < row->since);
}

void unit_confinement(const char *root, const struct buffer *settings, unit_taken *each, void *arg)
{
    bool lacks = false;
    struct unit unit = {.root = root, .settings = settings, .lacks = &lacks};
    const bool makes = sets(&unit, "StateDirectory") || sets(&unit, "LogsDirectory") ||
                       sets(&unit, "CacheDirectory");
    char value[WORDS_SIZE], file[PATH_SIZE], words[2 * WORDS_SIZE];
    const char *last = "";

    for (const struct row *row = rows; row < rows + COUNT_OF(rows); row++) {
        unit.key = row->key;
        unit.now = lacks = false;
        bool takes = find_taking(&unit, row, value, file);
        unit.now = !takes && lacks && !root[0] && !makes;
        if (strcmp(row->key, last) == 0 ||
            (!takes && !(unit.now && find_taking(&unit, row, value, file))) ||
            is_lifted(&unit, row))
            continue;
        (void)text_set(words, sizeof(words), "%s=%s%s%s", row->key, value, row->words,
                       unit.now ? ", unless something makes it before" : "");
        each(arg, unit.now && row->taken == TAKEN_ALL ? TAKEN_MAYBE : row->taken, file, words);
        last = row->key;
    }
    unit_conditions(root, settings, each, arg);
}
