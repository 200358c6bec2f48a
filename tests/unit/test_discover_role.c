/* SPDX-License-Identifier: Apache-2.0
 *
 * What is made of IMDS's answers about the role and the instance, and of the files of Default Host
 * Management. Each row changes answers of a healthy IMDS. Linked with --wrap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/instance.h"

#define DOCUMENT "dynamic/instance-identity/document"
#define ID "meta-data/instance-id"
#define REGION "meta-data/placement/region"
#define INFO "meta-data/iam/info"
#define LIST "meta-data/iam/security-credentials/"
#define IDENTITY_ROLE "meta-data/identity-credentials/ec2/info"
#define MAC "meta-data/mac"
#define MACS "meta-data/network/interfaces/macs/"
#define OWN MACS "0e:49:61:0f:c3:11/"
#define STATE "/var/lib/amazon/ssm"

#define KEYS "\"AccessKeyId\": \"AKID\", \"SecretAccessKey\": \"secret\", \"Token\": \"token\""
#define VALID "{\"Code\": \"Success\", " KEYS ", \"Expiration\": \"2999-01-01T00:00:00Z\"}"

struct reply {
    const char *path;
    int32_t status; /* 0: the exchange failed so */
    const char *body;
    enum failure failure;
};

static const struct reply healthy[] = {
    {DOCUMENT, 200, "{\"instanceId\": \"i-0123456789abcdef0\", \"region\": \"us-east-1\"}", 0},
    {ID, 200, "i-0123456789abcdef0", 0},
    {REGION, 200, "us-east-1", 0},
    {INFO, 200, "{\"Code\": \"Success\", \"InstanceProfileArn\": \"arn:aws:iam::1:x\"}", 0},
    {LIST, 200, "a-role", 0},
    {LIST "a-role", 200, VALID, 0},
    {IDENTITY_ROLE, 200, "{}", 0},
    {MAC, 200, "0e:49:61:0f:c3:11", 0},
    {OWN "vpc-id", 200, "vpc-0a1b2c3d4e5f67890", 0},
    {OWN "vpc-ipv4-cidr-blocks", 200, "10.0.0.0/16", 0},
};

enum { MAX_CHANGES = 4 };

static const struct reply *changed; /* MAX_CHANGES of them; one without a path is none */
static struct facts facts;
static struct credentials credentials;
static int n_known, n_identified, n_placed, n_blocks;
static char asked[2048];   /* each path, in brackets */
static int32_t info_ms;    /* how long INFO takes; 0: as long as its path */
static bool document_late; /* its answer is kept, for the end */
static imds_done *late_done;
static void *late_arg;
static char root[] = "/tmp/ssm-preflight-role-XXXXXX";

static const struct reply *reply_to(const char *path)
{
    for (int i = 0; i < MAX_CHANGES; i++)
        if (changed[i].path && strcmp(changed[i].path, path) == 0)
            return &changed[i];
    for (size_t i = 0; i < COUNT_OF(healthy); i++)
        if (strcmp(healthy[i].path, path) == 0)
            return &healthy[i];
    return NULL;
}

/* NOLINTNEXTLINE(cert-dcl37-c,bugprone-reserved-identifier): the linker wants this name */
void __wrap_imds_get(struct imds *imds, const char *path, imds_done *done, void *arg);
/* NOLINTNEXTLINE(cert-dcl37-c,bugprone-reserved-identifier) */
void __wrap_imds_get(struct imds *imds, const char *path, imds_done *done, void *arg)
{
    const struct reply *reply = reply_to(path);
    struct imds_answer answer = {.status = reply ? reply->status : 404,
                                 .failure = reply ? reply->failure : FAILURE_NONE,
                                 .took_ms = 1,
                                 .body = reply && reply->body ? reply->body : ""};
    (void)imds;
    (void)text_add(asked, sizeof(asked), "<%s>", path);
    n_blocks += text_ends(path, "/subnet-ipv4-cidr-block") && reply;
    answer.body_bytes = strlen(answer.body);
    answer.took_ms = info_ms && strcmp(path, INFO) == 0 ? info_ms : (int32_t)strlen(path);
    if (document_late && strcmp(path, DOCUMENT) == 0) {
        late_done = done;
        late_arg = arg;
        return;
    }
    done(arg, &answer);
}

static char marked[64]; /* as the instance's own */

/* NOLINTNEXTLINE(cert-dcl37-c,bugprone-reserved-identifier) */
void __wrap_network_mark_own(struct network_facts *network, const char *macs);
/* NOLINTNEXTLINE(cert-dcl37-c,bugprone-reserved-identifier) */
void __wrap_network_mark_own(struct network_facts *network, const char *macs)
{
    assert_ptr_equal(network, &facts.network);
    (void)text_set(marked, sizeof(marked), "%s", macs);
}

static char wiped[65536]; /* each text, in brackets */

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): with _FORTIFY_SOURCE it is the other one */
void __wrap_explicit_bzero(void *bytes, size_t n);
void __wrap___explicit_bzero_chk(void *bytes, size_t n, size_t size);

void __wrap_explicit_bzero(void *bytes, size_t n)
{
    if (n < 200) /* a text; the room for a file was not all written to */
        (void)text_add(wiped, sizeof(wiped), "<%.*s>", (int)n, (char *)bytes);
    memset(bytes, 0, n);
}

void __wrap___explicit_bzero_chk(void *bytes, size_t n, size_t size)
{
    (void)size;
    __wrap_explicit_bzero(bytes, n);
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

static void known(void *arg)
{
    (void)arg;
    n_known++;
}

static void identified(void *arg)
{
    (void)arg;
    n_identified++;
}

static void placed(void *arg)
{
    (void)arg;
    n_placed++;
}

static void ask(const struct reply changes[MAX_CHANGES])
{
    const struct instance_events events = {.identified = identified, .placed = placed};

    changed = changes;
    n_known = n_identified = n_placed = 0;
    asked[0] = wiped[0] = '\0';
    memset(&facts, 0, sizeof(facts));
    credentials_clear(&credentials);
    instance_reader_free(instance_read(NULL, "", &facts, &events));
    struct role_reader *reader = role_read(NULL, root, &facts, &credentials, false, known, NULL);
    role_read_rest(reader);
    role_reader_free(reader);
    assert_int_equal(n_known, 1);
    assert_int_equal(n_identified, 1);
    assert_int_equal(n_placed, 1);
}

/* --- the role --- */

static const struct {
    struct reply changes[MAX_CHANGES];
    enum failure attached, credentials; /* FAILURE_BELOW: credentials were not asked for */
    bool usable;
} roles[] = {
    {{{0}}, FAILURE_NONE, FAILURE_NONE, true},
    /* what is attached */
    {{{LIST, 404, "", 0}, {INFO, 404, "", 0}}, FAILURE_NO_ROLE, FAILURE_BELOW, false},
    {{{LIST, 404, "", 0}, {INFO, 200, "{\"Code\": \"InstanceProfileNotFound\"}", 0}},
     FAILURE_NO_ROLE,
     FAILURE_BELOW,
     false},
    {{{LIST, 404, "", 0}, {INFO, 200, "{\"Code\": \"Failed\"}", 0}},
     FAILURE_NOT_ASSUMABLE,
     FAILURE_BELOW,
     false},
    {{{LIST, 404, "", 0}}, FAILURE_PROFILE_EMPTY, FAILURE_BELOW, false},
    {{{LIST, 404, "", 0}, {INFO, 200, "{\"Code\": \"Success\"}", 0}},
     FAILURE_NO_ROLE,
     FAILURE_BELOW,
     false},
    {{{LIST, 404, "", 0}, {INFO, 200, "{}", 0}}, FAILURE_NO_ROLE, FAILURE_BELOW, false},
    {{{LIST, 404, "", 0},
      {INFO, 200, "{\"Code\": \"Failed\", \"Message\": \"Profile does not contain a role.\"}", 0}},
     FAILURE_PROFILE_EMPTY,
     FAILURE_BELOW,
     false},
    {{{LIST, 404, "", 0}, {INFO, 500, "", 0}}, FAILURE_SERVER_ERROR, FAILURE_BELOW, false},
    {{{LIST, 404, "", 0}, {INFO, 200, "[", 0}}, FAILURE_MALFORMED, FAILURE_BELOW, false},
    {{{LIST, 404, "", 0}, {INFO, 200, "[]", 0}}, FAILURE_MALFORMED, FAILURE_BELOW, false},
    {{{LIST, 0, "", FAILURE_TIMEOUT}}, FAILURE_TIMEOUT, FAILURE_BELOW, false},
    {{{LIST, 500, "", 0}, {INFO, 404, "", 0}}, FAILURE_SERVER_ERROR, FAILURE_BELOW, false},
    {{{LIST, 503, "", 0}}, FAILURE_THROTTLED, FAILURE_BELOW, false},
    {{{LIST, 201, "a-role", 0}}, FAILURE_HTTP_STATUS, FAILURE_BELOW, false},
    {{{LIST, 500, "", 0}, {INFO, 200, "{\"Message\": \"it does not contain a role\"}", 0}},
     FAILURE_PROFILE_EMPTY,
     FAILURE_BELOW,
     false},
    {{{LIST, 404, "", 0}, {INFO, 201, "{}", 0}}, FAILURE_HTTP_STATUS, FAILURE_BELOW, false},
    {{{LIST, 200, "r", 0}, {LIST "r", 200, VALID, 0}}, FAILURE_NONE, FAILURE_NONE, true},
    {{{LIST, 404, "", 0}, {INFO, 200, "{\"Code\": \"x\"}", 0}},
     FAILURE_NOT_ASSUMABLE,
     FAILURE_BELOW,
     false},
    {{{LIST, 404, "", 0}, {INFO, 200, "{\"InstanceProfileArn\": \"a\"}", 0}},
     FAILURE_PROFILE_EMPTY,
     FAILURE_BELOW,
     false},
    {{{LIST "a-role", 200, "{\"Code\": \"x\", " KEYS "}", 0}},
     FAILURE_NONE,
     FAILURE_NOT_ASSUMABLE,
     false},
    {{{LIST "a-role", 200, "[1]", 0}}, FAILURE_NONE, FAILURE_MALFORMED, false},
    {{{LIST "a-role", 201, VALID, 0}}, FAILURE_NONE, FAILURE_HTTP_STATUS, false},
    {{{LIST, 0, "", FAILURE_RESET}, {INFO, 0, "", FAILURE_TIMEOUT}},
     FAILURE_TIMEOUT,
     FAILURE_BELOW,
     false},
    {{{INFO, 0, "", FAILURE_TIMEOUT}}, FAILURE_NONE, FAILURE_NONE, true}, /* the list is enough */
    /* the name becomes part of a path */
    {{{LIST, 200, "a-role\r\nanother", 0}}, FAILURE_NONE, FAILURE_NONE, true},
    {{{LIST, 200, "a-role \n", 0}}, FAILURE_MALFORMED, FAILURE_BELOW, false},
    {{{LIST, 200, "a-role\n", 0}}, FAILURE_NONE, FAILURE_NONE, true},
    {{{LIST, 200, "", 0}}, FAILURE_MALFORMED, FAILURE_BELOW, false},
    {{{LIST, 200, "a/../role", 0}}, FAILURE_MALFORMED, FAILURE_BELOW, false},
    {{{LIST, 200, "<html>", 0}}, FAILURE_MALFORMED, FAILURE_BELOW, false},
    {{{LIST, 404, "a-role", 0}, {INFO, 404, "", 0}}, FAILURE_NO_ROLE, FAILURE_BELOW, false},
    /* its credentials */
    {{{LIST "a-role", 404, VALID, 0}}, FAILURE_NONE, FAILURE_NOT_FOUND, false},
    {{{LIST "a-role", 0, "", FAILURE_CLOSED}}, FAILURE_NONE, FAILURE_CLOSED, false},
    {{{LIST "a-role", 200, "", 0}}, FAILURE_NONE, FAILURE_MALFORMED, false},
    {{{LIST "a-role", 200, "{" KEYS "}", 0}}, FAILURE_NONE, FAILURE_MALFORMED, false},
    {{{LIST "a-role", 200, "{\"Code\": \"AssumeRoleUnauthorizedAccess\", " KEYS "}", 0}},
     FAILURE_NONE,
     FAILURE_NOT_ASSUMABLE,
     false},
    {{{LIST "a-role", 200, "{\"Code\": \"Success\", " KEYS "}", 0}},
     FAILURE_NONE,
     FAILURE_NONE,
     true},
    /* as Go reads it: a time or nothing, the last of several, in either case, half a surrogate pair; no byte order mark */
    {{{LIST "a-role", 200, "{\"Code\": \"Success\", " KEYS ", \"Expiration\": \"soon\"}", 0}},
     FAILURE_NONE,
     FAILURE_MALFORMED,
     false},
    {{{LIST "a-role", 200,
       "{\"Code\": \"Failed\", " KEYS
       ", \"code\": \"Success\", \"Expiration\": null, \"x\": \"\\ud800\"}",
       0}},
     FAILURE_NONE,
     FAILURE_NONE,
     true},
    {{{LIST "a-role", 200, "\xef\xbb\xbf{\"Code\": \"Success\", " KEYS "}", 0}},
     FAILURE_NONE,
     FAILURE_MALFORMED,
     false},
    /* expired ones are kept: the clock may be wrong, and the service decides */
    {{{LIST "a-role", 200,
       "{\"Code\": \"Success\", " KEYS ", \"Expiration\": \"2001-01-01T00:00:00Z\"}", 0}},
     FAILURE_NONE,
     FAILURE_CREDENTIALS_EXPIRED,
     true},
    {{{LIST "a-role", 200, "{\"Code\": \"Success\", \"SecretAccessKey\": \"s\", \"Token\": \"t\"}",
       0}},
     FAILURE_NONE,
     FAILURE_MALFORMED,
     false},
    {{{LIST "a-role", 200, "{\"Code\": \"Success\", \"AccessKeyId\": \"a\", \"Token\": \"t\"}", 0}},
     FAILURE_NONE,
     FAILURE_MALFORMED,
     false},
    {{{LIST "a-role", 200,
       "{\"Code\": \"Success\", \"AccessKeyId\": \"a\", \"SecretAccessKey\": \"s\"}", 0}},
     FAILURE_NONE,
     FAILURE_MALFORMED,
     false},
    {{{LIST "a-role", 200,
       "{\"Code\": \"Success\", \"AccessKeyId\": \"\", \"SecretAccessKey\": \"s\", \"Token\": \"t\"}",
       0}},
     FAILURE_NONE,
     FAILURE_MALFORMED,
     false},
    {{{LIST "a-role", 200,
       "{\"Code\": \"Success\", \"AccessKeyId\": \"a b\", \"SecretAccessKey\": \"s\", \"Token\": \"t\"}",
       0}},
     FAILURE_NONE,
     FAILURE_MALFORMED,
     false},
    {{{LIST "a-role", 200,
       "{\"Code\": \"Success\", \"AccessKeyId\": \"a\\u007f\", \"SecretAccessKey\": \"s\", \"Token\": \"t\"}",
       0}},
     FAILURE_NONE,
     FAILURE_MALFORMED,
     false},
    {{{LIST "a-role", 200,
       "{\"Code\": \"Success\", \"AccessKeyId\": \"!~\", \"SecretAccessKey\": \"s\", \"Token\": \"t\"}",
       0}},
     FAILURE_NONE,
     FAILURE_NONE,
     true},
};

static void each_answer_about_the_role_has_its_failure(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        ask(roles[i].changes);
        const struct role_facts *role = &facts.role;
        bool good = role->attached.failure == roles[i].attached &&
                    role->credentials.failure == roles[i].credentials &&
                    credentials_usable(&credentials) == roles[i].usable &&
                    (role->from == CREDENTIALS_INSTANCE_PROFILE) == roles[i].usable;
        if (!good)
            fail_msg("row %zu: attached %s, credentials %s, usable %d, from %d", i,
                     failure_name(role->attached.failure), failure_name(role->credentials.failure),
                     credentials_usable(&credentials), role->from);
    }
}

static void what_is_told_of_a_role(void **state)
{
    static const struct reply none[MAX_CHANGES] = {{0}};
    static const struct reply unsaid[MAX_CHANGES] = {{IDENTITY_ROLE, 0, "", FAILURE_TIMEOUT}};
    static const struct reply no[MAX_CHANGES] = {{IDENTITY_ROLE, 404, "", 0}};
    static const struct reply failed[MAX_CHANGES] = {
        {LIST "a-role", 200, "{\"Code\": \"Failed\", \"Message\": \"why\\u0007\"}", 0}};
    (void)state;

    ask(none);
    assert_non_null(strstr(wiped, "<" VALID ">")); /* of the document, and of each member */
    assert_non_null(strstr(wiped, "<secret><token>"));
    assert_string_equal(facts.role.role, "a-role");
    assert_string_equal(facts.role.profile_arn, "arn:aws:iam::1:x");
    assert_string_equal(facts.role.info_code, "Success");
    assert_int_equal(facts.role.info_status, 200);
    assert_int_equal(facts.role.list_status, 200);
    assert_int_equal(facts.role.credentials_status, 200);
    assert_int_equal(facts.role.identity_role, ANSWER_YES);
    assert_true(facts.role.expires_unix_s == 32472144000);
    assert_string_equal(credentials.access_key_id, "AKID");
    assert_string_equal(credentials.secret_access_key, "secret");
    assert_string_equal(credentials.session_token, "token");
    assert_int_equal(facts.role.attached.took_ms, strlen(LIST));
    assert_int_equal(facts.role.credentials.took_ms, strlen(LIST "a-role"));
    ask(unsaid);
    assert_int_equal(facts.role.identity_role, ANSWER_UNKNOWN);
    ask(no);
    assert_int_equal(facts.role.identity_role, ANSWER_NO);
    ask(failed);
    assert_string_equal(facts.role.code, "Failed");
    assert_string_equal(facts.role.message, "why\\x07");
}

/* By this machine's clock. */
static void credentials_end(void **state)
{
    struct reply changes[MAX_CHANGES] = {{LIST "a-role", 200, NULL, 0}};
    char body[512], end[64];
    struct tm parts;
    (void)state;

    for (int after_s = -600; after_s <= 600; after_s += 1200) {
        const time_t then = time(NULL) + after_s;
        (void)strftime(end, sizeof(end), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&then, &parts));
        (void)text_set(body, sizeof(body),
                       "{\"Code\": \"Success\", " KEYS ", \"Expiration\": \"%s\"}", end);
        changes[0].body = body;
        ask(changes);
        assert_int_equal(facts.role.credentials.failure,
                         after_s < 0 ? FAILURE_CREDENTIALS_EXPIRED : FAILURE_NONE);
    }
}

static int n_asked(const char *path)
{
    char in_brackets[256];
    int n = 0;

    (void)text_set(in_brackets, sizeof(in_brackets), "<%s>", path);
    for (const char *at = asked; (at = strstr(at, in_brackets)); at++)
        n++;
    return n;
}

/* Attached is what both answers tell: the later one counts. The profile is asked for once. */
static void how_long_it_took(void **state)
{
    static const struct reply none[MAX_CHANGES] = {{0}};
    static const struct reply no_role[MAX_CHANGES] = {{LIST, 404, "", 0}, {INFO, 404, "", 0}};
    (void)state;

    ask(none);
    assert_int_equal(n_asked(INFO), 1);
    info_ms = 1000;
    ask(no_role);
    assert_int_equal(n_asked(INFO), 1);
    assert_int_equal(facts.role.attached.took_ms, 1000);
    info_ms = 1;
    ask(no_role);
    assert_int_equal(facts.role.attached.took_ms, strlen(LIST));
    info_ms = 0;
}

static void role_again(void)
{
    n_known = 0;
    asked[0] = '\0';
    credentials_clear(&credentials);
    role_reader_free(role_read(NULL, root, &facts, &credentials, true, known, NULL));
    assert_int_equal(n_known, 1);
}

static void a_secret_fits_or_is_none(void **state)
{
    struct reply changes[MAX_CHANGES] = {{LIST "a-role", 200, NULL, 0}};
    char secret[sizeof(credentials.secret_access_key) + 1], body[4096];
    (void)state;

    for (size_t n = sizeof(secret) - 2; n < sizeof(secret); n++) {
        memset(secret, 's', n);
        secret[n] = '\0';
        (void)text_set(
            body, sizeof(body),
            "{\"Code\": \"Success\", \"AccessKeyId\": \"a\", \"SecretAccessKey\": \"%s\", "
            "\"Token\": \"t\"}",
            secret);
        changes[0].body = body;
        ask(changes);
        assert_int_equal(credentials_usable(&credentials),
                         n < sizeof(credentials.secret_access_key));
    }
}

/* --- Default Host Management --- */

static void write_state(const char *name, const char *text)
{
    char path[256];

    (void)text_set(path, sizeof(path), "%s" STATE "/%s", root, name);
    if (text)
        assert_int_equal(file_write_atomically(path, text, strlen(text), 0600), 0);
    else
        (void)unlink(path);
}

static const struct {
    const char *config, *file;
    enum answer dhmc;
    bool usable;
} managed[] = {
    {NULL, NULL, ANSWER_UNKNOWN, false},
    {"{\"CredentialSource\": \"SSM\"}", NULL, ANSWER_YES, false},
    {"{\"CredentialSource\": \"EC2\"}",
     "[default]\naws_access_key_id=a\naws_secret_access_key=s\n"
     "aws_session_token=t\n",
     ANSWER_NO, false},
    {"{\"CredentialSource\": 1}", NULL, ANSWER_UNKNOWN, false},
    {"{", NULL, ANSWER_UNKNOWN, false},
    {"{\"CredentialSource\": \"SSM\", \"CredentialsExpiresAt\": \"2999-01-01T00:00:00Z\"}",
     "[default]\n aws_access_key_id = a\t\naws_secret_access_key=s\naws_session_token = t\nx\n",
     ANSWER_YES, true},
    {"{\"CredentialSource\": \"SSM\"}", "[default]\naws_access_key_id = a\naws_session_token = t\n",
     ANSWER_YES, false},
    {"{\"CredentialSource\": \"SSM\", \"InstanceId\": \"i-0another\"}",
     "[default]\naws_access_key_id=a\naws_secret_access_key=s\naws_session_token=t\n",
     ANSWER_UNKNOWN, false},
};

static void the_agents_own_files_tell_of_default_host_management(void **state)
{
    static const struct reply no_role[MAX_CHANGES] = {{LIST, 404, "", 0}, {INFO, 404, "", 0}};
    static const struct reply empty[MAX_CHANGES] = {{LIST, 404, "", 0}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(managed); i++) {
        write_state("runtimeconfig/identity_config.json", managed[i].config);
        write_state("credentials", managed[i].file);
        ask(no_role);
        assert_int_equal(facts.role.dhmc, managed[i].dhmc);
        assert_int_equal(credentials_usable(&credentials), managed[i].usable);
        assert_int_equal(facts.role.attached.failure,
                         managed[i].usable ? FAILURE_NONE : FAILURE_NO_ROLE);
        assert_int_equal(facts.role.credentials.outcome,
                         managed[i].usable ? OUTCOME_OK : OUTCOME_SKIPPED);
        assert_int_equal(facts.role.from, managed[i].usable ? CREDENTIALS_DEFAULT_HOST_MANAGEMENT
                                                            : CREDENTIALS_NONE);
        if (managed[i].usable) {
            assert_int_equal(facts.role.credentials.took_ms, 1);
            assert_int_equal(facts.role.attached.took_ms, strlen(LIST));
            assert_string_equal(credentials.access_key_id, "a");
            assert_string_equal(credentials.secret_access_key, "s");
            assert_string_equal(credentials.session_token, "t");
            assert_true(facts.role.expires_unix_s == 32472144000);
        }
        ask(empty); /* a profile is attached: these files are not looked at */
        assert_int_equal(facts.role.dhmc, ANSWER_UNKNOWN);
    }
    write_state("runtimeconfig/identity_config.json", NULL);
    write_state("credentials", NULL);
}

/* The name is asked for anew where the old one is gone; the agent's own files are read, and IMDS is not asked. */
static void only_the_credentials_are_read_again(void **state)
{
    static const struct reply none[MAX_CHANGES] = {{0}};
    (void)state;

    ask(none);
    role_again();
    assert_string_equal(asked, "<" LIST "a-role>");
    assert_true(credentials_usable(&credentials));
    facts.role.credentials_status = 404;
    role_again();
    assert_string_equal(asked, "<" LIST "><" LIST "a-role>");
    facts.role.from = CREDENTIALS_DEFAULT_HOST_MANAGEMENT;
    write_state("runtimeconfig/identity_config.json", "{\"CredentialSource\": \"SSM\"}");
    write_state("credentials", "aws_access_key_id=a\naws_secret_access_key=s\n");
    facts.role.credentials_status = 200;
    role_again();
    assert_string_equal(asked, "");
    assert_true(credentials_usable(&credentials));
    write_state("runtimeconfig/identity_config.json", NULL);
    write_state("credentials", NULL);
}

/* Which instance this is may be known by its board alone. */
static void files_of_another_instance_do_not_count(void **state)
{
    static const struct {
        const char *id, *tag, *in_file;
        enum answer dhmc;
    } rows[] = {
        {"i-1", "i-2", "\"i-1\"", ANSWER_YES}, {"i-1", "i-2", "\"i-2\"", ANSWER_UNKNOWN},
        {"", "i-2", "\"i-2\"", ANSWER_YES},    {"", "i-2", "\"i-1\"", ANSWER_UNKNOWN},
        {"", "x", "\"i-1\"", ANSWER_YES},      {"", "", "\"i-1\"", ANSWER_YES},
        {"i-1", "", "5", ANSWER_YES},          {"i", "i-2", "\"i-1\"", ANSWER_YES},
    };
    char config[128];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        memset(&facts, 0, sizeof(facts));
        (void)text_set(facts.instance.id, sizeof(facts.instance.id), "%s", rows[i].id);
        (void)text_set(facts.machine.asset_tag, sizeof(facts.machine.asset_tag), "%s", rows[i].tag);
        (void)text_set(config, sizeof(config),
                       "{\"CredentialSource\": \"SSM\", \"InstanceId\": %s}", rows[i].in_file);
        write_state("runtimeconfig/identity_config.json", config);
        assert_int_equal(dhmc_read(root, &facts, &credentials), ANSWER_NO);
        if (facts.role.dhmc != rows[i].dhmc)
            fail_msg("row %zu", i);
    }
    write_state("runtimeconfig/identity_config.json", NULL);
}

/* --- IMDS --- */

static void each_status_has_its_failure(void **state)
{
    static const struct {
        int32_t status;
        enum failure failure;
    } rows[] = {
        {201, FAILURE_HTTP_STATUS}, {299, FAILURE_HTTP_STATUS},  {300, FAILURE_REDIRECTED},
        {399, FAILURE_REDIRECTED},  {400, FAILURE_BAD_REQUEST},  {401, FAILURE_UNAUTHORIZED},
        {403, FAILURE_FORBIDDEN},   {404, FAILURE_NOT_FOUND},    {405, FAILURE_HTTP_STATUS},
        {407, FAILURE_PROXY},       {418, FAILURE_HTTP_STATUS},  {429, FAILURE_THROTTLED},
        {499, FAILURE_HTTP_STATUS}, {500, FAILURE_SERVER_ERROR}, {502, FAILURE_SERVER_ERROR},
        {503, FAILURE_THROTTLED}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (imds_status_failure(rows[i].status) != rows[i].failure)
            fail_msg("%d: %s", (int)rows[i].status,
                     failure_name(imds_status_failure(rows[i].status)));
}

/* --- the instance --- */

static const struct {
    struct reply changes[MAX_CHANGES];
    enum failure identity;
    const char *id, *region;
} instances[] = {
    {{{0}}, FAILURE_NONE, "i-0123456789abcdef0", "us-east-1"},
    {{{DOCUMENT, 404, "", 0}}, FAILURE_NOT_FOUND, "", "us-east-1"},
    {{{DOCUMENT, 0, "", FAILURE_TIMEOUT}}, FAILURE_TIMEOUT, "", "us-east-1"},
    {{{DOCUMENT, 200, "", 0}}, FAILURE_MALFORMED, "", "us-east-1"},
    {{{DOCUMENT, 200, "{\"instanceId\": \"i-0123456789abcdef0\", \"region\": \"us-ea\"}", 0}},
     FAILURE_MALFORMED,
     "",
     "us-east-1"},
    {{{DOCUMENT, 200, "{\"instanceId\": \"i-012345\", \"region\": \"eu-west-1\"}", 0}},
     FAILURE_MALFORMED,
     "",
     "us-east-1"},
    {{{DOCUMENT, 404, "", 0}, {REGION, 200, " eu-west-3\r\n", 0}},
     FAILURE_NOT_FOUND,
     "",
     "eu-west-3"},
    {{{DOCUMENT, 404, "", 0}, {REGION, 200, "<html>", 0}}, FAILURE_NOT_FOUND, "", ""},
    {{{DOCUMENT, 404, "", 0}, {REGION, 404, "eu-west-3", 0}}, FAILURE_NOT_FOUND, "", ""},
    {{{ID, 404, "", 0}}, FAILURE_NOT_FOUND, "i-0123456789abcdef0", "us-east-1"},
    {{{ID, 503, "", 0}}, FAILURE_THROTTLED, "i-0123456789abcdef0", "us-east-1"},
    {{{ID, 200, "", 0}}, FAILURE_MALFORMED, "i-0123456789abcdef0", "us-east-1"},
    {{{ID, 200, "i-12345678", 0}}, FAILURE_NONE, "i-0123456789abcdef0", "us-east-1"},
    {{{ID, 200, "i-1234567", 0}}, FAILURE_MALFORMED, "i-0123456789abcdef0", "us-east-1"},
    {{{ID, 200, "ami-12345678", 0}}, FAILURE_MALFORMED, "i-0123456789abcdef0", "us-east-1"},
    {{{ID, 200, "i-12345678\n", 0}}, FAILURE_MALFORMED, "i-0123456789abcdef0", "us-east-1"},
    {{{ID, 0, "", FAILURE_TIMEOUT}}, FAILURE_TIMEOUT, "i-0123456789abcdef0", "us-east-1"},
    {{{ID, 0, "", FAILURE_TIMEOUT}, {DOCUMENT, 404, "", 0}}, FAILURE_NOT_FOUND, "", "us-east-1"},
};

static void each_answer_about_the_instance_has_its_failure(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(instances); i++) {
        ask(instances[i].changes);
        if (facts.imds.identity.failure != instances[i].identity ||
            strcmp(facts.instance.id, instances[i].id) != 0 ||
            strcmp(facts.instance.region, instances[i].region) != 0 ||
            (facts.instance.id[0] && strcmp(facts.instance.partition, "aws") != 0))
            fail_msg("row %zu: %s, '%s', '%s', '%s'", i, failure_name(facts.imds.identity.failure),
                     facts.instance.id, facts.instance.region, facts.instance.partition);
    }
}

/* In whatever order the two come. */
static void what_is_kept_of_an_answer_without_an_identity(void **state)
{
    static const struct {
        struct reply change;
        int32_t status, took_ms;
        const char *start, *detail;
    } rows[] = {
        {{DOCUMENT, 200, "<html>", 0}, 200, sizeof(DOCUMENT) - 1, "<html>", ""},
        {{DOCUMENT, 404, "gone", 0}, 404, sizeof(DOCUMENT) - 1, "", ""},
        {{DOCUMENT, 0, "", FAILURE_TIMEOUT}, 0, sizeof(DOCUMENT) - 1, "", ""},
        {{ID, 404, "gone", 0}, 404, sizeof(ID) - 1, "", ID},
        {{ID, 200, "<html>", 0}, 200, sizeof(ID) - 1, "<html>", ID},
        {{ID, 0, "", FAILURE_TIMEOUT}, 0, sizeof(ID) - 1, "", ID},
    };
    const struct instance_events events = {.identified = identified, .placed = placed};
    struct reply changes[MAX_CHANGES] = {{0}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows) * 2; i++) {
        size_t row = i / 2;
        changes[0] = rows[row].change;
        changed = changes;
        memset(&facts, 0, sizeof(facts));
        document_late = i % 2;
        struct instance_reader *reader = instance_read(NULL, "", &facts, &events);
        if (document_late) {
            const struct reply *reply = reply_to(DOCUMENT);
            const struct imds_answer answer = {reply->failure, reply->status, sizeof(DOCUMENT) - 1,
                                               reply->body, strlen(reply->body)};
            late_done(late_arg, &answer);
        }
        document_late = false;
        instance_reader_free(reader);
        const struct imds_facts *imds = &facts.imds;
        if (imds->identity.outcome != OUTCOME_FAILED || imds->identity_status != rows[row].status ||
            imds->identity.took_ms != rows[row].took_ms ||
            strcmp(imds->body_start, rows[row].start) != 0 ||
            strcmp(imds->identity.detail, rows[row].detail) != 0)
            fail_msg("row %zu: %d, %d, \"%s\", \"%s\"", i, (int)imds->identity_status,
                     (int)imds->identity.took_ms, imds->body_start, imds->identity.detail);
    }
}

static void forms_of_ids(void **state)
{
    static const char *const rows[][2] = {
        {"vpc-12345678", "vpc-12345678"},
        {"a-b-12345678\nvpc-87654321", "a-b-12345678"},
        {"-12345678", ""},
        {"vpc-1234567g", ""},
        {"vpc_1-12345678", ""},
        {"vpc-123456789", ""},
        {"vpc-1234567", ""},
        {"vpc-0a1b2c3d4e5f6789", ""},
        {"vpc-0a1b2c3d4e5f678901", ""},
        {"12345678", ""},
    };
    struct reply changes[MAX_CHANGES] = {{OWN "vpc-id", 200, NULL, 0}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        changes[0].body = rows[i][0];
        ask(changes);
        assert_string_equal(facts.instance.vpc, rows[i][1]);
    }
}

static void forms_of_a_mac(void **state)
{
    static const struct {
        const char *body;
        bool known;
    } rows[] = {{"0e:49:61:0f:c3:11\n", true}, {" 0e:49:61:0f:c3:11", true},
                {"0e:49:61:0f:c3:1", false},   {"0e:49:61:0f:c3:111", false},
                {"0e:49:61:0f:c3/11", false},  {"", false}};
    struct reply changes[MAX_CHANGES] = {{MAC, 200, NULL, 0}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        changes[0].body = rows[i].body;
        ask(changes);
        if (facts.instance.network_known != rows[i].known)
            fail_msg("row %zu", i);
    }
}

/* So many as there is room for; of a list of which one line is odd, nothing. */
static void lists_end(void **state)
{
    struct reply changes[MAX_CHANGES] = {{OWN "vpc-ipv4-cidr-blocks", 200, NULL, 0},
                                         {OWN "vpc-ipv6-cidr-blocks", 200, NULL, 0}};
    const struct instance_events events = {.identified = identified, .placed = placed};
    enum { N_KEPT = 12 };
    char body[1024] = "";
    (void)state;

    changes[0].body = body;
    changed = changes;
    for (int i = 0; i <= MAX_CIDRS; i++) {
        (void)text_add(body, sizeof(body), "10.%d.0.0/16\n", i);
        bool is_odd = i < N_KEPT;
        changes[1].body = is_odd ? "2001:db8::/56\n2001:db8:1::/56\n?" : "2001:db8::/56";
        memset(&facts, 0, sizeof(facts));
        facts.network.usable_ipv6 = true;
        facts.instance.n_subnet_cidrs = 1;
        (void)text_set(facts.instance.subnet_cidrs[0], ADDRESS_SIZE, "10.0.1.0/24");
        instance_reader_free(instance_read(NULL, "0e:49:61:0f:c3:11", &facts, &events));
        assert_int_equal(facts.instance.n_vpc_cidrs, is_odd              ? i + 1
                                                     : i + 2 < MAX_CIDRS ? i + 2
                                                                         : MAX_CIDRS);
        assert_string_equal(facts.instance.vpc_cidrs[0], "10.0.0.0/16");
        for (int j = i + 1; is_odd && j < MAX_CIDRS; j++)
            assert_string_equal(facts.instance.vpc_cidrs[j], "");
        assert_int_equal(facts.instance.n_subnet_cidrs, 1);
        assert_string_equal(facts.instance.subnet_cidrs[0], "10.0.1.0/24");
        assert_string_equal(facts.instance.vpc, "vpc-0a1b2c3d4e5f67890");
    }
    assert_string_equal(facts.instance.vpc_cidrs[MAX_CIDRS - 1], "10.15.0.0/16");
}

/* IMDS is asked which MAC it knows only where it knows nothing of ours, and for all of them where there are several. */
static void when_macs_are_asked_for(void **state)
{
    static const char own[] = "0e:49:61:0f:c3:11", several[] = "0e:49:61:0f:c3:11/\nx/";
    static const struct {
        struct reply changes[MAX_CHANGES];
        int n_interfaces, n_mac;
        const char *marked;
    } rows[] = {
        {{{OWN "vpc-ipv4-cidr-blocks", 404, "", 0}}, 1, 0, own},
        {{{OWN "vpc-id", 404, "", 0}}, 1, 0, own},
        {{{OWN "vpc-ipv4-cidr-blocks", 404, "", 0}, {OWN "vpc-id", 404, "", 0}}, 1, 1, own},
        {{{OWN "vpc-ipv4-cidr-blocks", 404, "", 0}, {OWN "vpc-id", 404, "", 0}, {MAC, 404, "", 0}},
         1,
         1,
         ""},
        {{{MACS, 200, several, 0}}, 2, 0, several},
        {{{MACS, 404, several, 0}}, 2, 0, ""},
    };
    const struct instance_events events = {.identified = identified, .placed = placed};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        changed = rows[i].changes;
        memset(&facts, 0, sizeof(facts));
        asked[0] = marked[0] = '\0';
        facts.network.n_interfaces = rows[i].n_interfaces;
        instance_reader_free(instance_read(NULL, own, &facts, &events));
        if (n_asked(MAC) != rows[i].n_mac || n_asked(MACS) != (rows[i].n_interfaces > 1) ||
            strcmp(marked, rows[i].marked) != 0)
            fail_msg("row %zu: %s, %s", i, marked, asked);
    }
}

/* Unicode folds two letters more into ASCII's. */
static void names_in_either_case(void **state)
{
    static const struct {
        const char *name, *found;
        bool same;
    } rows[] = {
        {"Kms", "kMS", true},
        {"Kms", "\xe2\x84\xaam\xc5\xbf", true},
        {"Kms", "Km", false},
        {"Kms", "Kmss", false},
        {"Kmm", "Km\xc5\xbf", false},
        {"Mms", "\xe2\x84\xaams", false},
        {"Kms", "\xe2\x84ms", false},
        {"a-b", "A-B", true},
        {"", "", true},
        {"", "a", false},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (json_same_name(rows[i].name, rows[i].found) != rows[i].same)
            fail_msg("row %zu", i);
}

static void the_network_is_read_by_the_primary_interface(void **state)
{
    static const struct reply none[MAX_CHANGES] = {{0}};
    static const struct reply no_mac[MAX_CHANGES] = {{MAC, 200, "../../latest", 0}};
    static const struct reply no_status[MAX_CHANGES] = {{MAC, 404, "0e:49:61:0f:c3:11", 0}};
    static const struct reply odd_block[MAX_CHANGES] = {
        {OWN "vpc-ipv4-cidr-blocks", 200, "10.0.0.0/16\n10.0.0.0/3", 0}};
    static const struct reply blocks[MAX_CHANGES] = {
        {OWN "vpc-ipv4-cidr-blocks", 200, "10.0.0.0/16\r\n\r\n 10.1.0.0/16", 0},
        {OWN "vpc-ipv6-cidr-blocks", 404, "2001:db8::/56", 0}};
    (void)state;

    ask(none);
    assert_true(facts.instance.network_known);
    assert_string_equal(facts.instance.vpc, "vpc-0a1b2c3d4e5f67890");
    ask(no_mac);
    assert_false(facts.instance.network_known);
    ask(no_status);
    assert_false(facts.instance.network_known);
    ask(odd_block); /* cut off somewhere: nothing of it is certain */
    assert_false(facts.instance.network_known);
    assert_int_equal(facts.instance.n_vpc_cidrs, 0);
    assert_string_equal(facts.instance.vpc_cidrs[0], "");
    ask(blocks);
    assert_int_equal(facts.instance.n_vpc_cidrs, 2);
    assert_string_equal(facts.instance.vpc_cidrs[1], "10.1.0.0/16");
}

/* What is asked for at the end: blocks of IPv6, where a name has an address of it and nobody asked before. */
static void blocks_of_ipv6_are_asked_for_when_they_matter(void **state)
{
    static const struct reply with_ipv6[MAX_CHANGES] = {
        {OWN "vpc-ipv6-cidr-blocks", 200, "2001:db8::/56", 0},
        {OWN "subnet-ipv6-cidr-blocks", 200, "2001:db8::/64", 0},
        {OWN "public-ipv4s", 200, "198.51.100.7", 0}};
    static const struct reply no_mac[MAX_CHANGES] = {{MAC, 404, "", 0}};
    const struct instance_events events = {.identified = identified, .placed = placed};
    struct dns_answer *answers = facts.endpoints[SERVICE_SSMMESSAGES].answers;
    (void)state;

    for (int i = 0; i < 6; i++) {
        changed = i == 5 ? no_mac : with_ipv6;
        memset(&facts, 0, sizeof(facts));
        facts.network.usable_ipv6 = i == 4;
        struct instance_reader *reader = instance_read(NULL, "", &facts, &events);
        assert_int_equal(facts.instance.n_vpc_cidrs, i == 4 ? 2 : i == 5 ? 0 : 1);
        assert_string_equal(facts.instance.public_ipv4, i == 5 ? "" : "198.51.100.7");
        facts.endpoints[SERVICE_SSMMESSAGES].n_answers = i == 0 ? 1 : 2;
        answers[0].family = FAMILY_IPV4;
        answers[0].n_addresses = 1;
        answers[1].family = FAMILY_IPV6;
        answers[1].n_addresses = i == 1 ? 0 : 1;
        bool more =
            i == 2 ||
            i == 3; /* no such answer, one without an address, asked before, of no interface */
        if (instance_read_rest(reader) != more)
            fail_msg("row %d", i);
        assert_false(instance_read_rest(reader)); /* once */
        assert_int_equal(facts.instance.n_vpc_cidrs, i == 5 ? 0 : more || i == 4 ? 2 : 1);
        instance_reader_free(reader);
    }
}

/* Known by the netmask it is asked for at the end, where something failed; and at once where the netmask is another interface's. */
static void the_subnets_block_is_asked_for_when_it_matters(void **state)
{
    static const struct reply another[MAX_CHANGES] = {
        {OWN "subnet-ipv4-cidr-block", 200, " 10.0.0.0/20\n", 0}};
    static const struct reply no_status[MAX_CHANGES] = {
        {OWN "subnet-ipv4-cidr-block", 404, "10.0.0.0/20", 0}};
    static const struct reply too_long[MAX_CHANGES] = {
        {OWN "subnet-ipv4-cidr-block", 200,
         "10.0.0.0/20                                                         ", 0}};
    static const struct reply odd[MAX_CHANGES] = {{OWN "subnet-ipv4-cidr-block", 200, "<html>", 0}};
    static const struct {
        const struct reply *changes;
        const char *mac;
        bool given, failed, asked, more;
        const char *block;
    } rows[] = {
        {another, "0e:49:61:0f:c3:11", true, false, false, false, "10.0.1.0/24"},
        {another, "0e:49:61:0f:c3:11", true, true, false, true, "10.0.0.0/20"},
        {odd, "0e:49:61:0f:c3:11", true, true, false, true, "10.0.1.0/24"},
        {another, "0e:49:61:0f:c3:11", false, true, true, false, "10.0.0.0/20"},
        {another, "02:42:ac:11:00:02", true, true, true, false, "10.0.0.0/20"},
        {another, "0e:49:61:0f:c3:11", true, true, false, true, "10.0.0.0/20"},
        {another, "0e:49:61:0f:c3:11", true, true, false, true, "10.0.0.0/20"},
        {no_status, "0e:49:61:0f:c3:11", true, true, false, true, "10.0.1.0/24"},
        {too_long, "0e:49:61:0f:c3:11", true, true, false, true, "10.0.1.0/24"},
    };
    static const enum rung rungs[] = {RUNG_CONNECT, RUNG_TLS, RUNG_HTTP};
    const struct instance_events events = {.identified = identified, .placed = placed};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct endpoint_facts *endpoint = &facts.endpoints[i % N_SERVICES];
        changed = rows[i].changes;
        memset(&facts, 0, sizeof(facts));
        n_blocks = 0;
        facts.instance.n_subnet_cidrs = rows[i].given;
        if (rows[i].given)
            (void)text_set(facts.instance.subnet_cidrs[0], ADDRESS_SIZE, "10.0.1.0/24");
        struct instance_reader *reader = instance_read(NULL, rows[i].mac, &facts, &events);
        if ((n_blocks > 0) != rows[i].asked)
            fail_msg("row %zu: asked %d times at first", i, n_blocks);
        endpoint->n_addresses = 2;
        (void)text_set(endpoint->addresses[1].address, ADDRESS_SIZE, "10.0.2.21");
        endpoint->addresses[1].place = PLACE_IN_VPC;
        endpoint->addresses[1].steps[rungs[i % COUNT_OF(rungs)]].outcome = rows[i].failed
                                                                               ? OUTCOME_FAILED
                                                                               : OUTCOME_OK;
        if (instance_read_rest(reader) != rows[i].more || instance_read_rest(reader))
            fail_msg("row %zu: at the end", i);
        assert_int_equal(facts.instance.n_subnet_cidrs, 1);
        assert_string_equal(facts.instance.subnet_cidrs[0], rows[i].block);
        bool wider = rows[i].more && strcmp(rows[i].block, "10.0.0.0/20") == 0;
        assert_int_equal(endpoint->addresses[1].place, wider ? PLACE_OWN_SUBNET : PLACE_IN_VPC);
        instance_reader_free(reader);
    }
}

static void what_is_no_address_is_none(void **state)
{
    static const char *const bodies[] = {
        "198.51.100.7", "198.51.100.7\n198.51.100.8", "198.51.100", "2001:db8::1", "<html>", ""};
    static const char *const is[] = {"198.51.100.7", "198.51.100.7", "", "2001:db8::1", "", ""};
    struct reply changes[MAX_CHANGES] = {{OWN "public-ipv4s", 200, NULL, 0}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        changes[0].body = bodies[i];
        ask(changes);
        assert_string_equal(facts.instance.public_ipv4, is[i]);
    }
}

static const char *const folders[] = {
    "", "/var", "/var/lib", "/var/lib/amazon", STATE, (STATE "/runtimeconfig")};

static int make_root(void **state)
{
    char path[256];
    (void)state;

    if (!mkdtemp(root))
        return -1;
    for (size_t i = 1; i < COUNT_OF(folders); i++) {
        (void)text_set(path, sizeof(path), "%s%s", root, folders[i]);
        if (mkdir(path, 0755) != 0)
            return -1;
    }
    return 0;
}

static int remove_root(void **state)
{
    char path[256];
    (void)state;

    for (size_t i = COUNT_OF(folders); i-- > 0;) {
        (void)text_set(path, sizeof(path), "%s%s", root, folders[i]);
        if (rmdir(path) != 0)
            return -1;
    }
    return 0;
}

/* A document whose member is `n` objects deep. */
static bool is_read_with_depth(size_t n)
{
    static const char opens[] = "{\"a\":", end[] = ",\"region\":\"us-east-1\"}";
    char *text = malloc(n * (strlen(opens) + 1) + sizeof(end) + 4), *at = text, region[NAME_SIZE];

    for (size_t i = 0; i < n; i++)
        at = stpcpy(at, opens);
    at = stpcpy(at, "[7]");
    for (size_t i = 1; i < n; i++)
        *at++ = '}';
    (void)stpcpy(at, end);
    struct cJSON *document = document_parse(text);
    region[0] = '\0';
    document_text(document, "region", region, sizeof(region));
    bool read = document;
    assert_string_equal(region, read ? "us-east-1" : "");
    cJSON_Delete(document);
    free(text);
    return read;
}

/* encoding/json reads 10000 values within each other, and no more. */
static void what_lies_deep_does_no_harm(void **state)
{
    static const size_t fine[] = {1, 2, 198, 199, 200, 201, 202, 203, 1500, 9999};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(fine); i++)
        if (!is_read_with_depth(fine[i]))
            fail_msg("depth %zu", fine[i]);
    assert_false(is_read_with_depth(10000)); /* and the list in it */
}

/* What cJSON refuses and encoding/json takes: half a surrogate pair, and the zero byte. */
static void escapes_become_what_go_makes_of_them(void **state)
{
    static const char *const rows[][2] = {
        {"\"\\ud83d\\ude00\"", "\"\\ud83d\\ude00\""},
        {"\"\\udbff\\udfff\"", "\"\\udbff\\udfff\""},
        {"\"\\ud83d\"", "\"\\ufffd\""},
        {"\"\\ude00\"", "\"\\ufffd\""},
        {"\"\\ud83d\\ue000\"", "\"\\ufffd\\ue000\""},
        {"\"\\ud83d\\u0041\"", "\"\\ufffd\\u0041\""},
        {"\"\\ud83d\\ud83d\\ude00\"", "\"\\ufffd\\ud83d\\ude00\""},
        {"\"\\ud83dx\\ude00\"", "\"\\ufffdx\\ufffd\""},
        {"\"\\ude00\\ude00\"", "\"\\ufffd\\ufffd\""},
        {"\"\\ud7ff\\ue000\"", "\"\\ud7ff\\ue000\""},
        {"\"\\u0000\"", "\"\\u0001\""},
        {"\"\\u00\"", "\"\\u00\""},
        {"\"\\\\u0000\"", "\"\\\\u0000\""},
        {"\"\\\"\\u0000\"", "\"\\\"\\u0001\""},
        {"\\u0000", "\\u0000"}, /* in no string */
    };
    char text[64];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)text_set(text, sizeof(text), "%s", rows[i][0]);
        json_mend(text);
        assert_string_equal(text, rows[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_about_the_role_has_its_failure),
        cmocka_unit_test(what_lies_deep_does_no_harm),
        cmocka_unit_test(escapes_become_what_go_makes_of_them),
        cmocka_unit_test(what_is_told_of_a_role),
        cmocka_unit_test(credentials_end),
        cmocka_unit_test(how_long_it_took),
        cmocka_unit_test(only_the_credentials_are_read_again),
        cmocka_unit_test(files_of_another_instance_do_not_count),
        cmocka_unit_test(what_is_kept_of_an_answer_without_an_identity),
        cmocka_unit_test(forms_of_ids),
        cmocka_unit_test(forms_of_a_mac),
        cmocka_unit_test(lists_end),
        cmocka_unit_test(when_macs_are_asked_for),
        cmocka_unit_test(names_in_either_case),
        cmocka_unit_test(a_secret_fits_or_is_none),
        cmocka_unit_test(the_agents_own_files_tell_of_default_host_management),
        cmocka_unit_test(each_status_has_its_failure),
        cmocka_unit_test(each_answer_about_the_instance_has_its_failure),
        cmocka_unit_test(the_network_is_read_by_the_primary_interface),
        cmocka_unit_test(blocks_of_ipv6_are_asked_for_when_they_matter),
        cmocka_unit_test(the_subnets_block_is_asked_for_when_it_matters),
        cmocka_unit_test(what_is_no_address_is_none),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
