/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal's entries: their fields, that nothing observed can add one, and that sending them
 * never waits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "report/systemd.h"
#include "report_builder.h"

/* systemd.journal-fields(7): capital letters, digits and underscores, not an underscore first. */
static void assert_is_field(const char *line)
{
    size_t n = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    if (n == 0 || n > 64 || line[n] != '=' || line[0] == '_' || (line[0] >= '0' && line[0] <= '9'))
        fail_msg("no field: %.80s", line);
}

static void every_line_is_a_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_samples; i++) {
        struct filled *filled = fill_sample(i);

        for (int j = 0; j <= filled->report.n_findings; j++) {
            struct buffer text;
            int n_messages = 0;

            buffer_init(&text, JOURNAL_MAX_BYTES);
            journal_write(&filled->report, j, &text);
            for (const char *at = text.bytes; *at; at = strchr(at, '\n') + 1) {
                assert_is_field(at);
                n_messages += text_starts(at, "MESSAGE=");
            }
            assert_int_equal(n_messages, 1);
            buffer_clear(&text);
        }
        free(filled);
    }
}

/* A line of units/message-ids: "name   id". */
static void assert_id(const char *ids, const char *name, const char *entry)
{
    const char *line = strstr(ids, name);
    const char *id = strstr(entry, "MESSAGE_ID=");

    assert_non_null(line);
    assert_non_null(id);
    line += strlen(name);
    line += strspn(line, " ");
    assert_memory_equal(line, id + strlen("MESSAGE_ID="), 32);
}

static void the_ids_are_those_of_the_catalog(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443");
    struct buffer ids, entry;
    static const enum verdict verdicts[] = {VERDICT_READY, VERDICT_DEGRADED, VERDICT_NOT_READY,
                                            VERDICT_UNKNOWN};

    (void)state;
    buffer_init(&ids, FILE_MAX_BYTES);
    assert_int_equal(file_read("", "units/message-ids", &ids), 0);
    for (size_t i = 0; i < 4; i++) {
        char name[64];
        filled->report.verdict = verdicts[i];
        (void)text_set(name, sizeof(name), "\nverdict-%s ", verdict_row(verdicts[i])->name);
        buffer_init(&entry, JOURNAL_MAX_BYTES);
        journal_write(&filled->report, 0, &entry);
        assert_id(ids.bytes, name, entry.bytes);
        buffer_clear(&entry);
    }
    buffer_init(&entry, JOURNAL_MAX_BYTES);
    journal_write(&filled->report, 1, &entry);
    assert_id(ids.bytes, "\nfinding ", entry.bytes);
    buffer_clear(&entry);
    buffer_clear(&ids);
    free(filled);
}

/* --- sending, to a socket of our own --- */

static char folder[] = "/tmp/test_report_journal.XXXXXX";
static char path[64];

static int listen_here(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    (void)text_set(address.sun_path, sizeof(address.sun_path), "%s", path);
    (void)unlink(path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void one_datagram_an_entry(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443--optional");
    int fd = listen_here();
    static char got[JOURNAL_MAX_BYTES];

    (void)state;
    assert_true(journal_send_to(path, &filled->report));
    for (int i = 0; i <= filled->report.n_findings; i++) {
        struct buffer wanted;
        buffer_init(&wanted, JOURNAL_MAX_BYTES);
        journal_write(&filled->report, i, &wanted);
        ssize_t n = recv(fd, got, sizeof(got), 0);
        assert_int_equal(n, wanted.used);
        assert_memory_equal(got, wanted.bytes, wanted.used);
        buffer_clear(&wanted);
    }
    assert_int_equal(recv(fd, got, sizeof(got), 0), -1);
    (void)close(fd);
    free(filled);
}

static void nobody_listens_and_nothing_happens(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443");

    (void)state;
    (void)unlink(path);
    const int free_before = dup(1); /* what fails opens nothing, and closes nothing of another's */
    (void)close(free_before);
    assert_false(journal_send_to(path, &filled->report));
    (void)close(listen_here()); /* the socket is there, and refuses */
    assert_false(journal_send_to(path, &filled->report));
    assert_false(journal_send_to("/much/too/long/for/a/socket/"
                                 "............................................................"
                                 "............................................................",
                                 &filled->report));
    const int free_after = dup(1);
    (void)close(free_after);
    assert_int_equal(free_after, free_before);
    free(filled);
}

/* A journal that hangs: its queue fills up, and the call returns all the same. */
static void a_full_queue_does_not_stop_us(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443");
    int fd = listen_here();
    int sent = 0;

    (void)state;
    (void)alarm(20); /* or the test would hang with it */
    while (journal_send_to(path, &filled->report))
        assert_true(++sent < 100000);
    assert_false(journal_send_to(path, &filled->report));
    (void)alarm(0);
    (void)close(fd);
    free(filled);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    (void)text_set(path, sizeof(path), "%s/socket", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void what_is_not_known_is_no_field(void **state)
{
    struct filled *filled = fill("imds-blocked-locally");
    struct buffer entry;

    (void)state;
    filled->facts.machine.asset_tag[0] = '\0';
    buffer_init(&entry, JOURNAL_MAX_BYTES);
    journal_write(&filled->report, 0, &entry);
    assert_null(strstr(entry.bytes, "SSM_PREFLIGHT_INSTANCE"));
    buffer_clear(&entry);
    free(filled);
}

/* A third of what the manager waits for; without a watchdog nothing is sent. */
static void a_watchdog_hears_from_us_in_time(void **state)
{
    int fd = listen_here();
    char got[32] = "";

    (void)state;
    (void)setenv("NOTIFY_SOCKET", path, 1);
    assert_int_equal(notify_watchdog_interval_ms(), 0);
    notify_watchdog();
    (void)setenv("WATCHDOG_USEC", "30000000", 1);
    assert_int_equal(notify_watchdog_interval_ms(), 10000);
    notify_watchdog();
    assert_true(recv(fd, got, sizeof(got) - 1, 0) > 0);
    assert_string_equal(got, "WATCHDOG=1");
    assert_int_equal(recv(fd, got, sizeof(got), 0), -1);
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("NOTIFY_SOCKET");
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_is_a_field),
        cmocka_unit_test(the_ids_are_those_of_the_catalog),
        cmocka_unit_test(one_datagram_an_entry),
        cmocka_unit_test(nobody_listens_and_nothing_happens),
        cmocka_unit_test(what_is_not_known_is_no_field),
        cmocka_unit_test(a_watchdog_hears_from_us_in_time),
        cmocka_unit_test(a_full_queue_does_not_stop_us),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
