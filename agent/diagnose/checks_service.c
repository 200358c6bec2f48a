/* SPDX-License-Identifier: Apache-2.0
 *
 * One service's ladder. A rung is judged over the addresses at which the rung below holds: each is
 * an endpoint network interface in another zone, the agent would meet any of them, so one that
 * fails fails the rung, while what lies above it is still seen through the others.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/checks.h"
#include "diagnose/look.h"
#include "diagnose/names.h"
#include "diagnose/policy.h"
#include "diagnose/reach.h"

/* An endpoint that is not there is a fault unless the agent does without: then a note. */
static void say_missing(const struct judge *judge, enum service service, enum rung rung,
                        enum status status, enum failure reason, int32_t took_ms, const char *words)
{
    if (look_may_be_missing(judge->facts, service))
        checks_say(judge, check_of_service(service, rung), STATUS_SKIP, reason, took_ms,
                   "not needed by SSM Agent %s: %s", judge->facts->agent.version, words);
    else
        checks_say(judge, check_of_service(service, rung), status, reason, took_ms, "%s", words);
}

static void list_addresses(const struct where *where, int32_t n, char *to, size_t size)
{
    to[0] = '\0';
    for (int32_t i = 0; i < n; i++) {
        if (i == 4) {
            text_add(to, size, " and %d more", (int)(n - i));
            return;
        }
        text_add(to, size, "%s%s", i == 0 ? "" : ", ", where[i].address);
    }
}

static void judge_resolve(const struct judge *judge, enum service service,
                          const struct where *where, int32_t n)
{
    const struct facts *facts = judge->facts;
    const char *host = facts->plan.services[service].host;
    enum check check = check_of_service(service, RUNG_RESOLVE);
    struct lookup lookup = names_lookup(facts, service);
    char words[LINE_SIZE], list[LINE_SIZE];

    if (host[0] == '\0') {
        enum check below = checks_holds(judge, CHECK_IMDS_IDENTITY) ? check : CHECK_IMDS_IDENTITY;
        checks_say_untried(judge, check, below);
        return;
    }
    if (n > 0) {
        list_addresses(where, n, list, sizeof(list));
        checks_say(judge, check, STATUS_PASS, FAILURE_NONE, lookup.took_ms, "%s is %s%s", host,
                   list, where[0].from_hosts_file ? " (/etc/hosts)" : "");
        return;
    }
    if (facts->resolvers.file[0] != '\0' && facts->resolvers.n_configured == 0 && !lookup.asked) {
        checks_say(judge, check, STATUS_FAIL, FAILURE_NO_RESOLVER, 0, "%s %s",
                   facts->resolvers.file,
                   facts->resolvers.read ? "names no nameserver" : "cannot be read");
        return;
    }
    if (lookup.failure == FAILURE_NONE) {
        checks_say_untried(judge, check, check);
        return;
    }
    text_set(words, sizeof(words), "%s: %s (%s%s%d ms)", host, failure_words(lookup.failure),
             lookup.answer != NULL ? lookup.answer->server : "",
             lookup.answer != NULL && lookup.answer->server[0] != '\0' ? ", " : "",
             (int)lookup.took_ms);
    if (lookup.failure == FAILURE_NXDOMAIN || lookup.failure == FAILURE_NODATA)
        say_missing(judge, service, RUNG_RESOLVE, STATUS_FAIL, lookup.failure, lookup.took_ms,
                    words);
    else
        checks_say(judge, check, STATUS_FAIL, lookup.failure, lookup.took_ms, "%s", words);
}

static void judge_private(const struct judge *judge, enum service service,
                          const struct where *where, int32_t n)
{
    static const enum status by_mode[] = {
        [PRIVATE_DNS_REQUIRE] = STATUS_FAIL,
        [PRIVATE_DNS_WARN] = STATUS_WARN,
        [PRIVATE_DNS_OFF] = STATUS_PASS,
    };
    enum check check = check_of_service(service, RUNG_PRIVATE);
    int32_t n_of[N_PLACES] = {0};
    const char *bad = NULL;
    char words[LINE_SIZE];

    if (n == 0) {
        checks_say_untried(judge, check, check_of_service(service, RUNG_RESOLVE));
        return;
    }
    for (int32_t i = 0; i < n; i++) {
        n_of[where[i].place]++;
        if (bad == NULL && (where[i].place == PLACE_PUBLIC || where[i].place == PLACE_LOCAL))
            bad = where[i].address;
    }
    if (bad != NULL) {
        text_set(words, sizeof(words), "%d of %d address%s %s: %s",
                 (int)(n_of[PLACE_PUBLIC] + n_of[PLACE_LOCAL]), (int)n, n == 1 ? "" : "es",
                 n_of[PLACE_PUBLIC] > 0 ? "public" : "of this machine itself", bad);
        bool by_gateway = service_has_gateway(service) && n_of[PLACE_LOCAL] == 0;
        enum status status = by_mode[by_gateway ? PRIVATE_DNS_OFF : judge->facts->plan.private_dns];
        if (by_gateway)
            text_add(words, sizeof(words), ", as a gateway endpoint leaves them");
        say_missing(judge, service, RUNG_PRIVATE, status,
                    status == STATUS_PASS ? FAILURE_NONE : FAILURE_PUBLIC, 0, words);
        return;
    }
    int32_t inside = n_of[PLACE_OWN_SUBNET] + n_of[PLACE_IN_VPC];
    text_set(words, sizeof(words), "%d of %d in the VPC's address blocks", (int)inside, (int)n);
    if (n_of[PLACE_OWN_SUBNET] > 0)
        text_add(words, sizeof(words), ", %d in this subnet", (int)n_of[PLACE_OWN_SUBNET]);
    if (inside < n)
        text_add(words, sizeof(words), ", %d private elsewhere", (int)(n - inside));
    checks_say(judge, check, STATUS_PASS, FAILURE_NONE, 0, "%s", words);
}

static bool all_public(const struct where *where, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        if (where[i].place != PLACE_PUBLIC)
            return false;
    return n > 0;
}

static void pass_words(enum rung rung, const struct tally *tally, uint16_t port, char *to,
                       size_t size)
{
    const struct address_facts *at = tally->first_ok;

    text_set(to, size, "%d of %d address%s ", (int)tally->ok, (int)tally->n,
             tally->n == 1 ? "" : "es");
    if (rung == RUNG_CONNECT) {
        text_add(to, size, "connect%s on %u in %d ms", tally->n == 1 ? "s" : "", (unsigned int)port,
                 (int)tally->took_ms);
    } else if (rung == RUNG_TLS) {
        text_add(to, size, "in %d ms: %s, issued by %s", (int)tally->took_ms, at->session.version,
                 at->session.issuer);
    } else {
        text_add(to, size, "in %d ms: status %d", (int)tally->took_ms, (int)at->head.status);
        if (at->head.request_id[0] != '\0')
            text_add(to, size, ", request id %s", at->head.request_id);
    }
}

static void fail_words(enum rung rung, enum failure failure, const struct tally *tally, char *to,
                       size_t size)
{
    const struct address_facts *at = tally->first_failed;

    text_set(to, size, "%d of %d address%s: %s, %s (%d ms)", (int)tally->failed, (int)tally->n,
             tally->n == 1 ? "" : "es", at->address, failure_words(failure),
             (int)tally->first_step->took_ms);
    if (rung == RUNG_TLS && at->session.issuer[0] != '\0')
        text_add(to, size, ", issued by %s", at->session.issuer);
    if (rung == RUNG_HTTP && at->head.status != 0)
        text_add(to, size, ", status %d", (int)at->head.status);
    if (tally->ok > 0)
        text_add(to, size, "; the agent may still get through by the other%s",
                 tally->ok == 1 ? "" : "s");
}

/* The agent gets through by the family of which every address connects: worth a warning, no more.
 * While that is not known, nothing is decided. */
static bool judge_by_family(const struct judge *judge, enum service service,
                            const struct tally *tally)
{
    enum check check = check_of_service(service, RUNG_CONNECT);
    enum failure failure = look_failure(tally->first_failed, RUNG_CONNECT);
    const char *address = tally->first_failed->address;
    enum family whole;

    if (reach_whole_family(judge->facts, service, &whole))
        checks_say(judge, check, STATUS_WARN, failure, tally->took_ms,
                   "%d of %d addresses: %s, %s (%d ms); every %s address connects, and the agent "
                   "takes those",
                   (int)tally->failed, (int)tally->n, address, failure_words(failure),
                   (int)tally->first_step->took_ms, family_name(whole));
    else if (reach_family_open(judge->facts, service))
        checks_say(judge, check, STATUS_UNKNOWN, FAILURE_STOPPED, tally->took_ms,
                   "%s: %s; the addresses of the other family not answered before the round ended",
                   address, failure_words(failure));
    else
        return false;
    return true;
}

/* connect, tls, http: over every address that reached the rung. */
static void judge_rung(const struct judge *judge, enum service service, enum rung rung,
                       const struct where *where, int32_t n_where)
{
    enum check check = check_of_service(service, rung);
    struct tally tally = look_tally(judge->facts, service, rung);
    char words[LINE_SIZE];

    if (tally.tried == 0) {
        checks_say_untried(judge, check, check_of_service(service, (enum rung)(rung - 1)));
        return;
    }
    if (tally.failed > 0) {
        enum failure failure = look_failure(tally.first_failed, rung);
        fail_words(rung, failure, &tally, words, sizeof(words));
        if (rung == RUNG_CONNECT && tally.ok == 0 && all_public(where, n_where))
            say_missing(judge, service, rung, STATUS_FAIL, failure, tally.took_ms, words);
        else if (rung != RUNG_CONNECT || !judge_by_family(judge, service, &tally))
            checks_say(judge, check, STATUS_FAIL, failure, tally.took_ms, "%s", words);
        return;
    }
    if (tally.untried > 0) {
        checks_say(judge, check, STATUS_UNKNOWN, FAILURE_STOPPED, tally.took_ms,
                   "%d of %d addresses not answered before the round ended", (int)tally.untried,
                   (int)tally.n);
        return;
    }
    pass_words(rung, &tally, judge->facts->plan.services[service].port, words, sizeof(words));
    checks_say(judge, check, STATUS_PASS, FAILURE_NONE, tally.took_ms, "%s", words);
}

/* Nothing was probed: because nothing should be, or because the ladder did not get there. */
static void say_unproven(const struct judge *judge, enum service service)
{
    enum check check = check_of_service(service, RUNG_AUTHORIZE);
    const struct endpoint_facts *endpoint = &judge->facts->endpoints[service];
    enum permissions mode = judge->facts->plan.permissions;

    if (mode == PERMISSIONS_OFF || mode == PERMISSIONS_ROLE_ONLY) {
        checks_say(judge, check, STATUS_SKIP, FAILURE_NOT_WANTED, 0, "left out by --permissions %s",
                   mode == PERMISSIONS_OFF ? "off" : "role-only");
        return;
    }
    if (endpoint->n_actions == 0) {
        checks_say(judge, check, STATUS_SKIP, FAILURE_NOT_WANTED, 0,
                   "no action of %s is proven without side effects", service_name(service));
        return;
    }
    checks_say_untried(
        judge, check, checks_holds(judge, CHECK_ROLE_CREDENTIALS) ? check : CHECK_ROLE_CREDENTIALS);
}

static void judge_authorize(const struct judge *judge, enum service service)
{
    enum check check = check_of_service(service, RUNG_AUTHORIZE);
    struct proven proven = policy_prove(judge->facts, service);
    const struct action_facts *first = proven.first;

    if (look_tally(judge->facts, service, RUNG_HTTP).ok == 0) {
        checks_say_untried(judge, check, check_of_service(service, RUNG_HTTP));
    } else if (proven.allowed + proven.denied + proven.unclear == 0) {
        say_unproven(judge, service);
    } else if (proven.verdict == STATUS_PASS) {
        checks_say(judge, check, STATUS_PASS, FAILURE_NONE, proven.took_ms,
                   "%d probed action%s allowed, %d not probed%s", (int)proven.allowed,
                   proven.allowed == 1 ? "" : "s", (int)proven.not_probed,
                   proven.unclear > 0 ? ", some unclear" : "");
    } else if (first->permission == PERMISSION_DENIED) {
        checks_say(judge, check, proven.verdict, FAILURE_DENIED, proven.took_ms,
                   "%d of %d probed actions denied: %s%s", (int)proven.denied,
                   (int)(proven.allowed + proven.denied + proven.unclear), first->action,
                   proven.denied > 1 ? " and others" : "");
    } else {
        checks_say(judge, check, proven.verdict, first->failure, proven.took_ms, "%s: %s%s%s",
                   first->action, failure_words(first->failure), first->code[0] ? ", " : "",
                   first->code);
    }
}

void checks_judge_service(const struct judge *judge, enum service service)
{
    struct where where[MAX_ADDRESSES];
    int32_t n = 0;

    if (judge->facts->plan.services[service].not_in_region) {
        for (int rung = 0; rung < N_RUNGS; rung++)
            checks_say(judge, check_of_service(service, (enum rung)rung), STATUS_SKIP,
                       FAILURE_NOT_IN_REGION, 0, "%s has no endpoint in %s", service_name(service),
                       judge->facts->plan.region);
        return;
    }
    n = names_where(judge->facts, service, where, MAX_ADDRESSES);
    judge_resolve(judge, service, where, n);
    judge_private(judge, service, where, n);
    judge_rung(judge, service, RUNG_CONNECT, where, n);
    judge_rung(judge, service, RUNG_TLS, where, n);
    judge_rung(judge, service, RUNG_HTTP, where, n);
    judge_authorize(judge, service);
}
