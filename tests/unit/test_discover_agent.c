/* SPDX-License-Identifier: Apache-2.0
 *
 * The SSM agent as files show it, and the machine: each test lays out a small root directory.
 */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/agent.h"
#include "discover/machine.h"

static char root[64];
static struct agent_facts agent;
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
    agent_read(root, &agent);
    assert_int_equal(agent.installed, ANSWER_NO);
    assert_int_equal(agent.unit_state, UNIT_UNKNOWN);
    assert_string_equal(agent.ca_bundle, "");
}

static void a_deb_says_its_version_in_dpkgs_status(void **state)
{
    (void)state;
    put("/usr/bin/amazon-ssm-agent", "");
    put("/var/lib/dpkg/status", "Package: a\nVersion: 1\n\nPackage: amazon-ssm-agent\nStatus: "
                                "install ok installed\nVersion: 3.3.1142.0-1\n\nPackage: "
                                "b\nVersion: 2\n");
    put("/lib/systemd/system/amazon-ssm-agent.service", "[Service]\n");
    put_link("/etc/systemd/system/multi-user.target.wants/amazon-ssm-agent.service",
             "/lib/systemd/system/amazon-ssm-agent.service");
    put("/etc/ssl/certs/ca-certificates.crt", "");
    agent_read(root, &agent);
    assert_int_equal(agent.installed, ANSWER_YES);
    assert_int_equal(agent.package, AGENT_PACKAGE_DEB);
    assert_string_equal(agent.version, "3.3.1142.0");
    assert_int_equal(agent.unit_state, UNIT_ENABLED);
    assert_string_equal(agent.ca_bundle, "/etc/ssl/certs/ca-certificates.crt");
}

static void a_version_of_the_next_package_is_not_ours(void **state)
{
    (void)state;
    put("/usr/bin/amazon-ssm-agent", "");
    put("/var/lib/dpkg/status",
        "Package: amazon-ssm-agent\nStatus: x\n\nPackage: b\nVersion: 2.0\n");
    agent_read(root, &agent);
    assert_string_equal(agent.version, "");
}

static void a_snap_has_its_own_unit_and_manifest(void **state)
{
    (void)state;
    put("/snap/amazon-ssm-agent/current/amazon-ssm-agent", "");
    put("/snap/amazon-ssm-agent/current/meta/snap.yaml",
        "name: amazon-ssm-agent\nversion: '3.3.987.0'\n");
    put("/etc/systemd/system/snap.amazon-ssm-agent.amazon-ssm-agent.service", "[Service]\n");
    agent_read(root, &agent);
    assert_int_equal(agent.package, AGENT_PACKAGE_SNAP);
    assert_string_equal(agent.version, "3.3.987.0");
    assert_string_equal(agent.unit, "snap.amazon-ssm-agent.amazon-ssm-agent.service");
    assert_int_equal(agent.unit_state, UNIT_DISABLED);
}

/* SUSE's package has the agent in /usr/sbin. */
static void the_program_is_the_one_that_the_unit_starts(void **state)
{
    (void)state;
    put("/usr/sbin/amazon-ssm-agent", "");
    put("/usr/lib/sysimage/rpm/Packages.db", "");
    agent_read(root, &agent);
    assert_int_equal(agent.installed, ANSWER_NO);

    put("/usr/lib/systemd/system/amazon-ssm-agent.service",
        "[Service]\nExecStart=-/usr/sbin/amazon-ssm-agent --flag\n");
    agent_read(root, &agent);
    assert_int_equal(agent.installed, ANSWER_YES);
    assert_int_equal(agent.package, AGENT_PACKAGE_RPM);

    put("/etc/systemd/system/amazon-ssm-agent.service", "[Service]\nExecStart=/opt/agent\n");
    agent_read(root, &agent);
    assert_int_equal(agent.installed, ANSWER_NO);
}

static void an_rpm_says_it_in_its_release_notes(void **state)
{
    (void)state;
    put("/usr/bin/amazon-ssm-agent", "");
    put("/usr/lib/sysimage/rpm/x", "");
    put("/etc/amazon/ssm/RELEASENOTES.md", "3.2.582.0\n=========\n");
    put_link("/etc/systemd/system/amazon-ssm-agent.service", "/dev/null");
    agent_read(root, &agent);
    assert_int_equal(agent.package, AGENT_PACKAGE_RPM);
    assert_string_equal(agent.version, "3.2.582.0");
    assert_int_equal(agent.unit_state, UNIT_MASKED);
}

static void the_units_environment_counts_and_passwords_do_not(void **state)
{
    (void)state;
    put("/usr/bin/amazon-ssm-agent", "");
    put("/lib/systemd/system/amazon-ssm-agent.service",
        "[Service]\nEnvironment=\"HTTPS_PROXY=http://first.example:1\" OTHER=1\n");
    put("/etc/systemd/system/amazon-ssm-agent.service.d/20-proxy.conf",
        "[Service]\nEnvironment='https_proxy=http://user:hunter2@proxy.example:3128' "
        "\"NO_PROXY=169.254.169.254,.local\"\nEnvironmentFile=-/etc/agent.env\n");
    put("/etc/agent.env", "# note\nSSL_CERT_FILE=/etc/corp.pem\n");
    agent_read(root, &agent);
    assert_string_equal(agent.https_proxy, "http://proxy.example:3128");
    assert_string_equal(agent.no_proxy, "169.254.169.254,.local");
    assert_string_equal(agent.proxy_file,
                        "/etc/systemd/system/amazon-ssm-agent.service.d/20-proxy.conf");
    assert_string_equal(agent.ssl_cert_file, "/etc/corp.pem");
    assert_string_equal(agent.ca_bundle, ""); /* the file that it names is not there */
}

static void the_configuration_overrides_and_is_judged(void **state)
{
    const struct instance_facts instance = {.region = "us-east-1"};
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

    agent_judge_config(&instance, &overrides, &agent);
    assert_int_equal(agent.config.failure, FAILURE_INVALID);
    assert_string_equal(agent.config.detail,
                        "Agent.Region is us-east-2, but the instance is in us-east-1");
}

static void a_broken_configuration_is_named_with_its_line(void **state)
{
    (void)state;
    put("/etc/amazon/ssm/amazon-ssm-agent.json", "{\n  \"Agent\": {\n    \"Region\": oops\n}}\n");
    agent_read_config(root, &agent, &overrides);
    assert_int_equal(agent.config.outcome, OUTCOME_FAILED);
    assert_true(text_starts(agent.config.detail, "line 3:"));
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

    put("/etc/resolv.conf", "# stub\nnameserver 127.0.0.53\nsearch ec2.internal\n");
    put("/run/systemd/resolve/resolv.conf", "nameserver 10.0.0.2\nnameserver fd00:ec2::253\n"
                                            "nameserver not.an.address\n");
    resolvers_read(root, &resolvers);
    assert_int_equal(resolvers.read.outcome, OUTCOME_OK);
    assert_true(resolvers.stub);
    assert_int_equal(resolvers.n_configured, 1);
    assert_int_equal(resolvers.n_upstream, 2);
    assert_string_equal(resolvers.upstream[1], "fd00:ec2::253");
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
        TEST(a_snap_has_its_own_unit_and_manifest),
        TEST(the_program_is_the_one_that_the_unit_starts),
        TEST(an_rpm_says_it_in_its_release_notes),
        TEST(the_units_environment_counts_and_passwords_do_not),
        TEST(the_configuration_overrides_and_is_judged),
        TEST(a_broken_configuration_is_named_with_its_line),
        TEST(without_a_configuration_the_agent_runs_on_defaults),
        TEST(ec2_is_known_by_any_of_its_marks),
        TEST(resolvers_behind_the_stub_are_read_too),
        TEST(nsswitch_says_what_is_asked),
        TEST(a_time_service_is_known_by_its_unit),
        TEST(a_container_has_its_hosts_clock),
        TEST(a_time_service_that_runs_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
