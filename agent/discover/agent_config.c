/* SPDX-License-Identifier: Apache-2.0
 *
 * amazon-ssm-agent.json: field names as in the agent's agent/appconfig/contracts.go. Go's decoder
 * matches them whatever their case, and so does cJSON's plain look-up.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/agent.h"

#define CONFIG_FILE "/etc/amazon/ssm/amazon-ssm-agent.json"

static const char *text_member(const cJSON *root, const char *section, const char *name)
{
    const cJSON *value = cJSON_GetObjectItem(cJSON_GetObjectItem(root, section), name);
    return cJSON_IsString(value) ? value->valuestring : "";
}

/* The agent takes a URL or a bare host: what is left is the host. */
static void host_member(const cJSON *root, const char *section, char to[HOST_SIZE])
{
    const char *value = text_member(root, section, "Endpoint");
    const char *scheme_end = strstr(value, "://");
    const char *host = scheme_end ? scheme_end + 3 : value;

    (void)text_escape(to, HOST_SIZE, host, strcspn(host, ":/"));
}

static void take_overrides(const cJSON *root, struct agent_facts *agent,
                           struct agent_overrides *overrides)
{
    const char *region = text_member(root, "Agent", "Region");
    const char *domain = text_member(root, "Agent", "ServiceDomain");
    const char *mgs_region = text_member(root, "Mgs", "Region");

    (void)text_escape(overrides->region, sizeof(overrides->region), region, strlen(region));
    (void)text_escape(overrides->domain, sizeof(overrides->domain), domain, strlen(domain));
    (void)text_escape(overrides->mgs_region, sizeof(overrides->mgs_region), mgs_region,
                      strlen(mgs_region));
    host_member(root, "Ssm", overrides->hosts[SERVICE_SSM]);
    host_member(root, "Mgs", overrides->hosts[SERVICE_SSMMESSAGES]);
    host_member(root, "Mds", overrides->hosts[SERVICE_EC2MESSAGES]);
    overrides->dual_stack = cJSON_IsTrue(
        cJSON_GetObjectItem(cJSON_GetObjectItem(root, "Agent"), "UseDualStackEndpoint"));
    (void)text_set(agent->config_region, sizeof(agent->config_region), "%s", overrides->region);
}

static int line_of(const char *text, const char *at)
{
    int line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

void agent_read_config(const char *root, struct agent_facts *agent,
                       struct agent_overrides *overrides)
{
    struct buffer contents;

    buffer_init(&contents, 1024 * 1024);
    int error = file_read(root, CONFIG_FILE, &contents);
    if (error == ENOENT) {
        step_ok(&agent->config, 1);
        return;
    }
    (void)text_set(agent->config_file, sizeof(agent->config_file), "%s", CONFIG_FILE);
    if (error) {
        step_fail(&agent->config, FAILURE_INVALID, 1);
        agent->config.os_error = error;
        (void)text_set(agent->config.detail, sizeof(agent->config.detail), "cannot be read: %s",
                       strerror(error));
        return;
    }

    const char *end = NULL;
    cJSON *json = cJSON_ParseWithOpts(contents.bytes, &end, 1);
    if (cJSON_IsObject(json)) {
        take_overrides(json, agent, overrides);
        step_ok(&agent->config, 1);
    } else {
        step_fail(&agent->config, FAILURE_INVALID, 1);
        (void)text_set(agent->config.detail, sizeof(agent->config.detail),
                       "line %d: not a JSON object",
                       end && !json ? line_of(contents.bytes, end) : 1);
    }
    cJSON_Delete(json);
    buffer_clear(&contents);
}

void agent_judge_config(const struct instance_facts *instance,
                        const struct agent_overrides *overrides, struct agent_facts *agent)
{
    static const struct {
        size_t offset;
        const char *name;
    } regions[] = {{offsetof(struct agent_overrides, region), "Agent.Region"},
                   {offsetof(struct agent_overrides, mgs_region), "Mgs.Region"}};

    for (size_t i = 0; i < COUNT_OF(regions); i++) {
        const char *region = (const char *)overrides + regions[i].offset;

        if (agent->config.outcome != OUTCOME_OK || !region[0] || !instance->region[0] ||
            strcmp(region, instance->region) == 0)
            continue;
        step_fail(&agent->config, FAILURE_INVALID, 1);
        (void)text_set(agent->config.detail, sizeof(agent->config.detail),
                       "%s is %.60s, but the instance is in %.60s", regions[i].name, region,
                       instance->region);
    }
}
