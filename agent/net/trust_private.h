/* SPDX-License-Identifier: Apache-2.0
 *
 * What trust.c shows to tls.c: its stores, in the order in which they are tried.
 */
#ifndef NET_TRUST_PRIVATE_H
#define NET_TRUST_PRIVATE_H

#include <openssl/types.h>

#include "model/wire.h"
#include "net/trust.h"

enum trust_system { TRUST_SYSTEM_BUNDLE, TRUST_SYSTEM_DIRECTORIES, N_TRUST_SYSTEM };

/* Amazon's roots, or those of the ca_file. Owned by trust. */
X509_STORE *trust_first(const struct trust *trust, enum trust_by *by);

/* Read on the first call, which costs tens of milliseconds. NULL when out of memory; empty when
 * the system has none. Owned by trust. */
X509_STORE *trust_system(struct trust *trust, enum trust_system which);

#endif
