/* SPDX-License-Identifier: Apache-2.0
 *
 * How connect() ended at the addresses of one service, by what each ending says of the way:
 * at once is this machine, 3 s is the link layer, silence is a filter.
 */
#ifndef DIAGNOSE_REACH_H
#define DIAGNOSE_REACH_H

#include "diagnose/finding.h"

struct reach {
    int32_t n; /* addresses that were tried */
    int32_t ok;
    int32_t silent;   /* timed out */
    int32_t no_route; /* at once: ENETUNREACH, EHOSTUNREACH, EINVAL */
    int32_t rejected; /* ECONNREFUSED */
    int32_t firewall; /* EPERM, EACCES, never sent; or all answers lost on this machine */
    int32_t link;     /* EHOSTUNREACH after about 3 s */
    int32_t other;
    int32_t own_ok; /* in the instance's own subnet */
    int32_t own_silent;
    int32_t elsewhere_ok;
    int32_t elsewhere_silent;
    int32_t outside_silent; /* private, but outside the VPC */
    int32_t family_silent;  /* silent as their whole address family is; in no other number */
};

enum ending {
    ENDING_OK,
    ENDING_SILENT,
    ENDING_NO_ROUTE,
    ENDING_REJECTED,
    ENDING_FIREWALL,
    ENDING_LINK,
    ENDING_OTHER
};
enum ending reach_ending(const struct step *step);

/* The same of one address, with the kernel's word on its route (a refusal is a route's or a
 * firewall's, whatever the errno says) and on what this machine itself dropped. */
enum ending reach_ending_at(const struct facts *facts, const struct address_facts *at);

/* Silent, as its whole address family is on the way to this service (families.h). */
bool reach_is_of_blocked_family(const struct facts *facts, enum service service,
                                const struct address_facts *at);

void reach_look(const struct facts *facts, enum service service, struct reach *reach);

/* Quotes the addresses that ended so, at most `most` of them; of silent ones those that are not of
 * a blocked family. */
void reach_quote(const struct facts *facts, enum service service, enum ending ending, int most,
                 struct finding *finding);

/* connect is a symptom of the service; then its reach is filled in. */
bool reach_is_symptom(const struct scene *scene, enum service service, struct reach *reach);

#endif
