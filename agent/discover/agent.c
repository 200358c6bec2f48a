/* SPDX-License-Identifier: Apache-2.0
 *
 * The version comes from dpkg's status file or the snap's manifest, which are text. An rpm's comes
 * from the release notes that it installs: reading rpm's database would take a library.
 *
 * The configuration's member names are those of the agent's agent/appconfig/contracts.go. Go's
 * decoder matches them in upper or lower case, and so does cJSON_GetObjectItem().
 */
#include "discover/agent.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/unit.h"
#include "net/trust.h"

#define SNAP_ROOT "/snap/amazon-ssm-agent/current"
#define CONFIG_PATH "/etc/amazon/ssm/amazon-ssm-agent.json"

/* --- package and version --- */

/* "3.3.1142.0" or "3.3.1142.0-1": keeps the leading digits and dots. False without a dot. */
static bool take_version(struct agent_facts *agent, const char *text, const char *file)
{
    size_t n = strspn(text, "0123456789.");

    if (n == 0 || n >= sizeof(agent->version) || !memchr(text, '.', n))
        return false;
    (void)text_set(agent->version, sizeof(agent->version), "%.*s", (int)n, text);
    (void)text_set(agent->version_file, sizeof(agent->version_file), "%s", file);
    return true;
}

/* The Version field of the package's paragraph in dpkg's status file, deb-control(5). False when
 * dpkg does not know the package. */
static bool read_dpkg_version(const char *root, struct agent_facts *agent)
{
    static const char path[] = "/var/lib/dpkg/status";
    struct buffer status;

    buffer_init(&status, 16 * 1024 * 1024);
    if (file_read(root, path, &status) != 0)
        return false;

    const char *at = strstr(status.bytes, "Package: amazon-ssm-agent\n");
    const char *end = at ? strstr(at, "\n\n") : NULL;
    const char *version = at ? strstr(at, "\nVersion: ") : NULL;
    if (version && (!end || version < end))
        (void)take_version(agent, version + strlen("\nVersion: "), path);
    buffer_clear(&status);
    return at;
}

static void read_snap_version(const char *root, struct agent_facts *agent)
{
    static const char path[] = SNAP_ROOT "/meta/snap.yaml";
    struct buffer manifest;

    buffer_init(&manifest, 64 * 1024);
    if (file_read(root, path, &manifest) != 0)
        return;

    const char *at = text_starts(manifest.bytes, "version:") ? manifest.bytes
                                                             : strstr(manifest.bytes, "\nversion:");
    if (at) {
        at = strchr(at, ':') + 1;
        (void)take_version(agent, at + strspn(at, " '\""), path);
    }
    buffer_clear(&manifest);
}

static void read_release_notes(const char *root, struct agent_facts *agent)
{
    static const char *const paths[] = {"/etc/amazon/ssm/RELEASENOTES.md",
                                        "/usr/share/doc/amazon-ssm-agent/RELEASENOTES.md"};
    char line[256];

    for (size_t i = 0; i < COUNT_OF(paths) && !agent->version[0]; i++)
        if (file_read_line(root, paths[i], line, sizeof(line)))
            (void)take_version(agent, line, paths[i]);
}

/* The snap first: a leftover of another package may lie beside it. */
static void find_package(const char *root, struct agent_facts *agent)
{
    bool rpm = file_exists(root, "/usr/lib/sysimage/rpm") || file_exists(root, "/var/lib/rpm");

    agent->installed = ANSWER_YES;
    if (file_exists(root, SNAP_ROOT "/amazon-ssm-agent")) {
        agent->package = AGENT_PACKAGE_SNAP;
        read_snap_version(root, agent);
    } else if (!agent_program_exists(root)) {
        agent->installed = ANSWER_NO;
    } else if (read_dpkg_version(root, agent)) {
        agent->package = AGENT_PACKAGE_DEB;
    } else {
        agent->package = rpm ? AGENT_PACKAGE_RPM : AGENT_PACKAGE_UNKNOWN;
        read_release_notes(root, agent);
    }
}

/* --- what else it uses --- */

static void find_ca_bundle(const char *root, struct agent_facts *agent)
{
    if (agent->ssl_cert_file[0]) {
        if (file_exists(root, agent->ssl_cert_file))
            (void)text_set(agent->ca_bundle, sizeof(agent->ca_bundle), "%s", agent->ssl_cert_file);
        return;
    }
    for (const char *const *path = trust_bundle_paths; *path; path++) {
        if (!file_exists(root, *path))
            continue;
        (void)text_set(agent->ca_bundle, sizeof(agent->ca_bundle), "%s", *path);
        return;
    }
}

/* The agent prefers a hybrid registration to its EC2 identity (common/identity,
 * agent/managedInstances/registration). Only root can read the file. */
static void find_registration(const char *root, struct agent_facts *agent)
{
    static const char *const paths[] = {"/var/lib/amazon/ssm/Vault/Store/RegistrationKey",
                                        "/var/lib/amazon/ssm/registration"};
    static const char *const names[] = {"instanceID", "ManagedInstanceID"};

    for (size_t i = 0; i < COUNT_OF(paths) && !agent->registered_as[0]; i++) {
        struct buffer contents;

        buffer_init(&contents, 64 * 1024);
        if (file_read(root, paths[i], &contents) != 0)
            continue;
        cJSON *json = cJSON_Parse(contents.bytes);
        const cJSON *id = cJSON_GetObjectItem(json, names[i]);
        if (cJSON_IsString(id) && text_starts(id->valuestring, "mi-")) {
            (void)text_escape(agent->registered_as, sizeof(agent->registered_as), id->valuestring,
                              strlen(id->valuestring));
            (void)text_set(agent->registration_file, sizeof(agent->registration_file), "%s",
                           paths[i]);
        }
        cJSON_Delete(json);
        buffer_clear(&contents);
    }
}

void agent_read(const char *root, struct agent_facts *agent)
{
    find_package(root, agent);
    find_registration(root, agent);
    unit_read(root, agent);
    find_ca_bundle(root, agent);
}

/* --- amazon-ssm-agent.json --- */

static const char *text_member(const cJSON *root, const char *section, const char *name)
{
    const cJSON *value = cJSON_GetObjectItem(cJSON_GetObjectItem(root, section), name);
    return cJSON_IsString(value) ? value->valuestring : "";
}

/* The host of a URL; the agent also takes a bare host. */
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
    int error = file_read(root, CONFIG_PATH, &contents);
    if (error == ENOENT) {
        step_ok(&agent->config, 1);
        return;
    }
    (void)text_set(agent->config_file, sizeof(agent->config_file), "%s", CONFIG_PATH);
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
