/* SPDX-License-Identifier: Apache-2.0
 *
 * The SSM agent's own installation.
 */
#include "diagnose/finding.h"
#include "diagnose/look.h"

void quote_summary(const struct view *view, struct finding *finding)
{
    for (enum check i = CHECK_AGENT_INSTALLED; i < N_CHECKS; i++)
        if (view->explains & check_bit(i))
            finding_evidence(finding, "%s", view->checks[i].summary);
}

void quote_checks(const struct view *view, struct finding *finding)
{
    for (enum check i = 0; i < N_CHECKS; i++)
        if (view->explains & check_bit(i))
            finding_evidence(finding, "%s: %s", check_name(i), view->checks[i].summary);
}

bool when_unit_is_missing(const struct view *view)
{
    return (view->explains & check_bit(CHECK_AGENT_ENABLED)) != 0;
}

/* Where no unit is there, the package may still be; and of one that is too old, which. */
void quote_package(const struct view *view, struct finding *finding)
{
    const struct agent_facts *agent = &view->facts->agent;

    if (agent->installed == ANSWER_YES && (agent->version_file[0] || !when_unit_is_missing(view)))
        finding_evidence(finding, "%s lists version %s",
                         agent->version_file[0] ? agent->version_file : "the package database",
                         agent->version);
}

/* The check names one thing that is wrong with the agent's configuration; there may be more, each
 * to be seen in the facts. */
static bool fails_by_itself(const struct view *view)
{
    const struct check_result *config = &view->checks[CHECK_AGENT_CONFIG];

    return view->facts->agent.installed == ANSWER_YES &&
           (config->status == STATUS_FAIL || config->reason == FAILURE_REGISTERED_ELSEWHERE);
}

bool when_state_is_of_another_machine(const struct view *view)
{
    return view->facts->agent.registered_as[0] && fails_by_itself(view);
}

void quote_registration(const struct view *view, struct finding *finding)
{
    const struct agent_facts *agent = &view->facts->agent;

    finding_evidence(finding, "the agent's state says that it is %s, a hybrid registration",
                     agent->registered_as);
    finding_evidence(finding, "%s names %s; this instance is %s", agent->registration_file,
                     agent->registered_as, view->facts->instance.id);
}

/* Signed for another region, requests are refused: "Credential should be scoped to a valid region". */
bool when_configuration_is_wrong(const struct view *view)
{
    return view->facts->agent.config.outcome == OUTCOME_FAILED &&
           view_has(view, CHECK_AGENT_CONFIG);
}

void quote_agents_region(const struct view *view, struct finding *finding)
{
    const struct agent_facts *agent = &view->facts->agent;

    if (!agent->config.detail[0] && agent->config_region[0])
        finding_evidence(finding, "Agent.Region is %s, the instance is in %s", agent->config_region,
                         view->facts->instance.region);
}

bool when_no_bundle_is_there(const struct view *view)
{
    return !view->facts->agent.ca_bundle[0] && fails_by_itself(view);
}

void quote_no_bundle(const struct view *view, struct finding *finding)
{
    const struct agent_facts *agent = &view->facts->agent;

    finding_evidence(finding, "no bundle of CA certificates where the agent looks for one");
    if (agent->ssl_cert_file[0])
        finding_evidence(finding, "the agent's unit sets SSL_CERT_FILE to %s",
                         agent->ssl_cert_file);
}
