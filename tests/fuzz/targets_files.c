/* SPDX-License-Identifier: Apache-2.0
 *
 * Readers of files: the input stands in each file that the reader looks at, below a root of its own.
 */
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/agent.h"
#include "discover/instance.h"
#include "discover/machine.h"
#include "image/judge.h"
#include "net/trust.h"
#include "observe/climb.h"
#include "observe/observe.h"
#include "options.h"
#include "targets.h"

enum { MAX_PATHS = 256, MAX_PATH = 400 };
static char root[MAX_PATH];
static struct facts facts;
static char paths[MAX_PATHS][MAX_PATH]; /* of files and directories, in the order they were made */
static int n_paths;

/* A bit for each path that is there; another path may have the same. Paths that are not written plainly the kernel
 * must look at. */
enum { N_BITS = 1 << 14 };
static uint8_t there[N_BITS / 8];

static size_t bit_of(const char *path)
{
    uint32_t hash = 2166136261; /* FNV-1a */

    for (; *path; path++)
        hash = (hash ^ (uint8_t)*path) * 16777619;
    return hash % N_BITS;
}

bool fuzz_may_be_there(const char *path)
{
    size_t bit = bit_of(path);

    return n_paths == 0 || !path[0] || there[bit / 8] >> bit % 8 & 1 || strstr(path, "/.") ||
           strstr(path, "//") || path[0] != '/' || text_ends(path, "/");
}

static void remove_paths(void)
{
    memset(there, 0, sizeof(there));
    while (n_paths > 0)
        (void)remove(paths[--n_paths]);
}

static void remove_all(void)
{
    remove_paths();
    (void)rmdir(root);
}

static void remember(const char *path)
{
    fuzz_require(n_paths < MAX_PATHS, "there is room for another path");
    (void)text_set(paths[n_paths++], MAX_PATH, "%s", path);
    size_t bit = bit_of(path + strlen(root));
    there[bit / 8] |= (uint8_t)(1 << bit % 8);
}

bool fuzz_root_of(const char *target)
{
    static const char *last;

    if (last == target)
        return false;
    if (!last) {
        const char *folder = getenv("FUZZ_FOLDER");
        (void)text_set(root, sizeof(root), "%s/ssm-preflight-fuzz-XXXXXX",
                       folder ? folder : "/tmp");
        fuzz_require(mkdtemp(root), "there is a folder to write in");
        (void)atexit(remove_all);
    }
    remove_paths();
    last = target;
    return true;
}

const char *fuzz_root(void)
{
    return root;
}

static void in_root(const char *name, char path[MAX_PATH])
{
    (void)text_set(path, MAX_PATH, "%s%s", root, name);
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        if (mkdir(path, 0755) == 0)
            remember(path);
        *slash = '/';
    }
}

/* One file by many names: the next input is written once. */
static void put_all(const char *const names[], size_t n_names, const uint8_t *bytes, size_t n)
{
    char first[MAX_PATH], path[MAX_PATH];

    (void)text_set(first, sizeof(first), "%s%s", root, names[0]);
    int fd = open(first, O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (fd < 0) {
        in_root(names[0], first);
        fd = open(first, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        remember(first);
        for (size_t i = 1; i < n_names; i++) {
            in_root(names[i], path);
            fuzz_require(link(first, path) == 0, "a file has many names");
            remember(path);
        }
    }
    fuzz_require(fd >= 0 && (n == 0 || write(fd, bytes, n) == (ssize_t)n) && close(fd) == 0,
                 "the file can be written");
}

static void put(const char *name, const uint8_t *bytes, size_t n)
{
    put_all(&name, 1, bytes, n);
}

/* Of a target: the facts are empty, and below the root is what the target puts there. */
static void start(const char *target)
{
    (void)fuzz_root_of(target);
    fuzz_clear(&facts);
}

void fuzz_config(const uint8_t *bytes, size_t n)
{
    static struct options options;
    static const char *const names[] = {"/preflight.conf", "/etc/ssm-preflight/preflight.conf"};
    char config[MAX_PATH], root_option[MAX_PATH];
    char name[] = "ssm-preflight";

    start(__func__);
    put_all(names, COUNT_OF(names), bytes, n);
    put("/etc/ssm-preflight/preflight.conf.d/10-more.conf", bytes, n < 64 ? n : 64);
    (void)text_set(config, sizeof(config), "--config=%s/preflight.conf", root);
    (void)text_set(root_option, sizeof(root_option), "--root=%s", root);
    char *argv[] = {name, n % 2 ? root_option : config, NULL}; /* one in each run */
    fuzz_require(options_read(2, argv, "terminal", &options) || options.error[0],
                 "an error says something");
}

void fuzz_agent_config(const uint8_t *bytes, size_t n)
{
    static struct agent_overrides overrides;

    start(__func__);
    put("/etc/amazon/ssm/amazon-ssm-agent.json", bytes, n);
    memset(&overrides, 0, sizeof(overrides));
    agent_read_config(root, &facts.agent, &overrides);
    fuzz_require_clean(&facts_fields, &facts);
}

static struct proxy_login login;

void fuzz_unit(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = {"/etc/systemd/system/amazon-ssm-agent.service",
                                        "/etc/systemd/system/amazon-ssm-agent.service.d/proxy.conf",
                                        "/etc/default/ssm", "/etc/systemd/system.conf"};
    LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES};

    start(__func__);
    put_all(names, COUNT_OF(names), bytes, n);
    (void)text_set(facts.agent.unit, NAME_SIZE, "amazon-ssm-agent.service");
    unit_read(root, facts.agent.unit, &settings);
    environment_read(root, &settings, &facts.agent, &login);
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
                                        "/proc/self/net/snmp"};
    char addresses[MAX_ADDRESSES][ADDRESS_SIZE];

    start(__func__);
    put_all(names, COUNT_OF(names), bytes, n);
    machine_read(root, &facts.machine);
    resolvers_read(root, &facts.resolvers);
    (void)delivery_read(root);
    fuzz_require_clean(&facts_fields, &facts);
    int found = hosts_look_up(root, "ssm.us-east-1.amazonaws.com", addresses);
    fuzz_require(found >= 0 && found <= MAX_ADDRESSES, "no more addresses than fit");
}

void fuzz_agent_files(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = {"/var/lib/dpkg/status", "/usr/bin/amazon-ssm-agent",
                                        "/etc/amazon/ssm/RELEASENOTES.md",
                                        "/var/lib/amazon/ssm/registration"};

    start(__func__);
    put_all(names, COUNT_OF(names), bytes, n);
    agent_read(root, &facts.agent, &login);
    fuzz_require_clean(&facts_fields, &facts);
}

void fuzz_dhmc(const uint8_t *bytes, size_t n)
{
    static struct credentials credentials;
    size_t half = n / 2;

    start(__func__);
    put("/var/lib/amazon/ssm/runtimeconfig/identity_config.json", bytes, half);
    put("/var/lib/amazon/ssm/credentials", bytes + half, n - half);
    memset(&credentials, 0, sizeof(credentials));
    (void)dhmc_read(root, &facts, &credentials);
    fuzz_require_clean(&facts_fields, &facts);
    credentials_clear(&credentials);
}

/* As --ca-file, or as the system's bundle: one in each run. */
void fuzz_bundle(const uint8_t *bytes, size_t n)
{
    static struct trust *system;
    const char *const names[] = {"/ca.pem", trust_bundle_paths[0]};
    char file[MAX_PATH], error[DETAIL_SIZE] = "";

    start(__func__);
    put_all(names, COUNT_OF(names), bytes, n);
    if (n % 2) {
        (void)text_set(file, sizeof(file), "%s/ca.pem", root);
        struct trust *trust = trust_new(file, "", error, sizeof(error));
        fuzz_require(trust || strstr(error, "/ca.pem"), "an error names the file");
        trust_free(trust);
    } else {
        if (!system) /* Amazon's roots are read once */
            system = trust_new("", root, error, sizeof(error));
        fuzz_require(system, "the system's files are read when they are needed");
        trust_use_bundle(system, "", "", "");
        fuzz_require(trust_system(system, TRUST_SYSTEM_BUNDLE),
                     "there is a store, if an empty one");
    }
    OPENSSL_thread_stop(); /* with its errors, which libFuzzer would take for a leak */
}

void fuzz_connections(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = {"/proc/self/net/tcp", "/proc/self/net/tcp6"};

    start(__func__);
    put_all(names, COUNT_OF(names), bytes, n);
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

    start(__func__);
    put_all(names, COUNT_OF(names), bytes, n);
    resolvers_read(root, &facts.resolvers);
    bool found = hint_region(root, &facts, region);
    fuzz_require(!found || text_only(region, "-"), "a region is a word");
}

/* root would try inotify each time, which the kernel takes milliseconds to end. */
/* NOLINTNEXTLINE(cert-dcl37-c,bugprone-reserved-identifier): the linker wants this name */
uid_t __wrap_geteuid(void);
__attribute__((weak)) uid_t __wrap_geteuid(void)
{
    return 1000;
}

/* What the agent wrote itself, and how names are looked up. */
void fuzz_agent_state(const uint8_t *bytes, size_t n)
{
    static const char *const names[] = {
        "/var/log/amazon/ssm/errors.log", "/var/log/amazon/ssm/amazon-ssm-agent.log",
        "/var/lib/amazon/ssm/registration", "/etc/nsswitch.conf", "/etc/resolv.conf"};

    start(__func__);
    put_all(names, COUNT_OF(names), bytes, n);
    facts.agent.installed = facts.agent.running = ANSWER_YES;
    (void)text_set(facts.agent.state_directory, PATH_SIZE, "/var/lib/amazon/ssm");
    agent_read_state(root, "", &facts.agent);
    resolvers_read(root, &facts.resolvers);
    fuzz_require_clean(&facts_fields, &facts);
}

/* A root file system in which every file says the same; systemd's are there, or nothing would be looked at. */
static const char *const image_names[] = {
    "/etc/os-release",
    "/usr/lib/systemd/systemd",
    "/usr/lib/systemd/libsystemd-shared-252.so",
    "/sbin/init",
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
    "/etc/firewalld/direct.xml",
    "/etc/NetworkManager/NetworkManager.conf",
    "/etc/amazon/ssm/seelog.xml",
    "/etc/chrony.conf",
    "/etc/dnf/plugins/versionlock.list",
    "/etc/dnsmasq.conf",
    "/etc/dracut.conf.d/10.conf",
    "/etc/fapolicyd/fapolicyd.trust",
    "/etc/modprobe.d/10.conf",
    "/etc/profile.d/10.sh",
    "/etc/sudoers.d/ssm-agent-users",
    "/etc/sysconfig/network-scripts/ifcfg-eth0",
    "/etc/systemd/network/10.network",
    "/etc/systemd/system-preset/90.preset",
    "/etc/systemd/system.conf",
    "/etc/udev/rules.d/70-persistent-net.rules",
    "/root/.aws/config",
    "/root/.aws/credentials",
    "/lib/systemd/system/multi-user.target",
    "/usr/bin/ssm-preflight",
    "/etc/ssm-preflight/preflight.conf",
    "/lib/systemd/system/ssm-preflight.service",
    "/lib/systemd/system/NetworkManager.service",
    "/etc/systemd/system/multi-user.target.wants/NetworkManager.service",
    "/lib/systemd/system/chronyd.service",
    "/etc/systemd/system/multi-user.target.wants/chronyd.service",
    "/lib/systemd/system/dnsmasq.service",
    "/etc/systemd/system/multi-user.target.wants/dnsmasq.service",
    "/lib/systemd/system/firewalld.service",
    "/etc/systemd/system/multi-user.target.wants/firewalld.service",
    "/lib/systemd/system/iptables.service",
    "/etc/systemd/system/multi-user.target.wants/iptables.service",
    "/lib/systemd/system/nftables.service",
    "/etc/systemd/system/multi-user.target.wants/nftables.service",
    "/lib/systemd/system/ufw.service",
    "/etc/systemd/system/multi-user.target.wants/ufw.service"};

static const struct image_request request = {
    .root = root, .region = "us-east-1", .allow = "", .config_error = "", .now_unix_s = 1800000000};
static struct image_report audited;

/* One check: all of them together take fifty times as long. Services that it asks for are enabled, or not; the agent is a
 * package or a snap, and what the files say, or a sound one. */
static void judge(size_t which, bool agent_of_files)
{
    static void (*const judges[])(struct image *) = {
#define ROW(name, asks, judge) judge,
        IMAGE_CHECKS(ROW)
#undef ROW
    };
    static const struct agent_facts sound = {.installed = ANSWER_YES,
                                             .unit_state = UNIT_ENABLED,
                                             .version = "3.3.1142.0",
                                             .unit = "amazon-ssm-agent.service"};
    struct image image = {
        .root = root,
        .request = &request,
        .report = &audited,
        .number = (int)(which % COUNT_OF(judges)) + 1,
        .agent = &facts.agent,
        .machine = 62,
        .systemd = 252,
        .boot = {.n = which / COUNT_OF(judges) % 2, .units = {"multi-user.target"}}};
    char trouble[DETAIL_SIZE];

    if (which / COUNT_OF(judges) / 2 % 2)
        (void)text_set(image.snap, PATH_SIZE, "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap");
    else
        (void)text_set(image.program, PATH_SIZE, "/usr/bin/amazon-ssm-agent");
    facts.agent = sound;
    if (agent_of_files)
        agent_read(root, &facts.agent, &login);
    agent_read_config(root, &facts.agent, &image.overrides);
    audited.n_findings = 0;
    judges[image.number - 1](&image);
    fuzz_require(audited.n_findings >= 0 && audited.n_findings <= MAX_IMAGE_FINDINGS,
                 "no more findings than fit");
    (void)file_take_trouble(trouble, sizeof(trouble));
}

/* The first byte says which check, whether services are enabled, of which agent, and whether the files tell of it. */
void fuzz_image(const uint8_t *bytes, size_t n)
{
    size_t who = n > 0 ? bytes[0] : 0;

    start(__func__);
    put_all(image_names, COUNT_OF(image_names), bytes + (n > 0), n - (n > 0));
    judge(who, who >= 192);
}

/* Lines before an empty one are names that stand in each folder, and the targets of links with these names; what
 * comes behind is in the files. */
static char *put_named(const char *const files[], size_t n_files, const uint8_t *bytes, size_t n)
{
    const uint8_t *end = n ? memmem(bytes, n, "\n\n", 2) : NULL;
    size_t n_names = end ? (size_t)(end - bytes) : n;
    char *names = fuzz_text(bytes, n_names);

    put_all(files, n_files, bytes + n_names, n - n_names);
    fuzz_name(names, files[0]);
    return names;
}

/* The first byte says who looks: a check, what tells of an agent, or what reads our own drop-ins. */
void fuzz_names(const uint8_t *bytes, size_t n)
{
    static struct options options;
    size_t who = n > 0 ? bytes[0] : 0;
    char name[] = "ssm-preflight", root_option[MAX_PATH], *with_root[] = {name, root_option, NULL};

    start(__func__);
    char *names = put_named(image_names, COUNT_OF(image_names), bytes + (n > 0), n - (n > 0));
    if (who < 224) {
        judge(who, false);
    } else if (who < 240) {
        agent_read(root, &facts.agent, &login);
        fuzz_require_clean(&facts_fields, &facts);
    } else {
        (void)text_set(root_option, sizeof(root_option), "--root=%s", root);
        fuzz_require(options_read(2, with_root, "terminal", &options) || options.error[0],
                     "an error says something");
    }
    fuzz_name(NULL, NULL);
    free(names);
}

/* From end to end, of few files, since it takes its time. */
void fuzz_audit(const uint8_t *bytes, size_t n)
{
    static const char *const files[] = {"/etc/os-release",
                                        "/usr/lib/systemd/systemd",
                                        "/usr/lib/systemd/libsystemd-shared-252.so",
                                        "/sbin/init",
                                        "/etc/amazon/ssm/amazon-ssm-agent.json",
                                        "/lib/systemd/system/amazon-ssm-agent.service",
                                        "/usr/bin/amazon-ssm-agent"};

    start(__func__);
    char *names = put_named(files, COUNT_OF(files), bytes, n);
    image_audit(&request, &audited);
    fuzz_require(audited.n_findings >= 0 && audited.n_findings <= MAX_IMAGE_FINDINGS,
                 "no more findings than fit");
    fuzz_require_text(audited.summary, sizeof(audited.summary));
    fuzz_require(audited.summary[0], "a verdict says something");
    fuzz_name(NULL, NULL);
    free(names);
}
