/* SPDX-License-Identifier: Apache-2.0
 *
 * The credentials file is the AWS shared format: `key = value` lines below [default].
 */
#include "discover/dhmc.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#define IDENTITY_CONFIG "/var/lib/amazon/ssm/runtimeconfig/identity_config.json"
#define CREDENTIALS "/var/lib/amazon/ssm/credentials"

static enum answer read_source(const char *root, struct role_facts *role)
{
    struct buffer contents;
    enum answer answer = ANSWER_UNKNOWN;

    buffer_init(&contents, 64 * 1024);
    if (file_read(root, IDENTITY_CONFIG, &contents) != 0)
        return ANSWER_UNKNOWN;

    cJSON *config = cJSON_Parse(contents.bytes);
    const cJSON *source = cJSON_GetObjectItemCaseSensitive(config, "CredentialSource");
    const cJSON *expires = cJSON_GetObjectItemCaseSensitive(config, "CredentialsExpiresAt");
    if (cJSON_IsString(source))
        answer = strcmp(source->valuestring, "SSM") == 0 ? ANSWER_YES : ANSWER_NO;
    if (cJSON_IsString(expires))
        (void)clock_parse_iso8601(expires->valuestring, &role->expires_unix_s);
    cJSON_Delete(config);
    buffer_clear(&contents);
    return answer;
}

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

enum answer dhmc_read(const char *root, struct role_facts *role, struct credentials *credentials)
{
    struct buffer contents;
    char *rest = NULL;

    role->dhmc = read_source(root, role);
    if (role->dhmc != ANSWER_YES)
        return ANSWER_NO;

    buffer_init(&contents, 64 * 1024);
    if (file_read(root, CREDENTIALS, &contents) != 0)
        return ANSWER_NO;
    for (char *line = strtok_r(contents.bytes, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest))
        take_line(line, credentials);
    buffer_clear(&contents);

    if (!credentials_usable(credentials)) {
        credentials_clear(credentials);
        return ANSWER_NO;
    }
    role->from = CREDENTIALS_DEFAULT_HOST_MANAGEMENT;
    return ANSWER_YES;
}
