/* SPDX-License-Identifier: Apache-2.0
 *
 * What systemd is told: the journal gets one entry for the verdict and one for each finding, the
 * service manager the state of the run.
 *
 * The entries are sent as systemd.io/JOURNAL_NATIVE_PROTOCOL describes. sd_journal_sendv(3) would
 * wait for ever while the journal's queue is full, and this program must not delay a boot.
 */
#ifndef REPORT_SYSTEMD_H
#define REPORT_SYSTEMD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "model/report.h"

enum { JOURNAL_MAX_BYTES = 32 * 1024 }; /* of one entry; a datagram holds more */

/* Entry 0 is the verdict's, entry i the one of finding i - 1: lines "NAME=value". The message ids are
 * those of units/message-ids, which `journalctl -x` explains. Pure. */
void journal_write(const struct report *report, int entry, struct buffer *to);

/* Never waits. Without a journal nothing is sent; when its queue is full, not everything is. */
void journal_send(const struct report *report);

/* The same to the socket at `path`. False when not everything was taken. */
bool journal_send_to(const char *path, const struct report *report);

/* sd_notify(3). Without NOTIFY_SOCKET each of these does nothing. A manager that does not read costs
 * 1 s each, as far as the budget of base/output.h goes. */

/* STATUS=, the report's one line. `ready`: READY=1 too, with any verdict: units that wait for this one may start. */
void notify_status(const struct report *report, bool ready);

/* WATCHDOG=1 if the unit has a watchdog; and how often to send it, in ms, 0: never. That is a third
 * of WATCHDOG_USEC, so that a late one is not taken for a hang. */
void notify_watchdog(void);
int64_t notify_watchdog_interval_ms(void);

/* EXTEND_TIMEOUT_USEC=: start-up may take this long from now. Said once, so that a program that hangs
 * later is still killed. */
void notify_extend(int64_t more_ms);

#endif
