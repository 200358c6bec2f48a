/* SPDX-License-Identifier: Apache-2.0
 *
 * Failures are not errors of ours: a manager that does not listen must not change a verdict.
 */
#include "report/notify.h"

#include <systemd/sd-daemon.h>

void notify_status(const struct report *report)
{
    (void)sd_notifyf(0, "STATUS=%s", report->summary);
}

void notify_ready(const struct report *report)
{
    (void)sd_notifyf(0, "READY=1\nSTATUS=%s", report->summary);
}

int64_t notify_watchdog_interval_ms(void)
{
    uint64_t usec = 0;
    return sd_watchdog_enabled(0, &usec) > 0 ? (int64_t)(usec / 3000) : 0;
}

void notify_watchdog(void)
{
    if (notify_watchdog_interval_ms() > 0)
        (void)sd_notify(0, "WATCHDOG=1");
}

void notify_extend(int64_t more_ms)
{
    (void)sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%llu", (unsigned long long)more_ms * 1000);
}
