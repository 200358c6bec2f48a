/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates made on the spot, good and bad, and the server side of TLS for net_peer.
 */
#ifndef TESTS_NET_CERTIFICATES_H
#define TESTS_NET_CERTIFICATES_H

#include <openssl/types.h>
#include <stdbool.h>

struct identity {
    X509 *certificate;
    EVP_PKEY *key;
};

struct wanted {
    const char *common_name;
    const char *names; /* subject alternative names, "DNS:a.test,IP:127.0.0.1"; or NULL */
    const struct identity *issuer; /* NULL: signs itself */
    bool is_authority;
    long not_before_s; /* from now */
    long not_after_s;
    const char *usage;       /* extended; NULL: serverAuth for a leaf, none for an authority */
    const char *issuer_name; /* a spelling of the issuer's, NULL: its own */
    const char *issuer_key; /* the identifier of another key of the issuer's, NULL: none is named */
};

void identity_make(struct identity *identity, const struct wanted *wanted);
void identity_clear(struct identity *identity);

/* Writes the certificates as PEM, one file; ends with NULL. */
void identity_write(const char *path, const struct identity *first, ...);

/* A server that shows the chain and holds the first one's key. The caller owns it. */
SSL_CTX *identity_serve(const struct identity *leaf, const struct identity *intermediate);

#endif
