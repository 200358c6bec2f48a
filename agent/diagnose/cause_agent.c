/* SPDX-License-Identifier: Apache-2.0
 *
 * Causes in the SSM agent's own installation. They fail no required check unless asked to: the
 * question is whether the instance can register, and an agent may still be installed.
 */
#include "diagnose/checks.h"
#include "diagnose/finding.h"
#include "diagnose/look.h"

static bool explains_agent(const struct scene *scene, struct finding *finding, enum check check,
                           enum failure reason)
{
    if (!scene_has_reason(scene, check, &reason, 1))
        return false;
    finding->explains = check_bit(check);
    finding->confidence = CONFIDENCE_CERTAIN;
    finding_evidence(finding, "%s", scene->checks[check].summary);
    return true;
}

/* The check names one thing that is wrong with the agent's configuration; there may be more, each
 * to be seen in the facts. */
static bool explains_beside(const struct scene *scene, struct finding *finding)
{
    static const enum failure own[] = {FAILURE_REGISTERED_ELSEWHERE, FAILURE_ABSENT,
                                       FAILURE_INVALID};

    if (scene->facts->agent.installed != ANSWER_YES ||
        scene->checks[CHECK_AGENT_CONFIG].status != STATUS_FAIL ||
        !scene_has_reason(scene, CHECK_AGENT_CONFIG, own, N_OF(own)))
        return false;
    finding->explains = check_bit(CHECK_AGENT_CONFIG);
    finding->confidence = CONFIDENCE_CERTAIN;
    return true;
}

bool explains_agent_missing(const struct scene *scene, enum service service,
                            struct finding *finding)
{
    const struct agent_facts *agent = &scene->facts->agent;
    (void)service;

    if (explains_agent(scene, finding, CHECK_AGENT_INSTALLED, FAILURE_ABSENT))
        return true;
    if (!explains_agent(scene, finding, CHECK_AGENT_ENABLED, FAILURE_ABSENT))
        return false;
    finding_title(finding, "The SSM agent's unit is not there");
    if (agent->version_file[0] != '\0')
        finding_evidence(finding, "%s lists version %s", agent->version_file, agent->version);
    return true;
}

bool explains_agent_masked(const struct scene *scene, enum service service, struct finding *finding)
{
    (void)service;
    return explains_agent(scene, finding, CHECK_AGENT_ENABLED, FAILURE_MASKED);
}

bool explains_agent_disabled(const struct scene *scene, enum service service,
                             struct finding *finding)
{
    (void)service;
    return explains_agent(scene, finding, CHECK_AGENT_ENABLED, FAILURE_DISABLED);
}

bool explains_agent_too_old(const struct scene *scene, enum service service,
                            struct finding *finding)
{
    (void)service;
    if (!explains_agent(scene, finding, CHECK_AGENT_INSTALLED, FAILURE_TOO_OLD))
        return false;
    finding_evidence(finding, "%s lists version %s",
                     scene->facts->agent.version_file[0] ? scene->facts->agent.version_file
                                                         : "the package database",
                     scene->facts->agent.version);
    return true;
}

bool explains_agent_registered_elsewhere(const struct scene *scene, enum service service,
                                         struct finding *finding)
{
    const struct agent_facts *agent = &scene->facts->agent;
    (void)service;

    if (agent->registered_as[0] == '\0' || !explains_beside(scene, finding))
        return false;
    finding_evidence(finding, "the agent's state says that it is %s, a hybrid registration",
                     agent->registered_as);
    finding_evidence(finding, "%s names %s; this instance is %s", agent->registration_file,
                     agent->registered_as, scene->facts->instance.id);
    return true;
}

/* Where a required check fails too, that is the cause, and this only follows from it. */
bool explains_agent_not_connected(const struct scene *scene, enum service service,
                                  struct finding *finding)
{
    (void)service;
    return explains_agent(scene, finding, CHECK_AGENT_CONNECTED, FAILURE_NOT_CONNECTED);
}

/* "Credential should be scoped to a valid region". */
static void claim_signatures(const struct scene *scene, struct finding *finding)
{
    static const enum failure signature[] = {FAILURE_SIGNATURE};
    check_set refused = scene_rung(scene, RUNG_AUTHORIZE, signature, 1);

    for (int i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *endpoint = &scene->facts->endpoints[i];
        bool quoted = !(refused & check_bit(check_of_service((enum service)i, RUNG_AUTHORIZE)));
        for (int32_t j = 0; j < endpoint->n_actions && !quoted; j++) {
            if (endpoint->actions[j].failure != FAILURE_SIGNATURE)
                continue;
            finding_quote_action(finding, &endpoint->actions[j]);
            quoted = true;
        }
    }
    finding->explains |= refused;
}

bool explains_agent_config_invalid(const struct scene *scene, enum service service,
                                   struct finding *finding)
{
    const struct agent_facts *agent = &scene->facts->agent;
    enum failure reason = scene->checks[CHECK_AGENT_CONFIG].reason;
    (void)service;

    if (agent->config.outcome != OUTCOME_FAILED ||
        !explains_agent(scene, finding, CHECK_AGENT_CONFIG, reason))
        return false;
    if (look_signs_elsewhere(scene->facts))
        claim_signatures(scene, finding);
    if (agent->config.detail[0] == '\0' && agent->config_region[0] != '\0')
        finding_evidence(finding, "Agent.Region is %s, the instance is in %s", agent->config_region,
                         scene->facts->instance.region);
    return true;
}

bool explains_ca_bundle_missing(const struct scene *scene, enum service service,
                                struct finding *finding)
{
    const struct agent_facts *agent = &scene->facts->agent;
    (void)service;

    if (agent->ca_bundle[0] != '\0' || !explains_beside(scene, finding))
        return false;
    finding_evidence(finding, "no bundle of CA certificates where the agent looks for one");
    if (agent->ssl_cert_file[0] != '\0')
        finding_evidence(finding, "the agent's unit sets SSL_CERT_FILE to %s",
                         agent->ssl_cert_file);
    return true;
}
