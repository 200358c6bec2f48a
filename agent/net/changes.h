/* SPDX-License-Identifier: Apache-2.0
 *
 * Tells when the network of this machine changes: addresses, routes and links by rtnetlink(7),
 * resolv.conf by inotify(7). So that the round after the network comes up starts at once.
 */
#ifndef NET_CHANGES_H
#define NET_CHANGES_H

#include <stdbool.h>

struct changes;

/* `root` is the prefix of the watched files, "" for none. NULL when neither can be followed:
 * then rounds go by time alone. */
struct changes *changes_open(const char *root);
void changes_close(struct changes *changes); /* NULL is fine */

/* Readable when something may have changed; -1 for NULL. */
int changes_fd(const struct changes *changes);

/* Takes what has come; true when any of it was such a change. */
bool changes_take(struct changes *changes);

#endif
