/* SPDX-License-Identifier: Apache-2.0
 *
 * usage: paces INSTANCES SECONDS BOOT_S
 *
 * When a fleet's rounds begin, by the schedule of agent/run/rounds.c: instances that boot at random within
 * BOOT_S seconds, all with the same failure, each with `wait` for 30 s and then `wait --follow`. A line a
 * second: how many whole rounds, and rounds that ask one check again. The same numbers each time.
 */
#include <stdio.h>
#include <stdlib.h>

#include "run/rounds.h"

enum { MAX_SECONDS = 24 * 3600, TOOK_MS = 100 };

static unsigned int whole[MAX_SECONDS], again[MAX_SECONDS];
static uint64_t random_state = 1;

/* xorshift64*, Marsaglia 2003. */
static uint32_t next_random(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * 0x2545f4914f6cdd1d) >> 32);
}

/* One process of `wait` from start_ms on; returns when it ends. */
static int64_t wait_from(int64_t start_ms, bool follow, int64_t deadline_ms)
{
    struct rounds_pace pace = {0};
    int64_t elapsed_ms = 0;

    for (int n = 1; elapsed_ms < deadline_ms; n++) {
        int64_t second = (start_ms + elapsed_ms) / 1000;
        bool is_whole = n == 1 || elapsed_ms - pace.whole_begun_ms >= WHOLE_EVERY_MS;

        if (second >= MAX_SECONDS)
            break;
        if (is_whole)
            pace.whole_begun_ms = elapsed_ms;
        (is_whole ? whole : again)[second]++;
        const struct rounds_state state = {.n_done = n,
                                           .remaining_ms = deadline_ms - elapsed_ms - TOOK_MS,
                                           .random = next_random(),
                                           .elapsed_ms = elapsed_ms + TOOK_MS,
                                           .took_ms = TOOK_MS,
                                           .follow = follow};
        elapsed_ms += TOOK_MS + rounds_wait(&pace, &state);
    }
    return start_ms + deadline_ms;
}

int main(int argc, char *argv[])
{
    if (argc != 4)
        return 2;
    long instances = strtol(argv[1], NULL, 10), seconds = strtol(argv[2], NULL, 10);
    long boot_ms = strtol(argv[3], NULL, 10) * 1000;

    for (long i = 0; i < instances; i++) {
        int64_t booted_ms = boot_ms > 0 ? next_random() % boot_ms : 0;
        int64_t over_ms = wait_from(booted_ms, false, BOOT_MS);
        (void)wait_from(over_ms, true, (int64_t)MAX_SECONDS * 1000);
    }
    for (long second = 0; second < seconds && second < MAX_SECONDS; second++)
        (void)printf("%ld %u %u\n", second, whole[second], again[second]);
    return 0;
}
