/* SPDX-License-Identifier: Apache-2.0
 *
 * What systemd is asked of a unit over its own socket, and what is made of its answers. A child plays systemd, by the
 * D-Bus specification ("Message Protocol", "Marshaling").
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/agent.h"
#include "discover/unit.h"

enum { CALL = 1, RETURN, ERROR, SIGNAL, MAX_SENT = 40000, MAX_GOT = 8192 };

static const char greeting[] = "\0AUTH EXTERNAL 30\r\nBEGIN\r\n";
static char root[] = "/tmp/ssm-preflight-bus-XXXXXX";
static char answers[MAX_SENT]; /* what the child says, and how much of it */
static size_t n_answers;
static struct unit_end end;

static void add(const void *bytes, size_t n)
{
    assert_true(n_answers + n <= sizeof(answers));
    memcpy(answers + n_answers, bytes, n);
    n_answers += n;
}

static void add_message(char order, char type, const void *body, uint32_t n)
{
    /* one header field: REPLY_SERIAL, a u */
    static const char fields[8] = {5, 1, 'u', 0, 1, 0, 0, 0};
    const uint32_t numbers[] = {n, 7, sizeof(fields)};
    const char head[] = {order, type, 1, 1};

    add(head, sizeof(head));
    add(numbers, sizeof(numbers));
    add(fields, sizeof(fields));
    add(body, n);
}

static void add_text(const char *text)
{
    char body[1024] = {1, 's', 0, 0};
    const uint32_t n = (uint32_t)strlen(text);

    memcpy(body + 4, &n, sizeof(n));
    memcpy(body + 8, text, n + 1);
    add_message('l', RETURN, body, 8 + n + 1);
}

static void add_number(uint32_t number)
{
    char body[8] = {1, 'u', 0, 0};

    memcpy(body + 4, &number, sizeof(number));
    add_message('l', RETURN, body, sizeof(body));
}

static void welcome(void)
{
    n_answers = 0;
    add("OK 0123456789abcdef0123456789abcdef\r\n", 37);
}

/* Reads the next call of a text, checks its form, and returns its last string; NULL: it is none. */
static const char *property_of(const char *at, const char *until, const char **next)
{
    static const struct {
        char code, type;
        const char *text;
    } wanted[] = {{1, 'o', "/org/freedesktop/systemd1/unit/amazon_2dssm_2dagent_2eservice"},
                  {2, 's', "org.freedesktop.DBus.Properties"},
                  {3, 's', "Get"},
                  {6, 's', "org.freedesktop.systemd1"}};
    uint32_t n_body, n_fields, n;
    const char *message = at;

    if (until - at < 16 || memcmp(at, "l\1\0\1", 4) != 0)
        return NULL;
    memcpy(&n_body, at + 4, 4);
    memcpy(&n_fields, at + 12, 4);
    const char *body = message + 16 + (n_fields + 7) / 8 * 8;
    if (body + n_body > until)
        return NULL;
    at += 16;
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        at = message + ((size_t)(at - message) + 7) / 8 * 8;
        memcpy(&n, at + 4, 4);
        if (at[0] != wanted[i].code || at[1] != 1 || at[2] != wanted[i].type || at[3] ||
            n != strlen(wanted[i].text) || strcmp(at + 8, wanted[i].text) != 0)
            return NULL;
        at += 8 + n + 1;
    }
    at = message + ((size_t)(at - message) + 7) / 8 * 8;
    if (memcmp(at, "\x8\1g\0\2ss", 8) != 0 || at + 8 > body || at + 8 != message + 16 + n_fields)
        return NULL;
    memcpy(&n, body, 4); /* the interface, then the property */
    if (!text_starts(body + 4, "org.freedesktop.systemd1.") || strlen(body + 4) != n)
        return NULL;
    const char *property = body + 4 + (n + 1 + 3) / 4 * 4;
    memcpy(&n, property, 4);
    *next = body + n_body;
    return strlen(property + 4) == n && property + 4 + n + 1 == *next ? property + 4 : NULL;
}

/* 0: it was greeted, and asked for the properties in their order, as far as it answered. */
static int play_systemd(int listener)
{
    static const char *const order[] = {"ActiveState", "Result", "NRestarts", "ExecMainStatus",
                                        "ExecMainPID"};
    static char got[MAX_GOT];
    size_t used = 0;
    int fd = accept(listener, NULL, NULL);

    if (fd < 0 || send(fd, answers, n_answers, MSG_NOSIGNAL) != (ssize_t)n_answers ||
        shutdown(fd, SHUT_WR) != 0)
        return 2;
    for (ssize_t n; (n = read(fd, got + used, sizeof(got) - used)) > 0;)
        used += (size_t)n;
    if (used < sizeof(greeting) - 1 || memcmp(got, greeting, sizeof(greeting) - 1) != 0)
        return 3;
    const char *at = got + sizeof(greeting) - 1;
    for (size_t i = 0; at < got + used; i++) {
        const char *property = property_of(at, got + used, &at);
        if (!property || i == COUNT_OF(order) || strcmp(property, order[i]) != 0)
            return 4;
    }
    return 0;
}

static bool ask_unit(void)
{
    return unit_ask(root, "amazon-ssm-agent.service", &end);
}

/* What `asks` says, while systemd answers. */
static bool ask_by(bool (*asks)(void))
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), status = 1;

    (void)text_set(address.sun_path, sizeof(address.sun_path), "%s/run/systemd/private", root);
    (void)unlink(address.sun_path);
    assert_true(bind(listener, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
                listen(listener, 1) == 0);
    pid_t child = fork();
    if (child == 0)
        _exit(play_systemd(listener));
    (void)close(listener);
    memset(&end, 0, sizeof(end));
    bool answered = asks();
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    assert_int_equal(status, 0);
    return answered;
}

static bool ask(void)
{
    return ask_by(ask_unit);
}

static int make_root(void **state)
{
    char path[64];
    (void)state;
    if (!mkdtemp(root))
        return -1;
    (void)text_set(path, sizeof(path), "%s/run", root);
    (void)mkdir(path, 0755);
    (void)text_set(path, sizeof(path), "%s/run/systemd", root);
    return mkdir(path, 0755);
}

static int remove_root(void **state)
{
    char command[128];
    (void)state;
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", root);
    return system(command); /* NOLINT(cert-env33-c): of a test */
}

static void nobody_answers(void **state)
{
    (void)state;
    assert_false(unit_ask(root, "amazon-ssm-agent.service", &end));
}

static void all_five_are_asked(void **state)
{
    (void)state;
    welcome();
    add_text("failed");
    add_text("exit-code");
    add_number(3);
    add_number(1);
    add_number(4711);
    assert_true(ask());
    assert_string_equal(end.active, "failed");
    assert_string_equal(end.result, "exit-code");
    assert_int_equal(end.n_restarts, 3);
    assert_int_equal(end.exit_status, 1);
    assert_int_equal(end.pid, 4711);
}

/* Signals come in between, with bodies and without; more of them than that is no answer. */
static void signals_are_passed_over(void **state)
{
    (void)state;
    for (int n = 31; n <= 32; n++) {
        welcome();
        for (int i = 0; i < n; i++)
            add_message('l', SIGNAL, "anything!", i % 2 ? 9 : 0);
        add_text("active");
        add_text("success");
        for (int i = 0; i < 3; i++)
            add_number(0);
        assert_int_equal(ask(), n == 31);
    }
}

static void what_is_no_answer(void **state)
{
    static const char text[] = "\1s\0\0\6\0\0\0failed", long_one[] = "\1s\0\0\7\0\0\0failed";
    char much[900];
    (void)state;

    n_answers = 0;
    add("ERROR 123456789abcdef0123456789abcdef\r\n", 37);
    assert_false(ask());
    welcome();
    assert_false(ask());
    for (int i = 0; i < 2; i++) { /* whatever follows upon an error */
        welcome();
        add_message('l', ERROR, text, sizeof(text));
        for (int j = 0; i && j < 5; j++)
            j < 2 ? add_text("failed") : add_number(1);
        assert_false(ask());
    }
    welcome();
    add_message('B', RETURN, text, sizeof(text));
    assert_false(ask());
    welcome();
    add_number(3); /* where a text is wanted */
    assert_false(ask());
    welcome();
    add_text("failed");
    add_text("exit-code");
    add_text("a text"); /* where a number is wanted */
    assert_false(ask());
    welcome();
    add_message('l', RETURN, text, 7);
    assert_false(ask());
    welcome();
    add_message('l', RETURN, long_one,
                sizeof(long_one) - 1); /* says that it is longer than it is */
    assert_false(ask());
    assert_string_equal(end.active, "");
    welcome();
    add_message('l', RETURN, text, sizeof(text));
    n_answers -= 3; /* cut */
    assert_false(ask());
    welcome();
    memset(much, 'x', sizeof(much) - 1);
    much[sizeof(much) - 1] = '\0';
    add_text(much); /* no word of systemd's */
    assert_false(ask());
    assert_true(strlen(end.active) < sizeof(end.active));
}

/* --- what the agent's facts have of it --- */

static struct agent_facts agent;

static bool read_state(void)
{
    agent_read_state(root, "", &agent);
    return agent.ended == ANSWER_YES;
}

static void begin_agent(void)
{
    agent = (struct agent_facts){.installed = ANSWER_YES, .running = ANSWER_NO};
    (void)text_set(agent.unit, sizeof(agent.unit), "amazon-ssm-agent.service");
}

/* The times of files mislead where the clock was set: a unit without a process never ran in this boot. */
static void an_agent_that_ended_is_told_with_its_end(void **state)
{
    static const char *const folders[] = {"/var", "/var/log", "/var/log/amazon",
                                          "/var/log/amazon/ssm"};
    char path[128];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        (void)text_set(path, sizeof(path), "%s%s", root, folders[i]);
        assert_int_equal(mkdir(path, 0755), 0);
    }
    (void)text_add(path, sizeof(path), "/amazon-ssm-agent.log");
    assert_int_equal(file_write_atomically(path, "", 0, 0644), 0);
    for (int pid = 0; pid < 2; pid++) {
        welcome();
        add_text("failed");
        add_text("exit-code");
        add_number(3);
        add_number(4);
        add_number((uint32_t)pid);
        begin_agent();
        assert_int_equal(ask_by(read_state), pid);
        assert_string_equal(agent.unit_active, pid ? "failed" : "");
        assert_string_equal(agent.unit_result, pid ? "exit-code" : "");
        assert_int_equal(agent.n_restarts, pid ? 3 : 0);
        assert_int_equal(agent.exit_status, pid ? 4 : 0);
    }
    begin_agent(); /* systemd does not answer */
    assert_true(read_state());
    assert_string_equal(agent.unit_active, "");
    begin_agent();
    agent.running = ANSWER_YES;
    assert_false(read_state());
    assert_int_equal(agent.ended, ANSWER_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_answers),
        cmocka_unit_test(all_five_are_asked),
        cmocka_unit_test(signals_are_passed_over),
        cmocka_unit_test(what_is_no_answer),
        cmocka_unit_test(an_agent_that_ended_is_told_with_its_end),
    };
    return cmocka_run_group_tests_name("discover: what systemd says of a unit", tests, make_root,
                                       remove_root);
}
