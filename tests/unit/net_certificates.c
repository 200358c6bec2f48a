/* SPDX-License-Identifier: Apache-2.0
 *
 * By OpenSSL's own functions, on P-256 since its keys are made in no time. By its old ones: those know how a key is written, and the
 * encoders of the new ones are not in our OpenSSL (packaging/deps/recipes/openssl.trim).
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "net_certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <setjmp.h>
#include <cmocka.h>

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void add_authority_key(X509 *certificate, const char *identifier)
{
    AUTHORITY_KEYID *key = AUTHORITY_KEYID_new();

    key->keyid = ASN1_OCTET_STRING_new();
    assert_int_equal(ASN1_OCTET_STRING_set(key->keyid, (const unsigned char *)identifier, -1), 1);
    assert_int_equal(X509_add1_ext_i2d(certificate, NID_authority_key_identifier, key, 0, 0), 1);
    AUTHORITY_KEYID_free(key);
}

static void add_common_name(X509_NAME *name, const char *common_name)
{
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                                (const unsigned char *)common_name, -1, -1, 0),
                     1);
}

void identity_make(struct identity *identity, const struct wanted *wanted)
{
    static long serial = 1;
    const struct identity *issuer = wanted->issuer ? wanted->issuer : identity;

    EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    identity->key = EVP_PKEY_new();
    identity->certificate = X509_new();
    assert_int_equal(EC_KEY_generate_key(key), 1);
    assert_int_equal(EVP_PKEY_assign_EC_KEY(identity->key, key), 1);
    X509 *certificate = identity->certificate;
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), wanted->not_before_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate), wanted->not_after_s);
    add_common_name(X509_get_subject_name(certificate), wanted->common_name);
    if (wanted->issuer_name)
        add_common_name(X509_get_issuer_name(certificate), wanted->issuer_name);
    else
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer->certificate));
    X509_set_pubkey(certificate, identity->key);
    if (wanted->is_authority) {
        add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
        add_extension(certificate, NID_key_usage, "critical,keyCertSign");
        add_extension(certificate, NID_subject_key_identifier, "hash");
    }
    if (!wanted->is_authority || wanted->usage)
        add_extension(certificate, NID_ext_key_usage, wanted->usage ? wanted->usage : "serverAuth");
    if (wanted->issuer_key)
        add_authority_key(certificate, wanted->issuer_key);
    if (wanted->names)
        add_extension(certificate, NID_subject_alt_name, wanted->names);
    assert_true(X509_sign(certificate, issuer->key, EVP_sha256()) > 0);
}

void identity_clear(struct identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    identity->certificate = NULL;
    identity->key = NULL;
}

void identity_write(const char *path, const struct identity *first, ...)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes;
    va_list more;
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    va_start(more, first);
    for (const struct identity *one = first; one; one = va_arg(more, const struct identity *))
        assert_int_equal(PEM_write_bio_X509(bio, one->certificate), 1);
    va_end(more);
    long n = BIO_get_mem_data(bio, &bytes);
    assert_int_equal(fwrite(bytes, 1, (size_t)n, file), n);
    assert_int_equal(fclose(file), 0);
    BIO_free(bio);
}

SSL_CTX *identity_serve(const struct identity *leaf, const struct identity *intermediate)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    assert_non_null(context);
    assert_int_equal(SSL_CTX_use_certificate(context, leaf->certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(context, leaf->key), 1);
    if (intermediate)
        assert_int_equal(SSL_CTX_add1_chain_cert(context, intermediate->certificate), 1);
    return context;
}
