/* SPDX-License-Identifier: Apache-2.0
 *
 * The SSM agent's own ladder. What the checks say is the faults, all of them.
 */
#include "base/text.h"
#include "diagnose/checks.h"
#include "diagnose/faults.h"

/* The worst decides, and every one is named. False: there is none. */
static bool say_faults(const struct judge *judge, const struct faults *faults, enum check check)
{
    const struct fault *first = faults_first(faults, check);
    char words[LINE_SIZE] = "";

    for (int i = 0; i < faults->n; i++)
        if (faults->at[i].check == check)
            text_list(words, sizeof(words), "; ", faults->at[i].words);
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
        [UNIT_DISABLED] = {STATUS_FAIL, FAILURE_DISABLED, "disabled: nothing starts it"},
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
static void judge_connected(const struct judge *judge)
{
    const struct agent_facts *agent = &judge->facts->agent;

    if (agent->running != ANSWER_YES || agent->connected == ANSWER_UNKNOWN)
        judge->checks[CHECK_AGENT_CONNECTED].planned = false;
    else if (agent->connected == ANSWER_YES)
        PASS(judge, CHECK_AGENT_CONNECTED, 0, "a connection to %s (ssmmessages) stands",
             agent->connected_to);
    else
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
    judge_connected(judge);
    for (enum check i = CHECK_AGENT_INSTALLED;
         i < CHECK_AGENT_CONNECTED && judge->facts->machine.files.failure == FAILURE_INTERNAL; i++)
        checks_say_trouble(judge, i, &judge->facts->machine.files); /* all of it rests on files */
}
