/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of a firewall on this machine where connect() met silence: the socket's own word on
 * what it could not send, the kernel's counters of what it received and did not deliver, and rules.
 */
#ifndef DIAGNOSE_FIREWALL_H
#define DIAGNOSE_FIREWALL_H

#include "diagnose/finding.h"

/* Shows every rule but iptables-legacy's, to root. */
#define FIREWALL_LOOK "sudo nft list ruleset; sudo iptables-save"

enum loss {
    LOSS_UNKNOWN, /* nothing says anything: as from a program that did not ask */
    LOSS_NONE,    /* what was sent left this machine, and nothing that came in was lost */
    LOSS_MAYBE,
    LOSS_PROVEN, /* on this machine, whatever else may be wrong beyond */
};

/* Whether a connect() that ended so lost its packets on this machine. LOSS_UNKNOWN for one that was
 * not silent. */
enum loss firewall_loss(const struct facts *facts, const char *address, const struct step *connect);

/* How a firewall that is proven to be at work is known: rules, counters, or why there are none. Each
 * rule once. */
struct firewall_quotes {
    const struct local_drop *drop[MAX_DROPS];
    int n;
    bool dropped; /* anything at all, in silence */
    bool unnamed; /* at some address no rule is known */
    bool came_in; /* at some address it was the answer */
};

/* Of the connections that the finding explains. */
void firewall_collect(const struct facts *facts, const struct finding *finding,
                      struct firewall_quotes *quotes);
void firewall_quote(const struct facts *facts, const struct firewall_quotes *quotes,
                    struct finding *finding);

/* The commands that let pass what a firewall drops, where the finding is about one. */
void firewall_mend(const struct facts *facts, struct finding *finding);

/* Where a local firewall is not excluded at the silent addresses of the services that the finding
 * explains: lists it as the alternative, with why, and returns true. */
bool firewall_offer(const struct facts *facts, struct finding *finding);

#endif
