/* SPDX-License-Identifier: Apache-2.0
 *
 * The timers of one loop, sorted by the time at which they are due, by the loop's clock. What is started during a turn
 * fires in a later one.
 */
#ifndef NET_TIMERS_H
#define NET_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

struct timer; /* cancelled by loop_cancel() */

/* All zero is the valid empty set. */
struct timers {
    struct timer *first;
    uint64_t turn;
};

struct timer *timers_add(struct timers *timers, int64_t due_us, bool background,
                         void (*fire)(void *arg), void *arg);

/* When the first is due, INT64_MAX when there is none. */
int64_t timers_next_us(const struct timers *timers);

/* Whether there is one that is not in the background. */
bool timers_foreground(const struct timers *timers);

/* A new turn begins. */
void timers_turn(struct timers *timers);

/* Fires the first that is due and was not started in this turn. False when there is none. */
bool timers_fire_one(struct timers *timers, int64_t now_us);

void timers_clear(struct timers *timers);

#endif
