/* SPDX-License-Identifier: Apache-2.0
 *
 * What may be a change of this machine, and what is none: files and folders of a root of its own, and links of
 * a network namespace of its own. Where inotify is used up, time tells.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "base/limits.h"
#include "net/changes.h"

static char root[] = "/tmp/ssm-preflight-changes-XXXXXX";
static struct changes *changes;
static bool used_up;
static int64_t now_ms;

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int64_t __wrap_clock_monotonic_ms(void);

int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
    if (!used_up)
        return __real_inotify_add_watch(fd, path, mask);
    errno = ENOSPC;
    return -1;
}

int64_t __wrap_clock_monotonic_ms(void)
{
    return now_ms;
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

static const char *at(const char *path)
{
    static char whole[256];
    (void)text_set(whole, sizeof(whole), "%s%s", root, path);
    return whole;
}

static void make_folders(const char *path)
{
    char part[256];

    for (const char *slash = path; (slash = strchr(slash + 1, '/'));) {
        (void)text_set(part, sizeof(part), "%.*s", (int)(slash - path), path);
        assert_true(mkdir(at(part), 0755) == 0 || errno == EEXIST);
    }
}

static void touch(const char *path)
{
    int fd = open(at(path), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    assert_true(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0);
}

/* What was written is there at once: inotify tells within the call. */
static bool tells(void)
{
    struct pollfd fd = {.fd = changes_fd(changes), .events = POLLIN};
    bool readable = poll(&fd, 1, 0) == 1, any = changes_take(changes);

    assert_true(readable || !any);
    assert_int_equal(poll(&fd, 1, 0), 0); /* all of it was taken */
    assert_false(changes_take(changes));
    return any;
}

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    char command[128];
    (void)state;
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", root);
    return system(command); /* NOLINT(cert-env33-c): of a test */
}

static int start(void **state)
{
    (void)state;
    used_up = false;
    now_ms = 10000;
    make_folders("/etc/");
    make_folders("/run/");
    make_folders("/usr/bin/");
    changes = changes_open(root);
    return changes ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    changes_close(changes);
    return 0;
}

static void nothing_is_no_change(void **state)
{
    (void)state;
    assert_false(tells());
    assert_true(changes_poll_ms(changes) == 0);
    assert_int_equal(changes_fd(NULL), -1);
    assert_true(changes_poll_ms(NULL) == 0);
    changes_close(NULL);
}

static void files_that_count_and_files_that_do_not(void **state)
{
    static const struct {
        const char *path;
        bool counts;
    } rows[] = {
        {"/etc/resolv.conf", true},
        {"/etc/anything", true},
        {"/run/other", false},
        {"/run/systemd/notes", true}, /* the folder itself is new */
        {"/run/systemd/other", false},
        {"/run/systemd/resolve/resolv.conf", true},
        {"/run/systemd/resolve/stub", true},
        {"/run/resolvconf/x", true},
        {"/run/resolvconf/y", true},
        {"/run/NetworkManager/x", true},
        {"/run/NetworkManager/y", false},
        {"/run/NetworkManager/resolv.conf", true},
        {"/etc/amazon/ssm/amazon-ssm-agent.json", true},
        {"/etc/amazon/ssm/seelog.xml", true},
        {"/var/lib/amazon/ssm/registration", false}, /* watched from the next look on */
        {"/var/lib/amazon/ssm/registration", true},
        {"/usr/bin/ls", false},
        {"/usr/bin/amazon-ssm-agent", true},
        {"/usr/bin/ssm-agent-worker", true},
        {"/usr/bin/ssm-agent", false},
        {"/snap/amazon-ssm-agent/x", false},
        {"/snap/amazon-ssm-agent/current", true},
        {"/etc/ssl/certs/a", true},
        {"/etc/ssl/certs/b", true},
        {"/etc/pki/tls/certs/a", true},
        {"/etc/pki/tls/certs/b", true},
        {"/etc/pki/ca-trust/extracted/pem/a", false},
        {"/etc/pki/ca-trust/extracted/pem/b", true},
        {"/etc/systemd/system/multi-user.target.wants/a", true},
        {"/etc/systemd/system/multi-user.target.wants/b", true},
        {"/usr/lib/systemd/system/other.service", false},
        {"/usr/lib/systemd/system/third.service", false},
        {"/usr/lib/systemd/system/amazon-ssm-agent.service", true},
        {"/etc/systemd/system/a", true},
        {"/etc/systemd/system/amazon-ssm-agent.service.d/a", true},
        {"/etc/systemd/system/amazon-ssm-agent.service.d/b", true},
        {"/etc/systemd/system/snap.amazon-ssm-agent.amazon-ssm-agent.service.d/a", true},
        {"/etc/systemd/system/snap.amazon-ssm-agent.amazon-ssm-agent.service.d/b", true},
        {"/run/systemd/system/a", false},
        {"/run/systemd/system/b", true},
        {"/run/systemd/system/amazon-ssm-agent.service.d/a", true},
        {"/run/systemd/system/amazon-ssm-agent.service.d/b", true},
        {"/run/systemd/system/snap.amazon-ssm-agent.amazon-ssm-agent.service.d/b", true},
        {"/run/systemd/system/snap.amazon-ssm-agent.amazon-ssm-agent.service.d/c", true},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        make_folders(rows[i].path);
        touch(rows[i].path);
        if (tells() != rows[i].counts)
            fail_msg("%s", rows[i].path);
    }
}

static void of_many_changes_one_is_enough(void **state)
{
    (void)state;
    touch("/etc/first");
    touch("/usr/bin/last");
    assert_true(tells());
    for (int i = 0; i < 1000; i++)
        touch("/usr/bin/other");
    touch("/etc/hosts");
    assert_true(tells());
    for (int i = 0; i < 1000; i++)
        touch("/usr/bin/other");
    assert_false(tells());
    char renamed[256];
    (void)text_set(renamed, sizeof(renamed), "%s.old", at("/etc/hosts"));
    assert_int_equal(rename(at("/etc/hosts"), renamed), 0);
    assert_true(tells());
    assert_int_equal(unlink(renamed), 0);
    assert_true(tells());
    assert_int_equal(chmod(at("/etc"), 0700), 0);
    assert_true(tells());
    assert_int_equal(chmod(at("/etc"), 0755), 0);
    assert_true(tells());
}

static void what_is_only_read_is_no_change(void **state)
{
    struct buffer text;
    (void)state;
    touch("/etc/hosts");
    assert_true(tells());
    buffer_init(&text, FILE_MAX_BYTES);
    assert_int_equal(file_read(root, "/etc/hosts", &text), 0);
    buffer_clear(&text);
    assert_false(tells());
}

static void a_link_that_comes_up_is_a_change(void **state)
{
    struct ifreq link = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)state;

    assert_true(fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &link) == 0);
    link.ifr_flags |= IFF_UP;
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &link), 0);
    assert_true(tells());
    link.ifr_flags &= ~IFF_UP;
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &link), 0);
    assert_true(tells());
    (void)close(fd);
}

static void where_inotify_is_used_up_time_tells(void **state)
{
    (void)state;
    make_folders("/etc/hosts");
    changes_close(changes);
    used_up = true;
    changes = changes_open(root);
    assert_true(changes_poll_ms(changes) == CHANGES_POLL_MS);
    for (int i = 0; i < 2; i++) {
        assert_false(changes_take(changes));
        now_ms += CHANGES_POLL_MS - 1;
        assert_false(changes_take(changes)); /* not yet */
        now_ms++;
        assert_true(changes_take(changes));
    }
    used_up = false; /* somebody gave watches back */
    touch("/etc/hosts");
    (void)changes_take(changes);
    assert_true(changes_poll_ms(changes) == 0);
    touch("/etc/hosts");
    assert_true(tells());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_no_change, start, stop),
        cmocka_unit_test_setup_teardown(files_that_count_and_files_that_do_not, start, stop),
        cmocka_unit_test_setup_teardown(of_many_changes_one_is_enough, start, stop),
        cmocka_unit_test_setup_teardown(what_is_only_read_is_no_change, start, stop),
        cmocka_unit_test_setup_teardown(a_link_that_comes_up_is_a_change, start, stop),
        cmocka_unit_test_setup_teardown(where_inotify_is_used_up_time_tells, start, stop),
    };
    /* a network where nobody else changes anything */
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        print_message("no network namespaces here: nothing is tried\n");
        return 0;
    }
    return cmocka_run_group_tests_name("net: changes of this machine", tests, make_root,
                                       remove_root);
}
