/* SPDX-License-Identifier: Apache-2.0
 *
 * A package database is read only where that is cheap and well defined (dpkg's text, the snap's
 * manifest); an rpm's version is taken from the release notes that it installs.
 */
#include "discover/agent.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/unit.h"
#include "net/trust.h"

#define SNAP_ROOT "/snap/amazon-ssm-agent/current"

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

/* The snap first: its binaries lie elsewhere, and a leftover of another package may lie beside it. */
static void find_package(const char *root, struct agent_facts *agent)
{
    bool rpm = file_exists(root, "/usr/lib/sysimage/rpm") || file_exists(root, "/var/lib/rpm");

    agent->installed = ANSWER_YES;
    if (file_exists(root, SNAP_ROOT "/amazon-ssm-agent")) {
        agent->package = AGENT_PACKAGE_SNAP;
        read_snap_version(root, agent);
    } else if (!file_exists(root, "/usr/bin/amazon-ssm-agent")) {
        agent->installed = ANSWER_NO;
    } else if (read_dpkg_version(root, agent)) {
        agent->package = AGENT_PACKAGE_DEB;
    } else {
        agent->package = rpm ? AGENT_PACKAGE_RPM : AGENT_PACKAGE_UNKNOWN;
        read_release_notes(root, agent);
    }
}

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

/* A hybrid registration comes before EC2 in the agent's order of identities. Readable by root alone;
 * what cannot be read says nothing. common/identity, agent/managedInstances/registration. */
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
