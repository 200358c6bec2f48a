/* SPDX-License-Identifier: Apache-2.0
 *
 * What the loop shows to the other files of net/ only: exchanges under way, which it ends when it
 * is freed, and the one state that all HTTP exchanges of a loop share.
 */
#ifndef NET_LOOP_PRIVATE_H
#define NET_LOOP_PRIVATE_H

#include "net/loop.h"

/* One exchange under way. Embedded in the exchange's own struct. */
struct task {
    struct task *next;
    struct task **link;             /* what points at this one; NULL when not in a loop */
    void (*end)(struct task *task); /* frees it, without calling back */
};

/* A task in the loop keeps it from being idle. */
void loop_enter(struct loop *loop, struct task *task, void (*end)(struct task *task));
void loop_leave(struct task *task);

/* Monotonic microseconds at the start of this turn. */
int64_t loop_now_us(const struct loop *loop);

/* As loop_after, in microseconds, and without keeping the loop from being idle. */
struct timer *loop_after_quietly(struct loop *loop, int64_t delay_us, void (*fire)(void *arg),
                                 void *arg);

/* One slot for the state that outlives exchanges; ended after the last task. */
void loop_keep(struct loop *loop, void *state, void (*end)(void *state));
void *loop_kept(const struct loop *loop);

/* Microseconds to whole milliseconds, rounded up: what was tried never took 0. */
int32_t loop_took_ms(int64_t took_us);

#endif
