/* SPDX-License-Identifier: Apache-2.0
 *
 * What the endpoints alone cost: a handshake and a GET with each address, one after another, with the OpenSSL of build/deps, one context
 * and the key shares that net/tls.c offers. Nothing that does the same with this library can cost less.
 *
 * usage: floor CA_FILE HOST ADDRESS [HOST ADDRESS]...
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int connected(const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        return -1;
    return fd;
}

/* This OpenSSL is built without sockets: libcurl brings its own BIO, and so does this. */
static int bio_read(BIO *bio, char *to, int size)
{
    return (int)recv((int)(intptr_t)BIO_get_data(bio), to, (size_t)size, 0);
}

static int bio_write(BIO *bio, const char *from, int size)
{
    return (int)send((int)(intptr_t)BIO_get_data(bio), from, (size_t)size, MSG_NOSIGNAL);
}

static long bio_ctrl(BIO *bio, int what, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return what == BIO_CTRL_FLUSH;
}

static BIO *bio_of(int fd)
{
    static BIO_METHOD *method;
    BIO *bio;

    if (!method && (method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket"))) {
        (void)BIO_meth_set_read(method, bio_read);
        (void)BIO_meth_set_write(method, bio_write);
        (void)BIO_meth_set_ctrl(method, bio_ctrl);
    }
    if (fd < 0 || !method || !(bio = BIO_new(method)))
        return NULL;
    BIO_set_data(bio, (void *)(intptr_t)fd);
    BIO_set_init(bio, 1);
    return bio;
}

/* Whether an answer came. */
static int get(SSL_CTX *context, const char *host, const char *address)
{
    char text[4096];
    int length = snprintf(text, sizeof(text),
                          "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host);
    int fd = connected(address), got = 0;
    BIO *bio = bio_of(fd);
    SSL *ssl = SSL_new(context);

    if (bio && ssl)
        SSL_set_bio(ssl, bio, bio);
    if (bio && ssl && SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1 &&
        SSL_connect(ssl) == 1 && SSL_write(ssl, text, length) == length)
        for (int size; (size = SSL_read(ssl, text, sizeof(text))) > 0; got += size)
            ;
    SSL_free(ssl);
    (void)close(fd);
    return got > 0;
}

int main(int argc, char *argv[])
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (argc < 2 || !context || SSL_CTX_load_verify_file(context, argv[1]) != 1 ||
        SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384:P-521") != 1)
        return 2;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    for (int i = 2; i + 1 < argc; i += 2)
        if (!get(context, argv[i], argv[i + 1]))
            return 1;
    SSL_CTX_free(context);
    return 0;
}
