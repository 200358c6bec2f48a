/* SPDX-License-Identifier: Apache-2.0
 *
 * A sorted list: there are some dozens at most, and most of them are cancelled before they fire.
 */
#include "net/timers.h"

#include <stdlib.h>

#include "net/loop.h"

struct timer {
    struct timer *next;
    struct timer **link; /* what points at this one */
    int64_t due_us;
    uint64_t turn; /* in which it was started */
    bool background;
    void (*fire)(void *arg);
    void *arg;
};

struct timer *timers_add(struct timers *timers, int64_t due_us, bool background,
                         void (*fire)(void *arg), void *arg)
{
    struct timer *timer = calloc(1, sizeof(*timer));
    struct timer **link = &timers->first;

    timer->due_us = due_us;
    timer->turn = timers->turn;
    timer->background = background;
    timer->fire = fire;
    timer->arg = arg;

    while (*link && (*link)->due_us <= timer->due_us)
        link = &(*link)->next;
    timer->next = *link;
    timer->link = link;
    *link = timer;
    if (timer->next)
        timer->next->link = &timer->next;
    return timer;
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

int64_t timers_next_us(const struct timers *timers)
{
    return timers->first ? timers->first->due_us : INT64_MAX;
}

bool timers_foreground(const struct timers *timers)
{
    for (const struct timer *timer = timers->first; timer; timer = timer->next)
        if (!timer->background)
            return true;
    return false;
}

void timers_turn(struct timers *timers)
{
    timers->turn++;
}

/* From the start each time, since whatever fired may have cancelled its neighbours. */
static struct timer *find_due(const struct timers *timers, int64_t now_us)
{
    for (struct timer *timer = timers->first; timer; timer = timer->next) {
        if (timer->due_us > now_us)
            return NULL;
        if (timer->turn != timers->turn)
            return timer;
    }
    return NULL;
}

bool timers_fire_one(struct timers *timers, int64_t now_us)
{
    struct timer *timer = find_due(timers, now_us);

    if (!timer)
        return false;
    void (*fire)(void *arg) = timer->fire;
    void *arg = timer->arg;
    loop_cancel(timer);
    fire(arg);
    return true;
}

void timers_clear(struct timers *timers)
{
    struct timer *timer = timers->first;

    timers->first = NULL;
    while (timer) {
        struct timer *next = timer->next;
        free(timer);
        timer = next;
    }
}
