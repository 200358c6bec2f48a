/* SPDX-License-Identifier: Apache-2.0
 *
 * One row for each failure: its stable name, plain words, and whether waiting may mend it.
 */
#include "model/failure.h"

#include <string.h>

DEFINE_NAMES(outcome, [OUTCOME_UNTRIED] = "untried", [OUTCOME_OK] = "ok",
             [OUTCOME_FAILED] = "failed", [OUTCOME_SKIPPED] = "skipped");

/* Kept apart from the words, so that facts_json.c walks it as it does every table of names. */
static const char *const failure_table[N_FAILURES] = {
    [FAILURE_NONE] = "none",
    [FAILURE_TIMEOUT] = "timeout",
    [FAILURE_REFUSED] = "refused",
    [FAILURE_RESET] = "reset",
    [FAILURE_CLOSED] = "closed",
    [FAILURE_NO_ROUTE] = "no-route",
    [FAILURE_HOST_UNREACHABLE] = "host-unreachable",
    [FAILURE_PROHIBITED] = "prohibited",
    [FAILURE_NOT_PERMITTED] = "not-permitted",
    [FAILURE_BLACKHOLE] = "blackhole",
    [FAILURE_SOME_PORTS] = "some-ports",
    [FAILURE_LOCAL] = "local",
    [FAILURE_NO_RESOLVER] = "no-resolver",
    [FAILURE_NXDOMAIN] = "nxdomain",
    [FAILURE_NODATA] = "nodata",
    [FAILURE_SERVFAIL] = "servfail",
    [FAILURE_DNS_REFUSED] = "dns-refused",
    [FAILURE_DNS_MALFORMED] = "dns-malformed",
    [FAILURE_PUBLIC] = "public",
    [FAILURE_OTHER_FAMILY] = "other-family",
    [FAILURE_SLOW] = "slow",
    [FAILURE_UNTRUSTED] = "untrusted",
    [FAILURE_INTERCEPTED] = "intercepted",
    [FAILURE_CERTIFICATE_EXPIRED] = "certificate-expired",
    [FAILURE_CERTIFICATE_NOT_YET_VALID] = "certificate-not-yet-valid",
    [FAILURE_WRONG_NAME] = "wrong-name",
    [FAILURE_TLS_VERSION] = "tls-version",
    [FAILURE_TLS_ALERT] = "tls-alert",
    [FAILURE_NOT_TLS] = "not-tls",
    [FAILURE_BAD_REQUEST] = "bad-request",
    [FAILURE_UNAUTHORIZED] = "unauthorized",
    [FAILURE_FORBIDDEN] = "forbidden",
    [FAILURE_NOT_FOUND] = "not-found",
    [FAILURE_REDIRECTED] = "redirected",
    [FAILURE_THROTTLED] = "throttled",
    [FAILURE_SERVER_ERROR] = "server-error",
    [FAILURE_HTTP_STATUS] = "http-status",
    [FAILURE_PROXY] = "proxy",
    [FAILURE_NOT_AWS] = "not-aws",
    [FAILURE_MALFORMED] = "malformed",
    [FAILURE_TOO_LARGE] = "too-large",
    [FAILURE_TRUNCATED] = "truncated",
    [FAILURE_NO_ROLE] = "no-role",
    [FAILURE_PROFILE_EMPTY] = "profile-empty",
    [FAILURE_NOT_ASSUMABLE] = "not-assumable",
    [FAILURE_CREDENTIALS_EXPIRED] = "credentials-expired",
    [FAILURE_CREDENTIALS_REJECTED] = "credentials-rejected",
    [FAILURE_DENIED] = "denied",
    [FAILURE_SIGNATURE] = "signature",
    [FAILURE_SKEWED] = "skewed",
    [FAILURE_NOT_EC2] = "not-ec2",
    [FAILURE_ABSENT] = "absent",
    [FAILURE_DISABLED] = "disabled",
    [FAILURE_MASKED] = "masked",
    [FAILURE_TOO_OLD] = "too-old",
    [FAILURE_REGISTERED_ELSEWHERE] = "registered-elsewhere",
    [FAILURE_NOT_CONNECTED] = "not-connected",
    [FAILURE_INVALID] = "invalid",
    [FAILURE_INCOMPLETE] = "incomplete",
    [FAILURE_ENVIRONMENT] = "environment",
    [FAILURE_IMDS_PROXY] = "imds-proxy",
    [FAILURE_READ_ONLY] = "read-only",
    [FAILURE_FULL] = "full",
    [FAILURE_NO_INODES] = "no-inodes",
    [FAILURE_NO_EXEC] = "noexec",
    [FAILURE_EXHAUSTED] = "exhausted",
    [FAILURE_ENDED] = "ended",
    [FAILURE_BELOW] = "below",
    [FAILURE_NOT_WANTED] = "not-wanted",
    [FAILURE_NOT_IN_REGION] = "not-in-region",
    [FAILURE_STOPPED] = "stopped",
    [FAILURE_INTERNAL] = "internal",
    [FAILURE_UNKNOWN] = "unknown",
    [FAILURE_NOT_SENT] = "not-sent",
};
const struct names failure_names = {failure_table, N_FAILURES, FAILURE_UNKNOWN};

static const char *const words_of_failure[N_FAILURES] = {
    [FAILURE_NONE] = "no failure",
    [FAILURE_TIMEOUT] = "no answer",
    [FAILURE_REFUSED] = "connection refused",
    [FAILURE_RESET] = "connection reset",
    [FAILURE_CLOSED] = "closed before an answer",
    [FAILURE_NO_ROUTE] = "no route",
    [FAILURE_HOST_UNREACHABLE] = "host unreachable",
    [FAILURE_PROHIBITED] = "prohibited by a local route",
    [FAILURE_NOT_PERMITTED] = "not permitted by a local firewall",
    [FAILURE_BLACKHOLE] = "a local blackhole route",
    [FAILURE_SOME_PORTS] = "silent from half of the source ports",
    [FAILURE_LOCAL] = "local error",
    [FAILURE_NO_RESOLVER] = "no nameserver configured",
    [FAILURE_NXDOMAIN] = "name does not exist",
    [FAILURE_NODATA] = "name has no address",
    [FAILURE_SERVFAIL] = "nameserver failed",
    [FAILURE_DNS_REFUSED] = "nameserver refused",
    [FAILURE_DNS_MALFORMED] = "malformed DNS answer",
    [FAILURE_PUBLIC] = "public address",
    [FAILURE_OTHER_FAMILY] = "no address of a usable family",
    [FAILURE_SLOW] = "answered late",
    [FAILURE_UNTRUSTED] = "certificate not trusted",
    [FAILURE_INTERCEPTED] = "TLS intercepted",
    [FAILURE_CERTIFICATE_EXPIRED] = "certificate expired",
    [FAILURE_CERTIFICATE_NOT_YET_VALID] = "certificate not yet valid",
    [FAILURE_WRONG_NAME] = "certificate for another name",
    [FAILURE_TLS_VERSION] = "no common TLS version",
    [FAILURE_TLS_ALERT] = "TLS handshake refused",
    [FAILURE_NOT_TLS] = "does not speak TLS",
    [FAILURE_BAD_REQUEST] = "bad request",
    [FAILURE_UNAUTHORIZED] = "unauthorized",
    [FAILURE_FORBIDDEN] = "forbidden",
    [FAILURE_NOT_FOUND] = "not found",
    [FAILURE_REDIRECTED] = "redirected",
    [FAILURE_THROTTLED] = "throttled",
    [FAILURE_SERVER_ERROR] = "server error",
    [FAILURE_HTTP_STATUS] = "unexpected HTTP status",
    [FAILURE_PROXY] = "a proxy answered",
    [FAILURE_NOT_AWS] = "no AWS service answered",
    [FAILURE_MALFORMED] = "malformed answer",
    [FAILURE_TOO_LARGE] = "answer too large",
    [FAILURE_TRUNCATED] = "answer cut short",
    [FAILURE_NO_ROLE] = "no role attached",
    [FAILURE_PROFILE_EMPTY] = "instance profile without a role",
    [FAILURE_NOT_ASSUMABLE] = "role cannot be assumed",
    [FAILURE_CREDENTIALS_EXPIRED] = "credentials expired",
    [FAILURE_CREDENTIALS_REJECTED] = "credentials rejected",
    [FAILURE_DENIED] = "access denied",
    [FAILURE_SIGNATURE] = "signature rejected",
    [FAILURE_SKEWED] = "clock is off",
    [FAILURE_NOT_EC2] = "not an EC2 instance",
    [FAILURE_ABSENT] = "not there",
    [FAILURE_DISABLED] = "disabled",
    [FAILURE_MASKED] = "masked",
    [FAILURE_TOO_OLD] = "too old",
    [FAILURE_REGISTERED_ELSEWHERE] = "registered as another machine",
    [FAILURE_NOT_CONNECTED] = "not connected",
    [FAILURE_INVALID] = "invalid configuration",
    [FAILURE_INCOMPLETE] = "incomplete",
    [FAILURE_ENVIRONMENT] = "a variable in the environment",
    [FAILURE_IMDS_PROXY] = "a proxy for the metadata service",
    [FAILURE_READ_ONLY] = "read-only",
    [FAILURE_FULL] = "no space left",
    [FAILURE_NO_INODES] = "no inodes left",
    [FAILURE_NO_EXEC] = "mounted noexec",
    [FAILURE_EXHAUSTED] = "a limit of the kernel is used up",
    [FAILURE_ENDED] = "ended",
    [FAILURE_BELOW] = "rung below failed",
    [FAILURE_NOT_WANTED] = "left out",
    [FAILURE_NOT_IN_REGION] = "not in this region",
    [FAILURE_STOPPED] = "stopped before an answer",
    [FAILURE_INTERNAL] = "trouble of this program",
    [FAILURE_UNKNOWN] = "a failure that only a newer version knows",
    [FAILURE_NOT_SENT] = "dropped on this machine",
};

const char *failure_name(enum failure failure)
{
    return (unsigned int)failure < N_FAILURES ? failure_table[failure] : NULL;
}

const char *failure_words(enum failure failure)
{
    return (unsigned int)failure < N_FAILURES ? words_of_failure[failure] : "unknown failure";
}

void step_ok(struct step *step, int32_t took_ms)
{
    memset(step, 0, sizeof(*step));
    step->outcome = OUTCOME_OK;
    step->took_ms = took_ms;
}

void step_fail(struct step *step, enum failure failure, int32_t took_ms)
{
    memset(step, 0, sizeof(*step));
    step->outcome = OUTCOME_FAILED;
    step->failure = failure;
    step->took_ms = took_ms;
}

void step_skip(struct step *step, enum failure why)
{
    memset(step, 0, sizeof(*step));
    step->outcome = OUTCOME_SKIPPED;
    step->failure = why;
}
