/* SPDX-License-Identifier: Apache-2.0
 *
 * Verification is ours because three questions must be told apart that OpenSSL answers with one
 * word: is the time right, is the name right, and whose roots believe it?
 */
#include "net/tls.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/dial.h"

enum {
    MAX_DEPTH = 10,
    MAX_CERTIFICATES_BYTES = 32 *
                             1024, /* of one server; OpenSSL's 100 KB take 1 MB each when read */
    MAX_HANDSHAKE_BYTES = 128 * 1024,
    SECURITY_LEVEL = 1, /* RSA from 1024 bits, no SHA-1 and no MD5: what Go's TLS accepts */
};

/* How a chain stands with one store. */
struct chain {
    int error;         /* X509_V_OK, or the first that is not about time */
    int time_error;    /* X509_V_OK, or the first that is */
    X509 *out_of_time; /* whose error it is, NULL: the server's own certificate's, or nobody's */
    X509 *root;        /* with which it ends, NULL: it does not verify */
    int64_t from_unix_s, until_unix_s; /* when all of it is valid */
};

static SSL_CTX *shared;         /* see below */
static int peer_index = -1;     /* of our struct in an SSL's ex_data */
static struct tls_peer *coming; /* whose SSL libcurl makes next */

/* --- what the certificate says --- */

static void keep_name(const X509_NAME *name, char to[HOST_SIZE])
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes = NULL;

    X509_NAME_print_ex(bio, name, 0,
                       ASN1_STRFLGS_UTF8_CONVERT | ASN1_STRFLGS_ESC_2253 | ASN1_STRFLGS_ESC_QUOTE |
                           XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN);
    size_t n = (size_t)BIO_get_mem_data(bio, &bytes);
    (void)text_escape(to, HOST_SIZE, bytes, n);
    BIO_free(bio);
}

static void add_bytes(char names[HOST_SIZE], const unsigned char *bytes, int n)
{
    char name[HOST_SIZE];

    (void)text_escape(name, sizeof(name), (const char *)bytes, n > 0 ? (size_t)n : 0);
    text_list(names, HOST_SIZE, ",", name);
}

static void add_address(char names[HOST_SIZE], const ASN1_OCTET_STRING *address)
{
    char text[ADDRESS_SIZE];
    int n = ASN1_STRING_length(address);

    if ((n == 4 || n == 16) &&
        inet_ntop(n == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text, sizeof(text)))
        add_bytes(names, (const unsigned char *)text, (int)strlen(text));
}

static void keep_alternative_names(const X509 *certificate, char names[HOST_SIZE])
{
    GENERAL_NAMES *all = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

    for (int i = 0; i < sk_GENERAL_NAME_num(all) && strlen(names) + 1 < HOST_SIZE; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);

        if (name->type == GEN_DNS) {
            add_bytes(names, ASN1_STRING_get0_data(name->d.dNSName),
                      ASN1_STRING_length(name->d.dNSName));
        } else if (name->type == GEN_IPADD) {
            add_address(names, name->d.iPAddress);
        }
    }
    GENERAL_NAMES_free(all);
}

static int64_t unix_time(const ASN1_TIME *time)
{
    struct tm parts;

    return ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

static bool carries_name(X509 *certificate, const char *host)
{
    /* As for Go, only alternative names count, never the common name. */
    const unsigned int flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                               X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;

    return X509_check_host(certificate, host, 0, flags, NULL) == 1 ||
           X509_check_ip_asc(certificate, host, flags) == 1;
}

static void keep_certificate(struct tls_peer *peer, X509 *certificate)
{
    struct tls_session *session = &peer->session;

    keep_name(X509_get_subject_name(certificate), session->subject);
    keep_name(X509_get_issuer_name(certificate), session->issuer);
    keep_alternative_names(certificate, session->names);
    session->not_before_unix_s = unix_time(X509_get0_notBefore(certificate));
    session->not_after_unix_s = unix_time(X509_get0_notAfter(certificate));
    session->name_matches = carries_name(certificate, peer->host);
}

/* --- whether we believe it --- */

/* Errors of time are noted and passed over: a chain that ends in Amazon's root but is out of time
 * says something of this machine's clock, one that does not end there says nothing of it. */
static int on_verdict(int holds, X509_STORE_CTX *verification)
{
    struct chain *chain = X509_STORE_CTX_get_app_data(verification);
    int error = X509_STORE_CTX_get_error(verification);

    if (holds == 1)
        return 1;
    if (error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID) {
        if (chain->time_error == X509_V_OK) {
            chain->time_error = error;
            if (X509_STORE_CTX_get_error_depth(verification) > 0)
                chain->out_of_time = X509_STORE_CTX_get_current_cert(verification);
        }
        return 1;
    }
    chain->error = error;
    return 0;
}

/* Whether Go would let every certificate of the chain vouch for a server (crypto/x509, checkChainForKeyUsage). OpenSSL's
 * purpose for servers takes other extended usages, and looks at the key's usage besides. */
static bool may_serve(const STACK_OF(X509) * chain)
{
    for (int i = 0; i < sk_X509_num(chain); i++)
        if (!(X509_get_extended_key_usage(sk_X509_value(chain, i)) & (XKU_SSL_SERVER | XKU_ANYEKU)))
            return false;
    return true;
}

static void keep_chain(struct chain *chain, const STACK_OF(X509) * built)
{
    chain->until_unix_s = INT64_MAX;
    for (int i = 0; i < sk_X509_num(built); i++) {
        chain->root = sk_X509_value(built, i);
        int64_t from = unix_time(X509_get0_notBefore(chain->root)),
                until = unix_time(X509_get0_notAfter(chain->root));
        chain->from_unix_s = from > chain->from_unix_s ? from : chain->from_unix_s;
        chain->until_unix_s = until < chain->until_unix_s ? until : chain->until_unix_s;
    }
}

static struct chain judge_chain(X509_STORE *store, X509 *certificate, STACK_OF(X509) * untrusted)
{
    struct chain chain = {.error = X509_V_ERR_UNSPECIFIED, .time_error = X509_V_OK};
    X509_STORE_CTX *verification = X509_STORE_CTX_new();

    if (X509_STORE_CTX_init(verification, store, certificate, untrusted) != 1) {
        X509_STORE_CTX_free(verification);
        return chain;
    }
    X509_VERIFY_PARAM *limits = X509_STORE_CTX_get0_param(verification);
    X509_VERIFY_PARAM_set_depth(limits, MAX_DEPTH);
    X509_VERIFY_PARAM_set_auth_level(limits, SECURITY_LEVEL);
    X509_STORE_CTX_set_verify_cb(verification, on_verdict);
    X509_STORE_CTX_set_app_data(verification, &chain);

    chain.error = X509_V_OK;
    if (X509_verify_cert(verification) != 1 && chain.error == X509_V_OK) {
        chain.error = X509_STORE_CTX_get_error(verification);
        if (chain.error == X509_V_OK)
            chain.error = X509_V_ERR_UNSPECIFIED;
    }
    const STACK_OF(X509) *built = X509_STORE_CTX_get0_chain(verification);
    if (chain.error == X509_V_OK && !may_serve(built))
        chain.error = X509_V_ERR_INVALID_PURPOSE;
    if (chain.error == X509_V_OK)
        keep_chain(&chain, built);
    X509_STORE_CTX_free(verification);
    return chain;
}

/* The store does not know who signed; any other error says more. */
static bool is_unknown(const struct chain *chain)
{
    return chain->error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
           chain->error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
           chain->error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
}

/* Which roots of the agent's do not vouch for the chain: all of its clients for this peer must believe it. Mostly its bundle lists
 * the root that we know already, and need not be read as a whole. `chain`: as the system's roots see it, once they were asked. */
static enum trust_by agent_distrusts(struct tls_peer *peer, X509 *certificate,
                                     STACK_OF(X509) * untrusted, struct chain *chain)
{
    bool believed = chain->root && trust_bundle_has(peer->trust, chain->root);

    for (size_t which = 0; which < TRUST_SDK_BUNDLE && !believed; which++) {
        X509_STORE *store = trust_system(peer->trust, (enum trust_system)which);
        struct chain its = judge_chain(store, certificate, untrusted);
        believed = its.error == X509_V_OK;
        if (believed || is_unknown(chain))
            *chain = its;
    }
    X509_STORE *sdk = peer->by_sdk ? trust_system(peer->trust, TRUST_SDK_BUNDLE) : NULL;
    if (!believed)
        return TRUST_BY_SYSTEM;
    return sdk && judge_chain(sdk, certificate, untrusted).error != X509_V_OK ? TRUST_BY_SDK
                                                                              : TRUST_BY_NONE;
}

/* Amazon's roots first, then whatever the agent trusts, which only then is read. */
static struct chain judge_by_all(struct tls_peer *peer, X509 *certificate,
                                 STACK_OF(X509) * untrusted)
{
    enum trust_by by;
    struct chain chain = judge_chain(trust_first(peer->trust, &by), certificate, untrusted);
    struct chain agents = chain;
    enum trust_by distrusted_by = agent_distrusts(peer, certificate, untrusted, &agents);

    if (chain.error == X509_V_OK) {
        peer->session.trust_by = by;
        peer->session.distrusted_by = distrusted_by;
    } else if (distrusted_by == TRUST_BY_NONE) {
        peer->session.trust_by = TRUST_BY_SYSTEM;
        return agents;
    }
    bool says_more = chain.error != X509_V_OK && agents.error != X509_V_OK && !is_unknown(&agents);
    return says_more ? agents : chain;
}

static enum failure time_failure(int error)
{
    return error == X509_V_ERR_CERT_HAS_EXPIRED ? FAILURE_CERTIFICATE_EXPIRED
                                                : FAILURE_CERTIFICATE_NOT_YET_VALID;
}

/* The leaf's own time, then its name, then the chain: the order of Go's Certificate.Verify, and so
 * of what the agent's log says. Returns OpenSSL's number for it. */
static int judge(struct tls_peer *peer, X509 *certificate, STACK_OF(X509) * untrusted)
{
    struct chain chain = judge_by_all(peer, certificate, untrusted);
    int leaf_error = X509_V_OK;
    char issuer[HOST_SIZE] = "";

    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0)
        leaf_error = X509_V_ERR_CERT_HAS_EXPIRED;
    else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
        leaf_error = X509_V_ERR_CERT_NOT_YET_VALID;
    int error = chain.error != X509_V_OK ? chain.error : chain.time_error;
    if (error != X509_V_OK) {
        if (chain.error == X509_V_OK && chain.out_of_time)
            keep_name(X509_get_subject_name(chain.out_of_time), issuer);
        (void)text_set(peer->session.verify, sizeof(peer->session.verify), "%s%s%s",
                       X509_verify_cert_error_string(error), issuer[0] ? ": " : "", issuer);
    }
    if (chain.error == X509_V_OK) {
        peer->session.not_before_unix_s = chain.from_unix_s;
        peer->session.not_after_unix_s = chain.until_unix_s;
    }

    if (leaf_error != X509_V_OK) {
        peer->failure = time_failure(leaf_error);
        error = leaf_error;
    } else if (!peer->session.name_matches) {
        peer->failure = FAILURE_WRONG_NAME;
        (void)text_set(peer->detail, sizeof(peer->detail), "the certificate is for %s",
                       peer->session.names[0] ? peer->session.names : "no name");
        return X509_V_ERR_HOSTNAME_MISMATCH;
    } else if (chain.error != X509_V_OK) {
        peer->failure = FAILURE_UNTRUSTED;
    } else if (chain.time_error != X509_V_OK) {
        peer->failure = time_failure(chain.time_error);
    } else {
        peer->failure = FAILURE_NONE;
        return X509_V_OK;
    }
    (void)text_set(peer->detail, sizeof(peer->detail), "%s", X509_verify_cert_error_string(error));
    return error;
}

/* All that the peer sent, certificate by certificate. */
static void copy_chain(struct buffer *to, X509_STORE_CTX *given)
{
    STACK_OF(X509) *all = X509_STORE_CTX_get0_untrusted(given);

    buffer_init(to, MAX_CERTIFICATES_BYTES);
    for (int i = 0; i < sk_X509_num(all); i++) {
        unsigned char *bytes = NULL;
        int n = i2d_X509(sk_X509_value(all, i), &bytes);
        (void)buffer_add(to, (const char *)bytes, n > 0 ? (size_t)n : 0);
        OPENSSL_free(bytes);
    }
}

/* Connections to the same name mostly bring the same chain: then the same is thought of it. */
static int judge_or_recall(struct tls_peer *peer, X509 *certificate, X509_STORE_CTX *given)
{
    int64_t now_unix_ms = clock_wall_unix_ms();
    struct buffer chain;

    copy_chain(&chain, given);
    const struct tls_session *known = trust_recall(peer->trust, peer->host, &chain, now_unix_ms);
    if (known) {
        buffer_clear(&chain);
        peer->session = *known;
        peer->failure = FAILURE_NONE;
        return X509_V_OK;
    }
    keep_certificate(peer, certificate);
    int error = judge(peer, certificate, X509_STORE_CTX_get0_untrusted(given));
    if (error == X509_V_OK && !chain.failed)
        trust_remember(peer->trust, peer->host, &chain, now_unix_ms, &peer->session);
    else
        buffer_clear(&chain);
    return error;
}

/* In place of X509_verify_cert: 1 lets the handshake go on. */
static int on_certificate(X509_STORE_CTX *given, void *arg)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(given, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_peer *peer = ssl ? SSL_get_ex_data(ssl, peer_index) : NULL;
    X509 *certificate = X509_STORE_CTX_get0_cert(given);

    (void)arg;
    if (!peer || !certificate) {
        X509_STORE_CTX_set_error(given, X509_V_ERR_UNSPECIFIED);
        return 0;
    }
    int error = judge_or_recall(peer, certificate, given);
    (void)text_set(peer->session.version, sizeof(peer->session.version), "%s",
                   SSL_get_version(ssl));
    ERR_clear_error(); /* the misses of the first store are no errors of this handshake */
    peer->shown = true;
    X509_STORE_CTX_set_error(given, error);
    return error == X509_V_OK;
}

/* What Go 1.21's TLS offers, by which the agent is made (crypto/tls, cipher_suites.go, common.go). */
static const char ciphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:"
    "AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA:AES256-SHA";
static const char suites_of_1_3[] =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
static const char groups[] = "X25519:P-256:P-384:P-521";
static const char signatures[] =
    "RSA-PSS+SHA256:ECDSA+SHA256:ed25519:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512:"
    "ECDSA+SHA384:ECDSA+SHA512";

/* --- one context for all --- */

/* An SSL was made in the context, or freed. */
static void on_new(void *ssl, void *none, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
    (void)none;
    (void)argl;
    (void)argp;
    if (!coming)
        return;
    CRYPTO_set_ex_data(data, index, coming);
    coming->ssl = ssl;
    coming = NULL;
}

static void on_free(void *ssl, void *peer, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
    (void)ssl;
    (void)data;
    (void)index;
    (void)argl;
    (void)argp;
    if (peer)
        ((struct tls_peer *)peer)->ssl = NULL;
}

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
SSL_CTX *__real_SSL_CTX_new(const SSL_METHOD *method);
SSL_CTX *__wrap_SSL_CTX_new(const SSL_METHOD *method);

/* libcurl makes a context for each connection and has no option to share one. Making one looks up every algorithm of OpenSSL, a
 * million instructions, and all contexts are alike. So ld --wrap (Makefile) leads libcurl here, and it gets the same again. */
SSL_CTX *__wrap_SSL_CTX_new(const SSL_METHOD *method)
{
    if (method != TLS_client_method())
        return __real_SSL_CTX_new(method);
    if (!shared) {
        SSL_CTX *context = __real_SSL_CTX_new(method);
        peer_index = SSL_get_ex_new_index(0, NULL, on_new, NULL, on_free);
        if (peer_index < 0 || SSL_CTX_set_cipher_list(context, ciphers) != 1 ||
            SSL_CTX_set_ciphersuites(context, suites_of_1_3) != 1 ||
            SSL_CTX_set1_groups_list(context, groups) != 1 ||
            SSL_CTX_set1_sigalgs_list(context, signatures) != 1) {
            SSL_CTX_free(context);
            return NULL;
        }
        /* Eleven connections at once would hold 34 KB of buffers each, though nearly all of them wait. */
        (void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
        shared = context;
    }
    SSL_CTX_up_ref(shared);
    return shared;
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

/* --- watching --- */

/* OpenSSL reads on within one call for as long as messages come that it skips, HelloRequest for one, and
 * the loop would get no turn: the deadline would not count. From a stream of nothing it reads an end. */
static void on_message(int sent, int version, int type, const void *bytes, size_t n, SSL *ssl,
                       void *arg)
{
    (void)version;
    (void)bytes;
    (void)n;
    (void)arg;
    if (!sent && type == SSL3_RT_HANDSHAKE &&
        BIO_number_read(SSL_get_rbio(ssl)) > MAX_HANDSHAKE_BYTES)
        SSL_set0_rbio(ssl, BIO_new(BIO_s_null()));
}

bool tls_watch(struct tls_peer *peer, SSL_CTX *context)
{
    if (context != shared)
        return false;
    coming = peer;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_security_level(context, SECURITY_LEVEL);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_set_max_cert_list(context, MAX_CERTIFICATES_BYTES);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_keylog_callback(context, NULL); /* whatever SSLKEYLOGFILE says */
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, on_certificate, NULL);
    SSL_CTX_set_msg_callback(context, on_message);
    return true;
}

void tls_unwatch(struct tls_peer *peer)
{
    if (coming == peer)
        coming = NULL;
    if (peer->ssl) {
        SSL_set_ex_data(peer->ssl, peer_index, NULL);
        peer->ssl = NULL;
    }
}

/* --- why it failed: libcurl empties OpenSSL's error queue, but its message has the first number --- */

static const struct {
    int reason;
    enum failure failure;
} reasons[] = {
    {SSL_R_WRONG_VERSION_NUMBER, FAILURE_NOT_TLS}, /* the first bytes are no TLS record */
    {SSL_R_HTTP_REQUEST, FAILURE_NOT_TLS},
    {SSL_R_HTTPS_PROXY_REQUEST, FAILURE_NOT_TLS},
    {SSL_R_UNKNOWN_PROTOCOL, FAILURE_NOT_TLS},
    {SSL_R_BAD_RECORD_TYPE, FAILURE_NOT_TLS},
    {SSL_R_RECORD_LAYER_FAILURE, FAILURE_NOT_TLS},
    {SSL_R_PACKET_LENGTH_TOO_LONG, FAILURE_NOT_TLS},
    {SSL_R_DATA_LENGTH_TOO_LONG, FAILURE_NOT_TLS},
    {SSL_R_ENCRYPTED_LENGTH_TOO_LONG, FAILURE_NOT_TLS},
    {SSL_R_UNSUPPORTED_PROTOCOL, FAILURE_TLS_VERSION},
    {SSL_R_UNSUPPORTED_SSL_VERSION, FAILURE_TLS_VERSION},
    {SSL_R_WRONG_SSL_VERSION, FAILURE_TLS_VERSION},
    {SSL_R_VERSION_TOO_LOW, FAILURE_TLS_VERSION},
    {SSL_R_UNEXPECTED_EOF_WHILE_READING, FAILURE_CLOSED},
    {SSL_R_EE_KEY_TOO_SMALL, FAILURE_UNTRUSTED},
    {SSL_R_CA_KEY_TOO_SMALL, FAILURE_UNTRUSTED},
    {SSL_R_CA_MD_TOO_WEAK, FAILURE_UNTRUSTED},
};

/* The number behind the last "error:", 0 when there is none. */
static unsigned long error_number(const char *text)
{
    static const char mark[] = "error:";
    unsigned long number = 0;

    for (const char *found = strstr(text, mark); found; found = strstr(found, mark)) {
        found += strlen(mark);
        number = strtoul(found, NULL, 16);
    }
    return number;
}

static enum failure reason_failure(int reason)
{
    if (reason == SSL_AD_REASON_OFFSET + SSL_AD_PROTOCOL_VERSION ||
        reason == SSL_AD_REASON_OFFSET + SSL_AD_HANDSHAKE_FAILURE) /* RFC 8446 section 6.2 */
        return FAILURE_TLS_VERSION;
    if (reason > SSL_AD_REASON_OFFSET)
        return FAILURE_TLS_ALERT; /* the peer's; 1000 and the number of the alert */
    for (size_t i = 0; i < COUNT_OF(reasons); i++)
        if (reasons[i].reason == reason)
            return reasons[i].failure;
    return FAILURE_MALFORMED;
}

enum failure tls_failure(struct tls_peer *peer, const char *error, int os_error)
{
    unsigned long number = error_number(error);

    if (peer->shown && peer->failure != FAILURE_NONE)
        return peer->failure;
    if (os_error != 0) {
        dial_words(os_error, peer->detail, sizeof(peer->detail));
        return dial_failure(os_error);
    }
    if (number == 0)
        return FAILURE_NONE;
    const char *words = ERR_reason_error_string(number);
    (void)text_set(peer->detail, sizeof(peer->detail), "%s", words ? words : "");
    return ERR_GET_LIB(number) == ERR_LIB_SSL ? reason_failure(ERR_GET_REASON(number))
                                              : FAILURE_MALFORMED;
}
