/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks 12, 15 to 19: what of the network is in the image.
 */
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "image/judge.h"

#define IMDS "169.254.169.254"

/* --- 12: proxy --- */

/* The snap's unit reads /etc/environment too. */
void judge_proxy(struct image *image)
{
    const struct agent_facts *agent = image->agent;
    const char *proxy = agent->http_proxy[0] ? agent->http_proxy : agent->https_proxy;

    if (!proxy[0])
        return;
    bool hides_imds = agent->http_proxy[0] && !strstr(agent->no_proxy, IMDS) &&
                      strcmp(agent->no_proxy, "*") != 0;
    (hides_imds ? find : find_warning)(image, "image-proxy-baked", agent->proxy_file,
                                       "%s: a proxy (%s)%s", agent->proxy_file, proxy,
                                       hides_imds ? ", and NO_PROXY does not exempt " IMDS : "");
}

/* --- 15: network settings --- */

static void take_udev_rule(void *arg, const char *path, char *line)
{
    if (strstr(line, "ATTR{address}==\"") && strstr(line, "NAME="))
        find(arg, "image-network-baked", path, "%s names an interface by its MAC address", path);
}

/* ifcfg(5), interfaces(5), NetworkManager's keyfiles, systemd.network(5), netplan: a static address or
 * a MAC address to match. Netplan's `addresses:` of an interface have a prefix length, those of resolvers
 * have none. */
static void take_network_line(void *arg, const char *path, char *line)
{
    static const char *const signs[] = {
        "HWADDR=",       "BOOTPROTO=static", "BOOTPROTO=none", "IPADDR=",     "mac-address=",
        "method=manual", "MACAddress=",      "Address=",       "macaddress:", "addresses: [",
        "addresses:[",   "hwaddress ",       "Gateway=",       "gateway4:",
    };

    if (strstr(path, "ifcfg-lo"))
        return;
    for (size_t i = 0; i < COUNT_OF(signs); i++)
        if (text_starts(line, signs[i]) && (signs[i][0] != 'a' || strchr(line, '/')))
            find(arg, "image-network-baked", path, "%s: %s", path, line);
    if (text_starts(line, "iface ") && strstr(line, " static") && !text_starts(line, "iface lo"))
        find(arg, "image-network-baked", path, "%s: %s", path, line);
}

void judge_network(struct image *image)
{
    static const char places[] =
        "/etc/sysconfig/network-scripts/* /etc/NetworkManager/system-connections/* "
        "/etc/systemd/network/*.network /etc/network/interfaces.d/* /etc/sysconfig/network/* "
        "/etc/network/interfaces";
    static const char managers[] =
        "systemd-networkd.service NetworkManager.service networking.service "
        "wicked.service dhcpcd.service network.service connman.service";
    char which[NAME_SIZE];

    (void)lines_read(image, "/etc/udev/rules.d/*.rules", take_udev_rule, image);
    (void)lines_read(image, places, take_network_line, image);
    /* cloud-init writes its netplan anew for each instance, unless that was turned off */
    if (says(image, "/etc/cloud/cloud.cfg.d/*.cfg", "config: disabled", NULL) ||
        !image_has(image, "/etc/cloud/cloud.cfg") ||
        !image_has(image, "/etc/netplan/50-cloud-init.yaml"))
        (void)lines_read(image, "/etc/netplan/*.yaml", take_network_line, image);
    if (any_enabled(image, managers, which))
        say(image, "%s", which);
    else if (image_has(image, "/usr/sbin/netplan") || image_has(image, "/etc/init.d/network"))
        say(image, "netplan or a script brings it up");
    else
        find(image, "image-network-missing", "", "none of %s is enabled", managers);
}

/* --- 16: resolver --- */

struct resolver {
    struct image *image;
    bool foreign, local;
    char first[NAME_SIZE];
};

static void take_nameserver(void *arg, const char *path, char *line)
{
    struct resolver *resolver = arg;

    (void)path;
    if (!text_starts(line, "nameserver"))
        return;
    const char *at = text_trim(line + strlen("nameserver"));
    resolver->local |= text_starts(at, "127.") || strcmp(at, "::1") == 0;
    resolver->foreign |= !text_starts(at, "127.") && strcmp(at, "::1") != 0 &&
                         strcmp(at, "169.254.169.253") != 0 && strcmp(at, "fd00:ec2::253") != 0;
    if (!resolver->first[0])
        (void)text_escape(resolver->first, sizeof(resolver->first), at, strlen(at));
}

/* Whether something writes resolv.conf at each lease. */
static bool is_rewritten(const struct image *image)
{
    char which[NAME_SIZE];

    return any_enabled(image, "NetworkManager.service dhcpcd.service wicked.service", which) ||
           (any_enabled(image, "networking.service network.service", which) &&
            (image_has(image, "/sbin/dhclient") || image_has(image, "/usr/sbin/dhclient") ||
             image_has(image, "/usr/sbin/dhcpcd")));
}

/* "chattr +i": no DHCP client writes it. */
static bool is_immutable(const struct image *image, const char *path)
{
    int fd = file_open(image->root, path), flags = 0;
    bool known = fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0;

    if (fd >= 0)
        (void)close(fd);
    return known && (flags & FS_IMMUTABLE_FL);
}

/* A resolver of this machine that asks another one. Both files are of `key value`, `key=value` or `key: value`. */
static void judge_forwarders(struct image *image)
{
    static const struct {
        const char *unit, *places, *key;
    } forwarders[] = {
        {"dnsmasq.service", "/etc/dnsmasq.conf /etc/dnsmasq.d/*", "server"},
        {"unbound.service", "/etc/unbound/unbound.conf /etc/unbound/unbound.conf.d/*.conf",
         "forward-addr"},
        {"systemd-resolved.service",
         "/etc/systemd/resolved.conf /etc/systemd/resolved.conf.d/*.conf", "DNS"},
    };
    char value[LINE_SIZE], file[PATH_SIZE], which[NAME_SIZE];

    for (size_t i = 0; i < COUNT_OF(forwarders); i++)
        if (any_enabled(image, forwarders[i].unit, which) &&
            value_read(image, forwarders[i].places, forwarders[i].key, value, file) && value[0] &&
            !strstr(value, "169.254.169.253"))
            find_warning(image, "image-resolver-baked", file, "%s: %s asks %s", file,
                         forwarders[i].unit, value);
}

void judge_resolver(struct image *image)
{
    static const char code[] = "image-resolver-baked", path[] = "/etc/resolv.conf";
    struct resolver resolver = {.image = image};
    char target[PATH_SIZE], value[LINE_SIZE];
    enum unit_state resolved = image_unit(image, "systemd-resolved.service");
    bool immutable = is_immutable(image, path), rewritten = !immutable && is_rewritten(image);

    if (value_read(image, "/etc/nsswitch.conf", "hosts", value, NULL) && !strstr(value, "dns") &&
        !strstr(value, "resolve"))
        find(image, code, "/etc/nsswitch.conf", "/etc/nsswitch.conf: hosts: %s", value);
    judge_forwarders(image);
    if (file_read_link(image->root, path, target, sizeof(target))) {
        if (strstr(target, "systemd/resolve") && resolved != UNIT_ENABLED)
            find(image, code, path, "%s leads to systemd-resolved, which is not enabled", path);
        else
            say(image, "%s leads to %s", path, target);
        return;
    }
    if (!lines_read(image, path, take_nameserver, &resolver)) {
        say(image, "no %s: the first lease writes it", path);
        return;
    }
    if (resolver.foreign)
        (rewritten ? find_warning
                   : find)(image, code, path, "%s is a file%s with the server %s%s", path,
                           immutable ? " that nothing may write (chattr +i)" : "", resolver.first,
                           rewritten ? "; the DHCP client may write it anew" : "");
    else if (resolver.local && resolved != UNIT_ENABLED)
        cannot_judge(image, "%s names a resolver on this machine, %s", path, resolver.first);
}

/* --- 17: hosts --- */

static void take_host(void *arg, const char *path, char *line)
{
    char host[HOST_SIZE];
    char *rest = NULL;

    line[strcspn(line, "#")] = '\0';
    (void)strtok_r(line, " \t", &rest);
    for (const char *name; (name = strtok_r(NULL, " \t", &rest));) {
        bool agent = text_starts(name, "ssm.") || text_starts(name, "ssmmessages.");

        if (!strstr(name, ".amazonaws.com") && !strstr(name, ".api.aws"))
            continue;
        (void)text_escape(host, sizeof(host), name, strlen(name));
        if (agent)
            find(arg, "dns-hosts-override", path, "%s: %s", path, host);
        else if (text_starts(name, "ec2messages."))
            find_warning(arg, "dns-hosts-override", path, "%s: %s", path, host);
    }
}

void judge_hosts(struct image *image)
{
    (void)lines_read(image, "/etc/hosts", take_host, image);
}

/* --- 18: firewall --- */

struct rules {
    struct image *image;
    bool in_output;            /* nftables: within a chain that hooks output */
    bool drops, own_file_only; /* the policy is drop; another file is included */
    bool lets_443, lets_imds, lets_dns;
    bool only_root_to_imds;
};

static void take_rule_words(struct rules *rules, const char *line)
{
    bool accepts = strstr(line, "accept") || strstr(line, "ACCEPT");

    if ((strstr(line, "skuid") || strstr(line, "--uid-owner")) && strstr(line, IMDS) && !accepts)
        rules->only_root_to_imds = true;
    if (!accepts || strstr(line, "policy"))
        return;
    bool any_port = !strstr(line, "port") && !strstr(line, " lo") && !strstr(line, "\"lo\"") &&
                    !strstr(line, "state") && !strstr(line, "icmp");
    bool any_place = !strstr(line, " -d ") && !strstr(line, "daddr");
    rules->lets_443 |= strstr(line, "443") || strstr(line, "https") || (any_port && any_place);
    rules->lets_imds |= strstr(line, IMDS) || strstr(line, "169.254.0.0/16") ||
                        (any_place &&
                         (any_port || strstr(line, "port 80") || strstr(line, "{ 80") ||
                          strstr(line, " 80,") || strstr(line, ",80") || strstr(line, ", 80") ||
                          strstr(line, "http")));
    rules->lets_dns |= strstr(line, "53") || strstr(line, "domain") || (any_port && any_place);
}

static void take_nft_line(void *arg, const char *path, char *line)
{
    struct rules *rules = arg;

    (void)path;
    if (text_starts(line, "chain "))
        rules->in_output = false;
    if (strstr(line, "hook output"))
        rules->in_output = true;
    rules->own_file_only &= !text_starts(line, "include ");
    if (rules->in_output && strstr(line, "hook output") && strstr(line, "policy drop"))
        rules->drops = true;
    if (rules->in_output)
        take_rule_words(rules, line);
}

static void take_iptables_line(void *arg, const char *path, char *line)
{
    struct rules *rules = arg;

    (void)path;
    if (text_starts(line, ":OUTPUT DROP") || text_starts(line, ":OUTPUT REJECT") ||
        text_starts(line, "-P OUTPUT DROP"))
        rules->drops = true;
    if (text_starts(line, "-A OUTPUT"))
        take_rule_words(rules, line);
}

static void take_ufw_line(void *arg, const char *path, char *line)
{
    struct rules *rules = arg;

    (void)path;
    if (text_starts(line, "-A ufw-user-output") || text_starts(line, "-A ufw-before-output"))
        take_rule_words(rules, line);
}

static void conclude_firewall(struct rules *rules, const char *path)
{
    if (rules->only_root_to_imds)
        find_warning(rules->image, "image-egress-dropped", path,
                     "%s lets only some users to " IMDS ": ssm-preflight runs as a user of its own",
                     path);
    if (!rules->drops || (rules->lets_443 && rules->lets_imds && rules->lets_dns))
        return;
    if (!rules->own_file_only) {
        cannot_judge(rules->image, "%s drops what leaves, and includes other files", path);
        return;
    }
    find(rules->image, "image-egress-dropped", path,
         "%s drops what leaves, except what it names:%s%s%s is not", path,
         rules->lets_443 ? "" : " port 443", rules->lets_imds ? "" : " " IMDS,
         rules->lets_dns ? "" : " port 53");
}

static void judge_rules(struct image *image, const char *path, line_taker *each, bool drops)
{
    struct rules rules = {.image = image, .own_file_only = true, .drops = drops};

    if (lines_read(image, path, each, &rules))
        conclude_firewall(&rules, path);
}

void judge_firewall(struct image *image)
{
    static const char *const saved[] = {"/etc/iptables/rules.v4", "/etc/sysconfig/iptables"};
    char which[NAME_SIZE], value[LINE_SIZE];

    if (any_enabled(image, "nftables.service", which)) {
        judge_rules(image, "/etc/nftables.conf", take_nft_line, false);
        judge_rules(image, "/etc/sysconfig/nftables.conf", take_nft_line, false);
    }
    for (size_t i = 0; i < COUNT_OF(saved); i++)
        if (any_enabled(image, "netfilter-persistent.service iptables.service", which))
            judge_rules(image, saved[i], take_iptables_line, false);
    if (any_enabled(image, "ufw.service", which) &&
        value_read(image, "/etc/ufw/ufw.conf", "ENABLED", value, NULL) &&
        strcmp(value, "yes") == 0 &&
        value_read(image, "/etc/default/ufw", "DEFAULT_OUTPUT_POLICY", value, NULL) &&
        strcmp(value, "ACCEPT") != 0)
        judge_rules(image, "/etc/ufw/user.rules", take_ufw_line, true);
    if (any_enabled(image, "firewalld.service", which) &&
        says(image, "/etc/firewalld/direct.xml", "OUTPUT DROP", NULL))
        find(image, "image-egress-dropped", "/etc/firewalld/direct.xml",
             "/etc/firewalld/direct.xml drops what leaves");
}

/* --- 19: routes --- */

static void take_route_line(void *arg, const char *path, char *line)
{
    static const char *const kinds[] = {"blackhole", "prohibit", "unreachable", "reject"};

    if (!strstr(line, "169.254.169.25") && !strstr(line, "169.254.0.0/16"))
        return;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strstr(line, kinds[i])) {
            find(arg, "image-routes", path, "%s: %s", path, line);
            return;
        }
}

/* Type= and Destination= of a section stand in lines of their own, in any order. */
struct route_lines {
    struct image *image;
    bool to_imds, blocks;
};

static void take_networkd_line(void *arg, const char *path, char *line)
{
    struct route_lines *route = arg;

    if (line[0] == '[')
        route->to_imds = route->blocks = false;
    route->to_imds |= text_starts(line, "Destination=169.254.");
    route->blocks |= text_starts(line, "Type=") && strcmp(line, "Type=unicast") != 0;
    if (route->to_imds && route->blocks)
        find(route->image, "image-routes", path, "%s: a route to 169.254. that is none: %s", path,
             line);
}

/* Settings of the kernel by which nothing arrives, or a limit by which the agent cannot start:
 * Documentation/networking/ip-sysctl.rst and admin-guide/sysctl/fs.rst of Linux. */
static void judge_sysctl(struct image *image)
{
    static const struct {
        const char *key, *value, *means;
        enum severity severity;
    } settings[] = {
        {"net.ipv4.conf.all.arp_ignore", "8", "no ARP request is answered", SEVERITY_FATAL},
        {"net.ipv4.ip_default_ttl", "1", "no packet passes a router", SEVERITY_FATAL},
        {"fs.inotify.max_user_instances", "0", "the agent cannot watch its folders",
         SEVERITY_WARNING},
        {"fs.inotify.max_user_watches", "0", "the agent cannot watch its folders",
         SEVERITY_WARNING},
        {"net.ipv6.conf.all.disable_ipv6", "1", "in a subnet with IPv6 only nothing registers",
         SEVERITY_NOTE},
    };
    char value[LINE_SIZE], file[PATH_SIZE];

    for (size_t i = 0; i < COUNT_OF(settings); i++)
        if (value_read(image, SYSCTL, settings[i].key, value, file) &&
            strcmp(value, settings[i].value) == 0)
            find_as(image, settings[i].severity, "image-sysctl", file, "%s: %s = %s, %s", file,
                    settings[i].key, value, settings[i].means);
}

void judge_routes(struct image *image)
{
    static const char places[] =
        "/etc/sysconfig/network-scripts/* /etc/network/if-up.d/* /etc/network/interfaces.d/* "
        "/etc/NetworkManager/dispatcher.d/* /etc/network/interfaces /etc/rc.local";
    struct route_lines route = {.image = image};

    (void)lines_read(image, places, take_route_line, image);
    (void)lines_read(image, "/etc/systemd/network/*.network", take_networkd_line, &route);
    judge_sysctl(image);
}
