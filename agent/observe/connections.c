/* SPDX-License-Identifier: Apache-2.0
 *
 * An address there is the bytes of memory as 32-bit words in hexadecimal, so each word is read as a
 * number of this machine and copied back as bytes.
 */
#include "observe/connections.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

enum { STATE_ESTABLISHED = 1 };

static bool format_address(const char *hex, char to[ADDRESS_SIZE])
{
    unsigned char bytes[16];
    size_t n_words = strlen(hex) / 8;

    if (n_words != 1 && n_words != 4)
        return false;
    for (size_t i = 0; i < n_words; i++) {
        char word[9];
        uint32_t value;
        (void)text_set(word, sizeof(word), "%.8s", hex + i * 8);
        if (sscanf(word, "%8x", &value) != 1)
            return false;
        memcpy(bytes + i * 4, &value, 4);
    }
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (n_words == 4 && memcmp(bytes, mapped, sizeof(mapped)) == 0)
        return inet_ntop(AF_INET, bytes + 12, to, ADDRESS_SIZE);
    return inet_ntop(n_words == 1 ? AF_INET : AF_INET6, bytes, to, ADDRESS_SIZE);
}

static void take_line(const char *line, uint16_t wanted_port, struct connections *connections)
{
    char remote[40];
    unsigned port, state, uid;

    /* sl local:port remote:port st tx:rx tr:when retrnsmt uid ... */
    if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%*x %39[0-9A-Fa-f]:%4x %2x %*x:%*x %*x:%*x %*x %10u",
               remote, &port, &state, &uid) != 4)
        return;
    if (port != wanted_port || state != STATE_ESTABLISHED || uid != 0)
        return;
    if (connections->n == MAX_CONNECTIONS)
        connections->known = false;
    else if (format_address(remote, connections->addresses[connections->n]))
        connections->n++;
}

void connections_read(const char *root, uint16_t port, struct connections *connections)
{
    static const char *const tables[] = {"/proc/self/net/tcp", "/proc/self/net/tcp6"};

    bool any = false;

    connections->known = true;
    connections->n = 0;
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        struct buffer contents;
        char *rest = NULL;

        buffer_init(&contents, FILE_MAX_BYTES);
        if (file_read(root, tables[i], &contents) != 0)
            continue;
        any = true;
        for (char *line = strtok_r(contents.bytes, "\n", &rest); line;
             line = strtok_r(NULL, "\n", &rest))
            take_line(line, port, connections);
        buffer_clear(&contents);
    }
    connections->known = connections->known && any;
}

bool connections_has(const struct connections *connections, const char *address)
{
    for (int i = 0; i < connections->n; i++)
        if (strcmp(connections->addresses[i], address) == 0)
            return true;
    return false;
}
