/* SPDX-License-Identifier: Apache-2.0
 *
 * One row a member. The names are the members' own, and frozen once shipped: recorded runs carry
 * them. Macros fill in offsets and sizes, so that no row can disagree with the struct.
 *
 * A new member is a new last row of its struct, and says the generation of the console's compact
 * form that has it first: INT32(agent_facts, restarts, SINCE(2)). generations.h says which one, and
 * a unit test when it was forgotten. Old rows stay as they are, in their order.
 */
#include "model/fields.h"

#include "model/facts.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): names of members and types take none */
/* clang-format off */
#define MEMBER(s, m) .name = #m, .offset = offsetof(struct s, m)
#define SIZE(s, m) sizeof(((struct s *)NULL)->m)
#define LIST(s, m) \
    MEMBER(s, m), .size = SIZE(s, m[0]), .count = COUNT_LIST, \
                  .max_items = SIZE(s, m) / SIZE(s, m[0]), .n_offset = offsetof(struct s, n_##m)

#define SINCE(generation) .since = (generation)

/* Behind the names of struct and member (and enum, or struct): nothing, or SINCE(generation). */
#define ONE(s, m, k, ...) {MEMBER(s, m), .size = SIZE(s, m), .kind = FIELD_##k, __VA_ARGS__}
#define TEXT(s, m, ...) ONE(s, m, TEXT, __VA_ARGS__)
#define TEXTS(s, m, ...) {LIST(s, m), .kind = FIELD_TEXT, __VA_ARGS__}
#define BOOL(s, m, ...) ONE(s, m, BOOL, __VA_ARGS__)
#define INT32(s, m, ...) ONE(s, m, INT32, __VA_ARGS__)
#define INT64(s, m, ...) ONE(s, m, INT64, __VA_ARGS__)
#define UINT16(s, m, ...) ONE(s, m, UINT16, __VA_ARGS__)
#define UINT32(s, m, ...) ONE(s, m, UINT32, __VA_ARGS__)
#define ENUM(s, m, e, ...) ONE(s, m, ENUM, .names = &e##_names, __VA_ARGS__)
#define CHECKS(s, m, ...) ONE(s, m, CHECKS, __VA_ARGS__)
#define STRUCT(s, m, t, ...) ONE(s, m, STRUCT, .fields = &t##_fields, __VA_ARGS__)
#define STRUCTS(s, m, t, ...) \
    {LIST(s, m), .kind = FIELD_STRUCT, .fields = &t##_fields, __VA_ARGS__}
#define BY_SERVICE(s, m, t, ...) \
    {MEMBER(s, m), .size = SIZE(s, m[0]), .kind = FIELD_STRUCT, .count = COUNT_BY_SERVICE, \
     .max_items = SIZE(s, m) / SIZE(s, m[0]), .fields = &t##_fields, __VA_ARGS__}
/* clang-format on */

#define FIELDS(s, ...)                                                                             \
    static const struct field s##_rows[] = {__VA_ARGS__};                                          \
    static const struct fields s##_fields = {#s, s##_rows, sizeof(s##_rows) / sizeof(s##_rows[0]), \
                                             sizeof(struct s)}
/* NOLINTEND(bugprone-macro-parentheses) */

/* facts_from_json.c reads an enum as an unsigned int of the same size. */
_Static_assert(sizeof(enum failure) == sizeof(unsigned int), "enums are ints");
_Static_assert(sizeof(enum place) == sizeof(unsigned int), "enums are ints");

/* --- failure.h, wire.h --- */

FIELDS(step, ENUM(step, outcome, outcome), ENUM(step, failure, failure), INT32(step, os_error),
       INT32(step, took_ms), TEXT(step, detail));

FIELDS(dns_answer, TEXT(dns_answer, server), ENUM(dns_answer, asked_as, asked_as),
       ENUM(dns_answer, family, family), STRUCT(dns_answer, step, step), INT32(dns_answer, rcode),
       UINT32(dns_answer, ttl_s), TEXT(dns_answer, cname), TEXTS(dns_answer, addresses));

FIELDS(route, TEXT(route, to), ENUM(route, kind, route_kind), TEXT(route, entry),
       UINT32(route, table), BOOL(route, by_rule), UINT32(route, priority), TEXT(route, via),
       TEXT(route, interface));

FIELDS(tls_session, TEXT(tls_session, version), ENUM(tls_session, trust_by, trust_by),
       BOOL(tls_session, name_matches), TEXT(tls_session, subject), TEXT(tls_session, issuer),
       TEXT(tls_session, names), INT64(tls_session, not_before_unix_s),
       INT64(tls_session, not_after_unix_s), TEXT(tls_session, verify));

FIELDS(http_head, INT32(http_head, status), TEXT(http_head, server), TEXT(http_head, content_type),
       TEXT(http_head, request_id), TEXT(http_head, error_type), TEXT(http_head, via),
       BOOL(http_head, has_date), INT64(http_head, clock_offset_ms));

/* --- plan.h --- */

FIELDS(service_plan, ENUM(service_plan, need, need), BOOL(service_plan, need_given),
       BOOL(service_plan, not_in_region), BOOL(service_plan, not_needed), TEXT(service_plan, host),
       ENUM(service_plan, host_source, source), UINT16(service_plan, port),
       TEXT(service_plan, endpoint_service));

FIELDS(plan, TEXT(plan, region), ENUM(plan, region_source, source), TEXT(plan, signing_region),
       TEXT(plan, domain), ENUM(plan, private_dns, private_dns),
       ENUM(plan, permissions, permissions), BOOL(plan, strict), BOOL(plan, role_optional),
       BOOL(plan, clock_optional), BOOL(plan, agent_required), CHECKS(plan, skipped),
       BY_SERVICE(plan, services, service_plan));

/* --- facts.h: the machine --- */

FIELDS(machine_facts, ENUM(machine_facts, is_ec2, answer), TEXT(machine_facts, vendor),
       TEXT(machine_facts, asset_tag), TEXT(machine_facts, evidence),
       ENUM(machine_facts, time_sync, answer));

FIELDS(interface_facts, TEXT(interface_facts, name), BOOL(interface_facts, up),
       TEXTS(interface_facts, addresses));

FIELDS(network_facts, STRUCTS(network_facts, interfaces, interface_facts),
       BOOL(network_facts, usable_ipv4), BOOL(network_facts, usable_ipv6),
       BOOL(network_facts, default_route_ipv4), BOOL(network_facts, default_route_ipv6),
       STRUCTS(network_facts, routes, route), BOOL(network_facts, delivery_read, SINCE(2)),
       INT64(network_facts, undelivered, SINCE(2)));

FIELDS(resolver_facts, BOOL(resolver_facts, read), BOOL(resolver_facts, stub),
       TEXT(resolver_facts, file), TEXTS(resolver_facts, configured),
       TEXTS(resolver_facts, upstream));

/* --- facts.h: IMDS, the role --- */

FIELDS(imds_facts, TEXT(imds_facts, address), STRUCT(imds_facts, connect, step),
       STRUCT(imds_facts, token, step), STRUCT(imds_facts, identity, step),
       INT32(imds_facts, token_status), INT32(imds_facts, identity_status),
       TEXT(imds_facts, server), TEXT(imds_facts, body_start),
       ENUM(imds_facts, get_answers, answer), INT32(imds_facts, n_requests));

FIELDS(instance_facts, TEXT(instance_facts, id), TEXT(instance_facts, region),
       TEXT(instance_facts, availability_zone), TEXT(instance_facts, partition),
       TEXT(instance_facts, account), TEXT(instance_facts, image), TEXT(instance_facts, type),
       TEXT(instance_facts, vpc), TEXT(instance_facts, subnet), TEXTS(instance_facts, vpc_cidrs),
       TEXTS(instance_facts, subnet_cidrs), TEXTS(instance_facts, security_groups),
       TEXT(instance_facts, private_ipv4), TEXT(instance_facts, public_ipv4),
       BOOL(instance_facts, network_known));

FIELDS(role_facts, STRUCT(role_facts, attached, step), STRUCT(role_facts, credentials, step),
       INT32(role_facts, info_status), TEXT(role_facts, info_code), TEXT(role_facts, info_message),
       TEXT(role_facts, profile_arn), INT32(role_facts, list_status), TEXT(role_facts, role),
       INT32(role_facts, credentials_status), TEXT(role_facts, code), TEXT(role_facts, message),
       INT64(role_facts, expires_unix_s), ENUM(role_facts, from, credentials_from),
       ENUM(role_facts, identity_role, answer), ENUM(role_facts, dhmc, answer));

/* --- facts.h: one service --- */

/* The rungs that are tried at each address. */
#define STEP(rung, key)                                                           \
    {                                                                             \
        .name = (key), .offset = offsetof(struct address_facts, steps[rung]),     \
        .size = sizeof(struct step), .kind = FIELD_STRUCT, .fields = &step_fields \
    }

FIELDS(address_facts, TEXT(address_facts, address), ENUM(address_facts, place, place),
       BOOL(address_facts, from_hosts_file), BOOL(address_facts, second_opinion),
       STEP(RUNG_CONNECT, "connect"), STEP(RUNG_TLS, "tls"),
       STRUCT(address_facts, session, tls_session), STEP(RUNG_HTTP, "http"),
       STRUCT(address_facts, head, http_head), TEXT(address_facts, body_start),
       ENUM(address_facts, small_segments, answer));

FIELDS(action_facts, TEXT(action_facts, action), ENUM(action_facts, permission, permission),
       BOOL(action_facts, explicit_deny), ENUM(action_facts, denied_by, denied_by),
       ENUM(action_facts, failure, failure), TEXT(action_facts, why_not),
       TEXT(action_facts, address), INT32(action_facts, status), TEXT(action_facts, code),
       TEXT(action_facts, message), INT32(action_facts, took_ms));

FIELDS(endpoint_facts, STRUCTS(endpoint_facts, answers, dns_answer),
       STRUCTS(endpoint_facts, addresses, address_facts),
       STRUCTS(endpoint_facts, actions, action_facts), STRUCT(endpoint_facts, proxy, step),
       INT32(endpoint_facts, proxy_status));

/* --- facts.h: the clock, the SSM agent --- */

FIELDS(clock_sample, TEXT(clock_sample, source), TEXT(clock_sample, address),
       INT64(clock_sample, offset_ms), INT32(clock_sample, error_ms));

FIELDS(clock_facts, INT64(clock_facts, wall_unix_ms), STRUCTS(clock_facts, samples, clock_sample));

FIELDS(agent_facts, ENUM(agent_facts, installed, answer), ENUM(agent_facts, package, agent_package),
       TEXT(agent_facts, version), TEXT(agent_facts, version_file), TEXT(agent_facts, unit),
       ENUM(agent_facts, unit_state, unit_state), TEXT(agent_facts, config_file),
       STRUCT(agent_facts, config, step), TEXT(agent_facts, config_region),
       TEXT(agent_facts, https_proxy), BOOL(agent_facts, proxy_login),
       TEXT(agent_facts, proxy_address), TEXT(agent_facts, no_proxy), TEXT(agent_facts, proxy_file),
       TEXT(agent_facts, ssl_cert_file), TEXT(agent_facts, registered_as),
       TEXT(agent_facts, registration_file), ENUM(agent_facts, running, answer),
       ENUM(agent_facts, connected, answer), TEXT(agent_facts, connected_to),
       TEXT(agent_facts, ca_bundle));

static const struct field facts_rows[] = {
    INT64(facts, started_unix_ms),
    INT32(facts, duration_ms),
    INT32(facts, rounds),
    INT32(facts, deadline_ms),
    ENUM(facts, stopped_by, stopped_by),
    STRUCT(facts, plan, plan),
    STRUCT(facts, machine, machine_facts),
    STRUCT(facts, network, network_facts),
    STRUCT(facts, resolvers, resolver_facts),
    STRUCT(facts, imds, imds_facts),
    STRUCT(facts, instance, instance_facts),
    STRUCT(facts, role, role_facts),
    BY_SERVICE(facts, endpoints, endpoint_facts),
    STRUCT(facts, clock, clock_facts),
    STRUCT(facts, agent, agent_facts),
};

const struct fields facts_fields = {"facts", facts_rows, sizeof(facts_rows) / sizeof(facts_rows[0]),
                                    sizeof(struct facts)};
