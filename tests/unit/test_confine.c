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
#include "run/confine.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_other_program_and_no_other_process),
        cmocka_unit_test(only_sockets_that_it_needs),
        cmocka_unit_test(it_still_works),
        cmocka_unit_test(it_writes_only_where_it_was_told_to),
    };
    return cmocka_run_group_tests_name("confine", tests, make_folder, remove_folder);
}
