/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths below a root: by openat2(2), and by our own walk where the kernel does not have it (before 5.6), or a container's
 * filter does not know it. Both find the same, and neither leaves the root.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"

enum { MAX_PATHS = 80, DEEP = 50, LONGEST = 4095 };

static char top[] = "/tmp/ssm-preflight-root-XXXXXX";
static char root[64];
static const char *paths[MAX_PATHS];
static int n_paths;

static const char *const folders[] = {"/a", "/a/b", "/a/b/c", "/etc"};
static const char *const files[] = {"/file", "/a/file", "/a/b/c/file", "/etc/passwd", "/..data"};
static const struct {
    const char *link, *target;
} links[] = {
    {"/to-file", "file"},
    {"/a/up", "../file"},
    {"/a/out", "../../../../secret"},
    {"/absolute", "/a/file"},
    {"/a/b/absolute", "/etc/passwd"},
    {"/to-folder", "a/b"},
    {"/loop", "loop"},
    {"/ping", "pong"},
    {"/pong", "ping"},
    {"/dead", "nothing"},
    {"/chain", "to-folder/c"},
    {"/a/here", "."},
    {"/a/slash", "b/"},
    {"/to-root", "/"},
    {"/a/b/c/dots", "../../../.."},
};

/* The kernel follows forty links and no more. */
#define TEN_LINKS "here/here/here/here/here/here/here/here/here/here/"
#define FORTY_LINKS TEN_LINKS TEN_LINKS TEN_LINKS TEN_LINKS

static const char *const asked[] = {
    "/file",
    "file",
    "//file",
    "/./file",
    "/../file",
    "/../../../file",
    "/a/../file",
    "/a/b/../../file",
    "/a/file",
    "/a/b/c/file",
    "/a/b/c/../c/file",
    "/etc/passwd",
    "/..data",
    "/nothing",
    "/a/nothing",
    "/file/x",
    "/file/",
    "/a",
    "/a/",
    "/a/.",
    "/a/..",
    "/",
    "",
    ".",
    "..",
    "/to-file",
    "/a/up",
    "/a/out",
    "/absolute",
    "/a/b/absolute",
    "/to-folder",
    "/to-folder/",
    "/to-folder/c/file",
    "/to-folder/../file",
    "/loop",
    "/ping",
    "/dead",
    "/dead/x",
    "/chain/file",
    "/a/here/file",
    "/a/here/here/here/b/c/file",
    "/a/" FORTY_LINKS "b/c/file",
    "/a/" FORTY_LINKS "here/b/c/file",
    "/a/slash/c/file",
    "/to-root/file",
    "/to-root/to-root/a/file",
    "/a/b/c/dots/file",
    "/secret",
    "/a/b/c/dots/../secret",
    "/to-root/../secret",
    "/a/out/..",
};

static const char *place(const char *name)
{
    static char path[2][256];
    static int which;
    which = !which;
    (void)text_set(path[which], sizeof(path[which]), "%s%s", root, name);
    return path[which];
}

static void put(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0 && close(fd) == 0);
}

static int make(void **state)
{
    static char deep[3][DEEP * 8 + 8], long_name[400], longest[2][LONGEST + 2];
    char outside[64];
    (void)state;

    if (!mkdtemp(top))
        return -1;
    (void)text_set(root, sizeof(root), "%s/root", top);
    (void)text_set(outside, sizeof(outside), "%s/secret", top);
    put(outside);
    if (mkdir(root, 0755) != 0)
        return -1;
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        if (mkdir(place(folders[i]), 0755) != 0)
            return -1;
    for (size_t i = 0; i < COUNT_OF(files); i++)
        put(place(files[i]));
    for (size_t i = 0; i < COUNT_OF(links); i++)
        if (symlink(links[i].target, place(links[i].link)) != 0)
            return -1;
    for (size_t i = 0; i < COUNT_OF(asked); i++)
        paths[n_paths++] = asked[i];
    for (int i = 0; i < 12; i++) /* down and up again does not make it deeper */
        (void)text_add(deep[0], sizeof(deep[0]), "/a/b/../..");
    (void)text_add(deep[0], sizeof(deep[0]), "/file");
    for (int i = 0; i < DEEP; i++)
        (void)text_add(deep[1], sizeof(deep[1]), "/a/..");
    (void)text_add(deep[1], sizeof(deep[1]), "/a/b/c/file");
    for (int i = 0; i < 30; i++)
        (void)text_add(deep[2], sizeof(deep[2]), "/to-root");
    (void)text_add(deep[2], sizeof(deep[2]), "/file");
    for (int i = 0; i < 3; i++)
        paths[n_paths++] = deep[i];
    memset(long_name, 'n', sizeof(long_name) - 1);
    long_name[0] = '/';
    paths[n_paths++] = long_name;
    for (size_t i = 0; i < 2; i++) { /* as long as a path may be, and longer by one */
        memset(longest[i], '/', LONGEST + i - strlen("file"));
        memcpy(longest[i] + (LONGEST + i - strlen("file")), "file", strlen("file"));
        paths[n_paths++] = longest[i];
    }
    paths[n_paths++] = "/far";
    return symlink(longest[0], place("/far"));
}

static int remove_all(void **state)
{
    char command[128];
    (void)state;
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", top);
    return system(command); /* NOLINT(cert-env33-c): of a test */
}

/* The number of what was found, or below zero why not. */
static int64_t found(const char *path, int flags)
{
    struct stat status;
    int fd = root_open(root, path, flags | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(close(fd), 0);
    return (int64_t)status.st_ino;
}

/* Neither the outside nor its folder: an inode of the root, or none. */
static void nothing_leaves_the_root(void **state)
{
    struct stat secret, above;
    (void)state;

    assert_true(stat(place("/../secret"), &secret) == 0 && stat(top, &above) == 0);
    for (int i = 0; i < n_paths; i++) {
        int64_t number = found(paths[i], O_RDONLY);
        assert_true(number != (int64_t)secret.st_ino && number != (int64_t)above.st_ino);
    }
    struct stat status;
    assert_int_equal(stat(place("/file"), &status), 0);
    assert_true(found("/../../../file", O_RDONLY) == (int64_t)status.st_ino);
    assert_true(found("/a/up", O_RDONLY) == (int64_t)status.st_ino);
    assert_int_equal(stat(place("/etc/passwd"), &status), 0);
    assert_true(found("/a/b/absolute", O_RDONLY) == (int64_t)status.st_ino);
}

/* `--root r`: of one letter, and below the working directory. */
static void a_root_may_be_named_by_a_letter(void **state)
{
    char before[256];
    struct stat status, there;
    (void)state;

    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(top), 0);
    assert_int_equal(symlink("root", "r"), 0);
    assert_int_equal(stat("root/file", &there), 0);
    assert_true(file_look("r", "/file", true, &status));
    assert_true(status.st_ino == there.st_ino);
    assert_false(file_exists("r", "/proc/self"));
    assert_int_equal(chdir(before), 0);
}

static const int flags_tried[] = {O_RDONLY, O_RDONLY | O_DIRECTORY, O_PATH, O_PATH | O_NOFOLLOW,
                                  O_RDONLY | O_NOFOLLOW};

/* errno of openat2() is this one from now on. */
static void deny_openat2(int error)
{
    const struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {.len = COUNT_OF(code),
                                      .filter = (struct sock_filter *)(uintptr_t)code};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0)
        _exit(3);
}

static int n_open(void)
{
    int n = 0;
    for (int fd = 0; fd < 64; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* Each answer of the walk, and whether it left something open. */
static void walk_all(int error, int64_t (*walked)[COUNT_OF(flags_tried)])
{
    int ends[2], status = 1;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        deny_openat2(error);
        int before = n_open();
        for (int i = 0; i < n_paths; i++) {
            int64_t row[COUNT_OF(flags_tried)];
            for (size_t j = 0; j < COUNT_OF(flags_tried); j++)
                row[j] = found(paths[i], flags_tried[j]);
            if (write(ends[1], row, sizeof(row)) != sizeof(row)) /* whole: below PIPE_BUF */
                _exit(2);
        }
        _exit(n_open() == before ? 0 : 1);
    }
    (void)close(ends[1]);
    for (int i = 0; i < n_paths; i++)
        assert_true(read(ends[0], walked[i], sizeof(walked[i])) == sizeof(walked[i]));
    (void)close(ends[0]);
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    assert_int_equal(status, 0);
}

static void the_walk_finds_what_the_kernel_finds(void **state)
{
    static const int errors[] = {ENOSYS, EPERM};
    static int64_t walked[MAX_PATHS][COUNT_OF(flags_tried)];
    (void)state;

    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) == 0 || errno != EFAULT ||
        (syscall(SYS_openat2, -1, "", NULL, 0), errno == ENOSYS))
        skip(); /* an emulator without filters, or no openat2() to compare with */
    for (size_t e = 0; e < COUNT_OF(errors); e++) {
        walk_all(errors[e], walked);
        for (int i = 0; i < n_paths; i++)
            for (size_t j = 0; j < COUNT_OF(flags_tried); j++) {
                int64_t kernel = found(paths[i], flags_tried[j]);
                if (kernel != walked[i][j])
                    fail_msg("\"%.60s\" with %#x: %lld, and by the walk %lld", paths[i],
                             (unsigned int)flags_tried[j], (long long)kernel,
                             (long long)walked[i][j]);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_leaves_the_root),
        cmocka_unit_test(a_root_may_be_named_by_a_letter),
        cmocka_unit_test(the_walk_finds_what_the_kernel_finds),
    };
    return cmocka_run_group_tests_name("base: paths below a root", tests, make, remove_all);
}
