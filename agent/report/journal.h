/* SPDX-License-Identifier: Apache-2.0
 *
 * What the journal is told: one entry for the verdict and one for each finding, with fields to
 * search by and the message ids of units/message-ids, which `journalctl -x` explains.
 *
 * Sent as systemd.io/JOURNAL_NATIVE_PROTOCOL describes, and not by sd_journal_sendv(3): that one
 * waits for ever while the journal's queue is full, and this program may delay no boot.
 */
#ifndef REPORT_JOURNAL_H
#define REPORT_JOURNAL_H

#include <stdbool.h>

#include "base/buffer.h"
#include "model/report.h"

enum { JOURNAL_MAX_BYTES = 32 * 1024 }; /* of one entry; a datagram holds more */

/* Entry 0 is the verdict's, entry i the one of finding i - 1: "NAME=value" lines. Pure. */
int journal_n_entries(const struct report *report);
void journal_write(const struct report *report, int entry, struct buffer *to);

/* Never waits, and never fails the run: without a journal, or when its queue is full, nothing or
 * not all is sent. */
void journal_send(const struct report *report);

/* The same to a socket of this path; false when not all of it was taken. */
bool journal_send_to(const char *path, const struct report *report);

#endif
