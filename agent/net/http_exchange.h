/* SPDX-License-Identifier: Apache-2.0
 *
 * One HTTP exchange under way, as http*.c see it, and libcurl's multi interface on our loop: its sockets
 * are watches, its timeout is a timer, and its pool of open connections lives as long as the loop.
 */
#ifndef NET_HTTP_EXCHANGE_H
#define NET_HTTP_EXCHANGE_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "net/http.h"
#include "net/tls.h"

struct engine;

struct exchange {
    struct task task; /* first: the task's end gets this */
    struct loop *loop;
    struct engine *engine;
    CURL *easy;
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    char error[CURL_ERROR_SIZE]; /* libcurl's words */
    int fd;                      /* handed over and not taken yet, or -1 */
    int taken_fd;                /* that libcurl took or opened for this exchange, or -1 */
    bool is_tls;
    bool opened;             /* a socket was taken or opened: nothing was reused */
    bool sent;               /* the connection stood, handshake and all: the request went out */
    bool withhold, withheld; /* http.h */
    bool too_large, malformed;
    char length[24];    /* of the body, as the head says it; empty: not at all */
    bool head_complete; /* what follows are trailers */
    size_t head_bytes;
    struct http_head head;
    char token_ttl[NAME_SIZE];             /* http.h */
    const struct credentials *credentials; /* that signed the request, or NULL */
    struct buffer body;
    struct tls_peer peer;
    struct timer *limit; /* of the connection, then of the whole exchange */
    int32_t rest_ms; /* is added to the limit: for the answer, once the request was sent, or ... */
    bool handshake_has_more; /* ... for the handshake, which may take longer than the whole */
    struct timer *tick;      /* of silence */
    void (*silent)(void *arg, enum silence silence);
    int os_error; /* of a socket that could not be opened */
    int64_t started_us;
    int64_t handshake_us[2]; /* when it began and was done, 0 for not yet */
    http_done *done;
    void *arg;
};

/* Called on the loop's turn when the transfer whose CURLOPT_PRIVATE is `private` has ended; it is
 * no longer in the engine then. It may free the loop. */
typedef void engine_done(void *private, CURLcode result);

/* The engine of this loop, made on the first call. */
struct engine *engine_of(struct loop *loop, engine_done *done);
bool engine_add(struct engine *engine, CURL *easy);
void engine_remove(struct engine *engine, CURL *easy);

/* Reads head lines and body into the exchange; options of libcurl. */
size_t exchange_read_head(char *bytes, size_t size, size_t n, void *arg);
size_t exchange_read_body(char *bytes, size_t size, size_t n, void *arg);

/* Says how it ended, in reply->tls and reply->step. */
void exchange_judge(struct exchange *exchange, CURLcode result, struct http_reply *reply);

#endif
