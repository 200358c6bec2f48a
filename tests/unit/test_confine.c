/* SPDX-License-Identifier: Apache-2.0
 *
 * What a confined process tries: each attempt runs in a child of its own, which says how it ended.
 */
#include <setjmp.h>
#include <signal.h>
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
#include <linux/fs.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/output.h"
#include "base/text.h"
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

/* Each is asked for with arguments that are wrong, so that nothing happens where it is allowed. */
#define CALL(name)         \
    {                      \
#name, __NR_##name \
    }
static const struct {
    const char *name;
    long number;
} forbidden[] = {
#ifdef __x86_64__
    CALL(fork),
    CALL(vfork),
    CALL(iopl),
    CALL(ioperm),
    CALL(modify_ldt),
    CALL(arch_prctl),
    CALL(chmod),
    CALL(chown),
    CALL(link),
    CALL(symlink),
    CALL(mknod),
    CALL(open),
    CALL(dup2),
#endif
    /* other programs and processes */
    CALL(clone),
    {"clone3", 435},
    CALL(execve),
    CALL(execveat),
    CALL(ptrace),
    CALL(kill),
    CALL(tkill),
    CALL(rt_sigqueueinfo),
    CALL(process_vm_readv),
    CALL(process_vm_writev),
    {"process_madvise", 440},
    {"pidfd_open", 434},
    {"pidfd_getfd", 438},
    {"pidfd_send_signal", 424},
    CALL(setpriority),
    CALL(prlimit64),
    CALL(kcmp),
    /* code */
    {"pkey_mprotect", __NR_pkey_mprotect},
    CALL(personality),
    CALL(shmget),
    CALL(shmat),
    CALL(remap_file_pages),
    CALL(memfd_create),
    CALL(userfaultfd),
    CALL(prctl),
    CALL(seccomp),
    /* who it is */
    CALL(setuid),
    CALL(setgid),
    CALL(setgroups),
    CALL(setresuid),
    CALL(capset),
    CALL(setns),
    CALL(unshare),
    CALL(umask),
    /* the machine */
    CALL(mount),
    CALL(umount2),
    CALL(pivot_root),
    CALL(chroot),
    {"open_tree", 428},
    {"move_mount", 429},
    {"fsopen", 430},
    {"fsconfig", 431},
    {"fsmount", 432},
    {"fspick", 433},
    {"mount_setattr", 442},
    CALL(init_module),
    CALL(finit_module),
    CALL(delete_module),
    CALL(kexec_load),
    {"kexec_file_load", __NR_kexec_file_load},
    CALL(bpf),
    CALL(perf_event_open),
    CALL(add_key),
    CALL(request_key),
    CALL(keyctl),
    CALL(reboot),
    CALL(swapon),
    CALL(swapoff),
    CALL(settimeofday),
    CALL(clock_settime),
    CALL(adjtimex),
    CALL(clock_adjtime),
    CALL(sethostname),
    CALL(setdomainname),
    CALL(acct),
    CALL(quotactl),
    CALL(syslog),
    {"io_uring_setup", 425},
    CALL(io_setup),
    /* files and sockets */
    CALL(open_by_handle_at),
    CALL(name_to_handle_at),
    CALL(truncate),
    CALL(ftruncate),
    CALL(fchmodat),
    CALL(fchownat),
    CALL(fchown),
    CALL(linkat),
    CALL(symlinkat),
    CALL(mknodat),
    CALL(setxattr),
    CALL(fanotify_init),
    CALL(listen),
    CALL(accept),
    CALL(accept4),
    CALL(socketpair),
    CALL(dup),
    CALL(sendfile),
};

static long asked_for;

static int ask(void)
{
    return (int)syscall(asked_for, -1L, -1L, -1L, -1L, -1L, -1L);
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

static const struct {
    int family, type, protocol;
    bool allowed;
} sockets[] = {
    {AF_UNIX, SOCK_DGRAM, 0, true},
    {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, true},
    {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, true},
    {AF_INET, SOCK_STREAM, 0, true},
    {AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP, true},
    {AF_INET, SOCK_DGRAM, 0, true},
    {AF_INET, SOCK_STREAM, IPPROTO_TCP, true},
    {AF_INET6, SOCK_STREAM, 0, true},
    {AF_INET6, SOCK_STREAM, IPPROTO_TCP, true},
    {AF_INET6, SOCK_DGRAM, 0, true},
    {AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6, false},
    {AF_UNIX, SOCK_SEQPACKET, 0, false},
    {AF_INET, SOCK_RAW, IPPROTO_ICMP, false},
    {AF_INET, SOCK_SEQPACKET, 0, false},
    {AF_INET6, SOCK_SEQPACKET, 0, false},
    {AF_INET, SOCK_DGRAM, IPPROTO_ICMP, false},
    {AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, false},
    {AF_INET, SOCK_STREAM, 262 /* IPPROTO_MPTCP */, false},
    {AF_INET, SOCK_STREAM, IPPROTO_SCTP, false},
    {AF_NETLINK, SOCK_RAW, NETLINK_AUDIT, false},
    {AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT, false},
    {AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER, false},
    {AF_PACKET, SOCK_RAW, 0, false},
    {AF_PACKET, SOCK_DGRAM, 0, false},
    {AF_VSOCK, SOCK_STREAM, 0, false},
    {AF_ALG, SOCK_SEQPACKET, 0, false},
};

static size_t which_socket;

static int open_socket(void)
{
    return socket(sockets[which_socket].family, sockets[which_socket].type,
                  sockets[which_socket].protocol);
}

static int vsock(void)
{
    return socket(AF_VSOCK, SOCK_STREAM, 0);
}

static int signal_the_parent(void)
{
    return (int)syscall(__NR_tgkill, getppid(), getppid(), 0);
}

static int own_a_descriptor(void) /* its owner gets signals */
{
    return fcntl(STDIN_FILENO, F_SETOWN, getppid());
}

static int type_into_a_terminal(void)
{
    return ioctl(STDIN_FILENO, TIOCSTI, "x");
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

static char report[PATH_SIZE];

static int save_a_report(void)
{
    errno = file_write_atomically(report, "{}", 2, 0644);
    return errno ? -1 : 0;
}

#define ELSEWHERE "/tmp/ssm-preflight-elsewhere"

static int write_elsewhere(void)
{
    return open(ELSEWHERE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static void calls_that_it_does_not_need_are_not_there(void **state)
{
    (void)state;
    if (!has_filters())
        skip();
    for (size_t i = 0; i < COUNT_OF(forbidden); i++)
        for (int how = CONFINED_WITH_NETWORK; how <= CONFINED_OFFLINE; how++) {
            asked_for = forbidden[i].number;
            int error = tried((enum confinement)how, ask);
            if (error != ENOSYS)
                fail_msg("%s: %s", forbidden[i].name, strerror(error));
        }
}

static void nor_others_with_arguments_that_it_does_not_need(void **state)
{
    static int (*const attempts[])(void) = {map_executable, make_executable, signal_the_parent,
                                            own_a_descriptor, type_into_a_terminal};
    (void)state;

    if (!has_filters())
        skip();
    for (size_t i = 0; i < COUNT_OF(attempts); i++)
        for (int how = CONFINED_WITH_NETWORK; how <= CONFINED_OFFLINE; how++)
            assert_int_equal(tried((enum confinement)how, attempts[i]), ENOSYS);
}

enum { NOWHERE, WITH_NETWORK, ANYWHERE, WRONG_ROW = 200 };

/* Of no descriptor: what a filter lets through fails otherwise than with ENOSYS. */
static const struct {
    long call, first, second, third, fourth;
    int where;
} arguments[] = {
    {SYS_fcntl, -1, F_GETFD, 0, 0, ANYWHERE},
    {SYS_fcntl, -1, F_GETFL, 0, 0, ANYWHERE},
    {SYS_fcntl, -1, F_SETFD, 0, 0, ANYWHERE},
    {SYS_fcntl, -1, F_SETFL, 0, 0, ANYWHERE},
    {SYS_fcntl, -1, F_DUPFD_CLOEXEC, 0, 0, NOWHERE},
    {SYS_fcntl, -1, F_SETLEASE, 0, 0, NOWHERE},
    {SYS_ioctl, -1, FS_IOC_GETFLAGS, 0, 0, ANYWHERE},
    {SYS_ioctl, -1, TCGETS, 0, 0, ANYWHERE},
    {SYS_ioctl, -1, 0x802c542a /* TCGETS2 */, 0, 0, ANYWHERE},
    {SYS_ioctl, -1, TIOCGWINSZ, 0, 0, ANYWHERE},
    {SYS_ioctl, -1, FS_IOC_SETFLAGS, 0, 0, NOWHERE},
    {SYS_ioctl, -1, TIOCSTI, 0, 0, NOWHERE},
    {SYS_ioctl, -1, SIOCGIFINDEX, 0, 0, WITH_NETWORK},
    {SYS_ioctl, -1, SIOCGIFNAME, 0, 0, WITH_NETWORK},
    {SYS_ioctl, -1, SIOCSIFFLAGS, 0, 0, NOWHERE},
    {SYS_mprotect, 0, 0, PROT_READ, 0, ANYWHERE},
    {SYS_mprotect, 0, 0, PROT_READ | PROT_EXEC, 0, NOWHERE},
    {SYS_mmap, 0, 0, PROT_READ, 0, ANYWHERE},
    {SYS_mmap, 0, 0, PROT_EXEC, 0, NOWHERE},
    {SYS_sendmsg, -1, 0, 0, 0, WITH_NETWORK},
    {SYS_sendmsg, -1, 0, MSG_NOSIGNAL, 0, WITH_NETWORK},
    {SYS_sendmsg, -1, 0, MSG_FASTOPEN | MSG_NOSIGNAL, 0, NOWHERE},
    {SYS_sendto, -1, 0, 0, MSG_NOSIGNAL, WITH_NETWORK},
    {SYS_sendto, -1, 0, 0, MSG_FASTOPEN, NOWHERE},
};

static int least_where;

/* The first row that is not as it says. */
static int call_with_arguments(void)
{
    for (size_t i = 0; i < COUNT_OF(arguments); i++) {
        errno = 0;
        (void)syscall(arguments[i].call, arguments[i].first, arguments[i].second,
                      arguments[i].third, arguments[i].fourth, 0, 0);
        if ((errno != ENOSYS) != (arguments[i].where >= least_where)) {
            errno = WRONG_ROW + (int)i;
            return -1;
        }
    }
    return 0;
}

static void arguments_decide(void **state)
{
    (void)state;
    if (!has_filters())
        skip();
    least_where = WITH_NETWORK;
    assert_int_equal(tried(CONFINED_WITH_NETWORK, call_with_arguments), 0);
    least_where = ANYWHERE;
    assert_int_equal(tried(CONFINED_OFFLINE, call_with_arguments), 0);
}

static void only_sockets_that_it_needs(void **state)
{
    (void)state;
    if (!has_filters())
        skip();
    for (which_socket = 0; which_socket < COUNT_OF(sockets); which_socket++) {
        int error = tried(CONFINED_WITH_NETWORK, open_socket);
        if (error != EAFNOSUPPORT || !sockets[which_socket].allowed) /* a kernel without IPv6 */
            assert_int_equal(error, sockets[which_socket].allowed ? 0 : ENOSYS);
        assert_int_equal(tried(CONFINED_OFFLINE, open_socket), ENOSYS);
    }
}

static void it_can_end_by_abort(void **state)
{
    int status = 0;
    (void)state;
    pid_t child = fork();

    if (child == 0) {
        confine(&options, CONFINED_WITH_NETWORK);
        abort();
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void it_still_works(void **state)
{
    (void)state;
    for (int how = CONFINED_WITH_NETWORK; how <= CONFINED_OFFLINE; how++) {
        assert_int_equal(tried((enum confinement)how, take_memory), 0);
        assert_int_equal(tried((enum confinement)how, read_anything), 0);
    }
    const struct options kept = options;
    (void)text_set(report, sizeof(report), "%s", options.save);
    for (int is_output = 0; is_output < 2; is_output++) { /* by either option */
        (void)text_set(options.save, PATH_SIZE, "%s", is_output ? "" : report);
        (void)text_set(options.output_file, PATH_SIZE, "%s", is_output ? report : "");
        for (int how = CONFINED_WITH_NETWORK; how <= CONFINED_OFFLINE; how++)
            assert_int_equal(tried((enum confinement)how, save_a_report), 0);
    }
    options = kept;
}

static long landlock_version(void)
{
    return syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static void it_writes_only_where_it_was_told_to(void **state)
{
    (void)state;
    if (landlock_version() < 1)
        skip();              /* before kernel 5.13 */
    (void)unlink(ELSEWHERE); /* of a run that was not confined */
    assert_int_equal(tried(CONFINED_WITH_NETWORK, write_elsewhere), EACCES);
    assert_int_equal(tried(CONFINED_OFFLINE, write_elsewhere), EACCES);
    assert_int_not_equal(access(ELSEWHERE, F_OK), 0);
}

static int empty_elsewhere(void)
{
    return open(ELSEWHERE, O_RDONLY | O_TRUNC | O_CLOEXEC);
}

static void it_empties_no_file_that_it_may_read(void **state)
{
    (void)state;
    if (landlock_version() < 3)
        skip(); /* before kernel 6.2 */
    assert_int_equal(file_write_atomically(ELSEWHERE, "kept", 4, 0600), 0);
    assert_int_equal(tried(CONFINED_WITH_NETWORK, empty_elsewhere), EACCES);
    assert_int_equal(unlink(ELSEWHERE), 0);
}

static int steer_a_device(void)
{
    struct winsize size;
    LOCAL_FD fd = open("/dev/ptmx", O_RDONLY | O_NOCTTY | O_CLOEXEC);
    return fd < 0 ? fd : ioctl(fd, TIOCGWINSZ, &size);
}

static void it_steers_no_device_that_it_opens(void **state)
{
    (void)state;
    if (landlock_version() < 5 || steer_a_device() < 0)
        skip(); /* before kernel 6.10 */
    assert_int_equal(tried(CONFINED_WITH_NETWORK, steer_a_device), EACCES);
}

/* An abstract socket is below no folder: a name that begins with a zero byte. */
static int speak(void)
{
    const struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "\0ssm-preflight-confine"};
    return (int)sendto(socket(AF_UNIX, SOCK_DGRAM, 0), "x", 1, 0, (const struct sockaddr *)&to,
                       sizeof(to));
}

static void it_speaks_to_an_abstract_socket_only_where_its_manager_is_one(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "\0ssm-preflight-confine"};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    (void)state;

    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    if (landlock_version() >= 6) /* kernel 6.12 */
        assert_int_equal(tried(CONFINED_WITH_NETWORK, speak), EPERM);
    assert_int_equal(setenv("NOTIFY_SOCKET", "@ssm-preflight-confine", 1), 0);
    assert_int_equal(tried(CONFINED_WITH_NETWORK, speak), 0);
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_int_equal(close(fd), 0);
}

/* --- reading --- */

static int read_only_the_folder(void)
{
    const char *const names[] = {folder, "/nothing is here"};
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof(path), "%s/read", folder);
    if (file_write_atomically(path, "{}", 2, 0600) != 0)
        return -1;
    confine_reading(&options, names, COUNT_OF(names));
    if (open(path, O_RDONLY | O_CLOEXEC) < 0 || open(folder, O_RDONLY | O_CLOEXEC) < 0 ||
        unlink(path) != 0 || save_a_report() != 0)
        return -1;
    return read_anything() < 0 && errno == EACCES ? 0 : -1;
}

static int read_one_file(void)
{
    static const char *const names[] = {"/etc/passwd"};

    confine_reading(&options, names, 1);
    return read_anything() >= 0 && open("/etc/group", O_RDONLY | O_CLOEXEC) < 0 ? 0 : -1;
}

static int read_nothing(void)
{
    confine_reading(&options, NULL, 0);
    return save_a_report() != 0 ? 0 : read_anything();
}

static void it_reads_only_what_it_says_it_will(void **state)
{
    (void)state;
    if (landlock_version() < 1)
        skip();
    assert_int_equal(tried(CONFINED_OFFLINE, read_only_the_folder), 0);
    assert_int_equal(tried(CONFINED_OFFLINE, read_one_file), 0);
    assert_int_equal(tried(CONFINED_OFFLINE, read_nothing), EACCES);
}

/* --- check and wait: what they read, and the ports that are named by then --- */

/* Below no folder that check may read anyway. */
static char kept[] = "/tmp/ssm-preflight-kept.XXXXXX";
static char named[PATH_SIZE], bundles[PATH_SIZE], bundle[PATH_SIZE], other[PATH_SIZE];

static const struct options plain;

static int fail_at(int line)
{
    print_error("line %d: %s\n", line, strerror(errno));
    return -1;
}

#define EXPECT(it) \
    if (!(it))     \
        return fail_at(__LINE__);

static bool opens(const char *path)
{
    LOCAL_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0;
}

static bool reads(const char *path)
{
    LOCAL_BUFFER contents = {.max_bytes = FILE_MAX_BYTES};
    return file_read("", path, &contents) == 0;
}

/* Nobody listens there: what is allowed is refused by the other side. */
static int dialled(int family, uint16_t port)
{
    const struct sockaddr_in ipv4 = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct sockaddr_in6 ipv6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    LOCAL_FD fd = socket(family, SOCK_STREAM, 0);
    int status = family == AF_INET ? connect(fd, (const struct sockaddr *)&ipv4, sizeof(ipv4))
                                   : connect(fd, (const struct sockaddr *)&ipv6, sizeof(ipv6));
    return status == 0 ? 0 : errno;
}

static const uint16_t ports[MAX_CONFINED_PORTS] = {53, 443, 80, 0};

static int look_as(enum looking how)
{
    char folders[WORDS_SIZE];

    confine_begin(how);
    EXPECT(reads(named))
    (void)snprintf(folders, sizeof(folders), "/nothing is here:%s", bundles);
    confine_looking(&plain, folders, ports);
    return 0;
}

static int look_once(void)
{
    return look_as(LOOKS_ONCE);
}

static bool opens_nothing_private(void)
{
    const char *const private[] = {"/",     "/home",          "/root", "/srv",
                                   "/boot", "/proc/1/status", kept,    other};

    for (size_t i = 0; i < COUNT_OF(private); i++)
        if (opens(private[i]) || (errno != EACCES && errno != ENOENT))
            return false;
    return true;
}

static int read_what_was_named(void)
{
    char why[WORDS_SIZE];

    EXPECT(look_once() == 0)
    EXPECT(opens(named) && opens(bundles) && opens(bundle))
    EXPECT(opens("/etc/hosts") && opens("/proc/self/net/tcp") && opens("/dev/urandom"))
    EXPECT(opens_nothing_private() && !opens("/opt") && errno == EACCES)
    EXPECT(!reads("/tmp/nothing is here") && !file_take_trouble(why, sizeof(why)))
    return 0;
}

static int read_while_waiting(void)
{
    char why[WORDS_SIZE];

    EXPECT(look_as(LOOKS_ON_AT_BOOT) == 0)
    EXPECT(opens(named) && opens(bundle) && opens("/etc/hosts"))
    EXPECT(opens("/opt") && opens("/dev/null") && opens_nothing_private())
    EXPECT(access("/var/log/amazon", F_OK) == 0 || opens("/var/log"))
    EXPECT(!confine_take_refusal() && !file_take_trouble(why, sizeof(why)))
    EXPECT(!reads(other) && file_take_trouble(why, sizeof(why)))
    EXPECT(confine_take_refusal() && !confine_take_refusal())
    return 0;
}

/* A file that another module of the kernel keeps from it is no trouble that it made. */
static int read_what_others_refuse(void)
{
    const char *const names[] = {named, bundles, "/etc", "/proc"};
    char why[WORDS_SIZE];

    confine_reading(&plain, names, COUNT_OF(names));
    confine_begin(LOOKS_ON);
    EXPECT(!reads(other))
    confine_looking(&plain, "", ports);
    EXPECT(!opens("/usr") && !reads(other) && !file_take_trouble(why, sizeof(why)))
    return 0;
}

static int read_what_was_named_too_late(void)
{
    char why[WORDS_SIZE], words[WORDS_SIZE];

    EXPECT(look_once() == 0)
    confine_begin(LOOKS_ONCE);
    EXPECT(reads(named) && !file_take_trouble(why, sizeof(why)))
    EXPECT(!reads(other) && file_take_trouble(why, sizeof(why)))
    (void)snprintf(words, sizeof(words),
                   "%s, named after this had given up all else: Permission denied", other);
    EXPECT(strcmp(why, words) == 0)
    confine_looking(&plain, "", ports);
    EXPECT(!file_take_trouble(why, sizeof(why)))
    return 0;
}

/* All of it may be read, and what lies elsewhere nobody asks for. */
static int read_below_a_root(void)
{
    static struct options below;
    char why[WORDS_SIZE];

    (void)snprintf(below.root, sizeof(below.root), "%s", bundles);
    confine_begin(LOOKS_ONCE);
    confine_looking(&below, "", ports);
    EXPECT(opens(bundle) && !reads(other) && !file_take_trouble(why, sizeof(why)))
    return 0;
}

static int connect_to_what_was_named(void)
{
    static const uint16_t more[MAX_CONFINED_PORTS] = {53, 443, 80, 3128};
    char why[WORDS_SIZE];

    EXPECT(look_once() == 0)
    EXPECT(dialled(AF_INET, 443) != EACCES && dialled(AF_INET6, 53) != EACCES)
    EXPECT(dialled(AF_INET, 22) == EACCES && dialled(AF_INET, 3128) == EACCES)
    EXPECT(dialled(AF_INET6, 22) == EACCES)
    confine_begin(LOOKS_ONCE);
    confine_looking(&plain, "", more);
    EXPECT(file_take_trouble(why, sizeof(why)))
    EXPECT(strcmp(why,
                  "TCP port 3128, named after this had given up all else: Permission denied") == 0)
    return 0;
}

static int connect_while_the_boot_waits(void)
{
    static const uint16_t more[MAX_CONFINED_PORTS] = {53, 443, 80, 22};

    EXPECT(look_as(LOOKS_ON_AT_BOOT) == 0)
    confine_looking(&plain, "", more);
    EXPECT(dialled(AF_INET, 22) != EACCES && !confine_take_refusal())
    return 0;
}

static int connect_while_following(void)
{
    static const uint16_t more[MAX_CONFINED_PORTS] = {53, 443, 80, 8080};

    EXPECT(look_as(LOOKS_ON) == 0)
    confine_looking(&plain, "", more);
    EXPECT(dialled(AF_INET, 8080) != EACCES && dialled(AF_INET6, 3128) != EACCES)
    EXPECT(dialled(AF_INET, 1080) != EACCES && dialled(AF_INET, 8888) != EACCES)
    EXPECT(dialled(AF_INET, 443) != EACCES && dialled(AF_INET, 22) == EACCES)
    EXPECT(!confine_take_refusal())
    return 0;
}

static int connect_by_sending(void)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(443), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct msghdr message = {.msg_name = (void *)(uintptr_t)&to, .msg_namelen = sizeof(to)};
    LOCAL_FD fd = socket(AF_INET, SOCK_STREAM, 0);

    EXPECT(sendto(fd, "", 0, MSG_FASTOPEN, (const struct sockaddr *)&to, sizeof(to)) < 0 &&
           errno == ENOSYS)
    EXPECT(sendmsg(fd, &message, MSG_FASTOPEN) < 0 && errno == ENOSYS)
    EXPECT(sendmsg(fd, &message, MSG_NOSIGNAL) < 0 && errno != ENOSYS)
    return 0;
}

/* Before that, or where nothing was confined. */
static int give_up_nothing(void)
{
    EXPECT(reads(named) && opens(other) && dialled(AF_INET, 22) != EACCES)
    return 0;
}

static int make_named(void **state)
{
    (void)state;
    if (!mkdtemp(kept))
        return -1;
    (void)snprintf(named, sizeof(named), "%s/named", kept);
    (void)snprintf(other, sizeof(other), "%s/other", kept);
    (void)snprintf(bundles, sizeof(bundles), "%s/bundles", kept);
    (void)snprintf(bundle, sizeof(bundle), "%s/bundles/a.pem", kept);
    return mkdir(bundles, 0755) | file_write_atomically(bundle, "x", 1, 0644) |
           file_write_atomically(named, "x", 1, 0644) | file_write_atomically(other, "x", 1, 0644);
}

static int remove_named(void **state)
{
    (void)state;
    int status = unlink(bundle) | unlink(named) | unlink(other) | rmdir(bundles) | rmdir(kept);
    memset(kept + strlen(kept) - 6, 'X', 6);
    return status;
}

static void a_check_reads_what_was_named_and_nothing_else(void **state)
{
    (void)state;
    if (landlock_version() < 1)
        skip();
    assert_int_equal(tried(CONFINED_WITH_NETWORK, read_what_was_named), 0);
    assert_int_equal(tried(CONFINED_WITH_NETWORK, read_what_was_named_too_late), 0);
    assert_int_equal(tried(CONFINED_WITH_NETWORK, read_below_a_root), 0);
    assert_int_equal(tried(CONFINED_WITH_NETWORK, give_up_nothing), 0);
}

static void a_wait_reads_where_software_is_installed_besides(void **state)
{
    (void)state;
    if (landlock_version() < 1)
        skip();
    assert_int_equal(tried(CONFINED_WITH_NETWORK, read_while_waiting), 0);
    assert_int_equal(tried(CONFINED_WITH_NETWORK, read_what_others_refuse), 0);
}

static void a_boot_connects_to_any_port_and_a_follow_up_to_those_of_proxies(void **state)
{
    (void)state;
    if (landlock_version() < 4)
        skip();
    assert_int_equal(tried(CONFINED_WITH_NETWORK, connect_while_the_boot_waits), 0);
    assert_int_equal(tried(CONFINED_WITH_NETWORK, connect_while_following), 0);
}

static void a_check_connects_to_ports_that_were_named_and_no_other(void **state)
{
    (void)state;
    if (landlock_version() < 4)
        skip(); /* before kernel 6.7 */
    assert_int_equal(tried(CONFINED_WITH_NETWORK, connect_to_what_was_named), 0);
}

static void nobody_connects_past_landlock(void **state)
{
    (void)state;
    if (!has_filters())
        skip();
    assert_int_equal(tried(CONFINED_WITH_NETWORK, connect_by_sending), 0);
}

/* --- a kernel that has none of it, and what is said --- */

enum { SAID_SIZE = 2048 };

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

static int be_confined_on_an_old_kernel(void)
{
    if (become_old() != 0)
        return 1;
    confine(&options, CONFINED_WITH_NETWORK);
    confine_begin(LOOKS_ONCE);
    confine_looking(&plain, "", ports);
    if (!read_anything() || dialled(AF_INET, 22) == EACCES)
        return 3;
    return vsock() >= 0 || errno != ENOSYS ? 0 : 2; /* that one, confine() denies */
}

static int be_confined(void)
{
    confine(&options, CONFINED_WITH_NETWORK);
    confine_begin(LOOKS_ONCE);
    confine_looking(&plain, "", ports);
    return 0;
}

/* What it says, and whether the process goes on. */
static void say(int (*what)(void), bool verbose, char said[SAID_SIZE])
{
    int ends[2], status = 1;
    size_t n = 0;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        (void)close(ends[1]);
        log_set_verbose(verbose);
        _exit(what());
    }
    (void)close(ends[1]);
    for (ssize_t got; (got = read(ends[0], said + n, SAID_SIZE - 1 - n)) > 0;)
        n += (size_t)got;
    said[n] = '\0';
    (void)close(ends[0]);
    assert_true(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void what_a_kernel_lacks_is_said_when_that_is_asked(void **state)
{
    char said[SAID_SIZE];
    (void)state;

    if (!has_filters())
        skip();
    say(be_confined_on_an_old_kernel, false, said);
    assert_string_equal(said, "");
    say(be_confined_on_an_old_kernel, true, said);
    assert_non_null(strstr(said, "this kernel has no Landlock: access to files is not restricted"));
    assert_non_null(strstr(said, "this kernel restricts no TCP ports: none is denied"));
    assert_non_null(strstr(said, "this kernel filters no system calls: none is denied"));
}

static void what_is_confined_is_said_when_that_is_asked(void **state)
{
    char said[SAID_SIZE];
    (void)state;

    if (!has_filters() || landlock_version() < 4)
        skip();
    say(be_confined, false, said);
    assert_string_equal(said, "");
    say(be_confined, true, said);
    assert_non_null(
        strstr(said, "confined: writes to /run/ssm-preflight, --save and --output-file\n"));
    assert_non_null(strstr(said, "confined: makes the system calls that it needs\n"));
    assert_non_null(strstr(said, " is named, and below /dev/urandom /etc /proc/self "));
    assert_non_null(strstr(said, "confined: connects to TCP ports 53 443 80\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_that_it_does_not_need_are_not_there),
        cmocka_unit_test(nor_others_with_arguments_that_it_does_not_need),
        cmocka_unit_test(arguments_decide),
        cmocka_unit_test(only_sockets_that_it_needs),
        cmocka_unit_test(it_can_end_by_abort),
        cmocka_unit_test(it_still_works),
        cmocka_unit_test(it_writes_only_where_it_was_told_to),
        cmocka_unit_test(it_empties_no_file_that_it_may_read),
        cmocka_unit_test(it_steers_no_device_that_it_opens),
        cmocka_unit_test(it_speaks_to_an_abstract_socket_only_where_its_manager_is_one),
        cmocka_unit_test(it_reads_only_what_it_says_it_will),
        cmocka_unit_test_setup_teardown(a_check_reads_what_was_named_and_nothing_else, make_named,
                                        remove_named),
        cmocka_unit_test_setup_teardown(a_check_connects_to_ports_that_were_named_and_no_other,
                                        make_named, remove_named),
        cmocka_unit_test_setup_teardown(a_wait_reads_where_software_is_installed_besides,
                                        make_named, remove_named),
        cmocka_unit_test_setup_teardown(
            a_boot_connects_to_any_port_and_a_follow_up_to_those_of_proxies, make_named,
            remove_named),
        cmocka_unit_test(nobody_connects_past_landlock),
        cmocka_unit_test(what_a_kernel_lacks_is_said_when_that_is_asked),
        cmocka_unit_test(what_is_confined_is_said_when_that_is_asked),
    };
#ifdef __SANITIZE_ADDRESS__ /* its runtime makes calls that the program does not */
    cmocka_set_test_filter("what_a_kernel_lacks*");
#endif
    return cmocka_run_group_tests_name("confine", tests, make_folder, remove_folder);
}
