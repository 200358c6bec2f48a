/* SPDX-License-Identifier: Apache-2.0
 *
 * curl_multi_socket_action: libcurl says which sockets and what time, the loop's one poll waits.
 * Its watches and its timer are in the background, since transfers keep the loop going.
 * The two callbacks of the multi handle may not fail: libcurl crashes, or calls them for ever. What
 * they allocate is there: base/memory.c ends the process without memory.
 */
#include "net/http_exchange.h"

#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_POOLED = 256, /* all addresses of all services at once */
    US_PER_MS = 1000,
};

struct engine {
    struct loop *loop;
    CURLM *multi;
    struct timer *timer;
    bool telling; /* a transfer's end is being told further up the stack */
    bool ended;   /* and the loop was freed by whom it was told to */
    engine_done *done;
};

struct engine_socket {
    struct engine *engine;
    curl_socket_t fd;
    struct watch *watch;
};

/* --- memory that is overwritten when it is freed: libcurl copies passwords and headers many times over
 * and wipes none of them. The sizes are malloc's own, so nothing is kept beside the blocks --- */

static void memory_free(void *memory)
{
    if (memory) {
        explicit_bzero(memory, malloc_usable_size(memory));
        free(memory);
    }
}

/* Never by realloc, which would leave the old bytes where they were. */
static void *memory_resize(void *memory, size_t n)
{
    size_t n_old = memory ? malloc_usable_size(memory) : 0;

    if (memory && n <= n_old)
        return memory;
    void *larger = malloc(n);
    if (memory) {
        memcpy(larger, memory, n_old);
        memory_free(memory);
    }
    return larger;
}

/* --- transfers --- */

/* Tells every transfer that has ended. */
static void tell_ended(struct engine *engine)
{
    CURLMsg *message;
    int n_left;

    engine->telling = true;
    while (!engine->ended && (message = curl_multi_info_read(engine->multi, &n_left))) {
        CURL *easy = message->easy_handle;
        CURLcode result = message->data.result;
        void *private = NULL;

        /* CURLMSG_DONE: libcurl has no other message */
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
        curl_multi_remove_handle(engine->multi, easy); /* `message` is no more */
        engine->done(private, result);
    }
    engine->telling = false;
    if (engine->ended)
        free(engine);
}

static void on_timer(void *arg)
{
    struct engine *engine = arg;
    int n_running;

    engine->timer = NULL;
    curl_multi_socket_action(engine->multi, CURL_SOCKET_TIMEOUT, 0, &n_running);
    tell_ended(engine);
}

static void on_socket(void *arg, short events)
{
    const struct engine_socket *socket = arg;
    struct engine *engine = socket->engine;
    int n_running;
    int mask = 0;

    if ((events & (POLLIN | POLLHUP)) != 0)
        mask |= CURL_CSELECT_IN;
    if ((events & POLLOUT) != 0)
        mask |= CURL_CSELECT_OUT;
    if ((events & (POLLERR | POLLNVAL)) != 0)
        mask |= CURL_CSELECT_ERR;
    curl_multi_socket_action(engine->multi, socket->fd, mask, &n_running);
    tell_ended(engine);
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
    struct engine *engine = arg;
    struct engine_socket *socket = of_socket;

    (void)easy;
    if (socket) {
        loop_unwatch(socket->watch);
        socket->watch = NULL;
    }
    if (what == CURL_POLL_REMOVE) {
        free(socket);
        curl_multi_assign(engine->multi, fd, NULL);
        return 0;
    }
    if (!socket) {
        socket = calloc(1, sizeof(*socket));
        socket->engine = engine;
        socket->fd = fd;
        curl_multi_assign(engine->multi, fd, socket);
    }
    short events = (short)(((what & CURL_POLL_IN) != 0 ? POLLIN : 0) |
                           ((what & CURL_POLL_OUT) != 0 ? POLLOUT : 0));
    socket->watch = loop_watch(engine->loop, fd, events, true, on_socket, socket);
    return 0;
}

static int set_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct engine *engine = arg;

    (void)multi;
    loop_cancel(engine->timer);
    engine->timer = NULL;
    if (timeout_ms >= 0)
        engine->timer = loop_after_quietly(engine->loop, timeout_ms * US_PER_MS, on_timer, engine);
    return 0;
}

static void engine_end(void *arg)
{
    struct engine *engine = arg;

    curl_multi_cleanup(engine->multi);
    loop_cancel(engine->timer);
    curl_global_cleanup();
    engine->ended = true;
    if (!engine->telling)
        free(engine);
}

struct engine *engine_of(struct loop *loop, engine_done *done)
{
    struct engine *engine = loop_kept(loop);

    if (engine)
        return engine;
    (void)curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, memory_free, memory_resize, strdup,
                               calloc);
    engine = calloc(1, sizeof(*engine));
    engine->loop = loop;
    engine->done = done;
    engine->multi = curl_multi_init();
    (void)curl_multi_setopt(engine->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    (void)curl_multi_setopt(engine->multi, CURLMOPT_SOCKETDATA, engine);
    (void)curl_multi_setopt(engine->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    (void)curl_multi_setopt(engine->multi, CURLMOPT_TIMERDATA, engine);
    (void)curl_multi_setopt(engine->multi, CURLMOPT_MAXCONNECTS, (long)MAX_POOLED);
    loop_keep(loop, engine, engine_end);
    return engine;
}

bool engine_add(struct engine *engine, CURL *easy)
{
    return curl_multi_add_handle(engine->multi, easy) == CURLM_OK;
}

void engine_remove(struct engine *engine, CURL *easy)
{
    curl_multi_remove_handle(engine->multi, easy);
}
