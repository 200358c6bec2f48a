/* SPDX-License-Identifier: Apache-2.0
 *
 * Proxies and SSL_CERT_FILE come from Environment= and EnvironmentFile= of the unit and its drop-ins;
 * later ones win. systemd is not asked: at boot it is busy, in an image it is absent.
 */
#include "discover/unit.h"

#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/text.h"

#define DEB_UNIT "amazon-ssm-agent.service"
#define SNAP_UNIT "snap.amazon-ssm-agent.amazon-ssm-agent.service"

static const char *const unit_directories[] = {"/usr/lib/systemd/system", "/lib/systemd/system",
                                               "/run/systemd/system", "/etc/systemd/system"};
enum { N_DIRECTORIES = COUNT_OF(unit_directories) };

/* --- state --- */

bool unit_is_masked(const char *root, const char *unit)
{
    char path[PATH_SIZE], target[PATH_SIZE];

    for (int i = N_DIRECTORIES - 1; i >= N_DIRECTORIES - 2; i--) {
        (void)text_set(path, sizeof(path), "%s/%s", unit_directories[i], unit);
        if (file_read_link(root, path, target, sizeof(target)) && strcmp(target, "/dev/null") == 0)
            return true;
    }
    return false;
}

static bool installed(const char *root, const char *unit)
{
    char path[PATH_SIZE], target[PATH_SIZE];

    for (int i = 0; i < N_DIRECTORIES; i++) {
        (void)text_set(path, sizeof(path), "%s/%s", unit_directories[i], unit);
        if (file_exists(root, path) || file_read_link(root, path, target, sizeof(target)))
            return true;
    }
    return false;
}

/* An enabled unit has a link below the .wants of a target: the agent's is multi-user.target. */
bool unit_is_enabled(const char *root, const char *unit, const char *target)
{
    char path[PATH_SIZE], link[PATH_SIZE];

    for (int i = 0; i < N_DIRECTORIES; i++) {
        (void)text_set(path, sizeof(path), "%s/%s.wants/%s", unit_directories[i], target, unit);
        if (file_read_link(root, path, link, sizeof(link)) || file_exists(root, path))
            return true;
    }
    return false;
}

static enum unit_state state_of(const char *root, const char *unit)
{
    if (unit_is_masked(root, unit))
        return UNIT_MASKED;
    if (!installed(root, unit))
        return UNIT_ABSENT;
    return unit_is_enabled(root, unit, "multi-user.target") ? UNIT_ENABLED : UNIT_DISABLED;
}

/* A started unit has a control group, in one of three hierarchies. Its directory can be seen from a
 * sandbox that hides other processes. */
enum answer unit_is_running(const char *root, const char *unit)
{
    static const char *const hierarchies[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/systemd",
                                              "/sys/fs/cgroup/unified"};
    enum answer answer = ANSWER_UNKNOWN;

    for (size_t i = 0; i < COUNT_OF(hierarchies); i++) {
        char path[PATH_SIZE];

        (void)text_set(path, sizeof(path), "%s/system.slice", hierarchies[i]);
        if (!file_exists(root, path))
            continue;
        (void)text_add(path, sizeof(path), "/%s", unit);
        if (file_exists(root, path))
            return ANSWER_YES;
        answer = ANSWER_NO;
    }
    return answer;
}

/* --- environment --- */

struct reading {
    const char *root;
    struct agent_facts *agent;
    char directory[PATH_SIZE]; /* of the drop-ins being read */
};

/* A proxy's URL may hold a password, which is cut out before the URL is kept. */
static void set_proxy(struct agent_facts *agent, const char *value, const char *file)
{
    const char *scheme_end = strstr(value, "://");
    const char *host = scheme_end ? scheme_end + 3 : value;
    const char *at = strrchr(host, '@');
    char kept[HOST_SIZE];

    (void)text_set(kept, sizeof(kept), "%.*s%s", (int)(host - value), value, at ? at + 1 : host);
    agent->proxy_login = at;
    (void)text_escape(agent->https_proxy, sizeof(agent->https_proxy), kept, strlen(kept));
    (void)text_set(agent->proxy_file, sizeof(agent->proxy_file), "%s", file);
}

static void take_assignment(struct agent_facts *agent, const char *assignment, const char *file)
{
    const char *equals = strchr(assignment, '=');
    if (!equals)
        return;

    size_t n = (size_t)(equals - assignment);
    const char *value = equals + 1;
    if (n == strlen("https_proxy") && strncasecmp(assignment, "https_proxy", n) == 0)
        set_proxy(agent, value, file);
    else if (n == strlen("no_proxy") && strncasecmp(assignment, "no_proxy", n) == 0)
        (void)text_escape(agent->no_proxy, sizeof(agent->no_proxy), value, strlen(value));
    else if (n == strlen("SSL_CERT_FILE") && strncmp(assignment, "SSL_CERT_FILE", n) == 0)
        (void)text_escape(agent->ssl_cert_file, sizeof(agent->ssl_cert_file), value, strlen(value));
}

/* Words of an Environment= line: separated by white space, quoted with " or ' (systemd.exec(5)). */
static void take_environment(struct agent_facts *agent, char *line, const char *file)
{
    while (*line) {
        line += strspn(line, " \t");
        char word[1024];
        size_t n = 0;
        char quote = '\0';

        for (; *line && (quote || !strchr(" \t", *line)); line++) {
            if (quote ? *line == quote : (*line == '"' || *line == '\''))
                quote = quote ? '\0' : *line;
            else if (n + 1 < sizeof(word))
                word[n++] = *line;
        }
        word[n] = '\0';
        if (n > 0)
            take_assignment(agent, word, file);
    }
}

static void read_lines(const char *root, const char *path, void *to,
                       void (*line)(const char *root, const char *path, void *to, char *text))
{
    struct buffer contents;
    char *rest = NULL;

    buffer_init(&contents, 256 * 1024);
    if (file_read(root, path, &contents) != 0)
        return;
    for (char *text = strtok_r(contents.bytes, "\n", &rest); text;
         text = strtok_r(NULL, "\n", &rest))
        line(root, path, to, text_trim(text));
    buffer_clear(&contents);
}

static void environment_file_line(const char *root, const char *path, void *to, char *text)
{
    (void)root;
    if (text[0] != '#' && text[0] != ';')
        take_environment(to, text, path);
}

static void unit_line(const char *root, const char *path, void *to, char *text)
{
    if (text_starts(text, "Environment="))
        take_environment(to, text + strlen("Environment="), path);
    else if (text_starts(text, "EnvironmentFile=")) {
        const char *file = text + strlen("EnvironmentFile=");
        read_lines(root, *file == '-' ? file + 1 : file, to, environment_file_line);
    }
}

static void read_drop_in(void *arg, const char *name)
{
    struct reading *reading = arg;
    char path[PATH_SIZE];

    if (text_set(path, sizeof(path), "%s/%s", reading->directory, name))
        read_lines(reading->root, path, reading->agent, unit_line);
}

static void read_environment(const char *root, struct agent_facts *agent)
{
    struct reading reading = {.root = root, .agent = agent};
    char path[PATH_SIZE];

    for (int i = 0; i < N_DIRECTORIES; i++) {
        (void)text_set(path, sizeof(path), "%s/%s", unit_directories[i], agent->unit);
        read_lines(root, path, agent, unit_line);
    }
    for (int i = 0; i < N_DIRECTORIES; i++) {
        (void)text_set(reading.directory, sizeof(reading.directory), "%s/%s.d", unit_directories[i],
                       agent->unit);
        (void)file_list(root, reading.directory, ".conf", read_drop_in, &reading);
    }
}

/* --- program --- */

/* The last ExecStart= counts, without the characters that say how to run it (systemd.service(5)). */
static void program_line(const char *root, const char *path, void *to, char *text)
{
    (void)root, (void)path;
    if (!text_starts(text, "ExecStart="))
        return;
    const char *program = text + strlen("ExecStart=");
    program += strspn(program, "@-:+!\"");
    (void)text_set(to, PATH_SIZE, "%.*s", (int)strcspn(program, " \t\""), program);
}

bool agent_program_exists(const char *root)
{
    char path[PATH_SIZE], program[PATH_SIZE] = "/usr/bin/amazon-ssm-agent";

    for (int i = 0; i < N_DIRECTORIES; i++) {
        (void)text_set(path, sizeof(path), "%s/%s", unit_directories[i], DEB_UNIT);
        read_lines(root, path, program, program_line);
    }
    return file_exists(root, program);
}

void unit_read(const char *root, struct agent_facts *agent)
{
    const char *unit = agent->package == AGENT_PACKAGE_SNAP ? SNAP_UNIT : DEB_UNIT;

    (void)text_set(agent->unit, sizeof(agent->unit), "%s", unit);
    if (agent->installed == ANSWER_YES)
        agent->unit_state = state_of(root, unit);
    agent->running = unit_is_running(root, unit);
    read_environment(root, agent);
}
