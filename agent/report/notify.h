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

void notify_stopping(void);

/* WATCHDOG=1; how often it is wanted, in milliseconds, 0: not at all (half of WATCHDOG_USEC). */
void notify_watchdog(void);
int64_t notify_watchdog_interval_ms(void);

/* EXTEND_TIMEOUT_USEC=: that start-up may take so much longer from now. */
void notify_extend(int64_t more_ms);

#endif
