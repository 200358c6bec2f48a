/* SPDX-License-Identifier: Apache-2.0
 *
 * A call that is not listed fails with ENOSYS, as on a kernel that does not have it. It does not end the
 * process: a library that tries something new must cost a feature, not the verdict.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/output.h"
#include "base/text.h"
#include "run/commands.h"

/* --- system calls --- */

#ifdef __x86_64__
#define THIS_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* clang-format off */
/* What is linked into the program, tests/static/calls compares; and what another version of glibc calls instead. */
static const unsigned short calls[] = {
    /* files: which of them may be opened, Landlock decides */
    __NR_close, __NR_faccessat, __NR_fchmod, __NR_fgetxattr, __NR_fstat, __NR_fstatfs, __NR_getcwd, __NR_getdents64,
    __NR_lseek, __NR_mkdirat, __NR_newfstatat, __NR_openat, __NR_pread64, __NR_read, __NR_readlinkat, __NR_renameat,
    __NR_statx, __NR_unlinkat, __NR_write, __NR_writev,
    437, 439, /* openat2 and faccessat2, which have the same number everywhere */
    /* memory */
    __NR_brk, __NR_futex, __NR_madvise, __NR_mlock, __NR_mremap, __NR_munmap,
    /* time, signals, the end; restart_syscall is the kernel's own, when a stopped process goes on */
    __NR_clock_gettime, __NR_clock_nanosleep, __NR_exit, __NR_exit_group, __NR_gettimeofday, __NR_restart_syscall,
    __NR_rt_sigaction, __NR_rt_sigpending, __NR_rt_sigprocmask, __NR_rt_sigreturn, __NR_sched_yield, __NR_setitimer,
    /* who and where it is */
    __NR_getegid, __NR_geteuid, __NR_getgid, __NR_getgroups, __NR_getpid, __NR_getrandom, __NR_gettid, __NR_getuid,
    __NR_sched_getaffinity, __NR_sysinfo, __NR_uname,
    /* waiting */
    __NR_epoll_create1, __NR_epoll_ctl, __NR_inotify_add_watch, __NR_inotify_init1, __NR_ppoll, __NR_pselect6,
    /* giving up more */
    __NR_landlock_add_rule, __NR_landlock_create_ruleset, __NR_landlock_restrict_self,
#ifdef __x86_64__ /* what aarch64 never had */
    __NR_access, __NR_mkdir, __NR_poll, __NR_readlink, __NR_rename, __NR_time, __NR_unlink,
#endif
};

static const unsigned short network_calls[] = {
    __NR_bind, __NR_connect, __NR_eventfd2, __NR_getsockname, __NR_getsockopt, __NR_recvfrom, __NR_recvmsg, __NR_setsockopt,
    __NR_shutdown, __NR_signalfd4, __NR_timerfd_create, __NR_timerfd_settime,
};

/* The low word of an argument is tested. Each is an int, or holds bits of which those of the high word mean nothing; both
 * architectures are little endian. A test without a mask holds. */
#define ALL UINT32_MAX
enum { MAX_TESTS = 3, KIND = 0xf /* of a socket, without its flags */ };

struct rule {
    unsigned short call;
    struct test {
        unsigned char argument;
        uint32_t mask, value;
    } tests[MAX_TESTS];
};

/* A call of these is allowed where a row of it holds. */
static const struct rule with_arguments[] = {
    {__NR_fcntl, {{1, ALL, F_GETFD}}},
    {__NR_fcntl, {{1, ALL, F_GETFL}}},
    {__NR_fcntl, {{1, ALL, F_SETFD}}},
    {__NR_fcntl, {{1, ALL, F_SETFL}}},
    {__NR_ioctl, {{1, ALL, FS_IOC_GETFLAGS}}},
    {__NR_ioctl, {{1, ALL, TCGETS}}},  /* isatty(3) */
    {__NR_ioctl, {{1, ALL, TCGETS2}}}, /* the same, of glibc 2.42 */
    {__NR_ioctl, {{1, ALL, TIOCGWINSZ}}},
    {__NR_mmap, {{2, PROT_EXEC, 0}}},
    {__NR_mprotect, {{2, PROT_EXEC, 0}}},
};

static const struct rule network_with_arguments[] = {
    {__NR_ioctl, {{1, ALL, SIOCGIFINDEX}}},
    {__NR_ioctl, {{1, ALL, SIOCGIFNAME}}},
    {__NR_sendmsg, {{2, MSG_FASTOPEN, 0}}}, /* which connects, and Landlock does not see it */
    {__NR_sendto, {{3, MSG_FASTOPEN, 0}}},
    {__NR_socket, {{0, ALL, AF_UNIX}, {1, KIND, SOCK_STREAM}}},
    {__NR_socket, {{0, ALL, AF_UNIX}, {1, KIND, SOCK_DGRAM}}},
    {__NR_socket, {{0, ALL, AF_NETLINK}, {1, KIND, SOCK_RAW}, {2, ALL, NETLINK_ROUTE}}},
    {__NR_socket, {{0, ALL, AF_INET}, {1, KIND, SOCK_STREAM}, {2, ALL, 0}}},
    {__NR_socket, {{0, ALL, AF_INET}, {1, KIND, SOCK_STREAM}, {2, ALL, IPPROTO_TCP}}},
    {__NR_socket, {{0, ALL, AF_INET}, {1, KIND, SOCK_DGRAM}, {2, ALL, 0}}},
    {__NR_socket, {{0, ALL, AF_INET6}, {1, KIND, SOCK_STREAM}, {2, ALL, 0}}},
    {__NR_socket, {{0, ALL, AF_INET6}, {1, KIND, SOCK_STREAM}, {2, ALL, IPPROTO_TCP}}},
    {__NR_socket, {{0, ALL, AF_INET6}, {1, KIND, SOCK_DGRAM}, {2, ALL, 0}}},
};
/* clang-format on */

enum { OF_A_CALL = 2, OF_A_TEST = 3, OF_A_RULE = 3 + MAX_TESTS * OF_A_TEST };

struct program {
    struct sock_filter
        code[OF_A_CALL * (COUNT_OF(calls) + COUNT_OF(network_calls)) +
             OF_A_RULE * (COUNT_OF(with_arguments) + COUNT_OF(network_with_arguments) + 1) + 5];
    unsigned short n;
};

static void add(struct program *program, struct sock_filter instruction)
{
    program->code[program->n++] = instruction;
}

static void load(struct program *program, size_t offset)
{
    add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void load_call(struct program *program)
{
    load(program, offsetof(struct seccomp_data, nr));
}

static void answer(struct program *program, uint32_t action)
{
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Unless the loaded word is `value`, the next `n` are left out. */
static void skip_unless(struct program *program, uint32_t value, int n)
{
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, (uint8_t)n));
}

static void allow_calls(struct program *program, const unsigned short *each, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        skip_unless(program, each[i], 1);
        answer(program, SECCOMP_RET_ALLOW);
    }
}

static void allow_by_rule(struct program *program, const struct rule *rule)
{
    int n = 0;

    while (n < MAX_TESTS && rule->tests[n].mask)
        n++;
    skip_unless(program, rule->call, n * OF_A_TEST + 2);
    for (const struct test *test = rule->tests; n > 0; test++, n--) {
        load(program, offsetof(struct seccomp_data, args) + test->argument * sizeof(uint64_t));
        add(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, test->mask));
        skip_unless(program, test->value, (n - 1) * OF_A_TEST + 1);
    }
    answer(program, SECCOMP_RET_ALLOW);
    load_call(program);
}

static void allow_by_rules(struct program *program, const struct rule *each, size_t n)
{
    for (size_t i = 0; i < n; i++)
        allow_by_rule(program, &each[i]);
}

static void write_program(struct program *program, enum confinement confinement)
{
    const uint32_t unknown = SECCOMP_RET_ERRNO | ENOSYS;
    const struct rule abort_itself = {__NR_tgkill, {{0, ALL, (uint32_t)getpid()}}};

    load(program, offsetof(struct seccomp_data, arch));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCHITECTURE, 1, 0));
    answer(program, unknown);
    load_call(program);
    allow_calls(program, calls, COUNT_OF(calls));
    if (confinement == CONFINED_WITH_NETWORK) {
        allow_calls(program, network_calls, COUNT_OF(network_calls));
        allow_by_rules(program, network_with_arguments, COUNT_OF(network_with_arguments));
    }
    allow_by_rules(program, with_arguments, COUNT_OF(with_arguments));
    allow_by_rule(program, &abort_itself);
    answer(program, unknown);
}

static bool deny_calls(enum confinement confinement)
{
    struct program program = {.n = 0};

    write_program(&program, confinement);
    const struct sock_fprog filter = {.len = program.n, .filter = program.code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

/* --- files --- */

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
    if (!deny_calls(confinement))
        log_verbose("this kernel filters no system calls: none is denied");
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

/* --- what `check` reads, and where it connects --- */

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

static int looking = -1; /* the rules, while they grow */
static uint16_t allowed[MAX_CONFINED_PORTS];
static bool is_looking_confined, has_ports;

static void note(const char *path, bool is_folder, int fd)
{
    (void)path;
    if (fd >= 0)
        (void)allow_opened(looking, fd, is_folder ? reading : LANDLOCK_ACCESS_FS_READ_FILE);
}

static void tell_too_late(const char *what)
{
    char words[WORDS_SIZE];

    (void)text_set(words, sizeof(words), "%.100s, named after check had given up all else", what);
    file_keep_trouble(words, EACCES);
}

/* Landlock is not asked by faccessat(2): what this user may read and could not open, was refused by the rules above. */
static void tell_refused(const char *path, bool is_folder, int fd)
{
    int error = errno;

    (void)is_folder;
    if (fd < 0 && error == EACCES && faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0)
        tell_too_late(path);
    errno = error;
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

static bool allow_ports(const uint16_t ports[MAX_CONFINED_PORTS])
{
    bool done = true;

    for (size_t i = 0; i < MAX_CONFINED_PORTS; i++) {
        const struct port_rule rule = {RIGHT_CONNECT_TCP, ports[i]};
        allowed[i] = ports[i];
        if (ports[i] && has_ports)
            done &= syscall(__NR_landlock_add_rule, looking, RULE_PORT, &rule, 0) == 0;
    }
    return done;
}

void confine_begin(void)
{
    struct ruleset handled = {.files = reading};

    if (!is_confined || is_looking_confined)
        return;
    has_ports = landlock_version() >= VERSION_OF_PORTS;
    if (has_ports)
        handled.ports = RIGHT_CONNECT_TCP;
    else
        log_verbose("this kernel restricts no TCP ports: none is denied");
    looking = new_ruleset(&handled);
    if (looking >= 0)
        file_opened = note;
}

/* Without rules for all that is needed there are none. */
static bool enforce_looking(const struct options *options, const char *folders,
                            const uint16_t ports[MAX_CONFINED_PORTS])
{
    bool done = allow_folders(folders) &&
                (!options->root[0] || allow(looking, options->root, reading));

    for (size_t i = 0; i < COUNT_OF(trees); i++)
        done &= allow(looking, trees[i], reading);
    allow_outputs(looking, options, LANDLOCK_ACCESS_FS_READ_FILE);
    return allow_ports(ports) && done && enforce(looking);
}

void confine_looking(const struct options *options, const char *folders,
                     const uint16_t ports[MAX_CONFINED_PORTS])
{
    if (looking >= 0) {
        is_looking_confined = enforce_looking(options, folders, ports);
        /* below a root nothing is refused: all of it may be read */
        file_opened = is_looking_confined && !options->root[0] ? tell_refused : NULL;
        file_close(&looking);
        looking = -1;
    } else if (is_looking_confined) {
        tell_ports(ports);
    }
}
