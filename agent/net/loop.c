/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop knows timers, watches and tasks, nothing of DNS or HTTP: libcurl's sockets are
 * watches like any other. What a callback cancels is only marked, and swept when the turn is
 * over, so that a callback may end or start anything, the loop included.
 */
#include "net/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum {
    US_PER_MS = 1000,
    LONGEST_WAIT_MS = 100,        /* of one turn, so that a pause shows */
    LONGEST_WORK_US = 150 * 1000, /* between two looks at the clock */
};

/* In a sorted list: there are some dozens at most, and most of them are cancelled before they fire. */
struct timer {
    struct timer *next;
    struct timer **link; /* what points at this one */
    int64_t due_us;      /* by the loop's clock */
    uint64_t turn;       /* in which it was started: it fires in a later one */
    bool background;
    void (*fire)(void *arg);
    void *arg;
};

struct watch {
    struct watch *next;
    int fd;
    short events;
    bool background;
    bool dead;
    void (*ready)(void *arg, short events);
    void *arg;
};

struct loop {
    int64_t now_us;    /* by the loop's clock: monotonic, less the pauses */
    int64_t looked_us; /* when the clock was looked at last, monotonic */
    int64_t paused_us; /* all pauses so far */
    struct timer *timers;
    uint64_t turn;
    struct task *tasks;
    struct watch *watches;
    size_t n_watches; /* the dead ones too */
    struct pollfd *polled;
    struct watch **polled_for; /* of the same index */
    size_t allocated;
    void *kept;
    void (*kept_end)(void *kept);
    bool running;
    bool stopped;
    bool doomed; /* freed by a callback: loop_run frees the rest */
};

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));

    loop->looked_us = clock_monotonic_us();
    loop->now_us = loop->looked_us;
    return loop;
}

/* --- timers --- */

/* From this moment, not from the turn's now: a long turn must not shorten what starts at its end. */
static int64_t due_us(struct loop *loop, int64_t delay_us)
{
    int64_t now_us = loop_clock_us(loop);

    if (delay_us < 0)
        return now_us;
    return delay_us > INT64_MAX - now_us ? INT64_MAX : now_us + delay_us;
}

static struct timer *start_timer(struct loop *loop, int64_t delay_us, bool background,
                                 void (*fire)(void *arg), void *arg)
{
    struct timer *timer = calloc(1, sizeof(*timer));
    struct timer **link = &loop->timers;

    *timer = (struct timer){.due_us = due_us(loop, delay_us),
                            .turn = loop->turn,
                            .background = background,
                            .fire = fire,
                            .arg = arg};
    while (*link && (*link)->due_us <= timer->due_us)
        link = &(*link)->next;
    timer->next = *link;
    timer->link = link;
    *link = timer;
    if (timer->next)
        timer->next->link = &timer->next;
    return timer;
}

struct timer *loop_after(struct loop *loop, int64_t delay_ms, void (*fire)(void *arg), void *arg)
{
    int64_t delay_us = delay_ms > INT64_MAX / US_PER_MS ? INT64_MAX : delay_ms * US_PER_MS;

    return start_timer(loop, delay_us, false, fire, arg);
}

struct timer *loop_after_quietly(struct loop *loop, int64_t delay_us, void (*fire)(void *arg),
                                 void *arg)
{
    return start_timer(loop, delay_us, true, fire, arg);
}

void loop_cancel(struct timer *timer)
{
    if (!timer)
        return;
    *timer->link = timer->next;
    if (timer->next)
        timer->next->link = timer->link;
    free(timer);
}

/* The first that is due and was not started in this turn. Looked for from the start each time, since whatever
 * fired may have cancelled its neighbours. */
static struct timer *find_due(const struct loop *loop)
{
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): one that fired has been taken out, by its own link */
    for (struct timer *timer = loop->timers; timer && timer->due_us <= loop->now_us;
         timer = timer->next)
        if (timer->turn != loop->turn)
            return timer;
    return NULL;
}

static bool fire_one(const struct loop *loop)
{
    struct timer *timer = find_due(loop);

    if (!timer)
        return false;
    void (*fire)(void *arg) = timer->fire;
    void *arg = timer->arg;
    loop_cancel(timer);
    fire(arg);
    return true;
}

/* --- watches --- */

struct watch *loop_watch(struct loop *loop, int fd, short events, bool background,
                         void (*ready)(void *arg, short events), void *arg)
{
    struct watch *watch = calloc(1, sizeof(*watch));

    *watch = (struct watch){.next = loop->watches,
                            .fd = fd,
                            .events = events,
                            .background = background,
                            .ready = ready,
                            .arg = arg};
    loop->watches = watch;
    loop->n_watches++;
    return watch;
}

void loop_unwatch(struct watch *watch)
{
    if (watch)
        watch->dead = true;
}

static void sweep_watches(struct loop *loop)
{
    struct watch **link = &loop->watches;

    while (*link) {
        struct watch *watch = *link;

        if (watch->dead) {
            *link = watch->next;
            free(watch);
            loop->n_watches--;
        } else {
            link = &watch->next;
        }
    }
}

/* --- tasks --- */

void loop_enter(struct loop *loop, struct task *task, void (*end)(struct task *task))
{
    task->end = end;
    task->next = loop->tasks;
    task->link = &loop->tasks;
    if (task->next)
        task->next->link = &task->next;
    loop->tasks = task;
}

void loop_leave(struct task *task)
{
    if (!task->link)
        return;
    *task->link = task->next;
    if (task->next)
        task->next->link = task->link;
    task->link = NULL;
}

void loop_end_of(struct loop *loop, const void *owner)
{
    struct task *task = loop->tasks;

    while (task) {
        struct task *next = task->next;
        if (task->owner == owner) {
            loop_leave(task);
            task->end(task);
        }
        task = next;
    }
}

void loop_keep(struct loop *loop, void *state, void (*end)(void *state))
{
    loop->kept = state;
    loop->kept_end = end;
}

void *loop_kept(const struct loop *loop)
{
    return loop->kept;
}

/* --- turning --- */

int64_t loop_now_ms(const struct loop *loop)
{
    return loop->now_us / US_PER_MS;
}

int64_t loop_now_us(const struct loop *loop)
{
    return loop->now_us;
}

/* Since the last look this process waited for so long, and worked a little. What is far beyond was a pause,
 * and is taken out of the loop's clock. */
static int64_t look_at_clock(struct loop *loop, int waited_ms)
{
    int64_t now_us = clock_monotonic_us();
    int64_t beyond_us = now_us - loop->looked_us - (int64_t)waited_ms * US_PER_MS;

    loop->looked_us = now_us;
    if (beyond_us > LONGEST_WORK_US)
        loop->paused_us += beyond_us;
    return now_us - loop->paused_us;
}

int64_t loop_clock_us(struct loop *loop)
{
    return look_at_clock(loop, 0);
}

int32_t loop_took_us(int64_t took_us)
{
    return took_us < 1 ? 1 : took_us > INT32_MAX ? INT32_MAX : (int32_t)took_us;
}

int32_t loop_took_ms(int64_t took_us)
{
    return loop_took_us((took_us + US_PER_MS - 1) / US_PER_MS);
}

static bool is_idle(const struct loop *loop)
{
    for (const struct task *task = loop->tasks; task; task = task->next)
        if (!task->quiet)
            return false;
    for (const struct timer *timer = loop->timers; timer; timer = timer->next)
        if (!timer->background)
            return false;
    for (const struct watch *watch = loop->watches; watch; watch = watch->next)
        if (!watch->background && !watch->dead)
            return false;
    return true;
}

/* Until the deadline or the first timer, rounded up: waking early would only turn in vain. */
static int poll_timeout_ms(struct loop *loop, int64_t deadline_us)
{
    int64_t until_us = loop->timers && loop->timers->due_us < deadline_us ? loop->timers->due_us
                                                                          : deadline_us;
    int64_t now_us = loop_clock_us(loop);

    if (until_us <= now_us)
        return 0;
    int64_t wait_ms = (until_us - now_us - 1) / US_PER_MS + 1;
    return wait_ms > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : (int)wait_ms;
}

static size_t gather_polled(struct loop *loop)
{
    size_t n = 0;

    if (loop->n_watches > loop->allocated) {
        loop->allocated = 2 * loop->n_watches;
        loop->polled = reallocarray(loop->polled, loop->allocated, sizeof(*loop->polled));
        loop->polled_for = reallocarray(loop->polled_for, loop->allocated, sizeof(struct watch *));
    }
    for (struct watch *watch = loop->watches; watch; watch = watch->next) {
        loop->polled[n] = (struct pollfd){.fd = watch->fd, .events = watch->events};
        loop->polled_for[n] = watch;
        n++;
    }
    return n;
}

/* Waits once and calls back everything that is ready, then every timer that is due: an answer that
 * came together with its timeout came in time. False when poll failed. */
static bool turn_once(struct loop *loop, int64_t deadline_us)
{
    size_t n = gather_polled(loop);
    int wait_ms = poll_timeout_ms(loop, deadline_us);
    int n_ready = poll(loop->polled, n, wait_ms);

    if (n_ready < 0 && errno != EINTR)
        return false;
    loop->now_us = look_at_clock(loop, wait_ms);
    loop->turn++;
    for (size_t i = 0; i < n && n_ready > 0 && !loop->doomed; i++) {
        struct watch *watch = loop->polled_for[i];
        short events = loop->polled[i].revents;

        if (events == 0)
            continue;
        n_ready--;
        if (!watch->dead)
            watch->ready(watch->arg, events);
    }
    while (!loop->doomed && fire_one(loop)) {}
    sweep_watches(loop);
    return true;
}

/* Everything but the loop itself, and nothing that a callback higher up the stack still reads. */
static void end_everything(struct loop *loop)
{
    while (loop->tasks) {
        struct task *task = loop->tasks;

        loop_leave(task);
        task->end(task);
    }
    if (loop->kept_end) {
        loop->kept_end(loop->kept);
        loop->kept_end = NULL;
        loop->kept = NULL;
    }
    while (loop->timers)
        loop_cancel(loop->timers); /* NOLINT(clang-analyzer-unix.Malloc): as in find_due */
    for (struct watch *watch = loop->watches; watch; watch = watch->next)
        watch->dead = true;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    end_everything(loop);
    if (loop->running) {
        loop->doomed = true;
        return;
    }
    sweep_watches(loop);
    free(loop->polled);
    free(loop->polled_for);
    free(loop);
}

enum loop_end loop_run(struct loop *loop, int64_t deadline_ms)
{
    int64_t until_us = deadline_ms > INT64_MAX / US_PER_MS ? INT64_MAX : deadline_ms * US_PER_MS;
    enum loop_end end = LOOP_IDLE;

    loop->running = true;
    loop->stopped = false;
    loop->looked_us = clock_monotonic_us(); /* what was before is nobody's pause */
    loop->now_us = loop_clock_us(loop);
    sweep_watches(loop);
    while (!is_idle(loop)) {
        int64_t deadline_us = until_us - loop->paused_us;
        if (loop->now_us >= deadline_us) {
            end = LOOP_DEADLINE;
            break;
        }
        if (!turn_once(loop, deadline_us)) {
            end = LOOP_FAILED;
            break;
        }
        if (loop->stopped || loop->doomed) {
            end = LOOP_STOPPED;
            break;
        }
    }
    loop->running = false;
    if (loop->doomed)
        loop_free(loop);
    return end;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}
