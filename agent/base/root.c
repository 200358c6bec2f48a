/* SPDX-License-Identifier: Apache-2.0
 *
 * Opens below a root directory as the programs of that root would see it: an absolute link begins at the
 * root, and `..` does not lead out of it. The kernel does so itself from 5.6 on (openat2(2)). Before, the
 * path is walked one name at a time, each opened without following a link.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

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

/* In place of the link `fd`, its target and then the rest of the path. */
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
    if (!text_set(walk->rest, sizeof(walk->rest), "%s/%s", target, rest))
        return stop(ENAMETOOLONG);
    if (target[0] == '/')
        climb(walk, 0);
    return 0;
}

/* The next name of the path. False at its end. */
static bool take_name(struct walk *walk, char name[PATH_BYTES])
{
    const char *at = walk->rest + strspn(walk->rest, "/");
    size_t n = strcspn(at, "/");

    (void)text_set(name, PATH_BYTES, "%.*s", (int)n, at);
    at += n + strspn(at + n, "/");
    memmove(walk->rest, at, strlen(at) + 1);
    return n > 0;
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
    int fd = openat(here, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int found = -1;
    if (fstat(fd, &status) != 0) {
        /* errno says why */
    } else if (S_ISLNK(status.st_mode) && !(is_last && (flags & O_NOFOLLOW))) {
        found = follow(walk, fd) == 0 ? stop(0) : -1;
    } else if (is_last) {
        found = openat(here, name, flags | O_NOFOLLOW);
    } else if (walk->depth == MAX_DEPTH) {
        found = stop(ENAMETOOLONG);
    } else {
        walk->folders[++walk->depth] = fd;
        return stop(0);
    }
    int error = errno;
    (void)close(fd);
    return found >= 0 ? found : stop(error);
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

    int top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (top < 0)
        return -1;
    errno = EAGAIN; /* a rename raced with `..`: ask again */
    for (int i = 0; fd < 0 && errno == EAGAIN && i < MAX_TRIES; i++)
        fd = syscall(SYS_openat2, top, path[0] ? path : ".", &how, sizeof(how));
    /* EPERM: a container's old seccomp filter does not know the call */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = walk_path(top, path, flags);
    int error = errno;
    (void)close(top);
    return fd >= 0 ? (int)fd : stop(error);
}

int root_open(const char *root, const char *path, int flags)
{
    int fd = root[0] ? open_below(root, path, flags) : open(path, flags);

    return fd >= 0 ? fd : stop(file_note_trouble(path, errno));
}
