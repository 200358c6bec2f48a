/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS goes through memory BIOs: the OpenSSL that is linked has no sockets.
 */
#include "net_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct peer_connection {
    struct peer *peer;
    int fd;
    struct watch *watch;
    SSL *ssl; /* NULL: plain */
    char request[PEER_SEEN_BYTES];
    size_t used;
};

static void connection_free(struct peer_connection *connection, bool loop_is_gone)
{
    if (!loop_is_gone)
        loop_unwatch(connection->watch);
    close(connection->fd);
    SSL_free(connection->ssl);
    free(connection);
}

static void connection_end(struct peer_connection *connection, bool reset)
{
    struct peer *peer = connection->peer;
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (reset)
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    for (size_t i = 0; i < PEER_MAX_CONNECTIONS; i++)
        if (peer->connections[i] == connection)
            peer->connections[i] = NULL;
    connection_free(connection, false);
}

static void send_raw(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            struct pollfd writable = {.fd = fd, .events = POLLOUT};
            if (poll(&writable, 1, 1000) == 1)
                continue;
        }
        if (sent <= 0)
            return; /* the client has gone, which some tests want */
        bytes += sent;
        n -= (size_t)sent;
    }
}

static void flush_tls(struct peer_connection *connection)
{
    char *bytes;
    long n = BIO_get_mem_data(SSL_get_wbio(connection->ssl), &bytes);

    if (n > 0)
        send_raw(connection->fd, bytes, (size_t)n);
    (void)BIO_reset(SSL_get_wbio(connection->ssl));
}

static void say(struct peer_connection *connection, const char *bytes, size_t n)
{
    if (!connection->ssl) {
        send_raw(connection->fd, bytes, n);
    } else if (n > 0) {
        SSL_write(connection->ssl, bytes, (int)n);
        flush_tls(connection);
    }
}

/* Says the reply of the script, then does what it says. */
static void reply(struct peer_connection *connection)
{
    struct peer *peer = connection->peer;
    int index = peer->n_requests < PEER_MAX_REPLIES ? peer->n_requests : PEER_MAX_REPLIES - 1;

    while (index > 0 && !peer->replies[index])
        index--;
    peer->n_requests++;
    memcpy(peer->seen, connection->request, connection->used);
    peer->seen[connection->used] = '\0';
    peer->n_seen = connection->used;
    connection->used = 0;
    if (peer->replies[index]) {
        size_t n = peer->reply_bytes != 0 ? peer->reply_bytes : strlen(peer->replies[index]);
        say(connection, peer->replies[index], n);
    }
    if (peer->then != PEER_STAYS) {
        if (connection->ssl && peer->then == PEER_CLOSES) {
            SSL_shutdown(connection->ssl);
            flush_tls(connection);
        }
        connection_end(connection, peer->then == PEER_RESETS);
    }
}

static bool is_whole(const struct peer_connection *connection)
{
    const char *end = strstr(connection->request, "\r\n\r\n");
    const char *length = strcasestr(connection->request, "\r\ncontent-length:");

    if (!end)
        return false;
    size_t n_body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    return connection->used >= (size_t)(end + 4 - connection->request) + n_body;
}

static void take(struct peer_connection *connection, const char *bytes, size_t n)
{
    size_t n_room = sizeof(connection->request) - 1 - connection->used;

    n = n < n_room ? n : n_room; /* the start is enough for every test */
    memcpy(connection->request + connection->used, bytes, n);
    connection->used += n;
    connection->request[connection->used] = '\0';
}

static void hear_tls(struct peer_connection *connection, const char *bytes, size_t n)
{
    char plain[4096];
    int got;

    BIO_write(SSL_get_rbio(connection->ssl), bytes, (int)n);
    if (!SSL_is_init_finished(connection->ssl)) {
        SSL_do_handshake(connection->ssl);
        flush_tls(connection);
    }
    while ((got = SSL_read(connection->ssl, plain, sizeof(plain))) > 0)
        take(connection, plain, (size_t)got);
    flush_tls(connection);
}

static void on_bytes(void *arg, short events)
{
    struct peer_connection *connection = arg;
    struct peer *peer = connection->peer;
    char bytes[16384];
    ssize_t n = recv(connection->fd, bytes, sizeof(bytes), 0);

    (void)events;
    if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            connection_end(connection, false);
        return;
    }
    if (connection->ssl) {
        hear_tls(connection, bytes, (size_t)n);
        if ((SSL_get_shutdown(connection->ssl) & SSL_RECEIVED_SHUTDOWN) != 0) {
            connection_end(connection, false);
            return;
        }
    } else {
        take(connection, bytes, (size_t)n);
    }
    if ((peer->speaks == PEER_AFTER_REQUEST && is_whole(connection)) ||
        (peer->speaks == PEER_AFTER_BYTES && connection->used > 0))
        reply(connection);
}

static void on_connection(void *arg, short events)
{
    struct peer *peer = arg;
    int fd = accept4(peer->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    size_t slot = 0;

    (void)events;
    if (fd < 0)
        return;
    while (slot < PEER_MAX_CONNECTIONS && peer->connections[slot])
        slot++;
    assert_true(slot < PEER_MAX_CONNECTIONS);
    struct peer_connection *connection = calloc(1, sizeof(*connection));
    assert_non_null(connection);
    peer->connections[slot] = connection;
    peer->n_connections++;
    connection->peer = peer;
    connection->fd = fd;
    if (peer->tls) {
        connection->ssl = SSL_new(peer->tls);
        assert_non_null(connection->ssl);
        SSL_set_bio(connection->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_accept_state(connection->ssl);
    }
    connection->watch = loop_watch(peer->loop, fd, POLLIN, true, on_bytes, connection);
    if (peer->speaks == PEER_FIRST)
        reply(connection);
}

/* -1 when this machine has no IPv6. */
static int listen_on_ipv6_loopback(uint16_t *port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
                    getsockname(fd, (struct sockaddr *)&address, &length) != 0)) {
        close(fd);
        return -1;
    }
    *port = ntohs(address.sin6_port);
    return fd;
}

static int listen_on_loopback(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static bool serve(struct peer *peer)
{
    assert_int_equal(listen(peer->listener, 16), 0);
    peer->watch = loop_watch(peer->loop, peer->listener, POLLIN, true, on_connection, peer);
    return peer->watch;
}

void peer_open(struct peer *peer, struct loop *loop)
{
    memset(peer, 0, sizeof(*peer));
    peer->loop = loop;
    peer->listener = listen_on_loopback(&peer->port);
    assert_true(serve(peer));
}

bool peer_open_ipv6(struct peer *peer, struct loop *loop)
{
    memset(peer, 0, sizeof(*peer));
    peer->loop = loop;
    peer->listener = listen_on_ipv6_loopback(&peer->port);
    return peer->listener >= 0 && serve(peer);
}

void peer_close(struct peer *peer, bool loop_is_gone)
{
    for (size_t i = 0; i < PEER_MAX_CONNECTIONS; i++)
        if (peer->connections[i])
            connection_free(peer->connections[i], loop_is_gone);
    if (!loop_is_gone)
        loop_unwatch(peer->watch);
    close(peer->listener);
    SSL_CTX_free(peer->tls);
}

uint16_t peer_closed_port(void)
{
    uint16_t port;

    close(listen_on_loopback(&port));
    return port;
}
