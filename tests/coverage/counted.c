/* SPDX-License-Identifier: Apache-2.0
 *
 * A confined process may not write its counters. Confinement is a thread's own, so a thread that began before it writes them, when the
 * process ends by _exit(). tests/unit/test_confine.c is linked so where lines or conditions are counted.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run/commands.h"

#ifdef __clang__
int __llvm_profile_write_file(void);
#define write_counters (void)__llvm_profile_write_file
#else
#include <gcov.h>
#define write_counters __gcov_dump
#endif

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
void __real_confine(const struct options *options, enum confinement confinement);
void __wrap_confine(const struct options *options, enum confinement confinement);
_Noreturn void __wrap__exit(int status);
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

static sem_t has_ended;
static int status_of_all;
static bool is_waiting;

static _Noreturn void end(int status)
{
    write_counters();
    for (;;)
        (void)syscall(SYS_exit_group, status);
}

static void *wait_for_the_end(void *unused)
{
    while (sem_wait(&has_ended) != 0)
        continue;
    end(status_of_all);
    return unused;
}

/* NOLINTNEXTLINE(cert-dcl37-c,bugprone-reserved-identifier) */
void __wrap_confine(const struct options *options, enum confinement confinement)
{
    pthread_t thread;

    is_waiting = is_waiting || (sem_init(&has_ended, 0, 0) == 0 &&
                                pthread_create(&thread, NULL, wait_for_the_end, NULL) == 0);
    __real_confine(options, confinement);
}

/* NOLINTNEXTLINE(cert-dcl37-c,bugprone-reserved-identifier) */
void __wrap__exit(int status)
{
    if (!is_waiting)
        end(status);
    status_of_all = status;
    (void)sem_post(&has_ended);
    for (;;)
        (void)pause();
}
