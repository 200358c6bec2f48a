/* SPDX-License-Identifier: Apache-2.0
 *
 * Landlock takes away and never gives back. What it forbade to a round must not look like a fault of the network: whoever
 * needs what it gave up says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/output.h"
#include "base/text.h"
#include "run/commands.h"

/* Of linux/landlock.h, which older headers do not have: the kernel wants the rest of the structure zero that it does not know. */
struct ruleset {
    uint64_t files, ports, scopes;
};

struct port_rule {
    uint64_t access, port;
};

enum {
    RIGHT_TRUNCATE = 1 << 14,
    RIGHT_IOCTL_DEVICE = 1 << 15,
    RIGHT_CONNECT_TCP = 1 << 1,
    SCOPE_ABSTRACT_SOCKETS = 1 << 0,
    SCOPE_SIGNALS = 1 << 1,
    RULE_PORT = 2,
    VERSION_OF_PORTS = 4
};

static const uint64_t in_a_folder = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                    LANDLOCK_ACCESS_FS_MAKE_REG;
static const uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t of_a_file = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE;

/* What a version of Landlock adds to those before it. */
static const struct {
    long version;
    struct ruleset handled;
} versions[] = {
    {1,
     {.files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
               LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
               LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
               LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM |
               LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
               LANDLOCK_ACCESS_FS_MAKE_REG}},
    {2, {.files = LANDLOCK_ACCESS_FS_REFER}},
    {3, {.files = RIGHT_TRUNCATE}},
    {5, {.files = RIGHT_IOCTL_DEVICE}},
    {6, {.scopes = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS}},
};

static bool allow_opened(int rules, int fd, uint64_t access)
{
    const struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};

    return syscall(__NR_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

/* A path that is not there gets no right: to open it fails by itself. False when another one gets none. */
static bool allow(int rules, const char *path, uint64_t access)
{
    LOCAL_FD fd = open(path, O_PATH | O_CLOEXEC);

    return fd < 0 || allow_opened(rules, fd, access) ||
           (errno == EINVAL && allow_opened(rules, fd, access & of_a_file)); /* it is no folder */
}

/* A file is replaced by a rename within its folder; a device or a pipe is written to. */
static void allow_output(int rules, const char *path, uint64_t access)
{
    char folder[PATH_SIZE];
    struct stat status;

    if (!path[0] || !text_set(folder, sizeof(folder), "%s", path))
        return;
    bool in_folder = stat(path, &status) != 0 || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
    (void)allow(rules, in_folder ? dirname(folder) : path, access);
}

static void allow_outputs(int rules, const struct options *options, uint64_t access)
{
    allow_output(rules, options->save, access);
    allow_output(rules, options->output_file, access);
}

static int new_ruleset(const struct ruleset *handled)
{
    return (int)syscall(__NR_landlock_create_ruleset, handled, sizeof(*handled), 0);
}

static bool enforce(int rules)
{
    return syscall(__NR_landlock_restrict_self, rules, 0) == 0;
}

static long landlock_version(void)
{
    return syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static struct ruleset all_but_reading(void)
{
    long version = landlock_version();
    const char *manager = getenv("NOTIFY_SOCKET");
    struct ruleset all = {0};

    for (size_t i = 0; i < COUNT_OF(versions) && versions[i].version <= version; i++) {
        all.files |= versions[i].handled.files;
        all.scopes |= versions[i].handled.scopes;
    }
    if (manager && manager[0] == '@') /* its manager listens on an abstract socket */
        all.scopes &= ~(uint64_t)SCOPE_ABSTRACT_SOCKETS;
    return all;
}

static bool restrict_files(const struct options *options)
{
    const struct ruleset handled = all_but_reading();
    LOCAL_FD rules = new_ruleset(&handled);

    if (rules < 0)
        return false;
    (void)allow(rules, LAST_REPORT_DIRECTORY, in_a_folder);
    (void)allow(rules, "/dev/console", LANDLOCK_ACCESS_FS_WRITE_FILE);
    allow_outputs(rules, options, in_a_folder);
    return enforce(rules);
}

static bool is_confined;

void confine(const struct options *options, enum confinement confinement)
{
    is_confined = true;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !restrict_files(options))
        log_verbose("this kernel has no Landlock: access to files is not restricted");
    else
        log_verbose("confined: writes to %s, --save and --output-file", LAST_REPORT_DIRECTORY);
    if (!calls_deny_others(confinement))
        log_verbose("this kernel filters no system calls: none is denied");
    else
        log_verbose("confined: makes the system calls that it needs");
}

void confine_reading(const struct options *options, const char *const names[], size_t n)
{
    const struct ruleset handled = {.files = reading};

    if (!is_confined)
        return;
    LOCAL_FD rules = new_ruleset(&handled);
    if (rules < 0)
        return;
    for (size_t i = 0; i < n; i++)
        (void)allow(rules, names[i], reading);
    allow_outputs(rules, options,
                  LANDLOCK_ACCESS_FS_READ_FILE); /* mkostemp(3) opens to read, too */
    (void)enforce(rules);
}

/* --- what `check` and `wait` read, and where they connect --- */

/* What is read later, or may have been replaced by then: /run has resolv.conf, /var/lib/ca-certificates SUSE's bundle. */
static const char *const trees[] = {
    "/dev/urandom",
    "/etc",
    "/proc/self",
    "/root/.aws",
    "/run",
    "/snap",
    "/sys",
    "/usr",
    "/var/lib/amazon",
    "/var/lib/ca-certificates",
    "/var/lib/dpkg",
    "/var/lib/snapd",
    "/var/log/amazon",
};

/* And what the configuration names while `wait` goes on: a link to nothing, what is installed beside the system. Where proxies listen:
 * SOCKS (RFC 1928), Squid, http-alt (IANA), Tinyproxy. */
static const char *const trees_of_wait[] = {"/dev/null", "/opt", "/var/opt"};
static const uint16_t ports_of_follow[] = {1080, 3128, 8080, 8888};

static enum looking looks;
static int looking = -1; /* the rules, while they grow */
static uint16_t allowed[MAX_CONFINED_PORTS + COUNT_OF(ports_of_follow)];
static bool has_begun, is_looking_confined, has_ports;
static bool others_refuse; /* another module of the kernel: who refuses later is not known */
static bool has_refused;

/* Landlock is not asked by faccessat(2). */
static bool may_read(const char *path)
{
    return faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0;
}

static void note(const char *path, bool is_folder, int fd)
{
    int error = errno;

    if (fd >= 0)
        (void)allow_opened(looking, fd, is_folder ? reading : LANDLOCK_ACCESS_FS_READ_FILE);
    else if (error == EACCES)
        others_refuse |= may_read(path);
    errno = error;
}

static void tell_too_late(const char *what)
{
    char words[WORDS_SIZE];

    (void)text_set(words, sizeof(words), "%.100s, named after this had given up all else", what);
    file_keep_trouble(words, EACCES);
    has_refused = true;
}

/* What this user may read and could not open, was refused by the rules above. */
static void tell_refused(const char *path, bool is_folder, int fd)
{
    int error = errno;

    (void)is_folder;
    if (fd < 0 && error == EACCES && may_read(path))
        tell_too_late(path);
    errno = error;
}

bool confine_take_refusal(void)
{
    bool any = has_refused;

    has_refused = false;
    return any;
}

static bool is_allowed(uint16_t port)
{
    for (size_t i = 0; i < COUNT_OF(allowed); i++)
        if (allowed[i] == port)
            return true;
    return port == 0 || !has_ports;
}

static void tell_ports(const uint16_t ports[MAX_CONFINED_PORTS])
{
    char words[NAME_SIZE];

    for (size_t i = 0; i < MAX_CONFINED_PORTS; i++)
        if (!is_allowed(ports[i])) {
            (void)text_set(words, sizeof(words), "TCP port %u", ports[i]);
            tell_too_late(words);
        }
}

static bool allow_folders(const char *folders)
{
    char folder[PATH_SIZE];
    bool done = true;

    while (text_word(&folders, ":", folder, sizeof(folder)))
        done &= allow(looking, folder, reading);
    return done;
}

/* What the agent makes when it is installed or begins to log, its folder stands for until then. */
static bool allow_tree(const char *path)
{
    char folder[PATH_SIZE];

    if (looks == LOOKS_ONCE || !text_ends(path, "/amazon") || access(path, F_OK) == 0)
        return allow(looking, path, reading);
    (void)text_set(folder, sizeof(folder), "%s", path);
    return allow(looking, dirname(folder), reading);
}

static bool allow_trees(const char *const each[], size_t n, char words[WORDS_SIZE])
{
    bool done = true;

    for (size_t i = 0; i < n; i++) {
        done &= allow_tree(each[i]);
        text_list(words, WORDS_SIZE, " ", each[i]);
    }
    return done;
}

static bool allow_ports(const uint16_t ports[MAX_CONFINED_PORTS], char words[WORDS_SIZE])
{
    bool done = true;
    char word[NAME_SIZE];

    memcpy(allowed, ports, MAX_CONFINED_PORTS * sizeof(ports[0]));
    if (looks == LOOKS_ON)
        memcpy(allowed + MAX_CONFINED_PORTS, ports_of_follow, sizeof(ports_of_follow));
    for (size_t i = 0; i < COUNT_OF(allowed); i++) {
        const struct port_rule rule = {RIGHT_CONNECT_TCP, allowed[i]};
        if (!allowed[i])
            continue;
        done &= syscall(__NR_landlock_add_rule, looking, RULE_PORT, &rule, 0) == 0;
        (void)text_set(word, sizeof(word), "%u", allowed[i]);
        text_list(words, WORDS_SIZE, " ", word);
    }
    return done;
}

void confine_begin(enum looking how)
{
    struct ruleset handled = {.files = reading};

    if (!is_confined || has_begun)
        return;
    has_begun = true;
    looks = how;
    has_ports = how != LOOKS_ON_AT_BOOT && landlock_version() >= VERSION_OF_PORTS;
    if (has_ports)
        handled.ports = RIGHT_CONNECT_TCP;
    else if (how != LOOKS_ON_AT_BOOT)
        log_verbose("this kernel restricts no TCP ports: none is denied");
    looking = new_ruleset(&handled);
    if (looking >= 0)
        file_opened = note;
}

/* Without rules for all that is needed there are none. */
static bool enforce_looking(const struct options *options, const char *folders,
                            const uint16_t ports[MAX_CONFINED_PORTS])
{
    char read[WORDS_SIZE] = "", connected[WORDS_SIZE] = "";
    bool done = allow_folders(folders) &&
                (!options->root[0] || allow(looking, options->root, reading)) &&
                allow_trees(trees, COUNT_OF(trees), read);

    if (looks != LOOKS_ONCE)
        done &= allow_trees(trees_of_wait, COUNT_OF(trees_of_wait), read);
    allow_outputs(looking, options, LANDLOCK_ACCESS_FS_READ_FILE);
    if (has_ports)
        done &= allow_ports(ports, connected);
    if (!done || !enforce(looking))
        return false;
    log_verbose("confined: reads what it has read so far, what is named, and below %s", read);
    log_verbose("confined: connects to TCP ports %s", has_ports ? connected : "without a limit");
    return true;
}

void confine_looking(const struct options *options, const char *folders,
                     const uint16_t ports[MAX_CONFINED_PORTS])
{
    if (looking >= 0) {
        is_looking_confined = enforce_looking(options, folders, ports);
        /* below a root nothing is refused: all of it may be read */
        bool hears = is_looking_confined && !others_refuse && !options->root[0];
        file_opened = hears ? tell_refused : NULL;
        file_close(&looking);
        looking = -1;
    } else if (is_looking_confined) {
        tell_ports(ports);
    }
}
