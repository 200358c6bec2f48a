/* SPDX-License-Identifier: Apache-2.0
 *
 * base/ where it is easily wrong by one, or keeps what it took: buffers and their memory, files that a system call does not give,
 * errors of before, who waits for a reader.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/output.h"
#include "base/text.h"

static char directory[] = "/tmp/ssm-preflight-edges-XXXXXX";

static const char *place(const char *name)
{
    static char path[2][128];
    static int which;
    which = !which;
    (void)text_set(path[which], sizeof(path[which]), "%s/%s", directory, name);
    return path[which];
}

/* --- buffers --- */

static void a_buffer_takes_what_it_needs(void **state)
{
    static const struct {
        size_t max, n, allocated;
    } rows[] = {{1000, 0, 256},   {1000, 254, 256},  {1000, 255, 256},   {1000, 256, 512},
                {1000, 511, 512}, {1000, 512, 1001}, {1000, 1000, 1001}, {254, 254, 255},
                {255, 255, 256},  {256, 255, 256},   {256, 256, 257}};
    static char text[1000];
    (void)state;

    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        LOCAL_BUFFER buffer = {.max_bytes = rows[i].max};
        assert_true(buffer_add(&buffer, text, rows[i].n));
        assert_int_equal(buffer.allocated, rows[i].allocated);
        assert_int_equal(strlen(buffer.bytes), rows[i].n);
    }
    LOCAL_BUFFER buffer = {.max_bytes = 1000};
    assert_true(buffer_add(&buffer, text, 200));
    const char *at = buffer.bytes;
    assert_true(buffer_add(&buffer, text, 55)); /* and its zero: it is full */
    assert_ptr_equal(buffer.bytes, at);
    assert_true(buffer_addf(&buffer, "%s", "y"));
    assert_int_equal(buffer.used, 256);
    assert_int_equal(buffer.bytes[254], 'x');
    assert_string_equal(buffer.bytes + 255, "y");
}

static void a_buffer_that_failed_says_so(void **state)
{
    const wchar_t no_character[] = {0x20ac, 0};
    const char *volatile nothing = NULL; /* volatile: or the compiler warns */
    char text[8] = "before";
    (void)state;

    LOCAL_BUFFER buffer = {.max_bytes = 4};
    assert_true(buffer_addf(&buffer, "%s", ""));
    assert_string_equal(buffer.bytes, "");
    assert_true(buffer_add_printable(&buffer, "\x1f\x20~\x7f", 4));
    assert_string_equal(buffer.bytes, "? ~?");
    assert_false(buffer_add_printable(&buffer, "a", 1));
    assert_true(buffer.failed);
    assert_false(buffer_add(&buffer, "", 0)); /* from then on nothing */
    buffer_clear(&buffer);
    assert_false(buffer_addf(&buffer, "%ls", no_character)); /* not of this locale */
    assert_true(buffer.failed);

    assert_false(text_set(text, sizeof(text), "%ls", no_character));
    assert_string_equal(text, "");
    assert_true(text_set(text, sizeof(text), "%d", 1234567));
    assert_false(text_set(text, sizeof(text), "%d", 12345678));
    assert_true(text_set(text, sizeof(text), "%s", nothing));
    assert_string_equal(text, "");
    text[0] = 'x';
    assert_false(text_set(text, 0, "%s", "y"));
    assert_false(text_set(text, 0, "%ls", no_character));
    assert_int_equal(text[0], 'x');
}

/* RFC 1951 section 3.2.4: the last block, as it is. */
static void what_is_deflated_is_whole_or_not_taken(void **state)
{
    static const unsigned char hello[] = {1, 5, 0, 0xfa, 0xff, 'h', 'e', 'l', 'l', 'o'};
    static const unsigned char damaged[] = {7, 7, 7};
    static const struct {
        const unsigned char *bytes;
        size_t n, max;
        bool whole;
    } rows[] = {{hello, sizeof(hello), 100, true},
                {hello, sizeof(hello), 5, true},
                {hello, sizeof(hello), 4, false},
                {hello, sizeof(hello) - 1, 100, false},
                {hello, 1, 100, false},
                {damaged, sizeof(damaged), 100, false}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        LOCAL_BUFFER buffer = {.max_bytes = rows[i].max};
        assert_int_equal(buffer_add_inflated(&buffer, "", 0, rows[i].bytes, rows[i].n),
                         rows[i].whole);
        if (rows[i].whole)
            assert_string_equal(buffer.bytes, "hello");
    }
}

#ifndef __SANITIZE_ADDRESS__ /* which keeps what was freed, and has a stack of its own */
#define SECRET "canary-7Qx-"

static bool memory_holds(const void *from, size_t n)
{
    static char seen[1 << 15];
    int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0 && n <= sizeof(seen));
    ssize_t n_read = pread(fd, seen, n, (off_t)(uintptr_t)from);
    assert_int_equal(close(fd), 0);
    bool holds = n_read > 0 && memmem(seen, (size_t)n_read, SECRET, strlen(SECRET));
    explicit_bzero(seen, sizeof(seen));
    return holds;
}

static void fill(struct buffer *buffer, int n, const char *text)
{
    for (int i = 0; i < n; i++)
        assert_true(buffer_add_text(buffer, text));
}

static void what_is_given_back_is_wiped(void **state)
{
    struct buffer buffer;
    char *below = (char *)__builtin_frame_address(0) - (1 << 15);
    (void)state;

    buffer_init(&buffer, 4096);
    /* at the first call of each function the dynamic loader puts all registers on the stack: that is rehearsed without a secret */
    for (int secret = 0; secret < 2; secret++) {
        const char *text = secret ? SECRET : "rehearsed--";
        fill(&buffer, 20, text);
        const char *at = buffer.bytes;
        assert_int_equal(memory_holds(at, 220), secret);
        fill(&buffer, 10, text); /* it grows, and moves */
        assert_false(memory_holds(at, 220));
        at = buffer.bytes;
        assert_int_equal(memory_holds(at, 330), secret);
        assert_int_equal(file_write_atomically(place("file"), buffer.bytes, buffer.used, 0600), 0);
        buffer_clear(&buffer);
        assert_false(memory_holds(at, 330));

        assert_int_equal(file_read("", place("file"), &buffer), 0);
        assert_false(memory_holds(below, 1 << 15)); /* what read() filled */
        buffer_clear(&buffer);
        assert_int_equal(unlink(place("file")), 0);
    }
}

static long pages_in_use(void)
{
    char line[64];
    long all, here;

    assert_true(file_read_line("/proc", "/self/statm", line, sizeof(line)));
    assert_int_equal(sscanf(line, "%ld %ld", &all, &here), 2);
    return here;
}

/* A thousand of each; what stays of one would be megabytes. */
static void what_is_taken_is_given_back(void **state)
{
    static const unsigned char hello[] = {1, 5, 0, 0xfa, 0xff, 'h', 'e', 'l', 'l', 'o'};
    static char text[5000];
    long before = 0;
    (void)state;

    for (int i = 0; i < 40; i++) {
        (void)text_set(text, sizeof(text), "%s/a-name-that-takes-some-room-of-its-own-%d",
                       directory, i);
        assert_int_equal(mkdir(text, 0700), 0);
    }
    memset(text, 'x', sizeof(text));
    for (int i = 0; i < 1100; i++) {
        if (i == 100)
            before = pages_in_use();
        LOCAL_BUFFER buffer = {.max_bytes = 5000};
        assert_true(buffer_add(&buffer, text, 2000) && buffer_add(&buffer, text, 3000));
        LOCAL_BUFFER inflated = {.max_bytes = 5000};
        assert_true(buffer_add_inflated(&inflated, "", 0, hello, sizeof(hello)));
        LOCAL_NAMES names = file_list("", directory, "");
        assert_int_equal(names.n, 40);
    }
    assert_true(pages_in_use() - before < 64);
    for (int i = 0; i < 40; i++) {
        (void)text_set(text, sizeof(text), "%s/a-name-that-takes-some-room-of-its-own-%d",
                       directory, i);
        assert_int_equal(rmdir(text), 0);
    }
}
#endif

/* --- text --- */

static void a_cut_is_where_it_must_be(void **state)
{
    static char body[EXCERPT_BYTES + 40], long_text[9000], escaped[9000];
    char to[2 * EXCERPT_BYTES];
    (void)state;

    assert_false(text_escape(to, 12, "\x01\x02\x03\x04", 4));
    assert_string_equal(to, "\\x01\\x02..."); /* as much as goes in */
    assert_false(text_quote(to, 4, "%s", "abcd"));
    memset(long_text, 'x', sizeof(long_text));
    long_text[8191] = '\0';
    assert_true(text_quote(escaped, sizeof(escaped), "%s", long_text));
    long_text[8191] = 'x';
    long_text[8192] = '\0';
    assert_false(text_quote(escaped, sizeof(escaped), "%s", long_text));

    for (int more = 0; more < 2; more++) { /* a title that is just not too long */
        (void)text_set(body, sizeof(body), "<p><title>%.*s</title><p>",
                       EXCERPT_BYTES - (int)strlen("<title></title>") + more, long_text);
        text_excerpt(to, sizeof(to), body, strlen(body));
        assert_int_equal(strlen(to), EXCERPT_BYTES);
        assert_true(more ? text_starts(to, "<p><title>x") : text_ends(to, "x</title>"));
    }
}

static void a_hint_is_for_what_is_a_third_wrong(void **state)
{
    static const char *const names[] = {"deadline", "output-file", "abcde1", "abcde2", "root"};
    static const struct {
        const char *word, *hint;
    } rows[] = {
        {"deadXXXe", "did you mean --deadline? "}, /* three of eight */
        {"deXXXXne", ""},
        {"dadln", ""}, /* three are missing, of five two may */
        {"dadlin", "did you mean --deadline? "},
        {"adline", "did you mean --deadline? "},
        {"li", ""}, /* too short to be a part */
        {"lin", "did you mean --deadline? "},
        {"my-root-folder-name", "did you mean --root? "},
        {"abcdeX", "did you mean --abcde1? "}, /* the first of two as near */
        {"abcde2X", "did you mean --abcde2? "},
        {"roXXt", "did you mean --root? "},
        {"XXXoot", "did you mean --root? "},
        {"XXXXoot", ""},
        {"outXXX-file", "did you mean --output-file? "},
        {"", ""},
    };
    char hint[64];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        text_hint(hint, sizeof(hint), "--", rows[i].word, names, sizeof(names[0]), COUNT_OF(names));
        if (strcmp(hint, rows[i].hint) != 0)
            fail_msg("%s: '%s'", rows[i].word, hint);
    }
}

static void only_whole_groups_are_encoded(void **state)
{
    char text[12] = "???????????";
    (void)state;

    base64_encode((const unsigned char *)"foobarba", 8, text);
    assert_string_equal(text, "Zm9vYmFy???");
}

/* --- the clock --- */

static int64_t read_us(clockid_t clock)
{
    struct timespec now;
    assert_int_equal(clock_gettime(clock, &now), 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void the_clock_is_that_of_the_kernel(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        int64_t before = read_us(CLOCK_MONOTONIC), us = clock_monotonic_us();
        int64_t ms = clock_monotonic_ms(), after = read_us(CLOCK_MONOTONIC);
        assert_true(before <= us && us <= after);
        assert_true(us / 1000 <= ms && ms <= after / 1000);
        before = read_us(CLOCK_REALTIME);
        ms = clock_wall_unix_ms();
        after = read_us(CLOCK_REALTIME);
        assert_true(after < before || (before / 1000 <= ms && ms <= after / 1000));
    }
}

static void interrupt(int number)
{
    (void)number;
}

/* A wait of two months is none of no time. */
static void a_long_rest_is_one(void **state)
{
    const struct sigaction action = {.sa_handler = interrupt};
    const struct itimerval soon = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};
    struct sigaction before;
    struct pollfd full = {.fd = STDIN_FILENO, .events = 0};
    int ends[2];
    (void)state;

    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    assert_int_equal(clock_rest(NULL, 0, (int64_t)1 << 32), -1);
    assert_int_equal(errno, EINTR);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
    assert_int_equal(clock_rest(NULL, 0, 0), 0);
    assert_int_equal(pipe(ends), 0);
    full = (struct pollfd){.fd = ends[1], .events = POLLOUT};
    assert_int_equal(clock_rest(&full, 1, INT64_MAX), 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(close(ends[i]), 0);
}

static void dates_with_a_zone(void **state)
{
    int64_t s = 0;
    (void)state;

    assert_true(clock_parse_iso8601("1994-11-06T08:49:37+00:00", &s));
    assert_int_equal(s, 784111777);
    assert_true(clock_parse_iso8601("1994-11-06T08:49:37.5+00:00", &s));
    assert_int_equal(s, 784111777);
    assert_false(clock_parse_iso8601("1994-11-06T08:49:37+01:00", &s));
    assert_false(clock_parse_iso8601("1994-11-06T08:49:37Z ", &s));
    assert_false(clock_parse_http_date("Sun, 06 \0ab 1994 08:49:37 GMT", &s)); /* ends before it */
}

/* --- files --- */

/* Of errors of before nothing is said, and nothing is tried again for them. */
static void errors_of_before_are_not_those_of_a_file(void **state)
{
    static const int errors[] = {EIO, EINTR};
    char trouble[128], line[8];
    LOCAL_BUFFER contents = {.max_bytes = 8};
    (void)state;

    assert_int_equal(file_write_atomically(place("empty"), "", 0, 0600), 0);
    assert_int_equal(symlink("empty", place("link")), 0);
    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        errno = errors[i];
        assert_int_equal(file_read_start("", place("empty"), line, sizeof(line)), 0);
        errno = errors[i];
        assert_int_equal(file_read("", place("empty"), &contents), 0);
        assert_string_equal(contents.bytes, "");
        errno = errors[i];
        assert_true(file_read_link("", place("link"), line, sizeof(line)));
        errno = errors[i];
        assert_true(file_exists("", place("link")));
        errno = errors[i];
        LOCAL_NAMES names = file_list("", directory, "");
        assert_int_equal(names.n, 2);
        errno = errors[i];
        assert_int_equal(file_write_atomically(place("empty"), "", 0, 0600), 0);
        errno = errors[i];
        assert_int_equal(file_write_atomically("/dev/null", "", 0, 0600), 0);
        errno = errors[i];
        file_close(&(int){-1});
        file_close(&(int){9999}); /* which is none */
        assert_int_equal(errno, errors[i]);
    }
    assert_false(file_take_trouble(trouble, sizeof(trouble)));
    assert_int_equal(unlink(place("empty")), 0);
    assert_int_equal(unlink(place("link")), 0);
}

/* Whose length is not known before: of /proc. */
static void a_file_that_grows_is_bounded_too(void **state)
{
    LOCAL_BUFFER contents = {.max_bytes = 8};
    char trouble[128], byte[1];
    static const int troubles[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS};
    (void)state;

    assert_int_equal(file_read("", "/proc/self/status", &contents), EFBIG);
    assert_null(contents.bytes);
    for (size_t i = 0; i < COUNT_OF(troubles); i++)
        assert_true(file_is_trouble(troubles[i]));
    assert_int_equal(file_read_start("/proc", "/self/mem", byte, 1), 0);
    assert_true(file_take_trouble(trouble, sizeof(trouble)));
    assert_string_equal(trouble, "/self/mem: Input/output error");
}

static int n_opened;

static void count_opened(const char *path, bool is_folder, int fd)
{
    (void)path;
    (void)is_folder;
    (void)fd;
    n_opened++;
}

/* To open a device can do something. What is only looked at is not opened. */
static void a_device_below_a_root_is_not_opened(void **state)
{
    LOCAL_BUFFER contents = {.max_bytes = 8};
    void (*const before)(const char *, bool, int) = file_opened;
    (void)state;

    file_opened = count_opened;
    assert_int_equal(file_read("/dev", "/zero", &contents), EINVAL);
    assert_int_equal(file_read("/dev", "/null", &contents), 0);
    assert_true(file_exists("", "/dev/null"));
    assert_int_equal(n_opened, 0);
    assert_int_equal(file_read("", "/dev/zero", &contents), EINVAL);
    assert_int_equal(n_opened, 1);
    file_opened = before;
}

static void a_list_has_an_end(void **state)
{
    char name[32];
    (void)state;

    for (int i = 0; i < 1030; i++) {
        (void)text_set(name, sizeof(name), "%d.conf", i * 101 % 1030); /* in no order */
        assert_int_equal(symlink("x", place(name)), 0);
    }
    LOCAL_NAMES names = file_list(directory, "", ".conf");
    assert_int_equal(names.n, 1024);
    for (size_t i = 1; i < names.n; i++)
        assert_true(strcmp(names.names[i - 1], names.names[i]) < 0);
    for (int i = 0; i < 1030; i++) {
        (void)text_set(name, sizeof(name), "%d.conf", i);
        assert_int_equal(unlink(place(name)), 0);
    }
}

static int status_of(void (*what)(void))
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        what();
        _exit(0);
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define EXPECT(what)                    \
    do {                                \
        if (!(what))                    \
            _exit(__LINE__ % 100 + 20); \
    } while (0)

/* From now on the system call of this number gives the error. */
static bool deny(long number, int error)
{
    const struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {.len = COUNT_OF(code),
                                      .filter = (struct sock_filter *)(uintptr_t)code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

static bool has_trouble(const char *wanted)
{
    char trouble[256], whole[256];

    (void)text_set(whole, sizeof(whole), "%s: Input/output error", wanted);
    return file_take_trouble(trouble, sizeof(trouble)) && strcmp(trouble, whole) == 0;
}

static void without_fstat(void)
{
    LOCAL_BUFFER contents = {.max_bytes = 8};
    struct stat status;

    if (!deny(SYS_fstat, EIO) || !deny(SYS_newfstatat, EIO))
        return;
    EXPECT(!file_look(directory, "/file", true, &status) && has_trouble("/file"));
    EXPECT(file_open("", place("file")) == -1 && errno == EIO && has_trouble(place("file")));
    EXPECT(file_read("", place("file"), &contents) == EIO && !contents.bytes);
}

static void without_reading(void)
{
    LOCAL_BUFFER contents = {.max_bytes = 8};
    char text[8];

    if (!deny(SYS_read, EIO) || !deny(SYS_readlinkat, EIO) || !deny(SYS_getdents64, EIO))
        return;
    EXPECT(file_read(directory, "/file", &contents) == EIO && has_trouble("/file"));
    EXPECT(!contents.bytes);
    EXPECT(file_read_start(directory, "/file", text, 8) == 0 && has_trouble("/file"));
    EXPECT(!file_read_link(directory, "/link", text, 8) && has_trouble("/link"));
    LOCAL_NAMES names = file_list("", directory, "");
    EXPECT(names.n == 0 && has_trouble(directory));
}

/* What a signal interrupts is asked again, here without end. */
static void with_interruptions(bool whole)
{
    const struct itimerval soon = {{0, 50000}, {0, 50000}};
    LOCAL_BUFFER contents = {.max_bytes = 8};
    char text[8];

    (void)signal(SIGALRM, SIG_DFL); /* output_write() has a handler */
    if (!deny(SYS_read, EINTR) || setitimer(ITIMER_REAL, &soon, NULL) != 0)
        (void)raise(SIGALRM);
    if (whole)
        (void)file_read(directory, "/file", &contents);
    else
        (void)file_read_start(directory, "/file", text, sizeof(text));
}

static void with_interruptions_of_all(void)
{
    with_interruptions(true);
}

static void with_interruptions_of_the_start(void)
{
    with_interruptions(false);
}

static void without_modes(void)
{
    if (!deny(SYS_fchmod, EPERM))
        return;
    EXPECT(file_write_atomically(place("file"), "y", 1, 0600) == EPERM);
}

static void without_closing(void)
{
    if (!deny(SYS_close, EIO))
        return;
    EXPECT(file_write_atomically(place("file"), "y", 1, 0600) == EIO);
    EXPECT(file_write_atomically("/dev/null", "y", 1, 0600) == EIO);
    EXPECT(file_write_atomically("/dev/full", "y", 1, 0600) == ENOSPC); /* the first of two */
}

/* Each says so, keeps nothing open (descriptors.c), and what was there stays as it was. */
static void what_the_system_does_not_give(void **state)
{
    char text[8];
    (void)state;

    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) == 0 || errno != EFAULT)
        skip(); /* an emulator without filters */
    assert_int_equal(file_write_atomically(place("file"), "x", 1, 0600), 0);
    assert_int_equal(symlink("file", place("link")), 0);
    assert_int_equal(status_of(without_fstat), 0);
    assert_int_equal(status_of(without_reading), 0);
    assert_int_equal(status_of(with_interruptions_of_all), 128 + SIGALRM);
    assert_int_equal(status_of(with_interruptions_of_the_start), 128 + SIGALRM);
    assert_int_equal(status_of(without_modes), 0);
    assert_int_equal(status_of(without_closing), 0);
    assert_true(file_read_line("", place("file"), text, sizeof(text)));
    assert_string_equal(text, "x");
    LOCAL_NAMES names = file_list("", directory, "");
    assert_int_equal(names.n, 2);
    assert_int_equal(unlink(place("file")), 0);
    assert_int_equal(unlink(place("link")), 0);
}

/* --- who waits for a reader --- */

/* As descriptor `fd` a pipe that takes nothing, and is never read. */
static void fill_pipe(int fd, int flags)
{
    int ends[2];

    EXPECT(pipe2(ends, O_NONBLOCK) == 0);
    while (write(ends[1], "xxxxxxxx", 8) > 0) {}
    while (write(ends[1], "x", 1) > 0) {}
    EXPECT(fcntl(ends[1], F_SETFL, flags) == 0 && dup2(ends[1], fd) == fd);
}

static int64_t write_twice_ms(int fd)
{
    EXPECT(output_write(fd, "x", 1, 300) == ETIMEDOUT);
    int64_t began_ms = clock_monotonic_ms();
    EXPECT(output_write(fd, "x", 1, 300) == ETIMEDOUT);
    return clock_monotonic_ms() - began_ms;
}

static void write_to_nobody(void)
{
    for (int fd = 0; fd < 2; fd++) {
        fill_pipe(fd, 0);
        EXPECT(write_twice_ms(fd) < 290);
    }
    fill_pipe(3, 0);
    EXPECT(write_twice_ms(3) >= 300);
}

/* A standard stream whose reader is away is waited for once; a file of its own each time. */
static void a_standard_stream_is_given_up(void **state)
{
    (void)state;
    assert_int_equal(status_of(write_to_nobody), 0);
}

static void wait_for_nobody(void)
{
    for (int i = 0; i < 2; i++) {
        fill_pipe(5, i == 0 ? 0 : O_NONBLOCK);
        clock_t began = clock();
        EXPECT(output_write(5, "x", 1, 600) == ETIMEDOUT);
        EXPECT(clock() - began < CLOCKS_PER_SEC / 10);
    }
}

static void who_waits_takes_no_processor(void **state)
{
    (void)state;
    assert_int_equal(status_of(wait_for_nobody), 0);
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_takes_what_it_needs),
        cmocka_unit_test(a_buffer_that_failed_says_so),
        cmocka_unit_test(what_is_deflated_is_whole_or_not_taken),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(what_is_given_back_is_wiped),
        cmocka_unit_test(what_is_taken_is_given_back),
#endif
        cmocka_unit_test(a_cut_is_where_it_must_be),
        cmocka_unit_test(a_hint_is_for_what_is_a_third_wrong),
        cmocka_unit_test(only_whole_groups_are_encoded),
        cmocka_unit_test(the_clock_is_that_of_the_kernel),
        cmocka_unit_test(a_long_rest_is_one),
        cmocka_unit_test(dates_with_a_zone),
        cmocka_unit_test(errors_of_before_are_not_those_of_a_file),
        cmocka_unit_test(a_file_that_grows_is_bounded_too),
        cmocka_unit_test(a_device_below_a_root_is_not_opened),
        cmocka_unit_test(a_list_has_an_end),
        cmocka_unit_test(what_the_system_does_not_give),
        cmocka_unit_test(a_standard_stream_is_given_up),
        cmocka_unit_test(who_waits_takes_no_processor),
    };
    return cmocka_run_group_tests_name("base: edges", tests, make_directory, remove_directory);
}
