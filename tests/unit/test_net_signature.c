/* SPDX-License-Identifier: Apache-2.0
 *
 * Every shape of signed request that this program sends, captured from the wire and checked by
 * botocore, which shares no line with libcurl. Skipped where python3-botocore is not installed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/http.h"
#include "net/loop.h"
#include "net_peer.h"

enum { NOT_INSTALLED = 77, NOT_RUN = 127 };

static const char python[] = "/usr/bin/python3";
static const char script[] = "tests/unit/net_verify_signature.py";
static const char key[] = "AKIDEXAMPLE";
static const char secret[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
static const char token[] = "IQoJb3JpZ2luX2VjEPT//////////wEaCXVzLWVhc3QtMSJ+a/b+c==";

static struct loop *loop;
static struct peer peer;
static struct http_reply got;

static int set_up(void **state)
{
    (void)state;
    loop = loop_new();
    peer_open(&peer, loop);
    peer.replies[0] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    loop_free(loop);
    peer_close(&peer, true);
    return 0;
}

static void keep(void *arg, const struct http_reply *reply)
{
    (void)arg;
    got = *reply;
}

static void become_verifier(const int to_script[2], const int from_script[2],
                            const char *session_token, const char *region, const char *service)
{
    dup2(to_script[0], 0);
    dup2(from_script[1], 1);
    dup2(from_script[1], 2);
    close(to_script[1]);
    /* By its whole path, or it looks for its libraries beside the first python3 of PATH. */
    execl(python, python, "-I", script, key, secret, session_token, region, service, (char *)NULL);
    _exit(NOT_RUN);
}

/* Hands the captured request to the script. */
static void verify(const char *session_token, const char *region, const char *service)
{
    int to_script[2], from_script[2];
    char said[4096] = "";
    size_t n_said = 0;
    int status;

    assert_int_equal(pipe(to_script), 0);
    assert_int_equal(pipe(from_script), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        become_verifier(to_script, from_script, session_token, region, service);
    close(to_script[0]);
    close(from_script[1]);
    assert_int_equal(write(to_script[1], peer.seen, peer.n_seen), peer.n_seen);
    close(to_script[1]);
    for (ssize_t n = 1; n > 0 && n_said < sizeof(said) - 1; n_said += (size_t)n) {
        n = read(from_script[0], said + n_said, sizeof(said) - 1 - n_said);
        n = n < 0 ? 0 : n;
    }
    close(from_script[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NOT_INSTALLED || WEXITSTATUS(status) == NOT_RUN) {
        print_message("skipped: %s", said[0] ? said : "python3 is missing\n");
        skip();
    }
    if (WEXITSTATUS(status) != 0)
        fail_msg("%s", said);
}

static void sign(const char *path, const char *const *headers, const char *body,
                 const char *session_token, const char *region, const char *service)
{
    struct credentials credentials = {.access_key_id = ""};
    struct signature signature = {&credentials, region, service};
    struct http_request request = {.method = "POST",
                                   .host = "ssm.us-east-1.amazonaws.com",
                                   .address = "127.0.0.1",
                                   .port = peer.port,
                                   .fd = -1,
                                   .path = path,
                                   .headers = headers,
                                   .body = body,
                                   .body_bytes = strlen(body),
                                   .signature = &signature,
                                   .timeout_ms = 5000,
                                   .max_body_bytes = 1000};

    snprintf(credentials.access_key_id, sizeof(credentials.access_key_id), "%s", key);
    snprintf(credentials.secret_access_key, sizeof(credentials.secret_access_key), "%s", secret);
    snprintf(credentials.session_token, sizeof(credentials.session_token), "%s", session_token);
    request.signature = NULL; /* as on the ladder: first unsigned, then signed over the same */
    assert_true(http_start(loop, &request, keep, NULL));
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 10000), LOOP_IDLE);
    assert_null(strstr(peer.seen, "Authorization"));
    request.signature = &signature;
    assert_true(http_start(loop, &request, keep, NULL));
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 10000), LOOP_IDLE);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_true(got.reused);
    assert_null(strstr(peer.seen, secret));
    verify(session_token[0] ? session_token : "-", region, service);
}

static void signs_ssm(void **state)
{
    static const char *const headers[] = {"Content-Type: application/x-amz-json-1.1",
                                          "X-Amz-Target: AmazonSSM.DescribeDocument", NULL};
    (void)state;
    sign("/", headers, "{\"Name\":\"AWS-RunShellScript\"}", token, "us-east-1", "ssm");
}

static void signs_without_a_session_token(void **state)
{
    static const char *const headers[] = {"Content-Type: application/x-amz-json-1.1",
                                          "X-Amz-Target: AmazonSSM.ListAssociations", NULL};
    (void)state;
    sign("/", headers, "{}", "", "us-gov-west-1", "ssm");
}

static void signs_ec2messages(void **state)
{
    static const char *const headers[] = {
        "Content-Type: application/x-amz-json-1.1",
        "X-Amz-Target: EC2WindowsMessageDeliveryService.GetEndpoint", NULL};
    (void)state;
    sign("/", headers, "{\"Destination\":\"i-0123456789abcdef0\",\"Protocol\":\"mqtt\"}", token,
         "cn-north-1", "ec2messages");
}

static void signs_ssmmessages(void **state)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    (void)state;
    sign(
        "/v1/control-channel/i-0123456789abcdef0", headers,
        "{\"MessageSchemaVersion\":\"1.0\",\"RequestId\":\"0f8fad5b-d9cb-469f-a165-70867728950e\"}",
        token, "us-east-1", "ssmmessages");
}

static void signs_an_empty_body(void **state)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    (void)state;
    sign("/v1/data-channel/session-id", headers, "", token, "eu-central-1", "ssmmessages");
}

static void signs_a_long_token(void **state)
{
    static const char *const headers[] = {"Content-Type: application/x-amz-json-1.1", NULL};
    struct credentials *size = NULL;
    char long_token[sizeof(size->session_token)];
    (void)state;

    memset(long_token, '/', sizeof(long_token) - 1);
    long_token[sizeof(long_token) - 1] = '\0';
    sign("/", headers, "{}", long_token, "us-east-1", "ssm");
}

static void does_not_sign_without_credentials(void **state)
{
    struct credentials credentials = {.access_key_id = "AKIDEXAMPLE"};
    struct signature signature = {&credentials, "us-east-1", "ssm"};
    struct http_request request = {.method = "POST",
                                   .host = "ssm.us-east-1.amazonaws.com",
                                   .address = "127.0.0.1",
                                   .port = peer.port,
                                   .fd = -1,
                                   .path = "/",
                                   .signature = &signature,
                                   .timeout_ms = 5000};
    (void)state;

    assert_false(http_start(loop, &request, keep, NULL));
    snprintf(credentials.secret_access_key, sizeof(credentials.secret_access_key), "x");
    signature.region = "us-east-1:ssm";
    assert_false(http_start(loop, &request, keep, NULL));
    signature.region = "us-east-1";
    snprintf(credentials.session_token, sizeof(credentials.session_token), "a\r\nX-Evil: b");
    assert_false(http_start(loop, &request, keep, NULL));
    assert_int_equal(loop_run(loop, INT64_MAX), LOOP_IDLE);

    snprintf(credentials.session_token, sizeof(credentials.session_token), "token");
    assert_true(credentials_usable(&credentials));
    credentials_clear(&credentials);
    assert_false(credentials_usable(&credentials));
    assert_string_equal(credentials.session_token, "");
    assert_string_equal(credentials.secret_access_key, "");
}

/* A server may show what it was sent, whole or in part. */
static void hides_what_opens_something(void **state)
{
    static const struct {
        const char *said, *shown;
    } rows[] = {
        {"key 0123456789abcdefGHIJ!", "key ********************!"},
        {"at 456789abcdefG.", "at *************."}, /* a piece, from the middle */
        {"at 56789abcdefG", "at ************"},     /* twelve characters, from the middle */
        {"at 6789abcdefG", "at 6789abcdefG"},       /* eleven open nothing */
        {"0123456789abTOKEN/of+the=labTOKEN/of+the=lab",
         "********************************************"},
        {"TOKEN/of+theX", "************X"},
        {"TOKEN/of+th", "TOKEN/of+th"},
        {"signature=00112233445566778899aabbccddeeff.",
         "signature=********************************."},
        {"id 0011223344556677-8899aabbccddeeff", "id 0011223344556677-8899aabbccddeeff"},
        {"00112233445566778899aabbccddeef", "00112233445566778899aabbccddeef"},
        {"ASIAEXAMPLE", "ASIAEXAMPLE"},
        {"", ""},
    };
    const struct credentials credentials = {"ASIAEXAMPLE", "0123456789abcdefGHIJ",
                                            "TOKEN/of+the=lab"};
    const struct credentials tokenless = {.secret_access_key = "short"};
    char text[64];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)text_set(text, sizeof(text), "%s", rows[i].said);
        credentials_hide(&credentials, text);
        assert_string_equal(text, rows[i].shown);
    }
    (void)text_set(text, sizeof(text), "a short word");
    credentials_hide(&tokenless, text);
    assert_string_equal(text, "a short word");
    assert_false(credentials_usable(&tokenless)); /* a key without its id */
}

/* A debugging page's headers: what signed the request is in none of those that are kept. */
static void hides_it_in_the_head(void **state)
{
    static const char *const headers[] = {NULL};
    (void)state;

    peer.replies[0] =
        "HTTP/1.1 200 OK\r\nServer: x X-Amz-Security-Token: IQoJb3JpZ2luX2VjEPT//////////wEa\r\n"
        "Via: K7MDENG+bPxRfi\r\nContent-Length: 0\r\n\r\n";
    sign("/", headers, "{}", token, "us-east-1", "ssm");
    assert_string_equal(got.head.server,
                        "x X-Amz-Security-Token: ********************************");
    assert_string_equal(got.head.via, "**************");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(signs_ssm),
        TEST(signs_without_a_session_token),
        TEST(signs_ec2messages),
        TEST(signs_ssmmessages),
        TEST(signs_an_empty_body),
        TEST(signs_a_long_token),
        TEST(does_not_sign_without_credentials),
        TEST(hides_what_opens_something),
        TEST(hides_it_in_the_head),
    };
    return cmocka_run_group_tests_name("net_signature", tests, NULL, NULL);
}
