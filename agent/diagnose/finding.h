/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing a finding, and asking a scene for symptoms. What does not fit is cut, never overrun.
 */
#ifndef DIAGNOSE_FINDING_H
#define DIAGNOSE_FINDING_H

#include "diagnose/cause.h"

void finding_title(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void finding_evidence(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Another code that these observations do not exclude, with the command of the pages that tells it
 * apart from the finding. */
void finding_alternative(const struct facts *facts, struct finding *finding, const char *code);

/* Evidence from one observation, worded the same way by every cause. */
void finding_quote_answer(struct finding *finding, const char *host,
                          const struct dns_answer *answer);
void finding_quote_address(struct finding *finding, enum service service,
                           const struct address_facts *address, enum rung rung);
void finding_quote_action(struct finding *finding, const struct action_facts *action);
void finding_quote_clock(struct finding *finding, const struct facts *facts);

/* --- symptoms --- */

bool scene_has(const struct scene *scene, enum check check);

/* The check is a symptom, and its reason is one of n. */
bool scene_has_reason(const struct scene *scene, enum check check, const enum failure *reasons,
                      size_t n);

/* The set of one rung's checks over all services that are symptoms, for one of n reasons (any
 * reason when n is 0). */
check_set scene_rung(const struct scene *scene, enum rung rung, const enum failure *reasons,
                     size_t n);

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
