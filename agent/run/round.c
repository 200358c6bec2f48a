/* SPDX-License-Identifier: Apache-2.0
 *
 * Where discover and observe meet, which know nothing of each other: what the one learns the other
 * is told as soon as it is known.
 */
#include "run/round.h"

#include <poll.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "discover/discover.h"
#include "discover/machine.h"
#include "net/credentials.h"
#include "net/loop.h"
#include "observe/observe.h"

struct round {
    const struct round_request *request;
    struct facts *facts;
    struct loop *loop;
    struct discover *discover;
    struct observe *observe;
    struct credentials credentials;
    int64_t undelivered; /* before the round */
    int timer_fd;
    bool placed, role_known, signalled, failed;
};

static void tell_observe(struct round *round)
{
    if (!round->observe)
        return;
    if (round->placed)
        observe_placed(round->observe);
    if (round->role_known)
        observe_role(round->observe,
                     credentials_usable(&round->credentials) ? &round->credentials : NULL);
}

/* What an earlier round proved stands only for the same name, in the same place. */
static void take_over(struct round *round, bool proven[N_SERVICES])
{
    const struct facts *earlier = round->request->earlier;
    struct facts *facts = round->facts;

    for (int i = 0; earlier && i < N_SERVICES; i++) {
        proven[i] = round->request->proven[i] &&
                    strcmp(earlier->plan.services[i].host, facts->plan.services[i].host) == 0;
        if (proven[i])
            facts->endpoints[i] = earlier->endpoints[i];
    }
}

static void planned(void *arg)
{
    struct round *round = arg;
    struct observe_request request = {round->request->root, round->request->trust, {false}};

    take_over(round, request.proven);
    trust_use_bundle(round->request->trust, round->facts->agent.ssl_cert_file);
    round->observe = observe_start(round->loop, &request, round->facts);
    round->failed = !round->observe;
    tell_observe(round);
}

static void placed(void *arg)
{
    struct round *round = arg;
    round->placed = true;
    if (round->observe)
        observe_placed(round->observe);
}

static void role_known(void *arg)
{
    struct round *round = arg;
    round->role_known = true;
    if (round->observe && credentials_usable(&round->credentials))
        observe_role(round->observe, &round->credentials);
}

static void signalled(void *arg, short events)
{
    struct round *round = arg;
    (void)events;
    round->signalled = true;
    loop_stop(round->loop);
}

static void ticked(void *arg, short events)
{
    struct round *round = arg;
    uint64_t n_ticks;

    (void)events;
    if (read(round->timer_fd, &n_ticks, sizeof(n_ticks)) == (ssize_t)sizeof(n_ticks))
        round->request->watch->tick(round->request->watch->arg, round->facts);
}

static void changed(void *arg, short events)
{
    struct round *round = arg;

    (void)events;
    if (round->request->watch->changed(round->request->watch->arg))
        loop_stop(round->loop);
}

/* A timer of the kernel's, since a timer of the loop would keep it from being idle. */
static bool start_ticks(struct round *round, int64_t tick_ms)
{
    const struct timespec period = {tick_ms / 1000, tick_ms % 1000 * 1000000};
    const struct itimerspec timer = {period, period};

    round->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return round->timer_fd >= 0 && timerfd_settime(round->timer_fd, 0, &timer, NULL) == 0 &&
           loop_watch(round->loop, round->timer_fd, POLLIN, true, ticked, round);
}

static bool start_watch(struct round *round)
{
    const struct round_watch *watch = round->request->watch;

    if (!watch)
        return true;
    if (watch->tick_ms > 0 && !start_ticks(round, watch->tick_ms))
        return false;
    return watch->changed_fd < 0 ||
           loop_watch(round->loop, watch->changed_fd, POLLIN, true, changed, round);
}

static bool start(struct round *round)
{
    const struct discover_request request = {round->request->root, round->request->endpoint};
    const struct discover_events events = {round, planned, placed, role_known};

    round->loop = loop_new();
    if (!round->loop)
        return false;
    if (round->request->signal_fd >= 0 &&
        !loop_watch(round->loop, round->request->signal_fd, POLLIN, true, signalled, round))
        return false;
    if (!start_watch(round))
        return false;
    round->discover = discover_start(round->loop, &request, round->facts, &round->credentials,
                                     &events);
    return round->discover != NULL;
}

static void conclude(struct round *round, enum loop_end end)
{
    struct facts *facts = round->facts;

    if (round->signalled)
        facts->stopped_by = STOPPED_BY_SIGNAL;
    else if (end == LOOP_DEADLINE)
        facts->stopped_by = STOPPED_BY_DEADLINE;
    discover_conclude(round->discover);
    allowance_read(facts);
    delivery_compare(round->request->root, round->undelivered, facts);
    for (int i = 0; end == LOOP_IDLE && i < N_SERVICES; i++)
        facts->endpoints[i].finished = facts->plan.services[i].need != NEED_OFF;
}

bool round_run(const struct round_request *request, struct facts *facts)
{
    struct round round = {.request = request, .facts = facts, .timer_fd = -1};
    int64_t started_us = clock_monotonic_us();
    enum loop_end end = LOOP_FAILED;

    memset(facts, 0, sizeof(*facts));
    facts->plan = *request->wishes;
    facts->started_unix_ms = clock_wall_unix_ms();
    facts->clock.wall_unix_ms = facts->started_unix_ms;
    round.undelivered = delivery_read(request->root);
    if (start(&round)) {
        end = loop_run(round.loop, request->deadline_ms);
        conclude(&round, end);
    }
    loop_free(round.loop); /* first: what is still under way points into the others */
    observe_free(round.observe);
    discover_free(round.discover);
    credentials_clear(&round.credentials);
    if (round.timer_fd >= 0)
        (void)close(round.timer_fd);
    facts->duration_ms = (int32_t)((clock_monotonic_us() - started_us + 999) / 1000);
    return end != LOOP_FAILED && !round.failed;
}
