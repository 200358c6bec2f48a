/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of the contract: targets, the rungs of their ladders, and one number for each check.
 */
#ifndef MODEL_CHECKS_H
#define MODEL_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/names.h"
#include "model/services.h"

/* The ladder of every service; a rung is tried only when the one below it holds. */
enum rung {
    RUNG_RESOLVE,
    RUNG_PRIVATE,
    RUNG_CONNECT,
    RUNG_TLS,
    RUNG_HTTP,
    RUNG_AUTHORIZE,
    N_RUNGS
};

/* clang-format off */
enum target {
    TARGET_IMDS,
    TARGET_ROLE,
#define ROW(id, ...) TARGET_##id,
    SERVICES(ROW)
#undef ROW
    TARGET_CLOCK,
    TARGET_AGENT,
    N_TARGETS
};
/* clang-format on */

/* In the order of reports. */
enum check {
    CHECK_IMDS_CONNECT,
    CHECK_IMDS_TOKEN,
    CHECK_IMDS_IDENTITY,
    CHECK_ROLE_ATTACHED,
    CHECK_ROLE_CREDENTIALS,
    CHECK_SERVICES, /* N_SERVICES x N_RUNGS: check_of_service() */
    CHECK_CLOCK_SKEW = CHECK_SERVICES + N_SERVICES * N_RUNGS,
    CHECK_AGENT_INSTALLED,
    CHECK_AGENT_ENABLED,
    CHECK_AGENT_CONFIG,
    CHECK_AGENT_STATE,     /* planned only where the agent is installed */
    CHECK_AGENT_CONNECTED, /* planned only while the agent runs */
    N_CHECKS
};

/* A set of checks: bit n is check n. gcc and clang have this type on every 64-bit machine. */
__extension__ typedef unsigned __int128 check_set;
_Static_assert(N_CHECKS <= 8 * sizeof(check_set), "every check has its bit");

enum check check_of_service(enum service service, enum rung rung);
check_set check_bit(enum check check);
int check_count(check_set checks);
check_set check_service_bits(enum service service); /* all rungs of one service */
enum target check_target(enum check check);
bool check_is_service(enum check check, enum service *service, enum rung *rung);
enum target target_of_service(enum service service);

/* "ssm.connect"; the returned string lives as long as the program. */
const char *check_name(enum check check);
const char *target_name(enum target target); /* "ssm"; of N_TARGETS "" */
extern const struct names check_names, target_names;
const char *service_name(enum service service);

/* How long the agent waits for an answer of the service (3.3: an HTTP client's 60 s for ssm, 15 s for the
 * control channel of ssmmessages); 0: it comes up without. */
int32_t service_limit_ms(enum service service);
const char *rung_name(enum rung rung); /* "connect" */

#endif
