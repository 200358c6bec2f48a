/* SPDX-License-Identifier: Apache-2.0
 *
 * amazon-ssm-agent.json as Go's encoding/json reads it: stricter than cJSON in its grammar, upper or
 * lower case in names, and where a member comes twice the last one. Anything that Go refuses ends the
 * agent at its start. Members: amazon-ssm-agent agent/appconfig/contracts.go.
 */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/agent.h"
#include "discover/instance.h"

#define CONFIG_PATH "/etc/amazon/ssm/amazon-ssm-agent.json"

/* --- the grammar --- */

static const char byte_order_mark[] = "\xef\xbb\xbf";

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* The length of a number, RFC 8259 section 6; 0 when it is none. */
static size_t number_length(const char *text)
{
    size_t n = text[0] == '-';
    size_t whole = text[n] == '0' ? 1 : digits(text + n);

    if (whole == 0)
        return 0;
    n += whole;
    if (text[n] == '.') {
        size_t fraction = digits(text + n + 1);
        if (fraction == 0)
            return 0;
        n += 1 + fraction;
    }
    if (text[n] == 'e' || text[n] == 'E') {
        size_t sign = 1 + (text[n + 1] == '+' || text[n + 1] == '-');
        size_t exponent = digits(text + n + sign);
        if (exponent == 0)
            return 0;
        n += sign + exponent;
    }
    return isalnum((unsigned char)text[n]) ? 0 : n;
}

/* Whether Go's int takes it: no fraction, no exponent, 64 bits. */
static bool is_int(const char *number, size_t n)
{
    errno = 0;
    (void)strtoll(number, NULL, 10);
    return errno == 0 && strcspn(number, ".eE") >= n;
}

/* The first byte that cJSON would take and Go does not; NULL: none. Members take no other numbers than whole
 * ones: the others are replaced by what no member takes. What cJSON would not take and Go does is left out. */
static const char *strange_byte(char *text)
{
    bool in_string = false;

    if (text_starts(text, byte_order_mark))
        return text;
    json_mend(text);
    for (char *at = text; *at; at++) {
        if (in_string && *at == '\\' && at[1]) {
            at++;
        } else if (*at == '"') {
            in_string = !in_string;
        } else if ((unsigned char)*at < ' ' && (in_string || !strchr("\t\r\n", *at))) {
            return at;
        } else if (!in_string && (*at == '-' || isdigit((unsigned char)*at))) {
            size_t n = number_length(at);
            if (n == 0)
                return at;
            if (!is_int(at, n)) {
                memset(at, ' ', n);
                at[0] = '{', at[1] = '}';
            }
            at += n - 1;
        }
    }
    return NULL;
}

static int line_of(const char *text, const char *at)
{
    int line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

/* --- the members --- */

/* What the members of interest hold; the others leave theirs in `other`. */
struct settings {
    char other[HOST_SIZE], name[HOST_SIZE];
    char region[HOST_SIZE], domain[HOST_SIZE], mgs_region[HOST_SIZE];
    char ssm[HOST_SIZE], mgs[HOST_SIZE], mds[HOST_SIZE];
    char s3[HOST_SIZE], s3_region[HOST_SIZE], kms[HOST_SIZE];
    char order[HOST_SIZE], custom_region[HOST_SIZE];
    bool any, container_mode, dual_stack;
    double number, waiting;
};

enum kind { TEXT, AS_IT_IS, WHOLE, TRUTH, TEXTS, IDENTITIES };

#define TO(kind, member) kind, offsetof(struct settings, member)
static const struct {
    const char *section, *names;
    enum kind kind;
    size_t offset;
} members[] = {
    {"Profile", "ShareCreds ForceUpdateCreds", TO(TRUTH, any)},
    {"Profile", "ShareProfile", TO(TEXT, other)},
    {"Profile", "KeyAutoRotateDays", TO(WHOLE, number)},
    {"Mds", "Endpoint", TO(TEXT, mds)},
    {"Mds", "CommandWorkerBufferLimit", TO(WHOLE, waiting)},
    {"Mds", "CommandWorkersLimit StopTimeoutMillis CommandRetryLimit", TO(WHOLE, number)},
    {"Ssm", "Endpoint", TO(TEXT, ssm)},
    {"Ssm",
     "HealthFrequencyMinutes AssociationFrequencyMinutes AssociationRetryLimit "
     "AssociationLogsRetentionDurationHours RunCommandLogsRetentionDurationHours "
     "SessionLogsRetentionDurationHours",
     TO(WHOLE, number)},
    {"Ssm",
     "CustomInventoryDefaultLocation SessionLogsDestination PluginLocalOutputCleanup "
     "OrchestrationDirectoryCleanup",
     TO(TEXT, other)},
    {"Mgs", "Region", TO(TEXT, mgs_region)},
    {"Mgs", "Endpoint", TO(TEXT, mgs)},
    {"Mgs", "StopTimeoutMillis SessionWorkersLimit SessionWorkerBufferLimit", TO(WHOLE, number)},
    {"Mgs", "DeniedPortForwardingRemoteIPs", TO(TEXTS, other)},
    {"Agent", "Name", TO(AS_IT_IS, name)},
    {"Agent", "Region", TO(TEXT, region)},
    {"Agent", "ServiceDomain", TO(TEXT, domain)},
    {"Agent", "ContainerMode", TO(TRUTH, container_mode)},
    {"Agent", "UseDualStackEndpoint", TO(TRUTH, dual_stack)},
    {"Agent", "Version OrchestrationRootDir DownloadRootDir TelemetryMetricsNamespace",
     TO(TEXT, other)},
    {"Agent",
     "SelfUpdate TelemetryMetricsToCloudWatch TelemetryMetricsToSSM ForceFileIPC "
     "ShouldPurgeInstanceProfileRoleCreds",
     TO(TRUTH, any)},
    {"Agent",
     "SelfUpdateScheduleDay LongRunningWorkerMonitorIntervalSeconds AuditExpirationDay "
     "GoMaxProcForAgentWorker",
     TO(WHOLE, number)},
    {"Os", "Lang Name Version", TO(TEXT, other)},
    {"S3", "Endpoint", TO(TEXT, s3)},
    {"S3", "Region", TO(TEXT, s3_region)},
    {"S3", "LogBucket LogKey", TO(TEXT, other)},
    {"Birdwatcher", "ForceEnable", TO(TRUTH, any)},
    {"Kms", "Endpoint", TO(TEXT, kms)},
    {"Kms", "RequireKMSChallengeResponse", TO(TRUTH, any)},
    {"Identity", "Ec2SystemInfoDetectionResponse", TO(TEXT, other)},
    {"Identity", "ConsumptionOrder", TO(TEXTS, order)},
    {"Identity", "CustomIdentities", TO(IDENTITIES, custom_region)},
};

/* Of texts the identities that the agent knows: it passes over other words, and over a list that names none. */
static bool take_texts(const cJSON *list, char to[HOST_SIZE])
{
    static const char *const known[] = {"OnPrem", "EC2", "ECS", "CustomIdentity"};
    const size_t n = COUNT_OF(known);

    to[0] = '\0';
    if (!cJSON_IsArray(list))
        return false;
    for (const cJSON *item = list->child; item; item = item->next) {
        if (!cJSON_IsString(item) && !cJSON_IsNull(item))
            return false;
        if (cJSON_IsString(item) && text_find(item->valuestring, known, sizeof(char *), n) < n)
            text_list(to, HOST_SIZE, ", ", item->valuestring);
    }
    return true;
}

/* The last member of that name, as Go takes it; "" where it is none. */
static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = "";

    for (const cJSON *value = object->child; value; value = value->next)
        if (json_same_name(name, value->string) && cJSON_IsString(value))
            text = value->valuestring;
    return text;
}

/* The region of the first identity that is whole: the agent passes over the others (common/identity/identity/identity_creator.go). */
static bool take_identities(const cJSON *list, char region[HOST_SIZE])
{
    region[0] = '\0';
    if (!cJSON_IsArray(list))
        return false;
    for (const cJSON *item = list->child; item; item = item->next) {
        if (!cJSON_IsObject(item))
            return false; /* at one that is null it crashes */
        const char *of = text_of(item, "Region");
        if (!region[0] && text_of(item, "InstanceID")[0])
            (void)text_escape(region, HOST_SIZE, of, strlen(of));
    }
    return true;
}

/* False: of the wrong type. null sets nothing. */
static bool take(const cJSON *value, enum kind kind, char *to)
{
    if (cJSON_IsNull(value))
        return true;
    switch (kind) {
    case TEXT:
        return cJSON_IsString(value) &&
               (text_escape(to, HOST_SIZE, value->valuestring, strlen(value->valuestring)), true);
    case AS_IT_IS:
        return cJSON_IsString(value) && (text_set(to, HOST_SIZE, "%s", value->valuestring), true);
    case WHOLE:
        memcpy(to, &value->valuedouble, sizeof(value->valuedouble));
        return cJSON_IsNumber(value);
    case TRUTH:
        *(bool *)to = cJSON_IsTrue(value);
        return cJSON_IsBool(value);
    case TEXTS:
        return take_texts(value, to);
    default:
        return take_identities(value, to);
    }
}

static void refuse(struct agent_facts *agent, const char *section, const char *name,
                   const char *words)
{
    if (agent->config.outcome == OUTCOME_FAILED)
        return;
    step_fail(&agent->config, FAILURE_INVALID, 1);
    (void)text_set(agent->config.detail, DETAIL_SIZE, "%s%s%s %s", section, name[0] ? "." : "",
                   name, words);
}

static void take_section(const cJSON *section, struct settings *settings, struct agent_facts *agent)
{
    static const char wrong_type[] = "is of the wrong type";
    char name[NAME_SIZE];
    bool known = false;

    for (size_t i = 0; i < COUNT_OF(members); i++) {
        if (!json_same_name(members[i].section, section->string))
            continue;
        known = true;
        for (const cJSON *value = section->child; value && cJSON_IsObject(section);
             value = value->next)
            for (const char *at = members[i].names; text_word(&at, " ", name, sizeof(name));)
                if (json_same_name(name, value->string) &&
                    !take(value, members[i].kind, (char *)settings + members[i].offset))
                    refuse(agent, members[i].section, name, wrong_type);
    }
    if (known && !cJSON_IsObject(section) && !cJSON_IsNull(section)) {
        (void)text_escape(name, sizeof(name), section->string, strlen(section->string));
        refuse(agent, name, "", wrong_type);
    }
}

/* --- what it means --- */

static void leave_out_root(char *name)
{
    while (text_ends(name, ".")) /* no certificate names it */
        name[strlen(name) - 1] = '\0';
}

/* The host of a URL; the agent also takes a bare host. */
static void host_of(const char *endpoint, char to[HOST_SIZE])
{
    const char *scheme_end = strstr(endpoint, "://");
    const char *host = scheme_end ? scheme_end + 3 : endpoint;

    (void)text_set(to, HOST_SIZE, "%.*s", (int)strcspn(host, ":/?#"), host);
    leave_out_root(to);
}

/* What Go's net/url does not read, of an endpoint that is escaped here: a control character, a percent sign without its two
 * digits. */
static bool is_no_url(const char *endpoint)
{
    for (const char *at = endpoint; *at && *at != '?'; at++)
        if (*at == '%' ? !isxdigit((unsigned char)at[1]) || !isxdigit((unsigned char)at[2])
                       : *at == '\\' && strchr("nrt", *++at))
            return true;
    return false;
}

/* The agent's name is in the User-Agent of each request, and Go sends no header with such a character
 * (net/http, golang.org/x/net/http/httpguts). */
static bool is_no_header(const char *name)
{
    while (*name == '\t' || ((unsigned char)*name >= ' ' && *name != 0x7f))
        name++;
    return *name;
}

/* The agent sends a login that stands before the host to no one, and neither is it kept here. */
static void leave_out_login(char *endpoint)
{
    char *scheme_end = strstr(endpoint, "://");
    char *authority = scheme_end ? scheme_end + 3 : endpoint;
    char *at = memrchr(authority, '@', strcspn(authority, "/?#"));

    if (at)
        memmove(authority, at + 1, strlen(at + 1) + 1);
}

/* EC2's identity, or the custom one that is asked for before it. */
static bool takes_custom_identity(const char *order)
{
    const char *custom = strstr(order, "CustomIdentity"), *ec2 = strstr(order, "EC2");
    return custom && (!ec2 || custom < ec2);
}

/* The agent's worker makes room for all commands that may wait at once (agent/task/pool.go), and ends where the kernel has none:
 * as a rule it gives a process no more at once than there is, proc_sys_vm(5) "overcommit_memory". An image does not know its
 * machine: below a root nothing is said. */
static void judge_room(double waiting, const char *root, struct agent_facts *agent)
{
    enum { COMMAND_BYTES = 48 };
    const double bytes = waiting * COMMAND_BYTES, most = (double)(1LL << 47); /* of any process */
    struct sysinfo machine;
    char rule[8] = "";

    if (root[0] || sysinfo(&machine) != 0 ||
        bytes <= ((double)machine.totalram + (double)machine.totalswap) * machine.mem_unit ||
        (file_read_line(root, "/proc/sys/vm/overcommit_memory", rule, sizeof(rule)) &&
         strcmp(rule, "1") == 0 && bytes < most))
        return;
    refuse(agent, "Mds", "CommandWorkerBufferLimit", "is more than the memory has room for");
}

static void keep(struct settings *settings, struct agent_facts *agent,
                 struct agent_overrides *overrides)
{
    if (is_no_header(settings->name))
        refuse(agent, "Agent", "Name", "has a control character: no request can carry it");
    if (!strstr(settings->mgs, "://") && strchr(settings->mgs, '@') &&
        strcspn(settings->mgs, ":") < strcspn(settings->mgs, "@"))
        refuse(agent, "Mgs", "Endpoint", "has a login and no https://");
    leave_out_login(settings->ssm);
    leave_out_login(settings->mgs);
    leave_out_login(settings->mds);
    if (is_no_url(settings->ssm))
        refuse(agent, "Ssm", "Endpoint", "is no URL");
    if (is_no_url(settings->mgs)) /* then it takes the usual one (agent/session/config/config.go) */
        settings->mgs[0] = '\0';
    (void)text_set(overrides->region, REGION_SIZE, "%s", settings->region);
    (void)text_set(overrides->domain, HOST_SIZE, "%s", settings->domain);
    leave_out_root(overrides->domain);
    (void)text_set(overrides->mgs_region, REGION_SIZE, "%s", settings->mgs_region);
    host_of(settings->ssm, overrides->hosts[SERVICE_SSM]);
    host_of(settings->mgs, overrides->hosts[SERVICE_SSMMESSAGES]);
    host_of(settings->mds, overrides->hosts[SERVICE_EC2MESSAGES]);
    host_of(settings->s3, overrides->s3);
    host_of(settings->kms, overrides->kms);
    (void)text_set(overrides->s3_region, REGION_SIZE, "%s", settings->s3_region);
    overrides->dual_stack = settings->dual_stack;
    (void)text_set(agent->config_region, REGION_SIZE, "%s", settings->region);
    (void)text_set(agent->config_mgs_region, REGION_SIZE, "%s", settings->mgs_region);
    (void)text_set(agent->ssm_endpoint, HOST_SIZE, "%s", settings->ssm);
    (void)text_set(agent->mgs_endpoint, HOST_SIZE, "%s", settings->mgs);
    (void)text_set(agent->identity_order, NAME_SIZE, "%s", settings->order);
    if (takes_custom_identity(settings->order))
        (void)text_set(agent->custom_region, REGION_SIZE, "%s", settings->custom_region);
    agent->container_mode = settings->container_mode;
}

static void read_text(struct buffer *contents, const char *root, struct agent_facts *agent,
                      struct agent_overrides *overrides)
{
    struct settings settings = {.other = ""};
    const char *text = contents->bytes, *end = NULL, *strange = strange_byte(contents->bytes);
    cJSON *json = cJSON_ParseWithOpts(text, &end, true);

    if (strlen(text) != contents->used)
        strange = text + strlen(text);
    step_ok(&agent->config, 1);
    if (strange || !(cJSON_IsObject(json) || cJSON_IsNull(json))) {
        step_fail(&agent->config, FAILURE_INVALID, 1);
        (void)text_set(agent->config.detail, DETAIL_SIZE, "line %d: %s",
                       line_of(text, strange        ? strange
                                     : end && !json ? end
                                                    : text),
                       text_starts(text, byte_order_mark) ? "a byte order mark"
                                                          : "not a JSON object");
    } else {
        for (const cJSON *section = json->child; section; section = section->next)
            take_section(section, &settings, agent);
        keep(&settings, agent, overrides);
        judge_room(settings.waiting, root, agent);
    }
    cJSON_Delete(json);
}

void agent_read_config(const char *root, struct agent_facts *agent,
                       struct agent_overrides *overrides)
{
    LOCAL_BUFFER contents = {.max_bytes = FILE_MAX_BYTES};

    int error = file_read(root, CONFIG_PATH, &contents);
    if (error == ENOENT || error == ENOTDIR || error == ELOOP) {
        step_ok(&agent->config, 1);
        return;
    }
    (void)text_set(agent->config_file, sizeof(agent->config_file), "%s", CONFIG_PATH);
    if (error == EISDIR) { /* nor can the agent */
        step_fail(&agent->config, FAILURE_INVALID, 1);
        (void)text_set(agent->config.detail, DETAIL_SIZE, "%s", strerror(error));
    } else if (!error) {
        read_text(&contents, root, agent, overrides);
    } else {
        /* The agent is root and may read it, or the disk or this program is in trouble. */
        step_skip(&agent->config, FAILURE_INTERNAL);
        agent->config.os_error = error;
        (void)text_set(agent->config.detail, sizeof(agent->config.detail), "cannot be read: %s",
                       strerror(error));
    }
}
