/* SPDX-License-Identifier: Apache-2.0
 *
 * iam/security-credentials/ has the name of the role, then the credentials. Only when there is none
 * iam/info is asked, which has the attached profile. Without a role, Default Host Management may have
 * given the agent credentials, which the agent keeps in files that only root can read.
 */
#include "discover/instance.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#define IDENTITY_CONFIG "/var/lib/amazon/ssm/runtimeconfig/identity_config.json"
#define CREDENTIALS "/var/lib/amazon/ssm/credentials"

struct role_reader {
    struct imds *imds;
    const char *root;
    struct facts *facts;
    struct credentials *credentials;
    void (*known)(void *arg);
    void *arg;
    enum failure info_failure, list_failure; /* of the exchanges themselves */
    int32_t took_ms;
    bool info_asked, settled;
};

/* --- credentials --- */

/* A secret is copied unchanged, and only when it fits and is printable ASCII. */
static bool take_secret(const cJSON *object, const char *name, char *to, size_t size)
{
    const cJSON *value = document_member(object, name);

    if (!cJSON_IsString(value) || !value->valuestring[0])
        return false;
    for (const char *c = value->valuestring; *c; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return text_set(to, size, "%s", value->valuestring);
}

static enum failure take_credentials(struct role_reader *reader, const cJSON *document)
{
    struct role_facts *role = &reader->facts->role;
    struct credentials *credentials = reader->credentials;
    const cJSON *expires = document_member(document, "Expiration");

    document_text(document, "Code", role->code, sizeof(role->code));
    document_text(document, "Message", role->message, sizeof(role->message));
    if (!role->code[0])
        return FAILURE_MALFORMED;
    if (strcmp(role->code, "Success") != 0)
        return FAILURE_NOT_ASSUMABLE;

    if ((expires && !(cJSON_IsString(expires) &&
                      clock_parse_iso8601(expires->valuestring, &role->expires_unix_s))) ||
        !take_secret(document, "AccessKeyId", credentials->access_key_id,
                     sizeof(credentials->access_key_id)) ||
        !take_secret(document, "SecretAccessKey", credentials->secret_access_key,
                     sizeof(credentials->secret_access_key)) ||
        !take_secret(document, "Token", credentials->session_token,
                     sizeof(credentials->session_token)))
        return FAILURE_MALFORMED;
    role->from = CREDENTIALS_INSTANCE_PROFILE;
    if (role->expires_unix_s && role->expires_unix_s <= clock_wall_unix_ms() / 1000)
        return FAILURE_CREDENTIALS_EXPIRED;
    return FAILURE_NONE;
}

static void credentials_arrived(void *arg, const struct imds_answer *answer)
{
    struct role_reader *reader = arg;
    struct role_facts *role = &reader->facts->role;
    enum failure failure = answer->failure;

    role->credentials_status = answer->status;
    if (failure == FAILURE_NONE && answer->status != 200)
        failure = imds_status_failure(answer->status);
    if (failure == FAILURE_NONE) {
        cJSON *document = document_parse(answer->body);
        failure = take_credentials(reader, document);
        for (const cJSON *value = document ? document->child : NULL; value; value = value->next)
            if (cJSON_IsString(value))
                explicit_bzero(value->valuestring, strlen(value->valuestring));
        cJSON_Delete(document);
    }
    if (failure == FAILURE_NONE)
        step_ok(&role->credentials, answer->took_ms);
    else
        step_fail(&role->credentials, failure, answer->took_ms);
    /* Expired ones are kept: they may look expired by a wrong clock, and the service decides. */
    if (failure != FAILURE_NONE && failure != FAILURE_CREDENTIALS_EXPIRED)
        credentials_clear(reader->credentials);
    reader->known(reader->arg);
}

static void ask_credentials(struct role_reader *reader)
{
    char path[HOST_SIZE + 64];

    (void)text_set(path, sizeof(path), "meta-data/iam/security-credentials/%s",
                   reader->facts->role.role);
    imds_get(reader->imds, path, credentials_arrived, reader);
}

/* --- Default Host Management --- */

static bool is_of_another(const struct facts *facts, const cJSON *id)
{
    const char *own = facts->instance.id[0] ? facts->instance.id : facts->machine.asset_tag;

    return cJSON_IsString(id) && text_starts(own, "i-") && strcmp(id->valuestring, own) != 0;
}

/* What another instance has left in the image says nothing of this one. */
static enum answer read_source(const char *root, struct facts *facts)
{
    LOCAL_BUFFER contents = {.max_bytes = 64 * 1024};
    enum answer answer = ANSWER_UNKNOWN;

    if (file_read(root, IDENTITY_CONFIG, &contents) != 0)
        return ANSWER_UNKNOWN;

    cJSON *config = cJSON_Parse(contents.bytes);
    const cJSON *source = cJSON_GetObjectItemCaseSensitive(config, "CredentialSource");
    const cJSON *expires = cJSON_GetObjectItemCaseSensitive(config, "CredentialsExpiresAt");
    bool counts = !is_of_another(facts, cJSON_GetObjectItemCaseSensitive(config, "InstanceId"));
    if (counts && cJSON_IsString(source))
        answer = strcmp(source->valuestring, "SSM") == 0 ? ANSWER_YES : ANSWER_NO;
    if (cJSON_IsString(expires))
        (void)clock_parse_iso8601(expires->valuestring, &facts->role.expires_unix_s);
    cJSON_Delete(config);
    return answer;
}

/* A line `key = value` of the AWS shared credentials file; the agent writes [default] only. */
static void take_line(char *line, struct credentials *credentials)
{
    char *equals = strchr(line, '=');
    if (!equals)
        return;
    *equals = '\0';

    const char *key = text_trim(line);
    const char *value = text_trim(equals + 1);
    if (strcmp(key, "aws_access_key_id") == 0)
        (void)text_set(credentials->access_key_id, sizeof(credentials->access_key_id), "%s", value);
    else if (strcmp(key, "aws_secret_access_key") == 0)
        (void)text_set(credentials->secret_access_key, sizeof(credentials->secret_access_key), "%s",
                       value);
    else if (strcmp(key, "aws_session_token") == 0)
        (void)text_set(credentials->session_token, sizeof(credentials->session_token), "%s", value);
}

enum answer dhmc_read(const char *root, struct facts *facts, struct credentials *credentials)
{
    struct role_facts *role = &facts->role;
    LOCAL_BUFFER contents = {.max_bytes = 64 * 1024};

    role->dhmc = read_source(root, facts);
    if (role->dhmc != ANSWER_YES || file_read(root, CREDENTIALS, &contents) != 0)
        return ANSWER_NO;
    for (char *line, *rest = contents.bytes; (line = text_next(&rest, "\n"));)
        take_line(line, credentials);
    if (!credentials_usable(credentials)) {
        credentials_clear(credentials);
        return ANSWER_NO;
    }
    role->from = CREDENTIALS_DEFAULT_HOST_MANAGEMENT;
    return ANSWER_YES;
}

/* --- what is attached --- */

static enum failure judge_attached(const struct role_reader *reader)
{
    const struct role_facts *role = &reader->facts->role;

    if (role->role[0])
        return FAILURE_NONE;
    if (reader->info_failure != FAILURE_NONE)
        return reader->info_failure;
    if (strstr(role->info_message, "does not contain a role"))
        return FAILURE_PROFILE_EMPTY;
    if (reader->list_failure != FAILURE_NONE)
        return reader->list_failure;
    if (role->list_status != 404)
        return imds_status_failure(role->list_status);
    if (role->info_status == 404 || strcmp(role->info_code, "InstanceProfileNotFound") == 0)
        return FAILURE_NO_ROLE;
    if (role->info_status != 200)
        return imds_status_failure(role->info_status);
    if (role->info_code[0] && strcmp(role->info_code, "Success") != 0)
        return FAILURE_NOT_ASSUMABLE;
    return role->profile_arn[0] ? FAILURE_PROFILE_EMPTY : FAILURE_NO_ROLE;
}

static void judge(struct role_reader *reader)
{
    struct role_facts *role = &reader->facts->role;
    enum failure failure = judge_attached(reader);

    reader->settled = true;
    if (failure == FAILURE_NONE) {
        step_ok(&role->attached, reader->took_ms);
        ask_credentials(reader);
        return;
    }
    step_fail(&role->attached, failure, reader->took_ms);
    if (failure == FAILURE_NO_ROLE &&
        dhmc_read(reader->root, reader->facts, reader->credentials) == ANSWER_YES) {
        step_ok(&role->attached, reader->took_ms);
        step_ok(&role->credentials, 1);
    } else {
        step_skip(&role->credentials, FAILURE_BELOW);
    }
    reader->known(reader->arg);
}

static void note_time(struct role_reader *reader, const struct imds_answer *answer)
{
    if (answer->took_ms > reader->took_ms)
        reader->took_ms = answer->took_ms;
}

static void info_arrived(void *arg, const struct imds_answer *answer)
{
    struct role_reader *reader = arg;
    struct role_facts *role = &reader->facts->role;

    reader->info_failure = answer->failure;
    role->info_status = answer->status;
    if (answer->status == 200) {
        cJSON *info = document_parse(answer->body);
        document_text(info, "Code", role->info_code, sizeof(role->info_code));
        document_text(info, "Message", role->info_message, sizeof(role->info_message));
        document_text(info, "InstanceProfileArn", role->profile_arn, sizeof(role->profile_arn));
        if (!cJSON_IsObject(info))
            reader->info_failure = FAILURE_MALFORMED;
        cJSON_Delete(info);
    }
    note_time(reader, answer);
    if (!reader->settled)
        judge(reader);
}

static void ask_info(struct role_reader *reader)
{
    reader->info_asked = true;
    imds_get(reader->imds, "meta-data/iam/info", info_arrived, reader);
}

static void list_arrived(void *arg, const struct imds_answer *answer)
{
    struct role_reader *reader = arg;
    struct role_facts *role = &reader->facts->role;
    char name[HOST_SIZE] = "";

    reader->list_failure = answer->failure;
    role->list_status = answer->status;
    if (answer->status == 200)
        (void)text_set(name, sizeof(name), "%.*s", (int)strcspn(answer->body, "\r\n"),
                       answer->body);
    if (text_only(name, "+=,.@_-")) /* the characters of a role name; it becomes part of a path */
        (void)text_set(role->role, sizeof(role->role), "%s", name);
    else if (answer->status == 200)
        reader->list_failure = FAILURE_MALFORMED;
    note_time(reader, answer);
    if (role->role[0])
        judge(reader);
    else
        ask_info(reader);
}

static void identity_role_arrived(void *arg, const struct imds_answer *answer)
{
    struct role_reader *reader = arg;

    if (answer->status == 200 || answer->status == 404)
        reader->facts->role.identity_role = answer->status == 200 ? ANSWER_YES : ANSWER_NO;
}

void role_read_rest(struct role_reader *reader)
{
    if (!reader->info_asked)
        ask_info(reader);
    imds_get(reader->imds, "meta-data/identity-credentials/ec2/info", identity_role_arrived,
             reader);
}

struct role_reader *role_read(struct imds *imds, const char *root, struct facts *facts,
                              struct credentials *credentials, bool again, void (*known)(void *arg),
                              void *arg)
{
    struct role_reader *reader = calloc(1, sizeof(*reader));

    *reader = (struct role_reader){.imds = imds,
                                   .root = root,
                                   .facts = facts,
                                   .credentials = credentials,
                                   .known = known,
                                   .arg = arg};
    if (!again || facts->role.credentials_status == 404) { /* the role may have another name now */
        imds_get(imds, "meta-data/iam/security-credentials/", list_arrived, reader);
    } else if (facts->role.from != CREDENTIALS_DEFAULT_HOST_MANAGEMENT) {
        ask_credentials(reader);
    } else {
        (void)dhmc_read(root, facts, credentials);
        known(arg);
    }
    return reader;
}

void role_reader_free(struct role_reader *reader)
{
    free(reader);
}
