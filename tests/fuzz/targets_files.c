/* SPDX-License-Identifier: Apache-2.0
 *
 * Readers of files: the input stands in each file that the reader looks at, below a root of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/agent.h"
#include "discover/instance.h"
#include "discover/machine.h"
#include "image/image.h"
#include "net/trust.h"
#include "observe/climb.h"
#include "observe/observe.h"
#include "options.h"
#include "targets.h"

static char root[] = "/tmp/ssm-preflight-fuzz-XXXXXX";
static struct facts facts;

enum { MAX_PATHS = 128, MAX_PATH = 400 };
static char paths[MAX_PATHS][MAX_PATH]; /* of files and directories, in the order they were made */
static int n_paths;

static void remove_all(void)
{
    while (n_paths > 0)
        (void)remove(paths[--n_paths]);
    (void)rmdir(root);
}

static void remember(const char *path)
{
    fuzz_require(n_paths < MAX_PATHS, "there is room for another path");
    (void)text_set(paths[n_paths++], MAX_PATH, "%s", path);
}

static void make_root(void)
{
    static bool made;

    if (made)
        return;
    fuzz_require(mkdtemp(root), "/tmp can be written to");
    (void)atexit(remove_all);
    made = true;
}

static void put(const char *name, const uint8_t *bytes, size_t n)
{
    char path[MAX_PATH];

    make_root();
    (void)text_set(path, sizeof(path), "%s%s", root, name);
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        if (mkdir(path, 0755) == 0)
            remember(path);
        *slash = '/';
    }
    if (access(path, F_OK) != 0)
        remember(path);
    FILE *file = fopen(path, "we");
    fuzz_require(file && fwrite(n > 0 ? bytes : (const uint8_t *)"", 1, n, file) == n &&
                     fclose(file) == 0,
                 "the file can be written");
}

static void forget_agent_files(void)
{
    memset(&facts, 0, sizeof(facts));
}

void fuzz_config(const uint8_t *bytes, size_t n)
{
    static struct options options;
    char config[MAX_PATH], root_option[MAX_PATH];
    char name[] = "ssm-preflight";

    put("/preflight.conf", bytes, n);
    put("/etc/ssm-preflight/preflight.conf", bytes, n);
    put("/etc/ssm-preflight/preflight.conf.d/10-more.conf", bytes, n < 64 ? n : 64);
    (void)text_set(config, sizeof(config), "--config=%s/preflight.conf", root);
    (void)text_set(root_option, sizeof(root_option), "--root=%s", root);
    char *with_config[] = {name, config, NULL}, *with_root[] = {name, root_option, NULL};
    for (int i = 0; i < 2; i++)
        fuzz_require(options_read(2, i ? with_root : with_config, "terminal", &options) ||
                         options.error[0],
                     "an error says something");
}

void fuzz_agent_config(const uint8_t *bytes, size_t n)
{
    static struct agent_overrides overrides;

    put("/etc/amazon/ssm/amazon-ssm-agent.json", bytes, n);
    forget_agent_files();
    memset(&overrides, 0, sizeof(overrides));
    agent_read_config(root, &facts.agent, &overrides);
    fuzz_require_clean(&facts_fields, &facts);
}

void fuzz_unit(const uint8_t *bytes, size_t n)
{
    put("/etc/systemd/system/amazon-ssm-agent.service", bytes, n);
    put("/etc/systemd/system/amazon-ssm-agent.service.d/proxy.conf", bytes, n);
    put("/etc/default/ssm", bytes, n);
    forget_agent_files();
    (void)text_set(facts.agent.unit, NAME_SIZE, "amazon-ssm-agent.service");
    environment_read(root, &facts.agent);
    fuzz_require_clean(&facts_fields, &facts);
}

void fuzz_machine_files(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = {"/sys/class/dmi/id/sys_vendor",
                                        "/sys/class/dmi/id/product_uuid",
                                        "/sys/class/dmi/id/board_asset_tag",
                                        "/sys/hypervisor/uuid",
                                        "/etc/resolv.conf",
                                        "/run/systemd/resolve/resolv.conf",
                                        "/etc/hosts",
                                        "/proc/self/net/snmp",
                                        "/var/lib/dpkg/status",
                                        "/usr/bin/amazon-ssm-agent",
                                        "/etc/amazon/ssm/RELEASENOTES.md",
                                        "/var/lib/amazon/ssm/registration"};
    char addresses[MAX_ADDRESSES][ADDRESS_SIZE];

    for (size_t i = 0; i < COUNT_OF(names); i++)
        put(names[i], bytes, n);
    forget_agent_files();
    machine_read(root, &facts.machine);
    resolvers_read(root, &facts.resolvers);
    (void)delivery_read(root);
    agent_read(root, &facts.agent);
    fuzz_require_clean(&facts_fields, &facts);
    int found = hosts_look_up(root, "ssm.us-east-1.amazonaws.com", addresses);
    fuzz_require(found >= 0 && found <= MAX_ADDRESSES, "no more addresses than fit");
}

void fuzz_dhmc(const uint8_t *bytes, size_t n)
{
    static struct credentials credentials;
    size_t half = n / 2;

    put("/var/lib/amazon/ssm/runtimeconfig/identity_config.json", bytes, half);
    put("/var/lib/amazon/ssm/credentials", bytes + half, n - half);
    forget_agent_files();
    memset(&credentials, 0, sizeof(credentials));
    (void)dhmc_read(root, &facts.role, &credentials);
    fuzz_require_clean(&facts_fields, &facts);
    credentials_clear(&credentials);
}

/* As --ca-file, as the system's bundle and as a file of its directories. */
void fuzz_bundle(const uint8_t *bytes, size_t n)
{
    char file[MAX_PATH], error[DETAIL_SIZE] = "";

    put("/ca.pem", bytes, n);
    put(trust_bundle_paths[0], bytes, n);
    (void)text_set(file, sizeof(file), "%s/ca.pem", root);
    struct trust *trust = trust_new(file, "", error, sizeof(error));
    fuzz_require(trust || strstr(error, "/ca.pem"), "an error names the file");
    trust_free(trust);
    trust = trust_new("", root, error, sizeof(error));
    fuzz_require(trust, "the system's files are read when they are needed");
    fuzz_require(trust_system(trust, TRUST_SYSTEM_BUNDLE), "there is a store, if an empty one");
    trust_free(trust);
}

void fuzz_connections(const uint8_t *bytes, size_t n)
{
    put("/proc/self/net/tcp", bytes, n);
    put("/proc/self/net/tcp6", bytes, n);
    forget_agent_files();
    facts.plan.services[SERVICE_SSMMESSAGES].port = 443;
    (void)observe_connected(root, &facts);
    fuzz_require_clean(&facts_fields, &facts);
}

/* Which region it may be. */
void fuzz_hints(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = {"/etc/resolv.conf", "/run/ssm-preflight/report.json",
                                        "/run/cloud-init/instance-data.json"};
    char region[REGION_SIZE];

    for (size_t i = 0; i < COUNT_OF(names); i++)
        put(names[i], bytes, n);
    forget_agent_files();
    resolvers_read(root, &facts.resolvers);
    bool found = hint_region(root, &facts, region);
    fuzz_require(!found || text_only(region, "-"), "a region is a word");
}

/* What the agent wrote itself, and how names are looked up. */
void fuzz_agent_state(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = {"/var/log/amazon/ssm/errors.log",
                                        "/var/log/amazon/ssm/amazon-ssm-agent.log",
                                        "/etc/amazon/ssm/seelog.xml",
                                        "/var/lib/amazon/ssm/registration",
                                        "/etc/nsswitch.conf",
                                        "/etc/resolv.conf"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        put(names[i], bytes, n);
    forget_agent_files();
    facts.agent.installed = ANSWER_YES;
    agent_read_state(root, &facts.agent);
    resolvers_read(root, &facts.resolvers);
    fuzz_require_clean(&facts_fields, &facts);
}

/* A root file system in which every file says the same. */
void fuzz_image(const uint8_t *bytes, size_t n)
{
    static struct image_report report;
    static const char *const names[] = {"/etc/os-release",
                                        "/etc/passwd",
                                        "/etc/fstab",
                                        "/etc/hosts",
                                        "/etc/nsswitch.conf",
                                        "/etc/resolv.conf",
                                        "/etc/machine-id",
                                        "/etc/selinux/config",
                                        "/etc/rc.local",
                                        "/etc/environment",
                                        "/etc/default/grub",
                                        "/etc/default/ufw",
                                        "/etc/ufw/ufw.conf",
                                        "/etc/ufw/user.rules",
                                        "/etc/nftables.conf",
                                        "/etc/iptables/rules.v4",
                                        "/etc/sysconfig/iptables",
                                        "/etc/network/interfaces",
                                        "/etc/netplan/50-cloud-init.yaml",
                                        "/etc/cloud/cloud.cfg",
                                        "/etc/cloud/cloud.cfg.d/10.cfg",
                                        "/etc/chrony/chrony.conf",
                                        "/etc/systemd/timesyncd.conf",
                                        "/etc/systemd/resolved.conf",
                                        "/etc/sysctl.conf",
                                        "/etc/apt/preferences",
                                        "/etc/yum/pluginconf.d/versionlock.list",
                                        "/boot/grub/grub.cfg",
                                        "/boot/loader/entries/1.conf",
                                        "/etc/amazon/ssm/amazon-ssm-agent.json",
                                        "/var/lib/amazon/ssm/registration",
                                        "/var/lib/dpkg/status",
                                        "/lib/systemd/system/amazon-ssm-agent.service",
                                        "/usr/bin/amazon-ssm-agent",
                                        "/usr/bin/cloud-init",
                                        "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap",
                                        "/etc/security/access.conf",
                                        "/etc/ssl/certs/ca-certificates.crt",
                                        "/lib/modules/6.1/modules.dep",
                                        "/etc/firewalld/direct.xml"};
    const struct image_request request = {.root = root,
                                          .region = "us-east-1",
                                          .allow = "",
                                          .config_error = "",
                                          .now_unix_s = 1800000000};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        put(names[i], bytes, n);
    image_audit(&request, &report);
    fuzz_require(report.n_findings >= 0 && report.n_findings <= MAX_IMAGE_FINDINGS,
                 "no more findings than fit");
    fuzz_require(report.summary[0], "a verdict says something");
}

int fuzz_listener(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    put("/run/systemd/private", NULL, 0);
    (void)text_set(address.sun_path, sizeof(address.sun_path), "%s/run/systemd/private", root);
    fuzz_require(remove(address.sun_path) == 0 && fd >= 0 &&
                     bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
                     listen(fd, 1) == 0,
                 "somebody listens");
    return fd;
}

const char *fuzz_root(void)
{
    make_root();
    return root;
}
