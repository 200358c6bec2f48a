/* SPDX-License-Identifier: Apache-2.0
 *
 * What a raw DNS answer says (RFC 1035 section 4): pure, for bytes that anybody may have sent.
 */
#ifndef NET_DNS_ANSWER_H
#define NET_DNS_ANSWER_H

#include <stddef.h>

#include "model/wire.h"

/* Sets rcode, ttl_s, cname and the addresses of answer->family. Returns FAILURE_NONE when there is
 * an address, else what is wrong; detail (DETAIL_SIZE) then may say more. */
enum failure dns_answer_read(const unsigned char *bytes, size_t n, struct dns_answer *answer,
                             char *detail);

#endif
