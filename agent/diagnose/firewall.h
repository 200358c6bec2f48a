/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of a firewall on this machine where connect() met silence: the socket's own word on
 * what it could not send, and the kernel's counters of what it received and did not deliver.
 */
#ifndef DIAGNOSE_FIREWALL_H
#define DIAGNOSE_FIREWALL_H

#include "diagnose/finding.h"

enum loss {
    LOSS_UNKNOWN, /* nothing says anything: as from a program that did not ask */
    LOSS_NONE,    /* what was sent left this machine, and nothing that came in was lost */
    LOSS_MAYBE,   /* something that came in was lost */
    LOSS_LIKELY,  /* no address answered, and so much was lost that it may be all the answers */
    LOSS_PROVEN,  /* the kernel could not send, whatever else may be wrong beyond */
};

/* Whether a connect() that ended so lost its packets on this machine. LOSS_UNKNOWN for one that was
 * not silent. */
enum loss firewall_loss(const struct facts *facts, const char *address, const struct step *connect);

/* At some address of the services that the finding explains, or of IMDS, connect() ended so. */
bool firewall_lost(const struct facts *facts, const struct finding *finding, enum loss loss);

/* How a firewall is known to be at work there. */
void firewall_quote(const struct facts *facts, struct finding *finding);

/* Where a local firewall is not excluded at the silent addresses of the services that the finding
 * explains: lists it as the alternative, with why, and returns true. */
bool firewall_offer(const struct facts *facts, struct finding *finding);

#endif
