/* SPDX-License-Identifier: Apache-2.0
 *
 * The sizes are malloc's own, so nothing is kept beside the blocks.
 */
#include "net/http_memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void *memory_get(size_t n)
{
    return malloc(n);
}

void *memory_get_zeroed(size_t n, size_t size)
{
    return calloc(n, size);
}

void memory_free(void *memory)
{
    if (memory != NULL) {
        explicit_bzero(memory, malloc_usable_size(memory));
        free(memory);
    }
}

/* Never by realloc, which would leave the old bytes where they were. */
void *memory_resize(void *memory, size_t n)
{
    size_t n_old = memory != NULL ? malloc_usable_size(memory) : 0;

    if (memory != NULL && n <= n_old)
        return memory;
    void *larger = malloc(n);
    if (larger != NULL && memory != NULL) {
        memcpy(larger, memory, n_old);
        memory_free(memory);
    }
    return larger;
}

char *memory_copy(const char *text)
{
    return strdup(text);
}
