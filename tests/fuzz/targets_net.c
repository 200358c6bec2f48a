/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes from a socket: heads of HTTP, a proxy's status line, the kernel's answers, certificates.
 *
 * Linked with --wrap=socket, --wrap=recv, --wrap=send and --wrap=SSL_CTX_set_cert_verify_callback. So the kernel's
 * answers are the input, and a certificate is judged without a handshake.
 */
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/text.h"
#include "discover/unit.h"
#include "net/http_exchange.h"
#include "net/route.h"
#include "net/tls.h"
#include "net/trust.h"
#include "net/tunnel.h"
#include "targets.h"

/* A copy of exactly n bytes: AddressSanitizer sees a reader that goes beyond. */
static char *exact(const uint8_t *bytes, size_t n)
{
    char *copy = malloc(n ? n : 1);

    fuzz_require(copy, "there is memory");
    if (n)
        memcpy(copy, bytes, n);
    return copy;
}

/* Lines as libcurl gives them: each with its end, and without a zero byte behind it. */
void fuzz_http_head(const uint8_t *bytes, size_t n)
{
    static struct exchange exchange;

    memset(&exchange, 0, sizeof(exchange));
    for (size_t at = 0; at < n;) {
        const uint8_t *end = memchr(bytes + at, '\n', n - at);
        size_t length = end ? (size_t)(end - bytes) + 1 - at : n - at;
        char *line = exact(bytes + at, length);
        size_t taken = exchange_read_head(line, 1, length, &exchange);

        free(line);
        fuzz_require(taken == length || exchange.too_large || exchange.malformed,
                     "a line is taken, or it is none, or there were too many");
        at += length;
    }
    fuzz_require(strlen(exchange.head.server) < sizeof(exchange.head.server) &&
                     strlen(exchange.head.error_type) < sizeof(exchange.head.error_type),
                 "strings end");
}

void fuzz_connect_status(const uint8_t *bytes, size_t n)
{
    char *head = fuzz_text(bytes, n);
    int32_t status = tunnel_read_status(head);

    fuzz_require(status >= 0 && status <= 999, "a status has three digits");
    for (size_t asked = 0; asked < 2; asked++) {
        int32_t said = n < 2 * asked ? SOCKS_MORE : tunnel_read_socks(head, n, asked);
        fuzz_require(said >= 0 && said <= SOCKS_MALFORMED, "SOCKS5 has a reply of one byte");
    }
    free(head);
}

/* --- the kernel's routes --- */

static const uint8_t *answer; /* NULL: no such target runs */
static size_t n_answer;
int fuzz_socket = -1;

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
/* unit tests have their own of these three */
int __wrap_socket(int domain, int type, int protocol) __attribute__((weak));
int __real_socket(int domain, int type, int protocol) __attribute__((weak));
ssize_t __wrap_recv(int fd, void *to, size_t size, int flags) __attribute__((weak));
ssize_t __wrap_send(int fd, const void *from, size_t n, int flags) __attribute__((weak));
void __wrap_SSL_CTX_set_cert_verify_callback(SSL_CTX *context,
                                             int (*callback)(X509_STORE_CTX *, void *), void *arg);

static void close_socket(void)
{
    const int fd = fuzz_socket;

    fuzz_socket = -1;
    (void)close(fd);
}

/* One that stays: the kernel takes longer to make one than a reader to read. */
int __wrap_socket(int domain, int type, int protocol)
{
    int pair[2];

    if (!answer)
        return __real_socket(domain, type, protocol);
    if (fuzz_socket < 0) {
        fuzz_require(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "there is a socket");
        (void)close(pair[1]);
        fuzz_socket = pair[0];
        (void)atexit(close_socket);
    }
    return fuzz_socket;
}

/* A stream; or datagrams, each with two bytes before it that say how long it is. */
ssize_t __wrap_recv(int fd, void *to, size_t size, int flags)
{
    size_t n = n_answer;

    (void)fd;
    if (!answer)
        return 0;
    if (!(flags & MSG_WAITALL) && n_answer >= 2) {
        n = (size_t)answer[0] << 8 | answer[1];
        answer += 2;
        n_answer -= 2;
    }
    n = n < n_answer ? n : n_answer;
    n = n < size ? n : size;
    memcpy(to, answer, n);
    answer += n;
    n_answer -= n;
    return (ssize_t)n;
}

ssize_t __wrap_send(int fd, const void *from, size_t n, int flags)
{
    (void)fd;
    (void)from;
    (void)flags;
    return (ssize_t)n;
}

/* What systemd says of a unit. */
void fuzz_bus(const uint8_t *bytes, size_t n)
{
    struct unit_end end = {.active = ""};

    answer = n > 0 ? bytes : (const uint8_t *)"";
    n_answer = n;
    (void)unit_ask("", "amazon-ssm-agent.service", &end);
    answer = NULL;
    fuzz_require_text(end.active, sizeof(end.active));
    fuzz_require_text(end.result, sizeof(end.result));
}

void fuzz_routes(const uint8_t *bytes, size_t n)
{
    static const char *const addresses[] = {"10.0.1.21", "2001:db8::21"};
    struct route route;

    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        answer = n > 0 ? bytes : (const uint8_t *)"";
        n_answer = n;
        route_look_up(addresses[i], 443, &route);
        answer = NULL;
        fuzz_require(strlen(route.to) < sizeof(route.to), "strings end");
    }
}

/* --- certificates --- */

static int (*on_certificate)(X509_STORE_CTX *given, void *arg);

void __wrap_SSL_CTX_set_cert_verify_callback(SSL_CTX *context,
                                             int (*callback)(X509_STORE_CTX *, void *), void *arg)
{
    (void)context;
    (void)arg;
    on_certificate = callback;
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

static void judge(X509 *certificate)
{
    static struct trust *trust;
    struct tls_peer peer = {.host = "ssm.us-east-1.amazonaws.com"};
    char error[DETAIL_SIZE];
    static SSL_CTX *context;

    if (!context)
        context = SSL_CTX_new(TLS_client_method());
    if (!trust)
        trust = trust_new("", "/nonexistent", error, sizeof(error));
    peer.trust = trust;
    fuzz_require(trust && context && tls_watch(&peer, context), "there is memory");
    SSL *ssl = SSL_new(context);
    X509_STORE_CTX *given = X509_STORE_CTX_new();
    fuzz_require(ssl && given && X509_STORE_CTX_init(given, NULL, certificate, NULL) == 1 &&
                     X509_STORE_CTX_set_ex_data(given, SSL_get_ex_data_X509_STORE_CTX_idx(), ssl) ==
                         1,
                 "there is memory");
    bool believed = on_certificate(given, NULL) == 1;
    fuzz_require(peer.shown && believed == (peer.failure == FAILURE_NONE),
                 "it says what it thinks");
    fuzz_require(!believed, "nothing that was made up verifies by Amazon's roots");
    X509_STORE_CTX_free(given);
    SSL_free(ssl);
    tls_unwatch(&peer);
}

void fuzz_certificate(const uint8_t *bytes, size_t n)
{
    const unsigned char *at = bytes;
    X509 *certificate = d2i_X509(NULL, &at, (long)n);

    if (certificate)
        judge(certificate);
    X509_free(certificate);
    OPENSSL_thread_stop(); /* with its errors: what stays after a run, libFuzzer takes for a leak and looks for it */
}
