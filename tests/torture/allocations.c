/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands between base/memory.c and the C library, so that one allocation of a run fails: TORTURE_AT=N
 * says which, counted from 1. With TORTURE_COUNT the number of all is said at the end, on stderr.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *memory, size_t n);
void *__real_reallocarray(void *memory, size_t n, size_t size);
int __real_posix_memalign(void **memory, size_t alignment, size_t n);
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

void *torture_malloc(size_t n);
void *torture_calloc(size_t n, size_t size);
void *torture_realloc(void *memory, size_t n);
void *torture_reallocarray(void *memory, size_t n, size_t size);
int torture_posix_memalign(void **memory, size_t alignment, size_t n);

static unsigned long n_allocations, fails_at;

static bool fails(void)
{
    return ++n_allocations == fails_at;
}

void *torture_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *torture_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *torture_realloc(void *memory, size_t n)
{
    return fails() ? NULL : __real_realloc(memory, n);
}

/* The C library's own is a realloc, which is counted. */
void *torture_reallocarray(void *memory, size_t n, size_t size)
{
    return __real_reallocarray(memory, n, size);
}

int torture_posix_memalign(void **memory, size_t alignment, size_t n)
{
    return fails() ? ENOMEM : __real_posix_memalign(memory, alignment, n);
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("TORTURE_AT");

    fails_at = at ? strtoul(at, NULL, 10) : 0;
    n_allocations = 0;
}

__attribute__((destructor)) static void end(void)
{
    if (getenv("TORTURE_COUNT"))
        (void)dprintf(STDERR_FILENO, "allocations: %lu\n", n_allocations);
}
