/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks 12, 15 to 19: what of the network is in the image.
 */
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
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

    bool has_hosts = value_read(image, "/etc/nsswitch.conf", "hosts", value, NULL);
    for (char *at = value; (at = strstr(at, "\\t"));) /* a tab, escaped */
        at[0] = at[1] = ' ';
    if (has_hosts && !list_has(value, ' ', "dns") && !list_has(value, ' ', "resolve"))
        find(image, code, "/etc/nsswitch.conf", "/etc/nsswitch.conf: hosts: %s", value);
    judge_forwarders(image);
    bool is_link = file_read_link(image->root, path, target, sizeof(target));
    if (is_link && !image_has(image, path) && !strstr(target, "run/")) {
        (rewritten ? find_warning : find)(image, code, path, "%s leads to %s, which is not there",
                                          path, target);
        return;
    }
    if (is_link && !image_has(image, path)) {
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
    for (char *at = line; *at; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
    const char *address = strtok_r(line, " \t", &rest);
    for (const char *name; (name = strtok_r(NULL, " \t", &rest));) {
        bool of_imds = strcmp(name, "instance-data") == 0 ||
                       strcmp(name, "instance-data.ec2.internal") == 0 ||
                       strcmp(name, "metadata.ec2.internal") == 0;
        bool agent = text_starts(name, "ssm.") || text_starts(name, "ssmmessages.");

        (void)text_escape(host, sizeof(host), name, strlen(name));
        if (of_imds && strcmp(address, IMDS) != 0 && strcmp(address, "fd00:ec2::254") != 0)
            find_warning(arg, "dns-hosts-override", path, "%s: %s is %s", path, host, address);
        if (!strstr(name, ".amazonaws.com") && !strstr(name, ".api.aws"))
            continue;
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

/* The agent's three ways out, from open to shut: the first rule of a chain that is about one decides it. */
enum way { TO_443, TO_IMDS, TO_DNS, N_WAYS };
enum state { OPEN, LET, UNSURE, DROPPED };

struct rules {
    struct image *image;
    bool in_output, drops, included; /* the policy is drop; another file is included */
    bool root_to_imds, only_root_to_imds;
    enum state chain[N_WAYS], all[N_WAYS];
};

struct rule {
    bool accepts, denies, jumps, negated, ignored, unclear, tcp, udp;
    bool has_port, has_source_port, has_place, has_state, is_new, has_owner, of_root;
    bool ports[N_WAYS], to_imds;
};

enum about { NOTHING, PORT, SOURCE, PLACE, TARGET, DEVICE, STATE, OWNER, NEGATED, NO_MATCH, GUESS };

/* Words of nft(8) and iptables(8). */
static enum about about_of(const char *word)
{
    static const struct {
        const char *word;
        enum about about;
    } words[] = {
        {"--dport", PORT},    {"--dports", PORT},      {"--destination-port", PORT},
        {"dport", PORT},      {"--sport", SOURCE},     {"--sports", SOURCE},
        {"sport", SOURCE},    {"daddr", PLACE},        {"-d", PLACE},
        {"-j", TARGET},       {"-g", TARGET},          {"jump", TARGET},
        {"goto", TARGET},     {"-o", DEVICE},          {"oif", DEVICE},
        {"oifname", DEVICE},  {"state", STATE},        {"--state", STATE},
        {"--ctstate", STATE}, {"skuid", OWNER},        {"--uid-owner", OWNER},
        {"!", NEGATED},       {"!=", NEGATED},         {"icmp", NO_MATCH},
        {"icmpv6", NO_MATCH}, {"ipv6-icmp", NO_MATCH}, {"vmap", GUESS},
        {"limit", GUESS},     {"--match-set", GUESS},  {"--gid-owner", GUESS},
        {"skgid", GUESS},
    };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcmp(word, words[i].word) == 0)
            return words[i].about;
    return word[0] == '@' ? GUESS : NOTHING;
}

static bool holds_port(const char *word, unsigned long port, const char *name)
{
    char *end;
    unsigned long from = strtoul(word, &end, 10), to = from;

    if (end != word && (*end == '-' || *end == ':'))
        to = strtoul(end + 1, NULL, 10);
    return strcmp(word, name) == 0 || (end != word && from <= port && port <= to);
}

static void take_word(struct rule *rule, enum about about, const char *word)
{
    if (about == PORT) {
        rule->ports[TO_443] |= holds_port(word, 443, "https");
        rule->ports[TO_IMDS] |= holds_port(word, 80, "http");
        rule->ports[TO_DNS] |= holds_port(word, 53, "domain");
    }
    rule->to_imds |= about == PLACE && (text_starts(word, IMDS) || text_starts(word, "0.0.0.0/0") ||
                                        text_starts(word, "169.254.0.0/16"));
    rule->ignored |= about == DEVICE && strcmp(word, "lo") == 0;
    rule->is_new |= about == STATE && strcasecmp(word, "new") == 0;
    rule->of_root |= about == OWNER && (strcmp(word, "root") == 0 || strcmp(word, "0") == 0);
    rule->jumps |= about == TARGET && strcmp(word, "LOG") != 0 && strcmp(word, "NFLOG") != 0;
}

static struct rule rule_read(char *line)
{
    static const char between[] = " \t,{}\"";
    struct rule rule = {.accepts = false};
    enum about about = NOTHING;
    char *rest = NULL;

    for (char *word = strtok_r(line, between, &rest); word; word = strtok_r(NULL, between, &rest)) {
        enum about next = about_of(word);

        rule.accepts |= strcasecmp(word, "accept") == 0;
        rule.denies |= strcasecmp(word, "drop") == 0 || strcasecmp(word, "reject") == 0;
        rule.tcp |= strcmp(word, "tcp") == 0;
        rule.udp |= strcmp(word, "udp") == 0;
        rule.negated |= next == NEGATED;
        rule.ignored |= next == NO_MATCH;
        rule.unclear |= next == GUESS;
        rule.has_port |= next == PORT;
        rule.has_source_port |= next == SOURCE;
        rule.has_place |= next == PLACE;
        rule.has_state |= next == STATE;
        rule.has_owner |= next == OWNER;
        if (rule.accepts || rule.denies)
            break; /* what follows says how */
        if (next == NOTHING)
            take_word(&rule, about, word);
        else if (next != NEGATED)
            about = next;
    }
    return rule;
}

static bool is_about(const struct rule *rule, enum way way)
{
    if ((rule->tcp || rule->udp) && !(way == TO_DNS ? rule->udp : rule->tcp))
        return false;
    if (rule->has_port && !rule->ports[way])
        return false;
    /* where the endpoints and the resolver are is not known: who names their port for a place means them */
    return !rule->has_place || (way == TO_IMDS ? rule->to_imds : rule->accepts && rule->has_port);
}

/* `first`: the rule is put before the others. */
static void take_rule(struct rules *rules, char *line, bool first)
{
    struct rule rule = rule_read(line);
    bool of_imds = is_about(&rule, TO_IMDS);

    if (rule.ignored || (rule.has_state && !rule.is_new) ||
        (rule.has_source_port && !rule.has_port))
        return;
    if (rule.has_owner && rule.of_root == rule.negated) { /* for other users: the agent is root's */
        rules->only_root_to_imds |= rule.denies && of_imds;
        return;
    }
    rules->only_root_to_imds |= rule.denies && of_imds && rules->root_to_imds;
    if (rule.accepts && of_imds && rules->chain[TO_IMDS] == OPEN)
        rules->root_to_imds = rule.has_owner;
    for (int way = 0; way < N_WAYS; way++) {
        if (!is_about(&rule, (enum way)way) || (rules->chain[way] != OPEN && !first))
            continue;
        if (rule.jumps ||
            ((rule.accepts || rule.denies) && (rule.unclear || (rule.negated && !rule.has_owner))))
            rules->chain[way] = UNSURE;
        else if (rule.accepts || rule.denies)
            rules->chain[way] = rule.accepts ? LET : DROPPED;
    }
}

/* A packet passes all chains of a hook. */
static void end_chain(struct rules *rules)
{
    for (int way = 0; way < N_WAYS; way++) {
        enum state state = rules->chain[way] != OPEN ? rules->chain[way]
                           : rules->drops            ? DROPPED
                                                     : LET;
        if (state > rules->all[way])
            rules->all[way] = state;
        rules->chain[way] = OPEN;
    }
    rules->drops = false;
}

static void take_nft_line(void *arg, const char *path, char *line)
{
    struct rules *rules = arg;
    char *rest = NULL;

    (void)path;
    for (char *part = strtok_r(line, ";", &rest); part; part = strtok_r(NULL, ";", &rest)) {
        part = text_trim(part);
        rules->included |= text_starts(part, "include ");
        if (text_starts(part, "chain ") && rules->in_output)
            end_chain(rules);
        if (text_starts(part, "chain "))
            rules->in_output = false;
        if (strstr(part, "hook output"))
            rules->in_output = true;
        else if (rules->in_output && text_starts(part, "policy "))
            rules->drops = strstr(part, "drop");
        else if (rules->in_output)
            take_rule(rules, part, false);
    }
}

static void take_iptables_line(void *arg, const char *path, char *line)
{
    struct rules *rules = arg;

    (void)path;
    if (line[0] == '*')
        rules->in_output = strcmp(line, "*filter") == 0;
    if (text_starts(line, ":OUTPUT DROP") || text_starts(line, ":OUTPUT REJECT") ||
        text_starts(line, "-P OUTPUT DROP"))
        rules->drops = true;
    if (rules->in_output && (text_starts(line, "-A OUTPUT ") || text_starts(line, "-I OUTPUT ")))
        take_rule(rules, line, line[1] == 'I');
}

static void take_ufw_line(void *arg, const char *path, char *line)
{
    struct rules *rules = arg;

    (void)path;
    if (text_starts(line, "-A ufw-user-output") || text_starts(line, "-A ufw-before-output") ||
        text_starts(line, "-I ufw-user-output"))
        take_rule(rules, line, line[1] == 'I');
}

/* <rule ... chain="OUTPUT" ...>-j DROP</rule> */
static void take_direct_line(void *arg, const char *path, char *line)
{
    char *at = strstr(line, "\"OUTPUT\""), *text = at ? strchr(at, '>') : NULL;

    (void)path;
    if (!text)
        return;
    text[1 + strcspn(text + 1, "<")] = '\0';
    take_rule(arg, text + 1, false);
}

static void conclude_firewall(struct rules *rules, const char *path)
{
    bool dropped = false, unsure = false;

    end_chain(rules);
    for (int way = 0; way < N_WAYS; way++) {
        dropped |= rules->all[way] == DROPPED;
        unsure |= rules->all[way] == UNSURE;
    }
    if (rules->only_root_to_imds)
        find_warning(rules->image, "image-egress-dropped", path,
                     "%s lets only some users to " IMDS ": ssm-preflight runs as a user of its own",
                     path);
    if (dropped && !rules->included)
        find(rules->image, "image-egress-dropped", path, "%s does not let out what goes to%s%s%s",
             path, rules->all[TO_443] == DROPPED ? " port 443" : "",
             rules->all[TO_IMDS] == DROPPED ? " " IMDS : "",
             rules->all[TO_DNS] == DROPPED ? " port 53" : "");
    else if (dropped || unsure)
        cannot_judge(rules->image, "%s: what it includes or jumps to decides", path);
}

static void judge_rules(struct image *image, const char *path, line_taker *each, bool drops)
{
    struct rules rules = {.image = image, .drops = drops, .in_output = each != take_nft_line};

    if (lines_read(image, path, each, &rules))
        conclude_firewall(&rules, path);
}

static void take_policy(void *arg, const char *name)
{
    cannot_judge(arg, "/etc/firewalld/policies/%s decides what may leave", name);
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
        value_read(image, "/etc/default/ufw", "DEFAULT_OUTPUT_POLICY", value, NULL))
        judge_rules(image, "/etc/ufw/user.rules", take_ufw_line, strcmp(value, "ACCEPT") != 0);
    if (any_enabled(image, "firewalld.service", which)) {
        (void)file_list(image->root, "/etc/firewalld/policies", ".xml", take_policy, image);
        judge_rules(image, "/etc/firewalld/direct.xml", take_direct_line, false);
    }
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
