/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads are bounded, and take regular files only: /etc of an image may be hostile, and a FIFO there must
 * not hang a boot.
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/output.h"
#include "base/text.h"

/* --- below a root ---
 * Opens below a root directory as the programs of that root would see it: an absolute link begins at the
 * root, and `..` does not lead out of it. The kernel does so itself from 5.6 on (openat2(2)). Before, the
 * path is walked one name at a time, each opened without following a link. */

enum { MAX_DEPTH = 64, MAX_LINKS = 40, MAX_TRIES = 16, PATH_BYTES = 4096 };

struct walk {
    int folders[MAX_DEPTH + 1]; /* [0] is the root's, which is not ours to close */
    int depth;
    int n_links;
    char rest[PATH_BYTES];
};

static int stop(int error)
{
    errno = error;
    return -1;
}

static void climb(struct walk *walk, int to_depth)
{
    while (walk->depth > to_depth)
        (void)close(walk->folders[walk->depth--]);
}

/* In place of the link `fd`, its target and then the rest of the path. -1 with errno 0: go on. */
static int follow(struct walk *walk, int fd)
{
    char target[PATH_BYTES], rest[PATH_BYTES];
    ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);

    if (n < 0)
        return -1;
    target[n] = '\0';
    if (++walk->n_links > MAX_LINKS)
        return stop(ELOOP);
    (void)text_set(rest, sizeof(rest), "%s", walk->rest);
    if (!text_set(walk->rest, sizeof(walk->rest), "%s%s", target, rest))
        return stop(ENAMETOOLONG);
    if (target[0] == '/')
        climb(walk, 0);
    return stop(0);
}

/* The next name of the path. False at its end. A slash behind the last name stays: that must be a folder. */
static bool take_name(struct walk *walk, char name[PATH_BYTES])
{
    const char *at = walk->rest + strspn(walk->rest, "/");
    size_t n = strcspn(at, "/");

    (void)text_set(name, PATH_BYTES, "%.*s", (int)n, at);
    memmove(walk->rest, at + n, strlen(at + n) + 1);
    return n > 0;
}

/* Of a LOCAL_FD: whoever takes it closes it. */
static int keep(int *fd)
{
    int kept = *fd;

    *fd = -1;
    return kept;
}

/* -1 with errno 0: go on. */
static int step(struct walk *walk, const char *name, int flags)
{
    struct stat status;
    bool is_last = !walk->rest[0];
    int here = walk->folders[walk->depth];

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        climb(walk, name[1] && walk->depth > 0 ? walk->depth - 1 : walk->depth);
        return is_last ? openat(walk->folders[walk->depth], ".", flags) : stop(0);
    }
    LOCAL_FD fd = openat(here, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0)
        return -1;
    if (S_ISLNK(status.st_mode) && !(is_last && (flags & O_NOFOLLOW)))
        return follow(walk, fd);
    if (is_last)
        return openat(here, name, flags | O_NOFOLLOW);
    if (walk->depth == MAX_DEPTH)
        return stop(ENAMETOOLONG);
    walk->folders[++walk->depth] = keep(&fd);
    return stop(0);
}

static int walk_path(int top, const char *path, int flags)
{
    struct walk walk = {.folders = {top}};
    char name[PATH_BYTES];
    int found = -1;

    if (!text_set(walk.rest, sizeof(walk.rest), "%s", path))
        return stop(ENAMETOOLONG);
    errno = 0;
    while (found < 0 && !errno) {
        if (take_name(&walk, name))
            found = step(&walk, name, flags);
        else
            found = openat(walk.folders[walk.depth], ".", flags & ~O_NOFOLLOW);
    }
    int error = errno;
    climb(&walk, 0);
    return found >= 0 ? found : stop(error);
}

static int open_below(const char *root, const char *path, int flags)
{
    struct open_how how = {.flags = (unsigned int)flags,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    long fd = -1;

    LOCAL_FD top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (top < 0)
        return -1;
    errno = EAGAIN; /* a rename raced with `..`: ask again */
    for (int i = 0; fd < 0 && errno == EAGAIN && i < MAX_TRIES; i++)
        fd = syscall(SYS_openat2, top, path[0] ? path : ".", &how, sizeof(how));
    /* EPERM: a container's old seccomp filter does not know the call */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = walk_path(top, path, flags);
    return (int)fd;
}

void (*file_opened)(const char *path, bool is_folder, int fd);

int root_open(const char *root, const char *path, int flags)
{
    int fd = root[0] ? open_below(root, path, flags) : open(path, flags);

    if (file_opened && !(flags & O_PATH))
        file_opened(path, flags & O_DIRECTORY, fd);
    return fd >= 0 ? fd : stop(file_note_trouble(path, errno));
}

void file_close(const int *fd)
{
    int error = errno;

    if (*fd >= 0)
        (void)close(*fd);
    errno = error;
}

/* --- files --- */

enum { FULL_PATH_SIZE = 4096, MAX_NAMES = 1024, MAX_ENTRIES = 65536, WRITE_MAX_MS = 3000 };

/* Kept here, since whoever reads takes a file that cannot be read for one that is not there. */
static char first_trouble[256];

bool file_is_trouble(int os_error)
{
    static const int troubles[] = {EMFILE, ENFILE,  ENOMEM, ENOBUFS,
                                   EIO,    EUCLEAN, ESTALE, EREMOTEIO};

    for (size_t i = 0; i < COUNT_OF(troubles); i++)
        if (troubles[i] == os_error)
            return true;
    return false;
}

bool file_take_trouble(char *to, size_t size)
{
    bool any = first_trouble[0];

    if (any)
        (void)text_set(to, size, "%s", first_trouble);
    first_trouble[0] = '\0';
    return any;
}

void file_keep_trouble(const char *what, int os_error)
{
    if (!first_trouble[0])
        (void)text_set(first_trouble, sizeof(first_trouble), "%.180s: %s", what,
                       strerror(os_error));
}

int file_note_trouble(const char *what, int os_error)
{
    if (file_is_trouble(os_error))
        file_keep_trouble(what, os_error);
    return os_error;
}

bool file_look(const char *root, const char *path, bool follow, struct stat *status)
{
    LOCAL_FD fd = root_open(root, path, O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
    bool found = fd >= 0 && fstat(fd, status) == 0;

    if (fd >= 0 && !found)
        (void)file_note_trouble(path, errno);
    return found;
}

/* /dev/null, to which people link what is to be empty, is an empty file. */
static bool is_file(const struct stat *status)
{
    return S_ISREG(status->st_mode) ||
           (S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3));
}

/* To open a device can do something: below a root, whose files may be hostile, one is looked at before. */
int file_open(const char *root, const char *path)
{
    struct stat status = {0};

    if (root[0] && file_look(root, path, true, &status) && !S_ISREG(status.st_mode)) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : is_file(&status) ? ENODATA : EINVAL;
        return -1;
    }
    int fd = root_open(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -1;
    int error = fstat(fd, &status) != 0   ? file_note_trouble(path, errno)
                : is_file(&status)        ? 0
                : S_ISDIR(status.st_mode) ? EISDIR
                                          : EINVAL;
    if (!error)
        return fd;
    (void)close(fd);
    errno = error;
    return -1;
}

int file_read(const char *root, const char *path, struct buffer *contents)
{
    LOCAL_FD fd = file_open(root, path);
    if (fd < 0 && errno == ENODATA)
        (void)buffer_add(contents, "", 0);
    if (fd < 0)
        return errno == ENODATA ? 0 : errno;

    char piece[16384];
    struct stat status = {0};
    int error = fstat(fd, &status) != 0                       ? file_note_trouble(path, errno)
                : status.st_size > (off_t)contents->max_bytes ? EFBIG
                                                              : 0;
    while (!error) {
        ssize_t n = read(fd, piece, sizeof(piece));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            error = n < 0 ? file_note_trouble(path, errno) : 0;
            break;
        }
        if (!buffer_add(contents, piece, (size_t)n))
            error = EFBIG;
    }
    explicit_bzero(piece, sizeof(piece)); /* it may have been credentials */
    if (error)
        buffer_clear(contents);
    else
        (void)buffer_add(contents, "", 0); /* an empty file is an empty text */
    return error;
}

int file_read_as_go(const char *root, const char *path, struct buffer *contents)
{
    enum { LONGEST_LINE = 64 * 1024 };
    int error = file_read(root, path, contents);

    for (char *at = contents->bytes, *line = at; !error && at < contents->bytes + contents->used;
         at++) {
        if (*at == '\n')
            line = at + 1;
        if (!*at)
            *at = '\1';
        if (at + 1 - line == LONGEST_LINE) {
            line[0] = '\0';
            break; /* what is behind is not of the text */
        }
    }
    return error;
}

size_t file_read_start(const char *root, const char *path, char *bytes, size_t n)
{
    LOCAL_FD fd = file_open(root, path);
    if (fd < 0)
        return 0;

    ssize_t read_now;
    do
        read_now = read(fd, bytes, n);
    while (read_now < 0 && errno == EINTR);
    (void)file_note_trouble(path, read_now < 0 ? errno : 0);
    return read_now > 0 ? (size_t)read_now : 0;
}

bool file_read_line(const char *root, const char *path, char *line, size_t size)
{
    size_t n = file_read_start(root, path, line, size - 1);

    line[n] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    return n > 0;
}

bool file_exists(const char *root, const char *path)
{
    struct stat status;

    return file_look(root, path, true, &status);
}

bool file_read_link(const char *root, const char *path, char *target, size_t size)
{
    LOCAL_FD fd = root_open(root, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = readlinkat(fd, "", target, size - 1);
    (void)file_note_trouble(path, n < 0 ? errno : 0);
    if (n < 0)
        return false;
    target[n] = '\0';
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* NULL at the end, or where the rest cannot be read. */
static struct dirent *next_entry(DIR *directory, const char *path)
{
    errno = 0;
    struct dirent *entry = readdir(directory);
    if (!entry)
        (void)file_note_trouble(path, errno);
    return entry;
}

struct file_names file_list(const char *root, const char *path, const char *suffix)
{
    struct file_names found = {.n = 0};
    size_t n_entries = 0;
    int fd = root_open(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);

    if (!directory) {
        found.error = file_note_trouble(path, errno);
        file_close(&fd);
        return found;
    }
    found.names = calloc(MAX_NAMES, sizeof(char *));
    for (struct dirent *entry;
         found.n < MAX_NAMES && n_entries++ < MAX_ENTRIES && (entry = next_entry(directory, path));)
        if (entry->d_name[0] != '.' && text_ends(entry->d_name, suffix))
            found.names[found.n++] = strdup(entry->d_name);
    (void)closedir(directory);
    qsort(found.names, found.n, sizeof(found.names[0]), by_name);
    return found;
}

void file_names_free(struct file_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->names[i]);
    free(names->names);
}

/* A device or a pipe is written to. A rename would put a file in its place: the end of /dev/null. */
static int write_to_device(const char *path, const char *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno;

    int error = output_write(fd, bytes, n, WRITE_MAX_MS);
    if (close(fd) != 0 && !error)
        error = errno;
    return error;
}

int file_write_atomically(const char *path, const char *bytes, size_t n, mode_t mode)
{
    struct stat target, itself;
    bool is_link = lstat(path, &itself) == 0 && S_ISLNK(itself.st_mode);

    if (stat(path, &target) == 0 && !S_ISREG(target.st_mode) && !S_ISDIR(target.st_mode))
        return write_to_device(path, bytes, n);
    if (is_link) /* it may be a trap to follow; and /dev/stdout must not be replaced */
        return ELOOP;

    char temporary[FULL_PATH_SIZE];
    if (!text_set(temporary, sizeof(temporary), "%s.XXXXXX", path))
        return ENAMETOOLONG;

    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return errno;

    int error = output_write(fd, bytes, n, WRITE_MAX_MS);
    if (!error && fchmod(fd, mode) != 0)
        error = errno;
    if (close(fd) != 0 && !error)
        error = errno;
    if (!error && rename(temporary, path) != 0)
        error = errno;
    if (error)
        (void)unlink(temporary);
    return error;
}
