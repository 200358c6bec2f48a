/* SPDX-License-Identifier: Apache-2.0
 *
 * What this machine itself shows, without a packet: addresses, routes, resolvers, the agent's files. `wait`
 * looks whenever something may have changed, and before each round; what differs begins a whole round.
 */
#ifndef RUN_LOOK_H
#define RUN_LOOK_H

#include <stdbool.h>

#include "model/facts.h"

struct look;

/* `root` is the prefix of every file, and outlives it. */
struct look *look_new(const char *root);
void look_free(struct look *look); /* NULL is fine */

/* After a whole round: its addresses are those whose routes are looked at from now on. */
void look_follow(struct look *look, const struct facts *facts);

/* Looks; true when something differs from the last look, or this is the first one. */
bool look_differs(struct look *look);

#endif
