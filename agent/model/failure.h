/* SPDX-License-Identifier: Apache-2.0
 *
 * How one step ended, in our own vocabulary. Codes of libraries are mapped to it in net/, error
 * bodies of services in observe/, so recorded runs survive library upgrades.
 */
#ifndef MODEL_FAILURE_H
#define MODEL_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "model/names.h"

/* Zero means "not known yet", and never "failed". */
enum outcome { OUTCOME_UNTRIED, OUTCOME_OK, OUTCOME_FAILED, OUTCOME_SKIPPED };

enum failure {
    FAILURE_NONE,

    /* connecting */
    FAILURE_TIMEOUT,          /* no answer within the limit */
    FAILURE_REFUSED,          /* ECONNREFUSED */
    FAILURE_RESET,            /* ECONNRESET, EPIPE */
    FAILURE_CLOSED,           /* the peer closed before it answered */
    FAILURE_NO_ROUTE,         /* ENETUNREACH, EADDRNOTAVAIL */
    FAILURE_HOST_UNREACHABLE, /* EHOSTUNREACH: at once is local, after 3 s is the link layer */
    FAILURE_PROHIBITED,       /* EACCES: a prohibit route */
    FAILURE_NOT_PERMITTED,    /* EPERM: a local firewall */
    FAILURE_NOT_SENT,   /* connect() is silent, and no packet leaves: a local rule drops them */
    FAILURE_BLACKHOLE,  /* EINVAL: a blackhole route */
    FAILURE_SOME_PORTS, /* connects, but not from half of the source ports */
    FAILURE_LOCAL,      /* another local error; the step's detail names it */

    /* names */
    FAILURE_NO_RESOLVER,   /* no nameserver is configured */
    FAILURE_NXDOMAIN,      /* rcode 3, RFC 1035 section 4.1.1 */
    FAILURE_NODATA,        /* rcode 0 without a record of the type */
    FAILURE_SERVFAIL,      /* rcode 2 */
    FAILURE_DNS_REFUSED,   /* rcode 5 */
    FAILURE_DNS_MALFORMED, /* an answer that does not parse, or another rcode */
    FAILURE_PUBLIC,        /* the name has an address outside every private range */
    FAILURE_OTHER_FAMILY,  /* it has addresses, of no family that this machine can use */
    FAILURE_SLOW,          /* answered, but as late as the agent hardly waits, or does not */

    /* TLS */
    FAILURE_UNTRUSTED,   /* the chain ends in no root that is trusted here */
    FAILURE_INTERCEPTED, /* trusted by the system's CA bundle, but by no Amazon root */
    FAILURE_CERTIFICATE_EXPIRED,
    FAILURE_CERTIFICATE_NOT_YET_VALID,
    FAILURE_WRONG_NAME,  /* the certificate is for other names */
    FAILURE_TLS_VERSION, /* no common protocol version */
    FAILURE_TLS_ALERT,   /* the peer sent another fatal alert */
    FAILURE_NOT_TLS,     /* what answers does not speak TLS */

    /* HTTP */
    FAILURE_BAD_REQUEST,  /* 400 that nothing explains */
    FAILURE_UNAUTHORIZED, /* 401 */
    FAILURE_FORBIDDEN,    /* 403 */
    FAILURE_NOT_FOUND,    /* 404 */
    FAILURE_REDIRECTED,   /* 3xx: never followed */
    FAILURE_THROTTLED,    /* 429, 503 of IMDS, a throttling error code */
    FAILURE_SERVER_ERROR, /* 5xx */
    FAILURE_HTTP_STATUS,  /* another status that is no answer to what was asked */
    FAILURE_PROXY,        /* a proxy's own answer */
    FAILURE_NOT_AWS,      /* an answer without the marks of an AWS front end */
    FAILURE_MALFORMED,    /* not what the protocol says */
    FAILURE_TOO_LARGE,    /* over the cap */
    FAILURE_TRUNCATED,    /* shorter than announced */

    /* the role, credentials and permissions */
    FAILURE_NO_ROLE,       /* no instance profile is attached */
    FAILURE_PROFILE_EMPTY, /* an instance profile without a role */
    FAILURE_NOT_ASSUMABLE, /* a Code other than Success */
    FAILURE_CREDENTIALS_EXPIRED,
    FAILURE_CREDENTIALS_REJECTED, /* UnrecognizedClientException and its like */
    FAILURE_DENIED,               /* not authorized to perform the action */
    FAILURE_SIGNATURE,            /* the signature does not match */
    FAILURE_SKEWED,               /* the signature's or the clock's time is off by too much */

    /* the machine */
    FAILURE_NOT_EC2,
    FAILURE_ABSENT, /* a file, package or unit that is not there */
    FAILURE_DISABLED,
    FAILURE_MASKED,
    FAILURE_TOO_OLD,
    FAILURE_REGISTERED_ELSEWHERE, /* the agent's state is another machine's */
    FAILURE_NOT_CONNECTED,        /* the agent runs without a connection to its service */
    FAILURE_INVALID,     /* a configuration that does not parse or contradicts the instance */
    FAILURE_INCOMPLETE,  /* an installation without some of its parts */
    FAILURE_ENVIRONMENT, /* a variable that keeps the agent down */
    FAILURE_IMDS_PROXY,  /* the metadata service is asked for through a proxy */
    FAILURE_READ_ONLY,
    FAILURE_FULL,      /* no blocks left */
    FAILURE_NO_INODES, /* no inodes left */
    FAILURE_NO_EXEC,
    FAILURE_EXHAUSTED, /* a limit of the kernel is used up */
    FAILURE_ENDED,     /* a program that should run does not */

    /* the program */
    FAILURE_BELOW,         /* the rung below did not hold */
    FAILURE_NOT_WANTED,    /* configuration says not to */
    FAILURE_NOT_IN_REGION, /* the service has no endpoint in this region */
    FAILURE_STOPPED,       /* the deadline or a signal came first */
    FAILURE_INTERNAL,      /* this program's own trouble: no descriptors, no memory */
    FAILURE_UNKNOWN,       /* in a report: one that only a newer program has a name for */
    N_FAILURES
};

/* One attempt at one thing. */
struct step {
    enum outcome outcome;
    enum failure failure;     /* FAILURE_NONE unless failed or skipped */
    int32_t os_error;         /* errno behind it, or 0 */
    int32_t took_ms;          /* rounded up for what was tried: 0 only for what was not */
    char detail[DETAIL_SIZE]; /* what was observed, printable ASCII; may be empty */
};

extern const struct names outcome_names;
extern const struct names failure_names;

/* Its stable name, as in reports ("timeout", "nxdomain"); NULL when out of range. */
const char *failure_name(enum failure failure);

/* A few plain words for a person ("no answer", "connection refused"). */
const char *failure_words(enum failure failure);

void step_ok(struct step *step, int32_t took_ms);
void step_fail(struct step *step, enum failure failure, int32_t took_ms);
void step_skip(struct step *step, enum failure why);

#endif
