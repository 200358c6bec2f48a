/* SPDX-License-Identifier: Apache-2.0
 *
 * What decides nothing stands beside what decides, in every situation: members beyond a count, which hold
 * what another situation has there, and members in front that every reading passes over. The report says
 * the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/text.h"
#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "report/report.h"
#include "report_builder.h"
#include "situations.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)

/* What is left of `to` behind its first n members is what `from` begins with. */
#define FILL(to, from, n)                                          \
    do {                                                           \
        size_t at_ = (size_t)(n);                                  \
        for (size_t i_ = at_; i_ < COUNT_OF(to); i_++)             \
            memcpy(&(to)[i_], &(from)[i_ - at_], sizeof((to)[0])); \
    } while (0)

static struct facts facts, other;
static struct report report;

static void make(struct facts *to, const struct situation *situation)
{
    facts_healthy(to);
    situation->make(to);
}

static void fill_endpoint(struct endpoint_facts *to, const struct endpoint_facts *from)
{
    for (size_t i = 0; i < COUNT_OF(to->answers); i++)
        FILL(to->answers[i].addresses, from->answers[i].addresses, to->answers[i].n_addresses);
    FILL(to->answers, from->answers, to->n_answers);
    FILL(to->addresses, from->addresses, to->n_addresses);
    FILL(to->actions, from->actions, to->n_actions);
}

static void fill_beyond(struct facts *to, const struct facts *from)
{
    struct network_facts *network = &to->network;

    for (int32_t i = 0; i < network->n_interfaces && network->interfaces[i].n_addresses > 0; i++)
        FILL(network->interfaces[i].addresses, from->network.interfaces[i].addresses,
             network->interfaces[i].n_addresses);
    if (network->n_interfaces > 0 && network->interfaces[0].n_addresses > 0)
        FILL(network->interfaces, from->network.interfaces, network->n_interfaces);
    FILL(network->routes, from->network.routes, network->n_routes);
    FILL(to->resolvers.configured, from->resolvers.configured, to->resolvers.n_configured);
    FILL(to->resolvers.upstream, from->resolvers.upstream, to->resolvers.n_upstream);
    FILL(to->instance.vpc_cidrs, from->instance.vpc_cidrs, to->instance.n_vpc_cidrs);
    FILL(to->instance.subnet_cidrs, from->instance.subnet_cidrs, to->instance.n_subnet_cidrs);
    FILL(to->clock.samples, from->clock.samples, to->clock.n_samples);
    FILL(to->agent.variables, from->agent.variables, to->agent.n_variables);
    for (int i = 0; i < N_SERVICES; i++)
        fill_endpoint(&to->endpoints[i], &from->endpoints[i]);
}

/* What a report says, without the facts that it says it of; the details list all that was asked and dialled. */
static void say(struct buffer *to, bool details)
{
    diagnose(&facts, &report);
    buffer_init(to, REPORT_MAX_BYTES);
    write_json_line(&report, to);
    char *of_facts = strstr(to->bytes, "\"facts\":{");
    assert_non_null(of_facts);
    *of_facts = '\0';
    for (char *at = to->bytes; !details && (at = strstr(at, ",\"detail\":{"));) {
        char *end = strstr(at, "}},{") ? strstr(at, "}},{") : strstr(at, "}}]");
        assert_non_null(end);
        memmove(at, end + 1, strlen(end + 1) + 1);
    }
}

static int compare(const char *name, const char *with, const char *said, bool details)
{
    struct buffer text;
    size_t same = 0;

    say(&text, details);
    bool differs = strcmp(said, text.bytes) != 0;
    while (differs && said[same] == text.bytes[same])
        same++;
    if (differs)
        printf("%s, %s: it says %.160s\n  and not %.160s\n", name, with,
               text.bytes + (same < 60 ? 0 : same - 60), said + (same < 60 ? 0 : same - 60));
    buffer_clear(&text);
    return differs;
}

static void nothing_beyond_a_count_is_read(void **state)
{
    static const char *const others[] = {"healthy", "tls-expired", "route-elsewhere",
                                         "dns-bypasses-vpc", "agent-environment"};
    const struct situation *situation;
    int n_wrong = 0;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)); i++) {
        struct buffer said;
        make(&facts, situation);
        say(&said, true);
        for (size_t j = 0; j < COUNT_OF(others); j++) {
            if (!share_has(i * COUNT_OF(others) + j) || !situation_find(others[j]))
                continue;
            make(&facts, situation);
            make(&other, situation_find(others[j]));
            fill_beyond(&facts, &other);
            n_wrong += compare(situation->name, others[j], said.bytes, true);
        }
        buffer_clear(&said);
    }
    assert_int_equal(n_wrong, 0);
}

#define INSERT(array, n)                                                            \
    (memmove(&(array)[1], &(array)[0], (COUNT_OF(array) - 1) * sizeof((array)[0])), \
     memset(&(array)[0], 0, sizeof((array)[0])), (n)++, &(array)[0])

/* A question that was not asked, an address that lies elsewhere and was not dialled, an action that nobody sent. */
static void put_in_front(struct facts *to)
{
    if (to->network.n_routes > 0 && to->network.n_routes < MAX_ROUTES) {
        struct route *route = INSERT(to->network.routes, to->network.n_routes);
        route->kind = ROUTE_FORWARD;
        SET(route->to, "192.0.2.9");
        SET(route->interface, "eth9");
    }
    for (int i = 0; i < N_SERVICES; i++) {
        struct endpoint_facts *endpoint = &to->endpoints[i];
        if (endpoint->n_answers > 0 && endpoint->n_answers < MAX_ANSWERS) {
            struct dns_answer *answer = INSERT(endpoint->answers, endpoint->n_answers);
            answer->asked_as = ASKED_AMAZON;
            answer->rcode = -1;
            SET(answer->server, "192.0.2.53");
        }
        if (endpoint->n_addresses > 0 && endpoint->n_addresses < MAX_ADDRESSES) {
            struct address_facts *at = INSERT(endpoint->addresses, endpoint->n_addresses);
            at->second_opinion = true;
            step_fail(&at->steps[RUNG_CONNECT], FAILURE_TIMEOUT, 2000);
            at->place = PLACE_PRIVATE_ELSEWHERE;
            SET(at->address, "192.0.2.%d", i);
        }
    }
}

static void what_every_reading_passes_over_may_come_first(void **state)
{
    const struct situation *situation;
    int n_wrong = 0;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)); i++) {
        struct buffer said;
        if (!share_has(i) || strcmp(situation->name, "refused-on-the-way--resets") == 0)
            continue; /* whose command names the first address of all */
        make(&facts, situation);
        say(&said, false);
        put_in_front(&facts);
        n_wrong += compare(situation->name, "with something in front", said.bytes, false);
        buffer_clear(&said);
    }
    assert_int_equal(n_wrong, 0);
}

/* Situations are stacked, by pairs and by fuzzing. */
static void a_full_array_stays_within_its_bounds(void **state)
{
    enum { TIMES = 40 }; /* more than any of these arrays has room for */
    const struct situation *situation;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)); i++) {
        const struct network_facts *network = &facts.network;
        facts_healthy(&facts);
        for (int j = 0; j < TIMES; j++)
            situation->make(&facts);
        bool fits = network->n_interfaces <= (int32_t)COUNT_OF(network->interfaces) &&
                    network->n_routes <= (int32_t)COUNT_OF(network->routes) &&
                    network->interfaces[0].n_addresses <=
                        (int32_t)COUNT_OF(network->interfaces[0].addresses) &&
                    facts.instance.n_vpc_cidrs <= (int32_t)COUNT_OF(facts.instance.vpc_cidrs) &&
                    facts.agent.n_variables <= (int32_t)COUNT_OF(facts.agent.variables);
        for (int j = 0; j < N_SERVICES; j++)
            fits &= facts.endpoints[j].n_answers <= (int32_t)COUNT_OF(facts.endpoints[j].answers) &&
                    facts.endpoints[j].n_addresses <= MAX_ADDRESSES &&
                    facts.endpoints[j].n_actions <= (int32_t)COUNT_OF(facts.endpoints[j].actions);
        if (!fits)
            fail_msg("%s", situation->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_beyond_a_count_is_read),
        cmocka_unit_test(what_every_reading_passes_over_may_come_first),
        cmocka_unit_test(a_full_array_stays_within_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
