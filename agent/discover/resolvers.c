/* SPDX-License-Identifier: Apache-2.0
 *
 * Only `nameserver` lines matter: names are asked absolute, so `search` and `ndots` have no say.
 */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/machine.h"
#include "net/address.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define UPSTREAM_RESOLV_CONF "/run/systemd/resolve/resolv.conf"

static int read_nameservers(const char *root, const char *path,
                            char servers[MAX_RESOLVERS][ADDRESS_SIZE], int32_t *n_servers)
{
    struct buffer contents;
    char *rest = NULL;

    buffer_init(&contents, 64 * 1024);
    int error = file_read(root, path, &contents);
    if (error)
        return error;

    for (char *line = strtok_r(contents.bytes, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        char *words = NULL;
        const char *keyword = strtok_r(line, " \t\r", &words);
        const char *server = strtok_r(NULL, " \t\r", &words);
        struct sockaddr_storage parsed;
        socklen_t length;

        if (!keyword || !server || strcmp(keyword, "nameserver") != 0)
            continue;
        if (*n_servers < MAX_RESOLVERS && address_parse(server, 53, &parsed, &length))
            (void)text_set(servers[(*n_servers)++], ADDRESS_SIZE, "%s", server);
    }
    buffer_clear(&contents);
    return 0;
}

void resolvers_read(const char *root, struct resolver_facts *resolvers)
{
    (void)text_set(resolvers->file, sizeof(resolvers->file), "%s", RESOLV_CONF);
    int error = read_nameservers(root, RESOLV_CONF, resolvers->configured,
                                 &resolvers->n_configured);
    resolvers->read = error == 0;

    resolvers->stub = resolvers->n_configured > 0;
    for (int i = 0; i < resolvers->n_configured; i++)
        if (strcmp(resolvers->configured[i], "127.0.0.53") != 0 &&
            strcmp(resolvers->configured[i], "127.0.0.54") != 0)
            resolvers->stub = false;
    if (resolvers->stub)
        (void)read_nameservers(root, UPSTREAM_RESOLV_CONF, resolvers->upstream,
                               &resolvers->n_upstream);
}
