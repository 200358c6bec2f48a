/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates are read into OpenSSL's stores here and nowhere else. The system's bundle, and then
 * the directories that Go reads besides, are opened only when the roots before did not do.
 */
#include "net/trust.h"

#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/output.h"
#include "base/text.h"

enum { MAX_CERTIFICATES = 4096, MAX_BELIEVED = 4 };

struct believed {
    char host[HOST_SIZE];
    struct buffer chain;
    int64_t unix_ms;
    struct tls_session session;
};

struct trust {
    X509_STORE *first;
    enum trust_by first_by;
    char root[PATH_SIZE];
    char ssl_cert_file[PATH_SIZE]; /* empty: trust_bundle_paths */
    char ssl_cert_dir[PATH_SIZE];  /* empty: directories */
    char sdk_bundle[PATH_SIZE];
    const X509 *found; /* that the bundle has */
    X509_STORE *system[N_TRUST_SYSTEM];
    bool is_read[N_TRUST_SYSTEM];
    struct believed believed[MAX_BELIEVED]; /* the oldest is forgotten */
    int n_believed;                         /* so far */
};

/* https://go.dev/src/crypto/x509/root_linux.go */
const char *const trust_bundle_paths[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* Amazon Linux, Fedora, RHEL */
    "/etc/ssl/ca-bundle.pem",                            /* SUSE */
    "/etc/pki/tls/cacert.pem",                           /* OpenELEC */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* CentOS, RHEL 7 */
    "/etc/ssl/cert.pem",                                 /* Alpine */
    NULL,
};

static const char *const directories[] = {"/etc/ssl/certs", "/etc/pki/tls/certs"};

static const char *line_end(const char *at)
{
    at += strspn(at, " \t\r");
    return *at == '\n' || !*at ? at : NULL;
}

/* The next block of this type as Go reads it (encoding/pem, Decode): BEGIN at the start of a line, END too, and nothing but blanks
 * behind both. NULL: none is left. `bytes`: what it holds without blanks. */
static const char *next_block(const char *at, const char *text, char *bytes, size_t *n_bytes)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----",
                      end[] = "\n-----END CERTIFICATE-----";

    while ((at = strstr(at, begin))) {
        bool starts_line = at == text || at[-1] == '\n';
        at += strlen(begin);
        const char *from = line_end(at), *last = from ? strstr(from, end) : NULL;
        const char *begins = from ? strstr(from, "\n-----BEGIN ") : NULL;
        if (!starts_line || !last || !line_end(last + strlen(end)) || (begins && begins < last))
            continue;
        *n_bytes = 0;
        for (; from < last; from++)
            if (!strchr(" \t\r\n", *from))
                bytes[(*n_bytes)++] = *from;
        return last + 1;
    }
    return NULL;
}

/* Adds every certificate of a PEM text. Returns how many; those that do not parse are counted in
 * n_bad and passed over, as Go does. */
static int add_certificates(X509_STORE *store, const char *pem, size_t n_bytes, int *n_bad)
{
    char *bytes = malloc(n_bytes + 1);
    const char *at = pem;
    size_t n_block;
    int n = 0;

    *n_bad = 0;
    while (n + *n_bad < MAX_CERTIFICATES && (at = next_block(at, pem, bytes, &n_block))) {
        const unsigned char *der = (const unsigned char *)bytes;
        int n_der = EVP_DecodeBlock((unsigned char *)bytes, (const unsigned char *)bytes,
                                    n_block < INT_MAX ? (int)n_block : 0);
        X509 *certificate = n_der > 0 ? d2i_X509(NULL, &der, n_der) : NULL;

        if (certificate)
            n += X509_STORE_add_cert(store, certificate) == 1;
        else
            ++*n_bad;
        X509_free(certificate);
    }
    free(bytes);
    ERR_clear_error();
    return n;
}

int trust_count_amazons(const char *pem)
{
    char *bytes = malloc(strlen(pem) + 1), *wanted = malloc(strlen(amazon_roots_pem) + 1);
    size_t n_bytes, n_wanted;
    int n = 0;

    for (const char *of = amazon_roots_pem;
         (of = next_block(of, amazon_roots_pem, wanted, &n_wanted));)
        for (const char *at = pem; (at = next_block(at, pem, bytes, &n_bytes));)
            if (n_bytes == n_wanted && memcmp(bytes, wanted, n_bytes) == 0) {
                n++;
                break;
            }
    free(wanted);
    free(bytes);
    return n;
}

/* As Go finds an issuer (crypto/x509, findPotentialParents): by the name, byte by byte, and by its signature. OpenSSL takes a name
 * that is spelled otherwise, and none whose key has another identifier, as after an authority's renewal. */
static int is_issuer(X509_STORE_CTX *verification, X509 *certificate, X509 *issuer)
{
    const unsigned char *name, *wanted;
    size_t n_name, n_wanted;

    (void)verification;
    if (X509_NAME_get0_der(X509_get_subject_name(issuer), &name, &n_name) != 1 ||
        X509_NAME_get0_der(X509_get_issuer_name(certificate), &wanted, &n_wanted) != 1 ||
        n_name != n_wanted || memcmp(name, wanted, n_name) != 0)
        return 0;
    int error = X509_check_issued(issuer, certificate);
    return error == X509_V_OK || ((error == X509_V_ERR_AKID_SKID_MISMATCH ||
                                   error == X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH) &&
                                  X509_verify(certificate, X509_get0_pubkey(issuer)) == 1);
}

static X509_STORE *store_new(void)
{
    X509_STORE *store = X509_STORE_new();

    /* As for Go, whatever is listed is trusted, be it self-signed or not. */
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    X509_STORE_set_check_issued(store, is_issuer);
    return store;
}

/* Adds the certificates of a file. Returns how many, 0 also when it cannot be read. */
static int add_file(X509_STORE *store, const char *root, const char *path, char *error,
                    size_t error_size)
{
    LOCAL_BUFFER contents = {.max_bytes = FILE_MAX_BYTES};
    int n = 0;
    int n_bad = 0;

    int os_error = file_read(root, path, &contents);
    if (os_error != 0)
        (void)text_set(error, error_size, "%s%s: %s", root, path, strerror(os_error));
    else if (contents.used > 0)
        n = add_certificates(store, contents.bytes, contents.used, &n_bad);
    if (os_error == 0 && n == 0)
        (void)text_set(error, error_size, "%s%s: no certificate that can be read", root, path);
    else if (n_bad > 0)
        (void)text_set(error, error_size, "%s%s: %d certificates cannot be read", root, path,
                       n_bad);
    return n;
}

/* --- the system's roots --- */

/* The first file that is there and no folder, if it is only to be opened: what it holds is another matter. "": none. */
static const char *bundle_path(const char *root, const char *ssl_cert_file)
{
    struct stat status;

    if (ssl_cert_file[0])
        return ssl_cert_file;
    for (size_t i = 0; trust_bundle_paths[i]; i++)
        if (file_look(root, trust_bundle_paths[i], true, &status) && !S_ISDIR(status.st_mode))
            return trust_bundle_paths[i];
    return "";
}

static void read_bundle(struct trust *trust, const char *path, X509_STORE *store)
{
    char error[DETAIL_SIZE];

    if (path[0])
        (void)add_file(store, trust->root, path, error, sizeof(error));
}

/* One directory after the other: SSL_CERT_DIR separates them by colons. False at the end. */
static bool next_directory(const char *ssl_cert_dir, size_t *at, char directory[PATH_SIZE])
{
    if (!ssl_cert_dir[0])
        return *at < COUNT_OF(directories) &&
               text_set(directory, PATH_SIZE, "%s", directories[(*at)++]);
    if (*at > strlen(ssl_cert_dir))
        return false;
    size_t n = strcspn(ssl_cert_dir + *at, ":");
    (void)text_set(directory, PATH_SIZE, "%.*s", (int)n, ssl_cert_dir + *at);
    *at += n + 1;
    return true;
}

/* Whether a line of the file begins so. A bundle of 220 KB is read piece by piece, and not beyond what is looked for. */
static bool file_has(const char *root, const char *path, const char *bytes, size_t n)
{
    char window[16 * 1024] = "\n"; /* before the first line too */
    size_t kept = 1;
    LOCAL_FD fd = file_open(root, path);
    bool found = false;

    for (ssize_t n_read = 1; fd >= 0 && n < sizeof(window) / 2 && !found && n_read > 0;) {
        n_read = read(fd, window + kept, sizeof(window) - kept);
        size_t used = kept + (n_read > 0 ? (size_t)n_read : 0);
        found = memmem(window, used, bytes, n);
        kept = used < n ? used : n;
        memmove(window, window + used - kept, kept);
        if (n_read < 0)
            (void)file_note_trouble(path, errno);
    }
    return found;
}

bool trust_file_has_certificate(const char *root, const char *path)
{
    static const char begin[] = "\n-----BEGIN CERTIFICATE-----";

    return file_has(root, path, begin, strlen(begin));
}

static void read_directories(struct trust *trust, X509_STORE *store)
{
    char folder[PATH_SIZE], path[PATH_SIZE], error[DETAIL_SIZE];

    for (size_t at = 0; next_directory(trust->ssl_cert_dir, &at, folder);) {
        LOCAL_NAMES files = file_list(trust->root, folder, "");
        for (size_t i = 0; i < files.n; i++)
            if (text_set(path, sizeof(path), "%s/%s", folder, files.names[i]))
                (void)add_file(store, trust->root, path, error, sizeof(error));
    }
}

void trust_find_bundle(const char *root, const char *ssl_cert_file, const char *ssl_cert_dir,
                       char path[PATH_SIZE])
{
    char file[PATH_SIZE];

    (void)text_set(path, PATH_SIZE, "%s", bundle_path(root, ssl_cert_file));
    if (path[0] && trust_file_has_certificate(root, path))
        return;
    for (size_t at = 0; next_directory(ssl_cert_dir, &at, path);) {
        LOCAL_NAMES files = file_list(root, path, "");
        for (size_t i = 0; i < files.n; i++)
            if (text_set(file, sizeof(file), "%s/%s", path, files.names[i]) &&
                trust_file_has_certificate(root, file))
                return;
    }
    path[0] = '\0';
}

/* Bundles are PEM with lines of 64 letters, as OpenSSL writes it. */
bool trust_bundle_has(struct trust *trust, X509 *certificate)
{
    if (certificate == trust->found)
        return true;
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    const char *path = bundle_path(trust->root, trust->ssl_cert_file);
    if (path[0] && BIO_write(bio, "\n", 1) == 1 && PEM_write_bio_X509(bio, certificate) == 1) {
        long n = BIO_get_mem_data(bio, &pem);
        if (file_has(trust->root, path, pem, (size_t)n))
            trust->found = certificate;
    }
    BIO_free(bio);
    return certificate == trust->found;
}

X509_STORE *trust_system(struct trust *trust, enum trust_system which)
{
    if (which == TRUST_SDK_BUNDLE && !trust->sdk_bundle[0])
        return NULL;
    if (!trust->is_read[which]) {
        trust->is_read[which] = true;
        trust->system[which] = store_new();
        log_verbose("tls: reading the system's certificates");
        if (which == TRUST_SYSTEM_DIRECTORIES)
            read_directories(trust, trust->system[which]);
        else
            read_bundle(trust,
                        which == TRUST_SDK_BUNDLE ? trust->sdk_bundle
                                                  : bundle_path(trust->root, trust->ssl_cert_file),
                        trust->system[which]);
    }
    return trust->system[which];
}

X509_STORE *trust_first(const struct trust *trust, enum trust_by *by)
{
    *by = trust->first_by;
    return trust->first;
}

/* --- what was believed --- */

const struct tls_session *trust_recall(const struct trust *trust, const char *host,
                                       const struct buffer *chain, int64_t now_unix_ms)
{
    for (int i = 0; i < MAX_BELIEVED && chain->used > 0 && !chain->failed; i++) {
        const struct believed *believed = &trust->believed[i];
        if (now_unix_ms >= believed->unix_ms &&
            now_unix_ms - believed->unix_ms < TRUST_RECALLED_MS &&
            believed->chain.used == chain->used && strcmp(believed->host, host) == 0 &&
            memcmp(believed->chain.bytes, chain->bytes, chain->used) == 0)
            return &believed->session;
    }
    return NULL;
}

void trust_remember(struct trust *trust, const char *host, struct buffer *chain,
                    int64_t now_unix_ms, const struct tls_session *session)
{
    struct believed *believed = &trust->believed[trust->n_believed++ % MAX_BELIEVED];

    buffer_clear(&believed->chain);
    (void)text_set(believed->host, sizeof(believed->host), "%s", host);
    believed->chain = *chain;
    believed->unix_ms = now_unix_ms;
    believed->session = *session;
}

/* --- making one --- */

static bool read_first(struct trust *trust, const char *ca_file, char *error, size_t error_size)
{
    int n_bad = 0;

    trust->first = store_new();
    if (ca_file[0]) {
        trust->first_by = TRUST_BY_CA_FILE;
        error[0] = '\0';
        return add_file(trust->first, "", ca_file, error, error_size) > 0 && !error[0];
    }
    trust->first_by = TRUST_BY_AMAZON;
    if (add_certificates(trust->first, amazon_roots_pem, strlen(amazon_roots_pem), &n_bad) == 0 ||
        n_bad > 0) {
        (void)text_set(error, error_size, "%s", "the built-in roots do not parse");
        return false;
    }
    return true;
}

struct trust *trust_new(const char *ca_file, const char *root, char *error, size_t error_size)
{
    struct trust *trust = calloc(1, sizeof(*trust));

    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT,
                              NULL); /* the process ends: nothing to tidy up */
    (void)text_set(trust->root, sizeof(trust->root), "%s", root);
    if (read_first(trust, ca_file, error, error_size))
        return trust;
    trust_free(trust);
    return NULL;
}

static void forget_system(struct trust *trust)
{
    trust->found = NULL;
    for (size_t i = 0; i < MAX_BELIEVED; i++)
        buffer_clear(&trust->believed[i].chain);
    for (size_t i = 0; i < N_TRUST_SYSTEM; i++) {
        X509_STORE_free(trust->system[i]);
        trust->system[i] = NULL;
        trust->is_read[i] = false;
    }
}

void trust_use_bundle(struct trust *trust, const char *ssl_cert_file, const char *ssl_cert_dir,
                      const char *sdk_bundle)
{
    forget_system(trust);
    (void)text_set(trust->ssl_cert_file, PATH_SIZE, "%s", ssl_cert_file);
    (void)text_set(trust->ssl_cert_dir, PATH_SIZE, "%s", ssl_cert_dir);
    (void)text_set(trust->sdk_bundle, PATH_SIZE, "%s", sdk_bundle);
}

void trust_free(struct trust *trust)
{
    if (!trust)
        return;
    X509_STORE_free(trust->first);
    forget_system(trust);
    free(trust);
}
