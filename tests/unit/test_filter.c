/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether the own unit lets no packet through: said of the unit alone, and only where its slice is not what it should be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "run/commands.h"

#define SLICE "/system.slice/system-ssmpreflight.slice"

static int refusal; /* of the kernel */
static char root[] = "/tmp/ssm-preflight-filter.XXXXXX";

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants this name */
ssize_t __wrap_sendto(int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to,
                      socklen_t length);
ssize_t __wrap_sendto(int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to,
                      socklen_t length)
{
    const struct sockaddr_in *at = (const struct sockaddr_in *)(const void *)to;

    (void)fd, (void)bytes;
    assert_int_equal(flags, 0);
    assert_int_equal(n, 0);
    assert_int_equal(length, sizeof(*at));
    assert_int_equal(ntohl(at->sin_addr.s_addr), INADDR_LOOPBACK);
    assert_int_equal(ntohs(at->sin_port), 9); /* discard, RFC 863 */
    errno = refusal ? refusal : EPERM;        /* which another call may have left */
    return refusal ? -1 : 0;
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

/* Below the root; NULL: it is not there. */
static void put(const char *path, const char *text)
{
    char whole[PATH_SIZE];

    assert_true(text_set(whole, sizeof(whole), "%s%s", root, path));
    for (char *at = whole + strlen(root) + 1; (at = strchr(at, '/')); *at++ = '/') {
        *at = '\0';
        assert_true(mkdir(whole, 0755) == 0 || errno == EEXIST);
    }
    if (text)
        assert_int_equal(file_write_atomically(whole, text, strlen(text), 0644), 0);
    else
        (void)unlink(whole);
}

static void it_is_said_of_its_own_unit_outside_of_its_slice(void **state)
{
    static const struct {
        const char *group;
        int refusal;
        bool installed;
        const char *why; /* NULL: nothing is said */
    } rows[] = {
        {"0::" SLICE "/ssm-preflight.service\n", 0, true, NULL},
        {"0::/system.slice/ssm-preflight.service\n", EPERM, true,
         "ssm-preflight.service may send nothing, since system-ssmpreflight.slice is not its slice"},
        {"9:name=systemd:/\n0::/other.slice/ssm-preflight-follow.service\n", EPERM, true,
         "ssm-preflight-follow.service may send nothing, since system-ssmpreflight.slice is not its "
         "slice"},
        {"0::" SLICE "/ssm-preflight.service\n", EPERM, false,
         "ssm-preflight.service may send nothing, since system-ssmpreflight.slice is not installed"},
        /* a drop-in allows what the slice did */
        {"0::/other.slice/ssm-preflight.service\n", 0, true, NULL},
        {"0::/other.slice/ssm-preflight.service\n", ENETUNREACH, true, NULL},
        /* a firewall drops the loopback */
        {"0::" SLICE "/ssm-preflight.service\n", EPERM, true, NULL},
        {"0::/user.slice/user-0.slice/session-1.scope\n", EPERM, true, NULL},
        {"0::/system.slice/other-ssm-preflight.service\n", EPERM, true, NULL},
        {"1:name=systemd:/other.slice/ssm-preflight.service\n0::/\n", EPERM, true, NULL},
        {"", EPERM, true, NULL},
        {NULL, EPERM, true, NULL},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char why[DETAIL_SIZE] = "";

        refusal = rows[i].refusal;
        put("/proc/self/cgroup", rows[i].group);
        put("/usr/lib/systemd/system/system-ssmpreflight.slice", rows[i].installed ? "x" : NULL);
        assert_int_equal(filter_drops_all(root, why, sizeof(why)), !!rows[i].why);
        assert_string_equal(why, rows[i].why ? rows[i].why : "");
    }
}

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    static const char *const folders[] = {"/usr/lib/systemd/system",
                                          "/usr/lib/systemd",
                                          "/usr/lib",
                                          "/usr",
                                          "/proc/self",
                                          "/proc",
                                          ""};
    char whole[PATH_SIZE];
    (void)state;

    put("/proc/self/cgroup", NULL);
    put("/usr/lib/systemd/system/system-ssmpreflight.slice", NULL);
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        (void)text_set(whole, sizeof(whole), "%s%s", root, folders[i]);
        (void)rmdir(whole);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_said_of_its_own_unit_outside_of_its_slice),
    };

    return cmocka_run_group_tests(tests, make_root, remove_root);
}
