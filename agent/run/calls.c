/* SPDX-License-Identifier: Apache-2.0
 *
 * A call that is not listed fails with ENOSYS, as on a kernel that does not have it. It does not end the
 * process: a library that tries something new must cost a feature, not the verdict.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "run/commands.h"

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

bool calls_deny_others(enum confinement confinement)
{
    struct program program = {.n = 0};

    write_program(&program, confinement);
    const struct sock_fprog filter = {.len = program.n, .filter = program.code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}
