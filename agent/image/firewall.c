/* SPDX-License-Identifier: Apache-2.0
 *
 * Check 18: what the rules of a firewall in the image let out. They are read as a packet of the agent meets them:
 * chain by chain, the first rule that is about it decides.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/text.h"
#include "image/judge.h"

/* The agent's three ways out, from open to shut: the first rule of a chain that is about one decides it. */
enum way { TO_443, TO_IMDS, TO_DNS, N_WAYS };
enum state { OPEN, LET, UNSURE, DROPPED };

struct rules {
    struct image *image;
    bool in_output, ipv6, drops;
    bool included;        /* one that cannot be read */
    char file[PATH_SIZE]; /* that has the chain */
    bool root_to_imds, only_root_to_imds;
    enum state chain[N_WAYS], all[N_WAYS];
};

struct rule {
    bool accepts, denies, jumps, negated, ignored, unclear, tcp, udp;
    bool has_port, has_source_port, has_place, has_state, is_new, has_owner, of_root;
    bool ports[N_WAYS], to_imds, to_network;
};

enum about { NOTHING, PORT, SOURCE, PLACE, TARGET, DEVICE, STATE, OWNER, NEGATED, NO_MATCH, GUESS };

/* A network that an endpoint or a resolver may be in. */
static bool is_private(const char *place)
{
    return strchr(place, '/') && !text_ends(place, "/32") &&
           text_starts_any(place, "10. 172. 192.168. 100. fd fc");
}

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

    const size_t i = text_find(word, &words[0].word, sizeof(words[0]), COUNT_OF(words));
    if (i < COUNT_OF(words))
        return words[i].about;
    return word[0] == '@' || word[0] == '$' ? GUESS : NOTHING;
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
    rule->to_network |= about == PLACE && is_private(word);
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

    for (char *word; (word = text_next(&line, between));) {
        enum about next = about_of(word);
        /* a comment, or what a log begins with, is in words */
        bool in_words = text_has("comment --comment prefix --log-prefix", ' ', word);
        char *end = line && in_words && line[0] == '"' ? strchr(line + 1, '"') : NULL;

        line = end ? end + 1 : line;
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
        if (next == NOTHING) {
            take_word(&rule, about, word);
            about = about == TARGET ? NOTHING : about; /* "LOG", and what follows is of the log */
        } else if (next != NEGATED) {
            about = next;
        }
    }
    return rule;
}

static bool is_about(const struct rule *rule, enum way way)
{
    if ((rule->tcp || rule->udp) && !(way == TO_DNS ? rule->udp : rule->tcp))
        return false;
    if (rule->has_port && !rule->ports[way] && !rule->unclear)
        return false;
    /* where the endpoints and the resolver are is not known: who names their port for a place means them, and
     * who lets everything out to a network may */
    return !rule->has_place || (rule->negated && !rule->has_owner) ||
           (way == TO_IMDS ? rule->to_imds : rule->accepts && (rule->has_port || rule->to_network));
}

/* `first`: the rule is put before the others. */
static void take_rule(struct rules *rules, char *line, bool first)
{
    struct rule rule = rule_read(line);
    bool of_imds = is_about(&rule, TO_IMDS);

    if (rule.ignored || (rule.has_state && !rule.is_new && !rule.unclear) ||
        (rule.has_source_port && !rule.has_port))
        return;
    if (rule.has_owner && rule.of_root == rule.negated) { /* for other users: the agent is root's */
        rules->only_root_to_imds |= rule.denies && rule.negated && of_imds;
        return;
    }
    rules->only_root_to_imds |= rule.denies && of_imds && rules->root_to_imds;
    if (rule.accepts && of_imds && rules->chain[TO_IMDS] == OPEN)
        rules->root_to_imds = rule.has_owner;
    for (int way = 0; way < N_WAYS; way++) {
        if (!is_about(&rule, (enum way)way) || (rules->chain[way] != OPEN && !first))
            continue;
        if (rule.jumps || (rule.accepts && rule.to_network && !rule.has_port && way != TO_IMDS) ||
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

/* include "/etc/nftables.d/x.nft", nft(8). */
static void take_nft_line(void *arg, const char *path, char *line);

static void follow_include(struct rules *rules, const char *what)
{
    char place[PATH_SIZE];

    what += strspn(what, " \t\"'");
    (void)text_set(place, sizeof(place), "%.*s", (int)strcspn(what, "\"' \t"), what);
    rules->included |= place[0] != '/' ||
                       (!lines_include(rules->image, place, take_nft_line, rules) &&
                        !strchr(place, '*'));
}

static void take_nft_line(void *arg, const char *path, char *line)
{
    struct rules *rules = arg;

    for (char *part; (part = text_next(&line, ";"));) {
        part = text_trim(part);
        if (text_starts(part, "include "))
            follow_include(rules, part + strlen("include "));
        if (text_starts(part, "table "))
            rules->ipv6 = text_starts(part, "table ip6 ");
        if ((text_starts(part, "chain ") || text_starts(part, "table ")) && rules->in_output)
            end_chain(rules);
        if (text_starts(part, "chain ") || text_starts(part, "table "))
            rules->in_output = false;
        if (strstr(part, "hook output") && !rules->ipv6) {
            rules->in_output = true;
            (void)text_escape(rules->file, sizeof(rules->file), path, strlen(path));
        } else if (rules->in_output && text_starts(part, "policy "))
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
        conclude_firewall(&rules, rules.file[0] ? rules.file : path);
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
        LOCAL_NAMES policies = file_list(image->root, "/etc/firewalld/policies", ".xml");
        if (policies.n > 0)
            cannot_judge(image, "/etc/firewalld/policies/%s decides what may leave",
                         policies.names[policies.n - 1]);
        judge_rules(image, "/etc/firewalld/direct.xml", take_direct_line, false);
    }
}
