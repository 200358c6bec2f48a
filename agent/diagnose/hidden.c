/* SPDX-License-Identifier: Apache-2.0
 *
 * A check that was not tried may hide a fault of its own. Which finding stands before it follows
 * from the ladders alone, never from a guess at what might be behind.
 */
#include "diagnose/hidden.h"

#include <string.h>

static check_set imds_bits(void)
{
    return check_bit(CHECK_IMDS_CONNECT) | check_bit(CHECK_IMDS_TOKEN) |
           check_bit(CHECK_IMDS_IDENTITY);
}

static check_set role_bits(void)
{
    return check_bit(CHECK_ROLE_ATTACHED) | check_bit(CHECK_ROLE_CREDENTIALS);
}

static check_set rungs_below(enum service service, enum rung rung)
{
    check_set set = 0;
    for (int i = 0; i < (int)rung; i++)
        set |= check_bit(check_of_service(service, (enum rung)i));
    return set;
}

/* All that must hold for a check to be tried, itself not among it. */
static check_set stands_on(const struct facts *facts, enum check check)
{
    enum service service;
    enum rung rung;
    check_set set = 0;

    if (check_is_service(check, &service, &rung)) {
        set = rungs_below(service, rung);
        if (facts->plan.services[service].host[0] == '\0')
            set |= imds_bits(); /* which region, and so which name, only IMDS knew */
        if (rung == RUNG_AUTHORIZE)
            set |= imds_bits() | role_bits();
        return set;
    }
    switch (check_target(check)) {
    case TARGET_ROLE:
        set = imds_bits() | role_bits();
        break;
    case TARGET_CLOCK: /* who tells the time: IMDS, and every service that answers */
        set = imds_bits();
        for (int i = 0; i < N_SERVICES; i++)
            set |= rungs_below((enum service)i, RUNG_AUTHORIZE);
        break;
    case TARGET_AGENT:
        if (check == CHECK_AGENT_CONFIG && facts->instance.region[0] == '\0')
            set = imds_bits(); /* which only IMDS could compare it with */
        return check == CHECK_AGENT_INSTALLED ? 0 : set | check_bit(CHECK_AGENT_INSTALLED);
    default:
        set = imds_bits();
        break;
    }
    /* Within one target the order of reports is that of its ladder. */
    for (int i = (int)check; i < N_CHECKS; i++)
        if (check_target((enum check)i) == check_target(check))
            set &= ~check_bit((enum check)i);
    return set;
}

void hidden_settle(struct report *report)
{
    check_set failed = 0;

    for (int i = 0; i < N_CHECKS; i++)
        if (report->checks[i].planned && report->checks[i].status == STATUS_FAIL)
            failed |= check_bit((enum check)i);
    for (int32_t i = 0; i < report->n_findings; i++) {
        struct finding *finding = &report->findings[i];
        check_set stops = finding->explains & failed;
        if (stops == 0 || strcmp(finding->code, "not-ec2") == 0)
            continue; /* where this is no instance, there is nothing to be seen later either */
        for (int j = 0; j < N_CHECKS; j++) {
            const struct check_result *check = &report->checks[j];
            if (check->planned && check->status == STATUS_SKIP && check->reason == FAILURE_BELOW &&
                (stands_on(report->facts, (enum check)j) & stops))
                finding->hides |= check_bit((enum check)j);
        }
    }
}
