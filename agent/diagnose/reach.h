/* SPDX-License-Identifier: Apache-2.0
 *
 * The way to an address: the kernel's own word on routes, where it was asked, since connect()'s errno alone cannot
 * tell a reject by a firewall from a route, nor silence in the VPC from a packet that never got there. And how connect() ended at the addresses of a service, by what each ending says of the way: at once is
 * this machine, 3 s is the link layer, silence is a filter. And what tells the
 * two address families apart.
 */
#ifndef DIAGNOSE_REACH_H
#define DIAGNOSE_REACH_H

#include "model/facts.h"

/* --- routes --- */

enum { ROUTE_TABLE_MAIN = 254 };

/* "prohibit", as `ip route` says it: of a kind that refuses. */
const char *route_words(enum route_kind kind);

/* What the kernel was asked about this address, or NULL. */
const struct route *route_find(const struct facts *facts, const char *address);

/* The kernel would send packets there by a device that is not the instance's, or from an address that is not
 * the instance's: of a tunnel, of a bridge of containers, or of another network than the VPC. */
bool route_leads_astray(const struct facts *facts, const char *address);

/* By a device that is, and from such an address. */
bool route_is_by_foreign_source(const struct facts *facts, const struct route *route);

/* The address is on the link of another interface of the instance than the primary one. */
bool route_is_by_other_interface(const struct facts *facts, const char *address);

/* The kernel would send packets there: what failed at once is no route's doing. */
bool route_leads_to(const struct facts *facts, const char *address);

/* The tables or rules keep packets from going there. */
bool route_refuses(const struct facts *facts, const char *address);

/* --- endings --- */

enum ending {
    ENDING_NONE,     /* not tried, or not on the ladder: another family's, a second opinion */
    ENDING_OTHER,    /* failed, and says nothing of the way */
    ENDING_OK,       /* connects */
    ENDING_SILENT,   /* timed out */
    ENDING_FAMILY,   /* silent, as the address's whole family is on the way to the service */
    ENDING_NO_ROUTE, /* at once: ENETUNREACH, EHOSTUNREACH, EINVAL */
    ENDING_REJECTED, /* ECONNREFUSED, or reset; not by this machine */
    ENDING_STOPPED,  /* an ICMP error of a machine on the way */
    ENDING_FIREWALL, /* EPERM, EACCES, never sent, refused here: this machine; or all answers lost on it */
    ENDING_LINK, /* EHOSTUNREACH after about 3 s */
    N_ENDINGS
};

/* One address after the other of the services of which a check of connect is among the checks:
 *   for (struct reached at = {0}; reach_next(facts, checks, &at);) */
struct reached {
    const struct address_facts *address;
    enum service service;
    enum family family;
    enum ending ending;
    int32_t next; /* the next call goes on there */
};
bool reach_next(const struct facts *facts, check_set checks, struct reached *at);

/* The first of them that ended so; false: none. */
bool reach_first(const struct facts *facts, check_set checks, enum ending ending,
                 struct reached *first);

/* The checks of connect of one service, and of all planned ones. */
check_set reach_check(enum service service);
check_set reach_planned(const struct facts *facts);

/* The address connects from one half of the source ports only: nothing outside the own subnet, where no
 * network ACL stands between, connects from the other half. */
bool reach_by_some_ports(const struct facts *facts, const struct address_facts *address);

struct reach {
    int32_t n; /* addresses that were tried, those of a blocked family left out */
    int32_t by[N_ENDINGS];
    int32_t at[N_ENDINGS][N_PLACES]; /* ... by where they lie */
};
struct reach reach_of(const struct facts *facts, enum service service);
struct reach reach_sum(const struct facts *facts, check_set checks);

/* No address that packets may have got to answered, and at least one was silent. An address whose
 * next hop is silent, or that was never tried for want of a route, says nothing of filters. */
bool reach_is_silent(const struct reach *reach);

/* Another service's address that connects, by all appearance in the same subnet as one of this service
 * that is silent; false: none. */
bool reach_neighbour(const struct facts *facts, enum service service, struct reached *neighbour);

/* --- address families ---
 * The agent's connections are made by Go's net.Dialer, which tries the addresses of one family one
 * after the other, and those of the other family beside them 300 ms later (RFC 6555 and RFC 8305;
 * pkg.go.dev/net#Dialer, FallbackDelay). So where every address of one family connects, the agent
 * gets through, whatever becomes of the other family. */

enum family family_of(const char *address);
enum family family_other(enum family family);
const char *family_name(enum family family); /* "IPv4" */

/* Every address of one family that the agent would use connects. False on a machine that has
 * addresses of one family only: then there is nothing to fall back to. */
bool reach_whole_family(const struct facts *facts, enum service service, enum family *which);

/* Some address connects that the agent would use: it tries them all. */
bool reach_gets_through(const struct facts *facts, enum service service);

/* It is not known yet whether some address does. */
bool reach_is_open(const struct facts *facts, enum service service);

/* An address that connects over the family of one of the checks that is blocked: the first of the last
 * service that has one; false: none. */
bool reach_blocked_elsewhere(const struct facts *facts, check_set checks, struct reached *at);

/* Of the checks, which are some of connect, every address that ended so is of one family, while the
 * other family connects: a matter of that family alone. Blocked families do not count. */
bool reach_one_family(const struct facts *facts, check_set checks, enum ending ending,
                      enum family *which);

/* --- what was lost on this machine: the socket's own word on what it could not send, and the kernel's
 * counters of what it received and did not deliver --- */

enum loss {
    LOSS_UNKNOWN, /* nothing says anything: as from a program that did not ask */
    LOSS_NONE,    /* what was sent left this machine, and nothing that came in was lost */
    LOSS_MAYBE,   /* something that came in was lost */
    LOSS_LIKELY,  /* no address answered, and so much was lost that it may be all the answers */
    LOSS_PROVEN,  /* the kernel could not send, whatever else may be wrong beyond */
};

/* Whether a connect() that ended so lost its packets on this machine. LOSS_UNKNOWN for one that was
 * not silent. */
enum loss reach_loss(const struct facts *facts, const char *address, const struct step *connect);

/* The same at some address of the checks: of connect, or of IMDS. */
bool reach_lost(const struct facts *facts, check_set checks, enum loss loss);

#endif
