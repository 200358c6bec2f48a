/* SPDX-License-Identifier: Apache-2.0
 *
 * What the functions of rows share: asking a view for symptoms, and quoting observations, each kind
 * worded the same way by every cause. What does not fit is cut, never overrun.
 */
#ifndef DIAGNOSE_FINDING_H
#define DIAGNOSE_FINDING_H

#include "diagnose/causes.h"

/* --- symptoms --- */

bool view_has(const struct view *view, enum check check);
bool view_has_reason(const struct view *view, enum check check, enum failure reason);

/* The row names the reason for this check. */
bool view_is_reason(const struct view *view, enum check check, enum failure reason);

/* The faults of the agent's checks that the row explains; returns how many. */
struct faults;
int view_faults(const struct view *view, struct faults *faults);

/* One service after the other that the row explains this rung of; N_RUNGS: any rung.
 *   for (struct each it = {0}; view_each(view, rung, &it);) */
struct each {
    enum service service;
    int next;
};
bool view_each(const struct view *view, enum rung rung, struct each *it);

/* The service's first address, of those that count, whose TLS failed for a reason of the row; NULL:
 * none. */
const struct address_facts *view_bad_tls(const struct view *view, enum service service);

/* --- evidence; the same line a second time, of another service, says nothing more --- */

void finding_evidence(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void finding_quote_answer(struct finding *finding, const char *host,
                          const struct dns_answer *answer);
void finding_quote_address(struct finding *finding, enum service service,
                           const struct address_facts *address, enum rung rung);
void finding_quote_action(struct finding *finding, const struct action_facts *action);

/* One line of evidence; nothing when the kernel was not asked. */
void finding_quote_route(struct finding *finding, const struct facts *facts, const char *address);

#endif
