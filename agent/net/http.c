/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of an exchange: made, given to the engine, told, wiped. Its options are in
 * http_request.c, its answer in http_reply.c.
 */
#include "net/http.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/http_exchange.h"

/* Frees a list whose lines may hold a session token. */
static void wipe_list(struct curl_slist *list)
{
    for (struct curl_slist *line = list; line != NULL; line = line->next)
        explicit_bzero(line->data, strlen(line->data));
    curl_slist_free_all(list);
}

static void exchange_free(struct exchange *exchange)
{
    if (exchange->easy != NULL)
        curl_easy_cleanup(exchange->easy);
    tls_unwatch(&exchange->peer);
    wipe_list(exchange->headers);
    curl_slist_free_all(exchange->connect_to);
    buffer_clear(&exchange->body);
    if (exchange->fd >= 0)
        close(exchange->fd);
    free(exchange);
}

static void exchange_end(struct task *task)
{
    struct exchange *exchange = (struct exchange *)task;

    engine_remove(exchange->engine, exchange->easy);
    exchange_free(exchange);
}

/* Everything but the body is freed before the callback, which may free the loop too. */
static void tell(void *private, CURLcode result)
{
    struct exchange *exchange = private;
    struct http_reply reply = {.body = ""};
    struct buffer body = exchange->body;
    http_done *done = exchange->done;
    void *arg = exchange->arg;
    /* By the clock, not the turn's now: the work of a handshake is done within the turn. */
    int64_t took_us = clock_monotonic_us() - exchange->started_us;
    long status = 0;

    reply.took_us = took_us < 1 ? 1 : took_us > INT32_MAX ? INT32_MAX : (int32_t)took_us;
    reply.reused = exchange->sent && !exchange->opened;
    exchange_judge(exchange, result, &reply);
    reply.session = exchange->peer.session;
    reply.head = exchange->head;
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    reply.head.status = (int32_t)status;
    if (reply.step.outcome == OUTCOME_OK && body.bytes != NULL) {
        reply.body = body.bytes;
        reply.body_bytes = body.used;
    }
    buffer_init(&exchange->body, 0);
    loop_leave(&exchange->task);
    exchange_free(exchange);
    done(arg, &reply);
    buffer_clear(&body);
}

bool http_start(struct loop *loop, const struct http_request *request, http_done *done, void *arg)
{
    struct engine *engine = engine_of(loop, tell);
    struct exchange *exchange = engine != NULL ? calloc(1, sizeof(*exchange)) : NULL;

    if (exchange == NULL) {
        if (request->fd >= 0)
            close(request->fd);
        return false;
    }
    exchange->loop = loop;
    exchange->engine = engine;
    exchange->fd = request->fd >= 0 ? request->fd : -1;
    exchange->done = done;
    exchange->arg = arg;
    buffer_init(&exchange->body, request->max_body_bytes);
    exchange->started_us = clock_monotonic_us();
    exchange->easy = curl_easy_init();
    if (exchange->easy == NULL || !exchange_prepare(exchange, request) ||
        !engine_add(engine, exchange->easy)) {
        exchange_free(exchange);
        return false;
    }
    loop_enter(loop, &exchange->task, exchange_end);
    return true;
}
