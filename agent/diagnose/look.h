/* SPDX-License-Identifier: Apache-2.0
 *
 * Readings of the facts that more than one rule needs. They count and select; they do not judge.
 */
#ifndef DIAGNOSE_LOOK_H
#define DIAGNOSE_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/facts.h"

/* connect() that fails faster than this failed on this machine; the link layer gives up on an
 * address that answers no ARP after 3 s. */
enum { AT_ONCE_MS = 1000 };

/* SigV4's tolerance: 5 minutes. Chrony and systemd-timesyncd keep far below 1 minute. */
enum { SKEW_FAIL_MS = 5 * 60 * 1000, SKEW_WARN_MS = 60 * 1000 };

/* --- addresses --- */

/* Steps of one rung (connect, tls, http) over the addresses that climb the ladder. */
struct tally {
    int32_t n; /* addresses that reached this rung: the rung below held there */
    int32_t tried;
    int32_t ok;
    int32_t failed;
    int32_t untried; /* reached, but not tried yet */
    int32_t trouble; /* not tried, by this program's own trouble */
    int32_t took_ms; /* the slowest */
    const struct address_facts *first_failed;
    const struct step *first_step; /* of first_failed */
    const struct address_facts *first_ok;
};
struct tally look_tally(const struct facts *facts, enum service service, enum rung rung);

/* An address of a family that this machine has no address of, beside one of the family that it has:
 * a program skips it, and that it cannot be reached is no fault. */
bool look_is_other_family(const struct facts *facts, const struct endpoint_facts *endpoint,
                          const struct address_facts *address);

/* The step of one rung at one address as it counts: a TLS session that only the system's bundle
 * trusts counts as opened on the way, unless Amazon issued the certificate. */
enum failure look_failure(const struct address_facts *address, enum rung rung);

/* The first address at which a try ended at this rung, whatever came of another one; NULL: none. */
const struct address_facts *look_cut(const struct facts *facts, enum service service,
                                     enum rung rung);

/* --- the clock --- */

struct clock_reading {
    int32_t n;          /* samples that count: none that an accepted signature belies */
    int32_t n_doubtful; /* of these, how many say that it is off by more than SKEW_WARN_MS */
    int64_t offset_ms;  /* the median one's: > 0 means that this machine is behind */
    int32_t error_ms;
    const char *source;
    bool wrong; /* no signature was accepted, and it may be off by more than SKEW_FAIL_MS */
    bool
        at_limit; /* so near SKEW_FAIL_MS that a Date cannot say on which side, and no signature was refused */
};
struct clock_reading look_clock(const struct facts *facts);

/* A service took a signature, and so the credentials and the time of it; unknown: none says. */
enum answer look_signature_holds(const struct facts *facts);

/* A time that is past, or not yet come, by what the samples say that the time really is; by this
 * machine's clock where there is none. False for a time that is not known (0). */
bool look_is_past(const struct facts *facts, int64_t unix_s);
bool look_is_to_come(const struct facts *facts, int64_t unix_s);

/* "5 h 50 min", "300 days": of the time's magnitude. */
void look_span(int64_t seconds, char *to, size_t size);
void look_span_ms(int64_t ms, char *to, size_t size); /* rounded to the second */

/* --- the agent --- */

/* A variable of its environment that keeps it down, on this machine. */
bool look_does_harm(const struct facts *facts, const struct variable_facts *variable);

bool look_needs_dualstack(const struct facts *facts);

/* The cause whose words the agent's last error has; "" where none is known. */
const char *look_logged_cause(const struct agent_facts *agent);

/* It ended, and systemd does not start it again. */
bool look_agent_stays_down(const struct agent_facts *agent);

/* --- services --- */

/* A service is part of this run: needed in some way and in the region. */
bool look_is_planned(const struct facts *facts, enum service service);

/* A service that AWS is phasing out, or that only sessions use, and nobody required it: an endpoint that is not there
 * is no fault. */
bool look_may_be_missing(const struct facts *facts, enum service service);

/* What was proven of one action; NULL where its service was not planned. */
const struct action_facts *look_action(const struct facts *facts, const char *action);

#endif
