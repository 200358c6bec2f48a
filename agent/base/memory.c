/* SPDX-License-Identifier: Apache-2.0
 *
 * Out of memory is the end of the process, with exit status 4 and a line on standard error. So no
 * caller sees a failed allocation: not libcurl, whose callbacks may not fail and whose HMAC crashes
 * without memory; not OpenSSL, which calls a certificate untrusted that it had no memory to read.
 * ld --wrap (Makefile) leads every allocation here, also those of the libraries and of the static
 * C library: X is called as __wrap_X, and calls the C library's own as __real_X.
 */
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "base/output.h"

enum { STATUS_OUT_OF_MEMORY = 4 }; /* EXIT_FAULT of the commands */

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *memory, size_t n);
void *__real_reallocarray(void *memory, size_t n, size_t size);
int __real_posix_memalign(void **memory, size_t alignment, size_t n);

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *memory, size_t n);
void *__wrap_reallocarray(void *memory, size_t n, size_t size);
int __wrap_posix_memalign(void **memory, size_t alignment, size_t n);
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

/* Only system calls: nothing here may need memory, and no handler of exit() may run within malloc. */
static void *or_end(void *memory)
{
    static const char words[] = "ssm-preflight: out of memory\n";

    if (memory)
        return memory;
    (void)output_write(STDERR_FILENO, words, sizeof(words) - 1, OUTPUT_LOG_MAX_MS);
    _exit(STATUS_OUT_OF_MEMORY);
}

void *__wrap_malloc(size_t n)
{
    return or_end(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return or_end(__real_calloc(n, size));
}

/* A size of 0 frees, and NULL is no failure then. */
void *__wrap_realloc(void *memory, size_t n)
{
    void *resized = __real_realloc(memory, n);
    return n > 0 ? or_end(resized) : resized;
}

void *__wrap_reallocarray(void *memory, size_t n, size_t size)
{
    void *resized = __real_reallocarray(memory, n, size);
    return n > 0 && size > 0 ? or_end(resized) : resized;
}

int __wrap_posix_memalign(void **memory, size_t alignment, size_t n)
{
    int error = __real_posix_memalign(memory, alignment, n);
    if (error == ENOMEM)
        (void)or_end(NULL);
    return error;
}
