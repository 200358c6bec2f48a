/* SPDX-License-Identifier: Apache-2.0
 *
 * Names in folders and the targets of links: whoever made an image, or filled a folder for `show`, chose them.
 *
 * Linked with --wrap= of open, close, syscall, file_list and file_read_link. Whoever links without finds nothing wrapped,
 * and no __real_ either: they are weak.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "diagnose/diagnose.h"
#include "model/fleet.h"
#include "report/report.h"
#include "targets.h"

enum { MAX_NAMES = 8 };

static char *names[MAX_NAMES];
static size_t n_names;
static const char *every_file;
static bool without_openat2;

void fuzz_name(char *lines, const char *every)
{
    n_names = 0;
    every_file = every;
    for (char *name; lines && n_names < MAX_NAMES && (name = text_next(&lines, "\n"));)
        names[n_names++] = name;
}

/* MAX_NAMES: none. */
static size_t index_of_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    for (size_t i = 0; i < n_names; i++)
        if (strcmp(names[i], slash ? slash + 1 : path) == 0)
            return i;
    return MAX_NAMES;
}

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
int __wrap_open(const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...) __attribute__((weak));
int __wrap_close(int fd);
int __real_close(int fd) __attribute__((weak));
long __wrap_syscall(long number, ...);
long __real_syscall(long number, ...) __attribute__((weak));
struct file_names __wrap_file_list(const char *root, const char *path, const char *suffix);
struct file_names __real_file_list(const char *root, const char *path, const char *suffix)
    __attribute__((weak));
bool __wrap_file_read_link(const char *root, const char *path, char *target, size_t size);
bool __real_file_read_link(const char *root, const char *path, char *target, size_t size)
    __attribute__((weak));

/* The root stays open to the end. */
static int top = -1;

static void close_top(void)
{
    (void)__real_close(top);
}

/* Weak: a unit test may have its own. */
__attribute__((weak)) int __wrap_open(const char *path, int flags, ...)
{
    if (strcmp(path, fuzz_root()) != 0)
        return __real_open(path, flags, 0600);
    if (top < 0) {
        top = __real_open(path, flags);
        (void)atexit(close_top);
    }
    return top;
}

int __wrap_close(int fd)
{
    return fd >= 0 && (fd == top || fd == fuzz_socket || fuzz_keeps(fd)) ? 0 : __real_close(fd);
}

long __wrap_syscall(long number, ...)
{
    va_list list;
    long a[4];

    va_start(list, number);
    for (size_t i = 0; i < COUNT_OF(a); i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_openat2 && without_openat2) {
        errno = ENOSYS;
        return -1;
    }
    if (number == SYS_openat2 && index_of_name((const char *)a[1]) < MAX_NAMES)
        a[1] = (long)every_file;
    if (number == SYS_openat2 && a[0] == top && !fuzz_may_be_there((const char *)a[1])) {
        errno = ENOENT;
        return -1;
    }
    return __real_syscall(number, a[0], a[1], a[2], a[3]);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What a folder can hold. */
struct file_names __wrap_file_list(const char *root, const char *path, const char *suffix)
{
    struct file_names found = {.n = 0};

    if (n_names == 0)
        return __real_file_list(root, path, suffix);
    found.names = calloc(MAX_NAMES, sizeof(char *));
    for (size_t i = 0; i < n_names; i++)
        if (names[i][0] != '.' && !strchr(names[i], '/') && strlen(names[i]) < 256 &&
            text_ends(names[i], suffix))
            found.names[found.n++] = strdup(names[i]);
    qsort(found.names, found.n, sizeof(found.names[0]), by_name);
    return found;
}

bool __wrap_file_read_link(const char *root, const char *path, char *target, size_t size)
{
    size_t i = index_of_name(path);

    if (i == MAX_NAMES)
        return __real_file_read_link(root, path, target, size);
    (void)text_set(target, size, "%s", names[(i + 1) % n_names]);
    return true;
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

/* --- links that lead out of a root --- */

enum { MAX_LINKS = 8, MAX_PATH = 512 };
static char links[MAX_LINKS][MAX_PATH];
static int n_links;

static void put_link(const char *name, const char *target)
{
    char *path = links[n_links];

    /* one name, in the root or in its folder: nothing is made outside */
    if (n_links < MAX_LINKS && name[0] && !strchr(name + 1, '/') &&
        text_set(path, MAX_PATH, "%s/%s%s", fuzz_root(), name[0] == '/' ? "folder/" : "",
                 name + (name[0] == '/')) &&
        symlink(target, path) == 0)
        n_links++;
}

static void compare(const char *path)
{
    struct stat by_kernel = {0}, by_us = {0};
    char target[8];

    memset(target, '!', sizeof(target));
    bool kernel_finds = file_look(fuzz_root(), path, true, &by_kernel);
    without_openat2 = true;
    bool we_find = file_look(fuzz_root(), path, true, &by_us);
    bool too_long = !we_find && errno == ENAMETOOLONG;
    without_openat2 = false;
    fuzz_require(too_long || (kernel_finds == we_find && by_kernel.st_dev == by_us.st_dev &&
                              by_kernel.st_ino == by_us.st_ino),
                 "without openat2(2) the same is found");
    fuzz_require(!file_read_link(fuzz_root(), path, target, sizeof(target)) ||
                     memchr(target, '\0', sizeof(target)),
                 "a target ends");
    file_names_free(&(struct file_names[]){file_list(fuzz_root(), path, "")}[0]);
}

/* Lines: "NAME TARGET" is a link, anything else a path to look at. */
void fuzz_root_links(const uint8_t *bytes, size_t n)
{
    char *lines = fuzz_text(bytes, n < 2048 ? n : 2048), *rest = lines, path[MAX_PATH];

    if (fuzz_root_of(__func__)) {
        (void)text_set(path, sizeof(path), "%s/folder", fuzz_root());
        (void)mkdir(path, 0700);
    }
    for (char *line; (line = text_next(&rest, "\n"));) {
        char *target = strchr(line, ' ');
        if (target)
            *target++ = '\0';
        if (target)
            put_link(line, target);
        else
            compare(line);
    }
    while (n_links > 0)
        (void)unlink(links[--n_links]);
    free(lines);
}

/* --- `show` of a folder --- */

/* Each line is the name of a file; every other one was read. In one output each: they take their time. */
void fuzz_fleet(const uint8_t *bytes, size_t n)
{
    static struct report report;
    static struct facts facts;
    const struct style style = {.colour = false, .columns = 40};
    char *lines = fuzz_text(bytes, n), *rest = lines;
    struct fleet fleet = {.n_members = 0};

    if (!report.summary[0])
        diagnose(&facts, &report);
    for (char *line; (line = text_next(&rest, "\n")) && fleet.n_members < 64;) {
        if (fleet.n_members % 2)
            fleet_add_unread(&fleet, line, "no report that this version can read");
        else
            fleet_add(&fleet, line, &report);
        if (fleet_has_new_cause(&fleet))
            fleet.members[fleet.n_members - 1].way = strdup(line);
    }
    fleet_judge(&fleet);
    LOCAL_BUFFER text = {.max_bytes = REPORT_MAX_BYTES};
    fleet_outputs[n % n_fleet_outputs].write(&fleet, &style, &text);
    fuzz_require(!text.failed, "an output fits");
    for (size_t at = 0; at < text.used; at++)
        fuzz_require(text.bytes[at] == '\n' || (text.bytes[at] >= 0x20 && text.bytes[at] <= 0x7e),
                     "an output is printable ASCII");
    fleet_clear(&fleet);
    free(lines);
}
