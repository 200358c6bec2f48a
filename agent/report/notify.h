/* SPDX-License-Identifier: Apache-2.0
 *
 * What the service manager is told, sd_notify(3). Without NOTIFY_SOCKET every call does nothing.
 */
#ifndef REPORT_NOTIFY_H
#define REPORT_NOTIFY_H

#include <stdint.h>

#include "model/report.h"

/* STATUS=, the report's one line. */
void notify_status(const struct report *report);

/* READY=1 with the verdict: start-up of whoever waits for us may go on, whatever it is. */
void notify_ready(const struct report *report);

/* WATCHDOG=1, where it is wanted; how often, in milliseconds, 0: not at all. A third of WATCHDOG_USEC,
 * so that one which comes late is no hang. */
void notify_watchdog(void);
int64_t notify_watchdog_interval_ms(void);

/* EXTEND_TIMEOUT_USEC=: that start-up may take so long from now, where the unit allows less. Said
 * once: a program that hangs afterwards is not waited for any longer. */
void notify_extend(int64_t more_ms);

#endif
