/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks 1 to 3, 7 to 11 and 30: the agent's package, its state and its configuration. Paths are those of
 * amazon-ssm-agent's packaging/ and agent/appconfig/constants_unix.go.
 */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "image/judge.h"

#define SNAP_UNIT "snap.amazon-ssm-agent.amazon-ssm-agent.service"
#define CONFIG "/etc/amazon/ssm/amazon-ssm-agent.json"
#define STATE "/var/lib/amazon/ssm"

/* --- 1, 2, 3: the package --- */

void judge_installed(struct image *image)
{
    struct agent_facts *agent = image->agent;
    LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES};

    unit_read(image->root, AGENT_UNIT, &settings);
    agent_find(image->root, &settings, image->program, image->snap);
    /* beside a snap, a program that systemd does not start is what another package left */
    if (image->snap[0] && image->program[0] && unit_state(image->root, AGENT_UNIT) != UNIT_ENABLED)
        image->program[0] = agent->version[0] = agent->unfinished[0] = '\0';
    bool snap = image->snap[0] && !image->program[0];
    agent->installed = snap || image->program[0] ? ANSWER_YES : ANSWER_NO;
    if (snap)
        agent->package = AGENT_PACKAGE_SNAP;
    (void)text_set(agent->unit, sizeof(agent->unit), "%s", snap ? SNAP_UNIT : AGENT_UNIT);
    if (snap || image->program[0])
        say(image, "%s%s%s, %s", agent->version[0] ? "amazon-ssm-agent " : "amazon-ssm-agent",
            agent->version, snap ? " (snap)" : "", snap ? image->snap : image->program);
    else if (!image_has(image, "/var/lib") && image_unit(image, "snapd.service") != UNIT_ABSENT)
        file_keep_trouble("/var/lib/snapd",
                          ENOENT); /* /var was not mounted here: it may have the snap */
    else if (image_unit(image, AGENT_UNIT) != UNIT_ABSENT)
        find(image, "agent-missing", "", "%s is there, the program that it starts is not",
             AGENT_UNIT);
    else
        find(image, "agent-missing", "", "no %s, and no snap in snapd's folders", AGENT_UNIT);
}

/* A squashfs image begins with "hsqs"; at byte 40 it says its own length (Documentation/filesystems/
 * squashfs.rst of Linux). */
static void judge_snap_file(struct image *image)
{
    unsigned char head[48];
    struct stat status;
    uint64_t length = 0;
    size_t n = file_read_start(image->root, image->snap, (char *)head, sizeof(head));

    if (n < sizeof(head) || memcmp(head, "hsqs", 4) != 0) {
        find(image, "agent-half-installed", "", "%s is no squashfs image", image->snap);
        return;
    }
    for (int i = 7; i >= 0; i--)
        length = length << 8 | head[40 + i];
    if (file_look(image->root, image->snap, true, &status) && (uint64_t)status.st_size < length)
        find(image, "agent-half-installed", "", "%s is cut: %lld of %llu bytes", image->snap,
             (long long)status.st_size, (unsigned long long)length);
}

static void judge_program(struct image *image, const char *path, bool is_fatal)
{
    const struct agent_program program = agent_look(image->root, path);
    int machine = program.machine;

    /* of a script around the program, whose machine is -1, it is not known what it starts */
    const char *what = machine == 0    ? "is not there"
                       : program.unfit ? program.unfit
                       : image->machine > 0 && machine > 0 && machine != image->machine ? "is for"
                                                                                        : NULL;
    if (what)
        (is_fatal ? find : find_warning)(image, "agent-half-installed", path, "%s %s%s%s", path,
                                         what, strcmp(what, "is for") == 0 ? " the machine " : "",
                                         strcmp(what, "is for") == 0 ? elf_machine_name(machine)
                                                                     : "");
}

void judge_whole(struct image *image)
{
    static const struct {
        const char *name;
        bool is_fatal; /* the agent is its worker; the others serve commands and sessions */
    } beside[] = {
        {"ssm-agent-worker", true}, {"ssm-document-worker", false}, {"ssm-session-worker", false}};
    char folder[PATH_SIZE], path[PATH_SIZE];

    if (skip_without_agent(image))
        return;
    if (!image->program[0]) {
        judge_snap_file(image);
        return;
    }
    judge_program(image, image->program, true);
    if (image->agent->unfinished[0])
        find(image, "agent-half-installed", "", "%s", image->agent->unfinished);
    (void)text_set(folder, sizeof(folder), "%s", image->program);
    *strrchr(folder, '/') = '\0';
    for (size_t i = 0; i < COUNT_OF(beside); i++) {
        /* before 3.0 the agent was one program */
        if (beside[i].is_fatal && image->agent->version[0] &&
            text_compare_versions(image->agent->version, "3.0.0.0") < 0)
            continue;
        bool known = text_set(path, sizeof(path), "%s/%s", folder, beside[i].name);
        if (known && !image_has(image, path)) /* the agent looks there too */
            known = text_set(path, sizeof(path), "/usr/bin/%s", beside[i].name);
        if (known)
            judge_program(image, path, beside[i].is_fatal);
    }
}

void judge_one_agent(struct image *image)
{
    if (image->snap[0] && image->program[0])
        find(image, "image-two-agents", "", "%s and %s", image->snap, image->program);
}

/* --- 7, 30: version and age --- */

void judge_version(struct image *image)
{
    const char *version = image->agent->version;

    if (skip_without_agent(image))
        return;
    if (!version[0])
        cannot_judge(image, "the version stands in %s",
                     image->program[0] ? "rpm's database" : "the snap itself");
    else if (text_compare_versions(version, first_agent_with_imdsv2) < 0)
        find(image, "agent-too-old", "", "%s is older than %s, the first with IMDSv2", version,
             first_agent_with_imdsv2);
    else if (text_compare_versions(version, first_agent_without_ec2messages) < 0)
        find_warning(
            image, "agent-too-old", "",
            "%s is older than %s: its Run Command goes by ec2messages, whose end is announced",
            version, first_agent_without_ec2messages);
    else
        say(image, "%s, by %s", version, image->agent->version_file);
}

void judge_age(struct image *image)
{
    const char *path = image->program[0] ? image->program : image->snap;
    struct stat status;

    if (image->request->max_age_days == 0 || !path[0]) {
        say(image, "not asked: no --max-age");
        return;
    }
    if (!file_look(image->root, path, true, &status)) {
        cannot_judge(image, "%s has no date", path);
        return;
    }
    long long days = (image->request->now_unix_s - status.st_mtime) / 86400;
    if (days > image->request->max_age_days)
        find(image, "image-old", path, "%s is %lld days old, --max-age is %lld", path, days,
             (long long)image->request->max_age_days);
    else
        say(image, "%lld days", days);
}

/* --- 8, 9: state --- */

void judge_registration(struct image *image)
{
    struct agent_facts *agent = image->agent;

    if (agent->registered_as[0])
        (agent_takes_registration(agent) ? find : find_warning)(
            image, "agent-registered-elsewhere", agent->registration_file, "%s: registered as %s%s",
            agent->registration_file, agent->registered_as,
            agent_takes_registration(agent) ? ""
            : !agent->registered_whole      ? ", which is not complete"
                                            : ", which Identity.ConsumptionOrder puts behind EC2");
}

void judge_agent_state(struct image *image)
{
    static const char *const left[] = {
        STATE "/runtimeconfig/identity_config.json",
        STATE "/credentials",
        STATE "/Vault/EC2Manifest",
        STATE "/Vault/Store/EC2RegistrationKey",
        STATE "/Vault/Store/InstanceFingerprint",
    };
    static const char *const folders[] = {STATE "/ipc", STATE "/update", STATE "/surveyor",
                                          "/var/log/amazon/ssm"};

    if (!image_has(image, "/var/lib")) {
        cannot_judge(image, "/var is empty: what is on its own file system was not mounted here");
        return;
    }
    for (size_t i = 0; i < COUNT_OF(left); i++)
        if (image_has(image, left[i]))
            find(image, "image-agent-state", "", "%s", left[i]);
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        LOCAL_NAMES files = file_list(image->root, folders[i], "");
        if (files.n > 0)
            find(image, "image-agent-state", "", "%s is not empty", folders[i]);
    }
    LOCAL_NAMES instances = file_list(image->root, STATE, "");
    for (size_t i = 0; i < instances.n; i++)
        if (text_starts(instances.names[i], "i-"))
            find(image, "image-agent-state", "", STATE "/%s", instances.names[i]);
}

/* --- 10: amazon-ssm-agent.json --- */

static void judge_region(struct image *image, enum severity severity, const char *name,
                         const char *region)
{
    if (region[0] && image->request->region[0] && strcmp(region, image->request->region) != 0)
        find_as(image, severity, "agent-config-invalid", CONFIG,
                "%s: %s is %s, the image is for %s", CONFIG, name, region, image->request->region);
}

/* "ssm.eu-west-1.amazonaws.com" names its region; "vpce-0abc-1.ssm.eu-west-1.vpce.amazonaws.com" is the
 * endpoint of one VPC. */
static void judge_host(struct image *image, enum severity severity, const char *name,
                       const char *host)
{
    char region[REGION_SIZE] = "";
    const char *at = strchr(host, '.');

    if (!host[0])
        return;
    if (text_starts(host, "vpce-"))
        find_warning(image, "agent-config-invalid", CONFIG, "%s: %s is the endpoint of one VPC, %s",
                     CONFIG, name, host);
    if (text_starts(host, "vpce-") && at)
        at = strchr(at + 1, '.');
    if (at && strstr(host, ".amazonaws.com"))
        (void)text_set(region, sizeof(region), "%.*s", (int)strcspn(at + 1, "."), at + 1);
    if (strchr(region, '-'))
        judge_region(image, severity, name, region);
}

void judge_config(struct image *image)
{
    const struct agent_overrides *overrides = &image->overrides;

    if (image->agent->config.outcome == OUTCOME_FAILED) {
        find(image, "agent-config-invalid", CONFIG, "%s: %s", CONFIG, image->agent->config.detail);
        return;
    }
    judge_region(image, SEVERITY_FATAL, "Agent.Region", overrides->region);
    judge_region(image, SEVERITY_FATAL, "Mgs.Region", overrides->mgs_region);
    judge_host(image, SEVERITY_FATAL, "Ssm.Endpoint", overrides->hosts[SERVICE_SSM]);
    judge_host(image, SEVERITY_FATAL, "Mgs.Endpoint", overrides->hosts[SERVICE_SSMMESSAGES]);
    /* without these the agent registers, and single documents and sessions fail */
    judge_host(image, SEVERITY_WARNING, "Mds.Endpoint", overrides->hosts[SERVICE_EC2MESSAGES]);
    judge_host(image, SEVERITY_WARNING, "S3.Endpoint", overrides->s3);
    judge_host(image, SEVERITY_WARNING, "Kms.Endpoint", overrides->kms);
    judge_region(image, SEVERITY_WARNING, "S3.Region", overrides->s3_region);
    if (image->agent->identity_order[0] && !strstr(image->agent->identity_order, "EC2") &&
        !image->agent->custom_region[0])
        find(image, "agent-config-invalid", CONFIG, "%s: Identity.ConsumptionOrder is without EC2",
             CONFIG);
    if (image->agent->container_mode && !image->agent->identity_order[0])
        find(image, "agent-config-invalid", CONFIG, "%s: Agent.ContainerMode asks ECS", CONFIG);
    if (!image->request->region[0] && (overrides->region[0] || overrides->hosts[SERVICE_SSM][0]))
        cannot_judge(image, "%s names a region or an endpoint: say --region for which the image is",
                     CONFIG);
}

/* --- 11: seelog.xml --- */

/* Each element ends: Go's encoding/xml takes nothing else. */
static bool tags_close(const char *text)
{
    int depth = 0;

    for (const char *at = strchr(text, '<'); at && depth >= 0; at = strchr(at, '<')) {
        const char *from = at;
        char quote = '\0';

        if (text_starts(at, "<!--")) {
            at = strstr(at, "-->");
            if (!at)
                return false;
            continue;
        }
        for (; *at && (quote || *at != '>'); at++)
            if (quote ? *at == quote : (*at == '"' || *at == '\''))
                quote = quote ? '\0' : *at;
        if (!*at)
            return false;
        if (from[1] == '/')
            depth--;
        else if (at[-1] != '/' && !strchr("?!", from[1]))
            depth++;
    }
    return depth == 0;
}

void judge_log_config(struct image *image)
{
    static const char *const names[] = {"filename=\"/", "path=\"/"};
    static const char path[] = "/etc/amazon/ssm/seelog.xml";
    LOCAL_BUFFER contents = {.max_bytes = IMAGE_FILE_BYTES};

    if (!image_has(image, path))
        return;
    if (!image_reads(image, path, &contents) || !strstr(contents.bytes, "<seelog") ||
        !strstr(contents.bytes, "</seelog>") || !tags_close(contents.bytes))
        find(image, "image-log-config", path, "%s is no <seelog> document", path);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        for (const char *at = contents.bytes ? contents.bytes : ""; (at = strstr(at, names[i]));) {
            char folder[PATH_SIZE];

            at += strlen(names[i]) - 1;
            (void)text_set(folder, sizeof(folder), "%.*s", (int)strcspn(at, "\""), at);
            *strrchr(folder, '/') = '\0';
            if (!text_starts(folder, "/var/log/amazon/ssm") && !image_has(image, folder))
                find(image, "image-log-config", path, "%s logs to %s, which is not there", path,
                     folder);
        }
}
