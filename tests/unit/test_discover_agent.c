/* SPDX-License-Identifier: Apache-2.0
 *
 * The SSM agent as files show it, and the machine: each test lays out a small root directory.
 */
#include <elf.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/fs.h>
#include <sched.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/agent.h"
#include "model/agent_log.h"
#include "discover/machine.h"
#include "discover/unit.h"
#include "net/credentials.h"
#include "net/trust.h"

static char root[64];
static struct agent_facts agent;
static struct proxy_login login;
static struct agent_overrides overrides;

/* The path below the root, with its folders made. */
static const char *place(const char *path)
{
    static char full[512];

    (void)text_set(full, sizeof(full), "%s%s", root, path);
    for (char *slash = strchr(full + strlen(root) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(full, 0755);
        *slash = '/';
    }
    return full;
}

static void put(const char *path, const char *text)
{
    assert_int_equal(file_write_atomically(place(path), text, strlen(text), 0644), 0);
}

static void put_program(const char *path, const char *text)
{
    assert_int_equal(file_write_atomically(place(path), text, strlen(text), 0755), 0);
}

static void put_link(const char *path, const char *target)
{
    assert_int_equal(symlink(target, place(path)), 0);
}

static int set_up(void **state)
{
    (void)state;
    memset(&agent, 0, sizeof(agent));
    memset(&overrides, 0, sizeof(overrides));
    (void)text_set(root, sizeof(root), "/tmp/ssm-preflight-test-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void nothing_is_installed(void **state)
{
    (void)state;
    agent_read(root, &agent, &login);
    assert_int_equal(agent.installed, ANSWER_NO);
    assert_int_equal(agent.unit_state, UNIT_UNKNOWN);
    assert_string_equal(agent.ca_bundle, "");
}

static void a_deb_says_its_version_in_dpkgs_status(void **state)
{
    (void)state;
    put_program("/usr/bin/amazon-ssm-agent", "#!");
    put("/var/lib/dpkg/status", "Package: a\nVersion: 1\n\nPackage: amazon-ssm-agent\nStatus: "
                                "install ok installed\nVersion: 3.3.1142.0-1\n\nPackage: "
                                "b\nVersion: 2\n");
    put("/lib/systemd/system/amazon-ssm-agent.service", "[Service]\n");
    put_link("/etc/systemd/system/multi-user.target.wants/amazon-ssm-agent.service",
             "/lib/systemd/system/amazon-ssm-agent.service");
    put("/etc/ssl/certs/ca-certificates.crt", "-----BEGIN CERTIFICATE-----\n");
    agent_read(root, &agent, &login);
    assert_int_equal(agent.installed, ANSWER_YES);
    assert_int_equal(agent.package, AGENT_PACKAGE_DEB);
    assert_string_equal(agent.version, "3.3.1142.0");
    assert_int_equal(agent.unit_state, UNIT_ENABLED);
    assert_string_equal(agent.ca_bundle, "/etc/ssl/certs/ca-certificates.crt");
}

static void a_version_of_the_next_package_is_not_ours(void **state)
{
    (void)state;
    put_program("/usr/bin/amazon-ssm-agent", "#!");
    put("/var/lib/dpkg/status",
        "Package: amazon-ssm-agent\nStatus: x\n\nPackage: b\nVersion: 2.0\n");
    agent_read(root, &agent, &login);
    assert_string_equal(agent.version, "");
}

static void a_snap_has_its_own_unit_and_manifest(void **state)
{
    (void)state;
    put_program("/snap/amazon-ssm-agent/current/amazon-ssm-agent", "#!");
    put("/snap/amazon-ssm-agent/current/meta/snap.yaml",
        "name: amazon-ssm-agent\nversion: '3.3.987.0'\n");
    put("/etc/systemd/system/snap.amazon-ssm-agent.amazon-ssm-agent.service", "[Service]\n");
    agent_read(root, &agent, &login);
    assert_int_equal(agent.package, AGENT_PACKAGE_SNAP);
    assert_string_equal(agent.version, "3.3.987.0");
    assert_string_equal(agent.unit, "snap.amazon-ssm-agent.amazon-ssm-agent.service");
    assert_int_equal(agent.unit_state, UNIT_DISABLED);
    put_program("/usr/bin/amazon-ssm-agent", "#!");
    put("/lib/systemd/system/amazon-ssm-agent.service", "[Service]\n");
    agent_read(root, &agent, &login);
    assert_int_equal(agent.package, AGENT_PACKAGE_SNAP);
    put_link("/etc/systemd/system/multi-user.target.wants/amazon-ssm-agent.service", "x");
    agent_read(root, &agent, &login); /* "snap stop --disable", and the deb in its place */
    assert_string_equal(agent.unit, "amazon-ssm-agent.service");
    assert_int_equal(agent.unit_state, UNIT_ENABLED);
}

/* systemd.unit(5): the best place that has the unit decides, and an empty file masks. */
static void a_unit_is_enabled_by_any_target_that_is_started_and_masked_by_the_best_place(
    void **state)
{
    static const char unit[] = "a.service";
    static const struct {
        const char *link, *to;
        enum unit_state state;
    } rows[] = {
        {"/etc/systemd/system/rescue.target.wants/a.service", "x", UNIT_DISABLED},
        {"/etc/systemd/system/graphical.target.wants/a.service", "x", UNIT_DISABLED},
        {"/usr/lib/systemd/system/default.target", "graphical.target", UNIT_ENABLED},
        {"/etc/systemd/system/default.target", "/x/multi-user.target", UNIT_DISABLED},
        {"/etc/systemd/system/multi-user.target.requires/a.service", "x", UNIT_ENABLED},
        {"/usr/lib/systemd/system/a.service", "/dev/null", UNIT_ENABLED},
        {"/etc/systemd/system/a.service", "/empty", UNIT_MASKED},
    };
    (void)state;

    put("/empty", "");
    put("/usr/lib/systemd/system/graphical.target", "[Unit]\nRequires=multi-user.target\n");
    put("/run/systemd/system/a.service", "\xef\xbb\xbf[Service]\nUser=ssm\n");
    char value[NAME_SIZE], file[PATH_SIZE];
    LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES};
    unit_read(root, unit, &settings);
    assert_true(unit_value(&settings, "User", false, value, sizeof(value), file));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        put_link(rows[i].link, rows[i].to);
        if (unit_state(root, unit) != rows[i].state)
            fail_msg("%s", rows[i].link);
    }
}

/* As a booted systemd 252 says by systemctl list-dependencies default.target. */
static void a_unit_is_enabled_by_whatever_a_boot_comes_to(void **state)
{
    static const char unit[] = "a.service";
    static const struct {
        const char *path, *text; /* or "-> " and where a link leads */
        enum unit_state state;
    } rows[] = {
        {"/etc/systemd/system/multi-user.target.wants/b.service", "-> /x/b.service", UNIT_DISABLED},
        {"/etc/systemd/system/b.service.wants/a.service", "-> /x/a.service", UNIT_ENABLED},
        {"/etc/systemd/system/c.service.wants/a.service", "-> /x/a.service", UNIT_DISABLED},
        {"/etc/systemd/system/multi-user.target.d/x.conf", "[Unit]\nWants=x.service a.service\n",
         UNIT_ENABLED},
        {"/etc/systemd/system/multi-user.target.d/x.conf", "[Unit]\nAfter=a.service\n",
         UNIT_DISABLED},
        {"/etc/systemd/system/target.d/x.conf", "[Unit]\nUpholds=a.service\n", UNIT_ENABLED},
        {"/etc/systemd/system/service.d/x.conf", "[Unit]\nWants=a.service\n", UNIT_DISABLED},
        {"/usr/lib/systemd/system/basic.target", "[Unit]\nBindsTo=a.service\n", UNIT_ENABLED},
        {"/etc/systemd/system/timers.target.wants/a.timer", "-> /x/a.timer", UNIT_ENABLED},
        {"/etc/systemd/system/default.target", "-> /usr/lib/systemd/system/runlevel5.target",
         UNIT_ENABLED},
        {"/etc/systemd/system/default.target", "-> /usr/lib/systemd/system/rescue.target",
         UNIT_DISABLED},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool is_link = text_starts(rows[i].text, "-> ");

        put("/usr/lib/systemd/system/a.service", "[Service]\n");
        if (strstr(rows[i].text, "runlevel5"))
            put_link("/usr/lib/systemd/system/runlevel5.target", "graphical.target");
        if (text_starts(rows[i].path, "/etc/systemd/system/default.target")) {
            put("/usr/lib/systemd/system/graphical.target", "[Unit]\nRequires=multi-user.target\n");
            put_link("/etc/systemd/system/multi-user.target.wants/a.service", "x");
        }
        if (strstr(rows[i].path, "b.service.wants"))
            put_link("/etc/systemd/system/multi-user.target.wants/b.service", "x");
        if (is_link)
            put_link(rows[i].path, rows[i].text + 3);
        else
            put(rows[i].path, rows[i].text);
        if (unit_state(root, unit) != rows[i].state)
            fail_msg("%s: %s", rows[i].path, rows[i].text);
        assert_int_equal(tear_down(state), 0);
        assert_int_equal(mkdir(root, 0700), 0);
    }
}

/* SUSE's package has the agent in /usr/sbin. */
static void the_program_is_the_one_that_the_unit_starts(void **state)
{
    (void)state;
    put_program("/usr/sbin/amazon-ssm-agent", "#!");
    put("/usr/lib/sysimage/rpm/Packages.db", "");
    agent_read(root, &agent, &login);
    assert_int_equal(agent.installed, ANSWER_NO);

    put("/usr/lib/systemd/system/amazon-ssm-agent.service",
        "[Service]\nExecStart=-/usr/sbin/amazon-ssm-agent --flag\n");
    agent_read(root, &agent, &login);
    assert_int_equal(agent.installed, ANSWER_YES);
    assert_int_equal(agent.package, AGENT_PACKAGE_RPM);

    put("/etc/systemd/system/amazon-ssm-agent.service", "[Service]\nExecStart=/opt/agent\n");
    agent_read(root, &agent, &login);
    assert_int_equal(agent.installed, ANSWER_NO);
}

static void an_rpm_says_it_in_its_release_notes(void **state)
{
    (void)state;
    put_program("/usr/bin/amazon-ssm-agent", "#!");
    put("/usr/lib/sysimage/rpm/x", "");
    put("/etc/amazon/ssm/RELEASENOTES.md", "3.2.582.0\n=========\n");
    put_link("/etc/systemd/system/amazon-ssm-agent.service", "/dev/null");
    agent_read(root, &agent, &login);
    assert_int_equal(agent.package, AGENT_PACKAGE_RPM);
    assert_string_equal(agent.version, "3.2.582.0");
    assert_int_equal(agent.unit_state, UNIT_MASKED);
}

static void the_units_environment_counts_and_passwords_do_not(void **state)
{
    (void)state;
    put_program("/usr/bin/amazon-ssm-agent", "#!");
    put("/lib/systemd/system/amazon-ssm-agent.service",
        "[Service]\nEnvironment=\"https_proxy=http://first.example:1\" OTHER=1\n");
    put("/etc/systemd/system/amazon-ssm-agent.service.d/20-proxy.conf",
        "[Service]\nEnvironment='https_proxy=http://user:hunter2@proxy.example:3128' "
        "\"NO_PROXY=169.254.169.254,.local\"\nEnvironmentFile=-/etc/agent.env\n");
    put("/etc/agent.env", "# note\nSSL_CERT_FILE=/etc/corp.pem\n");
    agent_read(root, &agent, &login);
    assert_string_equal(agent.https_proxy, "http://proxy.example:3128");
    assert_string_equal(agent.no_proxy, "169.254.169.254,.local");
    assert_string_equal(agent.proxy_file,
                        "/etc/systemd/system/amazon-ssm-agent.service.d/20-proxy.conf");
    assert_string_equal(agent.ssl_cert_file, "/etc/corp.pem");
    assert_string_equal(agent.ca_bundle, ""); /* the file that it names is not there */
}

static const char drop_in[] = "/etc/systemd/system/amazon-ssm-agent.service.d/50-proxy.conf";

static void read_anew(void **state)
{
    put_program("/usr/bin/amazon-ssm-agent", "#!");
    put("/lib/systemd/system/amazon-ssm-agent.service",
        "[Service]\nExecStart=/usr/bin/amazon-ssm-agent\n");
    memset(&agent, 0, sizeof(agent));
    memset(&login, 0, sizeof(login));
    put_program("/usr/bin/x", "#!");
    agent_read(root, &agent, &login);
    assert_int_equal(agent.installed, ANSWER_YES);
    assert_int_equal(tear_down(state), 0);
    assert_int_equal(mkdir(root, 0700), 0);
}

static void a_version_that_does_not_fit_is_not_known(void **state)
{
    char status[256];
    (void)state;
    put_program("/usr/bin/amazon-ssm-agent", "#!");
    for (int n = NAME_SIZE - 1; n <= NAME_SIZE; n++) {
        (void)text_set(status, sizeof(status),
                       "Package: amazon-ssm-agent\nStatus: install ok installed\nVersion: 3.%0*d\n",
                       n - 2, 7);
        put("/var/lib/dpkg/status", status);
        read_anew(state);
        assert_int_equal(strlen(agent.version), n < NAME_SIZE ? n : 0);
    }
}

/* It gets to the caller, and into no fact: not by a command line that is quoted either. */
static void a_proxys_login_is_in_no_fact(void **state)
{
    static const char env[] = "/usr/bin/env https_proxy=http://u:hunter=2/hunter2@h /usr/bin/x -y";
    static const struct {
        const char *lines, *https_proxy, *basic;
        bool has, user_alone;
    } rows[] = {
        {"Environment=https_proxy=http://u:hunter2@p:1", "http://p:1", "dTpodW50ZXIy", true, false},
        {"Environment=https_proxy=http://u:hunter2@p:1 HTTPS_PROXY=http://p:1", "http://p:1", "",
         false, false},
        {"Environment=https_proxy=http://hunter2@p:1", "http://p:1", "aHVudGVyMjo=", true, true},
        {"Environment=http_proxy=http://u:hunter2@p:1", "", "", false, false},
        {"Environment=https_proxy=http://u:2/hunter2@p:1", "http://", "", false, false},
        {"Environment=https_proxy=http://u:hunter2@hunter2/hunter2@p:1", "http://", "dTpodW50ZXIy",
         true, false},
        {"ExecStart=%s\nExecStart=%s", "", "", false, false},
        {"ExecStart=\nExecStart=/usr/bin/env \"https_proxy=u:hunter2@p:1\" /usr/bin/amazon-ssm-agent -x",
         "http://p:1", "dTpodW50ZXIy", true, false},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[1024];
        (void)text_set(text, sizeof(text), "[Service]\n%s\n", rows[i].lines);
        if (strstr(text, "%s"))
            (void)text_set(text, sizeof(text), "[Service]\nExecStart=%s\nExecStart=%s\n", env, env);
        put(drop_in, text);
        read_anew(state);
        assert_null(memmem(&agent, sizeof(agent), "hunter", strlen("hunter")));
        assert_int_equal(!!agent.confined[0], i >= COUNT_OF(rows) - 2);
        assert_string_equal(login.basic, rows[i].basic);
        assert_int_equal(login.user_alone, rows[i].user_alone);
        assert_int_equal(agent.proxy_login, rows[i].has);
        assert_int_equal(agent.proxy_user, rows[i].user_alone);
        if (i != COUNT_OF(rows) - 2)
            assert_string_equal(agent.https_proxy, rows[i].https_proxy);
    }
}

/* Each place of systemd's, and which one wins. */
static void the_environment_is_put_together_as_by_systemd(void **state)
{
    static const struct {
        const char *files[3][2];
        const char *https_proxy;
    } rows[] = {
        {{{"/etc/systemd/system.conf", "[Manager]\nDefaultEnvironment=\"https_proxy=http://a\"\n"}},
         "http://a"},
        {{{"/etc/systemd/system.conf", "[Service]\nDefaultEnvironment=https_proxy=http://a\n"}},
         ""},
        {{{"/run/systemd/system.conf.d/a.conf",
           "[Manager]\nDefaultEnvironment=https_proxy=http://a\n"},
          {"/etc/systemd/system.conf.d/b.conf", "[Manager]\nDefaultEnvironment=\n"}},
         ""},
        {{{"/etc/systemd/system.conf", "[Manager]\nDefaultEnvironment=https_proxy=http://a\n"},
          {drop_in, "[Service]\nEnvironment=https_proxy=http://b\n"}},
         "http://b"},
        {{{"/etc/systemd/system.conf", "[Manager]\nDefaultEnvironment=https_proxy=http://a\n"},
          {drop_in, "[Service]\nEnvironment=https_proxy=http://b\nEnvironment=\n"}},
         "http://a"},
        {{{"/etc/systemd/system/service.d/x.conf",
           "[Service]\nEnvironment=https_proxy=http://a\n"}},
         "http://a"},
        {{{"/run/systemd/system/amazon-ssm-.service.d/x.conf",
           "[Service]\nEnvironment=https_proxy=http://a\n"}},
         "http://a"},
        {{{"/usr/lib/systemd/system/amazon-.service.d/x.conf",
           "[Service]\nEnvironment=https_proxy=http://a\n"}},
         "http://a"},
        {{{"/etc/systemd/system/amazon.service.d/x.conf",
           "[Service]\nEnvironment=https_proxy=http://a\n"}},
         ""},
        /* the same name in a better place masks, a later name wins */
        {{{"/usr/lib/systemd/system/amazon-ssm-agent.service.d/p.conf",
           "[Service]\nEnvironment=https_proxy=http://a\n"},
          {"/etc/systemd/system/amazon-ssm-agent.service.d/p.conf", "[Service]\n"}},
         ""},
        {{{"/etc/systemd/system/service.d/p.conf", "[Service]\nEnvironment=https_proxy=http://a\n"},
          {"/usr/lib/systemd/system/amazon-ssm-agent.service.d/p.conf",
           "[Service]\nEnvironment=https_proxy=http://b\n"}},
         "http://b"},
        {{{"/etc/systemd/system/amazon-ssm-agent.service.d/a.conf",
           "[Service]\nEnvironment=https_proxy=http://a\n"},
          {"/run/systemd/system/amazon-ssm-agent.service.d/b.conf",
           "[Service]\nEnvironment=https_proxy=http://b\n"}},
         "http://b"},
        /* systemctl set-property comes before all others, what generators are late with after them */
        {{{"/etc/systemd/system.control/amazon-ssm-agent.service.d/p.conf",
           "[Service]\nEnvironment=https_proxy=http://a\n"},
          {"/run/systemd/transient/amazon-ssm-agent.service.d/p.conf", "[Service]\n"},
          {"/etc/systemd/system/amazon-ssm-agent.service.d/p.conf", "[Service]\n"}},
         "http://a"},
        {{{"/run/systemd/generator.late/amazon-ssm-agent.service.d/p.conf",
           "[Service]\nEnvironment=https_proxy=http://a\n"}},
         "http://a"},
        {{{"/run/systemd/generator.late/amazon-ssm-agent.service.d/p.conf",
           "[Service]\nEnvironment=https_proxy=http://a\n"},
          {"/usr/lib/systemd/system/amazon-ssm-agent.service.d/p.conf", "[Service]\n"}},
         ""},
        /* files win over variables, wherever they are named, and quote otherwise */
        {{{drop_in, "[Service]\nEnvironmentFile=/etc/a\nEnvironment=https_proxy=http://b\n"},
          {"/etc/a", "; note\n# note\n  https_proxy = http://x\nhttps_proxy='http://a'\n"}},
         "http://a"},
        {{{drop_in, "[Service]\nEnvironmentFile=/etc/a\nEnvironmentFile=\n"},
          {"/etc/a", "https_proxy=http://a\n"}},
         ""},
        {{{drop_in, "[Service]\nEnvironmentFile=-/etc/a\n"},
          {"/etc/a", "https_proxy=http://\\\na \n"}},
         "http://a"},
        {{{drop_in, "[Service]\nEnvironmentFile=/etc/a\n"},
          {"/etc/a", "https_proxy = http://a\r\n"}},
         "http://a"},
        {{{drop_in, "[Service]\nEnvironmentFile=/etc/a\n"},
          {"/etc/a", "https_proxy=http://a\\\r\nb\n"}}, /* the backslash takes the return alone */
         "http://a"},
        {{{drop_in, "[Service]\nEnvironmentFile=/etc/a\n"},
          {"/etc/a", "https_proxy=h\\ttp:\\/\\/a\n"}},
         "http://a"},
        {{{drop_in, "[Service]\nEnvironmentFile=/etc/a\n"},
          {"/etc/a", "https_proxy=\"http://\\\na\"\n"}},
         "http://a"},
        {{{drop_in, "[Service]\nEnvironmentFile=/etc/a\n"},
          {"/etc/a", "x=1\nhttps_proxy=\"http://C\\u:x@a\"\n"}},
         "http://"}, /* the backslash stays, and is no part of a login */
        {{{drop_in, "[Service]\nEnvironmentFile=\"/etc/a\"\n"},
          {"/etc/a", "https_proxy=http://a\n"}},
         ""},
        {{{drop_in, "[Service]\nEnvironmentFile=/etc/p/*.env\n"},
          {"/etc/p/b.env", "https_proxy=http://b\n"},
          {"/etc/p/c.env", "https_proxy=http://c\n"}},
         "http://c"},
        {{{drop_in, "[Service]\nEnvironmentFile=/etc/p*/b.env\n"},
          {"/etc/p/c.env", "https_proxy=http://c\n"},
          {"/etc/p2/b.env", "https_proxy=http://b\n"}},
         "http://b"},
        {{{drop_in, "[Service]\nEnvironmentFile=%E/%p/%n/%N\n"},
          {"/etc/amazon-ssm-agent/amazon-ssm-agent.service/amazon-ssm-agent",
           "https_proxy=http://a\n"}},
         "http://a"},
        /* taken away */
        {{{drop_in, "[Service]\nEnvironment=https_proxy=http://a\nUnsetEnvironment=https_proxy\n"}},
         ""},
        {{{drop_in,
           "[Service]\nEnvironment=https_proxy=http://a\nUnsetEnvironment=https_proxy=http://b\n"}},
         "http://a"},
        {{{drop_in,
           "[Service]\nEnvironment=https_proxy=http://a\nUnsetEnvironment=https_proxy=http://a\n"}},
         ""},
        {{{drop_in,
           "[Service]\nUnsetEnvironment=https_proxy\nUnsetEnvironment=\nEnvironment=https_proxy=http://a\n"}},
         "http://a"},
        /* lines, quotes, escapes */
        {{{drop_in,
           "[Service]\nEnvironment=A=1 \\\n  # not a word\n  'https_proxy=http://u%%2f@a'\n"}},
         "http://a"},
        {{{drop_in, "[Service]\nEnvironment = \"https_proxy=http://a\\x62\"\n"}}, "http://ab"},
        {{{drop_in,
           "[Service]\nEnvironment = https_proxy=http://a \"https_proxy=http://C\\user@b\"\n"}},
         "http://a"}, /* systemd passes over the rest of the line */
        {{{drop_in, "[Service]\nEnvironment=\"https_proxy=http://a\n"}}, ""},
        {{{drop_in, "[Service]\nEnvironment=https_proxy=http://u:%C3@a\n"}},
         "http://"}, /* a folder's name */
        {{{drop_in, "[Unit]\nEnvironment=https_proxy=http://a\n"}}, ""},
        /* Go takes the capitals first, unless they are empty */
        {{{drop_in, "[Service]\nEnvironment=https_proxy=http://a HTTPS_PROXY=http://b\n"}},
         "http://b"},
        {{{drop_in, "[Service]\nEnvironment=https_proxy=http://a HTTPS_PROXY=\n"}}, "http://a"},
        {{{drop_in, "[Service]\nEnvironment=Https_Proxy=http://a\n"}}, ""},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t j = 0; j < 3 && rows[i].files[j][0]; j++)
            put(rows[i].files[j][0], rows[i].files[j][1]);
        read_anew(state);
        if (strcmp(agent.https_proxy, rows[i].https_proxy) != 0)
            fail_msg("row %zu: \"%s\"", i, agent.https_proxy);
    }
}

/* systemd.syntax(7), "Quoting". */
static void words_are_read_as_by_systemd(void **state)
{
    static const struct {
        const char *text, *words[4];
    } rows[] = {{"", {NULL}},
                {" \t", {NULL}},
                {"a  b\t", {"a", "b"}},
                {"\"a b\"c 'd \"'", {"a bc", "d \""}},
                {"a\\sb", {"a b"}},
                {"'a\\'b'", {"a'b"}},
                {"\\x41\\u0042\\103\\t", {"ABC\t"}},
                {"100%% 5%0%off % %h", {"100%", "5%0ff", "%", "/root"}},
                {"a b\\", {"a"}},
                {"a b\\ c", {"a"}},
                {"a 'b", {"a"}},
                {"a \\x0z", {"a"}},
                {"\"\" b", {"", "b"}},
                {"12345678 b", {"1234567", "b"}}, /* as much as there is room for */
                {"1234567 b", {"1234567", "b"}}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[64], word[8];
        const char *at = text;
        size_t n = 0;

        (void)text_set(text, sizeof(text), "%s", rows[i].text);
        for (; unit_word(&at, word, sizeof(word)); n++)
            if (n >= COUNT_OF(rows[i].words) || !rows[i].words[n] ||
                strcmp(word, rows[i].words[n]) != 0)
                fail_msg("'%s': word %zu is '%s'", rows[i].text, n, word);
        assert_true(n == COUNT_OF(rows[i].words) || !rows[i].words[n]);
    }
}

static char harm[512];

static void take_harm(void *arg, enum taken taken, const char *file, const char *words)
{
    (void)arg;
    if (!strstr(file, ".requires"))
        assert_string_equal(file, drop_in);
    (void)text_add(harm, sizeof(harm), "%s%.16s",
                   taken == TAKEN_ALL          ? "!"
                   : taken == TAKEN_SOME       ? ""
                   : taken == TAKEN_BY_ADDRESS ? "-"
                   : taken == TAKEN_OPEN       ? "~"
                                               : "?",
                   words);
}

static void find_harm(void)
{
    LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES};

    harm[0] = '\0';
    unit_read(root, AGENT_UNIT, &settings);
    unit_confinement(root, &settings, take_harm, NULL);
}

/* systemd.exec(5), systemd.resource-control(5): what of a unit's sandbox keeps the agent, which is root's, from its work. */
static void a_sandbox_that_keeps_the_agent_down_is_named(void **state)
{
    static const struct {
        const char *lines, *harm;
    } rows[] = {
        {"ExecStart=", "!ExecStart= start"},
        {"ExecStart=/usr/bin/amazon-ssm-agent", "!ExecStart=/usr/b"},
        {"ExecStart=\nExecStart=/usr/bin/amazon-ssm-agent", ""},
        {"ExecStart=\nExecStart=/bin/true", "!ExecStart=/bin/t"},
        {"ExecStart=\nExecStart=-/opt/agent", "?ExecStart=-/opt/"},
        {"ExecStart=\nExecStart=/usr/bin/env A=-b /usr/bin/amazon-ssm-agent -register",
         "!ExecStart=/usr/b"},
        {"ExecStart=\nExecStart=@/usr/bin/amazon-ssm-agent --version", "!ExecStart=@/usr/"},
        {"ExecStart=\nExecStart=/usr/bin/amazon-ssm-agent register -y", ""},
        {"ExecStart=\nExecStart=/usr/bin/amazon-ssm-agent --", ""},
        {"ExecStart=\nExecStart=/usr/bin/snap run amazon-ssm-agent.amazon-ssm-agent", ""},
        {"ExecStart=\nExecStart=/bin/sh -c /usr/bin/amazon-ssm-agent", ""},
        {"LimitNOFILE=19", "!LimitNOFILE=19, "},
        {"LimitNOFILE=20", ""},
        {"LimitNOFILE=10:1024", ""},
        {"LimitNOFILE=10:15", "!LimitNOFILE=10:1"},
        {"LimitNOFILE=infinity", ""},
        {"LimitNOFILE=", ""},
        {"LimitAS=700M", "!LimitAS=700M, th"},
        {"LimitAS=1G", ""},
        {"LimitAS=1T", ""},
        {"LimitDATA=32768K", "!LimitDATA=32768K"},
        {"LimitDATA=128M\nMemoryMax=64M\nTasksMax=10%", ""},
        {"LimitFSIZE=0", "!LimitFSIZE=0, th"},
        {"TasksMax=8", "!TasksMax=8, the "},
        {"MemoryMax=8M", "!MemoryMax=8M, th"},
        {"RootImage=/gone.raw", "!RootImage=/gone."},
        {"RootImage=/lib\nWorkingDirectory=/gone", ""},
        {"Restart=always", ""},
        {"User=", ""},
        {"User=root", ""},
        {"User=0", ""},
        {"User=ssm", "!User=ssm, the ag"},
        {"DynamicUser=yes", "!DynamicUser=yes,"},
        {"ProtectSystem=strict", "!ProtectSystem=st"},
        {"ProtectSystem=full", ""},
        {"ProtectSystem=strict\nReadWritePaths=/var/lib/amazon", ""},
        {"ReadOnlyPaths=/etc /var", "!ReadOnlyPaths=/e"},
        {"ReadOnlyPaths=-/ /etc", "!ReadOnlyPaths=-/"},
        {"ReadOnlyPaths=/etc /usr", ""},
        {"ReadOnlyPaths=/\nReadWritePaths=/var/lib/amazon", ""},
        {"ReadOnlyPaths=/var/www /var/lib/amazon-x", ""},
        {"ProtectSystem=strict\nReadWritePaths=-/var/lib/amazon/ssm/", ""},
        {"ProtectSystem=strict\nStateDirectory=amazon/ssm", ""},
        {"ProtectSystem=strict\nStateDirectory=x amazon", ""},
        {"ProtectSystem=strict\nBindPaths=/var/lib/amazon", ""},
        {"ProtectSystem=strict\nReadWriteDirectories = /var/lib/amazon", ""},
        {"InaccessibleDirectories=/etc/amazon", "!InaccessiblePath"},
        {"ProtectSystem=strict\nTemporaryFileSystem=/var/lib", ""},
        {"ProtectSystem=strict\nStateDirectory=amazon/ssm-x", "!ProtectSystem=st"},
        {"InaccessiblePaths=/etc/amazon", "!InaccessiblePath"},
        {"InaccessiblePaths=/var/lib/amazon-x", ""},
        {"InaccessiblePaths=/var/lib/amazon/ssm", "!InaccessiblePath"},
        {"InaccessiblePaths=/home", ""},
        {"PrivateNetwork=yes", "!PrivateNetwork=y"},
        {"PrivateNetwork=no", ""},
        {"PrivateNetwork=yes\nPrivateNetwork=", "!PrivateNetwork=y"},
        {"User=ssm\nUser=", ""},
        {"LimitNOFILE=16\nLimitNOFILE=", "!LimitNOFILE=16, "},
        /* lines that go on, and those that do not; a header that is none, behind which nothing is read */
        {"PrivateNetwork=\\\n# no word\n  yes", "!PrivateNetwork=y"},
        {"PrivateNetwork=\\\r\nyes\r", "!PrivateNetwork=y"},
        {"PrivateNetwork=yes \\\n# the end", "!PrivateNetwork=y"},
        {"Nice=1 \\\nPrivateNetwork=yes", ""},
        {"Nice=1 \\\n\nPrivateNetwork=yes", "!PrivateNetwork=y"},
        {"Nice=1 \\ \nPrivateNetwork=yes", "!PrivateNetwork=y"},
        {"Environment=A=C:\\\\\nPrivateNetwork=yes", "!PrivateNetwork=y"},
        {"[Unit] # note\n[Service]\nPrivateNetwork=yes", ""},
        {"IPAddressDeny=any", "!IPAddressDeny=an"},
        {"IPAddressDeny=link-local", "!IPAddressDeny=li"},
        {"IPAddressDeny=169.254.0.0/16", "!IPAddressDeny=16"},
        {"IPAddressDeny=0.0.0.0/0", "!IPAddressDeny=0."},
        {"IPAddressDeny=10.0.0.0/8", "?IPAddressDeny=10"},
        {"IPAddressDeny=10.0.0.0/8 link-local", "!IPAddressDeny=10"},
        {"IPAddressDeny=10.0.0.0/8\nIPAddressAllow=10.0.0.0/16", "-IPAddressDeny=10"},
        {"IPAddressDeny=multicast", "-IPAddressDeny=mu"},
        {"IPAddressDeny=any\nIPAddressDeny=", ""},
        {"IPAddressDeny=any\nIPAddressAllow=169.254.169.123 10.0.0.0/8", "!IPAddressDeny=an"},
        {"IPAddressDeny=128.0.0.0/1", "!IPAddressDeny=12"},
        {"IPAddressDeny=any\nIPAddressAllow=10.0.0.0/8", "!IPAddressDeny=an"},
        {"IPAddressDeny=any\nIPAddressAllow=link-local", "!IPAddressDeny=an"},
        {"IPAddressDeny=any\nIPAddressAllow=169.254.169.254 ::1", "!IPAddressDeny=an"},
        {"IPAddressDeny=any\nIPAddressAllow=link-local 10.0.0.0/8", "-IPAddressDeny=an"},
        {"IPAddressDeny=any\nIPAddressAllow=0.0.0.0/0", "-IPAddressDeny=an"},
        {"IPAddressDeny=link-local\nIPAddressAllow=any", "-IPAddressDeny=li"},
        {"RestrictAddressFamilies=AF_INET AF_UNIX", ""},
        {"RestrictAddressFamilies=AF_UNIX", "!RestrictAddressF"},
        {"RestrictAddressFamilies=~AF_INET", "!RestrictAddressF"},
        {"RestrictAddressFamilies=~AF_PACKET", ""},
        {"RestrictAddressFamilies=", ""},
        {"[Unit]\nConditionPathExists=/gone", "!ConditionPathExi"},
        {"[Unit]\nConditionPathExists=/lib\nConditionPathExists=!/gone", ""},
        {"[Unit]\nConditionPathExists=/lib\nConditionPathExists=!/lib", "!ConditionPathExi"},
        {"[Unit]\nConditionPathExists=|/gone", "!ConditionPathExi"},
        {"[Unit]\nConditionPathExists=/run/later", ""},
        {"[Unit]\nConditionPathExists=%E/gone", ""},
        {"[Unit]\nConditionPathExists=/lib\nConditionPathExists=/go ne", "!ConditionPathExi"},
        {"[Unit]\nConditionPathExists=/gone\nConditionFileNotEmpty=", ""},
        {"[Unit]\nConditionPathExists=/gone\nConditionPathExists=", ""},
        {"[Unit]\nConditionPathIsDirectory=/gone", "!ConditionPathIsD"},
        {"[Unit]\nConditionFileNotEmpty=/gone", "!ConditionFileNot"},
        {"[Unit]\nConditionPathIsDirectory=!/gone\nConditionFileNotEmpty=|/gone",
         "!ConditionFileNot"},
        {"[Unit]\nAssertPathExists=/gone", "!AssertPathExists"},
        {"[Unit]\nConditionPathExists=/gone\n[Install]\nConditionPathExists=/gone",
         "!ConditionPathExi"},
        {"ConditionPathExists=/gone\n[Install]\nConditionPathExists=/gone", ""},
        {"[Unit]\nUser=ssm", ""},
        {"[Unit]\nRequires=gone.service", "!Requires=gone.se"},
        {"[Unit]\nRequires=amazon-ssm-agent.service a@b.service basic.target", ""},
        {"[Unit]\nRequires=gone.service\nRequires=", "!Requires=gone.se"},
        {"[Unit]\nRequires=%p-x.service made.service early.service late.service passing.service",
         ""},
        {"[Unit]\nRequires=script.service", ""},
        {"[Unit]\nRequires=masked.service", "!Requires=masked."},
        {"[Unit]\nBindsTo=gone.service\nBindsTo=", "!BindsTo=gone.ser"},
        {"[Unit]\nRequisite=gone.service", "!Requisite=gone.s"},
        {"[Unit]\nRequiresMountsFor=/gone\nWants=gone.service", ""},
        {"ExecStartPre=/gone -x", "!ExecStartPre=/go"},
        {"ExecStartPre=/gone\nExecStartPre=/lib", "!ExecStartPre=/go"},
        {"ExecStartPre=/gone\nExecStartPre=", ""},
        {"ExecStartPre=/run/made/by/another", "~ExecStartPre=/ru"},
        {"ExecStartPre=\"/a b\" c", "~ExecStartPre=\"/a"},
        {"ExecStartPre=-\"/a b\" c\nExecCondition=/run/sleep 5\nExecStartPost=+-/lib", ""},
        {"ExecStartPre=gone", "!ExecStartPre=gon"},
        {"ExecStartPre=gone\nExecSearchPath=/opt", "~ExecStartPre=gon"},
        {"ExecStartPre=ssm-agent-worker", "!ExecStartPre=ssm"},
        {"ExecStartPre=/run/mkdir -p /run/x", ""},
        {"ExecStartPre=/run/true\nExecStartPre=/run/test -r /lib", ""},
        {"ExecStartPre=/run/test -d /lib", "~ExecStartPre=/ru"},
        {"ExecCondition=/run/x\nExecStartPost=!/run/y", "~ExecCondition=/r~ExecStartPost=!/"},
        {"ExecStartPre=/run/sh -c \"exit 1\"", "!ExecStartPre=/ru"},
        {"ExecStartPre=/run/sh -c \"exit 0\"", "~ExecStartPre=/ru"},
        {"ExecStartPre=/run/sh -e -c \"exit 1\"", "~ExecStartPre=/ru"},
        {"ExecStartPre=/run/bash -c false\nExecStartPre=/run/x", "!ExecStartPre=/ru"},
        {"ExecStartPre=/run/x\nExecStartPre=/run/bash -c false", "!ExecStartPre=/ru"},
        {"ExecStartPre=/run/sh /gone", "!ExecStartPre=/ru"},
        {"ExecStartPre=/run/sh -c /gone", "!ExecStartPre=/ru"},
        {"ExecStartPre=/run/sh -c /lib", "~ExecStartPre=/ru"},
        {"ExecStartPre=/run/sleep 91", "!ExecStartPre=/ru"},
        {"ExecStartPre=/run/sleep 90", ""},
        {"ExecStartPre=/run/sleep 120\nTimeoutStartSec=5min", ""},
        {"ExecStartPre=/no-head", "!ExecStartPre=/no"},
        {"ExecStartPre=/crlf", "!ExecStartPre=/cr"},
        {"ExecStartPre=/head", "~ExecStartPre=/he"},
        {"ExecStartPre=/run/test -e /gone", "!ExecStartPre=/ru"},
        {"ExecCondition=/run/[ -f /gone ]", "!ExecCondition=/r"},
        {"ExecStartPre=/run/test -e /lib", ""},
        {"ExecStartPre=/run/test ! -e /gone", "~ExecStartPre=/ru"},
        {"ExecStartPre=/run/test -z /gone", "~ExecStartPre=/ru"},
        {"ExecStartPre=/run/test -e /run/later", "~ExecStartPre=/ru"},
        {"ExecStartPre=/usr/bin/amazon-ssm-agent", "!ExecStartPre=/us"},
        {"ExecStartPre=-/gone", ""},
        {"ExecStartPre=+/lib", "~ExecStartPre=+/l"},
        {"ExecCondition=/gone", "!ExecCondition=/g"},
        {"WorkingDirectory=/gone", "!WorkingDirectory"},
        {"WorkingDirectory=~", ""},
        {"WorkingDirectory=/a b", ""},
        {"WorkingDirectory=/var/lib/amazon", ""},
        {"RootDirectory=/lib", "!RootDirectory=/l"},
        {"RootDirectory=/lib\nBindReadOnlyPaths=/usr", ""},
        {"RootDirectory=/jail\nExecStart=\nExecStart=/usr/bin/amazon-ssm-agent\nWorkingDirectory=/gone",
         ""},
        {"RootDirectory=/", ""},
        {"ExecStartPre=/bin/false", "!ExecStartPre=/bi"},
        {"ExecStartPre=-/bin/false", ""},
        {"ExecCondition=false", "!ExecCondition=fa"},
        {"ExecStartPost=/gone", "!ExecStartPost=/g"},
        {"InaccessiblePaths=/gone", "!InaccessiblePath"},
        {"InaccessiblePaths=-/gone +/lib", ""},
        {"InaccessiblePaths=/etc", "!InaccessiblePath"},
        {"InaccessiblePaths=/usr/bin/", "!InaccessiblePath"},
        {"InaccessiblePaths=/us", "!InaccessiblePath"},
        {"TemporaryFileSystem=/usr:ro", "!TemporaryFileSys"},
        {"TemporaryFileSystem=/usr\nBindReadOnlyPaths=/usr/bin", "?TemporaryFileSys"},
        {"BindReadOnlyPaths=/var/lib/amazon", "!BindReadOnlyPath"},
        {"TemporaryFileSystem=/var", ""},
        {"BindPaths=/gone:/lib", "!BindPaths=/gone:"},
        {"BindReadOnlyPaths=/lib:/gone", ""},
        {"ReadWritePaths=/gone", "!ReadWritePaths=/"},
        {"NoExecPaths=/", "!NoExecPaths=/, a"},
        {"NoExecPaths=/\nExecPaths=/usr", ""},
        {"NoExecPaths=/\nExecPaths=/usr/bin/amazon-ssm-agent", "!NoExecPaths=/, a"},
        {"NoExecPaths=/usr/lib", "!NoExecPaths=/usr"},
        {"NetworkNamespacePath=/gone", "!NetworkNamespace"},
        {"NetworkNamespacePath=/lib", "?NetworkNamespace"},
        {"RestrictNetworkInterfaces=lo", "!RestrictNetworkI"},
        {"RestrictNetworkInterfaces=lo ens5", ""},
        {"RestrictNetworkInterfaces=~ens5", "!RestrictNetworkI"},
        {"RestrictNetworkInterfaces=~docker0", ""},
        {"RestrictAddressFamilies=AF_INET6 AF_UNIX", "!RestrictAddressF"},
        {"RestrictAddressFamilies=~AF_INET6", ""},
        {"SystemCallFilter=@system-service\nSystemCallFilter=~@privileged", ""},
        {"SystemCallFilter=~@privileged @resources", "!SystemCallFilter"},
        {"SystemCallFilter=~@resources:EPERM", ""},
        {"SystemCallFilter=~@resources\nSystemCallErrorNumber=EPERM", ""},
        {"SystemCallFilter=~@mount @network-io:EPERM", "!SystemCallFilter"},
        {"SystemCallFilter=~ptrace @debug", ""},
        {"SystemCallFilter=@basic-io @network-io", "!SystemCallFilter"},
        {"SystemCallFilter=@basic-io socket", "?SystemCallFilter"},
        {"DevicePolicy=strict", "!DevicePolicy=str"},
        {"DevicePolicy=strict\nDeviceAllow=/dev/null rw", ""},
        {"Group=staff\nSupplementaryGroups=root staff", ""},
        {"Group=gone", "!Group=gone, whic"},
        {"Group=gone\nGroup=staff", ""},
        {"LoadCredential=token:/etc/gone", "!LoadCredential=t"},
        {"LoadCredential=token:/etc/resolv.conf\nLoadCredential=token:gone\nLoadCredential=token",
         ""},
        {"LoadCredential=token:/run/later", ""},
        {"LoadCredential=token:/etc/gone\nLoadCredential=", ""},
        {"LoadCredential=token:/etc/gone\nSetCredential=token:x", ""},
        {"LoadCredentialEncrypted=token:/etc/gone", "!LoadCredentialEn"},
        {"StandardInput=file:/etc/gone", "!StandardInput=fi"},
        {"StandardInput=file:/etc/resolv.conf", ""},
        {"StandardInput=file:/etc/gone\nStandardInput=null", ""},
        {"StandardInput=tty", "?StandardInput=tt"},
        {"StandardOutput=tty", "?StandardOutput=t"},
        {"StandardInput=socket", "!StandardInput=so"},
        {"StandardInput=socket\nSockets=gone.socket", "!StandardInput=so"},
        {"StandardInput=socket\nSockets=made.socket", ""},
        {"StandardInput=fd:a", "!StandardInput=fd"},
        {"StandardOutput=socket", "!StandardOutput=s"},
        {"StandardOutput=file:/gone/x", "!StandardOutput=f"},
        {"StandardOutput=file:/etc/made\nStandardError=append:/made", ""},
        {"StandardError=truncate:/gone/x", "!StandardError=tr"},
        {"StandardError=append:/var/log/later/x", ""},
        {"StandardOutput=journal+console\nStandardError=inherit", ""},
        {"Group=roo", "!Group=roo, which"},
        {"SupplementaryGroups=root gone", "!SupplementaryGro"},
        {"Group=1000", ""},
        {"User=daemon\nProtectSystem=strict\nExecStart=\nExecStart=+/usr/bin/amazon-ssm-agent", ""},
        {"User=daemon\nExecStart=\nExecStart=-!/usr/bin/amazon-ssm-agent", ""},
        {"User=daemon\nExecStart=\nExecStart=!!/usr/bin/amazon-ssm-agent", "!User=daemon, the"},
        {"User=gone\nExecStart=\nExecStart=+/usr/bin/amazon-ssm-agent", "!User=gone, which"},
        {"DynamicUser=yes\nExecStart=\nExecStart=!/usr/bin/amazon-ssm-agent", "!DynamicUser=yes,"},
        {"WatchdogSec=30", "!WatchdogSec=30, "},
        {"WatchdogSec=0", ""},
        {"RuntimeMaxSec=60", "!RuntimeMaxSec=60"},
        {"RuntimeMaxSec=1h", "?RuntimeMaxSec=1h"},
        {"RuntimeMaxSec=infinity", ""},
        {"Type=dbus\nTimeoutStartSec=infinity", "!Type=dbus, and t"},
        {"Type=dbus\nBusName=a.b", "!Type=dbus, and t"},
        {"[Unit]\nConditionPathExists=|/gone\nConditionPathExists=|!/lib", "!ConditionPathExi"},
        {"[Unit]\nConditionPathExists=|/gone\nConditionPathExists=|/lib", ""},
        {"[Unit]\nConditionPathExists=|/gone\nConditionHost=|a", ""},
        {"[Unit]\nConditionHost=!a", "?ConditionHost=!a"},
        {"[Unit]\nAssertVirtualization=no", "?AssertVirtualiza"},
        {"[Unit]\nConditionFileIsExecutable=/usr/bin/amazon-ssm-agent", "!ConditionFileIsE"},
        {"[Unit]\nConditionPathIsDirectory=/lib\nConditionPathIsSymbolicLink=!/lib", ""},
        {"[Unit]\nConditionPathExists=!/run/later", ""},
        {"[Unit]\nConditionPathExistsGlob=/etc/x*", "?ConditionPathExi"},
        {"Type=notify", "!Type=notify, and"},
        {"Type=forking\nTimeoutStartSec=90", "!Type=forking, an"},
        {"Type=forking\nTimeoutStartSec=infinity", ""},
        {"Type=simple", ""},
        {"Type=notify # note", ""},
        {"NoNewPrivileges=true", "NoNewPrivileges="},
        {"MemoryDenyWriteExecute=1", "MemoryDenyWriteE"},
    };
    static const char *const others[] = {"/run/systemd/generator/made.service",
                                         "/run/systemd/generator/made.socket",
                                         "/run/systemd/generator.early/early.service",
                                         "/run/systemd/generator.late/late.service",
                                         "/run/systemd/transient/passing.service",
                                         "/etc/init.d/script",
                                         "/usr/bin/amazon-ssm-agent",
                                         "/jail/usr/bin/amazon-ssm-agent"};
    char text[256];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        put("/lib/systemd/system/amazon-ssm-agent.service",
            "[Service]\nExecStart=/usr/bin/amazon-ssm-agent\n");
        for (size_t j = 0; j < COUNT_OF(others); j++)
            put(others[j], "[Unit]\n");
        put_program("/a b", "");
        put_program("/head", "#! /usr/bin/ssm-agent-worker -x\n");
        put_program("/no-head", "true\n");
        put_program("/crlf", "#!/usr/bin/ssm-agent-worker\r\n");
        put("/etc/systemd/system/amazon-ssm-agent.service.requires/amazon-ssm-agent.service", "");
        put("/etc/group", "root:x:0:\nstaff:x:50:\n");
        put("/etc/passwd", "root:x:0:0::/:/x\ndaemon:x:1:1::/:/x\n");
        put("/sys/class/net/ens5/device/x", "");
        put("/sys/class/net/docker0/x", "");
        put("/etc/resolv.conf", "");
        put("/home/x", "");
        put("/usr/bin/ssm-agent-worker", "");
        assert_int_equal(symlink("/dev/null", place("/etc/systemd/system/masked.service")), 0);
        (void)text_set(text, sizeof(text), "[Service]\n%s\n", rows[i].lines);
        put(drop_in, text);
        find_harm();
        if (strcmp(harm, rows[i].harm) != 0)
            fail_msg("%s: \"%s\"", rows[i].lines, harm);
        put_link("/etc/systemd/system/amazon-ssm-agent.service.requires/gone.service", "x");
        find_harm();
        if (!strstr(harm, "!Requires="))
            fail_msg("%s with a link in .requires: \"%s\"", rows[i].lines, harm);
        assert_int_equal(tear_down(state), 0);
        assert_int_equal(mkdir(root, 0700), 0);
    }
}

/* systemd's NEWS: what it does not know, it passes over. Where its version is not known, it is none of the old ones. */
static void a_setting_counts_where_systemd_knows_it(void **state)
{
    static const struct {
        const char *library, *line;
        bool counts;
    } rows[] = {
        {"/usr/lib/systemd/libsystemd-shared-239.so", "NoExecPaths=/", false},
        {"/lib/systemd/libsystemd-shared-245.so", "NoExecPaths=/", false},
        {"/usr/lib/aarch64-linux-gnu/systemd/libsystemd-shared-247.so", "NoExecPaths=/", false},
        {"/usr/lib/systemd/libsystemd-shared-248.so", "NoExecPaths=/", true},
        {"/usr/lib64/systemd/libsystemd-shared-252-46.el9.so", "NoExecPaths=/", true},
        {"/usr/lib/systemd/libsystemd-core-239.so", "NoExecPaths=/", true},
        {"/usr/lib/systemd/libsystemd-shared-239.so", "PrivateNetwork=yes", true},
        {"/usr/lib/systemd/libsystemd-shared-239.so", "NetworkNamespacePath=/gone", false},
        {"/usr/lib/systemd/libsystemd-shared-239.so", "ExecCondition=/bin/false", false},
        {"/usr/lib/systemd/libsystemd-shared-246.so", "LoadCredential=x:/gone", false},
    };
    char text[64];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        put(rows[i].library, "");
        (void)text_set(text, sizeof(text), "[Service]\n%s\n", rows[i].line);
        put(drop_in, text);
        read_anew(state);
        if (!agent.confined[0] == rows[i].counts)
            fail_msg("row %zu: %s", i, agent.confined);
    }
}

static void a_unit_must_start_something(void **state)
{
    (void)state;
    put_program("/usr/bin/amazon-ssm-agent", "#!");
    put("/etc/systemd/system/amazon-ssm-agent.service", "[Service]\nNice=1\n");
    agent_read(root, &agent, &login);
    assert_string_equal(agent.confined,
                        "/etc/systemd/system/amazon-ssm-agent.service: ExecStart= starts nothing");
}

/* systemd.resource-control(5): the lists of all slices above count, and nothing else of them. */
static void what_a_slice_denies_is_denied(void **state)
{
    static const struct {
        const char *file, *text, *drop_in, *confined;
    } rows[] = {
        {"/etc/systemd/system/system.slice.d/a.conf", "[Slice]\nIPAddressDeny=169.254.169.254\n",
         "", "/etc/systemd/system/system.slice.d/a.conf: IPAddressDeny=169.254.169.254 holds"},
        {"/etc/systemd/system/system.slice.d/a.conf", "[Slice]\nIPAddressDeny=any\n",
         "IPAddressAllow=any", ""},
        {"/etc/systemd/system/system.slice.d/a.conf", "[Slice]\nIPAddressDeny=any\n",
         "Slice=corp.slice", ""},
        {"/etc/systemd/system/corp.slice", "[Slice]\nIPAddressDeny=any\n", "Slice=corp-a.slice",
         "/etc/systemd/system/corp.slice: IPAddressDeny=any holds"},
        {"/etc/systemd/system/-.slice.d/a.conf", "[Slice]\nIPAddressDeny=any\n",
         "Slice=corp-a.slice", "/etc/systemd/system/-.slice.d/a.conf: IPAddressDeny=any holds"},
        {"/etc/systemd/system/system.slice",
         "[Unit]\nRequires=gone.service\n[Slice]\nTasksMax=1\n[Service]\nPrivateNetwork=yes\n", "",
         ""},
    };
    char text[64];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        put(rows[i].file, rows[i].text);
        (void)text_set(text, sizeof(text), "[Service]\n%s\n", rows[i].drop_in);
        put(drop_in, text);
        read_anew(state);
        if (rows[i].confined[0] ? !text_starts(agent.confined, rows[i].confined)
                                : agent.confined[0])
            fail_msg("row %zu: %s", i, agent.confined);
    }
}

static int n_units_read;

static void count_units(const char *path, bool is_folder, int fd)
{
    (void)is_folder;
    n_units_read += fd >= 0 && text_ends(path, "/" AGENT_UNIT);
}

/* Its program, its environment and its sandbox are judged by what was read once. */
static void the_unit_is_read_once(void **state)
{
    void (*const before)(const char *, bool, int) = file_opened;

    n_units_read = 0;
    file_opened = count_units;
    read_anew(state);
    file_opened = before;
    assert_int_equal(n_units_read, 1);
}

/* Both lists, for who knows the addresses; nothing where the files alone judge. */
static void what_a_unit_denies_is_told(void **state)
{
    put(drop_in,
        "[Service]\nIPAddressDeny=any\nIPAddressAllow=link-local\nIPAddressAllow=10.0.1.0/24\n");
    read_anew(state);
    assert_string_equal(agent.denied_file, drop_in);
    assert_string_equal(agent.denied_networks, "any");
    assert_string_equal(agent.allowed_networks, "link-local 10.0.1.0/24");
    assert_string_equal(agent.confined, "");
    assert_string_equal(agent.doubted, "");
    put(drop_in, "[Service]\nIPAddressDeny=10.0.0.0/8\n");
    read_anew(state);
    assert_string_equal(agent.denied_networks, "10.0.0.0/8");
    assert_string_equal(agent.allowed_networks, "");
    assert_string_equal(agent.doubted, "");
    put(drop_in, "[Service]\nIPAddressDeny=any\n");
    read_anew(state);
    assert_string_equal(agent.denied_networks, "");
    assert_non_null(strstr(agent.confined, "IPAddressDeny=any"));
}

/* aws-sdk-go internal/ini, of which each row was asked. */
static void a_file_of_the_sdk_must_be_ini(void **state)
{
    static const char with[] = "AWS_SDK_LOAD_CONFIG=1 AWS_CONFIG_FILE=/etc/ini";
    static const struct {
        const char *path, *environment, *text;
        bool harms;
    } rows[] = {
        {"/root/.aws/config", "AWS_SDK_LOAD_CONFIG=true", "[default\nregion = x\n", true},
        {"/root/.aws/config", "AWS_SDK_LOAD_CONFIG=yes", "[default\nregion = x\n", false},
        {"/root/.aws/config", with, "[default\nregion = x\n", false},
        {"/root/.aws/credentials", "A=B", "garbage", true},
        {"/root/.aws/credentials", "A=B", "garbage\n", false},
        {"/root/.aws/credentials", "AWS_SHARED_CREDENTIALS_FILE=/gone", "garbage", false},
        {"/etc/ini", with, "# x\r\n[profile a]\r\nb = [c], d # e\r\n  f = g\r\n", false},
        {"/etc/ini", with, "a\n\n  b", true},
        {"/etc/ini", with, "a\r\n\r\n  b", true},
        {"/etc/ini", with, "a\n  b\n", false},
        {"/etc/ini", with, "= b\n", true},
        {"/etc/ini", with, "a = \"b\n", false},
        {"/etc/ini", with, "= \"b\n", false},
        {"/etc/ini", with, "[default] # x\na b # c\n", true},
        {"/etc/ini", with, "[default] # x\na = b, c\n", false},
        {"/etc/ini", with, "[]\n", true},
        {"/etc/ini", with, "", false},
    };
    char text[256];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        put(rows[i].path, rows[i].text);
        (void)text_set(text, sizeof(text), "[Service]\nEnvironment=%s\n", rows[i].environment);
        put(drop_in, text);
        read_anew(state);
        if ((agent.environment.failure == FAILURE_MALFORMED) != rows[i].harms)
            fail_msg("row %zu: %s", i, agent.environment.detail);
    }
}

static void variables_of_the_sdk_are_kept_and_secrets_are_not(void **state)
{
    (void)state;
    put("/etc/ssl/ca.pem", "-----BEGIN CERTIFICATE-----\n");
    put(drop_in,
        "[Service]\nEnvironment=AWS_SECRET_ACCESS_KEY=s3cret AWS_CA_BUNDLE=/gone.pem\n"
        "Environment=AWS_EC2_METADATA_DISABLED=true http_proxy=http://p SSL_CERT_DIR=/a:/b\n"
        "EnvironmentFile=/etc/gone\nEnvironmentFile=-/etc/gone-too\n");
    read_anew(state);
    assert_true(text_starts(agent.environment.detail, drop_in));
    assert_int_equal(agent.n_variables, 2);
    assert_string_equal(agent.variables[0].name, "AWS_CA_BUNDLE");
    assert_int_equal(agent.variables[0].harm, HARM_NO_CERTIFICATE);
    assert_string_equal(agent.variables[0].file, drop_in);
    assert_string_equal(agent.variables[1].value, "true");
    assert_string_equal(agent.http_proxy, "http://p");
    assert_string_equal(agent.ssl_cert_dir, "/a:/b");
    assert_int_equal(agent.environment.failure, FAILURE_ABSENT);
    assert_non_null(strstr(agent.environment.detail, "names /etc/gone,"));

    put("/etc/p/b.env", "https_proxy=http://b\n"); /* of a pattern one file is enough */
    put(drop_in, "[Service]\nEnvironmentFile=/etc/p/*.env\n");
    read_anew(state);
    assert_int_equal(agent.environment.outcome, OUTCOME_OK);
    put("/etc/p/b.txt", "https_proxy=http://b\n");
    put(drop_in, "[Service]\nEnvironmentFile=/etc/p/*.env\n");
    read_anew(state);
    assert_int_equal(agent.environment.failure, FAILURE_ABSENT);
    put(drop_in, "[Service]\nEnvironmentFile=/etc/default/%p\n");
    read_anew(state);
    assert_non_null(strstr(agent.environment.detail, "names /etc/default/amazon-ssm-agent,"));
    put(drop_in,
        "[Service]\nEnvironmentFile=/etc/default/%H\n"); /* of which host it will be, is not known */
    read_anew(state);
    assert_int_equal(agent.environment.outcome, OUTCOME_OK);

    put("/etc/ssl/ca.pem", "-----BEGIN CERTIFICATE-----\n");
    put(drop_in, "[Service]\nEnvironment=AWS_CA_BUNDLE=/etc/ssl/ca.pem\n");
    read_anew(state);
    assert_int_equal(agent.n_variables, 0);
    assert_int_equal(agent.environment.outcome, OUTCOME_OK);
    assert_string_equal(agent.sdk_bundle, "/etc/ssl/ca.pem");
    assert_string_equal(agent.ssl_cert_file, "");

    put(drop_in, "[Service]\nEnvironment=GODEBUG=netedns0=1,http2client=0,netedns0=0\n");
    read_anew(state);
    assert_true(agent.no_edns);
    put(drop_in, "[Service]\nEnvironment=GODEBUG=netedns0=0,netedns0=00\n");
    read_anew(state);
    assert_false(agent.no_edns);

    put(drop_in,
        "[Service]\nExecStart=\nExecStart=/usr/bin/env A=1 https_proxy=http://e /usr/bin/x\n"
        "Environment=https_proxy=http://p\nUnsetEnvironment=https_proxy\n");
    read_anew(state);
    assert_string_equal(agent.https_proxy, "http://e");
    assert_string_equal(agent.proxy_file, drop_in);
}

/* aws-sdk-go aws/session/shared_config.go: of the default profile alone. */
static void the_sdks_file_may_name_a_bundle(void **state)
{
    put(drop_in, "[Service]\nEnvironment=AWS_SDK_LOAD_CONFIG=1\n");
    put("/root/.aws/config",
        "[profile x]\nca_bundle=/x\n[default]\nregion = y\nca_bundle = /gone\n[z]\nca_bundle=/z\n");
    read_anew(state);
    assert_int_equal(agent.n_variables, 1);
    assert_string_equal(agent.variables[0].name, "AWS_CA_BUNDLE");
    assert_string_equal(agent.variables[0].value, "/gone");
    assert_string_equal(agent.variables[0].file, "/root/.aws/config");
    put("/root/.aws/config", "");
}

/* Of a list that is too long to be kept what the agent's names may match. */
static void what_is_exempted_of_the_proxy_is_kept(void **state)
{
    char text[4096] = "[Service]\nEnvironment=NO_PROXY=";

    for (int i = 0; i < 80; i++)
        (void)text_add(text, sizeof(text), "host%d.corp.example,", i);
    (void)text_add(text, sizeof(text), "169.254.169.254,x.example,10.0.0.0/8,.amazonaws.com,*\n");
    put(drop_in, text);
    read_anew(state);
    assert_string_equal(agent.no_proxy, "169.254.169.254,10.0.0.0/8,.amazonaws.com,*");
}

static void variables_do_harm_as_the_sdk_reads_them(void **state)
{
    static const struct {
        const char *assignment;
        enum harm harm;
    } rows[] = {
        {"AWS_EC2_METADATA_DISABLED=false", HARM_NONE},
        {"AWS_EC2_METADATA_DISABLED=1", HARM_NONE},
        {"AWS_EC2_METADATA_DISABLED=True", HARM_IMDS_OFF},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://169.254.169.254", HARM_NONE},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://[fd00:ec2::254]", HARM_IMDS_BY_IPV6},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://10.0.1.99", HARM_IMDS_ELSEWHERE},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=ipv4", HARM_NONE},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=ipv6", HARM_IMDS_BY_IPV6},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=both", HARM_IMDS_ELSEWHERE},
        {"AWS_REGION=eu-west-3", HARM_NONE},
        {"AWS_USE_FIPS_ENDPOINT=True", HARM_NONE},
        {"AWS_USE_DUALSTACK_ENDPOINT=false", HARM_NONE},
        {"AWS_S3_USE_ARN_REGION=legacy", HARM_UNREADABLE},
        {"AWS_STS_REGIONAL_ENDPOINTS=Legacy", HARM_NONE},
        {"AWS_STS_REGIONAL_ENDPOINTS=true", HARM_UNREADABLE},
        {"AWS_S3_US_EAST_1_REGIONAL_ENDPOINT=regional", HARM_NONE},
        {"AWS_S3_US_EAST_1_REGIONAL_ENDPOINT=false", HARM_UNREADABLE},
        {"AWS_WEB_IDENTITY_TOKEN_FILE=/token", HARM_UNREADABLE},
        {"AWS_WEB_IDENTITY_TOKEN_FILE=/token AWS_ROLE_ARN=arn", HARM_NONE},
        {"GOMEMLIMIT=100M", HARM_UNREADABLE},
        {"GOMEMLIMIT=MiB", HARM_UNREADABLE},
        {"GOMEMLIMIT=100MiB", HARM_NONE},
        {"GOMEMLIMIT=1000", HARM_NONE},
        {"GOMEMLIMIT=off", HARM_NONE},
        {"AWS_SDK_GO_CLIENT_TLS_CERT=/gone", HARM_UNREADABLE},
        {"AWS_SDK_GO_CLIENT_TLS_KEY=/etc", HARM_NONE},
        {"REQUEST_METHOD=GET", HARM_NONE},
        {"REQUEST_METHOD=GET http_proxy=http://p no_proxy=169.254.169.254", HARM_UNREADABLE},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[256];

        (void)text_set(text, sizeof(text), "[Service]\nEnvironment=%s\n", rows[i].assignment);
        put(drop_in, text);
        read_anew(state);
        if (agent.variables[0].harm != rows[i].harm)
            fail_msg("%s: %d", rows[i].assignment, (int)agent.variables[0].harm);
    }
}

static void certificates_are_looked_for_as_by_go(void **state)
{
    static const char pem[] = "-----BEGIN CERTIFICATE-----\n";
    static const struct {
        const char *files[2][2];
        const char *ca_bundle;
    } rows[] = {
        {{{"/etc/ssl/certs/ca-certificates.crt", ""}}, ""},
        {{{"/etc/ssl/certs/ca-certificates.crt", pem}}, "/etc/ssl/certs/ca-certificates.crt"},
        /* the first file that is there counts, even if it is empty; then the directories */
        {{{"/etc/ssl/certs/ca-certificates.crt", ""}, {"/etc/ssl/cert.pem", pem}}, ""},
        {{{"/etc/ssl/certs/ca-certificates.crt", ""}, {"/etc/pki/tls/certs/0a1b2c3d.0", pem}},
         "/etc/pki/tls/certs"},
        {{{drop_in, "[Service]\nEnvironment=SSL_CERT_FILE=/gone.pem\n"},
          {"/etc/ssl/certs/a.pem", pem}},
         "/etc/ssl/certs"},
        {{{drop_in, "[Service]\nEnvironment=SSL_CERT_DIR=/x:/y\n"}, {"/y/a", pem}}, "/y"},
        {{{drop_in, "[Service]\nEnvironment=SSL_CERT_DIR=/x\n"}, {"/etc/ssl/certs/a.pem", pem}},
         ""},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t j = 0; j < 2 && rows[i].files[j][0]; j++)
            put(rows[i].files[j][0], rows[i].files[j][1]);
        read_anew(state);
        if (strcmp(agent.ca_bundle, rows[i].ca_bundle) != 0)
            fail_msg("row %zu: \"%s\"", i, agent.ca_bundle);
    }
}

/* Without them sessions and commands fail, and the agent comes up. */
static void other_workers_are_not_the_agents(void **state)
{
    (void)state;
    put("/var/lib/dpkg/status", "Package: amazon-ssm-agent\nStatus: install ok installed\n"
                                "Version: 3.3.1142.0-1\n\n");
    put_program("/usr/bin/ssm-agent-worker", "#!");
    read_anew(state);
    assert_false(agent.worker_missing);
    assert_string_equal(agent.missing, "ssm-session-worker, ssm-document-worker");
    put("/var/lib/dpkg/status", "Package: amazon-ssm-agent\nStatus: install ok installed\n"
                                "Version: 3.0.0.0\n\n"); /* the first that has them */
    put_program("/usr/bin/ssm-agent-worker", "#!");
    read_anew(state);
    assert_string_equal(agent.missing, "ssm-session-worker, ssm-document-worker");
}

static void an_agent_that_is_not_whole_says_what_is_missing(void **state)
{
    (void)state;
    put("/var/lib/dpkg/status", "Package: amazon-ssm-agent\nStatus: install ok half-configured\n"
                                "Version: 3.3.1142.0-1\n\n");
    put_program("/usr/bin/ssm-document-worker", "#!");
    put("/bin/sh", "\177ELF                >");
    put_program("/usr/bin/ssm-session-worker", "\177ELF                \267");
    read_anew(state);
    assert_true(agent.worker_missing);
    assert_string_equal(agent.missing, "ssm-agent-worker");
    assert_string_equal(agent.unfinished, "dpkg says: install ok half-configured");
    assert_string_equal(agent.foreign, "");

    put("/var/lib/dpkg/status", "Package: amazon-ssm-agent\nStatus: deinstall ok config-files\n"
                                "Version: 3.3.1142.0-1\n\n");
    read_anew(state);
    assert_int_equal(agent.package, AGENT_PACKAGE_UNKNOWN);
    assert_string_equal(agent.missing, ""); /* of a version that is not known */

    put_link("/snap/amazon-ssm-agent/current", "9999");
    agent_read(root, &agent, &login);
    assert_int_equal(agent.package, AGENT_PACKAGE_SNAP);
    assert_non_null(strstr(agent.unfinished, "revision 9999, which is not there"));
}

/* execve(2), elf(5) */
static void a_program_that_cannot_be_run_is_named(void **state)
{
    struct {
        Elf64_Ehdr file;
        Elf64_Phdr part;
        char code[16];
    } elf = {.file = {.e_ident = ELFMAG, .e_phoff = sizeof(Elf64_Ehdr), .e_phnum = 1},
             .part = {.p_type = PT_LOAD, .p_filesz = sizeof(elf)}};
    static const char path[] = "/usr/bin/ssm-agent-worker";

    (void)state;
    elf.file.e_ident[EI_CLASS] = ELFCLASS64;
    elf.file.e_ident[EI_DATA] = ELFDATA2LSB;
    assert_null(agent_look(root, path).unfit);
    put_program(path, "");
    assert_string_equal(agent_look(root, path).unfit, "is no program");
    put(path, "#!/bin/sh\n");
    assert_string_equal(agent_look(root, path).unfit, "cannot be executed");
    put_program(path, "#!/bin/sh\n");
    assert_null(agent_look(root, path).unfit);
    assert_int_equal(file_write_atomically(place(path), (char *)&elf, sizeof(elf), 0755), 0);
    assert_null(agent_look(root, path).unfit);
    assert_int_equal(file_write_atomically(place(path), (char *)&elf, sizeof(elf) - 1, 0755), 0);
    assert_string_equal(agent_look(root, path).unfit, "is cut short");
    assert_int_equal(agent_look(root, path).machine, -1);
    elf.file.e_phoff -= sizeof(elf.part); /* what it has first is of no type */
    elf.file.e_phnum++;
    assert_int_equal(file_write_atomically(place(path), (char *)&elf, sizeof(elf) - 1, 0755), 0);
    assert_string_equal(agent_look(root, path).unfit, "is cut short");
    assert_string_equal(agent_look(root, "/usr/bin").unfit, "is no program");
    put("/var/lib/dpkg/status", "Package: amazon-ssm-agent\nStatus: install ok installed\n"
                                "Version: 3.3.1142.0-1\n\n");
    put("/usr/bin/ssm-session-worker", "#!");
    read_anew(state);
    assert_true(agent.worker_unfit && !agent.worker_missing);
    assert_string_equal(agent.missing, "ssm-document-worker");
    assert_string_equal(agent.unfit,
                        "ssm-agent-worker is cut short, ssm-session-worker cannot be executed");
}

static void a_registration_counts_with_its_key(void **state)
{
    static const char key[] = "/var/lib/amazon/ssm/Vault/Store/RegistrationKey";

    put(key, "{\"instanceID\":\"mi-1\",\"region\":\"us-east-1\"}");
    read_anew(state);
    assert_string_equal(agent.registered_as, "mi-1");
    assert_false(agent.registered_whole);
    put(key, "{\"instanceID\":\"mi-1\",\"region\":\"us-east-1\",\"privateKey\":\"x\"}");
    read_anew(state);
    assert_true(agent.registered_whole);
}

static void an_old_registration_counts_too(void **state)
{
    put("/var/lib/amazon/ssm/registration",
        "{\"ManagedInstanceID\":\"mi-2\",\"privateKey\":\"x\",\"region\":\"us-east-1\"}");
    read_anew(state);
    assert_string_equal(agent.registered_as, "mi-2");
    assert_string_equal(agent.registration_file, "/var/lib/amazon/ssm/registration");
    assert_true(agent.registered_whole);
}

/* Whichever comes first: the agent's configuration, the search list, our last report, cloud-init. */
static void something_may_name_the_region_before_imds(void **state)
{
    static struct facts facts;
    char region[REGION_SIZE];
    (void)state;

    assert_false(hint_region(root, &facts, region));
    put("/run/cloud-init/instance-data.json", "{\"v1\":{\"region\":\"sa-east-1\"}}");
    assert_true(hint_region(root, &facts, region));
    assert_string_equal(region, "sa-east-1");
    put("/run/ssm-preflight/report.json", "{\"instance\":{\"region\":\"eu-west-3\"}}");
    assert_true(hint_region(root, &facts, region));
    assert_string_equal(region, "eu-west-3");
    put("/etc/resolv.conf", "nameserver 10.0.0.2\nsearch corp.example eu-north-1.compute.internal "
                            "us-west-2.compute.internal\n");
    resolvers_read(root, &facts.resolvers);
    assert_true(hint_region(root, &facts, region));
    assert_string_equal(region, "eu-north-1");
    put("/etc/resolv.conf", "search corp.example .compute.internal\n");
    resolvers_read(root, &facts.resolvers);
    assert_true(hint_region(root, &facts, region));
    assert_string_equal(region, "eu-west-3");
    put("/etc/resolv.conf", "search ec2.internal\n");
    resolvers_read(root, &facts.resolvers);
    assert_true(hint_region(root, &facts, region));
    assert_string_equal(region, "us-east-1");
    (void)text_set(facts.agent.config_region, REGION_SIZE, "ap-south-2");
    assert_true(hint_region(root, &facts, region));
    assert_string_equal(region, "ap-south-2");
    (void)text_set(facts.agent.config_region, REGION_SIZE, "nonsense");
    assert_true(hint_region(root, &facts, region));
    assert_string_equal(region, "us-east-1");
}

static void the_configuration_overrides(void **state)
{
    (void)state;

    put("/etc/amazon/ssm/amazon-ssm-agent.json",
        "{\"Agent\":{\"Region\":\"us-east-2\",\"ServiceDomain\":\"corp.example\","
        "\"UseDualStackEndpoint\":true},\"Ssm\":{\"Endpoint\":\"https://ssm.corp.example:443/\"},"
        "\"Mgs\":{\"Endpoint\":\"mgs.corp.example\",\"Region\":\"\"}}");
    agent_read_config(root, &agent, &overrides);
    assert_int_equal(agent.config.outcome, OUTCOME_OK);
    assert_string_equal(overrides.hosts[SERVICE_SSM], "ssm.corp.example");
    assert_string_equal(overrides.hosts[SERVICE_SSMMESSAGES], "mgs.corp.example");
    assert_string_equal(overrides.domain, "corp.example");
    assert_true(overrides.dual_stack);
    assert_string_equal(agent.config_region, "us-east-2");
    assert_string_equal(agent.ssm_endpoint, "https://ssm.corp.example:443/");
}

/* What Go's encoding/json takes, and what ends the agent. */
static void the_configuration_is_read_as_by_go(void **state)
{
    static const struct {
        const char *text;
        const char *detail; /* "": taken */
        const char *ssm;
    } rows[] = {
        {"{}", "", ""},
        {"null", "", ""},
        {" {\"Ssm\" : {\"Endpoint\":\"a\"}}\r\n", "", "a"},
        {"{\"ssm\":{\"ENDPOINT\":\"a\"}}", "", "a"},
        {"{\"Ssm\":{\"Endpoint\":\"a\"},\"SSM\":{\"endpoint\":\"b\"}}", "", "b"},
        {"{\"Ssm\":{\"Endpoint\":\"a\",\"Endpoint\":null},\"Ssm\":{}}", "", "a"},
        {"{\"Ssm\":null,\"Unknown\":[1,2.5e3,-0.1]}", "", ""},
        {"{\"Mds\":{\"CommandWorkersLimit\":5}}", "", ""},
        {"", "line 1: not a JSON object", ""},
        {"[{}]", "line 1: not a JSON object", ""},
        {"\"x\"", "line 1: not a JSON object", ""},
        {"\xef\xbb\xbf{}", "line 1: a byte order mark", ""},
        {"{}\n# ours\n", "line 2: not a JSON object", ""},
        {"{\n\"Ssm\":{},}", "line 2: not a JSON object", ""},
        {"{\"a\":01}", "line 1: not a JSON object", ""},
        {"{\"a\":1.}", "line 1: not a JSON object", ""},
        {"{\"a\":-1}", "", ""},
        {"{\"a\":-}", "line 1: not a JSON object", ""},
        {"{\"a\":0}", "", ""},
        {"{\"a\":-0.5e1}", "", ""},
        {"{\"a\":1e5}", "", ""},
        {"{\"a\":1E+5}", "", ""},
        {"{\"a\":12e-57}", "", ""},
        {"{\"a\":1e}", "line 1: not a JSON object", ""},
        {"{\"a\":1e+}", "line 1: not a JSON object", ""},
        {"{\"a\":1e+-5}", "line 1: not a JSON object", ""},
        {"{\"a\":1x}", "line 1: not a JSON object", ""},
        {"{\"a\":.5}", "line 1: not a JSON object", ""},
        {"{\"a\":+5}", "line 1: not a JSON object", ""},
        {"{\"Mds\":{\"CommandWorkersLimit\":1e1}}", "Mds.CommandWorkersLimit is of the wrong type",
         ""},
        {"{\"Identity\":{\"ConsumptionOrder\":[]}}", "", ""},
        {"{\"Identity\":{\"ConsumptionOrder\":[null,\"EC2\"]}}", "", ""},
        {"{\"Agent\":{\"ContainerMode\":true}}", "", ""},
        {"{\n\"a\":\"b\tc\"}", "line 2: not a JSON object", ""},
        {"{\v}", "line 1: not a JSON object", ""},
        {"{\"Mds\":{\"CommandWorkersLimit\":\"5\"}}",
         "Mds.CommandWorkersLimit is of the wrong type", ""},
        {"{\"Mds\":{\"CommandWorkersLimit\":5.5}}", "Mds.CommandWorkersLimit is of the wrong type",
         ""},
        {"{\"Mds\":{\"CommandWorkersLimit\":5.0}}", "Mds.CommandWorkersLimit is of the wrong type",
         ""},
        {"{\"Mds\":{\"CommandWorkersLimit\":9223372036854775807}}", "", ""},
        {"{\"Mds\":{\"CommandWorkersLimit\":9223372036854775808}}",
         "Mds.CommandWorkersLimit is of the wrong type", ""},
        {"{\"Ssm\":{\"Endpoint\":\"https://a.?x=1\"}}", "", "a"},
        {"{\"Agent\":{\"ContainerMode\":\"no\"}}", "Agent.ContainerMode is of the wrong type", ""},
        {"{\"Agent\":{\"Name\":\"a\\u007f\"}}",
         "Agent.Name has a control character: no request can carry it", ""},
        {"{\"Agent\":{\"Name\":\"a\\n\"}}",
         "Agent.Name has a control character: no request can carry it", ""},
        {"{\"Agent\":{\"Name\":\"a\\n\",\"name\":\"a\\tb\"}}", "", ""},
        {"{\"agent\":\"x\"}", "agent is of the wrong type", ""},
        {"{\"Ssm\":{\"Endpoint\":1}}", "Ssm.Endpoint is of the wrong type", ""},
        {"{\"Identity\":{\"ConsumptionOrder\":\"EC2\"}}",
         "Identity.ConsumptionOrder is of the wrong type", ""},
        {"{\"Identity\":{\"ConsumptionOrder\":[1]}}",
         "Identity.ConsumptionOrder is of the wrong type", ""},
        {"{\"Identity\":{\"CustomIdentities\":[null]}}",
         "Identity.CustomIdentities is of the wrong type", ""},
        {"{\"Identity\":{\"CustomIdentities\":[{}]}}", "", ""},
        {"{\"Ssm\":{\"Endpoint\":\"ssm/%2\"}}", "Ssm.Endpoint is no URL", "ssm"},
        {"{\"Ssm\":{\"Endpoint\":\"ssm\\n\"}}", "Ssm.Endpoint is no URL", "ssm\\n"},
        {"{\"Ssm\":{\"Endpoint\":\"ssm/%2fa?%z\"}}", "", "ssm"},
        {"{\"Ssm\":{\"Endpoint\":\"ssm\\\\n\"}}", "", "ssm\\\\n"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        memset(&agent, 0, sizeof(agent));
        memset(&overrides, 0, sizeof(overrides));
        put("/etc/amazon/ssm/amazon-ssm-agent.json", rows[i].text);
        agent_read_config(root, &agent, &overrides);
        if (strcmp(agent.config.detail, rows[i].detail) != 0 ||
            (agent.config.outcome == OUTCOME_OK) != !rows[i].detail[0] ||
            strcmp(overrides.hosts[SERVICE_SSM], rows[i].ssm) != 0)
            fail_msg("%s: \"%s\", \"%s\"", rows[i].text, agent.config.detail,
                     overrides.hosts[SERVICE_SSM]);
    }
}

/* Go reads up to a line of 64 KB. */
static void a_line_may_be_too_long(void **state)
{
    static const char first[] = "nameserver 10.0.0.2\n", last[] = "\nnameserver 10.0.0.3\n";
    static struct resolver_facts resolvers;
    static char text[70000];
    (void)state;

    for (int longer = 0; longer < 2; longer++) {
        size_t n = sizeof(first) - 1 + 65535 + (size_t)longer;
        memset(&resolvers, 0, sizeof(resolvers));
        memset(text, '#', n);
        memcpy(text, first, sizeof(first) - 1);
        memcpy(text + n, last, sizeof(last));
        put("/etc/resolv.conf", text);
        resolvers_read(root, &resolvers);
        assert_int_equal(resolvers.n_configured, longer ? 1 : 2);
    }
}

/* resolv.conf(5), as Go reads it. */
static void options_of_resolv_conf(void **state)
{
    static const struct {
        const char *line;
        int timeout_ms;
        bool by_tcp;
    } rows[] = {
        {"options", 0, false},
        {"options timeout:3", 3000, false},
        {"options timeout:0", 1000, false},
        {"options timeout:3600", 3600000, false},
        {"options timeout:3601", 3600000, false}, /* longer than anybody waits */
        {"options timeout:99999999999999999999", 3600000, false},
        {"options timeout:x", 1000, false},
        {"options timeout:", 1000, false},
        {"options timeout:-1", 1000, false},
        {"options timeout:2s", 2000, false},
        {"options timeout: 3", 1000, false},
        {"options TIMEOUT:3", 0, false},
        {"options xxxxxxxx7", 0, false},
        {"options ndots:1 timeout:2 rotate use-vc", 2000, true},
        {"options usevc", 0, true},
        {"options tcp", 0, true},
        {"options use-vcx", 0, false},
        {"option use-vc", 0, false},
    };
    static struct resolver_facts resolvers;
    char text[128];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        memset(&resolvers, 0, sizeof(resolvers));
        (void)text_set(text, sizeof(text), "nameserver 10.0.0.2\n%s\n", rows[i].line);
        put("/etc/resolv.conf", text);
        resolvers_read(root, &resolvers);
        assert_int_equal(resolvers.n_configured, 1);
        if (resolvers.timeout_ms != rows[i].timeout_ms || resolvers.by_tcp != rows[i].by_tcp)
            fail_msg("%s: %d, %d", rows[i].line, resolvers.timeout_ms, resolvers.by_tcp);
    }
}

/* The last counts. */
static void tries_dots_and_domains_of_resolv_conf(void **state)
{
    static const struct {
        const char *text;
        int attempts, ndots;
        const char *search;
    } rows[] = {
        {"", 0, 1, ""},
        {"options attempts:3 ndots:5", 3, 5, ""},
        {"options attempts:0", 1, 1, ""},
        {"options attempts:x ndots:x", 1, 0, ""},
        {"options ndots:5,timeout:2", 0, 5, ""},
        {"options ndots:99 attempts:1000", 100, 15, ""},
        {"options\tndots:3\r\n\noptions ndots:2", 0, 2, ""},
        {"search ndots:3\n# options ndots:3\n;options ndots:3", 0, 1, "ndots:3"},
        {"search a.example\tb.example", 0, 1, "a.example b.example"},
        {"domain a.example b.example", 0, 1, "a.example"},
        {"search a.example\ndomain\t", 0, 1, "a.example"},
        {"search a.example\nsearch", 0, 1, ""},
        {"search a.example\ndomain b.example", 0, 1, "b.example"},
    };
    static struct resolver_facts resolvers;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        memset(&resolvers, 0, sizeof(resolvers));
        put("/etc/resolv.conf", rows[i].text);
        resolvers_read(root, &resolvers);
        if (resolvers.attempts != rows[i].attempts || resolvers.ndots != rows[i].ndots ||
            strcmp(resolvers.search, rows[i].search) != 0)
            fail_msg("%s: %d, %d, %s", rows[i].text, resolvers.attempts, resolvers.ndots,
                     resolvers.search);
    }
}

/* The one that the agent asks for A records comes first. */
static void two_servers_may_take_turns(void **state)
{
    static struct resolver_facts resolvers;
    (void)state;

    put("/etc/resolv.conf", "nameserver 10.0.0.2\noptions rotate\nnameserver 10.0.0.3\n");
    resolvers_read(root, &resolvers);
    assert_string_equal(resolvers.configured[0], "10.0.0.3");
    assert_string_equal(resolvers.configured[1], "10.0.0.2");
}

static void the_order_of_identities_is_what_the_agent_knows_of_it(void **state)
{
    (void)state;
    put("/etc/amazon/ssm/amazon-ssm-agent.json",
        "{\"Identity\":{\"ConsumptionOrder\":[\"ec2\",\"OnPrem\",null,\"CustomIdentity\"]}}");
    agent_read_config(root, &agent, &overrides);
    assert_string_equal(agent.identity_order, "OnPrem, CustomIdentity");
}

/* The first that is whole, where the agent asks for it before EC2's. */
static void a_custom_identity_may_come_first(void **state)
{
    static const char form[] =
        "{\"Identity\":{\"ConsumptionOrder\":[%s],\"CustomIdentities\":[%s]}}";
    static const struct {
        const char *order, *identities, *region;
    } rows[] = {
        {"\"CustomIdentity\",\"EC2\"", "{\"InstanceID\":\"i-1\",\"Region\":\"eu-west-1\"}",
         "eu-west-1"},
        {"\"CustomIdentity\"", "{\"instanceid\":\"i-1\",\"REGION\":\"eu-west-1\"}", "eu-west-1"},
        {"\"CustomIdentity\"", "{\"Region\":\"eu-west-2\"},{\"InstanceID\":\"i-1\"}", ""},
        {"\"CustomIdentity\"", "{},{\"InstanceID\":\"i-1\",\"Region\":\"eu-west-1\"}", "eu-west-1"},
        {"\"EC2\",\"CustomIdentity\"", "{\"InstanceID\":\"i-1\",\"Region\":\"eu-west-1\"}", ""},
        {"", "{\"InstanceID\":\"i-1\",\"Region\":\"eu-west-1\"}", ""},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[DETAIL_SIZE];
        (void)snprintf(text, sizeof(text), form, rows[i].order, rows[i].identities);
        put("/etc/amazon/ssm/amazon-ssm-agent.json", text);
        agent = (struct agent_facts){0};
        agent_read_config(root, &agent, &overrides);
        assert_string_equal(agent.custom_region, rows[i].region);
    }
}

/* It is in no report, and no part of the host. */
static void a_login_in_an_endpoint_is_left_out(void **state)
{
    (void)state;
    put("/etc/amazon/ssm/amazon-ssm-agent.json",
        "{\"Ssm\":{\"Endpoint\":\"https://user:pa@ss@ssm.example.com\"},"
        "\"Mgs\":{\"Endpoint\":\"user@mgs.example.com/a@b\"}}");
    agent = (struct agent_facts){0};
    agent_read_config(root, &agent, &overrides);
    assert_string_equal(agent.ssm_endpoint, "https://ssm.example.com");
    assert_string_equal(agent.mgs_endpoint, "mgs.example.com/a@b");
    assert_string_equal(overrides.hosts[SERVICE_SSM], "ssm.example.com");
    assert_int_equal(agent.config.outcome, OUTCOME_OK);

    put("/etc/amazon/ssm/amazon-ssm-agent.json",
        "{\"Mgs\":{\"Endpoint\":\"user:word@mgs.example.com\"}}");
    agent_read_config(root, &agent, &overrides);
    assert_int_equal(agent.config.failure, FAILURE_INVALID);
    assert_string_equal(agent.mgs_endpoint, "mgs.example.com");
}

static void a_broken_configuration_is_named_with_its_line(void **state)
{
    (void)state;
    put("/etc/amazon/ssm/amazon-ssm-agent.json", "{\n  \"Agent\": {\n    \"Region\": oops\n}}\n");
    agent_read_config(root, &agent, &overrides);
    assert_int_equal(agent.config.outcome, OUTCOME_FAILED);
    assert_true(text_starts(agent.config.detail, "line 3:"));
}

/* The agent has no such bound, so it is no fault of the file. */
static void a_configuration_that_cannot_be_read_is_not_judged(void **state)
{
    static const char path[] = "/etc/amazon/ssm/amazon-ssm-agent.json";
    (void)state;
    put(path, "{");
    assert_int_equal(truncate(place(path), FILE_MAX_BYTES + 1), 0);
    agent_read_config(root, &agent, &overrides);
    assert_int_equal(agent.config.outcome, OUTCOME_SKIPPED);
    assert_int_equal(agent.config.failure, FAILURE_INTERNAL);
    assert_int_equal(agent.config.os_error, EFBIG);
    assert_true(text_starts(agent.config.detail, "cannot be read: "));
    assert_string_equal(agent.config_file, path);
}

static void a_configuration_that_is_a_folder_is_none(void **state)
{
    (void)state;
    (void)place("/etc/amazon/ssm/amazon-ssm-agent.json/x");
    agent_read_config(root, &agent, &overrides);
    assert_int_equal(agent.config.failure, FAILURE_INVALID); /* nor can the agent */
}

static void an_agent_that_ran_in_this_boot_and_is_gone_has_ended(void **state)
{
    static const char log[] = "/var/log/amazon/ssm/amazon-ssm-agent.log";
    const struct timespec long_ago[2] = {{1000000, 0}, {1000000, 0}};
    (void)state;

    put_program("/usr/bin/amazon-ssm-agent", "#!");
    put("/sys/fs/cgroup/system.slice/x", "");
    put("/var/log/amazon/ssm/errors.log", "2026-11-29 ERROR failed to create IPC folder\n\n");
    agent_read(root, &agent, &login);
    agent_read_state(root, "", &agent);
    assert_int_equal(agent.ended, ANSWER_UNKNOWN); /* as for an ordinary user */
    assert_string_equal(agent.last_error, "");
    assert_string_equal(agent.state_directory, "/var");
    assert_int_equal(agent.state.outcome, OUTCOME_OK);

    put(log, "");
    put("/var/lib/amazon/ssm/x", "");
    agent_read_state(root, "", &agent);
    assert_int_equal(agent.ended, ANSWER_YES);
    assert_string_equal(agent.last_error, "2026-11-29 ERROR failed to create IPC folder");
    assert_string_equal(agent.state_directory, "/var/lib/amazon/ssm");

    assert_int_equal(utimensat(AT_FDCWD, place(log), long_ago, 0), 0);
    agent_read_state(root, "", &agent);
    assert_int_equal(agent.ended, ANSWER_NO); /* in an earlier boot */
}

static void assert_last_error(const char *text, enum agent_lines lines, const char *wanted)
{
    char error[LINE_OF_LOG_SIZE];

    agent_log_last_error(text, strlen(text), lines, error);
    assert_string_equal(error, wanted);
}

static void the_last_error_names_what_it_was_caused_by(void **state)
{
    static const char in_vain[] =
        "1 ERROR [EC2Identity] Failed to get instance info. Error: EC2MetadataError: failed\n"
        "caused by: : \ncaused by: Put \"http://169.254.169.254\": proxyconnect tcp: i/o timeout\n"
        "1 ERROR Agent failed to assume any identity\n"
        "1 ERROR failed to get identity\n";
    static const char on_console[] =
        "[    1.1] cloud-init[9]: 1 ERROR x\r\n"
        "[    1.2] amazon-ssm-agent[8]: 1 ERROR [Registrar] failed to register\r\n"
        "[    1.3] amazon-ssm-agent[8]: 1 ERROR Error occurred when starting amazon-ssm-agent: x\r\n"
        "[    1.4] cloud-init[9]: 1 ERROR caused by: something else\r\n";
    (void)state;

    assert_last_error(in_vain, AGENT_LINES_ALL,
                      "1 ERROR failed to get identity, caused by: Put \"http://169.254.169.254\": "
                      "proxyconnect tcp: i/o timeout");
    assert_last_error("2 ERROR [MDSInteractor] error when calling AWS APIs\n3 WARN x\n",
                      AGENT_LINES_ALL, "");
    assert_last_error(on_console, AGENT_LINES_NAMED,
                      "[    1.3] amazon-ssm-agent[8]: 1 ERROR Error occurred when starting "
                      "amazon-ssm-agent: x");
    assert_last_error("SSM Agent unable to acquire credentials: Post \"x\": i/o timeout\n",
                      AGENT_LINES_NAMED,
                      "SSM Agent unable to acquire credentials: Post \"x\": i/o timeout");
    assert_last_error(
        "SSM Agent unable to acquire credentials: x\nAmazon SSM Agent v3.3 is running\n",
        AGENT_LINES_NAMED, "");
    assert_last_error("1 ERROR x\nSSM Agent v3.3 comes\n", AGENT_LINES_ALL, "1 ERROR x");
    assert_last_error("1 CRITICAL x\ncaused by: ", AGENT_LINES_ALL, "1 CRITICAL x");
    assert_last_error("caused by: y\n2\n3\n4\n5\n6\n1 ERROR x\n", AGENT_LINES_ALL,
                      "1 ERROR x, caused by: y");
    assert_last_error("caused by: y\n2\n3\n4\n5\n6\n7\n1 ERROR x\n", AGENT_LINES_ALL,
                      "1 ERROR x"); /* too far back */

    char longest[LINE_OF_LOG_SIZE + 32] = "1 ERROR ", error[LINE_OF_LOG_SIZE];
    memset(longest + 8, 'x', LINE_OF_LOG_SIZE);
    (void)strcat(longest, "\ncaused by: y");
    agent_log_last_error(longest, strlen(longest), AGENT_LINES_ALL, error);
    assert_null(strstr(error, "caused"));
}

/* Labels are extended attributes that only root may write, and not every file system has them. */
static void selinux_starts_no_program_that_was_moved_from_a_home(void **state)
{
    static const struct {
        const char *label, *kept;
    } rows[] = {{NULL, "unlabeled_t"},
                {"system_u:object_r:bin_t:s0", ""},
                {"unconfined_u:object_r:user_home_t:s0", "user_home_t"},
                {"unconfined_u:object_r:user_home_tt:s0", ""},
                {"u:r:tmp_t", "tmp_t"}}; /* shorter than what stands there */
    (void)state;

    put_program("/usr/bin/amazon-ssm-agent", "#!");
    agent_read(root, &agent, &login);
    assert_string_equal(agent.label, "");
    put("/sys/fs/selinux/enforce", "1");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *label = rows[i].label;
        if (label && setxattr(place("/usr/bin/amazon-ssm-agent"), "security.selinux", label,
                              strlen(label), 0) != 0)
            skip();
        agent = (struct agent_facts){0};
        agent_read(root, &agent, &login);
        assert_string_equal(agent.label, rows[i].kept);
    }
}

static void write_in_namespace(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        _exit(2);
    (void)close(fd);
}

/* In a user namespace of its own, whose limit is used up from the beginning: user_namespaces(7). */
static void without_inotify(const char *file)
{
    char map[64];

    (void)text_set(map, sizeof(map), "0 %u 1", (unsigned int)geteuid());
    if (unshare(CLONE_NEWUSER) != 0)
        _exit(2);
    write_in_namespace("/proc/self/uid_map", map);
    if (file)
        write_in_namespace(file, "0");
    agent.installed = ANSWER_YES;
    agent_read_state("", "", &agent);
    bool named = !file || strstr(agent.inotify_limit,
                                 text_ends(file, "instances") ? "instances" : "watches");
    _exit(agent.inotify == (file ? ANSWER_NO : ANSWER_YES) && named ? 0 : 1);
}

static void inotify_is_used_up_where_root_gets_no_more(void **state)
{
    static const char *const files[] = {NULL, "/proc/sys/user/max_inotify_instances",
                                        "/proc/sys/user/max_inotify_watches"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0)
            without_inotify(files[i]);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WEXITSTATUS(status) == 2)
            skip(); /* not allowed here */
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

static enum failure state_failure(void)
{
    memset(&agent, 0, sizeof(agent));
    agent.installed = ANSWER_YES;
    agent_read_state(root, "", &agent);
    return agent.state.outcome == OUTCOME_FAILED ? agent.state.failure : FAILURE_NONE;
}

static void mount_or_give_up(const char *type, unsigned long flags, const char *options)
{
    if (mount(type, place("/var/lib/amazon/ssm"), type, flags, options) != 0)
        _exit(2);
}

/* The directory is on a disk of its own. */
static enum failure without_writing_to(const char *directory)
{
    char path[PATH_SIZE];

    (void)text_set(path, sizeof(path), "%s/x", directory);
    put(path, "");
    if (mount("tmpfs", place(directory), "tmpfs", MS_RDONLY, "") != 0)
        _exit(2);
    enum failure failure = state_failure();
    (void)umount(place(directory));
    return failure;
}

/* With chattr(1)'s i it is found; true too where the file system has no such thing. */
static bool frozen(const char *path)
{
    int fd = open(place(path), O_RDONLY | O_CLOEXEC), flags = 0, with = 0;
    bool set = ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;

    with = flags | FS_IMMUTABLE_FL;
    set = set && ioctl(fd, FS_IOC_SETFLAGS, &with) == 0;
    enum failure failure = state_failure();
    if (set)
        (void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
    (void)close(fd);
    return failure == (set ? FAILURE_IMMUTABLE : FAILURE_NONE);
}

/* The sandbox of our own unit makes every mount read-only, which says nothing of the file system. */
static void try_file_systems(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0)
        _exit(2);
    put("/var/lib/amazon/ssm/x", "");
    mount_or_give_up("tmpfs", 0, "size=1m,nr_inodes=100");
    bool right = state_failure() == FAILURE_NONE && !agent.noexec;
    mount_or_give_up("none", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOEXEC, "");
    right = right && state_failure() == FAILURE_NONE && agent.noexec;
    mount_or_give_up("none", MS_REMOUNT | MS_RDONLY, "size=1m");
    right = right && state_failure() == FAILURE_READ_ONLY;
    mount_or_give_up("none", MS_REMOUNT, "nr_inodes=2");
    right = right && state_failure() == FAILURE_NO_INODES;
    mount_or_give_up("none", MS_REMOUNT, "nr_inodes=100,size=4k");
    right = right && state_failure() == FAILURE_FULL;
    mount_or_give_up("none", MS_REMOUNT, "nr_inodes=100,size=1m");
    right = right && without_writing_to("/var/lib/amazon/ssm/ipc") == FAILURE_NONE &&
            without_writing_to("/var/lib/amazon/ssm/runtimeconfig") == FAILURE_READ_ONLY &&
            without_writing_to("/var/lib/amazon/ssm/i-1/replies") == FAILURE_READ_ONLY;
    put("/var/lib/amazon/ssm/runtimeconfig/identity_config.json", "");
    right = right && frozen("/var/lib/amazon/ssm") && frozen("/var/lib/amazon/ssm/runtimeconfig") &&
            frozen("/var/lib/amazon/ssm/runtimeconfig/identity_config.json");
    _exit(right ? 0 : 1);
}

static void a_folder_in_the_place_of_the_agents_file(void **state)
{
    static const char file[] = "/var/lib/amazon/ssm/runtimeconfig/identity_config.json";
    (void)state;

    put(file, "{}");
    agent.installed = ANSWER_YES;
    agent_read_state(root, "", &agent);
    assert_int_equal(agent.state.outcome, OUTCOME_OK);
    assert_int_equal(unlink(place(file)), 0);
    put("/var/lib/amazon/ssm/runtimeconfig/identity_config.json/x", "");
    agent_read_state(root, "", &agent);
    assert_int_equal(agent.state.failure, FAILURE_INVALID);
    assert_string_equal(agent.state_directory, file);
}

/* What is left of a socket, the agent replaces. */
static void a_file_where_the_agent_listens(void **state)
{
    static const char *const files[] = {"/var/lib/amazon/ssm/ipc/health",
                                        "/var/lib/amazon/ssm/ipc/termination",
                                        "/var/lib/amazon/ssm/i-0123456789abcdef0",
                                        "/var/lib/amazon/ssm/i-0123456789abcdef0/document"};
    (void)state;

    put("/var/lib/amazon/ssm/ipc/x", "");
    assert_int_equal(mknod(place(files[0]), S_IFSOCK | 0600, 0), 0);
    agent.installed = ANSWER_YES;
    agent_read_state(root, "", &agent);
    assert_int_equal(agent.state.outcome, OUTCOME_OK);
    assert_int_equal(unlink(place(files[0])), 0);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        put(files[i], "");
        agent_read_state(root, "", &agent);
        assert_int_equal(agent.state.failure, FAILURE_INVALID);
        assert_string_equal(agent.state_directory, files[i]);
        assert_int_equal(unlink(place(files[i])), 0);
    }
}

/* The image was made of another one. */
static void the_folder_of_another_instance_does_not_count(void **state)
{
    static const struct {
        const char *instance;
        enum outcome outcome;
    } rows[] = {{"i-0aaaaaaaaaaaaaaaa", OUTCOME_OK},
                {"i-0123456789abcdef0", OUTCOME_FAILED},
                {"Amazon EC2", OUTCOME_FAILED}};
    (void)state;

    put("/var/lib/amazon/ssm/i-0123456789abcdef0", "");
    agent.installed = ANSWER_YES;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        agent_read_state(root, rows[i].instance, &agent);
        assert_int_equal(agent.state.outcome, rows[i].outcome);
    }
}

static void a_state_directory_fails_as_its_file_system_does(void **state)
{
    int status = 0;
    pid_t child = fork();
    (void)state;

    if (child == 0)
        try_file_systems();
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WEXITSTATUS(status) == 2)
        skip(); /* not root */
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void without_a_configuration_the_agent_runs_on_defaults(void **state)
{
    (void)state;
    agent_read_config(root, &agent, &overrides);
    assert_int_equal(agent.config.outcome, OUTCOME_OK);
    assert_string_equal(agent.config_file, "");
}

static void ec2_is_known_by_any_of_its_marks(void **state)
{
    static const struct {
        const char *path, *text;
        enum answer is_ec2;
    } rows[] = {
        {"/sys/class/dmi/id/sys_vendor", "Amazon EC2\n", ANSWER_YES},
        {"/sys/hypervisor/uuid", "ec2e1916-9099-7caf-fd21-012345abcdef\n", ANSWER_YES},
        {"/sys/class/dmi/id/product_uuid", "EC2AE145-D1DC-13B2-94ED-012345ABCDEF\n", ANSWER_YES},
        {"/sys/class/dmi/id/product_uuid", "45E12AEC-DCD1-B213-94ED-012345ABCDEF\n", ANSWER_YES},
        {"/sys/class/dmi/id/board_asset_tag", "i-0abcdef\n", ANSWER_YES},
        {"/sys/class/dmi/id/sys_vendor", "QEMU\n", ANSWER_NO},
        {"/sys/class/dmi/id/product_uuid", "12345678-DCD1-B213-94ED-012345ABCDEF\n", ANSWER_NO},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct machine_facts machine = {0};
        put(rows[i].path, rows[i].text);
        machine_read(root, &machine);
        assert_int_equal(machine.is_ec2, rows[i].is_ec2);
        assert_true(machine.evidence[0]);
        assert_int_equal(tear_down(state), 0);
        assert_int_equal(set_up(state), 0);
    }
    struct machine_facts nothing = {0};
    machine_read(root, &nothing);
    assert_int_equal(nothing.is_ec2, ANSWER_NO);
}

static void resolvers_behind_the_stub_are_read_too(void **state)
{
    struct resolver_facts resolvers = {0};
    (void)state;

    put("/etc/resolv.conf", "# stub\nnameserver 127.0.0.53\nsearch ec2.internal\nnameserver\n"
                            "sortlist 10.0.0.9\n");
    put("/run/systemd/resolve/resolv.conf", "nameserver 10.0.0.2\nnameserver fd00:ec2::253\n"
                                            "nameserver not.an.address\nsearch no.example\n");
    resolvers_read(root, &resolvers);
    assert_int_equal(resolvers.read.outcome, OUTCOME_OK);
    assert_true(resolvers.stub);
    assert_int_equal(resolvers.n_configured, 1);
    assert_int_equal(resolvers.n_upstream, 2);
    assert_string_equal(resolvers.upstream[1], "fd00:ec2::253");
    assert_string_equal(resolvers.search, "ec2.internal");

    resolvers = (struct resolver_facts){0};
    put("/etc/resolv.conf", "nameserver 127.0.0.54\n");
    resolvers_read(root, &resolvers);
    assert_true(resolvers.stub);
    resolvers = (struct resolver_facts){0};
    put("/etc/resolv.conf", "nameserver 127.0.0.53\nnameserver 10.0.0.2\n");
    resolvers_read(root, &resolvers);
    assert_false(resolvers.stub);
    assert_int_equal(resolvers.n_upstream, 0);
}

/* resolv.conf(5): the last one of them counts. */
static void the_last_search_or_domain_line_counts(void **state)
{
    static const struct {
        const char *lines, *search;
    } rows[] = {
        {"search old.example\nnameserver 10.0.0.2\n search . a.example\tb.example\n",
         ". a.example b.example"},
        {"search a.example\ndomain c.example\n", "c.example"},
        {"search a.ex\xcd\r\n", "a.ex\\xcd "},
        {"#search a.example\nsearching b.example\n", ""},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct resolver_facts resolvers = {0};
        put("/etc/resolv.conf", rows[i].lines);
        resolvers_read(root, &resolvers);
        assert_string_equal(resolvers.search, rows[i].search);
    }
}

static void nsswitch_says_what_is_asked(void **state)
{
    static const struct {
        const char *line;
        enum lookup_order order;
    } rows[] = {
        {"hosts: files dns", LOOKUP_FILES_DNS},
        {"hosts:\tdns files # as it was", LOOKUP_DNS_FILES},
        {"hosts: files", LOOKUP_FILES},
        {"hosts: dns", LOOKUP_DNS},
        {"hosts: files myhostname resolve [!UNAVAIL=return] dns", LOOKUP_FILES_DNS},
        {"hosts: mymachines dns files", LOOKUP_DNS_FILES},
        {"hosts: files resolve", LOOKUP_FILES_DNS}, /* what Go does not know stands for dns */
        {"hosts: resolve files", LOOKUP_DNS_FILES},
        {"hosts:", LOOKUP_FILES_DNS},
        {"# hosts: files", LOOKUP_FILES_DNS},
        {"hosts : files", LOOKUP_FILES},
        {"hosts: files\nhosts: dns", LOOKUP_FILES_DNS},
        {"hosts: dns\nhosts: files", LOOKUP_DNS_FILES},
        {"passwd files\nhosts: files",
         LOOKUP_FILES_DNS}, /* what does not parse counts for nothing */
        {"hosts: files\npasswd files", LOOKUP_FILES_DNS},
        {"passwd: files [x]\nhosts: files", LOOKUP_FILES_DNS},
        {"hosts: files [NOTFOUND=return", LOOKUP_FILES_DNS},
        {"hosts: files [ NOTFOUND = return ]", LOOKUP_FILES_DNS},
        {"hosts: files [!UNAVAIL=return success=continue]", LOOKUP_FILES},
        {"hosts: files []", LOOKUP_FILES},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct resolver_facts resolvers = {0};
        char text[256];
        (void)text_set(text, sizeof(text), "passwd: files\n%s\n", rows[i].line);
        put("/etc/nsswitch.conf", text);
        resolvers_read(root, &resolvers);
        if (resolvers.order != rows[i].order)
            fail_msg("%s: %d", rows[i].line, resolvers.order);
        assert_int_equal(resolvers.read.failure, FAILURE_ABSENT); /* no resolv.conf here */
    }
}

static enum answer time_sync(void)
{
    struct machine_facts machine = {0};

    time_sync_read(root, &machine);
    return machine.time_sync;
}

static void a_time_service_is_known_by_its_unit(void **state)
{
    (void)state;
    assert_int_equal(time_sync(), ANSWER_UNKNOWN); /* nothing boots here */
    put("/run/systemd/system/any.conf", "");
    assert_int_equal(time_sync(), ANSWER_NO);
    put("/usr/lib/systemd/system/chrony.service", "[Service]\n");
    assert_int_equal(time_sync(), ANSWER_NO); /* installed is not enabled */
    put_link("/etc/systemd/system/multi-user.target.wants/chrony.service",
             "/usr/lib/systemd/system/chrony.service");
    assert_int_equal(time_sync(), ANSWER_YES);
    put_link("/etc/systemd/system/chrony.service", "/dev/null");
    assert_int_equal(time_sync(), ANSWER_NO);
    put_link("/etc/systemd/system/sysinit.target.wants/systemd-timesyncd.service",
             "/usr/lib/systemd/system/systemd-timesyncd.service");
    assert_int_equal(time_sync(), ANSWER_YES);
}

static void a_container_has_its_hosts_clock(void **state)
{
    (void)state;
    put("/run/systemd/system/any.conf", "");
    put("/run/systemd/container", "docker\n");
    assert_int_equal(time_sync(), ANSWER_UNKNOWN);
}

/* cgroups(7): of version 2, of version 1, and both beside each other. */
static void a_unit_runs_in_one_of_three_hierarchies(void **state)
{
    static const char *const hierarchies[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd",
                                              "/sys/fs/cgroup"};
    char path[PATH_SIZE];
    (void)state;

    assert_int_equal(unit_is_running(root, "a.service"), ANSWER_UNKNOWN);
    for (size_t i = 0; i < COUNT_OF(hierarchies); i++) {
        (void)text_set(path, sizeof(path), "%s/system.slice/b.service/x", hierarchies[i]);
        put(path, "");
        assert_int_equal(unit_is_running(root, "a.service"), ANSWER_NO);
        assert_int_equal(unit_is_running(root, "b.service"), ANSWER_YES);
    }
}

static void a_time_service_that_runs_counts(void **state)
{
    (void)state;
    put("/run/systemd/system/any.conf", "");
    put("/sys/fs/cgroup/system.slice/chronyd.service/cgroup.procs", "612\n");
    assert_int_equal(time_sync(), ANSWER_YES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_installed),
        TEST(a_deb_says_its_version_in_dpkgs_status),
        TEST(a_version_of_the_next_package_is_not_ours),
        TEST(a_version_that_does_not_fit_is_not_known),
        TEST(a_snap_has_its_own_unit_and_manifest),
        TEST(a_unit_is_enabled_by_any_target_that_is_started_and_masked_by_the_best_place),
        TEST(a_unit_is_enabled_by_whatever_a_boot_comes_to),
        TEST(the_program_is_the_one_that_the_unit_starts),
        TEST(an_rpm_says_it_in_its_release_notes),
        TEST(a_proxys_login_is_in_no_fact),
        TEST(the_units_environment_counts_and_passwords_do_not),
        TEST(the_environment_is_put_together_as_by_systemd),
        TEST(words_are_read_as_by_systemd),
        TEST(a_sandbox_that_keeps_the_agent_down_is_named),
        TEST(a_setting_counts_where_systemd_knows_it),
        TEST(a_unit_must_start_something),
        TEST(what_a_slice_denies_is_denied),
        TEST(the_unit_is_read_once),
        TEST(what_a_unit_denies_is_told),
        TEST(a_file_of_the_sdk_must_be_ini),
        TEST(variables_of_the_sdk_are_kept_and_secrets_are_not),
        TEST(the_sdks_file_may_name_a_bundle),
        TEST(what_is_exempted_of_the_proxy_is_kept),
        TEST(variables_do_harm_as_the_sdk_reads_them),
        TEST(certificates_are_looked_for_as_by_go),
        TEST(an_agent_that_is_not_whole_says_what_is_missing),
        TEST(a_program_that_cannot_be_run_is_named),
        TEST(other_workers_are_not_the_agents),
        TEST(a_registration_counts_with_its_key),
        TEST(an_old_registration_counts_too),
        TEST(something_may_name_the_region_before_imds),
        TEST(the_configuration_overrides),
        TEST(the_configuration_is_read_as_by_go),
        TEST(the_order_of_identities_is_what_the_agent_knows_of_it),
        TEST(a_custom_identity_may_come_first),
        TEST(a_login_in_an_endpoint_is_left_out),
        TEST(options_of_resolv_conf),
        TEST(tries_dots_and_domains_of_resolv_conf),
        TEST(two_servers_may_take_turns),
        TEST(a_configuration_that_cannot_be_read_is_not_judged),
        TEST(a_configuration_that_is_a_folder_is_none),
        TEST(an_agent_that_ran_in_this_boot_and_is_gone_has_ended),
        TEST(the_last_error_names_what_it_was_caused_by),
        TEST(selinux_starts_no_program_that_was_moved_from_a_home),
        TEST(a_broken_configuration_is_named_with_its_line),
        TEST(a_line_may_be_too_long),
        TEST(a_folder_in_the_place_of_the_agents_file),
        TEST(a_file_where_the_agent_listens),
        TEST(the_folder_of_another_instance_does_not_count),
        TEST(a_state_directory_fails_as_its_file_system_does),
        TEST(inotify_is_used_up_where_root_gets_no_more),
        TEST(without_a_configuration_the_agent_runs_on_defaults),
        TEST(ec2_is_known_by_any_of_its_marks),
        TEST(resolvers_behind_the_stub_are_read_too),
        TEST(the_last_search_or_domain_line_counts),
        TEST(nsswitch_says_what_is_asked),
        TEST(a_time_service_is_known_by_its_unit),
        TEST(a_container_has_its_hosts_clock),
        TEST(a_unit_runs_in_one_of_three_hierarchies),
        TEST(a_time_service_that_runs_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
