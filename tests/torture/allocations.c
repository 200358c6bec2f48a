/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands between base/memory.c and the C library, so that one allocation of a run fails: TORTURE_AT=N
 * says which, counted from 1. With TORTURE_COUNT the number of all is said at the end, on stderr, and
 * before it which of them agent/ asked for (the Makefile leads what it calls to torture_own_X), not a
 * library.
 */
#include <curl/curl.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

void *torture_own_malloc(size_t n);
void *torture_own_calloc(size_t n, size_t size);
void *torture_own_realloc(void *memory, size_t n);
void *torture_own_reallocarray(void *memory, size_t n, size_t size);
char *torture_own_strdup(const char *text);
char *torture_own_strndup(const char *text, size_t most);
int torture_own_asprintf(char **text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
CURLcode torture_own_curl_global_init_mem(long what, curl_malloc_callback, curl_free_callback,
                                          curl_realloc_callback, curl_strdup_callback,
                                          curl_calloc_callback);

enum { MAX_OWN = 4096 };

static unsigned long n_allocations, fails_at;
static unsigned long own[MAX_OWN]; /* which of them, in order */
static int n_own;
static bool is_own; /* the one that comes next */
static bool is_for_library;
static curl_realloc_callback librarys_resize;

static bool fails(void)
{
    n_allocations++;
    if (is_own && n_own < MAX_OWN)
        own[n_own++] = n_allocations;
    is_own = false;
    return n_allocations == fails_at;
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

void *torture_own_malloc(size_t n)
{
    is_own = !is_for_library;
    return malloc(n);
}

void *torture_own_calloc(size_t n, size_t size)
{
    is_own = !is_for_library;
    return calloc(n, size);
}

void *torture_own_realloc(void *memory, size_t n)
{
    is_own = !is_for_library;
    return realloc(memory, n);
}

static void *resize_for_library(void *memory, size_t n)
{
    is_for_library = true;
    void *resized = librarys_resize(memory, n);
    is_for_library = false;
    return resized;
}

void *torture_own_reallocarray(void *memory, size_t n, size_t size)
{
    is_own = !is_for_library;
    return reallocarray(memory, n, size);
}

char *torture_own_strdup(const char *text)
{
    is_own = !is_for_library;
    return strdup(text);
}

char *torture_own_strndup(const char *text, size_t most)
{
    is_own = !is_for_library;
    return strndup(text, most);
}

int torture_own_asprintf(char **text, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    is_own = !is_for_library;
    int n = vasprintf(text, format, values);
    va_end(values);
    return n;
}

/* What agent/ hands to libcurl is called by it. */
CURLcode torture_own_curl_global_init_mem(long what, curl_malloc_callback begins,
                                          curl_free_callback ends, curl_realloc_callback resizes,
                                          curl_strdup_callback copies, curl_calloc_callback clears)
{
    (void)begins;
    (void)copies;
    (void)clears;
    librarys_resize = resizes;
    return curl_global_init_mem(what, malloc, ends, resize_for_library, strdup, calloc);
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("TORTURE_AT");

    fails_at = at ? strtoul(at, NULL, 10) : 0;
    n_allocations = 0;
}

__attribute__((destructor)) static void end(void)
{
    const unsigned long n = n_allocations; /* the words below allocate too */

    if (!getenv("TORTURE_COUNT"))
        return;
    for (int i = 0; i < n_own; i++)
        (void)dprintf(STDERR_FILENO, "own: %lu\n", own[i]);
    (void)dprintf(STDERR_FILENO, "allocations: %lu\n", n);
}
