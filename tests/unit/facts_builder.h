/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts for tests: one healthy instance, and helpers that break one thing of it the way a real
 * VPC breaks, untying whatever the ladder would then not have tried.
 */
#ifndef TESTS_FACTS_BUILDER_H
#define TESTS_FACTS_BUILDER_H

#include <stdbool.h>
#include <stdint.h>

#include "model/facts.h"

enum { ALL_ADDRESSES = -1 };

/* One more of an array; its last one anew where situations are stacked and it is full. */
#define NEXT(array, n) (&(array)[(n) < (int32_t)COUNT_OF(array) ? (n)++ : (n)-1])

/* i-0123456789abcdef0 in us-east-1, VPC 10.0.0.0/16, own subnet 10.0.1.0/24, another 10.0.2.0/24;
 * endpoints ssm 10.0.1.21 and 10.0.2.21, ssmmessages .22, ec2messages .23; resolver 10.0.0.2;
 * role app-role, account 123456789012; agent 3.3.1142.0 (deb, enabled); ec2messages is optional.
 * Everything was tried and everything works. */
void facts_healthy(struct facts *facts);

/* Plans an optional service too (s3, kms or logs), healthy at 10.0.1.3x and 10.0.2.3x. */
void add_service(struct facts *facts, enum service service, enum need need);

/* For builders: one address of a service at which everything works, and one answer of a resolver,
 * "no such record" until filled in. */
void healthy_address(struct facts *facts, enum service service, struct address_facts *to);
struct dns_answer *add_answer(struct endpoint_facts *endpoint, const char *server,
                              enum asked_as asked_as, enum family family);

/* A rung of IMDS fails: what needs IMDS (instance, role, region, services) is as if never asked. */
void break_imds(struct facts *facts, enum check rung, enum failure failure, int32_t took_ms);

/* The role's rung fails; signed requests were then not sent. */
void break_role(struct facts *facts, enum check rung, enum failure failure);

/* Every configured resolver answers so (nxdomain, servfail, timeout, ...) for one name. */
void break_resolve(struct facts *facts, enum service service, enum failure failure);

/* The configured resolvers give this one address instead; it was dialled as a second opinion when
 * it is public and private DNS is required, and connecting ended so (FAILURE_NONE: it connected). */
void resolve_to(struct facts *facts, enum service service, const char *address, enum place place,
                enum failure connect);

/* A second opinion from 169.254.169.253 is recorded for the name: one address, or a failure. */
void amazon_says(struct facts *facts, enum service service, const char *address,
                 enum failure failure);

/* Replaces the resolver 10.0.0.2 by another one, in resolv.conf and in every configured answer. */
void use_resolver(struct facts *facts, const char *server);

/* One address (an index) or ALL_ADDRESSES of a service fails at a rung; the rungs above it at
 * that address were not tried, and the actions neither when no address is left. */
void break_connect(struct facts *facts, enum service service, int32_t address, enum failure failure,
                   int32_t took_ms);
void break_tls(struct facts *facts, enum service service, int32_t address, enum failure failure);
void break_http(struct facts *facts, enum service service, int32_t address, enum failure failure,
                int32_t status);

/* The probed actions of a service (one, or NULL: all) are denied, in the service's usual words. */
void deny(struct facts *facts, enum service service, const char *action, enum denied_by by,
          bool explicit_deny);

/* The probed actions of a service answer an error that decides nothing about permissions. */
void break_actions(struct facts *facts, enum service service, enum failure failure, int32_t status,
                   const char *code, const char *message);

/* The kernel was asked for its route to an address that failed at once; a refusal is the entry's
 * ("10.0.0.0/8") of a table, main being 254. */
void kernel_says(struct facts *facts, const char *address, enum route_kind kind, const char *entry,
                 uint32_t table);

/* One more interface, and the kernel's word that packets for an address leave by it. */
void add_interface(struct facts *facts, const char *name, enum answer own, const char *address);
void route_by(struct facts *facts, const char *address, const char *interface, const char *source);

/* Every clock sample says that this machine is behind by so much (negative: ahead). */
void move_clock(struct facts *facts, int64_t behind_ms);

#endif
