/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of checks and targets, made of the rows of services and in the order of their enums.
 */
#include "model/checks.h"

#include <string.h>

_Static_assert(TARGET_SSM + N_SERVICES == TARGET_CLOCK, "targets follow the order of services");

/* clang-format off */
const struct service_row service_rows[N_SERVICES] = {
#define ROW(id, ...) {__VA_ARGS__},
    SERVICES(ROW)
#undef ROW
};

#define ROW(id, name, ...) \
    name ".resolve", name ".private", name ".connect", name ".tls", name ".http", name ".authorize",
DEFINE_NAMES(check,
    "imds.connect", "imds.token", "imds.identity", "role.attached", "role.credentials",
    SERVICES(ROW) "clock.skew",
    "agent.installed", "agent.enabled", "agent.config", "agent.state", "agent.connected");
#undef ROW

#define ROW(id, name, ...) [TARGET_##id] = name,
DEFINE_NAMES(target, [TARGET_IMDS] = "imds", [TARGET_ROLE] = "role", SERVICES(ROW)
             [TARGET_CLOCK] = "clock", [TARGET_AGENT] = "agent");
#undef ROW
/* clang-format on */

enum check check_of_service(enum service service, enum rung rung)
{
    return (enum check)((unsigned int)CHECK_SERVICES + (unsigned int)service * N_RUNGS +
                        (unsigned int)rung);
}

check_set check_bit(enum check check)
{
    return (unsigned int)check < N_CHECKS ? (check_set)1 << check : 0;
}

int check_count(check_set checks)
{
    return __builtin_popcountll((uint64_t)checks) + __builtin_popcountll((uint64_t)(checks >> 64));
}

check_set check_service_bits(enum service service)
{
    check_set ladder = ((check_set)1 << N_RUNGS) - 1;
    return (unsigned int)service < N_SERVICES ? ladder << check_of_service(service, RUNG_RESOLVE)
                                              : 0;
}

enum target check_target(enum check check)
{
    enum service service;
    enum rung rung;

    if (check_is_service(check, &service, &rung))
        return target_of_service(service);
    if (check < CHECK_ROLE_ATTACHED)
        return TARGET_IMDS;
    if (check < CHECK_SERVICES)
        return TARGET_ROLE;
    return check == CHECK_CLOCK_SKEW ? TARGET_CLOCK : TARGET_AGENT;
}

bool check_is_service(enum check check, enum service *service, enum rung *rung)
{
    if (check < CHECK_SERVICES || check >= CHECK_CLOCK_SKEW)
        return false;

    unsigned int number = (unsigned int)check - CHECK_SERVICES;
    *service = (enum service)(number / N_RUNGS);
    *rung = (enum rung)(number % N_RUNGS);
    return true;
}

enum target target_of_service(enum service service)
{
    return (enum target)((unsigned int)TARGET_SSM + (unsigned int)service);
}

const char *check_name(enum check check)
{
    return name_of(&check_names, check);
}

const char *target_name(enum target target)
{
    return target < N_TARGETS ? name_of(&target_names, target) : "";
}

int32_t service_limit_ms(enum service service)
{
    static const int32_t limits[N_SERVICES] = {
        [SERVICE_SSM] = 60000, [SERVICE_SSMMESSAGES] = 15000};
    return limits[service];
}

const char *service_name(enum service service)
{
    return (unsigned int)service < N_SERVICES ? service_rows[service].name : "?";
}

const char *rung_name(enum rung rung)
{
    return (unsigned int)rung < N_RUNGS ? strchr(check_name(CHECK_SERVICES + rung), '.') + 1 : "?";
}
