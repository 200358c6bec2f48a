/* SPDX-License-Identifier: Apache-2.0
 *
 * What one exchange on the wire showed: a DNS answer, a TLS session, the head of an HTTP answer.
 * Plain data without any noun of EC2, so net/ may fill it in directly and facts may keep it.
 * Every string is printable ASCII already (text_escape). Times are UTC seconds since 1970.
 */
#ifndef MODEL_WIRE_H
#define MODEL_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "model/failure.h"
#include "model/names.h"

/* The two halves of the ephemeral ports. A network ACL that knows of Windows only lets answers in to the
 * upper one: 49152 to 65535 (VPC User Guide, "Ephemeral ports"; Linux takes 32768 to 60999). */
enum { FIRST_HIGH_PORT = 49152 };

enum family { FAMILY_IPV4, FAMILY_IPV6 }; /* A and AAAA questions */

/* Why a resolver was asked. */
enum asked_as {
    ASKED_CONFIGURED, /* it is in resolv.conf: what the agent will use */
    ASKED_UPSTREAM,   /* behind the 127.0.0.53 stub */
    ASKED_AMAZON,     /* a second opinion from Amazon's resolver */
    ASKED_PLAIN,      /* a second opinion: the configured one, asked without EDNS0 (RFC 6891) */
};

/* RFC 1035 section 4.1.1. */
enum {
    RCODE_NOERROR = 0,
    RCODE_FORMERR = 1,
    RCODE_SERVFAIL = 2,
    RCODE_NXDOMAIN = 3,
    RCODE_NOTIMP = 4,
    RCODE_REFUSED = 5
};

struct dns_answer {
    char server[ADDRESS_SIZE];
    enum asked_as asked_as;
    enum family family;
    struct step step; /* failed also for NXDOMAIN and NODATA */
    bool unsent;      /* this machine's kernel did not take the question: the error is its own */
    int32_t rcode;    /* -1 when nothing came back */
    char cname[HOST_SIZE]; /* last name of the CNAME chain, empty without one */
    int32_t n_addresses;
    char addresses[MAX_ADDRESSES][ADDRESS_SIZE];
    int32_t n_more; /* addresses for which there was no room */
};

/* It says yes or no, in time: a resolver asks no other server then. */
bool dns_decides(const struct dns_answer *answer);

/* What the kernel's own tables say of the way to an address. */
enum route_kind {
    ROUTE_UNKNOWN, /* not asked, or no answer */
    ROUTE_FORWARD, /* there is one: what then fails at once is a firewall's doing */
    ROUTE_LOCAL,   /* this machine itself has the address */
    ROUTE_NONE,
    ROUTE_UNREACHABLE,
    ROUTE_PROHIBIT,
    ROUTE_BLACKHOLE,
    ROUTE_THROW,
};

struct route {
    char to[ADDRESS_SIZE];
    enum route_kind kind;
    char entry[ADDRESS_SIZE]; /* "169.254.169.254/32": what refuses, empty when not found */
    uint32_t table;           /* of the entry, or that the way is from; 254 is main */
    bool by_rule;             /* a rule of policy routing refuses, or leads to the table */
    uint32_t priority;        /* ... of this priority */
    char via[ADDRESS_SIZE];   /* the next hop, empty on the link itself */
    char interface[NAME_SIZE];
    char source[ADDRESS_SIZE]; /* the address that the packets get */
};

/* Which roots verified the chain: TRUST_BY_SYSTEM is the agent's, TRUST_BY_SDK what AWS_CA_BUNDLE names in its environment. */
enum trust_by { TRUST_BY_NONE, TRUST_BY_AMAZON, TRUST_BY_CA_FILE, TRUST_BY_SYSTEM, TRUST_BY_SDK };

extern const struct names family_names;
extern const struct names asked_as_names;
extern const struct names route_kind_names;
extern const struct names trust_by_names;

struct tls_session {
    char version[NAME_SIZE]; /* "TLSv1.3" */
    enum trust_by trust_by;
    enum trust_by distrusted_by; /* it verified, and by these roots of the SSM agent it does not */
    bool name_matches;
    char subject[HOST_SIZE]; /* of the peer's certificate, one line */
    char issuer[HOST_SIZE];
    char names[HOST_SIZE]; /* subject alternative names, comma separated, cut */
    int64_t not_before_unix_s;
    int64_t not_after_unix_s;
    char verify[DETAIL_SIZE]; /* what the library said of the chain, empty when it verified */
};

/* By the name in a certificate alone: Amazon Trust Services, or the Starfield roots that it owns. Whoever
 * is trusted to issue can forge it, so it excuses a root that is newer than this program, no more. */
bool tls_name_is_amazons(const char *name);
bool tls_session_is_amazons(const struct tls_session *session); /* by its issuer */

/* The chain is not Amazon's: it was made on the way, where whatever is sent can be read and changed. Intercepted: and nobody said with
 * --ca-file that it is meant. */
bool tls_session_is_opened(const struct tls_session *session);
bool tls_session_is_intercepted(const struct tls_session *session);

struct http_head {
    int32_t status; /* 0: none came */
    char server[NAME_SIZE];
    char content_type[NAME_SIZE];
    char request_id[NAME_SIZE]; /* x-amzn-RequestId or x-amz-request-id */
    char error_type[NAME_SIZE]; /* x-amzn-ErrorType, cut at ':' */
    char via[NAME_SIZE];
    bool has_date;
    int64_t clock_offset_ms; /* Date minus the local clock when the head arrived: > 0 is behind */
};

#endif
