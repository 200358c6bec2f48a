/* SPDX-License-Identifier: Apache-2.0
 *
 * Tells when something of this machine may have changed: addresses, routes and links by rtnetlink(7); by
 * inotify(7) the files that say how names are looked up, the agent's configuration, units and programs, and
 * the CA bundles. So that the round after the change begins at once. Where inotify is used up, a file may have
 * changed every CHANGES_POLL_MS: whoever waits looks (run/look.h).
 */
#ifndef NET_CHANGES_H
#define NET_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

enum { CHANGES_POLL_MS = 1500 };

struct changes;

/* `root` is the prefix of the watched files, "" for none. NULL when nothing can be followed:
 * then rounds go by time alone. */
struct changes *changes_open(const char *root);
void changes_close(struct changes *changes); /* NULL is fine */

/* Readable when something may have changed; -1 for NULL. */
int changes_fd(const struct changes *changes);

/* How often to call changes_take() without being called, 0: never. */
int64_t changes_poll_ms(const struct changes *changes);

/* Takes what has come; true when any of it may be such a change. */
bool changes_take(struct changes *changes);

#endif
