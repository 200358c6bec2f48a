/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshots are compared as bytes (model/facts.h). Files whose contents no fact holds are told apart by
 * their stamps.
 */
#include "run/look.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/agent.h"
#include "discover/discover.h"
#include "net/route.h"
#include "net/trust.h"

enum { MAX_STAMPS = 10 };

struct stamp {
    int64_t inode, size, changed_s, changed_ns;
};

struct local {
    struct machine_facts machine;
    struct network_facts network; /* its routes are those of look_follow() */
    struct resolver_facts resolvers;
    struct agent_facts agent;
    struct stamp stamps[MAX_STAMPS];
};

struct look {
    const char *root;
    bool any;
    struct local local;
    uint16_t ports[MAX_ROUTES]; /* of the routes: a rule of `ip rule` may name one */
};

struct look *look_new(const char *root)
{
    struct look *look = calloc(1, sizeof(*look));

    look->root = root;
    return look;
}

void look_free(struct look *look)
{
    free(look);
}

static void follow(struct look *look, const char *address, uint16_t port)
{
    struct network_facts *network = &look->local.network;

    if (!address[0] || network->n_routes == MAX_ROUTES)
        return;
    for (int32_t i = 0; i < network->n_routes; i++)
        if (strcmp(network->routes[i].to, address) == 0)
            return;
    look->ports[network->n_routes] = port;
    route_look_up(address, port, &network->routes[network->n_routes++]);
}

void look_follow(struct look *look, const struct facts *facts)
{
    struct network_facts *network = &look->local.network;

    memset(network->routes, 0, sizeof(network->routes));
    network->n_routes = 0;
    follow(look, facts->imds.address, 80);
    for (int32_t i = 0; i < facts->resolvers.n_configured; i++)
        follow(look, facts->resolvers.configured[i], 53);
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_addresses; j++)
            follow(look, facts->endpoints[i].addresses[j].address, 443);
}

static void take_stamp(const struct look *look, const char *path, struct stamp *stamp)
{
    struct stat status;

    if (path[0] && file_look(look->root, path, true, &status))
        *stamp = (struct stamp){(int64_t)status.st_ino, status.st_size, status.st_ctim.tv_sec,
                                status.st_ctim.tv_nsec};
}

static void read_local(const struct look *look, const struct facts *facts, struct local *local)
{
    struct stamp *stamp = local->stamps, *end = stamp + MAX_STAMPS;
    const struct network_facts *before = &look->local.network;

    local->machine = facts->machine;
    local->network = facts->network;
    local->resolvers = facts->resolvers;
    local->agent = facts->agent;
    local->agent.last_error[0] = '\0'; /* an agent that tries again writes another one */
    local->network.n_routes = before->n_routes;
    for (int32_t i = 0; i < before->n_routes; i++)
        route_look_up(before->routes[i].to, look->ports[i], &local->network.routes[i]);
    take_stamp(look, "/etc/hosts", stamp++);
    take_stamp(look, facts->agent.ssl_cert_file, stamp++);
    take_stamp(look, facts->agent.ssl_cert_dir, stamp++);
    take_stamp(look, facts->agent.sdk_bundle, stamp++);
    for (int i = 0; trust_bundle_paths[i] && stamp < end; i++)
        take_stamp(look, trust_bundle_paths[i], stamp++);
}

bool look_differs(struct look *look)
{
    struct facts *facts = calloc(1, sizeof(*facts));
    struct local *local = calloc(1, sizeof(*local));
    struct agent_overrides overrides = {0};

    discover_machine(look->root, facts, &overrides, NULL);
    read_local(look, facts, local);
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): zeroed, then copied as bytes */
    bool differs = !look->any || memcmp(&look->local, local, sizeof(*local)) != 0;
    look->any = true;
    look->local = *local;
    free(local);
    free(facts);
    return differs;
}
