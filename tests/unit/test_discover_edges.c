/* SPDX-License-Identifier: Apache-2.0
 *
 * The edges of what files say of the agent, its unit and the machine: first and last rows of tables, bounds, what comes twice, and
 * what is kept of memory. Each row lays out a small root directory.
 */
#include <elf.h>
#include <errno.h>
#include <ftw.h>
#include <malloc.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/agent.h"
#include "discover/discover.h"
#include "discover/machine.h"
#include "discover/unit.h"
#include "net/credentials.h"

#define UNIT "/lib/systemd/system/amazon-ssm-agent.service"
#define DROP_IN "/etc/systemd/system/amazon-ssm-agent.service.d/50-proxy.conf"
#define CONFIG "/etc/amazon/ssm/amazon-ssm-agent.json"
#define STATUS "/var/lib/dpkg/status"
#define PROGRAM "/usr/bin/amazon-ssm-agent"
#define STATE "/var/lib/amazon/ssm"
#define SNAP "/snap/amazon-ssm-agent/current"
#define MULTI_USER "/etc/systemd/system/multi-user.target.wants/"

static char root[64];
static struct agent_facts agent;
static struct agent_overrides overrides;
static struct proxy_login login;

/* --- a root directory --- */

/* The path below the root, with its folders made. */
static const char *place(const char *path)
{
    static char full[1024];

    (void)text_set(full, sizeof(full), "%s%s", root, path);
    for (char *slash = full + strlen(root); (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        (void)mkdir(full, 0755);
        *slash = '/';
    }
    return full;
}

static void put_bytes(const char *path, const void *bytes, size_t n, mode_t mode)
{
    FILE *file = fopen(place(path), "we");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(place(path), mode), 0);
}

static void put(const char *path, const char *text)
{
    put_bytes(path, text, strlen(text), 0644);
}

static void put_program(const char *path)
{
    put_bytes(path, "#!", 2, 0755);
}

static void put_link(const char *path, const char *target)
{
    assert_int_equal(symlink(target, place(path)), 0);
}

static void make_root(void)
{
    memset(&agent, 0, sizeof(agent));
    memset(&overrides, 0, sizeof(overrides));
    memset(&login, 0, sizeof(login));
    (void)text_set(root, sizeof(root), "/tmp/ssm-preflight-edge-XXXXXX");
    assert_non_null(mkdtemp(root));
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void remove_root(void)
{
    assert_int_equal(nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static int set_up(void **state)
{
    (void)state;
    make_root();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_root();
    return 0;
}

static void begin_anew(void)
{
    remove_root();
    make_root();
}

/* --- package and version --- */

static void what_dpkg_says(void **state)
{
    static const struct {
        const char *fields, *version, *unfinished;
        enum agent_package package;
    } rows[] = {
        {"Status: install ok installed\nVersion: 3.3.1142.0-1", "3.3.1142.0", "",
         AGENT_PACKAGE_DEB},
        {"Status: install ok installed\nVersion: 3", "", "", AGENT_PACKAGE_DEB},
        {"Status: install ok installed\nVersion: 3-1.0", "", "", AGENT_PACKAGE_DEB},
        {"Status: install ok installed\nVersion: v3.3", "", "", AGENT_PACKAGE_DEB},
        {"Status: hold ok half-installed\nVersion: 3.3.0.0", "3.3.0.0", "", AGENT_PACKAGE_DEB},
        {"Status: install ok unpacked\nVersion: 3.3.0.0", "3.3.0.0",
         "dpkg says: install ok unpacked", AGENT_PACKAGE_DEB},
        {"Status: purge ok config-files\nVersion: 3.3.0.0", "", "", AGENT_PACKAGE_UNKNOWN},
        {"Status: deinstall ok config-files\nVersion: 3.3.0.0", "", "", AGENT_PACKAGE_UNKNOWN},
    };
    char text[256];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)text_set(text, sizeof(text),
                       "Package: a\n\nPackage: amazon-ssm-agent\n%s\n\nVersion: 9.9\n",
                       rows[i].fields);
        put(STATUS, text);
        put_program(PROGRAM);
        agent_read(root, &agent, &login);
        if (strcmp(agent.version, rows[i].version) != 0 || agent.package != rows[i].package ||
            strcmp(agent.unfinished, rows[i].unfinished) != 0)
            fail_msg("%s: \"%s\", \"%s\"", rows[i].fields, agent.version, agent.unfinished);
        assert_string_equal(agent.version_file, rows[i].version[0] ? STATUS : "");
        begin_anew();
    }
}

static void release_notes_have_two_places(void **state)
{
    static const char *const files[] = {"/usr/share/doc/amazon-ssm-agent/RELEASENOTES.md",
                                        "/etc/amazon/ssm/RELEASENOTES.md"};
    (void)state;

    put_program(PROGRAM);
    for (size_t i = 0; i < COUNT_OF(files); i++) { /* the better one comes last */
        put(files[i], i ? "3.2.1.0\n" : "3.2.0.0\n");
        agent.version[0] = '\0';
        agent_read(root, &agent, &login);
        assert_string_equal(agent.version_file, files[i]);
        assert_string_equal(agent.version, i ? "3.2.1.0" : "3.2.0.0");
    }
}

static void put_dpkg(void)
{
    put(STATUS, "Package: amazon-ssm-agent\nStatus: install ok installed\nVersion: 3.3.1142.0-1\n");
}

static void which_of_two_packages_counts(void **state)
{
    static const char *const units[] = {"snap.amazon-ssm-agent.amazon-ssm-agent.service",
                                        "amazon-ssm-agent.service"};
    static const struct {
        bool snap, program, dpkg, snap_enabled, deb_enabled;
        enum agent_package package;
        bool twice;
    } rows[] = {
        {true, false, false, false, false, AGENT_PACKAGE_SNAP, false},
        {true, false, true, false, true, AGENT_PACKAGE_SNAP, false},
        {true, true, false, false, false, AGENT_PACKAGE_SNAP, false},
        {true, true, true, false, false, AGENT_PACKAGE_SNAP, true},
        {true, true, true, true, true, AGENT_PACKAGE_SNAP, true},
        {true, true, true, false, true, AGENT_PACKAGE_DEB, false},
        {false, true, true, true, false, AGENT_PACKAGE_DEB, false},
    };
    char path[PATH_SIZE];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].snap) {
            put_program(SNAP "/amazon-ssm-agent");
            put(SNAP "/meta/snap.yaml", "version:3.4.0.0\nname: x\n");
        }
        if (rows[i].program)
            put_program(PROGRAM);
        if (rows[i].dpkg)
            put_dpkg();
        for (size_t j = 0; j < 2; j++) {
            (void)text_set(path, sizeof(path), "/lib/systemd/system/%s", units[j]);
            put(path, "[Service]\n");
            (void)text_set(path, sizeof(path), MULTI_USER "%s", units[j]);
            if (j ? rows[i].deb_enabled : rows[i].snap_enabled)
                put_link(path, "x");
        }
        put("/etc/systemd/system/snap.amazon-ssm-agent.amazon-ssm-agent.service.d/p.conf",
            "[Service]\nEnvironment=https_proxy=http://snap\n");
        put(DROP_IN, "[Service]\nEnvironment=https_proxy=http://deb\n");
        agent_read(root, &agent, &login);
        bool snap = rows[i].package == AGENT_PACKAGE_SNAP;
        if (agent.package != rows[i].package || agent.twice != rows[i].twice ||
            strcmp(agent.version, snap ? "3.4.0.0" : "3.3.1142.0") != 0 ||
            strcmp(agent.https_proxy, snap ? "http://snap" : "http://deb") != 0)
            fail_msg("row %zu: %d, %d, %s", i, (int)agent.package, agent.twice, agent.version);
        assert_string_equal(agent.unit, units[!snap]);
        begin_anew();
    }
}

static void a_snap_that_is_not_mounted(void **state)
{
    static const char seed[] = "/var/lib/snapd/seed/snaps/amazon-ssm-agent_1.snap";
    static const char own[] = "/var/lib/snapd/snaps/amazon-ssm-agent_2.snap";
    LOCAL_BUFFER none = {.max_bytes = 1};
    char program[PATH_SIZE], snap[PATH_SIZE];
    (void)state;

    put("/var/lib/snapd/seed/snaps/amazon-ssm-agentx.snap", "");
    put("/var/lib/snapd/seed/snaps/core_1.snap", "");
    agent_find(root, &none, program, snap);
    assert_string_equal(snap, "");
    assert_string_equal(program, "");
    put(seed, "");
    agent_find(root, &none, program, snap);
    assert_string_equal(snap, seed);
    agent_read(root, &agent, &login);
    assert_int_equal(agent.installed, ANSWER_YES);
    assert_int_equal(agent.package, AGENT_PACKAGE_SNAP);
    put("/var/lib/snapd/state.json", "{}"); /* the seed was installed, and the snap removed */
    agent_find(root, &none, program, snap);
    assert_string_equal(snap, "");
    put(own, "");
    agent_find(root, &none, program, snap);
    assert_string_equal(snap, own);
    assert_int_equal(unlink(place("/var/lib/snapd/state.json")), 0);
    agent_find(root, &none, program, snap);
    assert_string_equal(snap, own);
    put_program(PROGRAM);
    put_dpkg();
    put_link(SNAP, "9999");
    agent_read(root, &agent, &login);
    assert_int_equal(agent.package, AGENT_PACKAGE_DEB);
    assert_string_equal(agent.unfinished, "");
}

static void what_a_unit_starts(void **state)
{
    static const struct {
        const char *lines, *program;
    } rows[] = {
        {"User=root", "/usr/bin/amazon-ssm-agent"},
        {"User=root\nExecStart=/opt/x\nType=simple", "/opt/x"},
        {"ExecStart=@-:+!/opt/x\t-y /opt/y", "/opt/x"},
        {"ExecStart=\"/opt/x\" /opt/y", "/opt/x"},
        {"ExecStart=/opt/y\nExecStart=\nExecStart=/opt/x", "/opt/x"},
        {"ExecStart=/opt/x\nExecStart=", "/opt/x"},
        {"ExecStart=/usr/bin/env A=b /opt/x /opt/y", "/opt/x"},
        {"ExecStart=-/usr/bin/env -i -- /opt/x", "/opt/x"},
        {"ExecStart=/usr/bin/env A=b x", "/usr/bin/env"},
        {"ExecStart=/opt/env.sh /opt/x", ""},
        {"ExecStart=/usr/bin/env /opt/y\nExecStart=/opt/x /opt/y", "/opt/x"},
        {"ExecStart=local", "/usr/local/sbin/local"},
        {"ExecStart=local-bin", "/usr/local/bin/local-bin"},
        {"ExecStart=usr-sbin", "/usr/sbin/usr-sbin"},
        {"ExecStart=usr-bin", "/usr/bin/usr-bin"},
        {"ExecStart=sbin", "/sbin/sbin"},
        {"ExecStart=bin", "/bin/bin"},
        {"ExecStart=b", "/bin/b"},
        {"ExecStart=gone", ""},
        {"ExecStart=opt/x", ""},
    };
    static const char *const programs[] = {"/opt/x",
                                           "/opt/y",
                                           PROGRAM,
                                           "/usr/bin/env",
                                           "/usr/local/sbin/local",
                                           "/usr/bin/local",
                                           "/usr/local/bin/local-bin",
                                           "/usr/sbin/usr-sbin",
                                           "/usr/bin/usr-bin",
                                           "/sbin/sbin",
                                           "/bin/bin",
                                           "/bin/b"};
    char text[256], program[PATH_SIZE], snap[PATH_SIZE];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(programs); i++)
        put_program(programs[i]);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES};
        (void)text_set(text, sizeof(text), "[Service]\n%s\n", rows[i].lines);
        put(UNIT, text);
        unit_read(root, AGENT_UNIT, &settings);
        agent_find(root, &settings, program, snap);
        if (strcmp(program, rows[i].program) != 0)
            fail_msg("%s: \"%s\"", rows[i].lines, program);
    }
}

/* --- is it whole? --- */

/* elf(5): by the first bytes, whatever the rest is. */
static void whose_program_it_is(void **state)
{
    static const struct {
        unsigned char data, low, high;
        size_t n;
        int machine;
    } rows[] = {
        {ELFDATA2LSB, 62, 0, 20, 62},   {ELFDATA2LSB, 62, 0, 19, -1}, {ELFDATA2LSB, 2, 1, 21, 258},
        {ELFDATA2MSB, 2, 1, 21, 513},   {ELFDATA2LSB, 1, 0, 64, 1},   {ELFDATA2LSB, 0, 0, 64, -1},
        {ELFDATA2MSB, 0, 0x3e, 64, 62},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unsigned char bytes[64] = ELFMAG;
        bytes[EI_DATA] = rows[i].data;
        bytes[18] = rows[i].low;
        bytes[19] = rows[i].high;
        put_bytes("/x", bytes, rows[i].n, 0755);
        if (agent_look(root, "/x").machine != rows[i].machine)
            fail_msg("row %zu: %d", i, agent_look(root, "/x").machine);
    }
    assert_int_equal(agent_look(root, "/gone").machine, 0);
}

static void who_may_run_it(void **state)
{
    static const struct {
        const char *text;
        mode_t mode;
        const char *unfit;
    } rows[] = {
        {"#!", 0601, NULL},           {"#!", 0610, NULL},
        {"#!", 0700, NULL},           {"#!", 0666, "cannot be executed"},
        {"#!/bin/sh", 0755, NULL},    {"#/bin/sh", 0755, "is no program"},
        {"x", 0755, "is no program"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        put_bytes("/x", rows[i].text, strlen(rows[i].text), rows[i].mode);
        const char *unfit = agent_look(root, "/x").unfit;
        if (!unfit != !rows[i].unfit || (unfit && strcmp(unfit, rows[i].unfit) != 0))
            fail_msg("row %zu: %s", i, unfit ? unfit : "nothing");
    }
}

/* Its only part lies in its first 64 bytes, or in the next 56, and says that the file is longer. */
static void a_part_may_lie_anywhere(void **state)
{
    static const struct {
        size_t at, n;
        unsigned char class, data;
        uint16_t n_parts;
        uint64_t offset, bytes;
        bool is_whole;
    } rows[] = {
        {8, 64, ELFCLASS64, ELFDATA2LSB, 1, 0, 1000, false},
        {8, 63, ELFCLASS64, ELFDATA2LSB, 1, 0, 1000, true}, /* no head at all */
        {8, 64, ELFCLASS32, ELFDATA2LSB, 1, 0, 1000, true},
        {8, 64, ELFCLASS64, ELFDATA2MSB, 1, 0, 1000, true},
        {8, 64, ELFCLASS64, ELFDATA2LSB, 0, 0, 1000, true},
        {8, 64, ELFCLASS64, ELFDATA2LSB, 1, 24, 40, true},
        {8, 64, ELFCLASS64, ELFDATA2LSB, 1, 24, 41, false},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        Elf64_Ehdr file = {.e_ident = ELFMAG, .e_phoff = rows[i].at};
        const Elf64_Word type = PT_LOAD;
        file.e_ident[EI_CLASS] = rows[i].class;
        file.e_ident[EI_DATA] = rows[i].data;
        memcpy((char *)&file + rows[i].at + offsetof(Elf64_Phdr, p_type), &type, sizeof(type));
        memcpy((char *)&file + rows[i].at + offsetof(Elf64_Phdr, p_offset), &rows[i].offset,
               sizeof(uint64_t));
        file.e_phoff = rows[i].at;
        memcpy((char *)&file + rows[i].at + offsetof(Elf64_Phdr, p_filesz), &rows[i].bytes,
               sizeof(uint64_t));
        file.e_phnum = rows[i].n_parts;
        put_bytes("/x", &file, rows[i].n, 0755);
        const char *unfit = agent_look(root, "/x").unfit;
        if (!unfit != rows[i].is_whole)
            fail_msg("row %zu: %s", i, unfit ? unfit : "whole");
    }
}

static void put_elf(const char *path, unsigned char machine)
{
    unsigned char bytes[64] = ELFMAG;

    bytes[18] = machine;
    put_bytes(path, bytes, sizeof(bytes), 0755);
}

static void a_program_of_another_machine(void **state)
{
    static const struct {
        int shell, program; /* 0: none, -1: a script */
        bool is_foreign;
    } rows[] = {{62, 183, true}, {62, 62, false}, {0, 183, false}, {-1, 183, false},
                {62, -1, false}, {1, 183, true},  {62, 1, true}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].shell > 0)
            put_elf("/bin/sh", (unsigned char)rows[i].shell);
        else if (rows[i].shell < 0)
            put_program("/bin/sh");
        if (rows[i].program > 0)
            put_elf(PROGRAM, (unsigned char)rows[i].program);
        else
            put_program(PROGRAM);
        agent_read(root, &agent, &login);
        if (strcmp(agent.foreign, rows[i].is_foreign ? PROGRAM : "") != 0)
            fail_msg("row %zu: \"%s\"", i, agent.foreign);
        assert_false(agent.worker_missing || agent.worker_unfit);
        begin_anew();
    }
}

/* Beside the program, else in /usr/bin. */
static void workers_lie_beside_the_agent(void **state)
{
    (void)state;
    put(UNIT, "[Service]\nExecStart=/opt/ssm/amazon-ssm-agent\n");
    put("/opt/ssm/amazon-ssm-agent", "");
    put_program("/opt/ssm/ssm-agent-worker");
    put("/usr/bin/ssm-agent-worker", "");
    put("/usr/bin/ssm-session-worker", "");
    put_dpkg();
    agent_read(root, &agent, &login);
    assert_string_equal(agent.unfit,
                        "amazon-ssm-agent is no program, ssm-session-worker is no program");
    assert_true(agent.worker_unfit);
    assert_string_equal(agent.missing, "ssm-document-worker");
    assert_false(agent.worker_missing);
}

static void labels_that_are_not_started(void **state)
{
    static const char *const types[] = {"unlabeled_t", "default_t",   "tmp_t",
                                        "user_tmp_t",  "user_home_t", "admin_home_t"};
    char label[NAME_SIZE + 1];
    (void)state;

    put_program(PROGRAM);
    for (size_t i = 0; i < COUNT_OF(types) + 4; i++) {
        size_t n = 0;
        put("/sys/fs/selinux/enforce", i == COUNT_OF(types) ? "0" : "1");
        (void)text_set(label, sizeof(label), "u:r:%s:s0",
                       i < COUNT_OF(types) ? types[i] : types[4]);
        n = i == COUNT_OF(types) + 1 ? 0 : strlen(label);
        if (i >= COUNT_OF(types) + 2) { /* as long as there is room for, and longer */
            n = NAME_SIZE - 1 + (i - COUNT_OF(types) - 2);
            memset(label + strlen(label), 'c', n - strlen(label));
        }
        if (setxattr(place(PROGRAM), "security.selinux", label, n, 0) != 0)
            skip();
        memset(&agent, 0, sizeof(agent));
        agent_read(root, &agent, &login);
        const char *kept = i < COUNT_OF(types)        ? types[i]
                           : i == COUNT_OF(types) + 2 ? types[4]
                                                      : "";
        if (strcmp(agent.label, kept) != 0)
            fail_msg("row %zu: \"%s\"", i, agent.label);
    }
}

static void registrations(void **state)
{
    static const char *const paths[] = {STATE "/Vault/Store/RegistrationKey",
                                        STATE "/registration"};
    static const char whole[] = "{\"instanceID\":\"mi-1\",\"region\":\"r\",\"privateKey\":\"k\"}";
    static const char old[] =
        "{\"ManagedInstanceID\":\"mi-2\",\"region\":\"r\",\"privateKey\":\"k\"}";
    static const struct {
        const char *vault, *old, *as;
        bool is_whole;
    } rows[] = {
        {whole, old, "mi-1", true},
        {"{\"instanceID\":\"i-1\"}", old, "mi-2", true},
        {"{\"instanceID\":1}", old, "mi-2", true},
        {"{", old, "mi-2", true},
        {whole, NULL, "mi-1", true},
        {"{\"instanceID\":\"mi-1\",\"region\":\"r\",\"privateKey\":\"\"}", NULL, "mi-1", false},
        {"{\"instanceID\":\"mi-1\",\"region\":\"r\",\"privateKey\":1}", NULL, "mi-1", false},
        {"{\"instanceID\":\"mi-1\",\"region\":\"\",\"privateKey\":\"k\"}", NULL, "mi-1", false},
        {"{\"instanceID\":\"mi-1\",\"privateKey\":\"k\"}", NULL, "mi-1", false},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        put(paths[0], rows[i].vault);
        if (rows[i].old)
            put(paths[1], rows[i].old);
        agent_read(root, &agent, &login);
        if (strcmp(agent.registered_as, rows[i].as) != 0 ||
            agent.registered_whole != rows[i].is_whole)
            fail_msg("row %zu: %s, %d", i, agent.registered_as, agent.registered_whole);
        assert_string_equal(agent.registration_file, paths[strcmp(rows[i].as, "mi-2") == 0]);
        begin_anew();
    }
}

/* --- the agent's configuration --- */

static void configure(const char *text)
{
    memset(&agent, 0, sizeof(agent));
    memset(&overrides, 0, sizeof(overrides));
    put(CONFIG, text);
    agent_read_config(root, &agent, &overrides);
}

static void what_ends_the_agent_in_its_configuration(void **state)
{
    static const char wrong[] = "ShareCreds is of the wrong type";
    static const struct {
        const char *text, *detail;
    } rows[] = {
        {"{\"Profile\":{\"ShareCreds\":1}}", wrong},
        {"{\"Profile\":{\"ShareCreds\":1},\"Ssm\":{\"Endpoint\":1}}", wrong}, /* the first */
        {"{\"Profile\":{\"ShareCreds\":1},\"Agent\":{\"Name\":\"\\n\"}}", wrong},
        {"{\"Kms\":{\"RequireKMSChallengeResponse\":1}}", "RequireKMSChallengeResponse is of"},
        {"{\"Identity\":{\"CustomIdentities\":{}}}", "CustomIdentities is of the wrong type"},
        {"{\"Identity\":{\"ConsumptionOrder\":{}}}", "ConsumptionOrder is of the wrong type"},
        {"{\"Agent\":[1]}", "Agent is of the wrong type"},
        {"{\"Agent\":\"ECS\"}", "Agent is of the wrong type"},
        {"{\"Unknown\":\"x\"}", ""},
        {"{\"Agent\":{\"Unknown\":[1]}}", ""},
        {"{\"a\":5,\"b\":\"01\"}", ""},
        {"{\"a\":12,\"b\":\"-\"}", ""},
        {"{\"a\":5\v}", "line 1: not a JSON object"},
        {"{\"a\":\"b\nc\"}", "line 1: not a JSON object"},
        {"[\n{}\n]", "line 1: not a JSON object"},
        {"{\n\n\"a\":5x}", "line 3: not a JSON object"},
        {"{\"Agent\":{\"Name\":\"a b~\\t\\u00e9\"}}", ""},
        {"{\"Ssm\":{\"Endpoint\":\"ssm/%g2\"}}", "Ssm.Endpoint is no URL"},
        {"{\"Ssm\":{\"Endpoint\":\"ssm/%2g\"}}", "Ssm.Endpoint is no URL"},
        {"{\"Ssm\":{\"Endpoint\":\"ssm/%\"}}", "Ssm.Endpoint is no URL"},
        {"{\"Ssm\":{\"Endpoint\":\"ssm\\r\"}}", "Ssm.Endpoint is no URL"},
        {"{\"Ssm\":{\"Endpoint\":\"ssm\\t\"}}", "Ssm.Endpoint is no URL"},
        {"{\"Mgs\":{\"Endpoint\":\"https://u:w@mgs.example\"}}", ""},
        {"{\"Mgs\":{\"Endpoint\":\"mgs.example:443\"}}", ""},
        {"{\"Mgs\":{\"Endpoint\":\"u@mgs.example:443\"}}", ""},
        {"{\"Mgs\":{\"Endpoint\":\"u:@mgs.example\"}}", "Mgs.Endpoint has a login and no https://"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        errno = ERANGE; /* of somebody else */
        configure(rows[i].text);
        bool fails = rows[i].detail[0];
        if (fails ? !strstr(agent.config.detail, rows[i].detail) : agent.config.detail[0])
            fail_msg("%s: \"%s\"", rows[i].text, agent.config.detail);
        assert_int_equal(agent.config.outcome, fails ? OUTCOME_FAILED : OUTCOME_OK);
        assert_int_equal(agent.config.took_ms, 1);
    }
    put_bytes(CONFIG, "{}\n\0{}", 6, 0644);
    agent_read_config(root, &agent, &overrides);
    assert_string_equal(agent.config.detail, "line 2: not a JSON object");
}

static void what_is_taken_of_a_configuration(void **state)
{
    (void)state;
    configure(
        "{\"Agent\":{\"Region\":\"us-east-2\",\"ServiceDomain\":\"corp.example..\",\"ContainerMode\":true},"
        "\"Mgs\":{\"Region\":\"us-west-1\",\"Endpoint\":\"mgs/%2\"},"
        "\"Mds\":{\"Endpoint\":\"https://u:w@mds.example/?a#b\"},"
        "\"Ssm\":{\"Endpoint\":\"ssm.example#a\"},"
        "\"S3\":{\"Endpoint\":\"https://s3.example:1\",\"Region\":\"us-west-2\"},"
        "\"Kms\":{\"Endpoint\":\"kms.example./x\"}}");
    assert_int_equal(agent.config.outcome, OUTCOME_OK);
    assert_string_equal(agent.config_file, CONFIG);
    assert_string_equal(overrides.region, "us-east-2");
    assert_string_equal(overrides.domain, "corp.example");
    assert_string_equal(overrides.mgs_region, "us-west-1");
    assert_string_equal(overrides.hosts[SERVICE_SSM], "ssm.example");
    assert_string_equal(overrides.hosts[SERVICE_SSMMESSAGES],
                        ""); /* then the agent takes its own */
    assert_string_equal(overrides.hosts[SERVICE_EC2MESSAGES], "mds.example");
    assert_string_equal(overrides.s3, "s3.example");
    assert_string_equal(overrides.s3_region, "us-west-2");
    assert_string_equal(overrides.kms, "kms.example");
    assert_false(overrides.dual_stack);
    assert_string_equal(agent.config_region, "us-east-2");
    assert_string_equal(agent.config_mgs_region, "us-west-1");
    assert_string_equal(agent.ssm_endpoint, "ssm.example#a");
    assert_string_equal(agent.mgs_endpoint, "");
    assert_true(agent.container_mode);
    configure("{\"Agent\":{\"ContainerMode\":true,\"ContainerMode\":false}}");
    assert_false(agent.container_mode);
}

/* What comes twice: the last list, in it the first identity that is whole. */
static void identities_that_come_twice(void **state)
{
    static const char custom[] = "\"ConsumptionOrder\":[\"CustomIdentity\"],";
    static const struct {
        const char *members, *order, *region;
    } rows[] = {
        {"\"ConsumptionOrder\":[\"OnPrem\",\"ECS\"],\"ConsumptionOrder\":[\"EC2\"]", "EC2", ""},
        {"\"ConsumptionOrder\":[\"OnPrem\"],\"ConsumptionOrder\":[]", "", ""},
        {"\"CustomIdentities\":[{\"InstanceID\":\"i\",\"Region\":\"a\"},{\"InstanceID\":\"j\",\"Region\":\"b\"}]",
         "CustomIdentity", "a"},
        {"\"CustomIdentities\":[{\"InstanceID\":\"i\",\"Region\":\"a\"}],\"CustomIdentities\":[{}]",
         "CustomIdentity", ""},
        {"\"CustomIdentities\":[{\"InstanceID\":\"i\",\"Region\":\"a\",\"region\":\"b\",\"Region\":1}]",
         "CustomIdentity", "b"},
        {"\"ConsumptionOrder\":[\"CustomIdentity\",\"EC2\"],"
         "\"CustomIdentities\":[{\"InstanceID\":\"i\",\"Region\":\"a\"}]",
         "CustomIdentity, EC2", "a"},
    };
    char text[512];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)text_set(text, sizeof(text), "{\"Identity\":{%s%s}}",
                       strcmp(rows[i].order, "CustomIdentity") == 0 ? custom : "", rows[i].members);
        configure(text);
        if (strcmp(agent.identity_order, rows[i].order) != 0 ||
            strcmp(agent.custom_region, rows[i].region) != 0)
            fail_msg("row %zu: %s, %s", i, agent.identity_order, agent.custom_region);
    }
}

static void a_configuration_that_nobody_opens(void **state)
{
    (void)state;
    put("/etc/amazon/ssm", "");
    agent_read_config(root, &agent, &overrides);
    assert_int_equal(agent.config.outcome, OUTCOME_OK);
    assert_int_equal(agent.config.took_ms, 1);
    assert_string_equal(agent.config_file, "");
    begin_anew();
    put_link(CONFIG, "amazon-ssm-agent.json");
    agent_read_config(root, &agent, &overrides);
    assert_int_equal(agent.config.outcome, OUTCOME_OK);
    begin_anew();
    (void)place(CONFIG "/x");
    agent_read_config(root, &agent, &overrides);
    assert_int_equal(agent.config.took_ms, 1);
    assert_string_equal(agent.config.detail, strerror(EISDIR));
    assert_string_equal(agent.config_file, CONFIG);
}

/* Of commands that may wait at once, where the kernel gives a process no more than there is, and where it gives all. */
static int judge_room_of(unsigned long long n, const char *rule)
{
    char text[128];

    root[0] = '\0';
    (void)text_set(text, sizeof(text), "{\"Mds\":{\"CommandWorkerBufferLimit\":%llu}}", n);
    put("/etc/amazon/ssm/amazon-ssm-agent.json", text);
    put("/etc/rule", rule);
    memset(&agent, 0, sizeof(agent));
    if (mount("/etc/rule", "/proc/sys/vm/overcommit_memory", "none", MS_BIND, "") != 0)
        _exit(2);
    agent_read_config("", &agent, &overrides);
    (void)umount("/proc/sys/vm/overcommit_memory");
    return agent.config.outcome == OUTCOME_OK;
}

static void try_rooms(void)
{
    struct sysinfo machine;

    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", "/etc", "tmpfs", 0, "") != 0 || sysinfo(&machine) != 0)
        _exit(2);
    unsigned long long there = ((unsigned long long)machine.totalram + machine.totalswap) *
                               machine.mem_unit / 48;
    unsigned long long most = (1ULL << 47) / 48;
    bool right = judge_room_of(there, "0") && !judge_room_of(there + 1, "0") &&
                 judge_room_of(there + 1, "1") && !judge_room_of(there + 1, "2") &&
                 judge_room_of(most, "1") && !judge_room_of(most + 1, "1");
    _exit(right ? 0 : 1);
}

static void run_apart(void (*what)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        what();
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WEXITSTATUS(status) == 2)
        skip(); /* not root */
    assert_int_equal(status, 0);
}

static void commands_need_room(void **state)
{
    (void)state;
    run_apart(try_rooms);
    configure("{\"Mds\":{\"CommandWorkerBufferLimit\":9223372036854775807}}");
    assert_int_equal(agent.config.outcome, OUTCOME_OK); /* an image does not know its machine */
}

/* --- its state --- */

static enum failure state_failure(const char *instance)
{
    memset(&agent, 0, sizeof(agent));
    agent.installed = ANSWER_YES;
    agent_read_state(root, instance, &agent);
    assert_int_equal(agent.state.took_ms, 1);
    return agent.state.outcome == OUTCOME_FAILED ? agent.state.failure : FAILURE_NONE;
}

static void what_stands_where_the_agent_wants_another_thing(void **state)
{
    static const struct {
        const char *path, *other; /* a text: a file; "-> ": a link; "/": a folder */
        enum failure failure;
    } rows[] = {
        {"/ipc", "", FAILURE_INVALID},
        {"/ipc", "-> /gone", FAILURE_INVALID},
        {"/ipc/health", "-> /gone", FAILURE_INVALID},
        {"/ipc/health", "/", FAILURE_INVALID},
        {"/ipc/termination", "", FAILURE_INVALID},
        {"/runtimeconfig", "", FAILURE_INVALID},
        {"/runtimeconfig/identity_config.json", "/", FAILURE_INVALID},
        {"/runtimeconfig/identity_config.json", "-> /gone", FAILURE_NONE},
        {"/runtimeconfig/identity_config.json", "", FAILURE_NONE},
        {"/i-2", "", FAILURE_INVALID},
        {"/i-2/document", "", FAILURE_INVALID},
        {"/i-2/document/state", "", FAILURE_INVALID},
        {"/i-2/longrunningplugins", "", FAILURE_INVALID},
        {"/i-2/replies", "", FAILURE_INVALID},
        {"/i-2/replies_mgs", "", FAILURE_INVALID},
        {"/i-2/inventory", "", FAILURE_INVALID},
        {"/i-2/inventory", "-> /gone", FAILURE_INVALID},
        {"/i-2/association", "", FAILURE_NONE},
        {"/x-2", "", FAILURE_NONE},
    };
    char path[PATH_SIZE];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)place(STATE "/i-1/inventory/x");
        (void)text_set(path, sizeof(path), STATE "%s", rows[i].path);
        if (text_starts(rows[i].other, "-> "))
            put_link(path, rows[i].other + 3);
        else if (rows[i].other[0])
            assert_int_equal(mkdir(place(path), 0755), 0);
        else
            put(path, "");
        enum failure failure = state_failure("");
        if (failure != rows[i].failure)
            fail_msg("%s %s: %s", rows[i].path, rows[i].other, failure_name(failure));
        assert_string_equal(agent.state_directory, failure == FAILURE_NONE ? STATE : path);
        begin_anew();
    }
    put(STATE "/ipc", "");
    put(STATE "/runtimeconfig", "");
    assert_int_equal(state_failure("i-1"), FAILURE_INVALID); /* the first one is told */
    assert_string_equal(agent.state_directory, STATE "/ipc");
    memset(&agent, 0, sizeof(agent));
    agent_read_state(root, "", &agent); /* of no agent nothing is */
    assert_int_equal(agent.state.outcome, OUTCOME_UNTRIED);
    agent.installed = ANSWER_YES;
    agent_read_state("/nonexistent", "", &agent);
    assert_int_equal(agent.state.outcome, OUTCOME_UNTRIED);
}

static void age(const char *path, time_t before_boot_s)
{
    struct timespec up, times[2];

    assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &up), 0);
    times[0] = times[1] = (struct timespec){time(NULL) - up.tv_sec - before_boot_s, 0};
    assert_int_equal(utimensat(AT_FDCWD, place(path), times, 0), 0);
}

static void logs_of_this_boot(void **state)
{
    static const char log[] = "/var/log/amazon/ssm/amazon-ssm-agent.log";
    static const char errors[] = "/var/log/amazon/ssm/errors.log";
    static char text[40000];
    (void)state;

    memset(text, 'x', sizeof(text) - 1);
    (void)strcpy(text, "1 ERROR begin\n");
    text[strlen(text)] = 'x';
    (void)strcpy(text + sizeof(text) - 20, "\n1 ERROR end\n");
    put(log, "");
    put(errors, text);
    age(log, -60);
    agent.running = ANSWER_NO;
    agent.installed = ANSWER_YES;
    agent_read_state(root, "", &agent);
    assert_int_equal(agent.ended, ANSWER_YES);
    assert_string_equal(agent.last_error, "1 ERROR end");
    age(log, 60);
    agent.last_error[0] = '\0';
    agent_read_state(root, "", &agent);
    assert_int_equal(agent.ended, ANSWER_NO);
    assert_string_equal(agent.last_error, "");
    agent.running = ANSWER_YES;
    agent.ended = ANSWER_UNKNOWN;
    agent_read_state(root, "", &agent);
    assert_int_equal(agent.ended, ANSWER_UNKNOWN);
    assert_string_equal(agent.last_error, "1 ERROR end");
    age(errors, 60);
    agent.last_error[0] = '\0';
    agent_read_state(root, "", &agent);
    assert_string_equal(agent.last_error, "");
}

static void mount_state(const char *type, unsigned long flags, const char *options)
{
    if (mount(type, place(STATE), type, flags, options) != 0)
        _exit(2);
}

static void leave_inodes(unsigned long n)
{
    struct statvfs disk;
    char options[64];

    if (statvfs(place(STATE), &disk) != 0)
        _exit(2);
    (void)text_set(options, sizeof(options), "size=8k,nr_inodes=%lu",
                   disk.f_files - disk.f_ffree + n);
    mount_state("tmpfs", MS_REMOUNT, options);
}

static int fails_with(enum failure failure)
{
    enum failure found = state_failure("");

    if (found != failure)
        (void)fprintf(stderr, "%s, not %s\n", failure_name(found), failure_name(failure));
    return found == failure;
}

/* The least that is free, file systems without numbers, and of two at one place the upper one. */
static void try_disks(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0)
        _exit(2);
    (void)place(STATE "/x");
    mount_state("proc", 0, "");
    bool right = fails_with(FAILURE_NONE);
    mount_state("tmpfs", 0, "size=8k,nr_inodes=1");
    right = fails_with(FAILURE_NO_INODES) && right;
    mount_state("tmpfs", 0, "size=8k,nr_inodes=100");
    right = fails_with(FAILURE_NONE) && right;
    leave_inodes(16);
    right = fails_with(FAILURE_NONE) && right;
    leave_inodes(15);
    right = fails_with(FAILURE_NO_INODES) && right;
    mount_state("tmpfs", MS_RDONLY, "");
    (void)place("/srv/x");
    if (mount("tmpfs", place("/srv"), "tmpfs", 0, "") != 0)
        _exit(2);
    right = fails_with(FAILURE_READ_ONLY) && right;
    mount_state("tmpfs", 0, "");
    right = fails_with(FAILURE_NONE) && right;
    mount_state("none", MS_REMOUNT | MS_BIND | MS_RDONLY, "");
    right = fails_with(FAILURE_NONE) && right;
    _exit(right ? 0 : 1);
}

static void a_disk_has_its_bounds(void **state)
{
    (void)state;
    run_apart(try_disks);
}

/* --- its environment --- */

static void read_with(const char *lines)
{
    LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES};
    char text[4096];

    (void)text_set(text, sizeof(text), "[Service]\n%s\n", lines);
    put(DROP_IN, text);
    memset(&agent, 0, sizeof(agent));
    memset(&login, 0, sizeof(login));
    unit_read(root, AGENT_UNIT, &settings);
    environment_read(root, &settings, &agent, &login);
}

static void variables_of_a_unit(void **state)
{
    static const struct {
        const char *lines, *no_proxy;
    } rows[] = {
        {"Environment=no_proxy", ""},
        {"Environment=no_proxyx=a xno_proxy=b", ""},
        {"Environment=no_proxy=a NO_PROXY=b", "b"},
        {"Environment=no_proxy=a\nUnsetEnvironment=A no_proxy", ""},
        {"Environment=no_proxy=a\nUnsetEnvironment=no_proxy=a\nUnsetEnvironment=", "a"},
        {"UnsetEnvironment=NO_PROXY\nEnvironment=no_proxy=a", "a"},
        {"ExecStart=-/usr/bin/env no_proxy=a /x no_proxy=b", "a"},
        {"ExecStart=/usr/bin/env no_proxy=a /x\nExecStart=/x", ""},
        {"ExecStart=/usr/bin/envx no_proxy=a /x", ""},
        {"ExecStart=/usr/bin/env /x no_proxy=a", ""},
        {"ExecStartPre=/usr/bin/env no_proxy=a /x", ""},
    };
    (void)state;

    put("/etc/systemd/system.conf", "[Manager]\nManagerEnvironment=no_proxy=m\n");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        read_with(rows[i].lines);
        if (strcmp(agent.no_proxy, rows[i].no_proxy) != 0)
            fail_msg("%s: \"%s\"", rows[i].lines, agent.no_proxy);
        assert_int_equal(agent.environment.took_ms, 1);
    }
}

/* systemd src/basic/env-file.c */
static void assignments_of_a_file(void **state)
{
    static const struct {
        const char *text, *no_proxy; /* escaped */
    } rows[] = {
        {"no_proxy=a b\t c \t\n", "a b\\t c"},
        {"no_proxy=a\"b\"'c\n", "a\"b\"'c"},
        {"no_proxy='a\\'b\n", "a\\\\b"},
        {"no_proxy=\"a\\\"b\\$c\\`d\\\\e\\x\"\n", "a\"b$c`d\\\\e\\\\x"},
        {"no_proxy=\"a\"\t 'b '\"c\"\n", "ab c"},
        {"no_proxy=a\\ \\b \n", "a b"},
        {"no_proxy=a\\", "a\\\\"},
        {"no_proxy=a\\b", "ab"},
        {"no_proxy='a\nb'\n", "a\\nb"},
        {"no_proxy=\"a\\\r\nb\"\n", "a\\\\\\r\\nb"},
        {"garbage\nno_proxy=a\n", "a"},
        {"garbage\rno_proxy=a\n", "a"},
        {"garbage", ""},
        {"\t no_proxy \t=a\n", "a"},
        {"#no_proxy=x\n;no_proxy=y\n \r\nno_proxy=a\n#no_proxy=z\n;no_proxy=z", "a"},
        {"no_proxy=a#b;c\n", "a#b;c"},
        {"no_proxy=a\nno_proxy=\n", ""},
        {"no_proxy=a\rno_proxy=b", "b"},
        {"no_proxy='a\n", "a\\n"},
        {"=a\nno_proxy=b\n", "b"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        put("/etc/env", rows[i].text);
        read_with("EnvironmentFile=/etc/env");
        if (strcmp(agent.no_proxy, rows[i].no_proxy) != 0)
            fail_msg("row %zu: \"%s\"", i, agent.no_proxy);
    }
}

static void files_with_assignments(void **state)
{
    static const struct {
        const char *value, *no_proxy, *missing; /* NULL: nothing is */
    } rows[] = {
        {"/etc/p/[ab].env", "b", NULL}, {"/etc/p/?.env", "c", NULL},
        {"/etc/p/*", "d", NULL},        {"/etc/p/x*", "", "not there"},
        {"-/etc/p/x*", "", NULL},       {"/etc/gone", "", "not there"},
        {"-/etc/gone", "", NULL},       {"/etc/%p.env", "", "not there"},
        {"/etc/%H.env", "", NULL},      {"/etc/p", "", "a folder"},
        {"/etc/large", "", NULL},       {"etc/gone", "", NULL},
        {"-etc/gone", "", NULL},
    };
    static char large[256 * 1024 + 2];
    char lines[2048] = "";
    (void)state;

    memset(large, '#', sizeof(large) - 1);
    put("/etc/large", large);
    put("/etc/p/.a.env", "no_proxy=hidden\n");
    put("/etc/p/a.env", "no_proxy=a\n");
    put("/etc/p/b.env", "no_proxy=b\n");
    put("/etc/p/c.env", "no_proxy=c\n");
    put("/etc/p/d.txt", "no_proxy=d\n");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)text_set(lines, sizeof(lines), "EnvironmentFile=%s", rows[i].value);
        read_with(lines);
        bool fails = agent.environment.failure == FAILURE_ABSENT;
        if (strcmp(agent.no_proxy, rows[i].no_proxy) != 0 || fails != !!rows[i].missing)
            fail_msg("%s: \"%s\", %s", rows[i].value, agent.no_proxy, agent.environment.detail);
        assert_int_equal(agent.environment.took_ms, 1);
        if (fails)
            assert_true(text_starts(agent.environment.detail, DROP_IN " names /") &&
                        text_ends(agent.environment.detail, rows[i].missing));
    }
    for (int n = 15; n <= 16; n++) { /* there is room for so many */
        lines[0] = '\0';
        for (int i = 0; i < n; i++)
            (void)text_add(lines, sizeof(lines), "EnvironmentFile=/etc/p/a.env\n");
        (void)text_add(lines, sizeof(lines), "EnvironmentFile=/etc/p/b.env");
        read_with(lines);
        assert_string_equal(agent.no_proxy, n < 16 ? "b" : "a");
    }
}

static void exempted_names(void **state)
{
    char lines[NO_PROXY_SIZE + 64], hosts[NO_PROXY_SIZE + 1];
    (void)state;

    for (size_t n = NO_PROXY_SIZE - 1; n <= NO_PROXY_SIZE; n++) {
        memset(hosts, 'x', n);
        memcpy(hosts, "a.AWS.b,169.254.1.1,*.c,d/8,e,", 30);
        hosts[n] = '\0';
        (void)text_set(lines, sizeof(lines), "Environment=no_proxy=%s", hosts);
        read_with(lines);
        assert_string_equal(agent.no_proxy,
                            n < NO_PROXY_SIZE ? hosts : "a.AWS.b,169.254.1.1,*.c,d/8");
    }
}

static void proxies_of_one_letter(void **state)
{
    static char user[5000], text[6000];
    char line[256];
    (void)state;

    read_with("Environment=https_proxy=a HTTPS_PROXY=b http_proxy=c");
    assert_string_equal(agent.https_proxy, "http://b");
    assert_string_equal(agent.http_proxy, "http://c");
    assert_string_equal(agent.proxy_file, DROP_IN);
    read_with("Environment=HTTP_PROXY=a\nUnsetEnvironment=HTTP_PROXY");
    assert_string_equal(agent.http_proxy, "");
    put("/etc/env", "http_proxy=http://h\n");
    read_with("EnvironmentFile=/etc/env");
    assert_string_equal(agent.proxy_file, "/etc/env");
    read_with("EnvironmentFile=/etc/env\nEnvironment=https_proxy=x");
    assert_string_equal(agent.proxy_file, DROP_IN);
    read_with("# no line\nEnvironment=https_proxy=http://u:w@p");
    assert_true(agent.proxy_login && !agent.proxy_user && login.basic[0]);

    LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES}; /* nobody wants the login */
    unit_read(root, AGENT_UNIT, &settings);
    environment_read(root, &settings, &agent, NULL);
    assert_true(agent.proxy_login);

    (void)file_take_trouble(line, sizeof(line));
    memset(user, 'u', sizeof(user) - 1);
    (void)text_set(text, sizeof(text), "https_proxy=http://%s:w@p\n", user);
    put("/etc/env", text);
    read_with("EnvironmentFile=/etc/env");
    assert_string_equal(login.basic, "");
    assert_true(file_take_trouble(line, sizeof(line)));
    assert_true(text_starts(line, "/etc/env"));
}

static void variables_that_harm(void **state)
{
    static const struct {
        const char *assignments, *name;
        enum harm harm;
    } rows[] = {
        {"REQUEST_METHOD=x http_proxy=p", "REQUEST_METHOD", HARM_UNREADABLE},
        {"REQUEST_METHOD=x HTTP_PROXY=p", "REQUEST_METHOD", HARM_UNREADABLE},
        {"AWS_WEB_IDENTITY_TOKEN_FILE=t AWS_ROLE_ARN=a", "", HARM_NONE},
        {"AWS_ROLE_ARN=a", "", HARM_NONE},
        {"GOMEMLIMIT=x", "GOMEMLIMIT", HARM_UNREADABLE},
        {"GOMEMLIMIT=5", "", HARM_NONE},
        {"GOMEMLIMIT=5B", "", HARM_NONE},
        {"GOMEMLIMIT=5KiB", "", HARM_NONE},
        {"GOMEMLIMIT=5TiB", "", HARM_NONE},
        {"GOMEMLIMIT=5PiB", "GOMEMLIMIT", HARM_UNREADABLE},
        {"GOMEMLIMIT=B", "GOMEMLIMIT", HARM_UNREADABLE},
        {"AWS_SDK_GO_CLIENT_TLS_KEY=/gone", "AWS_SDK_GO_CLIENT_TLS_KEY", HARM_UNREADABLE},
        {"AWS_SDK_GO_CLIENT_TLS_CERT=/etc", "", HARM_NONE},
        {"AWS_CA_BUNDLE=x", "AWS_CA_BUNDLE", HARM_NO_CERTIFICATE},
        {"AWS_USE_DUALSTACK_ENDPOINT=x", "AWS_USE_DUALSTACK_ENDPOINT", HARM_UNREADABLE},
        {"AWS_USE_FIPS_ENDPOINT=regional", "AWS_USE_FIPS_ENDPOINT", HARM_UNREADABLE},
        {"AWS_STS_REGIONAL_ENDPOINTS=REGIONAL", "", HARM_NONE},
        {"AWS_S3_US_EAST_1_REGIONAL_ENDPOINT=x", "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
         HARM_UNREADABLE},
    };
    char line[256];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)text_set(line, sizeof(line), "Environment=%s", rows[i].assignments);
        read_with(line);
        if (strcmp(agent.variables[0].name, rows[i].name) != 0 ||
            agent.variables[0].harm != rows[i].harm)
            fail_msg("%s: %s", rows[i].assignments, agent.variables[0].name);
        assert_int_equal(agent.n_variables, rows[i].harm != HARM_NONE);
        assert_string_equal(agent.variables[0].file, rows[i].name[0] ? DROP_IN : "");
    }
}

static void files_of_the_sdk(void **state)
{
    static const char *const trues[] = {"1", "t", "T", "TRUE", "true", "True"};
    static const struct {
        const char *environment, *config, *bundle, *file;
    } rows[] = {
        {"AWS_CA_BUNDLE=/own", "[default]\nca_bundle=/gone\n", "/own", DROP_IN},
        {"A=b", "ca_bundle=/x\n[default]\nca_bundle=/gone\n", "/gone", "/root/.aws/config"},
        {"A=b", "[profile default]\r\n ca_bundle = /gone \r\n", "/gone", "/root/.aws/config"},
        {"A=b", "[default]\nca_bundle=/x\nca_bundle=/gone\n", "/gone", "/root/.aws/config"},
        {"A=b", "[default]\nregion=x\nca_bundles=/x\n", "", ""},
        {"A=b", "[default]\nregion=x\n[profile x]\nca_bundle=/x\n", "", ""},
        {"A=b", "[defaults]\nca_bundle=/x\n", "", ""},
        {"AWS_CONFIG_FILE=/etc/own", "[default]\nca_bundle=/x\n", "/own", "/etc/own"},
    };
    char lines[256];
    (void)state;

    put("/etc/own", "[default]\nca_bundle = /own\n");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        put("/root/.aws/config", rows[i].config);
        (void)text_set(lines, sizeof(lines), "Environment=AWS_SDK_LOAD_CONFIG=%s %s",
                       trues[i % COUNT_OF(trues)], rows[i].environment);
        read_with(lines);
        if (strcmp(agent.variables[0].value, rows[i].bundle) != 0 ||
            strcmp(agent.variables[0].file, rows[i].file) != 0)
            fail_msg("row %zu: %s of %s", i, agent.variables[0].value, agent.variables[0].file);
    }
    read_with("Environment=AWS_SDK_LOAD_CONFIG=0");
    assert_int_equal(agent.n_variables, 0);

    put("/etc/bad", "garbage");
    read_with("Environment=AWS_SHARED_CREDENTIALS_FILE=/etc/bad");
    assert_int_equal(agent.environment.failure, FAILURE_MALFORMED);
    assert_int_equal(agent.environment.took_ms, 1);
    assert_true(text_starts(agent.environment.detail, "/etc/bad, which"));
    read_with("Environment=AWS_SHARED_CREDENTIALS_FILE=/etc/bad\nEnvironmentFile=/etc/gone");
    assert_int_equal(agent.environment.failure, FAILURE_ABSENT); /* the first one is told */
    put("/root/.aws/config", "garbage");
    read_with("Environment=AWS_SHARED_CREDENTIALS_FILE=/etc/bad AWS_SDK_LOAD_CONFIG=1");
    assert_true(text_starts(agent.environment.detail, "/root/.aws/config, which"));
}

/* As aws-sdk-go internal/ini takes it, which was asked about each row. */
static void texts_that_are_no_ini(void **state)
{
    static const struct {
        const char *text;
        bool taken;
    } rows[] = {
        {"\r\n\\\"\n=\"q\"\r=", false},
        {"b:   \r\n [\t", true},
        {", \"\n\\\"\r#x", true},
        {"\f#x\n  a", false},
        {"a\n\n ]", false},
        {"[a]\r\nb\r\n \t c = d\r\n", true},
        {"[a]\n= b\n", false},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (sdk_takes_ini(rows[i].text) != rows[i].taken)
            fail_msg("row %zu", i);
}

static void what_confines_it_is_told_once(void **state)
{
    (void)state;
    read_with("User=ssm\nPrivateNetwork=yes");
    assert_string_equal(agent.confined, DROP_IN ": User=ssm, the agent needs root");
    assert_string_equal(agent.doubted, "");
    read_with("NoNewPrivileges=true");
    assert_string_equal(agent.confined, "");
    assert_string_equal(agent.doubted, "");
    read_with("StandardInput=tty\nStandardOutput=tty");
    assert_string_equal(agent.confined, "");
    assert_string_equal(agent.doubted,
                        DROP_IN ": StandardInput=tty, if that terminal is not there");
    read_with("IPAddressDeny=10.0.0.0/8\nIPAddressAllow=10.1.0.0/16");
    assert_string_equal(agent.denied_networks, "10.0.0.0/8");
    assert_string_equal(agent.allowed_networks, "10.1.0.0/16");
    assert_string_equal(agent.denied_file, DROP_IN);
    assert_string_equal(agent.doubted, "");
}

/* --- what of its unit takes something from it --- */

static char harm[1024];

static void take_harm(void *arg, enum taken taken, const char *file, const char *words)
{
    (void)arg;
    (void)file;
    if (taken == TAKEN_OPEN)
        return;
    (void)text_add(harm, sizeof(harm), "%s%s",
                   taken == TAKEN_ALL          ? "!"
                   : taken == TAKEN_SOME       ? "."
                   : taken == TAKEN_BY_ADDRESS ? "-"
                   : taken == TAKEN_MAYBE      ? "?"
                                               : "a",
                   words);
}

/* The least that was enough for the agent, and yes and no in all words. */
static void bounds_of_a_sandbox(void **state)
{
    static const struct {
        const char *line;
        char sign; /* 0: takes nothing */
    } rows[] = {
        {"LimitNOFILE=19", '!'},
        {"LimitNOFILE=20", 0},
        {"LimitAS=734003200", '!'},
        {"LimitAS=734003201", 0},
        {"LimitAS=716800K", '!'},
        {"LimitAS=716801K", 0},
        {"LimitAS=701M", 0},
        {"LimitAS=1G:700M", '!'},
        {"LimitAS=0G", '!'},
        {"LimitAS=1X", 0},
        {"LimitAS=1KK", 0},
        {"LimitAS=K", 0},
        {"LimitDATA=49283072", '!'},
        {"LimitDATA=49283073", 0},
        {"LimitFSIZE=100", '!'},
        {"LimitFSIZE=101", 0},
        {"TasksMax=12", '!'},
        {"TasksMax=13", 0},
        {"TasksMax=1%", 0},
        {"MemoryMax=8388608", '!'},
        {"MemoryMax=8388609", 0},
        {"PrivateNetwork=1", '!'},
        {"PrivateNetwork=Yes", '!'},
        {"PrivateNetwork=y", '!'},
        {"PrivateNetwork=TRUE", '!'},
        {"PrivateNetwork=t", '!'},
        {"PrivateNetwork=on", '!'},
        {"PrivateNetwork=off", 0},
        {"PrivateNetwork=0", 0},
        {"PrivateNetwork=", 0},
        {"Type=notify-reload\nNotifyAccess=main", '!'},
        {"Type=notify\nTimeoutSec=infinity", 0},
        {"Type=notify\nTimeoutStartSec=0", 0},
        {"Type=dbus\nBusName=a.b\nTimeoutSec=0", 0},
        {"WatchdogSec=infinity", 0},
        {"RootDirectory=relative", 0},
        {"StateDirectory=amazon/ssm\nProtectSystem=strict", 0},
        {"StateDirectory=amazon\nProtectSystem=strict", 0},
        {"IPAddressDeny=localhost multicast 127.0.0.0/8 169.254.1.0/24 ::1 fe80::/10 fd00:ec2::/32",
         '-'},
        {"IPAddressDeny=localhost 2001:db8::/32", 'a'},
        {"ReadOnlyPaths=/var/lib/amazon/ssm/x", 0},
        {"ReadOnlyPaths=/var/lib/amazon/ssm", '!'},
        {"ReadOnlyPaths=/var/lib/amazon/ss", 0},
        {"ExecStartPre=/bin/sh -c \"exit 0 \"", 0},
        {"ExecStartPre=/bin/sh -c \"exit 2\"", '!'},
        {"ExecStartPre=/bin/dash -c false", '!'},
        {"ExecStartPre=/bin/sh -x false", 0},
        {"ExecStartPre=/bin/sh -c", 0},
        {"ExecStartPre=/bin/test -d /gone", '!'},
        {"ExecStartPre=/bin/test -dd /gone", 0},
        {"ExecStartPre=/bin/test xd /gone", 0},
        {"ExecStartPre=@:+!|/gone", '!'},
        {"ExecStartPre=-/gone", 0},
        {"ExecStartPre=/etc", 0},
        {"SystemCallFilter=@known", 0},
        {"SystemCallFilter=@system-service socket", 0},
        {"SystemCallFilter=~clone", '!'},
        {"SystemCallFilter=~write", '!'},
        {"SystemCallFilter=~@default", '!'},
        {"SystemCallFilter=~ptrace connect", '!'},
        {"SystemCallFilter=", 0},
        {"SupplementaryGroups=%g", 0},
        {"SupplementaryGroups=0 1", 0},
        {"SupplementaryGroups=oot", '!'},
        {"Requires=a.socket", 0}, /* in [Service] systemd passes it over */
        {"ConditionPathExists=/gone", 0},
        {"[Unit]\nRequires=a.service", '!'},
        {"[Unit]\nRequires=a.socket", '!'},
        {"CPUAffinity=0-1", 0},
        {"CPUAffinity=9,0", 0},
        {"StandardOutput=append:/etc/x", 0},
        {"StandardOutput=append:etc", 0},
        {"StandardInput=fd", 0},
        {"RestrictNetworkInterfaces=~lo", 0},
        {"RestrictNetworkInterfaces=eth1", '!'},
        {"Group=root:", '!'},
    };
    char text[256];
    (void)state;

    put_program(PROGRAM);
    put_program("/bin/sh");
    put_program("/bin/dash");
    put_program("/bin/test");
    put("/etc/group", "root:x:0:\n");
    put("/sys/devices/system/cpu/cpu0/x", "");
    put("/sys/class/net/lo/x", "");
    put("/sys/class/net/eth0/device/x", "");
    put(UNIT, "[Service]\nExecStart=/usr/bin/amazon-ssm-agent\n");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES};
        (void)text_set(text, sizeof(text), "[Service]\n%s\n", rows[i].line);
        put(DROP_IN, text);
        harm[0] = '\0';
        unit_read(root, AGENT_UNIT, &settings);
        unit_confinement(root, &settings, take_harm, NULL);
        if (harm[0] != rows[i].sign)
            fail_msg("%s: \"%s\"", rows[i].line, harm);
    }
}

/* systemd.unit(5), "Conditions and Asserts". */
static void conditions_of_a_unit(void **state)
{
    static const struct {
        const char *lines, *harm;
    } rows[] = {
        {"ConditionPathExists=/gone\nConditionPathExists=/away",
         "!ConditionPathExists=/gone does not hold"},
        {"ConditionPathExists=|/gone\nConditionPathExists=|/away",
         "!ConditionPathExists=|/gone does not hold"},
        {"ConditionPathExists=|/etc\nConditionPathExists=/gone",
         "!ConditionPathExists=/gone does not hold"},
        {"ConditionPathExists=/etc\nConditionPathExists=|/gone",
         "!ConditionPathExists=|/gone does not hold"},
        {"ConditionPathExists=| ! /etc", "!ConditionPathExists=| ! /etc does not hold"},
        {"ConditionHost=|a\nConditionPathExists=|/gone", ""},
        {"ConditionHost=a", "?ConditionHost=a, if that does not hold"},
        {"ConditionHost=a\nConditionPathExists=/gone", "!ConditionPathExists=/gone does not hold"},
        {"ConditionPathExists=/gone\nAssertPathExists=/away",
         "!ConditionPathExists=/gone does not hold!AssertPathExists=/away does not hold"},
        {"ConditionPathIsSymbolicLink=/link", ""},
        {"ConditionPathIsSymbolicLink=/etc", "!ConditionPathIsSymbolicLink=/etc does not hold"},
        {"ConditionPathIsSymbolicLink=!/etc", ""},
        {"ConditionPathIsDirectory=/etc", ""},
        {"ConditionPathIsDirectory=/empty", "!ConditionPathIsDirectory=/empty does not hold"},
        {"ConditionFileNotEmpty=/full", ""},
        {"ConditionFileNotEmpty=/empty", "!ConditionFileNotEmpty=/empty does not hold"},
        {"ConditionFileNotEmpty=/etc", "!ConditionFileNotEmpty=/etc does not hold"},
        {"ConditionFileIsExecutable=/run", ""},
        {"ConditionFileIsExecutable=/full", ""},
        {"ConditionFileIsExecutable=/empty", "!ConditionFileIsExecutable=/empty does not hold"},
        {"ConditionFileIsExecutable=/etc", "!ConditionFileIsExecutable=/etc does not hold"},
        {"ConditionPathExistsGlob=/etc", ""},
        {"ConditionPathIsMountPoint=/etc",
         "?ConditionPathIsMountPoint=/etc, if that does not hold"},
        {"ConditionPathIsMountPoint=/gone", "!ConditionPathIsMountPoint=/gone does not hold"},
        {"ConditionPathExists=relative", "?ConditionPathExists=relative, if that does not hold"},
        {"ConditionPathExists=!/etc", "!ConditionPathExists=!/etc does not hold"},
    };
    char text[256];
    (void)state;

    put("/empty", "");
    put_bytes("/full", "x", 1, 0701);
    put("/etc/x", "");
    put_link("/link", "/gone");
    put(UNIT, "[Service]\nExecStart=/usr/bin/amazon-ssm-agent\n");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES};
        (void)text_set(text, sizeof(text), "[Unit]\n%s\n", rows[i].lines);
        put(DROP_IN, text);
        harm[0] = '\0';
        unit_read(root, AGENT_UNIT, &settings);
        unit_conditions(root, &settings, take_harm, NULL);
        if (strcmp(harm, rows[i].harm) != 0)
            fail_msg("%s: \"%s\"", rows[i].lines, harm);
    }
}

/* --- units as systemd reads them --- */

static void escapes_and_specifiers(void **state)
{
    static const struct {
        const char *text, *word; /* NULL: no word */
    } rows[] = {
        {"\\a\\b\\f\\n\\r\\t\\v\\s\\\\\\\"\\'", "\a\b\f\n\r\t\v \\\"'"},
        {"\\x41\\u00e9\\U000000ff\\377\\001", "A\xe9\xff\xff\x01"},
        {"\\x00", NULL},
        {"\\u0100", NULL},
        {"\\400", NULL},
        {"\\000", NULL},
        {"\\x 1", NULL},
        {"\\x-1", NULL},
        {"\\x4", NULL},
        {"\\U0000004", NULL},
        {"\\08", NULL},
        {"\\q", NULL},
        {"\\", NULL},
        {"%C%E%L%S%T%V%t%h%u%U%s%%",
         "/var/cache/etc/var/log/var/lib/tmp/var/tmp/run/rootroot0/bin/sh%"},
        {"%A%y%n%p%i.", "amazon-ssm-agent.serviceamazon-ssm-agent."},
        {"%z%1", "%z%1"},
        {"a%", "a%"},
        {"'a'\"b\"", "ab"},
        {"\"a'b\"", "a'b"},
        {"\"a\\\"b\"", "a\"b"},
        {"'a", NULL},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *at = rows[i].text;
        char word[128];
        bool whole = unit_word(&at, word, sizeof(word));
        if (whole != !!rows[i].word || (whole && strcmp(word, rows[i].word) != 0))
            fail_msg("%s: %d, \"%s\"", rows[i].text, whole, word);
        assert_true(!whole || !*at);
    }
}

/* Every line of a unit's file as one of "KEY=VALUE;". */
static void read_as(const char *unit, const char *wanted)
{
    LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES};
    char all[512] = "";

    unit_read(root, unit, &settings);
    for (struct unit_setting at = {0}; unit_next(&settings, &at);)
        (void)text_add(all, sizeof(all), "%s=%s;", at.key, at.value);
    assert_string_equal(all, wanted);
}

static void lines_of_a_unit(void **state)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"[Service]\nA=1\n", "A=1;"},
        {"\xef\xbb\xbf[Service]\nA=1", "A=1;"},
        {"A=1\n[Service]\nnothing\nB = 2 = 3 \n[Serv]\nC=1\n", "B=2 = 3;"},
        {"[Service]\nA=1 \\\n# no\n; no\n 2\\\n", "A=1  2;"},
        {"[Service]\nA=1\\", "A=1;"},
        {"[Service]\nA=1\\\n", "A=1;"},
        {"[Service]\n\nA=\n", "A=;"},
        {"[Service]\nA=1#2\n", "A=1#2;"},
        {"[Unit]\nConditionA=1\nAssertA=2\nRequires=3\nRequisite=4\nBindsTo=5\nWants=6\nUpholds=7\n"
         "After=8\nDescription=9\n",
         "ConditionA=1;AssertA=2;Requires=3;Requisite=4;BindsTo=5;Wants=6;Upholds=7;"},
    };
    static char large[256 * 1024 + 2];
    char trouble[256];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        put("/etc/systemd/system/a-b.service", rows[i].text);
        read_as("a-b.service", rows[i].wanted);
    }
    (void)file_take_trouble(trouble, sizeof(trouble));
    memset(large, '#', sizeof(large) - 1);
    put("/etc/systemd/system/a-b.service", large);
    read_as("a-b.service", "");
    assert_true(file_take_trouble(trouble, sizeof(trouble)));
    assert_true(text_starts(trouble, "/etc/systemd/system/a-b.service"));
    assert_int_equal(unlink(place("/etc/systemd/system/a-b.service")), 0);
    assert_int_equal(mkdir(place("/etc/systemd/system/a-b.service"), 0755), 0);
    read_as("a-b.service", "");
    assert_false(file_take_trouble(trouble, sizeof(trouble)));
}

/* systemd.unit(5): drop-ins of a prefix and of a type, and folders. */
static void files_beside_a_unit(void **state)
{
    (void)state;
    put("/usr/lib/systemd/system/a-b.service", "[Service]\nA=worse\n");
    put("/usr/local/lib/systemd/system/a-b.service", "[Service]\nA=better\n");
    put("/etc/systemd/system/a-.service.d/1.conf", "[Service]\nB=prefix\n");
    put("/etc/systemd/system/service.d/2.conf", "[Service]\nC=type\n");
    put("/usr/lib/systemd/system/a-b.service.d/2.conf", "[Service]\nC=unit\n");
    put("/etc/systemd/system/a-b.service.d/0.conf", "[Service]\nD=first\n");
    put("/etc/systemd/system/a-b.service.d/9.txt", "[Service]\nE=none\n");
    put("/etc/systemd/system/a-b.target.d/9.conf", "[Service]\nE=none\n");
    put_link("/etc/systemd/system/a-b.service.wants/w.service", "x");
    put_link("/lib/systemd/system/a-b.service.requires/r.service", "x");
    put_link("/run/systemd/generator.late/a-b.service.upholds/u.service", "x");
    read_as("a-b.service", "A=better;D=first;B=prefix;C=unit;Wants=w.service;Requires=r.service;"
                           "Upholds=u.service;");
    put("/etc/systemd/system/noname", "[Service]\nA=1\n");
    read_as("noname", "A=1;C=type;");
}

static void there_is_room_for_so_many_files(void **state)
{
    static struct unit_files files;
    char path[PATH_SIZE], trouble[256];
    (void)state;

    for (int i = 0; i < MAX_UNIT_FILES; i++) {
        (void)text_set(path, sizeof(path), "/d/%02d.conf", i);
        put(path, "");
    }
    put("/e/00.conf", "");
    (void)file_take_trouble(trouble, sizeof(trouble));
    unit_files_add(root, "/e", ".conf", &files);
    unit_files_add(root, "/d", ".conf", &files);
    assert_int_equal(files.n, MAX_UNIT_FILES);
    assert_false(file_take_trouble(trouble, sizeof(trouble)));
    unit_files_sort(&files);
    assert_string_equal(files.paths[0], "/e/00.conf"); /* in place of the other one */
    assert_string_equal(files.paths[1], "/d/01.conf");
    put("/d/99.conf", "");
    unit_files_add(root, "/d", ".conf", &files);
    assert_int_equal(files.n, MAX_UNIT_FILES);
    assert_true(file_take_trouble(trouble, sizeof(trouble)));
    assert_true(text_starts(trouble, "/d"));
}

static void a_unit_in_each_state(void **state)
{
    static const char *const targets[] = {"a.target", "b.target"};
    static const char *const places[] = {
        "/etc/systemd/system.control", "/run/systemd/system.control",
        "/run/systemd/transient",      "/run/systemd/generator.early",
        "/etc/systemd/system",         "/etc/systemd/system.attached",
        "/run/systemd/system",         "/run/systemd/system.attached",
        "/run/systemd/generator",      "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system",     "/lib/systemd/system",
        "/run/systemd/generator.late"};
    char path[PATH_SIZE], target[PATH_SIZE];
    (void)state;

    assert_int_equal(unit_state(root, "u.service"), UNIT_ABSENT);
    assert_false(unit_link(root, "u.service", target));
    for (size_t i = COUNT_OF(places); i-- > 0;) { /* the best one comes last */
        (void)text_set(path, sizeof(path), "%s/u.service", places[i]);
        put_link(path, i % 2 ? "/dev/null" : "/gone");
        assert_int_equal(unit_is_masked(root, "u.service"), i % 2);
        assert_true(unit_link(root, "u.service", target));
        assert_true(unit_is_installed(root, "u.service"));
    }
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        (void)text_set(path, sizeof(path), "%s/%s.wants/v.service", places[i], targets[i % 2]);
        assert_false(unit_is_enabled(root, "v.service", targets, 2));
        put_link(path, "/gone");
        assert_true(unit_is_enabled(root, "v.service", targets, 2));
        assert_int_equal(unit_is_enabled(root, "v.service", targets, 1), i % 2 == 0);
        assert_int_equal(unlink(place(path)), 0);
    }
    (void)place("/etc/systemd/system.control/d.service/x"); /* a folder is no empty file */
    assert_false(unit_is_masked(root, "d.service"));
    assert_false(unit_is_masked(root, "gone.service"));
    put("/etc/systemd/system.control/f.service", "\n");
    assert_false(unit_is_masked(root, "f.service"));
    assert_int_equal(unit_state(root, "f.service"), UNIT_DISABLED);
}

static void read_boot(const char *target, const char *until, struct unit_boot *boot,
                      const char *all)
{
    char found[2048] = "";

    unit_boot_read(root, target, until, boot);
    for (size_t i = 0; i < boot->n; i++)
        (void)text_add(found, sizeof(found), "%s%s", i ? " " : "", boot->units[i]);
    assert_string_equal(found, all);
}

static void what_a_boot_comes_to(void **state)
{
    static struct unit_boot boot;
    char long_name[NAME_SIZE + 8], text[256];
    (void)state;

    read_boot("a.target", "", &boot,
              "a.target sysinit.target basic.target sockets.target "
              "timers.target cloud-init.target");
    memset(long_name, 'n', sizeof(long_name));
    long_name[NAME_SIZE] = '\0';
    (void)text_set(text, sizeof(text), "[Unit]\nWants=%s b.service\tc.timer\nUpholds=%s\n",
                   long_name, long_name + 1);
    put("/etc/systemd/system/a.target", text);
    put("/etc/systemd/system/b.service",
        "[Unit]\nRequires=d.service\nBindsTo=e.service\nRequisite=f.service\n");
    put_link("/etc/systemd/system/d.service", "/x/alias.service");
    (void)text_set(text, sizeof(text),
                   "a.target b.service c.timer %s d.service e.service c.service alias.service",
                   long_name + 1);
    read_boot("a.target", "alias.service", &boot, text);
}

static void programs_and_slices(void **state)
{
    char program[PATH_SIZE] = "gone";
    (void)state;

    assert_int_equal(unit_is_running(root, "a.service"), ANSWER_UNKNOWN);
    put("/sys/fs/cgroup/systemd/system.slice/a.service/x", "");
    put("/sys/fs/cgroup/system.slice/x", "");
    assert_int_equal(unit_is_running(root, "a.service"), ANSWER_YES);
    assert_int_equal(unit_is_running(root, "b.service"), ANSWER_NO);
    unit_find_program(root, program);
    assert_string_equal(program, "");
    (void)text_set(program, sizeof(program), "/gone");
    unit_find_program(root, program);
    assert_string_equal(program, "");
}

/* --- the machine --- */

static void what_a_machine_is_known_by(void **state)
{
    static const struct {
        const char *vendor, *uuid, *tag, *hypervisor;
        enum answer is_ec2;
        const char *evidence;
    } rows[] = {
        {"amazon ec2 \n", "ec2x", "i-1", "ec2y", ANSWER_YES, "DMI vendor is Amazon EC2"},
        {"Xen", "ec2x", "i-1", "ec2y", ANSWER_YES, "hypervisor uuid is ec2y"},
        {"Xen", "EC2x", "i-1", "x", ANSWER_YES, "DMI product uuid is EC2x"},
        {"", "x", "i-1", "", ANSWER_YES, "DMI asset tag is i-1"},
        {"", "45E12AEC-DCD1-B213-94ED-012345ABCDEF", "", "", ANSWER_YES,
         "DMI product uuid is 45E12AEC-DCD1-B213-94ED-012345ABCDEF"},
        {"Xen", "45E12AEC-DCD1-B213-94ED-012345ABCDE", "", "", ANSWER_NO, "DMI vendor is \"Xen\""},
        {"Xen", "45E13AEC-DCD1-B213-94ED-012345ABCDEF", "", "", ANSWER_NO, "DMI vendor is \"Xen\""},
        {"Xen", "45E12AED-DCD1-B213-94ED-012345ABCDEF", "", "", ANSWER_NO, "DMI vendor is \"Xen\""},
        {"xen", "", "", "", ANSWER_UNKNOWN, "DMI vendor is \"xen\""},
        {"X", "", "", "", ANSWER_NO, "DMI vendor is \"X\""},
        {"", "", "ami-1", "", ANSWER_NO, "no DMI and no EC2 hypervisor"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct machine_facts machine = {0};
        put("/sys/class/dmi/id/sys_vendor", rows[i].vendor);
        put("/sys/class/dmi/id/product_uuid", rows[i].uuid);
        put("/sys/class/dmi/id/board_asset_tag", rows[i].tag);
        put("/sys/hypervisor/uuid", rows[i].hypervisor);
        machine_read(root, &machine);
        if (machine.is_ec2 != rows[i].is_ec2 || !text_starts(machine.evidence, rows[i].evidence))
            fail_msg("row %zu: %d, %s", i, (int)machine.is_ec2, machine.evidence);
        assert_string_equal(machine.asset_tag, rows[i].tag);
    }
}

static enum answer time_sync(void)
{
    struct machine_facts machine = {0};

    time_sync_read(root, &machine);
    return machine.time_sync;
}

static void who_keeps_the_clock(void **state)
{
    static const char *const units[] = {
        "chronyd.service",  "chrony.service", "systemd-timesyncd.service",
        "ntpd.service",     "ntp.service",    "ntpsec.service",
        "openntpd.service", "ntimed.service", "snap.chrony.chronyd.service",
    };
    static const char *const targets[] = {"multi-user.target", "sysinit.target", "basic.target",
                                          "graphical.target", "time-sync.target"};
    char path[PATH_SIZE];
    (void)state;

    put("/run/systemd/system/x", "");
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        (void)text_set(path, sizeof(path), "/etc/systemd/system/%s.wants/%s",
                       targets[i % COUNT_OF(targets)], units[i]);
        assert_int_equal(time_sync(), ANSWER_NO);
        put_link(path, "x");
        assert_int_equal(time_sync(), ANSWER_YES);
        assert_int_equal(unlink(place(path)), 0);
        (void)text_set(path, sizeof(path), "/sys/fs/cgroup/system.slice/%s", units[i]);
        assert_int_equal(mkdir(place(path), 0755), 0);
        assert_int_equal(time_sync(), ANSWER_YES);
        assert_int_equal(rmdir(place(path)), 0);
    }
    assert_int_equal(rmdir(place("/sys/fs/cgroup/system.slice")), 0);
    put_link("/etc/systemd/system/other.target.wants/ntp.service", "x");
    assert_int_equal(time_sync(), ANSWER_NO);
}

/* --- resolv.conf, nsswitch.conf --- */

static void resolvers(const char *text, struct resolver_facts *to)
{
    memset(to, 0, sizeof(*to));
    put("/etc/resolv.conf", text);
    resolvers_read(root, to);
}

static void lines_of_resolv_conf(void **state)
{
    static struct resolver_facts facts;
    char text[512] = "options\nsearch\n";
    (void)state;

    resolvers("", &facts);
    assert_int_equal(facts.read.outcome, OUTCOME_OK);
    assert_int_equal(facts.read.took_ms, 0);
    assert_false(facts.stub); /* none at all is no stub */
    assert_string_equal(facts.file, "/etc/resolv.conf");
    for (int i = 0; i <= MAX_RESOLVERS; i++)
        (void)text_add(text, sizeof(text), "nameserver\t10.0.0.%d\t# of row %d\r\n", i, i);
    resolvers(text, &facts);
    assert_int_equal(facts.n_configured, MAX_RESOLVERS);
    assert_string_equal(facts.configured[MAX_RESOLVERS - 1], "10.0.0.5");
    put("/run/systemd/resolve/resolv.conf",
        "options timeout:3 use-vc\nsearch a\ndomain b\nnameserver 10.0.0.2\n");
    resolvers("nameserver 127.0.0.53\nnameserver 127.0.0.54\n", &facts);
    assert_true(facts.stub);
    assert_int_equal(facts.n_upstream, 1);
    assert_string_equal(facts.search, "");
    assert_int_equal(facts.timeout_ms, 0);
    assert_false(facts.by_tcp);
    resolvers("nameserver 10.0.0.2\nnameserver 127.0.0.53\n", &facts);
    assert_false(facts.stub);
    assert_int_equal(unlink(place("/etc/resolv.conf")), 0);
    memset(&facts, 0, sizeof(facts));
    resolvers_read(root, &facts);
    assert_int_equal(facts.read.failure, FAILURE_ABSENT);
    assert_int_equal(facts.read.took_ms, 0);
    assert_true(text_starts(facts.read.detail, "/etc/resolv.conf: No such"));
    (void)place("/etc/resolv.conf/x");
    resolvers_read(root, &facts);
    assert_int_equal(facts.read.failure, FAILURE_INTERNAL);
}

static void lines_of_nsswitch_conf(void **state)
{
    static const struct {
        const char *text;
        enum lookup_order order;
    } rows[] = {
        {"hosts: files [NOTFOUND=return]", LOOKUP_FILES},
        {"hosts: [NOTFOUND=return] files", LOOKUP_DNS_FILES}, /* a source of that name */
        {"hosts: myhostname", LOOKUP_DNS},
        {"hosts: dns files dns", LOOKUP_DNS_FILES},
        {"hosts: files dns files", LOOKUP_FILES_DNS},
        {"hosts: mdns files mdns dns", LOOKUP_FILES_DNS},
        {"hosts: [x] mdns files", LOOKUP_DNS_FILES},
        {"hosts: dns\n \thosts: files", LOOKUP_DNS_FILES},
        {"hosts: files\nhost: dns", LOOKUP_FILES},
        {"hosts: files #dns", LOOKUP_FILES},
        {"hosts:files", LOOKUP_FILES},
        {"hosts: files\rdns", LOOKUP_DNS},
    };
    static struct resolver_facts facts;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        put("/etc/nsswitch.conf", rows[i].text);
        resolvers("nameserver 10.0.0.2\n", &facts);
        if (facts.order != rows[i].order)
            fail_msg("%s: %d", rows[i].text, (int)facts.order);
    }
}

/* --- all of it --- */

static void put_machine(void)
{
    put_program(PROGRAM);
    put_dpkg();
    put(UNIT, "[Service]\nExecStart=/usr/bin/amazon-ssm-agent\n");
    put_link(MULTI_USER "amazon-ssm-agent.service", "x");
    put(DROP_IN,
        "[Service]\nEnvironment=https_proxy=http://u:w@p no_proxy=a AWS_CA_BUNDLE=/gone "
        "AWS_SDK_LOAD_CONFIG=1\nUnsetEnvironment=A=b no_proxy=c\nExecStartPre=/bin/sh -c true\n"
        "ExecStart=\nExecStart=/usr/bin/env http_proxy=http://q /usr/bin/amazon-ssm-agent\n"
        "EnvironmentFile=/etc/env.d/*\nUser=ssm\n[Unit]\nConditionPathExists=/gone\n");
    put("/etc/env.d/a", "SSL_CERT_DIR=/x\n");
    put("/root/.aws/config", "[default]\nca_bundle = /gone\n");
    put("/etc/systemd/system.conf", "[Manager]\nDefaultEnvironment=no_proxy=b\n");
    put(CONFIG, "{\"Agent\":{\"Region\":\"us-east-2\"},\"Identity\":{\"CustomIdentities\":[{}]}}");
    put(STATE "/registration", "{\"ManagedInstanceID\":\"mi-2\"}");
    put(STATE "/i-1/document/x", "");
    put("/sys/class/dmi/id/board_asset_tag", "i-1\n");
    put("/run/systemd/system/x", "");
    put("/etc/resolv.conf", "nameserver 127.0.0.53\n");
    put("/run/systemd/resolve/resolv.conf", "nameserver 10.0.0.2\n");
    put("/etc/nsswitch.conf", "hosts: files dns\n");
    put("/run/cloud-init/instance-data.json", "{\"v1\":{\"region\":\"sa-east-1\"}}");
}

static void all_of_a_machine_is_read(void **state)
{
    static struct facts facts;
    (void)state;

    put_machine();
    discover_machine(root, &facts, &overrides, &login);
    assert_int_equal(facts.machine.is_ec2, ANSWER_YES);
    assert_int_equal(facts.machine.time_sync, ANSWER_NO);
    assert_int_equal(facts.resolvers.n_upstream, 1);
    assert_int_equal(facts.agent.installed, ANSWER_YES);
    assert_string_equal(facts.agent.registered_as, "mi-2");
    assert_string_equal(overrides.region, "us-east-2");
    assert_string_equal(facts.agent.state_directory, STATE);
    assert_int_equal(facts.agent.unit_state, UNIT_ENABLED);
    assert_string_equal(login.basic, "dTp3");
    memset(&login, 0, sizeof(login));
    discover_login(root, &facts, &login);
    assert_string_equal(login.basic, "dTp3");
    memset(&login, 0, sizeof(login));
    (void)text_set(facts.agent.unit, sizeof(facts.agent.unit), "other.service");
    discover_login(root, &facts, &login);
    assert_string_equal(login.basic, "");
}

/* What was taken of memory is given back: malloc keeps some, which does not grow with what is read. */
static void nothing_of_it_is_kept(void **state)
{
    static struct facts facts;
    enum { N_TIMES = 64, LEAST_BYTES = 24 };
    size_t held = 0;
    char region[REGION_SIZE];
    (void)state;

    put_machine();
    for (int i = -8; i < N_TIMES; i++) {
        held = i == 0 ? mallinfo2().uordblks : held;
        memset(&facts, 0, sizeof(facts));
        discover_machine(root, &facts, &overrides, &login);
        discover_login(root, &facts, &login);
        assert_true(hint_region(root, &facts, region));
        (void)text_set(facts.agent.config_region, REGION_SIZE, "x");
        assert_true(hint_region(root, &facts, region));
    }
    assert_true(mallinfo2().uordblks < held + (size_t)N_TIMES * LEAST_BYTES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_dpkg_says),
        TEST(release_notes_have_two_places),
        TEST(which_of_two_packages_counts),
        TEST(a_snap_that_is_not_mounted),
        TEST(what_a_unit_starts),
        TEST(whose_program_it_is),
        TEST(who_may_run_it),
        TEST(a_part_may_lie_anywhere),
        TEST(a_program_of_another_machine),
        TEST(workers_lie_beside_the_agent),
        TEST(labels_that_are_not_started),
        TEST(registrations),
        TEST(what_ends_the_agent_in_its_configuration),
        TEST(what_is_taken_of_a_configuration),
        TEST(identities_that_come_twice),
        TEST(a_configuration_that_nobody_opens),
        TEST(commands_need_room),
        TEST(what_stands_where_the_agent_wants_another_thing),
        TEST(logs_of_this_boot),
        TEST(a_disk_has_its_bounds),
        TEST(variables_of_a_unit),
        TEST(assignments_of_a_file),
        TEST(files_with_assignments),
        TEST(exempted_names),
        TEST(proxies_of_one_letter),
        TEST(variables_that_harm),
        TEST(files_of_the_sdk),
        TEST(texts_that_are_no_ini),
        TEST(what_confines_it_is_told_once),
        TEST(bounds_of_a_sandbox),
        TEST(conditions_of_a_unit),
        TEST(escapes_and_specifiers),
        TEST(lines_of_a_unit),
        TEST(files_beside_a_unit),
        TEST(there_is_room_for_so_many_files),
        TEST(a_unit_in_each_state),
        TEST(what_a_boot_comes_to),
        TEST(programs_and_slices),
        TEST(what_a_machine_is_known_by),
        TEST(who_keeps_the_clock),
        TEST(lines_of_resolv_conf),
        TEST(lines_of_nsswitch_conf),
        TEST(all_of_a_machine_is_read),
        TEST(nothing_of_it_is_kept),
    };
    return cmocka_run_group_tests_name("discover: edges of what files say", tests, NULL, NULL);
}
