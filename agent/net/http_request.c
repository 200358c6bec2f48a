/* SPDX-License-Identifier: Apache-2.0
 *
 * All options that libcurl gets, and what is not set is as telling: no cookies, no netrc, no
 * redirects, no encodings. The environment (proxies, SSLKEYLOGFILE) has no say.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/version.h"
#include "net/http_exchange.h"

enum { HEADER_SIZE = 8192 };

/* --- what is sent, checked --- */

/* Nothing in it ends a line or a request's field, so it cannot become another one. */
static bool is_line(const char *text, bool with_spaces)
{
    for (; *text != '\0'; text++) {
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
    if (path[0] != '/' || !is_line(path, false) || strchr(path, '#') != NULL)
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
    for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
        if (!is_line(request->headers[i], true))
            return false;
    return !request->tls || request->trust != NULL;
}

/* --- callbacks of the connection --- */

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct exchange *exchange = arg;
    int fd = exchange->fd;

    (void)purpose;
    exchange->opened = true;
    exchange->fd = -1;
    if (fd >= 0)
        return fd;
    return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                  address->protocol);
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
    exchange->handshake_us[0] = clock_monotonic_us();
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
    exchange->handshake_us[1] = clock_monotonic_us();
    tls_unwatch(&exchange->peer);
    return CURL_PREREQFUNC_OK;
}

/* --- options --- */

static bool set_always(CURL *easy)
{
    static const struct {
        CURLoption option;
        long value;
    } numbers[] = {
        {CURLOPT_NOSIGNAL, 1},
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

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (curl_easy_setopt(easy, numbers[i].option, numbers[i].value) != CURLE_OK)
            return false;
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        if (curl_easy_setopt(easy, strings[i].option, strings[i].value) != CURLE_OK)
            return false;
    return true;
}

static bool set_callbacks(struct exchange *exchange, const struct http_request *request)
{
    CURL *easy = exchange->easy;
    bool ok = curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->error) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, exchange_read_head) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, exchange_read_body) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, exchange) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange) == CURLE_OK;

    if (ok && request->fd >= 0) {
        ok = curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, socket_is_connected) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK;
    }
    if (ok && request->tls) {
        ok = curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, watch_handshake) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, exchange) == CURLE_OK;
    }
    return ok;
}

/* An IPv6 address takes brackets in a URL. */
static void bracket(const char *host, char *to, size_t size)
{
    text_set(to, size, strchr(host, ':') != NULL ? "[%s]" : "%s", host);
}

/* The URL holds the name, CONNECT_TO the address: libcurl looks nothing up, and its pool tells the
 * addresses of one name apart. */
static bool set_destination(struct exchange *exchange, const struct http_request *request)
{
    struct buffer url;
    struct buffer connect_to;
    char host[HOST_SIZE + 2];
    char address[ADDRESS_SIZE + 2];

    bracket(request->host, host, sizeof(host));
    bracket(request->address, address, sizeof(address));
    buffer_init(&url, HEADER_SIZE);
    buffer_init(&connect_to, HEADER_SIZE);
    buffer_addf(&url, "%s://%s:%u%s", request->tls ? "https" : "http", host, request->port,
                request->path);
    buffer_addf(&connect_to, "%s:%u:%s:%u", host, request->port, address, request->port);
    if (!url.failed && !connect_to.failed)
        exchange->connect_to = curl_slist_append(NULL, connect_to.bytes);
    bool ok = exchange->connect_to != NULL &&
              curl_easy_setopt(exchange->easy, CURLOPT_URL, url.bytes) == CURLE_OK &&
              curl_easy_setopt(exchange->easy, CURLOPT_CONNECT_TO, exchange->connect_to) ==
                  CURLE_OK;
    buffer_clear(&url);
    buffer_clear(&connect_to);
    return ok;
}

static bool set_timeouts(CURL *easy, const struct http_request *request)
{
    long all_ms = request->timeout_ms > 0 ? request->timeout_ms : 1; /* 0 would be none */
    long connect_ms = request->tls && request->tls_timeout_ms > 0 ? request->tls_timeout_ms
                                                                  : all_ms;

    return curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, all_ms) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                            connect_ms < all_ms ? connect_ms : all_ms) == CURLE_OK;
}

static bool add_header(struct exchange *exchange, const char *line)
{
    struct curl_slist *longer = curl_slist_append(exchange->headers, line);

    if (longer == NULL)
        return false;
    exchange->headers = longer;
    return true;
}

static bool names_header(const struct http_request *request, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
        if (strncasecmp(request->headers[i], name, n) == 0 && request->headers[i][n] == ':')
            return true;
    return false;
}

static bool add_headers(struct exchange *exchange, const struct http_request *request)
{
    for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
        if (!add_header(exchange, request->headers[i]))
            return false;
    /* What libcurl would add of its own: a wait for 100 Continue, and a form's content type. */
    return add_header(exchange, "Expect:") &&
           (names_header(request, "Content-Type") || add_header(exchange, "Content-Type:"));
}

/* GET without a body; everything else with one, be it empty. */
static bool set_method(CURL *easy, const struct http_request *request)
{
    if (curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) != CURLE_OK)
        return false;
    if (request->body == NULL && strcmp(request->method, "POST") != 0)
        return true;
    size_t n = request->body != NULL ? request->body_bytes : 0;
    return curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS,
                            request->body != NULL ? request->body : "") == CURLE_OK;
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
    CURL *easy = exchange->easy;
    bool ok = curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, scope) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_USERNAME, credentials->access_key_id) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_PASSWORD, credentials->secret_access_key) == CURLE_OK;
    if (ok && credentials->session_token[0] != '\0') {
        text_set(token, sizeof(token), "%s: %s", token_name, credentials->session_token);
        ok = add_header(exchange, token);
        explicit_bzero(token, sizeof(token));
    }
    return ok;
}

bool exchange_prepare(struct exchange *exchange, const struct http_request *request)
{
    char agent[NAME_SIZE];

    if (!is_sound(request))
        return false;
    exchange->is_tls = request->tls;
    exchange->peer.trust = request->trust;
    text_set(exchange->peer.host, sizeof(exchange->peer.host), "%s", request->host);
    text_set(agent, sizeof(agent), "ssm-preflight/%s", program_version);
    return set_always(exchange->easy) &&
           curl_easy_setopt(exchange->easy, CURLOPT_USERAGENT, agent) == CURLE_OK &&
           set_callbacks(exchange, request) && set_destination(exchange, request) &&
           set_timeouts(exchange->easy, request) && set_method(exchange->easy, request) &&
           add_headers(exchange, request) &&
           (request->signature == NULL || set_signature(exchange, request->signature)) &&
           curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->headers) == CURLE_OK;
}
