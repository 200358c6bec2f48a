/* SPDX-License-Identifier: Apache-2.0
 *
 * What a confined process tries: each attempt runs in a child of its own, which says how it ended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/output.h"
#include "run/commands.h"

static struct options options;
static char folder[] = "/tmp/ssm-preflight-confine.XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(options.save, sizeof(options.save), "%s/report.json", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(options.save);
    return rmdir(folder);
}

/* The errno of `attempt` in a confined child, 0 when it may. */
static int tried(enum confinement confinement, int (*attempt)(void))
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        confine(&options, confinement);
        errno = 0;
        _exit(attempt() < 0 ? errno : 0);
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* An emulator such as qemu-user has no filters. seccomp(2): a filter that cannot be read is EFAULT. */
static bool has_filters(void)
{
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) < 0 && errno == EFAULT;
}

static int run_a_program(void)
{
    static char program[] = "/bin/true";
    char *const arguments[] = {program, NULL};
    return execve(program, arguments, NULL);
}

static int fork_a_process(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return child < 0 ? -1 : 0;
}

static int trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? -1 : 0;
}

static int map_executable(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
               ? -1
               : 0;
}

static int make_executable(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static int packet_socket(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0);
}

static int vsock(void)
{
    return socket(AF_VSOCK, SOCK_STREAM, 0);
}

static int ip_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static int netlink_socket(void)
{
    return socket(AF_NETLINK, SOCK_RAW, 0);
}

static int take_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                   MAP_FAILED
               ? -1
               : 0;
}

static int read_anything(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int save_a_report(void)
{
    errno = file_write_atomically(options.save, "{}", 2, 0644);
    return errno ? -1 : 0;
}

#define ELSEWHERE "/tmp/ssm-preflight-elsewhere"

static int write_elsewhere(void)
{
    return open(ELSEWHERE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static void no_other_program_and_no_other_process(void **state)
{
    static int (*const attempts[])(void) = {run_a_program, fork_a_process, trace, map_executable,
                                            make_executable};
    (void)state;

    if (!has_filters())
        skip();
    for (size_t i = 0; i < COUNT_OF(attempts); i++)
        for (int how = CONFINED_WITH_NETWORK; how <= CONFINED_OFFLINE; how++) {
            int error = tried((enum confinement)how, attempts[i]);
            assert_true(error == EPERM || error == EACCES);
        }
}

static void only_sockets_that_it_needs(void **state)
{
    (void)state;
    if (!has_filters())
        skip();
    assert_int_equal(tried(CONFINED_WITH_NETWORK, ip_socket), 0);
    assert_int_equal(tried(CONFINED_WITH_NETWORK, netlink_socket), 0);
    assert_int_equal(tried(CONFINED_WITH_NETWORK, packet_socket), EPERM);
    assert_int_equal(tried(CONFINED_WITH_NETWORK, vsock), EPERM);
    assert_int_equal(tried(CONFINED_OFFLINE, ip_socket), EPERM);
    assert_int_equal(tried(CONFINED_OFFLINE, netlink_socket), EPERM);
}

static void it_still_works(void **state)
{
    (void)state;
    for (int how = CONFINED_WITH_NETWORK; how <= CONFINED_OFFLINE; how++) {
        assert_int_equal(tried((enum confinement)how, take_memory), 0);
        assert_int_equal(tried((enum confinement)how, read_anything), 0);
        assert_int_equal(tried((enum confinement)how, save_a_report), 0);
    }
}

static void it_writes_only_where_it_was_told_to(void **state)
{
    (void)state;
    if (syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1)
        skip();              /* before kernel 5.13 */
    (void)unlink(ELSEWHERE); /* of a run that was not confined */
    assert_int_equal(tried(CONFINED_WITH_NETWORK, write_elsewhere), EACCES);
    assert_int_equal(tried(CONFINED_OFFLINE, write_elsewhere), EACCES);
    assert_int_not_equal(access(ELSEWHERE, F_OK), 0);
}

/* --- a kernel that has none of it --- */

static int deny(const struct sock_filter *code, unsigned short n)
{
    const struct sock_fprog filter = {.len = n, .filter = (struct sock_filter *)(uintptr_t)code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
               ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0)
               : -1;
}

/* Landlock is not known (ENOSYS), and prctl(PR_SET_SECCOMP) neither (EINVAL). */
static int become_old(void)
{
    const struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_landlock_create_ruleset, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_prctl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return deny(code, COUNT_OF(code));
}

/* What confine() says there, and whether the process goes on. */
static void confined_on_an_old_kernel(bool verbose, char said[512])
{
    int ends[2], status = 1;
    size_t n = 0;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        (void)close(ends[1]);
        log_set_verbose(verbose);
        if (become_old() != 0)
            _exit(1);
        confine(&options, CONFINED_WITH_NETWORK);
        _exit(vsock() >= 0 || errno != EPERM ? 0 : 2); /* that one, confine() denies */
    }
    (void)close(ends[1]);
    for (ssize_t got; (got = read(ends[0], said + n, 511 - n)) > 0;)
        n += (size_t)got;
    said[n] = '\0';
    (void)close(ends[0]);
    assert_true(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void what_a_kernel_lacks_is_said_when_that_is_asked(void **state)
{
    char said[512];
    (void)state;

    if (!has_filters())
        skip();
    confined_on_an_old_kernel(false, said);
    assert_string_equal(said, "");
    confined_on_an_old_kernel(true, said);
    assert_non_null(strstr(said, "this kernel has no Landlock: writing files is not restricted"));
    assert_non_null(strstr(said, "this kernel filters no system calls: none is denied"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_other_program_and_no_other_process),
        cmocka_unit_test(only_sockets_that_it_needs),
        cmocka_unit_test(it_still_works),
        cmocka_unit_test(it_writes_only_where_it_was_told_to),
        cmocka_unit_test(what_a_kernel_lacks_is_said_when_that_is_asked),
    };
    return cmocka_run_group_tests_name("confine", tests, make_folder, remove_folder);
}
