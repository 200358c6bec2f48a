/* SPDX-License-Identifier: Apache-2.0
 *
 * The environment that systemd gives the agent, systemd.exec(5) "Environment", and what the agent (Go's
 * net/http, AWS's SDK) takes of it. Three layers, the later one wins: DefaultEnvironment= of the manager, Environment= of the unit, the
 * files of EnvironmentFile=. An empty value resets its own layer. UnsetEnvironment= comes last.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/agent.h"
#include "discover/unit.h"
#include "model/proxy.h"
#include "net/credentials.h"
#include "net/trust.h"

/* Of a variable in capitals and in small letters the one in capitals comes first. */
/* clang-format off */
#define OWN(name) ROW(name, #name)
#define VARIABLES                                                                                 \
    ROW(HTTP_PROXY_UPPER, "HTTP_PROXY") ROW(HTTP_PROXY_LOWER, "http_proxy")                       \
    ROW(HTTPS_PROXY_UPPER, "HTTPS_PROXY") ROW(HTTPS_PROXY_LOWER, "https_proxy")                   \
    ROW(NO_PROXY_UPPER, "NO_PROXY") ROW(NO_PROXY_LOWER, "no_proxy")                               \
    OWN(SSL_CERT_FILE) OWN(SSL_CERT_DIR) OWN(AWS_ROLE_ARN) OWN(AWS_SDK_LOAD_CONFIG)               \
    OWN(AWS_CONFIG_FILE) OWN(AWS_SHARED_CREDENTIALS_FILE) OWN(GODEBUG) OWN(REQUEST_METHOD)        \
    OWN(GOMEMLIMIT) ROW(CLIENT_TLS_CERT, "AWS_SDK_GO_CLIENT_TLS_CERT")                            \
    ROW(CLIENT_TLS_KEY, "AWS_SDK_GO_CLIENT_TLS_KEY") OWN(AWS_WEB_IDENTITY_TOKEN_FILE)             \
    OWN(AWS_CA_BUNDLE) OWN(AWS_EC2_METADATA_DISABLED) OWN(AWS_EC2_METADATA_SERVICE_ENDPOINT)      \
    OWN(AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE) OWN(AWS_USE_DUALSTACK_ENDPOINT)                   \
    OWN(AWS_USE_FIPS_ENDPOINT) OWN(AWS_S3_USE_ARN_REGION) OWN(AWS_STS_REGIONAL_ENDPOINTS)         \
    OWN(AWS_S3_US_EAST_1_REGIONAL_ENDPOINT)

#define ROW(id, name) id,
enum wanted { VARIABLES N_WANTED };
#undef ROW
#define ROW(id, name) name,
static const char *const names[N_WANTED] = {VARIABLES};
#undef ROW
/* clang-format on */
enum { FIRST_OF_AWS = REQUEST_METHOD };
_Static_assert(N_WANTED - FIRST_OF_AWS == MAX_VARIABLES, "facts have room for AWS's variables");

enum { VALUE_SIZE = 16 * 1024, MAX_FILES = 16 };

struct variable {
    char *value; /* NULL: not set */
    char file[PATH_SIZE];
};

struct reading {
    const char *root;
    const struct buffer *settings; /* of the agent's unit */
    struct agent_facts *agent;
    struct variable manager[N_WANTED], unit[N_WANTED], env[N_WANTED],
        unset_if[N_WANTED]; /* UnsetEnvironment=NAME=VALUE */
    bool unset[N_WANTED];
    size_t n_files;
    struct {
        char path[PATH_SIZE];
        char named_in[PATH_SIZE];
        bool may_be_missing;
    } files[MAX_FILES];
};

/* It may be a proxy's URL with its login. */
static void clear(struct variable *variable)
{
    if (variable->value)
        explicit_bzero(variable->value, strlen(variable->value));
    free(variable->value);
    variable->value = NULL;
}

static void clear_all(struct variable layer[N_WANTED])
{
    for (size_t i = 0; i < N_WANTED; i++)
        clear(&layer[i]);
}

static void assign(struct variable layer[N_WANTED], const char *word, const char *file)
{
    const char *equals = strchr(word, '=');

    for (size_t i = 0; equals && i < N_WANTED; i++) {
        if (strlen(names[i]) != (size_t)(equals - word) ||
            strncmp(word, names[i], strlen(names[i])) != 0)
            continue;
        clear(&layer[i]);
        layer[i].value = strndup(equals + 1, VALUE_SIZE - 1);
        (void)text_set(layer[i].file, PATH_SIZE, "%s", file);
    }
}

static void assign_all(struct variable layer[N_WANTED], const char *value, const char *file)
{
    char word[VALUE_SIZE + NAME_SIZE];

    if (!value[0])
        clear_all(layer);
    while (unit_word(&value, word, sizeof(word)))
        assign(layer, word, file);
    explicit_bzero(word, sizeof(word)); /* a proxy's login, perhaps */
}

static void unset_all(struct reading *reading, const char *value)
{
    char word[VALUE_SIZE + NAME_SIZE];

    if (!value[0]) {
        memset(reading->unset, 0, sizeof(reading->unset));
        clear_all(reading->unset_if);
    }
    while (unit_word(&value, word, sizeof(word))) {
        assign(reading->unset_if, word, "");
        for (size_t i = 0; i < N_WANTED; i++)
            reading->unset[i] |= strcmp(word, names[i]) == 0;
    }
}

/* What is no absolute path, in quotes for example, is passed over; and what another specifier means is not known. */
static void note_file(struct reading *reading, const char *value, const char *named_in)
{
    bool may_be_missing = value[0] == '-';
    size_t i = reading->n_files;

    if (!value[0])
        reading->n_files = 0;
    else if (i < MAX_FILES &&
             unit_specified(value + may_be_missing, reading->files[i].path, PATH_SIZE) &&
             reading->files[i].path[0] == '/') {
        reading->files[i].may_be_missing = may_be_missing;
        (void)text_set(reading->files[i].named_in, PATH_SIZE, "%s", named_in);
        reading->n_files++;
    }
}

/* ExecStart=/usr/bin/env NAME=VALUE ... PROGRAM: what env(1) adds, it adds to all that systemd gives. */
static void note_env(struct reading *reading, const char *value, const char *file)
{
    char word[VALUE_SIZE + NAME_SIZE];

    clear_all(reading->env);
    value += strspn(value, "@-:+!");
    if (unit_word(&value, word, sizeof(word)) && strcmp(basename(word), "env") == 0)
        while (unit_word(&value, word, sizeof(word)) && word[0] != '/')
            assign(reading->env, word, file);
    explicit_bzero(word, sizeof(word));
}

static void read_manager(struct reading *reading)
{
    LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES};

    unit_read_manager(reading->root, &settings);
    for (struct unit_setting at = {0}; unit_next(&settings, &at);)
        if (strcmp(at.key, "DefaultEnvironment") == 0)
            assign_all(reading->manager, at.value, at.file);
}

static void read_unit(struct reading *reading)
{
    for (struct unit_setting at = {0}; unit_next(reading->settings, &at);)
        if (strcmp(at.key, "Environment") == 0)
            assign_all(reading->unit, at.value, at.file);
        else if (strcmp(at.key, "UnsetEnvironment") == 0)
            unset_all(reading, at.value);
        else if (strcmp(at.key, "EnvironmentFile") == 0)
            note_file(reading, at.value, at.file);
        else if (strcmp(at.key, "ExecStart") == 0)
            note_env(reading, at.value, at.file);
}

/* --- files of EnvironmentFile=: one assignment a line, quoted as in a shell, white space is a part of
 * the value --- */

static void push(char *to, size_t size, size_t *n, char c)
{
    if (*n + 1 < size)
        to[(*n)++] = c;
}

/* Takes one assignment, systemd src/basic/env-file.c: it goes on beyond a line in quotes and after a backslash; white
 * space does not count around the name and at the ends of what is not quoted. */
static void take_assignment(char **at, char *to, size_t size)
{
    char *equals = *at + strcspn(*at, "=\r\n"), *from = equals;
    bool between = true; /* nothing of the value was seen, but what was quoted */
    char quote = '\0';
    size_t n = 0, kept; /* up to the last character that is not white space at the end */

    *to = '\0';
    if (*equals == '=') {
        *from++ = '\0';
        (void)text_set(to, size, "%s=", text_trim(*at));
    }
    for (kept = n = strlen(to); *from && (quote || !strchr("\r\n", *from)); from++) {
        if (quote ? *from == quote : between && strchr("'\"", *from)) {
            quote = quote ? '\0' : *from;
            between = true;
            continue;
        }
        between = !quote && between && strchr(" \t", *from);
        if (between)
            continue;
        bool escaped = *from == '\\' && quote != '\'' && from[1];
        from += escaped;
        if (escaped && (*from == '\n' || (!quote && *from == '\r')))
            continue;
        if (escaped && quote && !strchr("\"\\`$", *from))
            push(to, size, &n, '\\');
        push(to, size, &n, *from);
        if (quote || escaped || !strchr(" \t", *from))
            kept = n;
    }
    to[kept] = '\0';
    *at = from;
}

static int read_file(const char *root, struct variable layer[N_WANTED], const char *path)
{
    char assignment[VALUE_SIZE + NAME_SIZE];
    LOCAL_BUFFER contents = {.max_bytes = 256 * 1024};

    int error = file_read(root, path, &contents);
    for (char *at = contents.bytes; !error && *at;) {
        at += strspn(at, " \t\r\n");
        if (*at == '#' || *at == ';') {
            at += strcspn(at, "\n");
            continue;
        }
        take_assignment(&at, assignment, sizeof(assignment));
        assign(layer, assignment, path);
    }
    explicit_bzero(assignment, sizeof(assignment));
    return error;
}

/* The files that a pattern names, behind a folder that none is in: /etc, and /proxy.d/x.conf or, in all of them, /proxy*.d/x.conf. */
static int read_named(const char *root, struct variable layer[N_WANTED], const char *folder,
                      const char *pattern)
{
    size_t n = strcspn(pattern, "*?[");
    char path[PATH_SIZE], wanted[PATH_SIZE], entry[PATH_SIZE];
    int error = ENOENT;

    if (!pattern[n])
        return text_set(path, sizeof(path), "%s%s", folder, pattern) ? read_file(root, layer, path)
                                                                     : ENAMETOOLONG;
    while (n > 0 && pattern[n - 1] != '/')
        n--;
    const char *rest = pattern + n + strcspn(pattern + n, "/");
    (void)text_set(path, sizeof(path), "%s%.*s", folder, (int)n, pattern);
    (void)text_set(wanted, sizeof(wanted), "%.*s", (int)(rest - pattern - n), pattern + n);
    LOCAL_NAMES found = file_list(root, path, "");
    for (size_t i = 0; i < found.n; i++)
        if (fnmatch(wanted, found.names[i], FNM_PERIOD) == 0 &&
            text_set(entry, sizeof(entry), "%s%s", path, found.names[i]) &&
            read_named(root, layer, entry, rest) == 0)
            error = 0;
    return error;
}

static void read_files(struct reading *reading, struct variable layer[N_WANTED], size_t file)
{
    const char *path = reading->files[file].path;
    int error = read_named(reading->root, layer, "", path);

    if ((error != ENOENT && error != EISDIR) || reading->files[file].may_be_missing)
        return;
    step_fail(&reading->agent->environment, FAILURE_ABSENT, 1);
    (void)text_quote(reading->agent->environment.detail, DETAIL_SIZE,
                     "%.90s names %.80s, which is %s", reading->files[file].named_in, path,
                     error == EISDIR ? "a folder" : "not there");
}

/* --- what the agent takes of it --- */

static const char *value_of(const struct variable *variable)
{
    return variable->value ? variable->value : "";
}

/* Of the capitals and the small letters the first that is not empty
 * (golang.org/x/net/http/httpproxy, FromEnvironment). */
static const struct variable *first_of(const struct variable all[N_WANTED], enum wanted upper)
{
    return value_of(&all[upper])[0] ? &all[upper] : &all[upper + 1];
}

static void keep(const struct variable *variable, char *to, size_t size)
{
    (void)text_escape(to, size, value_of(variable), strlen(value_of(variable)));
}

/* Of a list that is too long, what may exempt a name of AWS's or IMDS. */
static void keep_exempted(const struct variable *variable, char to[NO_PROXY_SIZE])
{
    char entries[VALUE_SIZE], *rest = entries;

    keep(variable, to, NO_PROXY_SIZE);
    if (strlen(value_of(variable)) < NO_PROXY_SIZE)
        return;
    (void)text_set(entries, sizeof(entries), "%s", variable->value);
    to[0] = '\0';
    for (char *entry; (entry = text_next(&rest, ","));)
        if (strcasestr(entry, "aws") || strstr(entry, "169.254") || strpbrk(entry, "*/"))
            (void)text_quote(to + strlen(to), NO_PROXY_SIZE - strlen(to), "%s%s", to[0] ? "," : "",
                             entry);
}

/* A token file needs a role (aws-sdk-go aws/session/credentials.go); as a CGI program, which REQUEST_METHOD makes of the agent, Go
 * sends nothing by HTTP where a proxy for it is named, to exempted hosts neither (golang.org/x/net/http/httpproxy). */
static bool is_harmless(const struct variable all[N_WANTED], size_t i)
{
    return !value_of(&all[i])[0] ||
           (i == AWS_WEB_IDENTITY_TOKEN_FILE && value_of(&all[AWS_ROLE_ARN])[0]) ||
           (i == REQUEST_METHOD && !value_of(first_of(all, HTTP_PROXY_UPPER))[0]);
}

/* Go's runtime ends at any other unit than these (runtime/mgcpacer.go). */
static bool is_go_memory(const char *value)
{
    size_t n = strspn(value, "0123456789");

    return strcmp(value, "off") == 0 ||
           (n > 0 && (!value[n] || text_has("B,KiB,MiB,GiB,TiB", ',', value + n)));
}

/* aws-sdk-go aws/session/env_config.go: what it does with each. */
static enum harm harm_of(const char *root, enum wanted which, const char *value)
{
    bool known = which >= AWS_STS_REGIONAL_ENDPOINTS
                     ? strcasecmp(value, "legacy") == 0 || strcasecmp(value, "regional") == 0
                     : strcasecmp(value, "true") == 0 || strcasecmp(value, "false") == 0;

    switch (which) {
    case GOMEMLIMIT:
        return is_go_memory(value) ? HARM_NONE : HARM_UNREADABLE;
    case CLIENT_TLS_CERT:
    case CLIENT_TLS_KEY:
        return file_exists(root, value) ? HARM_NONE : HARM_UNREADABLE;
    case REQUEST_METHOD:
    case AWS_WEB_IDENTITY_TOKEN_FILE:
        return HARM_UNREADABLE;
    case AWS_USE_DUALSTACK_ENDPOINT:
    case AWS_USE_FIPS_ENDPOINT:
    case AWS_S3_USE_ARN_REGION:
    case AWS_STS_REGIONAL_ENDPOINTS:
    case AWS_S3_US_EAST_1_REGIONAL_ENDPOINT:
        return known ? HARM_NONE : HARM_UNREADABLE;
    case AWS_CA_BUNDLE:
        return trust_file_has_certificate(root, value) ? HARM_NONE : HARM_NO_CERTIFICATE;
    case AWS_EC2_METADATA_DISABLED:
        return strcasecmp(value, "true") == 0 ? HARM_IMDS_OFF : HARM_NONE;
    case AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE:
        return strcasecmp(value, "IPv6") == 0   ? HARM_IMDS_BY_IPV6
               : strcasecmp(value, "IPv4") == 0 ? HARM_NONE
                                                : HARM_IMDS_ELSEWHERE;
    default:
        return strstr(value, "169.254.169.254") ? HARM_NONE
               : strstr(value, "fd00:ec2::254") ? HARM_IMDS_BY_IPV6
                                                : HARM_IMDS_ELSEWHERE;
    }
}

/* One that cannot be read, the SDK passes over (aws-sdk-go aws/session/shared_config.go). */
static void judge_sdk_file(const char *root, struct agent_facts *agent, const char *path)
{
    LOCAL_BUFFER contents = {.max_bytes = FILE_MAX_BYTES};

    if (agent->environment.outcome == OUTCOME_FAILED ||
        file_read_as_go(root, path, &contents) != 0 || sdk_takes_ini(contents.bytes))
        return;
    step_fail(&agent->environment, FAILURE_MALFORMED, 1);
    (void)text_quote(agent->environment.detail, DETAIL_SIZE,
                     "%.150s, which the agent's AWS SDK reads, is no INI file", path);
}

/* NULL: the SDK reads none. */
static const char *config_file(const struct variable all[N_WANTED])
{
    const char *named = value_of(&all[AWS_CONFIG_FILE]);

    if (!text_has("1,t,T,TRUE,true,True", ',', value_of(&all[AWS_SDK_LOAD_CONFIG])))
        return NULL; /* Go's ParseBool */
    return named[0] ? named : "/root/.aws/config";
}

/* `ca_bundle` of the default profile is for AWS_CA_BUNDLE where that is not set (aws/session/session.go). */
static void take_ca_bundle(struct variable all[N_WANTED], const char *root)
{
    LOCAL_BUFFER contents = {.max_bytes = FILE_MAX_BYTES};
    const char *file = config_file(all);
    struct variable *bundle = &all[AWS_CA_BUNDLE];
    bool is_default = false;

    if (value_of(bundle)[0] || !file || file_read_as_go(root, file, &contents) != 0)
        return;
    for (char *line, *rest = contents.bytes; (line = text_next(&rest, "\r\n"));) {
        char *equals = strchr(line, '=');
        if (equals)
            *equals = '\0';
        line = text_trim(line);
        if (line[0] == '[')
            is_default = strcmp(line, "[default]") == 0 || strcmp(line, "[profile default]") == 0;
        if (!is_default || !equals || strcmp(line, "ca_bundle") != 0)
            continue;
        clear(bundle);
        bundle->value = strdup(text_trim(equals + 1));
        (void)text_set(bundle->file, sizeof(bundle->file), "%s", file);
    }
}

/* Of its home, root's, where the environment names no other (aws/session/env_config.go). */
static void judge_sdk_files(const struct variable all[N_WANTED], const char *root,
                            struct agent_facts *agent)
{
    const char *config = config_file(all);
    const char *credentials = value_of(&all[AWS_SHARED_CREDENTIALS_FILE]);

    if (config)
        judge_sdk_file(root, agent, config);
    judge_sdk_file(root, agent, credentials[0] ? credentials : "/root/.aws/credentials");
}

static void keep_proxies(const struct variable all[N_WANTED], struct agent_facts *agent,
                         struct proxy_login *login)
{
    const struct variable *http = first_of(all, HTTP_PROXY_UPPER);
    const struct variable *https = first_of(all, HTTPS_PROXY_UPPER);
    size_t n;

    (void)proxy_read(value_of(http), agent->http_proxy, &n);
    const char *userinfo = proxy_read(value_of(https), agent->https_proxy, &n);
    agent->proxy_login = userinfo;
    agent->proxy_user = userinfo && !memchr(userinfo, ':', n);
    if (userinfo && login && !proxy_login_set(login, userinfo, n))
        file_keep_trouble(https->file, E2BIG);
    (void)text_quote(agent->proxy_file, PATH_SIZE, "%s",
                     value_of(https)[0] ? https->file : http->file);
}

/* "netedns0=0,http2client=0": the last one counts (Go's internal/godebug). */
static bool asks_without_edns(char *settings)
{
    static const char edns[] = "netedns0=";
    bool without = false;

    for (const char *word; settings && (word = text_next(&settings, ","));)
        if (text_starts(word, edns))
            without = strcmp(word + strlen(edns), "0") == 0;
    return without;
}

static void keep_all(const struct variable all[N_WANTED], const char *root,
                     struct agent_facts *agent)
{
    keep_exempted(first_of(all, NO_PROXY_UPPER), agent->no_proxy);
    keep(&all[SSL_CERT_FILE], agent->ssl_cert_file, sizeof(agent->ssl_cert_file));
    keep(&all[SSL_CERT_DIR], agent->ssl_cert_dir, sizeof(agent->ssl_cert_dir));
    if (value_of(&all[AWS_CA_BUNDLE])[0] &&
        trust_file_has_certificate(root, value_of(&all[AWS_CA_BUNDLE])))
        keep(&all[AWS_CA_BUNDLE], agent->sdk_bundle, sizeof(agent->sdk_bundle));
    agent->no_edns = asks_without_edns(all[GODEBUG].value);
    judge_sdk_files(all, root, agent);
    for (size_t i = FIRST_OF_AWS; i < N_WANTED; i++) {
        enum harm harm = is_harmless(all, i) ? HARM_NONE
                                             : harm_of(root, (enum wanted)i, all[i].value);
        if (harm == HARM_NONE)
            continue;
        struct variable_facts *to = &agent->variables[agent->n_variables++];
        (void)text_set(to->name, sizeof(to->name), "%s", names[i]);
        keep(&all[i], to->value, sizeof(to->value));
        (void)text_quote(to->file, sizeof(to->file), "%s", all[i].file);
        to->harm = harm;
    }
}

static void take_confinement(void *arg, enum taken taken, const char *file, const char *words)
{
    const struct reading *reading = arg;
    struct agent_facts *agent = reading->agent;
    char *to = taken == TAKEN_ALL ? agent->confined : agent->doubted, ignored[PATH_SIZE];

    if (taken == TAKEN_BY_ADDRESS || taken == TAKEN_MAYBE_BY_ADDRESS) {
        (void)unit_value(reading->settings, "IPAddressDeny", true, agent->denied_networks,
                         WORDS_SIZE, agent->denied_file);
        (void)unit_value(reading->settings, "IPAddressAllow", true, agent->allowed_networks,
                         WORDS_SIZE, ignored);
    } else if (taken == TAKEN_OPEN) {
        if (!agent->beside[0])
            (void)text_quote(agent->beside, sizeof(agent->beside), "%.*s",
                             (int)strcspn(words, " \t"), words);
    } else if (taken != TAKEN_SOME && !to[0])
        (void)text_quote(to, DETAIL_SIZE, "%s: %s", file, words);
}

/* What the upper layer has counts, and is taken from it. */
static void lay_over(struct variable layer[N_WANTED], struct variable upper[N_WANTED])
{
    for (size_t i = 0; i < N_WANTED; i++)
        if (upper[i].value) {
            clear(&layer[i]);
            layer[i] = upper[i];
            upper[i].value = NULL;
        }
}

void environment_read(const char *root, const struct buffer *settings, struct agent_facts *agent,
                      struct proxy_login *login)
{
    struct reading *reading = calloc(1, sizeof(*reading));
    struct variable *all = reading->manager;

    reading->root = root;
    reading->settings = settings;
    reading->agent = agent;
    step_ok(&agent->environment, 1);
    read_manager(reading);
    read_unit(reading);
    lay_over(all, reading->unit);
    for (size_t i = 0; i < reading->n_files; i++)
        read_files(reading, all, i);
    for (size_t i = 0; i < N_WANTED; i++)
        if (reading->unset[i] || (reading->unset_if[i].value &&
                                  strcmp(reading->unset_if[i].value, value_of(&all[i])) == 0))
            clear(&all[i]);
    lay_over(all, reading->env);
    take_ca_bundle(all, root);
    keep_proxies(all, agent, login);
    keep_all(all, root, agent);
    unit_confinement(root, settings, take_confinement, reading);
    clear_all(reading->manager);
    clear_all(reading->unit);
    clear_all(reading->unset_if);
    free(reading);
}
