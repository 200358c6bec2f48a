/* SPDX-License-Identifier: Apache-2.0
 *
 * All options that libcurl gets, and what is not set is as telling: no cookies, no netrc, no
 * redirects, no encodings. The environment (proxies, SSLKEYLOGFILE) has no say. Then the life of an
 * exchange: made, given to the engine, told, wiped. Its answer is read in http_reply.c.
 */
#include "net/http.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "base/version.h"
#include "net/dial.h"
#include "net/http_exchange.h"

enum { HEADER_SIZE = 8192, TICK_US = 1000 * 1000 };

/* --- what is sent, checked --- */

/* Nothing in it ends a line or a request's field, so it cannot become another one. */
static bool is_line(const char *text, bool with_spaces)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7f || (byte == ' ' && !with_spaces))
            return false;
    }
    return true;
}

/* A path without "." and ".." among its segments, which libcurl would take out: sending it as it
 * is would be an option, but libcurl does not sign with it. */
static bool is_path(const char *path)
{
    if (path[0] != '/' || !is_line(path, false) || strchr(path, '#'))
        return false;
    while (*path == '/') {
        path++;
        size_t n_dots = strspn(path, ".");
        size_t n = strcspn(path, "/?");
        if ((n_dots > 0 && n_dots == n) || strncasecmp(path, "%2e", 3) == 0 ||
            (n_dots == 1 && strncasecmp(path + 1, "%2e", 3) == 0))
            return false;
        path += n;
    }
    return true;
}

static bool is_sound(const struct http_request *request)
{
    if (!text_only(request->method, "") || !text_only(request->host, "-._:") ||
        !text_only(request->address, ".:%-_") || !is_path(request->path))
        return false;
    for (size_t i = 0; request->headers && request->headers[i]; i++)
        if (!is_line(request->headers[i], true))
            return false;
    return !request->tls || request->trust;
}

/* --- callbacks of the connection --- */

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct exchange *exchange = arg;
    int fd = exchange->fd;

    (void)purpose;
    exchange->opened = true;
    exchange->fd = -1;
    if (fd < 0)
        fd = dial_socket(address->family, address->socktype, address->protocol);
    if (fd < 0)
        exchange->os_error = errno;
    exchange->taken_fd = fd;
    return fd;
}

static int socket_is_connected(void *arg, curl_socket_t fd, curlsocktype purpose)
{
    (void)arg;
    (void)fd;
    (void)purpose;
    return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static CURLcode watch_handshake(CURL *easy, void *context, void *arg)
{
    struct exchange *exchange = arg;

    (void)easy;
    exchange->handshake_us[0] = loop_clock_us(exchange->loop);
    return tls_watch(&exchange->peer, context) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

/* Called when the connection stands and nothing has been sent yet. */
static int before_request(void *arg, char *address, char *local_address, int port, int local_port)
{
    struct exchange *exchange = arg;

    (void)address;
    (void)local_address;
    (void)port;
    (void)local_port;
    exchange->sent = true;
    exchange->handshake_us[1] = loop_clock_us(exchange->loop);
    tls_unwatch(&exchange->peer);
    enum trust_by by = exchange->peer.session.trust_by;
    exchange->withheld = exchange->withhold && by != TRUST_BY_AMAZON && by != TRUST_BY_CA_FILE;
    return exchange->withheld ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* --- options --- */

/* No option fails: libcurl is built with all of them, and memory never runs out (base/memory.c). */
static void set_always(CURL *easy)
{
    static const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_BUFFERSIZE, 4096},             /* answers are small, and exchanges many at once */
        {CURLOPT_UPLOAD_BUFFERSIZE, 16 * 1024}, /* its least: 64 KB are zeroed for each otherwise */
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
        {CURLOPT_HTTP09_ALLOWED, 0},
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_TCP_NODELAY, 1},
        {CURLOPT_SSL_VERIFYPEER, 1}, /* by tls.c, in place of OpenSSL's own verification */
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_SSL_SESSIONID_CACHE, 0},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    };
    static const struct {
        CURLoption option;
        const char *value;
    } strings[] = {
        {CURLOPT_PROXY, ""}, /* not even from the environment */
        {CURLOPT_NOPROXY, "*"}, {CURLOPT_PROTOCOLS_STR, "http,https"},
        {CURLOPT_CAINFO, NULL}, /* no bundle of libcurl's choice */
        {CURLOPT_CAPATH, NULL},
    };

    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        curl_easy_setopt(easy, numbers[i].option, numbers[i].value);
    for (size_t i = 0; i < COUNT_OF(strings); i++)
        curl_easy_setopt(easy, strings[i].option, strings[i].value);
}

static void set_callbacks(struct exchange *exchange, const struct http_request *request)
{
    CURL *easy = exchange->easy;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->error);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, exchange_read_head);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, exchange_read_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange);
    if (request->fd >= 0) {
        curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, socket_is_connected);
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    }
    if (request->tls) {
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, watch_handshake);
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, exchange);
    }
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, (long)request->alone);
}

/* An IPv6 address takes brackets in a URL. */
static void bracket(const char *host, char *to, size_t size)
{
    (void)text_set(to, size, strchr(host, ':') ? "[%s]" : "%s", host);
}

/* The URL holds the name, CONNECT_TO the address: libcurl looks nothing up, and its pool tells the
 * addresses of one name apart. */
static bool set_destination(struct exchange *exchange, const struct http_request *request)
{
    LOCAL_BUFFER url = {.max_bytes = HEADER_SIZE};
    LOCAL_BUFFER connect_to = {.max_bytes = HEADER_SIZE};
    char host[HOST_SIZE + 2];
    char address[ADDRESS_SIZE + 2];

    bracket(request->host, host, sizeof(host));
    bracket(request->address, address, sizeof(address));
    (void)buffer_addf(&url, "%s://%s:%u%s", request->tls ? "https" : "http", host, request->port,
                      request->path);
    (void)buffer_addf(&connect_to, "%s:%u:%s:%u", host, request->port, address, request->port);
    if (url.failed || connect_to.failed)
        return false;
    exchange->connect_to = curl_slist_append(NULL, connect_to.bytes);
    curl_easy_setopt(exchange->easy, CURLOPT_URL, url.bytes);
    curl_easy_setopt(exchange->easy, CURLOPT_CONNECT_TO, exchange->connect_to);
    return true;
}

static void add_header(struct exchange *exchange, const char *line)
{
    exchange->headers = curl_slist_append(exchange->headers, line);
}

static void add_headers(struct exchange *exchange, const struct http_request *request)
{
    static const char type[] = "Content-Type:";
    bool typed = false;

    for (size_t i = 0; request->headers && request->headers[i]; i++) {
        typed = typed || strncasecmp(request->headers[i], type, strlen(type)) == 0;
        add_header(exchange, request->headers[i]);
    }
    /* What libcurl would add of its own: a wait for 100 Continue, and a form's content type. */
    add_header(exchange, "Expect:");
    if (!typed)
        add_header(exchange, type);
}

/* GET without a body; everything else with one, be it empty. */
static void set_method(CURL *easy, const struct http_request *request)
{
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    if (!request->body && strcmp(request->method, "POST") != 0)
        return;
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)(request->body ? request->body_bytes : 0));
    curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body ? request->body : "");
}

static bool set_signature(struct exchange *exchange, const struct signature *signature)
{
    static const char token_name[] = "X-Amz-Security-Token";
    const struct credentials *credentials = signature->credentials;
    char scope[REGION_SIZE + NAME_SIZE + 16];
    char token[sizeof(token_name) + sizeof(credentials->session_token) + 2];

    if (!credentials_usable(credentials) || !text_only(signature->region, "-") ||
        !text_only(signature->service, "-") || !is_line(credentials->session_token, false) ||
        !text_set(scope, sizeof(scope), "aws:amz:%s:%s", signature->region, signature->service))
        return false;
    exchange->credentials = credentials;
    curl_easy_setopt(exchange->easy, CURLOPT_AWS_SIGV4, scope);
    curl_easy_setopt(exchange->easy, CURLOPT_USERNAME, credentials->access_key_id);
    curl_easy_setopt(exchange->easy, CURLOPT_PASSWORD, credentials->secret_access_key);
    if (credentials->session_token[0]) {
        (void)text_set(token, sizeof(token), "%s: %s", token_name, credentials->session_token);
        add_header(exchange, token);
        explicit_bzero(token, sizeof(token));
    }
    return true;
}

/* False when the request is none: a host, path or header that would change its meaning. */
static bool prepare(struct exchange *exchange, const struct http_request *request)
{
    char agent[NAME_SIZE];

    if (!is_sound(request) || !set_destination(exchange, request))
        return false;
    exchange->is_tls = request->tls;
    exchange->withhold = request->withhold;
    exchange->peer.trust = request->trust;
    exchange->peer.by_sdk = request->by_sdk;
    (void)text_set(exchange->peer.host, sizeof(exchange->peer.host), "%s", request->host);
    (void)text_set(agent, sizeof(agent), "ssm-preflight/%s", program_version);
    set_always(exchange->easy);
    curl_easy_setopt(exchange->easy, CURLOPT_USERAGENT, agent);
    set_callbacks(exchange, request);
    set_method(exchange->easy, request);
    add_headers(exchange, request);
    if (request->signature && !set_signature(exchange, request->signature))
        return false;
    curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->headers);
    return true;
}

/* --- the life of an exchange --- */

static void exchange_free(struct exchange *exchange)
{
    loop_cancel(exchange->limit);
    loop_cancel(exchange->tick);
    curl_easy_cleanup(exchange->easy);
    tls_unwatch(&exchange->peer);
    for (struct curl_slist *line = exchange->headers; line; line = line->next)
        explicit_bzero(line->data, strlen(line->data)); /* it may be a session token */
    curl_slist_free_all(exchange->headers);
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
    int64_t took_us = loop_clock_us(exchange->loop) - exchange->started_us;
    long status = 0;

    reply.took_us = loop_took_us(took_us);
    reply.reused = exchange->sent && !exchange->opened;
    reply.withheld = exchange->withheld;
    exchange_judge(exchange, result, &reply);
    reply.session = exchange->peer.session;
    reply.head = exchange->head;
    (void)text_set(reply.token_ttl, NAME_SIZE, "%s", exchange->token_ttl);
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    reply.head.status = (int32_t)status;
    if (reply.step.outcome == OUTCOME_OK && body.bytes) {
        reply.body = body.bytes;
        reply.body_bytes = body.used;
    }
    buffer_init(&exchange->body, 0);
    loop_leave(&exchange->task);
    exchange_free(exchange);
    done(arg, &reply);
    buffer_clear(&body);
}

/* Of an answer that is lost on its way the other side sends again for minutes, though nobody waits for it any
 * more: IMDS behind a hop limit, forty packets a request. A reset ends that. A connection with TLS is left
 * to libcurl, which says goodbye. */
static void reset_when_closed(const struct exchange *exchange)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (!exchange->is_tls && exchange->taken_fd >= 0)
        (void)setsockopt(exchange->taken_fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

/* The limits are timers of the loop, whose clock stands still in a pause of the process. libcurl's own would
 * be over before it looks at what came in meanwhile. */
static void on_limit(void *arg)
{
    struct exchange *exchange = arg;

    exchange->limit = NULL;
    if (exchange->rest_ms > 0 && exchange->sent != exchange->handshake_has_more) {
        exchange->limit = loop_after_quietly(exchange->loop, (int64_t)exchange->rest_ms * 1000,
                                             on_limit, exchange);
        exchange->rest_ms = 0;
        return;
    }
    reset_when_closed(exchange);
    engine_remove(exchange->engine, exchange->easy);
    tell(exchange, CURLE_OPERATION_TIMEDOUT);
}

static enum silence silence_of(const struct exchange *exchange)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof(info);

    if (exchange->sent)
        return SILENCE_SENT;
    return getsockopt(exchange->taken_fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
                   info.tcpi_unacked > 0
               ? SILENCE_UNHEARD
               : SILENCE_HEARD;
}

static void on_tick(void *arg)
{
    struct exchange *exchange = arg;

    exchange->tick = loop_after_quietly(exchange->loop, TICK_US, on_tick, exchange);
    exchange->silent(exchange->arg, silence_of(exchange)); /* last: it may end the exchange */
}

static void start_limit(struct exchange *exchange, const struct http_request *request)
{
    int32_t all_ms = request->timeout_ms;
    int32_t tls_ms = request->tls && request->tls_timeout_ms > 0 ? request->tls_timeout_ms : all_ms;

    exchange->handshake_has_more = tls_ms > all_ms;
    exchange->rest_ms = tls_ms > all_ms ? tls_ms - all_ms : all_ms - tls_ms;
    exchange->limit = loop_after_quietly(
        exchange->loop, (int64_t)(tls_ms > all_ms ? all_ms : tls_ms) * 1000, on_limit, exchange);
}

bool http_start(struct loop *loop, const struct http_request *request, http_done *done, void *arg)
{
    struct exchange *exchange = calloc(1, sizeof(*exchange));

    exchange->loop = loop;
    exchange->engine = engine_of(loop, tell);
    exchange->fd = request->fd >= 0 ? request->fd : -1;
    exchange->taken_fd = -1;
    exchange->done = done;
    exchange->arg = arg;
    buffer_init(&exchange->body, request->max_body_bytes);
    exchange->started_us = loop_clock_us(loop);
    exchange->easy = curl_easy_init();
    if (!prepare(exchange, request) || !engine_add(exchange->engine, exchange->easy)) {
        exchange_free(exchange);
        return false;
    }
    start_limit(exchange, request);
    exchange->silent = request->silent;
    if (request->silent)
        exchange->tick = loop_after_quietly(loop, TICK_US, on_tick, exchange);
    exchange->task.quiet = request->quiet;
    exchange->task.owner = request->owner;
    loop_enter(loop, &exchange->task, exchange_end);
    return true;
}
