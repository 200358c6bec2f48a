/* SPDX-License-Identifier: Apache-2.0
 *
 * A check of an image asked alone: a few files, and what it says of them.
 */
#include <errno.h>
#include <fcntl.h>
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
#include "image/judge.h"
#include "net/trust.h"

enum { MAX_FILES = 6, DAY_S = 86400, BUILT_UNIX_S = 9 * DAY_S + 1, NOW_UNIX_S = 100 * DAY_S };

static char root[] = "/tmp/ssm-preflight-image-XXXXXX";
static struct image_report report;
static const struct image_request request = {.root = root,
                                             .region = "eu-west-1",
                                             .allow = "",
                                             .config_error = "",
                                             .max_age_days = 90,
                                             .now_unix_s = NOW_UNIX_S};

/* clang-format off */
static const struct {
    const char *name;
    void (*judge)(struct image *image);
} checks[] = {
#define ROW(name, asks, judge) {name, judge},
    IMAGE_CHECKS(ROW)
#undef ROW
};
/* clang-format on */

static int forget(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    return at->level > 0 ? remove(path) : 0;
}

/* With the folders above it. "-> x" is a link, "ELF62" a program for the machine of this number, and "hsqs48" a snap that says
 * it has as many bytes, and has 48. */
static void put(const char *path, const char *text)
{
    unsigned char head[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1, [16] = 2};
    const bool is_program = text_starts(text, "ELF"), is_snap = text_starts(text, "hsqs");
    const uint64_t number = is_program || is_snap ? strtoull(text + (is_snap ? 4 : 3), NULL, 10)
                                                  : 0;
    const struct timespec built[2] = {{BUILT_UNIX_S, 0}, {BUILT_UNIX_S, 0}};
    char whole[PATH_SIZE];

    assert_true(text_set(whole, sizeof(whole), "%s%s", root, path));
    for (char *at = whole + strlen(root) + 1; (at = strchr(at, '/')); *at++ = '/') {
        *at = '\0';
        if (mkdir(whole, 0755) != 0)
            assert_int_equal(errno, EEXIST);
    }
    if (text_starts(text, "-> ")) {
        assert_int_equal(symlink(text + strlen("-> "), whole), 0);
        return;
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    head[18] = (unsigned char)number;
    if (is_snap) {
        memcpy(head, "hsqs", 5);
        memcpy(head + 40, &number, sizeof(number)); /* of a machine that is little-endian */
    }
    assert_true(is_program || is_snap ? fwrite(head, is_snap ? 48 : sizeof(head), 1, file) == 1
                                      : fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(whole, is_program ? 0755 : 0644), 0);
    assert_int_equal(utimensat(AT_FDCWD, whole, built, 0), 0);
}

struct file {
    const char *path,
        *text; /* without a text the path is the name of a unit, which is enabled; a word is a setting (said_of) */
};
static const struct file *given;

static const char *setting(const char *name, const char *usual)
{
    for (int i = 0; i < MAX_FILES && given[i].path; i++)
        if (strcmp(given[i].path, name) == 0)
            return given[i].text;
    return usual;
}

static void put_all(const struct file files[MAX_FILES])
{
    char path[PATH_SIZE];

    assert_int_equal(nftw(root, forget, 8, FTW_DEPTH | FTW_PHYS), 0);
    given = files;
    for (int i = 0; i < MAX_FILES && files[i].path; i++) {
        if (files[i].text && files[i].path[0] == '/')
            put(files[i].path, files[i].text);
        if (files[i].text)
            continue;
        (void)text_set(path, sizeof(path), "/usr/lib/systemd/system/%s", files[i].path);
        put(path, "[Service]\n");
        (void)text_set(path, sizeof(path), "/etc/systemd/system/basic.target.wants/%s",
                       files[i].path);
        put(path, "[Service]\n");
    }
}

/* "fatal: evidence; evidence", "? why it cannot be judged", or what was seen. */
static const char *said_of(const char *name)
{
    static struct agent_facts agent;
    static char said[8 * LINE_SIZE];
    struct image_request asked = request;
    struct image image = {.root = root,
                          .request = &asked,
                          .report = &report,
                          .agent = &agent,
                          .machine = atoi(setting("machine", "62")),
                          .systemd = atoi(setting("systemd", "257"))};
    size_t i = text_find(name, &checks[0].name, sizeof(checks[0]), COUNT_OF(checks));

    assert_true(i < COUNT_OF(checks));
    agent = (struct agent_facts){.installed = ANSWER_YES, .unit = "amazon-ssm-agent.service"};
    asked.region = setting("region", request.region);
    asked.config_error = setting("config-error", "");
    asked.max_age_days = atoi(setting("max-age", "90"));
    (void)text_set(image.program, PATH_SIZE, "%s", setting("program", "/usr/bin/amazon-ssm-agent"));
    (void)text_set(image.snap, PATH_SIZE, "%s", setting("snap", ""));
    (void)text_set(agent.version, sizeof(agent.version), "%s", setting("version", ""));
    (void)text_set(agent.registered_as, NAME_SIZE, "%s", setting("registered", ""));
    (void)text_set(agent.registration_file, PATH_SIZE, "/reg");
    agent.registered_whole = setting("key", "x")[0];
    (void)text_set(agent.unfinished, sizeof(agent.unfinished), "%s", setting("unfinished", ""));
    (void)text_set(agent.ssl_cert_file, PATH_SIZE, "%s", setting("ssl-cert-file", ""));
    (void)text_set(agent.ssl_cert_dir, PATH_SIZE, "%s", setting("ssl-cert-dir", ""));
    (void)text_set(agent.sdk_bundle, PATH_SIZE, "%s", setting("sdk-bundle", ""));
    report = (struct image_report){.n_findings = 0};
    report.checks[i].status = STATUS_PASS;
    image.number = (int)i + 1;
    unit_boot_read(root, "multi-user.target", "", &image.boot);
    agent_read_config(root, &agent, &image.overrides);
    checks[i].judge(&image);
    (void)text_set(said, sizeof(said), "%s%s",
                   report.checks[i].status == STATUS_UNKNOWN ? "? " : "", report.checks[i].summary);
    for (int32_t f = 0; f < report.n_findings; f++) {
        const struct image_finding *finding = &report.findings[f];
        (void)text_add(said, sizeof(said), "%s%s", said[0] ? "; " : "",
                       finding->severity == SEVERITY_FATAL     ? "fatal: "
                       : finding->severity == SEVERITY_WARNING ? "warning: "
                                                               : "note: ");
        for (int32_t e = 0; e < finding->n_evidence; e++)
            (void)text_add(said, sizeof(said), "%s%s", e > 0 ? "; " : "", finding->evidence[e]);
    }
    return said;
}

static void assert_says(const char *check, const struct file files[MAX_FILES], const char *wanted)
{
    put_all(files);
    const char *said = said_of(check);
    if (strcmp(said, wanted) == 0)
        return;
    for (int i = 0; i < MAX_FILES && files[i].path; i++)
        print_error("%s\n%s\n", files[i].path, files[i].text ? files[i].text : "(enabled)");
    fail_msg("%s: \"%s\", not \"%s\"", check, said, wanted);
}

/* --- what the rules of a firewall let out --- */

#define NFT "/etc/nftables.conf"
#define IPTABLES "/etc/sysconfig/iptables"
#define CHAIN "table inet f {\nchain out {\ntype filter hook output priority 0; policy "
#define USERS "only some users"

static const struct {
    bool drops; /* what no rule is about */
    const char *rules;
    const char *shut; /* what is not let out, of 443, the metadata service and 53 */
} nft_rules[] = {
    {false, "", ""},
    {true, "", "443 IMDS 53"},
    {true, "tcp dport 443 accept\nudp dport 53 accept\ntcp dport 80 accept", ""},
    {true, "tcp dport 443 accept\nudp dport 53 accept", "IMDS"},
    {true, "tcp dport 443 accept comment \"dport 80\"", "IMDS 53"},
    {false, "udp dport 53 reject with tcp reset", "53"},
    /* ranges, their ends included */
    {true, "tcp dport 1-442 accept\nudp dport 54-60 accept", "443 53"},
    {true, "tcp dport 443-500 accept\nudp dport 50-53 accept", "IMDS"},
    {true, "tcp dport 80-443 accept\nudp dport 53-53 accept", ""},
    {true, "tcp dport 444-500 accept\nudp dport 53 accept", "443 IMDS"},
    {true, "tcp dport { https, http } accept\nudp dport domain accept", ""},
    {false, "tcp dport 442 drop", ""},
    {false, "tcp dport 443-443 drop", "443"},
    {false, "tcp dport 80-81 drop", "IMDS"},
    {false, "tcp dport 52-54 reject", ""}, /* names are asked by UDP */
    {false, "udp dport 52-54 reject", "53"},
    {false, "udp dport 443 drop", ""},
    /* the first that is about it decides */
    {false, "tcp dport 443 accept\ntcp dport 443 drop", ""},
    {false, "tcp dport 443 drop\ntcp dport 443 accept", "443"},
    /* what is about something else */
    {false, "oif lo drop", ""},
    {false, "icmp drop", ""},
    {false, "ct state established drop", ""},
    {false, "ct state new drop", "443 IMDS 53"},
    {false, "tcp sport 22 drop", ""},
    {false, "tcp sport 1024-65535 tcp dport 443 drop", "443"},
    {false, "skuid 1000 drop", ""},
    {false, "skuid root tcp dport 443 drop", "443"},
    {false, "skuid 0 tcp dport 443 drop", "443"},
    {false, "skuid != root tcp dport 443 drop", ""},
    {false, "skuid 1000 ip daddr 169.254.169.254 drop", ""}, /* neither the agent nor the program */
    {false, "log prefix \"tcp drop\" accept\ndrop", ""},
    /* places */
    {false, "ip daddr 169.254.169.254 drop", "IMDS"},
    {false, "ip daddr 169.254.0.0/16 drop", "IMDS"},
    {false, "ip daddr 0.0.0.0/0 tcp dport 80 drop", "IMDS"},
    {false, "ip daddr 10.0.0.0/8 drop", ""},
    {true, "ip daddr 169.254.169.254 accept\ntcp dport 443 accept", "53"},
    {true, "ip daddr 10.0.1.7 tcp dport 443 accept\nudp dport 53 accept\ntcp dport 80 accept", ""},
    {true, "ip daddr 10.0.1.7/32 accept\nudp dport 53 accept\ntcp dport 80 accept", "443"},
    {true, "ip daddr 10.0.0.0/8 accept\ntcp dport 80 accept", "?"},
    {true, "ip daddr 198.51.100.0/24 accept\ntcp dport 80 accept", "443 53"},
    /* what no line says alone */
    {false, "jump other", "?"},
    {false, "tcp dport @ports drop", "?"},
    {false, "tcp dport $ports drop", "?"},
    {false, "limit rate 1/second drop", "?"},
    {false, "tcp dport != 443 drop", "?"},
    {false, "ip daddr != 10.0.0.0/8 drop", "?"},
    {false, "include \"other.nft\"\ndrop", "?"},
    {false, "include \"/etc/none.nft\"\ndrop", "?"},
    {false, "include \"/etc/*.none\"\ndrop", "443 IMDS 53"},
    /* other chains */
    {false, "}\nchain in {\ntype filter hook input priority 0; policy drop;\ndrop", ""},
    {true, "accept\n}\nchain more {\ntype filter hook output priority 1; policy drop;\n",
     "443 IMDS 53"},
    {true, "drop\n}\nchain more {\ntype filter hook output priority 1; policy accept;\n",
     "443 IMDS 53"},
    {false, "}\n}\ntable ip6 s {\nchain out {\ntype filter hook output priority 0; policy drop;\n",
     ""},
    {false, "reject with tcp reset", "443 IMDS 53"}, /* what follows says how */
    {false, "drop comment tcp", "443 IMDS 53"},
    {false, "goto other", "?"},
    {false, "oifname lo drop", ""},
    {false, "oifname eth0 drop", "443 IMDS 53"},
    {false, "icmpv6 type echo-request drop", ""},
    {false, "tcp dport vmap @verdicts drop", "?"},
    {false, "skgid 1000 drop", "?"},
    {false, "tcp dport 443 ct state established drop", ""},
    {true, "ip daddr 172.16.0.0/12 accept\ntcp dport 80 accept", "?"},
    {true, "ip daddr 192.168.0.0/16 accept\ntcp dport 80 accept", "?"},
    {true, "ip daddr 100.64.0.0/10 accept\ntcp dport 80 accept", "?"},
    {true, "ip6 daddr fd00::/8 accept\ntcp dport 80 accept", "?"},
    {true, "ip6 daddr fc00::/7 accept\ntcp dport 80 accept", "?"},
    {true, "ip daddr 10.0.1.7 accept\ntcp dport 80 accept", "443 53"},
    {false, "ip daddr != 169.254.169.254 tcp dport 443 accept\ndrop", "IMDS 53"},
    {false, "jump other\ntcp dport 443 drop", "?"},
    {true, "jump other\n}\nchain more {\ntype filter hook output priority 1; policy drop;\n",
     "443 IMDS 53"},
    {false, "accept\n}\nchain in {\ntype filter hook input priority 0; policy accept;\ndrop", ""},
    {false,
     "}\n}\ntable ip6 s {\nchain out {\ntype filter hook output priority 0;\n}\n}\ntable ip s {\nchain out {\ntype filter hook output priority 0; policy drop;\n",
     "443 IMDS 53"},
    {false, "skuid root tcp dport 80 accept\ntcp dport 80 drop", USERS},
    {false, "skuid root ip daddr 169.254.169.254 accept\nip daddr 169.254.169.254 drop", USERS},
    {false, "skuid != root ip daddr 169.254.169.254 drop", USERS},
};

/* The evidence in short. */
static const char *shut(const char *path, const char *wanted)
{
    static char text[LINE_SIZE];

    if (!wanted[0])
        return "";
    if (strcmp(wanted, "?") == 0)
        (void)text_set(text, sizeof(text), "? %s: what it includes or jumps to decides", path);
    else if (strcmp(wanted, USERS) == 0)
        (void)text_set(text, sizeof(text),
                       "warning: %s lets only some users to " IMDS
                       ": ssm-preflight runs as a user of its own",
                       path);
    else
        (void)text_set(text, sizeof(text), "fatal: %s does not let out what goes to%s%s%s", path,
                       strstr(wanted, "443") ? " port 443" : "",
                       strstr(wanted, "IMDS") ? " " IMDS : "",
                       strstr(wanted, "53") ? " port 53" : "");
    return text;
}

static void test_what_the_rules_of_nftables_let_out(void **state)
{
    char text[2 * LINE_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(nft_rules); i++) {
        (void)text_set(text, sizeof(text), CHAIN "%s;\n%s\n}\n}\n",
                       nft_rules[i].drops ? "drop" : "accept", nft_rules[i].rules);
        const struct file files[MAX_FILES] = {{"nftables.service", NULL}, {NFT, text}};
        assert_says("firewall", files, shut(NFT, nft_rules[i].shut));
    }
}

/* --- every other check --- */

/* clang-format off */
#define ON(unit) {unit, NULL}
static const struct {
    const char *check;
    struct file files[MAX_FILES];
    const char *said;
} rows[] = {
    /* iptables, ufw and firewalld */
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*nat\n-A OUTPUT -j DROP\n*filter\n-A INPUT -j DROP\n"}}, ""},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n:OUTPUT DROP [0:0]\n"}},
     "fatal: /etc/sysconfig/iptables does not let out what goes to port 443 169.254.169.254 port 53"},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-P OUTPUT DROP\n"}},
     "fatal: /etc/sysconfig/iptables does not let out what goes to port 443 169.254.169.254 port 53"},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n:OUTPUT REJECT [0:0]\n"}},
     "fatal: /etc/sysconfig/iptables does not let out what goes to port 443 169.254.169.254 port 53"},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n:INPUT DROP [0:0]\n"}}, ""},
    {"firewall", {ON("iptables.service"),
      {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -p tcp --dport 443 -j DROP\n-I OUTPUT -p tcp --dport 443 -j ACCEPT\n"}}, ""},
    {"firewall", {ON("iptables.service"),
      {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -p tcp --dport 443 -j DROP\n-A OUTPUT -p tcp --dport 443 -j ACCEPT\n"}},
     "fatal: /etc/sysconfig/iptables does not let out what goes to port 443"},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -p tcp -m multiport --dports 25,440:443 -j DROP\n"}},
     "fatal: /etc/sysconfig/iptables does not let out what goes to port 443"},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -m state --state NEW -j DROP\n"}},
     "fatal: /etc/sysconfig/iptables does not let out what goes to port 443 169.254.169.254 port 53"},
    {"firewall", {ON("iptables.service"),
      {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -m comment --comment \"no drop\" -j LOG\n-A OUTPUT -j ACCEPT\n"}}, ""},
    {"firewall", {{"/etc/sysconfig/iptables", "*filter\n:OUTPUT DROP [0:0]\n"}}, ""},
    {"firewall", {ON("iptables.service"), {"/etc/iptables/rules.v4", "*filter\n:OUTPUT DROP [0:0]\n"}},
     "fatal: /etc/iptables/rules.v4 does not let out what goes to port 443 169.254.169.254 port 53"},
    {"firewall", {ON("ufw.service"), {"/etc/ufw/ufw.conf", "ENABLED=no\n export ENABLED='yes'\n"}, {"/etc/default/ufw", "DEFAULT_OUTPUT_POLICY=DROP\n"},
      {"/etc/ufw/user.rules", "-A ufw-user-output -p tcp --dport 443 -j ACCEPT\n-A ufw-before-output -p tcp --dport 80 -j ACCEPT\n-A ufw-user-input -j ACCEPT\n"}},
     "fatal: /etc/ufw/user.rules does not let out what goes to port 53"},
    {"firewall", {ON("ufw.service"), {"/etc/ufw/ufw.conf", "ENABLED=no\n"}, {"/etc/default/ufw", "DEFAULT_OUTPUT_POLICY=DROP\n"},
      {"/etc/ufw/user.rules", "-A ufw-user-output -j DROP\n"}}, ""},
    {"firewall", {ON("ufw.service"), {"/etc/ufw/ufw.conf", "ENABLED=yes\n"}, {"/etc/default/ufw", "DEFAULT_OUTPUT_POLICY=ACCEPT\n"},
      {"/etc/ufw/user.rules", "-A ufw-user-output -p udp --dport 53 -j DROP\n-I ufw-user-output -p udp --dport 53 -j ACCEPT\n"}}, ""},
    {"firewall", {ON("ufw.service"), {"/etc/ufw/ufw.conf", "ENABLED=yes\n"}, {"/etc/default/ufw", "DEFAULT_OUTPUT_POLICY=ACCEPT\n"},
      {"/etc/ufw/user.rules", "-A ufw-user-output -p udp --dport 53 -j REJECT\n"}},
     "fatal: /etc/ufw/user.rules does not let out what goes to port 53"},
    {"firewall", {ON("firewalld.service"),
      {"/etc/firewalld/direct.xml", "<rule chain=\"OUTPUT\">-p tcp --dport 443 -j DROP</rule>\n<rule chain=\"INPUT\">-j DROP</rule>\n"}},
     "fatal: /etc/firewalld/direct.xml does not let out what goes to port 443"},
    {"firewall", {ON("firewalld.service"), {"/etc/firewalld/policies/a.xml", "x"}}, "? /etc/firewalld/policies/a.xml decides what may leave"},
    /* an address or an interface of the build */
    {"network", {ON("NetworkManager.service"), {"/etc/sysconfig/network-scripts/ifcfg-eth0", "BOOTPROTO=dhcp\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/sysconfig/network-scripts/ifcfg-eth0", "BOOTPROTO=none\n"}},
     "NetworkManager.service; fatal: /etc/sysconfig/network-scripts/ifcfg-eth0: BOOTPROTO=none"},
    {"network", {ON("NetworkManager.service"), {"/etc/sysconfig/network-scripts/ifcfg-eth0", "HWADDR=0a:00:00:00:00:01\n"}},
     "NetworkManager.service; fatal: /etc/sysconfig/network-scripts/ifcfg-eth0: HWADDR=0a:00:00:00:00:01"},
    {"network", {ON("NetworkManager.service"), {"/etc/sysconfig/network-scripts/ifcfg-eth0", "IPADDR0='10.0.0.5'\n"}},
     "NetworkManager.service; fatal: /etc/sysconfig/network-scripts/ifcfg-eth0: IPADDR0='10.0.0.5'"},
    {"network", {ON("NetworkManager.service"), {"/etc/sysconfig/network-scripts/ifcfg-eth0", "IPADDR=\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/sysconfig/network-scripts/ifcfg-eth0", "TYPE=Bridge\nIPADDR=10.0.0.5\n"}},
     "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/sysconfig/network-scripts/ifcfg-lo", "IPADDR=127.0.0.1\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/NetworkManager/system-connections/a.nmconnection", "mac-address=0A:00:00:00:00:01\n"}},
     "NetworkManager.service; warning: /etc/NetworkManager/system-connections/a.nmconnection: mac-address=0A:00:00:00:00:01"},
    {"network", {ON("NetworkManager.service"), {"/etc/NetworkManager/system-connections/a.nmconnection", "mac-address=0A:00:00:00:00:01\n"},
      {"/etc/NetworkManager/NetworkManager.conf", "no-auto-default=*\n"}},
     "NetworkManager.service; fatal: /etc/NetworkManager/system-connections/a.nmconnection: mac-address=0A:00:00:00:00:01"},
    {"network", {ON("NetworkManager.service"), {"/etc/systemd/network/a.network", "Gateway=10.0.0.1\n"}},
     "NetworkManager.service; fatal: /etc/systemd/network/a.network: Gateway=10.0.0.1"},
    {"network", {ON("NetworkManager.service"), {"/etc/systemd/network/a.network", "Gateway=_dhcp4\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/10.yaml", "addresses: [10.0.0.5/24]\n"}},
     "NetworkManager.service; fatal: /etc/netplan/10.yaml: addresses: [10.0.0.5/24]"},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/10.yaml", "addresses: [10.0.0.2]\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/10.yaml", "- 10.0.0.5/24\n"}},
     "NetworkManager.service; fatal: /etc/netplan/10.yaml: - 10.0.0.5/24"},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/10.yaml", "- 10.0.0.2\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/10.yaml", "- to/here\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/network/interfaces", "iface lo inet static\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/network/interfaces", "iface eth0 inet static\n"}},
     "NetworkManager.service; fatal: /etc/network/interfaces: iface eth0 inet static"},
    {"network", {ON("NetworkManager.service"), {"/etc/network/interfaces", "iface ens192 inet dhcp\n"}},
     "NetworkManager.service; warning: /etc/network/interfaces: iface ens192 inet dhcp, a name that interfaces of EC2 do not have"},
    {"network", {ON("NetworkManager.service"), {"/etc/network/interfaces", "iface ens1920 inet dhcp\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/network/interfaces", "iface xens33 inet dhcp\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/cloud/cloud.cfg", "x: y\n"},
      {"/etc/netplan/10.yaml", "# Created by cloud-init\naddresses: [10.0.0.5/24]\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/cloud/cloud.cfg", "network: {config: disabled}\n"},
      {"/etc/netplan/10.yaml", "# Created by cloud-init\naddresses: [10.0.0.5/24]\n"}},
     "NetworkManager.service; fatal: /etc/netplan/10.yaml: addresses: [10.0.0.5/24]"},
    {"network", {ON("NetworkManager.service"), {"/etc/cloud/cloud.cfg", "x: y\n"}, {"/etc/netplan/10.yaml", "ens192:\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/udev/rules.d/1.rules", "ATTR{address}==\"0a:00:00:00:00:01\", NAME=\"lan0\"\n"}},
     "NetworkManager.service; warning: /etc/udev/rules.d/1.rules names an interface by its MAC address"},
    {"network", {ON("NetworkManager.service"), {"/etc/udev/rules.d/1.rules", "ATTR{address}==\"0a:00:00:00:00:01\", NAME=\"lan0\"\n"},
      {"/etc/network/interfaces", "auto lan0\n"}},
     "NetworkManager.service; fatal: /etc/udev/rules.d/1.rules names an interface by its MAC address, and settings are for this name"},
    {"network", {ON("NetworkManager.service"), {"/etc/udev/rules.d/1.rules", "ATTR{address}==\"0a:00:00:00:00:01\", NAME=\"lan0\"\n"},
      {"/etc/network/interfaces", "auto lan0\n"}, {"/etc/kernel/cmdline", "net.ifnames=0\n"}},
     "NetworkManager.service; warning: /etc/udev/rules.d/1.rules names an interface by its MAC address"},
    {"network", {ON("NetworkManager.service"), {"/etc/cloud/cloud.cfg", "x: y\n"},
      {"/etc/udev/rules.d/70-persistent-net.rules", "ATTR{address}==\"0a:00:00:00:00:01\", NAME=\"lan0\"\n"},
      {"/etc/network/interfaces", "auto lan0\n"}}, "NetworkManager.service"},
    /* who asks for an address */
    {"network", {{NULL, NULL}},
     "fatal: none of systemd-networkd.service networking.service NetworkManager.service wicked.service dhcpcd.service network.service connman.service is enabled"},
    {"network", {{"/usr/sbin/netplan", "x"}}, "netplan or a script brings it up"},
    {"network", {ON("systemd-networkd.service")}, "fatal: systemd-networkd.service is enabled, and no .network file says DHCP=yes"},
    {"network", {ON("systemd-networkd.service"), {"/etc/systemd/network/a.network", "DHCP=yes\n"}}, "systemd-networkd.service"},
    {"network", {ON("systemd-networkd.service"), {"/etc/systemd/network/a.network", "DHCP=no\n"}},
     "fatal: systemd-networkd.service is enabled, and no .network file says DHCP=yes"},
    {"network", {ON("systemd-networkd.service"), {"/usr/lib/systemd/network/80-container-host0.network", "DHCP=yes\n"}},
     "fatal: systemd-networkd.service is enabled, and no .network file says DHCP=yes"},
    {"network", {ON("systemd-networkd.service"), {"/etc/cloud/cloud.cfg", "x: y\n"}}, "systemd-networkd.service"},
    {"network", {ON("networking.service")}, "fatal: networking.service is enabled, and there is no DHCP client"},
    {"network", {ON("networking.service"), {"/usr/sbin/dhclient", "x"}},
     "fatal: networking.service is enabled, and no interface of its files asks by DHCP"},
    {"network", {ON("networking.service"), {"/usr/sbin/dhclient", "x"}, {"/etc/network/interfaces", "iface eth0 inet dhcp\n"}}, "networking.service"},
    {"network", {ON("networking.service"), {"/sbin/udhcpc", "x"}, {"/etc/cloud/cloud.cfg", "x: y\n"}}, "networking.service"},
    /* who writes resolv.conf */
    {"resolver", {{NULL, NULL}}, "fatal: no /etc/resolv.conf, and nothing that is enabled writes it"},
    {"resolver", {ON("systemd-resolved.service")}, "no /etc/resolv.conf: the first boot writes it"},
    {"resolver", {ON("NetworkManager.service")}, "no /etc/resolv.conf: the first boot writes it"},
    {"resolver", {{"/etc/resolv.conf", "nameserver 192.168.1.1\nnameserver 127.0.0.1\n"}},
     "fatal: /etc/resolv.conf is a file with the server 192.168.1.1"},
    {"resolver", {{"/etc/resolv.conf", "nameserver 127.0.0.1\nnameserver 169.254.169.253\nnameserver 192.168.1.1\n"}},
     "fatal: /etc/resolv.conf is a file with the server 192.168.1.1"},
    {"resolver", {{"/etc/resolv.conf", "nameserver 169.254.169.253\nnameserver 127.0.0.1\n"}},
     "? /etc/resolv.conf names a resolver on this machine, 127.0.0.1"},
    {"resolver", {{"/etc/resolv.conf", "nameserver 169.254.169.253\nnameserver fd00:ec2::253\n"}}, ""},
    {"resolver", {{"/etc/resolv.conf", "nameserver 127.0.0.1\n"}}, "? /etc/resolv.conf names a resolver on this machine, 127.0.0.1"},
    {"resolver", {{"/etc/resolv.conf", "nameserver ::1\n"}}, "? /etc/resolv.conf names a resolver on this machine, ::1"},
    {"resolver", {{"/etc/resolv.conf", "nameserver ::1\n"}, ON("systemd-resolved.service")}, ""},
    {"resolver", {{"/etc/resolv.conf", "nameserver 192.168.1.1\n"}, ON("NetworkManager.service")}, "each lease writes /etc/resolv.conf anew"},
    {"resolver", {{"/etc/resolv.conf", "nameserver 192.168.1.1\n"}, ON("NetworkManager.service"),
      {"/etc/NetworkManager/NetworkManager.conf", "dns=none\n"}}, "fatal: /etc/resolv.conf is a file with the server 192.168.1.1"},
    {"resolver", {{"/etc/resolv.conf", "nameserver 192.168.1.1\n"}, ON("NetworkManager.service"),
      {"/etc/NetworkManager/NetworkManager.conf", "rc-manager=unmanaged\n"}}, "fatal: /etc/resolv.conf is a file with the server 192.168.1.1"},
    {"resolver", {{"/etc/resolv.conf", "nameserver 192.168.1.1\n"}, ON("NetworkManager.service"),
      {"/etc/NetworkManager/NetworkManager.conf", "dns=default\nrc-manager=file\n"}}, "each lease writes /etc/resolv.conf anew"},
    {"resolver", {{"/etc/resolv.conf", "nameserver 192.168.1.1\n"}, ON("wicked.service")}, "each lease writes /etc/resolv.conf anew"},
    {"resolver", {{"/etc/resolv.conf", "nameserver 192.168.1.1\n"}, ON("networking.service")},
     "fatal: /etc/resolv.conf is a file with the server 192.168.1.1"},
    {"resolver", {{"/etc/resolv.conf", "nameserver 192.168.1.1\n"}, ON("networking.service"), {"/sbin/dhcpcd", "x"}},
     "each lease writes /etc/resolv.conf anew"},
    {"resolver", {{"/etc/resolv.conf", "-> /run/systemd/resolve/stub-resolv.conf"}},
     "fatal: /etc/resolv.conf leads to /run/systemd/resolve/stub-resolv.conf, and what writes that is not enabled"},
    {"resolver", {{"/etc/resolv.conf", "-> /run/systemd/resolve/stub-resolv.conf"}, ON("systemd-resolved.service")},
     "/etc/resolv.conf leads to /run/systemd/resolve/stub-resolv.conf"},
    {"resolver", {{"/etc/resolv.conf", "-> /run/resolvconf/resolv.conf"}},
     "fatal: /etc/resolv.conf leads to /run/resolvconf/resolv.conf, and what writes that is not enabled"},
    {"resolver", {{"/etc/resolv.conf", "-> /run/resolvconf/resolv.conf"}, ON("NetworkManager.service")},
     "/etc/resolv.conf leads to /run/resolvconf/resolv.conf"},
    {"resolver", {{"/etc/resolv.conf", "-> /etc/none"}}, "fatal: /etc/resolv.conf leads to /etc/none, which is not there"},
    {"resolver", {{"/etc/resolv.conf", "-> /etc/none"}, ON("NetworkManager.service")},
     "warning: /etc/resolv.conf leads to /etc/none, which is not there"},
    {"resolver", {ON("NetworkManager.service"), {"/etc/nsswitch.conf", "hosts:\tfiles\n"}},
     "no /etc/resolv.conf: the first boot writes it; fatal: /etc/nsswitch.conf: hosts: files"},
    {"resolver", {ON("NetworkManager.service"), {"/etc/nsswitch.conf", "hosts: files resolve\n"}}, "no /etc/resolv.conf: the first boot writes it"},
    {"resolver", {ON("NetworkManager.service"), {"/etc/nsswitch.conf", "hosts:\tfiles\tdns\n"}}, "no /etc/resolv.conf: the first boot writes it"},
    {"resolver", {ON("NetworkManager.service"), ON("dnsmasq.service"), {"/etc/dnsmasq.conf", "server=192.168.1.1\n"}},
     "no /etc/resolv.conf: the first boot writes it; warning: /etc/dnsmasq.conf: dnsmasq.service asks 192.168.1.1"},
    {"resolver", {ON("NetworkManager.service"), ON("dnsmasq.service"), {"/etc/dnsmasq.conf", "server=169.254.169.253\n"}},
     "no /etc/resolv.conf: the first boot writes it"},
    {"resolver", {ON("NetworkManager.service"), {"/etc/dnsmasq.conf", "server=192.168.1.1\n"}}, "no /etc/resolv.conf: the first boot writes it"},
    /* names that are pinned */
    {"hosts", {{"/etc/hosts", "10.0.0.1 ssm.eu-west-1.amazonaws.com\n"}}, "fatal: /etc/hosts: ssm.eu-west-1.amazonaws.com"},
    {"hosts", {{"/etc/hosts", "10.0.0.1 SSMMESSAGES.eu-west-1.api.aws # x\n"}}, "fatal: /etc/hosts: ssmmessages.eu-west-1.api.aws"},
    {"hosts", {{"/etc/hosts", "10.0.0.1 SSM.EU-WEST-1.AMAZONAWS.COM\n"}}, "fatal: /etc/hosts: ssm.eu-west-1.amazonaws.com"},
    {"hosts", {{"/etc/hosts", "10.0.0.1 ec2messages.eu-west-1.amazonaws.com\n"}}, "warning: /etc/hosts: ec2messages.eu-west-1.amazonaws.com"},
    {"hosts", {{"/etc/hosts", "10.0.0.1 ssm.example.com s3.amazonaws.com # ssm.amazonaws.com\n"}}, ""},
    {"hosts", {{"/etc/hosts", "10.0.0.1 instance-data\n10.0.0.2 metadata.ec2.internal\n10.0.0.3 instance-data.ec2.internal\n"}},
     "warning: /etc/hosts: instance-data is 10.0.0.1; /etc/hosts: metadata.ec2.internal is 10.0.0.2; /etc/hosts: instance-data.ec2.internal is 10.0.0.3"},
    {"hosts", {{"/etc/hosts", "169.254.169.254 instance-data\nfd00:ec2::254 instance-data\n"}}, ""},
    {"hosts", {{"/etc/hosts", "10.0.0.1 proxy ssm.eu-west-1.amazonaws.com s3 ec2messages.eu-west-1.amazonaws.com\n"}},
     "fatal: /etc/hosts: ssm.eu-west-1.amazonaws.com; /etc/hosts: ec2messages.eu-west-1.amazonaws.com"},
    /* routes, and settings of the kernel */
    {"routes", {{"/etc/rc.local", "ip route add blackhole 169.254.169.254\n"}}, "fatal: /etc/rc.local: ip route add blackhole 169.254.169.254"},
    {"routes", {{"/etc/rc.local", "ip route add unreachable 169.254.0.0/16\n"}}, "fatal: /etc/rc.local: ip route add unreachable 169.254.0.0/16"},
    {"routes", {{"/etc/rc.local", "ip route add blackhole 192.0.2.0/24\n"}}, ""},
    {"routes", {{"/etc/rc.local", "ip route add 169.254.169.254 dev eth0\n"}}, ""},
    {"routes", {
      {"/etc/systemd/network/a.network", "[Route]\nType=unicast\nDestination=169.254.169.254\n[Route]\nDestination=192.0.2.0/24\nType=blackhole\n"}},
     ""},
    {"routes", {{"/etc/systemd/network/a.network", "[Route]\nType=prohibit\nDestination=169.254.169.254\n"}},
     "fatal: /etc/systemd/network/a.network: a route to 169.254. that is none: Destination=169.254.169.254"},
    {"routes", {{"/etc/systemd/network/a.network", "[Route]\nDestination=169.254.169.254\n[Route]\nType=prohibit\n"}}, ""},
    {"routes", {{"/etc/sysctl.conf", "net.ipv4.conf.all.arp_ignore = 8\nnet.ipv4.ip_default_ttl=1\n"}},
     "fatal: /etc/sysctl.conf: net.ipv4.conf.all.arp_ignore = 8, no ARP request is answered; /etc/sysctl.conf: net.ipv4.ip_default_ttl = 1, no packet passes a router"},
    {"routes", {{"/etc/sysctl.conf", "net.ipv4.conf.all.arp_ignore = 1\nnet.ipv4.ip_default_ttl=64\n"}}, ""},
    /* whether it runs, and asks EC2 */
    {"cloud-init", {{NULL, NULL}}, "no cloud-init in this image"},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "x: y\n"}}, ""},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "datasource_list: [ NoCloud, None ]\n"}},
     "warning: /etc/cloud/cloud.cfg: datasource_list is without Ec2: [ NoCloud, None ]"},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "datasource_list: [ NoCloud,\n Ec2 ]\n"}}, ""},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "datasource_list:\n- NoCloud\n- Ec2\nx: y\n"}}, ""},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "datasource_list:\n- NoCloud\nx: y\n- Ec2\n"}},
     "warning: /etc/cloud/cloud.cfg: datasource_list is without Ec2: - NoCloud"},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "datasource_list: []\n"}}, ""},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "datasource_list: Ec2\n- NoCloud\n"}}, ""},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "datasource_list: [ None ]\n- Ec2\n"}},
     "warning: /etc/cloud/cloud.cfg: datasource_list is without Ec2: [ None ]"},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "x: y\n"}, {"/var/lib/cloud/seed/nocloud/meta-data", "x"}},
     "warning: /var/lib/cloud/seed/nocloud/meta-data comes before EC2's user data"},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "datasource_list: [ Ec2 ]\n"}, {"/var/lib/cloud/seed/nocloud/meta-data", "x"}}, ""},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "datasource_list: [ NoCloud, Ec2 ]\n"}, {"/var/lib/cloud/seed/nocloud-net/meta-data", "x"}},
     "warning: /var/lib/cloud/seed/nocloud-net/meta-data comes before EC2's user data"},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "manual_cache_clean: true\n"}}, ""},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "manual_cache_clean: true\n"}, {"/var/lib/cloud/instance", "x"}},
     "warning: /etc/cloud/cloud.cfg: manual_cache_clean, and the build instance's data is left"},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "manual_cache_clean: false\n"}, {"/var/lib/cloud/instance", "x"}}, ""},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "disable_ec2_metadata: no\n"}}, ""},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "disable_ec2_metadata: yes\n"}},
     "fatal: /etc/cloud/cloud.cfg: disable_ec2_metadata adds a route that rejects 169.254.169.254"},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "x: y\n"}, {"/etc/cloud/cloud-init.disabled", ""}}, "warning: /etc/cloud/cloud-init.disabled"},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "x: y\n"}, {"/usr/lib/systemd/system/cloud-final.service", ""}},
     "warning: cloud-final.service is masked"},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "x: y\n"}, {"/etc/kernel/cmdline", "quiet cloud-init=disabled\n"}},
     "warning: /etc/kernel/cmdline: cloud-init=disabled"},
    /* what only one machine may have */
    {"identity", {{"/etc/machine-id", "0123456789abcdef0123456789abcdef\n"}}, "warning: /etc/machine-id holds an identity"},
    {"identity", {{"/etc/machine-id", "0123456789abcdef0123456789abcde\n"}}, ""},
    {"identity", {{"/etc/machine-id", "0123456789abcdef0123456789abcdeg\n"}}, ""},
    {"identity", {{"/etc/machine-id", "uninitialized\n"}}, ""},
    {"identity", {{"/etc/ssh/ssh_host_rsa_key", "x"}, {"/etc/ssh/ssh_host_rsa_key.pub", "x"}, {"/etc/ssh/my_key", "x"}},
     "warning: /etc/ssh/ssh_host_rsa_key"},
    {"identity", {{"/var/lib/cloud/instances/i-0/x", "x"}, {"/var/lib/cloud/instances/iid/x", "x"}}, "warning: /var/lib/cloud/instances/i-0"},
    /* file systems of fstab */
    {"mounts", {{"/etc/fstab", "/dev/xvda1 / ext4 defaults 0 1\n"}}, ""},
    {"mounts", {{"/etc/fstab", "/dev/nvme0n1p1 /data ext4 defaults\n"}}, ""},
    {"mounts", {{"/etc/fstab", "/dev/nvme1n1 /data ext4 defaults\n"}},
     "fatal: /etc/fstab: /dev/nvme1n1 on /data without nofail: emergency mode without it"},
    {"mounts", {{"/etc/fstab", "/dev/nvme1n1 / ext4 defaults\n"}}, ""},
    {"mounts", {{"/etc/fstab", "/dev/nvme1n1 /data ext4 defaults,nofail\n"}}, ""},
    {"mounts", {{"/etc/fstab", "/dev/sdb /data ext4 noauto\n"}}, ""},
    {"mounts", {{"/etc/fstab", "/dev/xvdb none swap sw\n"}}, "warning: /etc/fstab: /dev/xvdb as swap without nofail: the boot waits 90 s for it"},
    {"mounts", {{"/etc/fstab", "/dev/vda1 /data xfs defaults\n"}}, "fatal: /etc/fstab: /dev/vda1 on /data without nofail: emergency mode without it"},
    {"mounts", {{"/etc/fstab", "/dev/vda1 / xfs defaults\n"}}, ""},
    {"mounts", {{"/etc/fstab", "/dev/sdb /data\n"}}, ""},
    {"mounts", {{"/etc/fstab", "/dev/sdb /data ext4 x-systemd.automount\n"}}, ""},
    {"mounts", {{"/etc/fstab", "UUID=1 / ext4 defaults\nUUID=1 /snapshots btrfs defaults\n"}}, ""},
    {"mounts", {{"/etc/fstab", "UUID=2 /data ext4 defaults\n"}},
     "warning: /etc/fstab: UUID=2 on /data without nofail: emergency mode where no disk has it"},
    {"mounts", {{"/etc/fstab", "LABEL=b /boot/efi vfat defaults\nLABEL=h /home ext4 defaults\nLABEL=s none swap sw\nLABEL=r / ext4 defaults\n"}}, ""},
    {"mounts", {{"/etc/fstab", "LABEL=h /homes ext4 defaults\n"}},
     "warning: /etc/fstab: LABEL=h on /homes without nofail: emergency mode where no disk has it"},
    {"mounts", {{"/etc/fstab", "PARTUUID=2 /va ext4 defaults\n"}},
     "warning: /etc/fstab: PARTUUID=2 on /va without nofail: emergency mode where no disk has it"},
    {"mounts", {{"/etc/fstab", "tmpfs /usr tmpfs noexec\n"}}, "fatal: /etc/fstab: /usr is noexec, and the agent is there"},
    {"mounts", {{"/etc/fstab", "tmpfs /var/lib tmpfs noexec,nodev\n"}},
     "warning: /etc/fstab: /var/lib is noexec, and the agent runs documents below it"},
    {"mounts", {{"/etc/fstab", "tmpfs /tmp tmpfs noexec\n"}},
     "note: /etc/fstab: /tmp is noexec, where AWS-JoinDirectoryServiceDomain unpacks its program"},
    {"mounts", {{"/etc/fstab", "tmpfs /data tmpfs noexec\n"}}, ""},
    {"mounts", {{"/etc/fstab", "UUID=1 / ext4 ro\n"}}, "fatal: /etc/fstab: / is read-only, and nothing makes /var/lib/amazon /etc/amazon writable"},
    {"mounts", {{"/etc/fstab", "UUID=1 / ext4 ro\ntmpfs /var tmpfs rw\n"}},
     "fatal: /etc/fstab: / is read-only, and nothing makes /etc/amazon writable"},
    {"mounts", {{"/etc/fstab", "UUID=1 / ext4 ro\ntmpfs /etc/amazon tmpfs rw\n"}},
     "fatal: /etc/fstab: / is read-only, and nothing makes /var/lib/amazon writable"},
    {"mounts", {{"/etc/fstab", "UUID=1 / ext4 ro\ntmpfs /etc tmpfs ro\ntmpfs /var tmpfs ro\n"}},
     "fatal: /etc/fstab: / is read-only, and nothing makes /var/lib/amazon /etc/amazon writable"},
    {"mounts", {{"/etc/fstab", "UUID=1 / ext4 ro\ntmpfs /etc tmpfs rw\ntmpfs /var/lib/amazon/ssm tmpfs rw\n"}}, ""},
    /* the kernel's command line */
    {"console", {{NULL, NULL}}, "? no boot loader's files in this image"},
    {"console", {{"/boot/grub/grub.cfg", "linux /boot/vmlinuz root=/dev/xvda console=tty0\n"}},
     "warning: no console=ttyS0 in the kernel's command line"},
    {"console", {{"/boot/grub/grub.cfg", "linux /boot/vmlinuz console=ttyS0,115200n8\n"}}, "/boot/grub/grub.cfg"},
    {"console", {{"/boot/grub/grub.cfg", "linux /vmlinuz console=ttyS0 console=null\n"}}, "warning: /boot/grub/grub.cfg: console=null"},
    {"console", {{"/etc/kernel/cmdline", "root=/dev/x console=hvc0\n"}}, "/etc/kernel/cmdline"},
    {"console", {{"/etc/default/grub", "GRUB_CMDLINE_LINUX=console=ttyAMA0\n"}}, "/etc/default/grub"},
    /* kernels that find EC2's disk and network */
    {"drivers", {{NULL, NULL}}, "? no kernel's modules in this image"},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}}, ""},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/nvme.ko:\n"}}, "fatal: /lib/modules/6.1 is without ena"},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\n"}}, "fatal: /lib/modules/6.1 is without nvme"},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "x"}, {"/lib/modules/6.1/modules.builtin", "kernel/ena.ko\nkernel/nvme.ko\n"}}, ""},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}, {"/boot/vmlinuz-6.1", "x"}},
     "fatal: /boot has no initramfs for 6.1, which needs one for nvme"},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}, {"/boot/vmlinuz-6.1", "x"}, {"/boot/initrd.img-6.1", "x"}},
     ""},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}, {"/boot/vmlinuz-6.1", "x"}, {"/boot/initramfs-6.1.img", "x"}},
     ""},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}, {"/boot/vmlinuz-6.1", "x"}, {"/boot/initrd-6.1", "x"}}, ""},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "x"}, {"/boot/vmlinuz-5.10", "x"}}, "? no kernel's modules in this image"},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}, {"/lib/modules/6.1/modules.builtin", "kernel/nvme.ko\n"},
      {"/boot/vmlinuz-6.1", "x"}}, ""},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}, {"/etc/modprobe.d/a.conf", "blacklist ena\n"}},
     "fatal: /etc/modprobe.d/a.conf forbids ena"},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}, {"/etc/modprobe.d/a.conf", "install nvme-core /bin/true\n"}},
     "fatal: /etc/modprobe.d/a.conf forbids nvme_core"},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"},
      {"/etc/modprobe.d/a.conf", "blacklist ena_x\nblacklist en\noptions ena x\n"}}, ""},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"},
      {"/etc/modprobe.d/a.conf", "install ena /sbin/modprobe ena\n"}}, ""},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}, {"/etc/dracut.conf", "omit_drivers+=\" floppy nvme \"\n"}},
     "fatal: /etc/dracut.conf omits nvme: the initramfs finds no disk"},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}, {"/etc/initramfs-tools/initramfs.conf", "MODULES=dep\n"}},
     "warning: /etc/initramfs-tools/initramfs.conf: MODULES=dep, and /etc/initramfs-tools/modules does not name nvme"},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}, {"/etc/initramfs-tools/initramfs.conf", "MODULES=list\n"}},
     "warning: /etc/initramfs-tools/initramfs.conf: MODULES=list, and /etc/initramfs-tools/modules does not name nvme"},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}, {"/etc/initramfs-tools/initramfs.conf", "MODULES=most\n"}},
     ""},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}, {"/etc/initramfs-tools/initramfs.conf", "MODULES=dep\n"},
      {"/etc/initramfs-tools/modules", "nvme\n"}}, ""},
    /* whom the clock is kept by */
    {"time", {ON("chronyd.service")}, "chronyd.service; warning: chronyd.service is enabled, and no file of it names 169.254.169.123"},
    {"time", {ON("chronyd.service"), {"/etc/chrony.conf", "server 169.254.169.123\n"}}, "chronyd.service"},
    {"time", {ON("chronyd.service"), {"/etc/chrony.conf", "! server 169.254.169.123\n% fd00:ec2::123\n"}},
     "chronyd.service; warning: chronyd.service is enabled, and no file of it names 169.254.169.123"},
    {"time", {ON("chronyd.service"), {"/etc/chrony.conf", "server fd00:ec2::123\n"}}, "chronyd.service"},
    {"time", {ON("chronyd.service"), {"/etc/chrony.conf", "refclock PHC /dev/ptp0\n"}}, "chronyd.service"},
    {"time", {ON("chronyd.service"), {"/etc/chrony.conf", "confdir /etc/c.d\n"}, {"/etc/c.d/a.conf", "server 169.254.169.123\n"}}, "chronyd.service"},
    {"time", {ON("chronyd.service"), {"/etc/chrony.conf", "sourcedir /etc/c.d x\n"}, {"/etc/c.d/a.sources", "server 169.254.169.123\n"},
      {"/etc/c.d/a.conf", "x"}}, "chronyd.service"},
    {"time", {ON("chronyd.service"), {"/etc/chrony.conf", "confdir /etc/c.d\n"}, {"/etc/c.d/a.sources", "server 169.254.169.123\n"}},
     "chronyd.service; warning: chronyd.service is enabled, and no file of it names 169.254.169.123"},
    {"time", {ON("chronyd.service"), {"/etc/chrony.conf", "sourcedir /run/chrony.d\n"},
      {"/usr/share/amazon-chrony-config/a.sources", "server 169.254.169.123\n"}}, "chronyd.service"},
    {"time", {ON("chronyd.service"), {"/etc/chrony.conf", "include /etc/chrony.conf\n"}},
     "chronyd.service; warning: chronyd.service is enabled, and no file of it names 169.254.169.123"},
    {"time", {ON("ntp.service"), {"/etc/ntp.conf", "include /etc/x\n"}, {"/etc/x", "server 169.254.169.123\n"}},
     "ntp.service; warning: ntp.service is enabled, and no file of it names 169.254.169.123"},
    {"time", {ON("phc2sys.service")}, "phc2sys.service"},
    {"time", {{NULL, NULL}},
     "warning: none of chronyd.service, chrony.service, systemd-timesyncd.service, ntpd.service, ntp.service, ntpsec.service, openntpd.service, phc2sys.service is enabled"},
    {"time", {ON("chrony.service"), ON("chronyd.service"), {"/etc/chrony.conf", "server 169.254.169.123\n"}}, "chronyd.service"},
    /* whose credentials the agent would take */
    {"credentials", {{"/etc/environment", "AWS_ACCESS_KEY_ID=x\nexport AWS_SESSION_TOKEN=x\n"}},
     "warning: /etc/environment sets AWS_ACCESS_KEY_ID; /etc/environment sets AWS_SESSION_TOKEN"},
    {"credentials", {{"/etc/environment", "MY_AWS_PROFILE=x\nAWS_REGION=x\nAWS_PROFILES=x\n"}}, ""},
    {"credentials", {{"/etc/profile.d/a.sh", "X=1;AWS_PROFILE='x' AWS_ROLE_ARN=y\n"}},
     "warning: /etc/profile.d/a.sh sets AWS_PROFILE; /etc/profile.d/a.sh sets AWS_ROLE_ARN"},
    {"credentials", {{"/root/.aws/credentials", "aws_secret_access_key = x\n"}}, "warning: /root/.aws/credentials: aws_secret_access_key"},
    {"credentials", {{"/root/.aws/config", "role_arn = x\n"}}, "warning: /root/.aws/config: role_arn"},
    {"credentials", {{"/root/.aws/config", "region = x\n"}}, ""},
    {"credentials", {{"/etc/systemd/system/amazon-ssm-agent.service.d/a.conf", "[Service]\nEnvironment=AWS_PROFILE=x\n"}},
     "warning: /etc/systemd/system/amazon-ssm-agent.service.d/a.conf sets AWS_PROFILE"},
    {"credentials", {{"/etc/systemd/system/amazon-ssm-agent.service.d/a.conf", "[Service]\nEnvironmentFile=-/etc/a /etc/b\n"},
      {"/etc/a", "AWS_PROFILE=x\n"}, {"/etc/b", "AWS_CONFIG_FILE=x\n"}}, "warning: /etc/a sets AWS_PROFILE; /etc/b sets AWS_CONFIG_FILE"},
    {"credentials", {{"/etc/systemd/system.conf", "[Manager]\nDefaultEnvironment=AWS_PROFILE=x\n"}},
     "warning: /etc/systemd/system.conf sets AWS_PROFILE"},
    {"credentials", {{"/etc/systemd/system.conf", "[Manager]\nManagerEnvironment=AWS_PROFILE=x\n"}}, ""},
    /* labels and trust */
    {"access-control", {{NULL, NULL}}, ""},
    {"access-control", {{"/etc/selinux/config", "SELINUX=enforcing\n"}}, "? SELinux is enforcing; labels cannot be seen here"},
    {"access-control", {{"/etc/selinux/config", "SELINUX=enforcing\n"}, {"/.autorelabel", ""}}, ""},
    {"access-control", {{"/etc/selinux/config", "SELINUX=permissive\n"}}, ""},
    {"access-control", {ON("fapolicyd.service")},
     "warning: fapolicyd is enabled, and /usr/bin/amazon-ssm-agent is in no rpm database and in no trust file"},
    {"access-control", {ON("fapolicyd.service"), {"/var/lib/rpm/x", "x"}}, "? fapolicyd trusts what is in rpm's database, which is not read here"},
    {"access-control", {ON("fapolicyd.service"), {"/etc/fapolicyd/fapolicyd.trust", "/usr/bin/amazon-ssm-agent 1 2\n"}}, ""},
    /* what a session needs */
    {"sessions", {{"/bin/sh", "x"}, {"/usr/sbin/useradd", "x"}}, ""},
    {"sessions", {{"/bin/sh", "x"}, {"/usr/sbin/useradd", "x"}, {"/etc/passwd", "my-ssm-user:x:1::/h:/sbin/nologin\n"},
      {"/etc/security/access.conf", "-:my-ssm-user:ALL\n"}}, ""},
    {"sessions", {{"/usr/bin/useradd", "x"}}, "warning: there is no /bin/sh"},
    {"sessions", {{"/bin/sh", "x"}}, "warning: no useradd: the agent cannot make ssm-user"},
    {"sessions", {{"/bin/sh", "x"}, {"/etc/passwd", "ssm-user:x:1001:1001::/home/ssm-user:/bin/sh\n"}},
     "warning: ssm-user is there, and /etc/sudoers.d/ssm-agent-users is not: it has no sudo"},
    {"sessions", {{"/bin/sh", "x"}, {"/etc/passwd", "ssm-user:x:1::/h:/bin/sh\n"}, {"/etc/sudoers.d/ssm-agent-users", "x"}},
     "warning: /etc/sudoers.d/ssm-agent-users has the mode 0644: sudo wants 0440"},
    {"sessions", {{"/bin/sh", "x"}, {"/sbin/useradd", "x"}, {"/etc/passwd", "a:x:1::/h:/sbin/nologin\n"},
      {"/etc/security/access.conf", "-:ALL EXCEPT root:ALL\n"}}, "warning: /etc/security/access.conf: -:ALL EXCEPT root:ALL"},
    {"sessions", {{"/bin/sh", "x"}, {"/sbin/useradd", "x"}, {"/etc/security/access.conf", "+:ssm-user:ALL\n-:bob:ALL\n"}}, ""},
    {"sessions", {{"/bin/sh", "x"}, {"/etc/passwd", "ssm-user:x:1::/h:/sbin/nologin\n"}},
     "warning: /etc/passwd: ssm-user cannot log in: /sbin/nologin; ssm-user is there, and /etc/sudoers.d/ssm-agent-users is not: it has no sudo"},
    {"sessions", {{"/bin/sh", "x"}, {"/etc/passwd", "ssm-user:x:1::/h:/bin/false\n"}},
     "warning: /etc/passwd: ssm-user cannot log in: /bin/false; ssm-user is there, and /etc/sudoers.d/ssm-agent-users is not: it has no sudo"},
    /* what holds the agent at its version */
    {"pins", {{"/etc/apt/preferences.d/a", "Package: amazon-ssm-agent\n"}}, "note: /etc/apt/preferences.d/a: amazon-ssm-agent"},
    {"pins", {{"/etc/dnf/dnf.conf", "exclude=kernel amazon-ssm-agent\n"}}, "note: /etc/dnf/dnf.conf: exclude amazon-ssm-agent"},
    {"pins", {{"/etc/dnf/dnf.conf", "amazon-ssm-agent exclude\n"}}, ""},
    {"pins", {{"/etc/dnf/vars/releasever", "2023.6.20250107\n"}},
     "note: /etc/dnf/vars/releasever: 2023., dnf offers nothing newer than this release"},
    {"pins", {{"/etc/dnf/vars/releasever", "latest\n"}}, ""},
    /* what an instance of the build left */
    {"agent-state", {{NULL, NULL}}, "? /var is empty: what is on its own file system was not mounted here"},
    {"agent-state", {{"/var/lib/x", "x"}}, ""},
    {"agent-state", {{"/var/lib/amazon/ssm/i-0/x", "x"}}, "warning: /var/lib/amazon/ssm/i-0"},
    {"agent-state", {{"/var/lib/amazon/ssm/ipc/x", "x"}}, "warning: /var/lib/amazon/ssm/ipc is not empty"},
    {"agent-state", {{"/var/lib/amazon/ssm/credentials", "x"}, {"/var/lib/amazon/ssm/Vault/EC2Manifest", "x"}},
     "warning: /var/lib/amazon/ssm/credentials; /var/lib/amazon/ssm/Vault/EC2Manifest"},
    {"agent-state", {{"/var/lib/x", "x"}, {"/var/log/amazon/ssm/a.log", "x"}}, "warning: /var/log/amazon/ssm is not empty"},
    {"agent-state", {{"/var/lib/amazon/ssm/vi-0/x", "x"}}, ""},
    /* regions and endpoints, for an image of eu-west-1 */
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Agent\":{\"Region\":\"us-west-2\"}}"}},
     "fatal: /etc/amazon/ssm/amazon-ssm-agent.json: Agent.Region is us-west-2, the image is for eu-west-1"},
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Agent\":{\"Region\":\"eu-west-1\"}}"}}, ""},
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Mgs\":{\"Region\":\"us-west-2\"}}"}},
     "fatal: /etc/amazon/ssm/amazon-ssm-agent.json: Mgs.Region is us-west-2, the image is for eu-west-1"},
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Ssm\":{\"Endpoint\":\"ssm.us-west-2.amazonaws.com\"}}"}},
     "fatal: /etc/amazon/ssm/amazon-ssm-agent.json: Ssm.Endpoint is us-west-2, the image is for eu-west-1"},
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Ssm\":{\"Endpoint\":\"ssm.eu-west-1.amazonaws.com\"}}"}}, ""},
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Ssm\":{\"Endpoint\":\"ssm.us-west-2.example.com\"}}"}}, ""},
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Mgs\":{\"Endpoint\":\"vpce-1.ssmmessages.us-west-2.vpce.amazonaws.com\"}}"}},
     "fatal: /etc/amazon/ssm/amazon-ssm-agent.json: Mgs.Endpoint is the endpoint of one VPC, vpce-1.ssmmessages.us-west-2.vpce.amazonaws.com; /etc/amazon/ssm/amazon-ssm-agent.json: Mgs.Endpoint is us-west-2, the image is for eu-west-1"},
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Mds\":{\"Endpoint\":\"ec2messages.us-west-2.amazonaws.com\"}}"}},
     "warning: /etc/amazon/ssm/amazon-ssm-agent.json: Mds.Endpoint is us-west-2, the image is for eu-west-1"},
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"S3\":{\"Region\":\"us-west-2\"}}"}},
     "warning: /etc/amazon/ssm/amazon-ssm-agent.json: S3.Region is us-west-2, the image is for eu-west-1"},
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Ssm\":{\"Endpoint\":\"s3.amazonaws.com\"}}"}}, ""},
    {"agent-registration", {{"registered", "mi-1"}}, "fatal: /reg: registered as mi-1"},
    {"agent-registration", {{"registered", "mi-1"}, {"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Identity\":{\"ConsumptionOrder\":[\"OnPrem\",\"EC2\"]}}"}},
     "fatal: /reg: registered as mi-1"},
    {"agent-registration", {{"registered", "mi-1"}, {"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Identity\":{\"ConsumptionOrder\":[\"EC2\",\"OnPrem\"]}}"}},
     "warning: /reg: registered as mi-1, which Identity.ConsumptionOrder puts behind EC2"},
    {"agent-registration", {{"registered", "mi-1"}, {"key", ""}},
     "warning: /reg: registered as mi-1, which is not complete"},
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Identity\":{\"ConsumptionOrder\":[\"OnPrem\"]}}"}},
     "fatal: /etc/amazon/ssm/amazon-ssm-agent.json: Identity.ConsumptionOrder is without EC2"},
    {"agent-config", {
      {"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Identity\":{\"ConsumptionOrder\":[\"OnPrem\",\"EC2\"]},\"Agent\":{\"ContainerMode\":true}}"}},
     ""},
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Agent\":{\"ContainerMode\":true}}"}},
     "fatal: /etc/amazon/ssm/amazon-ssm-agent.json: Agent.ContainerMode asks ECS"},
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{"}}, "fatal: /etc/amazon/ssm/amazon-ssm-agent.json: line 1: not a JSON object"},
    /* a log configuration that can be read */
    {"agent-log-config", {{"/etc/amazon/ssm/seelog.xml", "<seelog></seelog>"}}, ""},
    {"agent-log-config", {{"/etc/amazon/ssm/seelog.xml", "<seelog><a></seelog>"}}, "warning: /etc/amazon/ssm/seelog.xml is no <seelog> document"},
    {"agent-log-config", {{"/etc/amazon/ssm/seelog.xml", "<seelog><a/></seelog>"}}, ""},
    {"agent-log-config", {{"/etc/amazon/ssm/seelog.xml", "<?xml?><!-- <a> --><seelog><a b='>'/><a b=\"/'>\"></a></seelog>"}}, ""},
    {"agent-log-config", {{"/etc/amazon/ssm/seelog.xml", "<!-- x --><seelog><a></seelog>"}},
     "warning: /etc/amazon/ssm/seelog.xml is no <seelog> document"},
    {"agent-log-config", {{"/etc/amazon/ssm/seelog.xml", "<seelog></seelog><!-- "}}, "warning: /etc/amazon/ssm/seelog.xml is no <seelog> document"},
    {"agent-log-config", {{"/etc/amazon/ssm/seelog.xml", "<seelog></seelog></a><a>"}}, "warning: /etc/amazon/ssm/seelog.xml is no <seelog> document"},
    {"agent-log-config", {{"/etc/amazon/ssm/seelog.xml", "<seelog></seelog><a"}}, "warning: /etc/amazon/ssm/seelog.xml is no <seelog> document"},
    {"agent-log-config", {{"/etc/amazon/ssm/seelog.xml", "<seelog><f filename=\"/data/x.log\"/></seelog>"}},
     "warning: /etc/amazon/ssm/seelog.xml logs to /data, which is not there"},
    {"agent-log-config", {{"/etc/amazon/ssm/seelog.xml", "<seelog><f filename=\"/data/x.log\"/></seelog>"}, {"/data/y", "x"}}, ""},
    {"agent-log-config", {{"/etc/amazon/ssm/seelog.xml", "<seelog><f path=\"/var/log/amazon/ssm/x.log\"/></seelog>"}}, ""},
    {"agent-log-config", {{"/etc/amazon/ssm/seelog.xml", "<seelog><f filename=\"/data/x.log\"/><f path=\"/else/x.log\"/></seelog>"}},
     "warning: /etc/amazon/ssm/seelog.xml logs to /data, which is not there; /etc/amazon/ssm/seelog.xml logs to /else, which is not there"},
    /* the program itself */
    {"preflight", {{NULL, NULL}}, "ssm-preflight is not installed in this image"},
    {"preflight", {ON("ssm-preflight.service")}, "warning: /usr/bin/ssm-preflight is no program"},
    {"preflight", {{"/usr/bin/ssm-preflight", "x"}}, "warning: /usr/bin/ssm-preflight is no program"},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF183"}, ON("ssm-preflight.service")}, "warning: /usr/bin/ssm-preflight is for the machine aarch64"},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service")}, ""},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, {"/usr/lib/systemd/system/ssm-preflight.service", "[Unit]\n"}},
     "warning: ssm-preflight.service is not enabled"},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, {"/usr/lib/systemd/system/ssm-preflight.service", ""}},
     "warning: ssm-preflight.service is masked"},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"), {"/usr/lib/systemd/system/ssm-ready.path", ""}},
     "warning: ssm-ready.path is masked"},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"),
      {"/etc/ssm-preflight/preflight.conf", "ca-file = /etc/none.pem\n"}},
     "warning: /etc/ssm-preflight/preflight.conf: ca-file is /etc/none.pem, which is not there"},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"),
      {"/etc/ssm-preflight/preflight.conf", "ca-file = /etc/ssm-preflight/preflight.conf\n"}}, ""},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"),
      {"/etc/systemd/system/ssm-preflight.service.d/a.conf", "[Service]\nSlice=other.slice\n"}, {"/usr/lib/systemd/system/other.slice", "x"}},
     "warning: /etc/systemd/system/ssm-preflight.service.d/a.conf: Slice=other.slice, which lets no packet through"},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"),
      {"/usr/lib/systemd/system/ssm-preflight.service.d/a.conf", "[Service]\nSlice=system-ssmpreflight.slice\n"}},
     "warning: /usr/lib/systemd/system/ssm-preflight.service.d/a.conf: Slice=system-ssmpreflight.slice, which is not installed"},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"),
      {"/usr/lib/systemd/system/ssm-preflight.service.d/a.conf", "[Service]\nSlice=system-ssmpreflight.slice\n"},
      {"/usr/lib/systemd/system/system-ssmpreflight.slice", "x"}}, ""},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"),
      {"/etc/systemd/system/ssm-preflight.service.d/a.conf", "[Service]\nSlice=other.slice\nIPAddressAllow=any\n"}}, ""},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"), {"/etc/sysctl.conf", "user.max_user_namespaces=0\n"}},
     "warning: user.max_user_namespaces is 0, and the unit has PrivateUsers=yes"},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"), {"/etc/sysctl.conf", "user.max_user_namespaces=1\n"}}, ""},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"), {"/etc/sysctl.conf", "user.max_user_namespaces=0\n"},
      {"/etc/systemd/system/ssm-preflight.service.d/no-user-namespaces.conf", "x"}}, ""},
    /* which target wants it */
    {"agent-starts", {{NULL, NULL}}, "fatal: there is no amazon-ssm-agent.service"},
    {"agent-starts", {ON("amazon-ssm-agent.service")}, "amazon-ssm-agent.service, by multi-user.target"},
    {"agent-starts", {{"/usr/lib/systemd/system/amazon-ssm-agent.service", "x"}},
     "warning: only the presets of the first boot enable amazon-ssm-agent.service, where / can be written by then"},
    {"agent-starts", {{"/usr/lib/systemd/system/amazon-ssm-agent.service", ""}}, "fatal: amazon-ssm-agent.service is masked"},
    {"agent-starts", {{"/etc/systemd/system/default.target", "-> /lib/systemd/system/rescue.target"}, ON("amazon-ssm-agent.service")},
     "amazon-ssm-agent.service, by multi-user.target; fatal: default.target is rescue.target"},
    {"agent-starts", {{"/etc/systemd/system/default.target", "-> graphical.target"}, ON("amazon-ssm-agent.service")},
     "amazon-ssm-agent.service, by graphical.target"},
    {"agent-starts", {{"/usr/lib/systemd/system/amazon-ssm-agent.service", "x"}, {"/etc/machine-id", "0\n"}},
     "fatal: no target that multi-user.target reaches wants amazon-ssm-agent.service (unless user data of each instance enables it)"},
    {"agent-starts", {{"/usr/lib/systemd/system/amazon-ssm-agent.service", "x"}, {"/etc/machine-id", "uninitialized\n"}},
     "warning: only the presets of the first boot enable amazon-ssm-agent.service, where / can be written by then"},
    {"agent-starts", {{"/usr/lib/systemd/system/amazon-ssm-agent.service", "x"},
      {"/etc/systemd/system-preset/1.preset", "disable amazon-*\nenable *\n"}},
     "fatal: no target that multi-user.target reaches wants amazon-ssm-agent.service (unless user data of each instance enables it); warning: /etc/systemd/system-preset/1.preset disables it, and the first boot applies presets"},
    {"agent-starts", {{"/usr/lib/systemd/system/amazon-ssm-agent.service", "x"},
      {"/etc/systemd/system-preset/1.preset", "disable ssh\nenable *\ndisable *\n"}},
     "warning: only the presets of the first boot enable amazon-ssm-agent.service, where / can be written by then"},
    {"agent-starts", {{"/usr/lib/systemd/system/amazon-ssm-agent.service", "x"},
      {"/usr/lib/systemd/system/multi-user.target", "[Unit]\nWants=a.target b.target\n"},
      {"/etc/systemd/system/b.target.requires/amazon-ssm-agent.service", "x"}}, "amazon-ssm-agent.service, by multi-user.target"},
    {"agent-starts", {{"/usr/lib/systemd/system/amazon-ssm-agent.service", "x"}, {"/etc/machine-id", "0\n"},
      {"/usr/lib/systemd/system/multi-user.target", "Wants=b.target\n"}, {"/etc/systemd/system/multi-user.target", "Wants=a.target\n"},
      {"/etc/systemd/system/b.target.wants/amazon-ssm-agent.service", "x"}},
     "fatal: no target that multi-user.target reaches wants amazon-ssm-agent.service (unless user data of each instance enables it)"},
    {"agent-starts", {{"/usr/lib/systemd/system/amazon-ssm-agent.service", "x"}, {"/etc/systemd/system/multi-user.target.wants/c.target", "x"},
      {"/etc/systemd/system/c.target.wants/amazon-ssm-agent.service", "x"}}, "amazon-ssm-agent.service, by multi-user.target"},
    /* before 3.0 the agent was one program, with others for documents and sessions */
    {"agent-whole", {{"version", "2.3.772.0"}},
     "fatal: /usr/bin/amazon-ssm-agent is not there; /usr/bin/ssm-document-worker is not there; /usr/bin/ssm-session-worker is not there"},
    {"agent-whole", {{"version", "3.0.0.0"}},
     "fatal: /usr/bin/amazon-ssm-agent is not there; /usr/bin/ssm-agent-worker is not there; /usr/bin/ssm-document-worker is not there; "
     "/usr/bin/ssm-session-worker is not there"},
    /* how old it is: a day has passed when all of it has */
    {"age", {{"/usr/bin/amazon-ssm-agent", "x"}}, "90 days"},
    {"age", {{NULL, NULL}}, "? /usr/bin/amazon-ssm-agent has no date"},
    /* the versions from which it is new enough */
    {"agent-version", {{NULL, NULL}}, "? the version stands in rpm's database"},
    {"agent-version", {{"version", "2.3.771.9"}}, "fatal: 2.3.771.9 is older than 2.3.772.0, the first with IMDSv2"},
    {"agent-version", {{"version", "2.3.772.0"}},
     "warning: 2.3.772.0 is older than 3.3.40.0: its Run Command goes by ec2messages, whose end is announced"},
    {"agent-version", {{"version", "3.3.39.9"}},
     "warning: 3.3.39.9 is older than 3.3.40.0: its Run Command goes by ec2messages, whose end is announced"},
    {"agent-version", {{"version", "3.3.40.0"}}, "3.3.40.0, by "},
    /* what Go trusts */
    {"ca-bundle", {{NULL, NULL}}, "fatal: none of Go's paths is there, /etc/ssl/certs/ca-certificates.crt and the others"},
    {"ca-bundle", {{"/etc/ssl/certs/ca-certificates.crt", "-> /etc/none"}},
     "fatal: /etc/ssl/certs/ca-certificates.crt leads to /etc/none, which is not there"},
    {"ca-bundle", {{"/etc/ssl/certs/ca-certificates.crt", "x"}}, "fatal: /etc/ssl/certs/ca-certificates.crt holds no certificate"},
    {"ca-bundle", {{"/etc/pki/tls/cert.pem", "-----END CERTIFICATE-----\n"}},
     "fatal: none of Go's paths is there, /etc/ssl/certs/ca-certificates.crt and the others"},
    {"ca-bundle", {{"/etc/ssl/certs/a.pem", amazon_roots_pem}}, "files in Go's folders, 5 of Amazon's roots"},
    /* what a drop-in keeps it from */
    {"agent-unit", {{"/etc/systemd/system/amazon-ssm-agent.service.d/a.conf", "[Service]\nPrivateNetwork=yes\n"}},
     "fatal: /etc/systemd/system/amazon-ssm-agent.service.d/a.conf: PrivateNetwork=yes"},
    {"agent-unit", {{"/run/systemd/system/amazon-ssm-agent.service.d/a.conf", "[Service]\nPrivateNetwork=yes\n"}}, ""},
    {"agent-unit", {{"/etc/systemd/system/amazon-ssm-agent.service.d/a.conf", "[Service]\nNoNewPrivileges=yes\n"}},
     "warning: /etc/systemd/system/amazon-ssm-agent.service.d/a.conf: NoNewPrivileges=yes, ssm-user's sudo will not work"},
    /* what is installed, and whole */
    {"agent-installed", {{NULL, NULL}}, "fatal: no amazon-ssm-agent.service, and no snap in snapd's folders"},
    {"agent-installed", {{"/usr/bin/amazon-ssm-agent", "ELF62"}}, "amazon-ssm-agent, /usr/bin/amazon-ssm-agent"},
    {"agent-installed", {{"/var/lib/snapd/snaps/amazon-ssm-agent_1.snap", "hsqs48"}},
     "amazon-ssm-agent (snap), /var/lib/snapd/snaps/amazon-ssm-agent_1.snap"},
    {"agent-installed", {{"/var/lib/snapd/snaps/amazon-ssm-agent_1.snap", "hsqs48"}, {"/usr/bin/amazon-ssm-agent", "ELF62"}},
     "amazon-ssm-agent (snap), /var/lib/snapd/snaps/amazon-ssm-agent_1.snap"},
    {"agent-installed", {{"/var/lib/snapd/snaps/amazon-ssm-agent_1.snap", "hsqs48"}, {"/usr/bin/amazon-ssm-agent", "ELF62"}, ON("amazon-ssm-agent.service")},
     "amazon-ssm-agent, /usr/bin/amazon-ssm-agent"},
    {"agent-installed", {ON("amazon-ssm-agent.service"), {"/var/lib/x", "x"}},
     "fatal: amazon-ssm-agent.service is there, the program that it starts is not"},
    {"agent-installed", {ON("amazon-ssm-agent.service"), ON("snapd.service"), {"/var/lib/x", "x"}},
     "fatal: amazon-ssm-agent.service is there, the program that it starts is not"},
    {"agent-installed", {ON("amazon-ssm-agent.service")}, "fatal: amazon-ssm-agent.service is there, the program that it starts is not"},
    {"agent-whole", {{"/usr/bin/amazon-ssm-agent", "ELF62"}, {"/usr/bin/ssm-agent-worker", "ELF62"}, {"/usr/bin/ssm-document-worker", "ELF62"}, {"/usr/bin/ssm-session-worker", "ELF62"}},
     ""},
    {"agent-whole", {{"/usr/bin/amazon-ssm-agent", "ELF62"}, {"/usr/bin/ssm-agent-worker", "ELF62"}, {"/usr/bin/ssm-document-worker", "ELF62"}, {"/usr/bin/ssm-session-worker", "ELF62"}, {"unfinished", "dpkg says so"}},
     "fatal: dpkg says so"},
    {"agent-whole", {{"/usr/bin/amazon-ssm-agent", "ELF183"}, {"/usr/bin/ssm-agent-worker", "ELF62"}, {"/usr/bin/ssm-document-worker", "ELF62"}, {"/usr/bin/ssm-session-worker", "ELF62"}},
     "fatal: /usr/bin/amazon-ssm-agent is for the machine aarch64"},
    {"agent-whole", {{"/usr/bin/amazon-ssm-agent", "ELF62"}, {"/usr/bin/ssm-agent-worker", "ELF62"}, {"/usr/bin/ssm-document-worker", "ELF62"}, {"/usr/bin/ssm-session-worker", "ELF183"}},
     "warning: /usr/bin/ssm-session-worker is for the machine aarch64"},
    {"agent-whole", {{"machine", "0"}, {"/usr/bin/amazon-ssm-agent", "ELF62"}, {"/usr/bin/ssm-agent-worker", "ELF62"}, {"/usr/bin/ssm-document-worker", "ELF62"}, {"/usr/bin/ssm-session-worker", "ELF183"}},
     ""},
    {"agent-whole", {{"/usr/bin/amazon-ssm-agent", "#!/bin/sh\n"}, {"/usr/bin/ssm-agent-worker", "ELF62"}, {"/usr/bin/ssm-document-worker", "ELF62"}, {"/usr/bin/ssm-session-worker", "ELF62"}},
     "fatal: /usr/bin/amazon-ssm-agent cannot be executed"},
    {"agent-whole", {{"/usr/bin/amazon-ssm-agent", "ELF62"}, {"/usr/bin/ssm-agent-worker", ""}, {"/usr/bin/ssm-document-worker", "ELF62"}, {"/usr/bin/ssm-session-worker", "ELF62"}},
     "fatal: /usr/bin/ssm-agent-worker is no program"},
    {"agent-whole", {{"program", "/opt/a/amazon-ssm-agent"}, {"/opt/a/amazon-ssm-agent", "ELF62"}, {"/opt/a/ssm-agent-worker", "ELF183"}, {"/usr/bin/ssm-document-worker", "ELF62"}, {"/usr/bin/ssm-session-worker", "ELF62"}},
     "fatal: /opt/a/ssm-agent-worker is for the machine aarch64"},
    {"agent-whole", {{"program", "/opt/a/amazon-ssm-agent"}, {"/opt/a/amazon-ssm-agent", "ELF62"}, {"/usr/bin/ssm-agent-worker", "ELF62"}, {"/usr/bin/ssm-document-worker", "ELF62"}, {"/usr/bin/ssm-session-worker", "ELF62"}},
     ""},
    {"agent-whole", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, {"/var/lib/snapd/snaps/amazon-ssm-agent_1.snap", "hsqs48"}},
     ""},
    {"agent-whole", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, {"/var/lib/snapd/snaps/amazon-ssm-agent_1.snap", "hsqs49"}},
     "fatal: /var/lib/snapd/snaps/amazon-ssm-agent_1.snap is cut: 48 of 49 bytes"},
    {"agent-whole", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, {"/var/lib/snapd/snaps/amazon-ssm-agent_1.snap", "hsqs304"}},
     "fatal: /var/lib/snapd/snaps/amazon-ssm-agent_1.snap is cut: 48 of 304 bytes"},
    {"agent-whole", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, {"/var/lib/snapd/snaps/amazon-ssm-agent_1.snap", "hsqs72057594037927936"}},
     "fatal: /var/lib/snapd/snaps/amazon-ssm-agent_1.snap is cut: 48 of 72057594037927936 bytes"},
    {"agent-whole", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, {"/var/lib/snapd/snaps/amazon-ssm-agent_1.snap", "hsq? a text that is longer than the head of a snap is, by some words"}},
     "fatal: /var/lib/snapd/snaps/amazon-ssm-agent_1.snap is no squashfs image"},
    {"agent-whole", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, {"/var/lib/snapd/snaps/amazon-ssm-agent_1.snap", "hsq"}},
     "fatal: /var/lib/snapd/snaps/amazon-ssm-agent_1.snap is no squashfs image"},
    {"one-agent", {{NULL, NULL}}, ""},
    {"one-agent", {{"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}},
     "warning: /var/lib/snapd/snaps/amazon-ssm-agent_1.snap and /usr/bin/amazon-ssm-agent"},
    {"one-agent", {{"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, {"program", ""}}, ""},
    /* how old */
    {"age", {{"/usr/bin/amazon-ssm-agent", "ELF62"}, {"max-age", "89"}}, "warning: /usr/bin/amazon-ssm-agent is 90 days old, --max-age is 89"},
    {"age", {{"/usr/bin/amazon-ssm-agent", "ELF62"}, {"max-age", "0"}}, "not asked: no --max-age"},
    {"age", {{"program", ""}}, "not asked: no --max-age"},
    {"age", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, {"/var/lib/snapd/snaps/amazon-ssm-agent_1.snap", "x"}},
     "90 days"},
    {"agent-version", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}}, "? the version stands in the snap itself"},
    /* when it starts */
    {"agent-starts", {{"/etc/systemd/system/default.target", "-> emergency.target"}, ON("amazon-ssm-agent.service")},
     "amazon-ssm-agent.service, by multi-user.target; fatal: default.target is emergency.target"},
    {"agent-starts", {{"/etc/systemd/system/default.target", "-> halt.target"}, ON("amazon-ssm-agent.service")},
     "amazon-ssm-agent.service, by multi-user.target; fatal: default.target is halt.target"},
    {"agent-starts", {{"/etc/systemd/system/default.target", "-> poweroff.target"}, ON("amazon-ssm-agent.service")},
     "amazon-ssm-agent.service, by multi-user.target; fatal: default.target is poweroff.target"},
    {"agent-starts", {{"/etc/systemd/system/default.target", "-> reboot.target"}, ON("amazon-ssm-agent.service")},
     "amazon-ssm-agent.service, by multi-user.target; fatal: default.target is reboot.target"},
    {"agent-starts", {{"/usr/lib/systemd/system/amazon-ssm-agent.service", "x"}, {"/etc/systemd/system/sysinit.target.wants/amazon-ssm-agent.service", "x"}},
     "amazon-ssm-agent.service, by multi-user.target"},
    {"agent-starts", {{"/usr/lib/systemd/system/amazon-ssm-agent.service", "x"}, {"/etc/systemd/system/sockets.target.wants/amazon-ssm-agent.service", "x"}},
     "amazon-ssm-agent.service, by multi-user.target"},
    {"agent-starts", {{"/usr/lib/systemd/system/amazon-ssm-agent.service", "x"}, {"/etc/systemd/system/timers.target.wants/amazon-ssm-agent.service", "x"}},
     "amazon-ssm-agent.service, by multi-user.target"},
    {"agent-starts", {{"/usr/lib/systemd/system/amazon-ssm-agent.service", "x"}, {"/etc/systemd/system/cloud-init.target.wants/amazon-ssm-agent.service", "x"}},
     "amazon-ssm-agent.service, by multi-user.target"},
    {"agent-starts", {{"/usr/local/lib/systemd/system/amazon-ssm-agent.service", "x"}, {"/usr/local/lib/systemd/system/multi-user.target.wants/amazon-ssm-agent.service", "x"}},
     "amazon-ssm-agent.service, by multi-user.target"},
    {"agent-starts", {{"/lib/systemd/system/amazon-ssm-agent.service", "x"}, {"/lib/systemd/system/multi-user.target.wants/amazon-ssm-agent.service", "x"}},
     "amazon-ssm-agent.service, by multi-user.target"},
    {"agent-starts", {{"/etc/systemd/system/amazon-ssm-agent.service", "-> /dev/null"}, {"/usr/lib/systemd/system/amazon-ssm-agent.service", "x"}},
     "fatal: amazon-ssm-agent.service is masked"},
    {"agent-starts", {{"/etc/systemd/system/amazon-ssm-agent.service", "-> /lib/systemd/system/x.service"}, {"/lib/systemd/system/x.service", "x"}, {"/etc/systemd/system/basic.target.wants/amazon-ssm-agent.service", "x"}},
     "amazon-ssm-agent.service, by multi-user.target"},
    {"agent-starts", {{"/usr/lib/systemd/system/amazon-ssm-agent.service", "x"}, {"/usr/lib/systemd/system/multi-user.target", "[Unit]\nRequires=x.service b.target\n"}, {"/etc/systemd/system/b.target.wants/amazon-ssm-agent.service", "x"}},
     "amazon-ssm-agent.service, by multi-user.target"},
    {"agent-starts", {{"/usr/lib/systemd/system/amazon-ssm-agent.service", "x"}, {"/usr/lib/systemd/system/multi-user.target", "[Unit]\nBindsTo=x.service b.target\n"}, {"/etc/systemd/system/b.target.wants/amazon-ssm-agent.service", "x"}},
     "amazon-ssm-agent.service, by multi-user.target"},
    {"agent-starts", {{"/usr/lib/systemd/system/amazon-ssm-agent.service", "x"}, {"/usr/lib/systemd/system/multi-user.target", "After=b.target\n"}, {"/etc/systemd/system/b.target.wants/amazon-ssm-agent.service", "x"}},
     "warning: only the presets of the first boot enable amazon-ssm-agent.service, where / can be written by then"},
    {"agent-starts", {ON("amazon-ssm-agent.service"), {"/usr/lib/systemd/system-preset/1.preset", "disable\ndisable *\n"}, {"systemd", "252"}},
     "amazon-ssm-agent.service, by multi-user.target"},
    {"agent-starts", {ON("amazon-ssm-agent.service"), {"/usr/lib/systemd/system-preset/1.preset", "disable\ndisable *\n"}, {"systemd", "253"}},
     "amazon-ssm-agent.service, by multi-user.target; warning: /usr/lib/systemd/system-preset/1.preset disables it, and the first boot applies presets"},
    {"agent-starts", {ON("amazon-ssm-agent.service"), {"/usr/lib/systemd/system-preset/1.preset", "disable *\n"}, {"/etc/systemd/system-preset/0.preset", "enable amazon-ssm-agent.service\n"}},
     "amazon-ssm-agent.service, by multi-user.target"},
    {"agent-starts", {ON("amazon-ssm-agent.service"), {"/usr/lib/systemd/system-preset/1.preset", "disable *\n"}, {"/etc/machine-id", "0123456789abcdef0123456789abcdef\n"}},
     "amazon-ssm-agent.service, by multi-user.target"},
    {"agent-starts", {ON("amazon-ssm-agent.service"), {"/lib/systemd/system-preset/1.preset", "disable *\n"}},
     "amazon-ssm-agent.service, by multi-user.target; warning: /lib/systemd/system-preset/1.preset disables it, and the first boot applies presets"},
    {"agent-starts", {{"program", ""}, {"snap", "/var/lib/snapd/seed/snaps/amazon-ssm-agent_1.snap"}},
     "snapd installs it from the seed at the first boot"},
    {"agent-starts", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}}, "fatal: there is no amazon-ssm-agent.service"},
    {"agent-starts", {{"snap", "/var/lib/snapd/seed/snaps/amazon-ssm-agent_1.snap"}}, "fatal: there is no amazon-ssm-agent.service"},
    /* what starts a snap */
    {"snapd", {{NULL, NULL}}, "the agent is no snap"},
    {"snapd", {{"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}}, "the agent is no snap"},
    {"snapd", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}}, "fatal: there is no snapd.service: snapd was removed"},
    {"snapd", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, ON("snapd.service"), ON("snapd.socket"), ON("snapd.seeded.service")},
     ""},
    {"snapd", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, {"/usr/lib/systemd/system/snapd.service", "x"}, {"/usr/lib/systemd/system/snapd.socket", "x"}, {"/usr/lib/systemd/system/snapd.seeded.service", "x"}},
     "fatal: snapd.socket is not enabled; snapd.seeded.service is not enabled"},
    {"snapd", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, {"/usr/lib/systemd/system/snapd.service", ""}, {"/usr/lib/systemd/system/snapd.socket", ""}, {"/usr/lib/systemd/system/snapd.seeded.service", ""}},
     "fatal: snapd.service is masked; snapd.socket is masked; snapd.seeded.service is masked"},
    {"snapd", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, ON("snapd.service"), {"/etc/systemd/system/snap-amazon\\x2dssm\\x2dagent-1.mount", "x"}},
     "fatal: snap-amazon\\\\x2dssm\\\\x2dagent-1.mount is not enabled"},
    {"snapd", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, ON("snapd.service"), {"/etc/systemd/system/snap-amazon\\x2dssm\\x2dagent-1.mount", "x"}, {"/etc/systemd/system/multi-user.target.wants/snap-amazon\\x2dssm\\x2dagent-1.mount", "x"}},
     ""},
    {"snapd", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, ON("snapd.service"), {"/etc/systemd/system/a.mount", "x"}, {"/etc/systemd/system/snap-amazon\\x2dssm\\x2dagent-1.mount", "x"}},
     "fatal: snap-amazon\\\\x2dssm\\\\x2dagent-1.mount is not enabled"},
    {"snapd", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, ON("snapd.service"), {"/etc/modprobe.d/a.conf", "install squashfs /bin/false\n"}},
     "fatal: /etc/modprobe.d/a.conf forbids squashfs"},
    {"snapd", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, ON("snapd.service"), {"/usr/lib/systemd/system/apparmor.service", ""}},
     "fatal: apparmor.service is masked: who loads the profile of snap-confine?"},
    {"snapd", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, ON("snapd.service"), {"/usr/lib/systemd/system/apparmor.service", ""}, ON("snapd.apparmor.service")},
     "warning: apparmor.service is masked: who loads the profile of snap-confine?"},
    {"snapd", {{"program", ""}, {"snap", "/var/lib/snapd/snaps/amazon-ssm-agent_1.snap"}, ON("snapd.service"), {"/usr/lib/systemd/system/apparmor.service", ""}, {"/etc/kernel/cmdline", "apparmor=0\n"}},
     ""},
    /* configuration */
    {"agent-config", {{"region", ""}, {"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Agent\":{\"Region\":\"us-west-2\"}}"}},
     "? /etc/amazon/ssm/amazon-ssm-agent.json names a region or an endpoint: say --region for which the image is"},
    {"agent-config", {{"region", ""}, {"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Ssm\":{\"Endpoint\":\"ssm.us-west-2.amazonaws.com\"}}"}},
     "? /etc/amazon/ssm/amazon-ssm-agent.json names a region or an endpoint: say --region for which the image is"},
    {"agent-config", {{"region", ""}, {"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Ssm\":{\"Endpoint\":\"x\"}}"}},
     "? /etc/amazon/ssm/amazon-ssm-agent.json names a region or an endpoint: say --region for which the image is"},
    {"agent-config", {{"region", ""}, {"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Mgs\":{\"Endpoint\":\"ssmmessages.us-west-2.amazonaws.com\"}}"}}, ""},
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"S3\":{\"Endpoint\":\"s3.us-west-2.amazonaws.com\"},\"Kms\":{\"Endpoint\":\"kms.us-west-1.amazonaws.com\"}}"}},
     "warning: /etc/amazon/ssm/amazon-ssm-agent.json: S3.Endpoint is us-west-2, the image is for eu-west-1; /etc/amazon/ssm/amazon-ssm-agent.json: Kms.Endpoint is us-west-1, the image is for eu-west-1"},
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Ssm\":{\"Endpoint\":\"vpce-1\"}}"}},
     "warning: /etc/amazon/ssm/amazon-ssm-agent.json: Ssm.Endpoint is the endpoint of one VPC, vpce-1"},
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Ssm\":{\"Endpoint\":\"localhost\"}}"}}, ""},
    {"agent-config", {{"/etc/amazon/ssm/amazon-ssm-agent.json", "{\"Identity\":{\"ConsumptionOrder\":[\"EC2\"]}}"}}, ""},
    {"agent-log-config", {{"/etc/amazon/ssm/seelog.xml", "<!-- x --><!-- y --><seelog><a></a></seelog>"}}, ""},
    {"agent-log-config", {{"/etc/amazon/ssm/seelog.xml", "<a></a>"}}, "warning: /etc/amazon/ssm/seelog.xml is no <seelog> document"},
    {"agent-log-config", {{"/etc/amazon/ssm/seelog.xml", "<seelog/>"}}, "warning: /etc/amazon/ssm/seelog.xml is no <seelog> document"},
    {"agent-log-config", {{"/etc/amazon/ssm/seelog.xml", "<seelog><f filename=\"/a/x\"/><f filename=\"/b/x\"/></seelog>"}},
     "warning: /etc/amazon/ssm/seelog.xml logs to /a, which is not there; /etc/amazon/ssm/seelog.xml logs to /b, which is not there"},
    {"agent-state", {{"/var/lib/amazon/ssm/update/x", "x"}, {"/var/lib/amazon/ssm/surveyor/x", "x"}},
     "warning: /var/lib/amazon/ssm/update is not empty; /var/lib/amazon/ssm/surveyor is not empty"},
    {"agent-state", {{"/var/lib/amazon/ssm/runtimeconfig/identity_config.json", "x"}, {"/var/lib/amazon/ssm/Vault/Store/EC2RegistrationKey", "x"}, {"/var/lib/amazon/ssm/Vault/Store/InstanceFingerprint", "x"}},
     "warning: /var/lib/amazon/ssm/runtimeconfig/identity_config.json; /var/lib/amazon/ssm/Vault/Store/EC2RegistrationKey; /var/lib/amazon/ssm/Vault/Store/InstanceFingerprint"},
    {"agent-state", {{"/var/lib/amazon/ssm/a/x", "x"}, {"/var/lib/amazon/ssm/i-1/x", "x"}}, "warning: /var/lib/amazon/ssm/i-1"},
    /* the program itself: its units, and settings */
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"), {"systemd", "238"}}, "warning: systemd 238 is older than 239"},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"), {"systemd", "239"}}, ""},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"), {"systemd", "0"}}, ""},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"), {"config-error", "no such key"}}, "warning: no such key"},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF183"}, ON("ssm-preflight.service"), {"machine", "0"}}, ""},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}}, ""},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"), {"/usr/lib/systemd/system/ssm-preflight-follow.service", ""}},
     "warning: ssm-preflight-follow.service is masked"},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"), {"/usr/lib/systemd/system/ssm-preflight-fixed.path", ""}},
     "warning: ssm-preflight-fixed.path is masked"},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"), {"/usr/lib/systemd/system/system-ssmpreflight.slice", ""}},
     "warning: system-ssmpreflight.slice is masked"},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"), {"/etc/ssm-preflight/preflight.conf", "ca-file = \n"}}, ""},
    {"preflight", {{"/usr/bin/ssm-preflight", "ELF62"}, ON("ssm-preflight.service"), {"/etc/ssm-preflight/preflight.conf.d/a.conf", "ca-file = /etc/none.pem\n"}},
     "warning: /etc/ssm-preflight/preflight.conf.d/a.conf: ca-file is /etc/none.pem, which is not there"},
    /* rules of a firewall elsewhere */
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -p tcp --destination-port 443 -j DROP\n"}},
     "fatal: /etc/sysconfig/iptables does not let out what goes to port 443"},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -p tcp --sport 443 -j DROP\n"}}, ""},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -p tcp --sports 443 -j DROP\n"}}, ""},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -d 169.254.169.254 -j DROP\n"}},
     "fatal: /etc/sysconfig/iptables does not let out what goes to 169.254.169.254"},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -d 169.254.169.253 -j DROP\n"}}, ""},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -g other\n"}},
     "? /etc/sysconfig/iptables: what it includes or jumps to decides"},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -j NFLOG\n-A OUTPUT -j LOG --log-prefix \"drop \"\n-A OUTPUT -j REJECT --reject-with tcp-reset\n"}},
     "fatal: /etc/sysconfig/iptables does not let out what goes to port 443 169.254.169.254 port 53"},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -o lo -j DROP\n"}}, ""},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -o eth0 -j DROP\n"}},
     "fatal: /etc/sysconfig/iptables does not let out what goes to port 443 169.254.169.254 port 53"},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j DROP\n"}}, ""},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -m conntrack --ctstate NEW -p udp -j DROP\n"}},
     "fatal: /etc/sysconfig/iptables does not let out what goes to port 53"},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -m owner --uid-owner 1000 -j DROP\n"}}, ""},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -m owner ! --uid-owner 0 -d 169.254.169.254 -j DROP\n"}},
     "warning: /etc/sysconfig/iptables lets only some users to 169.254.169.254: ssm-preflight runs as a user of its own"},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -m owner --gid-owner 0 -j DROP\n"}},
     "? /etc/sysconfig/iptables: what it includes or jumps to decides"},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -m set --match-set a dst -j DROP\n"}},
     "? /etc/sysconfig/iptables: what it includes or jumps to decides"},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT -p ipv6-icmp -j DROP\n-A OUTPUT -p icmpv6 -j DROP\n"}}, ""},
    {"firewall", {ON("iptables.service"), {"/etc/sysconfig/iptables", "*filter\n-A OUTPUT ! -d 10.0.0.0/8 -p tcp -j DROP\n"}},
     "? /etc/sysconfig/iptables: what it includes or jumps to decides"},
    {"firewall", {ON("netfilter-persistent.service"), {"/etc/iptables/rules.v4", "*filter\n-A OUTPUT -p udp -j DROP\n"}},
     "fatal: /etc/iptables/rules.v4 does not let out what goes to port 53"},
    {"firewall", {ON("nftables.service"), {"/etc/sysconfig/nftables.conf", "table inet f {\nchain o {\ntype filter hook output priority 0; policy drop;\n}\n}\n"}},
     "fatal: /etc/sysconfig/nftables.conf does not let out what goes to port 443 169.254.169.254 port 53"},
    {"firewall", {ON("ufw.service"), {"/etc/ufw/ufw.conf", "ENABLED=yes\n"}, {"/etc/ufw/user.rules", "-A ufw-user-output -j DROP\n"}}, ""},
    {"firewall", {ON("firewalld.service"), {"/etc/firewalld/policies/a.xml", "x"}, {"/etc/firewalld/policies/b.xml", "x"}, {"/etc/firewalld/policies/c.conf", "x"}},
     "? /etc/firewalld/policies/b.xml decides what may leave"},
    {"firewall", {ON("firewalld.service"), {"/etc/firewalld/direct.xml", "<rule chain=\"OUTPUT\"\n<rule chain=\"OUTPUT\">-p udp -j DROP</rule>\n"}},
     "fatal: /etc/firewalld/direct.xml does not let out what goes to port 53"},
    /* an address of the build, in each of the forms */
    {"network", {ON("NetworkManager.service"), {"/etc/sysconfig/network-scripts/ifcfg-eth0", "BOOTPROTO=static\n"}},
     "NetworkManager.service; fatal: /etc/sysconfig/network-scripts/ifcfg-eth0: BOOTPROTO=static"},
    {"network", {ON("NetworkManager.service"), {"/etc/sysconfig/network-scripts/ifcfg-eth0", "BOOTPROTO=\"static\"\n"}},
     "NetworkManager.service; fatal: /etc/sysconfig/network-scripts/ifcfg-eth0: BOOTPROTO=\"static\""},
    {"network", {ON("NetworkManager.service"), {"/etc/sysconfig/network-scripts/ifcfg-eth0", "IPADDR_1=10.0.0.5\n"}},
     "NetworkManager.service; fatal: /etc/sysconfig/network-scripts/ifcfg-eth0: IPADDR_1=10.0.0.5"},
    {"network", {ON("NetworkManager.service"), {"/etc/NetworkManager/system-connections/a.nmconnection", "method=manual\n"}},
     "NetworkManager.service; fatal: /etc/NetworkManager/system-connections/a.nmconnection: method=manual"},
    {"network", {ON("NetworkManager.service"), {"/etc/NetworkManager/system-connections/a.nmconnection", "method=auto\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/systemd/network/a.network", "MACAddress=0a:00:00:00:00:01\n"}},
     "NetworkManager.service; fatal: /etc/systemd/network/a.network: MACAddress=0a:00:00:00:00:01"},
    {"network", {ON("NetworkManager.service"), {"/etc/systemd/network/a.network", "Address=10.0.0.5/24\n"}},
     "NetworkManager.service; fatal: /etc/systemd/network/a.network: Address=10.0.0.5/24"},
    {"network", {ON("NetworkManager.service"), {"/etc/systemd/network/a.network", "Address=10.0.0.5/24\nName=docker0\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/network/interfaces", "hwaddress ether 0a:00:00:00:00:01\n"}},
     "NetworkManager.service; fatal: /etc/network/interfaces: hwaddress ether 0a:00:00:00:00:01"},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/10.yaml", "macaddress: 0a:00:00:00:00:01\n"}},
     "NetworkManager.service; fatal: /etc/netplan/10.yaml: macaddress: 0a:00:00:00:00:01"},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/10.yaml", "gateway4: 10.0.0.1\n"}},
     "NetworkManager.service; fatal: /etc/netplan/10.yaml: gateway4: 10.0.0.1"},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/10.yaml", "- a/b\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/10.yaml", "- \"10.0.0.5/24\"\n"}},
     "NetworkManager.service; fatal: /etc/netplan/10.yaml: - \"10.0.0.5/24\""},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/10.yaml", "addresses: []\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/10.yaml", "addresses: [a, 10.0.0.5/24]\n"}},
     "NetworkManager.service; fatal: /etc/netplan/10.yaml: addresses: [a, 10.0.0.5/24]"},
    {"network", {ON("NetworkManager.service"), {"/etc/network/interfaces", "auto \"ens33\"\n"}},
     "NetworkManager.service; warning: /etc/network/interfaces: auto \"ens33\", a name that interfaces of EC2 do not have"},
    {"network", {ON("NetworkManager.service"), {"/etc/network/interfaces", "iface ens18 inet static\n"}},
     "NetworkManager.service; fatal: /etc/network/interfaces: iface ens18 inet static"},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/50-cloud-init.yaml", "gateway4: 10.0.0.1\n"}},
     "NetworkManager.service; fatal: /etc/netplan/50-cloud-init.yaml: gateway4: 10.0.0.1"},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/50-cloud-init.yaml", "gateway4: 10.0.0.1\n"}, {"/etc/cloud/cloud.cfg", "x: y\n"}},
     "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/10.yaml", "gateway4: 10.0.0.1\n"}, {"/etc/cloud/cloud.cfg", "x: y\n"}},
     "NetworkManager.service; fatal: /etc/netplan/10.yaml: gateway4: 10.0.0.1"},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/10.yaml", "# provided by the datasource\ngateway4: 10.0.0.1\n"}, {"/etc/cloud/cloud.cfg", "x: y\n"}},
     "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/50-cloud-init.yaml", "gateway4: 10.0.0.1\n"}, {"/etc/cloud/cloud.cfg", "x: y\n"}, {"/etc/cloud/cloud-init.disabled", ""}},
     "NetworkManager.service; fatal: /etc/netplan/50-cloud-init.yaml: gateway4: 10.0.0.1"},
    {"network", {ON("NetworkManager.service"), {"/etc/netplan/50-cloud-init.yaml", "gateway4: 10.0.0.1\n"}, {"/etc/cloud/cloud.cfg", "x: y\n"}, {"/usr/lib/systemd/system/cloud-init-local.service", ""}},
     "NetworkManager.service; fatal: /etc/netplan/50-cloud-init.yaml: gateway4: 10.0.0.1"},
    {"network", {ON("NetworkManager.service"), {"/etc/udev/rules.d/1.rules", "ATTR{address}==\"0a:00:00:00:00:01\", NAME=\"\"\n"}},
     "NetworkManager.service; warning: /etc/udev/rules.d/1.rules names an interface by its MAC address"},
    {"network", {ON("NetworkManager.service"), {"/etc/udev/rules.d/1.rules", "SUBSYSTEM==\"net\", NAME=\"lan0\"\n"}}, "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/udev/rules.d/70-persistent-net.rules", "ATTR{address}==\"0a:00:00:00:00:01\", NAME=\"lan0\"\n"}, {"/etc/cloud/cloud.cfg", "x: y\n"}},
     "NetworkManager.service; warning: /etc/udev/rules.d/70-persistent-net.rules names an interface by its MAC address"},
    {"network", {ON("NetworkManager.service"), {"/etc/udev/rules.d/70-persistent-net.rules", "ATTR{address}==\"0a:00:00:00:00:01\", NAME=\"lan0\"\n"}, {"/etc/cloud/cloud.cfg", "x: y\n"}, {"/etc/sysconfig/network-scripts/ifcfg-lo", "x\n"}},
     "NetworkManager.service"},
    {"network", {ON("NetworkManager.service"), {"/etc/udev/rules.d/1.rules", "ATTR{address}==\"0a:00:00:00:00:01\", NAME=\"lan0\"\n"}, {"/etc/cloud/cloud.cfg", "x: y\n"}, {"/etc/network/interfaces", "x\n"}},
     "NetworkManager.service; warning: /etc/udev/rules.d/1.rules names an interface by its MAC address"},
    {"network", {ON("systemd-networkd.service"), {"/usr/lib/systemd/network/80-vm-vt.network", "DHCP=yes\n"}},
     "fatal: systemd-networkd.service is enabled, and no .network file says DHCP=yes"},
    {"network", {ON("systemd-networkd.service"), {"/usr/lib/systemd/network/80-namespace-ns.network", "DHCP=yes\n"}},
     "fatal: systemd-networkd.service is enabled, and no .network file says DHCP=yes"},
    {"network", {ON("systemd-networkd.service"), {"/usr/lib/systemd/network/80-wifi.network", "DHCP=yes\n"}}, "systemd-networkd.service"},
    {"network", {{"/etc/init.d/network", "x"}}, "netplan or a script brings it up"},
    {"network", {ON("networking.service"), {"/sbin/dhclient", "x"}, {"/etc/network/interfaces.d/a", "iface eth0 inet dhcp\n"}}, "networking.service"},
    {"network", {ON("networking.service"), {"/sbin/dhcpcd", "x"}, {"/etc/network/interfaces.d/a", "iface eth0 inet dhcp\n"}}, "networking.service"},
    {"network", {ON("networking.service"), {"/usr/sbin/dhcpcd", "x"}, {"/etc/network/interfaces.d/a", "iface eth0 inet dhcp\n"}}, "networking.service"},
    {"network", {ON("networking.service"), {"/usr/sbin/udhcpc", "x"}, {"/etc/network/interfaces.d/a", "iface eth0 inet dhcp\n"}}, "networking.service"},
    {"network", {ON("networking.service"), {"/sbin/dhclient", "x"}, {"/etc/network/interfaces", "iface eth0 inet static\n"}},
     "networking.service; fatal: /etc/network/interfaces: iface eth0 inet static"},
    /* who is asked for names */
    {"resolver", {{"/etc/init.d/network", "x"}, {"/sbin/dhclient", "x"}}, "no /etc/resolv.conf: the first boot writes it"},
    {"resolver", {{"/etc/init.d/network", "x"}}, "fatal: no /etc/resolv.conf, and nothing that is enabled writes it"},
    {"resolver", {ON("dhcpcd.service")}, "no /etc/resolv.conf: the first boot writes it"},
    {"resolver", {ON("NetworkManager.service"), ON("unbound.service"), {"/etc/unbound/unbound.conf", "forward-addr: 10.0.0.7\n"}},
     "no /etc/resolv.conf: the first boot writes it; warning: /etc/unbound/unbound.conf: unbound.service asks 10.0.0.7"},
    {"resolver", {ON("systemd-resolved.service"), {"/etc/systemd/resolved.conf.d/a.conf", "DNS=10.0.0.7\n"}},
     "no /etc/resolv.conf: the first boot writes it; warning: /etc/systemd/resolved.conf.d/a.conf: systemd-resolved.service asks 10.0.0.7"},
    {"resolver", {ON("systemd-resolved.service"), {"/etc/systemd/resolved.conf", "DNS=\n"}}, "no /etc/resolv.conf: the first boot writes it"},
    {"hosts", {{"/etc/hosts", "10.0.0.1 ssm.x\n10.0.0.1 s3.api.aws ssm.eu-west-1.api.aws\n169.254.169.254 metadata.ec2.internal\n"}},
     "fatal: /etc/hosts: ssm.eu-west-1.api.aws"},
    {"routes", {{"/etc/network/if-up.d/a", "ip route add prohibit 169.254.169.254\n"}},
     "fatal: /etc/network/if-up.d/a: ip route add prohibit 169.254.169.254"},
    {"routes", {{"/etc/network/if-up.d/a", "ip route add reject 169.254.169.254\n"}},
     "fatal: /etc/network/if-up.d/a: ip route add reject 169.254.169.254"},
    {"routes", {{"/etc/systemd/network/a.network", "[Route]\nDestination=169.254.0.0/16\nType=blackhole\n"}},
     "fatal: /etc/systemd/network/a.network: a route to 169.254. that is none: Type=blackhole"},
    {"routes", {{"/etc/systemd/network/a.network", "[Route]\nDestination=169.254.0.0/16\nType=unicast\n"}}, ""},
    {"routes", {{"/etc/sysctl.d/a.conf", "fs.inotify.max_user_instances=0\nfs.inotify.max_user_watches=0\nnet.ipv6.conf.all.disable_ipv6=1\n"}},
     "warning: /etc/sysctl.d/a.conf: fs.inotify.max_user_instances = 0, the agent cannot watch its folders; /etc/sysctl.d/a.conf: fs.inotify.max_user_watches = 0, the agent cannot watch its folders; /etc/sysctl.d/a.conf: net.ipv6.conf.all.disable_ipv6 = 1, in a subnet with IPv6 only nothing registers"},
    /* the rest of an image */
    {"identity", {{"/var/lib/dbus/machine-id", "0123456789abcdef0123456789abcdef\n"}}, "warning: /var/lib/dbus/machine-id holds an identity"},
    {"identity", {{"/etc/machine-id", "0123456789abcdef0123456789abcdef0\n"}}, ""},
    {"mounts", {{"/etc/fstab", "tmpfs /var tmpfs noexec\n"}}, "warning: /etc/fstab: /var is noexec, and the agent runs documents below it"},
    {"mounts", {{"/etc/fstab", "tmpfs /var/lib/amazon tmpfs noexec\n"}},
     "warning: /etc/fstab: /var/lib/amazon is noexec, and the agent runs documents below it"},
    {"mounts", {{"/etc/fstab", "tmpfs /var/lib/amazon/ssm tmpfs noexec\n"}},
     "warning: /etc/fstab: /var/lib/amazon/ssm is noexec, and the agent runs documents below it"},
    {"mounts", {{"/etc/fstab", "tmpfs /opt tmpfs noexec\n"}}, "note: /etc/fstab: /opt is noexec, where packages of Distributor go"},
    {"mounts", {{"/etc/fstab", "tmpfs /var/tmp tmpfs noexec\n"}}, "note: /etc/fstab: /var/tmp is noexec, where documents unpack programs"},
    {"mounts", {{"/etc/fstab", "PARTLABEL=a /srv ext4 defaults\nUUID=b /boot ext4 defaults\nUUID=c /var/log ext4 defaults\n"}},
     "warning: /etc/fstab: PARTLABEL=a on /srv without nofail: emergency mode where no disk has it"},
    {"mounts", {{"/etc/fstab", "UUID=1 / ext4 defaults\nUUID=2 /a btrfs defaults\n"}},
     "warning: /etc/fstab: UUID=2 on /a without nofail: emergency mode where no disk has it"},
    {"mounts", {{"/etc/fstab", "/dev/sda1 /data ext4 defaults\n/dev/sdb1 /data ext4 defaults\n"}},
     "fatal: /etc/fstab: /dev/sdb1 on /data without nofail: emergency mode without it"},
    {"mounts", {{"/etc/fstab", "UUID=1 / ext4 ro\ntmpfs /etc/amazon/ssm tmpfs rw\ntmpfs /var/lib tmpfs rw\n"}}, ""},
    {"drivers", {{"/lib/modules/6.1/x", "x"}}, "? no kernel's modules in this image"},
    {"drivers", {{"/lib/modules/5.1/x", "x"}, {"/lib/modules/6.1/modules.dep", "x"}},
     "fatal: /lib/modules/6.1 is without ena; /lib/modules/6.1 is without nvme"},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}, {"/etc/modprobe.d/a.conf", "install ena /bin/false\n"}},
     "fatal: /etc/modprobe.d/a.conf forbids ena"},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}, {"/etc/modprobe.d/a.conf", "install ena\nblacklist floppy ena\nblacklist nvme\n"}},
     "fatal: /etc/modprobe.d/a.conf forbids nvme"},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}, {"/etc/dracut.conf.d/a.conf", "omit_drivers+=\" nvme-core nvmex \"\nadd_drivers+=\" nvme \"\n"}},
     ""},
    {"drivers", {{"/lib/modules/6.1/modules.dep", "kernel/ena.ko:\nkernel/nvme.ko:\n"}, {"/etc/initramfs-tools/conf.d/a", "MODULES=dep\n"}},
     "warning: /etc/initramfs-tools/conf.d/a: MODULES=dep, and /etc/initramfs-tools/modules does not name nvme"},
    {"cloud-init", {{"/usr/bin/cloud-init", "x"}}, ""},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "x: y\n"}, {"/usr/lib/systemd/system/cloud-init.service", ""}}, "warning: cloud-init.service is masked"},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "x: y\n"}, {"/usr/lib/systemd/system/cloud-init.target", ""}}, "warning: cloud-init.target is masked"},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "datasource_list: [ Ec2 ]\n"}, {"/etc/cloud/cloud.cfg.d/a.cfg", "datasource_list: [ None ]\n"}},
     "warning: /etc/cloud/cloud.cfg.d/a.cfg: datasource_list is without Ec2: [ None ]"},
    {"cloud-init", {{"/etc/cloud/cloud.cfg", "datasource_list: [ None ]\n"}, {"/etc/cloud/cloud.cfg.d/a.cfg", "datasource_list: [ Ec2 ]\n"}}, ""},
    {"time", {ON("openntpd.service"), {"/etc/openntpd/ntpd.conf", "servers \\\n169.254.169.123\n"}}, "openntpd.service"},
    {"time", {ON("systemd-timesyncd.service"), {"/usr/lib/systemd/timesyncd.conf.d/a.conf", "NTP=169.254.169.123\n"}}, "systemd-timesyncd.service"},
    {"time", {ON("ntpsec.service"), {"/etc/ntpsec/ntp.conf", "; server 169.254.169.123\n# server 169.254.169.123\n"}},
     "ntpsec.service; warning: ntpsec.service is enabled, and no file of it names 169.254.169.123"},
    {"time", {ON("chronyd.service"), {"/etc/chrony.conf", "include /etc/x.conf\n"}, {"/etc/x.conf", "server 169.254.169.123\n"}}, "chronyd.service"},
    {"time", {ON("chronyd.service"), {"/etc/chrony.conf", "confdir /run/chrony.d\n"}, {"/usr/share/amazon-chrony-config/a.conf", "refclock PHC /dev/ptp0\n"}},
     "chronyd.service"},
    {"credentials", {{"/etc/environment", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/x\nAWS_WEB_IDENTITY_TOKEN_FILE=\"x\"\n"}},
     "warning: /etc/environment sets AWS_CONTAINER_CREDENTIALS_RELATIVE_URI; /etc/environment sets AWS_WEB_IDENTITY_TOKEN_FILE"},
    {"credentials", {{"/root/.aws/config", "credential_process = x\naws_secret_access_key = x\n"}},
     "warning: /root/.aws/config: aws_secret_access_key; /root/.aws/config: credential_process"},
    {"credentials", {{"/etc/systemd/system/amazon-ssm-agent.service.d/a.conf", "[Service]\nEnvironment=A=b\n"}}, ""},
    {"access-control", {ON("fapolicyd.service"), {"/usr/lib/sysimage/rpm/x", "x"}},
     "? fapolicyd trusts what is in rpm's database, which is not read here"},
    {"access-control", {ON("fapolicyd.service"), {"program", ""}}, ""},
    {"access-control", {{"/etc/selinux/config", "SELINUX=enforcing\n"}, {"program", ""}}, ""},
    {"access-control", {ON("fapolicyd.service"), {"/etc/fapolicyd/trust.d/a", "/usr/bin/amazon-ssm-agent 1 2\n"}}, ""},
    {"sessions", {{"/bin/sh", "x"}, {"/usr/bin/useradd", "x"}, {"/etc/security/access.conf", "-:ssm-user:ALL\n"}},
     "warning: /etc/security/access.conf: -:ssm-user:ALL"},
    {"pins", {{"/etc/yum.conf", "exclude=amazon-ssm-agent\n"}, {"/etc/yum/vars/releasever", "2023.1\n"}},
     "note: /etc/yum.conf: exclude amazon-ssm-agent; /etc/yum/vars/releasever: 2023., dnf offers nothing newer than this release"},
    {"pins", {{"/etc/dnf/plugins/versionlock.list", "amazon-ssm-agent-3.3\n"}}, "note: /etc/dnf/plugins/versionlock.list: amazon-ssm-agent"},
    {"ca-bundle", {{"ssl-cert-file", "/etc/none.pem"}, {"/etc/systemd/system/amazon-ssm-agent.service.d/a.conf", "[Service]\nEnvironment=SSL_CERT_FILE=/etc/none.pem\n"}},
     "fatal: /etc/none.pem cannot be read"},
    {"ca-bundle", {{"ssl-cert-file", "/etc/a.pem"}, {"/etc/a.pem", amazon_roots_pem}}, "/etc/a.pem, 5 of Amazon's roots"},
    {"ca-bundle", {{"ssl-cert-dir", "/etc/a:/etc/b"}, {"/etc/b/a.pem", amazon_roots_pem}, {"/etc/ssl/certs/b.pem", amazon_roots_pem}},
     "files in Go's folders, 5 of Amazon's roots"},
    {"ca-bundle", {{"ssl-cert-dir", "/etc/a"}, {"/etc/ssl/certs/b.pem", amazon_roots_pem}},
     "fatal: none of Go's paths is there, /etc/ssl/certs/ca-certificates.crt and the others"},
    {"ca-bundle", {{"sdk-bundle", "/etc/a.pem"}, {"/etc/a.pem", "x"}, {"/etc/ssl/certs/b.pem", amazon_roots_pem}},
     "files in Go's folders, 5 of Amazon's roots; fatal: /etc/a.pem, which AWS_CA_BUNDLE names, holds none of Amazon's roots"},
    {"ca-bundle", {{"sdk-bundle", "/etc/a.pem"}, {"/etc/a.pem", amazon_roots_pem}, {"/etc/ssl/certs/b.pem", amazon_roots_pem}},
     "files in Go's folders, 5 of Amazon's roots"},
    {"ca-bundle", {{"/etc/ssl/certs/ca-certificates.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}},
     "fatal: /etc/ssl/certs/ca-certificates.crt holds none of Amazon's roots"},
    {"ca-bundle", {{"/etc/ssl/certs/ca-certificates.crt", "-> /etc/a"}, {"/etc/pki/tls/certs/ca-bundle.crt", "-> /etc/b"}},
     "fatal: /etc/ssl/certs/ca-certificates.crt leads to /etc/a, which is not there"},
};
/* clang-format on */

static void test_what_a_check_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_says(rows[i].check, rows[i].files, rows[i].said);
}

static void test_a_bundle_that_root_alone_reads(void **state)
{
    static const struct file files[MAX_FILES] = {
        {"/etc/ssl/certs/ca-certificates.crt", amazon_roots_pem}};
    char path[PATH_SIZE];

    (void)state;
    put_all(files);
    (void)text_set(path, sizeof(path), "%s%s", root, files[0].path);
    assert_int_equal(chmod(path, 0711), 0);
    assert_non_null(strstr(said_of("ca-bundle"), "ca-certificates.crt: mode 0711, only root"));
    assert_int_equal(chmod(path, 0704), 0);
    assert_null(strstr(said_of("ca-bundle"), "mode"));
}

static const struct image_finding *finding_named(const char *code)
{
    for (int32_t i = 0; i < report.n_findings; i++)
        if (strcmp(report.findings[i].code, code) == 0)
            return &report.findings[i];
    fail_msg("no %s", code);
    return NULL;
}

/* The worst first, of one severity in the order of the checks; and each file has its lines of the fix. */
static void test_what_an_audit_says(void **state)
{
    static const struct file files[MAX_FILES] = {{"/usr/lib/systemd/systemd", "x"},
                                                 {"/etc/os-release", "PRETTY_NAME=x\n"},
                                                 {"/etc/nsswitch.conf", "hosts: files\n"},
                                                 {"/etc/apt/preferences", "amazon-ssm-agent\n"},
                                                 {"dnsmasq.service", NULL},
                                                 {"/etc/dnsmasq.conf", "server=10.0.0.7\n"}};
    char wanted[LINE_SIZE];
    int n[SEVERITY_FATAL + 1] = {0}, n_unknown = 0;

    (void)state;
    assert_string_equal(elf_machine_name(0), "no");
    assert_string_equal(elf_machine_name(1), "another");
    put_all(files);
    (void)file_take_trouble(wanted, sizeof(wanted)); /* of a file that includes itself */
    image_audit(&request, &report);
    for (int32_t i = 0; i < report.n_findings; i++) {
        const struct image_finding *one = &report.findings[i], *next = one + 1;
        n[one->severity]++;
        assert_true(i + 1 == report.n_findings || one->severity > next->severity ||
                    (one->severity == next->severity && one->number <= next->number));
        if (strcmp(one->code, "image-resolver-baked") != 0)
            continue;
        assert_true(one->n_commands > 2); /* those of resolv.conf, which is missing */
        assert_string_equal(one->commands[one->n_commands - 2],
                            "sed -i 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf");
        assert_string_equal(one->commands[one->n_commands - 1],
                            "sed -i '/^server=/d' /etc/dnsmasq.conf");
    }
    assert_true(n[SEVERITY_FATAL] > 1 && n[SEVERITY_WARNING] > 1 && n[SEVERITY_NOTE] == 1);
    for (int i = 0; i < N_IMAGE_CHECKS; i++)
        n_unknown += report.checks[i].status == STATUS_UNKNOWN;
    (void)text_set(wanted, sizeof(wanted),
                   "%s (%d fatal, %d warnings, %d not to be judged offline)",
                   report.findings[0].title, n[SEVERITY_FATAL], n[SEVERITY_WARNING], n_unknown);
    assert_string_equal(report.summary, wanted);
    assert_int_equal(report.fitness, FITNESS_UNFIT);

    const struct image_finding resolver = *finding_named("image-resolver-baked");
    struct image_request allowing = request;
    assert_int_equal(report.checks[resolver.number - 1].status, STATUS_FAIL);
    allowing.allow = resolver.code; /* then it warns */
    image_audit(&allowing, &report);
    assert_int_equal(report.checks[resolver.number - 1].status, STATUS_WARN);
}

/* As many places as a finding has room for, and no more. */
static void test_evidence_has_an_end(void **state)
{
    char fstab[2 * LINE_SIZE] = "";

    (void)state;
    for (int i = 0; i < MAX_EVIDENCE + 2; i++)
        (void)text_add(fstab, sizeof(fstab), "/dev/sdb%d /data%d ext4 defaults\n", i, i);
    const struct file files[MAX_FILES] = {{"/etc/fstab", fstab}};
    put_all(files);
    (void)said_of("mounts");
    assert_int_equal(report.n_findings, 1);
    assert_int_equal(report.findings[0].n_evidence, MAX_EVIDENCE);
    assert_int_equal(report.findings[0].n_paths, MAX_EVIDENCE);
    for (int i = 0; i < MAX_EVIDENCE; i++) {
        (void)text_set(fstab, sizeof(fstab), "/data%d", i);
        assert_string_equal(report.findings[0].paths[i], fstab);
    }
}

/* What can be audited: a root with systemd; and what it is. */
static void test_what_is_an_image(void **state)
{
    static const struct {
        struct file files[MAX_FILES];
        const char *why_not; /* NULL: it is one */
    } images[] = {
        {{{NULL, NULL}}, "is no Linux root file system: it has no /etc and /usr"},
        {{{"/etc/x", "x"}}, "is no Linux root file system: it has no /etc and /usr"},
        {{{"/usr/x", "x"}}, "is no Linux root file system: it has no /etc and /usr"},
        {{{"/.bottlerocket", "x"}},
         "is Bottlerocket: its agent runs in a host container, by other rules"},
        {{{"/usr/share/bottlerocket", "x"}},
         "is Bottlerocket: its agent runs in a host container, by other rules"},
        {{{"/etc/x", "x"}, {"/usr/x", "x"}},
         "is no Linux root file system: it has no os-release and no /bin/sh"},
        {{{"/etc/os-release", "x"}, {"/usr/x", "x"}},
         "has no systemd: what starts an agent there is not known"},
        {{{"/etc/x", "x"}, {"/usr/lib/os-release", "x"}},
         "has no systemd: what starts an agent there is not known"},
        {{{"/etc/x", "x"}, {"/usr/x", "x"}, {"/bin/sh", "x"}},
         "has no systemd: what starts an agent there is not known"},
        {{{"/etc/x", "x"},
          {"/bin/sh", "x"},
          {"/usr/lib/systemd/systemd", "x"},
          {"/sbin/init", "xy"}},
         "has another /sbin/init than systemd: what starts an agent is not known"},
        {{{"/etc/x", "x"},
          {"/bin/sh", "x"},
          {"/usr/lib/systemd/systemd", "x"},
          {"/sbin/init", "y"}},
         NULL},
        {{{"/etc/x", "x"},
          {"/bin/sh", "x"},
          {"/usr/lib/systemd/systemd", "x"},
          {"/sbin/init", "-> /usr/lib/systemd/systemd"}},
         NULL},
        {{{"/etc/x", "x"}, {"/bin/sh", "x"}, {"/usr/x", "x"}, {"/lib/systemd/systemd", "x"}}, NULL},
    };
    char wanted[LINE_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(images); i++) {
        put_all(images[i].files);
        image_audit(&request, &report);
        (void)text_set(wanted, sizeof(wanted), "%s %s", root,
                       images[i].why_not ? images[i].why_not : "");
        if (images[i].why_not ? strcmp(report.summary, wanted) != 0 : report.n_findings == 0)
            fail_msg("%zu: %s", i, report.summary);
        for (int n = 0; n < N_IMAGE_CHECKS && images[i].why_not; n++)
            assert_int_equal(report.checks[n].status, STATUS_UNKNOWN);
    }
}

/* systemd's version stands in the name of its library, the machine in its program; the later os-release counts. */
static void test_what_an_image_is_of(void **state)
{
    static const struct {
        const char *library, *systemd, *said;
    } rows_of[] = {
        {"/usr/lib/systemd/libsystemd-shared-252.so", "/usr/lib/systemd/systemd", "systemd 252"},
        {"/lib/systemd/libsystemd-shared-219.so", "/lib/systemd/systemd", "systemd 219"},
        {"/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-255.so", "/usr/lib/systemd/systemd",
         "systemd 255"},
        {"/usr/lib/aarch64-linux-gnu/systemd/libsystemd-shared-255.4-1.so", "/lib/systemd/systemd",
         "systemd 255"},
        {"/usr/lib64/systemd/libsystemd-shared-257.so", "/usr/lib/systemd/systemd", "systemd 257"},
        {"/usr/lib64/systemd/libsystemd-257.so", "/usr/lib/systemd/systemd", "yes"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows_of); i++) {
        const struct file files[MAX_FILES] = {{rows_of[i].library, "x"},
                                              {rows_of[i].systemd, "ELF183"},
                                              {"/usr/lib/os-release", "PRETTY_NAME=\"A\"\n"},
                                              {"/etc/os-release", "PRETTY_NAME=\"B 1\"\n"},
                                              {"/usr/bin/ssm-preflight", "ELF62"}};
        bool judged = false, foreign = false;
        put_all(files);
        image_audit(&request, &report);
        assert_string_equal(report.os, "B 1");
        for (int n = 0; n < N_IMAGE_CHECKS; n++)
            judged |= strcmp(report.checks[n].summary, rows_of[i].said) == 0 &&
                      strstr(report.checks[n].name, "systemd");
        for (int32_t n = 0; n < report.n_findings; n++)
            foreign |= !!strstr(report.findings[n].evidence[0], "is for the machine x86_64");
        assert_true(judged && foreign);
    }
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    return nftw(root, forget, 8, FTW_DEPTH | FTW_PHYS) || remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_rules_of_nftables_let_out),
        cmocka_unit_test(test_what_a_check_says),
        cmocka_unit_test(test_a_bundle_that_root_alone_reads),
        cmocka_unit_test(test_what_an_audit_says),
        cmocka_unit_test(test_evidence_has_an_end),
        cmocka_unit_test(test_what_is_an_image),
        cmocka_unit_test(test_what_an_image_is_of),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
