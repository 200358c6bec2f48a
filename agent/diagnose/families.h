/* SPDX-License-Identifier: Apache-2.0
 *
 * The two address families of one service. The agent's connections are made by Go's net.Dialer,
 * which tries the addresses of one family one after the other, and those of the other family beside
 * them 300 ms later (RFC 6555 and RFC 8305; pkg.go.dev/net#Dialer, FallbackDelay). So where every
 * address of one family connects, the agent gets through, whatever becomes of the other family.
 */
#ifndef DIAGNOSE_FAMILIES_H
#define DIAGNOSE_FAMILIES_H

#include <stdbool.h>

#include "diagnose/reach.h"
#include "model/facts.h"

enum family families_of(const char *address);
const char *families_name(enum family family); /* "IPv4" */
enum family families_other(enum family family);

/* Every address of one family that the agent would use connects. False on a machine that has
 * addresses of one family only: then there is nothing to fall back to. */
bool families_whole(const struct facts *facts, enum service service, enum family *which);

/* It is not known yet whether one family connects as a whole. */
bool families_open(const struct facts *facts, enum service service);

/* The family is blocked on the way to this service: none of its addresses answers, at least one is
 * silent, and the other family connects where this one is silent (in the own subnet, or outside of
 * it). Where the other family has trouble of its own, what every other service shows counts. */
bool families_blocked(const struct facts *facts, enum service service, enum family family);

/* Addresses of the family that connect. */
int32_t families_ok(const struct facts *facts, enum service service, enum family family);

/* An address of the family is silent: in the own subnet, or else outside of the VPC. */
bool families_silent(const struct facts *facts, enum service service, enum family family,
                     bool in_own_subnet);

/* Of the checks, which are some of connect, every address that ended so is of one family, while the
 * other family connects: a matter of that family alone. Blocked families do not count. */
bool families_alone(const struct facts *facts, check_set checks, enum ending ending,
                    enum family *which);

#endif
