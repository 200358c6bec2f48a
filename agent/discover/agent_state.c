/* SPDX-License-Identifier: Apache-2.0
 *
 * Nothing is written: the file system's own numbers say whether something could be. root may use the
 * blocks that are reserved for it, so f_bfree counts and not f_bavail.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "discover/agent.h"
#include "discover/unit.h"
#include "model/agent_log.h"

#define STATE_DIRECTORY "/var/lib/amazon/ssm"
#define AGENT_LOG "/var/log/amazon/ssm/amazon-ssm-agent.log"
#define ERRORS_LOG "/var/log/amazon/ssm/errors.log"

/* What the agent makes at its start: folders for its channels, a runtime configuration, its keys. */
enum { MIN_FREE_BYTES = 8 * 1024, MIN_FREE_INODES = 16 };

static bool is_below(const char *path, const char *mount)
{
    size_t n = strlen(mount);

    return strncmp(path, mount, n) == 0 && (mount[n - 1] == '/' || !path[n] || path[n] == '/');
}

/* Whether the file system itself is read-only, and not merely its mount: the sandbox of our own unit
 * makes every mount read-only (systemd.exec(5), ProtectSystem=). The last mount that holds what `fd` is
 * counts. */
static bool is_read_only(int fd)
{
    LOCAL_BUFFER mounts = {.max_bytes = 1024 * 1024};
    char link[NAME_SIZE], path[2 * PATH_SIZE];
    size_t longest = 0;
    bool read_only = false;

    (void)text_set(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (!file_read_link("", link, path, sizeof(path)) ||
        file_read("", "/proc/self/mountinfo", &mounts) != 0)
        return false;
    for (char *line, *rest = mounts.bytes; (line = text_next(&rest, "\n"));) {
        char *mount = NULL, *last = NULL; /* words of proc_pid_mountinfo(5) */
        for (int i = 0; i < 5; i++)
            mount = text_next(&line, " ");
        if (!mount || !is_below(path, mount) || strlen(mount) < longest)
            continue;
        longest = strlen(mount);
        for (char *word; (word = text_next(&line, " "));)
            last = word;
        read_only = last && (strcmp(last, "ro") == 0 || text_starts(last, "ro,"));
    }
    return read_only;
}

/* The directory, or the nearest one above it that is there: open, and -1 where even that fails. */
static int open_directory(const char *root, char path[PATH_SIZE])
{
    int fd;

    (void)text_set(path, PATH_SIZE, "%s", STATE_DIRECTORY);
    while ((fd = root_open(root, path, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0 && path[1]) {
        char *slash = strrchr(path, '/');
        slash[slash == path] = '\0';
    }
    return fd;
}

/* Not even root changes it, nor makes anything in it: chattr(1), statx(2). Overlays and old kernels do not tell. */
static bool is_immutable(int fd)
{
    struct statx status;

    return statx(fd, "", AT_EMPTY_PATH, 0, &status) == 0 &&
           (status.stx_attributes & STATX_ATTR_IMMUTABLE);
}

/* Why nothing can be written on its disk. */
static enum failure judge_disk(int fd, const char *path, struct agent_facts *agent)
{
    struct statvfs disk;

    if (fstatvfs(fd, &disk) != 0) {
        (void)file_note_trouble(path, errno);
        return FAILURE_NONE;
    }
    agent->noexec |= (disk.f_flag & ST_NOEXEC) != 0;
    if ((disk.f_flag & ST_RDONLY) && is_read_only(fd))
        return FAILURE_READ_ONLY;
    if (disk.f_blocks > 0 && disk.f_bfree * disk.f_frsize < MIN_FREE_BYTES)
        return FAILURE_FULL;
    return disk.f_files > 0 && disk.f_ffree < MIN_FREE_INODES ? FAILURE_NO_INODES : FAILURE_NONE;
}

/* The limits are counted for each user, so root's can be seen by root alone, inotify(7). */
static void try_inotify(int directory, struct agent_facts *agent)
{
    char path[NAME_SIZE];

    if (geteuid() != 0)
        return;
    (void)text_set(path, sizeof(path), "/proc/self/fd/%d", directory);
    LOCAL_FD fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    bool watches = fd >= 0 && inotify_add_watch(fd, path, IN_DELETE_SELF) >= 0;
    int error = watches ? 0 : errno;
    /* EMFILE may be said of our own descriptors */
    LOCAL_FD other_fd = epoll_create1(EPOLL_CLOEXEC);

    if (watches)
        agent->inotify = ANSWER_YES;
    else if (other_fd >= 0 && (error == EMFILE || error == ENOSPC))
        agent->inotify = ANSWER_NO;
    if (agent->inotify == ANSWER_NO)
        (void)text_set(agent->inotify_limit, sizeof(agent->inotify_limit), "%s",
                       fd < 0 ? "fs.inotify.max_user_instances" : "fs.inotify.max_user_watches");
}

static bool is_of_this_boot(const char *root, const char *log)
{
    struct timespec up;
    struct stat status;

    return clock_gettime(CLOCK_BOOTTIME, &up) == 0 && file_look(root, log, true, &status) &&
           status.st_mtim.tv_sec >= clock_wall_unix_ms() / 1000 - up.tv_sec;
}

/* At each start the agent writes to its log, which only root can look at. One that ends again and again runs now and then: then its
 * last error says that it did not start. */
static void look_for_end(const char *root, struct agent_facts *agent)
{
    struct unit_end end = {0};

    if (agent->running == ANSWER_YES) {
        if (!strstr(agent->last_error, AGENT_DID_NOT_START))
            return;
    } else if (agent->running == ANSWER_NO && file_exists(root, AGENT_LOG)) {
        agent->ended = is_of_this_boot(root, AGENT_LOG) ? ANSWER_YES : ANSWER_NO;
    } else {
        return;
    }
    if (agent->ended == ANSWER_NO || !unit_ask(root, agent->unit, &end))
        return;
    if (end.pid == 0) {
        agent->ended = ANSWER_NO; /* the clock was set, and the times of files mislead */
    } else {
        (void)text_set(agent->unit_active, sizeof(agent->unit_active), "%s", end.active);
        (void)text_set(agent->unit_result, sizeof(agent->unit_result), "%s", end.result);
        agent->n_restarts = end.n_restarts;
        agent->exit_status = end.exit_status;
    }
}

static void read_last_error(const char *root, struct agent_facts *agent)
{
    char end[16 * 1024];
    LOCAL_FD fd = is_of_this_boot(root, ERRORS_LOG) ? file_open(root, ERRORS_LOG) : -1;

    if (fd < 0)
        return;
    (void)lseek(fd, -(off_t)sizeof(end), SEEK_END); /* a shorter one is at its start */
    ssize_t n = read(fd, end, sizeof(end));
    if (n < 0)
        (void)file_note_trouble(ERRORS_LOG, errno);
    agent_log_last_error(end, n > 0 ? (size_t)n : 0, AGENT_LINES_ALL, agent->last_error);
}

/* A file, or a link that leads nowhere, where the agent wants one of its directories; a directory where it
 * wants a file; something else where it listens: what is left of a socket, it replaces. Or a disk other than
 * `own` that it cannot write to: only of its channels it has others (measured). */
static void look_at(const char *root, const char *path, mode_t type, dev_t own,
                    struct agent_facts *agent)
{
    enum failure failure = FAILURE_NONE;
    bool is_file = type == S_IFREG;
    struct stat status;

    if (agent->state.outcome == OUTCOME_FAILED)
        return;
    LOCAL_FD fd = root_open(root, path, O_PATH | O_CLOEXEC);
    mode_t found = fd >= 0 && fstat(fd, &status) == 0                  ? status.st_mode & S_IFMT
                   : !is_file && file_look(root, path, false, &status) ? S_IFLNK
                                                                       : type;
    if (is_file ? found == S_IFDIR : found != type)
        failure = FAILURE_INVALID;
    else if (fd >= 0 && !strstr(path, "/ipc") && is_immutable(fd))
        failure = FAILURE_IMMUTABLE;
    else if (fd >= 0 && status.st_dev != own && !strstr(path, "/ipc"))
        failure = judge_disk(fd, path, agent);
    if (failure == FAILURE_NONE)
        return;
    step_fail(&agent->state, failure, 1);
    (void)text_quote(agent->state_directory, PATH_SIZE, "%s", path);
}

/* Whatever it is that the agent's worker makes in the folder of its instance, it ends when it cannot
 * (agent/framework/coremanager/coremanager.go). Those of other instances, of which the image was made, count where it is not
 * known which one this is: "". */
static void look_below(const char *root, int directory, const char *instance,
                       struct agent_facts *agent)
{
    static const struct {
        const char *path;
        mode_t type;
    } wanted[] = {{STATE_DIRECTORY, S_IFDIR},
                  {STATE_DIRECTORY "/ipc", S_IFDIR},
                  {STATE_DIRECTORY "/ipc/health", S_IFSOCK},
                  {STATE_DIRECTORY "/ipc/termination", S_IFSOCK},
                  {STATE_DIRECTORY "/runtimeconfig", S_IFDIR},
                  {STATE_DIRECTORY "/runtimeconfig/identity_config.json", S_IFREG}};
    static const char *const of_instance[] = {
        "",         "/document",    "/document/state", "/longrunningplugins",
        "/replies", "/replies_mgs", "/inventory"};
    LOCAL_NAMES names = file_list(root, STATE_DIRECTORY, "");
    struct stat own;

    if (fstat(directory, &own) != 0)
        return;
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        look_at(root, wanted[i].path, wanted[i].type, own.st_dev, agent);
    for (size_t i = 0; i < names.n * COUNT_OF(of_instance); i++) {
        const char *name = names.names[i / COUNT_OF(of_instance)];
        char path[PATH_SIZE];
        bool is_own = instance[0] ? strcmp(name, instance) == 0 : text_starts(name, "i-");
        if (is_own && text_set(path, sizeof(path), STATE_DIRECTORY "/%s%s", name,
                               of_instance[i % COUNT_OF(of_instance)]))
            look_at(root, path, S_IFDIR, own.st_dev, agent);
    }
}

void agent_read_state(const char *root, const char *instance, struct agent_facts *agent)
{
    if (agent->installed != ANSWER_YES)
        return;
    LOCAL_FD fd = open_directory(root, agent->state_directory);
    if (fd >= 0) {
        enum failure failure = is_immutable(fd) ? FAILURE_IMMUTABLE
                                                : judge_disk(fd, agent->state_directory, agent);
        if (failure == FAILURE_NONE)
            step_ok(&agent->state, 1);
        else
            step_fail(&agent->state, failure, 1);
        try_inotify(fd, agent);
        look_below(root, fd, text_starts(instance, "i-") ? instance : "", agent);
    }
    if (agent->running == ANSWER_YES)
        read_last_error(root, agent);
    look_for_end(root, agent);
    if (agent->ended == ANSWER_YES)
        read_last_error(root, agent);
}
