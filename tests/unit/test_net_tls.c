/* SPDX-License-Identifier: Apache-2.0
 *
 * Handshakes with every kind of peer that a name may lead to: whose roots believe it, and what is
 * said of those that nobody should.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <openssl/ssl.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/tls.h"
#include "net/trust.h"
#include "net_certificates.h"
#include "net_peer.h"

enum { DAY_S = 24 * 60 * 60 };

static const char good_reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

static struct identity root, intermediate, stranger;
static struct identity good, expired, future, other_name, unknown, by_address, early_intermediate;
static struct identity below_expired, expired_intermediate, nameless, below_leaf;

static struct loop *loop;
static struct peer peer;
static char directory[64];
static char path[PATH_SIZE];
static struct http_reply got;
static int n_got;

static const char *below(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static int make_identities(void **state)
{
    (void)state;
#define MAKE(identity, ...) identity_make(&(identity), &(struct wanted){__VA_ARGS__})
    MAKE(root, "Test Root", NULL, NULL, true, -DAY_S, DAY_S);
    MAKE(stranger, "Corporate Root", NULL, NULL, true, -DAY_S, DAY_S);
    MAKE(intermediate, "Test Intermediate", NULL, &root, true, -DAY_S, DAY_S);
    MAKE(expired_intermediate, "Old Intermediate", NULL, &root, true, -2 * DAY_S, -DAY_S);
    MAKE(early_intermediate, "New Intermediate", NULL, &root, true, DAY_S, 2 * DAY_S);
    MAKE(good, "ssm.test", "DNS:ssm.test,DNS:*.ssm.test,IP:10.0.1.21,IP:fd00::21", &intermediate,
         false, -60, DAY_S);
    MAKE(expired, "ssm.test", "DNS:ssm.test", &intermediate, false, -2 * DAY_S, -DAY_S);
    MAKE(future, "ssm.test", "DNS:ssm.test", &intermediate, false, DAY_S, 2 * DAY_S);
    MAKE(other_name, "ssm.test", "DNS:kms.test,DNS:logs.test", &intermediate, false, -60, DAY_S);
    MAKE(nameless, "ssm.test", NULL, &intermediate, false, -60, DAY_S);
    MAKE(unknown, "ssm.test", "DNS:ssm.test", &stranger, false, -60, DAY_S);
    MAKE(by_address, "x", "IP:127.0.0.1", &intermediate, false, -60, DAY_S);
    MAKE(below_expired, "ssm.test", "DNS:ssm.test", &expired_intermediate, false, -60, DAY_S);
    MAKE(below_leaf, "below a leaf", "DNS:ssm.test", &unknown, false, -60, DAY_S);
    snprintf(directory, sizeof(directory), "/tmp/test_net_tls.XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    identity_write(below("ca.pem"), &root, NULL);
    return 0;
}

static int remove_identities(void **state)
{
    static const char *const files[] = {"ca.pem",
                                        "bad.pem",
                                        "none.pem",
                                        "agent.pem",
                                        "sdk.pem",
                                        "etc/ssl/certs/ca-certificates.crt",
                                        "etc/ssl/certs/corporate.pem",
                                        "etc/ssl/certs",
                                        "etc/ssl",
                                        "etc",
                                        ""};
    struct identity *const all[] = {&root,
                                    &intermediate,
                                    &stranger,
                                    &good,
                                    &expired,
                                    &future,
                                    &other_name,
                                    &unknown,
                                    &by_address,
                                    &below_expired,
                                    &expired_intermediate,
                                    &early_intermediate,
                                    &nameless,
                                    &below_leaf};
    (void)state;

    /* A setup that fails early has made no directory, and this machine has files of the same names. */
    for (size_t i = 0; directory[0] && i < COUNT_OF(files); i++)
        (void)remove(below(files[i]));
    for (size_t i = 0; i < COUNT_OF(all); i++)
        identity_clear(all[i]);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    loop = loop_new();
    peer_open(&peer, loop);
    peer.replies[0] = good_reply;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    loop_free(loop);
    peer_close(&peer, true);
    return 0;
}

static struct trust *trust_in(const char *ca_file, const char *system_root,
                              const char *ssl_cert_file)
{
    char error[DETAIL_SIZE] = "";
    struct trust *trust = trust_new(ca_file ? ca_file : "", system_root, error, sizeof(error));

    if (!trust)
        fail_msg("trust: %s", error);
    trust_use_bundle(trust, ssl_cert_file ? ssl_cert_file : "", "", "");
    return trust;
}

static void keep(void *arg, const struct http_reply *reply)
{
    (void)arg;
    got = *reply;
    got.body = NULL;
    n_got++;
}

static bool by_sdk, withhold;
static int32_t whole_ms = 5000;

static void shake_hands(struct trust *trust, const char *host, int32_t tls_timeout_ms)
{
    struct http_request request = {.method = "GET",
                                   .tls = true,
                                   .host = host,
                                   .address = "127.0.0.1",
                                   .port = peer.port,
                                   .fd = -1,
                                   .path = "/",
                                   .trust = trust,
                                   .by_sdk = by_sdk,
                                   .withhold = withhold,
                                   .tls_timeout_ms = tls_timeout_ms,
                                   .timeout_ms = whole_ms,
                                   .max_body_bytes = 1000};
    n_got = 0;
    assert_true(http_start(loop, &request, keep, NULL));
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 10000), LOOP_IDLE);
    assert_int_equal(n_got, 1);
}

static void expect_failure(enum failure failure)
{
    if (got.tls.outcome != OUTCOME_FAILED || got.tls.failure != failure) {
        fail_msg("outcome %d, %s (%s) instead of %s", got.tls.outcome,
                 failure_name(got.tls.failure), got.tls.detail, failure_name(failure));
    }
    assert_int_equal(got.step.outcome, OUTCOME_SKIPPED);
    assert_int_equal(got.step.failure, FAILURE_BELOW);
    assert_int_equal(got.head.status, 0);
    assert_int_equal(peer.n_requests, 0); /* nothing was sent to whom we do not believe */
    assert_true(got.tls.took_ms >= 1);
}

static void serve(const struct identity *leaf)
{
    peer.tls = identity_serve(leaf, &intermediate);
}

/* --- one context for all --- */

static void keep_in(void *arg, const struct http_reply *reply)
{
    *(struct http_reply *)arg = *reply;
}

/* Both handshakes are under way at once, in the same SSL_CTX: each is judged by its own host and trust. */
static void tells_those_apart_that_shake_hands_at_once(void **state)
{
    struct trust *believing = trust_in(below("ca.pem"), directory, NULL);
    struct trust *doubting = trust_in(NULL, directory, NULL);
    struct http_reply replies[3];
    const struct http_request request = {.method = "GET",
                                         .tls = true,
                                         .host = "ssm.test",
                                         .address = "127.0.0.1",
                                         .port = peer.port,
                                         .fd = -1,
                                         .path = "/",
                                         .trust = believing,
                                         .tls_timeout_ms = 2000,
                                         .timeout_ms = 5000,
                                         .max_body_bytes = 1000};
    struct http_request requests[] = {request, request, request};
    (void)state;

    requests[1].trust = doubting;
    requests[2].host = "other.test";
    serve(&good);
    for (size_t i = 0; i < COUNT_OF(requests); i++)
        assert_true(http_start(loop, &requests[i], keep_in, &replies[i]));
    assert_int_equal(loop_run(loop, clock_monotonic_ms() + 10000), LOOP_IDLE);
    assert_int_equal(replies[0].tls.outcome, OUTCOME_OK);
    assert_int_equal(replies[0].head.status, 200);
    assert_int_equal(replies[1].tls.failure, FAILURE_UNTRUSTED);
    assert_int_equal(replies[2].tls.failure, FAILURE_WRONG_NAME);
    trust_free(believing);
    trust_free(doubting);
}

/* --- certificates --- */

static void believes_the_ca_file(void **state)
{
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    int64_t now_s = clock_wall_unix_ms() / 1000;
    (void)state;

    serve(&good);
    shake_hands(trust, "ssm.test", 2000);
    assert_int_equal(got.tls.outcome, OUTCOME_OK);
    assert_true(got.tls.took_ms >= 1);
    assert_int_equal(got.step.outcome, OUTCOME_OK);
    assert_int_equal(got.head.status, 200);
    assert_int_equal(got.session.trust_by, TRUST_BY_CA_FILE);
    assert_true(got.session.name_matches);
    assert_string_equal(got.session.version, "TLSv1.3");
    assert_string_equal(got.session.subject, "CN=ssm.test");
    assert_string_equal(got.session.issuer, "CN=Test Intermediate");
    assert_string_equal(got.session.names, "ssm.test,*.ssm.test,10.0.1.21,fd00::21");
    assert_string_equal(got.session.verify, "");
    assert_true(got.session.not_before_unix_s <= now_s - 60);
    assert_true(got.session.not_before_unix_s >= now_s - 120);
    assert_true(got.session.not_after_unix_s > now_s);
    trust_free(trust);
}

/* A connection that is opened later may lead elsewhere. */
static void judges_each_connection_by_its_own_certificate(void **state)
{
    const struct {
        struct identity *identity;
        enum failure failure;
    } rows[] = {{&good, FAILURE_NONE},
                {&good, FAILURE_NONE},
                {&unknown, FAILURE_UNTRUSTED},
                {&unknown, FAILURE_UNTRUSTED}, /* no better for being known */
                {&expired, FAILURE_CERTIFICATE_EXPIRED},
                {&other_name, FAILURE_WRONG_NAME},
                {&good, FAILURE_NONE}};
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    (void)state;

    peer.replies[0] = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        serve(rows[i].identity);
        shake_hands(trust, "ssm.test", 2000);
        assert_int_equal(got.tls.failure, rows[i].failure);
        if (rows[i].failure == FAILURE_NONE)
            assert_string_equal(got.session.issuer, "CN=Test Intermediate");
        SSL_CTX_free(peer.tls);
        peer.tls = NULL;
    }
    trust_free(trust);
}

/* libcurl may give up between its context and its connection: the next connection is somebody else's. */
static void a_connection_is_that_of_who_is_coming(void **state)
{
    struct tls_peer first = {.shown = false}, second = {.shown = false};
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX *other = SSL_CTX_new(TLS_server_method());
    (void)state;

    assert_false(tls_watch(&first, other));
    assert_true(tls_watch(&first, context));
    tls_unwatch(&second); /* it is not the one that is coming */
    SSL *ssl = SSL_new(context);
    assert_ptr_equal(first.ssl, ssl);
    SSL *next = SSL_new(context); /* nobody's */
    assert_ptr_equal(first.ssl, ssl);
    SSL_free(next);
    assert_ptr_equal(first.ssl, ssl);
    SSL_free(ssl);
    assert_null(first.ssl);

    assert_true(tls_watch(&first, context));
    tls_unwatch(&first);
    ssl = SSL_new(context);
    assert_null(first.ssl);
    SSL_free(ssl);

    assert_true(tls_watch(&first, context));
    ssl = SSL_new(context);
    tls_unwatch(&first);
    assert_null(first.ssl);
    first.ssl = (void *)&second; /* whoever is unwatched hears of no end */
    SSL_free(ssl);
    assert_ptr_equal(first.ssl, (void *)&second);
    SSL_CTX_free(context);
    SSL_CTX_free(other);
}

static void fill_chain(struct buffer *chain, const char *bytes)
{
    buffer_init(chain, 100);
    assert_true(buffer_add_text(chain, bytes));
}

static void recalls_the_same_bytes_for_the_same_name_for_a_while(void **state)
{
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    const struct tls_session session = {.issuer = "CN=Test Intermediate"};
    struct buffer chain, same, other, empty;
    (void)state;

    fill_chain(&chain, "leaf intermediate");
    fill_chain(&same, "leaf intermediate");
    fill_chain(&other, "leaf Intermediate");
    buffer_init(&empty, 100);
    assert_null(trust_recall(trust, "ssm.test", &same, 1000));
    trust_remember(trust, "ssm.test", &chain, 1000, &session);
    const struct tls_session *known = trust_recall(trust, "ssm.test", &same, 1000);
    assert_non_null(known);
    assert_string_equal(known->issuer, session.issuer);
    assert_non_null(trust_recall(trust, "ssm.test", &same, 1000 + TRUST_RECALLED_MS - 1));
    assert_null(trust_recall(trust, "ssm.test", &same, 1000 + TRUST_RECALLED_MS));
    assert_null(trust_recall(trust, "ssm.test", &same, 999)); /* the clock was set */
    assert_null(trust_recall(trust, "kms.test", &same, 1000));
    assert_null(trust_recall(trust, "ssm.test", &other, 1000));
    assert_null(trust_recall(trust, "", &empty, 0));
    trust_use_bundle(trust, NULL, NULL, NULL);
    assert_null(trust_recall(trust, "ssm.test", &same, 1000));
    buffer_clear(&same);
    buffer_clear(&other);
    trust_free(trust);
}

static void speaks_tls_1_2(void **state)
{
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    (void)state;

    serve(&good);
    SSL_CTX_set_max_proto_version(peer.tls, TLS1_2_VERSION);
    shake_hands(trust, "ssm.test", 2000);
    assert_int_equal(got.tls.outcome, OUTCOME_OK);
    assert_string_equal(got.session.version, "TLSv1.2");
    assert_true(got.session.not_after_unix_s > 0); /* no resumption without a certificate */
    trust_free(trust);
}

static void matches_names_as_the_agent_does(void **state)
{
    static const struct {
        struct identity *identity;
        const char *host;
        bool matches;
    } rows[] = {
        {&good, "a.ssm.test", true},
        {&good, "a.b.ssm.test", false},
        {&good, "SSM.test", true},
        {&good, "fd00::21", true},
        {&good, "fd00::22", false},
        {&by_address, "127.0.0.1", true},
        {&good, "127.0.0.1", false},
        {&nameless, "ssm.test", false}, /* the common name does not count */
        {&other_name, "ssm.test", false},
        {&other_name, "logs.test", true},
    };
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    (void)state;

    peer.replies[0] = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        serve(rows[i].identity);
        shake_hands(trust, rows[i].host, 2000);
        if ((got.tls.outcome == OUTCOME_OK) != rows[i].matches ||
            got.session.name_matches != rows[i].matches)
            fail_msg("%s, row %zu: %s", rows[i].host, i, failure_name(got.tls.failure));
        assert_false(got.reused);
        SSL_CTX_free(peer.tls);
        peer.tls = NULL;
    }
    trust_free(trust);
}

static void tells_a_wrong_name(void **state)
{
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    (void)state;

    serve(&other_name);
    shake_hands(trust, "ssm.test", 2000);
    expect_failure(FAILURE_WRONG_NAME);
    assert_string_equal(got.tls.detail, "the certificate is for kms.test,logs.test");
    assert_false(got.session.name_matches);
    assert_int_equal(got.session.trust_by, TRUST_BY_CA_FILE);
    assert_string_equal(got.session.names, "kms.test,logs.test");
    trust_free(trust);
}

static void tells_an_expired_one(void **state)
{
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    (void)state;

    serve(&expired);
    shake_hands(trust, "ssm.test", 2000);
    expect_failure(FAILURE_CERTIFICATE_EXPIRED);
    assert_int_equal(got.session.trust_by, TRUST_BY_CA_FILE); /* but for its time */
    assert_true(got.session.name_matches);
    assert_string_equal(got.session.verify, "certificate has expired");
    assert_true(got.session.not_after_unix_s < clock_wall_unix_ms() / 1000);
    trust_free(trust);
}

static void tells_one_that_is_not_yet_valid(void **state)
{
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    (void)state;

    serve(&future);
    shake_hands(trust, "ssm.test", 2000);
    expect_failure(FAILURE_CERTIFICATE_NOT_YET_VALID);
    assert_int_equal(got.session.trust_by, TRUST_BY_CA_FILE);
    trust_free(trust);
}

/* As Go does: a certificate's time is looked at before its name. */
static void tells_the_time_before_the_name(void **state)
{
    static const struct {
        const struct identity *shown;
        enum failure failure;
    } rows[] = {{&expired, FAILURE_CERTIFICATE_EXPIRED},
                {&future, FAILURE_CERTIFICATE_NOT_YET_VALID}};
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        peer.tls = identity_serve(rows[i].shown, &intermediate);
        shake_hands(trust, "other.test", 2000);
        assert_int_equal(got.tls.failure, rows[i].failure);
        SSL_CTX_free(peer.tls);
        peer.tls = NULL;
    }
    trust_free(trust);
}

/* Suites, groups and signatures as Go 1.21 sends them, in its order: what a middlebox lets pass of the agent's. */
static void offers_what_the_agent_offers(void **state)
{
    static const struct {
        size_t n;
        const char *bytes;
    } rows[] = {
        {36, "\x00\x22\x13\x01\x13\x02\x13\x03\xc0\x2b\xc0\x2f\xc0\x2c\xc0\x30\xcc\xa9\xcc\xa8"
             "\xc0\x09\xc0\x13\xc0\x0a\xc0\x14\x00\x9c\x00\x9d\x00\x2f\x00\x35"},
        {14, "\x00\x0a\x00\x0a\x00\x08\x00\x1d\x00\x17\x00\x18\x00\x19"},
        {26,
         "\x00\x0d\x00\x16\x00\x14\x08\x04\x04\x03\x08\x07\x08\x05\x08\x06\x04\x01\x05\x01\x06\x01"
         "\x05\x03\x06\x03"},
    };
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);
    BIO *sent = BIO_new(BIO_s_mem());
    char *hello;
    (void)state;

    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), sent);
    assert_int_equal(SSL_connect(ssl), -1); /* nobody answers */
    const size_t n = (size_t)BIO_get_mem_data(sent, &hello);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_non_null(memmem(hello, n, rows[i].bytes, rows[i].n));
    SSL_free(ssl);
    SSL_CTX_free(context);
}

static void make_system(void)
{
    mkdir(below("etc"), 0755);
    mkdir(below("etc/ssl"), 0755);
    mkdir(below("etc/ssl/certs"), 0755);
}

static void tells_an_expired_intermediate(void **state)
{
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    (void)state;

    peer.tls = identity_serve(&below_expired, &expired_intermediate);
    shake_hands(trust, "ssm.test", 2000);
    expect_failure(FAILURE_CERTIFICATE_EXPIRED);
    assert_int_equal(got.session.trust_by, TRUST_BY_CA_FILE);
    assert_string_equal(got.session.verify, "certificate has expired: CN=Old Intermediate");
    assert_in_range(got.session.not_after_unix_s, time(NULL) - DAY_S - 60, time(NULL) - DAY_S);
    trust_free(trust);
}

/* crypto/x509 of Go 1.21 was asked about each of these. */
static void believes_the_chains_that_go_believes(void **state)
{
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    static const struct {
        const char *usage, *issuer_name, *issuer_key;
        enum failure failure;
    } rows[] = {
        {"serverAuth,clientAuth", NULL, NULL, FAILURE_NONE},
        {"anyExtendedKeyUsage", NULL, NULL, FAILURE_NONE},
        {"clientAuth", NULL, NULL, FAILURE_UNTRUSTED},
        {"msSGC,nsSGC", NULL, NULL, FAILURE_UNTRUSTED},
        {NULL, "TEST INTERMEDIATE", NULL, FAILURE_UNTRUSTED},
        {NULL, "Test  Intermediate", NULL, FAILURE_UNTRUSTED},
        {NULL, NULL, "a former key", FAILURE_NONE},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct identity leaf;
        identity_make(&leaf, &(struct wanted){.common_name = "ssm.test",
                                              .names = "DNS:ssm.test",
                                              .issuer = &intermediate,
                                              .not_before_s = -60,
                                              .not_after_s = DAY_S,
                                              .usage = rows[i].usage,
                                              .issuer_name = rows[i].issuer_name,
                                              .issuer_key = rows[i].issuer_key});
        serve(&leaf);
        peer.then = PEER_CLOSES;
        shake_hands(trust, "ssm.test", 2000);
        if (got.tls.failure != rows[i].failure)
            fail_msg("row %zu: %s, not %s", i, failure_name(got.tls.failure),
                     failure_name(rows[i].failure));
        SSL_CTX_free(peer.tls);
        peer.tls = NULL;
        identity_clear(&leaf);
    }
    trust_free(trust);
}

/* The same name and another key: only its own signature makes an issuer of it. */
static void does_not_take_a_namesake_for_the_issuer(void **state)
{
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    struct identity namesake, leaf;
    (void)state;

    identity_make(
        &namesake,
        &(struct wanted){.common_name = "Test Root", .is_authority = true, .not_after_s = DAY_S});
    identity_make(&leaf, &(struct wanted){.common_name = "ssm.test",
                                          .names = "DNS:ssm.test",
                                          .issuer = &namesake,
                                          .not_before_s = -60,
                                          .not_after_s = DAY_S,
                                          .issuer_key = "its key"});
    peer.tls = identity_serve(&leaf, NULL);
    shake_hands(trust, "ssm.test", 2000);
    expect_failure(FAILURE_UNTRUSTED);
    assert_string_equal(got.tls.detail, "unable to get local issuer certificate");
    identity_clear(&leaf);
    identity_clear(&namesake);
    trust_free(trust);
}

/* What Amazon's roots say of a chain of others is always the same: the agent's bundle knows the authority, and says what is wrong. */
static void quotes_the_store_that_knows_the_authority(void **state)
{
    struct identity leaf;
    (void)state;

    make_system();
    identity_write(below("etc/ssl/certs/ca-certificates.crt"), &stranger, NULL);
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    identity_make(&leaf, &(struct wanted){.common_name = "ssm.test",
                                          .names = "DNS:ssm.test",
                                          .issuer = &stranger,
                                          .not_before_s = -60,
                                          .not_after_s = DAY_S,
                                          .usage = "clientAuth"});
    peer.tls = identity_serve(&leaf, NULL);
    shake_hands(trust, "ssm.test", 2000);
    expect_failure(FAILURE_UNTRUSTED);
    assert_string_equal(got.session.verify, "unsuitable certificate purpose");
    assert_int_equal(remove(below("etc/ssl/certs/ca-certificates.crt")), 0);
    identity_clear(&leaf);
    trust_free(trust);
}

static void tells_an_unknown_root(void **state)
{
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    (void)state;

    peer.tls = identity_serve(&unknown, &stranger);
    shake_hands(trust, "ssm.test", 2000);
    expect_failure(FAILURE_UNTRUSTED);
    assert_int_equal(got.session.trust_by, TRUST_BY_NONE);
    assert_true(got.session.name_matches);
    assert_string_equal(got.session.issuer, "CN=Corporate Root");
    assert_string_not_equal(got.session.verify, "");
    assert_string_equal(got.session.version, "TLSv1.3");
    trust_free(trust);
}

static void tells_a_missing_intermediate(void **state)
{
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    (void)state;

    peer.tls = identity_serve(&good, NULL);
    shake_hands(trust, "ssm.test", 2000);
    expect_failure(FAILURE_UNTRUSTED);
    assert_string_equal(got.tls.detail, "unable to get local issuer certificate");
    trust_free(trust);
}

/* Nobody knows the root, and what issued the leaf may issue nothing. */
static void quotes_the_first_thing_that_is_wrong_with_a_chain(void **state)
{
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    (void)state;

    peer.tls = identity_serve(&below_leaf, &unknown);
    shake_hands(trust, "ssm.test", 2000);
    expect_failure(FAILURE_UNTRUSTED);
    assert_string_equal(got.tls.detail, "unable to get local issuer certificate");
    trust_free(trust);
}

static void prefers_what_is_wrong_with_the_leaf(void **state)
{
    struct trust *trust = trust_in(NULL, directory, NULL); /* nobody trusts it either */
    (void)state;

    serve(&expired);
    shake_hands(trust, "ssm.test", 2000);
    expect_failure(FAILURE_CERTIFICATE_EXPIRED);
    assert_int_equal(got.session.trust_by, TRUST_BY_NONE);
    SSL_CTX_free(peer.tls);
    serve(&other_name);
    shake_hands(trust, "ssm.test", 2000);
    expect_failure(FAILURE_WRONG_NAME);
    trust_free(trust);
}

/* --- whose roots --- */

/* Which alone vouches for the peer. */
static struct trust *trust_the_system(void)
{
    make_system();
    identity_write(below("etc/ssl/certs/ca-certificates.crt"), &root, &stranger, NULL);
    peer.tls = identity_serve(&unknown, NULL);
    return trust_in(NULL, directory, NULL);
}

static void believes_the_system_last(void **state)
{
    struct trust *trust;
    (void)state;

    trust = trust_the_system();
    shake_hands(trust, "ssm.test", 2000);
    assert_int_equal(got.tls.outcome, OUTCOME_OK); /* the agent would go on */
    assert_int_equal(got.session.trust_by, TRUST_BY_SYSTEM);
    assert_string_equal(got.session.verify, "");
    assert_int_equal(got.head.status, 200);

    /* Read once. */
    remove(below("etc/ssl/certs/ca-certificates.crt"));
    peer.then = PEER_CLOSES;
    shake_hands(trust, "ssm.test", 2000);
    assert_int_equal(got.tls.outcome, OUTCOME_UNTRIED);
    assert_true(got.reused);
    shake_hands(trust, "ssm.test", 2000);
    assert_int_equal(got.tls.outcome, OUTCOME_OK);
    assert_int_equal(got.session.trust_by, TRUST_BY_SYSTEM);
    trust_free(trust);
}

/* What is signed is for whom Amazon's roots or the file of --ca-file vouch. */
static void withholds_what_is_signed_from_others(void **state)
{
    struct trust *trust;
    (void)state;

    trust = trust_the_system();
    withhold = true;
    shake_hands(trust, "ssm.test", 2000);
    assert_true(got.withheld);
    assert_int_equal(got.tls.outcome, OUTCOME_OK);
    assert_int_equal(got.session.trust_by, TRUST_BY_SYSTEM);
    assert_int_equal(peer.n_requests, 0);
    trust_free(trust);
    trust = trust_in(below("etc/ssl/certs/ca-certificates.crt"), directory, NULL);
    shake_hands(trust, "ssm.test", 2000);
    withhold = false;
    assert_false(got.withheld);
    assert_int_equal(got.session.trust_by, TRUST_BY_CA_FILE);
    assert_int_equal(peer.n_requests, 1);
    trust_free(trust);
}

/* Go reads every file of these directories besides the bundle. */
static void believes_a_file_beside_the_bundle(void **state)
{
    struct trust *trust;
    (void)state;

    make_system();
    identity_write(below("etc/ssl/certs/ca-certificates.crt"), &root, NULL);
    identity_write(below("etc/ssl/certs/corporate.pem"), &stranger, NULL);
    trust = trust_in(NULL, directory, NULL);
    peer.tls = identity_serve(&unknown, NULL);
    shake_hands(trust, "ssm.test", 2000);
    assert_int_equal(got.tls.outcome, OUTCOME_OK);
    assert_int_equal(got.session.trust_by, TRUST_BY_SYSTEM);
    remove(below("etc/ssl/certs/corporate.pem"));
    trust_free(trust);
}

static void believes_the_file_of_the_agent_in_its_place(void **state)
{
    struct trust *trust;
    (void)state;

    make_system();
    identity_write(below("etc/ssl/certs/ca-certificates.crt"), &root, NULL);
    identity_write(below("agent.pem"), &stranger, NULL);
    trust = trust_in(NULL, directory, "/agent.pem");
    peer.tls = identity_serve(&unknown, NULL);
    shake_hands(trust, "ssm.test", 2000);
    assert_int_equal(got.session.trust_by, TRUST_BY_SYSTEM);
    trust_free(trust);
}

static void learns_of_the_agents_file_after_it_was_made(void **state)
{
    struct trust *trust;
    (void)state;

    make_system();
    identity_write(below("etc/ssl/certs/ca-certificates.crt"), &root, NULL);
    identity_write(below("agent.pem"), &stranger, NULL);
    trust = trust_in(NULL, directory, NULL);
    trust_use_bundle(trust, "", "", "");
    trust_use_bundle(trust, "/agent.pem", "", "");
    peer.tls = identity_serve(&unknown, NULL);
    shake_hands(trust, "ssm.test", 2000);
    assert_int_equal(got.session.trust_by, TRUST_BY_SYSTEM);
    trust_free(trust);
}

/* The server shows a chain of Amazon's; what the agent has is another matter. */
static bool agent_distrusts(void)
{
    struct trust *trust = trust_in(below("amazon.pem"), directory, NULL);

    SSL_CTX_free(peer.tls);
    peer.tls = identity_serve(&good, &intermediate);
    peer.then = PEER_CLOSES;
    shake_hands(trust, "ssm.test", 2000);
    assert_int_equal(got.tls.outcome, OUTCOME_OK);
    assert_int_equal(got.session.trust_by, TRUST_BY_CA_FILE);
    trust_free(trust);
    return got.session.distrusted_by == TRUST_BY_SYSTEM;
}

static void knows_whether_the_agent_trusts_it_too(void **state)
{
    char pem[4096], bundle[PATH_SIZE];
    size_t n;
    FILE *file;
    (void)state;

    make_system();
    (void)text_set(bundle, sizeof(bundle), "%s", below("etc/ssl/certs/ca-certificates.crt"));
    identity_write(below("amazon.pem"), &root, NULL);
    identity_write(bundle, &stranger, &root, NULL);
    assert_false(agent_distrusts());
    identity_write(bundle, &intermediate, NULL); /* for Go whatever is listed is an anchor */
    assert_false(agent_distrusts());
    identity_write(bundle, &stranger, NULL);
    assert_true(agent_distrusts());

    identity_write(bundle, &root, NULL); /* ... cut off before its end */
    file = fopen(bundle, "r");
    n = fread(pem, 1, sizeof(pem), file);
    (void)fclose(file);
    file = fopen(bundle, "w");
    (void)fwrite(pem, 1, n - 40, file);
    (void)fclose(file);
    assert_true(agent_distrusts());

    identity_write(below("etc/ssl/certs/0a1b2c3d.0"), &root, NULL); /* of any name */
    assert_false(agent_distrusts());
    remove(below("etc/ssl/certs/0a1b2c3d.0"));
    remove(bundle);
    assert_true(agent_distrusts());
}

/* What the agent asks by AWS's SDK, AWS_CA_BUNDLE must vouch for too. It stands in for nothing that the system's roots lack. */
static void asks_the_sdks_bundle_besides(void **state)
{
    static const struct {
        const struct identity *shown, *system, *sdk; /* NULL: AWS_CA_BUNDLE names none */
        bool by_sdk;
        enum trust_by by, distrusted_by;
    } rows[] = {
        {&good, &root, &root, true, TRUST_BY_CA_FILE, TRUST_BY_NONE},
        {&good, &root, &stranger, true, TRUST_BY_CA_FILE, TRUST_BY_SDK},
        {&good, &root, &stranger, false, TRUST_BY_CA_FILE, TRUST_BY_NONE},
        {&good, &stranger, &root, true, TRUST_BY_CA_FILE, TRUST_BY_SYSTEM},
        {&unknown, &stranger, NULL, true, TRUST_BY_SYSTEM, TRUST_BY_NONE},
        {&unknown, &stranger, &stranger, true, TRUST_BY_SYSTEM, TRUST_BY_NONE},
        {&unknown, &stranger, &root, true, TRUST_BY_NONE, TRUST_BY_NONE},
        {&unknown, &stranger, &root, false, TRUST_BY_SYSTEM, TRUST_BY_NONE},
        {&unknown, &root, &stranger, true, TRUST_BY_NONE, TRUST_BY_NONE},
        {&unknown, &root, &stranger, false, TRUST_BY_NONE, TRUST_BY_NONE},
    };
    char bundle[PATH_SIZE];
    (void)state;

    make_system();
    (void)text_set(bundle, sizeof(bundle), "%s", below("etc/ssl/certs/ca-certificates.crt"));
    identity_write(below("amazon.pem"), &root, NULL);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct trust *trust = trust_in(below("amazon.pem"), directory, NULL);
        identity_write(bundle, rows[i].system, NULL);
        if (rows[i].sdk)
            identity_write(below("sdk.pem"), rows[i].sdk, NULL);
        trust_use_bundle(trust, "", "", rows[i].sdk ? "/sdk.pem" : "");
        SSL_CTX_free(peer.tls);
        peer.tls = identity_serve(rows[i].shown, &intermediate);
        peer.then = PEER_CLOSES;
        by_sdk = rows[i].by_sdk;
        shake_hands(trust, "ssm.test", 2000);
        by_sdk = false;
        if (got.session.trust_by != rows[i].by ||
            got.session.distrusted_by != rows[i].distrusted_by)
            fail_msg("row %zu: %d, %d", i, got.session.trust_by, got.session.distrusted_by);
        assert_int_equal(got.tls.outcome,
                         rows[i].by == TRUST_BY_NONE ? OUTCOME_FAILED : OUTCOME_OK);
        trust_free(trust);
    }
    remove(bundle);
}

/* The bundle is read anew in each round: somebody may have corrected it. */
static void forgets_the_bundle_between_rounds(void **state)
{
    struct trust *trust;
    char bundle[PATH_SIZE];
    (void)state;

    make_system();
    (void)text_set(bundle, sizeof(bundle), "%s", below("etc/ssl/certs/ca-certificates.crt"));
    identity_write(below("amazon.pem"), &root, NULL);
    trust = trust_in(below("amazon.pem"), directory, NULL);
    for (int i = 0; i < 2; i++) {
        trust_use_bundle(trust, "", "", "");
        if (i == 1)
            identity_write(bundle, &root, NULL);
        SSL_CTX_free(peer.tls);
        peer.tls = identity_serve(&good, &intermediate);
        peer.then = PEER_CLOSES;
        shake_hands(trust, "ssm.test", 2000);
        assert_int_equal(got.session.distrusted_by, i == 0 ? TRUST_BY_SYSTEM : TRUST_BY_NONE);
    }
    remove(bundle);
    trust_free(trust);
}

/* Whatever is listed is an anchor for Go, self-signed or not. */
static void believes_a_listed_intermediate(void **state)
{
    struct trust *trust;
    (void)state;

    identity_write(below("agent.pem"), &intermediate, NULL);
    trust = trust_in(below("agent.pem"), directory, NULL);
    peer.tls = identity_serve(&good, NULL);
    shake_hands(trust, "ssm.test", 2000);
    assert_int_equal(got.session.trust_by, TRUST_BY_CA_FILE);
    assert_int_equal(got.tls.outcome, OUTCOME_OK);
    trust_free(trust);
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(below(name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void names_a_bad_ca_file(void **state)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    char error[DETAIL_SIZE];
    char expected[PATH_SIZE + 32];
    (void)state;

    assert_null(trust_new(below("absent.pem"), "", error, sizeof(error)));
    snprintf(expected, sizeof(expected), "%s: No such file or directory", path);
    assert_string_equal(error, expected);

    write_file("none.pem", "nothing\n");
    assert_null(trust_new(below("none.pem"), "", error, sizeof(error)));
    assert_true(text_ends(error, "none.pem: no certificate that can be read"));

    write_file("bad.pem", begin);
    assert_null(trust_new(below("bad.pem"), "", error, sizeof(error)));
    assert_true(text_ends(error, "bad.pem: no certificate that can be read"));
    FILE *file = fopen(below("bad.pem"), "a"); /* what some of it holds is not enough */
    assert_non_null(file);
    assert_true(fputs(amazon_roots_pem, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_null(trust_new(below("bad.pem"), "", error, sizeof(error)));
    assert_true(text_ends(error, "bad.pem: 1 certificates cannot be read"));
    trust_free(NULL);
}

/* SSL_CERT_DIR names them, separated by colons. The bundle comes first, if it holds anything. */
static void finds_and_believes_what_lies_in_directories(void **state)
{
    char bundle[PATH_SIZE];
    (void)state;

    make_system();
    identity_write(below("etc/ssl/certs/corporate.pem"), &stranger, NULL);
    trust_find_bundle(directory, "/absent.pem", "/etc:/etc/ssl/certs", bundle);
    assert_string_equal(bundle, "/etc/ssl/certs");
    trust_find_bundle(directory, "/absent.pem", "/etc/ssl", bundle);
    assert_string_equal(bundle, "");
    trust_find_bundle(directory, "/etc/ssl/certs/corporate.pem", "/etc/ssl/certs", bundle);
    assert_string_equal(bundle, "/etc/ssl/certs/corporate.pem");
    trust_find_bundle(directory, "", "", bundle);
    assert_string_equal(bundle, "/etc/ssl/certs"); /* Go's own list */

    for (int i = 0; i < 2; i++) {
        struct trust *trust = trust_in(NULL, directory, NULL);
        trust_use_bundle(trust, "", i == 0 ? "/etc:/etc/ssl" : "/etc:/etc/ssl/certs", "");
        SSL_CTX_free(peer.tls);
        peer.tls = identity_serve(&unknown, NULL);
        peer.then = PEER_CLOSES;
        shake_hands(trust, "ssm.test", 2000);
        assert_int_equal(got.session.trust_by, i == 0 ? TRUST_BY_NONE : TRUST_BY_SYSTEM);
        trust_free(trust);
    }
    remove(below("etc/ssl/certs/corporate.pem"));
}

/* encoding/pem, Decode: BEGIN and END have a line each, white space does not count, headers do. */
static void certificates_are_found_as_go_finds_them(void **state)
{
    static const struct {
        const char *before, *after; /* the first certificate */
        bool counts;
    } rows[] = {{"", "", true},
                {"# a root\n", "\n\n# more", true},
                {"\xef\xbb\xbf", "", false},
                {"# ", "", false},
                {" ", "", false},
                {"# -----BEGIN CERTIFICATE-----\n", "", true},
                {"\n", " \t\r", true},
                {"", "-----x", false},
                {"-----BEGIN X-----\n", "", true}};
    const char *end = strstr(amazon_roots_pem, "-----END CERTIFICATE-----");
    int n = (int)(end - amazon_roots_pem) + (int)strlen("-----END CERTIFICATE-----");
    char text[8192], error[DETAIL_SIZE];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)snprintf(text, sizeof(text), "%s%.*s%s\n", rows[i].before, n, amazon_roots_pem,
                       rows[i].after);
        write_file("one.pem", text);
        struct trust *trust = trust_new(below("one.pem"), "", error, sizeof(error));
        if (!trust == rows[i].counts)
            fail_msg("row %zu: %s", i, error);
        trust_free(trust);
    }
}

static void an_amazon_root_that_is_listed_twice_is_one(void **state)
{
    char *twice = malloc(2 * strlen(amazon_roots_pem) + 1);
    int n = trust_count_amazons(amazon_roots_pem);
    (void)state;

    assert_true(n > 1);
    (void)sprintf(twice, "%s%s", amazon_roots_pem, amazon_roots_pem);
    assert_int_equal(trust_count_amazons(twice), n);
    assert_int_equal(trust_count_amazons(strstr(amazon_roots_pem + 1, "-----BEGIN")), n - 1);
    assert_int_equal(trust_count_amazons("-----BEGIN CERTIFICATE-----\nAAAA\n"
                                         "-----END CERTIFICATE-----\n"),
                     0);
    free(twice);
}

/* A file is looked through in pieces of 16 KB: what lies across two of them is found, too. */
static void a_certificate_is_found_at_the_edge_of_a_piece(void **state)
{
    static const char begin[] = "\n-----BEGIN CERTIFICATE-----\n";
    static char text[16 * 1024 + sizeof(begin)];
    (void)state;

    for (size_t at = sizeof(text) - 2 * sizeof(begin); at <= sizeof(text) - sizeof(begin); at++) {
        memset(text, '-', at);
        memcpy(text + at, begin, sizeof(begin));
        write_file("long.pem", text);
        if (!trust_file_has_certificate(directory, "/long.pem"))
            fail_msg("not found at %zu", at);
    }
    write_file("first.pem", begin + 1);
    assert_true(trust_file_has_certificate(directory, "/first.pem"));
    assert_false(trust_file_has_certificate(directory, "/absent.pem"));
}

/* --- peers that do not come so far --- */

static void hear(const char *bytes, size_t n, enum peer_speaks speaks, enum peer_then then,
                 int32_t tls_timeout_ms)
{
    struct trust *trust = trust_in(NULL, directory, NULL);

    peer.replies[0] = bytes;
    peer.reply_bytes = n;
    peer.speaks = speaks;
    peer.then = then;
    shake_hands(trust, "ssm.test", tls_timeout_ms);
    peer.n_requests = 0;
    trust_free(trust);
}

static void tells_what_is_not_tls(void **state)
{
    static const char *const texts[] = {
        "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2p1\r\n",
        "220 mail.test ESMTP\r\n",
        "<html>a captive portal</html>",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        hear(texts[i], strlen(texts[i]), i % 2 == 0 ? PEER_AFTER_BYTES : PEER_FIRST, PEER_STAYS,
             2000);
        expect_failure(FAILURE_NOT_TLS);
        assert_string_not_equal(got.tls.detail, "");
    }
}

static void tells_alerts(void **state)
{
    static const char handshake_failure[] = "\x15\x03\x03\x00\x02\x02\x28";
    static const char protocol_version[] = "\x15\x03\x01\x00\x02\x02\x46";
    static const char unrecognized_name[] = "\x15\x03\x03\x00\x02\x02\x70";
    (void)state;

    hear(handshake_failure, 7, PEER_AFTER_BYTES, PEER_CLOSES, 2000);
    expect_failure(FAILURE_TLS_VERSION); /* no common parameters, RFC 8446 section 6.2 */
    assert_string_equal(got.tls.detail, "ssl/tls alert handshake failure");
    hear(unrecognized_name, 7, PEER_AFTER_BYTES, PEER_RESETS, 2000);
    expect_failure(FAILURE_TLS_ALERT);
    hear(protocol_version, 7, PEER_AFTER_BYTES, PEER_STAYS, 2000);
    expect_failure(FAILURE_TLS_VERSION);
}

static void tells_an_old_version(void **state)
{
    /* A ServerHello of TLS 1.0. */
    static const char hello[5 + 4 + 38] = "\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01";
    (void)state;

    hear(hello, sizeof(hello), PEER_AFTER_BYTES, PEER_STAYS, 2000);
    expect_failure(FAILURE_TLS_VERSION);
}

static void tells_a_broken_handshake(void **state)
{
    static const char finished[] = "\x16\x03\x03\x00\x04\x14\x00\x00\x00"; /* too early */
    (void)state;

    hear(finished, 9, PEER_AFTER_BYTES, PEER_STAYS, 2000);
    expect_failure(FAILURE_MALFORMED);
    assert_string_not_equal(got.tls.detail, "");
}

static void tells_how_it_ended(void **state)
{
    (void)state;
    hear("", 0, PEER_AFTER_BYTES, PEER_CLOSES, 2000);
    expect_failure(FAILURE_CLOSED);
    hear("", 0, PEER_AFTER_BYTES, PEER_RESETS, 2000);
    expect_failure(FAILURE_RESET);
    assert_int_not_equal(got.tls.os_error, 0);
    hear("\x16\x03", 2, PEER_AFTER_BYTES, PEER_CLOSES, 2000);
    expect_failure(FAILURE_CLOSED);
}

/* A record of 4096 HelloRequests, RFC 5246 section 7.4.1.1, which a client skips in a handshake; and again. */
static void does_not_skip_messages_for_ever(void **state)
{
    enum { RECORD = 5 + 16384, MANY = 16, FEW = 2 };
    static char records[MANY * RECORD];
    (void)state;

    for (size_t i = 0; i < MANY; i++)
        memcpy(records + i * RECORD, (const char[]){0x16, 3, 3, 0x40, 0}, 5);
    hear(records, sizeof(records), PEER_AFTER_BYTES, PEER_STAYS, 2000);
    expect_failure(FAILURE_CLOSED);
    hear(records, (size_t)FEW * RECORD, PEER_AFTER_BYTES, PEER_STAYS, 300);
    expect_failure(FAILURE_TIMEOUT); /* so many are only no answer */
}

static void times_out_by_its_own_limit(void **state)
{
    (void)state;
    hear("", 0, PEER_AFTER_REQUEST, PEER_STAYS, 200);
    expect_failure(FAILURE_TIMEOUT);
    assert_true(got.tls.took_ms < 5000); /* the limit of the whole */
}

static void a_handshake_may_have_more_time_than_the_whole(void **state)
{
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    (void)state;

    whole_ms = 50;
    hear("", 0, PEER_AFTER_REQUEST, PEER_STAYS, 400);
    expect_failure(FAILURE_TIMEOUT);
    assert_true(got.tls.took_ms >= 400);
    whole_ms = 500;
    serve(&good);
    peer.replies[0] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhi";
    shake_hands(trust, "ssm.test", 5000);
    assert_int_equal(got.tls.outcome, OUTCOME_OK);
    assert_int_equal(got.step.failure, FAILURE_TIMEOUT);
    assert_true(got.took_us < 4000 * 1000); /* an answer has not */
    whole_ms = 5000;
    trust_free(trust);
}

static void tells_a_truncated_answer(void **state)
{
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    (void)state;

    serve(&good);
    peer.replies[0] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhi";
    peer.then = PEER_CLOSES;
    shake_hands(trust, "ssm.test", 2000);
    assert_int_equal(got.tls.outcome, OUTCOME_OK);
    assert_int_equal(got.step.failure, FAILURE_TRUNCATED);
    peer.then = PEER_CUTS;
    shake_hands(trust, "ssm.test", 2000);
    assert_int_equal(got.tls.outcome, OUTCOME_OK);
    assert_int_equal(got.step.failure, FAILURE_TRUNCATED);
    peer.replies[0] = "";
    shake_hands(trust, "ssm.test", 2000);
    assert_int_equal(got.step.failure, FAILURE_CLOSED);
    peer.then = PEER_RESETS;
    shake_hands(trust, "ssm.test", 2000);
    assert_int_equal(got.tls.outcome, OUTCOME_OK);
    assert_int_equal(got.step.failure, FAILURE_RESET);
    trust_free(trust);
}

static void tells_an_alert_after_the_handshake(void **state)
{
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    (void)state;

    /* TLS 1.3 learns only then that the server wants a certificate of ours. */
    serve(&good);
    SSL_CTX_set_verify(peer.tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    shake_hands(trust, "ssm.test", 2000);
    assert_int_equal(got.tls.outcome, OUTCOME_OK);
    assert_int_equal(got.step.outcome, OUTCOME_FAILED);
    assert_int_equal(got.step.failure, FAILURE_TLS_ALERT);
    trust_free(trust);
}

static void leaves_no_secret_in_a_key_log(void **state)
{
    struct trust *trust = trust_in(below("ca.pem"), directory, NULL);
    struct stat status;
    (void)state;

    setenv("SSLKEYLOGFILE", below("keys"), 1);
    serve(&good);
    shake_hands(trust, "ssm.test", 2000);
    unsetenv("SSLKEYLOGFILE");
    assert_int_equal(got.tls.outcome, OUTCOME_OK);
    assert_true(stat(below("keys"), &status) != 0 || status.st_size == 0);
    (void)remove(below("keys"));
    trust_free(trust);
}

/* A server that lets the client choose then takes the agent's. */
static void offers_what_the_agent_offers_in_its_order(void **state)
{
    static const char *const first[] = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                        "TLS_CHACHA20_POLY1305_SHA256",
                                        "ECDHE-ECDSA-AES128-GCM-SHA256"};
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);
    (void)state;

    for (int i = 0; i < (int)COUNT_OF(first); i++)
        assert_string_equal(SSL_get_cipher_list(ssl, i), first[i]);
    SSL_free(ssl);
    SSL_CTX_free(context);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(leaves_no_secret_in_a_key_log),
        TEST(offers_what_the_agent_offers_in_its_order),
        TEST(tells_those_apart_that_shake_hands_at_once),
        TEST(believes_the_ca_file),
        TEST(judges_each_connection_by_its_own_certificate),
        TEST(a_connection_is_that_of_who_is_coming),
        TEST(recalls_the_same_bytes_for_the_same_name_for_a_while),
        TEST(speaks_tls_1_2),
        TEST(matches_names_as_the_agent_does),
        TEST(tells_a_wrong_name),
        TEST(tells_an_expired_one),
        TEST(tells_one_that_is_not_yet_valid),
        TEST(tells_the_time_before_the_name),
        TEST(offers_what_the_agent_offers),
        TEST(tells_an_expired_intermediate),
        TEST(believes_the_chains_that_go_believes),
        TEST(does_not_take_a_namesake_for_the_issuer),
        TEST(quotes_the_store_that_knows_the_authority),
        TEST(tells_an_unknown_root),
        TEST(tells_a_missing_intermediate),
        TEST(quotes_the_first_thing_that_is_wrong_with_a_chain),
        TEST(prefers_what_is_wrong_with_the_leaf),
        TEST(believes_the_system_last),
        TEST(withholds_what_is_signed_from_others),
        TEST(believes_a_file_beside_the_bundle),
        TEST(believes_the_file_of_the_agent_in_its_place),
        TEST(learns_of_the_agents_file_after_it_was_made),
        TEST(knows_whether_the_agent_trusts_it_too),
        TEST(asks_the_sdks_bundle_besides),
        TEST(forgets_the_bundle_between_rounds),
        TEST(believes_a_listed_intermediate),
        TEST(names_a_bad_ca_file),
        TEST(finds_and_believes_what_lies_in_directories),
        TEST(certificates_are_found_as_go_finds_them),
        TEST(an_amazon_root_that_is_listed_twice_is_one),
        TEST(a_certificate_is_found_at_the_edge_of_a_piece),
        TEST(tells_what_is_not_tls),
        TEST(tells_alerts),
        TEST(tells_an_old_version),
        TEST(tells_a_broken_handshake),
        TEST(tells_how_it_ended),
        TEST(does_not_skip_messages_for_ever),
        TEST(times_out_by_its_own_limit),
        TEST(a_handshake_may_have_more_time_than_the_whole),
        TEST(tells_a_truncated_answer),
        TEST(tells_an_alert_after_the_handshake),
    };
    return cmocka_run_group_tests_name("net_tls", tests, make_identities, remove_identities);
}
