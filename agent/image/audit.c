/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of the audit: what is asked, and what can be found. The fix of each code is the front matter
 * of its page.
 */
#include "image/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "image/judge.h"

static const struct {
    const char *name, *asks;
    void (*judge)(struct image *image);
} checks[] = {
#define ROW(name, asks, judge) {"image." name, asks, judge},
    IMAGE_CHECKS(ROW)
#undef ROW
};
_Static_assert(COUNT_OF(checks) == N_IMAGE_CHECKS, "a place in the report for each");

const struct image_code image_codes[] = {
    {"agent-missing", SEVERITY_FATAL, "No SSM agent is installed in this image"},
    {"agent-half-installed", SEVERITY_FATAL, "The SSM agent is not whole"},
    {"image-two-agents", SEVERITY_WARNING, "Two SSM agents are installed: the snap and a package"},
    {"agent-masked", SEVERITY_FATAL, "The SSM agent's unit is masked"},
    {"agent-disabled", SEVERITY_FATAL, "The SSM agent is not started at boot"},
    {"image-default-target", SEVERITY_FATAL, "The image boots to a target that starts no agent"},
    {"image-preset-disables", SEVERITY_WARNING, "A preset turns the agent off at the first boot"},
    {"image-unit-overridden", SEVERITY_FATAL, "A drop-in of the agent's unit stops it"},
    {"image-snapd-broken", SEVERITY_FATAL, "snapd cannot start the SSM agent's snap"},
    {"agent-too-old", SEVERITY_FATAL, "The SSM agent is too old"},
    {"agent-registered-elsewhere", SEVERITY_FATAL, "The image holds a hybrid registration"},
    {"image-agent-state", SEVERITY_WARNING, "The agent's state of the build instance is left"},
    {"agent-config-invalid", SEVERITY_FATAL, "The agent's configuration does not fit"},
    {"image-log-config", SEVERITY_WARNING, "The agent cannot use its log configuration"},
    {"agent-environment", SEVERITY_FATAL, "The agent's environment keeps it down"},
    {"image-proxy-baked", SEVERITY_FATAL, "A proxy is baked into the agent's environment"},
    {"ca-bundle-missing", SEVERITY_FATAL, "The agent finds no CA bundle that vouches for Amazon"},
    {"time-sync-missing", SEVERITY_WARNING, "Nothing keeps the clock"},
    {"image-time-source", SEVERITY_WARNING,
     "The clock is kept by servers that a VPC may not reach"},
    {"image-network-baked", SEVERITY_FATAL, "The network settings are those of one machine"},
    {"image-network-missing", SEVERITY_FATAL, "Nothing brings the network up"},
    {"image-resolver-baked", SEVERITY_FATAL, "Names are not asked of the VPC's resolver"},
    {"dns-hosts-override", SEVERITY_FATAL, "/etc/hosts pins a name of Systems Manager"},
    {"image-egress-dropped", SEVERITY_FATAL, "A firewall in the image does not let the agent out"},
    {"image-routes", SEVERITY_FATAL, "A route keeps the agent from the metadata service"},
    {"image-sysctl", SEVERITY_FATAL, "A kernel setting keeps the agent down"},
    {"image-metadata-disabled", SEVERITY_FATAL, "cloud-init cuts off the metadata service"},
    {"image-cloud-init", SEVERITY_WARNING, "cloud-init does not run on a new instance"},
    {"image-identity-baked", SEVERITY_WARNING, "Identities of the build instance are left"},
    {"image-mounts", SEVERITY_FATAL, "A file system of fstab keeps the agent down"},
    {"image-credentials", SEVERITY_WARNING, "AWS credentials are in the image"},
    {"image-access-control", SEVERITY_WARNING, "Mandatory access control may stop the agent"},
    {"image-sessions", SEVERITY_WARNING, "Sessions will not begin as ssm-user"},
    {"image-console", SEVERITY_WARNING, "The serial console does not show the boot"},
    {"image-drivers", SEVERITY_FATAL, "A driver of EC2's network or disks is missing"},
    {"image-preflight", SEVERITY_WARNING, "ssm-preflight will not run in this image"},
    {"image-pins", SEVERITY_NOTE, "The agent is held at its version"},
    {"image-old", SEVERITY_WARNING, "The agent is older than --max-age"},
};
const size_t n_image_codes = COUNT_OF(image_codes);

/* --- what a check says --- */

static struct image_check *check_of(struct image *image)
{
    return &image->report->checks[image->number - 1];
}

void say(struct image *image, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(check_of(image)->summary, LINE_SIZE, format, arguments);
    va_end(arguments);
}

void cannot_judge(struct image *image, const char *format, ...)
{
    va_list arguments;

    check_of(image)->status = STATUS_UNKNOWN;
    va_start(arguments, format);
    (void)vsnprintf(check_of(image)->summary, LINE_SIZE, format, arguments);
    va_end(arguments);
}

bool skip_without_agent(struct image *image)
{
    if (image->agent->installed == ANSWER_YES)
        return false;
    check_of(image)->status = STATUS_SKIP;
    say(image, "there is no agent");
    return true;
}

static const struct image_code *code_row(const char *code)
{
    return &image_codes[text_find(code, &image_codes[0].code, sizeof(image_codes[0]),
                                  n_image_codes - 1)];
}

/* The finding of this code and check; a new one when there is none. NULL: no more fit. */
static struct image_finding *finding_for(struct image *image, const char *code)
{
    struct image_report *report = image->report;

    for (int32_t i = 0; i < report->n_findings; i++)
        if (report->findings[i].number == image->number &&
            strcmp(report->findings[i].code, code) == 0)
            return &report->findings[i];
    if (report->n_findings == MAX_IMAGE_FINDINGS)
        return NULL;
    struct image_finding *finding = &report->findings[report->n_findings++];
    const struct image_code *row = code_row(code);
    *finding = (struct image_finding){.code = row->code,
                                      .title = row->title,
                                      .number = image->number,
                                      .severity = SEVERITY_NOTE,
                                      .allowed = text_has(image->request->allow, ' ', code)};
    return finding;
}

static void add_path(struct image_finding *finding, const char *path)
{
    for (int32_t i = 0; i < finding->n_paths; i++)
        if (strcmp(finding->paths[i], path) == 0)
            return;
    if (path[0] && finding->n_paths < MAX_EVIDENCE)
        (void)text_set(finding->paths[finding->n_paths++], PATH_SIZE, "%s", path);
}

static void add(struct image *image, enum severity severity, const char *code, const char *path,
                const char *format, va_list arguments)
{
    struct image_finding *finding = finding_for(image, code);
    char line[2 * LINE_SIZE];

    if (!finding)
        return;
    if (severity > finding->severity)
        finding->severity = severity;
    add_path(finding, path);
    if (finding->n_evidence == MAX_EVIDENCE)
        return;
    (void)vsnprintf(line, sizeof(line), format, arguments);
    (void)text_escape(finding->evidence[finding->n_evidence++], LINE_SIZE, line, strlen(line));
}

void find(struct image *image, const char *code, const char *path, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(image, code_row(code)->severity, code, path, format, arguments);
    va_end(arguments);
}

void find_warning(struct image *image, const char *code, const char *path, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(image, SEVERITY_WARNING, code, path, format, arguments);
    va_end(arguments);
}

void find_as(struct image *image, enum severity severity, const char *code, const char *path,
             const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(image, severity, code, path, format, arguments);
    va_end(arguments);
}

/* --- the fix of a finding: the lines of its page (docs/findings) that are for this image --- */

/* What installs an agent here: by what is there. Debian and Ubuntu have rpm as a package. */
static const char *manager_of(const struct image *image)
{
    bool rpm = !image_has(image, "/etc/debian_version") &&
               (image_has(image, "/usr/lib/sysimage/rpm") || image_has(image, "/var/lib/rpm"));

    if (image->snap[0] || (!image->program[0] && image_unit(image, "snapd.service") != UNIT_ABSENT))
        return "snap";
    return rpm ? "rpm" : "deb";
}

/* A line of the page, for one path. False where it does not fit, or what it names is not known. */
static bool fill(const struct image *image, const char *text, const char *path,
                 char to[COMMAND_SIZE])
{
    const char *slash = strrchr(path, '/'), *region = image->request->region;
    const struct {
        const char *name, *value;
    } places[] = {{"{path}", path},
                  {"{name}", slash ? slash + 1 : path},
                  {"{unit}", image->agent->unit},
                  {"{region}", region[0] ? region : "us-east-1"}};

    to[0] = '\0';
    while (*text) {
        size_t i = 0;

        while (i < COUNT_OF(places) && !text_starts(text, places[i].name))
            i++;
        if (i < COUNT_OF(places) && !places[i].value[0])
            return false;
        if (!text_add(to, COMMAND_SIZE, "%.*s", i < COUNT_OF(places) ? COMMAND_SIZE : 1,
                      i < COUNT_OF(places) ? places[i].value : text))
            return false;
        text += i < COUNT_OF(places) ? strlen(places[i].name) : 1;
    }
    return true;
}

static void add_command(const struct image *image, struct image_finding *finding, const char *when,
                        const char *text)
{
    char command[COMMAND_SIZE];

    for (int32_t i = 0; i < finding->n_paths || i == 0; i++) {
        const char *path = finding->n_paths > 0 ? finding->paths[i] : "";
        bool said = false;

        if ((when[0] == '/' && !text_starts(path, when)) ||
            (when[0] && when[0] != '/' && strcmp(when, manager_of(image)) != 0) ||
            !fill(image, text, path, command) || finding->n_commands == IMAGE_COMMANDS)
            continue;
        for (int32_t j = 0; j < finding->n_commands; j++)
            said |= strcmp(finding->commands[j], command) == 0;
        if (!said)
            (void)text_set(finding->commands[finding->n_commands++], COMMAND_SIZE, "%s", command);
    }
}

/* `texts` are those of all pages. */
static void fix_fill(const struct image *image, struct image_finding *finding, const char *texts)
{
    LOCAL_BUFFER fixes = {.max_bytes = FILE_MAX_BYTES};
    size_t i = text_find(finding->code, &pages[0].name, sizeof(pages[0]), n_pages);

    if (i == n_pages || !buffer_add(&fixes, texts + pages[i].at + pages[i].n, pages[i].n_fixes))
        return;
    for (char *line, *rest = fixes.bytes; (line = text_next(&rest, "\n"));) {
        char *text = line + strcspn(line, "\t");

        *text++ = '\0';
        if (line[0] == 'c')
            add_command(image, finding, line + 1, text);
        else
            (void)text_set(finding->fix, sizeof(finding->fix), "%s", text);
    }
}

/* --- the audit --- */

/* Why no audit can be made; NULL when it can. */
static const char *no_linux_with_systemd(const struct image *image)
{
    static const char *const places[] = {"/usr/lib/systemd/systemd", "/lib/systemd/systemd"};
    struct stat status, init;

    if (!file_look(image->root, "/", true, &status) || !S_ISDIR(status.st_mode))
        return "is no directory that can be read";
    if (image_has(image, "/.bottlerocket") || image_has(image, "/usr/share/bottlerocket"))
        return "is Bottlerocket: its agent runs in a host container, by other rules";
    if (!image_has(image, "/etc") || !image_has(image, "/usr"))
        return "is no Linux root file system: it has no /etc and /usr";
    if (!image_has(image, "/etc/os-release") && !image_has(image, "/usr/lib/os-release") &&
        !image_has(image, "/bin/sh"))
        return "is no Linux root file system: it has no os-release and no /bin/sh";
    for (size_t i = 0; i < COUNT_OF(places); i++)
        if (file_look(image->root, places[i], true, &status))
            return file_look(image->root, "/sbin/init", true, &init) &&
                           init.st_ino != status.st_ino && init.st_size != status.st_size
                       ? "has another /sbin/init than systemd: what starts an agent is not known"
                       : NULL;
    return "has no systemd: what starts an agent there is not known";
}

/* A folder that this user may not read: what is in there would pass as missing. */
static const char *closed_folder(const struct image *image)
{
    static const char *const folders[] = {"/root", "/etc/sudoers.d", "/var/lib/amazon/ssm"};

    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        LOCAL_FD fd = root_open(image->root, folders[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && errno == EACCES)
            return folders[i];
    }
    return NULL;
}

static void read_base(struct image *image)
{
    static const char *const inits[] = {"/usr/lib/systemd/systemd", "/lib/systemd/systemd"};
    char name[LINE_SIZE];

    image->systemd = unit_systemd(image->root);
    for (size_t i = 0; i < COUNT_OF(inits) && image->machine <= 0; i++)
        image->machine = agent_look(image->root, inits[i]).machine;
    (void)value_read(image, "/usr/lib/os-release /etc/os-release", "PRETTY_NAME", name, NULL);
    (void)text_set(image->report->os, NAME_SIZE, "%s", name);
}

void judge_systemd(struct image *image)
{
    if (image->systemd)
        say(image, "systemd %d", image->systemd);
}

/* The worst of a check's findings is its status. An allowed one warns. */
static void settle(struct image *image)
{
    struct image_check *check = check_of(image);
    const struct image_finding *worst = NULL;

    for (int32_t i = 0; i < image->report->n_findings; i++) {
        const struct image_finding *finding = &image->report->findings[i];

        if (finding->number == image->number && (!worst || finding->severity > worst->severity))
            worst = finding;
    }
    if (!worst) {
        if (!check->summary[0])
            say(image, "yes");
        return;
    }
    check->status = worst->severity == SEVERITY_NOTE                       ? STATUS_PASS
                    : worst->severity == SEVERITY_FATAL && !worst->allowed ? STATUS_FAIL
                                                                           : STATUS_WARN;
    say(image, "%s", worst->title);
}

/* By severity; of one severity in the order of the checks. */
static void sort_findings(struct image_report *report)
{
    for (int32_t i = 1; i < report->n_findings; i++)
        for (int32_t j = i;
             j > 0 && report->findings[j].severity > report->findings[j - 1].severity; j--) {
            struct image_finding other = report->findings[j];
            report->findings[j] = report->findings[j - 1];
            report->findings[j - 1] = other;
        }
}

/* Findings that count, of this severity. */
static int32_t n_findings(const struct image_report *report, enum severity severity)
{
    int32_t n = 0;

    for (int32_t i = 0; i < report->n_findings; i++)
        n += report->findings[i].severity == severity && !report->findings[i].allowed;
    return n;
}

static void conclude(const struct image *image)
{
    struct image_report *report = image->report;
    int32_t n_fatal = n_findings(report, SEVERITY_FATAL);
    int32_t n_warnings = n_findings(report, SEVERITY_WARNING);
    int n_unknown = 0;

    sort_findings(report);
    LOCAL_BUFFER texts = {.max_bytes = FILE_MAX_BYTES};
    if (buffer_add_inflated(&texts, "", 0, page_texts, n_page_texts))
        for (int32_t i = 0; i < report->n_findings; i++)
            fix_fill(image, &report->findings[i], texts.bytes);
    for (int i = 0; i < N_IMAGE_CHECKS; i++)
        n_unknown += report->checks[i].status == STATUS_UNKNOWN;
    report->fitness = n_fatal > 0 || (report->strict && n_warnings > 0) ? FITNESS_UNFIT
                                                                        : FITNESS_FIT;
    for (int32_t i = 0; i < report->n_findings && !report->summary[0]; i++)
        if (!report->findings[i].allowed && report->findings[i].severity != SEVERITY_NOTE &&
            report->fitness == FITNESS_UNFIT)
            (void)text_set(report->summary, sizeof(report->summary), "%s",
                           report->findings[i].title);
    if (report->fitness == FITNESS_FIT)
        (void)text_set(report->summary, sizeof(report->summary),
                       "an instance from this image can register");
    if (n_fatal + n_warnings > 0 || n_unknown > 0)
        (void)text_add(report->summary, sizeof(report->summary),
                       " (%d fatal, %d warning%s, %d not to be judged offline)", (int)n_fatal,
                       (int)n_warnings, n_warnings == 1 ? "" : "s", n_unknown);
}

/* Nothing is known of it. */
static void leave_open(struct image_report *report, const char *why)
{
    (void)text_set(report->summary, sizeof(report->summary), "%s %s",
                   report->root[0] ? report->root : "/", why);
    report->n_findings = 0;
    for (int i = 0; i < N_IMAGE_CHECKS; i++) {
        report->checks[i].status = STATUS_UNKNOWN;
        report->checks[i].summary[0] = '\0';
    }
}

void image_audit(const struct image_request *request, struct image_report *report)
{
    static const char not_read[] = "could not be read: ";
    static struct agent_facts agent;
    char trouble[DETAIL_SIZE];
    struct image image = {
        .root = request->root, .request = request, .report = report, .agent = &agent};

    *report = (struct image_report){.started_unix_ms = request->now_unix_s * 1000,
                                    .strict = request->strict};
    (void)text_escape(report->root, sizeof(report->root), request->root, strlen(request->root));
    agent = (struct agent_facts){0};
    for (int i = 0; i < N_IMAGE_CHECKS; i++)
        report->checks[i] = (struct image_check){
            .name = checks[i].name, .asks = checks[i].asks, .status = STATUS_PASS};

    const char *why_not = no_linux_with_systemd(&image);
    const char *closed = why_not ? NULL : closed_folder(&image);
    if (closed) {
        (void)text_set(trouble, sizeof(trouble),
                       "cannot be judged by this user, who may not read %s: be root", closed);
        why_not = trouble;
    }
    if (why_not) {
        leave_open(report, why_not);
        return;
    }
    unit_keep_places(image.root);
    read_base(&image);
    agent_read(image.root, &agent, NULL);
    agent_read_config(image.root, &agent, &image.overrides);
    for (image.number = 1; image.number <= N_IMAGE_CHECKS; image.number++) {
        checks[image.number - 1].judge(&image);
        settle(&image);
    }
    unit_keep_places(NULL);
    (void)text_set(trouble, sizeof(trouble), "%s", not_read);
    if (file_take_trouble(trouble + strlen(not_read), sizeof(trouble) - strlen(not_read)))
        leave_open(report, trouble); /* what could not be read is not missing */
    else
        conclude(&image);
}
