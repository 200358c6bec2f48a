/* SPDX-License-Identifier: Apache-2.0
 *
 * The SSM agent's own installation.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/causes.h"
#include "diagnose/checks.h"
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

/* An older one comes up where no tokens are required (HttpTokens=optional), which is not asked. */
bool when_agent_knows_imdsv2(const struct view *view)
{
    return text_compare_versions(view->facts->agent.version, first_agent_with_imdsv2) >= 0;
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

/* The faults that the row explains. */
void quote_faults(const struct view *view, struct finding *finding)
{
    struct faults faults;
    int n = view_faults(view, &faults);

    for (int i = 0; i < n; i++)
        finding_evidence(finding, "%s", faults.at[i].words);
}

/* Signed for another region, requests are refused: "Credential should be scoped to a valid region". */
bool when_configuration_is_wrong(const struct view *view)
{
    struct faults faults;

    return view_faults(view, &faults) > 0;
}

void quote_registration(const struct view *view, struct finding *finding)
{
    const struct agent_facts *agent = &view->facts->agent;

    finding_evidence(finding, "%s names %s; this instance is %s", agent->registration_file,
                     agent->registered_as, view->facts->instance.id);
}

void quote_environment(const struct view *view, struct finding *finding)
{
    const struct agent_facts *agent = &view->facts->agent;

    for (int32_t i = 0; i < agent->n_variables; i++)
        finding_evidence(finding, "%s sets %s", agent->variables[i].file, agent->variables[i].name);
}

/* Nothing else of its environment is known to do harm. */
bool when_unit_is_doubted(const struct view *view)
{
    const struct agent_facts *agent = &view->facts->agent;

    return agent->doubted[0] && !agent->confined[0] && agent->n_variables == 0 &&
           agent->environment.outcome != OUTCOME_FAILED;
}

bool when_unit_is_known(const struct view *view)
{
    return !when_unit_is_doubted(view);
}

void quote_no_proxy(const struct view *view, struct finding *finding)
{
    const struct agent_facts *agent = &view->facts->agent;

    finding_evidence(finding, "%s sets the agent's proxy to %s", agent->proxy_file,
                     agent->http_proxy);
    finding_evidence(finding, "NO_PROXY is \"%.200s\"", agent->no_proxy);
}

void quote_bundle(const struct view *view, struct finding *finding)
{
    const struct agent_facts *agent = &view->facts->agent;

    if (agent->ssl_cert_file[0])
        finding_evidence(finding, "the agent's unit sets SSL_CERT_FILE to %s",
                         agent->ssl_cert_file);
    if (agent->ssl_cert_dir[0])
        finding_evidence(finding, "the agent's unit sets SSL_CERT_DIR to %s", agent->ssl_cert_dir);
    if (agent->sdk_bundle[0])
        finding_evidence(finding, "the agent's unit sets AWS_CA_BUNDLE to %s", agent->sdk_bundle);
}

bool when_agent_stays_down(const struct view *view)
{
    return look_agent_stays_down(&view->facts->agent);
}

/* One that was started again may yet come up this time. */
bool when_agent_does_not_run(const struct view *view)
{
    return view->facts->agent.running != ANSWER_YES;
}

const char *look_logged_cause(const struct agent_facts *agent)
{
    static const struct {
        const char *words, *code;
    } known[] = {
        {"failed to create IPC folder", "agent-state-unwritable"},
        {"failed to write runtime config", "agent-state-unwritable"},
        {"read-only file system", "agent-state-unwritable"},
        {"too many open files", "inotify-exhausted"},
        {"no space left on device", "agent-state-unwritable"},
        {"app config could not be loaded", "agent-config-invalid"},
        {"failed to get identity from ECS", "agent-config-invalid"},
        {"AWS_EC2_METADATA_DISABLED", "agent-environment"},
        {"custom CA bundle", "agent-environment"},
        {"api/token\": proxyconnect", "imds-through-proxy"},
        {"proxyconnect", "proxy-in-the-way"},
        {"does not look like a TLS handshake", "proxy-in-the-way"},
        {"x509:", "ca-bundle-missing"},
        {"no such host", "dns-wrong-name"},
        {"server misbehaving", "dns-servfail"},
        {"169.254.169.254", "imds-unreachable"},
        {"failed to find agent identity", "imds-unreachable"},
        {"no EC2 instance role found", "role-missing"},
        {"AssumeRoleUnauthorizedAccess", "role-not-assumable"},
        {"InvalidSignatureException", "clock-wrong"},
        {"ExpiredToken", "credentials-expired"},
        {"AccessDenied", "policy-missing"},
        {":443: i/o timeout", "egress-blocked"},
        {":443: connect: connection refused", "endpoint-refuses"},
        {"connection reset by peer", "tls-reset"},
    };

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strstr(agent->last_error, known[i].words))
            return known[i].code;
    return "";
}

/* The agent's own words, and the cause that such words are known to come of. */
void quote_last_error(const struct view *view, struct finding *finding)
{
    const char *error = view->facts->agent.last_error;
    const char *code = look_logged_cause(&view->facts->agent);

    if (error[0])
        finding_evidence(finding, "the agent's last error: %s", error);
    if (code[0])
        finding_evidence(finding, "the agent says this where %s applies", code);
}
