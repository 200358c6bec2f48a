/* SPDX-License-Identifier: Apache-2.0
 *
 * One row a member. The names are the members' own, and recorded runs carry them. Macros fill in
 * offsets and sizes, so that no row can disagree with the struct; a text says of which kind it is.
 */
#include "model/fields.h"

#include <string.h>

#include "model/facts.h"

/* A table is FIELDS(rows) of the struct that S names. Behind a member: of which kind a text is, or
 * which enum or struct; then, unless a diagnosis needs it, how little it does. */
/* NOLINTBEGIN(bugprone-macro-parentheses): names of members and types take none */
/* clang-format off */
#define EXTRA .keep = KEEP_EXTRA
#define QUOTED .keep = KEEP_QUOTED
#define UNUSED .keep = KEEP_UNUSED

#define SIZE(m) sizeof(((struct S *)NULL)->m)
#define MEMBER(m, k) .name = #m, .offset = offsetof(struct S, m), .kind = FIELD_##k
#define ONE(m, k, ...) {MEMBER(m, k), .size = SIZE(m), __VA_ARGS__}
#define MANY(m, k, c, ...) \
    {MEMBER(m, k), .size = SIZE(m[0]), .count = COUNT_##c, .max_items = SIZE(m) / SIZE(m[0]), __VA_ARGS__}
#define LIST(m, k, ...) MANY(m, k, LIST, .n_offset = offsetof(struct S, n_##m), __VA_ARGS__)

#define TEXT(m, what, ...) ONE(m, TEXT, .text = TEXT_##what, __VA_ARGS__)
#define TEXTS(m, what, ...) LIST(m, TEXT, .text = TEXT_##what, __VA_ARGS__)
#define BOOL(m, ...) ONE(m, BOOL, __VA_ARGS__)
#define INT32(m, ...) ONE(m, INT32, __VA_ARGS__)
#define INT64(m, ...) ONE(m, INT64, __VA_ARGS__)
#define UINT16(m, ...) ONE(m, UINT16, __VA_ARGS__)
#define UINT32(m, ...) ONE(m, UINT32, __VA_ARGS__)
#define ENUM(m, e, ...) ONE(m, ENUM, .names = &e##_names, __VA_ARGS__)
#define CHECKS(m, ...) ONE(m, CHECKS, __VA_ARGS__)
#define STRUCT(m, t, ...) ONE(m, STRUCT, .fields = &t##_fields, __VA_ARGS__)
#define STRUCTS(m, t, ...) LIST(m, STRUCT, .fields = &t##_fields, __VA_ARGS__)
#define BY_SERVICE(m, t, ...) MANY(m, STRUCT, BY_SERVICE, .fields = &t##_fields, __VA_ARGS__)

#define TABLE(s, linkage, ...) \
    static const struct field s##_rows[] = {__VA_ARGS__}; \
    linkage const struct fields s##_fields = { \
        #s, s##_rows, COUNT_OF(s##_rows), sizeof(struct s)}
#define TABLE_OF(s, linkage, ...) TABLE(s, linkage, __VA_ARGS__) /* S is expanded first */
#define FIELDS(...) TABLE_OF(S, static, __VA_ARGS__)
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

/* facts_json.c reads an enum as an unsigned int of the same size. */
_Static_assert(sizeof(enum failure) == sizeof(unsigned int), "enums are ints");
_Static_assert(sizeof(enum place) == sizeof(unsigned int), "enums are ints");

/* --- failure.h, wire.h --- */

#define S step
FIELDS(ENUM(outcome, outcome), ENUM(failure, failure), INT32(os_error, UNUSED), INT32(took_ms),
       TEXT(detail, PROSE, QUOTED));
#undef S

#define S dns_answer
FIELDS(TEXT(server, ADDRESS), ENUM(asked_as, asked_as), ENUM(family, family), STRUCT(step, step),
       BOOL(unsent), INT32(rcode), TEXT(cname, HOST), TEXTS(addresses, ADDRESS), INT32(n_more));
#undef S

#define S route
FIELDS(TEXT(to, ADDRESS), ENUM(kind, route_kind), TEXT(entry, ADDRESS), UINT32(table),
       BOOL(by_rule), UINT32(priority), TEXT(via, ADDRESS), TEXT(interface, NAME),
       TEXT(source, ADDRESS));
#undef S

#define S tls_session
FIELDS(TEXT(version, WORD), ENUM(trust_by, trust_by), ENUM(distrusted_by, trust_by),
       BOOL(name_matches), TEXT(subject, ISSUER), TEXT(issuer, ISSUER), TEXT(names, HOST, EXTRA),
       INT64(not_before_unix_s), INT64(not_after_unix_s), TEXT(verify, PROSE, QUOTED));
#undef S

#define S http_head
FIELDS(INT32(status), TEXT(server, PROSE, QUOTED), TEXT(content_type, PROSE, UNUSED),
       TEXT(request_id, PROSE, UNUSED), TEXT(error_type, WORD, UNUSED), TEXT(via, PROSE, QUOTED),
       BOOL(has_date, UNUSED), INT64(clock_offset_ms, UNUSED));
#undef S

/* --- plan.h --- */

#define S service_plan
FIELDS(ENUM(need, need), BOOL(need_given), BOOL(not_in_region), TEXT(host, HOST),
       ENUM(host_source, source), UINT16(port), TEXT(endpoint_service, HOST));
#undef S

#define S plan
FIELDS(TEXT(region, WORD), ENUM(region_source, source), TEXT(signing_region, WORD),
       TEXT(domain, HOST), ENUM(private_dns, private_dns), ENUM(permissions, permissions),
       BOOL(strict), BOOL(role_optional), BOOL(clock_optional), BOOL(agent_optional), BOOL(dhmc),
       TEXT(needed_for, WORD), CHECKS(skipped), BY_SERVICE(services, service_plan));
#undef S

/* --- facts.h: the machine --- */

#define S machine_facts
FIELDS(ENUM(is_ec2, answer), TEXT(vendor, WORD), TEXT(asset_tag, ID), TEXT(evidence, PROSE, QUOTED),
       ENUM(time_sync, answer), STRUCT(trouble, step));
#undef S

#define S interface_facts
FIELDS(TEXT(name, NAME), BOOL(up), ENUM(own, answer), TEXTS(addresses, ADDRESS));
#undef S

#define S network_facts
FIELDS(STRUCTS(interfaces, interface_facts), BOOL(usable_ipv4), BOOL(usable_ipv6),
       BOOL(default_route_ipv4), BOOL(default_route_ipv6), STRUCTS(routes, route),
       BOOL(delivery_read), INT64(undelivered));
#undef S

#define S resolver_facts
FIELDS(STRUCT(read, step), ENUM(order, lookup_order), BOOL(stub), INT32(timeout_ms),
       INT32(attempts), INT32(ndots, UNUSED), BOOL(by_tcp), TEXT(file, PATH),
       TEXT(search, PROSE, UNUSED), TEXTS(configured, ADDRESS), TEXTS(upstream, ADDRESS));
#undef S

/* --- facts.h: IMDS, the role --- */

#define S imds_facts
FIELDS(TEXT(address, ADDRESS), STRUCT(connect, step), STRUCT(token, step), STRUCT(identity, step),
       INT32(token_status), INT32(identity_status), TEXT(server, WORD),
       TEXT(body_start, PROSE, QUOTED), ENUM(get_answers, answer), INT32(n_requests, QUOTED),
       INT32(fastest_ms), INT32(slowest_ms), TEXT(slowest, WORD));
#undef S

#define S instance_facts
FIELDS(TEXT(id, ID), TEXT(region, WORD), TEXT(availability_zone, WORD, EXTRA),
       TEXT(partition, WORD), TEXT(account, ID), TEXT(image, ID, EXTRA), TEXT(type, WORD, EXTRA),
       TEXT(vpc, ID), TEXT(subnet, ID), TEXTS(vpc_cidrs, ADDRESS), TEXTS(subnet_cidrs, ADDRESS),
       TEXTS(security_groups, ID), TEXT(private_ipv4, ADDRESS), TEXT(public_ipv4, ADDRESS),
       BOOL(network_known));
#undef S

#define S role_facts
FIELDS(STRUCT(attached, step), STRUCT(credentials, step), INT32(info_status), TEXT(info_code, WORD),
       TEXT(info_message, PROSE, QUOTED), TEXT(profile_arn, ARN), INT32(list_status),
       TEXT(role, NAME), INT32(credentials_status), TEXT(code, WORD), TEXT(message, PROSE, QUOTED),
       INT64(expires_unix_s), ENUM(from, credentials_from), ENUM(identity_role, answer),
       ENUM(dhmc, answer));
#undef S

/* --- facts.h: one service --- */

/* A rung that is tried at each address. */
#define STEP(rung, key)                                                                        \
    {                                                                                          \
        .name = (key), .offset = offsetof(struct S, steps[rung]), .size = sizeof(struct step), \
        .kind = FIELD_STRUCT, .fields = &step_fields                                           \
    }

#define S address_facts
FIELDS(TEXT(address, ADDRESS), ENUM(place, place), BOOL(from_hosts_file), BOOL(second_opinion),
       STEP(RUNG_CONNECT, "connect"), STEP(RUNG_TLS, "tls"), STRUCT(session, tls_session),
       STEP(RUNG_HTTP, "http"), STRUCT(head, http_head), TEXT(body_start, PROSE, QUOTED),
       UINT16(port), UINT16(silent_port), ENUM(refused_here, answer), TEXT(offender, ADDRESS),
       BOOL(next_hop_silent), ENUM(small_segments, answer), ENUM(cut, failure));
#undef S

#define S action_facts
FIELDS(TEXT(action, WORD), ENUM(permission, permission), BOOL(explicit_deny),
       ENUM(denied_by, denied_by), ENUM(failure, failure), TEXT(why_not, PROSE, UNUSED),
       TEXT(address, ADDRESS), INT32(status), TEXT(code, WORD), TEXT(message, PROSE, QUOTED),
       INT32(took_ms));
#undef S

#define S endpoint_facts
FIELDS(STRUCTS(answers, dns_answer), STRUCTS(addresses, address_facts),
       STRUCTS(actions, action_facts), BOOL(for_sessions), STRUCT(proxy, step), INT32(proxy_status),
       INT32(n_searched));
#undef S

/* --- facts.h: the clock, the SSM agent --- */

#define S clock_sample
FIELDS(TEXT(source, WORD), TEXT(address, ADDRESS), INT64(offset_ms), INT32(error_ms));
#undef S

#define S clock_facts
FIELDS(INT64(wall_unix_ms), STRUCTS(samples, clock_sample));
#undef S

#define S variable_facts
FIELDS(TEXT(name, WORD), TEXT(value, HOST), TEXT(file, PATH, EXTRA), ENUM(harm, harm));
#undef S

#define S agent_facts
FIELDS(ENUM(installed, answer), ENUM(package, agent_package), TEXT(version, WORD),
       TEXT(version_file, PATH, EXTRA), TEXT(missing, WORD), TEXT(unfit, WORD),
       BOOL(worker_missing), BOOL(worker_unfit), TEXT(foreign, PATH), TEXT(unfinished, WORD),
       TEXT(label, WORD), BOOL(twice), TEXT(unit, PATH), ENUM(unit_state, unit_state),
       TEXT(config_file, PATH), STRUCT(config, step), TEXT(config_region, WORD),
       TEXT(config_mgs_region, WORD), TEXT(ssm_endpoint, HOST), TEXT(mgs_endpoint, HOST),
       TEXT(identity_order, WORD), TEXT(custom_region, WORD), BOOL(container_mode),
       TEXT(confined, PATH), TEXT(doubted, PATH), TEXT(beside, PATH), TEXT(denied_file, PATH),
       TEXT(denied_networks, HOST), TEXT(allowed_networks, HOST), STRUCT(environment, step),
       TEXT(http_proxy, HOST), TEXT(https_proxy, HOST), BOOL(proxy_login), BOOL(proxy_user),
       TEXT(proxy_address, ADDRESS), TEXT(no_proxy, HOST), TEXT(proxy_file, PATH),
       TEXT(ssl_cert_file, PATH), TEXT(ssl_cert_dir, PATH), BOOL(no_edns, UNUSED),
       TEXT(sdk_bundle, PATH), STRUCTS(variables, variable_facts), TEXT(registered_as, ID),
       TEXT(registration_file, PATH), BOOL(registered_whole), TEXT(ca_bundle, PATH),
       STRUCT(state, step), TEXT(state_directory, PATH), BOOL(noexec), ENUM(inotify, answer),
       TEXT(inotify_limit, WORD), ENUM(running, answer), ENUM(ended, answer),
       TEXT(unit_active, WORD), TEXT(unit_result, WORD), INT32(n_restarts), INT32(exit_status),
       TEXT(last_error, PROSE), ENUM(connected, answer), TEXT(connected_to, ADDRESS));
#undef S

#define S facts
TABLE_OF(S, , INT64(started_unix_ms), INT32(duration_ms), INT32(rounds), INT32(deadline_ms),
         ENUM(stopped_by, stopped_by), STRUCT(plan, plan), STRUCT(machine, machine_facts),
         STRUCT(network, network_facts), STRUCT(resolvers, resolver_facts),
         STRUCT(imds, imds_facts), STRUCT(instance, instance_facts), STRUCT(role, role_facts),
         BY_SERVICE(endpoints, endpoint_facts), STRUCT(clock, clock_facts),
         STRUCT(agent, agent_facts));
#undef S

size_t field_n_items(const struct field *field, const char *base)
{
    int32_t n;

    if (field->count == COUNT_ONE)
        return 1;
    if (field->count == COUNT_BY_SERVICE)
        return field->max_items;
    memcpy(&n, base + field->n_offset, sizeof(n));
    size_t n_items = n > 0 ? (size_t)n : 0;
    return n_items < field->max_items ? n_items : field->max_items;
}
