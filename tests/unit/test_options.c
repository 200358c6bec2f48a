/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line and the configuration files: who wins, and what an error names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "options.h"

enum { MAX_ARGUMENTS = 12 };

static char root[] = "/tmp/ssm-preflight-test-XXXXXX";
static struct options options;

/* Arguments separated by spaces, below the test's own root. */
static bool parse(const char *line)
{
    static char copy[1024], root_option[64];
    static char *argv[MAX_ARGUMENTS]; /* the words stay in it */
    int argc = 2;
    char *rest = NULL;

    argv[0] = (char *)(uintptr_t) "ssm-preflight";
    argv[1] = root_option;
    (void)text_set(copy, sizeof(copy), "%s", line);
    (void)text_set(root_option, sizeof(root_option), "--root=%s", root);
    for (char *word = strtok_r(copy, " ", &rest); word && argc < MAX_ARGUMENTS;
         word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    return options_read(argc, argv, "terminal short json commands", &options);
}

static void write_file(const char *name, const char *text)
{
    char path[256];
    (void)text_set(path, sizeof(path), "%s%s", root, name);
    assert_int_equal(file_write_atomically(path, text, strlen(text), 0644), 0);
}

static void remove_file(const char *name)
{
    char path[256];
    (void)text_set(path, sizeof(path), "%s%s", root, name);
    (void)unlink(path);
}

static void make_folder(const char *name)
{
    char path[256];
    (void)text_set(path, sizeof(path), "%s%s", root, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(root))
        return -1;
    make_folder("/etc");
    make_folder("/etc/ssm-preflight");
    make_folder(CONFIG_DIRECTORY);
    return 0;
}

static int forget_files(void **state)
{
    (void)state;
    remove_file(CONFIG_FILE);
    remove_file(CONFIG_DIRECTORY "/10.conf");
    remove_file(CONFIG_DIRECTORY "/20.conf");
    return 0;
}

static int tear_down(void **state)
{
    static const char *const folders[] = {CONFIG_DIRECTORY, "/etc/ssm-preflight", "/etc", ""};
    (void)forget_files(state);
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        char path[256];
        (void)text_set(path, sizeof(path), "%s%s", root, folders[i]);
        if (rmdir(path) != 0)
            return -1;
    }
    return 0;
}

static void nothing_given_is_the_default(void **state)
{
    (void)state;
    assert_true(parse(""));
    assert_int_equal(options.n_words, 0);
    assert_string_equal(options.output, "terminal");
    assert_int_equal(options.plan.private_dns, PRIVATE_DNS_WARN);
    assert_int_equal(options.plan.permissions, PERMISSIONS_PROBE);
    assert_false(options.permissions_given);
    assert_int_equal(options.plan.region_source, SOURCE_NONE);
}

static void words_and_options_may_mix(void **state)
{
    (void)state;
    assert_true(parse("--output json show --deadline=2m -- --file"));
    assert_int_equal(options.n_words, 2);
    assert_string_equal(options.words[0], "show");
    assert_string_equal(options.words[1], "--file");
    assert_string_equal(options.output, "json");
    assert_int_equal(options.deadline_ms, 120000);
    assert_true(parse("show -"));
    assert_string_equal(options.words[1], "-");
}

/* The deadline of a file is for the boot; what goes on after it has none but by the command line. */
static void following_has_no_deadline_of_a_file(void **state)
{
    (void)state;
    write_file("/etc/ssm-preflight/preflight.conf", "deadline = 5s\n");
    assert_true(parse("wait"));
    assert_int_equal(options.deadline_ms, 5000);
    assert_true(parse("wait --follow"));
    assert_int_equal(options.deadline_ms, 0);
    assert_true(parse("wait --deadline 7s --follow"));
    assert_int_equal(options.deadline_ms, 7000);
    remove_file("/etc/ssm-preflight/preflight.conf");
}

static void short_forms_are_those_of_every_program(void **state)
{
    (void)state;
    assert_true(parse("-h"));
    assert_true(options.help);
    assert_true(parse("-V"));
    assert_true(options.version && !options.help);
    assert_true(parse("--version"));
    assert_true(options.version);
}

static void targets_and_checks(void **state)
{
    (void)state;
    assert_true(parse("--require s3,ec2messages --optional agent,role --skip ssm.tls "
                      "--skip clock.skew"));
    assert_int_equal(options.plan.services[SERVICE_S3].need, NEED_REQUIRED);
    assert_int_equal(options.plan.services[SERVICE_EC2MESSAGES].need, NEED_REQUIRED);
    assert_true(options.plan.services[SERVICE_EC2MESSAGES].need_given);
    assert_true(options.plan.agent_optional);
    assert_true(options.plan.role_optional);
    assert_true(options.plan.skipped ==
                (check_bit(check_of_service(SERVICE_SSM, RUNG_TLS)) | check_bit(CHECK_CLOCK_SKEW)));
}

/* What one option names, it changes, and nothing else. */
static void each_target_has_its_own_need(void **state)
{
    (void)state;
    assert_true(parse("--optional clock"));
    assert_true(options.plan.clock_optional);
    assert_false(options.plan.role_optional || options.plan.agent_optional);
    assert_true(parse("--require clock,role,agent,imds"));
    assert_false(options.plan.clock_optional || options.plan.role_optional ||
                 options.plan.agent_optional);
    assert_true(parse("--optional ssm --require logs"));
    for (int i = 0; i < N_SERVICES; i++) {
        const struct service_plan *plan = &options.plan.services[i];
        assert_int_equal(plan->need_given, i == SERVICE_SSM || i == SERVICE_LOGS);
        if (plan->need_given)
            assert_int_equal(plan->need, i == SERVICE_SSM ? NEED_OPTIONAL : NEED_REQUIRED);
    }
    assert_true(parse("--require kms --optional s3"));
    assert_int_equal(options.plan.services[SERVICE_KMS].need, NEED_REQUIRED);
    assert_int_equal(options.plan.services[SERVICE_S3].need, NEED_OPTIONAL);
}

static void tools_and_what_they_need(void **state)
{
    (void)state;
    assert_true(parse("--for sessions,patch --permissions agent --dhmc"));
    assert_string_equal(options.plan.needed_for, "sessions patch");
    assert_int_equal(options.plan.permissions, PERMISSIONS_AGENT);
    assert_true(options.permissions_given && options.plan.dhmc);
    write_file(CONFIG_FILE, "for = core\n");
    assert_true(parse(""));
    assert_string_equal(options.plan.needed_for, "core");
    assert_true(parse("--for parameters"));
    assert_string_equal(options.plan.needed_for, "parameters");
}

static void wrong_arguments_are_named(void **state)
{
    static const struct {
        const char *line;
        const char *words; /* that the error must contain */
    } rows[] = {
        {"--outptu json", "unknown option --outptu (did you mean --output? see --help)"},
        {"--zzzzzzzz", "unknown option --zzzzzzzz (see --help)"},
        {"--save -", "--save needs a file; for standard output there is --output json"},
        {"--output xml", "--output must be one of: terminal short json commands"},
        {"--output abcd", "--output must be one of: terminal short json commands"},
        {"--output jso", "--output must be one of: terminal"},
        {"--output jsonx", "--output must be one of: terminal"},
        {"--output s", "--output must be one of: terminal"},
        {"--output commandsx", "--output must be one of: terminal"},
        {"--output=json=", "--output must be one of: terminal"},
        {"--output=", "--output must be one of: terminal"},
        {"--private-dns of", "must be one of: warn require off"},
        {"--permissions of", "must be one of:"},
        {"--color", "--color needs a value"},
        {"--color never --color never", "--color is given twice"},
        {"--imds-endpoint http://a?", "--imds-endpoint must be http://ADDRESS"},
        {"--require ssm,imdss", "--require does not know a target 'imdss'"},
        {"--skip ssm.tls,ssm", "--skip does not know a check 'ssm'"},
        {"--for sessions,sessionss", "--for must be one of: core sessions"},
        {"--region eu-west-12345678901234567890123456789012345678901234567890123456",
         "--region must be a region code"},
        {"--output", "--output needs a value"},
        {"--output json --output json", "--output is given twice"},
        {"--deadline 30", "--deadline must be a duration"},
        {"--deadline 0s", "--deadline must be a duration"},
        {"--region us_east", "--region must be a region code"},
        {"--require ftp",
         "--require does not know a target 'ftp'; there are imds, role, ssm, ssmm"},
        {"--optional imds", "cannot make imds optional"},
        {"--skip tls", "--skip does not know a check 'tls' (did you mean ssm.tls? see: ssm-pre"},
        {"--imds-endpoint https://x", "--imds-endpoint must be http://ADDRESS"},
        {"--private-dns maybe", "must be one of: warn require off"},
        {"--for shells", "--for must be one of: core sessions state-manager patch inventory"},
        {"--strict=perhaps", "--strict must be yes or no"},
        {"--require=", "--require must not be empty"},
        {"--config=", "--config must not be empty"},
        {"--max-age 9x", "--max-age must be a number of days such as 90d"},
        {"--max-age d", "--max-age must be a number of days such as 90d"},
        {"-x", "unknown option -x"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_false(parse(rows[i].line));
        if (!strstr(options.error, rows[i].words))
            fail_msg("%s: '%s'", rows[i].line, options.error);
    }
    assert_false(parse("--require ftp"));
    assert_true(text_ends(options.error, " kms, logs, clock, agent")); /* and no more */
    assert_false(parse("--for shells"));
    assert_true(text_ends(options.error, " run-command"));
}

static void later_files_win_and_the_command_line_wins_over_all(void **state)
{
    (void)state;
    write_file(CONFIG_FILE, "# first\n[preflight]\nregion = eu-west-1\noutput = short\n"
                            "strict = yes\nskip = ssm.tls, ssm.http\n");
    write_file(CONFIG_DIRECTORY "/20.conf", "region = eu-west-3\n");
    write_file(CONFIG_DIRECTORY "/10.conf", "region = eu-west-2\nca-file = /etc/ca.pem\n");

    assert_true(parse(""));
    assert_string_equal(options.plan.region, "eu-west-3");
    assert_string_equal(options.output, "short");
    assert_true(options.plan.strict);
    char expected[128];
    (void)text_set(expected, sizeof(expected), "%s/etc/ca.pem", root);
    assert_string_equal(options.ca_file, expected);

    assert_true(parse("--region us-east-1 --strict=no --ca-file ca.pem"));
    assert_string_equal(options.plan.region, "us-east-1");
    assert_int_equal(options.plan.region_source, SOURCE_OPTION);
    assert_false(options.plan.strict);
    assert_string_equal(options.ca_file, "ca.pem");
}

static void errors_in_files_name_file_and_line(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } rows[] = {
        {"output = json\nregoin = x\n", "preflight.conf:2: key 'regoin' is not known"},
        {"\n\n\noutput = xml\n", "preflight.conf:4: key 'output' must be one of"},
        {"output = json\noutput = json\n", "preflight.conf:2: key 'output' is given twice"},
        {"[other]\nregion = x\n", "preflight.conf:2: section [other] is not known"},
        {"just words\n", "preflight.conf:1: expected 'key = value'"},
        {"region = a\n[broken\n", "preflight.conf:2: expected 'key = value'"},
        {"words\nregoin = x\n", "preflight.conf:1: expected 'key = value'"},
        {"regoin = x\nwords\n", "preflight.conf:1: key 'regoin' is not known"},
        {"root = /x\n", "preflight.conf:1: key 'root' can only be given on the command line"},
        {"deadline =\n", "preflight.conf:1: key 'deadline' must be a duration"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        write_file(CONFIG_FILE, rows[i].text);
        assert_false(parse("check"));
        if (!strstr(options.error, rows[i].words))
            fail_msg("%s: '%s'", rows[i].text, options.error);
    }
}

/* An image's own files do not steer its audit; and help is there, whatever the files say. */
static void files_count_where_they_are_to(void **state)
{
    static const char *const without[] = {"image", "image --strict", "--help", "-V", "check -h"};
    static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false",
                                                                                "off", "0"};
    char line[64];
    (void)state;

    write_file(CONFIG_FILE, "output = xml");
    for (size_t i = 0; i < COUNT_OF(without); i++)
        assert_true(parse(without[i]));
    assert_false(parse("version"));
    write_file(CONFIG_FILE,
               "skip = ssm.tls ssm.http,, clock.skew\t\noutput = json"); /* no line end */
    assert_true(parse(""));
    assert_string_equal(options.output, "json");
    assert_int_equal(__builtin_popcountll(options.plan.skipped), 3);
    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        (void)text_set(line, sizeof(line), "--strict=%s", yes[i]);
        assert_true(parse(line) && options.plan.strict);
        (void)text_set(line, sizeof(line), "--strict=%s", no[i]);
        assert_true(parse(line) && !options.plan.strict);
    }
    assert_true(parse("image --allow code-a --allow code-b"));
    assert_string_equal(options.allow, "code-a code-b");
    assert_false(parse("image --allow code_a"));
}

/* The first one is named, also where it is no text, and nothing behind it is taken. */
static void a_file_that_cannot_be_read_is_an_error(void **state)
{
    char path[256];
    (void)state;

    (void)text_set(path, sizeof(path), "%s%s", root, CONFIG_FILE);
    assert_int_equal(file_write_atomically(path, "output = json\n\0\n", 16, 0644), 0);
    assert_false(parse(""));
    assert_non_null(strstr(options.error, "preflight.conf:0: a zero byte is no text"));
    remove_file(CONFIG_FILE);
    make_folder(CONFIG_FILE);
    assert_false(parse(""));
    assert_non_null(strstr(options.error, "preflight.conf: cannot be read: Is a directory"));
    assert_int_equal(rmdir(path), 0);
    write_file(CONFIG_DIRECTORY "/10.conf", "output = xml\n");
    write_file(CONFIG_DIRECTORY "/20.conf", "region = eu-west-1\nregoin = x\n");
    assert_false(parse(""));
    assert_non_null(strstr(options.error, "10.conf:1: key 'output' must be one of"));
    assert_string_equal(options.plan.region, "");
    remove_file(CONFIG_DIRECTORY "/10.conf");
    assert_false(parse("")); /* of it the lines before count */
    assert_non_null(strstr(options.error, "20.conf:2: key 'regoin' is not known"));
    assert_string_equal(options.plan.region, "eu-west-1");
}

/* And what is wrong before it is what is named. */
static void a_line_that_is_too_long_is_an_error_and_not_two_lines(void **state)
{
    static const struct {
        const char *before, *words;
    } rows[] = {
        {"output = json\nregion = ", "preflight.conf:2: the line is too long"},
        {"regoin = x\nregion = ", "preflight.conf:1: key 'regoin' is not known"},
        {"words\nregion = ", "preflight.conf:1: expected 'key = value'"},
    };
    char text[600];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        memset(text, 'a', sizeof(text));
        memcpy(text, rows[i].before, strlen(rows[i].before));
        text[sizeof(text) - 1] = '\0';
        write_file(CONFIG_FILE, text);
        assert_false(parse(""));
        assert_non_null(strstr(options.error, rows[i].words));
    }
}

static void a_demanded_file_must_be_there(void **state)
{
    (void)state;
    assert_false(parse("--config /nonexistent/preflight.conf"));
    assert_non_null(
        strstr(options.error, "/nonexistent/preflight.conf: cannot be read: No such file"));
    assert_false(parse("--config ~"));
    assert_non_null(strstr(options.error, "~: cannot be read: No such file"));
}

/* conf.d may be a file, of which nobody reads anything. */
static void a_folder_that_cannot_be_read_is_an_error(void **state)
{
    char folder[256];
    (void)state;

    (void)text_set(folder, sizeof(folder), "%s%s", root, CONFIG_DIRECTORY);
    assert_int_equal(rmdir(folder), 0);
    assert_true(parse("check"));
    write_file(CONFIG_DIRECTORY, "");
    assert_true(parse("check"));
    assert_int_equal(unlink(folder), 0);
    assert_int_equal(symlink(strrchr(folder, '/') + 1, folder), 0);
    assert_false(parse("check"));
    assert_string_equal(options.error,
                        CONFIG_DIRECTORY ": cannot be read: Too many levels of symbolic links");
    assert_int_equal(unlink(folder), 0);
    make_folder(CONFIG_DIRECTORY);
}

static void what_is_allowed_has_an_end(void **state)
{
    char line[1000] = "image";
    (void)state;

    for (int i = 0; i < 5; i++)
        (void)text_add(line, sizeof(line), " --allow=%0120d", i);
    assert_false(parse(line));
    assert_string_equal(options.error, "--allow is given too often");
    assert_true(parse("image --allow a --allow b-1"));
    assert_string_equal(options.allow, "a b-1");
}

static void what_is_too_long_is_refused(void **state)
{
    static const struct {
        const char *option, *piece;
    } rows[] = {
        {"--require", "s3,"}, {"--skip", "imds.token,"}, {"--save", "a"}, {"--config", "a"}};
    char line[1000], words[64];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)text_set(line, sizeof(line), "check %s=", rows[i].option);
        while (strlen(line) < 900)
            (void)text_add(line, sizeof(line), "%s", rows[i].piece);
        assert_false(parse(line));
        (void)text_set(words, sizeof(words), "%s is too long", rows[i].option);
        assert_string_equal(options.error, words);
    }
}

static void every_option_stands_in_the_help(void **state)
{
    struct buffer help;
    (void)state;

    buffer_init(&help, 64 * 1024);
    options_help(&help);
    assert_non_null(strstr(help.bytes, "--imds-endpoint URL"));
    assert_non_null(strstr(help.bytes, "--verbose"));
    assert_true(text_starts(help.bytes, "options (each is a key of "));
    const char *only = strstr(help.bytes, ", but\n") + 6;
    assert_true(text_starts(only, "--") &&
                strcspn(only, "\n") > 20); /* of the command line alone */
    assert_null(memmem(only, strcspn(only, "\n"), "--output ", 9));
    assert_non_null(memmem(only, strcspn(only, "\n"), ", --root", 8));
    for (const char *line = help.bytes; line[0]; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80); /* of a terminal */
    buffer_clear(&help);
}

static void shorthands_are_what_they_stand_for(void **state)
{
    (void)state;
    assert_true(parse("show a b -o json -q -v"));
    assert_string_equal(options.output, "json");
    assert_true(options.quiet && options.verbose);
    assert_int_equal(options.n_words, 3);
    assert_string_equal(options.words[2], "b");
    assert_true(parse("--json"));
    assert_string_equal(options.output, "json");
    assert_true(parse("--commands"));
    assert_string_equal(options.output, "commands");
}

/* It is taken all the same: AWS opens regions. */
/* The first and the last of each set of choices, and days with their letter and without. */
static void values_of_every_kind_are_taken(void **state)
{
    (void)state;
    assert_true(parse("--private-dns off --permissions off --max-age 90d"));
    assert_int_equal(options.plan.private_dns, PRIVATE_DNS_OFF);
    assert_int_equal(options.plan.permissions, PERMISSIONS_OFF);
    assert_int_equal(options.max_age_days, 90);
    assert_true(parse("--imds-endpoint http://127.0.0.1:80 --save x --output-file -"));
    assert_string_equal(options.imds_endpoint, "http://127.0.0.1:80");
    assert_string_equal(options.save, "x");
    assert_string_equal(options.output_file, "-");
    assert_true(parse("--output terminal"));
    write_file(CONFIG_FILE, "private-dns = off\n"); /* the command line counts */
    assert_true(parse("--private-dns warn --permissions probe --max-age 7"));
    assert_int_equal(options.plan.private_dns, PRIVATE_DNS_WARN);
    assert_int_equal(forget_files(state), 0);
    assert_int_equal(options.max_age_days, 7);
    assert_false(parse("--max-age 0d"));
    assert_true(parse("--max-age 36500d"));
    assert_false(parse("--max-age 36501d"));
}

/* Of an image, by its own root. */
static void files_are_judged_below_a_root(void **state)
{
    char error[WORDS_SIZE];
    (void)state;
    options_judge_files(root, "terminal", error, sizeof(error));
    assert_string_equal(error, "");
    write_file(CONFIG_FILE, "colour = red\n");
    options_judge_files(root, "terminal", error, sizeof(error));
    assert_string_equal(error, CONFIG_FILE ":1: key 'colour' is not known");
    assert_int_equal(forget_files(state), 0);
}

static void a_region_that_looks_wrong_is_questioned(void **state)
{
    (void)state;
    assert_true(parse("--region us-esat-1"));
    assert_string_equal(options.plan.region, "us-esat-1");
    assert_string_equal(options.warning,
                        "--region us-esat-1: no region that is known here has 'esat' "
                        "in its name: did you mean east?");
    assert_true(parse("--region us-gov-west-1"));
    assert_string_equal(options.warning, "");
    assert_true(parse("--region ap-southeast-7"));
    assert_string_equal(options.warning, "");
    assert_true(parse("--region us-east-0"));
    assert_string_equal(options.warning, "");
    assert_true(parse("--region us-east-9"));
    assert_string_equal(options.warning, "");
    assert_true(parse("--region us-east-11"));
    assert_string_equal(options.warning,
                        "--region us-east-11: no region that is known here has '11' in its name");
    assert_true(parse("--region us-east-1a")); /* a zone's name */
    assert_string_equal(options.warning,
                        "--region us-east-1a: no region that is known here has '1a' in its name");
    assert_true(parse("--region us-east"));
    assert_string_equal(options.warning, "--region us-east: the name of a region ends in a number");
    assert_true(parse("--region xx-east-1")); /* nothing is near it */
    assert_string_equal(options.warning,
                        "--region xx-east-1: no region that is known here has 'xx' in its name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_given_is_the_default),
        cmocka_unit_test(words_and_options_may_mix),
        cmocka_unit_test(following_has_no_deadline_of_a_file),
        cmocka_unit_test(short_forms_are_those_of_every_program),
        cmocka_unit_test(targets_and_checks),
        cmocka_unit_test(tools_and_what_they_need),
        cmocka_unit_test(each_target_has_its_own_need),
        cmocka_unit_test(wrong_arguments_are_named),
        cmocka_unit_test(shorthands_are_what_they_stand_for),
        cmocka_unit_test(values_of_every_kind_are_taken),
        cmocka_unit_test(files_are_judged_below_a_root),
        cmocka_unit_test(a_region_that_looks_wrong_is_questioned),
        cmocka_unit_test_teardown(later_files_win_and_the_command_line_wins_over_all, forget_files),
        cmocka_unit_test_teardown(errors_in_files_name_file_and_line, forget_files),
        cmocka_unit_test_teardown(files_count_where_they_are_to, forget_files),
        cmocka_unit_test_teardown(a_file_that_cannot_be_read_is_an_error, forget_files),
        cmocka_unit_test_teardown(a_line_that_is_too_long_is_an_error_and_not_two_lines,
                                  forget_files),
        cmocka_unit_test(a_demanded_file_must_be_there),
        cmocka_unit_test(a_folder_that_cannot_be_read_is_an_error),
        cmocka_unit_test(what_is_allowed_has_an_end),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(every_option_stands_in_the_help),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
