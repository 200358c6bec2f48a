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

/* Transient: what boots get over by themselves (interfaces, resolvers, IAM's propagation, a busy
 * service). Not what stays until a person changes something. */
static const struct {
    const char *words;
    bool transient;
} about[N_FAILURES] = {
    [FAILURE_NONE] = {"no failure", false},
    [FAILURE_TIMEOUT] = {"no answer", true},
    [FAILURE_REFUSED] = {"connection refused", true},
    [FAILURE_RESET] = {"connection reset", true},
    [FAILURE_CLOSED] = {"closed before an answer", true},
    [FAILURE_NO_ROUTE] = {"no route", true},
    [FAILURE_HOST_UNREACHABLE] = {"host unreachable", true},
    [FAILURE_PROHIBITED] = {"prohibited by a local route", false},
    [FAILURE_NOT_PERMITTED] = {"not permitted by a local firewall", false},
    [FAILURE_BLACKHOLE] = {"a local blackhole route", false},
    [FAILURE_SOME_PORTS] = {"silent from half of the source ports", false},
    [FAILURE_LOCAL] = {"local error", true},
    [FAILURE_NO_RESOLVER] = {"no nameserver configured", true},
    [FAILURE_NXDOMAIN] = {"name does not exist", true},
    [FAILURE_NODATA] = {"name has no address", true},
    [FAILURE_SERVFAIL] = {"nameserver failed", true},
    [FAILURE_DNS_REFUSED] = {"nameserver refused", true},
    [FAILURE_DNS_MALFORMED] = {"malformed DNS answer", true},
    [FAILURE_PUBLIC] = {"public address", true},
    [FAILURE_OTHER_FAMILY] = {"no address of a usable family", false},
    [FAILURE_SLOW] = {"answered late", true},
    [FAILURE_UNTRUSTED] = {"certificate not trusted", false},
    [FAILURE_INTERCEPTED] = {"TLS intercepted", false},
    [FAILURE_CERTIFICATE_EXPIRED] = {"certificate expired", true},
    [FAILURE_CERTIFICATE_NOT_YET_VALID] = {"certificate not yet valid", true},
    [FAILURE_WRONG_NAME] = {"certificate for another name", false},
    [FAILURE_TLS_VERSION] = {"no common TLS version", false},
    [FAILURE_TLS_ALERT] = {"TLS handshake refused", false},
    [FAILURE_NOT_TLS] = {"does not speak TLS", false},
    [FAILURE_BAD_REQUEST] = {"bad request", false},
    [FAILURE_UNAUTHORIZED] = {"unauthorized", false},
    [FAILURE_FORBIDDEN] = {"forbidden", false},
    [FAILURE_NOT_FOUND] = {"not found", true},
    [FAILURE_REDIRECTED] = {"redirected", false},
    [FAILURE_THROTTLED] = {"throttled", true},
    [FAILURE_SERVER_ERROR] = {"server error", true},
    [FAILURE_HTTP_STATUS] = {"unexpected HTTP status", false},
    [FAILURE_PROXY] = {"a proxy answered", false},
    [FAILURE_NOT_AWS] = {"no AWS service answered", false},
    [FAILURE_MALFORMED] = {"malformed answer", false},
    [FAILURE_TOO_LARGE] = {"answer too large", false},
    [FAILURE_TRUNCATED] = {"answer cut short", true},
    [FAILURE_NO_ROLE] = {"no role attached", true},
    [FAILURE_PROFILE_EMPTY] = {"instance profile without a role", true},
    [FAILURE_NOT_ASSUMABLE] = {"role cannot be assumed", true},
    [FAILURE_CREDENTIALS_EXPIRED] = {"credentials expired", true},
    [FAILURE_CREDENTIALS_REJECTED] = {"credentials rejected", true},
    [FAILURE_DENIED] = {"access denied", true},
    [FAILURE_SIGNATURE] = {"signature rejected", false},
    [FAILURE_SKEWED] = {"clock is off", true},
    [FAILURE_NOT_EC2] = {"not an EC2 instance", false},
    [FAILURE_ABSENT] = {"not there", false},
    [FAILURE_DISABLED] = {"disabled", false},
    [FAILURE_MASKED] = {"masked", false},
    [FAILURE_TOO_OLD] = {"too old", false},
    [FAILURE_REGISTERED_ELSEWHERE] = {"registered as another machine", false},
    [FAILURE_NOT_CONNECTED] = {"not connected", true},
    [FAILURE_INVALID] = {"invalid configuration", false},
    [FAILURE_INCOMPLETE] = {"incomplete", false},
    [FAILURE_ENVIRONMENT] = {"a variable in the environment", false},
    [FAILURE_IMDS_PROXY] = {"a proxy for the metadata service", false},
    [FAILURE_READ_ONLY] = {"read-only", true},
    [FAILURE_FULL] = {"no space left", true},
    [FAILURE_NO_INODES] = {"no inodes left", true},
    [FAILURE_NO_EXEC] = {"mounted noexec", false},
    [FAILURE_EXHAUSTED] = {"a limit of the kernel is used up", true},
    [FAILURE_ENDED] = {"ended", true},
    [FAILURE_BELOW] = {"rung below failed", false},
    [FAILURE_NOT_WANTED] = {"left out", false},
    [FAILURE_NOT_IN_REGION] = {"not in this region", false},
    [FAILURE_STOPPED] = {"stopped before an answer", true},
    [FAILURE_INTERNAL] = {"trouble of this program", false},
    [FAILURE_UNKNOWN] = {"a failure that only a newer version knows", false},
    [FAILURE_NOT_SENT] = {"dropped on this machine",
                          true}, /* by rules of a boot that is not over */
};

const char *failure_name(enum failure failure)
{
    return (unsigned int)failure < N_FAILURES ? failure_table[failure] : NULL;
}

const char *outcome_name(enum outcome outcome)
{
    return (unsigned int)outcome < outcome_names.n ? outcome_table[outcome] : NULL;
}

const char *failure_words(enum failure failure)
{
    return (unsigned int)failure < N_FAILURES ? about[failure].words : "unknown failure";
}

bool failure_is_transient(enum failure failure)
{
    return (unsigned int)failure < N_FAILURES && about[failure].transient;
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
