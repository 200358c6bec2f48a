/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory for libcurl that is overwritten when it is freed: libcurl copies passwords and headers
 * many times over and wipes none of them.
 */
#ifndef NET_HTTP_MEMORY_H
#define NET_HTTP_MEMORY_H

#include <stddef.h>

/* In the form that curl_global_init_mem() takes. */
void *memory_get(size_t n);
void *memory_get_zeroed(size_t n, size_t size);
void *memory_resize(void *memory, size_t n);
char *memory_copy(const char *text);
void memory_free(void *memory);

#endif
