/* SPDX-License-Identifier: Apache-2.0
 *
 * Readings of the facts that more than one rule needs. They count and select; they do not judge.
 */
#ifndef DIAGNOSE_LOOK_H
#define DIAGNOSE_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "model/facts.h"

/* connect() that fails faster than this failed on this machine; the link layer gives up on an
 * address that answers no ARP after 3 s. */
enum { AT_ONCE_MS = 1000 };

/* SigV4's tolerance: 5 minutes. Chrony and systemd-timesyncd keep far below 1 minute. */
enum { SKEW_FAIL_MS = 5 * 60 * 1000, SKEW_WARN_MS = 60 * 1000 };

/* --- names --- */

/* 169.254.169.253, fd00:ec2::253, or base + 2 of one of the VPC's blocks. */
bool look_is_amazon_resolver(const struct instance_facts *instance, const char *server);

/* The answer that a program on this machine would get for one family: of the configured
 * resolvers the first that says yes or no (an address, NXDOMAIN, no such record). NULL: none. */
const struct dns_answer *look_deciding(const struct endpoint_facts *endpoint, enum family family);

/* How looking up the name ended, for the program as a whole. */
struct lookup {
    bool asked;                      /* anything at all was asked */
    enum failure failure;            /* FAILURE_NONE: it has addresses */
    bool silent;                     /* no server answered (behind a stub: none of its upstreams) */
    bool all_amazon;                 /* the servers that count are Amazon's */
    const struct dns_answer *answer; /* the one that decided, or the first that failed; or NULL */
    int32_t took_ms;
};
void look_lookup(const struct facts *facts, enum service service, struct lookup *lookup);

/* One address that the agent would try. */
struct where {
    const char *address;
    enum place place;
    bool from_hosts_file;
};
int32_t look_where(const struct facts *facts, enum service service, struct where *to, int32_t max);

/* What Amazon's resolver, asked directly, says of the name. */
struct second_opinion {
    bool asked;
    bool answered; /* with anything, NXDOMAIN included */
    bool private_address;
    bool public_address;
    const struct dns_answer *answer; /* the most telling one, or NULL */
};
void look_second_opinion(const struct facts *facts, enum service service,
                         struct second_opinion *opinion);

/* --- addresses --- */

/* Steps of one rung (connect, tls, http) over the addresses that climb the ladder. */
struct tally {
    int32_t n; /* addresses that reached this rung: the rung below held there */
    int32_t tried;
    int32_t ok;
    int32_t failed;
    int32_t untried; /* reached, but not tried yet */
    int32_t took_ms; /* the slowest */
    const struct address_facts *first_failed;
    const struct step *first_step; /* of first_failed */
    const struct address_facts *first_ok;
};
void look_tally(const struct facts *facts, enum service service, enum rung rung,
                struct tally *tally);

/* An address of a family that this machine has no address of, beside one of the family that it has:
 * a program skips it, and that it cannot be reached is no fault. */
bool look_is_other_family(const struct facts *facts, const struct endpoint_facts *endpoint,
                          const struct address_facts *address);

/* The step of one rung at one address as it counts: a TLS session that only the system's bundle
 * trusts counts as opened on the way, unless Amazon issued the certificate. */
enum failure look_failure(const struct address_facts *address, enum rung rung);

/* True when the service was reached at this address as far as `rung`, public or not. */
bool look_public_answers(const struct facts *facts, enum service service);

/* The same of any service that has a check in the set. */
bool look_any_public_answers(const struct facts *facts, check_set checks);

/* The profile is still associated, and is no more. */
bool look_profile_deleted(const struct facts *facts);

/* --- the clock --- */

struct clock_reading {
    int32_t n;         /* samples */
    int64_t offset_ms; /* the median one's: > 0 means that this machine is behind */
    int32_t error_ms;
    const char *source;
    bool wrong; /* off by more than SKEW_FAIL_MS even at the edge of the error */
    bool right; /* surely not off by that much */
};
void look_clock(const struct facts *facts, struct clock_reading *reading);

/* A time that is past, or not yet come, by what the samples say that the time really is; by this
 * machine's clock where there is none. False for a time that is not known (0). */
bool look_is_past(const struct facts *facts, int64_t unix_s);
bool look_is_to_come(const struct facts *facts, int64_t unix_s);

/* --- the agent --- */

/* The agent's configuration names a region that is not the instance's, and requests are signed for
 * it: no service takes them, and nothing on the way is to blame. */
bool look_signs_elsewhere(const struct facts *facts);

/* A service is part of this run: needed in some way and in the region. */
bool look_is_planned(const struct facts *facts, enum service service);

#endif
