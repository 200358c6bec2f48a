/* SPDX-License-Identifier: Apache-2.0
 *
 * One service's ladder. A rung is judged over the addresses at which the rung below holds: each is
 * an endpoint network interface in another zone, the agent would meet any of them, so one that
 * fails fails the rung, while what lies above it is still seen through the others.
 */

#include "base/text.h"
#include "diagnose/checks.h"
#include "diagnose/look.h"
#include "diagnose/names.h"
#include "diagnose/policy.h"
#include "diagnose/reach.h"
#include "model/proxy.h"

static const char *plural(int32_t n, const char *ending)
{
    return n == 1 ? "" : ending;
}

/* An endpoint that is not there is a fault unless the agent does without: then a note. */
static void say_missing(const struct judge *judge, enum service service, enum rung rung,
                        enum status status, enum failure reason, int32_t took_ms, const char *words)
{
    bool may_be = status != STATUS_PASS && look_may_be_missing(judge->facts, service);
    struct check_result *result = &judge->checks[check_of_service(service, rung)];

    checks_say(judge, check_of_service(service, rung), may_be ? STATUS_SKIP : status, reason,
               took_ms, "%s%s%s%s", may_be ? "not needed by SSM Agent " : "",
               may_be ? judge->facts->agent.version : "", may_be ? ": " : "", words);
    result->unneeded = may_be && result->reason == reason; /* not where it is left out */
}

static void judge_resolve(const struct judge *judge, enum service service,
                          const struct where *where, int32_t n)
{
    const struct resolver_facts *resolvers = &judge->facts->resolvers;
    const struct endpoint_facts *endpoint = &judge->facts->endpoints[service];
    enum family family = network_uses(&judge->facts->network, FAMILY_IPV6) ? FAMILY_IPV6
                                                                           : FAMILY_IPV4;
    const char *host = judge->facts->plan.services[service].host;
    enum check check = check_of_service(service, RUNG_RESOLVE);
    struct lookup lookup = names_lookup(judge->facts, service);
    const struct step *read = resolvers->read.failure == FAILURE_INTERNAL
                                  ? &resolvers->read
                                  : &judge->facts->machine.trouble;
    const char *server = lookup.answer ? lookup.answer->server : "";
    const int32_t limit_ms = service_limit_ms(service);
    char words[LINE_SIZE] = "";

    if (!host[0]) {
        checks_say_untried(judge, check,
                           checks_holds(judge, CHECK_IMDS_IDENTITY) ? check : CHECK_IMDS_IDENTITY);
    } else if (read->failure == FAILURE_INTERNAL) {
        checks_say_trouble(judge, check, read);
    } else if (n > 0) {
        for (int32_t i = 0; i < n && i < 4; i++)
            (void)text_add(words, sizeof(words), "%s%s", i > 0 ? ", " : "", where[i].address);
        if (n > 4)
            (void)text_add(words, sizeof(words), " and %d more", (int)(n - 4));
        if (lookup.waited_ms >= DNS_SLOW_MS && !where[0].from_hosts_file)
            checks_say(judge, check, /* a look-up is a part of the time that one request has */
                       limit_ms > 0 && lookup.waited_ms >= limit_ms ? STATUS_FAIL : STATUS_WARN,
                       FAILURE_SLOW, lookup.took_ms, "%s is %s, but the agent waits %d.%d s for it",
                       host, words, (int)lookup.waited_ms / 1000,
                       (int)lookup.waited_ms % 1000 / 100);
        else
            PASS(judge, check, lookup.took_ms, "%s is %s%s", host, words,
                 where[0].from_hosts_file ? " (/etc/hosts)" : "");
    } else if (resolvers->order == LOOKUP_FILES) {
        FAIL(judge, check, FAILURE_NO_RESOLVER, 0,
             "/etc/nsswitch.conf: no name is asked of the DNS");
    } else if (resolvers->file[0] && resolvers->n_configured == 0 && !lookup.decided) {
        FAIL(judge, check, FAILURE_NO_RESOLVER, 0, "%s %s", resolvers->file,
             resolvers->read.outcome == OUTCOME_FAILED ? "is not there" : "names no nameserver");
    } else if (!lookup.decided && lookup.trouble) {
        checks_say(judge, check, STATUS_UNKNOWN, FAILURE_INTERNAL, lookup.took_ms, "%s: %s", host,
                   failure_words(FAILURE_INTERNAL));
    } else if (lookup.failure == FAILURE_NONE && names_deciding(endpoint, family)) {
        FAIL(judge, check, FAILURE_OTHER_FAMILY, lookup.took_ms, "%s: %s", host,
             failure_words(FAILURE_OTHER_FAMILY));
    } else if (lookup.failure == FAILURE_NONE) {
        checks_say_untried(judge, check, check);
    } else {
        (void)text_set(words, sizeof(words), "%s: %s (%s%s%d ms)", host,
                       failure_words(lookup.failure), server, server[0] ? ", " : "",
                       (int)lookup.took_ms);
        if (lookup.failure == FAILURE_NXDOMAIN || lookup.failure == FAILURE_NODATA)
            say_missing(judge, service, RUNG_RESOLVE, STATUS_FAIL, lookup.failure, lookup.took_ms,
                        words);
        else
            FAIL(judge, check, lookup.failure, lookup.took_ms, "%s", words);
    }
}

static void say_public(const struct judge *judge, enum service service, const struct naming *naming)
{
    static const enum status by_mode[] = {
        [PRIVATE_DNS_REQUIRE] = STATUS_FAIL,
        [PRIVATE_DNS_WARN] = STATUS_WARN,
        [PRIVATE_DNS_OFF] = STATUS_PASS,
    };
    bool by_gateway = service_has_gateway(service) && naming->by[PLACE_LOCAL] == 0;
    enum status status = by_mode[by_gateway ? PRIVATE_DNS_OFF : judge->facts->plan.private_dns];
    char words[LINE_SIZE];

    (void)text_set(words, sizeof(words), "%d of %d address%s %s: %s%s",
                   (int)(naming->by[PLACE_PUBLIC] + naming->by[PLACE_LOCAL]), (int)naming->n,
                   plural(naming->n, "es"),
                   naming->by[PLACE_PUBLIC] > 0 ? "public" : "no endpoint's", naming->stranger,
                   by_gateway ? ", as a gateway endpoint leaves them" : "");
    say_missing(judge, service, RUNG_PRIVATE, status,
                status == STATUS_PASS ? FAILURE_NONE : FAILURE_PUBLIC, 0, words);
}

static void judge_private(const struct judge *judge, enum service service,
                          const struct naming *naming)
{
    enum check check = check_of_service(service, RUNG_PRIVATE);
    int32_t own = naming->by[PLACE_OWN_SUBNET], inside = own + naming->by[PLACE_IN_VPC];
    char words[LINE_SIZE];

    if (naming->n == 0) {
        checks_say_untried(judge, check, check_of_service(service, RUNG_RESOLVE));
        return;
    }
    if (naming->stranger) {
        say_public(judge, service, naming);
        return;
    }
    (void)text_set(words, sizeof(words), "%d of %d in the VPC's address blocks", (int)inside,
                   (int)naming->n);
    if (own > 0)
        (void)text_add(words, sizeof(words), ", %d in this subnet", (int)own);
    if (inside < naming->n)
        (void)text_add(words, sizeof(words), ", %d private elsewhere", (int)(naming->n - inside));
    PASS(judge, check, 0, "%s", words);
}

static void pass_words(enum rung rung, const struct tally *tally, uint16_t port, char to[LINE_SIZE])
{
    const struct address_facts *at = tally->first_ok;
    int ms = (int)tally->took_ms;

    (void)text_set(to, LINE_SIZE, "%d of %d address%s ", (int)tally->ok, (int)tally->n,
                   plural(tally->n, "es"));
    if (rung == RUNG_CONNECT)
        (void)text_add(to, LINE_SIZE, "connect%s on %u in %d ms", tally->n == 1 ? "s" : "",
                       (unsigned int)port, ms);
    else if (rung == RUNG_TLS)
        (void)text_add(to, LINE_SIZE, "in %d ms: %s, issued by %s", ms, at->session.version,
                       at->session.issuer);
    else
        (void)text_add(to, LINE_SIZE, "in %d ms: status %d%s%s", ms, (int)at->head.status,
                       at->head.request_id[0] ? ", request id " : "", at->head.request_id);
}

static void fail_words(enum rung rung, enum failure failure, const struct tally *tally,
                       char to[LINE_SIZE])
{
    const struct address_facts *at = tally->first_failed;

    (void)text_set(to, LINE_SIZE, "%d of %d address%s: %s, %s (%d ms)", (int)tally->failed,
                   (int)tally->n, plural(tally->n, "es"), at->address, failure_words(failure),
                   (int)tally->first_step->took_ms);
    if (rung == RUNG_TLS && at->session.issuer[0])
        (void)text_add(to, LINE_SIZE, ", issued by %s", at->session.issuer);
    if (rung == RUNG_HTTP && at->head.status != 0)
        (void)text_add(to, LINE_SIZE, ", status %d", (int)at->head.status);
    if (tally->ok > 0)
        (void)text_add(to, LINE_SIZE, "; the agent may still get through by the other%s",
                       plural(tally->ok, "s"));
}

/* --- connect: the agent tries all addresses, one after the other --- */

/* "10.0.2.21, 10.0.3.21" */
static void list_failed(const struct judge *judge, enum service service, char to[LINE_SIZE])
{
    to[0] = '\0';
    for (struct reached at = {0}; reach_next(judge->facts, reach_check(service), &at);)
        if (at.ending != ENDING_NONE && at.ending != ENDING_OK)
            text_list(to, LINE_SIZE, ", ", at.address->address);
}

/* How the agent fares. Measured of agent 3.3: for silent addresses it waits 5 to 22 s at ssm, and at
 * ssmmessages up to 3 minutes, since the websocket is dialled until the kernel gives up. */
static const char *outlook(const struct facts *facts, enum service service)
{
    enum family whole;
    struct reached silent;

    if (reach_whole_family(facts, service, &whole))
        return whole == FAMILY_IPV6 ? "every IPv6 address connects, and the agent takes those"
                                    : "every IPv4 address connects, and the agent takes those";
    if (!reach_first(facts, reach_check(service), ENDING_SILENT, &silent))
        return "the agent comes up by the others";
    return service == SERVICE_SSMMESSAGES ? "the agent comes up by the others, up to 3 min later"
                                          : "the agent comes up by the others, 5 to 20 s later";
}

static void judge_failed_connect(const struct judge *judge, enum service service,
                                 const struct tally *tally, const char *words)
{
    enum check check = check_of_service(service, RUNG_CONNECT);
    enum failure failure = look_failure(tally->first_failed, RUNG_CONNECT);
    char failed[LINE_SIZE];

    list_failed(judge, service, failed);
    if (reach_gets_through(judge->facts, service))
        checks_say(judge, check, STATUS_WARN, failure, tally->took_ms,
                   "%d of %d addresses: %s, %s (%d ms); %s", (int)tally->failed, (int)tally->n,
                   failed, failure_words(failure), (int)tally->first_step->took_ms,
                   outlook(judge->facts, service));
    else if (reach_is_open(judge->facts, service))
        checks_say(judge, check, STATUS_UNKNOWN, FAILURE_STOPPED, tally->took_ms,
                   "%s: %s; the other addresses not answered before the round ended", failed,
                   failure_words(failure));
    else
        FAIL(judge, check, failure, tally->took_ms, "%s", words);
}

/* Every address that answered connects. */
static void judge_ports(const struct judge *judge, enum service service, const struct tally *tally,
                        const char *words)
{
    enum check check = check_of_service(service, RUNG_CONNECT);

    for (struct reached at = {0}; reach_next(judge->facts, reach_check(service), &at);)
        if (reach_by_some_ports(judge->facts, at.address)) {
            checks_say(judge, check, STATUS_WARN, FAILURE_SOME_PORTS, tally->took_ms,
                       "%s connects from source port %u and not from %u: the agent needs several "
                       "tries",
                       at.address->address, at.address->port, at.address->silent_port);
            return;
        }
    PASS(judge, check, tally->took_ms, "%s", words);
}

/* --- tls, http: an answer may be late --- */

static void say_time(const struct judge *judge, enum check check, const struct tally *tally,
                     const char *words)
{
    if (tally->took_ms >= SLOW_ANSWER_MS)
        checks_say(judge, check, STATUS_WARN, FAILURE_SLOW, tally->took_ms, "%s: slow", words);
    else
        PASS(judge, check, tally->took_ms, "%s", words);
}

/* The agent's limit is for a whole request (Timeout of Go's http.Client): beside the name the handshake and the answer, at the
 * address where they take longest. */
static int64_t request_ms(const struct facts *facts, enum service service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    int64_t most_ms = 0;

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct step *steps = endpoint->addresses[i].steps;
        int64_t ms = (int64_t)steps[RUNG_TLS].took_ms + steps[RUNG_HTTP].took_ms;
        if (ms > most_ms && steps[RUNG_HTTP].took_ms > 0 && !endpoint->addresses[i].second_opinion)
            most_ms = ms;
    }
    return most_ms;
}

static bool judge_cut(const struct judge *judge, enum service service, enum rung rung,
                      const struct tally *tally)
{
    static const char *const tries[] = {[RUNG_CONNECT] = "one connection",
                                        [RUNG_TLS] = "one TLS handshake",
                                        [RUNG_HTTP] = "one answer"};
    const struct address_facts *at = look_cut(judge->facts, service, rung);

    if (at)
        checks_say(judge, check_of_service(service, rung), STATUS_WARN, at->cut, tally->took_ms,
                   "%s: %s in %s, and another one passed", at->address, failure_words(at->cut),
                   tries[rung]);
    return at;
}

static void judge_answers(const struct judge *judge, enum service service,
                          const struct naming *naming, const struct tally *tally, const char *words)
{
    int32_t limit_ms = service_limit_ms(service);
    int64_t ms = request_ms(judge->facts, service);
    int64_t all_ms = ms + (naming->pinned ? 0 : names_time_ms(judge->facts, service));

    if (limit_ms > 0 && ms >= SLOW_ANSWER_MS && all_ms >= limit_ms)
        FAIL(judge, check_of_service(service, RUNG_HTTP), FAILURE_SLOW, tally->took_ms,
             "%s; with its name and handshake %d s, and the agent waits %d s", words,
             (int)(all_ms / 1000), (int)limit_ms / 1000);
    else if (!judge_cut(judge, service, RUNG_HTTP, tally))
        say_time(judge, check_of_service(service, RUNG_HTTP), tally, words);
}

/* No answer, and the agent would have waited longer than this round could. */
static bool is_undecided(const struct judge *judge, enum service service, enum failure failure,
                         const struct tally *tally)
{
    return failure == FAILURE_TIMEOUT && tally->ok == 0 &&
           request_ms(judge->facts, service) < service_limit_ms(service);
}

/* The first address at which somebody opens TLS whom the agent trusts; NULL: none. */
static const struct address_facts *intercepted(const struct facts *facts, enum service service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        if (!endpoint->addresses[i].second_opinion &&
            look_failure(&endpoint->addresses[i], RUNG_TLS) == FAILURE_INTERCEPTED)
            return &endpoint->addresses[i];
    return NULL;
}

static bool judge_interception(const struct judge *judge, enum service service,
                               const struct tally *tally)
{
    const struct address_facts *at = intercepted(judge->facts, service);

    if (at)
        checks_say(judge, check_of_service(service, RUNG_TLS), STATUS_WARN, FAILURE_INTERCEPTED,
                   tally->took_ms, "%s: %s, issued by %s, which the agent trusts", at->address,
                   failure_words(FAILURE_INTERCEPTED), at->session.issuer);
    return at;
}

/* Of names with many addresses the first MAX_ADDRESSES are tried. */
static void say_how_many_are_left(const struct judge *judge, enum service service)
{
    const struct endpoint_facts *endpoint = &judge->facts->endpoints[service];
    struct check_result *result = &judge->checks[check_of_service(service, RUNG_RESOLVE)];
    int32_t n = -endpoint->n_addresses;

    for (int family = FAMILY_IPV4; family <= FAMILY_IPV6; family++) {
        const struct dns_answer *answer = names_deciding(endpoint, (enum family)family);
        if (answer && network_uses(&judge->facts->network, (enum family)family))
            n += answer->n_addresses + answer->n_more;
    }
    if (endpoint->n_addresses == MAX_ADDRESSES && n > 0 && result->status != STATUS_SKIP)
        (void)text_add(result->summary, sizeof(result->summary),
                       "; %d are not tried: at most %d of a name", (int)n, MAX_ADDRESSES);
}

/* At ssm AWS's SDK tries a request four times, and DNS, whose order changes, is asked anew each time: the agent was up after 2 to
 * 17 s. Not so after a reset, which the SDK takes for an answer; and at ssmmessages the token and then the websocket have one try
 * each, so that it took minutes or never came (aws-sdk-go, request/retryer.go; measured of agent 3.3). */
static bool tries_help(const struct judge *judge, enum service service, const struct naming *naming,
                       const struct tally *tally)
{
    const struct endpoint_facts *endpoint = &judge->facts->endpoints[service];
    bool help = service == SERVICE_SSM && !naming->pinned && tally->ok > 0;

    for (int32_t i = 0; help && i < endpoint->n_addresses; i++)
        switch (look_failure(&endpoint->addresses[i], RUNG_TLS)) {
        case FAILURE_NONE:
        case FAILURE_UNTRUSTED:
        case FAILURE_INTERCEPTED:
        case FAILURE_WRONG_NAME:
        case FAILURE_CERTIFICATE_EXPIRED:
        case FAILURE_CERTIFICATE_NOT_YET_VALID:
        case FAILURE_CLOSED:
            break;
        default:
            help = endpoint->addresses[i].second_opinion;
        }
    return help;
}

/* connect, tls, http: over every address that reached the rung. */
static void judge_rung(const struct judge *judge, enum service service, enum rung rung,
                       const struct naming *naming)
{
    enum check check = check_of_service(service, rung);
    struct tally tally = look_tally(judge->facts, service, rung);
    char words[LINE_SIZE];

    if (tally.tried == 0) {
        checks_say_untried(judge, check, check_of_service(service, (enum rung)(rung - 1)));
    } else if (tally.trouble > 0) {
        checks_say(judge, check, STATUS_UNKNOWN, FAILURE_INTERNAL, tally.took_ms, "%s",
                   failure_words(FAILURE_INTERNAL));
    } else if (tally.failed > 0) {
        enum failure failure = look_failure(tally.first_failed, rung);
        fail_words(rung, failure, &tally, words);
        if (rung == RUNG_CONNECT && tally.ok == 0 && naming->public_only)
            say_missing(judge, service, rung, STATUS_FAIL, failure, tally.took_ms, words);
        else if (rung == RUNG_CONNECT)
            judge_failed_connect(judge, service, &tally, words);
        else if (rung == RUNG_HTTP && is_undecided(judge, service, failure, &tally))
            checks_say(judge, check, STATUS_UNKNOWN, failure, tally.took_ms,
                       "slow: no answer within %d s; the agent waits %d s",
                       (int)tally.took_ms / 1000, (int)service_limit_ms(service) / 1000);
        else if (rung == RUNG_TLS && tries_help(judge, service, naming, &tally))
            checks_say(judge, check, STATUS_WARN, failure, tally.took_ms, "%s, by several tries",
                       words);
        else
            FAIL(judge, check, failure, tally.took_ms, "%s", words);
    } else if (tally.untried > 0) {
        checks_say(judge, check, STATUS_UNKNOWN, FAILURE_STOPPED, tally.took_ms,
                   "%d of %d addresses not answered before the round ended", (int)tally.untried,
                   (int)tally.n);
    } else if ((rung != RUNG_TLS || !judge_interception(judge, service, &tally)) &&
               (rung == RUNG_HTTP || !judge_cut(judge, service, rung, &tally))) {
        pass_words(rung, &tally, judge->facts->plan.services[service].port, words);
        if (rung == RUNG_CONNECT)
            judge_ports(judge, service, &tally, words);
        else if (rung == RUNG_HTTP)
            judge_answers(judge, service, naming, &tally, words);
        else
            say_time(judge, check, &tally, words);
    }
    if (rung == RUNG_CONNECT)
        say_how_many_are_left(judge, service);
}

static bool may_prove(const struct facts *facts, enum service service)
{
    for (size_t i = 0; i < n_permissions; i++)
        if (permissions[i].service == service && !permission_why_not(&permissions[i], facts))
            return facts->endpoints[service].n_actions > 0;
    return false;
}

/* Nothing was probed: because nothing should be, or because the ladder did not get there. */
static void say_unproven(const struct judge *judge, enum service service)
{
    enum check check = check_of_service(service, RUNG_AUTHORIZE);
    enum permissions mode = judge->facts->plan.permissions;

    if (policy_by_dhmc(judge->facts))
        LEFT_OUT(judge, check, "the agent asks with a role of Default Host Management");
    else if (mode == PERMISSIONS_OFF || mode == PERMISSIONS_ROLE_ONLY)
        LEFT_OUT(judge, check, "left out by --permissions %s",
                 mode == PERMISSIONS_OFF ? "off" : "role-only");
    else if (!may_prove(judge->facts, service))
        LEFT_OUT(judge, check, "no action of %s can be proven here without side effects",
                 service_name(service));
    else if (intercepted(judge->facts, service))
        LEFT_OUT(judge, check, "no signed request is shown to whoever opens TLS on the way");
    else
        checks_say_untried(judge, check,
                           checks_holds(judge, CHECK_ROLE_CREDENTIALS) ? check
                                                                       : CHECK_ROLE_CREDENTIALS);
}

static void judge_authorize(const struct judge *judge, enum service service)
{
    enum check check = check_of_service(service, RUNG_AUTHORIZE);
    struct proven proven = policy_prove(judge->facts, service);
    int32_t n = proven.allowed + proven.denied + proven.unclear;
    const struct action_facts *first = proven.first;

    if (look_tally(judge->facts, service, RUNG_HTTP).ok == 0)
        checks_say_untried(judge, check, check_of_service(service, RUNG_HTTP));
    else if (n == 0)
        say_unproven(judge, service);
    else if (proven.verdict == STATUS_PASS)
        PASS(judge, check, proven.took_ms, "%d probed action%s allowed%s, %d not probed%s",
             (int)proven.allowed, plural(proven.allowed, "s"),
             proven.denied > 0 ? ", others denied that nothing needs" : "", (int)proven.not_probed,
             proven.unclear > 0 ? ", some unclear" : "");
    else if (first->failure == FAILURE_INTERNAL)
        checks_say(judge, check, STATUS_UNKNOWN, FAILURE_INTERNAL, proven.took_ms, "%s: %s",
                   first->action, failure_words(FAILURE_INTERNAL));
    else if (first->permission == PERMISSION_DENIED)
        checks_say(judge, check, proven.verdict, FAILURE_DENIED, proven.took_ms,
                   "%d of %d probed actions denied: %s%s", (int)proven.denied, (int)n,
                   first->action, proven.denied > 1 ? " and others" : "");
    else
        checks_say(judge, check, proven.verdict, first->failure, proven.took_ms, "%s: %s%s%s",
                   first->action, failure_words(first->failure), first->code[0] ? ", " : "",
                   first->code);
}

/* The agent asks its proxy, through which the service answers: what fails on the way that it does not take is a warning, and what
 * could not be tried there keeps nothing open. */
static void weigh_proxy(const struct judge *judge, enum service service)
{
    for (enum rung rung = RUNG_RESOLVE; rung < N_RUNGS; rung++) {
        enum check check = check_of_service(service, rung);
        struct check_result *result = &judge->checks[check];
        bool wanted = rung == RUNG_PRIVATE &&
                      plan_private_dns(&judge->facts->plan, service) == PRIVATE_DNS_REQUIRE;

        if (result->status == STATUS_FAIL && rung <= RUNG_HTTP && !wanted) {
            result->status = STATUS_WARN;
            (void)text_add(result->summary, sizeof(result->summary),
                           "; the agent's proxy gets there");
        } else if (result->status == STATUS_UNKNOWN || result->reason == FAILURE_BELOW) {
            LEFT_OUT(judge, check,
                     "not tried directly: the agent asks its proxy, which gets there");
        }
    }
}

void checks_judge_service(const struct judge *judge, enum service service)
{
    struct naming naming = names_look(judge->facts, service);
    struct where where[MAX_ADDRESSES];

    if (judge->facts->plan.services[service].not_in_region) {
        for (enum rung rung = 0; rung < N_RUNGS; rung++)
            checks_say(judge, check_of_service(service, rung), STATUS_SKIP, FAILURE_NOT_IN_REGION,
                       0, "%s has no endpoint in %s", service_name(service),
                       judge->facts->plan.region);
        return;
    }
    judge_resolve(judge, service, where, names_where(judge->facts, service, where, MAX_ADDRESSES));
    judge_private(judge, service, &naming);
    for (enum rung rung = RUNG_CONNECT; rung <= RUNG_HTTP; rung++)
        judge_rung(judge, service, rung, &naming);
    judge_authorize(judge, service);
    if (proxy_reaches(judge->facts, service))
        weigh_proxy(judge, service);
}
