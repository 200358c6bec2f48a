/* SPDX-License-Identifier: Apache-2.0
 *
 * c-ares' own parser, by the two functions that every release from 1.18 on has; it counts only
 * records whose owner is the name that was asked or the end of the CNAME chain so far.
 */
#include "net/dns_answer.h"

#include <ares.h>
#include <arpa/inet.h>
#include <limits.h>
#include <netdb.h>
#include <string.h>

#include "base/text.h"

enum { HEADER_BYTES = 12 };
enum { RCODE_NOERROR = 0, RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3, RCODE_REFUSED = 5 };

/* The addresses and the smallest TTL of one family, in one form. */
struct records {
    struct hostent *host; /* NULL when there is none */
    int n;
    struct ares_addrttl ipv4[MAX_ADDRESSES];
    struct ares_addr6ttl ipv6[MAX_ADDRESSES];
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* c-ares 1.28; 1.18 has no others */
static int parse(const unsigned char *bytes, int n, enum family family, struct records *records)
{
    records->n = MAX_ADDRESSES;
    if (family == FAMILY_IPV4) {
        return ares_parse_a_reply(bytes, n, &records->host, records->ipv4, &records->n);
    }
    return ares_parse_aaaa_reply(bytes, n, &records->host, records->ipv6, &records->n);
}
#pragma GCC diagnostic pop

static void keep_addresses(const struct records *records, struct dns_answer *answer)
{
    answer->ttl_s = UINT32_MAX;
    for (int i = 0; i < records->n && i < MAX_ADDRESSES; i++) {
        bool ipv4 = answer->family == FAMILY_IPV4;
        int ttl = ipv4 ? records->ipv4[i].ttl : records->ipv6[i].ttl;
        const void *address = ipv4 ? (const void *)&records->ipv4[i].ipaddr
                                   : (const void *)&records->ipv6[i].ip6addr;

        if (inet_ntop(ipv4 ? AF_INET : AF_INET6, address, answer->addresses[answer->n_addresses],
                      ADDRESS_SIZE) == NULL) {
            continue;
        }
        answer->n_addresses++;
        /* RFC 2181 section 8: a TTL with the highest bit set is zero. */
        uint32_t ttl_s = ttl < 0 ? 0 : (uint32_t)ttl;
        if (ttl_s < answer->ttl_s) {
            answer->ttl_s = ttl_s;
        }
    }
    if (answer->n_addresses == 0) {
        answer->ttl_s = 0;
    }
}

static enum failure rcode_failure(int32_t rcode, char *detail)
{
    switch (rcode) {
    case RCODE_NXDOMAIN:
        return FAILURE_NXDOMAIN;
    case RCODE_SERVFAIL:
        return FAILURE_SERVFAIL;
    case RCODE_REFUSED:
        return FAILURE_DNS_REFUSED;
    default:
        text_set(detail, DETAIL_SIZE, "the server answered with rcode %d", (int)rcode);
        return FAILURE_DNS_MALFORMED;
    }
}

enum failure dns_answer_read(const unsigned char *bytes, size_t n, struct dns_answer *answer,
                             char *detail)
{
    struct records records = {.host = NULL};

    if (n < HEADER_BYTES || n > INT_MAX) {
        text_set(detail, DETAIL_SIZE, "an answer of %zu bytes", n);
        return FAILURE_DNS_MALFORMED;
    }
    answer->rcode = bytes[3] & 0x0f;
    bool has_answers = bytes[6] != 0 || bytes[7] != 0;
    int status = parse(bytes, (int)n, answer->family, &records);

    if (records.host != NULL) {
        if (records.host->h_aliases != NULL && records.host->h_aliases[0] != NULL &&
            records.host->h_name != NULL) {
            text_escape(answer->cname, sizeof(answer->cname), records.host->h_name,
                        strlen(records.host->h_name));
        }
        ares_free_hostent(records.host);
    }
    if (answer->rcode != RCODE_NOERROR) {
        return rcode_failure(answer->rcode, detail);
    }
    if (status != ARES_SUCCESS && status != ARES_ENODATA) {
        text_set(detail, DETAIL_SIZE, "%s", ares_strerror(status));
        return FAILURE_DNS_MALFORMED;
    }
    keep_addresses(&records, answer);
    if (answer->n_addresses > 0) {
        return FAILURE_NONE;
    }
    if (has_answers && answer->cname[0] == '\0') {
        text_set(detail, DETAIL_SIZE, "%s", "only records of other names or types");
        return FAILURE_DNS_MALFORMED;
    }
    return FAILURE_NODATA;
}
