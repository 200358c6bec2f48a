/* SPDX-License-Identifier: Apache-2.0
 *
 * A few bytes of D-Bus by hand: sd-bus would make the static program 420 kB larger, and brings getaddrinfo. The
 * socket is systemd's own, which root alone may use, and which needs no bus daemon. D-Bus Specification,
 * "Message Protocol" and "Authentication Protocol"; org.freedesktop.systemd1(5).
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/text.h"
#include "discover/unit.h"

#define MANAGER "org.freedesktop.systemd1"

enum {
    PATIENCE_US = 500000, /* for each answer: a manager that is busy is left alone */
    MAX_SIGNALS = 32,     /* between two answers */
    MAX_BYTES = 16 * 1024,
    BODY_BYTES_AT = 4,
    FIELDS_BYTES_AT = 12,
    HEAD_BYTES = 16,
};
enum { CALL = 1, RETURN, ERROR }; /* the types of messages, and the fields of their heads */
enum { PATH = 1, INTERFACE, MEMBER, DESTINATION = 6 };

/* --- a call: Get(interface, property) --- */

static size_t aligned(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static void align(struct buffer *to, size_t n)
{
    (void)buffer_add(to, "\0\0\0\0\0\0\0", aligned(to->used, n) - to->used);
}

static void add_string(struct buffer *to, const char *text)
{
    uint32_t n = (uint32_t)strlen(text);

    align(to, sizeof(n));
    (void)buffer_add(to, (const char *)&n, sizeof(n));
    (void)buffer_add(to, text, n + 1);
}

static void add_field(struct buffer *to, char field, char type, const char *text)
{
    const char head[] = {field, 1, type, 0};

    align(to, 8);
    (void)buffer_add(to, head, sizeof(head));
    add_string(to, text);
}

static void make_get(struct buffer *to, const char *path, const char *interface,
                     const char *property)
{
    static const char head[HEAD_BYTES] = {'l', CALL, 0, 1, 0, 0, 0, 0, 1};
    uint32_t fields, body;

    (void)buffer_add(to, head, sizeof(head));
    add_field(to, PATH, 'o', path);
    add_field(to, INTERFACE, 's', "org.freedesktop.DBus.Properties");
    add_field(to, MEMBER, 's', "Get");
    add_field(to, DESTINATION, 's', MANAGER);
    align(to, 8);
    (void)buffer_add(to, "\x8\1g\0\2ss", 8); /* the signature */
    fields = (uint32_t)to->used - HEAD_BYTES;
    add_string(to, interface);
    add_string(to, property);
    body = (uint32_t)to->used - HEAD_BYTES - fields;
    memcpy(to->bytes + FIELDS_BYTES_AT, &fields, sizeof(fields));
    memcpy(to->bytes + BODY_BYTES_AT, &body, sizeof(body));
}

/* --- its answer --- */

static bool receive(int fd, void *bytes, size_t n)
{
    return n <= MAX_BYTES && recv(fd, bytes, n, MSG_WAITALL) == (ssize_t)n;
}

/* The body of the next answer; signals are passed over. 0: there is none, or an error. */
static size_t receive_body(int fd, char body[MAX_BYTES])
{
    char head[HEAD_BYTES];
    uint32_t fields, n;

    for (int i = 0; i < MAX_SIGNALS && receive(fd, head, sizeof(head)) && head[0] == 'l'; i++) {
        memcpy(&fields, head + FIELDS_BYTES_AT, sizeof(fields));
        memcpy(&n, head + BODY_BYTES_AT, sizeof(n));
        if (!receive(fd, body, aligned(fields, 8)) || (n > 0 && !receive(fd, body, n)))
            return 0;
        if (head[1] == RETURN || head[1] == ERROR)
            return head[1] == RETURN ? n : 0;
    }
    return 0;
}

/* A variant: the length of its type, the type, a zero, and from the fourth byte on the value. */
static bool get(int fd, const char *path, const char *interface, const char *property,
                char text[NAME_SIZE], int32_t *number)
{
    char body[MAX_BYTES];
    LOCAL_BUFFER call = {.max_bytes = MAX_BYTES};
    uint32_t value;

    make_get(&call, path, interface, property);
    bool sent = send(fd, call.bytes, call.used, MSG_NOSIGNAL) == (ssize_t)call.used;
    size_t n = sent ? receive_body(fd, body) : 0;
    if (n < 8 || (body[1] == 's') != !number)
        return false;
    memcpy(&value, body + 4, sizeof(value));
    if (number)
        *number = (int32_t)value;
    return number || (value <= n - 8 && text_escape(text, NAME_SIZE, body + 8, value));
}

/* --- asking --- */

static bool open_bus(int fd, const char *root)
{
    static const char hello[] =
        "\0AUTH EXTERNAL 30\r\nBEGIN\r\n"; /* 30: root's number, in hexadecimal */
    const struct timeval patience = {0, PATIENCE_US};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char welcome[sizeof("OK \r\n") - 1 + 32]; /* with the number of the bus */

    return text_set(address.sun_path, sizeof(address.sun_path), "%s/run/systemd/private", root) &&
           setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0 &&
           connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
           send(fd, hello, sizeof(hello) - 1, MSG_NOSIGNAL) == sizeof(hello) - 1 &&
           receive(fd, welcome, sizeof(welcome)) && memcmp(welcome, "OK ", 3) == 0;
}

/* In an object's path what is no letter and no digit is _xx. */
static void path_of(const char *unit, char path[PATH_SIZE])
{
    (void)text_set(path, PATH_SIZE, "/org/freedesktop/systemd1/unit/");
    for (; *unit; unit++)
        (void)text_add(path, PATH_SIZE, isalnum((unsigned char)*unit) ? "%c" : "_%02x", *unit);
}

bool unit_ask(const char *root, const char *unit, struct unit_end *end)
{
    LOCAL_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char path[PATH_SIZE];

    path_of(unit, path);
    errno = fd < 0 ? errno : 0;
    bool answered = fd >= 0 && open_bus(fd, root) &&
                    get(fd, path, MANAGER ".Unit", "ActiveState", end->active, NULL) &&
                    get(fd, path, MANAGER ".Service", "Result", end->result, NULL) &&
                    get(fd, path, MANAGER ".Service", "NRestarts", NULL, &end->n_restarts) &&
                    get(fd, path, MANAGER ".Service", "ExecMainStatus", NULL, &end->exit_status) &&
                    get(fd, path, MANAGER ".Service", "ExecMainPID", NULL, &end->pid);
    if (!answered)
        (void)file_note_trouble("systemd", errno);
    return answered;
}
