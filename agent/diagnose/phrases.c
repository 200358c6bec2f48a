/* SPDX-License-Identifier: Apache-2.0
 *
 * Phrases that a page or a title may name: words of our own, and values in another form. The build reads
 * the table at the end of this file.
 */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/causes.h"
#include "diagnose/checks.h"
#include "diagnose/look.h"
#include "diagnose/names.h"
#include "diagnose/policy.h"
#include "diagnose/reach.h"
#include "diagnose/remedy.h"

enum { LONGEST_TITLE = 72 }; /* of a line of a terminal, behind the verdict's words */

static const char *set_number(const struct asked *of, int32_t number)
{
    (void)text_set(of->scratch, VALUE_SIZE, "%d", (int)number);
    return of->scratch;
}

static void add_service(const struct asked *of, int service)
{
    text_list(of->scratch, VALUE_SIZE, ", ", service_name((enum service)service));
}

static bool is_about(const struct asked *of, int service)
{
    return of->view->explains & check_service_bits((enum service)service);
}

/* --- services and names --- */

static const char *service(const struct asked *of)
{
    return service_name(of->view->service);
}

static const char *services(const struct asked *of)
{
    for (enum service i = 0; i < N_SERVICES; i++)
        if (is_about(of, i))
            add_service(of, i);
    return of->scratch;
}

/* That sessions need, and do not reach. */
static const char *session_services(const struct asked *of)
{
    for (enum service i = 0; i < N_SERVICES; i++)
        for (enum rung rung = RUNG_RESOLVE; rung < N_RUNGS; rung++)
            if (notes_sessions_lack(of->view, i, rung)) {
                add_service(of, i);
                break;
            }
    return of->scratch;
}

static const char *all_or_services(const struct asked *of)
{
    for (enum service i = 0; i < N_SERVICES; i++)
        if (look_is_planned(of->facts, i) && !is_about(of, i))
            return services(of);
    return "all endpoints";
}

/* As a filter of the AWS CLI takes several values; of one that is not known a pattern. */
static const char *endpoint_services(const struct asked *of)
{
    struct view view = *of->view;
    char value[VALUE_SIZE], pattern[NAME_SIZE];

    for (enum service i = 0; i < N_SERVICES; i++) {
        view.service = i;
        if (!is_about(of, i))
            continue;
        (void)text_set(pattern, sizeof(pattern), "*.%s", service_name(i));
        const char *name = value_for_shell(&view, "endpoint_service", value);
        text_list(of->scratch, VALUE_SIZE, ",", name[0] == '<' ? pattern : name);
    }
    return of->scratch;
}

/* As sed's regular expression: a dot is a dot. */
static const char *host_pattern(const struct asked *of)
{
    char value[VALUE_SIZE];

    for (const char *at = value_for_shell(of->view, "host", value); *at; at++)
        (void)text_add(of->scratch, VALUE_SIZE, "%s%c", *at == '.' ? "\\" : "", *at);
    return of->scratch;
}

/* The server whose word, or whose silence, decided. */
static const char *server(const struct asked *of)
{
    const struct dns_answer *answer = names_lookup(of->facts, of->view->service).answer;
    return answer ? answer->server : "";
}

/* All that the agent asks, where it got nothing out of any. */
static const char *servers(const struct asked *of)
{
    const struct endpoint_facts *endpoint = &of->facts->endpoints[of->view->service];
    int n = 0;

    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        const struct dns_answer *answer = &endpoint->answers[i];
        bool again = answer->asked_as != ASKED_CONFIGURED;
        for (int32_t j = 0; j < i; j++)
            again |= strcmp(endpoint->answers[j].server, answer->server) == 0;
        n += !again;
    }
    (void)text_set(of->scratch, VALUE_SIZE, "%s", server(of));
    if (of->scratch[0] && n > 1)
        (void)text_add(of->scratch, VALUE_SIZE, " and %d more", n - 1);
    return of->scratch;
}

static const char *set_seconds(const struct asked *of, int32_t ms)
{
    (void)text_set(of->scratch, VALUE_SIZE, "%d.%d s", (int)ms / 1000, (int)ms % 1000 / 100);
    return of->scratch;
}

static const char *dns_delay(const struct asked *of)
{
    struct lookup lookup = names_lookup(of->facts, of->view->service);
    return set_seconds(of, lookup.decided ? lookup.waited_ms : lookup.took_ms);
}

static const char *dns_patience(const struct asked *of)
{
    (void)text_set(of->scratch, VALUE_SIZE, "%d s", (int)facts_dns_patience_ms(of->facts) / 1000);
    return of->scratch;
}

/* What NO_PROXY has already, to be written behind what it lacks, as far as a command has room. */
static const char *exempted(const struct asked *of)
{
    const char *list = of->facts->agent.no_proxy;

    if (strlen(list) < VALUE_SIZE / 2 && text_only(list, "-._:/*, "))
        (void)text_set(of->scratch, VALUE_SIZE, ",%s", list);
    return of->scratch;
}

static const char *imds_delay(const struct asked *of)
{
    return set_seconds(of, imds_delay_ms(&of->facts->imds));
}

static const char *forwarder(const struct asked *of)
{
    return resolve_forwarder(of->view);
}

static const char *silent_server(const struct asked *of)
{
    const struct dns_answer *answer = notes_silent_server(of->facts);
    return answer ? answer->server : "";
}

/* --- the way --- */

static const char *obstacle(const struct asked *of)
{
    return imds_obstacle(of->facts);
}

/* A title stays within one line of a terminal. */
static const char *short_role(const struct asked *of)
{
    (void)text_set(of->scratch, VALUE_SIZE, "%.40s", of->facts->role.role);
    return of->scratch;
}

static const char *skew(const struct asked *of)
{
    struct clock_reading clock = look_clock(of->facts);

    if (clock.n == 0)
        return "";
    look_span_ms(clock.offset_ms, of->scratch, VALUE_SIZE);
    (void)text_add(of->scratch, VALUE_SIZE, " %s", clock.offset_ms < 0 ? "ahead" : "behind");
    if (clock.at_limit)
        (void)text_add(of->scratch, VALUE_SIZE, ", at the limit");
    return of->scratch;
}

/* How many addresses of the service ended as the row says, and how many were tried. */
static const char *n_bad(const struct asked *of)
{
    struct reach reach = reach_of(of->facts, of->view->service);
    int32_t n = 0;

    for (int i = 0; i < N_ENDINGS; i++)
        n += of->view->cause->ended & (1u << i) ? reach.by[i] : 0;
    return set_number(of, n);
}

static const char *n_tried(const struct asked *of)
{
    return set_number(of, reach_of(of->facts, of->view->service).n);
}

/* Empty where no route refuses. */
static const char *undo_route(const struct asked *of)
{
    bool imds = of->view->explains & check_bit(CHECK_IMDS_CONNECT);
    struct reached at;
    bool found = reach_first(of->facts, reach_check(of->view->service), ENDING_NO_ROUTE, &at);
    const char *to = imds ? of->facts->imds.address : found ? at.address->address : "";
    const char *version = family_of(to) == FAMILY_IPV6 ? " -6" : "";
    const struct route *route = route_find(of->facts, to);

    if (!route || route->kind < ROUTE_UNREACHABLE || !text_only(route->entry, "-.:/"))
        return "";
    if (route->by_rule) {
        (void)text_set(of->scratch, VALUE_SIZE, "ip%s rule del priority %u", version,
                       (unsigned)route->priority);
        return of->scratch;
    }
    (void)text_set(of->scratch, VALUE_SIZE, "ip%s route del %s %s", version,
                   route_words(route->kind), route->entry);
    if (route->table != ROUTE_TABLE_MAIN)
        (void)text_add(of->scratch, VALUE_SIZE, " table %u", (unsigned)route->table);
    return of->scratch;
}

/* "A prohibit route", on this machine. */
static const char *refusing_route(const struct asked *of)
{
    struct reached at;
    const struct route *route = reach_first(of->facts, reach_check(of->view->service),
                                            ENDING_NO_ROUTE, &at)
                                    ? route_find(of->facts, at.address->address)
                                    : NULL;

    if (!route || route->kind < ROUTE_UNREACHABLE)
        return "";
    (void)text_set(of->scratch, VALUE_SIZE, "%s %s %s",
                   route->kind == ROUTE_UNREACHABLE ? "An" : "A", route_words(route->kind),
                   route->by_rule ? "rule" : "route");
    return of->scratch;
}

static const char *lacking_route(const struct asked *of)
{
    const struct network_facts *network = &of->facts->network;
    return network->default_route_ipv4 || network->default_route_ipv6
               ? "route to the endpoints"
               : "default route, and none to the endpoints";
}

static const char *offender(const struct asked *of)
{
    struct reached at;
    return reach_first(of->facts, of->view->explains, ENDING_STOPPED, &at) ? at.address->offender
                                                                           : "";
}

/* The first route that leads where no interface of the instance is: of the services' addresses, what needs them most. */
static const struct route *astray_route(const struct asked *of)
{
    for (struct reached at = {0}; reach_next(of->facts, of->view->explains, &at);)
        if (route_leads_astray(of->facts, at.address->address))
            return route_find(of->facts, at.address->address);
    for (int32_t i = 0; i < of->facts->network.n_routes; i++)
        if (route_leads_astray(of->facts, of->facts->network.routes[i].to))
            return &of->facts->network.routes[i];
    return NULL;
}

/* A text of that route. */
static const char *astray(const struct asked *of)
{
    const struct route *route = astray_route(of);
    return route ? (const char *)route + of->argument : "";
}

/* Every address with such a route, as a shell's words. */
static const char *astray_all(const struct asked *of)
{
    for (int32_t i = 0; i < of->facts->network.n_routes; i++) {
        const char *to = of->facts->network.routes[i].to;
        if (route_leads_astray(of->facts, to) && text_only(to, ".:"))
            text_list(of->scratch, VALUE_SIZE, " ", to);
    }
    return of->scratch;
}

/* Of another network; empty where a device of another leads astray. */
static const char *astray_source(const struct asked *of)
{
    const struct route *route = astray_route(of);
    return route && route_is_by_foreign_source(of->facts, route) ? route->source : "";
}

/* "into tun0"; "from 172.17.0.1". */
static const char *astray_way(const struct asked *of)
{
    const struct route *route = astray_route(of);
    const char *source = astray_source(of);

    (void)text_set(of->scratch, VALUE_SIZE, "%s %s", source[0] ? "sent from" : "misrouted, into",
                   source[0] ? source
                   : route   ? route->interface
                             : "");
    return of->scratch;
}

/* "the resolver 10.0.0.2", "ssm (10.0.1.21)": whose address that is. */
static const char *astray_place(const struct asked *of)
{
    const struct facts *facts = of->facts;
    const struct route *route = astray_route(of);
    const char *to = route ? route->to : "";
    const char *whose = to;

    if (strcmp(to, facts->imds.address) == 0)
        whose = "the metadata service";
    for (int32_t i = 0; i < facts->resolvers.n_configured; i++)
        if (strcmp(to, facts->resolvers.configured[i]) == 0)
            whose = "the resolver";
    for (enum service i = 0; i < N_SERVICES && whose == to; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_addresses; j++)
            if (strcmp(to, facts->endpoints[i].addresses[j].address) == 0)
                whose = service_name(i);
    if (whose != to && to[0])
        (void)text_set(of->scratch, VALUE_SIZE, "%s (%s)", whose, to);
    else
        (void)text_set(of->scratch, VALUE_SIZE, "%s", to);
    return of->scratch;
}

static const struct route *other_route(const struct asked *of)
{
    for (struct reached at = {0}; reach_next(of->facts, of->view->explains, &at);)
        if (route_is_by_other_interface(of->facts, at.address->address))
            return route_find(of->facts, at.address->address);
    return NULL;
}

static const char *other(const struct asked *of)
{
    const struct route *route = other_route(of);
    return route ? (const char *)route + of->argument : "";
}

static const char *lone_family(const struct asked *of)
{
    enum family which;
    return value_lone_family(of->view, &which) ? family_name(which) : "";
}

static const char *family(const struct asked *of)
{
    return family_name(value_family(of->view));
}

static const char *other_family(const struct asked *of)
{
    return family_name(family_other(value_family(of->view)));
}

/* How sure what follows is: "{maybe}a security group". Nothing where it is certain. */
static const char *maybe(const struct asked *of)
{
    static const char *const words[] = {
        [CONFIDENCE_POSSIBLE] = "perhaps ",
        [CONFIDENCE_LIKELY] = "probably ",
        [CONFIDENCE_CERTAIN] = "",
    };
    return words[of->view->confidence];
}

/* The first check that the finding is about. */
static const char *check(const struct asked *of)
{
    for (enum check i = 0; i < N_CHECKS; i++)
        if (of->view->explains & check_bit(i))
            return check_name(i);
    return "";
}

static const char *logged(const struct asked *of)
{
    return look_logged_cause(&of->facts->agent);
}

/* --- certificates and policies --- */

/* "ended on 2026-11-22": the first certificate whose dates do not hold now. */
static const char *out_of_time(const struct asked *of)
{
    for (struct each it = {0}; view_each(of->view, RUNG_TLS, &it);) {
        const struct address_facts *at = view_bad_tls(of->view, it.service);
        const bool early = at && at->steps[RUNG_TLS].failure == FAILURE_CERTIFICATE_NOT_YET_VALID;
        char day[TIME_SIZE];

        if (!at || at->session.not_after_unix_s == 0)
            continue;
        clock_format_iso8601(
            (early ? at->session.not_before_unix_s : at->session.not_after_unix_s) * 1000, false,
            day);
        (void)text_set(of->scratch, VALUE_SIZE, "%s %.10s",
                       early ? "is not valid before" : "ended on", day);
        break;
    }
    return of->scratch;
}

static const char *ending_certificates(const struct asked *of)
{
    int64_t left_s;

    for (enum service i = 0; i < N_SERVICES; i++)
        if (notes_ends_soon(of->facts, i, &left_s))
            add_service(of, i);
    return of->scratch;
}

static const char *time_left(const struct asked *of)
{
    int64_t first_s = INT64_MAX, left_s;

    for (enum service i = 0; i < N_SERVICES; i++)
        if (notes_ends_soon(of->facts, i, &left_s) && left_s < first_s)
            first_s = left_s;
    look_span(first_s, of->scratch, VALUE_SIZE);
    return of->scratch;
}

static const char *n_denied(const struct asked *of)
{
    return set_number(of, policy_count(of->facts).denied);
}

static const char *lacking(const struct asked *of)
{
    int n;
    const char *first = service_denied_action(of->view, &n);

    if (n <= 1)
        return n == 1 ? first : "";
    (void)text_set(of->scratch, VALUE_SIZE, "%.36s and %d more", first, n - 1);
    return of->scratch;
}

/* Where the first of two texts begins; at the end, where there is none. */
static size_t first_of(const char *text, const char *one, const char *other)
{
    const char *at = strstr(text, one), *or_at = strstr(text, other);
    const char *first = !at || (or_at && or_at < at) ? or_at : at;
    return first ? (size_t)(first - text) : strlen(text);
}

static const char *fault(const struct asked *of)
{
    struct faults faults;

    if (view_faults(of->view, &faults) > 0)
        (void)text_set(of->scratch, VALUE_SIZE, "%s", faults.at[0].words);
    if (strlen(of->scratch) > LONGEST_TITLE) /* what it is, without why that is wrong */
        of->scratch[first_of(of->scratch, ": ", ", which")] = '\0';
    if (strlen(of->scratch) > LONGEST_TITLE)
        of->scratch[0] = '\0';
    of->scratch[0] = (char)toupper((unsigned char)of->scratch[0]);
    return of->scratch;
}

/* As a shell's words. */
static const char *harmful_variables(const struct asked *of)
{
    const struct agent_facts *agent = &of->facts->agent;

    for (int32_t i = 0; i < agent->n_variables; i++)
        if (text_only(agent->variables[i].name, "_") &&
            look_does_harm(of->facts, &agent->variables[i]))
            text_list(of->scratch, VALUE_SIZE, " ", agent->variables[i].name);
    return of->scratch;
}

static const char *config_fault(const struct asked *of)
{
    return of->facts->agent.config.outcome == OUTCOME_FAILED
               ? "The SSM agent's configuration file does not parse"
               : fault(of);
}

/* A title has room for one name. Empty where the SSM agent itself needs what is denied. */
static const char *tools_in_short(const struct asked *of)
{
    char *to = of->scratch;
    int n = 0;

    policy_tools(of->facts, of->view->explains, of->view->cause->denied_by, to, VALUE_SIZE);
    for (const char *comma = to; (comma = strchr(comma, ',')); comma++)
        n++;
    to[strcspn(to, ",")] = '\0';
    if (n > 0)
        (void)text_add(to, VALUE_SIZE, " and %d more", n);
    return to;
}

/* The service's own code for a request that it finds wrong. */
static const char *refusal(const struct asked *of)
{
    const struct endpoint_facts *endpoint = &of->facts->endpoints[of->view->service];

    for (int32_t i = 0; i < endpoint->n_actions; i++)
        if (endpoint->actions[i].failure == FAILURE_BAD_REQUEST)
            return endpoint->actions[i].code;
    return "";
}

/* --- the table --- */

static const struct {
    const char *name;
    value_get *get;
    size_t argument;
} phrases[] = {
    {"all_or_services", all_or_services},
    {"astray", astray, offsetof(struct route, to)},
    {"astray_all", astray_all},
    {"astray_device", astray, offsetof(struct route, interface)},
    {"astray_place", astray_place},
    {"astray_source", astray_source},
    {"astray_way", astray_way},
    {"check", check},
    {"config_fault", config_fault},
    {"dns_delay", dns_delay},
    {"dns_patience", dns_patience},
    {"ending_certificates", ending_certificates},
    {"endpoint_services", endpoint_services},
    {"exempted", exempted},
    {"forwarder", forwarder},
    {"family", family},
    {"fault", fault},
    {"harmful_variables", harmful_variables},
    {"host_pattern", host_pattern},
    {"imds_delay", imds_delay},
    {"lacking", lacking},
    {"lacking_route", lacking_route},
    {"lone_family", lone_family},
    {"logged", logged},
    {"maybe", maybe},
    {"n_bad", n_bad},
    {"n_denied", n_denied},
    {"n_tried", n_tried},
    {"obstacle", obstacle},
    {"offender", offender},
    {"other_address", other, offsetof(struct route, source)},
    {"other_family", other_family},
    {"other_interface", other, offsetof(struct route, interface)},
    {"out_of_time", out_of_time},
    {"refusal", refusal},
    {"refusing_route", refusing_route},
    {"server", server},
    {"servers", servers},
    {"service", service},
    {"session_services", session_services},
    {"services", services},
    {"silent_server", silent_server},
    {"short_role", short_role},
    {"skew", skew},
    {"time_left", time_left},
    {"tools_in_short", tools_in_short},
    {"undo_route", undo_route},
};

const char *phrase_of(struct asked *asked, const char *name)
{
    for (size_t i = 0; i < COUNT_OF(phrases); i++)
        if (strcmp(phrases[i].name, name) == 0) {
            asked->argument = phrases[i].argument;
            asked->scratch[0] = '\0';
            return phrases[i].get(asked);
        }
    return "";
}
