/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks 13, 14, 23 to 25, 29: certificates, the clock, credentials, and what may keep the agent from
 * running or from being updated.
 */
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "image/judge.h"
#include "net/trust.h"

/* --- 13: CA bundle --- */

static int count_in_folder(const struct image *image, const char *folder)
{
    LOCAL_NAMES files = file_list(image->root, folder, "");
    char path[PATH_SIZE];
    int n = 0;

    for (size_t i = 0; i < files.n; i++) {
        LOCAL_BUFFER text = {.max_bytes = IMAGE_FILE_BYTES};
        if (text_set(path, sizeof(path), "%s/%s", folder, files.names[i]) &&
            image_reads(image, path, &text))
            n += trust_count_amazons(text.bytes);
    }
    return n;
}

/* Go reads these folders besides the file (crypto/x509, root_linux.go), or those of SSL_CERT_DIR. */
static int count_in_folders(const struct image *image)
{
    const char *own = image->agent->ssl_cert_dir;
    char folder[PATH_SIZE];
    int n = 0;

    for (const char *at = own[0] ? own : "/etc/ssl/certs:/etc/pki/tls/certs";
         text_word(&at, ":", folder, sizeof(folder));)
        n += count_in_folder(image, folder);
    return n;
}

/* SSL_CERT_FILE of the agent's unit, else the first path of Go's that is there. */
static const char *bundle_of(struct image *image)
{
    if (image->agent->ssl_cert_file[0])
        return image->agent->ssl_cert_file;
    for (const char *const *path = trust_bundle_paths; *path; path++)
        if (image_has(image, *path))
            return *path;
    return NULL;
}

static const char *unit_environment_file(const struct image *image, char file[PATH_SIZE])
{
    char value[LINE_SIZE];

    file[0] = '\0';
    (void)image_unit_value(image, image->agent->unit, "Environment", true, value, file);
    return file;
}

/* The agent's first calls to ssm believe what AWS_CA_BUNDLE names, and nothing besides. */
static void judge_sdk_bundle(struct image *image)
{
    LOCAL_BUFFER bundle = {.max_bytes = IMAGE_FILE_BYTES};
    const char *path = image->agent->sdk_bundle;
    char file[PATH_SIZE];

    if (path[0] && image_reads(image, path, &bundle) && trust_count_amazons(bundle.bytes) == 0)
        find(image, "ca-bundle-missing", unit_environment_file(image, file),
             "%s, which AWS_CA_BUNDLE names, holds none of Amazon's roots", path);
}

void judge_ca_bundle(struct image *image)
{
    static const char code[] = "ca-bundle-missing";
    char target[PATH_SIZE];
    LOCAL_BUFFER bundle = {.max_bytes = IMAGE_FILE_BYTES};
    struct stat status;
    const char *path = bundle_of(image);

    judge_sdk_bundle(image);
    int n = count_in_folders(image);
    if (n > 0 && (!path || !image_has(image, path))) {
        say(image, "files in Go's folders, %d of Amazon's roots", n);
        return;
    }
    if (!path) {
        bool dangling = false;
        for (const char *const *each = trust_bundle_paths; *each && !dangling; each++)
            if (file_read_link(image->root, *each, target, sizeof(target))) {
                dangling = true;
                find(image, code, "", "%s leads to %s, which is not there", *each, target);
            }
        if (!dangling)
            find(image, code, "", "none of Go's paths is there, %s and the others",
                 trust_bundle_paths[0]);
        return;
    }
    if (!image_reads(image, path,
                     &bundle)) { /* SSL_CERT_FILE of a unit: its file is what must change */
        char file[PATH_SIZE];
        find(image, code, unit_environment_file(image, file), "%s cannot be read", path);
        return;
    }
    if (file_look(image->root, path, true, &status) && !(status.st_mode & 0004))
        find_warning(image, code, path, "%s: mode %04o, only root reads it: no verdict on it", path,
                     status.st_mode & 07777);
    n = n > 0 ? n : trust_count_amazons(bundle.bytes);
    if (!strstr(bundle.bytes, "-----END CERTIFICATE-----") && n == 0)
        find(image, code, "", "%s holds no certificate", path);
    else if (n == 0)
        find(image, code, "", "%s holds none of Amazon's roots", path);
    else
        say(image, "%s, %d of Amazon's roots", path, n);
}

/* --- 14: the clock --- */

struct time_source {
    struct image *image;
    bool of_amazon;
};

/* chrony.conf(5): confdir and include take configuration, sourcedir takes sources. Amazon Linux fills /run/chrony.d
 * at boot from amazon-chrony-config. */
static void take_time_line(void *arg, const char *path, char *line)
{
    static const struct {
        const char *word, *files;
    } ways[] = {{"confdir ", "/*.conf"}, {"sourcedir ", "/*.sources"}, {"include ", ""}};
    struct time_source *source = arg;
    char place[PATH_SIZE];

    source->of_amazon |= line[0] != '!' && line[0] != '%' &&
                         (strstr(line, "169.254.169.123") || strstr(line, "fd00:ec2::123") ||
                          strstr(line, "refclock PHC"));
    for (size_t i = 0; i < COUNT_OF(ways) && strstr(path, "chrony.conf"); i++) {
        const char *folder = line + strlen(ways[i].word);
        if (!text_starts(line, ways[i].word))
            continue;
        folder = strncmp(folder, "/run/chrony.d", 13) == 0 ? "/usr/share/amazon-chrony-config"
                                                           : folder;
        (void)text_set(place, sizeof(place), "%.*s%s", (int)strcspn(folder, " \t"), folder,
                       ways[i].files);
        (void)lines_include(source->image, place, take_time_line, source);
    }
}

void judge_time(struct image *image)
{
    static const char timesyncd[] =
        "/etc/systemd/timesyncd.conf /etc/systemd/timesyncd.conf.d/*.conf "
        "/usr/lib/systemd/timesyncd.conf.d/*.conf";
    static const struct {
        const char *unit, *places; /* NULL: it asks no server */
    } keepers[] = {
        {"chronyd.service", "/etc/chrony.conf"},
        {"chrony.service", "/etc/chrony/chrony.conf"},
        {"systemd-timesyncd.service", timesyncd},
        {"ntpd.service", "/etc/ntp.conf"},
        {"ntp.service", "/etc/ntp.conf"},
        {"ntpsec.service", "/etc/ntpsec/ntp.conf"},
        {"openntpd.service", "/etc/openntpd/ntpd.conf"},
        {"phc2sys.service", NULL},
    };
    struct time_source source = {.image = image};
    char which[NAME_SIZE], names[LINE_SIZE] = "";

    for (size_t i = 0; i < COUNT_OF(keepers); i++) {
        text_list(names, sizeof(names), ", ", keepers[i].unit);
        if (!any_enabled(image, keepers[i].unit, which))
            continue;
        say(image, "%s", which);
        if (keepers[i].places)
            (void)lines_read(image, keepers[i].places, take_time_line, &source);
        if (keepers[i].places && !source.of_amazon)
            find(image, "image-time-source", "",
                 "%s is enabled, and no file of it names 169.254.169.123", which);
        return;
    }
    find(image, "time-sync-missing", "", "none of %s is enabled", names);
}

/* --- 23: credentials --- */

/* Each variable of a line from which AWS's SDKs take credentials. */
static void take_variables(void *arg, const char *path, char *line)
{
    static const char names[] =
        "ACCESS_KEY_ID= SECRET_ACCESS_KEY= SESSION_TOKEN= SECURITY_TOKEN= PROFILE= DEFAULT_PROFILE= "
        "CONFIG_FILE= SHARED_CREDENTIALS_FILE= ROLE_ARN= WEB_IDENTITY_TOKEN_FILE= "
        "CONTAINER_CREDENTIALS_";

    for (const char *at = line; (at = strstr(at, "AWS_"));) {
        bool begins = at == line || strchr(" \t\"';", at[-1]);

        at += strlen("AWS_");
        if (begins && text_starts_any(at, names))
            find(arg, "image-credentials", path, "%s sets AWS_%.*s", path, (int)strcspn(at, "="),
                 at);
    }
}

void judge_credentials(struct image *image)
{
    static const char code[] = "image-credentials";
    static const struct sign signs[] = {
        {SEVERITY_WARNING, "/root/.aws/credentials /root/.aws/config", "aws_secret_access_key", ""},
        {SEVERITY_WARNING, "/root/.aws/config", "credential_process", ""},
        {SEVERITY_WARNING, "/root/.aws/config", "role_arn", ""},
    };
    static const char *const keys[] = {"EnvironmentFile", "Environment"};
    char value[LINE_SIZE], file[PATH_SIZE];
    LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES};

    look_for(image, code, signs, COUNT_OF(signs));
    (void)lines_read(image, "/etc/environment /etc/profile.d/*", take_variables, image);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        char *rest = value;
        if (!image_unit_value(image, image->agent->unit, keys[i], true, value, file))
            continue;
        if (i == 1)
            take_variables(image, file, value);
        else
            for (const char *path; (path = text_next(&rest, " "));)
                (void)lines_read(image, path + (path[0] == '-'), take_variables, image);
    }
    unit_read_manager(image->root, &settings);
    for (struct unit_setting at = {0}; unit_next(&settings, &at);)
        if (strcmp(at.key, "DefaultEnvironment") == 0) {
            (void)text_set(value, sizeof(value), "%s", at.value);
            take_variables(image, at.file, value);
        }
}

/* --- 24: SELinux, fapolicyd --- */

static bool has_label(const struct image *image, const char *path)
{
    LOCAL_FD fd = file_open(image->root, path);

    return fd >= 0 && fgetxattr(fd, "security.selinux", NULL, 0) > 0;
}

void judge_access_control(struct image *image)
{
    char value[LINE_SIZE], which[NAME_SIZE];

    if (value_read(image, "/etc/selinux/config", "SELINUX", value, NULL) &&
        strcmp(value, "enforcing") == 0 && image->program[0] &&
        !image_has(image, "/.autorelabel")) {
        if (!has_label(image, "/usr/lib/systemd/systemd"))
            cannot_judge(image, "SELinux is enforcing; labels cannot be seen here");
        else if (!has_label(image, image->program))
            find(image, "image-access-control", image->program,
                 "SELinux is enforcing, and %s has no label", image->program);
    }
    if (!any_enabled(image, "fapolicyd.service", which) || !image->program[0] ||
        says(image, "/etc/fapolicyd/fapolicyd.trust /etc/fapolicyd/trust.d/*", image->program,
             NULL))
        return;
    if (image_has(image, "/usr/lib/sysimage/rpm") || image_has(image, "/var/lib/rpm"))
        cannot_judge(image, "fapolicyd trusts what is in rpm's database, which is not read here");
    else
        find(image, "image-access-control", image->program,
             "fapolicyd is enabled, and %s is in no rpm database and in no trust file",
             image->program);
}

/* --- 25: sessions --- */

struct sessions {
    struct image *image;
    bool has_user;
};

static void take_user(void *arg, const char *path, char *line)
{
    struct sessions *sessions = arg;

    if (!text_starts(line, "ssm-user:"))
        return;
    sessions->has_user = true;
    if (strstr(line, "/nologin") || strstr(line, "/false"))
        find(sessions->image, "image-sessions", path, "%s: ssm-user cannot log in: %s", path,
             strrchr(line, ':') + 1);
}

static void take_access_line(void *arg, const char *path, char *line)
{
    bool shut_out = strstr(line, "ALL EXCEPT");
    char word[NAME_SIZE];

    for (const char *at = line; text_word(&at, " \t:", word, sizeof(word));)
        shut_out |= strcmp(word, "ssm-user") == 0;
    if (line[0] == '-' && shut_out)
        find(arg, "image-sessions", path, "%s: %s", path, line);
}

void judge_sessions(struct image *image)
{
    static const char code[] = "image-sessions", sudoers[] = "/etc/sudoers.d/ssm-agent-users";
    static const char *const adders[] = {"/usr/sbin/useradd", "/sbin/useradd", "/usr/bin/useradd"};
    struct sessions sessions = {.image = image};
    struct stat status;
    bool has_adder = false;

    (void)lines_read(image, "/etc/passwd", take_user, &sessions);
    (void)lines_read(image, "/etc/security/access.conf", take_access_line, image);
    if (!file_look(image->root, sudoers, true, &status)) {
        if (sessions.has_user) /* the agent writes it when it makes the user */
            find(image, code, sudoers, "ssm-user is there, and %s is not: it has no sudo", sudoers);
    } else if ((status.st_mode & 07777) != 0440) {
        find(image, code, sudoers, "%s has the mode %04o: sudo wants 0440", sudoers,
             status.st_mode & 07777);
    }
    if (!image_has(image, "/bin/sh"))
        find(image, code, "/bin/sh", "there is no /bin/sh");
    for (size_t i = 0; i < COUNT_OF(adders); i++)
        has_adder |= image_has(image, adders[i]);
    if (!has_adder && !sessions.has_user)
        find(image, code, adders[0], "no useradd: the agent cannot make ssm-user");
}

/* --- 29: pins --- */

void judge_pins(struct image *image)
{
    static const char code[] = "image-pins", name[] = "amazon-ssm-agent";
    static const struct sign pins[] = {
        {SEVERITY_NOTE,
         "/etc/apt/preferences /etc/apt/preferences.d/* /etc/dnf/plugins/versionlock.list "
         "/etc/yum/pluginconf.d/versionlock.list",
         name, ""},
        {SEVERITY_NOTE, "/etc/dnf/dnf.conf /etc/yum.conf", "exclude amazon-ssm-agent", ""},
        /* a day's release: "2023.6.20250107"; "latest" is none */
        {SEVERITY_NOTE, "/etc/dnf/vars/releasever /etc/yum/vars/releasever", "2023.",
         "dnf offers nothing newer than this release"},
    };

    look_for(image, code, pins, COUNT_OF(pins));
}
