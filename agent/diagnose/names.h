/* SPDX-License-Identifier: Apache-2.0
 *
 * Readings of what the names resolve to, and of whom said so. They count and select; they do not
 * judge.
 */
#ifndef DIAGNOSE_NAMES_H
#define DIAGNOSE_NAMES_H

#include "model/facts.h"

/* 169.254.169.253, fd00:ec2::253, or base + 2 of one of the VPC's blocks. */
bool names_is_amazon_resolver(const struct instance_facts *instance, const char *server);

/* From so long on an answer is called slow. */
enum { DNS_SLOW_MS = 2000 };

/* The answer that a program on this machine would get for one family: of the configured
 * resolvers the first that says yes or no (an address, NXDOMAIN, no such record). NULL: none. */
const struct dns_answer *names_deciding(const struct endpoint_facts *endpoint, enum family family);

/* How looking up the name ended, for the program as a whole. */
struct lookup {
    bool asked;                      /* anything at all was asked */
    enum failure failure;            /* FAILURE_NONE: it has addresses */
    bool silent;                     /* no server answered (behind a stub: none of its upstreams) */
    bool all_amazon;                 /* the servers that count are Amazon's */
    const struct dns_answer *answer; /* the one that decided, or the first that failed; or NULL */
    bool decided;                    /* it says yes or no */
    bool trouble;                    /* not all of it is known, by this program's own trouble */
    int32_t took_ms;                 /* the slowest answer */
    /* Of the agent: for the slower family, for one that is never answered twice 5 s. */
    int32_t waited_ms;
    int32_t dead_ms; /* for silent servers before the one that answers */
    bool dead_first; /* that is longer than the agent has for a request, and is in waited_ms */
};
struct lookup names_lookup(const struct facts *facts, enum service service);

/* How long the agent waits for the service's name, silent servers and all. */
int32_t names_time_ms(const struct facts *facts, enum service service);

/* One address that the agent would try. */
struct where {
    const char *address;
    enum place place;
    bool from_hosts_file;
};
int32_t names_where(const struct facts *facts, enum service service, struct where *to, int32_t max);

/* Where the addresses lie that the agent would try. */
struct naming {
    int32_t n;
    int32_t by[N_PLACES];
    const char *stranger; /* the first that is public, or no endpoint's: a sinkhole; or NULL */
    bool pinned;          /* by /etc/hosts */
    bool any_private;
    bool public_only; /* every address is public, and there is one */
    bool answers;     /* a public address connects */
};
struct naming names_look(const struct facts *facts, enum service service);

/* What Amazon's resolver, asked directly, says of the name. */
struct second_opinion {
    bool asked;
    bool answered; /* with anything, NXDOMAIN included */
    bool private_address;
    bool public_address;
    const struct dns_answer *answer; /* the most telling one, or NULL */
};
struct second_opinion names_second_opinion(const struct facts *facts, enum service service);

/* --- names that the agent's configuration gives a service instead of its own --- */

/* "ssm-fips.us-east-1.amazonaws.com": the private DNS names of the plain endpoint do not cover it;
 * an interface endpoint of its own does, where the region has one.
 * docs.aws.amazon.com/general/latest/gr/ssm.html, "Service endpoints". */
bool names_is_fips(const struct facts *facts, enum service service);

/* "vpce-0a1b2c3d4e5f67890-abcdefgh.ssm.us-east-1.vpce.amazonaws.com": the name of one endpoint,
 * which resolves to it from anywhere. Its id goes into `id`.
 * docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html */
bool names_is_endpoint(const struct facts *facts, enum service service, char id[NAME_SIZE]);

#endif
