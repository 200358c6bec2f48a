/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom TLS believes, in two steps: first Amazon's few public roots (or those of --ca-file in their
 * place); only when these do not verify a chain is the system's bundle read, which costs tens of
 * milliseconds: "verifies only there" is itself a diagnosis (something opens TLS on the way).
 */
#ifndef NET_TRUST_H
#define NET_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "model/wire.h"

struct x509_st;
struct x509_store_st;
struct trust;

/* `ca_file`: PEM; "": Amazon's public roots, built in. `root`: the prefix of the system's paths. NULL on failure; `error`
 * then says why, naming the file. */
struct trust *trust_new(const char *ca_file, const char *root, char *error, size_t error_size);
void trust_free(struct trust *trust);

/* The agent's SSL_CERT_FILE and SSL_CERT_DIR, in place of the usual files and directories unless they are empty, and its
 * AWS_CA_BUNDLE, once its unit was read: before the first handshake of a round. What was read of the system's roots in an earlier
 * round is read again. */
void trust_use_bundle(struct trust *trust, const char *ssl_cert_file, const char *ssl_cert_dir,
                      const char *sdk_bundle);

/* The first of the agent's places that holds a certificate, be it trusted or not: a file, or else a
 * directory; empty: none. */
void trust_find_bundle(const char *root, const char *ssl_cert_file, const char *ssl_cert_dir,
                       char path[PATH_SIZE]);

/* For tls.c, the stores in the order in which they are tried. Owned by trust.
 * First: Amazon's roots, or those of the ca_file. The system's are read on the first call, which costs
 * tens of milliseconds: empty when the system has none. NULL: AWS_CA_BUNDLE names no bundle. */
enum trust_system {
    TRUST_SYSTEM_BUNDLE,
    TRUST_SYSTEM_DIRECTORIES,
    TRUST_SDK_BUNDLE,
    N_TRUST_SYSTEM
};
struct x509_store_st *trust_first(const struct trust *trust, enum trust_by *by);
struct x509_store_st *trust_system(struct trust *trust, enum trust_system which);

/* The system's bundle has this certificate, letter for letter: found without reading all the others. */
bool trust_bundle_has(struct trust *trust, struct x509_st *certificate);

/* What was believed of a chain is believed of the same bytes, for the same name, for ten seconds, and until trust_use_bundle(): whether
 * the peer has its key is asked anew of every one. `chain` has all certificates that the peer sent, as they came; it is owned by
 * trust afterwards. NULL: not known. */
enum { TRUST_RECALLED_MS = 10000 };
const struct tls_session *trust_recall(const struct trust *trust, const char *host,
                                       const struct buffer *chain, int64_t now_unix_ms);
void trust_remember(struct trust *trust, const char *host, struct buffer *chain,
                    int64_t now_unix_ms, const struct tls_session *session);

/* Whether a file below `root` has a certificate in PEM, whatever it is worth; false when it cannot be read. */
bool trust_file_has_certificate(const char *root, const char *path);

/* How many of Amazon's roots a text has, of which the certificates are found as Go finds them. */
int trust_count_amazons(const char *pem);

/* Amazon's public roots (https://www.amazontrust.com/repository/), taken from the distribution's
 * ca-certificates package when the program is built (build/gen/roots.c). */
extern const char amazon_roots_pem[];

/* The paths where the SSM agent (Go's crypto/x509) looks for a bundle, in its order, NULL-ended. */
extern const char *const trust_bundle_paths[];

#endif
