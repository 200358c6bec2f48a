/* SPDX-License-Identifier: Apache-2.0
 *
 * The version comes from dpkg's status file or the snap's manifest, which are text. An rpm's comes
 * from the release notes that it installs: reading rpm's database would take a library.
 */
#include "discover/agent.h"

#include <cjson/cJSON.h>
#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/unit.h"
#include "net/trust.h"

#define SNAP_ROOT "/snap/amazon-ssm-agent/current"
#define SNAP_UNIT "snap.amazon-ssm-agent.amazon-ssm-agent.service"

/* --- package and version --- */

/* "3.3.1142.0" or "3.3.1142.0-1": keeps the leading digits and dots. Nothing without a dot. */
static void take_version(struct agent_facts *agent, const char *text, const char *file)
{
    size_t n = strspn(text, "0123456789.");

    if (n >= sizeof(agent->version) || !memchr(text, '.', n))
        return;
    (void)text_set(agent->version, sizeof(agent->version), "%.*s", (int)n, text);
    (void)text_set(agent->version_file, sizeof(agent->version_file), "%s", file);
}

/* The field of the package's paragraph in dpkg's status file, deb-control(5). */
static const char *dpkg_field(const char *paragraph, const char *name)
{
    const char *end = strstr(paragraph, "\n\n");
    const char *at = strstr(paragraph, name);

    return at && (!end || at < end) ? at + strlen(name) : "";
}

/* False when dpkg does not know the package, or knows only its configuration. */
static bool read_dpkg(const char *root, struct agent_facts *agent)
{
    static const char path[] = "/var/lib/dpkg/status", package[] = "Package: amazon-ssm-agent\n";
    LOCAL_BUFFER status = {.max_bytes = 16 * 1024 * 1024};
    bool found = false;

    if (file_read(root, path, &status) != 0)
        return false;

    const char *paragraph = strstr(status.bytes, package);
    const char *state = paragraph ? dpkg_field(paragraph, "\nStatus: ") : "";
    if (paragraph && !text_starts(state, "deinstall ") && !text_starts(state, "purge ")) {
        found = true;
        take_version(agent, dpkg_field(paragraph, "\nVersion: "), path);
        if (text_starts(state, "install ") && !text_starts(state, "install ok installed"))
            (void)text_quote(agent->unfinished, sizeof(agent->unfinished), "dpkg says: %.*s",
                             (int)strcspn(state, "\n"), state);
    }
    return found;
}

static void read_snap_version(const char *root, struct agent_facts *agent)
{
    static const char path[] = SNAP_ROOT "/meta/snap.yaml";
    LOCAL_BUFFER manifest = {.max_bytes = 64 * 1024};

    if (file_read(root, path, &manifest) != 0)
        return;

    const char *at = text_starts(manifest.bytes, "version:") ? manifest.bytes
                                                             : strstr(manifest.bytes, "\nversion:");
    if (at) {
        at = strchr(at, ':') + 1;
        take_version(agent, at + strspn(at, " '\""), path);
    }
}

static void read_release_notes(const char *root, struct agent_facts *agent)
{
    static const char *const paths[] = {"/etc/amazon/ssm/RELEASENOTES.md",
                                        "/usr/share/doc/amazon-ssm-agent/RELEASENOTES.md"};
    char line[256];

    for (size_t i = 0; i < COUNT_OF(paths) && !agent->version[0]; i++)
        if (file_read_line(root, paths[i], line, sizeof(line)))
            take_version(agent, line, paths[i]);
}

/* --- is it whole? --- */

/* What the last ExecStart= starts, by env(1) perhaps, behind its options and assignments. */
static void note_program(const struct buffer *settings, char program[PATH_SIZE])
{
    char word[PATH_SIZE];
    bool by_env = false;

    for (struct unit_setting at = {0}; unit_next(settings, &at);) {
        const char *rest = at.value + strspn(at.value, "@-:+!\""); /* how, systemd.service(5) */
        if (strcmp(at.key, "ExecStart") != 0 || !at.value[0])
            continue;
        (void)text_set(program, PATH_SIZE, "%.*s", (int)strcspn(rest, " \t\""), rest);
        by_env = unit_word(&rest, word, sizeof(word)) && strcmp(basename(word), "env") == 0;
        while (by_env && unit_word(&rest, word, sizeof(word)))
            if (word[0] == '/') {
                (void)text_set(program, PATH_SIZE, "%s", word);
                break;
            }
    }
}

/* Whether it has all bytes of which its program headers speak, elf(5). */
static bool is_whole(const unsigned char *head, size_t n, off_t size)
{
    Elf64_Ehdr file;
    Elf64_Phdr part;

    if (n < sizeof(file) || head[EI_CLASS] != ELFCLASS64 || head[EI_DATA] != ELFDATA2LSB)
        return true;
    memcpy(&file, head, sizeof(file));
    for (size_t i = 0, at = file.e_phoff; i < file.e_phnum && at + sizeof(part) <= n;
         i++, at += sizeof(part)) {
        memcpy(&part, head + at, sizeof(part));
        if (part.p_type == PT_LOAD && part.p_offset + part.p_filesz > (uint64_t)size)
            return false;
    }
    return true;
}

struct agent_program agent_look(const char *root, const char *path)
{
    struct agent_program program = {.machine = 0};
    unsigned char head[4096] = {0};
    struct stat status;

    if (!file_look(root, path, true, &status))
        return program;
    size_t n = file_read_start(root, path, (char *)head, sizeof(head));
    bool is_elf = n >= offsetof(Elf32_Ehdr, e_version) && memcmp(head, ELFMAG, SELFMAG) == 0;
    int machine = head[EI_DATA] == ELFDATA2MSB ? head[19] | head[18] << 8
                                               : head[18] | head[19] << 8;
    program.machine = is_elf && machine > 0 ? machine : -1;
    if (S_ISREG(status.st_mode) && status.st_size > 0 && n == 0)
        return program;
    program.unfit = !is_elf && memcmp(head, "#!", 2) != 0          ? "is no program"
                    : !(status.st_mode & 0111)                     ? "cannot be executed"
                    : is_elf && !is_whole(head, n, status.st_size) ? "is cut short"
                                                                   : NULL;
    return program;
}

/* Where SELinux enforces its policy, systemd starts nothing that was moved there from a home or from /tmp, and
 * nothing without a label. */
static void look_at_label(const char *root, const char *program, struct agent_facts *agent)
{
    static const char *const not_started[] = {"unlabeled_t", "default_t",   "tmp_t",
                                              "user_tmp_t",  "user_home_t", "admin_home_t"};
    char enforce[8], label[NAME_SIZE] = "::unlabeled_t";

    if (!file_read_line(root, "/sys/fs/selinux/enforce", enforce, sizeof(enforce)) ||
        strcmp(enforce, "1") != 0)
        return;
    LOCAL_FD fd = file_open(root, program);
    ssize_t n = fgetxattr(fd, "security.selinux", label, sizeof(label) - 1);
    if (n >= 0)
        label[n] = '\0';
    const char *type = strchr(label, ':'); /* user:role:type:level */
    type = type ? strchr(type + 1, ':') : NULL;
    for (size_t i = 0; type && (n >= 0 || errno == ENODATA) && i < COUNT_OF(not_started); i++)
        if (strcspn(type + 1, ":") == strlen(not_started[i]) &&
            text_starts(type + 1, not_started[i]))
            (void)text_set(agent->label, sizeof(agent->label), "%s", not_started[i]);
}

/* `own`: this machine's. `needed`: without it the agent does not come up. */
static void look_at_program(const char *root, const char *path, int own, bool needed,
                            struct agent_facts *agent)
{
    const struct agent_program program = agent_look(root, path);

    if (program.machine > 0 && own > 0 && program.machine != own)
        (void)text_quote(agent->foreign, sizeof(agent->foreign), "%s", path);
    if (program.machine == 0) {
        agent->worker_missing |= needed;
        text_list(agent->missing, sizeof(agent->missing), ", ", basename(path));
    } else if (program.unfit) {
        agent->worker_unfit |= needed;
        text_list(agent->unfit, sizeof(agent->unfit), ", ", basename(path));
        (void)text_add(agent->unfit, sizeof(agent->unfit), " %s", program.unfit);
    }
}

/* From 3.0 on the agent starts these, which lie beside it or in /usr/bin. Without the first one it does
 * not come up, without another one sessions or commands fail. */
static void look_for_workers(const char *root, const char *program, int own,
                             struct agent_facts *agent)
{
    static const char *const workers[] = {"ssm-agent-worker", "ssm-session-worker",
                                          "ssm-document-worker"};
    int n = (int)(strrchr(program, '/') - program);
    char path[PATH_SIZE];

    for (size_t i = 0; i < COUNT_OF(workers); i++) {
        (void)text_set(path, sizeof(path), "%.*s/%s", n, program, workers[i]);
        if (!file_exists(root, path))
            (void)text_set(path, sizeof(path), "/usr/bin/%s", workers[i]);
        look_at_program(root, path, own, i == 0, agent);
    }
}

/* The first boot installs what is in the seed, and state.json says that it did. */
void agent_find(const char *root, const struct buffer *settings, char program[PATH_SIZE],
                char snap[PATH_SIZE])
{
    static const char *const folders[] = {"/var/lib/snapd/snaps", "/var/lib/snapd/seed/snaps"};
    size_t n = file_exists(root, "/var/lib/snapd/state.json") ? 1 : COUNT_OF(folders);

    snap[0] = '\0';
    (void)text_set(program, PATH_SIZE, "/usr/bin/amazon-ssm-agent");
    note_program(settings, program);
    unit_find_program(root, program);
    for (size_t i = 0; i < n && !snap[0]; i++) {
        LOCAL_NAMES snaps = file_list(root, folders[i], ".snap");
        for (size_t j = 0; j < snaps.n; j++)
            if (text_starts(snaps.names[j], "amazon-ssm-agent_"))
                (void)text_set(snap, PATH_SIZE, "%s/%s", folders[i], snaps.names[j]);
    }
}

/* The snap first: a leftover of another package may lie beside it. Where the snap's service is disabled, the other one's
 * counts that is enabled. */
static void find_package(const char *root, const struct buffer *settings, struct agent_facts *agent)
{
    bool rpm = file_exists(root, "/usr/lib/sysimage/rpm") || file_exists(root, "/var/lib/rpm");
    char program[PATH_SIZE], snap[PATH_SIZE], revision[PATH_SIZE];

    agent->installed = ANSWER_YES;
    agent_find(root, settings, program, snap);
    if (file_exists(root, SNAP_ROOT "/amazon-ssm-agent") &&
        (!program[0] || unit_state(root, SNAP_UNIT) == UNIT_ENABLED ||
         unit_state(root, AGENT_UNIT) != UNIT_ENABLED)) {
        agent->package = AGENT_PACKAGE_SNAP;
        agent->twice = program[0] && read_dpkg(root, agent);
        read_snap_version(root, agent);
        (void)text_set(program, sizeof(program), SNAP_ROOT "/amazon-ssm-agent");
    } else if (root[0] && snap[0] && !program[0]) {
        agent->package = AGENT_PACKAGE_SNAP; /* nothing is mounted in an image */
        return;
    } else if (file_read_link(root, SNAP_ROOT, revision, sizeof(revision)) && !program[0]) {
        agent->package = AGENT_PACKAGE_SNAP;
        (void)text_quote(agent->unfinished, sizeof(agent->unfinished),
                         "%s leads to revision %.60s, which is not there", SNAP_ROOT, revision);
        return;
    } else if (!program[0]) {
        agent->installed = ANSWER_NO;
        return;
    } else if (read_dpkg(root, agent)) {
        agent->package = AGENT_PACKAGE_DEB;
    } else {
        agent->package = rpm ? AGENT_PACKAGE_RPM : AGENT_PACKAGE_UNKNOWN;
        read_release_notes(root, agent);
    }
    int own = agent_look(root, "/bin/sh").machine;
    look_at_program(root, program, own, true, agent);
    look_at_label(root, program, agent);
    if (agent->version[0] && text_compare_versions(agent->version, "3.0.0.0") >= 0)
        look_for_workers(root, program, own, agent);
}

/* --- what else it uses --- */

/* The agent prefers a hybrid registration to its EC2 identity (common/identity,
 * agent/managedInstances/registration). Only one with its key counts. Only root can read the file. */
static void find_registration(const char *root, struct agent_facts *agent)
{
    static const char *const paths[] = {"/var/lib/amazon/ssm/Vault/Store/RegistrationKey",
                                        "/var/lib/amazon/ssm/registration"};
    static const char *const names[] = {"instanceID", "ManagedInstanceID"};

    for (size_t i = 0; i < COUNT_OF(paths) && !agent->registered_as[0]; i++) {
        LOCAL_BUFFER contents = {.max_bytes = 64 * 1024};

        if (file_read(root, paths[i], &contents) != 0)
            continue;
        cJSON *json = cJSON_Parse(contents.bytes);
        const cJSON *id = cJSON_GetObjectItem(json, names[i]);
        const cJSON *key = cJSON_GetObjectItem(json, "privateKey");
        const cJSON *region = cJSON_GetObjectItem(json, "region");
        if (cJSON_IsString(id) && text_starts(id->valuestring, "mi-")) {
            (void)text_escape(agent->registered_as, sizeof(agent->registered_as), id->valuestring,
                              strlen(id->valuestring));
            (void)text_set(agent->registration_file, sizeof(agent->registration_file), "%s",
                           paths[i]);
            agent->registered_whole = cJSON_IsString(key) && key->valuestring[0] &&
                                      cJSON_IsString(region) && region->valuestring[0];
        }
        cJSON_Delete(json);
    }
}

void agent_read(const char *root, struct agent_facts *agent, struct proxy_login *login)
{
    LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES};

    unit_read(root, AGENT_UNIT, &settings);
    find_package(root, &settings, agent);
    find_registration(root, agent);
    (void)text_set(agent->unit, sizeof(agent->unit), "%s",
                   agent->package == AGENT_PACKAGE_SNAP ? SNAP_UNIT : AGENT_UNIT);
    if (agent->installed == ANSWER_YES)
        agent->unit_state = unit_state(root, agent->unit);
    agent->running = unit_is_running(root, agent->unit);
    if (agent->package == AGENT_PACKAGE_SNAP)
        unit_read(root, agent->unit, &settings);
    unit_read_slices(root, &settings);
    environment_read(root, &settings, agent, login);
    trust_find_bundle(root, agent->ssl_cert_file, agent->ssl_cert_dir, agent->ca_bundle);
}
