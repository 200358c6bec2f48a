/* SPDX-License-Identifier: Apache-2.0
 *
 * libcurl's multi interface on our loop: its sockets are watches, its timeout is a timer, and its
 * pool of open connections lives as long as the loop.
 */
#ifndef NET_HTTP_ENGINE_H
#define NET_HTTP_ENGINE_H

#include <curl/curl.h>
#include <stdbool.h>

#include "net/loop.h"

struct engine;

/* Called on the loop's turn when the transfer whose CURLOPT_PRIVATE is `private` has ended; it is
 * no longer in the engine then. It may free the loop. */
typedef void engine_done(void *private, CURLcode result);

/* The engine of this loop, made on the first call. NULL when out of memory. */
struct engine *engine_of(struct loop *loop, engine_done *done);

bool engine_add(struct engine *engine, CURL *easy);
void engine_remove(struct engine *engine, CURL *easy);

#endif
