/* SPDX-License-Identifier: Apache-2.0
 *
 * usage: paces INSTANCES SECONDS BOOT_S [ANSWERED]
 *
 * When a fleet's rounds begin, by the schedule of agent/run/rounds.c: instances that boot at random within
 * BOOT_S seconds, all with the same failure, a denied action, each with `wait` for 30 s and then
 * `wait --follow`. Of all their requests in a second the service answers ANSWERED, and throttles the others; then
 * agent/run/again.c says whether a round tells anything new. A line a second: how many whole rounds, rounds that ask
 * the one action again, and requests that were throttled. The same numbers each time.
 */
#include <stdio.h>
#include <stdlib.h>

#include "run/again.h"
#include "run/rounds.h"

/* test_waiting.py counts the requests. */
enum { MAX_SECONDS = 24 * 3600, TOOK_MS = 100, SIGNED_WHOLE = 9, SIGNED_AGAIN = 1 };

static long answered = 1000 * 1000;
static struct second {
    long whole, again, requests, throttled;
} seconds[MAX_SECONDS];

/* An instance, and its process of `wait`. */
struct instance {
    int64_t at_ms;      /* its next round */
    int64_t started_ms; /* the process */
    int n_done;
    bool follow, changed;
    struct rounds_pace pace;
    struct again again; /* as the last whole round left it */
};

static uint64_t random_state = 1;

/* xorshift64*, Marsaglia 2003. */
static uint32_t next_random(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * 0x2545f4914f6cdd1d) >> 32);
}

/* What a denied action's request is answered, the first of n that begin now. */
static struct action_facts ask(struct second *second, long n)
{
    bool is_throttled = second->requests >= answered;
    long over = second->requests + n - answered;

    second->requests += n;
    second->throttled += over < 0 ? 0 : over < n ? over : n;
    return is_throttled ? (struct action_facts){.permission = PERMISSION_UNCLEAR,
                                                .failure = FAILURE_THROTTLED}
                        : (struct action_facts){.permission = PERMISSION_DENIED};
}

/* One round; at_ms is then that of the next one. */
static void go_on(struct instance *instance)
{
    static struct facts facts;
    static struct report report;
    struct second *second = &seconds[instance->at_ms / 1000];
    int64_t elapsed_ms = instance->at_ms - instance->started_ms;

    if (instance->n_done == 0 || instance->changed ||
        elapsed_ms - instance->pace.whole_begun_ms >= WHOLE_EVERY_MS) {
        second->whole++;
        instance->pace.whole_begun_ms = elapsed_ms;
        instance->changed = false;
        instance->again = (struct again){.check = check_of_service(SERVICE_SSM, RUNG_AUTHORIZE),
                                         .action = ask(second, SIGNED_WHOLE)};
    } else {
        second->again++;
        facts.endpoints[SERVICE_SSM].actions[0] = ask(second, SIGNED_AGAIN);
        instance->changed = again_differs(&instance->again, &facts, &report);
    }
    elapsed_ms += TOOK_MS;
    const struct rounds_state state = {.n_done = ++instance->n_done,
                                       .remaining_ms = instance->follow ? INT64_MAX
                                                                        : BOOT_MS - elapsed_ms,
                                       .random = next_random(),
                                       .elapsed_ms = elapsed_ms,
                                       .took_ms = TOOK_MS,
                                       .follow = instance->follow};
    int64_t wait_ms = rounds_wait(&instance->pace, &state);
    if (instance->changed) {
        int64_t hurry_ms = rounds_hurry(&instance->pace, elapsed_ms);
        wait_ms = hurry_ms < wait_ms ? hurry_ms : wait_ms;
    }
    instance->at_ms += TOOK_MS + wait_ms;
    if (!instance->follow && elapsed_ms + wait_ms >= BOOT_MS)
        *instance = (struct instance){.at_ms = instance->started_ms + BOOT_MS,
                                      .started_ms = instance->started_ms + BOOT_MS,
                                      .follow = true};
}

/* A heap, the next round first: instance `at` goes down to where it belongs. */
static void sink(struct instance *heap, long n, long at)
{
    for (long child = 2 * at + 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && heap[child + 1].at_ms < heap[child].at_ms)
            child++;
        if (heap[at].at_ms <= heap[child].at_ms)
            return;
        struct instance swapped = heap[at];
        heap[at] = heap[child];
        heap[child] = swapped;
        at = child;
    }
}

int main(int argc, char *argv[])
{
    if (argc < 4)
        return 2;
    long n = strtol(argv[1], NULL, 10), n_seconds = strtol(argv[2], NULL, 10);
    long boot_ms = strtol(argv[3], NULL, 10) * 1000;
    struct instance *heap = calloc((size_t)n, sizeof(*heap));

    if (argc > 4)
        answered = strtol(argv[4], NULL, 10);
    n_seconds = n_seconds < MAX_SECONDS ? n_seconds : MAX_SECONDS;
    for (long i = 0; i < n; i++)
        heap[i].at_ms = heap[i].started_ms = boot_ms > 0 ? next_random() % boot_ms : 0;
    for (long i = n / 2; i-- > 0;)
        sink(heap, n, i);
    while (n > 0 && heap[0].at_ms < n_seconds * 1000) {
        go_on(&heap[0]);
        sink(heap, n, 0);
    }
    for (long i = 0; i < n_seconds; i++)
        (void)printf("%ld %ld %ld %ld\n", i, seconds[i].whole, seconds[i].again,
                     seconds[i].throttled);
    free(heap);
    return 0;
}
