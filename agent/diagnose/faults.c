/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a fault keeps the agent down was seen at the real one, amazon-ssm-agent 3.3.1142.0, unless a
 * comment says where it was read. An agent that is connected is up, whatever its next start may meet.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "diagnose/checks.h"
#include "diagnose/look.h"
#include "model/place.h"
#include "model/proxy.h"

enum { MANY_RESTARTS = 3 };

struct finder {
    const struct facts *facts;
    struct faults *faults;
};

static void add(const struct finder *to, enum check check, enum status status, enum failure reason,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

static void add(const struct finder *to, enum check check, enum status status, enum failure reason,
                const char *format, ...)
{
    struct faults *faults = to->faults;
    struct fault fault = {.check = check, .reason = reason, .words = ""};
    int i = faults->n;
    va_list arguments;

    fault.status = to->facts->agent.connected == ANSWER_YES ? STATUS_WARN : status;
    va_start(arguments, format);
    (void)vsnprintf(fault.words, sizeof(fault.words), format, arguments);
    va_end(arguments);
    if (i == MAX_FAULTS)
        return;
    for (; i > 0 && faults->at[i - 1].check == check && faults->at[i - 1].status < fault.status;
         i--)
        faults->at[i] = faults->at[i - 1];
    faults->at[i] = fault;
    faults->n++;
}

/* --- installed --- */

static void find_incomplete(const struct finder *to)
{
    const struct agent_facts *agent = &to->facts->agent;

    if (agent->foreign[0])
        add(to, CHECK_AGENT_INSTALLED, STATUS_FAIL, FAILURE_INCOMPLETE,
            "%s is for another architecture than this system's", agent->foreign);
    if (agent->missing[0])
        add(to, CHECK_AGENT_INSTALLED, agent->worker_missing ? STATUS_FAIL : STATUS_WARN,
            FAILURE_INCOMPLETE, "programs of the SSM agent are missing: %s", agent->missing);
    if (agent->unfit[0])
        add(to, CHECK_AGENT_INSTALLED, agent->worker_unfit ? STATUS_FAIL : STATUS_WARN,
            FAILURE_INCOMPLETE, "programs of the SSM agent cannot be run: %s", agent->unfit);
    if (agent->unfinished[0])
        add(to, CHECK_AGENT_INSTALLED, agent->version[0] ? STATUS_WARN : STATUS_FAIL,
            FAILURE_INCOMPLETE, "its installation was not finished: %s", agent->unfinished);
    if (agent->label[0])
        add(to, CHECK_AGENT_INSTALLED, STATUS_WARN, FAILURE_INCOMPLETE,
            "SELinux is enforcing, and the agent's program has the type %s: systemd may not start it",
            agent->label);
    if (agent->twice)
        add(to, CHECK_AGENT_INSTALLED, STATUS_WARN, FAILURE_INCOMPLETE,
            "the SSM agent is installed twice, as a snap and as a package");
}

static void find_age(const struct finder *to)
{
    const struct agent_facts *agent = &to->facts->agent;
    const struct network_facts *network = &to->facts->network;
    bool ipv6_only = network->usable_ipv6 && !network->usable_ipv4;
    bool dualstack = look_needs_dualstack(to->facts) || ipv6_only;
    const char *first = dualstack ? first_agent_with_dualstack : first_agent_with_imdsv2;

    if (text_compare_versions(agent->version, first) < 0)
        add(to, CHECK_AGENT_INSTALLED, STATUS_FAIL, FAILURE_TOO_OLD,
            "SSM Agent %s: %s needs %s or newer", agent->version,
            ipv6_only   ? "an instance without IPv4"
            : dualstack ? "a dual-stack endpoint"
                        : "IMDSv2",
            first);
    else if (text_compare_versions(agent->version, first_agent_without_ec2messages) < 0)
        add(to, CHECK_AGENT_INSTALLED, STATUS_WARN, FAILURE_TOO_OLD,
            "SSM Agent %s takes commands by ec2messages, whose end AWS announced for 2026-09-30; "
            "%s does not",
            agent->version, first_agent_without_ec2messages);
}

/* --- config: the file --- */

static void add_other_region(const struct finder *to, const char *name, const char *region)
{
    const char *own = to->facts->instance.region;

    if (region[0] && own[0] && strcmp(region, own) != 0)
        add(to, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_INVALID,
            "%s is %.60s, but the instance is in %.60s", name, region, own);
}

/* The agent goes to the port that the endpoint names. */
static void add_other_port(const struct finder *to, const char *name, const char *endpoint)
{
    const char *scheme_end = strstr(endpoint, "://");
    const char *host = scheme_end ? scheme_end + 3 : endpoint;
    const char *port = host + strcspn(host, ":/");

    if (endpoint[0] && port == host)
        add(to, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_INVALID, "%s is %.150s: it names no host",
            name, endpoint);
    else if (port[0] == ':' && port[1] && port[1] != '/' &&
             (strncmp(port, ":443", 4) != 0 || (port[4] && port[4] != '/')))
        add(to, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_INVALID,
            "%s names port %.*s, endpoints have 443 only: %.150s", name,
            (int)strcspn(port + 1, "/"), port + 1, endpoint);
}

/* Both go to HTTPS; a scheme in the endpoint of ssm changes that. Go takes the host for a scheme where a port follows and
 * no scheme is before it: then the agent has no endpoint of ssmmessages (agent/session/config/config.go). */
static void add_wrong_scheme(const struct finder *to, const char *ssm, const char *mgs)
{
    const char *scheme_end = strstr(ssm, "://");

    if (scheme_end && strncasecmp(ssm, "https://", strlen("https://")) != 0)
        add(to, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_INVALID,
            "Ssm.Endpoint begins with %.*s://, endpoints have HTTPS only: %.150s",
            (int)(scheme_end - ssm), ssm, ssm);
    else
        add_other_port(to, "Ssm.Endpoint", ssm);
    if (!strstr(mgs, "://") && strcspn(mgs, ":") < strcspn(mgs, "/"))
        add(to, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_INVALID,
            "Mgs.Endpoint has a port and no https://, which the agent cannot read: %.150s", mgs);
    else
        add_other_port(to, "Mgs.Endpoint", mgs);
}

/* As an endpoint's own DNS name has its service: vpce-0a1b-2c3d.ssm.us-east-1.vpce.amazonaws.com. */
static void add_other_service(const struct finder *to, const char *name, enum service service)
{
    const struct service_plan *plan = &to->facts->plan.services[service];
    char label[HOST_SIZE];

    if (plan->host_source != SOURCE_AGENT_CONFIG)
        return;
    for (const char *at = plan->host; text_word(&at, ".", label, sizeof(label));)
        for (enum service other = 0; other < N_SERVICES; other++)
            if (other != service && strcmp(label, service_name(other)) == 0)
                add(to, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_INVALID,
                    "%s names an endpoint of %s: %.150s", name, label, plan->host);
}

static bool takes_identity(const struct agent_facts *agent, const char *which)
{
    return !agent->identity_order[0] || strstr(agent->identity_order, which);
}

static void find_config(const struct finder *to)
{
    const struct agent_facts *agent = &to->facts->agent;

    if (agent->config.outcome == OUTCOME_FAILED)
        add(to, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_INVALID, "%s: %s", agent->config_file,
            agent->config.detail[0] ? agent->config.detail : failure_words(agent->config.failure));
    add_other_region(to, "Agent.Region", agent->config_region);
    add_other_region(to, "Mgs.Region", agent->config_mgs_region);
    add_other_region(to, "CustomIdentities.Region", agent->custom_region);
    add_wrong_scheme(to, agent->ssm_endpoint, agent->mgs_endpoint);
    add_other_service(to, "Ssm.Endpoint", SERVICE_SSM);
    add_other_service(to, "Mgs.Endpoint", SERVICE_SSMMESSAGES);
    if (!takes_identity(agent, "EC2") && !agent->custom_region[0])
        add(to, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_INVALID,
            "Identity.ConsumptionOrder leaves out EC2: %s", agent->identity_order);
    if (agent->container_mode && !agent->identity_order[0])
        add(to, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_INVALID,
            "Agent.ContainerMode is true: the agent asks ECS who it is, not EC2");
}

static void find_registration(const struct finder *to)
{
    const struct agent_facts *agent = &to->facts->agent;
    bool taken = agent_takes_registration(agent);

    if (agent->registered_as[0])
        add(to, CHECK_AGENT_CONFIG, taken ? STATUS_FAIL : STATUS_WARN, FAILURE_REGISTERED_ELSEWHERE,
            "the agent's state says that it is %s, a hybrid registration%s", agent->registered_as,
            taken                      ? ""
            : !agent->registered_whole ? ", which is not complete"
                                       : ", which Identity.ConsumptionOrder puts behind EC2");
}

/* --- config: the environment --- */

static void add_denied(const struct finder *to, bool stays_down, const char *address,
                       const char *whose)
{
    const struct agent_facts *agent = &to->facts->agent;

    add(to, CHECK_AGENT_CONFIG, stays_down ? STATUS_FAIL : STATUS_WARN, FAILURE_ENVIRONMENT,
        "the agent's unit keeps it from %s (%s): %.100s: IPAddressDeny=%.100s", address, whose,
        agent->denied_file, agent->denied_networks);
}

static bool is_denied(const struct agent_facts *agent, const char *address)
{
    return address[0] && place_is_denied(agent->denied_networks, agent->allowed_networks, address);
}

/* At each address that is denied the agent waits, and goes on to the next. True where its name is asked of a nameserver. */
static bool find_denied_service(const struct finder *to, enum service service, bool is_required)
{
    const struct endpoint_facts *endpoint = &to->facts->endpoints[service];
    const char *denied = NULL;
    bool all = true, by_dns = false;

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        if (at->second_opinion || look_is_other_family(to->facts, endpoint, at))
            continue;
        by_dns |= !at->from_hosts_file;
        if (!is_denied(&to->facts->agent, at->address))
            all = false;
        else if (!denied)
            denied = at->address;
    }
    if (denied)
        add_denied(to, all && is_required, denied, service_name(service));
    return by_dns && is_required;
}

/* A nameserver that is denied is passed over at once: sendto() fails. */
static void find_denied(const struct finder *to)
{
    const struct facts *facts = to->facts;
    const struct resolver_facts *resolvers = &facts->resolvers;
    const struct agent_facts *agent = &facts->agent;
    bool by_dns = false, by_proxy = false;
    int32_t n = resolvers->n_configured < AGENT_NAMESERVERS ? resolvers->n_configured
                                                            : AGENT_NAMESERVERS;

    for (enum service i = 0; i < N_SERVICES && agent->denied_networks[0]; i++) {
        bool is_required = facts->plan.services[i].need == NEED_REQUIRED;
        if (!look_is_planned(facts, i) || look_may_be_missing(facts, i))
            continue;
        if (proxy_used(agent, facts->plan.services[i].host))
            by_proxy |= is_required;
        else
            by_dns |= find_denied_service(to, i, is_required);
    }
    if (by_proxy && is_denied(agent, agent->proxy_address))
        add_denied(to, true, agent->proxy_address, "its proxy");
    while (n > 0 && is_denied(agent, resolvers->configured[n - 1]))
        n--;
    if (by_dns && n == 0 && resolvers->n_configured > 0)
        add_denied(to, true, resolvers->configured[0], "its nameserver");
}

static void find_environment(const struct finder *to)
{
    const struct agent_facts *agent = &to->facts->agent;

    if (agent->environment.outcome == OUTCOME_FAILED)
        add(to, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_ENVIRONMENT, "%s",
            agent->environment.detail);
    if (agent->confined[0]) { /* FILE: KEY=VALUE */
        const char *line = strstr(agent->confined, ": ");
        const char *key = line ? line + 2 : agent->confined;
        add(to, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_ENVIRONMENT,
            "the agent's unit keeps it from working by %.*s=: %s", (int)strcspn(key, "="), key,
            agent->confined);
    }
    find_denied(to);
    if (agent->doubted[0])
        add(to, CHECK_AGENT_CONFIG, STATUS_WARN, FAILURE_ENVIRONMENT,
            "the agent's unit may keep it from working: %s", agent->doubted);
    for (int32_t i = 0; i < agent->n_variables; i++)
        if (look_does_harm(to->facts, &agent->variables[i]))
            add(to, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_ENVIRONMENT,
                "the agent's environment has %s=%.120s%s", agent->variables[i].name,
                agent->variables[i].value,
                agent->variables[i].harm == HARM_NO_CERTIFICATE ? ", which holds no certificate"
                                                                : "");
    if (proxy_used_for_imds(agent))
        add(to, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_IMDS_PROXY,
            "the agent asks the proxy %s for the metadata service", agent->http_proxy);
}

/* What the agent itself does not trust: its bundle is another matter than what the other side shows. */
static const struct address_facts *distrusted(const struct facts *facts, enum need need)
{
    for (enum service i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_addresses; j++)
            if (facts->plan.services[i].need == need && look_is_planned(facts, i) &&
                !look_may_be_missing(facts, i) &&
                facts->endpoints[i].addresses[j].session.distrusted_by != TRUST_BY_NONE)
                return &facts->endpoints[i].addresses[j];
    return NULL;
}

static void find_bundle(const struct finder *to)
{
    const struct agent_facts *agent = &to->facts->agent;
    const struct address_facts *required = distrusted(to->facts, NEED_REQUIRED);
    const struct address_facts *at = required ? required : distrusted(to->facts, NEED_OPTIONAL);

    if (!agent->ca_bundle[0])
        add(to, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_UNTRUSTED,
            "no CA certificates where the agent looks for them");
    else if (at)
        add(to, CHECK_AGENT_CONFIG, required ? STATUS_FAIL : STATUS_WARN, FAILURE_UNTRUSTED,
            "the agent's CA certificates (%s) do not vouch for %s",
            at->session.distrusted_by == TRUST_BY_SDK ? agent->sdk_bundle : agent->ca_bundle,
            at->address);
}

static void find_proxy(const struct finder *to)
{
    const struct facts *facts = to->facts;
    const struct agent_facts *agent = &facts->agent;
    const char *proxied = NULL, *proxy = agent->https_proxy;

    for (enum service i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++) {
        const char *host = facts->plan.services[i].host;
        const struct step *step = &facts->endpoints[i].proxy;
        if (!look_is_planned(facts, i) || !host[0] || !proxy_used(agent, host))
            continue;
        proxied = proxied ? proxied : host;
        if (facts->plan.services[i].need != NEED_REQUIRED || !proxy_refuses(facts, i))
            continue;
        bool login = facts->endpoints[i].proxy_status == 407;
        add(to, CHECK_AGENT_CONFIG, STATUS_FAIL, login ? FAILURE_PROXY_LOGIN : FAILURE_PROXY,
            "the agent asks the proxy %s for %s, which %s: %s", proxy, host,
            !login               ? "does not let it through"
            : agent->proxy_login ? "does not take its login"
                                 : "wants a login, and it has none",
            step->detail[0] ? step->detail : failure_words(step->failure));
        return;
    }
    if (proxied)
        add(to, CHECK_AGENT_CONFIG, STATUS_WARN, FAILURE_PROXY,
            "the agent would ask the proxy %s for %s", proxy, proxied);
}

/* --- state --- */

static void find_state(const struct finder *to)
{
    const struct agent_facts *agent = &to->facts->agent;
    const char *path = agent->state_directory;

    if (agent->state.outcome == OUTCOME_FAILED)
        add(to, CHECK_AGENT_STATE, STATUS_FAIL, agent->state.failure, "%s %s", path,
            agent->state.failure == FAILURE_READ_ONLY ? "is on a read-only file system"
            : agent->state.failure == FAILURE_IMMUTABLE
                ? "may not be changed: it has the attribute i (chattr)"
            : agent->state.failure == FAILURE_INVALID && text_ends(path, ".json")
                ? "is a directory, where the agent needs a file"
            : agent->state.failure == FAILURE_INVALID && strstr(path, "/ipc/")
                ? "is no socket, which the agent needs"
            : agent->state.failure == FAILURE_INVALID
                ? "is a file, where the agent needs a directory"
            : agent->state.failure == FAILURE_FULL ? "is on a full disk"
                                                   : "is on a disk that has no inodes left");
    if (agent->noexec)
        add(to, CHECK_AGENT_STATE, STATUS_WARN, FAILURE_NO_EXEC,
            "%s is mounted noexec: nothing can be run there", path);
    /* Read in amazon-ssm-agent: the control channel needs none, sessions and documents do. */
    if (agent->inotify == ANSWER_NO)
        add(to, CHECK_AGENT_STATE, STATUS_WARN, FAILURE_EXHAUSTED,
            "%s is used up: sessions and commands fail", agent->inotify_limit);
    /* Whatever ends it again and again, the next start is no better. */
    if (agent->ended == ANSWER_YES && agent->unit_active[0])
        add(to, CHECK_AGENT_STATE,
            look_agent_stays_down(agent) || agent->n_restarts >= MANY_RESTARTS ? STATUS_FAIL
                                                                               : STATUS_WARN,
            FAILURE_ENDED,
            "the agent ran in this boot, and does not run now: %s, result %s, status %d, started "
            "again %d times%s",
            agent->unit_active, agent->unit_result, (int)agent->exit_status, (int)agent->n_restarts,
            look_agent_stays_down(agent) ? "; nothing starts it again" : "");
    else if (agent->ended == ANSWER_YES)
        add(to, CHECK_AGENT_STATE, STATUS_WARN, FAILURE_ENDED,
            "the agent ran in this boot, and does not run now");
    if (agent->running == ANSWER_YES && agent->connected == ANSWER_NO &&
        agent->n_restarts >= MANY_RESTARTS)
        add(to, CHECK_AGENT_CONNECTED, STATUS_FAIL, FAILURE_ENDED,
            "the agent has no connection to ssmmessages, and systemd has started it again %d times",
            (int)agent->n_restarts);
}

/* --- all --- */

void faults_find(const struct facts *facts, struct faults *faults)
{
    const struct finder to = {facts, faults};

    faults->n = 0;
    if (facts->agent.installed != ANSWER_YES)
        return;
    find_incomplete(&to);
    find_age(&to);
    find_config(&to);
    find_registration(&to);
    find_environment(&to);
    find_bundle(&to);
    find_proxy(&to);
    find_state(&to);
}

const struct fault *faults_first(const struct faults *faults, enum check check)
{
    for (int i = 0; i < faults->n; i++)
        if (faults->at[i].check == check)
            return &faults->at[i];
    return NULL;
}

/* --- the checks of the agent: what they say is the faults --- */

/* The worst decides, and every one is named that fits. False: there is none. */
static bool say_faults(const struct judge *judge, const struct faults *faults, enum check check)
{
    const struct fault *first = faults_first(faults, check);
    const size_t room = LINE_SIZE - sizeof("; ; and 99 more");
    char words[LINE_SIZE] = "";
    int n_more = 0;

    for (int i = 0; i < faults->n; i++) {
        if (faults->at[i].check != check)
            continue;
        if (n_more > 0 || (words[0] && strlen(words) + strlen(faults->at[i].words) > room))
            n_more++;
        else
            text_list(words, sizeof(words), "; ", faults->at[i].words);
    }
    if (n_more > 0)
        (void)text_add(words, sizeof(words), "; and %d more", n_more);
    if (first)
        checks_say(judge, check, first->status, first->reason, 0, "%s", words);
    return first;
}

static void judge_installed(const struct judge *judge, const struct faults *faults)
{
    static const char *const packages[] = {
        [AGENT_PACKAGE_UNKNOWN] = "package not known",
        [AGENT_PACKAGE_DEB] = "deb",
        [AGENT_PACKAGE_RPM] = "rpm",
        [AGENT_PACKAGE_SNAP] = "snap",
    };
    const struct agent_facts *agent = &judge->facts->agent;

    if (agent->installed == ANSWER_UNKNOWN)
        checks_say(judge, CHECK_AGENT_INSTALLED, STATUS_UNKNOWN, FAILURE_NONE, 0,
                   "whether the SSM agent is installed could not be told");
    else if (agent->installed == ANSWER_NO)
        FAIL(judge, CHECK_AGENT_INSTALLED, FAILURE_ABSENT, 0, "the SSM agent is not installed");
    else if (!say_faults(judge, faults, CHECK_AGENT_INSTALLED))
        PASS(judge, CHECK_AGENT_INSTALLED, 0, "SSM Agent %s (%s)",
             agent->version[0] ? agent->version : "of unknown version", packages[agent->package]);
}

static void judge_enabled(const struct judge *judge)
{
    static const struct {
        enum status status;
        enum failure reason;
        const char *words;
    } rows[] = {
        [UNIT_UNKNOWN] = {STATUS_UNKNOWN, FAILURE_NONE, "in a state that could not be told"},
        [UNIT_ENABLED] = {STATUS_PASS, FAILURE_NONE, "enabled"},
        [UNIT_DISABLED] = {STATUS_FAIL, FAILURE_DISABLED, "disabled"},
        [UNIT_MASKED] = {STATUS_FAIL, FAILURE_MASKED, "masked: nothing can start it"},
        [UNIT_ABSENT] = {STATUS_FAIL, FAILURE_ABSENT, "not there"},
    };
    const struct agent_facts *agent = &judge->facts->agent;
    bool up = agent->connected == ANSWER_YES && rows[agent->unit_state].status == STATUS_FAIL;

    checks_say(judge, CHECK_AGENT_ENABLED, up ? STATUS_WARN : rows[agent->unit_state].status,
               rows[agent->unit_state].reason, 0, "unit %s is %s",
               agent->unit[0] ? agent->unit : "of the agent", rows[agent->unit_state].words);
}

/* Also what the agent would do with it: a configuration that leads it into a proxy, or an image
 * whose bundle of roots is missing, parses well and still keeps the agent out. */
static void judge_config(const struct judge *judge, const struct faults *faults)
{
    const struct agent_facts *agent = &judge->facts->agent;
    const struct fault *first = faults_first(faults, CHECK_AGENT_CONFIG);

    if (first && first->status == STATUS_FAIL)
        (void)say_faults(judge, faults, CHECK_AGENT_CONFIG);
    else if (agent->config.outcome == OUTCOME_SKIPPED)
        checks_say(judge, CHECK_AGENT_CONFIG, STATUS_UNKNOWN, agent->config.failure, 0,
                   "%s cannot be read", agent->config_file);
    else if (!judge->facts->instance.region[0] &&
             (agent->config_region[0] || agent->https_proxy[0]))
        /* a region that nothing can be compared with, a proxy for names that are not known */
        checks_say_untried(judge, CHECK_AGENT_CONFIG, CHECK_IMDS_IDENTITY);
    else if (!say_faults(judge, faults, CHECK_AGENT_CONFIG))
        PASS(judge, CHECK_AGENT_CONFIG, agent->config.took_ms, "%s%s",
             agent->config_file[0] ? agent->config_file : "no amazon-ssm-agent.json",
             agent->config_file[0] ? " fits this instance" : ": the defaults");
}

/* An image has no state, and neither has a report that an older program made. */
static void judge_state(const struct judge *judge, const struct faults *faults)
{
    const struct agent_facts *agent = &judge->facts->agent;

    if (say_faults(judge, faults, CHECK_AGENT_STATE))
        return;
    if (agent->state.outcome == OUTCOME_UNTRIED)
        judge->checks[CHECK_AGENT_STATE].planned = false;
    else
        PASS(judge, CHECK_AGENT_STATE, agent->state.took_ms, "%s can be written%s",
             agent->state_directory,
             agent->inotify == ANSWER_YES ? ", inotify is not used up" : "");
}

/* Nobody expects a connection of an agent that has not started: then the check is in no report. */
static void judge_connected(const struct judge *judge, const struct faults *faults)
{
    const struct agent_facts *agent = &judge->facts->agent;

    if (agent->running != ANSWER_YES || agent->connected == ANSWER_UNKNOWN)
        judge->checks[CHECK_AGENT_CONNECTED].planned = false;
    else if (agent->connected == ANSWER_YES)
        PASS(judge, CHECK_AGENT_CONNECTED, 0, "a connection to %s (ssmmessages) stands",
             agent->connected_to);
    else if (!say_faults(judge, faults, CHECK_AGENT_CONNECTED))
        checks_say(judge, CHECK_AGENT_CONNECTED, STATUS_WARN, FAILURE_NOT_CONNECTED, 0,
                   "the agent runs, but no connection to ssmmessages stands");
}

void checks_judge_agent(const struct judge *judge)
{
    struct faults faults;

    faults_find(judge->facts, &faults);
    judge_installed(judge, &faults);
    if (judge->facts->agent.installed == ANSWER_YES) {
        judge_enabled(judge);
        judge_config(judge, &faults);
        judge_state(judge, &faults);
    } else {
        checks_say_untried(judge, CHECK_AGENT_ENABLED, CHECK_AGENT_INSTALLED);
        checks_say_untried(judge, CHECK_AGENT_CONFIG, CHECK_AGENT_INSTALLED);
        judge->checks[CHECK_AGENT_STATE].planned = false;
    }
    judge_connected(judge, &faults);
    for (enum check i = CHECK_AGENT_INSTALLED;
         i < CHECK_AGENT_CONNECTED && judge->facts->machine.trouble.failure == FAILURE_INTERNAL;
         i++)
        checks_say_trouble(judge, i, &judge->facts->machine.trouble); /* all of it rests on files */
}
