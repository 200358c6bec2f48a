/* SPDX-License-Identifier: Apache-2.0
 *
 * The agent's own installation. Optional, unless asked for, or unless its configuration is known to
 * lead it where it does not get through.
 */
#include "base/text.h"
#include "diagnose/checks.h"
#include "diagnose/look.h"
#include "model/proxy.h"

static const char *const package_words[] = {
    [AGENT_PACKAGE_UNKNOWN] = "package not known",
    [AGENT_PACKAGE_DEB] = "deb",
    [AGENT_PACKAGE_RPM] = "rpm",
    [AGENT_PACKAGE_SNAP] = "snap",
};

static void judge_installed(const struct judge *judge)
{
    const struct agent_facts *agent = &judge->facts->agent;
    const char *first = look_needs_dualstack(judge->facts) ? first_agent_with_dualstack
                                                           : first_agent_with_imdsv2;

    if (agent->installed == ANSWER_UNKNOWN)
        checks_say(judge, CHECK_AGENT_INSTALLED, STATUS_UNKNOWN, FAILURE_NONE, 0,
                   "whether the SSM agent is installed could not be told");
    else if (agent->installed == ANSWER_NO)
        checks_say(judge, CHECK_AGENT_INSTALLED, STATUS_FAIL, FAILURE_ABSENT, 0,
                   "the SSM agent is not installed");
    else if (agent->version[0] != '\0' && text_compare_versions(agent->version, first) < 0)
        checks_say(judge, CHECK_AGENT_INSTALLED, STATUS_FAIL, FAILURE_TOO_OLD, 0,
                   "SSM Agent %s: %s needs %s or newer", agent->version,
                   first == first_agent_with_imdsv2 ? "IMDSv2" : "a dual-stack endpoint", first);
    else
        checks_say(judge, CHECK_AGENT_INSTALLED, STATUS_PASS, FAILURE_NONE, 0, "SSM Agent %s (%s)",
                   agent->version[0] ? agent->version : "of unknown version",
                   package_words[agent->package]);
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
        [UNIT_DISABLED] = {STATUS_FAIL, FAILURE_DISABLED, "disabled: nothing starts it"},
        [UNIT_MASKED] = {STATUS_FAIL, FAILURE_MASKED, "masked: nothing can start it"},
        [UNIT_ABSENT] = {STATUS_FAIL, FAILURE_ABSENT, "not there"},
    };
    const struct agent_facts *agent = &judge->facts->agent;

    if (agent->installed != ANSWER_YES) {
        checks_say_untried(judge, CHECK_AGENT_ENABLED, CHECK_AGENT_INSTALLED);
        return;
    }
    checks_say(judge, CHECK_AGENT_ENABLED, rows[agent->unit_state].status,
               rows[agent->unit_state].reason, 0, "unit %s is %s",
               agent->unit[0] ? agent->unit : "of the agent", rows[agent->unit_state].words);
}

/* A proxy that was asked and does not let the agent through makes this check a required one: then
 * it does not help that the endpoints can be reached directly. */
static bool judge_proxy(const struct judge *judge)
{
    const struct facts *facts = judge->facts;
    int proxied = -1;

    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++) {
        const char *host = facts->plan.services[i].host;
        if (!look_is_planned(facts, (enum service)i) || host[0] == '\0' ||
            !proxy_used(&facts->agent, host))
            continue;
        if (proxied < 0)
            proxied = i;
        if (facts->plan.services[i].need != NEED_REQUIRED || !proxy_refuses(facts, (enum service)i))
            continue;
        judge->checks[CHECK_AGENT_CONFIG].required = true;
        checks_say(judge, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_PROXY,
                   facts->endpoints[i].proxy.took_ms,
                   "the agent asks the proxy %s for %s, which does not let it through: %s",
                   facts->agent.https_proxy, host,
                   facts->endpoints[i].proxy.detail[0]
                       ? facts->endpoints[i].proxy.detail
                       : failure_words(facts->endpoints[i].proxy.failure));
        return true;
    }
    if (proxied >= 0)
        checks_say(judge, CHECK_AGENT_CONFIG, STATUS_WARN, FAILURE_PROXY, 0,
                   "the agent would ask the proxy %s for %s", facts->agent.https_proxy,
                   facts->plan.services[proxied].host);
    return proxied >= 0;
}

/* Also what the agent would do with it: a configuration that leads it into a proxy, or an image
 * whose bundle of roots is missing, parses well and still keeps the agent out. */
static void judge_config(const struct judge *judge)
{
    const struct agent_facts *agent = &judge->facts->agent;
    const char *file = agent->config_file[0] ? agent->config_file : "amazon-ssm-agent.json";

    if (agent->installed != ANSWER_YES) {
        checks_say_untried(judge, CHECK_AGENT_CONFIG, CHECK_AGENT_INSTALLED);
        return;
    }
    if (agent->config.outcome == OUTCOME_FAILED) {
        checks_say(judge, CHECK_AGENT_CONFIG, STATUS_FAIL, agent->config.failure,
                   agent->config.took_ms, "%s: %s%s%s", file, failure_words(agent->config.failure),
                   agent->config.detail[0] ? ", " : "", agent->config.detail);
        return;
    }
    if (agent->registered_as[0] != '\0') {
        checks_say(judge, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_REGISTERED_ELSEWHERE, 0,
                   "the agent's state says that it is %s, a hybrid registration",
                   agent->registered_as);
        return;
    }
    if (agent->ca_bundle[0] == '\0') {
        checks_say(judge, CHECK_AGENT_CONFIG, STATUS_FAIL, FAILURE_ABSENT, 0,
                   "no bundle of CA certificates where the agent looks for one");
        return;
    }
    if (judge_proxy(judge))
        return;
    if (judge->facts->instance.region[0] == '\0' &&
        (agent->config_region[0] != '\0' || agent->https_proxy[0] != '\0')) {
        /* a region that nothing can be compared with, a proxy for names that are not known */
        checks_say_untried(judge, CHECK_AGENT_CONFIG, CHECK_IMDS_IDENTITY);
        return;
    }
    checks_say(judge, CHECK_AGENT_CONFIG, STATUS_PASS, FAILURE_NONE, agent->config.took_ms,
               agent->config_file[0] ? "%s fits this instance" : "no %s: the defaults", file);
}

/* Nobody expects a connection of an agent that has not started: then the check is in no report. */
static void judge_connected(const struct judge *judge)
{
    const struct agent_facts *agent = &judge->facts->agent;

    if (agent->running != ANSWER_YES || agent->connected == ANSWER_UNKNOWN)
        judge->checks[CHECK_AGENT_CONNECTED].planned = false;
    else if (agent->connected == ANSWER_YES)
        checks_say(judge, CHECK_AGENT_CONNECTED, STATUS_PASS, FAILURE_NONE, 0,
                   "a connection to %s (ssmmessages) stands", agent->connected_to);
    else
        checks_say(judge, CHECK_AGENT_CONNECTED, STATUS_WARN, FAILURE_NOT_CONNECTED, 0,
                   "the agent runs, but no connection to ssmmessages stands");
}

void checks_judge_agent(const struct judge *judge)
{
    judge_installed(judge);
    judge_enabled(judge);
    judge_config(judge);
    judge_connected(judge);
}
