/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands that need no network, as they are run: what they print, where, and their exit status.
 */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "base/version.h"
#include "diagnose/causes.h"
#include "image/image.h"
#include "model/permissions.h"
#include "report_builder.h"
#include "run/commands.h"
#include "said.h"

static char folder[] = "/tmp/ssm-preflight-commands-XXXXXX";
static enum confinement confined;
static bool nothing_was_read; /* of standard input, when it was confined */

/* The test itself goes on afterwards. */
/* NOLINTNEXTLINE(cert-dcl37-c,bugprone-reserved-identifier): the linker wants this name */
void __wrap_confine(const struct options *options, enum confinement confinement);
/* NOLINTNEXTLINE(cert-dcl37-c,bugprone-reserved-identifier) */
void __wrap_confine(const struct options *options, enum confinement confinement)
{
    (void)options;
    confined = confinement;
    nothing_was_read = lseek(STDIN_FILENO, 0, SEEK_CUR) == 0;
}

/* What is still read from then on, a name a line; and how often that was said. */
static char readable[512];
static int n_confined_reading;

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants this name */
void __wrap_confine_reading(const struct options *options, const char *const names[], size_t n);
void __wrap_confine_reading(const struct options *options, const char *const names[], size_t n)
{
    (void)options;
    n_confined_reading++;
    readable[0] = '\0';
    for (size_t i = 0; i < n; i++)
        (void)text_add(readable, sizeof(readable), "%s\n", names[i]);
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

static const char *in_folder(const char *name)
{
    static char path[128];
    (void)text_set(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_text(const char *name, const char *text, size_t n)
{
    assert_int_equal(file_write_atomically(in_folder(name), text, n, 0644), 0);
}

/* The report of a situation as a file of the folder. */
static void write_report(const char *name, const char *situation)
{
    struct filled *filled = fill(situation);
    struct buffer text;

    buffer_init(&text, REPORT_MAX_BYTES);
    write_json_line(&filled->report, &text);
    write_text(name, text.bytes, text.used);
    buffer_clear(&text);
    free(filled);
}

/* The log of a console, with the block of a situation. */
static void write_console(const char *name, const char *situation)
{
    static const char before[] = "[    0.000000] Linux version 6.1.0\r\n";
    const struct style style = {0};
    struct filled *filled = fill(situation);
    struct buffer block, log;

    buffer_init(&block, REPORT_MAX_BYTES);
    buffer_init(&log, REPORT_MAX_BYTES);
    (void)text_set(filled->facts.instance.id, NAME_SIZE, "i-0c");
    console_write(&filled->report, &style, &block);
    (void)buffer_add_text(&log, before);
    for (size_t i = 0; i < block.used; i++)
        (void)(block.bytes[i] == '\n' ? buffer_add_text(&log, "\r\n")
                                      : buffer_add(&log, block.bytes + i, 1));
    (void)buffer_add_text(&log, "login: ");
    write_text(name, log.bytes, log.used);
    buffer_clear(&block);
    buffer_clear(&log);
    free(filled);
}

static int make_files(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || mkdir(in_folder("logs"), 0755) != 0)
        return -1;
    write_report("healthy.json", "healthy");
    write_report("logs/a.json", "healthy");
    write_report("logs/b.json", "role-missing");
    write_console("logs/c.log", "endpoint-blocks-443");
    write_text("logs/.hidden", "x", 1);
    write_text("empty", "", 0);
    return 0;
}

static int remove_files(void **state)
{
    static const char *const names[] = {
        "healthy.json", "logs/a.json", "logs/b.json", "logs/.hidden", "logs/c.log", "empty", "out"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        (void)unlink(in_folder(names[i]));
    (void)rmdir(in_folder("logs"));
    return rmdir(folder);
}

static int status_of(int (*command)(const struct options *options), const char *form, ...)
    __attribute__((format(printf, 2, 3)));

static int status_of(int (*command)(const struct options *options), const char *form, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, form);
    (void)vsnprintf(line, sizeof(line), form, arguments);
    va_end(arguments);
    return command_run(command, options_of(line));
}

static void assert_line(const char *line)
{
    const char *at = strstr(said_out, line);
    if (!at || (at > said_out && at[-1] != '\n'))
        fail_msg("no line \"%s\" in\n%s", line, said_out);
}

static int n_lines(void)
{
    int n = 0;
    for (const char *c = said_out; *c; c++)
        n += *c == '\n';
    return n;
}

/* --- list --- */

static void each_table_has_its_heading_and_its_rows(void **state)
{
    (void)state;
    assert_int_equal(status_of(command_list, "list endpoints"), EXIT_READY);
    assert_line("target       need      what for\n");
    assert_line("ssm          required  registration, documents, associations\n");
    assert_line("ec2messages  optional  ");
    assert_line("logs         off       ");
    assert_int_equal(n_lines(), 1 + N_SERVICES);
    assert_string_equal(said_err, "");

    assert_int_equal(status_of(command_list, "list permissions"), EXIT_READY);
    assert_int_equal(n_lines(), 1 + (int)n_permissions);
    assert_line("ssm:UpdateInstanceInformation              agent   the agent itself; registers");
    assert_line("ssm:DescribeAssociation                    yes     state-manager\n");
    assert_line("ssm:GetDocument                            yes     state-manager, distributor");
    assert_line("ssm:PutInventory                           never   inventory; would write");

    assert_int_equal(status_of(command_list, "list findings"), EXIT_READY);
    assert_line("code                        severity  title\n");
    assert_line("role-missing                fatal     ");
    assert_line("image-pins                  note      ");
    assert_line("\nA fatal cause is a warning when no required check fails by it.\n");
    for (size_t i = 0; i < n_causes; i++)
        assert_line(causes[i].code);
    assert_null(strstr(said_out, "\nagent-disabled                "
                                 "fatal     The image")); /* of an image only what is its own */
    int n = 1 + (int)n_causes + 2;
    for (size_t i = 0; i < n_image_codes; i++)
        if (text_starts(image_codes[i].code, "image-")) {
            assert_line(image_codes[i].code);
            n++;
        }
    assert_int_equal(n_lines(), n); /* all of them, and nothing else */

    assert_int_equal(status_of(command_list, "list checks"), EXIT_READY);
    assert_line("imds.connect");
}

static void without_a_name_every_table_is_listed(void **state)
{
    (void)state;
    assert_int_equal(status_of(command_list, "list"), EXIT_READY);
    assert_true(text_starts(said_out, "checks\n\ncheck"));
    assert_non_null(strstr(said_out, "\n\nfindings\n\ncode"));
    assert_non_null(strstr(said_out, "\n\nendpoints\n\ntarget"));
    assert_non_null(strstr(said_out, "\n\npermissions\n\naction"));
}

static void tables_as_json(void **state)
{
    static const char *const names[] = {"checks", "findings", "endpoints", "permissions"};
    (void)state;

    assert_int_equal(status_of(command_list, "list --json"), EXIT_READY);
    cJSON *all = cJSON_Parse(said_out);
    assert_int_equal(cJSON_GetArraySize(all), 4);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(all, names[i])) >= N_SERVICES);
    cJSON_Delete(all);

    assert_int_equal(status_of(command_list, "list permissions --json"), EXIT_READY);
    cJSON *one = cJSON_Parse(said_out);
    assert_int_equal(cJSON_GetArraySize(one), (int)n_permissions);
    cJSON_Delete(one);
}

static void a_table_that_is_not_there_is_wrong_usage(void **state)
{
    (void)state;
    assert_int_equal(status_of(command_list, "list finding"), EXIT_USAGE);
    assert_string_equal(said_out, "");
    assert_non_null(strstr(said_err, "there is no table 'finding'"));
}

/* --- explain, version --- */

static void a_page_is_explained(void **state)
{
    (void)state;
    assert_int_equal(status_of(command_explain, "explain role-missing"), EXIT_READY);
    assert_non_null(strstr(said_out, "role-missing"));
    assert_string_equal(said_err, "");
    assert_int_equal(status_of(command_explain, "explain"), EXIT_USAGE);
    assert_non_null(strstr(said_err, "explain needs a CODE"));
    assert_int_equal(status_of(command_explain, "explain role-mising"), EXIT_USAGE);
    assert_string_equal(said_out, "");
    assert_non_null(strstr(said_err, "role-missing"));
}

static void a_page_is_explained_as_json(void **state)
{
    (void)state;
    assert_int_equal(status_of(command_explain, "explain role-missing --json"), EXIT_READY);
    cJSON *page = cJSON_Parse(said_out);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(page, "name")), "role-missing");
    cJSON_Delete(page);
}

static void the_version_names_every_library(void **state)
{
    char line[128];
    (void)state;

    assert_int_equal(status_of(command_version, "version"), EXIT_READY);
    (void)text_set(line, sizeof(line), "ssm-preflight %s (%s)\n", program_version, program_commit);
    assert_true(text_starts(said_out, line));
    for (size_t i = 0; i < n_libraries; i++)
        assert_non_null(strstr(said_out, libraries[i].sha256));
    assert_int_equal(n_lines(), 1 + 2 * (int)n_libraries);

    assert_int_equal(status_of(command_version, "version --json"), EXIT_READY);
    cJSON *json = cJSON_Parse(said_out);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(json, "version")),
                        program_version);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "libraries")), (int)n_libraries);
    for (size_t i = 0; i < n_libraries; i++)
        assert_non_null(strstr(said_out, libraries[i].sha256));
    cJSON_Delete(json);
}

/* --- show --- */

/* What standard input has is read from its beginning. */
static int show_of_input(const char *text, const char *line)
{
    int file = memfd_create("input", MFD_CLOEXEC), kept = dup(STDIN_FILENO);

    assert_true(write(file, text, strlen(text)) == (ssize_t)strlen(text));
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    assert_int_equal(dup2(file, STDIN_FILENO), STDIN_FILENO);
    int status = command_run(command_show, options_of(line));
    (void)dup2(kept, STDIN_FILENO);
    (void)close(kept);
    (void)close(file);
    return status;
}

static void a_recorded_report_is_shown_confined(void **state)
{
    (void)state;
    confined = CONFINED_WITH_NETWORK;
    assert_int_equal(status_of(command_show, "show %s -o short", in_folder("healthy.json")),
                     EXIT_READY);
    assert_true(text_starts(said_out, "READY"));
    assert_int_equal(confined, CONFINED_OFFLINE);
    assert_int_equal(n_confined_reading, 1); /* nothing, when it was read */
    assert_string_equal(readable, "");
    assert_string_equal(said_err, "");
    assert_int_equal(status_of(command_show, "show %s -q", in_folder("healthy.json")), EXIT_READY);
    assert_string_equal(said_out, "");
    assert_int_equal(status_of(command_show, "show %s -o short", in_folder("logs/b.json")),
                     EXIT_NOT_READY);
}

static void a_report_goes_to_a_file_too(void **state)
{
    struct buffer text;
    (void)state;

    assert_int_equal(
        status_of(command_show, "show %s -q --save %s/out", in_folder("healthy.json"), folder),
        EXIT_READY);
    buffer_init(&text, FILE_MAX_BYTES);
    assert_int_equal(file_read("", in_folder("out"), &text), 0);
    assert_non_null(strstr(text.bytes, "\"verdict\":\t\"ready\""));
    buffer_clear(&text);

    /* --output-file is asked for, so --quiet does not silence it */
    assert_int_equal(status_of(command_show, "show %s -q -o short --output-file %s/out",
                               in_folder("healthy.json"), folder),
                     EXIT_READY);
    assert_string_equal(said_out, "");
    assert_int_equal(file_read("", in_folder("out"), &text), 0);
    assert_true(text_starts(text.bytes, "READY"));
    buffer_clear(&text);

    assert_int_equal(status_of(command_show, "show %s -o short --output-file %s/gone/out",
                               in_folder("healthy.json"), folder),
                     EXIT_FAULT);
    assert_non_null(strstr(said_err, "the report is not written"));
    /* the verdict is not lost */
    assert_non_null(strstr(said_err, "READY: "));
    assert_int_equal(
        status_of(command_show, "show %s -q --save %s/gone/out", in_folder("healthy.json"), folder),
        EXIT_READY);
    assert_non_null(strstr(said_err, "warning: "));
}

/* To who wants to hear it. */
static void a_newer_report_is_shown_with_a_remark(void **state)
{
    static const char newer[] = "{\"version\":\"99.0.0\",";
    struct buffer text;
    (void)state;

    buffer_init(&text, FILE_MAX_BYTES);
    assert_int_equal(file_read("", in_folder("healthy.json"), &text), 0);
    int file = memfd_create("newer", MFD_CLOEXEC);
    assert_true(write(file, newer, strlen(newer)) > 0);
    assert_true(write(file, text.bytes + 1, text.used - 1) > 0);
    buffer_clear(&text);
    assert_int_equal(status_of(command_show, "show /proc/self/fd/%d -o short", file), EXIT_READY);
    assert_true(text_starts(said_out, "READY"));
    assert_non_null(strstr(said_err, "written by ssm-preflight 99.0.0, which is newer"));
    assert_int_equal(status_of(command_show, "show /proc/self/fd/%d -q", file), EXIT_READY);
    assert_string_equal(said_err, "");
    (void)close(file);
}

static void what_cannot_be_shown_is_wrong_usage(void **state)
{
    (void)state;
    assert_int_equal(status_of(command_show, "show %s", in_folder("gone")), EXIT_USAGE);
    assert_non_null(strstr(said_err, "cannot be read: No such file"));
    assert_null(strstr(said_err, "`wait`"));
    assert_int_equal(status_of(command_show, "show -o short %s", in_folder("gone")), EXIT_USAGE);
    assert_non_null(strstr(said_err, in_folder("gone")));
    assert_int_equal(status_of(command_show, "show --root %s", folder), EXIT_USAGE);
    assert_non_null(strstr(said_err, "`wait`, writes it"));
    assert_int_equal(status_of(command_show, "show %s", in_folder("empty")), EXIT_USAGE);
    assert_int_equal(show_of_input("", "show -"), EXIT_USAGE);
    assert_int_equal(show_of_input("Linux version 6\n", "show - -o short"), EXIT_USAGE);
    assert_non_null(strstr(said_err, "standard input: "));
}

/* What a log names is not opened: a list of names is asked for. Nobody writes to the pipe, so to open it would take
 * for ever. */
static void what_a_log_names_is_not_opened(void **state)
{
    char log[256];
    (void)state;

    (void)unlink(in_folder("out"));
    assert_int_equal(mkfifo(in_folder("out"), 0600), 0);
    (void)text_set(log, sizeof(log), "%s/out\n%s/healthy.json\n", folder, folder);
    int status = show_of_input(log, "show -");
    int status_of_named = status_of(command_show, "show %s/out -q", folder);
    int status_of_several = status_of(command_show, "show %s/out %s/healthy.json -q", folder,
                                      folder);
    (void)unlink(in_folder("out"));
    assert_int_equal(status, EXIT_USAGE);
    assert_int_equal(status_of_named, EXIT_USAGE); /* it is empty */
    assert_int_equal(status_of_several, EXIT_UNDECIDED);
    assert_int_equal(status_of(command_show, "show /dev/zero"), EXIT_USAGE);
    assert_non_null(strstr(said_err, "/dev/zero: cannot be read: Operation not supported"));
}

/* show <(command): it opens the pipe when we do, and writes later. */
static void a_pipe_is_waited_for(void **state)
{
    struct buffer report;
    (void)state;

    (void)unlink(in_folder("out"));
    assert_int_equal(mkfifo(in_folder("out"), 0600), 0);
    pid_t writer = fork();
    if (writer == 0) {
        int fd = open(in_folder("out"), O_WRONLY | O_CLOEXEC);
        buffer_init(&report, REPORT_MAX_BYTES);
        (void)file_read("", in_folder("healthy.json"), &report);
        (void)!write(fd, report.bytes, report.used);
        _exit(0);
    }
    int status = status_of(command_show, "show %s/out -q", folder);
    (void)kill(writer, SIGKILL);
    (void)waitpid(writer, NULL, 0);
    (void)unlink(in_folder("out"));
    assert_int_equal(status, EXIT_READY);
}

/* Of a folder the regular files alone. */
static void no_pipe_of_a_folder_is_opened(void **state)
{
    (void)state;
    (void)status_of(command_show, "show %s --json", in_folder("logs"));
    const int before = n_lines();
    assert_int_equal(mkfifo(in_folder("logs/pipe"), 0600), 0);
    assert_int_equal(symlink("/dev/zero", in_folder("logs/zero")), 0);
    assert_int_equal(symlink("gone", in_folder("logs/dangling")), 0);
    (void)status_of(command_show, "show %s --json", in_folder("logs"));
    (void)unlink(in_folder("logs/pipe"));
    (void)unlink(in_folder("logs/zero"));
    (void)unlink(in_folder("logs/dangling"));
    assert_int_equal(n_lines(), before + 1);
    assert_non_null(strstr(said_out, "/logs/dangling\",\"instance\":null"));
}

/* Before anything of others is read. */
static void many_are_shown_confined(void **state)
{
    static const char *const lines[] = {"show - -q", "show - - -q", "show -"};
    char list[128];
    (void)state;

    (void)text_set(list, sizeof(list), "%s/logs\n", folder);
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        confined = CONFINED_WITH_NETWORK;
        nothing_was_read = false;
        (void)show_of_input(list, lines[i]);
        assert_int_equal(confined, CONFINED_OFFLINE);
        assert_true(nothing_was_read);
    }
    confined = CONFINED_WITH_NETWORK;
    n_confined_reading = 0;
    (void)status_of(command_show, "show %s -q", in_folder("logs"));
    assert_int_equal(confined, CONFINED_OFFLINE);
    assert_int_equal(n_confined_reading, 1);
    (void)text_set(list, sizeof(list), "%s/logs\n", folder);
    assert_string_equal(readable, list);
    (void)text_set(list, sizeof(list), "%s/logs/a.json\n%s/logs/b.json\n", folder, folder);
    (void)show_of_input(list, "show - -q");
    assert_int_equal(n_confined_reading, 2);
    assert_string_equal(readable, list);
}

/* A disk that fails is trouble of this machine, and no wrong word of whoever asked. */
static void a_disk_that_fails_is_a_fault(void **state)
{
    static const char *const lines[] = {"show /proc/self/mem", "show -",
                                        "show - /proc/self/mem -q"};
    int status[COUNT_OF(lines)];
    (void)state;

    /* read(2) of /proc/self/mem at 0, where nothing is mapped, is EIO */
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC), kept = dup(STDIN_FILENO);
    assert_true(memory >= 0 && dup2(memory, STDIN_FILENO) == STDIN_FILENO);
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        status[i] = command_run(command_show, options_of(lines[i]));
    (void)dup2(kept, STDIN_FILENO);
    (void)close(kept);
    (void)close(memory);
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        assert_int_equal(status[i], EXIT_FAULT);
}

static void a_fleet_has_an_end(void **state)
{
    enum { N = 20001 };
    char *list = calloc(N, 128), *end = list;
    const size_t n = strlen(in_folder("empty")) + 1; /* of a line */
    (void)state;

    for (size_t i = 0; i < N; i++)
        end += text_set(end, 128, "%s\n", in_folder("empty")) ? n : 0;
    int status = show_of_input(list, "show - --json");
    const bool is_said = strstr(said_err, "more than 20000 files");
    list[n * (N - 1)] = '\0';
    int status_of_fewer = show_of_input(list, "show - -q");
    free(list);
    assert_int_equal(status, EXIT_USAGE);
    assert_true(is_said);
    assert_true(status_of_fewer != EXIT_USAGE);
}

/* What a log names is not opened: a list has nothing but names of regular files. */
static void a_log_is_no_list(void **state)
{
    static const char *const others[] = {"/dev/zero", "/etc", "/gone", "a line of a log"};
    char text[128];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(others); i++) {
        (void)text_set(text, sizeof(text), "%s\n%s\n", in_folder("logs/a.json"), others[i]);
        assert_int_equal(show_of_input(text, "show -"), EXIT_USAGE);
        assert_non_null(strstr(said_err, "standard input: "));
    }
}

static void a_folder_and_a_list_are_a_fleet(void **state)
{
    char list[256];
    (void)state;

    assert_int_equal(status_of(command_show, "show %s --json", in_folder("logs")), EXIT_NOT_READY);
    assert_int_equal(n_lines(), 3);
    assert_non_null(strstr(said_out,
                           "/logs/c.log\",\"instance\":\"i-0c\",\"verdict\":\"not-ready\","
                           "\"code\":\"endpoint-blocks-443\",\"target\":\"ssmmessages\""));
    assert_int_equal(status_of(command_show, "show %s -o html", in_folder("logs")), EXIT_NOT_READY);
    assert_non_null(strstr(said_out, "<p>The way of i-0c, and what was seen there:</p>\n<svg "));
    const char *fix = strstr(said_out, "<p>What fixes i-0c:</p>");
    assert_non_null(fix);
    assert_non_null(strstr(fix, "<pre>"));
    assert_non_null(strstr(fix, "aws ec2 authorize-security-group-ingress "));
    (void)text_set(list, sizeof(list), "%s/logs/a.json\n%s/logs/b.json\n", folder, folder);
    assert_int_equal(show_of_input(list, "show - --json"), EXIT_NOT_READY);
    assert_int_equal(n_lines(), 2);
    assert_int_equal(status_of(command_show, "show %s -q", in_folder("logs")), EXIT_NOT_READY);
    assert_string_equal(said_out, "");
    assert_int_equal(mkdir(in_folder("none"), 0755), 0);
    errno = EIO; /* of a call before */
    int status = status_of(command_show, "show %s --json", in_folder("none"));
    (void)rmdir(in_folder("none"));
    assert_int_equal(status, EXIT_USAGE);
    assert_non_null(strstr(said_err, "none: there is no file to show"));
    assert_int_equal(status_of(command_show, "show %s -o console", in_folder("logs")), EXIT_USAGE);
    assert_non_null(strstr(said_err, "--output console is of one instance"));
    assert_int_equal(status_of(command_show, "show %s/gone %s/empty -o short", folder, folder),
                     EXIT_UNDECIDED);
    assert_non_null(strstr(said_out, "cannot be read: No such file"));
    assert_int_equal(status_of(command_show, "show %s --json --anonymize", in_folder("logs")),
                     EXIT_NOT_READY);
    assert_null(strstr(said_out, folder));
    assert_non_null(strstr(said_out, "\"file 1\""));
    assert_non_null(strstr(said_out, "\"file 2\""));
}

/* Words that many files share, so that a table of thousands stays short. */
static void what_cannot_be_read_of_a_fleet(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"Linux version 6\n",
         "no block: image without ssm-preflight, or the log was taken too early"},
        {"{\"Output\": \"\"}", "no block: image without ssm-preflight"},
        {"{\"schema\": \"ssm-preflight/1\", \"facts\": {", "the JSON report is cut off or garbled"},
        {"{\"schema\": \"ssm-preflight/2\", \"facts\": {}}",
         "no report that this version can read"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        write_text("out", rows[i].text, strlen(rows[i].text));
        (void)status_of(command_show, "show %s/out %s/healthy.json --json", folder, folder);
        assert_int_equal(n_lines(), 2);
        if (!strstr(said_out, rows[i].words))
            fail_msg("row %zu: %s", i, said_out);
        assert_non_null(strstr(said_out, "healthy.json"));
    }
}

/* More than the lists of names take at first; in the order of names; what begins with a dot is none. */
static void a_fleet_may_be_large(void **state)
{
    enum { N = 150 };
    static char list[N * 64];
    char name[64];
    const char *before = "";
    (void)state;

    (void)status_of(command_show, "show %s --json", in_folder("logs"));
    const int n_before = n_lines();
    list[0] = '\0';
    for (int i = 0; i < N; i++) {
        (void)text_set(name, sizeof(name), "logs/c%03d", i * 7 % N);
        write_text(name, "x", 1);
        (void)text_add(list, sizeof(list), "%s\n", in_folder(name));
    }
    int status = status_of(command_show, "show %s --json", in_folder("logs"));
    int n_of_folder = n_lines(), n_names = 0;
    for (const char *at = said_out; (at = strstr(at, "/logs/")); at++, n_names++) {
        assert_true(strncmp(before, at, 11) <= 0);
        before = at;
    }
    int status_of_list = show_of_input(list, "show - --json");
    int n_of_list = n_lines();
    for (int i = 0; i < N; i++) {
        (void)text_set(name, sizeof(name), "logs/c%03d", i);
        (void)unlink(in_folder(name));
    }
    assert_int_equal(status, EXIT_NOT_READY);
    assert_int_equal(n_of_folder, N + n_before);
    assert_int_equal(n_names, N + n_before);
    assert_int_equal(status_of_list, EXIT_UNDECIDED);
    assert_int_equal(n_of_list, N);
}

static void lists_of_names(void **state)
{
    char text[512];
    (void)state;

    /* as find -print0 writes them, and with CRLF */
    int n = snprintf(text, sizeof(text), "%s/logs/a.json%c%s/logs/b.json%c", folder, 0, folder, 0);
    int file = memfd_create("input", MFD_CLOEXEC), kept = dup(STDIN_FILENO);
    assert_true(write(file, text, (size_t)n) == n && lseek(file, 0, SEEK_SET) == 0);
    (void)dup2(file, STDIN_FILENO);
    int status = command_run(command_show, options_of("show - --json"));
    (void)dup2(kept, STDIN_FILENO);
    (void)close(kept);
    (void)close(file);
    assert_int_equal(status, EXIT_NOT_READY);
    assert_int_equal(n_lines(), 2);
    (void)text_set(text, sizeof(text), "%s/logs/a.json\r\n\r\n%s/logs/b.json\r\n", folder, folder);
    assert_int_equal(show_of_input(text, "show - --json"), EXIT_NOT_READY);
    assert_int_equal(n_lines(), 2);
}

/* In two parts, the second when the first has been read. */
static void write_slowly(int fd, const char *bytes, size_t n)
{
    int left = 1;

    (void)!write(fd, bytes, n / 2);
    for (int i = 0; i < 10000 && ioctl(fd, FIONREAD, &left) == 0 && left > 0; i++)
        (void)poll(NULL, 0, 1);
    (void)poll(NULL, 0, 20);
    (void)!write(fd, bytes + n / 2, n - n / 2);
}

/* Whoever started us may read of it without blocking. */
static void a_slow_pipe_is_waited_for(void **state)
{
    struct buffer whole;
    int ends[2], kept = dup(STDIN_FILENO), status = 1;
    (void)state;

    buffer_init(&whole, FILE_MAX_BYTES);
    assert_int_equal(file_read("", in_folder("healthy.json"), &whole), 0);
    assert_true(pipe(ends) == 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    pid_t writer = fork();
    if (writer == 0) {
        (void)close(ends[0]);
        write_slowly(ends[1], whole.bytes, whole.used);
        _exit(0);
    }
    (void)close(ends[1]);
    buffer_clear(&whole);
    (void)dup2(ends[0], STDIN_FILENO);
    (void)close(ends[0]);
    int shown = status_of(command_show, "show - -o short");
    (void)dup2(kept, STDIN_FILENO);
    (void)close(kept);
    assert_true(writer > 0 && waitpid(writer, &status, 0) == writer && status == 0);
    assert_int_equal(shown, EXIT_READY);
}

/* <(command) of a shell. */
static void a_pipe_with_a_name_is_read(void **state)
{
    char text[64 * 1024], path[64];
    struct buffer whole;
    int ends[2];
    (void)state;

    buffer_init(&whole, FILE_MAX_BYTES);
    assert_int_equal(file_read("", in_folder("healthy.json"), &whole), 0);
    assert_true(whole.used < sizeof(text) && pipe(ends) == 0);
    assert_true(write(ends[1], whole.bytes, whole.used) == (ssize_t)whole.used);
    (void)close(ends[1]);
    buffer_clear(&whole);
    (void)text_set(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
    assert_int_equal(status_of(command_show, "show %s -o short", path), EXIT_READY);
    assert_true(text_starts(said_out, "READY"));
    int before = dup(ends[0]);
    (void)close(before);
    assert_int_equal(status_of(command_show, "show %s -o short", path), EXIT_USAGE); /* empty now */
    int after = dup(ends[0]);
    assert_int_equal(after, before); /* no descriptor stays open */
    (void)close(after);
    (void)close(ends[0]);
}

/* Of a block whose facts are damaged the text is shown, to people who may read names. */
static void a_damaged_block_is_shown_as_it_is(void **state)
{
    static char log[8192];
    (void)state;

    (void)status_of(command_show, "show %s -o console", in_folder("logs/b.json"));
    (void)text_set(log, sizeof(log), "%s", said_out);
    char *facts = strstr(log, " =1/");
    assert_non_null(facts);
    facts += 20;
    *facts = *facts == 'A' ? 'B' : 'A';
    write_text("out", log, strlen(log));
    (void)status_of(command_show, "show %s/out %s/healthy.json --json", folder, folder);
    assert_non_null(strstr(said_out, "the block is damaged: its lines are in the log, for people"));
    assert_int_equal(status_of(command_show, "show %s", in_folder("out")), EXIT_USAGE);
    assert_non_null(strstr(said_out, "NOT READY"));
    assert_non_null(strstr(said_err, "; the text of its last block is shown"));
    static const char *const without[] = {"--anonymize", "-o short", "--json"};
    for (size_t i = 0; i < COUNT_OF(without); i++) {
        assert_int_equal(status_of(command_show, "show %s %s", in_folder("out"), without[i]),
                         EXIT_USAGE);
        assert_string_equal(said_out, "");
        assert_null(strstr(said_err, "is shown"));
    }
}

static void who_asks_now_says_how_strict(void **state)
{
    (void)state;
    write_report("out", "public-path");
    assert_int_equal(status_of(command_show, "show %s -q", in_folder("out")), EXIT_READY);
    assert_int_equal(status_of(command_show, "show %s -q --strict", in_folder("out")),
                     EXIT_NOT_READY);
    assert_int_equal(status_of(command_show, "show %s/healthy.json %s/out -q", folder, folder),
                     EXIT_READY);
    assert_int_equal(
        status_of(command_show, "show %s/healthy.json %s/out -q --strict", folder, folder),
        EXIT_NOT_READY);
    assert_int_equal(status_of(command_show, "show %s --json --anonymize", in_folder("out")),
                     EXIT_READY);
    assert_null(strstr(said_out, "i-0123456789abcdef0"));
}

/* What a command kept would be lost: it ends the process. What it takes while it reads thousands of files is another thing. */
static void what_was_taken_is_given_back(void **state)
{
    static const struct {
        int (*command)(const struct options *options);
        const char *words, *name;
    } rows[] = {{command_show, "show -q", "/logs"},
                {command_show, "show -o short", "/healthy.json"},
                {command_show, "show --anonymize -o short", "/logs/c.log"},
                {command_image, "image -q --root", ""}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t last = 0;
        int n_grew = 0;
        for (int j = 0; j < 8; j++) {
            char line[256];
            (void)text_set(line, sizeof(line), "%s %s%s", rows[i].words, folder, rows[i].name);
            (void)command_run(rows[i].command, options_of(line));
            n_grew += j >= 3 && mallinfo2().uordblks > last; /* malloc's own caches come to rest */
            last = mallinfo2().uordblks;
        }
        if (n_grew == 5) /* each time */
            fail_msg("row %zu: %zu", i, last);
    }
}

/* --- image --- */

/* The folder is no root file system: that cannot be judged. */
static void an_image_is_audited_confined(void **state)
{
    (void)state;
    char below[128];

    confined = CONFINED_WITH_NETWORK;
    n_confined_reading = 0;
    assert_int_equal(status_of(command_image, "image --root %s -o short", folder), EXIT_UNDECIDED);
    assert_int_equal(confined, CONFINED_OFFLINE);
    assert_int_equal(n_confined_reading, 1);
    (void)text_set(below, sizeof(below), "%s\n", folder);
    assert_string_equal(readable, below);
    assert_true(text_starts(said_out, "UNKNOWN"));
    assert_int_equal(status_of(command_image, "image --root %s -q", folder), EXIT_UNDECIDED);
    assert_string_equal(said_out, "");
    assert_int_equal(status_of(command_image, "image --root %s --json", folder), EXIT_UNDECIDED);
    cJSON *json = cJSON_Parse(said_out);
    assert_true(cJSON_IsObject(json));
    cJSON_Delete(json);
    assert_int_equal(status_of(command_image, "image --root %s -o junit", folder), EXIT_UNDECIDED);
    assert_true(text_starts(said_out, "<?xml"));
    assert_int_equal(status_of(command_image, "image --root %s", folder), EXIT_UNDECIDED);
    assert_non_null(strstr(said_out, "UNKNOWN"));
}

static void an_audit_goes_to_a_file(void **state)
{
    struct buffer text;
    (void)state;

    assert_int_equal(status_of(command_image, "image --root %s -q -o short --output-file %s/out",
                               folder, folder),
                     EXIT_UNDECIDED);
    assert_string_equal(said_out, "");
    buffer_init(&text, FILE_MAX_BYTES);
    assert_int_equal(file_read("", in_folder("out"), &text), 0);
    assert_true(text_starts(text.bytes, "UNKNOWN"));
    buffer_clear(&text);
    assert_int_equal(status_of(command_image, "image --root %s --color always --output-file %s/out",
                               folder, folder),
                     EXIT_UNDECIDED);
    assert_int_equal(file_read("", in_folder("out"), &text), 0);
    assert_null(strchr(text.bytes, '\033'));
    buffer_clear(&text);
    assert_int_equal(
        status_of(command_image, "image --root %s --output-file %s/gone/out", folder, folder),
        EXIT_FAULT);
    assert_non_null(strstr(said_err, "the report is not written"));
}

static void what_an_image_does_not_have_is_wrong_usage(void **state)
{
    (void)state;
    assert_int_equal(status_of(command_image, "image --root %s -o html", folder), EXIT_USAGE);
    assert_non_null(strstr(said_err, "terminal short json junit"));
    assert_int_equal(status_of(command_image, "image --root %s --allow image-pin", folder),
                     EXIT_USAGE);
    assert_non_null(
        strstr(said_err, "an image has no finding 'image-pin' (did you mean image-pins"));
    assert_int_equal(status_of(command_image, "image --root %s --allow image-pins", folder),
                     EXIT_UNDECIDED);
    assert_int_equal(
        status_of(command_image, "image --root %s --allow image-pins --allow image-pin", folder),
        EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_table_has_its_heading_and_its_rows),
        cmocka_unit_test(without_a_name_every_table_is_listed),
        cmocka_unit_test(tables_as_json),
        cmocka_unit_test(a_table_that_is_not_there_is_wrong_usage),
        cmocka_unit_test(a_page_is_explained),
        cmocka_unit_test(a_page_is_explained_as_json),
        cmocka_unit_test(the_version_names_every_library),
        cmocka_unit_test(a_recorded_report_is_shown_confined),
        cmocka_unit_test(a_report_goes_to_a_file_too),
        cmocka_unit_test(a_newer_report_is_shown_with_a_remark),
        cmocka_unit_test(what_cannot_be_shown_is_wrong_usage),
        cmocka_unit_test(what_a_log_names_is_not_opened),
        cmocka_unit_test(a_pipe_is_waited_for),
        cmocka_unit_test(no_pipe_of_a_folder_is_opened),
        cmocka_unit_test(many_are_shown_confined),
        cmocka_unit_test(a_disk_that_fails_is_a_fault),
        cmocka_unit_test(a_fleet_has_an_end),
        cmocka_unit_test(a_log_is_no_list),
        cmocka_unit_test(a_folder_and_a_list_are_a_fleet),
        cmocka_unit_test(what_cannot_be_read_of_a_fleet),
        cmocka_unit_test(a_fleet_may_be_large),
        cmocka_unit_test(lists_of_names),
        cmocka_unit_test(a_slow_pipe_is_waited_for),
        cmocka_unit_test(a_pipe_with_a_name_is_read),
        cmocka_unit_test(a_damaged_block_is_shown_as_it_is),
        cmocka_unit_test(who_asks_now_says_how_strict),
        cmocka_unit_test(what_was_taken_is_given_back),
        cmocka_unit_test(an_image_is_audited_confined),
        cmocka_unit_test(an_audit_goes_to_a_file),
        cmocka_unit_test(what_an_image_does_not_have_is_wrong_usage),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
