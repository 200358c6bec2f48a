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

/* A row each: its stable name in reports, and a few plain words for a person. */
/* clang-format off */
#define FAILURES(ROW) \
    ROW(NONE, "none", "no failure") \
    /* connecting */ \
    ROW(TIMEOUT, "timeout", "no answer") \
    ROW(REFUSED, "refused", "connection refused") /* ECONNREFUSED */ \
    ROW(RESET, "reset", "connection reset") /* ECONNRESET, EPIPE */ \
    ROW(CLOSED, "closed", "closed before an answer") \
    ROW(NO_ROUTE, "no-route", "no route") /* ENETUNREACH, EADDRNOTAVAIL */ \
    ROW(HOST_UNREACHABLE, "host-unreachable", "host unreachable") /* EHOSTUNREACH: at once local, after 3 s the link layer */ \
    ROW(PROHIBITED, "prohibited", "prohibited by a local route") /* EACCES */ \
    ROW(NOT_PERMITTED, "not-permitted", "not permitted by a local firewall") /* EPERM */ \
    ROW(NOT_SENT, "not-sent", "dropped on this machine") /* connect() is silent, and no packet leaves */ \
    ROW(BLACKHOLE, "blackhole", "a local blackhole route") /* EINVAL */ \
    ROW(NO_PORT, "no-port", "no local port left") /* EADDRNOTAVAIL, and bind() has none either */ \
    ROW(SOME_PORTS, "some-ports", "silent from half of the source ports") /* but it connects */ \
    ROW(LOCAL, "local", "local error") /* the step's detail names it */ \
    /* names */ \
    ROW(NO_RESOLVER, "no-resolver", "no nameserver configured") \
    ROW(NXDOMAIN, "nxdomain", "name does not exist") /* rcode 3, RFC 1035 section 4.1.1 */ \
    ROW(NODATA, "nodata", "name has no address") /* rcode 0 without a record of the type */ \
    ROW(SERVFAIL, "servfail", "nameserver failed") /* rcode 2 */ \
    ROW(DNS_REFUSED, "dns-refused", "nameserver refused") /* rcode 5 */ \
    ROW(DNS_MALFORMED, "dns-malformed", "malformed DNS answer") /* or another rcode */ \
    ROW(PUBLIC, "public", "public address") \
    ROW(OTHER_FAMILY, "other-family", "no address of a usable family") \
    ROW(SLOW, "slow", "answered late") /* as late as the agent hardly waits, or does not */ \
    /* TLS */ \
    ROW(UNTRUSTED, "untrusted", "certificate not trusted") /* by no root that is trusted here */ \
    ROW(INTERCEPTED, "intercepted", "TLS intercepted") /* trusted by the system's bundle, not by Amazon's roots */ \
    ROW(CERTIFICATE_EXPIRED, "certificate-expired", "certificate expired") \
    ROW(CERTIFICATE_NOT_YET_VALID, "certificate-not-yet-valid", "certificate not yet valid") \
    ROW(WRONG_NAME, "wrong-name", "certificate for another name") \
    ROW(TLS_VERSION, "tls-version", "no common TLS version") \
    ROW(TLS_ALERT, "tls-alert", "TLS handshake refused") \
    ROW(NOT_TLS, "not-tls", "does not speak TLS") \
    /* HTTP */ \
    ROW(BAD_REQUEST, "bad-request", "bad request") /* 400 that nothing explains */ \
    ROW(UNAUTHORIZED, "unauthorized", "unauthorized") /* 401 */ \
    ROW(FORBIDDEN, "forbidden", "forbidden") /* 403 */ \
    ROW(NOT_FOUND, "not-found", "not found") /* 404 */ \
    ROW(REDIRECTED, "redirected", "redirected") /* 3xx: never followed */ \
    ROW(THROTTLED, "throttled", "throttled") /* 429, 503 of IMDS, a throttling error code */ \
    ROW(SERVER_ERROR, "server-error", "server error") /* 5xx */ \
    ROW(HTTP_STATUS, "http-status", "unexpected HTTP status") /* no answer to what was asked */ \
    ROW(PROXY, "proxy", "a proxy answered") \
    ROW(PROXY_LOGIN, "proxy-login", "a proxy wants a login") \
    ROW(NOT_AWS, "not-aws", "no AWS service answered") /* an answer without the marks of an AWS front end */ \
    ROW(NO_WEBSOCKET, "no-websocket", "WebSocket refused on the way") /* while other requests pass */ \
    ROW(MALFORMED, "malformed", "malformed answer") \
    ROW(TOO_LARGE, "too-large", "answer too large") /* over the cap */ \
    ROW(TRUNCATED, "truncated", "answer cut short") \
    /* the role, credentials and permissions */ \
    ROW(NO_ROLE, "no-role", "no role attached") \
    ROW(PROFILE_EMPTY, "profile-empty", "instance profile without a role") \
    ROW(NOT_ASSUMABLE, "not-assumable", "role cannot be assumed") /* a Code other than Success */ \
    ROW(CREDENTIALS_EXPIRED, "credentials-expired", "credentials expired") \
    ROW(CREDENTIALS_REJECTED, "credentials-rejected", "credentials rejected") /* UnrecognizedClientException and its like */ \
    ROW(DENIED, "denied", "access denied") /* not authorized to perform the action */ \
    ROW(SIGNATURE, "signature", "signature rejected") \
    ROW(SKEWED, "skewed", "clock is off") /* the signature's time, or the clock's */ \
    /* the machine */ \
    ROW(NOT_EC2, "not-ec2", "not an EC2 instance") \
    ROW(ABSENT, "absent", "not there") /* a file, package or unit that is not there */ \
    ROW(DISABLED, "disabled", "disabled") \
    ROW(MASKED, "masked", "masked") \
    ROW(TOO_OLD, "too-old", "too old") \
    ROW(REGISTERED_ELSEWHERE, "registered-elsewhere", "registered as another machine") \
    ROW(NOT_CONNECTED, "not-connected", "not connected") /* the agent runs, without a connection */ \
    ROW(INVALID, "invalid", "invalid configuration") \
    ROW(INCOMPLETE, "incomplete", "incomplete") \
    ROW(ENVIRONMENT, "environment", "a variable in the environment") \
    ROW(IMDS_PROXY, "imds-proxy", "a proxy for the metadata service") \
    ROW(READ_ONLY, "read-only", "read-only") \
    ROW(IMMUTABLE, "immutable", "immutable") /* chattr(1) */ \
    ROW(FULL, "full", "no space left") \
    ROW(NO_INODES, "no-inodes", "no inodes left") \
    ROW(NO_EXEC, "noexec", "mounted noexec") \
    ROW(EXHAUSTED, "exhausted", "a limit of the kernel is used up") \
    ROW(ENDED, "ended", "ended") /* a program that should run does not */ \
    /* the program */ \
    ROW(BELOW, "below", "rung below failed") \
    ROW(NOT_WANTED, "not-wanted", "left out") /* configuration says not to */ \
    ROW(NOT_IN_REGION, "not-in-region", "not in this region") \
    ROW(STOPPED, "stopped", "stopped before an answer") /* by the deadline or a signal */ \
    ROW(INTERNAL, "internal", "trouble of this program") /* no descriptors, no memory */ \
    ROW(UNKNOWN, "unknown", "a failure that only a newer version knows") /* in a recorded report */

enum failure {
#define ROW(id, ...) FAILURE_##id,
    FAILURES(ROW)
#undef ROW
    N_FAILURES
};
/* clang-format on */

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

/* What an HTTP status that is no success means; FAILURE_HTTP_STATUS: nothing in particular. */
enum failure failure_of_status(int32_t status);

void step_ok(struct step *step, int32_t took_ms);
void step_fail(struct step *step, enum failure failure, int32_t took_ms);
void step_skip(struct step *step, enum failure why);

#endif
