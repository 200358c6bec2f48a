/* SPDX-License-Identifier: Apache-2.0
 *
 * Discover and observe know nothing of each other. They meet here: what discover learns is passed to
 * observe at once. A round that asks one check again starts only what that check stands on.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "discover/discover.h"
#include "discover/machine.h"
#include "model/proxy.h"
#include "net/address.h"
#include "net/credentials.h"
#include "net/loop.h"
#include "observe/observe.h"
#include "run/run.h"

struct round {
    const struct run *run;
    const struct round_watch *watch; /* or NULL */
    const struct again *again;       /* or NULL */
    struct facts *facts;
    struct loop *loop;
    struct discover *discover;
    struct observe *observe;
    int64_t undelivered; /* before the round */
    int timer_fd;
    bool believed, placed, role_known, signalled;
};

/* In pages of their own, which are not written to a disk for want of memory. */
static _Alignas(4096) struct {
    struct credentials role;
    struct proxy_login proxy;
} secrets;

static void give_role(struct round *round)
{
    if (round->observe && round->believed && round->role_known)
        observe_role(round->observe, credentials_usable(&secrets.role) ? &secrets.role : NULL);
}

static void start_observing(struct round *round, const struct observe_again *again)
{
    const struct run *run = round->run;
    const struct observe_request request = {
        run->options->root,         run->trust, run->deadline_ms,
        again || run->n_rounds > 0, again,      &secrets.proxy};

    round->observe = observe_start(round->loop, &request, round->facts);
}

static void discovered(void *arg, enum discovered what)
{
    struct round *round = arg;

    switch (what) {
    case DISCOVERED_PLAN:
        trust_use_bundle(round->run->trust, round->facts->agent.ssl_cert_file,
                         round->facts->agent.ssl_cert_dir, round->facts->agent.sdk_bundle);
        start_observing(round, NULL);
        if (round->placed)
            observe_placed(round->observe);
        break;
    case DISCOVERED_REGION:
        round->believed = true;
        give_role(round);
        break;
    case DISCOVERED_MISTAKE:
        observe_take_back(round->observe);
        round->observe = NULL;
        break;
    case DISCOVERED_PLACE:
        round->placed = true;
        if (round->observe)
            observe_placed(round->observe);
        break;
    case DISCOVERED_ROLE:
        round->role_known = true;
        give_role(round);
        break;
    }
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
        round->watch->tick(round->watch->arg, round->facts);
}

static void changed(void *arg, short events)
{
    struct round *round = arg;

    (void)events;
    if (round->watch->changed(round->watch->arg))
        loop_stop(round->loop);
}

/* A kernel timer: a timer of the loop would keep the loop from ever being idle. */
static bool start_ticks(struct round *round, int64_t tick_ms)
{
    const struct timespec period = {tick_ms / 1000, tick_ms % 1000 * 1000000};
    const struct itimerspec timer = {period, period};

    round->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (round->timer_fd < 0 || timerfd_settime(round->timer_fd, 0, &timer, NULL) != 0)
        return false;
    (void)loop_watch(round->loop, round->timer_fd, POLLIN, true, ticked, round);
    return true;
}

/* Names and addresses of a service, one action, or the agent's proxy; the rest is as the whole round before found it. Whether
 * IMDS or the role is asked. */
static bool start_again(struct round *round)
{
    const struct again *again = round->again;
    const struct observe_again only = {check_target(again->check),
                                       again->action.action[0] ? &again->action : NULL};
    enum service service;
    enum rung rung;

    bool of_service = check_is_service(again->check, &service, &rung);
    bool of_proxy = again->was[0].reason == FAILURE_PROXY ||
                    again->was[0].reason == FAILURE_PROXY_LOGIN;
    if (!of_service && (only.target != TARGET_AGENT || !of_proxy))
        return only.target != TARGET_AGENT;
    round->believed = true;
    if (round->facts->agent.proxy_login)
        discover_login(round->run->options->root, round->facts, &secrets.proxy);
    start_observing(round, &only);
    observe_placed(round->observe);
    return of_service && rung == RUNG_AUTHORIZE;
}

/* Files and ports: by now all are known that this round will need. */
static void confine_to_what_is_named(const struct run *run)
{
    const struct agent_facts *agent = &run->facts->agent;
    struct proxy proxy = {.port = 0};

    if (agent->https_proxy[0])
        (void)proxy_parse(agent->https_proxy, &proxy);
    const uint16_t ports[MAX_CONFINED_PORTS] = {
        DNS_PORT, 443, run->endpoint.address[0] ? run->endpoint.port : 80, proxy.port};
    confine_looking(run->options, agent->ssl_cert_dir, ports);
}

static bool start(struct round *round)
{
    const struct run *run = round->run;
    const struct discover_request request = {
        run->options->root, run->endpoint.address[0] ? &run->endpoint : NULL, round->again,
        round->again ? round->again->check : 0, &secrets.proxy};

    round->loop = loop_new();
    (void)loop_watch(round->loop, run->signal_fd, POLLIN, true, signalled, round);
    if (round->watch && round->watch->changed_fd >= 0)
        (void)loop_watch(round->loop, round->watch->changed_fd, POLLIN, true, changed, round);
    if (round->watch && round->watch->tick_ms > 0 && !start_ticks(round, round->watch->tick_ms))
        return false;
    confine_begin(run->looking);
    if (!round->again || start_again(round))
        round->discover = discover_start(round->loop, &request, round->facts, &secrets.role,
                                         discovered, round);
    confine_to_what_is_named(run);
    return true;
}

static void conclude(struct round *round, enum loop_end end)
{
    struct facts *facts = round->facts;
    char trouble[DETAIL_SIZE];

    if (round->signalled)
        facts->stopped_by = STOPPED_BY_SIGNAL;
    else if (end == LOOP_DEADLINE)
        facts->stopped_by = STOPPED_BY_DEADLINE;
    resolvers_doubt(facts);
    delivery_compare(round->run->options->root, round->undelivered, facts);
    if (round->run->trouble[0])
        file_keep_trouble(round->run->trouble, EPERM);
    if (file_take_trouble(trouble, sizeof(trouble))) {
        step_fail(&facts->machine.trouble, FAILURE_INTERNAL, 0);
        (void)text_set(facts->machine.trouble.detail, DETAIL_SIZE, "%s", trouble);
    }
}

static void begin_anew(const struct run *run)
{
    struct facts *facts = run->facts;

    if (facts->started_unix_ms != 0) /* not the first round: fresh memory is left untouched */
        memset(facts, 0, sizeof(*facts));
    facts->plan = run->options->plan;
    facts->started_unix_ms = clock_wall_unix_ms();
    facts->clock.wall_unix_ms = facts->started_unix_ms;
}

bool round_run(struct run *run, const struct round_watch *watch, const struct again *again)
{
    struct facts *facts = run->facts;
    struct round round = {
        .run = run, .watch = watch, .again = again, .facts = facts, .timer_fd = -1};
    int64_t started_us = clock_monotonic_us();
    enum loop_end end = LOOP_FAILED;

    (void)mlock(&secrets, sizeof(secrets)); /* RLIMIT_MEMLOCK may forbid it */
    if (!again)
        begin_anew(run);
    round.undelivered = delivery_read(run->options->root);
    if (start(&round)) {
        end = loop_run(round.loop, run->deadline_ms);
        if (end == LOOP_IDLE && discover_rest(round.discover))
            end = loop_run(round.loop, run->deadline_ms);
        conclude(&round, end);
    }
    loop_free(round.loop); /* first: what is still under way points into the others */
    observe_free(round.observe);
    discover_free(round.discover);
    explicit_bzero(&secrets, sizeof(secrets));
    if (round.timer_fd >= 0)
        (void)close(round.timer_fd);
    run->refused = confine_take_refusal();
    facts->duration_ms = (int32_t)((clock_monotonic_us() - started_us + 999) / 1000);
    return end != LOOP_FAILED;
}
