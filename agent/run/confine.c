/* SPDX-License-Identifier: Apache-2.0
 *
 * A denied call fails with EPERM instead of killing the process: a library that tries something new
 * must cost a feature, not the verdict.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
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

static const unsigned int denied[] = {
#ifdef __NR_fork /* aarch64 has clone only */
    __NR_fork,
    __NR_vfork,
#endif
    __NR_clone,
    __NR_execve,
    __NR_execveat,
    __NR_ptrace,
    __NR_process_vm_readv,
    __NR_process_vm_writev,
    __NR_setns,
    __NR_unshare,
    __NR_mount,
    __NR_umount2,
    __NR_pivot_root,
    __NR_chroot,
    __NR_init_module,
    __NR_finit_module,
    __NR_delete_module,
    __NR_kexec_load,
    __NR_bpf,
    __NR_perf_event_open,
    __NR_userfaultfd,
    __NR_add_key,
    __NR_request_key,
    __NR_keyctl,
    __NR_reboot,
    __NR_swapon,
    __NR_swapoff,
    __NR_settimeofday,
    __NR_clock_settime,
    __NR_adjtimex,
    __NR_clock_adjtime,
    __NR_sethostname,
    __NR_setdomainname,
    425, /* io_uring_setup; this and the rest have the same number everywhere */
    428, /* open_tree */
    429, /* move_mount */
    430, /* fsopen */
    435, /* clone3 */
};

static const unsigned int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

struct program {
    struct sock_filter code[2 * (COUNT_OF(denied) + COUNT_OF(families)) + 24];
    unsigned short n;
};

static void add(struct program *program, struct sock_filter instruction)
{
    program->code[program->n++] = instruction;
}

static void load(struct program *program, size_t offset)
{
    add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned int)offset));
}

/* When `test` of the loaded word and `value` holds (or does not), `action` is the filter's answer. */
static void answer_if(struct program *program, int test, unsigned int value, bool holds,
                      unsigned int action)
{
    add(program, (struct sock_filter)BPF_JUMP((unsigned short)(BPF_JMP | test | BPF_K), value,
                                              holds ? 0 : 1, holds ? 1 : 0));
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void skip_unless(struct program *program, unsigned int call, unsigned char n)
{
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, n));
}

/* The low word of an argument; both architectures are little endian. */
static size_t argument(int i)
{
    return offsetof(struct seccomp_data, args) + (size_t)i * sizeof(uint64_t);
}

static void write_program(struct program *program, enum confinement confinement)
{
    const unsigned int eperm = SECCOMP_RET_ERRNO | EPERM;
    const size_t n_families = confinement == CONFINED_OFFLINE ? 0 : COUNT_OF(families);

    load(program, offsetof(struct seccomp_data, arch));
    answer_if(program, BPF_JEQ, THIS_ARCHITECTURE, false, SECCOMP_RET_KILL);
    load(program, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    answer_if(program, BPF_JGE, __X32_SYSCALL_BIT, true, eperm);
#endif
    for (size_t i = 0; i < COUNT_OF(denied); i++)
        answer_if(program, BPF_JEQ, denied[i], true, eperm);

    skip_unless(program, __NR_mmap, 4);
    load(program, argument(2));
    answer_if(program, BPF_JSET, PROT_EXEC, true, eperm);
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    skip_unless(program, __NR_mprotect, 4);
    load(program, argument(2));
    answer_if(program, BPF_JSET, PROT_EXEC, true, eperm);
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));

    skip_unless(program, __NR_socket, (unsigned char)(2 * n_families + 2));
    load(program, argument(0));
    for (size_t i = 0; i < n_families; i++)
        answer_if(program, BPF_JEQ, families[i], true, SECCOMP_RET_ALLOW);
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, eperm));
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

static bool deny_calls(enum confinement confinement)
{
    struct program program = {.n = 0};

    write_program(&program, confinement);
    const struct sock_fprog filter = {.len = program.n, .filter = program.code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

/* --- files --- */

static const uint64_t in_a_folder = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                    LANDLOCK_ACCESS_FS_MAKE_REG;

static uint64_t handled_by(long version)
{
    uint64_t handled = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                       LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                       LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                       LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM | in_a_folder;
#ifdef LANDLOCK_ACCESS_FS_REFER
    if (version >= 2)
        handled |= LANDLOCK_ACCESS_FS_REFER;
#endif
    return handled;
}

/* A path that is not there gets no right: writing there fails by itself. */
static void allow(int rules, const char *path, uint64_t access)
{
    LOCAL_FD fd = open(path, O_PATH | O_CLOEXEC);
    const struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};

    if (fd >= 0)
        (void)syscall(__NR_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

/* A file is replaced by a rename within its folder; a device or a pipe is written to. */
static void allow_output(int rules, const char *path)
{
    char folder[PATH_SIZE];
    struct stat status;

    if (!path[0] || !text_set(folder, sizeof(folder), "%s", path))
        return;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
        allow(rules, path, LANDLOCK_ACCESS_FS_WRITE_FILE);
    else
        allow(rules, dirname(folder), in_a_folder);
}

static bool restrict_files(const struct options *options)
{
    long version = syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    const struct landlock_ruleset_attr handled = {.handled_access_fs = handled_by(version)};

    if (version < 1)
        return false;
    LOCAL_FD rules = (int)syscall(__NR_landlock_create_ruleset, &handled, sizeof(handled), 0);
    if (rules < 0)
        return false;
    allow(rules, LAST_REPORT_DIRECTORY, in_a_folder);
    allow(rules, "/dev/console", LANDLOCK_ACCESS_FS_WRITE_FILE);
    allow_output(rules, options->save);
    allow_output(rules, options->output_file);
    return syscall(__NR_landlock_restrict_self, rules, 0) == 0;
}

void confine(const struct options *options, enum confinement confinement)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !restrict_files(options))
        log_verbose("this kernel has no Landlock: writing files is not restricted");
    if (!deny_calls(confinement))
        log_verbose("this kernel filters no system calls: none is denied");
}
