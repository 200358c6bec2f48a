/* SPDX-License-Identifier: Apache-2.0
 *
 * base/: escaping, bounded text, growing buffers, durations and dates, files below a root.
 */
#include <errno.h>
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/limits.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/output.h"
#include "base/text.h"

static void escaping_leaves_only_printable_ascii(void **state)
{
    char to[64];
    (void)state;

    assert_true(text_escape(to, sizeof(to), "a\x1b[31m\n\\\xe2\x80\xae\x7f", 12));
    assert_string_equal(to, "a\\x1b[31m\\n\\\\\\xe2\\x80\\xae\\x7f");
    assert_true(text_escape(to, sizeof(to), NULL, 3));
    assert_string_equal(to, "");
    assert_true(text_escape(to, sizeof(to), "a\0b", 3));
    assert_string_equal(to, "a\\x00b");
}

static void an_excerpt_is_a_pages_title_or_the_beginning(void **state)
{
    static const struct {
        const char *body, *excerpt;
    } rows[] = {
        {"plain", "plain"},
        {"<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n<html><head>"
         "<TITLE>404 - Not\tFound</Title></head><body>",
         "<TITLE>404 - Not\\tFound</Title>"},
        {"<html><title>never ends", "<html><title>never ends"},
        {"<html><head", "<html><head"},
        {"<html><title>ends it</title>", "<title>ends it</title>"},
        {"", ""},
    };
    char to[256], longest[600];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        text_excerpt(to, sizeof(to), rows[i].body, strlen(rows[i].body));
        assert_string_equal(to, rows[i].excerpt);
    }
    text_excerpt(to, sizeof(to), NULL, 0);
    assert_string_equal(to, "");
    memset(longest, 'a', sizeof(longest)); /* no zero behind it */
    for (size_t i = 0; i < 8; i++) {
        longest[i] = "<title> "[i];
        longest[sizeof(longest) - 8 + i] = "</title>"[i];
    }
    text_excerpt(to, sizeof(to), longest, sizeof(longest));
    assert_int_equal(strlen(to), EXCERPT_BYTES);
    text_excerpt(to, sizeof(to), longest + sizeof(longest) - 4, 4);
    assert_string_equal(to, "tle>");
}

static void a_cut_escape_says_so_and_never_splits_a_sequence(void **state)
{
    char to[16];
    (void)state;

    for (size_t size = 1; size <= sizeof(to); size++) {
        memset(to, 'X', sizeof(to));
        assert_false(text_escape(to, size, "\x01\x02\x03\x04\x05\x06\x07", 7));
        assert_true(strlen(to) < size);
        if (size >= 4)
            assert_true(text_ends(to, "..."));
        assert_int_equal((strlen(to) - (size >= 4 ? 3 : 0)) % 4, 0);
    }
    assert_false(text_escape(to, 0, "", 0)); /* there is no room even for the zero */
}

static void text_is_cut_and_terminated(void **state)
{
    char to[8];
    (void)state;

    assert_true(text_set(to, sizeof(to), "%s", "1234567"));
    assert_false(text_set(to, sizeof(to), "%s", "12345678"));
    assert_string_equal(to, "1234567");
    assert_false(text_add(to, sizeof(to), "9"));
    assert_true(text_set(to, sizeof(to), "12"));
    assert_true(text_add(to, sizeof(to), "%d", 345));
    assert_string_equal(to, "12345");
}

static void numbers_are_whole_and_bounded(void **state)
{
    uint64_t value = 7;
    (void)state;

    assert_true(text_number("0", 10, &value));
    assert_int_equal(value, 0);
    assert_true(text_number("18446744073709551615", UINT64_MAX, &value));
    assert_false(text_number("18446744073709551616", UINT64_MAX, &value));
    assert_false(text_number("11", 10, &value));
    assert_false(text_number("5", 4, &value));
    assert_false(text_number("", 10, &value));
    assert_false(text_number("-1", 10, &value));
    assert_false(text_number("1 ", 10, &value));
}

static void a_buffer_never_passes_its_maximum(void **state)
{
    struct buffer buffer;
    (void)state;

    buffer_init(&buffer, 1000);
    for (int i = 0; i < 100; i++)
        assert_true(buffer_add(&buffer, "0123456789", 10));
    assert_int_equal(buffer.used, 1000);
    assert_false(buffer_add(&buffer, "x", 1));
    assert_true(buffer.failed);
    assert_false(buffer_addf(&buffer, "%s", ""));
    buffer_clear(&buffer);
    assert_true(buffer_addf(&buffer, "%d-%s", 5, "five"));
    assert_true(buffer_add_printable(&buffer, "\n\x7f~", 3));
    assert_string_equal(buffer.bytes, "5-five??~");
    assert_true(buffer.allocated < 1000); /* no more than is needed */
    buffer_clear(&buffer);
}

static void words_and_versions(void **state)
{
    static const struct {
        const char *text, *also;
        bool only;
    } words[] = {{"azAZ09", "", true}, {"", "a", false},     {"a-b", "", false},
                 {"a-b", "_-", true},  {"a b", "_-", false}, {"@", "", false},
                 {"[", "", false},     {"`", "", false},     {"{", "", false},
                 {"/", "", false},     {":", "", false},     {"\xc3\xa9", "", false}};
    static const struct {
        const char *less, *more;
        int order;
    } versions[] = {{"1.2", "1.10", -1},  {"1.10", "1.2", 1},    {"1.2", "1.2.0", 0},
                    {"1.2", "1.2.1", -1}, {"1.2.a", "1.2.1", 0}, {"1.2.1", "1.2.a", 0},
                    {"1.2-1", "1.2", 0},  {"v1", "1", 0},        {"2", "1.9", 1},
                    {"1", "", 0},         {"1.2.", "1.2", 0},    {"1", "2-x", 0},
                    {"", "1", 0},         {"1.2", "1.x", 0},     {"1.x", "1.2", 0},
                    {"1.2", "1.2.x", 0},  {"a", "1", 0}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (text_only(words[i].text, words[i].also) != words[i].only)
            fail_msg("'%s'", words[i].text);
    for (size_t i = 0; i < COUNT_OF(versions); i++)
        if (text_compare_versions(versions[i].less, versions[i].more) != versions[i].order)
            fail_msg("%s, %s", versions[i].less, versions[i].more);
    for (const char *space = " \t\n\r\f\v"; *space; space++) {
        char text[16];
        (void)text_set(text, sizeof(text), "%c%ca%cb%c", *space, *space, *space, *space);
        assert_int_equal(strlen(text_trim(text)), 3);
        assert_int_equal(text[0], 'a');
        assert_int_equal(text[2], 'b');
    }
    char nothing[] = " \t";
    assert_string_equal(text_trim(nothing), "");
}

static void trimming_touches_nothing_behind(void **state)
{
    char text[] = " \t a b \0behind";
    (void)state;

    assert_string_equal(text_trim(text), "a b");
    assert_string_equal(text + sizeof(text) - sizeof("behind"), "behind");
    assert_string_equal(text_trim(text), "a b");
    text[0] = '\0';
    assert_string_equal(text_trim(text), "");
}

static void lists_of_words(void **state)
{
    static const struct {
        const char *list, *item;
        bool has;
    } rows[] = {{"a,bc,d", "a", true},  {"a,bc,d", "bc", true}, {"a,bc,d", "d", true},
                {"a,bc,d", "b", false}, {"a,bc,d", "c", false}, {"a,bc,d", "", false},
                {"abc,ab", "ab", true}, {"", "a", false},       {"a", "a", true},
                {"a b", "a", false},    {"ba,ab", "a", false},  {"a,bc,d", "a,bc", true}};
    static const char *const names[] = {"one", "two", "three"};
    char list[10] = "", text[] = ",one,;two;", *rest = text, word[4];
    const char *at = " one fourteen ";
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (text_has(rows[i].list, ',', rows[i].item) != rows[i].has)
            fail_msg("%s in %s", rows[i].item, rows[i].list);
    text_list(list, sizeof(list), ", ", "one");
    text_list(list, sizeof(list), ", ", "two");
    assert_string_equal(list, "one, two");
    text_list(list, sizeof(list), ", ", "three");
    assert_string_equal(list, "one, two,"); /* cut */

    assert_string_equal(text_next(&rest, ",;"), "one");
    assert_string_equal(text_next(&rest, ",;"), "two");
    assert_null(text_next(&rest, ",;"));
    assert_true(text_word(&at, " ", word, sizeof(word)));
    assert_string_equal(word, "one");
    assert_true(text_word(&at, " ", word, sizeof(word)));
    assert_string_equal(word, "fou"); /* the rest of it is no other word */
    assert_false(text_word(&at, " ", word, sizeof(word)));

    assert_int_equal(text_find("two", names, sizeof(names[0]), COUNT_OF(names)), 1);
    assert_int_equal(text_find("tw", names, sizeof(names[0]), COUNT_OF(names)), COUNT_OF(names));
    assert_true(text_starts("one", "on") && text_starts("one", "") && !text_starts("on", "one"));
    assert_true(text_starts_any("one", "x on") && !text_starts_any("one", "x none oneself") &&
                !text_starts_any("one", ""));
    assert_true(text_ends("one", "ne") && text_ends("one", "") && !text_ends("ne", "one"));
    assert_true(text_quote(list, sizeof(list), "%s", "\x1b"));
    assert_string_equal(list, "\\x1b");
}

static void the_nearest_word_is_hinted_at(void **state)
{
    static const char *const names[] = {"deadline", "permissions", "output", "root"};
    static const struct {
        const char *word, *hint;
    } rows[] = {{"deadlin", "did you mean --deadline? "},
                {"rot", "did you mean --root? "},
                {"outptu", "did you mean --output? "},
                {"permisions", "did you mean --permissions? "},
                {"xyz", ""}};
    char hint[64];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        text_hint(hint, sizeof(hint), "--", rows[i].word, names, sizeof(names[0]), COUNT_OF(names));
        assert_string_equal(hint, rows[i].hint);
    }
}

/* RFC 4648 section 10, and the first of the digits. */
static void base64_is_that_of_everybody(void **state)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char bytes[16];
    char text[8];
    (void)state;

    for (int i = 0; digits[i]; i++)
        assert_int_equal(base64_digit(digits[i]), i);
    for (const char *no = "=-_ @[`{.:"; *no; no++)
        assert_int_equal(base64_digit(*no), -1);
    base64_encode((const unsigned char *)"foobar", 6, text);
    assert_memory_equal(text, "Zm9vYmFy", 8);
    assert_int_equal(base64_decode("Zm9v YmFy", 9, bytes), 6);
    assert_memory_equal(bytes, "foobar", 6);
    assert_int_equal(base64_decode("Zm8=", 4, bytes), 2);
    assert_memory_equal(bytes, "fo", 2);
    crc24("123456789", 9, bytes);
    assert_memory_equal(bytes, "\x21\xcf\x02", 3); /* the check value of its catalogue entry */
}

static void durations(void **state)
{
    int64_t ms = 0;
    (void)state;

    assert_true(clock_parse_duration("250ms", &ms));
    assert_int_equal(ms, 250);
    assert_true(clock_parse_duration("30s", &ms));
    assert_int_equal(ms, 30000);
    assert_true(clock_parse_duration("1440m", &ms));
    assert_int_equal(ms, 86400000);
    assert_true(clock_parse_duration("86400000ms", &ms) && ms == 86400000);
    assert_true(clock_parse_duration("86400s", &ms) && ms == 86400000);
    static const char *const bad[] = {"",       "30",         "s",    "-1s",
                                      "1h",     "1441m",      "1.5s", "30s ",
                                      "86401s", "86400001ms", " 1s",  "99999999999999999999s"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(clock_parse_duration(bad[i], &ms));
}

static void dates(void **state)
{
    int64_t s = 0;
    char text[TIME_SIZE];
    (void)state;

    assert_true(clock_parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", &s));
    assert_int_equal(s, 784111777); /* the example of RFC 9110 section 5.6.7 */
    static const char *const no_dates[] = {"yesterday",
                                           "",
                                           "Sun",
                                           "Sunday, 06 Nov 1994 08:49:37 GMT",
                                           "Sun, 06 Nov 1994 08:49:37 GMT+1",
                                           "Sun, 06 nov 1994 08:49:37 GMT",
                                           "Sun, 32 Nov 1994 08:49:37 GMT",
                                           "Sun, 6 Nov 1994 08:49:37 GMT",
                                           "Sun, 06 Nov 1994 24:49:37 GMT",
                                           "Sun, 00 Nov 1994 08:49:37 GMT",
                                           "Sun, 06 Nov 1994 08:60:37 GMT"};
    for (size_t i = 0; i < COUNT_OF(no_dates); i++)
        assert_false(clock_parse_http_date(no_dates[i], &s));
    assert_true(clock_parse_iso8601("1994-11-06T08:49:37Z", &s));
    assert_int_equal(s, 784111777);
    assert_true(clock_parse_iso8601("1994-11-06T08:49:37.123Z", &s));
    assert_true(clock_parse_iso8601("19941106T084937Z", &s));
    assert_int_equal(s, 784111777);
    assert_false(clock_parse_iso8601("1994-11-06T08:49:37", &s));
    assert_false(clock_parse_iso8601("1994-11-06T08:49:37.Z", &s));
    static const char *const edges[] = {"0000-01-01T00:00:00Z", "9999-12-31T23:59:60Z"};
    static const char *const beyond[] = {"2000-00-01T00:00:00Z", "2000-13-01T00:00:00Z",
                                         "2000-01-00T00:00:00Z", "2000-01-32T00:00:00Z",
                                         "2000-01-01T24:00:00Z", "2000-01-01T00:60:00Z",
                                         "2000-01-01T00:00:61Z", "2000-01-01T00:00:0aZ",
                                         "2000-01-01T00:00:0/Z", "2000-01-01T00:00:0:Z"};
    for (size_t i = 0; i < COUNT_OF(edges); i++)
        assert_true(clock_parse_iso8601(edges[i], &s));
    for (size_t i = 0; i < COUNT_OF(beyond); i++)
        assert_false(clock_parse_iso8601(beyond[i], &s));
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++) { /* both forms of the 15th of each month */
        int64_t same = 0;
        (void)text_set(text, sizeof(text), "1994-%02d-15T08:49:37Z", i + 1);
        assert_true(clock_parse_iso8601(text, &same));
        (void)text_set(text, sizeof(text), "Sun, 15 %.3s 1994 08:49:37 GMT", months + i * 3);
        assert_true(clock_parse_http_date(text, &s) && s == same);
    }
    clock_format_iso8601(784111777123, true, text);
    assert_string_equal(text, "1994-11-06T08:49:37.123Z");
    clock_format_iso8601(-1, true, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    clock_format_iso8601(INT64_MAX, true, text); /* the longest */
    assert_string_equal(text, "292278994-08-17T07:12:55.807Z");
}

/* The calendar is ours (packaging/deps/standins/calendar.c). */
static void calendar(void **state)
{
    static const struct {
        int64_t unix_s;
        const char *text;
    } known[] = {{0, "1970-01-01T00:00:00Z"},           {951782400, "2000-02-29T00:00:00Z"},
                 {-2203891200, "1900-03-01T00:00:00Z"}, {4107542399, "2100-02-28T23:59:59Z"},
                 {4107542400, "2100-03-01T00:00:00Z"},  {253402300799, "9999-12-31T23:59:59Z"}};
    char text[TIME_SIZE];
    int64_t s = 0;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(known); i++) {
        clock_format_iso8601(known[i].unix_s * 1000, false, text);
        assert_string_equal(text, known[i].text);
    }
    for (int64_t day = -30000; day < 60000; day++) {
        clock_format_iso8601((day * 86400 + 45296) * 1000, false, text);
        assert_true(clock_parse_iso8601(text, &s));
        assert_int_equal(s, day * 86400 + 45296);
    }

    time_t when = 784111777;
    struct tm parts;
    assert_non_null(gmtime_r(&when, &parts));
    assert_int_equal(parts.tm_wday, 0);
    assert_int_equal(parts.tm_yday, 309);
    when = INT64_MAX;
    assert_null(gmtime_r(&when, &parts));
}

static char directory[] = "/tmp/ssm-preflight-test-XXXXXX";

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    static const char *const names[] = {"new", "old", "a.conf", "b.conf", "fifo", "link"};
    char path[128];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        (void)text_set(path, sizeof(path), "%s/%s", directory, names[i]);
        (void)unlink(path);
    }
    return rmdir(directory);
}

static void a_file_is_written_whole_and_read_whole(void **state)
{
    struct buffer contents;
    char path[128];
    struct stat status;
    (void)state;

    (void)text_set(path, sizeof(path), "%s/new", directory);
    assert_int_equal(file_write_atomically(path, "one\ntwo\n", 8, 0644), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);

    buffer_init(&contents, 8);
    assert_int_equal(file_read(directory, "/new", &contents), 0);
    assert_string_equal(contents.bytes, "one\ntwo\n");
    buffer_clear(&contents);
    buffer_init(&contents, 7);
    assert_int_equal(file_read(directory, "/new", &contents), EFBIG);
    assert_null(contents.bytes);

    char line[16];
    assert_true(file_read_line(directory, "/new", line, sizeof(line)));
    assert_string_equal(line, "one");
    assert_true(file_read_line(directory, "/new", line, 3));
    assert_string_equal(line, "on");
    assert_false(file_read_line(directory, "/missing", line, sizeof(line)));
    assert_string_equal(line, "");
    assert_int_equal(file_read_start(directory, "/new", line, 6), 6);
    assert_memory_equal(line, "one\ntw", 6);
    assert_int_equal(file_read_start(directory, "/missing", line, 6), 0);
    assert_int_equal(file_read(directory, "/missing", &contents), ENOENT);
    assert_int_equal(file_write_atomically("/proc/nowhere/x", "", 0, 0644), ENOENT);
}

/* Go's bufio gives up at a line of 64 KB, its end included. */
static void a_file_is_read_as_go_does(void **state)
{
    static char text[70000];
    static const char first[] = "first\n", zero[] = "a\0b\n";
    struct buffer contents;
    char path[96];
    (void)state;

    (void)text_set(path, sizeof(path), "%s/long", directory);
    for (size_t n = 65535; n <= 65536; n++) {
        memset(text, 'x', sizeof(text));
        memcpy(text, first, sizeof(first) - 1);
        text[strlen(first) + n] = '\n';
        assert_int_equal(file_write_atomically(path, text, sizeof(text), 0644), 0);
        buffer_init(&contents, FILE_MAX_BYTES);
        assert_int_equal(file_read_as_go(directory, "/long", &contents), 0);
        assert_int_equal(strlen(contents.bytes), n == 65535 ? sizeof(text) : strlen(first));
        buffer_clear(&contents);
    }
    assert_int_equal(file_write_atomically(path, zero, sizeof(zero) - 1, 0644), 0);
    buffer_init(&contents, FILE_MAX_BYTES);
    assert_int_equal(file_read_as_go(directory, "/long", &contents), 0);
    assert_string_equal(contents.bytes, "a\1b\n");
    buffer_clear(&contents);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(file_read_as_go(directory, "/long", &contents), ENOENT);
}

static void a_fifo_does_not_hang_a_boot(void **state)
{
    struct buffer contents;
    char path[128];
    (void)state;

    (void)text_set(path, sizeof(path), "%s/fifo", directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    buffer_init(&contents, 100);
    assert_int_equal(file_read(directory, "/fifo", &contents), EINVAL);
}

/* `--save /dev/null` as root, and `--output-file /dev/stdout`. */
static void what_is_no_file_is_written_to_and_not_replaced(void **state)
{
    char path[128], link[128], bytes[8] = "";
    struct stat status;
    (void)state;

    (void)text_set(path, sizeof(path), "%s/pipe", directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(file_write_atomically(path, "one", 3, 0644), ENXIO); /* nobody reads */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(file_write_atomically(path, "one", 3, 0644), 0);
    assert_int_equal(read(fd, bytes, sizeof(bytes)), 3);
    assert_memory_equal(bytes, "one", 3);
    assert_int_equal(close(fd), 0);
    assert_int_equal(lstat(path, &status), 0);
    assert_true(S_ISFIFO(status.st_mode));

    (void)text_set(link, sizeof(link), "%s/link", directory);
    assert_int_equal(symlink("new", link), 0);
    assert_int_equal(file_write_atomically(link, "one", 3, 0644), ELOOP);
    assert_int_equal(lstat(link, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("/dev/full", link), 0);
    assert_int_equal(file_write_atomically(link, "one", 3, 0644), ENOSPC);
    assert_int_equal(file_write_atomically(directory, "one", 3, 0644), EISDIR);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(link), 0);
}

/* More than is read at once; and a write that fails leaves nothing behind, and what was there as it was. */
static void a_long_file_too_and_nothing_is_left_of_a_failed_write(void **state)
{
    static char long_text[3 * 16384 + 5], too_long[5000];
    char path[128], folder[128];
    struct buffer contents;
    (void)state;

    for (size_t i = 0; i < sizeof(long_text); i++)
        long_text[i] = (char)('a' + i % 23);
    (void)text_set(path, sizeof(path), "%s/new", directory);
    assert_int_equal(file_write_atomically(path, long_text, sizeof(long_text), 0600), 0);
    buffer_init(&contents, sizeof(long_text));
    assert_int_equal(file_read("", path, &contents), 0);
    assert_int_equal(contents.used, sizeof(long_text));
    assert_memory_equal(contents.bytes, long_text, sizeof(long_text));
    buffer_clear(&contents);

    (void)text_set(folder, sizeof(folder), "%s/folder", directory);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(file_write_atomically(folder, "x", 1, 0600), EISDIR);
    assert_int_equal(file_read("", folder, &contents), EISDIR);
    assert_int_equal(file_read(directory, "/folder", &contents), EISDIR);
    assert_int_equal(rmdir(folder), 0);
    memset(too_long, 'x', sizeof(too_long) - 1);
    assert_int_equal(file_write_atomically(too_long, "x", 1, 0600), ENAMETOOLONG);
    LOCAL_NAMES left = file_list("", directory, "");
    assert_int_equal(left.n, 2); /* "new" and the FIFO of another test */
}

/* /dev/null, to which people link what is to be empty, and what a link is. */
static void a_link_is_looked_at_or_followed(void **state)
{
    char link[128], target[16];
    struct buffer contents;
    struct stat status;
    (void)state;

    (void)text_set(link, sizeof(link), "%s/link", directory);
    assert_int_equal(symlink("new", link), 0);
    assert_true(file_exists(directory, "/link"));
    assert_true(file_look(directory, "/link", true, &status) && S_ISREG(status.st_mode));
    assert_true(file_look(directory, "/link", false, &status) && S_ISLNK(status.st_mode));
    assert_true(file_read_link(directory, "/link", target, sizeof(target)));
    assert_string_equal(target, "new");
    assert_true(file_read_link(directory, "/link", target, 3));
    assert_string_equal(target, "ne");
    assert_false(file_read_link(directory, "/new", target, sizeof(target)));
    assert_false(file_read_link(directory, "/missing", target, sizeof(target)));
    assert_false(file_exists(directory, "/missing"));
    assert_int_equal(unlink(link), 0);
    buffer_init(&contents, 8);
    assert_int_equal(file_read("", "/dev/null", &contents), 0);
    assert_string_equal(contents.bytes, "");
    buffer_clear(&contents);
    assert_int_equal(file_read("/dev", "/null", &contents), 0); /* is not opened */
    assert_string_equal(contents.bytes, "");
    buffer_clear(&contents);
    assert_int_equal(file_read("", "/dev/zero", &contents), EINVAL);
    assert_int_equal(file_read("/dev", "/zero", &contents), EINVAL);
}

static void drop_ins_come_in_the_order_of_their_names(void **state)
{
    char path[128];
    (void)state;

    (void)text_set(path, sizeof(path), "%s/b.conf", directory);
    assert_int_equal(file_write_atomically(path, "", 0, 0600), 0);
    (void)text_set(path, sizeof(path), "%s/a.conf", directory);
    assert_int_equal(file_write_atomically(path, "", 0, 0600), 0);
    (void)text_set(path, sizeof(path), "%s/.c.conf", directory);
    assert_int_equal(file_write_atomically(path, "", 0, 0600), 0);
    LOCAL_NAMES found = file_list(directory, "", ".conf");
    LOCAL_NAMES none = file_list(directory, "/none", ".conf");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(found.error, 0);
    assert_int_equal(found.n, 2);
    assert_string_equal(found.names[0], "a.conf");
    assert_string_equal(found.names[1], "b.conf");
    assert_int_equal(none.error, ENOENT);
    assert_int_equal(none.n, 0);
}

#ifndef __SANITIZE_ADDRESS__     /* it ends the process in its own way */
static void *volatile allocated; /* or the compiler leaves out what is not used */

static void run_out_by_malloc(size_t n)
{
    allocated = malloc(n);
}

static void run_out_by_calloc(size_t n)
{
    allocated = calloc(n, 1);
}

static void run_out_by_realloc(size_t n)
{
    allocated = realloc(NULL, n);
}

static void run_out_by_reallocarray(size_t n)
{
    allocated = reallocarray(NULL, n, 1);
}

static void run_out_by_aligned(size_t n)
{
    void *memory = NULL;
    if (posix_memalign(&memory, 64, n) == 0)
        allocated = memory;
}

/* What it says on standard error, and its exit status. */
static int status_after(void (*run_out)(size_t n), size_t n, char *said, size_t size)
{
    int ends[2], status;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        run_out(n);
        _exit(0);
    }
    (void)close(ends[1]);
    ssize_t n_said = read(ends[0], said, size - 1);
    said[n_said > 0 ? n_said : 0] = '\0';
    assert_int_equal(strlen(said), n_said); /* and no zero behind it */
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void out_of_memory_is_the_end(void **state)
{
    static void (*const ways[])(size_t n) = {run_out_by_malloc, run_out_by_calloc,
                                             run_out_by_realloc, run_out_by_reallocarray,
                                             run_out_by_aligned};
    volatile size_t too_much = SIZE_MAX / 4; /* volatile: or the compiler warns */
    char said[80];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        assert_int_equal(status_after(ways[i], too_much, said, sizeof(said)), 4);
        assert_string_equal(said, "ssm-preflight: out of memory\n");
        assert_int_equal(status_after(ways[i], 64, said, sizeof(said)), 0);
        assert_string_equal(said, "");
    }
}

/* A size of 0 frees, and what comes of it is no failure. */
static void nothing_is_not_out_of_memory(void **state)
{
    volatile size_t nothing = 0, some = 8, odd = 3;
    void *memory = NULL;
    (void)state;

    free(realloc(malloc(some), nothing));
    free(reallocarray(malloc(some), nothing, some));
    free(reallocarray(malloc(some), some, nothing));
    assert_int_equal(posix_memalign(&memory, some, some), 0);
    free(memory);
    assert_int_equal(posix_memalign(&memory, odd, some), EINVAL); /* which is another failure */
}
#endif

/* A file that gives EIO when it is read: the memory of this process, at address 0. */
static void trouble_with_a_file_is_kept(void **state)
{
    struct buffer contents;
    char trouble[256];
    static const int of_disks[] = {EIO, EUCLEAN, ESTALE, EREMOTEIO};
    (void)state;

    buffer_init(&contents, 1024);
    assert_int_equal(file_read("", "/no/such/file", &contents), ENOENT);
    assert_false(file_take_trouble(trouble, sizeof(trouble)));
    assert_int_equal(file_read("/proc", "/self/mem", &contents), EIO);
    assert_int_equal(file_read("/proc", "/thread-self/mem", &contents), EIO);
    assert_true(file_take_trouble(trouble, sizeof(trouble)));
    assert_string_equal(trouble, "/self/mem: Input/output error"); /* the first */
    assert_false(file_take_trouble(trouble, sizeof(trouble)));
    for (size_t i = 0; i < COUNT_OF(of_disks); i++)
        assert_true(file_is_trouble(of_disks[i]));
    errno = EIO; /* of something before */
    assert_true(file_exists("", "/proc"));
    assert_false(file_take_trouble(trouble, sizeof(trouble)));
    assert_false(file_is_trouble(ENOENT) || file_is_trouble(EACCES) || file_is_trouble(ELOOP));
    file_keep_trouble("a socket", EPERM); /* said to be trouble by who knows */
    assert_true(file_take_trouble(trouble, sizeof(trouble)));
    assert_string_equal(trouble, "a socket: Operation not permitted");
}

static void what_is_written_arrives_or_says_why(void **state)
{
    char got[16] = "";
    int ends[2];
    (void)state;

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(output_write(ends[1], "hello", 5, INT64_MAX), 0);
    assert_int_equal(read(ends[0], got, sizeof(got)), 5);
    assert_string_equal(got, "hello");
    assert_int_equal(output_write(ends[1], "", 0, INT64_MAX), 0);
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    (void)close(ends[0]);
    assert_int_equal(output_write(ends[1], "hello", 5, INT64_MAX), EPIPE);
    (void)signal(SIGPIPE, before);
    (void)close(ends[1]);
    assert_int_equal(output_write(ends[1], "hello", 5, INT64_MAX), EBADF);
}

/* A reader that takes all of it, piece by piece, and how much of it was right. */
static pid_t read_all(int ends[2], const char *bytes)
{
    pid_t child = fork();

    if (child == 0) {
        char piece[1000];
        size_t at = 0;
        (void)close(ends[1]);
        for (ssize_t n; (n = read(ends[0], piece, sizeof(piece))) > 0; at += (size_t)n)
            if (memcmp(piece, bytes + at, (size_t)n) != 0)
                _exit(1);
        _exit(at == 300000 ? 0 : 2);
    }
    assert_true(child > 0);
    return child;
}

/* More than a pipe takes: whole with somebody who reads, and late with nobody. */
static void a_long_text_arrives_whole_or_late(void **state)
{
    static char bytes[300000];
    static const struct {
        int flags;
        bool reads;
        int64_t deadline_ms, max_ms;
    } ways[] = {
        {0, true, INT64_MAX, INT64_MAX},      {O_NONBLOCK, true, INT64_MAX, INT64_MAX},
        {O_NONBLOCK, true, INT64_MAX, 60000}, {0, false, 0, INT64_MAX},
        {O_NONBLOCK, false, 0, INT64_MAX},    {0, false, INT64_MAX, 30},
        {O_NONBLOCK, false, INT64_MAX, 30},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i % 251);
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        int ends[2], status = 0;
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        assert_int_equal(fcntl(ends[1], F_SETFL, ways[i].flags), 0);
        output_set_deadline(ways[i].deadline_ms);
        pid_t child = ways[i].reads ? read_all(ends, bytes) : 0;
        assert_int_equal(output_write(ends[1], bytes, sizeof(bytes), ways[i].max_ms),
                         ways[i].reads ? 0 : ETIMEDOUT);
        (void)close(ends[1]);
        (void)close(ends[0]);
        assert_true(!child || waitpid(child, &status, 0) == child);
        assert_int_equal(status, 0);
    }
    output_set_deadline(INT64_MAX);
}

/* Nobody reads and there is no deadline: each signal to end leaves a second, and another leaves it waiting. */
static void a_signal_ends_a_write(void **state)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
    pid_t children[COUNT_OF(numbers)];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        children[i] = fork();
        if (children[i] == 0) {
            static char bytes[300000];
            sigset_t all;
            int ends[2];
            (void)sigfillset(&all);
            if (pipe(ends) != 0 || sigprocmask(SIG_BLOCK, &all, NULL) != 0 ||
                raise(numbers[i]) != 0)
                _exit(1);
            int64_t began_ms = clock_monotonic_ms();
            int error = output_write(ends[1], bytes, sizeof(bytes), INT64_MAX);
            _exit(error == ETIMEDOUT && clock_monotonic_ms() >= began_ms + 1000 ? 0 : 2);
        }
        assert_true(children[i] > 0);
    }
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        int status = 1;
        if (numbers[i] == SIGUSR1)
            assert_int_equal(kill(children[i], SIGKILL), 0);
        assert_true(waitpid(children[i], &status, 0) == children[i]);
        if (numbers[i] == SIGUSR1)
            assert_true(WIFSIGNALED(status));
        else
            assert_int_equal(status, 0);
    }
}

/* A pipe that takes nothing, and is never read. */
static int full_pipe(int ends[2])
{
    static const char bytes[4096];

    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    while (write(ends[1], bytes, sizeof(bytes)) > 0) {}
    while (write(ends[1], bytes, 1) > 0) {}
    assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
    return ends[1];
}

/* Twenty writers whom nobody reads, half of them with a descriptor that does not block, and a file that is a pipe. How long they
 * took together. */
static int64_t twenty_writers_ms(void)
{
    int64_t began_ms = clock_monotonic_ms();
    char path[64];

    for (int i = 0; i < 20; i++) {
        int ends[2], fd = full_pipe(ends);
        if (i % 2)
            assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
        (void)text_set(path, sizeof(path), "/proc/self/fd/%d", fd);
        assert_int_equal(i == 10 ? file_write_atomically(path, "x", 1, 0600)
                                 : output_write(fd, "x", 1, 60000),
                         ETIMEDOUT);
        (void)close(ends[0]);
        (void)close(ends[1]);
    }
    return clock_monotonic_ms() - began_ms;
}

static int ends_with(void (*what)(void))
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        what();
        _exit(0);
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    return status;
}

static void past_the_deadline(void)
{
    output_set_deadline(clock_monotonic_ms() - 1000);
    assert_true(output_left_ms(clock_monotonic_ms(), INT64_MAX) <= 0);
    _exit(twenty_writers_ms() < 1000 ? 0 : 1);
}

static void at_the_deadline(void)
{
    int64_t took_ms;

    output_set_deadline(clock_monotonic_ms() + 1000);
    took_ms = twenty_writers_ms();
    _exit(took_ms >= 1000 && took_ms < 2000 ? 0 : 1);
}

static void told_to_end(void)
{
    sigset_t all;
    int64_t took_ms;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, NULL);
    (void)raise(SIGTERM);
    took_ms = twenty_writers_ms();
    _exit(took_ms >= 1000 && took_ms < 2000 ? 0 : 1);
}

/* However many writers there are and whatever they write to. */
static void all_writers_share_one_budget(void **state)
{
    (void)state;
    assert_int_equal(ends_with(past_the_deadline), 0);
    assert_int_equal(ends_with(at_the_deadline), 0);
    assert_int_equal(ends_with(told_to_end), 0);
}

/* There is no deadline, and it goes on all the same; when somebody reads again, the next line is whole. */
static void say_to_nobody(void)
{
    static char taken[1 << 20];
    int64_t began_ms = clock_monotonic_ms();
    int ends[2];

    if (dup2(full_pipe(ends), STDERR_FILENO) != STDERR_FILENO)
        _exit(1);
    for (int i = 0; i < 10; i++)
        log_error("nobody reads this");
    if (clock_monotonic_ms() >= began_ms + 3000 || read(ends[0], taken, sizeof(taken)) <= 0)
        _exit(2);
    log_error("somebody reads this");
    (void)!read(ends[0], taken, sizeof(taken));
    _exit(strcmp(taken, "ssm-preflight: somebody reads this\n") == 0 ? 0 : 3);
}

#ifndef __SANITIZE_ADDRESS__
static void end_for_want_of_memory(void)
{
    int ends[2];

    if (dup2(full_pipe(ends), STDERR_FILENO) == STDERR_FILENO)
        run_out_by_malloc(SIZE_MAX / 4);
    _exit(1);
}
#endif

static void a_log_that_nobody_reads_holds_nothing(void **state)
{
    (void)state;
    assert_int_equal(ends_with(say_to_nobody), 0);
#ifndef __SANITIZE_ADDRESS__
    assert_int_equal(ends_with(end_for_want_of_memory), 4 << 8);
#endif
}

/* One line a message, escaped; what is for --verbose without it not at all. */
static void the_log_is_a_line_a_message(void **state)
{
    char said[256] = "";
    int ends[2];
    (void)state;

    (void)fflush(stderr);
    const int before = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    log_verbose("not %s", "this");
    log_error("a %s\n%d", "text", 7);
    log_set_verbose(true);
    log_verbose("b %s", "text");
    log_set_verbose(false);
    log_verbose("nor this");
    assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);
    assert_true(read(ends[0], said, sizeof(said) - 1) > 0);
    for (int i = 0; i < 2; i++)
        (void)close(ends[i]);
    (void)close(before);
    assert_string_equal(said, "ssm-preflight: a text\\n7\nssm-preflight: b text\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trouble_with_a_file_is_kept),
        cmocka_unit_test(escaping_leaves_only_printable_ascii),
        cmocka_unit_test(an_excerpt_is_a_pages_title_or_the_beginning),
        cmocka_unit_test(a_cut_escape_says_so_and_never_splits_a_sequence),
        cmocka_unit_test(text_is_cut_and_terminated),
        cmocka_unit_test(numbers_are_whole_and_bounded),
        cmocka_unit_test(a_buffer_never_passes_its_maximum),
        cmocka_unit_test(words_and_versions),
        cmocka_unit_test(trimming_touches_nothing_behind),
        cmocka_unit_test(lists_of_words),
        cmocka_unit_test(the_nearest_word_is_hinted_at),
        cmocka_unit_test(base64_is_that_of_everybody),
        cmocka_unit_test(durations),
        cmocka_unit_test(dates),
        cmocka_unit_test(what_is_written_arrives_or_says_why),
        cmocka_unit_test(a_long_text_arrives_whole_or_late),
        cmocka_unit_test(a_signal_ends_a_write),
        cmocka_unit_test(all_writers_share_one_budget),
        cmocka_unit_test(a_log_that_nobody_reads_holds_nothing),
        cmocka_unit_test(the_log_is_a_line_a_message),
        cmocka_unit_test(calendar),
        cmocka_unit_test(a_file_is_written_whole_and_read_whole),
        cmocka_unit_test(a_file_is_read_as_go_does),
        cmocka_unit_test(a_fifo_does_not_hang_a_boot),
        cmocka_unit_test(a_long_file_too_and_nothing_is_left_of_a_failed_write),
        cmocka_unit_test(a_link_is_looked_at_or_followed),
        cmocka_unit_test(what_is_no_file_is_written_to_and_not_replaced),
        cmocka_unit_test(drop_ins_come_in_the_order_of_their_names),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(out_of_memory_is_the_end),
        cmocka_unit_test(nothing_is_not_out_of_memory),
#endif
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
