/* SPDX-License-Identifier: Apache-2.0
 *
 * One wording for each kind of observation, so that evidence reads alike in every finding.
 */
#include "diagnose/causes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/checks.h"
#include "diagnose/look.h"
#include "diagnose/reach.h"

void finding_evidence(struct finding *finding, const char *format, ...)
{
    va_list arguments;

    if (finding->n_evidence >= MAX_EVIDENCE)
        return;
    char *line = finding->evidence[finding->n_evidence];
    va_start(arguments, format);
    (void)vsnprintf(line, LINE_SIZE, format, arguments);
    va_end(arguments);
    for (int32_t i = 0; i < finding->n_evidence; i++)
        if (strcmp(finding->evidence[i], line) == 0) { /* of another service: says nothing more */
            memset(line, 0, LINE_SIZE);
            return;
        }
    finding->n_evidence++;
}

void finding_quote_answer(struct finding *finding, const char *host,
                          const struct dns_answer *answer)
{
    char words[LINE_SIZE];
    static const char *const types[] = {[FAMILY_IPV4] = "A", [FAMILY_IPV6] = "AAAA"};

    (void)text_set(words, sizeof(words), "%s, asked for %s %s%s: ", answer->server, host,
                   types[answer->family], answer->asked_as == ASKED_PLAIN ? " without EDNS0" : "");
    for (int32_t i = 0; i < answer->n_addresses; i++)
        (void)text_add(words, sizeof(words), "%s%s", i > 0 ? ", " : "", answer->addresses[i]);
    if (answer->n_addresses == 0)
        (void)text_add(words, sizeof(words), "%s", failure_words(answer->step.failure));
    if (answer->rcode > 0)
        (void)text_add(words, sizeof(words), " (rcode %d)", (int)answer->rcode);
    finding_evidence(finding, "%s (%d ms)", words, (int)answer->step.took_ms);
}

void finding_quote_address(struct finding *finding, enum service service,
                           const struct address_facts *address, enum rung rung)
{
    static const char *const places[] = {
        [PLACE_UNKNOWN] = "",
        [PLACE_OWN_SUBNET] = ", in this subnet",
        [PLACE_IN_VPC] = ", in this VPC",
        [PLACE_PRIVATE_ELSEWHERE] = ", outside this VPC",
        [PLACE_PUBLIC] = ", public",
        [PLACE_LOCAL] = ", no endpoint's",
    };
    const struct step *step = &address->steps[rung];
    enum failure failure = look_failure(address, rung);

    char ports[NAME_SIZE] = "";
    if (rung == RUNG_CONNECT && failure != FAILURE_NONE && address->silent_port != 0)
        (void)text_set(ports, sizeof(ports),
                       address->port ? ", from ports %u and %u" : ", from port %u",
                       address->port ? address->port : address->silent_port, address->silent_port);
    finding_evidence(
        finding,
        step->detail[0] ? "%s: %s (%s%s): %s%s%s (%d ms)%s" : "%s: %s (%s%s): %s%s%s after %d ms%s",
        rung_name(rung), address->address, service_name(service), places[address->place],
        failure == FAILURE_NONE ? "works" : failure_words(failure), step->detail[0] ? ", " : "",
        step->detail, (int)step->took_ms, ports);
}

/* The end of a denial says why, its long beginning who and what. */
static const char *telling_words(const char *message)
{
    static const char *const marks[] = {"with an explicit deny", "because no ",
                                        "due to an explicit"};
    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        const char *at = strstr(message, marks[i]);
        if (at)
            return at;
    }
    return message;
}

void finding_quote_action(struct finding *finding, const struct action_facts *action)
{
    const char *words = telling_words(action->message);
    const char *at = action->address[0] ? action->address : "the endpoint";

    if (action->status == 0)
        finding_evidence(finding, "%s at %s: %s", action->action, at,
                         failure_words(action->failure));
    else
        finding_evidence(finding, "%s at %s: status %d %s%s%s%s", action->action, at,
                         (int)action->status, action->code, words[0] ? ": " : "",
                         words != action->message ? "... " : "", words);
}

void finding_quote_route(struct finding *finding, const struct facts *facts, const char *address)
{
    const struct route *route = route_find(facts, address);
    char table[NAME_SIZE] = "main";

    if (!route || route->kind == ROUTE_UNKNOWN)
        return;
    if (route->table != ROUTE_TABLE_MAIN)
        (void)text_set(table, sizeof(table), "%u", (unsigned)route->table);
    if (route->kind == ROUTE_FORWARD) {
        char by[LINE_SIZE] = "";
        if (route->by_rule)
            (void)text_set(by, sizeof(by), ", by table %s and rule %u", table,
                           (unsigned)route->priority);
        finding_evidence(finding, "the kernel has a route to %s: %s%s%sdev %s%s%s%s", address,
                         route->via[0] ? "via " : "", route->via, route->via[0] ? " " : "",
                         route->interface, route->source[0] ? " src " : "", route->source, by);
    } else if (route->kind == ROUTE_LOCAL)
        finding_evidence(finding, "the kernel takes %s for an address of this machine", address);
    else if (route->kind == ROUTE_NONE)
        finding_evidence(finding, "the kernel has no route to %s", address);
    else if (route->by_rule)
        finding_evidence(finding, "policy routing refuses: rule %u says %s for %s",
                         (unsigned)route->priority, route_words(route->kind), route->entry);
    else
        finding_evidence(finding, "the kernel's route to %s: %s%s%s%s%s", address,
                         route_words(route->kind), route->entry[0] ? " " : "", route->entry,
                         route->entry[0] ? ", in table " : "", route->entry[0] ? table : "");
}

/* --- symptoms --- */

bool view_has(const struct view *view, enum check check)
{
    return (view->symptoms & check_bit(check)) != 0;
}

bool view_has_reason(const struct view *view, enum check check, enum failure reason)
{
    return view_has(view, check) && view->checks[check].reason == reason;
}

bool test_holds(const struct test *test, const struct view *view)
{
    const char *at = (const char *)view->facts + test->fact - 1;
    int value;

    if (test->holds || test->fact == 0)
        return !test->holds || test->holds(view);
    if (test->is == NOT_EMPTY || test->is == EMPTY)
        return (*at != 0) == (test->is == NOT_EMPTY);
    memcpy(&value, at, sizeof(value));
    return value == test->is;
}

static bool covers(const struct part *part, enum check check)
{
    enum service service;
    enum rung rung;

    if (check_is_service(check, &service, &rung))
        check = check_of_service(SERVICE_SSM, rung);
    return check >= part->first && (int)check < part->end;
}

static bool names(const struct part *part, enum failure reason)
{
    for (int i = 0; part->because[i] != FAILURE_NONE; i++)
        if (part->because[i] == reason)
            return true;
    return part->because[0] == FAILURE_NONE;
}

bool view_is_reason(const struct view *view, enum check check, enum failure reason)
{
    for (int i = 0; i < MAX_PARTS; i++)
        if (covers(&view->cause->explains[i], check) && names(&view->cause->explains[i], reason))
            return true;
    return false;
}

int view_faults(const struct view *view, struct faults *faults)
{
    struct faults all;

    faults_find(view->facts, &all);
    faults->n = 0;
    for (int i = 0; i < all.n; i++)
        if ((view->explains & check_bit(all.at[i].check)) &&
            view_is_reason(view, all.at[i].check, all.at[i].reason))
            faults->at[faults->n++] = all.at[i];
    return faults->n;
}

bool view_each(const struct view *view, enum rung rung, struct each *it)
{
    while (it->next < N_SERVICES) {
        it->service = (enum service)it->next++;
        if (view->explains & (rung == N_RUNGS ? check_service_bits(it->service)
                                              : check_bit(check_of_service(it->service, rung))))
            return true;
    }
    return false;
}

const struct address_facts *view_bad_tls(const struct view *view, enum service service)
{
    const struct endpoint_facts *endpoint = &view->facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        enum failure failure = look_failure(at, RUNG_TLS);
        if (failure != FAILURE_NONE && !at->second_opinion &&
            view_is_reason(view, check_of_service(service, RUNG_TLS), failure))
            return at;
    }
    return NULL;
}
