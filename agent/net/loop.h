/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread, one poll: the loop that drives every dial, DNS question, HTTP exchange and timer.
 * Callbacks run on the loop's turn, never inside the call that started them, and may start more.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct timer;
struct watch;

enum loop_end {
    LOOP_IDLE,     /* nothing is left to wait for */
    LOOP_DEADLINE, /* the deadline came first */
    LOOP_STOPPED,  /* loop_stop() was called */
    LOOP_FAILED,   /* poll itself failed */
};

struct loop *loop_new(void);

/* Ends everything that is still under way, without calling back. NULL is fine. */
void loop_free(struct loop *loop);

/* Milliseconds of the loop's clock at the start of this turn: one `now` a turn. The clock is monotonic, and
 * stands still while the process does: stopped, moved with its instance to another host, or without a
 * CPU. So a pause shortens no timer. */
int64_t loop_now_ms(const struct loop *loop);

/* Runs until idle, stopped, or deadline_ms (CLOCK_MONOTONIC, pauses and all; INT64_MAX: none). May be
 * called again. */
enum loop_end loop_run(struct loop *loop, int64_t deadline_ms);

/* Makes loop_run return at the end of the turn. */
void loop_stop(struct loop *loop);

/* Calls back once after delay_ms; a waiting timer keeps the loop from being idle. The timer is freed
 * when it fires or is cancelled. */
struct timer *loop_after(struct loop *loop, int64_t delay_ms, void (*fire)(void *arg), void *arg);
void loop_cancel(struct timer *timer); /* NULL is fine */

/* Calls back whenever fd has one of `events` (poll(2)). A background watch does not keep the loop
 * from being idle (signals, netlink). The fd stays the caller's. */
struct watch *loop_watch(struct loop *loop, int fd, short events, bool background,
                         void (*ready)(void *arg, short events), void *arg);
void loop_unwatch(struct watch *watch); /* NULL is fine */

/* Ends what is under way for this owner, without calling back. */
void loop_end_of(struct loop *loop, const void *owner);

/* --- for the other files of net/: exchanges under way, which the loop ends when it is freed --- */

/* One exchange under way. Embedded in the exchange's own struct. */
struct task {
    struct task *next;
    struct task **link;             /* what points at this one; NULL when not in a loop */
    void (*end)(struct task *task); /* frees it, without calling back */
    bool quiet;                     /* does not keep the loop from being idle */
    const void *owner;              /* for whom it is: loop_end_of() */
};

/* A task in the loop keeps it from being idle. */
void loop_enter(struct loop *loop, struct task *task, void (*end)(struct task *task));
void loop_leave(struct task *task);

/* Microseconds of the loop's clock: at the start of this turn, and at this moment. */
int64_t loop_now_us(const struct loop *loop);
int64_t loop_clock_us(struct loop *loop);

/* As loop_after, in microseconds, and without keeping the loop from being idle. */
struct timer *loop_after_quietly(struct loop *loop, int64_t delay_us, void (*fire)(void *arg),
                                 void *arg);

/* One slot for the state that outlives exchanges; ended after the last task. */
void loop_keep(struct loop *loop, void *state, void (*end)(void *state));
void *loop_kept(const struct loop *loop);

/* Microseconds as they are, and to whole milliseconds, rounded up: what was tried never took 0. */
int32_t loop_took_us(int64_t took_us);
int32_t loop_took_ms(int64_t took_us);

#endif
